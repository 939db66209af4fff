/* repo/toml.h: reads TOML into JSON: tables are objects, dates are strings. Source: toml.io 1.0. */
#pragma once

#include "base/json.h"
#include "repo/syntax.h"

/* What does not parse is left out; `*broken_line` is its first line, 0 when all parses. The caller
 * decrefs. Errors: those of syntax_parse(). */
MUST_CHECK enum err_code toml_read(struct syntax_parser *parser, struct str text, json_t **out,
                                   int *broken_line, struct err *err);
