/* Imports that no dependency gives: extras that are needed, groups that only developers install,
 * packages that nobody named. And the packages of an application that has no list of them. */
#include "repo/path.h"
#include "repo/python_names.h"
#include "repo/survey_room.h"

#include <string.h>

/* --- who gives a module --- */

/* Namespaces that many packages share, longer ones first. */
static const char *const shared[] = {"google.cloud",  "google", "azure",
                                     "opentelemetry", "zope",   "backports"};

/* Where the part of a module ends that names its package: "google.cloud.storage" is one whole. */
static size_t package_end(const char *module) {
    for (size_t i = 0; i < ARRAY_N(shared); i++) {
        size_t n = strlen(shared[i]);

        if (strncmp(module, shared[i], n) == 0 && module[n] == '.') {
            return n + 1 + strcspn(module + n + 1, ".");
        }
    }
    return strcspn(module, ".");
}

/* The name that a package of this module has most likely. */
static void likely_package(const char *module, char out[PYTHON_NAME_MAX]) {
    const char *package = python_package_of(module, 0);
    char flat[PYTHON_NAME_MAX] = "";
    size_t n = package_end(module);

    for (size_t i = 0; i < n && i < sizeof(flat) - 1; i++) {
        flat[i] = module[i] == '.' ? '-' : module[i];
    }
    python_normal_name(str_from(package != NULL ? package : flat), out);
}

/* Whether `name` is `stem` or starts with it and a hyphen. */
static bool is_or_begins(const char *name, const char *stem) {
    size_t n = strlen(stem);

    return strncmp(name, stem, n) == 0 && (name[n] == '\0' || name[n] == '-');
}

/* Whether a package called `name` gives `module`, whose likely package is `likely`. */
static bool gives(const char *name, const char *module, const char *likely) {
    const char *other = NULL;
    char own[PYTHON_NAME_MAX];

    if (is_or_begins(name, likely) || strncmp(name, "opentelemetry-", 14) == 0) {
        return strncmp(name, "opentelemetry-", 14) != 0 ||
               strncmp(module, "opentelemetry", 13) == 0;
    }
    for (size_t i = 0; (other = python_package_of(module, i)) != NULL; i++) {
        if (is_or_begins(name, other)) {
            return true;
        }
    }
    python_normal_name((struct str){module, strcspn(module, ".")}, own);
    if (strcmp(name, own) == 0) {
        return true; /* psycopg, which is called psycopg-binary as well */
    }
    /* google-cloud-firestore gives google.cloud.firestore_v1 as well */
    return strchr(likely, '-') != NULL && package_end(module) > strcspn(module, ".") &&
           strncmp(likely, name, strlen(name)) == 0 && likely[strlen(name)] == '-';
}

static bool list_gives(const json_t *list, const char *module, const char *likely) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(list, i, row) {
        if (gives(json_string_value(row), module, likely)) {
            return true;
        }
    }
    return false;
}

/* The member of an object of lists that gives the module, or NULL. */
static const char *member_gives(const json_t *lists, const char *module, const char *likely) {
    const char *name = NULL;
    json_t *list = NULL;

    json_object_foreach((json_t *)(uintptr_t)lists, name, list) {
        if (list_gives(list, module, likely)) {
            return name;
        }
    }
    return NULL;
}

/* Whether a dependency brings the package along, as far as the lock or our table knows. */
static bool is_brought(const struct manifest *manifest, const char *module, const char *likely) {
    const char *with = NULL;
    const char *name = NULL;
    json_t *row = NULL;

    for (size_t i = 0; (with = python_companion_of(likely, i)) != NULL; i++) {
        if (json_has_str(manifest->dependencies, with)) {
            return true;
        }
    }
    json_object_foreach(manifest->locked, name, row) {
        if (json_bool_at(row, "runtime") && gives(name, module, likely)) {
            return true;
        }
    }
    return false;
}

/* --- what is imported --- */

struct wanting {
    struct room *room;
    json_t *extras;
    json_t *inferred; /* packages, for an application without a list */
    json_t *seen;     /* an object by package: looked at before */
};

/* A module of the repository itself, found or not: app.core is one when there is a folder app where
 * the application is imported from, beside the file, or in src/, which an installation puts there.
 */
static bool is_own(struct room *room, const struct py_module *module, const char *dotted) {
    const char *const dirs[] = {room->app->cwd, path_dir(room->arena, module->path),
                                path_join(room->arena, room->app->dir, "src")};
    const char *top = arena_str(room->arena, (struct str){dotted, strcspn(dotted, ".")});
    const char *file = arena_format(room->arena, "%s.py", top);

    for (size_t i = 0; i < ARRAY_N(dirs); i++) {
        if (tree_has_folder(&room->tree, path_join(room->arena, dirs[i], top)) ||
            tree_has_file(&room->tree, path_join(room->arena, dirs[i], file))) {
            return true;
        }
    }
    return module_find(room, room->app->cwd, module->path, 0, dotted) != SIZE_MAX;
}

static void infer(struct wanting *wanting, const char *package) {
    if (!json_has_str(wanting->inferred, package) &&
        json_array_size(wanting->inferred) < SURVEY_LIST_MAX) {
        json_array_append_new(wanting->inferred, json_string(package));
    }
}

/* Neither a dependency nor what comes with one. */
static void say_missing(struct room *room, const char *module, const char *package,
                        const char *where) {
    const struct manifest *manifest = &room->manifest;
    const char *group = member_gives(manifest->groups, module, package);

    if (group != NULL) {
        room_say(room, REASON_DEPENDENCY_IN_GROUP, where,
                 arena_format(room->arena, "%s (%s)", package, group));
    } else if (manifest->lock != NULL) { /* without a lock, what comes along is not known */
        room_say(room, REASON_DEPENDENCY_MISSING, where, arena_str(room->arena, str_from(package)));
    }
}

/* One module that the application imports when it starts. */
static void want(struct wanting *wanting, const char *module, const char *where) {
    struct room *room = wanting->room;
    const struct manifest *manifest = &room->manifest;
    char package[PYTHON_NAME_MAX];
    const char *extra = NULL;

    likely_package(module, package);
    infer(wanting, package);
    if (manifest->path == NULL || json_object_get(wanting->seen, package) != NULL) {
        return;
    }
    json_put(wanting->seen, package, json_true());
    if (list_gives(manifest->dependencies, module, package) ||
        is_brought(manifest, module, package)) {
        return;
    }
    extra = member_gives(manifest->extras, module, package);
    if (extra == NULL) {
        say_missing(room, module, package, where);
    } else if (!json_has_str(wanting->extras, extra)) {
        json_array_append_new(wanting->extras, json_string(extra));
        room_say(room, REASON_EXTRA_NEEDED, where,
                 arena_format(room->arena, "%s (%s)", extra, package));
    }
}

/* python-multipart and its kind: no module imports them, FastAPI does when it is asked for a form.
 */
static void want_implied(struct wanting *wanting, const struct py_import *import,
                         const char *where) {
    const char *package =
        import->name == NULL ? NULL : python_implied_by(import->module, import->name);

    if (package != NULL && !json_has_str(wanting->room->manifest.full, "fastapi") &&
        !json_has_str(wanting->room->manifest.full, "pydantic")) {
        want(wanting, package, where);
    }
}

/* "postgresql+asyncpg://" loads asyncpg. */
static void want_drivers(struct wanting *wanting, const struct py_module *module) {
    for (const struct py_name *at = module->urls; at != NULL; at = at->next) {
        const char *plus = strchr(at->name, '+');
        const char *end = strstr(at->name, "://");

        if (plus != NULL && end != NULL && plus < end && strncmp(at->name, "mongodb", 7) != 0) {
            struct str driver = {plus + 1, (size_t)(end - plus) - 1};

            want(wanting, arena_str(wanting->room->arena, driver),
                 room_where(wanting->room, module->path, at->line));
        }
    }
}

static void look_into(struct wanting *wanting, size_t index) {
    struct room *room = wanting->room;
    const struct py_module *module = module_at(room, index);

    for (const struct py_import *at = module->imports; at != NULL && room_spend(room);
         at = at->next) {
        char package[PYTHON_NAME_MAX];
        const bool is_late = module_use(room, index, at->scope) == USE_REQUEST;
        const char *where = room_where(room, module->path, at->line);
        const char *dotted = at->name == NULL || strcmp(at->name, "*") == 0
                                 ? at->module
                                 : arena_format(room->arena, "%s.%s", at->module, at->name);

        if (at->level > 0 || at->is_guarded || python_is_standard(at->module) ||
            is_own(room, module, at->module)) {
            continue;
        }
        if (is_late) {
            likely_package(dotted, package);
            infer(wanting, package);
            continue;
        }
        want(wanting, dotted, where);
        want_implied(wanting, at, where);
    }
    want_drivers(wanting, module);
}

json_t *python_imports(struct room *room) {
    struct wanting wanting = {room, json_array(), json_array(), json_object()};

    (void)python_lock_sum(room, &room->manifest); /* marks what is installed */
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        look_into(&wanting, room->reached[k]);
    }
    if (room->manifest.path == NULL) {
        json_array_extend(room->manifest.dependencies, wanting.inferred);
    }
    json_decref(wanting.inferred);
    json_decref(wanting.seen);
    return wanting.extras;
}
