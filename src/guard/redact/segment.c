/* guard/redact/segment.c: lines, and pieces of lines that are too long. */
#include "guard/redact/segment.h"

#include "guard/redact/redactor.h"

#include <string.h>

enum {
    CONTEXT = 512, /* how far before a span stands what made it one */
    ESCAPE = 6,    /* the longest escape, \uXXXX */
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
    spans_done(&segmenter->spans);
    spans_done(&segmenter->unused);
    buf_done(&segmenter->masked);
    buf_done(&segmenter->again);
}

/* Bytes up to and with the end of the line; 0 when it is not within `max` bytes. */
static size_t line_length(const char *p, size_t n, size_t max) {
    size_t within = n < max ? n : max;
    const char *feed = memchr(p, '\n', within);
    size_t before = feed == NULL ? within : (size_t)(feed - p);
    const char *back = memchr(p, '\r', before);

    if (back != NULL) {
        return (size_t)(back - p) + 1;
    }
    return feed == NULL ? 0 : before + 1;
}

static void segment_scan(struct segmenter *segmenter, const struct redactor_core *core,
                         struct carry *carry, struct str text, struct spans *spans) {
    spans_clear(spans);
    engine_scan(core->anchors, &core->known, &segmenter->scratch, segmenter->traits, carry, text,
                spans);
    spans_merge(spans);
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

        if (round == ROUNDS_MAX) { /* not understood: nothing of it is shown */
            buf_clear(masked);
            buf_add(masked, STR("***\n"));
            return false;
        }
        is_open = is_open || spans->rows[spans->n - 1].to == text.len;
        segment_scan(segmenter, core, &trial, buf_str(masked), &segmenter->unused);
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

static void segment_give(struct segmenter *segmenter, const struct redactor_core *core,
                         const struct carry *before, struct str text) {
    struct segment segment = {.text = text, .spans = &segmenter->spans, .masked = text};

    if (segmenter->is_masking && segmenter->spans.n > 0) {
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

/* The spans come from the whole window; what the next piece must know, from the piece alone. */
static size_t window_handle(struct segmenter *segmenter, const struct redactor_core *core,
                            struct str window) {
    struct carry before = segmenter->carry;
    struct carry trial = segmenter->carry;

    segment_scan(segmenter, core, &trial, window, &segmenter->spans);
    size_t cut = window_cut(window, &segmenter->spans);
    struct str piece = str_slice(window, 0, cut);
    segment_scan(segmenter, core, &segmenter->carry, piece, &segmenter->unused);
    spans_keep_before(&segmenter->spans, cut);
    segmenter->carry.is_cut = cut == window.len;
    segment_give(segmenter, core, &before, piece);
    return cut;
}

static size_t feed_locked(struct segmenter *segmenter, const struct redactor_core *core,
                          struct str text, bool is_end) {
    size_t at = 0;

    while (at < text.len) {
        size_t left = text.len - at;
        size_t line = line_length(text.ptr + at, left, SEGMENT_MAX);

        if (line == 0 && left >= SEGMENT_MAX) {
            at += window_handle(segmenter, core, (struct str){text.ptr + at, SEGMENT_MAX});
            continue;
        }
        if (line == 0 && !is_end) {
            break;
        }
        struct str segment = {text.ptr + at, line == 0 ? left : line};
        struct carry before = segmenter->carry;
        segment_scan(segmenter, core, &segmenter->carry, segment, &segmenter->spans);
        segment_give(segmenter, core, &before, segment);
        at += segment.len;
    }
    return at;
}

size_t segmenter_feed(struct segmenter *segmenter, struct str text, bool is_end) {
    const struct redactor_core *core = redactor_lock(segmenter->redactor);

    segmenter->traits = traits_of(text);
    size_t handled = feed_locked(segmenter, core, text, is_end);

    redactor_unlock(segmenter->redactor);
    return handled;
}
