/* The executor and secrets: which are there, which are missing, and storing or removing them after
 * a yes. Their values never pass here. */
#include "agent/executor/secrets.h"

#include <string.h>

#include "agent/secrets.h"
#include "tool/secret_op.h"

/* ---- Asking ---- */

static enum outcome secrets_ask_one(struct turn *turn, const char *name) {
    CLEANUP(freep) char *field = mem_format("env.%s", name);
    CLEANUP(freep)
    char *text = mem_format("What is the value of %s? It is not shown and goes to Parameter Store, "
                            "%s/%s, after your yes",
                            name, agent_text(turn, "secrets_path"), name);
    CLEANUP(freep)
    char *remedy =
        mem_format("without a person: printf %%s \"$VALUE\" | aws-copilot secrets set %s "
                   "-e %s",
                   name, agent_text(turn, "fields.env"));
    struct err err = {0};

    if (turn_need_secret(
            turn, name,
            agent_args("field", field, "kind", "secret", "question", text, "remedy", remedy, NULL),
            &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    return OUTCOME_OK;
}

static enum outcome secrets_ask_all(struct turn *turn, const json_t *names) {
    enum outcome outcome = OUTCOME_OK;
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name) {
        outcome = outcome != OUTCOME_OK ? outcome : secrets_ask_one(turn, json_string_value(name));
    }
    return outcome;
}

bool secrets_read(struct turn *turn, enum outcome *outcome) {
    CLEANUP(freep) char *path = secrets_path(turn);

    json_put_str(turn->state, "secrets_path", path);
    return agent_keep(turn, "aws_deployer", "parameters", agent_args("path", path, NULL), "stored",
                      outcome);
}

/* ---- A deployment ---- */

static json_t *secrets_missing(const struct turn *turn) {
    CLEANUP(json_decrefp) json_t *needed = secrets_names(turn);
    json_t *missing = json_array();
    json_t *name;
    size_t i;

    json_array_foreach(needed, i, name) {
        if (secrets_find(turn, json_string_value(name)) == NULL) {
            (void)json_array_append(missing, name);
        }
    }
    return missing;
}

/* The child stores exactly these; it is the same application, wherever the parent's names came
 * from. */
static json_t *secrets_child(const struct turn *turn, json_t *missing) {
    json_t *flags =
        agent_args("app", agent_text(turn, "fields.app"), "env", agent_text(turn, "fields.env"),
                   "region", agent_text(turn, "fields.region"), "action", "set", NULL);

    json_put(flags, "names", json_incref(missing));
    return json_pack("{s:s, s:o}", "kind", "secrets", "flags", flags);
}

static char *secrets_listed(const json_t *names) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(16 * 1024);

    json_add_list(&text, names);
    return mem_strdup(buf_cstr(&text));
}

enum outcome secrets_need(struct turn *turn) {
    CLEANUP(json_decrefp) json_t *missing = NULL;
    CLEANUP(freep) char *listed = NULL;
    enum outcome outcome = OUTCOME_OK;

    if (!json_is_object(json_at(turn->state, "survey.backend")) || !secrets_read(turn, &outcome)) {
        return outcome;
    }
    missing = secrets_missing(turn);
    if (json_array_size(missing) == 0) {
        return OUTCOME_OK;
    }
    listed = secrets_listed(missing);
    if (json_bool_at(turn->state, "flags.stop_at_plan")) {
        agent_warn(turn, "secret_missing", "aws-copilot secrets set stores it",
                   "%s has no value in Parameter Store yet", listed);
        return OUTCOME_OK;
    }
    if (!turn_has_person(turn)) {
        return agent_problem(turn, ERR_MISSING,
                             "printf %s \"$VALUE\" | aws-copilot secrets set NAME stores one",
                             "the application needs the secret %s, and Parameter Store has no "
                             "value below %s",
                             listed, agent_text(turn, "secrets_path"));
    }
    outcome = secrets_ask_all(turn, missing);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    json_put(turn->state, "child", secrets_child(turn, missing));
    return OUTCOME_PARK;
}

/* The version of `name` in a list of {"name","version"}; 0: it is not there. */
static int64_t version_in(const json_t *list, const char *name) {
    return json_int_or(json_row(list, "name", name), "version", 0);
}

void secrets_tell_not_undone(struct turn *turn, const char *release) {
    CLEANUP(freep) char *path = mem_format("%s.stored", release);
    const json_t *then = json_at(turn->state, path);
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "stored.parameters"), i, row) {
        const char *name = json_str_or(row, "name", "");
        int64_t before = version_in(then, name);
        int64_t now = json_int_or(row, "version", 0);

        if (before != now && then != NULL) {
            agent_warn(turn, "secret_stays", "aws-copilot secrets set stores the old value again",
                       "going back does not undo the secret %s: it stays at version %lld",
                       secret_op_variable(name), (long long)now);
        }
    }
}

/* ---- A session of its own ---- */

static const json_t *secrets_flagged(const struct turn *turn) {
    return json_at(turn->state, "flags.names");
}

static bool secrets_is_removal(const struct turn *turn) {
    return strcmp(agent_text(turn, "flags.action"), "rm") == 0;
}

enum outcome secrets_ask(struct turn *turn) {
    CLEANUP(freep) char *path = secrets_path(turn);

    json_put_str(turn->state, "secrets_path", path);
    return secrets_is_removal(turn) ? OUTCOME_OK : secrets_ask_all(turn, secrets_flagged(turn));
}

/* {"name": whole, "version": before} of each name; for a removal of those that are there. */
static json_t *secrets_rows(const struct turn *turn) {
    json_t *rows = json_array();
    const json_t *name;
    size_t i;

    json_array_foreach(secrets_flagged(turn), i, name) {
        const char *variable = json_string_value(name);
        const json_t *stored = secrets_find(turn, variable);
        CLEANUP(freep)
        char *whole = mem_format("%s/%s", agent_text(turn, "secrets_path"), variable);
        json_t *row = agent_args("name", whole, NULL);

        json_put_int(row, "version", json_int_or(stored, "version", 0));
        if (stored == NULL && secrets_is_removal(turn)) {
            json_decref(row);
            continue;
        }
        (void)json_array_append_new(rows, row);
    }
    return rows;
}

static const char *secrets_action(const struct turn *turn, const json_t *row) {
    if (secrets_is_removal(turn)) {
        return "Remove";
    }
    return json_int_or(row, "version", 0) == 0 ? "Add" : "Modify";
}

static json_t *secrets_changes(const struct turn *turn, const json_t *rows) {
    json_t *changes = json_array();
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        const char *whole = json_str_or(row, "name", "");

        (void)json_array_append_new(changes,
                                    agent_args("action", secrets_action(turn, row), "logical_id",
                                               secret_op_variable(whole), "physical_id", whole,
                                               "type", "AWS::SSM::Parameter", NULL));
    }
    return changes;
}

/* Whoever runs without the value from its next start on has to know. */
static void secrets_tell_users(struct turn *turn) {
    const char *function = agent_text(turn, "before.outputs.BackendFunction");

    if (secrets_is_removal(turn) && function[0] != '\0') {
        agent_warn(turn, "secret_in_use", "deploy a version first that does not read it",
                   "the function %s reads its secrets at every start: it starts without %s then",
                   function, json_array_size(secrets_flagged(turn)) == 1 ? "it" : "them");
    }
}

enum outcome secrets_dry_run(struct turn *turn) {
    CLEANUP(json_decrefp) json_t *rows = NULL;
    enum outcome outcome = OUTCOME_OK;
    json_t *preview;

    if (!secrets_read(turn, &outcome)) {
        return outcome;
    }
    rows = secrets_rows(turn);
    if (json_array_size(rows) == 0) {
        return agent_problem(turn, ERR_NOT_FOUND, "aws-copilot secrets ls shows what there is",
                             "there is no such secret below %s", agent_text(turn, "secrets_path"));
    }
    preview = agent_args("stack_id", agent_text(turn, "before.stack_id"), "stack",
                         agent_text(turn, "fields.stack"), "type", "SECRETS", "path",
                         agent_text(turn, "secrets_path"), NULL);
    json_put(preview, "rows", json_incref(rows));
    json_put(preview, "changes", secrets_changes(turn, rows));
    json_put_str(preview, "parameters_sha256",
                 secret_op_digest(agent_text(turn, "secrets_path"), rows).text);
    json_put_str(preview, "sha256", sha256_hex(json_hash(preview)).text);
    json_put(turn->state, "preview", preview);
    secrets_tell_users(turn);
    return OUTCOME_OK;
}

static json_t *secrets_effect_args(const struct turn *turn) {
    json_t *args = agent_args("approval", agent_text(turn, "approval.digest"), "path",
                              agent_text(turn, "preview.path"), "parameters_sha256",
                              agent_text(turn, "preview.parameters_sha256"), "account",
                              agent_text(turn, "identity.account"), NULL);

    json_put(args, "rows", json_deep_copy(json_at(turn->state, "preview.rows")));
    return args;
}

enum outcome secrets_execute(struct turn *turn) {
    bool is_removal = secrets_is_removal(turn);
    enum outcome outcome = secrets_ask(turn); /* where another process was told the value */
    json_t *args;

    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    args = secrets_effect_args(turn);
    if (!is_removal) {
        json_put(args, "tags",
                 agent_args("app", agent_text(turn, "fields.app"), "env",
                            agent_text(turn, "fields.env"), "managed-by", "aws-copilot", NULL));
    }
    if (!agent_keep(turn, "aws_deployer", is_removal ? "secrets_rm" : "put_secret", args, "applied",
                    &outcome) &&
        outcome == OUTCOME_STALE) {
        json_put_bool(turn->state, "set_is_stale", true);
    }
    return outcome;
}
