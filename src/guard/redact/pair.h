/* guard/redact/pair.h: a name of a secret and its value that stand apart. */
#pragma once

#include "guard/redact/name.h"

/* Whether a key, in letters of any case, is the label of a name, ... */
bool pair_is_name_label(struct str key);

/* ... or that of a value. */
bool pair_is_value_label(struct str key);

/* Masks the value of a name that is itself the value of a label: "name": "NAME", "value": "VALUE".
 * `after`: behind the name and what closes it. Where the text ends before the value, the lines
 * after it are looked at. Returns where it ends, or 0. */
size_t pair_after(struct scan *scan, const struct name *name, size_t after);

/* Masks the value of a label that stands before the one of its name, in one object: {"value":
 * "VALUE", "name": "NAME"}. Returns where it ends, or 0. */
size_t pair_before(struct scan *scan, const struct name *label);

/* Masks what the objects of a list, the first of which begins at `at`, have under "value": of
 * cookies. Returns where they end, or 0 when there are none. */
size_t pair_objects(struct scan *scan, const struct name *name, size_t at);

/* Masks the value of a secret's name that goes on below: what stands at `at` is the backslash that
 * ends the line, or the << of a here-document. Returns where the name ends, or 0. */
size_t pair_continued(struct scan *scan, const struct name *name, size_t at);

/* Masks what a string that begins at `from` and ends on another line has on the lines below, where
 * it is one long word on each, as keys in an .env file are. */
void pair_open(struct scan *scan, const struct name *name, size_t from);

/* Masks what stands below a secret's name whose line ends with a colon: what a tree that is drawn
 * hangs there, and what follows a line of dashes. Returns where the name ends, or 0 when its line
 * is none of a tree. */
size_t pair_below(struct scan *scan, const struct name *name);

/* Looks for the value on a line after the name. */
void pair_line(struct scan *scan, struct carry *carry);
