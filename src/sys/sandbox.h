/* sys/sandbox.h: what a program started by us may touch, and what this machine offers to enforce
 * it.
 *
 * A child sees only the listed paths and a fixed set of system folders (programs, libraries,
 * certificates). The wall is a mount namespace, or Landlock of ABI 3 and later; both where both
 * exist. Neither: the child is not started.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum sandbox_net {
    SANDBOX_NET_NONE = 0, /* no internet sockets at all */
    SANDBOX_NET_SOURCES,  /* the network, for fetching packages; see `hosts` */
};

enum sandbox_wall { /* which walls to use; tests ask for single ones */
                    SANDBOX_WALL_ALL = 0,
                    SANDBOX_WALL_NAMESPACES,
                    SANDBOX_WALL_LANDLOCK,
};

/* Path lists end with NULL; absolute paths; those that do not exist are passed over. */
struct sandbox {
    const char *const *readable;
    const char *const *writable; /* readable too */
    const char *const *hidden;   /* below a listed path, yet neither readable nor writable */
    const char *tmp;      /* a private folder, writable; seen as /tmp where namespaces exist */
    const char *stand_in; /* writable, and seen at `stands_for` where namespaces exist, of which */
    const char *stands_for; /* only what is listed by itself is seen then; both NULL: none */
    enum sandbox_net net;
    const char *const *hosts; /* NET_SOURCES: "HOST:PORT" that may be reached; NULL = any. A
                               * first name "*" is any one name */
    const char *proxy;      /* the user's own "http://[USER:PASSWORD@]HOST:PORT" to reach them by */
    int64_t file_bytes_max; /* RLIMIT_FSIZE; 0 = 2 GB */
    int cpu_s_max;          /* RLIMIT_CPU per process; 0 = 600 */
    int process_max;        /* processes and threads; 0 = 1024 */
    int64_t memory_bytes_max; /* RLIMIT_DATA per process; 0 = the machine's memory, at least 2 GB */
    int64_t disk_free_min;    /* ended when a writable folder has less left; 0 = 256 MB */
    int64_t disk_files_min;   /* the same for the files that its disk may hold; 0 = 10,000 */
    enum sandbox_wall wall;
};

struct sandbox_caps {
    int landlock_abi;    /* 0 = none in this kernel */
    bool has_namespaces; /* user, mount, pid, ipc and net, with a /proc of their own */
    bool has_seccomp;
    char missing[200]; /* what keeps the sandbox from working, one sentence; empty = it works */
};

/* Finds out what this machine offers, by trying; about 5 ms the first time, remembered after.
 * Any thread. */
const struct sandbox_caps *sandbox_probe(void);

/* The address of the allow-listing proxy that a child of `sandbox` will find, for its HTTPS_PROXY;
 * NULL when it has no `hosts`, or when there are no namespaces here and so nothing that would hold
 * it to them: the network is then open, and whoever shows the run says so. */
const char *sandbox_proxy_url(const struct sandbox *sandbox);
