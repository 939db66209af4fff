/* The files of the repository. */
#include "repo/tree.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* Folders that hold other people's code, or what a tool made. */
static const char *const skipped[] = {
    ".cache",         ".eggs",
    ".git",           ".hg",
    ".idea",          ".ipynb_checkpoints",
    ".mypy_cache",    ".next",
    ".nox",           ".nuxt",
    ".output",        ".parcel-cache",
    ".pnpm-store",    ".pytest_cache",
    ".ruff_cache",    ".svelte-kit",
    ".svn",           ".tox",
    ".turbo",         ".venv",
    ".vite",          ".vscode",
    ".yarn",          "__pycache__",
    "__pypackages__", "bower_components",
    "coverage",       "dist",
    "htmlcov",        "node_modules",
    "site-packages",  "venv",
};

static bool tree_skip(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)ctx;
    (void)path;
    for (size_t i = 0; is_dir && i < ARRAY_N(skipped); i++) {
        if (strcmp(name, skipped[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a folder lies so deep that its content was not listed. */
static bool is_too_deep(const struct fs_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        int depth = 1;

        for (const char *c = list->rows[i].path; list->rows[i].kind == FS_DIR && *c != '\0'; c++) {
            depth += *c == '/';
        }
        if (depth >= TREE_DEPTH_MAX) {
            return true;
        }
    }
    return false;
}

enum err_code tree_open(const char *path, struct tree *out, struct err *err) {
    const struct fs_walk walk = {.depth_max = TREE_DEPTH_MAX,
                                 .entry_max = TREE_ENTRIES_MAX,
                                 .bytes_max = INT64_MAX,
                                 .skip = tree_skip,
                                 .folder_max = TREE_FOLDER_MAX};
    struct tree tree = {.deadline_ms = clock_mono_ms() + TREE_MS_MAX};

    if (fs_root_open(path, &tree.root, err) != ERR_NONE) {
        return err->code;
    }
    if (fs_list_tree(&tree.root, "", &walk, &tree.list, err) != ERR_NONE) {
        fs_root_done(&tree.root);
        return err->code;
    }
    if (tree.list.is_cut || tree.list.partial > 0) {
        tree.cut = tree.list.is_cut ? "it has too many files"
                                    : "a folder has too many files, or cannot be opened";
    } else if (is_too_deep(&tree.list)) {
        tree.cut = "its folders are nested too deeply";
    }
    *out = tree;
    return ERR_NONE;
}

void tree_done(struct tree *tree) {
    fs_list_done(&tree->list);
    fs_root_done(&tree->root);
}

static int compare_path(const void *key, const void *row) {
    return strcmp(key, ((const struct fs_entry *)row)->path);
}

const struct fs_entry *tree_find(const struct tree *tree, const char *path) {
    return tree->list.n == 0 ? NULL
                             : bsearch(path, tree->list.rows, tree->list.n,
                                       sizeof(tree->list.rows[0]), compare_path);
}

bool tree_has_file(const struct tree *tree, const char *path) {
    const struct fs_entry *entry = tree_find(tree, path);

    return entry != NULL && entry->kind == FS_FILE;
}

bool tree_has_folder(const struct tree *tree, const char *path) {
    const struct fs_entry *entry = tree_find(tree, path);

    return strcmp(path, ".") == 0 || (entry != NULL && entry->kind == FS_DIR);
}

bool tree_is_late(struct tree *tree) {
    if (tree->cut == NULL && clock_mono_ms() > tree->deadline_ms) {
        tree->cut = "reading it takes too long";
    }
    return clock_mono_ms() > tree->deadline_ms;
}

bool tree_read(struct tree *tree, const char *path, size_t max, struct buf *out) {
    const struct fs_entry *entry = tree_find(tree, path);
    struct err ignored = {0};

    buf_clear(out);
    if (entry == NULL || entry->kind != FS_FILE || (uint64_t)entry->size > max ||
        tree_is_late(tree)) {
        return false;
    }
    if (tree->bytes + entry->size > TREE_BYTES_MAX) {
        tree->cut = "its files are too large";
        return false;
    }
    if (fs_read_at(&tree->root, path, max, out, &ignored) != ERR_NONE) {
        buf_clear(out);
        return false;
    }
    tree->bytes += (int64_t)out->len;
    return true;
}
