/* guard/redact/span.h: pieces of a text that will be masked, collected in any order. */
#pragma once

#include "base/buf.h"

enum span_style {
    SPAN_PLAIN = 0, /* *** */
    SPAN_QUOTED,    /* "***": a bare number or word where JSON stands */
    SPAN_ESCAPED,   /* \"***\": the same where JSON stands inside a JSON string, ... */
    SPAN_ESCAPED_2, /* ... in a string inside one, ... */
    SPAN_ESCAPED_3  /* ... and in a third */
};

struct span {
    size_t from;
    size_t to;        /* exclusive; never equal to `from` */
    const char *kind; /* constant */
    enum span_style style;
};

struct spans {
    struct span *rows;
    size_t n;
    size_t cap;
    struct span *other; /* room to sort them, as much or none */
};

void spans_done(struct spans *spans);
void spans_clear(struct spans *spans);

/* Adds a span; an empty one is dropped. */
void spans_add(struct spans *spans, struct span span);

/* Sorts and joins what overlaps or touches; the kind of the earliest stays. An address of
 * e-mail that begins in the password of a URI is dropped: what follows the @ is its host. */
void spans_merge(struct spans *spans);

/* Whether each span (merged) stands on its own mask in `text`, which rendering would not change. */
bool spans_are_masks(const struct spans *spans, struct str text);

/* Appends `text` with its spans (merged) replaced. */
void spans_render(const struct spans *spans, struct str text, struct buf *out);
