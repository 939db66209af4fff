/* repo/syntax.h: parses source text with tree-sitter and walks what came out.
 *
 * A `struct syntax` owns its tree and borrows its text. The helpers below are all that the room
 * needs of a tree; TSNode is passed by value, as tree-sitter does. Broken source gives a tree with
 * error nodes, never a failure. Pure; one thread at a time per parser.
 */
#pragma once

#include <tree_sitter/api.h>

#include "base/str.h"

enum syntax_lang { SYNTAX_PYTHON, SYNTAX_TYPESCRIPT, SYNTAX_TSX, SYNTAX_TOML, SYNTAX_N };

enum {
    SYNTAX_FILE_MS = 2000, /* a text that takes longer is given up */
    /* A node of tree-sitter 0.20 counts its children in 16 bits and corrupts memory past them; a
     * text that does not parse can become one node of all its tokens. */
    SYNTAX_TOKENS_MAX = 65000,
    SYNTAX_DEPTH_MAX = 200 /* nodes deeper than this are not looked at */
};

struct syntax_parser; /* opaque: one parser a language, made when first used */

struct syntax_parser *syntax_parser_new(void);
void syntax_parser_free(struct syntax_parser *parser); /* accepts NULL */

struct syntax {
    TSTree *tree;    /* owned; NULL: empty */
    struct str text; /* borrowed */
};
void syntax_done(struct syntax *syntax);

/* Parses `text`, which must outlive `out`. Errors: ERR_TIMEOUT, ERR_TOO_LARGE (it may have
 * more than SYNTAX_TOKENS_MAX tokens). */
MUST_CHECK enum err_code syntax_parse(struct syntax_parser *parser, enum syntax_lang lang,
                                      struct str text, struct syntax *out, struct err *err);

TSNode syntax_root(const struct syntax *syntax);
struct str syntax_text(const struct syntax *syntax, TSNode node); /* "" for a null node */
int syntax_line(TSNode node);                                     /* from 1; 0 for a null node */
bool syntax_is(TSNode node, const char *type);                    /* false for a null node */
bool syntax_is_text(const struct syntax *syntax, TSNode node, const char *text);
TSNode syntax_field(TSNode node, const char *name); /* a null node when absent */
TSNode syntax_child(TSNode node, const char *type); /* the first named child of a type, or null */

/* Calls `each` for the named children of `node` in order, in time linear in their number. */
typedef void syntax_each(void *ctx, TSNode child);
void syntax_children(TSNode node, syntax_each *each, void *ctx);

/* Walks all named nodes below `node`, parents first, down to SYNTAX_DEPTH_MAX. `enter` says whether
 * to look below the node; `leave`, when not NULL, is called after what lies below. */
struct syntax_visitor {
    bool (*enter)(void *ctx, TSNode node);
    void (*leave)(void *ctx, TSNode node);
    void *ctx;
};
void syntax_walk(TSNode node, const struct syntax_visitor *visitor);

/* The first place that does not parse, as a line from 1; 0 when all of it parses. */
int syntax_broken_line(const struct syntax *syntax);
