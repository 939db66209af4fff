/* The road, walked: agents in their phases, one edge after another, to an end or a pause. */
#include <stdio.h>
#include <string.h>

#include "agent/executor/executor.h"
#include "agent/validator/report.h"
#include "flow/flow_room.h"
#include "flow/graph.h"
#include "flow/lesson.h"
#include "flow/release.h"
#include "flow/runbook.h"
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

static enum outcome runner_phase(struct session *session) {
    enum outcome outcome = OUTCOME_OK;

    for (size_t i = 0; i < ARRAY_N(roster[0]) && outcome == OUTCOME_OK; i++) {
        const struct agent *agent = roster[session->phase][i];
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        struct turn turn;

        if (agent == NULL) {
            break;
        }
        turn = session_turn(session, agent, arena);
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
    struct turn turn = session_turn(session, &agent_executor, arena);
    /* Also a set whose execution was given up before anything was sent: it would keep others away
     * until it has expired. */
    bool is_given_up = session->phase == PHASE_ROLLBACK && !is_in_execution(to) &&
                       !json_bool_at(session->state, "executing") &&
                       json_object_get(session->state, "applied") == NULL;
    bool is_unexecuted = is_given_up || (is_between_dry_run_and_wait(session->phase) &&
                                         !is_between_dry_run_and_wait(to) && to != PHASE_EXECUTE);

    if (is_unexecuted || (is_in_execution(session->phase) && !is_in_execution(to))) {
        executor_leave(&turn, is_unexecuted);
    }
}

/* Of a session that goes back: the release that was named, or else the newest that is not what runs
 * now; to repair drift, what runs now. NULL: there is none. Borrowed. */
static json_t *runner_choose_release(const json_t *state, json_t *releases) {
    const json_t *newest = json_array_get(releases, 0);
    const char *named = json_str_at(state, "flags.release");
    json_t *release;
    size_t i;

    if (named != NULL || json_bool_at(state, "flags.repair")) {
        return json_row(releases, "id", named != NULL ? named : json_str_or(newest, "id", ""));
    }
    json_array_foreach(releases, i, release) {
        if (strcmp(json_str_or(release, "template_sha256", ""),
                   json_str_or(newest, "template_sha256", "")) != 0 ||
            !json_equal(json_object_get(release, "parameters"),
                        json_object_get(newest, "parameters"))) {
            return release;
        }
    }
    return NULL;
}

/* The release that a failure would go back to, and the one that is gone back to on purpose. */
static enum err_code runner_find_release(struct session *session, struct err *err) {
    CLEANUP(json_decrefp) json_t *releases = NULL;
    json_t *chosen;

    if (release_list(session->flow->store, json_str_or(session->state, "identity.account", ""),
                     json_str_or(session->state, "identity.region", ""),
                     json_str_or(session->state, "fields.stack", ""), (size_t)limit(LIMIT_RELEASES),
                     &releases, err) != ERR_NONE) {
        return err->code;
    }
    chosen = runner_choose_release(session->state, releases);
    if (strcmp(json_str_or(session->state, "kind", ""), "rollback") == 0 && chosen != NULL) {
        json_put(session->state, "target_release", json_incref(chosen));
    }
    if (json_array_size(releases) > 0) {
        json_t *last = json_deep_copy(json_array_get(releases, 0));

        (void)json_object_del(last, "template"); /* long, and found by its digest */
        json_put(session->state, "last_release", last);
    }
    return ERR_NONE;
}

static void runner_publish(struct session *session) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct turn turn = session_turn(session, &agent_executor, arena);

    executor_publish(&turn);
}

static void runner_read_logs(struct session *session) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct turn turn = session_turn(session, &agent_validator, arena);

    report_read_logs(&turn);
}

/* Whether what runs was proven to answer and is no release on record yet: it was deployed, or is
 * what a run left that could not prove it. The next failure goes back to it. */
static bool runner_is_proven(const struct session *session, enum outcome outcome) {
    const json_t *state = session->state;
    const char *kind = json_str_or(state, "kind", "");

    if (session->phase == PHASE_DRY_RUN && outcome == OUTCOME_DONE) {
        return strcmp(kind, "deploy") == 0 && json_bool_at(state, "probe.passed") &&
               !release_is(json_at(state, "last_release"), state);
    }
    return session->phase == PHASE_VALIDATE && outcome == OUTCOME_OK &&
           (strcmp(kind, "deploy") == 0 || strcmp(kind, "rollback") == 0);
}

/* What flow itself keeps when a phase is left: the person's trust, a proven release, the release to
 * go back to, what went wrong. */
static enum err_code runner_keep(struct session *session, enum outcome outcome, enum phase to,
                                 struct err *err) {
    struct flow *flow = session->flow;

    if (session->phase == PHASE_PREFLIGHT && json_bool_at(session->state, "confirmed") &&
        trust_keep(flow, session->state, err) != ERR_NONE) {
        return err->code;
    }
    if (runner_is_proven(session, outcome)) {
        struct journal_seal seal;

        if (release_keep(flow->store, flow->redactor, session->id, session->state,
                         session->entered_ms, err) != ERR_NONE ||
            journal_seal(session->journal, &seal, err) != ERR_NONE) {
            return err->code;
        }
        runner_publish(session);
    }
    if (graph_is_end(to) && lesson_keep(flow->store, flow->redactor, session->id, session->state,
                                        session->entered_ms, err) != ERR_NONE) {
        return err->code;
    }
    return to == PHASE_PLAN ? runner_find_release(session, err) : ERR_NONE;
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
    if (to == PHASE_ESCALATED && is_in_execution(session->phase)) {
        runner_read_logs(session); /* what the runbook tells of it */
    }
    if (gate_fault(session->gate) != NULL) {
        *err = *gate_fault(session->gate);
        return err->code;
    }
    json_put(
        session->state, "came",
        agent_args("phase", phase_word(session->phase), "outcome", outcome_word(outcome), NULL));
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

/* What a person needs who takes over. A folder that cannot be written is told and ends nothing: all
 * of it is in the journal too. */
static void runner_write_runbook(struct session *session) {
    struct flow *flow = session->flow;
    const struct runbook runbook = {.store = flow->store,
                                    .redactor = flow->redactor,
                                    .state_dir = flow->state_dir,
                                    .session = session->id,
                                    .root = flow->root,
                                    .state = session->state,
                                    .now_ms = session->entered_ms};
    CLEANUP(freep) char *folder = NULL;
    CLEANUP(freep) char *text = NULL;
    struct err err = {0};

    if (runbook_write(&runbook, &folder, &err) != ERR_NONE) {
        text = mem_format("the runbook could not be written: %s", err.text);
        bus_emit(flow->bus, EVENT_WARNING,
                 agent_args("code", "no_runbook", "text", text, "remedy", err.remedy, NULL));
        return;
    }
    text = mem_format("The runbook for whoever takes over: %s/%s", folder, RUNBOOK_PAGE);
    bus_emit(flow->bus, EVENT_SAY, agent_args("text", text, NULL));
    json_put_str(json_object_get(session->state, "result"), "runbook", folder);
}

static enum err_code runner_end(struct session *session, struct session_end *out, struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    const json_t *result = json_object_get(session->state, "result");
    struct journal_entry entry = {.kind = RECORD_END, .body = &masked};

    if (session->phase == PHASE_ESCALATED) {
        if (gate_settle(session->gate, err) != ERR_NONE) { /* what it is read from */
            return err->code;
        }
        runner_write_runbook(session);
    }
    bus_tell_masked(session->flow->bus);
    redact_json(session->flow->redactor, result, &masked);
    entry.fields[FIELD_STATUS] = str_from(json_str_or(result, "status", "failed"));
    if (gate_record(session->gate, &entry, err) != ERR_NONE ||
        gate_settle(session->gate, err) != ERR_NONE) {
        return err->code;
    }
    session->is_ended = true;
    share_tell(session, true);
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

static enum err_code child_visit(const struct journal_record *record, void *context,
                                 struct err *err) {
    json_t **result = context;

    return record->kind == RECORD_END && record->has_body ? json_read(record->body, result, err)
                                                          : ERR_NONE;
}

/* Another machine goes on with the child: the parent waits for that. */
static enum err_code child_is_elsewhere(struct flow *flow, struct err *err, json_t **out) {
    bus_emit(flow->bus, EVENT_SAY, agent_args("text", err->text, NULL));
    *err = (struct err){0};
    *out = agent_args("status", "waiting", NULL);
    json_put_int(*out, "exit", err_exit(ERR_WAITING));
    return ERR_NONE;
}

/* Runs the child and gives its result; of one that had ended before, what its journal says. */
static enum err_code child_run(struct flow *flow, const char *id, const char *kind, json_t *flags,
                               json_t **out, struct err *err) {
    CLEANUP(session_closep) struct session *child = NULL;
    CLEANUP(session_end_done) struct session_end end = {0};

    if (child_open(flow, id, kind, flags, &child, err) != ERR_NONE) {
        return err->code == ERR_USED
                   ? journal_replay(flow->store, str_from(id), 1, child_visit, out, err)
                   : err->code;
    }
    if (session_run(child, &end, err) != ERR_NONE) {
        return err->code == ERR_LOCKED ? child_is_elsewhere(flow, err, out) : err->code;
    }
    *out = json_incref(end.result);
    return ERR_NONE;
}

/* A child that did not succeed is the parent's problem; one that was refused ends it. */
static enum err_code child_failed(struct session *session, const json_t *result, struct err *err) {
    const char *code = json_str_or(result, "error.code", err_wire(ERR_DEPLOY));
    bool is_refused =
        strcmp(code, err_wire(ERR_REJECTED)) == 0 || strcmp(code, err_wire(ERR_CANCELLED)) == 0;

    json_put(session->state, "problem",
             agent_args("code", code, "text",
                        json_str_or(result, "error.message", "the account could not be set up"),
                        "remedy", json_str_or(result, "error.remedy", ""), "phase",
                        phase_word(session->phase), NULL));
    return runner_step(session, is_refused ? OUTCOME_CANCEL : OUTCOME_FAIL, err);
}

/* What a child spent on models is the parent's cost. */
static void child_tokens(struct session *session, const json_t *tokens) {
    int64_t in = json_int_or(session->state, "child_tokens.in", 0) + json_int_or(tokens, "in", 0);
    int64_t out =
        json_int_or(session->state, "child_tokens.out", 0) + json_int_or(tokens, "out", 0);

    if (in + out > 0) {
        json_put(session->state, "child_tokens",
                 json_pack("{s:I, s:I}", "in", (json_int_t)in, "out", (json_int_t)out));
    }
}

/* The child's end, good or bad, decides how the parent goes on. Its id derives from how many have
 * ended, so that a restart finds it, by any version, and a second attempt is another one. */
static enum err_code runner_after_child(struct session *session, struct session_end *out,
                                        bool *is_over, struct err *err) {
    struct flow *flow = session->flow;
    int64_t ended = json_int_or(session->state, "children", 0);
    CLEANUP(freep) char *id = mem_format("%s-b%lld", session->id, (long long)ended + 1);
    CLEANUP(freep) char *kind = mem_strdup(json_str_or(session->state, "child.kind", "bootstrap"));
    CLEANUP(json_decrefp) json_t *result = NULL;
    json_t *flags = json_deep_copy(json_object_get(session->state, "flags"));
    enum err_code code;

    (void)json_object_update(flags, json_at(session->state, "child.flags"));
    json_put_bool(flags, "is_confirmed", true);
    flow->waiting = session->gate;
    code = child_run(flow, id, kind, flags, &result, err);
    flow->waiting = NULL;
    bus_context(flow->bus, session->id, phase_word(session->phase), NULL);
    if (gate_fault(session->gate) != NULL) {
        *err = *gate_fault(session->gate);
        return err->code;
    }
    if (code != ERR_NONE) {
        return code;
    }
    if (strcmp(json_str_or(result, "status", ""), "waiting") == 0) {
        runner_end_from(result, out);
        *is_over = true;
        return ERR_NONE;
    }
    (void)json_object_del(session->state, "child");
    json_put_int(session->state, "children", ended + 1);
    child_tokens(session, json_object_get(result, "tokens"));
    return json_int_or(result, "exit", 255) == 0 ? session_enter(session, session->phase, err)
                                                 : child_failed(session, result, err);
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
        if (gate_settle(session->gate, err) != ERR_NONE) {
            return err->code;
        }
        share_tell(session, true);
        return ERR_NONE;
    }
    runner_unanswered(session);
    return runner_step(session, OUTCOME_CANCEL, err);
}

/* Makes the AWS client before the first phase that may need it. In PREFLIGHT a failure is the
 * phase's; later it stops this process and not the session, which may have effects under way. */
static enum err_code runner_reach(struct session *session, enum outcome *outcome, struct err *err) {
    struct err why = {0};

    if (session->phase < PHASE_PREFLIGHT || graph_is_end(session->phase) ||
        session_reach_aws(session, &why) == ERR_NONE) {
        return ERR_NONE;
    }
    if (session->phase != PHASE_PREFLIGHT) {
        *err = why;
        return err->code;
    }
    json_put(session->state, "problem",
             agent_args("code", err_wire(why.code), "text", why.text, "remedy", why.remedy, "phase",
                        phase_word(session->phase), NULL));
    *outcome = OUTCOME_FAIL;
    return ERR_NONE;
}

/* One phase and the edge out of it. */
static enum err_code runner_advance(struct session *session, struct session_end *out, bool *is_over,
                                    struct err *err) {
    enum outcome outcome = OUTCOME_OK;

    if (runner_reach(session, &outcome, err) != ERR_NONE) {
        return err->code;
    }
    outcome = outcome == OUTCOME_OK ? runner_phase(session) : outcome;
    if (outcome == OUTCOME_PARK) {
        return runner_park(session, out, is_over, err);
    }
    if (graph_is_end(session->phase)) {
        *is_over = true;
        return runner_end(session, out, err);
    }
    return runner_step(session, outcome, err);
}

enum err_code session_run(struct session *session, struct session_end *out, struct err *err) {
    bool is_over = false;

    while (!is_over) {
        if (runner_is_asked_to_stop(session)) {
            return runner_stop_at_plan(session, out, err);
        }
        if (runner_advance(session, out, &is_over, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

void session_end_done(struct session_end *end) {
    json_decref(end->result);
    *end = (struct session_end){0};
}
