/* bundle/python_place.h: what the rooms of a Python back end share. */
#pragma once

#include "bundle/build_run.h"
#include "bundle/python.h"

/* In a zip whose packages no lock pins: what was installed, with hashes. */
#define PYTHON_LIST_NAME "_deploy_requirements.txt"

/* Embedded by scripts/embed. */
extern const struct str python_check_source;  /* python_check.py */
extern const struct str python_sdist_source;  /* python_sdist.py */
extern const struct str python_bridge_source; /* bridge/_deploy_bridge.py */

/* An application with its interpreter and its installed dependencies. */
struct python_place {
    char *uv;
    char *interpreter;
    char *prefix;                  /* of the interpreter: what it needs to see */
    char *index;                   /* uv's options for its indexes, once they were asked for */
    struct words hosts;            /* where packages come from, as far as it is known */
    char version[24];              /* "3.11.7" */
    char minor[8];                 /* "3.11" */
    enum python_platform platform; /* after a missing wheel was met */
    char *requirements;            /* file: what an index gives, with hashes */
    json_t *sources;               /* ["libs/shared", "git+https://…"]: built from source */
    bool may_compile;              /* machine code for this machine will do */
    bool is_resolved;              /* versions were chosen here: no lock says them all */
    char missing[100];             /* a package that has no wheel here, after ERR_BUILD */
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

/* --- its steps --- */

enum { PYTHON_MINOR_MIN = 10, PYTHON_MINOR_MAX = 14 }; /* Lambda's runtimes: Python 3.10 to 3.14 */

/* Whether the application may run under Python 3.MINOR. */
bool python_is_wanted(const struct python_app *app, int minor);

/* Runs a program of the user's own, without a sandbox: it looks at this machine, not at the
 * repository. Its working folder is ours, so that no file of the repository steers it. */
MUST_CHECK enum err_code python_ask(const struct build_env *env, const char *const *argv,
                                    const char *what, struct buf *out, struct err *err);

/* Sets interpreter, prefix, version and minor. */
MUST_CHECK enum err_code python_find(const struct build_env *env, const struct python_app *app,
                                     struct python_place *place, struct err *err);

/* Sets requirements, sources and what belongs to them: python_lock.h. */
MUST_CHECK enum err_code python_lock(const struct build_env *env, const struct python_app *app,
                                     struct python_place *place, struct err *err);

/* Sets the sites and the platform. */
MUST_CHECK enum err_code python_sites(const struct build_env *env, const struct python_app *app,
                                      struct python_place *place, struct err *err);

/* Builds and installs `sources` into `site`, offline. Errors: ERR_UNSUPPORTED (an address of git,
 * machine code for another machine), ERR_BUILD, those of uv_run(). */
MUST_CHECK enum err_code python_add_sources(const struct build_env *env, struct python_place *place,
                                            const char *work, const char *site, struct err *err);

/* Fetches the commit that a source from git names, without a hook or a script, into a folder of
 * `work`; `*out_dir`, the caller's to free(), is where its package lies. The person's ~/.netrc
 * counts. Errors: ERR_BUILD, ERR_UNREACHABLE, each with a remedy. */
MUST_CHECK enum err_code python_git(const struct build_env *env, const char *source,
                                    const char *work, const char *name, char **out_dir,
                                    struct err *err);

/* Takes a package that has no wheel from `*list` (the text of a requirements file), builds and
 * installs it. Errors: as above; ERR_BUILD when no index has its source. */
MUST_CHECK enum err_code python_add_sdist(const struct build_env *env, struct python_place *place,
                                          const char *work, const char *site, struct buf *list,
                                          struct err *err);
MUST_CHECK enum err_code python_sources_hash(const struct build_env *env,
                                             const struct python_place *place, struct sha256 *out,
                                             struct err *err);

/* Makes byte code beside the sources in `dir`, which is what a zip's root will be: it depends on no
 * time (PEP 552) and no folder. `*out_broken` is the line about a file that does not compile, the
 * caller's to free(), or NULL. */
MUST_CHECK enum err_code python_compile(const struct build_env *env,
                                        const struct python_place *place, const char *tmp,
                                        const char *dir, const char *title, char **out_broken,
                                        struct err *err);

const char *python_machine(enum python_platform platform); /* as uname says it */

/* uv's word for the platform, or NULL for this machine's own. */
const char *python_uv_platform(enum python_platform platform, const char *minor);

/* --- uv with the network --- */

/* What uv says of an index; a refusal comes first, for uv goes on and says "not found" as well. */
/* clang-format off */
#define UV_SYMPTOMS \
    { "401 Unauthorized", ERR_UNREACHABLE, "the package index refuses the credentials", \
      "set UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD, or put them into ~/.netrc" }, \
    { "403 Forbidden", ERR_UNREACHABLE, "the package index refuses the credentials", \
      "set UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD, or put them into ~/.netrc" }, \
    { "was not found in the package registry", ERR_BUILD, "a package is not in the package index", \
      "if it is in a private index, name that in UV_EXTRA_INDEX_URL, with its credentials" }
/* clang-format on */

struct uv_call {
    const char *title;
    const char *const *argv;
    const char *cwd;
    const char *work;     /* a folder that it may write */
    const char *readable; /* one more path, or NULL */
    struct str input;     /* of its standard input */
    struct str named;     /* the text whose addresses may be reached: a lock, a manifest */
    int64_t timeout_ms;
};

/* What each run of uv has: the system's programs, a cache, and no interpreter that uv fetches. */
void uv_settings(struct proc_env *vars, const char *cache);

/* Runs uv (or our own fetching) with the user's settings, held to the hosts of `named`, of uv's
 * indexes and the settings, and those on which an index keeps its files: they are said. A program
 * that fails is an answer. `*out` is {0} or used. */
MUST_CHECK enum err_code uv_run(const struct build_env *env, struct python_place *place,
                                const struct uv_call *call, struct proc_result *out,
                                struct err *err);

/* Adds to `hosts` of a place with uv and an interpreter where the person's own indexes are, and
 * where they keep their files: their pages are asked once, and it is remembered. `work` is a folder
 * that uv may write. What cannot be reached adds nothing. Errors: ERR_BUILD, ERR_IO. */
MUST_CHECK enum err_code uv_index_hosts(const struct build_env *env, struct python_place *place,
                                        const char *work, struct err *err);

/* Names the package in uv's complaint that only a source package fits; false when it is another
 * complaint. */
bool uv_lacks_wheel(struct str said, char *out, size_t out_max);

/* --- the application's files --- */

/* Whether a path of the repository, a file or a folder, goes into the zip: what lies in the folder
 * that is imported from, but for the front end and what no function needs, and `also`. */
bool python_is_packed(const struct python_app *app, const char *path);

/* The folder that becomes the zip's root, relative to the repository ("" is all of it), and the
 * folder below it from which the application is imported ("" is the same). The caller frees. */
void python_pack_layout(const struct python_app *app, char **out_root, char **out_inside);

/* Copies the repository to WORK/src, and what is packed of it into the folder `to`, as it will lie
 * in the zip. */
MUST_CHECK enum err_code python_pack_copy(const struct build_env *env, const struct python_app *app,
                                          const char *work, const char *to, struct err *err);

/* One hash over what is packed of a digested repository, and one over what an import can see. */
struct sha256 python_pack_hash(const struct python_app *app, const struct fs_list *tree);
struct sha256 python_seen_hash(const struct python_app *app, const struct fs_list *tree);

/* `also` for an application that read `files` (["shared/words.py"]) when it was imported. */
json_t *python_pack_also(const struct python_app *app, const struct fs_list *tree,
                         const json_t *files);

/* Adds what the interpreter and its programs need to `readable`. */
void python_expose(const struct python_place *place, struct words *readable);
