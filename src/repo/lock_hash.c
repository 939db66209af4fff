/* The digests that Poetry and Pipenv keep of their manifests. */
#include "repo/lock_hash.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* --- Poetry --- */

/* Poetry writes absent keys of its first format as null. */
static json_t *poetry_content(const json_t *project, bool is_modern) {
    static const struct {
        const char *key;
        bool is_old;
    } keys[] = {{"dependencies", true},
                {"source", true},
                {"extras", true},
                {"dev-dependencies", true},
                {"group", false}};
    json_t *content = json_object();

    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        json_t *value = json_object_get(json_at(project, "tool.poetry"), keys[i].key);
        if (value != NULL) {
            json_put(content, keys[i].key, json_incref(value));
        } else if (keys[i].is_old && !is_modern) {
            json_put(content, keys[i].key, json_null());
        }
    }
    return content;
}

static json_t *poetry_modern_content(const json_t *project, bool has_groups) {
    static const char *const keys[] = {"requires-python", "dependencies", "optional-dependencies"};
    json_t *content = json_object();
    json_t *standard = json_object();
    json_t *tool = json_object();
    json_t *groups = json_object_get(project, "dependency-groups");

    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        json_t *value = json_object_get(json_object_get(project, "project"), keys[i]);
        if (value != NULL) {
            json_put(standard, keys[i], json_incref(value));
        }
    }
    json_put(content, "project", standard);
    if (has_groups && groups != NULL) {
        json_put(content, "dependency-groups", json_incref(groups));
    }
    json_put(tool, "poetry", poetry_content(project, true));
    json_put(content, "tool", tool);
    return content;
}

static bool has_hash(json_t *content, const char *wanted) {
    char *text = json_dumps(content, JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    bool is_same = strcmp(sha256_hex(sha256_of(str_from(text))).text, wanted) == 0;

    free(text);
    json_decref(content);
    return is_same;
}

bool lock_fits_poetry(const json_t *project, const char *wanted) {
    return has_hash(poetry_content(project, false), wanted) ||
           has_hash(poetry_modern_content(project, true), wanted) ||
           has_hash(poetry_modern_content(project, false), wanted);
}

/* --- Pipenv --- */

/* The digest that Pipenv keeps of a Pipfile, over everything that decides a lock. */
static char *pipfile_digest(const json_t *pipfile, const json_t *lock) {
    static const char *const known[] = {"source",  "packages", "dev-packages", "requires",
                                        "scripts", "pipfile",  "pipenv"};
    CLEANUP(json_decrefp) json_t *content = json_object();
    json_t *meta = json_object();
    json_t *sources = json_object_get(pipfile, "source");
    const char *name = NULL;
    json_t *value = NULL;

    sources = sources != NULL ? sources : json_at(lock, "_meta.sources");
    json_put(meta, "sources", sources == NULL ? json_array() : json_incref(sources));
    value = json_object_get(pipfile, "requires");
    json_put(meta, "requires", value == NULL ? json_object() : json_incref(value));
    json_put(content, "_meta", meta);
    value = json_object_get(pipfile, "packages");
    json_put(content, "default", value == NULL ? json_object() : json_incref(value));
    value = json_object_get(pipfile, "dev-packages");
    json_put(content, "develop", value == NULL ? json_object() : json_incref(value));
    json_object_foreach((json_t *)(uintptr_t)pipfile, name, value) {
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_N(known); i++) {
            is_known = is_known || strcmp(name, known[i]) == 0;
        }
        if (!is_known) {
            json_put(content, name, json_incref(value));
        }
    }
    char *text = json_dumps(content, JSON_SORT_KEYS | JSON_ENSURE_ASCII | JSON_COMPACT);
    char *digest = mem_strdup(sha256_hex(sha256_of(str_from(text))).text);
    free(text);
    return digest;
}

bool lock_fits_pipenv(const json_t *pipfile, const json_t *lock) {
    CLEANUP(freep) char *digest = pipfile_digest(pipfile, lock);

    return strcmp(digest, json_str_or(lock, "_meta.hash.sha256", "")) == 0;
}
