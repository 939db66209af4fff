/* aws_deployer, reading: who we are, what a stack is, what it says, what it holds. */
#include <stdlib.h>
#include <string.h>

#include "aws/logs.h"
#include "aws/ssm.h"
#include "aws/sts.h"
#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

const char *deployer_arg(const struct op *op, const char *name) {
    return json_str_or(op->args, name, "");
}

/* ---- identity ---- */

static json_t *identity_warnings(const struct aws *aws, json_t *identity) {
    CLEANUP(buf_done) struct buf source = BUF_INIT(1024);
    CLEANUP(buf_done) struct buf warnings = BUF_INIT(4096);
    json_t *list = json_array();
    struct err unread = {0};
    struct str rest;
    struct str line = {0};

    if (aws_credentials_describe(aws, &source, &warnings, &unread) != ERR_NONE) {
        return list;
    }
    json_put_str(identity, "source", buf_cstr(&source));
    rest = buf_str(&warnings);
    while (str_next(&rest, '\n', &line)) {
        if (line.len > 0) {
            (void)json_array_append_new(list, json_string_of(line));
        }
    }
    return list;
}

/* What stands behind the endpoint, in the words of the first line of every run. */
static enum err_code identity_endpoint(const struct op *op, json_t *identity, struct err *err) {
    const struct aws_config *config = aws_client_config(op->services->aws);
    const char *url = aws_config_endpoint(config, AWS_CLOUDFORMATION, NULL);
    int port = 0;

    json_put_str(identity, "endpoint", url == NULL ? "AWS" : url);
    json_put_str(identity, "profile", op->services->profile->name);
    if (url != NULL && endpoint_port(str_from(url), &port, err) != ERR_NONE) {
        return err->code;
    }
    json_put_int(identity, "endpoint_port", port);
    return ERR_NONE;
}

/* The client corrects its clock for AWS; other programs of this machine do not. */
enum { CLOCK_WARN_MS = 60000 };

static void identity_warn_clock(json_t *warnings, int64_t offset_ms) {
    CLEANUP(freep) char *text = NULL;

    if (llabs(offset_ms) < CLOCK_WARN_MS) {
        return;
    }
    text = mem_format("this machine's clock is %lld seconds %s AWS's; set it, corrected meanwhile",
                      (long long)(llabs(offset_ms) / 1000), offset_ms > 0 ? "behind" : "ahead of");
    (void)json_array_append_new(warnings, json_string_of(str_from(text)));
}

enum err_code deployer_identity(struct op *op, json_t **out, struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity who = {0};
    CLEANUP(json_decrefp) json_t *identity = json_object();
    const char *region = NULL;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || aws_region(&aws, &region, err) != ERR_NONE ||
        sts_get_caller_identity(&aws, &who, err) != ERR_NONE ||
        identity_endpoint(op, identity, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(identity, "account", who.account);
    json_put_str(identity, "arn", who.arn);
    json_put_str(identity, "user_id", who.user_id);
    json_put_str(identity, "region", region);
    json_put_int(identity, "clock_offset_ms", who.clock_offset_ms);
    json_put(identity, "warnings", identity_warnings(&aws, identity));
    identity_warn_clock(json_object_get(identity, "warnings"), who.clock_offset_ms);
    *out = TAKE(identity);
    return ERR_NONE;
}

/* ---- stack_status, outputs ---- */

static json_t *status_json(bool exists, const struct cfn_stack *stack) {
    const struct stack_state *state = stack_state_of(exists ? stack->status : "");
    json_t *json = json_object();

    /* A deleted stack still answers by its ARN: for a person it does not exist. */
    json_put_bool(json, "exists", exists && state->class != STACK_ABSENT);
    json_put_str(json, "status", exists ? stack->status : "");
    json_put_str(json, "stack_id", exists ? stack->id : "");
    json_put_str(json, "class", stack_class_word(state->class));
    json_put_bool(json, "can_update", state->can_update);
    json_put_bool(json, "can_fix", state->can_fix);
    json_put_str(json, "sentence", state->sentence);
    json_put_str(json, "remedy", state->remedy);
    json_put_str(json, "reason", exists ? stack->reason : "");
    json_put_bool(json, "protected", exists && stack->is_protected);
    json_put_int(json, "changed_ms", exists ? stack->changed_ms : 0);
    json_put(json, "outputs", exists ? json_incref(stack->outputs) : json_object());
    json_put(json, "parameters", exists ? json_incref(stack->parameters) : json_object());
    json_put(json, "tags", exists ? json_incref(stack->tags) : json_object());
    return json;
}

enum err_code deployer_stack_status(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack"), &exists, &stack, err) !=
            ERR_NONE) {
        return err->code;
    }
    *out = status_json(exists, &stack);
    return ERR_NONE;
}

enum err_code deployer_outputs(struct op *op, json_t **out, struct err *err) {
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    bool exists = false;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_describe_stack(&aws, op->arena, deployer_arg(op, "stack"), &exists, &stack, err) !=
            ERR_NONE) {
        return err->code;
    }
    if (!exists) {
        err_set(err, ERR_NOT_FOUND, "there is no stack %s", deployer_arg(op, "stack"));
        return err_remedy(err, "aws-copilot deploy makes it");
    }
    *out = json_pack("{s:O, s:s}", "outputs", stack.outputs, "status", stack.status);
    return ERR_NONE;
}

/* ---- events ---- */

static json_t *event_json(const struct cfn_event *event) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "time", clock_iso(event->time_ms).text,
                     "logical_id", event->logical_id, "resource_type", event->type, "status",
                     event->status, "reason", event->reason);
}

enum err_code deployer_events(struct op *op, json_t **out, struct err *err) {
    struct cfn_event *events = NULL;
    size_t n = 0;
    json_t *list;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_list_events(&aws, op->arena, deployer_arg(op, "stack_id"),
                        json_int_or(op->args, "since_ms", 0), &events, &n, err) != ERR_NONE) {
        return err->code;
    }
    list = json_array();
    for (size_t i = n; i > 0; i--) {
        (void)json_array_append_new(list, event_json(&events[i - 1]));
    }
    *out = json_pack("{s:o}", "events", list);
    return ERR_NONE;
}

/* ---- inventory ---- */

enum err_code deployer_inventory(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *template = NULL;
    struct cfn_resource *rows = NULL;
    size_t n = 0;
    json_t *list;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_list_resources(&aws, op->arena, deployer_arg(op, "stack"), &rows, &n, err) !=
            ERR_NONE ||
        (n > 0 &&
         deployer_deployed_template(&aws, deployer_arg(op, "stack"), &template, err) != ERR_NONE)) {
        return err->code;
    }
    list = json_array();
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].status, "DELETE_COMPLETE") == 0) {
            continue; /* of a creation that was undone */
        }
        json_t *row =
            json_pack("{s:s, s:s, s:s, s:s}", "logical_id", rows[i].logical_id, "physical_id",
                      rows[i].physical_id, "type", rows[i].type, "status", rows[i].status);

        json_put_bool(row, "retained", deployer_is_retained(template, &rows[i]));
        if (strcmp(rows[i].type, "AWS::S3::Bucket") == 0) {
            deployer_add_load(&aws, rows[i].physical_id, true, row);
        }
        (void)json_array_append_new(list, row);
    }
    *out = json_pack("{s:o}", "resources", deployer_annotate(list, template));
    json_decref(list);
    return ERR_NONE;
}

/* ---- logs ---- */

enum { LOG_LINES = 1000 };

static int by_time(const void *a, const void *b) {
    int64_t x = json_int_or(*(json_t *const *)a, "time_ms", 0);
    int64_t y = json_int_or(*(json_t *const *)b, "time_ms", 0);

    return (x > y) - (x < y);
}

/* The lines of several groups as one story, the oldest `most` of them. `*next_ms` is where the next
 * call begins: lines of one millisecond stay together, unless they alone are more than `most`. */
static json_t *logs_story(const json_t *lines, size_t most, int64_t *next_ms) {
    size_t n = json_array_size(lines);
    CLEANUP(freep) json_t **rows = mem_array(n, sizeof *rows);
    json_t *story = json_array();

    for (size_t i = 0; i < n; i++) {
        rows[i] = json_array_get(lines, i);
    }
    qsort(rows, n, sizeof *rows, by_time);
    if (n > most) {
        int64_t cut_ms = json_int_or(rows[most], "time_ms", 0);

        n = most;
        while (n > 0 && json_int_or(rows[n - 1], "time_ms", 0) == cut_ms) {
            n--;
        }
        *next_ms = n == 0 ? cut_ms + 1 : cut_ms;
        n = n == 0 ? most : n;
    }
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append(story, rows[i]);
    }
    return story;
}

enum err_code deployer_logs(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *lines = json_array();
    struct cfn_resource *rows = NULL;
    size_t n = 0;
    int64_t until_ms = json_int_or(op->args, "until_ms", clock_now_ms());
    int64_t most = json_int_or(op->args, "limit", LOG_LINES);
    int64_t next_ms = until_ms + 1;
    json_t *story;
    struct aws aws;

    if (most < 1 || most >= LOGS_LINES_MAX) {
        return err_set(err, ERR_INVALID, "between 1 and %d lines can be read at once",
                       LOGS_LINES_MAX - 1);
    }
    if (services_aws(op, &aws, err) != ERR_NONE ||
        cfn_list_resources(&aws, op->arena, deployer_arg(op, "stack"), &rows, &n, err) !=
            ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        struct logs_query query = {
            .group = rows[i].physical_id,
            .filter = json_str_at(op->args, "filter"),
            .since_ms = json_int_or(op->args, "since_ms", until_ms - 3600 * 1000),
            .until_ms = until_ms,
            .limit = (size_t)most + 1,
        };

        if (strcmp(rows[i].type, "AWS::Logs::LogGroup") == 0 &&
            logs_filter(&aws, &query, lines, err) != ERR_NONE) {
            return err->code;
        }
    }
    story = logs_story(lines, (size_t)most, &next_ms);
    *out = json_pack("{s:o, s:I}", "lines", story, "next_ms", (json_int_t)next_ms);
    return ERR_NONE;
}

/* ---- parameters ---- */

enum err_code deployer_parameters(struct op *op, json_t **out, struct err *err) {
    json_t *names = NULL;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        ssm_list_names(&aws, deployer_arg(op, "path"), &names, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:o}", "parameters", names);
    return ERR_NONE;
}
