/* Classes whose fields are variables of the environment: pydantic's BaseSettings, version 1 and 2.
 */
#include "repo/survey_room.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { SETTINGS_DEPTH = 6 };

static const struct py_class *class_called(struct room *room, const char *name) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const struct py_module *module = module_at(room, room->reached[k]);

        for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
            if (strcmp(at->name, name) == 0) {
                return at;
            }
        }
    }
    return NULL;
}

static bool is_settings(struct room *room, const struct py_class *class_, int depth) {
    for (size_t i = 0; i < ARRAY_N(class_->bases) && class_->bases[i] != NULL; i++) {
        const char *base = py_last(class_->bases[i]);
        const struct py_class *other = NULL;

        if (strcmp(base, "BaseSettings") == 0) {
            return true;
        }
        if (depth < SETTINGS_DEPTH && strcmp(base, class_->name) != 0 &&
            strcmp(base, "BaseModel") != 0) {
            other = class_called(room, base);
        }
        if (other != NULL && other != class_ && is_settings(room, other, depth + 1)) {
            return true;
        }
    }
    return false;
}

bool settings_is_class(struct room *room, const struct py_class *class_) {
    return is_settings(room, class_, 0);
}

static struct py_value in_args(const struct py_arg *args, size_t n, const char *key) {
    for (size_t i = 0; i < n; i++) {
        if (args[i].name != NULL && strcmp(args[i].name, key) == 0) {
            return args[i].value;
        }
    }
    return (struct py_value){.text = ""};
}

static struct py_value in_fields(const struct py_class *class_, const char *key) {
    struct py_value found = {.text = ""};

    for (const struct py_field *at = class_->fields; at != NULL; at = at->next) {
        if (strcmp(at->name, key) == 0) {
            return at->value;
        }
        if (strcmp(at->name, "model_config") == 0 && at->value.kind == PY_CALL) {
            found = in_args(at->value.call->args, at->value.call->arg_n, key);
        }
    }
    return found;
}

/* What a class says about itself: in its head, in model_config, in its inner class Config, or
 * inherited. */
static struct py_value config_of(struct room *room, const struct py_module *module,
                                 const struct py_class *class_, const char *key, int depth) {
    struct py_value found = in_args(class_->args, class_->arg_n, key);

    found = found.kind != PY_ABSENT ? found : in_fields(class_, key);
    for (const struct py_class *at = module->classes; at != NULL && found.kind == PY_ABSENT;
         at = at->next) {
        if (at->outer == class_ && strcmp(at->name, "Config") == 0) {
            found = in_fields(at, key);
        }
    }
    for (size_t i = 0; found.kind == PY_ABSENT && depth < SETTINGS_DEPTH &&
                       i < ARRAY_N(class_->bases) && class_->bases[i] != NULL;
         i++) {
        const struct py_class *base = class_called(room, py_last(class_->bases[i]));

        if (base != NULL && base != class_) {
            found = config_of(room, module, base, key, depth + 1);
        }
    }
    return found;
}

struct py_value settings_config(struct room *room, const struct py_module *module,
                                const struct py_class *class_, const char *key) {
    return config_of(room, module, class_, key, 0);
}

/* Field(alias=…), Field(validation_alias=…) and, in version 1, Field(env=…). */
static const char *alias_of(const struct py_field *field) {
    static const char *const names[] = {"validation_alias", "alias", "env"};

    for (size_t i = 0; field->value.kind == PY_CALL && i < ARRAY_N(names); i++) {
        struct py_value alias = py_arg(field->value.call, names[i], -1);

        if (alias.kind == PY_STRING) {
            return alias.text;
        }
        if (alias.kind == PY_CALL && strcmp(py_last(alias.call->callee), "AliasChoices") == 0 &&
            py_arg(alias.call, "", 0).kind == PY_STRING) {
            return py_arg(alias.call, "", 0).text;
        }
    }
    return NULL;
}

const char *settings_env_name(struct room *room, const struct py_module *module,
                              const struct py_class *class_, const struct py_field *field) {
    const char *alias = alias_of(field);
    struct py_value prefix = settings_config(room, module, class_, "env_prefix");
    const bool is_exact = settings_config(room, module, class_, "case_sensitive").kind == PY_TRUE;
    CLEANUP(freep) char *name = NULL;

    if (alias != NULL) {
        return alias;
    }
    name = mem_format("%s%s", prefix.kind == PY_STRING ? prefix.text : "", field->name);
    for (char *c = name; *c != '\0' && !is_exact; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return arena_str(room->arena, str_from(name));
}

/* The class of the repository that a type names: "Optional[Mail]" and "Mail | None" name Mail. */
const struct py_class *settings_class_of_type(struct room *room, const char *type) {
    for (const char *at = type; *at != '\0';) {
        size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        const struct py_class *found = NULL;

        if (n > 0 &&
            (found = class_called(room, arena_str(room->arena, (struct str){at, n}))) != NULL) {
            return found;
        }
        at += n + (at[n] != '\0');
    }
    return NULL;
}

/* A field of another class or of a collection takes names that begin with its own: MAIL__HOST. */
static bool is_fed(struct room *room, const struct py_module *module, const struct py_class *class_,
                   const struct py_field *field, const char *name) {
    const char *own = settings_env_name(room, module, class_, field);
    const size_t n = strlen(own);

    return strncasecmp(name, own, n) == 0 &&
           (name[n] == '\0' || settings_class_of_type(room, field->type) != NULL);
}

static bool declares(struct room *room, const struct py_module *module,
                     const struct py_class *class_, const char *name, int depth) {
    for (const struct py_field *at = class_->fields; at != NULL; at = at->next) {
        if (is_fed(room, module, class_, at, name)) {
            return true;
        }
    }
    for (size_t i = 0;
         depth < SETTINGS_DEPTH && i < ARRAY_N(class_->bases) && class_->bases[i] != NULL; i++) {
        const struct py_class *base = class_called(room, py_last(class_->bases[i]));

        if (base != NULL && base != class_ && declares(room, module, base, name, depth + 1)) {
            return true;
        }
    }
    return false;
}

bool settings_declares(struct room *room, const struct py_module *module,
                       const struct py_class *class_, const char *name) {
    return declares(room, module, class_, name, 0);
}

static bool is_random_maker(const struct py_value *value) {
    static const char *const makers[] = {"token_urlsafe", "token_hex", "urandom", "uuid4"};
    const char *last = value->kind == PY_CALL || value->kind == PY_NAME ? py_last(value->text) : "";

    for (size_t i = 0; i < ARRAY_N(makers); i++) {
        if (strcmp(last, makers[i]) == 0) {
            return true;
        }
    }
    return false;
}

struct py_value settings_default(const struct py_field *field, bool *is_random) {
    struct py_value value = field->value;
    const bool is_field = value.kind == PY_CALL && strcmp(py_last(value.text), "Field") == 0;

    if (is_field) {
        struct py_value factory = py_arg(field->value.call, "default_factory", -1);

        value = py_arg(field->value.call, "default", 0);
        if (factory.kind != PY_ABSENT) {
            *is_random = is_random_maker(&factory);
            return factory;
        }
        if (value.kind == PY_OTHER && value.text[0] == '\0') {
            value.kind = PY_ABSENT; /* Field(...) */
        }
    }
    *is_random = is_random_maker(&value);
    return value;
}
