/* The front end: which folder, framework, manager, build and output. */
#include "repo/js.h"
#include "repo/path.h"
#include "repo/project.h"
#include "repo/site_room.h"

#include <stdlib.h>
#include <string.h>

enum { SITES_MAX = 32 };

/* One folder that looks like a site. */
struct candidate {
    const char *dir;          /* where Vite runs */
    const char *manifest_dir; /* where its package.json is: there, or above */
    const char *other;        /* the tool when it is not Vite, or NULL */
    bool has_page;            /* an index.html */
    int rank;
};

struct candidates {
    struct candidate rows[SITES_MAX];
    size_t n;
};

/* clang-format off */
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
/* clang-format on */

static const char *framework_of(const json_t *package) {
    for (size_t i = 0; i < ARRAY_N(frameworks); i++) {
        if (node_manifest_has(package, frameworks[i].package)) {
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

static void add_candidate(struct room *room, struct candidates *out, struct candidate candidate) {
    candidate.rank =
        rank_of(room, candidate.dir, candidate.has_page) - (candidate.other != NULL ? 1000 : 0);
    if (out->n < SITES_MAX) {
        out->rows[out->n++] = candidate;
    }
}

/* Whether Vite builds a site there: it has a page or a configuration, and builds no library. */
static bool is_vite_site(struct room *room, const json_t *package, const char *dir,
                         bool *out_has_page) {
    struct build_script script = {0};
    struct vite_config config = {0};
    bool is_one = false;

    build_script_read(room, package, "build", &script);
    vite_config_read(room, dir, &script, &config);
    *out_has_page = config.root != NULL &&
                    tree_has_file(&room->tree, path_join(room->arena, config.root, "index.html"));
    is_one = (node_manifest_has(package, "vite") || config.path != NULL) &&
             (*out_has_page || config.path != NULL) && !config.is_library;
    if (config.path == NULL && script.root != NULL && config.root != NULL &&
        vite_config_path(room, config.root) != NULL) {
        is_one = false; /* its script builds that folder: look_above() */
    }
    vite_config_done(&config);
    return is_one;
}

static void look_at(struct room *room, const char *dir, struct candidates *out) {
    json_t *package = node_manifest_json(room, dir);
    struct candidate candidate = {.dir = dir, .manifest_dir = dir};
    struct site_server server = {0};
    const char *no_site = NULL;
    bool is_site = false;

    if (package == NULL) {
        return;
    }
    no_site = site_no_site(package);
    if (no_site != NULL) {
        room_say(room, REASON_FRONTEND_IGNORED, dir,
                 arena_format(room->arena, "%s is made with %s", dir, no_site));
        json_decref(package);
        return;
    }
    is_site = is_vite_site(room, package, dir, &candidate.has_page);
    site_server_find(room, dir, package, &server);
    if (!is_site && server.title == NULL) {
        candidate.other = site_other_tool(package);
    }
    json_decref(package);
    if (is_site || server.title != NULL || candidate.other != NULL) {
        add_candidate(room, out, candidate);
    }
}

/* A Vite configuration whose folder has no package.json: the one above it may be meant. */
static void look_above(struct room *room, const char *dir, struct candidates *out) {
    struct candidate candidate = {.dir = dir};

    candidate.has_page = tree_has_file(&room->tree, path_join(room->arena, dir, "index.html"));
    for (const char *at = dir; strcmp(at, ".") != 0;) {
        json_t *package = NULL;
        bool has_vite = false;

        at = path_dir(room->arena, at);
        package = node_manifest_json(room, at);
        has_vite = node_manifest_has(package, "vite");
        json_decref(package);
        if (has_vite) {
            candidate.manifest_dir = at;
            add_candidate(room, out, candidate);
            return;
        }
        if (package != NULL) {
            break; /* a package of its own that knows nothing of Vite */
        }
    }
    room_say(room, REASON_NO_NODE_MANIFEST, dir, dir);
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

/* --- the whole --- */

/* The script that builds the site; one in a package.json above may build something else. */
static void find_script(struct room *room, const struct candidate *site, const json_t *package,
                        struct build_script *out) {
    const struct project *project = room->options->project;
    const char *wanted = project == NULL ? NULL : project->frontend.build;
    const char *root = NULL;

    build_script_read(room, package, wanted == NULL ? "build" : wanted, out);
    if (out->name == NULL && wanted != NULL) {
        room_say(room, REASON_SCRIPT_MISSING,
                 path_join(room->arena, site->manifest_dir, "package.json"), wanted);
    }
    if (wanted == NULL && strcmp(site->dir, site->manifest_dir) != 0) {
        root = out->root == NULL ? NULL : path_join(room->arena, site->manifest_dir, out->root);
        if (root == NULL || strcmp(root, site->dir) != 0) {
            *out = (struct build_script){0};
        }
    }
    if (out->name != NULL && strcmp(site->dir, site->manifest_dir) != 0) {
        out->root = NULL; /* it leads from package.json to the folder of the site */
    }
}

static const char *out_of(struct room *room, const char *dir, const struct vite_config *config,
                          const struct site_server *server) {
    const struct project *project = room->options->project;
    const char *wanted = project == NULL ? NULL : project->frontend.out;

    if (wanted != NULL) {
        return path_join(room->arena, dir, wanted);
    }
    if (server->title != NULL && server->out != NULL) {
        return server->out;
    }
    if (config->is_out_unknown) {
        room_ask(room, REASON_OUT_UNKNOWN, "frontend.out", config->path, dir);
        return path_join(room->arena, dir, "dist");
    }
    if (config->out == NULL) {
        room_say(room, REASON_OUT_OUTSIDE, config->path,
                 config->root == NULL || config->out_text[0] == JS_ROOT[0] ? "another folder"
                                                                           : config->out_text);
    }
    return config->out;
}

/* Without a page Vite builds parts for pages that something else makes. */
static bool has_page(struct room *room, const struct vite_config *config) {
    for (size_t i = 0; i < config->entry_n; i++) {
        if (str_ends(str_from(config->entries[i]), STR(".html"))) {
            return true;
        }
    }
    return config->root != NULL &&
           tree_has_file(&room->tree, path_join(room->arena, config->root, "index.html"));
}

static void check(struct room *room, const struct node_manifest *manifest,
                  const struct build_script *script, const struct vite_config *config,
                  const struct site_server *server, const char *dir) {
    const char *base = config->base;

    if (server->title != NULL && !server->is_static) {
        room_say(room, REASON_SERVER_RENDERED, server->source, server->title);
    }
    if (script->name == NULL && room->options->project == NULL) {
        room_say(room, REASON_NO_BUILD_SCRIPT, manifest->path, manifest->path);
    }
    if (manifest->lock == NULL) {
        room_say(room, REASON_NO_NODE_LOCK, manifest->dir, manifest->path);
    }
    lock_stale_node(room, manifest);
    if (base != NULL && base[0] != '\0' && strcmp(base, "/") != 0 && strcmp(base, "./") != 0) {
        room_say(room, REASON_BASE_NOT_ROOT, config->path, base);
    }
    if (config->is_base_unknown) {
        room_say(room, REASON_BASE_UNKNOWN, config->path, NULL);
    }
    if (server->title == NULL && !has_page(room, config)) {
        room_say(room, REASON_NO_PAGE, dir, path_join(room->arena, dir, "index.html"));
    }
    imports_check(room, dir, manifest, script, config);
}

static json_t *text_or_null(const char *text) {
    return text == NULL ? json_null() : json_string_of(str_from(text));
}

/* "pnpm run build"; npm where nobody says which; Vite itself where there is no script. */
static const char *build_command(struct room *room, const struct node_manifest *manifest,
                                 const char *script) {
    static const char *const programs[][2] = {{"yarn-berry", "yarn"}, {"none", "npm"}};
    const char *program = manifest->manager;

    for (size_t i = 0; i < ARRAY_N(programs); i++) {
        program = strcmp(program, programs[i][0]) == 0 ? programs[i][1] : program;
    }
    return script == NULL ? "vite build" : arena_format(room->arena, "%s run %s", program, script);
}

static json_t *describe(struct room *room, const struct candidate *chosen, json_t **out_build_env) {
    const char *dir = chosen->dir;
    struct node_manifest manifest = {0};
    struct build_script script = {0};
    struct vite_config config = {0};
    struct site_server server = {0};
    struct site *site = ARENA_NEW(room->arena, struct site);
    json_t *json = json_object();

    node_manifest_read(room, chosen->manifest_dir, &manifest);
    find_script(room, chosen, manifest.json, &script);
    vite_config_read(room, dir, &script, &config);
    site_server_find(room, dir, manifest.json, &server);
    site_read(room, dir, &script, &config, site);
    if (!room_has(room->ask, "field", "frontend.dir")) { /* else it is only a guess */
        check(room, &manifest, &script, &config, &server, dir);
    }
    json_put_str(json, "dir", dir);
    json_put_str(json, "framework", framework_of(manifest.json));
    json_put_str(json, "bundler", "vite");
    json_put_str(json, "manager", manifest.manager);
    json_put(json, "manager_version", text_or_null(manifest.version));
    json_put_str(json, "manifest", manifest.path);
    json_put(json, "lock", text_or_null(manifest.lock));
    json_put(json, "node", text_or_null(manifest.node));
    json_put(json, "script", text_or_null(script.name));
    json_put(json, "build", text_or_null(build_command(room, &manifest, script.name)));
    json_put(json, "out", text_or_null(out_of(room, dir, &config, &server)));
    json_put_strn(json, "base", str_from(config.base == NULL ? "/" : config.base));
    json_put_strn(json, "assets", str_from(config.assets == NULL ? "assets" : config.assets));
    json_put(json, "api_base", site_api_json(room, &config, site));
    *out_build_env = site_build_env(room, site);
    vite_config_done(&config);
    node_manifest_done(&manifest);
    return json;
}

static json_t *describe_other(struct room *room, const struct candidate *candidate) {
    struct node_manifest manifest = {0};
    json_t *json = json_object();

    node_manifest_read(room, candidate->dir, &manifest);
    room_say(room, REASON_NOT_VITE, manifest.path, candidate->other);
    json_put_str(json, "dir", candidate->dir);
    json_put_str(json, "framework", candidate->other);
    json_put(json, "bundler", json_null());
    json_put_str(json, "manager", manifest.manager);
    json_put_str(json, "manifest", manifest.path);
    node_manifest_done(&manifest);
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
        const struct fs_entry *entry = &room->tree.list.rows[i];

        if (entry->kind != FS_FILE || is_aside(entry->path) ||
            !str_is_utf8(str_from(entry->path))) {
            continue;
        }
        if (strcmp(path_name(entry->path), "package.json") == 0) {
            look_at(room, path_dir(room->arena, entry->path), candidates);
        } else if (is_lonely_config(room, entry->path)) {
            look_above(room, path_dir(room->arena, entry->path), candidates);
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
    return describe(room, chosen, out_build_env);
}
