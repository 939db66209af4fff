/* agent/moderate.h: what may be done about a text of the person, before anything is.
 *
 * Local rows first, which need nobody; then OpenAI's filter, where the session has a model. What is
 * stopped is on record as a verdict: its code and a keyed hash, not the text.
 */
#pragma once

#include "agent/agent.h"
#include "guard/moderation.h"

/* Judges `text`. `*out` passes, declines or ends. Where the filter did not answer `*out` passes and
 * `*unknown` is why, for the caller to free(); else it stays as it is. Errors: those of
 * gate_fault(). */
MUST_CHECK enum err_code moderate(struct turn *turn, const char *text, struct moderation *out,
                                  char **unknown, struct err *err);
