/* agent/orchestrator/ending.h: what a run came to, in one place: status, exit code, sentence. */
#pragma once

#include "agent/agent.h"

/* Puts "result" into the state from how the end was reached ("came": {"phase","outcome"},
 * "problem", "applied", "probe", "restored") and shows it:
 * {"status","exit","url","error":{"code","message", "remedy"}|null,"next",
 * "summary":{"done","where"},"words":[...] of a model,"tokens":{"in","out"}}. Status is one of
 * success, no_change, rolled_back, failed, refused, escalated, cancelled, timed_out. Returns
 * OUTCOME_OK. */
enum outcome ending_sum_up(struct turn *turn, enum phase phase);
