/* Retries against botocore's standard mode (test/golden/retry.json). */
#include "aws/retry.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *golden;

static int golden_up(void **state) {
    CLEANUP(freep)
    char *path = mem_format("%s/test/golden/retry.json", getenv("AWSCOPILOT_SOURCE_ROOT"));

    (void)state;
    golden = json_load_file(path, 0, NULL);
    return golden == NULL ? -1 : 0;
}

static int golden_down(void **state) {
    (void)state;
    json_decref(golden);
    return 0;
}

static const char *text(const json_t *row, size_t i) {
    return json_string_value(json_array_get(row, i));
}

static enum retry_class class_named(const char *name) {
    if (strcmp(name, "transient") == 0) {
        return RETRY_TRANSIENT;
    }
    return strcmp(name, "throttled") == 0 ? RETRY_THROTTLED : RETRY_NEVER;
}

static enum aws_service service_named(const char *name) {
    enum aws_service s = AWS_NO_SERVICE + 1;

    while (strcmp(aws_service_row(s)->host, name) != 0) {
        s++;
    }
    return s;
}

static void the_same_answers_are_retried_as_by_botocore(void **state) {
    const json_t *rows = json_object_get(golden, "classes");
    size_t i;
    json_t *row;

    (void)state;
    assert_true(json_array_size(rows) > 500);
    json_array_foreach(rows, i, row) {
        struct retry_outcome outcome = {
            .service = service_named(text(row, 0)),
            .transport = strcmp(text(row, 3), "none") == 0 ? ERR_NONE : err_from_wire(text(row, 3)),
            .status = (int)json_integer_value(json_array_get(row, 1)),
            .code = text(row, 2)};

        if (retry_classify(&outcome) != class_named(text(row, 4))) {
            fail_msg("%s %d '%s' %s: wanted %s", text(row, 0), outcome.status, outcome.code,
                     text(row, 3), text(row, 4));
        }
    }
}

static void delays_are_botocores_to_a_millisecond(void **state) {
    const json_t *rows = json_object_get(golden, "delays");
    size_t i;
    json_t *row;

    (void)state;
    assert_true(json_array_size(rows) > 200);
    json_array_foreach(rows, i, row) {
        double want = json_number_value(json_array_get(row, 4));
        int64_t got = retry_delay_ms(
            class_named(text(row, 0)), (int)json_integer_value(json_array_get(row, 1)),
            json_number_value(json_array_get(row, 2)), json_integer_value(json_array_get(row, 3)));

        if ((double)got > want + 1 || (double)got < want - 1) {
            fail_msg("row %zu: %lld ms, wanted %f", i, (long long)got, want);
        }
    }
}

static void the_bucket_runs_dry_and_fills_as_botocores(void **state) {
    const json_t *rows = json_object_get(golden, "bucket");
    struct retry_bucket bucket = {0};
    size_t i;
    json_t *row;

    (void)state;
    json_array_foreach(rows, i, row) {
        const char *step = text(row, 0);
        bool is_paid = true;

        if (strncmp(step, "ok", 2) == 0) {
            retry_bucket_refund(&bucket, class_named(strlen(step) > 9 ? step + 9 : step));
        } else {
            is_paid = retry_bucket_pay(&bucket, class_named(step));
        }
        if (is_paid != json_is_true(json_array_get(row, 1)) ||
            500 - bucket.spent != json_integer_value(json_array_get(row, 2))) {
            fail_msg("step %zu, %s: %d left", i, step, 500 - bucket.spent);
        }
    }
}

/* clang-format off */
static const struct { struct retry_outcome outcome; enum retry_class class; } ours[] = {
    { { AWS_LAMBDA,         ERR_NONE, 429, "" },                           RETRY_THROTTLED },
    { { AWS_CLOUDFORMATION, ERR_NONE, 400, "LimitExceededException" },     RETRY_NEVER },
    { { AWS_S3,             ERR_NONE, 400, "BadDigest" },                  RETRY_TRANSIENT },
    { { AWS_SSM,            ERR_NONE, 400, "BadDigest" },                  RETRY_NEVER },
    { { AWS_S3,             ERR_NONE, 409, "ConditionalRequestConflict" }, RETRY_TRANSIENT },
    { { AWS_S3,             ERR_NONE, 412, "PreconditionFailed" },         RETRY_NEVER },
    { { AWS_S3,             ERR_NONE, 404, NULL },                         RETRY_NEVER },
};
/* clang-format on */

static void what_differs_from_botocore_on_purpose(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(ours); i++) {
        if (retry_classify(&ours[i].outcome) != ours[i].class) {
            fail_msg("row %zu", i);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_answers_are_retried_as_by_botocore),
        cmocka_unit_test(delays_are_botocores_to_a_millisecond),
        cmocka_unit_test(the_bucket_runs_dry_and_fills_as_botocores),
        cmocka_unit_test(what_differs_from_botocore_on_purpose),
    };

    return cmocka_run_group_tests(tests, golden_up, golden_down);
}
