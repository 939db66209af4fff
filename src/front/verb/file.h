/* front/verb/file.h: aws-copilot.yml as verbs change it. */
#pragma once

#include "front/verb/run.h"

/* Appends the file's text; `*out_is_there` false and nothing else where there is none.
 * Errors: ERR_IO, ERR_TOO_LARGE. */
MUST_CHECK enum err_code file_read(struct cli *cli, struct buf *out, bool *out_is_there,
                                   struct err *err);

/* Writes it whole or not at all, and says so. */
MUST_CHECK enum err_code file_write(struct cli *cli, struct str text, struct err *err);

/* Makes `text` the file: shows what changes and, where there is a file, asks first; -y is the yes.
 * Errors: ERR_MISSING (nobody to ask), ERR_CANCELLED (a person said no), ERR_IO. */
MUST_CHECK enum err_code file_replace(struct cli *cli, struct str text, struct err *err);

/* Offers to keep what a person answered in the last run (cli->answered) in the file. Without
 * somebody to ask nothing is done. Errors: ERR_IO, ERR_TOO_LARGE. */
MUST_CHECK enum err_code answers_keep(struct cli *cli, struct err *err);

/* Shows a person what would become of `before` (the empty text: a new file): the lines that go and
 * come, on stderr. */
void file_show_change(struct cli *cli, struct str before, struct str after);
