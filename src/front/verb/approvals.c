/* approvals, approve, reject: what waits for a yes, and the yes or no of another terminal. */
#include <string.h>

#include "base/clock.h"
#include "front/verb/run.h"
#include "guard/approval.h"

/* ---- approvals ---- */

static enum err_code waiting_row(const struct glance *glance, json_t **out, struct err *err) {
    CLEANUP(approval_done) struct approval paper = {0};

    if (approval_read(str_from(json_str_or(glance->question, "bytes", "")), &paper, err) !=
        ERR_NONE) {
        return err->code;
    }
    *out = approval_row(&paper, json_str_or(glance->state, "fields.stack", ""));
    return ERR_NONE;
}

/* Two lines: what it is; who asks since when, and what answers it. */
static void waiting_print(struct cli *cli, json_t *row, bool is_here, size_t *shown) {
    CLEANUP(json_decrefp) json_t *owned = row;
    CLEANUP(freep) char *next = waiting_next(row);

    if ((*shown)++ == 0) {
        cli_say(cli,
                "aws-copilot approvals ID shows what a yes means; the time is what is left for it");
    }
    json_put_bool(owned, "here", is_here);
    json_put_str(row, "next", next);
    cli_event(cli, "approval", json_incref(row));
    cli_print(cli, "%-22s %-10s %-30s %.12s  %s\n", json_str_or(row, "session", ""),
              json_str_or(row, "kind", ""), json_str_or(row, "stack", ""),
              json_str_or(row, "digest", ""), run_until(json_int_or(row, "expires_ms", 0)).text);
    cli_print(cli, "    asked by %s at %s%s; %s\n", json_str_or(row, "asked_by", "?"),
              run_date(json_int_or(row, "asked_ms", 0)).text, is_here ? "" : " on another machine",
              next);
}

/* Whether a session that waits here, and as others see it does not, was answered elsewhere: says
 * so. Takes up how it went on. */
static bool waiting_is_answered(struct cli *cli, const char *id, const json_t *others) {
    CLEANUP(json_decrefp) json_t *shared = NULL;
    struct joined joined;
    struct err why = {0};

    if (flow_shared(cli->flow, id, &shared, &why) != ERR_NONE || shared == NULL ||
        strcmp(json_str_or(shared, "stack", ""), json_str_or(others, "stack", "")) != 0 ||
        json_row(json_object_get(others, "rows"), "session", id) != NULL) {
        return false;
    }
    if (flow_join(cli->flow, id, NULL, &joined, &why) != ERR_NONE) {
        cli_say(cli, "! session %s as this machine knows it: %s", id, why.text);
        return false;
    }
    return run_say_joined(cli, id, &joined);
}

static enum err_code waiting_show(struct cli *cli, const char *id, const json_t *others,
                                  size_t *shown, struct err *err) {
    CLEANUP(glance_done) struct glance glance = {0};
    json_t *row = NULL;

    if (others != NULL && waiting_is_answered(cli, id, others)) {
        return ERR_NONE;
    }
    if (glance_read(cli, id, &glance, err) != ERR_NONE) {
        return err->code;
    }
    if (glance.question == NULL || glance.decided_ms != 0 || glance.end_status[0] != '\0') {
        return ERR_NONE; /* it waits for something else, such as its child, or no more */
    }
    if (waiting_row(&glance, &row, err) != ERR_NONE) {
        return err->code;
    }
    waiting_print(cli, row, true, shown);
    return ERR_NONE;
}

static enum err_code approvals_here(struct cli *cli, const json_t *others, size_t *shown,
                                    struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store_sessions find = {.status = STR("waiting")};
    const struct store_session *rows = NULL;
    size_t n = 0;

    if (store_list_sessions(flow_store(cli->flow), &find, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (waiting_show(cli, arena_str(arena, rows[i].id), others, shown, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code approvals_list(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *others = NULL;
    CLEANUP(json_decrefp) json_t *unknown = NULL;
    size_t shown = 0;
    json_t *row;
    size_t i;

    if (waiting_elsewhere(cli, false, &others, err) != ERR_NONE ||
        approvals_here(cli, others, &shown, err) != ERR_NONE ||
        waiting_unknown(cli, others, &unknown, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(unknown, i, row) { waiting_print(cli, json_deep_copy(row), false, &shown); }
    if (shown == 0) {
        cli_say(cli, "nothing waits for a yes");
    }
    return ERR_NONE;
}

/* The change set and the paper: what a person reads before saying yes. */
static enum err_code paper_show(struct cli *cli, const struct glance *glance, struct err *err) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(256 * 1024);
    const json_t *preview = json_at(glance->state, "preview");

    if (cli->is_json) {
        return ERR_NONE;
    }
    if (preview != NULL) {
        render_changes(&cli->screen, &out, preview);
        render_print(cli->render, &out);
    }
    if (approval_render(str_from(json_str_or(glance->question, "bytes", "")),
                        screen_width(&cli->screen), &out, err) != ERR_NONE) {
        return err->code;
    }
    render_print(cli->render, &out);
    return ERR_NONE;
}

static enum err_code approvals_run(struct cli *cli, struct err *err) {
    CLEANUP(glance_done) struct glance glance = {0};
    struct joined joined;
    const char *id = cli_word(cli, 0);
    json_t *row = NULL;

    if (cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (id == NULL) {
        return approvals_list(cli, err);
    }
    if (run_find(cli, id, &glance, &joined, err) != ERR_NONE) {
        return err->code;
    }
    if (glance.question == NULL) {
        err_set(err, ERR_NOT_FOUND, "session %s asks for no approval", id);
        return err_remedy(err, "aws-copilot approvals lists those that do");
    }
    if (waiting_row(&glance, &row, err) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "approval", row);
    return paper_show(cli, &glance, err);
}

const struct verb verb_approvals = {
    .name = "approvals",
    .words = "[ID]",
    .word_max = 1,
    .summary = "what waits for a yes; with ID, what that yes means",
    .more = "In a repository with a project file also what other machines ask of its stack.",
    .section = VERBS_RECORD,
    .options = OPTIONS_WHERE,
    .run = approvals_run,
};

/* ---- approve, reject ---- */

/* Whether a yes or no of another process is on its way already, before `mine`, which is NULL while
 * nothing was said here. */
static enum err_code decide_check_inbox(struct cli *cli, const char *id, const json_t *mine,
                                        struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_message *messages = NULL;
    size_t n = 0;

    if (store_read_inbox(flow_store(cli->flow), str_from(id), arena, &messages, &n, err) !=
        ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        CLEANUP(json_decrefp) json_t *body = NULL;
        struct err unread = {0};
        const char *type;

        if (json_read(messages[i].body, &body, &unread) != ERR_NONE) {
            continue;
        }
        if (mine != NULL && json_equal(body, mine)) {
            return ERR_NONE;
        }
        type = json_str_or(body, "type", "");
        if (strcmp(type, "approve") == 0 || strcmp(type, "reject") == 0) {
            err_set(err, ERR_USED, "it was decided already: %s by %s", type,
                    json_str_or(body, "actor", "?"));
            return err_remedy(err, "aws-copilot attach %s shows how it goes on", id);
        }
    }
    return ERR_NONE;
}

/* Whether somebody on another machine was faster. */
static enum err_code decide_check_joined(const struct glance *glance, const char *id,
                                         const struct joined *joined, struct err *err) {
    if (joined->decision[0] != '\0' && glance->end_status[0] == '\0' &&
        strcmp(joined->digest, json_str_or(glance->question, "digest", "")) == 0) {
        err_set(err, ERR_USED, "it was decided already: %s by %s, at %s", joined->decision,
                joined->decider, run_date(joined->decided_ms).text);
        return err_remedy(err, "aws-copilot attach %s shows how it goes on", id);
    }
    if (joined->is_run) {
        err_set(err, ERR_USED, "session %s is run by %s on %s since %s", id, joined->actor,
                joined->host, run_date(joined->since_ms).text);
        return err_remedy(err, "aws-copilot attach %s shows how it goes on", id);
    }
    return ERR_NONE;
}

/* A destruction wants the stack's name typed: as the word after the id, or asked for here. */
static enum err_code decide_check_name(struct cli *cli, const char *id, const char *type,
                                       const struct glance *glance, struct err *err) {
    const char *wanted = json_str_at(glance->question, "confirm");
    const char *given = cli_word(cli, 1);
    CLEANUP(freep) char *typed = NULL;
    CLEANUP(freep) char *question = NULL;

    if (wanted == NULL || strcmp(type, "approve") != 0) {
        return ERR_NONE;
    }
    question = mem_format("Nothing brings it back. Type the name of the stack to go on");
    if (given == NULL && cli->asker.lines != NULL &&
        asker_text(&cli->asker, question, &typed, err) != ERR_NONE) {
        return err->code;
    }
    given = given == NULL ? typed : given;
    if (given == NULL) {
        err_set(err, ERR_MISSING, "a destruction is approved with the name of its stack");
        return err_remedy(err, "aws-copilot approve %s %s", id, wanted);
    }
    if (strcmp(given, wanted) != 0) {
        err_set(err, ERR_USAGE, "'%.60s' is not the stack that would be destroyed", given);
        return err_remedy(err, "it is %s; nothing was done", wanted);
    }
    return ERR_NONE;
}

/* Two that answer at the same moment both find nothing decided: the first counts, and the other is
 * told. */
static enum err_code decide_check_first(struct cli *cli, const char *id, const json_t *mine,
                                        struct err *err) {
    CLEANUP(glance_done) struct glance now = {0};
    bool is_yes = strcmp(json_str_or(mine, "type", ""), "approve") == 0;

    if (decide_check_inbox(cli, id, mine, err) != ERR_NONE ||
        glance_read(cli, id, &now, err) != ERR_NONE) {
        return err->code;
    }
    return now.decided_ms == 0 || strcmp(now.decision, is_yes ? "yes" : "no") == 0
               ? ERR_NONE
               : glance_may_decide(&now, id, clock_now_ms(), err);
}

static enum err_code decide_put(struct cli *cli, const char *id, const char *type,
                                const struct glance *glance, const json_t *where, struct err *err) {
    CLEANUP(json_decrefp) json_t *message = NULL;
    CLEANUP(freep) char *actor = mem_format("%s,terminal", json_str_or(where, "arn", "unknown"));
    CLEANUP(masked_done) struct masked masked = {0};

    message = agent_args("type", type, "digest", json_str_or(glance->question, "digest", ""),
                         "actor", actor, NULL);
    redact_json(flow_redactor(cli->flow), message, &masked);
    return store_put_message(flow_store(cli->flow), str_from(id), &masked, err) == ERR_NONE
               ? decide_check_first(cli, id, message, err)
               : err->code;
}

/* Who asked cannot be the second one who agrees; a no is anybody's. */
static enum err_code decide_check_second(const struct glance *glance, const char *type,
                                         const json_t *where, struct err *err) {
    const char *requester = json_str_or(glance->state, "identity.arn", "");

    if (!json_bool_at(glance->state, "project.second_approver") || strcmp(type, "approve") != 0 ||
        strcmp(requester, json_str_or(where, "arn", "")) != 0) {
        return ERR_NONE;
    }
    err_set(err, ERR_POLICY,
            "this environment asks for a second approver, and %s is who asked for the change",
            requester);
    return err_remedy(err, "somebody else says it, with credentials of their own");
}

static void decide_say_owner(struct cli *cli, const char *id, const char *owner) {
    cli_say(cli, "said to %s, which goes on; aws-copilot attach %s watches it", owner, id);
}

/* The owner goes on by itself; without one, this process does, or says how. */
static enum err_code decide_go_on(struct cli *cli, const char *id, const struct glance *glance,
                                  struct err *err) {
    char owner[160] = "";
    bool is_held = false;
    struct err unread = {0};
    enum err_code code;

    if (run_owner(cli, id, &is_held, owner, sizeof owner, err) != ERR_NONE) {
        return err->code;
    }
    if (is_held) {
        decide_say_owner(cli, id, owner);
        return ERR_NONE;
    }
    if (json_bool_at(glance->state, "project.second_approver")) {
        cli_say(cli, "on record; aws-copilot attach %s goes on, run by who asked for it", id);
        return ERR_NONE;
    }
    if (json_bool_at(glance->state, "flags.stop_at_wait")) {
        cli_say(cli, "on record; aws-copilot deploy --plan %s goes on", id);
        return ERR_NONE;
    }
    code = run_on(cli, id, err);
    if (code == ERR_LOCKED &&
        run_owner(cli, id, &is_held, owner, sizeof owner, &unread) == ERR_NONE && is_held) {
        decide_say_owner(cli, id, owner); /* who said the same was faster */
        return ERR_NONE;
    }
    return code;
}

static enum err_code decide_run(struct cli *cli, const char *type, struct err *err) {
    CLEANUP(glance_done) struct glance glance = {0};
    CLEANUP(json_decrefp) json_t *flags = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;
    const char *id = cli_word(cli, 0);
    struct joined joined;

    if (id == NULL) {
        err_set(err, ERR_USAGE, "%s which session?", type);
        return err_remedy(err, "aws-copilot approvals lists what waits");
    }
    if (cli_flow(cli, err) != ERR_NONE || run_find(cli, id, &glance, &joined, err) != ERR_NONE ||
        decide_check_joined(&glance, id, &joined, err) != ERR_NONE ||
        glance_may_decide(&glance, id, clock_now_ms(), err) != ERR_NONE ||
        decide_check_inbox(cli, id, NULL, err) != ERR_NONE) {
        return err->code;
    }
    flags = glance_flags(cli, &glance);
    if (cli_where(cli, flags, &where, err) != ERR_NONE ||
        flow_check_endpoint(id, glance.state, json_str_or(where, "endpoint", ""), err) !=
            ERR_NONE ||
        decide_check_second(&glance, type, where, err) != ERR_NONE ||
        paper_show(cli, &glance, err) != ERR_NONE ||
        decide_check_name(cli, id, type, &glance, err) != ERR_NONE ||
        flow_decide(cli->flow, id, json_str_or(glance.question, "digest", ""),
                    strcmp(type, "approve") == 0, err) != ERR_NONE ||
        decide_put(cli, id, type, &glance, where, err) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "approval",
              agent_args("session", id, "answer", strcmp(type, "approve") == 0 ? "yes" : "no",
                         "digest", json_str_or(glance.question, "digest", ""), "cost",
                         json_str_at(glance.state, "preview.cost.text"), NULL));
    return decide_go_on(cli, id, &glance, err);
}

static enum err_code approve_run(struct cli *cli, struct err *err) {
    return decide_run(cli, "approve", err);
}

const struct verb verb_approve = {
    .name = "approve",
    .words = "ID [STACK]",
    .word_max = 2,
    .summary = "say yes to what a session asks, for exactly its digest",
    .more = "The process that owns the session goes on. When none lives, a session of deploy goes "
            "on here; one of plan waits for aws-copilot deploy --plan ID.\n"
            "A destruction also wants the name of its stack, typed.\n"
            "Exit 6: unknown. Exit 1: already decided, or expired.",
    .section = VERBS_RECORD,
    .options = OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_PROGRESS | OPTIONS_SANDBOX,
    .run = approve_run,
};

static enum err_code reject_run(struct cli *cli, struct err *err) {
    return decide_run(cli, "reject", err);
}

const struct verb verb_reject = {
    .name = "reject",
    .words = "ID",
    .word_max = 1,
    .summary = "say no to what a session asks",
    .section = VERBS_RECORD,
    .options = OPTIONS_WHERE | OPTIONS_ASK,
    .run = reject_run,
};
