/* One call through the gate: admission, intent, worker, result. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/gate_room.h"

struct call_handle {
    struct op op; /* first: op_emit() finds the call by it */
    struct turn *turn;
    struct gate *gate;
    const struct operation *row;
    const char *tool;
    json_t *args;
    int64_t number;
    char digest[SHA256_HEX + 1];
    char key[96];
    atomic_bool cancel;
    bool needs_reconcile; /* an intent without a result is on record */
    bool is_settling;     /* only ask whether it happened; do not run it */
    bool is_running;
    bool has_begun; /* its end is to be recorded */
    int64_t started_us;
    int64_t elapsed_us;
    struct token_hold hold; /* {0}: it spends no tokens */
    bool is_metered;        /* it does; `hold` may be settled already */
    json_t *out;
    struct err err;
    struct call_handle *next; /* in gate->running */
};

/* ---- The tables ---- */

const struct tool *tool_row(const char *tool) {
    for (size_t t = 0; t < tool_n; t++) {
        if (strcmp(tools[t]->name, tool) == 0) {
            return tools[t];
        }
    }
    return NULL;
}

const struct operation *tool_find(const char *tool, const char *operation) {
    const struct tool *row = tool_row(tool);

    for (size_t i = 0; row != NULL && i < row->operation_n; i++) {
        if (strcmp(row->operations[i].name, operation) == 0) {
            return &row->operations[i];
        }
    }
    return NULL;
}

bool tool_is_granted(const struct agent_card *agent, const char *tool, const char *operation) {
    for (const struct grant *g = agent->grants; g->tool != NULL; g++) {
        if (strcmp(g->tool, tool) == 0 &&
            (strcmp(g->operation, "*") == 0 || strcmp(g->operation, operation) == 0)) {
            return true;
        }
    }
    return false;
}

/* ---- On the worker ---- */

static void op_emit(struct op *op, json_t *event) {
    struct call_handle *call = (struct call_handle *)op;
    uint64_t one = 1;

    (void)pthread_mutex_lock(&call->gate->lock);
    (void)json_array_append_new(call->gate->events, event);
    (void)pthread_mutex_unlock(&call->gate->lock);
    (void)!write(call->gate->wake, &one, sizeof one);
}

void op_progress(struct op *op, json_t *event) { op->emit(op, event); }

enum err_code services_aws(const struct op *op, struct aws *out, struct err *err) {
    if (op->services->aws == NULL) {
        return err_set(err, ERR_DEFECT, "this session has no AWS client");
    }
    *out = (struct aws){
        .client = op->services->aws, .cancel = op->cancel, .deadline_ms = op->deadline_mono_ms};
    return ERR_NONE;
}

static void call_run(void *arg) {
    struct call_handle *call = arg;
    enum reconciled state = RECONCILED_NOT_STARTED;
    enum err_code code = ERR_NONE;

    call->started_us = clock_mono_us();
    if ((call->needs_reconcile || call->gate->options.is_uncertain) &&
        call->row->reconcile != NULL) {
        code = call->row->reconcile(&call->op, &state, &call->out, &call->err);
    }
    if (code == ERR_NONE && state == RECONCILED_NOT_STARTED) {
        if (call->is_settling) {
            err_set(&call->err, ERR_EXPIRED, "it was not done before the program was updated");
        } else {
            (void)call->row->run(&call->op, &call->out, &call->err);
        }
    }
    call->elapsed_us = clock_mono_us() - call->started_us;
}

/* ---- Submission ---- */

/* The consumption of an approval is the intent record of the effect it allows. What a consumed
 * approval's on_failure allows consumes nothing. */
static bool call_consumes(const struct call_handle *call) {
    return call->row->effect == EFFECT_APPLY && json_str_at(call->args, "approval") != NULL;
}

/* Whether its intent is journaled before it runs, and its result at once. */
static bool call_has_effect(const struct call_handle *call) {
    return call->is_metered ||
           (call->row->effect != EFFECT_READ && call->row->effect != EFFECT_NOTIFY);
}

/* A record of this call behind those that wait; takes over `body`. */
static enum err_code call_pend(struct call_handle *call, enum record_kind kind, struct masked *body,
                               struct pending **out, struct err *err) {
    struct gate *gate = call->gate;
    struct pending *record = gate_pend(gate, kind, call->number, err);

    if (record == NULL) {
        return err->code;
    }
    gate_field(record, FIELD_TOOL, call->tool);
    gate_field(record, FIELD_OP, call->row->name);
    gate_field(record, FIELD_AGENT, call->turn->agent->name);
    gate_field(record, FIELD_PHASE, gate->phase);
    gate_field(record, FIELD_DIGEST, call->digest);
    record->body = *body;
    *body = (struct masked){0};
    *out = record;
    return ERR_NONE;
}

/* Of a prompt, what it may spend; of anything else, its arguments. */
static void call_mask_intent(const struct call_handle *call, struct masked *body) {
    CLEANUP(json_decrefp)
    json_t *shown = call->is_metered ? gate_hold_json(&call->hold) : json_incref(call->args);

    redact_json(call->gate->options.services->redactor, shown, body);
}

static enum err_code call_journal_intent(struct call_handle *call, struct err *err) {
    struct gate *gate = call->gate;
    CLEANUP(masked_done) struct masked body = {0};
    struct pending *record = NULL;

    call_mask_intent(call, &body);
    if (masked_str(&body).len > (size_t)limit(LIMIT_RECORD_BYTES)) {
        return err_set(err, ERR_TOO_LARGE, "the arguments of %s.%s are too large to be kept",
                       call->tool, call->row->name);
    }
    if (call_pend(call, RECORD_INTENT, &body, &record, err) != ERR_NONE) {
        return err->code;
    }
    gate_field(record, FIELD_OUTCOME, gate->admitted_by);
    gate_field(record, FIELD_REASON, gate->admitted_why);
    if (call_consumes(call)) {
        gate_field(record, FIELD_SUBJECT, json_str_at(call->args, "approval"));
        (void)snprintf(gate->used, sizeof gate->used, "%s", json_str_at(call->args, "approval"));
    }
    return gate_flush(gate, 0, err);
}

/* Whether the journal already says how the call at this number ended. */
static bool call_recalls(struct call_handle *call) {
    const struct recalled *row = gate_recalled(call->gate, call->number);
    char what[sizeof row->what];

    if (row == NULL) {
        return false;
    }
    (void)snprintf(what, sizeof what, "%s.%s", call->tool, call->row->name);
    if (gate_compare(call->gate, row, what, call->digest, &call->err) != ERR_NONE) {
        return true;
    }
    call->needs_reconcile = !row->has_result;
    if (row->has_result) {
        call->err = row->err;
        call->out = json_deep_copy(row->result);
    }
    return row->has_result;
}

/* The same effect ended before the phase was begun anew: this is how. It is told once, and recorded
 * under the new number like any other result. */
static bool call_was_settled(struct call_handle *call) {
    struct recalled *row = gate_settled(call->gate, call->tool, call->row->name, call->digest);

    if (row == NULL) {
        return false;
    }
    call->err = row->err;
    call->out = TAKE(row->result);
    call->has_begun = true;
    recalled_done(row);
    return true;
}

static void call_prepare(struct call_handle *call) {
    struct gate *gate = call->gate;

    call->op = (struct op){
        .services = gate->options.services,
        .args = call->args,
        .session = gate->options.session,
        .epoch = journal_epoch(gate->options.journal),
        .key = call->key,
        .cancel = &call->cancel,
        .unwanted = &gate->is_unwanted,
        .deadline_mono_ms = clock_mono_ms() + limit(call->row->deadline),
        .arena = arena_new(),
        .emit = op_emit,
        .held = call->hold.held,
        .is_budget_low = call->is_metered &&
                         token_ledger_level(meter_ledger(gate->options.meter)) != TOKEN_LEVEL_LOW,
    };
    if (call_consumes(call)) {
        CLEANUP(buf_done) struct buf bytes = BUF_INIT((size_t)limit(LIMIT_RECORD_BYTES));
        json_t *approved = NULL;
        struct err unread = {0};

        approval_write(&gate->approved, &bytes);
        if (json_read(buf_str(&bytes), &approved, &unread) == ERR_NONE) {
            call->op.approval = approved;
        }
    }
}

static enum err_code call_submit(struct call_handle *call, struct err *err) {
    struct gate *gate = call->gate;

    /* An intent that was never settled is spent; asking again is another one. */
    if (call_has_effect(call) && (!call->needs_reconcile || call->is_metered) &&
        call_journal_intent(call, err) != ERR_NONE) {
        return err->code;
    }
    call->has_begun = true;
    call_prepare(call);
    if (pool_submit(gate->pool, call_run, call, err) != ERR_NONE) {
        return err->code;
    }
    call->is_running = true;
    call->next = gate->running;
    gate->running = call;
    return ERR_NONE;
}

static void call_number(struct call_handle *call) {
    call->number = call->gate->next_call++;
    (void)snprintf(call->digest, sizeof call->digest, "%s",
                   gate_digest(call->gate, call->tool, call->args).text);
    (void)snprintf(call->key, sizeof call->key, "%s-%lld", call->gate->options.session,
                   (long long)call->number);
}

/* Nothing new is begun for a run that was cancelled, but what tidies up behind it. What the journal
 * knows already is still told. */
static bool call_is_too_late(struct gate *gate, const char *operation, struct err *err) {
    bool is_tidy = strcmp(operation, "discard") == 0 || strcmp(operation, "lock") == 0 ||
                   strcmp(operation, "emit") == 0;

    return !is_tidy && gate_recalled(gate, gate->next_call) == NULL && gate_is_cancelled(gate, err);
}

struct call_handle *tool_start(struct turn *turn, const char *tool, const char *operation,
                               json_t *args) {
    struct call_handle *call = mem_alloc(sizeof *call);
    struct gate *gate = turn->gate;

    call->turn = turn;
    call->gate = gate;
    call->tool = tool;
    call->args = args;
    gate_tick(gate);
    if (gate->fault.code != ERR_NONE) {
        call->err = gate->fault;
        return call;
    }
    if (call_is_too_late(gate, operation, &call->err) ||
        gate_admit(turn, tool, operation, args, &call->row, &call->err) != ERR_NONE ||
        gate_hold(turn, tool, call->row, args, &call->hold, &call->err) != ERR_NONE) {
        return call;
    }
    call->is_metered = call->hold.held.out > 0;
    call_number(call);
    if (!call_recalls(call) && !call_was_settled(call)) {
        (void)call_submit(call, &call->err);
    }
    return call;
}

/* ---- The result ---- */

static void gate_collect(struct gate *gate) {
    struct call_handle *done;

    while ((done = pool_collect(gate->pool)) != NULL) {
        struct call_handle **at = &gate->running;

        while (*at != done) {
            at = &(*at)->next;
        }
        *at = done->next;
        done->is_running = false;
    }
}

/* An operation keeps its deadline itself; one that does not is cancelled a little later. */
static bool call_is_late(const struct call_handle *call) {
    return clock_mono_ms() > call->op.deadline_mono_ms + limit(LIMIT_KILL_GRACE_MS);
}

/* What only reads, or builds here, stops at once when the run is cancelled; what is under way at
 * AWS ends by itself. */
static bool call_is_unwanted(const struct call_handle *call) {
    struct err unused = {0};

    return (call->row->effect == EFFECT_READ || call->row->effect == EFFECT_LOCAL) &&
           gate_is_cancelled(call->gate, &unused);
}

void gate_cancel_all(struct gate *gate) {
    for (struct call_handle *c = gate->running; c != NULL; c = c->next) {
        atomic_store(&c->cancel, true);
    }
}

static void call_wait(struct call_handle *call) {
    struct gate *gate = call->gate;
    struct pollfd fds[2] = {{.fd = pool_fd(gate->pool), .events = POLLIN},
                            {.fd = gate->wake, .events = POLLIN}};

    while (call->is_running) {
        (void)poll(fds, ARRAY_N(fds), 250);
        gate_tick(gate);
        gate_collect(gate);
        for (struct call_handle *c = gate->running; c != NULL; c = c->next) {
            if (gate->fault.code != ERR_NONE || call_is_late(c) || call_is_unwanted(c)) {
                atomic_store(&c->cancel, true);
            }
        }
    }
    gate_tick(gate); /* what it reported last */
}

bool tool_is_done(struct call_handle *handle) {
    gate_tick(handle->gate);
    gate_collect(handle->gate);
    return !handle->is_running;
}

void tool_cancel(struct call_handle *handle) { atomic_store(&handle->cancel, true); }

/* The words of a call that did not end: never a result, so that a restart reconciles it. */
static bool call_is_open(const struct call_handle *call) {
    return call->err.code == ERR_INTERRUPTED ||
           (call->err.code == ERR_CANCELLED && call->gate->fault.code != ERR_NONE) ||
           (call->row->effect == EFFECT_APPLY && call->err.code == ERR_TIMEOUT);
}

static json_t *call_result_body(const struct call_handle *call) {
    json_t *body = call->err.code == ERR_NONE ? json_incref(call->out) : gate_err_body(&call->err);

    if (call->is_metered && call->op.is_used_known) {
        json_put(body, "spent", gate_sum_json(call->op.used));
    }
    return body;
}

/* What is journaled is what the agent gets: masked, also the sentence of an error. */
static enum err_code call_take_masked(struct call_handle *call, const struct masked *body,
                                      struct err *err) {
    json_t *kept = NULL;

    if (json_read(masked_str(body), &kept, err) != ERR_NONE) {
        return err->code;
    }
    json_decref(call->out);
    call->out = NULL;
    if (call->err.code == ERR_NONE) {
        call->out = kept;
        return ERR_NONE;
    }
    gate_err_from(kept, call->err.code, &call->err);
    json_decref(kept);
    return ERR_NONE;
}

static void call_mask_result(struct call_handle *call, struct masked *body) {
    CLEANUP(json_decrefp) json_t *plain = call_result_body(call);

    redact_json(call->gate->options.services->redactor, plain, body);
}

static enum err_code call_journal_result(struct call_handle *call, struct err *err) {
    CLEANUP(masked_done) struct masked body = {0};
    struct pending *record = NULL;
    enum err_code code;

    call_mask_result(call, &body);
    if (masked_str(&body).len > (size_t)limit(LIMIT_RECORD_BYTES)) {
        err_set(&call->err, ERR_TOO_LARGE, "the result of %s.%s is too large to be kept",
                call->tool, call->row->name);
        masked_done(&body);
        call_mask_result(call, &body);
    }
    if (call_take_masked(call, &body, err) != ERR_NONE ||
        call_pend(call, RECORD_RESULT, &body, &record, err) != ERR_NONE) {
        return err->code;
    }
    code = call->err.code;
    gate_field(record, FIELD_OUTCOME, code == ERR_NONE ? "ok" : "error");
    gate_field(record, FIELD_CODE, code == ERR_NONE ? NULL : err_wire(code));
    return call_has_effect(call) ? gate_flush(call->gate, 0, err) : ERR_NONE;
}

static void call_telemetry(const struct call_handle *call) {
    const char *code = call->err.code == ERR_NONE ? NULL : err_wire(call->err.code);

    bus_context(call->gate->options.bus, call->gate->options.session, call->gate->phase,
                call->turn->agent->name);
    bus_emit(call->gate->options.bus, EVENT_CALL,
             json_pack("{s:s, s:s, s:I, s:s, s:I, s:s?, s:o*}", "tool", call->tool, "operation",
                       call->row->name, "call", (json_int_t)call->number, "status",
                       code == NULL ? "ok" : "error", "latency_ms",
                       (json_int_t)(call->elapsed_us / 1000), "error_code", code, "spent",
                       call->is_metered && call->op.is_used_known ? gate_sum_json(call->op.used)
                                                                  : NULL));
}

static void call_check_result(struct call_handle *call) {
    struct err err = {0};

    if (call->err.code == ERR_NONE && call->row->schema_out != NULL &&
        json_check(call->out, call->row->schema_out, &err) != ERR_NONE) {
        err.code = ERR_DEFECT;
        (void)err_prefix(&err, "result of %s.%s", call->tool, call->row->name);
        call->err = err;
    }
    if (call->err.code == ERR_CANCELLED && call_is_late(call)) {
        err_set(&call->err, ERR_TIMEOUT, "%s.%s did not end in time", call->tool, call->row->name);
    }
}

/* A process that slept past its lease learns here that the session is another's. */
static enum err_code call_keep_result(struct call_handle *call, struct err *err) {
    enum err_code code = call_journal_result(call, err);

    if (code == ERR_STALE && call->err.code == ERR_NONE && call->row->abandon != NULL) {
        call->row->abandon(&call->op, call->out);
    }
    return code;
}

static enum err_code call_end(struct call_handle *call, struct err *err) {
    if (!call->has_begun) {
        return ERR_NONE; /* refused or replayed: nothing to record */
    }
    call_check_result(call);
    if (call->is_metered) {
        gate_spend(call->turn, &call->hold, call->op.is_used_known ? &call->op.used : NULL);
    }
    if (call_is_open(call)) {
        if (call->err.code == ERR_TIMEOUT) { /* AWS goes on: the session waits for `attach` */
            (void)gate_fail(call->gate, &call->err);
        }
        call->err = call->gate->fault.code != ERR_NONE ? call->gate->fault : call->err;
        return ERR_NONE;
    }
    call_telemetry(call);
    return call_keep_result(call, err);
}

/* Everything of a call but the handle itself. */
static void call_done(struct call_handle *call) {
    json_decref(call->out);
    json_decref(call->args);
    json_decref((json_t *)(uintptr_t)call->op.approval);
    arena_free(call->op.arena);
}

enum err_code tool_finish(struct call_handle *handle, json_t **out, struct err *err) {
    struct call_handle *call = handle;
    enum err_code code;
    struct err failure = {0};

    call_wait(call);
    if (call_end(call, &failure) != ERR_NONE) {
        call->err = failure;
    }
    code = call->err.code;
    if (code == ERR_NONE) {
        *out = TAKE(call->out);
    } else {
        *err = call->err;
    }
    call_done(call);
    free(call);
    return code;
}

enum err_code tool_call(struct turn *turn, const char *tool, const char *operation, json_t *args,
                        json_t **out, struct err *err) {
    return tool_finish(tool_start(turn, tool, operation, args), out, err);
}

/* ---- What was begun and has no result ---- */

/* The operation that a row of the log is about, or NULL. */
static const struct operation *row_operation(const struct recalled *row) {
    char tool[sizeof row->what];
    size_t n = strcspn(row->what, ".");

    (void)snprintf(tool, sizeof tool, "%.*s", (int)n, row->what);
    return row->what[n] == '.' ? tool_find(tool, row->what + n + 1) : NULL;
}

/* Asks whether the call that an intent tells of took effect, and records the answer as its result.
 * Nothing is run. */
static enum err_code reconcile_one(struct gate *gate, struct recalled *row, struct err *err) {
    static const struct agent_card flow_card = {"flow", "Flow", NULL};
    struct turn turn = {.gate = gate, .agent = &flow_card};
    struct call_handle call = {.turn = &turn,
                               .gate = gate,
                               .number = row->number,
                               .needs_reconcile = true,
                               .is_settling = true};
    char tool[sizeof row->what];
    enum err_code code;

    call.row = row_operation(row);
    if (call.row == NULL || call.row->reconcile == NULL) {
        return ERR_NONE; /* a question, harmless to repeat, or not known to this version any more */
    }
    (void)snprintf(tool, sizeof tool, "%.*s", (int)strcspn(row->what, "."), row->what);
    call.tool = tool;
    call.args = json_incref(row->args);
    (void)snprintf(call.digest, sizeof call.digest, "%s", row->digest);
    (void)snprintf(call.key, sizeof call.key, "%s-%lld", gate->options.session,
                   (long long)row->number);
    code = call_submit(&call, err);
    call_wait(&call);
    if (code == ERR_NONE) {
        code = call_end(&call, err);
    }
    if (code == ERR_NONE && gate->fault.code != ERR_NONE) {
        *err = gate->fault;
        code = err->code;
    }
    if (code == ERR_NONE) {
        row->has_result = true;
        row->err = call.err;
        json_decref(row->result);
        row->result = TAKE(call.out);
    }
    call_done(&call);
    return code;
}

/* Whether the phase that is begun anew is to be told how this ended. What is built anew costs time
 * and nothing else; what was not done is done then, but for an effect, which needs a new yes. */
static bool reconcile_is_kept(const struct recalled *row, enum effect effect) {
    return row->has_intent && row->has_result &&
           (effect == EFFECT_APPLY || (effect == EFFECT_PREVIEW && row->err.code == ERR_NONE));
}

static void gate_keep_settled(struct gate *gate) {
    gate->settled = mem_array(gate->log_n + 1, sizeof *gate->settled);
    for (size_t i = 0; i < gate->log_n; i++) {
        struct recalled *row = &gate->log[i];
        const struct operation *operation = row_operation(row);

        if (operation != NULL && reconcile_is_kept(row, operation->effect)) {
            gate->settled[gate->settled_n++] = *row;
            *row = (struct recalled){0};
        }
    }
}

enum err_code gate_reconcile(struct gate *gate, struct err *err) {
    for (size_t i = 0; i < gate->log_n; i++) {
        struct recalled *row = &gate->log[i];

        if (row->args != NULL && row->has_intent && !row->has_result &&
            reconcile_one(gate, row, err) != ERR_NONE) {
            return err->code;
        }
    }
    gate->next_call = gate->recalled_last + 1;
    gate->settled_for = gate->next_call;
    gate_keep_settled(gate);
    return ERR_NONE;
}
