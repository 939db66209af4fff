/* guard/redact/engine.c: anchors by a hash of three bytes, then long runs, for every view.
 *
 * The first three bytes of each anchor, folded to lower case, are hashed into a bitmap of 64 Kbit
 * that stays in the first-level cache. Nearly every position of a log fails that test; the others
 * look up their few anchors. */
#include "guard/redact/engine.h"

#include "base/encode.h"

#include <stdlib.h>
#include <string.h>

enum {
    BITS = 16,
    BITMAP_BYTES = (1 << BITS) / 8,
    HEADS = 4096,
    RUN_MIN = 24,        /* what is worth decoding */
    RUN_QUOTED_MIN = 16, /* a line of a key in a string literal */
    AWS_SECRET = 40,
    HINT_NEAR = 256,
    NEAR_LINES = 3
};

enum anchor_kind { ANCHOR_RULE, ANCHOR_LITERAL, ANCHOR_NAME };

struct anchor {
    enum anchor_kind kind;
    uint32_t index;
    uint32_t next; /* index + 1 of the next one with this hash; 0 ends */
};

struct anchors {
    unsigned char bitmap[BITMAP_BYTES];
    uint32_t heads[HEADS];
    struct anchor *rows;
    size_t n;
    size_t cap;
};

static uint32_t fold_hash(uint32_t three) {
    return ((three | 0x202020) & 0xffffff) * UINT32_C(0x9e3779b1) >> (32 - BITS);
}

static uint32_t three_at(const char *p) {
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16;
}

static void anchor_add(struct anchors *anchors, const char *first, enum anchor_kind kind,
                       size_t index) {
    uint32_t hash = fold_hash(three_at(first));

    if (anchors->n == anchors->cap) {
        anchors->cap = anchors->cap == 0 ? 256 : anchors->cap * 2;
        anchors->rows = mem_resize(anchors->rows, anchors->cap * sizeof anchors->rows[0]);
    }
    anchors->rows[anchors->n] = (struct anchor){
        .kind = kind, .index = (uint32_t)index, .next = anchors->heads[hash % HEADS]};
    anchors->heads[hash % HEADS] = (uint32_t)++anchors->n;
    anchors->bitmap[hash / 8] = (unsigned char)(anchors->bitmap[hash / 8] | 1U << hash % 8);
}

/* An anchor of two characters is followed by a hexadecimal digit. */
static void anchor_add_rule(struct anchors *anchors, size_t index) {
    const char *text = rules[index].anchor;

    if (text[2] != '\0') {
        anchor_add(anchors, text, ANCHOR_RULE, index);
        return;
    }
    for (const char *digit = "0123456789abcdef"; *digit != '\0'; digit++) {
        anchor_add(anchors, (const char[]){text[0], text[1], *digit}, ANCHOR_RULE, index);
    }
}

struct anchors *anchors_new(const struct known *known) {
    struct anchors *anchors = mem_alloc(sizeof *anchors);

    for (size_t i = 0; i < rule_n; i++) {
        anchor_add_rule(anchors, i);
    }
    for (size_t i = 0; i < known->literal_n; i++) {
        anchor_add(anchors, known->literals[i].ptr, ANCHOR_LITERAL, i);
    }
    for (size_t i = 0; i < known->name_n; i++) {
        if (strlen(known->names[i]) >= 3) {
            anchor_add(anchors, known->names[i], ANCHOR_NAME, i);
        }
    }
    return anchors;
}

void anchors_free(struct anchors *anchors) {
    if (anchors != NULL) {
        free(anchors->rows);
        free(anchors);
    }
}

void scratch_done(struct scratch *scratch) {
    for (size_t i = 0; i < VIEW_N; i++) {
        view_done(&scratch->views[i]);
        view_done(&scratch->inner[i]);
    }
    mem_wipe(scratch->decoded, scratch->decoded_cap);
    free(scratch->decoded);
    *scratch = (struct scratch){0};
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

/* Rules leave alone what is covered; known values may begin there and end further on. */
static void match_anchor(struct scan *scan, const struct anchor *anchor, size_t at) {
    if (anchor->kind == ANCHOR_LITERAL) {
        match_literal(scan, &scan->known->literals[anchor->index], at);
        return;
    }
    bool is_block = anchor->kind == ANCHOR_RULE && rules[anchor->index].is_block;
    if (at >= scan->skip_from && at < scan->skip_to && !is_block) {
        return;
    }
    scan->found_from = at;
    size_t to = anchor->kind == ANCHOR_RULE
                    ? match_rule(scan, &rules[anchor->index], at)
                    : match_name(scan, scan->known->names[anchor->index], at);
    if (to > scan->skip_to) {
        scan->skip_from = scan->found_from;
        scan->skip_to = to;
    }
}

static void scan_anchors(const struct anchors *anchors, struct scan *scan, size_t from) {
    const char *p = scan->text.ptr;
    size_t n = scan->text.len;

    for (size_t at = from; at + 3 <= n; at++) {
        uint32_t hash = fold_hash(three_at(p + at));

        if ((anchors->bitmap[hash / 8] >> hash % 8 & 1) != 0) {
            for (uint32_t i = anchors->heads[hash % HEADS]; i != 0; i = anchors->rows[i - 1].next) {
                match_anchor(scan, &anchors->rows[i - 1], at);
            }
        }
    }
}

static bool is_near_hint(const struct scan *scan, size_t from, size_t to, bool is_near_line) {
    if (is_near_line || scan->hint_n == HINTS_MAX) {
        return true;
    }
    for (size_t i = 0; i < scan->hint_n; i++) {
        if (scan->hints[i] + HINT_NEAR > from && scan->hints[i] < to + HINT_NEAR) {
            return true;
        }
    }
    return false;
}

/* Exactly 40 of A-Z a-z 0-9 + / with both cases, where AWS is talked about. */
static void run_aws_secret(struct scan *scan, size_t from, size_t to, bool is_near_line) {
    const char *p = scan->text.ptr;
    size_t begin = from;

    for (size_t i = from; i <= to; i++) {
        if (i < to && p[i] != '_' && p[i] != '-') {
            continue;
        }
        bool has_upper = false;
        bool has_lower = false;
        bool is_all_hex = true;
        for (size_t k = begin; k < i && i - begin == AWS_SECRET; k++) {
            has_upper = has_upper || (is_letter(p[k]) && p[k] != fold(p[k]));
            has_lower = has_lower || (is_letter(p[k]) && p[k] == fold(p[k]));
            is_all_hex = is_all_hex && is_hex(p[k]);
        }
        if (has_upper && has_lower && !is_all_hex && is_near_hint(scan, begin, i, is_near_line)) {
            scan_add(scan, begin, i, "aws-secret-key", SPAN_PLAIN);
        }
        begin = i + 1;
    }
}

static bool is_text(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\0') || c == 0x7f) {
            return false;
        }
    }
    return n > 0;
}

static int base64_value(char c) {
    if (is_digit(c)) {
        return c - '0' + 52;
    }
    if (is_letter(c)) {
        return c == fold(c) ? c - 'a' + 26 : c - 'A';
    }
    return c == '+' || c == '-' ? 62 : 63;
}

/* Either alphabet, whole bytes only; returns their number. Stops at the first byte that is no text:
 * most runs are digests and names. */
static size_t decode_base64(const char *p, size_t n, char *out) {
    size_t bytes = 0;
    uint32_t bits = 0;
    int bit_n = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 6 | (uint32_t)base64_value(p[i]);
        bit_n += 6;
        if (bit_n >= 8) {
            bit_n -= 8;
            out[bytes] = (char)(bits >> bit_n & 0xff);
            if (!is_text(out + bytes, 1)) {
                return 0;
            }
            bytes++;
        }
    }
    return bytes;
}

static size_t decode_hex(const char *p, size_t n, char *out) {
    for (size_t i = 0; i + 1 < n; i += 2) {
        if (!is_hex(p[i]) || !is_hex(p[i + 1])) {
            return 0;
        }
        out[i / 2] = (char)(hex_value(p[i]) << 4 | hex_value(p[i + 1]));
        if (!is_text(out + i / 2, 1)) {
            return 0;
        }
    }
    return n / 2;
}

struct pass {
    const struct anchors *anchors;
    const struct known *known;
    struct scratch *scratch;
    bool is_near_line;
};

static void pass_views(const struct pass *pass, struct str text, struct carry *carry, bool is_inner,
                       size_t from, struct spans *out);

/* Whether what `n` characters at `p` encode holds something to mask. */
static bool is_secret_inside(const struct pass *pass, const char *p, size_t n) {
    CLEANUP(spans_done) struct spans found = {0};
    struct scratch *scratch = pass->scratch;

    if (scratch->decoded_cap < n) {
        mem_wipe(scratch->decoded, scratch->decoded_cap);
        free(scratch->decoded);
        scratch->decoded = mem_alloc(n);
        scratch->decoded_cap = n;
    }
    for (int way = 0; way < 2 && found.n == 0; way++) {
        size_t bytes =
            way == 0 ? decode_base64(p, n, scratch->decoded) : decode_hex(p, n, scratch->decoded);
        pass_views(pass, (struct str){scratch->decoded, bytes}, NULL, true, 0, &found);
    }
    return found.n > 0;
}

static void scan_run(const struct pass *pass, struct scan *scan, size_t from, size_t to) {
    run_aws_secret(scan, from, to, pass->is_near_line);
    if (!scan->is_decoded && is_secret_inside(pass, scan->text.ptr + from, to - from)) {
        scan_add(scan, from, to, "encoded", SPAN_PLAIN);
    }
}

static bool is_run_char(char c) {
    return is_alnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/* Every run of at least `min` characters holds one at a multiple of `min`: only those are read. */
static void scan_runs(const struct pass *pass, struct scan *scan, size_t begin) {
    const char *p = scan->text.ptr;
    size_t n = scan->text.len;
    size_t from = begin;

    for (size_t at = begin + RUN_MIN - 1; at < n; at += RUN_MIN) {
        if (!is_run_char(p[at])) {
            continue;
        }
        size_t first = at;
        size_t to = at;
        while (first > from && is_run_char(p[first - 1])) {
            first--;
        }
        while (to < n && is_run_char(p[to])) {
            to++;
        }
        if (to - first >= RUN_MIN) {
            scan_run(pass, scan, first, to);
        }
        from = to;
        at = to > at ? to - 1 : at;
    }
}

static void pass_view(const struct pass *pass, struct scan *scan, size_t from) {
    scan_anchors(pass->anchors, scan, from);
    scan_runs(pass, scan, from);
}

/* The text as it stands, and each view that differs. Only the text a reader sees decides about the
 * lines after it. */
static void pass_views(const struct pass *pass, struct str text, struct carry *carry, bool is_inner,
                       size_t from, struct spans *out) {
    struct view *views = is_inner ? pass->scratch->inner : pass->scratch->views;
    bool is_visible = view_build(&views[VIEW_VISIBLE], VIEW_VISIBLE, text);
    struct scan scan = {
        .text = text,
        .known = pass->known,
        .carry = is_visible ? NULL : carry,
        .out = out,
        .is_line_start = carry == NULL || !carry->is_line_middle,
        .before = carry == NULL ? '\0' : carry->before,
        .is_decoded = is_inner,
    };
    bool has_hint = false;

    if (text.len == 0) {
        return;
    }
    pass_view(pass, &scan, from);
    has_hint = scan.hint_n > 0;
    for (enum view_kind kind = 0; kind < VIEW_N; kind++) {
        if (kind == VIEW_VISIBLE ? !is_visible : !view_build(&views[kind], kind, text)) {
            continue;
        }
        struct scan other = scan;
        other.text = (struct str){views[kind].text, views[kind].n};
        other.map = views[kind].map;
        other.carry = kind == VIEW_VISIBLE ? carry : NULL;
        other.is_unescaped = kind == VIEW_UNESCAPED;
        other.key_end = 0;
        other.skip_from = 0;
        other.skip_to = 0;
        other.hint_n = 0;
        memset(other.runs, 0, sizeof other.runs);
        other.word = (struct memo){0};
        pass_view(pass, &other, 0);
        has_hint = has_hint || other.hint_n > 0;
    }
    if (carry != NULL && has_hint) {
        carry->near_lines = NEAR_LINES + 1; /* this line counts down too */
    }
}

/* The rest of a block that a line before began; returns where the block ends, and sets `*is_over`
 * when it does. */
static size_t block_rest(const struct scan *scan, const char *end, const char *after,
                         bool *is_over) {
    ptrdiff_t at = scan_find(scan, 0, scan->text.len, end);
    size_t to = scan->text.len;

    *is_over = at >= 0;
    if (at >= 0) {
        ptrdiff_t close = scan_find(scan, (size_t)at + strlen(end), scan->text.len, after);
        to = close < 0 ? scan->text.len : (size_t)close + strlen(after);
    }
    return to;
}

static size_t carry_block(struct scan *scan, struct carry *carry) {
    bool is_over = false;
    size_t to = 0;

    switch (carry->block) {
    case BLOCK_NONE:
        return 0;
    case BLOCK_PEM:
        to = block_rest(scan, "-----END", "-----", &is_over);
        break;
    case BLOCK_PUTTY:
        to = block_rest(scan, "Private-MAC:", "\n", &is_over);
        break;
    case BLOCK_QUOTED:
        is_over = scan_find(scan, 0, scan->text.len, "-----END") >= 0 || --carry->block_lines <= 0;
        for (size_t at = 0; at < scan->text.len; at++) {
            size_t end = scan_run_end(scan, SET_BASE64, at);
            if (end - at >= RUN_QUOTED_MIN) {
                scan_add(scan, at, end, "private-key", SPAN_PLAIN);
            }
            at = end > at ? end : at;
        }
        break;
    }
    if (is_over) {
        carry->block = BLOCK_NONE;
    }
    scan_add(scan, 0, to, "private-key", SPAN_PLAIN);
    return to;
}

/* Lines that belong to "secret:" above: a block of text is masked whole, of a map or a list what
 * stands after the names. */
static size_t carry_yaml(struct scan *scan, struct carry *carry) {
    const char *p = scan->text.ptr;
    size_t n = str_trim(scan->text).len == 0 ? 0 : scan->text.len;
    size_t indent = 0;

    if (carry->yaml_indent < 0 || carry->is_line_middle) {
        return 0;
    }
    while (indent < n && p[indent] == ' ') {
        indent++;
    }
    bool is_item =
        !carry->is_yaml_text && indent + 1 < n && p[indent] == '-' && p[indent + 1] == ' ';
    if (n == 0) {
        return 0;
    }
    if ((int)indent < carry->yaml_indent || ((int)indent == carry->yaml_indent && !is_item)) {
        carry->yaml_indent = -1;
        return 0;
    }
    size_t from = indent + (is_item ? 2 : 0);
    ptrdiff_t colon = scan_find(scan, from, n, ": ");
    if (!carry->is_yaml_text && colon >= 0) {
        from = (size_t)colon + 2;
    }
    size_t to = n;
    while (to > from && is_blank(p[to - 1])) {
        to--;
    }
    bool is_name_only = !carry->is_yaml_text && to > from && p[to - 1] == ':';
    if (!is_name_only) {
        scan_add(scan, from, to, "key", SPAN_PLAIN);
    }
    return to;
}

/* Masks what the segments before decided about; returns where the look for new things begins. */
static size_t carry_apply(struct scan *scan, struct carry *carry) {
    size_t from = 0;

    if (carry->is_cut) {
        from = scan_run_end(scan, SET_OPAQUE, 0);
        carry->is_cut = from == scan->text.len;
        scan_add(scan, 0, from, "run", SPAN_PLAIN);
    }
    size_t block = carry_block(scan, carry);
    size_t yaml = carry_yaml(scan, carry);
    if (carry->nest_depth > 0) {
        int depth = carry->nest_depth;
        carry->nest_depth = 0;
        (void)value_nested(scan, from, depth, 0);
    }
    from = block > from ? block : from;
    return yaml > from ? yaml : from;
}

void engine_scan(const struct anchors *anchors, const struct known *known, struct scratch *scratch,
                 struct carry *carry, struct str segment, struct spans *spans) {
    struct pass pass = {.anchors = anchors,
                        .known = known,
                        .scratch = scratch,
                        .is_near_line = carry->near_lines > 0};
    struct scan scan = {.text = segment, .known = known, .carry = carry, .out = spans};

    if (segment.len == 0) {
        return;
    }
    size_t from = carry_apply(&scan, carry);
    pass_views(&pass, segment, carry, false, from, spans);
    carry->before = segment.ptr[segment.len - 1];
    carry->is_line_middle = carry->before != '\n' && carry->before != '\r';
    carry->near_lines -= carry->near_lines > 0 && !carry->is_line_middle ? 1 : 0;
}
