/* guard/redact/value.h: how far the value after the name of a secret goes. */
#pragma once

#include "guard/redact/name.h"

/* Masks the value that begins at `at`, after the separator; returns where it ends, or 0. */
size_t value_at(struct scan *scan, const struct name *name, size_t at, char separator);

/* Masks [from, to), unless it is no secret or other rules look into it; returns up to where it is
 * done. */
size_t value_add(struct scan *scan, const struct name *name, size_t from, size_t to,
                 enum span_style style);

/* The strings of a list from the one at `at` on; where the last one ends. */
size_t value_strings(struct scan *scan, const struct name *name, size_t at);

/* ["VALUE", 'VALUE'] of code and repr(), which ends on its line, behind its bracket at `at`; 0 when
 * it is none. */
size_t value_list(struct scan *scan, const struct name *name, size_t at);

/* ["NAME=VALUE", ...] of cookies, behind its bracket at `at`; 0 when it is none. */
size_t value_cookie_list(struct scan *scan, const struct name *name, size_t at);

/* Where a word ends, without the punctuation of the sentence or list it stands in. */
size_t value_word_end(const struct scan *scan, const struct name *name, size_t from);

/* Where the line of `from` ends, and no later than a string that the quote before the name opened
 * and a line of a string of JSON. */
size_t value_line_end(const struct scan *scan, const struct name *name, size_t from);

/* Where the three quotes end of which the first is at `at`, escaped ones too; `at` when there are
 * not three. */
size_t value_triple_end(const struct scan *scan, size_t at);

/* How a value without quotes is masked under a name in `quote`. */
enum span_style value_bare_style(const struct scan *scan, char quote, size_t slashes);

/* value_lines.c: "key: |" and "key:" with the value on deeper lines. */
void value_below(struct scan *scan, const struct name *name, enum below below);

/* Masks what of the line [from, to) is the value of a name above that is indented by `indent`;
 * false when the line is none of its lines, or the last. */
bool value_yaml_line(struct scan *scan, size_t from, size_t to, int indent, enum below below);

/* Masks the values in {"NAME": "VALUE", ...} that [from, to), a string, holds and that has no other
 * brackets, but for what tells of the secret or says where it is good; where it ends, or 0 when it
 * is none. */
size_t value_object(struct scan *scan, const struct name *name, size_t from, size_t to);

/* The rest of a value whose brackets were opened before `at`, `depth` of them; where it ends. */
size_t value_nested(struct scan *scan, size_t at, int depth, size_t slashes);

/* Where {"NAME": "VALUE"} that begins at `at` has strings under names, they are masked; other maps
 * in it are left. */
size_t value_map(struct scan *scan, const struct name *name, size_t at);
