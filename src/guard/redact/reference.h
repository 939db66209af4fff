/* guard/redact/reference.h: values under the name of a secret that are none: what says where the
 * secret is, what takes it from there, what a manual or a type calls it, and what became of it. */
#pragma once

#include "base/str.h"

/* Whether `value` under the name `key` only refers to a secret, or tells of it. */
bool reference_is(struct str key, struct str value);

/* Whether a password is the variable that holds one: $NAME, ${name}, %NAME%, {name}. */
bool reference_is_variable(struct str value);
