/* shell_runner: one vetted command. The policy has classed the words before this runs; there is no
 * shell, and the sandbox is the wall. */

#include "guard/policy.h"
#include "sys/proc.h"
#include "tool/run_op.h"
#include "tool/services.h"

#include <stdlib.h>

/* clang-format off */
static const struct json_field run_in[] = { { "command", JSON_LIST, false }, { "cwd", JSON_TEXT, true }, {0} };
/* clang-format on */

/* What is called by a name that is safe is the system's program, not one that the repository has
 * put into the way of PATH. */
static char *run_find(const struct op *op, const json_t *command, const char *name) {
    CLEANUP(freep) char *program = proc_find(name, NULL);
    CLEANUP(freep) char *real = program == NULL ? NULL : realpath(program, NULL);
    CLEANUP(freep) char *inside = mem_format("%s/", op->services->root);

    if (real != NULL && str_starts(str_from(real), str_from(inside)) &&
        command_classify(command, NULL) == COMMAND_SAFE) {
        return proc_find(name, "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    }
    return TAKE(program);
}

static enum err_code run(struct op *op, json_t **out, struct err *err) {
    const json_t *command = json_object_get(op->args, "command");
    const char *name = json_string_value(json_array_get(command, 0));
    CLEANUP(freep) char *program = name == NULL ? NULL : run_find(op, command, name);
    CLEANUP(json_decrefp) json_t *args = json_deep_copy(command);

    if (program == NULL) {
        err_set(err, ERR_NOT_FOUND, "there is no program '%s'", name == NULL ? "" : name);
        return err_remedy(err, "install it, or leave the command out");
    }
    (void)json_array_remove(args, 0);
    return run_op_program(op, program, NULL, args, json_str_at(op->args, "cwd"), out, err);
}

static const struct operation operations[] = {
    {.name = "run",
     .effect = EFFECT_LOCAL,
     .purpose = "one vetted command, without a shell",
     .deadline = LIMIT_TOOL_TIMEOUT_MS,
     .schema_in = run_in,
     .schema_out = run_op_out,
     .run = run},
};

const struct tool tool_shell_runner = {
    .name = "shell_runner",
    .purpose = "vetted commands in the sandbox",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
