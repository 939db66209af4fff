/* What each sandbox has, whatever is listed for it: the pieces of a system that programs need, its
 * limits, and of a home no secret. escape_test.c has the ways out.
 */
#include "sys/proc.h"

#include "support/raise_limits.h"
#include "support/scratch.h"

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char work[PATH_MAX];

static char *in_work(const char *name) { return fs_join(work, name); }

static int set_up(void **state) {
    CLEANUP(freep) char *ws = NULL;
    struct err err = {0};

    (void)state;
    raise_limits();
    (void)umask(0); /* a sandbox has its own */
    (void)snprintf(work, sizeof work, "/tmp/sandbox_test-XXXXXX");
    assert_non_null(mkdtemp(work));
    ws = in_work("ws");
    assert_int_equal(fs_mkdirs(ws, 0755, &err), ERR_NONE);
    return setenv("HOME", work, 1);
}

static int tear_down(void **state) {
    (void)state;
    return scratch_remove(work);
}

static const struct {
    const char *name;
    enum sandbox_wall wall;
} walls[] = {{"all", SANDBOX_WALL_ALL},
             {"namespaces", SANDBOX_WALL_NAMESPACES},
             {"Landlock", SANDBOX_WALL_LANDLOCK}};

/* What `script` prints behind a wall; NULL, with a line that can be seen, where this machine has
 * not got it. */
static char *said_behind(size_t wall, const char *script, struct sandbox box) {
    const struct sandbox_caps *caps = sandbox_probe();
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(freep) char *ws = in_work("ws");
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct proc_spec spec = {.argv = argv,
                                   .env = env,
                                   .cwd = ws,
                                   .timeout_ms = 60000,
                                   .sandbox = &box,
                                   .filter = proc_filter_none};
    const char *const writable[] = {ws, NULL};
    struct err err = {0};

    box.wall = walls[wall].wall;
    box.writable = writable;
    if (walls[wall].wall == SANDBOX_WALL_NAMESPACES ? !caps->has_namespaces
        : walls[wall].wall == SANDBOX_WALL_LANDLOCK ? caps->landlock_abi < 3
                                                    : caps->missing[0] != '\0') {
        print_message("# SKIP the wall '%s' is not on this machine\n", walls[wall].name);
        return NULL;
    }
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
    if (!proc_is_ok(&result)) {
        fail_msg("wall %s: %s", walls[wall].name, buf_cstr(&result.text[PROC_ERR]));
    }
    return mem_strdup(buf_cstr(&result.text[PROC_OUT]));
}

/* What names are looked up in, programs start with and certificates are checked by; where this
 * machine has it, it can be read. Landlock refuses an open and not a look. */
static void the_pieces_of_a_system_are_there(void **state) {
    static const char *const pieces[] = {
        "/usr/bin",
        "/usr/share",
        "/usr/local",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/etc/alternatives", /* which compiler, which editor */
        "/etc/crypto-policies",
        "/etc/pki",
        "/etc/ssl",
        "/etc/ssl/certs",
        "/etc/hosts",
        "/etc/nsswitch.conf",
        "/etc/resolv.conf",
        "/etc/services",
        "/etc/passwd",
        "/etc/group", /* names of users, not their passwords */
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/mime.types",
        "/etc/os-release",
        "/dev/random",
        "/dev/urandom",
        "/dev/zero",
        "/dev/full",
        "/dev/null",

        "/proc/cpuinfo",
        "/proc/filesystems",
        "/proc/loadavg",
        "/proc/meminfo",
        "/proc/stat",
        "/proc/uptime",
        "/proc/version",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/kernel/osrelease",
    };
    CLEANUP(buf_done) struct buf script = BUF_INIT(8192);

    (void)state;
    buf_add_s(&script, "for p in");
    for (size_t i = 0; i < ARRAY_N(pieces); i++) {
        if (access(pieces[i], R_OK) == 0) {
            buf_addf(&script, " %s", pieces[i]);
        }
    }
    buf_add_s(&script,
              "; do { if [ -d $p ]; then ls $p; else head -c 1 $p; fi; } >/dev/null 2>&1 ||"
              " echo $p; done; echo x >/dev/null || echo null;"
              " dd if=/dev/zero of=/dev/full bs=1 count=1 2>&1 | grep -q 'No space' || echo full");
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(freep) char *absent = said_behind(w, buf_cstr(&script), (struct sandbox){0});

        if (absent != NULL && absent[0] != '\0') {
            fail_msg("wall %s: missing is %s", walls[w].name, absent);
        }
    }
}

/* What lies there is opened to write at its end, and nothing is written. */
static void the_pieces_of_a_system_are_not_written_to(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(freep)
        char *open = said_behind(w,
                                 "for p in /etc/hosts /etc/passwd /etc/ld.so.cache /usr/bin/env; do"
                                 " (: >>$p) 2>/dev/null && echo $p; done; true",
                                 (struct sandbox){0});

        if (open != NULL && open[0] != '\0') {
            fail_msg("wall %s: can be written: %s", walls[w].name, open);
        }
    }
}

/* A home that is listed as a whole shows what is in it, and not these. */
static void the_secrets_of_a_home_that_is_listed_are_not_there(void **state) {
    static const char *const secrets[] = {
        ".aws/credentials", ".ssh/id_rsa",         ".gnupg/key",         ".netrc",
        ".git-credentials", ".docker/config.json", ".kube/config",       ".config/gh/hosts.yml",
        ".config/gcloud/x", ".given/key",          ".config/app/public", "readme",
    };
    CLEANUP(freep) char *given = in_work(".given");
    CLEANUP(freep) char *aws = in_work(".aws");
    CLEANUP(freep) char *netrc = in_work(".netrc");
    CLEANUP(freep) char *linked = in_work("linked");
    const char *const home[] = {work, NULL};
    const char *const alone[] = {aws, netrc, NULL}; /* listed by themselves, and still hidden */
    const char *const hidden[] = {given, "/nothing/here", NULL};
    CLEANUP(buf_done) struct buf script = BUF_INIT(8192);
    struct err err = {0};

    (void)state;
    buf_add_s(&script, "cd ..; for p in");
    for (size_t i = 0; i < ARRAY_N(secrets); i++) {
        CLEANUP(freep) char *path = in_work(secrets[i]);
        CLEANUP(freep) char *dir = mem_strdup(path);

        *strrchr(dir, '/') = '\0';
        assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
        assert_int_equal(fs_write_file(path, STR("key"), 0600, &err), ERR_NONE);
        buf_addf(&script, " %s", secrets[i]);
    }
    assert_int_equal(symlink(".aws", linked), 0);
    buf_add_s(&script, " linked/credentials; do cat $p >/dev/null 2>&1 && echo $p; done; ! cat "
                       "readme >ws/x 2>&1 || ls >ws/list || echo ls;"
                       " (echo x >>readme) 2>/dev/null && echo written; true");
    for (size_t w = 0; w < 2 * ARRAY_N(walls); w++) {
        bool is_home = w % 2 == 0;
        CLEANUP(freep)
        char *seen =
            said_behind(w / 2, buf_cstr(&script),
                        (struct sandbox){.readable = is_home ? home : alone, .hidden = hidden});

        if (seen != NULL && strcmp(seen, is_home ? ".config/app/public\nreadme\n" : "") != 0) {
            fail_msg("wall %s: seen is %s", walls[w / 2].name, seen);
        }
    }
}

static int64_t machine_memory(void) {
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    return bytes > 2LL << 30 ? bytes : 2LL << 30;
}

/* docs/sandbox.md, "Beside the walls". Where we ourselves have less, it is that. */
static void each_limit_has_its_value(void **state) {
    /* clang-format off */
    const struct {
        const char *name; /* as /proc/self/limits writes it */
        int what;
        int64_t otherwise; /* where nothing is asked for */
        int64_t asked;
    } limits[] = {
        /* name                    what               otherwise         asked */
        { "Max core file size",    RLIMIT_CORE,       0,                0         },
        { "Max file size",         RLIMIT_FSIZE,      2LL << 30,        3 << 20   },
        { "Max data size",         RLIMIT_DATA,       machine_memory(), 512 << 20 },
        { "Max open files",        RLIMIT_NOFILE,     4096,             4096      },
        { "Max cpu time",          RLIMIT_CPU,        600,              77        },
        { "Max locked memory",     RLIMIT_MEMLOCK,    8 << 20,          8 << 20   },
        { "Max pending signals",   RLIMIT_SIGPENDING, 4096,             4096      },
        { "Max msgqueue size",     RLIMIT_MSGQUEUE,   0,                0         },
        { "Max realtime priority", RLIMIT_RTPRIO,     0,                0         },
        { "Max nice priority",     RLIMIT_NICE,       0,                0         },
    };
    /* clang-format on */

    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        for (int is_asked = 0; is_asked < 2; is_asked++) {
            const struct sandbox asked = {
                .file_bytes_max = 3 << 20, .memory_bytes_max = 512 << 20, .cpu_s_max = 77};
            CLEANUP(freep)
            char *said = said_behind(w, "umask; exec sed 's/  */ /g' /proc/self/limits",
                                     is_asked != 0 ? asked : (struct sandbox){0});

            if (said == NULL) {
                break;
            }
            assert_int_equal(strncmp(said, "0022\n", 5), 0);
            for (size_t i = 0; i < ARRAY_N(limits); i++) {
                int64_t want = is_asked != 0 ? limits[i].asked : limits[i].otherwise;
                struct rlimit own;

                assert_int_equal(getrlimit((__rlimit_resource_t)limits[i].what, &own), 0);
                want = own.rlim_max < (rlim_t)want ? (int64_t)own.rlim_max : want;
                CLEANUP(freep)
                char *line =
                    mem_format("\n%s %" PRId64 " %" PRId64 " ", limits[i].name, want, want);
                if (strstr(said, line) == NULL) {
                    fail_msg("wall %s: wanted%s in %s", walls[w].name, line, said);
                }
            }
        }
    }
}

/* In a user namespace what is counted is the namespace's; without one, the machine's are as many.
 */
static void the_number_of_processes_is_bounded(void **state) {
    (void)state;
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        bool has_namespaces =
            walls[w].wall != SANDBOX_WALL_LANDLOCK && sandbox_probe()->has_namespaces;
        static const struct {
            int asked;
            long want;
        } rows[] = {{0, 1024}, {50, 50}};

        for (size_t i = 0; i < ARRAY_N(rows); i++) {
            CLEANUP(freep)
            char *said = said_behind(w,
                                     "exec sed -n 's/^Max processes *\\([0-9]*\\) .*/\\1/p' "
                                     "/proc/self/limits",
                                     (struct sandbox){.process_max = rows[i].asked});
            long got = said == NULL ? 0 : strtol(said, NULL, 10);

            if (said == NULL) {
                break;
            }
            if (has_namespaces ? got != rows[i].want
                               : got <= rows[i].want || got > rows[i].want + 100000) {
                fail_msg("wall %s: %ld processes, asked for %d", walls[w].name, got, rows[i].asked);
            }
        }
    }
}

/* A path that is reached through a link is there by both names, and one with nothing at its end is
 * passed over. */
static void a_path_through_a_link_is_there_by_both_names(void **state) {
    CLEANUP(freep) char *real = in_work("ws/real");
    CLEANUP(freep) char *link = in_work("link");
    CLEANUP(freep) char *file = in_work("ws/real/file");
    CLEANUP(freep) char *script = mem_format("cat %s/file %s/file", real, link);
    const char *const readable[] = {link, "/nothing/here", NULL};
    struct err err = {0};

    (void)state;
    assert_int_equal(fs_mkdirs(real, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(file, STR("seen\n"), 0644, &err), ERR_NONE);
    assert_int_equal(symlink(real, link), 0);
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        CLEANUP(freep)
        char *said = said_behind(w, script, (struct sandbox){.readable = readable});

        if (said != NULL) {
            assert_string_equal(said, "seen\nseen\n");
        }
    }
}

/* The nearest folder that is listed decides; Landlock alone cannot take back what one above grants.
 */
static void a_folder_within_another_has_its_own_right(void **state) {
    CLEANUP(freep) char *inner = in_work("ws/inner");
    CLEANUP(freep) char *kept = in_work("ws/inner/kept");
    const char *const readable[] = {work, inner, NULL};
    struct err err = {0};

    (void)state;
    assert_int_equal(fs_mkdirs(inner, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(kept, STR("kept\n"), 0644, &err), ERR_NONE);
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        bool has_namespaces =
            walls[w].wall != SANDBOX_WALL_LANDLOCK && sandbox_probe()->has_namespaces;
        CLEANUP(freep)
        char *said = said_behind(w,
                                 "echo x >made && rm made && cat inner/kept; "
                                 "(echo x >../beside) 2>/dev/null || echo no; "
                                 "(echo x >inner/made && rm inner/made) 2>/dev/null || echo no",
                                 (struct sandbox){.readable = readable});

        if (said != NULL) {
            assert_string_equal(said, has_namespaces ? "kept\nno\nno\n" : "kept\nno\n");
        }
    }
}

/* A copy is seen where the original is, though that is listed. */
static void a_copy_stands_in_for_a_folder_that_is_listed(void **state) {
    CLEANUP(freep) char *project = in_work("project");
    CLEANUP(freep) char *file = in_work("project/file");
    CLEANUP(freep) char *copy = in_work("copy");
    CLEANUP(freep) char *copied = in_work("copy/file");
    CLEANUP(freep)
    char *script = mem_format("cat %s; echo x >%s/made && rm %s/made", file, project, project);
    const char *const readable[] = {project, NULL};
    struct err err = {0};

    (void)state;
    assert_int_equal(fs_mkdirs(project, 0755, &err), ERR_NONE);
    assert_int_equal(fs_mkdirs(copy, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(file, STR("original\n"), 0644, &err), ERR_NONE);
    assert_int_equal(fs_write_file(copied, STR("copy\n"), 0644, &err), ERR_NONE);
    for (size_t w = 0; w < ARRAY_N(walls); w++) {
        if (walls[w].wall == SANDBOX_WALL_LANDLOCK || !sandbox_probe()->has_namespaces) {
            continue; /* it is seen at its own path */
        }
        CLEANUP(freep)
        char *said = said_behind(
            w, script,
            (struct sandbox){.readable = readable, .stand_in = copy, .stands_for = project});

        assert_string_equal(said, "copy\n");
    }
}

/* Hidden far below a listed folder, the way to it is granted entry by entry, and not without end.
 */
static void what_is_too_much_for_a_sandbox_is_refused(void **state) {
    enum { MANY = 300, DEEP = 20 };
    CLEANUP(buf_done) struct buf deep = BUF_INIT(4096);
    const char *const argv[] = {"/bin/true", NULL};
    const char *const env[] = {NULL};
    char *many[MANY + 1] = {NULL};
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        CLEANUP(freep) char *name = mem_format("ws/many/%zu", i);
        many[i] = in_work(name);
        assert_int_equal(fs_mkdirs(many[i], 0755, &err), ERR_NONE);
    }
    buf_add_s(&deep, work);
    for (size_t i = 0; i < DEEP; i++) {
        buf_add_s(&deep, "/d");
    }
    assert_int_equal(fs_mkdirs(buf_cstr(&deep), 0755, &err), ERR_NONE);
    const char *const home[] = {work, NULL};
    const char *const hidden[] = {buf_cstr(&deep), NULL};
    const struct {
        struct sandbox box;
        const char *text;
    } rows[] = {
        {{.readable = (const char *const *)many}, "more than 256 paths"},
        {{.readable = home, .hidden = hidden, .wall = SANDBOX_WALL_LANDLOCK},
         "beside a hidden one"},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(proc_result_done) struct proc_result result = {0};
        const struct proc_spec spec = {.argv = argv,
                                       .env = env,
                                       .cwd = work,
                                       .timeout_ms = 60000,
                                       .sandbox = &rows[i].box,
                                       .filter = proc_filter_none};

        if (rows[i].box.wall == SANDBOX_WALL_LANDLOCK && sandbox_probe()->landlock_abi < 3) {
            continue;
        }
        assert_int_equal(proc_run(&spec, &result, &err), ERR_SANDBOX);
        assert_non_null(strstr(err.text, rows[i].text));
    }
    for (size_t i = 0; i < MANY; i++) {
        free(many[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pieces_of_a_system_are_there),
        cmocka_unit_test(the_pieces_of_a_system_are_not_written_to),
        cmocka_unit_test(the_secrets_of_a_home_that_is_listed_are_not_there),
        cmocka_unit_test(each_limit_has_its_value),
        cmocka_unit_test(the_number_of_processes_is_bounded),
        cmocka_unit_test(a_path_through_a_link_is_there_by_both_names),
        cmocka_unit_test(a_folder_within_another_has_its_own_right),
        cmocka_unit_test(a_copy_stands_in_for_a_folder_that_is_listed),
        cmocka_unit_test(what_is_too_much_for_a_sandbox_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
