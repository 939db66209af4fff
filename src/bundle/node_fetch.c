/* bundle/node_fetch.c: what decides a front end's build, and its packages, installed from the lock.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/node_rc.h"
#include "bundle/node_room.h"

enum { NODE_INSTALL_MS = 600000, NODE_RECIPE = 2 };

void node_place_done(struct node_place *place) {
    node_tools_done(&place->tools);
    free(place->lock_dir);
    free(place->manifest_dir);
    free(place->store);
    free(place->tree);
    free(place->site);
    free(place->notes);
    buf_done(&place->lock);
}

bool node_is_folder(const char *path) {
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *node_rel(const char *dir, const char *name) {
    return dir[0] == '\0' || strcmp(dir, ".") == 0 ? mem_strdup(name) : fs_join(dir, name);
}

/* The folder of a path; "" for the repository. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash == NULL ? mem_strdup("") : str_dup((struct str){path, (size_t)(slash - path)});
}

static bool is_below(const char *path, const char *dir) {
    size_t len = strlen(dir);

    return len == 0 || (strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* --- what decides the result --- */

/* Whether a file can change what the build gives: all below the lock, and the single files in the
 * folders above it, which configurations extend. */
static bool node_is_input(const struct node_place *place, const struct fs_entry *row) {
    const char *slash = strrchr(row->path, '/');
    CLEANUP(freep) char *parent = folder_of(row->path);

    return is_below(row->path, place->lock_dir) ||
           (row->kind == FS_FILE && (slash == NULL || is_below(place->lock_dir, parent)));
}

static struct sha256 node_key(const struct build_env *env, const struct node_place *place,
                              const struct node_app *app, const struct fs_list *tree) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *variables = app->variables == NULL ? NULL : json_text(app->variables);
    CLEANUP(freep)
    char *recipe = mem_format("%d %d %d", NODE_RECIPE, env->is_sandboxed, app->may_lock);
    struct fs_list mine = {.rows = mem_array(tree->n + 1, sizeof *mine.rows)};

    for (size_t i = 0; i < tree->n; i++) {
        if (node_is_input(place, &tree->rows[i])) {
            mine.rows[mine.n++] = tree->rows[i];
        }
    }
    build_feed(stream, recipe);
    build_feed(stream, place->manager->name);
    build_feed_tool(stream, place->tools.node);
    build_feed_tool(stream, place->tools.program);
    build_feed(stream, app->dir);
    build_feed(stream, app->manifest);
    build_feed(stream, app->lock);
    build_feed(stream, app->script);
    build_feed(stream, app->out);
    build_feed(stream, variables);
    build_feed(stream, sha256_hex(fs_list_hash(&mine)).text);
    free(mine.rows);
    return sha256_end(stream);
}

static enum err_code no_lock(const struct node_app *app, const struct node_place *place,
                             struct err *err) {
    err_set(err, ERR_BUILD, "nothing says which versions to build %s with: there is no %s",
            app->manifest, place->manager->lock);
    return err_remedy(err, "run '%s install' in its folder and commit %s", place->manager->program,
                      place->manager->lock);
}

static enum err_code refuse_git(const struct node_place *place, struct err *err) {
    const char *mark = place->manager->git;

    if (mark == NULL || str_find(buf_str(&place->lock), str_from(mark)) < 0) {
        return ERR_NONE;
    }
    err_set(err, ERR_UNSUPPORTED,
            "a package of %s comes from git, and %s runs its scripts while fetching it",
            place->manager->lock, place->manager->title);
    return err_remedy(err, "take a published version of it");
}

static enum err_code node_read_lock(const struct fs_root *root, const struct node_app *app,
                                    struct node_place *place, struct err *err) {
    place->lock = BUF_INIT(BUILD_TEXT_MAX);
    if (fs_kind_at(root, app->manifest) != FS_FILE) {
        err_set(err, ERR_BUILD, "there is no %s", app->manifest);
        return err_remedy(err, "name the front end's folder under frontend.dir");
    }
    place->manifest_dir = folder_of(app->manifest);
    place->lock_dir = folder_of(app->lock == NULL ? app->manifest : app->lock);
    if (app->lock == NULL) {
        return app->may_lock ? ERR_NONE : no_lock(app, place, err);
    }
    if (!is_below(place->manifest_dir, place->lock_dir)) {
        return err_set(err, ERR_INVALID, "%s does not lie below the folder of %s", app->manifest,
                       app->lock);
    }
    if (fs_read_at(root, app->lock, BUILD_TEXT_MAX, &place->lock, err) != ERR_NONE) {
        return err->code;
    }
    return refuse_git(place, err);
}

/* Sets manager and lock of `place`, and the release that fits. */
static enum err_code node_choose(const struct build_env *env, const struct node_app *app,
                                 struct node_place *place, struct node_release *release,
                                 struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};

    if (node_manager_find(app->manager, &place->manager, err) != ERR_NONE ||
        fs_mkdirs(env->cache_dir, 0700, err) != ERR_NONE ||
        fs_root_open(env->root, &root, err) != ERR_NONE ||
        node_read_lock(&root, app, place, err) != ERR_NONE) {
        return err->code;
    }
    node_manager_release(place->manager, app->manager_version, buf_str(&place->lock), release);
    return ERR_NONE;
}

struct node_app node_app_of_site(const json_t *site) {
    return (struct node_app){.dir = json_str_or(site, "dir", "."),
                             .manager = json_str_at(site, "manager"),
                             .manager_version = json_str_at(site, "manager_version"),
                             .manifest = json_str_at(site, "manifest"),
                             .lock = json_str_at(site, "lock"),
                             .may_lock = true,
                             .node = json_str_at(site, "node")};
}

enum err_code node_look(const struct build_env *env, const struct node_app *app, json_t **out,
                        struct err *err) {
    CLEANUP(node_place_done) struct node_place place = {0};
    struct node_release release = {0};

    if (node_choose(env, app, &place, &release, err) != ERR_NONE ||
        node_tools_look(env, place.manager, &release, app->node, &place.tools, err) != ERR_NONE) {
        return err->code;
    }
    json_t *json = json_object();
    json_put_str(json, "manager", place.manager->title);
    json_put_str(json, "program", place.tools.program);
    json_put_str(json, "version", place.tools.version);
    json_put_str(json, "node", place.tools.node);
    json_put_str(json, "node_version", place.tools.node_version);
    *out = json;
    return ERR_NONE;
}

enum err_code node_program(const struct build_env *env, const struct node_app *app,
                           char **out_program, char **out_path, struct err *err) {
    CLEANUP(node_place_done) struct node_place place = {0};
    struct node_release release = {0};

    if (node_choose(env, app, &place, &release, err) != ERR_NONE ||
        node_tools_find(env, place.manager, &release, app->node, &place.tools, err) != ERR_NONE) {
        return err->code;
    }
    *out_program = TAKE(place.tools.program);
    *out_path = TAKE(place.tools.path);
    return ERR_NONE;
}

enum err_code node_settle(const struct build_env *env, const struct node_app *app,
                          struct node_place *place, struct err *err) {
    CLEANUP(fs_list_done) struct fs_list tree = {0};
    struct node_release release = {0};

    if (node_choose(env, app, place, &release, err) != ERR_NONE ||
        node_tools_find(env, place->manager, &release, app->node, &place->tools, err) != ERR_NONE ||
        build_digest(env, &tree, err) != ERR_NONE) {
        return err->code;
    }
    place->store = fs_join(env->cache_dir, place->manager->store);
    struct sha256 key = node_key(env, place, app, &tree);
    if (build_cache_path(env, "node", key, ".tree", &place->tree, err) != ERR_NONE ||
        build_cache_path(env, "node", key, ".notes", &place->notes, err) != ERR_NONE ||
        build_cache_path(env, "node", key, ".site", &place->site, err) != ERR_NONE) {
        return err->code;
    }
    place->was_cached = node_is_folder(place->site);
    if (place->was_cached) {
        build_touch(place->site);
        build_touch(place->notes);
    }
    return ERR_NONE;
}

/* --- install --- */

static enum err_code node_install(const struct build_env *env, const struct node_app *app,
                                  const struct node_place *place, const char *work,
                                  json_t *warnings, struct err *err) {
    const struct node_manager *manager = place->manager;
    const char *const *words = app->lock == NULL ? manager->relock : manager->install;
    CLEANUP(freep) char *src = fs_join(work, "src");
    CLEANUP(freep) char *cwd = fs_join(src, place->lock_dir);
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *what = mem_format("%s install", manager->program);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    const char *argv[NODE_WORDS_MAX + 2] = {place->tools.program};

    for (size_t i = 0; i < NODE_WORDS_MAX && words[i] != NULL; i++) {
        argv[i + 1] = words[i];
    }
    if (build_copy(env, src, err) != ERR_NONE || fs_mkdirs(tmp, 0700, err) != ERR_NONE ||
        fs_mkdirs(place->store, 0700, err) != ERR_NONE ||
        node_rc_reduce(src, place->manifest_dir, &hosts, warnings, err) != ERR_NONE ||
        node_rc_users(tmp, &readable, &hosts, err) != ERR_NONE ||
        node_tools_registry(env, manager, &place->tools, cwd, tmp, &hosts, err) != ERR_NONE) {
        return err->code;
    }
    node_tools_expose(env, &place->tools, &readable);
    words_add(&writable, src);
    words_add(&writable, place->store);
    build_add_hosts(&hosts, buf_str(&place->lock));
    build_pass_settings(&vars, &readable, &hosts);
    node_manager_settings(manager, place->store, &vars);
    proc_env_set(&vars, "PATH", place->tools.path);
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
    return build_must(env, &step, node_install_symptoms, what, err);
}

enum err_code node_install_once(const struct build_env *env, const struct node_app *app,
                                const struct node_place *place, struct err *err) {
    CLEANUP(json_decrefp) json_t *warnings = json_array();
    CLEANUP(freep) char *work = NULL;

    if (place->was_cached || node_is_folder(place->tree)) {
        return ERR_NONE;
    }
    if (build_temp(env, &work, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(freep) char *src = fs_join(work, "src");
    if (app->lock == NULL) {
        build_warn(warnings, "there is no %s, so the versions of today were taken",
                   place->manager->lock);
    }
    enum err_code code = node_install(env, app, place, work, warnings, err);
    if (code == ERR_NONE) {
        code = build_remember(place->notes, warnings, err);
    }
    if (code == ERR_NONE) {
        code = build_publish(src, place->tree, err);
    }
    build_remove(env, work);
    return code;
}

json_t *node_notes(const struct node_place *place) {
    json_t *notes = build_recall(place->notes);

    if (!json_is_array(notes)) {
        json_decref(notes);
        notes = json_array();
    }
    return notes;
}

enum err_code node_fetch(const struct build_env *env, const struct node_app *app, json_t **out,
                         struct err *err) {
    CLEANUP(node_place_done) struct node_place place = {0};

    if (node_settle(env, app, &place, err) != ERR_NONE) {
        return err->code;
    }
    bool was_cached = place.was_cached || node_is_folder(place.tree);
    if (node_install_once(env, app, &place, err) != ERR_NONE) {
        return err->code;
    }
    json_t *json = json_object();
    json_t *warnings = node_notes(&place);
    json_put_str(json, "node", place.tools.node_version);
    json_put_str(json, "manager", place.manager->name);
    json_put_str(json, "version", place.tools.version);
    json_put_bool(json, "cached", was_cached);
    build_warn_walls(env, warnings);
    json_put(json, "warnings", warnings);
    *out = json;
    return ERR_NONE;
}
