/* sys/sandbox_plan.h: a sandbox worked out in the parent, so that the child has only system calls
 * to make. Shared by sandbox.c, sandbox_enter.c, seccomp.c and launch.c.
 */
#pragma once

#include "base/arena.h"
#include "sys/sandbox.h"

#include <linux/filter.h>

/* Where the child's own network has the package proxy. */
enum { SANDBOX_PROXY_PORT = 3128 };
#define SANDBOX_PROXY_URL "http://127.0.0.1:3128"

/* One mount of the new root, in the order to be made (a folder before what is in it). */
struct sandbox_mount {
    const char *from; /* absolute path outside; NULL = an empty, unreadable folder */
    const char *to;   /* absolute path inside */
    bool is_dir;
    bool is_link; /* `to` becomes a symbolic link to `from`, which is another mount's */
    bool is_writable;
    bool is_device;
    int tree; /* the child's: a detached copy of `from` */
};

struct sandbox_rule {
    const char *path;
    uint64_t rights; /* LANDLOCK_ACCESS_FS_* */
};

struct sandbox_plan {
    struct arena *arena;
    uint64_t clone_flags; /* CLONE_NEW*; 0 = no namespaces */
    struct sandbox_mount *mounts;
    size_t mount_n;
    struct sandbox_rule *rules; /* heap */
    size_t rule_n;
    size_t rule_cap;
    int landlock_abi; /* 0 = Landlock is not used */
    bool is_offline;
    bool has_proxy;
    const struct sock_fprog *filter;
    const char *uid_map;
    const char *gid_map;
    const char *pid_max;
    int64_t file_bytes_max;
    int64_t memory_bytes_max;
    int cpu_s_max;
    int process_max;
};

/* Errors: ERR_SANDBOX, ERR_INVALID (a relative path). */
MUST_CHECK enum err_code sandbox_plan_new(const struct sandbox *sandbox, struct sandbox_plan **out,
                                          struct err *err);
void sandbox_plan_freep(struct sandbox_plan **plan);

/* A step of the child that failed: its name in the sentence for the person. */
enum sandbox_step {
    STEP_NONE = 0,
    STEP_FILES,
    STEP_MAPS,
    STEP_TREES,
    STEP_ROOT,
    STEP_MOUNT,
    STEP_PROC,
    STEP_PIVOT,
    STEP_PROXY,
    STEP_LIMITS,
    STEP_CAPS,
    STEP_LANDLOCK,
    STEP_SECCOMP,
    STEP_CWD,
    STEP_FORK,
    STEP_EXEC,
    STEP_N
};
const char *sandbox_step_name(enum sandbox_step step);

/* The four below run in the child between clone and exec: system calls only. STEP_NONE, or the
 * step that failed with errno set. */
enum sandbox_step sandbox_enter_maps(
    const struct sandbox_plan *plan); /* of a new user namespace; sandbox_enter_root() does it */
enum sandbox_step sandbox_enter_root(
    struct sandbox_plan *plan); /* as the first of its namespaces */
enum sandbox_step sandbox_enter_limits(const struct sandbox_plan *plan);
enum sandbox_step sandbox_enter_walls(const struct sandbox_plan *plan); /* last before exec */

/* The compiled filter for a kind of child, made once and kept; NULL when libseccomp fails. Any
 * thread. */
const struct sock_fprog *seccomp_filter(enum sandbox_net net, bool has_namespaces);
