/* import: what the files of other tools say, into aws-copilot.yml. */
#include "repo/import.h"

#include <string.h>

#include "front/verb/file.h"
#include "repo/project.h"

enum { IMPORT_ENVS_MAX = 16 };

/* ---- Showing ---- */

static void show_took(struct cli *cli, const json_t *row) {
    const char *env = json_str_or(row, "env", "");
    const char *field = json_str_or(row, "field", "");
    const char *value = json_str_at(row, "value");

    cli_event(cli, "took", json_deep_copy(row));
    cli_say(cli, "+ %s%s%s = %s  (%s)", env, env[0] == '\0' ? "" : ": ", field,
            value == NULL ? "a secret; its name only" : value, json_str_or(row, "where", ""));
}

static void show_all(struct cli *cli, const json_t *found) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(found, "took"), i, row) { show_took(cli, row); }
    json_array_foreach(json_object_get(found, "left"), i, row) {
        cli_event(cli, "left", json_deep_copy(row));
        cli_say(cli, "- %s: %s  (%s)", json_str_or(row, "what", ""), json_str_or(row, "why", ""),
                json_str_or(row, "where", ""));
    }
}

/* ---- One project out of it ---- */

/* The environments that are named, in their order; the chosen one where none is. New array. */
static json_t *import_envs(const struct cli *cli, const json_t *found) {
    const struct project *before = flow_project(cli->flow);
    const struct project_env *known = before == NULL ? NULL : project_env(before, NULL);
    const char *chosen = args_text(&cli->args, OPT_ENV);
    json_t *envs = json_array();
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(found, "took"), i, row) {
        if (strcmp(json_str_or(row, "field", ""), "environment") == 0 &&
            json_array_size(envs) < IMPORT_ENVS_MAX) {
            (void)json_array_append(envs, json_object_get(row, "value"));
        }
    }
    if (json_array_size(envs) == 0) {
        chosen = chosen != NULL ? chosen : known == NULL ? "dev" : known->name;
        (void)json_array_append_new(envs, json_string_of(str_from(chosen)));
    }
    return envs;
}

/* What concerns all environments, then what concerns this one. New object. */
static json_t *import_answers(const json_t *found, const char *env) {
    json_t *answers = json_object();
    const json_t *row;
    size_t i;

    json_put_str(answers, "environment", env);
    for (int pass = 0; pass < 2; pass++) {
        json_array_foreach(json_object_get(found, "took"), i, row) {
            if (strcmp(json_str_or(row, "env", ""), pass == 0 ? "" : env) == 0) {
                json_put(answers, json_str_or(row, "field", ""),
                         json_incref(json_object_get(row, "value")));
            }
        }
    }
    return answers;
}

static enum err_code import_project(struct cli *cli, const json_t *found, const json_t *survey,
                                    struct buf *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *envs = import_envs(cli, found);
    CLEANUP(project_freep) struct project *project = NULL;
    const json_t *env;
    size_t i;

    json_array_foreach(envs, i, env) {
        CLEANUP(json_decrefp) json_t *answers = import_answers(found, json_string_value(env));
        struct project *next = NULL;

        if (project_from_survey(survey, answers, i == 0 ? flow_project(cli->flow) : project, &next,
                                err) != ERR_NONE) {
            return err->code;
        }
        project_free(project);
        project = next;
    }
    project_write(project, out);
    return ERR_NONE;
}

/* ---- The verb ---- */

static enum err_code import_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *found = NULL;
    CLEANUP(json_decrefp) json_t *survey = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);

    (void)json_object_del(flags, "env"); /* it may be one that the file does not have yet */
    if (cli_flow(cli, err) != ERR_NONE ||
        import_read(flow_root(cli->flow), &found, err) != ERR_NONE) {
        return err->code;
    }
    if (json_array_size(json_object_get(found, "files")) == 0) {
        err_set(
            err, ERR_NOT_FOUND,
            "there is no copilot/, samconfig.toml, compose.yaml, flightcontrol.json or Procfile "
            "here");
        return err_remedy(err, "aws-copilot init makes the file from what it finds");
    }
    show_all(cli, found);
    if (json_array_size(json_object_get(found, "took")) == 0) {
        cli_say(cli, "nothing of it belongs into %s", PROJECT_FILE);
        return ERR_NONE;
    }
    if (cli_ask_agent(cli, &agent_curator, flags, "repo_reader", "survey", json_object(), &survey,
                      err) != ERR_NONE ||
        import_project(cli, found, survey, &text, err) != ERR_NONE) {
        return err->code;
    }
    return file_replace(cli, buf_str(&text), err);
}

const struct verb verb_import = {
    .name = "import",
    .words = "",
    .summary = "take over what AWS Copilot CLI, SAM, compose, Flightcontrol or a Procfile say",
    .more = "Reads copilot/*/manifest.yml, samconfig.toml with its template, compose.yaml, "
            "flightcontrol.json and Procfile; says what it takes, what not, and why. Values that "
            "look like secrets are left where they are; their names go under secrets. A file that "
            "is there is changed after a yes only.",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_ENV | OPTIONS_ASK,
    .run = import_run,
};
