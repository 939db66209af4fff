/* Constraints on the version of Python. */
#include "repo/survey_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct {
    const char *constraint;
    const char *allowed; /* one character a minor from 10 to 14 */
} rows[] = {
    { ">=3.11",        " 1111" }, { ">=3.11,<3.13",   " 11  " }, { ">=3.14,<4.0", "    1" },
    { "^3.11",         " 1111" }, { "~3.12",          "  1  " }, { "~=3.11",      " 1111" },
    { "~=3.11.2",      " 1   " }, { "==3.12.*",       "  1  " }, { "3.13",        "   1 " },
    { "<3.12",         "11   " }, { "<3.12.4",        "111  " }, { "<=3.11",      "11   " },
    { ">3.11",         " 1111" }, { "!=3.12.*,>=3.10", "11 11" }, { ">=3.15",     "     " },
    { "<3",            "     " }, { "*",              "11111" }, { "",            "11111" },
    { ">=3.9 || ^4",   "11111" }, { " >= 3.12 ",      "  111" }, { ">=2.7",       "11111" },
};
/* clang-format on */

static void each_constraint_allows_its_minors(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        for (int minor = 10; minor <= 14; minor++) {
            if (python_allows(rows[i].constraint, minor) != (rows[i].allowed[minor - 10] == '1')) {
                fail_msg("'%s' and 3.%d", rows[i].constraint, minor);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_constraint_allows_its_minors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
