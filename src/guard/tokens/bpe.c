/* bpe: the longest token at each place, as long as neighbours agree. */
#include "guard/tokens/bpe.h"

#include <stdbool.h>

#include "base/mem.h"

enum { SMALL_MAX = 256 }; /* bytes of a piece whose work fits on the stack */

struct match {
    uint32_t rank;
    uint32_t len; /* bytes; 0: none */
};

/* The longest token that `bytes` begin with, of at most `n` bytes. Every byte is a token. */
static struct match longest(const struct token_table *table, const unsigned char *bytes, size_t n) {
    const uint32_t *trie = table->trie;
    uint32_t base = trie[0] >> TRIE_SHIFT;
    uint32_t found = 0;
    struct match match = {0, 0};

    for (uint32_t i = 0; i < n; i++) {
        uint32_t unit = trie[base ^ bytes[i]];

        if ((unit & TRIE_MATCH) != bytes[i]) {
            break;
        }
        if ((unit & TRIE_HAS_VALUE) != 0) {
            found = unit;
            match.len = i + 1;
        }
        if ((unit & TRIE_IS_LAST) != 0) {
            break;
        }
        base = unit >> TRIE_SHIFT;
    }
    if (match.len > 0) {
        match.rank = (found & TRIE_IS_LAST) != 0
                         ? found >> TRIE_SHIFT
                         : trie[found >> TRIE_SHIFT ^ TRIE_VALUE_LABEL] & ~TRIE_RANK;
    }
    return match;
}

static uint32_t part_at(const unsigned char *at) {
    uint32_t part;

    memcpy(&part, at, sizeof(part));
    return part & 0xffffff;
}

static uint32_t left_of(const struct token_table *table, uint32_t rank) {
    return part_at(table->parts + (size_t)rank * 2 * PART_BYTES);
}

static uint32_t right_of(const struct token_table *table, uint32_t rank) {
    return part_at(table->parts + (size_t)rank * 2 * PART_BYTES + PART_BYTES);
}

/* The token that the two are merged into; TOKEN_NONE when there is none. */
static uint32_t pair_rank(const struct token_table *table, uint32_t left, uint32_t right) {
    uint64_t hash = pair_hash(left, right);
    uint32_t pilot = table->pilots[pair_bucket(hash, table->size->pilot_n)];
    uint32_t slot = table->slots[pair_slot(hash, pilot, table->size->slot_n)];
    uint32_t rank = slot & ((1u << TOKEN_BITS) - 1);

    if ((slot ^ rank) != pair_mark(hash) || left_of(table, rank) != left ||
        right_of(table, rank) != right) {
        return TOKEN_NONE;
    }
    return rank;
}

/* Whether merging the bytes of both gives the two: at no moment were what stood left and right of
 * the border merged with each other. The moments are gone through backwards: of the two, the one
 * of higher rank was made last, of equals the right one. A pair across the border has its chance
 * until the next of the two is made; at equal rank it comes before what stands to its right. */
static bool agree(const struct token_table *table, uint32_t left, uint32_t right) {
    uint32_t below = TOKEN_NONE;

    while (pair_rank(table, left, right) >= below) {
        if (left < TOKEN_BYTES && right < TOKEN_BYTES) {
            return true;
        }
        if (left > right) {
            below = left;
            left = right_of(table, left);
        } else {
            below = right + 1;
            right = left_of(table, right);
        }
    }
    return false;
}

/* What the search of one piece needs: the row so far, and the places that were given up. */
struct row {
    struct match *tokens;
    uint64_t *given_up;
    size_t n;
};

static bool is_given_up(const struct row *row, size_t at) {
    return (row->given_up[at / 64] >> at % 64 & 1) != 0;
}

static void give_up(struct row *row, size_t at) {
    row->given_up[at / 64] |= UINT64_C(1) << at % 64;
}

static bool may_follow(const struct token_table *table, const struct row *row, size_t end,
                       struct match match) {
    return !is_given_up(row, end) &&
           (row->n == 0 || agree(table, row->tokens[row->n - 1].rank, match.rank));
}

/* Fills the row. `first` is the longest token at the beginning. */
static void search(const struct token_table *table, const unsigned char *bytes, size_t n,
                   struct match first, struct row *row) {
    struct match match = first;

    for (size_t at = 0; at < n;) {
        while (match.len > 0 && !may_follow(table, row, at + match.len, match)) {
            match = longest(table, bytes + at, match.len - 1);
        }
        if (match.len > 0) {
            row->tokens[row->n++] = match;
            at += match.len;
            match = longest(table, bytes + at, n - at);
        } else {
            give_up(row, at);
            match = row->tokens[--row->n];
            at -= match.len;
            match = longest(table, bytes + at, match.len - 1);
        }
    }
}

static size_t finish(const struct row *row, uint32_t *ids) {
    for (size_t i = 0; ids != NULL && i < row->n; i++) {
        ids[i] = row->tokens[i].rank;
    }
    return row->n;
}

static size_t bpe_small(const struct token_table *table, const unsigned char *bytes, size_t n,
                        struct match first, uint32_t *ids) {
    struct match tokens[SMALL_MAX];
    uint64_t given_up[SMALL_MAX / 64 + 1] = {0};
    struct row row = {tokens, given_up, 0};

    search(table, bytes, n, first, &row);
    return finish(&row, ids);
}

static size_t bpe_large(const struct token_table *table, const unsigned char *bytes, size_t n,
                        struct match first, uint32_t *ids) {
    CLEANUP(freep) struct match *tokens = mem_array(n, sizeof(*tokens));
    CLEANUP(freep) uint64_t *given_up = mem_array(n / 64 + 1, sizeof(*given_up));
    struct row row = {tokens, given_up, 0};

    search(table, bytes, n, first, &row);
    return finish(&row, ids);
}

size_t bpe_piece(const struct token_table *table, const unsigned char *bytes, size_t n,
                 uint32_t *ids) {
    struct match first = longest(table, bytes, n);

    if (first.len == n) {
        if (ids != NULL) {
            ids[0] = first.rank;
        }
        return 1;
    }
    return n <= SMALL_MAX ? bpe_small(table, bytes, n, first, ids)
                          : bpe_large(table, bytes, n, first, ids);
}
