/* guard/redact/sieve.h: where in a text anything can stand at all, as bits: one a byte.
 *
 * A single pass over the bytes, 64 at a time where the processor has AVX-512, 32 where it has AVX2.
 * It may say yes too often and never says no too often, so that what it lets through is all that is
 * looked at further. */
#pragma once

#include "base/str.h"

enum {
    SIEVE_WINDOW = 4,
    SIEVE_SETS = 4,
    SIEVE_GROUPS = 8 * SIEVE_SETS,
    SIEVE_RUN = 24,
    SIEVE_VALUE = 16
};

/* How bytes are looked at, from slow to fast; each way gives the same bits, but that with AVX-512
 * VBMI fewer anchors are let through: bytes are looked up whole there, elsewhere by nibbles. */
enum sieve_way { SIEVE_PLAIN = 0, SIEVE_AVX2, SIEVE_AVX512, SIEVE_VBMI };

/* What this processor can do. */
enum sieve_way sieve_best_way(void);

/* Places of a text in rising order, from the bits of SIEVE_BATCH words. */
enum { SIEVE_BATCH = 16, SIEVE_PLACES = SIEVE_BATCH * 64 + 16 };

enum { SIEVE_ASCII = 128 };

/* Several prefixes as one: a set of bytes for each place, by bits; all of them: any byte. One that
 * is not of ASCII stands there by its lower seven bits, and in `beyond` by its upper nibble. */
struct sieve_group {
    uint64_t bytes[SIEVE_WINDOW][SIEVE_ASCII / 64];
    uint8_t beyond[SIEVE_WINDOW]; /* bit h: nibble 8 + h */
};

/* What may begin with which bytes. {0} lets nothing through. */
struct sieve {
    enum sieve_way way;
    struct sieve_group groups[SIEVE_GROUPS];
    uint32_t accept[SIEVE_WINDOW][256];         /* groups that have this byte at this place */
    uint8_t low[SIEVE_SETS][SIEVE_WINDOW][16];  /* the same by nibbles, for eight groups each: */
    uint8_t high[SIEVE_SETS][SIEVE_WINDOW][16]; /* a byte is let through when both have its group */
    uint8_t whole[SIEVE_SETS][SIEVE_WINDOW]
                 [SIEVE_ASCII]; /* and by the lower seven bits of a byte */
};

/* What the bits are for. */
enum sift_use {
    SIFT_WINDOW = 0, /* segments are told apart by them, and those without a mark passed */
    SIFT_SEGMENT,    /* views of it may be built: no marks */
    SIFT_VIEW,       /* nor are odd bytes pruned */
    SIFT_JOINED      /* lines of Base64 as one: only known values, runs and hints count */
};

/* Who was found at a bit of `persons`. */
struct sifted_person {
    size_t at; /* the bit */
    size_t from;
    size_t to;
    const char *kind;
};

/* Bits of a text; 64 bytes a word. Reused from text to text; {0} is empty. */
struct sift {
    uint64_t *anchors; /* a rule or a name may begin here */
    uint64_t *known;   /* a known value may begin here */
    uint64_t *runs;    /* 24th or later character of a run of letters, digits, + / - _ */
    uint64_t *values;  /* 16th character of a run that does not begin with eight digits of hexes */
    uint64_t *hexes;   /* 24th or later of a run of hexadecimal digits */
    uint64_t *uppers;  /* A to Z */
    uint64_t *odds;    /* NUL, \, %, and bytes above 0x7f */
    uint64_t *ends;    /* CR or LF */
    uint64_t *letters; /* letters, digits, + / - _ */
    uint64_t *nibbles; /* hexadecimal digits */
    uint64_t *digits;  /* 0 to 9; the next four are filled on demand */
    uint64_t *numbers; /* digits, blank, - . / ( ) */
    uint64_t *dots;    /* . */
    uint64_t *ats;     /* @ */
    uint64_t *openers; /* + and ( */
    uint64_t *persons; /* something that tells who a person is begins here */
    uint64_t *looks;   /* so many, from a place on, as looking for one of those there took parts */
    uint64_t *hints;   /* AWS may be talked about here */
    uint64_t *marks;   /* any of anchors, known, persons, runs, values and odds */
    size_t words;
    size_t cap;
    enum sieve_way way;
    struct sifted_person *people; /* of the bits of `persons`, in their order */
    size_t people_n;
    size_t people_cap;
};

/* Sets the bit at `at`, beyond all that were set. */
void sift_add_person(struct sift *sift, struct sifted_person person);

/* The one at `at`, whose bit is set. */
const struct sifted_person *sift_person(const struct sift *sift, size_t at);

void sift_done(struct sift *sift);

/* What is let through: a byte of each of these sets, in a row. */
struct sieve_item {
    const char *first[SIEVE_WINDOW]; /* NULL: any byte */
};

/* Makes the tables anew. */
void sieve_build(struct sieve *sieve, const struct sieve_item *items, size_t n);

/* Lets one more through. */
void sieve_add(struct sieve *sieve, const struct sieve_item *item);

/* Writes where the bits of the words [word, word + SIEVE_BATCH) stand, as far as there are words,
 * to `places`, which has room for SIEVE_PLACES; returns how many. */
size_t sift_places(const struct sift *sift, const uint64_t *bits, size_t word, uint32_t *places);

/* The same, and clears the bits. */
size_t sift_take_places(const struct sift *sift, uint64_t *bits, size_t word, uint32_t *places);

/* Fills `sift`, but for `known`, `hints`, `persons` and `looks`, which are left empty, and `marks`.
 * `has_numbers`: those on demand too. */
void sieve_run(const struct sieve *sieve, struct str text, bool has_numbers, struct sift *sift);

/* Fills `marks` from the others. */
void sift_mark(struct sift *sift);

/* Words that are computed with at once; rows of `sift` may be read and written that far after their
 * last word, where `digits`, `numbers` and `uppers` are empty, and `letters` one word before. */
enum { SIEVE_BLOCK = 8 };
typedef uint64_t sieve_block __attribute__((vector_size(SIEVE_BLOCK * sizeof(uint64_t))));

#define SIEVE_INLINE static inline __attribute__((always_inline))

/* The targets of functions that compute with blocks; those for AVX2 have what all of its processors
 * have besides. */
#if defined(__x86_64__)
#define SIEVE_TARGET_BITS                                                                          \
    __attribute__((target("bmi,bmi2,popcnt"))) /* no vectors: they leave marks */
#define SIEVE_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define SIEVE_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,bmi,bmi2,popcnt")))
#define SIEVE_TARGET_VBMI                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))
#endif

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

/* How many bits are set in [from, to). */
static inline size_t bits_count(const uint64_t *bits, size_t from, size_t to) {
    size_t n = 0;

    while (from < to) {
        size_t within = from % 64;
        size_t here = to - from < 64 - within ? to - from : 64 - within;
        uint64_t word = bits[from / 64] >> within & ~UINT64_C(0) >> (64 - here);

        n += word == 0 ? 0 : (size_t)__builtin_popcountll(word);
        from += here;
    }
    return n;
}

static inline void bits_clear(uint64_t *bits, size_t from, size_t to) {
    while (from < to) {
        size_t within = from % 64;
        size_t n = to - from < 64 - within ? to - from : 64 - within;

        bits[from / 64] &= ~(~UINT64_C(0) >> (64 - n) << within);
        from += n;
    }
}
