/* A machine that lacks a wall, or whose kernel refuses a step of it: nothing is started without
 * what docs/sandbox.md says is always there, and the sentence names what is missing.
 *
 * A system call is taken away by a seccomp filter of this test's child, which then tries to run a
 * program in the sandbox for the first time of its life.
 */
#include "sys/proc.h"

#include "support/scratch.h"
#include "sys/fs.h"

#include <errno.h>
#include <limits.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TAKEN_MAX = 3 };

/* clang-format off */
static const struct lack {
    const char *name;
    struct { const char *call; int arg0; int error; } taken[TAKEN_MAX]; /* arg0 -1: whatever it is */
    const char *says; /* in the sentence of ERR_SANDBOX; NULL: it runs by what is left */
} lacks[] = {
    {"nothing (control)",             {{NULL, 0, 0}}, NULL},
    {"Landlock",                      {{"landlock_create_ruleset", -1, ENOSYS}}, NULL},
    {"mounts in a user namespace",    {{"mount", -1, EPERM}}, NULL},
    {"entering a namespace",          {{"setns", -1, EPERM}}, NULL},
    {"pivot_root",                    {{"pivot_root", -1, EPERM}}, NULL},
    {"executable memfds",             {{"execveat", -1, EACCES}}, NULL},
    {"memfds",                        {{"memfd_create", -1, EPERM}}, "seccomp filters are missing"},
    {"Landlock and namespaces",       {{"landlock_create_ruleset", -1, ENOSYS}, {"mount", -1, EPERM}}, "namespaces cannot be made here, and Landlock has ABI 0"},
    {"Landlock, switched off, and namespaces", {{"landlock_create_ruleset", -1, EOPNOTSUPP}, {"open_tree", -1, ENOSYS}}, "Landlock has ABI 0"},
    {"seccomp filters",               {{"prctl", PR_SET_SECCOMP, EINVAL}}, "failed at the seccomp filter"},
    {"no_new_privs",                  {{"prctl", PR_SET_NO_NEW_PRIVS, EINVAL}}, "failed at dropping capabilities"},
    {"capset",                        {{"capset", -1, EPERM}}, "failed at dropping capabilities"},
    {"a rule of Landlock",            {{"landlock_add_rule", -1, ENOMEM}}, "failed at Landlock"},
    {"Landlock's last step",          {{"landlock_restrict_self", -1, E2BIG}}, "failed at Landlock"},
    {"resource limits",               {{"prlimit64", -1, EPERM}, {"setrlimit", -1, EPERM}}, "failed at setting resource limits"},
    {"close_range",                   {{"close_range", -1, ENOSYS}}, "failed at closing our files"},
};
/* clang-format on */

static char work[PATH_MAX];

static int set_up(void **state) {
    (void)state;
    (void)snprintf(work, sizeof work, "/tmp/sandbox_missing_test-XXXXXX");
    return mkdtemp(work) == NULL;
}

static int tear_down(void **state) {
    (void)state;
    return scratch_remove(work);
}

static bool take_away(const struct lack *lack) {
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    bool is_well = ctx != NULL;

    for (size_t i = 0; is_well && i < TAKEN_MAX && lack->taken[i].call != NULL; i++) {
        int nr = seccomp_syscall_resolve_name(lack->taken[i].call);
        uint32_t action = SCMP_ACT_ERRNO((uint32_t)lack->taken[i].error);
        is_well =
            lack->taken[i].arg0 < 0
                ? seccomp_rule_add(ctx, action, nr, 0) == 0
                : seccomp_rule_add(ctx, action, nr, 1,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)lack->taken[i].arg0)) == 0;
    }
    is_well = is_well && seccomp_load(ctx) == 0;
    seccomp_release(ctx);
    return is_well;
}

/* Writes the code and the sentence to `fd`. */
static void try_to_run(int fd) {
    const char *const argv[] = {"/bin/sh", "-c", "echo ran > mark", NULL};
    const char *const writable[] = {work, NULL};
    /* A sanitizer reserves more than any machine has, and may take of it before the program begins.
     */
    const struct sandbox box = {.writable = writable, .memory_bytes_max = INT64_MAX};
    const struct proc_spec spec = {.argv = argv,
                                   .cwd = work,
                                   .timeout_ms = 30000,
                                   .sandbox = &box,
                                   .filter = proc_filter_none};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};
    enum err_code code = proc_run(&spec, &result, &err);

    (void)dprintf(fd, "%s %s %s", err_wire(code),
                  code != ERR_NONE      ? err.text
                  : proc_is_ok(&result) ? "well"
                                        : buf_cstr(&result.text[PROC_ERR]),
                  code == ERR_NONE && !result.is_confined ? "unconfined" : "");
}

static void it_is_refused_by_name_or_runs_by_what_is_left(void **state) {
    const struct lack *lack = *state;
    CLEANUP(freep) char *mark = fs_join(work, "mark");
    char told[1200] = {0};
    size_t len = 0;
    ssize_t n = 0;
    int pair[2];

    assert_int_equal(pipe(pair), 0);
    (void)unlink(mark);
    pid_t pid = fork();
    if (pid == 0) {
        if (!take_away(lack)) {
            (void)dprintf(pair[1], "the call cannot be taken away");
        } else {
            try_to_run(pair[1]);
        }
        _exit(0);
    }
    close(pair[1]);
    while (len < sizeof told - 1 && (n = read(pair[0], told + len, sizeof told - 1 - len)) > 0) {
        len += (size_t)n;
    }
    close(pair[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    bool has_run = access(mark, F_OK) == 0;
    bool is_as_said = lack->says == NULL ? has_run && strcmp(told, "none well ") == 0
                                         : !has_run && strncmp(told, "sandbox ", 8) == 0 &&
                                               strstr(told, lack->says) != NULL;
    if (!is_as_said) {
        fail_msg("without %s it %s: %s", lack->name, has_run ? "ran" : "did not run", told);
    }
}

int main(void) {
    static struct CMUnitTest tests[ARRAY_N(lacks)];
    static char names[ARRAY_N(lacks)][120];

    for (size_t i = 0; i < ARRAY_N(lacks); i++) {
        (void)snprintf(names[i], sizeof names[i], "without %s a program %s", lacks[i].name,
                       lacks[i].says == NULL ? "runs by what is left" : "is not started");
        tests[i] = (struct CMUnitTest){
            .name = names[i],
            .test_func = it_is_refused_by_name_or_runs_by_what_is_left,
            .initial_state = (void *)(uintptr_t)&lacks[i],
        };
    }
    return _cmocka_run_group_tests("sandbox_missing", tests, ARRAY_N(lacks), set_up, tear_down);
}
