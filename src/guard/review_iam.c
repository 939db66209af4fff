/* guard/review_iam.c: who may do what, and who may become whom.
 *
 * Unresolved intrinsics never pass: what cannot be read is refused. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

/* Actions that have no resource to name, or none that is known before the stack exists; each was
 * looked up in the service authorization reference. */
/* clang-format off */
static const char *const star_actions[] = {
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules",
    "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries",
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies", "logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:GetQueryResults",
    "cloudwatch:PutMetricData", "cloudwatch:GetMetricData",
    "ecr:GetAuthorizationToken", "sts:GetCallerIdentity",
    "cloudformation:ValidateTemplate", "cloudformation:GetTemplateSummary",
    "cloudformation:ListStacks", "cloudformation:DescribeStackDriftDetectionStatus", "lambda:GetAccountSettings",
    "ec2:DescribeManagedPrefixLists", "ec2:DescribeNetworkInterfaces",
    "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    "pricing:GetProducts", "servicequotas:GetServiceQuota",
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
    {"iam:PassRole", "iam:PassedToService"},
    {"iam:UpdateAssumeRolePolicy", NULL},
};

/* Services in which an action's wildcard is never needed. */
static const char *const closed_services[] = {"iam", "sts", "organizations", "kms", "account"};

static const char *const data_types[] = {
    "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster",
    "AWS::EFS::FileSystem", "AWS::EC2::Volume", "AWS::ECR::Repository", "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret", "AWS::SSM::Parameter", "AWS::KMS::Key", "AWS::Cognito::UserPool",
    "AWS::OpenSearchService::Domain", "AWS::ElastiCache::ReplicationGroup", "AWS::Kinesis::Stream",
    "AWS::SQS::Queue", "AWS::Redshift::Cluster", "AWS::Timestream::Table", "AWS::Backup::BackupVault",
    "AWS::S3Express::DirectoryBucket", "AWS::DSQL::Cluster",
};
/* clang-format on */

static bool is_one_of(const char *text, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(str_from(text), str_from(list[i]))) {
            return true;
        }
    }
    return false;
}

bool review_is_data(const char *type) { return is_one_of(type, data_types, ARRAY_N(data_types)); }

/* ---- statements ---- */

/* A string, or a list of strings, each once; false when one of them is something else. */
static bool for_texts(const struct review *review, const json_t *value,
                      bool (*each)(const char *text, void *with), void *with) {
    size_t i = 0;
    json_t *item = NULL;

    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (!for_texts(review, item, each, with)) {
                return false;
            }
        }
        return true;
    }
    CLEANUP(freep) char *text = review_resolve(review, value);
    return text != NULL && each(text, with);
}

/* "*", or an ARN that ends in nothing but it. */
static bool is_wild_resource(const char *text) {
    struct str rest = review_arn_part(str_from(text), 5);

    return strcmp(text, "*") == 0 || str_eq(rest, STR("*")) || str_eq(rest, STR("*/*")) ||
           str_eq(rest, STR("*:*"));
}

static bool note_wild(const char *text, void *with) {
    bool *is_wild = with;

    *is_wild = *is_wild || is_wild_resource(text);
    return true;
}

/* Whether the statement covers every resource; `*is_known` says whether that could be told. */
static bool covers_everything(const struct review *review, const json_t *statement,
                              bool *is_known) {
    const json_t *resource = json_object_get(statement, "Resource");
    bool is_wild = resource == NULL; /* NotResource is judged by itself */

    *is_known = resource == NULL || for_texts(review, resource, note_wild, &is_wild);
    return is_wild;
}

struct action_check {
    struct review *review;
    const char *where;
    const json_t *statement;
    bool is_everything;
};

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

static bool is_wild_action(const char *action) {
    const char *colon = strchr(action, ':');
    bool has_star = strpbrk(action, "*?") != NULL;

    if (!has_star) {
        return false;
    }
    return colon == NULL || strpbrk(action, "*?") < colon || colon[1] == '*' || colon[1] == '?' ||
           is_closed_service(action);
}

static bool has_condition_key(const json_t *statement, const char *key) {
    const json_t *condition = json_object_get(statement, "Condition");

    if (condition == NULL) {
        return false;
    }
    CLEANUP(freep) char *text = json_text(condition);
    return strstr(text, key) != NULL;
}

/* Whether an action gives rights and nothing holds it. */
static bool is_escalation(const struct action_check *check, const char *action) {
    for (size_t i = 0; i < ARRAY_N(role_actions); i++) {
        const char *condition = role_actions[i].condition;

        if (str_eq_nocase(str_from(action), str_from(role_actions[i].action))) {
            return !check->review->is_bootstrap || check->is_everything ||
                   (condition != NULL && !has_condition_key(check->statement, condition));
        }
    }
    return is_one_of(action, widening_actions, ARRAY_N(widening_actions));
}

static bool check_action(const char *action, void *with) {
    struct action_check *check = with;
    struct review *review = check->review;

    if (is_wild_action(action)) {
        review_find(review, "wildcard_action", VERDICT_DENY, check->where,
                    "name the actions that are needed", "it allows %s", action);
        return true;
    }
    if (is_escalation(check, action)) {
        review_find(review, "escalation", VERDICT_DENY, check->where,
                    "a deployed application needs no right to give rights",
                    "it allows %s, which gives more rights than the deployment has", action);
        return true;
    }
    bool is_reviewed =
        is_one_of(action, star_actions, ARRAY_N(star_actions)) ||
        (review->is_bootstrap &&
         is_one_of(action, star_actions_bootstrap, ARRAY_N(star_actions_bootstrap))) ||
        (review->ctx->is_local_aws && strcmp(action, "ssm:GetParametersByPath") == 0);
    if (check->is_everything && !is_reviewed) {
        review_find(review, "wildcard_resource", VERDICT_DENY, check->where,
                    "name the resources by ARN", "it allows %s on every resource", action);
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
        review_find(review, "unresolved", VERDICT_DENY, where, "write Effect as a literal",
                    "a statement's effect cannot be told");
        return;
    }
    if (json_object_get(statement, "NotAction") != NULL ||
        json_object_get(statement, "NotResource") != NULL ||
        json_object_get(statement, "NotPrincipal") != NULL) {
        review_find(review, "allow_not", VERDICT_DENY, where, "say what is allowed",
                    "it allows everything but something");
        return;
    }
    bool is_everything = covers_everything(review, statement, &is_known);
    struct action_check check = {
        .review = review, .where = where, .statement = statement, .is_everything = is_everything};
    if (!is_known || action == NULL || !for_texts(review, action, check_action, &check)) {
        review_find(review, "unresolved", VERDICT_DENY, where,
                    "write actions and resources so that they can be read",
                    "a statement's action or resource cannot be told");
    }
}

void review_grants(struct review *review, const char *where, const json_t *document) {
    if (json_object_get(document, "Statement") == NULL) {
        review_find(review, "unresolved", VERDICT_DENY, where, "write the policy as JSON",
                    "a policy cannot be read");
        return;
    }
    review_branches(review, where, json_object_get(document, "Statement"), review_statement);
}

/* ---- principals ---- */

/* The account of a principal: twelve digits, or those in an ARN. */
static struct str principal_account(const char *text) {
    struct str arn = str_from(text);

    return str_starts(arn, STR("arn:")) ? review_arn_part(arn, 4) : arn;
}

static bool is_this_account(const struct review *review, struct str account) {
    return str_eq(account, STR("${AWS::AccountId}")) || review_is_own_account(review, account);
}

static void review_aws_principal(struct review *review, const char *where, const json_t *statement,
                                 const char *text) {
    bool is_held = has_condition_key(statement, "aws:SourceAccount") ||
                   has_condition_key(statement, "aws:SourceArn") ||
                   has_condition_key(statement, "aws:PrincipalAccount") ||
                   has_condition_key(statement, "aws:PrincipalOrgID");

    if (strcmp(text, "*") == 0) {
        if (!is_held) {
            review_find(review, "public_access", VERDICT_DENY, where,
                        "name who may, or hold it by a condition on the source",
                        "it lets everybody in");
        }
        return;
    }
    /* CloudFront's own principal and reserved ones carry a word instead of an account. */
    struct str account = principal_account(text);
    bool is_reserved = str_eq(account, STR("cloudfront")) || str_eq(account, STR("aws"));
    if (!is_reserved && !is_this_account(review, account)) {
        review_find(review, "foreign_account", VERDICT_DENY, where,
                    "allow the account in your own settings, or take it out",
                    "it lets the account or identity %s in", text);
    }
}

struct principal_check {
    struct review *review;
    const char *where;
    const json_t *statement;
    const char *kind; /* "AWS", "Service", "Federated", "CanonicalUser" */
};

static bool check_principal(const char *text, void *with) {
    struct principal_check *check = with;

    if (strcmp(check->kind, "AWS") == 0 || strcmp(text, "*") == 0) {
        review_aws_principal(check->review, check->where, check->statement, text);
    } else if (strcmp(check->kind, "Federated") == 0) {
        if (!has_condition_key(check->statement, ":aud") ||
            !has_condition_key(check->statement, ":sub")) {
            review_find(check->review, "federation_open", VERDICT_DENY, check->where,
                        "hold it by conditions on aud and sub",
                        "whoever the identity provider knows may become this role");
        }
    } else if (strcmp(check->kind, "Service") != 0) {
        review_find(check->review, "foreign_account", VERDICT_DENY, check->where,
                    "name the account", "a principal of kind %s cannot be told", check->kind);
    }
    return true;
}

/* A statement of a trust policy or of a resource's own policy. */
static void review_principals(struct review *review, const char *where, const json_t *statement) {
    const char *effect = json_str_at(statement, "Effect");
    const json_t *principal = json_object_get(statement, "Principal");
    const char *kind = NULL;
    json_t *who = NULL;

    if (effect != NULL && strcmp(effect, "Deny") == 0) {
        return;
    }
    struct principal_check check = {.review = review, .where = where, .statement = statement};
    if (json_object_get(statement, "NotPrincipal") != NULL) {
        review_find(review, "allow_not", VERDICT_DENY, where, "say who may",
                    "it lets everybody in but somebody");
        return;
    }
    if (json_is_string(principal)) {
        check.kind = "AWS";
        (void)check_principal(json_string_value(principal), &check);
        return;
    }
    if (!json_is_object(principal)) {
        review_find(review, "unresolved", VERDICT_DENY, where, "name the principal",
                    "who is let in cannot be told");
        return;
    }
    json_object_foreach(walk(principal), kind, who) {
        check.kind = kind;
        if (!for_texts(review, who, check_principal, &check)) {
            review_find(review, "unresolved", VERDICT_DENY, where, "name the principal",
                        "who is let in cannot be told");
        }
    }
}

static void review_resource_policy(struct review *review, const char *where,
                                   const json_t *document) {
    if (json_object_get(document, "Statement") == NULL) {
        review_find(review, "unresolved", VERDICT_DENY, where, "write the policy as JSON",
                    "a policy cannot be read");
        return;
    }
    review_branches(review, where, json_object_get(document, "Statement"), review_principals);
}

/* ---- carriers ---- */

static bool check_managed(const char *arn, void *with) {
    struct principal_check *check = with;
    struct str text = str_from(arn);
    static const char *const broad[] = {"/AdministratorAccess", "/PowerUserAccess",
                                        "/IAMFullAccess", "/SystemAdministrator",
                                        "/job-function/DatabaseAdministrator"};

    for (size_t i = 0; i < ARRAY_N(broad); i++) {
        if (str_ends(text, str_from(broad[i]))) {
            review_find(check->review, "managed_admin", VERDICT_DENY, check->where,
                        "grant what is needed, by name", "it carries %s", broad[i] + 1);
            return true;
        }
    }
    if (str_ends(text, STR("FullAccess"))) {
        review_find(check->review, "managed_admin", VERDICT_DENY, check->where,
                    "grant what is needed, by name",
                    "it carries a policy that allows everything of a service");
    }
    return true;
}

static void review_managed(struct review *review, const char *where, const json_t *value) {
    struct principal_check check = {.review = review, .where = where};

    if (!json_is_null(value) && !for_texts(review, value, check_managed, &check)) {
        review_find(review, "unresolved", VERDICT_DENY, where, "name managed policies by ARN",
                    "a managed policy cannot be told");
    }
}

static void review_inline(struct review *review, const char *where, const json_t *policy) {
    review_grants(review, where, json_object_get(policy, "PolicyDocument"));
}

static void review_lambda_permission(struct review *review, const char *where,
                                     const json_t *properties) {
    CLEANUP(freep) char *who = review_resolve(review, json_object_get(properties, "Principal"));
    const char *auth = json_str_at(properties, "FunctionUrlAuthType");
    bool is_held = json_object_get(properties, "SourceArn") != NULL ||
                   json_object_get(properties, "SourceAccount") != NULL;

    if (auth != NULL && strcmp(auth, "NONE") == 0) {
        review_find(review, "public_function", VERDICT_DENY, where, "use AWS_IAM",
                    "everybody may call the function's URL");
        return;
    }
    if (who == NULL) {
        review_find(review, "unresolved", VERDICT_DENY, where, "name the principal",
                    "who may call the function cannot be told");
    } else if (strcmp(who, "*") == 0) {
        review_find(review, "public_function", VERDICT_DENY, where, "name who may call it",
                    "everybody may call the function");
    } else if (strstr(who, ".amazonaws.com") != NULL) {
        if (!is_held) {
            review_find(review, "confused_deputy", VERDICT_DENY, where,
                        "set SourceArn and SourceAccount", "%s may call the function for anybody",
                        who);
        }
    } else {
        review_aws_principal(review, where, properties, who);
    }
    CLEANUP(freep)
    char *account = review_resolve(review, json_object_get(properties, "SourceAccount"));
    if (account != NULL && !is_this_account(review, str_from(account))) {
        review_find(review, "foreign_account", VERDICT_DENY, where, "use the pinned account",
                    "it lets calls for the account %s in", account);
    }
}

/* Where each type carries a policy of its own. */
/* clang-format off */
static const struct {
    const char *type;
    const char *member;
} resource_policies[] = {
    {"AWS::S3::BucketPolicy", "PolicyDocument"},       {"AWS::SQS::QueuePolicy", "PolicyDocument"},
    {"AWS::SNS::TopicPolicy", "PolicyDocument"},       {"AWS::KMS::Key", "KeyPolicy"},
    {"AWS::ECR::Repository", "RepositoryPolicyText"},  {"AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"},
    {"AWS::EFS::FileSystem", "FileSystemPolicy"},      {"AWS::ApiGateway::RestApi", "Policy"},
    {"AWS::DynamoDB::Table", "ResourcePolicy.PolicyDocument"},
    {"AWS::S3::AccessPoint", "Policy"},                {"AWS::Backup::BackupVault", "AccessPolicy"},
    {"AWS::IAM::Role", "AssumeRolePolicyDocument"},
};

static const char *const forbidden_types[] = {
    "AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::IAM::UserToGroupAddition", "AWS::IAM::SAMLProvider",
    "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Macro", "AWS::CloudFormation::Stack",
    "AWS::Organizations::Account",
};
/* clang-format on */

void review_iam(struct review *review, const char *where, const char *type,
                const json_t *properties) {
    if (is_one_of(type, forbidden_types, ARRAY_N(forbidden_types)) ||
        strncmp(type, "Custom::", 8) == 0) {
        review_find(review, "forbidden_type", VERDICT_DENY, where, "take the resource out",
                    "a resource of type %s is never part of a deployment", type);
    }
    for (size_t i = 0; i < ARRAY_N(resource_policies); i++) {
        const json_t *document = json_at(properties, resource_policies[i].member);

        if (strcmp(type, resource_policies[i].type) == 0 && document != NULL) {
            review_resource_policy(review, where, document);
        }
    }
    if (strcmp(type, "AWS::Lambda::Permission") == 0) {
        review_lambda_permission(review, where, properties);
    }
    if (strncmp(type, "AWS::IAM::", 10) != 0) {
        return;
    }
    if (json_object_get(properties, "PolicyDocument") != NULL) {
        review_grants(review, where, json_object_get(properties, "PolicyDocument"));
    }
    review_branches(review, where, json_object_get(properties, "Policies"), review_inline);
    review_branches(review, where, json_object_get(properties, "ManagedPolicyArns"),
                    review_managed);
}
