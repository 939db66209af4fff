/* tool/shell_runner/aws_run.h: the AWS command line, with keys, for what only reads. For this room
 * only. */
#pragma once

#include "tool/run_op.h"

/* Runs it on the repository, read-only: with the session's keys in its environment, and a network
 * in which only AWS, in the session's region, or the custom endpoint can be reached. The words have
 * passed command_reads_aws(). Errors: ERR_SANDBOX (no namespaces: nothing would hold its network),
 * ERR_ACCOUNT, those of the AWS client and of run_op_program(). */
MUST_CHECK enum err_code aws_run(struct op *op, struct run_op *run, json_t **out, struct err *err);
