/* guard/plain_words.h: what a reader takes a text for, as plain words. */
#pragma once

#include "base/buf.h"

/* Appends the words of `text`, at most `max` bytes of it, in lower case, one blank before each and
 * one at the end: without marks on letters and what no screen shows; with letters for what only
 * looks like them (full width, mathematical, those of other alphabets and digits within a word),
 * and single letters joined. Characters of Chinese, Japanese and Korean are words of their own. */
void plain_words(struct str text, size_t max, struct buf *out);
