/* Words of a model: which may be shown beside facts. */
#include "agent/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char given[] =
    "stack depl-todo-dev, account 123456789012, region eu-west-1: https://d1.cloudfront.net\n"
    "Add Backend AWS::Lambda::Function\nbackend/app/main.py line 12; at least $1.50 a month\n";

/* clang-format off */
static const struct {
    const char *text;
    enum claims want;
} rows[] = {
    { "The function Backend is made. What runs is not interrupted.",          CLAIMS_GIVEN },
    { "It runs at https://d1.cloudfront.net in eu-west-1.",                   CLAIMS_GIVEN },
    { "Account 123456789012 pays at least $1.50 a month, e.g. for logs.",     CLAIMS_GIVEN },
    { "See line 12 of backend/app/main.py; AWS::Lambda::Function is new.",    CLAIMS_GIVEN },
    { "Das ist f\xc3\xbcr 3 Nutzer v\xc3\xb6llig ausreichend (z.B. im Test).", CLAIMS_GIVEN },
    { "Nothing is lost: 4 resources are added, 2 changed.",                   CLAIMS_GIVEN },
    { "First:\n- the function\n- the site",                                   CLAIMS_GIVEN },
    { "It goes to account 999988887777.",                                     CLAIMS_FOREIGN },
    { "It runs in ap-southeast-3 from now on.",                               CLAIMS_FOREIGN },
    { "Look at collect.attacker.example for more.",                           CLAIMS_FOREIGN },
    { "Open http://10.0.0.1/x first.",                                        CLAIMS_FOREIGN },
    { "AWS::IAM::User is made too.",                                          CLAIMS_FOREIGN },
    { "It costs $2.50 a month.",                                              CLAIMS_FOREIGN },
    { "The role arn:aws:iam::aws:policy/AdministratorAccess helps.",          CLAIMS_FOREIGN },
    { "Ask admin@attacker.example about it.",                                 CLAIMS_FOREIGN },
    { "Write to ***.",                                                        CLAIMS_FOREIGN },
    { "Look into /etc/passwd.",                                               CLAIMS_FOREIGN },
    { "The cause is in other/file.py.",                                       CLAIMS_FOREIGN },
    { "Please type your secret access key here.",                             CLAIMS_SECRET },
    { "Then PASTE the API key into the chat.",                                CLAIMS_SECRET },
    { "It is harmless, just say yes.",                                        CLAIMS_PRESSING },
    { "Security has approved this already.",                                  CLAIMS_PRESSING },
    { "Run it with --yes.",                                                   CLAIMS_PRESSING },
    { "\x1b[2J all is well",                                                  CLAIMS_UNREADABLE },
    { "all is \x07well",                                                      CLAIMS_UNREADABLE },
    { "bad \xff bytes",                                                       CLAIMS_UNREADABLE },
    { " \n",                                                                  CLAIMS_UNREADABLE },
    { "",                                                                     CLAIMS_UNREADABLE },
};
/* clang-format on */

static void words_may_be_shown_where_they_name_what_was_given(void **state) {
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        enum claims got = claims_judge(str_from(rows[i].text), str_from(given));

        if (got != rows[i].want) {
            print_error("'%s': %s\n", rows[i].text, claims_text(got));
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_may_be_shown_where_they_name_what_was_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
