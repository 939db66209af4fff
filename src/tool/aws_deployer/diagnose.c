/* aws_deployer, diagnosing: what state a stack is in, what gets it out and what that would cost. */
#include <string.h>

#include "aws/set_state.h"
#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

/* What only stopped because another one had failed counts for nothing: CloudFormation neither skips
 * nor retains it. */
static bool is_in_the_way(const char *status, const char *reason) {
    return str_ends(str_from(status), STR("_FAILED")) &&
           str_find(str_from(reason), STR("cancelled")) < 0 &&
           str_find(str_from(reason), STR("canceled")) < 0;
}

/* CloudFormation calls a resource of a nested stack "STACK.RESOURCE", STACK being the name that it
 * gave to that stack, however deep it lies. */
static char *nested_prefix(const char *stack_id) {
    struct str rest = str_from(stack_id);
    struct str part = {0};

    (void)!str_next(&rest, '/', &part);
    (void)!str_next(&rest, '/', &part);
    return mem_format("%.*s.", (int)part.len, part.ptr);
}

/* A stack that failed, and those that it holds. */
struct failed_in {
    const char *stack_id;
    const char *prefix; /* of the names of what is in it; "" for the stack itself */
    int depth;
};

/* What a rollback may skip has failed to go back, and holds nothing itself; what a deletion may
 * leave is the stack's own. */
static void failed_add(json_t *list, const struct failed_in *in, const struct cfn_resource *row,
                       bool is_of_this_leg) {
    CLEANUP(freep) char *name = mem_format("%s%s", in->prefix, row->logical_id);
    bool is_stack = deployer_is_nested(in->stack_id, row->type, row->physical_id);
    json_t *json;

    if (json_row(list, "logical_id", name) != NULL) {
        return;
    }
    json =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "logical_id", name, "physical_id", row->physical_id,
                  "type", row->type, "status", row->status, "reason", row->reason);
    json_put_bool(json, "skippable",
                  is_of_this_leg && !is_stack && strcmp(row->status, "UPDATE_FAILED") == 0);
    json_put_bool(json, "retainable", in->depth == 0 && strcmp(row->status, "DELETE_FAILED") == 0);
    (void)json_array_append_new(list, json);
}

/* The failures of the stack's last leg: its own newest event in progress began it. */
static enum err_code failed_events(struct op *op, const struct aws *aws, const struct failed_in *in,
                                   json_t *list, struct err *err) {
    struct cfn_event *events = NULL;
    size_t n = 0;

    if (cfn_list_events(aws, op->arena, in->stack_id, 0, &events, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        const struct cfn_resource row = {events[i].logical_id, events[i].physical_id,
                                         events[i].type, events[i].status, events[i].reason};
        bool is_own = strcmp(row.physical_id, in->stack_id) == 0;

        if (is_own && str_ends(str_from(row.status), STR("_IN_PROGRESS"))) {
            break;
        }
        if (!is_own && is_in_the_way(row.status, row.reason)) {
            failed_add(list, in, &row, true);
        }
    }
    return ERR_NONE;
}

static enum err_code failed_of(struct op *op, const struct aws *aws, const struct failed_in *in,
                               json_t *list, struct err *err);

/* Below a nested stack that failed; where that cannot be read, the stack itself is what is known.
 */
static void failed_below(struct op *op, const struct aws *aws, const struct failed_in *in,
                         const char *physical_id, json_t *list) {
    CLEANUP(freep) char *prefix = nested_prefix(physical_id);
    const struct failed_in below = {physical_id, prefix, in->depth + 1};
    struct err unread = {0};

    if (below.depth < DEPLOYER_NESTED_MAX) {
        (void)!failed_of(op, aws, &below, list, &unread);
    }
}

/* The resources that stand in the way, as the events of a stack and it itself say. */
static enum err_code failed_of(struct op *op, const struct aws *aws, const struct failed_in *in,
                               json_t *list, struct err *err) {
    size_t from = json_array_size(list);
    struct cfn_resource *rows = NULL;
    size_t n = 0;
    size_t to;

    if (failed_events(op, aws, in, list, err) != ERR_NONE ||
        cfn_list_resources(aws, op->arena, in->stack_id, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_in_the_way(rows[i].status, rows[i].reason)) {
            failed_add(list, in, &rows[i], false);
        }
    }
    to = json_array_size(list);
    for (size_t i = from; i < to; i++) {
        const json_t *row = json_array_get(list, i);
        const char *physical_id = json_str_or(row, "physical_id", "");

        if (deployer_is_nested(in->stack_id, json_str_or(row, "type", ""), physical_id)) {
            failed_below(op, aws, in, physical_id, list);
        }
    }
    return ERR_NONE;
}

static enum err_code diagnose_failed(struct op *op, const struct aws *aws,
                                     const struct cfn_stack *stack, json_t *list, struct err *err) {
    const struct failed_in in = {stack->id, "", 0};

    return str_ends(str_from(stack->status), STR("_FAILED")) ? failed_of(op, aws, &in, list, err)
                                                             : ERR_NONE;
}

/* Why the stack went back, or tried to: the first failure since it was told to change. */
static json_t *diagnose_cause(struct op *op, const struct aws *aws, const struct cfn_stack *stack) {
    struct cfn_event *events = NULL;
    struct err unread = {0};
    size_t n = 0;

    if (str_find(str_from(stack->status), STR("ROLLBACK")) < 0 ||
        !stack_state_of(stack->status)->is_resting ||
        cfn_list_events(aws, op->arena, stack->id, 0, &events, &n, &unread) != ERR_NONE) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_begin = strcmp(events[i].status, "CREATE_IN_PROGRESS") == 0 ||
                        strcmp(events[i].status, "UPDATE_IN_PROGRESS") == 0 ||
                        strcmp(events[i].status, "IMPORT_IN_PROGRESS") == 0;

        if (is_begin && strcmp(events[i].physical_id, stack->id) == 0) {
            return deployer_find_cause(op, aws, stack->id, events[i].time_ms);
        }
    }
    return NULL;
}

/* A change set of nobody's any more: one that can never be executed, or whose time for a yes is
 * over, or whose run has ended, or any that is older than that on a stack that was never created.
 * Only the program's own, but for such a stack, which exists for its change sets alone. */
static bool is_leftover(struct op *op, const struct cfn_set_row *row, enum set_class class,
                        bool is_review, int64_t age_ms) {
    bool is_program = strncmp(row->name, "d-", 2) == 0;

    if (!is_program && !is_review) {
        return false;
    }
    return class == SET_LEFTOVER ||
           (class == SET_READY &&
            (age_ms >= limit(LIMIT_APPROVAL_MS) || deployer_set_is_orphan(op, row->name))) ||
           (class == SET_MAKING && age_ms >= limit(LIMIT_CHANGESET_WAIT_MS));
}

static json_t *diagnose_set(struct op *op, const struct cfn_set_row *row, bool is_review,
                            int64_t now_ms) {
    const struct set_state *state = set_state_of(row->status, row->execution_status);
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "arn", row->arn, "name",
                             row->name, "status", row->status, "execution_status",
                             row->execution_status, "class", set_class_word(state->class),
                             "sentence", state->sentence, "remedy", state->remedy);

    json_put_bool(json, "leftover",
                  is_leftover(op, row, state->class, is_review, now_ms - row->created_ms));
    return json;
}

static enum err_code diagnose_sets(struct op *op, const struct aws *aws,
                                   const struct cfn_stack *stack, json_t *list, struct err *err) {
    bool is_review = stack_state_of(stack->status)->class == STACK_REVIEW;
    int64_t now_ms = clock_now_ms() + aws_clock_offset_ms(aws, AWS_CLOUDFORMATION);
    struct cfn_set_row *rows = NULL;
    size_t n = 0;

    if (cfn_list_sets(aws, op->arena, stack->name, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(list, diagnose_set(op, &rows[i], is_review, now_ms));
    }
    return ERR_NONE;
}

static json_t *diagnose_json(const struct cfn_stack *stack, bool exists) {
    const struct stack_state *state = stack_state_of(exists ? stack->status : "");
    json_t *json = json_pack(
        "{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "exists",
        exists && state->class != STACK_ABSENT, "status", exists ? stack->status : "", "stack_id",
        exists ? stack->id : "", "class", stack_class_word(state->class), "cure",
        stack_cure_word(state->cure), "sentence", state->sentence, "loses", state->loses, "remedy",
        state->remedy, "protected", exists && stack->is_protected);

    json_put_str(json, "reason", exists ? stack->reason : "");
    json_put_bool(json, "is_empty", state->is_empty);
    return json;
}

enum err_code deployer_diagnose(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(json_decrefp) json_t *failed = json_array();
    CLEANUP(json_decrefp) json_t *sets = json_array();
    json_t *cause;
    json_t *json;
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack"), &exists, &stack, err) !=
            ERR_NONE) {
        return err->code;
    }
    if (exists && stack_state_of(stack.status)->class != STACK_ABSENT &&
        (diagnose_failed(op, &aws, &stack, failed, err) != ERR_NONE ||
         diagnose_sets(op, &aws, &stack, sets, err) != ERR_NONE)) {
        return err->code;
    }
    json = diagnose_json(&stack, exists);
    cause = exists ? diagnose_cause(op, &aws, &stack) : NULL;
    if (cause != NULL) {
        json_put(json, "cause", cause);
    }
    json_put(json, "failed", TAKE(failed));
    json_put(json, "sets", TAKE(sets));
    *out = json;
    return ERR_NONE;
}

/* ---- wait: somebody else works on the stack ---- */

enum err_code deployer_wait(struct op *op, json_t **out, struct err *err) {
    CLEANUP(followed_done) struct followed rest = {0};
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"), .end = FOLLOW_REST};

    if (deployer_follow(op, &follow, &rest, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:s, s:s}", "status", rest.status, "sentence", rest.state->sentence);
    return ERR_NONE;
}
