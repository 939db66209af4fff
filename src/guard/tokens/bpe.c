/* bpe: the longest token at each place, as long as neighbours agree. */
#include "guard/tokens/bpe.h"

#include <stdbool.h>

#include "base/mem.h"

enum {
    SMALL_MAX = 256,   /* bytes of a piece whose work fits on the stack */
    REPEATED_MIN = 16, /* bytes of a token that is long */
};

/* The tokens that begin at one place, shortest first: where each ends, and its unit of the trie. */
struct ends {
    uint32_t n;
    uint32_t units[TOKEN_LEN_MAX];
    unsigned char lens[TOKEN_LEN_MAX];
};

/* Finds the tokens of at most `n` bytes that `bytes` begin with. Every byte is a token. */
static inline void walk(const struct token_table *table, const unsigned char *bytes, size_t n,
                        struct ends *ends) {
    const uint32_t *trie = table->trie;
    uint32_t base = trie[0] >> TRIE_SHIFT;

    ends->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t unit = trie[base ^ bytes[i]];

        if ((unit & TRIE_MATCH) != bytes[i]) {
            break;
        }
        ends->units[ends->n] = unit;
        ends->lens[ends->n] = (unsigned char)(i + 1);
        ends->n += (unit & TRIE_HAS_VALUE) != 0;
        if ((unit & TRIE_IS_LAST) != 0) {
            break;
        }
        base = unit >> TRIE_SHIFT;
    }
}

static inline uint32_t rank_at(const struct token_table *table, uint32_t unit) {
    return (unit & TRIE_IS_LAST) != 0
               ? unit >> TRIE_SHIFT
               : table->trie[unit >> TRIE_SHIFT ^ TRIE_VALUE_LABEL] & ~TRIE_RANK;
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

/* A token of the row. */
struct link {
    uint32_t rank;
    uint16_t len;
    uint16_t untried; /* no token at its place of at most this length was tried */
};

/* What the search of one piece needs: the row so far, and the places that were given up. */
struct row {
    struct link *links;
    uint64_t *given_up;
    size_t n;
};

static inline bool is_given_up(const struct row *row, size_t at) {
    return (row->given_up[at / 64] >> at % 64 & 1) != 0;
}

static inline void give_up(struct row *row, size_t at) {
    row->given_up[at / 64] |= UINT64_C(1) << at % 64;
}

/* Adds the longest of `ends`, of tokens at `at`, that may follow the row; false when none may. */
static bool extend(const struct token_table *table, struct row *row, size_t at, struct ends *ends) {
    while (ends->n > 0) {
        uint16_t len = ends->lens[--ends->n];

        if (!is_given_up(row, at + len)) {
            uint32_t rank = rank_at(table, ends->units[ends->n]);

            if (row->n == 0 || agree(table, row->links[row->n - 1].rank, rank)) {
                row->links[row->n++] = (struct link){rank, len, len - 1};
                return true;
            }
        }
    }
    return false;
}

/* Adds the last token once more where it may follow itself. The order of trying decides nothing,
 * but in a long run of one character what is longer agrees often and leads nowhere. */
static bool repeat(const struct token_table *table, const unsigned char *bytes, size_t n,
                   struct row *row, size_t at) {
    struct link last = row->links[row->n - 1];

    if (last.len < REPEATED_MIN || last.len > n - at || is_given_up(row, at + last.len) ||
        memcmp(bytes + at, bytes + at - last.len, last.len) != 0 ||
        !agree(table, last.rank, last.rank)) {
        return false;
    }
    row->links[row->n++] = (struct link){last.rank, last.len, TOKEN_LEN_MAX};
    return true;
}

/* Fills the row. `ends` are the tokens at the beginning. */
static void search(const struct token_table *table, const unsigned char *bytes, size_t n,
                   struct ends *ends, struct row *row) {
    for (size_t at = 0;;) {
        if (extend(table, row, at, ends)) {
            do {
                at += row->links[row->n - 1].len;
            } while (at < n && repeat(table, bytes, n, row, at));
            if (at == n) {
                return;
            }
            walk(table, bytes + at, n - at, ends);
        } else {
            struct link last = row->links[--row->n];

            give_up(row, at);
            at -= last.len;
            walk(table, bytes + at, last.untried < n - at ? last.untried : n - at, ends);
        }
    }
}

static size_t finish(const struct row *row, uint32_t *ids) {
    for (size_t i = 0; ids != NULL && i < row->n; i++) {
        ids[i] = row->links[i].rank;
    }
    return row->n;
}

static size_t bpe_small(const struct token_table *table, const unsigned char *bytes, size_t n,
                        struct ends *ends, uint32_t *ids) {
    struct link links[SMALL_MAX];
    uint64_t given_up[SMALL_MAX / 64 + 1] = {0};
    struct row row = {links, given_up, 0};

    search(table, bytes, n, ends, &row);
    return finish(&row, ids);
}

static size_t bpe_large(const struct token_table *table, const unsigned char *bytes, size_t n,
                        struct ends *ends, uint32_t *ids) {
    CLEANUP(freep) struct link *links = mem_array(n, sizeof(*links));
    CLEANUP(freep) uint64_t *given_up = mem_array(n / 64 + 1, sizeof(*given_up));
    struct row row = {links, given_up, 0};

    search(table, bytes, n, ends, &row);
    return finish(&row, ids);
}

/* The rank of the token that these bytes are; TOKEN_NONE when they are none. */
static uint32_t whole(const struct token_table *table, const unsigned char *bytes, size_t n) {
    uint32_t unit = table->trie[0];

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (unit & TRIE_IS_LAST) != 0) {
            return TOKEN_NONE;
        }
        unit = table->trie[unit >> TRIE_SHIFT ^ bytes[i]];
        if ((unit & TRIE_MATCH) != bytes[i]) {
            return TOKEN_NONE;
        }
    }
    return (unit & TRIE_HAS_VALUE) != 0 ? rank_at(table, unit) : TOKEN_NONE;
}

static size_t bpe_merge(const struct token_table *table, const unsigned char *bytes, size_t n,
                        uint32_t *ids) {
    uint32_t rank = whole(table, bytes, n);
    struct ends ends;

    if (rank != TOKEN_NONE) {
        if (ids != NULL) {
            ids[0] = rank;
        }
        return 1;
    }
    walk(table, bytes, n, &ends);
    return n <= SMALL_MAX ? bpe_small(table, bytes, n, &ends, ids)
                          : bpe_large(table, bytes, n, &ends, ids);
}

/* ---- The memo: words come again, so the numbers of tokens of short pieces are kept, by thread, of
 * one table at a time. Nothing but speed depends on it: an entry holds all bytes of its piece. ----
 */

enum { MEMO_LEN_MIN = 2, MEMO_LEN_MAX = 14, MEMO_BITS = 14, MEMO_COUNT_SHIFT = 56 };

/* Two words for a piece: its first eight bytes; the others, its length above them, and in the
 * highest byte its number of tokens. All 0: free. */
struct memo {
    uint64_t head, tail;
};

static _Thread_local struct {
    const struct token_header *table;
    struct memo rows[1 << MEMO_BITS];
} memos;

static inline uint64_t word_at(const unsigned char *bytes, size_t len) {
    uint64_t word = 0;

    memcpy(&word, bytes, len);
    return word;
}

/* Reads nothing but the piece: what its two ends have in common is the same in both. */
static inline struct memo memo_key(const unsigned char *bytes, size_t n) {
    struct memo key = {0, (uint64_t)n << (MEMO_COUNT_SHIFT - 8)};

    if (n < 4) {
        key.head = word_at(bytes, 2) | (uint64_t)bytes[n - 1] << 8 * (n - 1);
    } else if (n < 8) {
        key.head = word_at(bytes, 4) | word_at(bytes + n - 4, 4) << 8 * (n - 4);
    } else {
        key.head = word_at(bytes, 8);
        key.tail |= word_at(bytes + n - 8, 8) >> 8 * (15 - n) >> 8;
    }
    return key;
}

static inline struct memo *memo_at(const struct memo *key) {
    uint64_t hash = key->head * UINT64_C(0x9e3779b97f4a7c15);

    hash = (hash ^ hash >> 32 ^ key->tail) * UINT64_C(0xbf58476d1ce4e5b9);
    return &memos.rows[hash >> (64 - MEMO_BITS)];
}

static void memo_begin(const struct token_table *table) {
    memset(memos.rows, 0, sizeof(memos.rows));
    memos.table = table->size;
}

size_t bpe_piece(const struct token_table *table, const unsigned char *bytes, size_t n,
                 uint32_t *ids) {
    struct memo key, *memo;

    if (ids != NULL || n > MEMO_LEN_MAX) {
        return bpe_merge(table, bytes, n, ids);
    }
    if (n < MEMO_LEN_MIN) {
        return n; /* every byte is a token */
    }
    if (memos.table != table->size) {
        memo_begin(table);
    }
    key = memo_key(bytes, n);
    memo = memo_at(&key);
    if (memo->head != key.head || (memo->tail ^ key.tail) << 8 != 0) {
        key.tail |= (uint64_t)bpe_merge(table, bytes, n, NULL) << MEMO_COUNT_SHIFT;
        *memo = key;
    }
    return memo->tail >> MEMO_COUNT_SHIFT;
}
