/* guard/redact/mend.c: what is replaced in JSON is inside a string, all of an escape, or a value.
 */
#include "guard/redact/mend.h"

#include "guard/redact/scan.h"
#include "guard/redact/view.h"

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

enum { NUMBER_MAX = 64 }; /* before and after what is masked of it */

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

/* Whether \"name\": stands before `at`, in a string. */
static bool is_after_escaped_name(struct str text, size_t at) {
    size_t colon = text_before_blanks(text, at);
    size_t quote =
        colon > 0 && text.ptr[colon - 1] == ':' ? text_before_blanks(text, colon - 1) : 0;

    return quote > 2 && text.ptr[quote - 1] == '"' && text.ptr[quote - 2] == '\\' &&
           text.ptr[quote - 3] != '\\';
}

/* A line, told by what stands from a number on. */
struct json_line {
    size_t to;
    bool is_json;
};

/* Where the line of `at` ends, and whether it is JSON up to there as it is up to `at`. A line of
 * one number is none. */
static struct json_line json_line_of(struct str text, size_t at, struct shape shape) {
    const char *end = memchr(text.ptr + at, '\n', text.len - at);
    struct json_line line = {.to = end == NULL ? text.len : (size_t)(end - text.ptr)};
    struct str rest = str_trim(str_slice(text, at, line.to));
    size_t n = 0;

    while (n < rest.len && is_number_char(rest.ptr[n])) {
        n++;
    }
    shape_keep(&shape, rest);
    line.is_json = shape.state != SHAPE_OTHER && (at > 0 || n < rest.len);
    return line;
}

/* A number that is a value of JSON becomes a string. */
static void spans_quote_numbers(struct spans *spans, struct str text, const struct shape *before) {
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
        if (span.from >= line.to) {
            line = json_line_of(text, span.from, shape);
        }
        if (shape.state == SHAPE_BETWEEN && line.is_json) {
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

/* Whether the line [from, to) is JSON, from `shape` on; one number is none. A piece of a line may
 * end within a string. */
static bool is_json_line(struct str text, size_t from, size_t to, struct shape shape) {
    struct str line = str_trim(str_slice(text, from, to));
    size_t n = 0;

    while (n < line.len && is_number_char(line.ptr[n])) {
        n++;
    }
    shape_keep(&shape, line);
    bool is_open = shape.state == SHAPE_STRING || shape.state == SHAPE_ESCAPE;
    bool is_whole = to < text.len || (to > 0 && is_line_end(text.ptr[to - 1]));
    return shape.state != SHAPE_OTHER && n < line.len && !(is_open && is_whole);
}

static void clip_add(struct spans *out, struct span span, size_t from, size_t to) {
    if (out != NULL) {
        spans_add(out, (struct span){from, to, span.kind, span.style});
    }
}

/* Adds what of a span is inside strings, and its numbers; `*shape` is what stands before it, and
 * goes over it. */
static void span_clip(struct spans *out, struct str text, struct span span, struct shape *shape) {
    size_t begin = span.from;

    for (size_t at = span.from; at < span.to; at++) {
        bool was_inside = shape->state == SHAPE_STRING || shape->state == SHAPE_ESCAPE;
        bool was_number = shape->state == SHAPE_NUMBER;

        shape_keep(shape, str_slice(text, at, at + 1));
        bool is_inside = shape->state == SHAPE_STRING || shape->state == SHAPE_ESCAPE;
        if (was_inside && !is_inside) {
            clip_add(out, span, begin, at);
        }
        begin = is_inside && !was_inside ? at + 1 : begin;
        if (shape->state == SHAPE_NUMBER && !was_number) {
            struct span number = {.from = at, .to = at + 1, .kind = span.kind};

            number.style = number_around(text, &number) ? SPAN_QUOTED : SPAN_PLAIN;
            clip_add(out, number, number.from, number.to);
        }
    }
    if (shape->state == SHAPE_STRING || shape->state == SHAPE_ESCAPE) {
        clip_add(out, span, begin, span.to);
    }
}

/* Whether a span stands all in one string, or is a bare word or number that becomes one. */
static bool is_clipped(struct str text, const struct span *span, const struct shape *before) {
    struct shape shape = *before;

    for (size_t at = span->from; at < span->to && span->style == SPAN_PLAIN; at++) {
        if (shape.state != SHAPE_STRING && shape.state != SHAPE_ESCAPE) {
            return false;
        }
        shape_keep(&shape, str_slice(text, at, at + 1));
    }
    return span->style != SPAN_PLAIN || shape.state == SHAPE_STRING || shape.state == SHAPE_ESCAPE;
}

/* Adds to `out` what of the spans is inside the strings of a line of JSON, and its numbers, and
 * other lines' as they are. NULL: only asks. False: it is all of them. */
static bool spans_clip_to(const struct spans *spans, struct str text, const struct shape *before,
                          struct spans *out) {
    struct shape shape = *before;
    bool is_changed = false;
    bool is_json = false;
    size_t line = 0;
    size_t at = 0;

    for (size_t i = 0; i < spans->n && !(is_changed && out == NULL); i++) {
        struct span span = spans->rows[i];

        if (i == 0 || span.from >= line) {
            const char *begin = memrchr(text.ptr + at, '\n', span.from - at);
            const char *end = memchr(text.ptr + span.from, '\n', text.len - span.from);
            at = begin == NULL ? at : (size_t)(begin + 1 - text.ptr);
            line = end == NULL ? text.len : (size_t)(end + 1 - text.ptr);
            shape = at == 0 ? *before : (struct shape){0};
            is_json = is_json_line(text, at, line, shape);
        }
        bool is_on_line = is_json && span.to <= line;
        if (is_on_line) {
            shape_keep(&shape, str_slice(text, at, span.from));
        }
        at = span.to;
        if (is_on_line && !is_clipped(text, &span, &shape)) {
            is_changed = true;
            span_clip(out, text, span, &shape);
        } else {
            clip_add(out, span, span.from, span.to);
            shape_keep(&shape, str_slice(text, span.from, span.to));
        }
    }
    return is_changed;
}

/* Of a line of JSON only what is inside its strings is replaced, and its numbers. */
static void spans_clip(struct spans *spans, struct str text, const struct shape *before) {
    struct spans clipped = {0};

    if (spans->n > 0 && spans_clip_to(spans, text, before, NULL)) {
        (void)spans_clip_to(spans, text, before, &clipped);
        spans_done(spans);
        *spans = clipped;
        spans_merge(spans);
    }
}

void spans_keep_json(struct spans *spans, struct str text, const struct shape *before) {
    spans_keep_escapes(spans, text);
    spans_quote_numbers(spans, text, before);
    spans_clip(spans, text, before);
}
