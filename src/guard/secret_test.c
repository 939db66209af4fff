/* secret: holds bytes, nothing more, and leaves none behind.
 *
 * secret.c is compiled into this file with its free() behind a look at what is freed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void look_and_free(void *p);

#define free(p) look_and_free(p)
#include "guard/secret.c" /* NOLINT: on purpose, see above */
#undef free

#include "guard/vault.h"

static int wiped, left;

static void look_and_free(void *p) {
    const struct secret *secret = p;
    bool is_wiped = true;

    for (size_t i = 0; i < secret->len; i++) {
        is_wiped = is_wiped && secret->bytes[i] == 0;
    }
    wiped += is_wiped;
    left += !is_wiped;
    free(p);
}

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

/* Freed by its owner, by the one that takes its place in a vault, with the vault, and where the
 * vault is full. */
static void a_secret_is_wiped_wherever_it_is_freed(void **state) {
    struct vault *vault = vault_new();
    struct err err = {0};

    (void)state;
    wiped = left = 0;
    secret_free(secret_new(STR("hunter2")));
    assert_int_equal(vault_put(vault, "A", secret_new(STR("first value")), &err), ERR_NONE);
    assert_int_equal(vault_put(vault, "A", secret_new(STR("second value")), &err), ERR_NONE);
    assert_int_equal(wiped, 2);
    for (int i = 1; i < VAULT_ROWS_MAX; i++) {
        CLEANUP(freep) char *name = mem_format("B%d", i);

        assert_int_equal(vault_put(vault, name, secret_new(str_from(name)), &err), ERR_NONE);
    }
    assert_int_equal(vault_put(vault, "C", secret_new(STR("one too many")), &err), ERR_TOO_LARGE);
    assert_int_equal(wiped, 3);
    vault_free(vault);
    assert_int_equal(wiped, 3 + VAULT_ROWS_MAX);
    assert_int_equal(left, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_gives_back_its_bytes_even_with_a_nul_inside),
        cmocka_unit_test(no_secret_is_an_empty_piece_and_can_be_freed),
        cmocka_unit_test(a_secret_is_wiped_wherever_it_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
