/* net/http.h: the HTTP client, by libcurl.
 *
 * A `struct http` is a pool of connections that up to HTTP_HANDLES_MAX threads use at once; it
 * belongs to whoever made it. It never follows a redirect, speaks http and https only, and goes
 * through a proxy as curl does (http_proxy, https_proxy, all_proxy, no_proxy), except to this
 * machine and to link-local addresses. Nothing of libcurl is initialised before the first send.
 */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"

enum { HTTP_HANDLES_MAX = 16, HTTP_HEADERS_MAX = 64 };

struct http; /* opaque */

struct http_options {
    const char *ca_bundle;  /* path of a PEM file, or NULL for the system's */
    const char *user_agent; /* NULL: none is sent */
};

/* One header of a request; what it points to lives until the send returns. */
struct http_header {
    const char *name;
    struct str value;
};

/* A body that is read from a file, at `offset`; the descriptor's own position is not used, so
 * several threads may send parts of one file. */
struct http_file {
    int fd;
    int64_t offset; /* bytes */
    int64_t len;    /* bytes; a shorter file is ERR_IO */
};

/* Takes the next piece of a 2xx body. An error ends the exchange and is what http_send returns. */
typedef enum err_code http_sink(void *ctx, struct str piece, struct err *err);

struct http_request {
    const char *method;                /* "GET" */
    const char *url;                   /* encoded by the caller and sent as it is */
    const struct http_header *headers; /* a "Host" here replaces that of the URL */
    size_t header_n;                   /* at most HTTP_HEADERS_MAX */
    struct str body;                   /* empty: no body, but POST and PUT say Content-Length: 0 */
    const struct http_file *file;      /* a body instead of `body`, or NULL */
    const char *connect_to;            /* "host:port" to connect to instead of the URL's, or NULL */
    int64_t timeout_ms;                /* the whole exchange; must be set */
    int64_t stall_ms;                  /* ends when no byte moves for so long; 0: no such limit */
    size_t body_max;                   /* bytes of `reply->body`; 0: LIMIT_HTTP_BODY_BYTES */
    http_sink *sink;                   /* gets a 2xx body instead of `reply->body`, or NULL */
    void *sink_ctx;
    bool is_once;              /* a new connection, so that libcurl cannot send it a second time */
    const atomic_bool *cancel; /* ends the exchange when it becomes true; may be NULL */
};

struct http_reply {
    int status;         /* 200 */
    struct buf headers; /* "name: value\n" each, as received; read them with http_header() */
    struct buf body;
    int64_t date_ms;    /* the Date header; 0 when absent or malformed */
    int64_t elapsed_ms; /* the whole exchange */
};

/* Makes a client; it copies the options. Cheap: opens nothing. */
struct http *http_new(const struct http_options *options);
void http_free(struct http *http); /* accepts NULL; no send may be running */
void http_freep(struct http **http);

/* Sends one request and waits for the whole answer, whatever its status.
 *
 * Blocks up to `timeout_ms`. Any thread, at most HTTP_HANDLES_MAX at once (more wait).
 * `*reply` must be {0} or done before; the caller's to http_reply_done().
 * Errors: ERR_UNREACHABLE (name not found, refused, no TLS: nothing was sent), ERR_TIMEOUT and
 * ERR_PROTOCOL (cut or malformed: the request may have been carried out), ERR_TOO_LARGE,
 * ERR_CANCELLED, ERR_INVALID (the URL or a header), ERR_IO (the file), or the sink's. */
MUST_CHECK enum err_code http_send(struct http *http, const struct http_request *request,
                                   struct http_reply *reply, struct err *err);

void http_reply_done(struct http_reply *reply);

/* The value of the first header called `name` in any case, trimmed; empty when absent. */
struct str http_header(const struct http_reply *reply, const char *name);

/* Whether `host`, without port and brackets, is this machine: localhost, *.localhost, 127.0.0.0/8
 * or ::1. Pure: no name is resolved. */
bool http_is_loopback(struct str host);
