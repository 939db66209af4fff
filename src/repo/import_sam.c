/* samconfig.toml, and the template beside it. Source: AWS SAM Developer Guide, "AWS SAM CLI
 * configuration file", "AWS::Serverless::Function". */
#include <string.h>

#include "repo/import_room.h"
#include "repo/project.h"
#include "repo/toml.h"

/* "default" is the environment that is chosen. */
static const char *sam_env(struct import *import, const char *name) {
    struct err err = {0};

    if (strcmp(name, "default") == 0) {
        return "";
    }
    if (project_check_answer("environment", name, &err) != ERR_NONE) {
        import_leave(import, name, 0, err.text);
        return NULL;
    }
    return name;
}

/* `Name=value Other="a b"`: a JSON object of texts; the caller decrefs. */
static json_t *sam_overrides(const char *text) {
    json_t *object = json_object();

    while (text != NULL && *text != '\0') {
        size_t name = strcspn(text, "= ");
        const char *value = text + name + 1;
        bool is_quoted = text[name] == '=' && (*value == '"' || *value == '\'');
        size_t length;

        if (text[name] != '=') {
            text += name + (text[name] == ' ');
            continue;
        }
        value += is_quoted;
        length = is_quoted ? strcspn(value, "\"'") : strcspn(value, " ");
        if (name > 0) {
            CLEANUP(freep) char *key = str_dup((struct str){text, name});

            json_put(object, key, json_string_of((struct str){value, length}));
        }
        text = value + length;
        text += *text != '\0'; /* the quote, or the blank */
    }
    return object;
}

static void sam_leave(struct import *import, const json_t *parameters) {
    /* clang-format off */
    static const struct { const char *key; const char *why; } rows[] = {
        { "stack_name",   "stacks are named after application and environment; the old one stays until you delete it" },
        { "s3_bucket",    "artefacts go to the bucket of the bootstrap stack" },
        { "s3_prefix",    "artefacts are named by their digests" },
        { "resolve_s3",   "artefacts go to the bucket of the bootstrap stack" },
        { "capabilities", "what a template needs is known" },
        { "profile",      "a profile belongs into your own settings, or --profile" },
        { "tags",         "give them with --tags" },
        { "image_repositories", "no image is built" },
    };
    /* clang-format on */

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (json_object_get(parameters, rows[i].key) != NULL) {
            import_leave(import, rows[i].key, 0, rows[i].why);
        }
    }
}

/* ---- The template ---- */

/* A variable of the function: its text, or the override of the parameter it refers to. */
static void sam_variable(struct import *import, const char *env, const struct yaml_node *node,
                         const json_t *overrides) {
    const char *value = yaml_text(node);

    if (node->tag != NULL && strcmp(node->tag, "!Ref") == 0 && value != NULL) {
        value = json_str_at(overrides, value);
    } else if (node->tag != NULL) {
        value = NULL;
    }
    import_variable(import, env, node->key, value, node->key_line);
}

static void sam_function(struct import *import, const char *env, const struct yaml_node *function,
                         const json_t *overrides) {
    const struct yaml_node *variables =
        yaml_child(yaml_child(function, "Environment"), "Variables");
    const struct yaml_node *runtime = yaml_child(function, "Runtime");
    const struct yaml_node *handler = yaml_child(function, "Handler");

    if (yaml_text(runtime) != NULL && strncmp(yaml_text(runtime), "python", 6) == 0) {
        import_take(import, "", "backend.python", yaml_text(runtime) + 6, runtime->key_line);
    }
    if (handler != NULL) {
        import_leave(import, "Handler", handler->key_line,
                     "the bridge calls the ASGI object itself; an adapter is not needed");
    }
    for (const struct yaml_node *at = variables == NULL ? NULL : variables->first; at != NULL;
         at = at->next) {
        if (at->key != NULL) {
            sam_variable(import, env, at, overrides);
        }
    }
}

static void sam_resources(struct import *import, const char *env, const struct yaml_node *root,
                          const json_t *overrides) {
    const struct yaml_node *resources = yaml_child(root, "Resources");

    sam_function(import, env, yaml_child(yaml_child(root, "Globals"), "Function"), overrides);
    for (const struct yaml_node *at = resources == NULL ? NULL : resources->first; at != NULL;
         at = at->next) {
        const char *type = yaml_text(yaml_child(at, "Type"));

        if (type != NULL && (strcmp(type, "AWS::Serverless::Function") == 0 ||
                             strcmp(type, "AWS::Lambda::Function") == 0)) {
            sam_function(import, env, yaml_child(at, "Properties"), overrides);
        } else if (type != NULL && strstr(type, "Api") == NULL) {
            CLEANUP(freep) char *what = mem_format("%s (%s)", at->key == NULL ? "" : at->key, type);

            import_leave(import, what, at->key_line,
                         "it is not made here: give its address as a variable or a secret");
        }
    }
}

static void sam_template(struct import *import, const char *env, const json_t *overrides) {
    static const char *const names[] = {"template.yaml", "template.yml"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_FILE_MAX);
        struct yaml_node *root = NULL;
        struct err err = {0};

        if (!import_open(import, names[i], &text)) {
            continue;
        }
        if (yaml_read_foreign(buf_str(&text), names[i], import->arena, &root, &err) != ERR_NONE) {
            import_leave(import, names[i], 0, err.text);
        } else {
            sam_resources(import, env, root, overrides);
        }
        return;
    }
}

/* ---- samconfig.toml ---- */

static void sam_section(struct import *import, const char *name, const json_t *section) {
    const json_t *deploy = json_at(section, "deploy.parameters");
    const json_t *parameters = deploy != NULL ? deploy : json_at(section, "global.parameters");
    const char *env = parameters == NULL ? NULL : sam_env(import, name);
    CLEANUP(json_decrefp) json_t *overrides = NULL;
    const char *file = import->file;

    if (env == NULL) {
        return;
    }
    if (env[0] != '\0') {
        import_take(import, env, "environment", env, 0);
    }
    import_take(import, env, "region", json_str_at(parameters, "region"), 0);
    sam_leave(import, parameters);
    overrides = sam_overrides(json_str_at(parameters, "parameter_overrides"));
    sam_template(import, env, overrides);
    import->file = file;
}

void import_sam(struct import *import) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_FILE_MAX);
    CLEANUP(json_decrefp) json_t *root = NULL;
    struct err err = {0};
    const char *name;
    json_t *section;
    int broken_line = 0;

    if (!import_open(import, "samconfig.toml", &text)) {
        return;
    }
    if (toml_read(import->parser, buf_str(&text), &root, &broken_line, &err) != ERR_NONE) {
        import_leave(import, "samconfig.toml", 0, err.text);
        return;
    }
    if (broken_line > 0) {
        import_leave(import, "samconfig.toml", broken_line, "this line is not TOML");
    }
    json_object_foreach(root, name, section) {
        if (json_is_object(section)) {
            sam_section(import, name, section);
        }
    }
}
