/* The parameters of an AWS Query call. */
#include "aws/form.h"

static void form_put(struct form *form, const char *name, const char *value) {
    if (form->n == FORM_MAX) {
        form->is_full = true;
        return;
    }
    form->rows[form->n].name = name;
    form->rows[form->n++].value = str_from(value);
}

void form_add(struct form *form, const char *name, const char *value) {
    if (value != NULL && value[0] != '\0') {
        form_put(form, name, value);
    }
}

void form_add_bool(struct form *form, const char *name, bool value) {
    form_put(form, name, value ? "true" : "false");
}

void form_add_member(struct form *form, const char *name, size_t n, const char *member,
                     const char *value) {
    form_put(form, arena_format(form->arena, "%s.member.%zu.%s", name, n, member), value);
}

void form_add_list(struct form *form, const char *name, const json_t *array) {
    const json_t *value;
    size_t i;

    json_array_foreach(array, i, value) {
        form_put(form, arena_format(form->arena, "%s.member.%zu", name, i + 1),
                 json_string_value(value));
    }
}
