/* sys/launch.c: everything between clone and exec. System calls only, as in sandbox_enter.c.
 *
 * The child is two processes. The keeper enters the namespaces, where it is process 1: it reaps
 * what is left to it, and its end is the end of everything in the namespace. The program runs below
 * it, so that signals have their ordinary meaning for it.
 */
#include "sys/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORT_FD = 3 }; /* in the child */

pid_t launch_clone(uint64_t namespace_flags, int *pidfd) {
    struct clone_args args = {.flags = namespace_flags | (pidfd != NULL ? CLONE_PIDFD : 0),
                              .pidfd = (uint64_t)(uintptr_t)pidfd};

    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
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

/* Dies with the parent's thread, also when that ended before prctl() could see it. */
static void follow_parent(void) {
    struct pollfd gone = {.fd = REPORT_FD, .events = POLLIN};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&gone, 1, 0) > 0 && (gone.revents & POLLHUP) != 0) {
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

/* Leaves the child with the three streams at 0, 1, 2 and the report at 3, and nothing else of ours.
 */
static int place_files(const struct launch *launch) {
    int fds[] = {launch->in, launch->out, launch->err, launch->report};

    for (int i = 0; i <= REPORT_FD; i++) {
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, REPORT_FD + 1);
        if (fds[i] < 0) {
            return -1;
        }
    }
    for (int i = 0; i <= REPORT_FD; i++) {
        if (dup3(fds[i], i, i == REPORT_FD ? O_CLOEXEC : 0) < 0) {
            return -1;
        }
    }
    return (int)syscall(SYS_close_range, REPORT_FD + 1, ~0U, 0);
}

__attribute__((noreturn)) static void run_program(const struct launch *launch) {
    static const char *const no_env[] = {NULL};
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

__attribute__((noreturn)) static void keep(const struct launch *launch) {
    sigset_t all;
    int status = 0;

    setpgid(0, 0);
    if (place_files(launch) != 0) {
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
    prctl(PR_SET_DUMPABLE, 0); /* the keeper's memory is a copy of ours */
    pid_t program = launch_clone(0, NULL);
    if (program == 0) {
        run_program(launch);
    }
    if (program < 0) {
        fail(STEP_FORK);
    }
    syscall(SYS_close_range, 0, 2, 0); /* the program's alone, so that their end is seen */
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid == program) {
            break;
        }
        if (pid < 0 && errno != EINTR) {
            fail(STEP_FORK);
        }
    }
    report(STEP_NONE, status);
    _exit(0);
}

pid_t launch_start(const struct launch *launch, int *pidfd) {
    pid_t pid = launch_clone(launch->plan == NULL ? 0 : launch->plan->clone_flags, pidfd);

    if (pid == 0) {
        keep(launch);
    }
    if (pid > 0) {
        setpgid(pid, pid); /* whichever of us comes first */
    }
    return pid;
}
