/* copilot/: the manifests of AWS Copilot CLI, which reached its end of support in June 2026. */
#include <string.h>

#include "repo/import_room.h"
#include "repo/project.h"

/* What a manifest says about containers and their surroundings. */
/* clang-format off */
static const struct {
    const char *key;
    const char *why;
} left_rows[] = {
    { "image",         "no image is built: the application is installed from its lock file" },
    { "cpu",           "a function has no cpu of its own" },
    { "memory",        "the memory of a function is not set in this file" },
    { "count",         "a function is started as often as it is called" },
    { "exec",          "there is no shell in a function" },
    { "platform",      "arm64 where every package has a wheel for it" },
    { "network",       "a function is outside of a VPC" },
    { "storage",       "a function keeps no files" },
    { "sidecars",      "there is nothing beside a function" },
    { "taskdef_overrides", "there is no task" },
    { "env_file",      "values stay where they are: aws-copilot secrets set takes the secret ones" },
    { "entrypoint",    "the application is started by the bridge" },
    { "publish",       "topics are not made here" },
    { "observability", "traces are on" },
    { "deployment",    "a new version takes all requests once it answers" },
};
/* clang-format on */

static void copilot_leave(struct import *import, const struct yaml_node *map) {
    for (size_t i = 0; i < ARRAY_N(left_rows); i++) {
        const struct yaml_node *at = yaml_child(map, left_rows[i].key);

        if (at != NULL) {
            import_leave(import, left_rows[i].key, at->key_line, left_rows[i].why);
        }
    }
}

static void copilot_variables(struct import *import, const char *env, const struct yaml_node *map) {
    const struct yaml_node *variables = yaml_child(map, "variables");
    const struct yaml_node *secrets = yaml_child(map, "secrets");

    for (const struct yaml_node *at = variables == NULL ? NULL : variables->first; at != NULL;
         at = at->next) {
        if (at->key != NULL) {
            import_variable(import, env, at->key, yaml_text(at), at->key_line);
        }
    }
    for (const struct yaml_node *at = secrets == NULL ? NULL : secrets->first; at != NULL;
         at = at->next) {
        if (at->key != NULL) {
            import_secret(import, env, at->key, at->key_line);
        }
    }
}

/* http.healthcheck is a path, or a map with one. */
static void copilot_health(struct import *import, const struct yaml_node *root) {
    const struct yaml_node *check = yaml_child(yaml_child(root, "http"), "healthcheck");
    const struct yaml_node *path = yaml_text(check) != NULL ? check : yaml_child(check, "path");

    if (yaml_text(path) != NULL) {
        import_take(import, "", "backend.health", yaml_text(path), path->key_line);
    }
}

/* A name that is too long for us is told once, with all that stands below it. */
static bool copilot_env(struct import *import, const char *env, int line) {
    struct err err = {0};

    if (project_check_answer("environment", env, &err) == ERR_NONE) {
        return true;
    }
    import_leave(import, env, line, err.text);
    return false;
}

static void copilot_service(struct import *import, const struct yaml_node *root) {
    const char *type = yaml_text(yaml_child(root, "type"));
    const struct yaml_node *environments = yaml_child(root, "environments");
    const struct yaml_node *command = yaml_child(root, "command");
    bool is_web = type != NULL &&
                  (strstr(type, "Web Service") != NULL || strcmp(type, "Backend Service") == 0);

    if (!is_web) {
        import_leave(import, yaml_text(yaml_child(root, "name")), 0,
                     type == NULL ? "its type is not said"
                                  : "only a web or backend service becomes a function");
        return;
    }
    copilot_health(import, root);
    copilot_variables(import, "", root);
    copilot_leave(import, root);
    if (yaml_text(command) != NULL) {
        import_command(import, "command", yaml_text(command), command->key_line);
    }
    for (const struct yaml_node *at = environments == NULL ? NULL : environments->first; at != NULL;
         at = at->next) {
        if (at->key != NULL && copilot_env(import, at->key, at->key_line)) {
            import_take(import, at->key, "environment", at->key, at->key_line);
            copilot_variables(import, at->key, at);
            copilot_leave(import, at);
        }
    }
}

static void copilot_read(struct import *import, const char *path, bool is_workspace) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_FILE_MAX);
    struct yaml_node *root = NULL;
    struct err err = {0};

    if (!import_open(import, path, &text)) {
        return;
    }
    if (yaml_read_foreign(buf_str(&text), path, import->arena, &root, &err) != ERR_NONE) {
        import_leave(import, path, 0, err.text);
    } else if (is_workspace) {
        import_take(import, "", "app.name", yaml_text(yaml_child(root, "application")), 1);
    } else {
        copilot_service(import, root);
    }
}

/* Below copilot/: "NAME/manifest.yml" is a service, "environments/ENV/manifest.yml" one of those.
 */
static void copilot_entry(struct import *import, const char *path) {
    CLEANUP(freep) char *whole = mem_format("copilot/%s", path);
    struct str rest = str_from(path);
    struct str part[3] = {{0}};
    bool is_environment;
    size_t n = 0;

    while (n < ARRAY_N(part) && str_next(&rest, '/', &part[n])) {
        n++;
    }
    is_environment = str_eq(part[0], STR("environments"));
    if (n == 2 && !is_environment && str_eq(part[1], STR("manifest.yml"))) {
        copilot_read(import, whole, false);
    }
    if (n == 3 && is_environment && str_eq(part[2], STR("manifest.yml"))) {
        CLEANUP(freep) char *env = str_dup(part[1]);

        import->file = arena_str(import->arena, str_from(whole));
        if (copilot_env(import, env, 0)) {
            import_take(import, env, "environment", env, 0);
        }
    }
}

void import_copilot(struct import *import) {
    const struct fs_walk walk = {.depth_max = 3, .entry_max = 256};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct err err = {0};

    if (fs_kind_at(&import->root, "copilot") != FS_DIR ||
        fs_list_tree(&import->root, "copilot", &walk, &list, &err) != ERR_NONE) {
        return;
    }
    copilot_read(import, "copilot/.workspace", true);
    for (size_t i = 0; i < list.n; i++) {
        copilot_entry(import, list.rows[i].path);
    }
}
