/* What a stack's status means.
 * Source: CloudFormation User Guide, "Stack status codes"; judged by botocore's enum. */
#include "aws/stack_state.h"

#define WAIT_FOR_IT "wait until it rests (aws-copilot status), then run this again"
#define DESTROY_FIRST "aws-copilot destroy deletes it; then deploy again"
#define IN_CONSOLE "continue or roll back the stack in CloudFormation, then run this again"

/* clang-format off */
static const struct stack_state states[] = {
    /* status                                        class           create update rest  success back */
    { "",                                            STACK_ABSENT,   true,  false, true,  false, false, "it does not exist", "" },
    { "DELETE_COMPLETE",                             STACK_ABSENT,   true,  false, true,  false, false, "it was deleted", "" },
    { "REVIEW_IN_PROGRESS",                          STACK_REVIEW,   true,  false, true,  false, false, "a creation was planned and never executed", "" },
    { "CREATE_IN_PROGRESS",                          STACK_BUSY,     false, false, false, false, false, "it is being created", WAIT_FOR_IT },
    { "UPDATE_IN_PROGRESS",                          STACK_BUSY,     false, false, false, false, false, "it is being updated", WAIT_FOR_IT },
    { "IMPORT_IN_PROGRESS",                          STACK_BUSY,     false, false, false, false, false, "resources are being imported into it", WAIT_FOR_IT },
    { "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",         STACK_BUSY,     false, false, false, false, false, "the update is done, old resources are being removed", WAIT_FOR_IT },
    { "ROLLBACK_IN_PROGRESS",                        STACK_BUSY,     false, false, false, false, true,  "its creation failed and is being undone", WAIT_FOR_IT },
    { "UPDATE_ROLLBACK_IN_PROGRESS",                 STACK_BUSY,     false, false, false, false, true,  "an update failed and is being undone", WAIT_FOR_IT },
    { "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",STACK_BUSY,     false, false, false, false, true,  "an update was undone, new resources are being removed", WAIT_FOR_IT },
    { "IMPORT_ROLLBACK_IN_PROGRESS",                 STACK_BUSY,     false, false, false, false, true,  "an import failed and is being undone", WAIT_FOR_IT },
    { "DELETE_IN_PROGRESS",                          STACK_DELETING, false, false, false, false, false, "it is being deleted", WAIT_FOR_IT },
    { "CREATE_COMPLETE",                             STACK_STABLE,   false, true,  true,  true,  false, "it was created and is at rest", "" },
    { "UPDATE_COMPLETE",                             STACK_STABLE,   false, true,  true,  true,  false, "it was updated and is at rest", "" },
    { "IMPORT_COMPLETE",                             STACK_STABLE,   false, true,  true,  false, false, "resources were imported; it is at rest", "" },
    { "UPDATE_ROLLBACK_COMPLETE",                    STACK_STABLE,   false, true,  true,  false, false, "the last update failed and was undone; it is at rest", "" },
    { "IMPORT_ROLLBACK_COMPLETE",                    STACK_STABLE,   false, true,  true,  false, false, "the last import failed and was undone; it is at rest", "" },
    { "ROLLBACK_COMPLETE",                           STACK_FAILED,   false, false, true,  false, false, "its first creation failed and was undone; such a stack cannot be updated", DESTROY_FIRST },
    { "ROLLBACK_FAILED",                             STACK_FAILED,   false, false, true,  false, false, "its first creation failed, and some resources could not be removed", DESTROY_FIRST },
    { "CREATE_FAILED",                               STACK_FAILED,   false, false, true,  false, false, "its creation failed with rollback switched off", DESTROY_FIRST },
    { "UPDATE_FAILED",                               STACK_STUCK,    false, false, true,  false, false, "an update failed with rollback switched off", IN_CONSOLE },
    { "UPDATE_ROLLBACK_FAILED",                      STACK_STUCK,    false, false, true,  false, false, "an update failed, and undoing it failed too", IN_CONSOLE },
    { "IMPORT_ROLLBACK_FAILED",                      STACK_STUCK,    false, false, true,  false, false, "an import failed, and undoing it failed too", IN_CONSOLE },
    { "DELETE_FAILED",                               STACK_FAILED,   false, false, true,  false, false, "some of its resources could not be deleted", "aws-copilot destroy tries again and names them" },
};

/* A status of a newer CloudFormation, by its last word. The first row that fits decides. */
static const struct {
    const char *ending;
    struct stack_state state;
} unknown[] = {
    { "_IN_PROGRESS", { "", STACK_BUSY,   false, false, false, false, false, "it is busy, in a way this version does not know", WAIT_FOR_IT } },
    { "_FAILED",      { "", STACK_STUCK,  false, false, true,  false, false, "it failed, in a way this version does not know", IN_CONSOLE } },
    { "",             { "", STACK_STUCK,  false, false, true,  false, false, "it is in a state this version does not know", "update aws-copilot, or look at the stack in CloudFormation" } },
};
/* clang-format on */

static const char *const words[STACK_CLASS_N] = {
    [STACK_NONE] = "none",     [STACK_ABSENT] = "absent",     [STACK_REVIEW] = "review",
    [STACK_BUSY] = "busy",     [STACK_DELETING] = "deleting", [STACK_STABLE] = "stable",
    [STACK_FAILED] = "failed", [STACK_STUCK] = "stuck",
};

const struct stack_state *stack_state_of(const char *status) {
    struct str word = str_from(status);
    size_t i = 0;

    for (size_t k = 0; k < ARRAY_N(states); k++) {
        if (str_eq(str_from(states[k].status), word)) {
            return &states[k];
        }
    }
    while (!str_ends(word, str_from(unknown[i].ending))) {
        i++;
    }
    return &unknown[i].state;
}

const char *stack_class_word(enum stack_class class) { return words[class]; }

const struct stack_state *stack_states(size_t *out_n) {
    *out_n = ARRAY_N(states);
    return states;
}
