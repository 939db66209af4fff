/* tool/run_op.h: one program of the workspace, in the sandbox: read-only, offline, its output
 * masked and cut. What shell_runner.run, uv_client.run and pnpm_client.exec have in common. */
#pragma once

#include "bundle/build_run.h"
#include "guard/limits.h"
#include "tool/tool.h"

/* {"args":[…],"dir"} and {"exit","end","reason","out","err","dropped"}: `reason` is the code of
 * proc_end_name(). */
extern const struct json_field run_op_in[];
extern const struct json_field run_op_out[];

/* Runs `tool` with the call's "args" in the call's "dir". Errors: those of build_find_tool() and
 * build_run(); a program that fails is an answer. */
MUST_CHECK enum err_code run_op_tool(struct op *op, enum build_tool tool, json_t **out,
                                     struct err *err);

/* One program and where it runs. */
struct run_op {
    const char *program; /* absolute path */
    const json_t *args;  /* array of strings behind it */
    const char *dir;     /* below the repository; NULL: its root */
    const char *path;    /* its PATH, whose programs it may see; NULL: none */

    /* A folder that stands in for the repository and may be written to; NULL: the repository,
     * read-only and without its files of secrets. `readable` of the repository stays seen. */
    const char *stand_in;
    struct words *readable;
    struct words *writable; /* beside the stand-in; NULL: none */
    struct words *hosts;    /* "HOST:PORT" that it may reach; NULL: it is offline */
    struct proc_env *vars;  /* of its own; NULL: none */
    const char *home;       /* its HOME and TMPDIR, the caller's; NULL: a fresh one */
    enum limit deadline;    /* LIMIT_NONE: that of a tool's call */
};

/* Runs it. Errors: those of build_run(); a program that fails is an answer. */
MUST_CHECK enum err_code run_op_program(struct op *op, const struct run_op *run, json_t **out,
                                        struct err *err);

/* Whether what stands in for the repository is seen at the repository's own path. */
bool run_op_has_mounts(const struct op *op);
