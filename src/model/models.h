/* model/models.h: what a model holds and costs.
 */
#pragma once

#include "guard/tokens/ledger.h"
#include "guard/tokens/tokens.h"

enum { MODEL_NAME_MAX = 96 };

struct model_row {
    char name[MODEL_NAME_MAX];
    uint32_t context; /* tokens of prompt and answer */
    uint32_t answer;  /* tokens of an answer, at most */
    int64_t in_nano;  /* billionths of a US dollar a token; -1: not known */
    int64_t out_nano;
    enum encoding encoding;
};

/* The rows of model.def. */
extern const struct model_row models[];
extern const size_t model_n;

/* The row called `name`; for a name that is not known, a careful row without a price. `name` is cut
 * to its room. */
struct model_row model_find(const char *name);

/* What `used` costs in billionths of a US dollar; -1: not known. */
int64_t model_cost_nano(const struct model_row *row, struct token_sum used);
