/* bundle/node_room.h: what node.c and node_fetch.c share. */
#pragma once

#include "bundle/node.h"
#include "bundle/node_tool.h"

/* Where one front end is built, and with what. */
struct node_place {
    const struct node_manager *manager;
    struct node_tools tools;
    char *lock_dir;     /* where packages are installed; "" is the repository */
    char *manifest_dir; /* where scripts run */
    char *store;        /* the manager's downloads */
    char *tree;         /* cache: the copy with its installed packages */
    char *site;         /* cache: what the build left */
    char *notes;        /* cache: the warnings of both */
    struct buf lock;    /* the text of the lock, if there is one */
    bool was_cached;
};
void node_place_done(struct node_place *place);

/* Looks at the repository and finds the tools. Errors: those of node_fetch(). */
MUST_CHECK enum err_code node_settle(const struct build_env *env, const struct node_app *app,
                                     struct node_place *place, struct err *err);

/* Installs into `place->tree` unless that is there. */
MUST_CHECK enum err_code node_install_once(const struct build_env *env, const struct node_app *app,
                                           const struct node_place *place, struct err *err);

/* What is to be said about a finished install or build: ["…"]. The caller decrefs. */
json_t *node_notes(const struct node_place *place);

bool node_is_folder(const char *path);

/* "DIR/NAME", where DIR may be "" or ".". */
char *node_rel(const char *dir, const char *name);
