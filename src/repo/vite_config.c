/* vite.config.*: where the site is built from and to, its aliases and proxies. Read, never run. */
#include "repo/js.h"
#include "repo/path.h"
#include "repo/site_room.h"

#include <string.h>

enum { CONFIG_MEMBERS_MAX = 50 };

/* --- proxies --- */

static void read_proxy(struct js *js, struct js_value proxy, struct vite_config *out) {
    const uint32_t n = js_is(proxy, "object") ? ts_node_named_child_count(proxy.node) : 0;

    for (uint32_t i = 0; i < n && i < CONFIG_MEMBERS_MAX; i++) {
        struct js_value pair = {proxy.file, ts_node_named_child(proxy.node, i)};
        struct js_value key = {proxy.file, syntax_field(pair.node, "key")};
        struct js_value value = {proxy.file, syntax_field(pair.node, "value")};
        const char *prefix = js_is(pair, "pair") ? js_text(js, key) : NULL;

        if (prefix != NULL && out->rewritten_n < ARRAY_N(out->rewritten) &&
            !js_is_null(js_member(js, value, "rewrite"))) {
            out->rewritten[out->rewritten_n++] = prefix[0] == '^' ? prefix + 1 : prefix;
            out->rewrite_line = syntax_line(pair.node);
        }
    }
}

/* --- aliases and entries --- */

static void add_alias(struct js *js, const char *find, struct js_value target,
                      struct vite_config *out) {
    const char *text = js_text(js, target);
    /* "/src" is told from the root of the site, "./src" is not a folder for Vite */
    const char *folder =
        text == NULL     ? NULL
        : text[0] == '/' ? path_join(js->room->arena, out->root == NULL ? "." : out->root, text + 1)
        : text[0] == JS_ROOT[0] ? js_folder(js, ".", text)
                                : NULL;

    if (find == NULL) {
        out->is_alias_unknown = true;
    } else if (out->alias_n < ARRAY_N(out->aliases)) {
        out->aliases[out->alias_n++] = (struct vite_alias){find, folder};
    }
}

/* { "@": FOLDER } and [{ find: "@", replacement: FOLDER }]. */
static void read_aliases(struct js *js, struct js_value config, struct vite_config *out) {
    struct js_value aliases =
        js_follow(js, js_member(js, js_member(js, config, "resolve"), "alias"));
    const uint32_t n = js_is_null(aliases) ? 0 : ts_node_named_child_count(aliases.node);

    for (uint32_t i = 0; i < n && i < CONFIG_MEMBERS_MAX; i++) {
        struct js_value row = {aliases.file, ts_node_named_child(aliases.node, i)};
        struct js_value key = {row.file, syntax_field(row.node, "key")};

        if (js_is(row, "pair")) {
            const char *find = js_is(key, "property_identifier")
                                   ? arena_str(js->room->arena, js_source(key))
                                   : js_text(js, key);

            add_alias(js, find, (struct js_value){row.file, syntax_field(row.node, "value")}, out);
        } else if (js_is(row, "object")) {
            add_alias(js, js_text(js, js_member(js, row, "find")),
                      js_member(js, row, "replacement"), out);
        } else if (!js_is(row, "comment")) {
            out->is_alias_unknown = true;
        }
    }
    out->is_alias_unknown =
        out->is_alias_unknown ||
        (!js_is_null(aliases) && !js_is(aliases, "object") && !js_is(aliases, "array"));
}

static void add_entry(struct js *js, struct js_value value, struct vite_config *out) {
    const char *text = js_text(js, value);
    const char *path = js_folder(js, out->root == NULL ? "." : out->root, text);

    if (path != NULL && out->entry_n < ARRAY_N(out->entries)) {
        out->entries[out->entry_n++] = path;
    }
}

static void read_entries(struct js *js, struct js_value build, struct vite_config *out) {
    struct js_value options = js_member(js, build, "rollupOptions");
    struct js_value input = js_follow(js, js_member(js, options, "input"));
    const uint32_t n =
        js_is(input, "object") || js_is(input, "array") ? ts_node_named_child_count(input.node) : 0;

    for (uint32_t i = 0; i < n; i++) {
        struct js_value row = {input.file, ts_node_named_child(input.node, i)};

        add_entry(js,
                  js_is(row, "pair") ? (struct js_value){row.file, syntax_field(row.node, "value")}
                                     : row,
                  out);
    }
    if (n == 0 && !js_is_null(input)) {
        add_entry(js, input, out);
    }
}

/* --- the whole --- */

static void take_module(void *ctx, const char *module, int line) {
    struct vite_config *out = ctx;

    (void)line;
    json_array_append_new(out->modules, json_string_of(str_from(module)));
}

const char *vite_config_path(struct room *room, const char *dir) {
    static const char *const names[] = {"vite.config.ts",  "vite.config.js",  "vite.config.mts",
                                        "vite.config.mjs", "vite.config.cts", "vite.config.cjs"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        const char *path = path_join(room->arena, dir, names[i]);

        if (tree_has_file(&room->tree, path)) {
            return path;
        }
    }
    return NULL;
}

static const char *find_config(struct room *room, const char *dir,
                               const struct build_script *script) {
    const char *named = script->config == NULL ? NULL : path_join(room->arena, dir, script->config);

    return named != NULL && tree_has_file(&room->tree, named) ? named : vite_config_path(room, dir);
}

/* The flag of the script wins over the configuration, as it does in Vite. */
static void read_folders(struct js *js, const char *dir, struct js_value config,
                         const struct build_script *script, struct vite_config *out) {
    struct js_value root = js_member(js, config, "root");
    struct js_value folder = js_member(js, js_member(js, config, "build"), "outDir");
    const char *root_text = script->root != NULL ? script->root
                            : js_is_null(root)   ? "."
                                                 : js_text(js, root);

    out->root = js_folder(js, dir, root_text);
    out->out_text = script->out != NULL  ? script->out
                    : js_is_null(folder) ? "dist"
                                         : js_text(js, folder);
    out->is_out_unknown = out->out_text == NULL || root_text == NULL;
    out->out =
        out->is_out_unknown || out->root == NULL ? NULL : js_folder(js, out->root, out->out_text);
}

static void read_object(struct js *js, const char *dir, struct js_value config,
                        const struct build_script *script, struct vite_config *out) {
    struct js_value build = js_member(js, config, "build");
    struct js_value base = js_member(js, config, "base");
    struct js_value ssr = js_follow(js, js_member(js, build, "ssr"));

    read_folders(js, dir, config, script, out);
    out->base = script->base != NULL ? script->base : js_text(js, base);
    out->is_base_unknown = out->base == NULL && !js_is_null(base);
    out->assets = js_text(js, js_member(js, build, "assetsDir"));
    out->env_dir = js_folder(js, out->root == NULL ? dir : out->root,
                             js_text(js, js_member(js, config, "envDir")));
    out->is_library = !js_is_null(js_member(js, build, "lib"));
    out->is_server = !js_is_null(ssr) && !js_is(ssr, "false");
    read_aliases(js, config, out);
    read_entries(js, build, out);
    read_proxy(js, js_follow(js, js_member(js, js_member(js, config, "server"), "proxy")), out);
}

void vite_config_read(struct room *room, const char *dir, const struct build_script *script,
                      struct vite_config *out) {
    struct js *js = ARENA_NEW(room->arena, struct js);
    const struct js_file *file = NULL;
    struct js_value config = {0};

    *out = (struct vite_config){.path = find_config(room, dir, script), .modules = json_array()};
    js_init(js, room, dir);
    file = out->path == NULL ? NULL : js_open(js, out->path);
    if (file != NULL) {
        config = js_export(js, file);
        js_imports(js, file, take_module, out);
    }
    read_object(js, dir, config, script, out);
    js_done(js);
}

void vite_config_done(struct vite_config *config) { json_decref(config->modules); }
