/* For LD_PRELOAD before the program, in tests that need a moment, a time or a disk which cannot be
 * had from outside. A fake, and it says so:
 *
 * NUDGE_INTERRUPT=TEXT  once, when TEXT was written to stdout or stderr, SIGINT goes to the whole
 *                       process group, as Ctrl-C does at a terminal
 * NUDGE_AHEAD_S=N       the wall clock of this process is N seconds ahead of the machine's
 * NUDGE_NO_LOCKS=1      no file can be locked, as on a network file system without a lock daemon
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    const char *ahead = getenv("NUDGE_AHEAD_S");
    long failed = syscall(SYS_clock_gettime, clock, now);

    if (failed == 0 && clock == CLOCK_REALTIME && ahead != NULL) {
        now->tv_sec += strtol(ahead, NULL, 10);
    }
    return (int)failed;
}

/* By the name that a program of 64-bit offsets calls it: the build's _FILE_OFFSET_BITS. */
int fcntl(int fd, int command, ...) {
    static int (*next)(int fd, int command, ...);
    va_list rest;
    void *argument;

    va_start(rest, command);
    argument = va_arg(rest, void *);
    va_end(rest);
    if (getenv("NUDGE_NO_LOCKS") != NULL &&
        (command == F_SETLK || command == F_SETLKW || command == F_GETLK ||
         command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_OFD_GETLK)) {
        errno = ENOLCK;
        return -1;
    }
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "fcntl64");
    }
    return next(fd, command, argument);
}

size_t fwrite(const void *bytes, size_t size, size_t n, FILE *to) {
    static size_t (*real)(const void *bytes, size_t size, size_t n, FILE *to);
    static atomic_bool is_done;
    const char *text = getenv("NUDGE_INTERRUPT");
    size_t written;

    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "fwrite");
    }
    written = real(bytes, size, n, to);
    if (text != NULL && (to == stdout || to == stderr) &&
        memmem(bytes, size * n, text, strlen(text)) != NULL && !atomic_exchange(&is_done, true)) {
        (void)kill(0, SIGINT);
    }
    return written;
}
