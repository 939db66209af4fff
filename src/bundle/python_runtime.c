/* bundle/python_runtime.c: which Python, and the interpreter on this machine that is it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/python_lock.h"
#include "repo/python_version.h"

enum { PYTHON_FIND_MS = 20000, PYTHON_GET_MS = 300000, PYTHON_PATH_MAX = 64 * 1024 };

/* --- what is wanted --- */

/* "3.11" and "3.11.7" name one; everything else is a constraint. */
static bool is_one_version(const char *text) {
    return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

/* The folder's .python-version, or one above it, when it is a version; else NULL. */
static char *pinned_version(const struct build_env *env, const char *dir) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(freep) char *at = mem_strdup(strcmp(dir, ".") == 0 ? "" : dir);
    struct err err = {0};

    if (fs_root_open(env->root, &root, &err) != ERR_NONE) {
        return NULL;
    }
    for (;;) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(100);
        CLEANUP(freep)
        char *path = at[0] == '\0' ? mem_strdup(".python-version") : fs_join(at, ".python-version");
        if (fs_read_at(&root, path, 100, &text, &err) == ERR_NONE) {
            CLEANUP(freep) char *word = str_dup(str_trim(buf_str(&text)));
            return is_one_version(word) ? TAKE(word) : NULL;
        }
        if (at[0] == '\0') {
            return NULL;
        }
        char *slash = strrchr(at, '/');
        *(slash == NULL ? at : slash) = '\0';
    }
}

static int minor_of(const char *version) {
    return strncmp(version, "3.", 2) == 0 ? (int)strtol(version + 2, NULL, 10) : 0;
}

bool python_is_wanted(const struct python_app *app, int minor) {
    const char *text = app->python == NULL ? "" : app->python;

    if (is_one_version(text) && strchr(text, '.') != NULL) {
        return minor_of(text) == minor;
    }
    return text[0] == '\0' || python_allows(text, minor);
}

/* What uv is asked for: the version that is pinned, else the constraint within Lambda's. */
static char *python_request(const struct build_env *env, const struct python_app *app) {
    const char *text = app->python == NULL ? "" : app->python;
    CLEANUP(buf_done) struct buf request = BUF_INIT(1000);

    if (is_one_version(text)) {
        return mem_strdup(text);
    }
    CLEANUP(freep) char *pinned = pinned_version(env, app->dir);
    if (pinned != NULL && minor_of(pinned) >= PYTHON_MINOR_MIN &&
        minor_of(pinned) <= PYTHON_MINOR_MAX && python_is_wanted(app, minor_of(pinned))) {
        return mem_format("3.%d", minor_of(pinned)); /* the runtime's patch level is AWS's */
    }
    requirement_add_constraint(&request, str_from(text));
    buf_addf(&request, "%s>=3.%d,<3.%d", request.len > 0 ? "," : "", PYTHON_MINOR_MIN,
             PYTHON_MINOR_MAX + 1);
    return buf_take(&request);
}

/* --- looking at this machine --- */

/* pyenv puts one program for all versions first in PATH, which runs only the chosen one; the others
 * lie in folders of their own. */
static char *python_search_path(void) {
    CLEANUP(buf_done) struct buf path = BUF_INIT(PYTHON_PATH_MAX);
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const char *given = getenv("PYENV_ROOT");
    const char *home = getenv("HOME");
    CLEANUP(freep)
    char *versions = given != NULL ? fs_join(given, "versions")
                                   : mem_format("%s/.pyenv/versions", home == NULL ? "" : home);
    const struct fs_walk walk = {1, 200, 0, NULL, NULL};
    struct err err = {0};

    buf_add_s(&path, getenv("PATH"));
    if (fs_root_open(versions, &root, &err) == ERR_NONE &&
        fs_list_tree(&root, "", &walk, &list, &err) == ERR_NONE) {
        for (size_t i = 0; i < list.n; i++) {
            buf_addf(&path, ":%s/%s/bin", versions, list.rows[i].path);
        }
    }
    return path.failed ? mem_strdup(getenv("PATH")) : buf_take(&path);
}

/* `pythons` is where uv looks for those that it manages; NULL: where the user has them. */
static enum err_code ask(const struct build_env *env, const char *const *argv, const char *what,
                         const char *pythons, struct buf *out, struct err *err) {
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(words_done) struct words files = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(freep) char *path = python_search_path();
    static const char *const inherited[] = {
        "HOME",       "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME",
        "PYENV_ROOT", "PYENV_VERSION",         "XDG_CONFIG_HOME",
        NULL};
    struct proc_spec spec = {.argv = argv,
                             .cwd = env->cache_dir,
                             .timeout_ms = PYTHON_FIND_MS,
                             .cancel = env->cancel,
                             .filter = proc_filter_none};

    proc_env_inherit(&vars, inherited);
    build_pass_settings(&vars, &files, &hosts);
    proc_env_set(&vars, "PATH", path);
    proc_env_set(&vars, "UV_PYTHON_DOWNLOADS", "never");
    if (pythons != NULL) {
        proc_env_set(&vars, "UV_PYTHON_INSTALL_DIR", pythons);
    }
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

enum err_code python_ask(const struct build_env *env, const char *const *argv, const char *what,
                         struct buf *out, struct err *err) {
    return ask(env, argv, what, NULL, out, err);
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

static struct sha256 python_find_key(const char *uv, const char *request) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *path = python_search_path();

    build_feed_tool(stream, uv);
    build_feed(stream, request);
    build_feed(stream, path);
    return sha256_end(stream);
}

static char *python_stamp(const char *interpreter) {
    struct sha256_stream *stream = sha256_start();

    build_feed_tool(stream, interpreter);
    return mem_strdup(sha256_hex(sha256_end(stream)).text);
}

/* The newest that is wanted, for a remedy. */
static int newest_wanted(const struct python_app *app) {
    for (int minor = PYTHON_MINOR_MAX; minor >= PYTHON_MINOR_MIN; minor--) {
        if (python_is_wanted(app, minor)) {
            return minor;
        }
    }
    return PYTHON_MINOR_MAX;
}

/* --- a Python that this machine has not --- */

/* Where uv's own list says that it is, and where GitHub keeps what is released there. */
#define PYTHON_SOURCES                                                                             \
    "https://github.com https://release-assets.githubusercontent.com "                             \
    "https://objects.githubusercontent.com https://releases.astral.sh"

/* clang-format off */
static const struct build_symptom get_symptoms[] = {
    { "No download found", ERR_BUILD, "uv knows no such Python",
      "correct the version, or install that Python and put it on PATH" },
    { "Hash mismatch", ERR_BUILD, "the Python that was fetched does not have its digest",
      "do not trust this mirror: correct UV_PYTHON_INSTALL_MIRROR" },
    { "HTTP status", ERR_UNREACHABLE, "where uv fetches Python from, it is refused", NULL },
    { "error sending request", ERR_UNREACHABLE, "where uv fetches Python from cannot be reached", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};
/* clang-format on */

/* A list of the user's own, as a file, says where its Pythons are. */
static void add_listed_hosts(struct words *hosts) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);
    const char *path = getenv("UV_PYTHON_DOWNLOADS_JSON_URL");
    struct err ignored = {0};

    if (path != NULL && path[0] == '/' &&
        fs_read_file(path, BUILD_TEXT_MAX, &text, &ignored) == ERR_NONE) {
        build_add_hosts(hosts, buf_str(&text));
    }
}

static char *pythons_folder(const struct build_env *env) {
    return fs_join(env->cache_dir, "pythons");
}

/* Has uv fetch a Python into the cache: nothing is installed outside of it. */
static enum err_code python_get(const struct build_env *env, const struct python_place *place,
                                const char *version, const char *pythons, struct err *err) {
    const char *const argv[] = {place->uv,       "python", "install", "--no-config", "--no-bin",
                                "--install-dir", pythons,  version,   NULL};
    CLEANUP(freep) char *title = mem_format("fetching Python %s", version);
    CLEANUP(freep) char *work = NULL;
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};

    if (fs_mkdirs(pythons, 0700, err) != ERR_NONE || build_temp(env, &work, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(freep) char *cache = fs_join(work, "uv");
    build_expose(&readable, place->uv);
    words_add(&writable, pythons);
    words_add(&writable, work);
    build_pass_settings(&vars, &readable, &hosts);
    add_listed_hosts(&hosts);
    build_add_hosts(&hosts, getenv("UV_PYTHON_INSTALL_MIRROR") == NULL ? STR(PYTHON_SOURCES)
                                                                       : (struct str){0});
    proc_env_set(&vars, "PATH", "/usr/bin:/bin");
    proc_env_set(&vars, "UV_CACHE_DIR", cache);
    proc_env_set(&vars, "UV_PYTHON_DOWNLOADS", "manual");
    proc_env_set(&vars, "UV_HTTP_RETRIES", "1");
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = work,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = &hosts,
                              .tmp = work,
                              .timeout_ms = PYTHON_GET_MS,
                              .is_quiet = true};
    enum err_code code = build_must(env, &step, get_symptoms, "uv python install", err);
    build_remove(env, work);
    return code;
}

/* Among those that were fetched before. */
static enum err_code python_fetched(const struct build_env *env, const struct python_place *place,
                                    const char *request, const char *pythons, struct buf *out,
                                    struct err *err) {
    const char *const argv[] = {place->uv,          "python",      "find",  "--no-project",
                                "--managed-python", "--no-config", request, NULL};

    return ask(env, argv, "no Python was fetched", pythons, out, err);
}

static enum err_code python_absent(const struct python_app *app, const char *request,
                                   const struct err *why, struct err *err) {
    err_set(err, ERR_BUILD, "the application needs Python %s, which this machine has not%s%s",
            app->python == NULL || app->python[0] == '\0' ? request : app->python,
            why == NULL ? "" : ", and it cannot be fetched: ", why == NULL ? "" : why->text);
    return err_remedy(err,
                      "install it: uv python install 3.%d, or your system's package; where "
                      "github.com cannot be reached, name a mirror in UV_PYTHON_INSTALL_MIRROR",
                      newest_wanted(app));
}

/* This machine's, one that was fetched before, or one that is fetched now. */
static enum err_code python_search(const struct build_env *env, const struct python_app *app,
                                   const char *request, struct python_place *place,
                                   struct err *err) {
    const char *const argv[] = {place->uv,  "python",      "find",  "--no-project",
                                "--system", "--no-config", request, NULL};
    CLEANUP(buf_done) struct buf text = BUF_INIT(4000);
    CLEANUP(freep) char *pythons = pythons_folder(env);
    CLEANUP(freep)
    char *version =
        is_one_version(request) ? mem_strdup(request) : mem_format("3.%d", newest_wanted(app));
    struct err why = {0};

    if (python_ask(env, argv, "no Python interpreter was found", &text, err) != ERR_NONE &&
        err->code != ERR_BUILD) {
        return err->code;
    }
    if (text.len == 0 && python_fetched(env, place, request, pythons, &text, &why) != ERR_NONE) {
        if (app->is_python_local) {
            return python_absent(app, request, NULL, err);
        }
        why = (struct err){0};
        if (python_get(env, place, version, pythons, &why) != ERR_NONE ||
            python_fetched(env, place, request, pythons, &text, &why) != ERR_NONE) {
            if (why.code == ERR_CANCELLED || why.code == ERR_SANDBOX) {
                *err = why;
                return err->code;
            }
            return python_absent(app, request, &why, err);
        }
    }
    *err = (struct err){0};
    place->interpreter = mem_strdup(buf_cstr(&text));
    return python_describe(env, place, err);
}

/* What was fetched stays as long as it is used. */
static void python_used(const struct build_env *env, const struct python_place *place) {
    CLEANUP(freep) char *pythons = pythons_folder(env);
    CLEANUP(freep) char *dir = mem_strdup(place->interpreter);
    const size_t n = strlen(pythons);

    if (strncmp(dir, pythons, n) == 0 && dir[n] == '/') {
        dir[n + 1 + strcspn(dir + n + 1, "/")] = '\0';
        build_touch(dir);
    }
}

/* Finding costs two processes, so the answer is kept as long as the interpreter stays the same. */
enum err_code python_find(const struct build_env *env, const struct python_app *app,
                          struct python_place *place, struct err *err) {
    CLEANUP(freep) char *request = python_request(env, app);
    CLEANUP(freep) char *path = NULL;

    if (build_cache_path(env, "python", python_find_key(place->uv, request), ".interpreter", &path,
                         err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(json_decrefp) json_t *known = build_recall(path);
    const char *was = json_str_at(known, "path");
    CLEANUP(freep) char *stamp = was == NULL ? NULL : python_stamp(was);
    if (was != NULL && strcmp(stamp, json_str_or(known, "stamp", "")) == 0) {
        place->interpreter = mem_strdup(was);
        place->prefix = mem_strdup(json_str_or(known, "prefix", "/usr"));
        snprintf(place->version, sizeof place->version, "%s", json_str_or(known, "version", ""));
        snprintf(place->minor, sizeof place->minor, "%s", json_str_or(known, "minor", ""));
        python_used(env, place);
        return ERR_NONE;
    }
    if (python_search(env, app, request, place, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(json_decrefp) json_t *found = json_object();
    CLEANUP(freep) char *now = python_stamp(place->interpreter);
    json_put_str(found, "path", place->interpreter);
    json_put_str(found, "stamp", now);
    json_put_str(found, "prefix", place->prefix);
    json_put_str(found, "version", place->version);
    json_put_str(found, "minor", place->minor);
    return build_remember(path, found, err);
}
