/* Reads one small YAML document with libyaml. */
#include "repo/yaml_tree.h"

#include <string.h>
#include <yaml.h>

enum { YAML_ANCHORS_MAX = 64 };

struct anchor {
    const char *name;
    const struct yaml_node *node;
    int nodes; /* of it and all below, which each alias counts again: nothing can grow */
};

struct reader {
    yaml_parser_t parser;
    const char *file;
    struct arena *arena;
    int nodes;
    struct yaml_bounds {
        size_t bytes;
        int depth;
        int nodes;
    } max;
    bool is_foreign; /* of another tool: tags, anchors and aliases may stand there */
    struct anchor anchors[YAML_ANCHORS_MAX];
    size_t anchor_n;
};

static void reader_done(struct reader *reader) { yaml_parser_delete(&reader->parser); }

static int line_of(yaml_mark_t mark) { return (int)mark.line + 1; }

static struct yaml_place place_of(yaml_mark_t mark) {
    return (struct yaml_place){mark.line, mark.column};
}

static enum err_code reader_fail(const struct reader *reader, int line, const char *what,
                                 struct err *err) {
    return err_set(err, ERR_CONFIG, "%s:%d: %s", reader->file, line, what);
}

static enum err_code next_event(struct reader *reader, yaml_event_t *event, struct err *err) {
    const char *what;

    if (yaml_parser_parse(&reader->parser, event) == 1) {
        return ERR_NONE;
    }
    what = reader->parser.problem;
    if (what != NULL && strstr(what, "cannot start any token") != NULL) {
        what = "a value cannot begin with this character: lines are indented by blanks, not by "
               "tabs, and what begins with @, ` or % stands in quotes";
    }
    return reader_fail(reader, line_of(reader->parser.problem_mark),
                       what == NULL ? "this is not YAML" : what, err);
}

static const yaml_char_t *event_tag(const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_ALIAS_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        break;
    }
    return NULL;
}

static const yaml_char_t *event_anchor(const yaml_event_t *event) {
    return event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
           : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
           : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
                                                      : NULL;
}

/* What no event of ours may carry, as a sentence; NULL when it is fine. */
static const char *event_objection(const struct reader *reader, const yaml_event_t *event) {
    if (reader->is_foreign) {
        return NULL;
    }
    if (event->type == YAML_ALIAS_EVENT) {
        return "aliases (*name) are not used here";
    }
    if (event_anchor(event) != NULL) {
        return "anchors (&name) are not used here";
    }
    return event_tag(event) != NULL ? "tags (!name) are not used here" : NULL;
}

/* --- anchors, aliases and merges of other tools' files --- */

static void keep_anchor(struct reader *reader, const yaml_event_t *event,
                        const struct yaml_node *node, int nodes) {
    const char *name = (const char *)event_anchor(event);

    if (name != NULL && reader->anchor_n < YAML_ANCHORS_MAX) {
        reader->anchors[reader->anchor_n++] =
            (struct anchor){arena_str(reader->arena, str_from(name)), node, nodes};
    }
}

/* The last anchor of that name; NULL also for one that is not complete yet: nothing holds itself.
 */
static const struct anchor *find_anchor(const struct reader *reader, const char *name) {
    for (size_t i = reader->anchor_n; i > 0; i--) {
        if (strcmp(reader->anchors[i - 1].name, name) == 0) {
            return &reader->anchors[i - 1];
        }
    }
    return NULL;
}

/* Gives `node` what the alias means; an unknown one is an empty value. */
static enum err_code follow_alias(struct reader *reader, const char *name, struct yaml_node *node,
                                  struct err *err) {
    const struct anchor *anchor = find_anchor(reader, name);

    if (anchor == NULL) {
        node->is_null = true;
        return ERR_NONE;
    }
    reader->nodes += anchor->nodes;
    if (reader->nodes > reader->max.nodes) {
        return reader_fail(reader, node->line, "there are too many entries", err);
    }
    node->kind = anchor->node->kind;
    node->text = anchor->node->text;
    node->is_plain = anchor->node->is_plain;
    node->is_null = anchor->node->is_null;
    node->tag = anchor->node->tag;
    node->is_flow = anchor->node->is_flow;
    node->first = anchor->node->first;
    return ERR_NONE;
}

static const struct yaml_node *find_key(const struct yaml_node *map, const char *key) {
    for (const struct yaml_node *at = map->first; at != NULL; at = at->next) {
        if (strcmp(at->key, key) == 0) {
            return at;
        }
    }
    return NULL;
}

static enum err_code merge_entries(struct reader *reader, struct yaml_node *map,
                                   const struct yaml_node *from, struct err *err) {
    for (const struct yaml_node *at = from->kind == YAML_MAP ? from->first : NULL; at != NULL;
         at = at->next) {
        struct yaml_node *copy = NULL;
        struct yaml_node **tail = &map->first;

        if (find_key(map, at->key) != NULL) {
            continue;
        }
        if (++reader->nodes > YAML_NODES_MAX) {
            return reader_fail(reader, map->line, "there are too many entries", err);
        }
        copy = ARENA_NEW(reader->arena, struct yaml_node);
        *copy = *at;
        copy->next = NULL;
        while (*tail != NULL) {
            tail = &(*tail)->next;
        }
        *tail = copy;
    }
    return ERR_NONE;
}

/* "<<: *base" and "<<: [*one, *two]" give the entries that the map does not have itself. */
static enum err_code follow_merge(struct reader *reader, struct yaml_node *map, struct err *err) {
    struct yaml_node **link = &map->first;
    const struct yaml_node *merge = NULL;

    while (*link != NULL && strcmp((*link)->key, "<<") != 0) {
        link = &(*link)->next;
    }
    merge = *link;
    if (merge == NULL) {
        return ERR_NONE;
    }
    *link = merge->next;
    if (merge->kind != YAML_LIST) {
        return merge_entries(reader, map, merge, err);
    }
    for (const struct yaml_node *at = merge->first; at != NULL; at = at->next) {
        if (merge_entries(reader, map, at, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static bool is_null_word(const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;

    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static enum err_code node_of(struct reader *reader, const yaml_event_t *event, int depth,
                             struct yaml_node **out, struct err *err);

/* Takes the text of a key event. */
static enum err_code key_of(struct reader *reader, const struct yaml_node *map,
                            const yaml_event_t *event, const char **out, struct err *err) {
    const int line = line_of(event->start_mark);
    const char *objection = event_objection(reader, event);
    const char *key = NULL;
    const struct yaml_node *before = NULL;

    if (objection != NULL) {
        return reader_fail(reader, line, objection, err);
    }
    if (event->type != YAML_SCALAR_EVENT) {
        return reader_fail(reader, line, "a key must be a plain word", err);
    }
    key = (const char *)event->data.scalar.value;
    if (strlen(key) != event->data.scalar.length) {
        return reader_fail(reader, line, "a key holds a NUL character", err);
    }
    before = find_key(map, key);
    if (before != NULL && !reader->is_foreign) {
        return err_set(err, ERR_CONFIG, "%s:%d: '%s' was given on line %d already", reader->file,
                       line, key, before->key_line);
    }
    *out = arena_str(reader->arena, str_from(key));
    return ERR_NONE;
}

/* Reads the entries of a map or a list up to its end event. */
static enum err_code read_entries(struct reader *reader, struct yaml_node *parent, int depth,
                                  struct err *err) {
    const bool is_map = parent->kind == YAML_MAP;
    const yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    struct yaml_node **tail = &parent->first;
    enum err_code code = ERR_NONE;

    while (code == ERR_NONE) {
        CLEANUP(yaml_event_delete) yaml_event_t event = {0};
        CLEANUP(yaml_event_delete) yaml_event_t value = {0};
        struct yaml_node *node = NULL;
        const char *key = NULL;
        const int key_line = (int)reader->parser.mark.line + 1;

        code = next_event(reader, &event, err);
        if (code != ERR_NONE || event.type == end) {
            /* The end of a block is told where the next thing begins, comments and all. */
            parent->end = parent->is_flow ? place_of(event.end_mark) : parent->end;
            break;
        }
        if (is_map) {
            code = key_of(reader, parent, &event, &key, err);
            code = code != ERR_NONE ? code : next_event(reader, &value, err);
        }
        code = code != ERR_NONE ? code
                                : node_of(reader, is_map ? &value : &event, depth + 1, &node, err);
        if (code == ERR_NONE) {
            node->key = key;
            node->key_line = is_map ? line_of(event.start_mark) : key_line;
            node->begin = is_map ? place_of(event.start_mark) : node->begin;
            parent->end = node->end;
            *tail = node;
            tail = &node->next;
        }
    }
    return code;
}

static enum err_code node_of(struct reader *reader, const yaml_event_t *event, int depth,
                             struct yaml_node **out, struct err *err) {
    const int line = line_of(event->start_mark);
    const int before = reader->nodes;
    const char *objection = event_objection(reader, event);
    struct yaml_node *node = ARENA_NEW(reader->arena, struct yaml_node);

    node->line = line;
    node->text = "";
    node->begin = place_of(event->start_mark);
    node->start = node->begin;
    node->end = place_of(event->end_mark);
    if (objection != NULL) {
        return reader_fail(reader, line, objection, err);
    }
    if (++reader->nodes > reader->max.nodes) {
        return reader_fail(reader, line, "there are too many entries", err);
    }
    if (depth > reader->max.depth) {
        return reader_fail(reader, line, "this is nested too deeply", err);
    }
    *out = node;
    if (event_tag(event) != NULL) {
        node->tag = arena_str(reader->arena, str_from((const char *)event_tag(event)));
    }
    if (event->type == YAML_ALIAS_EVENT) {
        return follow_alias(reader, (const char *)event->data.alias.anchor, node, err);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};

        if (memchr(text.ptr, '\0', text.len) != NULL) {
            return reader_fail(reader, line, "a value holds a NUL character", err);
        }
        node->kind = YAML_SCALAR;
        node->text = arena_str(reader->arena, text);
        node->is_null = is_null_word(event);
        node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        keep_anchor(reader, event, node, 1);
        return ERR_NONE;
    }
    node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
    node->is_flow = node->kind == YAML_MAP
                        ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                        : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    if (read_entries(reader, node, depth, err) != ERR_NONE ||
        (reader->is_foreign && node->kind == YAML_MAP &&
         follow_merge(reader, node, err) != ERR_NONE)) {
        return err->code;
    }
    keep_anchor(reader, event, node, reader->nodes - before);
    return ERR_NONE;
}

/* Reads up to and including the event of `want`. */
static enum err_code skip_to(struct reader *reader, yaml_event_type_t want, bool *is_there,
                             struct err *err) {
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    enum err_code code = next_event(reader, &event, err);

    *is_there = code == ERR_NONE && event.type == want;
    return code;
}

static enum err_code read_document(struct reader *reader, struct yaml_node **out, struct err *err) {
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    enum err_code code = ERR_NONE;
    bool is_there = false;

    code = skip_to(reader, YAML_STREAM_START_EVENT, &is_there, err);
    if (code == ERR_NONE) {
        code = skip_to(reader, YAML_DOCUMENT_START_EVENT, &is_there, err);
    }
    if (code == ERR_NONE && !is_there) { /* nothing but blanks and comments */
        *out = ARENA_NEW(reader->arena, struct yaml_node);
        **out = (struct yaml_node){.kind = YAML_MAP, .line = 1, .text = ""};
        return ERR_NONE;
    }
    if (code == ERR_NONE) {
        code = next_event(reader, &event, err);
    }
    if (code == ERR_NONE) {
        code = node_of(reader, &event, 0, out, err);
    }
    if (code == ERR_NONE) {
        code = skip_to(reader, YAML_DOCUMENT_END_EVENT, &is_there, err);
    }
    if (code == ERR_NONE) {
        code = skip_to(reader, YAML_STREAM_END_EVENT, &is_there, err);
    }
    if (code == ERR_NONE && !is_there) {
        return reader_fail(reader, line_of(reader->parser.mark), "a second document begins", err);
    }
    return code;
}

static enum err_code yaml_read_as(struct str text, const char *file, bool is_foreign,
                                  struct yaml_bounds max, struct arena *arena,
                                  struct yaml_node **out, struct err *err) {
    CLEANUP(reader_done)
    struct reader reader = {.file = file, .arena = arena, .max = max, .is_foreign = is_foreign};
    struct yaml_node *root = NULL;

    if (text.len > max.bytes) {
        return err_set(err, ERR_TOO_LARGE, "%s: %zu bytes are more than the %zu allowed", file,
                       text.len, max.bytes);
    }
    if (yaml_parser_initialize(&reader.parser) != 1) {
        return err_set(err, ERR_DEFECT, "%s: the YAML reader cannot be made", file);
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &reader.parser, (const unsigned char *)(text.ptr == NULL ? "" : text.ptr), text.len);
    if (read_document(&reader, &root, err) != ERR_NONE) {
        return err->code;
    }
    *out = root;
    return ERR_NONE;
}

enum err_code yaml_read(struct str text, const char *file, struct arena *arena,
                        struct yaml_node **out, struct err *err) {
    static const struct yaml_bounds max = {YAML_BYTES_MAX, YAML_DEPTH_MAX, YAML_NODES_MAX};

    return yaml_read_as(text, file, false, max, arena, out, err);
}

enum err_code yaml_read_foreign(struct str text, const char *file, struct arena *arena,
                                struct yaml_node **out, struct err *err) {
    static const struct yaml_bounds max = {YAML_BYTES_MAX, YAML_FOREIGN_DEPTH_MAX, YAML_NODES_MAX};

    return yaml_read_as(text, file, true, max, arena, out, err);
}

enum err_code yaml_read_template(struct str text, const char *file, struct arena *arena,
                                 struct yaml_node **out, struct err *err) {
    static const struct yaml_bounds max = {YAML_TEMPLATE_BYTES_MAX, YAML_TEMPLATE_DEPTH_MAX,
                                           YAML_TEMPLATE_NODES_MAX};

    return yaml_read_as(text, file, true, max, arena, out, err);
}

struct yaml_node *yaml_child(const struct yaml_node *map, const char *key) {
    struct yaml_node *at = map == NULL || map->kind != YAML_MAP ? NULL : map->first;

    while (at != NULL && strcmp(at->key, key) != 0) {
        at = at->next;
    }
    return at;
}

const char *yaml_text(const struct yaml_node *node) {
    return node != NULL && node->kind == YAML_SCALAR && !node->is_null ? node->text : NULL;
}
