/* The forms of answers and their judge. */
#include "model/schema.h"

#include <stdio.h>
#include <string.h>

#include "guard/limits.h"
#include "model/schema_files.h"

/* clang-format off */
static const struct {
    const char *name;
    const char *about;
} rows[SCHEMA_N] = {
#define SCHEMA(id, name, about) [SCHEMA_##id] = {name, about},
#include "model/schema.def"
#undef SCHEMA
};

static const struct str *const texts[SCHEMA_N] = {
    [SCHEMA_UNDERSTAND] = &schema_understand,
    [SCHEMA_EXPLAIN]    = &schema_explain,
    [SCHEMA_ANSWERS]    = &schema_answers,
    [SCHEMA_CONCERN]    = &schema_concern,
    [SCHEMA_WORDS]      = &schema_words,
    [SCHEMA_REPORT]     = &schema_report,
};
/* clang-format on */

const char *schema_name(enum schema schema) { return rows[schema].name; }
const char *schema_about(enum schema schema) { return rows[schema].about; }
struct str schema_text(enum schema schema) {
    return *texts[schema];
}

enum schema schema_from_name(const char *name) {
    for (enum schema i = SCHEMA_NONE + 1; i < SCHEMA_N; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return i;
        }
    }
    return SCHEMA_NONE;
}

json_t *schema_json(enum schema schema) {
    json_t *json = NULL;
    struct err err = {0};

    if (json_read(*texts[schema], &json, &err) != ERR_NONE) {
        return json_object(); /* schema_test.c reads each */
    }
    return json;
}

/* ---- The judge ---- */

/* One value and the schema it is held to; `up` is what it is a part of. */
struct place {
    const struct place *up;
    const char *key; /* of the member; NULL: the item `index` */
    size_t index;
    const json_t *schema;
    const json_t *json;
    int depth;
};

static void place_name(const struct place *at, struct buf *out) {
    if (at->up == NULL) {
        return;
    }
    place_name(at->up, out);
    if (at->key == NULL) {
        buf_addf(out, "[%zu]", at->index);
    } else {
        buf_addf(out, "%s%s", out->len == 0 ? "" : ".", at->key);
    }
}

static enum err_code misfit(const struct place *at, struct err *err, const char *what) {
    CLEANUP(buf_done) struct buf name = BUF_INIT(120);

    place_name(at, &name);
    return err_set(err, ERR_PROTOCOL, "the model's answer does not keep to its form: %s %s",
                   name.len == 0 ? "it" : buf_cstr(&name), what);
}

static enum err_code check_place(const struct place *at, struct err *err);

static bool is_of_type(const json_t *json, const char *type) {
    return strcmp(type, "object") == 0    ? json_is_object(json)
           : strcmp(type, "array") == 0   ? json_is_array(json)
           : strcmp(type, "string") == 0  ? json_is_string(json)
           : strcmp(type, "integer") == 0 ? json_is_integer(json)
           : strcmp(type, "number") == 0  ? json_is_number(json)
           : strcmp(type, "boolean") == 0 ? json_is_boolean(json)
           : strcmp(type, "null") == 0    ? json_is_null(json)
                                          : false;
}

static enum err_code check_type(const struct place *at, const json_t *type, struct err *err) {
    const json_t *one;
    size_t i;
    bool is_ok = json_is_string(type) && is_of_type(at->json, json_string_value(type));

    json_array_foreach(type, i, one) {
        is_ok = is_ok || (json_is_string(one) && is_of_type(at->json, json_string_value(one)));
    }
    return is_ok ? ERR_NONE : misfit(at, err, "is of another type");
}

static enum err_code check_members(const struct place *at, const json_t *properties,
                                   struct err *err) {
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)at->json, key, value) {
        const json_t *schema = json_object_get(properties, key);
        struct place below = {at, key, 0, schema, value, at->depth + 1};

        if (schema != NULL && check_place(&below, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code check_required(const struct place *at, const json_t *required,
                                    struct err *err) {
    const json_t *name;
    size_t i;

    json_array_foreach(required, i, name) {
        if (json_is_object(at->json) &&
            json_object_get(at->json, json_string_value(name)) == NULL) {
            return misfit(at, err, "lacks a member");
        }
    }
    return ERR_NONE;
}

static enum err_code check_no_others(const struct place *at, const json_t *allowed,
                                     struct err *err) {
    const json_t *properties = json_object_get(at->schema, "properties");
    const char *key;
    json_t *value;

    if (!json_is_false(allowed)) {
        return misfit(at, err, "has a schema that this program does not judge");
    }
    json_object_foreach((json_t *)(uintptr_t)at->json, key, value) {
        if (json_object_get(properties, key) == NULL) {
            return misfit(at, err, "has a member that its form does not have");
        }
    }
    return ERR_NONE;
}

static enum err_code check_items(const struct place *at, const json_t *schema, struct err *err) {
    json_t *value;
    size_t i;

    json_array_foreach(at->json, i, value) {
        struct place below = {at, NULL, i, schema, value, at->depth + 1};

        if (check_place(&below, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code check_enum(const struct place *at, const json_t *values, struct err *err) {
    const json_t *value;
    size_t i;

    json_array_foreach(values, i, value) {
        if (json_equal(value, at->json)) {
            return ERR_NONE;
        }
    }
    return misfit(at, err, "is none of the values that it may be");
}

static enum err_code check_const(const struct place *at, const json_t *value, struct err *err) {
    return json_equal(value, at->json) ? ERR_NONE : misfit(at, err, "is another value");
}

static enum err_code check_any_of(const struct place *at, const json_t *schemas, struct err *err) {
    const json_t *schema;
    size_t i;

    json_array_foreach(schemas, i, schema) {
        struct place same = *at;
        struct err why = {0};

        same.schema = schema;
        if (check_place(&same, &why) == ERR_NONE) {
            return ERR_NONE;
        }
    }
    return misfit(at, err, "fits none of its forms");
}

/* In characters, not bytes: those that begin one. */
static size_t characters(const json_t *string) {
    const char *text = json_string_value(string);
    size_t n = 0;

    for (size_t i = 0; i < json_string_length(string); i++) {
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return n;
}

static enum err_code check_minimum(const struct place *at, const json_t *limit, struct err *err) {
    return !json_is_number(at->json) || json_number_value(at->json) >= json_number_value(limit)
               ? ERR_NONE
               : misfit(at, err, "is too small");
}

static enum err_code check_maximum(const struct place *at, const json_t *limit, struct err *err) {
    return !json_is_number(at->json) || json_number_value(at->json) <= json_number_value(limit)
               ? ERR_NONE
               : misfit(at, err, "is too large");
}

static enum err_code check_min_length(const struct place *at, const json_t *limit,
                                      struct err *err) {
    return !json_is_string(at->json) || characters(at->json) >= (size_t)json_integer_value(limit)
               ? ERR_NONE
               : misfit(at, err, "is too short");
}

static enum err_code check_max_length(const struct place *at, const json_t *limit,
                                      struct err *err) {
    return !json_is_string(at->json) || characters(at->json) <= (size_t)json_integer_value(limit)
               ? ERR_NONE
               : misfit(at, err, "is too long");
}

static enum err_code check_min_items(const struct place *at, const json_t *limit, struct err *err) {
    return !json_is_array(at->json) ||
                   json_array_size(at->json) >= (size_t)json_integer_value(limit)
               ? ERR_NONE
               : misfit(at, err, "has too few items");
}

static enum err_code check_max_items(const struct place *at, const json_t *limit, struct err *err) {
    return !json_is_array(at->json) ||
                   json_array_size(at->json) <= (size_t)json_integer_value(limit)
               ? ERR_NONE
               : misfit(at, err, "has too many items");
}

static enum err_code check_nothing(const struct place *at, const json_t *value, struct err *err) {
    (void)at;
    (void)value;
    (void)err;
    return ERR_NONE;
}

/* clang-format off */
static const struct {
    const char *word;
    enum err_code (*check)(const struct place *at, const json_t *value, struct err *err);
} words[] = {
    { "type",                 check_type },
    { "properties",           check_members },
    { "required",             check_required },
    { "additionalProperties", check_no_others },
    { "items",                check_items },
    { "enum",                 check_enum },
    { "const",                check_const },
    { "anyOf",                check_any_of },
    { "minimum",              check_minimum },
    { "maximum",              check_maximum },
    { "minLength",            check_min_length },
    { "maxLength",            check_max_length },
    { "minItems",             check_min_items },
    { "maxItems",             check_max_items },
    { "description",          check_nothing },
};
/* clang-format on */

static enum err_code check_word(const struct place *at, const char *word, const json_t *value,
                                struct err *err) {
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strcmp(words[i].word, word) == 0) {
            return words[i].check(at, value, err);
        }
    }
    return misfit(at, err, "has a schema that this program does not judge");
}

static enum err_code check_place(const struct place *at, struct err *err) {
    const char *word;
    json_t *value;

    if (!json_is_object(at->schema) || at->depth > limit(LIMIT_JSON_DEPTH)) {
        return misfit(at, err, "has a schema that this program does not judge");
    }
    json_object_foreach((json_t *)(uintptr_t)at->schema, word, value) {
        if (check_word(at, word, value, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

enum err_code schema_check(const json_t *schema, const json_t *json, struct err *err) {
    struct place at = {.schema = schema, .json = json};

    return check_place(&at, err);
}

enum err_code schema_read(enum schema schema, struct str text, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *rules = schema_json(schema);
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct err why = {0};

    if (json_read(text, &json, &why) != ERR_NONE) {
        return err_set(err, ERR_PROTOCOL, "the model's answer is %s", why.text);
    }
    if (schema_check(rules, json, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(json);
    return ERR_NONE;
}
