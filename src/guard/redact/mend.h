/* guard/redact/mend.h: spans made so that JSON stays JSON. */
#pragma once

#include "guard/redact/shape.h"
#include "guard/redact/span.h"

/* Widens merged spans of `text`, or gives them quotes, so that no escape is cut and no number is
 * replaced by what JSON has not; and leaves out what is outside the strings of a line that is all
 * of JSON. `before`: of the line as far as it came before `text`. */
void spans_keep_json(struct spans *spans, struct str text, const struct shape *before);
