/* repo/template_file.h: a CloudFormation template as a person has it, JSON or YAML. */
#pragma once

#include "base/json.h"

enum { TEMPLATE_FILE_BYTES_MAX = 1 << 20 }; /* CloudFormation's own limit */

/* Reads a template; the short forms of YAML become the long ones (!GetAtt A.B is
 * {"Fn::GetAtt":["A","B"]}), and plain numbers and booleans become what JSON calls so.
 *
 * `file` is the name for error sentences. `*out` is an object with an object "Resources", the
 * caller's to decref. Pure. Errors: ERR_CONFIG ("FILE:LINE: …", no template), ERR_TOO_LARGE.
 * Source: CloudFormation User Guide, "Intrinsic function reference". */
MUST_CHECK enum err_code template_file_read(struct str text, const char *file, json_t **out,
                                            struct err *err);
