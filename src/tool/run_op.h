/* tool/run_op.h: one program of the workspace, in the sandbox: read-only, offline, its output
 * masked and cut. What shell_runner.run, uv_client.run and pnpm_client.exec have in common. */
#pragma once

#include "bundle/build.h"
#include "tool/tool.h"

/* {"args":[…],"dir"} and {"exit","end","reason","out","err","dropped"}: `reason` is the code of
 * proc_end_name(). */
extern const struct json_field run_op_in[];
extern const struct json_field run_op_out[];

/* Runs `tool` with the call's "args" in the call's "dir". Errors: those of build_find_tool() and
 * build_run(); a program that fails is an answer. */
MUST_CHECK enum err_code run_op_tool(struct op *op, enum build_tool tool, json_t **out,
                                     struct err *err);

/* Runs the program at the absolute path `program` with the strings of `args` behind it. `path` is
 * its PATH, whose programs it may see; NULL: none. */
MUST_CHECK enum err_code run_op_program(struct op *op, const char *program, const char *path,
                                        const json_t *args, const char *dir, json_t **out,
                                        struct err *err);
