/* repo/python_names.h: the names of Python's standard library and of packages. Pure tables. */
#pragma once

#include "base/str.h"

enum { PYTHON_NAME_MAX = 101 };

/* Whether the first part of a dotted module belongs to the standard library. */
bool python_is_standard(const char *module);

/* The normal form of PEP 503 of the name at the start of `name`, cut to PYTHON_NAME_MAX - 1. */
void python_normal_name(struct str name, char out[PYTHON_NAME_MAX]);

/* The packages that give a module and are not called like it, by number; NULL behind the last. */
const char *python_package_of(const char *module, size_t i);

/* The packages that bring `package` along, by number; NULL behind the last. */
const char *python_companion_of(const char *package, size_t i);

/* The package that taking `name` from `module` needs beside it, or NULL. */
const char *python_implied_by(const char *module, const char *name);
