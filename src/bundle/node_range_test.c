/* npm's ranges: the rows were asked of npm's own semver. */
#include "bundle/node_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* clang-format off */
static const struct { const char *range; const char *version; bool want; } rows[] = {
    { "^20.19.0 || >=22.12.0", "20.20.2", true },  { "^20.19.0 || >=22.12.0", "20.18.9", false },
    { "^20.19.0 || >=22.12.0", "21.9.9", false },  { "^20.19.0 || >=22.12.0", "24.0.0", true },
    { "18.x", "18.20.8", true },                   { "18.x", "20.0.0", false },
    { "18", "18.20.8", true },                     { ">=14.18.0", "22.0.0", true },
    { ">= 18", "17.9.9", false },                  { ">=18 <21", "20.20.2", true },
    { ">=18 <21", "22.0.0", false },               { "16 - 20", "20.20.2", true },
    { "16 - 20", "21.0.0", false },                { "1.2.3 - 2.3", "2.3.9", true },
    { "~1.2", "1.2.9", true },                     { "~1.2", "1.3.0", false },
    { "~1", "1.9.0", true },                       { "^0.2.3", "0.2.9", true },
    { "^0.2.3", "0.3.0", false },                  { "^0.0.3", "0.0.3", true },
    { "^0.0.3", "0.0.4", false },                  { "^0", "0.9.0", true },
    { "*", "22.0.0", true },                       { "", "22.0.0", true },
    { "x", "1.0.0", true },                        { "20.x.x", "20.1.1", true },
    { ">20", "20.9.9", false },                    { ">20", "21.0.0", true },
    { "<=20", "20.9.9", true },                    { "<20", "19.9.9", true },
    { "=20.1.0", "20.1.0", true },                 { "=20.1.0", "20.1.1", false },
    { "v22.14.0", "22.14.0", true },               { ">=22.14.0-rc.1", "22.14.0", true },
    { "20.1.0", "20.1.1", false },                 { "^18||^20", "20.1.1", true },
    { "20.1.0 || 22.1.0", "21.0.0", false },       { "lts/*", "4.0.0", true },
    { "lts/iron", "4.0.0", true },                 { "no range at all", "4.0.0", true },
};
/* clang-format on */

static void a_range_allows_what_npm_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct node_version version = {0};

        assert_true(node_version_read(str_from(rows[i].version), &version));
        if (node_range_allows(rows[i].range, version) != rows[i].want) {
            fail_msg("'%s' and %s", rows[i].range, rows[i].version);
        }
    }
    assert_true(node_range_allows(NULL, (struct node_version){{1, 0, 0}}));
}

static void a_release_is_told_from_a_range(void **state) {
    static const char *const exact[] = {"10.34.9", "1.22.22", "4.0.0-rc.1"};
    static const char *const loose[] = {"",      "10",        "10.3",  "^10.3.1",
                                        "1.x.3", "1.2.3+sha", "a.b.c", "1.2.3 "};
    struct node_version version = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(exact); i++) {
        if (!node_version_is_exact(str_from(exact[i]))) {
            fail_msg("'%s' is a release", exact[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_N(loose); i++) {
        if (node_version_is_exact(str_from(loose[i]))) {
            fail_msg("'%s' is none", loose[i]);
        }
    }
    assert_true(node_version_read(STR("v20.20.2\n"), &version));
    assert_int_equal(version.part[2], 2);
    assert_false(node_version_read(STR("nightly"), &version));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_allows_what_npm_says),
        cmocka_unit_test(a_release_is_told_from_a_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
