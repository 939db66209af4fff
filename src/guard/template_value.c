/* guard/template_value.c: parameters, conditions and maps of a template are followed. Source:
 * CloudFormation User Guide, "Intrinsic functions", "Condition functions". */
#include "guard/template_value.h"

#include "guard/walk.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_DEPTH_MAX = 16 };

static const json_t *value_of(const struct template_facts *facts, const json_t *value, int depth,
                              bool *is_unknown);

const json_t *template_call(const json_t *value, const char **name) {
    void *iter = json_object_iter(walk(value));

    if (json_object_size(value) != 1 || iter == NULL) {
        return NULL;
    }
    *name = json_object_iter_key(iter);
    if (strcmp(*name, "Ref") != 0 && strcmp(*name, "Condition") != 0 &&
        strncmp(*name, "Fn::", 4) != 0) {
        return NULL;
    }
    return json_object_iter_value(iter);
}

static const json_t *value_ref(const struct template_facts *facts, const char *name,
                               bool *is_unknown) {
    const json_t *declared = json_object_get(facts->parameters, name);
    const json_t *given = json_object_get(facts->given, name);
    const json_t *otherwise = json_object_get(declared, "Default");

    if (strcmp(name, "AWS::Region") == 0) {
        *is_unknown = *is_unknown || facts->region == NULL;
        return facts->region;
    }
    if (strcmp(name, "AWS::NoValue") == 0) {
        return NULL;
    }
    if (strncmp(json_str_or(declared, "Type", ""), "AWS::SSM::Parameter::", 21) == 0) {
        *is_unknown = true; /* its value is the name of a value */
        return NULL;
    }
    if (json_is_string(given) || json_is_number(given)) {
        return given;
    }
    if (otherwise == NULL || given != NULL || facts->is_open) {
        *is_unknown = true;
        return NULL;
    }
    return otherwise;
}

const char *template_scalar(const json_t *value, char *room, size_t size) {
    if (json_is_integer(value)) {
        (void)snprintf(room, size, "%lld", (long long)json_integer_value(value));
        return room;
    }
    if (json_is_real(value)) {
        (void)snprintf(room, size, "%.12g", json_real_value(value));
        return room;
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "true" : "false";
    }
    return json_string_value(value);
}

static const json_t *value_in_map(const struct template_facts *facts, const json_t *call, int depth,
                                  bool *is_unknown) {
    const json_t *at = facts->mappings;

    for (size_t i = 0; i < 3; i++) {
        char room[40];
        const char *key = template_scalar(
            value_of(facts, json_array_get(call, i), depth + 1, is_unknown), room, sizeof room);

        at = key == NULL ? NULL : json_object_get(at, key);
    }
    *is_unknown = *is_unknown || at == NULL;
    return at;
}

static enum template_truth truth_of(const struct template_facts *facts, const json_t *test,
                                    int depth);

static enum template_truth truth_named(const struct template_facts *facts, const char *name,
                                       int depth) {
    const json_t *test = name == NULL ? NULL : json_object_get(facts->conditions, name);

    return test == NULL ? TEMPLATE_UNCLEAR : truth_of(facts, test, depth + 1);
}

static enum template_truth truth_equals(const struct template_facts *facts, const json_t *pair,
                                        int depth) {
    bool is_unknown = false;
    char rooms[2][40];
    const char *a = template_scalar(
        value_of(facts, json_array_get(pair, 0), depth + 1, &is_unknown), rooms[0], 40);
    const char *b = template_scalar(
        value_of(facts, json_array_get(pair, 1), depth + 1, &is_unknown), rooms[1], 40);

    if (is_unknown || a == NULL || b == NULL) {
        return TEMPLATE_UNCLEAR;
    }
    return strcmp(a, b) == 0 ? TEMPLATE_TRUE : TEMPLATE_FALSE;
}

/* And: false when one is false; Or: true when one is true; else unclear when one is unclear. */
static enum template_truth truth_list(const struct template_facts *facts, const json_t *tests,
                                      enum template_truth decides, int depth) {
    enum template_truth all = decides == TEMPLATE_FALSE ? TEMPLATE_TRUE : TEMPLATE_FALSE;
    const json_t *test;
    size_t i;

    json_array_foreach(tests, i, test) {
        enum template_truth one = truth_of(facts, test, depth + 1);

        if (one == decides) {
            return decides;
        }
        all = one == TEMPLATE_UNCLEAR ? TEMPLATE_UNCLEAR : all;
    }
    return all;
}

static enum template_truth truth_of(const struct template_facts *facts, const json_t *test,
                                    int depth) {
    const char *name = "";
    const json_t *call = template_call(test, &name);
    enum template_truth one;

    if (call == NULL || depth > VALUE_DEPTH_MAX) {
        return TEMPLATE_UNCLEAR;
    }
    if (strcmp(name, "Condition") == 0) {
        return truth_named(facts, json_string_value(call), depth);
    }
    if (strcmp(name, "Fn::Equals") == 0) {
        return truth_equals(facts, call, depth);
    }
    if (strcmp(name, "Fn::And") == 0) {
        return truth_list(facts, call, TEMPLATE_FALSE, depth);
    }
    if (strcmp(name, "Fn::Or") == 0) {
        return truth_list(facts, call, TEMPLATE_TRUE, depth);
    }
    if (strcmp(name, "Fn::Not") != 0) {
        return TEMPLATE_UNCLEAR;
    }
    one = truth_of(facts, json_array_get(call, 0), depth + 1);
    return one == TEMPLATE_UNCLEAR ? TEMPLATE_UNCLEAR
           : one == TEMPLATE_TRUE  ? TEMPLATE_FALSE
                                   : TEMPLATE_TRUE;
}

enum template_truth template_condition(const struct template_facts *facts, const char *name) {
    return truth_named(facts, name, 0);
}

static const json_t *value_if(const struct template_facts *facts, const json_t *call, int depth,
                              bool *is_unknown) {
    enum template_truth truth =
        truth_named(facts, json_string_value(json_array_get(call, 0)), depth);

    if (truth == TEMPLATE_UNCLEAR) {
        *is_unknown = true;
        return NULL;
    }
    return value_of(facts, json_array_get(call, truth == TEMPLATE_TRUE ? 1 : 2), depth + 1,
                    is_unknown);
}

static const json_t *value_of(const struct template_facts *facts, const json_t *value, int depth,
                              bool *is_unknown) {
    const char *name = "";
    const json_t *call = template_call(value, &name);

    if (call == NULL || value == NULL) {
        return value;
    }
    if (depth > VALUE_DEPTH_MAX) {
        *is_unknown = true;
        return NULL;
    }
    if (strcmp(name, "Ref") == 0 && json_is_string(call)) {
        return value_ref(facts, json_string_value(call), is_unknown);
    }
    if (strcmp(name, "Fn::If") == 0) {
        return value_if(facts, call, depth, is_unknown);
    }
    if (strcmp(name, "Fn::FindInMap") == 0) {
        return value_in_map(facts, call, depth, is_unknown);
    }
    *is_unknown = true;
    return NULL;
}

struct template_facts template_facts(const json_t *template, const json_t *given,
                                     const json_t *region) {
    return (struct template_facts){.parameters = json_object_get(template, "Parameters"),
                                   .conditions = json_object_get(template, "Conditions"),
                                   .mappings = json_object_get(template, "Mappings"),
                                   .given = given,
                                   .region = region};
}

const json_t *template_value(const struct template_facts *facts, const json_t *value,
                             bool *is_unknown) {
    return value_of(facts, value, 0, is_unknown);
}
