/* guard/review_trust.c: who may become a role, and whom a resource's own policy lets in. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* ---- principals ---- */

struct principal_check {
    struct review *review;
    const char *where;
    const json_t *statement;
    const char *kind; /* "AWS", "Service", "Federated", "CanonicalUser" */
    bool is_trust;
    const json_t *untold; /* a condition that alone holds it, and says not by whom; or NULL */
};

/* Whether anything holds it; what cannot be told is noted. */
static bool note_held(struct principal_check *check, struct review_held held) {
    check->untold = held.hold == REVIEW_HOLD_UNTOLD ? held.by : check->untold;
    return held.hold != REVIEW_HOLD_NONE;
}

/* Whether a condition with one of the keys holds the statement. */
static bool is_held_by(struct principal_check *check, const char *const *keys, size_t n) {
    struct review_held held = {0};

    for (size_t i = 0; i < n; i++) {
        held = review_held_best(held, review_hold(check->review, check->statement, keys[i]));
    }
    return note_held(check, held);
}

static bool is_held(struct principal_check *check, const char *key) {
    return is_held_by(check, &key, 1);
}

/* Says that what holds it cannot be told, where nothing else does. */
static void tell_untold(const struct principal_check *check) {
    CLEANUP(json_decrefp) json_t *names = json_object();

    if (check->untold == NULL) {
        return;
    }
    review_parameters_in(check->review, check->untold, names);
    if (json_object_size(names) > 0) {
        review_unresolved(check->review, check->where, check->untold,
                          "whom the condition names cannot be told");
    } else {
        review_find(
            check->review, REVIEW_CONDITION_UNTOLD, check->where,
            "whom it lets in depends on what another stack or AWS says, which is not known here");
    }
}

static bool is_held_by_source(struct principal_check *check) {
    static const char *const keys[] = {
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceOwner",
        "aws:PrincipalAccount",
        "aws:PrincipalOrgID",
        "aws:PrincipalArn",
        "aws:PrincipalOrgPaths",
        "aws:SourceVpce",
        "aws:SourceVpc",
        "aws:SourceIp",
        "aws:userId",
        "kms:CallerAccount",
        "elasticfilesystem:AccessedViaMountTarget",
        "s3:DataAccessPointAccount",
        "lambda:FunctionUrlAuthType",
    };

    return is_held_by(check, keys, ARRAY_N(keys));
}

/* Services that say for whom they act when they assume a role. Source: AWS documentation, "confused
 * deputy" of each service. */
static const char *const naming_services[] = {
    "appsync",      "backup",        "batch",     "bedrock",        "codebuild", "codepipeline",
    "config",       "delivery.logs", "ecs-tasks", "events",         "firehose",  "glue",
    "imagebuilder", "iot",           "logs",      "monitoring.rds", "pipes",     "rolesanywhere",
    "sagemaker",    "scheduler",     "ssm",       "states",         "transfer",  "vpc-flow-logs",
};

static bool names_its_source(const char *service) {
    for (size_t i = 0; i < ARRAY_N(naming_services); i++) {
        CLEANUP(freep) char *host = mem_format("%s.amazonaws.com", naming_services[i]);
        if (strcmp(service, host) == 0) {
            return true;
        }
    }
    return false;
}

/* The account of a principal: twelve digits, or those in an ARN. */
static struct str principal_account(const char *text) {
    struct str arn = str_from(text);

    return str_starts(arn, STR("arn:")) ? review_arn_part(arn, 4) : arn;
}

static bool is_this_account(const struct review *review, struct str account) {
    return str_eq(account, STR("${AWS::AccountId}")) || review_is_own_account(review, account);
}

/* An identity of another account; without a pinned one, of any. */
static void check_foreign(struct principal_check *check, const char *text) {
    bool is_pinned = check->review->ctx->account != NULL;
    bool is_allowed = review_is_own_account(check->review, principal_account(text));

    if (is_pinned && !is_allowed) {
        review_find(check->review, REVIEW_FOREIGN_ACCOUNT, check->where,
                    "it lets the account or identity %s in", text);
    }
    if (check->is_trust && !is_pinned && !is_held(check, "sts:ExternalId")) {
        review_find(check->review, REVIEW_EXTERNAL_ID, check->where,
                    "the account or identity %s may become it, for anybody", text);
    }
}

/* An account of the user's own settings is still another one. */
static void check_allowed(struct principal_check *check, const char *text) {
    struct str account = principal_account(text);
    bool is_pinned = str_eq(account, STR("${AWS::AccountId}")) ||
                     (check->review->ctx->account != NULL &&
                      str_eq(account, str_from(check->review->ctx->account)));

    if (check->is_trust && !is_pinned && !is_held(check, "sts:ExternalId")) {
        review_find(check->review, REVIEW_EXTERNAL_ID, check->where,
                    "the account or identity %s may become it, for anybody", text);
    }
}

static void check_identity(struct principal_check *check, const char *text) {
    struct str account = principal_account(text);
    /* CloudFront's own principal and reserved ones carry a word instead of an account; a resource
     * of the template is of this account. */
    bool is_reserved = str_eq(account, STR("cloudfront")) || str_eq(account, STR("aws"));
    bool is_of_template = str_starts(str_from(text), STR("${")) && account.len > 0 &&
                          !str_starts(str_from(text), STR("${AWS::"));

    if (strcmp(text, "*") == 0 || str_eq(account, STR("*"))) {
        if (!is_held_by_source(check)) {
            review_find(check->review, REVIEW_PUBLIC_ACCESS, check->where, "it lets everybody in");
        }
    } else if (is_this_account(check->review, account)) {
        check_allowed(check, text);
    } else if (!is_reserved && !is_of_template) {
        check_foreign(check, text);
    }
}

static void check_service(struct principal_check *check, const char *service) {
    /* A service sets the context itself, so that it says for whom it acts; anybody else may set
     * any. */
    bool is_bound = is_held_by_source(check) || is_held(check, "kms:EncryptionContext:");

    /* Firehose says by the external id for which account it acts. Source: Amazon Data Firehose,
     * "Controlling access". */
    is_bound = is_bound ||
               (strcmp(service, "firehose.amazonaws.com") == 0 && is_held(check, "sts:ExternalId"));

    if (is_bound) {
        return;
    }
    if (!check->is_trust) {
        review_find(check->review, REVIEW_CONFUSED_DEPUTY, check->where,
                    "%s may use it for anybody", service);
    } else if (names_its_source(service)) {
        review_find(check->review, REVIEW_CONFUSED_TRUST, check->where,
                    "%s may become it for anybody", service);
    }
}

static bool check_principal(const char *text, void *with) {
    struct principal_check *check = with;

    if (strcmp(check->kind, "AWS") == 0 || strcmp(text, "*") == 0) {
        check_identity(check, text);
    } else if (strcmp(check->kind, "Federated") == 0) {
        static const char *const subjects[] = {":sub", ":amr"};
        /* SAML and Cognito's identity pools say by the audience and by how who signed in. */
        bool has_subject =
            strstr(text, "saml-provider") != NULL || is_held_by(check, subjects, ARRAY_N(subjects));

        if (!is_held(check, ":aud") || !has_subject) {
            review_find(check->review, REVIEW_FEDERATION_OPEN, check->where,
                        "whoever the identity provider knows may become this role");
        }
    } else if (strcmp(check->kind, "Service") == 0) {
        check_service(check, text);
    } else if (strcmp(check->kind, "CanonicalUser") != 0 || check->review->ctx->account != NULL) {
        review_find(check->review, REVIEW_FOREIGN_ACCOUNT, check->where,
                    "a principal of kind %s cannot be told", check->kind);
    }
    return true;
}

/* ---- statements ---- */

static bool note_star(const char *text, void *with) {
    bool *is_star = with;
    const char *colon = strchr(text, ':');

    *is_star = *is_star || strcmp(text, "*") == 0 || (colon != NULL && strcmp(colon, ":*") == 0);
    return true;
}

/* The policy of a key has to allow all of KMS to the root of its account. */
static void review_open_action(struct review *review, const char *where, const json_t *statement) {
    bool is_star = false;
    const json_t *who = json_object_get(statement, "Principal");
    CLEANUP(freep) char *principal = who == NULL ? mem_strdup("") : json_text(who);
    bool is_key = strstr(where, ".KeyPolicy.") != NULL && strstr(principal, ":root") != NULL;

    (void)review_texts(review, json_object_get(statement, "Action"), note_star, &is_star);
    if (is_star && !is_key) {
        review_find(review, REVIEW_PUBLIC_ACTION, where, "it allows every action of the service");
    }
}

static void review_who(struct principal_check *check, const json_t *principal) {
    const char *kind = NULL;
    json_t *who = NULL;

    if (json_is_string(principal)) {
        check->kind = "AWS";
        (void)check_principal(json_string_value(principal), check);
        return;
    }
    if (!json_is_object(principal) || json_object_get(principal, "Ref") != NULL) {
        review_unresolved(check->review, check->where, principal, "who is let in cannot be told");
        return;
    }
    json_object_foreach(walk(principal), kind, who) {
        check->kind = kind;
        if (!review_texts(check->review, who, check_principal, check)) {
            review_unresolved(check->review, check->where, who, "who is let in cannot be told");
        }
    }
}

static void review_principals(struct review *review, const char *where, const json_t *statement,
                              bool is_trust) {
    const char *effect = json_str_at(statement, "Effect");
    struct principal_check check = {
        .review = review, .where = where, .statement = statement, .is_trust = is_trust};

    if (effect != NULL && strcmp(effect, "Deny") == 0) {
        return;
    }
    review_open_action(review, where, statement);
    if (json_object_get(statement, "NotPrincipal") != NULL ||
        json_object_get(statement, "NotAction") != NULL) {
        review_find(review, REVIEW_ALLOW_NOT, where,
                    "it lets everybody, or everything, in but some");
        return;
    }
    review_who(&check, json_object_get(statement, "Principal"));
    tell_untold(&check);
}

static void review_trust_statement(struct review *review, const char *where,
                                   const json_t *statement) {
    review_principals(review, where, statement, true);
}

static void review_resource_statement(struct review *review, const char *where,
                                      const json_t *statement) {
    review_principals(review, where, statement, false);
}

/* ---- carriers ---- */

/* Where each type carries a policy of its own; "A[].B" is B of each A. Source: the schemas of
 * CloudFormation, by test/e2e/test_policy.py. */
/* clang-format off */
static const struct {
    const char *type;
    const char *member;
} resource_policies[] = {
    {"AWS::S3::BucketPolicy", "PolicyDocument"}, {"AWS::S3::AccessPoint", "Policy"}, {"AWS::S3::MultiRegionAccessPointPolicy", "Policy"},
    {"AWS::S3Express::BucketPolicy", "PolicyDocument"}, {"AWS::S3Express::AccessPoint", "Policy"}, {"AWS::S3Files::FileSystemPolicy", "Policy"},
    {"AWS::S3ObjectLambda::AccessPointPolicy", "PolicyDocument"}, {"AWS::S3Outposts::AccessPoint", "Policy"},
    {"AWS::S3Outposts::BucketPolicy", "PolicyDocument"}, {"AWS::S3Tables::TableBucketPolicy", "ResourcePolicy"},
    {"AWS::S3Tables::TablePolicy", "ResourcePolicy"}, {"AWS::S3Vectors::VectorBucketPolicy", "Policy"},
    {"AWS::FSx::S3AccessPointAttachment", "S3AccessPoint.Policy"}, {"AWS::SQS::QueuePolicy", "PolicyDocument"},
    {"AWS::SQS::QueueInlinePolicy", "PolicyDocument"}, {"AWS::SNS::TopicPolicy", "PolicyDocument"}, {"AWS::SNS::TopicInlinePolicy", "PolicyDocument"},
    {"AWS::KMS::Key", "KeyPolicy"}, {"AWS::KMS::ReplicaKey", "KeyPolicy"}, {"AWS::PaymentCryptography::Key", "Policy"},
    {"AWS::ECR::RegistryPolicy", "PolicyText"}, {"AWS::ECR::Repository", "RepositoryPolicyText"},
    {"AWS::ECR::PublicRepository", "RepositoryPolicyText"}, {"AWS::ECR::RepositoryCreationTemplate", "RepositoryPolicy"},
    {"AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"}, {"AWS::SSM::ResourcePolicy", "Policy"}, {"AWS::EFS::FileSystem", "FileSystemPolicy"},
    {"AWS::ApiGateway::RestApi", "Policy"}, {"AWS::ApiGateway::DomainNameV2", "Policy"},
    {"AWS::Serverless::Api", "Policy"}, {"AWS::Serverless::Api", "Auth.ResourcePolicy.CustomStatements"}, {"AWS::DynamoDB::Table", "ResourcePolicy.PolicyDocument"},
    {"AWS::DynamoDB::Table", "StreamSpecification.ResourcePolicy.PolicyDocument"},
    {"AWS::DynamoDB::GlobalTable", "Replicas[].ResourcePolicy.PolicyDocument"},
    {"AWS::DynamoDB::GlobalTable", "Replicas[].ReplicaStreamSpecification.ResourcePolicy.PolicyDocument"}, {"AWS::DSQL::Cluster", "PolicyDocument"},
    {"AWS::Redshift::Cluster", "NamespaceResourcePolicy"}, {"AWS::RedshiftServerless::Namespace", "NamespaceResourcePolicy"},
    {"AWS::EC2::VPCEndpoint", "PolicyDocument"}, {"AWS::VpcLattice::AuthPolicy", "Policy"}, {"AWS::VpcLattice::ResourcePolicy", "Policy"},
    {"AWS::Backup::BackupVault", "AccessPolicy"}, {"AWS::Backup::LogicallyAirGappedBackupVault", "AccessPolicy"},
    {"AWS::OpenSearchService::Domain", "AccessPolicies"}, {"AWS::Elasticsearch::Domain", "AccessPolicies"},
    {"AWS::OSIS::Pipeline", "ResourcePolicy.Policy"}, {"AWS::Kinesis::ResourcePolicy", "ResourcePolicy"}, {"AWS::Kinesis::Stream", "ResourcePolicy"},
    {"AWS::MSK::ClusterPolicy", "Policy"}, {"AWS::Events::EventBusPolicy", "Statement"}, {"AWS::Events::EventBus", "Policy"},
    {"AWS::EventSchemas::RegistryPolicy", "Policy"}, {"AWS::EventsV2::ResourcePolicy", "PolicyDocument"},
    {"AWS::Lambda::ResourcePolicy", "PolicyDocument"}, {"AWS::Logs::ResourcePolicy", "PolicyDocument"},
    {"AWS::Logs::LogGroup", "ResourcePolicyDocument"}, {"AWS::Logs::Destination", "DestinationPolicy"},
    {"AWS::Logs::DeliveryDestination", "DeliveryDestinationPolicy.DeliveryDestinationPolicy"}, {"AWS::CloudTrail::ResourcePolicy", "ResourcePolicy"},
    {"AWS::XRay::ResourcePolicy", "PolicyDocument"}, {"AWS::Oam::Sink", "Policy"}, {"AWS::AIOps::InvestigationGroup", "InvestigationGroupPolicy"},
    {"AWS::APS::ResourcePolicy", "PolicyDocument"}, {"AWS::RUM::AppMonitor", "ResourcePolicy.PolicyDocument"},
    {"AWS::CodeArtifact::Domain", "PermissionsPolicyDocument"}, {"AWS::CodeArtifact::Repository", "PermissionsPolicyDocument"},
    {"AWS::Bedrock::ResourcePolicy", "PolicyDocument"}, {"AWS::Bedrock::KnowledgeBasePolicy", "PolicyDocument"},
    {"AWS::BedrockAgentCore::ResourcePolicy", "Policy"}, {"AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupPolicy"},
    {"AWS::Omics::SequenceStore", "S3AccessPolicy"}, {"AWS::Lex::ResourcePolicy", "Policy"}, {"AWS::SMSVOICE::ResourcePolicy", "PolicyDocument"},
    {"AWS::MediaStore::Container", "Policy"}, {"AWS::MediaPackageV2::ChannelPolicy", "Policy"},
    {"AWS::MediaPackageV2::OriginEndpointPolicy", "Policy"}, {"AWS::MediaTailor::ChannelPolicy", "Policy"},
    {"AWS::IAM::Role", "AssumeRolePolicyDocument"}, {"AWS::Serverless::Function", "AssumeRolePolicyDocument"},
};
/* clang-format on */

static void add_policy(const char *place, const json_t *document, json_t *out) {
    if (document != NULL && !review_is_no_value(document)) {
        json_array_append_new(out,
                              json_pack("{s:s,s:O}", "place", place, "document", walk(document)));
    }
}

/* What stands at `member`, in each element where it says []. */
static void add_policies(const json_t *properties, const char *member, json_t *out) {
    const char *each = strstr(member, "[].");
    size_t i = 0;
    json_t *item = NULL;

    if (each == NULL) {
        add_policy(member, json_at(properties, member), out);
        return;
    }
    CLEANUP(freep) char *list = mem_format("%.*s", (int)(each - member), member);
    json_array_foreach(json_at(properties, list), i, item) {
        CLEANUP(freep) char *place = mem_format("%s.%zu.%s", list, i, each + 3);
        add_policy(place, json_at(item, each + 3), out);
    }
}

/* The old way to write one statement of a bus: {"Action","Principal","Condition":{"Type","Key",
 * "Value"}}. */
static json_t *bus_statement(const json_t *properties) {
    const json_t *condition = json_object_get(properties, "Condition");
    json_t *out = json_pack("{s:s,s:O*,s:{s:O*}}", "Effect", "Allow", "Action",
                            json_object_get(properties, "Action"), "Principal", "AWS",
                            json_object_get(properties, "Principal"));

    if (json_is_object(condition)) {
        json_put(out, "Condition",
                 json_pack("{s:{s:O*}}", json_str_or(condition, "Type", ""),
                           json_str_or(condition, "Key", ""), json_object_get(condition, "Value")));
    }
    return out;
}

json_t *review_own_policies(const struct review *review, const char *type,
                            const json_t *properties) {
    json_t *out = json_array();
    size_t i = 0;
    json_t *policy = NULL;

    for (size_t k = 0; k < ARRAY_N(resource_policies); k++) {
        if (strcmp(type, resource_policies[k].type) == 0) {
            add_policies(properties, resource_policies[k].member, out);
        }
    }
    if (strcmp(type, "AWS::Events::EventBusPolicy") == 0 &&
        json_object_get(properties, "Principal") != NULL) {
        CLEANUP(json_decrefp) json_t *statement = bus_statement(properties);
        add_policy("Principal", statement, out);
    }
    json_array_foreach(out, i, policy) { /* a document that is written as a text */
        json_t *read = review_resolve_document(review, json_object_get(policy, "document"));

        if (read != NULL) {
            json_put(policy, "document", read);
        }
    }
    return out;
}

static void review_resource_policy(struct review *review, const char *where, bool is_trust,
                                   const json_t *document) {
    bool is_statement = json_object_get(document, "Effect") != NULL || json_is_array(document);
    const json_t *statement = is_statement ? document : json_object_get(document, "Statement");

    if (statement == NULL) {
        review_unresolved(review, where, document, "a policy cannot be read");
        return;
    }
    CLEANUP(freep) char *place = mem_format("%s%s", where, is_statement ? "" : ".Statement");
    review_branches(review, place, statement,
                    is_trust ? review_trust_statement : review_resource_statement);
}

static bool is_tls_only(const json_t *statement) {
    const json_t *value = json_at(statement, "Condition.Bool");

    return strcmp(json_str_or(statement, "Effect", ""), "Deny") == 0 &&
           review_is_false(json_object_get(value, "aws:SecureTransport"));
}

static void review_plain_bucket(struct review *review, const char *where, const json_t *policies) {
    const json_t *document = json_object_get(json_array_get(policies, 0), "document");
    const json_t *statements = json_object_get(document, "Statement");
    bool has_tls = is_tls_only(statements);
    size_t i = 0;
    json_t *statement = NULL;

    json_array_foreach(statements, i, statement) {
        has_tls = has_tls || is_tls_only(statement) ||
                  is_tls_only(json_array_get(json_object_get(statement, "Fn::If"), 1));
    }
    if (!has_tls) {
        review_find(review, REVIEW_PLAIN_BUCKET, where, "no statement denies requests without TLS");
    }
}

/* What a permission says of who may, as conditions on `key` would. */
struct named {
    const char *member;
    const char *key;
};

/* Whether one of the members says who. */
static bool is_named(struct principal_check *check, const struct named *rows, size_t n) {
    struct review_held held = {0};

    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(check->statement, rows[i].member);

        held = review_held_best(
            held, (struct review_held){review_hold_by(check->review, rows[i].key, value), value});
    }
    return note_held(check, held);
}

static void review_lambda_permission(struct review *review, const char *where,
                                     const json_t *properties) {
    CLEANUP(freep) char *who = review_resolve(review, json_object_get(properties, "Principal"));
    const char *auth = json_str_at(properties, "FunctionUrlAuthType");
    /* The ARN of a bucket has no account: whoever takes a name that is free again has it. */
    bool is_bucket = who != NULL && strcmp(who, "s3.amazonaws.com") == 0;
    static const struct named sources[] = {{"PrincipalOrgID", "aws:PrincipalOrgID"},
                                           {"SourceAccount", "aws:SourceAccount"},
                                           {"SourceArn", "aws:SourceArn"}};
    struct principal_check check = {
        .review = review, .where = where, .statement = properties, .kind = "AWS"};

    review_open_action(review, where, properties);
    if (auth != NULL && strcmp(auth, "NONE") == 0) {
        review_find(review, REVIEW_PUBLIC_FUNCTION, where, "everybody may call the function's URL");
        return;
    }
    if (who == NULL) {
        review_unresolved(review, where, json_object_get(properties, "Principal"),
                          "who may call the function cannot be told");
    } else if (strcmp(who, "*") == 0) {
        if (!is_named(&check, sources, 1)) {
            review_find(review, REVIEW_PUBLIC_FUNCTION, where, "everybody may call the function");
        }
    } else if (strstr(who, ".amazonaws.com") != NULL) {
        if (!is_named(&check, sources, is_bucket ? 2 : 3)) {
            review_find(review, REVIEW_CONFUSED_DEPUTY, where,
                        "%s may call the function for anybody", who);
        }
    } else {
        check_identity(&check, who);
    }
    tell_untold(&check);
}

static void review_layer_permission(struct review *review, const char *where,
                                    const json_t *properties) {
    static const struct named organization = {"OrganizationId", "aws:PrincipalOrgID"};
    CLEANUP(freep) char *who = review_resolve(review, json_object_get(properties, "Principal"));
    struct principal_check check = {
        .review = review, .where = where, .statement = properties, .kind = "AWS"};

    if (who == NULL) {
        review_unresolved(review, where, json_object_get(properties, "Principal"),
                          "who may use the layer cannot be told");
    } else if (strcmp(who, "*") != 0) {
        check_identity(&check, who);
    } else if (!is_named(&check, &organization, 1)) {
        review_find(review, REVIEW_PUBLIC_FUNCTION, where, "everybody may use the layer");
    }
    tell_untold(&check);
}

static bool check_listed(const char *text, void *with) {
    struct principal_check *check = with;

    if (strstr(text, ".amazonaws.com") == NULL) {
        check_identity(check, text);
    }
    return true;
}

void review_principal_list(struct review *review, const char *where, const json_t *value) {
    struct principal_check check = {.review = review, .where = where, .kind = "AWS"};

    if (!review_texts(review, value, check_listed, &check)) {
        review_unresolved(review, where, value, "who is let in cannot be told");
    }
}

void review_trust(struct review *review, const char *where, const char *type,
                  const json_t *properties) {
    CLEANUP(json_decrefp) json_t *policies = review_own_policies(review, type, properties);
    bool is_trust =
        strcmp(type, "AWS::IAM::Role") == 0 || strcmp(type, "AWS::Serverless::Function") == 0;
    size_t i = 0;
    json_t *policy = NULL;

    json_array_foreach(policies, i, policy) {
        CLEANUP(freep)
        char *place = mem_format("%s.Properties.%s", where, json_str_or(policy, "place", ""));
        review_resource_policy(review, place, is_trust, json_object_get(policy, "document"));
    }
    if (strcmp(type, "AWS::S3::BucketPolicy") == 0) {
        review_plain_bucket(review, where, policies);
    }
    if (strcmp(type, "AWS::Lambda::Permission") == 0) {
        review_lambda_permission(review, where, properties);
    }
    if (strcmp(type, "AWS::Lambda::LayerVersionPermission") == 0) {
        review_layer_permission(review, where, properties);
    }
}
