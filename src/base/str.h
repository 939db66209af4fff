/* base/str.h: a borrowed piece of text: pointer and length, not necessarily NUL-terminated.
 *
 * Owns nothing. Whoever keeps a `struct str` knows how long its bytes live.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;      /* bytes */
};

#define STR(literal) ((struct str){("" literal ""), sizeof(literal) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) ((int)(s).len), ((s).ptr == NULL ? "" : (s).ptr)

/* Borrows the C string `s`; NULL gives the empty piece. */
struct str str_from(const char *s);

/* str_eq(), str_starts(), str_ends() and str_slice() are asked for a dozen times for each piece of
 * a text that is read. */
static inline bool str_eq(struct str a, struct str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
static inline bool str_starts(struct str s, struct str prefix) {
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}
static inline bool str_ends(struct str s, struct str suffix) {
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}
bool str_starts_nocase(struct str s, struct str prefix); /* as str_eq_nocase() */
bool str_ends_nocase(struct str s, struct str suffix);

/* The byte offset of the first `needle` in `s`, or -1. An empty needle is at 0. */
ptrdiff_t str_find(struct str s, struct str needle);

/* Bytes [from, to) of `s`; both are cut to its length. */
static inline struct str str_slice(struct str s, size_t from, size_t to) {
    to = to > s.len ? s.len : to;
    from = from > to ? to : from;
    return (struct str){s.ptr == NULL ? NULL : s.ptr + from, to - from};
}

/* The byte at `at`; '\0' behind the end. */
static inline char str_char(struct str s, size_t at) { return at < s.len ? s.ptr[at] : '\0'; }

/* `s` without ASCII blanks and line ends at both sides. */
struct str str_trim(struct str s);

/* Cuts the next piece up to `sep` from `*rest` into `*piece`; false when nothing is left.
 * "a,,b" gives "a", "", "b"; "" gives nothing; "a," gives "a", "". */
bool str_next(struct str *rest, char sep, struct str *piece);

/* A NUL-terminated copy, the caller's to free(). */
char *str_dup(struct str s);

/* Reads a whole decimal number in [min, max]. Errors: ERR_INVALID. */
MUST_CHECK enum err_code str_to_i64(struct str s, int64_t min, int64_t max, int64_t *out,
                                    struct err *err);

/* Reads a duration such as "90s", "30m", "12h", "7d" into milliseconds; a number needs its unit.
 * Errors: ERR_INVALID. */
MUST_CHECK enum err_code str_to_duration_ms(struct str s, int64_t *out_ms, struct err *err);

/* Order by bytes, as memcmp(), shorter first. */
int str_cmp(struct str a, struct str b);

/* Whether the NUL-terminated `s` is well-formed UTF-8 without NUL in `len` bytes. */
bool str_is_utf8(struct str s);
