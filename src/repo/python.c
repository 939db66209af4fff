/* The facts of one Python module. */
#include "repo/python.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum {
    PY_STACK_MAX = 64,  /* nested functions and classes */
    PY_VALUE_DEPTH = 8, /* nested values */
    PY_ARGS_MAX = 24,
    PY_FACTS_MAX = 20000, /* a module: more is no program that a person wrote */
    PY_TEXT_MAX = 2000
};

/* Last words of callees that some later room looks at, sorted. */
static const char *const interesting[] = {
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "APIRouter",
    "AsyncClient",
    "AsyncConnectionPool",
    "AsyncIOMotorClient",
    "AsyncIOScheduler",
    "AsyncMongoClient",
    "BackgroundScheduler",
    "BlockingConnection",
    "Celery",
    "Command",
    "ConnectionPool",
    "Database",
    "EventSourceResponse",
    "FastAPI",
    "FileHandler",
    "Flask",
    "Huey",
    "Litestar",
    "MongoClient",
    "Quart",
    "Queue",
    "Redis",
    "RotatingFileHandler",
    "Sanic",
    "Scheduler",
    "SqliteDatabase",
    "Starlette",
    "StaticFiles",
    "StreamingResponse",
    "StrictRedis",
    "TimedRotatingFileHandler",
    "actor",
    "add_api_route",
    "add_api_websocket_route",
    "add_event_handler",
    "add_route",
    "api_route",
    "client",
    "connect",
    "connect_robust",
    "copyfile",
    "create_all",
    "create_async_engine",
    "create_engine",
    "create_pool",
    "create_task",
    "delete",
    "from_url",
    "get",
    "head",
    "include_router",
    "init",
    "init_db",
    "listen",
    "makedirs",
    "mkdir",
    "mkdtemp",
    "mount",
    "on_event",
    "open",
    "options",
    "patch",
    "post",
    "put",
    "register_tortoise",
    "resource",
    "route",
    "run_migrations",
    "token_hex",
    "token_urlsafe",
    "touch",
    "trace",
    "upgrade",
    "urandom",
    "uuid4",
    "websocket",
    "websocket_route",
    "write_bytes",
    "write_text",
};

static const char *const url_schemes[] = {
    "postgres://", "postgresql://", "postgresql+", "mysql://",  "mysql+",  "sqlite://", "sqlite+",
    "mongodb://",  "mongodb+",      "redis://",    "rediss://", "amqp://", "amqps://",
};

/* What the walk knows while it goes through one file. */
struct walk {
    struct syntax syntax;
    struct arena *arena;
    struct py_module *module;
    int facts;

    const struct py_import **imports;
    const struct py_function **functions;
    const struct py_class **classes;
    const struct py_assign **assigns;
    const struct py_call **calls;
    const struct py_name **runs;
    const struct py_env **envs;
    const struct py_name **checked;
    const struct py_name **urls;

    /* Functions and classes around the node, innermost last. */
    struct frame {
        int scope;               /* of what stands inside */
        struct py_class *class_; /* NULL in a function */
        const struct py_field **fields;
    } stack[PY_STACK_MAX];
    int depth;
    int unpushed; /* functions and classes too deep for the stack */

    /* The right side of the assignment just entered, and the name on its left. */
    uint32_t value_at;
    const char *value_target;
    uint32_t store_at;    /* an environment variable that is set here, not read */
    uint32_t env_done_at; /* one that has been recorded with its default already */
};

/* --- small readers --- */

const char *py_last(const char *dotted) {
    const char *dot = strrchr(dotted, '.');

    return dot == NULL ? dotted : dot + 1;
}

struct py_value py_arg(const struct py_call *call, const char *name, int position) {
    int at = 0;

    for (size_t i = 0; i < call->arg_n; i++) {
        if (call->args[i].name == NULL ? at++ == position : strcmp(call->args[i].name, name) == 0) {
            return call->args[i].value;
        }
    }
    return (struct py_value){.text = ""};
}

const struct py_function *py_function_at(const struct py_module *module, int scope) {
    const struct py_function *at = module->functions;

    while (at != NULL && scope > 0) {
        at = at->next;
        scope--;
    }
    return scope < 0 ? NULL : at;
}

static struct frame *frame_of(struct walk *walk) { return &walk->stack[walk->depth]; }

static int scope_of(struct walk *walk) { return frame_of(walk)->scope; }

static const char *text_of(struct walk *walk, TSNode node) {
    return arena_str(walk->arena, str_slice(syntax_text(&walk->syntax, node), 0, PY_TEXT_MAX));
}

/* "a.b.c" of an identifier or attribute; for a call in between, its callee: "Path(x).open" gives
 * "Path.open". "" for anything else. */
static const char *dotted_of(struct walk *walk, TSNode node, int depth) {
    if (syntax_is(node, "identifier") || syntax_is(node, "dotted_name")) {
        return text_of(walk, node);
    }
    if (depth > PY_VALUE_DEPTH) {
        return "";
    }
    if (syntax_is(node, "attribute")) {
        const char *left = dotted_of(walk, syntax_field(node, "object"), depth + 1);
        const char *name = text_of(walk, syntax_field(node, "attribute"));

        return left[0] == '\0' ? arena_format(walk->arena, "?.%s", name)
                               : arena_format(walk->arena, "%s.%s", left, name);
    }
    if (syntax_is(node, "call")) {
        return dotted_of(walk, syntax_field(node, "function"), depth + 1);
    }
    if (syntax_is(node, "await") || syntax_is(node, "parenthesized_expression") ||
        syntax_is(node, "type")) {
        return dotted_of(walk, ts_node_named_child(node, 0), depth + 1);
    }
    return "";
}

/* --- values --- */

static struct py_value value_of(struct walk *walk, TSNode node, int depth);

struct joining {
    struct walk *walk;
    struct buf text;
    bool is_template;
    bool is_lost; /* holds a part that cannot be told */
    int depth;
};

static void add_escape(struct buf *out, struct str escape) {
    static const char from[] = "nrt\\'\"";
    static const char to[] = "\n\r\t\\'\"";
    const char *found = escape.len == 2 ? strchr(from, escape.ptr[1]) : NULL;

    if (found != NULL && *found != '\0') {
        buf_add_c(out, to[found - from]);
    } else {
        buf_add(out, escape);
    }
}

static void join_escape(void *ctx, TSNode child) {
    struct joining *joining = ctx;

    if (syntax_is(child, "escape_sequence")) {
        add_escape(&joining->text, syntax_text(&joining->walk->syntax, child));
    }
}

/* string_content holds its escapes as children, the rest is only bytes between them. */
static void join_content(struct joining *joining, TSNode content) {
    struct str text = syntax_text(&joining->walk->syntax, content);

    if (ts_node_named_child_count(content) == 0 || memchr(text.ptr, '\\', text.len) == NULL) {
        buf_add(&joining->text, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) { /* escapes of one letter; longer ones stay as written */
        if (text.ptr[i] == '\\' && i + 1 < text.len) {
            add_escape(&joining->text, str_slice(text, i, i + 2));
            i++;
        } else {
            buf_add_c(&joining->text, text.ptr[i]);
        }
    }
}

static void join_value(struct joining *joining, struct py_value value) {
    if (value.kind == PY_STRING) {
        buf_add_s(&joining->text, value.text);
    } else if (value.kind == PY_TEMPLATE) {
        buf_add_s(&joining->text, value.text);
        joining->is_template = true;
    } else if (value.kind == PY_NAME) {
        buf_addf(&joining->text, "{%s}", value.text);
        joining->is_template = true;
    } else {
        buf_add_s(&joining->text, "{?}");
        joining->is_template = true;
        joining->is_lost = true;
    }
}

static void join_part(void *ctx, TSNode child) {
    struct joining *joining = ctx;

    if (syntax_is(child, "string_content")) {
        join_content(joining, child);
    } else if (syntax_is(child, "interpolation")) {
        join_value(joining,
                   value_of(joining->walk, syntax_field(child, "expression"), joining->depth + 1));
    } else if (syntax_is(child, "string")) {
        join_value(joining, value_of(joining->walk, child, joining->depth + 1));
    } else {
        join_escape(ctx, child);
    }
}

static struct py_value joined(struct joining *joining) {
    struct py_value value = {.kind = joining->is_template ? PY_TEMPLATE : PY_STRING};

    value.text = arena_str(joining->walk->arena, buf_str(&joining->text));
    buf_done(&joining->text);
    return value;
}

static struct py_value string_value(struct walk *walk, TSNode node, int depth) {
    struct joining joining = {.walk = walk, .text = BUF_INIT(PY_TEXT_MAX), .depth = depth};

    syntax_children(node, join_part, &joining);
    return joined(&joining);
}

/* "a" + name + "b", and Path / "part", which reads the same way. */
static struct py_value sum_value(struct walk *walk, TSNode node, int depth) {
    struct joining joining = {.walk = walk, .text = BUF_INIT(PY_TEXT_MAX), .depth = depth};
    const bool is_sum = syntax_is_text(&walk->syntax, syntax_field(node, "operator"), "+");
    const bool is_path = syntax_is_text(&walk->syntax, syntax_field(node, "operator"), "/");

    if (!is_sum && !is_path) {
        return (struct py_value){.kind = PY_OTHER, .text = ""};
    }
    join_value(&joining, value_of(walk, syntax_field(node, "left"), depth + 1));
    if (is_path) {
        buf_add_c(&joining.text, '/');
    }
    join_value(&joining, value_of(walk, syntax_field(node, "right"), depth + 1));
    return joined(&joining);
}

struct collecting {
    struct walk *walk;
    struct py_arg args[PY_ARGS_MAX];
    size_t n;
    int depth;
};

static void collect_arg(void *ctx, TSNode child) {
    struct collecting *collecting = ctx;
    struct py_arg arg = {0};

    if (collecting->n == PY_ARGS_MAX || syntax_is(child, "comment")) {
        return;
    }
    if (syntax_is(child, "keyword_argument")) {
        arg.name = text_of(collecting->walk, syntax_field(child, "name"));
        child = syntax_field(child, "value");
    }
    arg.value = value_of(collecting->walk, child, collecting->depth + 1);
    collecting->args[collecting->n++] = arg;
}

static const struct py_arg *args_of(struct walk *walk, TSNode list, int depth, size_t *out_n) {
    struct collecting collecting = {.walk = walk, .depth = depth};
    struct py_arg *args = NULL;

    syntax_children(list, collect_arg, &collecting);
    args = ARENA_ARRAY(walk->arena, struct py_arg, collecting.n + 1);
    memcpy(args, collecting.args, collecting.n * sizeof(*args));
    *out_n = collecting.n;
    return args;
}

static struct py_call *call_of(struct walk *walk, TSNode node, const char *callee, int depth) {
    struct py_call *call = ARENA_NEW(walk->arena, struct py_call);

    call->callee = callee;
    call->line = syntax_line(node);
    call->scope = scope_of(walk);
    call->decorates = -1;
    call->args = args_of(walk, syntax_field(node, "arguments"), depth, &call->arg_n);
    return call;
}

static bool is_one_of(const char *text, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_env_get(const char *callee) {
    static const char *const words[] = {"os.getenv", "getenv", "os.environ.get", "environ.get"};

    return is_one_of(callee, words, ARRAY_N(words));
}

static bool is_environ(const char *dotted) {
    return strcmp(dotted, "os.environ") == 0 || strcmp(dotted, "environ") == 0;
}

/* decouple.config("X", default=…), starlette's config("X"): only where the module imports one. */
static bool is_config_read(struct walk *walk, const char *callee) {
    if (strcmp(callee, "config") != 0) {
        return false;
    }
    for (const struct py_import *at = walk->module->imports; at != NULL; at = at->next) {
        if (strcmp(at->module, "decouple") == 0 || strcmp(at->module, "starlette.config") == 0) {
            return true;
        }
    }
    return false;
}

static const struct py_value *keep_value(struct walk *walk, struct py_value value) {
    struct py_value *kept = ARENA_NEW(walk->arena, struct py_value);

    *kept = value;
    return value.kind == PY_ABSENT ? NULL : kept;
}

static struct py_value call_value(struct walk *walk, TSNode node, int depth) {
    const char *callee = dotted_of(walk, syntax_field(node, "function"), depth);
    struct py_call *call = call_of(walk, node, callee, depth);
    struct py_value first = py_arg(call, "key", 0);

    if (is_env_get(callee) && first.kind == PY_STRING) {
        struct py_value otherwise = py_arg(call, "default", 1);

        return (struct py_value){PY_ENV, first.text, call, keep_value(walk, otherwise)};
    }
    if (is_config_read(walk, callee) && first.kind == PY_STRING) {
        return (struct py_value){PY_ENV, first.text, NULL,
                                 keep_value(walk, py_arg(call, "default", -1))};
    }
    return (struct py_value){PY_CALL, callee, call, NULL};
}

static struct py_value subscript_value(struct walk *walk, TSNode node, int depth) {
    struct py_value key = value_of(walk, syntax_field(node, "subscript"), depth + 1);

    if (is_environ(dotted_of(walk, syntax_field(node, "value"), depth)) && key.kind == PY_STRING) {
        return (struct py_value){PY_ENV, key.text, NULL, NULL};
    }
    return (struct py_value){.kind = PY_OTHER, .text = ""};
}

/* VALUE or DEFAULT. */
static struct py_value or_value(struct walk *walk, TSNode node, int depth) {
    struct py_value left = value_of(walk, syntax_field(node, "left"), depth + 1);

    if (left.kind == PY_ENV &&
        syntax_is_text(&walk->syntax, syntax_field(node, "operator"), "or")) {
        left.otherwise = keep_value(walk, value_of(walk, syntax_field(node, "right"), depth + 1));
    }
    return left;
}

static struct py_value value_of(struct walk *walk, TSNode node, int depth) {
    static const struct {
        const char *type;
        enum py_kind kind;
    } constants[] = {
        {"true", PY_TRUE},      {"false", PY_FALSE},  {"none", PY_NONE},
        {"integer", PY_NUMBER}, {"float", PY_NUMBER},
    };

    if (ts_node_is_null(node) || depth > PY_VALUE_DEPTH) {
        return (struct py_value){.kind = PY_OTHER, .text = ""};
    }
    for (size_t i = 0; i < ARRAY_N(constants); i++) {
        if (syntax_is(node, constants[i].type)) {
            return (struct py_value){.kind = constants[i].kind, .text = text_of(walk, node)};
        }
    }
    if (syntax_is(node, "string") || syntax_is(node, "concatenated_string")) {
        return string_value(walk, node, depth);
    }
    if (syntax_is(node, "identifier") || syntax_is(node, "attribute")) {
        return (struct py_value){.kind = PY_NAME, .text = dotted_of(walk, node, depth)};
    }
    if (syntax_is(node, "call")) {
        return call_value(walk, node, depth);
    }
    if (syntax_is(node, "subscript")) {
        return subscript_value(walk, node, depth);
    }
    if (syntax_is(node, "boolean_operator")) {
        return or_value(walk, node, depth);
    }
    if (syntax_is(node, "binary_operator")) {
        return sum_value(walk, node, depth);
    }
    if (syntax_is(node, "await") || syntax_is(node, "parenthesized_expression")) {
        return value_of(walk, ts_node_named_child(node, 0), depth + 1);
    }
    if (syntax_is(node, "lambda")) { /* what it gives */
        return value_of(walk, syntax_field(node, "body"), depth + 1);
    }
    return (struct py_value){.kind = PY_OTHER, .text = ""};
}

/* --- facts --- */

/* Takes one from the budget of the module. */
static bool may_add(struct walk *walk) { return walk->facts++ < PY_FACTS_MAX; }

#define FACT_ADD(walk, tail, type, ...)                                                            \
    do {                                                                                           \
        if (may_add(walk)) {                                                                       \
            type *fact_ = ARENA_NEW((walk)->arena, type);                                          \
            *fact_ = (type){__VA_ARGS__};                                                          \
            *(walk)->tail = fact_;                                                                 \
            (walk)->tail = &fact_->next;                                                           \
        }                                                                                          \
    } while (0)

static int compare_words(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_interesting(const char *callee) {
    const char *last = py_last(callee);

    return bsearch(&last, interesting, ARRAY_N(interesting), sizeof(interesting[0]),
                   compare_words) != NULL;
}

static void add_env(struct walk *walk, TSNode node, struct py_value value) {
    const bool is_target = ts_node_start_byte(node) == walk->value_at;

    FACT_ADD(walk, envs, struct py_env, .name = value.text, .otherwise = value.otherwise,
             .is_required = value.call == NULL && value.otherwise == NULL,
             .target = is_target ? walk->value_target : NULL, .line = syntax_line(node),
             .scope = scope_of(walk));
    walk->env_done_at = ts_node_start_byte(node);
}

static void enter_call(struct walk *walk, TSNode node, int decorates) {
    const char *callee = dotted_of(walk, syntax_field(node, "function"), 0);

    if (is_env_get(callee) || is_config_read(walk, callee)) {
        if (walk->env_done_at != ts_node_start_byte(node)) {
            struct py_value value = call_value(walk, node, 0);

            if (value.kind == PY_ENV) {
                add_env(walk, node, value);
            }
        }
        return;
    }
    FACT_ADD(walk, runs, struct py_name, .name = callee, .line = syntax_line(node),
             .scope = scope_of(walk));
    if (is_interesting(callee) && may_add(walk)) {
        struct py_call *call = call_of(walk, node, callee, 0);

        if (ts_node_start_byte(node) == walk->value_at) {
            call->target = walk->value_target;
        }
        call->decorates = decorates;
        *walk->calls = call;
        walk->calls = &call->next;
    }
}

static void enter_subscript(struct walk *walk, TSNode node) {
    struct py_value value = {0};

    if (walk->store_at == ts_node_start_byte(node) ||
        walk->env_done_at == ts_node_start_byte(node)) {
        return;
    }
    value = subscript_value(walk, node, 0);
    if (value.kind == PY_ENV) {
        add_env(walk, node, value);
    }
}

static void enter_or(struct walk *walk, TSNode node) {
    struct py_value value = or_value(walk, node, 0);

    if (value.kind == PY_ENV && value.otherwise != NULL &&
        walk->env_done_at != ts_node_start_byte(node)) {
        add_env(walk, node, value);
    }
}

static void add_field(struct walk *walk, TSNode node, const char *name, struct py_value value) {
    struct frame *frame = frame_of(walk);
    TSNode type = syntax_field(node, "type");

    if (may_add(walk)) {
        struct py_field *field = ARENA_NEW(walk->arena, struct py_field);

        *field = (struct py_field){.name = name,
                                   .type = ts_node_is_null(type) ? "" : text_of(walk, type),
                                   .value = value,
                                   .line = syntax_line(node)};
        *frame->fields = field;
        frame->fields = &field->next;
    }
}

static void enter_assignment(struct walk *walk, TSNode node) {
    TSNode left = syntax_field(node, "left");
    TSNode right = syntax_field(node, "right");
    const char *name = dotted_of(walk, left, 0);
    struct py_value value = {.text = ""};

    if (syntax_is(left, "subscript")) {
        walk->store_at = ts_node_start_byte(left);
    }
    if (name[0] == '\0') {
        return;
    }
    if (syntax_is(right, "await")) {
        right = ts_node_named_child(right, 0);
    }
    if (!ts_node_is_null(right)) {
        value = value_of(walk, right, 0);
        walk->value_at = ts_node_start_byte(right);
        walk->value_target = name;
    }
    if (frame_of(walk)->class_ != NULL) {
        add_field(walk, node, name, value);
        return;
    }
    if (value.kind != PY_ABSENT && value.kind != PY_OTHER) {
        FACT_ADD(walk, assigns, struct py_assign, .name = name, .value = value,
                 .line = syntax_line(node), .scope = scope_of(walk));
    }
}

struct importing {
    struct walk *walk;
    TSNode statement;
    const char *module;
    int level;
    bool is_from;
    bool is_past_module;
};

static void import_name(void *ctx, TSNode child) {
    struct importing *importing = ctx;
    struct walk *walk = importing->walk;
    const bool is_alias = syntax_is(child, "aliased_import");
    const char *name = NULL;
    const char *as = is_alias ? text_of(walk, syntax_field(child, "alias")) : NULL;

    if (importing->is_from && !importing->is_past_module) {
        importing->is_past_module = true; /* the first named child is the module itself */
        return;
    }
    if (syntax_is(child, "comment")) {
        return;
    }
    name = syntax_is(child, "wildcard_import")
               ? "*"
               : text_of(walk, is_alias ? syntax_field(child, "name") : child);
    FACT_ADD(walk, imports, struct py_import,
             .module = importing->is_from ? importing->module : name, .level = importing->level,
             .name = importing->is_from ? name : NULL, .as = as,
             .line = syntax_line(importing->statement), .scope = scope_of(walk));
}

static void enter_import(struct walk *walk, TSNode node) {
    struct importing importing = {.walk = walk, .statement = node, .module = ""};
    TSNode module = syntax_field(node, "module_name");

    importing.is_from = syntax_is(node, "import_from_statement");
    if (syntax_is(module, "relative_import")) {
        TSNode name = syntax_child(module, "dotted_name");

        importing.level =
            (int)syntax_text(&walk->syntax, syntax_child(module, "import_prefix")).len;
        importing.module = ts_node_is_null(name) ? "" : text_of(walk, name);
    } else if (!ts_node_is_null(module)) {
        importing.module = text_of(walk, module);
    }
    syntax_children(node, import_name, &importing);
}

static void count_param(void *ctx, TSNode child) {
    int *n = ctx;

    if (syntax_is(child, "identifier") ||
        (syntax_is(child, "typed_parameter") &&
         syntax_is(ts_node_named_child(child, 0), "identifier"))) {
        (*n)++;
    }
}

/* def f(prefix="/api"): a parameter has its default until somebody gives another value. */
static void assign_default(void *ctx, TSNode child) {
    struct walk *walk = ctx;

    if (syntax_is(child, "default_parameter") || syntax_is(child, "typed_default_parameter")) {
        FACT_ADD(walk, assigns, struct py_assign,
                 .name = dotted_of(walk, syntax_field(child, "name"), 0),
                 .value = value_of(walk, syntax_field(child, "value"), 0),
                 .line = syntax_line(child), .scope = scope_of(walk));
    }
}

static void push_function(struct walk *walk, TSNode node) {
    struct py_class *class_ = frame_of(walk)->class_;
    int required = 0;

    syntax_children(syntax_field(node, "parameters"), count_param, &required);
    FACT_ADD(walk, functions, struct py_function, .name = text_of(walk, syntax_field(node, "name")),
             .class_name = class_ == NULL ? NULL : class_->name,
             .returns = dotted_of(walk, syntax_field(node, "return_type"), 0),
             .parent = scope_of(walk), .line = syntax_line(node), .required_params = required);
    walk->stack[walk->depth + 1] = (struct frame){.scope = walk->module->function_n++};
    walk->depth++;
    syntax_children(syntax_field(node, "parameters"), assign_default, walk);
}

struct basing {
    struct walk *walk;
    struct py_class *class_;
    size_t n;
};

static void add_base(void *ctx, TSNode child) {
    struct basing *basing = ctx;

    if (!syntax_is(child, "keyword_argument") && basing->n < ARRAY_N(basing->class_->bases) - 1) {
        basing->class_->bases[basing->n++] = dotted_of(basing->walk, child, 0);
    }
}

static void push_class(struct walk *walk, TSNode node) {
    struct py_class *class_ = ARENA_NEW(walk->arena, struct py_class);
    struct basing basing = {walk, class_, 0};
    TSNode bases = syntax_field(node, "superclasses");

    class_->name = text_of(walk, syntax_field(node, "name"));
    class_->outer = frame_of(walk)->class_;
    class_->line = syntax_line(node);
    if (!ts_node_is_null(bases)) {
        syntax_children(bases, add_base, &basing);
        class_->args = args_of(walk, bases, 0, &class_->arg_n);
    }
    *walk->classes = class_;
    walk->classes = &class_->next;
    walk->stack[walk->depth + 1] =
        (struct frame){.scope = scope_of(walk), .class_ = class_, .fields = &class_->fields};
    walk->depth++;
}

static void enter_decorated(struct walk *walk, TSNode node) {
    TSNode definition = syntax_field(node, "definition");
    TSNode decorator = ts_node_named_child(node, 0);
    uint32_t n = ts_node_named_child_count(node);

    if (!syntax_is(definition, "function_definition")) {
        return;
    }
    for (uint32_t i = 0; i < n && i < PY_ARGS_MAX; i++) {
        decorator = ts_node_named_child(node, i);
        if (syntax_is(decorator, "decorator") &&
            syntax_is(ts_node_named_child(decorator, 0), "call")) {
            enter_call(walk, ts_node_named_child(decorator, 0), walk->module->function_n);
        }
    }
}

struct checking {
    struct walk *walk;
    bool in_not;
};

static bool check_enter(void *ctx, TSNode node) {
    struct checking *checking = ctx;
    struct walk *walk = checking->walk;

    if (syntax_is(node, "identifier") || syntax_is(node, "attribute")) {
        FACT_ADD(walk, checked, struct py_name, .name = dotted_of(walk, node, 0),
                 .line = syntax_line(node), .scope = scope_of(walk));
        return false;
    }
    return true;
}

struct raising {
    bool found;
};

static bool raise_enter(void *ctx, TSNode node) {
    struct raising *raising = ctx;

    raising->found = raising->found || syntax_is(node, "raise_statement");
    return !raising->found && !syntax_is(node, "function_definition");
}

/* if not NAME: raise …  and  if NAME is None: raise … */
static void enter_if(struct walk *walk, TSNode node) {
    TSNode condition = syntax_field(node, "condition");
    struct str text = syntax_text(&walk->syntax, condition);
    struct checking checking = {.walk = walk};
    struct raising raising = {0};
    const struct syntax_visitor raises = {.enter = raise_enter, .ctx = &raising};
    const struct syntax_visitor names = {.enter = check_enter, .ctx = &checking};

    if (str_find(text, STR("not ")) != 0 && str_find(text, STR(" is None")) < 0) {
        return;
    }
    syntax_walk(syntax_field(node, "consequence"), &raises);
    if (raising.found) {
        syntax_walk(condition, &names);
    }
}

/* if __name__ == "__main__": does not run when the module is imported. */
static bool is_main_guard(struct walk *walk, TSNode node) {
    struct str text = syntax_text(&walk->syntax, syntax_field(node, "condition"));

    return str_starts(text, STR("__name__")) && str_find(text, STR("__main__")) > 0;
}

static void enter_string(struct walk *walk, TSNode node) {
    struct str text = syntax_text(&walk->syntax, node);

    for (size_t i = 0; i < ARRAY_N(url_schemes); i++) {
        if (str_starts(text, str_from(url_schemes[i]))) {
            FACT_ADD(walk, urls, struct py_name, .name = text_of(walk, node),
                     .line = syntax_line(node), .scope = scope_of(walk));
            return;
        }
    }
}

static bool is_definition(TSNode node) {
    return syntax_is(node, "function_definition") || syntax_is(node, "class_definition");
}

static bool py_enter(void *ctx, TSNode node) {
    struct walk *walk = ctx;
    const char *type = ts_node_type(node);

    if (walk->depth + 2 >= PY_STACK_MAX) {
        walk->unpushed += is_definition(node);
        return false;
    }
    if (strcmp(type, "call") == 0) {
        enter_call(walk, node, -1);
    } else if (strcmp(type, "assignment") == 0) {
        enter_assignment(walk, node);
    } else if (strcmp(type, "subscript") == 0) {
        enter_subscript(walk, node);
    } else if (strcmp(type, "boolean_operator") == 0) {
        enter_or(walk, node);
    } else if (strcmp(type, "string_content") == 0) {
        enter_string(walk, node);
    } else if (strcmp(type, "import_statement") == 0 ||
               strcmp(type, "import_from_statement") == 0) {
        enter_import(walk, node);
        return false;
    } else if (strcmp(type, "decorated_definition") == 0) {
        enter_decorated(walk, node);
    } else if (strcmp(type, "decorator") == 0) {
        return false; /* was read with what it decorates */
    } else if (strcmp(type, "function_definition") == 0) {
        push_function(walk, node);
    } else if (strcmp(type, "class_definition") == 0) {
        push_class(walk, node);
    } else if (strcmp(type, "if_statement") == 0) {
        if (is_main_guard(walk, node)) {
            return false;
        }
        enter_if(walk, node);
    }
    return true;
}

static void py_leave(void *ctx, TSNode node) {
    struct walk *walk = ctx;

    if (!is_definition(node)) {
        return;
    }
    if (walk->unpushed > 0) {
        walk->unpushed--;
    } else {
        walk->depth--;
    }
}

enum err_code py_read(struct syntax_parser *parser, struct arena *arena, const char *path,
                      struct str text, struct py_module *out, struct err *err) {
    struct walk walk = {.arena = arena, .module = out};
    const struct syntax_visitor visitor = {py_enter, py_leave, &walk};

    if (syntax_parse(parser, SYNTAX_PYTHON, text, &walk.syntax, err) != ERR_NONE) {
        return err->code;
    }
    *out = (struct py_module){.path = path};
    walk.imports = &out->imports;
    walk.functions = &out->functions;
    walk.classes = &out->classes;
    walk.assigns = &out->assigns;
    walk.calls = &out->calls;
    walk.runs = &out->runs;
    walk.envs = &out->envs;
    walk.checked = &out->checked;
    walk.urls = &out->urls;
    walk.stack[0].scope = PY_MODULE_SCOPE;
    walk.value_at = walk.store_at = walk.env_done_at = UINT32_MAX;
    syntax_walk(syntax_root(&walk.syntax), &visitor);
    out->broken_line = syntax_broken_line(&walk.syntax);
    syntax_done(&walk.syntax);
    return ERR_NONE;
}
