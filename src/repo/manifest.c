/* Python manifests and lock files: who manages the packages, and which are named. */
#include "repo/path.h"
#include "repo/survey_room.h"
#include "repo/toml.h"

#include <ctype.h>
#include <string.h>

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

/* Adds the name at the start of a requirement, in the normal form of PEP 503. */
static void add_dependency(json_t *list, struct str requirement) {
    char name[101];
    size_t n = 0;
    bool is_there = false;
    const json_t *row = NULL;
    size_t i = 0;

    requirement = str_trim(requirement);
    for (size_t j = 0; j < requirement.len && n < sizeof(name) - 1; j++) {
        const char c = requirement.ptr[j];

        if (c == '-' || c == '_' || c == '.') {
            if (n > 0 && name[n - 1] != '-') {
                name[n++] = '-';
            }
        } else if (isalnum((unsigned char)c)) {
            name[n++] = (char)tolower((unsigned char)c);
        } else {
            break;
        }
    }
    name[n] = '\0';
    json_array_foreach(list, i, row) {
        is_there = is_there || strcmp(json_string_value(row), name) == 0;
    }
    if (n > 0 && !is_there && json_array_size(list) < 500) {
        json_array_append_new(list, json_string(name));
    }
}

static void add_array(json_t *list, const json_t *requirements) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(requirements, i, row) {
        add_dependency(list, str_from(json_string_value(row)));
    }
}

static void add_keys(json_t *list, const json_t *table) {
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)table, key, value) {
        if (strcmp(key, "python") != 0) {
            add_dependency(list, str_from(key));
        }
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
        return;
    }
    out->name = keep(room, json_str_at(toml, "project.name"));
    out->name = out->name != NULL ? out->name : keep(room, json_str_at(toml, "tool.poetry.name"));
    out->python = keep(room, json_str_at(toml, "project.requires-python"));
    poetry_python = json_str_at(toml, "tool.poetry.dependencies.python");
    out->python = out->python != NULL ? out->python : keep(room, poetry_python);
    add_array(out->dependencies, json_at(toml, "project.dependencies"));
    add_keys(out->dependencies, json_at(toml, "tool.poetry.dependencies"));
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

static void read_requirements(struct room *room, const char *path, struct manifest *out) {
    struct str rest = {0};
    struct str line = {0};

    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return;
    }
    rest = without_utf16(room);
    while (str_next(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.len > 0 && line.ptr[0] != '#' && line.ptr[0] != '-') {
            add_dependency(out->dependencies, line);
        }
    }
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
    add_keys(out->dependencies, json_at(toml, "packages"));
    version = json_str_at(toml, "requires.python_version");
    if (version != NULL && out->python == NULL) {
        out->python = arena_format(room->arena, "==%s.*", version);
    }
    json_decref(toml);
}

/* The lock file that counts: in the folder of the manifest, or of a workspace around it. */
static void find_lock(struct room *room, const char *dir, struct manifest *out) {
    for (const char *at = dir;; at = path_dir(room->arena, at)) {
        for (size_t i = 0; i < ARRAY_N(locks); i++) {
            const char *path = path_join(room->arena, at, locks[i].lock);

            if (tree_has_file(&room->tree, path)) {
                out->lock = path;
                out->manager = locks[i].manager;
                return;
            }
        }
        if (strcmp(at, ".") == 0) {
            return;
        }
    }
}

void manifest_find(struct room *room, const char *dir, struct manifest *out) {
    const char *pyproject = path_join(room->arena, dir, "pyproject.toml");
    const char *requirements = path_join(room->arena, dir, "requirements.txt");
    const char *wanted = path_join(room->arena, dir, "requirements.in");
    const char *pipfile = path_join(room->arena, dir, "Pipfile");

    *out = (struct manifest){.dir = dir, .manager = "none", .dependencies = json_array()};
    if (tree_has_file(&room->tree, pyproject)) {
        read_pyproject(room, pyproject, out);
    }
    if (tree_has_file(&room->tree, pipfile)) {
        out->path = out->path != NULL ? out->path : pipfile;
        out->manager = "pipenv";
        read_pipfile(room, pipfile, out);
    }
    if (tree_has_file(&room->tree, requirements)) {
        const bool is_tools = tree_has_file(&room->tree, wanted);

        if (strcmp(out->manager, "none") == 0 || strcmp(out->manager, "pyproject") == 0) {
            out->manager = is_tools ? "pip-tools" : "requirements";
            out->path = out->path != NULL && json_array_size(out->dependencies) > 0
                            ? out->path
                            : (is_tools ? wanted : requirements);
        }
        read_requirements(room, requirements, out);
    }
    find_lock(room, dir, out);
}

bool manifest_has(const struct manifest *manifest, const char *dependency) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(manifest->dependencies, i, row) {
        if (strcmp(json_string_value(row), dependency) == 0) {
            return true;
        }
    }
    return false;
}
