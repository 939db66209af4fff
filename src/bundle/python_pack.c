/* bundle/python_pack.c: which files of the repository are the application's: its zip has them. */
#include <stdlib.h>
#include <string.h>

#include "bundle/python_place.h"

/* Names that a function has no use for, wherever they lie. */
static const char *const unpacked[] = {
    "tests",          "conftest.py",     "Dockerfile",    ".dockerignore",
    ".gitignore",     ".gitattributes",  ".gitmodules",   ".github",
    ".gitlab-ci.yml", ".python-version", ".editorconfig", ".pre-commit-config.yaml",
    "uv.lock",        "poetry.lock",     "Pipfile.lock",  "package-lock.json",
    "pnpm-lock.yaml", "yarn.lock",       "bun.lock",      "bun.lockb",
    ".npmrc",         ".yarnrc",         ".yarnrc.yml",   ".devcontainer"};

static const char *const unpacked_starts[] = {"docker-compose", "compose.y"};

/* Sources of a front end: a browser does not understand them. */
static const char *const unpacked_ends[] = {".ts", ".tsx", ".jsx", ".vue", ".svelte", ".mts"};

/* What lies beside an application whose repository is its root, and is none of it. */
static const char *const beside[] = {"docs",   "doc",        "e2e",      "infra",  "infrastructure",
                                     "deploy", "deployment", "helm",     "charts", "terraform",
                                     "k8s",    "kubernetes", "notebooks"};

static bool is_in(const char *const *names, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A folder as a prefix of paths: "" is the repository. */
static const char *folder(const char *dir) {
    return dir == NULL || strcmp(dir, ".") == 0 ? "" : dir;
}

static bool is_below(const char *path, const char *dir) {
    size_t len = strlen(dir);

    return len == 0 || (strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

static const char *pack_cwd(const struct python_app *app) {
    return folder(app->cwd == NULL ? app->dir : app->cwd);
}

/* The part of `path` below `dir`, which holds it. */
static const char *rest_of(const char *path, const char *dir) {
    size_t len = strlen(dir);

    return path + len + (len > 0 && path[len] == '/' ? 1 : 0);
}

static bool is_useless(const char *rest) {
    CLEANUP(freep) char *copy = mem_strdup(rest);
    char *left = copy;
    char *name = NULL;

    while ((name = strsep(&left, "/")) != NULL) {
        if (is_in(unpacked, ARRAY_N(unpacked), name)) {
            return true;
        }
        for (size_t i = 0; i < ARRAY_N(unpacked_starts); i++) {
            if (strncmp(name, unpacked_starts[i], strlen(unpacked_starts[i])) == 0) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < ARRAY_N(unpacked_ends); i++) {
        if (str_ends(str_from(rest), str_from(unpacked_ends[i]))) {
            return true;
        }
    }
    return false;
}

/* Imported from a folder above its manifest's, usually the repository's: all of that folder is
 * importable, but some of what lies there is plainly something else. */
static bool is_beside(const struct python_app *app, const char *rest) {
    const char *dir = folder(app->dir);
    CLEANUP(freep) char *first = mem_strdup(rest);

    if (strcmp(dir, pack_cwd(app)) == 0 || !is_below(dir, pack_cwd(app)) || is_below(rest, dir)) {
        return false;
    }
    first[strcspn(first, "/")] = '\0';
    return is_in(beside, ARRAY_N(beside), first);
}

static bool is_of_site(const struct python_app *app, const char *path) {
    const char *site = folder(app->site);

    return site[0] != '\0' && is_below(path, site) && !is_below(pack_cwd(app), site) &&
           !is_below(folder(app->dir), site);
}

static bool is_read(const struct python_app *app, const char *path) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(app->also, i, row) {
        if (json_is_string(row) && is_below(path, json_string_value(row))) {
            return true;
        }
    }
    return false;
}

bool python_is_packed(const struct python_app *app, const char *path) {
    const char *cwd = pack_cwd(app);

    if (is_read(app, path)) {
        return true;
    }
    return is_below(path, cwd) && !is_of_site(app, path) && !is_useless(rest_of(path, cwd)) &&
           !is_beside(app, rest_of(path, cwd));
}

/* Whether something below the folder may be packed. */
static bool is_way(const struct python_app *app, const char *path) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(app->also, i, row) {
        if (json_is_string(row) && is_below(json_string_value(row), path)) {
            return true;
        }
    }
    return is_below(pack_cwd(app), path) || python_is_packed(app, path);
}

void python_pack_layout(const struct python_app *app, char **out_root, char **out_inside) {
    CLEANUP(freep) char *root = mem_strdup(pack_cwd(app));
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(app->also, i, row) {
        while (json_is_string(row) && !is_below(json_string_value(row), root)) {
            char *slash = strrchr(root, '/');
            *(slash == NULL ? root : slash) = '\0';
        }
    }
    *out_inside = mem_strdup(rest_of(pack_cwd(app), root));
    *out_root = TAKE(root);
}

struct pack_walk {
    const struct python_app *app;
    const char *root;
};

static bool pack_skips(void *ctx, const char *path, const char *name, bool is_dir) {
    const struct pack_walk *walk = ctx;
    CLEANUP(freep)
    char *whole = walk->root[0] == '\0' ? mem_strdup(path) : fs_join(walk->root, path);

    (void)name;
    return is_dir ? !is_way(walk->app, whole) : !python_is_packed(walk->app, whole);
}

enum err_code python_pack_copy(const struct build_env *env, const struct python_app *app,
                               const char *work, const char *to, struct err *err) {
    CLEANUP(freep) char *src = fs_join(work, "src");
    CLEANUP(freep) char *root = NULL;
    CLEANUP(freep) char *inside = NULL;
    CLEANUP(fs_root_done) struct fs_root from = {0};

    python_pack_layout(app, &root, &inside);
    CLEANUP(freep) char *base = fs_join(src, root);
    struct pack_walk pack = {app, root};
    const struct fs_walk walk = {.depth_max = BUILD_DEPTH_MAX,
                                 .entry_max = BUILD_ENTRIES_MAX,
                                 .bytes_max = BUILD_BYTES_MAX,
                                 .skip = pack_skips,
                                 .ctx = &pack};
    if (build_copy(env, src, err) != ERR_NONE || fs_root_open(base, &from, err) != ERR_NONE) {
        return err->code;
    }
    return fs_copy_tree(&from, to, &walk, NULL, err);
}

struct sha256 python_pack_hash(const struct python_app *app, const struct fs_list *tree) {
    struct fs_list mine = {.rows = mem_array(tree->n + 1, sizeof *mine.rows)};

    for (size_t i = 0; i < tree->n; i++) {
        if (python_is_packed(app, tree->rows[i].path)) {
            mine.rows[mine.n++] = tree->rows[i];
        }
    }
    struct sha256 hash = fs_list_hash(&mine);
    free(mine.rows);
    return hash;
}

struct sha256 python_seen_hash(const struct python_app *app, const struct fs_list *tree) {
    struct fs_list seen = {.rows = mem_array(tree->n + 1, sizeof *seen.rows)};

    for (size_t i = 0; i < tree->n; i++) {
        if (!is_of_site(app, tree->rows[i].path)) {
            seen.rows[seen.n++] = tree->rows[i];
        }
    }
    struct sha256 hash = fs_list_hash(&seen);
    free(seen.rows);
    return hash;
}

static bool has_entry(const struct fs_list *tree, const char *path) {
    for (size_t i = 0; i < tree->n; i++) {
        if (strcmp(tree->rows[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* What goes along with a file that was read: the package of a module, else the folder of a script,
 * since its neighbours can be imported as well; of the repository's own folder, and of data, only
 * the file. */
static char *pack_unit(const struct fs_list *tree, const char *path) {
    CLEANUP(freep) char *unit = mem_strdup(path);
    char *slash = strrchr(unit, '/');

    if (slash == NULL || !str_ends(str_from(path), STR(".py"))) {
        return TAKE(unit);
    }
    for (*slash = '\0'; (slash = strrchr(unit, '/')) != NULL; *slash = '\0') {
        CLEANUP(freep) char *init = fs_join(unit, "__init__.py");
        if (!has_entry(tree, init)) {
            break;
        }
    }
    return TAKE(unit);
}

json_t *python_pack_also(const struct python_app *app, const struct fs_list *tree,
                         const json_t *files) {
    struct python_app so_far = *app;
    CLEANUP(json_decrefp) json_t *also = json_array();
    const json_t *row = NULL;
    size_t i = 0;

    so_far.also = also;
    json_array_foreach(files, i, row) {
        const char *path = json_string_value(row);
        if (path == NULL || !has_entry(tree, path) || python_is_packed(&so_far, path)) {
            continue;
        }
        CLEANUP(freep) char *unit = pack_unit(tree, path);
        json_array_append_new(also, json_string_of(str_from(unit)));
    }
    return TAKE(also);
}
