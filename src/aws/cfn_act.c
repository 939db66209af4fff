/* CloudFormation: acting on a stack without a change set: deleting it, and the ways back. */
#include "aws/cfn_room.h"

#include "aws/cfn.h"

/* clang-format off */
/* What AWS refuses such a call for, by a piece of its words. The first row that fits decides. */
static const struct refusal {
    const char *words;
    enum err_code code;
    const char *text; /* AWS's own sentence follows where it ends with a colon */
    const char *remedy;
} refusals[] = {
    { "TerminationProtection", ERR_CONFLICT, "the stack is protected against termination",
      "take termination protection off in CloudFormation, then run this again" },
    { "from current stack status", ERR_STALE, "the stack changed meanwhile:", "run this again" },
    { "state and can", ERR_STALE, "the stack changed meanwhile:", "run this again" },
    { "Export ", ERR_CONFLICT, "another stack uses a value of this one:",
      "delete that stack, or take the import out of its template; then run this again" },
    { "cannot be assumed", ERR_CONFLICT, "CloudFormation cannot act as the role that the stack was made with:",
      "run this again with --role-arn and a role that it may act as: the output ExecutionRole of the bootstrap stack, "
      "which aws-copilot bootstrap makes" },
};
/* clang-format on */

/* One call about a stack. A refusal of the state it is in is ERR_STALE: it changed meanwhile. */
static enum err_code act(const struct aws *aws, const char *action, struct form *form,
                         struct err *err) {
    struct cfn_reply reply = {0};

    if (cfn_call(aws, form->arena, action, form, (const char *const[]){"ValidationError", NULL},
                 &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root != NULL) {
        return ERR_NONE;
    }
    for (size_t i = 0; i < ARRAY_N(refusals); i++) {
        const struct refusal *row = &refusals[i];
        bool is_quoted = str_ends(str_from(row->text), STR(":"));

        if (str_find(str_from(reply.message), str_from(row->words)) >= 0) {
            err_set(err, row->code, "%s%s%s", row->text, is_quoted ? " " : "",
                    is_quoted ? reply.message : "");
            return err_remedy(err, "%s", row->remedy);
        }
    }
    return cfn_refuse(action, &reply, err);
}

enum err_code cfn_delete_stack(const struct aws *aws, const char *stack_id, const json_t *retain,
                               const char *role_arn, const char *token, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add_list(&form, "RetainResources", retain);
    form_add(&form, "RoleARN", role_arn[0] == '\0' ? NULL : role_arn);
    form_add(&form, "ClientRequestToken", token);
    return act(aws, "DeleteStack", &form, err);
}

enum err_code cfn_rollback_stack(const struct aws *aws, const char *stack_id, const char *role_arn,
                                 const char *token, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add(&form, "RoleARN", role_arn[0] == '\0' ? NULL : role_arn);
    form_add(&form, "ClientRequestToken", token);
    return act(aws, "RollbackStack", &form, err);
}

enum err_code cfn_continue_rollback(const struct aws *aws, const char *stack_id, const json_t *skip,
                                    const char *role_arn, const char *token, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add_list(&form, "ResourcesToSkip", skip);
    form_add(&form, "RoleARN", role_arn[0] == '\0' ? NULL : role_arn);
    form_add(&form, "ClientRequestToken", token);
    return act(aws, "ContinueUpdateRollback", &form, err);
}

enum err_code cfn_cancel_update(const struct aws *aws, const char *stack_id, const char *token,
                                struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add(&form, "ClientRequestToken", token);
    return act(aws, "CancelUpdateStack", &form, err);
}
