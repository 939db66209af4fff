/* The Context Curator: reads the repository once and says what is in it. */
#include <string.h>

#include "agent/look.h"
#include "repo/survey.h"

static const struct grant grants[] = {
    {"repo_reader", "*"}, {"qdrant_vector", "*"}, {"telemetry_bus", "emit"}, {0}};

static const enum phase phases[] = {PHASE_CONTEXT, PHASE_NONE};

static void curator_brief(struct turn *turn) {
    CLEANUP(buf_done) struct buf brief = BUF_INIT(SURVEY_BRIEF_BYTES);

    survey_brief(json_object_get(turn->state, "survey"), &brief);
    json_put_str(turn->state, "brief", buf_cstr(&brief));
    turn_say(turn, EVENT_SAY, agent_args("text", buf_cstr(&brief), NULL));
}

/* What the application is made of, for the next question about it. */
static enum outcome curator_remember(struct turn *turn) {
    static const char *const tags[][2] = {{"survey.backend.framework", "fastapi"},
                                          {"survey.frontend.bundler", "vite"}};
    json_t *args =
        agent_args("collection", "architecture", "text", agent_text(turn, "brief"), NULL);
    json_t *list = json_array();
    enum outcome outcome = OUTCOME_OK;

    for (size_t i = 0; i < ARRAY_N(tags); i++) {
        if (strcmp(agent_text(turn, tags[i][0]), tags[i][1]) == 0) {
            (void)json_array_append_new(list, json_string(tags[i][1]));
        }
    }
    json_put(args, "tags", list);
    return agent_keep(turn, "qdrant_vector", "upsert", args, "remembered", &outcome) ? OUTCOME_OK
                                                                                     : outcome;
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
    return curator_remember(turn);
}

const struct agent agent_curator = {
    .card = {"curator", "Context Curator", grants},
    .purpose = "surveys the repository, writes the brief, remembers what it is made of",
    .guardrail = "secrets are stripped; the brief stays below 2,000 tokens",
    .phases = phases,
    .run = curator_run,
};
