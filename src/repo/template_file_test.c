/* Templates as files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

/* clang-format off */
static const struct {
    const char *text;
    const char *json; /* canonical; NULL: refused */
} forms[] = {
    { "A: !Ref B\n",                           "{\"A\":{\"Ref\":\"B\"}}" },
    { "A: !Ref 123\n",                         "{\"A\":{\"Ref\":\"123\"}}" },
    { "A: !GetAtt B.C.D\n",                    "{\"A\":{\"Fn::GetAtt\":[\"B\",\"C.D\"]}}" },
    { "A: !GetAtt [B, C]\n",                   "{\"A\":{\"Fn::GetAtt\":[\"B\",\"C\"]}}" },
    { "A: !Sub 'x-${B}'\n",                    "{\"A\":{\"Fn::Sub\":\"x-${B}\"}}" },
    { "A: !Join ['', [a, !Ref B]]\n",          "{\"A\":{\"Fn::Join\":[\"\",[\"a\",{\"Ref\":\"B\"}]]}}" },
    { "A: !If [C, 1, !Ref AWS::NoValue]\n",    "{\"A\":{\"Fn::If\":[\"C\",1,{\"Ref\":\"AWS::NoValue\"}]}}" },
    { "A: !Condition C\n",                     "{\"A\":{\"Condition\":\"C\"}}" },
    { "Fn::Sub: x\n",                          "{\"Fn::Sub\":\"x\"}" },
    { "A: true\nB: 'true'\nC: No\n",          "{\"A\":true,\"B\":\"true\",\"C\":false}" },
    { "A: 2012-10-17\nB: 012345678901\n",     "{\"A\":\"2012-10-17\",\"B\":\"012345678901\"}" },
    { "A: 443\nB: -1\nC: '-1'\nD: 0\n",       "{\"A\":443,\"B\":-1,\"C\":\"-1\",\"D\":0}" },
    { "A: ~\n",                                "{\"A\":null}" },
    { "A: !!str 5\n",                          "{\"A\":5}" },
    { "A: &x 1\nB: *x\n",                      "{\"A\":1,\"B\":1}" },
    { "A: !Exec rm\n",                         "{\"A\":{\"Fn::Unknown\":\"\"}}" },
    { "{\"A\": {\"Ref\": \"B\"}}",             "{\"A\":{\"Ref\":\"B\"}}" },
    { "A: 1\nA: 2\n",                          NULL },
    { "{\"A\": 1, \"A\": 2}",                  NULL },
    { "- A\n",                                 NULL },
    { "A: [1\n",                               NULL },
    { "{\"A\": }",                             NULL },
};
/* clang-format on */

/* A row stands below Resources. */
static char *row_text(const char *row) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    struct str rest = str_from(row);
    struct str line = {0};

    if (row[0] == '{') {
        return mem_format("{\"Resources\": %s}", row);
    }
    buf_add_s(&text, "Resources:\n");
    while (rest.len > 0 && str_next(&rest, '\n', &line)) {
        buf_addf(&text, " " STR_FMT "\n", STR_ARG(line));
    }
    return buf_take(&text);
}

static void yaml_and_json_become_the_same_json(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(forms); i++) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        CLEANUP(template_file_done) struct template_file file = {0};
        struct err err = {0};
        CLEANUP(freep) char *text = row_text(forms[i].text);
        enum err_code code = template_file_open(str_from(text), "t.yaml", arena, &file, &err);
        CLEANUP(freep)
        char *json = file.json == NULL ? NULL : json_text(json_at(file.json, "Resources"));

        if (forms[i].json == NULL ? code != ERR_CONFIG
                                  : json == NULL || strcmp(json, forms[i].json) != 0) {
            fail_msg("%s: %s %s", forms[i].text, json == NULL ? "" : json, err.text);
        }
    }
}

static void a_path_leads_to_its_line(void **state) {
    static const char text[] = "Resources:\n"
                               "  Role:\n"
                               "    Properties:\n"
                               "      Policies:\n"
                               "        - PolicyName: a\n"
                               "        - PolicyName: b\n";
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(template_file_done) struct template_file file = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(template_file_open(str_from(text), "t", arena, &file, &err), ERR_NONE);
    assert_int_equal(template_file_line(&file, "Resources.Role"), 2);
    assert_int_equal(template_file_line(&file, "Resources.Role.Properties.Policies.1.PolicyName"),
                     6);
    assert_int_equal(template_file_line(&file, "Resources.Role.Properties.Policies[].PolicyName"),
                     5);
    assert_int_equal(template_file_line(&file, "Resources.Role.Properties.Absent.More"), 3);
    assert_int_equal(template_file_line(&file, "Outputs"), 0);
}

static void what_stands_beside_the_template_is_kept_with_its_line(void **state) {
    static const char text[] = "# first\n"
                               "Resources: # second\n"
                               "  A: {B: 'it # is', C: \"x # y\", D: x#y, E: it's} # third\n"
                               "  F: !Sub |\n"
                               "    # a text\n"
                               "\n"
                               "    more # text\n"
                               "  G: >-2\n"
                               "      # a text\n"
                               "  #fourth\n"
                               "  H: a | # fifth\n"
                               "    # sixth\n";
    static const char want[] = "[{\"line\":1,\"text\":\"first\"},{\"line\":2,\"text\":\"second\"},"
                               "{\"line\":3,\"text\":\"third\"},{\"line\":10,\"text\":\"fourth\"},"
                               "{\"line\":11,\"text\":\"fifth\"},{\"line\":12,\"text\":\"sixth\"}]";
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(template_file_done) struct template_file file = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(template_file_open(str_from(text), "t", arena, &file, &err), ERR_NONE);
    CLEANUP(freep) char *got = json_text(file.comments);
    assert_string_equal(got, want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_template_in_both_languages_is_the_same),
        cmocka_unit_test(what_is_no_template_is_refused),
        cmocka_unit_test(yaml_and_json_become_the_same_json),
        cmocka_unit_test(a_path_leads_to_its_line),
        cmocka_unit_test(what_stands_beside_the_template_is_kept_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
