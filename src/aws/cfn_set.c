/* CloudFormation: change sets, made, read, executed, deleted. */
#include <string.h>

#include "aws/cfn.h"
#include "aws/cfn_room.h"

enum { CFN_SET_PAGES_MAX = 20 };

/* ---- Made ---- */

static void set_parameters(struct form *form, const json_t *parameters) {
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)parameters, name, value) {
        n++;
        form_add_member(form, "Parameters", n, "ParameterKey", name);
        if (json_is_true(value)) {
            form_add_member(form, "Parameters", n, "UsePreviousValue", "true");
        } else {
            form_add_member(form, "Parameters", n, "ParameterValue", json_string_value(value));
        }
    }
}

static void set_tags(struct form *form, const json_t *tags) {
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)tags, name, value) {
        n++;
        form_add_member(form, "Tags", n, "Key", name);
        form_add_member(form, "Tags", n, "Value", json_string_value(value));
    }
}

/* The refusals of CreateChangeSet that a person can do something about. AWS's message may echo the
 * whole template, so it is cut by the client. */
static enum err_code set_refused(const struct cfn_reply *reply, struct err *err) {
    if (strcmp(reply->code, "AlreadyExistsException") == 0) {
        return err_set(err, ERR_CONFLICT, "this change set exists already");
    }
    if (strcmp(reply->code, "InsufficientCapabilitiesException") == 0 ||
        strcmp(reply->code, "InsufficientCapabilities") == 0) {
        err_set(err, ERR_DENIED, "CloudFormation asks for a capability that was not given: %s",
                reply->message);
        return err_remedy(err, "nothing was changed; run it again, and if it stays, report it with "
                               "what aws-copilot audit shows");
    }
    if (strcmp(reply->code, "LimitExceededException") == 0) {
        err_set(err, ERR_SERVICE, "CloudFormation's quota is reached: %s", reply->message);
        return err_remedy(err, "delete change sets or stacks that are not used");
    }
    if (str_find(str_from(reply->message), STR("_IN_PROGRESS state")) >= 0 ||
        cfn_is_absent(reply)) {
        err_set(err, ERR_STALE, "the stack changed meanwhile: %s", reply->message);
        return err_remedy(err, "run this again");
    }
    return err_set(err, ERR_TEMPLATE, "CloudFormation does not accept the template: %s",
                   reply->message);
}

enum err_code cfn_create_set(const struct aws *aws, struct arena *arena,
                             const struct cfn_new_set *set, const char **out_arn,
                             const char **out_stack_id, struct err *err) {
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};

    form_add(&form, "StackName", set->stack);
    form_add(&form, "ChangeSetName", set->name);
    form_add(&form, "ClientToken", set->token);
    form_add(&form, "ChangeSetType", set->is_create ? "CREATE" : "UPDATE");
    form_add(&form, "TemplateBody", set->body);
    form_add(&form, "TemplateURL", set->url);
    form_add(&form, "RoleARN", set->role_arn);
    form_add(&form, "Description", set->description);
    form_add(&form, "DeploymentMode", set->reverts_drift ? "REVERT_DRIFT" : NULL);
    form_add_list(&form, "Capabilities", set->capabilities);
    set_parameters(&form, set->parameters);
    set_tags(&form, set->tags);
    if (cfn_call(aws, arena, "CreateChangeSet", &form,
                 (const char *const[]){"AlreadyExistsException",
                                       "InsufficientCapabilitiesException", "ValidationError",
                                       "LimitExceededException", NULL},
                 &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL) {
        return set_refused(&reply, err);
    }
    *out_arn = cfn_text(reply.root, "CreateChangeSetResult/Id");
    *out_stack_id = cfn_text(reply.root, "CreateChangeSetResult/StackId");
    return ERR_NONE;
}

/* ---- Read ---- */

static json_t *set_detail(const struct xml_node *m) {
    json_t *detail = json_object();
    static const char *const rows[][2] = {
        {"attribute", "Target/Attribute"}, {"name", "Target/Name"},
        {"path", "Target/Path"},           {"before", "Target/BeforeValue"},
        {"after", "Target/AfterValue"},    {"recreation", "Target/RequiresRecreation"},
        {"evaluation", "Evaluation"},      {"source", "ChangeSource"},
        {"causing", "CausingEntity"},
    };

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *text = xml_text_at(m, rows[i][1]);

        if (text != NULL) {
            json_put_strn(detail, rows[i][0], str_from(text));
        }
    }
    return detail;
}

static json_t *set_change(const struct xml_node *change) {
    const struct xml_node *m = xml_at(change, "ResourceChange");
    json_t *row = json_object();
    json_t *scope = json_array();
    json_t *details = json_array();

    json_put_str(row, "action", cfn_text(m, "Action"));
    json_put_str(row, "logical_id", cfn_text(m, "LogicalResourceId"));
    json_put_str(row, "physical_id", cfn_text(m, "PhysicalResourceId"));
    json_put_str(row, "type", cfn_text(m, "ResourceType"));
    json_put_str(row, "replacement", cfn_text(m, "Replacement"));
    json_put_str(row, "policy_action", cfn_text(m, "PolicyAction"));
    for (const struct xml_node *s = xml_at(m, "Scope/member"); s != NULL; s = xml_next(s)) {
        (void)json_array_append_new(scope, json_string_of(str_from(s->text)));
    }
    for (const struct xml_node *d = xml_at(m, "Details/member"); d != NULL; d = xml_next(d)) {
        (void)json_array_append_new(details, set_detail(d));
    }
    json_put(row, "scope", scope);
    json_put(row, "details", details);
    return row;
}

static void set_take_page(struct cfn_set *set, const struct xml_node *result) {
    for (const struct xml_node *c = xml_at(result, "Changes/member"); c != NULL; c = xml_next(c)) {
        (void)json_array_append_new(set->changes, set_change(c));
    }
}

static void set_take_head(struct arena *arena, struct cfn_set *set, const struct xml_node *result) {
    *set = (struct cfn_set){
        .arn = cfn_text(result, "ChangeSetId"),
        .name = cfn_text(result, "ChangeSetName"),
        .stack_id = cfn_text(result, "StackId"),
        .stack = cfn_text(result, "StackName"),
        .status = cfn_text(result, "Status"),
        .execution_status = cfn_text(result, "ExecutionStatus"),
        .reason = cfn_sentence(arena, cfn_text(result, "StatusReason")),
        .created_ms = cfn_time(result, "CreationTime"),
        .changes = json_array(),
        .parameters = json_array(),
    };
    for (const struct xml_node *p = xml_at(result, "Parameters/member"); p != NULL;
         p = xml_next(p)) {
        (void)json_array_append_new(set->parameters,
                                    json_string_of(str_from(cfn_text(p, "ParameterKey"))));
    }
}

void cfn_set_done(struct cfn_set *set) {
    json_decref(set->changes);
    json_decref(set->parameters);
    *set = (struct cfn_set){0};
}

enum err_code cfn_describe_set(const struct aws *aws, struct arena *arena, const char *set,
                               const char *stack, bool *out_exists, struct cfn_set *out,
                               struct err *err) {
    struct cfn_set read = {0};
    const char *next = NULL;

    for (int pages = 0; pages < CFN_SET_PAGES_MAX; pages++) {
        struct form form = {.arena = arena};
        struct cfn_reply reply = {0};
        const struct xml_node *result;

        form_add(&form, "ChangeSetName", set);
        form_add(&form, "StackName", stack);
        form_add_bool(&form, "IncludePropertyValues", true);
        form_add(&form, "NextToken", next);
        if (cfn_call(aws, arena, "DescribeChangeSet", &form,
                     (const char *const[]){"ChangeSetNotFound", "ChangeSetNotFoundException",
                                           "ValidationError", NULL},
                     &reply, err) != ERR_NONE) {
            cfn_set_done(&read);
            return err->code;
        }
        if (reply.root == NULL) {
            cfn_set_done(&read);
            *out_exists = false;
            return cfn_is_absent(&reply) ? ERR_NONE : cfn_refuse("DescribeChangeSet", &reply, err);
        }
        result = xml_at(reply.root, "DescribeChangeSetResult");
        if (next == NULL) {
            set_take_head(arena, &read, result);
        }
        set_take_page(&read, result);
        next = cfn_text(result, "NextToken");
        if (next[0] == '\0') {
            *out = read;
            *out_exists = true;
            return ERR_NONE;
        }
    }
    cfn_set_done(&read);
    return err_set(err, ERR_TOO_LARGE, "the change set has more than %d pages",
                   (int)CFN_SET_PAGES_MAX);
}

enum err_code cfn_list_sets(const struct aws *aws, struct arena *arena, const char *stack,
                            struct cfn_set_row **out, size_t *out_n, struct err *err) {
    struct cfn_set_row *rows = ARENA_ARRAY(arena, struct cfn_set_row, CFN_EVENTS_MAX);
    const char *next = NULL;
    size_t n = 0;

    for (int pages = 0; pages < CFN_SET_PAGES_MAX; pages++) {
        struct form form = {.arena = arena};
        struct cfn_reply reply = {0};

        form_add(&form, "StackName", stack);
        form_add(&form, "NextToken", next);
        if (cfn_call(aws, arena, "ListChangeSets", &form,
                     (const char *const[]){"ValidationError", NULL}, &reply, err) != ERR_NONE) {
            return err->code;
        }
        for (const struct xml_node *m = xml_at(reply.root, "ListChangeSetsResult/Summaries/member");
             m != NULL && n < CFN_EVENTS_MAX; m = xml_next(m)) {
            rows[n++] = (struct cfn_set_row){
                .arn = cfn_text(m, "ChangeSetId"),
                .name = cfn_text(m, "ChangeSetName"),
                .status = cfn_text(m, "Status"),
                .execution_status = cfn_text(m, "ExecutionStatus"),
                .description = cfn_text(m, "Description"),
                .created_ms = cfn_time(m, "CreationTime"),
            };
        }
        next = cfn_text(reply.root, "ListChangeSetsResult/NextToken");
        if (next[0] == '\0') {
            break;
        }
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

/* ---- Early validation ---- */

static json_t *validation_row(struct arena *arena, const struct xml_node *m) {
    json_t *row = json_object();

    json_put_str(row, "name", cfn_text(m, "ValidationName"));
    json_put_str(row, "mode", cfn_text(m, "ValidationFailureMode"));
    json_put_str(row, "path", cfn_text(m, "ValidationPath"));
    json_put_str(row, "logical_id", cfn_text(m, "LogicalResourceId"));
    json_put_str(row, "text", cfn_sentence(arena, cfn_text(m, "ValidationStatusReason")));
    return row;
}

enum err_code cfn_list_validations(const struct aws *aws, const char *set_arn, json_t **out,
                                   struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(json_decrefp) json_t *rows = json_array();
    const char *next = NULL;

    for (int pages = 0; pages < CFN_SET_PAGES_MAX; pages++) {
        struct form form = {.arena = arena};
        struct cfn_reply reply = {0};

        form_add(&form, "ChangeSetName", set_arn);
        form_add(&form, "Filters.FailedEvents", "true");
        form_add(&form, "NextToken", next);
        if (cfn_call(aws, arena, "DescribeEvents", &form,
                     (const char *const[]){"InvalidAction", "ValidationError", NULL}, &reply,
                     err) != ERR_NONE) {
            return err->code;
        }
        for (const struct xml_node *m =
                 xml_at(reply.root, "DescribeEventsResult/OperationEvents/member");
             m != NULL; m = xml_next(m)) {
            if (strcmp(cfn_text(m, "EventType"), "VALIDATION_ERROR") == 0) {
                (void)json_array_append_new(rows, validation_row(arena, m));
            }
        }
        next = cfn_text(reply.root, "DescribeEventsResult/NextToken");
        if (next[0] == '\0') {
            break;
        }
    }
    *out = TAKE(rows);
    return ERR_NONE;
}

/* ---- Executed, deleted ---- */

enum err_code cfn_execute_set(const struct aws *aws, const char *arn, const char *stack,
                              const char *token, bool is_kept, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};

    form_add(&form, "ChangeSetName", arn);
    form_add(&form, "StackName", stack);
    form_add(&form, "ClientRequestToken", token);
    form_add_bool(&form, "DisableRollback", is_kept);
    if (cfn_call(aws, arena, "ExecuteChangeSet", &form,
                 (const char *const[]){"InvalidChangeSetStatus", "ChangeSetNotFound",
                                       "ValidationError", NULL},
                 &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL) {
        return err_set(err, ERR_STALE, "the change set cannot be executed any more: %s",
                       reply.message);
    }
    return ERR_NONE;
}

enum err_code cfn_delete_set(const struct aws *aws, const char *arn, const char *stack,
                             struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};
    struct cfn_reply reply = {0};

    form_add(&form, "ChangeSetName", arn);
    form_add(&form, "StackName", stack);
    if (cfn_call(aws, arena, "DeleteChangeSet", &form,
                 (const char *const[]){"ChangeSetNotFound", "ValidationError", NULL}, &reply,
                 err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root == NULL && !cfn_is_absent(&reply)) {
        return cfn_refuse("DeleteChangeSet", &reply, err);
    }
    return ERR_NONE;
}
