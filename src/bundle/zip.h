/* bundle/zip.h: a zip whose bytes depend on nothing but its content.
 *
 * Entries are sorted by the bytes of their names; times are 1980-01-01 00:00:00, modes 0644 or
 * 0755, no owners, no extra fields, no folders, one fixed deflate level. Same content, same
 * libarchive and zlib: same bytes, on any machine and in any folder.
 */
#pragma once

#include "base/buf.h"
#include "base/hash.h"

/* AWS Lambda quotas: an unzipped package; and from where on a zip is called large. */
#define ZIP_UNZIPPED_MAX (250LL << 20)
#define ZIP_LARGE_BYTES (50LL << 20)

enum { ZIP_ENTRIES_MAX = 100000 };

struct zip_entry {
    char *name;    /* owned; "app/main.py" */
    char *path;    /* owned; the file, or NULL: ... */
    char *text;    /* ... owned bytes */
    int64_t bytes; /* unzipped */
    bool is_executable;
    struct sha256 hash; /* of the content */
};

/* The entries to be. {0} is empty; free with zip_list_done(). */
struct zip_list {
    struct zip_entry *rows;
    size_t n;
    size_t cap;
    int64_t bytes; /* unzipped, all together */
};
void zip_list_done(struct zip_list *list);

/* Adds the regular file `path`, reading it once for its digest. Errors: ERR_INVALID (a name that is
 * absolute, has "..", a backslash or a control character, or that is there already after
 * zip_list_sort()), ERR_TOO_LARGE, ERR_IO. */
MUST_CHECK enum err_code zip_add_file(struct zip_list *list, const char *name, const char *path,
                                      struct err *err);
MUST_CHECK enum err_code zip_add_text(struct zip_list *list, const char *name, struct str text,
                                      struct err *err);

/* Sorts and refuses two entries of one name. Errors: ERR_INVALID. */
MUST_CHECK enum err_code zip_list_sort(struct zip_list *list, struct err *err);

/* One hash over names, modes and content digests of a sorted list; compression does not count. */
struct sha256 zip_list_hash(const struct zip_list *list);

/* Refuses a list over ZIP_UNZIPPED_MAX: ERR_TOO_LARGE names the three biggest top-level packages.
 */
MUST_CHECK enum err_code zip_check_size(const struct zip_list *list, struct err *err);

/* Writes a sorted list into a new file at `path`, which appears whole or not at all. `*out_bytes`
 * is the file's size. Errors: ERR_IO, ERR_DISK_FULL, ERR_STALE (a file changed since it was added),
 * ERR_UNSUPPORTED (libarchive is not installed). */
MUST_CHECK enum err_code zip_write(const struct zip_list *list, const char *path,
                                   struct sha256 *out, int64_t *out_bytes, struct err *err);
