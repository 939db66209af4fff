/* guard/redact/generic.h: values that nobody knows and no name tells: random characters where a
 * value stands.
 *
 * What people write falls into few tokens of a model, what a generator makes into many. Ids,
 * digests, versions and places look random too and are told by their shape or by their name. */
#pragma once

#include "guard/redact/scan.h"

/* Clears the bits of `sift->values` where no such value begins. With an anchor near before it on
 * its line, which is read then anyway, whether it is one is left to values_scan(). */
void values_prune(struct str text, struct sift *sift);

/* Adds the values from `from` on whose bits are left and which nothing else found. Takes steps for
 * each. */
void values_scan(struct scan *scan, size_t from);

/* Whether what stands at `at` is a value that no word, name or number is written like: 16
 * characters or more up to a blank or a quote, most of them in parts of letters with digits. With
 * `is_key` a UUID is none: keys have ids. What it says holds behind the name of a secret only. */
bool value_is_opaque(struct str text, size_t at, bool is_key);
