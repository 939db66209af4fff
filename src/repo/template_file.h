/* repo/template_file.h: a CloudFormation template as a person has it, JSON or YAML.
 *
 * The short forms of YAML become the long ones: "!GetAtt A.B" {"Fn::GetAtt": ["A", "B"]}. Plain
 * numbers and booleans become what JSON calls so; a date, and what begins with 0, stays text. An
 * unknown tag becomes {"Fn::Unknown": ""}, which nothing resolves. Pure.
 * Source: CloudFormation User Guide, "Intrinsic function reference".
 */
#pragma once

#include "base/json.h"
#include "repo/yaml_tree.h"

enum { TEMPLATE_FILE_BYTES_MAX = YAML_TEMPLATE_BYTES_MAX };

/* Reads a template. `file` is the name for error sentences. `*out` is an object with an object
 * "Resources", the caller's to decref. Errors: ERR_CONFIG ("FILE:LINE: …", a key twice, no
 * template), ERR_TOO_LARGE. */
MUST_CHECK enum err_code template_file_read(struct str text, const char *file, json_t **out,
                                            struct err *err);

/* The same, with the lines of what stands in it, and what YAML says beside it. */
struct template_file {
    json_t *json;                 /* owned */
    json_t *comments;             /* owned: [{"line","text"}]; NULL: none */
    const struct yaml_node *tree; /* in the arena; NULL: lines are not known */
};
MUST_CHECK enum err_code template_file_open(struct str text, const char *file, struct arena *arena,
                                            struct template_file *out, struct err *err);
void template_file_done(struct template_file *file); /* accepts {0} */

/* The line, from 1, of what stands at a dotted path such as "Resources.Role.Properties.Policies[]",
 * or of the last part of it that is there; 0 where it is not known. */
int template_file_line(const struct template_file *file, const char *path);
