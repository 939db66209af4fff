/* A plan and an outcome in plain words. */
#include "agent/orchestrator/words.h"

#include <string.h>

#include "agent/advise.h"
#include "agent/claims.h"

enum { WORDS_BYTES = 64 * 1024, CHANGES_SHOWN = 60 };

static const char plan_rules[] =
    "You tell a person, who need not know AWS, what a change to their application at AWS means "
    "before they decide about it. `text`: two to four plain sentences: what is made, changed or "
    "removed, whether what runs is interrupted, what data could be lost, what it costs. `notes`: "
    "only for resources that deserve a second look; `where` is the resource's name from the "
    "change set. Do not recommend a decision.";

static const char end_rules[] =
    "You sum up for a person how a run of aws-copilot, which deploys their application to AWS, "
    "ended. `text`: two or three plain sentences: what was done, where it runs, what it costs, "
    "what they could do next with aws-copilot. `notes`: an empty list.";

/* "Add Backend AWS::Lambda::Function", one a line. */
static void changes_add(const struct turn *turn, struct buf *out) {
    const json_t *changes = json_at(turn->state, "preview.changes");
    const json_t *row;
    size_t i;

    json_array_foreach(changes, i, row) {
        const char *replacement = json_str_or(row, "replacement", "");

        if (i == CHANGES_SHOWN) {
            buf_addf(out, "and %zu more\n", json_array_size(changes) - i);
            return;
        }
        buf_addf(out, "%s %s %s%s%s\n", json_str_or(row, "action", ""),
                 json_str_or(row, "logical_id", ""), json_str_or(row, "type", ""),
                 replacement[0] == '\0' ? "" : ", replacement ", replacement);
    }
}

/* The lines of a form "words" that may be shown; a note has to stand at a resource. */
static json_t *words_lines(struct turn *turn, const json_t *form, const struct buf *given) {
    json_t *lines = json_array();
    const char *text = advise_words(turn, json_str_or(form, "text", ""), given);
    const json_t *note;
    size_t i;

    if (text != NULL) {
        (void)json_array_append_new(lines, json_string(text));
    }
    json_array_foreach(json_object_get(form, "notes"), i, note) {
        const char *where = json_str_or(note, "where", "");
        const char *said = json_str_or(note, "text", "");

        if (json_row(json_at(turn->state, "preview.changes"), "logical_id", where) != NULL &&
            claims_judge(str_from(said), buf_str(given)) == CLAIMS_GIVEN) {
            (void)json_array_append_new(lines, json_sprintf("%s: %s", where, said));
        }
    }
    if (json_array_size(lines) == 0) {
        json_decref(lines);
        return NULL;
    }
    return lines;
}

static char *target_text(const struct turn *turn) {
    return mem_format("application %s, environment %s, stack %s, account %s, region %s; cost: %s",
                      agent_text(turn, "fields.app"), agent_text(turn, "fields.env"),
                      agent_text(turn, "fields.stack"), agent_text(turn, "identity.account"),
                      agent_text(turn, "identity.region"), agent_text(turn, "preview.cost.text"));
}

enum outcome words_of_plan(struct turn *turn) {
    CLEANUP(freep) char *target = target_text(turn);
    CLEANUP(buf_done) struct buf changes = BUF_INIT(WORDS_BYTES);
    CLEANUP(buf_done) struct buf given = BUF_INIT(WORDS_BYTES * 4);
    CLEANUP(json_decrefp) json_t *form = NULL;
    struct context_part parts[] = {
        {CONTEXT_QUESTION, "What waits for a decision", target},
        {CONTEXT_PLAN, "The change set", NULL},
        {CONTEXT_OUTPUT, "The repository", agent_text(turn, "brief")},
    };
    const struct advice advice = {.form = "words",
                                  .rules = plan_rules,
                                  .parts = parts,
                                  .n = ARRAY_N(parts),
                                  .is_creative = true};
    enum outcome outcome;
    json_t *lines;

    if (!has_model(turn) || !(agent_is_kind(turn, "deploy") || agent_is_kind(turn, "rollback"))) {
        return OUTCOME_OK;
    }
    changes_add(turn, &changes);
    parts[1].text = buf_cstr(&changes);
    outcome = advise(turn, &advice, &given, &form);
    lines = form == NULL ? NULL : words_lines(turn, form, &given);
    if (lines != NULL) {
        turn_say(turn, EVENT_SAY, json_pack("{s:s, s:o}", "text", "", "words", lines));
    }
    return outcome;
}

/* ---- The end ---- */

/* Of a removal also whether the resource leaves the stack only, as its DeletionPolicy says. */
static long long changes_count(const struct turn *turn, const char *action, bool is_kept) {
    const json_t *row;
    long long n = 0;
    size_t i;

    json_array_foreach(json_at(turn->state, "preview.changes"), i, row) {
        bool has_kept = str_starts(str_from(json_str_or(row, "policy_action", "")), STR("Retain"));

        n += strcmp(json_str_or(row, "action", ""), action) == 0 &&
             (strcmp(action, "Remove") != 0 || has_kept == is_kept);
    }
    return n;
}

/* "1 resource added, 2 changed, 0 removed, 1 detached and kept". The caller frees. */
static char *changes_done(const struct turn *turn) {
    long long added = changes_count(turn, "Add", false);
    long long kept = changes_count(turn, "Remove", true);
    CLEANUP(freep)
    char *detached = kept == 0 ? mem_strdup("") : mem_format(", %lld detached and kept", kept);

    return mem_format("%lld resource%s added, %lld changed, %lld removed%s", added,
                      added == 1 ? "" : "s", changes_count(turn, "Modify", false),
                      changes_count(turn, "Remove", false), detached);
}

json_t *words_of_facts(const struct turn *turn, const char *status) {
    bool is_changed = strcmp(status, "success") == 0;
    bool is_gone = is_changed && agent_is_kind(turn, "destroy");
    const char *url = is_changed ? json_str_at(turn->state, "applied.outputs.Url") : NULL;
    json_t *facts = json_object();

    if (!(agent_is_kind(turn, "deploy") || agent_is_kind(turn, "rollback") || is_gone) ||
        json_at(turn->state, "applied") == NULL) {
        return facts;
    }
    if (is_gone) {
        json_put_str(facts, "done", "the stack is deleted");
    } else if (is_changed) {
        CLEANUP(freep) char *done = changes_done(turn);

        json_put(
            facts, "done",
            json_sprintf("%s; %s was asked and answered", done,
                         agent_is_kind(turn, "rollback") ? "that release" : "the new version"));
    }
    json_put(facts, "where",
             json_sprintf("stack %s, account %s, region %s%s%s", agent_text(turn, "fields.stack"),
                          agent_text(turn, "identity.account"), agent_text(turn, "identity.region"),
                          url == NULL ? "" : ": ", url == NULL ? "" : url));
    return facts;
}

json_t *words_of_end(struct turn *turn, const json_t *result) {
    CLEANUP(freep) char *target = target_text(turn);
    CLEANUP(freep) char *facts = json_text(result);
    CLEANUP(buf_done) struct buf given = BUF_INIT(WORDS_BYTES * 4);
    CLEANUP(json_decrefp) json_t *form = NULL;
    const struct context_part parts[] = {
        {CONTEXT_QUESTION, "How it ended", facts},
        {CONTEXT_REQUIREMENTS, "What it was about", target},
        {CONTEXT_OUTPUT, "The repository", agent_text(turn, "brief")},
    };
    const struct advice advice = {.form = "words",
                                  .rules = end_rules,
                                  .parts = parts,
                                  .n = ARRAY_N(parts),
                                  .is_creative = true};

    (void)advise(turn, &advice, &given, &form); /* the end is the end without them */
    return form == NULL ? NULL : words_lines(turn, form, &given);
}
