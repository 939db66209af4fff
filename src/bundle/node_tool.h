/* bundle/node_tool.h: the right Node.js and the right package manager for one front end.
 *
 * A program that the person names (AWSCOPILOT_NODE, AWSCOPILOT_PNPM, …) is taken as it is; else one
 * on PATH whose version fits, but none of corepack's; else the right version is fetched by the
 * person's npm from the registry that it is configured for, into CACHE/tools, and stays there.
 */
#pragma once

#include "bundle/node_manager.h"

struct node_tools {
    char *node;
    char *node_version;
    char *program; /* the manager */
    char *version; /* of it */
    char *path;    /* PATH of the children: both are on it */
};
void node_tools_done(struct node_tools *tools);

/* `engines` is what package.json wants of Node.js, or NULL.
 * Errors: ERR_BUILD (not there and npm not either; no Node.js fits), those of build_must(). */
MUST_CHECK enum err_code node_tools_find(const struct build_env *env,
                                         const struct node_manager *manager,
                                         const struct node_release *release, const char *engines,
                                         struct node_tools *out, struct err *err);

/* The same without fetching: what would be fetched is NULL, with its version. */
MUST_CHECK enum err_code node_tools_look(const struct build_env *env,
                                         const struct node_manager *manager,
                                         const struct node_release *release, const char *engines,
                                         struct node_tools *out, struct err *err);

/* npm and `node` to run it: npm fetches tools and runs install scripts for managers that cannot do
 * it offline. `wanted` is what it is for. Errors: ERR_BUILD. */
MUST_CHECK enum err_code node_tools_npm(const char *node, const char *wanted,
                                        struct node_tools *out, struct err *err);

/* What a child needs to see to run them. */
void node_tools_expose(const struct build_env *env, const struct node_tools *tools,
                       struct words *readable);

/* Adds the host of the registry that `manager` is configured for in the folder `cwd`, by asking the
 * manager itself, offline. `tmp` is its HOME with the person's settings. */
MUST_CHECK enum err_code node_tools_registry(const struct build_env *env,
                                             const struct node_manager *manager,
                                             const struct node_tools *tools, const char *cwd,
                                             const char *tmp, struct words *hosts, struct err *err);
