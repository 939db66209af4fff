/* What the program adds to jansson. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

enum err_code json_read(struct str text, json_t **out, struct err *err) {
    json_error_t why;
    json_t *json = json_loadb(text.ptr == NULL ? "" : text.ptr, text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);

    if (json == NULL) {
        const char *quoted = strstr(why.text, " near "); /* which may be half of a secret */
        int len = (int)(quoted == NULL ? strlen(why.text) : (size_t)(quoted - why.text));

        return err_set(err, ERR_INVALID, "not JSON at line %d, column %d: %.*s", why.line,
                       why.column, len, why.text);
    }
    *out = json;
    return ERR_NONE;
}

char *json_text(const json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

    if (text == NULL) {
        abort(); /* not a JSON value at all: a defect */
    }
    return text;
}

void json_add(struct buf *out, const json_t *json) {
    CLEANUP(freep) char *text = json_text(json);

    buf_add_s(out, text);
}

struct sha256 json_hash(const json_t *json) {
    CLEANUP(freep) char *text = json_text(json);

    return sha256_of(str_from(text));
}

json_t *json_at(const json_t *json, const char *path) {
    struct str rest = str_from(path);
    struct str step = {0};
    json_t *at = NULL;

    while (json != NULL && str_next(&rest, '.', &step)) {
        at = json_object_getn(json, step.ptr, step.len);
        json = at;
    }
    return at;
}

const char *json_str_at(const json_t *json, const char *path) {
    return json_string_value(json_at(json, path));
}

const char *json_str_or(const json_t *json, const char *path, const char *otherwise) {
    const char *s = json_str_at(json, path);

    return s == NULL ? otherwise : s;
}

int64_t json_int_or(const json_t *json, const char *path, int64_t otherwise) {
    const json_t *v = json_at(json, path);

    return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

bool json_bool_at(const json_t *json, const char *path) {
    return json_is_true(json_at(json, path));
}

static bool is_text(const json_t *json, const char *text) {
    return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

void json_add_list(struct buf *out, const json_t *texts) {
    const json_t *text;
    size_t i;

    json_array_foreach(texts, i, text) {
        buf_addf(out, "%s%s", i == 0 ? "" : ", ", json_string_value(text));
    }
}

bool json_has_str(const json_t *array, const char *text) {
    const json_t *row;
    size_t i;

    json_array_foreach(array, i, row) {
        if (is_text(row, text)) {
            return true;
        }
    }
    return false;
}

json_t *json_row(const json_t *array, const char *key, const char *value) {
    json_t *row;
    size_t i;

    json_array_foreach(array, i, row) {
        if (is_text(json_object_get(row, key), value)) {
            return row;
        }
    }
    return NULL;
}

void json_put(json_t *object, const char *key, json_t *value) {
    if (value == NULL || json_object_set_new(object, key, value) != 0) {
        abort(); /* not an object, or a key that is not UTF-8: a defect */
    }
}

void json_put_str(json_t *object, const char *key, const char *value) {
    if (value == NULL) {
        (void)json_object_del(object, key);
        return;
    }
    json_put_strn(object, key, str_from(value));
}

/* Each byte that is not part of well-formed UTF-8 becomes U+FFFD; NUL bytes too. */
static json_t *json_lossy(struct str value) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(3 * value.len + 4);

    for (size_t i = 0; i < value.len;) {
        size_t n = 1;

        while (n <= 4 && i + n <= value.len && !str_is_utf8(str_slice(value, i, i + n))) {
            n++;
        }
        if (n <= 4 && i + n <= value.len) {
            buf_add(&out, str_slice(value, i, i + n));
            i += n;
        } else {
            buf_add_s(&out, "\xef\xbf\xbd");
            i++;
        }
    }
    return json_string(buf_cstr(&out));
}

json_t *json_string_of(struct str value) {
    if (str_is_utf8(value)) {
        return json_stringn(value.ptr == NULL ? "" : value.ptr, value.len);
    }
    return json_lossy(value);
}

void json_put_strn(json_t *object, const char *key, struct str value) {
    json_put(object, key, json_string_of(value));
}

void json_put_int(json_t *object, const char *key, int64_t value) {
    json_put(object, key, json_integer((json_int_t)value));
}

void json_put_bool(json_t *object, const char *key, bool value) {
    json_put(object, key, json_boolean(value));
}

static bool json_is_kind(const json_t *value, enum json_kind kind) {
    switch (kind) {
    case JSON_ANY:
        return true;
    case JSON_TEXT:
        return json_is_string(value);
    case JSON_COUNT:
        return json_is_integer(value);
    case JSON_FLAG:
        return json_is_boolean(value);
    case JSON_MAP:
        return json_is_object(value);
    case JSON_LIST:
        return json_is_array(value);
    }
    return false;
}

enum err_code json_check(const json_t *object, const struct json_field *fields, struct err *err) {
    static const char *const words[] = {"a value",       "a text",    "a whole number",
                                        "true or false", "an object", "a list"};
    const char *key;
    json_t *value;

    if (!json_is_object(object)) {
        return err_set(err, ERR_INVALID, "an object is needed");
    }
    for (const struct json_field *f = fields; f->name != NULL; f++) {
        value = json_object_get(object, f->name);
        if (value == NULL && !f->is_optional) {
            return err_set(err, ERR_INVALID, "member '%s' is missing", f->name);
        }
        if (value != NULL && !json_is_kind(value, f->kind)) {
            return err_set(err, ERR_INVALID, "member '%s' is not %s", f->name, words[f->kind]);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        const struct json_field *f = fields;

        while (f->name != NULL && strcmp(f->name, key) != 0) {
            f++;
        }
        if (f->name == NULL) {
            return err_set(err, ERR_INVALID, "member '%s' is not known", key);
        }
    }
    return ERR_NONE;
}
