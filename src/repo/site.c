/* The sources of the front end: build-time variables, and how they find their API. */
#include "repo/path.h"
#include "repo/site_room.h"

#include <string.h>

enum { SITE_FILES_MAX = 4000, SITE_TEXT_MAX = 300 };

struct scan {
    struct room *room;
    struct site *site;
    struct syntax syntax;
    const char *path;
    int line_offset; /* of a script inside another file */
};

/* --- which files --- */

bool site_is_source(const char *path) {
    static const char *const ends[] = {".ts", ".tsx", ".js", ".jsx", ".mjs", ".vue", ".svelte"};
    static const char *const aside[] = {".test.",     ".spec.",     ".stories.", "__tests__/",
                                        "__mocks__/", "tests/",     "test/",     "e2e/",
                                        "cypress/",   "mocks/",     ".d.ts",     "public/",
                                        ".config.",   "setupTests", ".setup."};
    bool is_one = false;

    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        is_one = is_one || str_ends(str_from(path), str_from(ends[i]));
    }
    for (size_t i = 0; is_one && i < ARRAY_N(aside); i++) {
        is_one = strstr(path, aside[i]) == NULL;
    }
    return is_one;
}

static bool holds(struct str text, const char *word) { return str_find(text, str_from(word)) >= 0; }

/* A file that says nothing about addresses is not parsed. */
static bool is_worth_parsing(const struct scan *scan, struct str text) {
    return holds(text, "import.meta.env") || holds(text, "localhost") || holds(text, "127.0.0.1") ||
           holds(text, "baseURL") || holds(text, "baseUrl") ||
           (scan->site->same_origin == NULL &&
            (holds(text, "fetch") || holds(text, "axios") || holds(text, "/api") ||
             holds(text, "ky.") || holds(text, "request(")));
}

struct str site_script_of(const char *path, struct str text, int *line_offset) {
    ptrdiff_t open = 0;
    ptrdiff_t body = 0;
    ptrdiff_t close = 0;

    *line_offset = 0;
    if (!str_ends(str_from(path), STR(".vue")) && !str_ends(str_from(path), STR(".svelte"))) {
        return text;
    }
    open = str_find(text, STR("<script"));
    if (open < 0) {
        return (struct str){0};
    }
    body = str_find(str_slice(text, (size_t)open, text.len), STR(">"));
    close = str_find(text, STR("</script>"));
    if (body < 0 || close < open + body) {
        return (struct str){0};
    }
    for (ptrdiff_t i = 0; i < open + body; i++) {
        *line_offset += text.ptr[i] == '\n';
    }
    return str_slice(text, (size_t)(open + body) + 1, (size_t)close);
}

/* --- variables --- */

static const char *place(struct scan *scan, TSNode node) {
    return room_where(scan->room, scan->path, syntax_line(node) + scan->line_offset);
}

static bool is_builtin(const char *name) {
    static const char *const names[] = {"MODE", "DEV", "PROD", "SSR", "BASE_URL", "LEGACY"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Things a site does without: statistics, error reports, labels. */
static bool is_optional(const char *name) {
    static const char *const words[] = {
        "SENTRY", "ANALYTICS", "GTM",  "POSTHOG", "VERSION", "COMMIT", "DEBUG",    "TITLE",
        "THEME",  "LOG",       "MODE", "ENABLE",  "FEATURE", "MOCK",   "DEVTOOLS", "TRACK"};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strstr(name, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static struct site_variable *variable_at(struct site *site, const char *name) {
    for (size_t i = 0; i < site->variable_n; i++) {
        if (strcmp(site->variables[i].name, name) == 0) {
            return &site->variables[i];
        }
    }
    return NULL;
}

static void add_variable(struct scan *scan, struct str name, const char *default_text,
                         bool is_required, TSNode node) {
    const char *kept = arena_str(scan->room->arena, str_slice(name, 0, 128));
    struct site_variable *at = variable_at(scan->site, kept);

    if (kept[0] == '\0' || is_builtin(kept)) {
        return;
    }
    if (at != NULL) {
        at->default_text = at->default_text != NULL ? at->default_text : default_text;
        at->is_required = at->is_required && is_required && at->default_text == NULL;
        return;
    }
    if (scan->site->variable_n < ARRAY_N(scan->site->variables)) {
        scan->site->variables[scan->site->variable_n++] =
            (struct site_variable){.name = kept,
                                   .default_text = default_text,
                                   .where = place(scan, node),
                                   .is_required = is_required && !is_optional(kept)};
    }
}

/* "VITE_X" of import.meta.env.VITE_X, through (…), !, and "as"; empty for anything else. */
static struct str env_name(struct scan *scan, TSNode node) {
    const struct str start = STR("import.meta.env.");

    for (int i = 0;
         i < 4 && (syntax_is(node, "parenthesized_expression") ||
                   syntax_is(node, "as_expression") || syntax_is(node, "non_null_expression"));
         i++) {
        node = ts_node_named_child(node, 0);
    }
    if (syntax_is(node, "member_expression")) {
        struct str text = syntax_text(&scan->syntax, node);

        if (str_starts(text, start) &&
            memchr(text.ptr + start.len, '.', text.len - start.len) == NULL) {
            return str_slice(text, start.len, text.len);
        }
        text = syntax_text(&scan->syntax, syntax_field(node, "object"));
        if (str_starts(text, start)) { /* import.meta.env.VITE_X.replace(…) */
            return env_name(scan, syntax_field(node, "object"));
        }
    }
    return (struct str){0};
}

/* --- addresses --- */

static const char *literal(struct scan *scan, TSNode node) {
    struct str text = syntax_text(&scan->syntax, node);

    if ((!syntax_is(node, "string") && !syntax_is(node, "template_string")) || text.len < 2) {
        return NULL;
    }
    return arena_str(scan->room->arena,
                     str_slice(str_slice(text, 1, text.len - 1), 0, SITE_TEXT_MAX));
}

/* An address of the developer's own machine, other than that of Vite itself. */
static bool is_this_machine(const char *text) {
    static const char *const starts[] = {"http://localhost", "https://localhost",
                                         "http://127.0.0.1", "http://0.0.0.0",
                                         "ws://localhost",   "ws://127.0.0.1"};

    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
            return strncmp(text + strlen(starts[i]), ":5173", 5) != 0 &&
                   strncmp(text + strlen(starts[i]), ":4173", 5) != 0;
        }
    }
    return false;
}

static bool starts_with_prefix(const char *text, const char *prefix) {
    size_t n = strlen(prefix);

    return strncmp(text, prefix, n) == 0 && (text[n] == '\0' || strchr("/?$", text[n]) != NULL);
}

static bool is_api_address(struct scan *scan, const char *text) {
    const char *prefix = scan->room->route_n > 0 ? routes_prefix(scan->room) : NULL;

    if (starts_with_prefix(text, "/api") || (prefix != NULL && starts_with_prefix(text, prefix))) {
        return true;
    }
    for (size_t i = 0; i < scan->room->route_n; i++) {
        const struct route *route = &scan->room->routes[i];

        if (strlen(route->path) > 1 && strcmp(route->method, "BUILTIN") != 0 &&
            strcmp(text, route->path) == 0) {
            return true;
        }
    }
    return false;
}

/* "/api" of "${window.location.origin}/api". */
static const char *behind_origin(const char *text) {
    const char *end = strstr(text, "origin}/");

    return strncmp(text, "${", 2) == 0 && end != NULL ? end + strlen("origin}") : text;
}

/* `baseURL: "/api"`: the address in front of all others. */
static bool is_base_address(struct scan *scan, TSNode node) {
    TSNode parent = ts_node_parent(node);

    return syntax_is(parent, "pair") &&
           str_eq_nocase(syntax_text(&scan->syntax, syntax_field(parent, "key")), STR("baseURL"));
}

static void enter_literal(struct scan *scan, TSNode node) {
    const char *text = literal(scan, node);
    bool is_base = false;

    if (text == NULL) {
        return;
    }
    if (scan->site->hardcoded == NULL && is_this_machine(text)) {
        scan->site->hardcoded = text;
        scan->site->hardcoded_where = place(scan, node);
    }
    text = behind_origin(text);
    is_base = is_base_address(scan, node);
    if ((scan->site->same_origin == NULL || (is_base && !scan->site->is_base)) && text[0] == '/' &&
        ((is_base && text[1] != '\0') || is_api_address(scan, text))) {
        scan->site->same_origin = text;
        scan->site->same_origin_where = place(scan, node);
        scan->site->is_base = is_base;
    }
}

/* VARIABLE || DEFAULT and VARIABLE ?? DEFAULT; true when it was one. */
static bool enter_default(struct scan *scan, TSNode node) {
    struct str operator_ = syntax_text(&scan->syntax, syntax_field(node, "operator"));
    struct str name = env_name(scan, syntax_field(node, "left"));

    if (name.len > 0 && operator_.len >= 2 &&
        (operator_.ptr[0] == '=' || operator_.ptr[0] == '!')) {
        add_variable(scan, name, NULL, false, syntax_field(node, "left")); /* VARIABLE === "true" */
        return true;
    }
    if (!str_eq(operator_, STR("||")) && !str_eq(operator_, STR("??"))) {
        return false;
    }
    if (name.len == 0) { /* location.origin || "http://localhost": the second is never needed */
        return holds(syntax_text(&scan->syntax, syntax_field(node, "left")), "location");
    }
    add_variable(scan, name, literal(scan, syntax_field(node, "right")), false,
                 syntax_field(node, "left"));
    return true;
}

/* A choice by the kind of build, or one that works without the variable. */
static bool enter_choice(struct scan *scan, TSNode node) {
    TSNode condition = syntax_field(node, "condition");
    struct str text = syntax_text(&scan->syntax, condition);
    struct str name = env_name(scan, condition);

    if (name.len > 0) {
        add_variable(scan, name, NULL, false, condition);
    }
    return holds(text, "import.meta.env.DEV") || holds(text, "import.meta.env.PROD") ||
           holds(text, "import.meta.env.MODE") || holds(text, "NODE_ENV") ||
           holds(text, "hostname");
}

struct destructuring {
    struct scan *scan;
    TSNode node;
};

static void take_name(void *ctx, TSNode child) {
    struct destructuring *taking = ctx;

    if (syntax_is(child, "shorthand_property_identifier_pattern")) {
        add_variable(taking->scan, syntax_text(&taking->scan->syntax, child), NULL, true, child);
    }
}

static void enter_declarator(struct scan *scan, TSNode node) {
    TSNode name = syntax_field(node, "name");
    struct destructuring taking = {scan, node};

    if (syntax_is(name, "object_pattern") &&
        syntax_is_text(&scan->syntax, syntax_field(node, "value"), "import.meta.env")) {
        syntax_children(name, take_name, &taking);
    }
}

static bool site_enter(void *ctx, TSNode node) {
    struct scan *scan = ctx;
    const char *type = ts_node_type(node);

    if (strcmp(type, "string") == 0) {
        enter_literal(scan, node);
    } else if (strcmp(type, "template_string") == 0) {
        enter_literal(scan, node);
    } else if (strcmp(type, "binary_expression") == 0) {
        return !enter_default(scan, node);
    } else if (strcmp(type, "ternary_expression") == 0) {
        return !enter_choice(scan, node);
    } else if (strcmp(type, "unary_expression") == 0) {
        struct str name = env_name(scan, syntax_field(node, "argument"));

        if (name.len > 0) {
            add_variable(scan, name, NULL, false, node);
            return false;
        }
    } else if (strcmp(type, "variable_declarator") == 0) {
        enter_declarator(scan, node);
    } else if (strcmp(type, "member_expression") == 0) {
        struct str name = env_name(scan, node);

        if (name.len > 0) {
            add_variable(scan, name, NULL, true, node);
            return false;
        }
    } else if (strcmp(type, "import_statement") == 0) {
        return false;
    }
    return true;
}

static void read_source(struct scan *scan, const char *path) {
    const struct syntax_visitor visitor = {.enter = site_enter, .ctx = scan};
    enum syntax_lang lang = str_ends(str_from(path), STR(".ts")) ? SYNTAX_TYPESCRIPT : SYNTAX_TSX;
    struct str text = {0};
    struct err ignored = {0};

    if (!tree_read(&scan->room->tree, path, TREE_SOURCE_MAX, &scan->room->text)) {
        return;
    }
    text = site_script_of(path, buf_str(&scan->room->text), &scan->line_offset);
    if (text.len == 0 || !is_worth_parsing(scan, text)) {
        return;
    }
    if (str_ends(str_from(path), STR(".vue")) || str_ends(str_from(path), STR(".svelte"))) {
        lang = SYNTAX_TYPESCRIPT;
    }
    if (syntax_parse(scan->room->parser, lang, text, &scan->syntax, &ignored) == ERR_NONE) {
        scan->room->parsed++;
        scan->path = path;
        syntax_walk(syntax_root(&scan->syntax), &visitor);
        syntax_done(&scan->syntax);
    }
}

/* --- .env files, which a build here does not see --- */

static void read_env_file(struct scan *scan, const char *path) {
    struct str rest = {0};
    struct str line = {0};
    int n = 0;

    if (path == NULL || !tree_read(&scan->room->tree, path, 64 * 1024, &scan->room->text)) {
        return;
    }
    rest = buf_str(&scan->room->text);
    while (str_next(&rest, '\n', &line)) {
        ptrdiff_t at = str_find(line, STR("="));
        struct str value =
            at < 0 ? (struct str){0} : str_trim(str_slice(line, (size_t)at + 1, line.len));
        const char *name =
            at < 0 ? "" : arena_str(scan->room->arena, str_trim(str_slice(line, 0, (size_t)at)));
        struct site_variable *variable = variable_at(scan->site, name);

        n++;
        if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
            value = str_slice(value, 1, value.len - 1);
        }
        if (variable != NULL && value.len > 0 && str_is_utf8(value)) {
            variable->default_text =
                arena_str(scan->room->arena, str_slice(value, 0, SITE_TEXT_MAX));
            variable->is_from_file = true;
            variable->file_where = room_where(scan->room, path, n);
            variable->is_required = false;
        }
    }
}

void site_read(struct room *room, const char *dir, const struct build_script *script,
               const struct vite_config *config, struct site *out) {
    struct scan scan = {.room = room, .site = out};
    const char *src = path_join(room->arena, dir, "src");
    const char *top = tree_has_folder(&room->tree, src) ? src : dir;
    const char *env_dir = config->env_dir != NULL ? config->env_dir
                          : config->root != NULL  ? config->root
                                                  : dir;
    size_t files = 0;

    *out = (struct site){0};
    for (size_t i = 0; i < room->tree.list.n && files < SITE_FILES_MAX; i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];

        if (tree_is_late(&room->tree)) {
            return;
        }
        if (entry->kind == FS_FILE && path_is_below(entry->path, top) &&
            site_is_source(path_from(entry->path, top)) && str_is_utf8(str_from(entry->path))) {
            files++;
            read_source(&scan, entry->path);
        }
    }
    read_env_file(&scan, path_join(room->arena, env_dir, ".env")); /* the later one wins */
    read_env_file(&scan,
                  path_join(room->arena, env_dir,
                            arena_format(room->arena, ".env.%s",
                                         script->mode == NULL ? "production" : script->mode)));
}
