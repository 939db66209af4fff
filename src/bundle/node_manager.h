/* bundle/node_manager.h: what is particular to npm, pnpm, Yarn 1, Yarn Berry and bun: one row each.
 */
#pragma once

#include "bundle/build_run.h"

enum { NODE_WORDS_MAX = 10, NODE_SETTINGS_MAX = 12 };

struct node_setting {
    const char *name;
    const char *value; /* NULL: the folder of the manager's downloads */
};

struct node_manager {
    const char *name;     /* as the survey calls it */
    const char *program;  /* on PATH, and in package.json's scripts */
    const char *variable; /* of a person who names the program */
    const char *title;    /* for a person */
    const char *package;  /* in the registry; NULL: depends on this machine's processor */
    const char *lock;     /* its lock file */
    const char *store;    /* below the cache: what it downloaded */

    /* Words after the program. All run in the folder of the lock, but `run`. */
    const char *registry[NODE_WORDS_MAX]; /* prints the registry's URL; none: npm is asked */
    const char *install[NODE_WORDS_MAX];  /* exactly what the lock says, no script is run */
    const char *relock[NODE_WORDS_MAX];   /* the same where there is no lock yet: it makes one */
    const char *scripts[NODE_WORDS_MAX];  /* offline: the install scripts; none: npm rebuild */
    const char *run[NODE_WORDS_MAX];      /* before the name of a script of package.json */
    const char *typed[NODE_WORDS_MAX];    /* behind a command of a person's that fetches packages */

    bool runs_own;     /* `scripts` runs the project's "prepare" as well, where it is to be run */
    bool is_reinstall; /* `scripts` installs once more from the downloads */
    bool has_no_bins;  /* there may be no node_modules/.bin: programs go through `run` */
    const char *git; /* in the lock: a package whose own scripts run while it is fetched, or NULL */
    struct node_setting settings[NODE_SETTINGS_MAX];
    struct node_setting typed_settings[NODE_SETTINGS_MAX]; /* with `typed`: nothing is run */
};

/* The row for the survey's word; "none" is npm's. Errors: ERR_UNSUPPORTED. */
MUST_CHECK enum err_code node_manager_find(const char *name, const struct node_manager **out,
                                           struct err *err);

/* npm: it installs the other tools, too. */
const struct node_manager *node_manager_npm(void);

/* Variables of every child, whatever the manager; and those that turn off downloads and git hooks,
 * which no build needs, in install scripts. Lists end with a NULL name. */
extern const struct node_setting node_common_settings[];

/* Sets the variables of `manager`; `store` is the absolute folder of its downloads. */
void node_manager_settings(const struct node_manager *manager, const char *store,
                           struct proc_env *vars);

/* Which release fits a lock of this format. */
struct node_release {
    const char *range;   /* what fits, as one of npm's ranges */
    const char *version; /* fetched when nothing on this machine fits */
};

/* `pinned` is the exact version that the repository names, or NULL; `lock` is the lock's text.
 * `pinned` is borrowed by `*out`. */
void node_manager_release(const struct node_manager *manager, const char *pinned, struct str lock,
                          struct node_release *out);

/* The Node.js that `version` of the manager needs, or NULL. */
const char *node_manager_needs(const struct node_manager *manager, const char *version);

/* What a failed install and a failed build print. */
extern const struct build_symptom node_install_symptoms[];
extern const struct build_symptom node_build_symptoms[];
