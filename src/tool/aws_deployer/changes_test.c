/* What a person is shown of a change set: purposes from the template, and no secret value. */
#include "tool/aws_deployer/deployer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char template_text[] =
    "{'Metadata':{'Purposes':{'Api':'receives requests','ApiVersion':'pins a release'}},"
    "'Parameters':{'Verify':{'Type':'String','NoEcho':true},'Size':{'Type':'Number'}},"
    "'Resources':{"
    "'Api':{'Type':'T','Properties':{"
    "'Plain':{'Ref':'Size'},"
    "'Direct':{'Ref':'Verify'},"
    "'Deep':[{'Header':{'Value':{'Ref':'Verify'}}}],"
    "'Joined':{'Fn::Sub':'x-${Verify}-y'},"
    "'Open':{'Fn::Sub':'x-${Size}-y'}}}}}";

static json_t *parse(const char *text) {
    CLEANUP(freep) char *copy = mem_strdup(text);
    json_t *json = NULL;
    struct err err = {0};

    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    if (json_read(str_from(copy), &json, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    return json;
}

/* The first detail of `change` as it is shown. */
static json_t *shown(const char *id, const char *property, const char *before) {
    CLEANUP(json_decrefp) json_t *template = parse(template_text);
    CLEANUP(json_decrefp)
    json_t *changes = json_pack("[{s:s, s:[{s:s, s:s, s:s}]}]", "logical_id", id, "details", "name",
                                property, "before", before, "after", "new");
    CLEANUP(json_decrefp) json_t *copy = deployer_annotate(changes, template);

    return json_incref(json_array_get(copy, 0));
}

static void each_resource_is_for_what_the_template_says(void **state) {
    static const struct {
        const char *id;
        const char *purpose; /* NULL: none */
    } rows[] = {
        {"Api", "receives requests"},
        {"ApiVersion12ab", "pins a release"}, /* the longest name that it begins with */
        {"ApiVersion", "pins a release"},
        {"Gone", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *change = shown(rows[i].id, "Plain", "old");
        const char *purpose = json_str_at(change, "purpose");

        if ((purpose == NULL) != (rows[i].purpose == NULL) ||
            (purpose != NULL && strcmp(purpose, rows[i].purpose) != 0)) {
            fail_msg("%s: %s", rows[i].id, purpose == NULL ? "no purpose" : purpose);
        }
    }
}

static void values_are_shown_unless_a_parameter_that_is_not_goes_into_them(void **state) {
    static const struct {
        const char *property; /* "": all of them */
        bool is_hidden;
    } rows[] = {
        {"Plain", false}, {"Open", false},  {"Absent", true}, {"Direct", true},
        {"Deep", true},   {"Joined", true}, {"", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *change = shown("Api", rows[i].property, "old");
        const json_t *detail = json_array_get(json_object_get(change, "details"), 0);
        bool is_hidden = strcmp(json_str_or(detail, "before", ""), "old") != 0 &&
                         strcmp(json_str_or(detail, "after", ""), "new") != 0;

        if (is_hidden != rows[i].is_hidden) {
            fail_msg("property '%s': %s", rows[i].property, json_str_or(detail, "before", ""));
        }
    }
}

static void a_long_value_is_cut_and_the_set_itself_is_left_alone(void **state) {
    CLEANUP(freep) char *value = mem_alloc(5001);
    CLEANUP(json_decrefp) json_t *change = NULL;
    const char *before;

    (void)state;
    memset(value, 'x', 5000);
    change = shown("Api", "Plain", value);
    before = json_str_or(json_array_get(json_object_get(change, "details"), 0), "before", "");
    assert_true(strlen(before) < 700 && str_ends(str_from(before), STR("...")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_resource_is_for_what_the_template_says),
        cmocka_unit_test(values_are_shown_unless_a_parameter_that_is_not_goes_into_them),
        cmocka_unit_test(a_long_value_is_cut_and_the_set_itself_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
