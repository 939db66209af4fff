/* guard/redact/segment.c: lines, and pieces of lines that are too long. */
#include "guard/redact/segment.h"

#include "guard/redact/charset.h"
#include "guard/redact/mend.h"
#include "guard/redact/redactor.h"
#include "guard/redact/release.h"

#include <string.h>

enum {
    CONTEXT = 512, /* how far before a span stands what made it one */
    ESCAPE = 6,    /* the longest escape, \uXXXX */
    WRAPPED = 60,  /* the shortest line of Base64 that was wrapped */
    WORD = 32,     /* characters of one, or of a number, that is not cut */
    ROUNDS_MAX = 16
};

static const char limit_kind[] = "limit";
static const struct str mask = {"***", 3};

void segmenter_init(struct segmenter *segmenter, const struct redactor *redactor,
                    void (*fn)(void *user, const struct segment *segment), void *user) {
    *segmenter = (struct segmenter){
        .redactor = redactor,
        .fn = fn,
        .user = user,
        .held = BUF_INIT(SIZE_MAX / 2),
        .masked = BUF_INIT(SIZE_MAX / 2),
    };
    segmenter_restart(segmenter);
}

void segmenter_done(struct segmenter *segmenter) {
    scratch_done(&segmenter->scratch);
    sift_done(&segmenter->raw.sift);
    sift_done(&segmenter->shown.sift);
    sift_done(&segmenter->sift);
    spans_done(&segmenter->spans);
    buf_done(&segmenter->held);
    buf_done(&segmenter->masked);
}

void segmenter_restart(struct segmenter *segmenter) {
    const struct redactor_core *core = redactor_lock(segmenter->redactor);

    budget_begin(&segmenter->scratch.budget, core->budget);
    redactor_unlock(segmenter->redactor);
    segmenter->raw.state = (struct reading_state){.carry = {.yaml_indent = -1}};
    segmenter->raw.is_waiting = false;
    segmenter->is_one = true;
    segmenter->is_open = false;
    settled_forget(&segmenter->settled);
    settled_forget(&segmenter->passed);
    buf_clear(&segmenter->held);
}

void segmenter_forget(struct segmenter *segmenter) {
    scratch_wipe(&segmenter->scratch);
    mem_wipe(segmenter->masked.ptr, segmenter->masked.len);
    mem_wipe(segmenter->held.ptr, segmenter->held.len);
    segmenter_restart(segmenter);
}

static bool is_raw(const struct segmenter *segmenter, const struct reading *reading) {
    return reading == &segmenter->raw;
}

/* Whether what is read is given when nothing is found in it. */
static bool is_last_reading(const struct segmenter *segmenter, const struct reading *reading) {
    return !is_raw(segmenter, reading) || segmenter->is_one;
}

static void segment_scan(struct segmenter *segmenter, const struct redactor_core *core,
                         struct carry *carry, const struct shape *shape,
                         struct piece_of_text piece) {
    struct spans *spans = &segmenter->spans;

    spans_clear(spans);
    engine_scan(core->anchors, &core->known, &segmenter->scratch, carry, piece, spans);
    spans_merge(spans);
    spans_keep_json(spans, piece.text, shape);
}

/* Bytes [from, to) of the window that was sifted last. */
static struct piece_of_text piece_of(struct reading *reading, struct str window, size_t from,
                                     size_t to) {
    return (struct piece_of_text){
        .text = str_slice(window, from, to), .sift = &reading->sift, .sift_at = from};
}

static void count_add(struct counts *counts, const char *kind, size_t n) {
    size_t i = 0;

    while (i < counts->n && counts->rows[i].kind != kind) {
        i++; /* mostly the same constant */
    }
    for (size_t k = 0; i == counts->n && k < counts->n; k++) {
        i = strcmp(counts->rows[k].kind, kind) == 0 ? k : i;
    }
    if (i == counts->n && i < REDACT_KINDS_MAX) {
        counts->rows[counts->n++] = (struct redact_count){.kind = kind};
    }
    if (i < REDACT_KINDS_MAX) {
        counts->rows[i].n += n;
    }
}

void counts_move(struct counts *from, struct counts *to) {
    for (size_t i = 0; i < from->n; i++) {
        count_add(to, from->rows[i].kind, from->rows[i].n);
    }
    from->n = 0;
}

static bool is_idle(const struct carry *carry);
static size_t reading_feed(struct segmenter *segmenter, const struct redactor_core *core,
                           struct reading *reading, struct str text, bool is_end);

static void segment_give(struct segmenter *segmenter, struct str text, const struct spans *spans) {
    struct segment segment = {.text = text, .spans = spans};

    if (text.len > 0) {
        segmenter->fn(segmenter->user, &segment);
    }
}

/* ---- what is to be shown ---- */

bool segment_has_end(struct str s) {
    return memchr(s.ptr, '\n', s.len) != NULL || memchr(s.ptr, '\r', s.len) != NULL;
}

/* Gives what is held as far as it was read and nothing was found in it. */
static void held_read(struct segmenter *segmenter, const struct redactor_core *core, bool is_end) {
    struct buf *held = &segmenter->held;
    size_t from = 0;

    if (!is_end && held->len < SEGMENT_MAX && !segment_has_end(buf_str(held))) {
        return;
    }
    do {
        segmenter->is_changed = false;
        from += reading_feed(segmenter, core, &segmenter->shown,
                             str_slice(buf_str(held), from, held->len), is_end);
    } while (segmenter->is_changed);
    memmove(held->ptr, held->ptr + from, held->len - from);
    held->len -= from;
    segmenter->is_one = held->len == 0 && !segmenter->raw.state.carry.is_line_middle &&
                        !segmenter->raw.state.is_over && !segmenter->shown.state.is_over &&
                        carry_is_same(&segmenter->raw.state.carry, &segmenter->shown.state.carry);
}

/* What reading `n` bytes again costs. */
static int64_t round_steps(size_t n) { return BUDGET_ROUND + (int64_t)n * BUDGET_ROUND_BYTE; }

/* Holds what is to be shown of a segment of `came` bytes, before which `before` was known; reading
 * it again costs `round`. `is_open`: its end is masked, and the next one may go on with it. */
static void held_add(struct segmenter *segmenter, const struct redactor_core *core,
                     const struct reading_state *before, size_t came, struct str text,
                     int64_t round, bool is_open) {
    if (segmenter->is_one) {
        segmenter->shown.state = *before;
        segmenter->is_one = false;
        segmenter->rounds = 0;
        segmenter->owed = 0;
    }
    if (segmenter->is_open && str_starts(text, mask)) {
        text = str_slice(text, mask.len, text.len); /* the same mask goes on */
    }
    segmenter->is_open = is_open || (segmenter->is_open && text.len == 0);
    segmenter->owed += came;
    if (text.len > 0) {
        budget_take(&segmenter->scratch.budget, (size_t)round);
        buf_add(&segmenter->held, text);
        held_read(segmenter, core, false);
    }
}

/* Gives back what it took to find what is masked of `n` bytes, of which `shown` are left, which are
 * read again for `round`. */
static void taken_give(struct segmenter *segmenter, size_t n, size_t shown, int64_t round) {
    if (shown < n) {
        budget_give_back(&segmenter->scratch.budget, segmenter->taken + round, n - shown);
    }
}

/* What reading a line again costs that is shown behind `before`, or knowing it when it stood there.
 */
static int64_t line_round(const struct segmenter *segmenter, const struct redactor_core *core,
                          const struct reading_state *before, struct str text) {
    const struct carry *carry = segmenter->is_one ? &before->carry : &segmenter->shown.state.carry;
    bool is_first = segmenter->held.len == 0 && !segmenter->is_open;
    bool is_known =
        is_first && (settled_len(&segmenter->passed, &core->known, text, carry) == text.len ||
                     settled_len(&segmenter->settled, &core->known, text, carry) == text.len);

    return is_known && text.len > 0 ? BUDGET_KNOWN : round_steps(text.len);
}

/* Puts `masked` in the place of `text`, a part of what is held, that was read or not; it is read
 * again then. */
static void held_replace(struct segmenter *segmenter, struct str text, bool is_read) {
    struct buf *held = &segmenter->held;
    struct str masked = buf_str(&segmenter->masked);
    size_t at = (size_t)(text.ptr - held->ptr);
    size_t after = held->len - at - text.len;

    if (is_read) {
        taken_give(segmenter, text.len, masked.len, round_steps(masked.len));
    }
    budget_take(&segmenter->scratch.budget, (size_t)round_steps(masked.len));
    buf_reserve(held, held->len + masked.len + 1);
    memmove(held->ptr + at + masked.len, held->ptr + at + text.len, after);
    memcpy(held->ptr + at, masked.ptr, masked.len);
    held->len = at + masked.len + after;
    segmenter->is_changed = true;
    segmenter->rounds++;
}

/* New steps for `n` bytes that are shown. A mask that is longer than what it stands for gives none.
 */
static void steps_give(struct segmenter *segmenter, const struct reading *reading, size_t n) {
    if (!is_raw(segmenter, reading)) {
        n = n < segmenter->owed ? n : segmenter->owed;
        segmenter->owed -= n;
    }
    budget_give(&segmenter->scratch.budget, n);
}

/* Gives [*given, to) of the window, in which nothing was found. */
static void plain_give(struct segmenter *segmenter, const struct redactor_core *core,
                       struct reading *reading, struct str window, size_t *given, size_t to) {
    struct str text = str_slice(window, *given, to);

    if (is_last_reading(segmenter, reading)) {
        static const struct spans none = {0};
        segment_give(segmenter, text, &none);
    } else {
        held_add(segmenter, core, &reading->state, text.len, text, round_steps(text.len), false);
    }
    *given = to;
}

/* ---- what is not read ---- */

/* Makes `masked` of a text that is not read: `plain` bytes of it and the shape of the rest.
 * `is_end`: nothing of the line or the text comes after it. */
static void masked_shape(struct segmenter *segmenter, struct shape *shape, struct str text,
                         size_t plain, bool is_end) {
    buf_clear(&segmenter->masked);
    buf_add(&segmenter->masked, str_slice(text, 0, plain));
    shape_keep(shape, str_slice(text, 0, plain));
    shape_mask(shape, str_slice(text, plain, text.len), &segmenter->masked);
    if (is_end) {
        shape_end(shape, &segmenter->masked);
    }
}

/* Whether the segment under way is limited before it is read. */
static bool is_limited(const struct segmenter *segmenter, const struct reading *reading) {
    bool is_endless = !is_raw(segmenter, reading) && segmenter->rounds > ROUNDS_MAX;

    return reading->state.is_limited || reading->state.is_over || is_endless ||
           budget_is_spent(&segmenter->scratch.budget);
}

/* How many bytes of `text`, where a segment begins, may be shown whatever follows: what is shown of
 * an unfinished line, at least. `sift`: of it as a window, or NULL. */
static size_t plain_of(struct segmenter *segmenter, const struct redactor_core *core,
                       const struct reading_state *before, struct str text,
                       const struct sift *sift) {
    if (before->is_over || !is_idle(&before->carry)) {
        return before->plain < text.len ? before->plain : text.len;
    }
    if (sift == NULL) {
        engine_sift(core->anchors, text, SIFT_WINDOW, &segmenter->sift);
    }
    return release_most(core->anchors, &core->known, text, sift == NULL ? &segmenter->sift : sift);
}

/* After a segment: nothing more is read when the budget is over. */
static void segment_end(struct segmenter *segmenter, struct reading *reading, bool is_line) {
    struct reading_state *state = &reading->state;

    if (is_line) {
        state->is_limited = false;
        state->plain = 0;
        state->shape = (struct shape){0};
    }
    if (segmenter->scratch.budget.left < 0 && !state->is_over) {
        state->is_over = true;
        count_add(&segmenter->counts, limit_kind, is_raw(segmenter, reading) ? 1 : 0);
    }
    segmenter->rounds = is_raw(segmenter, reading) ? segmenter->rounds : 0;
}

/* Holds `masked`, which was made of what came. Of a shape the end is no mask that goes on. */
static void masked_give(struct segmenter *segmenter, const struct redactor_core *core,
                        const struct reading_state *before, struct str text) {
    const struct spans *spans = &segmenter->spans;
    const struct span *last = spans->n > 0 ? &spans->rows[spans->n - 1] : NULL;
    bool is_open = last != NULL && last->to == text.len && last->kind != limit_kind;

    if (segmenter->is_masking) {
        struct str shown = buf_str(&segmenter->masked);
        int64_t round = line_round(segmenter, core, before, shown);
        if (last == NULL || last->kind != limit_kind) {
            taken_give(segmenter, text.len, shown.len, round);
        }
        held_add(segmenter, core, before, text.len, shown, round, is_open);
    } else {
        budget_give(&segmenter->scratch.budget, text.len);
        segment_give(segmenter, text, spans);
    }
}

/* Makes `masked` of what came and was not read within the budget: `plain` bytes of it, which may be
 * shown whatever follows, and the shape of the rest, which is the only span. What it says about the
 * lines after it was read, but for AWS, which may be talked about anywhere in it. */
static void limited_mask(struct segmenter *segmenter, struct reading_state *state, struct str text,
                         size_t plain, bool is_end) {
    masked_shape(segmenter, &state->shape, text, plain, is_end);
    spans_clear(&segmenter->spans);
    spans_add(&segmenter->spans, (struct span){.from = plain, .to = text.len, .kind = limit_kind});
    carry_hint(&state->carry);
}

static void found_count(struct segmenter *segmenter) {
    for (size_t i = 0; i < segmenter->spans.n && segmenter->is_masking; i++) {
        count_add(&segmenter->counts, segmenter->spans.rows[i].kind, 1);
    }
}

/* Makes `masked` of what was found in `text`; returns whether that is as it was. */
static bool found_mask(struct segmenter *segmenter, struct str text) {
    struct buf *masked = &segmenter->masked;

    buf_clear(masked);
    if (spans_are_masks(&segmenter->spans, text)) {
        buf_add(masked, text);
        return true;
    }
    spans_render(&segmenter->spans, text, masked);
    return str_eq(buf_str(masked), text);
}

/* Whether what came, of which `masked` was made, is shown as it is, since what was found in it was
 * masked before, which `is_same` tells: what is shown would be read as it was. */
static bool is_masked_before(struct segmenter *segmenter, struct str text, bool is_same) {
    const struct spans *spans = &segmenter->spans;
    bool goes_on = segmenter->is_open && str_starts(text, mask);

    if (!segmenter->is_masking || !segmenter->is_one || goes_on) {
        return false;
    }
    segmenter->is_open = is_same && spans->rows[spans->n - 1].to == text.len;
    return is_same;
}

static void spans_keep_before(struct spans *spans, size_t cut) {
    while (spans->n > 0 && spans->rows[spans->n - 1].from >= cut) {
        spans->n--;
    }
}

/* Whether a part of what is held is given as it is: `masked`, which was made of it, is the same. */
static bool is_settled(const struct segmenter *segmenter, bool is_same) {
    return is_same || segmenter->rounds > 2 * ROUNDS_MAX;
}

/* Whether a segment of what is held, which is not read within the budget, is its own shape, and
 * reading it would find nothing before `cut` all the same: next to nothing is left to be read. Else
 * `masked` is what it becomes. `state` goes over it. `is_end`: nothing of its line comes after it.
 */
static bool is_settled_shape(struct segmenter *segmenter, const struct redactor_core *core,
                             struct reading_state *state, struct piece_of_text piece, size_t plain,
                             bool is_end) {
    struct budget *budget = &segmenter->scratch.budget;
    struct shape before = state->shape;
    int64_t floor = budget->floor;

    masked_shape(segmenter, &state->shape, piece.text, plain, is_end);
    if (!is_settled(segmenter, str_eq(buf_str(&segmenter->masked), piece.text))) {
        return false;
    }
    budget->floor = INT64_MIN;
    segment_scan(segmenter, core, &state->carry, &before, piece);
    budget->floor = floor;
    carry_hint(&state->carry);
    return is_settled(segmenter, found_mask(segmenter, piece.text));
}

/* Gives the rest of what came, in any pieces, when the budget is over. */
static void over_give(struct segmenter *segmenter, const struct redactor_core *core,
                      struct str text, bool is_end) {
    struct reading_state *state = &segmenter->raw.state;
    struct reading_state before = *state;
    size_t plain = state->plain < text.len ? state->plain : text.len;

    limited_mask(segmenter, state, text, plain, is_end);
    state->plain -= plain;
    masked_give(segmenter, core, &before, text);
}

/* ---- long lines ---- */

static bool is_word_char(char c) { return is_alnum(c) || is_any(c, "+-.*"); }

/* Moves a cut out of an escape, a UTF-8 sequence, a mask, a number or a short word. */
static size_t cut_between_units(struct str text, size_t cut) {
    size_t first = cut - ESCAPE;
    size_t word = cut;

    for (size_t i = cut; i > first; i--) {
        if (text.ptr[i - 1] == '\\' || text.ptr[i - 1] == '%') {
            cut = i - 1;
        }
    }
    while (cut > 0 && ((unsigned char)text.ptr[cut] & 0xc0) == 0x80) {
        cut--;
    }
    for (word = cut; cut - word < WORD && is_word_char(text.ptr[word - 1]);) {
        word--;
    }
    return cut - word < WORD ? word : cut;
}

/* Where to cut a window of a long line: at the end of the span that the wished place falls into or
 * just before, since the name before a value must stay with it. */
static size_t window_cut(struct str window, const struct spans *spans) {
    size_t wish = window.len - SEGMENT_HOLD;

    for (size_t i = 0; i < spans->n; i++) {
        if (spans->rows[i].to > wish) {
            return spans->rows[i].from < wish + CONTEXT ? spans->rows[i].to
                                                        : cut_between_units(window, wish);
        }
    }
    return cut_between_units(window, wish);
}

/* Whether the lines before say nothing about a line without a mark. */
static bool is_idle(const struct carry *carry) {
    return carry_is_empty(carry) && !carry->is_line_middle;
}

bool segmenter_is_idle(const struct segmenter *segmenter) {
    return segmenter->is_one && !segmenter->raw.state.is_over &&
           is_idle(&segmenter->raw.state.carry);
}

/* What the next piece must know, from the piece that ends at `cut` alone, which is read again only
 * where something may tell. */
static void window_carry(struct segmenter *segmenter, const struct redactor_core *core,
                         struct reading *reading, struct str window, size_t cut,
                         const struct carry *trial) {
    struct carry *carry = &reading->state.carry;
    struct piece_of_text piece = piece_of(reading, window, 0, cut);

    piece.has_no_hint = !trial->is_hinted;
    if (carry_is_empty(carry) && !trial->is_asked && cut > 0) {
        carry->before = window.ptr[cut - 1];
        carry->is_line_middle = true; /* a window has no line end */
    } else {
        engine_scan(core->anchors, &core->known, &segmenter->scratch, carry, piece, NULL);
    }
    carry->is_cut = cut == window.len;
}

/* What was found in a window, and where it is cut. */
struct cut_window {
    struct str window;
    struct carry trial;
    size_t cut;
    size_t plain;
    bool is_unread;
};

/* Ends a window that was given up to its cut. */
static void window_end(struct reading *reading, const struct cut_window *cut) {
    struct reading_state *state = &reading->state;

    if (!state->is_limited) {
        shape_keep(&state->shape, str_slice(cut->window, 0, cut->cut));
    }
    state->plain = cut->plain > cut->cut ? cut->plain - cut->cut : 0;
}

/* Gives what came up to the cut. */
static void window_give(struct segmenter *segmenter, const struct redactor_core *core,
                        const struct cut_window *cut) {
    struct reading *reading = &segmenter->raw;
    struct reading_state before = reading->state;
    struct str text = str_slice(cut->window, 0, cut->cut);

    window_carry(segmenter, core, reading, cut->window, cut->cut, &cut->trial);
    spans_keep_before(&segmenter->spans, cut->cut);
    bool is_plain = false;
    if (cut->is_unread) {
        limited_mask(segmenter, &reading->state, text,
                     cut->plain < cut->cut ? cut->plain : cut->cut, false);
        reading->state.is_limited = true;
    } else {
        bool is_same = found_mask(segmenter, text);
        is_plain = segmenter->spans.n == 0 || is_masked_before(segmenter, text, is_same);
    }
    window_end(reading, cut);
    found_count(segmenter);
    if (is_plain && segmenter->is_one) {
        budget_give(&segmenter->scratch.budget, cut->cut);
        spans_clear(&segmenter->spans);
        segment_give(segmenter, text, &segmenter->spans);
    } else {
        masked_give(segmenter, core, &before, text);
    }
}

/* Gives what is held up to the cut, or masks what was found before it. */
static void window_settle(struct segmenter *segmenter, const struct redactor_core *core,
                          struct cut_window *cut) {
    struct reading *reading = &segmenter->shown;
    struct reading_state after = reading->state;
    struct piece_of_text piece = piece_of(reading, cut->window, 0, cut->window.len);
    size_t wish = cut->window.len - SEGMENT_HOLD;
    bool is_given = false;

    if (cut->is_unread) {
        size_t plain = cut->plain < cut->cut ? cut->plain : cut->cut;

        piece.text = str_slice(piece.text, 0, cut->cut);
        is_given = is_settled_shape(segmenter, core, &after, piece, plain, false);
        segmenter->raw.state.is_limited = segmenter->raw.state.carry.is_line_middle;
    } else {
        spans_keep_before(&segmenter->spans, wish + CONTEXT);
        is_given = is_settled(segmenter, found_mask(segmenter, piece.text));
        cut->cut = cut_between_units(cut->window, wish);
    }
    if (!is_given) {
        held_replace(segmenter, piece.text, !cut->is_unread);
        cut->cut = 0;
        return;
    }
    window_carry(segmenter, core, reading, cut->window, cut->cut, &cut->trial);
    if (cut->is_unread) {
        carry_hint(&reading->state.carry);
        reading->state.is_limited = true;
        reading->state.shape = after.shape;
    }
    steps_give(segmenter, reading, cut->cut);
    window_end(reading, cut);
    spans_clear(&segmenter->spans);
    segment_give(segmenter, str_slice(cut->window, 0, cut->cut), &segmenter->spans);
}

/* The spans come from the whole window. */
static size_t window_handle(struct segmenter *segmenter, const struct redactor_core *core,
                            struct reading *reading, struct str window) {
    struct reading_state *state = &reading->state;
    struct cut_window cut = {.window = window,
                             .trial = state->carry,
                             .plain = plain_of(segmenter, core, state, window, &reading->sift),
                             .is_unread = is_limited(segmenter, reading)};

    cut.trial.is_asked = cut.is_unread;
    cut.trial.is_hinted = false;
    int64_t left = segmenter->scratch.budget.left;
    budget_take(&segmenter->scratch.budget, BUDGET_SEGMENT);
    if (!cut.is_unread) {
        segment_scan(segmenter, core, &cut.trial, &state->shape,
                     piece_of(reading, window, 0, window.len));
        cut.is_unread = budget_is_spent(&segmenter->scratch.budget);
    }
    segmenter->taken = left - segmenter->scratch.budget.left;
    if (cut.is_unread) {
        spans_clear(&segmenter->spans);
    }
    cut.cut = window_cut(window, &segmenter->spans);
    reading->is_waiting = false;
    if (is_raw(segmenter, reading)) {
        window_give(segmenter, core, &cut);
    } else {
        window_settle(segmenter, core, &cut);
    }
    if (cut.cut > 0) {
        segment_end(segmenter, reading, false);
    }
    return cut.cut;
}

/* ---- lines ---- */

/* Passes lines without a mark, from `at` on: they are what they are. Returns where they end. */
static size_t lines_pass(struct segmenter *segmenter, struct reading *reading, struct str window,
                         size_t at, size_t to) {
    const struct sift *sift = &reading->sift;
    size_t mark = bits_next(sift->marks, sift->marks, at, to);
    size_t end = mark == to ? to : bits_last(sift->ends, at, mark);

    steps_give(segmenter, reading, end - at);
    size_t hint = bits_last(sift->hints, at, end);
    struct carry *carry = &reading->state.carry;
    if (hint > at) {
        carry_hint(carry);
        at = hint;
    }
    while (carry->near_lines > 0 && at < end) {
        at = bits_next(sift->ends, sift->ends, at, end) + 1;
        carry->near_lines--;
    }
    carry->before = end > 0 ? window.ptr[end - 1] : carry->before;
    if (!is_raw(segmenter, reading)) {
        segmenter->rounds = 0; /* what was masked before is given */
    }
    return end;
}

/* Reads a line; false: not within the budget. */
static bool line_read(struct segmenter *segmenter, const struct redactor_core *core,
                      struct reading *reading, struct piece_of_text piece) {
    struct budget *budget = &segmenter->scratch.budget;
    struct reading_state *state = &reading->state;

    if (!is_limited(segmenter, reading)) {
        segment_scan(segmenter, core, &state->carry, &state->shape, piece);
        return !budget_is_spent(budget);
    }
    if (is_raw(segmenter, reading)) {
        piece.has_no_hint = true; /* whether it has one is not asked */
        engine_scan(core->anchors, &core->known, &segmenter->scratch, &state->carry, piece, NULL);
    }
    return false;
}

/* Holds what is to be shown of a line that came, of which `masked` was made if it was read. */
static void line_give(struct segmenter *segmenter, const struct redactor_core *core,
                      const struct reading_state *before, struct str text, bool is_read) {
    struct reading *reading = &segmenter->raw;

    if (!is_read) {
        limited_mask(segmenter, &reading->state, text,
                     plain_of(segmenter, core, before, text, NULL), true);
    }
    found_count(segmenter);
    masked_give(segmenter, core, before, text);
}

/* Whether a line of what is held, that was read or not, is as it is to be shown; else it is masked.
 */
static bool line_settles(struct segmenter *segmenter, const struct redactor_core *core,
                         const struct reading_state *before, struct piece_of_text piece,
                         bool is_read) {
    struct reading *reading = &segmenter->shown;
    struct reading_state after = is_read ? reading->state : *before;
    bool is_given = false;

    if (is_read) {
        is_given = is_settled(segmenter, found_mask(segmenter, piece.text));
    } else {
        size_t plain = plain_of(segmenter, core, before, piece.text, NULL);

        is_given = is_settled_shape(segmenter, core, &after, piece, plain, true);
    }
    reading->state = is_given ? after : *before;
    if (is_given) {
        steps_give(segmenter, reading, piece.text.len);
    } else {
        held_replace(segmenter, piece.text, is_read);
    }
    return is_given;
}

/* How long the line is with which `text` begins and which is not read, for it was when it stood
 * there before; 0 when there is none. */
static size_t line_settled(struct segmenter *segmenter, const struct redactor_core *core,
                           struct reading *reading, struct str text) {
    struct carry *carry = &reading->state.carry;

    if (!is_last_reading(segmenter, reading) || is_limited(segmenter, reading)) {
        return 0;
    }
    size_t len = settled_len(&segmenter->settled, &core->known, text, carry);
    if (len > 0) {
        budget_take(&segmenter->scratch.budget, BUDGET_SEGMENT);
        steps_give(segmenter, reading, len);
        carry->before = text.ptr[len - 1];
        segment_end(segmenter, reading, true);
    }
    return len;
}

/* Remembers a line which the last reading of it leaves as it is. That is the only reading of a text
 * that was masked before, so masking it again reads no more lines. What may be Base64 that
 * goes on in the lines after it is read with them. */
static void line_remember(struct segmenter *segmenter, const struct redactor_core *core,
                          const struct reading *reading, const struct carry *before,
                          struct piece_of_text piece) {
    size_t to = piece.sift_at + piece.text.len;

    if (is_line_end(piece.text.ptr[piece.text.len - 1]) &&
        bits_next(piece.sift->runs, piece.sift->known, piece.sift_at, to) == to) {
        settled_add(&segmenter->settled, &core->known, piece.text, before, &reading->state.carry);
    }
}

/* Handles [at, end) of the window, a segment; [*given, at) was handled, and is given together with
 * it as far as nothing was found. False: it must be read again. */
static bool line_handle(struct segmenter *segmenter, const struct redactor_core *core,
                        struct reading *reading, struct str window, size_t at, size_t end,
                        size_t *given) {
    const struct sift *sift = &reading->sift;
    struct reading_state before = reading->state;
    struct piece_of_text piece = piece_of(reading, window, at, end);
    bool has_mark = bits_next(sift->marks, sift->marks, at, end) < end;

    int64_t left = segmenter->scratch.budget.left;
    budget_take(&segmenter->scratch.budget,
                has_mark || !is_idle(&before.carry) ? BUDGET_SEGMENT : 0);
    bool is_read = line_read(segmenter, core, reading, piece);
    segmenter->taken = left - segmenter->scratch.budget.left;
    bool is_found = is_read && is_raw(segmenter, reading) && segmenter->spans.n > 0;
    bool is_before =
        is_found && is_masked_before(segmenter, piece.text, found_mask(segmenter, piece.text));
    if (is_before) {
        found_count(segmenter);
    }
    if (is_before || (is_read && segmenter->spans.n == 0)) {
        if (is_last_reading(segmenter, reading)) {
            steps_give(segmenter, reading, end - at);
            line_remember(segmenter, core, reading, &before.carry, piece);
        } else {
            plain_give(segmenter, core, reading, window, given, end);
        }
    } else if (is_raw(segmenter, reading)) {
        plain_give(segmenter, core, reading, window, given, at);
        *given = end;
        line_give(segmenter, core, &before, piece.text, is_read);
    } else {
        plain_give(segmenter, core, reading, window, given, at); /* which may move */
        if (!line_settles(segmenter, core, &before, piece, is_read)) {
            return false;
        }
    }
    segment_end(segmenter, reading, true);
    return true;
}

/* ---- Base64 that is wrapped over lines ---- */

/* The characters of Base64 at the end of a line; `*is_whole`: but blanks nothing else is on it. */
static struct str base64_of_line(struct str line, bool *is_whole) {
    line = str_trim(line);
    size_t from = line.len;

    while (from > 0 && is_base64(line.ptr[from - 1])) {
        from--;
    }
    *is_whole = from == 0;
    return str_slice(line, from, line.len);
}

/* Whether the line [at, end) of the window ends with enough Base64 in which there is text or a
 * known value. */
static bool is_wrap_begin(const struct sift *sift, struct str window, size_t at, size_t end,
                          bool *is_whole) {
    if (bits_next(sift->runs, sift->known, at, end) == end) {
        return false; /* most lines */
    }
    struct str run = base64_of_line(str_slice(window, at, end), is_whole);
    size_t from = run.len == 0 ? 0 : (size_t)(run.ptr - window.ptr);

    return run.len >= WRAPPED && run.ptr[run.len - 1] != '=' &&
           bits_next(sift->runs, sift->known, from, from + run.len) < from + run.len;
}

/* Whether a line may go on with Base64 whose lines are `*width` wide (0: not known yet), and
 * whether it is their last. */
static bool is_wrap_line(struct str line, size_t *width, bool *is_last) {
    bool is_whole = false;
    struct str run = base64_of_line(line, &is_whole);
    bool is_padded = run.len > 0 && run.ptr[run.len - 1] == '=';

    *width = *width == 0 ? run.len : *width;
    *is_last = run.len < *width || is_padded;
    return is_whole && run.len > 0 && run.len <= *width && run.len % 4 != 1;
}

/* Where the lines end that are one with the line [at, end): `end` mostly. 0: not known yet, for the
 * window ends before they do. Complete lines end at `to`. */
static size_t wrap_end(const struct sift *sift, struct str window, size_t at, size_t end, size_t to,
                       bool is_last) {
    bool is_whole = false;
    size_t stop = is_last ? window.len : to;
    bool is_over = !is_wrap_begin(sift, window, at, end, &is_whole);
    size_t width = is_over || !is_whole ? 0 : str_trim(str_slice(window, at, end)).len;

    while (!is_over && end < stop) {
        size_t next = bits_next(sift->ends, sift->ends, end, stop);
        struct str line = str_slice(window, end, next);

        next += next < stop ? 1 : 0;
        if (line.len == 0 && window.ptr[end - 1] == '\r' && window.ptr[end] == '\n') {
            end = next; /* the second half of a line end */
            continue;
        }
        if (!is_wrap_line(line, &width, &is_over)) {
            return end;
        }
        end = next;
    }
    if (is_over || is_last) {
        return end;
    }
    (void)base64_of_line(str_slice(window, to, window.len), &is_whole);
    return is_whole ? 0 : end; /* what has come of the next line tells */
}

/* Whether no more is handled at once. */
static bool is_stopped(const struct segmenter *segmenter, const struct reading *reading) {
    return is_raw(segmenter, reading) ? reading->state.is_over : segmenter->is_changed;
}

/* Handles the complete lines of a window that was sifted, and what is left too when `is_last`;
 * returns where that ends. */
static size_t lines_handle(struct segmenter *segmenter, const struct redactor_core *core,
                           struct reading *reading, struct str window, bool is_last) {
    const struct sift *sift = &reading->sift;
    const struct carry *carry = &reading->state.carry;
    size_t to = bits_last(sift->ends, 0, window.len);
    size_t given = 0;
    size_t at = 0;

    while (at < to && !is_stopped(segmenter, reading)) {
        bool is_alone = is_raw(segmenter, reading) && !segmenter->is_one;

        if (is_idle(carry) && !is_alone) {
            at = lines_pass(segmenter, reading, window, at, to);
        }
        size_t settled = /* at the begin it was asked before the window was sifted */
            at == 0 ? 0 : line_settled(segmenter, core, reading, str_slice(window, at, to));
        if (settled > 0) {
            at += settled;
            continue;
        }
        if (at < to) {
            size_t end = bits_next(sift->ends, sift->ends, at, to) + 1;
            if (is_idle(carry)) {
                end = wrap_end(sift, window, at, end, to, is_last);
            }
            if (end == 0) {
                break;
            }
            bool is_handled = line_handle(segmenter, core, reading, window, at, end, &given);
            at = is_handled ? end : at;
        }
    }
    reading->is_waiting = at < to && !is_stopped(segmenter, reading);
    if (is_last && at < window.len && !is_stopped(segmenter, reading)) {
        bool is_handled = line_handle(segmenter, core, reading, window, at, window.len, &given);
        at = is_handled ? window.len : at;
    }
    plain_give(segmenter, core, reading, window, &given, at);
    return at;
}

/* How long the line of what is held is with which `text` begins and in which nothing stood when it
 * was sifted before: "***", of a list; 0 when there is none. */
static size_t line_passed(struct segmenter *segmenter, const struct redactor_core *core,
                          struct reading *reading, struct str text) {
    struct carry *carry = &reading->state.carry;
    size_t len =
        is_raw(segmenter, reading) ? 0 : settled_len(&segmenter->passed, &core->known, text, carry);

    if (len > 0) {
        steps_give(segmenter, reading, len);
        carry->before = text.ptr[len - 1];
        segmenter->rounds = 0;
    }
    return len;
}

/* Remembers the window, of what is held, when it is one line and has no mark. */
static void line_remember_passed(struct segmenter *segmenter, const struct redactor_core *core,
                                 const struct reading *reading, const struct carry *before,
                                 struct str window) {
    const struct sift *sift = &reading->sift;
    bool is_line = bits_next(sift->ends, sift->ends, 0, window.len) + 1 == window.len;

    if (!is_raw(segmenter, reading) && is_line &&
        bits_next(sift->marks, sift->hints, 0, window.len) == window.len) {
        settled_add(&segmenter->passed, &core->known, window, before, &reading->state.carry);
    }
}

static size_t reading_feed(struct segmenter *segmenter, const struct redactor_core *core,
                           struct reading *reading, struct str text, bool is_end) {
    size_t at = 0;

    while (at < text.len && !is_stopped(segmenter, reading)) {
        struct str window = str_slice(text, at, at + SEGMENT_MAX);
        bool is_last = is_end && at + window.len == text.len && window.len < SEGMENT_MAX;
        size_t given = 0;
        size_t settled = line_passed(segmenter, core, reading, window);

        settled = settled > 0 ? settled : line_settled(segmenter, core, reading, window);
        if (settled > 0) {
            plain_give(segmenter, core, reading, window, &given, settled);
            at += settled;
            continue;
        }
        if (!is_last && window.len < SEGMENT_MAX && !segment_has_end(window)) {
            reading->is_waiting = false;
            break; /* no line ends in it */
        }
        struct carry before = reading->state.carry;
        engine_sift(core->anchors, window, SIFT_WINDOW, &reading->sift);
        size_t handled = lines_handle(segmenter, core, reading, window, is_last);
        if (handled == window.len) {
            line_remember_passed(segmenter, core, reading, &before, window);
        }
        if (handled == 0 && is_stopped(segmenter, reading)) {
            break;
        }
        if (handled == 0 && window.len == SEGMENT_MAX) {
            handled = window_handle(segmenter, core, reading, window);
        } else if (handled == 0) {
            break;
        }
        at += handled;
    }
    return at;
}

size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end) {
    const struct redactor_core *core = redactor_lock(segmenter->redactor);
    size_t handled = reading_feed(segmenter, core, &segmenter->raw, text, is_end);

    if (segmenter->raw.state.is_over) {
        over_give(segmenter, core, str_slice(text, handled, text.len), is_end);
        handled = text.len;
    }
    if (is_end && segmenter->held.len > 0) {
        held_read(segmenter, core, true);
    }
    redactor_unlock(segmenter->redactor);
    return handled;
}
