/* What lines of a conversation mean. */
#include "front/chat/intent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* clang-format off */
static const struct {
    const char *line;
    enum intent intent;
    const char *word;
    const char *value;
} lines[] = {
    /* line                                          intent           word        value */
    { "deploy",                                      INTENT_VERB,     "deploy",   NULL },
    { "Deploy!",                                     INTENT_VERB,     "deploy",   NULL },
    { "please deploy it now",                        INTENT_VERB,     "deploy",   NULL },
    { "could you deploy this to production?",        INTENT_VERB,     "deploy",   NULL },
    { "ship it",                                     INTENT_VERB,     "deploy",   NULL },
    { "put the app on AWS",                          INTENT_VERB,     "deploy",   "app" },
    { "plan",                                        INTENT_VERB,     "plan",     NULL },
    { "What would change?",                          INTENT_VERB,     "plan",     NULL },
    { "show me the status",                          INTENT_VERB,     "status",   NULL },
    { "what is running",                             INTENT_VERB,     "status",   NULL },
    { "what is the address?",                        INTENT_VERB,     "outputs",  NULL },
    { "show logs",                                   INTENT_VERB,     "logs",     NULL },
    { "history",                                     INTENT_VERB,     "history",  NULL },
    { "inspect the repository",                      INTENT_VERB,     "inspect",  NULL },
    { "destroy everything",                          INTENT_VERB,     "destroy",  NULL },
    { "tear it down",                                INTENT_VERB,     "destroy",  "it" },
    { "change region to eu-west-1",                  INTENT_CHANGE,   "region",   "eu-west-1" },
    { "Change the region to EU-West-1.",             INTENT_CHANGE,   "region",   "EU-West-1" },
    { "please change my region to eu-central-1!",    INTENT_CHANGE,   "region",   "eu-central-1" },
    { "use account 123456789012",                    INTENT_CHANGE,   "account",  "123456789012" },
    { "change environment to prod",                  INTENT_CHANGE,   "env",      "prod" },
    { "set env to dev",                              INTENT_CHANGE,   "env",      "dev" },
    { "change app to todo",                          INTENT_CHANGE,   "app",      "todo" },
    { "yes",                                         INTENT_YES,      NULL,       NULL },
    { "Y",                                           INTENT_YES,      NULL,       NULL },
    { "no",                                          INTENT_NO,       NULL,       NULL },
    { "do not deploy",                               INTENT_NO,       NULL,       NULL },
    { "please don't deploy",                         INTENT_NO,       NULL,       NULL },
    { "why?",                                        INTENT_WHY,      NULL,       NULL },
    { "resume",                                      INTENT_RESUME,   NULL,       NULL },
    { "cancel",                                      INTENT_CANCEL,   NULL,       NULL },
    { "help",                                        INTENT_HELP,     NULL,       NULL },
    { "quit",                                        INTENT_QUIT,     NULL,       NULL },
    { "hello",                                       INTENT_GREETING, NULL,       NULL },
    /* Of two equal ones the first of the table. */
    { "status or deploy",                            INTENT_VERB,     "deploy",   NULL },
    /* A short word is an answer only when nothing else is said. */
    { "no idea what to say",                         INTENT_UNKNOWN,  NULL,       NULL },
    { "yes but first tell me more",                  INTENT_UNKNOWN,  NULL,       NULL },
    { "change region to",                            INTENT_UNKNOWN,  NULL,       NULL },
    { "what a lovely day",                           INTENT_UNKNOWN,  NULL,       NULL },
    { "",                                            INTENT_UNKNOWN,  NULL,       NULL },
    { "   ...  !!! ",                                INTENT_UNKNOWN,  NULL,       NULL },
};
/* clang-format on */

static bool same(const char *a, const char *b) {
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void a_line_means_what_a_person_means(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        struct intent_found found = {0};
        enum intent intent;

        intent_read(lines[i].line, &found);
        intent = found.row == NULL ? INTENT_UNKNOWN : found.row->intent;
        if (intent != lines[i].intent || !same(found.value, lines[i].value) ||
            (found.row != NULL && !same(found.row->word, lines[i].word))) {
            fail_msg("'%s': intent %d, word %s, value %s", lines[i].line, intent,
                     found.row == NULL ? "-" : found.row->word, found.value);
        }
        intent_found_done(&found);
    }
}

static void every_phrase_of_the_table_is_understood_as_itself(void **state) {
    size_t n = 0;
    const struct intent_row *rows = intent_rows(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct intent_found found = {0};

        intent_read(rows[i].phrase, &found);
        if (found.row == NULL || found.row->intent != rows[i].intent ||
            !same(found.row->word, rows[i].word)) {
            fail_msg("'%s' is understood as '%s'", rows[i].phrase,
                     found.row == NULL ? "nothing" : found.row->phrase);
        }
        intent_found_done(&found);
    }
}

static void a_very_long_line_has_an_end(void **state) {
    char line[20000];
    struct intent_found found = {0};

    (void)state;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    for (size_t i = 3; i < sizeof line - 1; i += 4) {
        line[i] = ' ';
    }
    intent_read(line, &found);
    assert_null(found.row);
    memset(line, 'y', sizeof line - 1);
    intent_read(line, &found);
    assert_null(found.row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_means_what_a_person_means),
        cmocka_unit_test(every_phrase_of_the_table_is_understood_as_itself),
        cmocka_unit_test(a_very_long_line_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
