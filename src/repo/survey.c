/* The survey: every part in order, put together into one object. */
#include "repo/survey.h"

#include "base/clock.h"
#include "repo/git_lib.h"
#include "repo/hints.h"
#include "repo/path.h"
#include "repo/project.h"
#include "repo/survey_room.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SURVEY_MANIFESTS_MAX = 20 };

static void room_done(struct room *room) {
    git_close(room);
    json_decref(room->findings);
    json_decref(room->ask);
    json_decref(room->refuse);
    json_decref(room->site_problems);
    json_decref(room->extras);
    manifest_done(&room->manifest);
    buf_done(&room->text);
    buf_done(&room->lock_text);
    syntax_parser_free(room->parser);
    arena_free(room->arena);
    if (room->tree.root.path != NULL) {
        tree_done(&room->tree);
    }
}

static json_t *text_or_null(const char *text) {
    return text == NULL ? json_null() : json_string_of(str_from(text));
}

/* --- the back end --- */

static json_t *asgi_json(struct room *room, const struct app *app) {
    json_t *json = json_object();

    json_put_strn(json, "cwd", str_from(app->cwd));
    json_put_strn(json, "target", str_from(app->target));
    json_put_bool(json, "factory", app->is_factory);
    json_put_str(json, "where",
                 room_where(room, room->tree.list.rows[app->module].path, app->line));
    return json;
}

/* What aws-copilot.yml says wins, also when reading did not find it: the import check decides. */
static void apply_project(const struct room *room, json_t *asgi) {
    const struct project *project = room->options->project;
    const char *wanted = project == NULL ? NULL : project->backend.asgi;
    struct str target = str_from(wanted);
    const bool is_factory = str_ends(target, STR("()"));

    if (wanted == NULL) {
        return;
    }
    json_put_strn(asgi, "target", str_slice(target, 0, target.len - (is_factory ? 2 : 0)));
    json_put_bool(asgi, "factory", is_factory);
    if (project->backend.cwd != NULL || project->backend.dir != NULL) {
        json_put_str(asgi, "cwd",
                     project->backend.cwd != NULL ? project->backend.cwd : project->backend.dir);
    }
}

static json_t *health_json(const struct room *room) {
    const struct project *project = room->options->project;
    const struct route *route = NULL;
    const char *path = routes_health(room, &route);
    json_t *json = json_object();

    if (project != NULL && project->backend.health != NULL) {
        path = project->backend.health;
    }
    json_put(json, "path", text_or_null(path));
    json_put_bool(json, "found", path != NULL);
    json_put(json, "where", text_or_null(route == NULL ? NULL : route->where));
    return json;
}

static json_t *backend_json(struct room *room, const struct behaviour *behaviour) {
    const struct app *app = room->app;
    const struct manifest *manifest = &room->manifest;
    json_t *json = json_object();
    json_t *asgi = asgi_json(room, app);
    json_t *others = json_array();
    size_t routes = 0;

    for (size_t i = 0; i < room->app_n; i++) {
        if (&room->apps[i] != app && !room->apps[i].is_mounted) {
            room_add(others, asgi_json(room, &room->apps[i]));
        }
    }
    apply_project(room, asgi);
    json_put(asgi, "others", others);
    for (size_t i = 0; i < room->route_n; i++) {
        routes += strcmp(room->routes[i].method, "BUILTIN") != 0;
    }
    json_put_strn(json, "dir", str_from(app->dir));
    json_put_str(json, "framework", app->framework);
    json_put(json, "asgi", asgi);
    json_put_str(json, "manager", manifest->manager);
    json_put(json, "manifest", text_or_null(manifest->path));
    json_put(json, "lock", text_or_null(manifest->lock));
    json_put(json, "python", text_or_null(manifest->python));
    json_put(json, "python_hint", text_or_null(manifest->hint));
    json_put(json, "extras", json_incref(room->extras));
    json_put(json, "health", health_json(room));
    json_put_int(json, "routes", (int64_t)routes);
    json_put(json, "route_list", routes_json(room));
    json_put(json, "prefix", text_or_null(routes_prefix(room)));
    json_put(json, "prefixes", routes_prefixes(room));
    json_put(json, "dependencies", json_incref(manifest->dependencies));
    json_put(json, "heavy", json_incref(behaviour->heavy));
    json_put(json, "size_mb", python_size(room));
    return json;
}

/* A repository with a Python manifest and no application: say what is missing. */
static void explain_no_app(struct room *room) {
    static const char *const others[][2] = {{"django", "Django"}, {"flask", "Flask"}};
    const char *last = NULL;
    int n = 0;

    for (size_t i = 0; i < room->tree.list.n && n < SURVEY_MANIFESTS_MAX; i++) {
        const char *path = room->tree.list.rows[i].path;
        const char *name = path_name(path);
        const char *dir = NULL;
        struct manifest manifest = {0};

        if (strcmp(name, "pyproject.toml") != 0 && strcmp(name, "requirements.txt") != 0 &&
            strcmp(name, "Pipfile") != 0) {
            continue;
        }
        dir = path_dir(room->arena, path);
        if (last != NULL && strcmp(last, dir) == 0) {
            continue;
        }
        last = dir;
        n++;
        manifest_find(room, dir, &manifest);
        if (manifest_has(&manifest, "fastapi")) {
            room_say(room, REASON_NO_ASGI_OBJECT, path, path);
        }
        for (size_t j = 0; j < ARRAY_N(others); j++) {
            if (manifest_has(&manifest, others[j][0])) {
                room_say(room, REASON_NOT_FASTAPI, path, others[j][1]);
            }
        }
        manifest_done(&manifest);
    }
}

static bool is_left_out(const struct project *project) {
    return project != NULL && project->backend.dir != NULL &&
           strcmp(project->backend.dir, "none") == 0;
}

static void put_backend(struct room *room, json_t *survey) {
    struct behaviour behaviour = {0};

    if (!is_left_out(room->options->project)) {
        app_find(room);
    }
    if (room->app == NULL) {
        if (!is_left_out(room->options->project)) {
            explain_no_app(room);
        }
        json_put(survey, "backend", json_null());
        json_put(survey, "env", json_array());
        json_put(survey, "services", json_array());
        json_put(survey, "migrations", json_null());
        json_put(survey, "realtime", json_array());
        json_put(survey, "workers", json_array());
        json_put(survey, "writes", json_array());
        return;
    }
    manifest_find(room, room->app->dir, &room->manifest);
    lock_stale_python(room, &room->manifest);
    room->extras = python_imports(room);
    python_need(room);
    routes_find(room);
    env_find(room);
    env_files_find(room);
    json_put(survey, "services", services_find(room));
    behaviour_find(room, &behaviour);
    hazard_find(room);
    json_put(survey, "backend", backend_json(room, &behaviour));
    json_put(survey, "env", env_json(room));
    json_put(survey, "migrations", behaviour.migrations);
    json_put(survey, "realtime", behaviour.realtime);
    json_put(survey, "workers", behaviour.workers);
    json_put(survey, "writes", behaviour.writes);
    json_decref(behaviour.heavy);
}

/* --- the whole --- */

static void put_layout(json_t *survey) {
    const bool has_backend = json_is_object(json_at(survey, "backend"));
    const bool has_frontend = json_is_object(json_at(survey, "frontend"));

    json_put_str(survey, "layout",
                 has_backend && has_frontend ? "backend+frontend"
                 : has_backend               ? "backend"
                 : has_frontend              ? "frontend"
                                             : "none");
}

/* Lower-case words joined by single hyphens, at most 18 bytes, as aws-copilot.yml wants a name. */
static void put_slug(json_t *survey, const char *source) {
    char slug[19] = "";
    size_t n = 0;

    for (const char *c = source; *c != '\0' && n < sizeof(slug) - 1; c++) {
        if (isalpha((unsigned char)*c) || (n > 0 && isdigit((unsigned char)*c))) {
            slug[n++] = (char)tolower((unsigned char)*c);
        } else if (n > 0 && slug[n - 1] != '-') {
            slug[n++] = '-';
        }
    }
    while (n > 0 && slug[n - 1] == '-') {
        n--;
    }
    slug[n] = '\0';
    json_put_str(survey, "name", n == 0 || strcmp(slug, "artifacts") == 0 ? "app" : slug);
}

/* A name for the application: decided before, or that of a project at the root, or of the folder.
 */
static void put_name(const struct room *room, json_t *survey, const char *root) {
    CLEANUP(freep) char *real = realpath(root, NULL);

    if (room->options->project != NULL) {
        json_put_str(survey, "name", room->options->project->name);
    } else if (room->manifest.name != NULL && strcmp(room->manifest.dir, ".") == 0) {
        put_slug(survey, room->manifest.name);
    } else {
        put_slug(survey, real == NULL ? "app" : path_name(real));
    }
}

/* "{{cookiecutter.name}}" as a folder: a project that has yet to be made. */
static void find_template(struct room *room) {
    for (size_t i = 0; i < room->tree.list.n; i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];

        if (entry->kind == FS_DIR && strncmp(path_name(entry->path), "{{", 2) == 0 &&
            str_is_utf8(str_from(entry->path))) {
            room_say(room, REASON_TEMPLATE_NOT_RENDERED, entry->path, entry->path);
            return;
        }
    }
}

/* The members in the order of the manual, for people who read JSON. */
static json_t *in_order(json_t *survey) {
    static const char *const keys[] = {"version",  "root",    "name",      "layout",   "backend",
                                       "frontend", "env",     "build_env", "services", "migrations",
                                       "realtime", "workers", "writes",    "findings", "target",
                                       "outcome",  "ask",     "refuse",    "git",      "read"};
    json_t *ordered = json_object();

    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        json_object_set(ordered, keys[i], json_object_get(survey, keys[i]));
    }
    json_decref(survey);
    return ordered;
}

static void put_read(const struct room *room, json_t *survey, int64_t start_ms) {
    json_t *read = json_object();
    int64_t files = 0;

    for (size_t i = 0; i < room->tree.list.n; i++) {
        files += room->tree.list.rows[i].kind == FS_FILE;
    }
    json_put_int(read, "files", files);
    json_put_int(read, "parsed", (int64_t)room->parsed);
    json_put_int(read, "bytes", room->tree.bytes);
    json_put_int(read, "ms", clock_mono_ms() - start_ms);
    json_put_bool(read, "complete", room->tree.cut == NULL);
    json_put(survey, "read", read);
}

enum err_code survey_run(const char *root, const struct survey_options *options, json_t **out,
                         struct err *err) {
    static const struct survey_options plain = {0};
    CLEANUP(room_done) struct room room = {.options = options == NULL ? &plain : options};
    const int64_t start_ms = clock_mono_ms();
    json_t *survey = NULL;
    json_t *build_env = NULL;

    room.git = git_lib_get(err);
    if (room.git == NULL || tree_open(root, &room.tree, err) != ERR_NONE) {
        return err->code;
    }
    room.arena = arena_new();
    room.parser = syntax_parser_new();
    room.text = BUF_INIT(TREE_SOURCE_MAX);
    room.lock_text = BUF_INIT(SURVEY_LOCK_MAX);
    room.modules = ARENA_ARRAY(room.arena, struct room_module, room.tree.list.n + 1);
    room.findings = json_array();
    room.ask = json_array();
    room.refuse = json_array();
    room.site_problems = json_array();

    survey = json_object();
    json_put_int(survey, "version", 1);
    json_put_strn(survey, "root",
                  str_from(room.options->shown_root == NULL ? "." : room.options->shown_root));
    git_open(&room, root);
    find_template(&room);
    room.hints = ARENA_NEW(room.arena, struct hints);
    hints_read(&room, room.hints);
    put_backend(&room, survey);
    json_put(survey, "frontend", frontend_find(&room, &build_env));
    json_put(survey, "build_env", build_env);
    put_layout(survey);
    put_name(&room, survey, root);
    dotenv_find(&room);
    json_put(survey, "git", git_find(&room));
    judge(&room, survey);
    json_put(survey, "findings", json_incref(room.findings));
    json_put(survey, "ask", json_incref(room.ask));
    json_put(survey, "refuse", json_incref(room.refuse));
    put_read(&room, survey, start_ms);
    *out = in_order(survey);
    return ERR_NONE;
}
