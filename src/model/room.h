/* model/room.h: what client.c and filter.c share. Not for other rooms. */
#pragma once

#include "model/client.h"
#include "model/failure.h"

struct model_client {
    char *base_url;
    char *host;
    struct secret *key; /* or NULL */
    struct model_row primary;
    struct model_row fallback;
    char *embedder; /* or NULL */
    int64_t stall_ms;
    struct http *http;
};

/* One POST of JSON to `path` below the base URL. `sink` gets a 2xx body. */
struct model_post {
    const char *path;
    struct str body;
    int64_t deadline_mono_ms;
    const atomic_bool *cancel;
    http_sink *sink; /* NULL: the body is in the reply */
    void *sink_ctx;
};

/* Sends it, with the key. Errors: those of http_send(). */
MUST_CHECK enum err_code model_post(struct model_client *client, const struct model_post *post,
                                    struct http_reply *reply, struct err *err);

/* Waits before another try; false when it was cancelled or the deadline would pass. */
bool model_pause(int64_t ms, int64_t deadline_mono_ms, const atomic_bool *cancel);
