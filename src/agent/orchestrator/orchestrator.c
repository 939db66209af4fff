/* The Conversation Orchestrator: takes the request, explains what failed, asks for the yes, and
 * sums up. It confirms every effect with the person and touches nothing itself. */
#include <stdio.h>
#include <string.h>

#include "agent/explain.h"
#include "agent/look.h"
#include "agent/moderate.h"
#include "agent/orchestrator/ending.h"
#include "agent/orchestrator/propose.h"
#include "agent/orchestrator/words.h"
#include "guard/approval.h"

static const struct grant grants[] = {
    {"repo_reader", "read_file"}, {"repo_reader", "list_dir"},
    {"repo_reader", "survey"},    {"repo_reader", "diff"},
    {"openai_llm", "complete"},   {"openai_llm", "moderate"},
    {"telemetry_bus", "emit"},    {0},
};

static const enum phase phases[] = {PHASE_INTAKE,  PHASE_ASK,       PHASE_WAIT,
                                    PHASE_CLOSURE, PHASE_ESCALATED, PHASE_NONE};

/* ---- ASK: a problem came back; is it fixed? ---- */

/* What belongs to an attempt and not to the session. */
static const char *const attempt[] = {"problem",  "preview",   "approval",       "applied",
                                      "probe",    "restored",  "restored_probe", "failed_plan",
                                      "expected", "executing", "concerns",       "report"};

/* Whether the problem is only that something is to be answered, which is asked next. */
static bool orchestrator_is_question(const struct turn *turn) {
    const json_t *row;
    size_t i;

    if (strcmp(agent_text(turn, "problem.code"), err_wire(ERR_MISSING)) != 0) {
        return false;
    }
    json_array_foreach(json_at(turn->state, "survey.ask"), i, row) {
        if (json_object_get(json_object_get(turn->state, "answers"),
                            json_str_or(row, "field", "")) == NULL) {
            return true;
        }
    }
    return false;
}

/* `nobody` is the outcome where the person is missing or has had enough. */
static enum outcome orchestrator_ask_retry(struct turn *turn, enum outcome nobody) {
    CLEANUP(freep) char *answer = NULL;
    json_t *words = NULL;
    struct err err = {0};
    json_t *question;
    enum outcome outcome;

    if (json_object_get(turn->state, "problem") == NULL) {
        return OUTCOME_OK;
    }
    if (!turn_has_person(turn)) {
        return nobody;
    }
    if (orchestrator_is_question(turn)) {
        (void)json_object_del(turn->state, "problem");
        return OUTCOME_OK;
    }
    outcome = explain_problem(turn, &words);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    question = agent_args("field", "retry", "kind", "confirm", "question", "Fixed? Try again?",
                          "default", "no", "problem", agent_text(turn, "problem.text"), "remedy",
                          agent_text(turn, "problem.remedy"), NULL);
    if (words != NULL) {
        json_put(question, "words", words);
    }
    if (turn_ask(turn, question, &answer, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (strcmp(answer, "yes") != 0) {
        return nobody;
    }
    for (size_t i = 0; i < ARRAY_N(attempt); i++) {
        (void)json_object_del(turn->state, attempt[i]);
    }
    return OUTCOME_OK;
}

/* ---- INTAKE ---- */

/* What is stopped leaves its code behind and not its text. */
static enum outcome orchestrator_stop(struct turn *turn, struct moderation found) {
    (void)json_object_del(json_object_get(turn->state, "flags"), "text");
    json_put_str(turn->state, "moderation", found.verdict == MODERATION_END ? "ended" : "declined");
    (void)agent_problem(turn, ERR_POLICY, "", "%s (%s)", moderation_text(found), found.code);
    return OUTCOME_VETO;
}

/* Whether what the person said may be acted on: state "moderation" is "passed", "unknown" (the
 * filter did not answer; it is asked again before anything is changed), "declined" or "ended". */
static enum outcome orchestrator_moderate(struct turn *turn) {
    const char *text = agent_text(turn, "flags.text");
    struct moderation found = {0};
    CLEANUP(freep) char *unknown = NULL;
    struct err err = {0};

    if (text[0] == '\0' || strcmp(agent_text(turn, "moderation"), "passed") == 0) {
        return OUTCOME_OK;
    }
    if (moderate(turn, text, &found, &unknown, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (found.verdict != MODERATION_PASS) {
        return orchestrator_stop(turn, found);
    }
    json_put_str(turn->state, "moderation", unknown == NULL ? "passed" : "unknown");
    json_put_str(turn->state, "moderation_why", unknown);
    return OUTCOME_OK;
}

static enum outcome orchestrator_intake(struct turn *turn) {
    enum outcome outcome = orchestrator_moderate(turn);

    return outcome == OUTCOME_OK ? orchestrator_ask_retry(turn, OUTCOME_VETO) : outcome;
}

/* ---- WAIT: the yes ---- */

/* Whether a change widens rights or could lose data: what `approve: broadening` shows a person. */
static bool orchestrator_is_broadening(const struct turn *turn) {
    const json_t *change;
    size_t i;

    if (agent_is_kind(turn, "secrets")) {
        return strcmp(agent_text(turn, "flags.action"), "set") != 0;
    }
    if ((!agent_is_kind(turn, "deploy") && !agent_is_kind(turn, "rollback")) ||
        strcmp(agent_text(turn, "preview.type"), "UPDATE") != 0) {
        return true;
    }
    json_array_foreach(json_at(turn->state, "preview.changes"), i, change) {
        const char *type = json_str_or(change, "type", "");
        const char *replacement = json_str_or(change, "replacement", "");

        if (strcmp(json_str_or(change, "action", ""), "Modify") != 0 ||
            strcmp(replacement, "True") == 0 || strncmp(type, "AWS::IAM::", 10) == 0 ||
            strcmp(type, "AWS::S3::BucketPolicy") == 0 ||
            strcmp(type, "AWS::Lambda::Permission") == 0) {
            /* A new version of the function is how every code change looks. */
            if (strcmp(type, "AWS::Lambda::Version") != 0) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a person said whose stack it is: on the command line, or by confirming the project file
 * on this machine. Where account and region were given instead, as in CI, the file's own names of
 * application and environment are the repository's word. */
static bool orchestrator_is_target_said(const struct turn *turn) {
    return json_bool_at(turn->state, "settings.target_known") ||
           json_bool_at(turn->state, "confirmed") ||
           (json_int_or(turn->state, "origins.app", ORIGIN_MODEL) == ORIGIN_USER &&
            json_int_or(turn->state, "origins.env", ORIGIN_MODEL) == ORIGIN_USER);
}

static bool orchestrator_is_machine_mode(const struct turn *turn) {
    const char *mode = agent_text(turn, "fields.approve");

    if (!json_bool_at(turn->state, "flags.yes") ||
        json_bool_at(turn->state, "project.second_approver") ||
        (!agent_is_kind(turn, "deploy") && !agent_is_kind(turn, "rollback") &&
         !agent_is_kind(turn, "secrets"))) {
        return false;
    }
    if (json_array_size(json_at(turn->state, "concerns")) > 0) {
        return false; /* the reviewer's reading asks for a person */
    }
    return strcmp(mode, "never") == 0 ||
           (strcmp(mode, "broadening") == 0 && !orchestrator_is_broadening(turn));
}

static bool orchestrator_may_machine_approve(const struct turn *turn) {
    return orchestrator_is_machine_mode(turn) && orchestrator_is_target_said(turn);
}

static void orchestrator_tell_unsaid(struct turn *turn) {
    CLEANUP(freep)
    char *remedy = mem_format("give --app %s and --env %s, or answer at a terminal once",
                              agent_text(turn, "fields.app"), agent_text(turn, "fields.env"));

    if (orchestrator_is_machine_mode(turn) && !orchestrator_is_target_said(turn)) {
        agent_warn(turn, "target_unsaid", remedy,
                   "only the repository's file says that it is stack %s, so --yes is no yes to it",
                   agent_text(turn, "fields.stack"));
    }
}

/* What has to be typed instead of a yes, for what cannot be had back; NULL: a yes will do. */
static const char *orchestrator_confirm(const struct turn *turn) {
    return agent_is_kind(turn, "destroy") ? agent_text(turn, "fields.stack") : NULL;
}

static enum err_code orchestrator_ask_yes(struct turn *turn, const char *bytes, const char *digest,
                                          char **out, struct err *err) {
    json_t *question =
        agent_args("field", "approval", "kind", "approval", "question", "Execute exactly this?",
                   "default", "no", "bytes", bytes, "digest", digest, NULL);

    json_put_int(question, "expires_ms", turn->now_ms + limit(LIMIT_APPROVAL_MS));
    json_put(question, "choices", json_pack("[s, s, s]", "yes", "no", "why"));
    json_put_str(question, "confirm", orchestrator_confirm(turn));
    return turn_ask(turn, question, out, err);
}

/* "yes", "no", the name that is to be typed, or "yes DIGEST" from another process, which has asked
 * for the name itself. */
static bool orchestrator_is_yes(const char *answer, const char *digest, const char *confirm,
                                bool *is_other) {
    struct str rest = str_from(answer);
    struct str word = {0};

    *is_other = false;
    if (!str_next(&rest, ' ', &word)) {
        return false;
    }
    if (rest.len > 0 && !str_eq(rest, str_from(digest))) {
        *is_other = true;
    }
    if (confirm != NULL && rest.len == 0) {
        return str_eq(word, str_from(confirm));
    }
    return str_eq(word, STR("yes"));
}

/* Where two people have to agree, a yes of whoever asked is none. An actor is "ARN,channel". */
static bool orchestrator_is_own_yes(struct turn *turn, const char *actor) {
    const char *arn = agent_text(turn, "identity.arn");
    const char *channel = strrchr(actor, ',');
    size_t n = channel == NULL ? strlen(actor) : (size_t)(channel - actor);

    if (!json_bool_at(turn->state, "project.second_approver") || strlen(arn) != n ||
        strncmp(arn, actor, n) != 0) {
        return false;
    }
    agent_warn(turn, "second_approver",
               "somebody else runs aws-copilot approve with credentials of their own",
               "this environment asks for a second approver, so a yes of %s does not count; asking "
               "again",
               arn);
    return true;
}

static enum outcome orchestrator_decide(struct turn *turn, const char *bytes, const char *digest) {
    CLEANUP(freep) char *actor = NULL;
    struct err err = {0};
    bool is_other = true;
    bool is_yes = false;

    if (orchestrator_may_machine_approve(turn)) {
        actor = mem_format("%s,machine", agent_text(turn, "identity.arn"));
        is_yes = true;
        is_other = false;
    }
    while (is_other) {
        CLEANUP(freep) char *answer = NULL;

        if (orchestrator_ask_yes(turn, bytes, digest, &answer, &err) != ERR_NONE) {
            return agent_fail(turn, &err);
        }
        is_yes = orchestrator_is_yes(answer, digest, orchestrator_confirm(turn), &is_other);
        if (is_other) {
            agent_warn(turn, "other_digest", "", "the answer was for another plan; asking again");
        }
        freep(&actor);
        actor = turn_answered_by(turn) == NULL
                    ? mem_format("%s,terminal", agent_text(turn, "identity.arn"))
                    : mem_strdup(turn_answered_by(turn));
        is_other = is_other || (is_yes && orchestrator_is_own_yes(turn, actor));
    }
    if (turn_approve(turn, str_from(bytes), is_yes, actor, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (!is_yes) {
        return agent_problem(turn, ERR_REJECTED, "", "%s said no", actor);
    }
    (void)json_object_del(turn->state, "problem"); /* a yes that came too late, for instance */
    return OUTCOME_OK;
}

static enum outcome orchestrator_wait(struct turn *turn) {
    CLEANUP(approval_done) struct approval approval = turn_approval(turn);
    CLEANUP(buf_done) struct buf bytes = BUF_INIT((size_t)limit(LIMIT_RECORD_BYTES));
    struct sha256_hex digest = sha256_hex(approval_digest(&approval));
    enum outcome outcome;

    if (json_bool_at(turn->state, "set_is_stale")) {
        (void)json_object_del(turn->state, "set_is_stale");
        return OUTCOME_STALE;
    }
    orchestrator_tell_unsaid(turn);
    outcome = orchestrator_may_machine_approve(turn) ? OUTCOME_OK : words_of_plan(turn);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    approval_write(&approval, &bytes);
    json_put(turn->state, "approval",
             agent_args("bytes", buf_cstr(&bytes), "digest", digest.text, NULL));
    return orchestrator_decide(turn, buf_cstr(&bytes), digest.text);
}

/* Some answers change what is found: a folder, the application, what is left out. */
static enum outcome orchestrator_ask(struct turn *turn) {
    enum outcome outcome = orchestrator_ask_retry(turn, OUTCOME_DONE);

    outcome = outcome == OUTCOME_OK ? orchestrator_moderate(turn) : outcome;
    if (outcome == OUTCOME_OK && strcmp(agent_text(turn, "moderation"), "unknown") == 0) {
        return agent_problem(turn, ERR_UNREACHABLE,
                             "try again, or unset OPENAI_API_KEY to go on without model and filter",
                             "the moderation filter does not answer (%s), and nothing is changed "
                             "before it has",
                             agent_text(turn, "moderation_why"));
    }
    if (outcome == OUTCOME_OK && json_bool_at(turn->state, "survey_is_stale")) {
        (void)json_object_del(turn->state, "survey_is_stale");
        outcome = look_at_repository(turn);
    }
    return outcome == OUTCOME_OK ? propose_answers(turn) : outcome;
}

static enum outcome orchestrator_close(struct turn *turn) {
    return ending_sum_up(turn, PHASE_CLOSURE);
}

/* That a person takes over is a verdict like any other: on record with its reason. */
static enum outcome orchestrator_escalate(struct turn *turn) {
    const char *code = agent_text(turn, "problem.code");
    const char *reason = code[0] == '\0' ? agent_text(turn, "came.outcome") : code;
    json_t *finding =
        agent_args("code", reason, "verdict", verdict_name(VERDICT_ESCALATE), "where",
                   agent_text(turn, "came.phase"), "text", agent_text(turn, "problem.text"),
                   "remedy", agent_text(turn, "problem.remedy"), NULL);
    struct sha256_hex digest = sha256_hex(json_hash(finding));
    struct err err = {0};

    if (turn_verdict(turn, "run", digest.text, VERDICT_ESCALATE, reason, json_pack("[o]", finding),
                     &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    return ending_sum_up(turn, PHASE_ESCALATED);
}

static enum outcome (*const work[PHASE_N])(struct turn *turn) = {
    [PHASE_INTAKE] = orchestrator_intake,      [PHASE_ASK] = orchestrator_ask,
    [PHASE_WAIT] = orchestrator_wait,          [PHASE_CLOSURE] = orchestrator_close,
    [PHASE_ESCALATED] = orchestrator_escalate,
};

static enum outcome orchestrator_run(struct turn *turn, enum phase phase) {
    return work[phase] == NULL ? OUTCOME_OK : work[phase](turn);
}

const struct agent agent_orchestrator = {
    .card = {"orchestrator", "Conversation Orchestrator", grants},
    .purpose = "talks with the person, asks for the yes, explains, sums up",
    .guardrail = "confirms every effect with the person; no shell",
    .phases = phases,
    .run = orchestrator_run,
};
