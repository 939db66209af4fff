/* flow/runner.h: who works in a phase. */
#pragma once

#include "flow/flow.h"

/* The agents of `phase` in their order, ending with NULL. */
const struct agent *const *runner_roster(enum phase phase);
