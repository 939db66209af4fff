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

static void failed_add(json_t *list, const char *logical_id, const char *physical_id,
                       const char *type, const char *status, const char *reason) {
    if (json_row(list, "logical_id", logical_id) == NULL) {
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "logical_id",
                                                    logical_id, "physical_id", physical_id, "type",
                                                    type, "status", status, "reason", reason));
    }
}

/* The failures of the stack's last leg: its own newest event in progress began it. */
static enum err_code diagnose_events(struct op *op, const struct aws *aws, const char *stack_id,
                                     json_t *list, struct err *err) {
    struct cfn_event *events = NULL;
    size_t n = 0;

    if (cfn_list_events(aws, op->arena, stack_id, 0, &events, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_own = strcmp(events[i].physical_id, stack_id) == 0;

        if (is_own && str_ends(str_from(events[i].status), STR("_IN_PROGRESS"))) {
            break;
        }
        if (!is_own && is_in_the_way(events[i].status, events[i].reason)) {
            failed_add(list, events[i].logical_id, events[i].physical_id, events[i].type,
                       events[i].status, events[i].reason);
        }
    }
    return ERR_NONE;
}

/* The resources that stand in the way: of a stack that failed, as its events and it itself say. */
static enum err_code diagnose_failed(struct op *op, const struct aws *aws,
                                     const struct cfn_stack *stack, json_t *list, struct err *err) {
    struct cfn_resource *rows = NULL;
    size_t n = 0;

    if (!str_ends(str_from(stack->status), STR("_FAILED"))) {
        return ERR_NONE;
    }
    if (diagnose_events(op, aws, stack->id, list, err) != ERR_NONE ||
        cfn_list_resources(aws, op->arena, stack->id, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_in_the_way(rows[i].status, rows[i].reason)) {
            failed_add(list, rows[i].logical_id, rows[i].physical_id, rows[i].type, rows[i].status,
                       rows[i].reason);
        }
    }
    return ERR_NONE;
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
