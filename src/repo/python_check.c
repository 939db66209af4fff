/* What conditions in a Python file say: names that must be there, names that are looked at before
 * they are used, and places whose failure is expected. And which syntax needs a newer Python. */
#include "repo/python_walk.h"

#include <string.h>

struct naming {
    struct walk *walk;
    const struct py_name ***tail; /* of the list that takes the names */
};

static bool name_enter(void *ctx, TSNode node) {
    struct naming *naming = ctx;
    struct walk *walk = naming->walk;

    if (!syntax_is(node, "identifier") && !syntax_is(node, "attribute")) {
        return true;
    }
    if (may_add(walk)) {
        struct py_name *name = ARENA_NEW(walk->source.arena, struct py_name);

        name->name = py_dotted(&walk->source, node);
        name->line = syntax_line(node);
        name->scope = scope_of(walk);
        **naming->tail = name;
        *naming->tail = &name->next;
    }
    return false;
}

static void add_names(struct walk *walk, TSNode condition, const struct py_name ***tail) {
    struct naming naming = {walk, tail};
    const struct syntax_visitor visitor = {.enter = name_enter, .ctx = &naming};

    syntax_walk(condition, &visitor);
}

struct ending {
    const struct walk *walk;
    bool is_found;
};

static bool end_enter(void *ctx, TSNode node) {
    struct ending *ending = ctx;

    if (syntax_is(node, "raise_statement")) {
        ending->is_found = true;
    } else if (syntax_is(node, "call")) {
        struct str callee =
            syntax_text(ending->walk->source.syntax, syntax_field(node, "function"));

        ending->is_found = ending->is_found || str_eq(callee, STR("sys.exit")) ||
                           str_eq(callee, STR("exit")) || str_eq(callee, STR("quit"));
    }
    return !ending->is_found && !syntax_is(node, "function_definition");
}

/* Whether what follows a condition ends the program, or what it was called for. */
static bool is_ending(const struct walk *walk, TSNode node) {
    struct ending ending = {.walk = walk};
    const struct syntax_visitor visitor = {.enter = end_enter, .ctx = &ending};

    syntax_walk(node, &visitor);
    return ending.is_found;
}

/* What the condition reads must be there. */
static void must(struct walk *walk, TSNode condition) {
    add_names(walk, condition, &walk->checked);
    walk->must_from = ts_node_start_byte(condition);
    walk->must_to = ts_node_end_byte(condition);
}

/* if not NAME: raise …  and  if NAME is None: raise …; any other condition only looks. */
void py_enter_if(struct walk *walk, TSNode node) {
    TSNode condition = syntax_field(node, "condition");
    struct str text = syntax_text(walk->source.syntax, condition);
    const bool is_negated = str_starts(text, STR("not ")) || str_find(text, STR("or not ")) >= 0 ||
                            str_find(text, STR("(not ")) >= 0 ||
                            str_find(text, STR(" is None")) >= 0;

    if (ts_node_is_null(condition)) {
        condition = ts_node_named_child(node, 1); /* x if CONDITION else y */
    }
    if (is_negated && is_ending(walk, syntax_field(node, "consequence"))) {
        must(walk, condition);
    } else {
        add_names(walk, condition, &walk->tested);
    }
}

void py_enter_assert(struct walk *walk, TSNode node) { must(walk, ts_node_named_child(node, 0)); }

/* What stands before "or" and "and" may be empty. */
void py_enter_operand(struct walk *walk, TSNode node) { add_names(walk, node, &walk->tested); }

/* if __name__ == "__main__": does not run when the module is imported. */
bool py_is_main_guard(const struct walk *walk, TSNode node) {
    struct str text = syntax_text(walk->source.syntax, syntax_field(node, "condition"));

    return str_starts(text, STR("__name__")) && str_find(text, STR("__main__")) > 0;
}

/* Whether the try statement catches what a missing module, key or name raises. */
static bool is_catching(const struct walk *walk, TSNode node) {
    static const char *const words[] = {"ImportError", "ModuleNotFoundError", "KeyError",
                                        "Exception"};
    TSNode clause = syntax_child(node, "except_clause");
    struct str text = syntax_text(walk->source.syntax, clause);

    text = str_slice(text, 0, 200);
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (str_find(text, str_from(words[i])) >= 0) {
            return true;
        }
    }
    return str_starts(text, STR("except:"));
}

bool py_is_guarded(const struct walk *walk, TSNode node) {
    for (TSNode at = ts_node_parent(node); !ts_node_is_null(at); at = ts_node_parent(at)) {
        const bool is_if = syntax_is(at, "if_statement");

        if (syntax_is(at, "function_definition") || syntax_is(at, "class_definition")) {
            return false;
        }
        if (is_if && str_find(syntax_text(walk->source.syntax, syntax_field(at, "condition")),
                              STR("TYPE_CHECKING")) >= 0) {
            return true;
        }
        if (syntax_is(at, "try_statement") && is_catching(walk, at)) {
            return true;
        }
    }
    return false;
}

/* except A, B: without brackets, PEP 758. */
void py_enter_except(struct walk *walk, TSNode node) {
    struct str text = syntax_text(walk->source.syntax, node);
    ptrdiff_t colon = str_find(text, STR(":"));
    struct str head = str_slice(text, 0, colon < 0 ? 0 : (size_t)colon);

    if (str_find(head, STR(",")) > 0 && str_find(head, STR("(")) < 0) {
        py_need_minor(walk, node, 14);
    }
}

int py_minor_of(const char *module, const char *name) {
    static const struct {
        const char *module;
        const char *name; /* NULL: the module itself */
        int minor;
    } rows[] = {
        {"tomllib", NULL, 11},           {"datetime", "UTC", 11},
        {"enum", "StrEnum", 11},         {"enum", "ReprEnum", 11},
        {"typing", "Self", 11},          {"typing", "LiteralString", 11},
        {"typing", "Never", 11},         {"typing", "assert_never", 11},
        {"typing", "NotRequired", 11},   {"typing", "Required", 11},
        {"typing", "Unpack", 11},        {"typing", "TypeVarTuple", 11},
        {"typing", "reveal_type", 11},   {"asyncio", "TaskGroup", 11},
        {"asyncio", "Runner", 11},       {"typing", "override", 12},
        {"typing", "TypeAliasType", 12}, {"itertools", "batched", 12},
        {"warnings", "deprecated", 13},  {"typing", "TypeIs", 13},
        {"typing", "ReadOnly", 13},      {"copy", "replace", 13},
        {"annotationlib", NULL, 14},     {"string", "templatelib", 14},
    };

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (strcmp(module, rows[i].module) == 0 &&
            (rows[i].name == NULL || strcmp(name, rows[i].name) == 0)) {
            return rows[i].minor;
        }
    }
    return 0;
}

bool py_is_asked(const struct walk *walk, TSNode node) {
    for (TSNode at = ts_node_parent(node); !ts_node_is_null(at); at = ts_node_parent(at)) {
        struct str condition = syntax_is(at, "if_statement")
                                   ? syntax_text(walk->source.syntax, syntax_field(at, "condition"))
                                   : (struct str){0};

        if (syntax_is(at, "try_statement") || str_find(condition, STR("exist")) >= 0 ||
            str_find(condition, STR("is_dir")) >= 0 || str_find(condition, STR("isdir")) >= 0) {
            return true;
        }
    }
    return false;
}

void py_need_minor(struct walk *walk, TSNode node, int minor) {
    if (minor > walk->module->minor) {
        walk->module->minor = minor;
        walk->module->minor_line = syntax_line(node);
    }
}

/* --- for name in NAMES: os.getenv(name) --- */

/* The list that a name was given at the start of the file; a null node when it is none. */
static TSNode listed_as(const struct walk *walk, struct str name) {
    TSTreeCursor cursor = ts_tree_cursor_new(syntax_root(walk->source.syntax));
    TSNode found = {0};
    bool is_more = ts_tree_cursor_goto_first_child(&cursor);

    for (int i = 0; is_more && i < PY_FACTS_MAX; i++) {
        TSNode statement = ts_tree_cursor_current_node(&cursor);
        TSNode assignment = syntax_child(statement, "assignment");

        if (syntax_is(statement, "expression_statement") &&
            str_eq(syntax_text(walk->source.syntax, syntax_field(assignment, "left")), name)) {
            found = syntax_field(assignment, "right");
        }
        is_more = ts_tree_cursor_goto_next_sibling(&cursor);
    }
    ts_tree_cursor_delete(&cursor);
    return found;
}

/* The for that gives `name` its values, around the node; a null node when there is none. */
static TSNode loop_of(const struct walk *walk, TSNode node, struct str name) {
    for (TSNode at = ts_node_parent(node); !ts_node_is_null(at); at = ts_node_parent(at)) {
        TSNode loop = syntax_is(at, "for_statement") ? at : syntax_child(at, "for_in_clause");

        if (!ts_node_is_null(loop) &&
            str_eq(syntax_text(walk->source.syntax, syntax_field(loop, "left")), name)) {
            return loop;
        }
        if (syntax_is(at, "function_definition")) {
            break;
        }
    }
    return (TSNode){0};
}

/* Whether the node stands in a condition that holds when it is empty. */
static bool is_refused(TSNode node) {
    bool is_negated = false;

    for (TSNode at = node; !ts_node_is_null(at) && !syntax_is(at, "block");
         at = ts_node_parent(at)) {
        TSNode parent = ts_node_parent(at);

        is_negated = is_negated || syntax_is(at, "not_operator") ||
                     syntax_is(at, "comparison_operator"); /* is None */
        if (syntax_is(at, "if_clause") || (syntax_is(parent, "if_statement") &&
                                           ts_node_eq(syntax_field(parent, "condition"), at))) {
            return is_negated;
        }
    }
    return false;
}

TSNode py_looped_list(const struct walk *walk, TSNode call, bool *is_required) {
    TSNode arg = ts_node_named_child(syntax_field(call, "arguments"), 0);
    TSNode loop = syntax_is(arg, "identifier")
                      ? loop_of(walk, call, syntax_text(walk->source.syntax, arg))
                      : (TSNode){0};
    TSNode list = syntax_field(loop, "right");

    if (syntax_is(list, "identifier")) {
        list = listed_as(walk, syntax_text(walk->source.syntax, list));
    }
    *is_required = is_refused(call);
    return syntax_is(list, "list") || syntax_is(list, "tuple") || syntax_is(list, "set")
               ? list
               : (TSNode){0};
}
