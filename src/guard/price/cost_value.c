/* What a template says, as far as it says it: parameters, conditions and maps are followed. Source:
 * CloudFormation User Guide, "Intrinsic functions", "Condition functions". */
#include "guard/price/cost_room.h"
#include "guard/walk.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_DEPTH_MAX = 16 };

static const json_t *value_of(const struct costing *costing, const json_t *value, int depth,
                              bool *is_unknown);

/* The only member of an object that is a call of a function; NULL when it is none. */
static const json_t *call_of(const json_t *value, const char **name) {
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

static const json_t *value_ref(const struct costing *costing, const char *name, bool *is_unknown) {
    const json_t *declared = json_object_get(costing->parameters, name);
    const json_t *given = json_object_get(costing->given, name);
    const json_t *otherwise = json_object_get(declared, "Default");

    if (strcmp(name, "AWS::Region") == 0) {
        return costing->region;
    }
    if (strcmp(name, "AWS::NoValue") == 0) {
        return NULL;
    }
    if (json_is_string(given) || json_is_number(given)) {
        return given;
    }
    *is_unknown = declared == NULL || otherwise == NULL || given != NULL;
    return *is_unknown ? NULL : otherwise;
}

/* The text of a scalar in `number`'s room or its own; NULL when it is none. */
static const char *scalar_text(const json_t *value, char *room, size_t size) {
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

static const json_t *value_in_map(const struct costing *costing, const json_t *call, int depth,
                                  bool *is_unknown) {
    const json_t *at = costing->mappings;

    for (size_t i = 0; i < 3; i++) {
        char room[40];
        const char *key = scalar_text(
            value_of(costing, json_array_get(call, i), depth + 1, is_unknown), room, sizeof room);

        at = key == NULL ? NULL : json_object_get(at, key);
    }
    *is_unknown = *is_unknown || at == NULL;
    return at;
}

static enum cost_truth truth_of(const struct costing *costing, const json_t *test, int depth);

static enum cost_truth truth_named(const struct costing *costing, const char *name, int depth) {
    const json_t *test = name == NULL ? NULL : json_object_get(costing->conditions, name);

    return test == NULL ? COST_UNCLEAR : truth_of(costing, test, depth + 1);
}

static enum cost_truth truth_equals(const struct costing *costing, const json_t *pair, int depth) {
    bool is_unknown = false;
    char rooms[2][40];
    const char *a = scalar_text(value_of(costing, json_array_get(pair, 0), depth + 1, &is_unknown),
                                rooms[0], 40);
    const char *b = scalar_text(value_of(costing, json_array_get(pair, 1), depth + 1, &is_unknown),
                                rooms[1], 40);

    if (is_unknown || a == NULL || b == NULL) {
        return COST_UNCLEAR;
    }
    return strcmp(a, b) == 0 ? COST_TRUE : COST_FALSE;
}

/* And: false when one is false; Or: true when one is true; else unclear when one is unclear. */
static enum cost_truth truth_list(const struct costing *costing, const json_t *tests,
                                  enum cost_truth decides, int depth) {
    enum cost_truth all = decides == COST_FALSE ? COST_TRUE : COST_FALSE;
    const json_t *test;
    size_t i;

    json_array_foreach(tests, i, test) {
        enum cost_truth one = truth_of(costing, test, depth + 1);

        if (one == decides) {
            return decides;
        }
        all = one == COST_UNCLEAR ? COST_UNCLEAR : all;
    }
    return all;
}

static enum cost_truth truth_of(const struct costing *costing, const json_t *test, int depth) {
    const char *name = "";
    const json_t *call = call_of(test, &name);
    enum cost_truth one;

    if (call == NULL || depth > VALUE_DEPTH_MAX) {
        return COST_UNCLEAR;
    }
    if (strcmp(name, "Condition") == 0) {
        return truth_named(costing, json_string_value(call), depth);
    }
    if (strcmp(name, "Fn::Equals") == 0) {
        return truth_equals(costing, call, depth);
    }
    if (strcmp(name, "Fn::And") == 0) {
        return truth_list(costing, call, COST_FALSE, depth);
    }
    if (strcmp(name, "Fn::Or") == 0) {
        return truth_list(costing, call, COST_TRUE, depth);
    }
    if (strcmp(name, "Fn::Not") != 0) {
        return COST_UNCLEAR;
    }
    one = truth_of(costing, json_array_get(call, 0), depth + 1);
    return one == COST_UNCLEAR ? COST_UNCLEAR : one == COST_TRUE ? COST_FALSE : COST_TRUE;
}

enum cost_truth cost_condition(const struct costing *costing, const char *name) {
    return truth_named(costing, name, 0);
}

static const json_t *value_if(const struct costing *costing, const json_t *call, int depth,
                              bool *is_unknown) {
    enum cost_truth truth = truth_named(costing, json_string_value(json_array_get(call, 0)), depth);

    if (truth == COST_UNCLEAR) {
        *is_unknown = true;
        return NULL;
    }
    return value_of(costing, json_array_get(call, truth == COST_TRUE ? 1 : 2), depth + 1,
                    is_unknown);
}

static const json_t *value_of(const struct costing *costing, const json_t *value, int depth,
                              bool *is_unknown) {
    const char *name = "";
    const json_t *call = call_of(value, &name);

    if (call == NULL || value == NULL) {
        return value;
    }
    if (depth > VALUE_DEPTH_MAX) {
        *is_unknown = true;
        return NULL;
    }
    if (strcmp(name, "Ref") == 0 && json_is_string(call)) {
        return value_ref(costing, json_string_value(call), is_unknown);
    }
    if (strcmp(name, "Fn::If") == 0) {
        return value_if(costing, call, depth, is_unknown);
    }
    if (strcmp(name, "Fn::FindInMap") == 0) {
        return value_in_map(costing, call, depth, is_unknown);
    }
    *is_unknown = true;
    return NULL;
}

const json_t *cost_value(const struct costing *costing, const json_t *properties, const char *path,
                         bool *is_unknown) {
    struct str rest = str_from(path);
    struct str part = {0};
    const json_t *at;

    *is_unknown = false;
    at = value_of(costing, properties, 0, is_unknown);
    while (at != NULL && str_next(&rest, '.', &part)) {
        CLEANUP(freep) char *key = str_dup(part);

        at = value_of(costing, json_object_get(at, key), 0, is_unknown);
    }
    return at;
}

bool cost_number(const struct costed *of, const char *path, double otherwise, double *out) {
    bool is_unknown = false;
    const json_t *value = cost_value(of->costing, of->properties, path, &is_unknown);
    const char *text = json_string_value(value);
    char *end = NULL;

    *out = json_is_number(value) ? json_number_value(value) : otherwise;
    if (text != NULL) {
        *out = strtod(text, &end);
        is_unknown = end == text || *end != '\0';
    }
    if (is_unknown || *out < 0) {
        cost_unpriced(of, path, "%s depends on what the template does not say", path);
        return false;
    }
    return true;
}

const char *cost_word(const struct costed *of, const char *path, const char *otherwise) {
    bool is_unknown = false;
    const json_t *value = cost_value(of->costing, of->properties, path, &is_unknown);

    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (is_unknown || (value != NULL && !json_is_null(value))) {
        cost_unpriced(of, path, "%s depends on what the template does not say", path);
        return NULL;
    }
    return otherwise;
}

bool cost_flag(const struct costed *of, const char *path) {
    bool is_unknown = false;
    const json_t *value = cost_value(of->costing, of->properties, path, &is_unknown);

    return json_is_true(value) || (json_is_string(value) &&
                                   str_eq_nocase(str_from(json_string_value(value)), STR("true")));
}
