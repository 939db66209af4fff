/* sys/launch.c: everything between clone and exec. System calls only, as in sandbox_enter.c.
 *
 * The child is two processes. The keeper enters the namespaces, where it is process 1: it reaps
 * what is left to it, and its end is the end of everything in the namespace. The program runs below
 * it, so that signals have their ordinary meaning for it.
 *
 * Copying our page tables twice would cost more than all the walls, so both share our memory until
 * they execute, as after vfork(): we wait for both. The keeper executes first (keeper.c) and the
 * program waits for that, so that no foreign code ever runs beside a process that has our memory.
 *
 * A network namespace costs more than all the rest, and one without any network is like another. So
 * the offline children of this process share one, made with the first: a stage between us and the
 * keeper enters it. The user namespace that owns it is entered on the way; the keeper then makes
 * its own below it, in which it has no rights over the network.
 */
#include "sys/launch.h"

#include "sys/keeper.h"
#include "sys/keeper_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. The gate is open while the keeper has our memory, `done` until the program is
 * executed. */
enum { REPORT_FD = KEEPER_REPORT_FD, KEEPER_FD, GATE_OUT_FD, GATE_IN_FD, DONE_FD, FIRST_FREE_FD };

enum { STACK_BYTES = 64 * 1024, STAGE_BYTES = 16 * 1024, STREAM_FDS = 3 };

/* The network of the offline children; -1: none. */
struct empty_net {
    int user; /* the namespaces, as files */
    int net;
};

/* One start, on the parent's stack. */
struct start {
    const struct launch *launch;
    bool is_shared; /* the child has our memory */
    int gate[2];
    int done[2];
    const struct empty_net *net; /* NULL: the child makes what it needs */
    int flags;                   /* of the keeper's clone */
    pid_t pid;                   /* of the keeper that the stage started */
    int *pidfd;
    char stage_stack[STAGE_BYTES] __attribute__((aligned(16)));
    char keeper_stack[STACK_BYTES] __attribute__((aligned(16)));
    char program_stack[STACK_BYTES] __attribute__((aligned(16)));
};

static pid_t clone_copy(uint64_t flags, int exit_signal, int *pidfd) {
    struct clone_args args = {.flags = flags | (pidfd != NULL ? CLONE_PIDFD : 0),
                              .exit_signal = (uint64_t)exit_signal,
                              .pidfd = (uint64_t)(uintptr_t)pidfd};

    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

pid_t launch_clone(uint64_t namespace_flags, int *pidfd) {
    return clone_copy(namespace_flags, 0, pidfd);
}

static void report(enum sandbox_step step, int value) {
    const struct launch_report r = {step, value};

    /* Nobody left to read it means that the parent is gone, and we go too. */
    (void)!send(REPORT_FD, &r, sizeof r, MSG_NOSIGNAL);
}

__attribute__((noreturn)) static void fail(enum sandbox_step step) {
    report(step, errno);
    _exit(127);
}

/* Asks for the signal `sig` at the end of the parent's thread; false where that ended before
 * prctl() could see it. */
static bool has_parent(int sig) {
    struct pollfd gone = {.fd = REPORT_FD, .events = POLLIN};

    prctl(PR_SET_PDEATHSIG, sig);
    return poll(&gone, 1, 0) <= 0 || (gone.revents & POLLHUP) == 0;
}

static void follow_parent(void) {
    if (!has_parent(SIGKILL)) {
        _exit(127);
    }
}

static void reset_signals(void) {
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++) {
        sigaction(sig, &plain, NULL); /* KILL, STOP and glibc's own refuse, which is right */
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Leaves the child with the three streams at 0, 1, 2, the report at 3, what the start needs behind
 * it, and nothing else of ours. */
static int place_files(const struct start *start) {
    const struct launch *launch = start->launch;
    int fds[FIRST_FREE_FD] = {
        launch->in,     launch->out,    launch->err,    launch->report,
        launch->keeper, start->gate[0], start->gate[1], start->done[1],
    };
    int n = start->is_shared ? FIRST_FREE_FD : REPORT_FD + 1;

    for (int i = 0; i < n; i++) {
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        if (fds[i] < 0) {
            return -1;
        }
    }
    for (int i = 0; i < n; i++) {
        if (dup3(fds[i], i, i < STREAM_FDS ? 0 : O_CLOEXEC) < 0) {
            return -1;
        }
    }
    return (int)syscall(SYS_close_range, n, ~0U, 0);
}

/* Until the keeper has a memory of its own. */
static void wait_at_gate(void) {
    char byte;

    close(GATE_IN_FD);
    while (read(GATE_OUT_FD, &byte, 1) < 0 && errno == EINTR) {
    }
}

__attribute__((noreturn)) static void run_program(const struct start *start) {
    static const char *const no_env[] = {NULL};
    const struct launch *launch = start->launch;
    enum sandbox_step step = STEP_NONE;

    follow_parent();
    reset_signals();
    if (launch->plan != NULL) {
        step = sandbox_enter_limits(launch->plan);
    }
    if (step == STEP_NONE && chdir(launch->cwd) != 0) {
        step = STEP_CWD;
    }
    if (step == STEP_NONE && launch->plan != NULL) {
        step = sandbox_enter_walls(launch->plan);
    }
    if (step == STEP_NONE) {
        if (start->is_shared) {
            wait_at_gate();
        }
        execve(launch->argv[0], (char **)(uintptr_t)launch->argv,
               (char **)(uintptr_t)(launch->env == NULL ? no_env : launch->env));
        step = STEP_EXEC;
    }
    fail(step);
}

/* Opens the socket that the program will see as its proxy and hands it to the parent, who serves it
 * from outside. */
static int give_proxy_socket(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(SANDBOX_PROXY_PORT),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.space = {0}};
    char byte = 'p';
    struct iovec part = {&byte, 1};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof control.space};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, 64) != 0) {
        return -1;
    }
    control.head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    if (sendmsg(REPORT_FD, &msg, MSG_NOSIGNAL) != 1) {
        return -1;
    }
    close(fd);
    return 0;
}

static int enter_program(void *arg) {
    const struct start *start = arg;

    run_program(start);
}

/* Leaves our memory, which opens the gate, and keeps the program `pid`. */
__attribute__((noreturn)) static void become_keeper(pid_t pid) {
    char digits[16] = {0};
    char *number = digits + sizeof digits - 1;
    char name[] = "aws-copilot-keeper";
    char *env[] = {NULL};

    for (; pid > 0; pid /= 10) {
        *--number = (char)('0' + pid % 10);
    }
    char *argv[] = {name, number, NULL};
    fcntl(REPORT_FD, F_SETFD, 0);
    syscall(SYS_execveat, KEEPER_FD, "", argv, env, AT_EMPTY_PATH);
    fail(STEP_FORK);
}

__attribute__((noreturn)) static void end_all(void) {
    kill(0, SIGKILL);
    _exit(127);
}

/* What keeper.c does, in a copy of ourselves. */
__attribute__((noreturn)) static void keep_here(pid_t program) {
    sigset_t ends;
    int status = 0;

    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigaddset(&ends, KEEPER_PARENT_GONE);
    if (!has_parent(KEEPER_PARENT_GONE)) {
        end_all();
    }
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
        if (pid == program) {
            break;
        }
        if (pid == 0 && sigwaitinfo(&ends, NULL) == KEEPER_PARENT_GONE) {
            end_all();
        }
        if (pid < 0 && errno != EINTR) {
            fail(STEP_FORK);
        }
    }
    report(STEP_NONE, status);
    _exit(0);
}

__attribute__((noreturn)) static void keep(struct start *start) {
    const struct launch *launch = start->launch;
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t all;

    setpgid(0, 0);
    sigaction(SIGCHLD, &plain, NULL); /* ignored, it would take the program's end away */
    if (place_files(start) != 0) {
        const struct launch_report r = {STEP_FILES, errno};
        (void)!send(launch->report, &r, sizeof r, MSG_NOSIGNAL); /* it may not be at its place */
        _exit(127);
    }
    follow_parent();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* TERM to the group is for the program */
    if (launch->plan != NULL) {
        enum sandbox_step step = sandbox_enter_root(launch->plan);
        if (step == STEP_NONE && launch->plan->has_proxy && give_proxy_socket() != 0) {
            step = STEP_PROXY;
        }
        if (step != STEP_NONE) {
            fail(step);
        }
    }
    if (!start->is_shared) {
        prctl(PR_SET_DUMPABLE, 0); /* the keeper's memory is a copy of ours */
    }
    pid_t program = start->is_shared ? clone(enter_program, start->program_stack + STACK_BYTES,
                                             CLONE_VM | SIGCHLD, start)
                                     : clone_copy(0, SIGCHLD, NULL);
    if (program == 0) {
        run_program(start);
    }
    if (program < 0) {
        fail(STEP_FORK);
    }
    syscall(SYS_close_range, 0, 2, 0); /* the program's alone, so that their end is seen */
    if (start->is_shared) {
        become_keeper(program);
    }
    keep_here(program);
}

static int enter_keeper(void *arg) {
    struct start *start = arg;

    keep(start);
}

/* Our child for a moment, and the keeper's brother: in our memory, with our files. It goes when the
 * keeper has executed. */
static int enter_stage(void *arg) {
    struct start *start = arg;

    if (setns(start->net->user, CLONE_NEWUSER) != 0 || setns(start->net->net, CLONE_NEWNET) != 0) {
        _exit(1);
    }
    start->pid = clone(enter_keeper, start->keeper_stack + STACK_BYTES, start->flags | CLONE_PARENT,
                       start, start->pidfd);
    _exit(0);
}

static void wait_for(pid_t pid) {
    int status = 0;

    while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
    }
}

/* The keeper's pid, or -1 where it cannot be started this way. */
static pid_t start_by_stage(struct start *start) {
    pid_t stage = clone(enter_stage, start->stage_stack + STAGE_BYTES,
                        CLONE_VM | CLONE_VFORK | CLONE_FILES, start);

    if (stage > 0) {
        wait_for(stage);
    }
    return start->pid;
}

static pid_t start_keeper(struct start *start) {
    int flags = start->flags;

    if (start->net != NULL) {
        start->flags &= ~CLONE_NEWNET;
        if (start_by_stage(start) > 0) {
            return start->pid;
        }
        start->flags = flags;
    }
    return clone(enter_keeper, start->keeper_stack + STACK_BYTES, flags, start, start->pidfd);
}

/* --- the empty network --- */

struct net_maker {
    const struct sandbox_plan *plan;
    struct empty_net made;
    char stack[STAGE_BYTES] __attribute__((aligned(16)));
};

/* In new namespaces, with our memory and files: leaves them as open files. */
static int enter_net_maker(void *arg) {
    struct net_maker *maker = arg;

    if (sandbox_enter_maps(maker->plan) != STEP_NONE) {
        _exit(1);
    }
    maker->made.user = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    maker->made.net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    _exit(0);
}

/* Made once, for as long as the program runs; NULL where it cannot be. All signals are blocked. */
static const struct empty_net *empty_net_get(const struct sandbox_plan *plan) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct empty_net made = {-1, -1};
    static bool is_tried;

    pthread_mutex_lock(&lock);
    if (!is_tried) {
        struct net_maker maker;
        is_tried = true;
        maker.plan = plan;
        maker.made = made;
        pid_t pid =
            clone(enter_net_maker, maker.stack + STAGE_BYTES,
                  CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWUSER | CLONE_NEWNET, &maker);
        if (pid > 0) {
            wait_for(pid);
            made = maker.made;
        }
    }
    bool is_there = made.user >= 0 && made.net >= 0;
    pthread_mutex_unlock(&lock);
    return is_there ? &made : NULL;
}

static void close_end(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Waits until nobody but us has our memory. */
static void wait_until_done(struct start *start) {
    char byte;

    close_end(&start->gate[1]);
    close_end(&start->done[1]);
    while (read(start->done[0], &byte, 1) < 0 && errno == EINTR) {
    }
}

pid_t launch_start(const struct launch *launch, int *pidfd) {
    uint64_t flags = launch->plan == NULL ? 0 : launch->plan->clone_flags;
    struct start start; /* not zeroed: the stacks are large */
    pid_t pid = -1;

    start.launch = launch;
    start.is_shared = launch->keeper >= 0;
    start.gate[0] = start.gate[1] = start.done[0] = start.done[1] = -1;
    if (!start.is_shared) {
        pid = launch_clone(flags, pidfd);
        if (pid == 0) {
            keep(&start);
        }
    } else if (pipe2(start.gate, O_CLOEXEC) == 0 && pipe2(start.done, O_CLOEXEC) == 0) {
        start.net = (flags & CLONE_NEWNET) != 0 && !launch->plan->has_proxy
                        ? empty_net_get(launch->plan)
                        : NULL;
        start.flags = (int)(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | flags);
        start.pid = -1;
        start.pidfd = pidfd;
        pid = start_keeper(&start);
    }
    int saved = errno;
    if (pid > 0) {
        setpgid(pid, pid); /* whichever of us comes first */
    }
    if (pid > 0 && start.is_shared) {
        wait_until_done(&start);
    }
    for (int i = 0; i < 2; i++) {
        close_end(&start.gate[i]);
        close_end(&start.done[i]);
    }
    errno = saved;
    return pid;
}

/* --- the keeper's file --- */

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3 */
#endif

struct trial {
    int fd;
    char stack[STACK_BYTES] __attribute__((aligned(16)));
};

static int enter_trial(void *arg) {
    const struct trial *trial = arg;
    char name[] = "aws-copilot-keeper";
    char *argv[] = {name, NULL};
    char *env[] = {NULL};

    syscall(SYS_execveat, trial->fd, "", argv, env, AT_EMPTY_PATH);
    _exit(127);
}

static bool runs_here(int fd) {
    struct trial trial;
    sigset_t all;
    sigset_t old;
    int status = -1;

    trial.fd = fd;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t pid = clone(enter_trial, trial.stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, &trial);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    while (pid > 0 && waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
    }
    return pid > 0 && status == 0;
}

/* Sanitizers keep marks beside the stack. A child that shares our memory and never returns leaves
 * its own behind, so under them the keeper is a copy of ourselves. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static int keeper_fd = -1;

static void keeper_make(void) {
    int fd = -1;

    if (IS_SANITIZED) {
        return;
    }
    fd = memfd_create("aws-copilot-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) {
        fd = memfd_create("aws-copilot-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    if (fd < 0) {
        return;
    }
    if (write(fd, keeper_image.ptr, keeper_image.len) == (ssize_t)keeper_image.len &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0 &&
        runs_here(fd)) {
        keeper_fd = fd;
    } else {
        close(fd);
    }
}

int launch_keeper(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, keeper_make);
    return keeper_fd;
}
