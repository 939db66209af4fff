/* front/verb/file.h: aws-copilot.yml as verbs change it. */
#pragma once

#include "front/verb/run.h"

/* Appends the file's text; `*out_is_there` false and nothing else where there is none.
 * Errors: ERR_IO, ERR_TOO_LARGE. */
MUST_CHECK enum err_code file_read(struct cli *cli, struct buf *out, bool *out_is_there,
                                   struct err *err);

/* Writes it whole or not at all, and says so. */
MUST_CHECK enum err_code file_write(struct cli *cli, struct str text, struct err *err);

/* Shows a person what would become of `before` (the empty text: a new file): the lines that go and
 * come, on stderr. */
void file_show_change(struct cli *cli, struct str before, struct str after);
