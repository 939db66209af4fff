/* bundle/node_rc.h: settings files of npm, pnpm, Yarn and bun: what of them is followed while
 * packages are fetched, by named lists.
 *
 * They may name programs and plugins that a manager runs at once: those of the repository are set
 * aside while there is a network, and come back for the offline build. Of the person's own files
 * registries, credentials, proxies and certificates are taken.
 */
#pragma once

#include "bundle/build_run.h"

/* Puts what counts of the person's own files into the folder `home`, which a child gets as HOME.
 * Certificates that they name become readable, hosts reachable. Errors: ERR_CONFIG (a file that
 * does not parse), ERR_IO. */
MUST_CHECK enum err_code node_rc_users(const char *home, struct words *readable,
                                       struct words *hosts, struct err *err);

/* Reduces the files in `dir` and the folders above it, inside the copy `src`, to what is followed.
 * `dir` is relative to it; "" is its root. What was left out is said in `warnings`. Errors: as
 * above. */
MUST_CHECK enum err_code node_rc_reduce(const char *src, const char *dir, struct words *hosts,
                                        json_t *warnings, struct err *err);

/* Whether a path names such a file, and what of its text is followed. Errors: as above. */
bool node_rc_is(const char *path);
MUST_CHECK enum err_code node_rc_follow(const char *path, struct str text, struct buf *out,
                                        json_t *warnings, struct err *err);

/* Puts them back as they are in the repository. */
MUST_CHECK enum err_code node_rc_restore(const struct build_env *env, const char *src,
                                         const char *dir, struct err *err);
