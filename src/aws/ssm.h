/* aws/ssm.h: Parameter Store: which parameters there are. Values are never asked for. */
#pragma once

#include "aws/client.h"
#include "base/json.h"

/* GetParametersByPath below `path`, recursive, without decryption, all pages: a new array of
 * {"name","version","type"}. Whatever value comes back is dropped unread.
 * Source: Systems Manager API Reference. */
MUST_CHECK enum err_code ssm_list_names(const struct aws *aws, const char *path, json_t **out,
                                        struct err *err);
