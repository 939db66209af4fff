/* aws_deployer, destroying: exactly the stack that was approved, and what it leaves behind. */
#include <string.h>

#include "tool/aws_deployer/deployer.h"

/* What stays when the stack goes. A version of a function goes with its function. */
bool deployer_is_retained(const json_t *template, const struct cfn_resource *row) {
    const json_t *resource =
        json_object_get(json_object_get(template, "Resources"), row->logical_id);

    return strncmp(json_str_or(resource, "DeletionPolicy", "Delete"), "Retain", 6) == 0 &&
           strcmp(row->type, "AWS::Lambda::Version") != 0;
}

static enum err_code destroy_left_behind(struct op *op, const struct aws *aws, json_t **out,
                                         struct err *err) {
    CLEANUP(json_decrefp) json_t *template = NULL;
    const char *stack_id = deployer_arg(op, "stack_id");
    struct cfn_resource *rows = NULL;
    size_t n = 0;

    if (cfn_list_resources(aws, op->arena, stack_id, &rows, &n, err) != ERR_NONE ||
        cfn_get_template(aws, stack_id, &template, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_array();
    for (size_t i = 0; i < n; i++) {
        if (deployer_is_retained(template, &rows[i]) &&
            strcmp(rows[i].status, "DELETE_COMPLETE") != 0) {
            (void)json_array_append_new(*out, json_pack("{s:s, s:s, s:s}", "type", rows[i].type,
                                                        "name", rows[i].physical_id, "logical_id",
                                                        rows[i].logical_id));
        }
    }
    return ERR_NONE;
}

static enum err_code destroy_follow(struct op *op, int64_t since_ms, json_t *left, json_t **out,
                                    struct err *err) {
    CLEANUP(followed_done) struct followed followed = {0};
    CLEANUP(freep) char *token = mem_format("del-%s", op->key);
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"),
                            .token = token,
                            .since_ms = since_ms,
                            .end = FOLLOW_DELETE};

    if (deployer_follow(op, &follow, &followed, err) != ERR_NONE) {
        return err->code;
    }
    *out = deployer_result(&followed);
    json_put(*out, "left_behind", json_incref(left));
    return ERR_NONE;
}

static enum err_code destroy_check(const struct cfn_stack *stack, struct err *err) {
    const struct stack_state *state = stack_state_of(stack->status);

    if (!state->is_resting) {
        err_set(err, ERR_CONFLICT, "stack %s: %s", stack->name, state->sentence);
        return err_remedy(err, "%s", state->remedy);
    }
    if (stack->is_protected) {
        err_set(err, ERR_CONFLICT, "stack %s is protected against termination", stack->name);
        return err_remedy(err, "take termination protection off in CloudFormation, then run this "
                               "again");
    }
    return ERR_NONE;
}

/* The deployer policy does not let anybody delete a production stack by accident. */
static enum err_code destroy_denied(const struct op *op, struct err *err) {
    if (err->code != ERR_DENIED) {
        return err->code;
    }
    return err_remedy(err,
                      "a production stack is deleted by an administrator: aws cloudformation "
                      "delete-stack --stack-name %s",
                      deployer_arg(op, "stack"));
}

enum err_code deployer_destroy(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *left = NULL;
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(freep) char *token = mem_format("del-%s", op->key);
    const char *stack_id = deployer_arg(op, "stack_id");
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || deployer_check(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, stack_id, &exists, &stack, err) != ERR_NONE) {
        return err->code;
    }
    if (!exists || stack_state_of(stack.status)->class == STACK_ABSENT) {
        left = json_array();
        return destroy_follow(op, deployer_since(&aws), left, out, err); /* somebody was faster */
    }
    if (destroy_check(&stack, err) != ERR_NONE ||
        destroy_left_behind(op, &aws, &left, err) != ERR_NONE) {
        return err->code;
    }
    if (cfn_delete_stack(&aws, stack_id, NULL, token, err) != ERR_NONE) {
        return destroy_denied(op, err);
    }
    return destroy_follow(op, deployer_since(&aws), left, out, err);
}

/* By the stack's id: it is going or gone, or the call had no effect. A deleted stack still tells
 * what it consisted of; where it does not, that is left out. */
enum err_code deployer_reconcile_destroy(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(json_decrefp) json_t *left = NULL;
    struct err unread = {0};
    bool exists = false;
    struct aws aws;
    enum stack_class class;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack_id"), &exists, &stack, err) !=
            ERR_NONE) {
        return err->code;
    }
    class = stack_state_of(exists ? stack.status : "")->class;
    *state = RECONCILED_NOT_STARTED;
    if (class != STACK_ABSENT && class != STACK_DELETING) {
        return ERR_NONE;
    }
    *state = RECONCILED_DONE;
    if (destroy_left_behind(op, &aws, &left, &unread) != ERR_NONE) {
        left = json_array();
    }
    return destroy_follow(op, 0, left, out, err);
}
