/* repo/path.h: relative paths as text: joining, cutting, normal form. Pure; touches no file.
 *
 * The normal form has no "", "." or ".." parts and no '/' at either end; the root itself is ".".
 */
#pragma once

#include "base/arena.h"

/* `rel` seen from the folder `dir` in normal form; NULL when it leaves the root or is absolute. */
const char *path_join(struct arena *arena, const char *dir, const char *rel);

/* The folder of a normal path: "a/b/c" gives "a/b", "a" and "." give ".". */
const char *path_dir(struct arena *arena, const char *path);

/* What follows the last '/'. Borrows. */
const char *path_name(const char *path);

/* Whether `path` is `dir` or lies below it; both normal. */
bool path_is_below(const char *path, const char *dir);

/* `path`, which lies below `dir`, as seen from there; "." when they are the same. Borrows. */
const char *path_from(const char *path, const char *dir);
