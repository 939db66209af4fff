/* One question outside the road: a session of one call. */
#include <string.h>

#include "agent/executor/executor.h"
#include "agent/moderate.h"
#include "flow/flow_room.h"
#include "guard/policy.h"
#include "model/client.h"

/* What is asked: an operation, or the model. */
struct query {
    const char *tool;
    const char *operation;
    json_t *args;                /* owned */
    const struct ask_model *ask; /* NULL: the operation */
    const char *said; /* of the person, to be moderated before the model is asked; or NULL */
    struct moderation *judged; /* what became of that */
};

static enum err_code query_call(struct session *session, const struct agent *agent,
                                struct query *query, json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct turn turn = session_turn(session, agent, arena);

    CLEANUP(freep) char *unknown = NULL;

    turn.origin = ORIGIN_USER; /* a verb says what the person typed, and nothing else */
    if (query->ask == NULL) {
        return tool_call(&turn, query->tool, query->operation, TAKE(query->args), out, err);
    }
    if (query->said != NULL) {
        if (moderate(&turn, query->said, query->judged, &unknown, err) != ERR_NONE) {
            return err->code;
        }
        if (query->judged->verdict != MODERATION_PASS) {
            return err_set(err, ERR_POLICY, "%s", moderation_text(*query->judged));
        }
    }
    return ask_model(&turn, query->ask, out, err);
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

/* The target that a question to AWS is about; `aws`, when not NULL, is another session's client. */
static enum err_code query_aim(struct session *session, json_t *target, struct aws_client *aws,
                               struct err *err) {
    if (target == NULL) {
        return ERR_NONE;
    }
    json_put(session->state, "fields", json_incref(target));
    if (aws != NULL) {
        session_borrow_aws(session, aws);
        return ERR_NONE;
    }
    return session_reach_aws(session, err);
}

static enum err_code query_run(struct flow *flow, const struct agent *agent, json_t *flags,
                               json_t *target, struct aws_client *aws, struct query *query,
                               json_t **out, struct err *err) {
    CLEANUP(session_closep) struct session *session = NULL;
    CLEANUP(json_decrefp) json_t *result = NULL;
    struct err second = {0};

    (void)json_object_del(flags, "text"); /* what the person said is for the road to judge */
    if (session_new(flow, "query", flags, &session, err) != ERR_NONE) {
        return err->code;
    }
    if (query_aim(session, target, aws, err) != ERR_NONE ||
        query_call(session, agent, query, &result, err) != ERR_NONE) {
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

static bool query_reaches_aws(const struct query *query) {
    return strcmp(query->tool, "aws_deployer") == 0 ||
           (strcmp(query->tool, "shell_runner") == 0 &&
            command_reads_aws(json_object_get(query->args, "command")));
}

enum err_code flow_query(struct flow *flow, const struct agent *agent, json_t *flags,
                         const char *tool, const char *operation, json_t *args, json_t **out,
                         struct err *err) {
    CLEANUP(json_decrefp) json_t *target = NULL;
    struct query query = {.tool = tool, .operation = operation, .args = args};
    enum err_code code = ERR_NONE;

    if (query_reaches_aws(&query) && flow_place(flow, flags, &target, err) != ERR_NONE) {
        json_decref(flags);
        code = err->code;
    } else {
        code = query_run(flow, agent, flags, target, NULL, &query, out, err);
    }
    json_decref(query.args);
    return code;
}

/* Where a session stands, and what it was told. New references. */
static json_t *query_flags(const struct session *session) {
    return json_deep_copy(json_object_get(session->state, "flags"));
}

static json_t *query_target(const struct session *session) {
    return agent_args("account", json_str_at(session->state, "identity.account"), "region",
                      json_str_at(session->state, "identity.region"), NULL);
}

enum err_code query_open(struct flow *flow, const struct session *beside, struct session **out,
                         struct err *err) {
    CLEANUP(session_closep) struct session *query = NULL;
    CLEANUP(json_decrefp) json_t *target = query_target(beside);

    if (session_new(flow, "query", query_flags(beside), &query, err) != ERR_NONE ||
        query_aim(query, target, beside->aws, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(query);
    return ERR_NONE;
}

void query_close(struct session *query) {
    struct err ignored = {0}; /* its calls are on record; nobody takes up a question */

    if (query != NULL) {
        (void)!query_end(query, "success", &ignored);
        session_close(query);
    }
}

enum err_code query_aside(struct session *session, const char *operation, json_t *args,
                          json_t **out, struct err *err) {
    struct flow *flow = session->flow;
    struct query query = {.tool = "aws_deployer", .operation = operation, .args = args};
    CLEANUP(json_decrefp) json_t *target = query_target(session);
    enum err_code code;

    bus_quiet(flow->bus, true);
    code = query_run(flow, &agent_executor, query_flags(session), target, session->aws, &query, out,
                     err);
    bus_quiet(flow->bus, false);
    bus_context(flow->bus, session->id, phase_word(session->phase), NULL);
    json_decref(query.args);
    return code;
}

bool flow_has_model(const struct flow *flow) { return flow->model != NULL; }

enum encoding flow_encoding(const struct flow *flow) {
    return flow->model == NULL ? ENCODING_O200K_BASE : model_client_primary(flow->model)->encoding;
}

enum err_code flow_ask_model(struct flow *flow, const struct agent *agent, json_t *flags,
                             const struct ask_model *ask, const char *said,
                             struct moderation *judged, json_t **out, struct err *err) {
    struct query query = {.ask = ask, .said = said, .judged = judged};

    return query_run(flow, agent, flags, NULL, NULL, &query, out, err);
}
