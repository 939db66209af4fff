/* sys/tty_hold.c: the terminal while a program works on it for somebody who may type. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "sys/tty.h"

/* What a terminal puts around a paste, once asked to (xterm's mode 2004). */
static const char marks_on[] = "\x1b[?2004h";
static const char marks_off[] = "\x1b[?2004l";

/* What ends a program that does not watch for it; a stop is apart, it comes back. */
static const int deadly[] = {SIGHUP, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

static struct {
    int in, out;
    bool has_marks;
    struct termios before; /* as the user left it */
    struct termios held;
    volatile sig_atomic_t is_held;
    volatile sig_atomic_t is_back; /* the program was stopped and goes on */
} hold;

/* ---- Only calls that are safe in a signal handler ---- */

static void hold_mark(const char *marks) {
    if (hold.has_marks) {
        ssize_t written = write(hold.out, marks, strlen(marks));

        (void)written; /* a terminal that takes nothing has no mode to lose */
    }
}

/* In the background the terminal is the shell's: setting it would stop us. */
static bool hold_is_ours(void) { return tcgetpgrp(hold.in) == getpgrp(); }

void tty_restore(void) {
    if (hold.is_held && hold_is_ours()) {
        hold_mark(marks_off);
        (void)tcsetattr(hold.in, TCSANOW, &hold.before);
    }
}

static void on_deadly(int number) {
    tty_restore();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void on_stop(int number);

static void watch_stop(void) {
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTSTP, &action, NULL);
}

/* Ctrl-Z: the shell gets the terminal as it was; who comes back finds it as it is now. */
static void on_stop(int number) {
    int kept = errno;
    struct termios now;
    bool has_mode = hold_is_ours() && tcgetattr(hold.in, &now) == 0;
    sigset_t set;

    tty_restore();
    (void)signal(number, SIG_DFL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, number);
    (void)raise(number);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* stops here */
    watch_stop();
    if (has_mode && hold_is_ours()) {
        (void)tcsetattr(hold.in, TCSANOW, &now);
        hold_mark(marks_on);
    }
    hold.is_back = 1;
    errno = kept;
}

/* ---- Holding ---- */

static void hold_watch(void) {
    static bool is_watching;

    if (is_watching) {
        return;
    }
    is_watching = true;
    for (size_t i = 0; i < ARRAY_N(deadly); i++) {
        struct sigaction action = {.sa_handler = on_deadly};
        struct sigaction present;

        (void)sigemptyset(&action.sa_mask);
        if (sigaction(deadly[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL) {
            (void)sigaction(deadly[i], &action, NULL);
        }
    }
    watch_stop();
    (void)atexit(tty_restore);
}

void tty_hold(int in, int out) {
    const char *term = getenv("TERM");

    if (!hold.is_held) {
        if (tcgetattr(in, &hold.before) != 0) {
            return;
        }
        hold.in = in;
        hold.out = out;
        hold.has_marks = term != NULL && strcmp(term, "dumb") != 0;
        hold.held = hold.before;
        hold.held.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN);
        hold.held.c_cc[VMIN] = 1;
        hold.held.c_cc[VTIME] = 0;
        hold_watch();
        hold.is_held = 1;
    }
    if (hold_is_ours()) {
        (void)tcsetattr(hold.in, TCSADRAIN, &hold.held);
        hold_mark(marks_on);
    }
}

void tty_release(void) {
    tty_restore();
    hold.is_held = 0;
}

bool tty_is_held(void) { return hold.is_held != 0; }

bool tty_is_back(void) {
    bool is_back = hold.is_back != 0;

    hold.is_back = 0;
    return is_back;
}
