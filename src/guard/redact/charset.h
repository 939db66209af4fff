/* guard/redact/charset.h: sets of ASCII characters as 128-bit constants. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct charset {
    uint64_t bits[4]; /* of 64 characters each; the upper two are empty */
};

#define SET_LO(c) ((c) < 64 ? UINT64_C(1) << ((c)&63) : 0)
#define SET_HI(c) ((c) >= 64 ? UINT64_C(1) << ((c)&63) : 0)

#define SET_DIGIT_LO UINT64_C(0x03ff000000000000)
#define SET_UPPER_HI UINT64_C(0x0000000007fffffe)
#define SET_LOWER_HI UINT64_C(0x07fffffe00000000)
#define SET_HEX_HI UINT64_C(0x0000007e0000007e)

static inline bool charset_has(const struct charset *set, char c) {
    unsigned char u = (unsigned char)c;

    return (set->bits[u >> 6] >> (u & 63) & 1) != 0;
}

/* What a character is; a table, since of the characters of a random text no branch can be foretold.
 */
enum char_class {
    CHAR_DIGIT = 1 << 0,
    CHAR_UPPER = 1 << 1,
    CHAR_LOWER = 1 << 2,
    CHAR_HEX = 1 << 3,
    CHAR_NAME = 1 << 4,   /* _ - . */
    CHAR_BASE64 = 1 << 5, /* + / - _ = */
    CHAR_BLANK = 1 << 6,  /* line ends too */
    CHAR_QUOTE = 1 << 7,
    CHAR_LETTER = CHAR_UPPER | CHAR_LOWER,
    CHAR_ALNUM = CHAR_DIGIT | CHAR_LETTER
};
extern const uint8_t char_classes[256];

static inline bool char_is(char c, unsigned classes) {
    return (char_classes[(unsigned char)c] & classes) != 0;
}

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

static inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

static inline char fold(char c) { return is_upper(c) ? (char)(c | 0x20) : c; }

static inline bool is_letter(char c) { return char_is(c, CHAR_LETTER); }

static inline bool is_alnum(char c) { return char_is(c, CHAR_ALNUM); }

static inline bool is_hex(char c) { return char_is(c, CHAR_HEX); }

/* Of Base64, either alphabet, and its padding. */
static inline bool is_base64(char c) { return char_is(c, CHAR_ALNUM | CHAR_BASE64); }

/* Of the name of a variable, a header, an option. */
static inline bool is_name_char(char c) { return char_is(c, CHAR_ALNUM | CHAR_NAME); }

static inline bool is_quote(char c) { return char_is(c, CHAR_QUOTE); }

static inline bool is_line_end(char c) { return c == '\n' || c == '\r'; }

/* Of a number of JSON. */
static inline bool is_number_char(char c) {
    return is_digit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

static inline bool is_blank(char c) { return char_is(c, CHAR_BLANK); }

/* The value of a hexadecimal digit. */
static inline unsigned hex_value(char c) {
    return is_digit(c) ? (unsigned)(c - '0') : (unsigned)(fold(c) - 'a') + 10;
}

/* Sets the upper bit of the first of eight bytes that is `c`, and maybe of some after it. */
static inline uint64_t eight_find(uint64_t eight, char c) {
    uint64_t other = eight ^ UINT64_C(0x0101010101010101) * (unsigned char)c;

    return (other - UINT64_C(0x0101010101010101)) & ~other & UINT64_C(0x8080808080808080);
}

/* The bits of a set of up to 32 ASCII characters, of those below 64 or of the others. */
#define SET_OF(SET, of, n)                                                                         \
    (SET_OF_8(SET, of, n, 0) | SET_OF_8(SET, of, n, 8) | SET_OF_8(SET, of, n, 16) |                \
     SET_OF_8(SET, of, n, 24))
#define SET_OF_8(SET, of, n, i)                                                                    \
    (SET_OF_2(SET, of, n, i) | SET_OF_2(SET, of, n, (i) + 2) | SET_OF_2(SET, of, n, (i) + 4) |     \
     SET_OF_2(SET, of, n, (i) + 6))
#define SET_OF_2(SET, of, n, i) (SET_OF_1(SET, of, n, i) | SET_OF_1(SET, of, n, (i) + 1))
#define SET_OF_1(SET, of, n, i) ((n) > (i) ? SET((unsigned char)(of)[(n) > (i) ? (i) : 0]) : 0)

/* Whether `c` is one of the ASCII characters of a string; of a constant, without a call. */
static inline __attribute__((always_inline)) bool is_any(char c, const char *of) {
    size_t n = __builtin_strlen(of);

    if (!__builtin_constant_p(n) || n > 32) {
        return c != '\0' && strchr(of, c) != NULL;
    }
    if (n > 8) {
        unsigned char u = (unsigned char)c;
        uint64_t bits = u < 64 ? SET_OF(SET_LO, of, n) : SET_OF(SET_HI, of, n);
        return u < 128 && (bits >> (u & 63) & 1) != 0;
    }
    return c != '\0' && ((n > 0 && c == of[0]) || (n > 1 && c == of[1]) || (n > 2 && c == of[2]) ||
                         (n > 3 && c == of[3]) || (n > 4 && c == of[4]) || (n > 5 && c == of[5]) ||
                         (n > 6 && c == of[6]) || (n > 7 && c == of[7]));
}
