/* guard/review_template.c: every resource of a template is read. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* ---- data ---- */

enum keeping {
    DATA_NONE = 0,
    DATA_LOST, /* losing it loses something; removing it is told apart in change sets */
    DATA_KEPT, /* and the template has to keep it */
};

/* clang-format off */
static const struct {
    const char *type;
    enum keeping keeping;
} data_rows[] = {
    {"AWS::S3::Bucket", DATA_KEPT}, {"AWS::DynamoDB::Table", DATA_KEPT}, {"AWS::DynamoDB::GlobalTable", DATA_KEPT},
    {"AWS::RDS::DBInstance", DATA_KEPT}, {"AWS::RDS::DBCluster", DATA_KEPT}, {"AWS::DocDB::DBCluster", DATA_KEPT},
    {"AWS::Neptune::DBCluster", DATA_KEPT}, {"AWS::EFS::FileSystem", DATA_KEPT}, {"AWS::FSx::FileSystem", DATA_KEPT},
    {"AWS::ECR::Repository", DATA_KEPT}, {"AWS::KMS::Key", DATA_KEPT}, {"AWS::Cognito::UserPool", DATA_KEPT},
    {"AWS::OpenSearchService::Domain", DATA_KEPT}, {"AWS::Elasticsearch::Domain", DATA_KEPT}, {"AWS::Redshift::Cluster", DATA_KEPT},
    {"AWS::Serverless::SimpleTable", DATA_KEPT}, {"AWS::DSQL::Cluster", DATA_KEPT}, {"AWS::RDS::GlobalCluster", DATA_LOST},
    {"AWS::DocDB::DBInstance", DATA_LOST}, {"AWS::DocDB::GlobalCluster", DATA_LOST}, {"AWS::DocDBElastic::Cluster", DATA_KEPT},
    {"AWS::Neptune::DBInstance", DATA_LOST}, {"AWS::Neptune::GlobalCluster", DATA_LOST}, {"AWS::NeptuneGraph::Graph", DATA_KEPT},
    {"AWS::EC2::Volume", DATA_LOST}, {"AWS::FSx::Volume", DATA_LOST}, {"AWS::S3Files::FileSystem", DATA_LOST}, {"AWS::Logs::LogGroup", DATA_LOST},
    {"AWS::SecretsManager::Secret", DATA_LOST}, {"AWS::SSM::Parameter", DATA_LOST}, {"AWS::ElastiCache::ReplicationGroup", DATA_LOST},
    {"AWS::ElastiCache::CacheCluster", DATA_LOST}, {"AWS::ElastiCache::ServerlessCache", DATA_LOST}, {"AWS::MemoryDB::Cluster", DATA_KEPT},
    {"AWS::MemoryDB::MultiRegionCluster", DATA_LOST}, {"AWS::Kinesis::Stream", DATA_LOST}, {"AWS::KinesisVideo::Stream", DATA_LOST},
    {"AWS::SQS::Queue", DATA_LOST}, {"AWS::MSK::Cluster", DATA_LOST}, {"AWS::MSK::ServerlessCluster", DATA_LOST},
    {"AWS::AmazonMQ::Broker", DATA_LOST}, {"AWS::Timestream::Table", DATA_KEPT}, {"AWS::Timestream::Database", DATA_LOST},
    {"AWS::Timestream::InfluxDBInstance", DATA_KEPT}, {"AWS::Timestream::InfluxDBCluster", DATA_KEPT}, {"AWS::Backup::BackupVault", DATA_LOST},
    {"AWS::Backup::LogicallyAirGappedBackupVault", DATA_LOST}, {"AWS::S3Express::DirectoryBucket", DATA_KEPT},
    {"AWS::S3Tables::TableBucket", DATA_KEPT}, {"AWS::S3Tables::Namespace", DATA_LOST}, {"AWS::S3Tables::Table", DATA_KEPT},
    {"AWS::S3Vectors::VectorBucket", DATA_KEPT}, {"AWS::S3Vectors::Index", DATA_LOST}, {"AWS::S3Outposts::Bucket", DATA_LOST},
    {"AWS::Lightsail::Bucket", DATA_LOST}, {"AWS::Lightsail::Database", DATA_LOST}, {"AWS::Lightsail::Disk", DATA_LOST},
    {"AWS::Cassandra::Table", DATA_KEPT}, {"AWS::Cassandra::Keyspace", DATA_LOST}, {"AWS::QLDB::Ledger", DATA_LOST}, {"AWS::SDB::Domain", DATA_LOST},
    {"AWS::EMR::Cluster", DATA_LOST}, {"AWS::RedshiftServerless::Namespace", DATA_KEPT}, {"AWS::OpenSearchServerless::Collection", DATA_KEPT},
    {"AWS::Kendra::Index", DATA_LOST}, {"AWS::Bedrock::KnowledgeBase", DATA_LOST}, {"AWS::CloudFront::KeyValueStore", DATA_LOST},
    {"AWS::CloudTrail::EventDataStore", DATA_LOST}, {"AWS::CodeCommit::Repository", DATA_LOST}, {"AWS::CodeArtifact::Repository", DATA_LOST},
    {"AWS::CodeArtifact::Domain", DATA_LOST}, {"AWS::ECR::PublicRepository", DATA_LOST}, {"AWS::Events::Archive", DATA_LOST},
    {"AWS::APS::Workspace", DATA_LOST}, {"AWS::Grafana::Workspace", DATA_LOST}, {"AWS::HealthImaging::Datastore", DATA_LOST},
    {"AWS::HealthLake::FHIRDatastore", DATA_LOST}, {"AWS::Omics::SequenceStore", DATA_LOST}, {"AWS::Omics::ReferenceStore", DATA_LOST},
    {"AWS::WorkSpaces::Workspace", DATA_LOST}, {"AWS::SageMaker::Domain", DATA_LOST}, {"AWS::SageMaker::NotebookInstance", DATA_LOST},
    {"AWS::DirectoryService::MicrosoftAD", DATA_LOST}, {"AWS::DirectoryService::SimpleAD", DATA_LOST}, {"AWS::CloudHSM::Cluster", DATA_LOST},
    {"AWS::KMS::ReplicaKey", DATA_LOST}, {"AWS::PaymentCryptography::Key", DATA_LOST}, {"AWS::VerifiedPermissions::PolicyStore", DATA_LOST},
    {"AWS::CustomerProfiles::Domain", DATA_LOST}, {"AWS::SES::MailManagerArchive", DATA_LOST}, {"AWS::CloudFormation::Stack", DATA_LOST},
    {"AWS::Organizations::Account", DATA_LOST},
};

static const char *const forbidden_types[] = {
    "AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::IAM::UserToGroupAddition", "AWS::IAM::SAMLProvider",
    "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Macro", "AWS::CloudFormation::Stack", "AWS::Serverless::Application",
    "AWS::CloudFormation::StackSet", "AWS::CloudFormation::LambdaHook", "AWS::CloudFormation::GuardHook", "AWS::CloudFormation::HookVersion",
    "AWS::CloudFormation::HookDefaultVersion", "AWS::CloudFormation::HookTypeConfig", "AWS::CloudFormation::ModuleVersion",
    "AWS::CloudFormation::ModuleDefaultVersion", "AWS::CloudFormation::ResourceVersion", "AWS::CloudFormation::ResourceDefaultVersion",
    "AWS::CloudFormation::PublicTypeVersion", "AWS::CloudFormation::TypeActivation",
    "AWS::Organizations::Account", "AWS::Organizations::Organization", "AWS::Organizations::Policy", "AWS::Organizations::ResourcePolicy",
    "AWS::SSO::Assignment", "AWS::AppSync::ApiKey",
};
/* clang-format on */

static enum keeping keeping_of(const char *type) {
    for (size_t i = 0; i < ARRAY_N(data_rows); i++) {
        if (strcmp(type, data_rows[i].type) == 0) {
            return data_rows[i].keeping;
        }
    }
    return DATA_NONE;
}

bool review_is_data(const char *type) { return keeping_of(type) != DATA_NONE; }

size_t policy_data_n(void) { return ARRAY_N(data_rows); }

const char *policy_data(size_t i, bool *must_be_kept) {
    *must_be_kept = data_rows[i].keeping == DATA_KEPT;
    return data_rows[i].type;
}

bool review_is_kept(const char *policy) {
    return strcmp(policy, "Retain") == 0 || strcmp(policy, "RetainExceptOnCreate") == 0 ||
           strcmp(policy, "Snapshot") == 0;
}

static void review_protection(struct review *review, const char *where, const char *name,
                              const json_t *resource) {
    const char *deletion = json_str_or(resource, "DeletionPolicy", "Delete");
    const char *replace = json_str_or(resource, "UpdateReplacePolicy", "Delete");
    const json_t *before = review_before(review, name);

    if (keeping_of(json_str_or(resource, "Type", "")) == DATA_KEPT &&
        (!review_is_kept(deletion) || !review_is_kept(replace))) {
        review_find(review, REVIEW_DATA_UNPROTECTED, where, "its data would go with the resource");
    }
    if ((review_is_kept(json_str_or(before, "DeletionPolicy", "Delete")) &&
         !review_is_kept(deletion)) ||
        (review_is_kept(json_str_or(before, "UpdateReplacePolicy", "Delete")) &&
         !review_is_kept(replace))) {
        review_find(review, REVIEW_PROTECTION_REMOVED, where,
                    "what kept its data until now is taken away");
    }
}

/* A rule of a bucket's life that takes everything, soon. */
static void review_expiry(struct review *review, const char *where, const json_t *rule) {
    enum { DAYS_SOON = 30 };
    const json_t *days = json_object_get(rule, "ExpirationInDays");
    char room[24];
    const char *prefix = json_str_or(rule, "Prefix", "");
    int64_t number = 0;
    struct err unread = {0};
    bool is_soon = json_object_get(rule, "ExpirationDate") != NULL ||
                   (days != NULL && (str_to_i64(str_from(template_scalar(days, room, sizeof room)),
                                                0, INT32_MAX, &number, &unread) != ERR_NONE ||
                                     number < DAYS_SOON));
    bool is_some = prefix[0] != '\0' || json_object_get(rule, "TagFilters") != NULL ||
                   json_object_get(rule, "ObjectSizeGreaterThan") != NULL ||
                   json_object_get(rule, "ObjectSizeLessThan") != NULL;

    if (is_soon && !is_some && strcmp(json_str_or(rule, "Status", ""), "Disabled") != 0) {
        review_find(review, REVIEW_DATA_EXPIRES, where,
                    "everything in the bucket is deleted within a month, or on a day");
    }
}

/* ---- the logs of functions ---- */

/* Whether a group of the template is the one that Lambda would make for the function. */
static bool has_log_group(const struct review *review, const char *name, const json_t *properties) {
    CLEANUP(freep) char *ref = mem_format("${%s}", name);
    CLEANUP(freep)
    char *given = review_resolve(review, json_object_get(properties, "FunctionName"));
    const char *other = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), other, resource) {
        CLEANUP(freep)
        char *group = review_resolve(review, json_at(resource, "Properties.LogGroupName"));
        struct str rest = str_from(group);

        if (strcmp(json_str_or(resource, "Type", ""), "AWS::Logs::LogGroup") == 0 &&
            str_starts(rest, STR("/aws/lambda/"))) {
            rest = str_slice(rest, 12, rest.len);
            if (str_eq(rest, str_from(ref)) || (given != NULL && str_eq(rest, str_from(given)))) {
                return true;
            }
        }
    }
    return false;
}

/* Lambda makes a group for a function that has none, and keeps what is in it for ever. */
static void review_function_logs(struct review *review, const char *where, const char *name,
                                 const char *type, const json_t *properties) {
    bool is_function = strcmp(type, "AWS::Lambda::Function") == 0 ||
                       strcmp(type, "AWS::Serverless::Function") == 0;

    if (is_function && json_at(properties, "LoggingConfig.LogGroup") == NULL &&
        !has_log_group(review, name, properties)) {
        review_find(review, REVIEW_NO_RETENTION, where,
                    "the function's logs go to a group that Lambda makes, and are kept for ever");
    }
}

/* ---- resources ---- */

static void review_type(struct review *review, const char *where, const char *type) {
    bool is_module = str_ends(str_from(type), STR("::MODULE"));
    bool is_forbidden = strncmp(type, "Custom::", 8) == 0;

    for (size_t i = 0; i < ARRAY_N(forbidden_types); i++) {
        is_forbidden = is_forbidden || strcmp(type, forbidden_types[i]) == 0;
    }
    if (is_forbidden) {
        review_find(review, REVIEW_FORBIDDEN_TYPE, where,
                    "a resource of type %s is never part of a deployment", type);
    } else if (is_module || (strncmp(type, "AWS::", 5) != 0 && strncmp(type, "Alexa::", 7) != 0)) {
        review_find(review, REVIEW_FOREIGN_TYPE, where,
                    "what a resource of type %s makes is not seen", type);
    }
}

static void review_resource(struct review *review, const char *name, const json_t *resource) {
    CLEANUP(freep) char *where = mem_format("Resources.%s", name);
    const char *type = json_str_at(resource, "Type");
    const json_t *given = json_object_get(resource, "Properties");
    const json_t *properties = json_is_null(given) ? NULL : given;

    if (type == NULL || (properties != NULL && !json_is_object(properties))) {
        review_find(review, REVIEW_UNRESOLVED, where, "the resource cannot be read");
        return;
    }
    review_type(review, where, type);
    review_iam(review, where, type, properties);
    review_trust(review, where, type, properties);
    review_properties(review, where, type, properties);
    review_network(review, where, type, properties);
    review_web(review, where, name, type, properties);
    review_access(review, where, type, properties);
    review_openapi(review, where, type, properties);
    review_sam_events(review, where, type, properties);
    review_function_logs(review, where, name, type, properties);
    review_owners(review, where, properties);
    if (strcmp(type, "AWS::S3::Bucket") == 0) {
        CLEANUP(freep) char *rules = mem_format("%s.Properties.LifecycleConfiguration", where);

        review_branches(review, rules, json_at(properties, "LifecycleConfiguration.Rules"),
                        review_expiry);
    }
    review_protection(review, where, name, resource);
}

void review_template(struct review *review) {
    const json_t *resources = json_object_get(review->template, "Resources");
    const char *name = NULL;
    json_t *resource = NULL;

    if (!json_is_object(resources)) {
        review_find(review, REVIEW_UNRESOLVED, "Resources", "the template cannot be read");
        return;
    }
    review_transforms(review);
    json_object_foreach(walk(resources), name, resource) {
        if (strncmp(name, "Fn::", 4) != 0) { /* told by review_transforms() */
            review_resource(review, name, resource);
        }
    }
    review_paths(review);
    review_accounts(review, "", review->written);
    review_secrets(review);
}

enum verdict policy_review_template(const json_t *template, const struct review_ctx *ctx,
                                    json_t *findings) {
    struct review review = {.ctx = ctx, .findings = findings, .verdict = VERDICT_ALLOW};

    review_begin(&review, template, ctx->parameters);
    review_template(&review);
    review_end(&review);
    return review.verdict;
}
