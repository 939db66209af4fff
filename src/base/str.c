/* A borrowed piece of text. */
#include "base/str.h"

#include <string.h>

static char str_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

struct str str_from(const char *s) {
    return (struct str){s, s == NULL ? 0 : strlen(s)};
}

bool str_eq_nocase(struct str a, struct str b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i] && str_lower(a.ptr[i]) != str_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts_nocase(struct str s, struct str prefix) {
    return s.len >= prefix.len && str_eq_nocase(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends_nocase(struct str s, struct str suffix) {
    return s.len >= suffix.len && str_eq_nocase(str_slice(s, s.len - suffix.len, s.len), suffix);
}

ptrdiff_t str_find(struct str s, struct str needle) {
    const char *at;

    if (needle.len == 0) {
        return 0;
    }
    if (s.len < needle.len) {
        return -1;
    }
    at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at == NULL ? -1 : at - s.ptr;
}

static bool str_is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct str str_trim(struct str s) {
    while (s.len > 0 && str_is_blank(s.ptr[0])) {
        s = str_slice(s, 1, s.len);
    }
    while (s.len > 0 && str_is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool str_next(struct str *rest, char sep, struct str *piece) {
    static const char after_sep[] = ""; /* what is left behind a separator at the end: one "" */
    const char *at;

    if (rest->ptr == NULL) {
        return false;
    }
    at = rest->len == 0 ? NULL : memchr(rest->ptr, sep, rest->len);
    if (at == NULL) {
        *piece = *rest;
        *rest = (struct str){NULL, 0};
        return piece->len > 0 || piece->ptr == after_sep;
    }
    *piece = str_slice(*rest, 0, (size_t)(at - rest->ptr));
    *rest = (struct str){at + 1, rest->len - piece->len - 1};
    if (rest->len == 0) {
        rest->ptr = after_sep;
    }
    return true;
}

char *str_dup(struct str s) {
    char *copy = mem_alloc(s.len + 1);

    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    return copy;
}

enum err_code str_to_i64(struct str s, int64_t min, int64_t max, int64_t *out, struct err *err) {
    bool is_negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0;

    if (s.len == (is_negative ? 1U : 0U)) {
        return err_set(err, ERR_INVALID, "a number is missing");
    }
    for (size_t i = is_negative ? 1 : 0; i < s.len; i++) {
        int digit = s.ptr[i] - '0';

        if (digit < 0 || digit > 9) {
            return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a whole number", STR_ARG(s));
        }
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, is_negative ? -digit : digit, &value)) {
            return err_set(err, ERR_INVALID, "'" STR_FMT "' is too large a number", STR_ARG(s));
        }
    }
    if (value < min || value > max) {
        return err_set(err, ERR_INVALID, "%lld is not between %lld and %lld", (long long)value,
                       (long long)min, (long long)max);
    }
    *out = value;
    return ERR_NONE;
}

enum err_code str_to_duration_ms(struct str s, int64_t *out_ms, struct err *err) {
    /* clang-format off */
    static const struct { struct str unit; int64_t ms; } units[] = {
        { {"ms", 2}, 1 }, { {"s", 1}, 1000 }, { {"m", 1}, 60000 }, { {"h", 1}, 3600000 },
        { {"d", 1}, 86400000 },
    };
    /* clang-format on */
    size_t digits = 0;
    int64_t n = 0;

    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9') {
        digits++;
    }
    for (size_t i = 0; i < ARRAY_N(units) && digits > 0; i++) {
        if (!str_eq(str_slice(s, digits, s.len), units[i].unit)) {
            continue;
        }
        if (str_to_i64(str_slice(s, 0, digits), 0, INT64_MAX / units[i].ms, &n, err) != ERR_NONE) {
            return err->code;
        }
        *out_ms = n * units[i].ms;
        return ERR_NONE;
    }
    return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a duration such as 90s, 30m, 12h or 7d",
                   STR_ARG(s));
}

int str_cmp(struct str a, struct str b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* Table 3-7 of the Unicode Standard: well-formed byte sequences. */
bool str_is_utf8(struct str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;

    for (size_t i = 0; i < s.len;) {
        unsigned char c = p[i];
        unsigned char low = 0x80;
        unsigned char high = 0xbf;
        size_t more;

        if (c == 0) {
            return false;
        }
        if (c < 0x80) {
            i++;
            continue;
        }
        if (c >= 0xc2 && c <= 0xdf) {
            more = 1;
        } else if (c >= 0xe0 && c <= 0xef) {
            more = 2;
            low = c == 0xe0 ? 0xa0 : 0x80;
            high = c == 0xed ? 0x9f : 0xbf;
        } else if (c >= 0xf0 && c <= 0xf4) {
            more = 3;
            low = c == 0xf0 ? 0x90 : 0x80;
            high = c == 0xf4 ? 0x8f : 0xbf;
        } else {
            return false;
        }
        if (i + more >= s.len) {
            return false;
        }
        for (size_t k = 1; k <= more; k++) {
            if (p[i + k] < low || p[i + k] > high) {
                return false;
            }
            low = 0x80;
            high = 0xbf;
        }
        i += more + 1;
    }
    return true;
}
