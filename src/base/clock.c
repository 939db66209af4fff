/* Time and its written forms. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t clock_read_us(clockid_t id) {
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_now_ms(void) { return clock_read_us(CLOCK_REALTIME) / 1000; }
int64_t clock_mono_ms(void) { return clock_read_us(CLOCK_MONOTONIC) / 1000; }
int64_t clock_mono_us(void) { return clock_read_us(CLOCK_MONOTONIC); }

void clock_sleep_ms(int64_t ms) {
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

    if (ms > 0) {
        (void)nanosleep(&ts, NULL);
    }
}

static struct tm clock_utc(int64_t ms) {
    time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0 ? 1 : 0));
    struct tm tm = {0};

    (void)gmtime_r(&s, &tm);
    return tm;
}

struct clock_text clock_iso(int64_t ms) {
    struct tm tm = clock_utc(ms);
    struct clock_text out = {{0}};
    size_t n = strftime(out.text, sizeof out.text, "%Y-%m-%dT%H:%M:%S", &tm);

    (void)snprintf(out.text + n, sizeof out.text - n, ".%03dZ", (int)((ms % 1000 + 1000) % 1000));
    return out;
}

struct clock_text clock_basic(int64_t ms) {
    struct tm tm = clock_utc(ms);
    struct clock_text out = {{0}};

    (void)strftime(out.text, sizeof out.text, "%Y%m%dT%H%M%SZ", &tm);
    return out;
}

struct clock_text clock_local(int64_t ms) {
    time_t s = (time_t)(ms / 1000);
    struct tm tm = {0};
    struct clock_text out = {{0}};

    (void)localtime_r(&s, &tm);
    (void)strftime(out.text, sizeof out.text, "%H:%M:%S", &tm);
    return out;
}

enum err_code clock_read_iso(struct str text, int64_t *out_ms, struct err *err) {
    char copy[40] = {0};
    struct tm tm = {0};
    const char *rest;
    int64_t ms = 0;
    int64_t scale = 100;
    int64_t offset_s = 0;

    if (text.len < 20 || text.len >= sizeof copy) {
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a time", STR_ARG(text));
    }
    memcpy(copy, text.ptr, text.len);
    rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL) {
        return err_set(err, ERR_INVALID, "'%s' is not a time", copy);
    }
    if (*rest == '.') {
        for (rest++; *rest >= '0' && *rest <= '9'; rest++) {
            ms += (*rest - '0') * scale;
            scale /= 10;
        }
    }
    if (*rest == '+' || *rest == '-') {
        int h = 0;
        int m = 0;

        if (sscanf(rest + 1, "%2d:%2d", &h, &m) < 1 && sscanf(rest + 1, "%2d%2d", &h, &m) < 1) {
            return err_set(err, ERR_INVALID, "'%s' is not a time", copy);
        }
        offset_s = (*rest == '-' ? -1 : 1) * ((int64_t)h * 3600 + (int64_t)m * 60);
    } else if (strcmp(rest, "Z") != 0) {
        return err_set(err, ERR_INVALID, "'%s' is not a time in UTC", copy);
    }
    *out_ms = ((int64_t)timegm(&tm) - offset_s) * 1000 + ms;
    return ERR_NONE;
}

enum err_code clock_read_http(struct str text, int64_t *out_ms, struct err *err) {
    char copy[40] = {0};
    struct tm tm = {0};
    const char *rest;

    if (text.len > 0 && text.len < sizeof copy) {
        memcpy(copy, text.ptr, text.len);
    }
    rest = strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (rest == NULL || *rest != '\0') {
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not an HTTP date", STR_ARG(text));
    }
    *out_ms = (int64_t)timegm(&tm) * 1000;
    return ERR_NONE;
}
