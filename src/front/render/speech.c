/* Text of a model, laid out while it comes. */
#include "front/render/speech.h"

#include <stdlib.h>
#include <string.h>

#include "sys/tty.h"

enum { WORD_BYTES = 16 * 1024, LINE_BYTES = 512 * 1024, FENCE_INDENT = 4 };

struct speech {
    const struct screen *screen;
    int indent;
    int hang;        /* of the lines below the first of an item */
    struct buf word; /* as it came, until a blank or a line end */
    struct buf line; /* laid out: the line under way */
    int at;          /* its columns; 0: nothing on it */
    bool is_glued;   /* the next word goes on without a blank */
    bool is_first;   /* the next word is the first of its source line */
    bool is_bold;
    bool is_code;
    bool is_heading;
    bool is_fence;
    bool is_blank; /* the last line was empty, or there is none yet */
};

/* ---- Words and lines ---- */

/* A model likes its pictures joined and coloured; the joints are nothing to see. */
static void word_add_safe(struct buf *out, struct str word) {
    static const char *const joints[] = {"\xef\xb8\x8f", "\xe2\x80\x8d"}; /* U+FE0F, U+200D */
    size_t from = 0;

    for (size_t i = 0; i + 3 <= word.len; i++) {
        if (memcmp(word.ptr + i, joints[0], 3) == 0 || memcmp(word.ptr + i, joints[1], 3) == 0) {
            tty_escape(out, str_slice(word, from, i));
            from = i + 3;
        }
    }
    tty_escape(out, str_slice(word, from, word.len));
}

/* Appends what of a word is shown; `*bold` and `*code` go on into the next one. Without colours a
 * backtick stays: it quotes. */
static void word_show(const struct speech *speech, struct str word, bool *bold, bool *code,
                      struct buf *out, int *columns) {
    CLEANUP(buf_done) struct buf safe = BUF_INIT(WORD_BYTES * 8);
    const struct screen *screen = speech->screen;
    const char *p;

    word_add_safe(&safe, word);
    p = buf_cstr(&safe);
    while (*p != '\0') {
        CLEANUP(freep) char *run = NULL;
        size_t n;

        if (p[0] == '*' && p[1] == '*' && !*code) {
            *bold = !*bold;
            p += 2;
            continue;
        }
        if (p[0] == '`') {
            *code = !*code;
            if (!screen->has_color) {
                buf_add_c(out, '`');
                *columns += 1;
            }
            p++;
            continue;
        }
        n = strcspn(p, *code ? "`" : "*`");
        n = n == 0 ? 1 : n;
        run = str_dup((struct str){p, n});
        screen_styled(screen, out, *bold || *code || speech->is_heading ? STYLE_BOLD : STYLE_PLAIN,
                      run);
        *columns += screen_columns(run);
        p += n;
    }
}

static void line_end(struct speech *speech, struct buf *out) {
    buf_add(out, buf_str(&speech->line));
    buf_add_c(out, '\n');
    buf_clear(&speech->line);
    speech->at = 0;
}

/* Puts laid out text on the line, or on the next one where it has no room. */
static void line_put(struct speech *speech, struct str shown, int columns, struct buf *out) {
    int gap = speech->is_glued ? 0 : 1;

    speech->is_glued = false;
    if (speech->at > 0 && speech->at + gap + columns > screen_width(speech->screen)) {
        line_end(speech, out);
    }
    if (speech->at == 0) {
        buf_addf(&speech->line, "%*s", speech->indent + speech->hang, "");
        speech->at = speech->indent + speech->hang;
    } else {
        buf_addf(&speech->line, "%*s", gap, "");
        speech->at += gap;
    }
    buf_add(&speech->line, shown);
    speech->at += columns;
    speech->is_blank = false;
}

/* Whether a word numbers an item: "1." or "12)". */
static bool is_number(struct str word) {
    size_t n = 0;

    while (n < word.len && word.ptr[n] >= '0' && word.ptr[n] <= '9') {
        n++;
    }
    return n > 0 && n < 4 && n + 1 == word.len && (word.ptr[n] == '.' || word.ptr[n] == ')');
}

/* The first word of a line may say what the line is; true: it is no text. */
static bool word_opens(struct speech *speech, struct str word, struct buf *out) {
    speech->hang = 0;
    if (str_starts(word, STR("```"))) {
        speech->is_fence = true;
        return true;
    }
    if (str_eq(word, STR("-")) || str_eq(word, STR("*")) || str_eq(word, STR("+"))) {
        line_put(speech, STR("·"), 1, out);
        speech->hang = 2;
        return true;
    }
    if (is_number(word)) {
        line_put(speech, word, (int)word.len, out);
        speech->hang = (int)word.len + 1;
        return true;
    }
    speech->is_heading = word.len > 0 && word.len < 7 && str_starts(STR("######"), word);
    return speech->is_heading;
}

static void word_end(struct speech *speech, struct buf *out) {
    CLEANUP(buf_done) struct buf shown = BUF_INIT(WORD_BYTES * 32);
    int columns = 0;

    if (speech->word.len == 0) {
        return;
    }
    if (speech->is_first && word_opens(speech, buf_str(&speech->word), out)) {
        speech->is_first = false;
        buf_clear(&speech->word);
        return;
    }
    speech->is_first = false;
    word_show(speech, buf_str(&speech->word), &speech->is_bold, &speech->is_code, &shown, &columns);
    line_put(speech, buf_str(&shown), columns, out);
    buf_clear(&speech->word);
}

/* A line of a fence is shown as it came: it is there to be copied. */
static void fence_end(struct speech *speech, struct buf *out) {
    if (str_starts(str_trim(buf_str(&speech->word)), STR("```"))) {
        speech->is_fence = false;
    } else {
        buf_addf(out, "%*s", speech->indent + FENCE_INDENT, "");
        tty_escape(out, buf_str(&speech->word));
        buf_add_c(out, '\n');
        speech->is_blank = false;
    }
    buf_clear(&speech->word);
}

static void paragraph_end(struct speech *speech, struct buf *out) {
    bool was_fence = speech->is_fence;

    if (was_fence) {
        fence_end(speech, out);
    } else {
        word_end(speech, out);
    }
    if (speech->at > 0) {
        line_end(speech, out);
    } else if (!speech->is_blank && !speech->is_fence && !was_fence) {
        buf_add_c(out, '\n');
        speech->is_blank = true;
    }
    speech->is_first = true;
    speech->is_glued = false;
    speech->is_bold = speech->is_code = speech->is_heading = false;
    speech->hang = 0;
}

/* Behind a wide character a line may end without a blank. */
static bool word_may_break(const struct speech *speech, char next) {
    struct str word = buf_str(&speech->word);
    size_t last = word.len;

    if (((unsigned char)next & 0xc0) == 0x80 || word.len < 3 || !str_is_utf8(word)) {
        return false;
    }
    do {
        last--;
    } while (last > 0 && ((unsigned char)word.ptr[last] & 0xc0) == 0x80);
    return screen_columns(word.ptr + last) == 2;
}

static void speech_byte(struct speech *speech, char c, struct buf *out) {
    if (c == '\n') {
        paragraph_end(speech, out);
    } else if (speech->is_fence) {
        buf_add_c(&speech->word, c);
    } else if (c == ' ' || c == '\t' || c == '\r' || speech->word.len >= WORD_BYTES - 8) {
        word_end(speech, out);
        speech->is_glued = false;
    } else {
        if (word_may_break(speech, c)) {
            word_end(speech, out);
            speech->is_glued = true;
        }
        buf_add_c(&speech->word, c);
    }
}

/* ---- Life ---- */

struct speech *speech_new(const struct screen *screen, int indent) {
    struct speech *speech = mem_alloc(sizeof *speech);

    speech->screen = screen;
    speech->indent = indent;
    speech->word = BUF_INIT(WORD_BYTES);
    speech->line = BUF_INIT(LINE_BYTES);
    speech->is_first = speech->is_blank = true;
    return speech;
}

void speech_free(struct speech *speech) {
    if (speech == NULL) {
        return;
    }
    buf_done(&speech->word);
    buf_done(&speech->line);
    free(speech);
}

void speech_add(struct speech *speech, struct str piece, struct buf *out) {
    for (size_t i = 0; i < piece.len; i++) {
        speech_byte(speech, piece.ptr[i], out);
    }
}

void speech_end(struct speech *speech, struct buf *out) {
    if (speech->is_fence) {
        fence_end(speech, out);
    } else {
        word_end(speech, out);
    }
    if (speech->at > 0) {
        line_end(speech, out);
    }
}

int speech_tail(const struct speech *speech, struct buf *out) {
    CLEANUP(buf_done) struct buf shown = BUF_INIT(WORD_BYTES * 32);
    struct str word = buf_str(&speech->word);
    bool is_bold = speech->is_bold;
    bool is_code = speech->is_code;
    int columns = 0;
    int gap = speech->is_glued ? 0 : 1;
    int at = speech->at > 0 ? speech->at + gap : speech->indent + speech->hang;

    if (!speech->is_fence && !speech->is_first && str_is_utf8(word)) {
        word_show(speech, word, &is_bold, &is_code, &shown, &columns);
    }
    buf_add(out, buf_str(&speech->line));
    if (columns == 0 || at + columns > screen_width(speech->screen)) {
        return speech->at;
    }
    buf_addf(out, "%*s", speech->at > 0 ? gap : at, "");
    buf_add(out, buf_str(&shown));
    return at + columns;
}
