/* guard/review_iam.c: what the bearers of policies may do.
 *
 * Unresolved intrinsics never pass: what cannot be read is refused. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/iam/actions.h"
#include "guard/walk.h"

#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

/* clang-format off */
/* Actions that can be held to a resource, and that have to be allowed on all of them. */
static const char *const star_actions[] = {
    "logs:GetQueryResults",             /* of a query, not of a group */
    "cloudwatch:PutMetricData", "cloudwatch:GetMetricData", /* a dataset is optional and new */
    "cloudformation:GetTemplateSummary", /* of a template that is no stack yet */
    "servicequotas:GetServiceQuota",
};

/* Only the set-up stack: CloudFront's create calls take no resource, and its ids are not known. */
static const char *const star_actions_bootstrap[] = {
    "cloudfront:CreateDistribution", "cloudfront:UpdateDistribution", "cloudfront:GetDistribution",
    "cloudfront:GetDistributionConfig", "cloudfront:DeleteDistribution",
    "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation",
    "cloudfront:CreateOriginAccessControl", "cloudfront:UpdateOriginAccessControl",
    "cloudfront:GetOriginAccessControl", "cloudfront:DeleteOriginAccessControl",
    "cloudfront:CreateResponseHeadersPolicy", "cloudfront:UpdateResponseHeadersPolicy",
    "cloudfront:GetResponseHeadersPolicy", "cloudfront:DeleteResponseHeadersPolicy",
    "cloudfront:CreateFunction", "cloudfront:UpdateFunction", "cloudfront:DescribeFunction",
    "cloudfront:GetFunction", "cloudfront:PublishFunction", "cloudfront:DeleteFunction",
    "cloudfront:CreateVpcOrigin", "cloudfront:UpdateVpcOrigin", "cloudfront:GetVpcOrigin",
    "cloudfront:DeleteVpcOrigin", "cloudfront:TagResource", "cloudfront:UntagResource",
    "cloudfront:ListTagsForResource",
};

/* Calls that make their caller, or somebody else, more than they were. */
static const char *const widening_actions[] = {
    "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:CreateUser",
    "iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:PutUserPolicy", "iam:PutGroupPolicy",
    "iam:AddUserToGroup", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion",
    "iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary",
    "iam:CreatePolicy", "sts:AssumeRole", "iam:CreateSAMLProvider", "iam:CreateOpenIDConnectProvider",
    "sts:GetFederationToken", "organizations:LeaveOrganization",
};

/* The same, which the set-up stack grants to CloudFormation on roles of its own prefix, each held by
 * a condition. */
static const struct {
    const char *action;
    const char *condition; /* NULL: its resource holds it */
} role_actions[] = {
    {"iam:CreateRole", "iam:PermissionsBoundary"},
    {"iam:PutRolePolicy", "iam:PermissionsBoundary"},
    {"iam:PutRolePermissionsBoundary", "iam:PermissionsBoundary"},
    {"iam:AttachRolePolicy", "iam:PolicyARN"},
    {"iam:UpdateAssumeRolePolicy", NULL},
};

/* Calls by which nobody sees any more what is done: logs, detectors and recorders go. The set-up
 * stack grants CloudFormation what of them deletes a stack's own. */
static const char *const blinding_actions[] = {
    "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail",
    "cloudtrail:PutEventSelectors", "cloudtrail:DeleteEventDataStore", "config:StopConfigurationRecorder",
    "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "guardduty:DeleteDetector",
    "guardduty:UpdateDetector", "guardduty:DisassociateFromAdministratorAccount",
    "securityhub:DisableSecurityHub", "access-analyzer:DeleteAnalyzer", "macie2:DisableMacie",
    "inspector2:Disable", "detective:DeleteGraph", "ec2:DeleteFlowLogs", "wafv2:DeleteLoggingConfiguration",
    "wafv2:DisassociateWebACL", "s3:PutBucketLogging", "logs:DeleteLogGroup", "logs:DeleteLogStream",
    "logs:DeleteMetricFilter", "logs:DeleteSubscriptionFilter", "cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions",
};

/* Services in which an action's wildcard is never needed. */
static const char *const closed_services[] = {"iam", "sts", "organizations", "kms", "account"};
/* clang-format on */

static bool is_one_of(const char *text, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(str_from(text), str_from(list[i]))) {
            return true;
        }
    }
    return false;
}

/* ---- statements ---- */

/* "*", or an ARN that ends in nothing but it, however often ("?*"); an ARN that is cut short before
 * its resource stands for all that follows. */
static bool is_wild_resource(const char *text) {
    struct str arn = str_from(text);
    struct str rest = review_arn_part(arn, 5);
    bool is_cut = str_starts(arn, STR("arn:")) && rest.len == 0 && str_ends(arn, STR("*"));

    return review_is_blank(arn) || is_cut || (rest.len > 0 && review_is_blank(rest));
}

static bool note_wild(const char *text, void *with) {
    bool *is_wild = with;

    *is_wild = *is_wild || is_wild_resource(text);
    return true;
}

/* All roles of an account, however it is written. */
static bool note_wild_role(const char *text, void *with) {
    bool *is_wild = with;
    struct str rest = review_arn_part(str_from(text), 5);
    struct str service = review_arn_part(str_from(text), 2);

    if (service.len > 0 && !iam_is_match(service, STR("iam"))) {
        return true; /* no role is meant by it */
    }
    *is_wild = *is_wild || is_wild_resource(text) || str_starts(rest, STR("role/*")) ||
               str_starts(rest, STR("role*"));
    return true;
}

bool review_covers_everything(const struct review *review, const json_t *statement,
                              bool *is_known) {
    const json_t *resource = json_object_get(statement, "Resource");
    bool is_wild = resource == NULL; /* NotResource is judged by itself */

    *is_known = resource == NULL || review_texts(review, resource, note_wild, &is_wild);
    return is_wild && json_object_get(statement, "NotResource") == NULL;
}

struct action_check {
    struct review *review;
    const char *where;
    const json_t *statement;
    bool is_everything;
    const char *pattern;    /* as it is written */
    struct iam_action seen; /* the first that can be held to a resource, of the whole statement */
    bool is_seen;           /* that one is among those of this pattern */
    struct buf *wide;       /* the patterns that stand for such actions */
    bool is_rights_told;
    bool is_blinding_told;
    struct iam_action kind; /* the first that is allowed on every resource of its kind */
};

/* "table/" before a star, as the format of an action's resource has it. */
struct kind {
    struct str named; /* "table/" of "table/${TableName}" */
    bool is_whole;
};

static bool note_kind(const char *text, void *with) {
    struct kind *kind = with;
    struct str rest = review_arn_part(str_from(text), 5);

    if (str_starts(rest, kind->named) && rest.len > kind->named.len) {
        struct str name = str_slice(rest, kind->named.len, rest.len);
        kind->is_whole = kind->is_whole || review_is_blank(name);
    }
    return true;
}

static bool is_every_of_kind(const struct action_check *check, const char *arn) {
    struct str rest = review_arn_part(str_from(arn), 5);
    ptrdiff_t open = str_find(rest, STR("${"));
    struct kind kind = {.named = str_slice(rest, 0, open < 0 ? 0 : (size_t)open)};

    (void)review_texts(check->review, json_object_get(check->statement, "Resource"), note_kind,
                       &kind);
    return kind.named.len > 0 && kind.is_whole;
}

static bool is_closed_service(const char *action) {
    struct str service = str_from(action);
    ptrdiff_t colon = str_find(service, STR(":"));

    service = str_slice(service, 0, colon < 0 ? service.len : (size_t)colon);
    for (size_t i = 0; i < ARRAY_N(closed_services); i++) {
        if (str_eq_nocase(service, str_from(closed_services[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_pattern(const char *action) { return strpbrk(action, "*?") != NULL; }

static bool is_wild_action(const char *action) {
    const char *colon = strchr(action, ':');

    if (!is_pattern(action)) {
        return false;
    }
    return colon == NULL || strpbrk(action, "*?") < colon || colon[1] == '*' || colon[1] == '?' ||
           is_closed_service(action);
}

/* Whether an action gives rights and nothing holds it. */
static bool is_escalation(const struct action_check *check, const char *action) {
    for (size_t i = 0; i < ARRAY_N(role_actions); i++) {
        const char *condition = role_actions[i].condition;

        if (str_eq_nocase(str_from(action), str_from(role_actions[i].action))) {
            return !check->review->is_bootstrap || check->is_everything ||
                   (condition != NULL &&
                    !review_is_held(check->review, check->statement, condition));
        }
    }
    return is_one_of(action, widening_actions, ARRAY_N(widening_actions));
}

static void check_pass_role(struct action_check *check) {
    const json_t *resource = json_object_get(check->statement, "Resource");
    bool is_wild = resource == NULL;

    (void)review_texts(check->review, resource, note_wild_role, &is_wild);
    if (is_wild || !review_is_held(check->review, check->statement, "iam:PassedToService")) {
        review_find(check->review, REVIEW_PASS_ROLE, check->where, "it may pass %s to %s",
                    is_wild ? "every role" : "its roles",
                    review_is_held(check->review, check->statement, "iam:PassedToService")
                        ? "a service"
                        : "every service");
    }
}

static bool needs_star(const struct review *review, const char *name) {
    return is_one_of(name, star_actions, ARRAY_N(star_actions)) ||
           (review->is_bootstrap &&
            is_one_of(name, star_actions_bootstrap, ARRAY_N(star_actions_bootstrap))) ||
           (review->ctx->is_local_aws && strcmp(name, "ssm:GetParametersByPath") == 0);
}

/* One action that a pattern stands for. */
static bool check_expanded(const struct iam_action *action, void *with) {
    struct action_check *check = with;
    CLEANUP(freep) char *name = mem_format("%s:%s", action->service, action->name);

    if (is_pattern(check->pattern) && action->access == IAM_ACCESS_PERMISSIONS &&
        !check->is_rights_told) {
        check->is_rights_told = true;
        review_find(check->review, REVIEW_WILDCARD_RIGHTS, check->where,
                    "it allows %s, and with it %s, which gives rights", check->pattern, name);
    }
    if (!check->review->is_bootstrap && !check->is_blinding_told &&
        is_one_of(name, blinding_actions, ARRAY_N(blinding_actions))) {
        check->is_blinding_told = true;
        review_find(check->review, REVIEW_UNWATCHED, check->where,
                    "it allows %s: what is done afterwards is seen by nobody", name);
    }
    if (check->is_everything && action->arn[0] != '\0' && !needs_star(check->review, name)) {
        check->seen = check->seen.name == NULL ? *action : check->seen;
        check->is_seen = true;
    } else if (!check->is_everything && check->kind.name == NULL && action->arn[0] != '\0' &&
               !check->review->is_bootstrap && is_every_of_kind(check, action->arn)) {
        check->kind = *action;
    }
    return true;
}

static bool check_action(const char *action, void *with) {
    struct action_check *check = with;
    struct review *review = check->review;

    if (is_wild_action(action)) {
        review_find(review, REVIEW_WILDCARD_ACTION, check->where, "it allows %s", action);
        return true;
    }
    if (str_eq_nocase(str_from(action), STR("iam:PassRole"))) {
        check_pass_role(check);
        return true;
    }
    if (is_escalation(check, action)) {
        review_find(review, REVIEW_ESCALATION, check->where,
                    "it allows %s, which gives more rights than the deployment has", action);
        return true;
    }
    check->pattern = action;
    check->is_seen = false;
    if (iam_expand(str_from(action), check_expanded, check) == 0) {
        review_find(review, REVIEW_UNKNOWN_ACTION, check->where,
                    "it allows %s, which AWS does not know", action);
    } else if (check->is_seen) {
        buf_addf(check->wide, "%s%s", check->wide->len > 0 ? ", " : "", action);
    }
    return true;
}

static void review_statement(struct review *review, const char *where, const json_t *statement) {
    const char *effect = json_str_at(statement, "Effect");
    const json_t *action = json_object_get(statement, "Action");
    bool is_known = true;

    if (effect != NULL && strcmp(effect, "Deny") == 0) {
        return;
    }
    if (effect == NULL || strcmp(effect, "Allow") != 0) {
        review_unresolved(review, where, json_object_get(statement, "Effect"),
                          "a statement's effect cannot be told");
        return;
    }
    if (json_object_get(statement, "NotAction") != NULL ||
        json_object_get(statement, "NotResource") != NULL ||
        json_object_get(statement, "NotPrincipal") != NULL) {
        review_find(review, REVIEW_ALLOW_NOT, where, "it allows everything but something");
    }
    if (action == NULL && json_object_get(statement, "NotAction") != NULL) {
        return; /* there is nothing else to read */
    }
    CLEANUP(buf_done) struct buf wide = BUF_INIT(2048);
    bool is_everything = review_covers_everything(review, statement, &is_known);
    struct action_check check = {.review = review,
                                 .where = where,
                                 .statement = statement,
                                 .is_everything = is_everything,
                                 .wide = &wide};
    if (!is_known || action == NULL || !review_texts(review, action, check_action, &check)) {
        CLEANUP(json_decrefp)
        json_t *both = json_pack("[O*,O*]", action, json_object_get(statement, "Resource"));
        review_unresolved(review, where, both, "a statement's action or resource cannot be told");
    }
    if (check.seen.name != NULL) {
        review_find(review, REVIEW_WILDCARD_RESOURCE, where,
                    "it allows %s on every resource; %s:%s can be held to %s", buf_cstr(&wide),
                    check.seen.service, check.seen.name, check.seen.arn);
    }
    if (check.kind.name != NULL) {
        review_find(review, REVIEW_WILDCARD_KIND, where,
                    "it allows %s:%s on every resource of a kind; it can be held to %s",
                    check.kind.service, check.kind.name, check.kind.arn);
    }
}

void review_grants(struct review *review, const char *where, const json_t *document) {
    CLEANUP(json_decrefp) json_t *read = review_document(document);

    document = read != NULL ? read : document;
    if (json_object_get(document, "Statement") == NULL) {
        review_unresolved(review, where, document, "a policy cannot be read");
        return;
    }
    CLEANUP(freep) char *place = mem_format("%s.Statement", where);
    review_branches(review, place, json_object_get(document, "Statement"), review_statement);
}

/* ---- carriers ---- */

static void review_inline(struct review *review, const char *where, const json_t *policy) {
    CLEANUP(freep) char *place = mem_format("%s.PolicyDocument", where);

    review_grants(review, place, json_object_get(policy, "PolicyDocument"));
}

/* SAM: documents, names and ARNs of managed policies, and templates of policies, which are held. */
static void review_sam(struct review *review, const char *where, const json_t *policy) {
    bool is_call = json_object_size(policy) == 1 &&
                   (json_object_get(policy, "Ref") != NULL ||
                    strncmp(json_object_iter_key(json_object_iter(walk(policy))), "Fn::", 4) == 0);

    if (json_object_get(policy, "Statement") != NULL) {
        review_grants(review, where, policy);
    } else if (json_is_string(policy) || is_call) {
        review_managed(review, where, policy);
    }
}

static void review_user_policies(struct review *review, const char *where, const char *type,
                                 const json_t *properties) {
    bool is_on_user = strcmp(type, "AWS::IAM::UserPolicy") == 0 ||
                      json_array_size(json_object_get(properties, "Users")) > 0 ||
                      (strcmp(type, "AWS::IAM::User") == 0 &&
                       (json_array_size(json_object_get(properties, "Policies")) > 0 ||
                        json_array_size(json_object_get(properties, "ManagedPolicyArns")) > 0));

    if (is_on_user) {
        review_find(review, REVIEW_USER_POLICY, where, "a policy is attached to a user");
    }
}

/* Who carries a policy: roles and groups of the template, by Ref or by the name they have there. */
struct bearers {
    const struct review *review;
    bool is_outside;
};

static bool note_outside(const char *text, void *with) {
    struct bearers *bearers = with;
    bool is_inside = strncmp(text, "${", 2) == 0;
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(bearers->review->template, "Resources")), name,
                        resource) {
        const json_t *properties = json_object_get(resource, "Properties");

        const char *type = json_str_or(resource, "Type", "");

        is_inside = is_inside ||
                    (strcmp(type, "AWS::IAM::Role") == 0 &&
                     strcmp(json_str_or(properties, "RoleName", ""), text) == 0) ||
                    (strcmp(type, "AWS::IAM::Group") == 0 &&
                     strcmp(json_str_or(properties, "GroupName", ""), text) == 0);
    }
    bearers->is_outside = bearers->is_outside || !is_inside;
    return true;
}

static void review_bearers(struct review *review, const char *where, const char *type,
                           const json_t *properties) {
    static const struct {
        const char *type;
        const char *path;
    } rows[] = {
        {"AWS::IAM::Policy", "Roles"},        {"AWS::IAM::Policy", "Groups"},
        {"AWS::IAM::ManagedPolicy", "Roles"}, {"AWS::IAM::ManagedPolicy", "Groups"},
        {"AWS::IAM::RolePolicy", "RoleName"}, {"AWS::IAM::GroupPolicy", "GroupName"},
    };

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const json_t *value = json_object_get(properties, rows[i].path);
        struct bearers bearers = {.review = review};

        if (strcmp(type, rows[i].type) == 0 && value != NULL && !review_is_no_value(value) &&
            (!review_texts(review, value, note_outside, &bearers) || bearers.is_outside)) {
            CLEANUP(freep) char *place = mem_format("%s.Properties.%s", where, rows[i].path);

            review_find(review, REVIEW_OUTSIDE_ROLE, place,
                        "somebody who is not in the template gets these rights too");
        }
    }
}

/* What somebody gets who signs in through the identity centre. */
static void review_permission_set(struct review *review, const char *where,
                                  const json_t *properties) {
    CLEANUP(freep) char *inlined = mem_format("%s.Properties.InlinePolicy", where);
    CLEANUP(freep) char *managed = mem_format("%s.Properties.ManagedPolicies", where);

    if (json_object_get(properties, "InlinePolicy") != NULL) {
        review_grants(review, inlined, json_object_get(properties, "InlinePolicy"));
    }
    review_managed(review, managed, json_object_get(properties, "ManagedPolicies"));
}

void review_iam(struct review *review, const char *where, const char *type,
                const json_t *properties) {
    bool is_sam = strcmp(type, "AWS::Serverless::Function") == 0 ||
                  strcmp(type, "AWS::Serverless::StateMachine") == 0;

    if (is_sam) {
        CLEANUP(freep) char *carried = mem_format("%s.Properties.Policies", where);
        review_branches(review, carried, json_object_get(properties, "Policies"), review_sam);
    }
    if (strcmp(type, "AWS::SSO::PermissionSet") == 0) {
        review_permission_set(review, where, properties);
    }
    if (strncmp(type, "AWS::IAM::", 10) != 0 && strcmp(type, "AWS::IoT::Policy") != 0) {
        return;
    }
    if (json_object_get(properties, "PolicyDocument") != NULL) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.PolicyDocument", where);
        review_grants(review, place, json_object_get(properties, "PolicyDocument"));
    }
    CLEANUP(freep) char *inlined = mem_format("%s.Properties.Policies", where);
    CLEANUP(freep) char *managed = mem_format("%s.Properties.ManagedPolicyArns", where);
    review_user_policies(review, where, type, properties);
    review_bearers(review, where, type, properties);
    review_branches(review, inlined, json_object_get(properties, "Policies"), review_inline);
    review_managed(review, managed, json_object_get(properties, "ManagedPolicyArns"));
}
