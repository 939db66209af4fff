/* repo/tree.h: the files of the repository that a survey may look at, and reading them.
 *
 * The list is made once; links are listed but never followed, folders of dependencies and build
 * results are left out. Reading charges one budget of bytes and time; when it is used up, reads
 * answer "no" and the tree says that it is incomplete. Nothing outside the root is ever opened.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "sys/fs.h"

enum {
    TREE_ENTRIES_MAX = 50000,
    TREE_FOLDER_MAX = 5000, /* entries of one folder */
    TREE_DEPTH_MAX = 24,
    TREE_SOURCE_MAX = 1 << 20, /* bytes of one source file */
    TREE_BYTES_MAX = 96 << 20, /* bytes of all reads */
    TREE_MS_MAX = 10000        /* of the whole survey */
};

struct tree {
    struct fs_root root;
    struct fs_list list;
    int64_t deadline_ms; /* monotonic */
    int64_t bytes;       /* read so far */
    const char *cut;     /* why it is incomplete, or NULL */
};

/* Errors: those of fs_root_open() and fs_list_tree(); ERR_INVALID when `path` is no folder. */
MUST_CHECK enum err_code tree_open(const char *path, struct tree *out, struct err *err);
void tree_done(struct tree *tree);

/* The entry of exactly this path, or NULL. */
const struct fs_entry *tree_find(const struct tree *tree, const char *path);
bool tree_has_file(const struct tree *tree, const char *path);
bool tree_has_folder(const struct tree *tree, const char *path); /* "." is always there */

/* Clears `out` and reads the file into it. False when there is no such regular file, when it is
 * larger than `max` or than the ceiling of `out`, or when the budget is used up. */
bool tree_read(struct tree *tree, const char *path, size_t max, struct buf *out);

/* Whether time is up; the tree is then incomplete. */
bool tree_is_late(struct tree *tree);
