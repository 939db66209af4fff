/* aws/set_state.h: what a change set's two statuses mean: one total table.
 *
 * Pure. A pair that this version does not know is said to be new, and never executed.
 */
#pragma once

#include "base/str.h"

enum set_class {
    SET_NONE = 0,
    SET_MAKING,   /* CloudFormation works out what would change */
    SET_READY,    /* it can be executed */
    SET_EXECUTED, /* it was: the stack tells how */
    SET_LEFTOVER, /* of no use any more */
    SET_GOING,    /* it is being deleted */
    SET_GONE,
    SET_CLASS_N
};

struct set_state {
    const char *status;    /* of ChangeSetStatus */
    const char *execution; /* of ExecutionStatus; "" stands for every other one */
    enum set_class class;
    const char *sentence;
    const char *remedy; /* "" where nothing has to be done */
};

/* The row of a set's Status and ExecutionStatus; never NULL. */
const struct set_state *set_state_of(const char *status, const char *execution);

/* "making", "ready", "executed", "leftover", "going", "gone". */
const char *set_class_word(enum set_class class);

/* All rows, for the table test and docs/tables. */
const struct set_state *set_states(size_t *out_n);
