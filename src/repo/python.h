/* repo/python.h: the facts of one Python module, taken from its syntax tree in one walk.
 *
 * Facts are what was written, not what it means: imports, functions, classes, assignments, the
 * calls that may matter, and reads of the environment. app.c and its neighbours draw
 * conclusions. All text lives in the arena given to py_read(); the source text may go away after
 * it.
 */
#pragma once

#include "base/arena.h"
#include "repo/syntax.h"

enum py_kind {
    PY_ABSENT,
    PY_STRING,   /* text: its content */
    PY_TEMPLATE, /* text: content with {dotted.name} where another value goes in */
    PY_NUMBER,   /* text: as written */
    PY_TRUE,
    PY_FALSE,
    PY_NONE,
    PY_NAME, /* text: dotted name */
    PY_CALL, /* call */
    PY_ENV,  /* text: name of an environment variable; call: how it is read, or NULL for [] */
    PY_OTHER
};

struct py_value {
    enum py_kind kind;
    const char *text; /* never NULL */
    const struct py_call *call;
    const struct py_value *otherwise; /* PY_ENV: the value when it is not set; NULL: none given */
};

struct py_arg {
    const char *name; /* NULL: by position */
    struct py_value value;
};

enum { PY_MODULE_SCOPE = -1 };

struct py_call {
    const char *callee; /* dotted */
    const char *target; /* the name that the result is assigned to, or NULL */
    const struct py_arg *args;
    size_t arg_n;
    struct py_value on; /* what stands before the last dot when it is a call: Path("x").mkdir() */
    int line;
    int scope;     /* index of the function it stands in, or PY_MODULE_SCOPE */
    bool is_asked; /* StaticFiles(): only when a condition found the folder */
    int decorates; /* index of the function that it decorates, or -1 */
    const struct py_call *next;
};

struct py_import {
    const char *module; /* dotted; "" for "from . import x" */
    int level;          /* dots before it */
    const char *name;   /* what is taken from the module; NULL: the module itself; "*" */
    const char *as;     /* the local name, or NULL */
    int line;
    int scope;
    bool is_guarded; /* its failure is expected, or it is for type checkers only */
    const struct py_import *next;
};

enum { PY_PARAMS_MAX = 4 };

struct py_function {
    const char *name;
    const char *class_name; /* or NULL */
    int parent;             /* scope */
    int line;
    int required_params;
    const char *params[PY_PARAMS_MAX]; /* the first names; NULL behind the last */
    const struct py_function *next;
};

struct py_field {
    const char *name;
    const char *type; /* as written; "" when not annotated */
    struct py_value value;
    int line;
    const struct py_field *next;
};

struct py_class {
    const char *name;
    const char *bases[4];      /* dotted; NULL behind the last */
    const struct py_arg *args; /* by name, in the head */
    size_t arg_n;
    const struct py_class *outer; /* the class it stands in, or NULL */
    const struct py_field *fields;
    int line;
    const struct py_class *next;
};

#define PY_RETURN "return" /* no name in Python: what a function gives */

struct py_assign {
    const char *name; /* may be dotted */
    struct py_value value;
    int line;
    int scope;
    const struct py_assign *next;
};

struct py_env {
    const char *name;
    const struct py_value *otherwise; /* NULL: none */
    bool is_required;                 /* reading it raises when it is not set */
    const char *target;               /* the name it is assigned to, or NULL */
    int line;
    int scope;
    const struct py_env *next;
};

struct py_pass { /* f(app): an application or a router is handed to a function */
    const char *callee;
    const char *name;
    int position;
    int scope;
    const struct py_pass *next;
};

struct py_name { /* one name at one place */
    const char *name;
    int line;
    int scope;
    const struct py_name *next;
};

/* Lists are in the order of the file. */
struct py_module {
    const char *path;
    const struct py_import *imports;
    const struct py_function *functions;
    const struct py_class *classes;
    const struct py_assign *assigns;
    const struct py_call *calls;  /* those whose last word is in the table of python.c */
    const struct py_name *runs;   /* the callee of every call */
    const struct py_pass *passes; /* of names that applications and routers have */
    const struct py_name *given;  /* secret words that are given a literal: f(password="x") */
    const struct py_env *envs;
    const struct py_name *checked; /* names that raise when empty: if not NAME: raise */
    const struct py_name *loops;   /* while True, by scope; the name is "" */
    const struct py_name *tested;  /* names in other conditions: they may be empty */
    const struct py_name *urls;    /* strings such as "postgresql://…" */
    int function_n;
    int minor;       /* of Python 3, that the syntax and the standard library need; 0: any */
    int minor_line;  /* and where */
    int broken_line; /* the first place that does not parse; 0: none */
};

/* Reads `text`. Errors: those of syntax_parse(). */
MUST_CHECK enum err_code py_read(struct syntax_parser *parser, struct arena *arena,
                                 const char *path, struct str text, struct py_module *out,
                                 struct err *err);

/* The last word of a dotted name. Borrows. */
const char *py_last(const char *dotted);

/* The argument called `name`, or the one at `position` (from 0; -1: by name only); PY_ABSENT. */
struct py_value py_arg(const struct py_call *call, const char *name, int position);

/* The function of index `scope`, or NULL. */
const struct py_function *py_function_at(const struct py_module *module, int scope);
