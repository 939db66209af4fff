/* base/hash.h: SHA-256 and HMAC-SHA-256 by OpenSSL. Pure. */
#pragma once

#include "base/buf.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 64 };

struct sha256 {
    unsigned char bytes[SHA256_BYTES];
};

struct sha256_stream; /* opaque: hashing in pieces */

struct sha256 sha256_of(struct str s);

/* SHA-256 of `a` and `b` behind one another. */
struct sha256 sha256_of_two(struct str a, struct str b);
struct sha256 hmac_sha256(struct str key, struct str message);

struct sha256_stream *sha256_start(void);
void sha256_feed(struct sha256_stream *s, struct str piece);
struct sha256 sha256_end(struct sha256_stream *s); /* frees `s` */

/* A C string of 64 lower-case digits. */
struct sha256_hex {
    char text[SHA256_HEX + 1];
};
struct sha256_hex sha256_hex(struct sha256 hash);

/* Reads 64 hex digits. Errors: ERR_INVALID. */
MUST_CHECK enum err_code sha256_read(struct str text, struct sha256 *out, struct err *err);

bool sha256_eq(struct sha256 a, struct sha256 b);

/* Compares in time that depends only on the lengths. For tokens and MACs. */
bool hash_same(struct str a, struct str b);
