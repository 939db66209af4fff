/* secrets set, ls, rm: values go from the person into Parameter Store, names into the file. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "aws/ssm.h"
#include "front/person/hidden.h"
#include "front/verb/file.h"
#include "guard/vault.h"
#include "repo/project_edit.h"
#include "sys/tty.h"
#include "tool/secret_op.h"

/* ---- What is named ---- */

/* The words behind "set" or "rm", each once and each a name. New array. */
static enum err_code secrets_words(const struct cli *cli, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *names = json_array();
    CLEANUP(json_decrefp) json_t *seen = json_object();

    for (size_t i = 1; cli_word(cli, i) != NULL; i++) {
        const char *name = cli_word(cli, i);

        if (project_check_secret(name, err) != ERR_NONE) {
            return err->code;
        }
        if (json_object_get(seen, name) == NULL) {
            json_put(seen, name, json_true());
            (void)json_array_append_new(names, json_string_of(str_from(name)));
        }
    }
    if (json_array_size(names) == 0) {
        err_set(err, ERR_USAGE, "secrets %s: which name?", cli_word(cli, 0));
        return err_remedy(err, "for example: aws-copilot secrets %s SECRET_KEY", cli_word(cli, 0));
    }
    *out = TAKE(names);
    return ERR_NONE;
}

/* ---- set: a value by standard input ---- */

static enum err_code input_check(const json_t *names, struct err *err) {
    if (json_array_size(names) != 1) {
        err_set(err, ERR_USAGE, "standard input holds one value, and %zu names were given",
                json_array_size(names));
        return err_remedy(err, "name one at a time, or answer at a terminal");
    }
    if (tty_is_terminal(STDIN_FILENO)) {
        err_set(err, ERR_MISSING, "nobody may be asked for the value");
        return err_remedy(err, "printf %%s \"$VALUE\" | aws-copilot secrets set %s",
                          json_string_value(json_array_get(names, 0)));
    }
    return ERR_NONE;
}

/* The value came by a pipe, and there may still be a person to ask for the yes. */
static void input_back_to_terminal(struct cli *cli) {
    int fd;

    if (cli->is_json || args_is(&cli->args, OPT_NON_INTERACTIVE) ||
        !tty_is_terminal(STDERR_FILENO)) {
        return;
    }
    fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return;
    }
    cli->is_interactive = dup2(fd, STDIN_FILENO) == STDIN_FILENO;
    close(fd);
}

static enum err_code input_keep(struct cli *cli, const char *name, const char *value,
                                struct err *err) {
    if (ssm_check_value(str_from(value), err) != ERR_NONE || cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    return flow_give_secret(cli->flow, name, str_from(value), err);
}

/* Without somebody at a terminal the value comes by standard input. */
static enum err_code input_take(struct cli *cli, const json_t *names, struct err *err) {
    CLEANUP(hidden_wipep) char *value = NULL;

    if (cli->asker.lines != NULL || cli->is_interactive) {
        return ERR_NONE; /* it is asked for */
    }
    if (input_check(names, err) != ERR_NONE ||
        hidden_read_all(STDIN_FILENO, &value, err) != ERR_NONE) {
        return err->code;
    }
    input_back_to_terminal(cli);
    return input_keep(cli, json_string_value(json_array_get(names, 0)), value, err);
}

/* ---- set and rm: the session, then the file ---- */

/* The environment's name in the file; NULL: there is no file, or it has no such environment. */
static const char *secrets_env(struct cli *cli) {
    const struct project *project = flow_project(cli->flow);
    const char *given = args_text(&cli->args, OPT_ENV);
    const struct project_env *env =
        project == NULL
            ? NULL
            : project_env(project, given != NULL ? given : flow_settings(cli->flow)->environment);

    return env == NULL ? NULL : env->name;
}

static enum err_code names_edit(const char *env, const json_t *names, bool is_removal,
                                struct buf *text, struct err *err) {
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name) {
        CLEANUP(freep) char *before = str_dup(buf_str(text));
        enum err_code code = (is_removal ? project_edit_drop_secret : project_edit_add_secret)(
            str_from(before), env, json_string_value(name), text, err);

        if (code != ERR_NONE) {
            return code;
        }
    }
    return ERR_NONE;
}

/* The names belong into the file, which then asks for their values wherever they are missing. */
static enum err_code names_keep(struct cli *cli, const json_t *names, bool is_removal,
                                struct err *err) {
    CLEANUP(buf_done) struct buf before = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(buf_done) struct buf after = BUF_INIT(PROJECT_BYTES_MAX);
    const char *env = secrets_env(cli);
    bool is_there = false;

    if (file_read(cli, &before, &is_there, err) != ERR_NONE) {
        return err->code;
    }
    if (env == NULL || !is_there) {
        if (!is_removal) {
            cli_say(cli,
                    "→ put the name under environments.ENV.secrets of %s, so that every "
                    "deployment knows it",
                    PROJECT_FILE);
        }
        return ERR_NONE;
    }
    buf_add(&after, buf_str(&before));
    if (names_edit(env, names, is_removal, &after, err) != ERR_NONE) {
        cli_complain(cli, err); /* the value is where it belongs; the name can be written by hand */
        return ERR_NONE;
    }
    if (str_eq(buf_str(&before), buf_str(&after))) {
        return ERR_NONE;
    }
    file_show_change(cli, buf_str(&before), buf_str(&after));
    return file_write(cli, buf_str(&after), err);
}

static enum err_code secrets_change(struct cli *cli, const char *action, struct err *err) {
    CLEANUP(json_decrefp) json_t *names = NULL;
    bool is_removal = strcmp(action, "rm") == 0;
    json_t *flags;

    if (secrets_words(cli, &names, err) != ERR_NONE ||
        (!is_removal && input_take(cli, names, err) != ERR_NONE) ||
        cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    flags = cli_flags(cli);
    json_put_str(flags, "action", action);
    json_put(flags, "names", json_incref(names));
    if (run_flags(cli, "secrets", flags, err) != ERR_NONE) {
        return err->code;
    }
    return strcmp(json_str_or(cli->result, "status", ""), "success") == 0
               ? names_keep(cli, names, is_removal, err)
               : ERR_NONE;
}

/* ---- ls ---- */

/* Names that the file lists and the code reads: "where" of the survey, or "". New object. */
static enum err_code ls_wanted(struct cli *cli, const json_t *flags, json_t **out,
                               struct err *err) {
    CLEANUP(json_decrefp) json_t *wanted = json_object();
    CLEANUP(json_decrefp) json_t *survey = NULL;
    const struct project *project = flow_project(cli->flow);
    const char *env_name = secrets_env(cli);
    const struct project_env *env = env_name == NULL ? NULL : project_env(project, env_name);
    const json_t *row;
    size_t i;

    if (cli_ask_agent(cli, &agent_curator, flags, "repo_reader", "survey",
                      agent_args("env", args_text(&cli->args, OPT_ENV), NULL), &survey,
                      err) != ERR_NONE) {
        return err->code;
    }
    for (size_t n = 0; env != NULL && n < env->secret_n; n++) {
        json_put_str(wanted, env->secrets[n], PROJECT_FILE);
    }
    json_array_foreach(json_at(survey, "env"), i, row) {
        if (json_bool_at(row, "secret") && json_bool_at(row, "required")) {
            json_put_str(wanted, json_str_or(row, "name", ""), json_str_or(row, "where", ""));
        }
    }
    *out = TAKE(wanted);
    return ERR_NONE;
}

static void ls_show_stored(struct cli *cli, const json_t *row, const json_t *wanted) {
    const char *name = secret_op_variable(json_str_or(row, "name", ""));
    int64_t modified_ms = json_int_or(row, "modified_ms", 0);
    json_t *event = agent_args("name", name, "status", "set", "path", json_str_at(row, "name"),
                               "by", json_str_at(row, "by"), NULL);

    json_put_int(event, "version", json_int_or(row, "version", 0));
    json_put_int(event, "modified_ms", modified_ms);
    json_put_bool(event, "wanted", json_object_get(wanted, name) != NULL);
    cli_event(cli, "secret", event);
    cli_print(cli, "%-28s version %-4lld %s  %s%s\n", name,
              (long long)json_int_or(row, "version", 0), run_date(modified_ms).text,
              json_str_or(row, "by", ""),
              json_object_get(wanted, name) == NULL ? "  (nothing here reads it)" : "");
}

static void ls_show(struct cli *cli, const json_t *stored, json_t *wanted) {
    const json_t *row;
    const char *name;
    json_t *where;
    size_t i;

    json_array_foreach(stored, i, row) { ls_show_stored(cli, row, wanted); }
    json_array_foreach(stored, i, row) {
        (void)json_object_del(wanted, secret_op_variable(json_str_or(row, "name", "")));
    }
    json_object_foreach(wanted, name, where) {
        cli_event(
            cli, "secret",
            agent_args("name", name, "status", "missing", "where", json_string_value(where), NULL));
        cli_print(cli, "%-28s missing       %s\n", name, json_string_value(where));
    }
    if (json_object_size(wanted) > 0) {
        cli_say(cli, "→ aws-copilot secrets set NAME takes a value");
    } else if (json_array_size(stored) == 0) {
        cli_say(cli, "there are no secrets, and none is needed");
    }
}

static enum err_code secrets_list(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *identity = NULL;
    CLEANUP(json_decrefp) json_t *stored = NULL;
    CLEANUP(json_decrefp) json_t *wanted = NULL;
    CLEANUP(freep) char *path = NULL;

    if (cli_flow(cli, err) != ERR_NONE || flow_target(cli->flow, flags, &target, err) != ERR_NONE ||
        cli_where(cli, flags, &identity, err) != ERR_NONE ||
        ls_wanted(cli, flags, &wanted, err) != ERR_NONE) {
        return err->code;
    }
    path = mem_format("/%s/%s/%s", json_str_or(target, "qualifier", ""),
                      json_str_or(target, "app", ""), json_str_or(target, "env", ""));
    if (cli_ask_agent(cli, &agent_executor, flags, "aws_deployer", "secrets_ls",
                      agent_args("path", path, NULL), &stored, err) != ERR_NONE) {
        return err->code;
    }
    ls_show(cli, json_object_get(stored, "parameters"), wanted);
    return ERR_NONE;
}

/* ---- The verb ---- */

static enum err_code secrets_run(struct cli *cli, struct err *err) {
    const char *word = cli_word(cli, 0);

    if (word == NULL || strcmp(word, "ls") == 0) {
        return secrets_list(cli, err);
    }
    if (strcmp(word, "set") == 0 || strcmp(word, "rm") == 0) {
        return secrets_change(cli, word, err);
    }
    err_set(err, ERR_USAGE, "secrets: '%.60s' is not one of set, ls, rm", word);
    return err_remedy(err, "aws-copilot help secrets shows what it takes");
}

const struct verb verb_secrets = {
    .name = "secrets",
    .words = "[ls | set NAME... | rm NAME...]",
    .word_max = ARGS_WORDS_MAX - 1,
    .summary = "secrets of an environment, in Parameter Store; only names are ever shown or kept",
    .more =
        "set asks for each value without showing it; without a terminal it takes one value from "
        "standard input, less the line ends at its end: printf %s \"$VALUE\" | aws-copilot "
        "secrets set NAME. Storing and removing need a yes of their own. What runs reads new "
        "values with its next deployment.",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_TRUST,
    .run = secrets_run,
};
