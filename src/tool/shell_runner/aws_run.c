/* The AWS command line for what only reads at AWS: the keys in its environment, the network held to
 * AWS, and nothing else of the person's.
 *
 * The grammar has judged the words before (guard/command/aws.c): no other endpoint, profile, file
 * or certificate, no credentials as an answer. What the program could still do with its keys is
 * held by their own rights at AWS.
 */
#include "tool/shell_runner/aws_run.h"

#include "aws/creds.h"
#include "aws/sts.h"
#include "tool/services.h"

#include <string.h>

/* Hosts of services without a region, beside those of the region. */
static const char *const global_hosts[] = {"iam", "sts", "cloudfront", "route53", "organizations",
                                           "s3",  "ce",  "budgets",    "support", "health"};

static void add_hosts(const char *region, struct words *hosts) {
    CLEANUP(freep) char *any = mem_format("*.%s.amazonaws.com:443", region);
    CLEANUP(freep) char *ecr = mem_format("api.ecr.%s.amazonaws.com:443", region);
    CLEANUP(freep) char *buckets = mem_format("*.s3.%s.amazonaws.com:443", region);

    words_add(hosts, any);
    words_add(hosts, ecr);
    words_add(hosts, buckets);
    for (size_t i = 0; i < ARRAY_N(global_hosts); i++) {
        CLEANUP(freep) char *host = mem_format("%s.amazonaws.com:443", global_hosts[i]);
        words_add(hosts, host);
    }
}

/* The keys are in no file, and no file, metadata service or pager is looked at. */
static void set_variables(const struct op *op, const struct aws_creds *creds, const char *region,
                          const char *endpoint, struct proc_env *vars) {
    CLEANUP(freep) char *secret = str_dup(secret_str(creds->secret_key));
    const char *ca = aws_config_ca_bundle(aws_client_config(op->services->aws));

    proc_env_set(vars, "AWS_ACCESS_KEY_ID", creds->access_key);
    proc_env_set(vars, "AWS_SECRET_ACCESS_KEY", secret);
    redactor_add_known(op->services->redactor, "AWS_SECRET_ACCESS_KEY", str_from(secret));
    mem_wipe(secret, strlen(secret));
    if (creds->token != NULL) {
        CLEANUP(freep) char *token = str_dup(secret_str(creds->token));
        proc_env_set(vars, "AWS_SESSION_TOKEN", token);
        redactor_add_known(op->services->redactor, "AWS_SESSION_TOKEN", str_from(token));
        mem_wipe(token, strlen(token));
    }
    proc_env_set(vars, "AWS_REGION", region);
    proc_env_set(vars, "AWS_DEFAULT_REGION", region);
    proc_env_set(vars, "AWS_CONFIG_FILE", "/dev/null");
    proc_env_set(vars, "AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    proc_env_set(vars, "AWS_EC2_METADATA_DISABLED", "true");
    proc_env_set(vars, "AWS_PAGER", "");
    proc_env_set(vars, "PYTHONDONTWRITEBYTECODE", "1");
    if (endpoint != NULL) {
        proc_env_set(vars, "AWS_ENDPOINT_URL", endpoint);
    }
    if (ca != NULL) {
        proc_env_set(vars, "AWS_CA_BUNDLE", ca);
    }
}

/* Who it would be, as at the first call of every run: another account than the pinned one stops. */
static enum err_code check_identity(const struct aws *aws, struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity identity = {0};

    return sts_get_caller_identity(aws, &identity, err);
}

enum err_code aws_run(struct op *op, struct run_op *run, json_t **out, struct err *err) {
    CLEANUP(creds_releasep) const struct aws_creds *creds = NULL;
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(words_done) struct words readable = {0};
    const char *region = NULL;
    const char *endpoint;
    struct aws aws = {0};

    if (!run_op_has_mounts(op)) {
        err_set(err, ERR_SANDBOX,
                "keys are given only to a program that can reach AWS and nothing else, and this "
                "machine cannot hold it to that");
        return err_remedy(err, "allow unprivileged user namespaces, or run the command yourself");
    }
    if (services_aws(op, &aws, err) != ERR_NONE || check_identity(&aws, err) != ERR_NONE ||
        aws_region(&aws, &region, err) != ERR_NONE ||
        aws_credentials(&aws, &creds, err) != ERR_NONE) {
        return err->code;
    }
    endpoint = aws_config_endpoint(aws_client_config(aws.client), AWS_STS, NULL);
    set_variables(op, creds, region, endpoint, &vars);
    if (endpoint == NULL) {
        add_hosts(region, &hosts);
    } else {
        build_add_hosts(&hosts, str_from(endpoint));
    }
    words_add(&readable, aws_config_ca_bundle(aws_client_config(aws.client)));
    run->vars = &vars;
    run->hosts = &hosts;
    run->readable = &readable;
    return run_op_program(op, run, out, err);
}
