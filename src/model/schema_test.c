/* Forms of answers: each is one that strict structured output takes, and the judge judges. */
#include "model/schema.h"

#include "guard/redact/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The judge ---- */

/* clang-format off */
static const struct {
    const char *schema;
    const char *json;
    const char *text; /* in the sentence; NULL: it fits */
} rows[] = {
    { "{\"type\":\"string\"}",                      "\"a\"",        NULL },
    { "{\"type\":\"string\"}",                      "1",            "another type" },
    { "{\"type\":[\"string\",\"null\"]}",           "null",         NULL },
    { "{\"type\":[\"string\",\"null\"]}",           "1",            "another type" },
    { "{\"type\":\"integer\"}",                     "1",            NULL },
    { "{\"type\":\"integer\"}",                     "1.5",          "another type" },
    { "{\"type\":\"number\"}",                      "1",            NULL },
    { "{\"type\":\"boolean\"}",                     "\"true\"",     "another type" },
    { "{\"type\":\"nonsense\"}",                    "1",            "another type" },
    { "{\"enum\":[\"a\",1,null]}",                  "null",         NULL },
    { "{\"enum\":[\"a\",1]}",                       "\"A\"",        "none of the values" },
    { "{\"const\":\"a\"}",                          "\"a\"",        NULL },
    { "{\"const\":\"a\"}",                          "\"b\"",        "another value" },
    { "{\"minimum\":1,\"maximum\":3}",              "3",            NULL },
    { "{\"minimum\":1,\"maximum\":3}",              "0",            "too small" },
    { "{\"minimum\":1,\"maximum\":3}",              "3.5",          "too large" },
    { "{\"minLength\":2,\"maxLength\":3}",          "\"\xc3\xa4\xc3\xb6\xc3\xbc\"", NULL }, /* three characters */
    { "{\"minLength\":2,\"maxLength\":3}",          "\"\xc3\xa4\"", "too short" },
    { "{\"minLength\":2,\"maxLength\":3}",          "\"abcd\"",     "too long" },
    { "{\"minItems\":1,\"maxItems\":2}",            "[1,2]",        NULL },
    { "{\"minItems\":1,\"maxItems\":2}",            "[]",           "too few" },
    { "{\"minItems\":1,\"maxItems\":2}",            "[1,2,3]",      "too many" },
    { "{\"items\":{\"type\":\"string\"}}",          "[\"a\",1]",    "[1] is of another type" },
    { "{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}}}", "{\"a\":[1]}", "a[0] is of another type" },
    { "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"const\":1}}}}}", "{\"a\":{\"b\":2}}", "a.b is another value" },
    { "{\"required\":[\"a\"]}",                     "{}",           "lacks a member" },
    { "{\"required\":[\"a\"]}",                     "{\"a\":null}", NULL },
    { "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}", NULL },
    { "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"b\":1}", "does not have" },
    { "{\"additionalProperties\":true}",            "{}",           "does not judge" },
    { "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\",\"maxLength\":1}]}", "\"a\"",  NULL },
    { "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\",\"maxLength\":1}]}", "\"ab\"", "none of its forms" },
    { "{\"pattern\":\"a\"}",                        "\"a\"",        "does not judge" },
    { "{\"items\":7}",                              "[1]",          "does not judge" },
    { "{\"description\":\"anything\"}",             "1",            NULL },
};
/* clang-format on */

static json_t *must_read(const char *text) {
    json_t *json = NULL;
    struct err err = {0};

    if (json_read(str_from(text), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", text, err.text);
    }
    return json;
}

static void an_answer_fits_or_the_place_is_named(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *schema = must_read(rows[i].schema);
        CLEANUP(json_decrefp) json_t *json = must_read(rows[i].json);
        struct err err = {0};
        enum err_code code = schema_check(schema, json, &err);

        if (code != (rows[i].text == NULL ? ERR_NONE : ERR_PROTOCOL) ||
            (rows[i].text != NULL && strstr(err.text, rows[i].text) == NULL)) {
            fail_msg("%s against %s: '%s'", rows[i].json, rows[i].schema, err.text);
        }
    }
}

static void an_answer_is_one_json_text_without_a_word_around_it(void **state) {
    static const char *const bad[] = {
        "",
        "not JSON",
        "```json\n{\"concerns\":[]}\n```",
        "{\"concerns\":[]} and more",
        "{\"concerns\":[]",
        "{\"concerns\":[],\"concerns\":[]}",
        "{\"concerns\":[],\"note\":1}",
        "[]",
    };
    json_t *json = NULL;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        if (schema_read(SCHEMA_CONCERN, str_from(bad[i]), &json, &err) != ERR_PROTOCOL) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
    assert_int_equal(schema_read(SCHEMA_CONCERN, STR(" {\"concerns\": [ ] }\n"), &json, &err),
                     ERR_NONE);
    json_decref(json);
}

/* ---- The table ---- */

/* What strict structured output asks of a schema: every object closed, every member required. */
static void must_be_strict(const char *name, const json_t *schema, int depth) {
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *required = json_object_get(schema, "required");
    const json_t *part;
    const char *key;
    json_t *value;
    size_t i;

    if (depth > 5) {
        fail_msg("%s is nested deeper than 5", name);
    }
    if (strcmp(json_str_or(schema, "type", ""), "object") == 0) {
        if (!json_is_false(json_object_get(schema, "additionalProperties")) ||
            json_array_size(required) != json_object_size(properties)) {
            fail_msg("%s has an object that is not closed", name);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)properties, key, value) {
        if (!json_has_str(required, key)) {
            fail_msg("%s: %s is not required", name, key);
        }
        if (redact_is_secret_key(str_from(key))) {
            fail_msg("%s: %s would be masked in every record", name, key);
        }
        must_be_strict(name, value, depth + 1);
    }
    json_array_foreach(json_object_get(schema, "anyOf"), i, part) {
        must_be_strict(name, part, depth + 1);
    }
    if (json_object_get(schema, "items") != NULL) {
        must_be_strict(name, json_object_get(schema, "items"), depth + 1);
    }
}

static void every_form_is_strict_and_judged(void **state) {
    (void)state;
    for (enum schema i = SCHEMA_NONE + 1; i < SCHEMA_N; i++) {
        CLEANUP(freep) char *text = str_dup(schema_text(i));
        CLEANUP(json_decrefp) json_t *schema = must_read(text);
        CLEANUP(json_decrefp) json_t *empty = json_object();
        struct err err = {0};

        assert_int_equal(schema_from_name(schema_name(i)), i);
        assert_string_equal(json_str_or(schema, "type", ""), "object");
        must_be_strict(schema_name(i), schema, 0);
        assert_int_equal(schema_check(schema, empty, &err), ERR_PROTOCOL);
        if (strstr(err.text, "does not judge") != NULL) {
            fail_msg("%s: %s", schema_name(i), err.text);
        }
    }
    assert_int_equal(schema_from_name("nonsense"), SCHEMA_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_fits_or_the_place_is_named),
        cmocka_unit_test(an_answer_is_one_json_text_without_a_word_around_it),
        cmocka_unit_test(every_form_is_strict_and_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
