/* sys/tty.c: the terminal. */
#include "sys/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { TTY_WIDTH_DEFAULT = 80, TTY_WIDTH_MAX = 500, POLL_MS = 300, ESCAPE_MS = 50 };

bool tty_is_terminal(int fd) { return isatty(fd) == 1; }

int tty_width(int fd) {
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return TTY_WIDTH_DEFAULT;
    }
    return size.ws_col > TTY_WIDTH_MAX ? TTY_WIDTH_MAX : size.ws_col;
}

int tty_height(int fd) {
    struct winsize size = {0};

    return ioctl(fd, TIOCGWINSZ, &size) != 0 ? 0 : size.ws_row;
}

bool tty_has_color(int fd) {
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return (no == NULL || no[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0 &&
           tty_is_terminal(fd);
}

/* Ranges of code points that a terminal obeys or that a reader cannot see. Unicode 15: Cc, Cf, the
 * line and paragraph separators, variation selectors, private and tag characters. */
static const struct {
    uint32_t from, to;
} tty_unsafe[] = {
    {0x00, 0x08},       {0x0b, 0x1f},       {0x7f, 0x9f},        {0xad, 0xad},     {0x600, 0x605},
    {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},      {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},    {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xd800, 0xf8ff},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},    {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

static bool tty_is_unsafe(uint32_t c) {
    for (size_t i = 0; i < ARRAY_N(tty_unsafe); i++) {
        if (c <= tty_unsafe[i].to) {
            return c >= tty_unsafe[i].from;
        }
    }
    return true;
}

/* Decodes one character; 0 bytes when the sequence is not well-formed UTF-8 (RFC 3629). */
static size_t tty_decode(const unsigned char *p, size_t n, uint32_t *out) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

    if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4 || len > n) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        return 0;
    }
    *out = c;
    return len;
}

void tty_escape(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len;) {
        const unsigned char *p = (const unsigned char *)text.ptr + i;
        uint32_t c = 0;
        size_t len = tty_decode(p, text.len - i, &c);

        if (len == 0) {
            buf_addf(out, "\\x%02X", *p);
            i++;
            continue;
        }
        if (tty_is_unsafe(c)) {
            buf_addf(out, c < 0x80 ? "\\x%02X" : "\\u{%04X}", (unsigned)c);
        } else {
            buf_add(out, str_slice(text, i, i + len));
        }
        i += len;
    }
}

/* ---- A line that is not shown ---- */

enum hidden_key { HIDDEN_MORE, HIDDEN_ENTER, HIDDEN_END, HIDDEN_CANCEL };

struct hidden {
    struct buf *out;
    bool is_too_long; /* read to its end all the same: its rest must not reach a shell */
    bool is_pasting;  /* between the marks of a paste: a line end is text */
    char keys[8];     /* an escape sequence so far: what a key beside the letters sends */
    size_t key_n;
};

static void hidden_add(struct hidden *hidden, char c) {
    struct buf *out = hidden->out;

    if (out->len + 1 >= out->cap || out->len >= out->max) {
        hidden->is_too_long = true;
        return;
    }
    out->ptr[out->len++] = c;
    out->ptr[out->len] = '\0';
}

/* Takes the last character away, all of its bytes. */
static void hidden_erase(struct buf *out) {
    while (out->len > 0 && ((unsigned char)out->ptr[--out->len] & 0xc0) == 0x80) {
    }
}

/* A byte of an escape sequence; but for the marks of a paste, none of them is text. */
static void hidden_escape(struct hidden *hidden, char c) {
    bool is_over;

    if (hidden->key_n < sizeof hidden->keys - 1) {
        hidden->keys[hidden->key_n++] = c;
    }
    is_over =
        (hidden->key_n == 2 && c != '[' && c != 'O') || (hidden->key_n > 2 && c >= '@' && c <= '~');
    if (!is_over) {
        return;
    }
    hidden->keys[hidden->key_n] = '\0';
    if (strcmp(hidden->keys, "\x1b[200~") == 0) {
        hidden->is_pasting = true;
    } else if (strcmp(hidden->keys, "\x1b[201~") == 0) {
        hidden->is_pasting = false;
    }
    hidden->key_n = 0;
}

static enum hidden_key hidden_take(struct hidden *hidden, char c) {
    enum { CTRL_C = 3, CTRL_D = 4, CTRL_U = 0x15, ESC = 0x1b, DEL = 0x7f };

    if (hidden->key_n > 0 || c == ESC) {
        hidden_escape(hidden, c);
    } else if (hidden->is_pasting) {
        hidden_add(hidden, c == '\r' ? '\n' : c);
    } else if (c == '\n' || c == '\r') {
        return HIDDEN_ENTER;
    } else if (c == CTRL_C) {
        return HIDDEN_CANCEL;
    } else if (c == CTRL_D) {
        return HIDDEN_END;
    } else if (c == DEL || c == '\b') {
        hidden_erase(hidden->out);
    } else if (c == CTRL_U) {
        hidden->out->len = 0;
        hidden->is_too_long = false;
    } else if ((unsigned char)c >= ' ' || c == '\t') {
        hidden_add(hidden, c);
    }
    return HIDDEN_MORE;
}

static enum err_code hidden_end(struct hidden *hidden, enum hidden_key end, struct err *err) {
    struct buf *out = hidden->out;

    if (end == HIDDEN_END) {
        return err_set(err, ERR_MISSING, "the input ended");
    }
    if (end == HIDDEN_CANCEL) {
        return err_set(err, ERR_INTERRUPTED, "interrupted");
    }
    while (out->len > 0 && out->ptr[out->len - 1] == '\n') { /* of what was pasted */
        out->len--;
    }
    out->ptr[out->len] = '\0';
    return hidden->is_too_long ? err_set(err, ERR_TOO_LARGE, "the line is too long") : ERR_NONE;
}

/* Reads bytes one by one, so that what follows the line stays for the next reader. */
static enum err_code tty_read_line(int fd, struct tty_poll wait, struct buf *out, struct err *err) {
    struct hidden hidden = {.out = out};

    for (;;) {
        struct pollfd row = {.fd = fd, .events = POLLIN};
        enum hidden_key key;
        char c = 0;
        ssize_t n;

        if (wait.is_over != NULL && wait.is_over(wait.ctx)) {
            return err_set(err, ERR_WAITING, "nobody answered in time");
        }
        if (hidden.key_n == 1 && poll(&row, 1, ESCAPE_MS) == 0) {
            hidden.key_n = 0; /* the key ESC itself */
        }
        if (wait.is_over != NULL && poll(&row, 1, POLL_MS) == 0) {
            continue;
        }
        n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_errno(err, errno, "the terminal");
        }
        key = n == 0 ? HIDDEN_END : hidden_take(&hidden, c);
        if (key != HIDDEN_MORE) {
            return hidden_end(&hidden, key, err);
        }
    }
}

static void tty_read_done(int fd, bool was_held) {
    if (!was_held) {
        tty_release();
    }
    close(fd);
}

enum err_code tty_read_hidden(const char *prompt, struct tty_poll poll, struct buf *out,
                              struct err *err) {
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios old;
    bool is_held = tty_is_held();
    ssize_t written = 0;

    if (fd < 0) {
        return err_set(err, ERR_MISSING, "there is no terminal to ask on");
    }
    if (!is_held) {
        tty_hold(fd, fd); /* an end in the middle of it leaves no terminal without an echo */
    }
    if (tcgetattr(fd, &old) != 0) {
        tty_read_done(fd, is_held);
        return err_set(err, ERR_MISSING, "there is no terminal to ask on");
    }
    /* Without ISIG, Ctrl-C is a byte: the echo comes back before anyone acts on it. */
    struct termios raw = old;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSAFLUSH, &raw) != 0) {
        err_errno(err, errno, "the terminal");
        tty_read_done(fd, is_held);
        return err->code;
    }
    written = write(fd, prompt, strlen(prompt));
    enum err_code code = tty_read_line(fd, poll, out, err);
    tcsetattr(fd, TCSAFLUSH, &old);
    written = written < 0 ? written : write(fd, "\n", 1);
    tty_read_done(fd, is_held);
    return code;
}
