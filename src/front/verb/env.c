/* env ls, add: the environments of aws-copilot.yml, and what AWS says about them. */
#include <string.h>

#include "flow/release.h"
#include "front/verb/file.h"
#include "repo/project_edit.h"
#include "tool/secret_op.h"

enum { ENV_TEXT_BYTES = 16 * 1024 };

/* ---- ls: what AWS says ---- */

/* What is known of one environment; members are owned. */
struct env_look {
    json_t *target;  /* as flow_target() gives it */
    json_t *stored;  /* aws_deployer.parameters; NULL: AWS was not reached */
    json_t *status;  /* aws_deployer.stack_status; as above */
    json_t *release; /* the newest on this machine; or NULL */
    struct err why;  /* why AWS was not reached */
};

static void env_look_done(struct env_look *look) {
    json_decref(look->target);
    json_decref(look->stored);
    json_decref(look->status);
    json_decref(look->release);
    *look = (struct env_look){0};
}

/* Asks AWS: who we are, what is stored, what runs. Another account is an answer like no network. */
static enum err_code look_ask(struct cli *cli, const json_t *flags, struct env_look *look,
                              struct err *err) {
    CLEANUP(json_decrefp) json_t *identity = NULL;
    CLEANUP(freep)
    char *path =
        mem_format("/%s/%s/%s", json_str_or(look->target, "qualifier", ""),
                   json_str_or(look->target, "app", ""), json_str_or(look->target, "env", ""));
    const char *account = json_str_at(look->target, "account");

    if (cli_where(cli, flags, &identity, err) != ERR_NONE) {
        return err->code;
    }
    if (account != NULL && strcmp(account, json_str_or(identity, "account", "")) != 0) {
        return err_set(err, ERR_ACCOUNT, "the credentials belong to account %s",
                       json_str_or(identity, "account", "?"));
    }
    json_put_str(look->target, "account", json_str_at(identity, "account"));
    json_put_str(look->target, "region", json_str_at(identity, "region"));
    return cli_query(cli, flags, "stack_status",
                     agent_args("stack", json_str_or(look->target, "stack", ""), NULL),
                     &look->status, err) != ERR_NONE
               ? err->code
               : cli_ask_agent(cli, &agent_executor, flags, "aws_deployer", "parameters",
                               agent_args("path", path, NULL), &look->stored, err);
}

static enum err_code look_read(struct cli *cli, const char *name, struct env_look *look,
                               struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *releases = NULL;

    json_put_str(flags, "env", name);
    if (flow_target(cli->flow, flags, &look->target, err) != ERR_NONE) {
        return err->code;
    }
    if (look_ask(cli, flags, look, &look->why) == ERR_INTERRUPTED) {
        *err = look->why;
        return err->code;
    }
    if (release_list(flow_store(cli->flow), json_str_or(look->target, "account", ""),
                     json_str_or(look->target, "region", ""),
                     json_str_or(look->target, "stack", ""), 1, &releases, err) != ERR_NONE) {
        return err->code;
    }
    look->release = json_incref(json_array_get(releases, 0));
    return ERR_NONE;
}

/* ---- ls: one environment ---- */

/* {"name","status":"set|missing|unknown","version"} of each name; NULL `stored`: nobody knows. */
static json_t *env_secrets(const struct project_env *env, const json_t *stored) {
    json_t *rows = json_array();

    for (size_t i = 0; i < env->secret_n; i++) {
        json_t *row = agent_args("name", env->secrets[i], "status",
                                 stored == NULL ? "unknown" : "missing", NULL);
        const json_t *parameter;
        size_t k;

        json_array_foreach(json_object_get(stored, "parameters"), k, parameter) {
            if (strcmp(secret_op_variable(json_str_or(parameter, "name", "")), env->secrets[i]) ==
                0) {
                json_put_str(row, "status", "set");
                json_put_int(row, "version", json_int_or(parameter, "version", 0));
            }
        }
        (void)json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *env_row(const struct project_env *env, const struct env_look *look) {
    json_t *row =
        agent_args("name", env->name, "account", json_str_at(look->target, "account"), "region",
                   json_str_at(look->target, "region"), "target",
                   env->target == PROJECT_TARGET_NONE ? NULL : project_target_word(env->target),
                   "approve", project_approve_word(env->approve), "stack",
                   json_str_at(look->target, "stack"), "stack_status",
                   json_str_at(look->status, "status"), "release", json_str_at(look->release, "id"),
                   "note", look->stored == NULL ? look->why.text : NULL, NULL);
    json_t *variables = json_array();

    for (size_t i = 0; i < env->variable_n; i++) {
        (void)json_array_append_new(variables, json_string_of(str_from(env->variables[i].name)));
    }
    json_put(row, "variables", variables);
    json_put(row, "secrets", env_secrets(env, look->stored));
    json_put_bool(row, "pinned", env->account != NULL);
    return row;
}

static void print_list(struct buf *out, const char *label, const json_t *rows) {
    const json_t *row;
    size_t i;

    if (json_array_size(rows) == 0) {
        return;
    }
    buf_addf(out, "  %-10s", label);
    json_array_foreach(rows, i, row) {
        const char *name =
            json_is_string(row) ? json_string_value(row) : json_str_or(row, "name", "");
        const char *status = json_str_at(row, "status");

        buf_addf(out, "%s%s%s%s", i == 0 ? "" : ", ", name, status == NULL ? "" : " ",
                 status == NULL ? "" : status);
    }
    buf_add_c(out, '\n');
}

static void env_print(struct cli *cli, const json_t *row, const struct env_look *look) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(ENV_TEXT_BYTES);
    const char *status = json_str_or(row, "stack_status", "");

    buf_addf(&out, "%s\n  %-10s%s%s, %s, %s, approve %s\n", json_str_or(row, "name", ""), "where",
             json_str_or(row, "account", "no account"),
             json_bool_at(row, "pinned") ? " (pinned)" : "",
             json_str_or(row, "region", "no region"), json_str_or(row, "target", "target not said"),
             json_str_or(row, "approve", ""));
    print_list(&out, "variables", json_object_get(row, "variables"));
    print_list(&out, "secrets", json_object_get(row, "secrets"));
    if (look->status != NULL) {
        buf_addf(&out, "  %-10s%s %s\n", "stack", json_str_or(row, "stack", ""),
                 status[0] == '\0' ? "is not there" : status);
    } else {
        buf_addf(&out, "  %-10s%s; AWS was not asked: %s\n", "stack", json_str_or(row, "stack", ""),
                 json_str_or(row, "note", ""));
    }
    if (look->release != NULL) {
        buf_addf(&out, "  %-10s%s of %s\n", "release", json_str_or(row, "release", ""),
                 run_date(json_int_or(look->release, "created_ms", 0)).text);
    }
    cli_print(cli, "%s", buf_cstr(&out));
}

static enum err_code env_list(struct cli *cli, struct err *err) {
    const struct project *project;

    if (cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    project = flow_project(cli->flow);
    for (size_t i = 0; project != NULL && i < project->env_n; i++) {
        CLEANUP(env_look_done) struct env_look look = {0};
        json_t *row;

        if (look_read(cli, project->envs[i].name, &look, err) != ERR_NONE) {
            return err->code;
        }
        row = env_row(&project->envs[i], &look);
        env_print(cli, row, &look);
        cli_event(cli, "environment", row);
        if (!cli->is_json) {
            json_decref(row);
        }
    }
    if (project == NULL) {
        cli_say(cli, "there is no %s here, so there are no environments", PROJECT_FILE);
        cli_say(cli, "→ aws-copilot init makes it");
    } else if (project->env_n == 0) {
        cli_say(cli, "%s has no environments", PROJECT_FILE);
        cli_say(cli, "→ aws-copilot env add NAME adds one");
    }
    return ERR_NONE;
}

/* ---- add ---- */

/* What the command line says, or the person; an answer passes the check of the file. */
static enum err_code add_answer(struct cli *cli, enum option option, const char *field,
                                const char *question, const char *help, char **out,
                                struct err *err) {
    CLEANUP(json_decrefp)
    json_t *row = agent_args("field", field, "kind", "text", "question", question, "help", help,
                             "remedy", help, NULL);
    CLEANUP(masked_done) struct masked masked = {0};

    if (args_text(&cli->args, option) != NULL) {
        *out = mem_strdup(args_text(&cli->args, option));
        return ERR_NONE;
    }
    redact_json(flow_redactor(cli->flow), row, &masked);
    for (int64_t tries = limit(LIMIT_ASK_TRIES); tries > 0; tries--) {
        CLEANUP(freep) char *answer = NULL;

        if (cli->person.ask(cli->person.ctx, &masked, NULL, NULL, &answer, err) != ERR_NONE) {
            return err->code;
        }
        if (project_check_answer(field, answer, err) == ERR_NONE) {
            *out = TAKE(answer);
            return ERR_NONE;
        }
        cli_complain(cli, err);
    }
    return err->code;
}

/* Without a person both flags have to be there; what is missing is told at once. */
static enum err_code add_check_flags(const struct cli *cli, struct err *err) {
    bool has_account = args_text(&cli->args, OPT_ACCOUNT) != NULL;
    bool has_region = args_text(&cli->args, OPT_REGION) != NULL;

    if (cli->asker.lines != NULL || (has_account && has_region)) {
        return ERR_NONE;
    }
    err_set(err, ERR_MISSING, "env add needs %s%s%s", has_account ? "" : "--account",
            has_account || has_region ? "" : " and ", has_region ? "" : "--region");
    return err_remedy(err, "for example: --account 123456789012 --region eu-west-1");
}

static enum err_code add_write(struct cli *cli, const char *name, const char *account,
                               const char *region, struct err *err) {
    CLEANUP(buf_done) struct buf before = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(buf_done) struct buf after = BUF_INIT(PROJECT_BYTES_MAX);
    bool is_there = false;

    if (file_read(cli, &before, &is_there, err) != ERR_NONE) {
        return err->code;
    }
    if (!is_there) {
        err_set(err, ERR_CONFIG, "there is no %s here", PROJECT_FILE);
        return err_remedy(err, "aws-copilot init makes it");
    }
    if (project_edit_add_env(buf_str(&before), name, account, region, &after, err) != ERR_NONE) {
        return err->code;
    }
    file_show_change(cli, buf_str(&before), buf_str(&after));
    return file_write(cli, buf_str(&after), err);
}

static enum err_code env_add(struct cli *cli, struct err *err) {
    const char *name = cli_word(cli, 1);
    CLEANUP(freep) char *account = NULL;
    CLEANUP(freep) char *region = NULL;

    if (name == NULL) {
        err_set(err, ERR_USAGE, "env add: which name?");
        return err_remedy(err, "for example: aws-copilot env add prod");
    }
    if (project_check_answer("environment", name, err) != ERR_NONE ||
        cli_flow(cli, err) != ERR_NONE || add_check_flags(cli, err) != ERR_NONE ||
        add_answer(cli, OPT_ACCOUNT, "account", "Which AWS account (12 digits)?",
                   "aws sts get-caller-identity shows the one of your credentials", &account,
                   err) != ERR_NONE ||
        add_answer(cli, OPT_REGION, "region", "Which AWS region?", "for example eu-west-1", &region,
                   err) != ERR_NONE) {
        return err->code;
    }
    return add_write(cli, name, account, region, err);
}

/* ---- The verb ---- */

static enum err_code env_run(struct cli *cli, struct err *err) {
    const char *word = cli_word(cli, 0);

    if (word == NULL || strcmp(word, "ls") == 0) {
        return env_list(cli, err);
    }
    if (strcmp(word, "add") == 0) {
        return env_add(cli, err);
    }
    err_set(err, ERR_USAGE, "env: '%.60s' is not one of ls, add", word);
    return err_remedy(err, "aws-copilot help env shows what it takes");
}

const struct verb verb_env = {
    .name = "env",
    .words = "[ls | add NAME]",
    .word_max = 2,
    .summary = "the environments of aws-copilot.yml: where, variables, secrets, what runs",
    .more = "ls says what the file says and, where AWS can be reached, which secrets are set and "
            "what the stack is; without AWS it says why. add writes account and region of a new "
            "environment into the file and leaves the rest as it is.",
    .section = VERBS_DEPLOY,
    .options = (OPTIONS_WHERE & ~OPTIONS_ENV) | OPTIONS_ASK,
    .run = env_run,
};
