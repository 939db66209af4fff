/* sys/keeper.c: process 1 of a sandbox, a program of its own without a C library.
 *
 * Its end is the end of everything in its namespace; where there is none it ends its process group,
 * which nothing below it may leave. It reaps what is left to it, tells the parent how the program
 * ended, and goes; when the parent goes before, so does everything here. Being a program it holds
 * none of the parent's memory: what runs below it finds no secrets in /proc/1, and starting it
 * copies no page tables.
 *
 *   keeper PROGRAM-PID     3 is the socket to report to; all signals are blocked
 *   keeper                 ends at once: the trial whether it can be started here
 */
#include "sys/keeper.h"

#include <linux/prctl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#if defined(__x86_64__)
__asm__(".globl _start\n"
        "_start: xor %ebp, %ebp\n"
        "mov %rsp, %rdi\n"
        "and $-16, %rsp\n"
        "call keeper_main\n");

static long call(long nr, long a, long b, long c, long d, long e) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = 0;
    long rc;

    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return rc;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        "_start: mov x29, #0\n"
        "mov x30, #0\n"
        "mov x0, sp\n"
        "bl keeper_main\n");

static long call(long nr, long a, long b, long c, long d, long e) {
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = 0;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "the keeper knows the system calls of x86_64 and aarch64"
#endif

__attribute__((noreturn)) static void leave(long status) {
    for (;;) {
        call(SYS_exit_group, status, 0, 0, 0, 0);
    }
}

static long number(const char *text) {
    long value = 0;

    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (*text++ - '0');
    }
    return value;
}

static long address(const void *p) { return (long)(uintptr_t)p; }

__attribute__((noreturn)) static void end_all(void) {
    call(SYS_kill, 0, SIGKILL, 0, 0, 0);
    leave(127);
}

/* Waits for the end of a child or of the parent: blocked signals are kept until they are asked for.
 */
static long wait_for_signal(void) {
    uint64_t set = 1ULL << (SIGCHLD - 1) | 1ULL << (KEEPER_PARENT_GONE - 1);

    return call(SYS_rt_sigtimedwait, address(&set), 0, 0, sizeof set, 0);
}

__attribute__((noreturn, used)) void keeper_main(const long *stack);
void keeper_main(const long *stack) {
    struct {
        int step; /* struct launch_report: no step failed, and the wait status */
        int value;
    } told = {0, 0};
    struct pollfd gone = {.fd = KEEPER_REPORT_FD, .events = POLLIN};
    struct timespec {
        long s, ns;
    } at_once = {0, 0};

    if (stack[0] < 2) {
        leave(0);
    }
    call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    call(SYS_prctl, PR_SET_PDEATHSIG, KEEPER_PARENT_GONE, 0, 0, 0);
    if (call(SYS_ppoll, address(&gone), 1, address(&at_once), 0, 0) > 0 &&
        (gone.revents & POLLHUP) != 0) {
        end_all(); /* the parent went before it could be followed */
    }
    long program = number((const char *)(uintptr_t)stack[2]);
    for (;;) {
        long pid = call(SYS_wait4, -1, address(&told.value), __WALL | WNOHANG, 0, 0);
        if (pid == 0 && wait_for_signal() == KEEPER_PARENT_GONE) {
            end_all();
        }
        if (pid == program) {
            call(SYS_sendto, KEEPER_REPORT_FD, address(&told), sizeof told, MSG_NOSIGNAL, 0);
            leave(0);
        }
        if (pid < 0 && pid != -4) { /* EINTR */
            leave(127);
        }
    }
}
