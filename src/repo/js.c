/* Values of JavaScript configuration, read for a production build. */
#include "repo/js.h"

#include "repo/path.h"

#include <string.h>

enum { JS_DEPTH_MAX = 24, JS_MEMBERS_MAX = 300, JS_TEXT_MAX = 2000 };

/* --- files --- */

void js_init(struct js *js, struct room *room, const char *cwd) {
    *js = (struct js){.room = room, .cwd = cwd};
}

void js_done(struct js *js) {
    for (size_t i = 0; i < js->file_n; i++) {
        syntax_done(&js->files[i].syntax);
    }
}

const struct js_file *js_open(struct js *js, const char *path) {
    struct room *room = js->room;
    struct js_file *file = NULL;
    struct err ignored = {0};
    struct str text = {0};

    for (size_t i = 0; i < js->file_n; i++) {
        if (strcmp(js->files[i].path, path) == 0) {
            return js->files[i].is_parsed ? &js->files[i] : NULL;
        }
    }
    if (js->file_n == JS_FILES_MAX || !tree_has_file(&room->tree, path)) {
        return NULL;
    }
    file = &js->files[js->file_n++];
    file->path = path;
    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return NULL;
    }
    text = (struct str){arena_str(room->arena, buf_str(&room->text)), room->text.len};
    file->is_parsed =
        syntax_parse(room->parser, SYNTAX_TYPESCRIPT, text, &file->syntax, &ignored) == ERR_NONE;
    room->parsed += file->is_parsed;
    return file->is_parsed ? file : NULL;
}

/* --- nodes --- */

static const struct js_value nothing;

bool js_is_null(struct js_value value) { return value.file == NULL || ts_node_is_null(value.node); }

bool js_is(struct js_value value, const char *type) {
    return !js_is_null(value) && syntax_is(value.node, type);
}

struct str js_source(struct js_value value) {
    return js_is_null(value) ? (struct str){0} : syntax_text(&value.file->syntax, value.node);
}

static struct js_value field(struct js_value value, const char *name) {
    return js_is_null(value) ? nothing
                             : (struct js_value){value.file, syntax_field(value.node, name)};
}

static struct js_value child(struct js_value value, uint32_t i) {
    return js_is_null(value) ? nothing
                             : (struct js_value){value.file, ts_node_named_child(value.node, i)};
}

static uint32_t children(struct js_value value) {
    return js_is_null(value) ? 0 : ts_node_named_child_count(value.node);
}

static bool is_source(struct js_value value, const char *text) {
    return str_eq(js_source(value), str_from(text));
}

static bool is_any(struct js_value value, const char *const *types, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (js_is(value, types[i])) {
            return true;
        }
    }
    return false;
}

static bool is_function(struct js_value value) {
    static const char *const types[] = {"arrow_function", "function_expression", "function",
                                        "function_declaration", "method_definition"};

    return is_any(value, types, ARRAY_N(types));
}

/* The content of a string without its quotes; NULL for anything else. */
static const char *plain(struct js *js, struct js_value value) {
    struct str text = js_source(value);

    if (!js_is(value, "string") || text.len < 2 || text.len > JS_TEXT_MAX) {
        return NULL;
    }
    return arena_str(js->room->arena, str_slice(text, 1, text.len - 1));
}

/* --- what a file gives a name --- */

struct search {
    struct js *js;
    const struct js_file *file;
    const char *name; /* NULL: the default export */
    struct js_value found;
    const char *module;   /* it is imported from there… */
    const char *exported; /* …under this name; NULL: by default */
};

static bool search_done(const struct search *search) {
    return !js_is_null(search->found) || search->module != NULL;
}

static void search_import(struct search *search, struct js_value statement) {
    const char *module = plain(search->js, field(statement, "source"));
    struct js_value clause = {statement.file, syntax_child(statement.node, "import_clause")};

    for (uint32_t i = 0; module != NULL && i < children(clause) && i < 20; i++) {
        struct js_value part = child(clause, i);

        if (js_is(part, "identifier") && is_source(part, search->name)) {
            search->module = module;
            search->exported = NULL;
        }
        for (uint32_t j = 0; js_is(part, "named_imports") && j < children(part); j++) {
            struct js_value specifier = child(part, j);
            struct js_value alias = field(specifier, "alias");

            if (is_source(js_is_null(alias) ? field(specifier, "name") : alias, search->name)) {
                search->module = module;
                search->exported =
                    arena_str(search->js->room->arena, js_source(field(specifier, "name")));
            }
        }
    }
}

static bool search_enter(void *ctx, TSNode node) {
    struct search *search = ctx;
    struct js_value at = {search->file, node};

    if (search_done(search)) {
        return false;
    }
    if (js_is(at, "variable_declarator") && is_source(field(at, "name"), search->name)) {
        search->found = field(at, "value");
    } else if (js_is(at, "function_declaration") && is_source(field(at, "name"), search->name)) {
        search->found = at;
    } else if (js_is(at, "required_parameter") && is_source(field(at, "pattern"), search->name)) {
        search->found = field(at, "value");
    } else if (js_is(at, "import_statement")) {
        search_import(search, at);
        return false;
    }
    return !search_done(search);
}

static bool default_enter(void *ctx, TSNode node) {
    struct search *search = ctx;
    struct js_value at = {search->file, node};

    if (js_is(at, "export_statement") && !js_is_null(field(at, "value"))) {
        search->found = field(at, "value");
    } else if (js_is(at, "export_statement") && is_function(field(at, "declaration"))) {
        search->found =
            str_find(js_source(at), STR("default")) >= 0 ? field(at, "declaration") : nothing;
    } else if (js_is(at, "assignment_expression") &&
               is_source(field(at, "left"), "module.exports")) {
        search->found = field(at, "right");
    }
    return !search_done(search);
}

struct js_value js_export(struct js *js, const struct js_file *file) {
    struct search search = {.js = js, .file = file};
    const struct syntax_visitor visitor = {.enter = default_enter, .ctx = &search};

    syntax_walk(syntax_root(&file->syntax), &visitor);
    return search.found;
}

/* The file that `module` names, seen from another: only neighbours, never packages. */
static const struct js_file *open_neighbour(struct js *js, const struct js_file *from,
                                            const char *module) {
    static const char *const ends[] = {"",     ".ts",  ".js",       ".mts",
                                       ".mjs", ".cjs", "/index.ts", "/index.js"};
    struct arena *arena = js->room->arena;
    const char *base =
        module[0] == '.' ? path_join(arena, path_dir(arena, from->path), module) : NULL;

    for (size_t i = 0; base != NULL && i < ARRAY_N(ends); i++) {
        const char *path = arena_format(arena, "%s%s", base, ends[i]);

        if (tree_has_file(&js->room->tree, path)) {
            return js_open(js, path);
        }
    }
    return NULL;
}

static struct js_value lookup_deep(struct js *js, const struct js_file *file, const char *name,
                                   int depth);

/* "export { a } from './x'" and "export * from './x'". */
static struct js_value lookup_again(struct js *js, const struct js_file *file, const char *name,
                                    int depth) {
    TSNode root = syntax_root(&file->syntax);

    for (uint32_t i = 0; i < ts_node_named_child_count(root) && i < JS_MEMBERS_MAX; i++) {
        struct js_value at = {file, ts_node_named_child(root, i)};
        const char *module = js_is(at, "export_statement") ? plain(js, field(at, "source")) : NULL;
        const struct js_file *next = module == NULL ? NULL : open_neighbour(js, file, module);
        struct js_value found = next == NULL ? nothing : lookup_deep(js, next, name, depth + 1);

        if (!js_is_null(found)) {
            return found;
        }
    }
    return nothing;
}

static struct js_value lookup_deep(struct js *js, const struct js_file *file, const char *name,
                                   int depth) {
    struct search search = {.js = js, .file = file, .name = name};
    const struct syntax_visitor visitor = {.enter = search_enter, .ctx = &search};
    const struct js_file *next = NULL;

    if (depth > JS_DEPTH_MAX || ++js->steps > JS_STEPS_MAX || !room_spend(js->room)) {
        return nothing;
    }
    syntax_walk(syntax_root(&file->syntax), &visitor);
    if (search.module != NULL) {
        next = open_neighbour(js, file, search.module);
        return next == NULL              ? nothing
               : search.exported == NULL ? js_export(js, next)
                                         : lookup_deep(js, next, search.exported, depth + 1);
    }
    return js_is_null(search.found) ? lookup_again(js, file, name, depth) : search.found;
}

struct js_value js_lookup(struct js *js, const struct js_file *file, const char *name) {
    return lookup_deep(js, file, name, 0);
}

/* --- following --- */

static struct js_value follow(struct js *js, struct js_value value, int depth);
static const char *text_of(struct js *js, struct js_value value, int depth);

static bool return_enter(void *ctx, TSNode node) {
    struct js_value *found = ctx;

    if (js_is_null(*found) && syntax_is(node, "return_statement")) {
        found->node = ts_node_named_child(node, 0);
    }
    return js_is_null(*found) && !syntax_is(node, "arrow_function") &&
           !syntax_is(node, "function_expression") && !syntax_is(node, "method_definition");
}

/* What a function gives back: its expression, or its first return. */
static struct js_value returned(struct js_value function) {
    struct js_value body = field(function, "body");
    struct js_value found = {.file = body.file};
    const struct syntax_visitor visitor = {.enter = return_enter, .ctx = &found};

    if (!js_is(body, "statement_block")) {
        return body;
    }
    syntax_walk(body.node, &visitor);
    return found;
}

/* Whether a condition holds when the site is built for production: 1, 0, or -1 for unknown. */
static int truth(struct js *js, struct js_value value, int depth) {
    struct str operator_ = {0};
    const char *left = NULL;
    const char *right = NULL;

    if (depth > JS_DEPTH_MAX) {
        return -1;
    }
    value = js_is(value, "identifier") ? follow(js, value, depth + 1) : value;
    operator_ = js_source(field(value, "operator"));
    if (js_is(value, "parenthesized_expression")) {
        return truth(js, child(value, 0), depth + 1);
    }
    if (js_is(value, "true") || js_is(value, "false")) {
        return js_is(value, "true");
    }
    if (js_is(value, "unary_expression") && str_eq(operator_, STR("!"))) {
        int inner = truth(js, field(value, "argument"), depth + 1);

        return inner < 0 ? inner : !inner;
    }
    if (!js_is(value, "binary_expression") || operator_.len < 2 ||
        (operator_.ptr[0] != '=' && operator_.ptr[0] != '!')) {
        return -1;
    }
    left = text_of(js, field(value, "left"), depth + 1);
    right = text_of(js, field(value, "right"), depth + 1);
    return left == NULL || right == NULL ? -1
                                         : (strcmp(left, right) == 0) == (operator_.ptr[0] == '=');
}

static bool is_merge(struct js_value call) {
    return js_is(call, "call_expression") && is_source(field(call, "function"), "mergeConfig");
}

static struct js_value follow_call(struct js *js, struct js_value call, int depth) {
    struct js_value callee = field(call, "function");
    struct js_value arguments = field(call, "arguments");
    struct js_value own = js_is(callee, "identifier") ? follow(js, callee, depth + 1) : nothing;

    if (is_merge(call)) {
        return call; /* js_member() looks at both sides */
    }
    if (is_function(own)) {
        return follow(js, returned(own), depth + 1);
    }
    if (js_is(callee, "identifier") && children(arguments) > 0 &&
        js_is_null(own)) { /* defineConfig(…) and its kin give back what they get */
        return follow(js, child(arguments, children(arguments) - 1), depth + 1);
    }
    return call;
}

/* `a || b`, `a ?? b` and `c ? a : b`. What the environment says is not known here, so the value
 * behind it is what a plain build uses. */
static struct js_value follow_choice(struct js *js, struct js_value value, int depth) {
    struct str operator_ = js_source(field(value, "operator"));

    if (js_is(value, "ternary_expression")) {
        int holds = truth(js, field(value, "condition"), depth + 1);

        return holds < 0
                   ? nothing
                   : follow(js, field(value, holds ? "consequence" : "alternative"), depth + 1);
    }
    if (str_eq(operator_, STR("||")) || str_eq(operator_, STR("??"))) {
        const char *left = text_of(js, field(value, "left"), depth + 1);

        return follow(js, field(value, left != NULL && left[0] != '\0' ? "left" : "right"),
                      depth + 1);
    }
    return value;
}

static struct js_value follow(struct js *js, struct js_value value, int depth) {
    static const char *const wrappers[] = {"parenthesized_expression", "as_expression",
                                           "satisfies_expression", "non_null_expression",
                                           "await_expression"};

    if (js_is_null(value) || depth > JS_DEPTH_MAX || ++js->steps > JS_STEPS_MAX) {
        return nothing;
    }
    if (is_any(value, wrappers, ARRAY_N(wrappers))) {
        return follow(js, child(value, 0), depth + 1);
    }
    if (js_is(value, "identifier")) {
        struct js_value found =
            js_lookup(js, value.file, arena_str(js->room->arena, js_source(value)));

        return js_is_null(found) ? nothing : follow(js, found, depth + 1);
    }
    if (js_is(value, "call_expression")) {
        return follow_call(js, value, depth);
    }
    if (js_is(value, "arrow_function") || js_is(value, "function_expression")) {
        return value;
    }
    if (js_is(value, "member_expression")) {
        struct js_value object = follow(js, field(value, "object"), depth + 1);
        const char *key = arena_str(js->room->arena, js_source(field(value, "property")));
        struct js_value found = js_member(js, object, key);

        return js_is_null(found) ? value : follow(js, found, depth + 1);
    }
    return follow_choice(js, value, depth);
}

struct js_value js_follow(struct js *js, struct js_value value) {
    return follow(js, value, 0);
}

/* --- members --- */

static bool key_is(struct js_value pair, const char *key) {
    struct str text = js_source(field(pair, "key"));

    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'')) {
        text = str_slice(text, 1, text.len - 1);
    }
    return str_eq(text, str_from(key));
}

static struct js_value member(struct js *js, struct js_value object, const char *key, int depth);

/* The last one that has the key wins, as when it runs. */
static struct js_value own_member(struct js *js, struct js_value object, const char *key,
                                  int depth) {
    struct js_value found = nothing;

    for (uint32_t i = 0; i < children(object) && i < JS_MEMBERS_MAX; i++) {
        struct js_value part = child(object, i);

        if (js_is(part, "pair") && key_is(part, key)) {
            found = field(part, "value");
        } else if (js_is(part, "shorthand_property_identifier") && is_source(part, key)) {
            found = js_lookup(js, object.file, key);
        } else if (js_is(part, "method_definition") && is_source(field(part, "name"), key)) {
            found = part;
        } else if (js_is(part, "spread_element")) {
            struct js_value spread = member(js, child(part, 0), key, depth + 1);

            found = js_is_null(spread) ? found : spread;
        }
    }
    return found;
}

static struct js_value member(struct js *js, struct js_value object, const char *key, int depth) {
    if (depth > JS_DEPTH_MAX) {
        return nothing;
    }
    object = follow(js, object, depth + 1);
    if (is_function(object)) {
        return member(js, returned(object), key, depth + 1);
    }
    if (is_merge(object)) {
        struct js_value arguments = field(object, "arguments");
        struct js_value found = member(js, child(arguments, 1), key, depth + 1);

        return js_is_null(found) ? member(js, child(arguments, 0), key, depth + 1) : found;
    }
    return js_is(object, "object") ? own_member(js, object, key, depth) : nothing;
}

struct js_value js_member(struct js *js, struct js_value object, const char *key) {
    return member(js, object, key, 0);
}

/* --- texts --- */

static bool is_rooted(const char *text) { return text[0] == '/' || text[0] == JS_ROOT[0]; }

static const char *here(struct js *js, const char *dir) {
    return arena_format(js->room->arena, JS_ROOT "%s", strcmp(dir, ".") == 0 ? "" : dir);
}

/* path.resolve() and path.join(). */
static const char *joined(struct js *js, struct js_value arguments, bool is_resolve, int depth) {
    const char *text = is_resolve ? here(js, js->cwd) : NULL;

    for (uint32_t i = 0; i < children(arguments) && i < 12; i++) {
        const char *part = text_of(js, child(arguments, i), depth + 1);

        if (part == NULL) {
            return NULL;
        }
        text = text == NULL || (is_resolve && is_rooted(part))
                   ? part
                   : arena_format(js->room->arena, "%s/%s", text, part);
    }
    return text;
}

/* new URL("./x", import.meta.url), alone or inside fileURLToPath(). */
static const char *url_text(struct js *js, struct js_value url, int depth) {
    const char *rel = text_of(js, child(field(url, "arguments"), 0), depth + 1);
    const char *dir = path_dir(js->room->arena, url.file->path);

    if (rel == NULL || !is_source(field(url, "constructor"), "URL")) {
        return NULL;
    }
    return arena_format(js->room->arena, "%s/%s", here(js, dir), rel);
}

static const char *call_text(struct js *js, struct js_value call, int depth) {
    struct str callee = js_source(field(call, "function"));
    struct js_value arguments = field(call, "arguments");
    struct js_value value = nothing;

    if (str_eq(callee, STR("process.cwd"))) {
        return here(js, js->cwd);
    }
    if (str_ends(callee, STR("resolve")) || str_ends(callee, STR("join"))) {
        return joined(js, arguments, str_ends(callee, STR("resolve")), depth);
    }
    if (str_ends(callee, STR("fileURLToPath")) || str_ends(callee, STR("normalizePath")) ||
        str_ends(callee, STR("normalize"))) {
        return text_of(js, child(arguments, 0), depth + 1);
    }
    if (str_ends(callee, STR("dirname"))) { /* dirname(fileURLToPath(import.meta.url)) */
        return str_find(js_source(arguments), STR("import.meta.url")) < 0
                   ? NULL
                   : here(js, path_dir(js->room->arena, call.file->path));
    }
    value = follow_call(js, call, depth);
    return js_is(value, "call_expression") ? NULL : text_of(js, value, depth + 1);
}

static const char *template_text(struct js *js, struct js_value value, int depth) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(JS_TEXT_MAX);
    const uint32_t start = ts_node_start_byte(value.node);
    struct str text = js_source(value);
    uint32_t from = 1;

    for (uint32_t i = 0; i < children(value); i++) {
        struct js_value part = child(value, i);
        const char *inner = NULL;

        if (!js_is(part, "template_substitution")) {
            continue;
        }
        inner = text_of(js, child(part, 0), depth + 1);
        if (inner == NULL) {
            return NULL;
        }
        buf_add(&out, str_slice(text, from, ts_node_start_byte(part.node) - start));
        buf_add_s(&out, inner);
        from = ts_node_end_byte(part.node) - start;
    }
    buf_add(&out, str_slice(text, from, text.len - 1));
    return out.failed ? NULL : arena_str(js->room->arena, buf_str(&out));
}

/* Names that every build of this kind has. */
static const char *known_text(struct js *js, struct js_value value) {
    static const char *const known[][2] = {{"mode", "production"},
                                           {"command", "build"},
                                           {"process.env.NODE_ENV", "production"},
                                           {"import.meta.env.MODE", "production"}};
    struct str text = js_source(value);

    if (str_eq(text, STR("__dirname")) || str_eq(text, STR("import.meta.dirname"))) {
        return here(js, path_dir(js->room->arena, value.file->path));
    }
    for (size_t i = 0; i < ARRAY_N(known); i++) {
        if (str_eq(text, str_from(known[i][0]))) {
            return known[i][1];
        }
    }
    return NULL;
}

/* A name, a member or a choice stands for another value. */
static const char *text_behind(struct js *js, struct js_value value, int depth) {
    struct js_value found = follow(js, value, depth + 1);

    return js_is_null(found) || ts_node_eq(found.node, value.node) ? known_text(js, value)
                                                                   : text_of(js, found, depth + 1);
}

static const char *sum_text(struct js *js, struct js_value value, int depth) {
    const char *left = text_of(js, field(value, "left"), depth + 1);
    const char *right = text_of(js, field(value, "right"), depth + 1);

    return left == NULL || right == NULL ? NULL
                                         : arena_format(js->room->arena, "%s%s", left, right);
}

static const char *text_of(struct js *js, struct js_value value, int depth) {
    if (js_is_null(value) || depth > JS_DEPTH_MAX || ++js->steps > JS_STEPS_MAX) {
        return NULL;
    }
    if (js_is(value, "string")) {
        return plain(js, value);
    }
    if (js_is(value, "template_string")) {
        return template_text(js, value, depth);
    }
    if (js_is(value, "call_expression")) {
        return call_text(js, value, depth);
    }
    if (js_is(value, "new_expression")) {
        return url_text(js, value, depth);
    }
    if (js_is(value, "binary_expression") && is_source(field(value, "operator"), "+")) {
        return sum_text(js, value, depth);
    }
    return text_behind(js, value, depth);
}

const char *js_text(struct js *js, struct js_value value) { return text_of(js, value, 0); }

const char *js_folder(struct js *js, const char *dir, const char *text) {
    if (text == NULL || text[0] != JS_ROOT[0]) {
        return text == NULL ? NULL : path_join(js->room->arena, dir, text);
    }
    for (text++; *text == '/';) {
        text++;
    }
    return path_join(js->room->arena, ".", text);
}

/* --- imports --- */

struct importing {
    struct js *js;
    const struct js_file *file;
    js_each *each;
    void *ctx;
};

static bool import_enter(void *ctx, TSNode node) {
    const struct importing *importing = ctx;
    struct js_value at = {importing->file, node};
    const char *module = NULL;

    if (js_is(at, "import_statement") || js_is(at, "export_statement")) {
        const bool is_type = str_starts(js_source(at), STR("import type")) ||
                             str_starts(js_source(at), STR("export type"));

        module = is_type ? NULL : plain(importing->js, field(at, "source"));
    } else if (js_is(at, "call_expression") && (js_is(field(at, "function"), "import") ||
                                                is_source(field(at, "function"), "require"))) {
        module = plain(importing->js, child(field(at, "arguments"), 0));
    }
    if (module != NULL) {
        importing->each(importing->ctx, module, syntax_line(node));
    }
    return true;
}

void js_imports(struct js *js, const struct js_file *file, js_each *each, void *ctx) {
    struct importing importing = {js, file, each, ctx};
    const struct syntax_visitor visitor = {.enter = import_enter, .ctx = &importing};

    syntax_walk(syntax_root(&file->syntax), &visitor);
}
