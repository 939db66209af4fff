/* guard/redact/settled.h: lines that are as they are shown.
 *
 * What reading a line finds depends on its bytes, on what the lines before say and on the known
 * values, on nothing else. So a line that was read, stayed as it is and says nothing about the
 * lines after it is not read when it stands there again. Of a list of secrets what is shown is the
 * same line over and over. */
#pragma once

#include "guard/redact/known.h"
#include "guard/redact/scan.h"

enum { SETTLED_MAX = 256, SETTLED_N = 4 };

struct settled_line {
    size_t len; /* with what ends it; 0: none */
    char text[SETTLED_MAX];
};

struct settled {
    struct settled_line rows[SETTLED_N];
    size_t next;              /* the oldest */
    size_t literal_n, name_n; /* known values and names when they were read */
};

/* Nothing was read, and nothing of it is left. */
void settled_forget(struct settled *settled);

/* Remembers `line`, which ends, in the place of the oldest one; not one that is long, or where
 * anything is said by the lines before it or by it. */
void settled_add(struct settled *settled, const struct known *known, struct str line,
                 const struct carry *before, const struct carry *after);

/* How long the line is with which `text` begins and which was settled; 0 when none was, or when the
 * lines before say something. */
size_t settled_len(const struct settled *settled, const struct known *known, struct str text,
                   const struct carry *carry);
