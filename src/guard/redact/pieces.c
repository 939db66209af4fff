/* guard/redact/pieces.c: literals by pieces of them. */
#include "guard/redact/pieces.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

enum { BITS_MIN = 7, BITS_MAX = 20, PIECES_A_WORD = 4, PLACES = 256 };

/* A literal of `from` bytes and more has a piece of `piece` bytes at a multiple of `stride`. */
static const struct tier_shape {
    size_t piece;
    size_t stride;
    size_t from;
} shapes[] = {{4, 3, 6}, {8, 8, 15}};

static uint64_t piece_at(const char *p, size_t bytes) {
    uint64_t piece = 0;
    uint32_t four = 0;

    if (bytes == 8) {
        memcpy(&piece, p, 8);
        return piece * HASH_FACTOR;
    }
    memcpy(&four, p, 4);
    return (four + UINT64_C(1)) * HASH_FACTOR;
}

/* Three bits of one word. */
static uint64_t bloom_mask(uint64_t hash) {
    return UINT64_C(1) << (hash >> 32 & 63) | UINT64_C(1) << (hash >> 38 & 63) |
           UINT64_C(1) << (hash >> 41 & 63);
}

static size_t word_of(uint64_t hash, unsigned bits) { return (size_t)(hash >> (64 - bits)); }

static void tier_link(struct pieces_tier *tier, size_t row, uint64_t hash) {
    size_t word = word_of(hash, tier->bits);

    tier->rows[row].next = tier->heads[word];
    tier->heads[word] = (uint32_t)row + 1;
    tier->bloom[word] |= bloom_mask(hash);
}

static void tier_free_tables(struct pieces_tier *tier) {
    size_t words = tier->bits == 0 ? 0 : (size_t)1 << tier->bits;

    mem_wipe(tier->bloom, words * sizeof tier->bloom[0]);
    free(tier->bloom);
    free(tier->heads);
}

/* The hash of a row is kept in full only as its literal: the upper half is enough to find its word
 * again, since a table never has more words than that. */
static uint64_t row_hash(const struct piece *row) { return (uint64_t)row->hash << 32; }

static void tier_grow(struct pieces_tier *tier) {
    unsigned bits = tier->bits == 0 ? BITS_MIN : tier->bits + 1;

    tier_free_tables(tier);
    tier->bits = bits;
    tier->bloom = mem_array((size_t)1 << bits, sizeof tier->bloom[0]);
    tier->heads = mem_array((size_t)1 << bits, sizeof tier->heads[0]);
    for (size_t i = 0; i < tier->n; i++) {
        tier_link(tier, i, row_hash(&tier->rows[i]));
    }
}

static void tier_add(struct pieces_tier *tier, uint64_t hash, size_t id, size_t offset) {
    bool is_full = tier->n >= (size_t)PIECES_A_WORD << tier->bits;

    if (tier->bits == 0 || (is_full && tier->bits < BITS_MAX)) {
        tier_grow(tier);
    }
    if (tier->n == tier->cap) {
        tier->cap = tier->cap == 0 ? 64 : tier->cap * 2;
        tier->rows = mem_resize(tier->rows, tier->cap * sizeof tier->rows[0]);
    }
    tier->rows[tier->n] = (struct piece){
        .hash = (uint32_t)(hash >> 32), .id = (uint32_t)id, .offset = (uint32_t)offset};
    tier_link(tier, tier->n, row_hash(&tier->rows[tier->n]));
    tier->n++;
}

void pieces_add(struct pieces *pieces, struct str literal, size_t id) {
    size_t t = literal.len >= shapes[1].from ? 1 : 0;

    for (size_t offset = 0; offset < shapes[t].stride; offset++) {
        uint64_t hash = piece_at(literal.ptr + offset, shapes[t].piece);
        tier_add(&pieces->tiers[t], hash, id, offset);
    }
}

void pieces_done(struct pieces *pieces) {
    for (size_t i = 0; i < ARRAY_N(pieces->tiers); i++) {
        struct pieces_tier *tier = &pieces->tiers[i];

        tier_free_tables(tier);
        mem_wipe(tier->rows, tier->n * sizeof tier->rows[0]);
        free(tier->rows);
    }
    *pieces = (struct pieces){0};
}

static void tier_look(const struct pieces_tier *tier, uint64_t hash, size_t at,
                      void (*fn)(void *user, size_t id, size_t at), void *user) {
    for (uint32_t i = tier->heads[word_of(hash, tier->bits)]; i != 0;) {
        const struct piece *row = &tier->rows[i - 1];

        if (row->hash == (uint32_t)(hash >> 32) && row->offset <= at) {
            fn(user, row->id, at - row->offset);
        }
        i = row->next;
    }
}

/* Places of [*at, ...) where the filter says yes, at most PLACES; `*at` becomes where to go on.
 * Without a branch on what the filter says, which nobody could foretell. */
SIEVE_INLINE size_t tier_filter(const struct pieces_tier *tier, const struct tier_shape *shape,
                                struct str text, size_t *at, uint32_t *places) {
    const uint64_t *bloom = tier->bloom;
    unsigned shift = 64 - tier->bits;
    size_t n = 0;
    size_t i = *at;

    for (; i + shape->piece <= text.len && n < PLACES; i += shape->stride) {
        uint64_t hash = piece_at(text.ptr + i, shape->piece);
        uint64_t word = bloom[hash >> shift];
        places[n] = (uint32_t)i;
        n += word >> (hash >> 32 & 63) & word >> (hash >> 38 & 63) & word >> (hash >> 41 & 63) & 1;
    }
    *at = i;
    return n;
}

SIEVE_INLINE size_t filter_any(const struct pieces_tier *tier, size_t t, struct str text,
                               size_t *at, uint32_t *places) {
    return t == 0 ? tier_filter(tier, &shapes[0], text, at, places)
                  : tier_filter(tier, &shapes[1], text, at, places);
}

#if defined(__x86_64__)
/* Eight long pieces at once. */
SIEVE_TARGET_AVX512 static size_t filter_avx512(const struct pieces_tier *tier, struct str text,
                                                size_t *at, uint32_t *places) {
    const __m512i factor = _mm512_set1_epi64((long long)HASH_FACTOR);
    const __m512i six_bits = _mm512_set1_epi64(63);
    const __m128i shift = _mm_cvtsi32_si128((int)(64 - tier->bits));
    size_t n = 0;
    size_t i = *at;

    for (; i + sizeof factor <= text.len && n + 8 <= PLACES; i += sizeof factor) {
        __m512i hash = _mm512_mullo_epi64(_mm512_loadu_si512(text.ptr + i), factor);
        __m512i word = _mm512_i64gather_epi64(_mm512_srl_epi64(hash, shift), tier->bloom, 8);
        __m512i a = _mm512_and_si512(_mm512_srli_epi64(hash, 32), six_bits);
        __m512i b = _mm512_and_si512(_mm512_srli_epi64(hash, 38), six_bits);
        __m512i c = _mm512_and_si512(_mm512_srli_epi64(hash, 41), six_bits);
        __m512i all = _mm512_and_si512(
            _mm512_and_si512(_mm512_srlv_epi64(word, a), _mm512_srlv_epi64(word, b)),
            _mm512_srlv_epi64(word, c));
        unsigned yes = _mm512_test_epi64_mask(all, _mm512_set1_epi64(1));
        for (; yes != 0; yes &= yes - 1) {
            places[n++] = (uint32_t)(i + (unsigned)__builtin_ctz(yes) * 8);
        }
    }
    *at = i;
    return n;
}

/* Shifts by a variable take one step instead of three. */
SIEVE_TARGET_AVX2 static size_t filter_avx2(const struct pieces_tier *tier, size_t t,
                                            struct str text, size_t *at, uint32_t *places) {
    return filter_any(tier, t, text, at, places);
}
#endif

static size_t tier_places(const struct pieces_tier *tier, size_t t, enum sieve_way way,
                          struct str text, size_t *at, uint32_t *places) {
    (void)way;
#if defined(__x86_64__)
    if (t == 1 && text.len - *at >= 64 && way >= SIEVE_AVX512) {
        return filter_avx512(tier, text, at, places);
    }
    if (way != SIEVE_PLAIN) {
        return filter_avx2(tier, t, text, at, places);
    }
#endif
    return filter_any(tier, t, text, at, places);
}

void pieces_scan(const struct pieces *pieces, enum sieve_way way, struct str text,
                 void (*fn)(void *user, size_t id, size_t at), void *user) {
    uint32_t places[PLACES];

    for (size_t t = 0; t < ARRAY_N(shapes); t++) {
        const struct pieces_tier *tier = &pieces->tiers[t];

        for (size_t at = 0; tier->n > 0 && at + shapes[t].piece <= text.len;) {
            size_t n = tier_places(tier, t, way, text, &at, places);
            for (size_t i = 0; i < n; i++) {
                uint64_t hash = piece_at(text.ptr + places[i], shapes[t].piece);
                tier_look(tier, hash & UINT64_C(0xffffffff00000000), places[i], fn, user);
            }
        }
    }
}
