/* What verbs that run a session have in common. */
#include "front/verb/run.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "front/verb/file.h"

/* ---- Where it goes: the first line of every run that can reach AWS ---- */

/* `*out` stays NULL where the region is not known yet. */
static enum err_code run_where(struct cli *cli, const json_t *flags, json_t **out,
                               struct err *err) {
    CLEANUP(json_decrefp) json_t *place = NULL;

    if (flow_place(cli->flow, flags, &place, err) != ERR_NONE) {
        return err->code;
    }
    return json_str_at(place, "region") == NULL ? ERR_NONE : cli_where(cli, flags, out, err);
}

/* Runs it; where another machine went on with it meanwhile, says so and shows how that ends. */
static enum err_code run_session(struct cli *cli, struct session *session, struct err *err) {
    CLEANUP(freep) char *id = mem_strdup(session_id(session));
    enum err_code code = cli_run_session(cli, session, err);

    if (code != ERR_LOCKED) {
        return code;
    }
    bus_emit(flow_bus(cli->flow), EVENT_SAY, agent_args("text", err->text, NULL));
    *err = (struct err){0};
    return attach_follow(cli, id, err);
}

enum err_code run_here(struct cli *cli, const char *kind, json_t *flags, struct err *err) {
    CLEANUP(json_decrefp) json_t *owned = flags;
    struct session *session = NULL;

    if (cli_flow(cli, err) != ERR_NONE ||
        session_new(cli->flow, kind, TAKE(owned), &session, err) != ERR_NONE) {
        return err->code;
    }
    return run_session(cli, session, err);
}

enum err_code run_flags(struct cli *cli, const char *kind, json_t *flags, struct err *err) {
    CLEANUP(json_decrefp) json_t *owned = flags;
    CLEANUP(json_decrefp) json_t *where = NULL;

    if (cli_flow(cli, err) != ERR_NONE || run_where(cli, owned, &where, err) != ERR_NONE) {
        return err->code;
    }
    if (where != NULL) {
        json_put(owned, "where", json_incref(where));
    }
    return run_here(cli, kind, TAKE(owned), err) != ERR_NONE ? err->code : answers_keep(cli, err);
}

enum err_code run_new(struct cli *cli, const char *kind, struct err *err) {
    return run_flags(cli, kind, cli_flags(cli), err);
}

enum err_code run_on(struct cli *cli, const char *id, struct err *err) {
    struct session *session = NULL;

    if (session_open(cli->flow, id, &session, err) != ERR_NONE) {
        return err->code;
    }
    return run_session(cli, session, err) != ERR_NONE ? err->code : answers_keep(cli, err);
}

enum err_code run_again(struct cli *cli, const char *id, struct err *err) {
    CLEANUP(glance_done) struct glance glance = {0};
    CLEANUP(json_decrefp) json_t *flags = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;

    struct joined joined;

    if (cli_flow(cli, err) != ERR_NONE || run_find(cli, id, &glance, &joined, err) != ERR_NONE) {
        return err->code;
    }
    flags = glance_flags(cli, &glance);
    if (glance.end_status[0] == '\0' &&
        (run_where(cli, flags, &where, err) != ERR_NONE ||
         (where != NULL && flow_check_endpoint(id, glance.state, json_str_or(where, "endpoint", ""),
                                               err) != ERR_NONE))) {
        return err->code;
    }
    return run_on(cli, id, err);
}

/* ---- A look from outside ---- */

void glance_done(struct glance *glance) {
    json_decref(glance->state);
    json_decref(glance->question);
    json_decref(glance->result);
    *glance = (struct glance){0};
}

static void copy_field(char *to, size_t size, struct str from) {
    (void)snprintf(to, size, STR_FMT, STR_ARG(from));
}

static void glance_forget_question(struct glance *glance) {
    json_decref(glance->question);
    glance->question = NULL;
    glance->decided_ms = 0;
    glance->decision[0] = '\0';
}

static enum err_code glance_phase(struct glance *glance, const struct journal_record *record,
                                  struct err *err) {
    CLEANUP(json_decrefp) json_t *body = NULL;

    copy_field(glance->phase, sizeof glance->phase, record->fields[FIELD_PHASE]);
    copy_field(glance->status, sizeof glance->status, record->fields[FIELD_STATUS]);
    if (strcmp(glance->phase, "wait") == 0) {
        glance_forget_question(glance); /* asked again, with a new expiry */
    }
    if (!record->has_body) {
        return ERR_NONE;
    }
    if (json_read(record->body, &body, err) != ERR_NONE) {
        return err->code;
    }
    json_decref(glance->state);
    glance->state = json_incref(json_object_get(body, "state"));
    return ERR_NONE;
}

static enum err_code glance_question(struct glance *glance, const struct journal_record *record,
                                     struct err *err) {
    json_t *question = NULL;

    if (json_read(record->body, &question, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(json_str_or(question, "kind", ""), "approval") != 0) {
        json_decref(question);
        return ERR_NONE;
    }
    glance_forget_question(glance);
    glance->question = question;
    return ERR_NONE;
}

static enum err_code glance_visit(const struct journal_record *record, void *context,
                                  struct err *err) {
    struct glance *glance = context;

    switch (record->kind) {
    case RECORD_SESSION:
        copy_field(glance->kind, sizeof glance->kind, record->fields[FIELD_KIND]);
        break;
    case RECORD_PHASE:
        return glance_phase(glance, record, err);
    case RECORD_QUESTION:
        return glance_question(glance, record, err);
    case RECORD_APPROVAL:
        glance->decided_ms = record->ts_ms;
        copy_field(glance->decision, sizeof glance->decision, record->fields[FIELD_OUTCOME]);
        break;
    case RECORD_END:
        copy_field(glance->end_status, sizeof glance->end_status, record->fields[FIELD_STATUS]);
        json_decref(glance->result);
        glance->result = NULL;
        return record->has_body ? json_read(record->body, &glance->result, err) : ERR_NONE;
    case RECORD_NONE:
    case RECORD_INTENT:
    case RECORD_RESULT:
    case RECORD_ANSWER:
    case RECORD_VERDICT:
    case RECORD_NOTE:
    case RECORD_N:
        break;
    }
    return ERR_NONE;
}

enum err_code run_unknown(const char *id, struct err *err) {
    err_set(err, ERR_NOT_FOUND, "there is no session %.100s", id);
    return err_remedy(err, "aws-copilot approvals and history list them");
}

enum err_code glance_read(struct cli *cli, const char *id, struct glance *out, struct err *err) {
    struct glance glance = {0};

    if (journal_replay(flow_store(cli->flow), str_from(id), 1, glance_visit, &glance, err) !=
        ERR_NONE) {
        glance_done(&glance);
        /* An id past its grammar names nothing either. */
        return err->code == ERR_NOT_FOUND || err->code == ERR_INVALID ? run_unknown(id, err)
                                                                      : err->code;
    }
    *out = glance;
    return ERR_NONE;
}

enum err_code run_bucket(struct cli *cli, const json_t *flags, const json_t *target, char **out,
                         struct err *err) {
    CLEANUP(freep)
    char *stack = mem_format("bootstrap-%s", json_str_or(target, "qualifier", "depl"));
    CLEANUP(json_decrefp) json_t *status = NULL;
    const char *bucket;

    if (cli_query(cli, flags, "stack_status", agent_args("stack", stack, NULL), &status, err) !=
        ERR_NONE) {
        return err->code;
    }
    bucket = json_str_at(status, "outputs.Artifacts");
    *out = bucket == NULL ? NULL : mem_strdup(bucket);
    return ERR_NONE;
}

/* Looks where other machines keep theirs. */
static enum err_code run_find_elsewhere(struct cli *cli, const char *id, struct joined *joined,
                                        struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;
    CLEANUP(freep) char *bucket = NULL;

    if (flow_target(cli->flow, flags, &target, err) != ERR_NONE ||
        run_bucket(cli, flags, target, &bucket, err) != ERR_NONE) {
        return err->code;
    }
    where = agent_args("bucket", bucket, "stack", json_str_or(target, "stack", ""), NULL);
    json_put(where, "flags", json_incref(flags));
    return bucket == NULL ? ERR_NONE : flow_join(cli->flow, id, where, joined, err);
}

static enum err_code run_find_unknown(struct cli *cli, const char *id, struct joined *joined,
                                      struct err *err) {
    struct err why = {0};

    *joined = (struct joined){0};
    if (run_find_elsewhere(cli, id, joined, &why) == ERR_NONE && joined->is_found) {
        return ERR_NONE;
    }
    if (joined->is_found || why.code == ERR_CORRUPT || why.code == ERR_CONFLICT) {
        *err = why;
        return err->code;
    }
    (void)run_unknown(id, err);
    if (why.code != ERR_NONE) {
        err_set(err, ERR_NOT_FOUND,
                "there is no session %.100s on this machine, and others could not be asked: %s", id,
                why.text);
        return err_remedy(err, "aws-copilot approvals and history list them; else %s", why.remedy);
    }
    return err->code;
}

/* What is known here, brought up to date; `*out` as glance_read() gives it. */
static enum err_code run_find_known(struct cli *cli, const char *id, struct glance *glance,
                                    struct joined *joined, struct err *err) {
    *joined = (struct joined){0};
    if (glance->end_status[0] != '\0') {
        return ERR_NONE; /* nothing follows an end */
    }
    if (flow_join(cli->flow, id, NULL, joined, err) != ERR_NONE) {
        return err->code;
    }
    if (joined->imported > 0) {
        glance_done(glance);
        return glance_read(cli, id, glance, err);
    }
    return ERR_NONE;
}

enum err_code run_find(struct cli *cli, const char *id, struct glance *out, struct joined *joined,
                       struct err *err) {
    struct glance glance = {0};
    enum err_code code = glance_read(cli, id, &glance, err);

    if (code == ERR_NONE) {
        code = run_find_known(cli, id, &glance, joined, err);
    } else if (code == ERR_NOT_FOUND) {
        *err = (struct err){0};
        code = run_find_unknown(cli, id, joined, err);
        code = code == ERR_NONE ? glance_read(cli, id, &glance, err) : code;
    }
    if (code != ERR_NONE) {
        glance_done(&glance);
        return code;
    }
    glance.is_foreign = joined->is_foreign;
    *out = glance;
    return ERR_NONE;
}

json_t *glance_flags(const struct cli *cli, const struct glance *glance) {
    static const char *const copies[][2] = {
        {"env", "fields.env"},        {"app", "fields.app"},
        {"region", "fields.region"},  {"account", "identity.account"},
        {"profile", "flags.profile"}, {"endpoint_url", "flags.endpoint_url"}};
    json_t *flags = cli_flags(cli);

    for (size_t i = 0; i < ARRAY_N(copies); i++) {
        bool is_name = strncmp(copies[i][1], "flags.", 6) == 0; /* of one machine */

        if (json_str_at(flags, copies[i][0]) == NULL && !(is_name && glance->is_foreign)) {
            json_put_str(flags, copies[i][0], json_str_at(glance->state, copies[i][1]));
        }
    }
    return flags;
}

enum err_code glance_may_decide(const struct glance *glance, const char *id, int64_t now_ms,
                                struct err *err) {
    int64_t expires_ms = json_int_or(glance->question, "expires_ms", 0);

    if (glance->decided_ms != 0) {
        err_set(err, ERR_USED, "it was decided already: %s, at %s", glance->decision,
                run_date(glance->decided_ms).text);
        return err_remedy(err, "aws-copilot audit %s shows by whom", id);
    }
    if (glance->end_status[0] != '\0') {
        err_set(err, ERR_USED, "session %s has ended (%s)", id, glance->end_status);
        return err_remedy(err, "aws-copilot plan makes a new one");
    }
    if (glance->question == NULL || strcmp(glance->status, "waiting") != 0) {
        err_set(err, ERR_NOT_FOUND, "session %s asks for no approval now; it is at %s", id,
                glance->phase);
        return err_remedy(err, "aws-copilot approvals lists those that do");
    }
    if (expires_ms <= now_ms) {
        err_set(err, ERR_EXPIRED, "the question has expired, at %s", run_date(expires_ms).text);
        return err_remedy(err, "aws-copilot deploy --plan %s asks it again", id);
    }
    return ERR_NONE;
}

/* ---- Who holds it ---- */

enum err_code run_owner(struct cli *cli, const char *id, bool *out_is_held, char *owner,
                        size_t size, struct err *err) {
    struct store_lease lease = {0};

    if (store_read_lease(flow_store(cli->flow), str_from(id), &lease, err) != ERR_NONE) {
        return err->code;
    }
    *out_is_held = store_lease_is_held(&lease, clock_now_ms());
    (void)snprintf(owner, size, "process %lld on %.*s", (long long)lease.owner.pid,
                   (int)strcspn(lease.owner.host, "/"), lease.owner.host);
    return ERR_NONE;
}

enum err_code run_open_session(struct cli *cli, struct arena *arena, const char **out,
                               struct err *err) {
    static const char *const open[] = {"waiting", "running"};
    const struct store_session *newest = NULL;

    for (size_t i = 0; i < ARRAY_N(open); i++) {
        struct store_sessions find = {.project = str_from(flow_project_key(cli->flow)),
                                      .status = str_from(open[i])};
        const struct store_session *rows = NULL;
        size_t n = 0;

        if (store_list_sessions(flow_store(cli->flow), &find, arena, &rows, &n, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t k = 0; k < n; k++) {
            bool is_query = str_eq(rows[k].kind, STR("query"));

            if (!is_query && (newest == NULL || rows[k].created_ms > newest->created_ms)) {
                newest = &rows[k];
            }
        }
    }
    *out = newest == NULL ? NULL : arena_str(arena, newest->id);
    return ERR_NONE;
}

enum err_code run_newest_session(struct cli *cli, struct arena *arena, const char **out,
                                 struct err *err) {
    struct store_sessions find = {.project = str_from(flow_project_key(cli->flow))};
    const struct store_session *rows = NULL;
    size_t n = 0;

    if (store_list_sessions(flow_store(cli->flow), &find, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    *out = NULL;
    for (size_t i = 0; i < n && *out == NULL; i++) {
        *out = str_eq(rows[i].kind, STR("query")) ? NULL : arena_str(arena, rows[i].id);
    }
    return ERR_NONE;
}

enum err_code run_named_session(struct cli *cli, struct arena *arena, const char **out,
                                struct err *err) {
    const char *id = cli_word(cli, 0);

    if (cli_flow(cli, err) != ERR_NONE ||
        (id == NULL && run_open_session(cli, arena, &id, err) != ERR_NONE)) {
        return err->code;
    }
    if (id == NULL) {
        err_set(err, ERR_NOT_FOUND, "no session of this repository is under way");
        return err_remedy(err, "aws-copilot history lists those that ended");
    }
    *out = id;
    return ERR_NONE;
}

bool run_say_joined(struct cli *cli, const char *id, const struct joined *joined) {
    if (joined->is_run) {
        cli_say(cli, "session %s is run by %s on %s since %s", id, joined->actor, joined->host,
                run_date(joined->since_ms).text);
    } else if (joined->decision[0] != '\0') {
        cli_say(cli, "session %s: %s by %s at %s; aws-copilot attach %s goes on", id,
                joined->decision, joined->decider, run_date(joined->decided_ms).text, id);
    }
    return joined->is_run || joined->decision[0] != '\0';
}

/* ---- Times ---- */

struct elapsed run_until(int64_t at_ms) {
    struct elapsed out = {"expired"};
    int64_t left_ms = at_ms - clock_now_ms();

    return left_ms <= 0 ? out : screen_elapsed(left_ms);
}

struct elapsed run_date(int64_t at_ms) {
    struct elapsed out = {{0}};
    time_t s = (time_t)(at_ms / 1000);
    struct tm tm = {0};

    (void)localtime_r(&s, &tm);
    (void)strftime(out.text, sizeof out.text, "%Y-%m-%d %H:%M", &tm);
    return out;
}
