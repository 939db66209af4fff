/* repo/python_version.h: constraints on the version of Python. Pure. */
#pragma once

#include <stdbool.h>

/* Whether Python 3.MINOR satisfies a constraint of PEP 440 or of Poetry (^, ~). */
bool python_allows(const char *constraint, int minor);
