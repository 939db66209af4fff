/* repo/lock_hash.h: whether a lock was made of its manifest, by the digest that it keeps. Pure. */
#pragma once

#include "base/json.h"

/* `project` is pyproject.toml, `wanted` the lock's metadata.content-hash, of Poetry 1 or 2. */
bool lock_fits_poetry(const json_t *project, const char *wanted);

/* The Pipfile and the whole Pipfile.lock. */
bool lock_fits_pipenv(const json_t *pipfile, const json_t *lock);
