/* guard/redact/shape.h: what is shown of a text that is not read: its shape, if that is JSON's.
 *
 * Brackets, commas, colons, blanks, the quotes of strings, true, false and null stay; the inside of
 * a string becomes ***, a number "***", and from the first thing on that JSON has not, the rest of
 * the line ***. A text may come in pieces. */
#pragma once

#include "base/buf.h"

enum shape_state {
    SHAPE_BETWEEN = 0, /* a value or a name may begin */
    SHAPE_STRING,
    SHAPE_ESCAPE, /* after a backslash in a string */
    SHAPE_NUMBER,
    SHAPE_WORD,  /* in true, false or null */
    SHAPE_AFTER, /* one has ended */
    SHAPE_OTHER  /* no JSON: the rest of the line */
};

struct shape {
    enum shape_state state;
    char word;      /* the first letter of the word under way */
    size_t word_n;  /* letters of it that came */
    size_t shown_n; /* letters of it, or bytes of the number, that were shown */
    bool is_masked; /* of what is under way, *** was shown */
};

/* Goes over text that is shown as it is. */
void shape_keep(struct shape *shape, struct str text);

/* Appends what is shown of `text`. */
void shape_mask(struct shape *shape, struct str text, struct buf *out);

/* Appends what is shown of what is under way where the text ends. */
void shape_end(struct shape *shape, struct buf *out);
