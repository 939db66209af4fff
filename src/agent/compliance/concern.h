/* agent/compliance/concern.h: what a model's reading of a change set adds to the review. */
#pragma once

#include "agent/agent.h"

/* Has the model read the change set and keeps what holds as the state's "concerns": each at a
 * resource of the set, in words that may be shown. They are findings that ask for a person,
 * whatever the approval mode; the verdict of the review is neither lifted nor made by them. Appends
 * them to `findings`. OUTCOME_OK, also where there is no model; else as advise(). */
enum outcome concern_add(struct turn *turn, const json_t *template, json_t *findings);
