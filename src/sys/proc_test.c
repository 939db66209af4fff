/* Runs real programs: ends, output, environment, what a sandbox grants. escape_test.c has what it
 * does not. */
#include "sys/proc.h"

#include "base/clock.h"
#include "support/scratch.h"
#include "sys/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char
    work[PATH_MAX]; /* a folder of this test; the child may write work/ws and work/tmp only */

static char *in_work(const char *name) { return fs_join(work, name); }

static void put(const char *name, const char *content) {
    CLEANUP(freep) char *path = in_work(name);
    struct err err = {0};

    assert_int_equal(fs_write_file(path, str_from(content), 0600, &err), ERR_NONE);
}

static int set_up(void **state) {
    const char *dirs[] = {"ws", "tmp", "home/.ssh", "home/.aws", "home/project", "outside"};
    struct err err = {0};

    (void)state;
    snprintf(work, sizeof work, "/tmp/proc_test-XXXXXX");
    assert_non_null(mkdtemp(work));
    for (size_t i = 0; i < ARRAY_N(dirs); i++) {
        CLEANUP(freep) char *dir = in_work(dirs[i]);
        assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    }
    put("home/.ssh/id_ed25519", "key-of-a-person");
    put("home/.aws/credentials", "key-of-a-person");
    put("home/project/readme", "hello");
    put("home/project/.env", "PASSWORD=key-of-a-person");
    put("outside/file", "untouched");
    CLEANUP(freep) char *home = in_work("home");
    return setenv("HOME", home, 1);
}

static int tear_down(void **state) {
    (void)state;
    return scratch_remove(work);
}

/* Runs `sh -c SCRIPT` with the variables W (the folder above) and PATH. */
static enum err_code run_sh(const char *script, const struct sandbox *sandbox, int64_t timeout_ms,
                            struct proc_result *out, struct err *err) {
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    CLEANUP(proc_env_done) struct proc_env env = {0};
    CLEANUP(freep) char *ws = in_work("ws");

    proc_env_set(&env, "PATH", "/usr/bin:/bin");
    proc_env_set(&env, "W", work);
    struct proc_spec spec = {.argv = argv,
                             .env = (const char *const *)env.vars,
                             .cwd = ws,
                             .timeout_ms = timeout_ms,
                             .sandbox = sandbox,
                             .filter = proc_filter_none};
    return proc_run(&spec, out, err);
}

/* --- ends and output --- */

/* clang-format off */
static const struct {
    const char *script;
    int64_t timeout_ms;
    enum proc_end end;
    int value;
} ends[] = {
    /* script                                          timeout  end             value */
    { "exit 0",                                          20000, PROC_EXITED,    0 },
    { "exit 7",                                          20000, PROC_EXITED,    7 },
    { "kill -9 $$",                                      20000, PROC_SIGNALLED, SIGKILL },
    { "kill -TERM $$",                                   20000, PROC_SIGNALLED, SIGTERM },
    { "sleep 60",                                          150, PROC_TIMEOUT,   0 },
    { "trap '' TERM; sleep 60 & wait; sleep 60",           150, PROC_TIMEOUT,   0 },
    { "yes",                                             60000, PROC_FLOOD,     0 },
};
/* clang-format on */

static void exit_signal_timeout_and_flood_are_different_ends(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        if (run_sh(ends[i].script, NULL, ends[i].timeout_ms, &result, &err) != ERR_NONE ||
            result.end != ends[i].end || result.value != ends[i].value) {
            fail_msg("'%s': end %d, value %d, %s", ends[i].script, result.end, result.value,
                     err.text);
        }
    }
}

static void a_program_that_ignores_term_is_killed_two_seconds_later(void **state) {
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(run_sh("trap '' TERM; while :; do sleep 0.05; done", NULL, 100, &result, &err),
                     ERR_NONE);
    assert_int_equal(result.end, PROC_TIMEOUT);
    assert_in_range(result.ms, 2000, 5000);
}

static void a_program_that_does_not_exist_is_an_error(void **state) {
    const char *const argv[] = {"/usr/bin/no-such-program", NULL};
    struct proc_spec spec = {
        .argv = argv, .cwd = "/", .timeout_ms = 1000, .filter = proc_filter_none};
    struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NOT_FOUND);
    spec.argv = (const char *const[]){"relative", NULL};
    assert_int_equal(proc_run(&spec, &result, &err), ERR_INVALID);
    spec.argv = (const char *const[]){"/bin/true", NULL};
    spec.timeout_ms = 0;
    assert_int_equal(proc_run(&spec, &result, &err), ERR_INVALID);
}

static void a_missing_working_folder_is_named(void **state) {
    const char *const argv[] = {"/bin/true", NULL};
    struct proc_spec spec = {
        .argv = argv, .cwd = "/no/such/folder", .timeout_ms = 1000, .filter = proc_filter_none};
    struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "/no/such/folder"));
}

static void nothing_of_our_environment_and_files_is_inherited(void **state) {
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};
    int open_fd = dup(1);

    (void)state;
    setenv("AWS_SECRET_ACCESS_KEY", "leaked", 1);
    assert_int_equal(run_sh("env | sort; for f in /proc/self/fd/*; do echo ${f##*/}; done", NULL,
                            20000, &result, &err),
                     ERR_NONE);
    unsetenv("AWS_SECRET_ACCESS_KEY");
    close(open_fd);
    CLEANUP(freep) char *ws = in_work("ws");
    CLEANUP(freep)
    char *want = mem_format("PATH=/usr/bin:/bin\nPWD=%s\nW=%s\n0\n1\n2\n3\n", ws, work);
    /* 3 is the folder that sh itself opens for its pattern. */
    assert_string_equal(buf_cstr(&result.text[PROC_OUT]), want);
}

static void input_reaches_the_program_whole(void **state) {
    const char *const argv[] = {"/usr/bin/wc", "-c", NULL};
    CLEANUP(freep) char *input = mem_alloc(1000000);
    struct proc_spec spec = {.argv = argv,
                             .cwd = "/",
                             .input = {input, 1000000},
                             .timeout_ms = 20000,
                             .filter = proc_filter_none};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    memset(input, 'x', 1000000);
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&result.text[PROC_OUT]), "1000000\n");

    CLEANUP(proc_result_done) struct proc_result deaf = {0};
    spec.argv = (const char *const[]){"/bin/true", NULL}; /* does not read: no SIGPIPE for us */
    assert_int_equal(proc_run(&spec, &deaf, &err), ERR_NONE);
    assert_true(proc_is_ok(&deaf));
}

static void the_beginning_and_the_end_of_long_output_are_kept(void **state) {
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(run_sh("echo first; seq 1000000 1100000; echo last >&1; echo to-err >&2", NULL,
                            20000, &result, &err),
                     ERR_NONE);
    struct str text = buf_str(&result.text[PROC_OUT]);
    int64_t printed = 6 + 100001 * 8 + 5;
    assert_true(str_starts(text, STR("first\n1000000\n")));
    assert_true(str_ends(text, STR("1100000\nlast\n")));
    assert_int_equal(result.dropped[PROC_OUT], printed - PROC_HEAD_BYTES - PROC_TAIL_BYTES);
    CLEANUP(freep)
    char *note = mem_format("\n[%" PRId64 " bytes left out]\n", result.dropped[PROC_OUT]);
    assert_true(str_find(text, str_from(note)) == PROC_HEAD_BYTES);
    assert_string_equal(buf_cstr(&result.text[PROC_ERR]), "to-err\n");
}

static void upper_case(void *ctx, enum proc_stream stream, struct str raw, enum proc_rest rest,
                       struct buf *out) {
    (void)ctx;
    (void)stream;
    for (size_t i = 0; i < raw.len; i++) {
        buf_add_c(out,
                  raw.ptr[i] >= 'a' && raw.ptr[i] <= 'z' ? (char)(raw.ptr[i] - 32) : raw.ptr[i]);
    }
    buf_add_s(out, rest == PROC_ENDED ? "<end>" : rest == PROC_CUT ? "<cut>" : "");
}

static void collect_line(void *ctx, enum proc_stream stream, struct str line) {
    buf_addf(ctx, "%d:" STR_FMT "|", stream, STR_ARG(line));
}

static void only_filtered_bytes_are_kept_and_shown(void **state) {
    const char *const argv[] = {"/bin/echo", "one\ntwo", NULL};
    CLEANUP(buf_done) struct buf lines = BUF_INIT(1000);
    struct proc_spec spec = {.argv = argv,
                             .cwd = "/",
                             .timeout_ms = 20000,
                             .filter = {.feed = upper_case},
                             .line = collect_line,
                             .line_ctx = &lines};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&result.text[PROC_OUT]), "ONE\nTWO\n<end>");
    assert_string_equal(buf_cstr(&lines), "0:ONE|0:TWO|0:<end>|1:<end>|");

    CLEANUP(proc_result_done) struct proc_result dropped = {0};
    spec.filter = proc_filter_drop;
    assert_int_equal(proc_run(&spec, &dropped, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&dropped.text[PROC_OUT]), "");
}

static void a_filter_is_told_that_the_program_was_stopped(void **state) {
    static const struct {
        const char *text; /* of sh */
        const char *shown;
    } rows[] = {
        {"echo one; sleep 20", "ONE\n<cut>"}, /* at its deadline */
        {"echo one; kill -9 $$", "ONE\n<cut>"},
        {"echo one; exit 3", "ONE\n<end>"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *const argv[] = {"/bin/sh", "-c", rows[i].text, NULL};
        struct proc_spec spec = {.argv = argv,
                                 .cwd = "/",
                                 .timeout_ms = i == 0 ? 2000 : 20000,
                                 .filter = {.feed = upper_case}};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
        assert_string_equal(buf_cstr(&result.text[PROC_OUT]), rows[i].shown);
    }
}

static void *raise_flag(void *arg) {
    clock_sleep_ms(200);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void the_cancel_flag_ends_it_soon(void **state) {
    const char *const argv[] = {"/bin/sleep", "60", NULL};
    atomic_bool cancel = false;
    struct proc_spec spec = {.argv = argv,
                             .cwd = "/",
                             .timeout_ms = 60000,
                             .cancel = &cancel,
                             .filter = proc_filter_none};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, raise_flag, &cancel), 0);
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
    pthread_join(thread, NULL);
    assert_int_equal(result.end, PROC_CANCELLED);
    assert_true(result.ms < 2000);
}

static void count_beat(void *ctx, int64_t ms) { *(int *)ctx += ms > 0; }

static void silence_is_told_and_printing_is_not(void **state) {
    const char *const silent[] = {"/bin/sleep", "1", NULL};
    int beats = 0;
    struct proc_spec spec = {.argv = silent,
                             .cwd = "/",
                             .timeout_ms = 60000,
                             .filter = proc_filter_none,
                             .beat = count_beat,
                             .beat_ctx = &beats,
                             .beat_ms = 100};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(proc_result_done) struct proc_result talking = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
    assert_in_range(beats, 1, result.ms / 100);
    beats = 0;
    spec.argv = (const char *const[]){"/bin/echo", "here", NULL};
    spec.beat_ms = 0;
    assert_int_equal(proc_run(&spec, &talking, &err), ERR_NONE);
    assert_int_equal(beats, 0);
}

static void an_environment_is_built_name_by_name(void **state) {
    static const char *const names[] = {"AWSCOPILOT_TEST_SET", "AWSCOPILOT_TEST_UNSET", NULL};
    CLEANUP(proc_env_done) struct proc_env env = {0};

    (void)state;
    setenv("AWSCOPILOT_TEST_SET", "yes", 1);
    proc_env_set(&env, "A", "1");
    proc_env_set(&env, "AB", "2");
    proc_env_set(&env, "A", "3");
    proc_env_inherit(&env, names);
    assert_int_equal(env.n, 3);
    assert_string_equal(env.vars[0], "A=3");
    assert_string_equal(env.vars[1], "AB=2");
    assert_string_equal(env.vars[2], "AWSCOPILOT_TEST_SET=yes");
    assert_null(env.vars[3]);
}

static void programs_are_found_in_a_path(void **state) {
    CLEANUP(freep) char *sh = proc_find("sh", "/nowhere::/bin");
    CLEANUP(freep) char *whole = proc_find("/bin/sh", "");
    CLEANUP(freep) char *none = proc_find("sh", "/nowhere");
    CLEANUP(freep) char *dir = proc_find("tmp", "/");

    (void)state;
    assert_string_equal(sh, "/bin/sh");
    assert_string_equal(whole, "/bin/sh");
    assert_null(none);
    assert_null(dir);
}

/* --- the sandbox --- */

static const struct {
    const char *name;
    enum sandbox_wall wall;
} walls[] = {{"both", SANDBOX_WALL_ALL},
             {"namespaces", SANDBOX_WALL_NAMESPACES},
             {"Landlock", SANDBOX_WALL_LANDLOCK}};

struct fixture {
    char *readable[2];
    char *writable[2];
    char *hidden[2];
    char *tmp;
    struct sandbox box;
};

static void fixture_init(struct fixture *f, enum sandbox_wall wall) {
    *f = (struct fixture){.readable = {in_work("home")},
                          .writable = {in_work("ws")},
                          .hidden = {in_work("home/project/.env")},
                          .tmp = in_work("tmp")};
    f->box = (struct sandbox){.readable = (const char *const *)f->readable,
                              .writable = (const char *const *)f->writable,
                              .hidden = (const char *const *)f->hidden,
                              .tmp = f->tmp,
                              .wall = wall};
}

static void fixture_done(struct fixture *f) {
    free(f->readable[0]);
    free(f->writable[0]);
    free(f->hidden[0]);
    free(f->tmp);
}

/* False, with a line that can be seen, when this machine has not got the wall. */
static bool has_wall(size_t i) {
    const struct sandbox_caps *caps = sandbox_probe();
    bool has = walls[i].wall == SANDBOX_WALL_NAMESPACES ? caps->has_namespaces
               : walls[i].wall == SANDBOX_WALL_LANDLOCK ? caps->landlock_abi >= 3
                                                        : caps->missing[0] == '\0';

    if (!has) {
        print_message("# SKIP the wall '%s' is not on this machine (Landlock ABI %d)\n",
                      walls[i].name, caps->landlock_abi);
    }
    return has;
}

/* The fixture with that wall; false as above. */
static bool wall_begin(size_t i, struct fixture *f) {
    if (!has_wall(i)) {
        return false;
    }
    fixture_init(f, walls[i].wall);
    return true;
}

static int listen_tcp(int *port) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    *port = ntohs(addr.sin_port);
    return fd;
}

/* Offline children share one network: an empty one, in which neither this machine's sockets nor its
 * interfaces are. Where it cannot be entered, each has its own (sandbox_missing_test.c). */
static void an_offline_child_sees_no_network_of_this_machine(void **state) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0proc_test-of-this-machine"};
    CLEANUP(proc_result_done) struct proc_result out = {0};
    CLEANUP(fixture_done) struct fixture f = {0};
    struct err err = {0};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    if (!sandbox_probe()->has_namespaces) {
        close(fd);
        print_message("# SKIP no namespaces here\n");
        return;
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    fixture_init(&f, SANDBOX_WALL_NAMESPACES);
    for (int i = 0; i < 2; i++) { /* the first makes it, the second enters it */
        CLEANUP(proc_result_done) struct proc_result result = {0};

        assert_int_equal(run_sh("cat /proc/net/unix; tail -n +3 /proc/net/dev | cut -d : -f 1; "
                                "readlink /proc/self/ns/net",
                                &f.box, 20000, &result, &err),
                         ERR_NONE);
        const char *seen = buf_cstr(&result.text[PROC_OUT]);
        char own[100] = {0};
        assert_true(readlink("/proc/self/ns/net", own, sizeof own - 1) > 0);
        if (strstr(seen, "proc_test-of-this-machine") != NULL || strstr(seen, own) != NULL ||
            strstr(seen, "lo\nnet:[") == NULL) {
            fail_msg("run %d: %s", i, seen);
        }
    }
    assert_int_equal(
        run_sh("grep proc_test-of-this-machine /proc/net/unix", NULL, 20000, &out, &err), ERR_NONE);
    assert_true(proc_is_ok(&out)); /* or nothing was shown above */
    close(fd);
}

/* Neither a small number nor one far above those that the start itself uses. */
static void no_open_file_of_ours_is_behind_a_wall(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        struct err err = {0};
        int low = dup(1);
        int high = fcntl(1, F_DUPFD, 700);
        bool is_there = wall_begin(w, &f);

        for (int i = 0; is_there && i < 2; i++) { /* the first child, and a later one */
            CLEANUP(proc_result_done) struct proc_result result = {0};

            assert_int_equal(run_sh("for f in /proc/self/fd/*; do echo ${f##*/}; done", &f.box,
                                    20000, &result, &err),
                             ERR_NONE);
            /* 3 is the folder that sh itself opens for its pattern. */
            assert_string_equal(buf_cstr(&result.text[PROC_OUT]), "0\n1\n2\n3\n");
        }
        close(low);
        close(high);
    }
}

static void an_end_is_known_where_signals_of_children_are_ignored(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        if (!wall_begin(w, &f)) {
            continue;
        }
        (void)signal(SIGCHLD, SIG_IGN);
        enum err_code code = run_sh("exit 7", &f.box, 20000, &result, &err);
        (void)signal(SIGCHLD, SIG_DFL);
        assert_int_equal(code, ERR_NONE);
        assert_int_equal(result.end, PROC_EXITED);
        assert_int_equal(result.value, 7);
    }
}

/* Whether somebody else holds the lock of ws/alive. */
static bool is_alive(void) {
    CLEANUP(freep) char *path = in_work("ws/alive");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool is_held = flock(fd, LOCK_EX | LOCK_NB) != 0;

    close(fd);
    return is_held;
}

static bool becomes(bool want) {
    for (int i = 0; i < 1000 && is_alive() != want; i++) {
        usleep(20000);
    }
    return is_alive() == want;
}

/* Killed, we can clean nothing up: what we started goes by itself. */
static void a_child_does_not_outlive_a_parent_that_is_killed(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        if (!wall_begin(w, &f)) {
            continue;
        }
        for (int i = 0; i < 2; i++) { /* as the first child of a process, and as a later one */
            pid_t parent = fork();
            if (parent == 0) {
                (void)!(i == 0 ? ERR_NONE : run_sh("true", &f.box, 20000, &result, &err));
                (void)!run_sh("flock alive sleep 600", &f.box, 300000, &result, &err);
                _exit(0);
            }
            bool has_begun = becomes(true);
            kill(parent, SIGKILL);
            assert_int_equal(waitpid(parent, NULL, 0), parent);
            if (!has_begun || !becomes(false)) {
                fail_msg("wall %s, child %d: %s", walls[w].name, i + 1,
                         has_begun ? "it lives on" : "it did not begin");
            }
        }
    }
}

/* The only child of a process, once there is one; 0: it did not come. */
static pid_t child_of(pid_t parent) {
    CLEANUP(freep) char *path = mem_format("/proc/%d/task/%d/children", parent, parent);

    for (int i = 0; i < 1000; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
        struct err unread = {0};
        pid_t child = fs_read_file(path, 4096, &text, &unread) == ERR_NONE
                          ? (pid_t)strtol(buf_cstr(&text), NULL, 10)
                          : 0;

        if (child != 0) {
            return child;
        }
        usleep(20000);
    }
    return 0;
}

/* What keeps a program may be killed alone, as where memory is out, and whoever waits may be held:
 * the program goes with its keeper, by the kernel's hand, and whoever waits learns of it. */
static void a_program_does_not_outlive_its_keeper(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};
        int status = 0;

        if (!wall_begin(w, &f)) {
            continue;
        }
        pid_t parent = fork();
        if (parent == 0) {
            enum err_code code =
                run_sh("exec flock --no-fork alive sleep 600", &f.box, 300000, &result, &err);
            _exit(code == ERR_NONE && proc_is_ok(&result) ? 1 : 0);
        }
        bool has_begun = becomes(true);
        pid_t keeper = child_of(parent);
        kill(parent, SIGSTOP); /* it cannot end what is left of the group */
        if (!has_begun || keeper == 0 || kill(keeper, SIGKILL) != 0 || !becomes(false)) {
            kill(parent, SIGKILL);
            fail_msg("wall %s: %s", walls[w].name, has_begun ? "it lives on" : "it did not begin");
        }
        kill(parent, SIGCONT);
        assert_int_equal(waitpid(parent, &status, 0), parent);
        assert_int_equal(status, 0); /* it did not go well, and was not waited for in vain */
    }
}

static void what_is_granted_works(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        if (!wall_begin(w, &f)) {
            continue;
        }
        assert_int_equal(run_sh("set -e; cat $W/home/project/readme; echo made > made; cat made; "
                                "mkdir -p a/b; mv made a/b/; rm -r a; echo t > $W/tmp/t; "
                                "echo x > /dev/null; head -c 1 /dev/urandom > /dev/null; "
                                "python3 -c 'import threading,subprocess\n"
                                "t=threading.Thread(target=print,args=(\"thread\",))\n"
                                "t.start();t.join()\n"
                                "print(subprocess.run([\"/bin/echo\",\"child\"],"
                                "capture_output=True,text=True).stdout)'",
                                &f.box, 20000, &result, &err),
                         ERR_NONE);
        if (!proc_is_ok(&result)) {
            fail_msg("wall %s: %s", walls[w].name, buf_cstr(&result.text[PROC_ERR]));
        }
        assert_string_equal(buf_cstr(&result.text[PROC_OUT]), "hellomade\nthread\nchild\n\n");
    }
}

/* A copy is written where the original is seen, and the original stays as it is. */
static void what_stands_in_is_written_and_what_it_stands_for_is_not(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(proc_result_done) struct proc_result result = {0};
        CLEANUP(buf_done) struct buf kept = BUF_INIT(100);
        CLEANUP(buf_done) struct buf made = BUF_INIT(100);
        CLEANUP(freep) char *project = in_work("home/project");
        CLEANUP(freep) char *readme = in_work("home/project/readme");
        CLEANUP(freep) char *copy = in_work("ws");
        CLEANUP(freep) char *written = in_work("ws/readme");
        CLEANUP(freep) char *tmp = in_work("tmp");
        const struct sandbox box = {
            .tmp = tmp, .stand_in = copy, .stands_for = project, .wall = walls[w].wall};
        bool is_seen = walls[w].wall != SANDBOX_WALL_LANDLOCK && sandbox_probe()->has_namespaces;
        CLEANUP(freep)
        char *script = mem_format("cd %s && echo copy > readme && ! cat $W/home/project/.env",
                                  is_seen ? project : copy);
        struct err err = {0};

        if (!has_wall(w)) {
            continue;
        }
        assert_int_equal(run_sh(script, &box, 20000, &result, &err), ERR_NONE);
        if (!proc_is_ok(&result)) {
            fail_msg("wall %s: %s", walls[w].name, buf_cstr(&result.text[PROC_ERR]));
        }
        assert_int_equal(fs_read_file(readme, 100, &kept, &err), ERR_NONE);
        assert_int_equal(fs_read_file(written, 100, &made, &err), ERR_NONE);
        assert_string_equal(buf_cstr(&kept), "hello");
        assert_string_equal(buf_cstr(&made), "copy\n");
        (void)unlink(written);
    }
}

static void a_timeout_ends_the_whole_group(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        CLEANUP(freep) char *begun = in_work("ws/begun");
        struct err err = {0};

        if (!wall_begin(w, &f)) {
            continue;
        }
        assert_int_equal(run_sh("flock alive sh -c 'touch begun; sleep 600' & sleep 600", &f.box,
                                1000, &result, &err),
                         ERR_NONE);
        assert_int_equal(result.end, PROC_TIMEOUT);
        assert_int_equal(unlink(begun), 0);
        if (!becomes(false)) {
            fail_msg("wall %s: a child of the group lived on", walls[w].name);
        }
    }
}

static void a_sandbox_refuses_what_it_cannot_hold(void **state) {
    const char *const everything[] = {"/", NULL};
    const char *const relative[] = {"here", NULL};
    struct sandbox box = {.readable = everything};
    struct proc_result result = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(run_sh("exit 0", &box, 1000, &result, &err), ERR_INVALID);
    box.readable = relative;
    assert_int_equal(run_sh("exit 0", &box, 1000, &result, &err), ERR_INVALID);
}

/* --- the package proxy --- */

static void *answer_once(void *arg) {
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    int client = accept(*(int *)arg, NULL, NULL);
    char request[4000];

    ssize_t n = client < 0 ? 0 : read(client, request, sizeof request);
    if (n > 0 && write(client, reply, sizeof reply - 1) < 0) {
        n = 0;
    }
    close(client);
    return NULL;
}

static void a_fetch_reaches_the_listed_hosts_and_no_others(void **state) {
    CLEANUP(fixture_done) struct fixture f = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};
    int port = 0;
    int tcp = 0;
    pthread_t thread;

    (void)state;
    if (!sandbox_probe()->has_namespaces) {
        print_message("# SKIP no namespaces, so there is no package proxy\n");
        return;
    }
    tcp = listen_tcp(&port);
    CLEANUP(freep) char *host = mem_format("localhost:%d", port);
    const char *const hosts[] = {host, "169.254.169.254:80", "*.0.0.9:1", NULL};
    fixture_init(&f, SANDBOX_WALL_ALL);
    f.box.net = SANDBOX_NET_SOURCES;
    f.box.hosts = hosts;
    assert_string_equal(sandbox_proxy_url(&f.box), "http://127.0.0.1:3128");
    CLEANUP(freep)
    char *script = mem_format(
        "python3 -c 'import urllib.request as u\n"
        "o=u.build_opener(u.ProxyHandler({\"http\":\"http://127.0.0.1:3128\"}))\n"
        "print(o.open(\"http://localhost:%d/x\").read().decode())\n"
        "for url in "
        "(\"http://localhost:1/\",\"http://127.0.0.1:%d/\",\"http://169.254.169.254/\","
        "\"http://127.0.0.9:1/\",\"http://1.127.0.0.9:1/\",\"http://127.0.0.9:2/\"):\n"
        " try: o.open(url,timeout=9); print(\"out\")\n"
        " except u.HTTPError as e: print(e.code)\n"
        "try: u.build_opener(u.ProxyHandler({})).open(\"http://127.0.0.1:%d/\"); print(\"out\")\n"
        "except u.URLError: print(\"no way\")'",
        port, port, port);
    assert_int_equal(pthread_create(&thread, NULL, answer_once, &tcp), 0);
    assert_int_equal(run_sh(script, &f.box, 20000, &result, &err), ERR_NONE);
    shutdown(tcp, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(tcp);
    if (strcmp(buf_cstr(&result.text[PROC_OUT]), "hello\n403\n403\n502\n502\n403\n403\nno way\n") !=
        0) {
        fail_msg("%s%s", buf_cstr(&result.text[PROC_OUT]), buf_cstr(&result.text[PROC_ERR]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_signal_timeout_and_flood_are_different_ends),
        cmocka_unit_test(a_program_that_ignores_term_is_killed_two_seconds_later),
        cmocka_unit_test(a_program_that_does_not_exist_is_an_error),
        cmocka_unit_test(a_missing_working_folder_is_named),
        cmocka_unit_test(nothing_of_our_environment_and_files_is_inherited),
        cmocka_unit_test(input_reaches_the_program_whole),
        cmocka_unit_test(the_beginning_and_the_end_of_long_output_are_kept),
        cmocka_unit_test(only_filtered_bytes_are_kept_and_shown),
        cmocka_unit_test(a_filter_is_told_that_the_program_was_stopped),
        cmocka_unit_test(the_cancel_flag_ends_it_soon),
        cmocka_unit_test(silence_is_told_and_printing_is_not),
        cmocka_unit_test(an_environment_is_built_name_by_name),
        cmocka_unit_test(programs_are_found_in_a_path),
        cmocka_unit_test(an_offline_child_sees_no_network_of_this_machine),
        cmocka_unit_test(no_open_file_of_ours_is_behind_a_wall),
        cmocka_unit_test(an_end_is_known_where_signals_of_children_are_ignored),
        cmocka_unit_test(a_child_does_not_outlive_a_parent_that_is_killed),
        cmocka_unit_test(a_program_does_not_outlive_its_keeper),
        cmocka_unit_test(what_is_granted_works),
        cmocka_unit_test(what_stands_in_is_written_and_what_it_stands_for_is_not),
        cmocka_unit_test(a_timeout_ends_the_whole_group),
        cmocka_unit_test(a_sandbox_refuses_what_it_cannot_hold),
        cmocka_unit_test(a_fetch_reaches_the_listed_hosts_and_no_others),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
