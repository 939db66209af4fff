/* guard/vault.h: secrets that a person has given and nobody has stored yet, by their names.
 *
 * They live in this process only, are used once and wiped. Any thread.
 */
#pragma once

#include "guard/secret.h"

enum { VAULT_ROWS_MAX = 64 };

struct vault; /* opaque */

struct vault *vault_new(void) __attribute__((returns_nonnull));
void vault_free(struct vault *vault); /* wipes what is left; accepts NULL */

/* Takes over `secret`; one of the same name before is wiped.
 * Errors: ERR_TOO_LARGE (VAULT_ROWS_MAX names wait already). */
MUST_CHECK enum err_code vault_put(struct vault *vault, const char *name, struct secret *secret,
                                   struct err *err);

bool vault_has(struct vault *vault, const char *name);

/* Hands the secret called `name` out, the caller's to free; NULL when there is none. */
struct secret *vault_take(struct vault *vault, const char *name);
