/* repo/python_value.h: expressions of Python as values, for the walk in python.c. Not for others.
 */
#pragma once

#include "repo/python.h"

/* Where an expression stands. */
struct py_source {
    const struct syntax *syntax;
    struct arena *arena;
    const struct py_module *module; /* its imports so far */
    int scope;
};

/* Longest text kept of one value, in bytes. */
enum { PY_TEXT_MAX = 2000 };

const char *py_text(const struct py_source *source, TSNode node); /* as written */

/* "a.b.c" of an identifier or attribute; for a call in between, its callee: "Path(x).open" gives
 * "Path.open". "" for anything else. */
const char *py_dotted(const struct py_source *source, TSNode node);

struct py_value py_value_of(const struct py_source *source, TSNode node);
struct py_call *py_call_of(const struct py_source *source, TSNode node, const char *callee);
const struct py_arg *py_args_of(const struct py_source *source, TSNode list, size_t *out_n);

/* Whether a call of `callee` reads a variable: os.getenv and its kin. */
bool py_reads_env(const struct py_source *source, const char *callee);
