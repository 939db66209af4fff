/* front/cli/suggest.h: "did you mean". Pure. */
#pragma once

#include <stddef.h>

/* The candidate that `word` is a slip of, or NULL: one it begins, or the nearest by edits (insert,
 * delete, replace, swap two neighbours), at most one edit for each three characters. */
const char *suggest_nearest(const char *word, const char *const *candidates, size_t n);
