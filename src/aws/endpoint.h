/* aws/endpoint.h: which services there are, and at which host and under which name each is called.
 */
#pragma once

#include "base/buf.h"

enum aws_service {
    AWS_NO_SERVICE = 0,
    AWS_CLOUDFORMATION,
    AWS_CLOUDFRONT,
    AWS_IAM,
    AWS_LAMBDA,
    AWS_LOGS,
    AWS_S3,
    AWS_SSM,
    AWS_STS,
    AWS_SERVICE_N
};

/* How requests and answers of a service are written. */
enum aws_protocol {
    AWS_NO_PROTOCOL = 0,
    AWS_QUERY,     /* form in, XML out */
    AWS_JSON11,    /* X-Amz-Target, JSON 1.1 in and out */
    AWS_REST_JSON, /* path, JSON in and out */
    AWS_REST_XML,  /* path, XML in and out */
};

struct aws_service_row {
    const char *title;   /* "CloudFormation", for sentences */
    const char *host;    /* "cloudformation", the first label of the host */
    const char *signing; /* "cloudformation", in the credential scope */
    const char *env;     /* "CLOUDFORMATION", after AWS_ENDPOINT_URL_ */
    const char *config;  /* "cloudformation", in a services section of the config file */
    enum aws_protocol protocol;
    const char *version;       /* "2010-05-15"; NULL but for AWS_QUERY */
    const char *target_prefix; /* "AmazonSSM"; NULL but for AWS_JSON11 */
    bool is_global;            /* one endpoint a partition, signed for its first region */
};

/* The row of `service`; never NULL for AWS_NO_SERVICE < service < AWS_SERVICE_N. */
const struct aws_service_row *aws_service_row(enum aws_service service);

/* The partition "aws", "aws-cn" or "aws-us-gov" of `region`; NULL when it is in none of them. */
const char *aws_partition(const char *region);

/* Whether `host` belongs to AWS, in any partition. */
bool aws_is_aws_host(struct str host);

/* Appends "https://HOST" of `service` in `region`, without a path.
 * Errors: ERR_UNSUPPORTED (a region of no known partition, or no such endpoint there).
 * Source: the endpoint rules of botocore, judged by test/golden/endpoints.json. */
MUST_CHECK enum err_code aws_endpoint_add(struct buf *out, enum aws_service service,
                                          const char *region, bool is_fips, bool is_dualstack,
                                          struct err *err);

/* The region whose name goes into the credential scope of `service`: us-east-1 for CloudFront. */
const char *aws_signing_region(enum aws_service service, const char *region);
