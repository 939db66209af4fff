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
    bool needs_reconcile;
    bool is_running;
    bool is_replayed;
    int64_t started_us;
    int64_t elapsed_us;
    json_t *out;
    struct err err;
    struct call_handle *next; /* in gate->running */
};

/* ---- The tables ---- */

const struct operation *tool_find(const char *tool, const char *operation) {
    for (size_t t = 0; t < tool_n; t++) {
        if (strcmp(tools[t]->name, tool) != 0) {
            continue;
        }
        for (size_t i = 0; i < tools[t]->operation_n; i++) {
            if (strcmp(tools[t]->operations[i].name, operation) == 0) {
                return &tools[t]->operations[i];
            }
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

    call->started_us = clock_mono_us();
    if (call->needs_reconcile && call->row->reconcile != NULL &&
        call->row->reconcile(&call->op, &state, &call->out, &call->err) != ERR_NONE) {
        call->elapsed_us = clock_mono_us() - call->started_us;
        return;
    }
    if (state == RECONCILED_NOT_STARTED) {
        (void)call->row->run(&call->op, &call->out, &call->err);
    }
    call->elapsed_us = clock_mono_us() - call->started_us;
}

/* ---- Submission ---- */

/* The consumption of an approval is the intent record of the effect it allows. What a consumed
 * approval's on_failure allows consumes nothing. */
static bool call_consumes(const struct call_handle *call) {
    return call->row->effect == EFFECT_APPLY && json_str_at(call->args, "approval") != NULL;
}

static enum err_code call_journal_intent(struct call_handle *call, struct err *err) {
    struct gate *gate = call->gate;
    struct pending *record = gate_pend(gate, RECORD_INTENT, call->number);

    if (record == NULL) {
        *err = gate->fault;
        return err->code;
    }
    gate_field(record, FIELD_TOOL, call->tool);
    gate_field(record, FIELD_OP, call->row->name);
    gate_field(record, FIELD_AGENT, call->turn->agent->name);
    gate_field(record, FIELD_PHASE, gate->phase);
    gate_field(record, FIELD_DIGEST, call->digest);
    if (call_consumes(call)) {
        gate_field(record, FIELD_SUBJECT, json_str_at(call->args, "approval"));
        (void)snprintf(gate->used, sizeof gate->used, "%s", json_str_at(call->args, "approval"));
        gate->used_by = call->number;
    }
    redact_json(gate->options.services->redactor, call->args, &record->body);
    return gate_flush(gate, 0, err);
}

static enum err_code call_replay(struct call_handle *call, const struct recalled *row,
                                 struct err *err) {
    char what[sizeof row->what];

    (void)snprintf(what, sizeof what, "%s.%s", call->tool, call->row->name);
    if (strcmp(what, row->what) != 0 || strcmp(call->digest, row->digest) != 0) {
        err_set(err, ERR_DEFECT,
                "the journal holds %s at call %lld, the re-run asks for %s%s", row->what,
                (long long)call->number, what,
                strcmp(what, row->what) == 0 ? " with other arguments" : "");
        err_remedy(err, "please report this; nothing was done twice");
        return gate_fail(call->gate, err);
    }
    if (row->has_result) {
        call->is_replayed = true;
        call->err = row->err;
        call->out = json_incref(row->result);
    }
    call->needs_reconcile = row->has_intent && !row->has_result;
    return ERR_NONE;
}

static void call_prepare(struct call_handle *call) {
    struct gate *gate = call->gate;

    call->op = (struct op){
        .services = gate->options.services,
        .args = call->args,
        .session = gate->options.session,
        .key = call->key,
        .cancel = &call->cancel,
        .deadline_mono_ms = clock_mono_ms() + limit(call->row->deadline),
        .arena = arena_new(),
        .emit = op_emit,
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

    if (call->row->effect != EFFECT_READ && call->row->effect != EFFECT_NOTIFY &&
        !call->needs_reconcile && call_journal_intent(call, err) != ERR_NONE) {
        return err->code;
    }
    call_prepare(call);
    if (pool_submit(gate->pool, call_run, call, err) != ERR_NONE) {
        return err->code;
    }
    call->is_running = true;
    call->next = gate->running;
    gate->running = call;
    return ERR_NONE;
}

struct call_handle *tool_start(struct turn *turn, const char *tool, const char *operation,
                               json_t *args) {
    struct call_handle *call = mem_alloc(sizeof *call);
    struct gate *gate = turn->gate;
    const struct recalled *row;

    call->turn = turn;
    call->gate = gate;
    call->tool = tool;
    call->args = args;
    gate_tick(gate);
    if (gate->fault.code != ERR_NONE) {
        call->err = gate->fault;
        return call;
    }
    if (gate_admit(turn, tool, operation, args, &call->row, &call->err) != ERR_NONE) {
        return call;
    }
    call->number = gate->next_call++;
    (void)snprintf(call->digest, sizeof call->digest, "%s", sha256_hex(json_hash(args)).text);
    (void)snprintf(call->key, sizeof call->key, "%s-%lld", gate->options.session,
                   (long long)call->number);
    row = gate_recalled(gate, call->number);
    if (row != NULL && call_replay(call, row, &call->err) != ERR_NONE) {
        return call;
    }
    if (!call->is_replayed) {
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

static void call_wait(struct call_handle *call) {
    struct gate *gate = call->gate;
    struct pollfd fds[2] = {{.fd = pool_fd(gate->pool), .events = POLLIN},
                            {.fd = gate->wake, .events = POLLIN}};

    while (call->is_running) {
        (void)poll(fds, ARRAY_N(fds), 250);
        gate_tick(gate);
        gate_collect(gate);
        for (struct call_handle *c = gate->running; c != NULL; c = c->next) {
            if (gate->fault.code != ERR_NONE ||
                clock_mono_ms() > c->op.deadline_mono_ms + limit(LIMIT_KILL_GRACE_MS)) {
                atomic_store(&c->cancel, true);
            }
        }
    }
    gate_tick(gate); /* what it reported last */
}

/* The words of a call that did not end: never a result, so that a restart reconciles it. */
static bool call_is_open(const struct call_handle *call) {
    return call->err.code == ERR_INTERRUPTED ||
           (call->err.code == ERR_CANCELLED && call->gate->fault.code != ERR_NONE);
}

static enum err_code call_journal_result(struct call_handle *call, struct err *err) {
    struct gate *gate = call->gate;
    struct pending *record = gate_pend(gate, RECORD_RESULT, call->number);
    CLEANUP(json_decrefp) json_t *body = NULL;

    if (record == NULL) {
        *err = gate->fault;
        return err->code;
    }
    gate_field(record, FIELD_TOOL, call->tool);
    gate_field(record, FIELD_OP, call->row->name);
    gate_field(record, FIELD_AGENT, call->turn->agent->name);
    gate_field(record, FIELD_PHASE, gate->phase);
    gate_field(record, FIELD_DIGEST, call->digest);
    if (call->err.code == ERR_NONE) {
        gate_field(record, FIELD_OUTCOME, "ok");
        body = json_incref(call->out);
    } else {
        gate_field(record, FIELD_OUTCOME, "error");
        gate_field(record, FIELD_CODE, err_wire(call->err.code));
        body = json_object();
        json_put_str(body, "text", call->err.text);
        json_put_str(body, "remedy", call->err.remedy);
    }
    redact_json(gate->options.services->redactor, body, &record->body);
    if (record->body.len > (size_t)limit(LIMIT_DOCUMENT_BYTES)) {
        return err_set(err, ERR_TOO_LARGE, "the result of %s.%s is too large to be kept",
                       call->tool, call->row->name);
    }
    if (call->err.code == ERR_NONE) { /* the agent gets what is journaled, not what was returned */
        json_decref(call->out);
        call->out = NULL;
        if (json_read(masked_str(&record->body), &call->out, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (call->row->effect == EFFECT_READ || call->row->effect == EFFECT_NOTIFY) {
        return ERR_NONE;
    }
    return gate_flush(gate, 0, err);
}

static void call_telemetry(const struct call_handle *call) {
    const char *code = call->err.code == ERR_NONE ? NULL : err_wire(call->err.code);

    bus_context(call->gate->options.bus, call->gate->options.session, call->gate->phase,
                call->turn->agent->name);
    bus_emit(call->gate->options.bus, EVENT_CALL,
             json_pack("{s:s, s:s, s:I, s:s, s:I, s:s?}", "tool", call->tool, "operation",
                       call->row->name, "call", (json_int_t)call->number, "status",
                       code == NULL ? "ok" : "error", "latency_ms",
                       (json_int_t)(call->elapsed_us / 1000), "error_code", code));
}

static enum err_code call_end(struct call_handle *call, struct err *err) {
    if (call->row == NULL || call->number == 0 || call->started_us == 0) {
        return ERR_NONE; /* refused, replayed or never started: nothing to record */
    }
    if (call->err.code == ERR_NONE && call->row->schema_out != NULL &&
        json_check(call->out, call->row->schema_out, err) != ERR_NONE) {
        call->err = *err;
        call->err.code = ERR_DEFECT;
        (void)err_prefix(&call->err, "result of %s.%s", call->tool, call->row->name);
    }
    if (call_is_open(call)) {
        call->err = call->gate->fault.code != ERR_NONE ? call->gate->fault : call->err;
        return ERR_NONE;
    }
    call_telemetry(call);
    return call_journal_result(call, err);
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
    json_decref(call->out);
    json_decref(call->args);
    json_decref((json_t *)(uintptr_t)call->op.approval);
    arena_free(call->op.arena);
    free(call);
    return code;
}

enum err_code tool_call(struct turn *turn, const char *tool, const char *operation, json_t *args,
                        json_t **out, struct err *err) {
    return tool_finish(tool_start(turn, tool, operation, args), out, err);
}

/* ---- What was begun and has no result ---- */

/* The call as its intent tells it: on this thread, with the journaled arguments. */
static enum err_code reconcile_one(struct gate *gate, const struct recalled *row, struct err *err) {
    struct str rest = str_from(row->what);
    struct str tool = {0};
    CLEANUP(freep) char *tool_name = NULL;
    static const struct agent_card flow_card = {"flow", "Flow", NULL};
    struct turn turn = {.gate = gate, .agent = &flow_card};
    struct call_handle call = {.turn = &turn, .gate = gate, .number = row->number,
                               .args = row->args, .needs_reconcile = true};
    enum reconciled state = RECONCILED_NOT_STARTED;
    enum err_code code = ERR_NONE;

    (void)str_next(&rest, '.', &tool);
    tool_name = str_dup(tool);
    call.tool = tool_name;
    call.row = tool_find(tool_name, rest.ptr);
    if (call.row == NULL || call.row->reconcile == NULL) {
        return ERR_NONE; /* harmless to repeat, or not known to this version any more */
    }
    (void)snprintf(call.digest, sizeof call.digest, "%s", row->digest);
    (void)snprintf(call.key, sizeof call.key, "%s-%lld", gate->options.session,
                   (long long)row->number);
    call_prepare(&call);
    if (call.row->reconcile(&call.op, &state, &call.out, &call.err) == ERR_NONE &&
        state == RECONCILED_NOT_STARTED) {
        err_set(&call.err, ERR_CANCELLED, "not done: the program was updated in between");
    }
    if (call.err.code != ERR_NONE || call.out != NULL) {
        code = call_journal_result(&call, err);
    }
    json_decref(call.out);
    json_decref((json_t *)(uintptr_t)call.op.approval);
    arena_free(call.op.arena);
    return code;
}

enum err_code gate_reconcile(struct gate *gate, struct err *err) {
    for (size_t i = 0; i < gate->log_n; i++) {
        const struct recalled *row = &gate->log[i];

        if (row->args != NULL && row->has_intent && !row->has_result &&
            reconcile_one(gate, row, err) != ERR_NONE) {
            return err->code;
        }
    }
    gate->next_call = gate->recalled_last + 1;
    return ERR_NONE;
}
