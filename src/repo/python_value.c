/* Expressions of Python as values. */
#include "repo/python_value.h"

#include "base/buf.h"

#include <string.h>

enum {
    PY_VALUE_DEPTH = 8, /* nested values */
    PY_ARGS_MAX = 24
};

const char *py_text(const struct py_source *source, TSNode node) {
    return arena_str(source->arena, str_slice(syntax_text(source->syntax, node), 0, PY_TEXT_MAX));
}

/* "a.b.c" of an identifier or attribute; for a call in between, its callee: "Path(x).open" gives
 * "Path.open". "" for anything else. */
static const char *dotted_of(const struct py_source *source, TSNode node, int depth) {
    if (syntax_is(node, "identifier") || syntax_is(node, "dotted_name")) {
        return py_text(source, node);
    }
    if (depth > PY_VALUE_DEPTH) {
        return "";
    }
    if (syntax_is(node, "attribute")) {
        const char *left = dotted_of(source, syntax_field(node, "object"), depth + 1);
        const char *name = py_text(source, syntax_field(node, "attribute"));

        return left[0] == '\0' ? arena_format(source->arena, "?.%s", name)
                               : arena_format(source->arena, "%s.%s", left, name);
    }
    if (syntax_is(node, "call")) {
        return dotted_of(source, syntax_field(node, "function"), depth + 1);
    }
    if (syntax_is(node, "await") || syntax_is(node, "parenthesized_expression") ||
        syntax_is(node, "type")) {
        return dotted_of(source, ts_node_named_child(node, 0), depth + 1);
    }
    return "";
}

/* --- values --- */

static struct py_value value_of(const struct py_source *source, TSNode node, int depth);

struct joining {
    const struct py_source *source;
    struct buf text;
    bool is_template;
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
        add_escape(&joining->text, syntax_text(joining->source->syntax, child));
    }
}

/* string_content holds its escapes as children, the rest is only bytes between them. */
static void join_content(struct joining *joining, TSNode content) {
    struct str text = syntax_text(joining->source->syntax, content);

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
    } else if (value.kind == PY_CALL && strcmp(py_last(value.text), "Path") == 0 &&
               py_arg(value.call, "", 0).kind == PY_STRING) {
        buf_add_s(&joining->text, py_arg(value.call, "", 0).text);
    } else {
        buf_add_s(&joining->text, "{?}");
        joining->is_template = true;
    }
}

static void join_part(void *ctx, TSNode child) {
    struct joining *joining = ctx;

    if (syntax_is(child, "string_content")) {
        join_content(joining, child);
    } else if (syntax_is(child, "interpolation")) {
        join_value(joining, value_of(joining->source, syntax_field(child, "expression"),
                                     joining->depth + 1));
    } else if (syntax_is(child, "string")) {
        join_value(joining, value_of(joining->source, child, joining->depth + 1));
    } else {
        join_escape(ctx, child);
    }
}

static struct py_value joined(struct joining *joining) {
    struct py_value value = {.kind = joining->is_template ? PY_TEMPLATE : PY_STRING};

    value.text = arena_str(joining->source->arena, buf_str(&joining->text));
    buf_done(&joining->text);
    return value;
}

static struct py_value string_value(const struct py_source *source, TSNode node, int depth) {
    struct joining joining = {.source = source, .text = BUF_INIT(PY_TEXT_MAX), .depth = depth};

    syntax_children(node, join_part, &joining);
    return joined(&joining);
}

/* "a" + name + "b", and Path / "part", which reads the same way. */
static struct py_value sum_value(const struct py_source *source, TSNode node, int depth) {
    struct joining joining = {.source = source, .text = BUF_INIT(PY_TEXT_MAX), .depth = depth};
    const bool is_sum = syntax_is_text(source->syntax, syntax_field(node, "operator"), "+");
    const bool is_path = syntax_is_text(source->syntax, syntax_field(node, "operator"), "/");

    if (!is_sum && !is_path) {
        return (struct py_value){.kind = PY_OTHER, .text = ""};
    }
    join_value(&joining, value_of(source, syntax_field(node, "left"), depth + 1));
    if (is_path) {
        buf_add_c(&joining.text, '/');
    }
    join_value(&joining, value_of(source, syntax_field(node, "right"), depth + 1));
    return joined(&joining);
}

struct collecting {
    const struct py_source *source;
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
        arg.name = py_text(collecting->source, syntax_field(child, "name"));
        child = syntax_field(child, "value");
    }
    arg.value = value_of(collecting->source, child, collecting->depth + 1);
    collecting->args[collecting->n++] = arg;
}

static const struct py_arg *args_of(const struct py_source *source, TSNode list, int depth,
                                    size_t *out_n) {
    struct collecting collecting = {.source = source, .depth = depth};
    struct py_arg *args = NULL;

    syntax_children(list, collect_arg, &collecting);
    args = ARENA_ARRAY(source->arena, struct py_arg, collecting.n + 1);
    memcpy(args, collecting.args, collecting.n * sizeof(*args));
    *out_n = collecting.n;
    return args;
}

static struct py_call *call_of(const struct py_source *source, TSNode node, const char *callee,
                               int depth) {
    struct py_call *call = ARENA_NEW(source->arena, struct py_call);

    call->callee = callee;
    call->line = syntax_line(node);
    call->scope = source->scope;
    call->decorates = -1;
    call->args = args_of(source, syntax_field(node, "arguments"), depth, &call->arg_n);
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

/* What reads variables in a module, besides os: decouple's config, and objects that it made of
 * starlette's Config, decouple's AutoConfig, environs' or django-environ's Env. */
struct reader {
    const char *package;
    const char *made_by;  /* the class, or NULL: what is imported reads by itself */
    bool has_methods;     /* env.int("X") as well as env("X") */
    int default_position; /* -1: by name only */
};
static const struct reader readers[] = {
    {"decouple", NULL, false, 1},
    {"decouple", "AutoConfig", false, 1},
    {"starlette.config", "Config", false, -1},
    {"environs", "Env", true, 1},
    {"environ", "Env", true, 1},
};

static bool is_made_by(const struct py_module *module, const char *name, size_t n,
                       const char *class_) {
    for (const struct py_assign *at = module->assigns; at != NULL; at = at->next) {
        if (strlen(at->name) == n && strncmp(at->name, name, n) == 0 && at->value.kind == PY_CALL &&
            strcmp(py_last(at->value.text), class_) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_reader(const struct py_module *module, const struct reader *reader,
                      const char *callee) {
    const size_t n = strcspn(callee, ".");

    if (callee[n] == '.' && (!reader->has_methods || strchr(callee + n + 1, '.') != NULL ||
                             strncmp(callee + n, ".read", 5) == 0)) {
        return false;
    }
    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        const char *local = at->as != NULL ? at->as : at->name == NULL ? "" : at->name;

        if (strcmp(at->module, reader->package) != 0) {
            continue;
        }
        if (reader->made_by != NULL ? is_made_by(module, callee, n, reader->made_by)
                                    : strlen(local) == n && strncmp(local, callee, n) == 0) {
            return true;
        }
    }
    return false;
}

static const struct reader *config_reader(const struct py_source *source, const char *callee) {
    for (size_t i = 0; callee[0] != '\0' && i < ARRAY_N(readers); i++) {
        if (is_reader(source->module, &readers[i], callee)) {
            return &readers[i];
        }
    }
    return NULL;
}

static const struct py_value *keep_value(const struct py_source *source, struct py_value value) {
    struct py_value *kept = ARENA_NEW(source->arena, struct py_value);

    *kept = value;
    return value.kind == PY_ABSENT ? NULL : kept;
}

static struct py_value call_value(const struct py_source *source, TSNode node, int depth) {
    const char *callee = dotted_of(source, syntax_field(node, "function"), depth);
    struct py_call *call = call_of(source, node, callee, depth);
    struct py_value first = py_arg(call, "key", 0);
    const struct reader *reader = NULL;

    if (is_env_get(callee) && first.kind == PY_STRING) {
        struct py_value otherwise = py_arg(call, "default", 1);

        return (struct py_value){PY_ENV, first.text, call, keep_value(source, otherwise)};
    }
    reader = first.kind == PY_STRING ? config_reader(source, callee) : NULL;
    if (reader != NULL) {
        return (struct py_value){
            PY_ENV, first.text, NULL,
            keep_value(source, py_arg(call, "default", reader->default_position))};
    }
    return (struct py_value){PY_CALL, callee, call, NULL};
}

static struct py_value subscript_value(const struct py_source *source, TSNode node, int depth) {
    struct py_value key = value_of(source, syntax_field(node, "subscript"), depth + 1);

    if (is_environ(dotted_of(source, syntax_field(node, "value"), depth)) &&
        key.kind == PY_STRING) {
        return (struct py_value){PY_ENV, key.text, NULL, NULL};
    }
    return (struct py_value){.kind = PY_OTHER, .text = ""};
}

/* VALUE or DEFAULT. */
static struct py_value or_value(const struct py_source *source, TSNode node, int depth) {
    struct py_value left = value_of(source, syntax_field(node, "left"), depth + 1);

    if (left.kind == PY_ENV &&
        syntax_is_text(source->syntax, syntax_field(node, "operator"), "or")) {
        left.otherwise =
            keep_value(source, value_of(source, syntax_field(node, "right"), depth + 1));
    }
    return left;
}

static void collect_pair(void *ctx, TSNode child) {
    struct collecting *collecting = ctx;
    struct py_value key = {.text = ""};

    if (collecting->n == PY_ARGS_MAX || !syntax_is(child, "pair")) {
        return;
    }
    key = value_of(collecting->source, syntax_field(child, "key"), PY_VALUE_DEPTH);
    collecting->args[collecting->n++] = (struct py_arg){
        key.kind == PY_STRING ? key.text : "",
        value_of(collecting->source, syntax_field(child, "value"), collecting->depth + 1)};
}

/* {"a": 1} is dict(a=1). */
static struct py_value dict_value(const struct py_source *source, TSNode node, int depth) {
    struct collecting collecting = {.source = source, .depth = depth};
    struct py_call *call = ARENA_NEW(source->arena, struct py_call);
    struct py_arg *args = NULL;

    syntax_children(node, collect_pair, &collecting);
    args = ARENA_ARRAY(source->arena, struct py_arg, collecting.n + 1);
    memcpy(args, collecting.args, collecting.n * sizeof(*args));
    *call = (struct py_call){.callee = "dict",
                             .args = args,
                             .arg_n = collecting.n,
                             .line = syntax_line(node),
                             .scope = source->scope,
                             .decorates = -1};
    return (struct py_value){PY_CALL, "dict", call, NULL};
}

/* VALUE if CONDITION else OTHER: a variable with what stands in for it, or what is most likely. */
static struct py_value choice_value(const struct py_source *source, TSNode node, int depth) {
    struct py_value value = value_of(source, ts_node_named_child(node, 0), depth + 1);
    struct py_value other = value_of(source, ts_node_named_child(node, 2), depth + 1);

    if (value.kind == PY_ENV && value.otherwise == NULL) {
        value.otherwise = keep_value(source, other);
    } else if (other.kind == PY_ENV) {
        other.otherwise = keep_value(source, value);
        return other;
    }
    return value.kind == PY_OTHER || value.kind == PY_NONE ? other : value;
}

static struct py_value name_value(const struct py_source *source, TSNode node, int depth) {
    return (struct py_value){.kind = PY_NAME, .text = dotted_of(source, node, depth)};
}

/* What is inside: of await and parentheses the one child, of a lambda what it gives. */
static struct py_value inner_value(const struct py_source *source, TSNode node, int depth) {
    TSNode body = syntax_field(node, "body");

    return value_of(source, ts_node_is_null(body) ? ts_node_named_child(node, 0) : body, depth + 1);
}

/* clang-format off */
static const struct {
    const char *type;
    enum py_kind kind; /* of a constant; PY_OTHER: `value` says */
    struct py_value (*value)(const struct py_source *source, TSNode node, int depth);
} expressions[] = {
    { "true",                     PY_TRUE,   NULL },
    { "false",                    PY_FALSE,  NULL },
    { "none",                     PY_NONE,   NULL },
    { "integer",                  PY_NUMBER, NULL },
    { "float",                    PY_NUMBER, NULL },
    { "string",                   PY_OTHER,  string_value },
    { "concatenated_string",      PY_OTHER,  string_value },
    { "identifier",               PY_OTHER,  name_value },
    { "attribute",                PY_OTHER,  name_value },
    { "call",                     PY_OTHER,  call_value },
    { "subscript",                PY_OTHER,  subscript_value },
    { "boolean_operator",         PY_OTHER,  or_value },
    { "conditional_expression",   PY_OTHER,  choice_value },
    { "binary_operator",          PY_OTHER,  sum_value },
    { "dictionary",               PY_OTHER,  dict_value },
    { "await",                    PY_OTHER,  inner_value },
    { "parenthesized_expression", PY_OTHER,  inner_value },
    { "lambda",                   PY_OTHER,  inner_value },
};
/* clang-format on */

static struct py_value value_of(const struct py_source *source, TSNode node, int depth) {
    for (size_t i = 0; depth <= PY_VALUE_DEPTH && i < ARRAY_N(expressions); i++) {
        if (!syntax_is(node, expressions[i].type)) {
            continue;
        }
        if (expressions[i].value != NULL) {
            return expressions[i].value(source, node, depth);
        }
        return (struct py_value){.kind = expressions[i].kind, .text = py_text(source, node)};
    }
    return (struct py_value){.kind = PY_OTHER, .text = ""};
}

const char *py_dotted(const struct py_source *source, TSNode node) {
    return dotted_of(source, node, 0);
}

struct py_value py_value_of(const struct py_source *source, TSNode node) {
    return value_of(source, node, 0);
}

struct py_call *py_call_of(const struct py_source *source, TSNode node, const char *callee) {
    return call_of(source, node, callee, 0);
}

const struct py_arg *py_args_of(const struct py_source *source, TSNode list, size_t *out_n) {
    return args_of(source, list, 0, out_n);
}

bool py_reads_env(const struct py_source *source, const char *callee) {
    return is_env_get(callee) || config_reader(source, callee) != NULL;
}
