/* front/person/hidden.h: the value of a secret, read without leaving a trace on screen, in a
 * history or in memory that nobody wipes. */
#pragma once

#include "front/person/lines.h"

/* Reads one line without echo from the terminal, or the next line of a pipe. `*out` is the caller's
 * to hidden_wipep(); it stays NULL when `wait->poll` gave the line up. Blocks, calling `wait->poll`
 * three times a second. Errors: ERR_CANCELLED (the input ended), ERR_INTERRUPTED, ERR_WAITING (the
 * deadline passed), ERR_TOO_LARGE, ERR_IO. */
MUST_CHECK enum err_code hidden_read(struct lines *lines, const struct line_wait *wait, char **out,
                                     struct err *err);

/* Reads all of `fd`, which is no terminal, without the line ends at its end. As above.
 * Errors: ERR_TOO_LARGE, ERR_IO, ERR_INVALID (a NUL among the bytes). */
MUST_CHECK enum err_code hidden_read_all(int fd, char **out, struct err *err);

/* Overwrites the text, frees it and sets the pointer to NULL. */
void hidden_wipep(char **value);
