/* The modules that the site imports, from index.html on: those that are not there. */
#include "repo/js.h"
#include "repo/path.h"
#include "repo/site_room.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    IMPORTS_FILES_MAX = 6000,
    IMPORTS_PACKAGES_MAX = 500,
    IMPORTS_MISSING_MAX = 5, /* said one by one */
    IMPORTS_MODULE_MAX = 300
};

struct graph {
    struct room *room;
    const char *dir; /* of the site */
    const struct node_manifest *manifest;
    const struct build_script *script;
    struct vite_config config; /* a copy, with the aliases of tsconfig.json */
    size_t *queue;             /* indices of the tree */
    size_t queued;
    unsigned char *is_queued; /* beside the tree's list */
    const char *packages[IMPORTS_PACKAGES_MAX];
    const char *package_where[IMPORTS_PACKAGES_MAX];
    size_t package_n;
    int missing;
};

/* --- files --- */

static void enqueue(struct graph *graph, const char *path) {
    const struct fs_entry *entry = tree_find(&graph->room->tree, path);
    size_t i = entry == NULL ? 0 : (size_t)(entry - graph->room->tree.list.rows);

    if (entry != NULL && entry->kind == FS_FILE && !graph->is_queued[i] &&
        graph->queued < IMPORTS_FILES_MAX) {
        graph->is_queued[i] = 1;
        graph->queue[graph->queued++] = i;
    }
}

/* Whether something is there, also in folders that the survey leaves out. */
static bool is_there(struct graph *graph, const char *path) {
    return tree_find(&graph->room->tree, path) != NULL ||
           fs_kind_at(&graph->room->tree.root, path) != FS_NONE;
}

static bool is_file(struct graph *graph, const char *path) {
    enum fs_kind kind = fs_kind_at(&graph->room->tree.root, path);

    return kind == FS_FILE || kind == FS_LINK;
}

/* The file that `base` means with the endings that Vite tries; NULL when there is none. */
static const char *file_of(struct graph *graph, const char *base) {
    static const char *const ends[] = {
        "",           ".ts",       ".tsx",       ".js",        ".jsx",       ".mjs",
        ".mts",       ".json",     ".vue",       ".svelte",    ".d.ts",      "/index.ts",
        "/index.tsx", "/index.js", "/index.jsx", "/index.vue", "/index.mjs", "/package.json"};
    static const char *const written[][2] = {
        {".js", ".ts"}, {".js", ".tsx"}, {".jsx", ".tsx"}, {".mjs", ".mts"}, {".js", ".d.ts"}};
    struct arena *arena = graph->room->arena;

    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        const char *path = arena_format(arena, "%s%s", base, ends[i]);

        if (is_file(graph, path)) {
            return path;
        }
    }
    for (size_t i = 0; i < ARRAY_N(written); i++) { /* TypeScript is imported by what it becomes */
        struct str text = str_from(base);

        if (str_ends(text, str_from(written[i][0]))) {
            const char *stem =
                arena_str(arena, str_slice(text, 0, text.len - strlen(written[i][0])));
            const char *path = arena_format(arena, "%s%s", stem, written[i][1]);

            if (is_file(graph, path)) {
                return path;
            }
        }
    }
    return NULL;
}

/* --- what a module name means --- */

enum meaning { MEANS_UNKNOWN, MEANS_FILE, MEANS_PACKAGE };

/* The place that an alias gives the name; MEANS_PACKAGE when none fits. */
static enum meaning by_alias(struct graph *graph, const char *module, const char **out_base) {
    for (size_t i = 0; i < graph->config.alias_n; i++) {
        const struct vite_alias *alias = &graph->config.aliases[i];
        size_t n = strlen(alias->find);
        const bool fits = n > 0 && strncmp(module, alias->find, n) == 0 &&
                          (module[n] == '\0' || module[n] == '/' || module[n - 1] == '/');

        if (!fits) {
            continue;
        }
        if (alias->folder == NULL) {
            return MEANS_UNKNOWN;
        }
        *out_base = path_join(graph->room->arena, alias->folder,
                              module[n] == '/' ? module + n + 1 : module + n);
        return *out_base == NULL ? MEANS_UNKNOWN : MEANS_FILE;
    }
    return MEANS_PACKAGE;
}

static bool is_package_name(const char *module) {
    static const char *const builtins[] = {
        "fs",     "path",   "url",        "util",          "os",      "http",   "https", "crypto",
        "stream", "buffer", "events",     "child_process", "process", "assert", "zlib",  "net",
        "tls",    "module", "querystring"};
    const char first = module[0];

    if (!(isalnum((unsigned char)first) || (first == '@' && isalnum((unsigned char)module[1]))) ||
        strchr(module, ':') != NULL || str_ends(str_from(module), STR(".css"))) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(builtins); i++) {
        if (strcmp(module, builtins[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* "?raw" and its kin are for Vite; an address of the site is a source only below /src. */
static enum meaning meaning_of(struct graph *graph, const char *from, const char *module,
                               const char **out_base) {
    struct arena *arena = graph->room->arena;
    const char *cut = strchr(module, '?');
    enum meaning meaning = MEANS_UNKNOWN;

    module = cut == NULL ? module : arena_str(arena, (struct str){module, (size_t)(cut - module)});
    if (module[0] == '.') {
        *out_base = path_join(arena, path_dir(arena, from), module);
        return *out_base == NULL ? MEANS_UNKNOWN : MEANS_FILE;
    }
    meaning = by_alias(graph, module, out_base);
    if (meaning != MEANS_PACKAGE) {
        return meaning;
    }
    if (strncmp(module, "/src/", 5) == 0 && graph->config.root != NULL) {
        *out_base = path_join(arena, graph->config.root, module + 1);
        return *out_base == NULL ? MEANS_UNKNOWN : MEANS_FILE;
    }
    return is_package_name(module) && !graph->config.is_alias_unknown ? MEANS_PACKAGE
                                                                      : MEANS_UNKNOWN;
}

/* --- what is missing --- */

struct sought {
    const char *module;
    int line; /* 0: not found */
};

static void compare(void *ctx, const char *module, int line) {
    struct sought *sought = ctx;

    sought->line = sought->line == 0 && strcmp(module, sought->module) == 0 ? line : sought->line;
}

/* The line on which the file really imports the module; 0: it only looked like that. */
static int import_line(struct graph *graph, const char *path, const char *module) {
    struct room *room = graph->room;
    struct js *js = ARENA_NEW(room->arena, struct js);
    struct sought sought = {.module = module};
    struct js_file file = {.path = path};
    struct err ignored = {0};
    struct str text = {0};
    int before = 0;
    const bool is_plain = str_ends(str_from(path), STR(".ts"));

    if (!room_spend(room) || !tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return 0;
    }
    text = site_script_of(path, buf_str(&room->text), &before);
    if (syntax_parse(room->parser, is_plain || before > 0 ? SYNTAX_TYPESCRIPT : SYNTAX_TSX, text,
                     &file.syntax, &ignored) != ERR_NONE) {
        return 0;
    }
    js_init(js, room, graph->dir);
    js_imports(js, &file, compare, &sought);
    syntax_done(&file.syntax);
    return sought.line == 0 ? 0 : sought.line + before;
}

/* Sources that a plugin of Vite makes while it builds. */
static bool is_made_by_vite(const struct graph *graph, const char *base) {
    static const char *const made[][2] = {{"routeTree.gen", "@tanstack/router-plugin"},
                                          {"routeTree.gen", "@tanstack/router-vite-plugin"},
                                          {"paraglide", "@inlang/paraglide-js"},
                                          {"paraglide", "@inlang/paraglide-vite"}};

    for (size_t i = 0; i < ARRAY_N(made); i++) {
        if (strstr(base, made[i][0]) != NULL &&
            node_manifest_has(graph->manifest->json, made[i][1])) {
            return true;
        }
    }
    return false;
}

static void say_missing(struct graph *graph, const char *from, const char *module,
                        const char *base) {
    const int line = graph->missing < IMPORTS_MISSING_MAX ? import_line(graph, from, module) : 0;
    const char *where = room_where(graph->room, from, line);

    if (line == 0) {
        return;
    }
    if (is_made_by_vite(graph, base)) {
        if (graph->script->has_check) {
            room_say(graph->room, REASON_CHECK_BEFORE_GENERATED, where, module);
        }
        return;
    }
    graph->missing++;
    room_say(graph->room,
             graph->script->has_maker ? REASON_SOURCES_GENERATED : REASON_FRONTEND_SOURCES_MISSING,
             where, module);
}

static void add_package(struct graph *graph, const char *from, const char *module) {
    const char *slash = strchr(module, '/');
    const char *name = NULL;

    slash = module[0] == '@' && slash != NULL ? strchr(slash + 1, '/') : slash;
    name = slash == NULL
               ? module
               : arena_str(graph->room->arena, (struct str){module, (size_t)(slash - module)});
    for (size_t i = 0; i < graph->package_n; i++) {
        if (strcmp(graph->packages[i], name) == 0) {
            return;
        }
    }
    if (graph->package_n < IMPORTS_PACKAGES_MAX) {
        graph->package_where[graph->package_n] = from;
        graph->packages[graph->package_n++] = name;
    }
}

static void take_module(struct graph *graph, const char *from, const char *module) {
    const char *base = NULL;
    const char *file = NULL;

    switch (meaning_of(graph, from, module, &base)) {
    case MEANS_FILE:
        file = file_of(graph, base);
        if (file != NULL) {
            enqueue(graph, file);
        } else if (!is_there(graph, base)) {
            say_missing(graph, from, module, base);
        }
        break;
    case MEANS_PACKAGE:
        add_package(graph, from, module);
        break;
    case MEANS_UNKNOWN:
        break;
    }
}

/* --- reading a source for its imports --- */

/* The line up to `at` is a comment. */
static bool is_comment(struct str text, size_t at) {
    size_t start = at;
    struct str before = {0};

    while (start > 0 && text.ptr[start - 1] != '\n') {
        start--;
    }
    before = str_trim(str_slice(text, start, at));
    return str_starts(before, STR("//")) || str_starts(before, STR("*")) ||
           str_starts(before, STR("/*"));
}

/* "import type { A }" and "export type { A }" are gone before Vite looks. */
static bool is_type_only(struct str text, size_t at) {
    const size_t start = at > 4000 ? at - 4000 : 0;

    for (size_t i = at; i > start; i--) {
        struct str here = str_slice(text, i - 1, at);

        if (str_starts(here, STR("import ")) || str_starts(here, STR("export ")) ||
            str_starts(here, STR("import{")) || str_starts(here, STR("export{"))) {
            struct str rest = str_slice(here, 7, here.len);

            return str_starts(rest, STR("type ")) && !str_starts(rest, STR("type ,"));
        }
    }
    return false;
}

/* The text in quotes behind `from "…"`, `import "…"` and `import("…")`. */
static struct str module_behind(struct str text, size_t at, bool is_import) {
    size_t i = at;
    size_t end = 0;
    char quote = '\0';

    while (i < text.len &&
           (isspace((unsigned char)text.ptr[i]) || (is_import && text.ptr[i] == '('))) {
        i++;
    }
    if (i == text.len || (text.ptr[i] != '"' && text.ptr[i] != '\'')) {
        return (struct str){0};
    }
    quote = text.ptr[i++];
    end = i;
    while (end < text.len && end - i < IMPORTS_MODULE_MAX && text.ptr[end] != quote &&
           text.ptr[end] != '\n') {
        end++;
    }
    return end < text.len && text.ptr[end] == quote ? str_slice(text, i, end) : (struct str){0};
}

static bool is_word_start(struct str text, size_t at) {
    return at == 0 || (!isalnum((unsigned char)text.ptr[at - 1]) &&
                       strchr("_$.\"'`", text.ptr[at - 1]) == NULL);
}

static void scan_for(struct str text, const char *word, struct str *out, size_t *out_n,
                     size_t max) {
    const struct str sought = str_from(word);
    const bool is_import = word[0] == 'i';
    ptrdiff_t at = 0;

    for (size_t from = 0; (at = str_find(str_slice(text, from, text.len), sought)) >= 0;) {
        const size_t here = from + (size_t)at;
        struct str module = module_behind(text, here + sought.len, is_import);

        from = here + sought.len;
        if (module.len > 0 && is_word_start(text, here) && !is_comment(text, here) &&
            !is_type_only(text, here) && *out_n < max) {
            out[(*out_n)++] = module;
        }
    }
}

static void read_imports(struct graph *graph, const char *path) {
    enum { MODULES_MAX = 400 };
    struct room *room = graph->room;
    struct str found[MODULES_MAX];
    const char *modules[MODULES_MAX];
    size_t n = 0;
    static const char *const ends[] = {".ts",  ".tsx", ".js",  ".jsx",
                                       ".mjs", ".mts", ".vue", ".svelte"};
    bool is_source = false;

    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        is_source = is_source || str_ends(str_from(path), str_from(ends[i]));
    }
    if (!is_source || !tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return;
    }
    scan_for(buf_str(&room->text), "from", found, &n, MODULES_MAX);
    scan_for(buf_str(&room->text), "import", found, &n, MODULES_MAX);
    for (size_t i = 0; i < n; i++) { /* the text is gone when the next file is read */
        modules[i] = arena_str(room->arena, found[i]);
    }
    for (size_t i = 0; i < n; i++) {
        take_module(graph, path, modules[i]);
    }
}

/* --- where it starts --- */

/* The sources that index.html loads. */
static void enter_page(struct graph *graph, const char *page) {
    struct room *room = graph->room;
    struct str text = {0};
    ptrdiff_t at = 0;

    if (!tree_read(&room->tree, page, TREE_SOURCE_MAX, &room->text)) {
        return;
    }
    text = buf_str(&room->text);
    while ((at = str_find(text, STR("<script"))) >= 0) {
        struct str tag = {0};
        struct str rest = str_slice(text, (size_t)at + 7, text.len);
        ptrdiff_t src = 0;
        struct str module = {0};
        const char *path = NULL;

        (void)str_next(&rest, '>', &tag);
        text = rest;
        src = str_find(tag, STR("src="));
        module = src < 0 ? (struct str){0} : module_behind(tag, (size_t)src + 4, false);
        if (module.len == 0 || str_find(module, STR("//")) >= 0 ||
            str_find(module, STR("%")) >= 0) {
            continue;
        }
        path = arena_str(room->arena, module);
        path = path_join(room->arena, graph->config.root, path[0] == '/' ? path + 1 : path);
        if (path != NULL && tree_has_file(&room->tree, path)) {
            enqueue(graph, path);
        } else if (path != NULL && str_find(module, STR("src/")) >= 0 && !is_there(graph, path)) {
            room_say(room, REASON_FRONTEND_SOURCES_MISSING, page, arena_str(room->arena, module));
        }
    }
}

/* A check of types reads all of TypeScript's sources, not only those that are used. */
static void enter_checked(struct graph *graph) {
    static const char *const ends[] = {".ts", ".tsx", ".vue"};
    const struct tree *tree = &graph->room->tree;
    const char *src = path_join(graph->room->arena, graph->dir, "src");

    for (size_t i = 0; i < tree->list.n && graph->script->has_check; i++) {
        const char *path = tree->list.rows[i].path;

        for (size_t j = 0; path_is_below(path, src) && j < ARRAY_N(ends); j++) {
            if (str_ends(str_from(path), str_from(ends[j])) && site_is_source(path) &&
                str_is_utf8(str_from(path))) {
                enqueue(graph, path);
            }
        }
    }
}

/* --- packages --- */

static bool is_declared(const struct graph *graph, const json_t *top, const char *name) {
    static const char *const lists[] = {"dependencies", "devDependencies", "peerDependencies",
                                        "optionalDependencies"};
    const char *own = json_str_or(graph->manifest->json, "name", "");

    for (size_t i = 0; i < ARRAY_N(lists); i++) {
        if (json_object_get(json_object_get(graph->manifest->json, lists[i]), name) != NULL ||
            json_object_get(json_object_get(top, lists[i]), name) != NULL) {
            return true;
        }
    }
    return strcmp(own, name) == 0;
}

/* Whether packages that others bring can be imported as well. */
static bool is_hoisted(struct graph *graph) {
    const char *manager = graph->manifest->manager;
    const char *dir = graph->manifest->lock == NULL
                          ? graph->manifest->dir
                          : path_dir(graph->room->arena, graph->manifest->lock);
    const bool is_berry = strcmp(manager, "yarn-berry") == 0;
    const char *rc = path_join(graph->room->arena, dir, is_berry ? ".yarnrc.yml" : ".npmrc");

    if (strcmp(manager, "pnpm") != 0 && !is_berry) {
        return true;
    }
    return tree_read(&graph->room->tree, rc, 64 * 1024, &graph->room->text) &&
           (str_find(buf_str(&graph->room->text), STR("hoist")) >= 0 ||
            str_find(buf_str(&graph->room->text), STR("node-modules")) >= 0);
}

/* Whether the lock file names the package, so that another one brings it. */
static bool is_locked(struct graph *graph, const char *name) {
    struct str text = {0};
    ptrdiff_t at = 0;
    const size_t n = strlen(name);

    if (graph->manifest->lock == NULL || !tree_read(&graph->room->tree, graph->manifest->lock,
                                                    SURVEY_LOCK_MAX, &graph->room->lock_text)) {
        return false;
    }
    text = buf_str(&graph->room->lock_text);
    while ((at = str_find(text, str_from(name))) >= 0) {
        const char before = at == 0 ? '\n' : text.ptr[at - 1];
        const char after = (size_t)at + n < text.len ? text.ptr[(size_t)at + n] : '\n';

        if (strchr("\"'/ \n", before) != NULL && strchr("@\"':", after) != NULL) {
            return true;
        }
        text = str_slice(text, (size_t)at + n, text.len);
    }
    return false;
}

static void check_packages(struct graph *graph) {
    json_t *top = node_manifest_top(graph->room, graph->manifest);
    const bool is_loose = is_hoisted(graph);

    for (size_t i = 0; i < graph->package_n; i++) {
        const char *name = graph->packages[i];

        if (is_declared(graph, top, name)) {
            continue;
        }
        if (is_loose && is_locked(graph, name)) {
            room_say(graph->room, REASON_PACKAGE_BORROWED, graph->package_where[i], name);
        } else if (top == NULL) { /* a workspace has packages of its own */
            room_say(graph->room, REASON_PACKAGE_UNDECLARED, graph->package_where[i], name);
        }
    }
    json_decref(top);
}

static void add_config_packages(struct graph *graph) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(graph->config.modules, i, row) {
        const char *module = json_string_value(row);

        if (is_package_name(module)) {
            add_package(graph, graph->config.path, module);
        }
    }
}

void imports_check(struct room *room, const char *dir, const struct node_manifest *manifest,
                   const struct build_script *script, const struct vite_config *config) {
    struct graph *graph = ARENA_NEW(room->arena, struct graph);

    if (room->tree.cut != NULL || config->root == NULL) {
        return;
    }
    graph->room = room;
    graph->dir = dir;
    graph->manifest = manifest;
    graph->script = script;
    graph->config = *config;
    graph->queue = ARENA_ARRAY(room->arena, size_t, IMPORTS_FILES_MAX);
    graph->is_queued = ARENA_ARRAY(room->arena, unsigned char, room->tree.list.n + 1);
    tsconfig_aliases(room, dir, &graph->config);
    enter_page(graph, path_join(room->arena, config->root, "index.html"));
    for (size_t i = 0; i < config->entry_n; i++) {
        if (str_ends(str_from(config->entries[i]), STR(".html"))) {
            enter_page(graph, config->entries[i]);
        } else {
            enqueue(graph, config->entries[i]);
        }
    }
    enter_checked(graph);
    for (size_t i = 0; i < graph->queued && room_spend(room); i++) {
        read_imports(graph, room->tree.list.rows[graph->queue[i]].path);
    }
    add_config_packages(graph);
    check_packages(graph);
}
