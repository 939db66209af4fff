/* shell_runner: one vetted command. The policy has classed the words before this runs; there is no
 * shell, and the sandbox is the wall. */

#include "sys/proc.h"
#include "tool/run_op.h"

/* clang-format off */
static const struct json_field run_in[] = { { "command", JSON_LIST, false }, { "cwd", JSON_TEXT, true }, {0} };
/* clang-format on */

static enum err_code run(struct op *op, json_t **out, struct err *err) {
    const json_t *command = json_object_get(op->args, "command");
    const char *name = json_string_value(json_array_get(command, 0));
    CLEANUP(freep) char *program = name == NULL ? NULL : proc_find(name, NULL);
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
