/* seccomp: what the compiled filter answers to a call, by walking through its instructions: for
 * calls that no kernel has yet, that another wall denies as well or that end the machine, nothing
 * else can tell. The library is made an older one, which knows no name of a call from 440 on, and
 * to fail. */
#include "sys/sandbox_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/btrfs.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#include <cmocka.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

enum { ALLOWED = 0, STEPS_MAX = 4096 };

/* The errno of the answer; ALLOWED; -1: the process is killed. Source: the kernel's
 * Documentation/networking/filter.rst, the instructions of classic BPF. */
static int answer(const struct sock_fprog *prog, uint32_t arch, int nr, const uint64_t args[4]) {
    struct seccomp_data data = {.nr = nr, .arch = arch};
    uint32_t a = 0;
    size_t at = 0;

    memcpy(data.args, args, 4 * sizeof args[0]);
    for (int steps = 0; steps < STEPS_MAX && at < prog->len; steps++) {
        const struct sock_filter *f = &prog->filter[at++];
        bool holds = false;

        switch (f->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&a, (const char *)&data + f->k, sizeof a);
            continue;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= f->k;
            continue;
        case BPF_RET | BPF_K:
            return f->k == SECCOMP_RET_ALLOW                               ? ALLOWED
                   : (f->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? (int)(f->k & 0xffff)
                                                                           : -1;
        case BPF_JMP | BPF_JA:
            at += f->k;
            continue;
        case BPF_JMP | BPF_JEQ | BPF_K:
            holds = a == f->k;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            holds = a > f->k;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            holds = a >= f->k;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            holds = (a & f->k) != 0;
            break;
        default:
            fail_msg("instruction %#x is not known here", f->code);
        }
        at += holds ? f->jt : f->jf;
    }
    fail_msg("it answers nothing");
    return -1;
}

/* A library of 2020, as machines have it whose kernel is newer. */
int __real_seccomp_syscall_resolve_name(const char *name);
int __wrap_seccomp_syscall_resolve_name(const char *name);
int __wrap_seccomp_syscall_resolve_name(const char *name) {
    int nr = __real_seccomp_syscall_resolve_name(name);

    return nr < 440 ? nr : __NR_SCMP_ERROR;
}

/* The rule that fails, counted from 1; 0: none. */
static int failing;
static int rules;

int __real_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned n,
                                  const struct scmp_arg_cmp *args);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned n,
                                  const struct scmp_arg_cmp *args);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned n,
                                  const struct scmp_arg_cmp *args) {
    return ++rules == failing ? -ENOMEM : __real_seccomp_rule_add_array(ctx, action, nr, n, args);
}

/* First of all: what was made is kept. */
static void a_filter_that_lacks_a_rule_is_none(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        enum sandbox_net net = kind % 2 == 0 ? SANDBOX_NET_NONE : SANDBOX_NET_SOURCES;
        const struct sock_fprog *prog = NULL;

        for (failing = 1; prog == NULL; failing++) {
            rules = 0;
            prog = seccomp_filter(net, kind / 2);
            if ((prog == NULL) != (rules >= failing)) {
                fail_msg("kind %d: rule %d of %d", kind, failing, rules);
            }
        }
        assert_true(rules > 100);
    }
    failing = 0;
}

static const uint64_t nothing[4];

static const struct sock_fprog *filter_of(enum sandbox_net net, bool has_namespaces) {
    const struct sock_fprog *prog = seccomp_filter(net, has_namespaces);

    assert_non_null(prog);
    return prog;
}

static void calls_that_nobody_knows_yet_do_not_exist(void **state) {
    static const int numbers[] = {470, 1000};

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_N(numbers); i++) {
        assert_int_equal(
            answer(filter_of(SANDBOX_NET_NONE, i % 2), NATIVE, numbers[i / 2], nothing), ENOSYS);
    }
}

static void other_machines_calls_end_the_process(void **state) {
    const struct sock_fprog *prog = filter_of(SANDBOX_NET_NONE, true);

    (void)state;
    assert_int_equal(answer(prog, AUDIT_ARCH_I386, 1, nothing), -1);
#if defined(__x86_64__)
    assert_int_equal(answer(prog, NATIVE, 0x40000000 | SYS_read, nothing), -1); /* x32 */
#endif
}

#define CALL(name) #name, SYS_##name

/* clang-format off */
static const struct {
    const char *name;
    int nr;
    int with; /* the answer with namespaces */
    int without;
} calls[] = {
    {CALL(read), ALLOWED, ALLOWED},
    {"futex_waitv", 449, ALLOWED, ALLOWED},
    /* other processes */
    {CALL(ptrace), EPERM, EPERM}, {CALL(process_vm_readv), EPERM, EPERM}, {CALL(process_vm_writev), EPERM, EPERM},
    {CALL(pidfd_getfd), EPERM, EPERM}, {CALL(kcmp), EPERM, EPERM}, {CALL(process_madvise), EPERM, EPERM},
    {"process_mrelease", 448, EPERM, EPERM}, {CALL(move_pages), EPERM, EPERM}, {CALL(migrate_pages), EPERM, EPERM},
    /* the kernel */
    {CALL(bpf), EPERM, EPERM}, {CALL(perf_event_open), EPERM, EPERM}, {CALL(userfaultfd), EPERM, EPERM},
    {CALL(init_module), EPERM, EPERM}, {CALL(finit_module), EPERM, EPERM}, {CALL(delete_module), EPERM, EPERM},
    {CALL(kexec_load), EPERM, EPERM}, {CALL(kexec_file_load), EPERM, EPERM}, {CALL(reboot), EPERM, EPERM},
    {CALL(syslog), EPERM, EPERM}, {CALL(acct), EPERM, EPERM}, {CALL(quotactl), EPERM, EPERM},
    {"quotactl_fd", 443, EPERM, EPERM}, {CALL(swapon), EPERM, EPERM}, {CALL(swapoff), EPERM, EPERM},
    {CALL(lookup_dcookie), EPERM, EPERM}, {CALL(nfsservctl), EPERM, EPERM}, {CALL(vhangup), EPERM, EPERM},
    /* keys, clocks, names */
    {CALL(keyctl), EPERM, EPERM}, {CALL(add_key), EPERM, EPERM}, {CALL(request_key), EPERM, EPERM},
    {CALL(settimeofday), EPERM, EPERM}, {CALL(clock_settime), EPERM, EPERM}, {CALL(clock_adjtime), EPERM, EPERM},
    {CALL(adjtimex), EPERM, EPERM}, {CALL(sethostname), EPERM, EPERM}, {CALL(setdomainname), EPERM, EPERM},
    /* mounts and namespaces */
    {CALL(mount), EPERM, EPERM}, {CALL(umount2), EPERM, EPERM}, {CALL(pivot_root), EPERM, EPERM},
    {CALL(chroot), EPERM, EPERM}, {CALL(move_mount), EPERM, EPERM}, {CALL(open_tree), EPERM, EPERM},
    {CALL(fsopen), EPERM, EPERM}, {CALL(fsconfig), EPERM, EPERM}, {CALL(fsmount), EPERM, EPERM},
    {CALL(fspick), EPERM, EPERM}, {"mount_setattr", 442, EPERM, EPERM}, {CALL(unshare), EPERM, EPERM},
    {CALL(setns), EPERM, EPERM}, {CALL(open_by_handle_at), EPERM, EPERM}, {CALL(name_to_handle_at), EPERM, EPERM},
    {"open_tree_attr", 467, EPERM, EPERM}, {"file_setattr", 469, EPERM, EPERM},
    /* code in no folder, news of folders, asynchronous I/O, what the filter cannot look into */
    {CALL(memfd_create), EPERM, EPERM}, {"memfd_secret", 447, EPERM, EPERM},
    {CALL(fanotify_init), EPERM, EPERM}, {CALL(fanotify_mark), EPERM, EPERM},
    {CALL(io_uring_setup), EPERM, EPERM}, {CALL(io_uring_enter), EPERM, EPERM}, {CALL(io_uring_register), EPERM, EPERM},
    {CALL(io_setup), EPERM, EPERM}, {CALL(openat2), ENOSYS, ENOSYS}, {CALL(clone3), ENOSYS, ENOSYS},
    /* what namespaces hold */
    {CALL(setsid), ALLOWED, EPERM}, {CALL(setpgid), ALLOWED, EPERM}, {CALL(shmget), ALLOWED, EPERM},
    {CALL(shmat), ALLOWED, EPERM}, {CALL(shmctl), ALLOWED, EPERM}, {CALL(msgget), ALLOWED, EPERM},
    {CALL(msgctl), ALLOWED, EPERM}, {CALL(msgsnd), ALLOWED, EPERM}, {CALL(msgrcv), ALLOWED, EPERM},
    {CALL(semget), ALLOWED, EPERM}, {CALL(semctl), ALLOWED, EPERM}, {CALL(semop), ALLOWED, EPERM},
    {CALL(semtimedop), ALLOWED, EPERM}, {CALL(mq_open), ALLOWED, EPERM}, {CALL(mq_unlink), ALLOWED, EPERM},
    {CALL(setxattr), ALLOWED, EPERM}, {CALL(lsetxattr), ALLOWED, EPERM}, {CALL(fsetxattr), ALLOWED, EPERM},
    {"setxattrat", 463, ALLOWED, EPERM}, {CALL(removexattr), ALLOWED, EPERM}, {CALL(lremovexattr), ALLOWED, EPERM},
    {CALL(fremovexattr), ALLOWED, EPERM}, {"removexattrat", 466, ALLOWED, EPERM},
    {CALL(inotify_add_watch), ALLOWED, EPERM}, {CALL(inotify_init1), ALLOWED, EPERM},
#if defined(__x86_64__)
    {CALL(iopl), EPERM, EPERM}, {CALL(ioperm), EPERM, EPERM}, {CALL(uselib), EPERM, EPERM},
    {CALL(inotify_init), ALLOWED, EPERM},
#endif
};

/* The kernel looks at the lower half of an argument that it takes as an int. */
#define HIGH (UINT64_C(1) << 32)

static const struct {
    const char *name;
    int nr;
    uint64_t args[4];
    int with;
    int without;
} argument_calls[] = {
    /* limits, priorities and processors: of the caller only, where others are seen */
    {CALL(prlimit64), {0}, ALLOWED, ALLOWED},             {CALL(prlimit64), {7}, EPERM, EPERM},
    {CALL(setpriority), {PRIO_PROCESS, 0}, ALLOWED, ALLOWED}, {CALL(setpriority), {PRIO_PROCESS, 7}, ALLOWED, EPERM},
    {CALL(setpriority), {PRIO_USER, 0}, ALLOWED, EPERM},
    {CALL(ioprio_set), {1, 0}, ALLOWED, ALLOWED},         {CALL(ioprio_set), {1, 7}, ALLOWED, EPERM},
    {CALL(ioprio_set), {3, 0}, ALLOWED, EPERM},
    {CALL(sched_setaffinity), {0}, ALLOWED, ALLOWED},     {CALL(sched_setaffinity), {7}, ALLOWED, EPERM},
    {CALL(sched_setscheduler), {0}, ALLOWED, ALLOWED},    {CALL(sched_setscheduler), {7}, ALLOWED, EPERM},
    {CALL(sched_setparam), {0}, ALLOWED, ALLOWED},        {CALL(sched_setparam), {7}, ALLOWED, EPERM},
    {CALL(sched_setattr), {0}, ALLOWED, ALLOWED},         {CALL(sched_setattr), {7}, ALLOWED, EPERM},
    /* leases, news and owners of descriptors */
    {CALL(fcntl), {3, F_SETLK}, ALLOWED, ALLOWED},        {CALL(fcntl), {3, F_SETLEASE}, EPERM, EPERM},
    {CALL(fcntl), {3, F_NOTIFY}, EPERM, EPERM},           {CALL(fcntl), {3, F_SETOWN}, EPERM, EPERM},
    {CALL(fcntl), {3, F_SETOWN_EX}, EPERM, EPERM},        {CALL(fcntl), {3, HIGH | F_SETLEASE}, EPERM, EPERM},
    /* set-id files */
    {CALL(fchmod), {3, 0755}, ALLOWED, ALLOWED},          {CALL(fchmod), {3, 04755}, EPERM, EPERM},
    {CALL(fchmod), {3, 02755}, EPERM, EPERM},
    {CALL(fchmodat), {3, 0, 04755}, EPERM, EPERM},        {CALL(fchmodat), {3, 04755, 0755}, ALLOWED, ALLOWED},
    {"fchmodat2", 452, {3, 0, 04755}, EPERM, EPERM},      {"fchmodat2", 452, {3, 0, 0755}, ALLOWED, ALLOWED},
    {CALL(mknodat), {3, 0, 04755}, EPERM, EPERM},         {CALL(mknodat), {3, 0, 0755}, ALLOWED, ALLOWED},
    {CALL(openat), {3, 0, O_CREAT, 04755}, EPERM, EPERM}, {CALL(openat), {3, 0, O_CREAT, 0755}, ALLOWED, ALLOWED},
    {CALL(openat), {3, 0, O_CREAT, 02755}, EPERM, EPERM}, {CALL(openat), {3, 0, O_TMPFILE, 04755}, EPERM, EPERM},
    {CALL(openat), {3, 0, O_DIRECTORY, 04755}, ALLOWED, ALLOWED},
#if defined(__x86_64__)
    {CALL(chmod), {0, 04755}, EPERM, EPERM},              {CALL(chmod), {0, 0755}, ALLOWED, ALLOWED},
    {CALL(creat), {0, 04755}, EPERM, EPERM},              {CALL(creat), {0, 0755}, ALLOWED, ALLOWED},
    {CALL(mknod), {0, 04755}, EPERM, EPERM},              {CALL(mknod), {0, 0755}, ALLOWED, ALLOWED},
    {CALL(open), {0, O_CREAT, 04755}, EPERM, EPERM},      {CALL(open), {0, O_TMPFILE, 02755}, EPERM, EPERM},
    {CALL(open), {0, O_RDONLY, 04755}, ALLOWED, ALLOWED}, {CALL(open), {0, O_CREAT, 0755}, ALLOWED, ALLOWED},
#endif
    /* namespaces */
    {CALL(clone), {CLONE_VM | SIGCHLD}, ALLOWED, ALLOWED}, {CALL(clone), {CLONE_NEWUSER | SIGCHLD}, EPERM, EPERM},
    {CALL(clone), {CLONE_NEWNS}, EPERM, EPERM},           {CALL(clone), {CLONE_NEWPID}, EPERM, EPERM},
    {CALL(clone), {CLONE_NEWNET}, EPERM, EPERM},          {CALL(clone), {CLONE_NEWIPC}, EPERM, EPERM},
    {CALL(clone), {CLONE_NEWUTS}, EPERM, EPERM},          {CALL(clone), {CLONE_NEWCGROUP}, EPERM, EPERM},
    {CALL(clone), {CLONE_NEWTIME}, EPERM, EPERM},
    /* terminals, owners of sockets, flags, seals and keys of files, snapshots */
    {CALL(ioctl), {3, TCGETS}, ALLOWED, ALLOWED},         {CALL(ioctl), {3, TIOCSTI}, EPERM, EPERM},
    {CALL(ioctl), {3, HIGH | TIOCSTI}, EPERM, EPERM},     {CALL(ioctl), {3, TIOCLINUX}, EPERM, EPERM},
    {CALL(ioctl), {3, FIOSETOWN}, EPERM, EPERM},          {CALL(ioctl), {3, SIOCSPGRP}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_SETFLAGS}, EPERM, EPERM},    {CALL(ioctl), {3, FS_IOC32_SETFLAGS}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_FSSETXATTR}, EPERM, EPERM},  {CALL(ioctl), {3, FS_IOC_ENABLE_VERITY}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_SETVERSION}, EPERM, EPERM},  {CALL(ioctl), {3, FS_IOC32_SETVERSION}, EPERM, EPERM},
    {CALL(ioctl), {3, _IOW('f', 4, long) /* ext4's */}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_SET_ENCRYPTION_POLICY}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_ADD_ENCRYPTION_KEY}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_REMOVE_ENCRYPTION_KEY}, EPERM, EPERM},
    {CALL(ioctl), {3, FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS}, EPERM, EPERM},
    {CALL(ioctl), {3, BTRFS_IOC_SNAP_CREATE}, EPERM, EPERM},    {CALL(ioctl), {3, BTRFS_IOC_SNAP_CREATE_V2}, EPERM, EPERM},
    {CALL(ioctl), {3, BTRFS_IOC_SUBVOL_CREATE}, EPERM, EPERM},  {CALL(ioctl), {3, BTRFS_IOC_SUBVOL_CREATE_V2}, EPERM, EPERM},
    {CALL(ioctl), {3, BTRFS_IOC_SNAP_DESTROY}, EPERM, EPERM},   {CALL(ioctl), {3, BTRFS_IOC_SNAP_DESTROY_V2}, EPERM, EPERM},
    {CALL(ioctl), {3, BTRFS_IOC_SUBVOL_SETFLAGS}, EPERM, EPERM},
    /* huge pages; pairs of sockets */
    {CALL(mmap), {0, 0, 0, MAP_PRIVATE | MAP_HUGETLB}, EPERM, EPERM}, {CALL(mmap), {0, 0, 0, MAP_PRIVATE}, ALLOWED, ALLOWED},
    {CALL(socketpair), {AF_UNIX}, ALLOWED, ALLOWED},      {CALL(socketpair), {AF_INET}, EPERM, EPERM},
    {CALL(socketpair), {0}, EPERM, EPERM},                {CALL(socketpair), {AF_TIPC}, EPERM, EPERM},
};

static const struct {
    int family;
    int type;
    int offline;
    int sources; /* the answer to a child that may reach package sources */
} sockets[] = {
    {AF_INET, SOCK_STREAM, EPERM, ALLOWED},  {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, EPERM, ALLOWED},
    {AF_NETLINK, SOCK_RAW, EPERM, ALLOWED},  {AF_INET, SOCK_RAW, EPERM, EPERM},
    {AF_INET6, SOCK_RAW | SOCK_CLOEXEC, EPERM, EPERM}, {AF_UNSPEC, SOCK_STREAM, EPERM, EPERM},
    {AF_UNIX, SOCK_STREAM, EPERM, EPERM},    {AF_PACKET, SOCK_RAW, EPERM, EPERM},
    {AF_VSOCK, SOCK_STREAM, EPERM, EPERM},   {AF_ALG, SOCK_SEQPACKET, EPERM, EPERM},
    {AF_BLUETOOTH, SOCK_RAW, EPERM, EPERM},  {63, SOCK_STREAM, EPERM, EPERM},
};
/* clang-format on */

static void each_call_is_answered_as_the_table_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        int with = answer(filter_of(SANDBOX_NET_NONE, true), NATIVE, calls[i].nr, nothing);
        int without = answer(filter_of(SANDBOX_NET_NONE, false), NATIVE, calls[i].nr, nothing);

        if (with != calls[i].with || without != calls[i].without) {
            fail_msg("%s: %d with namespaces, %d without", calls[i].name, with, without);
        }
    }
}

static void each_argument_is_answered_as_the_table_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(argument_calls); i++) {
        const uint64_t *args = argument_calls[i].args;
        int nr = argument_calls[i].nr;
        int with = answer(filter_of(SANDBOX_NET_NONE, true), NATIVE, nr, args);
        int without = answer(filter_of(SANDBOX_NET_NONE, false), NATIVE, nr, args);

        if (with != argument_calls[i].with || without != argument_calls[i].without) {
            fail_msg("row %zu, %s(%#lx, %#lx, %#lx, %#lx): %d with namespaces, %d without", i,
                     argument_calls[i].name, (unsigned long)args[0], (unsigned long)args[1],
                     (unsigned long)args[2], (unsigned long)args[3], with, without);
        }
    }
}

static void a_socket_is_made_for_package_sources_only(void **state) {
    (void)state;
    for (size_t i = 0; i < 4 * ARRAY_N(sockets); i++) {
        enum sandbox_net net = i % 2 == 0 ? SANDBOX_NET_NONE : SANDBOX_NET_SOURCES;
        uint64_t high = i / 2 % 2 == 0 ? 0 : HIGH;
        int family = sockets[i / 4].family;
        int type = sockets[i / 4].type;
        const uint64_t args[4] = {high | (uint64_t)family, (uint64_t)type};
        int got = answer(filter_of(net, true), NATIVE, SYS_socket, args);

        if (got != (net == SANDBOX_NET_NONE ? sockets[i / 4].offline : sockets[i / 4].sources)) {
            fail_msg("family %d, type %d, network %d: %d", family, type, net, got);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_that_lacks_a_rule_is_none),
        cmocka_unit_test(calls_that_nobody_knows_yet_do_not_exist),
        cmocka_unit_test(other_machines_calls_end_the_process),
        cmocka_unit_test(each_call_is_answered_as_the_table_says),
        cmocka_unit_test(each_argument_is_answered_as_the_table_says),
        cmocka_unit_test(a_socket_is_made_for_package_sources_only),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
