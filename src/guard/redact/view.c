/* guard/redact/view.c: four ways to read a text. */
#include "guard/redact/view.h"

#include "guard/redact/charset.h"
#include "guard/redact/lead.h"

#include <stdlib.h>
#include <string.h>

void view_wipe(struct view *view) {
    mem_wipe(view->text, view->used);
    view->used = 0;
}

void view_done(struct view *view) {
    view_wipe(view);
    free(view->text);
    free(view->map);
    *view = (struct view){0};
}

enum {
    RUN_MIN = 24,    /* characters before a break that make it one of Base64 */
    UNIT_ESCAPE = 6, /* \uXXXX */
    DEEP = 16        /* backslashes of a line break that JSON quoted four times */
};

static void view_reserve(struct view *view, size_t n) {
    view->n = 0;
    if (view->cap < n + 1) {
        view_wipe(view);
        view->cap = n + 1 + n / 2;
        view->text = mem_resize(view->text, view->cap);
        view->map = mem_resize(view->map, view->cap * sizeof view->map[0]);
    }
}

static void view_add(struct view *view, char c, size_t from) {
    view->text[view->n] = c;
    view->map[view->n++] = (uint32_t)from;
}

/* Zero-width and bidirectional characters, as three bytes of UTF-8. */
static const struct {
    unsigned char first;
    unsigned char second;
    unsigned char third_min;
    unsigned char third_max;
} unseen_rows[] = {
    {0xe2, 0x80, 0x8b, 0x8f}, /* U+200B-200F */
    {0xe2, 0x80, 0xaa, 0xae}, /* U+202A-202E */
    {0xe2, 0x81, 0xa0, 0xaf}, /* U+2060-206F */
    {0xef, 0xbb, 0xbf, 0xbf}, /* U+FEFF */
};

/* How many bytes at `at` no reader sees; 0 when the byte is visible. */
static size_t unseen_at(struct str s, size_t at) {
    unsigned char c[3] = {0};

    for (size_t i = 0; i < 3 && at + i < s.len; i++) {
        c[i] = (unsigned char)s.ptr[at + i];
    }
    if (c[0] == 0) {
        return 1;
    }
    if (c[0] == 0x1b) { /* what sets a colour */
        return lead_colour_end(s, at) - at;
    }
    if (c[0] == 0xc2 && c[1] == 0xad) { /* soft hyphen */
        return 2;
    }
    for (size_t i = 0; i < ARRAY_N(unseen_rows); i++) {
        if (c[0] == unseen_rows[i].first && c[1] == unseen_rows[i].second &&
            c[2] >= unseen_rows[i].third_min && c[2] <= unseen_rows[i].third_max) {
            return 3;
        }
    }
    return 0;
}

/* Adds the UTF-8 form of a code unit of \uXXXX; halves of surrogate pairs are of no interest. */
static void view_add_unit(struct view *view, unsigned unit, size_t from) {
    if (unit < 0x80) {
        view_add(view, (char)unit, from);
    } else if (unit < 0x800) {
        view_add(view, (char)(0xc0 | unit >> 6), from);
        view_add(view, (char)(0x80 | (unit & 0x3f)), from);
    } else {
        view_add(view, (char)(0xe0 | unit >> 12), from);
        view_add(view, (char)(0x80 | (unit >> 6 & 0x3f)), from);
        view_add(view, (char)(0x80 | (unit & 0x3f)), from);
    }
}

static bool has_hex(struct str s, size_t at, size_t n) {
    for (size_t i = at; i < at + n; i++) {
        if (i >= s.len || !is_hex(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool escape_around(struct str text, size_t at, struct escape *out) {
    size_t letter = at;

    while (letter > 0 && at - letter < UNIT_ESCAPE - 1 && text.ptr[letter - 1] != '\\') {
        letter--;
    }
    if (letter == 0 || text.ptr[letter - 1] != '\\') {
        return false;
    }
    size_t from = letter - 1;
    while (from > 0 && text.ptr[from - 1] == '\\') {
        from--;
    }
    while (letter < text.len && text.ptr[letter] == '\\') {
        letter++; /* `at` stands among them */
    }
    char c = letter < text.len ? text.ptr[letter] : '\0';
    bool is_unit = c == 'u' && has_hex(text, letter + 1, 4);
    *out = (struct escape){from, letter, letter + (is_unit ? UNIT_ESCAPE - 1 : 1)};
    return (is_unit || is_any(c, "bfnrt/")) && out->to > at;
}

/* Reads \uXXXX at `at`, whose letter stands at `letter`; returns the bytes read, 0 when it is none.
 * Quotes and backslashes are undone once only, like those that JSON writes with one backslash. */
static size_t view_read_unit(struct view *view, struct str s, size_t at, size_t letter) {
    unsigned unit = 0;

    if (!has_hex(s, letter + 1, 4)) {
        return 0;
    }
    for (size_t i = letter + 1; i < letter + 5; i++) {
        unit = unit << 4 | hex_value(s.ptr[i]);
    }
    if (letter > at + 1 && unit < 0x80) {
        return 0;
    }
    if (unit != 0 && unit != 0x200b && unit != 0xfeff) {
        view_add_unit(view, unit, at);
    }
    return letter + 5 - at;
}

/* Undoes one JSON escape at `at`, a backslash; returns the bytes read, 0 when it is none. */
static size_t view_unescape(struct view *view, struct str s, size_t at) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    size_t deep = at;
    while (deep < s.len && s.ptr[deep] == '\\' && deep - at < DEEP) {
        deep++;
    }
    if (deep > at + 1 && (str_char(s, deep) == 'n' || str_char(s, deep) == 'r')) {
        view_add(view, str_char(s, deep) == 'n' ? '\n' : '\r', at);
        return deep + 1 - at; /* in a string inside the string: lines are lines at any depth */
    }
    if (str_char(s, deep) == 'u' || str_char(s, deep) == 'x') {
        size_t colour = lead_colour_end(s, at);
        if (colour > at) {
            return colour - at;
        }
    }
    size_t read = str_char(s, deep) == 'u' ? view_read_unit(view, s, at, deep) : 0;
    if (read > 0) {
        return read;
    }
    char c = at + 1 < s.len ? s.ptr[at + 1] : '\0';
    const char *letter = c == '\0' ? NULL : strchr(letters, c);

    if (letter != NULL) {
        view_add(view, meant[letter - letters], at);
        return 2;
    }
    return 0;
}

static size_t view_unpercent(struct view *view, struct str s, size_t at) {
    if (!has_hex(s, at + 1, 2)) {
        return 0;
    }
    view_add(view, (char)(hex_value(s.ptr[at + 1]) << 4 | hex_value(s.ptr[at + 2])), at);
    return 3;
}

/* A line break, or \\n with any number of backslashes, at `at`; returns where it ends, or `at`. */
static size_t break_end(struct str s, size_t at) {
    size_t to = at;

    if (to < s.len && (s.ptr[to] == '\n' || s.ptr[to] == '\r')) {
        return to + 1;
    }
    while (to < s.len && s.ptr[to] == '\\') {
        to++;
    }
    return to > at && to < s.len && (s.ptr[to] == 'n' || s.ptr[to] == 'r') ? to + 1 : at;
}

/* What wraps a run of Base64 at `at`: breaks and blanks between RUN_MIN and more of its characters
 * and another. */
static size_t view_unwrap(const struct view *view, struct str s, size_t at) {
    size_t to = at;

    for (size_t end = break_end(s, to); end > to; end = break_end(s, to)) {
        to = end;
        while (to < s.len && (s.ptr[to] == ' ' || s.ptr[to] == '\t')) {
            to++;
        }
    }
    if (to == at || to == s.len || !is_base64(s.ptr[to]) || view->n < RUN_MIN) {
        return 0;
    }
    for (size_t i = view->n - RUN_MIN; i < view->n; i++) {
        if (!is_base64(view->text[i])) {
            return 0;
        }
    }
    return to - at;
}

/* Reads one unit at `at` and adds what it means; returns the bytes read, 0 for a plain byte. */
static size_t view_read(struct view *view, enum view_kind kind, struct str s, size_t at) {
    switch (kind) {
    case VIEW_VISIBLE:
        return unseen_at(s, at);
    case VIEW_UNESCAPED:
        return s.ptr[at] == '\\' ? view_unescape(view, s, at) : 0;
    case VIEW_PERCENT:
        return s.ptr[at] == '%' ? view_unpercent(view, s, at) : 0;
    case VIEW_JOINED:
        return view_unwrap(view, s, at);
    case VIEW_N:
        break;
    }
    return 0;
}

/* Where the next byte at or after `at` stands that view_read() may read otherwise. */
static size_t view_next(enum view_kind kind, struct str s, size_t at) {
    if (kind == VIEW_VISIBLE) {
        while (at < s.len && s.ptr[at] != '\0' && s.ptr[at] != '\x1b' &&
               (unsigned char)s.ptr[at] < 0xc2) {
            at++;
        }
        return at;
    }
    while (kind == VIEW_JOINED && at < s.len && s.ptr[at] != '\n' && s.ptr[at] != '\r' &&
           s.ptr[at] != '\\') {
        at++;
    }
    if (kind == VIEW_JOINED) {
        return at;
    }
    char mark = kind == VIEW_PERCENT ? '%' : '\\';
    if (s.ptr[at] == mark) {
        return at; /* one after the other is common */
    }
    const char *next = memchr(s.ptr + at, mark, s.len - at);
    return next == NULL ? s.len : (size_t)(next - s.ptr);
}

/* Bytes [from, to) as they are. */
static void view_copy(struct view *view, struct str s, size_t from, size_t to) {
    uint32_t *map = view->map + view->n; /* nothing that is written is read again: in vectors */
    uint32_t first = (uint32_t)from;
    uint32_t n = (uint32_t)(to - from);

    memcpy(view->text + view->n, s.ptr + from, n);
    for (uint32_t i = 0; i < n; i++) {
        map[i] = first + i;
    }
    view->n += n;
}

bool view_build(struct view *view, enum view_kind kind, struct str source) {
    bool is_other = false;

    if (source.len == 0) {
        return false;
    }
    view_reserve(view, source.len); /* no unit grows: \uXXXX is 6 bytes, what it means at most 3 */
    for (size_t at = 0; at < source.len;) {
        size_t next = view_next(kind, source, at);

        if (next > at) {
            view_copy(view, source, at, next);
            at = next;
        }
        size_t read = at < source.len ? view_read(view, kind, source, at) : 0;
        if (read == 0 && at < source.len) {
            view_add(view, source.ptr[at], at);
            at++;
        }
        is_other = is_other || read > 0;
        at += read;
    }
    view->map[view->n] = (uint32_t)source.len;
    view->used = view->n > view->used ? view->n : view->used;
    return is_other;
}
