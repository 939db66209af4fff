/* counter: marks at borders where a text falls apart. */
#include "guard/tokens/counter.h"

#include <stdlib.h>
#include <string.h>

#include "guard/tokens/pieces.h"
#include "guard/tokens/utf8.h"

enum { MARK_SPAN = 512, CHARACTER_BYTES = 4 };

struct mark {
    size_t at;     /* bytes of text before it */
    size_t tokens; /* of these and of what was forgotten */
};

struct token_counter {
    enum encoding encoding;
    struct buf text; /* with room for one U+FFFD behind `bytes_max` */
    size_t bytes_max;
    struct mark *marks; /* the first is at 0 */
    size_t mark_n, mark_max;
    size_t looked;             /* up to here no border for the next mark was found */
    char cut[CHARACTER_BYTES]; /* the beginning of a character that is not complete */
    size_t cut_n;
};

struct token_counter *token_counter_new(enum encoding encoding, size_t bytes_max) {
    struct token_counter *counter = mem_alloc(sizeof(*counter));

    counter->encoding = encoding;
    counter->bytes_max = bytes_max;
    counter->text = BUF_INIT(bytes_max + CHARACTER_BYTES);
    counter->mark_max = 16;
    counter->marks = mem_array(counter->mark_max, sizeof(*counter->marks));
    counter->mark_n = 1;
    return counter;
}

void token_counter_free(struct token_counter *counter) {
    if (counter != NULL) {
        buf_done(&counter->text);
        free(counter->marks);
        free(counter);
    }
}

void token_counter_freep(struct token_counter **counter) { token_counter_free(*counter); }

/* ---- Marks ---- */

static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Between a letter or digit and `c` a piece ends, and no pattern looks across. An apostrophe may
 * begin a contraction; behind a byte of a longer character nothing is known. */
static bool is_border(char before, char c) {
    return is_alphanumeric(before) && !is_alphanumeric(c) && c != '\'' && (c & 0x80) == 0;
}

static const struct mark *last_mark(const struct token_counter *counter) {
    return &counter->marks[counter->mark_n - 1];
}

static size_t count_from(const struct token_counter *counter, size_t from, size_t to) {
    return pieces_count(counter->encoding, str_slice(buf_str(&counter->text), from, to));
}

static void push_mark(struct token_counter *counter, size_t at) {
    const struct mark *last = last_mark(counter);
    struct mark mark = {at, last->tokens + count_from(counter, last->at, at)};

    if (counter->mark_n == counter->mark_max) {
        counter->mark_max *= 2;
        counter->marks = mem_resize(counter->marks, counter->mark_max * sizeof(*counter->marks));
    }
    counter->marks[counter->mark_n++] = mark;
}

/* Sets the marks that the text allows now. */
static void settle(struct token_counter *counter) {
    const char *text = counter->text.ptr;
    size_t at = last_mark(counter)->at + MARK_SPAN;

    for (at = at < counter->looked ? counter->looked : at; at < counter->text.len; at++) {
        if (is_border(text[at - 1], text[at])) {
            push_mark(counter, at);
            at += MARK_SPAN - 1;
        }
    }
    counter->looked = at < counter->text.len ? at : counter->text.len;
}

/* ---- Growing ---- */

/* The part of `text` that no further byte can change: all but the beginning of a last character. */
static size_t complete_span(struct str text) {
    size_t end = utf8_span(text);

    while (end < text.len) {
        bool is_cut;
        size_t bad = utf8_bad(str_slice(text, end, text.len), &is_cut);

        if (is_cut) {
            break;
        }
        end += bad;
        end += utf8_span(str_slice(text, end, text.len));
    }
    return end;
}

enum err_code token_counter_add(struct token_counter *counter, struct str text, struct err *err) {
    CLEANUP(buf_done) struct buf whole = BUF_INIT(SIZE_MAX);
    CLEANUP(buf_done) struct buf clean = BUF_INIT(SIZE_MAX);
    size_t end;

    if (text.len == 0) {
        return ERR_NONE;
    }
    buf_add(&whole, (struct str){counter->cut, counter->cut_n});
    buf_add(&whole, text);
    end = complete_span(buf_str(&whole));
    utf8_add(&clean, str_slice(buf_str(&whole), 0, end));
    if (clean.len > counter->bytes_max - counter->text.len) {
        return err_set(err, ERR_TOO_LARGE, "the text to count is more than %zu bytes",
                       counter->bytes_max);
    }
    buf_add(&counter->text, buf_str(&clean));
    counter->cut_n = whole.len - end;
    memcpy(counter->cut, whole.ptr + end, counter->cut_n);
    settle(counter);
    return ERR_NONE;
}

size_t token_counter_count(struct token_counter *counter) {
    size_t len = counter->text.len, count;

    if (counter->cut_n > 0) {
        utf8_add(&counter->text, (struct str){counter->cut, counter->cut_n});
    }
    count =
        last_mark(counter)->tokens + count_from(counter, last_mark(counter)->at, counter->text.len);
    counter->text.len = len;
    return count;
}

struct str token_counter_text(const struct token_counter *counter) {
    return buf_str(&counter->text);
}

/* ---- Shrinking ---- */

void token_counter_cut(struct token_counter *counter, size_t bytes) {
    if (bytes >= counter->text.len) {
        return;
    }
    while (bytes > 0 && (counter->text.ptr[bytes] & 0xc0) == 0x80) {
        bytes--;
    }
    counter->text.len = bytes;
    counter->cut_n = 0;
    while (last_mark(counter)->at > bytes) {
        counter->mark_n--;
    }
}

/* The end of the last piece up to which there are at most `tokens`. */
static size_t fitting(const struct token_counter *counter, size_t tokens) {
    size_t mark = counter->mark_n - 1, at, used, piece;

    while (mark > 0 && counter->marks[mark].tokens > tokens) {
        mark--;
    }
    at = counter->marks[mark].at;
    used = counter->marks[mark].tokens;
    while (used < tokens && at < counter->text.len) {
        size_t end = pieces_next(counter->encoding, buf_str(&counter->text), at, &piece);

        if (piece > tokens - used) {
            break;
        }
        used += piece;
        at = end;
    }
    return at;
}

void token_counter_fit(struct token_counter *counter, size_t tokens) {
    /* Blanks at the very end may be split otherwise than before a word, so what is left is counted
     * again, and one piece more goes when it is too much. */
    for (size_t most = tokens; token_counter_count(counter) > tokens && counter->text.len > 0;
         most--) {
        counter->cut_n = 0;
        token_counter_cut(counter, fitting(counter, most));
        if (most == 0) {
            break;
        }
    }
}

void token_counter_forget(struct token_counter *counter) {
    struct mark last = *last_mark(counter);

    if (last.at > 0) {
        counter->text.len -= last.at;
        memmove(counter->text.ptr, counter->text.ptr + last.at, counter->text.len);
        counter->marks[0] = (struct mark){0, last.tokens};
        counter->mark_n = 1;
    }
}
