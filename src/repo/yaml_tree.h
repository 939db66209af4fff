/* repo/yaml_tree.h: reads one small YAML document into a tree of nodes that know their lines.
 *
 * For files that strangers may have written: bytes, depth and nodes are bounded; anchors, aliases,
 * tags, several documents and repeated keys are refused, so nothing can grow. Pure.
 */
#pragma once

#include "base/arena.h"

enum { YAML_BYTES_MAX = 64 * 1024, YAML_DEPTH_MAX = 8, YAML_NODES_MAX = 4096 };

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

/* A place in the text: line and column, both from 0, the column in characters. */
struct yaml_place {
    size_t line;
    size_t column;
};

struct yaml_node {
    enum yaml_kind kind;
    int line;        /* from 1 */
    const char *key; /* in a map; otherwise NULL */
    int key_line;
    const char *text;        /* of a scalar; "" for an empty one */
    bool is_null;            /* a plain empty scalar, ~ or null */
    bool is_plain;           /* of a scalar: written without quotes or block */
    const char *tag;         /* "!Ref", of a file of another tool; otherwise NULL */
    bool is_flow;            /* of a map or a list: written with braces or brackets */
    struct yaml_place begin; /* of the key in a map, otherwise of the value */
    struct yaml_place start; /* of the value */
    struct yaml_place end;   /* behind the last character that is the value's */
    struct yaml_node *first; /* of a map or a list, in the order of the file */
    struct yaml_node *next;  /* sibling */
};

/* As yaml_read(), for the file of another tool: tags are kept, aliases and merges ("<<") followed,
 * which count as often as they stand there, and up to YAML_FOREIGN_DEPTH_MAX levels are read.
 * An alias without its anchor before it is an empty value. */
enum { YAML_FOREIGN_DEPTH_MAX = 24 };
MUST_CHECK enum err_code yaml_read_foreign(struct str text, const char *file, struct arena *arena,
                                           struct yaml_node **out, struct err *err);

/* As yaml_read_foreign(), for a template of CloudFormation, which may be larger. */
enum {
    YAML_TEMPLATE_BYTES_MAX = 1 << 20, /* CloudFormation's own limit */
    YAML_TEMPLATE_DEPTH_MAX = 100,
    YAML_TEMPLATE_NODES_MAX = 200 * 1000
};
MUST_CHECK enum err_code yaml_read_template(struct str text, const char *file, struct arena *arena,
                                            struct yaml_node **out, struct err *err);

/* Reads `text` into `arena`. An empty text is an empty map. `file` is the name for error sentences.
 * Errors: ERR_CONFIG "FILE:LINE: …", ERR_TOO_LARGE. */
MUST_CHECK enum err_code yaml_read(struct str text, const char *file, struct arena *arena,
                                   struct yaml_node **out, struct err *err);

/* The entry `key` of a map; NULL when there is none, or `map` is NULL or no map. */
struct yaml_node *yaml_child(const struct yaml_node *map, const char *key);

/* The text of a scalar; NULL for anything else, for null and for NULL. */
const char *yaml_text(const struct yaml_node *node);
