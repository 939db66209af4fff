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
    ROUNDS_MAX = 16
};

static const char limit_kind[] = "limit";

void segmenter_init(struct segmenter *segmenter, const struct redactor *redactor,
                    void (*fn)(void *user, const struct segment *segment), void *user) {
    *segmenter = (struct segmenter){
        .redactor = redactor,
        .fn = fn,
        .user = user,
        .masked = BUF_INIT(8 * SEGMENT_MAX), /* a one-byte value becomes five bytes */
        .again = BUF_INIT(8 * SEGMENT_MAX),
    };
    segmenter_restart(segmenter);
}

void segmenter_done(struct segmenter *segmenter) {
    scratch_done(&segmenter->scratch);
    sift_done(&segmenter->sift);
    sift_done(&segmenter->again_sift);
    spans_done(&segmenter->spans);
    spans_done(&segmenter->unused);
    buf_done(&segmenter->masked);
    buf_done(&segmenter->again);
}

void segmenter_restart(struct segmenter *segmenter) {
    const struct redactor_core *core = redactor_lock(segmenter->redactor);

    budget_begin(&segmenter->scratch.budget, core->budget);
    redactor_unlock(segmenter->redactor);
    segmenter->carry = (struct carry){.yaml_indent = -1};
    segmenter->is_waiting = false;
    segmenter->is_over = false;
    segmenter->is_limited = false;
    segmenter->plain = 0;
    segmenter->shape = (struct shape){0};
}

void segmenter_forget(struct segmenter *segmenter) {
    scratch_wipe(&segmenter->scratch);
    mem_wipe(segmenter->masked.ptr, segmenter->masked.len);
    mem_wipe(segmenter->again.ptr, segmenter->again.len);
    segmenter_restart(segmenter);
}

static void segment_scan(struct segmenter *segmenter, const struct redactor_core *core,
                         struct carry *carry, struct piece_of_text piece, struct spans *spans) {
    spans_clear(spans);
    engine_scan(core->anchors, &core->known, &segmenter->scratch, carry, piece, spans);
    spans_merge(spans);
    spans_keep_json(spans, piece.text, &segmenter->shape);
}

/* Bytes [from, to) of the window that was sifted last. */
static struct piece_of_text piece_of(struct segmenter *segmenter, struct str window, size_t from,
                                     size_t to) {
    return (struct piece_of_text){
        .text = str_slice(window, from, to), .sift = &segmenter->sift, .sift_at = from};
}

/* What was masked may say more about the lines after it than what it was made of did; masked again
 * it will. */
static void carry_join(struct carry *carry, const struct carry *masked) {
    carry->nest_depth =
        carry->nest_depth < masked->nest_depth ? masked->nest_depth : carry->nest_depth;
    if (carry->yaml_indent < 0) {
        carry->yaml_indent = masked->yaml_indent;
        carry->is_yaml_text = masked->is_yaml_text;
    }
}

static void masked_swap(struct segmenter *segmenter) {
    struct buf swap = segmenter->masked;

    segmenter->masked = segmenter->again;
    segmenter->again = swap;
}

/* Reads what was masked again until that changes nothing: what a mask leaves beside it may read
 * differently, and is judged like any other text. Each round leaves less. False: it does not end,
 * or takes more than the budget. `*is_open`: its end was masked. */
static bool masked_settle(struct segmenter *segmenter, const struct redactor_core *core,
                          const struct carry *before, bool *is_open) {
    struct budget *budget = &segmenter->scratch.budget;
    struct spans *spans = &segmenter->unused;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct carry trial = *before;
        struct piece_of_text piece = {.text = buf_str(&segmenter->masked),
                                      .sift = &segmenter->again_sift};

        if (segmenter->carry.block == BLOCK_NONE) {
            trial.block = BLOCK_NONE; /* its end is masked now, and what follows is not in it */
        }
        budget_take(budget, BUDGET_ROUND + piece.text.len * BUDGET_ROUND_BYTE);
        engine_sift(core->anchors, piece.text, SIFT_SEGMENT, &segmenter->again_sift);
        segment_scan(segmenter, core, &trial, piece, spans);
        if (budget_is_spent(budget)) {
            return false;
        }
        if (spans->n == 0) {
            carry_join(&segmenter->carry, &trial);
            return true;
        }
        *is_open = *is_open || spans->rows[spans->n - 1].to == piece.text.len;
        buf_clear(&segmenter->again);
        spans_render(spans, piece.text, &segmenter->again);
        masked_swap(segmenter);
    }
    return false;
}

/* Masks what was found in `text`; false: it is not understood, or not within the budget. */
static bool segment_settle(struct segmenter *segmenter, const struct redactor_core *core,
                           const struct carry *before, struct str text, bool *is_open) {
    const struct spans *spans = &segmenter->spans;

    buf_clear(&segmenter->masked);
    spans_render(spans, text, &segmenter->masked);
    *is_open = spans->rows[spans->n - 1].to == text.len;
    return masked_settle(segmenter, core, before, is_open);
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

/* Text in which nothing was found. */
static void plain_give(struct segmenter *segmenter, struct str text) {
    static const struct spans none = {0};
    struct segment segment = {.text = text, .spans = &none, .masked = text};

    if (text.len > 0) {
        segmenter->fn(segmenter->user, &segment);
    }
}

/* Text with a mask in it. Only what is shown of it counts. */
static void masked_give(struct segmenter *segmenter, const struct segment *segment) {
    struct str mask = STR("***");
    size_t joined = str_starts(segment->masked, mask) ? mask.len : 0; /* it may go on with one */
    size_t n = segment->masked.len - joined;

    budget_give(&segmenter->scratch.budget, n < segment->text.len ? n : segment->text.len);
    segmenter->fn(segmenter->user, segment);
}

/* Makes `masked` of a text that is not read: `plain` bytes of it and the shape of the rest, which
 * is the only span. `is_end`: nothing of the line or the text comes after it. */
static void masked_shape(struct segmenter *segmenter, struct str text, size_t plain, bool is_end) {
    spans_clear(&segmenter->spans);
    spans_add(&segmenter->spans, (struct span){.from = plain, .to = text.len, .kind = limit_kind});
    buf_clear(&segmenter->masked);
    buf_add(&segmenter->masked, str_slice(text, 0, plain));
    shape_keep(&segmenter->shape, str_slice(text, 0, plain));
    shape_mask(&segmenter->shape, str_slice(text, plain, text.len), &segmenter->masked);
    if (is_end) {
        shape_end(&segmenter->shape, &segmenter->masked);
    }
}

/* Gives a segment that was not read within the budget: `plain` bytes of it, which may be shown
 * whatever follows, and the shape of the rest. What it says about the lines after it was read, but
 * for AWS, which may be talked about anywhere in it. `is_line`: it is not a piece of one. */
static void limited_give(struct segmenter *segmenter, const struct redactor_core *core,
                         const struct carry *before, struct str text, size_t plain, bool is_line) {
    struct budget *budget = &segmenter->scratch.budget;
    struct segment segment = {.text = text, .spans = &segmenter->spans};
    int64_t floor = budget->floor;

    count_add(&segmenter->counts, limit_kind, 1);
    masked_shape(segmenter, text, plain, is_line);
    budget->floor = INT64_MIN; /* next to nothing is left to be read */
    if (!masked_settle(segmenter, core, before, &segment.is_open)) {
        buf_clear(&segmenter->masked);
        buf_add(&segmenter->masked, STR("***\n"));
    }
    budget->floor = floor;
    carry_hint(&segmenter->carry);
    segment.masked = buf_str(&segmenter->masked);
    masked_give(segmenter, &segment);
}

/* Whether the segment under way is limited before it is read. */
static bool is_limited(const struct segmenter *segmenter) {
    return segmenter->is_limited || budget_is_spent(&segmenter->scratch.budget);
}

/* Gives a segment whose spans were found; false: it must be limited. */
static bool segment_give(struct segmenter *segmenter, const struct redactor_core *core,
                         const struct carry *before, struct str text) {
    struct segment segment = {.text = text, .spans = &segmenter->spans, .masked = text};

    if (segmenter->is_masking) {
        if (!segment_settle(segmenter, core, before, text, &segment.is_open)) {
            return false;
        }
        segment.masked = buf_str(&segmenter->masked);
        for (size_t i = 0; i < segmenter->spans.n; i++) {
            count_add(&segmenter->counts, segmenter->spans.rows[i].kind, 1);
        }
    }
    masked_give(segmenter, &segment);
    return true;
}

/* After a segment: nothing more is read when the budget is over. */
static void segment_end(struct segmenter *segmenter, bool is_line) {
    const struct carry *carry = &segmenter->carry;

    if (is_line) {
        segmenter->is_limited = false;
        segmenter->plain = 0;
        segmenter->shape = (struct shape){0};
    }
    if (segmenter->scratch.budget.left < 0) {
        segmenter->is_over = true;
        segmenter->shape.is_value = carry->nest_depth > 0;
        if (carry->yaml_indent >= 0) { /* a line of it would be read as one, and masked */
            segmenter->shape = (struct shape){.state = SHAPE_OTHER, .is_endless = true};
        }
        count_add(&segmenter->counts, limit_kind, 1);
    }
}

/* Gives the rest of a text, in any pieces, when the budget is over. */
static void over_give(struct segmenter *segmenter, struct str text, bool is_end) {
    struct segment segment = {.text = text, .spans = &segmenter->spans};
    size_t plain = segmenter->plain < text.len ? segmenter->plain : text.len;

    masked_shape(segmenter, text, plain, is_end);
    segmenter->plain -= plain;
    segment.masked = buf_str(&segmenter->masked);
    segmenter->fn(segmenter->user, &segment);
}

/* Moves a cut out of an escape or a UTF-8 sequence. */
static size_t cut_between_units(struct str text, size_t cut) {
    size_t first = cut - ESCAPE;

    for (size_t i = cut; i > first; i--) {
        if (text.ptr[i - 1] == '\\' || text.ptr[i - 1] == '%') {
            cut = i - 1;
        }
    }
    while (cut > 0 && ((unsigned char)text.ptr[cut] & 0xc0) == 0x80) {
        cut--;
    }
    return cut;
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

static void spans_keep_before(struct spans *spans, size_t cut) {
    while (spans->n > 0 && spans->rows[spans->n - 1].from >= cut) {
        spans->n--;
    }
}

/* Whether the lines before say nothing about a line without a mark. */
static bool is_idle(const struct carry *carry) {
    return carry_is_empty(carry) && !carry->is_line_middle;
}

bool segmenter_is_idle(const struct segmenter *segmenter) { return is_idle(&segmenter->carry); }

/* How many bytes of `text`, where a segment begins, may be shown whatever follows: what is shown of
 * an unfinished line, at least. */
static size_t plain_of(struct segmenter *segmenter, const struct redactor_core *core,
                       const struct carry *before, struct str text) {
    if (!is_idle(before)) {
        return segmenter->plain < text.len ? segmenter->plain : text.len;
    }
    return release_most(core->anchors, &core->known, text, &segmenter->again_sift);
}

/* What the next piece must know, from the piece that ends at `cut` alone, which is read again only
 * where something may tell. */
static void window_carry(struct segmenter *segmenter, const struct redactor_core *core,
                         struct str window, size_t cut, const struct carry *trial) {
    struct piece_of_text piece = piece_of(segmenter, window, 0, cut);

    piece.has_no_hint = !trial->is_hinted;
    if (carry_is_empty(&segmenter->carry) && !trial->is_asked && cut > 0) {
        segmenter->carry.before = window.ptr[cut - 1];
        segmenter->carry.is_line_middle = true; /* a window has no line end */
    } else {
        engine_scan(core->anchors, &core->known, &segmenter->scratch, &segmenter->carry, piece,
                    NULL);
    }
}

/* The spans come from the whole window. */
static size_t window_handle(struct segmenter *segmenter, const struct redactor_core *core,
                            struct str window) {
    struct carry before = segmenter->carry;
    struct carry trial = segmenter->carry;
    bool is_unread = is_limited(segmenter);
    size_t plain = plain_of(segmenter, core, &before, window);

    trial.is_asked = is_unread;
    trial.is_hinted = false;
    budget_take(&segmenter->scratch.budget, BUDGET_SEGMENT);
    if (!is_unread) {
        segment_scan(segmenter, core, &trial, piece_of(segmenter, window, 0, window.len),
                     &segmenter->spans);
        is_unread = budget_is_spent(&segmenter->scratch.budget);
    }
    if (is_unread) {
        spans_clear(&segmenter->spans);
    }
    size_t cut = window_cut(window, &segmenter->spans);
    struct str text = str_slice(window, 0, cut);
    window_carry(segmenter, core, window, cut, &trial);
    spans_keep_before(&segmenter->spans, cut);
    segmenter->carry.is_cut = cut == window.len;
    segmenter->is_waiting = false;
    if (!is_unread && segmenter->spans.n == 0) {
        budget_give(&segmenter->scratch.budget, cut);
        plain_give(segmenter, text);
    } else if (is_unread || !segment_give(segmenter, core, &before, text)) {
        limited_give(segmenter, core, &before, text, plain < cut ? plain : cut, false);
        segmenter->is_limited = true;
    }
    if (!segmenter->is_limited) {
        shape_keep(&segmenter->shape, text);
    }
    segmenter->plain = plain > cut ? plain - cut : 0;
    segment_end(segmenter, false);
    return cut;
}

/* Passes lines without a mark, from `at` on: they are what they are. Returns where they end. */
static size_t lines_pass(struct segmenter *segmenter, struct str window, size_t at, size_t to) {
    const struct sift *sift = &segmenter->sift;
    size_t mark = bits_next(sift->marks, sift->marks, at, to);
    size_t end = mark == to ? to : bits_last(sift->ends, at, mark);

    budget_give(&segmenter->scratch.budget, end - at);
    size_t hint = bits_last(sift->hints, at, end);
    struct carry *carry = &segmenter->carry;
    if (hint > at) {
        carry_hint(carry);
        at = hint;
    }
    while (carry->near_lines > 0 && at < end) {
        at = bits_next(sift->ends, sift->ends, at, end) + 1;
        carry->near_lines--;
    }
    carry->before = end > 0 ? window.ptr[end - 1] : carry->before;
    return end;
}

/* Handles [at, end) of the window, a segment; [*given, at) was handled, and is given together with
 * it as far as nothing was found. */
static void segment_handle(struct segmenter *segmenter, const struct redactor_core *core,
                           struct str window, size_t at, size_t end, size_t *given) {
    struct budget *budget = &segmenter->scratch.budget;
    struct carry before = segmenter->carry;
    struct piece_of_text piece = piece_of(segmenter, window, at, end);
    bool is_unread = is_limited(segmenter);
    bool has_mark = bits_next(segmenter->sift.marks, segmenter->sift.marks, at, end) < end;

    budget_take(budget, has_mark || !is_idle(&before) ? BUDGET_SEGMENT : 0);
    if (is_unread) {
        piece.has_no_hint = true; /* whether it has one is not asked */
        engine_scan(core->anchors, &core->known, &segmenter->scratch, &segmenter->carry, piece,
                    NULL);
    } else {
        segment_scan(segmenter, core, &segmenter->carry, piece, &segmenter->spans);
        is_unread = budget_is_spent(budget);
    }
    if (!is_unread && segmenter->spans.n == 0) {
        budget_give(budget, end - at);
        segment_end(segmenter, true);
        return;
    }
    plain_give(segmenter, str_slice(window, *given, at));
    *given = end;
    if (is_unread || !segment_give(segmenter, core, &before, piece.text)) {
        size_t plain = plain_of(segmenter, core, &before, piece.text);
        limited_give(segmenter, core, &before, piece.text, plain, true);
    }
    segment_end(segmenter, true);
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

/* Handles the complete lines of a window that was sifted, and what is left too when `is_last`;
 * returns where that ends. */
static size_t lines_handle(struct segmenter *segmenter, const struct redactor_core *core,
                           struct str window, bool is_last) {
    const struct sift *sift = &segmenter->sift;
    size_t to = bits_last(sift->ends, 0, window.len);
    size_t given = 0;
    size_t at = 0;

    while (at < to && !segmenter->is_over) {
        if (is_idle(&segmenter->carry)) {
            at = lines_pass(segmenter, window, at, to);
        }
        if (at < to) {
            size_t end = bits_next(sift->ends, sift->ends, at, to) + 1;
            if (is_idle(&segmenter->carry)) {
                end = wrap_end(sift, window, at, end, to, is_last);
            }
            if (end == 0) {
                break;
            }
            segment_handle(segmenter, core, window, at, end, &given);
            at = end;
        }
    }
    segmenter->is_waiting = at < to && !segmenter->is_over;
    if (is_last && at < window.len && !segmenter->is_over) {
        segment_handle(segmenter, core, window, at, window.len, &given);
        at = window.len;
    }
    plain_give(segmenter, str_slice(window, given, at));
    return at;
}

static size_t feed_locked(struct segmenter *segmenter, const struct redactor_core *core,
                          struct str text, bool is_end) {
    size_t at = 0;

    while (at < text.len && !segmenter->is_over) {
        struct str window = str_slice(text, at, at + SEGMENT_MAX);
        bool is_last = is_end && at + window.len == text.len && window.len < SEGMENT_MAX;

        engine_sift(core->anchors, window, SIFT_WINDOW, &segmenter->sift);
        size_t handled = lines_handle(segmenter, core, window, is_last);
        if (handled == 0 && window.len == SEGMENT_MAX) {
            handled = window_handle(segmenter, core, window);
        } else if (handled == 0) {
            break;
        }
        at += handled;
    }
    if (segmenter->is_over) {
        over_give(segmenter, str_slice(text, at, text.len), is_end);
        return text.len;
    }
    return at;
}

size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end) {
    const struct redactor_core *core = redactor_lock(segmenter->redactor);
    size_t handled = feed_locked(segmenter, core, text, is_end);

    redactor_unlock(segmenter->redactor);
    return handled;
}
