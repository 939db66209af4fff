/* sys/fs.h: files, always below a root that the caller names.
 *
 * Paths given to a `struct fs_root` are relative and are resolved by the kernel with
 * RESOLVE_BENEATH: a link, a ".." or an absolute path that leaves the root is refused, and so are
 * devices, FIFOs and sockets. The other functions are for the program's own folders. All block;
 * none keeps state, so any thread may call them.
 */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"
#include "base/hash.h"

struct fs_root {
    int fd; /* O_PATH of the folder; ours while `path` is not NULL */
    char *path;
};

/* Opens a folder as a root; fs_root_done() closes it. Errors: ERR_NOT_FOUND, ERR_IO (also when it
 * is not a folder). */
MUST_CHECK enum err_code fs_root_open(const char *path, struct fs_root *out, struct err *err);
void fs_root_done(struct fs_root *root);

enum fs_kind { FS_NONE = 0, FS_FILE, FS_DIR, FS_LINK, FS_OTHER };

/* What lies at `rel` ("" is the root itself), links not followed at the end; FS_NONE when nothing
 * is there or the way to it leaves the root. */
enum fs_kind fs_kind_at(const struct fs_root *root, const char *rel);

/* Appends the content of one regular file. A link inside the root is followed.
 * Errors: ERR_NOT_FOUND, ERR_TOO_LARGE (over `max` bytes, or `out` over its ceiling), ERR_INVALID
 * (leaves the root, or is no regular file), ERR_IO. */
MUST_CHECK enum err_code fs_read_at(const struct fs_root *root, const char *rel, size_t max,
                                    struct buf *out, struct err *err);

struct fs_entry {
    char *path;    /* relative to the root, "a/b.c"; UTF-8 is not promised */
    int64_t size;  /* bytes; 0 for folders */
    uint32_t mode; /* permission bits */
    enum fs_kind kind;
    struct sha256 hash; /* of the content; set by fs_digest_tree() only (a link: of its target) */
};

/* Entries sorted by the bytes of their paths. Free with fs_list_done(). */
struct fs_list {
    struct fs_entry *rows;
    size_t n;
    size_t cap;
    int64_t bytes;  /* sum of the sizes */
    bool is_cut;    /* the entry ceiling was reached; more exists */
    size_t partial; /* folders that were not listed whole: fs_walk.folder_max */
};
void fs_list_done(struct fs_list *list);

/* Says whether the entry `path` (with base name `name`) is left out, and a folder with all below.
 */
typedef bool fs_skip(void *ctx, const char *path, const char *name, bool is_dir);

struct fs_walk {
    int depth_max;     /* 1 = the folder's own entries */
    size_t entry_max;  /* more: is_cut, or ERR_TOO_LARGE where the whole tree is needed */
    int64_t bytes_max; /* used where contents are read or copied */
    fs_skip *skip;     /* NULL = nothing is left out */
    void *ctx;
    /* Not 0: listing goes on where a folder has more entries than this (the first of them by name
     * are listed), cannot be opened, or has paths that are too long; fs_list.partial counts it. */
    size_t folder_max;
};

/* Lists the tree below `rel` ("" = the root), links not followed. Errors: ERR_NOT_FOUND,
 * ERR_INVALID (leaves the root, or is no folder), ERR_IO. */
MUST_CHECK enum err_code fs_list_tree(const struct fs_root *root, const char *rel,
                                      const struct fs_walk *walk, struct fs_list *out,
                                      struct err *err);

/* As fs_list_tree() with the hash of every file. Errors also: ERR_TOO_LARGE. */
MUST_CHECK enum err_code fs_digest_tree(const struct fs_root *root, const char *rel,
                                        const struct fs_walk *walk, struct fs_list *out,
                                        struct err *err);

/* One hash for a digested list: paths, kinds, executable bits and content hashes. */
struct sha256 fs_list_hash(const struct fs_list *list);

/* Calls `found` for each path that is new, gone or different in `after`. Both are digested lists.
 */
void fs_list_compare(const struct fs_list *before, const struct fs_list *after,
                     void (*found)(void *ctx, const char *path), void *ctx);

/* Copies the tree below the root into the folder `to`, which is made (0700) and must be new or
 * empty. Contents are shared by reflink where the file system can. Permission bits are kept but for
 * set-id, times are not. Links that stay inside the tree are copied as links, others are left out,
 * as are devices, FIFOs and sockets; their number is `*out_left_out` (may be NULL). Errors:
 * ERR_TOO_LARGE, ERR_DISK_FULL, ERR_IO; what was copied so far stays. */
MUST_CHECK enum err_code fs_copy_tree(const struct fs_root *from, const char *to,
                                      const struct fs_walk *walk, size_t *out_left_out,
                                      struct err *err);

/* Removes `rel` and all below it; a link is removed, not followed. `rel` may not be "" or leave the
 * root. Nothing there is no error. Errors: ERR_INVALID, ERR_IO. */
MUST_CHECK enum err_code fs_remove_tree(const struct fs_root *root, const char *rel,
                                        struct err *err);

/* Makes `rel` be what is said, whole or not at all; links on the way are refused, and folders on
 * the way must exist. FS_FILE: a file with `content`; FS_LINK: a link to `content`; FS_DIR: a
 * folder, which may exist; FS_NONE: nothing, where a folder goes only when it is empty. `mode`
 * counts for files and new folders. On the disk when it returns. Errors: ERR_INVALID (leaves the
 * root, through a link), ERR_NOT_FOUND (no folder for it), ERR_IO, ERR_DISK_FULL. */
MUST_CHECK enum err_code fs_put_at(const struct fs_root *root, const char *rel, enum fs_kind kind,
                                   struct str content, uint32_t mode, struct err *err);

/* --- the program's own files, by ordinary paths --- */

/* Makes a folder and its parents; those it makes get `mode`. Errors: ERR_IO, ERR_DISK_FULL. */
MUST_CHECK enum err_code fs_mkdirs(const char *path, uint32_t mode, struct err *err);

/* Syncs each folder on the way to `path`, an absolute one, so that a power cut does not take a name
 * that is new there; one that cannot be opened or synced is passed over. Blocks for the disk. */
void fs_keep_name(const char *path);

/* Appends the content of one regular file of at most `max` bytes. Errors: as fs_read_at(). */
MUST_CHECK enum err_code fs_read_file(const char *path, size_t max, struct buf *out,
                                      struct err *err);

/* Opens what a person names on the command line: "-" is standard input, and a pipe (/dev/fd/N of a
 * shell's <(...)) is one too. `*out` is the caller's to close. Blocks until a FIFO has a writer.
 * Errors: ERR_NOT_FOUND, ERR_INVALID (a folder, no name), ERR_IO, ERR_INTERRUPTED (a signal came
 * while `*stop` is true; NULL: never), each with its remedy. */
MUST_CHECK enum err_code fs_open_input(const char *path, const atomic_bool *stop, int *out,
                                       struct err *err);

/* Appends all of it, of at most `max` bytes. Blocks until its end. Errors: those of
 * fs_open_input(), ERR_TOO_LARGE. */
MUST_CHECK enum err_code fs_read_input(const char *path, size_t max, const atomic_bool *stop,
                                       struct buf *out, struct err *err);

/* Replaces a file whole or not at all: writes a new one beside it, fsync, rename, fsync of the
 * folder. Errors: ERR_IO, ERR_DISK_FULL, ERR_NOT_FOUND (no such folder). */
MUST_CHECK enum err_code fs_write_file(const char *path, struct str content, uint32_t mode,
                                       struct err *err);

/* SHA-256 of a regular file, read in pieces. `*out_bytes` may be NULL. Errors: as fs_read_at(). */
MUST_CHECK enum err_code fs_hash_file(const char *path, struct sha256 *out, int64_t *out_bytes,
                                      struct err *err);

/* "DIR/NAME" as a heap string, the caller's to free(). */
char *fs_join(const char *dir, const char *name);
