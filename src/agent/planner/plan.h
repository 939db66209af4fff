/* agent/planner/plan.h: the plan: what would be done, with which bytes, for how much. Pure, but for
 * the state it writes. */
#pragma once

#include "agent/agent.h"

bool plan_has_backend(const struct turn *turn);
bool plan_has_frontend(const struct turn *turn);

/* The function's plain variables: the file's and the answered ones, name -> value. New reference.
 */
json_t *plan_variables(const struct turn *turn);

/* The variables of the front end's build: what its .env files preset, the file's, the answered
 * ones. New reference. */
json_t *plan_build_variables(const struct turn *turn);

/* Whether the person accepted a reason of the survey: in the conversation, or in the file, which
 * makes it a finding. */
bool plan_accepts(const struct turn *turn, const char *code);

/* What the operations of uv_client are told of the back end; `python` may be NULL. New reference.
 */
json_t *plan_backend_args(const struct turn *turn, const char *python);

/* The arguments of uv_client.bundle: everything that the build id depends on. New reference. */
json_t *plan_bundle_args(const struct turn *turn);

/* Computes the plan of the session's kind from its state and sets "plan", "plan_sha256", "template"
 * (its inputs, tool/template_op.h) and "parameters" (as aws_deployer.preview takes them).
 * Errors: ERR_TEMPLATE with the first finding of our own checks, those of template_emit(). */
MUST_CHECK enum err_code plan_compute(struct turn *turn, struct err *err);
