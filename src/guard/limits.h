/* guard/limits.h: every ceiling and rate in one table (limits.def), and the arithmetic of rates.
 *
 * Nothing here sleeps, reads a clock or keeps state: the caller holds `struct bucket` or `struct
 * window`, persists it where it must outlive the process, and waits as long as it is told.
 */
#pragma once

#include "base/str.h"

enum limit {
    LIMIT_NONE = 0,
#define LIMIT(id, name, value, unit, why) LIMIT_##id,
#include "guard/limits.def"
#undef LIMIT
    LIMIT_N
};

int64_t limit(enum limit id);          /* the value, in the unit of its row */
const char *limit_name(enum limit id); /* "tool_concurrent" */
const char *limit_unit(enum limit id); /* "calls", "ms", "bytes", "1/s" ... */
const char *limit_why(enum limit id);  /* one sentence */

/* A token bucket. {0} is a full bucket. */
struct bucket {
    int64_t spent_milli; /* thousandths of a token that are taken and not yet grown back */
    int64_t at_ms;       /* when that was true */
};

/* Takes one token of a bucket that holds `burst` and grows by `per_s` a second; returns 0 when it
 * was taken, otherwise how many milliseconds to wait before asking again (nothing is taken then).
 * A clock that went back counts as standing still. */
int64_t bucket_take(struct bucket *bucket, int64_t per_s, int64_t burst, int64_t now_ms);

enum { WINDOW_MAX = 16 };

/* At most `n` events in any `span_ms`, by their times. {0} is an empty window. */
struct window {
    int64_t at_ms[WINDOW_MAX]; /* the last events, oldest first */
    int n;
};

/* Counts one event if fewer than `max` (at most WINDOW_MAX) fell into the last `span_ms`; returns 0
 * then, otherwise how many milliseconds to wait before asking again (nothing is counted then). */
int64_t window_take(struct window *window, int max, int64_t span_ms, int64_t now_ms);
