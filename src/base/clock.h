/* base/clock.h: time, as milliseconds since 1970 in UTC, and its written forms. */
#pragma once

#include "base/str.h"

int64_t clock_now_ms(void);  /* wall clock */
int64_t clock_mono_ms(void); /* for deadlines and durations */
int64_t clock_mono_us(void);

/* Blocks; a signal may end it early. */
void clock_sleep_ms(int64_t ms);

struct clock_text {
    char text[32];
};
struct clock_text clock_iso(int64_t ms);   /* "2026-11-24T14:46:13.123Z" */
struct clock_text clock_basic(int64_t ms); /* "20261124T144613Z", the form of SigV4 */
struct clock_text clock_local(int64_t ms); /* "14:46:13" in the user's zone, for screens */

/* Reads ISO 8601 with 'T', optional fraction, 'Z' or an offset. Errors: ERR_INVALID. */
MUST_CHECK enum err_code clock_read_iso(struct str text, int64_t *out_ms, struct err *err);

/* Reads an HTTP date, RFC 9110 §5.6.7 in its preferred form. Errors: ERR_INVALID. */
MUST_CHECK enum err_code clock_read_http(struct str text, int64_t *out_ms, struct err *err);
