/* aws_deployer, drift: what was changed by hand, as CloudFormation finds it. */
#include <string.h>

#include "tool/aws_deployer/deployer.h"

/* Begins a detection; one that somebody else began is waited for, since its end says nothing of
 * what was changed meanwhile. */
static enum err_code drift_begin(struct op *op, const struct aws *aws, const char **out_id,
                                 struct err *err) {
    struct poll poll = {0};

    while (cfn_detect_drift(aws, op->arena, deployer_arg(op, "stack"), out_id, err) == ERR_LOCKED) {
        *err = (struct err){0};
        if (deployer_pause(op, &poll, err) != ERR_NONE) {
            return err->code;
        }
    }
    return err->code;
}

static enum err_code drift_await(struct op *op, const struct aws *aws, const char *id,
                                 struct cfn_drift_look *out, struct err *err) {
    struct poll poll = {0};

    for (;;) {
        if (cfn_drift_status(aws, op->arena, id, out, err) != ERR_NONE) {
            return err->code;
        }
        if (strcmp(out->detection, "DETECTION_IN_PROGRESS") != 0) {
            return ERR_NONE;
        }
        if (deployer_pause(op, &poll, err) != ERR_NONE) {
            return err->code;
        }
    }
}

/* CloudFormation compares what rests; of everything else the table says what it is and what to do.
 */
static enum err_code drift_check(struct op *op, const struct aws *aws, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    const char *name = deployer_arg(op, "stack");
    const struct stack_state *state;
    bool exists = false;

    if (cfn_describe_stack(aws, op->arena, name, &exists, &stack, err) != ERR_NONE) {
        return err->code;
    }
    state = stack_state_of(exists ? stack.status : "");
    if (state->class == STACK_ABSENT) {
        err_set(err, ERR_NOT_FOUND, "there is no stack %s", name);
        return err_remedy(err, "aws-copilot deploy makes it");
    }
    if (!stack_can_drift(state)) {
        err_set(err, ERR_CONFLICT, "stack %s cannot be compared now: %s", name, state->sentence);
        return err_remedy(err, "%s",
                          state->remedy[0] == '\0' ? "aws-copilot deploy goes on with it"
                                                   : state->remedy);
    }
    return ERR_NONE;
}

/* Tells those that differ from those that were not compared: CloudFormation cannot do it with each
 * kind, failed at one, or what it says of one is older than this detection. */
static void drift_sort(const json_t *rows, const struct cfn_drift_look *look, json_t *differing,
                       json_t *unknown, json_t *unsupported) {
    bool is_failed = strcmp(look->detection, "DETECTION_COMPLETE") != 0;
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        const char *status = json_str_or(row, "status", "");
        bool is_old = is_failed && json_int_or(row, "at_ms", 0) < look->began_ms;

        if (is_old || strcmp(status, "UNKNOWN") == 0) {
            (void)json_array_append(unknown, row);
        } else if (strcmp(status, "MODIFIED") == 0 || strcmp(status, "DELETED") == 0) {
            (void)json_array_append(differing, row);
        } else if (strcmp(status, "IN_SYNC") != 0) {
            (void)json_array_append(unsupported, row);
        }
    }
}

/* A detection that failed for some resources still tells of the others. */
enum err_code deployer_drift(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *rows = NULL;
    CLEANUP(json_decrefp) json_t *differing = json_array();
    CLEANUP(json_decrefp) json_t *unknown = json_array();
    CLEANUP(json_decrefp) json_t *unsupported = json_array();
    struct cfn_drift_look look = {0};
    const char *id = NULL;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || drift_check(op, &aws, err) != ERR_NONE ||
        drift_begin(op, &aws, &id, err) != ERR_NONE ||
        drift_await(op, &aws, id, &look, err) != ERR_NONE ||
        cfn_list_drifts(&aws, deployer_arg(op, "stack"), &rows, err) != ERR_NONE) {
        return err->code;
    }
    drift_sort(rows, &look, differing, unknown, unsupported);
    *out = json_pack("{s:b, s:b, s:s, s:s, s:O, s:O, s:O}", "drifted",
                     json_array_size(differing) > 0, "complete",
                     strcmp(look.detection, "DETECTION_COMPLETE") == 0 &&
                         json_array_size(unknown) == 0,
                     "status", look.drift, "reason", look.reason, "resources", differing, "unknown",
                     unknown, "unsupported", unsupported);
    return ERR_NONE;
}
