/* sys/fs_open.h: what fs.c and fs_tree.c share; of no use elsewhere. */
#pragma once

#include "sys/fs.h"

#include <sys/types.h>

void fs_closep(int *fd); /* for CLEANUP; -1 is nothing */

/* openat2() with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS, without links when `follow` is false;
 * -1 with errno. O_CLOEXEC is added. */
int fs_open_beneath(int dir, const char *rel, int flags, bool follow);

/* The sentence for an errno met at `path`; EXDEV and ELOOP are those of openat2(). */
enum err_code fs_set_err(struct err *err, int errno_value, const char *path);

enum fs_kind fs_kind_of(mode_t mode);

/* Hashes a regular file of at most `max` bytes. `out_bytes` may be NULL. */
MUST_CHECK enum err_code fs_hash_fd(int fd, const char *path, size_t max, struct sha256 *out,
                                    int64_t *out_bytes, struct err *err);

/* ERR_IO with errno set, or ERR_NONE. */
MUST_CHECK enum err_code fs_write_all(int fd, struct str content);
