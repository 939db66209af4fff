/* aws_deployer, going back: the alias at once, then the release's template by change set. Within
 * what the consumed approval's on_failure allows; the gate has checked that. */
#include <string.h>

#include "aws/lambda.h"
#include "tool/aws_deployer/deployer.h"

#define ALIAS "live"

/* A request of ours from before an interruption may have come late: the alias is there by now. */
static bool rollback_is_moved(const struct aws *aws, const char *function, const char *version) {
    struct lambda_alias alias = {0};
    struct err unread = {0};

    return lambda_get_alias(aws, function, ALIAS, &alias, &unread) == ERR_NONE &&
           strcmp(alias.version, version) == 0;
}

/* UpdateAlias does not look everywhere whether the version exists, so we do. */
static enum err_code rollback_check_version(const struct aws *aws, const char *function,
                                            const char *version, const char *code_sha256,
                                            struct err *err) {
    char code[64] = {0};
    bool exists = false;

    if (lambda_find_version(aws, function, version, &exists, code, err) != ERR_NONE) {
        return err->code;
    }
    if (!exists) {
        return err_set(err, ERR_NOT_FOUND, "version %s of the function is gone", version);
    }
    if (code_sha256[0] != '\0' && strcmp(code, code_sha256) != 0) {
        return err_set(err, ERR_CONFLICT,
                       "version %s of the function has other code than the release", version);
    }
    return ERR_NONE;
}

static enum err_code rollback_point(struct op *op, const struct aws *aws, const char *code_sha256,
                                    bool *out_moved, struct err *err) {
    const char *function = deployer_arg(op, "function");
    const char *version = deployer_arg(op, "alias_version");
    struct lambda_alias alias = {0};

    if (lambda_get_alias(aws, function, ALIAS, &alias, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(alias.version, version) == 0) {
        return ERR_NONE;
    }
    if (rollback_check_version(aws, function, version, code_sha256, err) != ERR_NONE) {
        return err->code;
    }
    if (lambda_set_alias(aws, function, ALIAS, version, alias.revision, err) != ERR_NONE) {
        if (!rollback_is_moved(aws, function, version)) {
            return err->code;
        }
        *err = (struct err){0};
    }
    *out_moved = true;
    return ERR_NONE;
}

/* Flips the alias to the release's version, in seconds. A site alone has no function. What stands
 * in the way of that is told and no more: the change set publishes that code again, and takes the
 * alias with it. */
enum err_code deployer_move_alias(struct op *op, const struct aws *aws, const char *code_sha256,
                                  bool *out_moved, struct err *err) {
    const char *version = deployer_arg(op, "alias_version");
    CLEANUP(freep) char *text = NULL;
    enum err_code code;

    *out_moved = false;
    if (deployer_arg(op, "function")[0] == '\0' || version[0] == '\0') {
        return ERR_NONE;
    }
    code = rollback_point(op, aws, code_sha256, out_moved, err);
    if (code == ERR_NOT_FOUND || code == ERR_CONFLICT || code == ERR_DENIED ||
        code == ERR_SERVICE || code == ERR_STALE) {
        text =
            mem_format("the alias cannot be moved at once (%s); the change set does it", err->text);
        *err = (struct err){0};
    } else if (code != ERR_NONE) {
        return code;
    } else if (*out_moved) {
        text = mem_format("alias live points to the previous version again, %s", version);
    }
    if (text != NULL) {
        op_progress(op, json_pack("{s:s, s:s}", "type", "progress", "text", text));
    }
    return ERR_NONE;
}

json_t *deployer_release_parameters(const struct op *op) {
    json_t *parameters = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(op->args, "parameters"), name, value) {
        json_put(parameters, name, json_is_string(value) ? json_incref(value) : json_true());
    }
    return parameters;
}

/* Waits for whoever works on the stack (an update that is going back, for instance). */
static enum err_code rollback_check_stack(struct op *op, struct err *err) {
    CLEANUP(followed_done) struct followed rest = {0};
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"), .end = FOLLOW_REST};

    if (deployer_follow(op, &follow, &rest, err) != ERR_NONE) {
        return err->code;
    }
    if (!rest.state->can_update) {
        err_set(err, ERR_CONFLICT, "stack %s: %s", deployer_arg(op, "stack"), rest.state->sentence);
        return err_remedy(err, "%s", rest.state->remedy);
    }
    return ERR_NONE;
}

static char *rollback_set_name(const struct op *op) { return mem_format("d-%s", op->key); }

/* Whether this call was interrupted when it had made its set already, and so moved the alias before
 * that. The set's execution publishes the old code under a new number: who moved the alias once
 * more would take it away from the stack. */
static enum err_code rollback_has_set(struct op *op, const struct aws *aws, bool *out,
                                      struct err *err) {
    CLEANUP(freep) char *name = rollback_set_name(op);
    CLEANUP(cfn_set_done) struct cfn_set set = {0};

    return cfn_describe_set(aws, op->arena, name, deployer_arg(op, "stack"), out, &set, err);
}

static enum err_code rollback_make_set(struct op *op, const char *body, struct cfn_set *out,
                                       struct err *err) {
    CLEANUP(freep) char *name = rollback_set_name(op);
    CLEANUP(freep) char *token = mem_format("create-%s", op->key);
    CLEANUP(freep)
    char *description = mem_format("aws-copilot: back to %s", deployer_arg(op, "release"));
    CLEANUP(json_decrefp) json_t *parameters = deployer_release_parameters(op);
    CLEANUP(json_decrefp) json_t *capabilities = json_pack("[s]", "CAPABILITY_IAM");
    struct wanted_set wanted = {
        .stack = deployer_arg(op, "stack"),
        .name = name,
        .token = token,
        .body = body,
        .role_arn = deployer_arg(op, "role_arn"),
        .description = description,
        .parameters = parameters,
        .capabilities = capabilities,
        .tags = json_object_get(op->args, "tags"),
    };

    return deployer_make_set(op, &wanted, out, err);
}

/* A call that was interrupted finds its own set again, by its name, and goes on from there. */
static enum err_code rollback_stack(struct op *op, const struct aws *aws, struct followed *out,
                                    struct err *err) {
    CLEANUP(freep) char *token = mem_format("exec-%s", op->key);
    CLEANUP(buf_done) struct buf body = BUF_INIT((size_t)limit(LIMIT_TEMPLATE_BYTES));
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    struct follow follow = {.stack_id = deployer_arg(op, "stack_id"), .token = token};

    if (rollback_check_stack(op, err) != ERR_NONE ||
        deployer_find_template(op, aws, &body, err) != ERR_NONE ||
        rollback_make_set(op, buf_cstr(&body), &set, err) != ERR_NONE) {
        return err->code;
    }
    if (set.arn[0] == '\0') { /* the stack is the release already */
        follow.end = FOLLOW_REST;
    } else if (strcmp(set.execution_status, "AVAILABLE") == 0 &&
               deployer_execute_set(op, aws, &set, deployer_arg(op, "stack"), token, false, err) !=
                   ERR_NONE) {
        return err->code;
    }
    follow.since_ms = set.created_ms;
    return deployer_follow(op, &follow, out, err);
}

/* The account is part of the stack's ARN, "arn:aws:cloudformation:REGION:ACCOUNT:stack/...". */
static enum err_code rollback_check_account(struct op *op, const struct aws *aws, struct err *err) {
    struct str rest = str_from(deployer_arg(op, "stack_id"));
    struct str part = {0};
    CLEANUP(freep) char *account = NULL;

    for (int i = 0; i < 5; i++) {
        (void)!str_next(&rest, ':', &part);
    }
    account = str_dup(part);
    return deployer_check_account(aws, account, err);
}

enum err_code deployer_rollback(struct op *op, json_t **out, struct err *err) {
    CLEANUP(followed_done) struct followed followed = {0};
    bool is_moved = false;
    bool has_set = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        rollback_check_account(op, &aws, err) != ERR_NONE ||
        deployer_check_lock(op, &aws, err) != ERR_NONE ||
        rollback_has_set(op, &aws, &has_set, err) != ERR_NONE ||
        (!has_set &&
         deployer_move_alias(op, &aws, json_str_or(op->args, "parameters.BackendSha256B64", ""),
                             &is_moved, err) != ERR_NONE) ||
        rollback_stack(op, &aws, &followed, err) != ERR_NONE) {
        return err->code;
    }
    *out = deployer_result(&followed);
    json_put_bool(*out, "alias_moved", is_moved);
    return ERR_NONE;
}
