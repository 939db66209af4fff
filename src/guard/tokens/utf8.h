/* guard/tokens/utf8.h: what is not UTF-8 in a text, and the text without it.
 *
 * Source: the Unicode Standard, 3.9, "U+FFFD Substitution of Maximal Subparts".
 */
#pragma once

#include "base/buf.h"

/* The length of the well-formed beginning of `text`. */
size_t utf8_span(struct str text);

/* At bytes that are not well-formed: how many U+FFFD stands for. `*is_cut`: they are the beginning
 * of a character, and the text ends there. */
size_t utf8_bad(struct str text, bool *is_cut);

/* Appends `text`, with U+FFFD for what is not well-formed. */
void utf8_add(struct buf *out, struct str text);
