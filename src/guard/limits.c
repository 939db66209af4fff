/* guard/limits.c: the table of ceilings and the arithmetic of rates. */
#include "guard/limits.h"

#include <assert.h>
#include <string.h>

struct limit_row {
    const char *name;
    int64_t value;
    const char *unit;
    const char *why;
};

static const struct limit_row limit_rows[LIMIT_N] = {
#define LIMIT(id, name, value, unit, why) [LIMIT_##id] = {name, value, unit, why},
#include "guard/limits.def"
#undef LIMIT
};

static const struct limit_row *limit_row(enum limit id) {
    assert(id > LIMIT_NONE && id < LIMIT_N);
    return &limit_rows[id];
}

int64_t limit(enum limit id) { return limit_row(id)->value; }

const char *limit_name(enum limit id) { return limit_row(id)->name; }

const char *limit_unit(enum limit id) { return limit_row(id)->unit; }

const char *limit_why(enum limit id) { return limit_row(id)->why; }

enum { MILLI = 1000 };

int64_t bucket_take(struct bucket *bucket, int64_t per_s, int64_t burst, int64_t now_ms) {
    int64_t passed_ms = now_ms - bucket->at_ms;

    if (passed_ms > 0) { /* a token a second is a thousandth of a token a millisecond */
        /* Compared by division, so that a clock far ahead cannot overflow the product. */
        bucket->spent_milli =
            passed_ms > bucket->spent_milli / per_s ? 0 : bucket->spent_milli - passed_ms * per_s;
        bucket->at_ms = now_ms;
    }
    int64_t over_milli = bucket->spent_milli + MILLI - burst * MILLI;
    if (over_milli > 0) {
        return (over_milli + per_s - 1) / per_s;
    }
    bucket->spent_milli += MILLI;
    return 0;
}

int64_t window_take(struct window *window, int max, int64_t span_ms, int64_t now_ms) {
    assert(max > 0 && max <= WINDOW_MAX);
    int64_t newest_ms = window->n > 0 ? window->at_ms[window->n - 1] : now_ms;
    int64_t now = now_ms < newest_ms ? newest_ms : now_ms; /* a clock that went back stands still */
    int gone = 0;

    while (gone < window->n && now - window->at_ms[gone] >= span_ms) {
        gone++;
    }
    window->n -= gone;
    memmove(window->at_ms, window->at_ms + gone, (size_t)window->n * sizeof window->at_ms[0]);
    if (window->n >= max) {
        return window->at_ms[window->n - max] + span_ms - now;
    }
    window->at_ms[window->n++] = now;
    return 0;
}
