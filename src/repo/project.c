/* aws-copilot.yml: reading, and what is said about an environment. */
#include "repo/project.h"

#include "repo/project_keys.h"
#include "sys/fs.h"

#include <stdlib.h>
#include <string.h>

void project_free(struct project *project) {
    if (project != NULL) {
        arena_free(project->arena);
        free(project);
    }
}

void project_freep(struct project **project) { project_free(*project); }

/* clang-format off */
static const char *const target_words[PROJECT_TARGET_N] = {
    [PROJECT_TARGET_NONE]          = "",
    [PROJECT_TARGET_LAMBDA_HTTP]   = "lambda-http",
    [PROJECT_TARGET_LAMBDA_STREAM] = "lambda-stream",
    [PROJECT_TARGET_CONTAINER]     = "container",
    [PROJECT_TARGET_STATIC]        = "static",
};
static const char *const approve_words[PROJECT_APPROVE_N] = {
    [PROJECT_APPROVE_ANY_CHANGE] = "any-change",
    [PROJECT_APPROVE_BROADENING] = "broadening",
    [PROJECT_APPROVE_NEVER]      = "never",
};
/* clang-format on */

const char *project_target_word(enum project_target target) {
    return target < PROJECT_TARGET_N ? target_words[target] : "";
}

const char *project_approve_word(enum project_approve approve) {
    return approve < PROJECT_APPROVE_N ? approve_words[approve] : "any-change";
}

/* --- reading --- */

static enum err_code read_version(const struct key_source *source, const struct yaml_node *root,
                                  struct err *err) {
    for (const struct yaml_node *at = root->first; at != NULL; at = at->next) {
        if (strcmp(at->key, "version") != 0) {
            continue;
        }
        if (at->kind != YAML_SCALAR || strcmp(at->text, "1") != 0) {
            (void)key_fail(source, at, err, "version must be 1, the only one this program knows");
            return err_remedy(err, "a newer aws-copilot may have written this file");
        }
        return ERR_NONE;
    }
    return key_fail(source, root, err, "version: 1 is missing");
}

static enum err_code read_envs(const struct key_source *source, const struct yaml_node *node,
                               struct project *project, struct err *err) {
    struct project_env *envs = ARENA_ARRAY(source->arena, struct project_env, PROJECT_ENVS_MAX);
    size_t n = 0;

    if (node->kind != YAML_MAP) {
        return key_fail(source, node, err, "environments must be a map of names and values");
    }
    for (const struct yaml_node *at = node->first; at != NULL; at = at->next) {
        struct yaml_node empty = {.kind = YAML_MAP, .line = at->line};

        if (n == PROJECT_ENVS_MAX) {
            return key_fail(source, at, err, "there are more than %d environments",
                            PROJECT_ENVS_MAX);
        }
        envs[n] = keys_env_default(at->key, at->key_line);
        if (key_check(source, at, "the environment", at->key, &rule_env_name, err) != ERR_NONE ||
            keys_read_map(source, at->is_null ? &empty : at, &keys_env, &envs[n], err) !=
                ERR_NONE ||
            keys_check_env(source, at, &envs[n], err) != ERR_NONE) {
            return err->code;
        }
        n++;
    }
    project->envs = envs;
    project->env_n = n;
    return ERR_NONE;
}

static enum err_code read_sections(const struct key_source *source, const struct yaml_node *root,
                                   struct project *project, struct err *err) {
    static const struct key top[] = {
        {.name = "version"}, {.name = "app"}, {.name = "environments"}, {.name = NULL}};
    static const struct key_table sections = {"the file", top};
    enum err_code code = read_version(source, root, err);

    for (const struct yaml_node *at = root->first; at != NULL && code == ERR_NONE; at = at->next) {
        if (strcmp(at->key, "app") == 0) {
            code = keys_read_map(source, at, &keys_project, project, err);
        } else if (strcmp(at->key, "environments") == 0) {
            code = read_envs(source, at, project, err);
        } else if (keys_find(&sections, at->key) == NULL) {
            const char *nearest = keys_nearest(&sections, at->key);
            const struct yaml_node key = {.line = at->key_line};

            code = nearest == NULL
                       ? key_fail(source, &key, err, "unknown key '%.40s'", at->key)
                       : key_fail(source, &key, err, "unknown key '%.40s'; did you mean '%s'?",
                                  at->key, nearest);
        }
    }
    if (code == ERR_NONE && project->name == NULL) {
        code = key_fail(source, root, err, "app: name: is missing");
    }
    return code;
}

enum err_code project_read(struct str text, const char *file, struct project **out,
                           struct err *err) {
    CLEANUP(project_freep) struct project *project = mem_alloc(sizeof(*project));
    struct key_source source = {.file = file};
    struct yaml_node *root = NULL;

    project->arena = arena_new();
    source.arena = project->arena;
    if (yaml_read(text, file, project->arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    if (root->kind != YAML_MAP) {
        return key_fail(&source, root, err, "the file must be a map of names and values");
    }
    if (read_sections(&source, root, project, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(project);
    return ERR_NONE;
}

enum err_code project_load(const char *root, struct project **out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root at = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);

    if (fs_root_open(root, &at, err) != ERR_NONE) {
        return err->code;
    }
    if (fs_kind_at(&at, PROJECT_FILE) == FS_NONE) {
        *out = NULL;
        return ERR_NONE;
    }
    if (fs_read_at(&at, PROJECT_FILE, PROJECT_BYTES_MAX, &text, err) != ERR_NONE) {
        return err->code;
    }
    return project_read(buf_str(&text), PROJECT_FILE, out, err);
}

/* --- asking --- */

const struct project_env *project_env(const struct project *project, const char *name) {
    if (name == NULL && project->env_n == 1) {
        return &project->envs[0];
    }
    name = name == NULL ? "dev" : name;
    for (size_t i = 0; i < project->env_n; i++) {
        if (strcmp(project->envs[i].name, name) == 0) {
            return &project->envs[i];
        }
    }
    return NULL;
}

struct sha256 project_trust_digest(const struct project *project, const struct project_env *env) {
    json_t *json = json_object();
    struct sha256 digest;

    json_put_str(json, "app", project->name); /* whose stack it is */
    json_put_str(json, "environment", env->name);
    json_put_str(json, "account", env->account);
    json_put_str(json, "region", env->region);
    json_put_str(json, "qualifier", env->qualifier);
    json_put_str(json, "approve", project_approve_word(env->approve));
    json_put_int(json, "cost_ceiling_cents", env->cost_ceiling_cents);
    json_put_bool(json, "second_approver", env->has_second_approver);
    digest = json_hash(json);
    json_decref(json);
    return digest;
}
