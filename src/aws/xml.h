/* aws/xml.h: reads an XML answer of AWS into a tree, by expat.
 *
 * No DTD, no external and no own entities; depth and number of elements are bounded, bytes by the
 * caller. Names come without their namespace prefix, attributes are dropped. The tree lives in the
 * arena.
 */
#pragma once

#include "base/arena.h"

struct xml_node {
    const char *name;
    const char *text; /* of the element itself, references decoded; "" when there is none */
    const struct xml_node *child;
    const struct xml_node *next; /* the following sibling */
};

enum { XML_NODES_MAX = 200000 };

/* Parses one whole document; `*out` is its root element.
 * Errors: ERR_PROTOCOL (malformed, a DTD, too deep, too long), with its remedy. */
MUST_CHECK enum err_code xml_read(struct str text, struct arena *arena, const struct xml_node **out,
                                  struct err *err);

/* The first element below `node` along a path such as "Result/Stacks/member"; NULL when there is
 * none or `node` is NULL. */
const struct xml_node *xml_at(const struct xml_node *node, const char *path);

/* Its text; NULL when the element is absent or empty, which AWS uses alike. */
const char *xml_text_at(const struct xml_node *node, const char *path);

/* The next sibling of the same name; NULL at the end:
 * for (m = xml_at(root, "Result/Stacks/member"); m != NULL; m = xml_next(m)). */
const struct xml_node *xml_next(const struct xml_node *node);
