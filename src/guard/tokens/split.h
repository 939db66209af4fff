/* guard/tokens/split.h: where the pieces of a text end; merging never crosses a piece.
 *
 * Each encoding has its pattern, a row of alternatives of which the first that matches counts. They
 * are written out by hand below; scripts/token_table.c makes the classes of characters into a
 * table. The text is well-formed UTF-8.
 *
 * Source: the patterns of o200k_base and cl100k_base in tiktoken; Unicode 16, General_Category and
 * White_Space.
 */
#pragma once

#include <stddef.h>

/* Returns the end of the piece that begins at `at` < `n`; beyond `n` there is nothing. */
typedef size_t split_fn(const unsigned char *text, size_t n, size_t at);

split_fn split_o200k;
split_fn split_cl100k;
