/* sys/fs_tree.c: whole trees: list, digest, compare, copy, remove. */
#include "sys/fs.h"

#include "sys/fs_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TREE_DEPTH_MAX = 128, /* open folders at once, so that a deep tree cannot use up all files */
    TREE_PATH_MAX = 4096,
    TREE_NAMES_MAX = 300000, /* of one folder that may be listed in part */
    TREE_PASSES_MAX = 10000,
};

/* --- list --- */

struct tree {
    const struct fs_walk *walk;
    struct fs_list *list;
    struct buf path; /* where the walk is */
    bool with_hash;
};

struct names {
    char **rows;
    size_t n;
    size_t cap;
};

static void names_done(struct names *names) {
    for (size_t i = 0; i < names->n; i++) {
        free(names->rows[i]);
    }
    free(names->rows);
}

static void dir_closep(DIR **dir) {
    if (*dir != NULL) {
        closedir(*dir);
    }
}

static int names_compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_dot(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* Reads at most `max` names, sorted, so that a listing that is cut is the same each time. */
static bool names_read(DIR *dir, size_t max, struct names *out) {
    struct dirent *entry = NULL;
    bool is_cut = false;

    while ((entry = readdir(dir)) != NULL) {
        if (is_dot(entry->d_name)) {
            continue;
        }
        if (out->n == max) {
            is_cut = true;
            break;
        }
        if (out->n == out->cap) {
            out->cap = out->cap * 2 + 16;
            out->rows = mem_resize(out->rows, out->cap * sizeof *out->rows);
        }
        out->rows[out->n++] = mem_strdup(entry->d_name);
    }
    if (out->n > 0) {
        qsort(out->rows, out->n, sizeof *out->rows, names_compare);
    }
    return is_cut;
}

static void names_cut(struct names *names, size_t max) {
    while (names->n > max) {
        free(names->rows[--names->n]);
    }
}

static struct fs_entry *list_add(struct fs_list *list) {
    if (list->n == list->cap) {
        list->cap = list->cap * 2 + 64;
        list->rows = mem_resize(list->rows, list->cap * sizeof *list->rows);
    }
    list->rows[list->n] = (struct fs_entry){0};
    return &list->rows[list->n++];
}

static enum err_code tree_hash(struct tree *tree, int dir, const char *name, struct fs_entry *row,
                               struct err *err) {
    int64_t left = tree->walk->bytes_max - tree->list->bytes;

    if (row->kind == FS_LINK) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir, name, target, sizeof target);
        row->hash = sha256_of((struct str){target, n < 0 ? 0 : (size_t)n});
        return ERR_NONE;
    }
    CLEANUP(fs_closep)
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return fs_set_err(err, errno, row->path);
    }
    return fs_hash_fd(fd, row->path, left < 0 ? 0 : (size_t)left, &row->hash, &row->size, err);
}

static enum err_code tree_walk(struct tree *tree, int fd, int depth, struct err *err);

static enum err_code tree_visit(struct tree *tree, int dir, const char *name, int depth,
                                struct err *err) {
    const struct fs_walk *walk = tree->walk;
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? ERR_NONE : fs_set_err(err, errno, buf_cstr(&tree->path));
    }
    if (walk->skip != NULL &&
        walk->skip(walk->ctx, buf_cstr(&tree->path), name, S_ISDIR(st.st_mode))) {
        return ERR_NONE;
    }
    if (tree->list->n >= walk->entry_max) {
        tree->list->is_cut = true;
        return ERR_NONE;
    }
    struct fs_entry *row = list_add(tree->list);
    row->path = mem_strdup(buf_cstr(&tree->path));
    row->kind = fs_kind_of(st.st_mode);
    row->mode = st.st_mode & 07777;
    row->size = S_ISREG(st.st_mode) ? st.st_size : 0;
    if (tree->with_hash && (row->kind == FS_FILE || row->kind == FS_LINK) &&
        tree_hash(tree, dir, name, row, err) != ERR_NONE) {
        return err->code;
    }
    tree->list->bytes += row->size;
    if (row->kind != FS_DIR || depth >= walk->depth_max) {
        return ERR_NONE;
    }
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && walk->folder_max > 0) {
        tree->list->partial++;
        return ERR_NONE;
    }
    if (fd < 0) {
        return fs_set_err(err, errno, buf_cstr(&tree->path));
    }
    return tree_walk(tree, fd, depth + 1, err);
}

/* Takes over `fd`. `depth` is that of the entries in it. */
static enum err_code tree_walk(struct tree *tree, int fd, int depth, struct err *err) {
    CLEANUP(dir_closep) DIR *dir = fdopendir(fd);
    CLEANUP(names_done) struct names names = {0};
    const size_t folder_max = tree->walk->folder_max;
    size_t base = tree->path.len;
    bool is_partial = false;

    if (dir == NULL) {
        close(fd);
        return err_errno(err, errno, "%s", buf_cstr(&tree->path));
    }
    if (depth > TREE_DEPTH_MAX) {
        return err_set(err, ERR_TOO_LARGE, "%s is nested deeper than %d folders",
                       buf_cstr(&tree->path), TREE_DEPTH_MAX);
    }
    is_partial =
        names_read(dir, folder_max > 0 ? TREE_NAMES_MAX : tree->walk->entry_max + 1, &names);
    if (is_partial && folder_max == 0) {
        tree->list->is_cut = true;
    }
    if (folder_max > 0 && names.n > folder_max) {
        is_partial = true;
        names_cut(&names, folder_max);
    }
    for (size_t i = 0; i < names.n && !tree->list->is_cut; i++) {
        buf_add_s(&tree->path, base > 0 ? "/" : "");
        buf_add_s(&tree->path, names.rows[i]);
        if (tree->path.failed && tree->walk->folder_max > 0) {
            tree->path.failed = false;
            is_partial = true;
        } else if (tree->path.failed) {
            return err_set(err, ERR_TOO_LARGE, "a path is longer than %d bytes", TREE_PATH_MAX);
        } else if (tree_visit(tree, dirfd(dir), names.rows[i], depth, err) != ERR_NONE) {
            return err->code;
        }
        tree->path.len = base;
        tree->path.ptr[base] = '\0';
    }
    tree->list->partial += is_partial;
    return ERR_NONE;
}

static int entry_compare(const void *a, const void *b) {
    return strcmp(((const struct fs_entry *)a)->path, ((const struct fs_entry *)b)->path);
}

void fs_list_done(struct fs_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        free(list->rows[i].path);
    }
    free(list->rows);
    *list = (struct fs_list){0};
}

static enum err_code tree_list(const struct fs_root *root, const char *rel,
                               const struct fs_walk *walk, bool with_hash, struct fs_list *out,
                               struct err *err) {
    CLEANUP(fs_list_done) struct fs_list list = {0};
    CLEANUP(buf_done) struct buf path = BUF_INIT(TREE_PATH_MAX);
    struct tree tree = {walk, &list, path, with_hash};
    int fd = fs_open_beneath(root->fd, rel, O_RDONLY | O_DIRECTORY, true);

    if (fd < 0) {
        return fs_set_err(err, errno, rel[0] == '\0' ? root->path : rel);
    }
    enum err_code code = tree_walk(&tree, fd, 1, err);
    path = tree.path;
    if (code != ERR_NONE) {
        return code;
    }
    if (list.n > 0) {
        qsort(list.rows, list.n, sizeof *list.rows, entry_compare);
    }
    *out = list;
    list = (struct fs_list){0};
    return ERR_NONE;
}

enum err_code fs_list_tree(const struct fs_root *root, const char *rel, const struct fs_walk *walk,
                           struct fs_list *out, struct err *err) {
    return tree_list(root, rel, walk, false, out, err);
}

static enum err_code tree_refuse_cut(const struct fs_root *root, const struct fs_walk *walk,
                                     const struct fs_list *list, struct err *err) {
    if (list->is_cut) {
        return err_set(err, ERR_TOO_LARGE, "%s has more than %zu files and folders", root->path,
                       walk->entry_max);
    }
    if (list->bytes > walk->bytes_max) {
        return err_set(err, ERR_TOO_LARGE, "%s has more than %lld bytes", root->path,
                       (long long)walk->bytes_max);
    }
    return ERR_NONE;
}

enum err_code fs_digest_tree(const struct fs_root *root, const char *rel,
                             const struct fs_walk *walk, struct fs_list *out, struct err *err) {
    CLEANUP(fs_list_done) struct fs_list list = {0};

    if (tree_list(root, rel, walk, true, &list, err) != ERR_NONE ||
        tree_refuse_cut(root, walk, &list, err) != ERR_NONE) {
        return err->code;
    }
    *out = list;
    list = (struct fs_list){0};
    return ERR_NONE;
}

struct sha256 fs_list_hash(const struct fs_list *list) {
    struct sha256_stream *stream = sha256_start();

    for (size_t i = 0; i < list->n; i++) {
        const struct fs_entry *row = &list->rows[i];
        const char kind[2] = {(char)('0' + row->kind), (row->mode & 0100) != 0 ? 'x' : '-'};
        sha256_feed(stream, (struct str){row->path, strlen(row->path) + 1});
        sha256_feed(stream, (struct str){kind, sizeof kind});
        sha256_feed(stream, (struct str){(const char *)row->hash.bytes, SHA256_BYTES});
    }
    return sha256_end(stream);
}

static bool entry_same(const struct fs_entry *a, const struct fs_entry *b) {
    return a->kind == b->kind && ((a->mode ^ b->mode) & 0100) == 0 && sha256_eq(a->hash, b->hash);
}

void fs_list_compare(const struct fs_list *before, const struct fs_list *after,
                     void (*found)(void *ctx, const char *path), void *ctx) {
    size_t b = 0;
    size_t a = 0;

    while (b < before->n || a < after->n) {
        int order = b == before->n  ? 1
                    : a == after->n ? -1
                                    : strcmp(before->rows[b].path, after->rows[a].path);
        if (order != 0 || !entry_same(&before->rows[b], &after->rows[a])) {
            found(ctx, order <= 0 ? before->rows[b].path : after->rows[a].path);
        }
        b += order <= 0 ? 1 : 0;
        a += order >= 0 ? 1 : 0;
    }
}

/* --- copy --- */

/* Shares the blocks where the file system can, else lets the kernel copy. */
static int copy_content(int from, int to, int64_t max) {
    if (ioctl(to, FICLONE, from) == 0) {
        return 0;
    }
    for (int64_t left = max;;) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)left + 1, 0);
        if (n < 0 &&
            (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
            char piece[64 * 1024];
            n = read(from, piece, sizeof piece);
            if (n > 0 && fs_write_all(to, (struct str){piece, (size_t)n}) != ERR_NONE) {
                return -1;
            }
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return (int)n;
        }
        left -= n;
        if (left < 0) {
            errno = EFBIG; /* it grew while it was read */
            return -1;
        }
    }
}

static enum err_code copy_file(const struct fs_root *from, int to, const struct fs_entry *row,
                               int64_t max, struct err *err) {
    CLEANUP(fs_closep)
    int in = fs_open_beneath(from->fd, row->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, false);
    CLEANUP(fs_closep)
    int out =
        in < 0 ? -1
               : openat(to, row->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat st;

    if (in < 0 || out < 0 || fstat(in, &st) != 0) {
        return fs_set_err(err, errno, row->path);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_INVALID, "%s is no regular file", row->path);
    }
    if (copy_content(in, out, max) != 0) {
        return errno == EFBIG
                   ? err_set(err, ERR_TOO_LARGE, "%s grew while it was copied", row->path)
                   : err_errno(err, errno, "%s", row->path);
    }
    if (fchmod(out, (row->mode & 0777) | 0600) != 0) {
        return err_errno(err, errno, "%s", row->path);
    }
    return ERR_NONE;
}

/* Copies a link only if it is relative and what it names lies inside the tree. */
static bool copy_link(const struct fs_root *from, int to, const char *path) {
    char target[PATH_MAX];
    ssize_t n = readlinkat(from->fd, path, target, sizeof target - 1);
    CLEANUP(fs_closep) int inside = fs_open_beneath(from->fd, path, O_PATH, true);

    if (n <= 0 || target[0] == '/' || inside < 0) {
        return false;
    }
    target[n] = '\0';
    return symlinkat(target, to, path) == 0;
}

enum err_code fs_copy_tree(const struct fs_root *from, const char *to, const struct fs_walk *walk,
                           size_t *out_left_out, struct err *err) {
    CLEANUP(fs_list_done) struct fs_list list = {0};
    size_t left_out = 0;

    if (tree_list(from, "", walk, false, &list, err) != ERR_NONE ||
        tree_refuse_cut(from, walk, &list, err) != ERR_NONE ||
        fs_mkdirs(to, 0700, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(fs_closep) int dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return err_errno(err, errno, "%s", to);
    }
    int64_t left = walk->bytes_max;
    for (size_t i = 0; i < list.n; i++) {
        const struct fs_entry *row = &list.rows[i];
        if (row->kind == FS_DIR) {
            if (mkdirat(dir, row->path, (row->mode & 0777) | 0700) != 0) {
                return err_errno(err, errno, "%s", row->path);
            }
        } else if (row->kind == FS_FILE) {
            if (copy_file(from, dir, row, left, err) != ERR_NONE) {
                return err->code;
            }
            left -= row->size;
        } else if (row->kind != FS_LINK || !copy_link(from, dir, row->path)) {
            left_out++;
        }
    }
    if (out_left_out != NULL) {
        *out_left_out = left_out;
    }
    return ERR_NONE;
}

/* --- remove --- */

static int remove_below(int top, DIR *dir, int depth, int *deep);

/* Removes a folder's content and itself. Below TREE_DEPTH_MAX it is moved up to `top` instead,
 * whose next pass finds it there. */
static int remove_dir(int top, int parent, const char *name, int depth, int *deep) {
    if (depth > TREE_DEPTH_MAX) {
        char up[40];
        snprintf(up, sizeof up, ".deep-%d-%d", getpid(), (*deep)++);
        return renameat(parent, name, top, up);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) {
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0) {
        return -1;
    }
    CLEANUP(dir_closep) DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return -1;
    }
    if (remove_below(top, dir, depth + 1, deep) != 0) {
        return -1;
    }
    return unlinkat(parent, name, AT_REMOVEDIR);
}

static int remove_name(int top, int parent, const char *name, int depth, int *deep) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno == EISDIR || errno == EPERM) {
        return remove_dir(top, parent, name, depth, deep);
    }
    if (errno == EACCES && fchmod(parent, 0700) == 0) { /* a folder without its write bit */
        return unlinkat(parent, name, 0) == 0 ? 0 : remove_dir(top, parent, name, depth, deep);
    }
    return -1;
}

/* Reads the folder again until a pass finds nothing: readdir() may miss entries while others go. */
static int remove_below(int top, DIR *dir, int depth, int *deep) {
    for (int pass = 0; pass < TREE_PASSES_MAX; pass++) {
        struct dirent *entry = NULL;
        bool found = false;

        rewinddir(dir);
        while ((entry = readdir(dir)) != NULL) {
            if (is_dot(entry->d_name)) {
                continue;
            }
            found = true;
            if (remove_name(top, dirfd(dir), entry->d_name, depth, deep) != 0) {
                return -1;
            }
        }
        if (!found) {
            return 0;
        }
    }
    errno = EBUSY;
    return -1;
}

enum err_code fs_remove_tree(const struct fs_root *root, const char *rel, struct err *err) {
    CLEANUP(freep) char *parent = mem_strdup(rel);
    char *slash = strrchr(parent, '/');
    const char *name = slash == NULL ? rel : rel + (slash - parent) + 1;
    int deep = 0;

    parent[slash == NULL ? 0 : slash - parent] = '\0';
    if (name[0] == '\0' || is_dot(name)) {
        return err_set(err, ERR_INVALID, "'%s' names no entry of a folder", rel);
    }
    CLEANUP(fs_closep) int fd = fs_open_beneath(root->fd, parent, O_RDONLY | O_DIRECTORY, false);
    if (fd < 0) {
        return errno == ENOENT ? ERR_NONE : fs_set_err(err, errno, rel);
    }
    /* Deep folders are moved into the tree that is removed, so its own folder is the top. */
    CLEANUP(fs_closep)
    int top = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (remove_name(top, fd, name, 1, &deep) != 0) {
        return err_errno(err, errno, "%s", rel);
    }
    return ERR_NONE;
}
