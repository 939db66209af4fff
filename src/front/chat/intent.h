/* front/chat/intent.h: what a line of the conversation means: a table of phrases, offline.
 *
 * Pure. A line is cut into lower-case words without punctuation and filler ("please", "the"). A
 * phrase fits where its words stand one after another in the line; the longest that fits wins, the
 * first of equals. "*" stands for one word, which is kept as it was typed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum intent {
    INTENT_UNKNOWN = 0,
    INTENT_VERB,   /* run the verb `word` */
    INTENT_CHANGE, /* set the option `word` to `value` */
    INTENT_YES,
    INTENT_NO,
    INTENT_WHY,
    INTENT_RESUME,
    INTENT_CANCEL,
    INTENT_HELP,
    INTENT_QUIT,
    INTENT_GREETING,
    INTENT_N
};

struct intent_row {
    const char *phrase;
    enum intent intent;
    const char *word; /* the verb, with its own first word where it has one; or the option's name */
    bool is_whole;    /* fits only when nothing else is said */
    const char *about; /* for help: what it does; NULL: another way to say an earlier row */
};

/* The table, for help and tests. */
const struct intent_row *intent_rows(size_t *out_n);

struct intent_found {
    const struct intent_row *row; /* NULL: unknown */
    char *value;                  /* of "*", owned; NULL: none */
};
void intent_found_done(struct intent_found *found);

/* Reads one line. The caller frees with intent_found_done(). */
void intent_read(const char *line, struct intent_found *out);
