/* guard/redact/span.c: spans as a sorted union. */
#include "guard/redact/span.h"

#include <stdlib.h>
#include <string.h>

void spans_done(struct spans *spans) {
    free(spans->rows);
    free(spans->other);
    *spans = (struct spans){0};
}

void spans_clear(struct spans *spans) { spans->n = 0; }

void spans_add(struct spans *spans, struct span span) {
    if (span.from >= span.to) {
        return;
    }
    if (spans->n == spans->cap) {
        spans->cap = spans->cap == 0 ? 16 : spans->cap * 2;
        spans->rows = mem_resize(spans->rows, spans->cap * sizeof spans->rows[0]);
        free(spans->other);
        spans->other = NULL;
    }
    spans->rows[spans->n++] = span;
}

/* Equal places are told apart, so that the result does not depend on the order of arrival. */
static int span_compare(const struct span *x, const struct span *y) {
    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    if (x->to != y->to) {
        return x->to > y->to ? -1 : 1;
    }
    return (int)y->style - (int)x->style;
}

/* Where the rows that are in order from `from` on end. */
static size_t run_end(const struct span *rows, size_t from, size_t n) {
    size_t to = from + 1;

    while (to < n && span_compare(&rows[to - 1], &rows[to]) <= 0) {
        to++;
    }
    return to < n ? to : n;
}

/* Puts the rows [from, middle) and [middle, to), each in order, together. */
static void runs_merge(const struct span *rows, size_t from, size_t middle, size_t to,
                       struct span *out) {
    size_t a = from;
    size_t b = middle;

    for (size_t i = from; i < to; i++) {
        bool is_first = a < middle && (b == to || span_compare(&rows[a], &rows[b]) <= 0);
        out[i] = is_first ? rows[a++] : rows[b++];
    }
}

/* Spans come in a few rows in order, one of each way to read the text, which are put together two
 * by two. */
static void spans_sort(struct spans *spans) {
    while (run_end(spans->rows, 0, spans->n) < spans->n) {
        if (spans->other == NULL) { /* kept, for a line with more of them may have come before */
            spans->other = mem_array(spans->cap, sizeof spans->other[0]);
        }
        for (size_t from = 0; from < spans->n;) {
            size_t middle = run_end(spans->rows, from, spans->n);
            size_t to = middle < spans->n ? run_end(spans->rows, middle, spans->n) : middle;

            runs_merge(spans->rows, from, middle, to, spans->other);
            from = to;
        }
        struct span *swap = spans->rows;
        spans->rows = spans->other;
        spans->other = swap;
    }
}

/* Whether an address of e-mail is the end of the password of a URI and its host, USER:PASS@host. */
static bool is_of_uri(const struct span *address, const struct span *password) {
    return password->from <= address->from && address->from < password->to &&
           password->to < address->to;
}

static bool has_kind(const struct span *span, const char *kind) {
    return span->kind[0] == kind[0] && strcmp(span->kind, kind) == 0;
}

/* Drops addresses that are of URIs, whose hosts say what went wrong: of spans in order. */
static void spans_keep_hosts(struct spans *spans) {
    struct span password = {0}; /* the last one of a URI */
    size_t kept = 0;

    for (size_t i = 0; i < spans->n; i++) {
        struct span span = spans->rows[i];
        const struct span *next = &spans->rows[i + 1 < spans->n ? i + 1 : i];
        bool is_address = has_kind(&span, "e-mail");
        bool is_next = is_address && has_kind(next, "uri-password") && is_of_uri(&span, next);

        password = has_kind(&span, "uri-password") ? span : password;
        if (!is_next && !(is_address && is_of_uri(&span, &password))) {
            spans->rows[kept++] = span;
        }
    }
    spans->n = kept;
}

void spans_merge(struct spans *spans) {
    size_t kept = 0;

    if (spans->n < 2) {
        return;
    }
    spans_sort(spans);
    spans_keep_hosts(spans);
    for (size_t i = 1; i < spans->n; i++) {
        struct span *last = &spans->rows[kept];
        const struct span *next = &spans->rows[i];

        if (next->from > last->to) {
            spans->rows[++kept] = *next;
        } else if (next->to > last->to) {
            last->to = next->to;
            last->style = SPAN_PLAIN; /* more than the bare word is replaced */
        }
    }
    spans->n = kept + 1;
}

/* clang-format off */
static const struct str masks[] = {
    [SPAN_PLAIN] = {"***", 3},
    [SPAN_QUOTED] = {"\"***\"", 5},
    [SPAN_ESCAPED] = {"\\\"***\\\"", 7},
    [SPAN_ESCAPED_2] = {"\\\\\\\"***\\\\\\\"", 11},
    [SPAN_ESCAPED_3] = {"\\\\\\\\\\\\\\\"***\\\\\\\\\\\\\\\"", 19},
};
/* clang-format on */

bool spans_are_masks(const struct spans *spans, struct str text) {
    for (size_t i = 0; i < spans->n; i++) {
        const struct span *span = &spans->rows[i];

        if (!str_eq(str_slice(text, span->from, span->to), masks[span->style])) {
            return false;
        }
    }
    return true;
}

void spans_render(const struct spans *spans, struct str text, struct buf *out) {
    size_t at = 0;

    for (size_t i = 0; i < spans->n; i++) {
        buf_add(out, str_slice(text, at, spans->rows[i].from));
        buf_add(out, masks[spans->rows[i].style]);
        at = spans->rows[i].to;
    }
    buf_add(out, str_slice(text, at, text.len));
}
