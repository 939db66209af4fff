/* bundle/python_site.c: the folders of installed packages, for the check here and for Lambda. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "bundle/python_place.h"

enum {
    PYTHON_INSTALL_MS = 600000,
    PYTHON_COMPILE_MS = 300000,
    PYTHON_SDISTS_MAX = 16,
    PYTHON_RECIPE = 3, /* raised when a cached folder would be made differently */
};

/* clang-format off */
static const struct build_symptom install_symptoms[] = {
    { "Hash mismatch", ERR_BUILD, "a package does not have the digest of the lock",
      "do not trust this index; if the lock is wrong, lock that package anew" },
    UV_SYMPTOMS,
    { "Failed to download", ERR_UNREACHABLE, "a package cannot be downloaded", "check the network" },
    { "Failed to fetch", ERR_UNREACHABLE, "the package index cannot be reached",
      "check the network and, for an own index, UV_INDEX and HTTPS_PROXY" },
    { "Request failed", ERR_UNREACHABLE, "the package index cannot be reached", "check the network" },
    { "No space left", ERR_DISK_FULL, "the disk is full", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};
static const struct build_symptom compile_symptoms[] = {{ NULL, ERR_NONE, NULL, NULL }};

/* The C library decides: Python 3.12 and later run on Amazon Linux 2023 (glibc 2.34), earlier ones
 * on Amazon Linux 2 (2.26). */
static const struct {
    const char *name;
    const char *uv;     /* --python-platform on Amazon Linux 2; NULL = the interpreter's own */
    const char *uv2023; /* on Amazon Linux 2023 */
} platforms[] = {
    [PYTHON_HOST]   = { NULL,     NULL,                    NULL },
    [PYTHON_ARM64]  = { "arm64",  "aarch64-manylinux2014", "aarch64-manylinux_2_34" },
    [PYTHON_X86_64] = { "x86_64", "x86_64-manylinux2014",  "x86_64-manylinux_2_34" },
};
/* clang-format on */

const char *python_architecture(enum python_platform platform) {
    struct utsname machine;

    if (platform != PYTHON_HOST) {
        return platforms[platform].name;
    }
    return uname(&machine) == 0 && strcmp(machine.machine, "aarch64") == 0 ? "arm64" : "x86_64";
}

const char *python_machine(enum python_platform platform) {
    return strcmp(python_architecture(platform), "arm64") == 0 ? "aarch64" : "x86_64";
}

const char *python_uv_platform(enum python_platform platform, const char *minor) {
    bool is_2023 = strncmp(minor, "3.", 2) == 0 && strtol(minor + 2, NULL, 10) >= 12;

    return is_2023 ? platforms[platform].uv2023 : platforms[platform].uv;
}

/* --- what an installer leaves --- */

/* What is of no use on Lambda, or differs from machine to machine. */
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

/* --- byte code --- */

enum err_code python_compile(const struct build_env *env, const struct python_place *place,
                             const char *tmp, const char *dir, const char *title, char **out_broken,
                             struct err *err) {
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
                                dir,
                                "-p",
                                "/var/task",
                                dir,
                                NULL};

    python_expose(place, &readable);
    words_add(&writable, dir);
    proc_env_set(&vars, "PATH", "/usr/bin:/bin");
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = dir,
                              .readable = &readable,
                              .writable = &writable,
                              .tmp = tmp,
                              .timeout_ms = PYTHON_COMPILE_MS,
                              .is_quiet = true};
    if (fs_mkdirs(tmp, 0700, err) != ERR_NONE || build_run(env, &step, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (result.end != PROC_EXITED ||
        str_find(buf_str(&result.text[PROC_ERR]), STR("Traceback")) >= 0) {
        return build_blame(&result, compile_symptoms, "compileall", err);
    }
    *out_broken =
        proc_is_ok(&result) ? NULL : str_dup(build_error_line(buf_str(&result.text[PROC_OUT])));
    return ERR_NONE;
}

/* --- installing --- */

static enum err_code site_install(const struct build_env *env, struct python_place *place,
                                  enum python_platform platform, const char *work, const char *site,
                                  struct str list, struct err *err) {
    CLEANUP(freep)
    char *title =
        mem_format("installing %d packages for %s", place->packages,
                   platform == PYTHON_HOST ? "the import check" : platforms[platform].name);
    CLEANUP(freep) char *file = fs_join(work, "list.txt");
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const char *argv[32] = {place->uv,       "pip",   "install",          "--no-config",
                            "--target",      site,    "--python",         place->interpreter,
                            "--only-binary", ":all:", "--require-hashes", "--no-deps",
                            "--link-mode",   "copy",  "--requirements",   file};
    size_t n = 16;

    if (platform != PYTHON_HOST) {
        argv[n++] = "--python-platform";
        argv[n++] = python_uv_platform(platform, place->minor);
        argv[n++] = "--python-version";
        argv[n++] = place->minor;
    }
    const struct uv_call call = {.title = title,
                                 .argv = argv,
                                 .cwd = work,
                                 .work = work,
                                 .named = list,
                                 .timeout_ms = PYTHON_INSTALL_MS};
    if (fs_write_file(file, list, 0600, err) != ERR_NONE ||
        uv_run(env, place, &call, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (proc_is_ok(&result)) {
        return fs_mkdirs(site, 0700, err); /* a list without packages makes no folder */
    }
    if (uv_lacks_wheel(buf_str(&result.text[PROC_ERR]), place->missing, sizeof place->missing)) {
        err_set(err, ERR_BUILD, "%s has no wheel for Python %s on %s", place->missing, place->minor,
                python_architecture(platform));
        return err_remedy(err, "take a version of %s that has one", place->missing);
    }
    return build_blame(&result, install_symptoms, "uv pip install", err);
}

/* Installs the list; what has no wheel is built from source, where that gives the same everywhere.
 */
static enum err_code site_fill(const struct build_env *env, struct python_place *place,
                               enum python_platform platform, const char *work, const char *site,
                               struct err *err) {
    CLEANUP(buf_done) struct buf list = BUF_INIT(BUILD_TEXT_MAX);

    if (fs_read_file(place->requirements, BUILD_TEXT_MAX, &list, err) != ERR_NONE) {
        return err->code;
    }
    for (int i = 0; i < PYTHON_SDISTS_MAX; i++) {
        struct err why = {0};
        struct err failed = {0};
        place->missing[0] = '\0';
        if (site_install(env, place, platform, work, site, buf_str(&list), &failed) == ERR_NONE) {
            return ERR_NONE;
        }
        if (place->missing[0] == '\0' ||
            python_add_sdist(env, place, work, site, &list, &why) != ERR_NONE) {
            *err = why.code == ERR_CANCELLED ? why : failed;
            return err->code;
        }
    }
    return err_set(err, ERR_BUILD, "more than %d packages have no wheel", PYTHON_SDISTS_MAX);
}

static enum err_code site_make(const struct build_env *env, struct python_place *place,
                               enum python_platform platform, const char *work, const char *site,
                               struct err *err) {
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *broken = NULL; /* a file for another version: it stays as it is */

    if (python_add_sources(env, place, work, site, err) != ERR_NONE ||
        site_fill(env, place, platform, work, site, err) != ERR_NONE ||
        site_prune(site, err) != ERR_NONE) {
        return err->code;
    }
    return python_compile(env, place, tmp, site, "compiling the packages", &broken, err);
}

/* The folder of the installed packages for a platform, from the cache or installed now. */
static enum err_code python_site(const struct build_env *env, struct python_place *place,
                                 enum python_platform platform, char **out, struct err *err) {
    struct sha256 sources;
    CLEANUP(freep) char *recipe = mem_format("%d %d", PYTHON_RECIPE, platform);
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *work = NULL;
    struct stat st;

    if (python_sources_hash(env, place, &sources, err) != ERR_NONE) {
        return err->code;
    }
    struct sha256_stream *stream = sha256_start();
    build_feed(stream, recipe);
    build_feed(stream, place->version);
    build_feed(stream, sha256_hex(place->requirements_hash).text);
    build_feed(stream, sha256_hex(sources).text);
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
    enum err_code code = site_make(env, place, platform, work, site, err);
    if (code == ERR_NONE) {
        code = build_publish(site, path, err);
    }
    build_remove(env, work);
    if (code == ERR_NONE) {
        *out = TAKE(path);
    }
    return code;
}

enum err_code python_sites(const struct build_env *env, const struct python_app *app,
                           struct python_place *place, struct err *err) {
    if (python_site(env, place, PYTHON_HOST, &place->host_site, err) != ERR_NONE) {
        return err->code;
    }
    place->platform = app->platform;
    if (app->platform == PYTHON_HOST) {
        place->target_site = mem_strdup(place->host_site);
        return ERR_NONE;
    }
    struct err why = {0};
    if (python_site(env, place, app->platform, &place->target_site, &why) == ERR_NONE) {
        return ERR_NONE;
    }
    if (place->missing[0] == '\0' || app->platform != PYTHON_ARM64) {
        *err = why;
        return err->code;
    }
    build_warn(place->warnings, "%s has no wheel for arm64, so the function runs on x86_64",
               place->missing);
    place->missing[0] = '\0';
    place->platform = PYTHON_X86_64;
    return python_site(env, place, PYTHON_X86_64, &place->target_site, err);
}
