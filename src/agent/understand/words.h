/* agent/understand/words.h: a line of the conversation as words and clauses.
 *
 * Lower-cased, contractions written out ("what's" is "what is", "don't" is "do not"), punctuation
 * and words that say nothing ("please", "the", "my") left out. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 96, WORD_BYTES_MAX = 96 };

struct word {
    char typed[WORD_BYTES_MAX]; /* without the punctuation around it */
    char lower[WORD_BYTES_MAX];
    bool begins_clause; /* the first word, or punctuation stood before it */
    int used_by;        /* the enum slot that took it; 0: none */
};

struct words {
    struct word rows[WORDS_MAX]; /* what comes after the last is not read */
    size_t n;
    bool is_cut; /* it had more words than that */
};

/* Cuts a line, of any length and any bytes. */
void words_cut(const char *line, struct words *out);

/* The same for a phrase of our own: nothing is left out and nothing written out. */
void words_cut_phrase(const char *phrase, struct words *out);

/* Whether `word` stands in the `n` words of `list`. */
bool word_is_listed(const char *word, const char *const *list, size_t n);

/* Whether `word` is `wanted`, one of its usual endings ("deploys", "deployed", "deploying"), or,
 * where `wanted` has six letters or more, one slip away from it ("delpoy"). `*is_exact` is false
 * for a slip. */
bool word_is(const char *word, const char *wanted, bool *is_exact);
