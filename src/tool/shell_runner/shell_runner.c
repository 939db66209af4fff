/* shell_runner: one vetted command. The policy has classed the words before this runs; there is no
 * shell, and the sandbox is the wall. */

#include "guard/policy.h"
#include "sys/proc.h"
#include "tool/services.h"
#include "tool/shell_runner/aws_run.h"
#include "tool/shell_runner/draft.h"
#include "tool/shell_runner/install.h"

#include <stdlib.h>
#include <string.h>

#define SYSTEM_PATH "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

/* clang-format off */
static const struct json_field run_in[] = { { "command", JSON_LIST, false }, { "cwd", JSON_TEXT, true }, {0} };
static const struct json_field run_out[] = {
    { "exit", JSON_COUNT, false }, { "end", JSON_TEXT, false }, { "reason", JSON_TEXT, false },
    { "out", JSON_TEXT, false }, { "err", JSON_TEXT, false }, { "dropped", JSON_COUNT, false },
    { "changes", JSON_LIST, true }, { "change_n", JSON_COUNT, true }, { "left_out", JSON_LIST, true },
    { "diff", JSON_TEXT, true }, { "draft", JSON_TEXT, true }, {0} };
static const struct json_field install_in[] = { { "command", JSON_LIST, false }, { "cwd", JSON_TEXT, true }, { "hosts", JSON_LIST, false }, {0} };
static const struct json_field sources_out[] = {
    { "hosts", JSON_LIST, false }, { "foreign", JSON_LIST, false }, { "off", JSON_TEXT, false }, { "warnings", JSON_LIST, false }, {0} };
static const struct json_field keep_in[] = { { "draft", JSON_TEXT, false }, {0} };
static const struct json_field draft_out[] = {
    { "command", JSON_LIST, false }, { "changes", JSON_LIST, false }, { "change_n", JSON_COUNT, false }, { "diff", JSON_TEXT, false }, {0} };
static const struct json_field keep_out[] = { { "kept", JSON_COUNT, false }, { "kept_before", JSON_COUNT, false }, {0} };
/* clang-format on */

/* What is called by a name that is safe is the system's program, not one that the repository has
 * put into the way of PATH. */
static char *run_find(const struct op *op, enum command_class class, const char *name) {
    CLEANUP(freep) char *program = proc_find(name, NULL);
    CLEANUP(freep) char *real = program == NULL ? NULL : realpath(program, NULL);
    CLEANUP(freep) char *inside = mem_format("%s/", op->services->root);

    if (real != NULL && str_starts(str_from(real), str_from(inside)) && class == COMMAND_SAFE) {
        return proc_find(name, SYSTEM_PATH);
    }
    return TAKE(program);
}

/* What it starts itself is found beside it, beside node, and in the system's folders. */
static char *run_path(const char *program) {
    CLEANUP(freep) char *node = proc_find("node", NULL);
    size_t own = (size_t)(strrchr(program, '/') - program);
    size_t nodes = node == NULL ? 0 : (size_t)(strrchr(node, '/') - node);

    return mem_format("%.*s:%.*s%s" SYSTEM_PATH, (int)own, program, (int)nodes,
                      node == NULL ? "" : node, nodes == 0 ? "" : ":");
}

/* In a copy, where it may write; what it changed there is part of the answer. */
static enum err_code run_in_draft(struct op *op, struct run_op *run, const char *name, json_t **out,
                                  struct err *err) {
    CLEANUP(json_decrefp) json_t *result = NULL;
    CLEANUP(freep) char *path = run_path(run->program);
    struct draft draft = {0};
    enum err_code code =
        draft_make(op, strcmp(name, "git") == 0 ? DRAFT_GIT : DRAFT_RUNS, &draft, err);

    if (code != ERR_NONE) {
        return code;
    }
    run->path = path;
    run->stand_in = draft.path;
    run->readable = &draft.readable;
    code = run_op_program(op, run, &result, err);
    if (code == ERR_NONE) {
        code = draft_save(op, &draft, result, err);
    }
    draft_done(op, &draft);
    if (code == ERR_NONE) {
        *out = TAKE(result);
    }
    return code;
}

static enum err_code run(struct op *op, json_t **out, struct err *err) {
    const json_t *command = json_object_get(op->args, "command");
    const char *name = json_string_value(json_array_get(command, 0));
    enum command_class class = command_classify(command, NULL);
    CLEANUP(freep) char *program = name == NULL ? NULL : run_find(op, class, name);
    CLEANUP(json_decrefp) json_t *args = json_deep_copy(command);
    struct run_op run = {.program = program, .args = args, .dir = json_str_at(op->args, "cwd")};

    if (program == NULL) {
        err_set(err, ERR_NOT_FOUND, "there is no program '%s'", name == NULL ? "" : name);
        return err_remedy(err, "install it, or leave the command out");
    }
    if (command_fetches(command, &(const char *){NULL}, &(struct str){0})) {
        err_set(err, ERR_POLICY, "the command fetches packages, and there is no network here");
        return err_remedy(err, "shell_runner.install runs it with one");
    }
    (void)json_array_remove(args, 0);
    if (command_reads_aws(command)) {
        return aws_run(op, &run, out, err);
    }
    if (strcmp(name, "aws") == 0 && class == COMMAND_CHANGING) {
        err_set(err, ERR_POLICY, "the command changes something at AWS");
        return err_remedy(err, "this program changes AWS by a plan only: aws-copilot deploy; run "
                               "the command yourself, if it has to be");
    }
    return class == COMMAND_SAFE ? run_op_program(op, &run, out, err)
                                 : run_in_draft(op, &run, name, out, err);
}

static enum err_code draft(struct op *op, json_t **out, struct err *err) {
    return draft_paper(op, json_str_or(op->args, "draft", ""), out, err);
}

static enum err_code keep(struct op *op, json_t **out, struct err *err) {
    return draft_keep(op, json_str_or(op->args, "draft", ""), out, err);
}

static const struct operation operations[] = {
    {.name = "run",
     .effect = EFFECT_LOCAL,
     .purpose = "one vetted command, without a shell; what changes something works in a copy",
     .deadline = LIMIT_TOOL_TIMEOUT_MS,
     .schema_in = run_in,
     .schema_out = run_out,
     .run = run},
    {.name = "keep",
     .effect = EFFECT_LOCAL,
     .purpose = "takes what a command changed over into the repository",
     .deadline = LIMIT_TOOL_TIMEOUT_MS,
     .schema_in = keep_in,
     .schema_out = keep_out,
     .run = keep},
    {.name = "sources",
     .effect = EFFECT_LOCAL,
     .purpose = "where the packages of a command would come from",
     .deadline = LIMIT_TOOL_TIMEOUT_MS,
     .schema_in = run_in,
     .schema_out = sources_out,
     .run = install_sources},
    {.name = "install",
     .effect = EFFECT_LOCAL,
     .purpose = "a command that fetches packages, in a copy, no code run, held to their sources",
     .deadline = LIMIT_JOB_TIMEOUT_MS,
     .schema_in = install_in,
     .schema_out = run_out,
     .run = install_run},
    {.name = "draft",
     .effect = EFFECT_READ,
     .purpose = "what a command changed, once more, where it may still be taken over",
     .deadline = LIMIT_TOOL_TIMEOUT_MS,
     .schema_in = keep_in,
     .schema_out = draft_out,
     .run = draft},
};

const struct tool tool_shell_runner = {
    .name = "shell_runner",
    .purpose = "vetted commands in the sandbox",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
