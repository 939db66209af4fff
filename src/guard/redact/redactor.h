/* guard/redact/redactor.h: the inside of a redactor, for this room only. */
#pragma once

#include "guard/redact/engine.h"
#include "guard/redact/redact.h"

struct redactor_core {
    struct known known;
    struct anchors *anchors;
    int64_t budget; /* the steps that a text begins with */
};

/* Between the two nobody adds a value; many may read at once. */
const struct redactor_core *redactor_lock(const struct redactor *redactor);
void redactor_unlock(const struct redactor *redactor);

/* Lets a text that begins from now on make less work, or more: so that tests reach its limit with
 * short ones. */
void redactor_set_budget(struct redactor *redactor, int64_t steps);
