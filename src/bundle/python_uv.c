/* bundle/python_uv.c: one run of uv that may reach package sources. */
#include <stdio.h>
#include <string.h>

#include "bundle/python_place.h"

enum { UV_LEARN_MAX = 8 }; /* hosts that one run may ask for beyond those that are named */

#define REQUEST_FAILED "error sending request for url ("

/* Asks uv for its indexes: "--index-url https://…" and more, as its own settings have them. */
static enum err_code uv_index(const struct build_env *env, struct python_place *place,
                              struct err *err) {
    const char *const argv[] = {place->uv,          "pip",     "compile",  "/dev/null",
                                "--emit-index-url", "--quiet", "--python", place->interpreter,
                                "--no-header",      NULL};
    CLEANUP(buf_done) struct buf text = BUF_INIT(16 * 1024);

    if (place->index == NULL) {
        if (python_ask(env, argv, "uv does not say its package index", &text, err) != ERR_NONE) {
            return err->code;
        }
        place->index = buf_take(&text);
        place->index = place->index == NULL ? mem_strdup("") : place->index;
    }
    return ERR_NONE;
}

/* The proxy refuses hosts that nobody named. An index may keep its files on another host, which
 * only its pages say: it is learned from the refusal, and said. True when there is a new one. */
static bool hosts_learn(const struct build_env *env, const struct proc_result *result,
                        struct words *hosts) {
    struct str said = buf_str(&result->text[PROC_ERR]);
    ptrdiff_t at = str_find(said, STR(REQUEST_FAILED));
    size_t known = hosts->n;

    if (at < 0 || str_find(said, STR("tunnel error")) < 0) {
        return false;
    }
    struct str url = str_slice(said, (size_t)at, said.len);
    build_add_hosts(hosts, str_slice(url, 0, (size_t)(str_find(url, STR("\n")) + 1)));
    for (size_t i = known; i < hosts->n; i++) {
        build_say(env, "packages come from %s", hosts->rows[i]);
    }
    return hosts->n > known;
}

void uv_settings(struct proc_env *vars, const char *cache) {
    proc_env_set(vars, "PATH", "/usr/bin:/bin");
    proc_env_set(vars, "UV_CACHE_DIR", cache);
    proc_env_set(vars, "UV_PYTHON_DOWNLOADS", "never");
}

static enum err_code uv_once(const struct build_env *env, const struct python_place *place,
                             const struct uv_call *call, struct words *hosts, bool is_hasty,
                             struct proc_result *result, struct err *err) {
    CLEANUP(freep) char *cache = fs_join(env->cache_dir, "uv");
    CLEANUP(freep) char *tmp = fs_join(call->work, "tmp");
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};

    if (fs_mkdirs(tmp, 0700, err) != ERR_NONE || fs_mkdirs(cache, 0700, err) != ERR_NONE ||
        build_lend_logins(tmp, err) != ERR_NONE) {
        return err->code;
    }
    build_expose(&readable, place->uv);
    python_expose(place, &readable);
    words_add(&readable, call->readable);
    words_add(&writable, call->work);
    words_add(&writable, cache);
    build_pass_settings(&vars, &readable, hosts);
    uv_settings(&vars, cache);
    proc_env_set(&vars, "GIT_TERMINAL_PROMPT", "0"); /* for packages from git */
    if (is_hasty) {
        proc_env_set(&vars, "UV_HTTP_RETRIES", "0"); /* a refusal does not become a yes */
    }
    struct build_step step = {.title = call->title,
                              .argv = call->argv,
                              .vars = &vars,
                              .cwd = call->cwd,
                              .input = call->input,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = hosts,
                              .tmp = tmp,
                              .timeout_ms = call->timeout_ms,
                              .is_quiet = true};
    enum err_code code = build_run(env, &step, result, err);
    build_take_logins(tmp);
    return code;
}

/* All that a run may reach, from what is known before it. */
static void uv_hosts(const struct python_place *place, const struct uv_call *call,
                     struct words *hosts) {
    CLEANUP(words_done) struct words files = {0};
    CLEANUP(proc_env_done) struct proc_env settings = {0};

    build_add_hosts(hosts, str_from(place->index));
    build_add_hosts(hosts, call->named);
    build_pass_settings(&settings, &files, hosts);
    for (size_t i = 0; i < place->hosts.n; i++) {
        words_add(hosts, place->hosts.rows[i]);
    }
}

enum err_code uv_run(const struct build_env *env, struct python_place *place,
                     const struct uv_call *call, struct proc_result *out, struct err *err) {
    CLEANUP(words_done) struct words hosts = {0};
    bool is_hasty = true;

    if (uv_index(env, place, err) != ERR_NONE) {
        return err->code;
    }
    uv_hosts(place, call, &hosts);
    for (int i = 0; i <= UV_LEARN_MAX; i++) {
        proc_result_done(out);
        if (uv_once(env, place, call, &hosts, is_hasty, out, err) != ERR_NONE) {
            return err->code;
        }
        if (proc_is_ok(out)) {
            break;
        }
        if (!hosts_learn(env, out, &hosts)) {
            if (!is_hasty || str_find(buf_str(&out->text[PROC_ERR]), STR(REQUEST_FAILED)) < 0) {
                break;
            }
            is_hasty = false; /* the network itself: with uv's own patience */
        }
    }
    for (size_t i = 0; i < hosts.n; i++) {
        words_add(&place->hosts, hosts.rows[i]);
    }
    return ERR_NONE;
}

enum { UV_ASK_MS = 30000 };

/* Where the files of an index lie is said by its pages only. They are asked for a package that any
 * index has and that needs no other, in an empty folder and without a cache, so that nothing but
 * the person's settings has a say. False: the index does not answer, or not so. */
static bool uv_ask_pages(const struct build_env *env, struct python_place *place,
                         const char *work) {
    const char *const argv[] = {place->uv,          "pip",         "compile", "-",
                                "--no-build",       "--no-cache",  "--quiet", "--python",
                                place->interpreter, "--no-header", NULL};
    CLEANUP(freep) char *cwd = fs_join(work, "nothing");
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct uv_call call = {.title = "asking where packages come from",
                           .argv = argv,
                           .cwd = cwd,
                           .work = work,
                           .input = STR("pip\n"),
                           .timeout_ms = UV_ASK_MS};
    struct err none = {0};

    return fs_mkdirs(cwd, 0700, &none) == ERR_NONE &&
           uv_run(env, place, &call, &result, &none) == ERR_NONE && proc_is_ok(&result);
}

enum err_code uv_index_hosts(const struct build_env *env, struct python_place *place,
                             const char *work, struct err *err) {
    CLEANUP(freep) char *path = NULL;
    CLEANUP(json_decrefp) json_t *known = NULL;
    const json_t *host;
    size_t i;

    if (uv_index(env, place, err) != ERR_NONE ||
        build_cache_path(env, "python", sha256_of(str_from(place->index)), ".hosts", &path, err) !=
            ERR_NONE) {
        return err->code;
    }
    build_add_hosts(&place->hosts, str_from(place->index));
    known = build_recall(path);
    if (known == NULL && uv_ask_pages(env, place, work)) {
        known = words_json(&place->hosts);
        return build_remember(path, known, err);
    }
    json_array_foreach(known, i, host) { words_add(&place->hosts, json_string_value(host)); }
    return ERR_NONE;
}

/* --- no wheel --- */

/* What uv says when only a source package fits. */
static const char *const wheel_marks[] = {"Wheels are required for `", "has no usable wheels",
                                          "has no wheels with a matching"};

bool uv_lacks_wheel(struct str said, char *out, size_t out_max) {
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
