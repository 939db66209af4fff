/* CloudFormation: stacks and what is deployed in them. Change sets are in cfn_set.c. */
#include "aws/cfn.h"

#include <string.h>

#include "aws/cfn_room.h"
#include "base/clock.h"

enum { CFN_PAGES_MAX = 200 };

/* ---- One call ---- */

enum err_code cfn_call(const struct aws *aws, struct arena *arena, const char *action,
                       const struct form *form, const char *const *expected, struct cfn_reply *out,
                       struct err *err) {
    struct aws_reply reply = {0};
    struct aws_request request = {
        .service = AWS_CLOUDFORMATION, .action = action, .form = form->rows, .form_n = form->n};
    enum err_code code;

    if (form->is_full) {
        return err_set(err, ERR_TOO_LARGE, "%s would need more than %d parameters", action,
                       (int)FORM_MAX);
    }
    for (size_t i = 0; expected != NULL && expected[i] != NULL && i < AWS_EXPECTED_MAX; i++) {
        request.expected[i] = expected[i];
    }
    if (aws_call(aws, &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    out->code = arena_str(arena, str_from(reply.code));
    out->message = cfn_sentence(arena, reply.message);
    out->root = NULL;
    code = reply.code[0] != '\0' ? ERR_NONE
                                 : xml_read(buf_str(&reply.http.body), arena, &out->root, err);
    aws_reply_done(&reply);
    return code;
}

const char *cfn_sentence(struct arena *arena, const char *text) {
    struct str words = str_trim(str_from(text));

    while (str_ends(words, STR("."))) {
        words.len--;
    }
    return arena_str(arena, words);
}

const char *cfn_text(const struct xml_node *node, const char *path) {
    const char *text = xml_text_at(node, path);

    return text == NULL ? "" : text;
}

int64_t cfn_time(const struct xml_node *node, const char *path) {
    struct err unread = {0};
    int64_t ms = 0;

    if (clock_read_iso(str_from(cfn_text(node, path)), &ms, &unread) != ERR_NONE) {
        return 0;
    }
    return ms;
}

/* An absent stack or set has a code of its own only for sets; for stacks the sentence tells. */
bool cfn_is_absent(const struct cfn_reply *reply) {
    return strcmp(reply->code, "ChangeSetNotFound") == 0 ||
           strcmp(reply->code, "ChangeSetNotFoundException") == 0 ||
           (strcmp(reply->code, "ValidationError") == 0 &&
            str_find(str_from(reply->message), STR("does not exist")) >= 0);
}

enum err_code cfn_refuse(const char *action, const struct cfn_reply *reply, struct err *err) {
    return err_set(err, cfn_is_absent(reply) ? ERR_NOT_FOUND : ERR_INVALID,
                   "CloudFormation refuses %s: %s", action, reply->message);
}

/* ---- Stacks ---- */

static json_t *cfn_pairs(const struct xml_node *first, const char *key, const char *value) {
    json_t *object = json_object();

    for (const struct xml_node *m = first; m != NULL; m = xml_next(m)) {
        json_put_strn(object, cfn_text(m, key), str_from(cfn_text(m, value)));
    }
    return object;
}

/* NoEcho parameters come back as asterisks: no value at all is the honest one. */
static json_t *cfn_parameters(const struct xml_node *first) {
    json_t *object = json_object();

    for (const struct xml_node *m = first; m != NULL; m = xml_next(m)) {
        const char *value = cfn_text(m, "ParameterValue");

        if (strncmp(value, "***", 3) != 0) {
            json_put_strn(object, cfn_text(m, "ParameterKey"), str_from(value));
        }
    }
    return object;
}

void cfn_stack_done(struct cfn_stack *stack) {
    json_decref(stack->outputs);
    json_decref(stack->parameters);
    json_decref(stack->tags);
    *stack = (struct cfn_stack){0};
}

enum err_code cfn_describe_stack(const struct aws *aws, struct arena *arena, const char *stack,
                                 bool *out_exists, struct cfn_stack *out, struct err *err) {
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};
    const struct xml_node *m;

    form_add(&form, "StackName", stack);
    if (cfn_call(aws, arena, "DescribeStacks", &form,
                 (const char *const[]){"ValidationError", NULL}, &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL && !cfn_is_absent(&reply)) {
        return cfn_refuse("DescribeStacks", &reply, err);
    }
    m = xml_at(reply.root, "DescribeStacksResult/Stacks/member");
    if (m == NULL) {
        *out_exists = false;
        return ERR_NONE;
    }
    *out = (struct cfn_stack){
        .id = cfn_text(m, "StackId"),
        .name = cfn_text(m, "StackName"),
        .status = cfn_text(m, "StackStatus"),
        .reason = cfn_text(m, "StackStatusReason"),
        .role_arn = cfn_text(m, "RoleARN"),
        .is_protected = strcmp(cfn_text(m, "EnableTerminationProtection"), "true") == 0,
        .changed_ms = cfn_time(m, cfn_text(m, "LastUpdatedTime")[0] == '\0' ? "CreationTime"
                                                                            : "LastUpdatedTime"),
        .outputs = cfn_pairs(xml_at(m, "Outputs/member"), "OutputKey", "OutputValue"),
        .parameters = cfn_parameters(xml_at(m, "Parameters/member")),
        .tags = cfn_pairs(xml_at(m, "Tags/member"), "Key", "Value"),
    };
    *out_exists = true;
    return ERR_NONE;
}

bool cfn_is_bucket_of(const char *stack, const char *bucket) {
    size_t n = strlen(stack);

    return strncmp(bucket, stack, n) == 0 && bucket[n] == '-';
}

enum err_code cfn_get_template(const struct aws *aws, const char *stack, char **out,
                               struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};

    form_add(&form, "StackName", stack);
    form_add(&form, "TemplateStage", "Original");
    if (cfn_call(aws, arena, "GetTemplate", &form, (const char *const[]){"ValidationError", NULL},
                 &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL) {
        return cfn_refuse("GetTemplate", &reply, err);
    }
    *out = mem_strdup(cfn_text(reply.root, "GetTemplateResult/TemplateBody"));
    return ERR_NONE;
}

/* ---- Events ---- */

struct event_page {
    struct cfn_event *rows;
    size_t n;
    bool is_done; /* an event older than wanted was met */
};

static void events_take(struct event_page *page, const struct xml_node *first, int64_t since_ms) {
    for (const struct xml_node *m = first; m != NULL && page->n < CFN_EVENTS_MAX; m = xml_next(m)) {
        struct cfn_event event = {
            .id = cfn_text(m, "EventId"),
            .logical_id = cfn_text(m, "LogicalResourceId"),
            .physical_id = cfn_text(m, "PhysicalResourceId"),
            .type = cfn_text(m, "ResourceType"),
            .status = cfn_text(m, "ResourceStatus"),
            .reason = cfn_text(m, "ResourceStatusReason"),
            .token = cfn_text(m, "ClientRequestToken"),
            .time_ms = cfn_time(m, "Timestamp"),
        };

        if (event.time_ms < since_ms) {
            page->is_done = true;
            return;
        }
        page->rows[page->n++] = event;
    }
}

enum err_code cfn_list_events(const struct aws *aws, struct arena *arena, const char *stack_id,
                              int64_t since_ms, struct cfn_event **out, size_t *out_n,
                              struct err *err) {
    struct event_page page = {.rows = ARENA_ARRAY(arena, struct cfn_event, CFN_EVENTS_MAX)};
    const char *next = NULL;

    for (int pages = 0; pages < CFN_PAGES_MAX && !page.is_done; pages++) {
        struct form form = {.arena = arena};
        struct cfn_reply reply = {0};

        form_add(&form, "StackName", stack_id);
        form_add(&form, "NextToken", next);
        if (cfn_call(aws, arena, "DescribeStackEvents", &form, NULL, &reply, err) != ERR_NONE) {
            return err->code;
        }
        events_take(&page, xml_at(reply.root, "DescribeStackEventsResult/StackEvents/member"),
                    since_ms);
        next = cfn_text(reply.root, "DescribeStackEventsResult/NextToken");
        page.is_done = page.is_done || next[0] == '\0' || page.n == CFN_EVENTS_MAX;
    }
    *out = page.rows;
    *out_n = page.n;
    return ERR_NONE;
}

/* ---- Resources ---- */

enum err_code cfn_list_resources(const struct aws *aws, struct arena *arena, const char *stack,
                                 struct cfn_resource **out, size_t *out_n, struct err *err) {
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};
    const struct xml_node *first;
    size_t n = 0;

    form_add(&form, "StackName", stack);
    if (cfn_call(aws, arena, "DescribeStackResources", &form,
                 (const char *const[]){"ValidationError", NULL}, &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL) {
        return cfn_refuse("DescribeStackResources", &reply, err);
    }
    first = xml_at(reply.root, "DescribeStackResourcesResult/StackResources/member");
    for (const struct xml_node *m = first; m != NULL; m = xml_next(m)) {
        n++;
    }
    *out = ARENA_ARRAY(arena, struct cfn_resource, n + 1);
    *out_n = 0;
    for (const struct xml_node *m = first; m != NULL; m = xml_next(m)) {
        (*out)[(*out_n)++] = (struct cfn_resource){
            .logical_id = cfn_text(m, "LogicalResourceId"),
            .physical_id = cfn_text(m, "PhysicalResourceId"),
            .type = cfn_text(m, "ResourceType"),
            .status = cfn_text(m, "ResourceStatus"),
            .reason = cfn_sentence(arena, cfn_text(m, "ResourceStatusReason")),
        };
    }
    return ERR_NONE;
}
