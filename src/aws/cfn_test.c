/* CloudFormation, Lambda, Logs and Parameter Store by canned answers: the shapes that a local AWS
 * does not make. */
#include "aws/cfn.h"

#include "aws/form.h"
#include "aws/lambda.h"
#include "aws/logs.h"
#include "aws/ssm.h"
#include "base/clock.h"
#include "support/fake_env.h"
#include "support/fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGES_MAX = 8 };

struct world {
    struct fake_http *fake;
    struct fake_env env;
    struct aws aws;
    struct arena *arena;
    struct err err;
    int status;
    const char *pages[PAGES_MAX]; /* the n-th answer; the last one repeats */
    char url[80];
};

static enum fake_then answer(void *ctx, int n, struct str request, struct buf *out) {
    const struct world *w = ctx;
    int at = 0;

    (void)request;
    while (at < n && at + 1 < PAGES_MAX && w->pages[at + 1] != NULL) {
        at++;
    }
    fake_reply(out, w->status, "", w->pages[at]);
    return FAKE_KEEP;
}

static int world_up(void **state) {
    struct world *w = mem_alloc(sizeof *w);
    struct aws_options options = {.region = "eu-central-1", .env = &w->env.env};

    w->status = 200;
    w->fake = fake_http_start(answer, w);
    w->arena = arena_new();
    fake_env_up(&w->env);
    (void)snprintf(w->url, sizeof w->url, "AWS_ENDPOINT_URL=%s", fake_http_url(w->fake));
    w->env.vars[0] = w->url;
    w->env.vars[1] = "AWS_ACCESS_KEY_ID=test";
    w->env.vars[2] = "AWS_SECRET_ACCESS_KEY=test";
    w->env.vars[3] = "AWS_EC2_METADATA_DISABLED=true";
    if (aws_client_new(&options, &w->aws.client, &w->err) != ERR_NONE) {
        fail_msg("%s", w->err.text);
    }
    *state = w;
    return 0;
}

static int world_down(void **state) {
    struct world *w = *state;

    aws_client_free(w->aws.client);
    fake_env_down(&w->env);
    fake_http_stop(w->fake);
    arena_free(w->arena);
    free(w);
    return 0;
}

static void check(const struct world *w, enum err_code got, enum err_code want) {
    if (got != want) {
        fail_msg("%s instead of %s: %s", err_wire(got), err_wire(want), w->err.text);
    }
}

/* ---- The form ---- */

/* The body of the n-th request. */
static const char *sent(const struct world *w, int n) {
    struct str request = fake_http_request(w->fake, n);
    ptrdiff_t at = str_find(request, STR("\r\n\r\n"));

    return arena_str(w->arena, str_slice(request, (size_t)at + 4, request.len));
}

static void a_form_numbers_its_members_and_leaves_out_what_is_absent(void **state) {
    struct world *w = *state;
    struct form form = {.arena = w->arena};
    CLEANUP(json_decrefp) json_t *list = json_pack("[s, s]", "A", "B");

    form_add(&form, "Empty", "");
    form_add(&form, "Absent", NULL);
    form_add(&form, "Name", "x");
    form_add_bool(&form, "Flag", false);
    form_add_list(&form, "Capabilities", list);
    form_add_member(&form, "Tags", 1, "Value", "");
    assert_int_equal(form.n, 5);
    assert_string_equal(form.rows[1].name, "Flag");
    assert_memory_equal(form.rows[1].value.ptr, "false", 6);
    assert_string_equal(form.rows[3].name, "Capabilities.member.2");
    assert_string_equal(form.rows[4].name, "Tags.member.1.Value"); /* an empty tag is a tag */
    assert_int_equal(form.rows[4].value.len, 0);
}

static void a_form_that_is_full_is_refused_and_not_cut(void **state) {
    struct world *w = *state;
    CLEANUP(json_decrefp) json_t *tags = json_object();
    struct cfn_new_set set = {
        .stack = "s", .name = "d-1", .token = "t", .body = "{}", .tags = tags};
    const char *arn = NULL;
    const char *stack_id = NULL;

    for (int i = 0; i < FORM_MAX / 2; i++) {
        CLEANUP(freep) char *name = mem_format("T%d", i);

        json_put_str(tags, name, "v");
    }
    check(w, cfn_create_set(&w->aws, w->arena, &set, &arn, &stack_id, &w->err), ERR_TOO_LARGE);
    assert_int_equal(fake_http_calls(w->fake), 0);
}

/* ---- Stacks ---- */

#define STACK(members)                                                                             \
    "<DescribeStacksResponse xmlns='x'><DescribeStacksResult><Stacks><member>" members             \
    "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"

static void empty_elements_are_absent_and_references_are_decoded(void **state) {
    struct world *w = *state;
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    bool exists = false;

    w->pages[0] = STACK("<StackId>arn</StackId><StackStatus>CREATE_COMPLETE</StackStatus>"
                        "<StackStatusReason></StackStatusReason><RoleARN/><New><Deep>1</Deep></New>"
                        "<Outputs><member><OutputKey>U</OutputKey><OutputValue>a&#x27;b&quot;&amp;"
                        "</OutputValue></member></Outputs>"
                        "<Parameters><member><ParameterKey>S</ParameterKey><ParameterValue>****"
                        "</ParameterValue></member><member><ParameterKey>P</ParameterKey>"
                        "<ParameterValue></ParameterValue></member></Parameters><Tags></Tags>"
                        "<EnableTerminationProtection>true</EnableTerminationProtection>");
    check(w, cfn_describe_stack(&w->aws, w->arena, "s", &exists, &stack, &w->err), ERR_NONE);
    assert_true(exists && stack.is_protected);
    assert_string_equal(stack.reason, "");
    assert_string_equal(stack.role_arn, "");
    assert_string_equal(json_str_or(stack.outputs, "U", ""), "a'b\"&");
    assert_null(json_object_get(stack.parameters, "S")); /* masked: no value is the honest one */
    assert_string_equal(json_str_or(stack.parameters, "P", "x"), "");
    assert_int_equal(json_object_size(stack.tags), 0);
}

static void a_stack_was_changed_when_it_was_updated_or_else_created(void **state) {
    static const struct {
        const char *page;
        int64_t changed_ms;
    } rows[] = {
        {STACK("<CreationTime>1970-01-01T00:00:05Z</CreationTime>"), 5000},
        {STACK("<CreationTime>1970-01-01T00:00:05Z</CreationTime>"
               "<LastUpdatedTime>1970-01-01T00:00:09Z</LastUpdatedTime>"),
         9000},
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
        bool exists = false;

        w->pages[0] = rows[i].page;
        check(w, cfn_describe_stack(&w->aws, w->arena, "s", &exists, &stack, &w->err), ERR_NONE);
        assert_int_equal(stack.changed_ms, rows[i].changed_ms);
    }
}

#define REFUSED(code, message)                                                                     \
    "<ErrorResponse><Error><Code>" code "</Code><Message>" message "</Message></Error>"            \
    "</ErrorResponse>"

static void an_absent_stack_is_an_answer_and_another_refusal_is_none(void **state) {
    struct world *w = *state;
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    struct cfn_resource *rows = NULL;
    size_t n = 0;
    bool exists = true;

    w->status = 400;
    w->pages[0] = REFUSED("ValidationError", "Stack with id zz does not exist");
    check(w, cfn_describe_stack(&w->aws, w->arena, "zz", &exists, &stack, &w->err), ERR_NONE);
    assert_false(exists);
    check(w, cfn_list_resources(&w->aws, w->arena, "zz", &rows, &n, &w->err), ERR_NOT_FOUND);
    w->pages[0] = REFUSED("ValidationError", "1 validation error detected.");
    check(w, cfn_describe_stack(&w->aws, w->arena, "zz", &exists, &stack, &w->err), ERR_INVALID);
    assert_true(str_ends(str_from(w->err.text), STR("error detected"))); /* without a full stop */
}

/* ---- Events ---- */

#define EVENT(id, time)                                                                            \
    "<member><EventId>" id "</EventId><Timestamp>" time "</Timestamp>"                             \
    "<ResourceStatusReason></ResourceStatusReason><Unknown/></member>"
#define EVENTS(rows, next)                                                                         \
    "<R><DescribeStackEventsResult><StackEvents>" rows "</StackEvents>" next                       \
    "</DescribeStackEventsResult></R>"

static void events_are_read_page_by_page_until_they_are_too_old(void **state) {
    struct world *w = *state;
    struct cfn_event *events = NULL;
    int64_t since_ms = 0;
    size_t n = 0;

    assert_int_equal(clock_read_iso(STR("2026-11-24T10:00:01.000Z"), &since_ms, &w->err), ERR_NONE);
    w->pages[0] =
        EVENTS(EVENT("4", "2026-11-24T10:00:01.500Z") EVENT("3", "2026-11-24T10:00:01.500Z"),
               "<NextToken>two &amp; more</NextToken>");
    w->pages[1] =
        EVENTS(EVENT("2", "2026-11-24T10:00:01.000Z") EVENT("1", "2026-11-24T10:00:00.999Z"),
               "<NextToken>three</NextToken>");
    check(w, cfn_list_events(&w->aws, w->arena, "s", since_ms, &events, &n, &w->err), ERR_NONE);
    assert_int_equal(n, 3);
    assert_string_equal(events[0].id, "4");
    assert_string_equal(events[2].id, "2");
    assert_string_equal(events[0].reason, "");
    assert_int_equal(fake_http_calls(w->fake), 2); /* the third page is older and not asked for */
    assert_non_null(strstr(sent(w, 1), "NextToken=two%20%26%20more"));
}

/* ---- Change sets ---- */

#define CHANGE(id)                                                                                 \
    "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>" id   \
    "</LogicalResourceId><Replacement>Conditional</Replacement><Scope><member>Properties</member>" \
    "</Scope><Details><member><Target><Attribute>Properties</Attribute><Name>Code</Name>"          \
    "</Target><ChangeSource>DirectModification</ChangeSource></member></Details></ResourceChange>" \
    "</member>"
#define SET(head, changes, next)                                                                   \
    "<R><DescribeChangeSetResult>" head "<Changes>" changes "</Changes>" next                      \
    "</DescribeChangeSetResult></R>"

static void all_pages_of_changes_are_one_set_and_no_value_of_a_parameter_is_kept(void **state) {
    struct world *w = *state;
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    CLEANUP(freep) char *kept = NULL;
    bool exists = false;

    w->pages[0] = SET("<ChangeSetId>arn</ChangeSetId><StatusReason>It didn&#x27;t.</StatusReason>"
                      "<Parameters><member><ParameterKey>OriginVerify</ParameterKey>"
                      "<ParameterValue>hush</ParameterValue></member></Parameters>",
                      CHANGE("A") CHANGE("B"), "<NextToken>2</NextToken>");
    w->pages[1] = SET("<ChangeSetId>other</ChangeSetId>", CHANGE("C"), "");
    check(w, cfn_describe_set(&w->aws, w->arena, "d", "s", &exists, &set, &w->err), ERR_NONE);
    assert_int_equal(json_array_size(set.changes), 3);
    assert_string_equal(set.arn, "arn");
    assert_string_equal(set.reason, "It didn't");
    kept = json_text(set.parameters);
    assert_string_equal(kept, "[\"OriginVerify\"]");
    assert_string_equal(
        json_str_or(json_array_get(json_object_get(json_array_get(set.changes, 2), "details"), 0),
                    "name", ""),
        "Code");
}

static void values_before_and_after_are_asked_for_and_read(void **state) {
    struct world *w = *state;
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    const json_t *detail;
    bool exists = false;

    w->pages[0] = SET("<ChangeSetId>arn</ChangeSetId>",
                      "<member><ResourceChange><Action>Modify</Action><Details><member><Target>"
                      "<Attribute>Properties</Attribute><Name>Environment</Name>"
                      "<Path>/Properties/Environment/Variables/LEVEL</Path>"
                      "<BeforeValue>info</BeforeValue><AfterValue>a&amp;b</AfterValue></Target>"
                      "</member></Details></ResourceChange></member>",
                      "");
    check(w, cfn_describe_set(&w->aws, w->arena, "d", "s", &exists, &set, &w->err), ERR_NONE);
    assert_non_null(strstr(sent(w, 0), "IncludePropertyValues=true"));
    detail = json_array_get(json_object_get(json_array_get(set.changes, 0), "details"), 0);
    assert_string_equal(json_str_or(detail, "path", ""), "/Properties/Environment/Variables/LEVEL");
    assert_string_equal(json_str_or(detail, "before", ""), "info");
    assert_string_equal(json_str_or(detail, "after", ""), "a&b");
}

static void a_failure_is_put_back_unless_it_is_to_be_kept(void **state) {
    struct world *w = *state;

    w->pages[0] = "<R><ExecuteChangeSetResult/></R>";
    check(w, cfn_execute_set(&w->aws, "arn", "s", "t", false, &w->err), ERR_NONE);
    check(w, cfn_execute_set(&w->aws, "arn", "s", "t", true, &w->err), ERR_NONE);
    assert_non_null(strstr(sent(w, 0), "DisableRollback=false"));
    assert_non_null(strstr(sent(w, 1), "DisableRollback=true"));
}

static void a_set_without_an_end_is_refused_and_not_cut(void **state) {
    struct world *w = *state;
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    bool exists = false;

    w->pages[0] = SET("", CHANGE("A"), "<NextToken>again</NextToken>");
    w->aws.deadline_ms = clock_mono_ms() + 120000;
    check(w, cfn_describe_set(&w->aws, w->arena, "d", "s", &exists, &set, &w->err), ERR_TOO_LARGE);
    assert_null(set.changes);
}

static void an_absent_set_is_an_answer(void **state) {
    struct world *w = *state;
    CLEANUP(cfn_set_done) struct cfn_set set = {0};
    bool exists = true;

    w->status = 404;
    w->pages[0] = REFUSED("ChangeSetNotFound", "ChangeSet [d] does not exist");
    check(w, cfn_describe_set(&w->aws, w->arena, "d", "s", &exists, &set, &w->err), ERR_NONE);
    assert_false(exists);
    check(w, cfn_delete_set(&w->aws, "d", "s", &w->err), ERR_NONE);
}

static void each_refusal_of_a_set_has_its_code(void **state) {
    static const struct {
        const char *body;
        enum err_code code;
        const char *words;
    } rows[] = {
        {REFUSED("AlreadyExistsException", "x"), ERR_CONFLICT, "exists already"},
        {REFUSED("InsufficientCapabilitiesException", "CAPABILITY_IAM"), ERR_DENIED, "capability"},
        {REFUSED("LimitExceededException", "x"), ERR_SERVICE, "quota"},
        {REFUSED("ValidationError", "Template format error: X."), ERR_TEMPLATE, "error: X"},
        {REFUSED("ValidationError", "Stack [s] does not exist"), ERR_STALE, "meanwhile"},
        {REFUSED("ValidationError",
                 "Stack:s is in UPDATE_IN_PROGRESS state and can not be updated"),
         ERR_STALE, "meanwhile"},
    };
    struct world *w = *state;
    struct cfn_new_set set = {.stack = "s", .name = "d-1", .token = "t", .body = "{}"};
    const char *arn = NULL;
    const char *stack_id = NULL;

    w->status = 400;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        w->pages[0] = rows[i].body;
        check(w, cfn_create_set(&w->aws, w->arena, &set, &arn, &stack_id, &w->err), rows[i].code);
        if (strstr(w->err.text, rows[i].words) == NULL) {
            fail_msg("row %zu: %s", i, w->err.text);
        }
    }
    assert_int_equal(fake_http_calls(w->fake), (int)ARRAY_N(rows)); /* a quota is not tried again */
}

#define VALIDATION(mode, text)                                                                     \
    "<member><EventType>VALIDATION_ERROR</EventType><ValidationFailureMode>" mode                  \
    "</ValidationFailureMode><ValidationStatusReason>" text "</ValidationStatusReason></member>"
#define VALIDATIONS(rows, next)                                                                    \
    "<R><DescribeEventsResult><OperationEvents>" rows "</OperationEvents>" next                    \
    "</DescribeEventsResult></R>"

static void validations_are_read_from_all_pages_and_among_other_events(void **state) {
    struct world *w = *state;
    CLEANUP(json_decrefp) json_t *rows = NULL;

    w->pages[0] = VALIDATIONS(
        "<member><EventType>STACK_EVENT</EventType></member>" VALIDATION("WARN", "near the quota."),
        "<NextToken>2</NextToken>");
    w->pages[1] = VALIDATIONS(VALIDATION("FAIL", "the name is taken"), "");
    check(w, cfn_list_validations(&w->aws, "arn", &rows, &w->err), ERR_NONE);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(json_str_or(json_array_get(rows, 0), "text", ""), "near the quota");
    assert_string_equal(json_str_or(json_array_get(rows, 1), "mode", ""), "FAIL");
    assert_non_null(strstr(sent(w, 0), "Filters.FailedEvents=true"));
}

static void a_place_without_early_validation_has_none(void **state) {
    struct world *w = *state;
    CLEANUP(json_decrefp) json_t *rows = NULL;

    w->status = 400;
    w->pages[0] = REFUSED("InvalidAction", "Unknown action: DescribeEvents");
    check(w, cfn_list_validations(&w->aws, "arn", &rows, &w->err), ERR_NONE);
    assert_int_equal(json_array_size(rows), 0);
}

/* ---- Lambda, Logs, Parameter Store ---- */

static void a_version_is_looked_for_on_all_pages(void **state) {
    struct world *w = *state;
    bool exists = false;
    char code[64] = "";

    w->pages[0] =
        "{\"Versions\":[{\"Version\":\"$LATEST\"},{\"Version\":\"12\"}],\"NextMarker\":\"a b\"}";
    w->pages[1] =
        "{\"Versions\":[{\"Version\":\"2\",\"CodeSha256\":\"two=\"}],\"NextMarker\":null}";
    check(w, lambda_find_version(&w->aws, "f", "2", &exists, code, &w->err), ERR_NONE);
    assert_true(exists);
    assert_string_equal(code, "two=");
    assert_true(str_find(fake_http_request(w->fake, 1), STR("Marker=a%20b")) > 0);
    check(w, lambda_find_version(&w->aws, "f", "1", &exists, code, &w->err), ERR_NONE);
    assert_false(exists); /* "12" is not "1" */
}

static void an_alias_moves_only_from_where_it_was_seen(void **state) {
    struct world *w = *state;
    struct lambda_alias alias = {0};

    w->pages[0] = "{\"FunctionVersion\":\"7\",\"RevisionId\":\"r-1\"}";
    check(w, lambda_get_alias(&w->aws, "f", "live", &alias, &w->err), ERR_NONE);
    assert_string_equal(alias.version, "7");
    check(w, lambda_set_alias(&w->aws, "f", "live", "6", alias.revision, &w->err), ERR_NONE);
    assert_string_equal(sent(w, 1), "{\"FunctionVersion\":\"6\",\"RevisionId\":\"r-1\"}");
    w->status = 412;
    w->pages[0] =
        "{\"Type\":\"User\",\"__type\":\"PreconditionFailedException\",\"message\":\"m\"}";
    check(w, lambda_set_alias(&w->aws, "f", "live", "6", "r-1", &w->err), ERR_CONFLICT);
}

static void an_empty_page_of_logs_is_not_the_end(void **state) {
    struct world *w = *state;
    CLEANUP(json_decrefp) json_t *lines = json_array();
    struct logs_query query = {.group = "g", .since_ms = 1, .limit = 3};

    w->pages[0] = "{\"events\":[],\"nextToken\":\"2\"}";
    w->pages[1] = "{\"events\":[{\"timestamp\":5,\"message\":\"one\\n\"}],\"nextToken\":\"3\"}";
    w->pages[2] = "{\"events\":[{\"timestamp\":6,\"message\":\"two\"}]}";
    check(w, logs_filter(&w->aws, &query, lines, &w->err), ERR_NONE);
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(json_str_or(json_array_get(lines, 0), "text", ""), "one");
    assert_non_null(strstr(sent(w, 0), "\"limit\":3"));
    assert_non_null(strstr(sent(w, 2), "\"limit\":2")); /* one line is there */
    w->status = 400;
    w->pages[0] = "{\"__type\":\"ResourceNotFoundException\",\"message\":\"m\"}";
    w->pages[1] = NULL;
    check(w, logs_filter(&w->aws, &query, lines, &w->err), ERR_NONE);
    assert_int_equal(json_array_size(lines), 2); /* a group nobody wrote to has none */
}

static void a_parameter_is_a_name_and_never_a_value(void **state) {
    struct world *w = *state;
    CLEANUP(json_decrefp) json_t *names = NULL;
    CLEANUP(freep) char *text = NULL;

    w->pages[0] = "{\"Parameters\":[{\"Name\":\"/a/B\",\"Type\":\"String\",\"Value\":\"hush\","
                  "\"Version\":3}],\"NextToken\":\"2\"}";
    w->pages[1] =
        "{\"Parameters\":[{\"Name\":\"/a/C\",\"Type\":\"SecureString\",\"Value\":\"hush\","
        "\"Version\":1}]}";
    check(w, ssm_list_names(&w->aws, "/a", &names, &w->err), ERR_NONE);
    text = json_text(names);
    assert_string_equal(
        text, "[{\"modified_ms\":0,\"name\":\"/a/B\",\"type\":\"String\",\"version\":3},"
              "{\"modified_ms\":0,\"name\":\"/a/C\",\"type\":\"SecureString\",\"version\":1}]");
    assert_non_null(strstr(sent(w, 0), "\"WithDecryption\":false"));
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        ROW(a_form_numbers_its_members_and_leaves_out_what_is_absent),
        ROW(a_form_that_is_full_is_refused_and_not_cut),
        ROW(a_stack_was_changed_when_it_was_updated_or_else_created),
        ROW(empty_elements_are_absent_and_references_are_decoded),
        ROW(an_absent_stack_is_an_answer_and_another_refusal_is_none),
        ROW(events_are_read_page_by_page_until_they_are_too_old),
        ROW(all_pages_of_changes_are_one_set_and_no_value_of_a_parameter_is_kept),
        ROW(values_before_and_after_are_asked_for_and_read),
        ROW(a_failure_is_put_back_unless_it_is_to_be_kept),
        ROW(a_set_without_an_end_is_refused_and_not_cut),
        ROW(an_absent_set_is_an_answer),
        ROW(each_refusal_of_a_set_has_its_code),
        ROW(validations_are_read_from_all_pages_and_among_other_events),
        ROW(a_place_without_early_validation_has_none),
        ROW(a_version_is_looked_for_on_all_pages),
        ROW(an_alias_moves_only_from_where_it_was_seen),
        ROW(an_empty_page_of_logs_is_not_the_end),
        ROW(a_parameter_is_a_name_and_never_a_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
