/* model/schema.h: the forms of answers that the program reads, and the judge of answers.
 *
 * What a model was asked to keep to is checked again here, by the same text that it was sent: a
 * server may ignore it. The words of JSON Schema that may be used are those that strict structured
 * output knows and schema_check() judges: type, properties, required, additionalProperties (false),
 * items, enum, const, anyOf, minimum, maximum, minLength, maxLength (in characters), minItems,
 * maxItems, description. Any other word refuses every answer. Pure.
 * Source: JSON Schema 2020-12, "Validation"; OpenAI, "Structured outputs", supported schemas.
 */
#pragma once

#include "base/json.h"

enum schema {
    SCHEMA_NONE = 0,
#define SCHEMA(id, name, about) SCHEMA_##id,
#include "model/schema.def"
#undef SCHEMA
    SCHEMA_N
};

const char *schema_name(enum schema schema);    /* "understand" */
const char *schema_about(enum schema schema);   /* one phrase, for docs/tables */
enum schema schema_from_name(const char *name); /* SCHEMA_NONE when there is none */
struct str schema_text(enum schema schema);     /* JSON, its members in the order of answers */
json_t *schema_json(enum schema schema);        /* the caller decrefs */

/* Whether `json` keeps to `schema`. Errors: ERR_PROTOCOL naming the place ("fields[2].value"). */
MUST_CHECK enum err_code schema_check(const json_t *schema, const json_t *json, struct err *err);

/* Reads one whole JSON text that keeps to `schema`. The caller decrefs. Errors: ERR_PROTOCOL. */
MUST_CHECK enum err_code schema_read(enum schema schema, struct str text, json_t **out,
                                     struct err *err);
