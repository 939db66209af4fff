/* What a change set's two statuses mean.
 * Source: CloudFormation API Reference, DescribeChangeSet; judged by botocore's enums. */
#include "aws/set_state.h"

#define PLAN_ANEW "aws-copilot plan makes a new one; aws-copilot recover deletes this one"

/* clang-format off */
/* The first row that fits decides. */
static const struct set_state states[] = {
    { "CREATE_PENDING",     "",                    SET_MAKING,   "it is being made", "wait for it" },
    { "CREATE_IN_PROGRESS", "",                    SET_MAKING,   "it is being made", "wait for it" },
    { "CREATE_COMPLETE",    "AVAILABLE",           SET_READY,    "it waits for a yes", "aws-copilot approvals" },
    { "CREATE_COMPLETE",    "EXECUTE_IN_PROGRESS", SET_EXECUTED, "it is being executed", "" },
    { "CREATE_COMPLETE",    "EXECUTE_COMPLETE",    SET_EXECUTED, "it was executed", "" },
    { "CREATE_COMPLETE",    "EXECUTE_FAILED",      SET_EXECUTED, "it was executed, and that failed", "" },
    { "CREATE_COMPLETE",    "OBSOLETE",            SET_LEFTOVER, "another change overtook it", PLAN_ANEW },
    { "CREATE_COMPLETE",    "UNAVAILABLE",         SET_MAKING,   "it is not ready yet", "wait for it" },
    { "FAILED",             "",                    SET_LEFTOVER, "it could not be made", PLAN_ANEW },
    { "DELETE_PENDING",     "",                    SET_GOING,    "it is being deleted", "" },
    { "DELETE_IN_PROGRESS", "",                    SET_GOING,    "it is being deleted", "" },
    { "DELETE_COMPLETE",    "",                    SET_GONE,     "it was deleted", "" },
    { "DELETE_FAILED",      "",                    SET_LEFTOVER, "it could not be deleted", PLAN_ANEW },
};
/* clang-format on */

static const struct set_state unknown = {"", "", SET_NONE,
                                         "it is in a state this version does not know",
                                         "update aws-copilot, or look at it in CloudFormation"};

static const char *const words[SET_CLASS_N] = {
    [SET_NONE] = "none",         [SET_MAKING] = "making",     [SET_READY] = "ready",
    [SET_EXECUTED] = "executed", [SET_LEFTOVER] = "leftover", [SET_GOING] = "going",
    [SET_GONE] = "gone",
};

static bool is_word(const char *a, const char *b) { return str_eq(str_from(a), str_from(b)); }

const struct set_state *set_state_of(const char *status, const char *execution) {
    for (size_t i = 0; i < ARRAY_N(states); i++) {
        if (is_word(states[i].status, status) &&
            (states[i].execution[0] == '\0' || is_word(states[i].execution, execution))) {
            return &states[i];
        }
    }
    return &unknown;
}

const char *set_class_word(enum set_class class) { return words[class]; }

const struct set_state *set_states(size_t *out_n) {
    *out_n = ARRAY_N(states);
    return states;
}
