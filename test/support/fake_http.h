/* test/support/fake_http.h: a loopback HTTP server on a thread of the test, scripted by a function.
 */
#pragma once

#include "base/buf.h"

struct fake_http; /* opaque */

enum fake_then {
    FAKE_KEEP,  /* send what was appended, wait for the next request */
    FAKE_CLOSE, /* send it and close */
    FAKE_HANG,  /* send it and never say more */
};

/* Appends the raw answer to the `n`-th request (from 0), head and body in `request`. Called on the
 * server's thread. */
typedef enum fake_then fake_answer(void *ctx, int n, struct str request, struct buf *out);

struct fake_http *fake_http_start(fake_answer *answer, void *ctx);
void fake_http_stop(struct fake_http *fake);

int fake_http_port(const struct fake_http *fake);
const char *fake_http_url(const struct fake_http *fake); /* "http://127.0.0.1:PORT" */
int fake_http_calls(const struct fake_http *fake);       /* requests so far */
int fake_http_connections(const struct fake_http *fake); /* connections so far */

/* The `n`-th request as it came; valid until the server stops. */
struct str fake_http_request(const struct fake_http *fake, int n);

/* Appends an answer with Content-Length; `headers` holds lines that end with CRLF, or is "". */
void fake_reply(struct buf *out, int status, const char *headers, const char *body);
