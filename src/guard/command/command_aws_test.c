/* command: what aws may be asked, and what of it is safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/json.h"
#include "guard/command/command_fixture.h"

/* The real command line takes the beginning of an option for the option, so those are among them.
 */
static void keys_are_for_what_only_asks_aws(void **state) {
    static const char *const with[] = {
        "aws sts get-caller-identity",
        "aws cloudformation describe-stacks --stack-name x",
        "aws cloudformation list-stacks --query StackSummaries[].StackName --output text",
        "aws logs tail /aws/lambda/x --since 1h",
        "aws logs filter-log-events --log-group-name x --end-time 1",
        "aws s3 ls s3://b",
        "aws ssm get-parameter --name x",
        "aws lambda get-function --function-name x",
        "aws cloudformation list-stacks --debug",
        "aws --region eu-west-1 --no-cli-pager sts get-caller-identity",
        "aws sqs get-queue-attributes --queue-url https://sqs.eu-west-1.amazonaws.com/1/x",
    };
    static const char *const without[] = {
        "aws ssm get-parameter --name x --with-decryption",
        "aws ssm get-parameter --name x --with-dec",
        "aws ssm get-parameter --name x --w",
        "aws secretsmanager get-secret-value --secret-id x",
        "aws secretsmanager batch-get-secret-value --secret-id-list x",
        "aws sts assume-role --role-arn x --role-session-name y",
        "aws sts get-session-token",
        "aws ecr get-login-password",
        "aws kms decrypt --ciphertext-blob x",
        "aws ssm get-access-token --access-request-id x",
        "aws datazone get-environment-credentials --environment-identifier x",
        "aws cognito-identity get-open-id-token --identity-id x",
        "aws --region eu-west-1 sts get-session-token",
        "aws s3 ls --region x.example/",
        "aws configure list",
        "aws sso login",
        "aws s3 cp a s3://b",
        "aws s3 sync . s3://b",
        "aws s3 presign s3://b/k",
        "aws lambda invoke --function-name x out",
        "aws cloudformation create-change-set --stack-name x",
        "aws cloudformation delete-stack --stack-name x",
        "aws iam create-access-key --user-name x",
        "aws sts get-caller-identity --endpoint-url http://x",
        "aws sts get-caller-identity --endpoint-url=http://x",
        "aws sts get-caller-identity --endpoi http://x",
        "aws sts get-caller-identity --e http://x",
        "aws --endpoint-url http://x sts get-caller-identity",
        "aws sts get-caller-identity --profile other",
        "aws sts get-caller-identity --prof other",
        "aws sts get-caller-identity --no-verify-ssl",
        "aws sts get-caller-identity --no-ver",
        "aws sts get-caller-identity --ca-bundle x",
        "aws cloudformation describe-stacks --cli-input-json file://x",
        "aws cloudformation validate-template --template-body file://x",
        "aws nosuch describe-things",
        "aws sts",
        "aws",
        "env aws sts get-caller-identity",
        "sudo aws sts get-caller-identity",
        "/tmp/aws sts get-caller-identity",
        "ls",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(with) + ARRAY_N(without); i++) {
        bool may = i < ARRAY_N(with);
        const char *line = may ? with[i] : without[i - ARRAY_N(with)];
        CLEANUP(json_decrefp) json_t *argv = argv_of(line);

        if (command_reads_aws(argv) != may) {
            fail_msg("%s", line);
        }
    }
}

static void what_is_stored_handed_out_or_started_is_not_safe(void **state) {
    static const char *const lines[] = {
        "aws lambda list-functions",
        "aws lambda get-function-configuration --function-name x",
        "aws ecs describe-task-definition --task-definition x",
        "aws ec2 describe-instance-attribute --instance-id x --attribute userData",
        "aws cognito-idp describe-user-pool-client --client-id x",
        "aws apigateway get-api-keys --include-values",
        "aws apigateway get-export --rest-api-id x out",
        "aws cloudfront get-distribution-config --id x",
        "aws glue get-connection --name x",
        "aws polly synthesize-speech --text x out",
        "aws logs start-query --x y",
        "aws iam generate-credential-report",
        "aws ec2 describe-snapshots --snapshot-ids https://x/y",
        "aws ec2 describe-images --image-ids=http://169.254.169.254/",
        "aws s3 ls --region x.example/",
        "aws s3 ls --region=x@y",
        "aws s3 ls --region=",
        "aws s3 ls --region",
        "aws s3 ls --region EU-west-1",
        "aws s3 ls --region=x.example/ eu-west-1",
        "aws --unheard s3 ls",
        "aws s3 --unheard ls",
        "aws s3 ls --cli-auto-prompt",
        "aws s3 ls --debug",
        "aws --debug s3 ls",
        "aws s3 ls --deb",
        "aws autoscaling describe-launch-configurations",
        "aws cloudformation describe-stack-resource-drifts --stack-name x",
        "aws cloudfront get-distribution-tenant --identifier x",
        "aws cloudfront get-distribution-tenant-by-domain --domain x",
        "aws ec2 describe-image-attribute --attribute uefiData --image-id x",
        "aws logs list-anomalies",
        "aws scheduler get-schedule --name x",
        "aws ssm describe-automation-executions",
        "aws ssm describe-automation-step-executions --automation-execution-id x",
        "aws ssm describe-ops-items",
        "aws ssm get-ops-item --ops-item-id x",
        "aws ssm get-ops-metadata --ops-metadata-arn x",
        "aws wafv2 get-sampled-requests --x y",
        "aws apigateway get-stages --rest-api-id x",
        "aws apigateway get-stage --rest-api-id x",
        "aws apigateway get-integration --rest-api-id x",
        "aws apigateway get-method --rest-api-id x",
        "aws apigateway get-resource --rest-api-id x",
        "aws apigateway get-resources --rest-api-id x",
        "aws apigatewayv2 get-stages --api-id x",
        "aws apigatewayv2 get-integrations --api-id x",
        "aws s3 ls help",
        "aws --endpoint-url x s3 ls",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        if (class_of(lines[i]) == COMMAND_SAFE) {
            fail_msg("'%s' is safe", lines[i]);
        }
    }
}

static void each_command_of_aws_has_its_class(void **state) {
    static const struct class_row rows[] = {
        {"aws", COMMAND_UNKNOWN},
        {"aws s3", COMMAND_UNKNOWN},
        {"aws iam --unheard x", COMMAND_UNKNOWN},
        {"aws --unheard organizations", COMMAND_UNKNOWN},
        {"aws --unheard put-parameter x", COMMAND_UNKNOWN},
        {"aws x put-parameter --name y", COMMAND_DESTRUCTIVE},
        {"aws --region az-west-1 s3 ls", COMMAND_SAFE},
        {"aws iam get-account-password-policy", COMMAND_SAFE},
        {"aws iam list-service-specific-credentials", COMMAND_SAFE},
        {"aws ec2 terminate-instances --instance-ids x --dry-run", COMMAND_CHANGING},
        {"aws s3 rm s3://b/x --dryrun", COMMAND_CHANGING},
        {"aws s3 mv a s3://b", COMMAND_DESTRUCTIVE},
        {"aws iam update-user --user-name x", COMMAND_DESTRUCTIVE},
        {"aws iam frobnicate", COMMAND_DESTRUCTIVE},
        {"aws organizations leave-organization", COMMAND_DESTRUCTIVE},
        {"aws organizations list-accounts", COMMAND_SAFE},
        {"aws secretsmanager put-secret-value --secret-id x", COMMAND_DESTRUCTIVE},
        {"aws ssm put-parameter --name x", COMMAND_DESTRUCTIVE},
        {"aws s3api create-bucket --bucket x", COMMAND_CHANGING},
        {"aws sso login", COMMAND_DESTRUCTIVE},
        {"aws configure list", COMMAND_DESTRUCTIVE},
    };

    (void)state;
    have_their_class(rows, ARRAY_N(rows));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_for_what_only_asks_aws),
        cmocka_unit_test(each_command_of_aws_has_its_class),
        cmocka_unit_test(what_is_stored_handed_out_or_started_is_not_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
