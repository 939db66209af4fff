/* sys/fs.c: rooted access, whole-file reads and writes. Trees are in fs_tree.c. */
#include "sys/fs.h"

#include "sys/fs_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FS_PIECE_BYTES = 64 * 1024 };

void fs_closep(int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
}

enum { UNSURE_MAX = 1000 };

int fs_open_beneath(int dir, const char *rel, int flags, bool follow) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
                                      (follow ? 0 : RESOLVE_NO_SYMLINKS)};
    int fd = -1;

    /* With ".." on the way, a rename or a mount anywhere on the machine makes the kernel unsure. */
    for (int i = 0; i < UNSURE_MAX && fd < 0 && (i == 0 || errno == EAGAIN); i++) {
        fd = (int)syscall(SYS_openat2, dir, rel[0] == '\0' ? "." : rel, &how, sizeof how);
    }
    return fd;
}

enum err_code fs_set_err(struct err *err, int errno_value, const char *path) {
    switch (errno_value) {
    case EXDEV:
        return err_set(err, ERR_INVALID, "%s leads out of its folder", path);
    case ELOOP:
        return err_set(err, ERR_INVALID, "%s is or passes a symbolic link", path);
    case ENOTDIR:
        return err_set(err, ERR_INVALID, "%s is no folder", path);
    case ENXIO:
    case ENODEV:
        return err_set(err, ERR_INVALID, "%s is no regular file", path);
    default:
        return err_errno(err, errno_value, "%s", path);
    }
}

enum err_code fs_root_open(const char *path, struct fs_root *out, struct err *err) {
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    *out = (struct fs_root){.fd = fd, .path = mem_strdup(path)};
    return ERR_NONE;
}

void fs_root_done(struct fs_root *root) {
    if (root->path != NULL) {
        close(root->fd);
        free(root->path);
        *root = (struct fs_root){0};
    }
}

enum fs_kind fs_kind_of(mode_t mode) {
    if (S_ISREG(mode)) {
        return FS_FILE;
    }
    if (S_ISDIR(mode)) {
        return FS_DIR;
    }
    return S_ISLNK(mode) ? FS_LINK : FS_OTHER;
}

enum fs_kind fs_kind_at(const struct fs_root *root, const char *rel) {
    CLEANUP(fs_closep) int fd = fs_open_beneath(root->fd, rel, O_PATH | O_NOFOLLOW, true);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        return FS_NONE;
    }
    return fs_kind_of(st.st_mode);
}

/* Opens a regular file for reading. O_NONBLOCK keeps a FIFO from holding us before fstat() refuses
 * it. */
static enum err_code fs_check_file(int fd, const char *path, size_t max, struct err *err) {
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_INVALID, "%s is no regular file", path);
    }
    if ((uint64_t)st.st_size > max) {
        return err_set(err, ERR_TOO_LARGE, "%s has %lld bytes, over the limit of %zu", path,
                       (long long)st.st_size, max);
    }
    return ERR_NONE;
}

static bool fs_is_stopped(const atomic_bool *stop) { return stop != NULL && atomic_load(stop); }

/* Reads to the end, however the size changes meanwhile. */
static enum err_code fs_read_to_end(int fd, const char *path, size_t max, const atomic_bool *stop,
                                    struct buf *out, struct err *err) {
    char piece[FS_PIECE_BYTES];
    size_t total = 0;

    for (;;) {
        ssize_t n = fs_is_stopped(stop) ? 0 : read(fd, piece, sizeof piece);
        if (fs_is_stopped(stop)) {
            return err_set(err, ERR_INTERRUPTED, "reading %s was interrupted", path);
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_errno(err, errno, "%s", path);
        }
        if (n == 0) {
            return ERR_NONE;
        }
        total += (size_t)n;
        buf_add(out, (struct str){piece, (size_t)n});
        if (total > max || out->failed) {
            return err_set(err, ERR_TOO_LARGE, "%s is larger than the limit of %zu bytes", path,
                           max);
        }
    }
}

static enum err_code fs_read_fd(int fd, const char *path, size_t max, struct buf *out,
                                struct err *err) {
    if (fs_check_file(fd, path, max, err) != ERR_NONE) {
        return err->code;
    }
    return fs_read_to_end(fd, path, max, NULL, out, err);
}

enum err_code fs_read_at(const struct fs_root *root, const char *rel, size_t max, struct buf *out,
                         struct err *err) {
    CLEANUP(fs_closep)
    int fd = fs_open_beneath(root->fd, rel, O_RDONLY | O_NONBLOCK | O_NOCTTY, true);

    if (fd < 0) {
        return fs_set_err(err, errno, rel);
    }
    return fs_read_fd(fd, rel, max, out, err);
}

enum err_code fs_read_file(const char *path, size_t max, struct buf *out, struct err *err) {
    CLEANUP(fs_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        return fs_set_err(err, errno, path);
    }
    return fs_read_fd(fd, path, max, out, err);
}

static const char *input_name(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* Why it was not opened, and what to do. */
static enum err_code input_fails(const char *path, int number, const atomic_bool *stop,
                                 struct err *err) {
    if (path[0] == '\0') {
        err_set(err, ERR_INVALID, "the name of a file is empty");
    } else if (number == EISDIR) {
        err_set(err, ERR_INVALID, "%s is a folder", input_name(path));
        return err_remedy(err, "name one file of it");
    } else if (fs_is_stopped(stop)) {
        return err_set(err, ERR_INTERRUPTED, "opening %s was interrupted", path);
    } else {
        err_errno(err, number, "%s", input_name(path));
    }
    if (number == EACCES) {
        return err_remedy(err, "let this user read it, or give the path of another file");
    }
    return err_remedy(err, "give the path of a file, or - for standard input");
}

enum err_code fs_open_input(const char *path, const atomic_bool *stop, int *out, struct err *err) {
    CLEANUP(fs_closep)
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        return input_fails(path, errno, stop, err);
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        return input_fails(path, EISDIR, stop, err);
    }
    *out = fd;
    fd = -1;
    return ERR_NONE;
}

enum err_code fs_read_input(const char *path, size_t max, const atomic_bool *stop, struct buf *out,
                            struct err *err) {
    CLEANUP(fs_closep) int fd = -1;

    if (fs_open_input(path, stop, &fd, err) != ERR_NONE) {
        return err->code;
    }
    return fs_read_to_end(fd, input_name(path), max, stop, out, err);
}

enum err_code fs_hash_fd(int fd, const char *path, size_t max, struct sha256 *out,
                         int64_t *out_bytes, struct err *err) {
    char piece[FS_PIECE_BYTES];
    struct sha256_stream *stream = NULL;
    int64_t total = 0;
    ssize_t n = 0;

    if (fs_check_file(fd, path, max, err) != ERR_NONE) {
        return err->code;
    }
    stream = sha256_start();
    while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0) {
            sha256_feed(stream, (struct str){piece, (size_t)n});
            total += n;
        }
    }
    struct sha256 hash = sha256_end(stream);
    if (n < 0) {
        return err_errno(err, errno, "%s", path);
    }
    *out = hash;
    if (out_bytes != NULL) {
        *out_bytes = total;
    }
    return ERR_NONE;
}

enum err_code fs_hash_file(const char *path, struct sha256 *out, int64_t *out_bytes,
                           struct err *err) {
    CLEANUP(fs_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        return fs_set_err(err, errno, path);
    }
    return fs_hash_fd(fd, path, SIZE_MAX, out, out_bytes, err);
}

enum err_code fs_mkdirs(const char *path, uint32_t mode, struct err *err) {
    CLEANUP(freep) char *copy = mem_strdup(path);
    struct stat st;

    for (char *p = copy + 1; copy[0] != '\0'; p++) {
        char was = *p;
        if (was != '/' && was != '\0') {
            continue;
        }
        *p = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST) {
            return err_errno(err, errno, "%s", copy);
        }
        *p = was;
        if (was == '\0') {
            break;
        }
    }
    if (stat(path, &st) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return err_set(err, ERR_IO, "%s is no folder", path);
    }
    return ERR_NONE;
}

void fs_keep_name(const char *path) {
    CLEANUP(freep) char *dir = mem_strdup(path);

    for (char *slash = strrchr(dir, '/'); slash != NULL; slash = strrchr(dir, '/')) {
        bool is_root = slash == dir;
        int fd;

        slash[is_root ? 1 : 0] = '\0';
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            (void)fsync(fd);
            (void)close(fd);
        }
        if (is_root) {
            return;
        }
    }
}

enum err_code fs_write_all(int fd, struct str content) {
    for (size_t done = 0; done < content.len;) {
        ssize_t n = write(fd, content.ptr + done, content.len - done);
        if (n < 0 && errno != EINTR) {
            return ERR_IO;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return ERR_NONE;
}

/* The rename counts only once the folder's own entry is on the disk. */
static int fs_sync_dir_of(const char *path) {
    CLEANUP(freep) char *dir = mem_strdup(path);
    char *slash = strrchr(dir, '/');

    if (slash != NULL) {
        slash[slash == dir ? 1 : 0] = '\0';
    }
    CLEANUP(fs_closep) int fd = open(slash == NULL ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) != 0 ? -1 : 0;
}

enum err_code fs_write_file(const char *path, struct str content, uint32_t mode, struct err *err) {
    CLEANUP(freep) char *tmp = mem_format("%s.new-XXXXXX", path);
    CLEANUP(fs_closep) int fd = mkostemp(tmp, O_CLOEXEC);

    if (fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    if (fchmod(fd, mode) != 0 || fs_write_all(fd, content) != ERR_NONE || fsync(fd) != 0 ||
        rename(tmp, path) != 0) {
        enum err_code code = err_errno(err, errno, "%s", path);
        unlink(tmp);
        return code;
    }
    if (fs_sync_dir_of(path) != 0) {
        return err_errno(err, errno, "%s", path);
    }
    return ERR_NONE;
}

/* Under a name that nothing has yet, in the folder `dir`. */
static int put_new(int dir, const char *name, enum fs_kind kind, struct str content,
                   uint32_t mode) {
    if (kind == FS_LINK) {
        CLEANUP(freep) char *target = str_dup(content);
        return symlinkat(target, dir, name);
    }
    CLEANUP(fs_closep)
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 || fchmod(fd, mode & 0777) != 0 || fs_write_all(fd, content) != ERR_NONE ||
                   fsync(fd) != 0
               ? -1
               : 0;
}

static int put_gone(int dir, const char *name) {
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY || errno == EEXIST ? 0 : -1;
}

static int put_at(int dir, const char *name, enum fs_kind kind, struct str content, uint32_t mode) {
    char fresh[40];

    if (kind == FS_NONE) {
        return put_gone(dir, name);
    }
    if (kind == FS_DIR) {
        struct stat st;
        if (mkdirat(dir, name, mode & 0777) == 0) {
            return 0;
        }
        return errno == EEXIST && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISDIR(st.st_mode)
                   ? 0
                   : -1;
    }
    (void)snprintf(fresh, sizeof fresh, ".aws-copilot-new-%d", getpid());
    (void)unlinkat(dir, fresh, 0); /* of a process that was killed and had the same number */
    if (put_new(dir, fresh, kind, content, mode) != 0 || renameat(dir, fresh, dir, name) != 0) {
        int saved = errno;
        (void)unlinkat(dir, fresh, 0);
        errno = saved;
        return -1;
    }
    return 0;
}

enum err_code fs_put_at(const struct fs_root *root, const char *rel, enum fs_kind kind,
                        struct str content, uint32_t mode, struct err *err) {
    CLEANUP(freep) char *parent = mem_strdup(rel);
    char *slash = strrchr(parent, '/');
    const char *name = slash == NULL ? rel : rel + (slash - parent) + 1;

    parent[slash == NULL ? 0 : slash - parent] = '\0';
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return err_set(err, ERR_INVALID, "'%s' names no entry of a folder", rel);
    }
    CLEANUP(fs_closep) int dir = fs_open_beneath(root->fd, parent, O_RDONLY | O_DIRECTORY, false);
    if (dir < 0 && errno == ENOENT && kind == FS_NONE) {
        return ERR_NONE;
    }
    if (dir < 0) {
        return fs_set_err(err, errno, rel);
    }
    if (put_at(dir, name, kind, content, mode) != 0 || fsync(dir) != 0) {
        return err_errno(err, errno, "%s", rel);
    }
    return ERR_NONE;
}

char *fs_join(const char *dir, const char *name) {
    size_t len = strlen(dir);

    return mem_format("%s%s%s", dir, len > 0 && dir[len - 1] == '/' ? "" : "/", name);
}
