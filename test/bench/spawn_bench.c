/* What a sandboxed child costs over a plain one.
 *
 *   spawn_bench RUNS [BUBBLEWRAP]
 *
 * /bin/true, from start to reaped, in turn: posix_spawn(); proc_run() without and with the sandbox,
 * as shell_runner calls it; the same with Landlock alone; and bubblewrap with as many namespaces
 * and mounts. The process holds 64 MB of touched memory, as one that masks and counts tokens does.
 * Prints one JSON object a line, medians in ms.
 */
#include "sys/proc.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 10000, HELD_BYTES = 64 << 20 };

enum kind { PLAIN = 0, UNCONFINED, SANDBOXED, LANDLOCK, BUBBLEWRAP, KIND_N };

static const char *const kind_names[KIND_N] = {
    [PLAIN] = "posix_spawn",         [UNCONFINED] = "spawn_unconfined",
    [SANDBOXED] = "spawn_sandboxed", [LANDLOCK] = "spawn_landlock",
    [BUBBLEWRAP] = "bubblewrap",
};

static char folder[] = "/tmp/spawn_bench-XXXXXX";
static const char *bubblewrap;

static void die(const char *what, const char *why) {
    (void)fprintf(stderr, "spawn_bench: %s: %s\n", what, why);
    exit(1);
}

static void spawn_plainly(const char *const *argv) {
    static char *const env[] = {NULL};
    pid_t pid = 0;
    int status = 0;
    int rc = posix_spawn(&pid, argv[0], NULL, NULL, (char **)(uintptr_t)argv, env);

    if (rc != 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        die(argv[0], rc != 0 ? strerror(rc) : "did not end well");
    }
}

static void spawn_ours(enum kind kind) {
    static const char *const argv[] = {"/bin/true", NULL};
    struct sandbox box = {.tmp = folder,
                          .wall = kind == LANDLOCK ? SANDBOX_WALL_LANDLOCK : SANDBOX_WALL_ALL};
    struct proc_spec spec = {.argv = argv,
                             .cwd = "/usr",
                             .timeout_ms = 60000,
                             .sandbox = kind == UNCONFINED ? NULL : &box,
                             .filter = proc_filter_none};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    if (proc_run(&spec, &result, &err) != ERR_NONE || !proc_is_ok(&result)) {
        die(kind_names[kind], err.code != ERR_NONE ? err.text : "did not end well");
    }
}

static void spawn_bubblewrap(void) {
    const char *const argv[] = {bubblewrap,
                                "--unshare-user",
                                "--unshare-pid",
                                "--unshare-ipc",
                                "--unshare-net",
                                "--ro-bind",
                                "/usr",
                                "/usr",
                                "--symlink",
                                "usr/bin",
                                "/bin",
                                "--symlink",
                                "usr/lib",
                                "/lib",
                                "--symlink",
                                "usr/lib64",
                                "/lib64",
                                "--ro-bind",
                                "/etc/passwd",
                                "/etc/passwd",
                                "--ro-bind",
                                "/etc/ssl",
                                "/etc/ssl",
                                "--ro-bind",
                                "/etc/ld.so.cache",
                                "/etc/ld.so.cache",
                                "--proc",
                                "/proc",
                                "--dev",
                                "/dev",
                                "--bind",
                                folder,
                                "/tmp",
                                "--die-with-parent",
                                "--new-session",
                                "/bin/true",
                                NULL};

    spawn_plainly(argv);
}

static bool is_measured(enum kind kind) {
    const struct sandbox_caps *caps = sandbox_probe();

    return kind == BUBBLEWRAP  ? bubblewrap != NULL
           : kind == LANDLOCK  ? caps->landlock_abi >= 3
           : kind == SANDBOXED ? caps->missing[0] == '\0'
                               : true;
}

static void spawn_one(enum kind kind) {
    static const char *const argv[] = {"/bin/true", NULL};

    if (kind == PLAIN) {
        spawn_plainly(argv);
    } else if (kind == BUBBLEWRAP) {
        spawn_bubblewrap();
    } else {
        spawn_ours(kind);
    }
}

static int double_compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double now_ms(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
    static double samples[KIND_N][RUNS_MAX];
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    CLEANUP(freep) char *held = mem_alloc(HELD_BYTES);

    if (runs < 1 || runs > RUNS_MAX || mkdtemp(folder) == NULL) {
        (void)fprintf(stderr, "usage: spawn_bench RUNS [BUBBLEWRAP], 1 to %d runs\n", RUNS_MAX);
        return 2;
    }
    bubblewrap = argc > 2 ? argv[2] : NULL;
    memset(held, 'x', HELD_BYTES);
    for (long run = -3; run < runs; run++) {
        for (enum kind kind = PLAIN; kind < KIND_N; kind++) {
            if (!is_measured(kind)) {
                continue;
            }
            double start = now_ms();
            spawn_one(kind);
            if (run >= 0) {
                samples[kind][run] = now_ms() - start;
            }
        }
    }
    (void)rmdir(folder);
    for (enum kind kind = PLAIN; kind < KIND_N; kind++) {
        if (is_measured(kind)) {
            qsort(samples[kind], (size_t)runs, sizeof samples[kind][0], double_compare);
            printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"ms\",\"runs\":%ld}\n",
                   kind_names[kind], samples[kind][runs / 2], runs);
        }
    }
    return 0;
}
