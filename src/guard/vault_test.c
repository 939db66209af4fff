/* Secrets that wait to be stored. */
#include "guard/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_put_is_taken_once(void **state) {
    struct vault *vault = vault_new();
    struct err err = {0};
    struct secret *secret;

    (void)state;
    assert_false(vault_has(vault, "KEY"));
    assert_int_equal(vault_put(vault, "KEY", secret_new(STR("first")), &err), ERR_NONE);
    assert_int_equal(vault_put(vault, "KEY", secret_new(STR("second")), &err), ERR_NONE);
    assert_int_equal(vault_put(vault, "KEY2", secret_new(STR("other")), &err), ERR_NONE);
    assert_true(vault_has(vault, "KEY"));
    secret = vault_take(vault, "KEY");
    assert_true(str_eq(secret_str(secret), STR("second")));
    secret_free(secret);
    assert_false(vault_has(vault, "KEY"));
    assert_null(vault_take(vault, "KEY"));
    assert_true(vault_has(vault, "KEY2")); /* freed with the vault */
    vault_free(vault);
}

static void a_full_vault_refuses_a_new_name_and_takes_a_known_one(void **state) {
    struct vault *vault = vault_new();
    struct err err = {0};

    (void)state;
    for (int i = 0; i < VAULT_ROWS_MAX; i++) {
        CLEANUP(freep) char *name = mem_format("KEY_%d", i);

        assert_int_equal(vault_put(vault, name, secret_new(STR("v")), &err), ERR_NONE);
    }
    assert_int_equal(vault_put(vault, "ONE_MORE", secret_new(STR("v")), &err), ERR_TOO_LARGE);
    assert_false(vault_has(vault, "ONE_MORE"));
    assert_int_equal(vault_put(vault, "KEY_63", secret_new(STR("w")), &err), ERR_NONE);
    secret_free(vault_take(vault, "KEY_0"));
    assert_int_equal(vault_put(vault, "ONE_MORE", secret_new(STR("v")), &err), ERR_NONE);
    vault_free(vault);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_taken_once),
        cmocka_unit_test(a_full_vault_refuses_a_new_name_and_takes_a_known_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
