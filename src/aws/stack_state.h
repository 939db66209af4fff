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
    STACK_STUCK,    /* only a person in CloudFormation, or `destroy`, gets it out */
    STACK_CLASS_N
};

struct stack_state {
    const char *status; /* "UPDATE_COMPLETE"; "" is the absent stack */
    enum stack_class class;
    bool can_create;    /* a CREATE change set may be made */
    bool can_update;    /* an UPDATE change set may be made */
    bool is_resting;    /* nothing will change by itself */
    bool is_success;    /* as the end of a creation or update */
    bool is_going_back; /* the operation has already failed and is being undone */
    const char *sentence;
    const char *remedy; /* "" where nothing has to be done */
};

/* The row of `status`; never NULL. */
const struct stack_state *stack_state_of(const char *status);

/* "absent", "review", "busy", "deleting", "stable", "failed", "stuck". */
const char *stack_class_word(enum stack_class class);

/* All rows, for the table test and docs/tables. */
const struct stack_state *stack_states(size_t *out_n);
