/* bundle/python.c: interpreter, lock, wheels. */
#include "bundle/python.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bundle/python_place.h"

enum {
    PYTHON_FIND_MS = 20000,
    PYTHON_EXPORT_MS = 120000,
    PYTHON_INSTALL_MS = 600000,
    PYTHON_COMPILE_MS = 300000,
    PYTHON_RECIPE = 2, /* raised when a cached folder would be made differently */
};

/* Where PyPI serves its index and its files; a lock names others by their URLs. */
static const char *const pypi_hosts[] = {"pypi.org:443", "files.pythonhosted.org:443"};

/* clang-format off */
static const struct build_symptom lock_symptoms[] = {
    { "needs to be updated", ERR_BUILD, "uv.lock does not fit pyproject.toml",
      "run 'uv lock' and commit uv.lock" },
    { "Failed to parse", ERR_BUILD, "a project file cannot be read", "correct it, then run 'uv lock'" },
    { "Failed to fetch", ERR_UNREACHABLE, "the package index cannot be reached",
      "check the network and, for an own index, UV_INDEX and HTTPS_PROXY" },
    { "dns error", ERR_UNREACHABLE, "the package index cannot be reached", "check the network" },
    { NULL, ERR_NONE, NULL, NULL },
};
static const struct build_symptom install_symptoms[] = {
    { "Hash mismatch", ERR_BUILD, "a package does not have the digest of uv.lock",
      "do not trust this index; if the lock is wrong, run 'uv lock --upgrade-package NAME'" },
    { "401", ERR_UNREACHABLE, "the package index refuses the credentials",
      "set UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD" },
    { "Failed to download", ERR_UNREACHABLE, "a package cannot be downloaded", "check the network" },
    { "Failed to fetch", ERR_UNREACHABLE, "the package index cannot be reached",
      "check the network and, for an own index, UV_INDEX and HTTPS_PROXY" },
    { "Request failed", ERR_UNREACHABLE, "the package index cannot be reached", "check the network" },
    { "No space left", ERR_DISK_FULL, "the disk is full", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};
/* clang-format on */

/* What uv says when only a source package fits. */
static const char *const wheel_marks[] = {"Wheels are required for `", "has no usable wheels",
                                          "has no wheels with a matching"};

static const struct {
    const char *name;
    const char *uv; /* --python-platform; NULL = the interpreter's own */
} platforms[] = {[PYTHON_HOST] = {NULL, NULL},
                 [PYTHON_ARM64] = {"arm64", "aarch64-manylinux2014"},
                 [PYTHON_X86_64] = {"x86_64", "x86_64-manylinux2014"}};

const char *python_architecture(enum python_platform platform) {
    struct utsname machine;

    if (platform != PYTHON_HOST) {
        return platforms[platform].name;
    }
    return uname(&machine) == 0 && strcmp(machine.machine, "aarch64") == 0 ? "arm64" : "x86_64";
}

void python_place_done(struct python_place *place) {
    free(place->uv);
    free(place->interpreter);
    free(place->prefix);
    free(place->requirements);
    free(place->host_site);
    free(place->target_site);
    json_decref(place->warnings);
    *place = (struct python_place){0};
}

void python_expose(const struct python_place *place, struct words *readable) {
    build_expose(readable, place->interpreter);
    words_add(readable, place->prefix);
}

/* --- the interpreter --- */

/* The wanted version: what was asked for, else the folder's .python-version, else any. */
static char *python_wanted(const struct build_env *env, const struct python_app *app) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(100);
    CLEANUP(freep) char *rel = fs_join(app->dir, ".python-version");
    struct err err = {0};

    if (app->python != NULL && app->python[0] != '\0') {
        return mem_strdup(app->python);
    }
    if (fs_root_open(env->root, &root, &err) == ERR_NONE &&
        fs_read_at(&root, rel, 100, &text, &err) == ERR_NONE) {
        struct str line = str_trim(buf_str(&text));
        bool is_version = line.len > 0 && line.len < 12;
        for (size_t i = 0; i < line.len; i++) {
            is_version = is_version && (isdigit((unsigned char)line.ptr[i]) || line.ptr[i] == '.');
        }
        return is_version ? str_dup(line) : NULL;
    }
    return NULL;
}

/* Runs a program of the user's own, without a sandbox: it looks at this machine, not at the
 * repository. Its working folder is ours, so that no file of the repository steers it. */
static enum err_code python_ask(const struct build_env *env, const char *const *argv,
                                const char *what, struct buf *out, struct err *err) {
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    static const char *const inherited[] = {
        "PATH",          "HOME", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "PYENV_ROOT",
        "PYENV_VERSION", NULL};
    struct proc_spec spec = {.argv = argv,
                             .cwd = env->cache_dir,
                             .timeout_ms = PYTHON_FIND_MS,
                             .cancel = env->cancel,
                             .filter = proc_filter_none};

    proc_env_inherit(&vars, inherited);
    proc_env_set(&vars, "UV_PYTHON_DOWNLOADS", "never");
    spec.env = (const char *const *)vars.vars;
    if (proc_run(&spec, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (!proc_is_ok(&result)) {
        struct str line = build_error_line(buf_str(&result.text[PROC_ERR]));
        return err_set(err, ERR_BUILD, "%s: " STR_FMT, what, STR_ARG(str_slice(line, 0, 300)));
    }
    buf_add(out, str_trim(buf_str(&result.text[PROC_OUT])));
    return ERR_NONE;
}

static enum err_code python_describe(const struct build_env *env, struct python_place *place,
                                     struct err *err) {
    static const char code[] = "import sys;v=sys.version_info;"
                               "print(f'{v[0]}.{v[1]}.{v[2]}\\n{v[0]}.{v[1]}\\n{sys.base_prefix}')";
    const char *const argv[] = {place->interpreter, "-I", "-S", "-c", code, NULL};
    CLEANUP(buf_done) struct buf text = BUF_INIT(4000);
    struct str line[3] = {{0}, {0}, {0}};

    if (python_ask(env, argv, "the Python interpreter does not answer", &text, err) != ERR_NONE) {
        return err->code;
    }
    struct str rest = buf_str(&text);
    for (int i = 0; i < 3; i++) {
        if (!str_next(&rest, '\n', &line[i])) {
            return err_set(err, ERR_BUILD, "%s is no Python interpreter", place->interpreter);
        }
    }
    snprintf(place->version, sizeof place->version, STR_FMT, STR_ARG(line[0]));
    snprintf(place->minor, sizeof place->minor, STR_FMT, STR_ARG(line[1]));
    place->prefix = str_dup(line[2]);
    return ERR_NONE;
}

static struct sha256 python_find_key(const char *uv, const char *wanted) {
    struct sha256_stream *stream = sha256_start();

    build_feed_tool(stream, uv);
    build_feed(stream, wanted);
    build_feed(stream, getenv("PATH"));
    return sha256_end(stream);
}

static char *python_stamp(const char *interpreter) {
    struct sha256_stream *stream = sha256_start();

    build_feed_tool(stream, interpreter);
    return mem_strdup(sha256_hex(sha256_end(stream)).text);
}

/* Finding costs two processes, so the answer is kept as long as the interpreter stays the same. */
static enum err_code python_find(const struct build_env *env, const char *wanted,
                                 struct python_place *place, struct err *err) {
    const char *const argv[] = {place->uv,
                                "python",
                                "find",
                                "--no-project",
                                "--system",
                                "--no-config",
                                wanted == NULL ? NULL : wanted,
                                NULL};
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *stamp = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(4000);

    if (build_cache_path(env, "python", python_find_key(place->uv, wanted), ".interpreter", &path,
                         err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(json_decrefp) json_t *known = build_recall(path);
    const char *was = json_str_at(known, "path");
    stamp = was == NULL ? NULL : python_stamp(was);
    if (was != NULL && strcmp(stamp, json_str_or(known, "stamp", "")) == 0) {
        place->interpreter = mem_strdup(was);
        place->prefix = mem_strdup(json_str_or(known, "prefix", "/usr"));
        snprintf(place->version, sizeof place->version, "%s", json_str_or(known, "version", ""));
        snprintf(place->minor, sizeof place->minor, "%s", json_str_or(known, "minor", ""));
        return ERR_NONE;
    }
    if (python_ask(env, argv, "no Python interpreter was found", &text, err) != ERR_NONE) {
        return err_remedy(err, "install one with 'uv python install %s'",
                          wanted == NULL ? "3.13" : wanted);
    }
    place->interpreter = mem_strdup(buf_cstr(&text));
    if (python_describe(env, place, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(json_decrefp) json_t *found = json_object();
    free(stamp);
    stamp = python_stamp(place->interpreter);
    json_put_str(found, "path", place->interpreter);
    json_put_str(found, "stamp", stamp);
    json_put_str(found, "prefix", place->prefix);
    json_put_str(found, "version", place->version);
    json_put_str(found, "minor", place->minor);
    return build_remember(path, found, err);
}

/* --- the lock --- */

/* The folder of uv.lock, relative to the repository: the project's own or one above it (a
 * workspace). NULL when there is none. */
static char *python_lock_dir(const struct fs_root *root, const char *dir) {
    char *at = mem_strdup(strcmp(dir, ".") == 0 ? "" : dir);

    for (;;) {
        CLEANUP(freep) char *file = at[0] == '\0' ? mem_strdup("uv.lock") : fs_join(at, "uv.lock");
        if (fs_kind_at(root, file) == FS_FILE) {
            return at;
        }
        if (at[0] == '\0') {
            free(at);
            return NULL;
        }
        char *slash = strrchr(at, '/');
        *(slash == NULL ? at : slash) = '\0';
    }
}

/* A file of the repository, or nothing. */
static void python_slurp(const struct fs_root *root, const char *dir, const char *name,
                         struct buf *out) {
    CLEANUP(freep) char *rel = dir[0] == '\0' ? mem_strdup(name) : fs_join(dir, name);
    struct err err = {0};

    (void)!fs_read_at(root, rel, BUILD_TEXT_MAX, out, &err);
}

struct lock {
    struct buf lock;      /* uv.lock */
    struct buf manifests; /* pyproject.toml of the project and of the workspace, uv.toml */
    char *dir;
};

static void lock_done(struct lock *lock) {
    buf_done(&lock->lock);
    buf_done(&lock->manifests);
    free(lock->dir);
}

static enum err_code lock_read(const struct build_env *env, const struct python_app *app,
                               struct lock *lock, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    lock->lock = BUF_INIT(BUILD_TEXT_MAX);
    lock->manifests = BUF_INIT(4 * BUILD_TEXT_MAX);
    lock->dir = python_lock_dir(&root, app->dir);
    if (lock->dir == NULL) {
        err_set(err, ERR_BUILD, "there is no uv.lock in %s, so nothing says which versions to ship",
                app->dir);
        return err_remedy(err, "run 'uv lock' in %s and commit uv.lock", app->dir);
    }
    python_slurp(&root, lock->dir, "uv.lock", &lock->lock);
    python_slurp(&root, lock->dir, "pyproject.toml", &lock->manifests);
    python_slurp(&root, lock->dir, "uv.toml", &lock->manifests);
    python_slurp(&root, app->dir, "pyproject.toml", &lock->manifests);
    python_slurp(&root, app->dir, "uv.toml", &lock->manifests);
    if (lock->lock.len == 0) {
        return err_set(err, ERR_BUILD, "%s/uv.lock is empty or larger than %d MB", lock->dir,
                       BUILD_TEXT_MAX >> 20);
    }
    return ERR_NONE;
}

static void python_add_hosts(struct words *hosts, struct str text) {
    for (size_t i = 0; i < ARRAY_N(pypi_hosts); i++) {
        words_add(hosts, pypi_hosts[i]);
    }
    build_add_hosts(hosts, text);
}

/* A line of the export that is no locked release: "-e ./x", "./x", "file:…", "x @ git+…". */
static struct str requirements_local(struct str text) {
    struct str line = {0};

    while (str_next(&text, '\n', &line)) {
        if (str_starts(line, STR("-e ")) || str_starts(line, STR(".")) ||
            str_starts(line, STR("/")) || str_find(line, STR(" @ ")) >= 0 ||
            str_starts(line, STR("file:"))) {
            return line;
        }
    }
    return STR("");
}

/* Writes the export of the lock to `to`. */
static enum err_code lock_export(const struct build_env *env, const struct python_app *app,
                                 const struct python_place *place, const struct lock *lock,
                                 const char *work, const char *to, struct err *err) {
    CLEANUP(freep) char *copy = fs_join(work, "src");
    CLEANUP(freep) char *cwd = fs_join(copy, app->dir);
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *file = fs_join(work, "requirements.txt");
    CLEANUP(freep) char *cache = fs_join(env->cache_dir, "uv");
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);
    /* --no-build: no build back end of the repository runs here. */
    const char *const argv[] = {place->uv,       "export",
                                "--locked",      "--no-build",
                                "--no-dev",      "--no-emit-project",
                                "--no-header",   "--no-annotate",
                                "--python",      place->interpreter,
                                "--format",      "requirements-txt",
                                "--output-file", file,
                                "--quiet",       NULL};

    if (build_copy(env, copy, err) != ERR_NONE || fs_mkdirs(tmp, 0700, err) != ERR_NONE ||
        fs_mkdirs(cache, 0700, err) != ERR_NONE) {
        return err->code;
    }
    build_expose(&readable, place->uv);
    python_expose(place, &readable);
    words_add(&writable, work);
    words_add(&writable, cache);
    python_add_hosts(&hosts, buf_str(&lock->lock));
    build_add_hosts(&hosts, buf_str(&lock->manifests));
    build_pass_settings(&vars, &readable, &hosts);
    proc_env_set(&vars, "PATH", "/usr/bin:/bin");
    proc_env_set(&vars, "UV_CACHE_DIR", cache);
    proc_env_set(&vars, "UV_PYTHON_DOWNLOADS", "never");
    struct build_step step = {.title = "checking uv.lock",
                              .argv = argv,
                              .vars = &vars,
                              .cwd = cwd,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = &hosts,
                              .tmp = tmp,
                              .timeout_ms = PYTHON_EXPORT_MS,
                              .is_quiet = true};
    if (build_run(env, &step, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (!proc_is_ok(&result)) {
        return build_blame(&result, lock_symptoms, "uv export", err);
    }
    if (fs_read_file(file, BUILD_TEXT_MAX, &text, err) != ERR_NONE) {
        return err->code;
    }
    struct str local = requirements_local(buf_str(&text));
    if (local.len > 0) {
        err_set(err, ERR_UNSUPPORTED,
                "the back end depends on '" STR_FMT "', which is no release of a package index",
                STR_ARG(str_slice(local, 0, 100)));
        return err_remedy(err, "publish it, or move its code into %s", app->dir);
    }
    return fs_write_file(to, buf_str(&text), 0600, err);
}

static struct sha256 python_lock_key(const struct python_app *app, const struct python_place *place,
                                     const struct lock *lock) {
    struct sha256_stream *stream = sha256_start();

    build_feed_tool(stream, place->uv);
    build_feed(stream, place->version);
    build_feed(stream, app->dir);
    sha256_feed(stream, buf_str(&lock->lock));
    sha256_feed(stream, buf_str(&lock->manifests));
    return sha256_end(stream);
}

static enum err_code python_lock(const struct build_env *env, const struct python_app *app,
                                 struct python_place *place, struct lock *lock, struct err *err) {
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *work = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);

    if (lock_read(env, app, lock, err) != ERR_NONE ||
        build_cache_path(env, "python", python_lock_key(app, place, lock), ".requirements", &path,
                         err) != ERR_NONE) {
        return err->code;
    }
    if (access(path, R_OK) != 0) {
        place->was_cached = false;
        if (build_temp(env, &work, err) != ERR_NONE) {
            return err->code;
        }
        enum err_code code = lock_export(env, app, place, lock, work, path, err);
        build_remove(env, work);
        if (code != ERR_NONE) {
            return code;
        }
    }
    if (fs_read_file(path, BUILD_TEXT_MAX, &text, err) != ERR_NONE) {
        return err->code;
    }
    build_touch(path);
    place->requirements_hash = sha256_of(buf_str(&text));
    place->requirements = TAKE(path);
    struct str rest = buf_str(&text);
    struct str line = {0};
    while (str_next(&rest, '\n', &line)) {
        place->packages += str_find(line, STR("==")) > 0 ? 1 : 0;
    }
    return ERR_NONE;
}

/* --- wheels --- */

/* What an installer leaves that is of no use on Lambda, or differs from machine to machine. */
static bool site_is_litter(const char *path, const char *name) {
    static const char *const records[] = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json",
                                          "uv_cache.json"};
    const char *slash = strrchr(path, '/');

    if (strcmp(path, ".lock") == 0 || strcmp(path, "bin") == 0) {
        return true;
    }
    if (slash == NULL || slash - path < 10 || strncmp(slash - 10, ".dist-info", 10) != 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(records); i++) {
        if (strcmp(name, records[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum err_code site_prune(const char *site, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const struct fs_walk walk = {BUILD_DEPTH_MAX, 4 * BUILD_ENTRIES_MAX, BUILD_BYTES_MAX, NULL,
                                 NULL};

    if (fs_root_open(site, &root, err) != ERR_NONE ||
        fs_list_tree(&root, "", &walk, &list, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        const char *path = list.rows[i].path;
        const char *slash = strrchr(path, '/');
        if (site_is_litter(path, slash == NULL ? path : slash + 1) &&
            fs_remove_tree(&root, path, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* Names the package in uv's complaint that only a source package fits; false when it is another
 * complaint. */
static bool wheel_is_missing(struct str said, char *out, size_t out_max) {
    for (size_t i = 0; i < ARRAY_N(wheel_marks); i++) {
        ptrdiff_t at = str_find(said, str_from(wheel_marks[i]));
        if (at < 0) {
            continue;
        }
        struct str name = str_slice(said, 0, (size_t)at);
        if (i == 0) {
            struct str rest = str_slice(said, (size_t)at + strlen(wheel_marks[0]), said.len);
            str_next(&rest, '`', &name);
        } else { /* "Because NAME==VERSION has no …" */
            name = str_trim(name);
            for (ptrdiff_t blank = 0; (blank = str_find(name, STR(" "))) >= 0;) {
                name = str_slice(name, (size_t)blank + 1, name.len);
            }
        }
        snprintf(out, out_max, STR_FMT, STR_ARG(str_slice(name, 0, 80)));
        return true;
    }
    return false;
}

/* Byte code that does not depend on times (those of a zip are all the same) nor on this folder. */
static enum err_code site_compile(const struct build_env *env, const struct python_place *place,
                                  const char *site, const char *tmp, struct err *err) {
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const char *const argv[] = {place->interpreter,
                                "-I",
                                "-m",
                                "compileall",
                                "-q",
                                "--invalidation-mode",
                                "unchecked-hash",
                                "-s",
                                site,
                                "-p",
                                "/var/task",
                                site,
                                NULL};

    python_expose(place, &readable);
    words_add(&writable, site);
    proc_env_set(&vars, "PATH", "/usr/bin:/bin");
    struct build_step step = {.title = "compiling the packages",
                              .argv = argv,
                              .vars = &vars,
                              .cwd = site,
                              .readable = &readable,
                              .writable = &writable,
                              .tmp = tmp,
                              .timeout_ms = PYTHON_COMPILE_MS,
                              .is_quiet = true};
    if (build_run(env, &step, &result, err) != ERR_NONE) {
        return err->code;
    }
    /* A package may hold files for other versions that do not compile: they stay as they are. */
    if (result.end != PROC_EXITED ||
        str_find(buf_str(&result.text[PROC_ERR]), STR("Traceback")) >= 0) {
        return build_blame(&result, install_symptoms, "compileall", err);
    }
    return ERR_NONE;
}

static enum err_code site_install(const struct build_env *env, const struct python_place *place,
                                  const struct lock *lock, enum python_platform platform,
                                  const char *work, const char *site, char *missing,
                                  size_t missing_max, struct err *err) {
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *cache = fs_join(env->cache_dir, "uv");
    CLEANUP(freep)
    char *title =
        mem_format("installing %d packages for %s", place->packages,
                   platform == PYTHON_HOST ? "the import check" : platforms[platform].name);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const char *argv[32] = {place->uv,       "pip",   "install",          "--no-config",
                            "--target",      site,    "--python",         place->interpreter,
                            "--only-binary", ":all:", "--require-hashes", "--no-deps",
                            "--link-mode",   "copy",  "--requirements",   place->requirements};
    size_t n = 16;

    if (platform != PYTHON_HOST) {
        argv[n++] = "--python-platform";
        argv[n++] = platforms[platform].uv;
        argv[n++] = "--python-version";
        argv[n++] = place->minor;
    }
    if (fs_mkdirs(tmp, 0700, err) != ERR_NONE || fs_mkdirs(cache, 0700, err) != ERR_NONE) {
        return err->code;
    }
    build_expose(&readable, place->uv);
    python_expose(place, &readable);
    words_add(&readable, place->requirements);
    words_add(&writable, work);
    words_add(&writable, cache);
    python_add_hosts(&hosts, buf_str(&lock->lock));
    build_pass_settings(&vars, &readable, &hosts);
    proc_env_set(&vars, "PATH", "/usr/bin:/bin");
    proc_env_set(&vars, "UV_CACHE_DIR", cache);
    proc_env_set(&vars, "UV_PYTHON_DOWNLOADS", "never");
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = work,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = &hosts,
                              .tmp = tmp,
                              .timeout_ms = PYTHON_INSTALL_MS,
                              .is_quiet = true};
    if (build_run(env, &step, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (!proc_is_ok(&result)) {
        if (wheel_is_missing(buf_str(&result.text[PROC_ERR]), missing, missing_max)) {
            err_set(err, ERR_BUILD, "%s has no wheel for Python %s on %s", missing, place->minor,
                    python_architecture(platform));
            return err_remedy(err, "take a version of %s that has one", missing);
        }
        return build_blame(&result, install_symptoms, "uv pip install", err);
    }
    if (fs_mkdirs(site, 0700, err) != ERR_NONE || /* a lock without packages makes no folder */
        site_prune(site, err) != ERR_NONE) {
        return err->code;
    }
    return site_compile(env, place, site, tmp, err);
}

/* The folder of the installed packages for a platform, from the cache or installed now. `missing`
 * gets the name of a package without a wheel, and ERR_BUILD. */
static enum err_code python_site(const struct build_env *env, struct python_place *place,
                                 const struct lock *lock, enum python_platform platform, char **out,
                                 char *missing, size_t missing_max, struct err *err) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *recipe = mem_format("%d %d", PYTHON_RECIPE, platform);
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *work = NULL;
    struct stat st;

    build_feed(stream, recipe);
    build_feed(stream, place->version);
    build_feed(stream, sha256_hex(place->requirements_hash).text);
    if (build_cache_path(env, "python", sha256_end(stream), ".site", &path, err) != ERR_NONE) {
        return err->code;
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        build_touch(path);
        *out = TAKE(path);
        return ERR_NONE;
    }
    place->was_cached = false;
    if (build_temp(env, &work, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(freep) char *site = fs_join(work, "site");
    enum err_code code =
        site_install(env, place, lock, platform, work, site, missing, missing_max, err);
    if (code == ERR_NONE) {
        code = build_publish(site, path, err);
    }
    build_remove(env, work);
    if (code == ERR_NONE) {
        *out = TAKE(path);
    }
    return code;
}

static enum err_code python_sites(const struct build_env *env, enum python_platform platform,
                                  struct python_place *place, const struct lock *lock,
                                  struct err *err) {
    char missing[100] = "";

    if (python_site(env, place, lock, PYTHON_HOST, &place->host_site, missing, sizeof missing,
                    err) != ERR_NONE) {
        return err->code;
    }
    place->platform = platform;
    if (platform == PYTHON_HOST) {
        place->target_site = mem_strdup(place->host_site);
        return ERR_NONE;
    }
    missing[0] = '\0';
    enum err_code code =
        python_site(env, place, lock, platform, &place->target_site, missing, sizeof missing, err);
    if (code == ERR_NONE || missing[0] == '\0' || platform != PYTHON_ARM64) {
        return code;
    }
    build_warn(place->warnings, "%s has no wheel for arm64, so the function runs on x86_64",
               missing);
    place->platform = PYTHON_X86_64;
    return python_site(env, place, lock, PYTHON_X86_64, &place->target_site, missing,
                       sizeof missing, err);
}

enum err_code python_settle(const struct build_env *env, const struct python_app *app,
                            struct python_place *out, struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {.was_cached = true};
    CLEANUP(lock_done) struct lock lock = {0};
    CLEANUP(freep) char *wanted = python_wanted(env, app);

    place.warnings = json_array();
    build_warn_walls(env, place.warnings);
    if (fs_mkdirs(env->cache_dir, 0700, err) != ERR_NONE ||
        build_find_tool(BUILD_UV, &place.uv, err) != ERR_NONE ||
        python_find(env, wanted, &place, err) != ERR_NONE ||
        python_lock(env, app, &place, &lock, err) != ERR_NONE ||
        python_sites(env, app->platform, &place, &lock, err) != ERR_NONE) {
        return err->code;
    }
    *out = place;
    place = (struct python_place){0};
    return ERR_NONE;
}

enum err_code python_fetch(const struct build_env *env, const struct python_app *app, json_t **out,
                           struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {0};

    if (python_settle(env, app, &place, err) != ERR_NONE) {
        return err->code;
    }
    json_t *json = json_object();
    json_put_str(json, "python", place.minor);
    json_put_str(json, "interpreter", place.version);
    json_put_str(json, "architecture", python_architecture(place.platform));
    json_put_int(json, "packages", place.packages);
    json_put_bool(json, "cached", place.was_cached);
    json_put(json, "warnings", json_incref(place.warnings));
    *out = json;
    return ERR_NONE;
}

/* --- the application's files --- */

void python_layout(const struct python_app *app, char **out_root, char **out_part) {
    const char *cwd = app->cwd == NULL ? app->dir : app->cwd;
    const char *dir = strcmp(app->dir, ".") == 0 ? "" : app->dir;
    const char *root = strcmp(cwd, ".") == 0 ? "" : cwd;
    size_t len = strlen(root);
    bool is_above =
        strcmp(dir, root) != 0 && (len == 0 || (strncmp(dir, root, len) == 0 && dir[len] == '/'));

    *out_root = mem_strdup(root);
    *out_part = mem_strdup(is_above ? dir + len + (len > 0 ? 1 : 0) : "");
}

static bool path_is_below(const char *path, const char *dir) {
    size_t len = strlen(dir);

    return len == 0 || (strncmp(path, dir, len) == 0 && path[len] == '/');
}

bool python_is_app_path(const char *root, const char *part, const char *path) {
    size_t len = strlen(root);

    return path_is_below(path, root) && path_is_below(path + len + (len > 0 ? 1 : 0), part);
}

struct sha256 python_app_hash(const struct python_app *app, const struct fs_list *tree) {
    CLEANUP(freep) char *root = NULL;
    CLEANUP(freep) char *part = NULL;
    struct fs_list mine = {0};

    python_layout(app, &root, &part);
    mine.rows = mem_array(tree->n + 1, sizeof *mine.rows);
    for (size_t i = 0; i < tree->n; i++) {
        if (python_is_app_path(root, part, tree->rows[i].path)) {
            mine.rows[mine.n++] = tree->rows[i];
        }
    }
    struct sha256 hash = fs_list_hash(&mine);
    free(mine.rows);
    return hash;
}
