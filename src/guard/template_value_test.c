/* What a template says: every function that is followed, and what is left as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "guard/template_value.h"

static json_t *read_json(const char *text) {
    CLEANUP(freep) char *quoted = mem_strdup(text);
    struct err err = {0};
    json_t *json = NULL;

    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    if (json_read(str_from(quoted), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", quoted, err.text);
    }
    return json;
}

/* clang-format off */
static const char head[] =
    "{'Parameters':{'Size':{'Type':'Number','Default':5},'Env':{'Type':'String'},"
    "'Zones':{'Type':'CommaDelimitedList','Default':'a, b'},'Pass':{'Type':'String','NoEcho':true,'Default':'x'},"
    "'Word':{'Type':'String','NoEcho':'True','Default':'x'},'Shown':{'Type':'String','NoEcho':'false','Default':'s'},"
    "'Ports':{'Type':'List<Number>','Default':'80,443'},"
    "'Image':{'Type':'AWS::SSM::Parameter::Value<String>','Default':'/path'}},"
    "'Mappings':{'M':{'eu-west-1':{'Ami':'ami-1'},'prod':{'Ami':'ami-2'}},"
    "'N':{'5':{'A':'x'},'7':{'A':'y'},'9':{'A':'y'}}},"
    "'Conditions':{'IsProd':{'Fn::Equals':[{'Ref':'Env'},'prod']},'IsFive':{'Fn::Equals':[{'Ref':'Size'},5]}},"
    "'Resources':{'R':{'Type':'T','Properties':{'P':";
/* clang-format on */
static const char tail[] = "}}}}";

/* What becomes of a property. */
static json_t *property_of(const char *property, const char *given, bool is_open) {
    CLEANUP(freep) char *text = mem_format("%s%s%s", head, property, tail);
    CLEANUP(json_decrefp) json_t *template = read_json(text);
    CLEANUP(json_decrefp) json_t *values = given == NULL ? NULL : read_json(given);
    CLEANUP(json_decrefp) json_t *region = json_string("eu-west-1");
    struct template_facts facts = template_facts(template, values, region);
    facts.is_open = is_open;
    CLEANUP(json_decrefp) json_t *resolved = template_resolve(&facts, template);
    json_t *found = json_at(resolved, "Resources.R.Properties.P");

    return found == NULL ? json_null() : json_incref(found);
}

static void check(const char *property, const char *given, bool is_open, const char *want) {
    CLEANUP(json_decrefp) json_t *have = property_of(property, given, is_open);
    CLEANUP(freep) char *wrapped = mem_format("[%s]", want);
    CLEANUP(json_decrefp) json_t *list = read_json(wrapped);

    if (!json_equal(have, json_array_get(list, 0))) {
        CLEANUP(freep) char *shown = json_text(have);
        fail_msg("%s with %s: %s, not %s", property, given == NULL ? "nothing" : given, shown,
                 want);
    }
}

static void every_function_that_is_told_is_put_in(void **state) {
    /* clang-format off */
    static const struct { const char *property, *given, *want; } rows[] = {
        {"{'Ref':'Size'}", "{}", "5"},
        {"{'Ref':'Size'}", "{'Size':'7'}", "'7'"},
        {"{'Ref':'Zones'}", "{}", "['a','b']"},
        {"{'Ref':'Ports'}", "{}", "['80','443']"},
        {"{'Ref':'Shown'}", "{}", "'s'"},
        {"{'Ref':'Env'}", "{'Env':'prod'}", "'prod'"},
        {"{'Fn::Sub':'a${AWS::NoValue}b'}", "{}", "'ab'"},
        {"{'Fn::Sub':'${Env}-${Env'}", "{'Env':'prod'}", "{'Fn::Sub':'prod-${Env'}"},
        {"{'Fn::Sub':'x-${Env}-${Size}'}", "{'Env':'prod'}", "'x-prod-5'"},
        {"{'Fn::Sub':['${A}${Env}',{'A':{'Ref':'Env'}}]}", "{'Env':'prod'}", "'prodprod'"},
        {"{'Fn::Sub':'${Env}-${AWS::Region}'}", "{'Env':'prod'}", "{'Fn::Sub':'prod-${AWS::Region}'}"},
        {"{'Fn::Sub':'${!Env}'}", "{'Env':'prod'}", "{'Fn::Sub':'${!Env}'}"},
        {"{'Fn::Join':['-',['a',{'Ref':'Env'}]]}", "{'Env':'prod'}", "'a-prod'"},
        {"{'Fn::If':['IsProd',1,2]}", "{'Env':'prod'}", "1"},
        {"{'Fn::If':['IsProd',1,2]}", "{'Env':'dev'}", "2"},
        {"{'Fn::If':['IsFive',1,2]}", "{}", "1"},
        {"[{'Fn::If':['IsFive',{'Ref':'AWS::NoValue'},2]},3]", "{}", "[3]"},
        {"{'Fn::FindInMap':['M',{'Ref':'AWS::Region'},'Ami']}", "{}", "'ami-1'"},
        {"{'Fn::FindInMap':['M',{'Ref':'Env'},'Ami']}", "{'Env':'prod'}", "'ami-2'"},
        {"{'Fn::FindInMap':['M',{'Ref':'Env'},'Ami']}", "{}", "{'Fn::If':['','ami-1','ami-2']}"},
        {"{'Fn::FindInMap':['M','prod',{'Ref':'R'}]}", "{}", "'ami-2'"},
        {"{'Fn::FindInMap':['N',{'Ref':'R'},'A']}", "{}", "{'Fn::If':['','x','y']}"},
        {"{'Fn::FindInMap':['N',{'Ref':'R'},'A',{'DefaultValue':'z'}]}", "{}", "{'Fn::If':['','x',{'Fn::If':['','y','z']}]}"},
        {"{'Fn::FindInMap':['N','7','A',{'DefaultValue':'z'}]}", "{}", "'y'"},
        {"{'Fn::FindInMap':['N','8','A',{'DefaultValue':'z'}]}", "{}", "'z'"},
        {"{'Fn::FindInMap':['N',{'Ref':'Size'},'A']}", "{}", "'x'"},
        {"{'Fn::Select':[1,{'Ref':'Zones'}]}", "{}", "'b'"},
        {"{'Fn::Select':['0',{'Fn::Split':['/','x/y']}]}", "{}", "'x'"},
        {"{'Fn::ForEach::L':['N',{'Ref':'Zones'},{'K${N}':{'Ref':'N'}}]}", "{}", "{'Ka':'a','Kb':'b'}"},
        {"{'Fn::ForEach::L':['N',['10.0'],{'K&{N}':'v${N}'}]}", "{}", "{'K100':'v10.0'}"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        check(rows[i].property, rows[i].given, false, rows[i].want);
    }
}

static void what_is_not_told_stays_as_it_is(void **state) {
    /* clang-format off */
    static const struct { const char *property, *given; } rows[] = {
        {"{'Ref':'Env'}", "{}"},                           /* has no value */
        {"{'Ref':'Env'}", "{'Env':true}"},                 /* has one that is not known */
        {"{'Ref':'Pass'}", "{}"},                          /* keeps it to itself */
        {"{'Ref':'Pass'}", "{'Pass':'hunter2'}"},
        {"{'Ref':'Word'}", "{}"},
        {"{'Fn::Sub':'${Pass}'}", "{'Pass':'hunter2'}"},
        {"{'Fn::Sub':[1,{}]}", "{}"},
        {"{'Ref':'Image'}", "{}"},                         /* names where the value is */
        {"{'Ref':'Image'}", "{'Image':'/other'}"},
        {"{'Ref':'R'}", "{}"},
        {"{'Fn::If':['IsProd','a','b']}", "{}"},
        {"{'Fn::If':['Nowhere','a','b']}", "{}"},
        {"{'Fn::FindInMap':['M','nowhere','Ami']}", "{}"},
        {"{'Fn::GetAtt':['R','Arn']}", "{}"},
        {"{'Fn::Select':[9,['a']]}", "{}"},
        {"{'Fn::ForEach::L':['N',{'Ref':'Env'},{'K':1}]}", "{}"},
        {"{'Fn::ForEach::L':['N',[{'Ref':'R'}],{'K':1}]}", "{}"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        check(rows[i].property, rows[i].given, false, rows[i].property);
    }
}

/* Another value may still be given: a Default is shown, but it chooses no branch. */
static void an_open_default_decides_no_condition(void **state) {
    (void)state;
    check("{'Ref':'Size'}", NULL, true, "5");
    check("{'Fn::If':['IsFive','a','b']}", NULL, true, "{'Fn::If':['IsFive','a','b']}");
    check("{'Fn::If':['IsFive','a','b']}", "{'Size':'5'}", true, "'a'");
    check("{'Fn::FindInMap':['N',{'Ref':'Size'},'A']}", NULL, true, "{'Fn::If':['','x','y']}");
    check("{'Fn::FindInMap':['N',{'Ref':'Size'},'A']}", "{'Size':'7'}", true, "'y'");
}

static void a_resource_whose_condition_is_false_is_left_out(void **state) {
    static const char text[] =
        "{'Parameters':{'Env':{'Type':'String','Default':'dev'}},'Conditions':{'IsProd':{'Fn::"
        "Equals':[{'Ref':'Env'},'prod']}},'Resources':{'R':{'Type':'T','Condition':'IsProd'}}}";
    CLEANUP(json_decrefp) json_t *template = read_json(text);
    static const char *const given[] = {"{}", "{'Env':'prod'}", "{'Env':true}"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(json_decrefp) json_t *values = read_json(given[i % 3]);
        struct template_facts facts = template_facts(template, values, NULL);
        facts.is_open = i == 3;
        CLEANUP(json_decrefp) json_t *resolved = template_resolve(&facts, template);

        assert_int_equal(json_at(resolved, "Resources.R") != NULL, i != 0);
    }
}

static void what_globals_of_sam_say_is_put_into_each(void **state) {
    CLEANUP(json_decrefp)
    json_t *template = read_json(
        "{'Globals':{'Function':{'Runtime':'a','Environment':{'Variables':{'A':1}},'Layers':['l']}}"
        ",'Resources':{'F':{'Type':'AWS::Serverless::Function','Properties':{'Runtime':'b',"
        "'Environment':{'Variables':{'B':2}},'Layers':['m']}},'Q':{'Type':'AWS::SQS::Queue'}}}");
    CLEANUP(json_decrefp)
    json_t *want = read_json("{'Runtime':'b','Environment':{'Variables':{'A':1,'B':2}},'Layers':["
                             "'l','m']}");
    struct template_facts facts = template_facts(template, NULL, NULL);
    CLEANUP(json_decrefp) json_t *resolved = template_resolve(&facts, template);

    (void)state;
    assert_true(json_equal(json_at(resolved, "Resources.F.Properties"), want));
    assert_null(json_at(resolved, "Resources.Q.Properties"));
}

/* A loop in a loop in a loop, each over 1,000 items, is no way to take all memory. */
static void loops_end(void **state) {
    CLEANUP(buf_done) struct buf list = BUF_INIT(1 << 16);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        buf_addf(&list, "%s'i%d'", i > 0 ? "," : "", i);
    }
    CLEANUP(freep)
    char *inner = mem_format("{'Fn::ForEach::B':['B',[%s],{'K${A}${B}':1}]}", buf_cstr(&list));
    CLEANUP(freep)
    char *outer = mem_format("{'Fn::ForEach::A':['A',[%s],%s]}", buf_cstr(&list), inner);
    CLEANUP(json_decrefp) json_t *have = property_of(outer, "{}", false);

    assert_true(json_object_size(have) <= 4096);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_that_is_told_is_put_in),
        cmocka_unit_test(what_is_not_told_stays_as_it_is),
        cmocka_unit_test(an_open_default_decides_no_condition),
        cmocka_unit_test(a_resource_whose_condition_is_false_is_left_out),
        cmocka_unit_test(what_globals_of_sam_say_is_put_into_each),
        cmocka_unit_test(loops_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
