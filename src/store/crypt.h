/* store/crypt.h: the install key: authentic and secret bytes under one key of this machine.
 *
 * The key is 32 random bytes in a file of mode 0600 (64 hex digits), made on first use and read at
 * most once; each purpose uses a key derived from it. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/hash.h"

struct crypt; /* opaque; wiped when freed */

/* `path` NULL: a key of this process only. Reads nothing yet. */
struct crypt *crypt_new(const char *path);
void crypt_free(struct crypt *crypt); /* accepts NULL */

/* HMAC-SHA-256 over purpose, NUL, message. Errors: ERR_CONFIG (the file is open to others),
 * ERR_CORRUPT (no key in it), ERR_IO, ERR_DISK_FULL. */
MUST_CHECK enum err_code crypt_mac(struct crypt *crypt, struct str purpose, struct str message,
                                   struct sha256 *out, struct err *err);

/* Appends nonce (12 bytes, random), ciphertext and tag (16 bytes): AES-256-GCM, NIST SP 800-38D,
 * bound to `aad`. Errors: as crypt_mac(). */
MUST_CHECK enum err_code crypt_encrypt(struct crypt *crypt, struct str aad, struct str plain,
                                       struct buf *out, struct err *err);

/* Appends the plain bytes. Errors: ERR_CORRUPT (not made under this key for `aad`, or changed), and
 * as crypt_mac(). */
MUST_CHECK enum err_code crypt_decrypt(struct crypt *crypt, struct str aad, struct str sealed,
                                       struct buf *out, struct err *err);
