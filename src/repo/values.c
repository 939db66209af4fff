/* Where a value comes from: a literal, a variable of the environment, a settings object. */
#include "repo/survey_room.h"

#include <string.h>

enum { VALUE_DEPTH = 10 };

static struct found find(struct room *room, size_t module, int scope, struct py_value value,
                         int depth);

static struct found found_text(const char *text, bool is_partial) {
    return (struct found){.kind = FOUND_TEXT, .text = text, .is_partial = is_partial};
}

/* The last assignment of `name` before reading goes on elsewhere: in the function, then the module.
 */
static const struct py_assign *assign_of(const struct py_module *module, int scope,
                                         const char *name) {
    const struct py_assign *outer = NULL;

    for (const struct py_assign *at = module->assigns; at != NULL; at = at->next) {
        if (strcmp(at->name, name) != 0) {
            continue;
        }
        if (at->scope == scope && scope != PY_MODULE_SCOPE) {
            return at;
        }
        if (at->scope == PY_MODULE_SCOPE && outer == NULL) {
            outer = at;
        }
    }
    return outer;
}

static const struct py_field *field_of(const struct py_class *class_, const char *name) {
    for (const struct py_field *at = class_->fields; at != NULL; at = at->next) {
        if (strcmp(at->name, name) == 0) {
            return at;
        }
    }
    return NULL;
}

static struct found found_field(struct room *room, size_t module, const struct py_class *class_,
                                const struct py_field *field, int depth) {
    const struct py_module *facts = module_at(room, module);
    bool is_random = false;
    struct py_value value = settings_default(field, &is_random);
    struct found inner = find(room, module, PY_MODULE_SCOPE, value, depth + 1);

    if (!settings_is_class(room, class_)) {
        return inner;
    }
    return (struct found){.kind = FOUND_ENV,
                          .name = settings_env_name(room, facts, class_, field),
                          .text = inner.kind == FOUND_TEXT ? inner.text : NULL};
}

/* A field with a literal value in a class that only holds constants. */
static struct found found_constant(struct room *room, const char *name, int depth) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
            const struct py_field *field = field_of(at, name);

            const struct env_row *row = field == NULL ? NULL : env_of_field(room, field);

            if (row != NULL) { /* a model inside a settings class */
                return (struct found){
                    .kind = FOUND_ENV, .name = row->name, .text = row->default_text};
            }
            if (field != NULL && field->value.kind == PY_STRING) {
                return find(room, i, PY_MODULE_SCOPE, field->value, depth + 1);
            }
        }
    }
    return (struct found){0};
}

/* A property, made from other fields: what it returns, if that can be followed. */
static struct found found_property(struct room *room, size_t module, int scope, int depth) {
    const struct py_module *facts = module_at(room, module);

    for (const struct py_assign *at = facts->assigns; at != NULL; at = at->next) {
        if (at->scope == scope && strcmp(at->name, PY_RETURN) == 0) {
            struct found found = find(room, module, scope, at->value, depth + 1);

            if (found.kind == FOUND_ENV) {
                return found;
            }
        }
    }
    return (struct found){.kind = FOUND_SETTINGS};
}

/* An attribute of some object: a field of a settings class that the application imports. */
static struct found found_attribute(struct room *room, const char *name, int depth) {
    struct found other = {0};

    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);
        int scope = 0;

        for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
            const struct py_field *field = field_of(at, name);

            if (field != NULL && settings_is_class(room, at)) {
                return found_field(room, i, at, field, depth);
            }
        }
        for (const struct py_function *at = module->functions; at != NULL; at = at->next, scope++) {
            if (at->class_name != NULL && strcmp(at->name, name) == 0) {
                other = other.kind == FOUND_NOTHING /* of two, nobody knows which is meant */
                            ? found_property(room, i, scope, depth)
                            : (struct found){.kind = FOUND_SETTINGS};
            }
        }
    }
    return other.kind == FOUND_NOTHING ? found_constant(room, name, depth) : other;
}

/* The module and the assignment of a name: here, or where it is imported from. */
static const struct py_assign *assign_anywhere(struct room *room, size_t *module, int scope,
                                               const char *name) {
    const struct py_module *facts = module_at(room, *module);
    const struct py_assign *assign = facts == NULL ? NULL : assign_of(facts, scope, name);
    const char *cwd = room->app == NULL ? "." : room->app->cwd;
    struct py_ref ref = {SIZE_MAX, ""};

    if (assign != NULL) {
        return assign;
    }
    ref = module_resolve(room, cwd, *module, name);
    facts = ref.module == SIZE_MAX ? NULL : module_at(room, ref.module);
    assign = facts == NULL ? NULL : assign_of(facts, PY_MODULE_SCOPE, ref.name);
    *module = assign == NULL ? *module : ref.module;
    return assign;
}

/* cache.host where cache = CacheSettings(): the field of that class, not of one with a like field.
 */
static struct found found_of_object(struct room *room, size_t module, int scope, const char *dotted,
                                    int depth) {
    const char *last = py_last(dotted);
    const char *object =
        arena_str(room->arena, (struct str){dotted, (size_t)(last - dotted) - (last > dotted)});
    const struct py_assign *assign =
        object[0] == '\0' ? NULL : assign_anywhere(room, &module, scope, object);
    const struct py_class *class_ = assign == NULL || assign->value.kind != PY_CALL
                                        ? NULL
                                        : settings_class_of_type(room, py_last(assign->value.text));

    for (size_t k = 0; k < room->reached_n && class_ != NULL && room_spend(room); k++) {
        const struct py_field *field = field_of(class_, last);

        for (const struct py_class *at = module_at(room, room->reached[k])->classes; at != NULL;
             at = at->next) {
            if (at == class_ && field != NULL && settings_is_class(room, class_)) {
                return found_field(room, room->reached[k], class_, field, depth);
            }
        }
    }
    return (struct found){0};
}

static struct found found_name(struct room *room, size_t module, int scope, const char *dotted,
                               int depth) {
    const struct py_module *facts = module_at(room, module);
    const struct py_assign *assign = facts == NULL ? NULL : assign_of(facts, scope, dotted);
    const char *cwd = room->app == NULL ? "." : room->app->cwd;
    struct py_ref ref = {SIZE_MAX, ""};
    struct found own = {0};

    if (assign != NULL) {
        return find(room, module, assign->scope, assign->value, depth + 1);
    }
    ref = module_resolve(room, cwd, module, dotted);
    if (ref.module != SIZE_MAX && ref.module != module && ref.name[0] != '\0') {
        facts = module_at(room, ref.module);
        assign = facts == NULL ? NULL : assign_of(facts, PY_MODULE_SCOPE, ref.name);
        if (assign != NULL) {
            return find(room, ref.module, PY_MODULE_SCOPE, assign->value, depth + 1);
        }
    }
    if (strchr(dotted, '.') == NULL) {
        return (struct found){0};
    }
    own = found_of_object(room, module, scope, dotted, depth);
    return own.kind != FOUND_NOTHING ? own : found_attribute(room, py_last(dotted), depth);
}

/* Several variables go into one value: the first is its name, the others are kept behind. */
static void found_more(struct found *result, const char *name) {
    if (result->name == NULL || name == NULL) {
        result->name = name == NULL ? result->name : name;
        return;
    }
    for (size_t i = 0; i + 1 < FOUND_MORE_MAX; i++) {
        if (result->more[i] == NULL) {
            result->more[i] = name;
            return;
        }
    }
}

/* The variable of the host comes first: it says where a service is. */
static void put_host_first(struct found *found) {
    for (size_t i = 0; i < FOUND_MORE_MAX && found->more[i] != NULL; i++) {
        if (strcasestr(found->more[i], "HOST") != NULL ||
            strcasestr(found->more[i], "SERVER") != NULL) {
            const char *host = found->more[i];

            found->more[i] = found->name;
            found->name = host;
            return;
        }
    }
}

/* "…{settings.HOST}/x": the names put in, as far as they are known. */
static struct found found_template(struct room *room, size_t module, int scope, const char *text,
                                   int depth) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(4000);
    struct found result = {.kind = FOUND_TEXT};
    struct str rest = str_from(text);

    while (rest.len > 0) {
        ptrdiff_t open = str_find(rest, STR("{"));
        ptrdiff_t close = open < 0 ? -1 : str_find(rest, STR("}"));
        struct found part = {0};

        if (open < 0 || close < open) {
            buf_add(&out, rest);
            break;
        }
        buf_add(&out, str_slice(rest, 0, (size_t)open));
        part = found_name(room, module, scope,
                          arena_str(room->arena, str_slice(rest, (size_t)open + 1, (size_t)close)),
                          depth + 1);
        if (part.kind == FOUND_ENV || part.kind == FOUND_SETTINGS) {
            result.kind = result.kind == FOUND_ENV ? FOUND_ENV : part.kind;
            found_more(&result, part.name);
        }
        if (part.text != NULL) {
            buf_add_s(&out, part.text);
        } else {
            buf_add(&out, str_slice(rest, (size_t)open, (size_t)close + 1));
            result.is_partial = true;
        }
        rest = str_slice(rest, (size_t)close + 1, rest.len);
    }
    result.text = arena_str(room->arena, buf_str(&out));
    put_host_first(&result);
    return result;
}

/* A function of the repository that reads a variable: what it gives depends on that variable, and
 * an address in it is what it falls back to. */
static struct found found_function(struct room *room, size_t module, const char *callee) {
    const char *cwd = room->app == NULL ? "." : room->app->cwd;
    struct py_ref ref = module_resolve(room, cwd, module, callee);
    const struct py_module *facts = ref.module == SIZE_MAX ? NULL : module_at(room, ref.module);
    struct found found = {0};
    int scope = 0;

    for (const struct py_function *at = facts == NULL ? NULL : facts->functions; at != NULL;
         at = at->next, scope++) {
        if (at->class_name != NULL || strcmp(at->name, ref.name) != 0) {
            continue;
        }
        for (const struct py_env *env = facts->envs; env != NULL; env = env->next) {
            if (env->scope == scope) {
                found.kind = FOUND_ENV;
                found_more(&found, env->name);
            }
        }
        for (const struct py_name *url = facts->urls; url != NULL; url = url->next) {
            found.text = url->scope == scope ? url->name : found.text;
        }
    }
    return found.kind == FOUND_ENV ? found : (struct found){0};
}

/* os.path.join(a, "b"): the parts with a slash between them. */
static struct found found_join(struct room *room, size_t module, int scope,
                               const struct py_call *call, int depth) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(4000);
    struct found result = {.kind = FOUND_TEXT};

    for (size_t i = 0; i < call->arg_n; i++) {
        struct found part = find(room, module, scope, call->args[i].value, depth + 1);

        if (part.kind == FOUND_ENV || part.kind == FOUND_SETTINGS) {
            result.kind = part.kind;
            result.name = part.name;
        }
        result.is_partial = result.is_partial || part.is_partial || part.text == NULL;
        buf_addf(&out, "%s%s", i == 0 ? "" : "/", part.text == NULL ? "{?}" : part.text);
    }
    result.text = arena_str(room->arena, buf_str(&out));
    return result;
}

/* f(username=A, host=B): all variables that go in; the text is an address when a host is among
 * them. */
static struct found found_parts(struct room *room, size_t module, int scope,
                                const struct py_call *call, int depth) {
    struct found result = {0};

    for (size_t i = 0; i < call->arg_n && i <= FOUND_MORE_MAX; i++) {
        struct found part = find(room, module, scope, call->args[i].value, depth + 1);
        const bool is_host = call->args[i].name != NULL && strcmp(call->args[i].name, "host") == 0;

        if (part.kind != FOUND_ENV && part.kind != FOUND_SETTINGS) {
            continue;
        }
        result.kind = result.kind == FOUND_ENV ? FOUND_ENV : part.kind;
        if (call->arg_n == 1 || result.name == NULL) {
            result.text = part.text;
        }
        if (is_host && part.text != NULL) {
            result.text = arena_format(room->arena, "host://%s", part.text);
        }
        found_more(&result, part.name);
    }
    put_host_first(&result);
    return result;
}

/* str(x), Path(x), make_url(x) and the like give what goes in. Of other calls only this is known:
 * what comes out depends on the variable that goes in. */
static struct found found_call(struct room *room, size_t module, int scope,
                               const struct py_call *call, int depth) {
    static const char *const through[] = {
        "str",    "Path",    "make_url", "URL",      "DatabaseURL",    "Secret",          "strip",
        "rstrip", "replace", "resolve",  "absolute", "unicode_string", "get_secret_value"};
    const char *last = py_last(call->callee);
    struct found parts = {0};

    if (str_ends(str_from(call->callee), STR("path.join"))) {
        return found_join(room, module, scope, call, depth);
    }
    for (size_t i = 0; i < ARRAY_N(through); i++) {
        if (strcmp(last, through[i]) != 0) {
            continue;
        }
        if (py_arg(call, "", 0).kind != PY_ABSENT && strcmp(last, "replace") != 0) {
            return find(room, module, scope, py_arg(call, "", 0), depth + 1);
        }
        if (last > call->callee) { /* x.strip(): what stands before the dot */
            struct str before = {call->callee, (size_t)(last - call->callee - 1)};

            return found_name(room, module, scope, arena_str(room->arena, before), depth + 1);
        }
    }
    parts = found_parts(room, module, scope, call, depth);
    return parts.kind != FOUND_NOTHING ? parts : found_function(room, module, call->callee);
}

static struct found find(struct room *room, size_t module, int scope, struct py_value value,
                         int depth) {
    struct found inner = {0};

    if (depth > VALUE_DEPTH || !room_spend(room)) {
        return (struct found){0};
    }
    switch (value.kind) {
    case PY_STRING:
    case PY_NUMBER:
        return found_text(value.text, false);
    case PY_TRUE:
        return found_text("true", false);
    case PY_FALSE:
        return found_text("false", false);
    case PY_TEMPLATE:
        return found_template(room, module, scope, value.text, depth);
    case PY_NAME:
        return found_name(room, module, scope, value.text, depth);
    case PY_CALL:
        return found_call(room, module, scope, value.call, depth);
    case PY_ENV:
        if (value.otherwise != NULL) {
            inner = find(room, module, scope, *value.otherwise, depth + 1);
        }
        return (struct found){.kind = FOUND_ENV, .name = value.text, .text = inner.text};
    case PY_ABSENT:
    case PY_NONE:
    case PY_OTHER:
        break;
    }
    return (struct found){0};
}

struct found value_find(struct room *room, size_t module, int scope, struct py_value value) {
    return find(room, module, scope, value, 0);
}

const char *value_text(struct room *room, size_t module, int scope, struct py_value value) {
    struct found found = find(room, module, scope, value, 0);

    return found.is_partial ? NULL : found.text;
}
