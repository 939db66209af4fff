/* bundle/node.c: pnpm: install from the lock, then build offline. */
#include "bundle/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/build_run.h"

enum {
    NODE_VERSION_MS = 30000,
    NODE_INSTALL_MS = 600000,
    NODE_BUILD_MS = 600000,
    NODE_RECIPE = 1,
};

/* Lock files of managers that are not driven yet. */
static const struct {
    const char *file;
    const char *manager;
} others[] = {
    {"package-lock.json", "npm"}, {"yarn.lock", "yarn"}, {"bun.lock", "bun"}, {"bun.lockb", "bun"}};

/* clang-format off */
static const struct build_symptom install_symptoms[] = {
    { "ERR_PNPM_OUTDATED_LOCKFILE", ERR_BUILD, "pnpm-lock.yaml does not fit package.json",
      "run 'pnpm install' and commit pnpm-lock.yaml" },
    { "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH", ERR_BUILD,
      "pnpm-lock.yaml was made with other settings, or with a .pnpmfile.cjs, which is not run here",
      "run 'pnpm install --ignore-pnpmfile' and commit pnpm-lock.yaml" },
    { "ERR_PNPM_LOCKFILE_BREAKING_CHANGE", ERR_BUILD, "pnpm-lock.yaml is of another pnpm",
      "run 'pnpm install' with pnpm 10 and commit pnpm-lock.yaml" },
    { "ERR_PNPM_UNSUPPORTED_ENGINE", ERR_BUILD, "the project asks for another Node.js or pnpm",
      "set AWSCOPILOT_NODE to one that fits" },
    { "ERR_PNPM_TARBALL_INTEGRITY", ERR_BUILD, "a package does not have the digest of pnpm-lock.yaml",
      "do not trust this registry" },
    { "ERR_PNPM_FETCH_401", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "ERR_PNPM_FETCH_403", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "ERR_PNPM_FETCH_404", ERR_BUILD, "the package registry does not know a package", NULL },
    { "ERR_PNPM_META_FETCH_FAIL", ERR_UNREACHABLE, "the package registry cannot be reached",
      "check the network and, for an own registry, ~/.npmrc" },
    { "ENOTFOUND", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ECONNREFUSED", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ECONNRESET", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ETIMEDOUT", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ENOSPC", ERR_DISK_FULL, "the disk is full", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};
static const struct build_symptom build_symptoms[] = {
    { "ERR_PNPM_NO_SCRIPT", ERR_BUILD, "package.json has no such script",
      "name the script that builds the site under frontend.build" },
    { "heap out of memory", ERR_BUILD, "the build needs more memory than Node.js takes",
      "set NODE_OPTIONS=--max-old-space-size=4096 in the build's variables" },
    { "ENOSPC", ERR_DISK_FULL, "the disk is full", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};
/* clang-format on */

struct node_place {
    char *node;
    char *pnpm;
    char *path; /* PATH of the children */
    char *lock_dir;
    char *tree;      /* cache: the copy with its installed packages */
    char *site;      /* cache: what the build left */
    struct buf lock; /* pnpm-lock.yaml and the .npmrc files: they name package sources */
    bool was_cached;
};

static void node_place_done(struct node_place *place) {
    free(place->node);
    free(place->pnpm);
    free(place->path);
    free(place->lock_dir);
    free(place->tree);
    free(place->site);
    buf_done(&place->lock);
}

static bool is_folder(const char *path) {
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* --- what decides the result --- */

static char *node_rel(const char *dir, const char *name) {
    return dir[0] == '\0' || strcmp(dir, ".") == 0 ? mem_strdup(name) : fs_join(dir, name);
}

static void node_slurp(const struct fs_root *root, const char *dir, const char *name,
                       struct buf *out) {
    CLEANUP(freep) char *rel = node_rel(dir, name);
    struct err err = {0};

    (void)!fs_read_at(root, rel, BUILD_TEXT_MAX, out, &err);
}

/* The folder of pnpm-lock.yaml: the project's own or one above it (a workspace). */
static enum err_code node_find_lock(const struct fs_root *root, const struct node_app *app,
                                    char **out, struct err *err) {
    CLEANUP(freep) char *at = mem_strdup(strcmp(app->dir, ".") == 0 ? "" : app->dir);

    for (;;) {
        CLEANUP(freep) char *file = node_rel(at, "pnpm-lock.yaml");
        if (fs_kind_at(root, file) == FS_FILE) {
            *out = TAKE(at);
            return ERR_NONE;
        }
        for (size_t i = 0; i < ARRAY_N(others); i++) {
            CLEANUP(freep) char *other = node_rel(at, others[i].file);
            if (fs_kind_at(root, other) == FS_FILE) {
                err_set(err, ERR_UNSUPPORTED,
                        "the front end is managed by %s, which is not driven yet",
                        others[i].manager);
                return err_remedy(err, "run 'pnpm import' in %s and commit pnpm-lock.yaml",
                                  app->dir);
            }
        }
        if (at[0] == '\0') {
            err_set(
                err, ERR_BUILD,
                "there is no pnpm-lock.yaml in %s, so nothing says which versions to build with",
                app->dir);
            return err_remedy(err, "run 'pnpm install' in %s and commit pnpm-lock.yaml", app->dir);
        }
        char *slash = strrchr(at, '/');
        *(slash == NULL ? at : slash) = '\0';
    }
}

/* Whether a file can change what the build gives: all of a workspace; else the front end's folder
 * and the single files in the folders above it, which configurations extend. */
static bool node_is_input(const struct node_place *place, const struct node_app *app,
                          const struct fs_entry *row) {
    const char *dir = strcmp(app->dir, ".") == 0 ? "" : app->dir;
    size_t len = strlen(dir);
    const char *slash = strrchr(row->path, '/');
    size_t parent = slash == NULL ? 0 : (size_t)(slash - row->path);

    if (strcmp(place->lock_dir, dir) != 0 || len == 0) {
        return true;
    }
    if (strncmp(row->path, dir, len) == 0 && (row->path[len] == '/' || row->path[len] == '\0')) {
        return true;
    }
    return row->kind == FS_FILE && parent <= len && strncmp(row->path, dir, parent) == 0 &&
           (parent == 0 || dir[parent] == '/');
}

static struct sha256 node_key(const struct build_env *env, const struct node_place *place,
                              const struct node_app *app, const struct fs_list *tree) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *variables = app->variables == NULL ? NULL : json_text(app->variables);
    CLEANUP(freep) char *recipe = mem_format("%d %d", NODE_RECIPE, env->is_sandboxed);
    struct fs_list mine = {.rows = mem_array(tree->n + 1, sizeof *mine.rows)};

    for (size_t i = 0; i < tree->n; i++) {
        if (node_is_input(place, app, &tree->rows[i])) {
            mine.rows[mine.n++] = tree->rows[i];
        }
    }
    build_feed(stream, recipe);
    build_feed_tool(stream, place->node);
    build_feed_tool(stream, place->pnpm);
    build_feed(stream, app->dir);
    build_feed(stream, app->script);
    build_feed(stream, app->out);
    build_feed(stream, variables);
    build_feed(stream, sha256_hex(fs_list_hash(&mine)).text);
    free(mine.rows);
    return sha256_end(stream);
}

static enum err_code node_settle(const struct build_env *env, const struct node_app *app,
                                 struct node_place *place, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list tree = {0};
    const char *home = getenv("HOME");

    place->lock = BUF_INIT(3 * BUILD_TEXT_MAX);
    if (fs_mkdirs(env->cache_dir, 0700, err) != ERR_NONE ||
        fs_root_open(env->root, &root, err) != ERR_NONE ||
        node_find_lock(&root, app, &place->lock_dir, err) != ERR_NONE ||
        build_find_tool(BUILD_NODE, &place->node, err) != ERR_NONE ||
        build_find_tool(BUILD_PNPM, &place->pnpm, err) != ERR_NONE ||
        build_digest(env, &tree, err) != ERR_NONE) {
        return err->code;
    }
    node_slurp(&root, place->lock_dir, "pnpm-lock.yaml", &place->lock);
    node_slurp(&root, place->lock_dir, ".npmrc", &place->lock);
    node_slurp(&root, app->dir, ".npmrc", &place->lock);
    if (home != NULL) {
        CLEANUP(freep) char *users = fs_join(home, ".npmrc");
        struct err none = {0};
        (void)!fs_read_file(users, 1 << 20, &place->lock, &none);
    }
    CLEANUP(freep) char *bin = mem_strdup(place->node);
    *strrchr(bin, '/') = '\0';
    place->path = mem_format("%s:/usr/bin:/bin", bin);
    struct sha256 key = node_key(env, place, app, &tree);
    if (build_cache_path(env, "node", key, ".tree", &place->tree, err) != ERR_NONE ||
        build_cache_path(env, "node", key, ".site", &place->site, err) != ERR_NONE) {
        return err->code;
    }
    place->was_cached = is_folder(place->site);
    if (place->was_cached) {
        build_touch(place->site);
    }
    return ERR_NONE;
}

/* --- install --- */

static void node_common_variables(const struct node_place *place, struct proc_env *vars) {
    proc_env_set(vars, "PATH", place->path);
    /* A project may name another pnpm in package.json; it would be downloaded and run. */
    proc_env_set(vars, "npm_config_manage_package_manager_versions", "false");
    proc_env_set(vars, "npm_config_verify_deps_before_run", "false");
    proc_env_set(vars, "npm_config_update_notifier", "false");
    proc_env_set(vars, "COREPACK_ENABLE_STRICT", "0");
}

static enum err_code node_install(const struct build_env *env, const struct node_app *app,
                                  const struct node_place *place, const char *work,
                                  struct err *err) {
    CLEANUP(freep) char *src = fs_join(work, "src");
    CLEANUP(freep) char *cwd = fs_join(src, app->dir);
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *store = fs_join(env->cache_dir, "pnpm-store");
    CLEANUP(freep)
    char *users = mem_format("%s/.npmrc", getenv("HOME") == NULL ? "" : getenv("HOME"));
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    const char *const argv[] = {
        place->pnpm,         "install",      "--frozen-lockfile",      "--ignore-scripts",
        "--ignore-pnpmfile", "--prod=false", "--reporter=append-only", NULL};

    if (build_copy(env, src, err) != ERR_NONE || fs_mkdirs(tmp, 0700, err) != ERR_NONE ||
        fs_mkdirs(store, 0700, err) != ERR_NONE) {
        return err->code;
    }
    build_expose(&readable, place->node);
    build_expose(&readable, place->pnpm);
    words_add(&writable, src);
    words_add(&writable, store);
    words_add(&hosts, "registry.npmjs.org:443");
    build_add_hosts(&hosts, buf_str(&place->lock));
    build_pass_settings(&vars, &readable, &hosts);
    if (access(users, R_OK) == 0 && getenv("NPM_CONFIG_USERCONFIG") == NULL &&
        getenv("npm_config_userconfig") == NULL) {
        words_add(&readable, users);
        proc_env_set(&vars, "npm_config_userconfig", users);
    }
    node_common_variables(place, &vars);
    proc_env_set(&vars, "npm_config_store_dir", store);
    proc_env_set(&vars, "npm_config_package_import_method", "clone-or-copy");
    struct build_step step = {.title = "installing the front end's packages",
                              .argv = argv,
                              .vars = &vars,
                              .cwd = cwd,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = &hosts,
                              .tmp = tmp,
                              .timeout_ms = NODE_INSTALL_MS,
                              .is_quiet = true};
    return build_must(env, &step, install_symptoms, "pnpm install", err);
}

static enum err_code node_install_once(const struct build_env *env, const struct node_app *app,
                                       const struct node_place *place, struct err *err) {
    CLEANUP(freep) char *work = NULL;

    if (place->was_cached || is_folder(place->tree)) {
        return ERR_NONE;
    }
    if (build_temp(env, &work, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(freep) char *src = fs_join(work, "src");
    enum err_code code = node_install(env, app, place, work, err);
    if (code == ERR_NONE) {
        code = build_publish(src, place->tree, err);
    }
    build_remove(env, work);
    return code;
}

/* What a tool of the user's own answers to --version; run outside the repository. */
static void node_version(const struct build_env *env, const struct node_place *place,
                         const char *program, const char *name, json_t *out) {
    const char *const argv[] = {program, "--version", NULL};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct proc_spec spec = {.argv = argv,
                             .cwd = env->cache_dir,
                             .timeout_ms = NODE_VERSION_MS,
                             .cancel = env->cancel,
                             .filter = proc_filter_none};
    struct err err = {0};

    node_common_variables(place, &vars);
    spec.env = (const char *const *)vars.vars;
    if (proc_run(&spec, &result, &err) == ERR_NONE && proc_is_ok(&result)) {
        struct str text = str_trim(buf_str(&result.text[PROC_OUT]));
        json_put_strn(out, name, str_starts(text, STR("v")) ? str_slice(text, 1, text.len) : text);
    } else {
        json_put(out, name, json_null());
    }
}

/* Asking costs a second, so the answers are kept as long as the programs stay the same. */
static enum err_code node_versions(const struct build_env *env, const struct node_place *place,
                                   json_t **out, struct err *err) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *path = NULL;
    CLEANUP(json_decrefp) json_t *json = NULL;

    build_feed_tool(stream, place->node);
    build_feed_tool(stream, place->pnpm);
    if (build_cache_path(env, "node", sha256_end(stream), ".versions", &path, err) != ERR_NONE) {
        return err->code;
    }
    json = build_recall(path);
    if (json == NULL) {
        json = json_object();
        node_version(env, place, place->node, "node", json);
        node_version(env, place, place->pnpm, "pnpm", json);
        if (build_remember(path, json, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = TAKE(json);
    return ERR_NONE;
}

enum err_code node_fetch(const struct build_env *env, const struct node_app *app, json_t **out,
                         struct err *err) {
    CLEANUP(node_place_done) struct node_place place = {0};

    if (node_settle(env, app, &place, err) != ERR_NONE) {
        return err->code;
    }
    bool was_cached = place.was_cached || is_folder(place.tree);
    if (node_install_once(env, app, &place, err) != ERR_NONE) {
        return err->code;
    }
    json_t *json = NULL;
    if (node_versions(env, &place, &json, err) != ERR_NONE) {
        return err->code;
    }
    json_put_bool(json, "cached", was_cached);
    json_t *warnings = json_array();
    build_warn_walls(env, warnings);
    json_put(json, "warnings", warnings);
    *out = json;
    return ERR_NONE;
}

/* --- build --- */

static enum err_code node_script(const struct build_env *env, const struct node_app *app,
                                 const struct node_place *place, const char *src, const char *tmp,
                                 struct err *err) {
    const char *script = app->script == NULL ? "build" : app->script;
    CLEANUP(freep) char *cwd = fs_join(src, app->dir);
    CLEANUP(freep) char *title = mem_format("building the site: pnpm run %s", script);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    const char *const argv[] = {place->pnpm, "run", script, NULL};
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)app->variables, name, value) {
        if (json_is_string(value) && strchr(name, '=') == NULL && name[0] != '\0') {
            proc_env_set(&vars, name, json_string_value(value));
        }
    }
    build_expose(&readable, place->node);
    build_expose(&readable, place->pnpm);
    words_add(&writable, src);
    node_common_variables(place, &vars);
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = cwd,
                              .readable = &readable,
                              .writable = &writable,
                              .tmp = tmp,
                              .timeout_ms = NODE_BUILD_MS};
    return build_must(env, &step, build_symptoms, "the build", err);
}

/* Takes the output folder, which must be a real folder inside the copy. */
static enum err_code node_take(const struct node_app *app, const struct node_place *place,
                               const char *src, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(freep) char *out = app->out != NULL ? mem_strdup(app->out) : node_rel(app->dir, "dist");
    CLEANUP(freep) char *from = fs_join(src, out);

    if (fs_root_open(src, &copy, err) != ERR_NONE) {
        return err->code;
    }
    if (fs_kind_at(&copy, out) != FS_DIR) {
        err_set(err, ERR_BUILD, "the build succeeded but left no folder %s", out);
        return err_remedy(err, "name the folder that the build writes under frontend.out");
    }
    return build_publish(from, place->site, err);
}

static enum err_code node_build_once(const struct build_env *env, const struct node_app *app,
                                     const struct node_place *place, struct err *err) {
    CLEANUP(freep) char *work = NULL;

    if (place->was_cached) {
        return ERR_NONE;
    }
    if (node_install_once(env, app, place, err) != ERR_NONE ||
        build_temp(env, &work, err) != ERR_NONE) {
        return err->code;
    }
    /* The tree is used up by the build: whatever it changed there is gone afterwards. */
    CLEANUP(freep) char *src = fs_join(work, "src");
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    enum err_code code = build_publish(place->tree, src, err);
    if (code == ERR_NONE) {
        code = fs_mkdirs(tmp, 0700, err);
    }
    if (code == ERR_NONE) {
        code = node_script(env, app, place, src, tmp, err);
    }
    if (code == ERR_NONE) {
        code = node_take(app, place, src, err);
    }
    build_remove(env, work);
    return code;
}

enum err_code node_build(const struct build_env *env, const struct node_app *app, struct site *out,
                         struct err *err) {
    CLEANUP(node_place_done) struct node_place place = {0};
    CLEANUP(site_done) struct site site = {0};

    if (node_settle(env, app, &place, err) != ERR_NONE ||
        node_build_once(env, app, &place, err) != ERR_NONE ||
        site_inspect(place.site, env->redactor, &site, err) != ERR_NONE) {
        return err->code;
    }
    site.was_cached = place.was_cached;
    *out = site;
    site = (struct site){0};
    return ERR_NONE;
}
