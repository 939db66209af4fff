/* How the site finds its API, and what its build needs to know. */
#include "repo/nginx.h"
#include "repo/path.h"
#include "repo/site_room.h"

#include <string.h>

const struct site_variable *site_api_variable(const struct site *site) {
    static const char *const words[] = {"API_URL",  "API_BASE", "BASE_API",     "BACKEND",
                                        "API_HOST", "SERVER",   "API_ENDPOINT", "API",
                                        "BASE_URL", "HTTP",     "URL"};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        for (size_t j = 0; j < site->variable_n; j++) {
            if (strstr(site->variables[j].name, words[i]) != NULL &&
                strstr(site->variables[j].name, "KEY") == NULL) {
                return &site->variables[j];
            }
        }
    }
    return NULL;
}

/* "/api" of "/api/v1/items?x". */
static const char *first_part(struct room *room, const char *path) {
    size_t n = 1;

    while (path[n] != '\0' && strchr("/?#$", path[n]) == NULL) {
        n++;
    }
    return arena_str(room->arena, str_slice(str_from(path), 0, n));
}

static bool backend_has(const struct room *room, const char *prefix) {
    const size_t n = strlen(prefix);

    for (size_t i = 0; i < room->route_n; i++) {
        const char *path = room->routes[i].path;

        if (strncmp(path, prefix, n) == 0 && (path[n] == '\0' || path[n] == '/')) {
            return true;
        }
    }
    return false;
}

static json_t *api_json(const char *kind, const char *name, const char *value) {
    json_t *json = json_object();

    json_put_str(json, "kind", kind);
    json_put(json, "name", name == NULL ? json_null() : json_string_of(str_from(name)));
    json_put(json, "value", value == NULL ? json_null() : json_string_of(str_from(value)));
    return json;
}

/* A prefix that a proxy takes off, and that the back end does not have. */
static const char *rewritten(struct room *room, const struct vite_config *config,
                             const struct site *site) {
    struct nginx_rewrite nginx = {0};
    const char *called = site->same_origin == NULL ? NULL : first_part(room, site->same_origin);

    for (size_t i = 0; i < config->rewritten_n; i++) {
        if (!backend_has(room, config->rewritten[i])) {
            room_say(room, REASON_PROXY_REWRITE,
                     room_where(room, config->path, config->rewrite_line), config->rewritten[i]);
            return config->rewritten[i];
        }
    }
    if (called != NULL && !backend_has(room, called) && nginx_find_rewrite(room, called, &nginx)) {
        room_say(room, REASON_PROXY_REWRITE, nginx.where, called);
        return called;
    }
    return NULL;
}

/* Whether all routes were seen, so that one that is not there is missing. */
static bool knows_routes(const struct room *room) {
    return room->route_n > 0 &&
           !room_has(room->findings, "code", reason_row(REASON_ROUTES_UNKNOWN)->code);
}

json_t *site_api_json(struct room *room, const struct vite_config *config,
                      const struct site *site) {
    const struct site_variable *variable = site_api_variable(site);
    const char *prefix =
        room->app != NULL && variable == NULL ? rewritten(room, config, site) : NULL;

    if (prefix != NULL) {
        return api_json("proxy-rewrite", NULL, prefix);
    }
    if (site->hardcoded != NULL) {
        room_say(room, REASON_HARDCODED_API, site->hardcoded_where, site->hardcoded);
    }
    if (variable != NULL) {
        return api_json("env", variable->name, variable->default_text);
    }
    if (site->hardcoded != NULL) {
        return api_json("hardcoded", NULL, site->hardcoded);
    }
    if (site->same_origin == NULL) {
        return api_json("none", NULL, NULL);
    }
    prefix = first_part(room, site->same_origin);
    if (room->app != NULL && knows_routes(room) && !backend_has(room, prefix)) {
        room_say(room, REASON_API_UNANSWERED, site->same_origin_where, prefix);
    }
    return api_json("same-origin", NULL, site->same_origin);
}

/* A secret in a bundle is one by its last word; some names are made to be public. */
static bool is_bundled_secret(const char *name) {
    static const char *const ends[] = {"KEY", "SECRET", "PASSWORD", "TOKEN"};
    static const char *const words[] = {"ANON",      "PUBLIC", "PUBLISHABLE", "SITE_KEY",
                                        "CLIENT_ID", "MAPS",   "FIREBASE",    "ALGOLIA_SEARCH"};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strstr(name, words[i]) != NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        if (str_ends(str_from(name), str_from(ends[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_local(const struct site_variable *at) {
    return at->default_text != NULL && strstr(at->default_text, "://") != NULL &&
           address_is_local(at->default_text);
}

/* The API's address is that of a server elsewhere, although there is a back end here. */
static bool is_elsewhere(struct room *room, const struct site *site,
                         const struct site_variable *at) {
    static const char *const words[] = {"API", "BACKEND", "SERVER", "BASE_URL"};
    bool is_api = false; /* and not VITE_SUPABASE_URL, the only address that there is */

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        is_api = is_api || strstr(at->name, words[i]) != NULL;
    }
    return is_api && room->app != NULL && at == site_api_variable(site) &&
           at->default_text != NULL && strncmp(at->default_text, "http", 4) == 0 &&
           strstr(at->default_text, "://") != NULL && !is_local(at);
}

static void say_variable(struct room *room, const struct site *site,
                         const struct site_variable *at) {
    if (is_elsewhere(room, site, at)) {
        room_ask(room, REASON_API_ELSEWHERE, arena_format(room->arena, "build_env.%s", at->name),
                 at->file_where != NULL ? at->file_where : at->where,
                 arena_format(room->arena, "%s (%s)", at->default_text, at->name));
    }
    if (at->is_required || is_local(at)) {
        room_ask(room, REASON_BUILD_ENV_MISSING,
                 arena_format(room->arena, "build_env.%s", at->name), at->where, at->name);
    }
    if (at->is_required && at == site_api_variable(site)) {
        room_say(room, REASON_API_UNDEFINED, at->where, at->name);
    }
    if (is_local(at) && at->is_from_file) {
        room_say(room, REASON_ENV_FILE_LOCAL, at->file_where, at->name);
    }
    if (is_bundled_secret(at->name)) {
        room_say(room, REASON_SECRET_IN_BUNDLE, at->where, at->name);
    }
}

json_t *site_build_env(struct room *room, const struct site *site) {
    json_t *list = json_array();

    for (size_t i = 0; i < site->variable_n; i++) {
        const struct site_variable *at = &site->variables[i];
        json_t *row = json_object();

        json_put_strn(row, "name", str_from(at->name));
        json_put_bool(row, "required",
                      at->is_required || is_local(at) || is_elsewhere(room, site, at));
        json_put(row, "default",
                 at->default_text == NULL || is_bundled_secret(at->name)
                     ? json_null()
                     : json_string_of(str_from(at->default_text)));
        json_put_str(row, "from", at->is_from_file ? "file" : "code");
        json_put_str(row, "where", at->where);
        json_array_append_new(list, row);
        say_variable(room, site, at);
    }
    return list;
}
