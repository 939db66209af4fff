/* store/pack.h: the resting form of a body: compressed when it pays, encrypted when it must be.
 *
 * A byte of flags (1 deflated, 2 encrypted), the plain length as four big-endian bytes when
 * deflated, then the payload. zlib, because every Debian has it and libcurl brings it in anyway; a
 * state of 2 KB of JSON takes a third of the space for 20 us of CPU.
 */
#pragma once

#include "store/crypt.h"

/* Appends the packed form of `plain`; nothing for nothing. `crypt` NULL: not encrypted.
 * Errors: those of crypt_encrypt(). */
MUST_CHECK enum err_code pack_body(struct str plain, struct crypt *crypt, struct str aad,
                                   struct buf *out, struct err *err);

/* Appends the plain form. `crypt` NULL: an encrypted body is ERR_CORRUPT. Errors: ERR_CORRUPT,
 * those of crypt_decrypt(). */
MUST_CHECK enum err_code unpack_body(struct str packed, struct crypt *crypt, struct str aad,
                                     struct buf *out, struct err *err);

/* Whether the resting form is encrypted, so that unpack_body() looks at `aad`. */
bool pack_is_encrypted(struct str packed);
