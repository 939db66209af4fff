/* The gate's records: what waits for the disk, what a restart recalls, what stops it. */
#include "tool/gate_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum { NOTE_DELAY_MS = 500 };

enum err_code gate_open(const struct gate_options *options, struct gate **out, struct err *err) {
    struct gate *gate = mem_alloc(sizeof *gate);

    gate->options = *options;
    gate->next_call = 1;
    gate->events = json_array();
    gate->renew_at_ms = clock_mono_ms() + limit(LIMIT_LEASE_RENEW_MS);
    (void)pthread_mutex_init(&gate->lock, NULL);
    gate->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (gate->wake < 0 || pool_open((int)limit(LIMIT_TOOL_CONCURRENT), &gate->pool, err) != ERR_NONE) {
        gate_close(gate);
        return err_set(err, ERR_IO, "the workers cannot be set up");
    }
    *out = gate;
    return ERR_NONE;
}

static void recalled_done(struct recalled *row) {
    json_decref(row->args);
    json_decref(row->result);
}

static void gate_forget_log(struct gate *gate) {
    for (size_t i = 0; i < gate->log_n; i++) {
        recalled_done(&gate->log[i]);
    }
    gate->log_n = 0;
}

static void pending_done(struct pending *record) {
    for (size_t i = 0; i < FIELD_N; i++) {
        free(record->fields[i]);
    }
    masked_done(&record->body);
    *record = (struct pending){0};
}

void gate_close(struct gate *gate) {
    if (gate == NULL) {
        return;
    }
    pool_close(gate->pool);
    gate_forget_log(gate);
    free(gate->log);
    for (size_t i = 0; i < gate->pending_n; i++) {
        pending_done(&gate->pending[i]);
    }
    approval_done(&gate->approved);
    json_decref(gate->events);
    free(gate->phase);
    free(gate->answered_by);
    if (gate->wake >= 0) {
        (void)close(gate->wake);
    }
    (void)pthread_mutex_destroy(&gate->lock);
    free(gate);
}

void gate_closep(struct gate **gate) {
    gate_close(*gate);
    *gate = NULL;
}

enum err_code gate_fail(struct gate *gate, const struct err *err) {
    if (gate->fault.code == ERR_NONE) {
        gate->fault = *err;
    }
    return err->code;
}

const struct err *gate_fault(const struct gate *gate) {
    return gate->fault.code == ERR_NONE ? NULL : &gate->fault;
}

int64_t gate_next_call(const struct gate *gate) { return gate->next_call; }

bool gate_is_replaying(const struct gate *gate) { return gate->next_call <= gate->recalled_last; }

void gate_enter(struct gate *gate, const char *phase, int64_t first_call) {
    free(gate->phase);
    gate->phase = mem_strdup(phase);
    gate->next_call = first_call;
    bus_context(gate->options.bus, gate->options.session, phase, NULL);
}

/* ---- What a restart recalls ---- */

struct recalled *gate_recalled(struct gate *gate, int64_t number) {
    for (size_t i = gate->log_n; i > 0; i--) {
        if (gate->log[i - 1].number == number) {
            return &gate->log[i - 1];
        }
    }
    return NULL;
}

static struct recalled *gate_recall_row(struct gate *gate, int64_t number) {
    struct recalled *row = gate_recalled(gate, number);

    if (row != NULL) {
        return row;
    }
    gate->log = mem_resize(gate->log, (gate->log_n + 1) * sizeof *gate->log);
    row = &gate->log[gate->log_n++];
    *row = (struct recalled){.number = number};
    gate->recalled_last = number > gate->recalled_last ? number : gate->recalled_last;
    return row;
}

static void copy_field(char *to, size_t size, struct str from) {
    size_t n = from.len < size - 1 ? from.len : size - 1;

    if (n > 0) {
        memcpy(to, from.ptr, n);
    }
    to[n] = '\0';
}

static void recall_result(struct recalled *row, const struct journal_record *record) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    struct err unread = {0};

    row->has_result = true;
    if (json_read(record->body, &body, &unread) != ERR_NONE) {
        body = json_object(); /* an expired body: the result is known, its details are not */
    }
    if (str_eq(record->fields[FIELD_OUTCOME], STR("error"))) {
        char wire[80];

        copy_field(wire, sizeof wire, record->fields[FIELD_CODE]);
        err_set(&row->err, err_from_wire(wire), "%s", json_str_or(body, "text", ""));
        err_remedy(&row->err, "%s", json_str_or(body, "remedy", ""));
        return;
    }
    json_decref(row->result);
    row->result = TAKE(body);
}

static void recall_args(struct recalled *row, const struct journal_record *record) {
    struct err unread = {0};

    json_decref(row->args);
    row->args = NULL;
    if (json_read(record->body, &row->args, &unread) != ERR_NONE) {
        row->args = json_object(); /* the operation's schema will refuse it */
    }
}

static void recall_approval(struct gate *gate, const struct journal_record *record) {
    struct err unread = {0};
    struct approval read = {0};

    if (approval_read(record->body, &read, &unread) != ERR_NONE) {
        return;
    }
    approval_done(&gate->approved);
    gate->approved = read;
    gate->approval_state.is_given = str_eq(record->fields[FIELD_OUTCOME], STR("yes"));
    copy_field(gate->approval_state.digest, sizeof gate->approval_state.digest,
               record->fields[FIELD_DIGEST]);
}

static void recall_verdict(struct gate *gate, const struct journal_record *record) {
    bool is_plan = str_eq(record->fields[FIELD_SUBJECT], STR("plan"));
    char *slot = is_plan ? gate->plan_reviewed : gate->set_reviewed;

    slot[0] = '\0';
    if (str_eq(record->fields[FIELD_OUTCOME], STR("allow"))) {
        copy_field(slot, SHA256_HEX + 1, record->fields[FIELD_DIGEST]);
    }
}

void gate_recall(struct gate *gate, const struct journal_record *record) {
    struct recalled *row;

    if (record->kind == RECORD_PHASE) {
        gate_forget_log(gate);
        return;
    }
    if (record->call == 0) {
        return;
    }
    row = gate_recall_row(gate, record->call);
    switch (record->kind) {
    case RECORD_INTENT:
        row->has_intent = true;
        (void)snprintf(row->what, sizeof row->what, STR_FMT "." STR_FMT,
                       STR_ARG(record->fields[FIELD_TOOL]), STR_ARG(record->fields[FIELD_OP]));
        copy_field(row->digest, sizeof row->digest, record->fields[FIELD_DIGEST]);
        recall_args(row, record);
        if (record->fields[FIELD_SUBJECT].len == SHA256_HEX) {
            copy_field(gate->used, sizeof gate->used, record->fields[FIELD_SUBJECT]);
            gate->used_by = record->call;
        }
        break;
    case RECORD_RESULT:
        (void)snprintf(row->what, sizeof row->what, STR_FMT "." STR_FMT,
                       STR_ARG(record->fields[FIELD_TOOL]), STR_ARG(record->fields[FIELD_OP]));
        copy_field(row->digest, sizeof row->digest, record->fields[FIELD_DIGEST]);
        recall_result(row, record);
        break;
    case RECORD_QUESTION:
        row->has_intent = true;
        (void)snprintf(row->what, sizeof row->what, "ask");
        copy_field(row->digest, sizeof row->digest, record->fields[FIELD_DIGEST]);
        break;
    case RECORD_ANSWER:
        recall_result(row, record);
        break;
    case RECORD_VERDICT:
        (void)snprintf(row->what, sizeof row->what, "verdict");
        row->has_result = true;
        recall_verdict(gate, record);
        break;
    case RECORD_APPROVAL:
        (void)snprintf(row->what, sizeof row->what, "approve");
        row->has_result = true;
        recall_approval(gate, record);
        break;
    case RECORD_NONE:
    case RECORD_SESSION:
    case RECORD_PHASE:
    case RECORD_NOTE:
    case RECORD_END:
    case RECORD_N:
        break;
    }
}

/* ---- What waits for the disk ---- */

struct pending *gate_pend(struct gate *gate, enum record_kind kind, int64_t call) {
    struct pending *record;
    struct err err = {0};

    if (gate->pending_n == JOURNAL_APPEND_MAX && gate_flush(gate, 0, &err) != ERR_NONE) {
        return NULL;
    }
    record = &gate->pending[gate->pending_n++];
    record->kind = kind;
    record->call = call;
    return record;
}

void gate_field(struct pending *record, enum record_field field, const char *value) {
    free(record->fields[field]);
    record->fields[field] = mem_strdup(value);
}

enum err_code gate_flush(struct gate *gate, int64_t inbox_through, struct err *err) {
    struct journal_entry entries[JOURNAL_APPEND_MAX] = {0};

    if (gate->fault.code != ERR_NONE && gate->fault.code != ERR_INTERRUPTED) {
        *err = gate->fault;
        return err->code;
    }
    if (gate->pending_n == 0) {
        return ERR_NONE;
    }
    for (size_t i = 0; i < gate->pending_n; i++) {
        const struct pending *record = &gate->pending[i];

        entries[i].kind = record->kind;
        entries[i].call = record->call;
        entries[i].body = record->body.len == 0 ? NULL : &record->body;
        for (size_t f = 0; f < FIELD_N; f++) {
            entries[i].fields[f] = str_from(record->fields[f]);
        }
    }
    if (journal_append(gate->options.journal, entries, gate->pending_n, inbox_through, NULL, err) !=
        ERR_NONE) {
        return gate_fail(gate, err);
    }
    for (size_t i = 0; i < gate->pending_n; i++) {
        pending_done(&gate->pending[i]);
    }
    gate->pending_n = 0;
    gate->noted_at_ms = 0;
    return ERR_NONE;
}

enum err_code gate_settle(struct gate *gate, struct err *err) { return gate_flush(gate, 0, err); }

void gate_note(struct gate *gate, const struct masked *json) {
    struct pending *record = gate_pend(gate, RECORD_NOTE, 0);

    if (record == NULL) {
        return; /* the fault is kept; a note is not worth another one */
    }
    record->body.ptr = str_dup(masked_str(json));
    record->body.len = json->len;
    if (gate->noted_at_ms == 0) {
        gate->noted_at_ms = clock_mono_ms();
    }
}

enum err_code gate_record(struct gate *gate, const struct journal_entry *entry, struct err *err) {
    struct pending *record = gate_pend(gate, entry->kind, entry->call);

    if (record == NULL) {
        *err = gate->fault;
        return err->code;
    }
    for (size_t f = 0; f < FIELD_N; f++) {
        if (entry->fields[f].len > 0) {
            record->fields[f] = str_dup(entry->fields[f]);
        }
    }
    if (entry->body != NULL) {
        record->body.ptr = str_dup(masked_str(entry->body));
        record->body.len = entry->body->len;
    }
    return gate_flush(gate, 0, err);
}

/* ---- While the gate waits ---- */

static void gate_show_events(struct gate *gate) {
    CLEANUP(json_decrefp) json_t *events = NULL;
    uint64_t count;
    json_t *event;
    size_t i;

    (void)!read(gate->wake, &count, sizeof count);
    (void)pthread_mutex_lock(&gate->lock);
    if (json_array_size(gate->events) > 0) {
        events = gate->events;
        gate->events = json_array();
    }
    (void)pthread_mutex_unlock(&gate->lock);
    json_array_foreach(events, i, event) {
        enum event kind = event_from_type(json_str_or(event, "type", "progress"));

        bus_emit(gate->options.bus, kind == EVENT_NONE ? EVENT_PROGRESS : kind, json_incref(event));
    }
}

void gate_tick(struct gate *gate) {
    struct err err = {0};
    int64_t now = clock_mono_ms();

    gate_show_events(gate);
    if (gate->noted_at_ms != 0 && now > gate->noted_at_ms + NOTE_DELAY_MS &&
        gate_flush(gate, 0, &err) != ERR_NONE) {
        return; /* kept as the fault */
    }
    if (atomic_load(gate->options.interrupted) && gate->fault.code == ERR_NONE) {
        err_set(&err, ERR_INTERRUPTED, "stopped by Ctrl-C; AWS goes on with what it was told");
        err_remedy(&err, "aws-copilot attach %s goes on from here", gate->options.session);
        (void)gate_fail(gate, &err);
    }
    if (now >= gate->renew_at_ms && gate->options.lease != NULL) {
        gate->renew_at_ms = now + limit(LIMIT_LEASE_RENEW_MS);
        if (store_renew_lease(gate->options.services->store, gate->options.lease,
                              limit(LIMIT_LEASE_MS), &err) == ERR_STALE) {
            (void)gate_fail(gate, &err);
        }
    }
}

/* ---- The user's planning rate ---- */

static enum err_code planning_load(struct gate *gate, struct window *window, struct arena *arena,
                                   struct err *err) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    const struct store_doc *doc = NULL;
    struct err unread = {0};
    json_t *at;
    size_t i;

    if (store_get_doc(gate->options.services->store, "limits", STR("plan_cycles"), arena, &doc, err) !=
        ERR_NONE) {
        return err->code;
    }
    if (doc == NULL || json_read(doc->body, &body, &unread) != ERR_NONE) {
        return ERR_NONE;
    }
    json_array_foreach(json_object_get(body, "at_ms"), i, at) {
        if (window->n < WINDOW_MAX) {
            window->at_ms[window->n++] = (int64_t)json_integer_value(at);
        }
    }
    return ERR_NONE;
}

static enum err_code planning_save(struct gate *gate, const struct window *window,
                                   struct err *err) {
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(masked_done) struct masked masked = {0};
    json_t *list = json_array();
    struct store_put put = {.collection = "limits", .id = STR("plan_cycles"), .body = &masked};

    for (int i = 0; i < window->n; i++) {
        (void)json_array_append_new(list, json_integer((json_int_t)window->at_ms[i]));
    }
    json_put(body, "at_ms", list);
    redact_json(gate->options.services->redactor, body, &masked);
    return store_put_doc(gate->options.services->store, &put, err);
}

enum err_code gate_pace_planning(struct gate *gate, struct err *err) {
    for (bool is_told = false;; is_told = true) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        struct window window = {0};
        int64_t wait_ms;

        if (planning_load(gate, &window, arena, err) != ERR_NONE) {
            return err->code;
        }
        wait_ms = window_take(&window, (int)limit(LIMIT_PLAN_CYCLES), limit(LIMIT_PLAN_SPAN_MS),
                              clock_now_ms());
        if (wait_ms == 0) {
            return planning_save(gate, &window, err);
        }
        if (!is_told) {
            bus_emit(gate->options.bus, EVENT_SAY,
                     json_pack("{s:s, s:I}", "text",
                               "four plans were made within a minute, the limit; waiting",
                               "wait_ms", (json_int_t)wait_ms));
        }
        clock_sleep_ms(wait_ms < 200 ? wait_ms : 200);
        gate_tick(gate);
        if (gate->fault.code != ERR_NONE) {
            *err = gate->fault;
            return err->code;
        }
    }
}
