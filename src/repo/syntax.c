/* Parses source text with tree-sitter. */
#include "repo/syntax.h"

#include <stdlib.h>
#include <string.h>

const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_typescript(void);
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_toml(void);

static const TSLanguage *(*const languages[SYNTAX_N])(void) = {
    [SYNTAX_PYTHON] = tree_sitter_python,
    [SYNTAX_TYPESCRIPT] = tree_sitter_typescript,
    [SYNTAX_TSX] = tree_sitter_tsx,
    [SYNTAX_TOML] = tree_sitter_toml,
};

struct syntax_parser {
    TSParser *parsers[SYNTAX_N];
};

struct syntax_parser *syntax_parser_new(void) {
    return mem_alloc(sizeof(struct syntax_parser));
}

void syntax_parser_free(struct syntax_parser *parser) {
    if (parser == NULL) {
        return;
    }
    for (size_t i = 0; i < SYNTAX_N; i++) {
        if (parser->parsers[i] != NULL) {
            ts_parser_delete(parser->parsers[i]);
        }
    }
    free(parser);
}

static TSParser *parser_for(struct syntax_parser *parser, enum syntax_lang lang) {
    if (parser->parsers[lang] == NULL) {
        TSParser *made = ts_parser_new();

        if (!ts_parser_set_language(made, languages[lang]())) {
            abort(); /* built with a grammar of another generation: a defect of the build */
        }
        ts_parser_set_timeout_micros(made, SYNTAX_FILE_MS * 1000);
        parser->parsers[lang] = made;
    }
    return parser->parsers[lang];
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* More tokens than the text can have: words, other characters, and what a grammar adds at the end
 * of a line or a block. */
static size_t tokens_at_most(struct str text) {
    size_t n = 0;
    bool in_word = false;

    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool is_blank = c == ' ' || c == '\t' || c == '\r';

        n += c == '\n' ? 3 : c == '}' ? 2 : is_word(c) ? !in_word : !is_blank;
        in_word = is_word(c);
    }
    return n;
}

enum err_code syntax_parse(struct syntax_parser *parser, enum syntax_lang lang, struct str text,
                           struct syntax *out, struct err *err) {
    TSParser *at = parser_for(parser, lang);
    TSTree *tree = NULL;

    if (text.len >= UINT32_MAX || tokens_at_most(text) > SYNTAX_TOKENS_MAX) {
        return err_set(err, ERR_TOO_LARGE, "a source text of %zu bytes is too long", text.len);
    }
    tree = ts_parser_parse_string(at, NULL, text.ptr == NULL ? "" : text.ptr, (uint32_t)text.len);
    if (tree == NULL) {
        ts_parser_reset(at); /* otherwise the next text would continue this one */
        return err_set(err, ERR_TIMEOUT, "parsing took longer than %d ms", SYNTAX_FILE_MS);
    }
    *out = (struct syntax){tree, text};
    return ERR_NONE;
}

void syntax_done(struct syntax *syntax) {
    if (syntax->tree != NULL) {
        ts_tree_delete(syntax->tree);
    }
    *syntax = (struct syntax){0};
}

TSNode syntax_root(const struct syntax *syntax) { return ts_tree_root_node(syntax->tree); }

struct str syntax_text(const struct syntax *syntax, TSNode node) {
    if (ts_node_is_null(node)) {
        return (struct str){0};
    }
    return str_slice(syntax->text, ts_node_start_byte(node), ts_node_end_byte(node));
}

int syntax_line(TSNode node) {
    return ts_node_is_null(node) ? 0 : (int)ts_node_start_point(node).row + 1;
}

bool syntax_is(TSNode node, const char *type) {
    return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

bool syntax_is_text(const struct syntax *syntax, TSNode node, const char *text) {
    return !ts_node_is_null(node) && str_eq(syntax_text(syntax, node), str_from(text));
}

TSNode syntax_field(TSNode node, const char *name) {
    return ts_node_is_null(node) ? node
                                 : ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

struct first_of_type {
    const char *type;
    TSNode found;
    bool is_found;
};

static void child_compare(void *ctx, TSNode child) {
    struct first_of_type *first = ctx;

    if (!first->is_found && syntax_is(child, first->type)) {
        first->found = child;
        first->is_found = true;
    }
}

TSNode syntax_child(TSNode node, const char *type) {
    struct first_of_type first = {.type = type};

    if (!ts_node_is_null(node)) {
        syntax_children(node, child_compare, &first);
    }
    return first.found;
}

void syntax_children(TSNode node, syntax_each *each, void *ctx) {
    TSTreeCursor cursor;

    if (ts_node_is_null(node)) {
        return;
    }
    cursor = ts_tree_cursor_new(node);
    if (ts_tree_cursor_goto_first_child(&cursor)) {
        do {
            TSNode child = ts_tree_cursor_current_node(&cursor);

            if (ts_node_is_named(child)) {
                each(ctx, child);
            }
        } while (ts_tree_cursor_goto_next_sibling(&cursor));
    }
    ts_tree_cursor_delete(&cursor);
}

/* Moves the cursor on after the node under it is finished; false at the end of the walk. */
static bool walk_next(TSTreeCursor *cursor, int *depth, const struct syntax_visitor *visitor) {
    for (;;) {
        TSNode node = ts_tree_cursor_current_node(cursor);

        if (visitor->leave != NULL && ts_node_is_named(node)) {
            visitor->leave(visitor->ctx, node);
        }
        if (*depth == 0) {
            return false;
        }
        if (ts_tree_cursor_goto_next_sibling(cursor)) {
            return true;
        }
        if (!ts_tree_cursor_goto_parent(cursor)) {
            return false;
        }
        (*depth)--;
    }
}

void syntax_walk(TSNode node, const struct syntax_visitor *visitor) {
    TSTreeCursor cursor;
    int depth = 0;
    bool more = !ts_node_is_null(node);

    if (!more) {
        return;
    }
    cursor = ts_tree_cursor_new(node);
    while (more) {
        TSNode at = ts_tree_cursor_current_node(&cursor);
        bool below = !ts_node_is_named(at) || visitor->enter(visitor->ctx, at);

        if (below && depth < SYNTAX_DEPTH_MAX && ts_tree_cursor_goto_first_child(&cursor)) {
            depth++;
            continue;
        }
        more = walk_next(&cursor, &depth, visitor);
    }
    ts_tree_cursor_delete(&cursor);
}

struct broken {
    int line;
};

static bool broken_enter(void *ctx, TSNode node) {
    struct broken *broken = ctx;

    if (broken->line == 0 && (ts_node_is_missing(node) || syntax_is(node, "ERROR"))) {
        broken->line = syntax_line(node);
    }
    return broken->line == 0 && ts_node_has_error(node);
}

int syntax_broken_line(const struct syntax *syntax) {
    struct broken broken = {0};
    const struct syntax_visitor visitor = {.enter = broken_enter, .ctx = &broken};

    if (ts_node_has_error(syntax_root(syntax))) {
        syntax_walk(syntax_root(syntax), &visitor);
        broken.line = broken.line == 0 ? 1 : broken.line;
    }
    return broken.line;
}
