/* guard/redact/known.h: the known values as literals: every spelling in which one can stand in a
 * text that the views (view.h) do not undo. */
#pragma once

#include "base/str.h"

enum { KNOWN_LITERAL_MIN = 6 };

struct known_literal {
    char *ptr; /* owned, wiped */
    size_t len;
    bool is_encoded; /* Base64 or hexadecimal: the whole run around it is masked */
};

struct known {
    struct known_literal *literals;
    size_t literal_n;
    size_t literal_cap;
    size_t *blanks; /* of literals with a blank: a word is not all of them */
    size_t blank_n;
    size_t blank_cap;
    size_t blank_max;  /* bytes of the longest of them */
    size_t value_from; /* the first literal of the value that was added last */
    char **names;      /* owned: keys under which everything is masked */
    size_t name_n;
    size_t name_cap;
    uint64_t name_marks[4]; /* of their lengths and edges: most keys are told by them */
};

void known_done(struct known *known); /* wipes and frees */

/* Adds the value and its spellings; see redactor_add_known(). */
void known_add(struct known *known, struct str name, struct str value);

/* Whether `key` is the name of a known value, in this very spelling. */
bool known_has_name(const struct known *known, struct str key);
