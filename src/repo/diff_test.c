/* What a patch against the last commit holds, judged by the git program. */
#include "repo/diff.h"

#include "sys/proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 16 };

/* Runs a script in the folder and returns what it printed, the caller's to free. */
static char *sh_out(const char *dir, const char *script) {
    const char *const argv[] = {"/bin/sh", "-ec", script, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1",
                               NULL};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct proc_spec spec = {
        .argv = argv, .env = env, .cwd = dir, .timeout_ms = 20000, .filter = proc_filter_none};
    struct err err = {0};

    if (proc_run(&spec, &result, &err) != ERR_NONE || !proc_is_ok(&result)) {
        fail_msg("%s: %s%s", script, err.text, buf_cstr(&result.text[PROC_ERR]));
    }
    return mem_strdup(buf_cstr(&result.text[PROC_OUT]));
}

static void sh(const char *dir, const char *script) { free(sh_out(dir, script)); }

#define GIT "git -c user.name=a -c user.email=a@b -c init.defaultBranch=main "

static int folder_up(void **state) {
    char *dir = mem_strdup("/tmp/aws-copilot-diff-XXXXXX");

    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    *state = dir;
    return 0;
}

static int folder_down(void **state) {
    CLEANUP(freep) char *dir = *state;
    CLEANUP(freep) char *script = mem_format("rm -rf '%s'", dir);

    sh("/tmp", script);
    return 0;
}

static struct repo_diff diff_of(const char *root, struct buf *out) {
    struct repo_diff result = {0};
    struct err err = {0};

    if (repo_diff(root, out, &result, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    return result;
}

static void commit(const char *dir) {
    sh(dir, GIT "init -q . && mkdir -p app other && printf 'one\\ntwo\\n' > app/a.py && "
                "echo x > other/b.py && " GIT "add -A && " GIT "commit -qm first");
}

static void a_patch_is_what_git_prints(void **state) {
    CLEANUP(buf_done) struct buf ours = BUF_INIT(TEXT_MAX);
    CLEANUP(freep) char *theirs = NULL;

    commit(*state);
    sh(*state, "printf 'one\n2\n' > app/a.py && rm other/b.py && echo new > app/c.py && " GIT
               "add app/c.py && echo untracked > app/d.py");
    assert_true(diff_of(*state, &ours).is_repository);
    theirs = sh_out(*state, "git -c core.abbrev=7 diff HEAD");
    assert_string_equal(buf_cstr(&ours), theirs);
    assert_null(strstr(buf_cstr(&ours), "untracked"));
}

static void only_the_folder_that_was_asked_for_is_compared(void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_MAX);
    CLEANUP(freep) char *app = mem_format("%s/app", (char *)*state);

    commit(*state);
    sh(*state, "echo changed > app/a.py && echo changed > other/b.py");
    (void)diff_of(app, &out);
    assert_non_null(strstr(buf_cstr(&out), "app/a.py"));
    assert_null(strstr(buf_cstr(&out), "other/b.py"));
}

static void a_patch_ends_at_its_ceiling(void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(200);

    commit(*state);
    sh(*state, "seq 1000 > app/a.py");
    assert_true(diff_of(*state, &out).is_cut);
    assert_true(out.len > 100 && !out.failed);
}

static void before_the_first_commit_everything_is_new_and_without_git_there_is_nothing(
    void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_MAX);

    assert_false(diff_of(*state, &out).is_repository);
    sh(*state, GIT "init -q . && echo one > a && " GIT "add a");
    assert_true(diff_of(*state, &out).is_repository);
    assert_non_null(strstr(buf_cstr(&out), "+one"));
}

/* A repository may name programs that the git program would run. */
static void nothing_of_the_repository_runs(void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_MAX);

    commit(*state);
    sh(*state,
       "echo '*.py diff=evil filter=evil' > .gitattributes && "
       "git config diff.evil.textconv 'touch ran; cat' && "
       "git config diff.external 'touch ran' && git config filter.evil.clean 'touch ran; cat' && "
       "git config core.fsmonitor 'touch ran' && echo changed > app/a.py");
    (void)diff_of(*state, &out);
    assert_non_null(strstr(buf_cstr(&out), "+changed"));
    sh(*state, "test ! -e ran");
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, folder_up, folder_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        ROW(a_patch_is_what_git_prints),
        ROW(only_the_folder_that_was_asked_for_is_compared),
        ROW(a_patch_ends_at_its_ceiling),
        ROW(before_the_first_commit_everything_is_new_and_without_git_there_is_nothing),
        ROW(nothing_of_the_repository_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
