/* The Compliance & Safety Officer: reviews the plan, then the change set. It can stop a run and
 * nothing lifts that but a person; it changes nothing itself. */
#include <string.h>

#include "agent/advise.h"
#include "agent/compliance/concern.h"
#include "agent/secrets.h"
#include "guard/price/cost.h"
#include "repo/project.h"
#include "tool/secret_op.h"
#include "tool/template_op.h"

static const struct grant grants[] = {
    {"openai_llm", "complete"}, {"openai_llm", "moderate"}, {"telemetry_bus", "emit"}, {0}};

static const enum phase phases[] = {PHASE_REVIEW, PHASE_REVIEW_SET, PHASE_NONE};

static const char *const foreign_none[] = {NULL};

static void compliance_show(struct turn *turn, const json_t *findings) {
    const json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding) {
        turn_say(turn, EVENT_FINDING, json_deep_copy(finding));
    }
}

static const json_t *compliance_worst(const json_t *findings) {
    const json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding) {
        if (strcmp(json_str_or(finding, "verdict", "deny"), "allow") != 0) {
            return finding;
        }
    }
    return NULL;
}

/* A finding that asks is answered by the person's yes to the whole change, which shows it; one that
 * denies or escalates stops here. */
static enum outcome compliance_rule(struct turn *turn, const char *subject, const char *digest,
                                    enum verdict verdict, json_t *findings) {
    const json_t *worst = compliance_worst(findings);
    bool is_stopped = verdict == VERDICT_DENY || verdict == VERDICT_ESCALATE;
    struct err err = {0};

    compliance_show(turn, findings);
    if (is_stopped) {
        (void)agent_problem(turn, ERR_POLICY, json_str_or(worst, "remedy", ""), "%s: %s",
                            json_str_or(worst, "where", subject),
                            json_str_or(worst, "text", "the policy forbids it"));
    }
    if (turn_verdict(turn, subject, digest, is_stopped ? verdict : VERDICT_ALLOW,
                     is_stopped ? json_str_or(worst, "code", "denied") : "reviewed",
                     json_incref(findings), &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    return is_stopped ? OUTCOME_VETO : OUTCOME_OK;
}

/* The template that a release keeps, if it is the one that its digest names. */
static json_t *compliance_kept_template(const struct turn *turn) {
    json_t *kept = json_at(turn->state, "target_release.template");
    bool is_named = kept != NULL && strcmp(sha256_hex(json_hash(kept)).text,
                                           agent_text(turn, "plan.template.sha256")) == 0;

    return is_named ? json_incref(kept) : NULL; /* a review without a template refuses */
}

/* The template that the plan names, made from the same inputs. */
static json_t *compliance_template(const struct turn *turn) {
    CLEANUP(template_text_done) struct template_text template = {0};
    struct err unread = {0};

    if (agent_is_kind(turn, "rollback")) {
        return compliance_kept_template(turn);
    }
    if (template_op_emit(json_object_get(turn->state, "template"), &template, &unread) !=
        ERR_NONE) {
        return NULL; /* a review without a template refuses */
    }
    return json_incref(template.json);
}

/* The change set as AWS describes it, without what the preview adds for others. */
static json_t *compliance_set(const struct turn *turn) {
    static const char *const members[] = {"arn",  "name",   "stack_id", "stack",
                                          "type", "status", "changes",  "parameters"};
    json_t *set = json_object();

    for (size_t i = 0; i < ARRAY_N(members); i++) {
        json_t *value = json_object_get(json_object_get(turn->state, "preview"), members[i]);

        if (value != NULL) {
            json_put(set, members[i], json_incref(value));
        }
    }
    return set;
}

/* A destroy has no template and removes data stores on purpose: what it needs is that the
 * environment may be destroyed at all. */
static enum verdict compliance_destroy(const struct turn *turn, json_t *findings) {
    CLEANUP(freep)
    char *remedy = mem_format(
        "an administrator of the account: aws cloudformation update-termination-protection "
        "--no-enable-termination-protection --stack-name %s; aws cloudformation delete-stack "
        "--stack-name %s",
        agent_text(turn, "fields.stack"), agent_text(turn, "fields.stack"));

    if (strcmp(agent_text(turn, "fields.env"), "prod") != 0) {
        return VERDICT_ALLOW;
    }
    (void)json_array_append_new(
        findings, agent_args("code", "destroy_prod", "verdict", "deny", "where", "fields.env",
                             "text", "the environment prod may not be destroyed by aws-copilot",
                             "remedy", remedy, NULL));
    return VERDICT_DENY;
}

/* Recovering goes back or tidies up; where it deletes, a production stack has to be empty. */
static enum verdict compliance_recover(const struct turn *turn, json_t *findings) {
    bool is_deletion = strcmp(agent_text(turn, "cure.action"), "delete") == 0;

    return is_deletion && !json_bool_at(turn->state, "diagnosis.is_empty")
               ? compliance_destroy(turn, findings)
               : VERDICT_ALLOW;
}

/* Names only, each below the path of this application and environment. */
static enum verdict compliance_secrets(const struct turn *turn, enum phase phase,
                                       json_t *findings) {
    CLEANUP(freep) char *path = secrets_path(turn);
    CLEANUP(freep) char *below = mem_format("%s/", path);
    const json_t *rows =
        json_at(turn->state, phase == PHASE_REVIEW ? "plan.secrets" : "preview.rows");
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        const char *whole =
            json_is_string(row) ? json_string_value(row) : json_str_or(row, "name", "");
        const char *variable = secret_op_variable(whole);
        bool is_below = json_is_string(row) || (strncmp(whole, below, strlen(below)) == 0 &&
                                                variable == whole + strlen(below));
        struct err err = {0};

        if (!is_below || project_check_secret(variable, &err) != ERR_NONE) {
            (void)json_array_append_new(findings,
                                        agent_args("code", "foreign_secret", "verdict", "deny",
                                                   "where", "secrets", "text",
                                                   "a name that is no secret of this application",
                                                   "remedy", err.remedy, NULL));
        }
    }
    return json_array_size(findings) > 0 || json_array_size(rows) == 0 ? VERDICT_DENY
                                                                       : VERDICT_ALLOW;
}

/* The ceiling is the application's: what the account needs once is not measured by it. */
static enum verdict compliance_cost(const struct turn *turn, json_t *findings) {
    int64_t ceiling_cents = json_int_or(turn->state, "fields.cost_ceiling_cents", -1);

    return cost_judge(json_at(turn->state, "plan.cost"),
                      agent_is_kind(turn, "deploy") ? ceiling_cents : -1, findings);
}

/* What is stopped needs no second opinion, and the program's own set-up none. */
static enum outcome compliance_concerns(struct turn *turn, enum verdict verdict,
                                        const json_t *template, json_t *findings) {
    bool is_stopped = verdict == VERDICT_DENY || verdict == VERDICT_ESCALATE;
    bool is_ours = agent_is_kind(turn, "bootstrap");

    return has_model(turn) && !is_stopped && !is_ours ? concern_add(turn, template, findings)
                                                      : OUTCOME_OK;
}

static enum outcome compliance_run(struct turn *turn, enum phase phase) {
    CLEANUP(json_decrefp) json_t *template = compliance_template(turn);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    struct review_ctx ctx = {
        .account = agent_text(turn, "identity.account"),
        .region = agent_text(turn, "identity.region"),
        .redactor = turn_redactor(turn),
        .is_local_aws = strcmp(agent_text(turn, "identity.endpoint"), "AWS") != 0,
        .foreign_ok = foreign_none,
        .template_before = json_at(turn->state, "preview.before"),
        .parameters = json_at(turn->state, "plan.parameters"),
    };
    enum outcome outcome = OUTCOME_OK;
    enum verdict verdict;

    if (agent_is_kind(turn, "destroy")) {
        verdict = compliance_destroy(turn, findings);
    } else if (agent_is_kind(turn, "recover")) {
        verdict = compliance_recover(turn, findings);
    } else if (agent_is_kind(turn, "secrets")) {
        verdict = compliance_secrets(turn, phase, findings);
    } else if (phase == PHASE_REVIEW) {
        verdict = verdict_strictest(
            policy_review_plan(json_object_get(turn->state, "plan"), template, &ctx, findings),
            compliance_cost(turn, findings));
    } else {
        CLEANUP(json_decrefp) json_t *set = compliance_set(turn);

        verdict = policy_review_set(set, template, &ctx, findings);
        outcome = compliance_concerns(turn, verdict, template, findings);
    }
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (phase == PHASE_REVIEW) {
        return compliance_rule(turn, "plan", agent_text(turn, "plan_sha256"), verdict, findings);
    }
    return compliance_rule(turn, "set", agent_text(turn, "preview.sha256"), verdict, findings);
}

const struct agent agent_compliance = {
    .card = {"compliance", "Compliance & Safety Officer", grants},
    .purpose = "reviews the plan and the change set",
    .guardrail = "nothing but a person lifts its veto; it has no hands",
    .phases = phases,
    .run = compliance_run,
};
