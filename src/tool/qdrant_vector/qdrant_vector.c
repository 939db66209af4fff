/* qdrant_vector: texts found by meaning. Without Qdrant they are in the store of this machine. */
#include "base/clock.h"
#include "base/hash.h"
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
static const struct json_field query_out[] = { { "found", JSON_LIST, false }, { 0 } };
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

static enum err_code query(struct op *op, json_t **out, struct err *err) {
    json_t *found = NULL;

    if (vector_query(op->services->store, json_str_at(op->args, "collection"),
                     str_from(json_str_at(op->args, "text")), json_str_at(op->args, "tag"),
                     QUERY_TOP, &found, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:o}", "found", found);
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
};
