/* The table of models. */
#include "model/models.h"

#include <stdio.h>
#include <string.h>

const struct model_row models[] = {
#define MODEL(name, context, answer, in, out, encoding)                                            \
    {name, context, answer, in, out, ENCODING_##encoding},
#include "model/model.def"
#undef MODEL
};
const size_t model_n = ARRAY_N(models);

/* What small models on one's own machine hold at least. */
enum { CONTEXT_UNKNOWN = 8192, ANSWER_UNKNOWN = 2048 };

struct model_row model_find(const char *name) {
    struct model_row row = {.context = CONTEXT_UNKNOWN,
                            .answer = ANSWER_UNKNOWN,
                            .in_nano = -1,
                            .out_nano = -1,
                            .encoding = ENCODING_O200K_BASE};

    for (size_t i = 0; i < model_n; i++) {
        if (strcmp(models[i].name, name) == 0) {
            return models[i];
        }
    }
    (void)snprintf(row.name, sizeof row.name, "%s", name);
    return row;
}

int64_t model_cost_nano(const struct model_row *row, struct token_sum used) {
    return row->in_nano < 0 || row->out_nano < 0
               ? -1
               : (int64_t)used.in * row->in_nano + (int64_t)used.out * row->out_nano;
}
