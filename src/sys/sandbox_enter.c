/* sys/sandbox_enter.c: the child's way into its sandbox. System calls only: other threads of the
 * parent may hold any lock of the C library.
 */
#include "sys/sandbox_plan.h"

#include "sys/landlock_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc 2.36's <sys/mount.h> has these calls, but they are thin enough to make directly. */
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t len = strlen(text);

    if (fd < 0) {
        return -1;
    }
    ssize_t n = write(fd, text, len);
    close(fd);
    return n == (ssize_t)len ? 0 : -1;
}

/* Copies each tree, detached, before the new root covers anything. */
static int copy_trees(struct sandbox_plan *plan) {
    for (size_t i = 0; i < plan->mount_n; i++) {
        struct sandbox_mount *m = &plan->mounts[i];
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID};

        if (m->from == NULL || m->is_link) {
            continue;
        }
        attr.attr_set |= m->is_writable ? 0 : MOUNT_ATTR_RDONLY;
        attr.attr_set |= m->is_device ? 0 : MOUNT_ATTR_NODEV;
        m->tree = (int)syscall(SYS_open_tree, AT_FDCWD, m->from,
                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (m->tree < 0 || syscall(SYS_mount_setattr, m->tree, "", AT_EMPTY_PATH | AT_RECURSIVE,
                                   &attr, sizeof attr) != 0) {
            return -1;
        }
    }
    return 0;
}

enum target { TARGET_NONE = 0, TARGET_DIR, TARGET_FILE };

/* What is there already, or on a mount that cannot be written, is left alone. */
static int make_dir(const char *path) {
    return mkdir(path, 0755) != 0 && errno != EEXIST && errno != EROFS ? -1 : 0;
}

static int make_file(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0) {
        return errno != EEXIST && errno != EROFS ? -1 : 0;
    }
    close(fd);
    return 0;
}

/* Makes the folders on the way to `path`, relative to the working directory, and the last name as a
 * folder or an empty file. */
static int make_target(const char *path, enum target target) {
    char copy[4096];
    size_t len = strlen(path);

    if (len >= sizeof copy) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(copy, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (copy[i] == '/') {
            copy[i] = '\0';
            if (make_dir(copy) != 0) {
                return -1;
            }
            copy[i] = '/';
        }
    }
    return target == TARGET_NONE ? 0 : target == TARGET_DIR ? make_dir(copy) : make_file(copy);
}

static int mount_all(const struct sandbox_plan *plan) {
    for (size_t i = 0; i < plan->mount_n; i++) {
        const struct sandbox_mount *m = &plan->mounts[i];
        const char *to = m->to + 1; /* below the working directory */

        if (make_target(to, m->is_link ? TARGET_NONE : m->is_dir ? TARGET_DIR : TARGET_FILE) != 0) {
            return -1;
        }
        if (m->is_link) {
            if (symlink(m->from, to) != 0 && errno != EEXIST) {
                return -1;
            }
            continue;
        }
        if (m->from == NULL) {
            if (mount("none", to, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, "mode=000,size=4k") !=
                0) {
                return -1;
            }
            continue;
        }
        if (syscall(SYS_move_mount, m->tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
            return -1;
        }
        close(m->tree);
    }
    return 0;
}

/* What a namespace may count: of the user's watches on folders, and of what System V keeps in the
 * kernel or in memory that no process maps, 256 MB of 4 KB pages, 1 MB of messages, 16 sets. The
 * latter belong to the namespace's own root from Linux 6.10. */
static const char *const counts[][2] = {{"proc/sys/user/max_inotify_instances", "64"},
                                        {"proc/sys/user/max_inotify_watches", "8192"},
                                        {"proc/sys/kernel/shmall", "65536"},
                                        {"proc/sys/kernel/shmmni", "64"},
                                        {"proc/sys/kernel/msgmni", "64"},
                                        {"proc/sys/kernel/sem", "250 4000 100 16"}};

/* A /proc of its own, read-only: the same user id could write kernel settings otherwise. Where
 * pid_max belongs to the namespace it bounds a fork bomb, even of root. What a user has only so
 * much of is counted for each user namespace and for those around it. */
static int mount_proc(const struct sandbox_plan *plan) {
    if (mkdir("proc", 0555) != 0 && errno != EEXIST) {
        return -1;
    }
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) {
        return -1;
    }
    if (plan->pid_max != NULL && write_file("proc/sys/kernel/pid_max", plan->pid_max) != 0) {
        return -1;
    }
    for (size_t i = 0; i < ARRAY_N(counts); i++) {
        (void)write_file(counts[i][0], counts[i][1]); /* a bound, no wall */
    }
    return mount(NULL, "proc", NULL,
                 MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static int pivot(void) {
    if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
        chdir("/") != 0) {
        return -1;
    }
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
}

static int loopback_up(void) {
    struct ifreq req = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    req.ifr_flags = IFF_UP;
    int rc = ioctl(fd, SIOCSIFFLAGS, &req);
    close(fd);
    return rc;
}

enum sandbox_step sandbox_enter_maps(const struct sandbox_plan *plan) {
    return write_file("/proc/self/setgroups", "deny") != 0 ||
                   write_file("/proc/self/uid_map", plan->uid_map) != 0 ||
                   write_file("/proc/self/gid_map", plan->gid_map) != 0
               ? STEP_MAPS
               : STEP_NONE;
}

enum sandbox_step sandbox_enter_root(struct sandbox_plan *plan) {
    /* When memory is out, a child of ours goes before anything of the person's. */
    (void)write_file("/proc/self/oom_score_adj", "800");
    if (plan->clone_flags == 0) {
        return STEP_NONE;
    }
    if (sandbox_enter_maps(plan) != STEP_NONE) {
        return STEP_MAPS;
    }
    if (plan->has_proxy && loopback_up() != 0) {
        return STEP_PROXY;
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return STEP_ROOT;
    }
    if (copy_trees(plan) != 0) {
        return STEP_TREES;
    }
    if (mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") != 0 ||
        chdir("/tmp") != 0) {
        return STEP_ROOT;
    }
    if (mount_all(plan) != 0) {
        return STEP_MOUNT;
    }
    if (mount_proc(plan) != 0) {
        return STEP_PROC;
    }
    return pivot() != 0 ? STEP_PIVOT : STEP_NONE;
}

static int limit(int what, int64_t value) {
    struct rlimit now;

    if (getrlimit((__rlimit_resource_t)what, &now) != 0) {
        return -1;
    }
    rlim_t want = now.rlim_max < (rlim_t)value ? now.rlim_max : (rlim_t)value;
    return setrlimit((__rlimit_resource_t)what, &(struct rlimit){want, want});
}

static int drop_capabilities(void) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}, {0}};

    for (int cap = 0; cap <= 63; cap++) {
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
            break; /* the last was dropped, or we may not, and so have nothing to lose */
        }
    }
    return (int)syscall(SYS_capset, &head, none);
}

enum sandbox_step sandbox_enter_limits(const struct sandbox_plan *plan) {
    const struct {
        int what;
        int64_t value;
    } limits[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_FSIZE, plan->file_bytes_max},
        {RLIMIT_DATA, plan->memory_bytes_max},
        {RLIMIT_NOFILE, 4096},
        {RLIMIT_CPU, plan->cpu_s_max},
        {RLIMIT_NPROC, plan->process_max},
        /* what the user has only so much of, and priorities that leave others no time */
        {RLIMIT_MEMLOCK, 8 << 20},
        {RLIMIT_SIGPENDING, 4096},
        {RLIMIT_MSGQUEUE, 0},
        {RLIMIT_RTPRIO, 0},
        {RLIMIT_NICE, 0},
    };

    umask(022);
    for (size_t i = 0; i < ARRAY_N(limits); i++) {
        if (limit(limits[i].what, limits[i].value) != 0) {
            return STEP_LIMITS;
        }
    }
    return STEP_NONE;
}

static int restrict_files(const struct sandbox_plan *plan) {
    struct landlock_ruleset set = {.fs = LL_ABI1 | LL_REFER | LL_TRUNCATE};
    size_t size = plan->landlock_abi >= 6 ? 24 : plan->landlock_abi >= 4 ? 16 : 8;

    set.fs |= plan->landlock_abi >= 5 ? LL_IOCTL_DEV : 0;
    set.net = plan->is_offline ? LL_NET_BIND | LL_NET_CONNECT : 0;
    set.scope = LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL;
    int fd = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
    if (fd < 0) {
        return -1;
    }
    for (size_t i = 0; i < plan->rule_n; i++) {
        struct landlock_below rule = {plan->rules[i].rights & set.fs, 0};

        rule.fd = open(plan->rules[i].path, O_PATH | O_CLOEXEC);
        if (rule.fd < 0 && (errno == ENOENT || errno == EACCES)) {
            continue; /* no rule is no right */
        }
        if (rule.fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_BELOW, &rule, 0) != 0) {
            return -1;
        }
        close(rule.fd);
    }
    int rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
    close(fd);
    return rc;
}

enum sandbox_step sandbox_enter_walls(const struct sandbox_plan *plan) {
    if (drop_capabilities() != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return STEP_CAPS;
    }
    if (plan->landlock_abi > 0 && restrict_files(plan) != 0) {
        return STEP_LANDLOCK;
    }
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, plan->filter, 0, 0) != 0) {
        return STEP_SECCOMP;
    }
    return STEP_NONE;
}
