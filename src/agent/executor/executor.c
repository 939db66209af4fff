/* The Deployment Executor: packages what was built, previews, and after the yes executes exactly
 * what was approved; on failure it goes back within what was approved. */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/executor/cure.h"
#include "agent/executor/executor.h"
#include "agent/executor/rights.h"
#include "agent/executor/secrets.h"
#include "agent/executor/upload.h"
#include "agent/probe.h"

static const struct grant grants[] = {
    {"aws_deployer", "identity"},    {"aws_deployer", "stack_status"},
    {"aws_deployer", "events"},      {"aws_deployer", "outputs"},
    {"aws_deployer", "logs"},        {"aws_deployer", "probe"},
    {"aws_deployer", "parameters"},  {"aws_deployer", "secrets_ls"},
    {"aws_deployer", "inventory"},   {"aws_deployer", "permissions"},
    {"aws_deployer", "upload"},      {"aws_deployer", "preview"},
    {"aws_deployer", "discard"},     {"aws_deployer", "lock"},
    {"aws_deployer", "apply"},       {"aws_deployer", "publish"},
    {"aws_deployer", "pull"},        {"aws_deployer", "share"},
    {"aws_deployer", "join"},        {"aws_deployer", "waiting"},
    {"aws_deployer", "take"},        {"aws_deployer", "decide"},
    {"aws_deployer", "rollback"},    {"aws_deployer", "destroy"},
    {"aws_deployer", "bootstrap"},   {"aws_deployer", "put_secret"},
    {"aws_deployer", "secrets_rm"},  {"aws_deployer", "diagnose"},
    {"aws_deployer", "lock_status"}, {"aws_deployer", "unlock"},
    {"aws_deployer", "drift"},       {"aws_deployer", "wait"},
    {"aws_deployer", "recover"},     {"shell_runner", "run"},
    {"telemetry_bus", "emit"},       {0},
};

static const enum phase phases[] = {PHASE_PREFLIGHT, PHASE_DRY_RUN, PHASE_EXECUTE, PHASE_ROLLBACK,
                                    PHASE_NONE};

/* ---- PREFLIGHT: who, where, what is there ---- */

static json_t *executor_where(const struct turn *turn) {
    return agent_args("account", agent_text(turn, "identity.account"), "region",
                      agent_text(turn, "identity.region"), "arn", agent_text(turn, "identity.arn"),
                      "endpoint", agent_text(turn, "identity.endpoint"), "pinned",
                      json_str_at(turn->state, "fields.account") == NULL ? NULL : "pinned", NULL);
}

/* The run began by saying where it goes, unless it did not know yet. */
static void executor_show_first(struct turn *turn) {
    CLEANUP(json_decrefp) json_t *where = executor_where(turn);
    const json_t *text;
    size_t i;

    if (!json_equal(where, json_at(turn->state, "flags.where"))) {
        turn_say(turn, EVENT_WHERE, json_incref(where));
    }
    json_array_foreach(json_at(turn->state, "identity.warnings"), i, text) {
        agent_warn(turn, "credentials", "", "%s", json_string_value(text));
    }
}

/* One question for account, region and the right to run the repository's code here. In a run
 * without a person, flags equal to the file's say the first and --trust-repository the second. */
static enum outcome executor_confirm(struct turn *turn) {
    CLEANUP(freep) char *answer = NULL;
    CLEANUP(freep) char *remedy = NULL;
    CLEANUP(freep) char *text = NULL;
    json_t *fields = json_object_get(turn->state, "fields");
    bool runs_code = agent_is_kind(turn, "deploy");
    struct err err = {0};

    if ((!runs_code || json_bool_at(fields, "trust_code")) &&
        (json_bool_at(turn->state, "flags.is_confirmed") ||
         json_bool_at(turn->state, "confirmed"))) {
        return OUTCOME_OK;
    }
    remedy = mem_format("without a person, where that is meant: --account %s --region %s%s",
                        agent_text(turn, "identity.account"), agent_text(turn, "identity.region"),
                        runs_code ? " --trust-repository" : "");
    text =
        mem_format("Account %s, region %s, as %s.%s Go on?", agent_text(turn, "identity.account"),
                   agent_text(turn, "identity.region"), agent_text(turn, "identity.arn"),
                   runs_code ? " The build runs this repository's code on this machine, in a "
                               "sandbox."
                             : "");
    if (turn_ask(turn,
                 agent_args("field", "trust", "kind", "confirm", "question", text, "default", "yes",
                            "help",
                            runs_code ? "The account and region come from aws-copilot.yml or from "
                                        "your settings, and whoever wrote that file chose them. "
                                        "Package scripts, the import of the application and the "
                                        "build run on this machine, without your keys and without "
                                        "network. A yes is remembered for this repository."
                                      : "The account and region come from aws-copilot.yml or from "
                                        "your settings, and whoever wrote that file chose them. A "
                                        "yes is remembered for this repository.",
                            "remedy", remedy, NULL),
                 &answer, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (strcmp(answer, "yes") != 0) {
        (void)agent_problem(turn, ERR_CANCELLED, "", "you said no; nothing was changed");
        return OUTCOME_CANCEL;
    }
    json_put_bool(fields, "trust_code", true);
    json_put_bool(turn->state, "confirmed", true); /* flow remembers it for this machine */
    return OUTCOME_OK;
}

/* Sessions that act on a stack as it is, without a template. */
static bool executor_is_cure(const struct turn *turn) {
    return agent_is_kind(turn, "destroy") || agent_is_kind(turn, "recover");
}

static enum outcome executor_bootstrap_child(struct turn *turn) {
    CLEANUP(freep) char *answer = NULL;
    CLEANUP(freep)
    char *text = mem_format(
        "Account %s has no bootstrap stack in %s yet (artifact bucket and roles, once per "
        "account and region). Make it now?",
        agent_text(turn, "identity.account"), agent_text(turn, "identity.region"));
    struct err err = {0};

    if (json_bool_at(turn->state, "flags.stop_at_plan")) {
        return agent_problem(turn, ERR_MISSING, "aws-copilot bootstrap makes it",
                             "a plan needs the bootstrap stack of account %s in %s, and a dry run "
                             "makes nothing",
                             agent_text(turn, "identity.account"),
                             agent_text(turn, "identity.region"));
    }
    if (turn_ask(turn,
                 agent_args("field", "bootstrap", "kind", "confirm", "question", text, "default",
                            "yes", "help",
                            "It holds what is deployed, and the roles that bound what a deployment "
                            "may do. You see its change set and say yes to it before anything is "
                            "made; an empty bucket costs nothing.",
                            "remedy", "aws-copilot bootstrap makes it", NULL),
                 &answer, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (strcmp(answer, "yes") != 0) {
        (void)agent_problem(turn, ERR_CANCELLED, "aws-copilot bootstrap makes it",
                            "without the bootstrap stack nothing can be deployed");
        return OUTCOME_CANCEL;
    }
    json_put(turn->state, "child", agent_args("kind", "bootstrap", NULL));
    return OUTCOME_PARK;
}

static enum outcome executor_bootstrap(struct turn *turn) {
    CLEANUP(freep) char *stack = mem_format("bootstrap-%s", agent_text(turn, "fields.qualifier"));
    enum outcome outcome = OUTCOME_OK;

    if (agent_is_kind(turn, "bootstrap")) {
        return OUTCOME_OK; /* `before` is its own status */
    }
    if (agent_is_kind(turn, "secrets")) {
        return OUTCOME_OK; /* Parameter Store needs none */
    }
    if (!agent_keep(turn, "aws_deployer", "stack_status", agent_args("stack", stack, NULL),
                    "bootstrap_status", &outcome)) {
        return outcome;
    }
    if (json_str_at(turn->state, "bootstrap_status.outputs.Artifacts") == NULL) {
        if (executor_is_cure(turn)) {
            return OUTCOME_OK;
        }
        return executor_bootstrap_child(turn);
    }
    json_put(turn->state, "bootstrap",
             json_deep_copy(json_at(turn->state, "bootstrap_status.outputs")));
    return OUTCOME_OK;
}

/* ---- A stack that has outlived its ttl ---- */

static enum outcome executor_ask_outlived(struct turn *turn, char **answer) {
    CLEANUP(freep)
    char *text = mem_format("Stack %s has outlived its ttl of %s. Destroy it instead of deploying?",
                            agent_text(turn, "fields.stack"), agent_text(turn, "before.tags.ttl"));
    struct err err = {0};

    if (turn_ask(turn,
                 agent_args("field", "outlived", "kind", "confirm", "question", text, "default",
                            "no", "help",
                            "yes shows what would be deleted and asks once more; no deploys, and "
                            "the ttl begins anew with that change",
                            NULL),
                 answer, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    return OUTCOME_OK;
}

/* It is offered for destruction; that is a session of its own, with a yes of its own. */
static enum outcome executor_outlived(struct turn *turn) {
    CLEANUP(freep) char *answer = NULL;
    int64_t expires_ms = agent_expires_ms(json_at(turn->state, "before"));
    enum outcome outcome;

    if (json_bool_at(turn->state, "outlived") && !json_bool_at(turn->state, "before.exists")) {
        (void)agent_problem(turn, ERR_CANCELLED, "aws-copilot deploy makes it anew",
                            "stack %s was destroyed, as you chose; nothing was deployed",
                            agent_text(turn, "fields.stack"));
        return OUTCOME_CANCEL;
    }
    if (!agent_is_kind(turn, "deploy") || expires_ms == 0 || expires_ms > turn->now_ms) {
        return OUTCOME_OK;
    }
    if (!turn_has_person(turn)) {
        agent_warn(turn, "outlived", "aws-copilot destroy removes it",
                   "stack %s has outlived its ttl of %s", agent_text(turn, "fields.stack"),
                   agent_text(turn, "before.tags.ttl"));
        return OUTCOME_OK;
    }
    outcome = executor_ask_outlived(turn, &answer);
    if (outcome != OUTCOME_OK || strcmp(answer, "yes") != 0) {
        return outcome;
    }
    json_put_bool(turn->state, "outlived", true);
    json_put(turn->state, "child", agent_args("kind", "destroy", NULL));
    return OUTCOME_PARK;
}

/* A stack that cannot take a change set says so before anything is built. */
static enum outcome executor_look(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;
    const char *class;

    if (!agent_keep(turn, "aws_deployer", "stack_status",
                    agent_args("stack", agent_text(turn, "fields.stack"), NULL), "before",
                    &outcome)) {
        return outcome;
    }
    if (agent_is_kind(turn, "secrets")) {
        return OUTCOME_OK; /* they may be there before the stack, and outlive it */
    }
    class = agent_text(turn, "before.class");
    if (agent_is_kind(turn, "recover")) {
        return cure_preflight(turn);
    }
    if (agent_is_kind(turn, "destroy")) {
        if (!json_bool_at(turn->state, "before.exists")) {
            return agent_problem(turn, ERR_NOT_FOUND, "aws-copilot status shows what there is",
                                 "there is no stack %s in %s", agent_text(turn, "fields.stack"),
                                 agent_text(turn, "identity.region"));
        }
        return cure_preflight(turn);
    }
    if (json_bool_at(turn->state, "before.can_fix") &&
        json_bool_at(turn->state, "flags.no_rollback")) {
        json_put_bool(json_object_get(turn->state, "before"), "can_update", true);
    }
    if (strcmp(class, "absent") != 0 && strcmp(class, "review") != 0 &&
        !json_bool_at(turn->state, "before.can_update")) {
        return cure_offer(turn);
    }
    return OUTCOME_OK;
}

static bool executor_try(struct turn *turn, const char *operation, json_t *args, struct err *err) {
    CLEANUP(json_decrefp) json_t *out = NULL;

    return tool_call(turn, "aws_deployer", operation, args, &out, err) == ERR_NONE;
}

/* Calls what tidies up: a failure is no news beside the problem that is there. */
static bool executor_tidy(struct turn *turn, const char *operation, json_t *args) {
    struct err ignored = {0};

    return executor_try(turn, operation, args, &ignored);
}

/* Releases that other machines deployed can be gone back to from here as well. */
static void executor_pull(struct turn *turn) {
    if (agent_text(turn, "bootstrap.Artifacts")[0] != '\0') {
        (void)executor_tidy(turn, "pull",
                            agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"), "stack",
                                       agent_text(turn, "fields.stack"), "account",
                                       agent_text(turn, "identity.account"), "region",
                                       agent_text(turn, "identity.region"), NULL));
    }
}

static enum outcome executor_preflight(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    if (!agent_keep(turn, "aws_deployer", "identity", json_object(), "identity", &outcome)) {
        return outcome;
    }
    executor_show_first(turn);
    outcome = executor_confirm(turn);
    outcome = outcome != OUTCOME_OK ? outcome : executor_bootstrap(turn);
    outcome = outcome != OUTCOME_OK ? outcome : executor_look(turn);
    outcome = outcome != OUTCOME_OK ? outcome : executor_outlived(turn);
    if (outcome == OUTCOME_OK &&
        (agent_is_kind(turn, "deploy") || agent_is_kind(turn, "rollback"))) {
        executor_pull(turn);
    }
    if (outcome == OUTCOME_OK && agent_is_kind(turn, "deploy")) {
        return secrets_need(turn);
    }
    if (outcome == OUTCOME_OK && agent_is_kind(turn, "rollback")) {
        (void)secrets_read(turn, &outcome);
        return outcome;
    }
    return outcome == OUTCOME_OK && agent_is_kind(turn, "secrets") ? secrets_ask(turn) : outcome;
}

/* ---- The lock: DRY_RUN's writes, and EXECUTE to the end of ROLLBACK ---- */

static enum outcome executor_lock(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;
    json_t *args;

    if (agent_text(turn, "bootstrap.Artifacts")[0] == '\0') {
        return OUTCOME_OK; /* the bootstrap itself: there is no bucket yet */
    }
    args = agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"), "stack",
                      agent_text(turn, "fields.stack"), "action", "acquire", NULL);
    (void)agent_keep(turn, "aws_deployer", "lock", args, "lock", &outcome);
    return outcome;
}

void executor_publish(struct turn *turn) {
    struct err err = {0};

    if (!executor_try(turn, "publish",
                      agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"), "stack",
                                 agent_text(turn, "fields.stack"), NULL),
                      &err)) {
        agent_warn(turn, "unpublished",
                   err.remedy[0] != '\0' ? err.remedy : "nothing depends on it on this machine",
                   "the release is kept here, and could not be written into the artifact bucket: "
                   "%s",
                   err.text);
    }
}

static void executor_unlock(struct turn *turn) {
    json_t *args;

    if (json_object_get(turn->state, "lock") == NULL) {
        return;
    }
    args = agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"), "stack",
                      agent_text(turn, "fields.stack"), "action", "release", NULL);
    json_put_int(args, "epoch", json_int_or(turn->state, "lock.epoch", 0));
    if (executor_tidy(turn, "lock", args)) {
        (void)json_object_del(turn->state, "lock");
    }
}

/* ---- DRY_RUN: artefacts, change set ---- */

static json_t *executor_tags(const struct turn *turn) {
    const json_t *tags = json_at(turn->state, "plan.tags");

    return tags == NULL ? json_object() : json_deep_copy(tags);
}

/* What a release needs to be there still: its package and the page of its site. */
static json_t *executor_release_list(const struct turn *turn) {
    const char *key = json_str_at(turn->state, "parameters.BackendKey");
    const char *path = json_str_at(turn->state, "parameters.ReleasePath");
    const char *index = json_str_at(turn->state, "target_release.expected.index_sha256");
    json_t *list = json_array();

    if (key != NULL) {
        const json_t *row = json_row(json_at(turn->state, "plan.artefacts"), "kind", "backend");

        (void)json_array_append_new(
            list, agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"), "key", key,
                             "sha256", json_str_or(row, "sha256", ""), NULL));
    }
    if (path != NULL && index != NULL) {
        CLEANUP(freep) char *page = mem_format("%s/index.html", path + (path[0] == '/' ? 1 : 0));

        (void)json_array_append_new(list, agent_args("bucket",
                                                     agent_text(turn, "before.outputs.SiteBucket"),
                                                     "key", page, "sha256", index, NULL));
    }
    return list;
}

static json_t *executor_head_list(const struct turn *turn) {
    json_t *list;

    if (agent_is_kind(turn, "rollback")) {
        return executor_release_list(turn);
    }
    list = json_array();

    if (json_at(turn->state, "backend.sha256") != NULL) {
        (void)json_array_append_new(list,
                                    agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"),
                                               "key", agent_text(turn, "parameters.BackendKey"),
                                               "sha256", agent_text(turn, "backend.sha256"), NULL));
    }
    return list;
}

static json_t *executor_preview_args(const struct turn *turn) {
    bool is_bootstrap = agent_is_kind(turn, "bootstrap");
    CLEANUP(freep) char *description = mem_format("aws-copilot %s", turn->session);
    bool is_rollback = agent_is_kind(turn, "rollback");
    json_t *args = agent_args("kind",
                              is_bootstrap  ? "bootstrap"
                              : is_rollback ? "rollback"
                                            : "deploy",
                              "stack", agent_text(turn, "fields.stack"), "bucket",
                              agent_text(turn, "bootstrap.Artifacts"), "template_sha256",
                              agent_text(turn, "plan.template.sha256"), "role_arn",
                              agent_text(turn, "plan.role_arn"), "description", description, NULL);

    if (!is_rollback) {
        json_put(args, "template", json_deep_copy(json_object_get(turn->state, "template")));
    }
    if (json_bool_at(turn->state, "flags.repair")) {
        json_put_bool(args, "revert_drift", true);
    }
    json_put(args, "parameters", json_deep_copy(json_object_get(turn->state, "parameters")));
    json_put(args, "tags", executor_tags(turn));
    json_put(args, "capabilities", json_pack("[s]", "CAPABILITY_IAM"));
    json_put(args, "artefacts", executor_head_list(turn));
    if (json_bool_at(turn->state, "flags.no_rollback")) {
        json_put_bool(args, "keep", true);
    }
    if (json_bool_at(turn->state, "before.can_update")) {
        json_put_str(args, "planned_for", json_str_at(turn->state, "before.stack_id"));
    }
    if (json_at(turn->state, "flags.usage") != NULL) {
        json_put(args, "usage", json_deep_copy(json_at(turn->state, "flags.usage")));
    }
    return args;
}

static enum outcome executor_dry_deploy(struct turn *turn) {
    enum outcome outcome = rights_check(turn);

    outcome = outcome != OUTCOME_OK ? outcome : executor_lock(turn);
    if (agent_is_kind(turn, "rollback")) {
        secrets_tell_not_undone(turn, "target_release");
    } else if (outcome == OUTCOME_OK) {
        outcome = upload_backend(turn);
    }
    if (outcome == OUTCOME_OK) {
        (void)agent_keep(turn, "aws_deployer", "preview", executor_preview_args(turn), "preview",
                         &outcome);
    }
    executor_unlock(turn);
    return outcome;
}

/* Nothing would change; whether what runs answers is then worth knowing, and no more than that. */
static enum outcome executor_look_at_running(struct turn *turn) {
    json_t *expected = probe_expected(turn);
    enum outcome outcome = OUTCOME_OK;

    json_put(turn->state, "expected", expected);
    if (!agent_keep(
            turn, "aws_deployer", "probe",
            probe_args(agent_text(turn, "before.outputs.Url"), expected, probe_wait_ms(turn)),
            "probe", &outcome)) {
        (void)json_object_del(turn->state, "problem");
        return outcome == OUTCOME_PARK ? OUTCOME_PARK : OUTCOME_DONE;
    }
    turn_say(turn, EVENT_PROBE, json_deep_copy(json_object_get(turn->state, "probe")));
    if (!json_bool_at(turn->state, "probe.passed")) {
        agent_warn(turn, "unhealthy", "aws-copilot logs shows what the function said",
                   "nothing would change, but what runs does not answer: %s",
                   agent_text(turn, "probe.sentence"));
    }
    return OUTCOME_DONE;
}

/* An event's "type" says what kind of event it is, so the set's own type has another name there. */
static void executor_show_set(struct turn *turn) {
    json_t *shown = json_deep_copy(json_object_get(turn->state, "preview"));

    (void)json_object_del(shown, "before"); /* for the review */
    json_put_str(shown, "kind", agent_text(turn, "kind"));
    json_put_str(shown, "set_type", agent_text(turn, "preview.type"));
    turn_say(turn, EVENT_CHANGESET, shown);
}

static enum outcome executor_preview(struct turn *turn) {
    if (agent_is_kind(turn, "secrets")) {
        return secrets_dry_run(turn);
    }
    return executor_is_cure(turn) ? cure_dry_run(turn) : executor_dry_deploy(turn);
}

static enum outcome executor_dry_run(struct turn *turn) {
    enum outcome outcome = executor_preview(turn);

    if (outcome == OUTCOME_FAIL) {
        json_put_str(turn->state, "failed_plan", agent_text(turn, "plan_sha256"));
    }
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    executor_show_set(turn);
    if (!json_bool_at(turn->state, "preview.no_change")) {
        return OUTCOME_OK;
    }
    return agent_is_kind(turn, "deploy") ? executor_look_at_running(turn) : OUTCOME_DONE;
}

/* ---- EXECUTE ---- */

/* The lock that the effect checks itself once more; the bootstrap has none. */
static void executor_add_lock(const struct turn *turn, json_t *args) {
    json_t *lock;

    if (json_object_get(turn->state, "lock") == NULL) {
        return;
    }
    lock = agent_args("bucket", agent_text(turn, "bootstrap.Artifacts"), NULL);
    json_put_int(lock, "epoch", json_int_or(turn->state, "lock.epoch", 0));
    json_put(args, "lock", lock);
}

static json_t *executor_apply_args(const struct turn *turn) {
    json_t *args = agent_args("approval", agent_text(turn, "approval.digest"), "stack",
                              agent_text(turn, "fields.stack"), "stack_id",
                              agent_text(turn, "preview.stack_id"), "account",
                              agent_text(turn, "identity.account"), NULL);

    if (executor_is_cure(turn)) {
        cure_add_args(turn, args);
    } else {
        json_put_str(args, "arn", agent_text(turn, "preview.arn"));
        json_put_str(args, "template_sha256", agent_text(turn, "plan.template.sha256"));
        json_put_str(args, "parameters_sha256", agent_text(turn, "preview.parameters_sha256"));
        json_put_str(args, "set_sha256", agent_text(turn, "preview.sha256"));
        json_put(args, "artefacts", executor_head_list(turn));
    }
    if (agent_is_kind(turn, "rollback")) {
        json_put_str(args, "function", json_str_at(turn->state, "before.outputs.BackendFunction"));
        json_put_str(args, "alias_version", json_str_at(turn->state, "target_release.version"));
        json_put_str(args, "code_sha256", json_str_at(turn->state, "parameters.BackendSha256B64"));
    }
    executor_add_lock(turn, args);
    return args;
}

static enum outcome executor_apply_failed(struct turn *turn) {
    const char *id = json_str_at(turn->state, "applied.root_cause.logical_id");
    int64_t cancelled = json_int_or(turn->state, "applied.cancelled", 0);
    const char *remedy =
        executor_is_cure(turn)
            ? "put that right; aws-copilot recover then tries again, and may leave "
              "out what stands in its way"
            : "correct it and deploy again";

    if (id == NULL) {
        return agent_problem(turn, ERR_DEPLOY, "aws-copilot status shows the stack",
                             "the stack ended in %s", agent_text(turn, "applied.status"));
    }
    return agent_problem(turn, ERR_DEPLOY, remedy, "%s (%s): %s%s", id,
                         agent_text(turn, "applied.root_cause.type"),
                         agent_text(turn, "applied.root_cause.reason"),
                         cancelled > 0 ? " (the others were cancelled)" : "");
}

static const char *executor_apply_operation(const struct turn *turn) {
    static const char *const kinds[] = {"destroy", "recover", "bootstrap"};

    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        if (agent_is_kind(turn, kinds[i])) {
            return kinds[i];
        }
    }
    return "apply";
}

/* AWS has not let this caller execute: nothing has begun, so there is nothing to go back from. */
static bool executor_is_refused(struct turn *turn, enum outcome *outcome) {
    CLEANUP(json_decrefp) json_t *applied = json_incref(json_object_get(turn->state, "applied"));
    const char *refused = json_str_at(applied, "refused");

    if (refused == NULL) {
        return false;
    }
    (void)json_object_del(turn->state, "applied");
    (void)json_object_del(turn->state, "executing");
    *outcome = agent_problem(turn, ERR_DENIED, json_str_or(applied, "remedy", ""), "%s", refused);
    return true;
}

/* "executing" stays in the state unless the gate or the operation say that nothing was sent. */
static bool executor_apply(struct turn *turn, enum outcome *outcome) {
    json_put_bool(turn->state, "executing", true);
    if (agent_keep(turn, "aws_deployer", executor_apply_operation(turn), executor_apply_args(turn),
                   "applied", outcome)) {
        return !executor_is_refused(turn, outcome);
    }
    if (*outcome == OUTCOME_STALE || *outcome == OUTCOME_VETO) {
        (void)json_object_del(turn->state, "executing");
    }
    if (strcmp(agent_text(turn, "problem.code"), err_wire(ERR_STALE)) == 0) {
        json_put_bool(turn->state, "set_is_stale", true);
        agent_warn(turn, "stale", "read what is asked now; the yes was for what was shown before",
                   "%s; nothing was sent, and it is planned anew",
                   agent_text(turn, "problem.text"));
    }
    return false;
}

static enum outcome executor_execute(struct turn *turn) {
    /* A creation makes the bucket, and so may an update of one that failed half-way. */
    bool has_bucket = strcmp(agent_text(turn, "preview.type"), "UPDATE") == 0 &&
                      json_str_at(turn->state, "before.outputs.SiteBucket") != NULL;
    enum outcome outcome = executor_lock(turn);

    turn_say(turn, EVENT_WHERE, executor_where(turn)); /* again just before execution */
    if (outcome == OUTCOME_OK && agent_is_kind(turn, "secrets")) {
        return secrets_execute(turn);
    }
    if (outcome == OUTCOME_OK && has_bucket && agent_is_kind(turn, "deploy")) {
        outcome = upload_site(turn, agent_text(turn, "before.outputs.SiteBucket"));
    }
    if (outcome != OUTCOME_OK || !executor_apply(turn, &outcome)) {
        return outcome;
    }
    turn_say(turn, EVENT_OUTPUTS, agent_args("status", agent_text(turn, "applied.status"), NULL));
    if (json_bool_at(turn->state, "applied.unwanted") && !executor_is_cure(turn)) {
        (void)agent_problem(turn, ERR_CANCELLED, "", "the run was cancelled; the stack is in %s",
                            agent_text(turn, "applied.status"));
        return OUTCOME_CANCEL;
    }
    if (!json_bool_at(turn->state, "applied.ok")) {
        return executor_apply_failed(turn);
    }
    if (executor_is_cure(turn)) {
        cure_add_left(turn);
        return OUTCOME_OK;
    }
    return has_bucket || agent_is_kind(turn, "rollback")
               ? OUTCOME_OK
               : upload_site(turn, agent_text(turn, "applied.outputs.SiteBucket"));
}

/* ---- ROLLBACK: what on_failure allows, and nothing wider ---- */

static enum outcome executor_leave_as_is(struct turn *turn) {
    const char *status = agent_text(turn, "applied.status");

    if (strcmp(agent_text(turn, "plan.on_failure"), "keep") == 0) {
        agent_warn(
            turn, "kept",
            "look at it; aws-copilot recover rolls it back, aws-copilot deploy --no-rollback "
            "goes on with it, aws-copilot destroy removes it",
            "stack %s is left as it is (%s), as --no-rollback says",
            agent_text(turn, "fields.stack"), status[0] == '\0' ? "unknown" : status);
        return OUTCOME_OK;
    }
    if (!agent_is_kind(turn, "deploy")) {
        return OUTCOME_FAIL; /* there is no way back: a person takes over */
    }
    agent_warn(turn, "left", "aws-copilot destroy removes it; then deploy again",
               "this was the first deployment, so there is nothing to go back to; stack %s is left "
               "as it is (%s)",
               agent_text(turn, "fields.stack"), status[0] == '\0' ? "unknown" : status);
    return OUTCOME_OK;
}

/* CloudFormation went back by itself when the stack failed. */
static bool executor_is_back_already(struct turn *turn) {
    if (strcmp(agent_text(turn, "applied.status"), "UPDATE_ROLLBACK_COMPLETE") != 0) {
        return false;
    }
    json_put(turn->state, "restored",
             json_pack("{s:b, s:s, s:s}", "ok", 1, "by", "cloudformation", "status",
                       agent_text(turn, "applied.status")));
    agent_say(turn, "CloudFormation has put the previous version back (%s)",
              agent_text(turn, "applied.status"));
    return true;
}

static json_t *executor_rollback_args(const struct turn *turn) {
    const json_t *parameters = json_at(turn->state, "last_release.parameters");
    json_t *args = agent_args(
        "release", agent_text(turn, "last_release.id"), "stack", agent_text(turn, "fields.stack"),
        "stack_id", agent_text(turn, "preview.stack_id"), "function",
        agent_text(turn, "before.outputs.BackendFunction"), "alias_version",
        agent_text(turn, "last_release.version"), "template_sha256",
        agent_text(turn, "last_release.template_sha256"), "role_arn",
        agent_text(turn, "plan.role_arn"), "bucket", agent_text(turn, "bootstrap.Artifacts"), NULL);

    json_put(args, "parameters", parameters == NULL ? json_object() : json_deep_copy(parameters));
    json_put(args, "tags", executor_tags(turn));
    executor_add_lock(turn, args);
    return args;
}

static enum outcome executor_rollback(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    if (agent_is_kind(turn, "secrets")) {
        return OUTCOME_DONE; /* the problem says what was stored; an old value is not known here */
    }
    if (!json_bool_at(turn->state, "executing")) {
        agent_say(turn, "nothing was executed, so there is nothing to go back from");
        return OUTCOME_OK;
    }
    secrets_tell_not_undone(turn, "last_release");
    if (executor_is_back_already(turn)) {
        return OUTCOME_OK;
    }
    if (strncmp(agent_text(turn, "plan.on_failure"), "restore:", 8) != 0) {
        return executor_leave_as_is(turn);
    }
    agent_say(turn, "going back to release %s, as approved", agent_text(turn, "last_release.id"));
    if (!agent_keep(turn, "aws_deployer", "rollback", executor_rollback_args(turn), "restored",
                    &outcome)) {
        return outcome == OUTCOME_PARK ? outcome : OUTCOME_FAIL;
    }
    return json_bool_at(turn->state, "restored.ok") ? OUTCOME_OK : OUTCOME_FAIL;
}

void executor_leave(struct turn *turn, bool is_unexecuted) {
    if (is_unexecuted && agent_text(turn, "preview.arn")[0] != '\0') {
        (void)executor_tidy(turn, "discard",
                            agent_args("arn", agent_text(turn, "preview.arn"), "stack_id",
                                       agent_text(turn, "preview.stack_id"), "stack",
                                       agent_text(turn, "fields.stack"), NULL));
        (void)json_object_del(turn->state, "preview");
    }
    executor_unlock(turn);
}

static enum outcome (*const work[PHASE_N])(struct turn *turn) = {
    [PHASE_PREFLIGHT] = executor_preflight,
    [PHASE_DRY_RUN] = executor_dry_run,
    [PHASE_EXECUTE] = executor_execute,
    [PHASE_ROLLBACK] = executor_rollback,
};

static enum outcome executor_run(struct turn *turn, enum phase phase) {
    return work[phase] == NULL ? OUTCOME_OK : work[phase](turn);
}

const struct agent agent_executor = {
    .card = {"executor", "Deployment Executor", grants},
    .purpose = "uploads, previews, executes what was approved, goes back on failure",
    .guardrail = "needs a reviewed plan and a person's yes; records change set ids",
    .phases = phases,
    .run = executor_run,
};
