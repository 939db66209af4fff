/* aws/sigv4.h: signs one HTTP request for AWS, Signature Version 4 in its header form.
 *
 * Pure but for the cache of key chains: no clock and no I/O, so that the golden cases in
 * test/golden/sigv4 run as plain tests.
 */
#pragma once

#include "net/http.h"

/* The payload hash of a body of unknown content; S3 accepts it over TLS only. */
#define SIGV4_UNSIGNED STR("UNSIGNED-PAYLOAD")

struct sigv4_request {
    const char *method;
    struct str host;  /* as in the Host header: with the port where it is not the scheme's own */
    struct str path;  /* as sent, percent-encoded; begins with '/', or empty */
    struct str query; /* as sent, percent-encoded, without '?' */
    const struct http_header *headers; /* all are signed but those that proxies may change */
    size_t header_n;
    struct str payload_hash; /* 64 hex digits of the body's SHA-256, or SIGV4_UNSIGNED */
};

struct sigv4_identity {
    struct str access_key;
    struct str secret_key;
    struct str token;    /* empty: none */
    const char *service; /* the signing name, "s3" */
    const char *region;
};

struct sigv4_cache; /* opaque: the last key chains; any thread */

struct sigv4_cache *sigv4_cache_new(void);
void sigv4_cache_free(struct sigv4_cache *cache); /* accepts NULL; wipes */

/* Appends the value of the Authorization header to `out`.
 *
 * Signed as if present, and so to be sent with it: `host`, `x-amz-date` (clock_basic(now_ms)),
 * `x-amz-security-token` when there is a token, and `x-amz-content-sha256` for S3. They may not be
 * in `headers`.
 * Shape:  "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=<64 hex digits>".
 * Paths:  S3's are signed as sent; those of all other services are normalised and encoded again.
 * Errors: ERR_INVALID (no host, too many headers), ERR_TOO_LARGE (`out` would pass its ceiling).
 * Source: AWS IAM User Guide, "Create a signed AWS API request". */
MUST_CHECK enum err_code sigv4_sign(struct sigv4_cache *cache, const struct sigv4_request *request,
                                    const struct sigv4_identity *identity, int64_t now_ms,
                                    struct buf *out, struct err *err);
