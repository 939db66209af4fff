/* bundle/build.h: where and how builds run, for python.h and node.h.
 *
 * The user's tree is only read: every build runs in a copy without .git and .env*. Fetching and
 * building are two steps: the first has the network and runs nothing of the repository, the second
 * runs it and has no network. What they print is masked before anything is kept or shown.
 */
#pragma once

#include "base/json.h"
#include "guard/redact/redact.h"

#include <stdatomic.h>

struct build_env {
    const char *root;      /* the repository, absolute; only read */
    const char *cache_dir; /* absolute; made when absent; may be deleted between runs */
    const char *state_dir; /* ours: hidden from every child; may be NULL */
    const struct redactor *redactor;
    const atomic_bool *cancel; /* may be NULL */
    bool is_sandboxed;         /* false only by a person's --no-sandbox */

    /* Gets one line of progress at a time, masked, printable; on the calling thread. May be NULL.
     */
    void (*say)(void *ctx, const char *line);
    void *ctx;
};

/* A tool that builds need. */
enum build_tool { BUILD_UV = 0, BUILD_NODE, BUILD_PNPM, BUILD_TOOL_N };

/* The absolute path of a tool, the caller's to free(): from AWSCOPILOT_UV, AWSCOPILOT_NODE or
 * AWSCOPILOT_PNPM, else from PATH. Errors: ERR_BUILD with the command that installs it. */
MUST_CHECK enum err_code build_find_tool(enum build_tool tool, char **out, struct err *err);
