/* bundle/python_lock.h: from whatever pins the packages to one exact list of them.
 *
 * The list is a requirements file: "NAME==VERSION" with the hashes of the lock for what comes from
 * an index, "NAME @ URL" and paths for what is built from source. For one Python and one machine.
 */
#pragma once

#include "bundle/python_place.h"
#include "repo/python_names.h"

enum {
    REQUIREMENT_NAME_MAX = PYTHON_NAME_MAX,
    REQUIREMENT_FILES_MAX = 32,
    LOCK_PACKAGES_MAX = 2000
};

struct python_target {
    const char *version; /* "3.11.7" */
    const char *machine; /* "x86_64" or "aarch64" */
};

/* Whether a PEP 508 marker holds on Linux under CPython. `extras` ["name"] are those asked for, or
 * NULL. One that cannot be read holds: a package too many is better than one too few. Pure. */
bool python_marker_holds(struct str marker, const struct python_target *target,
                         const json_t *extras);

/* One requirement of PEP 508, in pieces that borrow from its line. */
struct requirement {
    char name[REQUIREMENT_NAME_MAX]; /* normal form of PEP 503 */
    struct str extras;               /* "standard,email" */
    struct str spec;                 /* ">=1,<2", without parentheses */
    struct str url;                  /* behind '@' */
    struct str marker;
};

/* False when the line does not begin with a name. */
bool requirement_read(struct str line, struct requirement *out);

/* Whether exactly one version fits ("==1.2", "===1.2", "==1.2.0"; no wildcard). */
bool requirement_is_pinned(const struct requirement *requirement);

/* Appends a constraint of Poetry as one of PEP 440: "^1.2" is ">=1.2,<2". What has no such form
 * ("*", "||") is left out. */
void requirement_add_constraint(struct buf *out, struct str constraint);

/* A requirements file with all it includes, comments taken out, one requirement a line, UTF-8. */
struct requirements {
    struct buf lines;
    struct buf constraints;
    struct buf options; /* --index-url and its kind */
    size_t files;
};
void requirements_done(struct requirements *requirements);

/* Reads it, in any encoding that editors write, and the files behind -r and -c. Errors: ERR_BUILD
 * (an included file that is not there, includes in a circle or too many), ERR_TOO_LARGE,
 * ERR_INVALID (leaves the repository), ERR_IO. */
MUST_CHECK enum err_code requirements_read(const struct fs_root *root, const char *path,
                                           struct requirements *out, struct err *err);

/* Appends text of any encoding as UTF-8: by its byte order mark, else UTF-8, else Latin-1. */
void requirements_decode(struct str raw, struct buf *out);

/* --- the work of a manager --- */

struct locking {
    const struct build_env *env;
    const struct python_app *app;
    struct python_place *place; /* interpreter and uv are known */
    struct python_target target;
    struct fs_root root; /* the repository */
    char *manifest;
    char *lock; /* NULL: nothing pins */
    char *base; /* folder that paths in `out` are relative to */
    char *work;
    char *copy; /* of the repository, once something needs it */
    struct buf out;
    json_t *warnings;
    bool is_resolved; /* versions were chosen here and now */
};

/* A file of the repository as UTF-8, appended. */
MUST_CHECK enum err_code locking_text(const struct locking *in, const char *path, struct buf *out,
                                      struct err *err);

/* Keeps `out`: what comes from an index in the requirements file `file`, paths of the repository
 * and all other facts in the JSON document `facts`. Errors: ERR_UNSUPPORTED (an address, a path
 * outside), ERR_TOO_LARGE, those of fs_write_file(). */
MUST_CHECK enum err_code locking_keep(struct locking *in, const char *file, const char *facts,
                                      struct err *err);

/* A file of the repository as JSON. Errors: ERR_BUILD with its line when it cannot be parsed. */
MUST_CHECK enum err_code locking_toml(const struct locking *in, const char *path, json_t **out,
                                      struct err *err);
MUST_CHECK enum err_code locking_json(const struct locking *in, const char *path, json_t **out,
                                      struct err *err);

/* "DIR/NAME" beside the file `path`, the caller's to free(). */
char *locking_beside(const char *path, const char *name);

/* Fill `out` from poetry.lock or Pipfile.lock; nothing is asked of the network. Errors: ERR_BUILD:
 * the lock does not fit its manifest, or has no hashes. */
MUST_CHECK enum err_code poetry_list(struct locking *in, struct err *err);
MUST_CHECK enum err_code pipenv_list(struct locking *in, struct err *err);

/* Append what their manifests ask for, as requirement lines, where there is no lock. */
MUST_CHECK enum err_code poetry_wishes(struct locking *in, struct buf *out, struct err *err);
MUST_CHECK enum err_code pipenv_wishes(struct locking *in, struct buf *out, struct err *err);

/* --- packages from git --- */

/* What git says, also through uv. */
/* clang-format off */
#define GIT_SYMPTOMS \
    { "could not read Username", ERR_UNREACHABLE, "a git host asks who you are", \
      "put its name with your login and a token into ~/.netrc, or publish the package to an index" }, \
    { "Authentication failed", ERR_UNREACHABLE, "a git host refuses the credentials", \
      "correct them in ~/.netrc, or publish the package to an index" }, \
    { "URL returned error: 403", ERR_UNREACHABLE, "a git host refuses", \
      "put a token that may read it into ~/.netrc, or publish the package to an index" }, \
    { "fatal: repository '", ERR_UNREACHABLE, "a git repository is not there, or not for you", \
      "correct its address; where it is private, put a token into ~/.netrc" }, \
    { "Unable to find", ERR_BUILD, "the commit that is named is not there any more", \
      "lock the package anew and commit the lock" }, \
    { "not our ref", ERR_BUILD, "the commit that is named is not there any more", \
      "lock the package anew and commit the lock" }, \
    { "unable to read tree", ERR_BUILD, "the commit that is named is not there any more", \
      "lock the package anew and commit the lock" }, \
    { "couldn't find remote ref", ERR_BUILD, "the branch or tag that is named is not there", \
      "correct it and lock the package anew" }, \
    { "unable to access", ERR_UNREACHABLE, "a git host cannot be reached", "check the network" }
/* clang-format on */

/* Whether the word of a list is one: "git+https://host/x.git@COMMIT#subdirectory=y". */
bool git_is_source(const char *word);

/* Whether it can be fetched. Errors: ERR_UNSUPPORTED: no commit, or another protocol. */
MUST_CHECK enum err_code git_check(struct str line, struct str source, struct err *err);
