/* The Context Curator: reads the repository once and says what is in it. */
#include "agent/look.h"
#include "repo/survey.h"

static const struct grant grants[] = {{"repo_reader", "*"}, {"telemetry_bus", "emit"}, {0}};

static const enum phase phases[] = {PHASE_CONTEXT, PHASE_NONE};

static void curator_brief(struct turn *turn) {
    CLEANUP(buf_done) struct buf brief = BUF_INIT(SURVEY_BRIEF_BYTES);

    survey_brief(json_object_get(turn->state, "survey"), &brief);
    json_put_str(turn->state, "brief", buf_cstr(&brief));
    turn_say(turn, EVENT_SAY, agent_args("text", buf_cstr(&brief), NULL));
}

static enum outcome curator_run(struct turn *turn, enum phase phase) {
    enum outcome outcome;

    (void)phase;
    if (!agent_is_kind(turn, "deploy") && !agent_is_kind(turn, "init")) {
        return OUTCOME_OK; /* nothing of the repository is used */
    }
    outcome = look_at_repository(turn);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    curator_brief(turn);
    return OUTCOME_OK;
}

const struct agent agent_curator = {
    .card = {"curator", "Context Curator", grants},
    .purpose = "surveys the repository and writes the brief",
    .guardrail = "secrets are stripped; the brief stays below 2,000 tokens",
    .phases = phases,
    .run = curator_run,
};
