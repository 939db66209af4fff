/* bundle/python_poetry.c: poetry.lock to one exact list, and Poetry's wishes where there is none.
 *
 * Formats 1.0 to 2.1. Which packages are needed follows from the manifest, along the dependencies
 * that the lock records, as Poetry itself walks: groups of a lock are not needed for it.
 */
#include <string.h>

#include "bundle/python_lock.h"
#include "repo/lock_hash.h"
#include "repo/python_version.h"

struct poetry {
    const struct locking *in;
    json_t *lock;
    json_t *project; /* pyproject.toml */
    json_t *index;   /* {normal name: [package of the lock]}; borrowed references */
    json_t *reached; /* {normal name: {extra: true}} */
    json_t *queue;   /* [normal name] whose dependencies are to be followed */
    char unlocked[REQUIREMENT_NAME_MAX]; /* a name that is asked for and not in the lock */
};

static void poetry_done(struct poetry *p) {
    json_decref(p->lock);
    json_decref(p->project);
    json_decref(p->index);
    json_decref(p->reached);
    json_decref(p->queue);
}

static int python_minor(const struct poetry *p) {
    const char *dot = strchr(p->in->target.version, '.');

    return dot == NULL ? 0 : (int)strtol(dot + 1, NULL, 10);
}

static enum err_code poetry_check_hash(const struct poetry *p, struct err *err) {
    const char *wanted = json_str_or(p->lock, "metadata.content-hash", "");

    if (lock_fits_poetry(p->project, wanted)) {
        return ERR_NONE;
    }
    err_set(err, ERR_BUILD, "%s does not fit %s", p->in->lock, p->in->manifest);
    return err_remedy(err, "run 'poetry lock' and commit poetry.lock");
}

/* --- the packages of the lock --- */

static void poetry_fill_index(struct poetry *p) {
    const json_t *package = NULL;
    size_t i = 0;

    json_array_foreach(json_object_get(p->lock, "package"), i, package) {
        char name[REQUIREMENT_NAME_MAX];
        python_normal_name(str_from(json_str_or(package, "name", "")), name);
        if (json_object_get(p->index, name) == NULL) {
            json_put(p->index, name, json_array());
        }
        json_array_append(json_object_get(p->index, name), (json_t *)(uintptr_t)package);
    }
}

/* Whether the lock means this package for our Python: its own markers (from 2.1 on, one text or one
 * a group) and the versions of Python it names. */
static bool package_fits(const struct poetry *p, const json_t *package) {
    const json_t *markers = json_object_get(package, "markers");
    const char *text =
        json_is_string(markers) ? json_string_value(markers) : json_str_at(markers, "main");

    return python_allows(json_str_or(package, "python-versions", "*"), python_minor(p)) &&
           (text == NULL ||
            python_marker_holds(str_from(text), &p->in->target, p->in->app->extras));
}

static const json_t *package_find(const struct poetry *p, const char *name) {
    const json_t *list = json_object_get(p->index, name);
    const json_t *found = NULL;

    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *package = json_array_get(list, i);
        if (found == NULL || package_fits(p, package)) {
            found = package;
        }
    }
    return found;
}

/* --- the walk --- */

/* Wants a package with some extras ("a,b"). */
static void poetry_want(struct poetry *p, struct str raw, struct str extras) {
    char name[REQUIREMENT_NAME_MAX];
    bool is_new = false;
    struct str extra = {0};

    python_normal_name(raw, name);
    if (json_object_get(p->index, name) == NULL) {
        memcpy(p->unlocked, name, sizeof name);
        return;
    }
    json_t *known = json_object_get(p->reached, name);
    if (known == NULL) {
        is_new = true;
        known = json_object();
        json_put(p->reached, name, known);
    }
    while (str_next(&extras, ',', &extra)) {
        char key[REQUIREMENT_NAME_MAX];
        python_normal_name(str_trim(extra), key);
        if (key[0] != '\0' && json_object_get(known, key) == NULL) {
            json_put(known, key, json_true());
            is_new = true;
        }
    }
    if (is_new) {
        json_array_append_new(p->queue, json_string(name));
    }
}

static void poetry_want_lines(struct poetry *p, const json_t *lines) {
    const json_t *line = NULL;
    size_t i = 0;

    json_array_foreach(lines, i, line) {
        struct requirement requirement;
        if (requirement_read(str_from(json_string_value(line)), &requirement) &&
            python_marker_holds(requirement.marker, &p->in->target, NULL)) {
            poetry_want(p, str_from(requirement.name), requirement.extras);
        }
    }
}

static bool list_names(const json_t *list, const char *name) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(list, i, row) {
        struct requirement requirement;
        char wanted[REQUIREMENT_NAME_MAX];
        python_normal_name(str_from(name), wanted);
        if (requirement_read(str_from(json_string_value(row)), &requirement) &&
            strcmp(requirement.name, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether one of `asked` ({extra: true} or ["extra"]) lists `name` in `extras` {extra: [line]}. */
static bool extras_name(const json_t *extras, const json_t *asked, const char *name) {
    const char *extra = NULL;
    json_t *list = NULL;

    json_object_foreach((json_t *)(uintptr_t)extras, extra, list) {
        char key[REQUIREMENT_NAME_MAX];
        bool is_asked = false;
        const json_t *row = NULL;
        size_t i = 0;
        python_normal_name(str_from(extra), key);
        json_array_foreach(asked, i, row) {
            is_asked = is_asked || strcmp(json_string_value(row), extra) == 0;
        }
        is_asked = is_asked || json_object_get(asked, key) != NULL;
        if (is_asked && list_names(list, name)) {
            return true;
        }
    }
    return false;
}

/* One form of a dependency: a constraint, or a table with more. */
static void poetry_want_form(struct poetry *p, const char *name, const json_t *form,
                             const json_t *extras, const json_t *asked, const json_t *active) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(4000);
    const json_t *word = NULL;
    size_t i = 0;

    if ((json_bool_at(form, "optional") && !extras_name(extras, asked, name)) ||
        !python_marker_holds(str_from(json_str_at(form, "markers")), &p->in->target, active) ||
        !python_allows(json_str_or(form, "python", "*"), python_minor(p))) {
        return;
    }
    json_array_foreach(json_object_get(form, "extras"), i, word) {
        buf_addf(&words, "%s,", json_string_value(word));
    }
    poetry_want(p, str_from(name), buf_str(&words));
}

/* A table of dependencies, of the manifest or of a package. */
static void poetry_want_table(struct poetry *p, const json_t *table, const json_t *extras,
                              const json_t *asked, const json_t *active) {
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)table, name, value) {
        size_t n = json_is_array(value) ? json_array_size(value) : 1;
        for (size_t i = 0; i < n && strcmp(name, "python") != 0; i++) {
            const json_t *form = json_is_array(value) ? json_array_get(value, i) : value;
            poetry_want_form(p, name, form, extras, asked, active);
        }
    }
}

static void poetry_want_manifest(struct poetry *p) {
    const json_t *asked = p->in->app->extras;
    const json_t *standard = json_object_get(p->project, "project");
    const json_t *tool = json_at(p->project, "tool.poetry");
    const json_t *row = NULL;
    size_t i = 0;

    poetry_want_lines(p, json_object_get(standard, "dependencies"));
    if (json_object_get(standard, "dependencies") == NULL) {
        poetry_want_table(p, json_object_get(tool, "dependencies"), json_object_get(tool, "extras"),
                          asked, asked);
    }
    json_array_foreach(asked, i, row) {
        const char *name = json_string_value(row);
        poetry_want_lines(
            p, json_object_get(json_object_get(standard, "optional-dependencies"), name));
        poetry_want_lines(p,
                          json_object_get(json_object_get(p->project, "dependency-groups"), name));
        poetry_want_table(
            p, json_at(json_object_get(json_object_get(tool, "group"), name), "dependencies"), NULL,
            NULL, NULL);
    }
}

static void poetry_walk(struct poetry *p) {
    poetry_want_manifest(p);
    for (size_t i = 0; i < json_array_size(p->queue) && i < 4 * LOCK_PACKAGES_MAX; i++) {
        const char *name = json_string_value(json_array_get(p->queue, i));
        const json_t *package = package_find(p, name);
        CLEANUP(json_decrefp) json_t *active = json_array();
        json_t *asked = json_object_get(p->reached, name);
        const char *extra = NULL;
        json_t *value = NULL;

        json_object_foreach(asked, extra, value) {
            json_array_append_new(active, json_string(extra));
        }
        poetry_want_table(p, json_object_get(package, "dependencies"),
                          json_object_get(package, "extras"), asked, active);
    }
}

/* --- the list --- */

static const json_t *package_files(const struct poetry *p, const json_t *package) {
    const json_t *files = json_object_get(package, "files");

    return files != NULL ? files
                         : json_object_get(json_at(p->lock, "metadata.files"),
                                           json_str_or(package, "name", ""));
}

static enum err_code package_add_release(const struct poetry *p, const json_t *package,
                                         struct buf *out, struct err *err) {
    const json_t *file = NULL;
    size_t i = 0;
    size_t n = 0;

    buf_addf(out, "%s==%s", json_str_or(package, "name", ""), json_str_or(package, "version", ""));
    json_array_foreach(package_files(p, package), i, file) {
        const char *hash = json_str_at(file, "hash");
        if (hash != NULL && strncmp(hash, "sha256:", 7) == 0) {
            buf_addf(out, " \\\n    --hash=%s", hash);
            n++;
        }
    }
    buf_add_c(out, '\n');
    if (n > 0) {
        return ERR_NONE;
    }
    err_set(err, ERR_BUILD, "%s has no digest of %s", p->in->lock,
            json_str_or(package, "name", ""));
    return err_remedy(err, "run 'poetry lock' with a current Poetry and commit poetry.lock");
}

static enum err_code package_add(const struct poetry *p, const json_t *package, struct buf *out,
                                 struct buf *sources, struct err *err) {
    const char *type = json_str_or(package, "source.type", "");
    const char *url = json_str_or(package, "source.url", "");
    const char *name = json_str_or(package, "name", "");

    if (strcmp(type, "git") == 0) {
        const char *folder = json_str_at(package, "source.subdirectory");
        buf_addf(out, "%s @ git+%s@%s%s%s\n", name, url,
                 json_str_or(package, "source.resolved_reference",
                             json_str_or(package, "source.reference", "")),
                 folder == NULL ? "" : "#subdirectory=", folder == NULL ? "" : folder);
        return ERR_NONE;
    }
    if (strcmp(type, "directory") == 0 || strcmp(type, "file") == 0) {
        buf_addf(out, "./%s\n", url);
        return ERR_NONE;
    }
    if (strcmp(type, "url") == 0) {
        buf_addf(out, "%s @ %s\n", name, url);
        return ERR_NONE;
    }
    if (strcmp(type, "legacy") == 0 && str_find(buf_str(sources), str_from(url)) < 0) {
        buf_addf(sources, "--extra-index-url %s\n", url);
    }
    return package_add_release(p, package, out, err);
}

static enum err_code poetry_open(struct poetry *p, struct err *err) {
    p->index = json_object();
    p->reached = json_object();
    p->queue = json_array();
    if (locking_toml(p->in, p->in->manifest, &p->project, err) != ERR_NONE) {
        return err->code;
    }
    return p->in->lock == NULL ? ERR_NONE : locking_toml(p->in, p->in->lock, &p->lock, err);
}

enum err_code poetry_list(struct locking *in, struct err *err) {
    free(in->base);
    in->base = locking_beside(in->lock, "");
    CLEANUP(poetry_done) struct poetry p = {.in = in};
    CLEANUP(buf_done) struct buf lines = BUF_INIT(BUILD_TEXT_MAX);
    const char *name = NULL;
    json_t *asked = NULL;

    if (poetry_open(&p, err) != ERR_NONE || poetry_check_hash(&p, err) != ERR_NONE) {
        return err->code;
    }
    poetry_fill_index(&p);
    poetry_walk(&p);
    if (p.unlocked[0] != '\0') {
        err_set(err, ERR_BUILD, "%s is needed and not in %s", p.unlocked, in->lock);
        return err_remedy(err, "run 'poetry lock' and commit poetry.lock");
    }
    json_object_foreach(p.reached, name, asked) {
        const json_t *package = package_find(&p, name);
        if (package_fits(&p, package) &&
            package_add(&p, package, &lines, &in->out, err) != ERR_NONE) {
            return err->code;
        }
    }
    buf_add(&in->out, buf_str(&lines));
    return ERR_NONE;
}

/* --- no lock --- */

static void wish_add(const struct poetry *p, const char *name, const json_t *form,
                     struct buf *out) {
    const char *constraint =
        json_is_string(form) ? json_string_value(form) : json_str_or(form, "version", "*");
    const char *markers = json_str_at(form, "markers");
    const json_t *word = NULL;
    size_t i = 0;

    if (json_bool_at(form, "optional") || json_str_at(form, "path") != NULL ||
        !python_allows(json_str_or(form, "python", "*"), python_minor(p))) {
        return;
    }
    buf_add_s(out, name);
    json_array_foreach(json_object_get(form, "extras"), i, word) {
        buf_addf(out, "%s%s", i == 0 ? "[" : ",", json_string_value(word));
    }
    buf_add_s(out, i > 0 ? "]" : "");
    if (json_str_at(form, "git") != NULL) {
        const char *at =
            json_str_or(form, "rev", json_str_or(form, "tag", json_str_or(form, "branch", NULL)));
        buf_addf(out, " @ git+%s%s%s", json_str_at(form, "git"), at == NULL ? "" : "@",
                 at == NULL ? "" : at);
    } else {
        requirement_add_constraint(out, str_from(constraint));
    }
    buf_addf(out, "%s%s\n", markers == NULL ? "" : " ; ", markers == NULL ? "" : markers);
}

enum err_code poetry_wishes(struct locking *in, struct buf *out, struct err *err) {
    CLEANUP(poetry_done) struct poetry p = {.in = in};
    const char *name = NULL;
    json_t *value = NULL;

    if (poetry_open(&p, err) != ERR_NONE) {
        return err->code;
    }
    json_object_foreach(json_at(p.project, "tool.poetry.dependencies"), name, value) {
        size_t n = json_is_array(value) ? json_array_size(value) : 1;
        for (size_t i = 0; i < n && strcmp(name, "python") != 0; i++) {
            wish_add(&p, name, json_is_array(value) ? json_array_get(value, i) : value, out);
        }
    }
    return ERR_NONE;
}
