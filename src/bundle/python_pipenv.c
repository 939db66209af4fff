/* bundle/python_pipenv.c: Pipfile.lock to one exact list, and the Pipfile where there is none. */
#include <string.h>

#include "bundle/python_lock.h"
#include "repo/lock_hash.h"

static void package_add_tail(const json_t *package, struct buf *out) {
    const char *markers = json_str_at(package, "markers");
    const json_t *hash = NULL;
    size_t i = 0;

    if (markers != NULL) {
        buf_addf(out, " ; %s", markers);
    }
    json_array_foreach(json_object_get(package, "hashes"), i, hash) {
        if (json_is_string(hash)) {
            buf_addf(out, " \\\n    --hash=%s", json_string_value(hash));
        }
    }
    buf_add_c(out, '\n');
}

static enum err_code package_add(struct locking *in, const char *name, const json_t *package,
                                 struct err *err) {
    struct buf *out = &in->out;
    const char *git = json_str_at(package, "git");
    const char *path = json_str_at(package, "path");
    const char *version = json_str_at(package, "version");

    if (git != NULL) {
        const char *folder = json_str_at(package, "subdirectory");
        buf_addf(out, "%s @ git+%s@%s%s%s\n", name, git, json_str_or(package, "ref", ""),
                 folder == NULL ? "" : "#subdirectory=", folder == NULL ? "" : folder);
    } else if (path != NULL) {
        buf_addf(out, "./%s\n", path);
    } else if (version != NULL && json_array_size(json_object_get(package, "hashes")) > 0) {
        buf_addf(out, "%s%s", name, version);
        package_add_tail(package, out);
    } else {
        err_set(err, ERR_BUILD, "%s has no version and digest of %s", in->lock, name);
        return err_remedy(err, "run 'pipenv lock' and commit Pipfile.lock");
    }
    return ERR_NONE;
}

enum err_code pipenv_list(struct locking *in, struct err *err) {
    CLEANUP(json_decrefp) json_t *pipfile = NULL;
    CLEANUP(json_decrefp) json_t *lock = NULL;
    const json_t *source = NULL;
    const char *name = NULL;
    json_t *package = NULL;
    size_t i = 0;

    if (locking_toml(in, in->manifest, &pipfile, err) != ERR_NONE ||
        locking_json(in, in->lock, &lock, err) != ERR_NONE) {
        return err->code;
    }
    if (!lock_fits_pipenv(pipfile, lock)) {
        err_set(err, ERR_BUILD, "%s does not fit %s", in->lock, in->manifest);
        return err_remedy(err, "run 'pipenv lock' and commit Pipfile.lock");
    }
    free(in->base);
    in->base = locking_beside(in->lock, "");
    json_array_foreach(json_at(lock, "_meta.sources"), i, source) {
        buf_addf(&in->out, "--%s %s\n", i == 0 ? "index-url" : "extra-index-url",
                 json_str_or(source, "url", ""));
    }
    json_object_foreach(json_object_get(lock, "default"), name, package) {
        if (package_add(in, name, package, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

enum err_code pipenv_wishes(struct locking *in, struct buf *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *pipfile = NULL;
    const char *name = NULL;
    json_t *value = NULL;

    if (locking_toml(in, in->manifest, &pipfile, err) != ERR_NONE) {
        return err->code;
    }
    json_object_foreach(json_object_get(pipfile, "packages"), name, value) {
        const char *version =
            json_is_string(value) ? json_string_value(value) : json_str_or(value, "version", "*");
        const char *markers = json_str_at(value, "markers");
        const json_t *extra = NULL;
        size_t i = 0;

        buf_add_s(out, name);
        json_array_foreach(json_object_get(value, "extras"), i, extra) {
            buf_addf(out, "%s%s", i == 0 ? "[" : ",", json_string_value(extra));
        }
        buf_addf(out, "%s%s%s%s\n", i > 0 ? "]" : "", strcmp(version, "*") == 0 ? "" : version,
                 markers == NULL ? "" : " ; ", markers == NULL ? "" : markers);
    }
    return ERR_NONE;
}
