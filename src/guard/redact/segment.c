/* guard/redact/segment.c: lines, and pieces of lines that are too long. */
#include "guard/redact/segment.h"

#include "guard/redact/charset.h"
#include "guard/redact/redactor.h"

#include <string.h>

enum {
    CONTEXT = 512, /* how far before a span stands what made it one */
    ESCAPE = 6,    /* the longest escape, \uXXXX */
    WRAPPED = 60,  /* the shortest line of Base64 that was wrapped */
    ROUNDS_MAX = 16
};

void segmenter_init(struct segmenter *segmenter, const struct redactor *redactor,
                    void (*fn)(void *user, const struct segment *segment), void *user) {
    *segmenter = (struct segmenter){
        .redactor = redactor,
        .fn = fn,
        .user = user,
        .carry = {.yaml_indent = -1},
        .masked = BUF_INIT(8 * SEGMENT_MAX), /* a one-byte value becomes five bytes */
        .again = BUF_INIT(8 * SEGMENT_MAX),
    };
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
    segmenter->carry = (struct carry){.yaml_indent = -1};
    segmenter->is_waiting = false;
}

void segmenter_forget(struct segmenter *segmenter) {
    scratch_wipe(&segmenter->scratch);
    mem_wipe(segmenter->masked.ptr, segmenter->masked.len);
    mem_wipe(segmenter->again.ptr, segmenter->again.len);
    segmenter_restart(segmenter);
}

static bool is_mask(struct str text, const struct span *span) {
    return str_eq(str_slice(text, span->from, span->to), STR("***"));
}

/* No escape of JSON is cut: one is taken in whose letter may be one of what was found, and one
 * whose backslashes end it is left out. */
static void spans_keep_escapes(struct spans *spans, struct str text) {
    bool is_changed = false;
    size_t kept = 0;

    if (spans->n == 0 || memchr(text.ptr, '\\', text.len) == NULL) {
        return;
    }
    for (size_t i = 0; i < spans->n; i++) {
        struct span span = spans->rows[i];
        struct escape escape;
        bool is_cut = escape_around(text, span.from, &escape);

        span.from = is_cut ? escape.from : span.from;
        if (escape_around(text, span.to, &escape)) {
            bool is_slashes = span.to <= escape.letter && span.from < escape.from;
            span.to = is_slashes ? escape.from : escape.to;
            is_cut = true;
        }
        is_changed = is_changed || is_cut;
        spans->rows[kept] = span;
        kept += is_cut && is_mask(text, &span) ? 0 : 1;
    }
    spans->n = kept;
    if (is_changed) {
        spans_merge(spans);
    }
}

static void segment_scan(struct segmenter *segmenter, const struct redactor_core *core,
                         struct carry *carry, struct piece_of_text piece, struct spans *spans) {
    spans_clear(spans);
    engine_scan(core->anchors, &core->known, &segmenter->scratch, carry, piece, spans);
    spans_merge(spans);
    spans_keep_escapes(spans, piece.text);
}

/* Bytes [from, to) of the window that was sifted last. */
static struct piece_of_text piece_of(struct segmenter *segmenter, struct str window, size_t from,
                                     size_t to) {
    return (struct piece_of_text){
        .text = str_slice(window, from, to), .sift = &segmenter->sift, .sift_at = from};
}

/* Masks until masking again changes nothing: what a mask leaves beside it may read differently, and
 * is judged like any other text. Each round leaves less. */
static bool segment_settle(struct segmenter *segmenter, const struct redactor_core *core,
                           const struct carry *before, struct str text) {
    struct buf *masked = &segmenter->masked;
    struct buf *again = &segmenter->again;
    const struct spans *spans = &segmenter->spans;
    bool is_open = false;

    buf_clear(masked);
    spans_render(spans, text, masked);
    for (int round = 0; spans->n > 0; round++) {
        struct carry trial = *before;

        if (segmenter->carry.block == BLOCK_NONE) {
            trial.block = BLOCK_NONE; /* its end is masked now, and what follows is not in it */
        }
        if (round == ROUNDS_MAX) { /* not understood: nothing of it is shown */
            buf_clear(masked);
            buf_add(masked, STR("***\n"));
            return false;
        }
        is_open = is_open || spans->rows[spans->n - 1].to == text.len;
        struct piece_of_text piece = {.text = buf_str(masked), .sift = &segmenter->again_sift};
        engine_sift(core->anchors, piece.text, SIFT_SEGMENT, &segmenter->again_sift);
        segment_scan(segmenter, core, &trial, piece, &segmenter->unused);
        spans = &segmenter->unused;
        text = buf_str(masked);
        buf_clear(again);
        spans_render(spans, text, again);
        struct buf swap = *masked;
        *masked = *again;
        *again = swap;
        text = buf_str(again);
    }
    return is_open;
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

static void segment_give(struct segmenter *segmenter, const struct redactor_core *core,
                         const struct carry *before, struct str text) {
    struct segment segment = {.text = text, .spans = &segmenter->spans, .masked = text};

    if (segmenter->is_masking && segmenter->spans.n > 0) {
        for (size_t i = 0; i < segmenter->spans.n; i++) {
            count_add(&segmenter->counts, segmenter->spans.rows[i].kind, 1);
        }
        segment.is_open = segment_settle(segmenter, core, before, text);
        segment.masked = buf_str(&segmenter->masked);
    }
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

/* The spans come from the whole window; what the next piece must know, from the piece alone, which
 * is read again only where something may tell. */
static size_t window_handle(struct segmenter *segmenter, const struct redactor_core *core,
                            struct str window) {
    struct carry before = segmenter->carry;
    struct carry trial = segmenter->carry;
    bool is_idle_before = carry_is_empty(&before);

    trial.is_asked = false;
    trial.is_hinted = false;
    segment_scan(segmenter, core, &trial, piece_of(segmenter, window, 0, window.len),
                 &segmenter->spans);
    size_t cut = window_cut(window, &segmenter->spans);
    struct piece_of_text piece = piece_of(segmenter, window, 0, cut);
    piece.has_no_hint = !trial.is_hinted;
    if (is_idle_before && !trial.is_asked && cut > 0) {
        segmenter->carry.before = window.ptr[cut - 1];
        segmenter->carry.is_line_middle = true; /* a window has no line end */
    } else {
        engine_scan(core->anchors, &core->known, &segmenter->scratch, &segmenter->carry, piece,
                    NULL);
    }
    spans_keep_before(&segmenter->spans, cut);
    segmenter->carry.is_cut = cut == window.len;
    segmenter->is_waiting = false;
    segment_give(segmenter, core, &before, piece.text);
    return cut;
}

/* Passes lines without a mark, from `at` on: they are what they are. Returns where they end. */
static size_t lines_pass(struct segmenter *segmenter, struct str window, size_t at, size_t to) {
    const struct sift *sift = &segmenter->sift;
    size_t mark = bits_next(sift->marks, sift->marks, at, to);
    size_t end = mark == to ? to : bits_last(sift->ends, at, mark);

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
    struct carry before = segmenter->carry;

    segment_scan(segmenter, core, &segmenter->carry, piece_of(segmenter, window, at, end),
                 &segmenter->spans);
    if (segmenter->spans.n > 0) {
        plain_give(segmenter, str_slice(window, *given, at));
        segment_give(segmenter, core, &before, str_slice(window, at, end));
        *given = end;
    }
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

    while (at < to) {
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
    segmenter->is_waiting = at < to;
    if (is_last && at < window.len) {
        segment_handle(segmenter, core, window, at, window.len, &given);
        at = window.len;
    }
    plain_give(segmenter, str_slice(window, given, at));
    return at;
}

static size_t feed_locked(struct segmenter *segmenter, const struct redactor_core *core,
                          struct str text, bool is_end) {
    size_t at = 0;

    while (at < text.len) {
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
    return at;
}

size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end) {
    const struct redactor_core *core = redactor_lock(segmenter->redactor);
    size_t handled = feed_locked(segmenter, core, text, is_end);

    redactor_unlock(segmenter->redactor);
    return handled;
}
