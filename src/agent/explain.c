/* Why a run failed, in a model's words. */
#include "agent/explain.h"

#include <string.h>

#include "agent/claims.h"
#include "agent/understand/understand.h"
#include "repo/project.h"

const char explain_rules[] =
    "You explain to a person why a run of aws-copilot, a program that deploys a FastAPI and Vite "
    "application to AWS, went wrong. `cause`: the root cause in one or two plain sentences, only "
    "from what is given. `proposals`: concrete next steps, the best first. kind field: `target` "
    "the field (region, account, app.name, env.NAME), `text` its value. kind command: `text` one "
    "command of aws-copilot. kind diff: `target` the file, `text` lines that begin with -, + or a "
    "blank; the old lines exactly as the file has them. kind advice: `text` a sentence. `why`: "
    "what it helps. Never propose to give away a secret, to widen rights to `*`, or to skip a "
    "check.";

enum { TOLD_BYTES = 16 * 1024, DIFF_LINES_MAX = 60 };

/* ---- Proposals ---- */

/* What refreshes a lock and runs no script of the repository. */
static const char *const lock_commands[] = {"uv lock", "pnpm install --lockfile-only",
                                            "npm install --package-lock-only", "poetry lock",
                                            "pipenv lock"};

static bool is_verb(struct str words) {
    size_t n = 0;
    const struct intent_row *rows = intent_rows(&n);

    for (size_t i = 0; i < n; i++) {
        struct str verb = str_from(rows[i].verb);

        if (verb.len > 0 && str_starts(words, verb) &&
            (words.len == verb.len || words.ptr[verb.len] == ' ')) {
            return true;
        }
    }
    return false;
}

/* One of this program's, without anything that a shell would read as more than words. */
static bool is_command(const char *text) {
    static const char own[] = "aws-copilot ";

    for (size_t i = 0; i < ARRAY_N(lock_commands); i++) {
        if (strcmp(text, lock_commands[i]) == 0) {
            return true;
        }
    }
    return strncmp(text, own, strlen(own)) == 0 && strpbrk(text, "|&;<>$`\\\"'(){}*?\n") == NULL &&
           is_verb(str_from(text + strlen(own)));
}

static bool is_field(const char *target, const char *text) {
    struct err unfit = {0};

    return project_check_answer(target, text, &unfit) == ERR_NONE;
}

static bool has_line(const char *file, struct str line) {
    struct str rest = str_from(file);
    struct str one = {0};

    while (str_next(&rest, '\n', &one)) {
        if (str_eq(one, line)) {
            return true;
        }
    }
    return false;
}

/* Whether each line that would go or stay is a line of the file, and something would change. */
static bool is_diff(const char *target, const char *text,
                    char *(*read)(void *ctx, const char *file), void *ctx) {
    CLEANUP(freep) char *file = read == NULL ? NULL : read(ctx, target);
    struct str rest = str_from(text);
    struct str line = {0};
    size_t changes = 0;
    size_t n = 0;

    while (file != NULL && str_next(&rest, '\n', &line)) {
        char mark = line.len == 0 ? ' ' : line.ptr[0];

        if (n++ == DIFF_LINES_MAX || (mark != ' ' && mark != '-' && mark != '+')) {
            return false;
        }
        if (line.len > 0 && mark != '+' && !has_line(file, str_slice(line, 1, line.len))) {
            return false;
        }
        changes += mark == ' ' ? 0 : 1;
    }
    return changes > 0;
}

static bool is_sound(const json_t *proposal, char *(*read)(void *ctx, const char *file),
                     void *ctx) {
    const char *kind = json_str_or(proposal, "kind", "");
    const char *target = json_str_or(proposal, "target", "");
    const char *text = json_str_or(proposal, "text", "");

    return strcmp(kind, "advice") == 0 || (strcmp(kind, "command") == 0 && is_command(text)) ||
           (strcmp(kind, "field") == 0 && is_field(target, text)) ||
           (strcmp(kind, "diff") == 0 && is_diff(target, text, read, ctx));
}

/* Whether its words may be shown. What a command or a diff says is judged by is_sound(), and may be
 * new; what a value or advice names may not. */
static bool is_shown(const json_t *proposal, struct str given) {
    const char *kind = json_str_or(proposal, "kind", "");
    struct str text = str_from(json_str_or(proposal, "text", ""));
    struct str why = str_from(json_str_or(proposal, "why", ""));
    CLEANUP(freep)
    char *own = mem_format(STR_FMT "\n%s\n%s", STR_ARG(given), json_str_or(proposal, "target", ""),
                           json_str_or(proposal, "text", ""));
    bool is_new = strcmp(kind, "command") == 0 || strcmp(kind, "diff") == 0;

    return claims_judge(text, is_new ? str_from(own) : given) == CLAIMS_GIVEN &&
           (why.len == 0 || claims_judge(why, is_new ? str_from(own) : given) == CLAIMS_GIVEN);
}

void explain_judge(json_t *form, struct str given, char *(*read)(void *ctx, const char *file),
                   void *ctx) {
    json_t *proposals = json_object_get(form, "proposals");
    int64_t left_out = 0;

    if (claims_judge(str_from(json_str_or(form, "cause", "")), given) != CLAIMS_GIVEN) {
        json_put_str(form, "cause", "");
        left_out++;
    }
    for (size_t i = json_array_size(proposals); i > 0; i--) {
        const json_t *proposal = json_array_get(proposals, i - 1);

        if (!is_shown(proposal, given) || !is_sound(proposal, read, ctx)) {
            (void)json_array_remove(proposals, i - 1);
            left_out++;
        }
    }
    json_put_int(form, "left_out", left_out);
}

/* ---- Showing ---- */

static void add_text(json_t *lines, struct str text) {
    (void)json_array_append_new(lines, json_string_of(text));
}

/* "1. command: aws-copilot recover", a diff below its head line by line. */
static void add_proposal(json_t *lines, size_t number, const json_t *proposal) {
    const char *kind = json_str_or(proposal, "kind", "");
    const char *target = json_str_or(proposal, "target", "");
    const char *text = json_str_or(proposal, "text", "");
    const char *why = json_str_or(proposal, "why", "");
    bool is_diff = strcmp(kind, "diff") == 0;
    bool has_target = is_diff || strcmp(kind, "field") == 0;
    CLEANUP(freep)
    char *head = mem_format("%zu. %s: %s%s%s%s%s%s", number, kind, has_target ? target : "",
                            has_target && !is_diff ? " = " : "", is_diff ? "" : text,
                            why[0] == '\0' ? "" : " (", why, why[0] == '\0' ? "" : ")");
    struct str rest = str_from(text);
    struct str line = {0};

    add_text(lines, str_from(head));
    while (is_diff && str_next(&rest, '\n', &line)) {
        CLEANUP(freep) char *indented = mem_format("   " STR_FMT, STR_ARG(line));

        add_text(lines, str_from(indented));
    }
}

json_t *explain_lines(const json_t *form) {
    const char *cause = json_str_or(form, "cause", "");
    int64_t left_out = json_int_or(form, "left_out", 0);
    json_t *lines = json_array();
    const json_t *proposal;
    size_t i;

    if (cause[0] != '\0') {
        add_text(lines, str_from(cause));
    }
    json_array_foreach(json_object_get(form, "proposals"), i, proposal) {
        add_proposal(lines, i + 1, proposal);
    }
    if (left_out > 0) {
        CLEANUP(freep)
        char *text =
            mem_format("(%lld more of it did not hold and is left out)", (long long)left_out);

        add_text(lines, str_from(text));
    }
    return lines;
}

/* ---- In a turn ---- */

/* What a person decided, or what has one remedy that is known, needs no words. */
static bool is_worth_words(const char *code) {
    static const enum err_code codes[] = {ERR_BUILD,  ERR_IMPORT, ERR_TEMPLATE, ERR_DEPLOY,
                                          ERR_HEALTH, ERR_DENIED, ERR_SERVICE,  ERR_CONFLICT};

    for (size_t i = 0; i < ARRAY_N(codes); i++) {
        if (strcmp(code, err_wire(codes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static char *read_in_turn(void *ctx, const char *file) {
    CLEANUP(json_decrefp) json_t *read = NULL;
    struct err unread = {0};

    return tool_call(ctx, "repo_reader", "read_file", agent_args("path", file, NULL), &read,
                     &unread) == ERR_NONE
               ? mem_strdup(json_str_or(read, "text", ""))
               : NULL;
}

static bool is_to_be_explained(const struct turn *turn) {
    return has_model(turn) && is_worth_words(agent_text(turn, "problem.code")) &&
           strcmp(agent_text(turn, "explained"), agent_text(turn, "problem.text")) != 0;
}

static enum outcome explain_ask(struct turn *turn, struct buf *given, json_t **form) {
    CLEANUP(freep)
    char *told = mem_format("phase %s: %s\nremedy: %s", agent_text(turn, "problem.phase"),
                            agent_text(turn, "problem.text"), agent_text(turn, "problem.remedy"));
    CLEANUP(freep) char *fields = advise_json(turn->state, "fields");
    CLEANUP(freep) char *steps = advise_json(turn->state, "plan.steps");
    CLEANUP(freep) char *cause = advise_json(turn->state, "applied.root_cause");
    CLEANUP(freep) char *report = advise_json(turn->state, "report");
    const struct context_part parts[] = {
        {CONTEXT_QUESTION, "What went wrong", told},
        {CONTEXT_REQUIREMENTS, "What was asked for", fields},
        {CONTEXT_PLAN, "Steps of the plan", steps},
        {CONTEXT_OUTPUT, "The repository", agent_text(turn, "brief")},
        {CONTEXT_OUTPUT, "What the validator reported", report},
        {CONTEXT_OUTPUT, "What AWS answered", cause},
    };
    const struct advice advice = {.form = "explain",
                                  .rules = explain_rules,
                                  .parts = parts,
                                  .n = ARRAY_N(parts),
                                  .is_creative = true};

    return advise(turn, &advice, given, form);
}

enum outcome explain_problem(struct turn *turn, json_t **out) {
    CLEANUP(buf_done) struct buf given = BUF_INIT(TOLD_BYTES * 4);
    CLEANUP(json_decrefp) json_t *form = NULL;
    enum outcome outcome;

    *out = NULL;
    if (!is_to_be_explained(turn)) {
        return OUTCOME_OK;
    }
    json_put_str(turn->state, "explained", agent_text(turn, "problem.text"));
    outcome = explain_ask(turn, &given, &form);
    if (form != NULL) {
        explain_judge(form, buf_str(&given), read_in_turn, turn);
        *out = explain_lines(form);
    }
    return outcome;
}
