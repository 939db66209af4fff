/* guard/redact/pieces.h: finds thousands of literals in a text without looking at every place.
 *
 * A literal of n bytes covers a place at every multiple of `stride` once it is long enough, so only
 * those are looked at: what stands there is hashed and asked of a Bloom filter that holds the first
 * `stride` pieces of every literal. */
#pragma once

#include "guard/redact/sieve.h"

enum { PIECES_MIN = 6 };

struct piece {
    uint32_t hash;
    uint32_t id;
    uint32_t next; /* index + 1 of the next one with the same head; 0 ends */
    uint32_t offset;
};

struct pieces_tier {
    uint64_t *bloom;
    uint32_t *heads;
    struct piece *rows;
    size_t n;
    size_t cap;
    unsigned bits; /* of the hash that choose a word of `bloom` and a head */
};

/* {0} holds nothing. */
struct pieces {
    struct pieces_tier tiers[2]; /* of short and of long literals */
};

void pieces_done(struct pieces *pieces); /* wipes and frees */

/* Adds a literal of at least PIECES_MIN bytes; `id` is the caller's. */
void pieces_add(struct pieces *pieces, struct str literal, size_t id);

/* Calls `fn` for each place `at` where the literal `id` may stand; it may lie before the text's
 * begin or end after its end no more than the text itself. In no order. */
void pieces_scan(const struct pieces *pieces, enum sieve_way way, struct str text,
                 void (*fn)(void *user, size_t id, size_t at), void *user);
