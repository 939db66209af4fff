/* guard/redact/person_number.h: digits in groups, and the check digits of who issued them. */
#pragma once

#include "base/str.h"
#include "guard/redact/charset.h"

enum { NUMBER_DIGITS = 24, NUMBER_GROUPS = 8, NUMBER_EIGHT = 8 };

/* Digits in groups, with one kind of separator between them. */
struct number {
    char digits[NUMBER_DIGITS + NUMBER_EIGHT]; /* room to write eight at once */
    size_t n;
    size_t groups[NUMBER_GROUPS]; /* digits in each */
    size_t group_n;
    uint64_t shape; /* the same, a nibble each: 4-4-4-4 is 0x4444; 15 is 15 and more */
    char separator; /* '\0' without one */
    size_t to;
};

/* How many of the eight bytes at `p` are digits, before another. */
static inline size_t digits_of_eight(const char *p) {
    uint64_t eight = 0;

    memcpy(&eight, p, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    eight ^= UINT64_C(0x3030303030303030); /* digits are 0 to 9 now; a sum carries to later bytes */
    uint64_t others =
        (eight | (eight + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    return others == 0 ? NUMBER_EIGHT : (size_t)__builtin_ctzll(others) / 8;
}

/* Adds the digits at `p` to the `*n` of `digits`, which has room for `max` and eight more; returns
 * where they end, or where there is no room for another. */
static inline const char *digits_read(const char *p, const char *end, char *digits, size_t *n,
                                      size_t max) {
    size_t here = NUMBER_EIGHT;

    while (here == NUMBER_EIGHT && end - p >= NUMBER_EIGHT && *n < max) {
        size_t room = max - *n;

        here = digits_of_eight(p);
        memcpy(digits + *n, p, NUMBER_EIGHT);
        here = here < room ? here : room;
        *n += here;
        p += here;
    }
    while (here == NUMBER_EIGHT && p < end && is_digit(*p) && *n < max) {
        digits[(*n)++] = *p++;
    }
    return p;
}

/* Reads digits and single separators (blank - . /) of one kind, as many as fit. */
void number_read(struct str text, size_t at, struct number *out);

/* Cuts the number down to its first `group_n` groups. */
void number_cut(struct number *number, size_t group_n);

/* Nothing that makes a number part of something longer stands before `at`. */
bool number_begins(struct str text, size_t at);

/* Nothing that does follows at `to`. */
bool number_ends(struct str text, size_t to);

/* No other group of digits goes before or after [from, to). */
bool number_is_alone(struct str text, size_t from, size_t to);

/* The value of `n` digits. */
static inline int number_of(const char *digits, size_t n) {
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

bool all_same(const char *digits, size_t n);

/* ISO/IEC 7812: the last digit checks the others. */
bool is_luhn(const char *digits, size_t n);

/* The sum of digits by weights, one character a weight; ':' is 10, ';' 11 and so on. */
int weighted(const char *digits, const char *weights);

struct said;

/* person_card.c: the groups in which numbers of cards are written. */
extern const uint64_t card_shapes[];
extern const size_t card_shape_n;

/* person_card.c: whether it is the number of a card: of an issuer, or a word before says so. */
bool person_is_card(struct str text, size_t at, const struct number *number, struct said *said);

/* person_id.c: whether the check digits are those of a kind in person_id.def. */
bool person_id_is_valid(const char *kind, const char *digits);
