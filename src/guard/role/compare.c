/* What of a policy another one gives. Source: IAM User Guide, "Policy evaluation logic", "IAM JSON
 * policy elements: Resource", wildcards. */
#include "guard/role/role.h"
#include "guard/walk.h"

#include <string.h>

/* ---- Policies of a template ---- */

static const char *value_named(const json_t *values, const char *name) {
    return json_string_value(json_object_get(values, name));
}

/* "${AWS::Region}" by its value; what has none stays. */
static json_t *fill_sub(struct str text, const json_t *values) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(8192);

    while (text.len > 0) {
        ptrdiff_t at = str_find(text, STR("${"));
        struct str rest = at < 0 ? (struct str){0} : str_slice(text, (size_t)at + 2, text.len);
        ptrdiff_t end = at < 0 ? -1 : str_find(rest, STR("}"));
        CLEANUP(freep) char *name = end < 0 ? NULL : str_dup(str_slice(rest, 0, (size_t)end));
        const char *value = name == NULL ? NULL : value_named(values, name);

        if (end < 0) {
            buf_add(&out, text);
            break;
        }
        buf_add(&out, str_slice(text, 0, (size_t)at));
        if (value == NULL) {
            buf_addf(&out, "${%s}", name);
        } else {
            buf_add_s(&out, value);
        }
        text = str_slice(rest, (size_t)end + 1, rest.len);
    }
    return json_string_of(buf_str(&out));
}

static json_t *fill_join(const json_t *call, const json_t *values) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(8192);
    const char *between = json_string_value(json_array_get(call, 0));
    const json_t *part;
    size_t i;

    json_array_foreach(json_array_get(call, 1), i, part) {
        CLEANUP(json_decrefp) json_t *filled = role_fill_in(part, values);

        if (between == NULL || !json_is_string(filled)) {
            return NULL;
        }
        buf_addf(&out, "%s%s", i == 0 ? "" : between, json_string_value(filled));
    }
    return json_string_of(buf_str(&out));
}

/* The value of a call of a function; NULL where it has none. */
static json_t *fill_call(const json_t *json, const json_t *values) {
    const json_t *sub = json_object_get(json, "Fn::Sub");
    const json_t *join = json_object_get(json, "Fn::Join");
    const json_t *att = json_object_get(json, "Fn::GetAtt");
    const char *ref = json_str_at(json, "Ref");
    const char *value = ref == NULL ? NULL : value_named(values, ref);

    if (json_is_string(sub)) {
        return fill_sub(str_from(json_string_value(sub)), values);
    }
    if (json_is_array(join)) {
        return fill_join(join, values);
    }
    if (json_array_size(att) == 2) {
        CLEANUP(freep)
        char *name = mem_format("%s.%s", json_string_value(json_array_get(att, 0)),
                                json_string_value(json_array_get(att, 1)));

        value = value_named(values, name);
    }
    return value == NULL ? NULL : json_string_of(str_from(value));
}

json_t *role_fill_in(const json_t *json, const json_t *values) {
    json_t *filled = json_object_size(json) == 1 ? fill_call(json, values) : NULL;
    const char *key;
    const json_t *part;
    size_t i;

    if (filled != NULL) {
        return filled;
    }
    if (json_is_array(json)) {
        filled = json_array();
        json_array_foreach(json, i, part) {
            (void)json_array_append_new(filled, role_fill_in(part, values));
        }
        return filled;
    }
    if (json_is_object(json)) {
        filled = json_object();
        json_object_foreach(walk(json), key, part) {
            json_put(filled, key, role_fill_in(part, values));
        }
        return filled;
    }
    return json_incref(walk(json));
}

/* ---- Comparing ---- */

/* Whether every text that `text` stands for is one that `pattern` stands for: a star in `text` is
 * only met by a star. */
static bool is_covered(const char *pattern, const char *text) {
    const char *star = NULL;
    const char *retry = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*text != '*' && (*pattern == *text || *pattern == '?')) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* An element that is one text or a list of them. */
static size_t list_n(const json_t *value) {
    return json_is_array(value) ? json_array_size(value) : value == NULL ? 0 : 1;
}

static const char *list_at(const json_t *value, size_t i) {
    const char *text = json_string_value(json_is_array(value) ? json_array_get(value, i) : value);

    return text == NULL ? "" : text;
}

static bool has_match(const json_t *patterns, const char *text, bool is_action) {
    for (size_t i = 0; i < list_n(patterns); i++) {
        const char *pattern = list_at(patterns, i);
        bool is_same = is_action && str_eq_nocase(str_from(pattern), str_from(text));

        if (is_same || is_covered(pattern, text)) {
            return true;
        }
    }
    return false;
}

/* Whether what `held` demands is also demanded by `needed`: then the call meets it. */
static bool has_conditions(const json_t *held, const json_t *needed) {
    const char *operator;
    const json_t *keys;

    json_object_foreach(walk(held), operator, keys) {
        const char *key;
        const json_t *value;

        json_object_foreach(walk(keys), key, value) {
            if (!json_equal(value, json_object_get(json_object_get(needed, operator), key))) {
                return false;
            }
        }
    }
    return true;
}

static bool is_held(const json_t *held, const char *action, const char *resource,
                    const json_t *condition) {
    const json_t *statement;
    size_t i;

    json_array_foreach(json_object_get(held, "Statement"), i, statement) {
        if (strcmp(json_str_or(statement, "Effect", ""), "Allow") == 0 &&
            has_match(json_object_get(statement, "Action"), action, true) &&
            has_match(json_object_get(statement, "Resource"), resource, false) &&
            has_conditions(json_object_get(statement, "Condition"), condition)) {
            return true;
        }
    }
    return false;
}

json_t *role_missing(const json_t *needed, const json_t *held) {
    json_t *missing = json_array();
    const json_t *statement;
    size_t i;

    json_array_foreach(json_object_get(needed, "Statement"), i, statement) {
        const json_t *actions = json_object_get(statement, "Action");
        const json_t *resources = json_object_get(statement, "Resource");

        for (size_t a = 0; a < list_n(actions); a++) {
            for (size_t r = 0; r < list_n(resources); r++) {
                if (!is_held(held, list_at(actions, a), list_at(resources, r),
                             json_object_get(statement, "Condition"))) {
                    (void)json_array_append_new(missing, json_pack("{s:s, s:s}", "action",
                                                                   list_at(actions, a), "resource",
                                                                   list_at(resources, r)));
                }
            }
        }
    }
    return missing;
}
