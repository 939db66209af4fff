/* guard/redact/name.h: names of secrets in text. */
#pragma once

#include "guard/redact/scan.h"

enum { NAME_MAX = 128 };

/* A name and what stands around it. */
struct name {
    size_t from;
    size_t to;
    size_t slashes;      /* backslashes before its quote */
    char quote;          /* '\0' without one */
    size_t open_slashes; /* the same of a quote that opens more than the name: "NAME=a value" */
    char open;
    bool is_line_start; /* nothing but blanks, "export" or "- " before it */
    bool is_query;      /* after ? or & */
    bool is_element;    /* <name> */
    const char *kind;
};

/* Reads the name that the word at `at` is a part of. */
void name_read(const struct scan *scan, const struct rule *rule, size_t at, struct name *name);

struct str name_str(const struct scan *scan, const struct name *name);

/* Whether only blanks, "export", "- " and the like stand before `at` on its line. */
bool name_begins_line(const struct scan *scan, size_t at);

/* Where the separator may stand: after the name, or after the quote that closes it. A quote that is
 * not closed there opens more than the name: "X-Api-Key: value". */
size_t name_close(const struct scan *scan, struct name *name);

/* Behind a quote as HTML writes it at `at`; `at` when there is none. */
size_t name_entity_end(const struct scan *scan, size_t at);

/* Whether the name of a password ends what asks for one: "Enter new password: ". */
bool name_is_prompt(const struct scan *scan, const struct name *name, char separator);

/* Whether the line of the name was begun by what a log puts before it; where the line begins. */
size_t name_line_begin(const struct scan *scan, size_t at, bool *is_begin);

/* Behind the quote that opens the string around `at`, as the value of a name of JSON at any depth,
 * no further back than `from`; 0 when none does. */
size_t name_string_begin(const struct scan *scan, size_t from, size_t at);

/* Whether it is one of a secret, or one that was made known. */
bool name_is_secret(struct scan *scan, const struct name *name);

/* Whether a name ends with a word for a user with a password. */
bool name_is_pair(struct str name);

/* Whether a name ends with a word that stands for nothing but what one types in. */
bool name_is_password(struct str name);

/* Whether a name is as that of a constant: NAME_OF_A_CONSTANT. */
bool name_is_constant(struct str name);

/* Whether only blanks stand on the line before `at`, but for what a log puts there. */
bool name_is_line_begin(const struct scan *scan, size_t at);

/* Behind what sets a colour and ends in [from, to]; `from` when nothing does. */
size_t name_after_colour(const struct scan *scan, size_t from, size_t to);

/* Over ** and __ at `at`, which print in bold. */
size_t name_skip_bold(const struct scan *scan, size_t at);
