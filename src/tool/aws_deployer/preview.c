/* aws_deployer, previewing: artefacts proven to be there, a change set, nothing that runs touched.
 */
#include <stdio.h>
#include <string.h>

#include "aws/s3.h"
#include "base/clock.h"
#include "guard/price/cost.h"
#include "tool/aws_deployer/deployer.h"
#include "tool/template_op.h"

/* ---- What has to hold before ---- */

/* A release's template as it was, by its digest. */
static enum err_code preview_find_template(struct op *op, const struct aws *aws,
                                           const char *set_name, struct template_text *out,
                                           struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT((size_t)limit(LIMIT_TEMPLATE_BYTES));
    CLEANUP(json_decrefp) json_t *parameters = deployer_release_parameters(op);
    struct template_text found = {0};

    if (deployer_find_template(op, aws, &text, err) != ERR_NONE ||
        json_read(buf_str(&text), &found.json, err) != ERR_NONE ||
        template_op_check(found.json, parameters, set_name, err) != ERR_NONE) {
        template_text_done(&found);
        return err->code;
    }
    found.text = mem_strdup(buf_cstr(&text));
    found.len = text.len;
    found.sha256 = sha256_of(buf_str(&text));
    *out = found;
    return ERR_NONE;
}

/* Makes the template again from its inputs: it has to be the one that was planned and reviewed. */
static enum err_code preview_template(struct op *op, const struct aws *aws, const char *set_name,
                                      struct template_text *out, struct err *err) {
    const json_t *inputs = json_object_get(op->args, "template");

    if (inputs == NULL) {
        return preview_find_template(op, aws, set_name, out, err);
    }
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

/* An object that is not what was planned: before an effect the change is stale, as anything that
 * moved since the yes; while a change is planned somebody has to look. */
static enum err_code artefact_is_other(const struct op *op, const char *key, bool is_there,
                                       struct err *err) {
    bool is_effect = json_str_at(op->args, "approval") != NULL;

    if (!is_effect && json_object_get(op->args, "template") == NULL) {
        err_set(err, ERR_NOT_FOUND, "%s of that release %s", key,
                is_there ? "has other content now" : "is not there any more");
        return err_remedy(err, "deploy the old commit again");
    }
    if (!is_effect && is_there) {
        err_set(err, ERR_CONFLICT, "the artefact %s has other content than its name says", key);
        return err_remedy(err, "somebody has replaced it: find out who may write into the artifact "
                               "bucket, delete that object, and deploy again");
    }
    return err_set(err, ERR_STALE, "the artefact %s %s", key,
                   is_there ? "has other content than was planned" : "is not in the bucket");
}

/* A local AWS creates a function from an object that is not there, and AWS fails late. What has no
 * checksum was not put there by this program. */
enum err_code deployer_check_artefacts(const struct op *op, const struct aws *aws,
                                       struct err *err) {
    const json_t *artefact;
    size_t i;

    json_array_foreach(json_object_get(op->args, "artefacts"), i, artefact) {
        struct s3_object object = {0};
        const char *key = json_str_or(artefact, "key", "");
        enum err_code code = s3_head(aws, json_str_or(artefact, "bucket", ""), key, &object, err);
        bool is_there = object.is_there;
        bool is_same = strcmp(object.sha256, json_str_or(artefact, "sha256", "")) == 0;

        s3_object_done(&object);
        if (code != ERR_NONE) {
            return code;
        }
        if (!is_there || !is_same) {
            return artefact_is_other(op, key, is_there, err);
        }
    }
    return ERR_NONE;
}

/* Whether a set may still get its yes, or is being made for one. */
static bool set_is_waiting(const struct cfn_set_row *set, int64_t aws_now_ms) {
    int64_t age_ms = aws_now_ms - set->created_ms;

    if (strncmp(set->status, "CREATE_", 7) != 0) {
        return false;
    }
    return strcmp(set->execution_status, "AVAILABLE") == 0
               ? age_ms < limit(LIMIT_APPROVAL_MS)
               : age_ms < limit(LIMIT_CHANGESET_WAIT_MS) &&
                     strcmp(set->execution_status, "UNAVAILABLE") == 0;
}

/* Sets of this program that nobody executed. One that is young belongs to a run that waits for its
 * yes; an old one, one of a run that has ended, or an earlier one of this run, is deleted. On a
 * stack that was never created there must be no other set at all: each would make a stack of its
 * own. What was executed stays: an interrupted run asks AWS for it. */
static enum err_code preview_clear_sets(struct op *op, const struct aws *aws, const char *stack,
                                        bool is_review, const char *own_name, struct err *err) {
    CLEANUP(freep) char *own_prefix = mem_format("d-%s-", op->session);
    int64_t now_ms = clock_now_ms() + aws_clock_offset_ms(aws, AWS_CLOUDFORMATION);
    struct cfn_set_row *rows = NULL;
    size_t n = 0;

    if (cfn_list_sets(aws, op->arena, stack, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_program = strncmp(rows[i].name, "d-", 2) == 0;
        bool is_session = str_starts(str_from(rows[i].name), str_from(own_prefix));

        if (strcmp(rows[i].name, own_name) == 0 || (!is_program && !is_review) ||
            strncmp(rows[i].execution_status, "EXECUTE_", 8) == 0) {
            continue;
        }
        if (is_program && !is_session && set_is_waiting(&rows[i], now_ms) &&
            !deployer_set_is_orphan(op, rows[i].name)) {
            err_set(err, ERR_LOCKED, "change set %s of this stack waits for a yes (%s)",
                    rows[i].name, rows[i].description);
            return err_remedy(err,
                              "answer it where it was made, with aws-copilot approve or reject; "
                              "unanswered it is stepped over after %lld minutes",
                              (long long)limit(LIMIT_APPROVAL_MS) / 60000);
        }
        if (deployer_delete_set(op, aws, rows[i].arn, stack, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code preview_check_stack(struct op *op, const struct aws *aws, const char *set_name,
                                         bool *out_is_create, struct cfn_stack *stack,
                                         struct err *err) {
    const struct stack_state *state;
    const char *name = deployer_arg(op, "stack");
    bool exists = false;

    if (cfn_describe_stack(aws, op->arena, name, &exists, stack, err) != ERR_NONE) {
        return err->code;
    }
    state = stack_state_of(exists ? stack->status : "");
    if (!state->can_create && !state->can_update &&
        !(state->can_fix && json_bool_at(op->args, "keep"))) {
        err_set(err, ERR_CONFLICT, "stack %s: %s", name, state->sentence);
        return err_remedy(err, "%s", state->remedy);
    }
    *out_is_create = state->can_create;
    if (!exists) {
        return ERR_NONE;
    }
    if (state->can_update && json_str_at(op->args, "planned_for") != NULL &&
        strcmp(stack->id, deployer_arg(op, "planned_for")) != 0) {
        err_set(err, ERR_CONFLICT,
                "stack %s is another one now: the one that the change was planned for was deleted, "
                "and somebody made this one",
                name);
        return err_remedy(err, "look at it with aws-copilot status; aws-copilot deploy plans a "
                               "change of this one");
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
    /* By its value alone: what stands under its name in a plan says only how it is made. */
    redactor_add_known(op->services->redactor, NULL, str_from(hex.text));
    json_put_str(parameters, name, hex.text);
    mem_wipe(&mac, sizeof mac);
    mem_wipe(&hex, sizeof hex);
    return ERR_NONE;
}

/* A value that stays needs a stack that has it: one that was deleted meanwhile is made anew by a
 * plan that knows it. */
static enum err_code preview_parameters(struct op *op, bool is_create, json_t *parameters,
                                        struct err *err) {
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(op->args, "parameters"), name, value) {
        const char *use = json_str_or(value, "use", "");

        if (json_is_string(value)) {
            json_put(parameters, name, json_incref(value));
        } else if (strcmp(use, "previous") == 0 && is_create) {
            err_set(err, ERR_CONFLICT, "stack %s is gone; it was there when the change was planned",
                    deployer_arg(op, "stack"));
            return err_remedy(err, "aws-copilot deploy makes it anew");
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

/* ---- The operation ---- */

/* "d-20261124T144613Z-1a2b3c4d" would change with the clock; the call's key does not. */
static char *preview_set_name(const struct op *op) { return mem_format("d-%s", op->key); }

static struct sha256_hex preview_parameters_digest(const struct op *op) {
    return sha256_hex(json_hash(json_object_get(op->args, "parameters")));
}

static bool preview_has_parameters(const struct op *op, const struct cfn_stack *stack) {
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(op->args, "parameters"), name, value) {
        const char *have = json_string_value(json_object_get(stack->parameters, name));

        if (json_is_string(value) &&
            (have == NULL || strcmp(have, json_string_value(value)) != 0)) {
            return false;
        }
    }
    return true;
}

/* CloudFormation calls a set empty that flips a condition only, and a local AWS also one that
 * changes outputs only. What is deployed has to be what was wanted, or it is no "no change". */
static enum err_code preview_check_no_change(const struct op *op, const struct cfn_stack *stack,
                                             const json_t *deployed, const json_t *wanted,
                                             struct err *err) {
    if (preview_has_parameters(op, stack) &&
        json_equal(json_object_get(deployed, "Outputs"), json_object_get(wanted, "Outputs"))) {
        return ERR_NONE;
    }
    err_set(err, ERR_CONFLICT,
            "CloudFormation sees no change, yet the deployed parameters or outputs differ from the "
            "wanted ones");
    return err_remedy(err, "deploy it together with a change that CloudFormation sees, such as a "
                           "variable");
}

static json_t *preview_warnings(const struct aws *aws, const struct cfn_set *set) {
    CLEANUP(json_decrefp) json_t *rows = NULL;
    json_t *texts = json_array();
    struct err unread = {0};
    const json_t *row;
    size_t i;

    if (set->arn[0] == '\0') {
        return texts;
    }
    if (cfn_list_validations(aws, set->arn, &rows, &unread) != ERR_NONE) {
        (void)err_prefix(&unread, "the warnings of early validation cannot be read");
        (void)json_array_append_new(texts, json_string_of(str_from(unread.text)));
    }
    json_array_foreach(rows, i, row) {
        CLEANUP(freep)
        char *text = mem_format("%s at %s: %s", json_str_or(row, "logical_id", "template"),
                                json_str_or(row, "path", "?"), json_str_or(row, "text", ""));

        (void)json_array_append_new(texts, json_string_of(str_from(text)));
    }
    return texts;
}

static json_t *preview_json(const struct op *op, const struct aws *aws, const struct cfn_set *set,
                            bool is_create, const json_t *template) {
    struct sha256_hex parameters = preview_parameters_digest(op);
    struct sha256_hex digest =
        deployer_set_digest(set->arn, set->stack_id, set->changes,
                            deployer_arg(op, "template_sha256"), parameters.text);
    json_t *out = json_pack(
        "{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:O, s:s, s:s}", "no_change", set->arn[0] == '\0',
        "arn", set->arn, "name", set->name, "stack_id", set->stack_id, "stack",
        deployer_arg(op, "stack"), "type", is_create ? "CREATE" : "UPDATE", "status", set->status,
        "changes", deployer_annotate(set->changes, template), "parameters", set->parameters,
        "sha256", digest.text, "parameters_sha256", parameters.text);

    json_put(out, "warnings", preview_warnings(aws, set));
    return out;
}

/* The parameters that the stack would have: the previous value where it stays. */
static json_t *preview_wanted_values(const struct op *op, const struct cfn_stack *stack) {
    json_t *values = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(op->args, "parameters"), name, value) {
        json_t *before = json_object_get(stack->parameters, name);

        json_put(values, name,
                 json_is_string(value) ? json_incref(value)
                 : before != NULL      ? json_incref(before)
                                       : json_true());
    }
    return values;
}

/* The template that is deployed, for those who compare; NULL on a creation. One that cannot be read
 * is an empty object, so that everything is new; but "no change" is not said of it. */
static enum err_code preview_deployed(const struct aws *aws, const struct cfn_stack *stack,
                                      bool is_create, bool is_no_change, json_t **out,
                                      struct err *err) {
    struct err unread = {0};

    *out = NULL;
    if (is_create || deployer_deployed_template(aws, stack->id, out, &unread) == ERR_NONE) {
        return ERR_NONE;
    }
    if (is_no_change) {
        *err = unread;
        return err->code;
    }
    *out = json_object();
    return ERR_NONE;
}

/* What the change does to the monthly cost; nothing where the region or what is deployed cannot be
 * read: a preview does not fail for it. */
static void preview_add_cost(const struct op *op, const struct aws *aws,
                             const struct cfn_stack *stack, const json_t *deployed,
                             const json_t *template, json_t *out) {
    CLEANUP(json_decrefp) json_t *values = preview_wanted_values(op, stack);
    bool is_create = deployed == NULL;
    CLEANUP(json_decrefp) json_t *before = NULL;
    CLEANUP(json_decrefp) json_t *after = NULL;
    struct cost_use use;
    struct err unread = {0};
    const char *region = NULL;

    if (cost_use_read(json_object_get(op->args, "usage"), &use, &unread) != ERR_NONE ||
        aws_region(aws, &region, &unread) != ERR_NONE ||
        (!is_create && json_object_get(deployed, "Resources") == NULL)) {
        return;
    }
    if (!is_create) {
        before = cost_of_template(deployed, stack->parameters, region, &use);
    }
    after = cost_of_template(template, values, region, &use);
    json_put(out, "cost", cost_change(before, after));
}

/* The end of a preview, whether it was run through or taken up again. `template` is the wanted one.
 */
static enum err_code preview_finish(const struct op *op, const struct aws *aws,
                                    const struct cfn_set *set, const struct cfn_stack *stack,
                                    bool is_create, const json_t *template, json_t **out,
                                    struct err *err) {
    CLEANUP(json_decrefp) json_t *deployed = NULL;
    bool is_no_change = set->arn[0] == '\0';

    if (preview_deployed(aws, stack, is_create, is_no_change, &deployed, err) != ERR_NONE ||
        (is_no_change && preview_check_no_change(op, stack, deployed, template, err) != ERR_NONE)) {
        return err->code;
    }
    *out = preview_json(op, aws, set, is_create, template);
    preview_add_cost(op, aws, stack, deployed, template, *out);
    if (deployed != NULL) {
        json_put(*out, "before", json_incref(deployed));
    }
    return ERR_NONE;
}

/* Whoever executes has to see how it goes: who may not is told now, when nothing has happened.
 * Other failures of this look are no reason to stop. */
static enum err_code preview_check_watch(struct op *op, const struct aws *aws,
                                         const struct cfn_set *set, struct err *err) {
    struct cfn_event *events = NULL;
    size_t n = 0;
    bool is_stack_deleted = false;
    struct err ignored = {0};

    if (set->arn[0] == '\0' || cfn_list_events(aws, op->arena, set->stack_id, clock_now_ms(),
                                               &events, &n, err) == ERR_NONE) {
        return ERR_NONE;
    }
    if (err->code != ERR_DENIED) {
        *err = (struct err){0};
        return ERR_NONE;
    }
    (void)!deployer_drop_set(op, aws, set->arn, deployer_arg(op, "stack"), set->stack_id,
                             &is_stack_deleted, &ignored);
    return err->code;
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
        .reverts_drift = json_bool_at(op->args, "revert_drift"),
    };
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        preview_template(op, &aws, name, &template, err) != ERR_NONE ||
        deployer_check_artefacts(op, &aws, err) != ERR_NONE ||
        preview_check_stack(op, &aws, name, &wanted.is_create, &stack, err) != ERR_NONE ||
        preview_parameters(op, wanted.is_create, parameters, err) != ERR_NONE) {
        return err->code;
    }
    wanted.body = template.text;
    if (deployer_make_set(op, &wanted, &set, err) != ERR_NONE ||
        preview_check_watch(op, &aws, &set, err) != ERR_NONE) {
        return err->code;
    }
    return preview_finish(op, &aws, &set, &stack, wanted.is_create, template.json, out, err);
}

/* The set's name derives from the call: it is there, or the call had no effect. */
enum err_code deployer_reconcile_preview(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err) {
    CLEANUP(freep) char *name = preview_set_name(op);
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    CLEANUP(template_text_done) struct template_text template = {0};
    const char *stack_name = deployer_arg(op, "stack");
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_set(&aws, op->arena, name, stack_name, &exists, &set, err) != ERR_NONE) {
        return err->code;
    }
    *state = RECONCILED_NOT_STARTED;
    if (!exists) {
        return ERR_NONE;
    }
    cfn_set_done(&set);
    if (preview_template(op, &aws, name, &template, err) != ERR_NONE ||
        deployer_await_set(op, name, stack_name, &set, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, stack_name, &exists, &stack, err) != ERR_NONE ||
        preview_finish(op, &aws, &set, &stack, exists && stack_state_of(stack.status)->can_create,
                       template.json, out, err) != ERR_NONE) {
        return err->code;
    }
    *state = RECONCILED_DONE;
    return ERR_NONE;
}
