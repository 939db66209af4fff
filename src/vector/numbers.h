/* vector/numbers.h: texts compared by the numbers of a server. For vector.c.
 *
 * The numbers are kept with their text, with the name of who made them; those of two embedders are
 * never compared. What has none of the present one gets them at the next query, EMBED_MORE at a
 * time.
 */
#pragma once

#include "store/store.h"
#include "vector/vector.h"

struct numbers_row {
    json_t *body; /* borrowed; gets its member "numbers" */
    struct str id;
    struct str key;
    int64_t expires_ms;
};

/* Gives each row its cosine with `text`. Blocks as long as the embedder. Errors: those of the
 * embedder and the store, ERR_CONFLICT (not all rows have comparable numbers yet). */
MUST_CHECK enum err_code numbers_score(struct store *store, const struct embedder *embedder,
                                       const char *collection, struct numbers_row *rows, size_t n,
                                       struct str text, double *scores, struct err *err);
