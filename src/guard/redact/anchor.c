/* guard/redact/anchor.c: anchors, names and known values by where they begin.
 *
 * The sieve lets through where the first bytes of an anchor or a short name may stand; pieces tell
 * where a known value or a longer name may. Only there tables of hashes are asked for the rows. */
#include "guard/redact/anchor.h"

#include "guard/redact/person.h"
#include "guard/redact/pieces.h"
#include "guard/redact/view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS = 4096, ANCHOR_MIN = 3, FIRSTS = 1 << 16, HINTS_MAX = 8, BODY_LOOK = 12 };

enum anchor_kind { ANCHOR_RULE, ANCHOR_NAME, ANCHOR_LITERAL };

struct anchor {
    uint32_t hash;
    uint32_t index; /* of the rule, the name or the literal */
    uint32_t next;  /* index + 1 of the next one with the same head; 0 ends */
    enum anchor_kind kind;
    uint64_t begin; /* of `text`, up to eight bytes, folded as `fold` says */
    uint64_t mask;  /* of the bytes that it has */
    uint64_t fold;
    struct str text; /* borrowed */
    bool is_folded;
    bool is_hint;
    bool begins_word; /* nothing is found where no word begins */
    bool has_body;    /* nor where no body follows */
};

struct table {
    uint32_t heads[HEADS];
    struct anchor *rows;
    size_t n;
    size_t cap;
};

struct anchors {
    struct sieve sieve;
    uint64_t threes[FIRSTS / 64]; /* by hash: whether `rules` has an anchor of three such bytes */
    uint64_t inner[FIRSTS / 64];  /* whether one of them counts where no word begins too */
    uint64_t blocks[FIRSTS / 64]; /* whether one of them goes on over lines */
    uint32_t hints[HINTS_MAX];    /* the hashes of hints */
    size_t hint_n;
    uint64_t fours[FIRSTS / 64]; /* or a longer one that begins with four such bytes */
    struct table rules;          /* by three bytes: rules, and names that are short */
    struct table exact;          /* by four bytes: known values and the other names */
    struct pieces pieces;
    struct str *pieced; /* what the ids of `pieces` stand for; borrowed from `known` */
    size_t pieced_n;
    size_t pieced_cap;
    bool has_persons;
    bool has_addresses;
    size_t literal_n; /* of `known`, that are in */
    size_t name_n;
};

static uint32_t hash_folded(uint32_t bytes, uint32_t fold) {
    return (bytes | fold) * UINT32_C(0x9e3779b1);
}

static uint32_t hash_three(uint32_t bytes) { return hash_folded(bytes & 0xffffff, 0x202020); }

static uint32_t hash_four(uint32_t bytes) { return hash_folded(bytes, 0x20202020); }

static uint32_t fold_hash(const char *p) {
    const unsigned char *u = (const unsigned char *)p;

    return hash_three((uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16);
}

static inline uint32_t four_at(const char *p) {
    uint32_t four = 0;

    memcpy(&four, p, sizeof four);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    four = __builtin_bswap32(four);
#endif
    return four;
}

static uint32_t first_of(uint32_t hash) { return hash / (UINT32_MAX / FIRSTS + 1); }

static uint32_t exact_hash(const char *p) {
    uint32_t four = 0;

    memcpy(&four, p, sizeof four);
    return four * UINT32_C(0x9e3779b1);
}

static uint32_t *table_head(const struct table *table, uint32_t hash) {
    const uint32_t *head = &table->heads[hash / (UINT32_MAX / HEADS + 1)];

    return (uint32_t *)(uintptr_t)head;
}

static void table_add(struct table *table, uint32_t hash, struct anchor anchor) {
    uint32_t *head = table_head(table, hash);
    size_t begin = anchor.text.len < sizeof anchor.begin ? anchor.text.len : sizeof anchor.begin;

    for (size_t i = 0; i < begin; i++) {
        bool is_either = anchor.is_folded && is_letter(anchor.text.ptr[i]);
        ((unsigned char *)&anchor.fold)[i] = is_either ? 0x20 : 0;
        ((unsigned char *)&anchor.mask)[i] = 0xff;
        ((unsigned char *)&anchor.begin)[i] = (unsigned char)anchor.text.ptr[i];
    }
    anchor.begin |= anchor.fold;
    anchor.hash = hash;
    anchor.next = *head;
    if (table->n == table->cap) {
        table->cap = table->cap == 0 ? 256 : table->cap * 2;
        table->rows = mem_resize(table->rows, table->cap * sizeof table->rows[0]);
    }
    table->rows[table->n] = anchor;
    *head = (uint32_t)++table->n;
}

static void anchors_add_folded(struct anchors *anchors, const char *first, struct anchor anchor) {
    uint32_t hash = fold_hash(first);

    table_add(&anchors->rules, hash, anchor);
    if (!anchor.begins_word) {
        bit_set(anchors->inner, first_of(hash));
    }
    if (anchor.kind == ANCHOR_RULE && rules[anchor.index].is_block) {
        bit_set(anchors->blocks, first_of(hash));
    }
    if (anchor.text.len > ANCHOR_MIN) {
        bit_set(anchors->fours, first_of(hash_four(four_at(anchor.text.ptr))));
    } else {
        bit_set(anchors->threes, first_of(hash));
    }
}

/* An anchor of sets is looked up with each three characters that it may begin with. */
static void anchors_add_sets(struct anchors *anchors, const char *const *sets,
                             struct anchor anchor) {
    anchor.text = STR(""); /* the matcher reads it */
    for (const char *a = sets[0]; *a != '\0'; a++) {
        for (const char *b = sets[1]; *b != '\0'; b++) {
            for (const char *c = sets[2]; *c != '\0'; c++) {
                const char three[] = {*a, *b, *c};
                anchors_add_folded(anchors, three, anchor);
            }
        }
    }
}

/* An anchor of two characters is looked up with each third one that may follow. */
static void anchors_add_rule(struct anchors *anchors, size_t index) {
    const char *text = rules[index].anchor;
    struct anchor anchor = {.kind = ANCHOR_RULE,
                            .index = (uint32_t)index,
                            .text = str_from(text),
                            .is_folded = rules[index].is_folded,
                            .is_hint = rules[index].is_hint,
                            .begins_word = rule_begins_word(&rules[index]),
                            .has_body = rule_has_body(&rules[index])};

    if (anchor.is_hint && anchors->hint_n < HINTS_MAX) {
        anchors->hints[anchors->hint_n++] = fold_hash(text);
    }
    if (rules[index].sets[0] != NULL) {
        anchors_add_sets(anchors, rules[index].sets, anchor);
        return;
    }
    if (text[2] != '\0') {
        anchors_add_folded(anchors, text, anchor);
        return;
    }
    for (unsigned c = 0x20; c < 0x7f; c++) {
        const char three[] = {text[0], text[1], (char)c};
        const struct charset *body = &charsets[rules[index].body];
        bool is_twice = fold((char)c) != (char)c && charset_has(body, fold((char)c));
        if (!is_twice && charset_has(body, (char)c)) { /* the hash is of folded bytes */
            anchors_add_folded(anchors, three, anchor);
        }
    }
}

/* ---- the sieve ---- */

enum { ASCII = 128 };

/* The sets of bytes of one item, as strings. */
struct item_room {
    char sets[SIEVE_WINDOW][ASCII];
};

static struct sieve_item item_of(const char *text, bool is_folded, struct item_room *room) {
    struct sieve_item item = {0};

    for (size_t k = 0; k < SIEVE_WINDOW && text[k] != '\0'; k++) {
        char c = text[k];
        char other = is_folded && is_letter(c) ? (char)(c ^ 0x20) : c;
        room->sets[k][0] = c;
        room->sets[k][1] = other == c ? '\0' : other;
        item.first[k] = room->sets[k];
    }
    return item;
}

static void fill_set(const struct charset *set, char *out) {
    for (unsigned c = ' '; c < ASCII; c++) {
        *out = (char)c;
        out += charset_has(set, (char)c);
    }
    *out = '\0';
}

/* A short anchor goes on with the first characters of a body. */
static struct sieve_item rule_item(const struct rule *rule, struct item_room *room) {
    struct sieve_item item = item_of(rule->anchor, rule->is_folded, room);

    if (rule->sets[0] != NULL) {
        memcpy(item.first, rule->sets, sizeof item.first);
        return item;
    }
    for (size_t k = strlen(rule->anchor); rule_has_body(rule) && k < SIEVE_WINDOW; k++) {
        fill_set(&charsets[rule->body], room->sets[k]);
        item.first[k] = room->sets[k];
    }
    return item;
}

static bool is_short_name(const char *name) {
    size_t n = strlen(name);

    return n >= ANCHOR_MIN && n < PIECES_MIN;
}

static struct sieve rule_sieve; /* lets the anchors of rules through; made once */

static void rule_sieve_build(void) {
    struct sieve_item *items = mem_array(rule_n, sizeof items[0]);
    struct item_room *rooms = mem_array(rule_n, sizeof rooms[0]);

    for (size_t i = 0; i < rule_n; i++) {
        items[i] = rule_item(&rules[i], &rooms[i]);
    }
    sieve_build(&rule_sieve, items, rule_n);
    free(items);
    free(rooms);
}

struct anchors *anchors_new(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct anchors *anchors = mem_alloc(sizeof *anchors);

    for (size_t i = 0; i < rule_n; i++) {
        anchors_add_rule(anchors, i);
    }
    (void)pthread_once(&once, rule_sieve_build);
    anchors->sieve = rule_sieve;
    return anchors;
}

/* ---- what becomes known ---- */

static void anchors_add_exact(struct anchors *anchors, struct anchor anchor) {
    if (anchors->pieced_n == anchors->pieced_cap) {
        anchors->pieced_cap = anchors->pieced_cap == 0 ? 64 : anchors->pieced_cap * 2;
        anchors->pieced =
            mem_resize(anchors->pieced, anchors->pieced_cap * sizeof anchors->pieced[0]);
    }
    pieces_add(&anchors->pieces, anchor.text, anchors->pieced_n);
    anchors->pieced[anchors->pieced_n++] = anchor.text;
    table_add(&anchors->exact, exact_hash(anchor.text.ptr), anchor);
}

void anchors_look_for_persons(struct anchors *anchors, bool has_addresses) {
    anchors->has_persons = true;
    anchors->has_addresses = has_addresses;
}

void anchors_update(struct anchors *anchors, const struct known *known) {
    for (; anchors->literal_n < known->literal_n; anchors->literal_n++) {
        const struct known_literal *literal = &known->literals[anchors->literal_n];
        anchors_add_exact(anchors, (struct anchor){.kind = ANCHOR_LITERAL,
                                                   .index = (uint32_t)anchors->literal_n,
                                                   .text = {literal->ptr, literal->len}});
    }
    for (; anchors->name_n < known->name_n; anchors->name_n++) {
        const char *name = known->names[anchors->name_n];
        struct anchor anchor = {
            .kind = ANCHOR_NAME, .index = (uint32_t)anchors->name_n, .text = str_from(name)};
        if (is_short_name(name)) {
            struct item_room room;
            struct sieve_item item = item_of(name, false, &room);
            anchors_add_folded(anchors, name, anchor);
            sieve_add(&anchors->sieve, &item);
        } else if (anchor.text.len >= PIECES_MIN) {
            anchors_add_exact(anchors, anchor);
        }
    }
}

void anchors_free(struct anchors *anchors) {
    if (anchors != NULL) {
        free(anchors->rules.rows);
        free(anchors->exact.rows);
        free(anchors->pieced);
        pieces_done(&anchors->pieces);
        free(anchors);
    }
}

/* ---- looking ---- */

struct sifting {
    const struct anchors *anchors;
    struct str text;
    struct sift *sift;
};

static void sift_known(void *user, size_t id, size_t at) {
    const struct sifting *sifting = user;
    struct str literal = sifting->anchors->pieced[id];
    struct str text = sifting->text;

    if (at < text.len && literal.len <= text.len - at &&
        memcmp(text.ptr + at, literal.ptr, literal.len) == 0) {
        bit_set(sifting->sift->known, at);
    }
}

static bool anchor_stands(const struct anchor *anchor, struct str in, size_t at) {
    struct str text = anchor->text;
    uint64_t eight = 0;

    if (text.len > in.len - at) {
        return false;
    }
    if (in.len - at >= sizeof eight) {
        memcpy(&eight, in.ptr + at, sizeof eight);
        if (((eight | anchor->fold) & anchor->mask) != anchor->begin) {
            return false;
        }
        if (text.len <= sizeof eight) {
            return true;
        }
    }
    struct str here = {in.ptr + at, text.len};
    return anchor->is_folded ? str_eq_nocase(here, text)
                             : memcmp(here.ptr, text.ptr, text.len) == 0;
}

/* The next anchor that stands at `at`; `*row` begins with *table_head() of `hash`. NULL: none is
 * left. */
static inline const struct anchor *anchor_next(const struct table *table, uint32_t hash,
                                               struct str text, size_t at, uint32_t *row) {
    while (*row != 0) {
        const struct anchor *anchor = &table->rows[*row - 1];

        *row = anchor->next;
        if (anchor->hash == hash && anchor_stands(anchor, text, at)) {
            return anchor;
        }
    }
    return NULL;
}

static bool is_hint_hash(const struct anchors *anchors, uint32_t hash) {
    bool is_any = anchors->hint_n == HINTS_MAX; /* there may be more */

    for (size_t i = 0; i < anchors->hint_n; i++) {
        is_any = is_any || anchors->hints[i] == hash;
    }
    return is_any;
}

/* Whether a body may follow the anchor at `at`, as far as the text goes; the window of the sieve is
 * within it. */
static bool body_follows(const struct anchor *anchor, struct str text, size_t at) {
    const struct rule *rule = &rules[anchor->index];
    size_t body = at + anchor->text.len;
    size_t look = rule->min < BODY_LOOK ? rule->min : BODY_LOOK;

    if (text.len - at < SIEVE_WINDOW) {
        return false;
    }

    for (size_t i = body; i < text.len && i < body + look; i++) {
        if (!charset_has(&charsets[rule->body], text.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* Whether each character of an anchor of sets is of its set. */
static bool sets_stand(const char *const *sets, struct str text, size_t at) {
    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        if (sets[k] != NULL && !is_any(str_char(text, at + k), sets[k])) {
            return false;
        }
    }
    return true;
}

/* Whether an anchor that stands at `at` is one of those that the sieve lets through, however it
 * looks: what is called must not depend on the processor. */
static bool is_let_through(const struct anchor *anchor, struct str text, size_t at) {
    if (anchor->kind == ANCHOR_RULE && rules[anchor->index].sets[0] != NULL) {
        return sets_stand(rules[anchor->index].sets, text, at);
    }
    return !anchor->has_body || body_follows(anchor, text, at);
}

/* Whether the matcher of an anchor at `at` is to be called; marks hints. */
static bool is_worth(const struct anchors *anchors, struct str text, struct sift *sift, size_t at,
                     enum sift_use use) {
    const struct anchor *anchor = NULL;
    bool is_any = false;

    if (at + ANCHOR_MIN > text.len) {
        return false;
    }
    uint32_t hash = fold_hash(text.ptr + at);
    if (use == SIFT_JOINED && !is_hint_hash(anchors, hash)) {
        return false;
    }
    bool is_start = text_is_start(text, at, '\0');
    if (!is_start && !bit_has(anchors->inner, first_of(hash))) {
        return false;
    }
    uint32_t row = *table_head(&anchors->rules, hash);
    while ((anchor = anchor_next(&anchors->rules, hash, text, at, &row)) != NULL) {
        if (anchor->is_hint) {
            bit_set(sift->hints, at);
        } else {
            is_any =
                is_any || ((is_start || !anchor->begins_word) && is_let_through(anchor, text, at));
        }
        if (is_any && !is_hint_hash(anchors, hash)) {
            return true;
        }
    }
    return is_any;
}

/* Leaves of the places those whose first bytes are an anchor's; without a branch on them, which
 * nobody could foretell. */
static size_t places_keep(const struct anchors *anchors, struct str text, uint32_t *places,
                          size_t n) {
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        size_t at = places[i];
        bool is_last = at + sizeof(uint32_t) > text.len;
        uint32_t bytes = four_at(is_last ? "\0\0\0" : text.ptr + at);
        uint32_t three = first_of(hash_three(bytes));
        uint32_t four = first_of(hash_four(bytes));
        uint64_t is_first =
            anchors->threes[three / 64] >> three % 64 | anchors->fours[four / 64] >> four % 64;
        places[kept] = (uint32_t)at;
        kept += (is_first & 1) | is_last;
    }
    return kept;
}

/* Leaves of what the sieve let through what an anchor stands at. */
static void anchors_prune(const struct anchors *anchors, struct str text, enum sift_use use,
                          struct sift *sift) {
    uint32_t places[SIEVE_PLACES];

    for (size_t word = 0; word < sift->words; word += SIEVE_BATCH) {
        size_t n = sift_take_places(sift, sift->anchors, word, places);

        n = places_keep(anchors, text, places, n);
        for (size_t i = 0; i < n; i++) {
            if (is_worth(anchors, text, sift, places[i], use)) {
                bit_set(sift->anchors, places[i]);
            }
        }
    }
}

void anchors_sift(const struct anchors *anchors, struct str text, enum sift_use use,
                  struct sift *sift) {
    struct sifting sifting = {.anchors = anchors, .text = text, .sift = sift};
    bool has_persons = anchors->has_persons && use != SIFT_JOINED;

    sieve_run(&anchors->sieve, text, has_persons, sift);
    anchors_prune(anchors, text, use, sift);
    pieces_scan(&anchors->pieces, sift->way, text, sift_known, &sifting);
    if (has_persons) {
        persons_sift(text, anchors->has_addresses, sift);
    }
}

/* Known values may begin in what is covered and end further on, so they are looked for everywhere.
 */
static void match_literal(struct scan *scan, const struct known_literal *literal, size_t at) {
    size_t from = at;
    size_t to = at + literal->len;

    if (literal->is_encoded) { /* the characters at its edges hold bits of it */
        struct escape escape;

        to = scan_run_end(scan, SET_BASE64, to - 1);
        while (from > 0 && at - from < 4 &&
               charset_has(&charsets[SET_BASE64], scan->text.ptr[from - 1])) {
            from--;
        }
        bool is_escape = escape_around(scan->text, from, &escape);
        from = is_escape && escape.to <= at ? escape.to : from;
    }
    scan_add(scan, from, to, "known", SPAN_PLAIN);
}

/* A known name is a key like any other, found by its own first letters. */
static const struct rule name_rule = {.kind = "known", .match = match_key};

/* Whether rules leave `at` alone, but for blocks, which go on over lines. */
static bool is_covered_at(const struct scan *scan, size_t at) {
    return at >= scan->skip_from && at < scan->skip_to;
}

static void match_anchor(struct scan *scan, const struct anchor *anchor, size_t at) {
    bool is_block = anchor->kind == ANCHOR_RULE && rules[anchor->index].is_block;
    bool is_covered = is_block ? at < scan->block_to : is_covered_at(scan, at);

    if (is_covered) {
        return;
    }
    const struct rule *rule = anchor->kind == ANCHOR_NAME ? &name_rule : &rules[anchor->index];
    scan->found_from = at;
    size_t to = rule->match(scan, rule, at);
    scan->block_to = is_block && to > 0 ? to : scan->block_to;
    if (to > scan->skip_to) {
        scan->skip_from = scan->found_from;
        scan->skip_to = to;
    }
}

static void match_table(const struct table *table, struct scan *scan, uint32_t hash, size_t at) {
    const struct anchor *anchor = NULL;
    uint32_t row = *table_head(table, hash);

    while ((anchor = anchor_next(table, hash, scan->text, at, &row)) != NULL) {
        if (anchor->kind == ANCHOR_LITERAL) {
            match_literal(scan, &scan->known->literals[anchor->index], at);
        } else if (!anchor->is_hint && !(scan->is_joined && anchor->kind == ANCHOR_NAME)) {
            match_anchor(scan, anchor, at); /* lines that were joined have no names */
        }
    }
}

/* The rules and names whose anchors stand at `at`. */
static void match_rules(const struct anchors *anchors, struct scan *scan, size_t at) {
    uint32_t hash = fold_hash(scan->text.ptr + at);

    if (!is_covered_at(scan, at) || bit_has(anchors->blocks, first_of(hash))) {
        match_table(&anchors->rules, scan, hash, at);
    }
}

static void match_persons(const struct anchors *anchors, struct scan *scan, size_t from) {
    const uint64_t *persons = scan->sift->persons;
    size_t base = scan->sift_at;
    size_t to = base + scan->text.len;
    const struct sifted_person *found = NULL;
    struct said said;

    said_begin(&said);
    for (size_t bit = bits_next(persons, persons, base + from, to); bit < to;
         bit = bits_next(persons, persons, bit + 1, to)) {
        found = found == NULL ? sift_person(scan->sift, bit) : found + 1;
        struct person person = {found->from - base, found->to - base, found->kind};
        bool is_within = found->from >= base && found->to <= to; /* else the text has a cut there */

        if (is_within ||
            person_at(scan->text, bit - base, anchors->has_addresses, &said, &person)) {
            scan_add(scan, person.from, person.to, person.kind, SPAN_PLAIN);
        }
    }
}

void anchors_scan(const struct anchors *anchors, struct scan *scan, size_t from) {
    const struct sift *sift = scan->sift;
    size_t base = scan->sift_at;
    size_t to = base + scan->text.len;

    for (size_t bit = bits_next(sift->anchors, sift->known, base + from, to); bit < to;
         bit = bits_next(sift->anchors, sift->known, bit + 1, to)) {
        size_t at = bit - base;

        budget_take(scan->budget, BUDGET_ANCHOR);
        if (budget_is_spent(scan->budget) && scan->carry == NULL) {
            return; /* what is left decides nothing about the lines after it */
        }
        if (!scan->is_joined && bit_has(sift->anchors, bit) && at + ANCHOR_MIN <= scan->text.len) {
            match_rules(anchors, scan, at);
        }
        if (bit_has(sift->known, bit) && at + PIECES_MIN <= scan->text.len) {
            match_table(&anchors->exact, scan, exact_hash(scan->text.ptr + at), at);
        }
    }
    if (anchors->has_persons && !scan->is_joined && scan->out != NULL) {
        match_persons(anchors, scan, from);
    }
}

static enum meaning rule_meaning(const struct anchor *anchor) {
    const struct rule *rule = &rules[anchor->index];

    if (anchor->kind == ANCHOR_NAME || rule->match == match_key) {
        return MEANING_NAME;
    }
    return str_eq(anchor->text, STR("://")) ? MEANING_PLACE : MEANING_OTHER;
}

enum meaning anchors_meaning(const struct anchors *anchors, struct str text, size_t at) {
    const struct anchor *anchor = NULL;
    enum meaning meaning = MEANING_OTHER;

    if (at + ANCHOR_MIN > text.len) {
        return MEANING_OTHER;
    }
    uint32_t hash = fold_hash(text.ptr + at);
    uint32_t row = *table_head(&anchors->rules, hash);
    while ((anchor = anchor_next(&anchors->rules, hash, text, at, &row)) != NULL) {
        if (anchor->is_hint) {
            continue;
        }
        enum meaning here = rule_meaning(anchor);
        if (here == MEANING_OTHER || (meaning != MEANING_OTHER && here != meaning)) {
            return MEANING_OTHER;
        }
        meaning = here;
    }
    return meaning;
}

struct reach anchors_reach(const struct anchors *anchors, struct str text, size_t at) {
    const struct anchor *anchor = NULL;
    struct reach reach = {0};

    if (at + ANCHOR_MIN > text.len) {
        return (struct reach){1, 1};
    }
    uint32_t hash = fold_hash(text.ptr + at);
    uint32_t row = *table_head(&anchors->rules, hash);
    while ((anchor = anchor_next(&anchors->rules, hash, text, at, &row)) != NULL) {
        size_t n = anchor->text.len == 0 ? 1 : anchor->text.len; /* only its matcher knows it */

        if (!anchor->is_hint) {
            reach.min = reach.min == 0 || n < reach.min ? n : reach.min;
            reach.max = n > reach.max ? n : reach.max;
        }
    }
    return reach.min == 0 ? (struct reach){1, 1} : reach;
}

bool anchors_has_persons(const struct anchors *anchors) { return anchors->has_persons; }
