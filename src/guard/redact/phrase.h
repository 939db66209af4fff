/* guard/redact/phrase.h: passwords in sentences. */
#pragma once

#include "base/str.h"

/* Whether a name ends with a word for what one types in to be let in. */
bool phrase_is_name(struct str name);

/* The password that a sentence tells after the name that ends at `name_to`; empty when it tells
 * none. `*is_whole`: nothing that follows `s` changes that. */
struct str phrase_value(struct str s, size_t name_to, bool *is_whole);
