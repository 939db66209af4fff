/* guard/deceptive.h: characters that a screen does not show as they are. */
#pragma once

#include "base/str.h"

/* Whether a code point moves the cursor, reorders, hides or is hidden: controls, bidirectional and
 * zero-width characters, variation selectors, tags. Source: Unicode TR 36. */
bool is_deceptive(uint32_t point);

/* The next code point of well-formed, NUL-terminated UTF-8 at `*p`, which it moves on. */
uint32_t utf8_next(const char **p);

/* Takes the first code point off UTF-8 that is not empty; one that the end cuts is taken whole. */
uint32_t utf8_take(struct str *text);
