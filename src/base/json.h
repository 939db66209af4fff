/* base/json.h: what the program adds to jansson: cleanup, paths, canonical bytes, small schemas.
 *
 * Numbers are integers or IEEE doubles; duplicate keys and NUL in strings are refused on reading.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/hash.h"

/* CLEANUP(json_decrefp) is jansson's own. */

/* Parses one whole JSON text. The caller decrefs. Errors: ERR_INVALID (with line and column).
 * Depth is bounded by jansson (2048); bytes by the caller. */
MUST_CHECK enum err_code json_read(struct str text, json_t **out, struct err *err);

/* Appends canonical bytes: compact, keys sorted, UTF-8. Equal values give equal bytes. */
void json_add(struct buf *out, const json_t *json);

/* Canonical bytes as a heap string, the caller's to free(). */
char *json_text(const json_t *json);

/* SHA-256 over the canonical bytes. */
struct sha256 json_hash(const json_t *json);

/* Members by a dotted path such as "result.url"; no error when something is absent. */
json_t *json_at(const json_t *json, const char *path);         /* borrowed, or NULL */
const char *json_str_at(const json_t *json, const char *path); /* borrowed, or NULL */
const char *json_str_or(const json_t *json, const char *path, const char *otherwise);
int64_t json_int_or(const json_t *json, const char *path, int64_t otherwise);
bool json_bool_at(const json_t *json, const char *path); /* false when absent */

/* Appends the strings of an array, ", " between them. */
void json_add_list(struct buf *out, const json_t *texts);

/* Whether the array holds the string `text`; what is no string counts for nothing. */
bool json_has_str(const json_t *array, const char *text);

/* The first object of the array whose member `key` is the string `value`; borrowed, or NULL. */
json_t *json_row(const json_t *array, const char *key, const char *value);

/* A JSON string of any bytes: those that are not UTF-8 become U+FFFD. The caller decrefs. */
json_t *json_string_of(struct str value);

/* Sets a string member, or removes the member when `value` is NULL. */
void json_put_str(json_t *object, const char *key, const char *value);
void json_put_strn(json_t *object, const char *key, struct str value);
void json_put_int(json_t *object, const char *key, int64_t value);
void json_put_bool(json_t *object, const char *key, bool value);
/* Sets a member, taking over the reference of `value`. */
void json_put(json_t *object, const char *key, json_t *value);

/* One member of an object's schema. A list of them ends with {0}. */
enum json_kind { JSON_ANY, JSON_TEXT, JSON_COUNT, JSON_FLAG, JSON_MAP, JSON_LIST };
struct json_field {
    const char *name;
    enum json_kind kind;
    bool is_optional;
};

/* Checks that `object` is an object with every required member, each of its kind, and no others.
 * Errors: ERR_INVALID naming the member. */
MUST_CHECK enum err_code json_check(const json_t *object, const struct json_field *fields,
                                    struct err *err);
