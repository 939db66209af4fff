/* aws/ssm.h: Parameter Store: which parameters there are, and secrets on their way into it. Values
 * are never asked for. Source: Systems Manager API Reference. */
#pragma once

#include "aws/client.h"
#include "base/json.h"

/* A value of the standard tier. */
enum { SSM_VALUE_BYTES_MAX = 4096 };

/* Whether Parameter Store takes `value`: not empty, text, not too long, no reference to another
 * parameter. No sentence repeats the value. Errors: ERR_INVALID, ERR_TOO_LARGE. Pure. */
MUST_CHECK enum err_code ssm_check_value(struct str value, struct err *err);

/* GetParametersByPath below `path`, recursive, without decryption, all pages: a new array of
 * {"name","version","type","modified_ms"}. Whatever value comes back is dropped unread. */
MUST_CHECK enum err_code ssm_list_names(const struct aws *aws, const char *path, json_t **out,
                                        struct err *err);

/* GetParameterHistory: who wrote the newest version, as an ARN; "" where it is not said.
 * `*out` is the caller's to free(). */
MUST_CHECK enum err_code ssm_last_writer(const struct aws *aws, const char *name, char **out,
                                         struct err *err);

struct ssm_secret {
    const char *name; /* whole, "/depl/todo/dev/SECRET_KEY" */
    struct str value;
    bool is_new;        /* it must not be there yet; only then are the tags written */
    const json_t *tags; /* object of texts */
};

/* PutParameter: a SecureString under the account's key aws/ssm. Not repeated once it may have been
 * carried out: every attempt would make a version. No sentence repeats the value, nor AWS's own
 * words about it. Errors: those of ssm_check_value(), ERR_STALE (is_new, and it is there),
 * those of aws_call(). */
MUST_CHECK enum err_code ssm_put_secret(const struct aws *aws, const struct ssm_secret *secret,
                                        struct err *err);

/* DeleteParameters: what is not there is no error. `names` is an array of whole names. */
MUST_CHECK enum err_code ssm_delete(const struct aws *aws, const json_t *names, struct err *err);
