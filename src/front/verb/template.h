/* front/verb/template.h: templates that a person names. */
#pragma once

#include "front/cli/cli_room.h"
#include "repo/template_file.h"

/* Reads one, "-" is standard input. `*out` is for template_file_done(), its lines live in `arena`.
 * Errors: those of fs_read_input() and template_file_open(). */
MUST_CHECK enum err_code template_named(struct cli *cli, const char *name, struct arena *arena,
                                        struct template_file *out, struct err *err);

/* What --parameter says, as an object of texts, or NULL where it is not given: new reference.
 * Errors: ERR_USAGE (none of the `n` templates has a parameter of that name: a slip would have the
 * default judged, and decide by it). */
MUST_CHECK enum err_code template_parameters(struct cli *cli, const struct template_file *files,
                                             size_t n, json_t **out, struct err *err);
