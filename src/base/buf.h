/* base/buf.h: an owned, growing piece of text with a ceiling.
 *
 * The ceiling is set once, by BUF_INIT(max). The first append that would pass it is refused whole
 * and makes the buffer `failed`; all later appends are refused too, so one check at the end is
 * enough. Memory that runs out ends the program.
 */
#pragma once

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *ptr;   /* owned; NUL-terminated, or NULL while empty */
    size_t len;  /* bytes, without the NUL */
    size_t cap;  /* bytes allocated */
    size_t max;  /* bytes; the ceiling */
    bool failed; /* sticky */
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_done(struct buf *b); /* frees; the buffer is empty and usable again */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, struct str s); /* `s` must not point into `b` */
void buf_add_c(struct buf *b, char c);
void buf_add_s(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/* Borrows the content; valid until the next append. */
struct str buf_str(const struct buf *b);

/* The content as a C string; "" while empty. Valid until the next append. */
const char *buf_cstr(const struct buf *b);

/* Hands the content over as a heap C string, the caller's to free(); the buffer is empty after. */
char *buf_take(struct buf *b);

/* Makes room for `n` more bytes without adding them; false (and failed) past the ceiling. */
bool buf_reserve(struct buf *b, size_t n);
