/* bundle/node.h: a Vite front end, from the lock of its package manager to the files of a release.
 *
 * Two operations: the second does what the first has to have done, from the cache. All block; one
 * build of a repository at a time.
 */
#pragma once

#include "bundle/build.h"

/* All paths are relative to the repository. */
struct node_app {
    const char *dir;     /* the Vite root; "." */
    const char *manager; /* "pnpm", "npm", "yarn", "yarn-berry", "bun"; NULL or "none": npm */
    const char *manager_version; /* an exact one that the repository names, or NULL */
    const char *manifest;        /* the package.json whose script is run */
    const char *lock;            /* packages are installed in its folder; NULL: there is none */
    bool may_lock;               /* without a lock: take today's versions, in the copy only */
    const char *node;            /* what "engines" wants of Node.js, or NULL */
    const char *script;          /* of the manifest; NULL = `vite build` in `dir` */
    const char *out;             /* where it leaves the site; NULL = DIR/dist */
    const json_t *variables;     /* {"VITE_NAME":"value"} for the build; may be NULL */
};

/* The application of a survey's "frontend", to look for its programs; borrows from `site`. */
struct node_app node_app_of_site(const json_t *site);

/* Installs the locked packages into a fresh copy, without running any script.
 * Shape of `*out` (the caller decrefs): {"node":"22.23.3", "manager":"pnpm", "version":"10.34.9",
 *   "cached":false, "warnings":["…"]}
 * Errors: ERR_BUILD (no tool, no lock, a lock that does not fit, …), ERR_UNREACHABLE,
 * ERR_SANDBOX, ERR_TIMEOUT, ERR_CANCELLED, ERR_TOO_LARGE, ERR_DISK_FULL, ERR_IO. */
MUST_CHECK enum err_code node_fetch(const struct build_env *env, const struct node_app *app,
                                    json_t **out, struct err *err);

/* Says which programs would build the site; fetches nothing, reads little.
 * Shape of `*out` (the caller decrefs): {"manager":"Yarn Berry", "program":"/usr/bin/yarn" or null,
 *   "version":"4.9.2", "node":"/usr/bin/node" or null, "node_version":"22.23.3"}; null is fetched
 * when it is needed. Errors: those of node_fetch() that concern programs and the lock. */
MUST_CHECK enum err_code node_look(const struct build_env *env, const struct node_app *app,
                                   json_t **out, struct err *err);

/* The manager of the site, fetched when it is not there, to run in its folder. The caller frees
 * `*out_program` and `*out_path`, the PATH of what runs in it. Errors: as above. */
MUST_CHECK enum err_code node_program(const struct build_env *env, const struct node_app *app,
                                      char **out_program, char **out_path, struct err *err);

enum { SITE_FILES_MAX = 20000 };
#define SITE_BYTES_MAX (500LL << 20)

struct site_file {
    char *path; /* owned; relative to the site, "assets/index-B3x9.js" */
    struct sha256 hash;
    int64_t bytes;
    const char *content_type;
    bool is_asset; /* below assets/: named by its content, kept for good */
};

struct site {
    char *dir;               /* owned; absolute, in the cache folder: the files lie here */
    struct site_file *files; /* sorted by path; source maps are left out */
    size_t file_n;
    int64_t bytes;
    struct sha256 release;         /* over paths and content: the release id */
    struct sha256 index_hash;      /* of index.html */
    const struct site_file *probe; /* one hashed asset that index.html loads; NULL = it has none */
    bool was_cached;
    json_t *warnings; /* ["…"]; owned */
};
void site_done(struct site *site);

/* Builds the site offline and looks at what came out.
 * Errors: those of node_fetch(); ERR_BUILD (the script fails, nothing is where it should be, a base
 * that is not "/"), ERR_POLICY (a secret in a file of the site, which is named), ERR_TOO_LARGE. */
MUST_CHECK enum err_code node_build(const struct build_env *env, const struct node_app *app,
                                    struct site *out, struct err *err);

/* Looks at a built site in the folder `dir` as node_build() does; for sites that were built
 * elsewhere. Errors: as above. */
MUST_CHECK enum err_code site_inspect(const char *dir, const struct redactor *redactor,
                                      struct site *out, struct err *err);

/* The Content-Type for a file name, by its extension; application/octet-stream when unknown. */
const char *site_content_type(const char *path);
