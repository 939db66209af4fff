/* guard/redact/pair.h: a name of a secret and its value that stand apart. */
#pragma once

#include "guard/redact/name.h"

/* Masks the value of a name that is itself the value of a label: "name": "NAME", "value": "VALUE".
 * Where the text ends before it, the lines after it are looked at. Returns where it ends, or 0. */
size_t pair_after(struct scan *scan, const struct name *name);

/* Looks for the value on a line after the name. */
void pair_line(struct scan *scan, struct carry *carry);
