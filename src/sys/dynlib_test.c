/* Loaded libraries: once, from any thread, and with a sentence when it cannot be. */
#include "sys/dynlib.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8 };

static double (*found_cos)(double);
static void (*found_other)(void);
static atomic_int starts;

static enum err_code count_start(struct err *err) {
    (void)err;
    atomic_fetch_add(&starts, 1);
    return ERR_NONE;
}

static enum err_code fail_start(struct err *err) {
    atomic_fetch_add(&starts, 1);
    return err_set(err, ERR_CONFIG, "it does not want to");
}

static const struct dynlib_symbol good[] = {{"cos", &found_cos}};
static const struct dynlib_symbol bad[] = {{"cos", &found_cos}, {"no_such_name", &found_other}};

static struct dynlib make(const char *soname, const struct dynlib_symbol *symbols, size_t n) {
    return (struct dynlib){.soname = soname,
                           .package = "some-package",
                           .symbols = symbols,
                           .symbol_n = n,
                           .start = count_start,
                           .lock = PTHREAD_MUTEX_INITIALIZER};
}

static void assert_refused(struct dynlib *lib, const char *part) {
    for (int again = 0; again < 2; again++) {
        struct err err = {0};

        assert_int_equal(dynlib_load(lib, &err), ERR_UNSUPPORTED);
        assert_int_equal(err.code, ERR_UNSUPPORTED);
        if (strstr(err.text, part) == NULL || strstr(err.remedy, "some-package") == NULL) {
            fail_msg("'%s', '%s'", err.text, err.remedy);
        }
    }
}

static void functions_are_found_and_can_be_called(void **state) {
    struct dynlib lib = make("libm.so.6", good, 1);
    struct err err = {0};

    (void)state;
    atomic_store(&starts, 0);
    assert_int_equal(dynlib_load(&lib, &err), ERR_NONE);
    assert_true(found_cos(0.0) == 1.0);
    assert_int_equal(atomic_load(&starts), 1);
}

static void an_absent_library_names_the_package_each_time(void **state) {
    struct dynlib lib = make("libno-such.so.1", good, 1);

    (void)state;
    assert_refused(&lib, "libno-such.so.1");
}

static void a_library_without_a_function_is_not_started(void **state) {
    struct dynlib lib = make("libm.so.6", bad, 2);

    (void)state;
    atomic_store(&starts, 0);
    assert_refused(&lib, "no_such_name");
    assert_int_equal(atomic_load(&starts), 0);
}

static void a_library_that_does_not_start_is_not_started_again(void **state) {
    struct dynlib lib = make("libm.so.6", good, 1);
    struct err err = {0};

    (void)state;
    atomic_store(&starts, 0);
    lib.start = fail_start;
    assert_int_equal(dynlib_load(&lib, &err), ERR_CONFIG);
    assert_int_equal(dynlib_load(&lib, &err), ERR_CONFIG);
    assert_string_equal(err.text, "it does not want to");
    assert_int_equal(atomic_load(&starts), 1);
}

static void *load(void *arg) {
    struct err err = {0};

    return dynlib_load(arg, &err) == ERR_NONE && found_cos(0.0) == 1.0 ? arg : NULL;
}

static void many_threads_start_it_once(void **state) {
    struct dynlib lib = make("libm.so.6", good, 1);
    pthread_t threads[THREADS];

    (void)state;
    atomic_store(&starts, 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load, &lib), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &lib);
    }
    assert_int_equal(atomic_load(&starts), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_found_and_can_be_called),
        cmocka_unit_test(an_absent_library_names_the_package_each_time),
        cmocka_unit_test(a_library_without_a_function_is_not_started),
        cmocka_unit_test(a_library_that_does_not_start_is_not_started_again),
        cmocka_unit_test(many_threads_start_it_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
