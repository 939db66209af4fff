/* guard/redact/word.h: lists of words, compared in any case. */
#pragma once

#include "base/str.h"

/* A row of a list. */
#define W(word)                                                                                    \
    { word, sizeof(word) - 1 }

/* Whether `text`, as long as `word` or longer, ends with it; most differ in their last character,
 * or in the first. */
static inline bool word_ends(struct str text, struct str word) {
    const char *end = text.ptr + text.len;
    const char *from = end - word.len;

    return word.len == 0 || ((end[-1] | 0x20) == (word.ptr[word.len - 1] | 0x20) &&
                             (from[0] | 0x20) == (word.ptr[0] | 0x20) &&
                             str_eq_nocase((struct str){from, word.len}, word));
}

/* Whether `word` is one of `n` words. */
static inline bool word_is_one_of(struct str word, const struct str *of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (word.len == of[i].len && word_ends(word, of[i])) {
            return true;
        }
    }
    return false;
}

/* Whether `text` ends with one of `n` words. */
static inline bool word_ends_one_of(struct str text, const struct str *of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (text.len >= of[i].len && word_ends(text, of[i])) {
            return true;
        }
    }
    return false;
}
