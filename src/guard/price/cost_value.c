/* Properties of a resource that is priced, as far as the template tells them. */
#include "guard/price/cost_room.h"

#include "base/json.h"

#include <string.h>

/* No size and no count of a template is larger. */
static const double number_max = 1e12;

const json_t *cost_value(const struct costing *costing, const json_t *properties, const char *path,
                         bool *is_unknown) {
    struct str rest = str_from(path);
    struct str part = {0};
    const json_t *at;

    *is_unknown = false;
    at = template_value(&costing->facts, properties, is_unknown);
    while (at != NULL && str_next(&rest, '.', &part)) {
        CLEANUP(freep) char *key = str_dup(part);

        at = template_value(&costing->facts, json_object_get(at, key), is_unknown);
    }
    return at;
}

static void undecided(const struct costed *of, const char *path) {
    const char *name = json_str_at(json_at(of->properties, path), "Ref");

    if (json_object_get(of->costing->facts.parameters, name == NULL ? "" : name) != NULL) {
        cost_unpriced(of, path, "the parameter %s decides (--parameter %s=VALUE)", name, name);
    } else {
        cost_unpriced(of, path, "it cannot be told from the template");
    }
}

bool cost_number(const struct costed *of, const char *path, double otherwise, double *out) {
    bool is_unknown = false;
    const json_t *value = cost_value(of->costing, of->properties, path, &is_unknown);
    const char *text = json_string_value(value);

    *out = json_is_number(value) ? json_number_value(value) : otherwise;
    if (text != NULL) {
        is_unknown = !cost_plain_number(text, out);
    }
    if (is_unknown || *out < 0 || *out > number_max) {
        undecided(of, path);
        return false;
    }
    return true;
}

const char *cost_word(const struct costed *of, const char *path, const char *otherwise) {
    bool is_unknown = false;
    const json_t *value = cost_value(of->costing, of->properties, path, &is_unknown);

    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (is_unknown || (value != NULL && !json_is_null(value))) {
        undecided(of, path);
        return NULL;
    }
    return otherwise;
}

bool cost_flag(const struct costed *of, const char *path) {
    bool is_unknown = false;
    const json_t *value = cost_value(of->costing, of->properties, path, &is_unknown);

    return json_is_true(value) || (json_is_string(value) &&
                                   str_eq_nocase(str_from(json_string_value(value)), STR("true")));
}
