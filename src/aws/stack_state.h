/* aws/stack_state.h: what a stack's status means and what a person can do: one total table.
 *
 * Pure. A status that this version does not know is classed by its last word and said to be new.
 */
#pragma once

#include "base/str.h"

enum stack_class {
    STACK_NONE = 0,
    STACK_ABSENT,   /* no stack, or deleted: a change set creates it */
    STACK_REVIEW,   /* a creation that was never executed: as if absent */
    STACK_BUSY,     /* somebody works on it */
    STACK_DELETING, /* it is going away */
    STACK_STABLE,   /* at rest: a change set updates it */
    STACK_FAILED,   /* at rest after a failure; needs an action before anything else */
    STACK_STUCK,    /* at rest between two versions: it has to go one way or the other first */
    STACK_CLASS_N
};

/* What gets a stack out of its status. */
enum stack_cure {
    CURE_NONE = 0, /* nothing has to be done */
    CURE_WAIT,     /* somebody works on it: wait until it rests */
    CURE_DISCARD,  /* delete the change sets that nobody executed, and the empty stack */
    CURE_DELETE,   /* delete the stack; a creation begins anew */
    CURE_ROLLBACK, /* RollbackStack: back to what was before the failed update */
    CURE_CONTINUE, /* ContinueUpdateRollback, if need be without what stands in its way */
    CURE_MANUAL,   /* nothing that is safe without a person in CloudFormation */
    CURE_N
};

struct stack_state {
    const char *status; /* "UPDATE_COMPLETE"; "" is the absent stack */
    enum stack_class class;
    bool can_create;    /* a CREATE change set may be made */
    bool can_update;    /* an UPDATE change set may be made */
    bool can_fix;       /* one may be made that leaves failures as they are (--no-rollback) */
    bool is_resting;    /* nothing will change by itself */
    bool is_success;    /* as the end of a creation or update */
    bool is_going_back; /* the operation has already failed and is being undone */
    bool is_empty;      /* it holds no resource */
    enum stack_cure cure;
    const char *sentence;
    const char *loses;  /* what the cure costs that cannot be had back; "" where there is none */
    const char *remedy; /* "" where nothing has to be done */
};

/* The row of `status`; never NULL. */
const struct stack_state *stack_state_of(const char *status);

/* "absent", "review", "busy", "deleting", "stable", "failed", "stuck". */
const char *stack_class_word(enum stack_class class);

/* "none", "wait", "discard", "delete", "rollback", "continue", "manual", and back: an unknown word
 * is CURE_MANUAL. */
const char *stack_cure_word(enum stack_cure cure);
enum stack_cure stack_cure_from(const char *word);

/* What a verb does with a stack in that state. */
enum stack_verb {
    STACK_VERB_STATUS = 0,
    STACK_VERB_DEPLOY,  /* and plan, which stops at the yes */
    STACK_VERB_APPROVE, /* of a change that was planned before the stack came into that state */
    STACK_VERB_ATTACH,  /* to such a run, without a yes */
    STACK_VERB_RECOVER,
    STACK_VERB_ROLLBACK,
    STACK_VERB_DESTROY,
    STACK_VERB_DRIFT,
    STACK_VERB_CANCEL, /* of a run that waits for its yes */
    STACK_VERB_UNLOCK,
    STACK_VERB_N
};

/* "shows", "creates", "updates", "executes", "plans anew", "asks", "waits", "recovers", "deletes",
 * "compares", "takes back", "gives back", "nothing", "absent", "refuses". */
const char *stack_verb_word(const struct stack_state *state, enum stack_verb verb);

/* Whether CloudFormation looks for drift then (API Reference, DetectStackDrift). */
bool stack_can_drift(const struct stack_state *state);

/* All rows, for the table test and docs/tables. */
const struct stack_state *stack_states(size_t *out_n);
