/* The front end: which folder, framework, manager, build, output, and how it finds the API. */
#include "repo/path.h"
#include "repo/project.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { SITES_MAX = 32 };

/* One package.json that looks like a site. */
struct candidate {
    const char *dir;
    const char *other; /* the tool when it is not Vite, or NULL */
    bool has_page;     /* an index.html */
    int rank;
};

struct candidates {
    struct candidate rows[SITES_MAX];
    size_t n;
};

/* --- package.json --- */

static json_t *read_package(struct room *room, const char *dir) {
    json_t *json = NULL;
    struct err ignored = {0};

    if (!tree_read(&room->tree, path_join(room->arena, dir, "package.json"), TREE_SOURCE_MAX,
                   &room->text) ||
        json_read(buf_str(&room->text), &json, &ignored) != ERR_NONE) {
        return NULL;
    }
    return json;
}

static bool has_package(const json_t *package, const char *name) {
    return json_object_get(json_object_get(package, "dependencies"), name) != NULL ||
           json_object_get(json_object_get(package, "devDependencies"), name) != NULL;
}

/* clang-format off */
static const struct {
    const char *package;
    const char *title;
} other_tools[] = {
    { "next",                "Next.js" },          { "react-scripts", "Create React App" },
    { "@craco/craco",        "Create React App" }, { "@angular/core", "Angular" },
    { "gatsby",              "Gatsby" },           { "nuxt",          "Nuxt" },
    { "@vue/cli-service",    "Vue CLI" },          { "parcel",        "Parcel" },
};

/* Vite underneath, but pages are made by a server. */
static const struct {
    const char *package;
    const char *title;
    const char *unless; /* with this one they are files after all */
} servers[] = {
    { "@sveltejs/kit",         "SvelteKit",      "@sveltejs/adapter-static" },
    { "@remix-run/dev",        "Remix",          NULL },
    { "@react-router/dev",     "React Router as a framework", NULL },
    { "@tanstack/react-start", "TanStack Start", NULL },
    { "@solidjs/start",        "SolidStart",     NULL },
    { "vike",                  "Vike",           NULL },
    { "astro",                 "Astro",          NULL },
    { "nuxt",                  "Nuxt",           NULL },
};

static const struct {
    const char *package;
    const char *framework;
} frameworks[] = {
    { "@vitejs/plugin-react",     "react" },  { "@vitejs/plugin-react-swc", "react" },
    { "@vitejs/plugin-vue",       "vue" },    { "@sveltejs/vite-plugin-svelte", "svelte" },
    { "vite-plugin-solid",        "solid" },  { "@preact/preset-vite", "preact" },
    { "@builder.io/qwik",         "qwik" },   { "lit",    "lit" },
    { "react",                    "react" },  { "vue",    "vue" },
    { "svelte",                   "svelte" }, { "solid-js", "solid" },
    { "preact",                   "preact" },
};

static const struct {
    const char *lock;
    const char *manager;
} locks[] = {
    { "pnpm-lock.yaml", "pnpm" }, { "bun.lock", "bun" },           { "bun.lockb", "bun" },
    { "yarn.lock", "yarn" },      { "package-lock.json", "npm" },  { "npm-shrinkwrap.json", "npm" },
};
/* clang-format on */

static const char *framework_of(const json_t *package) {
    for (size_t i = 0; i < ARRAY_N(frameworks); i++) {
        if (has_package(package, frameworks[i].package)) {
            return frameworks[i].framework;
        }
    }
    return "vanilla";
}

/* --- which folder --- */

static bool is_aside(const char *path) {
    static const char *const words[] = {"docs/",         "examples/",       "example/",
                                        "e2e/",          "tests/",          "test/",
                                        "node_modules/", "infrastructure/", "cdk/"};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        const char *at = strstr(path, words[i]);

        if (at != NULL && (at == path || at[-1] == '/')) {
            return true;
        }
    }
    return false;
}

static int rank_of(struct room *room, const char *dir, bool has_page) {
    static const char *const names[] = {"frontend", "web", "client", "ui", "webapp", "site", "app"};
    const struct project *project = room->options->project;
    const char *name = path_name(dir);
    int rank = has_page ? 100 : 0;

    if (project != NULL && project->frontend.dir != NULL &&
        strcmp(project->frontend.dir, dir) == 0) {
        rank += 10000;
    }
    if (room->app != NULL &&
        strcmp(path_dir(room->arena, dir), path_dir(room->arena, room->app->dir)) == 0) {
        rank += 20; /* beside the back end */
    }
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        rank += str_eq_nocase(str_from(name), str_from(names[i])) ? 10 - (int)i : 0;
    }
    return rank - (strcmp(dir, ".") == 0 ? 1 : 0);
}

/* Whether there is a Vite configuration, and not one that builds a library. */
static bool has_site_config(struct room *room, const char *dir) {
    struct vite_config config = {0};

    vite_config_read(room, dir, &config);
    return config.path != NULL && !config.is_library;
}

static void look_at(struct room *room, const char *dir, struct candidates *out) {
    json_t *package = read_package(room, dir);
    struct candidate candidate = {.dir = dir};
    bool is_site = package != NULL && has_package(package, "vite");

    if (package == NULL) {
        if (has_site_config(room, dir)) {
            room_say(room, REASON_NO_NODE_MANIFEST, dir, dir);
        }
        return;
    }
    candidate.has_page = tree_has_file(&room->tree, path_join(room->arena, dir, "index.html"));
    is_site = is_site && (candidate.has_page || has_site_config(room, dir));
    for (size_t i = 0; !is_site && i < ARRAY_N(other_tools); i++) {
        if (has_package(package, other_tools[i].package)) {
            candidate.other = other_tools[i].title;
            is_site = true;
        }
    }
    json_decref(package);
    candidate.rank = rank_of(room, dir, candidate.has_page) - (candidate.other != NULL ? 1000 : 0);
    if (is_site && out->n < SITES_MAX) {
        out->rows[out->n++] = candidate;
    }
}

static const struct candidate *choose(struct room *room, struct candidates *candidates) {
    const struct candidate *best = NULL;
    CLEANUP(buf_done) struct buf names = BUF_INIT(300);
    int rivals = 0;

    for (size_t i = 0; i < candidates->n; i++) {
        if (best == NULL || candidates->rows[i].rank > best->rank) {
            best = &candidates->rows[i];
        }
    }
    for (size_t i = 0; i < candidates->n; i++) {
        const struct candidate *at = &candidates->rows[i];

        if (at->other == NULL && at->has_page == best->has_page) {
            buf_addf(&names, "%s%s", rivals++ == 0 ? "" : ", ", at->dir);
        }
    }
    if (rivals > 1) {
        room_ask(room, REASON_WHICH_FRONTEND, "frontend.dir", NULL, buf_cstr(&names));
    }
    return best;
}

/* --- the manager --- */

struct manager {
    const char *name;    /* never NULL */
    const char *version; /* or NULL */
    const char *lock;    /* or NULL */
};

/* "pnpm@9.1.0+sha512…" of package.json here or in the folder of the lock. */
static void read_declared(struct room *room, const char *dir, struct manager *out) {
    json_t *package = read_package(room, dir);
    struct str text = str_from(json_str_at(package, "packageManager"));
    struct str name = {0};
    struct str version = {0};

    if (out->version == NULL && str_next(&text, '@', &name) && name.len > 0) {
        (void)str_next(&text, '+', &version);
        out->name = arena_str(room->arena, str_slice(name, 0, 20));
        out->version = arena_str(room->arena, str_slice(version, 0, 40));
    }
    json_decref(package);
}

static void find_lock(struct room *room, const char *dir, struct manager *out) {
    for (const char *at = dir;; at = path_dir(room->arena, at)) {
        for (size_t i = 0; i < ARRAY_N(locks); i++) {
            const char *path = path_join(room->arena, at, locks[i].lock);
            const bool is_wanted = out->version == NULL || strcmp(out->name, locks[i].manager) == 0;

            if (is_wanted && tree_has_file(&room->tree, path)) {
                out->lock = path;
                out->name = locks[i].manager;
                return;
            }
        }
        if (strcmp(at, ".") == 0) {
            return;
        }
    }
}

static struct manager manager_of(struct room *room, const char *dir) {
    struct manager manager = {.name = "none"};

    read_declared(room, dir, &manager);
    find_lock(room, dir, &manager);
    if (manager.lock != NULL && manager.version == NULL) {
        const char *own = manager.name;

        read_declared(room, path_dir(room->arena, manager.lock), &manager);
        manager.name = own; /* the lock that is there decides */
    }
    if (strcmp(manager.name, "yarn") == 0) {
        const char *at = manager.lock != NULL ? path_dir(room->arena, manager.lock) : dir;
        const bool is_berry =
            tree_has_file(&room->tree, path_join(room->arena, at, ".yarnrc.yml")) ||
            (manager.version != NULL && manager.version[0] > '1' && manager.version[0] <= '9');

        manager.name = is_berry ? "yarn-berry" : "yarn";
    }
    return manager;
}

/* --- the API --- */

static bool backend_has(const struct room *room, const char *prefix) {
    for (size_t i = 0; i < room->route_n; i++) {
        if (strncmp(room->routes[i].path, prefix, strlen(prefix)) == 0) {
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

static json_t *api_base(struct room *room, const struct vite_config *config,
                        const struct site *site) {
    const struct site_variable *variable = site_api_variable(site);

    for (size_t i = 0; i < config->rewritten_n; i++) {
        if (room->app != NULL && variable == NULL && !backend_has(room, config->rewritten[i])) {
            room_say(room, REASON_PROXY_REWRITE,
                     room_where(room, config->path, config->rewrite_line), config->rewritten[i]);
            return api_json("proxy-rewrite", NULL, config->rewritten[i]);
        }
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
    return site->same_origin != NULL ? api_json("same-origin", NULL, site->same_origin)
                                     : api_json("none", NULL, NULL);
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

static json_t *build_env(struct room *room, const struct site *site) {
    json_t *list = json_array();

    for (size_t i = 0; i < site->variable_n; i++) {
        const struct site_variable *at = &site->variables[i];
        const bool is_local = at->default_text != NULL && strstr(at->default_text, "://") != NULL &&
                              address_is_local(at->default_text);
        const bool is_secret = is_bundled_secret(at->name);
        json_t *row = json_object();

        json_put_strn(row, "name", str_from(at->name));
        json_put_bool(row, "required", at->is_required || is_local);
        json_put(row, "default",
                 at->default_text == NULL || is_secret
                     ? json_null()
                     : json_string_of(str_from(at->default_text)));
        json_put_str(row, "from", at->is_from_file ? "file" : "code");
        json_put_str(row, "where", at->where);
        json_array_append_new(list, row);
        if (at->is_required || is_local) {
            room_ask(room, REASON_BUILD_ENV_MISSING,
                     arena_format(room->arena, "build_env.%s", at->name), at->where, at->name);
        }
        if (is_secret) {
            room_say(room, REASON_SECRET_IN_BUNDLE, at->where, at->name);
        }
    }
    return list;
}

/* --- the whole --- */

static const char *script_of(struct room *room, const json_t *package) {
    const struct project *project = room->options->project;
    const char *wanted = project == NULL ? NULL : project->frontend.build;
    const json_t *scripts = json_object_get(package, "scripts");

    wanted = wanted == NULL ? "build" : wanted;
    return json_is_string(json_object_get(scripts, wanted)) ? wanted : NULL;
}

static const char *out_of(struct room *room, const char *dir, const struct vite_config *config) {
    const struct project *project = room->options->project;
    const char *wanted = project == NULL ? NULL : project->frontend.out;
    const char *root = config->root == NULL ? dir : path_join(room->arena, dir, config->root);
    const char *out = NULL;

    if (wanted != NULL) {
        return path_join(room->arena, dir, wanted);
    }
    out = root == NULL ? NULL
                       : path_join(room->arena, root, config->out == NULL ? "dist" : config->out);
    if (out == NULL) {
        room_say(room, REASON_OUT_OUTSIDE, config->path, config->out);
    }
    return out;
}

static void check_package(struct room *room, const json_t *package, const char *manifest,
                          const struct manager *manager, const char *script, const char *dir) {
    for (size_t i = 0; i < ARRAY_N(servers); i++) {
        if (has_package(package, servers[i].package) &&
            (servers[i].unless == NULL || !has_package(package, servers[i].unless))) {
            room_say(room, REASON_SERVER_RENDERED, manifest, servers[i].title);
        }
    }
    if (script == NULL) {
        room_say(room, REASON_NO_BUILD_SCRIPT, manifest, manifest);
    }
    if (manager->lock == NULL) {
        room_say(room, REASON_NO_NODE_LOCK, dir, manifest);
    } else if (strcmp(manager->name, "pnpm") != 0) {
        room_say(room, REASON_MANAGER_UNSUPPORTED, manager->lock, manager->name);
    }
}

static void check_config(struct room *room, const struct vite_config *config, const char *dir) {
    const char *base = config->base;

    if (config->is_out_unknown && room->options->project == NULL) {
        room_ask(room, REASON_OUT_UNKNOWN, "frontend.out", config->path, dir);
    }
    if (base != NULL && base[0] != '\0' && strcmp(base, "/") != 0 && strcmp(base, "./") != 0) {
        room_say(room, REASON_BASE_NOT_ROOT, config->path, base);
    }
}

static json_t *text_or_null(const char *text) {
    return text == NULL ? json_null() : json_string_of(str_from(text));
}

/* "pnpm run build"; npm where nobody says which. */
static const char *build_command(struct room *room, const struct manager *manager,
                                 const char *script) {
    static const char *const programs[][2] = {{"yarn-berry", "yarn"}, {"none", "npm"}};
    const char *program = manager->name;

    for (size_t i = 0; i < ARRAY_N(programs); i++) {
        program = strcmp(program, programs[i][0]) == 0 ? programs[i][1] : program;
    }
    return script == NULL ? NULL : arena_format(room->arena, "%s run %s", program, script);
}

static json_t *describe(struct room *room, const char *dir, json_t **out_build_env) {
    const char *manifest = path_join(room->arena, dir, "package.json");
    json_t *package = read_package(room, dir);
    struct manager manager = manager_of(room, dir);
    struct vite_config config = {0};
    struct site *site = ARENA_NEW(room->arena, struct site);
    const char *script = script_of(room, package);
    json_t *json = json_object();

    vite_config_read(room, dir, &config);
    site_read(room, dir, site);
    if (!room_has(room->ask, "field", "frontend.dir")) { /* else it is only a guess */
        check_package(room, package, manifest, &manager, script, dir);
    }
    check_config(room, &config, dir);
    json_put_str(json, "dir", dir);
    json_put_str(json, "framework", framework_of(package));
    json_put_str(json, "bundler", "vite");
    json_put_str(json, "manager", manager.name);
    json_put(json, "manager_version", text_or_null(manager.version));
    json_put_str(json, "manifest", manifest);
    json_put(json, "lock", text_or_null(manager.lock));
    json_put(json, "script", text_or_null(script));
    json_put(json, "build", text_or_null(build_command(room, &manager, script)));
    json_put(json, "out", text_or_null(out_of(room, dir, &config)));
    json_put_strn(json, "base", str_from(config.base == NULL ? "/" : config.base));
    json_put_strn(json, "assets", str_from(config.assets == NULL ? "assets" : config.assets));
    json_put(json, "api_base", api_base(room, &config, site));
    *out_build_env = build_env(room, site);
    json_decref(package);
    return json;
}

static json_t *describe_other(struct room *room, const struct candidate *candidate) {
    const char *manifest = path_join(room->arena, candidate->dir, "package.json");
    json_t *json = json_object();

    if (room->app != NULL) {
        room_say(room, REASON_FRONTEND_LEFT_OUT, manifest, candidate->other);
    } else {
        room_say(room, REASON_NOT_VITE, manifest, candidate->other);
    }
    json_put_str(json, "dir", candidate->dir);
    json_put_str(json, "framework", candidate->other);
    json_put(json, "bundler", json_null());
    json_put_str(json, "manager", manager_of(room, candidate->dir).name);
    json_put_str(json, "manifest", manifest);
    return json;
}

/* A Vite configuration whose folder has no package.json. */
static bool is_lonely_config(struct room *room, const char *path) {
    return strncmp(path_name(path), "vite.config.", 12) == 0 &&
           !tree_has_file(&room->tree,
                          path_join(room->arena, path_dir(room->arena, path), "package.json"));
}

json_t *frontend_find(struct room *room, json_t **out_build_env) {
    const struct project *project = room->options->project;
    struct candidates *candidates = ARENA_NEW(room->arena, struct candidates);
    const struct candidate *chosen = NULL;

    *out_build_env = json_array();
    if (project != NULL && project->frontend.dir != NULL &&
        strcmp(project->frontend.dir, "none") == 0) {
        return json_null();
    }
    for (size_t i = 0; i < room->tree.list.n && !tree_is_late(&room->tree); i++) {
        const char *path = room->tree.list.rows[i].path;

        if ((strcmp(path_name(path), "package.json") == 0 || is_lonely_config(room, path)) &&
            !is_aside(path) && str_is_utf8(str_from(path)) &&
            room->tree.list.rows[i].kind == FS_FILE) {
            look_at(room, path_dir(room->arena, path), candidates);
        }
    }
    chosen = choose(room, candidates);
    if (chosen == NULL) {
        return json_null();
    }
    if (chosen->other != NULL) {
        return describe_other(room, chosen);
    }
    json_decref(*out_build_env);
    return describe(room, chosen->dir, out_build_env);
}
