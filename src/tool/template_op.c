/* A template from its inputs as JSON. */
#include "tool/template_op.h"

enum err_code template_op_emit(const json_t *inputs, struct template_text *out, struct err *err) {
    struct template_input input = {
        .kind = template_kind_find(json_str_or(inputs, "kind", "")),
        .profile = endpoint_profile_find(json_str_at(inputs, "profile")),
        .endpoint_port = (int)json_int_or(inputs, "endpoint_port", 0),
        .parameters = json_object_get(inputs, "parameters"),
        .account = json_str_at(inputs, "account"),
        .function = {json_str_at(inputs, "runtime"), json_str_at(inputs, "architecture"),
                     json_object_get(inputs, "settings"), json_object_get(inputs, "variables")},
        .build_id = json_str_at(inputs, "build_id"),
        .patterns = json_object_get(inputs, "patterns"),
    };
    const char *code = json_str_at(inputs, "code");

    if (input.kind == TEMPLATE_NONE || input.profile == NULL) {
        return err_set(err, ERR_INVALID, "there is no template of this kind");
    }
    if (code != NULL && sha256_read(str_from(code), &input.code, err) != ERR_NONE) {
        return err->code;
    }
    return template_emit(&input, out, err);
}

enum err_code template_op_check(const json_t *template, const json_t *parameters,
                                const char *set_name, struct err *err) {
    CLEANUP(json_decrefp) json_t *findings = json_array();
    const json_t *first;

    if (template_check(template, parameters, set_name, findings) == 0) {
        return ERR_NONE;
    }
    first = json_array_get(findings, 0);
    err_set(err, ERR_TEMPLATE, "template: %s %s: %s", json_str_or(first, "logical_id", ""),
            json_str_or(first, "path", ""), json_str_or(first, "text", ""));
    return err_remedy(err, "%s", json_str_or(first, "remedy", ""));
}
