/* What a destroyed stack leaves behind, and what that costs. */
#include "agent/executor/cure.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static json_t *left_of(const char *text) {
    struct turn turn = {0};
    struct err err = {0};

    assert_int_equal(json_read(str_from(text), &turn.state, &err), ERR_NONE);
    cure_add_left(&turn);
    return turn.state;
}

#define STATE(left)                                                                                \
    "{\"identity\":{\"region\":\"eu-central-1\"},\"cure\":{\"secrets\":[\"/a/GONE\"]},"            \
    "\"stored\":{\"parameters\":[{\"name\":\"/a/GONE\"},{\"name\":\"/a/STAYS\"}]},"                \
    "\"applied\":{\"left_behind\":[" left "]}}"

/* Amazon S3, Standard, eu-central-1: $0.0245 a GB and month for the first 50 TB. */
static void a_bucket_costs_what_it_holds(void **state) {
    CLEANUP(json_decrefp)
    json_t *left = left_of(STATE("{\"type\":\"AWS::S3::Bucket\",\"name\":\"b\","
                                 "\"bytes\":107374182400}"));
    const json_t *rows = json_at(left, "applied.left_behind");

    (void)state;
    assert_int_equal(json_array_size(rows), 2); /* and the secret that stays */
    assert_string_equal(json_str_or(json_array_get(rows, 0), "usd_month", ""), "2.45");
    assert_string_equal(json_str_or(json_array_get(rows, 1), "name", ""), "/a/STAYS");
    assert_int_equal(json_int_or(json_array_get(rows, 1), "micro_usd", -1), 0);
    assert_int_equal(json_int_or(left, "applied.left_cost.micro_usd", -1), 2450000);
    assert_string_equal(json_str_or(left, "applied.left_cost.usd_month", ""), "2.45");
    assert_true(json_bool_at(left, "applied.left_cost.is_complete"));
}

/* clang-format off */
static const struct unknown_row {
    const char *what;
    const char *left;
} unknown_rows[] = {
    {"a bucket that could not be weighed",   STATE("{\"type\":\"AWS::S3::Bucket\",\"name\":\"b\"}")},
    {"a bucket with more than was counted",  STATE("{\"type\":\"AWS::S3::Bucket\",\"name\":\"b\",\"bytes\":1,\"is_more\":true}")},
    {"a type without a price",               STATE("{\"type\":\"AWS::Odd::Thing\",\"name\":\"o\"}")},
};
/* clang-format on */

static void what_is_not_known_is_said(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(unknown_rows); i++) {
        CLEANUP(json_decrefp) json_t *left = left_of(unknown_rows[i].left);

        if (json_at(left, "applied.left_cost") == NULL ||
            json_bool_at(left, "applied.left_cost.is_complete")) {
            fail_msg("%s", unknown_rows[i].what);
        }
    }
}

/* The account's own bucket is told with its price, and is not what this application costs. */
static void what_is_shared_is_not_summed_up(void **state) {
    CLEANUP(json_decrefp)
    json_t *left =
        left_of("{\"identity\":{\"region\":\"eu-central-1\"},\"applied\":{\"left_behind\":[{"
                "\"type\":\"AWS::S3::Bucket\",\"name\":\"b\",\"bytes\":107374182400,"
                "\"shared\":true}]}}");

    (void)state;
    assert_string_equal(
        json_str_or(json_array_get(json_at(left, "applied.left_behind"), 0), "usd_month", ""),
        "2.45");
    assert_null(json_at(left, "applied.left_cost"));
}

static void nothing_left_costs_nothing(void **state) {
    CLEANUP(json_decrefp) json_t *left = left_of("{\"applied\":{\"left_behind\":[]}}");

    (void)state;
    assert_null(json_at(left, "applied.left_cost"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_costs_what_it_holds),
        cmocka_unit_test(what_is_not_known_is_said),
        cmocka_unit_test(what_is_shared_is_not_summed_up),
        cmocka_unit_test(nothing_left_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
