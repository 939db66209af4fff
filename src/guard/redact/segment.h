/* guard/redact/segment.h: cuts text into segments at places that only its content decides, so that
 * the same bytes are masked alike however they arrive.
 *
 * A segment is a line with its end. A line of more than SEGMENT_MAX bytes is cut where no span is
 * and SEGMENT_HOLD bytes were seen beyond.
 *
 * A text is read twice: as it came, which finds what must be masked, and as it is shown, which is
 * what a second masking would read: the same segments, with what the lines before say as they are
 * shown. What that reading finds is masked too, and read again until it finds nothing; only then it
 * is given. So masking what was given again finds nothing, line for line. As long as nothing was
 * masked both readings are one.
 *
 * A segment whose reading takes more than the budget of its text is limited: but for words that may
 * be shown whatever follows, its shape is all that is shown. What it says about the lines after it
 * is read all the same; when that takes more than the rest of the budget, nothing more of the text
 * is read. */
#pragma once

#include "base/buf.h"
#include "guard/redact/engine.h"
#include "guard/redact/redact.h"
#include "guard/redact/settled.h"
#include "guard/redact/shape.h"

enum { SEGMENT_MAX = 64 * 1024, SEGMENT_HOLD = 16 * 1024 };

/* Whether a line ends in `text`, which is not empty. */
bool segment_has_end(struct str text);

/* What became of a segment, or of several in a row that hold nothing. */
struct segment {
    struct str text;           /* as it came, or as it is shown when that is asked for */
    const struct spans *spans; /* merged, in offsets of `text`; none of what is shown */
};

/* How often each kind was masked. */
struct counts {
    struct redact_count rows[REDACT_KINDS_MAX];
    size_t n;
};

/* Adds what `from` counted to `to`, and empties it. */
void counts_move(struct counts *from, struct counts *to);

/* What was read before says about what comes. */
struct reading_state {
    struct carry carry;
    struct shape shape; /* of the long line under way */
    size_t plain;       /* bytes of its next piece that may be shown whatever follows */
    bool is_limited;    /* nothing more of it is read */
    bool is_over;       /* nothing more of the text is */
};

/* One reading of a text from its begin. */
struct reading {
    struct reading_state state;
    struct sift sift; /* of the window under way */
    bool is_waiting;  /* what was not handled is lines of Base64 that may go on */
};

struct segmenter {
    const struct redactor *redactor;
    void (*fn)(void *user, const struct segment *segment); /* called for each one in order */
    void *user;
    bool is_masking; /* what is shown is asked for, not what was found */
    struct reading raw;
    struct reading shown;
    bool is_one;            /* both are: `shown` has yet to begin where `raw` is */
    struct buf held;        /* what is to be shown and was not read to its end */
    bool is_open;           /* it ends with a mask that what comes may go on with */
    bool is_changed;        /* the segment under way was masked in `held`, to be read again */
    int rounds;             /* how often */
    size_t owed;            /* bytes that came for what is held, which gives steps for so many */
    struct settled settled; /* lines that are not read again */
    struct settled passed;  /* lines without a mark, of what is held, that are not sifted again */
    int64_t taken;          /* steps that reading the segment that came last took */
    struct sift sift;       /* of a line that is limited, and of one that has not ended */
    struct scratch scratch;
    struct spans spans;
    struct buf masked;
    struct counts counts; /* of what was masked */
};

void segmenter_init(struct segmenter *segmenter, const struct redactor *redactor,
                    void (*fn)(void *user, const struct segment *segment), void *user);
void segmenter_done(struct segmenter *segmenter);

/* Begins a new text; nothing of the one before has a say. */
void segmenter_restart(struct segmenter *segmenter);

/* Wipes what was read and keeps the memory. */
void segmenter_forget(struct segmenter *segmenter);

/* Whether all that was handled is shown and says nothing about what comes next: no block, no list
 * goes on. */
bool segmenter_is_idle(const struct segmenter *segmenter);

/* Handles what is complete at the beginning of `text`, or all of it when `is_end`; returns how many
 * bytes were handled. Holds the redactor's lock, so `fn` must not add known values. */
size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end);
