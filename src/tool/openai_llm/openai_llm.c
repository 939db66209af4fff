/* openai_llm: a question to the model, a text to the filter. */
#include <string.h>

#include "base/clock.h"
#include "guard/tokens/request.h"
#include "model/client.h"
#include "tool/openai_llm/functions.h"
#include "tool/services.h"

static const struct json_field complete_in[] = {
    {"messages", JSON_LIST, false}, /* [{"role","content",...}] */
    {"creative", JSON_FLAG, true},  /* wording for a person; else planning */
    {"form", JSON_TEXT, true},      /* name of a row of model/schema.def; else text */
    {"offer", JSON_LIST, true},     /* of "tool.operation": reads that it may ask for */
    {"answer_max", JSON_COUNT, true},
    {"shown", JSON_FLAG, true}, /* to the person as it comes */
    {0}};
static const struct json_field complete_out[] = {
    {"text", JSON_TEXT, false},   {"json", JSON_MAP, true},    {"calls", JSON_LIST, true},
    {"finish", JSON_TEXT, false}, {"model", JSON_TEXT, false}, {0}};
static const struct json_field moderate_in[] = {{"text", JSON_TEXT, false}, {0}};
static const struct json_field moderate_out[] = {
    {"answer", JSON_TEXT, false}, /* "passed", "flagged", "unknown", "absent" */
    {"categories", JSON_LIST, true},
    {"why", JSON_TEXT, true}, /* of "unknown" */
    {0}};

enum { LEAST_TOKENS = 64 }; /* of an answer; with fewer nothing is said */

static const double planning_temperature = 0.2;
static const double creative_temperature = 0.5;

static enum err_code no_model(struct err *err) {
    err_set(err, ERR_UNSUPPORTED, "no model is configured");
    return err_remedy(err, "set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own; "
                           "everything works without, in plain words");
}

/* ---- What a call may need ---- */

/* The form's own tokens are counted as its text: the service does not say how it writes it. */
static size_t prompt_tokens(const struct model_row *row, const json_t *messages,
                            const json_t *functions, enum schema form) {
    size_t count = tokens_request(row->encoding, messages, functions);

    return form == SCHEMA_NONE ? count : count + tokens_count(row->encoding, schema_text(form));
}

static enum err_code complete_need(const struct services *services, const json_t *args,
                                   struct token_need *out, struct err *err) {
    const struct model_row *row = model_client_primary(services->model);
    enum schema form = schema_from_name(json_str_or(args, "form", ""));
    int64_t wanted = json_int_or(args, "answer_max", limit(LIMIT_ANSWER_TOKENS));
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(json_decrefp) json_t *messages = NULL;
    CLEANUP(json_decrefp) json_t *functions = NULL;
    size_t count;

    redact_json(services->redactor, json_object_get(args, "messages"), &masked);
    if (json_read(masked_str(&masked), &messages, err) != ERR_NONE ||
        functions_make(json_object_get(args, "offer"), &functions, err) != ERR_NONE) {
        return err->code;
    }
    count = prompt_tokens(row, messages, functions, form);
    wanted = wanted < 1 ? 1 : wanted > row->answer ? row->answer : wanted;
    if (count >= (size_t)limit(LIMIT_PROMPT_TOKENS) || count + (size_t)wanted > row->context) {
        return err_set(err, ERR_TOO_LARGE, "the prompt has %zu tokens; fewer than %lld are sent",
                       count, (long long)limit(LIMIT_PROMPT_TOKENS));
    }
    *out = (struct token_need){.prompt = (uint32_t)count,
                               .least = wanted < LEAST_TOKENS ? (uint32_t)wanted : LEAST_TOKENS,
                               .wanted = (uint32_t)wanted};
    return ERR_NONE;
}

static enum err_code need(const struct services *services, const struct operation *operation,
                          const json_t *args, struct token_need *out, struct err *err) {
    if (services->model == NULL || strcmp(operation->name, "complete") != 0) {
        return ERR_NONE;
    }
    return complete_need(services, args, out, err);
}

/* ---- complete ---- */

/* What the person sees while the call goes on: pieces that hold no secret, pauses. */
struct watch {
    struct op *op;
    struct redact_stream *stream; /* or NULL */
};

static void watch_masked(void *ctx, const struct masked *piece) {
    struct watch *watch = ctx;
    json_t *event = json_pack("{s:s, s:s}", "type", "delta", "call", watch->op->key);

    json_put_strn(event, "text", masked_str(piece));
    op_progress(watch->op, event);
}

static void watch_piece(void *ctx, struct str piece) {
    struct watch *watch = ctx;

    if (watch->stream != NULL) {
        redact_stream_write(watch->stream, piece);
    }
}

static void watch_wait(void *ctx, int64_t ms, const char *why) {
    struct watch *watch = ctx;
    CLEANUP(freep)
    char *text = mem_format("%s; asking again in %.3g s", why, (double)ms / 1000);
    json_t *event = json_pack("{s:s}", "type", "progress");

    json_put_strn(event, "text", str_from(text));
    op_progress(watch->op, event);
}

static json_t *complete_result(const struct model_answer *answer, const json_t *offer) {
    json_t *out = json_object();

    json_put_strn(out, "text", answer->json == NULL ? buf_str(&answer->chat.text) : STR(""));
    if (answer->json != NULL) {
        json_put(out, "json", json_incref(answer->json));
    }
    if (answer->chat.call_n > 0) {
        json_put(out, "calls", functions_read(&answer->chat, offer));
    }
    json_put_str(out, "finish", chat_finish_name(answer->chat.finish));
    json_put_str(out, "model", answer->row.name);
    return out;
}

static void complete_use(struct op *op, const struct model_answer *answer, enum err_code code,
                         enum model_cost cost) {
    if (answer->chat.is_used_known) {
        op->used = answer->chat.used;
        op->is_used_known = true;
    } else if (code != ERR_NONE && cost == MODEL_COST_NOTHING) {
        op->is_used_known = true; /* nothing */
    }
}

static enum err_code complete_ask(struct op *op, const json_t *functions, json_t **out,
                                  struct err *err) {
    const json_t *args = op->args;
    struct watch watch = {.op = op};
    CLEANUP(masked_done) struct masked messages = {0};
    CLEANUP(model_answer_done) struct model_answer answer = {0};
    enum model_cost cost = MODEL_COST_UNKNOWN;
    struct model_request request = {
        .messages = &messages,
        .schema = schema_from_name(json_str_or(args, "form", "")),
        .functions = functions,
        .temperature = json_bool_at(args, "creative") ? creative_temperature : planning_temperature,
        .answer_max = op->held.out,
        .is_cheap = op->is_budget_low,
        .deadline_mono_ms = op->deadline_mono_ms,
        .cancel = op->cancel,
        .watch = {watch_piece, watch_wait, &watch},
    };
    enum err_code code;

    redact_json(op->services->redactor, json_object_get(args, "messages"), &messages);
    if (json_bool_at(args, "shown")) {
        watch.stream = redact_stream_new(op->services->redactor, watch_masked, &watch);
    }
    code = model_complete(op->services->model, &request, &answer, &cost, err);
    (code == ERR_NONE ? redact_stream_end : redact_stream_drop)(watch.stream);
    complete_use(op, &answer, code, cost);
    if (code == ERR_NONE) {
        *out = complete_result(&answer, json_object_get(args, "offer"));
    }
    return code;
}

static enum err_code complete(struct op *op, json_t **out, struct err *err) {
    const char *form = json_str_at(op->args, "form");
    CLEANUP(json_decrefp) json_t *functions = NULL;

    if (op->services->model == NULL) {
        return no_model(err);
    }
    if (form != NULL && schema_from_name(form) == SCHEMA_NONE) {
        return err_set(err, ERR_DEFECT, "there is no form '%.40s'", form);
    }
    if (functions_make(json_object_get(op->args, "offer"), &functions, err) != ERR_NONE) {
        return err->code;
    }
    return complete_ask(op, functions, out, err);
}

/* ---- moderate ---- */

static enum err_code moderate(struct op *op, json_t **out, struct err *err) {
    static const char *const names[] = {[FILTER_UNKNOWN] = "unknown",
                                        [FILTER_PASSED] = "passed",
                                        [FILTER_FLAGGED] = "flagged",
                                        [FILTER_ABSENT] = "absent"};
    CLEANUP(masked_done) struct masked text = {0};
    json_t *categories = NULL;
    struct err why = {0};
    enum filter filter;

    if (op->services->model == NULL) {
        return no_model(err);
    }
    redact_text(op->services->redactor, str_from(json_str_at(op->args, "text")), &text);
    filter = model_filter(op->services->model, &text, op->deadline_mono_ms, op->cancel, &categories,
                          &why);
    if (why.code == ERR_CANCELLED) {
        *err = why;
        return err->code;
    }
    *out = json_pack("{s:s, s:o*}", "answer", names[filter], "categories", categories);
    if (filter == FILTER_UNKNOWN) {
        json_put_strn(*out, "why", str_from(why.text));
    }
    return ERR_NONE;
}

/* clang-format off */
static const struct operation operations[] = {
    { .name = "complete", .effect = EFFECT_READ, .purpose = "a question to the model",
      .deadline = LIMIT_MODEL_TIMEOUT_MS, .schema_in = complete_in, .schema_out = complete_out, .run = complete },
    { .name = "moderate", .effect = EFFECT_READ, .purpose = "what the moderation filter says of a text",
      .deadline = LIMIT_TOOL_TIMEOUT_MS, .schema_in = moderate_in, .schema_out = moderate_out, .run = moderate },
};
/* clang-format on */

const struct tool tool_openai_llm = {
    .name = "openai_llm",
    .purpose = "a language model, which proposes and decides nothing",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
    .need = need,
};
