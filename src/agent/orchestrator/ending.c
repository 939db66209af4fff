/* What a run came to. */
#include "agent/orchestrator/ending.h"

#include <string.h>

#include "agent/explain.h"
#include "agent/orchestrator/words.h"

/* Whether AWS was told to change what runs. */
static bool ending_was_executed(const struct turn *turn) {
    return json_bool_at(turn->state, "executing") || json_at(turn->state, "applied") != NULL;
}

/* Whether it ended in EXECUTE or after it. */
static bool ending_is_late(const struct turn *turn) {
    return ending_was_executed(turn) || strcmp(agent_text(turn, "came.phase"), "execute") == 0;
}

/* clang-format off */
/* The first row whose test holds decides. */
struct ending_row {
    const char *status;
    bool (*holds)(const struct turn *turn, enum phase phase);
    int exit_status; /* -1: that of the problem's code */
};
/* clang-format on */

static bool is_outcome(const struct turn *turn, const char *phase, const char *outcome) {
    return strcmp(agent_text(turn, "came.phase"), phase) == 0 &&
           strcmp(agent_text(turn, "came.outcome"), outcome) == 0;
}

static bool is_code(const struct turn *turn, enum err_code code) {
    return strcmp(agent_text(turn, "problem.code"), err_wire(code)) == 0;
}

static bool is_no_change(const struct turn *turn, enum phase phase) {
    (void)phase;
    return is_outcome(turn, "dry_run", "done");
}

static bool is_success(const struct turn *turn, enum phase phase) {
    (void)phase;
    return is_outcome(turn, "validate", "ok") ||
           (json_at(turn->state, "problem") == NULL && is_outcome(turn, "ask", "done"));
}

static bool is_rolled_back(const struct turn *turn, enum phase phase) {
    return phase == PHASE_CLOSURE && json_bool_at(turn->state, "restored.ok");
}

static bool is_timed_out(const struct turn *turn, enum phase phase) {
    (void)phase;
    return is_code(turn, ERR_TIMEOUT) && !ending_was_executed(turn);
}

static bool is_unanswered(const struct turn *turn, enum phase phase) {
    (void)phase;
    return is_code(turn, ERR_MISSING);
}

static bool is_cancelled(const struct turn *turn, enum phase phase) {
    return phase == PHASE_CLOSURE && strcmp(agent_text(turn, "came.outcome"), "cancel") == 0;
}

/* A person stopped it, and what was under way has gone back, or is left and said so. */
static bool is_stopped(const struct turn *turn, enum phase phase) {
    return phase == PHASE_CLOSURE && is_code(turn, ERR_CANCELLED);
}

static bool is_refused(const struct turn *turn, enum phase phase) {
    (void)phase;
    return !ending_is_late(turn) && (is_code(turn, ERR_POLICY) || is_code(turn, ERR_REJECTED) ||
                                     is_code(turn, ERR_UNSUPPORTED));
}

static bool is_escalated_late(const struct turn *turn, enum phase phase) {
    return phase == PHASE_ESCALATED && ending_is_late(turn);
}

static bool is_escalated(const struct turn *turn, enum phase phase) {
    (void)turn;
    return phase == PHASE_ESCALATED;
}

static bool is_failed_late(const struct turn *turn, enum phase phase) {
    (void)phase;
    return ending_was_executed(turn);
}

static bool always(const struct turn *turn, enum phase phase) {
    (void)turn;
    (void)phase;
    return true;
}

/* clang-format off */
static const struct ending_row endings[] = {
    /* status        when               exit */
    { "no_change",   is_no_change,      0  },
    { "success",     is_success,        0  },
    { "refused",     is_refused,        5  },
    { "cancelled",   is_stopped,        8  },
    { "rolled_back", is_rolled_back,    4  },
    { "escalated",   is_escalated_late, 4  },
    { "failed",      is_failed_late,    4  },
    { "timed_out",   is_timed_out,      9  },
    { "escalated",   is_escalated,      -1 },
    { "failed",      is_unanswered,     -1 },
    { "cancelled",   is_cancelled,      8  },
    { "failed",      always,            -1 },
};
/* clang-format on */

static json_t *ending_error(const struct turn *turn) {
    if (json_at(turn->state, "problem") == NULL) {
        return json_null();
    }
    return agent_args("code", agent_text(turn, "problem.code"), "message",
                      agent_text(turn, "problem.text"), "remedy",
                      agent_text(turn, "problem.remedy"), NULL);
}

/* Where the application answers; NULL where it does no more. */
static const char *ending_url(const struct turn *turn, const char *status) {
    const char *url = json_str_at(turn->state, "applied.outputs.Url");

    if (agent_is_kind(turn, "destroy") && strcmp(status, "success") == 0) {
        return NULL;
    }
    return url != NULL ? url : json_str_at(turn->state, "before.outputs.Url");
}

/* What a person may do next, where the problem itself does not say. */
static const char *ending_next(const struct turn *turn, const char *status) {
    if (strcmp(status, "success") == 0 && agent_is_kind(turn, "deploy")) {
        return "aws-copilot status shows what runs; aws-copilot logs what it says";
    }
    if (strcmp(status, "success") == 0 && agent_is_kind(turn, "secrets")) {
        return "what runs goes on as it is; aws-copilot deploy lets the function read them";
    }
    if (strcmp(status, "success") == 0 && agent_is_kind(turn, "rollback")) {
        return "that release answers again; aws-copilot history lists them, aws-copilot rollback "
               "goes the other way";
    }
    if (strcmp(status, "success") == 0 && agent_is_kind(turn, "recover")) {
        return json_bool_at(turn->state, "after.exists")
                   ? "the stack takes changes again; aws-copilot status shows what runs"
                   : "the way is free; aws-copilot deploy makes the stack anew";
    }
    if (strcmp(status, "rolled_back") == 0) {
        return "correct the cause and run aws-copilot deploy again";
    }
    if (strcmp(status, "escalated") == 0) {
        return "aws-copilot audit shows every step; what to do next is in the runbook named above";
    }
    return NULL;
}

/* The snapshot a person needs to take over: where it stands, what AWS says, what was decided. */
static void ending_runbook(struct turn *turn) {
    static const char *const known[][2] = {{", stack ", "fields.stack"},
                                           {", account ", "identity.account"},
                                           {", region ", "identity.region"}};
    CLEANUP(buf_done) struct buf text = BUF_INIT(8192);

    buf_addf(&text, "session %s", turn->session);
    for (size_t i = 0; i < ARRAY_N(known); i++) { /* a run may end before any of them is */
        const char *value = agent_text(turn, known[i][1]);

        buf_addf(&text, "%s%s", value[0] == '\0' ? "" : known[i][0], value);
    }
    buf_add_s(&text, "\n");
    buf_addf(&text, "came from %s (%s)\n", agent_text(turn, "came.phase"),
             agent_text(turn, "came.outcome"));
    if (json_str_at(turn->state, "first_problem.text") != NULL) {
        buf_addf(&text, "failed first: %s\n", agent_text(turn, "first_problem.text"));
        buf_addf(&text, "then the way back: %s\n", agent_text(turn, "problem.text"));
    } else {
        buf_addf(&text, "cause: %s\n", agent_text(turn, "problem.text"));
    }
    if (json_str_at(turn->state, "preview.arn") != NULL) {
        buf_addf(&text, "change set: %s\n", agent_text(turn, "preview.arn"));
    }
    if (json_str_at(turn->state, "applied.status") != NULL) {
        buf_addf(&text, "stack status: %s\n", agent_text(turn, "applied.status"));
    }
    buf_addf(&text, "look: %saws-copilot audit\n",
             agent_text(turn, "fields.stack")[0] == '\0'
                 ? ""
                 : "aws-copilot status; aws-copilot logs; ");
    turn_say(turn, EVENT_ALERT,
             agent_args("text", "a person is needed", "runbook", buf_cstr(&text), "code",
                        agent_text(turn, "problem.code"), NULL));
}

/* What runs now costs, where this run made it what it is. */
static void ending_cost(const struct turn *turn, const char *status, json_t *result) {
    const json_t *cost = json_at(turn->state, "plan.cost");

    if (agent_is_kind(turn, "deploy") && json_str_at(cost, "usd_month") != NULL &&
        (strcmp(status, "success") == 0 || strcmp(status, "no_change") == 0)) {
        json_put(result, "cost",
                 agent_args("usd_month", json_str_at(cost, "usd_month"), "date",
                            json_str_at(cost, "date"), "region", json_str_at(cost, "region"),
                            NULL));
        json_put_bool(json_object_get(result, "cost"), "is_complete",
                      json_array_size(json_object_get(cost, "not_priced")) == 0);
        json_put_int(json_object_get(result, "cost"), "micro_usd",
                     json_int_or(cost, "micro_usd", 0));
    }
}

/* What a model says of it, behind all that the program says itself. */
static void ending_words(struct turn *turn, json_t *result) {
    json_t *words = NULL;

    if (!has_model(turn) || !(agent_is_kind(turn, "deploy") || agent_is_kind(turn, "rollback"))) {
        return;
    }
    if (json_at(turn->state, "problem") != NULL) {
        (void)explain_problem(turn, &words); /* the end is the end without it */
    } else if (strcmp(json_str_or(result, "status", ""), "success") == 0) {
        words = words_of_end(turn, result);
    }
    if (words != NULL) {
        json_put(result, "words", words);
    }
}

/* What this deployment spent on models, its child sessions with it. */
static void ending_tokens(const struct turn *turn, json_t *result) {
    struct token_sum spent = turn_spent(turn);
    int64_t in = spent.in + json_int_or(turn->state, "child_tokens.in", 0);
    int64_t out = spent.out + json_int_or(turn->state, "child_tokens.out", 0);

    if (has_model(turn) || in + out > 0) {
        json_put(result, "tokens",
                 json_pack("{s:I, s:I}", "in", (json_int_t)in, "out", (json_int_t)out));
    }
}

enum outcome ending_sum_up(struct turn *turn, enum phase phase) {
    size_t row = 0;
    json_t *result = json_object();
    int exit_status;

    while (!endings[row].holds(turn, phase)) {
        row++;
    }
    exit_status = endings[row].exit_status;
    if (exit_status < 0) {
        exit_status = err_exit(err_from_wire(agent_text(turn, "problem.code")));
    }
    json_put_str(result, "status", endings[row].status);
    json_put_int(result, "exit", exit_status);
    json_put_str(result, "url", ending_url(turn, endings[row].status));
    json_put_str(result, "release", json_str_at(turn->state, "release.id"));
    json_put(result, "summary", words_of_facts(turn, endings[row].status));
    ending_cost(turn, endings[row].status, result);
    json_put_str(result, "next", ending_next(turn, endings[row].status));
    if (agent_is_kind(turn, "secrets") && json_at(turn->state, "applied.parameters") != NULL) {
        json_put(result, "parameters", json_deep_copy(json_at(turn->state, "applied.parameters")));
    }
    if (json_at(turn->state, "applied.left_behind") != NULL) {
        json_put(result, "left_behind",
                 json_deep_copy(json_at(turn->state, "applied.left_behind")));
    }
    if (json_at(turn->state, "applied.left_cost") != NULL) {
        json_put(result, "left_cost", json_deep_copy(json_at(turn->state, "applied.left_cost")));
    }
    json_put(result, "error", exit_status == 0 ? json_null() : ending_error(turn));
    if (strcmp(agent_text(turn, "moderation"), "ended") == 0) {
        json_put_bool(result, "ends_conversation", true);
    }
    ending_words(turn, result);
    ending_tokens(turn, result);
    json_put(turn->state, "result", result);
    if (phase == PHASE_ESCALATED) {
        ending_runbook(turn);
    } else if (exit_status != 0 && ending_was_executed(turn)) {
        turn_say(turn, EVENT_ALERT,
                 agent_args("text", agent_text(turn, "problem.text"), "status", endings[row].status,
                            "code", agent_text(turn, "problem.code"), NULL));
    }
    return OUTCOME_OK;
}
