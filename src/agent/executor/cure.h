/* agent/executor/cure.h: the executor's part in `recover` and `destroy`: what a stack needs, what
 * is done to it, what that costs. Not for other agents. */
#pragma once

#include "agent/agent.h"

/* PREFLIGHT, after "before": diagnoses the stack, waits where somebody works on it, asks what only
 * a person can decide, and sets "diagnosis", "inventory" and "cure" (tool/aws_deployer/deployer.h);
 * no "cure" where nothing has to be done. */
enum outcome cure_preflight(struct turn *turn);

/* DRY_RUN: makes "preview" of it, with no change set behind. OUTCOME_DONE: nothing to do. */
enum outcome cure_dry_run(struct turn *turn);

/* EXECUTE, after a destruction: the secrets that stay are left behind too. Each row of
 * "applied.left_behind" gets "micro_usd", "usd_month" (what it costs a month, at least, when nobody
 * uses it any more) and "is_priced"; the sum is "applied.left_cost": {"micro_usd","usd_month",
 * "date","is_complete"}, absent where nothing is left; what is "shared" with other applications is
 * not in it. */
void cure_add_left(struct turn *turn);

/* Adds to the arguments of recover and destroy what is to be done. */
void cure_add_args(const struct turn *turn, json_t *args);

/* PREFLIGHT of a deployment to a stack that takes no change set: offers to recover it first, in a
 * session of its own, and parks for that; without a person, or a cure, it is a problem. */
enum outcome cure_offer(struct turn *turn);
