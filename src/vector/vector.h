/* vector/vector.h: texts with tags, kept in the store and found by meaning.
 *
 * A collection holds at most VECTOR_ROWS_MAX texts that are looked at, the newest; older ones
 * expire. Without a server for embeddings the meaning is that of vector/embed.h. Blocking: a query
 * reads the whole collection.
 */
#pragma once

#include <jansson.h>

#include "guard/redact/redact.h"
#include "store/store.h"

enum { VECTOR_ROWS_MAX = 1000, VECTOR_TOP_MAX = 20 };

/* A text to keep. */
struct vector_put {
    const char *collection;    /* "lessons" */
    struct str id;             /* replaces the text with the same id */
    const struct masked *body; /* JSON: {"text","tags":[...],"payload":{...}} */
    int64_t now_ms;
    int64_t expires_ms;
};

/* Keeps it. Errors: those of store_put_doc(). */
MUST_CHECK enum err_code vector_upsert(struct store *store, const struct vector_put *put,
                                       struct err *err);

/* Finds the `top` texts nearest to `text` that carry `tag` (NULL: any), best first:
 * [{"id","score","text","tags","payload"}], score in (0, 1]. The caller decrefs. Errors: those of
 * store_find_docs(). */
MUST_CHECK enum err_code vector_query(struct store *store, const char *collection, struct str text,
                                      const char *tag, size_t top, json_t **out, struct err *err);

/* ---- By the numbers of a server ---- */

enum { EMBED_MORE = 16, EMBED_TEXT_BYTES = 400 }; /* new ones a query; of one text */

/* Who makes numbers of texts. */
struct embedder {
    const char *name;                /* numbers of two names are never compared */
    const struct redactor *redactor; /* what is sent and kept passes it */

    /* Makes the numbers of `n` texts, JSON: an array of strings; row after row of `*out_dim`, the
     * caller's to free(). */
    enum err_code (*embed)(void *ctx, const struct masked *texts, size_t n, float **out,
                           size_t *out_dim, struct err *err);
    void *ctx;
};

/* vector_query() by the meaning that `embedder` knows. Where it does not answer, or not all texts
 * have its numbers yet, it is answered as vector_query() does, and `why` is set. */
MUST_CHECK enum err_code vector_query_by(struct store *store, const struct embedder *embedder,
                                         const char *collection, struct str text, const char *tag,
                                         size_t top, json_t **out, struct err *why,
                                         struct err *err);
