/* guard/tokens/table.h: the tables that counting walks, as scripts/token_table.c lays them out.
 *
 * They are compiled into the program and never changed, so any thread may read them. Nothing is
 * loaded: a page comes in when a count first touches it.
 *
 * A trie, as a double array, finds the longest token at a place: `base ^ byte` is the place of the
 * child. Each token that is merged has its two parts, and a perfect hash finds the token of two
 * parts. Source: J. Aoe, "An Efficient Digital Search Algorithm by Using a Double-Array Structure"
 * (1989); D. Belazzougui, F. Botelho, M. Dietzfelbinger, "Hash, Displace, and Compress" (2009).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A unit of the trie. One at `base ^ TRIE_VALUE_LABEL` is TRIE_RANK with a rank. */
enum {
    TRIE_VALUE_LABEL = 256,  /* one more than any byte */
    TRIE_LABEL_SPAN = 512,   /* a base and its children share these many units */
    TRIE_HAS_VALUE = 1 << 8, /* a token ends here */
    TRIE_IS_LAST = 1 << 9,   /* no token is longer: the payload is the rank, not a base */
    TRIE_SHIFT = 10,         /* the payload: rank or base */
};
#define TRIE_FREE UINT32_C(0xffffffff)
#define TRIE_RANK UINT32_C(0x80000000)    /* the top bit: no byte leads here */
#define TRIE_MATCH UINT32_C(0x800000ff)   /* the bits that have to equal the byte */
#define TRIE_PAYLOAD UINT32_C(0x001fffff) /* after the shift */

#define TOKEN_NONE UINT32_MAX
enum {
    TOKEN_BYTES = 256,   /* ranks below are those of single bytes: no parts */
    TOKEN_LEN_MAX = 128, /* bytes of one token */
    TOKEN_BITS = 18,     /* of a rank */
    PART_BYTES = 3,      /* of one part of a token, little-endian */
};

/* What a blob begins with; then trie, slots, pilots and parts follow each other. */
struct token_header {
    uint32_t token_n;
    uint32_t trie_n; /* units of 4 bytes */
    uint32_t slot_n; /* of 4 bytes: the rank of a pair in the low TOKEN_BITS, above it its mark */
    uint32_t
        pilot_n; /* of 2 bytes: what a bucket of pairs adds to its hashes so that none collide */
};

struct token_table {
    const struct token_header *size;
    const uint32_t *trie;
    const uint32_t *slots;
    const uint16_t *pilots;
    const unsigned char *parts; /* of rank r: left, right at 2 * PART_BYTES * r; of bytes nothing */
};

static inline uint64_t pair_hash(uint32_t left, uint32_t right) {
    uint64_t hash = ((uint64_t)left << 32 | right) * UINT64_C(0x9e3779b97f4a7c15);

    return hash ^ hash >> 32;
}

/* The top bits of a slot: most pairs that are no token are known by them alone. */
static inline uint32_t pair_mark(uint64_t hash) { return (uint32_t)hash << TOKEN_BITS; }

static inline uint32_t pair_bucket(uint64_t hash, uint32_t pilot_n) {
    return (uint32_t)((hash >> 32) * pilot_n >> 32);
}

static inline uint32_t pair_slot(uint64_t hash, uint32_t pilot, uint32_t slot_n) {
    uint64_t moved = (hash + pilot * UINT64_C(0xd6e8feb86659fd93)) * UINT64_C(0xbf58476d1ce4e5b9);

    return (uint32_t)((moved >> 32) * slot_n >> 32);
}

/* The table of a blob as scripts/token_table.c writes it, aligned to 4 bytes. */
static inline struct token_table token_table_at(const void *blob) {
    const struct token_header *size = (const struct token_header *)blob;
    const uint32_t *trie = (const uint32_t *)(size + 1);
    const uint32_t *slots = trie + size->trie_n;
    const uint16_t *pilots = (const uint16_t *)(slots + size->slot_n);

    return (struct token_table){size, trie, slots, pilots,
                                (const unsigned char *)(pilots + size->pilot_n)};
}
