/* mongo_store: the intake's draft form. Documents go where the user's configuration says; without
 * MongoDB that is the store of this machine. */
#include "base/clock.h"
#include "tool/services.h"
#include "tool/tool.h"

#define DRAFTS "drafts"

static const struct json_field save_in[] = {
    {"id", JSON_TEXT, false}, {"fields", JSON_MAP, false}, {0}};
static const struct json_field save_out[] = {{"saved", JSON_FLAG, false}, {0}};
static const struct json_field find_in[] = {{"id", JSON_TEXT, false}, {0}};
static const struct json_field find_out[] = {
    {"found", JSON_FLAG, false}, {"fields", JSON_MAP, false}, {0}};

static enum err_code save_draft(struct op *op, json_t **out, struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    struct store_put put = {
        .collection = DRAFTS,
        .id = str_from(json_str_at(op->args, "id")),
        .body = &masked,
        .expires_ms = clock_now_ms() + limit(LIMIT_TTL_BODY_MS),
    };

    redact_json(op->services->redactor, json_object_get(op->args, "fields"), &masked);
    if (store_put_doc(op->services->store, &put, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:b}", "saved", 1);
    return ERR_NONE;
}

static enum err_code find_draft(struct op *op, json_t **out, struct err *err) {
    const struct store_doc *doc = NULL;
    json_t *fields = NULL;

    if (store_get_doc(op->services->store, DRAFTS, str_from(json_str_at(op->args, "id")), op->arena,
                      &doc, err) != ERR_NONE) {
        return err->code;
    }
    if (doc != NULL && json_read(doc->body, &fields, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:b, s:o}", "found", doc != NULL, "fields",
                     fields == NULL ? json_object() : fields);
    return ERR_NONE;
}

/* clang-format off */
static const struct operation operations[] = {
    { .name = "save_draft", .effect = EFFECT_LOCAL, .purpose = "keep the answers of a form",
      .deadline = LIMIT_TOOL_TIMEOUT_MS, .schema_in = save_in, .schema_out = save_out, .run = save_draft },
    { .name = "find_draft", .effect = EFFECT_READ, .purpose = "find the answers of a form again",
      .deadline = LIMIT_TOOL_TIMEOUT_MS, .schema_in = find_in, .schema_out = find_out, .run = find_draft },
};
/* clang-format on */

const struct tool tool_mongo_store = {
    .name = "mongo_store",
    .purpose = "documents that outlive a session",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
