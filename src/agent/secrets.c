/* Names and versions of an application's secrets. */
#include "agent/secrets.h"

#include <string.h>

#include "tool/secret_op.h"

char *secrets_path(const struct turn *turn) {
    return mem_format("/%s/%s/%s", agent_text(turn, "fields.qualifier"),
                      agent_text(turn, "fields.app"), agent_text(turn, "fields.env"));
}

static void names_add(json_t *names, const char *name) {
    if (!json_has_str(names, name)) {
        (void)json_array_append_new(names, json_string_of(str_from(name)));
    }
}

json_t *secrets_names(const struct turn *turn) {
    json_t *names = json_array();
    const char *field;
    json_t *value;
    size_t i;

    json_array_foreach(json_at(turn->state, "project.secret_names"), i, value) {
        names_add(names, json_string_value(value));
    }
    json_object_foreach(json_object_get(turn->state, "answers"), field, value) {
        if (json_is_true(value) && strncmp(field, "env.", 4) == 0) {
            names_add(names, field + 4);
        }
    }
    return names;
}

json_t *secrets_all_names(const struct turn *turn) {
    json_t *names = secrets_names(turn);
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "stored.parameters"), i, row) {
        names_add(names, secret_op_variable(json_str_or(row, "name", "")));
    }
    return names;
}

const json_t *secrets_find(const struct turn *turn, const char *name) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "stored.parameters"), i, row) {
        if (strcmp(secret_op_variable(json_str_or(row, "name", "")), name) == 0) {
            return row;
        }
    }
    return NULL;
}

char *secrets_versions(const struct turn *turn) {
    const json_t *rows = json_at(turn->state, "stored.parameters");

    if (json_array_size(rows) == 0) {
        return mem_strdup("");
    }
    return mem_format("%.16s", sha256_hex(json_hash(rows)).text);
}
