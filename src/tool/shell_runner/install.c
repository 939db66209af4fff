/* Commands of package managers: npm install x, uv add x. */
#include "tool/shell_runner/install.h"

#include "bundle/fetch.h"
#include "repo/survey.h"
#include "tool/build_op.h"
#include "tool/run_op.h"
#include "tool/shell_runner/draft.h"

#include <stdlib.h>

/* The command, and what the survey says of the application; the caller decrefs `*out_survey`. */
static enum err_code read_command(struct op *op, struct fetch_command *out, json_t **out_survey,
                                  struct err *err) {
    const struct survey_options options = {.project = op->services->project};
    struct fetch_command command = {.words = json_object_get(op->args, "command")};

    if (!command_fetches(command.words, &command.manager, &command.verb)) {
        return err_set(err, ERR_POLICY, "the command does more than fetching packages");
    }
    if (survey_run(op->services->root, &options, out_survey, err) != ERR_NONE) {
        return err->code;
    }
    command.survey = *out_survey;
    *out = command;
    return ERR_NONE;
}

enum err_code install_sources(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *survey = NULL;
    struct build_env env = build_op_env(op);
    struct fetch_command command;

    env.say = NULL;
    return read_command(op, &command, &survey, err) == ERR_NONE
               ? fetch_look(&env, &command, out, err)
               : err->code;
}

static enum err_code run_fetch(struct op *op, const struct draft *draft, const char *home,
                               struct fetch *fetch, json_t **out, struct err *err) {
    const struct run_op run = {.program = fetch->program,
                               .args = fetch->args,
                               .dir = json_str_at(op->args, "cwd"),
                               .path = fetch->path,
                               .stand_in = draft->path,
                               .readable = &fetch->readable,
                               .writable = &fetch->writable,
                               .hosts = &fetch->hosts,
                               .vars = &fetch->vars,
                               .home = home,
                               .deadline = LIMIT_JOB_TIMEOUT_MS};

    for (size_t i = 0; i < draft->readable.n; i++) {
        words_add(&fetch->readable, draft->readable.rows[i]);
    }
    return run_op_program(op, &run, out, err);
}

static enum err_code install_in(struct op *op, const struct draft *draft, json_t **out,
                                struct err *err) {
    CLEANUP(json_decrefp) json_t *survey = NULL;
    CLEANUP(json_decrefp) json_t *result = NULL;
    CLEANUP(fetch_done) struct fetch fetch = {0};
    CLEANUP(freep) char *home = NULL;
    struct build_env env = build_op_env(op);
    struct fetch_command command;
    enum err_code code;

    if (read_command(op, &command, &survey, err) != ERR_NONE ||
        build_temp(&env, &home, err) != ERR_NONE) {
        return err->code;
    }
    code = fetch_prepare(&env, &command, json_object_get(op->args, "hosts"), draft->path, home,
                         &fetch, err);
    if (code == ERR_NONE) {
        code = run_fetch(op, draft, home, &fetch, &result, err);
    }
    if (code == ERR_NONE) {
        code = fetch_restore(&env, draft->path, &fetch, err);
    }
    build_remove(&env, home);
    if (code == ERR_NONE) {
        code = draft_save(op, draft, result, err);
    }
    if (code == ERR_NONE) {
        *out = TAKE(result);
    }
    return code;
}

enum err_code install_run(struct op *op, json_t **out, struct err *err) {
    struct draft draft = {0};
    enum err_code code;

    if (draft_make(op, DRAFT_FETCHES, &draft, err) != ERR_NONE) {
        return err->code;
    }
    code = install_in(op, &draft, out, err);
    draft_done(op, &draft);
    return code;
}
