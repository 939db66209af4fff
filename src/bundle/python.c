/* bundle/python.c: the place of an application: interpreter, lock, packages. */
#include "bundle/python.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/python_place.h"
#include "repo/python_version.h"

void python_place_done(struct python_place *place) {
    free(place->uv);
    free(place->interpreter);
    free(place->prefix);
    free(place->requirements);
    free(place->host_site);
    free(place->target_site);
    free(place->index);
    words_done(&place->hosts);
    json_decref(place->sources);
    json_decref(place->warnings);
    *place = (struct python_place){0};
}

void python_expose(const struct python_place *place, struct words *readable) {
    build_expose(readable, place->interpreter);
    words_add(readable, place->prefix);
}

/* --- settling --- */

static enum err_code settle_once(const struct build_env *env, const struct python_app *app,
                                 bool may_compile, struct python_place *place, struct err *err) {
    *place = (struct python_place){
        .may_compile = may_compile, .was_cached = true, .warnings = json_array()};
    build_warn_walls(env, place->warnings);
    if (fs_mkdirs(env->cache_dir, 0700, err) != ERR_NONE ||
        build_find_tool(BUILD_UV, &place->uv, err) != ERR_NONE ||
        python_find(env, app, place, err) != ERR_NONE ||
        python_lock(env, app, place, err) != ERR_NONE ||
        python_sites(env, app, place, err) != ERR_NONE) {
        return err->code;
    }
    if (place->is_resolved) {
        build_warn(
            place->warnings,
            "no lock pins all packages: the versions of %d were chosen here (list %.12s) and "
            "lie in the function as " PYTHON_LIST_NAME,
            place->packages, sha256_hex(place->requirements_hash).text);
    }
    return ERR_NONE;
}

/* Tries the other minors that the application allows. True with the place in `*out`. What is not
 * there is added to `absent`; `*err` is set where a failure is not a matter of the minor. */
static bool settle_with(const struct build_env *env, const struct python_app *app,
                        const struct python_place *first, bool is_local, struct python_place *out,
                        struct buf *absent, struct err *err) {
    bool is_missing = false;

    for (int minor = PYTHON_MINOR_MAX; minor >= PYTHON_MINOR_MIN && !is_missing; minor--) {
        CLEANUP(freep) char *version = mem_format("3.%d", minor);
        CLEANUP(python_place_done) struct python_place place = {0};
        struct python_app other = *app;
        struct err why = {0};
        other.python = version;
        other.is_python_local = is_local;
        if (strcmp(version, first->minor) == 0 || !python_is_wanted(app, minor)) {
            continue;
        }
        if (settle_once(env, &other, false, &place, &why) == ERR_NONE) {
            build_warn(place.warnings, "%s has no wheel for Python %s, so Python %s is taken",
                       first->missing, first->minor, version);
            *out = place;
            place = (struct python_place){0};
            return true;
        }
        if (place.interpreter == NULL) {
            buf_addf(absent, "%s%s", absent->len == 0 ? "" : ", ", version);
            is_missing = !is_local; /* nothing can be fetched */
        } else if (why.code != ERR_BUILD) {
            *err = why;
            return false;
        }
    }
    return false;
}

/* A lock may have wheels for one minor only: the other ones that this machine has, then those that
 * uv can fetch. `err` holds why the first one does not do. */
static enum err_code settle_otherwise(const struct build_env *env, const struct python_app *app,
                                      const struct python_place *first, struct python_place *out,
                                      struct err *err) {
    CLEANUP(buf_done) struct buf absent = BUF_INIT(200);
    CLEANUP(buf_done) struct buf again = BUF_INIT(200);
    struct err other = {0};

    if (settle_with(env, app, first, true, out, &absent, &other) ||
        (other.code == ERR_NONE && absent.len > 0 && !app->is_python_local &&
         settle_with(env, app, first, false, out, &again, &other))) {
        return ERR_NONE;
    }
    if (other.code != ERR_NONE) {
        *err = other;
        return err->code;
    }
    if (again.len > 0) {
        return err_remedy(err,
                          "take a version of %s that has one, or install another Python that may "
                          "have one (%s): uv python install VERSION",
                          first->missing, buf_cstr(&absent));
    }
    err_set(err, ERR_BUILD, "%s has no wheel for any Python of Lambda that the application allows",
            first->missing);
    return err_remedy(err, "lock a version of %s that has wheels for Python 3.%d or later",
                      first->missing, PYTHON_MINOR_MIN);
}

/* Functions can run with another Python than the application's own manifest allows: on a local AWS,
 * which has one. uv would say it in its words, in the middle of a build. */
static enum err_code settle_python(const struct python_app *app, struct err *err) {
    const char *minor = app->python == NULL ? NULL : strchr(app->python, '.');

    if (app->needs == NULL || minor == NULL ||
        python_allows(app->needs, (int)strtol(minor + 1, NULL, 10))) {
        return ERR_NONE;
    }
    err_set(err, ERR_UNSUPPORTED,
            "the application needs Python %s, and functions run with Python %s here", app->needs,
            app->python);
    return err_remedy(err,
                      "deploy it to AWS itself, whose Lambda has Python 3.%d to 3.%d, or allow %s "
                      "in requires-python and lock again",
                      PYTHON_MINOR_MIN, PYTHON_MINOR_MAX, app->python);
}

enum err_code python_settle(const struct build_env *env, const struct python_app *app,
                            struct python_place *out, struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {0};
    CLEANUP(python_place_done) struct python_place compiled = {0};
    struct err why = {0};
    struct err first = {0};

    if (settle_python(app, err) != ERR_NONE) {
        return err->code;
    }
    if (settle_once(env, app, false, &place, &first) == ERR_NONE) {
        *out = place;
        place = (struct python_place){0};
        return ERR_NONE;
    }
    if (place.missing[0] != '\0' && settle_otherwise(env, app, &place, out, &first) == ERR_NONE) {
        return ERR_NONE;
    }
    /* What runs on this machine may be compiled on it, as the last way. */
    if (place.missing[0] != '\0' && app->platform == PYTHON_HOST &&
        settle_once(env, app, true, &compiled, &why) == ERR_NONE) {
        *out = compiled;
        compiled = (struct python_place){0};
        return ERR_NONE;
    }
    *err = first;
    return err->code;
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
    json_put_str(json, "list", sha256_hex(place.requirements_hash).text);
    json_put_bool(json, "resolved", place.is_resolved);
    json_put_bool(json, "cached", place.was_cached);
    json_put(json, "warnings", json_incref(place.warnings));
    *out = json;
    return ERR_NONE;
}

enum err_code python_look(const struct build_env *env, const struct python_app *app, json_t **out,
                          struct err *err) {
    CLEANUP(python_place_done) struct python_place place = {0};
    struct python_app here = *app;

    here.is_python_local = true;
    if (fs_mkdirs(env->cache_dir, 0700, err) != ERR_NONE ||
        build_find_tool(BUILD_UV, &place.uv, err) != ERR_NONE ||
        python_find(env, &here, &place, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_object();
    json_put_str(*out, "python", place.version);
    json_put_str(*out, "path", place.interpreter);
    return ERR_NONE;
}
