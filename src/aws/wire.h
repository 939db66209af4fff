/* aws/wire.h: one request as it goes over the wire: address, headers, body, signature. */
#pragma once

#include "aws/client.h"
#include "aws/creds.h"
#include "aws/sigv4.h"
#include "base/hash.h"

/* Built once a call, signed once an attempt. What it holds lives until wire_done(). */
struct wire {
    struct buf url;
    struct str host; /* pieces of `url` */
    struct str path;
    struct str query;
    struct buf form; /* the body of the Query protocol */
    struct str body;
    struct sha256_hex hash;
    char target[160]; /* X-Amz-Target */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_n; /* without what signing adds */
    size_t signed_n; /* with it */
    char date[20];
    struct buf authorization;
    bool is_explicit; /* the endpoint was given by a flag or a variable */
};

/* Writes address, body and headers for `request` in `region`.
 * Errors: ERR_UNSUPPORTED (no such endpoint), ERR_INVALID, ERR_TOO_LARGE. */
MUST_CHECK enum err_code wire_build(struct wire *wire, const struct aws_config *config,
                                    const struct aws_request *request, const char *region,
                                    struct err *err);

/* Replaces the signature; `creds` NULL: none, the date neither. Errors: those of sigv4_sign(). */
MUST_CHECK enum err_code wire_sign(struct wire *wire, struct sigv4_cache *cache,
                                   const struct aws_request *request, const struct aws_creds *creds,
                                   const char *region, int64_t now_ms, struct err *err);

void wire_done(struct wire *wire);
