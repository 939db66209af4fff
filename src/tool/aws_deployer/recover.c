/* aws_deployer, recovering: gets a stack out of the state it was shown in, as approved. */
#include <string.h>

#include "base/hash.h"
#include "tool/aws_deployer/deployer.h"

/* ---- What guards it ---- */

enum err_code deployer_check_cure(const struct op *op, const char *status, struct err *err) {
    const json_t *cure = json_object_get(op->args, "cure");
    const char *shown = json_str_or(cure, "status", "");

    if (strcmp(sha256_hex(json_hash(cure)).text,
               json_str_or(op->approval, "parameters_sha256", "")) != 0) {
        return err_set(err, ERR_STALE, "this is not what was approved");
    }
    if (status != NULL && strcmp(shown, status) != 0) {
        err_set(err, ERR_STALE, "stack %s is in %s now; it was in %s when it was shown",
                deployer_arg(op, "stack"), status[0] == '\0' ? "no state at all" : status, shown);
        return err_remedy(err, "run this again");
    }
    return ERR_NONE;
}

/* ---- Leftovers ---- */

/* Deletes the change sets that were shown; then the stack, where it was never created and holds no
 * other set. */
static enum err_code recover_discard(struct op *op, const struct aws *aws,
                                     const struct cfn_stack *stack, json_t **out, struct err *err) {
    bool is_review = stack_state_of(stack->status)->class == STACK_REVIEW;
    struct cfn_set_row *rows = NULL;
    const json_t *arn;
    size_t n = 0;
    size_t i;

    json_array_foreach(json_at(op->args, "cure.sets"), i, arn) {
        if (deployer_delete_set(op, aws, json_string_value(arn), stack->name, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (cfn_list_sets(aws, op->arena, stack->name, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    if (is_review && n == 0) {
        return deployer_delete(op, aws, out, err);
    }
    *out = json_pack("{s:s, s:b, s:n, s:i, s:O, s:[]}", "status", stack->status, "ok",
                     !is_review || n == 0, "root_cause", "cancelled", 0, "outputs", stack->outputs,
                     "left_behind");
    return ERR_NONE;
}

/* ---- Ways back ---- */

static char *recover_token(const struct op *op) { return mem_format("rb-%s", op->key); }

static enum err_code recover_follow(struct op *op, int64_t since_ms, json_t **out,
                                    struct err *err) {
    CLEANUP(followed_done) struct followed followed = {0};
    CLEANUP(freep) char *token = recover_token(op);
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"),
                            .token = token,
                            .since_ms = since_ms,
                            .end = FOLLOW_BACK};

    if (deployer_follow(op, &follow, &followed, err) != ERR_NONE) {
        return err->code;
    }
    *out = deployer_result(&followed);
    json_put(*out, "left_behind", json_array());
    return ERR_NONE;
}

/* Whether the stack has an event of this call's token: it was begun. */
static enum err_code recover_has_begun(struct op *op, const struct aws *aws, bool *out,
                                       struct err *err) {
    CLEANUP(freep) char *token = recover_token(op);
    struct cfn_event *events = NULL;
    size_t n = 0;

    if (cfn_list_events(aws, op->arena, deployer_arg(op, "stack_id"), 0, &events, &n, err) !=
        ERR_NONE) {
        return err->code;
    }
    *out = false;
    for (size_t i = 0; i < n && !*out; i++) {
        *out = strcmp(events[i].token, token) == 0;
    }
    return ERR_NONE;
}

static enum err_code recover_send(struct op *op, const struct aws *aws, enum stack_cure cure,
                                  struct err *err) {
    CLEANUP(freep) char *token = recover_token(op);
    const char *stack_id = deployer_arg(op, "stack_id");
    const char *role_arn = deployer_arg(op, "role_arn");

    return cure == CURE_ROLLBACK
               ? cfn_rollback_stack(aws, stack_id, role_arn, token, err)
               : cfn_continue_rollback(aws, stack_id, json_at(op->args, "cure.skip"), role_arn,
                                       token, err);
}

/* The first answer may be lost, and the repeated call then meets a stack that goes back already. */
static enum err_code recover_back(struct op *op, const struct aws *aws, enum stack_cure cure,
                                  json_t **out, struct err *err) {
    int64_t since_ms = deployer_since(aws);
    struct err unread = {0};
    bool has_begun = false;

    if (recover_send(op, aws, cure, err) != ERR_NONE) {
        if (err->code != ERR_STALE || recover_has_begun(op, aws, &has_begun, &unread) != ERR_NONE ||
            !has_begun) {
            return err->code;
        }
        *err = (struct err){0};
    }
    return recover_follow(op, since_ms, out, err);
}

/* ---- The operation ---- */

static enum err_code recover_act(struct op *op, const struct aws *aws,
                                 const struct cfn_stack *stack, json_t **out, struct err *err) {
    enum stack_cure cure = stack_cure_from(json_str_or(op->args, "cure.action", ""));

    switch (cure) {
    case CURE_DISCARD:
        return recover_discard(op, aws, stack, out, err);
    case CURE_DELETE:
        return deployer_delete(op, aws, out, err);
    case CURE_ROLLBACK:
    case CURE_CONTINUE:
        return recover_back(op, aws, cure, out, err);
    case CURE_NONE:
    case CURE_WAIT:
    case CURE_MANUAL:
    case CURE_N:
        break;
    }
    return err_set(err, ERR_DEFECT, "'%s' is nothing that is done to a stack",
                   json_str_or(op->args, "cure.action", ""));
}

enum err_code deployer_recover(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || deployer_check(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack_id"), &exists, &stack, err) !=
            ERR_NONE ||
        deployer_check_cure(op, exists ? stack.status : "", err) != ERR_NONE) {
        return err->code;
    }
    return recover_act(op, &aws, &stack, out, err);
}

/* By its token for a way back; a deletion by the stack's id, and discarding is repeated. */
enum err_code deployer_reconcile_recover(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err) {
    enum stack_cure cure = stack_cure_from(json_str_or(op->args, "cure.action", ""));
    bool has_begun = false;
    struct aws aws;

    if (cure == CURE_DELETE || cure == CURE_DISCARD) {
        return deployer_reconcile_delete(op, state, out, err);
    }
    if (services_aws(op, &aws, err) != ERR_NONE ||
        recover_has_begun(op, &aws, &has_begun, err) != ERR_NONE) {
        return err->code;
    }
    *state = has_begun ? RECONCILED_DONE : RECONCILED_NOT_STARTED;
    return has_begun ? recover_follow(op, 0, out, err) : ERR_NONE;
}
