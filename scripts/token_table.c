/* Lays out a table of src/guard/tokens; the build runs it.
 *   token_table SYMBOL BLOB ASSEMBLY RANKS     the table of one encoding, for bpe.c
 *   token_table SYMBOL BLOB ASSEMBLY           the classes of characters, for split.c
 * ASSEMBLY makes SYMBOL stand for the bytes of BLOB. RANKS has a line for each token, in the order
 * of their ranks: its bytes in Base64, a blank, its rank. Stops with a sentence and exit 1 when the
 * ranks are not such that the walk in bpe.c is exact.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard/tokens/character.h"
#include "guard/tokens/table.h"

enum { TOKEN_MAX = 1 << TOKEN_BITS, BUCKET_LOAD = 4, FAILURES_MAX = 60 };

struct token {
    const unsigned char *bytes;
    uint32_t len;
    uint32_t left, right; /* its parts; of single bytes TOKEN_NONE */
};

static struct token tokens[TOKEN_MAX];
static uint32_t token_n;

static _Noreturn void die(const char *fmt, ...) {
    va_list args;

    va_start(args, fmt);
    fputs("token_table: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void *array(size_t n, size_t size) {
    void *p = calloc(n + 1, size);

    if (p == NULL) {
        die("out of memory");
    }
    return p;
}

/* ---- Ranks ---- */

static int base64_digit(int c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == 0 ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

/* Writes the bytes of `text` up to its blank over it; returns their number. */
static uint32_t base64_undo(char *text) {
    uint32_t bits = 0, n = 0, held = 0;

    for (const char *in = text; base64_digit(*in) >= 0; in++) {
        bits = bits << 6 | (uint32_t)base64_digit(*in);
        held += 6;
        if (held >= 8) {
            held -= 8;
            text[n++] = (char)(bits >> held);
        }
    }
    return n;
}

static void read_ranks(const char *path) {
    FILE *file = fopen(path, "r");
    char line[2 * TOKEN_LEN_MAX]; /* Base64 and the rank */

    if (file == NULL) {
        die("%s cannot be opened", path);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *blank = strchr(line, ' ');
        unsigned char *bytes;
        uint32_t len;

        if (blank == NULL || token_n == TOKEN_MAX || strtoul(blank + 1, NULL, 10) != token_n) {
            die("line %u of %s is not a token with the next rank", token_n + 1, path);
        }
        len = base64_undo(line);
        bytes = array(len, 1);
        memcpy(bytes, line, len);
        if (len == 0 || len > TOKEN_LEN_MAX || (len == 1) != (token_n < TOKEN_BYTES)) {
            die("token %u has %u bytes; the first 256, and only they, are single bytes", token_n,
                len);
        }
        tokens[token_n++] = (struct token){bytes, len, TOKEN_NONE, TOKEN_NONE};
    }
    fclose(file);
}

/* ---- Parts: each token's bytes are merged as the encoding would, by tokens of lower rank ---- */

static uint32_t *by_bytes; /* open hash of tokens; 0: free, otherwise rank + 1 */

static uint32_t *bytes_slot(const unsigned char *bytes, uint32_t len) {
    uint64_t hash = len;

    for (uint32_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 29;
    for (size_t at = hash;; at++) {
        uint32_t *slot = &by_bytes[at % (4 * TOKEN_MAX)];

        if (*slot == 0 ||
            (tokens[*slot - 1].len == len && memcmp(tokens[*slot - 1].bytes, bytes, len) == 0)) {
            return slot;
        }
    }
}

/* The rank of the bytes from `from` to `to` of a token when it is below `below`; else TOKEN_NONE.
 */
static uint32_t rank_of(const unsigned char *bytes, uint32_t from, uint32_t to, uint32_t below) {
    uint32_t slot = *bytes_slot(bytes + from, to - from);

    return slot == 0 || slot - 1 >= below ? TOKEN_NONE : slot - 1;
}

static void find_parts(uint32_t rank) {
    struct token *token = &tokens[rank];
    uint32_t cuts[TOKEN_LEN_MAX + 1], n = token->len; /* n parts, from cuts[i] to cuts[i + 1] */

    for (uint32_t i = 0; i <= n; i++) {
        cuts[i] = i;
    }
    while (n > 2) {
        uint32_t best = TOKEN_NONE, at = 0;

        for (uint32_t i = 0; i + 2 <= n; i++) {
            uint32_t merged = rank_of(token->bytes, cuts[i], cuts[i + 2], rank);

            if (merged < best) {
                best = merged;
                at = i;
            }
        }
        if (best == TOKEN_NONE) {
            die("token %u is not made by merges", rank);
        }
        memmove(&cuts[at + 1], &cuts[at + 2], (n - at - 1) * sizeof(cuts[0]));
        n--;
    }
    token->left = rank_of(token->bytes, 0, cuts[1], rank);
    token->right = rank_of(token->bytes, cuts[1], token->len, rank);
    if (token->left == TOKEN_NONE || token->right == TOKEN_NONE) {
        die("token %u has a part that is no token of lower rank", rank);
    }
}

/* ---- Trie ---- */

struct node {
    uint32_t child, child_n; /* its children stand together, by label */
    uint32_t value;          /* TOKEN_NONE: none */
    uint32_t unit;           /* where it was placed */
    unsigned char label;
    bool has_placed; /* its children */
};

static struct node *nodes;
static uint32_t node_n;

static int by_order(const void *a, const void *b) {
    const struct token *x = &tokens[*(const uint32_t *)a], *y = &tokens[*(const uint32_t *)b];
    int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Makes the nodes below `at` from the sorted tokens [from, to), which agree in `depth` bytes. */
static void grow(uint32_t at, const uint32_t *sorted, uint32_t from, uint32_t to, uint32_t depth) {
    uint32_t cuts[TOKEN_BYTES + 1], n = 0;

    if (from < to && tokens[sorted[from]].len == depth) {
        nodes[at].value = sorted[from++];
    }
    for (uint32_t i = from; i < to; i++) {
        if (i == from || tokens[sorted[i]].bytes[depth] != tokens[sorted[i - 1]].bytes[depth]) {
            cuts[n++] = i;
        }
    }
    cuts[n] = to;
    nodes[at].child = node_n;
    nodes[at].child_n = n;
    node_n += n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t child = nodes[at].child + i;

        nodes[child] = (struct node){.value = TOKEN_NONE};
        nodes[child].label = tokens[sorted[cuts[i]]].bytes[depth];
        grow(child, sorted, cuts[i], cuts[i + 1], depth + 1);
    }
}

static uint32_t *units, *next_free, *previous_free; /* a ring of free units through unit 0 */
static unsigned char *is_base, *failures;
static uint32_t unit_n, unit_max;

static void more_units(void) {
    if (unit_n + TRIE_LABEL_SPAN > unit_max) {
        die("the trie has more than %u units", unit_max);
    }
    for (uint32_t i = unit_n == 0 ? 1 : unit_n; i < unit_n + TRIE_LABEL_SPAN; i++) {
        units[i] = TRIE_FREE;
        next_free[i] = 0;
        previous_free[i] = previous_free[0];
        next_free[previous_free[0]] = i;
        previous_free[0] = i;
    }
    unit_n += TRIE_LABEL_SPAN;
}

static bool fits(uint32_t base, const uint32_t *labels, uint32_t n) {
    if (base == 0 || is_base[base]) {
        return false; /* two nodes of one base would take each other's children for their own */
    }
    for (uint32_t i = 0; i < n; i++) {
        if (units[base ^ labels[i]] != TRIE_FREE || (base ^ labels[i]) == 0) {
            return false;
        }
    }
    return true;
}

static void unlink_free(uint32_t at) {
    next_free[previous_free[at]] = next_free[at];
    previous_free[next_free[at]] = previous_free[at];
    next_free[at] = previous_free[at] = at; /* so that it may happen again */
}

/* A unit that was of no use this often is looked at no more. */
static bool is_hopeless(uint32_t at) { return ++failures[at] == FAILURES_MAX; }

static uint32_t find_base(const uint32_t *labels, uint32_t n) {
    uint32_t next;

    for (uint32_t at = next_free[0];; at = next) {
        if (at == 0) {
            at = unit_n;
            more_units();
        }
        if (fits(at ^ labels[0], labels, n)) {
            is_base[at ^ labels[0]] = 1;
            return at ^ labels[0];
        }
        next = next_free[at];
        if (is_hopeless(at)) {
            unlink_free(at);
        }
    }
}

static void take(uint32_t at, uint32_t unit) {
    unlink_free(at);
    units[at] = unit;
}

static void place_children(struct node *node) {
    uint32_t labels[TOKEN_BYTES + 1], n = 0, base;

    node->has_placed = true;

    if (node->child_n == 0) {
        units[node->unit] |= TRIE_HAS_VALUE | TRIE_IS_LAST | node->value << TRIE_SHIFT;
        return;
    }
    for (uint32_t i = 0; i < node->child_n; i++) {
        labels[n++] = nodes[node->child + i].label;
    }
    if (node->value != TOKEN_NONE) {
        labels[n++] = TRIE_VALUE_LABEL;
    }
    base = find_base(labels, n);
    units[node->unit] |= base << TRIE_SHIFT;
    for (uint32_t i = 0; i < node->child_n; i++) {
        nodes[node->child + i].unit = base ^ labels[i];
        take(base ^ labels[i], labels[i]);
    }
    if (node->value != TOKEN_NONE) {
        units[node->unit] |= TRIE_HAS_VALUE;
        take(base ^ TRIE_VALUE_LABEL, TRIE_RANK | node->value);
    }
}

/* Places what is on the way to a token, and the token. */
static void place_token(const struct token *token) {
    struct node *node = &nodes[0];

    for (uint32_t i = 0;; i++) {
        if (!node->has_placed) {
            place_children(node);
        }
        if (i == token->len) {
            return;
        }
        for (node = &nodes[node->child]; node->label != token->bytes[i];) {
            node++;
        }
    }
}

/* Frequent tokens are placed first, each on a path of its own, so that a walk touches few cache
 * lines and the frequent ones share pages. */
static void make_trie(void) {
    uint32_t *order = array(token_n, sizeof(*order));
    size_t bytes = 0;

    for (uint32_t i = 0; i < token_n; i++) {
        order[i] = i;
        bytes += tokens[i].len;
    }
    qsort(order, token_n, sizeof(*order), by_order);
    nodes = array(bytes + 1, sizeof(*nodes));
    nodes[0] = (struct node){.value = TOKEN_NONE};
    node_n = 1;
    grow(0, order, 0, token_n, 0);
    free(order);

    unit_max = TRIE_PAYLOAD + 1;
    units = array(unit_max, sizeof(*units));
    next_free = array(unit_max, sizeof(*next_free));
    previous_free = array(unit_max, sizeof(*previous_free));
    is_base = array(unit_max, 1);
    failures = array(unit_max, 1);
    more_units();
    for (uint32_t rank = 0; rank < token_n; rank++) {
        place_token(&tokens[rank]);
    }
}

/* ---- Pairs: hash, displace; the fullest buckets find their places first ---- */

static uint32_t *slots, slot_n, pilot_n, *bucket_next, *bucket_first;
static uint16_t *pilots;
static uint32_t *bucket_size;

static int by_size(const void *a, const void *b) {
    uint32_t x = bucket_size[*(const uint32_t *)a], y = bucket_size[*(const uint32_t *)b];

    return (x < y) - (x > y);
}

static uint64_t hash_of(uint32_t rank) { return pair_hash(tokens[rank].left, tokens[rank].right); }

/* Whether all pairs of `bucket` find free slots with this pilot; they have taken them then. */
static bool settles(uint32_t bucket, uint32_t pilot) {
    for (uint32_t rank = bucket_first[bucket]; rank != 0; rank = bucket_next[rank]) {
        uint64_t hash = hash_of(rank);
        uint32_t *slot = &slots[pair_slot(hash, pilot, slot_n)];

        if (*slot != 0) {
            for (uint32_t back = bucket_first[bucket]; back != rank; back = bucket_next[back]) {
                slots[pair_slot(hash_of(back), pilot, slot_n)] = 0;
            }
            return false;
        }
        *slot = pair_mark(hash) | rank;
    }
    return true;
}

static void make_pairs(void) {
    uint32_t n = token_n - TOKEN_BYTES, *order;

    slot_n = n + n / 32;
    pilot_n = n / BUCKET_LOAD + 1;
    slots = array(slot_n, sizeof(*slots));
    pilots = array(pilot_n, sizeof(*pilots));
    bucket_first = array(pilot_n, sizeof(*bucket_first));
    bucket_size = array(pilot_n, sizeof(*bucket_size));
    bucket_next = array(token_n, sizeof(*bucket_next));
    order = array(pilot_n, sizeof(*order));
    for (uint32_t rank = TOKEN_BYTES; rank < token_n; rank++) {
        uint32_t bucket = pair_bucket(hash_of(rank), pilot_n);

        bucket_next[rank] = bucket_first[bucket];
        bucket_first[bucket] = rank;
        bucket_size[bucket]++;
    }
    for (uint32_t i = 0; i < pilot_n; i++) {
        order[i] = i;
    }
    qsort(order, pilot_n, sizeof(*order), by_size);
    for (uint32_t i = 0; i < pilot_n; i++) {
        uint32_t pilot = 0;

        while (!settles(order[i], pilot)) {
            if (++pilot > UINT16_MAX) {
                die("the pairs do not find their slots");
            }
        }
        pilots[order[i]] = (uint16_t)pilot;
    }
    free(order);
}

/* ---- Output ---- */

static void put(FILE *file, const void *data, size_t n, size_t size) {
    if (fwrite(data, size, n, file) != n) {
        die("the table cannot be written");
    }
}

static FILE *create(const char *path) {
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        die("%s cannot be written", path);
    }
    return file;
}

static void write_table(FILE *file) {
    struct token_header header = {token_n, unit_n, slot_n, pilot_n};

    put(file, &header, 1, sizeof(header));
    put(file, units, unit_n, sizeof(*units));
    put(file, slots, slot_n, sizeof(*slots));
    put(file, pilots, pilot_n, sizeof(*pilots));
    for (uint32_t rank = 0; rank < token_n; rank++) {
        put(file, &tokens[rank].left, 1, PART_BYTES);
        put(file, &tokens[rank].right, 1, PART_BYTES);
    }
    put(file, "\0", 1, 1); /* a part is read with the byte after it */
}

static void make_table(const char *ranks, FILE *file) {
    read_ranks(ranks);
    by_bytes = array(4 * TOKEN_MAX, sizeof(*by_bytes));
    for (uint32_t rank = 0; rank < token_n; rank++) {
        *bytes_slot(tokens[rank].bytes, tokens[rank].len) = rank + 1;
    }
    for (uint32_t rank = TOKEN_BYTES; rank < token_n; rank++) {
        find_parts(rank);
    }
    make_trie();
    make_pairs();
    write_table(file);
}

/* ---- Characters ---- */

static const struct {
    uint32_t from;
    unsigned char class;
} ranges[] = {
#define FROM(point, word) {point, CHARACTER_##word},
#include "guard/tokens/character.def"
#undef FROM
    {0x110000, CHARACTER_NONE},
};

static void make_characters(FILE *file) {
    static unsigned char classes[0x110000];
    static uint16_t blocks[CHARACTER_BLOCKS];
    static unsigned char kept[CHARACTER_BLOCKS][CHARACTER_BLOCK];
    uint16_t kept_n = 0;

    for (size_t i = 0; ranges[i].class != CHARACTER_NONE; i++) {
        memset(classes + ranges[i].from, ranges[i].class, ranges[i + 1].from - ranges[i].from);
    }
    for (uint32_t block = 0; block < CHARACTER_BLOCKS; block++) {
        const unsigned char *here = classes + block * CHARACTER_BLOCK;
        uint16_t same = 0;

        while (same < kept_n && memcmp(kept[same], here, CHARACTER_BLOCK) != 0) {
            same++;
        }
        if (same == kept_n) {
            memcpy(kept[kept_n++], here, CHARACTER_BLOCK);
        }
        blocks[block] = same;
    }
    put(file, blocks, CHARACTER_BLOCKS, sizeof(blocks[0]));
    put(file, kept, kept_n, sizeof(kept[0]));
}

int main(int argc, char **argv) {
    FILE *blob, *assembly;

    if (argc != 4 && argc != 5) {
        die("usage: token_table SYMBOL BLOB ASSEMBLY [RANKS]");
    }
    blob = create(argv[2]);
    assembly = create(argv[3]);
    if (argc == 5) {
        make_table(argv[4], blob);
    } else {
        make_characters(blob);
    }
    fprintf(assembly,
            ".section .rodata\n.balign 64\n.globl %s\n.hidden %s\n%s:\n.incbin \"%s\"\n"
            ".section .note.GNU-stack,\"\",%%progbits\n",
            argv[1], argv[1], argv[1], argv[2]);
    if (fclose(blob) != 0 || fclose(assembly) != 0) {
        die("%s cannot be written", argv[2]);
    }
    return 0;
}
