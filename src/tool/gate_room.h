/* tool/gate_room.h: what the files of the gate share. Not for other rooms. */
#pragma once

#include <pthread.h>

#include "guard/approval.h"
#include "sys/pool.h"
#include "tool/gate.h"
#include "tool/services.h"

/* What the journal holds for one number: a call, a question, a verdict or an approval. */
struct recalled {
    int64_t number;
    bool has_intent;
    bool has_result;
    char what[136];              /* "tool.operation", "ask", "verdict", "approve" */
    char digest[SHA256_HEX + 1]; /* of the arguments, the question, the paper */
    json_t *args;                /* of an intent, masked */
    json_t *result;              /* of a call that went well, or {"answer","by"} */
    struct err err;              /* of a call that did not, or was refused */
    struct token_hold hold;      /* of an intent that spends tokens */
};

/* A record that waits for the next sync. Owns its text. */
struct pending {
    enum record_kind kind;
    int64_t call;
    char *fields[FIELD_N];
    struct masked body;
};

struct gate {
    struct gate_options options;
    struct pool *pool;
    char *phase;

    struct recalled *log; /* of the phase that runs, ascending numbers */
    size_t log_n;
    int64_t next_call;
    int64_t recalled_last; /* the highest number in the journal */

    struct pending pending[JOURNAL_APPEND_MAX];
    size_t pending_n;

    bool is_counting; /* what is recalled was spent by an earlier process */

    struct err fault;
    bool is_time_told;   /* that the run's time is over */
    int64_t renew_at_ms; /* of clock_mono_ms() */
    int64_t noted_at_ms; /* when the oldest note that waits was made; 0: none waits */

    /* How the effects ended that a phase had begun before it was begun anew at `settled_for`. */
    struct recalled *settled;
    size_t settled_n;
    int64_t settled_for;

    /* What the records say, for the policy. */
    char plan_reviewed[SHA256_HEX + 1];
    char set_reviewed[SHA256_HEX + 1];
    struct approval approved; /* the last one that a person answered */
    struct approval_state approval_state;
    struct token_sum spent;    /* of this session, with what was recalled */
    char used[SHA256_HEX + 1]; /* digest of the approval that an effect has consumed */
    char *answered_by;

    atomic_bool is_unwanted; /* a person cancelled the run from elsewhere */
    char cancelled_by[256];  /* who */
    int64_t inbox_at_ms;     /* when the inbox is looked into next, of clock_mono_ms() */

    /* Why the call that is about to be begun may be: "allow" or, where a person was asked, "ask";
     * and the rule. Constants; NULL for a call that was admitted before a crash. */
    const char *admitted_by;
    const char *admitted_why;

    struct call_handle *running; /* list of calls on workers */

    pthread_mutex_t lock; /* over events */
    int wake;             /* eventfd: events wait */
    json_t *events;       /* array, from workers */
};

/* The recalled row of `number`, or NULL. */
struct recalled *gate_recalled(struct gate *gate, int64_t number);

/* Takes a row out of what is recalled, so that something else may have its number. */
void gate_forget(struct gate *gate, struct recalled *row);

/* Whether the call that is about to get a number repeats one that the journal knows. */
bool gate_is_replaying(const struct gate *gate);

/* Whether the row of a number that was used before is the same thing again: ERR_DEFECT, which is
 * the gate's fault from then on, when it is not. `digest` NULL: only the kind is compared. */
MUST_CHECK enum err_code gate_compare(struct gate *gate, const struct recalled *row,
                                      const char *what, const char *digest, struct err *err);

/* The row of this very call when it ended before its phase was begun anew (gate_reconcile()), or
 * NULL. Borrowed; its `what` is emptied once it was told. */
struct recalled *gate_settled(struct gate *gate, const char *tool, const char *operation,
                              const char *digest);

/* Frees what a row holds. */
void recalled_done(struct recalled *row);

/* The digest of a call's arguments: of prompts with the install key, for they can be guessed. A
 * failure is the gate's fault. */
struct sha256_hex gate_digest(struct gate *gate, const char *tool, const json_t *args);

/* Holds what a call may need of the session's tokens; asks the person where they are used up and
 * may be raised. A call whose result is on record needs none. `*hold` stays {0} for a call that
 * spends none. Errors: ERR_BUDGET, which is a record, those of the tool's need(). */
MUST_CHECK enum err_code gate_hold(struct turn *turn, const char *tool, const struct operation *row,
                                   const json_t *args, struct token_hold *hold, struct err *err);

/* Settles a hold; `used` NULL: not known. Tells the person which level was reached. */
void gate_spend(struct turn *turn, struct token_hold *hold, const struct token_sum *used);

/* {"in","out"} and back; false where it is none. */
json_t *gate_sum_json(struct token_sum sum);
bool gate_sum_read(const json_t *json, struct token_sum *out);

/* {"held","counted"} and back; false where it is none. A count that is not on record is above any
 * bill, so that no margin comes of it. */
json_t *gate_hold_json(const struct token_hold *hold);
bool gate_hold_read(const json_t *json, struct token_hold *out);

/* Where the digest of what passed the review of `subject` is kept; NULL: nowhere. */
char *gate_review_slot(struct gate *gate, struct str subject);

/* Makes a refusal a record, and `err` its sentence. */
MUST_CHECK enum err_code gate_refuse(struct turn *turn, const char *tool, const char *operation,
                                     const json_t *args, enum err_code code,
                                     const struct ruling *ruling, struct err *err);

/* {"text","remedy"} of an error, and back. */
json_t *gate_err_body(const struct err *err);
void gate_err_from(const json_t *body, enum err_code code, struct err *out);

/* Adds a record behind those that wait; its fields are set with gate_field(). Flushes first when
 * the list is full. Valid until the next record is added. NULL with `err` set. */
struct pending *gate_pend(struct gate *gate, enum record_kind kind, int64_t call, struct err *err);
void gate_field(struct pending *record, enum record_field field, const char *value);

/* Writes what waits, in one sync; takes messages of the inbox out up to `inbox_through` (0: none).
 */
MUST_CHECK enum err_code gate_flush(struct gate *gate, int64_t inbox_through, struct err *err);

/* Makes Ctrl-C the fault, with the way to go on, and returns its code. */
enum err_code gate_interrupt(struct gate *gate, struct err *err);

/* Makes the end of the run's time the fault, once, when it has come. */
void gate_watch_time(struct gate *gate, int64_t now_mono_ms);

/* Keeps `err` as the fault (the first one counts) and returns its code. */
enum err_code gate_fail(struct gate *gate, const struct err *err);

/* Whether the run was cancelled, and the phase is one that has something left to stop: going back
 * and summing up go on. Sets ERR_CANCELLED with who did it. */
bool gate_is_cancelled(const struct gate *gate, struct err *err);

/* Tells every running call to stop. */
void gate_cancel_all(struct gate *gate);

/* Renews the lease when it is time, notices Ctrl-C, shows what workers reported. */
void gate_tick(struct gate *gate);

/* origin.c: where each argument comes from, as bits of enum origin; the caller decrefs. */
json_t *gate_origins(const struct turn *turn, const json_t *args);

/* Whether `tool`.`operation` may be called now by this agent with these arguments: schema, grant,
 * policy; asks the person where the policy says so. A call that was begun, or ended, before a crash
 * was admitted then. A refusal takes a number and is a record like any other. `*out` is the
 * operation's row, also on failure when it exists. */
MUST_CHECK enum err_code gate_admit(struct turn *turn, const char *tool, const char *operation,
                                    const json_t *args, const struct operation **out,
                                    struct err *err);
