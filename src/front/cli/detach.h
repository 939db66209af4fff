/* front/cli/detach.h: a run that goes on in the background. Its process keeps the session's lease,
 * asks nobody, and waits for approvals of other processes until they expire. What it shows is in
 * the session's journal, where attach reads it.
 */
#pragma once

#include "front/cli/verb.h"

/* Makes the process that will go on, before anything is opened. In that one `*out_is_here` is
 * false: it runs the verb, still with this terminal, so that what fails at once is read by whoever
 * typed it. In this one, true: it has waited until the session was made, and has said how to follow
 * it, or has taken over the exit status of the other one. Errors: ERR_IO (no process can be made).
 */
MUST_CHECK enum err_code detach_begin(struct cli *cli, bool *out_is_here, struct err *err);

/* Leaves the terminal for good: session `id` is there. Does nothing in a run that stays. */
void detach_leave(struct cli *cli, const char *id);
