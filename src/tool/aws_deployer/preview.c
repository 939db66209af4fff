/* aws_deployer, previewing: artefacts proven to be there, a change set, nothing that runs touched. */
#include <stdio.h>
#include <string.h>

#include "aws/s3.h"
#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"
#include "tool/template_op.h"

/* ---- What has to hold before ---- */

/* Makes the template again from its inputs: it has to be the one that was planned and reviewed. */
static enum err_code preview_template(struct op *op, const struct aws *aws, const char *set_name,
                                      struct template_text *out, struct err *err) {
    const json_t *inputs = json_object_get(op->args, "template");

    if (template_op_emit(inputs, out, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(sha256_hex(out->sha256).text, deployer_arg(op, "template_sha256")) != 0) {
        return err_set(err, ERR_STALE, "the template is not the one that was planned");
    }
    if (template_op_check(out->json, json_object_get(inputs, "parameters"), set_name, err) !=
        ERR_NONE) {
        return err->code;
    }
    return deployer_keep_template(op, aws, (struct str){out->text, out->len}, err);
}

/* A local AWS creates a function from an object that is not there, and AWS fails late. */
static enum err_code preview_check_artefacts(struct op *op, const struct aws *aws,
                                             struct err *err) {
    const json_t *artefact;
    size_t i;

    json_array_foreach(json_object_get(op->args, "artefacts"), i, artefact) {
        struct s3_object object = {0};
        const char *key = json_str_or(artefact, "key", "");
        enum err_code code = s3_head(aws, json_str_or(artefact, "bucket", ""), key, &object, err);
        bool is_there = object.is_there;
        bool is_same = object.sha256[0] == '\0' ||
                       strcmp(object.sha256, json_str_or(artefact, "sha256", "")) == 0;

        s3_object_done(&object);
        if (code != ERR_NONE) {
            return code;
        }
        if (!is_there || !is_same) {
            return err_set(err, ERR_STALE, "the artefact %s %s", key,
                           is_there ? "has other content than planned" : "is not in the bucket");
        }
    }
    return ERR_NONE;
}

/* Sets of this program that nobody executed. One that is young belongs to a run that waits for its
 * yes; an old one is deleted. On a stack that was never created there must be no other set: each
 * would make a stack of its own. */
static enum err_code preview_clear_sets(struct op *op, const struct aws *aws, const char *stack,
                                        bool is_review, const char *own_name, struct err *err) {
    struct cfn_set_row *rows = NULL;
    size_t n = 0;

    if (cfn_list_sets(aws, op->arena, stack, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_ours = strncmp(rows[i].name, "d-", 2) == 0;
        bool is_young = rows[i].created_ms + limit(LIMIT_APPROVAL_MS) > clock_now_ms();
        bool is_open = strcmp(rows[i].execution_status, "AVAILABLE") == 0;

        if (strcmp(rows[i].name, own_name) == 0 || (!is_ours && !is_review)) {
            continue;
        }
        if (is_ours && is_open && is_young) {
            err_set(err, ERR_LOCKED, "change set %s of this stack waits for a yes (%s)",
                    rows[i].name, rows[i].description);
            return err_remedy(err, "answer it with aws-copilot approvals, or reject it");
        }
        if (cfn_delete_set(aws, rows[i].arn, stack, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code preview_check_stack(struct op *op, const struct aws *aws,
                                         const char *set_name, bool *out_is_create,
                                         struct cfn_stack *stack, struct err *err) {
    const struct stack_state *state;
    const char *name = deployer_arg(op, "stack");
    bool exists = false;

    if (cfn_describe_stack(aws, op->arena, name, &exists, stack, err) != ERR_NONE) {
        return err->code;
    }
    state = stack_state_of(exists ? stack->status : "");
    if (!state->can_create && !state->can_update) {
        err_set(err, ERR_CONFLICT, "stack %s: %s", name, state->sentence);
        return err_remedy(err, "%s", state->remedy);
    }
    *out_is_create = state->can_create;
    if (!exists) {
        return ERR_NONE;
    }
    return preview_clear_sets(op, aws, name, state->class == STACK_REVIEW, set_name, err);
}

/* ---- Parameters ---- */

/* The header that CloudFront sends and the API asks for: known to this machine and to AWS only,
 * the same for the same session, never journaled. */
static enum err_code preview_origin_verify(struct op *op, json_t *parameters, const char *name,
                                           struct err *err) {
    struct sha256 mac;
    struct sha256_hex hex;

    if (store_mac(op->services->store, STR("origin-verify"), str_from(op->session), &mac, err) !=
        ERR_NONE) {
        return err->code;
    }
    hex = sha256_hex(mac);
    redactor_add_known(op->services->redactor, "OriginVerify", str_from(hex.text));
    json_put_str(parameters, name, hex.text);
    mem_wipe(&mac, sizeof mac);
    mem_wipe(&hex, sizeof hex);
    return ERR_NONE;
}

static enum err_code preview_parameters(struct op *op, json_t *parameters, struct err *err) {
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(op->args, "parameters"), name, value) {
        const char *use = json_str_or(value, "use", "");

        if (json_is_string(value)) {
            json_put(parameters, name, json_incref(value));
        } else if (strcmp(use, "previous") == 0) {
            json_put(parameters, name, json_true());
        } else if (strcmp(use, "origin_verify") == 0) {
            if (preview_origin_verify(op, parameters, name, err) != ERR_NONE) {
                return err->code;
            }
        } else {
            return err_set(err, ERR_INVALID, "parameter %s has no value and no way to one", name);
        }
    }
    return ERR_NONE;
}

/* ---- The set ---- */

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
        return err->code;
    }
    json_array_foreach(rows, i, row) {
        if (strcmp(json_str_or(row, "mode", "FAIL"), "FAIL") == 0) {
            err_set(err, ERR_TEMPLATE, "early validation: %s at %s: %s",
                    json_str_or(row, "logical_id", "template"), json_str_or(row, "path", "?"),
                    json_str_or(row, "text", ""));
            return err_remedy(err, "%s", json_str_or(row, "name", ""));
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

        if (cfn_describe_set(&aws, op->arena, arn, stack, &exists, &set, err) != ERR_NONE) {
            return err->code;
        }
        if (!exists) {
            return err_set(err, ERR_STALE, "the change set is gone");
        }
        if (strcmp(set.status, "FAILED") == 0 && says_no_changes(set.reason)) {
            if (cfn_delete_set(&aws, set.arn, stack, err) != ERR_NONE) {
                return err->code;
            }
            set.arn = "";
        } else if (strcmp(set.status, "FAILED") == 0) {
            return set_failed(&aws, &set, err);
        }
        if (set.arn[0] == '\0' || strcmp(set.status, "CREATE_COMPLETE") == 0) {
            *out = set;
            set = (struct cfn_set){0};
            return ERR_NONE;
        }
        if (deployer_pause(op, &poll, err) != ERR_NONE) {
            return err->code;
        }
    }
}

enum err_code deployer_make_set(struct op *op, const struct wanted_set *wanted,
                                struct cfn_set *out, struct err *err) {
    struct cfn_new_set set = {
        .stack = wanted->stack,
        .name = wanted->name,
        .token = wanted->token,
        .is_create = wanted->is_create,
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
    }
    return deployer_await_set(op, arn, wanted->stack, out, err);
}

struct sha256_hex deployer_set_digest(const char *arn, const char *stack_id, const json_t *changes,
                                      const char *template_sha256, const char *parameters_sha256) {
    CLEANUP(json_decrefp) json_t *named =
        json_pack("{s:s, s:s, s:O, s:s, s:s}", "arn", arn, "stack_id", stack_id, "changes", changes,
                  "template", template_sha256, "parameters", parameters_sha256);

    return sha256_hex(json_hash(named));
}

/* ---- The operation ---- */

/* "d-20261124T144613Z-1a2b3c4d" would change with the clock; the call's key does not. */
static char *preview_set_name(const struct op *op) { return mem_format("d-%s", op->key); }

static struct sha256_hex preview_parameters_digest(const struct op *op) {
    return sha256_hex(json_hash(json_object_get(op->args, "parameters")));
}

/* CloudFormation calls a set empty that changes outputs or a condition only, and a local AWS more
 * than that. What is deployed has to be what was wanted, or it is no "no change". */
static bool preview_is_deployed(const struct op *op, const json_t *deployed) {
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(op->args, "parameters"), name, value) {
        const char *have = json_str_at(deployed, name);

        if (json_is_string(value) && (have == NULL || strcmp(have, json_string_value(value)) != 0)) {
            return false;
        }
    }
    return true;
}

static json_t *preview_warnings(const struct aws *aws, const struct cfn_set *set) {
    CLEANUP(json_decrefp) json_t *rows = NULL;
    json_t *texts = json_array();
    struct err unread = {0};
    const json_t *row;
    size_t i;

    if (set->arn[0] == '\0' || cfn_list_validations(aws, set->arn, &rows, &unread) != ERR_NONE) {
        return texts; /* a warning that cannot be read stops nobody */
    }
    json_array_foreach(rows, i, row) {
        (void)json_array_append_new(texts,
                                    json_string_of(str_from(json_str_or(row, "text", ""))));
    }
    return texts;
}

static json_t *preview_result(const struct op *op, const struct aws *aws, const struct cfn_set *set,
                              bool is_create) {
    struct sha256_hex parameters = preview_parameters_digest(op);
    struct sha256_hex digest =
        deployer_set_digest(set->arn, set->stack_id, set->changes,
                            deployer_arg(op, "template_sha256"), parameters.text);
    json_t *out = json_pack(
        "{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:O, s:O, s:s, s:s}", "no_change",
        set->arn[0] == '\0', "arn", set->arn, "name", set->name, "stack_id", set->stack_id, "stack",
        deployer_arg(op, "stack"), "type", is_create ? "CREATE" : "UPDATE", "status", set->status,
        "changes", set->changes, "parameters", set->parameters, "sha256", digest.text,
        "parameters_sha256", parameters.text);

    json_put(out, "warnings", preview_warnings(aws, set));
    return out;
}

enum err_code deployer_preview(struct op *op, json_t **out, struct err *err) {
    CLEANUP(freep) char *name = preview_set_name(op);
    CLEANUP(freep) char *token = mem_format("create-%s", op->key);
    CLEANUP(json_decrefp) json_t *parameters = json_object();
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    CLEANUP(template_text_done) struct template_text template = {0};
    struct wanted_set wanted = {
        .stack = deployer_arg(op, "stack"),
        .name = name,
        .token = token,
        .role_arn = deployer_arg(op, "role_arn"),
        .description = deployer_arg(op, "description"),
        .parameters = parameters,
        .capabilities = json_object_get(op->args, "capabilities"),
        .tags = json_object_get(op->args, "tags"),
    };
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        preview_template(op, &aws, name, &template, err) != ERR_NONE ||
        preview_check_artefacts(op, &aws, err) != ERR_NONE ||
        preview_check_stack(op, &aws, name, &wanted.is_create, &stack, err) != ERR_NONE ||
        preview_parameters(op, parameters, err) != ERR_NONE) {
        return err->code;
    }
    wanted.body = template.text;
    if (deployer_make_set(op, &wanted, &set, err) != ERR_NONE) {
        return err->code;
    }
    if (set.arn[0] == '\0' && !preview_is_deployed(op, stack.parameters)) {
        return err_set(err, ERR_CONFLICT,
                       "CloudFormation sees no change, yet the deployed parameters differ from the "
                       "wanted ones");
    }
    *out = preview_result(op, &aws, &set, wanted.is_create);
    return ERR_NONE;
}

/* The set's name derives from the call: it is there, or the call had no effect. */
enum err_code deployer_reconcile_preview(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err) {
    CLEANUP(freep) char *name = preview_set_name(op);
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_set(&aws, op->arena, name, deployer_arg(op, "stack"), &exists, &set, err) !=
            ERR_NONE) {
        return err->code;
    }
    *state = RECONCILED_NOT_STARTED;
    if (!exists) {
        return ERR_NONE;
    }
    cfn_set_done(&set);
    if (deployer_await_set(op, name, deployer_arg(op, "stack"), &set, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack"), &exists, &stack, err) !=
            ERR_NONE) {
        return err->code;
    }
    *out = preview_result(op, &aws, &set, exists && stack_state_of(stack.status)->can_create);
    *state = RECONCILED_DONE;
    return ERR_NONE;
}

/* ---- discard ---- */

enum err_code deployer_discard(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    const char *stack_id = deployer_arg(op, "stack_id");
    struct cfn_set_row *rows = NULL;
    size_t n = 0;
    bool exists = false;
    bool is_deleted = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_delete_set(&aws, deployer_arg(op, "arn"), deployer_arg(op, "stack"), err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, stack_id, &exists, &stack, err) != ERR_NONE) {
        return err->code;
    }
    if (exists && stack_state_of(stack.status)->class == STACK_REVIEW) {
        CLEANUP(freep) char *token = mem_format("del-%s", op->key);

        if (cfn_list_sets(&aws, op->arena, stack_id, &rows, &n, err) != ERR_NONE) {
            return err->code;
        }
        if (n == 0) {
            if (cfn_delete_stack(&aws, stack_id, NULL, token, err) != ERR_NONE) {
                return err->code;
            }
            is_deleted = true;
        }
    }
    *out = json_pack("{s:b, s:b}", "deleted", 1, "stack_deleted", is_deleted);
    return ERR_NONE;
}
