/* request: what a chat request costs beside its texts. */
#include "guard/tokens/request.h"

#include <string.h>

enum {
    ANSWER_START = 3, /* the answer begins with <|start|>assistant<|message|> */
    MESSAGE_AROUND = 3,
    NAME_AROUND = 1,
    TOOLS_AROUND = 12,
    PROPERTIES_AROUND = 3,
    PROPERTY_AROUND = 3,
    ENUM_AROUND = -3,
    ENUM_VALUE_AROUND = 3,
};

static const int function_around[ENCODING_N] = {
    [ENCODING_O200K_BASE] = 7,
    [ENCODING_CL100K_BASE] = 10,
};

static long count_value(enum encoding encoding, const json_t *value) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);

    if (json_is_string(value)) {
        return (long)tokens_count(
            encoding, (struct str){json_string_value(value), json_string_length(value)});
    }
    json_add(&text, value);
    return (long)tokens_count(encoding, buf_str(&text));
}

static long count_content(enum encoding encoding, const json_t *content) {
    const json_t *part;
    size_t i;
    long count = 0;

    if (!json_is_array(content)) {
        return json_is_null(content) ? 0 : count_value(encoding, content);
    }
    json_array_foreach(content, i, part) {
        const json_t *text = json_object_get(part, "text");

        count += text == NULL ? 0 : count_value(encoding, text);
    }
    return count;
}

static long count_message(enum encoding encoding, const json_t *message) {
    const char *key;
    const json_t *value;
    long count = MESSAGE_AROUND;

    json_object_foreach((json_t *)(uintptr_t)message, key, value) {
        count += strcmp(key, "content") == 0 ? count_content(encoding, value)
                                             : count_value(encoding, value);
        count += strcmp(key, "name") == 0 ? NAME_AROUND : 0;
    }
    return count;
}

/* "name:description" or "name:type:description", without the full stop at its end. */
static long count_line(enum encoding encoding, const char *name, const char *type,
                       const char *description) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(SIZE_MAX);

    buf_addf(&line, "%s:%s%s%s", name, type == NULL ? "" : type, type == NULL ? "" : ":",
             description);
    if (str_ends(buf_str(&line), STR("."))) {
        line.len--;
    }
    return (long)tokens_count(encoding, buf_str(&line));
}

static long count_properties(enum encoding encoding, json_t *properties);

/* With what is inside an object, or the objects of a list. */
static long count_property(enum encoding encoding, const char *name, const json_t *property) {
    const json_t *values = json_object_get(property, "enum"), *value;
    long count = PROPERTY_AROUND + count_line(encoding, name, json_str_or(property, "type", ""),
                                              json_str_or(property, "description", ""));
    size_t i;

    if (values != NULL) {
        count += ENUM_AROUND;
        json_array_foreach(values, i, value) {
            count += ENUM_VALUE_AROUND + count_value(encoding, value);
        }
    }
    return count + count_properties(encoding, json_at(property, "properties")) +
           count_properties(encoding, json_at(property, "items.properties"));
}

static long count_properties(enum encoding encoding, json_t *properties) {
    const char *name;
    const json_t *property;
    long count = 0;

    json_object_foreach(properties, name, property) {
        count += count_property(encoding, name, property);
    }
    return count;
}

static long count_function(enum encoding encoding, const json_t *function) {
    json_t *properties = json_at(function, "parameters.properties");
    long count =
        function_around[encoding] + count_line(encoding, json_str_or(function, "name", ""), NULL,
                                               json_str_or(function, "description", ""));

    if (json_object_size(properties) > 0) {
        count += PROPERTIES_AROUND + count_properties(encoding, properties);
    }
    return count;
}

size_t tokens_request(enum encoding encoding, const json_t *messages, const json_t *tools) {
    const json_t *row;
    size_t i;
    long count = ANSWER_START;

    json_array_foreach(messages, i, row) { count += count_message(encoding, row); }
    if (json_array_size(tools) > 0) {
        count += TOOLS_AROUND;
        json_array_foreach(tools, i, row) {
            count += count_function(encoding, json_object_get(row, "function"));
        }
    }
    return (size_t)count;
}
