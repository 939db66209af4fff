/* agent/executor/rights.h: whether the caller may do what the plan needs, before anything is made.
 */
#pragma once

#include "agent/agent.h"

/* Has IAM judge the exact policy of the plan. What is missing is a problem that names it; where IAM
 * does not say, the calls themselves will. */
enum outcome rights_check(struct turn *turn);
