/* aws_deployer, applying: exactly what was approved, once; watched until the stack rests. */
#include <string.h>

#include "aws/sts.h"
#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

/* ---- The checks that guard the effect: always now, never from the journal ---- */

static enum err_code apply_check_expiry(const struct op *op, struct err *err) {
    if (op->approval == NULL) {
        return err_set(err, ERR_DEFECT, "there is no approval for this effect");
    }
    if (clock_now_ms() > json_int_or(op->approval, "expires_ms", 0)) {
        err_set(err, ERR_EXPIRED, "the approval has expired; nothing was executed");
        return err_remedy(err, "say yes again to the same change set");
    }
    return ERR_NONE;
}

static enum err_code apply_check_identity(const struct op *op, const struct aws *aws,
                                          struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity who = {0};

    if (sts_get_caller_identity(aws, &who, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(who.account, json_str_or(op->approval, "account", "")) != 0) {
        return err_set(err, ERR_ACCOUNT, "the credentials belong to account %s, approved was %s",
                       who.account, json_str_or(op->approval, "account", "none"));
    }
    return ERR_NONE;
}

static enum err_code apply_check_set(const struct op *op, const struct cfn_set *set,
                                     struct err *err) {
    struct sha256_hex now =
        deployer_set_digest(set->arn, set->stack_id, set->changes, deployer_arg(op, "template_sha256"),
                            deployer_arg(op, "parameters_sha256"));

    if (strcmp(now.text, deployer_arg(op, "set_sha256")) != 0 ||
        strcmp(set->arn, json_str_or(op->approval, "change_set", "")) != 0) {
        return err_set(err, ERR_STALE, "the change set is not the one that was approved");
    }
    if (strcmp(set->execution_status, "AVAILABLE") != 0) {
        return err_set(err, ERR_STALE, "the change set cannot be executed any more (%s)",
                       set->execution_status);
    }
    return ERR_NONE;
}

/* ---- Execution ---- */

static char *apply_token(const struct op *op) { return mem_format("exec-%s", op->key); }

static enum err_code apply_follow(struct op *op, int64_t since_ms, json_t **out, struct err *err) {
    CLEANUP(followed_done) struct followed followed = {0};
    CLEANUP(freep) char *token = apply_token(op);
    struct follow follow = {
        .stack_id = deployer_arg(op, "stack_id"), .token = token, .since_ms = since_ms};

    if (deployer_follow(op, &follow, &followed, err) != ERR_NONE) {
        return err->code;
    }
    *out = deployer_result(&followed);
    return ERR_NONE;
}

/* Events carry AWS's clock; ours may be off by the offset, and a second is lost in the Date header.
 */
static int64_t apply_since(const struct aws *aws) {
    return clock_now_ms() + aws_clock_offset_ms(aws, AWS_CLOUDFORMATION) - 60000;
}

enum err_code deployer_apply(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    CLEANUP(freep) char *token = apply_token(op);
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || apply_check_expiry(op, err) != ERR_NONE ||
        apply_check_identity(op, &aws, err) != ERR_NONE ||
        cfn_describe_set(&aws, op->arena, deployer_arg(op, "arn"), deployer_arg(op, "stack"),
                         &exists, &set, err) != ERR_NONE) {
        return err->code;
    }
    if (!exists) {
        return err_set(err, ERR_STALE, "the change set that was approved is gone");
    }
    if (apply_check_set(op, &set, err) != ERR_NONE ||
        cfn_execute_set(&aws, set.arn, deployer_arg(op, "stack"), token, err) != ERR_NONE) {
        return err->code;
    }
    return apply_follow(op, apply_since(&aws), out, err);
}

/* An interrupted call: AWS says whether it was executed. A set that is still AVAILABLE was not; its
 * yes may have expired meanwhile, which run() finds out. */
enum err_code deployer_reconcile_apply(struct op *op, enum reconciled *state, json_t **out,
                                       struct err *err) {
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_set(&aws, op->arena, deployer_arg(op, "arn"), deployer_arg(op, "stack"),
                         &exists, &set, err) != ERR_NONE) {
        return err->code;
    }
    *state = RECONCILED_NOT_STARTED;
    if (!exists || strncmp(set.execution_status, "EXECUTE_", 8) != 0) {
        return ERR_NONE;
    }
    *state = RECONCILED_DONE;
    return apply_follow(op, set.created_ms, out, err);
}

/* ---- destroy ---- */

static json_t *destroy_left_behind(const struct cfn_resource *rows, size_t n,
                                   const json_t *template) {
    json_t *left = json_array();

    for (size_t i = 0; i < n; i++) {
        const json_t *resource =
            json_object_get(json_object_get(template, "Resources"), rows[i].logical_id);

        if (strncmp(json_str_or(resource, "DeletionPolicy", "Delete"), "Retain", 6) == 0) {
            (void)json_array_append_new(
                left, json_pack("{s:s, s:s, s:s}", "type", rows[i].type, "name",
                                rows[i].physical_id, "logical_id", rows[i].logical_id));
        }
    }
    return left;
}

static enum err_code destroy_follow(struct op *op, int64_t since_ms, json_t *left, json_t **out,
                                    struct err *err) {
    CLEANUP(followed_done) struct followed followed = {0};
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"), .since_ms = since_ms};

    if (deployer_follow(op, &follow, &followed, err) != ERR_NONE) {
        return err->code;
    }
    *out = deployer_result(&followed);
    json_put(*out, "left_behind", json_incref(left));
    return ERR_NONE;
}

enum err_code deployer_destroy(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *template = NULL;
    CLEANUP(json_decrefp) json_t *left = NULL;
    CLEANUP(freep) char *token = mem_format("del-%s", op->key);
    struct cfn_resource *rows = NULL;
    size_t n = 0;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || apply_check_expiry(op, err) != ERR_NONE ||
        apply_check_identity(op, &aws, err) != ERR_NONE ||
        cfn_list_resources(&aws, op->arena, deployer_arg(op, "stack_id"), &rows, &n, err) !=
            ERR_NONE ||
        cfn_get_template(&aws, deployer_arg(op, "stack_id"), &template, err) != ERR_NONE) {
        return err->code;
    }
    left = destroy_left_behind(rows, n, template);
    if (cfn_delete_stack(&aws, deployer_arg(op, "stack_id"), NULL, token, err) != ERR_NONE) {
        return err->code;
    }
    return destroy_follow(op, apply_since(&aws), left, out, err);
}

enum err_code deployer_reconcile_destroy(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(json_decrefp) json_t *left = json_array();
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
    return destroy_follow(op, 0, left, out, err);
}
