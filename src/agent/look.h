/* agent/look.h: the survey of the repository, as CONTEXT makes it and ASK makes it again. */
#pragma once

#include "agent/agent.h"

/* Surveys the repository with the person's answers so far, keeps that as the state's "survey" and
 * shows its findings. OUTCOME_VETO with a problem when the repository cannot be deployed. */
enum outcome look_at_repository(struct turn *turn);

/* Whether the answer to `field` changes what the survey finds: all but the values of variables. */
bool look_depends_on(const char *field);
