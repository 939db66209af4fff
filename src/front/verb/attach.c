/* attach: watch a session that another process runs, or go on with one that nobody does. */
#include <string.h>

#include "base/clock.h"
#include "front/verb/run.h"

enum { LOOK_PAUSE_MS = 300, JOIN_PAUSE_MS = 5000 };

struct watch {
    struct cli *cli;
    const char *id;
    int64_t next_seq;
    bool is_told;         /* who runs it */
    int64_t join_mono_ms; /* when other machines are asked next, of clock_mono_ms() */
    bool is_run;          /* another machine runs it */
    json_t *asked;        /* the question that nobody answered yet; NULL: none */
    json_t *result;       /* of the END record; NULL while it goes on */
    bool has_ended;
    char status[16];
};

static void watch_forget_question(struct watch *watch) {
    json_decref(watch->asked);
    watch->asked = NULL;
}

/* A yes can be given from anywhere; any other answer only where it was asked. */
static void watch_question(struct watch *watch) {
    const json_t *question = watch->asked;
    bool is_approval = strcmp(json_str_or(question, "kind", ""), "approval") == 0;

    if (question == NULL) {
        return;
    }
    cli_say(watch->cli, "asked: %s", json_str_or(question, "question", ""));
    if (is_approval) {
        cli_say(watch->cli, "aws-copilot approve %s says yes, aws-copilot reject %s says no",
                watch->id, watch->id);
    }
    watch_forget_question(watch);
}

/* What the owner showed, shown here: its notes are masked, and masked once more where they leave.
 */
static void watch_note(struct watch *watch, struct str body) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    CLEANUP(masked_done) struct masked masked = {0};
    struct err unread = {0};
    enum event event;

    if (json_read(body, &json, &unread) != ERR_NONE) {
        return;
    }
    event = event_from_type(json_str_or(json, "type", ""));
    if (watch->cli->is_json) {
        redact_text(flow_redactor(watch->cli->flow), body, &masked);
        ndjson_write(&watch->cli->ndjson, &masked);
    } else {
        render_event(watch->cli->render, event, json);
    }
    if (event == EVENT_QUESTION) {
        watch_forget_question(watch);
        watch->asked = json_incref(json);
    }
}

static enum err_code watch_visit(const struct journal_record *record, void *context,
                                 struct err *err) {
    struct watch *watch = context;

    watch->next_seq = record->seq + 1;
    if (record->kind == RECORD_ANSWER || record->kind == RECORD_PHASE ||
        record->kind == RECORD_END) {
        watch_forget_question(watch);
    }
    if (record->kind == RECORD_NOTE && record->has_body) {
        watch_note(watch, record->body);
    }
    if (record->kind == RECORD_END) {
        watch->has_ended = true;
        (void)snprintf(watch->status, sizeof watch->status, STR_FMT,
                       STR_ARG(record->fields[FIELD_STATUS]));
        return record->has_body ? json_read(record->body, &watch->result, err) : ERR_NONE;
    }
    return ERR_NONE;
}

/* Reads what is new; nothing new is no error. */
static enum err_code watch_look(struct watch *watch, const char *id, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store *store = flow_store(watch->cli->flow);
    const struct store_session *row = NULL;

    if (store_get_session(store, str_from(id), arena, &row, err) != ERR_NONE) {
        return err->code;
    }
    if (row == NULL) {
        return run_unknown(id, err);
    }
    if (row->last_seq < watch->next_seq) {
        return ERR_NONE;
    }
    if (journal_replay(store, str_from(id), watch->next_seq, watch_visit, watch, err) != ERR_NONE) {
        return err->code;
    }
    watch_question(watch);
    return ERR_NONE;
}

static void watch_end(struct watch *watch, const char *id) {
    struct cli *cli = watch->cli;

    cli->result = watch->result == NULL ? agent_args("status", watch->status, NULL)
                                        : json_incref(watch->result);
    json_put_str(cli->result, "session", id);
    cli->exit_status = (int)json_int_or(cli->result, "exit", 0);
    cli_show_result(cli, cli->result);
}

/* What other machines recorded meanwhile; `*out_is_new`: there is something to look at. */
static enum err_code watch_join(struct watch *watch, const char *id, bool *out_is_new,
                                struct err *err) {
    struct joined joined;

    if (clock_mono_ms() < watch->join_mono_ms) {
        return ERR_NONE;
    }
    if (flow_join(watch->cli->flow, id, NULL, &joined, err) != ERR_NONE) {
        return err->code;
    }
    watch->join_mono_ms = clock_mono_ms() + JOIN_PAUSE_MS;
    if (joined.is_run && !watch->is_run) {
        cli_say(watch->cli, "%s runs session %s on %s since %s; Ctrl-C stops watching, not the run",
                joined.actor, id, joined.host, run_date(joined.since_ms).text);
    }
    watch->is_run = joined.is_run;
    *out_is_new = joined.imported > 0;
    return ERR_NONE;
}

/* `*out_is_taken` false: somebody was faster, or is at its end already; it is watched on. */
static enum err_code watch_take_over(struct watch *watch, const char *id, bool *out_is_taken,
                                     struct err *err) {
    struct err why = {0};
    enum err_code code;

    cli_say(watch->cli, "nobody runs session %s now; going on with it here", id);
    code = run_again(watch->cli, id, &why);
    if (code == ERR_USED && watch_look(watch, id, err) != ERR_NONE) {
        return err->code;
    }
    *out_is_taken = code != ERR_LOCKED && !watch->has_ended;
    if (code == ERR_NONE || !*out_is_taken) {
        return ERR_NONE;
    }
    *err = why;
    return code;
}

static enum err_code watch_run(struct watch *watch, const char *id, struct err *err) {
    struct cli *cli = watch->cli;

    for (;;) {
        char owner[160] = "";
        bool is_held = false;
        bool is_taken = false;
        bool is_new = false;

        if (watch_look(watch, id, err) != ERR_NONE) {
            return err->code;
        }
        if (watch->has_ended) {
            watch_end(watch, id);
            return ERR_NONE;
        }
        if (run_owner(cli, id, &is_held, owner, sizeof owner, err) != ERR_NONE) {
            return err->code;
        }
        if (is_held && !watch->is_told) {
            cli_say(cli, "%s runs session %s; Ctrl-C stops watching, not the run", owner, id);
            watch->is_told = true;
        }
        if (!is_held && watch_join(watch, id, &is_new, err) != ERR_NONE) {
            return err->code;
        }
        if (is_new) {
            continue;
        }
        if (!is_held && !watch->is_run && watch_take_over(watch, id, &is_taken, err) != ERR_NONE) {
            return err->code;
        }
        if (is_taken) {
            return ERR_NONE;
        }
        if (cli->asker.deadline_mono_ms != 0 && clock_mono_ms() > cli->asker.deadline_mono_ms) {
            err_set(err, ERR_TIMEOUT, "the time of --max-wait-duration is over");
            return err_remedy(err, "the run goes on; aws-copilot attach %s watches again", id);
        }
        if (cli_is_interrupted()) {
            err_set(err, ERR_INTERRUPTED, "stopped watching");
            return err_remedy(err, "the run goes on; aws-copilot attach %s watches again", id);
        }
        clock_sleep_ms(LOOK_PAUSE_MS);
    }
}

static enum err_code watch_from(struct cli *cli, const char *id, int64_t next_seq,
                                struct err *err) {
    struct watch watch = {.cli = cli, .next_seq = next_seq, .id = id};
    enum err_code code = watch_run(&watch, id, err);

    json_decref(watch.asked);
    json_decref(watch.result);
    return code;
}

enum err_code attach_watch(struct cli *cli, const char *id, struct err *err) {
    return watch_from(cli, id, 1, err);
}

enum err_code attach_follow(struct cli *cli, const char *id, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row = NULL;

    if (store_get_session(flow_store(cli->flow), str_from(id), arena, &row, err) != ERR_NONE) {
        return err->code;
    }
    return watch_from(cli, id, row == NULL ? 1 : row->last_seq + 1, err);
}

static enum err_code attach_run(struct cli *cli, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const char *id = NULL;

    CLEANUP(glance_done) struct glance glance = {0};
    struct joined joined;

    if (run_named_session(cli, arena, &id, err) != ERR_NONE ||
        run_find(cli, id, &glance, &joined, err) != ERR_NONE) {
        return err->code;
    }
    return attach_watch(cli, id, err);
}

const struct verb verb_attach = {
    .name = "attach",
    .words = "[ID]",
    .word_max = 1,
    .summary = "watch a run from any terminal, or go on with one that nobody runs",
    .more = "Without ID: the newest session of this repository that has not ended.",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_PROGRESS | OPTIONS_SANDBOX,
    .run = attach_run,
};
