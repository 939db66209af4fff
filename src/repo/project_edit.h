/* repo/project_edit.h: one change of aws-copilot.yml that leaves its comments, its order and
 * everything else as the person wrote it.
 *
 * The new text is read back: it says exactly what the old one said and this change, or nothing is
 * given out. Pure.
 */
#pragma once

#include "repo/project.h"

/* Adds `name` to the secrets of environment `env`; takes it out of its variables.
 * A name that is there already gives the same text. `out` has a ceiling of PROJECT_BYTES_MAX.
 * Errors: ERR_CONFIG (the text is not understood, or has no such environment), ERR_CONFLICT (it is
 * written so that it cannot be edited here; the remedy says what to write by hand). */
MUST_CHECK enum err_code project_edit_add_secret(struct str text, const char *env, const char *name,
                                                 struct buf *out, struct err *err);

/* Takes `name` out of the secrets of `env`. Errors: as above. */
MUST_CHECK enum err_code project_edit_drop_secret(struct str text, const char *env,
                                                  const char *name, struct buf *out,
                                                  struct err *err);

/* Sets the plain variable `name` of `env`. Errors: as above, and ERR_INVALID for a value that looks
 * like a secret. */
MUST_CHECK enum err_code project_edit_set_variable(struct str text, const char *env,
                                                   const char *name, const char *value,
                                                   struct buf *out, struct err *err);

/* Adds the environment `env`; `account` and `region` may be NULL. Errors: as above, and ERR_INVALID
 * (the name, the account or the region is not one), ERR_CONFLICT (it is there already). */
MUST_CHECK enum err_code project_edit_add_env(struct str text, const char *env, const char *account,
                                              const char *region, struct buf *out, struct err *err);
