/* secret: holds bytes, nothing more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/secret.h"

static void a_secret_gives_back_its_bytes_even_with_a_nul_inside(void **state) {
    CLEANUP(secret_freep) struct secret *secret = secret_new(STR("a\0b"));

    (void)state;
    assert_true(str_eq(secret_str(secret), STR("a\0b")));
}

static void no_secret_is_an_empty_piece_and_can_be_freed(void **state) {
    CLEANUP(secret_freep) struct secret *empty = secret_new((struct str){0});
    struct secret *none = NULL;

    (void)state;
    assert_int_equal(secret_str(NULL).len, 0);
    assert_int_equal(secret_str(empty).len, 0);
    secret_freep(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_gives_back_its_bytes_even_with_a_nul_inside),
        cmocka_unit_test(no_secret_is_an_empty_piece_and_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
