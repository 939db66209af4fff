/* The runbook of an escalated run: read from state and journal, masked, written as JSON and page.
 */
#include "flow/runbook.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "guard/deceptive.h"
#include "store/journal.h"
#include "sys/fs.h"

enum { EVENTS_MAX = 500, PAGE_MAX = 32 << 20, COMMAND_MAX = 8192 };

/* ---- What the journal says ---- */

static json_t *read_body(const struct journal_record *record) {
    json_t *body = NULL;
    struct err unread = {0};

    if (!record->has_body || json_read(record->body, &body, &unread) != ERR_NONE) {
        return NULL;
    }
    return body;
}

static void take_last(json_t *rows, json_t *row) {
    if (json_array_size(rows) == EVENTS_MAX) {
        (void)json_array_remove(rows, 0);
    }
    (void)json_array_append_new(rows, row);
}

/* A line of the digest: what is in the header, and the chain up to there. */
static json_t *digest_row(const struct journal_record *record) {
    json_t *row = json_object();

    json_put_int(row, "seq", record->seq);
    json_put_str(row, "at", clock_iso(record->ts_ms).text);
    json_put_str(row, "record", record_name(record->kind));
    for (size_t f = 0; f < FIELD_N; f++) {
        if (record->fields[f].len > 0) {
            json_put_strn(row, record_field_name((enum record_field)f), record->fields[f]);
        }
    }
    json_put_str(row, "chain", sha256_hex(record->hash).text);
    return row;
}

static void take_verdict(json_t *book, const struct journal_record *record) {
    json_t *row = digest_row(record);
    json_t *body = read_body(record);

    (void)json_object_del(row, "chain");
    if (body != NULL) {
        json_put(row, "findings", body);
    }
    (void)json_array_append_new(json_object_get(book, "verdicts"), row);
}

/* What AWS said while the stack changed, and what a failure showed. */
static void take_note(json_t *book, const struct journal_record *record) {
    json_t *body = read_body(record);

    if (strcmp(json_str_or(body, "type", ""), "event") == 0) {
        take_last(json_object_get(book, "events"), body);
        return;
    }
    json_decref(body);
}

static enum err_code book_visit(const struct journal_record *record, void *context,
                                struct err *err) {
    json_t *book = context;

    (void)err;
    json_put_str(json_object_get(book, "about"), "journal head", sha256_hex(record->hash).text);
    if (record->kind != RECORD_NOTE) {
        (void)json_array_append_new(json_object_get(book, "journal"), digest_row(record));
    }
    if (record->kind == RECORD_VERDICT) {
        take_verdict(book, record);
    } else if (record->kind == RECORD_NOTE) {
        take_note(book, record);
    } else if (record->kind == RECORD_RESULT && str_eq(record->fields[FIELD_OP], STR("logs"))) {
        json_t *body = read_body(record);

        if (body != NULL) {
            take_last(json_object_get(book, "logs"), body);
        }
    }
    return ERR_NONE;
}

/* ---- What to do next ---- */

/* A word as a shell takes it. */
static void add_word(struct buf *out, const char *word) {
    bool is_plain = word[0] != '\0';

    for (const char *c = word; *c != '\0'; c++) {
        is_plain = is_plain && (isalnum((unsigned char)*c) || strchr("_-./:=@", *c) != NULL);
    }
    if (is_plain) {
        buf_add_s(out, word);
        return;
    }
    buf_add_c(out, '\'');
    for (const char *c = word; *c != '\0'; c++) {
        buf_add_s(out, *c == '\'' ? "'\\''" : (const char[]){*c, '\0'});
    }
    buf_add_c(out, '\'');
}

/* "text", and a command that can be pasted into a shell as it is; NULL: there is none. */
static void add_step(json_t *steps, const char *text, const char *command) {
    json_t *step;

    if (text[0] != '\0') {
        step = json_object();
        json_put_strn(step, "text", str_from(text));
        json_put_str(step, "command", command);
        (void)json_array_append_new(steps, step);
    }
}

/* A verb of this program, as it is run from any folder; one that looks at AWS, with what the run
 * was told of it. */
static void add_verb(json_t *steps, const struct runbook *runbook, const char *text,
                     const char *verb, const char *id) {
    static const struct {
        const char *option;
        const char *path;
    } told[] = {{"--env", "flags.env"},
                {"--app", "flags.app"},
                {"--profile", "flags.profile"},
                {"--region", "flags.region"},
                {"--endpoint-url", "flags.endpoint_url"}};
    CLEANUP(buf_done) struct buf command = BUF_INIT(COMMAND_MAX);

    buf_addf(&command, "aws-copilot %s", verb);
    if (id != NULL) {
        buf_add_c(&command, ' ');
        add_word(&command, id);
    }
    if (runbook->root != NULL) {
        buf_add_s(&command, " --cwd ");
        add_word(&command, runbook->root);
    }
    for (size_t i = 0; strcmp(verb, "audit") != 0 && i < ARRAY_N(told); i++) {
        const char *value = json_str_at(runbook->state, told[i].path);

        if (value != NULL) {
            buf_addf(&command, " %s ", told[i].option);
            add_word(&command, value);
        }
    }
    add_step(steps, text, buf_cstr(&command));
}

/* By AWS's own command line, for whoever has no more than that. `name` and `value` alternate. */
static void add_aws(json_t *steps, const struct runbook *runbook, const char *text,
                    const char *const *words) {
    CLEANUP(buf_done) struct buf command = BUF_INIT(COMMAND_MAX);

    buf_add_s(&command, "aws");
    for (; *words != NULL; words++) {
        buf_add_c(&command, ' ');
        add_word(&command, *words);
    }
    buf_add_s(&command, " --region ");
    add_word(&command, json_str_or(runbook->state, "identity.region", ""));
    add_step(steps, text, buf_cstr(&command));
}

/* What runs is not what should: the alias is the part of the way back that takes seconds. */
static void add_by_hand(json_t *steps, const struct runbook *runbook) {
    const json_t *state = runbook->state;
    const char *function = json_str_at(state, "before.outputs.BackendFunction");
    const char *version = json_str_at(state, "last_release.version");
    const char *stack = json_str_or(state, "preview.stack_id", "");

    if (json_at(state, "applied") == NULL) {
        return;
    }
    if (function != NULL && version != NULL && !json_bool_at(state, "restored.ok")) {
        add_aws(steps, runbook,
                "by hand, in seconds: the back end of the last good release answers again; the "
                "stack then differs from its template until a rollback or a deployment",
                (const char *const[]){"lambda", "update-alias", "--function-name", function,
                                      "--name", "live", "--function-version", version, NULL});
    }
    if (stack[0] != '\0') {
        add_aws(steps, runbook, "what CloudFormation itself says",
                (const char *const[]){"cloudformation", "describe-stack-events", "--stack-name",
                                      stack, "--max-items", "50", NULL});
    }
}

static json_t *book_next(const struct runbook *runbook) {
    const json_t *state = runbook->state;
    const char *release = json_str_at(state, "last_release.id");
    json_t *next = json_object();
    json_t *steps = json_array();

    json_put(next, "result", json_deep_copy(json_at(state, "result")));
    json_put(next, "problem", json_deep_copy(json_at(state, "problem")));
    if (json_at(state, "first_problem") != NULL) {
        json_put(next, "first_problem", json_deep_copy(json_at(state, "first_problem")));
    }
    json_put(next, "came", json_deep_copy(json_at(state, "came")));
    json_put(next, "steps", steps);
    add_step(steps, json_str_or(state, "problem.remedy", ""), NULL);
    add_verb(steps, runbook, "what runs now", "status", NULL);
    add_verb(steps, runbook, "what it says", "logs", NULL);
    if (json_at(state, "preview") != NULL || json_at(state, "applied") != NULL) {
        add_verb(steps, runbook,
                 "diagnoses the stack, shows what would get it out of its state and what that "
                 "loses, and asks before it does it",
                 "recover", NULL);
    }
    if (release != NULL) {
        add_verb(steps, runbook, "back to the last release that was proven to answer; it asks",
                 "rollback", release);
    }
    add_by_hand(steps, runbook);
    add_verb(steps, runbook, "every step, and who decided", "audit", runbook->session);
    return next;
}

static json_t *copy_of(const json_t *state, const char *path) {
    const json_t *found = json_at(state, path);

    return found == NULL ? json_null() : json_deep_copy(found);
}

static json_t *book_new(const struct runbook *runbook) {
    static const char *const facts[][2] = {
        {"environment", "fields.env"},
        {"address", "before.outputs.Url"},
        {"asked by", "identity.arn"},
        {"commit", "survey.git.head"},
        {"build", "plan.build_id"},
        {"last good release", "last_release.id"},
        {"that release's build", "last_release.build_id"},
        {"what answered", "probe.sentence"},
        {"and after the way back", "restored_probe.sentence"},
    };
    const json_t *state = runbook->state;
    json_t *book = json_pack("{s:{}, s:[], s:[], s:[], s:[]}", "about", "events", "logs",
                             "verdicts", "journal");
    json_t *about = json_object_get(book, "about");

    json_put_str(about, "session", runbook->session);
    json_put_str(about, "kind", json_str_at(state, "kind"));
    json_put_str(about, "stack", json_str_at(state, "fields.stack"));
    json_put_str(about, "account", json_str_at(state, "identity.account"));
    json_put_str(about, "region", json_str_at(state, "identity.region"));
    for (size_t i = 0; i < ARRAY_N(facts); i++) {
        json_put_str(about, facts[i][0], json_str_at(state, facts[i][1]));
    }
    json_put_str(about, "repository", runbook->root);
    json_put_str(about, "ended in", json_str_at(state, "came.phase"));
    json_put_str(about, "stack status", json_str_at(state, "applied.status"));
    json_put_str(about, "written", clock_iso(runbook->now_ms).text);
    json_put(book, "plan",
             json_pack("{s:o, s:o, s:o}", "plan", copy_of(state, "plan"), "sha256",
                       copy_of(state, "plan_sha256"), "parameters", copy_of(state, "parameters")));
    json_put(book, "changeset",
             json_pack("{s:o, s:o, s:o, s:o}", "preview", copy_of(state, "preview"), "applied",
                       copy_of(state, "applied"), "probe", copy_of(state, "probe"), "restored",
                       copy_of(state, "restored")));
    json_put(book, "next", book_next(runbook));
    return book;
}

/* ---- The page ---- */

/* As text in HTML, whatever it is; what a screen would not show as it is becomes U+FFFD. */
static void add_text(struct buf *page, const char *text) {
    const char *at = text;

    while (*at != '\0') {
        const char *from = at;
        uint32_t point = utf8_next(&at);

        if (point == '<' || point == '>' || point == '&' || point == '"' || point == '\'') {
            buf_addf(page, "&#%u;", point);
        } else if (point != '\n' && is_deceptive(point)) {
            buf_add_s(page, "\xEF\xBF\xBD");
        } else {
            buf_add(page, (struct str){from, (size_t)(at - from)});
        }
    }
}

static void add_element(struct buf *page, const char *element, const char *text) {
    buf_addf(page, "<%s>", element);
    add_text(page, text);
    buf_addf(page, "</%s>\n", element);
}

static void add_value(struct buf *page, const json_t *value) {
    CLEANUP(freep) char *text = NULL;

    if (json_is_string(value)) {
        add_text(page, json_string_value(value));
    } else if (value != NULL && !json_is_null(value)) {
        text = json_text(value);
        add_text(page, text);
    }
}

static void add_about(struct buf *page, const json_t *about) {
    const char *key;
    json_t *value;

    buf_add_s(page, "<dl>\n");
    json_object_foreach((json_t *)(uintptr_t)about, key, value) {
        add_element(page, "dt", key);
        buf_add_s(page, "<dd>");
        add_value(page, value);
        buf_add_s(page, "</dd>\n");
    }
    buf_add_s(page, "</dl>\n");
}

struct column {
    const char *title;
    const char *path;
};

static void add_table(struct buf *page, const char *title, const json_t *rows,
                      const struct column *columns) {
    const json_t *row;
    size_t i;

    add_element(page, "h2", title);
    if (json_array_size(rows) == 0) {
        add_element(page, "p", "None on record.");
        return;
    }
    buf_add_s(page, "<table><tr>");
    for (const struct column *c = columns; c->title != NULL; c++) {
        add_element(page, "th", c->title);
    }
    buf_add_s(page, "</tr>\n");
    json_array_foreach(rows, i, row) {
        buf_add_s(page, "<tr>");
        for (const struct column *c = columns; c->title != NULL; c++) {
            buf_add_s(page, "<td>");
            add_value(page, json_at(row, c->path));
            buf_add_s(page, "</td>");
        }
        buf_add_s(page, "</tr>\n");
    }
    buf_add_s(page, "</table>\n");
}

static void add_tree(struct buf *page, const char *title, const json_t *tree) {
    char *text = json_dumps(tree, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);

    add_element(page, "h2", title);
    buf_add_s(page, "<details><summary>show</summary><pre>");
    add_text(page, text == NULL ? "" : text);
    buf_add_s(page, "</pre></details>\n");
    free(text);
}

/* clang-format off */
static const struct column change_columns[] = {
    {"Operation", "action"}, {"LogicalResourceId", "logical_id"}, {"ResourceType", "type"}, {"Replacement", "replacement"}, {0}};
static const struct column event_columns[] = {
    {"Time", "at"}, {"LogicalResourceId", "logical_id"}, {"Status", "status"}, {"Reason", "reason"}, {0}};
static const struct column verdict_columns[] = {
    {"Time", "at"}, {"Phase", "phase"}, {"Agent", "agent"}, {"About", "subject"}, {"Verdict", "outcome"}, {"Reason", "reason"}, {0}};
static const struct column journal_columns[] = {
    {"No.", "seq"}, {"Time", "at"}, {"Record", "record"}, {"Phase", "phase"}, {"Tool", "tool"}, {"Operation", "op"},
    {"Outcome", "outcome"}, {"Code", "code"}, {"Chain", "chain"}, {0}};
/* clang-format on */

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<title>Runbook</title>\n<style>body{font:15px/1.5 sans-serif;max-width:"
    "75em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;font-size:13px}td,th{border:"
    "1px solid #bbb;padding:2px 6px;text-align:left;overflow-wrap:anywhere}dt{font-weight:bold}pre{"
    "overflow:auto}</style></head><body>\n";

static void book_page(const json_t *book, struct buf *page) {
    const json_t *step;
    size_t i;

    buf_add_s(page, page_head);
    add_element(page, "h1", "A person is needed");
    add_about(page, json_object_get(book, "about"));
    add_element(page, "h2", "Cause");
    if (json_at(book, "next.first_problem") != NULL) {
        add_element(page, "p", json_str_or(book, "next.first_problem.text", ""));
        add_element(page, "p", "Then the way back failed:");
    }
    add_element(page, "p", json_str_or(book, "next.problem.text", "none is on record"));
    add_element(page, "h2", "What to do next");
    buf_add_s(page, "<ol>\n");
    json_array_foreach(json_at(book, "next.steps"), i, step) {
        buf_add_s(page, "<li>");
        add_text(page, json_str_or(step, "text", ""));
        if (json_str_at(step, "command") != NULL) {
            add_element(page, "pre", json_str_at(step, "command"));
        }
        buf_add_s(page, "</li>\n");
    }
    buf_add_s(page, "</ol>\n");
    add_tree(page, "Probe", json_at(book, "changeset.probe"));
    add_table(page, "Change set", json_at(book, "changeset.preview.changes"), change_columns);
    add_table(page, "Events of the stack", json_object_get(book, "events"), event_columns);
    add_tree(page, "Logs", json_object_get(book, "logs"));
    add_table(page, "Verdicts", json_object_get(book, "verdicts"), verdict_columns);
    add_tree(page, "Plan", json_object_get(book, "plan"));
    add_table(page, "Journal", json_object_get(book, "journal"), journal_columns);
    buf_add_s(page, "</body></html>\n");
}

/* ---- Written ---- */

static enum err_code write_masked(const char *folder, const char *name, const struct masked *masked,
                                  struct err *err) {
    CLEANUP(freep) char *path = fs_join(folder, name);

    return fs_write_file(path, masked_str(masked), 0600, err);
}

static enum err_code write_member(const struct runbook *runbook, const char *folder,
                                  const json_t *book, const char *member, struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) char *name = mem_format("%s.json", member);

    redact_json(runbook->redactor, json_object_get(book, member), &masked);
    return write_masked(folder, name, &masked, err);
}

static enum err_code write_page(const struct runbook *runbook, const char *folder,
                                const json_t *book, struct err *err) {
    CLEANUP(buf_done) struct buf page = BUF_INIT(PAGE_MAX);
    CLEANUP(masked_done) struct masked masked = {0};

    book_page(book, &page);
    if (page.failed) {
        return err_set(err, ERR_TOO_LARGE, "the page of the runbook is too large");
    }
    redact_text(runbook->redactor, buf_str(&page), &masked);
    return write_masked(folder, RUNBOOK_PAGE, &masked, err);
}

static enum err_code write_all(const struct runbook *runbook, const char *folder,
                               const json_t *book, struct err *err) {
    static const char *const members[] = {"plan",     "changeset", "events", "logs",
                                          "verdicts", "journal",   "next"};

    if (fs_mkdirs(folder, 0700, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < ARRAY_N(members); i++) {
        if (write_member(runbook, folder, book, members[i], err) != ERR_NONE) {
            return err->code;
        }
    }
    return write_page(runbook, folder, book, err);
}

enum err_code runbook_write(const struct runbook *runbook, char **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *book = book_new(runbook);
    CLEANUP(json_decrefp) json_t *kept = NULL;
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep)
    char *folder = mem_format("%s/runbooks/%s", runbook->state_dir, runbook->session);

    if (journal_replay(runbook->store, str_from(runbook->session), 1, book_visit, book, err) !=
        ERR_NONE) {
        return err->code;
    }
    redact_json(runbook->redactor, book,
                &masked); /* by its keys too, which the page does not have */
    if (json_read(masked_str(&masked), &kept, err) != ERR_NONE ||
        write_all(runbook, folder, kept, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(folder);
    return ERR_NONE;
}
