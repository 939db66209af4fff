/* guard/redact/setter.h: words before a name that make the next word its value, without a sign. */
#pragma once

#include "guard/redact/name.h"

/* Whether the words before `name` on its line set it: "git config NAME VALUE", "ENV NAME VALUE",
 * "proxy_set_header NAME VALUE". */
bool setter_sets(const struct scan *scan, const struct name *name);
