/* repo/env_name.h: what the name of a variable says. Pure. */
#pragma once

#include <stdbool.h>

/* Whether a variable of this name holds a secret: API_KEY, DB_PASSWORD and their kind. */
bool env_is_secret(const char *name);
