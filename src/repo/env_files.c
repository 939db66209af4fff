/* Files of variables beside the application: those that settings classes read, which are not
 * shipped or hold what the class forbids, and the samples that people are meant to copy. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <string.h>
#include <strings.h>

enum { SAMPLE_NAMES_MAX = 12 };

/* --- names in a file --- */

/* Names that a settings class does not declare, or that no code reads. */
struct names {
    struct room *room;
    const struct py_module *module;
    const struct py_class *class_; /* NULL: all that reading found counts */
    const char *path;
    struct buf text; /* "A, B" */
    size_t n;
    int line; /* of the first */
};

static void add_name(struct names *names, const char *name, int line) {
    names->line = names->n == 0 ? line : names->line;
    names->n++;
    if (names->n <= SAMPLE_NAMES_MAX) {
        buf_addf(&names->text, "%s%s", names->text.len == 0 ? "" : ", ", name);
    } else if (names->n == SAMPLE_NAMES_MAX + 1) {
        buf_add_s(&names->text, " and others");
    }
}

static void look_at_field(void *ctx, const char *name, struct str value, int line) {
    struct names *names = ctx;

    if (value.len > 0 && !settings_declares(names->room, names->module, names->class_, name)) {
        add_name(names, name, line); /* pydantic passes over empty ones */
    }
}

static struct env_row *row_of(struct room *room, const char *name) {
    for (size_t i = 0; i < room->env.n; i++) {
        if (strcasecmp(room->env.rows[i].name, name) == 0) {
            return &room->env.rows[i];
        }
    }
    return NULL;
}

/* Of the front end, or of tools that start things. */
static bool is_of_others(const char *name) {
    static const char *const starts[] = {"VITE_",   "NEXT_",  "REACT_APP_", "PUBLIC_", "COMPOSE_",
                                         "DOCKER_", "NGINX_", "PGADMIN",    "UVICORN_"};

    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        if (strncmp(name, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] !=
           '\0';
}

static void look_at_sample(void *ctx, const char *name, struct str value, int line) {
    struct names *names = ctx;
    struct env_row *row = row_of(names->room, name);

    (void)value;
    if (row != NULL) {
        row->example = room_where(names->room, names->path, line);
    } else if (!is_of_others(name) && !env_is_platform(name)) {
        add_name(names, name, line);
    }
}

/* --- samples --- */

/* The sample in the first of the folders that has one, or NULL. */
static const char *find_sample(struct room *room, const char *const *dirs, size_t n) {
    static const char *const samples[] = {".env.example", ".env.sample", ".env.template",
                                          ".env.dist",    "env.example", ".env.local.example",
                                          "example.env",  "sample.env"};

    for (size_t i = 0; i < n * ARRAY_N(samples); i++) {
        const char *path =
            path_join(room->arena, dirs[i / ARRAY_N(samples)], samples[i % ARRAY_N(samples)]);

        if (path != NULL && tree_has_file(&room->tree, path)) {
            return path;
        }
    }
    return NULL;
}

static void judge_sample(struct room *room, const char *path) {
    struct names names = {.room = room, .path = path, .text = BUF_INIT(2000)};

    dotenv_read(room, path, look_at_sample, &names);
    if (names.n > 0) {
        room_say(room, REASON_EXAMPLE_UNREAD, room_where(room, path, names.line),
                 buf_cstr(&names.text));
    }
    buf_done(&names.text);
}

/* --- files of settings classes --- */

/* A build takes no file whose name begins so: bundle/cache.c. */
static bool is_shipped(const char *path) { return strncmp(path_name(path), ".env", 4) != 0; }

/* The file that env_file names, as far as it is written there, if it is in the repository. */
static const char *named_file(struct room *room, struct py_value value) {
    const char *const dirs[] = {room->app->cwd, room->app->dir, "."};
    const bool is_whole = value.kind == PY_STRING;

    if (!is_whole && value.kind != PY_TEMPLATE) {
        return NULL;
    }
    for (size_t i = 0; i < (is_whole ? 1 : ARRAY_N(dirs)); i++) {
        const char *path =
            path_join(room->arena, dirs[i], is_whole ? value.text : path_name(value.text));

        if (path != NULL && tree_has_file(&room->tree, path)) {
            return path;
        }
    }
    return NULL;
}

/* The second version of pydantic forbids what a file holds beyond the fields, unless it is told
 * otherwise. */
static bool forbids(struct room *room, const struct py_module *module,
                    const struct py_class *class_) {
    struct py_value extra = settings_config(room, module, class_, "extra");

    return manifest_has(&room->manifest, "pydantic-settings") &&
           (extra.kind == PY_ABSENT || strcmp(py_last(extra.text), "forbid") == 0);
}

static void say_undeclared(struct room *room, const struct py_module *module,
                           const struct py_class *class_, const char *path, enum reason reason) {
    struct names names = {
        .room = room, .module = module, .class_ = class_, .path = path, .text = BUF_INIT(2000)};

    dotenv_read(room, path, look_at_field, &names);
    if (names.n > 0) {
        room_say(room, reason, room_where(room, path, names.line),
                 arena_format(room->arena, "%s holds %s", path, buf_cstr(&names.text)));
    }
    buf_done(&names.text);
}

static void judge_class(struct room *room, const struct py_module *module,
                        const struct py_class *class_, const char *sample) {
    struct py_value value = settings_config(room, module, class_, "env_file");
    const char *path = named_file(room, value);

    if (value.kind == PY_ABSENT || value.kind == PY_NONE) {
        return;
    }
    if (path != NULL && !is_shipped(path)) {
        room_say(room, REASON_SETTINGS_FILE, room_where(room, module->path, class_->line), path);
    }
    if (!forbids(room, module, class_)) {
        return;
    }
    if (path != NULL && is_shipped(path)) {
        say_undeclared(room, module, class_, path, REASON_SETTINGS_FORBID);
    } else if (sample != NULL) {
        say_undeclared(room, module, class_, sample, REASON_SETTINGS_UNDECLARED);
    }
}

void env_files_find(struct room *room) {
    const char *const dirs[] = {room->app->cwd, room->app->dir, "."};
    const char *sample = find_sample(room, dirs, ARRAY_N(dirs));

    if (sample != NULL) {
        judge_sample(room, sample);
    }
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const struct py_module *module = module_at(room, room->reached[k]);

        for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
            if (settings_is_class(room, at)) {
                judge_class(room, module, at, sample);
            }
        }
    }
}
