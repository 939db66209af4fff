/* tool/openai_llm/functions.h: operations of tools as functions that a model may ask for.
 *
 * Only reads are offered, and asking is all that the model can do: who gets the answer calls the
 * operation through the gate, as the agent that it is.
 */
#pragma once

#include "model/chat.h"
#include "tool/tool.h"

/* Functions for the names "tool.operation" in the array `names`. New reference. Errors: ERR_DEFECT
 * (there is none of the name, or it is no read). */
MUST_CHECK enum err_code functions_make(const json_t *names, json_t **out, struct err *err);

/* What the model asks for: [{"id","name","tool","operation","args"}], or for what was not offered
 * or is not understood [{"id","name","problem"}]. New reference. */
json_t *functions_read(const struct chat_answer *answer, const json_t *names);
