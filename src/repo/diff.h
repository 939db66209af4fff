/* repo/diff.h: what the files hold that the last commit does not. */
#pragma once

#include "base/buf.h"

struct repo_diff {
    bool is_repository; /* false: `root` lies in no git repository, or git cannot be read */
    bool is_cut;        /* `out` was full: there is more */
};

/* Appends a patch from the last commit to the tracked files below `root`, as `git diff HEAD` prints
 * it, up to the ceiling of `out`. Files that git does not track are not in it; large and binary
 * ones are only named. No hook, filter or driver of the repository runs. The text is not masked.
 * Errors: ERR_IO. Blocks; any thread. */
MUST_CHECK enum err_code repo_diff(const char *root, struct buf *out, struct repo_diff *result,
                                   struct err *err);

/* Appends a patch from one text to another, as `git diff` prints that of a file `path`, up to the
 * ceiling of `out`; false when it did not fit. `before` or `after` with `ptr` NULL is a file that
 * is not there. Binary ones are only named. Nothing where libgit2 is missing. Any thread. */
bool repo_diff_texts(const char *path, struct str before, struct str after, struct buf *out);

/* Whether git tracks the file `path` below `root`; false where there is no repository. Any thread.
 */
bool repo_is_tracked(const char *root, const char *path);
