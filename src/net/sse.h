/* net/sse.h: reads a stream of server-sent events, however it is cut.
 *
 * Lines end in LF, CR or CR LF; an empty one ends an event. Comments and the fields `id` and
 * `retry` are read over, as nothing here connects again. What stands behind the last empty line is
 * no event. Pure; one stream, one thread at a time.
 * Source: WHATWG HTML, 9.2.6 "Interpreting an event stream".
 */
#pragma once

#include "base/buf.h"

/* Takes one event: its type ("message" where none is given) and its data, the lines joined by LF;
 * borrowed for the call. An error ends the stream and is what sse_feed() returns. */
typedef enum err_code sse_event(void *ctx, struct str type, struct str data, struct err *err);

struct sse {
    sse_event *event;
    void *ctx;
    struct buf line;
    struct buf type;
    struct buf data;
    bool has_data;
    bool is_begun; /* the byte order mark was looked for */
    bool after_cr; /* an LF that follows belongs to the line before */
    size_t events; /* so far */
    enum err_code stop;
};

/* A stream whose events, each of its lines and all its data, have at most `event_max` bytes. */
struct sse sse_new(size_t event_max, sse_event *event, void *ctx);
void sse_done(struct sse *sse);

/* Takes the next bytes. Errors: ERR_TOO_LARGE, those of the event function; after one, the same
 * again. */
MUST_CHECK enum err_code sse_feed(struct sse *sse, struct str piece, struct err *err);
