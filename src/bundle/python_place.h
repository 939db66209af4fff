/* bundle/python_place.h: what python.c, python_check.c and python_zip.c share. */
#pragma once

#include "bundle/build_run.h"
#include "bundle/python.h"

/* Embedded by scripts/embed. */
extern const struct str python_check_source;  /* python_check.py */
extern const struct str python_bridge_source; /* bridge/_deploy_bridge.py */

/* An application with its interpreter and its installed dependencies. */
struct python_place {
    char *uv;
    char *interpreter;
    char *prefix;                  /* of the interpreter: what it needs to see */
    char version[24];              /* "3.11.7" */
    char minor[8];                 /* "3.11" */
    enum python_platform platform; /* after a missing wheel was met */
    char *requirements;            /* file: the lock, exported, with hashes */
    struct sha256 requirements_hash;
    char *host_site;   /* folder: dependencies for the interpreter */
    char *target_site; /* folder: dependencies for the platform, pruned and compiled */
    int packages;
    bool was_cached;
    json_t *warnings;
};
void python_place_done(struct python_place *place);

/* Does what python_fetch() says. */
MUST_CHECK enum err_code python_settle(const struct build_env *env, const struct python_app *app,
                                       struct python_place *out, struct err *err);

/* The folder that becomes the zip's root, relative to the repository; and of it the part that is
 * packed: "" is all. Imported from a folder above the manifest's, only the manifest's is packed. */
void python_layout(const struct python_app *app, char **out_root, char **out_part);

/* Whether a path of the repository belongs to the application; the tree is relative to it. */
bool python_is_app_path(const char *root, const char *part, const char *path);

/* One hash over the application's files in a digested repository. */
struct sha256 python_app_hash(const struct python_app *app, const struct fs_list *tree);

/* Adds what the interpreter and its programs need to `readable`. */
void python_expose(const struct python_place *place, struct words *readable);
