/* aws/lambda.h: aliases and versions of a function: reading them, and flipping an alias back.
 * All calls block; any thread. Source: AWS Lambda API Reference, 2015-03-31. */
#pragma once

#include "aws/client.h"

struct lambda_alias {
    char version[24];
    char revision[64]; /* RevisionId: an update that names another one is refused */
};

/* GetAlias. Errors: ERR_NOT_FOUND, those of aws_call(). */
MUST_CHECK enum err_code lambda_get_alias(const struct aws *aws, const char *function,
                                          const char *alias, struct lambda_alias *out,
                                          struct err *err);

/* UpdateAlias to `version`, if its revision is still `revision`. Errors: ERR_CONFLICT (somebody was
 * faster), ERR_NOT_FOUND, those of aws_call(). */
MUST_CHECK enum err_code lambda_set_alias(const struct aws *aws, const char *function,
                                          const char *alias, const char *version,
                                          const char *revision, struct err *err);

/* Whether a published version exists, by ListVersionsByFunction: UpdateAlias itself does not look
 * everywhere. `out_code_sha256` gets the Base64 digest of its code. */
MUST_CHECK enum err_code lambda_find_version(const struct aws *aws, const char *function,
                                             const char *version, bool *out_exists,
                                             char out_code_sha256[64], struct err *err);
