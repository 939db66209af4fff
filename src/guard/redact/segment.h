/* guard/redact/segment.h: cuts text into segments at places that only its content decides, so that
 * the same bytes are masked alike however they arrive.
 *
 * A segment is a line with its end. A line of more than SEGMENT_MAX bytes is cut where no span is
 * and SEGMENT_HOLD bytes were seen beyond. */
#pragma once

#include "base/buf.h"
#include "guard/redact/engine.h"

enum { SEGMENT_MAX = 64 * 1024, SEGMENT_HOLD = 16 * 1024 };

struct redactor;

struct segmenter {
    const struct redactor *redactor;
    /* Called for each segment in order; `spans` are merged and in offsets of `segment`. */
    void (*fn)(void *user, struct str segment, const struct spans *spans);
    void *user;
    struct carry carry;
    struct scratch scratch;
    struct spans spans;
    struct spans unused;
};

void segmenter_init(struct segmenter *segmenter, const struct redactor *redactor,
                    void (*fn)(void *user, struct str segment, const struct spans *spans),
                    void *user);
void segmenter_done(struct segmenter *segmenter);

/* Handles what is complete at the beginning of `text`, or all of it when `is_end`; returns how many
 * bytes were handled. Holds the redactor's lock, so `fn` must not add known values. */
size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end);
