/* What a person answered in a run, kept in aws-copilot.yml so that it is not asked again. */
#include <string.h>

#include "front/verb/file.h"
#include "repo/project_edit.h"

/* The variable behind a field, where the file may keep its answer: plain text, or true for a secret
 * that is stored. NULL: something else. */
static const char *answer_name(const char *field, const json_t *value) {
    bool is_kept = strncmp(field, "env.", 4) == 0 && (json_is_string(value) || json_is_true(value));

    return is_kept ? field + 4 : NULL;
}

static bool env_knows(const struct project_env *env, const char *name) {
    for (size_t i = 0; i < env->variable_n; i++) {
        if (strcmp(env->variables[i].name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < env->secret_n; i++) {
        if (strcmp(env->secrets[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Answers that the file does not have yet; `names` gets them as a person reads them. New object. */
static json_t *answers_new(const json_t *answers, const struct project_env *env,
                           struct buf *names) {
    json_t *fresh = json_object();
    const char *field;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)answers, field, value) {
        const char *name = answer_name(field, value);

        if (name != NULL && (env == NULL || !env_knows(env, name))) {
            buf_addf(names, "%s%s", names->len == 0 ? "" : ", ", name);
            json_put(fresh, name, json_incref(value));
        }
    }
    return fresh;
}

static enum err_code answers_edit(const char *env, const json_t *fresh, struct buf *text,
                                  struct err *err) {
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)fresh, name, value) {
        CLEANUP(freep) char *before = str_dup(buf_str(text));
        enum err_code code = json_is_true(value)
                                 ? project_edit_add_secret(str_from(before), env, name, text, err)
                                 : project_edit_set_variable(str_from(before), env, name,
                                                             json_string_value(value), text, err);

        if (code != ERR_NONE) {
            return code;
        }
    }
    return ERR_NONE;
}

static enum err_code answers_write(struct cli *cli, const char *env, const json_t *fresh,
                                   struct err *err) {
    CLEANUP(buf_done) struct buf before = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(buf_done) struct buf after = BUF_INIT(PROJECT_BYTES_MAX);
    bool is_there = false;

    if (file_read(cli, &before, &is_there, err) != ERR_NONE) {
        return err->code;
    }
    buf_add(&after, buf_str(&before));
    if (answers_edit(env, fresh, &after, err) != ERR_NONE) {
        cli_complain(cli, err); /* what ran is not undone by it */
        return ERR_NONE;
    }
    file_show_change(cli, buf_str(&before), buf_str(&after));
    return file_write(cli, buf_str(&after), err);
}

enum err_code answers_keep(struct cli *cli, struct err *err) {
    const struct project *project = flow_project(cli->flow);
    const char *env_name = json_str_or(cli->answered, "env", "");
    const struct project_env *env = project == NULL ? NULL : project_env(project, env_name);
    CLEANUP(buf_done) struct buf names = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(json_decrefp)
    json_t *fresh = answers_new(json_at(cli->answered, "answers"), env, &names);
    CLEANUP(freep)
    char *question =
        mem_format("Keep %s in %s, so that nobody is asked again?", buf_cstr(&names), PROJECT_FILE);
    bool is_yes = false;

    if (json_object_size(fresh) == 0 || cli->asker.lines == NULL) {
        return ERR_NONE;
    }
    if (env == NULL) {
        cli_say(cli, "→ aws-copilot init keeps such answers in %s, for the next time",
                PROJECT_FILE);
        return ERR_NONE;
    }
    if (asker_confirm(&cli->asker, question, true, &is_yes, err) != ERR_NONE || !is_yes) {
        return ERR_NONE; /* the run itself has ended */
    }
    return answers_write(cli, env_name, fresh, err);
}
