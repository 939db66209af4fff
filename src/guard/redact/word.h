/* guard/redact/word.h: lists of words, compared in any case. */
#pragma once

#include "base/str.h"

/* A row of a list. */
#define W(word)                                                                                    \
    { word, sizeof(word) - 1 }

/* Whether `word` is one of `n` words. */
static inline bool word_is_one_of(struct str word, const struct str *of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(word, of[i])) {
            return true;
        }
    }
    return false;
}

/* Whether `text` ends with one of `n` words. */
static inline bool word_ends_one_of(struct str text, const struct str *of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_ends_nocase(text, of[i])) {
            return true;
        }
    }
    return false;
}
