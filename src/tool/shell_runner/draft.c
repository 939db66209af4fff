/* A copy of the repository in which a command may write, and what becomes of it. */
#include "tool/shell_runner/draft.h"

#include "guard/policy.h"
#include "guard/secret_file.h"
#include "repo/diff.h"
#include "tool/build_op.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DRAFT_ENTRIES_MAX = 200000,
    DRAFT_DEPTH_MAX = 64,
    DRAFT_CHANGES_MAX = 2000,
    DRAFT_SHOWN_MAX = 200,
    DRAFT_FILE_BYTES = 64 << 20,
    DRAFT_TEXT_BYTES = 256 << 10, /* of a file whose difference is shown */
    DRAFT_DIFF_BYTES = 48 << 10,
    DRAFT_PAPER_BYTES = 2 << 20,
    DRAFT_AGE_S = 24 * 3600,
};

static const int64_t draft_bytes_max = 4LL << 30;

/* --- what a draft is a copy of --- */

struct walked {
    const struct op *op;
    const char *root; /* of the tree that is walked */
    struct draft *draft;
    bool is_copy; /* else the tree is compared */
};

static bool is_named(const char *name, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* An environment of Python: it is seen, and nothing is installed into it. */
static bool is_venv(const char *root, const char *path) {
    CLEANUP(freep) char *mark = mem_format("%s/%s/pyvenv.cfg", root, path);

    return access(mark, F_OK) == 0;
}

static bool is_ours(const struct op *op, const char *root, const char *path) {
    CLEANUP(freep) char *full = fs_join(root, path);

    return strcmp(full, op->services->state_dir) == 0 || strcmp(full, op->services->cache_dir) == 0;
}

static bool is_shown(const struct draft *draft, const char *path) {
    return is_named(path, (const char *const *)draft->shown.rows, draft->shown.n);
}

static bool skips_copying(const struct walked *walked, const char *path, const char *name,
                          bool is_dir) {
    bool is_git = strcmp(name, ".git") == 0;

    if (is_git && walked->draft->use == DRAFT_GIT && strcmp(path, ".git") == 0) {
        return false;
    }
    if (walked->draft->use == DRAFT_FETCHES && is_dir && strcmp(name, "node_modules") == 0) {
        return true;
    }
    if (is_git ? strcmp(path, ".git") == 0 : is_dir && is_venv(walked->root, path)) {
        words_add(&walked->draft->shown, path);
        return true;
    }
    return is_git || secret_file_of(str_from(path)) == SECRET_FILE_SURE ||
           (is_dir && is_ours(walked->op, walked->root, path));
}

/* What programs keep for themselves is not taken over. */
static bool skips_comparing(const struct walked *walked, const char *path, const char *name) {
    static const char *const caches[] = {"node_modules",    "__pycache__", ".pytest_cache",
                                         ".mypy_cache",     ".ruff_cache", ".vite",
                                         "install-state.gz"};

    return is_named(name, caches, ARRAY_N(caches)) || is_shown(walked->draft, path);
}

static bool draft_skips(void *ctx, const char *path, const char *name, bool is_dir) {
    const struct walked *walked = ctx;

    return walked->is_copy ? skips_copying(walked, path, name, is_dir)
                           : skips_comparing(walked, path, name);
}

static struct fs_walk draft_walk(struct walked *walked) {
    return (struct fs_walk){.depth_max = DRAFT_DEPTH_MAX,
                            .entry_max = DRAFT_ENTRIES_MAX,
                            .bytes_max = draft_bytes_max,
                            .skip = draft_skips,
                            .ctx = walked};
}

static enum err_code draft_digest(struct op *op, const struct draft *draft, struct fs_list *out,
                                  struct err *err) {
    struct draft looked = *draft;
    struct walked walked = {.op = op, .root = draft->path, .draft = &looked};
    const struct fs_walk walk = draft_walk(&walked);
    CLEANUP(fs_root_done) struct fs_root copy = {0};

    if (fs_root_open(draft->path, &copy, err) != ERR_NONE) {
        return err->code;
    }
    return fs_digest_tree(&copy, "", &walk, out, err);
}

/* A tree that is too large to be copied or compared, in words for a person. */
static enum err_code draft_too_large(const char *what, struct err *err) {
    err_set(err, ERR_TOO_LARGE, "%s more than %lld GB or %d files and folders", what,
            (long long)(draft_bytes_max >> 30), DRAFT_ENTRIES_MAX);
    return err_remedy(err, "run it yourself; nothing was taken over");
}

/* --- the folder of drafts --- */

static char *drafts_dir(const struct op *op) { return fs_join(op->services->state_dir, "drafts"); }

static char *draft_file(const struct op *op, const char *id, const char *name) {
    return mem_format("%s/drafts/%s/%s", op->services->state_dir, id, name);
}

static bool is_id(const char *id) {
    return strlen(id) == SHA256_HEX && strspn(id, "0123456789abcdef") == SHA256_HEX;
}

/* The paper of a draft: {"root","command","rows"}; NULL when it is absent or damaged. */
static json_t *paper_read(const struct op *op, const char *id) {
    CLEANUP(freep) char *path = draft_file(op, id, "paper.json");
    CLEANUP(buf_done) struct buf text = BUF_INIT(DRAFT_PAPER_BYTES);
    CLEANUP(json_decrefp) json_t *paper = NULL;
    struct err err = {0};

    if (fs_read_file(path, DRAFT_PAPER_BYTES, &text, &err) != ERR_NONE ||
        json_read(buf_str(&text), &paper, &err) != ERR_NONE ||
        !json_is_object(json_object_get(paper, "shown")) ||
        strcmp(sha256_hex(json_hash(paper)).text, id) != 0) {
        return NULL;
    }
    return TAKE(paper);
}

static char *draft_root(const struct op *op) { return realpath(op->services->root, NULL); }

/* Looks at the drafts there are: old ones go; one that is taken over by half stops what is begun
 * now. */
static enum err_code drafts_look(struct op *op, struct err *err) {
    CLEANUP(freep) char *dir = drafts_dir(op);
    CLEANUP(freep) char *root = draft_root(op);
    CLEANUP(fs_root_done) struct fs_root drafts = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const struct fs_walk walk = {.depth_max = 1, .entry_max = DRAFT_ENTRIES_MAX};
    struct err none = {0};

    if (fs_root_open(dir, &drafts, &none) != ERR_NONE ||
        fs_list_tree(&drafts, "", &walk, &list, &none) != ERR_NONE) {
        return ERR_NONE;
    }
    for (size_t i = 0; i < list.n; i++) {
        const char *id = list.rows[i].path;
        CLEANUP(freep) char *mark = draft_file(op, id, "taking");
        CLEANUP(json_decrefp) json_t *paper = is_id(id) ? paper_read(op, id) : NULL;

        if (access(mark, F_OK) != 0) {
            struct stat st;
            CLEANUP(freep) char *folder = fs_join(dir, id);
            if (stat(folder, &st) == 0 && st.st_mtime < time(NULL) - DRAFT_AGE_S) {
                (void)!fs_remove_tree(&drafts, id, &none);
            }
        } else if (root != NULL && strcmp(json_str_or(paper, "root", ""), root) == 0) {
            err_set(err, ERR_CONFLICT,
                    "what a command changed was being taken over when that was interrupted");
            return err_remedy(err, "aws-copilot run --keep %s finishes it", id);
        }
    }
    return ERR_NONE;
}

/* --- making one --- */

void draft_done(struct op *op, struct draft *draft) {
    struct build_env env = build_op_env(op);

    build_remove(&env, draft->tmp);
    free(draft->tmp);
    free(draft->path);
    words_done(&draft->shown);
    words_done(&draft->readable);
    fs_list_done(&draft->before);
    *draft = (struct draft){0};
}

struct tracked {
    const struct op *op;
    char *path; /* the first that git tracks; owned */
};

static bool look_for_tracked(void *ctx, const char *path, const char *name, bool is_dir) {
    struct tracked *tracked = ctx;

    if (!is_dir && tracked->path == NULL && secret_file_of(str_from(path)) == SECRET_FILE_SURE &&
        repo_is_tracked(tracked->op->services->root, path)) {
        tracked->path = mem_strdup(path);
    }
    return strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0;
}

/* Files of secrets are not in the copy. One that git tracks it would take for deleted. */
static enum err_code refuse_tracked(struct op *op, const struct fs_root *root, struct err *err) {
    struct tracked tracked = {.op = op};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const struct fs_walk walk = {.depth_max = DRAFT_DEPTH_MAX,
                                 .entry_max = DRAFT_ENTRIES_MAX,
                                 .folder_max = DRAFT_ENTRIES_MAX,
                                 .skip = look_for_tracked,
                                 .ctx = &tracked};
    enum err_code code = fs_list_tree(root, "", &walk, &list, err);

    if (code == ERR_NONE && tracked.path != NULL) {
        err_set(err, ERR_UNSUPPORTED,
                "git tracks %s, which commands here do not see: it would be taken for deleted",
                tracked.path);
        code = err_remedy(err, "run git yourself; git rm --cached %s ends that git tracks it",
                          tracked.path);
    }
    free(tracked.path);
    return code;
}

/* What is not copied is seen all the same: mounted in its place, or through a link. */
static enum err_code draft_show(struct op *op, struct draft *draft, const char *root,
                                struct err *err) {
    for (size_t i = 0; i < draft->shown.n; i++) {
        CLEANUP(freep) char *real = fs_join(root, draft->shown.rows[i]);
        CLEANUP(freep) char *there = fs_join(draft->path, draft->shown.rows[i]);

        words_add(&draft->readable, real);
        if (!run_op_has_mounts(op) && symlink(real, there) != 0) {
            return err_errno(err, errno, "%s", there);
        }
    }
    return ERR_NONE;
}

static enum err_code draft_fill(struct op *op, struct draft *draft, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root tree = {0};
    CLEANUP(freep) char *root = draft_root(op);
    struct walked walked = {.op = op, .root = root, .draft = draft, .is_copy = true};
    const struct fs_walk walk = draft_walk(&walked);

    if (root == NULL) {
        return err_errno(err, errno, "%s", op->services->root);
    }
    if (fs_root_open(root, &tree, err) != ERR_NONE ||
        (draft->use == DRAFT_GIT && refuse_tracked(op, &tree, err) != ERR_NONE) ||
        fs_copy_tree(&tree, draft->path, &walk, NULL, err) != ERR_NONE ||
        draft_digest(op, draft, &draft->before, err) != ERR_NONE) {
        return err->code == ERR_TOO_LARGE
                   ? draft_too_large("a command works in a copy of the repository, which has", err)
                   : err->code;
    }
    return draft_show(op, draft, root, err);
}

enum err_code draft_make(struct op *op, enum draft_use use, struct draft *out, struct err *err) {
    struct build_env env = build_op_env(op);
    struct draft draft = {.use = use};

    if (drafts_look(op, err) != ERR_NONE || build_temp(&env, &draft.tmp, err) != ERR_NONE) {
        return err->code;
    }
    draft.path = fs_join(draft.tmp, "repository");
    if (draft_fill(op, &draft, err) != ERR_NONE) {
        draft_done(op, &draft);
        return err->code;
    }
    *out = draft;
    return ERR_NONE;
}

/* --- what was changed --- */

struct difference {
    struct op *op;
    const struct draft *draft;
    const struct fs_list *after;
    const struct fs_root *copy;
    const struct fs_root *tree; /* the repository */
    char *folder;               /* where the contents are kept meanwhile */
    json_t *result;
    json_t *rows; /* of the paper */
    int64_t n;
    struct buf diff;
    bool is_diff_cut;
    struct err err; /* the first failure */
};

static int entry_compare(const void *key, const void *row) {
    return strcmp(key, ((const struct fs_entry *)row)->path);
}

static const struct fs_entry *list_find(const struct fs_list *list, const char *path) {
    return list->n == 0 ? NULL
                        : bsearch(path, list->rows, list->n, sizeof *list->rows, entry_compare);
}

static const char *kind_word(enum fs_kind kind) {
    return kind == FS_FILE ? "file" : kind == FS_DIR ? "folder" : kind == FS_LINK ? "link" : "none";
}

static enum fs_kind kind_from(const char *word) {
    return strcmp(word, "file") == 0     ? FS_FILE
           : strcmp(word, "folder") == 0 ? FS_DIR
           : strcmp(word, "link") == 0   ? FS_LINK
                                         : FS_NONE;
}

/* The content of an entry: of a link, what it names. */
static enum err_code entry_read(const struct fs_root *root, const char *path, enum fs_kind kind,
                                struct buf *out, struct err *err) {
    char target[4096];

    if (kind != FS_LINK) {
        return fs_read_at(root, path, DRAFT_FILE_BYTES, out, err);
    }
    ssize_t n = readlinkat(root->fd, path, target, sizeof target);
    if (n < 0 || n == (ssize_t)sizeof target) {
        return err_errno(err, n < 0 ? errno : ENAMETOOLONG, "%s", path);
    }
    buf_add(out, (struct str){target, (size_t)n});
    return ERR_NONE;
}

/* A link that leaves the repository would make a way out of it. */
static bool link_leaves(const struct fs_root *copy, const char *path) {
    CLEANUP(buf_done) struct buf target = BUF_INIT(4096);
    struct err none = {0};

    return entry_read(copy, path, FS_LINK, &target, &none) != ERR_NONE ||
           str_starts(buf_str(&target), STR("/")) || fs_kind_at(copy, path) == FS_NONE;
}

/* Why a change is not taken over; NULL: it may be. */
static const char *why_not(const struct difference *d, const char *path,
                           const struct fs_entry *before, const struct fs_entry *after) {
    const char *why = NULL;

    if (!str_is_utf8(str_from(path))) {
        return "its name is no UTF-8";
    }
    if (!command_may_keep(str_from(path), d->draft->use == DRAFT_GIT, &why)) {
        return why;
    }
    if (before != NULL && after != NULL && before->kind != after->kind) {
        return "it was a file, a folder or a link and is another of these";
    }
    if (after != NULL && after->kind == FS_OTHER) {
        return "it is neither a file, a folder nor a link";
    }
    if (after != NULL && after->kind == FS_LINK && link_leaves(d->copy, path)) {
        return "it is a link that leaves the repository";
    }
    return after != NULL && after->size > DRAFT_FILE_BYTES ? "it has more than 64 MB" : NULL;
}

static bool is_text_kind(const struct fs_entry *entry) {
    return entry == NULL || (entry->kind == FS_FILE && entry->size <= DRAFT_TEXT_BYTES);
}

/* What a manager of packages writes is listed and not shown: nobody reads it, and it would leave no
 * room for the manifest. */
static bool is_lock(const struct difference *d, const char *path) {
    static const char *const locks[] = {"package-lock.json", "npm-shrinkwrap.json",
                                        "pnpm-lock.yaml",    "yarn.lock",
                                        "bun.lock",          "uv.lock"};
    const char *slash = strrchr(path, '/');

    return d->draft->use == DRAFT_FETCHES &&
           is_named(slash == NULL ? path : slash + 1, locks, ARRAY_N(locks));
}

static void difference_show(struct difference *d, const char *path, const struct fs_entry *before,
                            const struct fs_entry *after) {
    CLEANUP(buf_done) struct buf old = BUF_INIT(DRAFT_TEXT_BYTES);
    CLEANUP(buf_done) struct buf new = BUF_INIT(DRAFT_TEXT_BYTES);
    struct err none = {0};

    if (!is_text_kind(before) || !is_text_kind(after) || d->is_diff_cut || is_lock(d, path) ||
        str_starts(str_from(path), STR(".git/")) ||
        (before != NULL && fs_read_at(d->tree, path, DRAFT_TEXT_BYTES, &old, &none) != ERR_NONE) ||
        (after != NULL && fs_read_at(d->copy, path, DRAFT_TEXT_BYTES, &new, &none) != ERR_NONE)) {
        return;
    }
    d->is_diff_cut = !repo_diff_texts(
        path, before == NULL ? (struct str){0} : (struct str){buf_cstr(&old), old.len},
        after == NULL ? (struct str){0} : (struct str){buf_cstr(&new), new.len}, &d->diff);
}

/* Keeps the content and writes the row of the paper. */
static enum err_code difference_keep(struct difference *d, const char *path,
                                     const struct fs_entry *before, const struct fs_entry *after,
                                     struct err *err) {
    CLEANUP(buf_done) struct buf content = BUF_INIT(DRAFT_FILE_BYTES + 1);
    CLEANUP(freep) char *file = mem_format("%s/%zu", d->folder, json_array_size(d->rows));
    json_t *row = json_object();
    bool has_content = after != NULL && (after->kind == FS_FILE || after->kind == FS_LINK);

    json_array_append_new(d->rows, row);
    json_put_str(row, "path", path);
    json_put_str(row, "before", before == NULL ? "none" : kind_word(before->kind));
    json_put_str(row, "after", after == NULL ? "none" : kind_word(after->kind));
    json_put_int(row, "mode", after == NULL ? 0 : after->mode & 0777);
    if (before != NULL && before->kind != FS_DIR) {
        json_put_str(row, "before_sha256", sha256_hex(before->hash).text);
    }
    if (!has_content) {
        return ERR_NONE;
    }
    if (entry_read(d->copy, path, after->kind, &content, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(row, "after_sha256", sha256_hex(sha256_of(buf_str(&content))).text);
    return fs_write_file(file, buf_str(&content), 0600, err);
}

static void difference_found(void *ctx, const char *path) {
    struct difference *d = ctx;
    const struct fs_entry *before = list_find(&d->draft->before, path);
    const struct fs_entry *after = list_find(d->after, path);
    const char *why = why_not(d, path, before, after);

    if (d->err.code != ERR_NONE) {
        return;
    }
    if (why != NULL) {
        json_t *row = json_object();
        json_put_strn(row, "path", str_from(path));
        json_put_str(row, "why", why);
        json_array_append_new(json_object_get(d->result, "left_out"), row);
        return;
    }
    if (++d->n > DRAFT_CHANGES_MAX) {
        err_set(&d->err, ERR_TOO_LARGE, "the command changed more than %d files",
                DRAFT_CHANGES_MAX);
        err_remedy(&d->err, "run it yourself; nothing was taken over");
        return;
    }
    if (d->n <= DRAFT_SHOWN_MAX) {
        const struct fs_entry *is = after == NULL ? before : after;
        CLEANUP(freep) char *shown = mem_format("%s%s", path, is->kind == FS_DIR ? "/" : "");
        json_t *row = json_object();
        json_put_str(row, "path", shown);
        json_put_str(row, "change", before == NULL ? "new" : after == NULL ? "gone" : "changed");
        json_put_int(row, "bytes", after == NULL ? 0 : after->size);
        json_array_append_new(json_object_get(d->result, "changes"), row);
    }
    difference_show(d, path, before, after);
    (void)!difference_keep(d, path, before, after, &d->err);
}

/* The paper names the draft by its own digest; what is there already under that name is the same.
 */
static enum err_code difference_publish(struct difference *d, struct err *err) {
    CLEANUP(json_decrefp) json_t *paper = json_object();
    CLEANUP(freep) char *root = draft_root(d->op);
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *file = fs_join(d->folder, "paper.json");
    CLEANUP(freep) char *to = NULL;

    json_put_str(paper, "root", root);
    json_put(paper, "command", json_incref(json_object_get(d->op->args, "command")));
    json_put(paper, "rows", json_incref(d->rows));
    json_put(paper, "shown",
             json_pack("{s:O, s:O, s:O}", "changes", json_object_get(d->result, "changes"),
                       "change_n", json_object_get(d->result, "change_n"), "diff",
                       json_object_get(d->result, "diff")));
    text = json_text(paper);
    const struct sha256_hex id = sha256_hex(json_hash(paper));
    to = draft_file(d->op, id.text, "");
    to[strlen(to) - 1] = '\0';
    if (fs_write_file(file, str_from(text), 0600, err) != ERR_NONE ||
        build_publish(d->folder, to, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(d->result, "draft", id.text);
    return ERR_NONE;
}

static enum err_code difference_folder(struct difference *d, struct err *err) {
    CLEANUP(freep) char *dir = drafts_dir(d->op);

    if (fs_mkdirs(dir, 0700, err) != ERR_NONE) {
        return err->code;
    }
    d->folder = fs_join(dir, ".new-XXXXXX");
    return mkdtemp(d->folder) == NULL ? err_errno(err, errno, "%s", dir) : ERR_NONE;
}

static enum err_code difference_save(struct difference *d, struct err *err) {
    CLEANUP(freep) char *root = draft_root(d->op);
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(fs_root_done) struct fs_root tree = {0};

    if (root == NULL) {
        return err_errno(err, errno, "%s", d->op->services->root);
    }
    if (fs_root_open(d->draft->path, &copy, err) != ERR_NONE ||
        fs_root_open(root, &tree, err) != ERR_NONE || difference_folder(d, err) != ERR_NONE) {
        return err->code;
    }
    d->copy = &copy;
    d->tree = &tree;
    fs_list_compare(&d->draft->before, d->after, difference_found, d);
    if (d->err.code != ERR_NONE) {
        *err = d->err;
        return err->code;
    }
    json_put_int(d->result, "change_n", d->n);
    json_put_strn(d->result, "diff", buf_str(&d->diff));
    return json_array_size(d->rows) == 0 ? ERR_NONE : difference_publish(d, err);
}

enum err_code draft_save(struct op *op, const struct draft *draft, json_t *result,
                         struct err *err) {
    CLEANUP(fs_list_done) struct fs_list after = {0};
    CLEANUP(json_decrefp) json_t *rows = json_array();
    struct difference d = {.op = op,
                           .draft = draft,
                           .after = &after,
                           .result = result,
                           .rows = rows,
                           .diff = BUF_INIT(DRAFT_DIFF_BYTES)};
    bool went_well = strcmp(json_str_or(result, "reason", ""), proc_end_name(PROC_EXITED)) == 0 &&
                     json_int_or(result, "exit", 1) == 0;
    enum err_code code = went_well ? draft_digest(op, draft, &after, err) : ERR_NONE;

    json_put(result, "changes", json_array());
    json_put(result, "left_out", json_array());
    if (!went_well) {
        json_put_int(result, "change_n", 0);
    } else if (code == ERR_NONE) {
        code = difference_save(&d, err);
    } else if (code == ERR_TOO_LARGE) {
        code = draft_too_large("after the command its copy has", err);
    }
    if (d.folder != NULL && access(d.folder, F_OK) == 0) { /* published, it has another name */
        CLEANUP(freep) char *dir = drafts_dir(op);
        CLEANUP(fs_root_done) struct fs_root drafts = {0};
        struct err none = {0};
        if (fs_root_open(dir, &drafts, &none) == ERR_NONE) {
            (void)!fs_remove_tree(&drafts, strrchr(d.folder, '/') + 1, &none);
        }
    }
    buf_done(&d.diff);
    free(d.folder);
    return code;
}

/* --- taking it over --- */

enum side { SIDE_NEITHER = 0, SIDE_BEFORE, SIDE_AFTER };

/* Whether what lies at the row's path is what `kind` and `sha256` say. */
static bool row_is(const struct fs_root *root, const char *path, enum fs_kind kind,
                   const char *sha256) {
    CLEANUP(buf_done) struct buf content = BUF_INIT(DRAFT_FILE_BYTES + 1);
    struct err none = {0};

    if (fs_kind_at(root, path) != kind) {
        return false;
    }
    return kind == FS_NONE || kind == FS_DIR ||
           (entry_read(root, path, kind, &content, &none) == ERR_NONE && sha256 != NULL &&
            strcmp(sha256_hex(sha256_of(buf_str(&content))).text, sha256) == 0);
}

static enum side row_side(const struct fs_root *root, const json_t *row) {
    const char *path = json_str_or(row, "path", "");
    enum fs_kind before = kind_from(json_str_or(row, "before", ""));
    enum fs_kind after = kind_from(json_str_or(row, "after", ""));
    bool is_mode =
        after == FS_FILE && before == FS_FILE &&
        strcmp(json_str_or(row, "before_sha256", ""), json_str_or(row, "after_sha256", "")) == 0;

    /* Where only the mode differs, writing it again is how it is told. */
    if (!is_mode && row_is(root, path, after, json_str_at(row, "after_sha256"))) {
        return SIDE_AFTER;
    }
    return row_is(root, path, before, json_str_at(row, "before_sha256")) ? SIDE_BEFORE
                                                                         : SIDE_NEITHER;
}

/* git's objects before what names them; folders before what is in them, but gone after it. */
static int row_pass(const json_t *row) {
    bool is_gone = strcmp(json_str_or(row, "after", ""), "none") == 0;

    return is_gone                                                                   ? 2
           : str_starts(str_from(json_str_or(row, "path", "")), STR(".git/objects")) ? 0
                                                                                     : 1;
}

static enum err_code row_put(struct op *op, const struct fs_root *root, const char *id, size_t i,
                             const json_t *row, struct err *err) {
    CLEANUP(freep) char *name = mem_format("%zu", i);
    CLEANUP(freep) char *file = draft_file(op, id, name);
    CLEANUP(buf_done) struct buf content = BUF_INIT(DRAFT_FILE_BYTES + 1);
    enum fs_kind kind = kind_from(json_str_or(row, "after", ""));

    if ((kind == FS_FILE || kind == FS_LINK) &&
        (fs_read_file(file, DRAFT_FILE_BYTES, &content, err) != ERR_NONE ||
         strcmp(sha256_hex(sha256_of(buf_str(&content))).text,
                json_str_or(row, "after_sha256", "")) != 0)) {
        return err_set(err, ERR_NOT_FOUND, "the draft is damaged");
    }
    return fs_put_at(root, json_str_or(row, "path", ""), kind, buf_str(&content),
                     (uint32_t)json_int_or(row, "mode", 0), err);
}

/* Writes every row that is still as before; `*out_n` of them. */
static enum err_code rows_put(struct op *op, const struct fs_root *root, const char *id,
                              const json_t *rows, int64_t *out_n, struct err *err) {
    size_t n = json_array_size(rows);

    for (int pass = 0; pass < 3; pass++) {
        for (size_t k = 0; k < n; k++) {
            size_t i = pass == 2 ? n - 1 - k : k;
            const json_t *row = json_array_get(rows, i);

            if (row_pass(row) != pass || row_side(root, row) == SIDE_AFTER) {
                continue;
            }
            if (row_put(op, root, id, i, row, err) != ERR_NONE) {
                return err->code;
            }
            ++*out_n;
        }
    }
    return ERR_NONE;
}

static enum err_code rows_check(const struct fs_root *root, const json_t *rows,
                                int64_t *out_kept_before, struct err *err) {
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        const char *path = json_str_or(row, "path", "");
        const char *why = NULL;
        enum side side = row_side(root, row);

        /* Once more, by today's rules: the paper lies in a folder of the person's. */
        if (!command_may_keep(str_from(path), str_starts(str_from(path), STR(".git/")), &why)) {
            return err_set(err, ERR_CONFLICT, "%s is not taken over: %s", path, why);
        }
        if (side == SIDE_NEITHER) {
            err_set(err, ERR_CONFLICT, "%s was changed since the command ran; nothing is written",
                    path);
            return err_remedy(err, "run the command again");
        }
        *out_kept_before += side == SIDE_AFTER;
    }
    return ERR_NONE;
}

/* The paper of a draft that may be taken over now, the repository it is of, and how many of its
 * rows were taken over before. */
static enum err_code draft_find(const struct op *op, const char *id, json_t **out_paper,
                                struct fs_root *out_tree, int64_t *out_kept_before,
                                struct err *err) {
    CLEANUP(json_decrefp) json_t *paper = is_id(id) ? paper_read(op, id) : NULL;
    CLEANUP(freep) char *root = draft_root(op);

    if (paper == NULL || root == NULL || strcmp(json_str_or(paper, "root", ""), root) != 0) {
        err_set(err, ERR_NOT_FOUND, "there are no changes of a command under this number here");
        return err_remedy(err, "they are kept for a day, for the repository they were made in; "
                               "run the command again");
    }
    if (fs_root_open(root, out_tree, err) != ERR_NONE ||
        rows_check(out_tree, json_object_get(paper, "rows"), out_kept_before, err) != ERR_NONE) {
        return err->code;
    }
    *out_paper = TAKE(paper);
    return ERR_NONE;
}

enum err_code draft_paper(struct op *op, const char *id, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *paper = NULL;
    CLEANUP(fs_root_done) struct fs_root tree = {0};
    int64_t before = 0;

    if (draft_find(op, id, &paper, &tree, &before, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_incref(json_object_get(paper, "shown"));
    json_put(*out, "command", json_incref(json_object_get(paper, "command")));
    return ERR_NONE;
}

enum err_code draft_keep(struct op *op, const char *id, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *paper = NULL;
    CLEANUP(freep) char *mark = draft_file(op, is_id(id) ? id : "none", "taking");
    CLEANUP(fs_root_done) struct fs_root tree = {0};
    int64_t before = 0;
    int64_t kept = 0;

    if (draft_find(op, id, &paper, &tree, &before, err) != ERR_NONE ||
        fs_write_file(mark, STR(""), 0600, err) != ERR_NONE ||
        rows_put(op, &tree, id, json_object_get(paper, "rows"), &kept, err) != ERR_NONE) {
        return err->code;
    }
    (void)unlink(mark);
    *out = json_object();
    json_put_int(*out, "kept", kept);
    json_put_int(*out, "kept_before", before);
    return ERR_NONE;
}
