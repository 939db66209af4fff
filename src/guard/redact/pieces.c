/* guard/redact/pieces.c: literals by pieces of them. */
#include "guard/redact/pieces.h"

#include <stdlib.h>
#include <string.h>

enum { BITS_MIN = 7, BITS_MAX = 20, PIECES_A_WORD = 4 };

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
        return piece * UINT64_C(0x9e3779b97f4a7c15);
    }
    memcpy(&four, p, 4);
    return (four + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
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

static inline __attribute__((always_inline)) void tier_scan(
    const struct pieces_tier *tier, const struct tier_shape *shape, struct str text,
    void (*fn)(void *user, size_t id, size_t at), void *user) {
    for (size_t at = 0; at + shape->piece <= text.len; at += shape->stride) {
        uint64_t hash = piece_at(text.ptr + at, shape->piece) & UINT64_C(0xffffffff00000000);
        uint64_t mask = bloom_mask(hash);

        if ((tier->bloom[word_of(hash, tier->bits)] & mask) == mask) {
            tier_look(tier, hash, at, fn, user);
        }
    }
}

void pieces_scan(const struct pieces *pieces, struct str text,
                 void (*fn)(void *user, size_t id, size_t at), void *user) {
    if (pieces->tiers[0].n > 0) {
        tier_scan(&pieces->tiers[0], &shapes[0], text, fn, user);
    }
    if (pieces->tiers[1].n > 0) {
        tier_scan(&pieces->tiers[1], &shapes[1], text, fn, user);
    }
}
