/* Text for people. */
#include "front/render/screen.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "guard/deceptive.h"
#include "sys/tty.h"

enum {
    WORD_BYTES_MAX = 64 * 1024,
    PAIR_BYTES_MAX = 256 * 1024,
    WIDTH_MIN = 20,
    PIPE_WIDTH = 1000,
    HANG_COLUMNS = 4,
    LABEL_COLUMNS = 15
};

/* Magenta for a warning: yellow is lost on a light screen. */
static const char *const codes[STYLE_N] = {
    [STYLE_PLAIN] = "", [STYLE_BOLD] = "1",  [STYLE_DIM] = "2",    [STYLE_GOOD] = "32",
    [STYLE_BAD] = "31", [STYLE_WARN] = "35", [STYLE_LOUD] = "1;7",
};

struct screen screen_of(FILE *to, int fd, bool is_plain) {
    /* In a pipe a sentence is one line, so that it can be searched for. */
    struct screen screen = {.to = to, .is_terminal = tty_is_terminal(fd), .width = PIPE_WIDTH};

    screen.has_color = !is_plain && tty_has_color(fd);
    screen.is_live = screen.has_color; /* a terminal without colours stands still as well */
    return screen;
}

int screen_width(const struct screen *screen) {
    int width = screen->is_terminal ? tty_width(fileno(screen->to)) : screen->width;

    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

int screen_height(const struct screen *screen) {
    return screen->is_terminal ? tty_height(fileno(screen->to)) : screen->height;
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

/* The columns of one character, as the C library knows them; 1 where it has no UTF-8. */
static int point_columns(uint32_t point) {
    static locale_t utf8;
    static bool is_looked_for;
    locale_t before;
    int columns;

    if (point < 0x80) {
        return 1;
    }
    if (!is_looked_for) {
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        is_looked_for = true;
    }
    if (utf8 == (locale_t)0) {
        return 1;
    }
    before = uselocale(utf8);
    columns = wcwidth((wchar_t)point);
    (void)uselocale(before);
    return columns < 0 ? 1 : columns;
}

int screen_columns(const char *text) {
    int columns = 0;

    while (*text != '\0') {
        columns += point_columns(utf8_next(&text));
    }
    return columns;
}

size_t screen_chunk(const char *text) {
    const char *p = text;

    while (*p != '\0') {
        if (point_columns(utf8_next(&p)) == 2) {
            const char *next = p;

            while (*next != '\0' && point_columns(utf8_next(&next)) == 0) {
                p = next; /* what stands on the wide one */
            }
            break;
        }
    }
    return (size_t)(p - text);
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

struct wrap {
    struct buf *out;
    int width;
    int indent;
    int at;        /* columns of the line so far */
    bool is_fresh; /* nothing stands behind the indent yet */
};

/* Puts a piece that is not broken behind what is there, or on the next line. */
static void wrap_put(struct wrap *wrap, struct str piece, bool is_glued) {
    CLEANUP(freep) char *text = str_dup(piece);
    int columns = screen_columns(text);
    int gap = is_glued || wrap->is_fresh ? 0 : 1;

    if (!wrap->is_fresh && wrap->at + gap + columns > wrap->width) {
        buf_addf(wrap->out, "\n%*s", wrap->indent, "");
        wrap->at = wrap->indent;
        wrap->is_fresh = true;
        gap = 0;
    }
    if (wrap->is_fresh && columns == 0) {
        return; /* a blank at the beginning */
    }
    buf_addf(wrap->out, "%*s", gap, "");
    buf_add(wrap->out, piece);
    wrap->at += gap + columns;
    wrap->is_fresh = false;
}

static void wrap_words(struct wrap *wrap, struct str line) {
    struct str word = {0};

    while (str_next(&line, ' ', &word)) {
        CLEANUP(freep) char *text = str_dup(word);
        size_t done = 0;

        do {
            size_t n = screen_chunk(text + done);

            wrap_put(wrap, str_slice(word, done, done + n), done > 0);
            done += n;
        } while (done < word.len);
    }
    buf_add_c(wrap->out, '\n');
}

static void wrap_line(struct buf *out, int width, int indent, struct str line) {
    struct wrap wrap = {out, width, indent, indent, true};

    buf_addf(out, "%*s", line.len == 0 ? 0 : indent, "");
    wrap_words(&wrap, line);
}

/* Where the lines below a long one begin: under its last column that leaves room for each of its
 * words; behind a mark such as "✓"; prose where it began itself. A column is what stands behind two
 * blanks. */
static int hang_of(const char *line, int width) {
    size_t first = strspn(line, " ");
    CLEANUP(freep) char *begin = str_dup((struct str){line + first, strcspn(line + first, " ")});
    bool is_mark = screen_columns(begin) == 1;
    bool has_columns = strstr(line + first, "  ") != NULL;
    size_t longest = 0;

    for (size_t i = strlen(line); i > first + 2; i--) {
        const char *word = line + i - 1;
        CLEANUP(freep) char *before = NULL;
        size_t length = strcspn(word, " ");

        if (word[0] == ' ' || word[-1] != ' ') {
            continue;
        }
        longest = length > longest ? length : longest;
        before = str_dup((struct str){line, i - 1});
        if (word[-2] == ' ' && screen_columns(before) < width * 2 / 3 &&
            screen_columns(before) + (int)longest <= width) {
            return screen_columns(before);
        }
    }
    return (int)first + (has_columns ? HANG_COLUMNS : is_mark ? 2 : 0);
}

void screen_fit(const struct screen *screen, struct buf *out, struct str text) {
    int width = screen_width(screen);
    struct str line = {0};

    if (!screen->is_terminal || !str_ends(text, STR("\n"))) {
        buf_add(out, text);
        return;
    }
    text.len--; /* each line gets its end below */
    while (str_next(&text, '\n', &line)) {
        CLEANUP(freep) char *whole = str_dup(line);
        int first = (int)strspn(whole, " ");
        struct wrap wrap = {out, width, 0, first, true};

        if (screen_columns(whole) <= width || strchr(whole, '\033') != NULL ||
            strchr("{}[]\"", whole[first]) != NULL) {
            buf_addf(out, "%s\n", whole);
            continue;
        }
        wrap.indent = hang_of(whole, width);
        buf_addf(out, "%*s", first, "");
        wrap_words(&wrap, str_from(whole + first));
    }
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
        wrap_line(out, screen_width(screen), indent + (int)blanks, str_trim(line));
    }
}

void screen_pair(const struct screen *screen, struct buf *out, const char *label,
                 const char *value) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(PAIR_BYTES_MAX);

    screen_text(screen, &line, LABEL_COLUMNS, value);
    buf_addf(out, "  %-*s", LABEL_COLUMNS - 2, label);
    buf_add(out, str_slice(buf_str(&line), LABEL_COLUMNS, line.len));
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

const char *screen_type(const char *type, int columns) {
    const char *last = strrchr(type, ':');
    const char *rest = strncmp(type, "AWS::", 5) == 0 ? type + 5 : type;

    return (int)strlen(type) <= columns || last == NULL ? type
           : (int)strlen(rest) <= columns               ? rest
                                                        : last + 1;
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
