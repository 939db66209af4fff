/* What other tools' files say: the collector, and the readers of one page. */
#include "repo/import_room.h"

#include <stdlib.h>
#include <string.h>

#include "repo/compose.h"
#include "repo/procfile.h"
#include "repo/project.h"

/* ---- The collector ---- */

static json_t *import_where(const struct import *import, int line) {
    CLEANUP(freep)
    char *text = line > 0 ? mem_format("%s:%d", import->file, line) : mem_strdup(import->file);

    return json_string_of(str_from(text));
}

void import_leave(struct import *import, const char *what, int line, const char *why) {
    json_t *row = json_object();

    if (json_array_size(import->left) >= IMPORT_ROWS_MAX) {
        json_decref(row);
        return;
    }
    json_put_str(row, "what", what);
    json_put_str(row, "why", why);
    json_put(row, "where", import_where(import, line));
    (void)json_array_append_new(import->left, row);
}

/* Whether the environment has an answer to `field` already; the same one again is no news. */
static bool import_has(struct import *import, const char *env, const char *field,
                       const json_t *value, int line) {
    const json_t *row;
    size_t i;

    json_array_foreach(import->took, i, row) {
        if (strcmp(json_str_or(row, "env", ""), env) == 0 &&
            strcmp(json_str_or(row, "field", ""), field) == 0) {
            if (!json_equal(json_object_get(row, "value"), value)) {
                CLEANUP(freep)
                char *why = mem_format("%s says it otherwise", json_str_or(row, "where", ""));

                import_leave(import, field, line, why);
            }
            return true;
        }
    }
    return false;
}

/* Takes over `value`. */
static void import_keep(struct import *import, const char *env, const char *field, json_t *value,
                        int line) {
    json_t *row;

    if (import_has(import, env, field, value, line) ||
        json_array_size(import->took) >= IMPORT_ROWS_MAX) {
        json_decref(value);
        return;
    }
    row = json_object();
    json_put_str(row, "env", env);
    json_put_str(row, "field", field);
    json_put(row, "value", value);
    json_put(row, "where", import_where(import, line));
    (void)json_array_append_new(import->took, row);
}

void import_take(struct import *import, const char *env, const char *field, const char *value,
                 int line) {
    struct err err = {0};

    if (value == NULL) {
        return;
    }
    if (project_check_answer(field, value, &err) != ERR_NONE) {
        import_leave(import, field, line, err.text);
        return;
    }
    import_keep(import, env, field, json_string_of(str_from(value)), line);
}

void import_secret(struct import *import, const char *env, const char *name, int line) {
    CLEANUP(freep) char *field = mem_format("env.%s", name);
    struct err err = {0};

    if (project_check_secret(name, &err) != ERR_NONE) {
        import_leave(import, field, line, err.text);
        return;
    }
    import_keep(import, env, field, json_true(), line);
}

static bool is_reference(const char *value) {
    return strstr(value, "${") != NULL || strstr(value, "$(") != NULL ||
           strstr(value, "{{") != NULL;
}

/* By the name, or by what the value looks like under it. */
static bool is_secret(const struct import *import, const char *name, const char *value) {
    CLEANUP(freep) char *pair = mem_format("%s=%s", name, value == NULL ? "" : value);
    struct redact_hit hit;

    return redact_is_secret_key(str_from(name)) ||
           redact_find(import->redactor, str_from(pair), &hit, 1) > 0;
}

void import_variable(struct import *import, const char *env, const char *name, const char *value,
                     int line) {
    CLEANUP(freep) char *field = mem_format("env.%s", name);
    struct err err = {0};

    if (is_secret(import, name, value)) {
        import_secret(import, env, name, line);
        return;
    }
    if (value == NULL || is_reference(value)) {
        import_leave(import, field, line, "its value stands elsewhere");
        return;
    }
    if (project_check_answer(field, value, &err) == ERR_NONE) {
        import_keep(import, env, field, json_string_of(str_from(value)), line);
    } else if (project_check_secret(name, &err) == ERR_NONE) {
        import_secret(import, env, name, line); /* the value is one that the file may not hold */
    } else {
        import_leave(import, field, line, err.text);
    }
}

static bool is_server(struct str word) {
    return str_ends(word, STR("uvicorn")) || str_ends(word, STR("gunicorn")) ||
           str_ends(word, STR("hypercorn")) || str_ends(word, STR("granian"));
}

void import_command(struct import *import, const char *what, const char *command, int line) {
    struct str rest = str_from(command);
    struct str word = {0};
    bool is_started = false;
    bool is_factory = strstr(command, "--factory") != NULL;

    while (str_next(&rest, ' ', &word)) {
        CLEANUP(freep)
        char *asgi = mem_format(STR_FMT "%s", STR_ARG(word), is_factory ? "()" : "");
        struct err err = {0};

        if (is_started && project_check_answer("backend.asgi", asgi, &err) == ERR_NONE) {
            import_take(import, "", "backend.asgi", asgi, line);
            return;
        }
        is_started = is_started || is_server(word);
    }
    import_leave(import, what, line, "it starts no ASGI server that is known here");
}

bool import_open(struct import *import, const char *path, struct buf *out) {
    struct err err = {0};
    enum fs_kind kind = fs_kind_at(&import->root, path);

    buf_clear(out);
    if (kind == FS_NONE) {
        return false;
    }
    import->file = arena_str(import->arena, str_from(path));
    (void)json_array_append_new(import->files, json_string_of(str_from(path)));
    if (fs_read_at(&import->root, path, IMPORT_FILE_MAX, out, &err) != ERR_NONE) {
        import_leave(import, path, 0, err.text);
        return false;
    }
    return true;
}

/* ---- compose.yaml ---- */

static void compose_service_take(struct import *import, const struct compose_service *service) {
    if (service->build == NULL) {
        import_leave(
            import, service->name, service->line,
            "a service from an image runs elsewhere: give its address as a variable, or as "
            "a secret where there is a password in it");
        return;
    }
    if (service->ports != NULL) {
        import_leave(import, "ports", service->line, "a function has no ports; the API has paths");
    }
    if (service->env_files != NULL) {
        import_leave(import, service->env_files, service->line,
                     "values stay where they are: aws-copilot secrets set takes the secret ones");
    }
    if (service->command != NULL) {
        import_command(import, "command", service->command, service->line);
    }
    for (size_t i = 0; i < service->variable_n; i++) {
        import_variable(import, "", service->variables[i].name, service->variables[i].value,
                        service->variables[i].line);
    }
}

void import_compose(struct import *import) {
    for (const char *const *name = compose_names; *name != NULL; name++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_FILE_MAX);
        struct compose compose = {0};
        struct err err = {0};

        if (!import_open(import, *name, &text)) {
            continue;
        }
        if (compose_read(buf_str(&text), *name, import->arena, &compose, &err) != ERR_NONE) {
            import_leave(import, *name, 0, err.text);
        }
        for (size_t s = 0; s < compose.service_n; s++) {
            compose_service_take(import, &compose.services[s]);
        }
        return; /* the first that is there is the one that compose takes */
    }
}

/* ---- Procfile ---- */

void import_procfile(struct import *import) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_FILE_MAX);
    const struct procfile_row *rows = NULL;
    size_t n;

    if (!import_open(import, "Procfile", &text)) {
        return;
    }
    n = procfile_read(buf_str(&text), import->arena, &rows);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, "web") == 0) {
            import_command(import, "web", rows[i].command, rows[i].line);
        } else if (strcmp(rows[i].name, "release") == 0) {
            import_leave(import, "release", rows[i].line,
                         "nothing runs beside a deployment: run migrations yourself before it");
        } else {
            import_leave(import, rows[i].name, rows[i].line,
                         "a process that runs all the time needs a container");
        }
    }
}

/* ---- All of them ---- */

static void import_done(struct import *import) {
    fs_root_done(&import->root);
    arena_free(import->arena);
    redactor_free(import->redactor);
    syntax_parser_free(import->parser);
    json_decref(import->files);
    json_decref(import->took);
    json_decref(import->left);
}

enum err_code import_read(const char *root, json_t **out, struct err *err) {
    CLEANUP(import_done)
    struct import import = {.arena = arena_new(),
                            .redactor = redactor_new(),
                            .parser = syntax_parser_new(),
                            .files = json_array(),
                            .took = json_array(),
                            .left = json_array()};

    if (fs_root_open(root, &import.root, err) != ERR_NONE) {
        return err->code;
    }
    import_copilot(&import);
    import_sam(&import);
    import_flightcontrol(&import);
    import_compose(&import);
    import_procfile(&import);
    *out = json_pack("{s:O, s:O, s:O}", "files", import.files, "took", import.took, "left",
                     import.left);
    return ERR_NONE;
}
