/* shell_runner.run for real: what it sees, what it may not, and how ends are told apart. */
#include "tool/services.h"
#include "tool/tool.h"

#include "sys/fs.h"
#include "sys/sandbox.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct tool tool_shell_runner;

static char work[PATH_MAX];
static int progress_n;

static char *in_work(const char *name) { return fs_join(work, name); }

static void put(const char *name, const char *content) {
    CLEANUP(freep) char *path = in_work(name);
    struct err err = {0};

    assert_int_equal(fs_write_file(path, str_from(content), 0644, &err), ERR_NONE);
}

static int set_up(void **state) {
    static const char *const dirs[] = {"repo/backend", "repo/.git/hooks", "cache", "state"};
    struct err err = {0};

    (void)state;
    (void)snprintf(work, sizeof work, "/tmp/shell_runner_test-XXXXXX");
    assert_non_null(mkdtemp(work));
    for (size_t i = 0; i < ARRAY_N(dirs); i++) {
        CLEANUP(freep) char *dir = in_work(dirs[i]);
        assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    }
    put("repo/README.md", "hello from the repository\n");
    put("repo/.env", "PASSWORD=Wq8-sunlit-harbor\n");
    put("repo/.env.example", "PASSWORD=\n");
    put("repo/backend/server.pem", "Wq8-sunlit-harbor\n");
    put("state/journal", "Wq8-sunlit-harbor\n");
    return 0;
}

static int tear_down(void **state) {
    CLEANUP(fs_root_done) struct fs_root tmp = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(fs_root_open("/tmp", &tmp, &err), ERR_NONE);
    return fs_remove_tree(&tmp, work + strlen("/tmp/"), &err) == ERR_NONE ? 0 : -1;
}

static void count_progress(struct op *op, json_t *event) {
    (void)op;
    progress_n++;
    json_decref(event);
}

/* op_progress() belongs to the gate, which is not here. */
void op_progress(struct op *op, json_t *event) { op->emit(op, event); }

/* The result of `sh -c SCRIPT`, which a person would have been asked about; the caller decrefs. */
static json_t *run(const char *script) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(freep) char *root = in_work("repo");
    CLEANUP(freep) char *cache = in_work("cache");
    CLEANUP(freep) char *own = in_work("state");
    CLEANUP(json_decrefp) json_t *args = json_pack("{s:[s,s,s]}", "command", "sh", "-c", script);
    atomic_bool cancel = false;
    struct services services = {.redactor = redactor,
                                .root = root,
                                .cache_dir = cache,
                                .state_dir = own,
                                .is_sandboxed = true};
    struct op op = {.services = &services,
                    .args = args,
                    .cancel = &cancel,
                    .arena = arena,
                    .emit = count_progress};
    json_t *out = NULL;
    struct err err = {0};

    if (tool_shell_runner.operations[0].run(&op, &out, &err) != ERR_NONE) {
        fail_msg("%s: %s", script, err.text);
    }
    return out;
}

static void it_reads_the_repository_and_none_of_its_secrets(void **state) {
    CLEANUP(json_decrefp)
    json_t *out = run("cat README.md .env.example .env backend/server.pem ../state/journal; ls -a");

    (void)state;
    struct str text = str_from(json_str_or(out, "out", ""));
    assert_true(str_starts(text, STR("hello from the repository\nPASSWORD=\n")));
    if (str_find(text, STR("sunlit")) >= 0) {
        fail_msg("a secret is seen: " STR_FMT, STR_ARG(text));
    }
}

static void it_writes_nothing_into_the_repository_or_its_configuration(void **state) {
    static const char *const names[] = {"new",    ".git/config", ".git/hooks/post-checkout",
                                        ".npmrc", "AGENTS.md",   ".vscode"};
    CLEANUP(json_decrefp)
    json_t *out =
        run("for f in new .git/config .git/hooks/post-checkout .npmrc AGENTS.md; do "
            "echo x > $f; done; mkdir .vscode; rm README.md; echo t > $TMPDIR/t && cat $TMPDIR/t");

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(freep) char *path = mem_format("%s/repo/%s", work, names[i]);
        if (access(path, F_OK) == 0) {
            fail_msg("%s was written", names[i]);
        }
    }
    CLEANUP(freep) char *kept = in_work("repo/README.md");
    assert_int_equal(access(kept, F_OK), 0);
    assert_string_equal(json_str_or(out, "out", ""), "t\n");
}

static void ends_have_reasons_and_output_is_masked(void **state) {
    static const struct {
        const char *script;
        const char *reason;
        int exit;
    } rows[] = {{"exit 0", "exit", 0},
                {"exit 7", "exit", 7},
                {"kill -SEGV $$", "signal", -1},
                {"yes", "flood", -1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *out = run(rows[i].script);

        if (strcmp(json_str_or(out, "reason", ""), rows[i].reason) != 0 ||
            json_int_or(out, "exit", -9) != rows[i].exit) {
            fail_msg("'%s': %s, exit %lld", rows[i].script, json_str_or(out, "reason", ""),
                     (long long)json_int_or(out, "exit", -9));
        }
    }
    CLEANUP(json_decrefp)
    json_t *masked = run("echo key AKI''AIOSFODNN7EXAMPLE"); /* in two, for scanners of this file */
    assert_string_equal(json_str_or(masked, "out", ""), "key ***\n");
    assert_true(progress_n > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_the_repository_and_none_of_its_secrets),
        cmocka_unit_test(it_writes_nothing_into_the_repository_or_its_configuration),
        cmocka_unit_test(ends_have_reasons_and_output_is_masked),
    };

    if (sandbox_probe()->missing[0] != '\0') {
        print_message("1..0 # SKIP no sandbox here: %s\n", sandbox_probe()->missing);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
