/* guard/redact/segment.h: cuts text into segments at places that only its content decides, so that
 * the same bytes are masked alike however they arrive.
 *
 * A segment is a line with its end. A line of more than SEGMENT_MAX bytes is cut where no span is
 * and SEGMENT_HOLD bytes were seen beyond.
 *
 * A segment whose reading takes more than the budget of its text is limited: but for words that may
 * be shown whatever follows, its shape is all that is shown. What it says about the lines after it
 * is read all the same; when that takes more than the rest of the budget, nothing more of the text
 * is read. */
#pragma once

#include "base/buf.h"
#include "guard/redact/engine.h"
#include "guard/redact/redact.h"
#include "guard/redact/shape.h"

enum { SEGMENT_MAX = 64 * 1024, SEGMENT_HOLD = 16 * 1024 };

/* What became of a segment, or of several in a row that hold nothing. */
struct segment {
    struct str text;           /* as it came */
    const struct spans *spans; /* merged, in offsets of `text` */
    struct str masked;         /* when asked for */
    bool is_open;              /* its end is masked, so that the next one may go on with it */
};

/* How often each kind was masked. */
struct counts {
    struct redact_count rows[REDACT_KINDS_MAX];
    size_t n;
};

/* Adds what `from` counted to `to`, and empties it. */
void counts_move(struct counts *from, struct counts *to);

struct segmenter {
    const struct redactor *redactor;
    void (*fn)(void *user, const struct segment *segment); /* called for each one in order */
    void *user;
    bool is_waiting;    /* what was not handled is lines of Base64 that may go on */
    bool is_masking;    /* whether `masked` is asked for */
    bool is_over;       /* nothing more is read: the shape of the rest is all that is shown */
    bool is_limited;    /* of the long line under way nothing more is read */
    size_t plain;       /* bytes of its next piece that may be shown whatever follows */
    struct shape shape; /* its own */
    struct carry carry;
    struct sift sift;       /* of the window under way */
    struct sift again_sift; /* of a segment that was masked */
    struct scratch scratch;
    struct spans spans;
    struct spans unused;
    struct buf masked;
    struct buf again;
    struct counts counts; /* of what was masked */
};

void segmenter_init(struct segmenter *segmenter, const struct redactor *redactor,
                    void (*fn)(void *user, const struct segment *segment), void *user);
void segmenter_done(struct segmenter *segmenter);

/* Begins a new text; nothing of the one before has a say. */
void segmenter_restart(struct segmenter *segmenter);

/* Wipes what was read and keeps the memory. */
void segmenter_forget(struct segmenter *segmenter);

/* Whether what was handled says nothing about what comes next: no block, no list goes on. */
bool segmenter_is_idle(const struct segmenter *segmenter);

/* Handles what is complete at the beginning of `text`, or all of it when `is_end`; returns how many
 * bytes were handled. Holds the redactor's lock, so `fn` must not add known values. */
size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end);
