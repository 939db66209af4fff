/* A model's concerns about a change set: they can only ask. */
#include "agent/compliance/concern.h"

#include <string.h>

#include "agent/advise.h"
#include "agent/claims.h"

enum { SET_BYTES = 64 * 1024, PROPERTIES_BYTES = 2000, ROWS_MAX = 60 };

static const char rules[] =
    "You review a CloudFormation change set as a careful colleague of a security team. Answer with "
    "`concerns`: only what could lose data, open access, interrupt what runs or cost much more, "
    "and is seen in what is given. `where` is the resource's name exactly as the change set has "
    "it, `text` one sentence. What a program has checked already: rights, public access, removal "
    "of data stores, secrets in values, cost. An empty list is a good answer.";

/* A change with what it sets, where the template has it and it is new or changed. */
static void row_add(const json_t *row, const json_t *template, struct buf *out) {
    const char *id = json_str_or(row, "logical_id", "");
    const json_t *resource = json_object_get(json_object_get(template, "Resources"), id);
    const json_t *properties = json_object_get(resource, "Properties");
    CLEANUP(freep) char *text = properties == NULL ? mem_strdup("") : json_text(properties);
    const char *replacement = json_str_or(row, "replacement", "");

    buf_addf(out, "%s %s %s%s%s %.*s\n", json_str_or(row, "action", ""), id,
             json_str_or(row, "type", ""), replacement[0] == '\0' ? "" : ", replacement ",
             replacement, PROPERTIES_BYTES, text);
}

static void set_add(const struct turn *turn, const json_t *template, struct buf *out) {
    const json_t *changes = json_at(turn->state, "preview.changes");
    bool is_update = strcmp(agent_text(turn, "preview.type"), "UPDATE") == 0;
    const json_t *row;
    size_t i;

    json_array_foreach(changes, i, row) {
        if (i == ROWS_MAX) {
            buf_addf(out, "and %zu more\n", json_array_size(changes) - i);
            return;
        }
        /* A first deployment is the program's own template, known by its names. */
        row_add(row, is_update ? template : NULL, out);
    }
}

static void concern_take(struct turn *turn, const json_t *concern, const struct buf *given,
                         json_t *findings) {
    const char *where = json_str_or(concern, "where", "");
    const char *text = json_str_or(concern, "text", "");

    if (json_row(json_at(turn->state, "preview.changes"), "logical_id", where) == NULL ||
        claims_judge(str_from(text), buf_str(given)) != CLAIMS_GIVEN) {
        return;
    }
    (void)json_array_append_new(
        findings, agent_args("code", "model_concern", "verdict", "ask", "where", where, "text",
                             text, "remedy",
                             "in a model's words, which decide nothing; look at it before you say "
                             "yes",
                             NULL));
}

enum outcome concern_add(struct turn *turn, const json_t *template, json_t *findings) {
    CLEANUP(buf_done) struct buf set = BUF_INIT(SET_BYTES);
    CLEANUP(buf_done) struct buf given = BUF_INIT(SET_BYTES * 2);
    CLEANUP(json_decrefp) json_t *form = NULL;
    struct context_part parts[] = {
        {CONTEXT_QUESTION, "The change set", NULL},
        {CONTEXT_OUTPUT, "The repository", agent_text(turn, "brief")},
    };
    const struct advice advice = {
        .form = "concern", .rules = rules, .parts = parts, .n = ARRAY_N(parts)};
    size_t before = json_array_size(findings);
    json_t *concerns = json_array();
    const json_t *row;
    enum outcome outcome;
    size_t i;

    set_add(turn, template, &set);
    parts[0].text = buf_cstr(&set);
    outcome = advise(turn, &advice, &given, &form);
    json_array_foreach(json_object_get(form, "concerns"), i, row) {
        concern_take(turn, row, &given, findings);
    }
    for (i = before; i < json_array_size(findings); i++) {
        (void)json_array_append(concerns, json_array_get(findings, i));
    }
    json_put(turn->state, "concerns", concerns);
    return outcome;
}
