/* guard/redact/sieve.h: where in a text anything can stand at all, as bits: one a byte.
 *
 * A single pass over the bytes, 32 at a time where the processor has AVX2. It may say yes too often
 * and never says no too often, so that what it lets through is all that is looked at further. */
#pragma once

#include "base/str.h"

enum { SIEVE_WINDOW = 4, SIEVE_SETS = 3, SIEVE_RUN = 24 };

/* What may begin with which bytes. {0} lets nothing through. */
struct sieve {
    bool is_wide;                       /* the processor has AVX2; both ways give the same bits */
    uint32_t accept[SIEVE_WINDOW][256]; /* groups that have this byte at this place */
    uint8_t low[SIEVE_SETS][SIEVE_WINDOW][16];  /* the same by nibbles, for eight groups each: */
    uint8_t high[SIEVE_SETS][SIEVE_WINDOW][16]; /* a byte is let through when both have its group */
};

/* Bits of a text; 64 bytes a word. Reused from text to text; {0} is empty. */
struct sift {
    uint64_t *anchors; /* a rule or a name may begin here */
    uint64_t *known;   /* a known value may begin here */
    uint64_t *runs;    /* 24th or later character of a run of letters, digits, + / - _ */
    uint64_t *hexes;   /* 24th or later of a run of hexadecimal digits */
    uint64_t *uppers;  /* A to Z */
    uint64_t *odds;    /* NUL, \, %, and bytes above 0x7f */
    uint64_t *ends;    /* CR or LF */
    uint64_t *letters; /* letters, digits, + / - _ */
    uint64_t *digits;  /* 0 to 9; this and the next three are filled on demand */
    uint64_t *numbers; /* digits, blank, - . / ( ) */
    uint64_t *ats;     /* @ */
    uint64_t *openers; /* + and ( */
    uint64_t *persons; /* something that tells who a person is begins here */
    uint64_t *hints;   /* AWS may be talked about here */
    uint64_t *marks;   /* any of anchors, known, persons, runs and odds */
    size_t words;
    size_t cap;
};

void sift_done(struct sift *sift);

/* What is let through: a byte of each of these sets, in a row. */
struct sieve_item {
    const char *first[SIEVE_WINDOW]; /* NULL: any byte */
};

/* Makes the tables anew. */
void sieve_build(struct sieve *sieve, const struct sieve_item *items, size_t n);

/* Fills `sift`, but for `known`, `hints` and `persons`, which are left empty, and `marks`.
 * `has_numbers`: the four on demand too. */
void sieve_run(const struct sieve *sieve, struct str text, bool has_numbers, struct sift *sift);

/* Fills `marks` from the others. */
void sift_mark(struct sift *sift);

static inline bool bit_has(const uint64_t *bits, size_t at) {
    return (bits[at / 64] >> at % 64 & 1) != 0;
}

static inline void bit_set(uint64_t *bits, size_t at) { bits[at / 64] |= UINT64_C(1) << at % 64; }

/* The first bit of `a` or `b` in [from, to); `to` when there is none. */
static inline size_t bits_next(const uint64_t *a, const uint64_t *b, size_t from, size_t to) {
    if (from >= to) {
        return to;
    }
    size_t i = from / 64;
    uint64_t word = (a[i] | b[i]) & ~UINT64_C(0) << from % 64;
    while (word == 0) {
        if (++i * 64 >= to) {
            return to;
        }
        word = a[i] | b[i];
    }
    size_t at = i * 64 + (size_t)__builtin_ctzll(word);
    return at < to ? at : to;
}

/* The first byte in [from, to) whose bit is not set; `to` when there is none. */
static inline size_t bits_next_clear(const uint64_t *bits, size_t from, size_t to) {
    if (from >= to) {
        return to;
    }
    size_t i = from / 64;
    uint64_t word = ~bits[i] & ~UINT64_C(0) << from % 64;
    while (word == 0) {
        if (++i * 64 >= to) {
            return to;
        }
        word = ~bits[i];
    }
    size_t at = i * 64 + (size_t)__builtin_ctzll(word);
    return at < to ? at : to;
}

/* The last bit in [from, to), plus 1; `from` when there is none. */
static inline size_t bits_last(const uint64_t *bits, size_t from, size_t to) {
    while (to > from) {
        size_t i = (to - 1) / 64;
        uint64_t word = bits[i] & ~UINT64_C(0) >> (63 - (to - 1) % 64);

        if (word != 0) {
            size_t at = i * 64 + 64 - (size_t)__builtin_clzll(word);
            return at > from ? at : from;
        }
        to = i * 64;
    }
    return from;
}

static inline void bits_clear(uint64_t *bits, size_t from, size_t to) {
    while (from < to) {
        size_t within = from % 64;
        size_t n = to - from < 64 - within ? to - from : 64 - within;

        bits[from / 64] &= ~(~UINT64_C(0) >> (64 - n) << within);
        from += n;
    }
}
