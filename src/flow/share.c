/* Sessions between machines: what is told, what is taken up, whose turn it is.
 *
 * A session is shared from its first question for a yes on. Whoever goes on with it takes its turn
 * first (`take`, decided by S3) and gives it back where it rests: at a question and at its end. So
 * a chain never forks: nobody appends to a shared session without having taken it. All of it runs
 * aside, in sessions of kind "query", so that telling leaves no record in what is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/executor/executor.h"
#include "base/clock.h"
#include "flow/flow_room.h"

/* Collection: of each shared session, where it is: {"bucket","stack","foreign"}, and
 * "continued_by":
 * {"actor","host","since_ms"}, who went on with it on another machine. */
#define SHARED "shared"

/* ---- What this machine knows of it ---- */

static enum err_code share_keep(struct flow *flow, const char *id, const json_t *body,
                                struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    struct store_put put = {.collection = SHARED, .id = str_from(id), .body = &masked};

    redact_json(flow->redactor, body, &masked);
    return store_put_doc(flow->store, &put, err);
}

enum err_code flow_shared(struct flow *flow, const char *id, json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_doc *doc = NULL;

    if (!flow->options.is_sharing) {
        return ERR_NONE;
    }
    if (store_get_doc(flow->store, SHARED, str_from(id), arena, &doc, err) != ERR_NONE) {
        return err->code;
    }
    return doc == NULL ? ERR_NONE : json_read(doc->body, out, err);
}

/* ---- Its own place, read from its records ---- */

struct share_look {
    json_t *state;               /* owned; of the last phase */
    char digest[SHA256_HEX + 1]; /* of what a yes was asked for last; "": of nothing */
};

static enum err_code share_visit(const struct journal_record *record, void *context,
                                 struct err *err) {
    struct share_look *look = context;
    CLEANUP(json_decrefp) json_t *body = NULL;

    if ((record->kind != RECORD_PHASE && record->kind != RECORD_QUESTION) || !record->has_body) {
        return ERR_NONE;
    }
    if (json_read(record->body, &body, err) != ERR_NONE) {
        return err->code;
    }
    if (record->kind == RECORD_QUESTION) {
        if (strcmp(json_str_or(body, "kind", ""), "approval") == 0) {
            (void)snprintf(look->digest, sizeof look->digest, "%s",
                           json_str_or(body, "digest", ""));
        }
        return ERR_NONE;
    }
    json_decref(look->state);
    look->state = json_incref(json_object_get(body, "state"));
    return ERR_NONE;
}

/* The flags of a question about the session's place. A profile is a name of the machine where it
 * was begun. New reference. */
static json_t *share_flags(const struct flow *flow, const json_t *state, bool is_foreign) {
    static const char *const copies[][2] = {{"env", "fields.env"},
                                            {"app", "fields.app"},
                                            {"region", "fields.region"},
                                            {"account", "identity.account"}};
    json_t *flags = json_object();

    for (size_t i = 0; i < ARRAY_N(copies); i++) {
        json_put_str(flags, copies[i][0], json_str_at(state, copies[i][1]));
    }
    json_put_str(flags, "profile",
                 is_foreign ? json_str_at(flow->way, "profile")
                            : json_str_at(state, "flags.profile"));
    json_put_str(flags, "endpoint_url",
                 is_foreign ? json_str_at(flow->way, "endpoint_url")
                            : json_str_at(state, "flags.endpoint_url"));
    if (flow->project == NULL) {
        (void)json_object_del(flags, "env"); /* it is looked up in the file */
    }
    return flags;
}

/* {"bucket","stack","flags","foreign","site"} of a session that is shared; NULL: it is not. */
static enum err_code share_where(struct flow *flow, const char *id, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *where = NULL;
    struct share_look look = {0};

    if (flow_shared(flow, id, &where, err) != ERR_NONE) {
        return err->code;
    }
    if (where == NULL) {
        return ERR_NONE;
    }
    if (journal_replay(flow->store, str_from(id), 1, share_visit, &look, err) != ERR_NONE) {
        json_decref(look.state);
        return err->code;
    }
    json_put(where, "flags", share_flags(flow, look.state, json_bool_at(where, "foreign")));
    if (json_object_get(look.state, "site") != NULL) {
        json_put(where, "site", json_deep_copy(json_object_get(look.state, "site")));
    }
    json_decref(look.state);
    *out = TAKE(where);
    return ERR_NONE;
}

static json_t *share_args(const json_t *where, const char *id) {
    return agent_args("bucket", json_str_or(where, "bucket", ""), "stack",
                      json_str_or(where, "stack", ""), "session", id, NULL);
}

static void share_put_site(json_t *args, const json_t *site) {
    if (json_object_get(site, "files") != NULL) {
        json_t *copy = agent_args("dir", json_str_or(site, "dir", ""), "release",
                                  json_str_or(site, "release", ""), NULL);

        json_put(copy, "files", json_deep_copy(json_object_get(site, "files")));
        json_put(args, "site", copy);
    }
}

/* A question aside from any run; shown to nobody. */
static enum err_code share_ask(struct flow *flow, const json_t *where, const char *operation,
                               json_t *args, json_t **out, struct err *err) {
    json_t *flags = json_deep_copy(json_object_get(where, "flags"));
    enum err_code code;

    bus_quiet(flow->bus, true);
    code = flow_query(flow, &agent_executor, flags == NULL ? json_object() : flags, "aws_deployer",
                      operation, args, out, err);
    bus_quiet(flow->bus, false);
    return code;
}

/* ---- In ---- */

/* What was decided of `digest`, what is asked now; answers to earlier questions are over. */
static void joined_decision(const json_t *rows, const char *digest, struct joined *out) {
    const json_t *row;
    size_t i;

    /* A no counts before a yes: whoever is unsure asks again. */
    json_array_foreach(rows, i, row) {
        const char *answer = json_str_or(row, "answer", "");

        if (strcmp(json_str_or(row, "digest", ""), digest) == 0 &&
            (out->decision[0] == '\0' || strcmp(answer, "no") == 0)) {
            (void)snprintf(out->decision, sizeof out->decision, "%s", answer);
            (void)snprintf(out->decider, sizeof out->decider, "%s", json_str_or(row, "actor", "?"));
            (void)snprintf(out->digest, sizeof out->digest, "%s", json_str_or(row, "digest", ""));
            out->decided_ms = json_int_or(row, "at_ms", 0);
        }
    }
}

void share_read(const json_t *answer, struct joined *out) {
    const char *host = json_str_or(answer, "taken_by.host", "");

    *out = (struct joined){.is_found = json_bool_at(answer, "found"),
                           .is_live = json_bool_at(answer, "live"),
                           .is_run = json_bool_at(answer, "run"),
                           .is_open = json_bool_at(answer, "open"),
                           .is_foreign = json_bool_at(answer, "foreign"),
                           .imported = json_int_or(answer, "imported", 0),
                           .last = json_int_or(answer, "last", 0),
                           .since_ms = json_int_or(answer, "taken_by.since_ms", 0)};
    (void)snprintf(out->actor, sizeof out->actor, "%s", json_str_or(answer, "taken_by.actor", ""));
    (void)snprintf(out->host, sizeof out->host, "%.*s", (int)strcspn(host, "/"), host);
    joined_decision(json_object_get(answer, "decisions"), json_str_or(answer, "digest", ""), out);
}

/* What was learnt stays: who went on with it is said also when nothing is new any more. */
static enum err_code share_note(struct flow *flow, const char *id, const json_t *where,
                                const json_t *answer, struct err *err) {
    CLEANUP(json_decrefp)
    json_t *body = agent_args("bucket", json_str_or(where, "bucket", ""), "stack",
                              json_str_or(where, "stack", ""), NULL);
    struct joined joined;

    share_read(answer, &joined);
    json_put_bool(body, "foreign", joined.is_foreign);
    if (joined.imported > 0 && joined.actor[0] != '\0') {
        json_t *by = agent_args("actor", joined.actor, "host", joined.host, NULL);

        json_put_int(by, "since_ms", joined.since_ms);
        json_put(body, "continued_by", by);
    }
    return joined.imported > 0 ? share_keep(flow, id, body, err) : ERR_NONE;
}

/* Adds the digest of what is asked now, after what was taken up. */
static enum err_code share_asks(struct flow *flow, const char *id, json_t *answer,
                                struct err *err) {
    struct share_look look = {0};
    enum err_code code;

    if (!json_bool_at(answer, "found")) {
        return ERR_NONE;
    }
    code = journal_replay(flow->store, str_from(id), 1, share_visit, &look, err);
    json_decref(look.state);
    if (code == ERR_NONE) {
        json_put_str(answer, "digest", look.digest);
    }
    return code;
}

static enum err_code share_join(struct flow *flow, const char *id, const json_t *where,
                                json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *before = NULL;
    json_t *args = share_args(where, id);

    json_put_str(args, "project", flow->project_key);
    if (store_get_session(flow->store, str_from(id), arena, &before, err) != ERR_NONE) {
        json_decref(args);
        return err->code;
    }
    if (share_ask(flow, where, "join", args, out, err) != ERR_NONE) {
        return err->code;
    }
    if (share_asks(flow, id, *out, err) != ERR_NONE) {
        return err->code;
    }
    json_put_bool(*out, "foreign", before == NULL || json_bool_at(where, "foreign"));
    return share_note(flow, id, where, *out, err);
}

enum err_code flow_join(struct flow *flow, const char *id, const json_t *where, struct joined *out,
                        struct err *err) {
    CLEANUP(json_decrefp) json_t *own = NULL;
    CLEANUP(json_decrefp) json_t *answer = NULL;

    if (where == NULL && share_where(flow, id, &own, err) != ERR_NONE) {
        return err->code;
    }
    where = where == NULL ? own : where;
    *out = (struct joined){0};
    if (where == NULL || !flow->options.is_sharing) {
        return ERR_NONE;
    }
    if (share_join(flow, id, where, &answer, err) != ERR_NONE) {
        return err->code;
    }
    share_read(answer, out);
    return ERR_NONE;
}

enum err_code flow_decide(struct flow *flow, const char *id, const char *digest, bool is_yes,
                          struct err *err) {
    CLEANUP(json_decrefp) json_t *where = NULL;
    CLEANUP(json_decrefp) json_t *out = NULL;
    json_t *args;

    if (share_where(flow, id, &where, err) != ERR_NONE) {
        return err->code;
    }
    if (where == NULL) {
        return ERR_NONE;
    }
    args = share_args(where, id);
    json_put_str(args, "digest", digest);
    json_put_str(args, "answer", is_yes ? "yes" : "no");
    return share_ask(flow, where, "decide", args, &out, err);
}

/* ---- Whose turn it is ---- */

static enum err_code share_say_run(const char *id, const struct joined *joined, struct err *err) {
    err_set(err, ERR_LOCKED, "session %s is run by %s on %s since %s", id, joined->actor,
            joined->host, clock_iso(joined->since_ms).text);
    return err_remedy(err, "aws-copilot attach %s watches it", id);
}

enum err_code share_deliver(struct flow *flow, const char *id, const struct joined *joined,
                            struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(json_decrefp) json_t *message = NULL;
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) char *actor = mem_format("%s,bucket", joined->decider);
    const struct store_message *waiting = NULL;
    const struct store_session *row = NULL;
    size_t n = 0;

    if (joined->decision[0] == '\0') {
        return ERR_NONE;
    }
    if (store_get_session(flow->store, str_from(id), arena, &row, err) != ERR_NONE ||
        store_read_inbox(flow->store, str_from(id), arena, &waiting, &n, err) != ERR_NONE) {
        return err->code;
    }
    if (row == NULL || !str_eq(row->status, STR("waiting")) || n > 0) {
        return ERR_NONE; /* it is on record, or on its way */
    }
    message = agent_args("type", strcmp(joined->decision, "yes") == 0 ? "approve" : "reject",
                         "digest", joined->digest, "actor", actor, NULL);
    redact_json(flow->redactor, message, &masked);
    return store_put_message(flow->store, str_from(id), &masked, err);
}

enum err_code share_before_open(struct flow *flow, const char *id, struct sharing *out,
                                bool *out_is_uncertain, struct err *err) {
    CLEANUP(json_decrefp) json_t *where = NULL;
    CLEANUP(json_decrefp) json_t *answer = NULL;
    CLEANUP(json_decrefp) json_t *taken = NULL;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row = NULL;
    struct joined joined;
    json_t *args;

    if (share_where(flow, id, &where, err) != ERR_NONE) {
        return err->code;
    }
    if (where == NULL) {
        return ERR_NONE;
    }
    if (share_join(flow, id, where, &answer, err) != ERR_NONE) {
        return err->code;
    }
    share_read(answer, &joined);
    if (joined.is_run) {
        return share_say_run(id, &joined, err);
    }
    if (store_get_session(flow->store, str_from(id), arena, &row, err) != ERR_NONE) {
        return err->code;
    }
    if (joined.is_live || row == NULL ||
        (!str_eq(row->status, STR("waiting")) && !str_eq(row->status, STR("running")))) {
        return ERR_NONE; /* its owner's, or over: opening it says so */
    }
    if (share_deliver(flow, id, &joined, err) != ERR_NONE) {
        return err->code;
    }
    args = share_args(where, id);
    json_put_int(args, "after", json_int_or(answer, "shared_to", 0));
    share_put_site(args, json_object_get(where, "site"));
    if (share_ask(flow, where, "take", args, &taken, err) != ERR_NONE) {
        return err->code;
    }
    *out = (struct sharing){.is_on = true,
                            .is_foreign = json_bool_at(where, "foreign"),
                            .to = json_int_or(answer, "shared_to", 0),
                            .take = json_int_or(taken, "take", 0)};
    *out_is_uncertain = json_bool_at(taken, "interrupted");
    return ERR_NONE;
}

/* ---- Out ---- */

/* Sessions that another machine can go on with: their stack has a bucket to meet in, and what they
 * work with is there or in their records. A value that a person typed is in this process only. */
static bool share_is_possible(const struct session *session) {
    const char *kind = json_str_or(session->state, "kind", "");

    return session->flow->options.is_sharing && session->aws != NULL && !session->sharing.is_off &&
           strcmp(kind, "bootstrap") != 0 && strcmp(kind, "secrets") != 0 &&
           strcmp(kind, "query") != 0 && json_str_at(session->state, "bootstrap.Artifacts") != NULL;
}

static void share_warn(struct session *session, const struct err *err) {
    CLEANUP(freep)
    char *text = mem_format("other machines do not see how this session goes on: %s", err->text);

    session->sharing.is_off = true;
    bus_emit(
        session->flow->bus, EVENT_WARNING,
        agent_args("code", "unshared", "text", text, "remedy",
                   err->remedy[0] == '\0' ? "nothing depends on it on this machine" : err->remedy,
                   NULL));
}

json_t *share_session_args(const struct session *session) {
    return agent_args("bucket", json_str_at(session->state, "bootstrap.Artifacts"), "stack",
                      json_str_or(session->state, "fields.stack", ""), "session", session->id,
                      NULL);
}

static enum err_code share_put(struct session *session, bool is_resting, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(json_decrefp) json_t *out = NULL;
    json_t *args = share_session_args(session);

    json_put_int(args, "from", session->sharing.to + 1);
    if (is_resting && session->sharing.take > 0) {
        json_put_int(args, "rest", session->sharing.take);
    }
    if (!session->sharing.is_on) {
        share_put_site(args, json_object_get(session->state, "site"));
    }
    if (query_aside(session, "share", args, &out, err) != ERR_NONE) {
        return err->code;
    }
    session->sharing.to = json_int_or(out, "to", session->sharing.to);
    session->sharing.take = is_resting ? 0 : session->sharing.take;
    if (session->sharing.is_on) {
        return ERR_NONE;
    }
    session->sharing.is_on = true;
    body = agent_args("bucket", json_str_at(session->state, "bootstrap.Artifacts"), "stack",
                      json_str_or(session->state, "fields.stack", ""), NULL);
    return share_keep(session->flow, session->id, body, err);
}

void share_tell(struct session *session, bool is_resting) {
    struct err err = {0};

    /* What never waited for anybody is nobody else's. */
    if (!share_is_possible(session) || (!session->sharing.is_on && session->phase != PHASE_WAIT)) {
        return;
    }
    if (share_put(session, is_resting, &err) != ERR_NONE) {
        share_warn(session, &err);
    }
}

/* ---- The hooks ---- */

static void share_asked(void *ctx) { share_tell(ctx, true); }

static enum err_code share_take_again(struct session *session, struct err *err) {
    CLEANUP(json_decrefp) json_t *taken = NULL;
    json_t *args = share_session_args(session);

    json_put_int(args, "after", session->sharing.to);
    if (query_aside(session, "take", args, &taken, err) != ERR_NONE) {
        return err->code;
    }
    if (json_bool_at(taken, "interrupted")) { /* another machine took it meanwhile, and died */
        gate_doubt(session->gate);
    }
    session->sharing.take = json_int_or(taken, "take", 0);
    session->services.take = session->sharing.take;
    return ERR_NONE;
}

static enum err_code share_decide(struct session *session, bool is_yes, char **actor,
                                  struct err *err) {
    CLEANUP(json_decrefp) json_t *out = NULL;
    json_t *args = share_session_args(session);

    json_put_str(args, "digest", json_str_or(session->state, "approval.digest", ""));
    json_put_str(args, "answer", is_yes ? "yes" : "no");
    if (query_aside(session, "decide", args, &out, err) != ERR_NONE) {
        return err->code;
    }
    *actor = mem_format("%s,terminal", json_str_or(out, "actor", ""));
    return ERR_NONE;
}

/* Before an answer is on record it is the bucket's, and the turn is this process's. */
static enum err_code share_answered(void *ctx, const char *answer, char **actor, struct err *err) {
    struct session *session = ctx;
    bool is_yes = strncmp(answer, "no", 2) != 0;

    elsewhere_end(session);
    if (!session->sharing.is_on || session->sharing.is_off) {
        return ERR_NONE;
    }
    if (*actor == NULL && is_yes && !session->sharing.is_foreign &&
        json_bool_at(session->state, "project.second_approver")) {
        return ERR_NONE; /* the yes of whoever asked is none, and is asked for again */
    }
    if (*actor == NULL && share_decide(session, is_yes, actor, err) != ERR_NONE) {
        return err->code;
    }
    return session->sharing.take > 0 ? ERR_NONE : share_take_again(session, err);
}

static enum err_code share_waiting(void *ctx, struct err *err) { return elsewhere_look(ctx, err); }

struct gate_hooks share_hooks(struct session *session) {
    return (struct gate_hooks){
        .asked = share_asked, .waiting = share_waiting, .answered = share_answered, .ctx = session};
}
