/* The facts of one Python module. */
#include "repo/python.h"

#include "repo/python_walk.h"

#include <string.h>

static const char *const url_schemes[] = {
    "postgres://", "postgresql://", "postgresql+", "mysql://",  "mysql+",  "sqlite://", "sqlite+",
    "mongodb://",  "mongodb+",      "redis://",    "rediss://", "amqp://", "amqps://",
};

/* --- frames --- */

static struct frame *frame_of(struct walk *walk) { return &walk->stack[walk->depth]; }

static void push_frame(struct walk *walk, struct frame frame) {
    walk->stack[++walk->depth] = frame;
    walk->source.scope = frame.scope;
}

static void pop_frame(struct walk *walk) { walk->source.scope = walk->stack[--walk->depth].scope; }

/* --- facts --- */

static void add_env(struct walk *walk, TSNode node, struct py_value value) {
    const uint32_t at = ts_node_start_byte(node);
    const bool is_target = at == walk->value_at;
    const bool is_must = at >= walk->must_from && at < walk->must_to;

    FACT_ADD(walk, envs, struct py_env, .name = value.text, .otherwise = value.otherwise,
             .is_required = value.otherwise == NULL &&
                            (is_must || (value.call == NULL && !py_is_guarded(walk, node))),
             .target = is_target ? walk->value_target : NULL, .line = syntax_line(node),
             .scope = scope_of(walk));
    walk->env_done_at = ts_node_start_byte(node);
}

static void add_listed(void *ctx, TSNode child) {
    struct walk *walk = ctx;
    struct py_value name = py_value_of(&walk->source, child);

    if (name.kind == PY_STRING) {
        add_env(walk, child, (struct py_value){.kind = PY_ENV, .text = name.text}); /* required */
    }
}

/* for name in ["A", "B"]: if not os.getenv(name) */
static void enter_looped(struct walk *walk, TSNode node) {
    bool is_required = false;
    TSNode list = py_looped_list(walk, node, &is_required);

    if (is_required && !ts_node_is_null(list)) {
        syntax_children(list, add_listed, walk);
    }
}

struct passing {
    struct walk *walk;
    const char *callee;
    int position;
};

static void add_pass(void *ctx, TSNode child) {
    static const char *const names[] = {"app",    "application", "api",        "fastapi_app",
                                        "server", "router",      "api_router", "_app"};
    struct passing *passing = ctx;
    struct str text = syntax_text(passing->walk->source.syntax, child);

    for (size_t i = 0; syntax_is(child, "identifier") && i < ARRAY_N(names); i++) {
        if (str_eq(text, str_from(names[i]))) {
            FACT_ADD(passing->walk, passes, struct py_pass, .callee = passing->callee,
                     .name = names[i], .position = passing->position,
                     .scope = scope_of(passing->walk));
        }
    }
    passing->position++;
}

static struct py_value value_before(struct walk *walk, TSNode function) {
    TSNode object = syntax_field(function, "object");

    return syntax_is(object, "call") ? py_value_of(&walk->source, object)
                                     : (struct py_value){.text = ""};
}

static void enter_call(struct walk *walk, TSNode node, int decorates) {
    const char *callee = py_dotted(&walk->source, syntax_field(node, "function"));

    if (py_reads_env(&walk->source, callee)) {
        if (walk->env_done_at != ts_node_start_byte(node)) {
            struct py_value value = py_value_of(&walk->source, node);

            if (value.kind == PY_ENV) {
                add_env(walk, node, value);
            } else {
                enter_looped(walk, node);
            }
        }
        return;
    }
    FACT_ADD(walk, runs, struct py_name, .name = callee, .line = syntax_line(node),
             .scope = scope_of(walk));
    if (callee[0] != '\0') {
        struct passing passing = {walk, callee, 0};

        syntax_children(syntax_field(node, "arguments"), add_pass, &passing);
    }
    if (py_is_interesting(callee) && may_add(walk)) {
        struct py_call *call = py_call_of(&walk->source, node, callee);

        if (ts_node_start_byte(node) == walk->value_at) {
            call->target = walk->value_target;
        }
        call->on = value_before(walk, syntax_field(node, "function"));
        call->decorates = decorates;
        call->is_asked = strcmp(py_last(callee), "StaticFiles") == 0 && py_is_asked(walk, node);
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
    value = py_value_of(&walk->source, node);
    if (value.kind == PY_ENV) {
        add_env(walk, node, value);
    }
}

/* A variable with what stands in for it: A or B, A if C else B. */
static void add_choice(struct walk *walk, TSNode node) {
    struct py_value value = py_value_of(&walk->source, node);

    if (value.kind == PY_ENV && value.otherwise != NULL &&
        walk->env_done_at != ts_node_start_byte(node)) {
        add_env(walk, node, value);
    }
}

static void enter_or(struct walk *walk, TSNode node) {
    py_enter_operand(walk, syntax_field(node, "left"));
    add_choice(walk, node);
}

static void enter_conditional(struct walk *walk, TSNode node) {
    py_enter_if(walk, node);
    add_choice(walk, node);
}

static void add_field(struct walk *walk, TSNode node, const char *name, struct py_value value) {
    struct frame *frame = frame_of(walk);
    TSNode type = syntax_field(node, "type");

    if (may_add(walk)) {
        struct py_field *field = ARENA_NEW(walk->source.arena, struct py_field);

        *field =
            (struct py_field){.name = name,
                              .type = ts_node_is_null(type) ? "" : py_text(&walk->source, type),
                              .value = value,
                              .line = syntax_line(node)};
        *frame->fields = field;
        frame->fields = &field->next;
    }
}

static void enter_assignment(struct walk *walk, TSNode node) {
    TSNode left = syntax_field(node, "left");
    TSNode right = syntax_field(node, "right");
    const char *name = py_dotted(&walk->source, left);
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
        value = py_value_of(&walk->source, right);
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
    bool is_guarded;
};

static void import_name(void *ctx, TSNode child) {
    struct importing *importing = ctx;
    struct walk *walk = importing->walk;
    const bool is_alias = syntax_is(child, "aliased_import");
    const char *name = NULL;
    const char *as = is_alias ? py_text(&walk->source, syntax_field(child, "alias")) : NULL;

    if (importing->is_from && !importing->is_past_module) {
        importing->is_past_module = true; /* the first named child is the module itself */
        return;
    }
    if (syntax_is(child, "comment")) {
        return;
    }
    name = syntax_is(child, "wildcard_import")
               ? "*"
               : py_text(&walk->source, is_alias ? syntax_field(child, "name") : child);
    FACT_ADD(walk, imports, struct py_import,
             .module = importing->is_from ? importing->module : name, .level = importing->level,
             .name = importing->is_from ? name : NULL, .as = as,
             .line = syntax_line(importing->statement), .scope = scope_of(walk),
             .is_guarded = importing->is_guarded);
    if (importing->level == 0 && !importing->is_guarded) {
        py_need_minor(walk, importing->statement,
                      py_minor_of(importing->is_from ? importing->module : name, name));
    }
}

static void enter_import(struct walk *walk, TSNode node) {
    struct importing importing = {
        .walk = walk, .statement = node, .module = "", .is_guarded = py_is_guarded(walk, node)};
    TSNode module = syntax_field(node, "module_name");

    importing.is_from = syntax_is(node, "import_from_statement");
    if (syntax_is(module, "relative_import")) {
        TSNode name = syntax_child(module, "dotted_name");

        importing.level =
            (int)syntax_text(walk->source.syntax, syntax_child(module, "import_prefix")).len;
        importing.module = ts_node_is_null(name) ? "" : py_text(&walk->source, name);
    } else if (!ts_node_is_null(module)) {
        importing.module = py_text(&walk->source, module);
    }
    syntax_children(node, import_name, &importing);
}

/* What a function gives is kept like an assignment to PY_RETURN. */
static void enter_return(struct walk *walk, TSNode node) {
    struct py_value value = py_value_of(&walk->source, ts_node_named_child(node, 0));

    if (value.kind == PY_TEMPLATE || value.kind == PY_CALL || value.kind == PY_ENV) {
        FACT_ADD(walk, assigns, struct py_assign, .name = PY_RETURN, .value = value,
                 .line = syntax_line(node), .scope = scope_of(walk));
    }
}

static void enter_while(struct walk *walk, TSNode node) {
    TSNode condition = syntax_field(node, "condition");

    if (syntax_is(condition, "true") || syntax_is_text(walk->source.syntax, condition, "1")) {
        FACT_ADD(walk, loops, struct py_name, .name = "", .line = syntax_line(node),
                 .scope = scope_of(walk));
    }
}

static void enter_match(struct walk *walk, TSNode node) { py_need_minor(walk, node, 10); }

static void enter_except_star(struct walk *walk, TSNode node) { py_need_minor(walk, node, 11); }

/* type X = …, def f[T](), class C[T]: PEP 695 */
static void enter_type(struct walk *walk, TSNode node) { py_need_minor(walk, node, 12); }

struct counting {
    const struct py_source *source;
    const char *params[PY_PARAMS_MAX];
    size_t n;
    int required;
};

static void count_param(void *ctx, TSNode child) {
    struct counting *counting = ctx;
    TSNode typed = ts_node_named_child(child, 0);
    TSNode name = syntax_is(child, "identifier")        ? child
                  : syntax_is(child, "typed_parameter") ? typed
                                                        : syntax_field(child, "name");

    if (!syntax_is(name, "identifier")) {
        return; /* *args and the like */
    }
    counting->required += syntax_is(child, "identifier") || syntax_is(child, "typed_parameter");
    if (counting->n < PY_PARAMS_MAX) {
        counting->params[counting->n++] = py_text(counting->source, name);
    }
}

/* def f(prefix="/api"): a parameter has its default until somebody gives another value. */
static void assign_default(void *ctx, TSNode child) {
    struct walk *walk = ctx;

    if (syntax_is(child, "default_parameter") || syntax_is(child, "typed_default_parameter")) {
        FACT_ADD(walk, assigns, struct py_assign,
                 .name = py_dotted(&walk->source, syntax_field(child, "name")),
                 .value = py_value_of(&walk->source, syntax_field(child, "value")),
                 .line = syntax_line(child), .scope = scope_of(walk));
    }
}

static void push_function(struct walk *walk, TSNode node) {
    struct py_class *class_ = frame_of(walk)->class_;
    struct counting counting = {.source = &walk->source};

    syntax_children(syntax_field(node, "parameters"), count_param, &counting);
    if (!ts_node_is_null(syntax_field(node, "type_parameters"))) {
        enter_type(walk, node);
    }
    FACT_ADD(
        walk, functions, struct py_function,
        .name = py_text(&walk->source, syntax_field(node, "name")),
        .class_name = class_ == NULL ? NULL : class_->name, .parent = scope_of(walk),
        .line = syntax_line(node), .required_params = counting.required,
        .params = {counting.params[0], counting.params[1], counting.params[2], counting.params[3]});
    push_frame(walk, (struct frame){.scope = walk->module->function_n++});
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
        basing->class_->bases[basing->n++] = py_dotted(&basing->walk->source, child);
    }
}

static void push_class(struct walk *walk, TSNode node) {
    struct py_class *class_ = ARENA_NEW(walk->source.arena, struct py_class);
    struct basing basing = {walk, class_, 0};
    TSNode bases = syntax_field(node, "superclasses");

    class_->name = py_text(&walk->source, syntax_field(node, "name"));
    if (!ts_node_is_null(syntax_field(node, "type_parameters"))) {
        enter_type(walk, node);
    }
    class_->outer = frame_of(walk)->class_;
    class_->line = syntax_line(node);
    if (!ts_node_is_null(bases)) {
        syntax_children(bases, add_base, &basing);
        class_->args = py_args_of(&walk->source, bases, &class_->arg_n);
    }
    *walk->classes = class_;
    walk->classes = &class_->next;
    push_frame(
        walk, (struct frame){.scope = scope_of(walk), .class_ = class_, .fields = &class_->fields});
}

static void enter_decorated(struct walk *walk, TSNode node) {
    TSNode definition = syntax_field(node, "definition");
    TSNode decorator = ts_node_named_child(node, 0);
    uint32_t n = ts_node_named_child_count(node);

    if (!syntax_is(definition, "function_definition")) {
        return;
    }
    for (uint32_t i = 0; i < n && i < PY_DECORATORS_MAX; i++) {
        decorator = ts_node_named_child(node, i);
        if (syntax_is(decorator, "decorator") &&
            syntax_is(ts_node_named_child(decorator, 0), "call")) {
            enter_call(walk, ts_node_named_child(decorator, 0), walk->module->function_n);
        }
    }
}

static void enter_string(struct walk *walk, TSNode node) {
    struct str text = syntax_text(walk->source.syntax, node);

    for (size_t i = 0; i < ARRAY_N(url_schemes); i++) {
        if (str_starts(text, str_from(url_schemes[i]))) {
            FACT_ADD(walk, urls, struct py_name, .name = py_text(&walk->source, node),
                     .line = syntax_line(node), .scope = scope_of(walk));
            return;
        }
    }
}

/* f(password="…"): the name alone is kept. */
static void enter_keyword(struct walk *walk, TSNode node) {
    static const char *const words[] = {"password", "secret_key", "secret", "api_key", "passwd"};
    struct str name = syntax_text(walk->source.syntax, syntax_field(node, "name"));
    TSNode value = syntax_field(node, "value");

    for (size_t i = 0; syntax_is(value, "string") && i < ARRAY_N(words); i++) {
        if (str_eq_nocase(name, str_from(words[i])) &&
            syntax_text(walk->source.syntax, value).len > PY_SECRET_MIN &&
            ts_node_is_null(syntax_child(value, "interpolation"))) {
            FACT_ADD(walk, given, struct py_name, .name = words[i], .line = syntax_line(node),
                     .scope = scope_of(walk));
        }
    }
}

static bool is_definition(TSNode node) {
    return syntax_is(node, "function_definition") || syntax_is(node, "class_definition");
}

static void enter_plain_call(struct walk *walk, TSNode node) { enter_call(walk, node, -1); }

/* clang-format off */
static const struct {
    const char *type;
    void (*enter)(struct walk *walk, TSNode node); /* NULL: nothing to note */
    bool goes_below;
} entries[] = {
    { "call",                  enter_plain_call, true },
    { "assignment",            enter_assignment, true },
    { "subscript",             enter_subscript,  true },
    { "boolean_operator",      enter_or,         true },
    { "string_content",        enter_string,     true },
    { "keyword_argument",      enter_keyword,    true },
    { "import_statement",      enter_import,     false },
    { "import_from_statement", enter_import,     false },
    { "decorated_definition",  enter_decorated,  true },
    { "decorator",             NULL,             false }, /* was read with what it decorates */
    { "function_definition",   push_function,    true },
    { "class_definition",      push_class,       true },
    { "if_statement",          py_enter_if,      true },
    { "elif_clause",           py_enter_if,      true },
    { "conditional_expression", enter_conditional, true },
    { "assert_statement",      py_enter_assert,  true },
    { "return_statement",      enter_return,     true },
    { "while_statement",       enter_while,      true },
    { "match_statement",       enter_match,      true },
    { "except_clause",         py_enter_except,  true },
    { "except_group_clause",   enter_except_star, true },
    { "type_alias_statement",  enter_type,       true },
};
/* clang-format on */

static bool py_enter(void *ctx, TSNode node) {
    struct walk *walk = ctx;
    const char *type = ts_node_type(node);

    if (walk->depth + 2 >= PY_STACK_MAX) {
        walk->unpushed += is_definition(node);
        return false;
    }
    if (strcmp(type, "if_statement") == 0 && py_is_main_guard(walk, node)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(entries); i++) {
        if (strcmp(type, entries[i].type) == 0) {
            if (entries[i].enter != NULL) {
                entries[i].enter(walk, node);
            }
            return entries[i].goes_below;
        }
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
        pop_frame(walk);
    }
}

enum err_code py_read(struct syntax_parser *parser, struct arena *arena, const char *path,
                      struct str text, struct py_module *out, struct err *err) {
    struct syntax syntax = {0};
    struct walk walk = {.module = out, .source = {&syntax, arena, out, PY_MODULE_SCOPE}};
    const struct syntax_visitor visitor = {py_enter, py_leave, &walk};

    if (syntax_parse(parser, SYNTAX_PYTHON, text, &syntax, err) != ERR_NONE) {
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
    walk.tested = &out->tested;
    walk.loops = &out->loops;
    walk.passes = &out->passes;
    walk.given = &out->given;
    walk.urls = &out->urls;
    walk.stack[0].scope = PY_MODULE_SCOPE;
    walk.value_at = walk.store_at = walk.env_done_at = UINT32_MAX;
    syntax_walk(syntax_root(&syntax), &visitor);
    out->broken_line = syntax_broken_line(&syntax);
    syntax_done(&syntax);
    return ERR_NONE;
}
