/* guard/redact/table.h: columns whose head is the name of a secret. */
#pragma once

#include "guard/redact/name.h"

/* Masks the cells below a name that is a cell of the head of a table (of psql, Markdown, CSV, tabs)
 * as far as the text goes, and lets `scan->carry` know of the lines after it; and the values of
 * INSERT INTO t (..., NAME) VALUES (...). Returns where the name ends, or 0. */
size_t table_head(struct scan *scan, const struct name *name);

/* The same of the word "value", whose column stands beside one of names. */
size_t table_value_head(struct scan *scan, const struct name *name);

/* Masks the cells of a line below a head. */
void table_line(struct scan *scan, struct carry *carry);

/* Whether the name at [from, to) may be one of a list of columns before VALUES, whatever follows
 * `s`. */
bool table_may_be_list(struct str s, size_t from, size_t to);
