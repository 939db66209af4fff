/* What a stack's status means. The names are judged by botocore in test/e2e/test_deployer.py. */
#include "aws/stack_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void each_status_has_one_row_and_a_sentence(void **unused) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        if (stack_state_of(rows[i].status) != &rows[i] || rows[i].class == STACK_NONE ||
            rows[i].sentence[0] == '\0') {
            fail_msg("row %zu, %s", i, rows[i].status);
        }
    }
}

static void what_cannot_take_a_change_set_says_what_to_do(void **unused) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        bool is_fit = rows[i].can_create || rows[i].can_update;

        if (is_fit != (rows[i].remedy[0] == '\0') || (rows[i].can_create && rows[i].can_update)) {
            fail_msg("%s", rows[i].status);
        }
    }
}

/* Never by the last word: UPDATE_ROLLBACK_COMPLETE ends in _COMPLETE too. */
static void only_a_finished_creation_or_update_is_a_success(void **unused) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        bool want = strcmp(rows[i].status, "CREATE_COMPLETE") == 0 ||
                    strcmp(rows[i].status, "UPDATE_COMPLETE") == 0;

        if (rows[i].is_success != want) {
            fail_msg("%s", rows[i].status);
        }
    }
}

static void a_status_rests_unless_it_is_in_progress(void **unused) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        bool is_moving = str_ends(str_from(rows[i].status), STR("_IN_PROGRESS")) &&
                         rows[i].class != STACK_REVIEW;

        if (rows[i].is_resting == is_moving || (rows[i].is_going_back && !is_moving)) {
            fail_msg("%s", rows[i].status);
        }
        if (rows[i].is_going_back != (is_moving && strstr(rows[i].status, "ROLLBACK") != NULL)) {
            fail_msg("%s: going back", rows[i].status);
        }
    }
}

static void a_status_of_a_newer_cloudformation_is_classed_by_its_end(void **unused) {
    static const struct {
        const char *status;
        enum stack_class class;
        bool is_resting;
    } rows[] = {
        {"MIGRATE_IN_PROGRESS", STACK_BUSY, false}, {"MIGRATE_FAILED", STACK_STUCK, true},
        {"MIGRATE_COMPLETE", STACK_STUCK, true},    {"IN_PROGRESS", STACK_STUCK, true},
        {"update_complete", STACK_STUCK, true},
    };

    (void)unused;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const struct stack_state *state = stack_state_of(rows[i].status);

        if (state->class != rows[i].class || state->is_resting != rows[i].is_resting ||
            state->can_create || state->can_update || state->is_success ||
            state->remedy[0] == '\0' || strstr(state->sentence, "does not know") == NULL) {
            fail_msg("%s", rows[i].status);
        }
    }
}

/* A cure says what it costs; only what takes a change set, or is absent, needs none. */
static void what_is_stuck_has_a_cure_and_the_cure_its_price(void **unused) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        const struct stack_state *row = &rows[i];
        bool is_acting =
            row->cure != CURE_NONE && row->cure != CURE_WAIT && row->cure != CURE_MANUAL;

        if (is_acting != (row->loses[0] != '\0') || (row->cure == CURE_WAIT) != !row->is_resting ||
            (row->cure == CURE_NONE) != (row->can_update || row->class == STACK_ABSENT) ||
            (is_acting && row->class != STACK_REVIEW && strstr(row->remedy, "recover") == NULL)) {
            fail_msg("%s", row->status);
        }
    }
}

/* RollbackStack and ContinueUpdateRollback are for these statuses only (API Reference). */
static void each_way_back_is_taken_where_cloudformation_allows_it(void **unused) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        bool is_failed_update = strcmp(rows[i].status, "UPDATE_FAILED") == 0;
        bool is_stuck = strcmp(rows[i].status, "UPDATE_ROLLBACK_FAILED") == 0;
        bool is_kept = is_failed_update || strcmp(rows[i].status, "CREATE_FAILED") == 0;

        if ((rows[i].cure == CURE_ROLLBACK) != is_failed_update ||
            (rows[i].cure == CURE_CONTINUE) != is_stuck || rows[i].can_fix != is_kept) {
            fail_msg("%s", rows[i].status);
        }
    }
}

static void each_cure_has_its_word_and_an_unknown_word_is_a_persons(void **unused) {
    (void)unused;
    for (enum stack_cure cure = CURE_NONE; cure < CURE_N; cure++) {
        assert_int_equal(stack_cure_from(stack_cure_word(cure)), cure);
    }
    assert_int_equal(stack_cure_from("heal"), CURE_MANUAL);
}

static void each_class_has_its_word(void **unused) {
    (void)unused;
    for (enum stack_class a = STACK_NONE; a < STACK_CLASS_N; a++) {
        for (enum stack_class b = a + 1; b < STACK_CLASS_N; b++) {
            assert_string_not_equal(stack_class_word(a), stack_class_word(b));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_one_row_and_a_sentence),
        cmocka_unit_test(what_cannot_take_a_change_set_says_what_to_do),
        cmocka_unit_test(only_a_finished_creation_or_update_is_a_success),
        cmocka_unit_test(a_status_rests_unless_it_is_in_progress),
        cmocka_unit_test(a_status_of_a_newer_cloudformation_is_classed_by_its_end),
        cmocka_unit_test(what_is_stuck_has_a_cure_and_the_cure_its_price),
        cmocka_unit_test(each_way_back_is_taken_where_cloudformation_allows_it),
        cmocka_unit_test(each_cure_has_its_word_and_an_unknown_word_is_a_persons),
        cmocka_unit_test(each_class_has_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
