/* agent/planner/found.h: what the import check found, where the survey said otherwise. */
#pragma once

#include "agent/agent.h"

/* Corrects the survey by "check": its health route and prefix by the real route table; variables
 * that are missing and files that are written are put to the person. OUTCOME_FAIL with a problem,
 * and a row in "survey.ask" for each question, when something has to be answered first. */
enum outcome found_overrule(struct turn *turn);

/* After a fetch that failed: when nothing but the pins of some packages is missing, puts to the
 * person whether the versions of today are taken. */
void found_unpinned(struct turn *turn);
