/* The Requirements & Data Intake Agent: turns flags, file and answers into the fields of a
 * deployment, and asks only for what nobody said and nothing shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/look.h"
#include "agent/understand/understand.h"
#include "repo/project.h"

static const struct grant grants[] = {{"mongo_store", "save_draft"}, {"mongo_store", "find_draft"},
                                      {"openai_llm", "complete"},    {"openai_llm", "moderate"},
                                      {"telemetry_bus", "emit"},     {0}};

static const enum phase phases[] = {PHASE_INTAKE, PHASE_ASK, PHASE_NONE};

/* ---- INTAKE: what is known ---- */

/* One field and where it is looked for, the first that has it wins. */
struct intake_source {
    const char *field;
    const char *paths[4];
    const char *otherwise; /* NULL: stays open */
};

/* clang-format off */
static const struct intake_source sources[] = {
    /* field        looked for in this order                                             otherwise */
    { "env",        { "flags.env", "project.env", "settings.environment" },              "dev"  },
    { "app",        { "flags.app", "project.app" },                                      NULL   },
    { "account",    { "flags.account", "project.account" },                              NULL   },
    { "region",     { "flags.region", "project.region", "flags.region_found" },          NULL   },
    { "qualifier",  { "project.qualifier" },                                             "depl" },
    { "target",     { "project.target" },                                                NULL   },
    { "approve",    { "flags.require_approval", "settings.approve", "project.approve" }, "any-change" },
    { "role_arn",   { "flags.role_arn" },                                                NULL   },
    { "ttl",        { "flags.ttl", "project.ttl" },                                      NULL   },
};
/* clang-format on */

/* Whose word a source is: the command line is the person's; the project file and the settings are
 * what the person keeps for this program, and so is a value that nobody gave. */
static enum origin intake_origin(const char *path) {
    return path != NULL && strncmp(path, "flags.", 6) == 0 ? ORIGIN_USER : ORIGIN_CONFIG;
}

static enum outcome intake_gather(struct turn *turn) {
    json_t *fields = json_object();
    json_t *origins = json_object();

    for (size_t i = 0; i < ARRAY_N(sources); i++) {
        const char *value = NULL;
        enum origin origin = ORIGIN_CONFIG;

        for (size_t p = 0; p < ARRAY_N(sources[i].paths) && value == NULL; p++) {
            origin = intake_origin(sources[i].paths[p]);
            value =
                sources[i].paths[p] == NULL ? NULL : json_str_at(turn->state, sources[i].paths[p]);
            value = value != NULL && value[0] == '\0' ? NULL : value;
        }
        json_put_str(fields, sources[i].field, value == NULL ? sources[i].otherwise : value);
        if (json_object_get(fields, sources[i].field) != NULL) {
            json_put_int(origins, sources[i].field, value == NULL ? ORIGIN_CONFIG : origin);
        }
    }
    json_put_int(fields, "cost_ceiling_cents",
                 json_int_or(turn->state, "project.cost_ceiling_cents", -1));
    json_put_bool(fields, "trust_code",
                  json_bool_at(turn->state, "flags.trust_repository") ||
                      json_bool_at(turn->state, "settings.trust_code"));
    json_put(turn->state, "fields", fields);
    json_put(turn->state, "origins", origins);
    return OUTCOME_OK;
}

/* ---- ASK: what is missing ---- */

/* How it is answered without a person; NULL: as any question is. */
static const char *intake_remedy(const char *field) {
    return strcmp(field, "app.name") == 0 ? "give it with --app, or in aws-copilot.yml"
           : strcmp(field, "region") == 0 ? "give it with --region, or in aws-copilot.yml"
                                          : NULL;
}

/* `preset` is what the repository says: shown, and taken by nobody who has not seen it. */
static json_t *intake_question(const char *field, const char *question, const char *preset,
                               const char *help) {
    return agent_args("field", field, "kind", "text", "question", question, "default", preset, "by",
                      preset == NULL ? NULL : "repository", "help", help, "remedy",
                      intake_remedy(field), NULL);
}

/* What a person calls a value, as the program writes it: "Frankfurt, please" is eu-central-1. The
 * answer itself where it says nothing else. */
static void intake_reword(struct turn *turn, const char *field, char **answer) {
    char value[SLOT_BYTES_MAX] = "";

    if (strcmp(field, "region") == 0 && understand_answer(*answer, SLOT_REGION, NULL, value) &&
        strcmp(*answer, value) != 0) {
        agent_say(turn, "%s is %s", *answer, value);
        free(*answer);
        *answer = mem_strdup(value);
    }
}

/* Asks until the answer passes the same check as a line of the file, at most LIMIT_ASK_TRIES. */
static enum outcome intake_ask(struct turn *turn, const char *field, const char *question,
                               const char *preset, const char *help, char **out) {
    const json_t *proposed = json_object_get(json_object_get(turn->state, "proposed"), field);
    struct err err = {0};

    for (int64_t tries = limit(LIMIT_ASK_TRIES); tries > 0; tries--) {
        CLEANUP(freep) char *answer = NULL;
        json_t *row = intake_question(field, question, preset, help);

        if (json_is_object(proposed)) {
            json_put(row, "proposed", json_deep_copy(proposed));
        }
        if (turn_ask(turn, row, &answer, &err) != ERR_NONE) {
            return agent_fail(turn, &err);
        }
        intake_reword(turn, field, &answer);
        if (project_check_answer(field, answer, &err) == ERR_NONE) {
            *out = TAKE(answer);
            return OUTCOME_OK;
        }
        agent_say(turn, "%s; %s", err.text, err.remedy);
    }
    (void)agent_fail(turn, &err);
    return OUTCOME_DONE;
}

static void intake_label(struct turn *turn, const char *field, int64_t origin) {
    json_put_int(json_object_get(turn->state, "origins"), field, origin);
}

static enum outcome intake_ask_field(struct turn *turn, const char *field, const char *asked_as,
                                     const char *question, const char *preset, const char *help) {
    CLEANUP(freep) char *answer = NULL;
    json_t *fields = json_object_get(turn->state, "fields");
    enum outcome outcome;

    if (json_str_at(fields, field) != NULL) {
        return OUTCOME_OK;
    }
    if (preset != NULL && json_bool_at(turn->state, "flags.yes") && agent_is_kind(turn, "init")) {
        json_put_str(fields, field, preset); /* it is written down, and nothing is changed by it */
        intake_label(turn, field, ORIGIN_REPO);
        return OUTCOME_OK;
    }
    outcome = intake_ask(turn, asked_as, question, preset, help, &answer);
    if (outcome == OUTCOME_OK) {
        json_put_str(fields, field, answer);
        intake_label(turn, field, ORIGIN_USER);
    }
    return outcome;
}

/* The value of a secret is no answer here: whoever stores it asks for it. */
static bool intake_is_secret(const struct turn *turn, const char *field) {
    return strncmp(field, "env.", 4) == 0 &&
           json_bool_at(json_row(json_at(turn->state, "survey.env"), "name", field + 4), "secret");
}

/* An answer that had to be masked was a secret: what was typed is kept nowhere, and whoever stores
 * secrets asks for it again. */
static void intake_take(struct turn *turn, json_t *answers, const char *field, const char *answer) {
    if (strncmp(field, "env.", 4) != 0 || strstr(answer, "***") == NULL) {
        json_put_str(answers, field, answer);
        return;
    }
    json_put_bool(answers, field, true);
    agent_warn(turn, "secret_typed",
               "change it where it comes from, if others could see the screen",
               "what was typed for %s looks like a secret; it was not kept, and is asked for again "
               "without being shown",
               field + 4);
}

/* Nobody is there: all that would be asked is told at once. */
static enum outcome intake_tell_missing(struct turn *turn, const json_t *answers) {
    CLEANUP(buf_done) struct buf names = BUF_INIT(400);
    const json_t *row;
    size_t n = 0;
    size_t i;

    json_array_foreach(json_at(turn->state, "survey.ask"), i, row) {
        const char *field = json_str_or(row, "field", "");

        if (json_object_get(answers, field) == NULL && !intake_is_secret(turn, field)) {
            buf_addf(&names, "%s%s", n++ == 0 ? "" : ", ", field);
        }
    }
    (void)agent_problem(
        turn, ERR_MISSING,
        "answer at a terminal, or write it into aws-copilot.yml: env.NAME goes under "
        "environments.ENV.variables; aws-copilot inspect shows the questions",
        "%zu answer%s missing: %s", n, n == 1 ? " is" : "s are", buf_cstr(&names));
    return OUTCOME_PARK;
}

/* What somebody has to take on: asked with a no at hand, and a no ends the run. */
static enum outcome intake_ask_accept(struct turn *turn, json_t *answers, const json_t *row) {
    const char *field = json_str_or(row, "field", "");
    const char *otherwise = json_str_or(row, "otherwise", "");
    CLEANUP(freep) char *answer = NULL;
    struct err err = {0};

    if (turn_ask(turn,
                 agent_args("field", field, "kind", "confirm", "question",
                            json_str_or(row, "question", field), "default", "no", "help", otherwise,
                            NULL),
                 &answer, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    if (strcmp(answer, "yes") != 0) {
        (void)agent_problem(turn, ERR_CANCELLED, otherwise, "you said no; nothing was changed");
        return OUTCOME_CANCEL;
    }
    json_put_bool(answers, field, true);
    return OUTCOME_OK;
}

static enum outcome intake_ask_value(struct turn *turn, json_t *answers, const json_t *row) {
    const char *field = json_str_or(row, "field", "");
    CLEANUP(freep) char *answer = NULL;
    enum outcome outcome = intake_ask(turn, field, json_str_or(row, "question", field), NULL,
                                      json_str_at(row, "remedy"), &answer);

    if (outcome == OUTCOME_OK) {
        intake_take(turn, answers, field, answer);
    }
    return outcome;
}

/* What the survey could not find out: variables, the ASGI object, a folder. FAIL, without a
 * problem: it has to look again with the answers, and may then ask for more. */
static enum outcome intake_ask_survey(struct turn *turn) {
    const json_t *row;
    size_t i;
    bool is_stale = false;
    json_t *answers = json_object_get(turn->state, "answers");

    if (answers == NULL) {
        json_put(turn->state, "answers", json_object());
        answers = json_object_get(turn->state, "answers");
    }
    json_array_foreach(json_at(turn->state, "survey.ask"), i, row) {
        const char *field = json_str_or(row, "field", "");
        enum outcome outcome;

        if (json_object_get(answers, field) != NULL) {
            continue;
        }
        if (intake_is_secret(turn, field)) {
            json_put_bool(answers, field, true); /* as project_from_survey() takes it */
            continue;
        }
        outcome = strncmp(field, "accept.", 7) == 0 ? intake_ask_accept(turn, answers, row)
                                                    : intake_ask_value(turn, answers, row);
        if (outcome != OUTCOME_OK) {
            return turn_has_person(turn) ? outcome : intake_tell_missing(turn, answers);
        }
        is_stale = is_stale || look_depends_on(field);
    }
    json_put_bool(turn->state, "survey_is_stale", is_stale);
    return is_stale ? OUTCOME_FAIL : OUTCOME_OK;
}

static void intake_name_stack(struct turn *turn) {
    json_t *fields = json_object_get(turn->state, "fields");
    bool is_bootstrap = agent_is_kind(turn, "bootstrap");
    int64_t origin = json_int_or(turn->state, "origins.qualifier", ORIGIN_MODEL) |
                     (is_bootstrap ? 0
                                   : json_int_or(turn->state, "origins.app", ORIGIN_MODEL) |
                                         json_int_or(turn->state, "origins.env", ORIGIN_MODEL));
    CLEANUP(freep)
    char *stack = is_bootstrap
                      ? mem_format("bootstrap-%s", agent_text(turn, "fields.qualifier"))
                      : mem_format("%s-%s-%s", agent_text(turn, "fields.qualifier"),
                                   agent_text(turn, "fields.app"), agent_text(turn, "fields.env"));

    json_put_str(fields, "stack", stack);
    intake_label(turn, "stack", origin);
}

static enum outcome intake_complete(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    if (!agent_is_kind(turn, "bootstrap")) {
        outcome = intake_ask_field(turn, "app", "app.name", "What is the application called?",
                                   json_str_at(turn->state, "survey.name"),
                                   "lower-case letters, digits and '-', at most 18");
    }
    if (outcome == OUTCOME_OK && !agent_is_kind(turn, "init")) {
        outcome = intake_ask_field(turn, "region", "region", "Which AWS region?", NULL,
                                   "for example eu-west-1; there is no default");
    }
    if (outcome == OUTCOME_OK && (agent_is_kind(turn, "deploy") || agent_is_kind(turn, "init"))) {
        outcome = intake_ask_survey(turn);
    }
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    intake_name_stack(turn);
    return agent_is_kind(turn, "init") ? OUTCOME_DONE : OUTCOME_OK;
}

static enum outcome intake_run(struct turn *turn, enum phase phase) {
    return phase == PHASE_INTAKE ? intake_gather(turn) : intake_complete(turn);
}

const struct agent agent_intake = {
    .card = {"intake", "Requirements & Data Intake Agent", grants},
    .purpose = "collects the parameters of a deployment and asks for those that are missing",
    .guardrail = "keeps only masked values; echoes no secret",
    .phases = phases,
    .run = intake_run,
};
