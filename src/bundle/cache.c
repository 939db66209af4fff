/* bundle/cache.c: copies of the repository, and what was built from them. */
#include "bundle/build_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUILD_KEEP_S = 30 * 24 * 3600 }; /* since the last use */

/* What a build neither sees nor depends on. Folders of these names, and files: version control,
 * installed packages, caches; our own file, of which a build gets what it needs by name. */
static const char *const skipped[] = {
    ".git",          ".hg",          ".svn",
    "node_modules",  ".pnpm-store",  ".venv",
    "venv",          "__pycache__",  ".mypy_cache",
    ".pytest_cache", ".ruff_cache",  ".tox",
    ".nox",          ".cache",       ".idea",
    ".vscode",       ".aws-copilot", ".DS_Store",
    ".turbo",        ".vite",        "aws-copilot.yml",
};

bool build_skips(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)ctx;
    (void)path;
    (void)is_dir;
    if (strncmp(name, ".env", 4) == 0) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(skipped); i++) {
        if (strcmp(name, skipped[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const struct fs_walk build_walk = {BUILD_DEPTH_MAX, BUILD_ENTRIES_MAX, BUILD_BYTES_MAX,
                                          build_skips, NULL};

enum err_code build_digest(const struct build_env *env, struct fs_list *out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    return fs_digest_tree(&root, "", &build_walk, out, err);
}

enum err_code build_copy(const struct build_env *env, const char *to, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    return fs_copy_tree(&root, to, &build_walk, NULL, err);
}

/* Removes what lies in CACHE/KIND longer than `age_s`. */
static void sweep_kind(const struct build_env *env, const char *kind, time_t age_s) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    CLEANUP(freep) char *dir = fs_join(env->cache_dir, kind);
    const struct fs_walk walk = {1, BUILD_ENTRIES_MAX, 0, NULL, NULL};
    time_t now = time(NULL);
    struct err err = {0};

    if (fs_root_open(dir, &root, &err) != ERR_NONE ||
        fs_list_tree(&root, "", &walk, &list, &err) != ERR_NONE) {
        return; /* not there yet */
    }
    for (size_t i = 0; i < list.n; i++) {
        struct stat st;
        if (fstatat(root.fd, list.rows[i].path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            now - st.st_mtime > age_s) {
            (void)!fs_remove_tree(&root, list.rows[i].path, &err);
        }
    }
}

void build_touch(const char *path) { (void)!utimensat(AT_FDCWD, path, NULL, 0); }

static void build_sweep(const struct build_env *env) {
    static const struct {
        const char *kind;
        time_t age_s;
    } kinds[] = {{"work", 24 * 3600}, /* a run that was killed */
                 {"python", BUILD_KEEP_S},  {"node", BUILD_KEEP_S}, {"tools", BUILD_KEEP_S},
                 {"pythons", BUILD_KEEP_S}, {"zips", BUILD_KEEP_S}};

    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        sweep_kind(env, kinds[i].kind, kinds[i].age_s);
    }
}

enum err_code build_temp(const struct build_env *env, char **out, struct err *err) {
    CLEANUP(freep) char *dir = fs_join(env->cache_dir, "work");
    CLEANUP(freep) char *path = fs_join(dir, "b-XXXXXX");

    build_sweep(env);
    if (fs_mkdirs(dir, 0700, err) != ERR_NONE) {
        return err->code;
    }
    if (mkdtemp(path) == NULL) {
        return err_errno(err, errno, "%s", dir);
    }
    *out = TAKE(path);
    return ERR_NONE;
}

void build_remove(const struct build_env *env, const char *path) {
    CLEANUP(fs_root_done) struct fs_root cache = {0};
    struct err err = {0};
    size_t len = strlen(env->cache_dir);

    /* Only ever below the cache folder. What cannot be removed is litter, not a failure. */
    if (path != NULL && strncmp(path, env->cache_dir, len) == 0 && path[len] == '/' &&
        fs_root_open(env->cache_dir, &cache, &err) == ERR_NONE) {
        (void)!fs_remove_tree(&cache, path + len + 1, &err);
    }
}

enum err_code build_cache_path(const struct build_env *env, const char *kind, struct sha256 key,
                               const char *suffix, char **out, struct err *err) {
    CLEANUP(freep) char *dir = fs_join(env->cache_dir, kind);

    if (fs_mkdirs(dir, 0700, err) != ERR_NONE) {
        return err->code;
    }
    *out = mem_format("%s/%.32s%s", dir, sha256_hex(key).text, suffix);
    return ERR_NONE;
}

enum err_code build_publish(const char *from, const char *to, struct err *err) {
    if (rename(from, to) == 0 || errno == EEXIST || errno == ENOTEMPTY) {
        return ERR_NONE; /* another run was first, with the same content */
    }
    return err_errno(err, errno, "%s", to);
}

json_t *build_recall(const char *path) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);
    struct err err = {0};
    json_t *json = NULL;

    if (fs_read_file(path, BUILD_TEXT_MAX, &text, &err) != ERR_NONE ||
        json_read(buf_str(&text), &json, &err) != ERR_NONE) {
        return NULL; /* absent or damaged: it is made again */
    }
    return json;
}

enum err_code build_remember(const char *path, const json_t *json, struct err *err) {
    CLEANUP(freep) char *text = json_text(json);

    return fs_write_file(path, str_from(text), 0600, err);
}

void build_feed(struct sha256_stream *stream, const char *text) {
    const char *safe = text == NULL ? "" : text;

    sha256_feed(stream, (struct str){safe, strlen(safe) + 1});
}

void build_feed_tool(struct sha256_stream *stream, const char *path) {
    struct stat st = {0};

    (void)!stat(path, &st);
    CLEANUP(freep)
    char *id = mem_format("%s %lld %lld.%ld", path, (long long)st.st_size,
                          (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    build_feed(stream, id);
}

/* Not a whole home folder, nor /usr, which every child sees anyway. */
static bool is_prefix(const char *dir) {
    const char *home = getenv("HOME");
    const char *rest = home == NULL                            ? NULL
                       : strncmp(dir, home, strlen(home)) == 0 ? dir + strlen(home)
                                                               : NULL;

    return strcmp(dir, "") != 0 && strcmp(dir, "/") != 0 &&
           (rest == NULL || (strcmp(rest, "") != 0 && strcmp(rest, "/.local") != 0));
}

/* The length of the prefix whose folder of programs `path` lies in: PREFIX/bin, or PREFIX/shims of
 * pyenv and its kin, whose programs look for the others there. 0: in none. */
static size_t prefix_len(const char *path) {
    static const char *const folders[] = {"/bin", "/shims"};
    size_t end = (size_t)(strrchr(path, '/') - path);

    for (size_t i = 0; i < ARRAY_N(folders); i++) {
        size_t len = strlen(folders[i]);
        if (end >= len && strncmp(path + end - len, folders[i], len) == 0) {
            return end - len;
        }
    }
    return 0;
}

void build_expose(struct words *readable, const char *program) {
    CLEANUP(freep) char *real = realpath(program, NULL);
    const char *names[] = {program, real};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (names[i] == NULL) {
            continue;
        }
        CLEANUP(freep) char *dir = str_dup((struct str){names[i], prefix_len(names[i])});
        words_add(readable, is_prefix(dir) ? dir : names[i]);
    }
}
