/* bundle/zip.c: a deterministic zip by libarchive. */
#include "bundle/zip.h"

#include "bundle/archive_lib.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ZIP_NAME_MAX = 1024,
    ZIP_BIGGEST = 3, /* packages named when there is too much */
    ZIP_PACKAGES_MAX = 2000,
};

/* --- the list --- */

void zip_list_done(struct zip_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        free(list->rows[i].name);
        free(list->rows[i].path);
        free(list->rows[i].text);
    }
    free(list->rows);
    *list = (struct zip_list){0};
}

/* A name that stays inside whatever folder it is unpacked into, on any system. */
static bool zip_name_ok(const char *name) {
    struct str rest = str_from(name);
    struct str part = {0};

    if (rest.len == 0 || rest.len > ZIP_NAME_MAX || name[0] == '/' || name[rest.len - 1] == '/' ||
        !str_is_utf8(rest)) {
        return false;
    }
    for (size_t i = 0; i < rest.len; i++) {
        if ((unsigned char)name[i] < 0x20 || name[i] == '\\' || name[i] == 0x7f) {
            return false;
        }
    }
    while (str_next(&rest, '/', &part)) {
        if (part.len == 0 || str_eq(part, STR(".")) || str_eq(part, STR(".."))) {
            return false;
        }
    }
    return true;
}

static enum err_code zip_add(struct zip_list *list, const char *name, struct zip_entry **out,
                             struct err *err) {
    if (!zip_name_ok(name)) {
        return err_set(err, ERR_INVALID, "'%s' cannot be the name of a file in a zip", name);
    }
    if (list->n == ZIP_ENTRIES_MAX) {
        return err_set(err, ERR_TOO_LARGE, "more than %d files for one zip", ZIP_ENTRIES_MAX);
    }
    if (list->n == list->cap) {
        list->cap = list->cap * 2 + 256;
        list->rows = mem_resize(list->rows, list->cap * sizeof *list->rows);
    }
    *out = &list->rows[list->n++];
    **out = (struct zip_entry){.name = mem_strdup(name)};
    return ERR_NONE;
}

enum err_code zip_add_file(struct zip_list *list, const char *name, const char *path,
                           struct err *err) {
    struct zip_entry *entry = NULL;
    struct sha256 hash;
    int64_t bytes = 0;
    struct stat st;

    if (stat(path, &st) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    if (fs_hash_file(path, &hash, &bytes, err) != ERR_NONE ||
        zip_add(list, name, &entry, err) != ERR_NONE) {
        return err->code;
    }
    entry->path = mem_strdup(path);
    entry->bytes = bytes;
    entry->is_executable = (st.st_mode & 0100) != 0;
    entry->hash = hash;
    list->bytes += bytes;
    return ERR_NONE;
}

enum err_code zip_add_text(struct zip_list *list, const char *name, struct str text,
                           struct err *err) {
    struct zip_entry *entry = NULL;

    if (zip_add(list, name, &entry, err) != ERR_NONE) {
        return err->code;
    }
    entry->text = str_dup(text);
    entry->bytes = (int64_t)text.len;
    entry->hash = sha256_of(text);
    list->bytes += entry->bytes;
    return ERR_NONE;
}

static int zip_compare(const void *a, const void *b) {
    return strcmp(((const struct zip_entry *)a)->name, ((const struct zip_entry *)b)->name);
}

enum err_code zip_list_sort(struct zip_list *list, struct err *err) {
    if (list->n > 0) {
        qsort(list->rows, list->n, sizeof *list->rows, zip_compare);
    }
    for (size_t i = 1; i < list->n; i++) {
        if (strcmp(list->rows[i - 1].name, list->rows[i].name) == 0) {
            return err_set(err, ERR_INVALID, "two files want to be '%s'", list->rows[i].name);
        }
    }
    return ERR_NONE;
}

struct sha256 zip_list_hash(const struct zip_list *list) {
    struct sha256_stream *stream = sha256_start();

    for (size_t i = 0; i < list->n; i++) {
        const struct zip_entry *entry = &list->rows[i];
        sha256_feed(stream, (struct str){entry->name, strlen(entry->name) + 1});
        sha256_feed(stream, entry->is_executable ? STR("x") : STR("-"));
        sha256_feed(stream, (struct str){(const char *)entry->hash.bytes, SHA256_BYTES});
    }
    return sha256_end(stream);
}

/* --- size --- */

struct package {
    struct str name;
    int64_t bytes;
};

static int package_compare(const void *a, const void *b) {
    int64_t x = ((const struct package *)a)->bytes;
    int64_t y = ((const struct package *)b)->bytes;

    return x < y ? 1 : x > y ? -1 : 0;
}

enum err_code zip_check_size(const struct zip_list *list, struct err *err) {
    CLEANUP(freep) struct package *packages = NULL;
    CLEANUP(buf_done) struct buf names = BUF_INIT(300);
    size_t n = 0;

    if (list->bytes <= ZIP_UNZIPPED_MAX) {
        return ERR_NONE;
    }
    /* Sorted names put the files of a package side by side. */
    packages = mem_array(ZIP_PACKAGES_MAX, sizeof *packages);
    for (size_t i = 0; i < list->n; i++) {
        struct str name = str_from(list->rows[i].name);
        ptrdiff_t slash = str_find(name, STR("/"));
        name = str_slice(name, 0, slash < 0 ? name.len : (size_t)slash);
        if ((n == 0 || !str_eq(packages[n - 1].name, name)) && n < ZIP_PACKAGES_MAX) {
            packages[n++] = (struct package){name, 0};
        }
        packages[n - 1].bytes += list->rows[i].bytes;
    }
    qsort(packages, n, sizeof *packages, package_compare);
    for (size_t i = 0; i < n && i < ZIP_BIGGEST; i++) {
        buf_addf(&names, "%s" STR_FMT " %lld MB", i > 0 ? ", " : "", STR_ARG(packages[i].name),
                 (long long)(packages[i].bytes >> 20));
    }
    err_set(err, ERR_TOO_LARGE,
            "the unzipped function has %lld MB, and Lambda takes %lld; the biggest are %s",
            (long long)(list->bytes >> 20), ZIP_UNZIPPED_MAX >> 20, buf_cstr(&names));
    return err_remedy(err, "remove what the function does not need from its dependencies");
}

/* --- writing --- */

/* One zip under way. */
struct zip_out {
    const struct archive_lib *lib; /* NULL: none was loaded, and nothing made */
    struct archive *archive;
    struct archive_entry *entry; /* of each file in turn */
};

static void zip_out_done(struct zip_out *out) {
    if (out->lib != NULL) {
        out->lib->archive_entry_free(out->entry);
        out->lib->archive_write_free(out->archive);
    }
}

static enum err_code zip_err(const struct zip_out *out, const char *path, struct err *err) {
    int number = out->lib->archive_errno(out->archive);
    const char *said = out->lib->archive_error_string(out->archive);

    if (number > 0) {
        return err_errno(err, number, "%s", path);
    }
    return err_set(err, ERR_IO, "%s: %s", path, said == NULL ? "cannot be written" : said);
}

/* Copies a file's bytes into the archive and checks that they are those that were hashed. */
static enum err_code zip_write_file(const struct zip_out *out, const struct zip_entry *entry,
                                    struct err *err) {
    char piece[64 * 1024];
    struct sha256_stream *stream = NULL;
    int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = 0;
    bool is_written = true;

    if (fd < 0) {
        return err_errno(err, errno, "%s", entry->path);
    }
    stream = sha256_start();
    while (is_written && (n = read(fd, piece, sizeof piece)) > 0) {
        sha256_feed(stream, (struct str){piece, (size_t)n});
        is_written = out->lib->archive_write_data(out->archive, piece, (size_t)n) == n;
    }
    close(fd);
    struct sha256 hash = sha256_end(stream);
    if (n < 0) {
        return err_errno(err, errno, "%s", entry->path);
    }
    if (!sha256_eq(hash, entry->hash)) {
        return err_set(err, ERR_STALE, "%s changed while it was packed", entry->name);
    }
    return is_written ? ERR_NONE : zip_err(out, entry->path, err);
}

/* Without a time libarchive writes the earliest that a zip can hold, 1980-01-01 00:00:00; a time
 * that is set would be written in the zone of this process. */
static enum err_code zip_write_entry(const struct zip_out *out, const struct zip_entry *entry,
                                     struct err *err) {
    const struct archive_lib *lib = out->lib;
    struct archive_entry *e = lib->archive_entry_clear(out->entry);

    lib->archive_entry_set_pathname(e, entry->name);
    lib->archive_entry_set_filetype(e, AE_IFREG);
    lib->archive_entry_set_perm(e, entry->is_executable ? 0755 : 0644);
    lib->archive_entry_set_size(e, entry->bytes);
    lib->archive_entry_set_uid(e, 0);
    lib->archive_entry_set_gid(e, 0);
    if (lib->archive_write_header(out->archive, e) != ARCHIVE_OK) {
        return zip_err(out, entry->name, err);
    }
    if (entry->path != NULL) {
        return zip_write_file(out, entry, err);
    }
    if (lib->archive_write_data(out->archive, entry->text, (size_t)entry->bytes) != entry->bytes) {
        return zip_err(out, entry->name, err);
    }
    return ERR_NONE;
}

static enum err_code zip_write_all(const struct zip_list *list, int fd, const char *path,
                                   struct err *err) {
    const struct archive_lib *lib = archive_lib_get(err);
    CLEANUP(zip_out_done) struct zip_out out = {.lib = lib};

    if (lib == NULL) {
        return err->code;
    }
    out.archive = lib->archive_write_new();
    out.entry = lib->archive_entry_new();
    if (lib->archive_write_set_format_zip(out.archive) != ARCHIVE_OK ||
        lib->archive_write_set_options(
            out.archive, "zip:compression=deflate,zip:compression-level=6") != ARCHIVE_OK ||
        lib->archive_write_open_fd(out.archive, fd) != ARCHIVE_OK) {
        return zip_err(&out, path, err);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (zip_write_entry(&out, &list->rows[i], err) != ERR_NONE) {
            return err->code;
        }
    }
    return lib->archive_write_close(out.archive) == ARCHIVE_OK ? ERR_NONE
                                                               : zip_err(&out, path, err);
}

enum err_code zip_write(const struct zip_list *list, const char *path, struct sha256 *out,
                        int64_t *out_bytes, struct err *err) {
    CLEANUP(freep) char *tmp = mem_format("%s.new-XXXXXX", path);
    int fd = mkostemp(tmp, O_CLOEXEC);
    struct sha256 hash;
    int64_t bytes = 0;

    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    /* libarchive encodes names, and says so, by the thread's locale: it is the same for everyone.
     */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
    enum err_code code = zip_write_all(list, fd, path, err);
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    if (code == ERR_NONE && fsync(fd) != 0) {
        code = err_errno(err, errno, "%s", path);
    }
    close(fd);
    if (code == ERR_NONE) {
        code = fs_hash_file(tmp, &hash, &bytes, err);
    }
    if (code == ERR_NONE && rename(tmp, path) != 0) {
        code = err_errno(err, errno, "%s", path);
    }
    if (code != ERR_NONE) {
        unlink(tmp);
        return code;
    }
    *out = hash;
    *out_bytes = bytes;
    return ERR_NONE;
}
