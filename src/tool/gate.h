/* tool/gate.h: the one gate. Every operation of every tool is called through tool_call().
 *
 * In this order: schema, grant, policy, limits; then the intent is journaled (for everything that
 * has an effect or spends tokens), the operation runs on a worker, its result is redacted,
 * journaled and given to the agent exactly as it was journaled, and telemetry is sent.
 *
 * Calls are numbered at submission. A session that is opened again runs its phase from the start:
 * calls that have a result get it from the journal; an intent without one is reconciled first.
 * Clock, questions and answers are records too, so an agent that reads nothing else does the same
 * thing twice in the same way. A re-run that asks for another call than the journal holds at that
 * number is a defect of the program and ends as one.
 *
 * One thread owns a gate, the session's. Reads are journaled together with the next effect, answer
 * or phase: a crash before that repeats a read and nothing else.
 */
#pragma once

#include "store/journal.h"
#include "telemetry/bus.h"
#include "tool/meter.h"
#include "tool/tool.h"

struct gate; /* opaque */

/* The person at the other side. */
struct person {
    /* Whether somebody may answer any question. */
    bool (*is_there)(void *ctx);

    /* Asks one question, {"field","kind":"text|choice|confirm|approval","question","choices":[],
     * "default","help",...}, and blocks for the answer, the caller's to free(). While it waits it
     * calls `poll` at least twice a second and returns ERR_NONE with *out as it was (NULL) when
     * that gives true: the answer came from elsewhere. With nobody there it is called for approvals
     * only, which another process may give. Errors: ERR_WAITING (nobody, or nobody in time),
     * ERR_INTERRUPTED, ERR_CANCELLED (the person wants to stop). */
    enum err_code (*ask)(void *ctx, const struct masked *question, bool (*poll)(void *poll_ctx),
                         void *poll_ctx, char **out, struct err *err);
    void *ctx;
};

/* What becomes of an approval's question outside this process. Members may be NULL. */
struct gate_hooks {
    /* The question is on record, and nobody was asked yet. */
    void (*asked)(void *ctx);

    /* Its answer is waited for: called at least twice a second, and does not block. It may put the
     * answer into the inbox. An error ends the question and is the gate's fault. */
    enum err_code (*waiting)(void *ctx, struct err *err);

    /* It was answered, "yes ..." or "no ..." or else, and nothing of that is on record yet.
     * `*actor` is who said it elsewhere; NULL: the person of this process, and may be set to who
     * that is (free()d by the gate). An error is the gate's fault, and the answer is none. */
    enum err_code (*answered)(void *ctx, const char *answer, char **actor, struct err *err);
    void *ctx;
};

struct gate_options {
    struct services *services;
    struct journal *journal;
    struct store_lease *lease; /* renewed while the gate waits */
    struct bus *bus;
    struct meter *meter; /* of the tokens that are spent; NULL: none can be */
    const struct person *person;
    const atomic_bool *interrupted;  /* set by SIGINT: calls are cancelled, nothing new starts */
    const int64_t *deadline_mono_ms; /* of the run, by clock_mono_ms(); 0 there: none; or NULL */
    const char *session;             /* id */
    struct gate
        *parent; /* of a session that waits for this one: its lease is renewed too; or NULL */
    struct gate_hooks hooks;
    bool
        is_uncertain; /* another machine's process died in the middle of this session: what it did
                         is not all in the journal, so each effect is reconciled before it is run */
};

/* The caller frees; what the options point to outlives the gate. Errors: ERR_IO. */
MUST_CHECK enum err_code gate_open(const struct gate_options *options, struct gate **out,
                                   struct err *err);
void gate_close(struct gate *gate); /* cancels and waits for what runs; accepts NULL */
void gate_closep(struct gate **gate);

/* Tells the gate what the journal holds, record by record from the first. */
void gate_recall(struct gate *gate, const struct journal_record *record);

/* Puts an entry of the flow itself (SESSION, PHASE, END) behind what waits; gate_settle() writes it
 * together with that, in one sync. Errors: as journal_append(). */
MUST_CHECK enum err_code gate_record(struct gate *gate, const struct journal_entry *entry,
                                     struct err *err);

/* Puts a note of what was shown behind what waits; it goes to the disk with the next record, or
 * within half a second while the gate waits. */
void gate_note(struct gate *gate, const struct masked *json);

/* Writes what waits. Errors: as journal_append(). */
MUST_CHECK enum err_code gate_settle(struct gate *gate, struct err *err);

/* Settles the effects that were begun and have no result, by asking the outside world: what
 * happened is recorded as their result, what did not as ERR_EXPIRED, so that it is asked for again.
 * For a session that begins its phase anew instead of replaying it; the effect that consumed the
 * approval is not begun again then: the same call gets what is on record. Blocks as long as the
 * operations. Errors: those of gate_fault(). */
MUST_CHECK enum err_code gate_reconcile(struct gate *gate, struct err *err);

/* From now on each effect is reconciled before it is run, see `is_uncertain`. */
void gate_doubt(struct gate *gate);

/* The number that the next call will get. */
int64_t gate_next_call(const struct gate *gate);

/* Takes up the calls of a phase from `first_call`; what was recalled for them is replayed. */
void gate_enter(struct gate *gate, const char *phase, int64_t first_call);

/* What keeps the gate from going on (the lease was lost, the disk is full, the journal disagrees
 * with a re-run, Ctrl-C, the run's time is over); NULL while all is well. Every later call returns
 * it. */
const struct err *gate_fault(const struct gate *gate);

/* Counts a planning cycle against the user's limit and waits, visibly, until there is room.
 * Errors: ERR_INTERRUPTED, those of the store. */
MUST_CHECK enum err_code gate_pace_planning(struct gate *gate, struct err *err);

/* One agent's run in one phase. */
struct turn {
    struct gate *gate;
    const struct agent_card *agent;
    json_t *state;       /* the session's state; what is put there is kept when the phase is left */
    struct arena *arena; /* dies with the turn */
    enum origin origin;  /* of the arguments of its calls; 0: where each comes from (origin.c) */
    int64_t now_ms;      /* when the phase was entered, as journaled: the only clock of an agent */
    const char *session; /* id */
    const char *phase;   /* word */
    struct err problem;  /* why the phase did not end well; for the explanation */
};

/* Calls an operation and waits for its result. Takes over `args` (an object). `*out` is the
 * caller's. Of a call that spent tokens it has the member "spent", {"in","out"}. Errors: ERR_POLICY
 * (a grant is missing, or the policy refuses), ERR_WAITING (a person is needed and nobody is
 * there), ERR_REJECTED (a person said no), ERR_DEFECT (schema, replay), ERR_EXPIRED (the approval),
 * ERR_BUDGET (of tokens), those of the operation, those of gate_fault(). */
MUST_CHECK enum err_code tool_call(struct turn *turn, const char *tool, const char *operation,
                                   json_t *args, json_t **out, struct err *err);

/* The same in two halves, so that several calls run at once: submit some, then finish them in any
 * order. Every call that was started must be finished. `tool_start` never fails: what refuses the
 * call is the result of tool_finish(). */
struct call_handle;
struct call_handle *tool_start(struct turn *turn, const char *tool, const char *operation,
                               json_t *args);
MUST_CHECK enum err_code tool_finish(struct call_handle *handle, json_t **out, struct err *err);

/* For a caller that has other things to do meanwhile: whether tool_finish() would not wait, and
 * telling the call to stop, so that it waits for that only. */
bool tool_is_done(struct call_handle *handle);
void tool_cancel(struct call_handle *handle);

/* Asks the person; takes over `question`. The answer, masked as it was journaled, is the caller's
 * to free(). A question that was answered before a crash is not asked again. Errors: ERR_WAITING,
 * ERR_INTERRUPTED, ERR_CANCELLED (the person wants to stop), ERR_DEFECT. */
MUST_CHECK enum err_code turn_ask(struct turn *turn, json_t *question, char **out, struct err *err);

/* Makes sure that the value of the secret `name` is in the vault: asks the person for it, masked,
 * where it is not. Takes over `question`, of kind "secret". Neither question nor answer is a
 * record and no call number is used, so a replay asks for nothing that it does not need. The value
 * is known to the redactor from then on. Errors: as turn_ask(), those of vault_put(). */
MUST_CHECK enum err_code turn_need_secret(struct turn *turn, const char *name, json_t *question,
                                          struct err *err);

/* Sends an event to whoever watches; takes over `fields`. Not sent again by a replay that is still
 * behind the point the session had reached. */
void turn_say(struct turn *turn, enum event event, json_t *fields);

/* The keyed hash by which a text of the person is known in the records. Errors: those of
 * store_mac(). */
MUST_CHECK enum err_code turn_text_digest(struct turn *turn, const char *text,
                                          struct sha256_hex *out, struct err *err);

/* Journals the verdict of a review over `digest` (64 hex digits): subject "plan", "set", which the
 * policy asks for, "request", or "run", which a person takes over. */
MUST_CHECK enum err_code turn_verdict(struct turn *turn, const char *subject, const char *digest,
                                      enum verdict verdict, const char *reason, json_t *findings,
                                      struct err *err);

/* What a yes would be about now, as the session's state has it; approval_done() frees it. The gate
 * compares it with what was said yes to before the effect. */
struct approval turn_approval(const struct turn *turn);

/* Journals a person's yes or no to the approval with these canonical bytes; `actor` is the ARN and
 * the channel. */
MUST_CHECK enum err_code turn_approve(struct turn *turn, struct str bytes, bool is_yes,
                                      const char *actor, struct err *err);

/* The session's redactor, which knows the user's secrets. */
const struct redactor *turn_redactor(const struct turn *turn);

/* What the session has spent on models so far, with what calls under way may spend. */
struct token_sum turn_tokens(const struct turn *turn);

/* What this one session of the person's has spent on models, in this process and before. */
struct token_sum turn_spent(const struct turn *turn);

/* Whether somebody can be asked now. */
bool turn_has_person(const struct turn *turn);

/* The actor of the last answer of turn_ask(): "ARN via terminal" of another process, or NULL when
 * the person at this terminal gave it. Borrowed until the next question. */
const char *turn_answered_by(const struct turn *turn);
