/* guard/redact/engine.c: every view of a segment, and what the lines before say about it. */
#include "guard/redact/charset.h"
#include "guard/redact/generic.h"
#include "guard/redact/lead.h"
#include "guard/redact/pair.h"
#include "guard/redact/pass.h"
#include "guard/redact/table.h"
#include "guard/redact/value.h"

#include <stdlib.h>
#include <string.h>

enum {
    RUN_QUOTED_MIN = 16, /* a line of a key in a string literal */
    NEAR_LINES = 3
};

void scratch_wipe(struct scratch *scratch) {
    for (size_t i = 0; i < VIEW_N; i++) {
        view_wipe(&scratch->views[i]);
        view_wipe(&scratch->inner[i]);
    }
    mem_wipe(scratch->decoded, scratch->decoded_cap);
    mem_wipe((char *)&scratch->judged, sizeof scratch->judged);
    mem_wipe((char *)&scratch->led, sizeof scratch->led);
}

void scratch_done(struct scratch *scratch) {
    for (size_t i = 0; i < VIEW_N; i++) {
        view_done(&scratch->views[i]);
        view_done(&scratch->inner[i]);
    }
    for (size_t i = 0; i < ARRAY_N(scratch->sifts); i++) {
        sift_done(&scratch->sifts[i]);
    }
    mem_wipe(scratch->decoded, scratch->decoded_cap);
    free(scratch->decoded);
    *scratch = (struct scratch){0};
}

/* Whether the byte at `at`, an odd one, may begin something that a view reads otherwise. */
static bool is_odd_for_a_view(struct str text, size_t at) {
    unsigned char next = at + 1 < text.len ? (unsigned char)text.ptr[at + 1] : 0;

    switch ((unsigned char)text.ptr[at]) {
    case 0:
    case '\\':
        return true;
    case '%':
        return is_hex((char)next) && at + 2 < text.len && is_hex(text.ptr[at + 2]);
    case 0xc2:
        return next == 0xad;
    case 0xe2:
        return next == 0x80 || next == 0x81;
    case 0xef:
        return next == 0xbb;
    default:
        return false;
    }
}

static void odds_prune(struct str text, struct sift *sift) {
    for (size_t i = 0; i < sift->words; i++) {
        uint64_t left = sift->odds[i];

        while (left != 0) {
            size_t at = i * 64 + (size_t)__builtin_ctzll(left);
            left &= left - 1;
            if (!is_odd_for_a_view(text, at)) {
                sift->odds[i] &= ~(UINT64_C(1) << at % 64);
            }
        }
    }
}

void engine_sift(const struct anchors *anchors, struct str text, enum sift_use use,
                 struct sift *sift) {
    anchors_sift(anchors, text, use, sift);
    runs_prune(text, sift);
    if (use != SIFT_JOINED) {
        values_prune(text, sift);
    }
    if (use <= SIFT_SEGMENT) {
        odds_prune(text, sift);
    }
    if (use == SIFT_WINDOW) {
        sift_mark(sift);
    }
}

/* Whether a run of Base64 or a known value stands in `text` and a line break, which may be escaped,
 * in the middle of it. */
static bool is_wrapped(struct str text, const struct sift *sift, size_t at, bool has_escape) {
    if (text.len < 2 || bits_next(sift->runs, sift->known, at, at + text.len) == at + text.len) {
        return false;
    }
    return has_escape ||
           bits_next(sift->ends, sift->ends, at, at + text.len - 2) < at + text.len - 2;
}

/* What an odd byte makes of a text. */
static enum trait trait_of(char odd) {
    return odd == '\\' ? TRAIT_ESCAPE : odd == '%' ? TRAIT_PERCENT : TRAIT_UNSEEN;
}

/* Of `text`, the bits of which stand at `at`. */
static enum trait traits_of(struct str text, const struct sift *sift, size_t at) {
    static const unsigned all = TRAIT_ESCAPE | TRAIT_PERCENT | TRAIT_UNSEEN;
    size_t end = at + text.len;
    unsigned traits = memchr(text.ptr, '\x1b', text.len) != NULL ? TRAIT_UNSEEN : 0U;

    for (size_t odd = bits_next(sift->odds, sift->odds, at, end);
         odd < end && (traits & all) != all;
         odd = bits_next(sift->odds, sift->odds, odd + 1, end)) {
        traits |= trait_of(text.ptr[odd - at]);
    }
    bool has_escape = (traits & TRAIT_ESCAPE) != 0;
    traits |= is_wrapped(text, sift, at, has_escape) ? TRAIT_WRAPPED : 0U;
    return (enum trait)traits;
}

void carry_hint(struct carry *carry) {
    carry->near_lines = NEAR_LINES + 1; /* this line counts down too */
    carry->is_asked = true;
    carry->is_hinted = true;
}

/* The work of what was found in `scan` when it was sifted. */
static size_t sifted_work(const struct scan *scan) {
    const struct sift *sift = scan->sift;
    size_t to = scan->sift_at + scan->text.len;

    return bits_count(sift->looks, scan->sift_at, to) * BUDGET_LOOK +
           bits_count(sift->persons, scan->sift_at, to) * BUDGET_PERSON;
}

static void pass_view(const struct pass *pass, struct scan *scan, size_t from) {
    budget_take(scan->budget, sifted_work(scan) + scan->text.len * BUDGET_BYTE);
    anchors_scan(pass->anchors, scan, from);
    if (scan->out == NULL || budget_is_spent(scan->budget)) {
        return; /* nothing of what follows is carried */
    }
    runs_scan(pass, scan, from);
    if (!scan->is_joined) {
        values_scan(scan, from);
    }
}

/* What a view can be looked for at all. */
static const enum trait view_traits[VIEW_N] = {
    [VIEW_VISIBLE] = TRAIT_UNSEEN,
    [VIEW_UNESCAPED] = TRAIT_ESCAPE,
    [VIEW_PERCENT] = TRAIT_PERCENT,
    [VIEW_JOINED] = TRAIT_WRAPPED,
};

static bool pass_build(const struct pass *pass, struct view *views, enum view_kind kind,
                       struct str text) {
    return (pass->traits & view_traits[kind]) != 0 && view_build(&views[kind], kind, text);
}

/* A scan of `text`, of which nothing was read yet, where the segments before left `carry`. */
static struct scan scan_begin(const struct pass *pass, struct str text, struct carry *carry,
                              struct spans *out) {
    return (struct scan){
        .text = text,
        .known = pass->known,
        .budget = &pass->scratch->budget,
        .judged = &pass->scratch->judged,
        .led = &pass->scratch->led,
        .carry = carry,
        .out = out,
        .is_line_start = carry == NULL || !carry->is_line_middle,
        .before = carry == NULL ? '\0' : carry->before,
    };
}

/* The text as it stands, and each view that differs. Only the text a reader sees decides about the
 * lines after it. */
static void pass_views(const struct pass *pass, const struct piece_of_text *piece,
                       struct carry *carry, bool is_inner, size_t from, struct spans *out) {
    struct str text = piece->text;
    struct view *views = is_inner ? pass->scratch->inner : pass->scratch->views;
    bool is_visible = pass_build(pass, views, VIEW_VISIBLE, text);
    struct line line = {0};
    struct scan scan = scan_begin(pass, text, carry, out);

    if (text.len == 0) {
        return;
    }
    scan.sift = piece->sift;
    scan.sift_at = piece->sift_at;
    scan.line = &line;
    scan.carry = is_visible ? NULL : carry;
    scan.is_decoded = is_inner;
    pass_view(pass, &scan, from);
    bool has_hint = scan_has_hint(&scan, 0, text.len);
    for (enum view_kind kind = 0; kind < VIEW_N; kind++) {
        bool is_told = out == NULL && (has_hint || piece->has_no_hint);
        if (kind != VIEW_VISIBLE && (is_told || budget_is_spent(scan.budget))) {
            break; /* what is carried is known */
        }
        if (kind == VIEW_VISIBLE ? !is_visible : !pass_build(pass, views, kind, text)) {
            continue;
        }
        budget_take(scan.budget, BUDGET_VIEW + text.len * BUDGET_VIEW_BYTE);
        struct line other_line = {0};
        struct scan other =
            scan_begin(pass, (struct str){views[kind].text, views[kind].n}, carry, out);
        other.sift = &pass->scratch->sifts[is_inner];
        engine_sift(pass->anchors, other.text, kind == VIEW_JOINED ? SIFT_JOINED : SIFT_VIEW,
                    other.sift);
        other.source = &scan;
        other.map = views[kind].map;
        other.line = &other_line;
        other.carry = kind == VIEW_VISIBLE ? carry : NULL;
        other.is_unescaped = kind == VIEW_UNESCAPED;
        other.is_joined = kind == VIEW_JOINED;
        other.is_decoded = is_inner;
        other.has_curl = scan.has_curl;
        pass_view(pass, &other, 0);
        has_hint = has_hint || scan_has_hint(&other, 0, other.text.len);
    }
    if (carry != NULL && has_hint) {
        carry_hint(carry);
    }
}

void pass_inner(const struct pass *pass, struct str text, struct spans *out) {
    struct pass inner = *pass;
    struct piece_of_text piece = {.text = text, .sift = &pass->scratch->sifts[1]};

    if (budget_is_spent(&pass->scratch->budget)) {
        return;
    }
    engine_sift(pass->anchors, text, SIFT_SEGMENT, &pass->scratch->sifts[1]);
    budget_take(&pass->scratch->budget, BUDGET_INNER + text.len * BUDGET_VIEW_BYTE);
    inner.traits = traits_of(text, piece.sift, 0);
    pass_views(&inner, &piece, NULL, true, 0, out);
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
    while (at >= 0 && to > (size_t)at && is_any(scan->text.ptr[to - 1], "\r\n")) {
        to--; /* the next line stays one */
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
            bool is_last = end > at + 4 && scan->text.ptr[end - 1] == '=';
            if (is_last || end - at >= RUN_QUOTED_MIN) {
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

/* Lines deeper than "secret:" above belong to it. */
static void carry_yaml(struct scan *scan, struct carry *carry) {
    if (carry->yaml_indent < 0 || carry->is_line_middle) {
        return;
    }
    size_t from = 0;
    size_t to = scan->text.len;
    bool is_line = !carry->is_wrapped || lead_payload(scan->text, &from, &to);
    if (!is_line || !value_yaml_line(scan, from, to, carry->yaml_indent, carry->below)) {
        carry->yaml_indent = -1;
        carry->is_wrapped = false;
    }
}

bool carry_is_empty(const struct carry *carry) {
    return carry->block == BLOCK_NONE && carry->yaml_indent < 0 && carry->nest_depth == 0 &&
           carry->pair_lines == 0 && carry->table.cells == 0 && !carry->is_cut;
}

static bool table_is_same(const struct table_carry *a, const struct table_carry *b) {
    return a->columns == b->columns && a->cells == b->cells && a->separator == b->separator &&
           a->is_ruled == b->is_ruled && a->is_pairs == b->is_pairs &&
           a->is_wrapped == b->is_wrapped && a->is_open == b->is_open &&
           a->name_cell == b->name_cell && a->value_cell == b->value_cell &&
           memcmp(a->at, b->at, sizeof a->at) == 0;
}

bool carry_is_same(const struct carry *a, const struct carry *b) {
    return a->block == b->block && a->block_lines == b->block_lines &&
           a->yaml_indent == b->yaml_indent && a->below == b->below &&
           a->is_wrapped == b->is_wrapped && a->nest_depth == b->nest_depth &&
           a->near_lines == b->near_lines && a->pair_lines == b->pair_lines &&
           a->pair_wait == b->pair_wait && a->pair_word == b->pair_word &&
           table_is_same(&a->table, &b->table) && a->is_cut == b->is_cut &&
           a->is_line_middle == b->is_line_middle && a->before == b->before;
}

/* Masks what the segments before decided about; returns where the look for new things begins. */
static size_t carry_apply(const struct pass *pass, struct str text, struct carry *carry,
                          struct spans *out) {
    struct scan scan = scan_begin(pass, text, carry, out);
    size_t from = 0;

    if (carry->is_cut) {
        from = scan_run_end(&scan, SET_OPAQUE, 0);
        carry->is_cut = from == text.len;
        scan_add(&scan, 0, from, "run", SPAN_PLAIN);
    }
    size_t block = carry_block(&scan, carry);
    carry_yaml(&scan, carry);
    bool is_half_end = carry->before == '\r' && str_eq(text, STR("\n")); /* no line of its own */
    if (carry->pair_lines > 0 && !is_half_end) {
        pair_line(&scan, carry);
    }
    if (carry->table.cells > 0 && !is_half_end) {
        table_line(&scan, carry);
    }
    if (carry->nest_depth > 0) {
        int depth = carry->nest_depth;
        carry->nest_depth = 0;
        (void)value_nested(&scan, from, depth, 0);
    }
    return block > from ? block : from;
}

/* Whether one of `bits` of its sift is set in a segment. */
static bool has_bit(const struct piece_of_text *segment, const uint64_t *bits) {
    size_t end = segment->sift_at + segment->text.len;

    return bits_next(bits, bits, segment->sift_at, end) < end;
}

void engine_scan(const struct anchors *anchors, const struct known *known, struct scratch *scratch,
                 struct carry *carry, struct piece_of_text segment, struct spans *spans) {
    struct str text = segment.text;
    struct pass pass = {.anchors = anchors,
                        .known = known,
                        .scratch = scratch,
                        .traits = traits_of(text, segment.sift, segment.sift_at),
                        .is_near_line = carry->near_lines > 0};

    if (text.len == 0) {
        return;
    }
    size_t from = carry_is_empty(carry) ? 0 : carry_apply(&pass, text, carry, spans);
    if (has_bit(&segment, segment.sift->marks) || (pass.traits & TRAIT_UNSEEN) != 0) {
        pass_views(&pass, &segment, carry, false, from, spans);
    } else if (has_bit(&segment, segment.sift->hints)) {
        carry_hint(carry);
    }
    carry->before = text.ptr[text.len - 1];
    carry->is_line_middle = !is_line_end(carry->before);
    carry->near_lines -= carry->near_lines > 0 && !carry->is_line_middle ? 1 : 0;
}
