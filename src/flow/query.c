/* One question outside the road: a session of one call. */
#include <string.h>

#include "flow/flow_room.h"

static enum err_code query_call(struct session *session, const struct agent *agent,
                                const char *tool, const char *operation, json_t *args,
                                json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct turn turn = {
        .gate = session->gate,
        .agent = &agent->card,
        .state = session->state,
        .arena = arena,
        .now_ms = session->entered_ms,
        .session = session->id,
        .phase = phase_word(session->phase),
    };

    return tool_call(&turn, tool, operation, args, out, err);
}

static enum err_code query_end(struct session *session, bool is_good, struct err *err) {
    struct journal_entry entry = {.kind = RECORD_END};

    entry.fields[FIELD_STATUS] = is_good ? STR("success") : STR("failed");
    session->is_ended = true;
    return gate_record(session->gate, &entry, err);
}

enum err_code flow_query(struct flow *flow, const struct agent *agent, json_t *flags,
                         const char *tool, const char *operation, json_t *args, json_t **out,
                         struct err *err) {
    CLEANUP(session_closep) struct session *session = NULL;
    CLEANUP(json_decrefp) json_t *target = NULL;
    json_t *result = NULL;
    struct err failure = {0};

    if (strcmp(tool, "aws_deployer") == 0 && flow_target(flow, flags, &target, err) != ERR_NONE) {
        json_decref(flags);
        json_decref(args);
        return err->code;
    }
    if (session_new(flow, "query", flags, &session, err) != ERR_NONE) {
        json_decref(args);
        return err->code;
    }
    if (target != NULL) {
        json_put(session->state, "fields", json_incref(target));
        if (session_reach_aws(session, err) != ERR_NONE) {
            json_decref(args);
            return err->code;
        }
    }
    if (query_call(session, agent, tool, operation, args, &result, err) != ERR_NONE) {
        if (query_end(session, false, &failure) != ERR_NONE) {
            /* the first failure is the one to tell */
        }
        return err->code;
    }
    *out = result;
    return query_end(session, true, err);
}
