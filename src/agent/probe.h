/* agent/probe.h: what a release has to answer, and how the probe is told. Pure. */
#pragma once

#include "agent/agent.h"

/* What the release that the state describes has to answer: {"build_id","health_path",
 * "index_sha256","asset"}, each where there is such a thing. It is kept with the release, so that
 * going back can be proven too. New reference. */
json_t *probe_expected(const struct turn *turn);

/* How long a new version may take until it answers: AWSCOPILOT_PROBE_WAIT, or LIMIT_PROBE_WAIT_MS.
 */
int64_t probe_wait_ms(const struct turn *turn);

/* The arguments of aws_deployer.probe for `expected` at `url`. New reference. */
json_t *probe_args(const char *url, const json_t *expected, int64_t deadline_ms);
