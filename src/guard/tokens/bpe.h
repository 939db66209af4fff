/* guard/tokens/bpe.h: the tokens of one piece: byte pairs merged by rank, lowest first, leftmost
 * first.
 *
 * Instead of merging, the longest token is taken at each place and kept only when it and the one
 * before it could stand beside each other; else a shorter one, else the one before is taken back.
 * A text has one row of tokens in which all neighbours agree, and it is the one that merging gives.
 * Each place is given up at most once, so the time is linear in the length of the piece.
 *
 * Source: the README of the crate `bpe` (github/rust-gems), for the fact that the row is unique and
 * that agreement is a matter of neighbours; how it is told is written out in bpe.c.
 */
#pragma once

#include "guard/tokens/table.h"

/* The number of tokens of `n` > 0 bytes; with `ids`, which holds `n`, also their ranks. */
size_t bpe_piece(const struct token_table *table, const unsigned char *bytes, size_t n,
                 uint32_t *ids);
