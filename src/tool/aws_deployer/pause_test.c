/* The pause of every loop that waits for AWS: it ends in time, at once when told to, and says that
 * it goes on. The clock is not asked: the loop's beginning is put into the past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

static char said[256]; /* the last sentence */
static int said_n;

static void hear(struct op *op, json_t *event) {
    (void)op;
    (void)snprintf(said, sizeof said, "%s", json_str_or(event, "text", ""));
    said_n++;
    json_decref(event);
}

static atomic_bool is_cancelled;

static struct op op_with(int64_t left_ms) {
    said_n = 0;
    atomic_store(&is_cancelled, false);
    return (struct op){
        .cancel = &is_cancelled, .deadline_mono_ms = clock_mono_ms() + left_ms, .emit = hear};
}

/* A loop that has waited for so long, and pauses for a millisecond. */
static struct poll poll_since(int64_t ms) {
    return (struct poll){.started_ms = clock_mono_ms() - ms, .pause_ms = 1};
}

static void a_wait_says_once_a_while_that_it_goes_on(void **state) {
    struct op op = op_with(3600 * 1000);
    struct poll poll = poll_since(limit(LIMIT_HEARTBEAT_MS) + 1000);
    struct poll young = poll_since(0);
    struct err err = {0};

    (void)state;
    assert_int_equal(deployer_pause(&op, &young, &err), ERR_NONE);
    assert_int_equal(said_n, 0);
    assert_int_equal(deployer_pause(&op, &poll, &err), ERR_NONE);
    assert_int_equal(said_n, 1);
    assert_non_null(strstr(said, "waiting for AWS for 61 s; given up after 3661 s"));
    assert_int_equal(deployer_pause(&op, &poll, &err), ERR_NONE);
    assert_int_equal(said_n, 1);
    poll.told_ms -= limit(LIMIT_HEARTBEAT_MS) + 1;
    assert_int_equal(deployer_pause(&op, &poll, &err), ERR_NONE);
    assert_int_equal(said_n, 2);
}

static void a_wait_has_a_deadline_and_says_what_goes_on_without_it(void **state) {
    struct op op = op_with(-1);
    struct poll poll = poll_since(90 * 1000);
    struct err err = {0};

    (void)state;
    assert_int_equal(deployer_pause(&op, &poll, &err), ERR_TIMEOUT);
    assert_non_null(strstr(err.text, "longer than 90 seconds"));
    assert_non_null(strstr(err.remedy, "aws-copilot status"));
}

static void a_wait_ends_when_it_is_told_to(void **state) {
    struct op op = op_with(3600 * 1000);
    struct poll poll = {.started_ms = clock_mono_ms(), .pause_ms = 3600 * 1000};
    struct err err = {0};

    (void)state;
    atomic_store(&is_cancelled, true);
    assert_int_equal(deployer_pause(&op, &poll, &err), ERR_CANCELLED);
}

static void pauses_are_short_at_first_and_grow(void **state) {
    struct op op = op_with(3600 * 1000);
    struct poll poll = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(deployer_pause(&op, &poll, &err), ERR_NONE);
    assert_int_equal(poll.pause_ms, limit(LIMIT_POLL_MIN_MS) * 3 / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_says_once_a_while_that_it_goes_on),
        cmocka_unit_test(a_wait_has_a_deadline_and_says_what_goes_on_without_it),
        cmocka_unit_test(a_wait_ends_when_it_is_told_to),
        cmocka_unit_test(pauses_are_short_at_first_and_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
