/* The command line: reading, checking, variables. */
#include "front/cli/option.h"
#include "front/cli/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL (OPTIONS_COMMON | OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_PROGRESS | OPTIONS_LOGS)
#define TAGS (ALL | OPTIONS_TAGS | OPTIONS_TTL)

enum { WORDS = 8 };

static enum err_code read_line(const char *const *words, unsigned groups, struct args *out,
                               struct err *err) {
    char *argv[WORDS + 1] = {(char *)(uintptr_t) "aws-copilot"};
    int argc = 1;

    for (; argc <= WORDS && words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    if (args_read(argc, argv, out, err) != ERR_NONE) {
        return err->code;
    }
    return args_check(out, "logs", groups, err);
}

/* clang-format off */
static const struct {
    const char *words[WORDS];
    unsigned groups;
    enum err_code code;
    enum option option;
    const char *value;  /* of `option`; NULL: not given */
    const char *says;   /* in the sentence or the remedy */
    size_t word_n;
} lines[] = {
    /* words                                      groups  code        option      value          says                        words */
    { { "logs" },                                 ALL,    ERR_NONE,   OPT_ENV,    NULL,          NULL,                       1 },
    { { "logs", "--env", "dev" },                 ALL,    ERR_NONE,   OPT_ENV,    "dev",         NULL,                       1 },
    { { "logs", "--env=dev" },                    ALL,    ERR_NONE,   OPT_ENV,    "dev",         NULL,                       1 },
    { { "logs", "-e", "dev" },                    ALL,    ERR_NONE,   OPT_ENV,    "dev",         NULL,                       1 },
    { { "logs", "-edev" },                        ALL,    ERR_NONE,   OPT_ENV,    "dev",         NULL,                       1 },
    { { "--env", "dev", "logs" },                 ALL,    ERR_NONE,   OPT_ENV,    "dev",         NULL,                       1 },
    { { "logs", "--env", "dev", "--env=prod" },   ALL,    ERR_NONE,   OPT_ENV,    "prod",        NULL,                       1 },
    { { "logs", "-yv" },                          ALL,    ERR_NONE,   OPT_VERBOSE,"",            NULL,                       1 },
    { { "logs", "-yvedev" },                      ALL,    ERR_NONE,   OPT_ENV,    "dev",         NULL,                       1 },
    { { "logs", "--", "--env" },                  ALL,    ERR_NONE,   OPT_ENV,    NULL,          NULL,                       2 },
    { { "logs", "-" },                            ALL,    ERR_NONE,   OPT_ENV,    NULL,          NULL,                       2 },
    { { "logs", "--filter=a=b" },                 ALL,    ERR_NONE,   OPT_FILTER, "a=b",         NULL,                       1 },
    { { "logs", "--filter", "--env" },            ALL,    ERR_NONE,   OPT_FILTER, "--env",       NULL,                       1 },
    { { "logs", "--since", "2026-11-24T08:00:00Z" }, ALL, ERR_NONE,   OPT_SINCE,  "2026-11-24T08:00:00Z", NULL,              1 },
    { { "logs", "--progress", "bar" },            ALL,    ERR_NONE,   OPT_PROGRESS, "bar",       NULL,                       1 },
    { { "logs", "--env" },                        ALL,    ERR_USAGE,  OPT_ENV,    NULL,          "--env needs a value",      1 },
    { { "logs", "-e" },                           ALL,    ERR_USAGE,  OPT_ENV,    NULL,          "--env needs a value",      1 },
    { { "logs", "--env=" },                       ALL,    ERR_USAGE,  OPT_ENV,    NULL,          "is not letters, digits",   1 },
    { { "logs", "--env", "a b" },                 ALL,    ERR_USAGE,  OPT_ENV,    NULL,          "is not letters, digits",   1 },
    { { "logs", "--yes=1" },                      ALL,    ERR_USAGE,  OPT_YES,    NULL,          "takes no value",           1 },
    { { "logs", "--regoin", "x" },                ALL,    ERR_USAGE,  OPT_REGION, NULL,          "did you mean --region",    1 },
    { { "logs", "--regoin=x" },                   ALL,    ERR_USAGE,  OPT_REGION, NULL,          "did you mean --region",    1 },
    { { "logs", "--zzzzzz" },                     ALL,    ERR_USAGE,  OPT_REGION, NULL,          "help logs lists",         1 },
    { { "logs", "-Z" },                           ALL,    ERR_USAGE,  OPT_REGION, NULL,          "there is no option -Z",    1 },
    { { "logs", "--plan", "x" },                  ALL,    ERR_USAGE,  OPT_PLAN,   NULL,          "logs takes no --plan",     1 },
    { { "logs", "--env", "x" },           OPTIONS_COMMON, ERR_USAGE,  OPT_ENV,    NULL,          "logs takes no --env",      1 },
    { { "logs", "--account", "1234" },            ALL,    ERR_USAGE,  OPT_ACCOUNT,NULL,          "12 digits",                1 },
    { { "logs", "--account", "12345678901x" },    ALL,    ERR_USAGE,  OPT_ACCOUNT,NULL,          "12 digits",                1 },
    { { "logs", "--region", "ireland" },          ALL,    ERR_USAGE,  OPT_REGION, NULL,          "an AWS region",            1 },
    { { "logs", "--region", "ireland" },          ALL,    ERR_USAGE,  OPT_REGION, NULL,          "did you mean eu-west-1?",  1 },
    { { "logs", "--region", "EU-WEST-1" },        ALL,    ERR_USAGE,  OPT_REGION, NULL,          "an AWS region",            1 },
    { { "logs", "--max-wait-duration", "0s" },    ALL,    ERR_USAGE,  OPT_MAX_WAIT, NULL,        "a duration such as",       1 },
    { { "logs", "--max-wait-duration", "010s" },  ALL,    ERR_NONE,   OPT_MAX_WAIT, "010s",      NULL,                       1 },
    { { "logs", "--ttl", "00h" },                 TAGS,   ERR_USAGE,  OPT_TTL,    NULL,          "a duration such as",       1 },
    { { "logs", "--since", "0s" },                ALL,    ERR_NONE,   OPT_SINCE,  "0s",          NULL,                       1 },
    { { "logs", "--region", "moon" },             ALL,    ERR_USAGE,  OPT_REGION, NULL,          "aws account list-regions", 1 },
    { { "logs", "--region", "us-gov-west-1" },    ALL,    ERR_NONE,   OPT_REGION, "us-gov-west-1", NULL,                     1 },
    { { "logs", "--since", "yesterday" },         ALL,    ERR_USAGE,  OPT_SINCE,  NULL,          "a duration such as",       1 },
    { { "logs", "--since", "5" },                 ALL,    ERR_USAGE,  OPT_SINCE,  NULL,          "a duration such as",       1 },
    { { "logs", "--progress", "dots" },           ALL,    ERR_USAGE,  OPT_PROGRESS, NULL,        "bar, events, errors-only", 1 },
    { { "logs", "--endpoint-url", "localhost" },  ALL,    ERR_USAGE,  OPT_ENDPOINT_URL, NULL,    "http://",                  1 },
    { { "logs", "--json", "--output=text" },      ALL,    ERR_USAGE,  OPT_JSON,   NULL,          "contradict",               1 },
    { { "logs", "--tags", "team=web" },           TAGS,   ERR_NONE,   OPT_TAGS,   "team=web",    NULL,                       1 },
    { { "logs", "--tags", "url=a=b" },            TAGS,   ERR_NONE,   OPT_TAGS,   "url=a=b",     NULL,                       1 },
    { { "logs", "--tags", "team" },               TAGS,   ERR_USAGE,  OPT_TAGS,   NULL,          "a tag such as team=web",   1 },
    { { "logs", "--tags", "team=" },              TAGS,   ERR_USAGE,  OPT_TAGS,   NULL,          "a tag such as team=web",   1 },
    { { "logs", "--tags", "=web" },               TAGS,   ERR_USAGE,  OPT_TAGS,   NULL,          "a tag such as team=web",   1 },
    { { "logs", "--tags", "AWS:x=y" },            TAGS,   ERR_USAGE,  OPT_TAGS,   NULL,          "a tag such as team=web",   1 },
    { { "logs", "--tags", "ttl=1h" },             TAGS,   ERR_USAGE,  OPT_TAGS,   NULL,          "are taken",                1 },
    { { "logs", "--tags", "bad", "--tags=a=b" },  TAGS,   ERR_USAGE,  OPT_TAGS,   NULL,          "'bad' is not a tag",       1 },
    { { "logs", "--ttl", "soon" },                TAGS,   ERR_USAGE,  OPT_TTL,    NULL,          "a duration such as",       1 },
    { { "logs", "--json", "--output=json" },      ALL,    ERR_NONE,   OPT_OUTPUT, "json",        NULL,                       1 },
};
/* clang-format on */

static bool says(const struct err *err, const char *text) {
    return text == NULL || strstr(err->text, text) != NULL || strstr(err->remedy, text) != NULL;
}

static void command_lines_are_read_as_people_write_them(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        struct args args = {0};
        struct err err = {0};
        enum err_code code = read_line(lines[i].words, lines[i].groups, &args, &err);
        const char *value = args.values[lines[i].option];

        if (code != lines[i].code || !says(&err, lines[i].says)) {
            fail_msg("row %zu: %s: %s / %s", i, err_wire(code), err.text, err.remedy);
        }
        if (code == ERR_NONE && ((value == NULL) != (lines[i].value == NULL) ||
                                 (value != NULL && strcmp(value, lines[i].value) != 0) ||
                                 args.word_n != lines[i].word_n)) {
            fail_msg("row %zu: value %s, %zu words", i, value, args.word_n);
        }
    }
}

static void a_failure_has_a_remedy(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        struct args args = {0};
        struct err err = {0};

        if (read_line(lines[i].words, lines[i].groups, &args, &err) != ERR_NONE &&
            err.remedy[0] == '\0') {
            fail_msg("row %zu has no remedy: %s", i, err.text);
        }
    }
}

static void a_variable_stands_for_an_option_that_is_not_given(void **state) {
    static const char *const words[WORDS] = {"logs"};
    static const char *const typed[WORDS] = {"logs", "--env", "typed"};
    struct args args = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(setenv("AWSCOPILOT_ENV", "from-env", 1), 0);
    assert_int_equal(setenv("AWSCOPILOT_YES", "true", 1), 0);
    assert_int_equal(read_line(words, ALL, &args, &err), ERR_NONE);
    assert_string_equal(args_text(&args, OPT_ENV), "from-env");
    assert_false(args.is_typed[OPT_ENV]);
    assert_true(args_is(&args, OPT_YES));
    assert_int_equal(read_line(typed, ALL, &args, &err), ERR_NONE);
    assert_string_equal(args_text(&args, OPT_ENV), "typed");

    assert_int_equal(setenv("AWSCOPILOT_YES", "0", 1), 0);
    assert_int_equal(read_line(words, ALL, &args, &err), ERR_NONE);
    assert_false(args_is(&args, OPT_YES));
    assert_int_equal(setenv("AWSCOPILOT_YES", "maybe", 1), 0);
    assert_int_equal(read_line(words, ALL, &args, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "AWSCOPILOT_YES"));
    assert_int_equal(unsetenv("AWSCOPILOT_YES"), 0);

    assert_int_equal(setenv("AWSCOPILOT_ENV", "not valid", 1), 0);
    assert_int_equal(read_line(words, ALL, &args, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "AWSCOPILOT_ENV: 'not valid'"));
    assert_int_equal(read_line(words, OPTIONS_COMMON, &args, &err), ERR_NONE); /* not its own */
    assert_int_equal(unsetenv("AWSCOPILOT_ENV"), 0);
}

static void tags_add_up_and_have_a_ceiling(void **state) {
    static const char *const words[WORDS] = {"logs", "--tags", "a=1", "--tags=b=2"};
    char *argv[2 * ARGS_PAIRS_MAX + 3];
    struct args args = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(read_line(words, TAGS, &args, &err), ERR_NONE);
    assert_int_equal(args.pair_n, 2);
    assert_string_equal(args.pairs[0], "a=1");
    assert_string_equal(args.pairs[1], "b=2");
    for (size_t i = 0; i < ARRAY_N(argv); i++) {
        argv[i] = (char *)(uintptr_t)(i % 2 == 1 ? "--tags" : "k=v");
    }
    assert_int_equal(args_read(2 * ARGS_PAIRS_MAX + 1, argv, &args, &err), ERR_NONE);
    assert_int_equal(args_read(2 * ARGS_PAIRS_MAX + 3, argv, &args, &err), ERR_USAGE);
}

static void too_many_words_are_refused(void **state) {
    char *argv[ARGS_WORDS_MAX + 3];
    struct args args = {0};
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(argv); i++) {
        argv[i] = (char *)(uintptr_t) "word";
    }
    assert_int_equal(args_read(ARGS_WORDS_MAX + 1, argv, &args, &err), ERR_NONE);
    assert_int_equal(args_read(ARGS_WORDS_MAX + 2, argv, &args, &err), ERR_USAGE);
}

static void times_count_back_from_now_or_are_dates(void **state) {
    static const char *const ago[WORDS] = {"logs", "--since", "2h"};
    static const char *const date[WORDS] = {"logs", "--since", "1970-01-01T00:00:07Z"};
    static const char *const none[WORDS] = {"logs"};
    struct args args = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(read_line(ago, ALL, &args, &err), ERR_NONE);
    assert_int_equal(args_time_ms(&args, OPT_SINCE, 10000000, -1), 10000000 - 7200000);
    assert_int_equal(args_duration_ms(&args, OPT_SINCE, -1), 7200000);
    assert_int_equal(read_line(date, ALL, &args, &err), ERR_NONE);
    assert_int_equal(args_time_ms(&args, OPT_SINCE, 10000000, -1), 7000);
    assert_int_equal(read_line(none, ALL, &args, &err), ERR_NONE);
    assert_int_equal(args_time_ms(&args, OPT_SINCE, 10000000, -1), -1);
    assert_int_equal(args_duration_ms(&args, OPT_MAX_WAIT, 42), 42);
}

static void every_option_is_told_apart_and_explained(void **state) {
    (void)state;
    for (size_t i = 0; i < OPT_N; i++) {
        const struct option_row *row = &option_rows[i];

        if (row->help[0] == '\0' || (row->argument == NULL) != (row->kind == OPTION_FLAG)) {
            fail_msg("option %s: help or argument", row->name);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(option_rows[k].name, row->name) == 0 ||
                (row->letter != 0 && option_rows[k].letter == row->letter)) {
                fail_msg("option %s is there twice", row->name);
            }
        }
    }
}

static void a_slip_finds_the_word_that_was_meant(void **state) {
    static const char *const words[] = {"deploy",  "destroy", "status", "logs",    "plan",
                                        "history", "approve", "init",   "inspect", "up"};
    static const struct {
        const char *typed;
        const char *meant;
    } rows[] = {
        {"deply", "deploy"},
        {"depoly", "deploy"},
        {"statsu", "status"},
        {"log", "logs"},
        {"plann", "plan"},
        {"insp", "inspect"},
        {"aprove", "approve"},
        {"hist", "history"},
        {"xyzzy", NULL},
        {"q", NULL},
        {"", NULL},
        {"deploying it", NULL},
        {"destory", "destroy"},
        {"lgos", "logs"},
        {"a word that is much longer than any verb of ours could be", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *got = suggest_nearest(rows[i].typed, words, ARRAY_N(words));

        if ((got == NULL) != (rows[i].meant == NULL) ||
            (got != NULL && strcmp(got, rows[i].meant) != 0)) {
            fail_msg("'%s' gives %s", rows[i].typed, got == NULL ? "nothing" : got);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_lines_are_read_as_people_write_them),
        cmocka_unit_test(a_failure_has_a_remedy),
        cmocka_unit_test(a_variable_stands_for_an_option_that_is_not_given),
        cmocka_unit_test(tags_add_up_and_have_a_ceiling),
        cmocka_unit_test(too_many_words_are_refused),
        cmocka_unit_test(times_count_back_from_now_or_are_dates),
        cmocka_unit_test(every_option_is_told_apart_and_explained),
        cmocka_unit_test(a_slip_finds_the_word_that_was_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
