/* guard/redact/word.h: lists of words, compared in any case or in theirs. */
#pragma once

#include "guard/redact/charset.h"

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

/* Whether `word` is one of `n` words, in the very case they have. */
static inline bool word_is_exactly_one_of(struct str word, const struct str *of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(word, of[i])) {
            return true;
        }
    }
    return false;
}

/* Behind the digits of `text` at `at`. */
static inline size_t word_digits_end(struct str text, size_t at) {
    while (is_digit(str_char(text, at))) {
        at++;
    }
    return at;
}

/* How many digits `text` has. */
static inline size_t word_digits(struct str text) {
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        n += is_digit(text.ptr[i]);
    }
    return n;
}

/* How often letters of `text` that stand side by side change from one case to the other. */
static inline size_t word_case_changes(struct str text) {
    size_t n = 0;

    for (size_t i = 1; i < text.len; i++) {
        n += is_letter(text.ptr[i - 1]) && is_letter(text.ptr[i]) &&
             is_upper(text.ptr[i - 1]) != is_upper(text.ptr[i]);
    }
    return n;
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
