/* guard/redact/sieve.c: looks at every byte once.
 *
 * What may begin where is told as by Teddy of Hyperscan: the items are put into 24 groups, and for
 * each of the first four places a byte is looked up by its two nibbles in tables of groups. A place
 * stays that has one group in all eight answers. */
#include "guard/redact/sieve.h"

#include "guard/redact/charset.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { GROUPS = 8 * SIEVE_SETS, ROWS = 15 };

/* ---- tables ---- */

struct group {
    uint16_t low[SIEVE_WINDOW]; /* sets of nibbles */
    uint16_t high[SIEVE_WINDOW];
};

/* How much text a group lets through, about: bytes of logs by their upper nibble. */
static uint64_t group_cost(const struct group *group) {
    static const unsigned weights[8] = {3, 1, 30, 25, 10, 10, 40, 35};
    uint64_t cost = 1;

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        uint64_t often = 0;
        for (size_t i = 0; i < ARRAY_N(weights); i++) {
            often += (group->high[k] >> i & 1) != 0 ? weights[i] : 0;
        }
        cost *= often * ((unsigned)__builtin_popcount(group->low[k]) + 1);
    }
    return cost;
}

static struct group group_with(const struct group *group, const struct sieve_item *item) {
    struct group with = *group;

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        if (item->first[k] == NULL) {
            with.low[k] = 0xffff;
            with.high[k] = 0xffff;
            continue;
        }
        for (const char *p = item->first[k]; *p != '\0'; p++) {
            with.low[k] |= (uint16_t)(1U << (*p & 15));
            with.high[k] |= (uint16_t)(1U << ((unsigned char)*p >> 4));
        }
    }
    return with;
}

static void sieve_add_group(struct sieve *sieve, const struct group *group, size_t g) {
    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        for (unsigned i = 0; i < 16; i++) {
            sieve->low[g / 8][k][i] |= (uint8_t)((group->low[k] >> i & 1U) << g % 8);
            sieve->high[g / 8][k][i] |= (uint8_t)((group->high[k] >> i & 1U) << g % 8);
        }
        for (unsigned c = 0; c < 256; c++) {
            unsigned is_in = (group->low[k] >> (c & 15)) & (group->high[k] >> (c >> 4)) & 1U;
            sieve->accept[k][c] |= (uint32_t)(is_in << g);
        }
    }
}

void sieve_build(struct sieve *sieve, const struct sieve_item *items, size_t n) {
    struct group groups[GROUPS] = {0};

    *sieve = (struct sieve){0};
#if defined(__x86_64__)
    sieve->is_wide = __builtin_cpu_supports("avx2");
#endif
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        uint64_t best_cost = UINT64_MAX;

        for (size_t g = 0; g < GROUPS; g++) {
            struct group with = group_with(&groups[g], &items[i]);
            uint64_t more = group_cost(&with) - group_cost(&groups[g]);
            if (more < best_cost) {
                best = g;
                best_cost = more;
            }
        }
        groups[best] = group_with(&groups[best], &items[i]);
    }
    for (size_t g = 0; g < GROUPS; g++) {
        sieve_add_group(sieve, &groups[g], g);
    }
}

/* ---- looking ---- */

void sift_done(struct sift *sift) {
    free(sift->anchors);
    *sift = (struct sift){0};
}

static void sift_reserve(struct sift *sift, size_t n) {
    sift->words = n / 64 + 1;
    if (sift->cap < sift->words) {
        free(sift->anchors);
        sift->cap = sift->words + sift->words / 2;
        sift->anchors = mem_array(sift->cap * ROWS, sizeof sift->anchors[0]);
    }
    sift->known = sift->anchors + sift->cap;
    sift->runs = sift->known + sift->cap;
    sift->hexes = sift->runs + sift->cap;
    sift->uppers = sift->hexes + sift->cap;
    sift->odds = sift->uppers + sift->cap;
    sift->ends = sift->odds + sift->cap;
    sift->letters = sift->ends + sift->cap;
    sift->digits = sift->letters + sift->cap;
    sift->numbers = sift->digits + sift->cap;
    sift->ats = sift->numbers + sift->cap;
    sift->openers = sift->ats + sift->cap;
    sift->persons = sift->openers + sift->cap;
    sift->hints = sift->persons + sift->cap;
    sift->marks = sift->hints + sift->cap;
}

void sift_mark(struct sift *sift) {
    for (size_t i = 0; i < sift->words; i++) {
        sift->marks[i] =
            sift->anchors[i] | sift->known[i] | sift->persons[i] | sift->runs[i] | sift->odds[i];
    }
}

/* What 64 bytes say; of `anchors` the last three places look at the bytes after them too. */
struct sifted {
    uint64_t anchors;
    uint64_t runs;
    uint64_t hexes;
    uint64_t uppers;
    uint64_t odds;
    uint64_t ends;
    uint64_t digits;
    uint64_t numbers;
    uint64_t ats;
    uint64_t openers;
};

static inline void sift_keep(struct sift *sift, size_t word, const struct sifted *got) {
    sift->anchors[word] = got->anchors;
    sift->runs[word] = got->runs;
    sift->letters[word] = got->runs;
    sift->hexes[word] = got->hexes;
    sift->uppers[word] = got->uppers;
    sift->odds[word] = got->odds;
    sift->ends[word] = got->ends;
    sift->digits[word] = got->digits;
    sift->numbers[word] = got->numbers;
    sift->ats[word] = got->ats;
    sift->openers[word] = got->openers;
}

static struct sifted sift_64_plain(const struct sieve *sieve, const char *p) {
    const unsigned char *u = (const unsigned char *)p;
    struct sifted out = {0};

    for (unsigned i = 0; i < 64; i++) {
        uint32_t groups = UINT32_MAX;
        char c = p[i];

        for (size_t k = 0; k < SIEVE_WINDOW; k++) {
            groups &= sieve->accept[k][u[i + k]];
        }
        bool is_run = is_alnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
        bool is_odd = c == '\0' || c == '\\' || c == '%' || u[i] > 0x7f;
        out.anchors |= (uint64_t)(groups != 0) << i;
        out.runs |= (uint64_t)is_run << i;
        out.hexes |= (uint64_t)is_hex(c) << i;
        out.uppers |= (uint64_t)(c >= 'A' && c <= 'Z') << i;
        out.odds |= (uint64_t)is_odd << i;
        out.ends |= (uint64_t)(c == '\n' || c == '\r') << i;
        out.digits |= (uint64_t)is_digit(c) << i;
        out.numbers |= (uint64_t)(is_digit(c) || is_any(c, " -./()")) << i;
        out.ats |= (uint64_t)(c == '@') << i;
        out.openers |= (uint64_t)(c == '+' || c == '(') << i;
    }
    return out;
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi")))

AVX2 static inline __m256i load_32(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

AVX2 static inline __m256i table_16(const void *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}

AVX2 static inline uint64_t mask_of_32(__m256i v) { return (uint32_t)_mm256_movemask_epi8(v); }

AVX2 static inline __m256i between_32(__m256i v, char from, char to) {
    return _mm256_and_si256(_mm256_cmpgt_epi8(v, _mm256_set1_epi8((char)(from - 1))),
                            _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(to + 1)), v));
}

AVX2 static inline __m256i is_32(__m256i v, char c) {
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

/* Classes of a byte: one bit for each pair of an upper nibble and its lower ones. */
AVX2 static inline __attribute__((always_inline)) void sift_32(const struct sieve *sieve,
                                                               const char *p, bool has_numbers,
                                                               unsigned shift, struct sifted *out) {
    static const uint8_t class_low[16] = {0x2a, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e,
                                          0x3e, 0x3e, 0xbc, 0x15, 0x14, 0x95, 0x14, 0x55};
    static const uint8_t class_high[16] = {0x80, 0, 0x01, 0x02, 0x04, 0x48, 0x10, 0x20,
                                           0,    0, 0,    0,    0,    0,    0,    0};
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i zero = _mm256_setzero_si256();
    __m256i groups[SIEVE_SETS] = {_mm256_set1_epi8(-1), _mm256_set1_epi8(-1), _mm256_set1_epi8(-1)};
    __m256i first = load_32(p);
    __m256i low = _mm256_and_si256(first, nibble);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(first, 4), nibble);
    __m256i class = _mm256_and_si256(_mm256_shuffle_epi8(table_16(class_low), low),
                                     _mm256_shuffle_epi8(table_16(class_high), high));

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        if (k > 0) {
            __m256i bytes = load_32(p + k);
            low = _mm256_and_si256(bytes, nibble);
            high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
        }
        for (size_t s = 0; s < SIEVE_SETS; s++) {
            __m256i both = _mm256_and_si256(_mm256_shuffle_epi8(table_16(sieve->low[s][k]), low),
                                            _mm256_shuffle_epi8(table_16(sieve->high[s][k]), high));
            groups[s] = _mm256_and_si256(groups[s], both);
        }
    }
    __m256i none =
        _mm256_cmpeq_epi8(_mm256_or_si256(_mm256_or_si256(groups[0], groups[1]), groups[2]), zero);
    __m256i run = _mm256_and_si256(class, _mm256_set1_epi8(0x7f));
    __m256i upper = between_32(first, 'A', 'Z');
    __m256i digit = between_32(first, '0', '9');
    __m256i hex = _mm256_or_si256(
        digit, between_32(_mm256_or_si256(first, _mm256_set1_epi8(0x20)), 'a', 'f'));
    __m256i odd = _mm256_or_si256(_mm256_cmpeq_epi8(first, zero),
                                  _mm256_cmpeq_epi8(first, _mm256_set1_epi8('\\')));
    odd = _mm256_or_si256(odd, _mm256_cmpeq_epi8(first, _mm256_set1_epi8('%')));

    out->anchors |= (~mask_of_32(none) & UINT32_MAX) << shift;
    out->runs |= (~mask_of_32(_mm256_cmpeq_epi8(run, zero)) & UINT32_MAX) << shift;
    out->hexes |= mask_of_32(hex) << shift;
    out->uppers |= mask_of_32(upper) << shift;
    out->odds |= mask_of_32(_mm256_or_si256(odd, first)) << shift;
    out->ends |= mask_of_32(class) << shift;
    out->digits |= mask_of_32(digit) << shift;
    if (has_numbers) {
        __m256i round = _mm256_or_si256(is_32(first, '('), is_32(first, ')'));
        __m256i between = _mm256_or_si256(is_32(first, ' '), between_32(first, '-', '/'));
        out->numbers |= mask_of_32(_mm256_or_si256(_mm256_or_si256(digit, round), between))
                        << shift;
        out->ats |= mask_of_32(is_32(first, '@')) << shift;
        out->openers |= mask_of_32(_mm256_or_si256(is_32(first, '('), is_32(first, '+'))) << shift;
    }
}

AVX2 static inline __attribute__((always_inline)) void sift_words_32(const struct sieve *sieve,
                                                                     const char *p, size_t n,
                                                                     bool has_numbers,
                                                                     struct sift *sift,
                                                                     size_t word) {
    for (size_t i = 0; i < n; i++) {
        struct sifted got = {0};

        sift_32(sieve, p + i * 64, has_numbers, 0, &got);
        sift_32(sieve, p + i * 64 + 32, has_numbers, 32, &got);
        sift_keep(sift, word + i, &got);
    }
}

/* Compiled once for each value of `has_numbers`. */
AVX2 static void sift_words_avx2(const struct sieve *sieve, const char *p, size_t n,
                                 bool has_numbers, struct sift *sift, size_t word) {
    if (has_numbers) {
        sift_words_32(sieve, p, n, true, sift, word);
    } else {
        sift_words_32(sieve, p, n, false, sift, word);
    }
}

#endif

static void sift_words(const struct sieve *sieve, const char *p, size_t n, bool has_numbers,
                       struct sift *sift, size_t word) {
    (void)has_numbers; /* the plain way tells everything */
#if defined(__x86_64__)
    if (sieve->is_wide) {
        sift_words_avx2(sieve, p, n, has_numbers, sift, word);
        return;
    }
#endif
    for (size_t i = 0; i < n; i++) {
        struct sifted got = sift_64_plain(sieve, p + i * 64);

        sift_keep(sift, word + i, &got);
    }
}

/* Bit i of the result: bits i, i - 1, ... i - n + 1 were set, where `before` is the word before. */
static uint64_t and_shifted(uint64_t word, uint64_t before, unsigned n) {
    return word & (word << n | before >> (64 - n));
}

/* Leaves of each run of bits what follows its 23rd. */
static void runs_keep_long(uint64_t *bits, size_t words) {
    uint64_t before[4] = {0};

    for (size_t i = 0; i < words; i++) {
        uint64_t two = and_shifted(bits[i], before[0], 1);
        uint64_t four = and_shifted(two, before[1], 2);
        uint64_t eight = and_shifted(four, before[2], 4);
        uint64_t sixteen = and_shifted(eight, before[3], 8);
        uint64_t long_enough = sixteen & (eight << 16 | before[3] >> 48);

        before[0] = bits[i];
        before[1] = two;
        before[2] = four;
        before[3] = eight;
        bits[i] = long_enough;
    }
}

void sieve_run(const struct sieve *sieve, struct str text, bool has_numbers, struct sift *sift) {
    char tail[128] = {0};

    sift_reserve(sift, text.len);
    size_t whole = text.len < SIEVE_WINDOW ? 0 : (text.len - SIEVE_WINDOW + 1) / 64;
    sift_words(sieve, text.ptr, whole, has_numbers, sift, 0);
    size_t left = text.len - whole * 64; /* at most 66 */
    if (left > 0) {
        memcpy(tail, text.ptr + whole * 64, left);
    }
    size_t last = sift->words - whole;
    for (size_t i = 0; i < last; i++) {
        char part[128] = {0};

        memcpy(part, tail + i * 64, 128 - i * 64);
        sift_words(sieve, part, 1, has_numbers, sift, whole + i);
    }
    mem_wipe(tail, sizeof tail);
    bits_clear(sift->anchors, text.len, sift->words * 64);
    bits_clear(sift->odds, text.len, sift->words * 64);
    memset(sift->known, 0, sift->words * sizeof sift->known[0]);
    memset(sift->persons, 0, sift->words * sizeof sift->persons[0]);
    memset(sift->hints, 0, sift->words * sizeof sift->hints[0]);
    runs_keep_long(sift->runs, sift->words);
    runs_keep_long(sift->hexes, sift->words);
}
