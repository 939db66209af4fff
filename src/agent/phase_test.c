/* Phases and outcomes have a word, a sentence and a step each. */
#include "agent/phase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_phase_is_found_by_its_word(void **state) {
    (void)state;
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        if (phase_from_word(phase_word(p)) != p || phase_sentence(p)[0] == '\0' ||
            phase_step(p) < 1 || phase_step(p) > 8) {
            fail_msg("phase %d, '%s', step %d", p, phase_word(p), phase_step(p));
        }
    }
}

static void other_words_are_no_phase(void **state) {
    (void)state;
    assert_int_equal(phase_from_word("none"), PHASE_NONE);
    assert_int_equal(phase_from_word("Plan"), PHASE_NONE);
    assert_int_equal(phase_from_word(""), PHASE_NONE);
    assert_int_equal(phase_from_word(NULL), PHASE_NONE);
}

/* Journals hold these words: a changed one could not be read again. */
static void every_outcome_keeps_its_word(void **state) {
    static const char *const words[] = {"ok", "done", "fail", "stale", "veto", "cancel", "park"};

    (void)state;
    for (enum outcome o = OUTCOME_OK; o <= OUTCOME_PARK; o++) {
        assert_string_equal(outcome_word(o), words[o]);
    }
}

/* The specification has eight steps, and each is somewhere on the road. */
static void every_step_has_a_phase(void **state) {
    (void)state;
    for (int step = 1; step <= 8; step++) {
        enum phase p = PHASE_NONE + 1;

        while (p < PHASE_N && phase_step(p) != step) {
            p++;
        }
        if (p == PHASE_N) {
            fail_msg("step %d", step);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_phase_is_found_by_its_word),
        cmocka_unit_test(other_words_are_no_phase),
        cmocka_unit_test(every_outcome_keeps_its_word),
        cmocka_unit_test(every_step_has_a_phase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
