/* guard/redact/pair.h: a name of a secret and its value that stand apart. */
#pragma once

#include "guard/redact/name.h"

/* Masks the value of a name that is itself the value of a label: "name": "NAME", "value": "VALUE".
 * `after`: behind the name and what closes it. Where the text ends before the value, the lines
 * after it are looked at. Returns where it ends, or 0. */
size_t pair_after(struct scan *scan, const struct name *name, size_t after);

/* Masks what a tree that is drawn hangs below a secret's name whose line ends with a colon; returns
 * where the name ends, or 0 when its line is none of a tree. */
size_t pair_below(struct scan *scan, const struct name *name);

/* Looks for the value on a line after the name. */
void pair_line(struct scan *scan, struct carry *carry);
