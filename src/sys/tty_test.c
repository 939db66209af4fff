/* The terminal: what is untrusted becomes harmless, a hidden answer is not echoed. */
#include "sys/tty.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static void control_sequences_become_visible(void **state) {
    /* clang-format off */
    static const struct { const char *text; const char *want; } rows[] = {
        { "plain text\n\tand tab",   "plain text\n\tand tab" },
        { "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x99\x82", "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x99\x82" },
        { "\x1b[2J\x1b]0;title\a",   "\\x1B[2J\\x1B]0;title\\x07" },
        { "over\rwritten\b",         "over\\x0Dwritten\\x08" },
        { "\x7f",                    "\\x7F" },
        { "\xc2\x9b" "31m",          "\\u{009B}31m" },          /* C1: CSI in one character */
        { "\x9b" "31m",              "\\x9B31m" },              /* the same as a bare byte */
        { "a\xe2\x80\xae" "b",       "a\\u{202E}b" },           /* right-to-left override */
        { "a\xe2\x80\x8b" "b",       "a\\u{200B}b" },           /* zero width */
        { "\xf3\xa0\x81\x81",        "\\u{E0041}" },            /* tag character */
        { "\xff\xfe",                "\\xFF\\xFE" },
        { "\xc0\x80",                "\\xC0\\x80" },            /* overlong */
        { "\xed\xa0\x80",            "\\xED\\xA0\\x80" },       /* surrogate */
        { "\xe6\x97",                "\\xE6\\x97" },            /* cut */
        { "\xf4\x90\x80\x80",        "\\xF4\\x90\\x80\\x80" },  /* beyond Unicode */
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(1000);

        tty_escape(&out, str_from(rows[i].text));
        if (strcmp(buf_cstr(&out), rows[i].want) != 0) {
            fail_msg("row %zu: '%s'", i, buf_cstr(&out));
        }
    }
    CLEANUP(buf_done) struct buf nul = BUF_INIT(10);
    tty_escape(&nul, (struct str){"a\0b", 3});
    assert_string_equal(buf_cstr(&nul), "a\\x00b");
}

static void colour_needs_a_terminal_and_permission(void **state) {
    int master = -1;
    int slave = -1;

    (void)state;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    assert_true(tty_is_terminal(slave));
    assert_true(tty_has_color(slave));
    setenv("NO_COLOR", "1", 1);
    assert_false(tty_has_color(slave));
    setenv("NO_COLOR", "", 1); /* no-color.org: present and not empty */
    assert_true(tty_has_color(slave));
    setenv("TERM", "dumb", 1);
    assert_false(tty_has_color(slave));
    int null = open("/dev/null", O_RDWR);
    setenv("TERM", "xterm", 1);
    assert_false(tty_has_color(null));
    assert_int_equal(tty_width(null), 80);
    struct winsize size = {.ws_row = 24, .ws_col = 132};
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    assert_int_equal(tty_width(slave), 132);
    size.ws_col = 9999;
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    assert_int_equal(tty_width(slave), 500);
    close(null);
    close(master);
    close(slave);
}

static const char over[] = "given up";
static const char END[] = "#"; /* in no row */

/* Gives the row up that wants it, at the second time it is asked. */
static bool is_over(void *ctx) {
    static int times = 0;

    return ctx == over && ++times > 1;
}

/* In a child with a terminal of its own: asks, and exits with the code, the answer checked. The
 * child marks its end and stays until that was read: a terminal whose owner ends forgets the rest.
 */
static int ask(const char *typed, const char *want, char *shown, size_t shown_max) {
    int master = -1;
    int go[2];
    int status = 0;
    size_t n = 0;
    pid_t pid;

    assert_int_equal(pipe(go), 0);
    pid = forkpty(&master, NULL, NULL, NULL);
    if (pid == 0) {
        struct tty_poll poll = {is_over, (void *)(uintptr_t)want};
        struct buf answer = BUF_INIT(16);
        struct err err = {0};
        char byte;
        buf_reserve(&answer, 16);
        enum err_code code = tty_read_hidden("Secret: ", poll, &answer, &err);
        close(go[1]);
        if (write(STDOUT_FILENO, END, 1) != 1 || read(go[0], &byte, 1) != 0) {
            _exit(98);
        }
        _exit(code != ERR_NONE ? (int)code : strcmp(buf_cstr(&answer), want) == 0 ? 0 : 99);
    }
    close(go[0]);
    while (n < strlen("Secret: ")) { /* the echo is off from here on */
        ssize_t got = read(master, shown + n, shown_max - n - 1);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_int_equal(write(master, typed, strlen(typed)), strlen(typed));
    while (strchr(shown, END[0]) == NULL) {
        ssize_t got = read(master, shown + n, shown_max - n - 1);
        assert_true(got > 0);
        n += (size_t)got;
        shown[n] = '\0';
    }
    *strchr(shown, END[0]) = '\0';
    close(go[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(master);
    return WEXITSTATUS(status);
}

static void a_hidden_answer_is_not_echoed(void **state) {
    /* clang-format off */
    static const struct { const char *typed; const char *want; int status; } rows[] = {
        { "hunter2\n",          "hunter2", 0 },
        { "hunteR\x7f" "r2\r",  "hunter2", 0 },
        { "abc\x03",            "",        ERR_INTERRUPTED },
        { "\x04",               "",        ERR_MISSING },
        { "far too long for it\n", "",     ERR_TOO_LARGE },
        { "unfinished",         over,      ERR_WAITING },
        { "wrong\x15" "right\n", "right",   0 },
        { "g\xc3\xbc\x7fo\n",    "go",      0 }, /* a character is erased, not a byte */
        { "a\x1a\x1b[D\x1bOC" "b\n", "ab",  0 }, /* keys that are no text */
        { "\x1b[200~ab\ncd\r\n\x1b[201~\n", "ab\ncd", 0 },
        { "\x1b[200~a\x04\x03" "b\x1b[201~\n", "a\x04\x03" "b", 0 }, /* no keys in a paste */
    };
    /* clang-format on */
    (void)state;
    setenv("TERM", "dumb", 1); /* no marks of a paste on the screen */
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        char shown[200] = "";
        int status = ask(rows[i].typed, rows[i].want, shown, sizeof shown);

        if (status != rows[i].status || strcmp(shown, "Secret: \r\n") != 0) {
            fail_msg("row %zu: status %d, shown '%s'", i, status, shown);
        }
    }
}

/* ---- Held ---- */

static bool has_echo(int master) {
    struct termios mode;

    assert_int_equal(tcgetattr(master, &mode), 0);
    return (mode.c_lflag & ECHO) != 0 && (mode.c_lflag & ICANON) != 0;
}

/* A child on a terminal of its own that holds it, says so and waits until it is ended. */
static pid_t holder(int *master, void (*end)(void)) {
    char byte = 0;
    pid_t pid = forkpty(master, NULL, NULL, NULL);

    if (pid == 0) {
        tty_hold(STDIN_FILENO, STDOUT_FILENO);
        if (write(STDOUT_FILENO, "!", 1) != 1 || read(STDIN_FILENO, &byte, 1) != 1) {
            _exit(98);
        }
        end();
        _exit(97);
    }
    while (byte != '!') {
        assert_int_equal(read(*master, &byte, 1), 1);
    }
    assert_false(has_echo(*master));
    return pid;
}

static void end_by_exit(void) { exit(3); }
static void end_by_release(void) {
    tty_release();
    _exit(3);
}
static void end_by_abort(void) { abort(); }
static void end_by_signal(void) { (void)raise(SIGTERM); }

static void a_held_terminal_is_as_it_was_after_every_end(void **state) {
    /* clang-format off */
    static const struct { void (*end)(void); int status; } rows[] = {
        { end_by_exit, 3 }, { end_by_release, 3 }, { end_by_abort, SIGABRT }, { end_by_signal, SIGTERM }
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        int master = -1;
        int status = 0;
        char shown[100] = "";
        ssize_t n;
        pid_t pid = holder(&master, rows[i].end);

        assert_int_equal(write(master, "x", 1), 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
        if (status != rows[i].status || !has_echo(master)) {
            fail_msg("row %zu: status %d, echo %d", i, status, has_echo(master));
        }
        n = read(master, shown, sizeof shown - 1);
        assert_true(n <= 0 || strchr(shown, 'x') == NULL); /* what was typed was not echoed */
        close(master);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_sequences_become_visible),
        cmocka_unit_test(colour_needs_a_terminal_and_permission),
        cmocka_unit_test(a_hidden_answer_is_not_echoed),
        cmocka_unit_test(a_held_terminal_is_as_it_was_after_every_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
