/* The road: doors, totality, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/graph.h"

static void no_row_was_forgotten(void **state) {
    (void)state;
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        for (int o = 0; o < OUTCOME_N; o++) {
            if (graph_next(p, (enum outcome)o) == PHASE_NONE) {
                fail_msg("%s, %s leads nowhere", phase_word(p), outcome_word((enum outcome)o));
            }
        }
        assert_int_equal(phase_from_word(phase_word(p)), p);
        assert_in_range(phase_step(p), 1, 8);
    }
}

static void only_a_yes_in_wait_opens_execute(void **state) {
    int doors = 0;

    (void)state;
    for (enum phase p = PHASE_NONE; p <= PHASE_N; p++) {
        for (int o = 0; o <= OUTCOME_N; o++) {
            if (graph_next(p, (enum outcome)o) == PHASE_EXECUTE) {
                assert_int_equal(p, PHASE_WAIT);
                assert_int_equal(o, OUTCOME_OK);
                doors++;
            }
        }
    }
    assert_int_equal(doors, 1);
}

static void only_a_plan_opens_the_dry_run_and_only_a_review_opens_wait(void **state) {
    (void)state;
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        for (int o = 0; o < OUTCOME_N; o++) {
            enum phase to = graph_next(p, (enum outcome)o);

            if (to == PHASE_DRY_RUN) {
                assert_int_equal(p, PHASE_REVIEW);
            }
            if (to == PHASE_WAIT) {
                assert_true(p == PHASE_REVIEW_SET || (p == PHASE_EXECUTE && o == OUTCOME_STALE));
            }
            if (to == PHASE_VALIDATE) {
                assert_int_equal(p, PHASE_EXECUTE);
            }
        }
    }
}

static void every_veto_and_every_cancel_leads_away_from_effects(void **state) {
    (void)state;
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        enum phase veto = graph_next(p, OUTCOME_VETO);
        enum phase cancel = graph_next(p, OUTCOME_CANCEL);

        assert_true(graph_is_end(veto));
        assert_true(graph_is_end(cancel) || cancel == PHASE_ROLLBACK);
    }
}

static void an_end_stays_an_end(void **state) {
    (void)state;
    for (int o = 0; o < OUTCOME_N; o++) {
        assert_int_equal(graph_next(PHASE_CLOSURE, (enum outcome)o), PHASE_CLOSURE);
        assert_int_equal(graph_next(PHASE_ESCALATED, (enum outcome)o), PHASE_ESCALATED);
    }
    assert_int_equal(graph_next(PHASE_NONE, OUTCOME_OK), PHASE_ESCALATED);
    assert_int_equal(graph_next(PHASE_PLAN, OUTCOME_PARK), PHASE_ESCALATED);
}

static void only_ways_back_from_rollback_and_dry_run_are_counted(void **state) {
    (void)state;
    assert_true(graph_is_return(PHASE_DRY_RUN, PHASE_PLAN));
    assert_true(graph_is_return(PHASE_ROLLBACK, PHASE_ASK));
    assert_false(graph_is_return(PHASE_ROLLBACK, PHASE_CLOSURE));
    assert_false(graph_is_return(PHASE_DRY_RUN, PHASE_REVIEW_SET));
    assert_false(graph_is_return(PHASE_PREFLIGHT, PHASE_ASK));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_was_forgotten),
        cmocka_unit_test(only_a_yes_in_wait_opens_execute),
        cmocka_unit_test(only_a_plan_opens_the_dry_run_and_only_a_review_opens_wait),
        cmocka_unit_test(every_veto_and_every_cancel_leads_away_from_effects),
        cmocka_unit_test(an_end_stays_an_end),
        cmocka_unit_test(only_ways_back_from_rollback_and_dry_run_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
