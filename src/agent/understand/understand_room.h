/* Inside agent/understand. */
#pragma once

#include "agent/understand/understand.h"
#include "agent/understand/words.h"

/* Finds the values of the line and marks the words that they take. */
void fields_read(struct words *words, const char *const *envs, struct understood *out);

/* How well the best pattern fits what is left of the line, and sets out->row and out->intent. */
void intent_read(const struct words *words, struct understood *out);

/* The first row of the verb. */
const struct intent_row *intent_row_of(const char *verb);

/* Whether any word of the line belongs to this program's matter. */
bool intent_is_ours(const struct words *words);
