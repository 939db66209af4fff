/* IAM: SimulatePrincipalPolicy. */
#include "aws/iam.h"

#include "aws/form.h"
#include "aws/xml.h"

#include <string.h>

enum { ANSWER_BYTES = 1 << 20 };

char *iam_principal(const char *caller_arn) {
    struct str rest = str_from(caller_arn == NULL ? "" : caller_arn);
    struct str parts[6] = {{0}};
    struct str name = {0};
    size_t n = 0;

    while (n < 6 && str_next(&rest, ':', &parts[n])) {
        n++;
    }
    if (n == 6 && (str_starts(parts[5], STR("user/")) || str_starts(parts[5], STR("role/")))) {
        return mem_strdup(caller_arn);
    }
    if (n == 6 && str_starts(parts[5], STR("assumed-role/"))) {
        rest = str_slice(parts[5], strlen("assumed-role/"), parts[5].len);
        if (str_next(&rest, '/', &name) && name.len > 0) {
            return mem_format("arn:" STR_FMT ":iam::" STR_FMT ":role/" STR_FMT, STR_ARG(parts[1]),
                              STR_ARG(parts[4]), STR_ARG(name));
        }
    }
    return NULL;
}

/* What the calls would come with, as far as a condition demands one text. */
static void form_add_context(struct form *form, const json_t *condition) {
    const char *key;
    json_t *value;
    size_t n = 0;

    json_object_foreach(json_object_get(condition, "StringEquals"), key, value) {
        CLEANUP(freep) char *values = NULL;

        if (!json_is_string(value)) {
            continue;
        }
        n++;
        values = mem_format("ContextEntries.member.%zu.ContextKeyValues.member.1", n);
        form_add_member(form, "ContextEntries", n, "ContextKeyName", key);
        form_add_member(form, "ContextEntries", n, "ContextKeyType", "string");
        form_add(form, arena_str(form->arena, str_from(values)), json_string_value(value));
    }
}

static void missing_add(json_t *missing, const char *action, const char *resource) {
    (void)json_array_append_new(missing,
                                json_pack("{s:s, s:s}", "action", action == NULL ? "?" : action,
                                          "resource", resource == NULL ? "*" : resource));
}

/* One action's answer: for each resource where it differs by resource, else as a whole. */
static void result_read(const struct xml_node *result, json_t *missing) {
    const char *action = xml_text_at(result, "EvalActionName");
    const char *decision = xml_text_at(result, "EvalDecision");
    const struct xml_node *at = xml_at(result, "ResourceSpecificResults/member");

    for (const struct xml_node *m = at; m != NULL; m = xml_next(m)) {
        const char *one = xml_text_at(m, "EvalResourceDecision");

        if (one == NULL || strcmp(one, "allowed") != 0) {
            missing_add(missing, action, xml_text_at(m, "EvalResourceName"));
        }
    }
    if (at == NULL && (decision == NULL || strcmp(decision, "allowed") != 0)) {
        missing_add(missing, action, xml_text_at(result, "EvalResourceName"));
    }
}

enum err_code iam_simulate(const struct aws *aws, const char *principal, const json_t *statement,
                           json_t *missing, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    struct form form = {.arena = arena};
    struct aws_request request = {
        .service = AWS_IAM, .action = "SimulatePrincipalPolicy", .body_max = ANSWER_BYTES};
    const struct xml_node *root = NULL;
    const struct xml_node *result;

    form_add(&form, "PolicySourceArn", principal);
    form_add_list(&form, "ActionNames", json_object_get(statement, "Action"));
    form_add_list(&form, "ResourceArns", json_object_get(statement, "Resource"));
    form_add_context(&form, json_object_get(statement, "Condition"));
    request.form = form.rows;
    request.form_n = form.n;
    if (aws_call(aws, &request, &reply, err) != ERR_NONE ||
        xml_read(buf_str(&reply.http.body), arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    result = xml_at(root, "SimulatePrincipalPolicyResult/EvaluationResults/member");
    if (result == NULL) {
        return err_set(err, ERR_PROTOCOL, "IAM SimulatePrincipalPolicy: the answer judges nothing");
    }
    for (; result != NULL; result = xml_next(result)) {
        result_read(result, missing);
    }
    return ERR_NONE;
}
