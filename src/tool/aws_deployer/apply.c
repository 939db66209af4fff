/* aws_deployer, applying: exactly what was approved, once; watched until the stack rests. */
#include <string.h>

#include "aws/set_state.h"
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

enum err_code deployer_check_account(const struct aws *aws, const char *account, struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity who = {0};

    if (sts_get_caller_identity(aws, &who, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(who.account, account) != 0) {
        err_set(err, ERR_ACCOUNT, "the credentials belong to account %s, approved was %s",
                who.account, account[0] == '\0' ? "none" : account);
        return err_remedy(err, "use the credentials of the account that was approved");
    }
    return ERR_NONE;
}

/* What the call names has to be what the yes named. */
static enum err_code apply_check_digests(const struct op *op, struct err *err) {
    static const struct {
        const char *arg;
        const char *approved;
    } rows[] = {{"stack_id", "stack_id"},
                {"arn", "change_set"},
                {"template_sha256", "template_sha256"},
                {"parameters_sha256", "parameters_sha256"}};

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *value = json_str_at(op->args, rows[i].arg);

        if (value != NULL && strcmp(value, json_str_or(op->approval, rows[i].approved, "")) != 0) {
            return err_set(err, ERR_STALE, "the %s is not the one that was approved", rows[i].arg);
        }
    }
    return ERR_NONE;
}

enum err_code deployer_check(struct op *op, const struct aws *aws, struct err *err) {
    if (apply_check_expiry(op, err) != ERR_NONE || apply_check_digests(op, err) != ERR_NONE ||
        deployer_check_account(aws, json_str_or(op->approval, "account", ""), err) != ERR_NONE) {
        return err->code;
    }
    return deployer_check_lock(op, aws, err);
}

static enum err_code apply_check_set(const struct op *op, const struct cfn_set *set,
                                     struct err *err) {
    struct sha256_hex now = deployer_set_digest(set->arn, set->stack_id, set->changes,
                                                deployer_arg(op, "template_sha256"),
                                                deployer_arg(op, "parameters_sha256"));

    if (strcmp(now.text, deployer_arg(op, "set_sha256")) != 0) {
        return err_set(err, ERR_STALE, "the change set is not the one that was approved");
    }
    if (set_state_of(set->status, set->execution_status)->class != SET_READY) {
        bool is_made = strcmp(set->status, "CREATE_COMPLETE") == 0;

        return err_set(err, ERR_STALE, "the change set cannot be executed any more (%s)",
                       is_made ? set->execution_status : set->status);
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
int64_t deployer_since(const struct aws *aws) {
    return clock_now_ms() + aws_clock_offset_ms(aws, AWS_CLOUDFORMATION) - 60000;
}

/* A caller who may not execute has changed nothing, where no alias was moved before: said as a
 * result, so that nobody takes it for a failure half-way. */
static enum err_code apply_refused(const struct op *op, json_t **out, struct err *err) {
    if (err->code != ERR_DENIED || json_str_at(op->args, "alias_version") != NULL) {
        return err->code;
    }
    *out = json_pack("{s:b, s:s, s:n, s:i, s:{}, s:s, s:s}", "ok", 0, "status", "", "root_cause",
                     "cancelled", 0, "outputs", "refused", err->text, "remedy", err->remedy);
    *err = (struct err){0};
    return ERR_NONE;
}

/* Going back to a release answers with it at once: the alias first, the change set then does the
 * rest. */
enum err_code deployer_apply(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    CLEANUP(freep) char *token = apply_token(op);
    bool is_kept = strcmp(json_str_or(op->approval, "on_failure", ""), "keep") == 0;
    bool is_moved = false;
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || deployer_check(op, &aws, err) != ERR_NONE ||
        cfn_describe_set(&aws, op->arena, deployer_arg(op, "arn"), deployer_arg(op, "stack"),
                         &exists, &set, err) != ERR_NONE) {
        return err->code;
    }
    if (!exists) {
        return err_set(err, ERR_STALE, "the change set that was approved is gone");
    }
    if (apply_check_set(op, &set, err) != ERR_NONE ||
        deployer_check_artefacts(op, &aws, err) != ERR_NONE ||
        deployer_move_alias(op, &aws, deployer_arg(op, "code_sha256"), &is_moved, err) !=
            ERR_NONE) {
        return err->code;
    }
    if (deployer_execute_set(op, &aws, &set, deployer_arg(op, "stack"), token, is_kept, err) !=
        ERR_NONE) {
        return apply_refused(op, out, err);
    }
    return apply_follow(op, deployer_since(&aws), out, err);
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
