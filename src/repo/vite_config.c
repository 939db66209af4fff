/* vite.config.*: root, base, build.outDir, build.assetsDir, server.proxy. Read, never run. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <string.h>

enum { CONFIG_DEPTH = 8 };

struct config {
    struct room *room;
    struct syntax syntax;
};

static bool is_object(TSNode node) { return syntax_is(node, "object"); }

/* --- finding the object --- */

struct finding {
    const struct config *config;
    TSNode found;
    bool is_found;
    const char *name; /* of the variable that is looked for */
};

static TSNode object_of(const struct config *config, TSNode node, int depth);

static bool variable_enter(void *ctx, TSNode node) {
    struct finding *finding = ctx;

    if (!finding->is_found && syntax_is(node, "variable_declarator") &&
        syntax_is_text(&finding->config->syntax, syntax_field(node, "name"), finding->name)) {
        finding->found = syntax_field(node, "value");
        finding->is_found = true;
    }
    return !finding->is_found;
}

static TSNode variable_value(const struct config *config, const char *name) {
    struct finding finding = {.config = config, .name = name};
    const struct syntax_visitor visitor = {.enter = variable_enter, .ctx = &finding};

    syntax_walk(syntax_root(&config->syntax), &visitor);
    return finding.found;
}

static bool return_enter(void *ctx, TSNode node) {
    struct finding *finding = ctx;

    if (!finding->is_found && syntax_is(node, "return_statement")) {
        TSNode object = object_of(finding->config, ts_node_named_child(node, 0), 1);

        finding->found = object;
        finding->is_found = is_object(object);
    }
    return !finding->is_found;
}

static TSNode returned(const struct config *config, TSNode body) {
    struct finding finding = {.config = config};
    const struct syntax_visitor visitor = {.enter = return_enter, .ctx = &finding};

    syntax_walk(body, &visitor);
    return finding.found;
}

/* The object behind defineConfig(…), a function, a variable, parentheses or "as X". */
static TSNode object_of(const struct config *config, TSNode node, int depth) {
    if (ts_node_is_null(node) || is_object(node) || depth > CONFIG_DEPTH) {
        return node;
    }
    if (syntax_is(node, "call_expression")) {
        TSNode arguments = syntax_field(node, "arguments");
        TSNode last = ts_node_named_child(arguments, ts_node_named_child_count(arguments) - 1);

        /* mergeConfig(base, own): the own part says most. */
        return object_of(config, last, depth + 1);
    }
    if (syntax_is(node, "arrow_function") || syntax_is(node, "function_expression") ||
        syntax_is(node, "function")) {
        TSNode body = syntax_field(node, "body");

        return syntax_is(body, "statement_block") ? returned(config, body)
                                                  : object_of(config, body, depth + 1);
    }
    if (syntax_is(node, "identifier")) {
        const char *name = arena_str(config->room->arena, syntax_text(&config->syntax, node));

        return object_of(config, variable_value(config, name), depth + 1);
    }
    return object_of(config, ts_node_named_child(node, 0), depth + 1);
}

static bool export_enter(void *ctx, TSNode node) {
    struct finding *finding = ctx;
    struct str text = {0};

    if (finding->is_found) {
        return false;
    }
    if (syntax_is(node, "export_statement") && !ts_node_is_null(syntax_field(node, "value"))) {
        finding->found = syntax_field(node, "value");
        finding->is_found = true;
    } else if (syntax_is(node, "assignment_expression")) {
        text = syntax_text(&finding->config->syntax, syntax_field(node, "left"));
        if (str_eq(text, STR("module.exports"))) {
            finding->found = syntax_field(node, "right");
            finding->is_found = true;
        }
    }
    return !finding->is_found;
}

/* --- reading it --- */

static bool key_is(const struct config *config, TSNode pair, const char *key) {
    struct str text = syntax_text(&config->syntax, syntax_field(pair, "key"));

    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'')) {
        text = str_slice(text, 1, text.len - 1);
    }
    return str_eq(text, str_from(key));
}

/* The value of `key` in an object; a null node when it is not there. */
static TSNode member(const struct config *config, TSNode object, const char *key) {
    uint32_t n = is_object(object) ? ts_node_named_child_count(object) : 0;

    for (uint32_t i = 0; i < n && i < 200; i++) {
        TSNode pair = ts_node_named_child(object, i);

        if (syntax_is(pair, "pair") && key_is(config, pair, key)) {
            return syntax_field(pair, "value");
        }
    }
    return (TSNode){0};
}

static const char *string_text(const struct config *config, TSNode node) {
    struct str text = syntax_text(&config->syntax, node);

    if (!syntax_is(node, "string") &&
        !(syntax_is(node, "template_string") && str_find(text, STR("${")) < 0)) {
        return NULL;
    }
    return text.len < 2 ? NULL : arena_str(config->room->arena, str_slice(text, 1, text.len - 1));
}

/* A folder: a string, or path.resolve(__dirname, "…", "…") and its kin, joined. */
static const char *folder_text(const struct config *config, TSNode node) {
    const char *joined = string_text(config, node);
    TSNode arguments = syntax_field(node, "arguments");
    struct str callee = syntax_text(&config->syntax, syntax_field(node, "function"));

    if (joined != NULL || !syntax_is(node, "call_expression") ||
        (!str_ends(callee, STR("resolve")) && !str_ends(callee, STR("join")))) {
        return joined;
    }
    for (uint32_t i = 0; i < ts_node_named_child_count(arguments) && i < 10; i++) {
        TSNode argument = ts_node_named_child(arguments, i);
        const char *part = string_text(config, argument);
        struct str text = syntax_text(&config->syntax, argument);

        if (part == NULL && i == 0 &&
            (str_eq(text, STR("__dirname")) || str_eq(text, STR("import.meta.dirname")) ||
             str_eq(text, STR("process.cwd()")))) {
            part = ".";
        }
        if (part == NULL) {
            return NULL;
        }
        joined = joined == NULL ? part : arena_format(config->room->arena, "%s/%s", joined, part);
    }
    return joined;
}

static void read_proxy(const struct config *config, TSNode proxy, struct vite_config *out) {
    uint32_t n = is_object(proxy) ? ts_node_named_child_count(proxy) : 0;

    for (uint32_t i = 0; i < n && i < 50; i++) {
        TSNode pair = ts_node_named_child(proxy, i);
        TSNode value = syntax_is(pair, "pair") ? object_of(config, syntax_field(pair, "value"), 0)
                                               : (TSNode){0};
        const char *prefix =
            syntax_is(pair, "pair") ? string_text(config, syntax_field(pair, "key")) : NULL;
        bool rewrites = !ts_node_is_null(member(config, value, "rewrite"));

        for (uint32_t j = 0; is_object(value) && j < ts_node_named_child_count(value) && j < 50;
             j++) {
            TSNode method = ts_node_named_child(value, j); /* rewrite(path) { … } */

            rewrites = rewrites ||
                       (syntax_is(method, "method_definition") &&
                        syntax_is_text(&config->syntax, syntax_field(method, "name"), "rewrite"));
        }
        if (rewrites && prefix != NULL && out->rewritten_n < ARRAY_N(out->rewritten)) {
            out->rewritten[out->rewritten_n++] = prefix[0] == '^' ? prefix + 1 : prefix;
            out->rewrite_line = syntax_line(pair);
        }
    }
}

static void read_object(const struct config *config, TSNode object, struct vite_config *out) {
    TSNode build = object_of(config, member(config, object, "build"), 0);
    TSNode server = object_of(config, member(config, object, "server"), 0);
    TSNode folder = member(config, build, "outDir");

    out->root = folder_text(config, member(config, object, "root"));
    out->base = string_text(config, member(config, object, "base"));
    out->out = folder_text(config, folder);
    out->is_out_unknown = !ts_node_is_null(folder) && out->out == NULL;
    out->assets = string_text(config, member(config, build, "assetsDir"));
    out->is_library = !ts_node_is_null(member(config, build, "lib"));
    read_proxy(config, object_of(config, member(config, server, "proxy"), 0), out);
}

void vite_config_read(struct room *room, const char *dir, struct vite_config *out) {
    static const char *const names[] = {"vite.config.ts",  "vite.config.js",  "vite.config.mts",
                                        "vite.config.mjs", "vite.config.cts", "vite.config.cjs"};
    struct config config = {.room = room};
    struct finding finding = {.config = &config};
    const struct syntax_visitor visitor = {.enter = export_enter, .ctx = &finding};
    struct err ignored = {0};

    *out = (struct vite_config){0};
    for (size_t i = 0; i < ARRAY_N(names) && out->path == NULL; i++) {
        const char *path = path_join(room->arena, dir, names[i]);

        out->path = tree_has_file(&room->tree, path) ? path : NULL;
    }
    if (out->path == NULL || !tree_read(&room->tree, out->path, TREE_SOURCE_MAX, &room->text) ||
        syntax_parse(room->parser, SYNTAX_TYPESCRIPT, buf_str(&room->text), &config.syntax,
                     &ignored) != ERR_NONE) {
        return;
    }
    room->parsed++;
    syntax_walk(syntax_root(&config.syntax), &visitor);
    read_object(&config, object_of(&config, finding.found, 0), out);
    syntax_done(&config.syntax);
}
