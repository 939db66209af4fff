/* Answers that a model found in the repository. It has to show where; that is looked up. */
#include "agent/orchestrator/propose.h"

#include <string.h>

#include "agent/advise.h"
#include "agent/claims.h"
#include "repo/project.h"

enum { QUESTIONS_BYTES = 16 * 1024, QUOTE_LEAST = 3 };

static const char rules[] =
    "You look for answers to open questions about a FastAPI and Vite application that is to be "
    "deployed to AWS. Read the files of its repository with the functions that are offered; the "
    "questions say where to begin. Answer with the form: for each question that a file answers, "
    "`field` as it is given, `value` as a program would read it, `file` the path, `quote` a piece "
    "of one line of that file, letter by letter, in which the value stands. Leave out what no file "
    "says. Never guess.";

static const char *const offer[] = {"repo_reader.read_file", "repo_reader.list_dir", NULL};

static bool is_proposable(const struct turn *turn, const json_t *row) {
    const char *field = json_str_or(row, "field", "");

    return strncmp(field, "accept.", 7) != 0 &&
           json_object_get(json_object_get(turn->state, "answers"), field) == NULL &&
           json_object_get(json_object_get(turn->state, "proposed"), field) == NULL &&
           !(strncmp(field, "env.", 4) == 0 &&
             json_bool_at(json_row(json_at(turn->state, "survey.env"), "name", field + 4),
                          "secret"));
}

/* The questions that are asked; their number. Each is one that nobody has proposed to yet. */
static size_t questions_add(struct turn *turn, struct buf *out) {
    json_t *proposed = json_object_get(turn->state, "proposed");
    const json_t *row;
    size_t n = 0;
    size_t i;

    json_array_foreach(json_at(turn->state, "survey.ask"), i, row) {
        if (!is_proposable(turn, row)) {
            continue;
        }
        buf_addf(out, "%s: %s (%s)\n", json_str_or(row, "field", ""),
                 json_str_or(row, "question", ""), json_str_or(row, "where", "no place is known"));
        json_put(proposed, json_str_or(row, "field", ""), json_null());
        n++;
    }
    return n;
}

/* Values of secrets are nobody's to propose. */
static bool is_dotenv(const char *file) {
    const char *name = strrchr(file, '/');

    name = name == NULL ? file : name + 1;
    return strncmp(name, ".env", 4) == 0 && strstr(name, "example") == NULL &&
           strstr(name, "sample") == NULL && strstr(name, "template") == NULL;
}

/* Whether the quote stands in the file, on one line, and the value in it. */
static bool is_quoted(struct turn *turn, const json_t *answer) {
    const char *file = json_str_or(answer, "file", "");
    const char *quote = json_str_or(answer, "quote", "");
    const char *value = json_str_or(answer, "value", "");
    CLEANUP(json_decrefp) json_t *read = NULL;
    struct err unread = {0};

    return strlen(quote) >= QUOTE_LEAST && strchr(quote, '\n') == NULL &&
           strstr(quote, value) != NULL && strstr(quote, "***") == NULL && !is_dotenv(file) &&
           tool_call(turn, "repo_reader", "read_file", agent_args("path", file, NULL), &read,
                     &unread) == ERR_NONE &&
           strstr(json_str_or(read, "text", ""), quote) != NULL;
}

/* Words of a file may be anything; what lures or presses is not repeated. */
static bool is_calm(const char *text) {
    return claims_judge(str_from(text), str_from(text)) == CLAIMS_GIVEN;
}

static void propose_take(struct turn *turn, const json_t *answer) {
    const char *field = json_str_or(answer, "field", "");
    const char *value = json_str_or(answer, "value", "");
    json_t *proposed = json_object_get(turn->state, "proposed");
    struct err unfit = {0};

    if (json_is_null(json_object_get(proposed, field)) && is_calm(value) &&
        is_calm(json_str_or(answer, "quote", "")) &&
        project_check_answer(field, value, &unfit) == ERR_NONE && is_quoted(turn, answer)) {
        json_put(proposed, field,
                 agent_args("value", value, "file", json_str_or(answer, "file", ""), "quote",
                            json_str_or(answer, "quote", ""), NULL));
    }
}

enum outcome propose_answers(struct turn *turn) {
    CLEANUP(buf_done) struct buf questions = BUF_INIT(QUESTIONS_BYTES);
    CLEANUP(json_decrefp) json_t *form = NULL;
    struct context_part parts[] = {
        {CONTEXT_QUESTION, "Open questions", NULL},
        {CONTEXT_PLAN, "What is known of the repository", agent_text(turn, "brief")},
    };
    const struct advice advice = {
        .form = "answers", .rules = rules, .parts = parts, .n = ARRAY_N(parts), .offer = offer};
    const json_t *answer;
    enum outcome outcome;
    size_t i;

    if (!has_model(turn) || json_array_size(json_at(turn->state, "survey.ask")) == 0) {
        return OUTCOME_OK;
    }
    if (json_object_get(turn->state, "proposed") == NULL) {
        json_put(turn->state, "proposed", json_object());
    }
    if (questions_add(turn, &questions) == 0) {
        return OUTCOME_OK;
    }
    parts[0].text = buf_cstr(&questions);
    outcome = advise(turn, &advice, NULL, &form);
    json_array_foreach(json_object_get(form, "answers"), i, answer) { propose_take(turn, answer); }
    return outcome;
}
