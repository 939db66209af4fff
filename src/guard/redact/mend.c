/* guard/redact/mend.c: what is replaced in JSON is inside a string, all of an escape, or a value.
 */
#include "guard/redact/mend.h"

#include "guard/redact/scan.h"
#include "guard/redact/view.h"
#include "guard/redact/word.h"

#include <stdlib.h>
#include <string.h>

static bool is_mask(struct str text, const struct span *span) {
    return str_eq(str_slice(text, span->from, span->to), STR("***"));
}

/* No escape of JSON is cut: one is taken in whose letter may be one of what was found, and one
 * whose backslashes end it is left out. */
static void spans_keep_escapes(struct spans *spans, struct str text) {
    bool is_changed = false;
    size_t kept = 0;

    if (spans->n == 0 || memchr(text.ptr, '\\', text.len) == NULL) {
        return;
    }
    for (size_t i = 0; i < spans->n; i++) {
        struct span span = spans->rows[i];
        struct escape escape;
        bool is_cut = escape_around(text, span.from, &escape);

        span.from = is_cut ? escape.from : span.from;
        if (escape_around(text, span.to, &escape)) {
            bool is_slashes = span.to <= escape.letter && span.from < escape.from;
            span.to = is_slashes ? escape.from : escape.to;
            is_cut = true;
        }
        is_changed = is_changed || is_cut;
        spans->rows[kept] = span;
        kept += is_cut && is_mask(text, &span) ? 0 : 1;
    }
    spans->n = kept;
    if (is_changed) {
        spans_merge(spans);
    }
}

enum {
    NUMBER_MAX = 64, /* before and after what is masked of it */
    BEGIN = 12,      /* of a line; most that are no JSON are told from it by that */
    DEEP = 3         /* strings in strings that are looked into */
};

/* The number that a span is a part of; false when it has something else in it. */
static bool number_around(struct str text, struct span *span) {
    size_t from = span->from;
    size_t to = span->to;

    for (size_t i = from; i < to; i++) {
        if (!is_number_char(text.ptr[i])) {
            return false;
        }
    }
    while (from > 0 && span->from - from < NUMBER_MAX && is_number_char(text.ptr[from - 1])) {
        from--;
    }
    while (to < text.len && to - span->to < NUMBER_MAX && is_number_char(text.ptr[to])) {
        to++;
    }
    bool is_all = (from == 0 || !is_number_char(text.ptr[from - 1])) &&
                  (to == text.len || !is_number_char(text.ptr[to]));
    span->from = from;
    span->to = to;
    return is_all && (is_digit(text.ptr[from]) || text.ptr[from] == '-');
}

/* RFC 8259, section 6. */
static bool is_json_number(struct str s) {
    size_t first = s.len > 0 && s.ptr[0] == '-' ? 1 : 0;
    size_t at = word_digits_end(s, first);

    if (at == first || (s.ptr[first] == '0' && at > first + 1)) {
        return false;
    }
    if (at < s.len && s.ptr[at] == '.') {
        size_t fraction = at + 1;

        at = word_digits_end(s, fraction);
        if (at == fraction) {
            return false;
        }
    }
    if (at < s.len && is_any(s.ptr[at], "eE")) {
        size_t exponent = at + 1 + (at + 1 < s.len && is_any(s.ptr[at + 1], "+-") ? 1 : 0);

        at = word_digits_end(s, exponent);
        if (at == exponent) {
            return false;
        }
    }
    return at == s.len;
}

/* Whether a line may be JSON. Alone, only a number of JSON is: it may be all of a text, or of a
 * line of a list; a telephone's is none. */
static bool may_be_json(struct str line) {
    size_t n = 0;

    line = str_trim(line);
    while (n < line.len && is_number_char(line.ptr[n])) {
        n++;
    }
    return n < line.len || is_json_number(line);
}

/* Whether a line is JSON by its shape, from `shape` on. */
static bool is_json(struct str line, struct shape *shape) {
    shape_keep(shape, str_trim(line));
    return shape->state != SHAPE_OTHER && may_be_json(line);
}

/* Whether \"name\": stands before `at`, in a string. */
static bool is_after_escaped_name(struct str text, size_t at) {
    size_t colon = text_before_blanks(text, at);
    size_t quote =
        colon > 0 && text.ptr[colon - 1] == ':' ? text_before_blanks(text, colon - 1) : 0;

    return quote > 2 && text.ptr[quote - 1] == '"' && text.ptr[quote - 2] == '\\' &&
           text.ptr[quote - 3] != '\\';
}

/* A text of one line, read once from the shape before it. */
struct one_line {
    bool is_one;        /* else nothing was read */
    struct shape shape; /* at its end */
};

/* Reads `line`, which is `text` without the blanks around it. Those before it must mean nothing. */
static struct one_line one_line_read(struct str text, struct str line, const struct shape *before) {
    struct one_line one = {.is_one = line.ptr == text.ptr, .shape = *before};

    if (before->state == SHAPE_BETWEEN || before->state == SHAPE_STRING) {
        one.is_one = text_before_blanks(text, (size_t)(line.ptr - text.ptr)) == 0;
    }
    if (one.is_one) {
        shape_keep(&one.shape, line);
    }
    return one;
}

/* A line, told by what stands from a number on, when that is asked for. */
struct json_line {
    size_t from;
    size_t to;
    struct shape shape; /* at `from` */
    bool is_told;
    bool is_json;
};

/* The line of `at`, up to which it is of `shape`. */
static struct json_line json_line_of(struct str text, size_t at, struct shape shape) {
    const char *end = memchr(text.ptr + at, '\n', text.len - at);

    return (struct json_line){
        .from = at, .to = end == NULL ? text.len : (size_t)(end - text.ptr), .shape = shape};
}

/* Whether it is JSON to its end as it is up to where it is told from. */
static bool json_line_is(struct json_line *line, struct str text, const struct one_line *one) {
    struct str rest = str_slice(text, line->from, line->to);

    if (!line->is_told) {
        line->is_told = true;
        line->is_json = one->is_one ? one->shape.state != SHAPE_OTHER && may_be_json(rest)
                                    : is_json(rest, &line->shape);
    }
    return line->is_json;
}

/* A number that is a value of JSON becomes a string. */
static void spans_quote_numbers(struct spans *spans, struct str text, const struct shape *before,
                                const struct one_line *one) {
    struct json_line line = {0};
    struct shape shape = *before;
    bool is_changed = false;
    size_t at = 0;

    for (size_t i = 0; i < spans->n; i++) {
        struct span span = spans->rows[i];

        if (span.style != SPAN_PLAIN || !number_around(text, &span) || span.from < at) {
            continue;
        }
        shape_keep(&shape, str_slice(text, at, span.from));
        at = span.from;
        if (one->is_one && shape.state == SHAPE_OTHER) {
            break; /* nor is what follows */
        }
        if (span.from >= line.to) {
            line = json_line_of(text, span.from, shape);
        }
        if (shape.state == SHAPE_BETWEEN && json_line_is(&line, text, one)) {
            span.style = SPAN_QUOTED;
        } else if (shape.state == SHAPE_STRING && is_after_escaped_name(text, span.from)) {
            span.style = SPAN_ESCAPED;
        }
        if (span.style != SPAN_PLAIN) {
            spans->rows[i] = span;
            is_changed = true;
        }
    }
    if (is_changed) {
        spans_merge(spans);
    }
}

/* ---- the structure of JSON ---- */

/* Whether the line [from, to) is JSON, from `shape` on. A piece of a line may end within a string.
 */
static bool is_json_line(struct str text, size_t from, size_t to, struct shape shape,
                         const struct one_line *one) {
    struct str line = str_slice(text, from, to);
    bool is_line = false;

    if (one->is_one) {
        shape = one->shape;
        is_line = shape.state != SHAPE_OTHER && may_be_json(line);
    } else {
        is_line = is_json(line, &shape);
    }
    bool is_open = shape.state == SHAPE_STRING || shape.state == SHAPE_ESCAPE;
    bool is_whole = to < text.len || (to > 0 && is_line_end(text.ptr[to - 1]));
    return is_line && !(is_open && is_whole);
}

/* A text of JSON, or what a string in one holds. Spans are told in offsets of the outermost. */
struct layer {
    struct str text;
    const size_t *map; /* where each byte comes from, and the end; NULL: from itself */
    unsigned depth;
};

static size_t layer_at(const struct layer *layer, size_t at) {
    return layer->map == NULL ? at : layer->map[at];
}

/* What is left of spans, of which those before `next` were handled. */
struct clip {
    const struct spans *spans;
    size_t next;
    struct spans *out;
};

/* Goes on to the first span that ends behind `at`; NULL when none begins before `to`. */
static const struct span *clip_next(struct clip *clip, size_t at, size_t to) {
    const struct spans *spans = clip->spans;

    while (clip->next < spans->n && spans->rows[clip->next].to <= at) {
        clip->next++;
    }
    bool is_any = clip->next < spans->n && spans->rows[clip->next].from < to;
    return is_any ? &spans->rows[clip->next] : NULL;
}

/* Keeps what of the spans is in [from, to), the inside of a string. */
static void clip_inside(struct clip *clip, size_t from, size_t to) {
    const struct span *span = NULL;

    while (from < to && (span = clip_next(clip, from, to)) != NULL) {
        struct span piece = *span;

        piece.from = span->from > from ? span->from : from;
        piece.to = span->to < to ? span->to : to;
        bool is_all = piece.from == span->from && piece.to == span->to;
        piece.style = is_all ? span->style : SPAN_PLAIN;
        spans_add(clip->out, piece);
        from = piece.to;
    }
}

/* The number or the word [from, to): a number is masked as a string, a word when it was to be. */
static void clip_bare(struct clip *clip, const struct layer *layer, size_t from, size_t to) {
    static const enum span_style styles[] = {SPAN_QUOTED, SPAN_ESCAPED, SPAN_ESCAPED_2,
                                             SPAN_ESCAPED_3};
    size_t begin = layer_at(layer, from);
    size_t end = layer_at(layer, to);
    const struct span *span = clip_next(clip, begin, end);

    if (span != NULL && (!is_letter(layer->text.ptr[from]) || span->style != SPAN_PLAIN)) {
        spans_add(clip->out, (struct span){begin, end, span->kind, styles[layer->depth]});
    }
}

/* Where the string ends whose inside begins at `at`: at its quote or at `to`. */
static size_t inside_end(struct str text, size_t at, size_t to) {
    while (at < to && text.ptr[at] != '"') {
        at += text.ptr[at] == '\\' && at + 1 < to ? 2 : 1;
    }
    return at < to ? at : to;
}

static void layer_clip(struct clip *clip, const struct layer *layer, size_t from, size_t to,
                       bool is_inside);

/* Reads the inside [from, to) of a string of `layer`; returns how many bytes it holds. Characters
 * beyond ASCII are of no interest. */
static size_t inside_read(const struct layer *layer, size_t from, size_t to, char *text,
                          size_t *map) {
    static const char letters[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    const char *p = layer->text.ptr;
    size_t n = 0;

    for (size_t at = from; at < to; n++) {
        bool is_escape = p[at] == '\\' && at + 1 < to;
        char c = is_escape ? p[at + 1] : p[at];
        const char *letter = is_escape ? strchr(letters, c) : NULL;

        map[n] = layer_at(layer, at);
        text[n] = letter != NULL && *letter != '\0' ? meant[letter - letters] : c;
        at += is_escape ? 2 : 1;
    }
    map[n] = layer_at(layer, to);
    return n;
}

/* Whether all lines of `text` are JSON, and something in brackets. */
static bool is_json_text(struct str text) {
    struct str begin = str_trim(text);
    struct str line = {0};

    if (begin.len == 0 || !is_any(begin.ptr[0], "{[")) {
        return false;
    }
    while (str_next(&text, '\n', &line)) {
        struct shape shape = {0};

        shape_keep(&shape, line);
        if (shape.state == SHAPE_OTHER || shape.state == SHAPE_STRING ||
            shape.state == SHAPE_ESCAPE) {
            return false;
        }
    }
    return true;
}

/* The same of JSON that the string [from, to) of `layer` holds; false when it holds none. */
static bool clip_held(struct clip *clip, const struct layer *layer, size_t from, size_t to) {
    size_t first = from;

    while (first < to && (is_blank(layer->text.ptr[first]) || layer->text.ptr[first] == '\\')) {
        first += layer->text.ptr[first] == '\\' ? 2 : 1;
    }
    if (first >= to || !is_any(layer->text.ptr[first], "{[") || layer->depth == DEEP) {
        return false;
    }
    char *text = mem_alloc(to - from + 1);
    size_t *map = mem_array(to - from + 1, sizeof map[0]);
    size_t n = inside_read(layer, from, to, text, map);
    struct layer held = {.text = {text, n}, .map = map, .depth = layer->depth + 1};
    bool is_json = is_json_text(held.text);

    if (is_json) {
        layer_clip(clip, &held, 0, n, false);
    }
    mem_wipe(text, to - from);
    free(text);
    free(map);
    return is_json;
}

/* Keeps what of the spans is inside the strings of [from, to), which is JSON, and its numbers.
 * `is_inside`: it begins in a string. */
static void layer_clip(struct clip *clip, const struct layer *layer, size_t from, size_t to,
                       bool is_inside) {
    struct str text = layer->text;

    for (size_t at = from; at < to;) {
        size_t end = at + 1;

        if (is_inside || text.ptr[at] == '"') {
            size_t begin = is_inside ? at : at + 1;
            end = inside_end(text, begin, to);
            bool is_any = clip_next(clip, layer_at(layer, begin), layer_at(layer, end)) != NULL;
            if (is_any && (is_inside || end == to || !clip_held(clip, layer, begin, end))) {
                clip_inside(clip, layer_at(layer, begin), layer_at(layer, end));
            }
            end++;
        } else if (is_number_char(text.ptr[at]) || is_letter(text.ptr[at])) {
            while (end < to && (is_number_char(text.ptr[end]) || is_letter(text.ptr[end]))) {
                end++;
            }
            clip_bare(clip, layer, at, end);
        }
        is_inside = false;
        at = end;
    }
}

static bool is_same(const struct spans *a, const struct spans *b) {
    bool is_other = a->n != b->n;

    for (size_t i = 0; i < a->n && !is_other; i++) {
        is_other = a->rows[i].from != b->rows[i].from || a->rows[i].to != b->rows[i].to ||
                   a->rows[i].style != b->rows[i].style;
    }
    return !is_other;
}

/* Whether a text of one line is no JSON, for how it begins tells. */
static bool is_other_line(struct str line, const struct shape *before) {
    struct shape shape = *before;

    shape_keep(&shape, str_slice(line, 0, BEGIN));
    return shape.state == SHAPE_OTHER;
}

/* Of a line of JSON only what is inside its strings is replaced, and its numbers; so it is in JSON
 * that its strings hold. */
static void spans_clip(struct spans *spans, struct str text, const struct shape *before,
                       const struct one_line *one) {
    struct spans clipped = {0};
    struct clip clip = {.spans = spans, .out = &clipped};
    const struct layer layer = {.text = text};
    const struct span *span = NULL;
    size_t at = 0;

    while ((span = clip_next(&clip, at, text.len)) != NULL) {
        size_t from = span->from > at ? span->from : at;
        const char *begin = memrchr(text.ptr + at, '\n', from - at);
        const char *end = memchr(text.ptr + from, '\n', text.len - from);
        size_t to = end == NULL ? text.len : (size_t)(end + 1 - text.ptr);

        at = begin == NULL ? at : (size_t)(begin + 1 - text.ptr);
        struct shape shape = at == 0 ? *before : (struct shape){0};
        if (is_json_line(text, at, to, shape, one)) {
            layer_clip(&clip, &layer, at, to, shape.state == SHAPE_STRING);
        } else {
            clip_inside(&clip, at, to);
        }
        at = to;
    }
    if (!is_same(spans, &clipped)) {
        struct spans swap = *spans;

        *spans = clipped;
        clipped = swap;
        spans_merge(spans);
    }
    spans_done(&clipped);
}

void spans_keep_json(struct spans *spans, struct str text, const struct shape *before) {
    struct str line = str_trim(text);
    struct one_line one = {0};

    if (spans->n == 0) {
        return;
    }
    spans_keep_escapes(spans, text);
    if (line.len > 0 && memchr(line.ptr, '\n', line.len) == NULL &&
        memchr(line.ptr, '\r', line.len) == NULL) {
        if (is_other_line(line, before)) {
            return;
        }
        one = one_line_read(text, line, before);
    }
    spans_quote_numbers(spans, text, before, &one);
    spans_clip(spans, text, before, &one);
}
