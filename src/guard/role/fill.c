/* A policy of a CloudFormation template, with its values put in. */
#include "guard/role/role.h"
#include "guard/walk.h"

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
