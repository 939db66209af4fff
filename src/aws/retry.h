/* aws/retry.h: whether and when a failed call is tried again. Pure.
 *
 * The standard mode of the SDKs as of November 2026: three attempts, exponential delays with full
 * jitter, and one bucket of tokens for all calls of a client, so that an outage is not answered
 * with a flood. Source: AWS SDKs and Tools Reference Guide, "Retry behavior"; judged by botocore
 * (test/golden/retry.json).
 */
#pragma once

#include "aws/endpoint.h"

enum retry_class {
    RETRY_NEVER = 0,
    RETRY_TRANSIENT, /* nothing wrong with the request */
    RETRY_THROTTLED, /* too many of them */
};

/* What came back: a failure below HTTP, or a status with an error code ("" or NULL: none). */
struct retry_outcome {
    enum aws_service service;
    enum err_code transport; /* of http_send(); ERR_NONE when there was an answer */
    int status;
    const char *code;
};

enum retry_class retry_classify(const struct retry_outcome *outcome);

/* Milliseconds before the retry number `retry` (0 = the first). `random` is in [0, 1); `hint_ms` is
 * the x-amz-retry-after header, or -1. */
int64_t retry_delay_ms(enum retry_class class, int retry, double random, int64_t hint_ms);

/* The tokens of a client. {0} is a full bucket. The caller locks. */
struct retry_bucket {
    int spent;
};

/* Pays for a retry; false when there are not enough tokens, and so no retry. */
bool retry_bucket_pay(struct retry_bucket *bucket, enum retry_class class);

/* A call succeeded; `last` is the class of its last retry, RETRY_NEVER when it had none. */
void retry_bucket_refund(struct retry_bucket *bucket, enum retry_class last);
