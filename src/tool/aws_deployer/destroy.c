/* aws_deployer, destroying: exactly the stack that was approved, and what it leaves behind. */
#include <string.h>

#include "aws/s3.h"
#include "aws/ssm.h"
#include "tool/aws_deployer/deployer.h"

/* What stays when the stack goes. A version of a function goes with its function. */
bool deployer_is_retained(const json_t *template, const struct cfn_resource *row) {
    const json_t *resource =
        json_object_get(json_object_get(template, "Resources"), row->logical_id);

    return strncmp(json_str_or(resource, "DeletionPolicy", "Delete"), "Retain", 6) == 0 &&
           strcmp(row->type, "AWS::Lambda::Version") != 0;
}

/* ---- What is left behind ---- */

static json_t *left_row(const struct aws *aws, const struct cfn_resource *row) {
    json_t *left = json_pack("{s:s, s:s, s:s}", "type", row->type, "name", row->physical_id,
                             "logical_id", row->logical_id);

    if (strcmp(row->type, "AWS::S3::Bucket") == 0) {
        deployer_add_load(aws, row->physical_id, true, left);
    }
    return left;
}

/* Resources that outlive the stack, and those that are given up because they cannot be deleted. */
static enum err_code destroy_left_behind(struct op *op, const struct aws *aws, json_t **out,
                                         struct err *err) {
    CLEANUP(json_decrefp) json_t *template = NULL;
    const char *stack_id = deployer_arg(op, "stack_id");
    const json_t *given_up = json_at(op->args, "cure.retain");
    struct cfn_resource *rows = NULL;
    struct err unread = {0};
    size_t n = 0;

    if (cfn_list_resources(aws, op->arena, stack_id, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    if (deployer_deployed_template(aws, stack_id, &template, &unread) != ERR_NONE) {
        template = json_object(); /* a stack that was never created has none */
    }
    *out = json_array();
    for (size_t i = 0; i < n; i++) {
        bool is_left =
            deployer_is_retained(template, &rows[i]) || json_has_str(given_up, rows[i].logical_id);

        if (is_left && rows[i].physical_id[0] != '\0' &&
            strcmp(rows[i].status, "DELETE_COMPLETE") != 0) {
            (void)json_array_append_new(*out, left_row(aws, &rows[i]));
        }
    }
    return ERR_NONE;
}

/* ---- Buckets: emptied before, deleted after ---- */

static enum err_code destroy_empty(struct op *op, const struct aws *aws, const char *list,
                                   struct err *err) {
    const json_t *bucket;
    size_t i;

    json_array_foreach(json_at(op->args, list), i, bucket) {
        if (deployer_empty_bucket(op, aws, json_string_value(bucket), err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static void left_remove(json_t *left, const char *name) {
    const json_t *row;
    size_t i;

    json_array_foreach(left, i, row) {
        if (strcmp(json_str_or(row, "name", ""), name) == 0) {
            (void)json_array_remove(left, i);
            return;
        }
    }
}

static void destroy_secrets(const struct aws *aws, const json_t *names, json_t *left) {
    struct err why = {0};
    const json_t *name;
    size_t i;

    if (json_array_size(names) == 0 || ssm_delete(aws, names, &why) == ERR_NONE) {
        return;
    }
    json_array_foreach(names, i, name) {
        (void)json_array_append_new(left,
                                    json_pack("{s:s, s:s, s:s}", "type", "AWS::SSM::Parameter",
                                              "name", json_string_value(name), "why", why.text));
    }
}

/* Buckets that outlived the stack on purpose, and are not wanted any more. One that may not be
 * deleted stays behind, as empty as it can be made: the deletion of the stack itself went well. */
static void destroy_purge(struct op *op, const struct aws *aws, json_t *left) {
    const json_t *bucket;
    size_t i;

    json_array_foreach(json_at(op->args, "cure.purge"), i, bucket) {
        const char *name = json_string_value(bucket);
        json_t *row = json_row(left, "name", name);
        struct err why = {0};

        if (deployer_empty_bucket(op, aws, name, &why) == ERR_NONE &&
            s3_delete_bucket(aws, name, &why) == ERR_NONE) {
            left_remove(left, name);
        } else if (row != NULL) {
            json_put_str(row, "why", why.text);
            deployer_add_load(aws, name, true, row);
        }
    }
    destroy_secrets(aws, json_at(op->args, "cure.secrets"), left);
}

static enum err_code destroy_follow(struct op *op, const struct aws *aws, int64_t since_ms,
                                    json_t *left, json_t **out, struct err *err) {
    CLEANUP(followed_done) struct followed followed = {0};
    CLEANUP(freep) char *token = mem_format("del-%s", op->key);
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"),
                            .token = token,
                            .since_ms = since_ms,
                            .end = FOLLOW_DELETE};

    if (deployer_follow(op, &follow, &followed, err) != ERR_NONE) {
        return err->code;
    }
    if (followed.is_ok) {
        destroy_purge(op, aws, left);
    }
    *out = deployer_result(&followed);
    json_put(*out, "left_behind", json_incref(left));
    return ERR_NONE;
}

/* ---- Before ---- */

static enum err_code destroy_check(const struct cfn_stack *stack, struct err *err) {
    const struct stack_state *state = stack_state_of(stack->status);

    if (!state->is_resting) {
        err_set(err, ERR_CONFLICT, "stack %s: %s", stack->name, state->sentence);
        return err_remedy(err, "%s", state->remedy);
    }
    if (stack->is_protected) {
        err_set(err, ERR_CONFLICT, "stack %s is protected against termination", stack->name);
        return err_remedy(err,
                          "whoever may: aws cloudformation update-termination-protection "
                          "--no-enable-termination-protection --stack-name %s; then run this again",
                          stack->name);
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

enum err_code deployer_delete(struct op *op, const struct aws *aws, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *left = NULL;
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(freep) char *token = mem_format("del-%s", op->key);
    const char *stack_id = deployer_arg(op, "stack_id");
    const json_t *retain = json_at(op->args, "cure.retain");
    bool exists = false;
    bool is_failed;

    if (cfn_describe_stack(aws, op->arena, stack_id, &exists, &stack, err) != ERR_NONE) {
        return err->code;
    }
    if (!exists || stack_state_of(stack.status)->class == STACK_ABSENT) {
        left = json_array();
        return destroy_follow(op, aws, deployer_since(aws), left, out,
                              err); /* somebody was faster */
    }
    if (destroy_check(&stack, err) != ERR_NONE ||
        destroy_empty(op, aws, "cure.empty", err) != ERR_NONE ||
        destroy_left_behind(op, aws, &left, err) != ERR_NONE) {
        return err->code;
    }
    is_failed = strcmp(stack.status, "DELETE_FAILED") == 0; /* only then may anything be retained */
    if (cfn_delete_stack(aws, stack_id, is_failed ? retain : NULL, deployer_arg(op, "role_arn"),
                         token, err) != ERR_NONE) {
        return destroy_denied(op, err);
    }
    return destroy_follow(op, aws, deployer_since(aws), left, out, err);
}

/* The account's bucket of packages, releases and the record of who approved what is no stack's, and
 * outlives them all. */
static void destroy_add_shared(const struct op *op, const struct aws *aws, json_t *out) {
    const char *bucket = json_str_at(op->args, "lock.bucket");
    json_t *row;

    if (bucket == NULL || !json_bool_at(out, "ok")) {
        return;
    }
    row = json_pack("{s:s, s:s, s:s, s:b}", "type", "AWS::S3::Bucket", "name", bucket, "why",
                    "it is the account's, of all applications: packages, releases, approvals",
                    "shared", 1);
    deployer_add_load(aws, bucket, false, row);
    (void)json_array_append_new(json_object_get(out, "left_behind"), row);
}

enum err_code deployer_destroy(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    bool exists = false;
    bool is_gone;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || deployer_check(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack_id"), &exists, &stack, err) !=
            ERR_NONE) {
        return err->code;
    }
    is_gone = !exists || stack_state_of(stack.status)->class == STACK_ABSENT;
    if (deployer_check_cure(op, is_gone ? NULL : stack.status, err) != ERR_NONE ||
        deployer_delete(op, &aws, out, err) != ERR_NONE) {
        return err->code;
    }
    destroy_add_shared(op, &aws, *out);
    return ERR_NONE;
}

/* By the stack's id: it is going or gone, or the call had no effect. A deleted stack still tells
 * what it consisted of; where it does not, that is left out. */
enum err_code deployer_reconcile_delete(struct op *op, enum reconciled *state, json_t **out,
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
    return destroy_follow(op, &aws, 0, left, out, err);
}

enum err_code deployer_reconcile_destroy(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err) {
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        deployer_reconcile_delete(op, state, out, err) != ERR_NONE) {
        return err->code;
    }
    if (*state == RECONCILED_DONE) {
        destroy_add_shared(op, &aws, *out);
    }
    return ERR_NONE;
}
