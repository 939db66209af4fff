/* bundle/archive_lib.h: libarchive, loaded when the first zip is written: sys/dynlib.h. */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"

/* The functions that zip.c uses, each a member of that name. */
#define ARCHIVE_LIB_FUNCTIONS(X)                                                                   \
    X(archive_entry_clear)                                                                         \
    X(archive_entry_free)                                                                          \
    X(archive_entry_new)                                                                           \
    X(archive_entry_set_filetype)                                                                  \
    X(archive_entry_set_gid)                                                                       \
    X(archive_entry_set_pathname)                                                                  \
    X(archive_entry_set_perm)                                                                      \
    X(archive_entry_set_size)                                                                      \
    X(archive_entry_set_uid)                                                                       \
    X(archive_errno)                                                                               \
    X(archive_error_string)                                                                        \
    X(archive_write_close)                                                                         \
    X(archive_write_data)                                                                          \
    X(archive_write_free)                                                                          \
    X(archive_write_header)                                                                        \
    X(archive_write_new)                                                                           \
    X(archive_write_open_fd)                                                                       \
    X(archive_write_set_format_zip)                                                                \
    X(archive_write_set_options)

struct archive_lib {
#define ARCHIVE_LIB_MEMBER(name) __typeof__(name) *name;
    ARCHIVE_LIB_FUNCTIONS(ARCHIVE_LIB_MEMBER)
#undef ARCHIVE_LIB_MEMBER
};

/* The library, loaded once; NULL with `err` set when it cannot be. Any thread.
 * Errors: ERR_UNSUPPORTED. */
const struct archive_lib *archive_lib_get(struct err *err);
