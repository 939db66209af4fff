/* guard/redact/span.c: spans as a sorted union. */
#include "guard/redact/span.h"

#include <stdlib.h>

void spans_done(struct spans *spans) {
    free(spans->rows);
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
    }
    spans->rows[spans->n++] = span;
}

/* Equal places are told apart, so that the result does not depend on the order of arrival. */
static int span_compare(const void *a, const void *b) {
    const struct span *x = a;
    const struct span *y = b;

    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    if (x->to != y->to) {
        return x->to > y->to ? -1 : 1;
    }
    return (int)y->style - (int)x->style;
}

static bool is_sorted(const struct spans *spans) {
    for (size_t i = 1; i < spans->n; i++) {
        if (span_compare(&spans->rows[i - 1], &spans->rows[i]) > 0) {
            return false;
        }
    }
    return true;
}

static void spans_sort(struct spans *spans) {
    if (!is_sorted(spans)) { /* they mostly come in order */
        qsort(spans->rows, spans->n, sizeof spans->rows[0], span_compare);
    }
}

void spans_merge(struct spans *spans) {
    size_t kept = 0;

    if (spans->n < 2) {
        return;
    }
    spans_sort(spans);
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

void spans_render(const struct spans *spans, struct str text, struct buf *out) {
    static const char *const masks[] = {
        [SPAN_PLAIN] = "***", [SPAN_QUOTED] = "\"***\"", [SPAN_ESCAPED] = "\\\"***\\\""};
    size_t at = 0;

    for (size_t i = 0; i < spans->n; i++) {
        buf_add(out, str_slice(text, at, spans->rows[i].from));
        buf_add_s(out, masks[spans->rows[i].style]);
        at = spans->rows[i].to;
    }
    buf_add(out, str_slice(text, at, text.len));
}
