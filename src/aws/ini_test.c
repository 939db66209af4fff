/* The INI dialect of the AWS files. */
#include "aws/ini.h"

#include "support/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char sample[] = "# a comment\n"
                             "[default]\n"
                             "Region = eu-central-1\r\n"
                             "output=\n"
                             "\n"
                             "[ profile   \"two  words\" ]\n"
                             "key = a = b # kept\n"
                             "; another comment\n"
                             "[services local]\n"
                             "s3 =\n"
                             "  endpoint_url = http://127.0.0.1:1\n"
                             "\tother = x\n"
                             "sts =\n"
                             "  endpoint_url = http://127.0.0.1:2\n"
                             "plain = 1\n"
                             "  indented = 2\n"
                             "[default]\n"
                             "region = us-east-1";

/* clang-format off */
static const struct { const char *section; const char *key; const char *value; } rows[] = {
    { "default",           "region",           "us-east-1" }, /* what is said last counts */
    { "default",           "output",           NULL },
    { "default",           "REGION",           NULL },
    { "profile two words", "key",              "a = b # kept" },
    { "services local",    "s3.endpoint_url",  "http://127.0.0.1:1" },
    { "services local",    "s3.other",         "x" },
    { "services local",    "sts.endpoint_url", "http://127.0.0.1:2" },
    { "services local",    "endpoint_url",     NULL },
    { "services local",    "indented",         "2" }, /* below a key that has a value */
    { "absent",            "region",           NULL },
};

static const struct { const char *text; const char *says; } bad[] = {
    { "a = b",             "f, line 1: a setting before the first section" },
    { "[x]\njust words",   "f, line 2: neither a section nor NAME = VALUE" },
    { "[x]\n\n= v",        "f, line 3: neither a section nor NAME = VALUE" },
    { "[x",                "f, line 1: a section without a name or without its ']'" },
    { "[ ]",               "f, line 1: a section without a name or without its ']'" },
};
/* clang-format on */

static void sections_keys_and_nested_keys_are_found(void **state) {
    struct ini *ini = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(ini_read(str_from(sample), "f", &ini, &err), ERR_NONE);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *got = ini_get(ini, rows[i].section, rows[i].key);

        if ((got == NULL) != (rows[i].value == NULL) ||
            (got != NULL && strcmp(got, rows[i].value) != 0)) {
            fail_msg("[%s] %s: %s", rows[i].section, rows[i].key, got == NULL ? "absent" : got);
        }
    }
    assert_true(ini_has(ini, "services local"));
    assert_false(ini_has(ini, "local"));
    ini_free(ini);
}

static void a_malformed_line_is_named_by_number_and_never_quoted(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct ini *ini = NULL;
        struct err err = {0};

        assert_int_equal(ini_read(str_from(bad[i].text), "f", &ini, &err), ERR_CONFIG);
        assert_string_equal(err.text, bad[i].says);
        assert_null(ini);
    }
}

static void an_empty_file_has_nothing(void **state) {
    struct ini *ini = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(ini_read(STR(""), "f", &ini, &err), ERR_NONE);
    assert_false(ini_has(ini, "default"));
    ini_free(ini);
}

/* Eight bytes of it in a sentence would be a leak. */
#define SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

static void read_mutant(void *ctx, struct str text) {
    struct ini *ini = NULL;
    struct err err = {0};
    enum err_code code = ini_read(text, "f", &ini, &err);

    (void)ctx;
    assert_true(code == ERR_NONE ? ini != NULL : code == ERR_CONFIG && ini == NULL);
    for (size_t i = 0; i + 8 <= strlen(SECRET); i++) {
        assert_null(memmem(err.text, strlen(err.text), &SECRET[i], 8));
    }
    if (code == ERR_NONE) {
        (void)ini_get(ini, "profile a", "aws_secret_access_key");
        (void)ini_get(ini, "default", "s3.endpoint_url");
    }
    ini_free(ini);
}

static void whatever_a_file_holds_it_is_read_or_refused_and_never_quoted(void **state) {
    static const char *const seeds[] = {
        "[default]\nregion = eu-west-1\ns3 =\n  endpoint_url = http://x\n  addressing_style=path\n",
        "# c\n[ profile  \"a\" ]\naws_access_key_id=A\naws_secret_access_key = " SECRET " ; c\r\n",
        "[sso-session x]\n;c\nsso_start_url = https://x\n\n[default]\n = \nk\n", NULL};

    (void)state;
    mutate(seeds, read_mutant, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_keys_and_nested_keys_are_found),
        cmocka_unit_test(a_malformed_line_is_named_by_number_and_never_quoted),
        cmocka_unit_test(an_empty_file_has_nothing),
        cmocka_unit_test(whatever_a_file_holds_it_is_read_or_refused_and_never_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
