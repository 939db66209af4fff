/* The person: shows a question, reads lines until one answers it. */
#include "front/person/person.h"

#include <stdlib.h>
#include <string.h>

#include "agent/understand/understand.h"
#include "aws/ssm.h"
#include "base/clock.h"
#include "front/person/hidden.h"
#include "guard/approval.h"

enum { PROMPT_BYTES_MAX = 8192, SHOWN_BYTES_MAX = 256 * 1024, ELSEWHERE_PAUSE_MS = 200 };

/* A question while it is being asked. */
struct asking {
    struct asker *asker;
    const json_t *question;
    const char *kind;
    const char *proposal; /* "default"; NULL: none */
    const char *confirm;  /* what is typed instead of a yes; NULL: a yes will do */
    struct line_wait wait;
    char *answer; /* owned, once it is known */
};

/* ---- Words ---- */

static const struct {
    const char *typed;
    const char *meant;
} words[] = {
    {"yes", "yes"},   {"y", "yes"},         {"ok", "yes"},      {"no", "no"},
    {"n", "no"},      {"why", "why"},       {"w", "why"},       {"?", "help"},
    {"help", "help"}, {"cancel", "cancel"}, {"stop", "cancel"}, {"quit", "cancel"},
};

/* The word that a line is, "" when it is none. */
static const char *word_of(const char *line) {
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (str_eq_nocase(str_from(words[i].typed), str_from(line))) {
            return words[i].meant;
        }
    }
    return "";
}

static bool is_kind(const struct asking *asking, const char *kind) {
    return strcmp(asking->kind, kind) == 0;
}

/* ---- Showing ---- */

static void show(const struct asking *asking, struct buf *text) {
    if (asking->asker->is_silent) {
        buf_clear(text);
        return;
    }
    render_print(asking->asker->render, text);
    render_rest(asking->asker->render);
}

static void tell(const struct asking *asking, const char *text) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(SHOWN_BYTES_MAX);

    screen_text(&asking->asker->screen, &out, 2, text);
    show(asking, &out);
}

static void show_problem(const struct asking *asking, struct buf *out) {
    const char *problem = json_str_or(asking->question, "problem", "");

    if (problem[0] != '\0') {
        render_error(&asking->asker->screen, out, problem,
                     json_str_or(asking->question, "remedy", ""));
    }
    render_words(&asking->asker->screen, out, json_object_get(asking->question, "words"));
}

/* What a model found in the repository: with the place, for the person to judge. */
static void show_proposed(const struct asking *asking, struct buf *out) {
    const json_t *proposed = json_object_get(asking->question, "proposed");
    CLEANUP(freep) char *text = NULL;

    if (proposed == NULL) {
        return;
    }
    text = mem_format("A model proposes %s: %s has the words \"%s\". Enter takes it.",
                      json_str_or(proposed, "value", ""), json_str_or(proposed, "file", ""),
                      json_str_or(proposed, "quote", ""));
    screen_text(&asking->asker->screen, out, 2, text);
}

/* The paper that is signed: from its canonical bytes and nothing else. */
static void show_approval(const struct asking *asking, struct buf *out) {
    CLEANUP(buf_done) struct buf paper = BUF_INIT(SHOWN_BYTES_MAX);
    const struct screen *screen = &asking->asker->screen;
    struct err err = {0};
    struct str rest;
    struct str line = {0};

    if (approval_render(str_from(json_str_or(asking->question, "bytes", "")),
                        screen_width(screen) - 2, &paper, &err) != ERR_NONE) {
        render_error(screen, out, err.text, "say no; this is a defect");
        return;
    }
    screen_styled(screen, out, STYLE_BOLD, "  What a yes means\n");
    rest = buf_str(&paper);
    while (str_next(&rest, '\n', &line)) {
        if (line.len > 0) {
            buf_addf(out, "  " STR_FMT "\n", STR_ARG(line)); /* made safe by approval_render() */
        }
    }
}

static void show_choices(const struct asking *asking, struct buf *out) {
    const json_t *choice;
    size_t i;

    json_array_foreach(json_object_get(asking->question, "choices"), i, choice) {
        CLEANUP(freep)
        char *line =
            mem_format("%zu  %s", i + 1, json_is_string(choice) ? json_string_value(choice) : "");

        screen_text(&asking->asker->screen, out, 4, line);
    }
}

static void show_question(const struct asking *asking) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(SHOWN_BYTES_MAX);

    if (is_kind(asking, "approval")) {
        show_approval(asking, &out);
    }
    show_problem(asking, &out);
    screen_text(&asking->asker->screen, &out, 2, json_str_or(asking->question, "question", "?"));
    show_proposed(asking, &out);
    if (asking->confirm != NULL) {
        CLEANUP(freep) char *text = mem_format("Type %s to go on.", asking->confirm);

        screen_text(&asking->asker->screen, &out, 2, text);
    }
    if (is_kind(asking, "choice")) {
        show_choices(asking, &out);
    }
    show(asking, &out);
}

/* The question itself stands above the prompt: it may be longer than a line. */
static void prompt_of(const struct asking *asking, struct buf *out) {
    if (asking->confirm != NULL) {
        buf_add_s(out, "  [");
        screen_word(out, asking->confirm);
        buf_add_s(out, " / no / why] ");
    } else if (is_kind(asking, "approval")) {
        buf_add_s(out, "  [yes / no / why] ");
    } else if (is_kind(asking, "confirm")) {
        bool is_yes = asking->proposal != NULL && strcmp(asking->proposal, "yes") == 0;

        buf_add_s(out, is_yes ? "  [Y/n] " : "  [y/N] ");
    } else if (asking->proposal != NULL) {
        buf_add_s(out, "  [");
        screen_word(out, asking->proposal);
        buf_add_s(out, "] ");
    } else {
        buf_add_s(out, "  > ");
    }
}

/* ---- Answers ---- */

static void answer_help(const struct asking *asking) {
    const char *help = json_str_or(asking->question, "help", "");

    if (is_kind(asking, "approval")) {
        tell(asking,
             "yes executes exactly this change, no leaves everything as it is, why explains "
             "each change, cancel stops the run.");
        return;
    }
    if (help[0] == '\0') {
        help = json_str_or(asking->question, "remedy", "");
    }
    tell(asking, help[0] == '\0' ? "There is nothing more to say about it." : help);
    tell(asking, "Answer the question, or say cancel to stop the run.");
}

static void answer_why(const struct asking *asking, const char *line) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(SHOWN_BYTES_MAX);

    if (!is_kind(asking, "approval")) {
        answer_help(asking);
        return;
    }
    render_why(&asking->asker->screen, &out, render_change_set(asking->asker->render), line);
    show(asking, &out);
}

static void answer_choice(struct asking *asking, const char *line) {
    const json_t *choice;
    size_t i;

    json_array_foreach(json_object_get(asking->question, "choices"), i, choice) {
        CLEANUP(freep) char *number = mem_format("%zu", i + 1);
        const char *text = json_is_string(choice) ? json_string_value(choice) : "";

        if (strcmp(number, line) == 0 || strcmp(text, line) == 0) {
            asking->answer = mem_strdup(text);
            return;
        }
    }
    tell(asking, "That is none of the choices; give its number or its word.");
}

/* Whether a yes costs something and the question comes in the middle of a talk, whose next line may
 * have been written for something else. */
static bool question_is_spending(const json_t *question) {
    return strcmp(json_str_or(question, "field", ""), "token_budget") == 0;
}

/* What is no yes to spending is none, and in a script it is the next line of the talk. */
static void answer_spending(struct asking *asking, const char *line) {
    if (lines_is_terminal(asking->asker->lines)) {
        tell(asking, "Please answer yes or no.");
        return;
    }
    lines_return(asking->asker->lines, line);
    asking->answer = mem_strdup("no");
}

/* A line for a yes-or-no question or an approval. An approval is given by the word itself only:
 * what sounds like one is no signature. */
static void answer_decision(struct asking *asking, const char *line, const char *word) {
    bool is_spending = question_is_spending(asking->question);
    struct understood said;

    understand(line, NULL, &said);
    if (asking->confirm != NULL && (strcmp(word, "yes") == 0 || said.intent == INTENT_YES)) {
        CLEANUP(freep)
        char *text = mem_format("Nothing brings it back: type %s to go on.", asking->confirm);

        tell(asking, text);
    } else if (strcmp(word, "yes") == 0 ||
               (said.intent == INTENT_YES && !is_kind(asking, "approval") && !is_spending)) {
        asking->answer = mem_strdup("yes");
    } else if (strcmp(word, "no") == 0 || said.intent == INTENT_NO) {
        asking->answer = mem_strdup("no");
    } else if (said.intent == INTENT_WHY && !is_spending) {
        answer_why(asking, line);
    } else if (is_spending) {
        answer_spending(asking, line);
    } else {
        tell(asking, asking->confirm != NULL       ? "Please type that name, or answer no or why."
                     : is_kind(asking, "approval") ? "Please answer yes, no or why."
                                                   : "Please answer yes or no.");
    }
}

static bool is_decision(const struct asking *asking) {
    return is_kind(asking, "confirm") || is_kind(asking, "approval");
}

static enum err_code cancelled(struct err *err) {
    return err_set(err, ERR_CANCELLED, "you cancelled; nothing more was done");
}

/* Looks at one line; sets the answer when it is one. */
static enum err_code answer_take(struct asking *asking, const char *line, struct err *err) {
    const char *word = word_of(line);
    struct asker *asker = asking->asker;

    if (word[0] != '\0' && !lines_is_terminal(asker->lines)) {
        CLEANUP(freep) char *echo = mem_format("> %s", word); /* a script reads like a talk */

        tell(asking, echo);
    }
    if (line[0] == '\0') {
        /* An approval is never given, or refused, by an empty line. */
        if (asking->proposal != NULL && !is_kind(asking, "approval")) {
            asking->answer = mem_strdup(asking->proposal);
        }
        return ERR_NONE;
    }
    if (strcmp(word, "cancel") == 0 ||
        (asker->aside != NULL &&
         asker->aside(asker->aside_ctx, line,
                      !is_decision(asking) && !is_kind(asking, "choice")))) {
        return cancelled(err);
    }
    if (asking->confirm != NULL && strcmp(line, asking->confirm) == 0) {
        asking->answer = mem_strdup(line);
    } else if (strcmp(word, "help") == 0) {
        answer_help(asking);
    } else if (is_decision(asking)) {
        answer_decision(asking, line, word);
    } else if (is_kind(asking, "choice")) {
        answer_choice(asking, line);
    } else {
        asking->answer = mem_strdup(line);
    }
    return ERR_NONE;
}

static enum err_code asking_end(enum line_end end, struct err *err) {
    if (end == LINE_INTERRUPTED) {
        return err_set(err, ERR_INTERRUPTED, "stopped by Ctrl-C");
    }
    if (end == LINE_LATE) {
        return err_set(err, ERR_WAITING, "nobody answered in time");
    }
    return err_set(err, ERR_WAITING, "nobody answers any more: the input is at its end");
}

/* What is answered by somebody who has read it: not by --yes, not by what was typed before. */
static bool question_is_signature(const json_t *question) {
    return strcmp(json_str_or(question, "kind", ""), "approval") == 0 ||
           strcmp(json_str_or(question, "field", ""), "trust") == 0;
}

/* The value of a secret, until it is one that can be stored. It is echoed nowhere. */
static enum err_code asking_secret(struct asking *asking, char **out, struct err *err) {
    for (int64_t tries = limit(LIMIT_ASK_TRIES); tries > 0; tries--) {
        CLEANUP(hidden_wipep) char *value = NULL;

        if (hidden_read(asking->asker->lines, &asking->wait, &value, err) != ERR_NONE) {
            return err->code;
        }
        if (value == NULL || ssm_check_value(str_from(value), err) == ERR_NONE) {
            *out = TAKE(value);
            return ERR_NONE;
        }
        tell(asking, err->text);
    }
    return err->code;
}

/* Reads until there is an answer. `*out` NULL: it came from elsewhere. */
static enum err_code asking_run(struct asking *asking, char **out, struct err *err) {
    CLEANUP(buf_done) struct buf prompt = BUF_INIT(PROMPT_BYTES_MAX);

    if (question_is_signature(asking->question) || question_is_spending(asking->question)) {
        lines_forget(asking->asker->lines);
    }
    show_question(asking);
    if (is_kind(asking, "secret")) {
        return asking_secret(asking, out, err);
    }
    prompt_of(asking, &prompt);
    while (asking->answer == NULL) {
        CLEANUP(freep) char *line = NULL;
        enum line_end end =
            lines_read(asking->asker->lines, buf_cstr(&prompt), &asking->wait, &line);

        if (end == LINE_POLLED) {
            return ERR_NONE;
        }
        if (end != LINE_READ) {
            return asking_end(end, err);
        }
        if (answer_take(asking, line, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = TAKE(asking->answer);
    return ERR_NONE;
}

/* Nobody is here: waits for the answer of another process until the question expires. */
static enum err_code asking_elsewhere(const struct asking *asking, struct err *err) {
    int64_t expires_ms = json_int_or(asking->question, "expires_ms", 0);

    while (clock_now_ms() < expires_ms) {
        if (asking->wait.poll(asking->wait.ctx)) {
            return ERR_NONE;
        }
        clock_sleep_ms(ELSEWHERE_PAUSE_MS);
    }
    return err_set(err, ERR_WAITING, "nobody said yes before the question expired");
}

/* ---- Proposals ---- */

/* What a question proposes, where it may be taken without looking; NULL: nothing. */
static const char *proposal_of(const json_t *question) {
    const char *proposal = json_str_at(question, "default");
    bool is_of_repository = strcmp(json_str_or(question, "by", ""), "repository") == 0;

    return question_is_signature(question) || is_of_repository ? NULL : proposal;
}

/* ---- The interface ---- */

static bool asker_is_there(void *ctx) {
    const struct asker *asker = ctx;

    return asker->lines != NULL || asker->takes_proposals;
}

static enum err_code asker_answer(struct asker *asker, const json_t *question,
                                  bool (*poll)(void *poll_ctx), void *poll_ctx, char **out,
                                  struct err *err) {
    const char *proposal = proposal_of(question);
    struct asking asking = {
        .asker = asker,
        .question = question,
        .kind = json_str_or(question, "kind", "text"),
        /* What a model proposes is never taken without looking. */
        .proposal = json_str_or(question, "proposed.value", json_str_at(question, "default")),
        .confirm = json_str_at(question, "confirm"),
        .wait = {.poll = poll, .ctx = poll_ctx, .interrupted = asker->interrupted},
    };

    if (asker->takes_proposals && proposal != NULL) {
        *out = mem_strdup(proposal);
        return ERR_NONE;
    }
    if (asker->is_detached && !asker->is_planning && poll != NULL && is_kind(&asking, "approval")) {
        return asking_elsewhere(&asking, err);
    }
    if (asker->lines == NULL || (asker->is_planning && is_kind(&asking, "approval"))) {
        err_set(err, ERR_WAITING, "an answer is needed: %s",
                json_str_or(question, "question", "?"));
        return err_remedy(err, "%s", json_str_or(question, "remedy", ""));
    }
    asking.wait.deadline_mono_ms = poll == NULL ? asker->deadline_mono_ms : 0;
    return asking_run(&asking, out, err);
}

static enum err_code asker_ask(void *ctx, const struct masked *masked, bool (*poll)(void *poll_ctx),
                               void *poll_ctx, char **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *question = NULL;

    if (json_read(masked_str(masked), &question, err) != ERR_NONE) {
        return err->code;
    }
    return asker_answer(ctx, question, poll, poll_ctx, out, err);
}

struct person asker_person(struct asker *asker) {
    return (struct person){.is_there = asker_is_there, .ask = asker_ask, .ctx = asker};
}

enum err_code asker_text(struct asker *asker, const char *question, char **out, struct err *err) {
    CLEANUP(json_decrefp)
    json_t *row = json_pack("{s:s, s:s}", "kind", "text", "question", question);

    return asker_answer(asker, row, NULL, NULL, out, err);
}

enum err_code asker_confirm(struct asker *asker, const char *question, bool proposal, bool *out,
                            struct err *err) {
    CLEANUP(json_decrefp)
    json_t *row = json_pack("{s:s, s:s, s:s}", "kind", "confirm", "question", question, "default",
                            proposal ? "yes" : "no");
    CLEANUP(freep) char *answer = NULL;

    if (!asker_is_there(asker)) {
        return err_set(err, ERR_WAITING, "an answer is needed: %s", question);
    }
    if (asker_answer(asker, row, NULL, NULL, &answer, err) != ERR_NONE) {
        return err->code;
    }
    *out = strcmp(answer, "yes") == 0;
    return ERR_NONE;
}

enum err_code asker_choose(struct asker *asker, const char *question, json_t *choices, char **out,
                           struct err *err) {
    CLEANUP(json_decrefp)
    json_t *row =
        json_pack("{s:s, s:s, s:O}", "kind", "choice", "question", question, "choices", choices);

    if (!asker_is_there(asker)) {
        return err_set(err, ERR_WAITING, "an answer is needed: %s", question);
    }
    return asker_answer(asker, row, NULL, NULL, out, err);
}
