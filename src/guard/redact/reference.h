/* guard/redact/reference.h: values under the name of a secret that are none: what says where the
 * secret is, what takes it from there, what a manual or a type calls it, and what became of it. */
#pragma once

#include "base/str.h"

/* Whether `value` under the name `key` only refers to a secret, or tells of it. */
bool reference_is(struct str key, struct str value);

/* Whether it is a command that prints a secret, as a shell has it between backticks: vault read
 * -field=token secret/app. */
bool reference_is_command(struct str value);

/* Whether a password is the variable that holds one: $NAME, ${name}, %NAME%, {name}. */
bool reference_is_variable(struct str value);

/* Whether a member of what stands under the name of a secret tells of it, as "type": "String" and
 * "expiration" do, and its value is short enough to be no token. `key` may be empty. */
bool reference_is_told(struct str key, struct str value);

/* Whether it is what a form says of a field: This field is required. */
bool reference_is_message(struct str value);

/* Whether a member that stands beside a password says what it is good for: "engine", "host". */
bool reference_is_of_login(struct str key, struct str value);
