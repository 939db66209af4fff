/* The Context Curator: reads the repository once and says what is in it. */
#include <string.h>

#include "agent/agent.h"
#include "repo/survey.h"

static const struct grant grants[] = {{"repo_reader", "*"}, {"telemetry_bus", "emit"}, {0}};

static const enum phase phases[] = {PHASE_CONTEXT, PHASE_NONE};

static void curator_show_findings(struct turn *turn) {
    const json_t *finding;
    size_t i;

    json_array_foreach(json_at(turn->state, "survey.findings"), i, finding) {
        turn_say(turn, EVENT_FINDING, json_deep_copy(finding));
    }
}

static enum outcome curator_refuse(struct turn *turn) {
    const json_t *first = json_array_get(json_at(turn->state, "survey.refuse"), 0);

    (void)agent_problem(turn, ERR_UNSUPPORTED, json_str_or(first, "remedy", ""), "%s",
                        json_str_or(first, "text", "this repository cannot be deployed"));
    return OUTCOME_VETO;
}

static void curator_brief(struct turn *turn) {
    CLEANUP(buf_done) struct buf brief = BUF_INIT(SURVEY_BRIEF_BYTES);

    survey_brief(json_object_get(turn->state, "survey"), &brief);
    json_put_str(turn->state, "brief", buf_cstr(&brief));
    turn_say(turn, EVENT_SAY, agent_args("text", buf_cstr(&brief), NULL));
}

static enum outcome curator_run(struct turn *turn, enum phase phase) {
    enum outcome outcome = OUTCOME_OK;

    (void)phase;
    if (!agent_is_kind(turn, "deploy") && !agent_is_kind(turn, "init")) {
        return OUTCOME_OK; /* nothing of the repository is used */
    }
    if (!agent_keep(turn, "repo_reader", "survey",
                    agent_args("env", agent_text(turn, "fields.env"), NULL), "survey", &outcome)) {
        return outcome;
    }
    curator_show_findings(turn);
    if (strcmp(agent_text(turn, "survey.outcome"), "refuse") == 0) {
        return curator_refuse(turn);
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
