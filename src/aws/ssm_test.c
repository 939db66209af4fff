/* Which values Parameter Store takes. */
#include "aws/ssm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) literal, sizeof(literal) - 1
/* clang-format off */
static const struct {
    const char *value;
    size_t len;
    enum err_code code;
} cases[] = {
    { TEXT("s3cr3t"), ERR_NONE },
    { TEXT("line one\nline \"two\"\\"), ERR_NONE },
    { TEXT("gr\xc3\xbcn"), ERR_NONE },
    { TEXT("{{ one brace pair"), ERR_NONE },
    { TEXT(""), ERR_INVALID },
    { TEXT("a\0b"), ERR_INVALID },
    { TEXT("latin \xfc"), ERR_INVALID },
    { TEXT("{{ssm:/depl/x}}"), ERR_INVALID },
};
/* clang-format on */

static void a_value_is_text_of_some_length_without_references(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct err err = {0};

        if (ssm_check_value((struct str){cases[i].value, cases[i].len}, &err) != cases[i].code) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

static void a_value_of_the_standard_tier_has_4096_bytes(void **state) {
    char bytes[SSM_VALUE_BYTES_MAX + 1];
    struct err err = {0};

    (void)state;
    memset(bytes, 'q', sizeof bytes);
    assert_int_equal(ssm_check_value((struct str){bytes, sizeof bytes - 1}, &err), ERR_NONE);
    assert_int_equal(ssm_check_value((struct str){bytes, sizeof bytes}, &err), ERR_TOO_LARGE);
    assert_null(strstr(err.text, "qqq"));
    assert_non_null(strstr(err.text, "4097 bytes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_text_of_some_length_without_references),
        cmocka_unit_test(a_value_of_the_standard_tier_has_4096_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
