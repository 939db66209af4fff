/* shell_runner.run for real: what it sees, what it may not, and how ends are told apart. */
#include "base/clock.h"
#include "tool/services.h"
#include "tool/tool.h"

#include "support/scratch.h"
#include "sys/fs.h"
#include "sys/proc.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct tool tool_shell_runner;

static char work[PATH_MAX];
static int progress_n;

static char *in_work(const char *name) { return fs_join(work, name); }

static int64_t within_ms; /* of the next calls; 0: what the tool has */

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
    (void)state;
    return scratch_remove(work);
}

static void count_progress(struct op *op, json_t *event) {
    (void)op;
    progress_n++;
    json_decref(event);
}

/* These two belong to the gate, which is not here. */
void op_progress(struct op *op, json_t *event) { op->emit(op, event); }
enum err_code services_aws(const struct op *op, struct aws *out, struct err *err) {
    (void)op;
    (void)out;
    return err_set(err, ERR_DEFECT, "this session has no AWS client");
}

enum operation_index { RUN = 0, KEEP = 1, SHOW = 4 }; /* in the tool's table */

/* One call of operation `i`; takes over `args`. */
static enum err_code call(enum operation_index i, json_t *args, json_t **out, struct err *err) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(freep) char *root = in_work("repo");
    CLEANUP(freep) char *cache = in_work("cache");
    CLEANUP(freep) char *own = in_work("state");
    CLEANUP(json_decrefp) json_t *owned = args;
    atomic_bool cancel = false;
    struct services services = {.redactor = redactor,
                                .root = root,
                                .cache_dir = cache,
                                .state_dir = own,
                                .is_sandboxed = true};
    struct op op = {.services = &services,
                    .args = owned,
                    .cancel = &cancel,
                    .arena = arena,
                    .emit = count_progress,
                    .deadline_mono_ms = within_ms == 0 ? 0 : clock_mono_ms() + within_ms};

    return tool_shell_runner.operations[i].run(&op, out, err);
}

/* The result of a command; its words stand between single blanks. */
static json_t *run_words(const char *words) {
    json_t *command = json_array();
    struct str rest = str_from(words);
    struct str word = {0};
    json_t *out = NULL;
    struct err err = {0};

    while (str_next(&rest, ' ', &word)) {
        json_array_append_new(command, json_string_of(word));
    }
    if (call(RUN, json_pack("{s:o}", "command", command), &out, &err) != ERR_NONE) {
        fail_msg("%s: %s", words, err.text);
    }
    return out;
}

/* The result of `sh -c SCRIPT`, which a person would have been asked about; the caller decrefs. */
static json_t *run(const char *script) {
    json_t *out = NULL;
    struct err err = {0};

    if (call(RUN, json_pack("{s:[s,s,s]}", "command", "sh", "-c", script), &out, &err) !=
        ERR_NONE) {
        fail_msg("%s: %s", script, err.text);
    }
    return out;
}

static enum err_code keep(const json_t *done, json_t **out, struct err *err) {
    return call(KEEP, json_pack("{s:s}", "draft", json_str_or(done, "draft", "")), out, err);
}

/* What a person does at a shell, in the repository. */
static bool person_does(const char *script) {
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", NULL};
    CLEANUP(freep) char *root = in_work("repo");
    const struct proc_spec spec = {
        .argv = argv, .env = env, .cwd = root, .timeout_ms = 60000, .filter = proc_filter_none};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    return proc_run(&spec, &result, &err) == ERR_NONE && proc_is_ok(&result);
}

static bool is_text(const char *name, const char *text) {
    CLEANUP(freep) char *path = in_work(name);
    CLEANUP(buf_done) struct buf content = BUF_INIT(1 << 20);
    struct err err = {0};

    return fs_read_file(path, content.max, &content, &err) == ERR_NONE &&
           strcmp(buf_cstr(&content), text) == 0;
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
                {"yes", "flood", -1},
                {"sleep 100", "timeout", -1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        within_ms = strcmp(rows[i].reason, "timeout") == 0 ? 500 : 0;
        CLEANUP(json_decrefp) json_t *out = run(rows[i].script);
        within_ms = 0;

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

/* Those that are safe run on the repository itself, not on a copy of it. */
static void what_only_reads_reads_the_repository(void **state) {
    CLEANUP(json_decrefp) json_t *seen = run_words("cat README.md");
    CLEANUP(json_decrefp) json_t *sought = run_words("grep -r sunlit .");

    (void)state;
    assert_string_equal(json_str_or(seen, "out", ""), "hello from the repository\n");
    assert_null(json_object_get(seen, "changes"));
    assert_string_equal(json_str_or(sought, "out", "?"), "");
    assert_null(json_object_get(sought, "changes"));
}

static void what_changes_something_is_shown_and_then_kept_as_it_was_shown(void **state) {
    static const char script[] =
        "echo more >> README.md; mkdir -p dist/a; echo x > dist/a/x.js; chmod 755 dist/a/x.js; "
        "rm backend/old.py; ln -s README.md link; ln -s /etc/passwd out; echo x > .npmrc; "
        "echo S=1 > .env; echo x >> .git/config; mkdir .vscode; mkfifo pipe; "
        "mkdir -p node_modules/x __pycache__; echo x > node_modules/x/y; pwd";
    static const char *const rows[] = {"changed README.md", "gone backend/old.py", "new dist/",
                                       "new dist/a/",       "new dist/a/x.js",     "new link"};
    static const char *const others[] = {".env", ".npmrc", ".vscode", "out", "pipe"};
    CLEANUP(freep) char *program = in_work("repo/dist/a/x.js");
    CLEANUP(freep) char *root = in_work("repo\n");
    CLEANUP(json_decrefp) json_t *shown = NULL;
    CLEANUP(json_decrefp) json_t *kept = NULL;
    struct stat st;
    struct err err = {0};

    (void)state;
    put("repo/backend/old.py", "x\n");
    CLEANUP(json_decrefp) json_t *done = run(script);
    const json_t *changes = json_object_get(done, "changes");
    const json_t *left_out = json_object_get(done, "left_out");
    if (sandbox_probe()->has_namespaces) { /* where it is, it cannot tell */
        assert_string_equal(json_str_or(done, "out", ""), root);
    }
    assert_true(is_text("repo/README.md", "hello from the repository\n"));
    assert_int_equal(json_array_size(changes), ARRAY_N(rows));
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const json_t *row = json_array_get(changes, i);
        CLEANUP(freep)
        char *is =
            mem_format("%s %s", json_str_or(row, "change", ""), json_str_or(row, "path", ""));
        assert_string_equal(is, rows[i]);
    }
    assert_int_equal(json_array_size(left_out), ARRAY_N(others));
    for (size_t i = 0; i < ARRAY_N(others); i++) {
        assert_string_equal(json_str_or(json_array_get(left_out, i), "path", ""), others[i]);
    }
    assert_true(str_find(str_from(json_str_or(done, "diff", "")), STR("\n+more\n")) >= 0);
    assert_int_equal(
        call(SHOW, json_pack("{s:s}", "draft", json_str_or(done, "draft", "")), &shown, &err),
        ERR_NONE);
    static const char *const members[] = {"changes", "change_n", "diff"};
    for (size_t i = 0; i < ARRAY_N(members); i++) {
        assert_true(
            json_equal(json_object_get(shown, members[i]), json_object_get(done, members[i])));
    }

    assert_int_equal(keep(done, &kept, &err), ERR_NONE);
    assert_int_equal(json_int_or(kept, "kept", 0), ARRAY_N(rows));
    assert_true(is_text("repo/README.md", "hello from the repository\nmore\n"));
    assert_true(is_text("repo/dist/a/x.js", "x\n"));
    assert_true(is_text("repo/link", "hello from the repository\nmore\n"));
    assert_true(is_text("repo/.env", "PASSWORD=Wq8-sunlit-harbor\n"));
    assert_int_equal(stat(program, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
    static const char *const absent[] = {
        "repo/.npmrc",      "repo/out",     "repo/backend/old.py", "repo/pipe",
        "repo/.git/config", "repo/.vscode", "repo/node_modules"};
    for (size_t i = 0; i < ARRAY_N(absent); i++) {
        CLEANUP(freep) char *path = in_work(absent[i]);
        if (access(path, F_OK) == 0) {
            fail_msg("%s is there", absent[i]);
        }
    }
    json_decref(TAKE(kept)); /* what was said twice is done once */
    assert_int_equal(keep(done, &kept, &err), ERR_NONE);
    assert_int_equal(json_int_or(kept, "kept", -1), 0);
    put("repo/README.md", "hello from the repository\n");
}

static void what_was_changed_meanwhile_is_not_written_over(void **state) {
    CLEANUP(json_decrefp) json_t *done = run("echo a > first; echo more >> README.md");
    json_t *kept = NULL;
    struct err err = {0};

    (void)state;
    put("repo/README.md", "by the person\n");
    assert_int_equal(
        call(SHOW, json_pack("{s:s}", "draft", json_str_or(done, "draft", "")), &kept, &err),
        ERR_CONFLICT);
    assert_int_equal(keep(done, &kept, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.text, "README.md"));
    assert_true(is_text("repo/README.md", "by the person\n"));
    assert_false(is_text("repo/first", "a\n"));
    put("repo/README.md", "hello from the repository\n");
    assert_int_equal(call(KEEP, json_pack("{s:s}", "draft", "../../x"), &kept, &err),
                     ERR_NOT_FOUND);
}

/* Killed anywhere between two files, the rest is finished by the same call, and nothing else is
 * begun before. */
static void a_kill_while_it_is_kept_loses_nothing_and_repeats_nothing(void **state) {
    enum { FILES = 40, KILLS = 4 };
    struct err err = {0};
    int halves = 0;

    (void)state;
    for (int kill_n = 0; kill_n < KILLS; kill_n++) {
        CLEANUP(freep)
        char *script = mem_format("mkdir -p k; i=0; while [ $i -lt %d ]; do echo %d.$i > k/$i; "
                                  "i=$((i+1)); done",
                                  FILES, kill_n);
        CLEANUP(json_decrefp) json_t *done = run(script);
        CLEANUP(json_decrefp) json_t *kept = NULL;
        CLEANUP(freep)
        char *mark = mem_format("state/drafts/%s/taking", json_str_or(done, "draft", ""));
        CLEANUP(freep) char *marked = in_work(mark);
        pid_t pid = fork();

        if (pid == 0) {
            json_t *mine = NULL;
            _exit(keep(done, &mine, &err) == ERR_NONE ? 0 : 1);
        }
        for (int i = 0; i < 4000 && access(marked, F_OK) != 0; i++) {
            const struct timespec moment = {0, 500000};
            (void)nanosleep(&moment, NULL);
        }
        const struct timespec pause = {0, kill_n * 700000L};
        (void)nanosleep(&pause, NULL);
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        if (access(marked, F_OK) == 0) {
            json_t *other = NULL;
            halves++;
            assert_int_equal(
                call(RUN, json_pack("{s:[s,s]}", "command", "mkdir", "later"), &other, &err),
                ERR_CONFLICT);
            assert_non_null(strstr(err.remedy, json_str_or(done, "draft", "?")));
        }
        assert_int_equal(keep(done, &kept, &err), ERR_NONE);
        for (int i = 0; i < FILES; i++) {
            CLEANUP(freep) char *name = mem_format("repo/k/%d", i);
            CLEANUP(freep) char *text = mem_format("%d.%d\n", kill_n, i);
            if (!is_text(name, text)) {
                fail_msg("kill %d: %s is not as the command left it", kill_n, name);
            }
        }
    }
    print_message("# %d of %d kills came while it was written\n", halves, KILLS);
    assert_true(halves > 0);
}

static void git_stages_and_its_settings_stay(void **state) {
    CLEANUP(json_decrefp) json_t *kept = NULL;
    struct err err = {0};

    (void)state;
    if (access("/usr/bin/git", X_OK) != 0) {
        print_message("# SKIP there is no git here\n");
        return;
    }
    assert_true(person_does("rm -rf .git && git -c init.defaultBranch=main init -q . && "
                            "printf '.env\\n*.pem\\n' > .gitignore"));
    CLEANUP(json_decrefp) json_t *done = run_words("git add README.md .gitignore");
    assert_int_equal(json_int_or(done, "exit", -1), 0);
    CLEANUP(json_decrefp) json_t *set = run_words("git config core.pager evil");
    assert_int_equal(json_array_size(json_object_get(set, "changes")), 0);
    assert_string_equal(
        json_str_or(json_array_get(json_object_get(set, "left_out"), 0), "path", ""),
        ".git/config");
    assert_int_equal(keep(done, &kept, &err), ERR_NONE);
    assert_true(person_does("test \"$(git ls-files | tr '\\n' ' ')\" = '.gitignore README.md ' "
                            "&& git fsck --strict"));

    /* One that is tracked would be taken for deleted. */
    json_t *out = NULL;
    assert_true(person_does("git add -f .env"));
    assert_int_equal(call(RUN, json_pack("{s:[s,s,s]}", "command", "git", "add", "-A"), &out, &err),
                     ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, ".env"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_the_repository_and_none_of_its_secrets),
        cmocka_unit_test(it_writes_nothing_into_the_repository_or_its_configuration),
        cmocka_unit_test(ends_have_reasons_and_output_is_masked),
        cmocka_unit_test(what_only_reads_reads_the_repository),
        cmocka_unit_test(what_changes_something_is_shown_and_then_kept_as_it_was_shown),
        cmocka_unit_test(what_was_changed_meanwhile_is_not_written_over),
        cmocka_unit_test(a_kill_while_it_is_kept_loses_nothing_and_repeats_nothing),
        cmocka_unit_test(git_stages_and_its_settings_stay),
    };

    if (sandbox_probe()->missing[0] != '\0') {
        print_message("1..0 # SKIP no sandbox here: %s\n", sandbox_probe()->missing);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
