/* XML by expat: a tree in an arena, with ceilings. */
#include "aws/xml.h"

#include "base/buf.h"
#include "guard/limits.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 128, TEXT_BYTES = 16 << 20 };

/* A node that is still being filled: what is const for readers is not yet. */
struct builder {
    XML_Parser parser;
    struct arena *arena;
    struct xml_node *open[DEPTH_MAX]; /* the way from the root */
    struct xml_node *last[DEPTH_MAX]; /* the last child of each, NULL while it has none */
    size_t text_at[DEPTH_MAX];        /* where the text of each begins in `text` */
    size_t depth;
    size_t node_n;
    struct xml_node *root;
    struct buf text; /* of the open elements, the innermost last */
    struct err *err;
};

/* AWS answers no such thing, so whoever answered is somebody else. */
static void builder_stop(struct builder *b, const char *what) {
    (void)XML_StopParser(b->parser, XML_FALSE);
    if (b->err->code == ERR_NONE) {
        err_set(b->err, ERR_PROTOCOL, "the XML answer %s", what);
    }
}

static void on_start(void *ctx, const char *name, const char **attributes) {
    struct builder *b = ctx;
    const char *colon = strrchr(name, ':');
    struct xml_node *node;

    (void)attributes;
    if (b->depth == DEPTH_MAX || b->depth == (size_t)limit(LIMIT_XML_DEPTH) ||
        b->node_n == XML_NODES_MAX) {
        builder_stop(b, "is too deep or too long");
        return;
    }
    b->node_n++;
    node = ARENA_NEW(b->arena, struct xml_node);
    node->name = arena_str(b->arena, str_from(colon == NULL ? name : colon + 1));
    node->text = "";
    if (b->depth == 0) {
        b->root = node;
    } else if (b->last[b->depth - 1] == NULL) {
        b->open[b->depth - 1]->child = node;
        b->last[b->depth - 1] = node;
    } else {
        b->last[b->depth - 1]->next = node;
        b->last[b->depth - 1] = node;
    }
    b->open[b->depth] = node;
    b->last[b->depth] = NULL;
    b->text_at[b->depth] = b->text.len;
    b->depth++;
}

static void on_end(void *ctx, const char *name) {
    struct builder *b = ctx;
    struct str all = buf_str(&b->text);

    (void)name;
    b->depth--;
    if (all.len > b->text_at[b->depth]) {
        struct str own = str_slice(all, b->text_at[b->depth], all.len);

        if (b->open[b->depth]->child == NULL || str_trim(own).len > 0) {
            b->open[b->depth]->text = arena_str(b->arena, own);
        }
        b->text.len = b->text_at[b->depth];
    }
}

static void on_text(void *ctx, const char *text, int n) {
    struct builder *b = ctx;

    buf_add(&b->text, (struct str){text, (size_t)n});
    if (b->text.failed) {
        builder_stop(b, "has too much text");
    }
}

static void on_doctype(void *ctx, const char *name, const char *system_id, const char *public_id,
                       int has_internal_subset) {
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    builder_stop(ctx, "has a document type, which no answer of AWS has");
}

enum err_code xml_read(struct str text, struct arena *arena, const struct xml_node **out,
                       struct err *err) {
    struct err found = {0};
    struct builder b = {.arena = arena, .text = BUF_INIT(TEXT_BYTES), .err = &found};
    enum XML_Status status;

    if (text.len > INT32_MAX) {
        return err_set(err, ERR_PROTOCOL, "an XML answer of %zu bytes", text.len);
    }
    b.parser = XML_ParserCreate(NULL);
    if (b.parser == NULL) {
        return err_set(err, ERR_DEFECT, "expat cannot be started");
    }
    XML_SetUserData(b.parser, &b);
    XML_SetElementHandler(b.parser, on_start, on_end);
    XML_SetCharacterDataHandler(b.parser, on_text);
    XML_SetStartDoctypeDeclHandler(b.parser, on_doctype);
    status = XML_Parse(b.parser, text.ptr == NULL ? "" : text.ptr, (int)text.len, XML_TRUE);
    if (status != XML_STATUS_OK && found.code == ERR_NONE) {
        err_set(&found, ERR_PROTOCOL, "the XML answer is malformed in line %lu: %s",
                (unsigned long)XML_GetCurrentLineNumber(b.parser),
                XML_ErrorString(XML_GetErrorCode(b.parser)));
    }
    XML_ParserFree(b.parser);
    buf_done(&b.text);
    if (found.code != ERR_NONE) {
        *err = found;
        return err->code;
    }
    *out = b.root;
    return ERR_NONE;
}

static const struct xml_node *xml_find(const struct xml_node *node, struct str name) {
    while (node != NULL && !str_eq(str_from(node->name), name)) {
        node = node->next;
    }
    return node;
}

const struct xml_node *xml_at(const struct xml_node *node, const char *path) {
    struct str rest = str_from(path);
    struct str part;

    while (node != NULL && rest.len > 0 && str_next(&rest, '/', &part)) {
        node = xml_find(node->child, part);
    }
    return node;
}

const char *xml_text_at(const struct xml_node *node, const char *path) {
    const struct xml_node *found = xml_at(node, path);

    return found == NULL || found->text[0] == '\0' ? NULL : found->text;
}

const struct xml_node *xml_next(const struct xml_node *node) {
    return xml_find(node->next, str_from(node->name));
}
