/* tool/shell_runner/install.h: commands of package managers, in a copy, with a network that is held
 * to where packages come from. For this room only. */
#pragma once

#include "tool/tool.h"

/* The operation "sources": what fetch_look() says. Errors: ERR_POLICY (no command that fetches
 * packages), those of fetch_look(). */
MUST_CHECK enum err_code install_sources(struct op *op, json_t **out, struct err *err);

/* The operation "install": runs the command and gives what the operation "run" gives. "hosts" are
 * those of foreign sources that a person said yes to. Errors: as above, and those of draft_make(),
 * fetch_prepare(), run_op_program() and draft_save(). */
MUST_CHECK enum err_code install_run(struct op *op, json_t **out, struct err *err);
