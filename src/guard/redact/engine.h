/* guard/redact/engine.h: finds every span of one segment. */
#pragma once

#include "guard/redact/anchor.h"
#include "guard/redact/view.h"

/* What a text holds at all, so that a view is not looked for in vain. */
enum trait { TRAIT_NONE = 0, TRAIT_UNSEEN = 1, TRAIT_ESCAPE = 2, TRAIT_PERCENT = 4 };

/* Of a text, or of several together. */
enum trait traits_of(struct str text);

/* Memory that scans use again; {0} is empty. One thread at a time. */
struct scratch {
    struct view views[VIEW_N];
    struct view inner[VIEW_N];  /* the same inside Base64 */
    size_t hints[2][HINTS_MAX]; /* outside and inside */
    char *decoded;
    size_t decoded_cap;
};
void scratch_done(struct scratch *scratch); /* wipes and frees */

/* Adds to `spans` what is to be masked in `segment`: one line with its end, or a piece of a long
 * one, or a whole value. `traits` are those of the segment, or more. `carry` comes from the segment
 * before and goes to the next. */
void engine_scan(const struct anchors *anchors, const struct known *known, struct scratch *scratch,
                 enum trait traits, struct carry *carry, struct str segment, struct spans *spans);
