/* guard/redact/anchor.c: anchors by hashes of their first bytes.
 *
 * The first three bytes of each rule's anchor, folded to lower case, are hashed into a bitmap that
 * stays in the first-level cache; the first four of each known value, as they are, into another.
 * Nearly every position of a log fails both tests; the others look up their few anchors. */
#include "guard/redact/anchor.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 18, HEADS = 4096 };

struct anchor {
    uint32_t hash;
    uint32_t index; /* of the rule, the literal or the name */
    uint32_t next;  /* index + 1 of the next one with the same head; 0 ends */
    bool is_name;
};

struct table {
    uint64_t bitmap[(1 << BITS) / 64];
    uint32_t heads[HEADS];
    struct anchor *rows;
    size_t n;
    size_t cap;
};

struct anchors {
    struct table rules; /* and known names */
    struct table literals;
    size_t literal_n; /* of `known`, that are in */
    size_t name_n;
};

static uint32_t fold_hash(uint32_t three) {
    return ((three | 0x202020) & 0xffffff) * UINT32_C(0x9e3779b1) >> (32 - BITS);
}

static uint32_t three_at(const char *p) {
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16;
}

static uint32_t exact_hash(const char *p) {
    uint32_t four = 0;

    memcpy(&four, p, sizeof four);
    return four * UINT32_C(0x9e3779b1) >> (32 - BITS);
}

static bool table_may_have(const struct table *table, uint32_t hash) {
    return (table->bitmap[hash / 64] >> hash % 64 & 1) != 0;
}

static void table_add(struct table *table, uint32_t hash, size_t index, bool is_name) {
    if (table->n == table->cap) {
        table->cap = table->cap == 0 ? 256 : table->cap * 2;
        table->rows = mem_resize(table->rows, table->cap * sizeof table->rows[0]);
    }
    table->rows[table->n] = (struct anchor){.hash = hash,
                                            .index = (uint32_t)index,
                                            .next = table->heads[hash % HEADS],
                                            .is_name = is_name};
    table->heads[hash % HEADS] = (uint32_t)++table->n;
    table->bitmap[hash / 64] |= UINT64_C(1) << hash % 64;
}

/* An anchor of two characters is followed by a hexadecimal digit. */
static void anchors_add_rule(struct anchors *anchors, size_t index) {
    const char *text = rules[index].anchor;

    if (text[2] != '\0') {
        table_add(&anchors->rules, fold_hash(three_at(text)), index, false);
        return;
    }
    for (const char *digit = "0123456789abcdef"; *digit != '\0'; digit++) {
        const char three[] = {text[0], text[1], *digit};
        table_add(&anchors->rules, fold_hash(three_at(three)), index, false);
    }
}

struct anchors *anchors_new(void) {
    struct anchors *anchors = mem_alloc(sizeof *anchors);

    for (size_t i = 0; i < rule_n; i++) {
        anchors_add_rule(anchors, i);
    }
    return anchors;
}

void anchors_update(struct anchors *anchors, const struct known *known) {
    for (; anchors->literal_n < known->literal_n; anchors->literal_n++) {
        table_add(&anchors->literals, exact_hash(known->literals[anchors->literal_n].ptr),
                  anchors->literal_n, false);
    }
    for (; anchors->name_n < known->name_n; anchors->name_n++) {
        const char *name = known->names[anchors->name_n];
        if (strlen(name) >= 3) {
            table_add(&anchors->rules, fold_hash(three_at(name)), anchors->name_n, true);
        }
    }
}

void anchors_free(struct anchors *anchors) {
    if (anchors != NULL) {
        free(anchors->rules.rows);
        free(anchors->literals.rows);
        free(anchors);
    }
}

static bool anchor_stands(const struct scan *scan, const struct rule *rule, size_t at) {
    if (!rule->is_folded) {
        return scan_has(scan, at, rule->anchor);
    }
    size_t n = strlen(rule->anchor);
    return str_eq_nocase(str_slice(scan->text, at, at + n), (struct str){rule->anchor, n});
}

static void match_literal(struct scan *scan, const struct known_literal *literal, size_t at) {
    size_t from = at;
    size_t to = at + literal->len;

    if (literal->len > scan->text.len - at ||
        memcmp(scan->text.ptr + at, literal->ptr, literal->len) != 0) {
        return;
    }
    if (literal->is_encoded) { /* the characters at its edges hold bits of it */
        to = scan_run_end(scan, SET_BASE64, to - 1);
        while (from > 0 && at - from < 4 &&
               charset_has(&charsets[SET_BASE64], scan->text.ptr[from - 1])) {
            from--;
        }
    }
    scan_add(scan, from, to, "known", SPAN_PLAIN);
}

/* A known name is a key like any other, found by its own first letters. */
static size_t match_name(struct scan *scan, const char *name, size_t at) {
    static const struct rule rule = {.kind = "known"};

    return scan_has(scan, at, name) ? match_key(scan, &rule, at) : 0;
}

static size_t match_rule(struct scan *scan, const struct rule *rule, size_t at) {
    return anchor_stands(scan, rule, at) ? rule->match(scan, rule, at) : 0;
}

/* Rules leave alone what is covered, but for blocks, which go on over lines. */
static void match_anchor(struct scan *scan, const struct anchor *anchor, size_t at) {
    bool is_block = !anchor->is_name && rules[anchor->index].is_block;
    bool is_covered = is_block ? at < scan->block_to : at >= scan->skip_from && at < scan->skip_to;

    if (is_covered) {
        return;
    }
    scan->found_from = at;
    size_t to = anchor->is_name ? match_name(scan, scan->known->names[anchor->index], at)
                                : match_rule(scan, &rules[anchor->index], at);
    scan->block_to = is_block && to > 0 ? to : scan->block_to;
    if (to > scan->skip_to) {
        scan->skip_from = scan->found_from;
        scan->skip_to = to;
    }
}

/* Known values may begin in what is covered and end further on, so they are looked for everywhere.
 */
static void scan_literals(const struct anchors *anchors, struct scan *scan, size_t from) {
    const struct table *table = &anchors->literals;
    const char *p = scan->text.ptr;

    for (size_t at = from; at + KNOWN_LITERAL_MIN <= scan->text.len; at++) {
        uint32_t hash = exact_hash(p + at);

        if (table_may_have(table, hash)) {
            for (uint32_t i = table->heads[hash % HEADS]; i != 0; i = table->rows[i - 1].next) {
                if (table->rows[i - 1].hash == hash) {
                    match_literal(scan, &scan->known->literals[table->rows[i - 1].index], at);
                }
            }
        }
    }
}

void anchors_scan(const struct anchors *anchors, struct scan *scan, size_t from) {
    const struct table *table = &anchors->rules;
    const char *p = scan->text.ptr;

    for (size_t at = from; at + 3 <= scan->text.len; at++) {
        uint32_t hash = fold_hash(three_at(p + at));

        if (table_may_have(table, hash)) {
            for (uint32_t i = table->heads[hash % HEADS]; i != 0; i = table->rows[i - 1].next) {
                if (table->rows[i - 1].hash == hash) {
                    match_anchor(scan, &table->rows[i - 1], at);
                }
            }
        }
    }
    if (anchors->literal_n > 0) {
        scan_literals(anchors, scan, from);
    }
}
