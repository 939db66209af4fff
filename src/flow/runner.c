/* The road, walked: agents in their phases, one edge after another, to an end or a pause. */
#include <stdio.h>
#include <string.h>

#include "agent/executor/executor.h"
#include "flow/flow_room.h"
#include "flow/graph.h"
#include "flow/release.h"
#include "flow/runner.h"

/* clang-format off */
/* Who works in a phase, in this order. */
static const struct agent *const roster[PHASE_N][3] = {
    [PHASE_INTAKE]     = { &agent_orchestrator, &agent_intake },
    [PHASE_CONTEXT]    = { &agent_curator },
    [PHASE_ASK]        = { &agent_orchestrator, &agent_intake },
    [PHASE_PREFLIGHT]  = { &agent_executor, &agent_planner },
    [PHASE_PLAN]       = { &agent_planner },
    [PHASE_REVIEW]     = { &agent_compliance },
    [PHASE_DRY_RUN]    = { &agent_executor },
    [PHASE_REVIEW_SET] = { &agent_compliance },
    [PHASE_WAIT]       = { &agent_orchestrator },
    [PHASE_EXECUTE]    = { &agent_executor },
    [PHASE_VALIDATE]   = { &agent_validator },
    [PHASE_ROLLBACK]   = { &agent_executor, &agent_validator },
    [PHASE_CLOSURE]    = { &agent_orchestrator },
    [PHASE_ESCALATED]  = { &agent_orchestrator },
};
/* clang-format on */

const struct agent *const *runner_roster(enum phase phase) { return roster[phase]; }

/* ---- One phase ---- */

static struct turn runner_turn(struct session *session, const struct agent *agent,
                               struct arena *arena) {
    return (struct turn){
        .gate = session->gate,
        .agent = &agent->card,
        .state = session->state,
        .arena = arena,
        .now_ms = session->entered_ms,
        .session = session->id,
        .phase = phase_word(session->phase),
    };
}

static enum outcome runner_phase(struct session *session) {
    enum outcome outcome = OUTCOME_OK;

    for (size_t i = 0; i < ARRAY_N(roster[0]) && outcome == OUTCOME_OK; i++) {
        const struct agent *agent = roster[session->phase][i];
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        struct turn turn;

        if (agent == NULL) {
            break;
        }
        turn = runner_turn(session, agent, arena);
        outcome = agent->run(&turn, session->phase);
    }
    return gate_fault(session->gate) != NULL ? OUTCOME_PARK : outcome;
}

/* ---- Between two phases ---- */

static bool is_between_dry_run_and_wait(enum phase phase) {
    return phase == PHASE_DRY_RUN || phase == PHASE_REVIEW_SET || phase == PHASE_WAIT;
}

static bool is_in_execution(enum phase phase) {
    return phase == PHASE_EXECUTE || phase == PHASE_VALIDATE || phase == PHASE_ROLLBACK;
}

/* What must not stay behind: a change set that will not be executed, the stack's lock. */
static void runner_leave(struct session *session, enum phase to) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct turn turn = runner_turn(session, &agent_executor, arena);
    bool is_unexecuted = is_between_dry_run_and_wait(session->phase) &&
                         !is_between_dry_run_and_wait(to) && to != PHASE_EXECUTE;
    CLEANUP(json_decrefp) json_t *problem = json_incref(json_object_get(session->state, "problem"));

    if (is_unexecuted || (is_in_execution(session->phase) && !is_in_execution(to))) {
        executor_leave(&turn, is_unexecuted);
    }
    if (problem != NULL) {
        json_put(session->state, "problem", json_incref(problem));
    } else {
        (void)json_object_del(session->state, "problem");
    }
}

/* What flow itself keeps when a phase is left: the person's trust, a proven release, the release to
 * go back to. */
static enum err_code runner_keep(struct session *session, enum outcome outcome, enum phase to,
                                 struct err *err) {
    struct flow *flow = session->flow;
    json_t *releases = NULL;

    if (session->phase == PHASE_PREFLIGHT && json_bool_at(session->state, "confirmed") &&
        trust_keep(flow, session->state, err) != ERR_NONE) {
        return err->code;
    }
    if (session->phase == PHASE_VALIDATE && outcome == OUTCOME_OK &&
        strcmp(json_str_or(session->state, "kind", ""), "deploy") == 0) {
        struct journal_seal seal;

        if (release_keep(flow->store, flow->redactor, session->id, session->state,
                         session->entered_ms, err) != ERR_NONE ||
            journal_seal(session->journal, &seal, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (to == PHASE_PLAN) {
        if (release_list(flow->store, json_str_or(session->state, "identity.account", ""),
                         json_str_or(session->state, "identity.region", ""),
                         json_str_or(session->state, "fields.stack", ""), 1, &releases, err) !=
            ERR_NONE) {
            return err->code;
        }
        if (json_array_size(releases) > 0) {
            json_put(session->state, "last_release", json_incref(json_array_get(releases, 0)));
        }
        json_decref(releases);
    }
    return ERR_NONE;
}

static enum phase runner_next(struct session *session, enum outcome outcome) {
    enum phase to = graph_next(session->phase, outcome);

    if (graph_is_return(session->phase, to) && ++session->rounds > limit(LIMIT_ROUNDS)) {
        return PHASE_ESCALATED;
    }
    return to;
}

static enum err_code runner_step(struct session *session, enum outcome outcome, struct err *err) {
    enum phase to = runner_next(session, outcome);

    runner_leave(session, to);
    if (gate_fault(session->gate) != NULL) {
        *err = *gate_fault(session->gate);
        return err->code;
    }
    json_put(session->state, "came",
             agent_args("phase", phase_word(session->phase), "outcome", outcome_word(outcome),
                        NULL));
    if (runner_keep(session, outcome, to, err) != ERR_NONE) {
        return err->code;
    }
    return session_enter(session, to, err);
}

/* ---- Ends and pauses ---- */

static void runner_end_from(const json_t *result, struct session_end *out) {
    (void)snprintf(out->status, sizeof out->status, "%s", json_str_or(result, "status", "failed"));
    out->exit_status = (int)json_int_or(result, "exit", 255);
    out->result = json_deep_copy(result);
}

static enum err_code runner_end(struct session *session, struct session_end *out,
                                struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    const json_t *result = json_object_get(session->state, "result");
    struct journal_entry entry = {.kind = RECORD_END, .body = &masked};

    redact_json(session->flow->redactor, result, &masked);
    entry.fields[FIELD_STATUS] = str_from(json_str_or(result, "status", "failed"));
    if (gate_record(session->gate, &entry, err) != ERR_NONE) {
        return err->code;
    }
    session->is_ended = true;
    runner_end_from(result, out);
    return ERR_NONE;
}

/* Nobody is there to say yes: the change set stays for its time, the session where it is. */
static void runner_wait(const struct session *session, struct session_end *out) {
    CLEANUP(freep) char *next = mem_format("aws-copilot approve %s", session->id);
    json_t *result = agent_args("status", "waiting", "next", next, "session", session->id, "digest",
                                json_str_at(session->state, "approval.digest"), NULL);

    json_put_int(result, "exit", err_exit(ERR_WAITING));
    runner_end_from(result, out);
    json_decref(result);
}

/* A question that nobody could answer ends the run with the code of a missing answer. */
static void runner_unanswered(struct session *session) {
    json_t *problem = json_object_get(session->state, "problem");

    if (strcmp(json_str_or(problem, "code", ""), err_wire(ERR_WAITING)) == 0) {
        json_put_str(problem, "code", err_wire(ERR_MISSING));
        if (json_str_or(problem, "remedy", "")[0] == '\0') {
            json_put_str(problem, "remedy",
                         "answer it on a terminal, with a flag, or in aws-copilot.yml");
        }
    }
}

/* ---- Child sessions ---- */

/* A child that was begun before a crash is taken up where it was. */
static enum err_code child_open(struct flow *flow, const char *id, const char *kind, json_t *flags,
                                struct session **out, struct err *err) {
    if (session_open(flow, id, out, err) == ERR_NONE) {
        json_decref(flags);
        return ERR_NONE;
    }
    if (err->code != ERR_NOT_FOUND) {
        json_decref(flags);
        return err->code;
    }
    return session_begin(flow, id, kind, flags, out, err);
}

static enum err_code runner_child(struct session *session, struct err *err) {
    CLEANUP(freep) char *id = mem_format("%s-b", session->id);
    CLEANUP(session_closep) struct session *child = NULL;
    CLEANUP(session_end_done) struct session_end end = {0};
    json_t *flags = json_deep_copy(json_object_get(session->state, "flags"));

    json_put_bool(flags, "is_confirmed", true);
    if (child_open(session->flow, id, json_str_or(session->state, "child.kind", "bootstrap"), flags,
                   &child, err) != ERR_NONE) {
        return err->code == ERR_USED ? ERR_NONE : err->code;
    }
    if (session_run(child, &end, err) != ERR_NONE) {
        return err->code;
    }
    if (end.exit_status != 0) {
        err_set(err, err_from_wire(json_str_or(end.result, "error.code", "waiting")), "%s",
                json_str_or(end.result, "error.message", "the bootstrap waits for its approval"));
        return err_remedy(err, "%s",
                          json_str_or(end.result, "error.remedy",
                                      json_str_or(end.result, "next", "")));
    }
    return ERR_NONE;
}

/* The child's end, good or bad, decides how the parent goes on. */
static enum err_code runner_after_child(struct session *session, struct session_end *out,
                                        bool *is_over, struct err *err) {
    struct err failure = {0};

    if (runner_child(session, &failure) == ERR_NONE) {
        (void)json_object_del(session->state, "child");
        bus_context(session->flow->bus, session->id, phase_word(session->phase), NULL);
        return session_enter(session, session->phase, err);
    }
    if (failure.code == ERR_WAITING) {
        json_t *result = agent_args("status", "waiting", "next", failure.remedy, NULL);

        json_put_int(result, "exit", err_exit(ERR_WAITING));
        runner_end_from(result, out);
        json_decref(result);
        *is_over = true;
        return ERR_NONE;
    }
    *err = failure;
    return err->code;
}

/* ---- The run ---- */

static bool runner_is_asked_to_stop(const struct session *session) {
    return session->phase == PHASE_REVIEW && json_bool_at(session->state, "flags.stop_at_plan");
}

static enum err_code runner_stop_at_plan(struct session *session, struct session_end *out,
                                         struct err *err) {
    json_put(session->state, "result",
             json_pack("{s:s, s:i, s:s}", "status", "success", "exit", 0, "next",
                       "nothing was written at AWS; aws-copilot plan makes the change set"));
    return runner_end(session, out, err);
}

static enum err_code runner_park(struct session *session, struct session_end *out, bool *is_over,
                                 struct err *err) {
    if (gate_fault(session->gate) != NULL) {
        *err = *gate_fault(session->gate);
        return err->code;
    }
    if (json_object_get(session->state, "child") != NULL) {
        return runner_after_child(session, out, is_over, err);
    }
    if (session->phase == PHASE_WAIT) {
        *is_over = true;
        runner_wait(session, out);
        return gate_settle(session->gate, err);
    }
    runner_unanswered(session);
    return runner_step(session, OUTCOME_CANCEL, err);
}

enum err_code session_run(struct session *session, struct session_end *out, struct err *err) {
    bool is_over = false;

    while (!is_over) {
        enum outcome outcome;

        if (session->phase > PHASE_ASK && !graph_is_end(session->phase) &&
            session_reach_aws(session, err) != ERR_NONE) {
            return err->code;
        }
        if (runner_is_asked_to_stop(session)) {
            return runner_stop_at_plan(session, out, err);
        }
        outcome = runner_phase(session);
        if (outcome == OUTCOME_PARK) {
            if (runner_park(session, out, &is_over, err) != ERR_NONE) {
                return err->code;
            }
        } else if (graph_is_end(session->phase)) {
            return runner_end(session, out, err);
        } else if (runner_step(session, outcome, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

void session_end_done(struct session_end *end) {
    json_decref(end->result);
    *end = (struct session_end){0};
}
