/* The judgement: which target fits, what must be asked, and whether it can be deployed at all. */
#include "repo/hints.h"
#include "repo/project.h"
#include "repo/survey_room.h"

#include <string.h>

/* --- the back end --- */

/* Without a manifest the packages are those that are imported, if a person says that they are. */
static void ask_for_imported(struct room *room) {
    CLEANUP(buf_done) struct buf names = BUF_INIT(300);

    json_add_list(&names, room->manifest.dependencies);
    room_say(room, REASON_NO_MANIFEST, room->manifest.dir,
             names.failed ? "there are many" : buf_cstr(&names));
}

/* Files of cookiecutter and Copier: what does not parse may be a template that is yet to be filled.
 */
static bool is_of_generator(const struct room *room) {
    static const char *const names[] = {"copier.yml", "copier.yaml", "cookiecutter.json"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (tree_has_file(&room->tree, names[i])) {
            return true;
        }
    }
    return false;
}

static void judge_manager(struct room *room) {
    const struct manifest *manifest = &room->manifest;
    if (manifest->path == NULL) {
        ask_for_imported(room);
        return;
    }
    if (manifest->broken_line > 0 && is_of_generator(room)) {
        room_say(room, REASON_TEMPLATE_NOT_RENDERED, manifest->path, manifest->path);
        return;
    }
    if (manifest->broken_line > 0) {
        room_say(room, REASON_MANIFEST_BROKEN,
                 room_where(room, manifest->path, manifest->broken_line), manifest->path);
        return;
    }
    if (strcmp(manifest->manager, "pdm") == 0) {
        room_say(room, REASON_MANAGER_UNSUPPORTED, manifest->lock, "pdm");
        return;
    }
    if (manifest->lock == NULL) {
        room_say(room, REASON_NO_LOCK, manifest->dir, manifest->path);
    }
}

static void judge_python(struct room *room) {
    const char *constraint = room->manifest.python;

    for (int minor = PYTHON_MINOR_MIN; minor <= PYTHON_MINOR_MAX; minor++) {
        if (constraint == NULL || python_allows(constraint, minor)) {
            return;
        }
    }
    room_say(room, REASON_PYTHON_UNSUPPORTED, room->manifest.path, constraint);
}

/* The lock says how large the packages are to fetch; they only grow when they are unpacked. */
static void judge_size(struct room *room, const json_t *survey) {
    enum { LIMIT_MB = 250, NEAR_MB = 200 }; /* of all layers and the function, unpacked */
    const int64_t packed = json_int_or(survey, "backend.size_mb.zip", 0);
    const int64_t unpacked = json_int_or(survey, "backend.size_mb.unzipped", 0);

    if (packed > LIMIT_MB) {
        room_say(room, REASON_TOO_LARGE, room->manifest.lock,
                 arena_format(room->arena, "%lld MB of packages", (long long)packed));
    } else if (unpacked > NEAR_MB) {
        room_say(room, REASON_SIZE_NEAR, room->manifest.lock,
                 arena_format(room->arena, "%lld MB", (long long)unpacked));
    }
}

static void judge_env(struct room *room) {
    for (size_t i = 0; i < room->env.n; i++) {
        const struct env_row *row = &room->env.rows[i];
        const char *field = arena_format(room->arena, "env.%s", row->name);

        if (row->is_sqlite) {
            room_ask(room, REASON_SQLITE_DEFAULT, field, row->where, row->name);
        } else if (row->is_written) {
            room_ask(room, REASON_ENV_WRITTEN, field, row->where, row->name);
        } else if (row->is_required || row->is_needed) {
            room_ask(room,
                     row->is_secret ? REASON_SECRET_MISSING
                     : row->is_json ? REASON_JSON_MISSING
                                    : REASON_ENV_MISSING,
                     field, row->where, row->name);
        } else if (row->is_random && row->is_secret) {
            room_ask(room, REASON_RANDOM_SECRET, field, row->where, row->name);
        } else if (env_has_secret_default(row)) {
            room_ask(room, REASON_INSECURE_DEFAULT, field, row->where, row->name);
        }
    }
}

/* "/{path:path}" is how a back end serves a site itself. */
static bool is_catch_all(const struct route *route) {
    return strncmp(route->path, "/{", 2) == 0 && str_ends(str_from(route->path), STR(":path}"));
}

/* What the site in front of the back end hides. */
static void judge_routes(struct room *room, bool has_site) {
    const struct route *health = NULL;

    if (routes_health(room, &health) == NULL) {
        room_say(room, REASON_NO_HEALTH, NULL, NULL);
    }
    for (size_t i = 0; has_site && i < room->route_n; i++) {
        const struct route *route = &room->routes[i];
        const bool is_mount = strcmp(route->method, "MOUNT") == 0;

        if (strcmp(route->path, "/") == 0 && !is_mount) {
            room_say(room, REASON_ROOT_HIDDEN, route->where, "the route /");
        } else if (is_catch_all(route)) {
            room_say(room, REASON_ROOT_HIDDEN, route->where, "the route for all other addresses");
        } else if (strncmp(route->path, "/{", 2) == 0 && strcmp(route->method, "GET") == 0) {
            room_say(room, REASON_ROUTES_COLLIDE, route->where, route->path);
        }
    }
}

static void judge_code(struct room *room) {
    int said = 0;

    for (size_t i = 0; i < room->tree.list.n && said < 5; i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];
        const struct py_module *module = room->modules[i].is_reached ? module_at(room, i) : NULL;

        if (module != NULL && module->broken_line > 0) {
            said++;
            room_say(room, REASON_CODE_BROKEN, room_where(room, entry->path, module->broken_line),
                     entry->path);
        } else if (entry->kind == FS_FILE && entry->size > TREE_SOURCE_MAX &&
                   str_ends(str_from(entry->path), STR(".py"))) {
            said++;
            room_say(room, REASON_FILE_TOO_LARGE, entry->path, entry->path);
        }
    }
}

/* --- the target --- */

/* clang-format off */
enum target { TARGET_HTTP, TARGET_STREAM, TARGET_CONTAINER, TARGET_STATIC, TARGET_N };
static const struct {
    const char *word;
    bool is_available;
} targets[TARGET_N] = {
    [TARGET_HTTP]      = { "lambda-http",   true },
    [TARGET_STREAM]    = { "lambda-stream", false },
    [TARGET_CONTAINER] = { "container",     false },
    [TARGET_STATIC]    = { "static",        true },
};

/* Refusals that rule targets out, and the reason to show. */
static const struct {
    const char *code;
    enum target up_to; /* this target and those before it in the enum */
    const char *reason;
} rulings[] = {
    { "NOT_FASTAPI",        TARGET_CONTAINER, "it is not made with FastAPI" },
    { "TEMPLATE_NOT_RENDERED", TARGET_CONTAINER, "it is a template of a project" },
    { "NEEDS_STREAMING",    TARGET_HTTP,   "answers are sent piece by piece" },
    { "NEEDS_CONTAINER",    TARGET_STREAM, "a WebSocket is kept open" },
    { "NEEDS_WORKER",       TARGET_STREAM, "a process must run all the time" },
    { "TOO_LARGE",          TARGET_STREAM, "the packages are larger than Lambda allows" },
    { "SQLITE_FILE",        TARGET_STREAM, "data is kept in a file beside the code" },
    { "WRITES_BESIDE_CODE", TARGET_STREAM, "files are written beside the code at start" },
};
/* clang-format on */

/* Why `target` does not fit, or NULL when it does. */
static const char *objection(const struct room *room, enum target target, bool has_site) {
    if (room->app == NULL) {
        return target == TARGET_STATIC ? (has_site ? NULL : "has no front end") : "has no back end";
    }
    if (target == TARGET_STATIC) {
        return "has a back end";
    }
    for (size_t i = 0; i < ARRAY_N(rulings); i++) {
        if (target <= rulings[i].up_to && room_has(room->refuse, "code", rulings[i].code)) {
            return rulings[i].reason;
        }
    }
    return NULL;
}

static void judge_wanted(struct room *room, const json_t *fits) {
    const struct project *project = room->options->project;
    const struct project_env *env =
        project == NULL ? NULL : project_env(project, room->options->env);
    const char *word = env == NULL ? "" : project_target_word(env->target);
    const json_t *row = NULL;
    size_t i = 0;

    if (word[0] == '\0') {
        return;
    }
    for (enum target target = 0; target < TARGET_N; target++) {
        if (strcmp(targets[target].word, word) == 0 && !targets[target].is_available) {
            room_say(room, REASON_TARGET_UNAVAILABLE, PROJECT_FILE, word);
            return;
        }
    }
    json_array_foreach(fits, i, row) {
        if (strcmp(json_string_value(row), word) == 0) {
            return;
        }
    }
    room_say(room, REASON_TARGET_UNFIT, PROJECT_FILE, word);
}

static json_t *judge_target(struct room *room, bool has_site) {
    json_t *json = json_object();
    json_t *fits = json_array();
    json_t *why = json_array();
    const char *chosen = NULL;
    const char *judged = NULL; /* the first that fits, there or not */

    for (enum target target = 0; target < TARGET_N; target++) {
        const char *reason = objection(room, target, has_site);
        const bool fits_here = reason == NULL;
        json_t *row = NULL;

        if (fits_here) {
            json_array_append_new(fits, json_string(targets[target].word));
            judged = judged == NULL ? targets[target].word : judged;
            if (targets[target].is_available && chosen == NULL) {
                chosen = targets[target].word;
                continue;
            }
            reason =
                targets[target].is_available ? "fits as well" : "fits, but is not available yet";
        }
        row = json_object();
        json_put_str(row, "target", targets[target].word);
        json_put_str(row, "reason", reason);
        json_put_bool(row, "fits", fits_here);
        json_put_bool(row, "available", targets[target].is_available);
        json_array_append_new(why, row);
    }
    json_put(json, "chosen", chosen == NULL ? json_null() : json_string(chosen));
    json_put(json, "judged", judged == NULL ? json_null() : json_string(judged));
    judge_wanted(room, fits);
    json_put(json, "fits", fits);
    json_put(json, "why", why);
    return json;
}

/* Of the questions those that choose: others are about what was guessed. */
static void keep_choices(json_t *ask) {
    for (size_t i = json_array_size(ask); i > 0; i--) {
        const char *field = json_str_or(json_array_get(ask, i - 1), "field", "");

        if (strcmp(field, "backend.dir") != 0 && strcmp(field, "frontend.dir") != 0) {
            json_array_remove(ask, i - 1);
        }
    }
}

void judge(struct room *room, json_t *survey) {
    const bool has_site = judge_site(room, survey);

    hints_judge(room, json_str_at(survey, "frontend.script"));
    if (room->tree.cut != NULL) {
        room_say(room, REASON_READ_INCOMPLETE, NULL, room->tree.cut);
    }
    if (room->app != NULL && strcmp(room->app->framework, "fastapi") != 0) {
        room_say(room, REASON_NOT_FASTAPI,
                 room_where(room, room->tree.list.rows[room->app->module].path, room->app->line),
                 room->app->framework);
    } else if (room->app != NULL &&
               !room_has(room->refuse, "code", reason_row(REASON_TEMPLATE_NOT_RENDERED)->code)) {
        judge_manager(room);
        judge_python(room);
        judge_size(room, survey);
        judge_env(room);
        judge_routes(room, has_site);
        judge_code(room);
        if (room_has(room->ask, "field", "backend.dir")) {
            json_array_clear(room->refuse); /* the reasons are about a guess: ask first */
            keep_choices(room->ask);
        }
        if (!json_is_object(json_at(survey, "frontend")) &&
            json_array_size(room->site_problems) == 0) {
            room_say(room, REASON_NO_FRONTEND, NULL, NULL);
        }
    } else if (has_site && json_array_size(room->refuse) == 0) {
        room_say(room, REASON_NO_BACKEND, NULL, NULL);
    } else if (json_array_size(room->refuse) == 0) {
        room_say(room, REASON_NOTHING_FOUND, NULL, NULL);
    }
    json_put(survey, "target", judge_target(room, has_site));
    json_put_str(survey, "outcome",
                 json_array_size(room->refuse) > 0 ? "refuse"
                 : json_array_size(room->ask) > 0  ? "ask"
                                                   : "deploy");
}
