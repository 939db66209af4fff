/* aws/client.h: one call to AWS: endpoint, signature, pacing, retries, clock skew, error shapes.
 *
 * `struct aws_client` is shared by all threads. `struct aws` is a view on it, a small value to
 * copy: it gives the calls made through it their cancel flag and deadline. The rooms of the
 * services (cfn, s3, sts, ...) take a `const struct aws *` and build on aws_call().
 */
#pragma once

#include <stdatomic.h>

#include "aws/config.h"
#include "net/http.h"

struct aws_client; /* opaque */
struct aws_creds;  /* aws/creds.h */

/* Told before the client waits: for a throttle bucket or before a retry. */
typedef void aws_wait_fn(void *ctx, enum aws_service service, const char *why, int64_t wait_ms);

struct aws {
    struct aws_client *client;
    const atomic_bool *cancel; /* once true, a call ends with ERR_CANCELLED; may be NULL */
    int64_t deadline_ms;  /* clock_mono_ms() after which a call ends with ERR_TIMEOUT; 0: none */
    aws_wait_fn *on_wait; /* may be NULL */
    void *on_wait_ctx;
    const struct aws_creds *creds; /* signs with these; NULL, nearly always: the client's own */
};

/* Makes a client; reads the configuration, asks nobody. The caller's to free.
 * Errors: those of aws_config_new(). */
MUST_CHECK enum err_code aws_client_new(const struct aws_options *options, struct aws_client **out,
                                        struct err *err);
void aws_client_free(struct aws_client *client); /* accepts NULL; no call may be running */
void aws_client_freep(struct aws_client **client);

const struct aws_config *aws_client_config(const struct aws_client *client);
struct http *aws_client_http(struct aws_client *client); /* its connections; lives with it */

/* The region of all calls. The first call may ask the instance metadata and block for a second.
 * Errors: ERR_CONFIG (none is configured; there is no default). The result lives with the client.
 */
MUST_CHECK enum err_code aws_region(const struct aws *aws, const char **out, struct err *err);

/* Where the credentials come from, in words ("environment", "profile dev: assumed role ...") and
 * what to warn about (one sentence a line, empty when nothing). Resolves them if need be.
 * Errors: ERR_CREDENTIALS. */
MUST_CHECK enum err_code aws_credentials_describe(const struct aws *aws, struct buf *out_source,
                                                  struct buf *out_warnings, struct err *err);

/* The credentials of all calls, for a program that is started with them; the caller releases them
 * by creds_release(). Errors: those of creds_get(). */
MUST_CHECK enum err_code aws_credentials(const struct aws *aws, const struct aws_creds **out,
                                         struct err *err);

/* A name and a value, neither encoded. A NULL value pointer is sent as a name alone. */
struct aws_param {
    const char *name;
    struct str value;
};

enum { AWS_EXPECTED_MAX = 4 };

/* One call. Zero means absent everywhere; what it points to lives until aws_call() returns. */
struct aws_request {
    enum aws_service service;
    const char *action; /* "DescribeStacks", always: AWS_QUERY and AWS_JSON11 send it */

    /* The REST protocols only. */
    const char *method;            /* "GET" */
    struct str path;               /* begins with '/', each part already percent-encoded */
    const char *bucket;            /* S3: goes before the path or into the host */
    const struct aws_param *query; /* in any order */
    size_t query_n;

    const struct aws_param *form; /* AWS_QUERY: without Action and Version */
    size_t form_n;

    const struct http_header *headers; /* beside those that aws_call() adds */
    size_t header_n;
    struct str body;              /* JSON, XML or bytes */
    const struct http_file *file; /* a body instead of `body`; needs `sha256_hex` */
    const char *sha256_hex;       /* of the body, when the caller knows it */

    /* Error codes, or HTTP statuses such as "404", that are an answer to this caller: aws_call()
     * then returns ERR_NONE and sets `reply->code`. */
    const char *expected[AWS_EXPECTED_MAX];

    int64_t timeout_ms; /* one attempt; 0: AWS_TIMEOUT_MS */
    int64_t stall_ms;   /* an attempt ends when no byte moves for so long; 0: no such limit */
    size_t body_max;    /* bytes of the answer; 0: LIMIT_HTTP_BODY_BYTES */
    http_sink *sink; /* gets a 2xx body; an empty piece, before each attempt, means: start over */
    void *sink_ctx;
    bool is_unsigned; /* AssumeRoleWithWebIdentity */
    bool is_bulk;     /* object transfers: not paced by the bucket of control calls */
    bool is_once;     /* not repeated when it may have been carried out: no idempotency token */
};

enum { AWS_TIMEOUT_MS = 30000, AWS_CODE_MAX = 128, AWS_MESSAGE_MAX = 1024, AWS_ID_MAX = 128 };

struct aws_reply {
    struct http_reply http;        /* status, headers, body */
    char code[AWS_CODE_MAX];       /* empty after a 2xx; else the code of the expected error */
    char message[AWS_MESSAGE_MAX]; /* of the expected error; cut if longer */
    char request_id[AWS_ID_MAX];
};

/* Carries out one call: waits for its turn, signs, sends, retries as the standard mode of the SDKs
 * does, corrects the clock once.
 *
 * `*reply` must be {0} or done before; on success it is the caller's to aws_reply_done(), and its
 * code is not empty exactly when an expected error came. Blocks. Any thread.
 * Errors: ERR_CREDENTIALS (none, or expired), ERR_DENIED, ERR_CLOCK, ERR_NOT_FOUND, ERR_CONFLICT,
 * ERR_THROTTLED, ERR_SERVICE (5xx), ERR_INVALID (AWS refuses the arguments), ERR_CONFIG (no
 * region), and those of http_send().
 * Source: AWS SDKs and Tools Reference Guide, "Retry behavior". */
MUST_CHECK enum err_code aws_call(const struct aws *aws, const struct aws_request *request,
                                  struct aws_reply *reply, struct err *err);

/* Turns an expected error that the caller after all did not expect into `err`, as aws_call() does
 * with all others; returns its code. */
enum err_code aws_refused(const struct aws_request *request, const struct aws_reply *reply,
                          struct err *err);

void aws_reply_done(struct aws_reply *reply);

/* How far this machine's clock is behind that of the host that `service` was last called at, in
 * milliseconds; 0 before the first answer. */
int64_t aws_clock_offset_ms(const struct aws *aws, enum aws_service service);
