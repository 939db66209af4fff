/* The gate's records: what waits for the disk, what a restart recalls, what stops it. */
#include "tool/gate_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum { NOTE_DELAY_MS = 500, INBOX_PAUSE_MS = 500 };

enum err_code gate_open(const struct gate_options *options, struct gate **out, struct err *err) {
    struct gate *gate = mem_alloc(sizeof *gate);

    gate->options = *options;
    gate->next_call = 1;
    gate->events = json_array();
    gate->renew_at_ms = clock_mono_ms() + limit(LIMIT_LEASE_RENEW_MS);
    (void)pthread_mutex_init(&gate->lock, NULL);
    gate->is_counting = options->meter != NULL && meter_join(options->meter, options->session);
    gate->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (gate->wake < 0 ||
        pool_open((int)limit(LIMIT_TOOL_CONCURRENT), &gate->pool, err) != ERR_NONE) {
        gate_close(gate);
        return err_set(err, ERR_IO, "the workers cannot be set up");
    }
    *out = gate;
    return ERR_NONE;
}

void recalled_done(struct recalled *row) {
    json_decref(row->args);
    json_decref(row->result);
    *row = (struct recalled){0};
}

static void gate_forget_settled(struct gate *gate) {
    for (size_t i = 0; i < gate->settled_n; i++) {
        recalled_done(&gate->settled[i]);
    }
    free(gate->settled);
    gate->settled = NULL;
    gate->settled_n = 0;
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
    gate_cancel_all(gate);
    pool_close(gate->pool);
    gate_forget_log(gate);
    gate_forget_settled(gate);
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

enum err_code gate_interrupt(struct gate *gate, struct err *err) {
    err_set(err, ERR_INTERRUPTED, "stopped by Ctrl-C; AWS goes on with what it was told");
    err_remedy(err, "aws-copilot attach %s goes on from here", gate->options.session);
    return gate_fail(gate, err);
}

void gate_watch_time(struct gate *gate, int64_t now_mono_ms) {
    const int64_t *deadline = gate->options.deadline_mono_ms;
    struct err err = {0};

    if (deadline == NULL || *deadline == 0 || now_mono_ms <= *deadline || gate->is_time_told) {
        return;
    }
    gate->is_time_told = true;
    err_set(&err, ERR_TIMEOUT,
            "the time of --max-wait-duration is over; AWS goes on with what it "
            "was told");
    err_remedy(&err, "aws-copilot attach %s goes on from here", gate->options.session);
    (void)gate_fail(gate, &err);
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

void gate_doubt(struct gate *gate) { gate->options.is_uncertain = true; }

int64_t gate_next_call(const struct gate *gate) { return gate->next_call; }

bool gate_is_replaying(const struct gate *gate) { return gate->next_call <= gate->recalled_last; }

void gate_enter(struct gate *gate, const char *phase, int64_t first_call) {
    free(gate->phase);
    gate->phase = mem_strdup(phase);
    gate->next_call = first_call;
    if (first_call != gate->settled_for) {
        gate_forget_settled(gate);
    }
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

void gate_forget(struct gate *gate, struct recalled *row) {
    int64_t number = row->number;

    recalled_done(row);
    gate->recalled_last = gate->recalled_last == number ? number - 1 : gate->recalled_last;
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

enum err_code gate_compare(struct gate *gate, const struct recalled *row, const char *what,
                           const char *digest, struct err *err) {
    bool is_same = strcmp(row->what, what) == 0;

    if (is_same && (digest == NULL || strcmp(row->digest, digest) == 0)) {
        return ERR_NONE;
    }
    err_set(err, ERR_DEFECT, "the journal holds %s at call %lld, the re-run asks for %s%s",
            row->what, (long long)row->number, what, is_same ? " with other arguments" : "");
    err_remedy(err, "please report this; nothing was done twice");
    return gate_fail(gate, err);
}

struct recalled *gate_settled(struct gate *gate, const char *tool, const char *operation,
                              const char *digest) {
    char what[sizeof gate->settled->what];

    (void)snprintf(what, sizeof what, "%s.%s", tool, operation);
    for (size_t i = 0; i < gate->settled_n; i++) {
        if (strcmp(what, gate->settled[i].what) == 0 &&
            strcmp(digest, gate->settled[i].digest) == 0) {
            return &gate->settled[i];
        }
    }
    return NULL;
}

json_t *gate_err_body(const struct err *err) {
    json_t *body = json_object();

    json_put_str(body, "text", err->text);
    json_put_str(body, "remedy", err->remedy);
    return body;
}

void gate_err_from(const json_t *body, enum err_code code, struct err *out) {
    err_set(out, code, "%s", json_str_or(body, "text", ""));
    err_remedy(out, "%s", json_str_or(body, "remedy", ""));
}

static void copy_field(char *to, size_t size, struct str from) {
    size_t n = from.len < size - 1 ? from.len : size - 1;

    if (n > 0) {
        memcpy(to, from.ptr, n);
    }
    to[n] = '\0';
}

/* What an earlier process held is spent; what it settled is what it used. */
static void recall_held(struct gate *gate, struct recalled *row) {
    if (!gate_hold_read(row->args, &row->hold)) {
        return;
    }
    gate->spent.in += row->hold.held.in;
    gate->spent.out += row->hold.held.out;
    if (gate->is_counting) {
        token_ledger_spend(meter_ledger(gate->options.meter), row->hold.held);
    }
}

static void recall_spent(struct gate *gate, struct recalled *row, const json_t *body) {
    struct token_sum spent;

    if (row->hold.held.out > 0 && gate_sum_read(json_object_get(body, "spent"), &spent)) {
        gate->spent.in += spent.in - row->hold.held.in;
        gate->spent.out += spent.out - row->hold.held.out;
        if (gate->is_counting) {
            (void)token_ledger_settle(meter_ledger(gate->options.meter), &row->hold, &spent);
        }
    }
    row->hold = (struct token_hold){0};
}

static void recall_result(struct gate *gate, struct recalled *row,
                          const struct journal_record *record) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    struct err unread = {0};

    row->has_result = true;
    if (json_read(record->body, &body, &unread) != ERR_NONE) {
        body = json_object(); /* an expired body: the result is known, its details are not */
    }
    recall_spent(gate, row, body);
    if (record->fields[FIELD_CODE].len > 0) {
        char wire[80];

        copy_field(wire, sizeof wire, record->fields[FIELD_CODE]);
        gate_err_from(body, err_from_wire(wire), &row->err);
        return;
    }
    json_decref(row->result);
    row->result = TAKE(body);
}

static void recall_raise(struct gate *gate, const struct recalled *row) {
    if (gate->options.meter != NULL && strcmp(row->digest, meter_question_digest().text) == 0) {
        meter_answered(gate->options.meter,
                       strcmp(json_str_or(row->result, "answer", ""), "yes") == 0);
    }
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

char *gate_review_slot(struct gate *gate, struct str subject) {
    return str_eq(subject, STR("plan"))  ? gate->plan_reviewed
           : str_eq(subject, STR("set")) ? gate->set_reviewed
                                         : NULL;
}

static void recall_verdict(struct gate *gate, const struct journal_record *record) {
    char *slot = gate_review_slot(gate, record->fields[FIELD_SUBJECT]);

    if (slot == NULL) {
        return;
    }
    slot[0] = '\0';
    if (str_eq(record->fields[FIELD_OUTCOME], STR("allow"))) {
        copy_field(slot, SHA256_HEX + 1, record->fields[FIELD_DIGEST]);
    }
}

static void recall_call(struct recalled *row, const struct journal_record *record) {
    (void)snprintf(row->what, sizeof row->what, STR_FMT "." STR_FMT,
                   STR_ARG(record->fields[FIELD_TOOL]), STR_ARG(record->fields[FIELD_OP]));
}

static void recall_intent(struct gate *gate, struct recalled *row,
                          const struct journal_record *record) {
    row->has_intent = true;
    recall_call(row, record);
    recall_args(row, record);
    recall_held(gate, row);
    if (record->fields[FIELD_SUBJECT].len == SHA256_HEX) {
        copy_field(gate->used, sizeof gate->used, record->fields[FIELD_SUBJECT]);
    }
}

/* The verdict of a reviewer over a paper, or of the policy over a call. */
static void recall_any_verdict(struct gate *gate, struct recalled *row,
                               const struct journal_record *record) {
    row->has_result = true;
    if (record->fields[FIELD_TOOL].len > 0) {
        recall_call(row, record);
        recall_result(gate, row, record);
        return;
    }
    (void)snprintf(row->what, sizeof row->what, "verdict");
    recall_verdict(gate, record);
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
    if (record->fields[FIELD_DIGEST].len > 0) {
        copy_field(row->digest, sizeof row->digest, record->fields[FIELD_DIGEST]);
    }
    switch (record->kind) {
    case RECORD_INTENT:
        recall_intent(gate, row, record);
        break;
    case RECORD_RESULT:
        recall_call(row, record);
        recall_result(gate, row, record);
        break;
    case RECORD_QUESTION:
        row->has_intent = true;
        (void)snprintf(row->what, sizeof row->what, "ask");
        break;
    case RECORD_ANSWER:
        recall_result(gate, row, record);
        recall_raise(gate, row);
        break;
    case RECORD_VERDICT:
        recall_any_verdict(gate, row, record);
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

struct pending *gate_pend(struct gate *gate, enum record_kind kind, int64_t call, struct err *err) {
    struct pending *record;

    if (gate->pending_n == JOURNAL_APPEND_MAX && gate_flush(gate, 0, err) != ERR_NONE) {
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

    if (gate->fault.code != ERR_NONE && gate->fault.code != ERR_INTERRUPTED &&
        gate->fault.code != ERR_TIMEOUT) {
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
        entries[i].body = masked_str(&record->body).len == 0 ? NULL : &record->body;
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
    struct err err = {0};
    struct pending *record = gate_pend(gate, RECORD_NOTE, 0, &err);

    if (record == NULL) {
        return; /* the fault is kept; a note is not worth another one */
    }
    masked_copy(json, &record->body);
    if (gate->noted_at_ms == 0) {
        gate->noted_at_ms = clock_mono_ms();
    }
}

enum err_code gate_record(struct gate *gate, const struct journal_entry *entry, struct err *err) {
    struct pending *record = gate_pend(gate, entry->kind, entry->call, err);

    if (record == NULL) {
        return err->code;
    }
    for (size_t f = 0; f < FIELD_N; f++) {
        if (entry->fields[f].len > 0) {
            record->fields[f] = str_dup(entry->fields[f]);
        }
    }
    if (entry->body != NULL) {
        masked_copy(entry->body, &record->body);
    }
    return ERR_NONE;
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

bool gate_is_cancelled(const struct gate *gate, struct err *err) {
    static const char *const settling[] = {"rollback", "closure", "escalated"};
    const struct gate *from = gate;

    for (size_t i = 0; i < ARRAY_N(settling); i++) {
        if (gate->phase != NULL && strcmp(gate->phase, settling[i]) == 0) {
            return false;
        }
    }
    while (from != NULL && !atomic_load(&from->is_unwanted)) {
        from = from->options.parent;
    }
    if (from == NULL) {
        return false;
    }
    err_set(err, ERR_CANCELLED, "cancelled by %s", from->cancelled_by);
    return true;
}

/* Looks for a message of `cancel`: {"type":"cancel","actor"}. It stays in the inbox, so that
 * whoever takes the session up knows it too. */
static void gate_read_inbox(struct gate *gate, int64_t now) {
    CLEANUP(arena_freep) struct arena *arena = NULL;
    const struct store_message *messages = NULL;
    struct err unread = {0};
    size_t n = 0;

    if (now < gate->inbox_at_ms || atomic_load(&gate->is_unwanted)) {
        return;
    }
    gate->inbox_at_ms = now + INBOX_PAUSE_MS;
    arena = arena_new();
    if (store_read_inbox(gate->options.services->store, str_from(gate->options.session), arena,
                         &messages, &n, &unread) != ERR_NONE) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        CLEANUP(json_decrefp) json_t *body = NULL;

        if (json_read(messages[i].body, &body, &unread) == ERR_NONE &&
            strcmp(json_str_or(body, "type", ""), "cancel") == 0) {
            (void)snprintf(gate->cancelled_by, sizeof gate->cancelled_by, "%s",
                           json_str_or(body, "actor", "somebody"));
            atomic_store(&gate->is_unwanted, true);
        }
    }
}

void gate_tick(struct gate *gate) {
    struct err err = {0};
    int64_t now = clock_mono_ms();

    gate_read_inbox(gate, now);

    gate_show_events(gate);
    if (gate->noted_at_ms != 0 && now > gate->noted_at_ms + NOTE_DELAY_MS &&
        gate_flush(gate, 0, &err) != ERR_NONE) {
        return; /* kept as the fault */
    }
    if (atomic_load(gate->options.interrupted) && gate->fault.code == ERR_NONE) {
        (void)gate_interrupt(gate, &err);
    }
    gate_watch_time(gate, now);
    if (now >= gate->renew_at_ms && gate->options.lease != NULL) {
        gate->renew_at_ms = now + limit(LIMIT_LEASE_RENEW_MS);
        if (store_renew_lease(gate->options.services->store, gate->options.lease,
                              limit(LIMIT_LEASE_MS), &err) == ERR_STALE) {
            (void)gate_fail(gate, &err);
        }
    }
    if (gate->options.parent != NULL) {
        gate_tick(gate->options.parent);
    }
}

/* ---- The user's planning rate ---- */

/* The window as a cell: how many times, then the times. All processes of the user share it. */
struct planning {
    int64_t now_ms;
    int64_t wait_ms;
};

static void planning_take(int64_t cell[STORE_CELL_N], void *context) {
    struct planning *planning = context;
    struct window window = {0};

    _Static_assert((int)WINDOW_MAX < (int)STORE_CELL_N, "a window fits into a cell");
    window.n = cell[0] < 0 || cell[0] > WINDOW_MAX ? 0 : (int)cell[0];
    memcpy(window.at_ms, &cell[1], sizeof window.at_ms);
    planning->wait_ms = window_take(&window, (int)limit(LIMIT_PLAN_CYCLES),
                                    limit(LIMIT_PLAN_SPAN_MS), planning->now_ms);
    cell[0] = window.n;
    memcpy(&cell[1], window.at_ms, sizeof window.at_ms);
}

/* On record as a sentence, and as what goes on now, whose clock a terminal shows. */
static void pace_tell(struct gate *gate, int64_t wait_ms) {
    CLEANUP(freep)
    char *text =
        mem_format("%lld plans were made within %lld s, the limit; this one waits %lld s",
                   (long long)limit(LIMIT_PLAN_CYCLES), (long long)limit(LIMIT_PLAN_SPAN_MS) / 1000,
                   (long long)(wait_ms + 999) / 1000);

    bus_emit(gate->options.bus, EVENT_SAY,
             json_pack("{s:s, s:I}", "text", text, "wait_ms", (json_int_t)wait_ms));
    bus_emit(gate->options.bus, EVENT_PROGRESS,
             json_pack("{s:s}", "text", "waiting for the pace of planning"));
}

enum err_code gate_pace_planning(struct gate *gate, struct err *err) {
    for (bool is_told = false;; is_told = true) {
        struct planning planning = {.now_ms = clock_now_ms()};

        if (store_update_cell(gate->options.services->store, STR("plan_cycles"), planning_take,
                              &planning, err) != ERR_NONE) {
            return err->code;
        }
        if (planning.wait_ms == 0) {
            return ERR_NONE;
        }
        if (!is_told) {
            pace_tell(gate, planning.wait_ms);
        }
        clock_sleep_ms(planning.wait_ms < 200 ? planning.wait_ms : 200);
        gate_tick(gate);
        if (gate->fault.code != ERR_NONE) {
            *err = gate->fault;
            return err->code;
        }
    }
}
