/* Templates as files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "repo/template_file.h"

static void the_same_template_in_both_languages_is_the_same(void **state) {
    static const char yaml[] = "Resources:\n"
                               "  Fn:\n"
                               "    Type: AWS::Lambda::Function\n"
                               "    Properties:\n"
                               "      MemorySize: 512\n"
                               "      Role: !GetAtt Role.Arn\n"
                               "      Account: 012345678901\n"
                               "      Quoted: '512'\n"
                               "      Deep: {\"Fn::If\": [Prod, !Ref A, !Sub '${A}-b']}\n"
                               "      Joined: !Join ['', [a, !Ref B]]\n"
                               "      On: true\n"
                               "      Empty:\n"
                               "      Names: [x, y]\n"
                               "    Condition: Prod\n"
                               "Conditions:\n"
                               "  Prod: !Not [!Condition Other]\n";
    static const char json[] =
        "{\"Resources\":{\"Fn\":{\"Type\":\"AWS::Lambda::Function\",\"Condition\":\"Prod\","
        "\"Properties\":{\"MemorySize\":512,\"Role\":{\"Fn::GetAtt\":[\"Role\",\"Arn\"]},"
        "\"Account\":\"012345678901\",\"Quoted\":\"512\",\"Deep\":{\"Fn::If\":[\"Prod\",{\"Ref\":"
        "\"A\"},{\"Fn::Sub\":\"${A}-b\"}]},\"Joined\":{\"Fn::Join\":[\"\",[\"a\",{\"Ref\":\"B\"}]]"
        "},\"On\":true,\"Empty\":null,\"Names\":[\"x\",\"y\"]}}},"
        "\"Conditions\":{\"Prod\":{\"Fn::Not\":[{\"Condition\":\"Other\"}]}}}";
    CLEANUP(json_decrefp) json_t *a = NULL;
    CLEANUP(json_decrefp) json_t *b = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(template_file_read(str_from(yaml), "t.yaml", &a, &err), ERR_NONE);
    assert_int_equal(template_file_read(str_from(json), "t.json", &b, &err), ERR_NONE);
    if (!json_equal(a, b)) {
        CLEANUP(freep) char *got = json_text(a);

        fail_msg("%s", got);
    }
}

static void what_is_no_template_is_refused(void **state) {
    /* clang-format off */
    static const struct { const char *text; enum err_code code; const char *words; } rows[] = {
        { "",                       ERR_CONFIG, "no Resources" },
        { "{}",                     ERR_CONFIG, "no Resources" },
        { "{\"Resources\":[]}",     ERR_CONFIG, "no Resources" },
        { "{\"Resources\":{}",      ERR_CONFIG, "t:" },
        { "a: [1",                  ERR_CONFIG, "t:" },
        { "just a sentence",        ERR_CONFIG, "no Resources" },
        { "Resources: !Ref X",      ERR_NONE,   "" },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *json = NULL;
        struct err err = {0};

        if (template_file_read(str_from(rows[i].text), "t", &json, &err) != rows[i].code ||
            strstr(err.text, rows[i].words) == NULL) {
            fail_msg("'%s': %s", rows[i].text, err.text);
        }
        assert_true((json == NULL) == (rows[i].code != ERR_NONE));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_template_in_both_languages_is_the_same),
        cmocka_unit_test(what_is_no_template_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
