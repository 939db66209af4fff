/* Databases, caches and brokers: which the code opens, and where their addresses come from. */
#include "repo/survey_room.h"

#include <string.h>

enum { ONLY_GIVEN = -2 }; /* by name, and without the argument nothing is opened */

/* Calls that open one. `kind` NULL: the scheme of the address says it, or the driver. */
/* clang-format off */
static const struct opener {
    const char *last;   /* last word of the callee */
    const char *before; /* what the callee, or an import of the module, must hold as well; or NULL */
    const char *kind;
    const char *arg;    /* of the address */
    int position;
} openers[] = {
    { "create_engine",       NULL,       NULL,       "url",       0 },
    { "create_async_engine", NULL,       NULL,       "url",       0 },
    { "connect",             "sqlite",   "sqlite",   "database",  0 },
    { "connect",             "sqlite3",  "sqlite",   "database",  0 },
    { "connect",             "asyncpg",  "postgres", "dsn",       0 },
    { "connect",             "psycopg",  "postgres", "conninfo",  0 },
    { "connect",             "psycopg2", "postgres", "dsn",       0 },
    { "connect",             "pymysql",  "mysql",    "host",      0 },
    { "connect",             "aiomysql", "mysql",    "host",      0 },
    { "connect",             "aio_pika", "rabbitmq", "url",       0 },
    { "connect_robust",      NULL,       "rabbitmq", "url",       0 },
    { "BlockingConnection",  NULL,       "rabbitmq", "parameters", 0 },
    { "create_pool",         "asyncpg",  "postgres", "dsn",       0 },
    { "create_pool",         "aiomysql", "mysql",    "host",      -1 },
    { "ConnectionPool",      "redis",    "redis",    "host",      -1 },
    { "ConnectionPool",      "psycopg",  "postgres", "conninfo",  0 },
    { "AsyncConnectionPool", "psycopg",  "postgres", "conninfo",  0 },
    { "Database",            NULL,       NULL,       "url",       0 },
    { "SqliteDatabase",      NULL,       "sqlite",   "database",  0 },
    { "MongoClient",         NULL,       "mongodb",  "host",      0 },
    { "AsyncMongoClient",    NULL,       "mongodb",  "host",      0 },
    { "AsyncIOMotorClient",  NULL,       "mongodb",  "host",      0 },
    { "Redis",               NULL,       "redis",    "host",      0 },
    { "StrictRedis",         NULL,       "redis",    "host",      0 },
    { "from_url",            "edis",     "redis",    "url",       0 },
    { "Celery",              NULL,       "rabbitmq", "broker",    ONLY_GIVEN },
    { "Celery",              NULL,       "redis",    "backend",   ONLY_GIVEN },
    { "register_tortoise",   NULL,       NULL,       "db_url",    -1 },
    { "init",                "Tortoise", NULL,       "db_url",    -1 },
    { "AIOKafkaProducer",    NULL,       "kafka",    "bootstrap_servers", -1 },
    { "AIOKafkaConsumer",    NULL,       "kafka",    "bootstrap_servers", -1 },
};

/* Packages that speak to one, in the order in which they decide. */
static const struct {
    const char *package;
    const char *kind;
} drivers[] = {
    { "asyncpg", "postgres" },     { "psycopg", "postgres" },  { "psycopg2", "postgres" },
    { "psycopg2-binary", "postgres" }, { "psycopg-binary", "postgres" }, { "pg8000", "postgres" },
    { "pymysql", "mysql" },        { "aiomysql", "mysql" },    { "asyncmy", "mysql" },
    { "mysqlclient", "mysql" },    { "motor", "mongodb" },     { "pymongo", "mongodb" },
    { "beanie", "mongodb" },       { "odmantic", "mongodb" },  { "mongoengine", "mongodb" },
    { "redis", "redis" },          { "aioredis", "redis" },    { "aio-pika", "rabbitmq" },
    { "pika", "rabbitmq" },        { "aiokafka", "kafka" },    { "kafka-python", "kafka" },
    { "boto3", "aws" },            { "aioboto3", "aws" },      { "aiosqlite", "sqlite" },
};

static const struct {
    const char *scheme;
    const char *kind;
} schemes[] = {
    { "postgres", "postgres" }, { "sqlite", "sqlite" }, { "mysql", "mysql" }, { "mongodb", "mongodb" },
    { "redis", "redis" },       { "amqp", "rabbitmq" },  { "pyamqp", "rabbitmq" }, { "sqs", "sqs" },
};

/* What is said when the code is tied to a place. */
static const struct {
    const char *kind;
    const char *title;
    enum reason reason;
} kinds[] = {
    { "postgres", "a PostgreSQL server", REASON_NEEDS_POSTGRES },
    { "mysql",    "a MySQL server",      REASON_NEEDS_MYSQL },
    { "mongodb",  "a MongoDB server",    REASON_NEEDS_MONGODB },
    { "redis",    "a Redis server",      REASON_NEEDS_REDIS },
    { "rabbitmq", "a message broker",    REASON_NEEDS_QUEUE },
    { "kafka",    "a message broker",    REASON_NEEDS_QUEUE },
    { "sqlite",   "an SQLite file",      REASON_SQLITE_FILE },
    { "database", "a database",          REASON_NEEDS_POSTGRES },
};
/* clang-format on */

static const char *kind_of_url(const char *url) {
    for (size_t i = 0; url != NULL && i < ARRAY_N(schemes); i++) {
        if (strncmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) == 0) {
            return schemes[i].kind;
        }
    }
    return NULL;
}

/* The kind that an engine without a readable address must be. */
static const char *kind_of_driver(const struct room *room) {
    for (size_t i = 0; i < ARRAY_N(drivers); i++) {
        const char *kind = drivers[i].kind;
        const bool is_sql = strcmp(kind, "postgres") == 0 || strcmp(kind, "mysql") == 0 ||
                            strcmp(kind, "sqlite") == 0;

        if (is_sql && manifest_has(&room->manifest, drivers[i].package)) {
            return kind;
        }
    }
    return "database";
}

bool address_is_local(const char *url) {
    const char *host = strstr(url, "://");
    const char *at = NULL;
    size_t n = 0;

    host = host == NULL ? url : host + 3;
    at = strrchr(host, '@');
    host = at == NULL ? host : at + 1;
    n = strcspn(host, ":/?");
    if (n == 0 || memchr(host, '{', n) != NULL) {
        return n == 0;
    }
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "0.0.0.0", 7) == 0 ||
           strncmp(host, "host.docker.internal", 20) == 0 || memchr(host, '.', n) == NULL;
}

bool address_of_store_is_local(const char *url) {
    const char *kind = strstr(url, "://") == NULL ? NULL : kind_of_url(url);

    return kind != NULL && strcmp(kind, "sqlite") != 0 && address_is_local(url);
}

/* The host part of an address, without its password, for a sentence. */
static const char *host_for_people(struct room *room, const char *url) {
    const char *host = strstr(url, "://");
    const char *at = NULL;

    host = host == NULL ? url : host + 3;
    at = strrchr(host, '@');
    host = at == NULL ? host : at + 1;
    return arena_str(room->arena, str_slice(str_from(host), 0, strcspn(host, "/?")));
}

static bool is_memory(const char *url) {
    return strstr(url, ":memory:") != NULL || strcmp(url, "sqlite://") == 0 ||
           strcmp(url, "sqlite+aiosqlite://") == 0;
}

/* "./notes.db" of "sqlite:///./notes.db". */
static const char *sqlite_file(const char *url) {
    const char *path = strstr(url, "://");

    if (path == NULL) {
        return url;
    }
    path += 3;
    path += path[0] == '/';
    return path[0] == '{' ? "whose name the code puts together" : path;
}

static void say_tied(struct room *room, const char *kind, const char *where, const char *url) {
    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) != 0) {
            continue;
        }
        if (strcmp(kind, "sqlite") == 0) {
            room_say(room, REASON_SQLITE_FILE, where, sqlite_file(url));
        } else {
            room_say(room, kinds[i].reason, where, host_for_people(room, url));
        }
    }
}

static void say_unknown(struct room *room, const char *kind, const char *where) {
    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) == 0) {
            room_say(room, REASON_SERVICE_UNKNOWN, where, kinds[i].title);
        }
    }
}

/* The variable that a settings object most likely makes the address from. */
static struct env_row *env_for(struct room *room, const char *kind) {
    static const char *const words[][4] = {
        {"postgres", "POSTGRES", "DATABASE", "DB_"}, {"mysql", "MYSQL", "DATABASE", "DB_"},
        {"sqlite", "SQLITE", "DATABASE", "DB_"},     {"mongodb", "MONGO", "DATABASE", "DB_"},
        {"redis", "REDIS", "REDIS", "CACHE_"},       {"rabbitmq", "RABBIT", "AMQP", "BROKER"},
        {"kafka", "KAFKA", "KAFKA", "BROKER"},       {"database", "DATABASE", "SQLALCHEMY", "DB_"}};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        for (size_t j = 1; strcmp(words[i][0], kind) == 0 && j < 4; j++) {
            for (size_t k = 0; k < room->env.n; k++) {
                if (strstr(room->env.rows[k].name, words[i][j]) != NULL) {
                    return &room->env.rows[k];
                }
            }
        }
    }
    return NULL;
}

static void add_service(json_t *list, const char *kind, bool is_required, const char *via,
                        const char *where) {
    json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(list, i, row) {
        if (strcmp(json_str_or(row, "kind", ""), kind) == 0) {
            if (is_required) {
                json_put_bool(row, "required", true);
            }
            if (via != NULL && json_str_at(row, "via") == NULL) {
                json_put_strn(row, "via", str_from(via));
            }
            return;
        }
    }
    row = json_object();
    json_put_str(row, "kind", kind);
    json_put_bool(row, "required", is_required);
    json_put(row, "via", via == NULL ? json_null() : json_string_of(str_from(via)));
    json_put_str(row, "where", where);
    room_add(list, row);
}

/* An address that comes from a variable: without it, or with its default, does it work in AWS? */
static void mark_env(struct env_row *row, const char *default_text, const char *kind) {
    if (row == NULL) {
        return;
    }
    if (default_text == NULL || row->default_text == NULL) {
        row->is_needed = true;
    } else if (strcmp(kind, "sqlite") == 0) {
        row->is_needed = !is_memory(default_text);
        row->is_sqlite = row->is_needed;
    } else {
        row->is_needed = address_is_local(default_text);
    }
}

/* An address in the code itself: of this machine, or a file beside the code? */
static bool is_tied(const char *kind, const char *text) {
    if (strcmp(kind, "sqlite") == 0) {
        return !is_memory(text) && strstr(text, "/tmp/") == NULL;
    }
    return address_is_local(text);
}

static bool is_number(const char *text) {
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* The other variables that an address is made of: those without a value, and all but the port when
 * the address as a whole has to be another one. */
static void mark_parts(struct room *room, const struct found *found, bool is_needed) {
    for (size_t i = 0; i < FOUND_MORE_MAX && found->more[i] != NULL; i++) {
        struct env_row *row = env_at(room, found->more[i]);
        const char *text = row == NULL ? NULL : row->default_text;

        if (row != NULL && (text == NULL || text[0] == '\0' || (is_needed && !is_number(text)))) {
            row->is_needed = true;
        }
    }
}

/* What goes with an address of which the deployment must give a new one: the other arguments of the
 * call, and variables that are called like it: MONGO_DATABASE beside MONGO_HOST. */
static void mark_companions(struct room *room, const struct env_row *address,
                            const struct py_call *call, size_t index) {
    struct str words = str_from(address->name);
    const char *last = strrchr(address->name, '_');
    struct str stem = str_slice(words, 0, last == NULL ? 0 : (size_t)(last - address->name) + 1);
    size_t n = 0;

    for (size_t i = 0; i < call->arg_n; i++) {
        struct found part = value_find(room, index, call->scope, call->args[i].value);
        struct env_row *row = part.kind == FOUND_ENV ? env_at(room, part.name) : NULL;

        if (row != NULL && row != address) {
            row->is_needed = true;
            n++;
        }
    }
    for (size_t i = 0; n > 0 && i < room->env.n; i++) {
        static const char *const ends[] = {"DATABASE", "DB", "NAME", "DATABASE_NAME", "DB_NAME"};
        struct env_row *row = &room->env.rows[i];

        for (size_t j = 0; j < ARRAY_N(ends) && str_starts(str_from(row->name), stem); j++) {
            row->is_needed = row->is_needed || strcmp(row->name + stem.len, ends[j]) == 0;
        }
    }
}

/* No address was found: what does the call do without one? */
static void say_nothing_found(struct room *room, const char *kind, const struct py_call *call,
                              const char *where) {
    if (py_arg(call, "connection_pool", -1).kind != PY_ABSENT) {
        return; /* the pool says where */
    }
    if (strcmp(kind, "redis") == 0 && call->arg_n == 0) {
        say_tied(room, kind, where, "localhost"); /* what Redis() connects to */
    } else {
        say_unknown(room, kind, where);
    }
}

/* An address that a settings object makes in a way not followed comes from its likeliest variable.
 */
static void guess_variable(struct room *room, const char *kind, struct found *found) {
    const struct env_row *row = env_for(room, kind);

    found->kind = row == NULL ? FOUND_NOTHING : FOUND_ENV;
    found->name = row == NULL ? NULL : row->name;
    found->text = row == NULL ? NULL : row->default_text;
}

static void found_service(struct room *room, json_t *list, const struct opener *opener,
                          const struct py_call *call, size_t index) {
    struct found found =
        value_find(room, index, call->scope, py_arg(call, opener->arg, opener->position));
    const char *kind = kind_of_url(found.text);
    const char *where = room_where(room, room->tree.list.rows[index].path, call->line);
    struct env_row *row = NULL;

    kind = kind != NULL ? kind : opener->kind != NULL ? opener->kind : kind_of_driver(room);
    if (found.kind == FOUND_SETTINGS) {
        guess_variable(room, kind, &found);
    }
    add_service(list, kind, true, found.kind == FOUND_ENV ? found.name : NULL, where);
    if (found.kind == FOUND_ENV) {
        row = env_at(room, found.name);
        mark_env(row, found.text, kind);
        mark_parts(room, &found, row != NULL && row->is_needed);
        if (row != NULL && row->is_needed && found.text != NULL) {
            mark_companions(room, row, call, index);
        }
    } else if (found.kind == FOUND_NOTHING) {
        say_nothing_found(room, kind, call, where);
    } else if (is_tied(kind, found.text)) {
        say_tied(room, kind, where, found.text);
    }
}

/* Whether a dotted name holds `word` at the end of one of its parts. */
static bool has_word(const char *dotted, const char *word) {
    for (const char *at = strstr(dotted, word); at != NULL; at = strstr(at + 1, word)) {
        if (at[strlen(word)] == '.' || at[strlen(word)] == '\0') {
            return true;
        }
    }
    return false;
}

/* connect() is many things: the callee or what the module imports says whose it is. */
static bool is_of(const struct py_module *module, const struct py_call *call, const char *word) {
    const char *dot = strrchr(call->callee, '.');

    if (word == NULL || has_word(call->callee, word)) {
        return true;
    }
    for (const struct py_import *at = module->imports; at != NULL && dot == NULL; at = at->next) {
        if (at->name != NULL && strcmp(at->as != NULL ? at->as : at->name, call->callee) == 0) {
            return has_word(at->module, word);
        }
    }
    return false;
}

static void look_into(struct room *room, json_t *list, size_t index) {
    const struct py_module *module = module_at(room, index);

    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        for (size_t i = 0; i < ARRAY_N(openers); i++) {
            const bool is_there = openers[i].position != ONLY_GIVEN ||
                                  py_arg(at, openers[i].arg, -1).kind != PY_ABSENT;

            if (strcmp(py_last(at->callee), openers[i].last) == 0 && is_there &&
                is_of(module, at, openers[i].before)) {
                found_service(room, list, &openers[i], at, index);
            }
        }
    }
}

/* boto3.client("s3"): a service of AWS itself. Without keys of its own the call is made with the
 * role of the function, which may not. */
static bool look_for_aws(struct room *room, json_t *list, size_t index) {
    const struct py_module *module = module_at(room, index);
    bool is_found = false;

    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        const char *last = py_last(at->callee);
        const char *name = value_text(room, index, at->scope, py_arg(at, "service_name", 0));
        const char *where = room_where(room, module->path, at->line);

        if ((strcmp(last, "client") != 0 && strcmp(last, "resource") != 0) || name == NULL ||
            (!has_word(at->callee, "boto3") && !has_word(at->callee, "session"))) {
            continue;
        }
        is_found = true;
        add_service(list, name, true, NULL, where);
        if (py_arg(at, "aws_access_key_id", -1).kind == PY_ABSENT &&
            py_arg(at, "endpoint_url", -1).kind == PY_ABSENT) {
            room_say(room, REASON_NEEDS_PERMISSION, where, name);
        }
    }
    return is_found;
}

json_t *services_find(struct room *room) {
    json_t *list = json_array();
    bool has_aws = false;

    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        look_into(room, list, room->reached[k]);
        has_aws = look_for_aws(room, list, room->reached[k]) || has_aws;
    }
    if (json_array_size(list) == 0 && manifest_has(&room->manifest, "tortoise-orm")) {
        const char *where = room->manifest.path == NULL ? room->manifest.dir : room->manifest.path;

        add_service(list, "database", true, NULL, where); /* its address is in a table of its own */
        say_unknown(room, "database", where);
    }
    for (size_t i = 0; i < ARRAY_N(drivers); i++) {
        const bool is_told = strcmp(drivers[i].kind, "sqlite") == 0 ||
                             (has_aws && strcmp(drivers[i].kind, "aws") == 0);

        if (!is_told && manifest_has(&room->manifest, drivers[i].package) &&
            !room_has(list, "kind", drivers[i].kind)) {
            add_service(list, drivers[i].kind, false, NULL,
                        room->manifest.path == NULL ? room->manifest.dir : room->manifest.path);
        }
    }
    return list;
}
