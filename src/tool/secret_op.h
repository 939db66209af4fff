/* tool/secret_op.h: what is stored or removed of an application's secrets, as planner, reviewer and
 * operation see it: names and versions, never values. */
#pragma once

#include "base/json.h"

/* What a yes is about: SHA-256 over canonical JSON of `path` ("/depl/todo/dev") and `rows`, an
 * array of {"name": whole, "version": before; 0 where it is new}. */
struct sha256_hex secret_op_digest(const char *path, const json_t *rows);

/* The variable behind a whole name: "SECRET_KEY" of "/depl/todo/dev/SECRET_KEY". Borrowed. */
const char *secret_op_variable(const char *name);
