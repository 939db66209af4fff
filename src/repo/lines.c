/* Text for a terminal. */
#include "repo/lines.h"

#include <string.h>

/* Columns of a word: characters of UTF-8, which is right for all but wide scripts. */
static int columns_of(struct str word) {
    int n = 0;

    for (size_t i = 0; i < word.len; i++) {
        n += ((unsigned char)word.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

void lines_wrap(struct buf *out, int at, int indent, const char *text) {
    struct str rest = str_from(text);
    struct str word = {0};
    bool is_first = true;

    while (str_next(&rest, ' ', &word)) {
        const int n = columns_of(word);

        if (word.len == 0) {
            continue;
        }
        if (!is_first && at + 1 + n > LINES_COLUMNS) {
            buf_addf(out, "\n%*s", indent, "");
            at = indent;
            is_first = true;
        }
        if (!is_first) {
            buf_add_c(out, ' ');
            at++;
        }
        buf_add(out, word);
        at += n;
        is_first = false;
    }
    buf_add_c(out, '\n');
}

void lines_label(struct buf *out, const char *label, const char *text) {
    buf_addf(out, "%-*s", LINES_LABEL, label);
    lines_wrap(out, LINES_LABEL, LINES_LABEL, text);
}

/* The length of a character at `i` that must not reach a terminal; 0 when it may. */
static size_t unfit(struct str text, size_t i) {
    const unsigned char a = (unsigned char)text.ptr[i];
    const unsigned char b = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
    const unsigned char c = i + 2 < text.len ? (unsigned char)text.ptr[i + 2] : 0;

    if ((a < 0x20 && a != '\n') || a == 0x7f) {
        return 1;
    }
    if (a == 0xc2 && b >= 0x80 && b <= 0x9f) { /* C1 controls */
        return 2;
    }
    if (a == 0xe2 && b == 0x80 && ((c >= 0x8b && c <= 0x8f) || (c >= 0xa8 && c <= 0xae))) {
        return 3; /* zero width, separators, bidirectional marks */
    }
    return a == 0xe2 && b == 0x81 && c >= 0xa0 && c <= 0xaf ? 3 : 0;
}

void lines_plain(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len;) {
        size_t n = unfit(text, i);

        if (n > 0) {
            buf_add_c(out, '?');
            i += n;
        } else {
            buf_add_c(out, text.ptr[i++]);
        }
    }
}
