/* Hosts against botocore's endpoint rules (test/golden/endpoints.json). */
#include "aws/endpoint.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum aws_service service_of(const char *host) {
    for (enum aws_service s = AWS_NO_SERVICE + 1; s < AWS_SERVICE_N; s++) {
        if (strcmp(aws_service_row(s)->host, host) == 0) {
            return s;
        }
    }
    return AWS_NO_SERVICE;
}

static void every_host_is_the_one_botocore_calls(void **state) {
    CLEANUP(freep)
    char *path = mem_format("%s/test/golden/endpoints.json", getenv("AWSCOPILOT_SOURCE_ROOT"));
    json_t *rows = json_load_file(path, 0, NULL);
    size_t i;
    json_t *row;

    (void)state;
    assert_true(json_array_size(rows) >= 280);
    json_array_foreach(rows, i, row) {
        CLEANUP(buf_done) struct buf got = BUF_INIT(300);
        struct err err = {0};
        const char *region = json_str_at(row, "region");
        const char *want = json_str_at(row, "url");
        enum aws_service service = service_of(json_str_at(row, "service"));
        enum err_code code = aws_endpoint_add(&got, service, region, json_bool_at(row, "fips"),
                                              json_bool_at(row, "dualstack"), &err);

        if (want == NULL) {
            assert_int_equal(code, ERR_UNSUPPORTED);
            continue;
        }
        if (code != ERR_NONE || strcmp(buf_cstr(&got), want) != 0 ||
            strcmp(aws_signing_region(service, region), json_str_at(row, "signing_region")) != 0) {
            fail_msg("row %zu: %s, wanted %s", i, buf_cstr(&got), want);
        }
        assert_true(aws_is_aws_host(str_slice(buf_str(&got), 8, got.len)));
    }
    json_decref(rows);
}

static void every_service_has_a_whole_row(void **state) {
    (void)state;
    for (enum aws_service s = AWS_NO_SERVICE + 1; s < AWS_SERVICE_N; s++) {
        const struct aws_service_row *row = aws_service_row(s);

        assert_true(row->title != NULL && row->signing != NULL && row->env != NULL);
        assert_true(row->config != NULL && row->protocol != AWS_NO_PROTOCOL);
        assert_int_equal(row->version != NULL, row->protocol == AWS_QUERY);
        assert_int_equal(row->target_prefix != NULL, row->protocol == AWS_JSON11);
    }
}

static void a_region_that_is_none_is_refused(void **state) {
    static const char *const rows[] = {"",
                                       "x",
                                       "us-east",
                                       "eu-central-1.evil.com",
                                       "a/b-1",
                                       "EU-WEST-1",
                                       "us-iso-east-1",
                                       "eusc-de-east-1",
                                       "eu-central-1 "};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf got = BUF_INIT(300);
        struct err err = {0};

        assert_null(aws_partition(rows[i]));
        assert_int_equal(aws_endpoint_add(&got, AWS_STS, rows[i], false, false, &err),
                         ERR_UNSUPPORTED);
        assert_int_equal(got.len, 0);
    }
    assert_string_equal(aws_partition("eu-central-1"), "aws");
    assert_string_equal(aws_partition("cn-north-1"), "aws-cn");
    assert_string_equal(aws_partition("us-gov-east-1"), "aws-us-gov");
}

static void hosts_that_only_look_like_aws_are_not(void **state) {
    (void)state;
    assert_true(aws_is_aws_host(STR("b.s3.eu-central-1.amazonaws.com")));
    assert_false(aws_is_aws_host(STR("amazonaws.com")));
    assert_false(aws_is_aws_host(STR("s3.amazonaws.com.example.org")));
    assert_false(aws_is_aws_host(STR("notamazonaws.com")));
    assert_false(aws_is_aws_host(STR("127.0.0.1")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_host_is_the_one_botocore_calls),
        cmocka_unit_test(every_service_has_a_whole_row),
        cmocka_unit_test(a_region_that_is_none_is_refused),
        cmocka_unit_test(hosts_that_only_look_like_aws_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
