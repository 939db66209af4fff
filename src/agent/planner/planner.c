/* The Planning & Validation Agent: builds what would be shipped, proves that it imports, and
 * computes the plan. Nothing here is generated: the same repository gives the same plan. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/planner/found.h"
#include "agent/planner/plan.h"
#include "agent/secrets.h"

static const struct grant grants[] = {{"shell_runner", "*"},
                                      {"pnpm_client", "*"},
                                      {"uv_client", "*"},
                                      {"telemetry_bus", "emit"},
                                      {0}};

static const enum phase phases[] = {PHASE_PREFLIGHT, PHASE_PLAN, PHASE_NONE};

/* ---- PREFLIGHT: fetch, build, import check, bundle ---- */

static json_t *planner_frontend_args(const struct turn *turn) {
    const json_t *survey = json_at(turn->state, "survey.frontend");
    json_t *args = agent_args("dir", json_str_or(survey, "dir", "."), "manager",
                              json_str_at(survey, "manager"), "manager_version",
                              json_str_at(survey, "manager_version"), "manifest",
                              json_str_at(survey, "manifest"), "lock", json_str_at(survey, "lock"),
                              "node", json_str_at(survey, "node"), NULL);

    json_put_bool(args, "may_lock", plan_accepts(turn, "NO_NODE_LOCK"));
    return args;
}

/* Every variable that the import check may read: values where they are known, names where a
 * stand-in of the right shape has to do. */
static json_t *planner_check_args(const struct turn *turn) {
    json_t *args = plan_backend_args(turn, json_str_at(turn->state, "survey.backend.python"));

    json_put(args, "variables", plan_variables(turn));
    json_put(args, "dummies", secrets_all_names(turn));
    return args;
}

static json_t *planner_build_args(const struct turn *turn) {
    json_t *args = planner_frontend_args(turn);

    json_put_str(args, "script", json_str_at(turn->state, "survey.frontend.script"));
    json_put_str(args, "out", json_str_or(turn->state, "survey.frontend.out", "dist"));
    json_put(args, "variables", plan_build_variables(turn));
    return args;
}

/* Runs one operation for each half of the application at the same time. */
static bool planner_both(struct turn *turn, const char *back_op, json_t *back_args,
                         const char *back_member, const char *front_op, json_t *front_args,
                         const char *front_member, enum outcome *outcome) {
    struct call_handle *back = NULL;
    struct call_handle *front = NULL;
    struct err err = {0};
    json_t *out = NULL;
    bool is_good = true;

    if (plan_has_backend(turn)) {
        back = tool_start(turn, "uv_client", back_op, back_args);
    } else {
        json_decref(back_args);
    }
    if (plan_has_frontend(turn)) {
        front = tool_start(turn, "pnpm_client", front_op, front_args);
    } else {
        json_decref(front_args);
    }
    if (back != NULL) {
        if (tool_finish(back, &out, &err) == ERR_NONE) {
            json_put(turn->state, back_member, out);
        } else {
            *outcome = agent_fail(turn, &err);
            is_good = false;
        }
    }
    if (front != NULL) {
        if (tool_finish(front, &out, &err) == ERR_NONE) {
            json_put(turn->state, front_member, out);
        } else if (is_good) {
            *outcome = agent_fail(turn, &err);
            is_good = false;
        }
    }
    return is_good;
}

static void planner_warn_all(struct turn *turn, const char *path) {
    const json_t *text;
    size_t i;

    json_array_foreach(json_at(turn->state, path), i, text) {
        agent_warn(turn, "build", "", "%s", json_string_value(text));
    }
}

static enum outcome planner_preflight(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    if (!agent_is_kind(turn, "deploy")) {
        return OUTCOME_OK;
    }
    if (!planner_both(turn, "fetch",
                      plan_backend_args(turn, json_str_at(turn->state, "survey.backend.python")),
                      "fetched_backend", "fetch", planner_frontend_args(turn), "fetched_frontend",
                      &outcome)) {
        found_unpinned(turn);
        return outcome;
    }
    if (!planner_both(turn, "check", planner_check_args(turn), "check", "build",
                      planner_build_args(turn), "site", &outcome)) {
        return outcome;
    }
    planner_warn_all(turn, "check.warnings");
    planner_warn_all(turn, "site.warnings");
    outcome = found_overrule(turn);
    if (outcome != OUTCOME_OK || !plan_has_backend(turn)) {
        return outcome;
    }
    (void)agent_keep(turn, "uv_client", "bundle", plan_bundle_args(turn), "backend", &outcome);
    return outcome;
}

/* ---- PLAN ---- */

/* A stack that is not there needs no cure; one that was there and is gone is worth a word. */
static enum outcome planner_nothing_there(struct turn *turn) {
    const char *release = json_str_at(turn->state, "last_release.id");

    if (release == NULL) {
        return agent_problem(turn, ERR_NOT_FOUND, "aws-copilot deploy makes it",
                             "there is no stack %s in %s", agent_text(turn, "fields.stack"),
                             agent_text(turn, "identity.region"));
    }
    return agent_problem(turn, ERR_NOT_FOUND, "aws-copilot deploy makes it anew",
                         "stack %s is gone: release %s was deployed there, and somebody deleted it",
                         agent_text(turn, "fields.stack"), release);
}

/* Whether there is nothing to go back to, or nothing to go back from. */
static bool planner_has_no_release(struct turn *turn) {
    const char *named = json_str_at(turn->state, "flags.release");
    const char *stack = agent_text(turn, "fields.stack");
    const char *only = json_str_at(turn->state, "last_release.id");

    if (!json_bool_at(turn->state, "before.can_update")) {
        (void)agent_problem(turn, ERR_NOT_FOUND, "aws-copilot deploy makes it",
                            "there is no stack %s that could go back", stack);
    } else if (named == NULL && only != NULL && json_at(turn->state, "target_release") == NULL) {
        CLEANUP(freep)
        char *way = mem_format("aws-copilot rollback %s goes back to it, if it is not what runs: "
                               "after an undo that failed",
                               only);

        (void)agent_problem(turn, ERR_NOT_FOUND, way,
                            "stack %s has no other release to go back to than %s", stack, only);
    } else if (json_at(turn->state, "target_release") == NULL) {
        (void)agent_problem(turn, ERR_NOT_FOUND, "aws-copilot history lists the releases",
                            named == NULL ? "stack %s has no other release to go back to%s"
                                          : "stack %s has no release %s",
                            stack, named == NULL ? "" : named);
    } else if (json_at(turn->state, "target_release.template") == NULL) {
        (void)agent_problem(turn, ERR_NOT_FOUND, "deploy the old commit again",
                            "the template of release %s is not kept here",
                            agent_text(turn, "target_release.id"));
    } else {
        return false;
    }
    return true;
}

static enum outcome planner_plan(struct turn *turn) {
    struct err err = {0};
    const char *failed = json_str_at(turn->state, "failed_plan");

    if (agent_is_kind(turn, "recover") && !json_bool_at(turn->state, "before.exists") &&
        json_at(turn->state, "waited") == NULL) {
        return planner_nothing_there(turn);
    }
    if (agent_is_kind(turn, "rollback") && planner_has_no_release(turn)) {
        return OUTCOME_FAIL;
    }
    if (gate_pace_planning(turn->gate, &err) != ERR_NONE || plan_compute(turn, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (failed != NULL && strcmp(failed, agent_text(turn, "plan_sha256")) == 0) {
        return OUTCOME_FAIL; /* the problem that is there says why */
    }
    (void)json_object_del(turn->state, "problem");
    (void)json_object_del(turn->state, "first_problem");
    turn_say(turn, EVENT_PLAN, json_deep_copy(json_object_get(turn->state, "plan")));
    return OUTCOME_OK;
}

static enum outcome planner_run(struct turn *turn, enum phase phase) {
    return phase == PHASE_PREFLIGHT ? planner_preflight(turn) : planner_plan(turn);
}

const struct agent agent_planner = {
    .card = {"planner", "Planning & Validation Agent", grants},
    .purpose = "builds, checks and computes the plan",
    .guardrail = "always simulates first; stops at the first failing check",
    .phases = phases,
    .run = planner_run,
};
