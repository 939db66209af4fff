/* test/support/flow_world.h: a world of fakes for the tests of the flow: tools with the schemas of
 * the real ones, whose operations say so, a person who answers by field, and a store that keeps
 * what a kill would leave.
 *
 * The world is shared memory, so that it outlives the process of a run: what an effect did stays
 * done, and reconcile() finds it by its idempotency key.
 */
#pragma once

#include <stdatomic.h>

#include "flow/flow_room.h"

enum {
    WORLD_EFFECTS_MAX = 128,
    WORLD_ASKED_MAX = 64,
    WORLD_CALLS_MAX = 256,
    WORLD_MOMENTS_MAX = 400
};

/* What answers as the model. */
enum world_model {
    WORLD_MODEL_NONE = 0,
    WORLD_MODEL_GOOD, /* sensible words */
    WORLD_MODEL_EVIL, /* words that lure, values that nobody gave, calls that it may not ask for */
    WORLD_MODEL_DOWN,
};

/* Where hostile text stands. */
enum world_place {
    WORLD_PLACE_NONE = 0,
    WORLD_PLACE_LOG,      /* a line of the function's logs */
    WORLD_PLACE_EVENT,    /* the reason of a stack event */
    WORLD_PLACE_PROBE,    /* what the new version answers */
    WORLD_PLACE_NAME,     /* the repository's name */
    WORLD_PLACE_QUESTION, /* a comment that the survey quotes in a question */
    WORLD_PLACE_RESOURCE, /* the name of a resource in a change set */
    WORLD_PLACE_FILE,     /* a file that the model reads */
    WORLD_PLACE_N
};

struct world {
    /* What a test says. */
    enum world_place place;
    char hostile[600]; /* the text there; "": none */
    char obey[400];    /* what the evil model says in every form then, instead of its own lures */
    enum world_model model;    /* set before world_flow() */
    enum err_code model_fails; /* with this, where the model is down; 0: ERR_UNREACHABLE */
    bool has_concern;          /* the good one has one about the function */
    bool is_machine;           /* --yes, and the person's settings never ask */
    int fail_at;               /* number of the call that fails; 0: none */
    char fail_op[32];          /* the operation that fails, each time; "": none */
    enum err_code fail_code;   /* with this */
    int interrupt_at;          /* number of the call during which Ctrl-C is pressed; 0: none */
    bool has_bootstrap;
    bool is_deployed;   /* an earlier session's stack is there */
    bool has_no_change; /* the change set is empty */
    bool lacks_right;   /* IAM says that the caller may not upload */
    bool is_refused;    /* the survey says refuse */
    bool asks_variable; /* the survey asks for a variable */
    bool is_apply_bad;  /* the stack fails and, on an update, CloudFormation goes back itself */
    bool is_probe_bad;  /* the new build does not answer */
    bool is_rollback_bad;
    bool is_nobody_there;
    char stack_status[64]; /* of the stack, where it exists; "": UPDATE_COMPLETE */
    bool is_protected;     /* against termination */
    bool has_leftover;     /* a change set of the program that nobody executed, too old */
    bool is_cure_bad;      /* the stack fails to recover */
    bool is_cure_hollow;   /* AWS says that it is recovered, or deleted, and it is not */
    bool is_plan_bad;      /* the change set would remove a bucket */
    bool is_retried;       /* the person says yes to "try again?", at most seven times */
    int mended_at; /* the how-manieth such yes comes when the cause has been put right; 0: none */
    bool stops_at_plan;
    bool is_kept;       /* --no-rollback */
    bool is_outlived;   /* the deployed stack's ttl is over */
    bool needs_secret;  /* the survey asks for SECRET_KEY, a secret */
    bool has_secret;    /* it is in Parameter Store already */
    bool removes;       /* a session of kind "secrets" removes it */
    char cancel_op[16]; /* during this operation somebody cancels the run; "": nobody does */
    bool is_cancelled;  /* it was */
    char release[64];   /* --release of a session of kind "rollback"; "": none is named */
    char approval[80];  /* the answer: "yes", "no"; "": nobody answers in time */

    /* What happened. */
    int advised;            /* questions to the model */
    bool is_reached;        /* a question to the model had the hostile text */
    bool is_shown;          /* a person was shown what the model obeyed with */
    bool is_prompt_leaking; /* one of them had the secret that the person gave */
    int64_t tokens;         /* of the result */
    int words;              /* lines of a model in the result */
    char proposed[40];      /* what the last question for env.LOG_LEVEL proposed */
    int calls;
    char log[WORLD_CALLS_MAX][16]; /* operations by the numbers of their calls */
    struct {
        char op[16];
        char key[96];
        int n;
    } effects[WORLD_EFFECTS_MAX];
    int effect_n;
    char asked[WORLD_ASKED_MAX][32];
    int asked_n;
    bool is_restored;
    bool is_destroyed;
    bool is_cured;
    char cure[16]; /* what `recover` did last */
    char session[64];
    char status[16];
    int exit_status;
    char message[256];
    atomic_bool interrupted;
};

extern struct world *world;
/* Without the limit on plans a minute. */
extern struct store_ops hasty_store;  /* memory */
extern struct store_ops hasty_sqlite; /* files */

/* Makes tools and world, once a run; a fresh world with a fresh state folder; its end. */
void world_make(void);
void world_fresh(void);
void world_remove(void);

/* Runs a new session with this version in a process of its own, which ends, and keeps what a kill
 * just before and just after each append to the journal would have left: the state folder and the
 * world. Their number. */
int world_record(const char *kind, const char *version);

/* Puts folder and world back to that moment, from 0, once. The process that ran then is dead. */
void world_restore(int moment);

int world_effects(const char *op); /* how often it happened, over all keys */
bool world_was_repeated(void);     /* an effect happened twice under one key */
int world_asked(const char *field);

/* Opens a flow with the fake person over `backend`. */
struct flow *world_flow(const struct store_ops *backend);

/* One run of a new session, or of the one that world->session names, to its end or pause. Keeps
 * status, exit and message; `code` is that of session_run(). */
enum err_code world_run(struct flow *flow, const char *kind, bool is_new);
