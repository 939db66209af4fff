/* bundle/python.h: a FastAPI (or other ASGI) back end, from whatever pins its packages to a zip.
 *
 * Three operations, each of which does again what an earlier one has to have done, from the cache.
 * The lock decides what is installed. Where nothing pins, versions are chosen here only when a
 * person allowed it. Only wheels are fetched: no package's own code runs while fetching. All block;
 * one build of a repository at a time.
 */
#pragma once

#include "aws/template.h"
#include "bundle/build.h"

enum python_platform {
    PYTHON_HOST = 0, /* this machine's, for a local AWS */
    PYTHON_ARM64,    /* Lambda on Graviton; where a wheel is missing, PYTHON_X86_64 instead */
    PYTHON_X86_64,
};

struct python_app {
    const char *dir;    /* of pyproject.toml, relative to the repository; "." */
    const char *cwd;    /* from where the ASGI object is imported; NULL = dir */
    const char *target; /* "app.main:app" */
    bool is_factory;    /* the attribute is called to make the application */
    const char *python; /* wanted version: "3.11", ">=3.11"; NULL = any */
    const char *needs;  /* what the application asks for, where `python` is not its own; or NULL */
    bool is_python_local; /* only one that is on this machine: none is fetched */
    enum python_platform platform;

    /* As the survey says them (repo/survey.h); NULL = found by the files in `dir`. */
    const char *manager;
    const char *manifest;
    const char *lock;
    const json_t *packages; /* ["name"] that are imported, where no manifest names any; or NULL */
    const json_t *extras;   /* ["name"] of extras or groups that it needs; may be NULL */
    bool may_lock;          /* a person accepted NO_LOCK */

    const char *site;   /* folder of the front end, which is not packed; NULL = none */
    const json_t *also; /* ["shared"]: packed as well; "also" of python_check(); may be NULL */
};

/* Finds an interpreter and installs the locked dependencies for it and for the platform.
 *
 * Shape of `*out` (the caller decrefs): {"python":"3.11", "interpreter":"3.11.7",
 *   "architecture":"arm64|x86_64", "packages":12, "list":SHA256 of the exact
 *   list of packages, "resolved":false (true: no lock says them all), "cached":false,
 * "warnings":["…"]}
 * An interpreter that this machine has not is fetched by uv into the cache.
 * Errors: ERR_BUILD (no uv, no interpreter, a lock that does not fit, a package without a wheel,
 * each in its sentence), ERR_UNSUPPORTED (`needs` excludes `python`), ERR_MISSING (packages that
 * nothing pins, without `may_lock`), ERR_UNREACHABLE, ERR_SANDBOX, ERR_TIMEOUT, ERR_CANCELLED,
 * ERR_TOO_LARGE, ERR_DISK_FULL, ERR_IO.
 */
MUST_CHECK enum err_code python_fetch(const struct build_env *env, const struct python_app *app,
                                      json_t **out, struct err *err);

/* Says with which interpreter it would be checked: {"python":"3.12.4","path":…}; fetches nothing.
 * Errors: ERR_BUILD (no uv, no such interpreter here), ERR_IO. */
MUST_CHECK enum err_code python_look(const struct build_env *env, const struct python_app *app,
                                     json_t **out, struct err *err);

/* Imports the application for real, offline, with these variables and nothing else of ours.
 *
 * Shape: `variables` {"NAME":"value"}; `dummies` ["NAME"] get stand-ins of the right shape.
 *   `*out`: {"python":"3.11", "architecture":…, "routes":[{"method":"GET","path":"/api/health"}],
 *   "missing":["NAME"] (needed to import or to start, and not given), "places":{"NAME":"a.py:3"},
 *   "also":["shared"] (read by import and start, and outside of what is packed otherwise),
 *   "inside":"backend" or null (where in the zip the folder lies that is imported from),
 *   "writes":["app/x.db"] (made or changed beside the code by import and start),
 *   "wrote":[{"path","when":"import|lifespan","where"}] (each attempt of it),
 *   "contacted":[{"host","port","when","where"}], "warnings":["…"], "cached":false}
 * The lifespan is entered as well; a start that fails without network is told, and is no error.
 * Places are relative to the repository. Errors: ERR_IMPORT (the
 * last line of the traceback, masked, and where), and those of python_fetch(). */
MUST_CHECK enum err_code python_check(const struct build_env *env, const struct python_app *app,
                                      const json_t *variables, const json_t *dummies, json_t **out,
                                      struct err *err);

struct python_zip {
    char *path; /* owned; in the cache folder, named by its digest */
    struct sha256 sha256;
    char build_id[17]; /* 16 hex digits; also the content of _deploy_build_id in the zip */
    int64_t bytes;
    int64_t unzipped;
    size_t entries;
    bool was_cached;
    json_t *warnings; /* ["…"]; owned */
};
void python_zip_done(struct python_zip *zip);

/* What the zip is for: the function of a template, whose settings are part of the build id. */
struct python_use {
    enum template_kind kind; /* TEMPLATE_LAMBDA_HTTP or TEMPLATE_API */
    struct template_function function;
    const json_t *parameters; /* those that are known before the zip is */
};

/* Makes the zip: the application's files, its dependencies for the platform, the ASGI bridge, byte
 * code. What is imported from `cwd` lies at the zip's root, or, with something of `also` outside of
 * it, below it as in the repository: AWSCOPILOT_BACKEND_DIR says where. The build id is
 * template_build_id()'s. Errors: those of python_fetch() and template_build_id(); ERR_POLICY (a
 * secret in a file of the application, which is named), ERR_TOO_LARGE. */
MUST_CHECK enum err_code python_bundle(const struct build_env *env, const struct python_app *app,
                                       const struct python_use *use, struct python_zip *out,
                                       struct err *err);

/* "arm64" or "x86_64", as Lambda and the template spell it. */
const char *python_architecture(enum python_platform platform);
