/* Names of Python: tables that are looked up by halving are sorted, and modules find their
 * packages. */
#include "repo/python_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void modules_of_the_standard_library_are_known(void **state) {
    static const char *const standard[] = {"__future__", "abc",    "asyncio",   "os.path", "re",
                                           "tomllib",    "typing", "xml.etree", "zoneinfo"};
    static const char *const others[] = {"", "fastapi", "osx", "o", "typing_extensions", "zope"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(standard); i++) {
        if (!python_is_standard(standard[i])) {
            fail_msg("%s is not found: is the table sorted?", standard[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_N(others); i++) {
        if (python_is_standard(others[i])) {
            fail_msg("%s is no part of the standard library", others[i]);
        }
    }
}

/* PEP 503: letters small, one hyphen for any run of hyphens, dots and underlines. */
static void names_take_their_normal_form(void **state) {
    static const char *const pairs[][2] = {{"Flask_SQLAlchemy>=1", "flask-sqlalchemy"},
                                           {"ruamel.yaml", "ruamel-yaml"},
                                           {"a-._b[x]", "a-b"},
                                           {">=1", ""}};
    char name[PYTHON_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(pairs); i++) {
        python_normal_name(str_from(pairs[i][0]), name);
        assert_string_equal(name, pairs[i][1]);
    }
}

static void modules_find_packages_of_another_name(void **state) {
    (void)state;
    assert_string_equal(python_package_of("PIL.Image", 0), "pillow");
    assert_string_equal(python_package_of("cv2", 1), "opencv-python-headless");
    assert_null(python_package_of("cv2", 2));
    assert_null(python_package_of("PILx", 0));
    assert_string_equal(python_companion_of("starlette", 0), "fastapi");
    assert_null(python_companion_of("nothing", 0));
    assert_string_equal(python_implied_by("fastapi", "UploadFile"), "python-multipart");
    assert_string_equal(python_implied_by("fastapi.param_functions", "Form"), "python-multipart");
    assert_null(python_implied_by("fastapi", "FastAPI"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_of_the_standard_library_are_known),
        cmocka_unit_test(names_take_their_normal_form),
        cmocka_unit_test(modules_find_packages_of_another_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
