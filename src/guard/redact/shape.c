/* guard/redact/shape.c: JSON with nothing in it. */
#include "guard/redact/shape.h"

#include "guard/redact/charset.h"
#include "guard/redact/scan.h"

#include <string.h>

static bool is_between(char c) {
    static const struct charset between = {{SET_LO(' ') | SET_LO('\t') | SET_LO(',') | SET_LO(':'),
                                            SET_HI('{') | SET_HI('}') | SET_HI('[') | SET_HI(']')}};

    return charset_has(&between, c);
}

/* true, false and null begin with different letters. */
static const char *word_of(char first) {
    return first == 't' ? "true" : first == 'f' ? "false" : first == 'n' ? "null" : "";
}

static void shape_begin(struct shape *shape, enum shape_state state, char c) {
    *shape = (struct shape){.state = state, .word = c};
}

/* Whether the word under way goes on with `c`. */
static bool is_word_on(const struct shape *shape, char c) {
    const char *word = word_of(shape->word);

    return shape->word_n < strlen(word) && word[shape->word_n] == c;
}

/* `out` of the functions below is NULL where the text is shown as it is. */
static void put(struct buf *out, struct str text) {
    if (out != NULL) {
        buf_add(out, text);
    }
}

static void put_mask(struct shape *shape, struct buf *out) {
    if (out != NULL && !shape->is_masked) {
        put(out, STR("***"));
        shape->is_masked = true;
    }
}

/* A number or a word has ended where JSON lets it. One whose begin was shown is known to be none
 * that is secret; what is left of the number goes. */
static void shape_close(struct shape *shape, struct buf *out) {
    const char *word = word_of(shape->word);
    bool is_word = shape->state == SHAPE_WORD && word[shape->word_n] == '\0';

    if (shape->state == SHAPE_NUMBER && shape->shown_n == 0) {
        put(out, STR("\"***\""));
    } else if (is_word) {
        put(out, str_slice(str_from(word), shape->shown_n, shape->word_n));
    } else if (shape->state == SHAPE_WORD) { /* no word of JSON: nor is what follows on its line */
        put_mask(shape, out);
        shape->state = SHAPE_OTHER;
        return;
    }
    shape_begin(shape, SHAPE_AFTER, '\0');
}

/* `c` begins something. */
static void shape_open(struct shape *shape, char c, struct buf *out) {
    if (c == '"') {
        shape_begin(shape, SHAPE_STRING, c);
        put(out, STR("\""));
    } else if (is_digit(c) || c == '-') {
        shape_begin(shape, SHAPE_NUMBER, c);
        shape->shown_n = out == NULL ? 1 : 0;
    } else if (*word_of(c) != '\0') {
        shape_begin(shape, SHAPE_WORD, c);
        shape->word_n = 1;
        shape->shown_n = out == NULL ? 1 : 0;
    } else {
        shape_begin(shape, SHAPE_OTHER, c);
        put_mask(shape, out);
    }
}

/* A byte inside a string, of which all but the quote is masked. */
static void shape_string(struct shape *shape, char c, struct buf *out) {
    if (shape->state == SHAPE_STRING && c == '"') {
        put(out, STR("\""));
        shape_begin(shape, SHAPE_AFTER, '\0');
        return;
    }
    put_mask(shape, out);
    shape->state = shape->state == SHAPE_STRING && c == '\\' ? SHAPE_ESCAPE : SHAPE_STRING;
}

static void shape_byte(struct shape *shape, char c, struct buf *out) {
    bool is_string = shape->state == SHAPE_STRING || shape->state == SHAPE_ESCAPE;
    bool is_end = is_line_end(c);

    if (is_string && !is_end) {
        shape_string(shape, c, out);
    } else if (is_end || (shape->state != SHAPE_OTHER && is_between(c))) {
        if (shape->state == SHAPE_NUMBER || shape->state == SHAPE_WORD) {
            shape_close(shape, out);
        }
        if (shape->state == SHAPE_OTHER && !is_end) {
            return;
        }
        bool is_value = shape->state == SHAPE_AFTER && (c == ' ' || c == '\t');
        shape_begin(shape, is_value ? SHAPE_AFTER : SHAPE_BETWEEN, '\0');
        put(out, (struct str){&c, 1});
    } else if (shape->state == SHAPE_BETWEEN) {
        shape_open(shape, c, out);
    } else if (shape->state == SHAPE_WORD && is_word_on(shape, c)) {
        shape->word_n++;
        shape->shown_n += out == NULL ? 1 : 0;
    } else if (shape->state == SHAPE_NUMBER && is_number_char(c)) {
        shape->shown_n += out == NULL ? 1 : 0;
    } else {
        shape->state = SHAPE_OTHER;
        put_mask(shape, out);
    }
}

/* How many bytes at `at`, of which the first is one, surely are the inside of a string. */
static size_t string_plain(struct str text, size_t at) {
    uint64_t eight = 0;

    if (text.len - at < sizeof eight) {
        return 1;
    }
    memcpy(&eight, text.ptr + at, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    uint64_t any = eight_find(eight, '"') | eight_find(eight, '\\') | eight_find(eight, '\n') |
                   eight_find(eight, '\r');
    return any == 0 ? sizeof eight : (size_t)__builtin_ctzll(any) / 8;
}

/* How many bytes from `at` on change nothing. */
static size_t shape_skip(const struct shape *shape, struct str text, size_t at) {
    size_t to = at;

    if (shape->state == SHAPE_STRING) {
        while (to < text.len && text.ptr[to] != '"' && !is_line_end(text.ptr[to])) {
            bool is_escape = text.ptr[to] == '\\';
            if (is_escape && (to + 1 == text.len || is_line_end(text.ptr[to + 1]))) {
                break; /* what it means is not known yet */
            }
            to += is_escape ? 2 : string_plain(text, to);
        }
    } else if (shape->state == SHAPE_OTHER && at < text.len) {
        to = at + text_line_end(str_slice(text, at, text.len));
    }
    return to;
}

/* Behind what stands between values at `at`, as brackets and commas do. */
static size_t between_end(struct str text, size_t at) {
    while (at < text.len && is_between(text.ptr[at])) {
        at++;
    }
    return at;
}

static void shape_run(struct shape *shape, struct str text, struct buf *out) {
    for (size_t at = 0; at < text.len; at++) {
        if (shape->state == SHAPE_BETWEEN) {
            size_t end = between_end(text, at);
            put(out, str_slice(text, at, end));
            at = end;
        }
        size_t to = shape_skip(shape, text, at);
        if (to > at) {
            put_mask(shape, out);
            at = to;
        }
        if (at < text.len) {
            shape_byte(shape, text.ptr[at], out);
        }
    }
}

void shape_keep(struct shape *shape, struct str text) { shape_run(shape, text, NULL); }

void shape_mask(struct shape *shape, struct str text, struct buf *out) {
    shape_run(shape, text, out);
}

void shape_end(struct shape *shape, struct buf *out) {
    if (shape->state == SHAPE_NUMBER || shape->state == SHAPE_WORD) {
        shape_close(shape, out);
    }
}
