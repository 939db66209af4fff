/* test/support/gate_rig.h: one process with a session before the gate, for the tests of the gate.
 *
 * The operations are fakes that say so: they count, wait and fail as a test tells them to. The
 * tool `fake` has look, build (`together`: ends when two are under way at once), chatter (fifty
 * events), short (a deadline that passes), bad (a result of another shape), upload, preview, apply,
 * rollback; `uv_client` has run, for which the policy asks; `model` has ask, which spends tokens,
 * and judge, which has a prompt and spends none.
 */
#pragma once

#include "tool/gate.h"

#include "support/store_fixture.h"
#include "tool/services.h"

/* What the outside world holds and does. One test at a time. */
struct gate_world {
    atomic_int runs; /* of any operation */
    atomic_int now;  /* under way */
    atomic_int most; /* at once */
    atomic_int reconciles;
    enum reconciled trace; /* what reconcile() finds */
    enum err_code fails;   /* what the next run() returns; ERR_NONE: it goes well */
    bool waits_for_cancel; /* run() ends only when it is cancelled */
    size_t answer_bytes;
    atomic_bool is_use_lost;        /* `model.ask` does not know what it used */
    atomic_bool is_low;             /* the last one was told that the budget is low */
    _Atomic(struct token_sum) held; /* of the last `model.ask` */
    char key[96];                   /* idempotency key of the last run */
};
extern struct gate_world world;

extern const struct agent_card agent_all;   /* every operation is granted */
extern const struct agent_card agent_looks; /* but one */

struct rig {
    struct fixture *f;
    struct services services;
    struct bus *bus;
    struct person person;
    struct gate_options options;
    struct store_lease lease;
    struct journal *journal;
    struct gate *gate;
    struct meter *meter;
    struct turn turn;
    atomic_bool interrupted;
    int64_t deadline_mono_ms; /* of the run; 0: none */
    bool has_person;
    int asked;
    const char *answer; /* of the person; NULL: waits for a message */
    struct buf seen;    /* what the sink saw, a line each */
    const char *phase;
};

/* Opens a session in `f` and enters this phase. */
void rig_open(struct rig *rig, struct fixture *f, const char *phase);

/* Enters the next phase. */
void rig_phase(struct rig *rig, const char *phase);

/* This process ends, what waits for the disk is lost, and another one takes the session up: its
 * phase began with the call of this number. */
void rig_again(struct rig *rig, int64_t first_call);

/* Ends the process; the journal must verify. */
void rig_done(struct rig *rig);

/* An operation of the tool `fake`; `args` is taken, `out` may be NULL. */
enum err_code rig_call(struct rig *rig, const char *operation, json_t *args, json_t **out,
                       struct err *err);

/* The same without arguments and without a look at the answer. */
enum err_code rig_simple(struct rig *rig, const char *operation);

/* Number of the last record. */
int64_t rig_seq(const struct rig *rig);

/* How often the sink saw this text. */
size_t rig_seen_n(const struct rig *rig, const char *text);
