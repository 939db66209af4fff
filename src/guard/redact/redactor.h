/* guard/redact/redactor.h: the inside of a redactor, for this room only. */
#pragma once

#include "guard/redact/engine.h"
#include "guard/redact/redact.h"

struct redactor_core {
    struct known known;
    struct anchors *anchors;
};

/* Between the two nobody adds a value; many may read at once. */
const struct redactor_core *redactor_lock(const struct redactor *redactor);
void redactor_unlock(const struct redactor *redactor);
