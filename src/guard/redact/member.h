/* guard/redact/member.h: members of an object of JSON, and of Python's and JavaScript's. */
#pragma once

#include "guard/redact/name.h"

/* "key": VALUE, key: VALUE, 'key': VALUE, whose value is a string or a word in no quotes. */
struct member {
    struct name key; /* without a kind */
    size_t value;    /* where it begins, with its quote */
    size_t from;     /* what is in it */
    size_t to;
    size_t end; /* behind the quote that closes it */
};

/* Over white space at `at`, of lines too. */
size_t member_skip_space(const struct scan *scan, size_t at);

/* Reads what of a member stands behind the end of its key at `at`; false when it is none. */
bool member_read_value(const struct scan *scan, size_t at, struct member *out);

/* Reads the member that begins at `at`, also behind a comma; false when none does. */
bool member_read(const struct scan *scan, size_t at, struct member *out);
