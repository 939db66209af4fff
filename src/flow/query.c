/* One question outside the road: a session of one call. */
#include <string.h>

#include "flow/flow_room.h"

static enum err_code query_call(struct session *session, const struct agent *agent,
                                const char *tool, const char *operation, json_t *args, json_t **out,
                                struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct turn turn = session_turn(session, agent, arena);

    return tool_call(&turn, tool, operation, args, out, err);
}

static enum err_code query_end(struct session *session, const char *status, struct err *err) {
    struct journal_entry entry = {.kind = RECORD_END};

    entry.fields[FIELD_STATUS] = str_from(status);
    session->is_ended = true;
    if (gate_record(session->gate, &entry, err) != ERR_NONE) {
        return err->code;
    }
    return gate_settle(session->gate, err);
}

/* The target that a question to AWS is about. */
static enum err_code query_aim(struct session *session, json_t *target, struct err *err) {
    if (target == NULL) {
        return ERR_NONE;
    }
    json_put(session->state, "fields", json_incref(target));
    return session_reach_aws(session, err);
}

enum err_code flow_query(struct flow *flow, const struct agent *agent, json_t *flags,
                         const char *tool, const char *operation, json_t *args, json_t **out,
                         struct err *err) {
    CLEANUP(session_closep) struct session *session = NULL;
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *asked = args;
    CLEANUP(json_decrefp) json_t *result = NULL;
    struct err second = {0};

    if (strcmp(tool, "aws_deployer") == 0 && flow_place(flow, flags, &target, err) != ERR_NONE) {
        json_decref(flags);
        return err->code;
    }
    if (session_new(flow, "query", flags, &session, err) != ERR_NONE) {
        return err->code;
    }
    if (query_aim(session, target, err) != ERR_NONE ||
        query_call(session, agent, tool, operation, TAKE(asked), &result, err) != ERR_NONE) {
        (void)!query_end(session, "failed", &second); /* the first failure is the one to tell */
        if (gate_fault(session->gate) != NULL) {
            err_remedy(err, "it was a question only; ask again"); /* nobody attaches to one */
        }
        return err->code;
    }
    if (query_end(session, "success", err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(result);
    return ERR_NONE;
}
