/* guard/command/aws.c: aws SERVICE VERB, by AWS's own levels of access.
 *
 * The verb is the action of IAM in another spelling: describe-db-instances is DescribeDBInstances.
 * Where it is not, the action is not found, and what is not found is asked.
 * AWS's levels say what changes, not what is secret: a Read hands out passwords of some services.
 * So reads are safe only of the services below, each of whose answers was looked through.
 * Source: Service Authorization Reference (guard/iam); botocore's models, "sensitive", "streaming".
 */
#include "guard/command/command.h"

#include "guard/iam/actions.h"
#include "guard/redact/charset.h"

#include <string.h>

/* Services that the command line calls otherwise than IAM does. */
static const char *const prefixes[][2] = {
    {"s3api", "s3"},
    {"elbv2", "elasticloadbalancing"},
    {"elb", "elasticloadbalancing"},
    {"stepfunctions", "states"},
    {"efs", "elasticfilesystem"},
    {"emr", "elasticmapreduce"},
    {"sesv2", "ses"},
    {"configservice", "config"},
    {"deploy", "codedeploy"},
    {"opensearch", "es"},
    {"resourcegroupstaggingapi", "tag"},
    {"service-quotas", "servicequotas"},
    {"cloudhsmv2", "cloudhsm"},
    {"amp", "aps"},
    {"docdb", "rds"},
    {"accessanalyzer", "access-analyzer"},
};

/* Services whose reads were looked through: what they hand out is in one of the two lists. */
static const char *const reviewed[] = {
    "access-analyzer",
    "account",
    "acm",
    "apigateway",
    "application-autoscaling",
    "apprunner",
    "autoscaling",
    "budgets",
    "ce",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codedeploy",
    "cognito-idp",
    "compute-optimizer",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elasticache",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "freetier",
    "health",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "pricing",
    "rds",
    "resource-groups",
    "route53",
    "route53domains",
    "s3",
    "scheduler",
    "secretsmanager",
    "servicediscovery",
    "servicequotas",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "tag",
    "wafv2",
    "xray",
};

/* Verbs whose action has another name. */
static const char *const actions[][3] = {
    {"s3api", "list-buckets", "s3:ListAllMyBuckets"},
    {"s3api", "list-objects", "s3:ListBucket"},
    {"s3api", "list-objects-v2", "s3:ListBucket"},
    {"s3api", "head-bucket", "s3:ListBucket"},
    {"s3api", "head-object", "s3:GetObject"},
    {"s3api", "list-object-versions", "s3:ListBucketVersions"},
    {"s3", "ls", "s3:ListBucket"},
    {"logs", "tail", "logs:FilterLogEvents"},
    {"ecr", "get-login-password", "ecr:GetAuthorizationToken"},
    {"lambda", "invoke", "lambda:InvokeFunction"},
    {"s3api", "get-public-access-block", "s3:GetBucketPublicAccessBlock"},
    {"s3api", "get-bucket-encryption", "s3:GetEncryptionConfiguration"},
    {"s3api", "get-bucket-lifecycle-configuration", "s3:GetLifecycleConfiguration"},
    {"s3api", "get-bucket-replication", "s3:GetReplicationConfiguration"},
    {"s3api", "get-bucket-notification-configuration", "s3:GetBucketNotification"},
    {"s3api", "get-bucket-accelerate-configuration", "s3:GetAccelerateConfiguration"},
    {"s3api", "get-object-lock-configuration", "s3:GetBucketObjectLockConfiguration"},
    {"s3api", "list-multipart-uploads", "s3:ListBucketMultipartUploads"},
    {"s3api", "list-parts", "s3:ListMultipartUploadParts"},
    {"budgets", "describe-budget", "budgets:ViewBudget"},
    {"budgets", "describe-budgets", "budgets:ViewBudget"},
};

/* Reads that hand out credentials, and so never pass. */
static const char *const credentials[] = {
    "secretsmanager:GetSecretValue",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetRandomPassword",
    "ecr:GetAuthorizationToken",
    "ecr-public:GetAuthorizationToken",
    "codeartifact:GetAuthorizationToken",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "ec2:GetPasswordData",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "redshift-serverless:GetCredentials",
    "rds-db:connect",
    "iam:CreateAccessKey",
    "iam:CreateServiceSpecificCredential",
    "iam:CreateLoginProfile",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoot",
    "sts:GetSessionToken",
    "sts:GetFederationToken",
    "sts:GetServiceBearerToken",
    "sts:GetWebIdentityToken",
    "sts:GetDelegatedAccessToken",
    "cognito-identity:GetCredentialsForIdentity",
    "cognito-identity:GetOpenIdToken",
    "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
    "cognito-idp:DescribeUserPoolClient",
    "cognito-idp:DescribeIdentityProvider",
    "cognito-idp:ListUserPoolClientSecrets",
    "acm:GetAcmeExternalAccountBindingCredentials",
    "sso:GetRoleCredentials",
    "ssm:GetAccessToken",
    "eks-auth:AssumeRoleForPodIdentity",
    "appsync:ListApiKeys",
    "wafv2:GetDecryptedAPIKey",
    "lightsail:GetInstanceAccessDetails",
    "lightsail:GetRelationalDatabaseMasterUserPassword",
    "lightsail:DownloadDefaultKeyPair",
};

/* Reads that hand out what an application stores, its variables and logs among it, and so are
 * asked. */
static const char *const data[] = {
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "ssm:GetParameterHistory",
    "ssm:ListCommands",
    "ssm:ListCommandInvocations",
    "ssm:GetCommandInvocation",
    "ssm:DescribeAssociation",
    "ssm:ListAssociationVersions",
    "ssm:GetAutomationExecution",
    "ssm:DescribeAutomationExecutions",
    "ssm:DescribeAutomationStepExecutions",
    "ssm:DescribeOpsItems",
    "ssm:GetOpsItem",
    "ssm:GetOpsMetadata",
    "ssm:DescribeMaintenanceWindowTasks",
    "ssm:DescribeMaintenanceWindowExecutionTaskInvocations",
    "ssm:GetMaintenanceWindowTask",
    "ssm:GetMaintenanceWindowExecutionTask",
    "ssm:GetMaintenanceWindowExecutionTaskInvocation",
    "ssm:GetInventory",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectTorrent",
    "s3:GetObjectAnnotation",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:GetRecords",
    "dynamodb:SearchVectors",
    "sqs:ReceiveMessage",
    "kinesis:GetRecords",
    "kinesis:SubscribeToShard",
    "athena:GetQueryResults",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "lambda:ListFunctions",
    "lambda:ListVersionsByFunction",
    "lambda:GetLayerVersion",
    "lambda:GetDurableExecution",
    "lambda:GetDurableExecutionHistory",
    "lambda:GetDurableExecutionState",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:DescribeDaemonTaskDefinition",
    "ecs:DescribeExpressGatewayService",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSpotInstanceRequests",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeVerifiedAccessTrustProviders",
    "ec2:DescribeVpnConnections",
    "ec2:DescribeBundleTasks",
    "ec2:DescribeConversionTasks",
    "ec2:DescribeImportImageTasks",
    "ec2:DescribeImportSnapshotTasks",
    "ec2:GetConsoleOutput",
    "ec2:GetConsoleScreenshot",
    "ec2:GetInstanceUefiData",
    "ec2:GetLaunchTemplateData",
    "ec2:GetVpnConnectionDeviceSampleConfiguration",
    "ecr:GetDownloadUrlForLayer",
    "autoscaling:DescribeLaunchConfigurations",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudfront:GetDistributionTenant",
    "cloudfront:GetDistributionTenantByDomain",
    "cloudfront:GetDistribution",
    "cloudfront:GetDistributionConfig",
    "cloudfront:ListDistributions",
    "cloudfront:ListDistributionsByAnycastIpListId",
    "cloudfront:ListDistributionsByTrustStore",
    "cloudfront:ListDistributionsByCachePolicyId",
    "cloudfront:ListDistributionsByConnectionFunction",
    "cloudfront:ListDistributionsByConnectionMode",
    "cloudfront:ListDistributionsByRealtimeLogConfig",
    "cloudfront:ListDistributionsByWebACLId",
    "cloudfront:GetFunction",
    "cloudfront:GetConnectionFunction",
    "cloudtrail:LookupEvents",
    "cloudtrail:GetQueryResults",
    "cognito-idp:AdminGetUser",
    "cognito-idp:GetUser",
    "cognito-idp:GetUserAttributeVerificationCode",
    "cognito-idp:GetDevice",
    "cognito-idp:ListDevices",
    "cognito-idp:ListUsers",
    "cognito-idp:ListUsersInGroup",
    "events:ListTargetsByRule",
    "events:DescribeConnection",
    "kms:DescribeCustomKeyStores",
    "kms:GetParametersForImport",
    "apprunner:DescribeService",
    "codebuild:BatchGetBuilds",
    "codebuild:BatchGetBuildBatches",
    "codebuild:BatchGetCommandExecutions",
    "codebuild:BatchGetProjects",
    "codebuild:BatchGetSandboxes",
    "codebuild:ListCommandExecutionsForSandbox",
    "organizations:DescribeHandshake",
    "organizations:ListHandshakesForAccount",
    "organizations:ListHandshakesForOrganization",
    "rds:DescribeDBProxyTargetGroups",
    "rds:DescribeOptionGroups",
    "ssm:GetPatchBaseline",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "logs:GetLogRecord",
    "logs:GetLookupTable",
    "logs:GetQueryResults",
    "logs:ListAnomalies",
    "scheduler:GetSchedule",
    "states:DescribeExecution",
    "states:GetExecutionHistory",
    "states:DescribeMapRun",
    "route53domains:GetDomainDetail",
    "iam:GetCredentialReport",
    "iam:ListVirtualMFADevices",
    "wafv2:ListAPIKeys",
    "wafv2:GetSampledRequests",
    "ses:GetMessageInsights",
    "codecommit:GetFile",
    "codecommit:GetBlob",
    "sts:DecodeAuthorizationMessage",
};

static bool is_two_words(const struct command *command) {
    return command->n > 2 && !command_word_is_option(command->words[1]) &&
           !command_word_is_option(command->words[2]);
}

void command_aws_order(const struct command *command, struct command *out) {
    static const char *const valued[] = {"--region",
                                         "--output",
                                         "--query",
                                         "--color",
                                         "--profile",
                                         "--endpoint-url",
                                         "--ca-bundle",
                                         "--cli-read-timeout",
                                         "--cli-connect-timeout",
                                         "--cli-binary-format"};
    static const char *const plain[] = {"--no-cli-pager", "--no-paginate", "--debug",
                                        "--no-verify-ssl", "--no-sign-request"};
    size_t at = 1;

    while (at < command->n) {
        struct str word = command->words[at];
        struct str name;
        struct str value;
        bool has_sign = command_word_split(word, &name, &value);
        bool is_valued = command_word_is_one_of(name, valued, ARRAY_N(valued));
        size_t n = is_valued && !has_sign ? 2 : 1;
        if (at + n > command->n ||
            (!is_valued && !command_word_is_one_of(word, plain, ARRAY_N(plain)))) {
            break;
        }
        at += n;
    }
    *out = (struct command){.words = {command->words[0]}, .n = 1};
    for (size_t i = at; i < command->n; i++) {
        out->words[out->n++] = command->words[i];
    }
    for (size_t i = 1; i < at; i++) {
        out->words[out->n++] = command->words[i];
    }
}

/* A region's name, which is part of the host that is asked. */
static bool is_region(struct str word) {
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if ((!is_letter(c) || is_upper(c)) && !is_digit(c) && c != '-') {
            return false;
        }
    }
    return word.len > 0;
}

/* A word whose text the command line replaces: by a file, or, its first version, by what an address
 * answers. Addresses of queues are not. */
static bool is_replaced(const struct command *command, size_t i) {
    static const char *const starts[] = {"http:", "https:"};
    struct str word = command->words[i];
    struct str name;
    struct str value;
    bool is_queue =
        (command_word_split(word, &name, &value) && command_word_is(name, "--queue-url")) ||
        command_word_is(command->words[i - 1], "--queue-url");

    for (size_t k = 0; k < ARRAY_N(starts) && !is_queue; k++) {
        if (str_starts_nocase(word, str_from(starts[k])) ||
            str_starts_nocase(value, str_from(starts[k]))) {
            return true;
        }
    }
    return str_find(word, STR("file:")) >= 0 || str_find(word, STR("fileb:")) >= 0;
}

/* Nothing points to another endpoint, account, file or certificate, or asks for a dialogue. */
static bool is_plain(const struct command *command) {
    static const char *const elsewhere[] = {
        "--endpoint",   "--profile", "--cli-input",       "--no-verify", "--ca-bundle",
        "--query-file", "--outfile", "--no-sign-request", "--cli-auto",  "--pre-signed"};

    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        struct str name;
        struct str region;
        if (!command_word_split(word, &name, &region) && i + 1 < command->n) {
            region = command->words[i + 1];
        }
        if (command_word_is(word, "help") || is_replaced(command, i) ||
            (command_word_may_be_option(word, "--region") && !is_region(region))) {
            return false;
        }
        for (size_t k = 0; k < ARRAY_N(elsewhere); k++) {
            if (command_word_may_be_option(word, elsewhere[k])) {
                return false;
            }
        }
    }
    return is_two_words(command);
}

/* "service:Action" into `out`; the action is as AWS writes it when the table has it. */
static bool action_of(const struct command *command, struct buf *out, struct iam_action *found) {
    /* keys, files, variables of a stage, what is sent on to another service */
    static const char *const not_a_get[] = {
        "get-api-key",     "get-api-keys", "get-usage-plan-key", "get-usage-plan-keys",
        "get-export",      "get-sdk",      "get-stage",          "get-stages",
        "get-method",      "get-resource", "get-resources",      "get-integration",
        "get-integrations"};
    struct str service = command->words[1];
    struct str verb = command->words[2];

    for (size_t i = 0; i < ARRAY_N(actions); i++) {
        if (command_word_is(service, actions[i][0]) && command_word_is(verb, actions[i][1])) {
            buf_add_s(out, actions[i][2]);
            return iam_action_find(buf_str(out), found);
        }
    }
    if (command_word_starts(service, "apigateway") && command_word_starts(verb, "get-") &&
        !command_word_is_one_of(verb, not_a_get, ARRAY_N(not_a_get))) {
        buf_add_s(out, "apigateway:GET");
        return iam_action_find(buf_str(out), found);
    }
    for (size_t i = 0; i < ARRAY_N(prefixes); i++) {
        if (command_word_is(service, prefixes[i][0])) {
            service = str_from(prefixes[i][1]);
            break;
        }
    }
    buf_add(out, service);
    buf_add_c(out, ':');
    for (size_t i = 0; i < verb.len; i++) {
        if (verb.ptr[i] != '-') {
            buf_add_c(out, verb.ptr[i]);
        }
    }
    return !out->failed && iam_action_find(buf_str(out), found);
}

static bool is_listed(const struct iam_action *action, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(action->service);
        if (strncmp(list[i], action->service, len) == 0 && list[i][len] == ':' &&
            strcmp(list[i] + len + 1, action->name) == 0) {
            return true;
        }
    }
    return false;
}

static bool find(const struct command *command, struct iam_action *found) {
    CLEANUP(buf_done) struct buf name = BUF_INIT(200);

    return is_two_words(command) && action_of(command, &name, found);
}

/* Some actions of level Read start something, or write an answer into a file. */
static bool has_reading_verb(const struct command *command) {
    static const char *const starts[] = {"describe-", "list-", "get-", "head-", "batch-get-"};
    static const char *const verbs[] = {"ls", "validate-template", "estimate-template-cost",
                                        "simulate-custom-policy", "simulate-principal-policy"};

    return command_word_starts_one_of(command->words[2], starts, ARRAY_N(starts)) ||
           command_word_is_one_of(command->words[2], verbs, ARRAY_N(verbs));
}

/* By the name, of services that were not looked through: datazone:GetEnvironmentCredentials. */
static bool is_called_credentials(const struct iam_action *action) {
    static const char *const words[] = {
        "Credentials", "Password", "SecretValue",  "AccessToken", "AuthToken", "AccessKeys",
        "OAuth2Token", "ApiKey",   "PresignedUrl", "SignedUrl",   "EmbedUrl",  "PairingToken"};
    struct str name = str_from(action->name);

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (str_find(name, str_from(words[i])) >= 0) {
            return !str_starts(name, STR("List")) && str_find(name, STR("PasswordPolicy")) < 0 &&
                   str_find(name, STR("MetaData")) < 0;
        }
    }
    return false;
}

static bool only_reads(const struct iam_action *action) {
    return action->access == IAM_ACCESS_LIST || action->access == IAM_ACCESS_READ;
}

bool command_aws_reads(const struct command *command) {
    struct iam_action action;

    /* --debug also shows what is signed and sent, tokens among it */
    return is_plain(command) && !command_may_have(command, "--debug") &&
           has_reading_verb(command) && find(command, &action) &&
           command_word_is_one_of(str_from(action.service), reviewed, ARRAY_N(reviewed)) &&
           only_reads(&action) && !command_aws_shows_credentials(command) &&
           !is_listed(&action, data, ARRAY_N(data));
}

bool command_aws_asks(const struct command *command) {
    struct iam_action action;

    return is_plain(command) && find(command, &action) && only_reads(&action) &&
           !command_aws_shows_credentials(command);
}

/* Shows what would be done, and does not do it. */
bool command_aws_previews(const struct command *command) {
    return is_plain(command) && !command_aws_shows_credentials(command) &&
           (command_has(command, "--dry-run") || command_has(command, "--dryrun") ||
            command_has(command, "--no-execute-changeset"));
}

bool command_aws_writes(const struct command *command) {
    struct iam_action action;

    return is_plain(command) && find(command, &action) &&
           (action.access == IAM_ACCESS_WRITE || action.access == IAM_ACCESS_TAGGING);
}

bool command_aws_goes_around(const struct command *command) {
    static const char *const verbs[] = {"execute-change-set",
                                        "create-stack",
                                        "update-stack",
                                        "deploy",
                                        "delete-stack",
                                        "create-stack-set",
                                        "update-stack-set",
                                        "delete-stack-set",
                                        "cancel-update-stack",
                                        "rollback-stack",
                                        "continue-update-rollback"};

    return is_two_words(command) && command_word_is(command->words[1], "cloudformation") &&
           command_word_is_one_of(command->words[2], verbs, ARRAY_N(verbs)) &&
           !command_has(command, "--no-execute-changeset");
}

bool command_aws_destroys(const struct command *command) {
    static const char *const starts[] = {
        "delete-", "terminate-", "purge-",   "batch-delete", "deregister-", "schedule-key-deletion",
        "remove-", "disable-",   "destroy-", "reset-",       "revoke-",     "empty-",
        "abort-",  "forget-",    "cancel-",  "detach-",      "reboot-",     "stop-"};
    if (!is_two_words(command) || command_has(command, "--dry-run") ||
        command_has(command, "--dryrun")) {
        return false;
    }
    if (command_word_is(command->words[1], "s3")) {
        return command_word_is(command->words[2], "rm") ||
               command_word_is(command->words[2], "rb") ||
               command_word_is(command->words[2], "mv") || command_has(command, "--delete");
    }
    return command_word_starts_one_of(command->words[2], starts, ARRAY_N(starts));
}

bool command_aws_shows_credentials(const struct command *command) {
    struct iam_action action;

    if (command->n > 1 && (command_word_is(command->words[1], "configure") ||
                           command_word_is(command->words[1], "sso"))) {
        return true;
    }
    if (command_may_have(command, "--with-decryption")) {
        return true;
    }
    return find(command, &action) && (is_listed(&action, credentials, ARRAY_N(credentials)) ||
                                      is_called_credentials(&action));
}

/* Rights that are handed out, secrets that are changed, by AWS's level "Permissions management". */
bool command_aws_widens(const struct command *command) {
    struct iam_action action;
    static const char *const secrets[] = {"put-secret-value", "update-secret", "put-parameter"};

    if (!is_two_words(command)) {
        return false;
    }
    bool is_identity = command_word_is(command->words[1], "iam") ||
                       command_word_is(command->words[1], "organizations");
    bool is_found = find(command, &action);
    return (is_found && action.access == IAM_ACCESS_PERMISSIONS) ||
           (is_identity && !(is_found && only_reads(&action))) ||
           command_word_is_one_of(command->words[2], secrets, ARRAY_N(secrets));
}
