/* What a probe that failed means, in a model's words, with the line of the logs that says so. */
#include "agent/validator/report.h"

#include <stdlib.h>
#include <string.h>

#include "agent/advise.h"

enum { LOG_LINES = 40, LOG_SPAN_MS = 15 * 60 * 1000, REPORT_BYTES = 64 * 1024 };

static const char rules[] =
    "A new version of a FastAPI and Vite application was deployed to AWS Lambda behind CloudFront "
    "and does not answer as it should. Say what that means for a person who need not know AWS. "
    "`meaning`: one to three sentences, only from what is given. `line`: the one line of the logs "
    "that shows the cause, letter by letter, or null. `next`: one step that they could take.";

/* What the function wrote, the newest lines; "" where that cannot be read. */
static char *logs_of(struct turn *turn) {
    json_t *args = agent_args("stack", agent_text(turn, "fields.stack"), NULL);
    CLEANUP(json_decrefp) json_t *read = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(REPORT_BYTES);
    const json_t *lines;
    const json_t *line;
    struct err unread = {0};
    size_t first;
    size_t i;

    json_put_int(args, "since_ms", turn->now_ms - LOG_SPAN_MS);
    if (tool_call(turn, "aws_deployer", "logs", args, &read, &unread) != ERR_NONE) {
        return mem_strdup("");
    }
    lines = json_object_get(read, "lines");
    first = json_array_size(lines) > LOG_LINES ? json_array_size(lines) - LOG_LINES : 0;
    json_array_foreach(lines, i, line) {
        if (i >= first) {
            buf_addf(&text, "%s\n", json_str_or(line, "text", ""));
        }
    }
    return mem_strdup(buf_cstr(&text));
}

void report_read_logs(struct turn *turn) { free(logs_of(turn)); }

static void say_line(struct turn *turn, const json_t *form, const char *logs, json_t *lines) {
    const char *line = json_str_at(form, "line");

    if (line != NULL && line[0] != '\0' && strstr(logs, line) != NULL) {
        agent_say(turn, "The logs say: %s", line);
        (void)json_array_append_new(lines, json_string(line));
    }
}

static void report_show(struct turn *turn, const json_t *form, const char *logs,
                        const struct buf *given) {
    const char *meaning = advise_words(turn, json_str_or(form, "meaning", ""), given);
    const char *next = advise_words(turn, json_str_or(form, "next", ""), given);
    CLEANUP(json_decrefp) json_t *seen = json_array();
    json_t *words = json_array();

    say_line(turn, form, logs, seen);
    if (meaning != NULL) {
        (void)json_array_append_new(words, json_string(meaning));
    }
    if (next != NULL) {
        (void)json_array_append_new(words, json_string(next));
    }
    json_put(turn->state, "report",
             agent_args("meaning", meaning, "line", json_string_value(json_array_get(seen, 0)),
                        "next", next, NULL));
    if (json_array_size(words) == 0) {
        json_decref(words);
        return;
    }
    turn_say(turn, EVENT_SAY, json_pack("{s:s, s:o}", "text", "", "words", words));
}

enum outcome report_probe(struct turn *turn, const char *probe) {
    const json_t *seen = json_object_get(turn->state, probe);
    CLEANUP(freep) char *logs = NULL;
    CLEANUP(freep) char *asked = NULL;
    CLEANUP(freep) char *hops = NULL;
    CLEANUP(buf_done) struct buf given = BUF_INIT(REPORT_BYTES * 2);
    CLEANUP(json_decrefp) json_t *form = NULL;
    struct context_part parts[4];
    struct advice advice = {
        .form = "report", .rules = rules, .parts = parts, .n = ARRAY_N(parts), .is_creative = true};
    enum outcome outcome;

    if (!has_model(turn) || json_bool_at(seen, "passed")) {
        return OUTCOME_OK;
    }
    logs = logs_of(turn);
    asked = advise_json(turn->state, "expected");
    hops = advise_json(seen, "hops");
    parts[0] = (struct context_part){CONTEXT_QUESTION, "What the probe saw",
                                     json_str_or(seen, "sentence", "")};
    parts[1] = (struct context_part){CONTEXT_REQUIREMENTS, "What was asked for", asked};
    parts[2] = (struct context_part){CONTEXT_OUTPUT, "Each step of the probe", hops};
    parts[3] = (struct context_part){CONTEXT_OUTPUT, "The newest lines of the logs", logs};
    outcome = advise(turn, &advice, &given, &form);
    if (form != NULL) {
        report_show(turn, form, logs, &given);
    }
    return outcome;
}
