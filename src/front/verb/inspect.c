/* inspect: what is in the repository and how it can be deployed; needs no AWS. init: the same, the
 * questions, and aws-copilot.yml. */
#include <string.h>
#include <unistd.h>

#include "front/verb/file.h"
#include "repo/survey.h"

/* ---- inspect ---- */

static enum err_code inspect_survey(struct cli *cli, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);

    return cli_ask_agent(cli, &agent_curator, flags, "repo_reader", "survey",
                         agent_args("env", args_text(&cli->args, OPT_ENV), NULL), out, err);
}

extern const struct verb verb_inspect;

static enum err_code inspect_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *survey = NULL;

    cli->root = cli_word(cli, 0);
    if (cli_flow(cli, err) != ERR_NONE || inspect_survey(cli, &survey, err) != ERR_NONE) {
        return err->code;
    }
    if (cli->is_json && cli->verb == &verb_inspect) {
        cli_print_object(cli, survey);
    } else if (cli->is_json) {
        cli_event(cli, "survey", json_incref(survey)); /* one line of a conversation */
    } else {
        CLEANUP(buf_done) struct buf text = BUF_INIT(SURVEY_TEXT_BYTES);

        survey_render(survey, &text);
        cli_print(cli, STR_FMT "\n", STR_ARG(str_trim(buf_str(&text))));
    }
    if (strcmp(json_str_or(survey, "outcome", ""), "refuse") == 0) {
        cli->exit_status = err_exit(ERR_UNSUPPORTED);
    }
    return ERR_NONE;
}

const struct verb verb_inspect = {
    .name = "inspect",
    .words = "[DIR]",
    .word_max = 1,
    .summary = "what was found here and how it can be deployed; changes nothing",
    .more = "Needs no AWS. Exit 5 when it cannot be deployed. With --json: one object.",
    .section = VERBS_HERE,
    .options = OPTIONS_ENV,
    .is_one_object = true,
    .run = inspect_run,
};

/* ---- init ---- */

/* The answers of the conversation, and what the command line said, as project_from_survey() takes
 * them. */
static json_t *init_answers(const struct cli *cli, const json_t *state) {
    const json_t *given = json_at(state, "answers");
    json_t *answers = given == NULL ? json_object() : json_deep_copy(given);

    json_put_str(answers, "app.name", json_str_at(state, "fields.app"));
    json_put_str(answers, "environment", json_str_at(state, "fields.env"));
    json_put_str(answers, "account", args_text(&cli->args, OPT_ACCOUNT));
    json_put_str(answers, "region", json_str_at(state, "fields.region"));
    return answers;
}

static enum err_code init_text(struct cli *cli, const json_t *state, struct buf *out,
                               struct err *err) {
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(json_decrefp) json_t *answers = init_answers(cli, state);

    if (project_from_survey(json_at(state, "survey"), answers, flow_project(cli->flow), &project,
                            err) != ERR_NONE) {
        return err->code;
    }
    project_write(project, out);
    return ERR_NONE;
}

static enum err_code init_run(struct cli *cli, struct err *err) {
    CLEANUP(session_closep) struct session *session = NULL;
    CLEANUP(session_end_done) struct session_end end = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);

    if (cli_flow(cli, err) != ERR_NONE ||
        session_new(cli->flow, "init", cli_flags(cli), &session, err) != ERR_NONE ||
        session_run(session, &end, err) != ERR_NONE) {
        return err->code;
    }
    render_clear(cli->render);
    if (end.exit_status != 0) {
        cli->exit_status = end.exit_status;
        cli->result = json_incref(end.result);
        session_close(TAKE(session));
        cli_show_result(cli, cli->result);
        return ERR_NONE;
    }
    if (init_text(cli, session_state(session), &text, err) != ERR_NONE) {
        return err->code;
    }
    return file_replace(cli, buf_str(&text), err);
}

const struct verb verb_init = {
    .name = "init",
    .words = "",
    .summary = "ask what is missing and write aws-copilot.yml",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_ENV | OPTIONS_APP | OPTIONS_ACCOUNT | OPTIONS_REGION | OPTIONS_PROFILE |
               OPTIONS_ASK,
    .run = init_run,
};
