/* guard/secret.h: a secret value: not a `struct str`, not printable, wiped when it dies.
 *
 * There is no way to format one, compare one or put one into JSON. Its bytes are borrowed where
 * they are used (a signature, a request to AWS, the redactor) and nowhere kept.
 */
#pragma once

#include "base/str.h"

struct secret; /* opaque */

/* Copies `value`; the caller wipes its own copy. Never NULL. */
struct secret *secret_new(struct str value) __attribute__((returns_nonnull));

/* Overwrites the bytes, then frees. Both accept NULL. */
void secret_free(struct secret *secret);
void secret_freep(struct secret **secret);

/* Borrows the bytes; valid until the secret is freed. NULL gives the empty piece. */
struct str secret_str(const struct secret *secret);
