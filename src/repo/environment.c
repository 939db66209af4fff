/* The variables that the application reads: os.environ, getenv, config(), settings classes. */
#include "guard/redact/redact.h"
#include "repo/survey_room.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { NESTED_DEPTH = 4 };

static bool has_word(const char *name, const char *const *words, size_t n) {
    struct str rest = str_from(name);
    struct str word = {0};

    while (str_next(&rest, '_', &word)) {
        for (size_t i = 0; i < n; i++) {
            if (str_eq_nocase(word, str_from(words[i]))) {
                return true;
            }
        }
    }
    return false;
}

/* Whether a name is about a database, a cache or a broker. */
static bool is_of_store(const char *name) {
    static const char *const stores[] = {"DATABASE",   "DB",    "POSTGRES", "PG",
                                         "MYSQL",      "MONGO", "MONGODB",  "REDIS",
                                         "SQLALCHEMY", "AMQP",  "BROKER"};

    return has_word(name, stores, ARRAY_N(stores));
}

/* The address of a store holds its password. */
static bool is_store_address(const char *name) {
    static const char *const addresses[] = {"URL", "URI", "DSN"};

    return is_of_store(name) && has_word(name, addresses, ARRAY_N(addresses));
}

/* What a name is about when it ends like this: ACCESS_TOKEN_EXPIRE_MINUTES, AUTH0_DOMAIN. */
static bool is_about_secret(const char *name) {
    static const char *const ends[] = {
        "_MINUTES", "_HOURS",      "_DAYS",   "_SECONDS",   "_EXPIRE",  "_EXPIRES",
        "_EXP",     "_EXPIRATION", "_TTL",    "_LIFETIME",  "_LENGTH",  "_ALGORITHM",
        "_DOMAIN",  "_AUDIENCE",   "_ISSUER", "_CLIENT_ID", "_ENABLED", "_EXPIRES_IN"};

    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        if (strlen(name) > strlen(ends[i]) &&
            strcasecmp(name + strlen(name) - strlen(ends[i]), ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool env_is_secret(const char *name) {
    return (redact_is_secret_key(str_from(name)) && !is_about_secret(name)) ||
           is_store_address(name);
}

bool env_is_platform(const char *name) {
    static const char *const names[] = {"HOME", "PATH", "PWD",  "USER",   "TZ",
                                        "LANG", "CI",   "PORT", "TMPDIR", "PYTHONPATH"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "AWS_", 4) == 0 || strncmp(name, "LAMBDA_", 7) == 0 ||
           strncmp(name, "PYTEST_", 7) == 0;
}

struct env_row *env_at(struct room *room, const char *name) {
    for (size_t i = 0; i < room->env.n; i++) {
        if (strcmp(room->env.rows[i].name, name) == 0) {
            return &room->env.rows[i];
        }
    }
    return NULL;
}

/* Adds a row, or makes the one that is there stricter. */
void env_add(struct room *room, struct env_row row) {
    struct env_row *at = env_at(room, row.name);

    if (row.name[0] == '\0' || env_is_platform(row.name)) {
        return;
    }
    row.is_secret = row.is_secret || env_is_secret(row.name);
    if (at == NULL) {
        if (room->env.n < SURVEY_LIST_MAX) {
            room->env.rows[room->env.n++] = row;
        }
        return;
    }
    at->is_required = at->is_required || row.is_required;
    at->is_secret = at->is_secret || row.is_secret;
    at->is_random = at->is_random || row.is_random;
    at->is_needed = at->is_needed || row.is_needed;
    at->use = row.use < at->use ? row.use : at->use;
    at->default_text = at->default_text != NULL ? at->default_text : row.default_text;
}

/* --- os.environ and the like --- */

static bool is_checked(const struct py_module *module, const char *target) {
    for (const struct py_name *at = module->checked; at != NULL && target != NULL; at = at->next) {
        if (strcmp(at->name, target) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_random(const struct py_value *value) {
    static const char *const makers[] = {"token_urlsafe", "token_hex", "urandom", "uuid4"};

    for (size_t i = 0; value != NULL && value->kind == PY_CALL && i < ARRAY_N(makers); i++) {
        if (strcmp(py_last(value->text), makers[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a condition anywhere looks at the name before it is used. */
static bool is_tested(struct room *room, const char *target) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const struct py_module *module = module_at(room, room->reached[k]);

        for (const struct py_name *at = module->tested; at != NULL; at = at->next) {
            if (strcmp(py_last(at->name), target) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* KEY = os.getenv("KEY"), used as it is: the calls that need it fail without it. */
static bool is_used_as_it_is(struct room *room, const struct py_env *env) {
    return env->target != NULL && env->otherwise == NULL && env_is_secret(env->name) &&
           !is_tested(room, py_last(env->target));
}

static void find_reads(struct room *room, size_t index) {
    const struct py_module *module = module_at(room, index);

    for (const struct py_env *at = module->envs; at != NULL; at = at->next) {
        struct env_row row = {.name = at->name,
                              .where = room_where(room, module->path, at->line),
                              .use = module_use(room, index, at->scope)};

        row.is_required =
            at->is_required || (at->otherwise == NULL && is_checked(module, at->target));
        row.is_random = is_random(at->otherwise);
        row.is_needed = is_used_as_it_is(room, at);
        if (at->otherwise != NULL) {
            row.default_text = value_text(room, index, at->scope, *at->otherwise);
        }
        env_add(room, row);
    }
}

/* --- settings classes --- */

static bool is_no_variable(const struct py_field *field) {
    static const char *const names[] = {"model_config", "env_prefix", "env_file", "Config"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (strcmp(field->name, names[i]) == 0) {
            return true;
        }
    }
    return field->name[0] == '_' || strchr(field->name, '.') != NULL ||
           strncmp(field->type, "ClassVar", 8) == 0;
}

/* Version 1 of pydantic fills an Optional without a default with None. */
static bool is_optional_v1(const struct room *room, const struct py_field *field) {
    return !manifest_has(&room->manifest, "pydantic-settings") &&
           strstr(field->type, "Optional[") != NULL;
}

/* When the settings are made: at import when any module makes an object of the class. */
static enum py_use class_use(struct room *room, const struct py_class *class_) {
    enum py_use use = USE_REQUEST;

    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        for (const struct py_name *at = module->runs; at != NULL; at = at->next) {
            if (strcmp(py_last(at->name), class_->name) == 0 &&
                module_use(room, i, at->scope) < use) {
                use = module_use(room, i, at->scope);
            }
        }
    }
    return use;
}

/* Types whose variable holds JSON. */
static bool is_json_type(const char *type) {
    static const char *const words[] = {"list",  "List",  "dict",     "Dict",    "set",      "Set",
                                        "tuple", "Tuple", "Sequence", "Mapping", "frozenset"};
    const size_t n = strcspn(type, "[ |");

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strlen(words[i]) == n && strncmp(type, words[i], n) == 0) {
            return true;
        }
    }
    return strncmp(type, "Optional[", 9) == 0 && is_json_type(type + 9);
}

/* The settings class whose fields are looked at, and what goes before their names. */
struct filling {
    struct room *room;
    const struct py_module *module;
    const struct py_class *class_;
    size_t index; /* of the module */
    enum py_use use;
    const char *delimiter; /* between the parts of a nested name, or NULL */
    bool is_v1;
};

static void add_field(const struct filling *in, const struct py_field *field, const char *name,
                      bool may_miss) {
    struct room *room = in->room;
    struct env_row row = {.name = name,
                          .where = room_where(room, in->module->path, field->line),
                          .use = in->use,
                          .field = field};
    struct py_value value = settings_default(field, &row.is_random);

    row.is_required = value.kind == PY_ABSENT && !may_miss && !is_optional_v1(room, field);
    row.is_secret = strstr(field->type, "Secret") != NULL;
    row.default_text = value_text(room, in->index, PY_MODULE_SCOPE, value);
    row.is_needed = row.default_text != NULL && address_of_store_is_local(row.default_text);
    row.is_json = is_json_type(field->type) || settings_class_of_type(room, field->type) != NULL;
    env_add(room, row);
}

/* The fields of a model in a settings class: MAIL__HOST. */
static void add_nested(const struct filling *in, const struct py_class *model, const char *before,
                       bool may_miss, int depth) {
    for (const struct py_field *at = model->fields; at != NULL && room_spend(in->room);
         at = at->next) {
        const struct py_class *inner = settings_class_of_type(in->room, at->type);
        CLEANUP(freep) char *name = mem_format("%s%s%s", before, in->delimiter, at->name);
        bool is_random = false;
        const bool is_given = settings_default(at, &is_random).kind != PY_ABSENT;

        for (char *c = name; *c != '\0'; c++) {
            *c = (char)toupper((unsigned char)*c);
        }
        if (is_no_variable(at) || at->type[0] == '\0') {
            continue;
        }
        if (inner != NULL && inner != model && depth < NESTED_DEPTH) {
            add_nested(in, inner, name, may_miss || is_given, depth + 1);
        } else {
            add_field(in, at, arena_str(in->room->arena, str_from(name)), may_miss);
        }
    }
}

static void find_fields(struct room *room, size_t index, const struct py_class *class_) {
    const struct py_module *module = module_at(room, index);
    struct py_value delimiter = settings_config(room, module, class_, "env_nested_delimiter");
    const struct filling in = {.room = room,
                               .module = module,
                               .class_ = class_,
                               .index = index,
                               .use = class_use(room, class_),
                               .delimiter = delimiter.kind == PY_STRING ? delimiter.text : NULL,
                               /* Version 1 takes the type from the default. */
                               .is_v1 = !manifest_has(&room->manifest, "pydantic-settings")};

    for (const struct py_field *at = class_->fields; at != NULL; at = at->next) {
        const struct py_class *model = settings_class_of_type(room, at->type);
        const char *name = NULL;
        bool is_random = false;

        if (is_no_variable(at) || (at->type[0] == '\0' && !in.is_v1) ||
            (model != NULL && settings_is_class(room, model))) {
            continue; /* a settings object in another is filled by its own variables */
        }
        name = settings_env_name(room, module, class_, at);
        if (model != NULL && in.delimiter != NULL) {
            add_nested(&in, model, name, settings_default(at, &is_random).kind == PY_NONE, 0);
        } else {
            add_field(&in, at, name, false);
        }
    }
}

struct env_row *env_of_field(struct room *room, const struct py_field *field) {
    for (size_t i = 0; i < room->env.n; i++) {
        if (room->env.rows[i].field == field) {
            return &room->env.rows[i];
        }
    }
    return NULL;
}

void env_find(struct room *room) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        find_reads(room, i);
        env_find_clients(room, i);
        for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
            if (settings_is_class(room, at)) {
                find_fields(room, i, at);
            }
        }
    }
}

/* A number or a flag is no secret, whatever its name says. */
static bool is_word(const char *text) {
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
           strspn(text, "0123456789._") == strlen(text);
}

static bool is_clearly_secret(const char *name) {
    static const char *const words[] = {"KEY", "SECRET", "PASSWORD", "TOKEN", "PASSWD", "PWD"};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strcasestr(name, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* The password of a store counts with its store: it is asked for when the address is. */
bool env_has_secret_default(const struct env_row *row) {
    return row->is_secret && !is_of_store(row->name) && is_clearly_secret(row->name) &&
           row->default_text != NULL && !is_word(row->default_text) &&
           strstr(row->default_text, "://") == NULL;
}

/* A default is shown unless it may be a secret itself. */
static bool may_show(const struct env_row *row) {
    const bool is_address = row->default_text != NULL && strstr(row->default_text, "://") != NULL;

    return row->default_text != NULL &&
           (is_address ? strchr(row->default_text, '@') == NULL
                       : !row->is_secret || is_word(row->default_text));
}

json_t *env_json(const struct room *room) {
    json_t *list = json_array();

    for (size_t i = 0; i < room->env.n; i++) {
        const struct env_row *row = &room->env.rows[i];
        json_t *json = json_object();

        json_put_strn(json, "name", str_from(row->name));
        json_put_bool(json, "required", row->is_required || row->is_needed || row->is_written);
        json_put_bool(json, "secret", row->is_secret);
        json_put(json, "default",
                 may_show(row) ? json_string_of(str_from(row->default_text)) : json_null());
        json_put_str(json, "where", row->where);
        json_put_str(json, "use", use_word(row->use));
        json_put_bool(json, "json", row->is_json);
        json_put_str(json, "example", row->example);
        json_array_append_new(list, json);
    }
    return list;
}
