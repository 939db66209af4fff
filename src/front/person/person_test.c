/* The person: what counts as an answer, and what never does. */
#include "front/person/person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "guard/approval.h"

/* A person whose lines are given, and whose screen is kept. */
struct talk {
    struct asker asker;
    struct lines *lines;
    char *shown;
    size_t shown_n;
    int fds[2];
    atomic_bool interrupted;
};

static void talk_open(struct talk *talk, const char *typed) {
    struct screen screen = {.width = 1000};

    assert_int_equal(pipe(talk->fds), 0);
    assert_int_equal(write(talk->fds[1], typed, strlen(typed)), (ssize_t)strlen(typed));
    screen.to = open_memstream(&talk->shown, &talk->shown_n);
    talk->lines = lines_open_pipe(talk->fds[0]);
    talk->asker = (struct asker){.lines = talk->lines,
                                 .render = render_new(&screen, PROGRESS_BAR, false),
                                 .screen = screen,
                                 .interrupted = &talk->interrupted};
}

/* No more lines will come. */
static void talk_hang_up(struct talk *talk) {
    (void)close(talk->fds[1]);
    talk->fds[1] = -1;
}

static void talk_done(struct talk *talk) {
    render_free(talk->asker.render);
    lines_close(talk->lines);
    (void)fclose(talk->asker.screen.to);
    free(talk->shown);
    (void)close(talk->fds[0]);
    if (talk->fds[1] >= 0) {
        (void)close(talk->fds[1]);
    }
}

static bool never(void *ctx) {
    (void)ctx;
    return false;
}

/* Asks and gives the answer, the caller's to free(); NULL with the code in `*code`. */
static char *ask_polled(struct talk *talk, json_t *question, bool (*poll)(void *), void *ctx,
                        enum err_code *code) {
    CLEANUP(json_decrefp) json_t *owned = question;
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(masked_done) struct masked masked = {0};
    struct person person = asker_person(&talk->asker);
    char *answer = NULL;
    struct err err = {0};

    redact_json(redactor, owned, &masked);
    *code = person.ask(person.ctx, &masked, poll, ctx, &answer, &err);
    return answer;
}

static char *ask(struct talk *talk, json_t *question, enum err_code *code) {
    return ask_polled(talk, question, never, NULL, code);
}

static json_t *approval_question(void) {
    CLEANUP(approval_done)
    struct approval approval = {.kind = mem_strdup("deploy"),
                                .account = mem_strdup("123456789012")};
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(65536);

    approval_write(&approval, &bytes);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s, s, s]}", "field", "approval", "kind",
                     "approval", "question", "Execute exactly this?", "default", "no", "bytes",
                     buf_cstr(&bytes), "choices", "yes", "no", "why");
}

static json_t *question_of(const char *kind, const char *field, const char *proposal) {
    json_t *question = json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "field", field, "question",
                                 "Well?", "help", "It matters.");

    json_put_str(question, "default", proposal);
    if (strcmp(kind, "choice") == 0) {
        json_put(question, "choices", json_pack("[s, s]", "red", "green"));
    }
    return question;
}

/* clang-format off */
static const struct {
    const char *kind;
    const char *proposal;
    const char *typed;
    const char *answer; /* NULL: see code */
    enum err_code code;
} rows[] = {
    /* kind       proposal  typed                       answer    code */
    { "confirm",  "yes",    "\n",                       "yes",    ERR_NONE },
    { "confirm",  "no",     "\n",                       "no",     ERR_NONE },
    { "confirm",  "yes",    "N\n",                      "no",     ERR_NONE },
    { "confirm",  "no",     "YES\n",                    "yes",    ERR_NONE },
    { "confirm",  "no",     "perhaps\nok\n",            "yes",    ERR_NONE },
    { "confirm",  "no",     "help\nwhy\ny\n",           "yes",    ERR_NONE },
    { "confirm",  "yes",    "cancel\n",                 NULL,     ERR_CANCELLED },
    { "confirm",  "yes",    "",                         NULL,     ERR_WAITING },
    { "text",     NULL,     "eu-west-1\n",              "eu-west-1", ERR_NONE },
    { "text",     NULL,     "  padded \n",              "padded", ERR_NONE },
    { "text",     NULL,     "no newline at the end",    "no newline at the end", ERR_NONE },
    { "text",     NULL,     "\n\nlate\n",               "late",   ERR_NONE },
    { "text",     "todo",   "\n",                       "todo",   ERR_NONE },
    { "text",     "todo",   "yes\n",                    "yes",    ERR_NONE },
    { "choice",   NULL,     "2\n",                      "green",  ERR_NONE },
    { "choice",   NULL,     "blue\nred\n",              "red",    ERR_NONE },
    { "approval", NULL,     "yes\n",                    "yes",    ERR_NONE },
    { "approval", NULL,     "no\n",                     "no",     ERR_NONE },
    { "approval", NULL,     "\n\nwhy\nsure\nno\n",      "no",     ERR_NONE },
    { "approval", NULL,     "\n\n",                     NULL,     ERR_WAITING },
    { "approval", NULL,     "stop\n",                   NULL,     ERR_CANCELLED },
};
/* clang-format on */

static void a_line_answers_a_question_or_it_is_asked_again(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct talk talk = {0};
        bool is_approval = strcmp(rows[i].kind, "approval") == 0;
        enum err_code code = ERR_NONE;
        char *answer;

        talk_open(&talk, rows[i].typed);
        talk_hang_up(&talk);
        answer = ask(&talk,
                     is_approval ? approval_question()
                                 : question_of(rows[i].kind, "x", rows[i].proposal),
                     &code);
        if (code != rows[i].code || (answer == NULL) != (rows[i].answer == NULL) ||
            (answer != NULL && strcmp(answer, rows[i].answer) != 0)) {
            fail_msg("row %zu: %s, '%s'", i, err_wire(code), answer);
        }
        free(answer);
        talk_done(&talk);
    }
}

static void a_budget_is_raised_by_a_yes_and_any_other_line_of_a_script_is_the_next_one(
    void **state) {
    static const struct {
        const char *typed;
        const char *answer;
        const char *next; /* what the talk reads then */
    } scripts[] = {
        {"yes\nstatus\n", "yes", "status"},
        {"y\nstatus\n", "yes", "status"},
        {"no\nstatus\n", "no", "status"},
        {"\nstatus\n", "no", "status"},
        {"sure, go ahead\nstatus\n", "no", "sure, go ahead"},
        {"why did it fail?\nstatus\n", "no", "why did it fail?"},
        {"show the logs", "no", "show the logs"},
        {"help\nyes\nstatus\n", "yes", "status"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(scripts); i++) {
        struct talk talk = {0};
        struct line_wait wait = {0};
        enum err_code code = ERR_NONE;
        char *answer;
        char *next = NULL;

        talk_open(&talk, scripts[i].typed);
        talk_hang_up(&talk);
        answer = ask(&talk, question_of("confirm", "token_budget", "no"), &code);
        if (code != ERR_NONE || strcmp(answer, scripts[i].answer) != 0 ||
            lines_read(talk.lines, "", &wait, &next) != LINE_READ ||
            strcmp(next, scripts[i].next) != 0) {
            fail_msg("row %zu: %s, '%s', then '%s'", i, err_wire(code), answer, next);
        }
        free(answer);
        free(next);
        talk_done(&talk);
    }
}

static void the_paper_is_shown_before_an_approval(void **state) {
    struct talk talk = {0};
    enum err_code code = ERR_NONE;

    (void)state;
    talk_open(&talk, "yes\n");
    free(ask(&talk, approval_question(), &code));
    (void)fflush(talk.asker.screen.to);
    assert_non_null(strstr(talk.shown, "What a yes means"));
    assert_non_null(strstr(talk.shown, "account       123456789012"));
    assert_non_null(strstr(talk.shown, "sha256"));
    talk_done(&talk);
}

static void yes_takes_proposals_and_nothing_that_matters(void **state) {
    static const struct {
        const char *kind;
        const char *field;
        const char *proposal;
        const char *answer; /* NULL: nobody answers */
        const char *by;     /* whose proposal it is; NULL: the program's */
    } nobody[] = {
        {"confirm", "bootstrap", "yes", "yes"},
        {"confirm", "retry", "no", "no"},
        {"confirm", "confirm", "no", "no"},
        {"text", "app.name", "todo", "todo"},
        {"text", "app.name", "todo", NULL, "repository"},
        {"text", "region", NULL, NULL},
        {"confirm", "trust", "yes", NULL},
        {"approval", "approval", "no", NULL},
        {"approval", "approval", "yes", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(nobody); i++) {
        struct talk talk = {.asker = {.takes_proposals = true}};
        struct person person = asker_person(&talk.asker);
        enum err_code code = ERR_NONE;
        json_t *question = question_of(nobody[i].kind, nobody[i].field, nobody[i].proposal);
        char *answer;

        json_put_str(question, "by", nobody[i].by);
        assert_true(person.is_there(person.ctx));
        answer = ask(&talk, question, &code);
        if ((answer == NULL) != (nobody[i].answer == NULL) ||
            (answer != NULL && strcmp(answer, nobody[i].answer) != 0) ||
            (answer == NULL && code != ERR_WAITING)) {
            fail_msg("%s %s: %s, '%s'", nobody[i].kind, nobody[i].field, err_wire(code), answer);
        }
        free(answer);
    }
}

static void nobody_answers_nothing(void **state) {
    struct talk talk = {0};
    struct person person = asker_person(&talk.asker);
    enum err_code code = ERR_NONE;

    (void)state;
    assert_false(person.is_there(person.ctx));
    assert_null(ask(&talk, question_of("confirm", "bootstrap", "yes"), &code));
    assert_int_equal(code, ERR_WAITING);
}

static void a_plan_leaves_approvals_to_others(void **state) {
    struct talk talk = {0};
    enum err_code code = ERR_NONE;
    char *answer;

    (void)state;
    talk_open(&talk, "yes\nyes\n");
    talk.asker.is_planning = true;
    assert_null(ask(&talk, approval_question(), &code));
    assert_int_equal(code, ERR_WAITING);
    answer = ask(&talk, question_of("confirm", "bootstrap", "no"), &code);
    assert_string_equal(answer, "yes");
    free(answer);
    talk_done(&talk);
}

static bool third_time(void *ctx) {
    int *count = ctx;

    return ++*count == 3;
}

static void an_answer_from_elsewhere_ends_the_question(void **state) {
    struct talk talk = {0};
    enum err_code code = ERR_DEFECT;
    int count = 0;
    int64_t began = clock_mono_ms();

    (void)state;
    talk_open(&talk, "");
    assert_null(ask_polled(&talk, approval_question(), third_time, &count, &code));
    assert_int_equal(code, ERR_NONE);
    assert_int_equal(count, 3);
    assert_true(clock_mono_ms() - began < 3 * 500); /* at least twice a second */
    talk_done(&talk);
}

static void a_question_outside_of_a_session_waits_no_longer_than_it_may(void **state) {
    struct talk talk = {0};
    struct err err = {0};
    bool answer = false;

    (void)state;
    talk_open(&talk, "");
    talk.asker.deadline_mono_ms = clock_mono_ms() + 50;
    assert_int_equal(asker_confirm(&talk.asker, "Replace it?", false, &answer, &err), ERR_WAITING);
    talk_done(&talk);
}

static json_t *approval_until(int64_t expires_ms) {
    json_t *question = approval_question();

    json_put_int(question, "expires_ms", expires_ms);
    return question;
}

static void what_runs_in_the_background_waits_for_the_yes_of_another_process(void **state) {
    struct talk talk = {0};
    enum err_code code = ERR_NONE;
    int count = 0;

    (void)state;
    talk_open(&talk, "");
    talk.asker.lines = NULL;
    talk.asker.is_detached = true;
    assert_null(
        ask_polled(&talk, approval_until(clock_now_ms() + 60000), third_time, &count, &code));
    assert_int_equal(code, ERR_NONE);
    assert_int_equal(count, 3);
    count = -1000000; /* nobody says yes: until the question expires */
    assert_null(ask_polled(&talk, approval_until(clock_now_ms() + 300), third_time, &count, &code));
    assert_int_equal(code, ERR_WAITING);
    talk_done(&talk);
}

static void ctrl_c_ends_the_question(void **state) {
    struct talk talk = {0};
    enum err_code code = ERR_NONE;

    (void)state;
    talk_open(&talk, "yes\n");
    atomic_store(&talk.interrupted, true);
    assert_null(ask(&talk, approval_question(), &code));
    assert_int_equal(code, ERR_INTERRUPTED);
    talk_done(&talk);
}

static bool is_change(void *ctx, const char *line, bool is_free) {
    (void)ctx;
    (void)is_free;
    return strncmp(line, "change ", 7) == 0;
}

static void a_change_in_the_middle_cancels_the_run(void **state) {
    struct talk talk = {0};
    enum err_code code = ERR_NONE;

    (void)state;
    talk_open(&talk, "change region to eu-west-2\nyes\n");
    talk.asker.aside = is_change;
    assert_null(ask(&talk, approval_question(), &code));
    assert_int_equal(code, ERR_CANCELLED);
    talk_done(&talk);
}

static void a_line_without_an_end_is_cut(void **state) {
    CLEANUP(freep) char *typed = mem_alloc(40000);
    struct talk talk = {0};
    enum err_code code = ERR_NONE;
    char *answer;

    (void)state;
    memset(typed, 'x', 39000);
    talk_open(&talk, typed);
    answer = ask(&talk, question_of("text", "x", NULL), &code);
    assert_non_null(answer);
    assert_true(strlen(answer) <= 16 * 1024);
    free(answer);
    talk_done(&talk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_answers_a_question_or_it_is_asked_again),
        cmocka_unit_test(
            a_budget_is_raised_by_a_yes_and_any_other_line_of_a_script_is_the_next_one),
        cmocka_unit_test(the_paper_is_shown_before_an_approval),
        cmocka_unit_test(yes_takes_proposals_and_nothing_that_matters),
        cmocka_unit_test(nobody_answers_nothing),
        cmocka_unit_test(a_plan_leaves_approvals_to_others),
        cmocka_unit_test(an_answer_from_elsewhere_ends_the_question),
        cmocka_unit_test(a_question_outside_of_a_session_waits_no_longer_than_it_may),
        cmocka_unit_test(what_runs_in_the_background_waits_for_the_yes_of_another_process),
        cmocka_unit_test(ctrl_c_ends_the_question),
        cmocka_unit_test(a_change_in_the_middle_cancels_the_run),
        cmocka_unit_test(a_line_without_an_end_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
