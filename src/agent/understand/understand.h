/* agent/understand/understand.h: what a line of the conversation wants and what it decides,
 * without a model.
 *
 * Pure and deterministic. A proposal: whoever acts on it puts every value through the same check
 * as a flag, and asks where `question` says that a value could mean two things.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum intent {
    INTENT_UNKNOWN = 0, /* about this program's matter, but not understood */
    INTENT_OFF_TOPIC,   /* about something else */
    INTENT_VERB,        /* run the verb `verb` */
    INTENT_CHANGE,      /* nothing but values for what follows */
    INTENT_YES,
    INTENT_NO,
    INTENT_WHY,    /* why did it fail, why does this change */
    INTENT_RECALL, /* has it been seen before, what was learnt about it */
    INTENT_RESUME,
    INTENT_CANCEL,
    INTENT_HELP,
    INTENT_QUIT,
    INTENT_GREETING,
    INTENT_N
};

/* "verb", "change", "off_topic", ...; never NULL. */
const char *intent_name(enum intent intent);

struct intent_row {
    const char *pattern; /* see intent.c */
    enum intent intent;
    const char *verb;  /* with its own first word where it has one: "secrets set"; or NULL */
    const char *about; /* for help: what it does; NULL: another way to say an earlier row */
};

/* The table, for help and tests. */
const struct intent_row *intent_rows(size_t *out_n);

/* What a line may decide. The names are those of the command line's options, but for the last. */
enum slot {
    SLOT_NONE = 0,
    SLOT_ENV,
    SLOT_APP,
    SLOT_ACCOUNT,
    SLOT_REGION,
    SLOT_PROFILE,
    SLOT_TTL,
    SLOT_SINCE,
    SLOT_FOLLOW,
    SLOT_FILTER,
    SLOT_RELEASE,
    SLOT_NAME, /* of a secret or a variable */
    SLOT_N
};

/* "env", "region", ...; never NULL. */
const char *slot_name(enum slot slot);

enum { SLOT_BYTES_MAX = 96 };

struct understood {
    const struct intent_row *row; /* NULL: no pattern fits; then `intent` says the rest */
    enum intent intent;
    char values[SLOT_N][SLOT_BYTES_MAX]; /* "": not said */
    char others[SLOT_N][SLOT_BYTES_MAX]; /* what `values` could mean as well, separated by
                                              ' '; then `values` is "" */
    bool is_as_before;                   /* "the same as last time" */
    bool is_long;                        /* more than a sentence: a paste, perhaps */
    bool is_slip;                        /* a word was misspelt: what is wanted is a guess */
};

/* Reads one line. `envs` are the names of environments that exist, ends with NULL; or NULL. */
void understand(const char *line, const char *const *envs, struct understood *out);

/* Reads the answer to a question for one field: "Frankfurt, please". `out` gets its value; false:
 * the answer stands for itself. */
bool understand_answer(const char *line, enum slot slot, const char *const *envs,
                       char out[SLOT_BYTES_MAX]);
