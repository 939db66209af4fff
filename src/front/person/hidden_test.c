/* Values by standard input. */
#include "front/person/hidden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

#define TEXT(literal) literal, sizeof(literal) - 1

static enum err_code read_back(const char *bytes, size_t n, char **out, struct err *err) {
    int ends[2];
    enum err_code code;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, n), (ssize_t)n);
    close(ends[1]);
    code = hidden_read_all(ends[0], out, err);
    close(ends[0]);
    return code;
}

static void a_value_is_all_of_it_but_the_line_ends_at_its_end(void **state) {
    /* clang-format off */
    static const struct { const char *bytes; size_t n; const char *want; } rows[] = {
        { TEXT("s3cr3t"),               "s3cr3t" },
        { TEXT("s3cr3t\n"),             "s3cr3t" },
        { TEXT("s3cr3t\r\n\n"),         "s3cr3t" },
        { TEXT(" two\nlines with \n"),  " two\nlines with " },
        { TEXT("\n"),                   "" },
        { TEXT(""),                     "" },
        { TEXT("a\0b"),                 NULL },
        { TEXT("ab\0"),                 NULL },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(hidden_wipep) char *value = NULL;
        struct err err = {0};
        enum err_code code = read_back(rows[i].bytes, rows[i].n, &value, &err);
        bool is_good = rows[i].want == NULL ? code == ERR_INVALID && value == NULL
                                            : value != NULL && strcmp(value, rows[i].want) == 0;

        if (!is_good) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

static void a_value_without_an_end_is_given_up(void **state) {
    CLEANUP(freep) char *bytes = mem_alloc(20000);
    CLEANUP(hidden_wipep) char *value = NULL;
    struct err err = {0};

    (void)state;
    memset(bytes, 'x', 20000);
    assert_int_equal(read_back(bytes, 20000, &value, &err), ERR_TOO_LARGE);
    assert_null(value);
    assert_null(strstr(err.text, "xx"));
}

static void a_value_that_is_wiped_is_gone(void **state) {
    char *value = mem_strdup("s3cr3t");

    (void)state;
    hidden_wipep(&value);
    assert_null(value);
    hidden_wipep(&value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_all_of_it_but_the_line_ends_at_its_end),
        cmocka_unit_test(a_value_without_an_end_is_given_up),
        cmocka_unit_test(a_value_that_is_wiped_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
