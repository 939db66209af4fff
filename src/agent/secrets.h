/* agent/secrets.h: names and versions of an application's secrets, as the state knows them. */
#pragma once

#include "agent/agent.h"

/* "/depl/todo/dev": where Parameter Store keeps them. The caller frees. */
char *secrets_path(const struct turn *turn);

/* The names that the project file lists and those that a person answered with a secret; a new
 * array, each once. */
json_t *secrets_names(const struct turn *turn);

/* All that the function will find: secrets_names() and what else is stored. New array. */
json_t *secrets_all_names(const struct turn *turn);

/* The row of the variable `name` in the state member "stored", or NULL. Borrowed. */
const json_t *secrets_find(const struct turn *turn, const char *name);

/* 16 hex digits that change with every version of every secret; "" while there is none. Part of the
 * function's configuration, so that a new value makes a new version of it. The caller frees. */
char *secrets_versions(const struct turn *turn);
