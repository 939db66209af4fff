/* aws/profile: which endpoint needs what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "aws/profile.h"

static void aws_itself_needs_nothing(void **state) {
    const struct endpoint_profile *aws = endpoint_profile_find(NULL);

    (void)state;
    assert_string_equal(aws->name, "aws");
    assert_ptr_equal(aws, endpoint_profile_find("aws"));
    assert_ptr_equal(aws, endpoint_profile_find(""));
    assert_false(aws->drops_tls_only || aws->has_local_api || aws->widens_ssm ||
                 aws->is_host_packaged || aws->is_plane_local);
    assert_null(aws->python);
    assert_null(aws->forwarded_proto);
}

static void every_row_is_found_by_its_name_and_no_other_is(void **state) {
    size_t n = 0;
    const struct endpoint_profile *rows = endpoint_profiles(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(endpoint_profile_find(rows[i].name), &rows[i]);
        /* A local data plane is plain HTTP that must look like HTTPS to CloudFront's behaviours. */
        assert_int_equal(rows[i].is_plane_local, rows[i].forwarded_proto != NULL);
    }
    assert_null(endpoint_profile_find("localstack"));
}

static void the_port_of_an_endpoint_is_read_or_its_schemes(void **state) {
    /* clang-format off */
    static const struct {
        const char *url;
        int port; /* 0: refused */
    } cases[] = {
        {"http://127.0.0.1:4566", 4566}, {"http://127.0.0.1:4566/", 4566}, {"http://[::1]:4566", 4566},
        {"http://[::1]", 80},            {"http://localhost", 80},         {"https://aws.example/x:9", 443},
        {"http://127.0.0.1:0", 0},       {"http://127.0.0.1:65536", 0},    {"http://127.0.0.1:", 0},
        {"127.0.0.1:4566", 0},           {"http://", 0},                   {"ftp://127.0.0.1:21", 0},
        {"", 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct err err = {0};
        int got = -1;
        enum err_code code = endpoint_port(str_from(cases[i].url), &got, &err);

        if (code != (cases[i].port == 0 ? ERR_CONFIG : ERR_NONE) ||
            got != (cases[i].port == 0 ? -1 : cases[i].port)) {
            fail_msg("'%s': port %d, %s", cases[i].url, got, err.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_itself_needs_nothing),
        cmocka_unit_test(every_row_is_found_by_its_name_and_no_other_is),
        cmocka_unit_test(the_port_of_an_endpoint_is_read_or_its_schemes),
    };

    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
