/* guard/redact/engine.h: finds every span of one segment. */
#pragma once

#include "guard/redact/anchor.h"
#include "guard/redact/view.h"

/* What a text holds at all, so that a view is not looked for in vain. */
enum trait {
    TRAIT_NONE = 0,
    TRAIT_UNSEEN = 1,
    TRAIT_ESCAPE = 2,
    TRAIT_PERCENT = 4,
    TRAIT_WRAPPED = 8
};

/* Memory that scans use again; {0} is empty. One thread at a time. */
struct scratch {
    struct view views[VIEW_N];
    struct view inner[VIEW_N]; /* the same inside Base64 */
    struct sift sifts[2];      /* of a view, and of what is inside Base64 */
    char *decoded;
    size_t decoded_cap;
    struct judged judged;
    struct led led;
    struct budget budget; /* of the text under way */
};
void scratch_done(struct scratch *scratch); /* wipes and frees */
void scratch_wipe(struct scratch *scratch);

/* Sifts `text`: what engine_scan() wants to know of the segments in it. */
void engine_sift(const struct anchors *anchors, struct str text, enum sift_use use,
                 struct sift *sift);

/* Whether what came before says nothing about what follows, but for where in a line that is. */
bool carry_is_empty(const struct carry *carry);

/* Whether both say the same about what follows. */
bool carry_is_same(const struct carry *a, const struct carry *b);

/* Remembers that AWS is talked about on this line. */
void carry_hint(struct carry *carry);

/* A segment: one line with its end, or a piece of a long one, or a whole value. */
struct piece_of_text {
    struct str text;
    struct sift *sift; /* of a text that holds it ... */
    size_t sift_at;    /* ... here */
    bool has_no_hint;  /* it was read, and talks nowhere about AWS */
};

/* Adds to `spans`, unless it is NULL, what is to be masked in `segment`; not all of it when the
 * budget of `scratch` is spent in the end. `carry` comes from the segment before and goes to the
 * next: what it must know is read whatever that costs. */
void engine_scan(const struct anchors *anchors, const struct known *known, struct scratch *scratch,
                 struct carry *carry, struct piece_of_text segment, struct spans *spans);
