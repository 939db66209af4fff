/* guard/redact/sign.h: what stands between the name of a secret and its value. */
#pragma once

#include "guard/redact/name.h"

enum { SIGN_QUOTED_MIN = 8 }; /* of a word in quotes that nobody writes in a sentence */

/* Where the value begins of a name that is closed before `at`, with the separator; 0 when this is
 * no name of a value. */
size_t sign_value(struct scan *scan, struct name *name, size_t at, char *separator);

/* sign_blank.c: the same where no sign stands behind the name. */
size_t sign_blank(struct scan *scan, struct name *name, size_t at, char *separator);

/* Where the quote of a string stands that begins at `at`, behind a letter such as that of b"..."
 * and backslashes; 0 when none does. */
size_t sign_string(const struct scan *scan, size_t at);

/* Whether a quoted word of more than `min` characters stands at `at`, with a digit. */
bool sign_quoted_word(const struct scan *scan, size_t at, size_t min);

/* Whether the string at `at` is a name of JSON: "--password-stdin", "n": 7 */
bool sign_is_key(const struct scan *scan, size_t at);

/* More than how many characters of such a word are the value of `name`. */
size_t sign_word_min(struct str name);

/* Where the cell between bars ends that begins at `at`. */
size_t sign_cell_end(const struct scan *scan, size_t at);
