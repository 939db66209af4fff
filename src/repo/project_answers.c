/* aws-copilot.yml: made from a survey and the answers to its questions. */
#include "repo/path.h"
#include "repo/project_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A project that is still being made. */
struct making {
    struct key_source source;
    struct project *project;
    struct project_env *env; /* the one that the answers are about */
    const json_t *survey;    /* or NULL */
};

/* The answers that are one key of the file, by what stands before their dot. */
static void *answer_object(const struct making *making, struct str section,
                           const struct key_table **table) {
    if (str_eq(section, STR("app"))) {
        *table = &keys_project;
        return making->project;
    }
    if (str_eq(section, STR("backend"))) {
        *table = &keys_backend;
        return &making->project->backend;
    }
    if (str_eq(section, STR("frontend"))) {
        *table = &keys_frontend;
        return &making->project->frontend;
    }
    *table = NULL;
    return NULL;
}

static enum err_code unknown_field(const char *field, struct err *err) {
    return err_set(err, ERR_INVALID, "there is no question called '%.60s'", field);
}

static enum err_code set_key(const struct making *making, const struct key_table *table,
                             void *object, const char *field, const char *name, const char *value,
                             struct err *err) {
    const struct key *key = keys_find(table, name);
    const struct yaml_node node = {.kind = YAML_SCALAR, .text = value};

    if (key == NULL || value == NULL) {
        return unknown_field(field, err);
    }
    return key->read(&making->source, &node, key, (char *)object + key->offset, err);
}

/* --- lists that grow --- */

static const char *const *names_with(struct arena *arena, const char *const *names, size_t *n,
                                     const char *name) {
    const char **rows = ARENA_ARRAY(arena, const char *, *n + 1);

    for (size_t i = 0; i < *n; i++) {
        if (strcmp(names[i], name) == 0) {
            return names;
        }
        rows[i] = names[i];
    }
    rows[(*n)++] = arena_str(arena, str_from(name));
    return rows;
}

static const char *const *names_without(struct arena *arena, const char *const *names, size_t *n,
                                        const char *name) {
    const char **rows = ARENA_ARRAY(arena, const char *, *n + 1);
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++) {
        if (strcmp(names[i], name) != 0) {
            rows[kept++] = names[i];
        }
    }
    *n = kept;
    return rows;
}

static const struct project_variable *variables_without(struct arena *arena,
                                                        const struct project_variable *rows,
                                                        size_t *n, const char *name) {
    struct project_variable *kept = ARENA_ARRAY(arena, struct project_variable, *n + 1);
    size_t at = 0;

    for (size_t i = 0; i < *n; i++) {
        if (strcmp(rows[i].name, name) != 0) {
            kept[at++] = rows[i];
        }
    }
    *n = at;
    return kept;
}

static const struct project_variable *variables_with(struct arena *arena,
                                                     const struct project_variable *rows, size_t *n,
                                                     const char *name, const char *value) {
    struct project_variable *more = ARENA_ARRAY(arena, struct project_variable, *n + 1);
    bool is_there = false;

    for (size_t i = 0; i < *n; i++) {
        more[i] = rows[i];
        if (strcmp(rows[i].name, name) == 0) {
            more[i].value = arena_str(arena, str_from(value));
            is_there = true;
        }
    }
    if (!is_there) {
        more[(*n)++] = (struct project_variable){arena_str(arena, str_from(name)),
                                                 arena_str(arena, str_from(value))};
    }
    return more;
}

/* --- answers --- */

/* Whether the survey says that the variable `name` holds a secret. */
static bool is_secret_in_survey(const json_t *survey, const char *name) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(json_at(survey, "env"), i, row) {
        if (strcmp(json_str_or(row, "name", ""), name) == 0) {
            return json_bool_at(row, "secret");
        }
    }
    return false;
}

static enum err_code set_variable(struct making *making, const char *name, const json_t *value,
                                  struct err *err) {
    struct project_env *env = making->env;
    struct arena *arena = making->source.arena;
    const struct yaml_node node = {.kind = YAML_SCALAR};

    if (json_is_true(value)) {
        if (key_check(&making->source, &node, "the variable", name, &rule_variable_name, err) !=
            ERR_NONE) {
            return err->code;
        }
        env->variables = variables_without(arena, env->variables, &env->variable_n, name);
        env->secrets = names_with(arena, env->secrets, &env->secret_n, name);
        return ERR_NONE;
    }
    if (!json_is_string(value)) {
        return err_set(err, ERR_INVALID, "the value of %s must be text", name);
    }
    if (making->survey != NULL && is_secret_in_survey(making->survey, name)) {
        (void)err_set(err, ERR_INVALID, "%s holds a secret, and secrets are not written here",
                      name);
        return err_remedy(err, "store it as a secret; only its name is kept");
    }
    if (key_check_variable(&making->source, &node, name, json_string_value(value), err) !=
        ERR_NONE) {
        return err->code;
    }
    env->secrets = names_without(arena, env->secrets, &env->secret_n, name);
    env->variables =
        variables_with(arena, env->variables, &env->variable_n, name, json_string_value(value));
    return ERR_NONE;
}

static enum err_code set_build_variable(struct making *making, const char *name,
                                        const json_t *value, struct err *err) {
    struct project_env *env = making->env;
    const struct yaml_node node = {.kind = YAML_SCALAR};

    if (!json_is_string(value)) {
        return err_set(err, ERR_INVALID, "the value of %s must be text", name);
    }
    if (key_check_variable(&making->source, &node, name, json_string_value(value), err) !=
        ERR_NONE) {
        return err->code;
    }
    env->build = variables_with(making->source.arena, env->build, &env->build_n, name,
                                json_string_value(value));
    return ERR_NONE;
}

static enum err_code set_accept(struct making *making, const char *code, const json_t *value,
                                struct err *err) {
    struct project *project = making->project;
    const struct key *key = keys_find(&keys_project, "accept");
    const struct yaml_node node = {.kind = YAML_SCALAR};

    if (!json_is_true(value)) {
        return err_set(err, ERR_INVALID, "accept.%.40s is answered by true or not at all", code);
    }
    if (key_check(&making->source, &node, "the code", code, key->rule, err) != ERR_NONE) {
        return err->code;
    }
    project->accepts = names_with(making->source.arena, project->accepts, &project->accept_n, code);
    return ERR_NONE;
}

static enum err_code apply_answer(struct making *making, const char *field, const json_t *value,
                                  struct err *err) {
    struct str rest = str_from(field);
    struct str section = {0};
    const struct key_table *table = NULL;
    const char *text = json_string_value(value);
    const char *name = NULL;
    void *object = NULL;

    if (!str_next(&rest, '.', &section)) {
        return unknown_field(field, err);
    }
    name = field + section.len + 1;
    if (strchr(field, '.') == NULL) {
        /* The flag and the amount may come as JSON's own. */
        char number[32];

        if (json_is_boolean(value)) {
            text = json_is_true(value) ? "true" : "false";
        } else if (json_is_integer(value)) {
            snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
            text = number;
        }
        if (strcmp(field, "environment") == 0) {
            return ERR_NONE; /* was taken first */
        }
        return set_key(making, &keys_env, making->env, field, field, text, err);
    }
    if (str_eq(section, STR("env"))) {
        return set_variable(making, name, value, err);
    }
    if (str_eq(section, STR("build_env"))) {
        return set_build_variable(making, name, value, err);
    }
    if (str_eq(section, STR("accept"))) {
        return set_accept(making, name, value, err);
    }
    object = answer_object(making, section, &table);
    if (object == NULL) {
        return unknown_field(field, err);
    }
    return set_key(making, table, object, field, name, text, err);
}

/* --- what the survey found --- */

static void fill(struct arena *arena, const char **member, const char *found) {
    if (*member == NULL && found != NULL) {
        *member = arena_str(arena, str_from(found));
    }
}

static void fill_backend(struct making *making) {
    struct arena *arena = making->source.arena;
    struct project_backend *backend = &making->project->backend;
    const json_t *survey = making->survey;
    const char *dir = json_str_at(survey, "backend.dir");
    const char *cwd = json_str_at(survey, "backend.asgi.cwd");
    const char *target = json_str_at(survey, "backend.asgi.target");

    fill(arena, &backend->dir, dir);
    if (cwd != NULL && dir != NULL && strcmp(cwd, dir) != 0) {
        fill(arena, &backend->cwd, cwd);
    }
    if (target != NULL && backend->asgi == NULL) {
        backend->asgi = arena_format(arena, "%s%s", target,
                                     json_bool_at(survey, "backend.asgi.factory") ? "()" : "");
    }
    fill(arena, &backend->health, json_str_at(survey, "backend.health.path"));
}

/* `out` as seen from the folder `dir`, with ".." where it lies beside. */
static const char *out_from(struct arena *arena, const char *dir, const char *out) {
    struct str rest = str_from(strcmp(dir, ".") == 0 ? "" : dir);
    struct str part = {0};
    const char *up = "";

    if (path_is_below(out, dir)) {
        return path_from(out, dir);
    }
    while (str_next(&rest, '/', &part)) {
        up = arena_format(arena, "../%s", up);
    }
    return arena_format(arena, "%s%s", up, out);
}

static void fill_frontend(struct making *making) {
    struct arena *arena = making->source.arena;
    struct project_frontend *frontend = &making->project->frontend;
    const char *dir = json_str_at(making->survey, "frontend.dir");
    const char *out = json_str_at(making->survey, "frontend.out");

    fill(arena, &frontend->dir, dir);
    fill(arena, &frontend->build, json_str_at(making->survey, "frontend.script"));
    if (dir != NULL && out != NULL) {
        fill(arena, &frontend->out, out_from(arena, dir, out));
    }
}

/* Whether an answer names another folder than the survey looked at: what it found is then about
 * something else. */
static bool is_elsewhere(const json_t *answers, const char *field, const char *found) {
    const char *answer = json_string_value(json_object_get(answers, field));

    return answer != NULL && (found == NULL || strcmp(answer, found) != 0);
}

static void fill_from_survey(struct making *making, const json_t *answers) {
    const json_t *survey = making->survey;

    fill(making->source.arena, &making->project->name, json_str_at(survey, "name"));
    if (!is_elsewhere(answers, "backend.dir", json_str_at(survey, "backend.dir"))) {
        fill_backend(making);
    }
    if (!is_elsewhere(answers, "frontend.dir", json_str_at(survey, "frontend.dir")) &&
        json_str_at(survey, "frontend.bundler") != NULL) {
        fill_frontend(making);
    }
}

/* The environment that the answers are about: found, or added at the end. */
static enum err_code pick_env(struct making *making, const char *name, struct err *err) {
    struct project *project = making->project;
    struct project_env *envs =
        ARENA_ARRAY(making->source.arena, struct project_env, project->env_n + 1);
    const struct yaml_node node = {.kind = YAML_SCALAR};
    const struct project_env *found = project_env(project, name);
    size_t at = found == NULL ? project->env_n : (size_t)(found - project->envs);

    for (size_t i = 0; i < project->env_n; i++) {
        envs[i] = project->envs[i];
    }
    if (found == NULL) {
        name = name == NULL ? "dev" : name;
        if (key_check(&making->source, &node, "the environment", name, &rule_env_name, err) !=
            ERR_NONE) {
            return err->code;
        }
        if (project->env_n == PROJECT_ENVS_MAX) {
            return err_set(err, ERR_INVALID, "there are %d environments already", PROJECT_ENVS_MAX);
        }
        envs[at] = keys_env_default(arena_str(making->source.arena, str_from(name)), 0);
        project->env_n++;
    }
    project->envs = envs;
    making->env = &envs[at];
    return ERR_NONE;
}

/* A project of our own to change: a copy by its text, or an empty one. */
static enum err_code start_from(const struct project *before, struct project **out,
                                struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);

    if (before != NULL) {
        project_write(before, &text);
        return project_read(buf_str(&text), PROJECT_FILE, out, err);
    }
    *out = mem_alloc(sizeof(**out));
    (*out)->arena = arena_new();
    return ERR_NONE;
}

enum err_code project_from_survey(const json_t *survey, const json_t *answers,
                                  const struct project *before, struct project **out,
                                  struct err *err) {
    CLEANUP(project_freep) struct project *project = NULL;
    struct making making = {.survey = survey};
    const struct yaml_node node = {.kind = YAML_MAP};
    const char *field = NULL;
    json_t *value = NULL;

    if (start_from(before, &project, err) != ERR_NONE) {
        return err->code;
    }
    making.project = project;
    making.source.arena = project->arena;
    if (pick_env(&making, json_str_at(answers, "environment"), err) != ERR_NONE) {
        return err->code;
    }
    fill_from_survey(&making, answers);
    json_object_foreach((json_t *)(uintptr_t)answers, field, value) {
        if (apply_answer(&making, field, value, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (keys_check_env(&making.source, &node, making.env, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(project);
    return ERR_NONE;
}

enum err_code project_check_secret(const char *name, struct err *err) {
    static const struct key_source answer = {0};
    static const struct yaml_node node = {.kind = YAML_SCALAR};

    if (key_check(&answer, &node, "the variable", name, &rule_variable_name, err) != ERR_NONE) {
        return err_remedy(err, "for example: SECRET_KEY");
    }
    return ERR_NONE;
}

enum err_code project_check_answer(const char *field, const char *value, struct err *err) {
    CLEANUP(project_freep) struct project *project = mem_alloc(sizeof(*project));
    struct project_env env = keys_env_default("dev", 0);
    struct making making = {.project = project, .env = &env};
    const struct yaml_node node = {.kind = YAML_SCALAR};
    json_t *json = json_string_of(str_from(value));
    enum err_code code = ERR_NONE;

    project->arena = arena_new();
    making.source.arena = project->arena;
    if (strcmp(field, "environment") == 0) {
        code = key_check(&making.source, &node, "the environment", value, &rule_env_name, err);
    } else {
        code = apply_answer(&making, field, json, err);
    }
    json_decref(json);
    return code;
}
