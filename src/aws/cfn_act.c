/* CloudFormation: acting on a stack without a change set: deleting it, and the ways back. */
#include "aws/cfn_room.h"

#include "aws/cfn.h"

/* One call about a stack. A refusal of the state it is in is ERR_STALE: it changed meanwhile. */
static enum err_code act(const struct aws *aws, const char *action, struct form *form,
                         struct err *err) {
    struct cfn_reply reply = {0};
    struct str message;

    if (cfn_call(aws, form->arena, action, form, (const char *const[]){"ValidationError", NULL},
                 &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.root != NULL) {
        return ERR_NONE;
    }
    message = str_from(reply.message);
    if (str_find(message, STR("TerminationProtection")) >= 0) {
        err_set(err, ERR_CONFLICT, "the stack is protected against termination");
        return err_remedy(err, "take termination protection off in CloudFormation, then run this "
                               "again");
    }
    if (str_find(message, STR("from current stack status")) >= 0 ||
        str_find(message, STR("state and can")) >= 0) {
        err_set(err, ERR_STALE, "the stack changed meanwhile: %s", reply.message);
        return err_remedy(err, "run this again");
    }
    return cfn_refuse(action, &reply, err);
}

enum err_code cfn_delete_stack(const struct aws *aws, const char *stack_id, const json_t *retain,
                               const char *token, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add_list(&form, "RetainResources", retain);
    form_add(&form, "ClientRequestToken", token);
    return act(aws, "DeleteStack", &form, err);
}

enum err_code cfn_rollback_stack(const struct aws *aws, const char *stack_id, const char *token,
                                 struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add(&form, "ClientRequestToken", token);
    return act(aws, "RollbackStack", &form, err);
}

enum err_code cfn_continue_rollback(const struct aws *aws, const char *stack_id, const json_t *skip,
                                    const char *token, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct form form = {.arena = arena};

    form_add(&form, "StackName", stack_id);
    form_add_list(&form, "ResourcesToSkip", skip);
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
