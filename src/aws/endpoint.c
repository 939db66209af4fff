/* Services, partitions, and the host of a service in a region. */
#include "aws/endpoint.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const struct aws_service_row services[AWS_SERVICE_N] = {
    [AWS_CLOUDFORMATION] = { .title = "CloudFormation", .host = "cloudformation", .signing = "cloudformation",
        .env = "CLOUDFORMATION", .config = "cloudformation", .protocol = AWS_QUERY, .version = "2010-05-15" },
    [AWS_CLOUDFRONT] = { .title = "CloudFront", .host = "cloudfront", .signing = "cloudfront",
        .env = "CLOUDFRONT", .config = "cloudfront", .protocol = AWS_REST_XML, .is_global = true },
    [AWS_IAM] = { .title = "IAM", .host = "iam", .signing = "iam",
        .env = "IAM", .config = "iam", .protocol = AWS_QUERY, .version = "2010-05-08", .is_global = true },
    [AWS_LAMBDA] = { .title = "Lambda", .host = "lambda", .signing = "lambda",
        .env = "LAMBDA", .config = "lambda", .protocol = AWS_REST_JSON },
    [AWS_LOGS] = { .title = "CloudWatch Logs", .host = "logs", .signing = "logs",
        .env = "CLOUDWATCH_LOGS", .config = "cloudwatch_logs", .protocol = AWS_JSON11, .target_prefix = "Logs_20140328" },
    [AWS_S3] = { .title = "S3", .host = "s3", .signing = "s3",
        .env = "S3", .config = "s3", .protocol = AWS_REST_XML },
    [AWS_SSM] = { .title = "Parameter Store", .host = "ssm", .signing = "ssm",
        .env = "SSM", .config = "ssm", .protocol = AWS_JSON11, .target_prefix = "AmazonSSM" },
    [AWS_STS] = { .title = "STS", .host = "sts", .signing = "sts",
        .env = "STS", .config = "sts", .protocol = AWS_QUERY, .version = "2011-06-15" },
};

/* The first row whose prefix fits decides. */
static const struct partition {
    const char *prefix; /* of region names */
    const char *name;
    const char *suffix, *suffix_dual;
    const char *global_region;        /* where global services are signed for */
    const char *global, *global_dual; /* after the first label of a global service's host */
} partitions[] = {
    { "cn-",     "aws-cn",     ".amazonaws.com.cn", ".api.amazonwebservices.com.cn", "cn-northwest-1", ".cn-northwest-1", "" },
    { "us-gov-", "aws-us-gov", ".amazonaws.com",    ".api.aws",                      "us-gov-west-1",  "",                "" },
    { "us-iso",  NULL, NULL, NULL, NULL, NULL, NULL }, /* closed partitions: hosts that we cannot know */
    { "eu-iso",  NULL, NULL, NULL, NULL, NULL, NULL },
    { "eusc-",   NULL, NULL, NULL, NULL, NULL, NULL },
    { "",        "aws",        ".amazonaws.com",    ".api.aws",                      "us-east-1",      "",         ".global" },
};

/* IAM's hosts follow no rule: plain, dual-stack, FIPS, both. */
static const struct iam_hosts {
    const char *partition;
    const char *region; /* that is signed for */
    const char *hosts[4];
} iam_hosts[] = {
    { "aws",        "us-east-1",     { "iam.amazonaws.com", "iam.global.api.aws", "iam-fips.amazonaws.com", "iam-fips.global.api.aws" } },
    { "aws-cn",     "cn-north-1",    { "iam.cn-north-1.amazonaws.com.cn", "iam.global.api.amazonwebservices.com.cn",
                                       "iam-fips.amazonaws.com.cn", "iam-fips.api.amazonwebservices.com.cn" } },
    { "aws-us-gov", "us-gov-west-1", { "iam.us-gov.amazonaws.com", "iam.us-gov.api.aws", "iam.us-gov.amazonaws.com", "iam.us-gov.api.aws" } },
};
/* clang-format on */

const struct aws_service_row *aws_service_row(enum aws_service service) {
    assert(service > AWS_NO_SERVICE && service < AWS_SERVICE_N);
    return &services[service];
}

/* Letters and digits in groups joined by '-', the last a number: no host can be smuggled in. */
static bool is_region_name(const char *region) {
    size_t n = strlen(region);

    return n > 3 && n <= 30 && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == n &&
           region[0] >= 'a' && region[0] <= 'z' && strchr(region, '-') != NULL &&
           region[n - 1] >= '0' && region[n - 1] <= '9';
}

static const struct partition *partition_of(const char *region) {
    for (size_t i = 0; i < ARRAY_N(partitions) && is_region_name(region); i++) {
        if (str_starts(str_from(region), str_from(partitions[i].prefix))) {
            return partitions[i].name == NULL ? NULL : &partitions[i];
        }
    }
    return NULL;
}

const char *aws_partition(const char *region) {
    const struct partition *partition = partition_of(region);

    return partition == NULL ? NULL : partition->name;
}

bool aws_is_aws_host(struct str host) {
    for (size_t i = 0; i < ARRAY_N(partitions); i++) {
        if (partitions[i].name != NULL && (str_ends(host, str_from(partitions[i].suffix)) ||
                                           str_ends(host, str_from(partitions[i].suffix_dual)))) {
            return true;
        }
    }
    return false;
}

/* In us-gov-* the plain hosts of these are the FIPS hosts. */
static bool is_fips_anyway(enum aws_service service) {
    return service == AWS_CLOUDFORMATION || service == AWS_LOGS || service == AWS_SSM ||
           service == AWS_STS;
}

static void endpoint_add_host(struct buf *out, enum aws_service service, const struct partition *p,
                              const char *region, bool is_dualstack) {
    if (aws_service_row(service)->is_global) {
        buf_addf(out, "%s%s", is_dualstack ? p->global_dual : p->global,
                 is_dualstack ? p->suffix_dual : p->suffix);
    } else if (service == AWS_S3) {
        buf_addf(out, "%s.%s%s", is_dualstack ? ".dualstack" : "", region, p->suffix);
    } else {
        buf_addf(out, ".%s%s", region, is_dualstack ? p->suffix_dual : p->suffix);
    }
}

static const struct iam_hosts *iam_hosts_of(const struct partition *p) {
    size_t i = 0;

    while (strcmp(iam_hosts[i].partition, p->name) != 0) {
        i++; /* every partition with a name has a row */
    }
    return &iam_hosts[i];
}

enum err_code aws_endpoint_add(struct buf *out, enum aws_service service, const char *region,
                               bool is_fips, bool is_dualstack, struct err *err) {
    const struct partition *p = partition_of(region);

    if (p == NULL) {
        err_set(err, ERR_UNSUPPORTED, "'%.40s' is not a region that we know the hosts of", region);
        return err_remedy(err, "the partitions aws, aws-cn and aws-us-gov are supported, for "
                               "instance eu-central-1");
    }
    if (service == AWS_S3 && is_fips && strcmp(p->name, "aws-cn") == 0) {
        return err_set(err, ERR_UNSUPPORTED, "there is no FIPS endpoint of S3 in %s", region);
    }
    if (service == AWS_IAM) {
        buf_addf(out, "https://%s",
                 iam_hosts_of(p)->hosts[(is_dualstack ? 1 : 0) + (is_fips ? 2 : 0)]);
        return ERR_NONE;
    }
    if (!is_dualstack && is_fips_anyway(service) && strcmp(p->name, "aws-us-gov") == 0) {
        is_fips = false;
    }
    buf_addf(out, "https://%s%s", aws_service_row(service)->host, is_fips ? "-fips" : "");
    endpoint_add_host(out, service, p, region, is_dualstack);
    return ERR_NONE;
}

const char *aws_signing_region(enum aws_service service, const char *region) {
    const struct partition *partition = partition_of(region);

    if (service == AWS_IAM && partition != NULL) {
        return iam_hosts_of(partition)->region;
    }
    return aws_service_row(service)->is_global && partition != NULL ? partition->global_region
                                                                    : region;
}
