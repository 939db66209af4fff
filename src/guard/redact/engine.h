/* guard/redact/engine.h: finds every span of one segment. What is behind this header can be
 * replaced by another way to find anchors; rules, views and segments stay. */
#pragma once

#include "guard/redact/known.h"
#include "guard/redact/scan.h"
#include "guard/redact/span.h"
#include "guard/redact/view.h"

struct anchors; /* opaque: the compiled anchors of all rules, known literals and known names */

/* Compiles; `known` must outlive the result and not change. */
struct anchors *anchors_new(const struct known *known);
void anchors_free(struct anchors *anchors);

/* Memory that scans use again; {0} is empty. One thread at a time. */
struct scratch {
    struct view views[VIEW_N];
    struct view inner[VIEW_N]; /* the same inside Base64 */
    char *decoded;
    size_t decoded_cap;
};
void scratch_done(struct scratch *scratch); /* wipes and frees */

/* Adds to `spans` what is to be masked in `segment`: one line with its end, or a piece of a long
 * one, or a whole value. `carry` comes from the segment before and goes to the next. */
void engine_scan(const struct anchors *anchors, const struct known *known, struct scratch *scratch,
                 struct carry *carry, struct str segment, struct spans *spans);
