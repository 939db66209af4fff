/* bundle/fetch.c: one command of a package manager, held to where packages come from. */
#include "bundle/fetch.h"

#include "bundle/node_rc.h"
#include "bundle/node_tool.h"
#include "bundle/python_place.h"
#include "guard/policy.h"
#include "guard/secret_file.h"
#include "repo/path.h"
#include "repo/toml.h"
#include "repo/yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fetch_done(struct fetch *fetch) {
    free(fetch->program);
    free(fetch->path);
    json_decref(fetch->args);
    json_decref(fetch->settings);
    words_done(&fetch->readable);
    words_done(&fetch->writable);
    words_done(&fetch->hosts);
    proc_env_done(&fetch->vars);
    *fetch = (struct fetch){0};
}

static bool is_python(const struct fetch_command *command) {
    return strcmp(command->manager, "uv") == 0;
}

/* --- what the repository names --- */

struct scan {
    const struct fetch_command *command;
    const struct fs_root *root;
    struct words named;  /* of one file */
    json_t *found;       /* [{"host","file"}] */
    struct words known;  /* hosts in `found` */
    json_t *settings;    /* paths of the settings files */
    const char *rewrite; /* the copy in which those are reduced; NULL: nowhere */
    json_t *warnings;
};

static bool scan_skips(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)ctx;
    (void)path;
    return is_dir && (strcmp(name, "node_modules") == 0 || strcmp(name, ".git") == 0 ||
                      strcmp(name, ".venv") == 0);
}

static void hosts_of_json(const json_t *json, struct words *hosts) {
    CLEANUP(freep) char *text = json == NULL ? NULL : json_text(json);

    build_add_hosts(hosts, str_from(text));
}

static void scan_package_json(struct scan *scan, struct str text) {
    static const char *const tables[] = {"dependencies",
                                         "devDependencies",
                                         "optionalDependencies",
                                         "peerDependencies",
                                         "overrides",
                                         "resolutions",
                                         "pnpm",
                                         "catalog",
                                         "catalogs"};
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct err none = {0};

    if (json_read(text, &json, &none) != ERR_NONE) {
        return; /* whose it is says what is wrong; what it names is not reached */
    }
    for (size_t i = 0; i < ARRAY_N(tables); i++) {
        hosts_of_json(json_object_get(json, tables[i]), &scan->named);
    }
}

/* pnpm runs what its settings name, scripts off or not. */
static enum err_code scan_workspace(struct scan *scan, const char *path, struct str text,
                                    struct err *err) {
    static const char *const code[] = {"configDependencies", "pnpmfile", "globalPnpmfile"};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct yaml_node *root = NULL;

    if (yaml_read_foreign(text, path, arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < ARRAY_N(code); i++) {
        if (yaml_child(root, code[i]) != NULL) {
            err_set(err, ERR_UNSUPPORTED,
                    "%s names %s: code that pnpm runs while it has the network", path, code[i]);
            return err_remedy(err, "run the command yourself, if you trust that code");
        }
    }
    build_add_hosts(&scan->named, text);
    return ERR_NONE;
}

/* uv runs a project's build to learn what its manifest leaves to the build. */
static enum err_code refuse_dynamic(const json_t *project, const char *path, struct err *err) {
    static const char *const asked[] = {"version", "dependencies", "optional-dependencies"};
    const json_t *word;
    size_t i;

    json_array_foreach(json_object_get(project, "dynamic"), i, word) {
        for (size_t k = 0; json_is_string(word) && k < ARRAY_N(asked); k++) {
            if (strcmp(json_string_value(word), asked[k]) == 0) {
                err_set(err, ERR_UNSUPPORTED,
                        "%s leaves its %s to the build, so uv would run the project's code while "
                        "it has the network",
                        path, asked[k]);
                return err_remedy(err, "write it into [project], or run the command yourself");
            }
        }
    }
    return ERR_NONE;
}

static enum err_code scan_pyproject(struct scan *scan, const char *path, struct str text,
                                    struct err *err) {
    struct syntax_parser *parser = syntax_parser_new();
    CLEANUP(json_decrefp) json_t *json = NULL;
    int broken = 0;
    enum err_code code = toml_read(parser, text, &json, &broken, err);

    syntax_parser_free(parser);
    if (code != ERR_NONE) {
        return err_prefix(err, "%s", path);
    }
    if (broken > 0) {
        return err_set(err, ERR_CONFIG, "%s:%d: this is no TOML", path, broken);
    }
    const json_t *project = json_object_get(json, "project");
    hosts_of_json(json_at(json, "tool.uv"), &scan->named);
    hosts_of_json(json_object_get(project, "dependencies"), &scan->named);
    hosts_of_json(json_object_get(project, "optional-dependencies"), &scan->named);
    hosts_of_json(json_object_get(json, "dependency-groups"), &scan->named);
    return refuse_dynamic(project, path, err);
}

/* Whether a word behind the program begins, or ends, with `part`. */
static bool has_word_with(const struct fetch_command *command, const char *part, bool is_end) {
    const json_t *word;
    size_t i;

    json_array_foreach(command->words, i, word) {
        struct str text = str_from(json_string_value(word));
        if (i > 0 && (is_end ? str_ends(text, str_from(part)) : str_starts(text, str_from(part)))) {
            return true;
        }
    }
    return false;
}

/* "-r FILE", "-rFILE", "--requirements=FILE" */
static bool reads_requirements(const struct fetch_command *command) {
    return has_word_with(command, "-r", false) || has_word_with(command, "--requirements", false);
}

static enum err_code scan_settings(struct scan *scan, const char *path, struct str text,
                                   struct err *err) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUILD_TEXT_MAX);

    if (node_rc_follow(path, text, &out, scan->warnings, err) != ERR_NONE) {
        return err->code;
    }
    build_add_hosts(&scan->named, buf_str(&out));
    json_array_append_new(scan->settings, json_string(path));
    if (scan->rewrite == NULL) {
        return ERR_NONE;
    }
    CLEANUP(freep) char *to = fs_join(scan->rewrite, path);
    struct err why = {0};
    if (fs_write_file(to, buf_str(&out), 0600, &why) != ERR_NONE && why.code != ERR_NOT_FOUND) {
        *err = why;
        return err->code;
    }
    return ERR_NONE; /* also where its folder is not in the copy */
}

static enum err_code scan_text(struct scan *scan, const char *path, struct str text,
                               struct err *err) {
    const char *name = path_name(path);

    if (is_python(scan->command)) {
        if (strcmp(name, "pyproject.toml") == 0) {
            return scan_pyproject(scan, path, text, err);
        }
        build_add_hosts(&scan->named, text);
        return ERR_NONE;
    }
    if (node_rc_is(path)) {
        return scan_settings(scan, path, text, err);
    }
    if (strcmp(name, "pnpm-workspace.yaml") == 0) {
        return scan_workspace(scan, path, text, err);
    }
    if (strcmp(name, "package.json") == 0) {
        scan_package_json(scan, text);
    } else {
        build_add_hosts(&scan->named, text);
    }
    return ERR_NONE;
}

/* Whether the manager reads a file for where packages come from. Locks of npm, pnpm and bun say
 * where it was once, and nothing is fetched by them here. */
static bool is_read(const struct scan *scan, const char *path) {
    static const char *const node[] = {"package.json", "pnpm-workspace.yaml", "yarn.lock"};
    static const char *const python[] = {"pyproject.toml", "uv.toml", "uv.lock"};
    bool is_uv = is_python(scan->command);
    const char *const *names = is_uv ? python : node;

    for (size_t i = 0; i < (is_uv ? ARRAY_N(python) : ARRAY_N(node)); i++) {
        if (strcmp(path_name(path), names[i]) == 0) {
            return true;
        }
    }
    return is_uv ? reads_requirements(scan->command) &&
                       has_word_with(scan->command, path_name(path), true)
                 : node_rc_is(path);
}

static enum err_code scan_file(struct scan *scan, const char *path, const struct words *allowed,
                               struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);

    words_done(&scan->named);
    if (fs_read_at(scan->root, path, BUILD_TEXT_MAX, &text, err) != ERR_NONE ||
        scan_text(scan, path, buf_str(&text), err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < scan->named.n; i++) {
        const char *host = scan->named.rows[i];
        if (!words_has(allowed, host) && !words_has(&scan->known, host)) {
            words_add(&scan->known, host);
            json_array_append_new(scan->found, json_pack("{s:s, s:s}", "host", host, "file", path));
        }
    }
    return ERR_NONE;
}

static void scan_done(struct scan *scan) {
    words_done(&scan->named);
    words_done(&scan->known);
    json_decref(scan->found);
    json_decref(scan->settings);
    json_decref(scan->warnings);
}

/* Looks through the repository for hosts that are not `allowed`, and reduces the settings files of
 * the copy `rewrite`, if there is one. */
static enum err_code scan_tree(const struct build_env *env, const struct fetch_command *command,
                               const struct words *allowed, const char *rewrite, struct scan *out,
                               struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const struct fs_walk walk = {.depth_max = BUILD_DEPTH_MAX,
                                 .entry_max = BUILD_ENTRIES_MAX,
                                 .skip = scan_skips,
                                 .folder_max = BUILD_ENTRIES_MAX};

    *out = (struct scan){.command = command,
                         .root = &root,
                         .found = json_array(),
                         .settings = json_array(),
                         .rewrite = rewrite,
                         .warnings = json_array()};
    if (fs_root_open(env->root, &root, err) != ERR_NONE ||
        fs_list_tree(&root, "", &walk, &list, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (list.rows[i].kind == FS_FILE && is_read(out, list.rows[i].path) &&
            scan_file(out, list.rows[i].path, allowed, err) != ERR_NONE) {
            return err->code;
        }
    }
    out->root = NULL;
    return ERR_NONE;
}

enum err_code fetch_named(const struct build_env *env, const struct fetch_command *command,
                          const struct words *allowed, json_t **out, struct err *err) {
    CLEANUP(scan_done) struct scan scan = {0};

    if (scan_tree(env, command, allowed, NULL, &scan, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_incref(scan.found);
    return ERR_NONE;
}

/* --- what the person's own settings name --- */

static const struct node_manager *manager_of_site(const json_t *site, const char *typed) {
    const struct node_manager *manager = NULL;
    struct err none = {0};

    return json_str_at(site, "manifest") != NULL &&
                   node_manager_find(json_str_at(site, "manager"), &manager, &none) == ERR_NONE &&
                   strcmp(manager->program, typed) == 0
               ? manager
               : NULL;
}

/* Yarn has a registry of its own. One that is not here yet is not fetched to be asked. */
static enum err_code yarn_known(const struct build_env *env, const struct fetch_command *command,
                                const char *home, struct fetch *fetch, struct err *err) {
    const struct node_manager *yarn =
        manager_of_site(json_at(command->survey, "frontend"), command->manager);
    CLEANUP(node_tools_done) struct node_tools tools = {0};
    struct node_release release = {0};

    if (yarn == NULL && node_manager_find(command->manager, &yarn, err) != ERR_NONE) {
        return err->code;
    }
    node_manager_release(yarn, NULL, STR(""), &release);
    if (node_tools_look(env, yarn, &release, NULL, &tools, err) != ERR_NONE) {
        return err->code;
    }
    return tools.program == NULL || tools.node == NULL
               ? ERR_NONE
               : node_tools_registry(env, yarn, &tools, home, home, &fetch->hosts, err);
}

/* npm says which registry it has, by itself or by the person's settings. */
static enum err_code node_known(const struct build_env *env, const struct fetch_command *command,
                                const char *home, struct fetch *fetch, struct err *err) {
    CLEANUP(node_tools_done) struct node_tools npm = {0};
    CLEANUP(freep) char *node = NULL;

    if (node_rc_users(home, &fetch->readable, &fetch->hosts, err) != ERR_NONE ||
        build_find_tool(BUILD_NODE, &node, err) != ERR_NONE ||
        node_tools_npm(node, "finding the package registry", &npm, err) != ERR_NONE ||
        node_tools_registry(env, node_manager_npm(), &npm, home, home, &fetch->hosts, err) !=
            ERR_NONE) {
        return err->code;
    }
    return strcmp(command->manager, "yarn") == 0 ? yarn_known(env, command, home, fetch, err)
                                                 : ERR_NONE;
}

/* The person's settings of uv, for a child whose HOME is `home`. */
static enum err_code lend_uv_settings(const char *home, struct words *readable, struct err *err) {
    const char *from_dir = getenv("XDG_CONFIG_HOME");
    const char *own = getenv("HOME");
    CLEANUP(freep)
    char *from = from_dir != NULL
                     ? fs_join(from_dir, "uv/uv.toml")
                     : fs_join(own == NULL ? "/nonexistent" : own, ".config/uv/uv.toml");
    CLEANUP(freep) char *dir = fs_join(home, ".config/uv");
    CLEANUP(freep) char *to = fs_join(dir, "uv.toml");
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);
    struct err none = {0};

    words_add(readable, "/etc/uv");
    if (fs_read_file(from, BUILD_TEXT_MAX, &text, &none) != ERR_NONE) {
        return ERR_NONE;
    }
    if (fs_mkdirs(dir, 0700, err) != ERR_NONE) {
        return err->code;
    }
    return fs_write_file(to, buf_str(&text), 0600, err);
}

static enum err_code python_known(const struct build_env *env, const struct fetch_command *command,
                                  const char *home, struct fetch *fetch, struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {0};
    const json_t *backend = json_at(command->survey, "backend");
    const struct python_app app = {.dir = json_str_or(backend, "dir", "."),
                                   .python = json_str_at(backend, "python"),
                                   .is_python_local = true};

    if (build_find_tool(BUILD_UV, &place.uv, err) != ERR_NONE ||
        fs_mkdirs(env->cache_dir, 0700, err) != ERR_NONE ||
        python_find(env, &app, &place, err) != ERR_NONE ||
        uv_index_hosts(env, &place, home, err) != ERR_NONE ||
        lend_uv_settings(home, &fetch->readable, err) != ERR_NONE ||
        build_lend_logins(home, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < place.hosts.n; i++) {
        words_add(&fetch->hosts, place.hosts.rows[i]);
    }
    python_expose(&place, &fetch->readable);
    fetch->program = TAKE(place.uv);
    proc_env_set(&fetch->vars, "UV_PYTHON", place.interpreter);
    return ERR_NONE;
}

static enum err_code known(const struct build_env *env, const struct fetch_command *command,
                           const char *home, struct fetch *fetch, struct err *err) {
    build_pass_settings(&fetch->vars, &fetch->readable, &fetch->hosts);
    return is_python(command) ? python_known(env, command, home, fetch, err)
                              : node_known(env, command, home, fetch, err);
}

/* --- looking --- */

enum err_code fetch_look(const struct build_env *env, const struct fetch_command *command,
                         json_t **out, struct err *err) {
    CLEANUP(fetch_done) struct fetch fetch = {0};
    CLEANUP(scan_done) struct scan scan = {0};
    CLEANUP(freep) char *home = NULL;
    enum err_code code;

    if (build_temp(env, &home, err) != ERR_NONE) {
        return err->code;
    }
    code = known(env, command, home, &fetch, err);
    if (code == ERR_NONE) {
        code = scan_tree(env, command, &fetch.hosts, NULL, &scan, err);
    }
    build_remove(env, home);
    if (code != ERR_NONE) {
        return code;
    }
    build_warn_walls(env, scan.warnings);
    json_t *json = json_object();
    json_put(json, "hosts", words_json(&fetch.hosts));
    json_put(json, "foreign", json_incref(scan.found));
    json_put_str(json, "off",
                 is_python(command) ? "builds of packages and of the project, and packages from git"
                                    : "scripts of packages and of the project, hooks of the "
                                      "manager, and packages from git");
    json_put(json, "warnings", json_incref(scan.warnings));
    *out = json;
    return ERR_NONE;
}

/* --- preparing --- */

/* Logins that a variable holds would be sent to whatever host the repository gives their name. */
static void forget_logins(struct proc_env *vars) {
    static const char *const names[] = {"NPM_TOKEN", "NODE_AUTH_TOKEN"};

    for (size_t i = 0; i < vars->n; i++) {
        struct str pair = str_from(vars->vars[i]);
        ptrdiff_t eq = str_find(pair, STR("="));
        CLEANUP(freep) char *name = str_dup(str_slice(pair, 0, eq < 0 ? 0 : (size_t)eq));
        bool is_login =
            strncmp(name, "UV_INDEX_", 9) == 0 && (str_ends(str_from(name), STR("_USERNAME")) ||
                                                   str_ends(str_from(name), STR("_PASSWORD")));

        for (size_t k = 0; k < ARRAY_N(names); k++) {
            is_login = is_login || strcmp(name, names[k]) == 0;
        }
        if (is_login) {
            proc_env_set(vars, name, "");
        }
    }
}

static void add_word(json_t *args, const char *word) {
    if (!json_has_str(args, word)) {
        json_array_append_new(args, json_string(word));
    }
}

static enum err_code prepare_uv(const struct build_env *env, const struct fetch_command *command,
                                const char *tmp, struct fetch *fetch, struct err *err) {
    CLEANUP(freep) char *cache = fs_join(env->cache_dir, "uv");
    CLEANUP(freep) char *environment = fs_join(tmp, "environment");

    if (fs_mkdirs(cache, 0700, err) != ERR_NONE) {
        return err->code;
    }
    words_add(&fetch->writable, cache);
    uv_settings(&fetch->vars, cache);
    proc_env_set(&fetch->vars, "UV_LINK_MODE", "copy");
    proc_env_set(&fetch->vars, "UV_PROJECT_ENVIRONMENT", environment);
    proc_env_set(&fetch->vars, "UV_NO_BUILD", "1");
    proc_env_set(&fetch->vars, "UV_NO_SYNC", "1");
    proc_env_set(&fetch->vars, "UV_HTTP_RETRIES", "1");
    if (str_eq(command->verb, STR("sync"))) { /* UV_NO_BUILD leaves out the project's own */
        add_word(fetch->args, "--no-install-workspace");
        add_word(fetch->args, "--no-install-local");
    }
    return ERR_NONE;
}

/* The release that the front end's lock is for, where it is that manager's; else any. */
static enum err_code node_find(const struct build_env *env, const struct fetch_command *command,
                               struct fetch *fetch, const struct node_manager **out_manager,
                               struct err *err) {
    const json_t *site = json_at(command->survey, "frontend");
    const struct node_app app = node_app_of_site(site);
    CLEANUP(node_tools_done) struct node_tools tools = {0};
    struct node_release release = {0};

    *out_manager = manager_of_site(site, command->manager);
    if (*out_manager != NULL) {
        return node_program(env, &app, &fetch->program, &fetch->path, err);
    }
    if (node_manager_find(command->manager, out_manager, err) != ERR_NONE) {
        return err->code;
    }
    node_manager_release(*out_manager, NULL, STR(""), &release);
    if (node_tools_find(env, *out_manager, &release, NULL, &tools, err) != ERR_NONE) {
        return err->code;
    }
    fetch->program = TAKE(tools.program);
    fetch->path = TAKE(tools.path);
    return ERR_NONE;
}

static enum err_code prepare_node(const struct build_env *env, const struct fetch_command *command,
                                  struct fetch *fetch, struct err *err) {
    const struct node_manager *manager = NULL;
    CLEANUP(freep) char *tools = fs_join(env->cache_dir, "tools");

    if (node_find(env, command, fetch, &manager, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(freep) char *store = fs_join(env->cache_dir, manager->store);
    if (fs_mkdirs(store, 0700, err) != ERR_NONE) {
        return err->code;
    }
    words_add(&fetch->readable, tools);
    words_add(&fetch->writable, store);
    node_manager_settings(manager, store, &fetch->vars);
    for (size_t i = 0; i < NODE_SETTINGS_MAX && manager->typed_settings[i].name != NULL; i++) {
        proc_env_set(&fetch->vars, manager->typed_settings[i].name,
                     manager->typed_settings[i].value);
    }
    for (size_t i = 0; i < NODE_WORDS_MAX && manager->typed[i] != NULL; i++) {
        add_word(fetch->args, manager->typed[i]);
    }
    return ERR_NONE;
}

static enum err_code allow_foreign(const struct build_env *env, const struct fetch_command *command,
                                   const json_t *foreign, const char *src, struct fetch *fetch,
                                   struct err *err) {
    CLEANUP(scan_done) struct scan scan = {0};
    const json_t *host;
    size_t i;

    json_array_foreach(foreign, i, host) { words_add(&fetch->hosts, json_string_value(host)); }
    if (i > 0) {
        forget_logins(&fetch->vars);
    }
    if (scan_tree(env, command, &fetch->hosts, src, &scan, err) != ERR_NONE) {
        return err->code;
    }
    fetch->settings = json_incref(scan.settings);
    if (json_array_size(scan.found) > 0) {
        const json_t *row = json_array_get(scan.found, 0);
        err_set(err, ERR_CONFLICT, "%s names %s, which nobody was asked about",
                json_str_or(row, "file", ""), json_str_or(row, "host", ""));
        return err_remedy(err, "run the command again");
    }
    return ERR_NONE;
}

enum err_code fetch_prepare(const struct build_env *env, const struct fetch_command *command,
                            const json_t *foreign, const char *src, const char *tmp,
                            struct fetch *out, struct err *err) {
    CLEANUP(fetch_done) struct fetch fetch = {.args = json_deep_copy(command->words)};

    (void)json_array_remove(fetch.args, 0);
    if (known(env, command, tmp, &fetch, err) != ERR_NONE ||
        allow_foreign(env, command, foreign, src, &fetch, err) != ERR_NONE ||
        (is_python(command) ? prepare_uv(env, command, tmp, &fetch, err)
                            : prepare_node(env, command, &fetch, err)) != ERR_NONE) {
        return err->code;
    }
    proc_env_set(&fetch.vars, "GIT_ALLOW_PROTOCOL", "none"); /* hooks and filters of git's, too */
    *out = fetch;
    fetch = (struct fetch){0};
    return ERR_NONE;
}

enum err_code fetch_restore(const struct build_env *env, const char *src, const struct fetch *fetch,
                            struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    const json_t *row;
    size_t i;

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(fetch->settings, i, row) {
        const char *path = json_string_value(row);
        CLEANUP(freep) char *to = fs_join(src, path);
        CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);

        if (secret_file_of(str_from(path)) == SECRET_FILE_SURE) {
            (void)unlink(to); /* no copy has it */
            continue;
        }
        if (access(to, F_OK) != 0) {
            continue;
        }
        if (fs_read_at(&root, path, BUILD_TEXT_MAX, &text, err) != ERR_NONE ||
            fs_write_file(to, buf_str(&text), 0600, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}
