/* The gate's budget: what a call may spend is held before it, settled after it, told and asked. */
#include "tool/gate_room.h"

#include <stdio.h>
#include <string.h>

json_t *gate_sum_json(struct token_sum sum) {
    return json_pack("{s:I, s:I}", "in", (json_int_t)sum.in, "out", (json_int_t)sum.out);
}

bool gate_sum_read(const json_t *json, struct token_sum *out) {
    int64_t in = json_int_or(json, "in", -1);
    int64_t answers = json_int_or(json, "out", -1);

    if (in < 0 || answers < 0 || in > UINT32_MAX || answers > UINT32_MAX) {
        return false;
    }
    *out = (struct token_sum){(uint32_t)in, (uint32_t)answers};
    return true;
}

json_t *gate_hold_json(const struct token_hold *hold) {
    return json_pack("{s:o, s:I}", "held", gate_sum_json(hold->held), "counted",
                     (json_int_t)hold->counted);
}

bool gate_hold_read(const json_t *json, struct token_hold *out) {
    int64_t counted = json_int_or(json, "counted", -1);
    struct token_sum held;

    if (!gate_sum_read(json_object_get(json, "held"), &held)) {
        return false;
    }
    *out = (struct token_hold){held, counted < 0 || counted > UINT32_MAX ? UINT32_MAX
                                                                         : (uint32_t)counted};
    return true;
}

struct sha256_hex gate_digest(struct gate *gate, const char *tool, const json_t *args) {
    const struct tool *row = tool_row(tool);
    CLEANUP(freep) char *text = NULL;
    struct sha256 mac = {{0}};
    struct err err = {0};

    if (row == NULL || row->need == NULL) {
        return sha256_hex(json_hash(args));
    }
    text = json_text(args);
    if (store_mac(gate->options.services->store, STR("prompt"), str_from(text), &mac, &err) !=
        ERR_NONE) {
        (void)gate_fail(gate, &err);
    }
    return sha256_hex(mac);
}

enum err_code turn_text_digest(struct turn *turn, const char *text, struct sha256_hex *out,
                               struct err *err) {
    struct sha256 mac = {{0}};

    if (store_mac(turn->gate->options.services->store, STR("prompt"), str_from(text), &mac, err) !=
        ERR_NONE) {
        return err->code;
    }
    *out = sha256_hex(mac);
    return ERR_NONE;
}

struct token_sum turn_tokens(const struct turn *turn) {
    struct meter *meter = turn->gate->options.meter;

    return meter == NULL ? (struct token_sum){0, 0} : token_ledger_taken(meter_ledger(meter));
}

struct token_sum turn_spent(const struct turn *turn) {
    return turn->gate->spent;
}

/* ---- Telling ---- */

/* What a session has come to. The budget of a raised one is the ceiling. */
static const struct {
    const char *code, *text;
} levels[TOKEN_LEVEL_N] = {
    [TOKEN_LEVEL_LOW] = {"", ""},
    [TOKEN_LEVEL_NEAR] = {"tokens_near", "80 % of this session's budget for the model is used"},
    [TOKEN_LEVEL_SPENT] = {"tokens_spent", "this session's budget for the model is used up"},
    [TOKEN_LEVEL_CEILING] = {"tokens_ceiling",
                             "this session's highest budget for the model is used up"},
};

static const char until_asked[] =
    "when it does not suffice you are asked whether to raise it, once; commands such as deploy and "
    "status work without the model";
static const char until_again[] =
    "commands such as deploy and status work without the model; when aws-copilot is started again "
    "it has a new budget";

static void tell_level(struct turn *turn, enum token_level level) {
    struct meter *meter = turn->gate->options.meter;
    struct token_sum taken = turn_tokens(turn);
    struct token_sum budget = token_ledger_budget(meter_ledger(meter));
    bool may_ask = meter_may_ask(meter) && turn_has_person(turn);
    CLEANUP(freep)
    char *text = mem_format("%s: %u of %u tokens for questions, %u of %u for answers",
                            levels[level].text, taken.in, budget.in, taken.out, budget.out);

    if (level != TOKEN_LEVEL_LOW) {
        turn_say(turn, EVENT_WARNING,
                 json_pack("{s:s, s:s, s:s, s:o}", "code", levels[level].code, "text", text,
                           "remedy", may_ask ? until_asked : until_again, "spent",
                           gate_sum_json(taken)));
    }
}

/* The alarm: what is counted here is not what the service counts, and the budget is held by a
 * margin. Told once; it moves again with each prompt that is further off. */
static void tell_above(struct turn *turn, uint32_t counted, uint32_t billed) {
    CLEANUP(freep)
    char *text = mem_format("the model's service billed %u tokens for a question that was counted "
                            "as %u: from now on each question takes as many more of the budget",
                            billed, counted);

    turn_say(turn, EVENT_WARNING,
             json_pack("{s:s, s:s, s:s}", "code", "tokens_above", "text", text, "remedy", ""));
}

void gate_spend(struct turn *turn, struct token_hold *hold, const struct token_sum *used) {
    struct meter *meter = turn->gate->options.meter;
    struct token_sum spent = used == NULL ? hold->held : *used;
    uint32_t counted = hold->counted;

    turn->gate->spent.in += spent.in;
    turn->gate->spent.out += spent.out;
    if (token_ledger_settle(meter_ledger(meter), hold, used) && meter_alarm(meter)) {
        tell_above(turn, counted, spent.in);
    }
    tell_level(turn, meter_news(meter));
}

/* ---- Holding ---- */

/* What the journal holds of the next call, or NULL. */
static struct recalled *recalled_call(struct gate *gate, const char *tool,
                                      const struct operation *row) {
    struct recalled *recalled = gate_recalled(gate, gate->next_call);
    char what[sizeof recalled->what];

    (void)snprintf(what, sizeof what, "%s.%s", tool, row->name);
    return recalled != NULL && strcmp(recalled->what, what) == 0 ? recalled : NULL;
}

/* Whether the next number is the question to raise the budget, in the journal. */
static bool is_asked_to_raise(struct gate *gate) {
    const struct recalled *row = gate_recalled(gate, gate->next_call);

    return row != NULL && strcmp(row->what, "ask") == 0 &&
           strcmp(row->digest, meter_question_digest().text) == 0;
}

static enum err_code ask_to_raise(struct turn *turn, struct err *err) {
    CLEANUP(freep) char *answer = NULL;

    if (turn_ask(turn, meter_question(), &answer, err) != ERR_NONE) {
        return err->code;
    }
    meter_answered(turn->gate->options.meter, strcmp(answer, "yes") == 0);
    return ERR_NONE;
}

static enum err_code refuse_spent(struct turn *turn, const char *tool, const struct operation *row,
                                  const json_t *args, struct err *err) {
    struct ruling ruling = {.verdict = VERDICT_DENY, .code = "token_budget"};
    bool is_raised = meter_is_raised(turn->gate->options.meter);

    (void)snprintf(ruling.text, sizeof ruling.text, "%s",
                   levels[is_raised ? TOKEN_LEVEL_CEILING : TOKEN_LEVEL_SPENT].text);
    (void)snprintf(ruling.remedy, sizeof ruling.remedy, "%s", until_again);
    return gate_refuse(turn, tool, row->name, args, ERR_BUDGET, &ruling, err);
}

/* A call that died with its process and does not fit any more: the question gets its number, and
 * the call the next. Not where the journal goes on behind it, as it does after calls at once. */
static bool has_room_to_ask(struct gate *gate, struct recalled *died) {
    if (died != NULL && died->number < gate->recalled_last) {
        return false;
    }
    if (died != NULL) {
        gate_forget(gate, died);
    }
    return true;
}

static enum err_code hold_need(struct turn *turn, const char *tool, const struct operation *row,
                               const json_t *args, const struct token_need *need,
                               struct token_hold *hold, struct err *err) {
    struct gate *gate = turn->gate;
    struct meter *meter = gate->options.meter;

    for (;;) {
        if (token_ledger_hold(meter_ledger(meter), need->prompt, need->least, need->wanted, hold) ==
            TOKENS_HELD) {
            return ERR_NONE;
        }
        if (!meter_may_ask(meter) || !turn_has_person(turn) ||
            !has_room_to_ask(gate, recalled_call(gate, tool, row))) {
            return refuse_spent(turn, tool, row, args, err);
        }
        if (ask_to_raise(turn, err) != ERR_NONE) {
            return err->code;
        }
    }
}

enum err_code gate_hold(struct turn *turn, const char *tool, const struct operation *row,
                        const json_t *args, struct token_hold *hold, struct err *err) {
    const struct tool *of = tool_row(tool);
    struct gate *gate = turn->gate;
    const struct recalled *recalled;
    struct token_need need = {0};

    if (of->need == NULL) {
        return ERR_NONE;
    }
    if (is_asked_to_raise(gate) && ask_to_raise(turn, err) != ERR_NONE) {
        return err->code;
    }
    recalled = recalled_call(gate, tool, row);
    if (recalled != NULL && recalled->has_result) {
        return ERR_NONE;
    }
    if (of->need(gate->options.services, row, args, &need, err) != ERR_NONE) {
        return err->code;
    }
    if (need.wanted == 0) {
        return ERR_NONE;
    }
    return gate->options.meter == NULL
               ? err_set(err, ERR_DEFECT, "this session has no budget of tokens")
               : hold_need(turn, tool, row, args, &need, hold, err);
}
