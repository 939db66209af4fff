/* Python manifests and lock files: who manages the packages, and which are named. */
#include "repo/path.h"
#include "repo/python_names.h"
#include "repo/survey_room.h"
#include "repo/toml.h"

#include <string.h>

enum {
    REQUIREMENTS_DEPTH = 4, /* of files that include each other */
    DEPENDENCIES_MAX = 500
};

/* Any of these makes a folder a Python project. */
static const char *const manifest_names[] = {
    "pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "uv.lock", "requirements.in"};

/* Lock files in the order in which they decide. */
static const struct {
    const char *lock;
    const char *manager;
} locks[] = {
    {"uv.lock", "uv"}, {"poetry.lock", "poetry"}, {"pdm.lock", "pdm"}, {"Pipfile.lock", "pipenv"}};

const char *manifest_dir_of(struct room *room, const char *path) {
    const char *dir = path_dir(room->arena, path);

    for (;;) {
        for (size_t i = 0; i < ARRAY_N(manifest_names); i++) {
            if (tree_has_file(&room->tree, path_join(room->arena, dir, manifest_names[i]))) {
                return dir;
            }
        }
        if (strcmp(dir, ".") == 0) {
            return NULL;
        }
        dir = path_dir(room->arena, dir);
    }
}

static void add_name(json_t *list, struct str name) {
    char normal[PYTHON_NAME_MAX];

    python_normal_name(name, normal);
    if (normal[0] != '\0' && !json_has_str(list, normal) &&
        json_array_size(list) < DEPENDENCIES_MAX) {
        json_array_append_new(list, json_string(normal));
    }
}

/* "fastapi[standard]>=0.115" */
static void add_requirement(struct manifest *out, struct str requirement) {
    ptrdiff_t bracket = str_find(requirement, STR("["));

    requirement = str_trim(requirement);
    add_name(out->dependencies, requirement);
    if (bracket > 0) {
        add_name(out->full, requirement);
    }
}

static void add_array(json_t *list, const json_t *requirements) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(requirements, i, row) {
        if (json_is_string(row)) {
            add_name(list, str_trim(str_from(json_string_value(row))));
        }
    }
}

static void add_keys(json_t *list, const json_t *table) {
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)table, key, value) {
        if (strcmp(key, "python") != 0 && !json_bool_at(value, "optional")) {
            add_name(list, str_from(key));
        }
    }
}

static void add_requirements(struct manifest *out, const json_t *requirements) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(requirements, i, row) {
        if (json_is_string(row)) {
            add_requirement(out, str_from(json_string_value(row)));
        }
    }
}

/* name = "^1.0" and name = {version = "^1.0", extras = ["x"]} of Poetry and Pipenv. */
static void add_tables(struct manifest *out, const json_t *table) {
    const char *key = NULL;
    json_t *value = NULL;

    add_keys(out->dependencies, table);
    json_object_foreach((json_t *)(uintptr_t)table, key, value) {
        if (json_at(value, "extras") != NULL) {
            add_name(out->full, str_from(key));
        }
    }
}

/* Lists of requirements by name: extras and groups. Entries of a group that name another are left.
 */
static void add_lists(json_t *object, const json_t *lists) {
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)lists, key, value) {
        if (json_is_array(value) && json_object_size(object) < SURVEY_LIST_MAX) {
            json_put(object, key, json_array());
            add_array(json_object_get(object, key), value);
        }
    }
}

/* [tool.poetry.group.dev.dependencies]: tables in tables. */
static void add_poetry_groups(json_t *object, const json_t *toml) {
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)json_at(toml, "tool.poetry.group"), key, value) {
        json_put(object, key, json_array());
        add_keys(json_object_get(object, key), json_at(value, "dependencies"));
    }
    if (json_at(toml, "tool.poetry.dev-dependencies") != NULL) {
        json_put(object, "dev", json_array());
        add_keys(json_object_get(object, "dev"), json_at(toml, "tool.poetry.dev-dependencies"));
    }
}

static const char *keep(struct room *room, const char *text) {
    return text == NULL ? NULL : arena_str(room->arena, str_from(text));
}

static void read_pyproject(struct room *room, const char *path, struct manifest *out) {
    json_t *toml = NULL;
    struct err ignored = {0};
    const char *poetry_python = NULL;

    out->path = path;
    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text) ||
        toml_read(room->parser, buf_str(&room->text), &toml, &out->broken_line, &ignored) !=
            ERR_NONE) {
        out->broken_line = 1; /* too large, or nested without end */
        return;
    }
    out->name = keep(room, json_str_at(toml, "project.name"));
    out->name = out->name != NULL ? out->name : keep(room, json_str_at(toml, "tool.poetry.name"));
    out->python = keep(room, json_str_at(toml, "project.requires-python"));
    poetry_python = json_str_at(toml, "tool.poetry.dependencies.python");
    out->python = out->python != NULL ? out->python : keep(room, poetry_python);
    add_requirements(out, json_at(toml, "project.dependencies"));
    add_tables(out, json_at(toml, "tool.poetry.dependencies"));
    add_lists(out->extras, json_at(toml, "project.optional-dependencies"));
    add_lists(out->extras, json_at(toml, "tool.poetry.extras"));
    add_lists(out->groups, json_at(toml, "dependency-groups"));
    add_poetry_groups(out->groups, toml);
    if (json_at(toml, "tool.uv.dev-dependencies") != NULL) {
        json_put(out->groups, "dev", json_array());
        add_array(json_object_get(out->groups, "dev"), json_at(toml, "tool.uv.dev-dependencies"));
    }
    if (json_at(toml, "tool.poetry") != NULL && json_at(toml, "project.dependencies") == NULL) {
        out->manager = "poetry";
    } else if (json_at(toml, "project") != NULL) {
        out->manager = "pyproject";
    }
    json_decref(toml);
}

/* PowerShell writes UTF-16; the names in it are ASCII all the same. */
static struct str without_utf16(struct room *room) {
    struct str text = buf_str(&room->text);
    char *bytes = NULL;

    if (text.len < 2 || (unsigned char)text.ptr[0] != 0xff || (unsigned char)text.ptr[1] != 0xfe) {
        return text;
    }
    bytes = arena_alloc(room->arena, text.len / 2 + 1);
    for (size_t i = 2; i + 1 < text.len; i += 2) {
        bytes[i / 2 - 1] = text.ptr[i + 1] == 0 ? text.ptr[i] : '?';
    }
    return (struct str){bytes, text.len / 2 - 1};
}

/* Whether a line says exactly which version. */
static bool is_pinned(struct str line) {
    return str_find(line, STR("==")) > 0 && str_find(line, STR("*")) < 0;
}

/* Reads a requirements file and those that it includes; whether all its lines are pinned. */
static bool read_requirements(struct room *room, const char *path, int depth,
                              struct manifest *out) {
    struct str rest = {0};
    struct str line = {0};
    bool all_pinned = true;

    if (depth > REQUIREMENTS_DEPTH || !tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return false;
    }
    rest =
        str_from(arena_str(room->arena, without_utf16(room))); /* the next file takes its place */
    while (str_next(&rest, '\n', &line) && room_spend(room)) {
        const bool is_include = str_starts(line = str_trim(line), STR("-r "));

        if (is_include) {
            const char *dir = path_dir(room->arena, path);
            const char *name = arena_str(room->arena, str_trim(str_slice(line, 3, line.len)));
            const char *other = path_join(room->arena, dir, name);

            all_pinned =
                other != NULL && read_requirements(room, other, depth + 1, out) && all_pinned;
        } else if (line.len > 0 && line.ptr[0] != '#' && line.ptr[0] != '-') {
            add_requirement(out, line);
            all_pinned = all_pinned && is_pinned(line);
        }
    }
    return all_pinned;
}

static void read_pipfile(struct room *room, const char *path, struct manifest *out) {
    json_t *toml = NULL;
    struct err ignored = {0};
    const char *version = NULL;

    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text) ||
        toml_read(room->parser, buf_str(&room->text), &toml, &out->broken_line, &ignored) !=
            ERR_NONE) {
        return;
    }
    add_tables(out, json_at(toml, "packages"));
    version = json_str_at(toml, "requires.python_version");
    if (version != NULL && out->python == NULL) {
        out->python = arena_format(room->arena, "==%s.*", version);
    }
    json_decref(toml);
}

static bool find_lock_in(struct room *room, const char *dir, struct manifest *out) {
    for (size_t i = 0; i < ARRAY_N(locks); i++) {
        const char *path = path_join(room->arena, dir, locks[i].lock);

        if (tree_has_file(&room->tree, path)) {
            out->lock = path;
            out->manager = locks[i].manager;
            python_lock_read(room, out);
            return true;
        }
    }
    return false;
}

/* The lock file that counts: in the folder of the manifest, or of a uv workspace around it that
 * holds the project. */
static void find_lock(struct room *room, const char *dir, struct manifest *out) {
    const struct manifest before = *out;
    char name[PYTHON_NAME_MAX];

    if (find_lock_in(room, dir, out)) {
        return;
    }
    python_normal_name(str_from(out->name), name);
    while (strcmp(dir, ".") != 0 && room_spend(room)) {
        dir = path_dir(room->arena, dir);
        if (find_lock_in(room, dir, out) && json_object_get(out->locked, name) != NULL) {
            return;
        }
        json_object_clear(out->locked);
        out->lock = before.lock;
        out->manager = before.manager;
    }
}

/* FastAPI has always required these two, so a list with FastAPI and without them pins what its
 * author named and leaves the rest to the day of the installation. */
static bool is_whole(const struct manifest *manifest) {
    return !manifest_has(manifest, "fastapi") ||
           (manifest_has(manifest, "starlette") && manifest_has(manifest, "pydantic"));
}

/* requirements.txt beside a manifest that does not name FastAPI, or alone. With all that gets
 * installed pinned, it is a lock. */
static void take_requirements(struct room *room, const char *path, struct manifest *out) {
    const char *wanted = path_join(room->arena, out->dir, "requirements.in");
    const bool is_tools = tree_has_file(&room->tree, wanted);
    const bool is_pinned = read_requirements(room, path, 0, out);

    out->manager = is_tools ? "pip-tools" : "requirements";
    out->path = is_tools ? wanted : path;
    out->lock = is_pinned && is_whole(out) ? path : NULL;
}

void manifest_find(struct room *room, const char *dir, struct manifest *out) {
    const char *pyproject = path_join(room->arena, dir, "pyproject.toml");
    const char *requirements = path_join(room->arena, dir, "requirements.txt");
    const char *pipfile = path_join(room->arena, dir, "Pipfile");

    *out = (struct manifest){.dir = dir,
                             .manager = "none",
                             .dependencies = json_array(),
                             .full = json_array(),
                             .extras = json_object(),
                             .groups = json_object(),
                             .locked = json_object()};
    if (tree_has_file(&room->tree, pyproject)) {
        read_pyproject(room, pyproject, out);
    }
    if (tree_has_file(&room->tree, pipfile)) {
        out->path = out->path != NULL ? out->path : pipfile;
        out->manager = "pipenv";
        read_pipfile(room, pipfile, out);
    }
    if (tree_has_file(&room->tree, requirements) && !manifest_has(out, "fastapi")) {
        take_requirements(room, requirements, out);
    }
    if (out->lock == NULL) {
        find_lock(room, dir, out);
    }
}

void manifest_done(struct manifest *manifest) {
    json_decref(manifest->dependencies);
    json_decref(manifest->full);
    json_decref(manifest->extras);
    json_decref(manifest->groups);
    json_decref(manifest->locked);
}

bool manifest_has(const struct manifest *manifest, const char *dependency) {
    return json_has_str(manifest->dependencies, dependency);
}
