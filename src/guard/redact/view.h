/* guard/redact/view.h: a text as a reader further on will see it, with a map back to its bytes. */
#pragma once

#include "base/str.h"

enum view_kind {
    VIEW_VISIBLE = 0, /* without NUL (UTF-16), zero-width and bidirectional characters, colours */
    VIEW_UNESCAPED,   /* JSON escapes undone, line breaks at any depth; without colours */
    VIEW_PERCENT,     /* percent-encoding undone */
    VIEW_JOINED,      /* long runs of Base64 without the line breaks in them, escaped ones too */
    VIEW_N
};

/* Reused from text to text; {0} is empty. */
struct view {
    char *text;
    uint32_t *map; /* n + 1 source offsets: byte i comes from [map[i], map[i + 1]) */
    size_t n;
    size_t used; /* bytes that hold something to wipe */
    size_t cap;
};

void view_done(struct view *view); /* wipes and frees */
void view_wipe(struct view *view);

/* Builds the view; false when it equals the source, which is then not copied. The source has at
 * most 2^31 bytes. */
bool view_build(struct view *view, enum view_kind kind, struct str source);

/* An escape of JSON that stands for no quote or backslash, at any depth of quoting. */
struct escape {
    size_t from;   /* its backslashes */
    size_t letter; /* after them */
    size_t to;
};

/* The escape that begins before `at` and goes on there; false: there is none. */
bool escape_around(struct str text, size_t at, struct escape *out);
