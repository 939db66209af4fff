/* bundle/node.c: builds the site offline from what was installed. */
#include "bundle/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/node_rc.h"
#include "bundle/node_room.h"

enum { NODE_BUILD_MS = 600000 };

/* One build that is going on. */
struct node_run {
    const struct build_env *env;
    const struct node_app *app;
    const struct node_place *place;
    char *src; /* the copy */
    char *tmp;
    json_t *warnings;
};

/* --- one offline step in the copy --- */

struct node_step {
    const char *title;
    const char *what; /* for a failure */
    const struct node_tools *tools;
    const char *program;
    const char *const *words; /* after the program; at most NODE_WORDS_MAX, or up to NULL */
    const char *last;         /* after them, or NULL */
    const char *dir;
    const char *store; /* the manager's downloads, or what it gets in their place */
    bool is_quiet;
};

static void set_variables(const json_t *variables, struct proc_env *vars) {
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)variables, name, value) {
        if (json_is_string(value) && strchr(name, '=') == NULL && name[0] != '\0') {
            proc_env_set(vars, name, json_string_value(value));
        }
    }
}

static enum err_code node_step(const struct node_run *run, const struct node_step *what,
                               struct err *err) {
    const struct node_place *place = run->place;
    CLEANUP(freep) char *cwd = fs_join(run->src, what->dir);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    const char *argv[NODE_WORDS_MAX + 3] = {what->program};
    size_t n = 1;

    for (size_t i = 0; i < NODE_WORDS_MAX && what->words[i] != NULL; i++) {
        argv[n++] = what->words[i];
    }
    argv[n] = what->last;
    set_variables(run->app->variables, &vars);
    node_tools_expose(run->env, what->tools, &readable);
    words_add(&readable, place->manager->is_reinstall ? place->store : NULL);
    words_add(&writable, run->src);
    node_manager_settings(place->manager, what->store == NULL ? run->tmp : what->store, &vars);
    proc_env_set(&vars, "npm_config_offline", "true");
    proc_env_set(&vars, "YARN_ENABLE_NETWORK", "false");
    proc_env_set(&vars, "BUN_TMPDIR", run->tmp); /* else beside its downloads */
    proc_env_set(&vars, "PATH", what->tools->path);
    struct build_step step = {.title = what->title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = cwd,
                              .readable = &readable,
                              .writable = &writable,
                              .tmp = run->tmp,
                              .timeout_ms = NODE_BUILD_MS,
                              .is_quiet = what->is_quiet};
    return build_must(run->env, &step, node_build_symptoms, what->what, err);
}

/* --- install scripts --- */

/* A package's script may fail for want of a network although nothing of it is needed: the build
 * itself judges that, and its failure then names this one. */
static enum err_code script_ended(struct node_run *run, enum err_code code, struct err *err) {
    if (code != ERR_BUILD) {
        return code;
    }
    build_warn(run->warnings, "an install script failed, here without a network: %s", err->text);
    *err = (struct err){0};
    return ERR_NONE;
}

/* bun installs again, from a folder of links: it writes beside its downloads, which are shared with
 * other builds and must not be changed by a script. */
static enum err_code lend_store(const struct node_run *run, const char *to, struct err *err) {
    const struct fs_walk walk = {1, BUILD_ENTRIES_MAX, 0, NULL, NULL};
    CLEANUP(fs_root_done) struct fs_root store = {0};
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    CLEANUP(freep) char *modules = node_rel(run->place->lock_dir, "node_modules");

    if (fs_root_open(run->place->store, &store, err) != ERR_NONE ||
        fs_list_tree(&store, "", &walk, &list, err) != ERR_NONE ||
        fs_mkdirs(to, 0700, err) != ERR_NONE || fs_root_open(run->src, &copy, err) != ERR_NONE ||
        fs_remove_tree(&copy, modules, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        CLEANUP(freep) char *from = fs_join(store.path, list.rows[i].path);
        CLEANUP(freep) char *link = fs_join(to, list.rows[i].path);
        if (symlink(from, link) != 0) {
            return err_errno(err, errno, "%s", link);
        }
    }
    return ERR_NONE;
}

/* Those of the packages, by the manager, or by npm for managers that cannot do it offline. */
static enum err_code run_package_scripts(struct node_run *run, struct err *err) {
    static const char *const rebuild[NODE_WORDS_MAX] = {"rebuild"};
    const struct node_manager *manager = run->place->manager;
    bool has_own = manager->scripts[0] != NULL;
    CLEANUP(node_tools_done) struct node_tools npm = {0};
    CLEANUP(freep) char *lent = fs_join(run->tmp, "downloads");
    const struct node_tools *tools = &run->place->tools;

    if (!has_own && manager != node_manager_npm()) {
        if (node_tools_npm(tools->node, "running install scripts", &npm, err) != ERR_NONE) {
            return script_ended(run, err->code, err);
        }
        tools = &npm;
    }
    if (manager->is_reinstall && lend_store(run, lent, err) != ERR_NONE) {
        return err->code;
    }
    const struct node_step step = {.title = "running install scripts",
                                   .what = "an install script",
                                   .tools = tools,
                                   .program = tools->program,
                                   .words = has_own ? manager->scripts : rebuild,
                                   .dir = run->place->lock_dir,
                                   .store = manager->is_reinstall ? lent : NULL,
                                   .is_quiet = true};
    return script_ended(run, node_step(run, &step, err), err);
}

static json_t *read_manifest(const char *src, const char *dir) {
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);
    CLEANUP(freep) char *path = node_rel(dir, "package.json");
    json_t *json = NULL;
    struct err err = {0};

    if (fs_root_open(src, &copy, &err) != ERR_NONE ||
        fs_read_at(&copy, path, BUILD_TEXT_MAX, &text, &err) != ERR_NONE ||
        json_read(buf_str(&text), &json, &err) != ERR_NONE) {
        return NULL; /* the manager has read it already: then it has no scripts */
    }
    return json;
}

/* "prepare" of the project, where the manager has not run it with the rest. */
static enum err_code run_prepare(struct node_run *run, struct err *err) {
    const struct node_place *place = run->place;
    CLEANUP(json_decrefp) json_t *manifest = read_manifest(run->src, place->lock_dir);
    const struct node_step step = {.title = "running the script prepare",
                                   .what = "the script prepare",
                                   .tools = &place->tools,
                                   .program = place->tools.program,
                                   .words = place->manager->run,
                                   .last = "prepare",
                                   .dir = place->lock_dir,
                                   .is_quiet = true};

    if (place->manager->runs_own || json_str_at(manifest, "scripts.prepare") == NULL) {
        return ERR_NONE;
    }
    return script_ended(run, node_step(run, &step, err), err);
}

/* --- the build --- */

/* The program `vite` of the project. */
static char *find_vite(const struct node_run *run) {
    const char *dirs[] = {run->place->manifest_dir, run->place->lock_dir};

    for (size_t i = 0; i < ARRAY_N(dirs); i++) {
        CLEANUP(freep) char *dir = fs_join(run->src, dirs[i]);
        CLEANUP(freep) char *path = fs_join(dir, "node_modules/.bin/vite");
        if (access(path, X_OK) == 0) {
            return TAKE(path);
        }
    }
    return NULL;
}

/* Where there is no build script: `vite build` in the Vite root. */
static enum err_code run_vite(const struct node_run *run, struct err *err) {
    static const char *const run_words[NODE_WORDS_MAX] = {"run", "vite", "build"};
    static const char *const own_words[NODE_WORDS_MAX] = {"build"};
    const struct node_tools *tools = &run->place->tools;
    bool has_bins = !run->place->manager->has_no_bins;
    CLEANUP(freep) char *vite = has_bins ? find_vite(run) : mem_strdup(tools->program);
    const struct node_step step = {.title = "building the site: vite build",
                                   .what = "the build",
                                   .tools = tools,
                                   .program = vite,
                                   .words = has_bins ? own_words : run_words,
                                   .dir = run->app->dir};

    if (vite == NULL) {
        err_set(err, ERR_BUILD, "%s has no build script, and vite is not among its packages",
                run->app->manifest);
        return err_remedy(err, "add vite to its devDependencies, and a script \"build\"");
    }
    return node_step(run, &step, err);
}

static enum err_code run_script(const struct node_run *run, struct err *err) {
    const struct node_place *place = run->place;
    CLEANUP(freep) char *title = NULL;

    if (run->app->script == NULL) {
        return run_vite(run, err);
    }
    title = mem_format("building the site: %s run %s", place->manager->program, run->app->script);
    const struct node_step step = {.title = title,
                                   .what = "the build",
                                   .tools = &place->tools,
                                   .program = place->tools.program,
                                   .words = place->manager->run,
                                   .last = run->app->script,
                                   .dir = place->manifest_dir};
    return node_step(run, &step, err);
}

/* What a build left must be its own: a folder of that name that came with the repository goes. */
static enum err_code clear_out(const struct node_run *run, const char *out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    size_t len = strlen(out);

    if (strcmp(out, ".") == 0 ||
        (strncmp(run->app->manifest, out, len) == 0 && run->app->manifest[len] == '/') ||
        strcmp(run->app->dir, out) == 0) {
        err_set(err, ERR_BUILD, "%s holds the front end itself, so it cannot be its output", out);
        return err_remedy(err, "name the folder that the build writes under frontend.out");
    }
    return fs_root_open(run->src, &copy, err) != ERR_NONE ? err->code
                                                          : fs_remove_tree(&copy, out, err);
}

/* Takes the output folder, which must be a real folder inside the copy. */
static enum err_code take_out(const struct node_run *run, const char *out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(freep) char *from = fs_join(run->src, out);

    if (fs_root_open(run->src, &copy, err) != ERR_NONE) {
        return err->code;
    }
    if (fs_kind_at(&copy, out) != FS_DIR) {
        err_set(err, ERR_BUILD, "the build succeeded but left no folder %s", out);
        return err_remedy(err, "name the folder that the build writes under frontend.out");
    }
    return build_publish(from, run->place->site, err);
}

static enum err_code run_build(struct node_run *run, struct err *err) {
    const struct node_place *place = run->place;
    CLEANUP(freep)
    char *out = run->app->out != NULL ? mem_strdup(run->app->out) : node_rel(run->app->dir, "dist");
    size_t said = json_array_size(run->warnings);

    /* The tree is used up by the build: whatever it changed there is gone afterwards. */
    if (build_publish(place->tree, run->src, err) != ERR_NONE ||
        fs_mkdirs(run->tmp, 0700, err) != ERR_NONE ||
        node_rc_restore(run->env, run->src, place->manifest_dir, err) != ERR_NONE ||
        run_package_scripts(run, err) != ERR_NONE || run_prepare(run, err) != ERR_NONE ||
        clear_out(run, out, err) != ERR_NONE) {
        return err->code;
    }
    if (run_script(run, err) != ERR_NONE) {
        const json_t *first = json_array_get(run->warnings, said);
        return first == NULL ? err->code
                             : err_remedy(err, "before it, %s", json_string_value(first));
    }
    if (build_remember(place->notes, run->warnings, err) != ERR_NONE) {
        return err->code;
    }
    return take_out(run, out, err);
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
    struct node_run run = {
        env, app, place, fs_join(work, "src"), fs_join(work, "tmp"), node_notes(place)};
    enum err_code code = run_build(&run, err);
    free(run.src);
    free(run.tmp);
    json_decref(run.warnings);
    build_remove(env, work);
    return code;
}

enum err_code node_build(const struct build_env *env, const struct node_app *app, struct site *out,
                         struct err *err) {
    CLEANUP(node_place_done) struct node_place place = {0};
    CLEANUP(site_done) struct site site = {0};
    CLEANUP(json_decrefp) json_t *notes = NULL;

    if (node_settle(env, app, &place, err) != ERR_NONE ||
        node_build_once(env, app, &place, err) != ERR_NONE ||
        site_inspect(place.site, env->redactor, &site, err) != ERR_NONE) {
        return err->code;
    }
    notes = node_notes(&place);
    (void)json_array_extend(site.warnings, notes);
    site.was_cached = place.was_cached;
    *out = site;
    site = (struct site){0};
    return ERR_NONE;
}
