/* guard/redact/key.h: which names are names of secrets. */
#pragma once

#include "base/str.h"

/* Whether a key such as "db_password" or "apiKey" names a secret, by its words. */
bool key_is_secret(struct str key);

/* Whether a key such as "secrets" or "api_tokens" names several, as a map or a list of strings. */
bool key_is_of_secrets(struct str key);

/* Whether a key such as "cookies" or "req.cookies" names cookies by their names. */
bool key_is_of_cookies(struct str key);

/* Whether the "key" of a section of settings signs or encrypts, by the section's name: "Jwt",
 * "JwtSettings". */
bool key_section_signs(struct str section);

/* Whether a word before "key" makes a secret of it: API key, access key. */
bool key_opens(struct str word);

/* Whether a key such as "token_url" names a place, and `value` is one without a secret in its path
 * that its key would tell: rules look into it. */
bool key_value_is_place(struct str key, struct str value);

/* Whether a part of a path may be a secret: long, with a digit. */
bool key_path_has_secret(struct str path);

/* Whether the value under a secret's key says nothing: empty, null, a reference such as ${NAME}, a
 * version number, a mask. */
bool key_value_is_harmless(struct str key, struct str value);

/* Whether a key such as "requestId", "etag" or "image_path" says that its value is an id, a digest,
 * a version or a place, which look random and may be seen. */
bool key_is_public(struct str key);
