/* Ctrl-C. */
#include "front/cli/interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "sys/tty.h"

enum { EXIT_INTERRUPTED = 130, TWICE_MS = 2000 };

atomic_bool interrupted;

static _Atomic int64_t first_ms; /* of the last one that did not end the program; 0: none */

/* Only calls that are safe in a signal handler. */
static void on_interrupt(int number) {
    struct timespec now = {0};
    int64_t now_ms;

    (void)number;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (atomic_load(&first_ms) != 0 && now_ms - atomic_load(&first_ms) < TWICE_MS) {
        tty_restore();
        _exit(EXIT_INTERRUPTED);
    }
    atomic_store(&first_ms, now_ms);
    atomic_store(&interrupted, true);
}

void interrupt_watch(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}
