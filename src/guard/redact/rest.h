/* guard/redact/rest.h: what follows a value without quotes on its line and is no part of it: the
 * next member of a list of settings, a comment, and the command that the value is set for. */
#pragma once

#include "guard/redact/name.h"

/* Where the value [from, to) ends before the next member of a list of settings, as in
 * "Password=VALUE;Database=shop", "password=VALUE&user=app" and "a.password=VALUE,replicas=2", or
 * before the end tag of an element; `to` when all of it is the value. A constant's ends at ; only.
 */
size_t rest_of_list(const struct scan *scan, const struct name *name, size_t from, size_t to);

/* The same before a comment, "NAME: VALUE # of the team", and before the command of a shell that
 * the variable is set for, "NAME=VALUE psql -h db": of a value that goes to the end of its line. */
size_t rest_of_line(const struct scan *scan, const struct name *name, size_t from, size_t to);
