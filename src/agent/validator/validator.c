/* The Post-Deployment Validator: decides whether the new version answers, by looking and nothing
 * else; and whether the old one does after going back. */
#include <string.h>

#include "agent/agent.h"
#include "agent/probe.h"
#include "agent/validator/report.h"

static const struct grant grants[] = {
    {"aws_deployer", "identity"}, {"aws_deployer", "stack_status"}, {"aws_deployer", "events"},
    {"aws_deployer", "outputs"},  {"aws_deployer", "logs"},         {"aws_deployer", "probe"},
    {"aws_deployer", "drift"},    {"aws_deployer", "permissions"},  {"openai_llm", "complete"},
    {"openai_llm", "moderate"},   {"telemetry_bus", "emit"},        {0},
};

static const enum phase phases[] = {PHASE_VALIDATE, PHASE_ROLLBACK, PHASE_NONE};

/* Shows what a probe saw; it does not know itself which version it asks. */
static void validator_show(struct turn *turn, const char *member, const char *answers) {
    json_t *seen = json_deep_copy(json_object_get(turn->state, member));

    if (json_bool_at(seen, "passed")) {
        json_put_str(seen, "sentence", answers);
    }
    turn_say(turn, EVENT_PROBE, seen);
}

static enum outcome validator_deploy(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;
    const json_t *restored = json_at(turn->state, "target_release.expected");
    json_t *expected = restored != NULL ? json_deep_copy(restored) : probe_expected(turn);

    json_put(turn->state, "expected", expected);
    if (restored == NULL && json_str_at(expected, "health_path") != NULL &&
        !json_bool_at(turn->state, "survey.backend.health.found")) {
        agent_warn(turn, "no_health_route", "add a route such as /api/health",
                   "the application has no health route, so only its start is proven");
    }
    if (!agent_keep(
            turn, "aws_deployer", "probe",
            probe_args(agent_text(turn, "applied.outputs.Url"), expected, probe_wait_ms(turn)),
            "probe", &outcome)) {
        return outcome;
    }
    validator_show(turn, "probe",
                   restored == NULL ? "the new version answers" : "that release answers");
    if (json_bool_at(turn->state, "probe.passed")) {
        return OUTCOME_OK;
    }
    outcome = report_probe(turn, "probe");
    return outcome != OUTCOME_OK
               ? outcome
               : agent_problem(turn, ERR_HEALTH, "aws-copilot logs shows what the function said",
                               "%s", agent_text(turn, "probe.sentence"));
}

static enum outcome validator_bootstrap(struct turn *turn) {
    if (json_str_at(turn->state, "applied.outputs.Artifacts") == NULL ||
        json_str_at(turn->state, "applied.outputs.ExecutionRole") == NULL) {
        return agent_problem(turn, ERR_DEPLOY, "look at the stack's outputs in CloudFormation",
                             "the bootstrap stack does not name its bucket and role");
    }
    return OUTCOME_OK;
}

/* The version that ran before, after a way back. */
static enum outcome validator_old_version(struct turn *turn, const json_t *expected) {
    enum outcome outcome = OUTCOME_OK;

    if (!agent_keep(
            turn, "aws_deployer", "probe",
            probe_args(agent_text(turn, "after.outputs.Url"), expected, probe_wait_ms(turn)),
            "probe", &outcome)) {
        return outcome;
    }
    validator_show(turn, "probe", "the version that runs answers");
    if (!json_bool_at(turn->state, "probe.passed")) {
        return agent_problem(turn, ERR_HEALTH, "aws-copilot logs shows what the function said",
                             "the stack rests, but release %s does not answer: %s",
                             agent_text(turn, "last_release.id"),
                             agent_text(turn, "probe.sentence"));
    }
    return OUTCOME_OK;
}

static enum outcome validator_destroy(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    if (!agent_keep(turn, "aws_deployer", "stack_status",
                    agent_args("stack", agent_text(turn, "fields.stack"), NULL), "after",
                    &outcome)) {
        return outcome;
    }
    if (json_bool_at(turn->state, "after.exists")) {
        return agent_problem(turn, ERR_DEPLOY, agent_text(turn, "after.remedy"),
                             "the stack is still there: %s", agent_text(turn, "after.sentence"));
    }
    turn_say(turn, EVENT_OUTPUTS,
             json_pack("{s:s, s:O*, s:O*}", "status", "DELETE_COMPLETE", "left_behind",
                       json_at(turn->state, "applied.left_behind"), "left_cost",
                       json_at(turn->state, "applied.left_cost")));
    return OUTCOME_OK;
}

/* Whether it is where it was to go; and where a version runs in it, whether that one answers. */
static enum outcome validator_recover(struct turn *turn) {
    const char *action = agent_text(turn, "cure.action");
    bool is_back = strcmp(action, "rollback") == 0 || strcmp(action, "continue") == 0;
    const json_t *expected = json_at(turn->state, "last_release.expected");
    enum outcome outcome = OUTCOME_OK;

    if (!is_back && strcmp(action, "discard") != 0) {
        return validator_destroy(turn);
    }
    if (!agent_keep(turn, "aws_deployer", "stack_status",
                    agent_args("stack", agent_text(turn, "fields.stack"), NULL), "after",
                    &outcome)) {
        return outcome;
    }
    if (is_back && !json_bool_at(turn->state, "after.can_update")) {
        return agent_problem(turn, ERR_DEPLOY, agent_text(turn, "after.remedy"), "stack %s: %s",
                             agent_text(turn, "fields.stack"), agent_text(turn, "after.sentence"));
    }
    agent_say(turn, "Stack %s: %s.", agent_text(turn, "fields.stack"),
              agent_text(turn, "after.sentence"));
    return is_back && expected != NULL ? validator_old_version(turn, expected) : OUTCOME_OK;
}

/* What Parameter Store itself said after the effect, see aws_deployer.put_secret. */
static enum outcome validator_secrets(struct turn *turn) {
    const json_t *row;
    size_t i;

    if (strcmp(agent_text(turn, "applied.status"), "STORED") == 0 &&
        json_array_size(json_at(turn->state, "applied.parameters")) !=
            json_array_size(json_at(turn->state, "flags.names"))) {
        return agent_problem(turn, ERR_CONFLICT, "aws-copilot secrets ls shows what there is",
                             "not all of the secrets are there");
    }
    json_array_foreach(json_at(turn->state, "applied.parameters"), i, row) {
        agent_say(turn, "%s is stored, version %lld", json_str_or(row, "name", ""),
                  (long long)json_int_or(row, "version", 0));
    }
    return OUTCOME_OK;
}

static enum outcome validator_validate(struct turn *turn) {
    if (agent_is_kind(turn, "secrets")) {
        return validator_secrets(turn);
    }
    if (agent_is_kind(turn, "bootstrap")) {
        return validator_bootstrap(turn);
    }
    if (agent_is_kind(turn, "recover")) {
        return validator_recover(turn);
    }
    return agent_is_kind(turn, "destroy") ? validator_destroy(turn) : validator_deploy(turn);
}

/* ---- ROLLBACK: does the old version answer again? ---- */

/* Whether somebody can be asked for another attempt, and wants to be. */
static enum outcome validator_end_rollback(const struct turn *turn) {
    bool is_cancelled = strcmp(agent_text(turn, "problem.code"), err_wire(ERR_CANCELLED)) == 0;

    return turn_has_person(turn) && !is_cancelled ? OUTCOME_OK : OUTCOME_DONE;
}

static enum outcome validator_after_rollback(struct turn *turn) {
    const char *url = agent_text(turn, "before.outputs.Url");
    const json_t *expected = json_at(turn->state, "last_release.expected");
    enum outcome outcome = OUTCOME_OK;

    if (!json_bool_at(turn->state, "restored.ok") || expected == NULL) {
        return validator_end_rollback(turn);
    }
    if (!agent_keep(turn, "aws_deployer", "probe",
                    probe_args(url, expected, limit(LIMIT_PROBE_WAIT_MS)), "restored_probe",
                    &outcome)) {
        return outcome;
    }
    validator_show(turn, "restored_probe", "the previous version answers");
    if (!json_bool_at(turn->state, "restored_probe.passed")) {
        (void)agent_problem(turn, ERR_HEALTH, "", "going back did not help: %s",
                            agent_text(turn, "restored_probe.sentence"));
        return OUTCOME_FAIL;
    }
    return validator_end_rollback(turn);
}

static enum outcome validator_run(struct turn *turn, enum phase phase) {
    return phase == PHASE_VALIDATE ? validator_validate(turn) : validator_after_rollback(turn);
}

const struct agent agent_validator = {
    .card = {"validator", "Post-Deployment Validator", grants},
    .purpose = "probes until the new build answers, and the old one after going back",
    .guardrail = "reads only",
    .phases = phases,
    .run = validator_run,
};
