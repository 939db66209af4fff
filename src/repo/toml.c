/* Reads TOML into JSON. */
#include "repo/toml.h"

#include "base/encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TOML_DEPTH_MAX = 16, TOML_STRING_MAX = 1 << 16 };

struct toml {
    const struct syntax *syntax;
    json_t *root;     /* borrowed */
    int first_broken; /* a table whose name is taken */
};

static json_t *value_of(const struct toml *toml, TSNode node, int depth);

/* --- strings and keys --- */

/* Decodes the escape behind the backslash at `text.ptr[i]`; returns the bytes it took. */
static size_t add_escape(struct str text, size_t i, struct buf *out) {
    static const char from[] = "btnfr\"\\e";
    static const char to[] = "\b\t\n\f\r\"\\\x1b";
    const char c = i + 1 < text.len ? text.ptr[i + 1] : '\0';
    const char *simple = c == '\0' ? NULL : memchr(from, c, sizeof(from) - 1);
    const size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    size_t n = 0;

    if (simple != NULL) {
        buf_add_c(out, to[simple - from]);
        return 2;
    }
    if (digits > 0 && i + 2 + digits <= text.len) {
        char hex[9] = {0};

        memcpy(hex, text.ptr + i + 2, digits);
        utf8_add_point(out, (uint32_t)strtoul(hex, NULL, 16));
        return 2 + digits;
    }
    /* A line that ends in a backslash goes on at the next word. */
    for (n = 1; i + n < text.len && strchr(" \t\r\n", text.ptr[i + n]) != NULL; n++) {
    }
    return n;
}

static json_t *string_of(struct str text) {
    const bool is_long =
        text.len >= 6 && (str_starts(text, STR("\"\"\"")) || str_starts(text, STR("'''")));
    const size_t quote = is_long ? 3 : 1;
    const bool is_literal = text.len > 0 && text.ptr[0] == '\'';
    CLEANUP(buf_done) struct buf out = BUF_INIT(TOML_STRING_MAX);

    if (text.len < 2 * quote) {
        return json_string("");
    }
    text = str_slice(text, quote, text.len - quote);
    if (is_long && str_starts(text, STR("\r\n"))) {
        text = str_slice(text, 2, text.len);
    } else if (is_long && str_starts(text, STR("\n"))) {
        text = str_slice(text, 1, text.len);
    }
    for (size_t i = 0; i < text.len;) {
        if (text.ptr[i] == '\\' && !is_literal) {
            i += add_escape(text, i, &out);
        } else {
            buf_add_c(&out, text.ptr[i++]);
        }
    }
    return json_string_of(buf_str(&out));
}

/* The words of a key, outermost first. */
struct key_path {
    char *words[TOML_DEPTH_MAX]; /* heap */
    size_t n;
};

static void key_path_done(struct key_path *path) {
    for (size_t i = 0; i < path->n; i++) {
        free(path->words[i]);
    }
}

static void key_split(const struct toml *toml, TSNode node, int depth, struct key_path *path) {
    if (depth > TOML_DEPTH_MAX || path->n == TOML_DEPTH_MAX) {
        return;
    }
    if (syntax_is(node, "dotted_key")) {
        for (uint32_t i = 0; i < ts_node_named_child_count(node) && i < TOML_DEPTH_MAX; i++) {
            key_split(toml, ts_node_named_child(node, i), depth + 1, path);
        }
    } else if (syntax_is(node, "quoted_key")) {
        json_t *text = string_of(syntax_text(toml->syntax, node));

        path->words[path->n++] = mem_strdup(json_string_value(text));
        json_decref(text);
    } else if (syntax_is(node, "bare_key")) {
        path->words[path->n++] = str_dup(syntax_text(toml->syntax, node));
    }
}

/* --- values --- */

static json_t *number_of(struct str text) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(256);
    char *end = NULL;
    long long whole = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '_') {
            buf_add_c(&plain, text.ptr[i]);
        }
    }
    errno = 0;
    whole = strtoll(buf_cstr(&plain), &end, 0);
    return errno == 0 && *end == '\0' ? json_integer(whole) : json_string_of(text);
}

struct filling {
    const struct toml *toml;
    json_t *into;
    int depth;
};

static void add_item(void *ctx, TSNode child) {
    struct filling *filling = ctx;

    if (!syntax_is(child, "comment")) {
        json_array_append_new(filling->into, value_of(filling->toml, child, filling->depth + 1));
    }
}

static void add_pair(void *ctx, TSNode child);

static json_t *value_of(const struct toml *toml, TSNode node, int depth) {
    struct filling filling = {.toml = toml, .depth = depth};
    struct str text = syntax_text(toml->syntax, node);

    if (depth > TOML_DEPTH_MAX) {
        return json_null();
    }
    if (syntax_is(node, "string")) {
        return string_of(text);
    }
    if (syntax_is(node, "integer")) {
        return number_of(text);
    }
    if (syntax_is(node, "boolean")) {
        return json_boolean(str_eq(text, STR("true")));
    }
    if (syntax_is(node, "array")) {
        filling.into = json_array();
        syntax_children(node, add_item, &filling);
        return filling.into;
    }
    if (syntax_is(node, "inline_table")) {
        filling.into = json_object();
        syntax_children(node, add_pair, &filling);
        return filling.into;
    }
    return json_string_of(text); /* floats and dates, as written */
}

/* The table at `path` below `at`, made where it is missing; the last element of an array of tables.
 */
static json_t *table_at(json_t *at, const struct key_path *path, size_t n) {
    for (size_t i = 0; i < n && at != NULL; i++) {
        json_t *next = json_object_get(at, path->words[i]);

        if (next == NULL) {
            next = json_object();
            if (json_object_set_new(at, path->words[i], next) != 0) {
                return NULL; /* a key that is not UTF-8 */
            }
        } else if (json_is_array(next)) {
            next = json_array_get(next, json_array_size(next) - 1);
        }
        at = json_is_object(next) ? next : NULL;
    }
    return at;
}

static void add_pair(void *ctx, TSNode child) {
    struct filling *filling = ctx;
    CLEANUP(key_path_done) struct key_path path = {0};
    json_t *table = NULL;

    if (!syntax_is(child, "pair")) {
        return;
    }
    key_split(filling->toml, ts_node_named_child(child, 0), 0, &path);
    if (path.n == 0) {
        return;
    }
    table = table_at(filling->into, &path, path.n - 1);
    if (table != NULL && json_object_get(table, path.words[path.n - 1]) == NULL) {
        json_object_set_new(
            table, path.words[path.n - 1],
            value_of(filling->toml, ts_node_named_child(child, 1), filling->depth + 1));
    }
}

/* --- the document --- */

/* [a.b] and [[a.b]]: where the pairs below it go; NULL when the name is taken by something else. */
static json_t *open_table(const struct toml *toml, TSNode node) {
    CLEANUP(key_path_done) struct key_path path = {0};
    json_t *table = NULL;
    json_t *list = NULL;
    json_t *made = NULL;

    key_split(toml, ts_node_named_child(node, 0), 0, &path);
    if (path.n == 0) {
        return NULL;
    }
    if (!syntax_is(node, "table_array_element")) {
        return table_at(toml->root, &path, path.n);
    }
    table = table_at(toml->root, &path, path.n - 1);
    list = table == NULL ? NULL : json_object_get(table, path.words[path.n - 1]);
    if (table != NULL && list == NULL) {
        list = json_array();
        if (json_object_set_new(table, path.words[path.n - 1], list) != 0) {
            return NULL;
        }
    }
    if (!json_is_array(list)) {
        return NULL;
    }
    made = json_object();
    json_array_append_new(list, made);
    return made;
}

static void add_part(void *ctx, TSNode child) {
    struct toml *toml = ctx;
    struct filling filling = {.toml = toml, .into = toml->root};

    if (syntax_is(child, "pair")) {
        add_pair(&filling, child);
    } else if (syntax_is(child, "table") || syntax_is(child, "table_array_element")) {
        filling.into = open_table(toml, child);
        if (filling.into == NULL) {
            toml->first_broken = toml->first_broken == 0 ? syntax_line(child) : toml->first_broken;
        } else {
            syntax_children(child, add_pair, &filling);
        }
    }
}

enum err_code toml_read(struct syntax_parser *parser, struct str text, json_t **out,
                        int *broken_line, struct err *err) {
    struct syntax syntax = {0};
    struct toml toml = {.syntax = &syntax};

    if (syntax_parse(parser, SYNTAX_TOML, text, &syntax, err) != ERR_NONE) {
        return err->code;
    }
    toml.root = json_object();
    syntax_children(syntax_root(&syntax), add_part, &toml);
    *broken_line = syntax_broken_line(&syntax);
    *broken_line = *broken_line == 0 ? toml.first_broken : *broken_line;
    *out = toml.root;
    syntax_done(&syntax);
    return ERR_NONE;
}
