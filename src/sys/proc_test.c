/* Runs real programs: ends, output, environment, and one attempt for each way out of the sandbox.
 */
#include "sys/proc.h"

#include "base/clock.h"
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
    CLEANUP(fs_root_done) struct fs_root tmp = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(fs_root_open("/tmp", &tmp, &err), ERR_NONE);
    return fs_remove_tree(&tmp, work + strlen("/tmp/"), &err) == ERR_NONE ? 0 : -1;
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

static void upper_case(void *ctx, enum proc_stream stream, struct str raw, bool is_end,
                       struct buf *out) {
    (void)ctx;
    (void)stream;
    for (size_t i = 0; i < raw.len; i++) {
        buf_add_c(out,
                  raw.ptr[i] >= 'a' && raw.ptr[i] <= 'z' ? (char)(raw.ptr[i] - 32) : raw.ptr[i]);
    }
    buf_add_s(out, is_end ? "<end>" : "");
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

enum { NEEDS_NOTHING = 0, NEEDS_NAMESPACES = 1, NEEDS_ABI_6 = 6 };

/* Each tries to get out; status 0 says that it did not, 3 that it did. */
/* clang-format off */
static const struct {
    const char *name;
    int needs; /* of a Landlock wall alone: the ABI that stops it, or NEEDS_NAMESPACES */
    const char *script;
} escapes[] = {
    { "connects to the internet", 0,
      "python3 -c 'import socket,sys\ntry: socket.create_connection((\"127.0.0.1\",int(\"'$PORT'\")),2)\n"
      "except OSError: sys.exit(0)\nsys.exit(3)'" },
    { "sends a datagram", 0,
      "python3 -c 'import socket,sys\n"
      "try: socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(b\"x\",(\"127.0.0.1\",53))\n"
      "except OSError: sys.exit(0)\nsys.exit(3)'" },
    { "resolves a name", 0, "getent ahosts example.com && exit 3; exit 0" },
    { "connects to an abstract socket", 0,
      "python3 -c 'import socket,sys\n"
      "try: socket.socket(socket.AF_UNIX).connect(\"\\0awscopilot-proc-test\")\n"
      "except OSError: sys.exit(0)\nsys.exit(3)'" },
    { "reads a private key", 0, "grep -q key-of $W/home/.ssh/id_ed25519 && exit 3; exit 0" },
    { "reads AWS credentials", 0, "grep -q key-of $W/home/.aws/credentials && exit 3; exit 0" },
    { "reads a .env", 0, "grep -q key-of $W/home/project/.env && exit 3; exit 0" },
    { "reads the password file's shadow", 0, "test -r /etc/shadow && cat /etc/shadow && exit 3; exit 0" },
    { "writes outside", 0, "echo x >> $W/outside/file && exit 3; exit 0" },
    { "writes into a readable folder", 0, "echo x > $W/home/project/new && exit 3; exit 0" },
    { "truncates a readable file", 0,
      "python3 -c 'import os,sys\ntry: os.truncate(sys.argv[1],0)\nexcept OSError: sys.exit(0)\nsys.exit(3)'"
      " $W/home/project/readme" },
    { "removes a readable file", 0, "rm -f $W/home/project/readme && exit 3; exit 0" },
    { "writes through a link", 0, "ln -s $W/outside/file link; echo x >> link && exit 3; exit 0" },
    { "swaps a link while writing", 0,
      "ln -sfn $W/outside d; mkdir -p e; for i in 1 2 3 4 5 6 7 8; do "
      "ln -sfn $W/outside d; echo x 2>/dev/null >> d/file && exit 3; ln -sfn e d; done; exit 0" },
    { "links a hidden file in", 0, "ln $W/home/.ssh/id_ed25519 hard && cat hard && exit 3; exit 0" },
    { "reads our environment", 0,
      "grep -qa HOME= /proc/$PARENT/environ && exit 3; exit 0" },
    { "reads the environment of its keeper", 0,
      "for p in /proc/[0-9]*; do grep -qa HOME= $p/environ 2>/dev/null && exit 3; done; exit 0" },
    { "signals us", NEEDS_ABI_6, "kill -0 $PARENT 2>/dev/null && exit 3; exit 0" },
    { "keeps capabilities", 0, "grep -q '^CapEff:.*[1-9a-f]$' /proc/self/status && exit 3; exit 0" },
    { "gains rights by a set-id program", 0, "grep -q 'NoNewPrivs:.*0' /proc/self/status && exit 3; exit 0" },
    { "mounts", 0, "mount -t tmpfs none $PWD 2>/dev/null && exit 3; exit 0" },
    { "makes a namespace", 0, "unshare -Ur true 2>/dev/null && exit 3; exit 0" },
    { "changes a kernel setting", 0,
      "cat /proc/sys/vm/overcommit_memory > /proc/sys/vm/overcommit_memory && exit 3; exit 0" },
    { "traces", 0,
      "python3 -c 'import ctypes,sys\nsys.exit(3 if ctypes.CDLL(None).ptrace(0,0,0,0)==0 else 0)'" },
    { "opens a device", 0, "head -c 1 /dev/vda 2>/dev/null && exit 3; exit 0" },
    { "leaves a terminal command", 0, "echo x > /dev/tty && exit 3; exit 0" },
};
/* clang-format on */

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

static int listen_abstract(void) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "\0awscopilot-proc-test"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&addr,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                      sizeof "\0awscopilot-proc-test" - 1)),
                     0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void no_way_out_of_the_sandbox_works(void **state) {
    int port = 0;
    int tcp = listen_tcp(&port);
    int abstract = listen_abstract();

    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        if (!has_wall(w)) {
            continue;
        }
        fixture_init(&f, walls[w].wall);
        for (size_t i = 0; i < ARRAY_N(escapes); i++) {
            CLEANUP(proc_result_done) struct proc_result result = {0};
            CLEANUP(freep)
            char *script = mem_format("PORT=%d PARENT=%d; %s", port, getpid(), escapes[i].script);
            struct err err = {0};

            if (walls[w].wall == SANDBOX_WALL_LANDLOCK &&
                escapes[i].needs > sandbox_probe()->landlock_abi) {
                print_message("# SKIP '%s': Landlock alone stops it from ABI %d\n", escapes[i].name,
                              escapes[i].needs);
                continue;
            }
            if (run_sh(script, &f.box, 20000, &result, &err) != ERR_NONE ||
                result.end != PROC_EXITED || result.value != 0 || !result.is_confined) {
                fail_msg("wall %s: a child that %s: end %d, value %d, %s\n%s%s", walls[w].name,
                         escapes[i].name, result.end, result.value, err.text,
                         buf_cstr(&result.text[PROC_OUT]), buf_cstr(&result.text[PROC_ERR]));
            }
        }
    }
    close(tcp);
    close(abstract);
    CLEANUP(buf_done) struct buf outside = BUF_INIT(1000);
    CLEANUP(freep) char *path = in_work("outside/file");
    struct err err = {0};
    assert_int_equal(fs_read_file(path, 100, &outside, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&outside), "untouched");
}

/* The same attempts do succeed without a sandbox: the scripts themselves are right. */
static void the_same_attempts_work_without_a_sandbox(void **state) {
    static const char *const working[] = {
        "connects to the internet", "sends a datagram",      "connects to an abstract socket",
        "reads a private key",      "reads a .env",          "writes outside",
        "writes through a link",    "reads our environment", "signals us",
        "links a hidden file in"};
    int port = 0;
    int tcp = listen_tcp(&port);
    int abstract = listen_abstract();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(escapes); i++) {
        CLEANUP(proc_result_done) struct proc_result result = {0};
        CLEANUP(freep)
        char *script =
            mem_format("rm -f link hard; PORT=%d PARENT=%d; %s", port, getpid(), escapes[i].script);
        struct err err = {0};
        bool is_meant = false;

        for (size_t k = 0; k < ARRAY_N(working); k++) {
            is_meant = is_meant || strcmp(working[k], escapes[i].name) == 0;
        }
        if (is_meant && (run_sh(script, NULL, 20000, &result, &err) != ERR_NONE ||
                         result.value != 3 || result.is_confined)) {
            fail_msg("a child that %s should get out: value %d\n%s", escapes[i].name, result.value,
                     buf_cstr(&result.text[PROC_ERR]));
        }
    }
    close(tcp);
    close(abstract);
}

static void what_is_granted_works(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        if (!has_wall(w)) {
            continue;
        }
        fixture_init(&f, walls[w].wall);
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

static void a_daemon_does_not_outlive_the_run(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        CLEANUP(freep) char *mark = in_work("ws/late");
        struct err err = {0};

        if (!has_wall(w)) {
            continue;
        }
        fixture_init(&f, walls[w].wall);
        assert_int_equal(run_sh("setsid sh -c 'sleep 1; touch late' >/dev/null 2>&1 & "
                                "(trap '' TERM HUP; sleep 1; touch late) & exit 0",
                                &f.box, 20000, &result, &err),
                         ERR_NONE);
        assert_true(result.ms < 900);
        clock_sleep_ms(1300);
        if (access(mark, F_OK) == 0) {
            fail_msg("wall %s: a daemon lived on", walls[w].name);
        }
    }
}

static void a_timeout_ends_the_whole_group(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        CLEANUP(freep) char *mark = in_work("ws/late");
        struct err err = {0};

        if (!has_wall(w)) {
            continue;
        }
        fixture_init(&f, walls[w].wall);
        assert_int_equal(run_sh("(sleep 1; touch late) & sleep 30", &f.box, 200, &result, &err),
                         ERR_NONE);
        assert_int_equal(result.end, PROC_TIMEOUT);
        clock_sleep_ms(1200);
        if (access(mark, F_OK) == 0) {
            fail_msg("wall %s: a child of the group lived on", walls[w].name);
        }
    }
}

static void a_fork_bomb_is_bounded(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        struct err err = {0};

        if (!has_wall(w)) {
            continue;
        }
        if (getuid() == 0 && (walls[w].wall == SANDBOX_WALL_LANDLOCK ||
                              !sandbox_probe()->has_namespaces)) { /* a chroot has none */
            print_message("# SKIP root's processes are not counted without a pid namespace\n");
            continue;
        }
        fixture_init(&f, walls[w].wall);
        f.box.process_max = 400;
        assert_int_equal(
            run_sh("python3 -c 'import os,time,sys\nn=0\n"
                   "try:\n while n<3000:\n  if os.fork()==0: time.sleep(20); os._exit(0)\n  n+=1\n"
                   "except OSError: print(n); sys.stdout.flush(); os._exit(0)\nos._exit(3)'",
                   &f.box, 20000, &result, &err),
            ERR_NONE);
        if (!proc_is_ok(&result)) {
            fail_msg("wall %s: 3000 processes were made", walls[w].name);
        }
    }
}

static void filling_the_disk_is_bounded(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(fixture_done) struct fixture f = {0};
        CLEANUP(proc_result_done) struct proc_result result = {0};
        CLEANUP(freep) char *big = in_work("ws/big");
        struct err err = {0};
        struct stat st;

        if (!has_wall(w)) {
            continue;
        }
        fixture_init(&f, walls[w].wall);
        f.box.file_bytes_max = 1000000;
        assert_int_equal(
            run_sh("exec head -c 5000000 /dev/zero > big", &f.box, 20000, &result, &err), ERR_NONE);
        assert_int_equal(result.end, PROC_SIGNALLED);
        assert_int_equal(result.value, SIGXFSZ);
        assert_int_equal(stat(big, &st), 0);
        assert_int_equal(st.st_size, 1000000);
        unlink(big);
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
    const char *const hosts[] = {host, "169.254.169.254:80", NULL};
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
        "(\"http://localhost:1/\",\"http://127.0.0.1:%d/\",\"http://169.254.169.254/\"):\n"
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
    if (strcmp(buf_cstr(&result.text[PROC_OUT]), "hello\n403\n403\n502\nno way\n") != 0) {
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
        cmocka_unit_test(the_cancel_flag_ends_it_soon),
        cmocka_unit_test(an_environment_is_built_name_by_name),
        cmocka_unit_test(programs_are_found_in_a_path),
        cmocka_unit_test(no_way_out_of_the_sandbox_works),
        cmocka_unit_test(the_same_attempts_work_without_a_sandbox),
        cmocka_unit_test(what_is_granted_works),
        cmocka_unit_test(a_daemon_does_not_outlive_the_run),
        cmocka_unit_test(a_timeout_ends_the_whole_group),
        cmocka_unit_test(a_fork_bomb_is_bounded),
        cmocka_unit_test(filling_the_disk_is_bounded),
        cmocka_unit_test(a_sandbox_refuses_what_it_cannot_hold),
        cmocka_unit_test(a_fetch_reaches_the_listed_hosts_and_no_others),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
