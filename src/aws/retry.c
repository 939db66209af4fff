/* Retries as tables: codes and statuses, delays, costs. */
#include "aws/retry.h"

#include <string.h>

enum { TOKENS = 500, DELAY_MAX_MS = 20000, HINT_EXTRA_MS = 5000 };

/* clang-format off */
static const struct {
    int base_ms; /* of the delay */
    int cost;    /* of one retry */
    int refund;  /* after a success */
} classes[] = {
    [RETRY_NEVER]     = {    0,  0,  1 },
    [RETRY_TRANSIENT] = {   50, 14, 14 },
    [RETRY_THROTTLED] = { 1000,  5,  5 },
};

/* The first row that fits decides; 0 and NULL fit anything. */
static const struct {
    enum aws_service service;
    int status;
    const char *code;
    enum retry_class class;
} rows[] = {
    { AWS_CLOUDFORMATION, 0,   "LimitExceededException",                 RETRY_NEVER }, /* a quota there */
    { 0,                  0,   "Throttling",                             RETRY_THROTTLED },
    { 0,                  0,   "ThrottlingException",                    RETRY_THROTTLED },
    { 0,                  0,   "ThrottledException",                     RETRY_THROTTLED },
    { 0,                  0,   "RequestThrottledException",              RETRY_THROTTLED },
    { 0,                  0,   "RequestThrottled",                       RETRY_THROTTLED },
    { 0,                  0,   "TooManyRequestsException",               RETRY_THROTTLED },
    { 0,                  0,   "ProvisionedThroughputExceededException", RETRY_THROTTLED },
    { 0,                  0,   "TransactionInProgressException",         RETRY_THROTTLED },
    { 0,                  0,   "RequestLimitExceeded",                   RETRY_THROTTLED },
    { 0,                  0,   "BandwidthLimitExceeded",                 RETRY_THROTTLED },
    { 0,                  0,   "LimitExceededException",                 RETRY_THROTTLED },
    { 0,                  0,   "SlowDown",                               RETRY_THROTTLED },
    { 0,                  0,   "PriorRequestNotComplete",                RETRY_THROTTLED },
    { 0,                  0,   "EC2ThrottledException",                  RETRY_THROTTLED },
    { 0,                  429, NULL,                                     RETRY_THROTTLED },
    { 0,                  0,   "RequestTimeout",                         RETRY_TRANSIENT },
    { 0,                  0,   "RequestTimeoutException",                RETRY_TRANSIENT },
    { AWS_STS,            0,   "IDPCommunicationError",                  RETRY_TRANSIENT },
    { AWS_S3,             400, "BadDigest",                              RETRY_TRANSIENT },
    { AWS_S3,             409, "ConditionalRequestConflict",             RETRY_TRANSIENT }, /* two writers at once */
    { 0,                  500, NULL,                                     RETRY_TRANSIENT },
    { 0,                  502, NULL,                                     RETRY_TRANSIENT },
    { 0,                  503, NULL,                                     RETRY_TRANSIENT },
    { 0,                  504, NULL,                                     RETRY_TRANSIENT },
};
/* clang-format on */

enum retry_class retry_classify(const struct retry_outcome *outcome) {
    const char *code = outcome->code == NULL ? "" : outcome->code;

    if (outcome->transport != ERR_NONE) {
        return outcome->transport == ERR_UNREACHABLE || outcome->transport == ERR_TIMEOUT ||
                       outcome->transport == ERR_PROTOCOL
                   ? RETRY_TRANSIENT
                   : RETRY_NEVER;
    }
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if ((rows[i].service == AWS_NO_SERVICE || rows[i].service == outcome->service) &&
            (rows[i].status == 0 || rows[i].status == outcome->status) &&
            (rows[i].code == NULL || strcmp(rows[i].code, code) == 0)) {
            return rows[i].class;
        }
    }
    return RETRY_NEVER;
}

int64_t retry_delay_ms(enum retry_class class, int retry, double random, int64_t hint_ms) {
    int64_t most = classes[class].base_ms;
    int64_t delay;

    for (int i = 0; i < retry && most < DELAY_MAX_MS; i++) {
        most *= 2;
    }
    delay = (int64_t)(random * (double)(most < DELAY_MAX_MS ? most : DELAY_MAX_MS));
    if (hint_ms > delay) {
        return hint_ms < delay + HINT_EXTRA_MS ? hint_ms : delay + HINT_EXTRA_MS;
    }
    return delay;
}

bool retry_bucket_pay(struct retry_bucket *bucket, enum retry_class class) {
    if (bucket->spent + classes[class].cost > TOKENS) {
        return false;
    }
    bucket->spent += classes[class].cost;
    return true;
}

void retry_bucket_refund(struct retry_bucket *bucket, enum retry_class last) {
    bucket->spent -= bucket->spent < classes[last].refund ? bucket->spent : classes[last].refund;
}
