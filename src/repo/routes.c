/* The route table as far as reading can tell: routers, prefixes, mounts, health. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { ROUTES_DEPTH = 12, ROUTE_PATH_MAX = 400 };

/* One collection of routes, for counting or for keeping. */
struct collection {
    struct room *room;
    const struct app *app;
    struct route *rows; /* SURVEY_ROUTES_MAX; NULL: only count */
    size_t n;
    bool is_quiet;
    bool is_second; /* what was found before is found again */
};

struct router {
    size_t module;
    const char *name;
};

/* --- adding --- */

/* Whether a route of this place is listed already. */
static bool is_found(const struct collection *in, size_t module, int line) {
    const char *where = room_where(in->room, in->room->tree.list.rows[module].path, line);

    for (size_t i = 0; i < in->n && in->rows != NULL && room_spend(in->room); i++) {
        if (strcmp(in->rows[i].where, where) == 0) {
            return true;
        }
    }
    return false;
}

/* "/a" and "/b/" and "" joined as Starlette does it: by plain concatenation. */
static void add_route(struct collection *in, const char *method, const char *prefix,
                      const char *path, size_t module, int line) {
    struct route *row = NULL;

    if (in->is_second && is_found(in, module, line)) {
        return;
    }
    if (in->n == SURVEY_ROUTES_MAX || strlen(prefix) + strlen(path) > ROUTE_PATH_MAX) {
        return;
    }
    in->n++;
    if (in->rows == NULL) {
        return;
    }
    row = &in->rows[in->n - 1];
    row->method = method;
    row->path = arena_format(in->room->arena, "%s%s", prefix, path);
    if (row->path[0] != '/') {
        row->path = arena_format(in->room->arena, "/%s", row->path);
    }
    row->where = room_where(in->room, in->room->tree.list.rows[module].path, line);
}

static void lost(struct collection *in, size_t module, const struct py_call *call) {
    if (!in->is_quiet && !room_has(in->room->findings, "code", "ROUTES_UNKNOWN")) {
        const char *where = room_where(in->room, in->room->tree.list.rows[module].path, call->line);

        room_say(in->room, REASON_ROUTES_UNKNOWN, where, call->callee);
    }
}

/* The path in an argument: "" when it is absent, NULL when it cannot be told. */
static const char *path_arg(struct collection *in, size_t module, const struct py_call *call,
                            const char *name, int position) {
    struct py_value value = py_arg(call, name, position);

    if (value.kind == PY_ABSENT) {
        return "";
    }
    return value_text(in->room, module, call->scope, value);
}

static const char *method_word(const char *last) {
    static const char *const words[][2] = {
        {"get", "GET"},         {"post", "POST"},           {"put", "PUT"},
        {"patch", "PATCH"},     {"delete", "DELETE"},       {"head", "HEAD"},
        {"options", "OPTIONS"}, {"trace", "TRACE"},         {"api_route", "ANY"},
        {"route", "ANY"},       {"websocket", "WEBSOCKET"}, {"websocket_route", "WEBSOCKET"},
    };

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strcmp(last, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}

/* --- following --- */

static void collect(struct collection *in, struct router router, const char *prefix, int depth);

/* The call that makes a router, for its own prefix; NULL when it is not found. */
static const struct py_call *made_by(const struct py_module *module, const char *name) {
    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        const char *last = py_last(at->callee);

        if (at->target != NULL && strcmp(at->target, name) == 0 &&
            (strcmp(last, "FastAPI") == 0 || strcmp(last, "APIRouter") == 0)) {
            return at;
        }
    }
    return NULL;
}

/* include_router(make_router()): the router that the function makes. */
static struct py_ref router_of_function(struct collection *in, struct py_ref function) {
    const struct py_module *module =
        function.module == SIZE_MAX ? NULL : module_at(in->room, function.module);

    for (const struct py_call *at = module == NULL ? NULL : module->calls; at != NULL;
         at = at->next) {
        const struct py_function *around = py_function_at(module, at->scope);

        if (around != NULL && strcmp(around->name, function.name) == 0 && at->target != NULL &&
            strcmp(py_last(at->callee), "APIRouter") == 0) {
            return (struct py_ref){function.module, at->target};
        }
    }
    return (struct py_ref){SIZE_MAX, ""};
}

static void follow(struct collection *in, size_t module, const struct py_call *call,
                   struct py_value what, const char *prefix, int depth) {
    struct py_ref ref = {SIZE_MAX, ""};

    if (what.kind == PY_NAME) {
        ref = module_resolve(in->room, in->app->cwd, module, what.text);
    } else if (what.kind == PY_CALL) {
        ref = router_of_function(in, module_resolve(in->room, in->app->cwd, module, what.text));
    }
    if (ref.module == SIZE_MAX || ref.name[0] == '\0') {
        lost(in, module, call);
        return;
    }
    collect(in, (struct router){ref.module, ref.name}, prefix, depth + 1);
}

/* The method of the route that a call makes; NULL: it makes none. */
static const char *route_method(const struct py_call *call, const char *word) {
    static const struct {
        const char *word;
        const char *method;
    } adding[] = {
        {"add_api_route", "ANY"},
        {"add_route", "ANY"},
        {"add_api_websocket_route", "WEBSOCKET"},
    };
    const char *method = call->decorates >= 0 ? method_word(word) : NULL;

    for (size_t i = 0; method == NULL && i < ARRAY_N(adding); i++) {
        method = strcmp(adding[i].word, word) == 0 ? adding[i].method : NULL;
    }
    return method;
}

static void collect_inclusion(struct collection *in, size_t module, const struct py_call *call,
                              const char *prefix, int depth) {
    const char *path = path_arg(in, module, call, "prefix", -1);

    if (path == NULL && in->is_quiet) {
        path = ""; /* how many there are does not depend on it */
    }
    if (path == NULL) {
        lost(in, module, call); /* routes without their prefix would be wrong ones */
        return;
    }
    follow(in, module, call, py_arg(call, "router", 0),
           arena_format(in->room->arena, "%s%s", prefix, path), depth);
}

static void collect_mount(struct collection *in, size_t module, const struct py_call *call,
                          const char *prefix, int depth) {
    struct py_value what = py_arg(call, "app", 1);
    const char *path = path_arg(in, module, call, "path", 0);

    if (path != NULL && what.kind == PY_NAME) {
        follow(in, module, call, what, arena_format(in->room->arena, "%s%s", prefix, path), depth);
    } else if (path != NULL) {
        add_route(in, "MOUNT", prefix, path, module, call->line);
    }
}

/* One call on the router: a route, an inclusion, a mount. */
static void collect_call(struct collection *in, size_t module, const struct py_call *call,
                         const char *prefix, int depth) {
    const char *word = py_last(call->callee);
    const char *method = route_method(call, word);
    const char *path = method == NULL ? NULL : path_arg(in, module, call, "path", 0);

    if (path != NULL) {
        add_route(in, method, prefix, path, module, call->line);
    } else if (method != NULL) {
        lost(in, module, call);
    } else if (strcmp(word, "include_router") == 0) {
        collect_inclusion(in, module, call, prefix, depth);
    } else if (strcmp(word, "mount") == 0) {
        collect_mount(in, module, call, prefix, depth);
    }
}

/* Whether the call is NAME.word(…). */
static bool is_on(const struct py_call *call, const char *name) {
    size_t n = strlen(name);

    return strncmp(call->callee, name, n) == 0 && call->callee[n] == '.' &&
           strchr(call->callee + n + 1, '.') == NULL;
}

static void collect_handed(struct collection *in, size_t index, const char *name, int scope,
                           const char *prefix, int depth);

/* A function that the router is given to: what it does with the name that the router has there. */
static void collect_pass(struct collection *in, size_t index, const struct py_pass *pass,
                         const char *prefix, int depth) {
    struct py_ref ref = module_resolve(in->room, in->app->cwd, index, pass->callee);
    const struct py_module *module =
        ref.module == SIZE_MAX ? NULL : module_at(in->room, ref.module);
    int scope = 0;

    for (const struct py_function *at = module == NULL ? NULL : module->functions; at != NULL;
         at = at->next, scope++) {
        const char *name = pass->position < PY_PARAMS_MAX ? at->params[pass->position] : NULL;
        const bool is_same = ref.module == index && name != NULL && strcmp(name, pass->name) == 0;

        if (at->class_name == NULL && strcmp(at->name, ref.name) == 0 && name != NULL && !is_same) {
            collect_handed(in, ref.module, name, scope, prefix, depth + 1);
        }
    }
}

/* What a function does with a router that it was given. */
static void collect_handed(struct collection *in, size_t index, const char *name, int scope,
                           const char *prefix, int depth) {
    const struct py_module *module = module_at(in->room, index);

    if (module == NULL || depth > ROUTES_DEPTH || !room_spend(in->room)) {
        return;
    }
    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        if (at->scope == scope && is_on(at, name)) {
            collect_call(in, index, at, prefix, depth);
        }
    }
    for (const struct py_pass *at = module->passes; at != NULL; at = at->next) {
        if (at->scope == scope && strcmp(at->name, name) == 0) {
            collect_pass(in, index, at, prefix, depth);
        }
    }
}

static void collect(struct collection *in, struct router router, const char *prefix, int depth) {
    const struct py_module *module = module_at(in->room, router.module);
    const struct py_call *made = module == NULL ? NULL : made_by(module, router.name);

    if (module == NULL || depth > ROUTES_DEPTH || !room_spend(in->room)) {
        return;
    }
    if (made != NULL && strcmp(py_last(made->callee), "APIRouter") == 0) {
        const char *own = path_arg(in, router.module, made, "prefix", -1);

        prefix = arena_format(in->room->arena, "%s%s", prefix, own == NULL ? "" : own);
    }
    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        if (is_on(at, router.name)) {
            collect_call(in, router.module, at, prefix, depth);
        }
    }
    for (const struct py_pass *at = module->passes; at != NULL; at = at->next) {
        if (strcmp(at->name, router.name) == 0) {
            collect_pass(in, router.module, at, prefix, depth);
        }
    }
}

/* def add_routes(app): app.include_router(…), in a module that the application imports. */
static void collect_handed_over(struct collection *in) {
    static const char *const names[] = {"app", "application", "api", "fastapi_app", "server"};

    for (size_t k = 0; k < in->room->reached_n && room_spend(in->room); k++) {
        const size_t i = in->room->reached[k];
        const struct py_module *module = module_at(in->room, i);

        for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
            for (size_t j = 0; j < ARRAY_N(names); j++) {
                const bool is_own = i == in->app->object_module && in->app->object_name != NULL &&
                                    strcmp(in->app->object_name, names[j]) == 0;

                if (at->scope != PY_MODULE_SCOPE && is_on(at, names[j]) && !is_own &&
                    made_by(module, names[j]) == NULL &&
                    module_resolve(in->room, in->app->cwd, i, names[j]).module == SIZE_MAX) {
                    collect_call(in, i, at, "", 0);
                }
            }
        }
    }
}

static void collect_app(struct collection *in) {
    if (in->app->object_name != NULL) {
        collect(in, (struct router){in->app->object_module, in->app->object_name}, "", 0);
    }
}

int routes_count(struct room *room, struct app *app) {
    struct collection in = {.room = room, .app = app, .is_quiet = true};

    collect_app(&in);
    return (int)in.n;
}

/* /docs and /openapi.json, unless they are switched off. */
static void add_builtin(struct collection *in) {
    static const struct {
        const char *arg;
        const char *path;
    } rows[] = {{"openapi_url", "/openapi.json"}, {"docs_url", "/docs"}, {"redoc_url", "/redoc"}};
    const struct py_call *made = in->app->made;

    for (size_t i = 0; made != NULL && i < ARRAY_N(rows); i++) {
        struct py_value value = py_arg(made, rows[i].arg, -1);
        const char *path = value.kind == PY_ABSENT ? rows[i].path
                           : value.kind == PY_NONE
                               ? NULL
                               : value_text(in->room, in->app->object_module, made->scope, value);

        if (i == 0 && path == NULL) {
            return; /* without the description there are no pages about it */
        }
        if (path != NULL) {
            add_route(in, "BUILTIN", "", path, in->app->object_module, made->line);
        }
    }
}

void routes_find(struct room *room) {
    struct collection in = {.room = room, .app = room->app};

    in.rows = ARENA_ARRAY(room->arena, struct route, SURVEY_ROUTES_MAX);
    collect_app(&in);
    in.is_second = true;
    collect_handed_over(&in);
    in.is_second = false;
    add_builtin(&in);
    room->routes = in.rows;
    room->route_n = in.n;
}

/* --- what follows from them --- */

static bool is_builtin(const struct route *route) { return strcmp(route->method, "BUILTIN") == 0; }

json_t *routes_json(const struct room *room) {
    json_t *list = json_array();

    for (size_t i = 0; i < room->route_n; i++) {
        const struct route *route = &room->routes[i];
        json_t *row = json_object();

        json_put_strn(row, "method", str_from(route->method));
        json_put_strn(row, "path", str_from(route->path));
        json_put_str(row, "where", route->where);
        json_array_append_new(list, row);
    }
    return list;
}

/* "/api" of "/api/v1/x"; NULL for "/" and for a first part with a parameter. */
static const char *first_part(struct arena *arena, const char *path) {
    const char *end = strchr(path + 1, '/');
    struct str part = end == NULL ? str_from(path) : (struct str){path, (size_t)(end - path)};

    if (part.len < 2 || memchr(part.ptr, '{', part.len) != NULL) {
        return NULL;
    }
    return arena_str(arena, part);
}

json_t *routes_prefixes(const struct room *room) {
    json_t *list = json_array();

    for (size_t i = 0; i < room->route_n; i++) {
        const char *part = first_part(room->arena, room->routes[i].path);
        bool is_there = false;

        for (size_t j = 0; j < json_array_size(list); j++) {
            is_there = is_there || (part != NULL &&
                                    strcmp(json_string_value(json_array_get(list, j)), part) == 0);
        }
        if (part != NULL && !is_there && json_array_size(list) < SURVEY_LIST_MAX) {
            json_array_append_new(list, json_string_of(str_from(part)));
        }
    }
    return list;
}

const char *routes_prefix(const struct room *room) {
    const char *prefix = NULL;

    for (size_t i = 0; i < room->route_n; i++) {
        const char *part = NULL;

        if (is_builtin(&room->routes[i])) {
            continue;
        }
        part = first_part(room->arena, room->routes[i].path);
        if (part == NULL || (prefix != NULL && strcmp(prefix, part) != 0)) {
            return NULL;
        }
        prefix = part;
    }
    return prefix;
}

/* How much a path says "health"; 0: nothing. */
static int health_rank(const struct route *route) {
    static const struct {
        const char *word;
        int rank;
    } words[] = {{"health", 60},       {"healthz", 55}, {"healthcheck", 55}, {"health-check", 55},
                 {"health_check", 55}, {"livez", 45},   {"live", 45},        {"liveness", 45},
                 {"readyz", 40},       {"ready", 40},   {"ping", 35},        {"status", 30},
                 {"heartbeat", 30},    {"up", 20},      {"alive", 35}};
    struct str path = str_from(route->path);
    const char *slash = NULL;
    struct str last = {0};
    int rank = 0;

    if (strcmp(route->method, "GET") != 0 || strchr(route->path, '{') != NULL) {
        return 0;
    }
    while (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    slash = memrchr(path.ptr, '/', path.len);
    last = str_slice(path, (size_t)(slash - path.ptr) + 1, path.len);
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (str_eq_nocase(last, str_from(words[i].word))) {
            rank = words[i].rank;
        }
    }
    if (rank == 0 && str_find(path, STR("/health/")) >= 0) {
        rank = str_eq_nocase(last, STR("db")) ? 10 : 25; /* /health/live before /health/db */
    }
    if (rank > 0 && str_eq(path, STR("/api/health"))) {
        rank += 30;
    } else if (rank > 0 && str_starts(path, STR("/api/"))) {
        rank += 3;
    }
    return rank;
}

const char *routes_health(const struct room *room, const struct route **out) {
    int best = 0;

    *out = NULL;
    for (size_t i = 0; i < room->route_n; i++) {
        int rank = health_rank(&room->routes[i]);

        if (rank > best) {
            best = rank;
            *out = &room->routes[i];
        }
    }
    return *out == NULL ? NULL : (*out)->path;
}
