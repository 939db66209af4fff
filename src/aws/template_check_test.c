/* aws/template_check: what CloudFormation would refuse is found here first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "aws/template.h"

/* JSON with ' for ". */
static json_t *json_of(const char *text) {
    char *copy = mem_strdup(text);
    struct err err = {0};
    json_t *json = NULL;

    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    if (json_read(str_from(copy), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", text, err.text);
    }
    free(copy);
    return json;
}

/* A small template, valid but for PART, which stands in Resources. */
#define TEMPLATE_WITH(part)                                                                        \
    "{'Parameters':{'P':{'Type':'String','Default':'p'}},'Conditions':{'Yes':{'Fn::Equals':"       \
    "[{'Ref':'P'},'p']}},'Resources':{'Bucket':{'Type':'AWS::S3::Bucket'}," part                   \
    "},'Outputs':{'O':{'Value':{'Fn::GetAtt':['Bucket','Arn']}}}}"
#define RESOURCE_WITH(value) TEMPLATE_WITH("'R':{'Type':'AWS::X::Y','Properties':{'V':" value "}}")

/* clang-format off */
static const struct {
    const char *template;
    const char *code; /* NULL: nothing is found */
    const char *logical_id;
    const char *path;
} refusals[] = {
    {RESOURCE_WITH("{'Ref':'P'}"), NULL, NULL, NULL},
    {RESOURCE_WITH("{'Ref':'AWS::Region'}"), NULL, NULL, NULL},
    {RESOURCE_WITH("{'Ref':'Bucket'}"), NULL, NULL, NULL},
    {RESOURCE_WITH("{'Fn::Sub':'${P} ${AWS::Region} ${Bucket.Arn} ${!x} $y'}"), NULL, NULL, NULL},
    {RESOURCE_WITH("{'Fn::Sub':['${a}',{'a':{'Ref':'P'}}]}"), NULL, NULL, NULL},
    {RESOURCE_WITH("{'Fn::If':['Yes',{'Ref':'P'},{'Ref':'AWS::NoValue'}]}"), NULL, NULL, NULL},
    {RESOURCE_WITH("{'Condition':{'StringEquals':{'a':'b'}}}"), NULL, NULL, NULL},
    {TEMPLATE_WITH("'R':{'Type':'A::B::C','DependsOn':['Bucket'],'Condition':'Yes'}"), NULL, NULL, NULL},

    {RESOURCE_WITH("{'Ref':'Q'}"), "unresolved_ref", "R", "Resources.R.Properties.V.Ref"},
    {RESOURCE_WITH("[1,[{'Ref':'Q'}]]"), "unresolved_ref", "R", "Resources.R.Properties.V.1.0.Ref"},
    {RESOURCE_WITH("{'Ref':7}"), "unresolved_ref", "R", "Resources.R.Properties.V.Ref"},
    {RESOURCE_WITH("{'Fn::GetAtt':['Nowhere','Arn']}"), "unresolved_getatt", "R", "Resources.R.Properties.V.Fn::GetAtt"},
    {RESOURCE_WITH("{'Fn::GetAtt':['Bucket','Nothing']}"), "unresolved_getatt", "R", "Resources.R.Properties.V.Fn::GetAtt"},
    {RESOURCE_WITH("{'Fn::GetAtt':['P','Arn']}"), "unresolved_getatt", "R", "Resources.R.Properties.V.Fn::GetAtt"},
    {RESOURCE_WITH("{'Fn::GetAtt':'Bucket.Arn'}"), "unresolved_getatt", "R", "Resources.R.Properties.V.Fn::GetAtt"},
    {RESOURCE_WITH("{'Fn::GetAtt':['Bucket','Arn','x']}"), "unresolved_getatt", "R", "Resources.R.Properties.V.Fn::GetAtt"},
    {RESOURCE_WITH("{'Fn::Sub':'a ${Q}'}"), "unresolved_sub", "R", "Resources.R.Properties.V.Fn::Sub"},
    {RESOURCE_WITH("{'Fn::Sub':'a ${Bucket.X}'}"), "unresolved_sub", "R", "Resources.R.Properties.V.Fn::Sub"},
    {RESOURCE_WITH("{'Fn::Sub':'a ${P'}"), "unresolved_sub", "R", "Resources.R.Properties.V.Fn::Sub"},
    {RESOURCE_WITH("{'Fn::Sub':['${a}',{'b':'c'}]}"), "unresolved_sub", "R", "Resources.R.Properties.V.Fn::Sub"},
    {RESOURCE_WITH("{'Fn::Sub':['${a}',{'a':{'Ref':'Q'}}]}"), "unresolved_ref", "R", "Resources.R.Properties.V.Fn::Sub.a.Ref"},
    {RESOURCE_WITH("{'Fn::If':['No',1,2]}"), "unknown_condition", "R", "Resources.R.Properties.V.Fn::If"},
    {RESOURCE_WITH("{'Fn::If':['Yes',1]}"), "unknown_condition", "R", "Resources.R.Properties.V.Fn::If"},
    {RESOURCE_WITH("{'Fn::If':['Yes',{'Ref':'Q'},1]}"), "unresolved_ref", "R", "Resources.R.Properties.V.Fn::If.1.Ref"},
    {RESOURCE_WITH("{'Fn::ImportValue':'x'}"), "unknown_function", "R", "Resources.R.Properties.V.Fn::ImportValue"},
    {RESOURCE_WITH("{'Fn::Transform':{}}"), "unknown_function", "R", "Resources.R.Properties.V.Fn::Transform"},
    {RESOURCE_WITH("{'Ref':'P','x':1}"), "unknown_function", "R", "Resources.R.Properties.V.Ref"},
    {RESOURCE_WITH("'{{resolve:ssm:/x}}'"), "dynamic_reference", "R", "Resources.R.Properties.V"},
    {RESOURCE_WITH("{'Fn::Sub':'{{resolve:ssm:/x}}'}"), "dynamic_reference", "R", "Resources.R.Properties.V.Fn::Sub"},
    {TEMPLATE_WITH("'R':{'Type':'A::B::C','DependsOn':'Q'}"), "bad_depends_on", "R", "Resources.R.DependsOn"},
    {TEMPLATE_WITH("'R':{'Type':'A::B::C','DependsOn':['Bucket','R']}"), "bad_depends_on", "R", "Resources.R.DependsOn"},
    {TEMPLATE_WITH("'R':{'Type':'A::B::C','Condition':'No'}"), "unknown_condition", "R", "Resources.R.Condition"},
    {TEMPLATE_WITH("'R':{'Type':'A::B::C','DeletionPolicy':'Keep'}"), "bad_resource", "R", "Resources.R.DeletionPolicy"},
    {TEMPLATE_WITH("'R':{'Type':'A::B::C','Metadata':{}}"), "bad_resource", "R", "Resources.R.Metadata"},
    {TEMPLATE_WITH("'R':{'Properties':{}}"), "bad_resource", "R", "Resources.R"},
    {TEMPLATE_WITH("'a-b':{'Type':'A::B::C'}"), "bad_resource", "a-b", "Resources.a-b"},
    {"{'Resources':{}}", "bad_resource", "", "Resources"},
    {"{'Conditions':{'C':{'Fn::Equals':[{'Ref':'B'},1]}},'Resources':{'B':{'Type':'A::B::C'}}}",
     "unresolved_ref", "C", "Conditions.C.Fn::Equals.0.Ref"}, /* a condition sees no resource */
    {"{'Resources':{'B':{'Type':'A::B::C'}},'Outputs':{'O':{'Value':{'Ref':'Q'}}}}",
     "unresolved_ref", "O", "Outputs.O.Value.Ref"},
};
/* clang-format on */

static void what_cloudformation_would_refuse_is_found(void **state) {

    (void)state;
    for (size_t i = 0; i < ARRAY_N(refusals); i++) {
        CLEANUP(json_decrefp) json_t *template = json_of(refusals[i].template);
        CLEANUP(json_decrefp) json_t *findings = json_array();
        size_t n = template_check(template, NULL, "d-1", findings);
        const json_t *first = json_array_get(findings, 0);
        CLEANUP(freep) char *got = json_text(findings);

        if (n != (refusals[i].code == NULL ? 0 : 1) || n != json_array_size(findings) ||
            (n == 1 && (strcmp(json_str_at(first, "code"), refusals[i].code) != 0 ||
                        strcmp(json_str_at(first, "logical_id"), refusals[i].logical_id) != 0 ||
                        strcmp(json_str_at(first, "path"), refusals[i].path) != 0 ||
                        json_str_or(first, "text", "")[0] == '\0' ||
                        json_str_or(first, "remedy", "")[0] == '\0'))) {
            fail_msg("%zu: %s: %s", i, refusals[i].template, got);
        }
    }
}

static void parameters_are_judged_as_cloudformation_judges_them(void **state) {
    /* clang-format off */
    static const struct {
        const char *declared; /* of P */
        const char *given;    /* the parameters */
        const char *code;     /* NULL: nothing is found */
    } cases[] = {
        {"'Type':'String'",                                 "{'P':'x'}",      NULL},
        {"'Type':'String','Default':'d'",                   "{}",             NULL},
        {"'Type':'String','NoEcho':true",                   "{'P':true}",     NULL},
        {"'Type':'String','AllowedPattern':'^[a-c]{2}$'",   "{'P':'ab'}",     NULL},
        {"'Type':'String','AllowedPattern':'[a-c]{2}'",     "{'P':'ab'}",     NULL},
        {"'Type':'Number','MinValue':1,'MaxValue':9",       "{'P':'9'}",      NULL},
        {"'Type':'Number','AllowedValues':[1,3]",           "{'P':'3'}",      NULL},
        {"'Type':'Number','MinValue':-1",                   "{'P':'-1'}",     NULL},
        {"'Type':'String'",                                 "{}",             "missing_parameter"},
        {"'Type':'String','Default':'d'",                   "{'Q':'x'}",      "unknown_parameter"},
        {"'Type':'String'",                                 "{'P':7}",        "bad_parameter"},
        {"'Type':'String'",                                 "{'P':false}",    "bad_parameter"},
        {"'Type':'String','AllowedPattern':'[a-c]{2}'",     "{'P':'abc'}",    "bad_parameter"},
        {"'Type':'String','AllowedPattern':'[a-c]{2}'",     "{'P':'xab'}",    "bad_parameter"},
        {"'Type':'String','AllowedPattern':'a|b'",          "{'P':'ax'}",     "bad_parameter"},
        {"'Type':'String','AllowedPattern':'[a-c]+'",       "{'P':'ab\\nx'}", "bad_parameter"},
        {"'Type':'String','MinLength':3",                   "{'P':'ab'}",     "bad_parameter"},
        {"'Type':'String','MaxLength':1",                   "{'P':'ab'}",     "bad_parameter"},
        {"'Type':'String','AllowedValues':['a']",           "{'P':'b'}",      "bad_parameter"},
        {"'Type':'String'",                      "{'P':'{{resolve:ssm:/x}}'}", "bad_parameter"},
        {"'Type':'Number','MinValue':1",                    "{'P':'0'}",      "bad_parameter"},
        {"'Type':'Number','MaxValue':9",                    "{'P':'10'}",     "bad_parameter"},
        {"'Type':'Number'",                                 "{'P':'1x'}",     "bad_parameter"},
        {"'Type':'Number'",                                 "{'P':''}",       "bad_parameter"},
        {"'Type':'Number'",                                 "{'P':'inf'}",    "bad_parameter"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(freep)
        char *text = mem_format("{'Parameters':{'P':{%s}},'Resources':{'B':{'Type':'A::B::C'}}}",
                                cases[i].declared);
        CLEANUP(json_decrefp) json_t *template = json_of(text);
        CLEANUP(json_decrefp) json_t *given = json_of(cases[i].given);
        CLEANUP(json_decrefp) json_t *findings = json_array();
        size_t n = template_check(template, given, "d-1", findings);
        CLEANUP(freep) char *got = json_text(findings);

        if (n != (cases[i].code == NULL ? 0 : 1) ||
            (n == 1 &&
             strcmp(json_str_at(json_array_get(findings, 0), "code"), cases[i].code) != 0)) {
            fail_msg("%zu: %s with %s: %s", i, cases[i].declared, cases[i].given, got);
        }
    }
}

static void a_finding_never_repeats_a_parameters_value(void **state) {
    CLEANUP(json_decrefp) json_t *template = template_load(TEMPLATE_STATIC);
    CLEANUP(json_decrefp) json_t *given = json_of("{'ReleasePath':'hunter2'}");
    CLEANUP(json_decrefp) json_t *findings = json_array();
    CLEANUP(freep) char *text = NULL;

    (void)state;
    assert_int_equal(template_check(template, given, "d-1", findings), 1);
    text = json_text(findings);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "ReleasePath"));
}

static void qualifiers_that_aws_reserves_are_refused_by_the_template(void **state) {
    /* clang-format off */
    static const struct {
        const char *qualifier;
        bool is_good;
    } cases[] = {
        {"depl", true},  {"abc", true}, {"a1b2c3", true}, {"awx", true}, {"ssn", true}, {"sws", true},
        {"aws", false},  {"awsx", false}, {"ssm", false}, {"ssmabc", false}, {"ab", false},
        {"abcdefg", false}, {"1ab", false}, {"Abc", false}, {"a-b", false}, {"", false},
    };
    /* clang-format on */
    CLEANUP(json_decrefp) json_t *template = template_load(TEMPLATE_BOOTSTRAP);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(json_decrefp) json_t *given = json_pack("{s:s}", "Qualifier", cases[i].qualifier);
        CLEANUP(json_decrefp) json_t *findings = json_array();

        if ((template_check(template, given, "d-1", findings) == 0) != cases[i].is_good) {
            fail_msg("'%s'", cases[i].qualifier);
        }
    }
}

static void names_of_change_sets_and_sizes_are_limited(void **state) {
    static const struct {
        const char *name;
        size_t want;
    } cases[] = {{"d-20261124T144613Z-0a1b2c3d", 0},
                 {"d", 0},
                 {"1-x", 1},
                 {"-d", 1},
                 {"d_1", 1},
                 {"", 1},
                 {"d 1", 1},
                 {NULL, 1}};
    CLEANUP(json_decrefp) json_t *template = json_of("{'Resources':{'B':{'Type':'A::B::C'}}}");
    CLEANUP(json_decrefp) json_t *findings = json_array();
    CLEANUP(freep) char *name = mem_alloc(130);
    CLEANUP(freep) char *big = mem_alloc(TEMPLATE_BYTES_MAX + 1);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        if (template_check(template, NULL, cases[i].name, findings) != cases[i].want) {
            fail_msg("'%s'", cases[i].name);
        }
    }
    memset(name, 'd', 129);
    assert_int_equal(template_check(template, NULL, name, findings), 1);
    name[128] = '\0';
    assert_int_equal(template_check(template, NULL, name, findings), 0);

    memset(big, 'x', TEMPLATE_BYTES_MAX);
    json_put(json_at(template, "Resources.B"), "Properties", json_pack("{s:s}", "V", big));
    (void)json_array_clear(findings);
    assert_int_equal(template_check(template, NULL, "d-1", findings), 1);
    assert_string_equal(json_str_at(json_array_get(findings, 0), "code"), "too_large");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cloudformation_would_refuse_is_found),
        cmocka_unit_test(parameters_are_judged_as_cloudformation_judges_them),
        cmocka_unit_test(a_finding_never_repeats_a_parameters_value),
        cmocka_unit_test(qualifiers_that_aws_reserves_are_refused_by_the_template),
        cmocka_unit_test(names_of_change_sets_and_sizes_are_limited),
    };

    return cmocka_run_group_tests_name("template_check", tests, NULL, NULL);
}
