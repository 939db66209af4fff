/* While a session waits for a yes: has another machine answered, or gone on?
 *
 * The artifact bucket is looked into now and then, by a call on a worker that ends when something
 * is new there, in a session of kind "query" that lives as long as the question. It has a bus of
 * its own: nothing of it is shown, and none of it gets into the records of the session that waits,
 * which nobody may append to without its turn. A look that fails is on record there, and looked
 * again for later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/executor/executor.h"
#include "base/clock.h"
#include "flow/flow_room.h"

struct elsewhere {
    struct flow flow;      /* the session's, but for bus and person */
    struct session *query; /* NULL: none is open */
    struct arena *arena;   /* of `turn` */
    struct turn turn;
    struct call_handle *call; /* under way; or NULL */
    int64_t next_mono_ms;     /* when it is looked next, of clock_mono_ms() */
    int64_t pause_ms;
    struct sha256_hex known; /* of the last answer; "": the next one is wanted whatever it is */
    char seen[400];          /* the decision of the last look; "": there was none */
    char told[400];          /* the one that became a message last */
};

/* The person answers the session's question, and is asked nothing beside it. */
static bool nobody_is_there(void *ctx) {
    (void)ctx;
    return false;
}

static enum err_code nobody_asked(void *ctx, const struct masked *question,
                                  bool (*poll)(void *poll_ctx), void *poll_ctx, char **out,
                                  struct err *err) {
    (void)ctx;
    (void)question;
    (void)poll;
    (void)poll_ctx;
    (void)out;
    return err_set(err, ERR_WAITING, "nobody is asked about a look");
}

static const struct person nobody = {.is_there = nobody_is_there, .ask = nobody_asked};

static struct elsewhere *elsewhere_of(struct session *session) {
    struct elsewhere *e = session->elsewhere;

    if (e == NULL) {
        e = session->elsewhere = mem_alloc(sizeof *e);
        e->flow = *session->flow;
        e->flow.bus = bus_new(session->flow->redactor);
        e->flow.options.person = &nobody;
        e->flow.meter = NULL;
        e->flow.waiting = NULL;
        e->pause_ms = limit(LIMIT_ASK_LOOK_MS);
        e->next_mono_ms = clock_mono_ms() + e->pause_ms;
    }
    return e;
}

static void elsewhere_close(struct elsewhere *e) {
    query_close(TAKE(e->query));
    arena_free(TAKE(e->arena));
}

void elsewhere_end(struct session *session) {
    struct elsewhere *e = TAKE(session->elsewhere);
    CLEANUP(json_decrefp) json_t *unread = NULL;
    struct err ignored = {0};

    if (e == NULL) {
        return;
    }
    if (e->call != NULL) {
        tool_cancel(e->call);
        (void)!tool_finish(e->call, &unread, &ignored);
    }
    elsewhere_close(e);
    bus_free(e->flow.bus);
    free(e);
}

/* ---- A look ---- */

/* The bucket does not answer, or the question about it cannot be put: it is asked less often. */
static void elsewhere_failed(struct elsewhere *e) {
    int64_t most = limit(LIMIT_ASK_LOOK_SLOW_MS);

    e->pause_ms = e->pause_ms * 2 < most ? e->pause_ms * 2 : most;
    e->next_mono_ms = clock_mono_ms() + e->pause_ms;
    elsewhere_close(e);
}

static void elsewhere_begin(struct session *session, struct elsewhere *e) {
    json_t *args = share_session_args(session);
    struct err why = {0};

    if (e->query == NULL) {
        if (query_open(&e->flow, session, &e->query, &why) != ERR_NONE) {
            json_decref(args);
            elsewhere_failed(e);
            return;
        }
        e->arena = arena_new();
        e->turn = session_turn(e->query, &agent_executor, e->arena);
        e->turn.origin = ORIGIN_USER;
    }
    json_put_str(args, "project", session->flow->project_key);
    json_put_str(args, "known", e->known.text[0] == '\0' ? NULL : e->known.text);
    e->call = tool_start(&e->turn, "aws_deployer", "join", args);
}

/* "" where nobody decided. */
static void elsewhere_name(const struct joined *joined, char *out, size_t size) {
    (void)snprintf(out, size, "%s%s%s", joined->decision, joined->decision[0] == '\0' ? "" : " ",
                   joined->decision[0] == '\0' ? "" : joined->decider);
}

/* Who answered where, and that it goes on there. */
static enum err_code elsewhere_say(const struct session *session, const struct joined *joined,
                                   struct err *err) {
    const char *word = strcmp(joined->decision, "yes") == 0 ? "approved" : "rejected";
    const char *goes = joined->is_open ? "it goes on there" : "it went on there";

    if (joined->decision[0] == '\0') {
        err_set(err, ERR_LOCKED, "%s went on with it on %s at %s", joined->actor, joined->host,
                clock_iso(joined->since_ms).text);
    } else if (strcmp(joined->decider, joined->actor) == 0) {
        err_set(err, ERR_LOCKED, "%s by %s on %s at %s; %s", word, joined->decider, joined->host,
                clock_iso(joined->decided_ms).text, goes);
    } else {
        err_set(err, ERR_LOCKED, "%s by %s at %s; %s went on with it on %s", word, joined->decider,
                clock_iso(joined->decided_ms).text, joined->actor, joined->host);
    }
    return err_remedy(err, "aws-copilot attach %s shows how it ends", session->id);
}

/* An answer that nobody acts on is acted on here. Whoever said it may be about to go on with it:
 * that is seen by the next look. Who only approves, a second approver, is not waited for. */
static void elsewhere_decided(struct session *session, struct elsewhere *e,
                              const struct joined *joined) {
    bool is_second = json_bool_at(session->state, "project.second_approver");
    bool is_own = strcmp(joined->decider, json_str_or(session->state, "identity.arn", "")) == 0;
    char name[sizeof e->seen];
    struct err later = {0}; /* it is seen again */
    bool is_old;

    elsewhere_name(joined, name, sizeof name);
    is_old = strcmp(name, e->seen) == 0;
    memcpy(e->seen, name, sizeof name);
    if (name[0] == '\0' || strcmp(name, e->told) == 0 ||
        (is_second && is_own && strcmp(joined->decision, "yes") == 0)) {
        return;
    }
    if ((is_second || is_old) &&
        share_deliver(session->flow, session->id, joined, &later) == ERR_NONE) {
        memcpy(e->told, name, sizeof name);
        return;
    }
    e->known = (struct sha256_hex){0}; /* it is looked at once more */
}

static enum err_code elsewhere_read(struct session *session, struct elsewhere *e, json_t *answer,
                                    struct err *err) {
    struct joined joined;

    e->known = sha256_hex(json_hash(answer));
    json_put_str(answer, "digest", json_str_or(session->state, "approval.digest", ""));
    share_read(answer, &joined);
    if (joined.is_open || joined.last > session->sharing.to) {
        return elsewhere_say(session, &joined, err);
    }
    elsewhere_decided(session, e, &joined);
    return ERR_NONE;
}

enum err_code elsewhere_look(struct session *session, struct err *err) {
    CLEANUP(json_decrefp) json_t *answer = NULL;
    struct err why = {0};
    struct elsewhere *e;

    if (!session->sharing.is_on || session->sharing.is_off) {
        return ERR_NONE;
    }
    e = elsewhere_of(session);
    if (e->call == NULL) {
        if (clock_mono_ms() >= e->next_mono_ms) {
            elsewhere_begin(session, e);
        }
        return ERR_NONE;
    }
    if (!tool_is_done(e->call)) {
        return ERR_NONE;
    }
    if (tool_finish(TAKE(e->call), &answer, &why) != ERR_NONE) {
        elsewhere_failed(e);
        return ERR_NONE;
    }
    e->pause_ms = limit(LIMIT_ASK_LOOK_MS);
    e->next_mono_ms = clock_mono_ms() + e->pause_ms;
    return elsewhere_read(session, e, answer, err);
}
