/* Asks the model of OPENAI_BASE_URL, a request a line:  model_probe [MODEL [FALLBACK]]
 *
 * A line is
 * {"messages","form","offer","creative","answer_max","timeout_ms","stall_ms","cancel_after"} or
 * {"moderate": text, "timeout_ms"} or {"embed": [texts]}. Answered by a line
 * {"error","text","json","calls","finish","model","in","out","cost","pieces", "waits"}, or
 * {"answer","categories"}, or {"numbers": [[...]],"in"}. For test/e2e/test_model.py and
 * scripts/model-check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "guard/limits.h"
#include "model/client.h"
#include "tool/openai_llm/functions.h"

enum { LINE_BYTES = 4 << 20, TIMEOUT_MS = 60000 };

struct probe {
    struct redactor *redactor;
    struct model_client *client;
    int pieces;
    int waits;
    int64_t cancel_after; /* pieces; 0: never */
    atomic_bool cancel;
};

static void on_piece(void *ctx, struct str piece) {
    struct probe *probe = ctx;

    (void)piece;
    probe->pieces++;
    if (probe->cancel_after > 0 && probe->pieces >= probe->cancel_after) {
        atomic_store(&probe->cancel, true);
    }
}

static void on_wait(void *ctx, int64_t ms, const char *why) {
    struct probe *probe = ctx;

    (void)ms;
    (void)why;
    probe->waits++;
}

static void put_error(json_t *out, const struct err *err) {
    json_put_str(out, "error", err_wire(err->code));
    json_put_strn(out, "why", str_from(err->text));
    json_put_strn(out, "remedy", str_from(err->remedy));
}

static json_t *complete(struct probe *probe, const json_t *asked) {
    CLEANUP(masked_done) struct masked messages = {0};
    CLEANUP(model_answer_done) struct model_answer answer = {0};
    CLEANUP(json_decrefp) json_t *functions = NULL;
    const json_t *offer = json_object_get(asked, "offer");
    json_t *out = json_object();
    enum model_cost cost = MODEL_COST_UNKNOWN;
    struct err err = {0};
    struct model_request request = {
        .messages = &messages,
        .schema = schema_from_name(json_str_or(asked, "form", "")),
        .temperature = json_bool_at(asked, "creative") ? 0.5 : 0.2,
        .answer_max = (uint32_t)json_int_or(asked, "answer_max", limit(LIMIT_ANSWER_TOKENS)),
        .is_cheap = json_bool_at(asked, "cheap"),
        .deadline_mono_ms = clock_mono_ms() + json_int_or(asked, "timeout_ms", TIMEOUT_MS),
        .cancel = &probe->cancel,
        .watch = {on_piece, on_wait, probe},
    };

    probe->pieces = probe->waits = 0;
    probe->cancel_after = json_int_or(asked, "cancel_after", 0);
    atomic_store(&probe->cancel, false);
    redact_json(probe->redactor, json_object_get(asked, "messages"), &messages);
    if (functions_make(offer, &functions, &err) != ERR_NONE) {
        put_error(out, &err);
        return out;
    }
    request.functions = functions;
    if (model_complete(probe->client, &request, &answer, &cost, &err) != ERR_NONE) {
        put_error(out, &err);
        json_put_str(out, "cost", cost == MODEL_COST_NOTHING ? "nothing" : "unknown");
    } else {
        json_put_str(out, "finish", chat_finish_name(answer.chat.finish));
        json_put_str(out, "model", answer.row.name);
        json_put(out, "calls", functions_read(&answer.chat, offer));
    }
    json_put_strn(out, "text", buf_str(&answer.chat.text));
    if (answer.json != NULL) {
        json_put(out, "json", json_incref(answer.json));
    }
    if (answer.chat.is_used_known) {
        json_put_int(out, "in", answer.chat.used.in);
        json_put_int(out, "out", answer.chat.used.out);
    }
    json_put_int(out, "pieces", probe->pieces);
    json_put_int(out, "waits", probe->waits);
    return out;
}

static json_t *moderate(struct probe *probe, const char *text, int64_t timeout_ms) {
    static const char *const names[] = {"unknown", "passed", "flagged", "absent"};
    CLEANUP(masked_done) struct masked masked = {0};
    json_t *categories = NULL;
    struct err why = {0};
    enum filter filter;

    redact_text(probe->redactor, str_from(text), &masked);
    filter =
        model_filter(probe->client, &masked, clock_mono_ms() + timeout_ms, NULL, &categories, &why);
    return json_pack("{s:s, s:o*, s:s}", "answer", names[filter], "categories", categories, "why",
                     why.text);
}

static json_t *embed(struct probe *probe, const json_t *texts) {
    size_t n = json_array_size(texts);
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(model_numbers_done) struct model_numbers numbers = {0};
    json_t *out = json_object();
    json_t *rows = json_array();
    struct err err = {0};

    redact_json(probe->redactor, texts, &masked);
    if (model_embed(probe->client, &masked, n, clock_mono_ms() + TIMEOUT_MS, NULL, &numbers,
                    &err) != ERR_NONE) {
        put_error(out, &err);
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_array();

        for (size_t k = 0; k < numbers.dim; k++) {
            (void)json_array_append_new(row, json_real((double)numbers.rows[i * numbers.dim + k]));
        }
        (void)json_array_append_new(rows, row);
    }
    json_put(out, "numbers", rows);
    json_put_int(out, "in", numbers.used);
    return out;
}

/* Why a line cannot be answered ends the probe. */
static json_t *answer_line(struct probe *probe, const char *line) {
    CLEANUP(json_decrefp) json_t *asked = NULL;
    struct err err = {0};

    if (json_read(str_trim(str_from(line)), &asked, &err) != ERR_NONE) {
        (void)fprintf(stderr, "model_probe: %s\n", err.text);
        exit(2);
    }
    if (json_object_get(asked, "embed") != NULL) {
        return embed(probe, json_object_get(asked, "embed"));
    }
    return json_str_at(asked, "moderate") != NULL
               ? moderate(probe, json_str_at(asked, "moderate"),
                          json_int_or(asked, "timeout_ms", TIMEOUT_MS))
               : complete(probe, asked);
}

int main(int argc, char **argv) {
    struct probe probe = {.redactor = redactor_new()};
    const char *stall = getenv("MODEL_PROBE_STALL_MS");
    struct model_options options = {
        .base_url = getenv("OPENAI_BASE_URL"),
        .key = str_from(getenv("OPENAI_API_KEY")),
        .primary = model_find(argc > 1 ? argv[1] : models[0].name),
        .fallback = model_find(argc > 2 ? argv[2] : ""),
        .embedder = "tiny-embeddings",
        .stall_ms = stall == NULL ? 0 : strtoll(stall, NULL, 10),
    };
    char *line = mem_alloc(LINE_BYTES);
    struct err err = {0};

    if (model_client_new(&options, &probe.client, &err) != ERR_NONE) {
        (void)fprintf(stderr, "model_probe: %s\n", err.text);
        return 2;
    }
    while (fgets(line, LINE_BYTES, stdin) != NULL) {
        CLEANUP(json_decrefp) json_t *out = answer_line(&probe, line);
        CLEANUP(freep) char *text = json_text(out);

        (void)printf("%s\n", text);
        (void)fflush(stdout);
    }
    model_client_free(probe.client);
    redactor_free(probe.redactor);
    free(line);
    return 0;
}
