/* bundle/fetch.h: a person's own command of a package manager ("npm install x"), with a network
 * that is held to where packages come from.
 *
 * Nothing of the repository and nothing of a package runs meanwhile: the managers' own switches for
 * scripts, hooks and builds are set, what comes from git is not fetched, and what would run all the
 * same is refused. What the person's own settings name may be reached, and the registry that the
 * manager has by itself; a host that only the repository names is `foreign`, and is reached when
 * the caller says so.
 */
#pragma once

#include "bundle/build_run.h"
#include "bundle/node.h"

struct fetch_command {
    const char *manager;  /* "npm", "pnpm", "yarn", "bun", "uv" */
    struct str verb;      /* "add" */
    const json_t *words;  /* all of them */
    const json_t *survey; /* says which release of the manager, and which Python; may be NULL */
};

/* Says where packages would come from; runs nothing but the manager, offline, for its settings.
 * Shape of `*out` (the caller decrefs): {"hosts":["r.example.com:443"], "foreign":[{"host":
 *   "npm.example.com:443","file":"frontend/.npmrc"}], "off":"scripts (--ignore-scripts), …",
 *   "warnings":["…"]}.
 * Errors: ERR_BUILD (no such manager, no Python), ERR_UNSUPPORTED (code would run: the sentence
 * says which), ERR_CONFIG, ERR_IO, those of build_run(). */
MUST_CHECK enum err_code fetch_look(const struct build_env *env,
                                    const struct fetch_command *command, json_t **out,
                                    struct err *err);

/* The hosts that the repository names for the command's manager and that are not `allowed`:
 * [{"host","file"}], each once; the caller decrefs. Errors: ERR_UNSUPPORTED as above, ERR_CONFIG,
 * ERR_IO. */
MUST_CHECK enum err_code fetch_named(const struct build_env *env,
                                     const struct fetch_command *command,
                                     const struct words *allowed, json_t **out, struct err *err);

/* A command that is ready to run. */
struct fetch {
    char *program;
    char *path;   /* PATH of its children; NULL: the system's */
    json_t *args; /* the words behind the program, and the switches */
    struct words readable;
    struct words writable;
    struct words hosts;
    struct proc_env vars;
    json_t *settings; /* paths of settings files that are reduced in the copy */
};
void fetch_done(struct fetch *fetch);

/* Prepares `command` for the copy `src` of the repository: its settings files are reduced to what
 * is followed, the person's own lie in `tmp`, which is to be the child's HOME. `foreign` is an
 * array of the hosts ("HOST:PORT") that a person said yes to. Fetches the manager where it is not
 * there. Errors: as above; ERR_CONFLICT (the repository names another host by now). */
MUST_CHECK enum err_code fetch_prepare(const struct build_env *env,
                                       const struct fetch_command *command, const json_t *foreign,
                                       const char *src, const char *tmp, struct fetch *out,
                                       struct err *err);

/* Puts the settings files of the copy back as they are in the repository. */
MUST_CHECK enum err_code fetch_restore(const struct build_env *env, const char *src,
                                       const struct fetch *fetch, struct err *err);
