/* tool/tool.h: what a tool and its operations are.
 *
 * A tool is a const row of operations. An operation is declared, never called directly: the gate
 * (tool/gate.h) checks schema, grant, policy and limits, journals, runs it on a worker, redacts and
 * journals the result. So an operation is straight-line, blocking code that sees only its call.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/json.h"
#include "guard/limits.h"
#include "guard/policy.h"
#include "guard/tokens/ledger.h"

struct services;

/* How a restarted run treats an intent without a result. */
enum reconciled {
    RECONCILED_NOT_STARTED = 0, /* the outside world has no trace of it: run it */
    RECONCILED_DONE,            /* it happened, and `*out` is its result */
};

/* One call, as its operation sees it. Lives until the operation returns. */
struct op {
    struct services *services; /* clients, paths, settings; shared, thread-safe */
    const json_t *args;        /* borrowed; passed schema_in */
    const json_t *approval;    /* borrowed; the consumed approval of an APPLY call, else NULL */
    const char *session;       /* id of the session, [a-z0-9-] */
    int64_t epoch;             /* of the lease that this process holds the session by */
    const char *key;           /* idempotency key "<session>-<call>", [a-z0-9-], <= 64 characters */
    const atomic_bool *cancel; /* true: stop soon with ERR_CANCELLED */
    const atomic_bool *unwanted; /* true: a person cancelled the run. An effect that is under way at
                                    AWS goes back where AWS can, and ends as it ends; or NULL */
    int64_t deadline_mono_ms; /* of clock_mono_ms(); the operation ends with ERR_TIMEOUT after it */
    struct arena *arena;      /* dies with the call */
    void (*emit)(struct op *op, json_t *event); /* see op_progress() */

    /* Of a call that spends tokens: */
    struct token_sum held; /* what it may spend, at most */
    bool is_budget_low;    /* a cheaper model is the better one */
    struct token_sum used; /* set by run(), whether it went well or not */
    bool is_used_known;    /* false: all that was held counts as spent */
};

/* Reports something for the person who watches, for instance
 * {"type":"event","logical_id":"Backend","status":"CREATE_IN_PROGRESS"}. Takes over `event`.
 * Any thread. The text is redacted on its way. */
void op_progress(struct op *op, json_t *event);

struct operation {
    const char *name;
    enum effect effect;
    const char *purpose;                 /* one phrase, for docs/tables */
    enum limit deadline;                 /* row of guard/limits.def, in ms */
    const struct json_field *schema_in;  /* ends with {0} */
    const struct json_field *schema_out; /* ends with {0}; NULL: an object documented elsewhere */

    /* Does the work and gives its result, the gate's to free. Worker thread; blocks. Errors: any;
     * ERR_CANCELLED and ERR_INTERRUPTED are not recorded as results. */
    enum err_code (*run)(struct op *op, json_t **out, struct err *err);

    /* Asks the outside world, by op->key, whether an interrupted call took effect. NULL where
     * running again is harmless (READ, LOCAL, NOTIFY, and writes that are idempotent by content).
     */
    enum err_code (*reconcile)(struct op *op, enum reconciled *state, json_t **out,
                               struct err *err);

    /* Gives back what run() took and nobody else would give back, when another process took the
     * session over during the call, so that its result `out` is nobody's. NULL: nothing to do. */
    void (*abandon)(struct op *op, const json_t *out);
};

/* What a call may need of the session's tokens at worst. {0}: nothing. */
struct token_need {
    uint32_t prompt; /* tokens of its prompt */
    uint32_t least;  /* of its answer; with fewer it is of no use */
    uint32_t wanted; /* of its answer, at most */
};

struct tool {
    const char *name;
    const char *purpose;
    const struct operation *operations;
    size_t operation_n;

    /* Of a tool whose arguments are prompts, of which the journal keeps nothing but a keyed hash:
     * what one call may need. NULL: they are no prompts. Pure. Errors: those of the arguments,
     * ERR_TOO_LARGE. */
    enum err_code (*need)(const struct services *services, const struct operation *operation,
                          const json_t *args, struct token_need *out, struct err *err);
};

/* One cell of agent x tool x operation that is allowed. A list ends with {0}. */
struct grant {
    const char *tool;
    const char *operation; /* "*": every operation of the tool */
};

/* Who calls. The row of an agent (agent/agent.h) begins with this card. */
struct agent_card {
    const char *name;  /* "executor" */
    const char *title; /* "Deployment Executor" */
    const struct grant *grants;
};

/* The tools of this build, in the order of tool.def. */
extern const struct tool *const tools[];
extern const size_t tool_n;

/* The row of `tool`, or NULL. */
const struct tool *tool_row(const char *tool);

/* The row of `tool`.`operation`, or NULL. */
const struct operation *tool_find(const char *tool, const char *operation);

/* Whether `agent` is granted `tool`.`operation`. */
bool tool_is_granted(const struct agent_card *agent, const char *tool, const char *operation);
