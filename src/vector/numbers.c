/* Texts compared by the numbers of a server: kept with the text, made where they are missing. */
#include "vector/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "vector/vector.h"

enum { STEPS = 127 }; /* a number of the longest text is one of so many on each side */

/* One row of small whole numbers: the direction, which is all that a cosine looks at. */
static json_t *numbers_pack(const char *by, const float *row, size_t dim) {
    json_t *values = json_array();
    double most = 0;

    for (size_t i = 0; i < dim; i++) {
        most = fabs((double)row[i]) > most ? fabs((double)row[i]) : most;
    }
    for (size_t i = 0; i < dim; i++) {
        double step = most > 0 ? round((double)row[i] / most * STEPS) : 0;

        (void)json_array_append_new(values, json_integer((json_int_t)step));
    }
    return json_pack("{s:s, s:o}", "by", by, "values", values);
}

static const json_t *numbers_of(const json_t *body, const char *by) {
    const json_t *numbers = json_object_get(body, "numbers");

    return strcmp(json_str_or(numbers, "by", ""), by) == 0 ? json_object_get(numbers, "values")
                                                           : NULL;
}

static double cosine(const json_t *a, const json_t *b) {
    double product = 0;
    double left = 0;
    double right = 0;

    for (size_t i = 0; i < json_array_size(a); i++) {
        double x = (double)json_integer_value(json_array_get(a, i));
        double y = (double)json_integer_value(json_array_get(b, i));

        product += x * y;
        left += x * x;
        right += y * y;
    }
    return left > 0 && right > 0 ? product / sqrt(left * right) : 0;
}

/* The rows without numbers of this embedder, the newest first; the first EMBED_MORE of them. */
static size_t rows_without(const struct numbers_row *rows, size_t n, const char *by,
                           size_t missing[EMBED_MORE]) {
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        if (numbers_of(rows[i].body, by) == NULL) {
            if (found < EMBED_MORE) {
                missing[found] = i;
            }
            found++;
        }
    }
    return found;
}

static enum err_code row_keep(struct store *store, const struct embedder *embedder,
                              const char *collection, const struct numbers_row *row,
                              struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    const struct store_put put = {.collection = collection,
                                  .id = row->id,
                                  .key = row->key,
                                  .body = &masked,
                                  .expires_ms = row->expires_ms};

    redact_json(embedder->redactor, row->body, &masked);
    return store_put_doc(store, &put, err);
}

/* Numbers of another length are of another model behind the same name: they are made anew. */
static enum err_code rows_agree(struct store *store, const struct embedder *embedder,
                                const char *collection, struct numbers_row *rows, size_t n,
                                size_t dim, struct err *err) {
    bool is_other = false;

    for (size_t i = 0; i < n; i++) {
        const json_t *values = numbers_of(rows[i].body, embedder->name);

        if (values != NULL && json_array_size(values) != dim) {
            is_other = true;
            (void)json_object_del(rows[i].body, "numbers");
            if (row_keep(store, embedder, collection, &rows[i], err) != ERR_NONE) {
                return err->code;
            }
        }
    }
    return is_other
               ? err_set(err, ERR_CONFLICT, "the embeddings of %s have another length than before",
                         embedder->name)
               : ERR_NONE;
}

/* Asks for the query and what is missing, and keeps that. `*out` is the query's. */
static enum err_code numbers_make(struct store *store, const struct embedder *embedder,
                                  const char *collection, struct numbers_row *rows, size_t n,
                                  struct str text, json_t **out, struct err *err) {
    size_t missing[EMBED_MORE];
    size_t lacking = rows_without(rows, n, embedder->name, missing);
    size_t more = lacking < EMBED_MORE ? lacking : EMBED_MORE;
    CLEANUP(json_decrefp) json_t *texts = json_array();
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) float *made = NULL;
    size_t dim = 0;

    (void)json_array_append_new(texts, json_string_of(str_slice(text, 0, EMBED_TEXT_BYTES)));
    for (size_t i = 0; i < more; i++) {
        struct str one = str_from(json_str_or(rows[missing[i]].body, "text", " "));

        (void)json_array_append_new(texts, json_string_of(str_slice(one, 0, EMBED_TEXT_BYTES)));
    }
    redact_json(embedder->redactor, texts, &masked);
    if (embedder->embed(embedder->ctx, &masked, more + 1, &made, &dim, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < more; i++) {
        struct numbers_row *row = &rows[missing[i]];

        json_put(row->body, "numbers", numbers_pack(embedder->name, made + (i + 1) * dim, dim));
        if (row_keep(store, embedder, collection, row, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (lacking > more) {
        return err_set(err, ERR_CONFLICT, "%zu older texts have no embeddings of %s yet",
                       lacking - more, embedder->name);
    }
    if (rows_agree(store, embedder, collection, rows, n, dim, err) != ERR_NONE) {
        return err->code;
    }
    *out = numbers_pack(embedder->name, made, dim);
    return ERR_NONE;
}

enum err_code numbers_score(struct store *store, const struct embedder *embedder,
                            const char *collection, struct numbers_row *rows, size_t n,
                            struct str text, double *scores, struct err *err) {
    CLEANUP(json_decrefp) json_t *query = NULL;

    if (numbers_make(store, embedder, collection, rows, n, text, &query, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        scores[i] =
            cosine(json_object_get(query, "values"), numbers_of(rows[i].body, embedder->name));
    }
    return ERR_NONE;
}
