/* aws_deployer, change sets: made, waited for, executed once, deleted. */
#include <string.h>

#include "tool/aws_deployer/deployer.h"

/* ---- Made ---- */

static bool says_no_changes(const char *reason) {
    return str_find(str_from(reason), STR("didn't contain changes")) >= 0 ||
           str_find(str_from(reason), STR("No updates are to be performed")) >= 0;
}

static enum err_code set_validation_failed(const struct aws *aws, const char *arn,
                                           struct err *err) {
    CLEANUP(json_decrefp) json_t *rows = NULL;
    const json_t *row;
    size_t i;

    if (cfn_list_validations(aws, arn, &rows, err) != ERR_NONE) {
        return err_prefix(err, "early validation refused the template, and why cannot be read");
    }
    json_array_foreach(rows, i, row) {
        if (strcmp(json_str_or(row, "mode", "FAIL"), "FAIL") == 0) {
            err_set(err, ERR_TEMPLATE, "early validation (%s): %s at %s: %s",
                    json_str_or(row, "name", ""), json_str_or(row, "logical_id", "template"),
                    json_str_or(row, "path", "?"), json_str_or(row, "text", ""));
            return err_remedy(err, "look at what aws-copilot.yml says of it; if nothing, it is a "
                                   "defect of aws-copilot: please report it");
        }
    }
    return err_set(err, ERR_TEMPLATE, "early validation failed, and AWS does not say where");
}

static enum err_code set_failed(const struct aws *aws, struct cfn_set *set, struct err *err) {
    if (str_find(str_from(set->reason), STR("AWS::EarlyValidation")) >= 0) {
        return set_validation_failed(aws, set->arn, err);
    }
    return err_set(err, ERR_TEMPLATE, "CloudFormation cannot make the change set: %s", set->reason);
}

/* A set that failed is of no use, nor is the stack that it made; the failure stays the answer. */
static enum err_code set_failed_drop(struct op *op, const struct aws *aws, struct cfn_set *set,
                                     const char *stack, struct err *err) {
    enum err_code code = set_failed(aws, set, err);
    bool is_stack_deleted = false;
    struct err ignored = {0};

    (void)!deployer_drop_set(op, aws, set->arn, stack, set->stack_id, &is_stack_deleted, &ignored);
    return code;
}

enum err_code deployer_await_set(struct op *op, const char *arn, const char *stack,
                                 struct cfn_set *out, struct err *err) {
    struct poll poll = {0};
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    for (;;) {
        CLEANUP(cfn_set_done) struct cfn_set set = {0};
        bool exists = false;
        bool is_failed;

        if (cfn_describe_set(&aws, op->arena, arn, stack, &exists, &set, err) != ERR_NONE) {
            return err->code;
        }
        if (!exists) {
            return err_set(err, ERR_STALE, "the change set is gone");
        }
        is_failed = strcmp(set.status, "FAILED") == 0;
        if (is_failed && !says_no_changes(set.reason)) {
            return set_failed_drop(op, &aws, &set, stack, err);
        }
        if (is_failed) {
            if (cfn_delete_set(&aws, set.arn, stack, err) != ERR_NONE) {
                return err->code;
            }
            set.arn = "";
        }
        if (is_failed || strcmp(set.status, "CREATE_COMPLETE") == 0) {
            *out = set;
            set = (struct cfn_set){0};
            return ERR_NONE;
        }
        if (deployer_pause(op, &poll, err) != ERR_NONE) {
            return err->code;
        }
    }
}

/* A set whose making cannot be watched to its end is given up: left there, it would keep everybody
 * away from the stack until it has expired. One that was interrupted is found again by its name. */
static enum err_code set_watch(struct op *op, const struct aws *aws, const char *arn,
                               const struct wanted_set *wanted, const char *stack_id,
                               struct cfn_set *out, struct err *err) {
    enum err_code code = deployer_await_set(op, arn, wanted->stack, out, err);
    bool is_stack_deleted = false;
    struct err ignored = {0};

    if (code != ERR_NONE && code != ERR_CANCELLED && code != ERR_INTERRUPTED) {
        (void)!deployer_drop_set(op, aws, arn, wanted->stack,
                                 stack_id == NULL ? wanted->stack : stack_id, &is_stack_deleted,
                                 &ignored);
    }
    return code;
}

enum err_code deployer_make_set(struct op *op, const struct wanted_set *wanted, struct cfn_set *out,
                                struct err *err) {
    struct cfn_new_set set = {
        .stack = wanted->stack,
        .name = wanted->name,
        .token = wanted->token,
        .is_create = wanted->is_create,
        .reverts_drift = wanted->reverts_drift,
        .body = wanted->body,
        .role_arn = wanted->role_arn,
        .description = wanted->description,
        .parameters = wanted->parameters,
        .capabilities = wanted->capabilities,
        .tags = wanted->tags,
    };
    const char *arn = NULL;
    const char *stack_id = NULL;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    if (cfn_create_set(&aws, op->arena, &set, &arn, &stack_id, err) != ERR_NONE) {
        if (err->code != ERR_CONFLICT) {
            return err->code;
        }
        arn = wanted->name; /* ours, from before an interruption: the name derives from the call */
        *err = (struct err){0};
    }
    return set_watch(op, &aws, arn, wanted, stack_id, out, err);
}

struct sha256_hex deployer_set_digest(const char *arn, const char *stack_id, const json_t *changes,
                                      const char *template_sha256, const char *parameters_sha256) {
    CLEANUP(json_decrefp)
    json_t *named =
        json_pack("{s:s, s:s, s:O, s:s, s:s}", "arn", arn, "stack_id", stack_id, "changes", changes,
                  "template", template_sha256, "parameters", parameters_sha256);

    return sha256_hex(json_hash(named));
}

/* ---- Executed ---- */

enum err_code deployer_execute_set(struct op *op, const struct aws *aws, const struct cfn_set *set,
                                   const char *stack, const char *token, bool is_kept,
                                   struct err *err) {
    CLEANUP(cfn_set_done) struct cfn_set now = {0};
    struct err unread = {0};
    bool exists = false;

    if (cfn_execute_set(aws, set->arn, stack, token, is_kept, err) == ERR_NONE) {
        return ERR_NONE;
    }
    if (cfn_describe_set(aws, op->arena, set->arn, stack, &exists, &now, &unread) != ERR_NONE ||
        !exists || strncmp(now.execution_status, "EXECUTE_", 8) != 0) {
        return err->code;
    }
    *err = (struct err){0}; /* the first answer was lost, and the repeated call met a running set */
    return ERR_NONE;
}

/* ---- Deleted ---- */

enum err_code deployer_delete_set(struct op *op, const struct aws *aws, const char *arn,
                                  const char *stack, struct err *err) {
    struct poll poll = {0};

    if (cfn_delete_set(aws, arn, stack, err) != ERR_NONE) {
        return err->code;
    }
    for (;;) {
        CLEANUP(cfn_set_done) struct cfn_set set = {0};
        bool exists = false;

        if (cfn_describe_set(aws, op->arena, arn, stack, &exists, &set, err) != ERR_NONE) {
            if (err->code != ERR_DENIED) {
                return err->code;
            }
            *err = (struct err){0}; /* it was taken; whoever may not look sees what is left */
            return ERR_NONE;
        }
        if (!exists || strcmp(set.status, "DELETE_COMPLETE") == 0) {
            return ERR_NONE;
        }
        if (strcmp(set.status, "DELETE_FAILED") == 0) {
            return err_set(err, ERR_SERVICE, "change set %s cannot be deleted: %s", set.name,
                           set.reason);
        }
        if (deployer_pause(op, &poll, err) != ERR_NONE) {
            return err->code;
        }
    }
}

enum err_code deployer_drop_set(struct op *op, const struct aws *aws, const char *arn,
                                const char *stack, const char *stack_id, bool *out_stack_deleted,
                                struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack found = {0};
    CLEANUP(freep) char *token = mem_format("del-%s", op->key);
    struct cfn_set_row *rows = NULL;
    size_t n = 0;
    bool exists = false;

    *out_stack_deleted = false;
    if (deployer_delete_set(op, aws, arn, stack, err) != ERR_NONE ||
        cfn_describe_stack(aws, op->arena, stack_id, &exists, &found, err) != ERR_NONE) {
        return err->code;
    }
    if (!exists || stack_state_of(found.status)->class != STACK_REVIEW) {
        return ERR_NONE;
    }
    if (cfn_list_sets(aws, op->arena, stack_id, &rows, &n, err) != ERR_NONE ||
        (n == 0 && cfn_delete_stack(aws, stack_id, NULL, "", token, err) != ERR_NONE)) {
        return err->code;
    }
    *out_stack_deleted = n == 0;
    return ERR_NONE;
}

enum err_code deployer_discard(struct op *op, json_t **out, struct err *err) {
    bool is_stack_deleted = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        deployer_drop_set(op, &aws, deployer_arg(op, "arn"), deployer_arg(op, "stack"),
                          deployer_arg(op, "stack_id"), &is_stack_deleted, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:b, s:b}", "deleted", 1, "stack_deleted", is_stack_deleted);
    return ERR_NONE;
}

/* ---- Whose ---- */

bool deployer_set_is_orphan(struct op *op, const char *name) {
    CLEANUP(freep) char *session = mem_strdup(strncmp(name, "d-", 2) == 0 ? name + 2 : "");
    char *number = strrchr(session, '-'); /* "d-SESSION-CALL" */
    const struct store_session *row = NULL;
    struct err unread = {0};

    if (number == NULL) {
        return false;
    }
    *number = '\0';
    return store_get_session(op->services->store, str_from(session), op->arena, &row, &unread) ==
               ERR_NONE &&
           row != NULL && !str_eq(row->status, STR("running")) &&
           !str_eq(row->status, STR("waiting"));
}
