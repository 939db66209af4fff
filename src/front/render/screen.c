/* Text for people. */
#include "front/render/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "guard/deceptive.h"
#include "sys/tty.h"

enum { WORD_BYTES_MAX = 64 * 1024, WIDTH_MIN = 40, PIPE_WIDTH = 1000 };

static const char *const codes[STYLE_N] = {
    [STYLE_PLAIN] = "", [STYLE_BOLD] = "1",  [STYLE_DIM] = "2",    [STYLE_GOOD] = "32",
    [STYLE_BAD] = "31", [STYLE_WARN] = "33", [STYLE_LOUD] = "1;7",
};

struct screen screen_of(FILE *to, int fd, bool is_plain) {
    struct winsize size = {0};
    /* In a pipe a sentence is one line, so that it can be searched for. */
    struct screen screen = {.to = to, .width = tty_is_terminal(fd) ? tty_width(fd) : PIPE_WIDTH};

    screen.has_color = !is_plain && tty_has_color(fd);
    screen.is_live = screen.has_color; /* a terminal without colours stands still as well */
    if (screen.is_live && ioctl(fd, TIOCGWINSZ, &size) == 0) {
        screen.height = size.ws_row;
    }
    screen.width = screen.width < WIDTH_MIN ? WIDTH_MIN : screen.width;
    return screen;
}

void screen_styled(const struct screen *screen, struct buf *out, enum style style,
                   const char *text) {
    bool is_styled = screen->has_color && style != STYLE_PLAIN;

    if (is_styled) {
        buf_addf(out, "\033[%sm", codes[style]);
    }
    buf_add_s(out, text);
    if (is_styled) {
        buf_add_s(out, "\033[0m");
    }
}

/* ---- Characters ---- */

/* Unicode's East Asian Width W and F, and combining marks, in coarse ranges: enough for columns. */
static int point_columns(uint32_t point) {
    static const uint32_t wide[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},  {0x3041, 0xa4cf},
                                       {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                                       {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                                       {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

    if (point >= 0x300 && point <= 0x36f) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_N(wide); i++) {
        if (point >= wide[i][0] && point <= wide[i][1]) {
            return 2;
        }
    }
    return 1;
}

int screen_columns(const char *text) {
    int columns = 0;

    while (*text != '\0') {
        columns += point_columns(utf8_next(&text));
    }
    return columns;
}

static void safe_line(struct buf *out, struct str value) {
    size_t from = out->len;

    tty_escape(out, value);
    for (size_t i = from; i < out->len; i++) {
        if (out->ptr[i] == '\n' || out->ptr[i] == '\t') {
            out->ptr[i] = ' ';
        }
    }
}

void screen_word(struct buf *out, const char *value) { safe_line(out, str_from(value)); }

void screen_cell(struct buf *out, const char *value, int columns) {
    CLEANUP(buf_done) struct buf safe = BUF_INIT(WORD_BYTES_MAX);
    const char *p;
    int at = 0;
    int whole;

    safe_line(&safe, str_from(value));
    p = buf_cstr(&safe);
    whole = screen_columns(p);
    while (*p != '\0') {
        const char *from = p;
        int wide = point_columns(utf8_next(&p));

        if (at + wide > columns - (whole > columns ? 1 : 0)) {
            break;
        }
        buf_add(out, (struct str){from, (size_t)(p - from)});
        at += wide;
    }
    if (whole > columns) {
        buf_add_s(out, "…");
        at++;
    }
    for (; at < columns; at++) {
        buf_add_c(out, ' ');
    }
}

/* ---- Wrapping ---- */

static void wrap_line(struct buf *out, int width, int indent, struct str line) {
    struct str word = {0};
    int at = 0;

    while (str_next(&line, ' ', &word)) {
        CLEANUP(freep) char *text = str_dup(word);
        int columns = screen_columns(text);

        if (at > 0 && at + 1 + columns > width) {
            buf_add_c(out, '\n');
            at = 0;
        }
        if (at == 0) {
            buf_addf(out, "%*s", indent, "");
            at = indent;
        } else {
            buf_add_c(out, ' ');
            at++;
        }
        buf_add(out, word);
        at += columns;
    }
    buf_add_c(out, '\n');
}

void screen_text(const struct screen *screen, struct buf *out, int indent, const char *text) {
    CLEANUP(buf_done) struct buf safe = BUF_INIT(WORD_BYTES_MAX);
    struct str rest;
    struct str line = {0};

    tty_escape(&safe, str_from(text));
    rest = str_trim(buf_str(&safe));
    while (str_next(&rest, '\n', &line)) {
        size_t blanks = 0;

        while (blanks < line.len && line.ptr[blanks] == ' ') {
            blanks++;
        }
        wrap_line(out, screen->width, indent + (int)blanks, str_trim(line));
    }
}

void screen_bullet(const struct screen *screen, struct buf *out, enum style style, const char *mark,
                   const char *text) {
    CLEANUP(buf_done) struct buf lines = BUF_INIT(WORD_BYTES_MAX);

    screen_text(screen, &lines, 4, text);
    buf_add_s(out, "  ");
    screen_styled(screen, out, style, mark);
    buf_add_c(out, ' ');
    buf_add(out, lines.len > 4 ? str_slice(buf_str(&lines), 4, lines.len) : STR("\n"));
}

void screen_write(const struct screen *screen, struct buf *text) {
    (void)fwrite(buf_cstr(text), 1, text->len, screen->to);
    (void)fflush(screen->to);
    buf_clear(text);
}

/* ---- Quantities ---- */

struct elapsed screen_elapsed(int64_t ms) {
    struct elapsed out = {{0}};
    int64_t s = ms / 1000;

    if (ms < 10000) {
        (void)snprintf(out.text, sizeof out.text, "%lld.%lld s", (long long)s,
                       (long long)(ms % 1000 / 100));
    } else if (s < 60) {
        (void)snprintf(out.text, sizeof out.text, "%lld s", (long long)s);
    } else if (s < 3600) {
        (void)snprintf(out.text, sizeof out.text, "%lld min %02lld s", (long long)(s / 60),
                       (long long)(s % 60));
    } else {
        (void)snprintf(out.text, sizeof out.text, "%lld h %02lld min", (long long)(s / 3600),
                       (long long)(s / 60 % 60));
    }
    return out;
}

struct elapsed screen_bytes(int64_t bytes) {
    struct elapsed out = {{0}};

    if (bytes < 1000) {
        (void)snprintf(out.text, sizeof out.text, "%lld B", (long long)bytes);
    } else if (bytes < 1000 * 1000) {
        (void)snprintf(out.text, sizeof out.text, "%lld kB", (long long)(bytes / 1000));
    } else {
        (void)snprintf(out.text, sizeof out.text, "%.1f MB", (double)bytes / 1e6);
    }
    return out;
}
