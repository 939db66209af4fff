/* What a stack's status means.
 * Source: CloudFormation User Guide, "Stack status codes"; judged by botocore's enum. */
#include "aws/stack_state.h"

#define WAIT_FOR_IT "aws-copilot recover waits until it rests; then run this again"
#define RECOVER "aws-copilot recover gets it out, after your yes"
#define IN_CONSOLE "look at it in CloudFormation; aws-copilot destroy deletes it"

#define Y true
#define N false

/* clang-format off */
static const struct stack_state states[] = {
    /* status                                         class        create update fix rest success back empty cure */
    { "",                                             STACK_ABSENT,   Y, N, N, Y, N, N, Y, CURE_NONE,
      "it does not exist", "", "" },
    { "DELETE_COMPLETE",                              STACK_ABSENT,   Y, N, N, Y, N, N, Y, CURE_NONE,
      "it was deleted", "", "" },
    { "REVIEW_IN_PROGRESS",                           STACK_REVIEW,   Y, N, N, Y, N, N, Y, CURE_DISCARD,
      "a creation was planned and never executed", "nothing: it holds no resource", "" },
    { "CREATE_IN_PROGRESS",                           STACK_BUSY,     N, N, N, N, N, N, N, CURE_WAIT,
      "it is being created", "", WAIT_FOR_IT },
    { "UPDATE_IN_PROGRESS",                           STACK_BUSY,     N, N, N, N, N, N, N, CURE_WAIT,
      "it is being updated", "", WAIT_FOR_IT },
    { "IMPORT_IN_PROGRESS",                           STACK_BUSY,     N, N, N, N, N, N, N, CURE_WAIT,
      "resources are being imported into it", "", WAIT_FOR_IT },
    { "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",          STACK_BUSY,     N, N, N, N, N, N, N, CURE_WAIT,
      "the update is done, old resources are being removed", "", WAIT_FOR_IT },
    { "ROLLBACK_IN_PROGRESS",                         STACK_BUSY,     N, N, N, N, N, Y, N, CURE_WAIT,
      "its creation failed and is being undone", "", WAIT_FOR_IT },
    { "UPDATE_ROLLBACK_IN_PROGRESS",                  STACK_BUSY,     N, N, N, N, N, Y, N, CURE_WAIT,
      "an update failed and is being undone", "", WAIT_FOR_IT },
    { "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", STACK_BUSY,     N, N, N, N, N, Y, N, CURE_WAIT,
      "an update was undone, new resources are being removed", "", WAIT_FOR_IT },
    { "IMPORT_ROLLBACK_IN_PROGRESS",                  STACK_BUSY,     N, N, N, N, N, Y, N, CURE_WAIT,
      "an import failed and is being undone", "", WAIT_FOR_IT },
    { "DELETE_IN_PROGRESS",                           STACK_DELETING, N, N, N, N, N, N, N, CURE_WAIT,
      "it is being deleted", "", WAIT_FOR_IT },
    { "CREATE_COMPLETE",                              STACK_STABLE,   N, Y, N, Y, Y, N, N, CURE_NONE,
      "it was created and is at rest", "", "" },
    { "UPDATE_COMPLETE",                              STACK_STABLE,   N, Y, N, Y, Y, N, N, CURE_NONE,
      "it was updated and is at rest", "", "" },
    { "IMPORT_COMPLETE",                              STACK_STABLE,   N, Y, N, Y, N, N, N, CURE_NONE,
      "resources were imported; it is at rest", "", "" },
    { "UPDATE_ROLLBACK_COMPLETE",                     STACK_STABLE,   N, Y, N, Y, N, N, N, CURE_NONE,
      "the last update failed and was undone; it is at rest", "", "" },
    { "IMPORT_ROLLBACK_COMPLETE",                     STACK_STABLE,   N, Y, N, Y, N, N, N, CURE_NONE,
      "the last import failed and was undone; it is at rest", "", "" },
    { "ROLLBACK_COMPLETE",                            STACK_FAILED,   N, N, N, Y, N, N, Y, CURE_DELETE,
      "its first creation failed and was undone; such a stack cannot be updated",
      "nothing: what the creation made is gone already, but for what outlives its stack", RECOVER },
    { "ROLLBACK_FAILED",                              STACK_FAILED,   N, N, N, Y, N, N, N, CURE_DELETE,
      "its first creation failed, and some resources could not be removed",
      "what the failed creation left, with what is in it; it never answered", RECOVER },
    { "CREATE_FAILED",                                STACK_FAILED,   N, N, Y, Y, N, N, N, CURE_DELETE,
      "its creation failed with rollback switched off",
      "what the failed creation made, with what is in it; it never answered",
      RECOVER "; aws-copilot deploy --no-rollback goes on with it" },
    { "UPDATE_FAILED",                                STACK_STUCK,    N, N, Y, Y, N, N, N, CURE_ROLLBACK,
      "an update failed with rollback switched off",
      "what the failed update changed; the version before it comes back",
      RECOVER "; aws-copilot deploy --no-rollback goes on with it" },
    { "UPDATE_ROLLBACK_FAILED",                       STACK_STUCK,    N, N, N, Y, N, N, N, CURE_CONTINUE,
      "an update failed, and undoing it failed too",
      "what the failed update changed; a resource that is skipped stays as it is now, which is not what the template says",
      RECOVER },
    { "IMPORT_ROLLBACK_FAILED",                       STACK_STUCK,    N, N, N, Y, N, N, N, CURE_MANUAL,
      "an import failed, and undoing it failed too", "", IN_CONSOLE },
    { "DELETE_FAILED",                                STACK_FAILED,   N, N, N, Y, N, N, N, CURE_DELETE,
      "some of its resources could not be deleted",
      "what is left of it, with what is in its buckets", RECOVER },
};

/* A status of a newer CloudFormation, by its last word. The first row that fits decides. */
static const struct {
    const char *ending;
    struct stack_state state;
} unknown[] = {
    { "_IN_PROGRESS", { "", STACK_BUSY,  N, N, N, N, N, N, N, CURE_WAIT,
      "it is busy, in a way this version does not know", "", WAIT_FOR_IT } },
    { "_FAILED",      { "", STACK_STUCK, N, N, N, Y, N, N, N, CURE_MANUAL,
      "it failed, in a way this version does not know", "", "update aws-copilot, or " IN_CONSOLE } },
    { "",             { "", STACK_STUCK, N, N, N, Y, N, N, N, CURE_MANUAL,
      "it is in a state this version does not know", "", "update aws-copilot, or " IN_CONSOLE } },
};
/* clang-format on */

#undef Y
#undef N

static const char *const cures[CURE_N] = {
    [CURE_NONE] = "none",     [CURE_WAIT] = "wait",         [CURE_DISCARD] = "discard",
    [CURE_DELETE] = "delete", [CURE_ROLLBACK] = "rollback", [CURE_CONTINUE] = "continue",
    [CURE_MANUAL] = "manual",
};

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

const char *stack_cure_word(enum stack_cure cure) { return cures[cure]; }

enum stack_cure stack_cure_from(const char *word) {
    enum stack_cure cure = CURE_NONE;

    while (cure < CURE_N && !str_eq(str_from(cures[cure]), str_from(word))) {
        cure++;
    }
    return cure < CURE_N ? cure : CURE_MANUAL;
}

/* ---- What the verbs do ---- */

bool stack_can_drift(const struct stack_state *state) {
    return state->class == STACK_STABLE || state->cure == CURE_CONTINUE;
}

/* Of a verb that needs a stack which takes a change set, or one that can be brought to it. */
static const char *way_word(const struct stack_state *state) {
    return state->cure == CURE_WAIT ? "waits" : state->cure == CURE_MANUAL ? "refuses" : "recovers";
}

static const char *deploy_word(const struct stack_state *state) {
    return state->can_create ? "creates" : state->can_update ? "updates" : way_word(state);
}

static const char *approve_word(const struct stack_state *state) {
    return state->class == STACK_ABSENT                        ? "plans anew"
           : state->can_update || state->class == STACK_REVIEW ? "executes"
                                                               : "refuses";
}

static const char *recover_word(const struct stack_state *state) {
    return state->class == STACK_ABSENT ? "absent"
           : state->cure == CURE_NONE   ? "nothing"
                                        : way_word(state);
}

/* What never ran, or is going away, has no release to go back to. */
static const char *rollback_word(const struct stack_state *state) {
    bool has_run =
        state->class == STACK_STABLE || state->class == STACK_BUSY || state->class == STACK_STUCK;

    return !has_run ? "absent" : state->can_update ? "updates" : way_word(state);
}

static const char *destroy_word(const struct stack_state *state) {
    return state->class == STACK_ABSENT ? "absent" : state->is_resting ? "deletes" : "refuses";
}

const char *stack_verb_word(const struct stack_state *state, enum stack_verb verb) {
    bool is_absent = state->class == STACK_ABSENT;

    switch (verb) {
    case STACK_VERB_STATUS:
        return is_absent ? "absent" : "shows";
    case STACK_VERB_DEPLOY:
        return deploy_word(state);
    case STACK_VERB_APPROVE:
        return approve_word(state);
    case STACK_VERB_ATTACH:
        return "asks";
    case STACK_VERB_RECOVER:
        return recover_word(state);
    case STACK_VERB_ROLLBACK:
        return rollback_word(state);
    case STACK_VERB_DESTROY:
        return destroy_word(state);
    case STACK_VERB_DRIFT:
        return is_absent ? "absent" : stack_can_drift(state) ? "compares" : "refuses";
    case STACK_VERB_CANCEL:
        return "takes back";
    case STACK_VERB_UNLOCK:
        return "gives back";
    case STACK_VERB_N:
        break;
    }
    return "";
}

const struct stack_state *stack_states(size_t *out_n) {
    *out_n = ARRAY_N(states);
    return states;
}
