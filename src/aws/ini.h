/* aws/ini.h: reads the files ~/.aws/config and ~/.aws/credentials. */
#pragma once

#include "base/str.h"

enum { INI_BYTES_MAX = 1 << 20 };

struct ini; /* opaque; immutable */

/* Parses a whole file. `name` is used in errors only, which never quote a line: it may hold a
 * secret.
 *
 * Shape: "[section]" lines, "key = value" lines, comments that begin with '#' or ';'. Indented
 * lines below a key without a value are its own keys, "s3.endpoint_url". Blanks in section names
 * are folded, quotes removed, keys in lower case; what is said twice counts as said last. Errors:
 * ERR_CONFIG, with the line's number. */
MUST_CHECK enum err_code ini_read(struct str text, const char *name, struct ini **out,
                                  struct err *err);
void ini_free(struct ini *ini); /* accepts NULL; wipes */

bool ini_has(const struct ini *ini, const char *section);

/* A value, borrowed; NULL when absent or empty. */
const char *ini_get(const struct ini *ini, const char *section, const char *key);
