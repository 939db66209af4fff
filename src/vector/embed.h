/* vector/embed.h: what a text is about, as weighted features; no model.
 *
 * Words (without those that say nothing), their stems, the notion behind them ("crashed", "broke",
 * "failed" are one), pairs of neighbours and pieces of three letters, each hashed to 32 bits. The
 * same text always gives the same features, on every machine. Pure.
 */
#pragma once

#include "base/str.h"

struct feature {
    unsigned hash;
    float weight; /* by kind and, below linear, by how often it stands there */
};

struct features {
    struct feature *rows; /* by hash, each once; owned */
    size_t n;
};
void features_done(struct features *features);

/* The order of features by hash, for qsort() and bsearch(). */
int feature_by_hash(const void *a, const void *b);

enum { EMBED_BYTES_MAX = 16 * 1024 }; /* of a text; what is behind is not read */

/* Makes the features of a text. The caller frees with features_done(). */
void features_make(struct str text, struct features *out);
