/* model/schema_files.h: the texts of schemas/, embedded. For schema.c. */
#pragma once

#include "base/str.h"

extern const struct str schema_understand, schema_explain, schema_answers, schema_concern,
    schema_words, schema_report;
