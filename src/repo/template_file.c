/* Templates as files: JSON as it is, YAML with its short forms written out. */
#include "repo/template_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repo/yaml_tree.h"

static json_t *json_of(const struct yaml_node *node);

/* A plain word as YAML 1.1 reads it, as CloudFormation does: numbers and booleans. */
static json_t *scalar_of(const struct yaml_node *node) {
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};
    char *end = NULL;
    long long number;

    if (node->is_null) {
        return json_null();
    }
    if (!node->is_plain) {
        return json_string_of(str_from(node->text));
    }
    for (size_t i = 0; i < ARRAY_N(yes); i++) {
        if (strcmp(node->text, yes[i]) == 0 || strcmp(node->text, no[i]) == 0) {
            return json_boolean(strcmp(node->text, yes[i]) == 0);
        }
    }
    errno = 0;
    number = strtoll(node->text, &end, 10);
    if (errno == 0 && end != node->text && *end == '\0' && strlen(node->text) < 12 &&
        (node->text[0] != '0' || node->text[1] == '\0')) { /* an account or 007 stays a text */
        return json_integer(number);
    }
    return json_string_of(str_from(node->text));
}

/* "A.B.C" is ["A", "B.C"]. */
static json_t *get_att_of(const struct yaml_node *node) {
    const char *dot = node->kind == YAML_SCALAR ? strchr(node->text, '.') : NULL;
    json_t *pair;

    if (dot == NULL) {
        return json_of(node);
    }
    pair = json_array();
    (void)json_array_append_new(
        pair, json_string_of((struct str){node->text, (size_t)(dot - node->text)}));
    (void)json_array_append_new(pair, json_string_of(str_from(dot + 1)));
    return pair;
}

static json_t *plain_of(const struct yaml_node *node) {
    json_t *json;

    if (node->kind == YAML_SCALAR) {
        return scalar_of(node);
    }
    json = node->kind == YAML_MAP ? json_object() : json_array();
    for (const struct yaml_node *at = node->first; at != NULL; at = at->next) {
        if (node->kind == YAML_MAP) {
            json_put(json, at->key, json_of(at));
        } else {
            (void)json_array_append_new(json, json_of(at));
        }
    }
    return json;
}

static json_t *json_of(const struct yaml_node *node) {
    const char *tag = node->tag != NULL && node->tag[0] == '!' ? node->tag + 1 : NULL;
    struct yaml_node bare = *node;
    CLEANUP(freep) char *name = NULL;
    json_t *call;

    if (tag == NULL || *tag == '\0') {
        return plain_of(node);
    }
    bare.tag = NULL;
    name = strcmp(tag, "Ref") == 0 || strcmp(tag, "Condition") == 0 ? mem_strdup(tag)
                                                                    : mem_format("Fn::%s", tag);
    call = json_object();
    json_put(call, name, strcmp(tag, "GetAtt") == 0 ? get_att_of(&bare) : plain_of(&bare));
    return call;
}

static enum err_code read_yaml(struct str text, const char *file, json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct yaml_node *root = NULL;

    if (yaml_read_foreign(text, file, arena, &root, err) != ERR_NONE) {
        return err_remedy(err, "name a template in JSON or YAML, such as template.yaml");
    }
    *out = json_of(root);
    return ERR_NONE;
}

enum err_code template_file_read(struct str text, const char *file, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct str body = str_trim(text);

    if (text.len > TEMPLATE_FILE_BYTES_MAX) {
        return err_set(err, ERR_TOO_LARGE, "%s: %zu bytes are more than the %d of a template", file,
                       text.len, TEMPLATE_FILE_BYTES_MAX);
    }
    if (str_starts(body, STR("{"))) {
        if (json_read(body, &json, err) != ERR_NONE) {
            (void)err_prefix(err, "%s", file);
            err->code = ERR_CONFIG;
            return err->code;
        }
    } else if (read_yaml(text, file, &json, err) != ERR_NONE) {
        return err->code;
    }
    if (!json_is_object(json_object_get(json, "Resources"))) {
        err_set(err, ERR_CONFIG, "%s is no CloudFormation template: it has no Resources", file);
        return err_remedy(err, "name a template in JSON or YAML, such as template.yaml");
    }
    *out = TAKE(json);
    return ERR_NONE;
}
