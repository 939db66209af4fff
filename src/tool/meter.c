/* The meter of a session's tokens: its ledger, what the person was told and asked. */
#include "tool/meter.h"

#include <stdlib.h>
#include <string.h>

struct meter {
    struct token_ledger ledger;
    enum token_level told;
    bool is_alarmed;
    bool is_answered;
    bool is_raised;
    char **sessions; /* that are counted */
    size_t session_n;
};

struct meter *meter_new(void) {
    struct meter *meter = mem_alloc(sizeof *meter);

    token_ledger_init(&meter->ledger, (struct token_sum){0, 0});
    return meter;
}

void meter_free(struct meter *meter) {
    if (meter != NULL) {
        for (size_t i = 0; i < meter->session_n; i++) {
            free(meter->sessions[i]);
        }
        free(meter->sessions);
        free(meter);
    }
}

struct token_ledger *meter_ledger(struct meter *meter) {
    return &meter->ledger;
}

bool meter_join(struct meter *meter, const char *session) {
    for (size_t i = 0; i < meter->session_n; i++) {
        if (strcmp(meter->sessions[i], session) == 0) {
            return false;
        }
    }
    meter->sessions = mem_resize(meter->sessions, (meter->session_n + 1) * sizeof *meter->sessions);
    meter->sessions[meter->session_n++] = mem_strdup(session);
    return true;
}

json_t *meter_question(void) {
    CLEANUP(freep)
    char *text = mem_format(
        "This session's budget for the model is used up: %lld tokens for questions, %lld for "
        "answers. Commands such as deploy and status work without it. Raise it, once, to %lld and "
        "%lld?",
        (long long)limit(LIMIT_TOKENS_IN), (long long)limit(LIMIT_TOKENS_OUT),
        (long long)limit(LIMIT_TOKENS_IN_CEILING), (long long)limit(LIMIT_TOKENS_OUT_CEILING));

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "field", "token_budget", "kind", "confirm",
                     "code", "token_budget", "question", text, "default", "no", "help",
                     "no: the model is not asked any more until aws-copilot is started again");
}

struct sha256_hex meter_question_digest(void) {
    CLEANUP(json_decrefp) json_t *question = meter_question();

    return sha256_hex(json_hash(question));
}

void meter_answered(struct meter *meter, bool is_yes) {
    meter->is_answered = true;
    if (is_yes && !meter->is_raised) {
        meter->is_raised = true;
        token_ledger_raise(&meter->ledger);
        meter->told = TOKEN_LEVEL_LOW; /* of the new budget */
    }
}

bool meter_may_ask(const struct meter *meter) { return !meter->is_answered; }

bool meter_is_raised(const struct meter *meter) { return meter->is_raised; }

enum token_level meter_news(struct meter *meter) {
    enum token_level level = token_ledger_level(&meter->ledger);

    if (level <= meter->told) {
        return TOKEN_LEVEL_LOW;
    }
    meter->told = level;
    return level;
}

bool meter_alarm(struct meter *meter) {
    bool is_first = !meter->is_alarmed;

    meter->is_alarmed = true;
    return is_first;
}
