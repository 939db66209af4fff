/* history: the releases of the stack, and the sessions of this repository. audit: who decided what,
 * and whether the record is whole. */
#include <string.h>

#include "flow/release.h"
#include "front/verb/run.h"

enum { HISTORY_SESSIONS = 20 };

/* ---- history ---- */

/* Releases are filed by account: the pinned one, or else the one that we are. */
static enum err_code history_target(struct cli *cli, bool *out_is_where_said, json_t **out,
                                    struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *identity = NULL;

    if (flow_target(cli->flow, flags, &target, err) != ERR_NONE) {
        return err->code;
    }
    if (json_str_at(target, "account") == NULL || json_str_at(target, "region") == NULL) {
        if (cli_where(cli, flags, &identity, err) != ERR_NONE) {
            return err->code;
        }
        json_put_str(target, "account", json_str_at(identity, "account"));
        json_put_str(target, "region", json_str_at(identity, "region"));
    }
    *out_is_where_said = identity != NULL;
    *out = TAKE(target);
    return ERR_NONE;
}

/* Two lines: what it is; of which commit, by whom, how it was proven. */
static void release_print(struct cli *cli, const json_t *release, bool is_newest) {
    cli_print(cli, "  %-22s %s  build %s  proven to answer%s\n", json_str_or(release, "id", ""),
              run_date(json_int_or(release, "created_ms", 0)).text,
              json_str_or(release, "build_id", "-"), is_newest ? "  (newest)" : "");
    cli_print(cli, "    commit %.12s%s%s%s  deployed by %s%s\n",
              json_str_or(release, "commit", "unknown"),
              json_bool_at(release, "dirty") ? " with changes" : "",
              json_str_at(release, "author") == NULL ? "" : " of ",
              json_str_or(release, "author", ""), json_str_or(release, "by", "?"),
              json_str_at(release, "restores") == NULL ? "" : "  (went back)");
}

static enum err_code history_releases(struct cli *cli, const json_t *target, struct err *err) {
    CLEANUP(json_decrefp) json_t *releases = NULL;
    const json_t *release;
    size_t i;

    if (release_list(flow_store(cli->flow), json_str_or(target, "account", ""),
                     json_str_or(target, "region", ""), json_str_or(target, "stack", ""),
                     (size_t)limit(LIMIT_RELEASES), &releases, err) != ERR_NONE) {
        return err->code;
    }
    cli_print(cli, "releases of %s\n", json_str_or(target, "stack", ""));
    json_array_foreach(releases, i, release) {
        json_t *row = json_deep_copy(release);

        (void)json_object_del(row, "template"); /* long, and nobody reads it here */
        cli_event(cli, "release", row);
        release_print(cli, release, i == 0);
    }
    if (json_array_size(releases) == 0) {
        cli_print(cli, "  none yet\n");
    }
    return ERR_NONE;
}

/* What other machines did to sessions that are open here; one that cannot be asked about is told.
 */
static enum err_code history_join(struct cli *cli, struct err *err) {
    static const char *const open[] = {"waiting", "running"};

    for (size_t i = 0; i < ARRAY_N(open); i++) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        struct store_sessions find = {.project = str_from(flow_project_key(cli->flow)),
                                      .status = str_from(open[i]),
                                      .limit = HISTORY_SESSIONS};
        const struct store_session *rows = NULL;
        size_t n = 0;

        if (store_list_sessions(flow_store(cli->flow), &find, arena, &rows, &n, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t k = 0; k < n; k++) {
            struct joined joined;
            struct err why = {0};
            const char *id = arena_str(arena, rows[k].id);

            if (flow_join(cli->flow, id, NULL, &joined, &why) != ERR_NONE) {
                cli_say(cli, "! session %s as this machine knows it: %s", id, why.text);
            } else {
                (void)run_say_joined(cli, id, &joined);
            }
        }
    }
    return ERR_NONE;
}

/* Who went on with it on another machine; "" where nobody did. */
static enum err_code history_continued(struct cli *cli, const char *id, json_t *row, char *text,
                                       size_t size, struct err *err) {
    CLEANUP(json_decrefp) json_t *shared = NULL;
    const json_t *by;

    text[0] = '\0';
    if (flow_shared(cli->flow, id, &shared, err) != ERR_NONE) {
        return err->code;
    }
    by = json_object_get(shared, "continued_by");
    if (by != NULL) {
        json_put(row, "continued_by", json_deep_copy(by));
        (void)snprintf(text, size, "  continued by %s on %s at %s", json_str_or(by, "actor", "?"),
                       json_str_or(by, "host", "?"), run_date(json_int_or(by, "since_ms", 0)).text);
    }
    return ERR_NONE;
}

static void history_waiting(struct cli *cli, const json_t *waiting) {
    CLEANUP(freep) char *next = waiting_next(waiting);
    json_t *row = json_deep_copy(waiting);

    json_put_str(row, "status", "waiting");
    json_put_str(row, "phase", "wait");
    json_put_bool(row, "here", false);
    json_put_str(row, "next", next);
    cli_event(cli, "session", row);
    cli_print(cli, "  %-22s %s  %-10s waiting  asked by %s on another machine; %s\n",
              json_str_or(waiting, "session", ""),
              run_date(json_int_or(waiting, "asked_ms", 0)).text, json_str_or(waiting, "kind", ""),
              json_str_or(waiting, "asked_by", "?"), next);
}

/* Sessions that this machine does not know, and that wait for somebody's yes. */
static enum err_code history_elsewhere(struct cli *cli, const json_t *others, struct err *err) {
    CLEANUP(json_decrefp) json_t *unknown = NULL;
    const json_t *row;
    size_t i;

    if (waiting_unknown(cli, others, &unknown, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(unknown, i, row) { history_waiting(cli, row); }
    return ERR_NONE;
}

static enum err_code history_sessions(struct cli *cli, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store_sessions find = {.project = str_from(flow_project_key(cli->flow))};
    const struct store_session *rows = NULL;
    size_t shown = 0;
    size_t n = 0;

    if (store_list_sessions(flow_store(cli->flow), &find, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    cli_print(cli, "sessions of this repository\n");
    for (size_t i = 0; i < n && shown < HISTORY_SESSIONS; i++) {
        char by[480];
        json_t *row;

        if (str_eq(rows[i].kind, STR("query"))) {
            continue;
        }
        shown++;
        row = json_object();
        json_put_strn(row, "session", rows[i].id);
        json_put_strn(row, "kind", rows[i].kind);
        json_put_strn(row, "status", rows[i].status);
        json_put_strn(row, "phase", rows[i].phase);
        json_put_int(row, "created_ms", rows[i].created_ms);
        json_put_int(row, "updated_ms", rows[i].updated_ms);
        if (history_continued(cli, arena_str(arena, rows[i].id), row, by, sizeof by, err) !=
            ERR_NONE) {
            json_decref(row);
            return err->code;
        }
        cli_event(cli, "session", row);
        cli_print(cli, "  %-22.*s %s  %-10.*s %.*s%s\n", (int)rows[i].id.len, rows[i].id.ptr,
                  run_date(rows[i].created_ms).text, (int)rows[i].kind.len, rows[i].kind.ptr,
                  (int)rows[i].status.len, rows[i].status.ptr, by);
    }
    if (shown == 0) {
        cli_print(cli, "  none yet\n");
    }
    return ERR_NONE;
}

static enum err_code history_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *others = NULL;
    bool is_where_said = false;

    if (cli_flow(cli, err) != ERR_NONE ||
        history_target(cli, &is_where_said, &target, err) != ERR_NONE ||
        waiting_elsewhere(cli, is_where_said, &others, err) != ERR_NONE ||
        history_join(cli, err) != ERR_NONE || history_releases(cli, target, err) != ERR_NONE ||
        history_sessions(cli, err) != ERR_NONE) {
        return err->code;
    }
    return history_elsewhere(cli, others, err);
}

const struct verb verb_history = {
    .name = "history",
    .words = "",
    .summary = "releases that were proven to answer, and recent sessions",
    .section = VERBS_LOOK,
    .options = OPTIONS_WHERE,
    .run = history_run,
};

/* ---- audit ---- */

/* What a record says about a decision: an effect that was begun, a verdict, a yes or no. */
static json_t *decision_of(const struct journal_record *record) {
    static const enum record_field fields[] = {
        FIELD_AGENT,  FIELD_TOOL, FIELD_OP,    FIELD_PHASE,  FIELD_SUBJECT, FIELD_OUTCOME,
        FIELD_REASON, FIELD_CODE, FIELD_ACTOR, FIELD_DIGEST, FIELD_STATUS,  FIELD_KIND};
    json_t *row = json_object();

    json_put_int(row, "seq", record->seq);
    json_put_int(row, "time_ms", record->ts_ms);
    json_put_str(row, "record", record_name(record->kind));
    for (size_t i = 0; i < ARRAY_N(fields); i++) {
        if (record->fields[fields[i]].len > 0) {
            json_put_strn(row, record_field_name(fields[i]), record->fields[fields[i]]);
        }
    }
    return row;
}

static bool is_decision(enum record_kind kind) {
    static const enum record_kind kinds[] = {RECORD_SESSION, RECORD_INTENT,   RECORD_ANSWER,
                                             RECORD_VERDICT, RECORD_APPROVAL, RECORD_END};

    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* Who: the actor of an approval, else the agent; an answer without one was given where it ran. */
static const char *decision_who(const json_t *row) {
    bool is_answer = strcmp(json_str_or(row, "record", ""), "answer") == 0;

    return json_str_or(row, "actor", json_str_or(row, "agent", is_answer ? "here" : "flow"));
}

static void decision_print(struct cli *cli, const json_t *row) {
    CLEANUP(buf_done) struct buf what = BUF_INIT(4096);
    static const char *const parts[] = {"tool", "op",     "subject",  "outcome", "reason",
                                        "kind", "status", "question", "answer"};

    for (size_t i = 0; i < ARRAY_N(parts); i++) {
        const char *value = json_str_at(row, parts[i]);

        if (value != NULL) {
            int most = strlen(value) == SHA256_HEX ? 12 : 70; /* a digest is known by its head */

            buf_addf(&what, "%s%.*s", what.len == 0 ? "" : " ", most, value);
        }
    }
    cli_print(cli, "%5lld  %s  %-8s  %-12s  %s  %.12s\n", (long long)json_int_or(row, "seq", 0),
              run_date(json_int_or(row, "time_ms", 0)).text, json_str_or(row, "record", ""),
              decision_who(row), buf_cstr(&what), json_str_or(row, "digest", ""));
}

struct audit {
    struct cli *cli;
    const char *id;
    json_t *asked; /* the last question; or NULL. Owned */
};

/* What a record says in its body; NULL where that has expired. The caller decrefs. */
static json_t *record_body(const struct journal_record *record) {
    json_t *body = NULL;
    struct err unread = {0};

    return record->has_body && json_read(record->body, &body, &unread) == ERR_NONE ? body : NULL;
}

/* An answer is a decision with what it answers: the field, or the kind of the question. */
static void decision_add_answer(const struct audit *audit, const struct journal_record *record,
                                json_t *row) {
    CLEANUP(json_decrefp) json_t *said = record_body(record);
    const char *kind = json_str_or(audit->asked, "kind", "");
    struct str answer = str_from(json_str_or(said, "answer", ""));

    if (strcmp(kind, "approval") == 0) { /* what follows is the digest that the approval has */
        answer = str_slice(answer, 0, strcspn(answer.ptr, " "));
    }
    json_put_str(row, "question", json_str_or(audit->asked, "field", kind));
    json_put_strn(row, "answer", answer);
    json_put_str(row, "actor", json_str_at(said, "by"));
}

static enum err_code audit_visit(const struct journal_record *record, void *context,
                                 struct err *err) {
    struct audit *audit = context;
    json_t *row;

    (void)err;
    if (record->seq == 1) {
        cli_say(audit->cli, "decisions of session %s", audit->id);
    }
    if (record->kind == RECORD_QUESTION) {
        json_decref(audit->asked);
        audit->asked = record_body(record);
    }
    if (!is_decision(record->kind)) {
        return ERR_NONE;
    }
    row = decision_of(record);
    if (record->kind == RECORD_ANSWER) {
        decision_add_answer(audit, record, row);
    }
    decision_print(audit->cli, row);
    cli_event(audit->cli, "decision", row);
    return ERR_NONE;
}

static enum err_code audit_newest(struct cli *cli, struct arena *arena, const char **out,
                                  struct err *err) {
    if (run_newest_session(cli, arena, out, err) != ERR_NONE) {
        return err->code;
    }
    if (*out == NULL) {
        err_set(err, ERR_NOT_FOUND, "this repository has no session yet");
        return err_remedy(err, "aws-copilot audit ID shows one of another repository");
    }
    return ERR_NONE;
}

/* What cannot be read because it is no session's id is told as that. */
static enum err_code audit_failed(const char *id, struct err *err) {
    return id != NULL && (err->code == ERR_NOT_FOUND || err->code == ERR_INVALID)
               ? run_unknown(id, err)
               : err->code;
}

static enum err_code audit_verify(struct cli *cli, const char *id, struct err *err) {
    struct journal_report report = {0};
    json_t *row;

    if (journal_verify(flow_store(cli->flow), str_from(id), &report, err) != ERR_NONE) {
        return audit_failed(id, err);
    }
    row = json_pack("{s:b, s:I, s:I, s:I, s:I}", "ok", report.is_ok, "sessions",
                    (json_int_t)report.sessions, "records", (json_int_t)report.records,
                    "bodies_dropped", (json_int_t)report.bodies_dropped, "seals",
                    (json_int_t)report.seals);
    if (!report.is_ok) {
        json_put_str(row, "session", report.session);
        json_put_int(row, "seq", report.seq);
        json_put_str(row, "reason", report.reason);
    }
    cli_event(cli, "verified", row);
    if (report.is_ok) {
        cli_print(cli, "%zu sessions, %zu records, %zu seals: the record is whole\n",
                  report.sessions, report.records, report.seals);
        return ERR_NONE;
    }
    err_set(err, ERR_CORRUPT, "session %s, record %lld: %s", report.session, (long long)report.seq,
            report.reason);
    return err_remedy(err, "keep a copy of the state folder; records before this one are whole");
}

static enum err_code audit_run(struct cli *cli, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const char *first = cli_word(cli, 0);
    struct audit audit = {.cli = cli, .id = first};
    enum err_code code;

    if (cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (first != NULL && strcmp(first, "verify") == 0) {
        return audit_verify(cli, cli_word(cli, 1), err);
    }
    if (cli_word(cli, 1) != NULL) {
        err_set(err, ERR_USAGE, "audit takes one session");
        return err_remedy(err, "aws-copilot audit ID, or aws-copilot audit verify [ID]");
    }
    if (first == NULL && audit_newest(cli, arena, &audit.id, err) != ERR_NONE) {
        return err->code;
    }
    code = journal_replay(flow_store(cli->flow), str_from(audit.id), 1, audit_visit, &audit, err);
    json_decref(audit.asked);
    return code == ERR_NONE ? ERR_NONE : audit_failed(audit.id, err);
}

const struct verb verb_audit = {
    .name = "audit",
    .words = "[ID] | verify [ID]",
    .word_max = 2,
    .summary = "who decided what and when; verify: is the record whole",
    .more = "Without ID: the newest session of this repository. verify without ID checks all of "
            "them and ends with exit 1 at the first bad record.",
    .section = VERBS_RECORD,
    .run = audit_run,
};
