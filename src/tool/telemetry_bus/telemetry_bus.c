/* telemetry_bus: an agent's own event, on its way to the sinks through the redactor. */
#include "telemetry/bus.h"
#include "tool/tool.h"

static const struct json_field emit_in[] = {
    {"type", JSON_TEXT, false}, {"fields", JSON_MAP, false}, {0}};
static const struct json_field emit_out[] = {{"sent", JSON_FLAG, false}, {0}};

static enum err_code emit(struct op *op, json_t **out, struct err *err) {
    const char *type = json_str_at(op->args, "type");
    json_t *event;

    if (event_from_type(type) == EVENT_NONE) {
        return err_set(err, ERR_INVALID, "there is no event '%s'", type);
    }
    event = json_deep_copy(json_object_get(op->args, "fields"));
    json_put_str(event, "type", type);
    op_progress(op, event);
    *out = json_pack("{s:b}", "sent", 1);
    return ERR_NONE;
}

static const struct operation operations[] = {
    {.name = "emit",
     .effect = EFFECT_NOTIFY,
     .purpose = "send a structured event",
     .deadline = LIMIT_TOOL_TIMEOUT_MS,
     .schema_in = emit_in,
     .schema_out = emit_out,
     .run = emit},
};

const struct tool tool_telemetry_bus = {
    .name = "telemetry_bus",
    .purpose = "structured events",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
