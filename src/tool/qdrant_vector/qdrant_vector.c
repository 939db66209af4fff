/* qdrant_vector: texts found by meaning. Without Qdrant they are in the store of this machine. */
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "model/client.h"
#include "tool/services.h"
#include "tool/tool.h"
#include "vector/vector.h"

/* clang-format off */
static const struct json_field upsert_in[] = {
    { "collection", JSON_TEXT, false }, { "text", JSON_TEXT, false }, { "tags", JSON_LIST, false },
    { "payload", JSON_MAP, true },      { 0 } };
static const struct json_field upsert_out[] = { { "id", JSON_TEXT, false }, { 0 } };
static const struct json_field query_in[] = {
    { "collection", JSON_TEXT, false }, { "text", JSON_TEXT, false }, { "tag", JSON_TEXT, true }, { 0 } };
static const struct json_field query_out[] = { { "found", JSON_LIST, false },
    { "note", JSON_TEXT, true }, /* why a server's embeddings did not decide */
    { 0 } };
/* clang-format on */

enum { QUERY_TOP = 5 };

/* The same text is the same row. */
static enum err_code upsert(struct op *op, json_t **out, struct err *err) {
    const char *text = json_str_at(op->args, "text");
    struct sha256_hex id = sha256_hex(sha256_of(str_from(text)));
    CLEANUP(json_decrefp)
    json_t *body =
        json_pack("{s:s, s:O, s:O*}", "text", text, "tags", json_object_get(op->args, "tags"),
                  "payload", json_object_get(op->args, "payload"));
    CLEANUP(masked_done) struct masked masked = {0};
    int64_t now_ms = clock_now_ms();
    struct vector_put put = {.collection = json_str_at(op->args, "collection"),
                             .id = str_from(id.text),
                             .body = &masked,
                             .now_ms = now_ms,
                             .expires_ms = now_ms + limit(LIMIT_TTL_BODY_MS)};

    redact_json(op->services->redactor, body, &masked);
    if (vector_upsert(op->services->store, &put, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:s}", "id", id.text);
    return ERR_NONE;
}

/* ---- query ---- */

static enum err_code embed(void *ctx, const struct masked *texts, size_t n, float **out,
                           size_t *out_dim, struct err *err) {
    struct op *op = ctx;
    CLEANUP(model_numbers_done) struct model_numbers numbers = {0};

    op->is_used_known = false; /* what a server did without an answer is not known */
    if (model_embed(op->services->model, texts, n, op->deadline_mono_ms, op->cancel, &numbers,
                    err) != ERR_NONE) {
        return err->code;
    }
    op->used = (struct token_sum){.in = numbers.used};
    op->is_used_known = true;
    *out_dim = numbers.dim;
    *out = TAKE(numbers.rows);
    return ERR_NONE;
}

static const char *embedder_name(const struct services *services) {
    return services->model == NULL ? NULL : model_client_embedder(services->model);
}

static enum err_code query(struct op *op, json_t **out, struct err *err) {
    const struct embedder embedder = {.name = embedder_name(op->services),
                                      .redactor = op->services->redactor,
                                      .embed = embed,
                                      .ctx = op};
    json_t *found = NULL;
    struct err why = {0};

    op->is_used_known = true; /* nothing, until somebody is asked */
    if (vector_query_by(op->services->store, embedder.name == NULL ? NULL : &embedder,
                        json_str_at(op->args, "collection"),
                        str_from(json_str_at(op->args, "text")), json_str_at(op->args, "tag"),
                        QUERY_TOP, &found, &why, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:o}", "found", found);
    if (why.code != ERR_NONE) {
        CLEANUP(freep)
        char *note = mem_format("Looking by this machine's own reading: %s", why.text);

        json_put_strn(*out, "note", str_from(note));
    }
    return ERR_NONE;
}

/* At worst: the question, and EMBED_MORE texts that have no numbers yet. A token has a byte at
 * least. */
static enum err_code need(const struct services *services, const struct operation *operation,
                          const json_t *args, struct token_need *out, struct err *err) {
    (void)args;
    (void)err;
    if (embedder_name(services) != NULL && strcmp(operation->name, "query") == 0) {
        *out = (struct token_need){
            .prompt = (EMBED_MORE + 1) * EMBED_TEXT_BYTES, .least = 1, .wanted = 1};
    }
    return ERR_NONE;
}

/* clang-format off */
static const struct operation operations[] = {
    { .name = "upsert", .effect = EFFECT_LOCAL, .purpose = "keep a text so that it can be found by meaning",
      .deadline = LIMIT_TOOL_TIMEOUT_MS, .schema_in = upsert_in, .schema_out = upsert_out, .run = upsert },
    { .name = "query", .effect = EFFECT_READ, .purpose = "find the texts nearest in meaning",
      .deadline = LIMIT_TOOL_TIMEOUT_MS, .schema_in = query_in, .schema_out = query_out, .run = query },
};
/* clang-format on */

const struct tool tool_qdrant_vector = {
    .name = "qdrant_vector",
    .purpose = "texts found by meaning",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
    .need = need,
};
