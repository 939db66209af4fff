/* guard/command/aws.c: aws SERVICE VERB, by AWS's own levels of access.
 *
 * The verb is the action of IAM in another spelling: describe-db-instances is DescribeDBInstances.
 * Where it is not, the action is not found, and what is not found is asked.
 * Source: Service Authorization Reference (guard/iam).
 */
#include "guard/command/command.h"

#include "guard/iam/actions.h"

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
    {"ce", "ce"},
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
};

/* Reads that hand out credentials, and so never pass. */
static const char *const credentials[] = {
    "secretsmanager:GetSecretValue",
    "secretsmanager:BatchGetSecretValue",
    "ecr:GetAuthorizationToken",
    "ecr-public:GetAuthorizationToken",
    "codeartifact:GetAuthorizationToken",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "ec2:GetPasswordData",
    "redshift:GetClusterCredentials",
    "rds-db:connect",
    "iam:CreateAccessKey",
    "iam:CreateServiceSpecificCredential",
    "iam:CreateLoginProfile",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:GetSessionToken",
    "sts:GetFederationToken",
    "cognito-identity:GetCredentialsForIdentity",
    "sso:GetRoleCredentials",
    "lightsail:GetInstanceAccessDetails",
};

/* Reads that hand out what an application stores, and so are asked. */
static const char *const data[] = {
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "ssm:GetParameterHistory",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectTorrent",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:GetRecords",
    "sqs:ReceiveMessage",
    "kinesis:GetRecords",
    "athena:GetQueryResults",
    "lambda:GetFunction",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "logs:GetQueryResults",
    "iam:GetCredentialReport",
    "codecommit:GetFile",
    "codecommit:GetBlob",
    "sts:GetCallerIdentity",
    "sts:GetAccessKeyInfo",
    "sts:DecodeAuthorizationMessage",
};

static bool is_two_words(const struct command *command) {
    return command->n > 2 && !command_word_is_option(command->words[1]) &&
           !command_word_is_option(command->words[2]);
}

/* Whether the word is the option, or what its parser takes for it: it accepts the beginning of a
 * name. */
static bool may_be_option(struct str word, const char *option) {
    ptrdiff_t sign = str_find(word, STR("="));
    struct str name = sign < 0 ? word : str_slice(word, 0, (size_t)sign);

    return str_starts(name, str_from(option)) ||
           (name.len > 2 && str_starts(name, STR("--")) && str_starts(str_from(option), name) &&
            !command_word_is(name, "--query"));
}

/* Nothing points to another endpoint, account, file or certificate. */
static bool is_plain(const struct command *command) {
    static const char *const elsewhere[] = {"--endpoint",  "--profile",        "--cli-input",
                                            "--no-verify", "--ca-bundle",      "--query-file",
                                            "--outfile",   "--no-sign-request"};

    for (size_t i = 1; i < command->n; i++) {
        for (size_t k = 0; k < ARRAY_N(elsewhere); k++) {
            if (may_be_option(command->words[i], elsewhere[k])) {
                return false;
            }
        }
        if (str_find(command->words[i], STR("file:")) >= 0 ||
            str_find(command->words[i], STR("fileb:")) >= 0) {
            return false;
        }
    }
    return is_two_words(command);
}

/* "service:Action" into `out`; the action is as AWS writes it when the table has it. */
static bool action_of(const struct command *command, struct buf *out, struct iam_action *found) {
    struct str service = command->words[1];
    struct str verb = command->words[2];

    for (size_t i = 0; i < ARRAY_N(actions); i++) {
        if (command_word_is(service, actions[i][0]) && command_word_is(verb, actions[i][1])) {
            buf_add_s(out, actions[i][2]);
            return iam_action_find(buf_str(out), found);
        }
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

bool command_aws_reads(const struct command *command) {
    struct iam_action action;

    return is_plain(command) && find(command, &action) &&
           (action.access == IAM_ACCESS_LIST || action.access == IAM_ACCESS_READ) &&
           !is_listed(&action, credentials, ARRAY_N(credentials)) &&
           !is_listed(&action, data, ARRAY_N(data));
}

bool command_aws_asks(const struct command *command) {
    struct iam_action action;

    return is_plain(command) && find(command, &action) &&
           (action.access == IAM_ACCESS_LIST || action.access == IAM_ACCESS_READ) &&
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
    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        if (command_word_starts(command->words[2], starts[i])) {
            return true;
        }
    }
    return false;
}

bool command_aws_shows_credentials(const struct command *command) {
    struct iam_action action;

    if (command->n > 1 && (command_word_is(command->words[1], "configure") ||
                           command_word_is(command->words[1], "sso"))) {
        return true;
    }
    for (size_t i = 3; i < command->n; i++) {
        if (may_be_option(command->words[i], "--with-decryption")) {
            return true;
        }
    }
    return (find(command, &action) && is_listed(&action, credentials, ARRAY_N(credentials)));
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
    bool is_read =
        is_found && (action.access == IAM_ACCESS_LIST || action.access == IAM_ACCESS_READ);
    return (is_found && action.access == IAM_ACCESS_PERMISSIONS) || (is_identity && !is_read) ||
           command_word_is_one_of(command->words[2], secrets, ARRAY_N(secrets));
}
