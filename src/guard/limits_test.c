/* limits: the table is whole, and rates hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "guard/limits.h"

static void every_limit_has_a_name_a_unit_and_a_reason(void **state) {
    (void)state;
    for (enum limit i = LIMIT_NONE + 1; i < LIMIT_N; i++) {
        if (limit(i) <= 0 || limit_name(i)[0] == '\0' || limit_unit(i)[0] == '\0' ||
            strlen(limit_why(i)) < 10) {
            fail_msg("row %d: %s", (int)i, limit_name(i));
        }
        for (enum limit j = LIMIT_NONE + 1; j < i; j++) {
            assert_string_not_equal(limit_name(i), limit_name(j));
        }
    }
}

static void the_numbers_of_the_blueprint_hold(void **state) {
    (void)state;
    assert_int_equal(limit(LIMIT_TOOL_CONCURRENT), 10);
    assert_int_equal(limit(LIMIT_TOOL_TIMEOUT_MS), 120000);
    assert_int_equal(limit(LIMIT_PLAN_CYCLES), 4);
    assert_int_equal(limit(LIMIT_PLAN_SPAN_MS), 60000);
    assert_int_equal(limit(LIMIT_AWS_PER_S), 2);
    assert_int_equal(limit(LIMIT_AWS_BURST), 20);
    assert_int_equal(limit(LIMIT_GITHUB_PER_S), 2);
    assert_int_equal(limit(LIMIT_GITHUB_BURST), 20);
    assert_int_equal(limit(LIMIT_ROUNDS), 2);
    assert_int_equal(limit(LIMIT_APPROVAL_MS), 30 * 60 * 1000);
    assert_int_equal(limit(LIMIT_LEASE_MS), 30000);
    assert_int_equal(limit(LIMIT_LEASE_RENEW_MS), 10000);
    assert_int_equal(limit(LIMIT_TTL_BODY_MS), INT64_C(7776000000));
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state) {
    struct bucket bucket = {0};
    int64_t now_ms = 1000000;
    int64_t taken = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(bucket_take(&bucket, 2, 20, now_ms), 0);
    }
    assert_int_equal(bucket_take(&bucket, 2, 20, now_ms), 500);
    assert_int_equal(bucket_take(&bucket, 2, 20, now_ms + 499), 1);
    assert_int_equal(bucket_take(&bucket, 2, 20, now_ms + 500), 0);
    /* Over a minute, asked every millisecond: 2 a second and no more. */
    for (int64_t ms = 501; ms <= 60500; ms++) {
        taken += bucket_take(&bucket, 2, 20, now_ms + ms) == 0;
    }
    assert_int_equal(taken, 120);
}

static void a_bucket_that_waits_as_told_is_served(void **state) {
    struct bucket bucket = {0};
    int64_t now_ms = 5;

    (void)state;
    for (int i = 0; i < 200; i++) {
        int64_t wait_ms = bucket_take(&bucket, 3, 7, now_ms);
        if (wait_ms > 0) {
            now_ms += wait_ms;
            assert_int_equal(bucket_take(&bucket, 3, 7, now_ms), 0);
        }
    }
}

static void a_clock_that_goes_back_gives_a_bucket_nothing(void **state) {
    struct bucket bucket = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(bucket_take(&bucket, 2, 20, 1000000), 0);
    }
    assert_true(bucket_take(&bucket, 2, 20, 0) > 0);
    assert_true(bucket_take(&bucket, 2, 20, 1000000) > 0);
    assert_int_equal(bucket_take(&bucket, 2, 20, INT64_MAX / 2), 0);
}

static void a_window_lets_four_cycles_a_minute_through(void **state) {
    struct window window = {0};

    (void)state;
    assert_int_equal(window_take(&window, 4, 60000, 1000), 0);
    assert_int_equal(window_take(&window, 4, 60000, 2000), 0);
    assert_int_equal(window_take(&window, 4, 60000, 3000), 0);
    assert_int_equal(window_take(&window, 4, 60000, 4000), 0);
    assert_int_equal(window_take(&window, 4, 60000, 5000), 56000);
    assert_int_equal(window_take(&window, 4, 60000, 60999), 1);
    assert_int_equal(window_take(&window, 4, 60000, 61000), 0);
    assert_int_equal(window_take(&window, 4, 60000, 61000), 1000);
    /* A clock that goes back does not open the window. */
    assert_true(window_take(&window, 4, 60000, 0) > 0);
    assert_int_equal(window_take(&window, 4, 60000, 200000), 0);
    assert_int_equal(window.n, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_has_a_name_a_unit_and_a_reason),
        cmocka_unit_test(the_numbers_of_the_blueprint_hold),
        cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(a_bucket_that_waits_as_told_is_served),
        cmocka_unit_test(a_clock_that_goes_back_gives_a_bucket_nothing),
        cmocka_unit_test(a_window_lets_four_cycles_a_minute_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
