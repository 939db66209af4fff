/* agent/validator/report.h: what a probe that failed means. */
#pragma once

#include "agent/agent.h"

/* Reads what the function wrote lately, for whoever takes over: the journal keeps it. What cannot
 * be read is not there. */
void report_read_logs(struct turn *turn);

/* Of a probe that failed, the state's member `probe`, where there is a model: reads what the
 * function wrote and has the model say what it means. Kept as the state's "report",
 * {"meaning","line","next"}, each where it may be shown, and shown; `line` is a line of the logs.
 * The verdict is the probe's. OUTCOME_OK, or as advise(). */
enum outcome report_probe(struct turn *turn, const char *probe);
