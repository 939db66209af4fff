/* sys/seccomp.c: the system calls that no child of ours needs, as one compiled filter a kind. */
#include "sys/sandbox_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel looks at of an argument that is an int. */
#define LOWER_HALF 0xffffffff

/* Denied with EPERM whatever the arguments. */
static const char *const denied[] = {
    /* other processes */
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "process_madvise",
    "process_mrelease",
    "move_pages",
    "migrate_pages",
    /* the kernel */
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "acct",
    "quotactl",
    "quotactl_fd",
    "swapon",
    "swapoff",
    "iopl",
    "ioperm",
    "lookup_dcookie",
    "nfsservctl",
    "uselib",
    "vhangup",
    /* keys, clocks, names */
    "keyctl",
    "add_key",
    "request_key",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    /* mounts and namespaces */
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "unshare",
    "setns",
    "open_by_handle_at",
    "name_to_handle_at",
    "open_tree_attr",
    "file_setattr", /* the flags of a file, which its owner may set by its name */
    /* code that lies in no folder, and the news of folders */
    "memfd_create",
    "memfd_secret",
    "fanotify_init",
    "fanotify_mark",
    /* asynchronous I/O that a filter cannot look into; the old one's places are the machine's */
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "io_setup",
};

/* What namespaces hold anyway: a daemon would leave the group that is killed at the deadline;
 * memory, messages and semaphores of System V and queues belong to the user, and are reached by
 * numbers that can be guessed; a watch on a folder needs no right of Landlock, and a user has few
 * places for them; nor do the attributes of a file. */
static const char *const denied_without_namespaces[] = {
    "setsid",       "setpgid",      "shmget",        "shmat",
    "shmctl",       "msgget",       "msgctl",        "msgsnd",
    "msgrcv",       "semget",       "semctl",        "semop",
    "semtimedop",   "mq_open",      "mq_unlink",     "setxattr",
    "lsetxattr",    "fsetxattr",    "setxattrat",    "removexattr",
    "lremovexattr", "fremovexattr", "removexattrat", "inotify_add_watch",
    "inotify_init", "inotify_init1"};

/* Calls that an older library (2.5.1) does not know by name, and the kernel may; from 424 on the
 * numbers are the same on all machines. Source: include/uapi/asm-generic/unistd.h of Linux. */
static const struct {
    const char *name;
    int number;
} newer[] = {{"process_madvise", 440}, {"mount_setattr", 442},    {"quotactl_fd", 443},
             {"memfd_secret", 447},    {"process_mrelease", 448}, {"fchmodat2", 452},
             {"setxattrat", 463},      {"removexattrat", 466},    {"open_tree_attr", 467},
             {"file_setattr", 469}};

/* Calls from here on are newer than this file: what they do is not known. */
enum { CALLS_KNOWN = 470, CALLS_X32 = 0x40000000 };

/* Calls that do something to the caller where an argument is this, and to others where it is not:
 * limits, and without a namespace of processes when and where a process runs. */
static const struct {
    const char *name;
    int argument;
    scmp_datum_t own;
    bool is_held; /* by namespaces */
} own_calls[] = {
    {"prlimit64", 0, 0, false},         {"setpriority", 0, PRIO_PROCESS, true},
    {"setpriority", 1, 0, true},        {"ioprio_set", 0, 1, true}, /* IOPRIO_WHO_PROCESS */
    {"ioprio_set", 1, 0, true},         {"sched_setaffinity", 0, 0, true},
    {"sched_setscheduler", 0, 0, true}, {"sched_setparam", 0, 0, true},
    {"sched_setattr", 0, 0, true},
};

/* Who reads a file could make all others wait who want to write it; news of a folder by signals; a
 * descriptor whose news go to another process as a signal. */
static const unsigned fcntls[] = {F_SETLEASE, F_NOTIFY, F_SETOWN, F_SETOWN_EX};

/* Calls that take the mode of a file: which argument it is, and which holds the flags that say
 * whether it counts (-1: it always does). */
static const struct {
    const char *name;
    int mode;
    int flags;
} mode_calls[] = {{"chmod", 1, -1},     {"fchmod", 1, -1}, {"fchmodat", 2, -1},
                  {"fchmodat2", 2, -1}, {"creat", 1, -1},  {"mknod", 1, -1},
                  {"mknodat", 2, -1},   {"open", 2, 1},    {"openat", 3, 2}};

static const uint64_t namespace_flags[] = {CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
                                           CLONE_NEWNET,    CLONE_NEWIPC, CLONE_NEWUTS,
                                           CLONE_NEWCGROUP, CLONE_NEWTIME};

/* Input faked into a terminal; owners of sockets, as of F_SETOWN; the flags of a file, its version,
 * its seal and its encryption, which its owner may set without a right to write it; the keys of
 * encrypted folders, which are the user's in every namespace; snapshots, in which nothing is hidden
 * that a mount covers. Numbers: <linux/fs.h>, <linux/fsverity.h>, <linux/fscrypt.h> and
 * <linux/btrfs.h>, which not every machine has. */
static const unsigned ioctls[] = {TIOCSTI,
                                  TIOCLINUX,
                                  0x8901, /* FIOSETOWN */
                                  0x8902, /* SIOCSPGRP */
                                  _IOW('f', 2, long),
                                  _IOW('f', 2, int),
                                  _IOC(_IOC_WRITE, 'X', 32, 28),
                                  _IOC(_IOC_WRITE, 'f', 133, 128),
                                  _IOC(_IOC_READ, 'f', 19, 12),
                                  _IOW('v', 2, long),
                                  _IOW('v', 2, int),
                                  _IOW('f', 4, long),
                                  _IOC(_IOC_READ | _IOC_WRITE, 'f', 23, 80),
                                  _IOC(_IOC_READ | _IOC_WRITE, 'f', 24, 64),
                                  _IOC(_IOC_READ | _IOC_WRITE, 'f', 25, 64),
                                  _IOC(_IOC_WRITE, 0x94, 1, 4096),
                                  _IOC(_IOC_WRITE, 0x94, 14, 4096),
                                  _IOC(_IOC_WRITE, 0x94, 15, 4096),
                                  _IOC(_IOC_WRITE, 0x94, 23, 4096),
                                  _IOC(_IOC_WRITE, 0x94, 24, 4096),
                                  _IOC(_IOC_WRITE, 0x94, 26, 8),
                                  _IOC(_IOC_WRITE, 0x94, 63, 4096)};

/* Answers the call with `error` where its arguments are all so. The library passes over a call that
 * only other machines have, and refuses a name that nobody knows. */
static int deny(scmp_filter_ctx ctx, uint16_t error, const char *name, unsigned n,
                const struct scmp_arg_cmp *args) {
    int nr = seccomp_syscall_resolve_name(name);

    for (size_t i = 0; i < ARRAY_N(newer) && nr == __NR_SCMP_ERROR; i++) {
        nr = strcmp(name, newer[i].name) == 0 ? newer[i].number : nr;
    }
    return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(error), nr, n, args);
}

static int deny_all(scmp_filter_ctx ctx, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (deny(ctx, EPERM, names[i], 0, NULL) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Denies socket() but for the families that the kind of child may have. Not AF_UNIX: agents and
 * daemons listen in folders that may be readable, and no wall of files keeps a child from
 * connecting. socketpair() makes two sockets of a family before it finds out that it has no pairs:
 * only those of AF_UNIX, which know nobody but each other. */
static int deny_sockets(scmp_filter_ctx ctx, enum sandbox_net net) {
    enum { FAMILIES = 64 }; /* those of kernels to come among them */
    const struct scmp_arg_cmp is_no_pair = {0, SCMP_CMP_NE, AF_UNIX, 0};

    if (deny(ctx, EPERM, "socketpair", 1, &is_no_pair) != 0) {
        return -1;
    }
    if (net != SANDBOX_NET_SOURCES) {
        return deny(ctx, EPERM, "socket", 0, NULL);
    }
    for (unsigned family = 0; family < FAMILIES; family++) {
        bool is_internet = family == AF_INET || family == AF_INET6;
        const struct scmp_arg_cmp args[] = {
            {0, SCMP_CMP_MASKED_EQ, LOWER_HALF, family},
            {1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW}, /* the type, which shares it with flags */
        };

        if (family != AF_NETLINK && deny(ctx, EPERM, "socket", is_internet ? 2 : 1, args) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A set-id file would outlive the sandbox, with the person's rights for whoever runs it. */
static int deny_set_id(scmp_filter_ctx ctx) {
    static const scmp_datum_t bits[] = {S_ISUID, S_ISGID};
    static const scmp_datum_t making[] = {O_CREAT, O_TMPFILE & ~O_DIRECTORY};

    for (size_t i = 0; i < ARRAY_N(mode_calls); i++) {
        const char *name = mode_calls[i].name;
        unsigned mode = (unsigned)mode_calls[i].mode;
        for (size_t k = 0; k < ARRAY_N(bits); k++) {
            struct scmp_arg_cmp is_set = {mode, SCMP_CMP_MASKED_EQ, bits[k], bits[k]};
            if (mode_calls[i].flags < 0 && deny(ctx, EPERM, name, 1, &is_set) != 0) {
                return -1;
            }
            for (size_t m = 0; m < ARRAY_N(making) && mode_calls[i].flags >= 0; m++) {
                struct scmp_arg_cmp both[] = {
                    is_set,
                    {(unsigned)mode_calls[i].flags, SCMP_CMP_MASKED_EQ, making[m], making[m]}};
                if (deny(ctx, EPERM, name, 2, both) != 0) {
                    return -1;
                }
            }
        }
    }
    /* Its mode is in memory, out of the filter's sight; programs fall back to openat(). */
    return deny(ctx, ENOSYS, "openat2", 0, NULL);
}

static int deny_others(scmp_filter_ctx ctx, bool has_namespaces) {
    for (size_t i = 0; i < ARRAY_N(own_calls); i++) {
        struct scmp_arg_cmp is_other = {(unsigned)own_calls[i].argument, SCMP_CMP_NE,
                                        own_calls[i].own, 0};
        bool is_held = own_calls[i].is_held && has_namespaces;

        if (!is_held && deny(ctx, EPERM, own_calls[i].name, 1, &is_other) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The second argument of ioctl() and fcntl(). */
static int deny_requests(scmp_filter_ctx ctx, const char *name, const unsigned *requests,
                         size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct scmp_arg_cmp is_request = {1, SCMP_CMP_MASKED_EQ, LOWER_HALF, requests[i]};

        if (deny(ctx, EPERM, name, 1, &is_request) != 0) {
            return -1;
        }
    }
    return 0;
}

static int deny_arguments(scmp_filter_ctx ctx) {
    /* Huge pages are set aside for the whole machine. */
    const struct scmp_arg_cmp is_huge = {3, SCMP_CMP_MASKED_EQ, MAP_HUGETLB, MAP_HUGETLB};

    for (size_t i = 0; i < ARRAY_N(namespace_flags); i++) {
        /* The flags are the first argument but on s390, which is not supported. */
        const struct scmp_arg_cmp is_set = {0, SCMP_CMP_MASKED_EQ, namespace_flags[i],
                                            namespace_flags[i]};

        if (deny(ctx, EPERM, "clone", 1, &is_set) != 0) {
            return -1;
        }
    }
    if (deny_requests(ctx, "ioctl", ioctls, ARRAY_N(ioctls)) != 0 ||
        deny_requests(ctx, "fcntl", fcntls, ARRAY_N(fcntls)) != 0 ||
        deny(ctx, EPERM, "mmap", 1, &is_huge) != 0) {
        return -1;
    }
    /* Its flags are in memory, out of the filter's sight; glibc falls back to clone(). */
    return deny(ctx, ENOSYS, "clone3", 0, NULL);
}

static struct sock_fprog *export_filter(scmp_filter_ctx ctx) {
    int fd = memfd_create("filter", MFD_CLOEXEC);
    struct sock_fprog *prog = NULL;
    struct stat st;

    if (fd >= 0 && seccomp_export_bpf(ctx, fd) == 0 && fstat(fd, &st) == 0) {
        /* What is newer than this file does not exist, as on an older kernel. */
        const struct sock_filter first[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_KNOWN, 0, 2),
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_X32, 1, 0),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        };
        struct sock_filter *code = mem_alloc((size_t)st.st_size + sizeof first);

        memcpy(code, first, sizeof first);
        if (pread(fd, code + ARRAY_N(first), (size_t)st.st_size, 0) == st.st_size) {
            prog = mem_alloc(sizeof *prog);
            prog->len = (unsigned short)((size_t)st.st_size / sizeof *code + ARRAY_N(first));
            prog->filter = TAKE(code);
        }
        free(code);
    }
    if (fd >= 0) {
        close(fd);
    }
    return prog;
}

static struct sock_fprog *build_filter(enum sandbox_net net, bool has_namespaces) {
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW); /* other ABIs are killed: its default */
    struct sock_fprog *prog = NULL;

    if (ctx != NULL && deny_all(ctx, denied, ARRAY_N(denied)) == 0 &&
        (has_namespaces ||
         deny_all(ctx, denied_without_namespaces, ARRAY_N(denied_without_namespaces)) == 0) &&
        deny_sockets(ctx, net) == 0 && deny_others(ctx, has_namespaces) == 0 &&
        deny_arguments(ctx) == 0 && deny_set_id(ctx) == 0 &&
        seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0) {
        prog = export_filter(ctx);
    }
    if (ctx != NULL) {
        seccomp_release(ctx);
    }
    return prog;
}

const struct sock_fprog *seccomp_filter(enum sandbox_net net, bool has_namespaces) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct sock_fprog *made[2][2]; /* live as long as the program */

    pthread_mutex_lock(&lock);
    struct sock_fprog **slot = &made[net == SANDBOX_NET_SOURCES][has_namespaces];
    if (*slot == NULL) {
        *slot = build_filter(net, has_namespaces);
    }
    const struct sock_fprog *filter = *slot;
    pthread_mutex_unlock(&lock);
    return filter;
}
