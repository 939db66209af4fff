/* An owned, growing piece of text with a ceiling. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_done(struct buf *b) {
    free(b->ptr);
    *b = BUF_INIT(b->max);
}

void buf_clear(struct buf *b) {
    b->len = 0;
    b->failed = false;
    if (b->ptr != NULL) {
        b->ptr[0] = '\0';
    }
}

bool buf_reserve(struct buf *b, size_t n) {
    size_t cap;

    if (b->failed || n > b->max - b->len) {
        b->failed = true;
        return false;
    }
    if (b->len + n + 1 <= b->cap) {
        return true;
    }
    cap = b->cap < 64 ? 64 : b->cap * 2;
    cap = cap < b->len + n + 1 ? b->len + n + 1 : cap;
    b->ptr = mem_resize(b->ptr, cap);
    b->ptr[b->len] = '\0';
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, struct str s) {
    if (s.len == 0 || !buf_reserve(b, s.len)) {
        return;
    }
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
    b->ptr[b->len] = '\0';
}

void buf_add_c(struct buf *b, char c) { buf_add(b, (struct str){&c, 1}); }

void buf_add_s(struct buf *b, const char *s) { buf_add(b, str_from(s)); }

void buf_addf(struct buf *b, const char *fmt, ...) {
    va_list args;

    va_start(args, fmt);
    buf_vaddf(b, fmt, args);
    va_end(args);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list args) {
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n <= 0 || !buf_reserve(b, (size_t)n)) {
        b->failed = b->failed || n < 0;
        return;
    }
    (void)vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, args);
    b->len += (size_t)n;
}

struct str buf_str(const struct buf *b) {
    return (struct str){b->ptr, b->len};
}

const char *buf_cstr(const struct buf *b) { return b->ptr == NULL ? "" : b->ptr; }

char *buf_take(struct buf *b) {
    char *out = b->ptr == NULL ? mem_alloc(1) : b->ptr;

    *b = BUF_INIT(b->max);
    return out;
}
