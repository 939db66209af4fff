/* The survey of the repository: called, kept, told. */
#include "agent/look.h"

#include <string.h>

static void look_tell(struct turn *turn) {
    const json_t *finding;
    size_t i;

    json_array_foreach(json_at(turn->state, "survey.findings"), i, finding) {
        turn_say(turn, EVENT_FINDING, json_deep_copy(finding));
    }
}

static enum outcome look_refuse(struct turn *turn) {
    const json_t *first = json_array_get(json_at(turn->state, "survey.refuse"), 0);

    (void)agent_problem(turn, ERR_UNSUPPORTED, json_str_or(first, "remedy", ""), "%s",
                        json_str_or(first, "text", "this repository cannot be deployed"));
    return OUTCOME_VETO;
}

enum outcome look_at_repository(struct turn *turn) {
    const json_t *answers = json_object_get(turn->state, "answers");
    json_t *args = agent_args("env", agent_text(turn, "fields.env"), NULL);
    enum outcome outcome = OUTCOME_OK;

    if (answers != NULL) {
        json_put(args, "answers", json_deep_copy(answers));
    }
    if (!agent_keep(turn, "repo_reader", "survey", args, "survey", &outcome)) {
        return outcome;
    }
    look_tell(turn);
    return strcmp(agent_text(turn, "survey.outcome"), "refuse") == 0 ? look_refuse(turn)
                                                                     : OUTCOME_OK;
}

bool look_depends_on(const char *field) {
    return strncmp(field, "env.", 4) != 0 && strncmp(field, "build_env.", 10) != 0;
}
