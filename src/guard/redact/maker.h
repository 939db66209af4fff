/* guard/redact/maker.h: opens `struct masked` to its one maker, redact.c; checked by
 * scripts/check-masked. */
#pragma once

#define REDACT_MAKER
#include "guard/redact/redact.h"
