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

/* Where the value begins of a name that is closed before `at`, with the separator; 0 when this is
 * no name of a value. */
size_t name_value(struct scan *scan, struct name *name, size_t at, char *separator);

/* Where the cell between bars ends that begins at `at`. */
size_t name_cell_end(const struct scan *scan, size_t at);

/* value.c: masks the value that begins at `at`, after the separator; returns where it ends, or 0.
 */
size_t value_at(struct scan *scan, const struct name *name, size_t at, char separator);

/* Where the quote of a string stands that begins at `at`, behind a letter such as that of b"..."
 * and backslashes; 0 when none does. */
size_t name_string(const struct scan *scan, size_t at);

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
