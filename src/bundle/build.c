/* bundle/build.c: one step of a build: its environment, its sandbox, its masked output. */
#include "bundle/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "bundle/build_run.h"
#include "sys/tty.h"

/* --- tools --- */

static const struct {
    const char *name;
    const char *variable;
    const char *what;
    const char *install;
} tools[BUILD_TOOL_N] = {
    [BUILD_UV] = {"uv", "AWSCOPILOT_UV", "uv, which installs the back end's packages,",
                  "pip install uv==0.13.9"},
    [BUILD_NODE] = {"node", "AWSCOPILOT_NODE", "Node.js, which builds the front end,",
                    "npm install --global node@22"},
    [BUILD_PNPM] = {"pnpm", "AWSCOPILOT_PNPM", "pnpm, which installs the front end's packages,",
                    "npm install --global pnpm@10.34.9"},
};

enum err_code build_find_tool(enum build_tool tool, char **out, struct err *err) {
    const char *given = getenv(tools[tool].variable);
    char *path = proc_find(given != NULL ? given : tools[tool].name, NULL);

    if (path != NULL) {
        *out = path;
        return ERR_NONE;
    }
    if (given != NULL) {
        err_set(err, ERR_BUILD, "%s names no program: %s", tools[tool].variable, given);
    } else {
        err_set(err, ERR_BUILD, "%s is not installed", tools[tool].what);
    }
    return err_remedy(err, "%s", tools[tool].install);
}

/* --- words --- */

bool words_has(const struct words *words, const char *word) {
    for (size_t i = 0; i < words->n; i++) {
        if (strcmp(words->rows[i], word) == 0) {
            return true;
        }
    }
    return false;
}

void words_add(struct words *words, const char *word) {
    if (word != NULL && words->n < BUILD_LIST_MAX && !words_has(words, word)) {
        words->rows[words->n++] = mem_strdup(word);
    }
}

void words_done(struct words *words) {
    for (size_t i = 0; i < words->n; i++) {
        free(words->rows[i]);
    }
    *words = (struct words){0};
}

json_t *words_json(const struct words *words) {
    json_t *list = json_array();

    for (size_t i = 0; i < words->n; i++) {
        json_array_append_new(list, json_string_of(str_from(words->rows[i])));
    }
    return list;
}

static const char *const *words_list(const struct words *words) {
    return words == NULL ? NULL : (const char *const *)words->rows;
}

/* --- progress --- */

void build_say(const struct build_env *env, const char *fmt, ...) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(PROC_LINE_BYTES);
    va_list args;

    if (env->say == NULL) {
        return;
    }
    va_start(args, fmt);
    buf_vaddf(&line, fmt, args);
    va_end(args);
    env->say(env->ctx, buf_cstr(&line));
}

void build_warn(json_t *warnings, const char *fmt, ...) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(PROC_LINE_BYTES);
    va_list args;

    va_start(args, fmt);
    buf_vaddf(&line, fmt, args);
    va_end(args);
    json_array_append_new(warnings, json_string_of(buf_str(&line)));
}

/* What a program prints is progress, as far as a person could read it: a flood of short lines would
 * cost more to show than to print. */
enum { LINES_A_SECOND = 200 };

struct talk {
    const struct build_env *env;
    int64_t second;
    int lines; /* shown in it */
};

static void say_line(void *ctx, enum proc_stream stream, struct str line) {
    struct talk *talk = ctx;
    int64_t second = clock_mono_ms() / 1000;

    (void)stream;
    talk->lines = talk->second == second ? talk->lines + 1 : 1;
    talk->second = second;
    if (talk->lines > LINES_A_SECOND) {
        return;
    }
    CLEANUP(buf_done) struct buf safe = BUF_INIT(16 * PROC_LINE_BYTES);
    tty_escape(&safe, str_trim(line));
    if (safe.len > 0) {
        talk->env->say(talk->env->ctx, buf_cstr(&safe));
    }
}

/* What is told of a program that prints nothing: that it has not died. */
struct beat {
    const struct build_env *env;
    const char *title;
    int64_t timeout_ms;
};

static void say_beat(void *ctx, int64_t ms) {
    const struct beat *beat = ctx;

    build_say(beat->env, "%s: still running after %lld s, stopped at %lld s", beat->title,
              (long long)(ms / 1000), (long long)(beat->timeout_ms / 1000));
}

/* --- masking --- */

struct mask {
    struct redact_stream *streams[PROC_STREAM_N];
    struct buf *out; /* of the feed that is going on */
};

static void mask_put(void *user, const struct masked *piece) {
    struct mask *mask = user;

    buf_add(mask->out, masked_str(piece));
}

static void mask_feed(void *ctx, enum proc_stream stream, struct str raw, enum proc_rest rest,
                      struct buf *out) {
    struct mask *mask = ctx;

    mask->out = out;
    redact_stream_write(mask->streams[stream], raw);
    if (rest == PROC_ENDED) {
        redact_stream_end(TAKE(mask->streams[stream]));
    }
}

static void mask_done(struct mask *mask) {
    for (int i = 0; i < PROC_STREAM_N; i++) {
        redact_stream_drop(mask->streams[i]); /* no program ran, or it was stopped */
    }
}

/* --- the step --- */

/* Every child's variables; those a build may decide on come from its own list. */
static void step_environment(const struct build_step *step, const char *proxy) {
    static const char *const proxied[] = {
        "HTTP_PROXY",      "HTTPS_PROXY",     "ALL_PROXY",        "http_proxy",
        "https_proxy",     "all_proxy",       "npm_config_proxy", "npm_config_https_proxy",
        "YARN_HTTP_PROXY", "YARN_HTTPS_PROXY"};
    struct proc_env *vars = step->vars;

    proc_env_set(vars, "HOME", step->tmp);
    proc_env_set(vars, "TMPDIR", step->tmp);
    proc_env_set(vars, "LANG", "C.UTF-8");
    proc_env_set(vars, "NO_COLOR", "1");
    for (size_t i = 0; proxy != NULL && i < ARRAY_N(proxied); i++) {
        proc_env_set(vars, proxied[i], proxy);
    }
    if (proxy != NULL) {
        proc_env_set(vars, "NO_PROXY", "");
        proc_env_set(vars, "no_proxy", "");
    }
}

static const char *users_proxy(void) {
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY",
                                        "all_proxy",   "HTTP_PROXY",  "http_proxy"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && str_starts(str_from(value), STR("http://"))) {
            return value;
        }
    }
    return NULL;
}

static enum err_code step_end(const struct build_step *step, const struct proc_result *result,
                              struct err *err) {
    CLEANUP(buf_done) struct buf how = BUF_INIT(200);

    proc_describe_end(result, &how);
    switch (result->end) {
    case PROC_CANCELLED:
        return err_set(err, ERR_CANCELLED, "%s was cancelled", step->title);
    case PROC_TIMEOUT:
        return err_set(err, ERR_TIMEOUT, "%s %s", step->title, buf_cstr(&how));
    case PROC_FLOOD:
        return err_set(err, ERR_TOO_LARGE, "%s %s", step->title, buf_cstr(&how));
    case PROC_DISK:
        return err_set(err, ERR_DISK_FULL, "%s %s", step->title, buf_cstr(&how));
    case PROC_NONE:
    case PROC_EXITED:
    case PROC_SIGNALLED:
    case PROC_END_N:
        break;
    }
    return ERR_NONE;
}

enum err_code build_run(const struct build_env *env, const struct build_step *step,
                        struct proc_result *out, struct err *err) {
    const char *hidden[BUILD_LIST_MAX + 2] = {env->state_dir};
    struct sandbox sandbox = {.readable = words_list(step->readable),
                              .writable = words_list(step->writable),
                              .hidden = hidden,
                              .tmp = step->tmp,
                              .stand_in = step->stand_in,
                              .stands_for = step->stands_for,
                              .net = step->hosts == NULL ? SANDBOX_NET_NONE : SANDBOX_NET_SOURCES,
                              .hosts = words_list(step->hosts),
                              .proxy = users_proxy()};
    CLEANUP(mask_done) struct mask mask = {0};
    struct proc_spec spec = {.argv = step->argv,
                             .cwd = step->cwd,
                             .input = step->input,
                             .timeout_ms = step->timeout_ms,
                             .cancel = env->cancel,
                             .sandbox = env->is_sandboxed ? &sandbox : NULL,
                             .filter = {.feed = mask_feed, .ctx = &mask}};

    struct beat beat = {env, step->title, step->timeout_ms};
    struct talk talk = {.env = env};

    for (size_t i = 0; step->hidden != NULL && i < step->hidden->n; i++) {
        hidden[i + (env->state_dir != NULL)] = step->hidden->rows[i];
    }

    spec.beat = say_beat;
    spec.beat_ctx = &beat;
    spec.beat_ms = step->beat_ms;
    for (int i = 0; i < PROC_STREAM_N; i++) {
        mask.streams[i] = redact_stream_new(env->redactor, mask_put, &mask);
    }
    if (env->say != NULL && !step->is_quiet) {
        spec.line = say_line;
        spec.line_ctx = &talk;
    }
    step_environment(step, env->is_sandboxed ? sandbox_proxy_url(&sandbox) : NULL);
    spec.env = (const char *const *)step->vars->vars;
    build_say(env, "%s", step->title);
    if (proc_run(&spec, out, err) != ERR_NONE) {
        return err->code;
    }
    if ((!step->takes_ends || out->end == PROC_CANCELLED) && step_end(step, out, err) != ERR_NONE) {
        proc_result_done(out);
        return err->code;
    }
    return ERR_NONE;
}

/* --- what went wrong --- */

static bool line_has(struct str line, const char *word) {
    for (size_t i = 0; i + strlen(word) <= line.len; i++) {
        if (strncasecmp(line.ptr + i, word, strlen(word)) == 0) {
            return true;
        }
    }
    return false;
}

struct str build_error_line(struct str text) {
    struct str rest = text;
    struct str line = {0};
    struct str last = {0};
    struct str best = {0};

    while (rest.len > 0 && str_next(&rest, '\n', &line)) {
        struct str trimmed = str_trim(line);
        if (str_starts(trimmed, STR("error")) || str_starts(trimmed, STR("ERR"))) {
            return trimmed;
        }
        /* "ELIFECYCLE Command failed" only repeats that it failed. */
        if (best.len == 0 && line_has(trimmed, "error") && !line_has(trimmed, "ELIFECYCLE")) {
            best = trimmed;
        }
        last = trimmed.len > 0 ? trimmed : last;
    }
    return best.len > 0 ? best : last;
}

/* The whole line around the byte `at`. */
static struct str line_around(struct str text, size_t at) {
    size_t from = at;
    size_t to = at;

    while (from > 0 && text.ptr[from - 1] != '\n') {
        from--;
    }
    while (to < text.len && text.ptr[to] != '\n') {
        to++;
    }
    return str_trim(str_slice(text, from, to));
}

enum err_code build_blame(const struct proc_result *result, const struct build_symptom *symptoms,
                          const char *what, struct err *err) {
    CLEANUP(buf_done) struct buf all = BUF_INIT(4 * (PROC_HEAD_BYTES + PROC_TAIL_BYTES));
    CLEANUP(buf_done) struct buf line = BUF_INIT(64 * 1024);
    CLEANUP(buf_done) struct buf how = BUF_INIT(200);

    buf_add(&all, buf_str(&result->text[PROC_ERR]));
    buf_add_c(&all, '\n');
    buf_add(&all, buf_str(&result->text[PROC_OUT]));
    for (const struct build_symptom *s = symptoms; s->text != NULL; s++) {
        ptrdiff_t at = str_find(buf_str(&all), str_from(s->text));
        if (at >= 0) {
            tty_escape(&line, str_slice(line_around(buf_str(&all), (size_t)at), 0, 300));
            err_set(err, s->code, "%s: %s", s->sentence, buf_cstr(&line));
            return s->remedy == NULL ? err->code : err_remedy(err, "%s", s->remedy);
        }
    }
    tty_escape(&line, str_slice(build_error_line(buf_str(&all)), 0, 300));
    proc_describe_end(result, &how);
    err_set(err, ERR_BUILD, "%s %s: %s", what, buf_cstr(&how),
            line.len > 0 ? buf_cstr(&line) : "it printed nothing");
    return err_remedy(err, "run the same command in the repository, correct it, then repeat this");
}

enum err_code build_must(const struct build_env *env, const struct build_step *step,
                         const struct build_symptom *symptoms, const char *what, struct err *err) {
    CLEANUP(proc_result_done) struct proc_result result = {0};

    if (build_run(env, step, &result, err) != ERR_NONE) {
        return err->code;
    }
    return proc_is_ok(&result) ? ERR_NONE : build_blame(&result, symptoms, what, err);
}

static bool is_guess(const char *kind) {
    static const char *const guesses[] = {"key",
                                          "run"}; /* a secret's name; a run too long to judge */

    for (size_t i = 0; i < ARRAY_N(guesses); i++) {
        if (strcmp(kind, guesses[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char *build_find_secret(const struct redactor *redactor, struct str text) {
    enum { HITS = 64 };
    struct redact_hit hits[HITS];
    size_t n = HITS;

    while (n == HITS) {
        n = redact_find(redactor, text, hits, HITS);
        for (size_t i = 0; i < n; i++) {
            /* Under a secret's name a value is a guess, unless it has the shape of a secret itself.
             */
            struct str value = str_slice(text, hits[i].at, hits[i].at + hits[i].len);
            struct redact_hit inner = hits[i];
            if (is_guess(inner.kind) && redact_find(redactor, value, &inner, 1) == 0) {
                continue;
            }
            if (!is_guess(inner.kind)) {
                return inner.kind;
            }
        }
        text = n == HITS ? str_slice(text, hits[HITS - 1].at + hits[HITS - 1].len, text.len) : text;
    }
    return NULL;
}

void build_warn_walls(const struct build_env *env, json_t *warnings) {
    if (!env->is_sandboxed) {
        build_warn(warnings, "the repository's code runs without a sandbox, as --no-sandbox asks");
    } else if (!sandbox_probe()->has_namespaces) {
        build_warn(warnings,
                   "this machine has no namespaces, so fetching is not held to the package "
                   "sources");
    }
}

/* --- package sources --- */

static const char *const settings[] = {
    /* everyone */
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    /* uv */
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS",
    "UV_INDEX_STRATEGY", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_TIMEOUT",
    "UV_KEYRING_PROVIDER", "UV_CONCURRENT_DOWNLOADS", "UV_PYTHON_INSTALL_MIRROR",
    "UV_PYTHON_DOWNLOADS_JSON_URL",
    /* Node's package managers */
    "NPM_CONFIG_REGISTRY", "npm_config_registry", "NPM_CONFIG_CAFILE", "npm_config_cafile",
    "NPM_CONFIG_USERCONFIG", "npm_config_userconfig", "NPM_CONFIG_STRICT_SSL",
    "npm_config_strict_ssl", "NODE_EXTRA_CA_CERTS", "NPM_TOKEN", "NODE_AUTH_TOKEN", NULL};

static const char *const settings_files[] = {"SSL_CERT_FILE",
                                             "SSL_CERT_DIR",
                                             "UV_FIND_LINKS",
                                             "NPM_CONFIG_CAFILE",
                                             "UV_PYTHON_DOWNLOADS_JSON_URL",
                                             "npm_config_cafile",
                                             "NPM_CONFIG_USERCONFIG",
                                             "npm_config_userconfig",
                                             "NODE_EXTRA_CA_CERTS"};

static const char *const settings_urls[] = {"UV_DEFAULT_INDEX",
                                            "UV_INDEX",
                                            "UV_INDEX_URL",
                                            "UV_EXTRA_INDEX_URL",
                                            "UV_FIND_LINKS",
                                            "NPM_CONFIG_REGISTRY",
                                            "UV_PYTHON_INSTALL_MIRROR",
                                            "UV_PYTHON_DOWNLOADS_JSON_URL",
                                            "npm_config_registry"};

void build_pass_settings(struct proc_env *vars, struct words *readable, struct words *hosts) {
    proc_env_inherit(vars, settings);
    /* UV_INDEX_<NAME>_USERNAME and _PASSWORD: one pair an index, so known by their shape only. */
    for (char **v = environ; *v != NULL; v++) {
        struct str pair = str_from(*v);
        ptrdiff_t eq = str_find(pair, STR("="));
        struct str name = str_slice(pair, 0, eq < 0 ? 0 : (size_t)eq);
        if (str_starts(name, STR("UV_INDEX_")) &&
            (str_ends(name, STR("_USERNAME")) || str_ends(name, STR("_PASSWORD")))) {
            CLEANUP(freep) char *copy = str_dup(name);
            proc_env_set(vars, copy, *v + eq + 1);
        }
    }
    for (size_t i = 0; i < ARRAY_N(settings_files); i++) {
        const char *path = getenv(settings_files[i]);
        if (path != NULL && path[0] == '/') {
            words_add(readable, path);
        }
    }
    for (size_t i = 0; i < ARRAY_N(settings_urls); i++) {
        build_add_hosts(hosts, str_from(getenv(settings_urls[i])));
    }
}

enum { LOGINS_MAX = 64 * 1024 };

enum err_code build_lend_logins(const char *tmp, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(LOGINS_MAX);
    const char *home = getenv("HOME");
    CLEANUP(freep) char *from = fs_join(home == NULL ? "/nonexistent" : home, ".netrc");
    CLEANUP(freep) char *to = fs_join(tmp, ".netrc");
    struct err absent = {0};

    if (fs_read_file(from, LOGINS_MAX, &text, &absent) != ERR_NONE) {
        return ERR_NONE;
    }
    return fs_write_file(to, buf_str(&text), 0600, err);
}

void build_take_logins(const char *tmp) {
    CLEANUP(freep) char *path = fs_join(tmp, ".netrc");

    (void)!unlink(path);
}

static bool is_host_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
}

void build_add_hosts(struct words *hosts, struct str text) {
    static const struct {
        struct str scheme;
        const char *port;
    } schemes[] = {{{"https://", 8}, "443"}, {{"http://", 7}, "80"}};

    for (size_t k = 0; k < ARRAY_N(schemes); k++) {
        struct str rest = text;
        ptrdiff_t at = -1;
        while ((at = str_find(rest, schemes[k].scheme)) >= 0) {
            rest = str_slice(rest, (size_t)at + schemes[k].scheme.len, rest.len);
            /* "user:password@" is passed over. */
            size_t end = 0;
            size_t start = 0;
            while (end < rest.len && strchr("/ \"'\n\r\t,)}?#", rest.ptr[end]) == NULL) {
                start = rest.ptr[end] == '@' ? end + 1 : start;
                end++;
            }
            struct str host = str_slice(rest, start, end);
            size_t good = 0;
            while (good < host.len && is_host_char(host.ptr[good])) {
                good++;
            }
            if (host.len == 0 || host.len > 200 || good < host.len) {
                continue;
            }
            bool has_port = str_find(host, STR(":")) >= 0 && host.ptr[host.len - 1] != ']';
            CLEANUP(freep)
            char *word = has_port ? str_dup(host)
                                  : mem_format(STR_FMT ":%s", STR_ARG(host), schemes[k].port);
            words_add(hosts, word);
        }
    }
}
