/* bundle/python_import.c: the import check: the application's own interpreter, offline, in a copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/python_place.h"
#include "sys/tty.h"

enum {
    IMPORT_MS = 120000,
    IMPORT_TRIES_MAX = 12, /* each finds at least one more variable, or ends */
    IMPORT_RESULT_MAX = 4 << 20,
    IMPORT_WRITES_MAX = 20,
    IMPORT_NAME_MAX = 128,
    IMPORT_MISSING_MAX = 100,
    IMPORT_RECIPE = 3,
};

#define IMPORT_RESULT_NAME "result.json"

/* What the import of an application that is not ready for Lambda says. */
static const struct {
    const char *text;
    const char *remedy;
} remedies[] = {
    {"ModuleNotFoundError", "add the package to the manifest, lock it, commit both, and try again"},
    {"ImportError", "see that the locked version of the package has that name"},
    {"Operation not permitted",
     "do not connect while the module is imported: the check has no network, "
     "and a function should not wait for one to start"},
    {"Errno 1]", "do not connect while the module is imported: the check has no network"},
    {"Name or service not known", "do not connect while the module is imported"},
    {"Temporary failure in name resolution", "do not connect while the module is imported"},
    {"Read-only file system", "write below /tmp: it is the only writable folder of a function"},
    {"Permission denied", "write below /tmp: it is the only writable folder of a function"},
    {"AttributeError", "name the ASGI object as module:attribute under backend.asgi"},
};

struct import {
    const struct build_env *env;
    const struct python_app *app;
    const struct python_place *place;
    const json_t *variables;
    char *work;
    char *src;  /* the copy of the repository */
    char *root; /* the folder imported from, in the copy */
    char *tmp;
    char *script;
    char *result;
    json_t *dummies; /* {NAME: value or null} */
    json_t *missing; /* [NAME] */
    json_t *places;  /* {NAME: "app/config.py:3"}, relative to the repository */
    json_t *answer;  /* of the last try */
};

static void import_done(struct import *in) {
    build_remove(in->env, in->work);
    free(in->work);
    free(in->src);
    free(in->root);
    free(in->tmp);
    free(in->script);
    free(in->result);
    json_decref(in->dummies);
    json_decref(in->missing);
    json_decref(in->places);
    json_decref(in->answer);
}

static enum err_code import_prepare(struct import *in, const json_t *dummies, struct err *err) {
    const char *cwd = in->app->cwd == NULL ? in->app->dir : in->app->cwd;
    const json_t *name = NULL;
    size_t i = 0;

    if (build_temp(in->env, &in->work, err) != ERR_NONE) {
        return err->code;
    }
    in->src = fs_join(in->work, "src");
    in->root = fs_join(in->src, strcmp(cwd, ".") == 0 ? "" : cwd);
    in->tmp = fs_join(in->work, "tmp");
    in->script = fs_join(in->work, "check.py");
    in->result = fs_join(in->tmp, IMPORT_RESULT_NAME);
    in->dummies = json_object();
    in->missing = json_array();
    in->places = json_object();
    json_array_foreach(dummies, i, name) {
        if (json_object_get(in->variables, json_string_value(name)) == NULL) {
            json_put(in->dummies, json_string_value(name), json_null());
        }
    }
    if (build_copy(in->env, in->src, err) != ERR_NONE ||
        fs_mkdirs(in->tmp, 0700, err) != ERR_NONE) {
        return err->code;
    }
    return fs_write_file(in->script, python_check_source, 0600, err);
}

/* What a function has in its environment, and the values that were given. */
static void import_environment(const struct import *in, struct proc_env *vars) {
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)in->variables, name, value) {
        if (json_is_string(value) && strchr(name, '=') == NULL && name[0] != '\0') {
            proc_env_set(vars, name, json_string_value(value));
        }
    }
    proc_env_set(vars, "PATH", "/usr/bin:/bin");
    proc_env_set(vars, "AWS_REGION", "us-east-1");
    proc_env_set(vars, "AWS_DEFAULT_REGION", "us-east-1");
    proc_env_set(vars, "AWS_LAMBDA_FUNCTION_NAME", "import-check");
    proc_env_set(vars, "AWS_EC2_METADATA_DISABLED", "true");
    proc_env_set(vars, "LAMBDA_TASK_ROOT", in->root);
}

static enum err_code import_try(struct import *in, bool is_first, struct proc_result *result,
                                struct err *err) {
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(json_decrefp) json_t *request = json_object();
    CLEANUP(freep) char *input = NULL;
    /* -I: neither the working folder nor the user's own packages; -B: no byte code beside the code.
     */
    const char *const argv[] = {in->place->interpreter, "-I", "-B", "-X", "utf8", in->script, NULL};

    json_put_str(request, "repository", in->src);
    json_put_str(request, "root", in->root);
    json_put_str(request, "site", in->place->host_site);
    json_put_str(request, "target", in->app->target);
    json_put_bool(request, "factory", in->app->is_factory);
    json_put(request, "dummies", json_incref(in->dummies));
    json_put_str(request, "result", in->result);
    input = json_text(request);
    python_expose(in->place, &readable);
    words_add(&readable, in->place->host_site);
    words_add(&readable, in->script);
    words_add(&writable, in->src);
    import_environment(in, &vars);
    remove(in->result);
    struct build_step step = {.title = "importing the application",
                              .argv = argv,
                              .vars = &vars,
                              .cwd = in->root,
                              .input = str_from(input),
                              .readable = &readable,
                              .writable = &writable,
                              .tmp = in->tmp,
                              .timeout_ms = IMPORT_MS,
                              .is_quiet = !is_first};
    if (build_run(in->env, &step, result, err) != ERR_NONE) {
        return err->code;
    }
    json_decref(in->answer);
    in->answer = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(IMPORT_RESULT_MAX);
    /* The child can put anything at that place: below the folder, nothing leads out of it. */
    CLEANUP(fs_root_done) struct fs_root tmp = {0};
    if (fs_root_open(in->tmp, &tmp, err) != ERR_NONE ||
        fs_read_at(&tmp, IMPORT_RESULT_NAME, IMPORT_RESULT_MAX, &text, err) != ERR_NONE ||
        json_read(buf_str(&text), &in->answer, err) != ERR_NONE) {
        return build_blame(result, (const struct build_symptom[]){{NULL, ERR_NONE, NULL, NULL}},
                           "the import check", err);
    }
    return ERR_NONE;
}

/* A name of the environment: what the application's own code reports as one need not be. */
static bool is_variable_name(const char *name) {
    size_t n = name == NULL ? 0
                            : strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789_");

    return n > 0 && n <= IMPORT_NAME_MAX && name[n] == '\0' && (name[0] < '0' || name[0] > '9');
}

static bool import_learn_missing(struct import *in, const json_t *row) {
    const char *name = json_str_at(row, "name");

    if (!is_variable_name(name) || json_array_size(in->missing) == IMPORT_MISSING_MAX ||
        json_object_get(in->dummies, name) != NULL ||
        json_object_get(in->variables, name) != NULL) {
        return false;
    }
    json_array_append_new(in->missing, json_string_of(str_from(name)));
    json_put_str(in->places, name, json_str_at(row, "where"));
    json_put(in->dummies, name, json_null());
    return true;
}

/* Takes over what the last try learned. True when another try can get further. */
static bool import_learn(struct import *in) {
    const json_t *row = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    size_t i = 0;
    bool is_better = json_bool_at(in->answer, "better");

    json_object_foreach(json_object_get(in->answer, "values"), key, value) {
        if (is_variable_name(key)) {
            json_put(in->dummies, key, json_incref(value));
        }
    }
    json_array_foreach(json_object_get(in->answer, "missing"), i, row) {
        is_better = import_learn_missing(in, row) || is_better;
    }
    return is_better;
}

/* The error for an import that failed although every variable had a value. Python's words may quote
 * data, so they are masked. */
static enum err_code import_blame(const struct import *in, struct err *err) {
    CLEANUP(masked_done) struct masked said = {0};
    CLEANUP(buf_done) struct buf line = BUF_INIT(8000);
    const char *where = json_str_at(in->answer, "where");

    redact_text(in->env->redactor, str_from(json_str_or(in->answer, "error", "it failed")), &said);
    tty_escape(&line, str_slice(masked_str(&said), 0, 300));
    err_set(err, ERR_IMPORT, "%s cannot be imported: %s%s%s%s", in->app->target, buf_cstr(&line),
            where == NULL ? "" : " (", where == NULL ? "" : where, where == NULL ? "" : ")");
    for (size_t i = 0; i < ARRAY_N(remedies); i++) {
        if (strstr(buf_cstr(&line), remedies[i].text) != NULL) {
            return err_remedy(err, "%s", remedies[i].remedy);
        }
    }
    return err_remedy(err, "correct it so that the application can be imported before anything it "
                           "talks to is there, then run this again");
}

static enum err_code import_all(struct import *in, json_t *warnings, struct err *err) {
    for (int i = 0; i < IMPORT_TRIES_MAX; i++) {
        CLEANUP(proc_result_done) struct proc_result result = {0};

        if (import_try(in, i == 0, &result, err) != ERR_NONE) {
            return err->code;
        }
        bool is_ok = json_bool_at(in->answer, "ok");
        if (!import_learn(in)) {
            if (is_ok) {
                return ERR_NONE;
            }
            break;
        }
    }
    if (json_bool_at(in->answer, "ok")) {
        return ERR_NONE;
    }
    if (json_array_size(in->missing) > 0) {
        build_warn(warnings, "the import could only be tried up to the variables that are missing");
        return ERR_NONE;
    }
    return import_blame(in, err);
}

/* --- what was written beside the code --- */

static void note_write(void *ctx, const char *path) {
    json_t *list = ctx;

    if (json_array_size(list) < IMPORT_WRITES_MAX) {
        json_array_append_new(list, json_string_of(str_from(path)));
    }
}

static enum err_code import_writes(const struct import *in, const struct fs_list *before,
                                   json_t *list, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(fs_list_done) struct fs_list after = {0};
    const struct fs_walk walk = {BUILD_DEPTH_MAX, 2 * BUILD_ENTRIES_MAX, 2 * BUILD_BYTES_MAX, NULL,
                                 NULL};

    if (fs_root_open(in->src, &copy, err) != ERR_NONE ||
        fs_digest_tree(&copy, "", &walk, &after, err) != ERR_NONE) {
        return err->code;
    }
    fs_list_compare(before, &after, note_write, list);
    return ERR_NONE;
}

static enum err_code import_before(const struct import *in, struct fs_list *out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    const struct fs_walk walk = {BUILD_DEPTH_MAX, BUILD_ENTRIES_MAX, BUILD_BYTES_MAX, NULL, NULL};

    if (fs_root_open(in->src, &copy, err) != ERR_NONE) {
        return err->code;
    }
    return fs_digest_tree(&copy, "", &walk, out, err);
}

/* --- what the application wanted of the world --- */

/* Text of the application's own, for a sentence. */
static void add_said(const struct import *in, struct buf *out, const char *text) {
    CLEANUP(masked_done) struct masked said = {0};

    redact_text(in->env->redactor, str_from(text), &said);
    tty_escape(out, str_slice(masked_str(&said), 0, 300));
}

static void import_warn(const struct import *in, const json_t *writes, json_t *warnings) {
    const char *error = json_str_at(in->answer, "lifespan.error");
    const json_t *row = NULL;
    size_t i = 0;

    if (json_array_size(writes) > 0) {
        build_warn(warnings,
                   "the start writes %s beside the code; on Lambda only /tmp can be written",
                   json_string_value(json_array_get(writes, 0)));
    }
    json_array_foreach(json_at(in->answer, "seen.contacted"), i, row) {
        CLEANUP(buf_done) struct buf host = BUF_INIT(4000);
        add_said(in, &host, json_str_or(row, "host", ""));
        build_warn(warnings, "the %s connects to %s:%.10s (%s); it must be reachable from Lambda",
                   json_str_or(row, "when", "import"), buf_cstr(&host),
                   json_str_or(row, "port", ""), json_str_or(row, "where", "a package"));
        if (i == 4) {
            break;
        }
    }
    if (error != NULL && i == 0) { /* with nobody to connect to, a failure says nothing */
        CLEANUP(buf_done) struct buf line = BUF_INIT(4000);
        add_said(in, &line, error);
        build_warn(warnings, "the start of the application fails here: %s (%s)", buf_cstr(&line),
                   json_str_or(in->answer, "lifespan.where", "in a package"));
    }
}

/* A list of the check, which the application's own code could have spoiled. */
static json_t *import_seen(const struct import *in, const char *member) {
    json_t *list = json_at(in->answer, member);

    return json_is_array(list) ? json_incref(list) : json_array();
}

/* --- entry --- */

static struct sha256 import_key(const struct build_env *env, const struct python_app *app,
                                const struct python_place *place, const struct fs_list *tree,
                                const json_t *variables, const json_t *dummies) {
    struct sha256_stream *stream = sha256_start();
    CLEANUP(freep) char *values = variables == NULL ? NULL : json_text(variables);
    CLEANUP(freep) char *names = dummies == NULL ? NULL : json_text(dummies);
    CLEANUP(freep)
    char *recipe = mem_format("%d %d %d", IMPORT_RECIPE, app->is_factory, env->is_sandboxed);

    build_feed(stream, recipe);
    build_feed_tool(stream, place->interpreter);
    build_feed(stream, place->host_site);
    build_feed(stream, sha256_hex(sha256_of(python_check_source)).text);
    build_feed(stream, app->dir);
    build_feed(stream, app->cwd);
    build_feed(stream, app->target);
    build_feed(stream, app->site);
    build_feed(stream, values);
    build_feed(stream, names);
    build_feed(stream, sha256_hex(python_seen_hash(app, tree)).text);
    return sha256_end(stream);
}

static json_t *import_answer(const struct import *in, const struct fs_list *before,
                             const json_t *writes, const json_t *warnings) {
    json_t *routes = json_object_get(in->answer, "routes");
    json_t *json = json_object();
    struct python_app app = *in->app;
    CLEANUP(freep) char *root = NULL;
    CLEANUP(freep) char *inside = NULL;
    CLEANUP(json_decrefp)
    json_t *also = python_pack_also(&app, before, json_at(in->answer, "seen.read"));

    app.also = also;
    python_pack_layout(&app, &root, &inside);
    json_put(json, "also", json_incref(also));
    json_put_str(json, "inside", inside[0] == '\0' ? NULL : inside);
    json_put_str(json, "python", in->place->minor);
    json_put_str(json, "architecture", python_architecture(in->place->platform));
    json_put(json, "routes", routes == NULL ? json_array() : json_incref(routes));
    json_put(json, "missing", json_incref(in->missing));
    json_put(json, "places", json_incref(in->places));
    json_put(json, "contacted", import_seen(in, "seen.contacted"));
    json_put(json, "wrote", import_seen(in, "seen.wrote"));
    json_put(json, "writes", json_deep_copy(writes));
    json_put(json, "warnings", json_deep_copy(warnings));
    json_put_bool(json, "cached", false);
    return json;
}

static enum err_code import_run(const struct build_env *env, const struct python_app *app,
                                const struct python_place *place, const json_t *variables,
                                const json_t *dummies, json_t **out, struct err *err) {
    CLEANUP(import_done)
    struct import in = {.env = env, .app = app, .place = place, .variables = variables};
    CLEANUP(fs_list_done) struct fs_list before = {0};
    CLEANUP(json_decrefp) json_t *warnings = json_deep_copy(place->warnings);
    CLEANUP(json_decrefp) json_t *writes = json_array();

    if (import_prepare(&in, dummies, err) != ERR_NONE ||
        import_before(&in, &before, err) != ERR_NONE ||
        import_all(&in, warnings, err) != ERR_NONE ||
        import_writes(&in, &before, writes, err) != ERR_NONE) {
        return err->code;
    }
    import_warn(&in, writes, warnings);
    *out = import_answer(&in, &before, writes, warnings);
    return ERR_NONE;
}

enum err_code python_check(const struct build_env *env, const struct python_app *app,
                           const json_t *variables, const json_t *dummies, json_t **out,
                           struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {0};
    CLEANUP(fs_list_done) struct fs_list tree = {0};
    CLEANUP(freep) char *path = NULL;
    json_t *json = NULL;

    if (app->target == NULL || strchr(app->target, ':') == NULL) {
        return err_set(err, ERR_INVALID, "the ASGI object is named module:attribute, not '%s'",
                       app->target == NULL ? "" : app->target);
    }
    if (python_settle(env, app, &place, err) != ERR_NONE ||
        build_digest(env, &tree, err) != ERR_NONE ||
        build_cache_path(env, "python", import_key(env, app, &place, &tree, variables, dummies),
                         ".check", &path, err) != ERR_NONE) {
        return err->code;
    }
    json = build_recall(path);
    if (json != NULL) {
        json_put_bool(json, "cached", true);
        *out = json;
        return ERR_NONE;
    }
    if (import_run(env, app, &place, variables, dummies, &json, err) != ERR_NONE) {
        return err->code;
    }
    if (build_remember(path, json, err) != ERR_NONE) {
        json_decref(json);
        return err->code;
    }
    *out = json;
    return ERR_NONE;
}
