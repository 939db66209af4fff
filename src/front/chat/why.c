/* Why did it go wrong: the answer of the journal, with the numbers of its records. */
#include <string.h>

#include "flow/lesson.h"
#include "front/chat/chat_room.h"

enum { WHY_REASONS = 8, WHY_BYTES = 16 * 1024 };

/* A record that says no, a call that failed or a verdict that stopped it; or the change that was
 * sent to AWS. */
struct why_reason {
    int64_t seq;
    int64_t ts_ms;
    char agent[40];
    char what[96];
    char code[40];
};

struct why {
    struct why_reason reasons[WHY_REASONS]; /* the last ones, in their order */
    size_t n;
    int64_t phase_seq; /* of the last record of a phase, which carries the problem */
    int64_t end_seq;
};

static void why_keep(struct why *why, const struct journal_record *record, struct str code) {
    struct why_reason *reason;

    if (why->n == WHY_REASONS) {
        memmove(&why->reasons[0], &why->reasons[1], sizeof why->reasons[0] * (WHY_REASONS - 1));
        why->n--;
    }
    reason = &why->reasons[why->n++];
    *reason = (struct why_reason){.seq = record->seq, .ts_ms = record->ts_ms};
    (void)snprintf(reason->agent, sizeof reason->agent, STR_FMT,
                   STR_ARG(record->fields[FIELD_AGENT]));
    (void)snprintf(reason->what, sizeof reason->what, STR_FMT "%s" STR_FMT,
                   STR_ARG(record->fields[FIELD_TOOL]), record->fields[FIELD_OP].len > 0 ? "." : "",
                   STR_ARG(record->fields[FIELD_OP]));
    (void)snprintf(reason->code, sizeof reason->code, STR_FMT, STR_ARG(code));
}

static enum err_code why_visit(const struct journal_record *record, void *context,
                               struct err *err) {
    struct why *why = context;
    struct str outcome = record->fields[FIELD_OUTCOME];

    (void)err;
    if (record->kind == RECORD_PHASE && record->has_body) {
        why->phase_seq = record->seq;
    } else if (record->kind == RECORD_END) {
        why->end_seq = record->seq;
    } else if (record->kind == RECORD_INTENT && str_eq(record->fields[FIELD_OP], STR("apply"))) {
        why_keep(why, record, STR("sent to AWS"));
    } else if (record->kind == RECORD_RESULT && record->fields[FIELD_CODE].len > 0) {
        why_keep(why, record, record->fields[FIELD_CODE]);
    } else if (record->kind == RECORD_VERDICT && !str_eq(outcome, STR("allow")) &&
               !str_eq(outcome, STR("ask"))) {
        why_keep(why, record, record->fields[FIELD_REASON]);
    }
    return ERR_NONE;
}

static void why_write(const char *id, const struct glance *glance, const struct why *why,
                      struct buf *out_text) {
    const json_t *problem = json_at(glance->state, "problem");
    const json_t *error = json_at(glance->result, "error");
    const char *text = json_str_or(error, "message", json_str_or(problem, "text", ""));
    const char *remedy = json_str_or(error, "remedy", json_str_or(problem, "remedy", ""));

    buf_addf(out_text, "The last run, %s of %s (session %s), %s %s [record %lld].\n", glance->kind,
             json_str_or(json_at(glance->state, "fields"), "stack", "this repository"), id,
             glance->end_status[0] != '\0' ? "ended:" : "stands at",
             glance->end_status[0] != '\0' ? glance->end_status : glance->phase,
             (long long)(why->end_seq > 0 ? why->end_seq : why->phase_seq));
    buf_addf(out_text, "  cause   %s [phase %s, record %lld]\n",
             text[0] == '\0' ? "not on record" : text, json_str_or(problem, "phase", glance->phase),
             (long long)why->phase_seq);
    for (size_t i = 0; i < why->n; i++) {
        const struct why_reason *reason = &why->reasons[i];

        buf_addf(out_text, "  seen    %s  %s %s: %s [record %lld]\n", run_date(reason->ts_ms).text,
                 reason->agent, reason->what, reason->code, (long long)reason->seq);
    }
    if (json_at(glance->state, "restored") != NULL) {
        buf_addf(out_text, "  done    %s\n",
                 json_bool_at(glance->state, "restored.ok")
                     ? "the release before it was put back, and answered"
                     : "the release before it could not be put back");
    }
    if (remedy[0] != '\0') {
        buf_addf(out_text, "  next    %s\n", remedy);
    }
    buf_addf(out_text, "  aws-copilot audit %s shows every decision.\n", id);
}

enum err_code why_last_fields(struct cli *cli, json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(glance_done) struct glance glance = {0};
    const char *id = NULL;

    *out = NULL;
    if (run_newest_session(cli, arena, &id, err) != ERR_NONE) {
        return err->code;
    }
    if (id != NULL && glance_read(cli, id, &glance, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_incref(json_object_get(glance.state, "fields"));
    return ERR_NONE;
}

/* What is less near says something else. */
static const double NEAR_ENOUGH = 0.18;

enum err_code why_seen_before(struct cli *cli, const char *text, const char *but, size_t *out_n,
                              struct err *err) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(WHY_BYTES);
    CLEANUP(json_decrefp) json_t *answer = NULL;
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    json_t *args = agent_args("collection", LESSONS, "text", text, NULL);
    const json_t *row;
    size_t i;

    *out_n = 0;
    if (cli_ask_agent(cli, &agent_curator, flags, "qdrant_vector", "query", args, &answer, err) !=
        ERR_NONE) {
        return err->code;
    }
    if (json_str_at(answer, "note") != NULL) {
        screen_text(&cli->screen, &out, 2, json_str_at(answer, "note"));
    }
    json_array_foreach(json_object_get(answer, "found"), i, row) {
        const char *session = json_str_or(row, "payload.session", "");

        if (json_real_value(json_object_get(row, "score")) < NEAR_ENOUGH ||
            (but != NULL && strcmp(but, session) == 0)) {
            continue;
        }
        buf_addf(&out, "%s  %s  %s  %s\n", *out_n == 0 ? "Seen before:\n" : "",
                 run_date(json_int_or(row, "payload.ended_ms", 0)).text, session,
                 json_str_or(row, "text", ""));
        *out_n += 1;
    }
    if (out.len > 0 && !cli->is_json) {
        render_print(cli->render, &out);
    }
    return ERR_NONE;
}

enum err_code why_failed(struct cli *cli, bool *out_is_told, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(glance_done) struct glance glance = {0};
    CLEANUP(buf_done) struct buf out = BUF_INIT(WHY_BYTES);
    CLEANUP(freep) char *told = NULL;
    struct why why = {0};
    struct err unheard = {0};
    const char *id = NULL;
    size_t n = 0;
    bool is_bad;

    *out_is_told = false;
    if (run_newest_session(cli, arena, &id, err) != ERR_NONE) {
        return err->code;
    }
    if (id == NULL) {
        return ERR_NONE;
    }
    if (glance_read(cli, id, &glance, err) != ERR_NONE) {
        return err->code;
    }
    is_bad = json_at(glance.state, "problem") != NULL || json_at(glance.result, "error") != NULL;
    if (!is_bad || strcmp(glance.status, "waiting") == 0) {
        return ERR_NONE;
    }
    if (journal_replay(flow_store(cli->flow), str_from(id), 1, why_visit, &why, err) != ERR_NONE) {
        return err->code;
    }
    why_write(id, &glance, &why, &out);
    if (flow_has_model(cli->flow)) {
        told = mem_strdup(buf_cstr(&out));
    }
    if (!cli->is_json) {
        render_print(cli->render, &out);
    }
    *out_is_told = true;
    if (told != NULL && explain_with_model(cli, told, glance.state, &unheard) != ERR_NONE) {
        cli_complain(cli, &unheard); /* the journal's answer stands without it */
    }
    return why_seen_before(cli, json_str_or(glance.state, "problem.text", ""), id, &n, err);
}
