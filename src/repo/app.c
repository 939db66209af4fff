/* The ASGI application: every FastAPI object and factory, its working directory, and the choice. */
#include "repo/hints.h"
#include "repo/path.h"
#include "repo/project.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

/* --- which files may hold an application --- */

static bool has_part(const char *path, const char *const *words, size_t n) {
    struct str rest = str_from(path);
    struct str part = {0};

    while (str_next(&rest, '/', &part)) {
        for (size_t i = 0; i < n; i++) {
            if (str_eq_nocase(part, str_from(words[i]))) {
                return true;
            }
        }
    }
    return false;
}

/* Tests, examples and tools make applications of their own that nobody deploys. */
static bool is_aside(const char *path) {
    static const char *const words[] = {"test",       "tests",    "testing",    "e2e",
                                        "example",    "examples", "doc",        "docs",
                                        "docs_src",   "scripts",  "benchmarks", "bench",
                                        "migrations", "alembic",  "versions",   "conftest.py"};
    const char *name = path_name(path);

    return has_part(path, words, ARRAY_N(words)) || strncmp(name, "test_", 5) == 0 ||
           str_ends(str_from(name), STR("_test.py"));
}

/* --- the working directory --- */

static bool is_identifier(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < 0;

        if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return n > 0;
}

/* "app.main" for app/main.py below `cwd`; NULL when a part is no Python name. */
static const char *module_name(struct room *room, const char *cwd, const char *path) {
    struct str rest = str_from(path_from(path, cwd));
    struct str part = {0};
    CLEANUP(buf_done) struct buf name = BUF_INIT(1000);

    rest = str_slice(rest, 0, rest.len - strlen(".py"));
    while (str_next(&rest, '/', &part)) {
        if (rest.len == 0 && str_eq(part, STR("__init__"))) {
            break;
        }
        if (!is_identifier(part.ptr, part.len)) {
            return NULL;
        }
        if (name.len > 0) {
            buf_add_c(&name, '.');
        }
        buf_add(&name, part);
    }
    return name.len == 0 ? NULL : arena_str(room->arena, buf_str(&name));
}

/* How many of its own imports a module finds when it is imported from `cwd`. */
static int imports_found(struct room *room, const struct py_module *module, const char *cwd) {
    int n = 0;

    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        if (at->level == 0 &&
            (module_find(room, cwd, module->path, 0, at->module) != SIZE_MAX ||
             (at->name != NULL &&
              module_find(room, cwd, module->path, 0,
                          arena_format(room->arena, "%s.%s", at->module, at->name)) != SIZE_MAX))) {
            n++;
        }
    }
    return n;
}

static bool has_relative_import(const struct py_module *module) {
    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        if (at->level > 0) {
            return true;
        }
    }
    return false;
}

/* Whether a file of another tool, which lies beside the module or above, starts it from `cwd`. */
static bool is_started(struct room *room, const char *path, const char *name, const char *cwd) {
    for (size_t i = 0; i < room->hints->n; i++) {
        const struct hint *hint = &room->hints->rows[i];

        if (path_is_below(path, hint->dir) && hint_names(room, hint, path, name, cwd)) {
            return true;
        }
    }
    return false;
}

/* The folder from which `module` is imported: where most of its own imports are found; among equals
 * the one that a Dockerfile or its like says, then that of the manifest, or src/ in it, then the
 * nearest. */
static const char *find_cwd(struct room *room, const struct py_module *module, const char *object,
                            const char *manifest_dir) {
    const char *dir = path_dir(room->arena, module->path);
    const char *src = path_join(room->arena, manifest_dir == NULL ? "." : manifest_dir, "src");
    const bool is_src = path_is_below(module->path, src) &&
                        !tree_has_file(&room->tree, path_join(room->arena, src, "__init__.py"));
    const char *best = NULL;
    int best_score = -1;

    for (const char *at = dir;; at = path_dir(room->arena, at)) {
        const char *name = module_name(room, at, module->path);
        const bool is_wanted = strcmp(at, is_src                 ? src
                                          : manifest_dir == NULL ? dir
                                                                 : manifest_dir) == 0;
        int score = 8 * imports_found(room, module, at) + (is_wanted ? 2 : 0) + (at == dir) +
                    (is_started(room, module->path, object, at) ? 4 : 0);

        /* __main__ is the name of whatever was started, so it needs its package before it. */
        if (name != NULL && strcmp(name, "__main__") != 0 &&
            !(has_relative_import(module) && strchr(name, '.') == NULL &&
              strcmp(path_name(module->path), "__init__.py") != 0) &&
            score > best_score) {
            best_score = score;
            best = at;
        }
        if (strcmp(at, ".") == 0) {
            break;
        }
    }
    return best;
}

/* --- candidates --- */

static bool is_framework(const char *callee, const char **name) {
    static const struct {
        const char *word;
        const char *name;
    } rows[] = {{"FastAPI", "fastapi"}, {"Flask", "Flask"},       {"Starlette", "Starlette"},
                {"Sanic", "Sanic"},     {"Litestar", "Litestar"}, {"Quart", "Quart"}};

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (strcmp(py_last(callee), rows[i].word) == 0) {
            *name = rows[i].name;
            return true;
        }
    }
    return false;
}

static struct app *add_app(struct room *room, size_t index, const char *name,
                           const struct py_call *made, const char *framework, int line) {
    const struct py_module *module = module_at(room, index);
    const char *dir = manifest_dir_of(room, module->path);
    const char *cwd = find_cwd(room, module, name, dir);
    struct app *app = NULL;

    if (room->app_n == SURVEY_APPS_MAX || cwd == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < room->app_n; i++) {
        if (room->apps[i].module == index && strcmp(room->apps[i].name, name) == 0) {
            return NULL;
        }
    }
    app = &room->apps[room->app_n++];
    *app = (struct app){.module = index,
                        .name = name,
                        .cwd = cwd,
                        .framework = framework,
                        .made = made,
                        .line = line,
                        .factory_scope = PY_MODULE_SCOPE,
                        .object_module = index,
                        .object_name = name};
    app->dir = dir != NULL ? dir : cwd;
    app->target = arena_format(room->arena, "%s:%s", module_name(room, cwd, module->path), name);
    return app;
}

static void add_factory(struct room *room, size_t index, int scope, const struct py_call *made,
                        const char *framework) {
    const struct py_module *module = module_at(room, index);
    const struct py_function *function = py_function_at(module, scope);
    struct app *app = NULL;

    if (function == NULL || function->class_name != NULL || function->parent != PY_MODULE_SCOPE) {
        return;
    }
    app = add_app(room, index, function->name, made, framework, function->line);
    if (app != NULL) {
        app->is_factory = true;
        app->needs_arguments = function->required_params > 0;
        app->factory_scope = scope;
        app->object_name = made->target;
    }
}

/* app = create_app(): an object made by a function that is a factory, here or elsewhere. */
static void add_made_by_factory(struct room *room, size_t index) {
    const struct py_module *module = module_at(room, index);

    for (const struct py_assign *at = module->assigns; at != NULL; at = at->next) {
        struct py_ref ref = {SIZE_MAX, ""};

        if (at->scope != PY_MODULE_SCOPE || at->value.kind != PY_CALL ||
            strchr(at->name, '.') != NULL || at->value.text[0] == '\0') {
            continue;
        }
        for (size_t i = 0; i < room->app_n; i++) {
            const struct app *factory = &room->apps[i];

            if (factory->factory_scope == PY_MODULE_SCOPE ||
                strcmp(py_last(at->value.text), factory->name) != 0) {
                continue;
            }
            ref = module_resolve(room, factory->cwd, index, at->value.text);
            if (ref.module == factory->module && strcmp(ref.name, factory->name) == 0) {
                struct app *app =
                    add_app(room, index, at->name, factory->made, factory->framework, at->line);

                if (app != NULL) {
                    app->object_module = factory->object_module;
                    app->object_name = factory->object_name;
                }
                break;
            }
        }
    }
}

static void look_into(struct room *room, size_t index) {
    const struct py_module *module = module_at(room, index);

    for (const struct py_call *at = module == NULL ? NULL : module->calls; at != NULL;
         at = at->next) {
        const char *framework = NULL;

        if (!is_framework(at->callee, &framework)) {
            continue;
        }
        if (at->scope != PY_MODULE_SCOPE) {
            add_factory(room, index, at->scope, at, framework);
        } else if (at->target != NULL && strchr(at->target, '.') == NULL) {
            add_app(room, index, at->target, at, framework, at->line);
        }
    }
}

/* Python files that mention a word of interest, in the order of the tree. */
struct candidates {
    size_t *rows;
    size_t n;
};

/* Whether the file just read holds a word. */
static bool holds(const struct room *room, const char *word) {
    return str_find(buf_str(&room->text), str_from(word)) >= 0;
}

static bool mentions(struct room *room, const char *path) {
    static const char *const words[] = {"FastAPI", "Flask(",    "Starlette(",
                                        "Sanic(",  "Litestar(", "Quart("};
    bool is_found = false;

    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        is_found = is_found || holds(room, words[i]);
    }
    return is_found;
}

static bool is_python_of_app(const struct fs_entry *entry) {
    return entry->kind == FS_FILE && str_ends(str_from(entry->path), STR(".py")) &&
           str_is_utf8(str_from(entry->path)) && !is_aside(entry->path);
}

static void find_candidates(struct room *room, struct candidates *out) {
    out->rows = mem_array(room->tree.list.n + 1, sizeof(size_t));
    for (size_t i = 0; i < room->tree.list.n; i++) {
        if (is_python_of_app(&room->tree.list.rows[i]) &&
            mentions(room, room->tree.list.rows[i].path)) {
            out->rows[out->n++] = i;
        }
    }
}

/* A module that only says app = create_app() holds no word of interest but the factory's name. */
static void find_made_elsewhere(struct room *room) {
    const size_t factories = room->app_n;
    bool has_factory = false;

    for (size_t i = 0; i < factories; i++) {
        has_factory = has_factory || room->apps[i].is_factory;
    }
    for (size_t i = 0; has_factory && i < room->tree.list.n && !tree_is_late(&room->tree); i++) {
        bool is_named = false;

        if (!is_python_of_app(&room->tree.list.rows[i]) ||
            !tree_read(&room->tree, room->tree.list.rows[i].path, TREE_SOURCE_MAX, &room->text)) {
            continue;
        }
        for (size_t j = 0; j < factories; j++) {
            is_named = is_named || (room->apps[j].is_factory && holds(room, room->apps[j].name));
        }
        if (is_named && module_at(room, i) != NULL) {
            add_made_by_factory(room, i);
        }
    }
}

/* Nobody can start a factory that wants arguments: it was only looked at for what it made. */
static void drop_unusable(struct room *room) {
    size_t n = 0;

    for (size_t i = 0; i < room->app_n; i++) {
        if (!room->apps[i].needs_arguments) {
            room->apps[n++] = room->apps[i];
        }
    }
    room->app_n = n;
}

/* Applications that another one mounts are parts of it. */
static void mark_mounted(struct room *room) {
    for (size_t i = 0; i < room->app_n; i++) {
        const struct app *outer = &room->apps[i];
        const struct py_module *module = module_at(room, outer->module);

        for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
            struct py_value inner = py_arg(at, "app", 1);
            struct py_ref ref = {SIZE_MAX, ""};

            if (strcmp(py_last(at->callee), "mount") != 0 || inner.kind != PY_NAME) {
                continue;
            }
            ref = module_resolve(room, outer->cwd, outer->module, inner.text);
            for (size_t j = 0; j < room->app_n; j++) {
                room->apps[j].is_mounted =
                    room->apps[j].is_mounted || (j != i && room->apps[j].module == ref.module &&
                                                 strcmp(room->apps[j].name, ref.name) == 0);
            }
        }
    }
}

/* --- the choice --- */

/* Whether aws-copilot.yml means this application. */
static bool is_named(struct room *room, const struct app *app) {
    const struct project *project = room->options->project;
    const char *dir = project == NULL ? NULL : project->backend.dir;
    const char *cwd = project == NULL || project->backend.cwd == NULL ? dir : project->backend.cwd;
    const char *asgi = project == NULL ? NULL : project->backend.asgi;

    if (asgi != NULL) {
        return str_starts(str_from(asgi), str_from(app->target)) &&
               (cwd == NULL || strcmp(cwd, app->cwd) == 0) &&
               (strcmp(asgi, app->target) == 0 || strcmp(asgi + strlen(app->target), "()") == 0);
    }
    return dir != NULL && strcmp(dir, app->dir) == 0;
}

/* Whether the folder around an application's holds a site that Vite builds: they belong together.
 */
static bool has_site_beside(struct room *room, const struct app *app) {
    const char *around = path_dir(room->arena, app->dir);

    for (size_t i = 0; i < room->tree.list.n && strcmp(app->dir, ".") != 0 && room_spend(room);
         i++) {
        const char *path = room->tree.list.rows[i].path;

        if (strncmp(path_name(path), "vite.config.", 12) == 0 &&
            strcmp(path_dir(room->arena, path_dir(room->arena, path)), around) == 0) {
            return true;
        }
    }
    return false;
}

/* Larger is better. */
static int app_rank(struct room *room, struct app *app) {
    const char *file = path_name(room->tree.list.rows[app->module].path);
    int rank = 0;

    app->routes = routes_count(room, app);
    app->is_started = is_started(room, room->tree.list.rows[app->module].path, app->name, NULL);
    if (strcmp(app->framework, "fastapi") != 0) {
        rank -= 100000;
    }
    rank += is_named(room, app) ? 1000000 : 0;
    rank += app->is_mounted ? -50000 : 0;
    rank += app->routes > 500 ? 5000 : app->routes * 10;
    rank += app->is_factory ? 0 : 4000;
    rank += room->app_n > 1 && has_site_beside(room, app) ? 500 : 0;
    rank += app->is_started ? 2000 : 0;
    rank += strcmp(app->name, "app") == 0 ? 5 : 0;
    rank += strcmp(file, "main.py") == 0 ? 3 : 0;
    return rank;
}

/* Two applications that belong to different programs: other manifests, none inside the other. */
static bool is_rival(const struct app *chosen, const struct app *other) {
    return strcmp(other->framework, "fastapi") == 0 && !other->is_mounted &&
           strcmp(chosen->dir, other->dir) != 0 && other->routes > 0;
}

/* Two applications of one program, each with routes of its own: which is meant is for a person. */
static bool is_twin(const struct app *chosen, const struct app *other) {
    return other != chosen && strcmp(other->framework, "fastapi") == 0 && !other->is_mounted &&
           strcmp(chosen->dir, other->dir) == 0 && !chosen->is_factory && !other->is_factory &&
           other->object_module != chosen->object_module && other->routes > 0;
}

/* Asks which of `room->app` and those like it is meant; nothing when there are none. Where one of
 * them alone is started by a Dockerfile or its like, it is meant: that is told. */
static void ask_which(struct room *room, bool (*is_like)(const struct app *, const struct app *),
                      enum reason reason, const char *field) {
    CLEANUP(buf_done) struct buf names = BUF_INIT(300);
    bool is_alone = room->app->is_started;
    size_t n = 0;

    buf_addf(&names, "%s (%s)", room->app->dir, room->app->target);
    for (size_t i = 0; i < room->app_n && !names.failed; i++) {
        if (is_like(room->app, &room->apps[i])) {
            n++;
            is_alone = is_alone && !room->apps[i].is_started;
            buf_addf(&names, ", %s (%s)", room->apps[i].dir, room->apps[i].target);
        }
    }
    if (n > 0 && is_alone && !is_named(room, room->app)) {
        room_say(room, REASON_HINT_CHOSE,
                 room_where(room, room->tree.list.rows[room->app->module].path, room->app->line),
                 buf_cstr(&names));
    } else if (n > 0) {
        room_ask(room, reason, field, NULL, buf_cstr(&names));
    }
}

void app_find(struct room *room) {
    struct candidates candidates = {0};
    int best = INT32_MIN;

    find_candidates(room, &candidates);
    for (size_t i = 0; i < candidates.n && !tree_is_late(&room->tree); i++) {
        look_into(room, candidates.rows[i]);
    }
    find_made_elsewhere(room);
    drop_unusable(room);
    mark_mounted(room);
    free(candidates.rows);
    for (size_t i = 0; i < room->app_n; i++) {
        int rank = app_rank(room, &room->apps[i]);

        if (rank > best) {
            best = rank;
            room->app = &room->apps[i];
        }
    }
    if (room->app != NULL) {
        modules_reach(room, room->app);
        ask_which(room, is_rival, REASON_WHICH_APP, "backend.dir");
        ask_which(room, is_twin, REASON_WHICH_OBJECT, "backend.asgi");
    }
}
