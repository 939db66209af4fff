/* Texts with tags, kept in the store and found by meaning. */
#include "vector/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "vector/embed.h"
#include "vector/numbers.h"

#define COLLECTION_PREFIX "vector."

/* Measured on test/memory/questions.tsv; see docs/memory.md. */
static const double RARITY_POWER = 1.5;

/* Numbers of a server are less far apart: what is less near says something else. */
static const double NUMBERS_NEAR = 0.3;

struct row {
    json_t *body; /* owned */
    struct str id;
    struct str key;
    int64_t expires_ms;
    struct features features;
    double score; /* the cosine */
};

struct table {
    struct row *rows;
    size_t n;
    struct feature *counts; /* by hash; weight: in how many rows it stands */
    size_t count_n;
};

static char *collection_name(const char *collection) {
    return mem_format(COLLECTION_PREFIX "%s", collection);
}

enum err_code vector_upsert(struct store *store, const struct vector_put *put, struct err *err) {
    CLEANUP(freep) char *name = collection_name(put->collection);
    CLEANUP(freep) char *key = mem_format("%016llx", (unsigned long long)put->now_ms);
    const struct store_put doc = {.collection = name,
                                  .id = put->id,
                                  .key = str_from(key),
                                  .body = put->body,
                                  .expires_ms = put->expires_ms};

    return store_put_doc(store, &doc, err);
}

/* ---- Rarity ---- */

/* Counts in how many rows each feature stands. */
static void table_count(struct table *table) {
    size_t n = 0;
    size_t kept = 0;

    for (size_t i = 0; i < table->n; i++) {
        n += table->rows[i].features.n;
    }
    table->counts = mem_array(n + 1, sizeof *table->counts);
    n = 0;
    for (size_t i = 0; i < table->n; i++) {
        for (size_t k = 0; k < table->rows[i].features.n; k++) {
            table->counts[n++] = (struct feature){table->rows[i].features.rows[k].hash, 1.0F};
        }
    }
    qsort(table->counts, n, sizeof *table->counts, feature_by_hash);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && table->counts[kept - 1].hash == table->counts[i].hash) {
            table->counts[kept - 1].weight += 1.0F;
        } else {
            table->counts[kept++] = table->counts[i];
        }
    }
    table->count_n = kept;
}

/* How rare a feature is among the rows: 1 for one in all of them, more for fewer. */
static double rarity(const struct table *table, unsigned hash) {
    const struct feature key = {hash, 0};
    const struct feature *found =
        bsearch(&key, table->counts, table->count_n, sizeof *table->counts, feature_by_hash);

    double in = found == NULL ? 0.0 : (double)found->weight;

    return pow(1.0 + log((double)(table->n + 1) / (1.0 + in)), RARITY_POWER);
}

/* Gives each feature the weight that its rarity adds, and the whole the length of one. */
static void weigh(const struct table *table, struct features *features) {
    double sum = 0;

    for (size_t i = 0; i < features->n; i++) {
        double weight = features->rows[i].weight * rarity(table, features->rows[i].hash);

        features->rows[i].weight = (float)weight;
        sum += weight * weight;
    }
    for (size_t i = 0; i < features->n; i++) {
        features->rows[i].weight /= (float)sqrt(sum);
    }
}

/* The cosine of two texts that were weighed. */
static double nearness(const struct features *a, const struct features *b) {
    double product = 0;
    size_t i = 0;
    size_t k = 0;

    while (i < a->n && k < b->n) {
        if (a->rows[i].hash == b->rows[k].hash) {
            product += (double)a->rows[i++].weight * (double)b->rows[k++].weight;
        } else if (a->rows[i].hash < b->rows[k].hash) {
            i++;
        } else {
            k++;
        }
    }
    return product;
}

/* ---- Queries ---- */

static void table_done(struct table *table) {
    for (size_t i = 0; i < table->n; i++) {
        json_decref(table->rows[i].body);
        features_done(&table->rows[i].features);
    }
    free(table->rows);
    free(table->counts);
}

static enum err_code table_read(struct store *store, const char *collection, const char *tag,
                                struct arena *arena, struct table *out, struct err *err) {
    CLEANUP(freep) char *name = collection_name(collection);
    const struct store_find find = {
        .collection = name, .is_descending = true, .limit = VECTOR_ROWS_MAX};
    const struct store_doc *docs = NULL;
    size_t n = 0;

    if (store_find_docs(store, &find, arena, &docs, &n, err) != ERR_NONE) {
        return err->code;
    }
    out->rows = mem_array(n + 1, sizeof *out->rows);
    for (size_t i = 0; i < n; i++) {
        struct row *row = &out->rows[out->n];

        if (json_read(docs[i].body, &row->body, err) != ERR_NONE) {
            return err->code;
        }
        if (tag != NULL && !json_has_str(json_object_get(row->body, "tags"), tag)) {
            json_decref(row->body);
            row->body = NULL;
            continue;
        }
        row->id = docs[i].id;
        row->key = docs[i].key;
        row->expires_ms = docs[i].expires_ms;
        features_make(str_from(json_str_or(row->body, "text", "")), &row->features);
        out->n++;
    }
    return ERR_NONE;
}

static int by_score(const void *a, const void *b) {
    const struct row *x = a;
    const struct row *y = b;

    return x->score > y->score ? -1 : x->score < y->score ? 1 : str_cmp(x->id, y->id);
}

/* The nearest rows as they are given out: without their numbers. */
static json_t *table_best(struct table *table, size_t top) {
    json_t *found = json_array();

    qsort(table->rows, table->n, sizeof *table->rows, by_score);
    for (size_t i = 0; i < table->n && i < top && i < VECTOR_TOP_MAX && table->rows[i].score > 0;
         i++) {
        json_t *row = json_copy(table->rows[i].body);

        (void)json_object_del(row, "numbers");
        json_put_strn(row, "id", table->rows[i].id);
        json_put(row, "score", json_real(table->rows[i].score));
        (void)json_array_append_new(found, row);
    }
    return found;
}

static void table_score(struct table *table, struct str text) {
    CLEANUP(features_done) struct features wanted = {0};

    features_make(text, &wanted);
    table_count(table);
    weigh(table, &wanted);
    for (size_t i = 0; i < table->n; i++) {
        weigh(table, &table->rows[i].features);
        table->rows[i].score = nearness(&wanted, &table->rows[i].features);
    }
}

/* False with `why` where the numbers do not decide. */
static bool table_score_by(struct store *store, const struct embedder *embedder,
                           const char *collection, struct table *table, struct str text,
                           struct err *why) {
    CLEANUP(freep) struct numbers_row *rows = mem_array(table->n + 1, sizeof *rows);
    CLEANUP(freep) double *scores = mem_array(table->n + 1, sizeof *scores);
    CLEANUP(freep) char *name = collection_name(collection);

    for (size_t i = 0; i < table->n; i++) {
        rows[i] = (struct numbers_row){.body = table->rows[i].body,
                                       .id = table->rows[i].id,
                                       .key = table->rows[i].key,
                                       .expires_ms = table->rows[i].expires_ms};
    }
    if (numbers_score(store, embedder, name, rows, table->n, text, scores, why) != ERR_NONE) {
        return false;
    }
    for (size_t i = 0; i < table->n; i++) {
        table->rows[i].score = scores[i] < NUMBERS_NEAR ? 0 : scores[i];
    }
    return true;
}

enum err_code vector_query_by(struct store *store, const struct embedder *embedder,
                              const char *collection, struct str text, const char *tag, size_t top,
                              json_t **out, struct err *why, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(table_done) struct table table = {0};

    if (table_read(store, collection, tag, arena, &table, err) != ERR_NONE) {
        return err->code;
    }
    if (embedder == NULL || table.n == 0 ||
        !table_score_by(store, embedder, collection, &table, text, why)) {
        table_score(&table, text);
    }
    *out = table_best(&table, top);
    return ERR_NONE;
}

enum err_code vector_query(struct store *store, const char *collection, struct str text,
                           const char *tag, size_t top, json_t **out, struct err *err) {
    struct err why = {0};

    return vector_query_by(store, NULL, collection, text, tag, top, out, &why, err);
}
