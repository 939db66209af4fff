/* agent/orchestrator/propose.h: answers that a model found in the repository, for a person to take.
 */
#pragma once

#include "agent/agent.h"

/* Has the model look for answers to what the survey left open, and keeps those that stand in a file
 * of the repository as the state's "proposed": {FIELD: {"value","file","quote"} or null}. Nothing
 * is answered by it: who asks the question shows it. OUTCOME_OK, also where there is no model. */
enum outcome propose_answers(struct turn *turn);
