/* Functions from the schemas of operations, and calls back to them. */
#include "tool/openai_llm/functions.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 160 };

/* "repo_reader.read_file" as a function's name, in which a full stop may not stand. */
static void function_name(const char *name, char out[NAME_BYTES]) {
    const char *dot = strchr(name, '.');

    (void)snprintf(out, NAME_BYTES, "%.*s__%s", dot == NULL ? 0 : (int)(dot - name), name,
                   dot == NULL ? name : dot + 1);
}

/* Lists and maps have no form that a strict schema could say; what needs them is not offered. */
static const char *type_of(enum json_kind kind) {
    return kind == JSON_TEXT    ? "string"
           : kind == JSON_COUNT ? "integer"
           : kind == JSON_FLAG  ? "boolean"
                                : NULL;
}

static const struct operation *readable(const char *name) {
    CLEANUP(freep) char *tool = mem_strdup(name);
    char *dot = strchr(tool, '.');
    const struct operation *row;

    if (dot == NULL) {
        return NULL;
    }
    *dot = '\0';
    row = tool_find(tool, dot + 1);
    return row != NULL && row->effect == EFFECT_READ && tool_row(tool)->need == NULL ? row : NULL;
}

static json_t *function_of(const char *name, const struct operation *row) {
    json_t *properties = json_object();
    json_t *required = json_array();
    char called[NAME_BYTES];

    function_name(name, called);
    for (const struct json_field *f = row->schema_in; f->name != NULL; f++) {
        const char *type = type_of(f->kind);

        if (type != NULL) {
            json_put(properties, f->name,
                     f->is_optional ? json_pack("{s:[s, s]}", "type", type, "null")
                                    : json_pack("{s:s}", "type", type));
            (void)json_array_append_new(required, json_string(f->name));
        }
    }
    return json_pack("{s:s, s:{s:s, s:s, s:b, s:{s:s, s:o, s:o, s:b}}}", "type", "function",
                     "function", "name", called, "description", row->purpose, "strict", 1,
                     "parameters", "type", "object", "properties", properties, "required", required,
                     "additionalProperties", 0);
}

enum err_code functions_make(const json_t *names, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *functions = json_array();
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name) {
        const char *text = json_is_string(name) ? json_string_value(name) : "";
        const struct operation *row = readable(text);

        if (row == NULL) {
            return err_set(err, ERR_DEFECT, "'%.80s' is no read that a model may ask for", text);
        }
        (void)json_array_append_new(functions, function_of(text, row));
    }
    *out = TAKE(functions);
    return ERR_NONE;
}

/* The offered name that the model means, or NULL. */
static const char *offered(const json_t *names, const char *called) {
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name) {
        char own[NAME_BYTES];

        function_name(json_string_value(name), own);
        if (strcmp(own, called) == 0) {
            return json_string_value(name);
        }
    }
    return NULL;
}

/* A null stands for what is left out. */
static void drop_nulls(json_t *args) {
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(args, next, key, value) {
        if (json_is_null(value)) {
            (void)json_object_del(args, key);
        }
    }
}

static json_t *call_row(const struct chat_call *call, const char *problem) {
    json_t *row = json_object();

    json_put_strn(row, "id", buf_str(&call->id));
    json_put_strn(row, "name", buf_str(&call->name));
    json_put_str(row, "problem", problem);
    return row;
}

static json_t *call_read(const struct chat_call *call, const json_t *names) {
    const char *name = offered(names, buf_cstr(&call->name));
    CLEANUP(json_decrefp) json_t *args = NULL;
    struct err err = {0};
    json_t *row;

    if (name == NULL) {
        return call_row(call, "there is no such function");
    }
    if (json_read(buf_str(&call->arguments), &args, &err) != ERR_NONE || !json_is_object(args)) {
        return call_row(call, "the arguments are no JSON object");
    }
    drop_nulls(args);
    if (json_check(args, readable(name)->schema_in, &err) != ERR_NONE) {
        return call_row(call, err.text);
    }
    row = call_row(call, NULL);
    json_put_strn(row, "tool", (struct str){name, strcspn(name, ".")});
    json_put_str(row, "operation", strchr(name, '.') + 1);
    json_put(row, "args", TAKE(args));
    return row;
}

json_t *functions_read(const struct chat_answer *answer, const json_t *names) {
    json_t *calls = json_array();

    for (size_t i = 0; i < answer->call_n; i++) {
        (void)json_array_append_new(calls, call_read(&answer->calls[i], names));
    }
    return calls;
}
