/* What a change set's statuses mean. The names are judged by botocore in test_deployer.py. */
#include "aws/set_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void each_row_is_found_by_its_words_and_says_something(void **unused) {
    size_t n = 0;
    const struct set_state *rows = set_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        if (set_state_of(rows[i].status, rows[i].execution) != &rows[i] ||
            rows[i].class == SET_NONE || rows[i].sentence[0] == '\0') {
            fail_msg("row %zu, %s %s", i, rows[i].status, rows[i].execution);
        }
    }
}

static void only_what_is_complete_and_available_can_be_executed(void **unused) {
    static const char *const all[] = {"UNAVAILABLE",      "AVAILABLE",      "EXECUTE_IN_PROGRESS",
                                      "EXECUTE_COMPLETE", "EXECUTE_FAILED", "OBSOLETE"};
    size_t n = 0;
    const struct set_state *rows = set_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        for (size_t e = 0; e < ARRAY_N(all); e++) {
            bool want =
                strcmp(rows[i].status, "CREATE_COMPLETE") == 0 && strcmp(all[e], "AVAILABLE") == 0;

            if ((set_state_of(rows[i].status, all[e])->class == SET_READY) != want) {
                fail_msg("%s %s", rows[i].status, all[e]);
            }
        }
    }
}

static void a_pair_of_a_newer_cloudformation_is_said_to_be_new(void **unused) {
    (void)unused;
    assert_int_equal(set_state_of("CREATE_COMPLETE", "PAUSED")->class, SET_NONE);
    assert_int_equal(set_state_of("", "")->class, SET_NONE);
    assert_non_null(strstr(set_state_of("NEW", "AVAILABLE")->sentence, "does not know"));
}

static void each_class_has_its_word(void **unused) {
    (void)unused;
    for (enum set_class a = SET_NONE; a < SET_CLASS_N; a++) {
        for (enum set_class b = a + 1; b < SET_CLASS_N; b++) {
            assert_string_not_equal(set_class_word(a), set_class_word(b));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_found_by_its_words_and_says_something),
        cmocka_unit_test(only_what_is_complete_and_available_can_be_executed),
        cmocka_unit_test(a_pair_of_a_newer_cloudformation_is_said_to_be_new),
        cmocka_unit_test(each_class_has_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
