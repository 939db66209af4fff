/* agent/orchestrator/words.h: what is planned and what was done, in plain words: the program's own
 * first, a model's behind them. */
#pragma once

#include "agent/agent.h"

/* Has the model put the change set that waits for its yes into words, and shows those that may be
 * shown. OUTCOME_OK, also where there is no model; else as advise(). */
enum outcome words_of_plan(struct turn *turn);

/* What was done and where it runs, from what AWS said: {"done","where"}, each where there is such a
 * thing. New reference. */
json_t *words_of_facts(const struct turn *turn, const char *status);

/* Has the model say what `result` means and what could be done next: an array of lines, the
 * caller's; NULL where there are none. */
json_t *words_of_end(struct turn *turn, const json_t *result);
