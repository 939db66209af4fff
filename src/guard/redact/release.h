/* guard/redact/release.h: what of a line whose end has not come may be shown already.
 *
 * Whole words that stay as they are whatever follows: no rule, no known value and no number of a
 * person begins in them, and a name of a secret among them is followed by prose. */
#pragma once

#include "guard/redact/anchor.h"
#include "guard/redact/known.h"

/* Of `line`, the beginning of a segment of which `given` bytes were shown: how many may be. No
 * segment before may have a say in it. `sift` is overwritten. `*is_stuck`: no more of this line
 * before its end. */
size_t release_to(const struct anchors *anchors, const struct known *known, struct str line,
                  size_t given, struct sift *sift, bool *is_stuck);

/* How many bytes of `line`, the same but complete, may have been shown when less of it had come, at
 * most. `sift` is of it, as a window. */
size_t release_most(const struct anchors *anchors, const struct known *known, struct str line,
                    const struct sift *sift);
