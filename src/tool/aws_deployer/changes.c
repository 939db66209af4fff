/* aws_deployer, the changes of a set: what each resource is for, and no value that is not to be
 * seen.
 */
#include <string.h>

#include "tool/aws_deployer/deployer.h"

enum { VALUE_BYTES_MAX = 600, NESTING_MAX = 32 };

/* ---- What must not be seen ---- */

static bool is_no_echo(const json_t *template, const char *parameter) {
    const json_t *flag = json_object_get(
        json_object_get(json_object_get(template, "Parameters"), parameter), "NoEcho");

    return json_is_true(flag);
}

static bool text_names(const json_t *template, const char *text) {
    struct str rest = str_from(text);
    ptrdiff_t at;

    while ((at = str_find(rest, STR("${"))) >= 0) {
        CLEANUP(freep) char *name = NULL;

        rest = str_slice(rest, (size_t)at + 2, rest.len);
        at = str_find(rest, STR("}"));
        name = str_dup(str_slice(rest, 0, at < 0 ? rest.len : (size_t)at));
        if (is_no_echo(template, name)) {
            return true;
        }
    }
    return false;
}

/* Whether a value of the template is made from a parameter that is not to be shown; what is nested
 * too deep to be looked at is not shown either. */
static bool is_hidden(const json_t *template, const json_t *value, int depth) {
    const char *key;
    json_t *member;
    size_t i;

    if (depth > NESTING_MAX) {
        return true;
    }
    if (json_is_string(value)) {
        return text_names(template, json_string_value(value));
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member) {
        bool is_reference = strcmp(key, "Ref") == 0 && json_is_string(member);

        if (is_reference ? is_no_echo(template, json_string_value(member))
                         : is_hidden(template, member, depth + 1)) {
            return true;
        }
    }
    json_array_foreach(value, i, member) {
        if (is_hidden(template, member, depth + 1)) {
            return true;
        }
    }
    return false;
}

static void value_hide(json_t *detail, const char *member, bool is_secret) {
    const char *value = json_str_at(detail, member);

    if (value == NULL || value[0] == '\0') {
        return;
    }
    if (is_secret) {
        json_put_str(detail, member, "(not shown)");
    } else if (strlen(value) > VALUE_BYTES_MAX) {
        CLEANUP(freep) char *head = mem_format("%.*s...", VALUE_BYTES_MAX, value);

        json_put_str(detail, member, head);
    }
}

/* Judged by the whole property, not by the path within it, which names places of lists that move. A
 * property that the template does not have any more may have been anything. */
static bool detail_is_secret(const json_t *detail, const json_t *template, const json_t *resource) {
    const json_t *properties = json_object_get(resource, "Properties");
    const char *name = json_str_or(detail, "name", "");
    const json_t *property = name[0] == '\0' ? properties : json_object_get(properties, name);

    if (strcmp(json_str_or(detail, "attribute", "Properties"), "Properties") != 0) {
        return false; /* tags and metadata hold no parameters of ours */
    }
    return property == NULL || is_hidden(template, property, 0);
}

/* ---- What each resource is for, as the template says it ---- */

/* The longest name that the id begins with: the id of a version ends in digits of its own. */
static const char *purpose_of(const json_t *template, const char *id) {
    const char *best = NULL;
    size_t best_len = 0;
    const char *name;
    json_t *text;

    json_object_foreach(json_at(template, "Metadata.Purposes"), name, text) {
        if (str_starts(str_from(id), str_from(name)) && strlen(name) >= best_len) {
            best = json_string_value(text);
            best_len = strlen(name);
        }
    }
    return best;
}

json_t *deployer_annotate(const json_t *changes, const json_t *template) {
    json_t *copy = json_deep_copy(changes);
    json_t *change;
    size_t i;

    json_array_foreach(copy, i, change) {
        const char *id = json_str_or(change, "logical_id", "");
        const json_t *resource = json_object_get(json_object_get(template, "Resources"), id);
        json_t *detail;
        size_t d;

        json_put_str(change, "purpose", purpose_of(template, id));
        json_array_foreach(json_object_get(change, "details"), d, detail) {
            bool is_secret = detail_is_secret(detail, template, resource);

            value_hide(detail, "before", is_secret);
            value_hide(detail, "after", is_secret);
        }
    }
    return copy;
}
