/* guard/review_managed.c: managed policies are judged by what they allow, not by their names. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/iam/actions.h"
#include "guard/iam/managed.h"

#include <string.h>

/* clang-format off */
/* What is granted on every resource wherever something runs: its own log and its metrics, the image
 * it is made from, its place in a network. */
static const char *const usual_actions[] = {
    "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:PutRetentionPolicy",
    "cloudwatch:PutMetricData",
    "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
};

/* Shown before others that do no less: what they do is known to everybody. */
static const char *const telling_actions[] = {
    "s3:GetObject", "s3:PutObject", "dynamodb:GetItem", "dynamodb:PutItem", "sqs:ReceiveMessage",
    "secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt", "iam:PassRole",
    "lambda:InvokeFunction", "lambda:UpdateFunctionCode", "ec2:TerminateInstances",
};
/* clang-format on */

struct managed_check {
    struct review *review;
    const char *where;
    const char *whole; /* all of a service, without a condition; NULL: none */
    bool is_all_but;
    bool is_held;           /* the statement under way has a condition */
    struct iam_action seen; /* of those that can be held to a resource, the one that does most */
    bool is_told;           /* it is one that everybody knows */
    size_t seen_n;
};

static bool is_one_of(const char *name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* "*", "s3:*", "s*:*". */
static bool is_whole_service(const char *action) {
    const char *colon = strchr(action, ':');

    return colon == NULL
               ? strcmp(action, "*") == 0
               : strcmp(colon, ":*") == 0 || memchr(action, '*', (size_t)(colon - action));
}

/* A condition on the service still lets every role go. */
static bool is_pass_role(const struct iam_action *action) {
    return strcmp(action->service, "iam") == 0 && strcmp(action->name, "PassRole") == 0;
}

/* Whether it says more to a person than what was seen before. */
static bool is_more(const struct managed_check *check, const struct iam_action *action,
                    const char *name) {
    bool is_telling = is_one_of(name, telling_actions, ARRAY_N(telling_actions));
    enum iam_access seen = check->seen_n == 0 ? IAM_ACCESS_NONE : check->seen.access;

    return action->access > seen || (is_telling && !check->is_told && action->access == seen);
}

static bool note_action(const struct iam_action *action, void *with) {
    struct managed_check *check = with;
    CLEANUP(freep) char *name = mem_format("%s:%s", action->service, action->name);

    if (action->arn[0] == '\0' || action->access == IAM_ACCESS_LIST ||
        is_one_of(name, usual_actions, ARRAY_N(usual_actions)) ||
        (check->is_held && !is_pass_role(action))) {
        return true;
    }
    if (is_more(check, action, name)) {
        check->seen = *action;
        check->is_told = is_one_of(name, telling_actions, ARRAY_N(telling_actions));
    }
    check->seen_n++;
    return true;
}

static void note_pattern(const char *action, struct managed_check *check) {
    if (is_whole_service(action) && !check->is_held && check->whole == NULL) {
        check->whole = action;
    }
    (void)iam_expand(str_from(action), note_action, check);
}

static void note_statement(struct managed_check *check, const json_t *statement) {
    bool is_known = true;
    size_t i = 0;
    json_t *action = NULL;

    if (strcmp(json_str_or(statement, "Effect", ""), "Allow") != 0 ||
        (json_object_get(statement, "NotResource") == NULL &&
         !review_covers_everything(check->review, statement, &is_known))) {
        return;
    }
    check->is_held = json_object_get(statement, "Condition") != NULL;
    check->is_all_but =
        check->is_all_but || (!check->is_held && json_object_get(statement, "NotAction") != NULL);
    json_array_foreach(json_object_get(statement, "Action"), i, action) {
        note_pattern(json_string_value(action), check);
    }
}

/* A policy that AWS manages, by its content. */
static void find_managed(struct managed_check *check, struct str name) {
    CLEANUP(json_decrefp) json_t *document = iam_managed_document(name);
    size_t i = 0;
    json_t *statement = NULL;

    if (document == NULL) {
        review_find(check->review, REVIEW_MANAGED_UNKNOWN, check->where,
                    "it carries " STR_FMT ", which AWS did not have on %s", STR_ARG(name),
                    iam_managed_date());
        return;
    }
    json_array_foreach(json_object_get(document, "Statement"), i, statement) {
        note_statement(check, statement);
    }
    if (check->is_all_but || check->whole != NULL) {
        review_find(check->review, REVIEW_MANAGED_ADMIN, check->where,
                    "it carries " STR_FMT ", which allows %s on every resource", STR_ARG(name),
                    check->is_all_but ? "everything but something" : check->whole);
    } else if (check->seen_n > 0) {
        CLEANUP(freep)
        char *others =
            check->seen_n == 1 ? mem_strdup("") : mem_format(" and %zu more", check->seen_n - 1);
        review_find(check->review, REVIEW_MANAGED_WIDE, check->where,
                    "it carries " STR_FMT ", which allows %s:%s%s on every resource", STR_ARG(name),
                    check->seen.service, check->seen.name, others);
    }
}

/* Whether "${Name}" is a policy of this template, which is read where it stands. */
static bool is_own_policy(const struct review *review, struct str text) {
    const json_t *resources = json_object_get(review->template, "Resources");
    ptrdiff_t shut = str_find(text, STR("}"));

    if (!str_starts(text, STR("${")) || shut < 0) {
        return false;
    }
    struct str name = str_slice(text, 2, (size_t)shut);
    ptrdiff_t dot = str_find(name, STR("."));
    name = dot < 0 ? name : str_slice(name, 0, (size_t)dot);
    return strcmp(json_str_or(json_object_getn(resources, name.ptr, name.len), "Type", ""),
                  "AWS::IAM::ManagedPolicy") == 0;
}

/* The name of a policy of AWS, from its ARN or, in SAM, as it is; empty where it is none. */
static struct str managed_name(struct str text) {
    bool is_name = str_find(text, STR(":")) < 0 && str_find(text, STR("$")) < 0;

    return is_name ? text : iam_managed_arn_name(text);
}

static bool check_managed(const char *text, void *with) {
    const struct managed_check *given = with;
    struct managed_check check = {.review = given->review, .where = given->where};
    struct str name = managed_name(str_from(text));

    if (name.len > 0) {
        find_managed(&check, name);
    } else if (!is_own_policy(check.review, str_from(text))) {
        review_find(check.review, REVIEW_MANAGED_UNKNOWN, check.where,
                    "it carries %s, whose content is not in the template", text);
    }
    return true;
}

static void managed_one(struct review *review, const char *where, const json_t *value) {
    struct managed_check check = {.review = review, .where = where};

    if (!review_texts(review, value, check_managed, &check)) {
        review_unresolved(review, where, value, "a managed policy cannot be told");
    }
}

void review_managed(struct review *review, const char *where, const json_t *value) {
    review_branches(review, where, value, managed_one);
}

static bool add_managed(const char *text, void *with) {
    struct str name = managed_name(str_from(text));
    CLEANUP(json_decrefp) json_t *document = name.len == 0 ? NULL : iam_managed_document(name);

    if (document != NULL) {
        (void)json_array_extend(with, json_object_get(document, "Statement"));
    }
    return true;
}

void review_managed_statements(const struct review *review, const json_t *value, json_t *out) {
    size_t i = 0;
    json_t *item = NULL;

    if (!json_is_array(value)) {
        (void)review_texts(review, value, add_managed, out);
        return;
    }
    json_array_foreach(value, i, item) { (void)review_texts(review, item, add_managed, out); }
}
