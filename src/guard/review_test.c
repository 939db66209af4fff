/* The two reviews: our own templates, whole mechanisms, and what parameters and transforms decide.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "guard/iam/actions.h"
#include "guard/iam/paths.h"
#include "guard/policy.h"
#include "guard/review_fixture.h"

static const char account[] = "111122223333";

static void the_templates_of_this_program_pass_both_reviews(void **state) {
    static const char *const names[] = {"bootstrap", "lambda-http", "static"};
    const struct redactor *redactor = fixture_redactor();
    struct review_ctx ctx = {
        .account = fixture_account, .region = "eu-central-1", .redactor = redactor};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(freep) char *tail = mem_format("src/aws/templates/%s.json", names[i]);
        CLEANUP(freep) char *path = fixture_path(tail);
        CLEANUP(json_decrefp) json_t *template = fixture_read(path);
        CLEANUP(json_decrefp) json_t *findings = json_array();
        bool is_bootstrap = strcmp(names[i], "bootstrap") == 0;
        CLEANUP(json_decrefp) json_t *plan = fixture_plan(is_bootstrap ? "bootstrap" : "deploy");
        CLEANUP(json_decrefp)
        json_t *set = fixture_creation(template, is_bootstrap ? "bootstrap-depl" : "depl-todo-dev");

        enum verdict verdict = policy_review_plan(plan, template, &ctx, findings);
        verdict = verdict_strictest(verdict, policy_review_set(set, template, &ctx, findings));
        CLEANUP(freep) char *shown = json_text(findings);
        if (verdict != VERDICT_ALLOW) {
            fail_msg("%s: %s", names[i], shown);
        }
    }
}

/* What passes because of one word must fail without it: the bootstrap template is refused as an
 * application. */
static void the_rights_of_the_set_up_stack_are_its_own(void **state) {
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(freep) char *path = fixture_path("src/aws/templates/bootstrap.json");
    CLEANUP(json_decrefp) json_t *template = fixture_read(path);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    CLEANUP(json_decrefp) json_t *plan = fixture_plan("deploy");
    struct review_ctx ctx = {
        .account = fixture_account, .region = "eu-central-1", .redactor = redactor};

    (void)state;
    assert_int_equal(policy_review_plan(plan, template, &ctx, findings), VERDICT_DENY);
}

static void an_account_of_the_users_own_settings_may_be_named(void **state) {
    static const char *const allowed[] = {"999988887777", NULL};
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(freep) char *path = fixture_path("test/policy/sets/foreign-value.bad.json");
    CLEANUP(json_decrefp) json_t *fixture = fixture_read(path);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    struct review_ctx ctx = {
        .account = account, .region = "eu-central-1", .redactor = redactor, .foreign_ok = allowed};

    (void)state;
    assert_int_equal(policy_review_set(json_object_get(fixture, "set"),
                                       json_object_get(fixture, "template"), &ctx, findings),
                     VERDICT_ALLOW);
}

/* What a transform makes has names that the template does not show; what it cannot make all the
 * same is what another template has. */
static void only_a_transform_explains_what_the_template_does_not_name(void **state) {
    static const struct {
        const char *transform;
        bool is_found;
    } rows[] = {
        {"AWS::LanguageExtensions", true},
        {"AWS::Serverless-2016-10-31", false},
        {"Foo::Macro", false},
    };
    const struct redactor *redactor = fixture_redactor();
    struct review_ctx ctx = {
        .account = fixture_account, .region = "eu-central-1", .redactor = redactor};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp)
        json_t *template = json_pack("{s:s,s:{s:{s:s}}}", "Transform", rows[i].transform,
                                     "Resources", "A", "Type", "AWS::SQS::Queue");
        CLEANUP(json_decrefp)
        json_t *other = json_pack("{s:{s:{s:s}}}", "Resources", "B", "Type", "AWS::SQS::Queue");
        CLEANUP(json_decrefp) json_t *set = fixture_creation(other, "depl-todo-dev");
        CLEANUP(json_decrefp) json_t *findings = json_array();

        policy_review_set(set, template, &ctx, findings);
        if (fixture_finds(findings, "other_template") != rows[i].is_found) {
            fail_msg("%s", rows[i].transform);
        }
    }
}

/* A plan whose template has this one resource. */
static enum verdict verdict_of(const char *type, const char *properties, const char *kind) {
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(freep)
    char *text = mem_format("{\"Resources\":{\"R\":{\"Type\":\"%s\",\"DeletionPolicy\":\"Retain\","
                            "\"UpdateReplacePolicy\":\"Retain\",\"Properties\":%s}}}",
                            type, properties);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    CLEANUP(json_decrefp) json_t *template = NULL;
    CLEANUP(json_decrefp) json_t *plan = fixture_plan(kind);
    struct review_ctx ctx = {
        .account = fixture_account, .region = "eu-central-1", .redactor = redactor};
    struct err err = {0};

    for (char *p = text; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (json_read(str_from(text), &template, &err) != ERR_NONE) {
        fail_msg("%s: %s", text, err.text);
    }
    return policy_review_plan(plan, template, &ctx, findings);
}

/* ---- ways to become more ---- */

static void every_known_way_to_become_more_is_found(void **state) {
    (void)state;
    assert_int_equal(iam_path_n(), 65);
    for (size_t i = 0; i < iam_path_n(); i++) {
        json_t *actions = json_array();
        struct str rest = str_from(iam_path(i)->actions);
        struct str action = {0};
        CLEANUP(freep) char *id = mem_strdup(iam_path(i)->id);

        while (rest.len > 0 && str_next(&rest, ' ', &action)) {
            json_array_append_new(actions, json_string_of(action));
        }
        for (int missing = 0; missing < 2; missing++) {
            json_t *statement =
                json_pack("{s:s,s:O,s:s}", "Effect", "Allow", "Action", actions, "Resource", "*");
            json_t *properties = json_pack("{s:[{s:{s:[o]}}]}", "Policies", "PolicyDocument",
                                           "Statement", statement);
            CLEANUP(json_decrefp)
            json_t *findings = fixture_findings("AWS::IAM::Group", properties);
            CLEANUP(freep) char *shown = json_text(findings);
            const char *text =
                json_str_or(json_row(findings, "code", "escalation_path"), "text", "");
            bool is_told = strstr(text, id) != NULL;

            if (is_told != (missing == 0)) {
                fail_msg("%s with %s: %s", id, missing ? "its last action gone" : "all", shown);
            }
            json_array_remove(actions, json_array_size(actions) - 1);
        }
        json_decref(actions);
    }
}

struct unheld {
    json_t *statements;
    size_t n;
};

static bool note_unheld(const struct iam_action *action, void *with) {
    struct unheld *unheld = with;

    if (action->arn[0] == '\0') {
        CLEANUP(freep) char *name = mem_format("%s:%s", action->service, action->name);
        json_array_append_new(unheld->statements, json_pack("{s:s,s:s,s:s}", "Effect", "Allow",
                                                            "Action", name, "Resource", "*"));
        unheld->n++;
    }
    return true;
}

/* They cannot be held to a resource, so AWS demands the star; what they are named hides no secret.
 */
static void no_action_that_has_no_resource_is_blamed_for_the_star(void **state) {
    struct unheld unheld = {.statements = json_array()};

    (void)state;
    (void)iam_expand(STR("*"), note_unheld, &unheld);
    assert_true(unheld.n > 6000);
    json_t *properties =
        json_pack("{s:[{s:{s:o}}]}", "Policies", "PolicyDocument", "Statement", unheld.statements);
    CLEANUP(json_decrefp) json_t *findings = fixture_findings("AWS::IAM::Group", properties);
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const char *code = json_str_or(json_array_get(findings, i), "code", "");
        if (strcmp(code, "wildcard_resource") == 0 || strcmp(code, "secret_in_template") == 0) {
            CLEANUP(freep) char *shown = json_text(json_array_get(findings, i));
            fail_msg("%s", shown);
        }
    }
}

/* cfn-guard's IAM_ROLE_NO_WILDCARD_ACTIONS_ON_PERMISSIONS lets it pass. */
static void a_role_that_may_do_everything_inline_is_stopped(void **state) {
    json_t *properties = json_pack("{s:[{s:{s:[{s:s,s:s,s:s}]}}]}", "Policies", "PolicyDocument",
                                   "Statement", "Effect", "Allow", "Action", "*", "Resource", "*");
    CLEANUP(json_decrefp) json_t *findings = fixture_findings("AWS::IAM::Role", properties);

    (void)state;
    assert_true(fixture_finds(findings, "wildcard_action"));
    assert_true(fixture_finds(findings, "escalation_path"));
}

static void every_resource_with_a_policy_of_its_own_is_read(void **state) {
    static const char *const rows[][2] = {
        {"AWS::S3::BucketPolicy", "{'PolicyDocument':%s}"},
        {"AWS::SQS::QueuePolicy", "{'PolicyDocument':%s}"},
        {"AWS::SNS::TopicPolicy", "{'PolicyDocument':%s}"},
        {"AWS::KMS::Key", "{'EnableKeyRotation':true,'KeyPolicy':%s}"},
        {"AWS::ECR::Repository", "{'ImageTagMutability':'IMMUTABLE','ImageScanningConfiguration':{"
                                 "'ScanOnPush':true},'RepositoryPolicyText':%s}"},
        {"AWS::SecretsManager::ResourcePolicy", "{'ResourcePolicy':%s}"},
        {"AWS::EFS::FileSystem", "{'Encrypted':true,'FileSystemPolicy':%s}"},
        {"AWS::ApiGateway::RestApi", "{'Policy':%s}"},
        {"AWS::DynamoDB::Table", "{'PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled'"
                                 ":true},'ResourcePolicy':{'PolicyDocument':%s}}"},
        {"AWS::S3::AccessPoint", "{'Policy':%s}"},
        {"AWS::Backup::BackupVault", "{'AccessPolicy':%s}"},
        {"AWS::IAM::Role", "{'AssumeRolePolicyDocument':%s}"},
        {"AWS::S3::MultiRegionAccessPointPolicy", "{'Policy':%s}"},
        {"AWS::S3Express::BucketPolicy", "{'PolicyDocument':%s}"},
        {"AWS::S3Express::AccessPoint", "{'Policy':%s}"},
        {"AWS::S3Files::FileSystemPolicy", "{'Policy':%s}"},
        {"AWS::S3ObjectLambda::AccessPointPolicy", "{'PolicyDocument':%s}"},
        {"AWS::S3Outposts::AccessPoint", "{'Policy':%s}"},
        {"AWS::S3Outposts::BucketPolicy", "{'PolicyDocument':%s}"},
        {"AWS::S3Tables::TableBucketPolicy", "{'ResourcePolicy':%s}"},
        {"AWS::S3Tables::TablePolicy", "{'ResourcePolicy':%s}"},
        {"AWS::S3Vectors::VectorBucketPolicy", "{'Policy':%s}"},
        {"AWS::FSx::S3AccessPointAttachment", "{'S3AccessPoint':{'Policy':%s}}"},
        {"AWS::SQS::QueueInlinePolicy", "{'PolicyDocument':%s}"},
        {"AWS::SNS::TopicInlinePolicy", "{'PolicyDocument':%s}"},
        {"AWS::KMS::ReplicaKey", "{'KeyPolicy':%s}"},
        {"AWS::PaymentCryptography::Key", "{'Policy':%s}"},
        {"AWS::ECR::RegistryPolicy", "{'PolicyText':%s}"},
        {"AWS::ECR::RepositoryCreationTemplate", "{'RepositoryPolicy':%s}"},
        {"AWS::SSM::ResourcePolicy", "{'Policy':%s}"},
        {"AWS::ApiGateway::DomainNameV2", "{'Policy':%s}"},
        {"AWS::Serverless::Api", "{'Policy':%s}"},
        {"AWS::Serverless::Api", "{'Auth':{'ResourcePolicy':{'CustomStatements':%s}}}"},
        {"AWS::DynamoDB::Table",
         "{'PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':true},'"
         "StreamSpecification':{'ResourcePolicy':{'PolicyDocument':%s}}}"},
        {"AWS::DynamoDB::GlobalTable",
         "{'Replicas':[{'PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':true},'"
         "ResourcePolicy':{'PolicyDocument':%s}}]}"},
        {"AWS::DynamoDB::GlobalTable",
         "{'Replicas':[{'PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled':true},'"
         "ReplicaStreamSpecification':{'ResourcePolicy':{'PolicyDocument':%s}}}]}"},
        {"AWS::DSQL::Cluster", "{'PolicyDocument':%s}"},
        {"AWS::Redshift::Cluster", "{'Encrypted':true,'NamespaceResourcePolicy':%s}"},
        {"AWS::RedshiftServerless::Namespace", "{'NamespaceResourcePolicy':%s}"},
        {"AWS::EC2::VPCEndpoint", "{'PolicyDocument':%s}"},
        {"AWS::VpcLattice::AuthPolicy", "{'Policy':%s}"},
        {"AWS::VpcLattice::ResourcePolicy", "{'Policy':%s}"},
        {"AWS::Backup::LogicallyAirGappedBackupVault", "{'AccessPolicy':%s}"},
        {"AWS::OpenSearchService::Domain",
         "{'EncryptionAtRestOptions':{'Enabled':true},'NodeToNodeEncryptionOptions':{'Enabled':"
         "true},'DomainEndpointOptions':{'EnforceHTTPS':true,'TLSSecurityPolicy':'Policy-Min-TLS-1-"
         "2-2019-07'},'AccessPolicies':%s}"},
        {"AWS::Elasticsearch::Domain",
         "{'EncryptionAtRestOptions':{'Enabled':true},'NodeToNodeEncryptionOptions':{'Enabled':"
         "true},'DomainEndpointOptions':{'EnforceHTTPS':true,'TLSSecurityPolicy':'Policy-Min-TLS-1-"
         "2-2019-07'},'AccessPolicies':%s}"},
        {"AWS::OSIS::Pipeline", "{'ResourcePolicy':{'Policy':%s}}"},
        {"AWS::Kinesis::ResourcePolicy", "{'ResourcePolicy':%s}"},
        {"AWS::Kinesis::Stream", "{'StreamEncryption':{'EncryptionType':'KMS','KeyId':'alias/aws/"
                                 "kinesis'},'ResourcePolicy':%s}"},
        {"AWS::MSK::ClusterPolicy", "{'Policy':%s}"},
        {"AWS::Events::EventBus", "{'Policy':%s}"},
        {"AWS::EventSchemas::RegistryPolicy", "{'Policy':%s}"},
        {"AWS::EventsV2::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::Lambda::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::Logs::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::Logs::LogGroup", "{'RetentionInDays':7,'ResourcePolicyDocument':%s}"},
        {"AWS::Logs::Destination", "{'DestinationPolicy':%s}"},
        {"AWS::Logs::DeliveryDestination",
         "{'DeliveryDestinationPolicy':{'DeliveryDestinationPolicy':%s}}"},
        {"AWS::CloudTrail::ResourcePolicy", "{'ResourcePolicy':%s}"},
        {"AWS::XRay::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::Oam::Sink", "{'Policy':%s}"},
        {"AWS::AIOps::InvestigationGroup", "{'InvestigationGroupPolicy':%s}"},
        {"AWS::APS::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::RUM::AppMonitor", "{'ResourcePolicy':{'PolicyDocument':%s}}"},
        {"AWS::CodeArtifact::Domain", "{'PermissionsPolicyDocument':%s}"},
        {"AWS::CodeArtifact::Repository", "{'PermissionsPolicyDocument':%s}"},
        {"AWS::Bedrock::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::Bedrock::KnowledgeBasePolicy", "{'PolicyDocument':%s}"},
        {"AWS::BedrockAgentCore::ResourcePolicy", "{'Policy':%s}"},
        {"AWS::SageMaker::ModelPackageGroup", "{'ModelPackageGroupPolicy':%s}"},
        {"AWS::Omics::SequenceStore", "{'S3AccessPolicy':%s}"},
        {"AWS::Lex::ResourcePolicy", "{'Policy':%s}"},
        {"AWS::SMSVOICE::ResourcePolicy", "{'PolicyDocument':%s}"},
        {"AWS::MediaStore::Container", "{'Policy':%s}"},
        {"AWS::MediaPackageV2::ChannelPolicy", "{'Policy':%s}"},
        {"AWS::MediaPackageV2::OriginEndpointPolicy", "{'Policy':%s}"},
        {"AWS::MediaTailor::ChannelPolicy", "{'Policy':%s}"},
    };
    static const char *const open = "{'Statement':{'Effect':'Allow','Principal':{'AWS':['*']}}}";
    static const char *const held =
        "{'Statement':[{'Effect':'Allow','Principal':{'AWS':['123456789012']}},{'Effect':'Deny',"
        "'Principal':'*','Condition':{'Bool':{'aws:SecureTransport':'false'}}}]}";
    static const char *const unread = "{'Ref':'Policy'}";

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *hole = strstr(rows[i][1], "%s");
        const char *documents[] = {open, unread, held};

        for (size_t k = 0; k < ARRAY_N(documents); k++) {
            CLEANUP(freep)
            char *properties = mem_format("%.*s%s%s", (int)(hole - rows[i][1]), rows[i][1],
                                          documents[k], hole + 2);
            if ((verdict_of(rows[i][0], properties, "deploy") == VERDICT_ALLOW) != (k == 2)) {
                fail_msg("%s with %s", rows[i][0], documents[k]);
            }
        }
    }
}

static void rights_over_roles_belong_to_the_set_up_stack_and_are_held(void **state) {
    static const char *const rows[][2] = {
        {"iam:CreateRole", "iam:PermissionsBoundary"},
        {"iam:PutRolePolicy", "iam:PermissionsBoundary"},
        {"iam:PutRolePermissionsBoundary", "iam:PermissionsBoundary"},
        {"iam:AttachRolePolicy", "iam:PolicyARN"},
        {"iam:UpdateAssumeRolePolicy", NULL},
        {"iam:CreateAccessKey", ""},
        {"iam:CreatePolicyVersion", ""},
        {"sts:AssumeRole", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        bool is_never = rows[i][1] != NULL && *rows[i][1] == '\0';
        CLEANUP(freep)
        char *plain = mem_format("{'PolicyDocument':{'Statement':[{'Effect':'Allow','Action':'%s',"
                                 "'Resource':'arn:aws:iam::123456789012:role/depl-*'}]}}",
                                 rows[i][0]);
        CLEANUP(freep)
        char *held = mem_format(
            "{'PolicyDocument':{'Statement':[{'Effect':'Allow','Action':'%s','Condition':"
            "{'StringEquals':{'%s':'x'}},'Resource':'arn:aws:iam::123456789012:role/depl-*'}]}}",
            rows[i][0], rows[i][1] == NULL ? "x" : rows[i][1]);

        if (verdict_of("AWS::IAM::ManagedPolicy", held, "deploy") != VERDICT_DENY ||
            (verdict_of("AWS::IAM::ManagedPolicy", held, "bootstrap") == VERDICT_ALLOW) ==
                is_never ||
            (verdict_of("AWS::IAM::ManagedPolicy", plain, "bootstrap") == VERDICT_ALLOW) !=
                (rows[i][1] == NULL)) {
            fail_msg("%s", rows[i][0]);
        }
    }
}

/* Only behind a custom endpoint, and only for the one action that is judged so there. */
static void the_local_aws_may_have_its_one_wide_resource(void **state) {
    static const char *const actions[] = {"ssm:GetParametersByPath", "ssm:GetParameter"};
    const struct redactor *redactor = fixture_redactor();

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(json_decrefp)
        json_t *template =
            json_pack("{s:{s:{s:s,s:{s:{s:[{s:s,s:s,s:s}]}}}}}", "Resources", "P", "Type",
                      "AWS::IAM::ManagedPolicy", "Properties", "PolicyDocument", "Statement",
                      "Effect", "Allow", "Action", actions[i % 2], "Resource", "*");
        CLEANUP(json_decrefp) json_t *findings = json_array();
        CLEANUP(json_decrefp) json_t *plan = fixture_plan("deploy");
        struct review_ctx ctx = {.account = fixture_account,
                                 .region = "eu-central-1",
                                 .redactor = redactor,
                                 .is_local_aws = i >= 2};

        assert_int_equal(policy_review_plan(plan, template, &ctx, findings),
                         i == 2 ? VERDICT_ALLOW : VERDICT_DENY);
    }
}

/* A bucket without a statement for TLS is stopped at AWS, and only there. */
static void the_local_aws_speaks_no_tls(void **state) {
    const struct redactor *redactor = fixture_redactor();

    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        CLEANUP(json_decrefp)
        json_t *template = json_pack(
            "{s:{s:{s:s,s:{s:s,s:{s:[{s:s,s:{s:s},s:s,s:s}]}}}}}", "Resources", "P", "Type",
            "AWS::S3::BucketPolicy", "Properties", "Bucket", "b", "PolicyDocument", "Statement",
            "Effect", "Allow", "Principal", "Service", "cloudfront.amazonaws.com", "Action",
            "s3:GetObject", "Resource", "arn:aws:s3:::b/*");
        CLEANUP(json_decrefp) json_t *findings = json_array();
        CLEANUP(json_decrefp) json_t *plan = fixture_plan("deploy");
        struct review_ctx ctx = {.account = fixture_account,
                                 .region = "eu-central-1",
                                 .redactor = redactor,
                                 .is_local_aws = is_local == 1};

        (void)policy_review_plan(plan, template, &ctx, findings);
        assert_int_equal(fixture_finds(findings, "plain_bucket"), is_local == 0);
    }
}

/* Its template says http-only, because it has no certificate to show. */
static void the_local_aws_may_speak_plainly_to_its_own_parts(void **state) {
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(json_decrefp)
    json_t *template =
        json_pack("{s:{s:{s:s,s:{s:{s:[{s:{s:s}}]}}}}}", "Resources", "D", "Type",
                  "AWS::CloudFront::Distribution", "Properties", "DistributionConfig", "Origins",
                  "CustomOriginConfig", "OriginProtocolPolicy", "http-only");

    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        CLEANUP(json_decrefp) json_t *findings = json_array();
        struct review_ctx ctx = {.account = fixture_account,
                                 .region = "eu-central-1",
                                 .redactor = redactor,
                                 .is_local_aws = is_local == 1};

        assert_int_equal(policy_review_template(template, &ctx, findings),
                         is_local == 1 ? VERDICT_ALLOW : VERDICT_DENY);
    }
}

/* ---- parameters ---- */

/* The findings on a template whose parameters get these values; NULL: not decided. */
static json_t *findings_with(const char *text, const char *values) {
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(json_decrefp) json_t *template = json_loads(text, 0, NULL);
    CLEANUP(json_decrefp) json_t *given = values == NULL ? NULL : json_loads(values, 0, NULL);
    struct review_ctx ctx = {.account = fixture_account,
                             .region = "eu-central-1",
                             .redactor = redactor,
                             .parameters = given};
    json_t *findings = json_array();

    assert_non_null(template);
    policy_review_template(template, &ctx, findings);
    return findings;
}

static void a_finding_says_which_parameter_it_comes_from(void **state) {
    static const char text[] =
        "{\"Parameters\":{\"Cidr\":{\"Type\":\"String\",\"Default\":\"0.0.0.0/"
        "0\"}},\"Resources\":{\"G\":{"
        "\"Type\":\"AWS::EC2::SecurityGroup\",\"Properties\":{\"SecurityGroupIngress\":[{"
        "\"CidrIp\":{"
        "\"Ref\":\"Cidr\"},\"IpProtocol\":\"tcp\",\"FromPort\":22,\"ToPort\":22}]}}}}";
    static const struct {
        const char *values, *word;
    } rows[] = {
        {NULL, "; the parameter Cidr is 0.0.0.0/0, its default"},
        {"{}", "; the parameter Cidr is 0.0.0.0/0, its default"},
        {"{\"Cidr\":\"0.0.0.0/1\"}", "; the parameter Cidr is 0.0.0.0/1, as given"},
        {"{\"Cidr\":\"10.0.0.0/8\"}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, rows[i].values);
        const json_t *found = json_row(findings, "code", "open_network");

        assert_int_equal(json_array_size(findings), rows[i].word != NULL);
        if (rows[i].word != NULL && strstr(json_str_or(found, "text", ""), rows[i].word) == NULL) {
            fail_msg("%zu: %s", i, json_str_or(found, "text", ""));
        }
    }
}

static void the_value_of_a_noecho_parameter_is_nowhere(void **state) {
    static const char text[] = "{\"Parameters\":{\"Word\":{\"Type\":\"String\",\"NoEcho\":true}},"
                               "\"Resources\":{\"V\":{\"Type\":"
                               "\"AWS::EC2::Volume\",\"Properties\":{\"Encrypted\":{\"Ref\":"
                               "\"Word\"},\"AvailabilityZone\":{"
                               "\"Fn::Sub\":\"${Word}\"}}}}}";
    CLEANUP(json_decrefp) json_t *findings = findings_with(text, "{\"Word\":\"hunter2hunter2\"}");
    CLEANUP(freep) char *shown = json_text(findings);

    (void)state;
    assert_true(fixture_finds(findings, "parameter_unknown"));
    assert_null(strstr(shown, "hunter2"));
}

/* Without values both branches are read; with them, the one that is taken. */
static void conditions_are_read_as_they_will_be(void **state) {
    static const char text[] =
        "{\"Parameters\":{\"Env\":{\"Type\":\"String\",\"Default\":\"prod\"}},\"Conditions\":{"
        "\"IsProd\":{"
        "\"Fn::Equals\":[{\"Ref\":\"Env\"},\"prod\"]}},\"Resources\":{\"V\":{\"Type\":\"AWS::EC2::"
        "Volume\","
        "\"Properties\":{\"Encrypted\":{\"Fn::If\":[\"IsProd\",true,false]}}}}}";
    static const char *const values[] = {NULL, "{}", "{\"Env\":\"dev\"}", "{\"Env\":true}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(values); i++) {
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, values[i]);

        assert_int_equal(fixture_finds(findings, "unencrypted"), i != 1);
    }
}

/* SAM: a route is open unless the event, its API or the Globals name who checks. */
static void the_routes_that_sam_makes_are_read(void **state) {
    /* clang-format off */
    static const struct { const char *event, *more; bool is_open; } rows[] = {
        {"\"Type\":\"Api\",\"Properties\":{\"Path\":\"/\"}", "", true},
        {"\"Type\":\"HttpApi\"", "", true},
        {"\"Type\":\"SQS\"", "", false},
        {"\"Type\":\"Api\",\"Properties\":{\"Auth\":{\"Authorizer\":\"AWS_IAM\"}}", "", false},
        {"\"Type\":\"Api\"", ",\"Globals\":{\"Api\":{\"Auth\":{\"DefaultAuthorizer\":\"Mine\"}}}", false},
        {"\"Type\":\"HttpApi\"", ",\"Globals\":{\"Api\":{\"Auth\":{\"DefaultAuthorizer\":\"Mine\"}}}", true},
        {"\"Type\":\"Api\",\"Properties\":{\"Auth\":{\"Authorizer\":\"NONE\"}}",
         ",\"Globals\":{\"Api\":{\"Auth\":{\"DefaultAuthorizer\":\"Mine\"}}}", true},
        {"\"Type\":\"HttpApi\",\"Properties\":{\"ApiId\":{\"Ref\":\"A\"}}", "", false},
        {"\"Type\":\"Api\",\"Properties\":{\"RestApiId\":{\"Ref\":\"B\"}}", "", true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *text = mem_format(
            "{\"Transform\":\"AWS::Serverless-2016-10-31\",\"Resources\":{\"A\":{\"Type\":"
            "\"AWS::Serverless::HttpApi\",\"Properties\":{\"Auth\":{\"DefaultAuthorizer\":\"J\"}}},"
            "\"B\":{\"Type\":\"AWS::Serverless::Api\"},\"F\":{\"Type\":\"AWS::Serverless::"
            "Function\","
            "\"Properties\":{\"Events\":{\"E\":{%s}}}}}%s}",
            rows[i].event, rows[i].more);
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, NULL);

        if (fixture_finds(findings, "open_api") != rows[i].is_open ||
            !fixture_finds(findings, "transform")) {
            fail_msg("%s", text);
        }
    }
}

static void every_transform_has_its_answer(void **state) {
    /* clang-format off */
    static const struct { const char *transform, *code; } rows[] = {
        {"\"AWS::LanguageExtensions\"", NULL},
        {"\"AWS::Serverless-2016-10-31\"", "transform"},
        {"[\"AWS::LanguageExtensions\",\"AWS::CodeDeployBlueGreen\"]", "transform"},
        {"\"AWS::SecretsManager-2020-07-23\"", "transform"},
        {"\"AWS::SecretsManager-2024-09-16\"", "transform"},
        {"{\"Name\":\"AWS::Include\",\"Parameters\":{\"Location\":\"s3://b/k\"}}", "transform_unseen"},
        {"\"AWS::Serverless-2099-01-01\"", "transform_unseen"},
        {"\"OurMacro\"", "transform_unseen"},
        {"{\"Ref\":\"Which\"}", "transform_unseen"},
        {"[[\"AWS::Include\"]]", "transform_unseen"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *text =
            mem_format("{\"Transform\":%s,\"Resources\":{\"Q\":{\"Type\":\"AWS::SQS::Queue\"}}}",
                       rows[i].transform);
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, NULL);

        if (json_array_size(findings) != (rows[i].code != NULL) ||
            (rows[i].code != NULL && !fixture_finds(findings, rows[i].code))) {
            fail_msg("%s", rows[i].transform);
        }
    }
}

/* A loop is judged by what it makes; where that is not told, nothing passes. */
static void loops_are_read_through(void **state) {
    static const char *const lists[] = {"[\"A\",\"B\"]", "{\"Ref\":\"Names\"}"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(freep)
        char *text = mem_format(
            "{\"Parameters\":{\"Names\":{\"Type\":\"CommaDelimitedList\"}},\"Transform\":"
            "\"AWS::LanguageExtensions\",\"Resources\":{\"Fn::ForEach::V\":[\"N\",%s,{\"V${N}\":{"
            "\"Type\":\"AWS::EC2::Volume\",\"Properties\":{\"Encrypted\":%s}}}]}}",
            lists[i / 2], i % 2 == 0 ? "true" : "false");
        CLEANUP(json_decrefp) json_t *open = findings_with(text, NULL);
        CLEANUP(json_decrefp) json_t *given = findings_with(text, "{\"Names\":\"A,B\"}");

        assert_int_equal(fixture_finds(open, "transform_unseen"), i >= 2);
        assert_int_equal(json_array_size(given), i % 2 == 0 ? 0 : 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_transform_explains_what_the_template_does_not_name),
        cmocka_unit_test(the_templates_of_this_program_pass_both_reviews),
        cmocka_unit_test(the_rights_of_the_set_up_stack_are_its_own),
        cmocka_unit_test(every_known_way_to_become_more_is_found),
        cmocka_unit_test(no_action_that_has_no_resource_is_blamed_for_the_star),
        cmocka_unit_test(a_role_that_may_do_everything_inline_is_stopped),
        cmocka_unit_test(every_resource_with_a_policy_of_its_own_is_read),
        cmocka_unit_test(rights_over_roles_belong_to_the_set_up_stack_and_are_held),
        cmocka_unit_test(the_local_aws_may_speak_plainly_to_its_own_parts),
        cmocka_unit_test(the_local_aws_may_have_its_one_wide_resource),
        cmocka_unit_test(the_local_aws_speaks_no_tls),
        cmocka_unit_test(an_account_of_the_users_own_settings_may_be_named),
        cmocka_unit_test(a_finding_says_which_parameter_it_comes_from),
        cmocka_unit_test(the_value_of_a_noecho_parameter_is_nowhere),
        cmocka_unit_test(conditions_are_read_as_they_will_be),
        cmocka_unit_test(the_routes_that_sam_makes_are_read),
        cmocka_unit_test(every_transform_has_its_answer),
        cmocka_unit_test(loops_are_read_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
