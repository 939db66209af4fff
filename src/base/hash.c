/* SHA-256 and HMAC by OpenSSL EVP. */
#include "base/hash.h"

#include "base/encode.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sha256_stream {
    EVP_MD_CTX *ctx;
};

/* Looking the algorithm up takes longer than hashing a record, so once a process. */
static EVP_MD *sha256_algorithm;

static void sha256_fetch(void) { sha256_algorithm = EVP_MD_fetch(NULL, "SHA256", NULL); }

static EVP_MD_CTX *sha256_begin(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    (void)pthread_once(&once, sha256_fetch);
    if (ctx == NULL || EVP_DigestInit_ex(ctx, sha256_algorithm, NULL) != 1) {
        abort(); /* no memory, or an OpenSSL without SHA-256 */
    }
    return ctx;
}

struct sha256_stream *sha256_start(void) {
    struct sha256_stream *s = mem_alloc(sizeof *s);

    s->ctx = sha256_begin();
    return s;
}

void sha256_feed(struct sha256_stream *s, struct str piece) {
    if (piece.len > 0 && EVP_DigestUpdate(s->ctx, piece.ptr, piece.len) != 1) {
        abort();
    }
}

struct sha256 sha256_end(struct sha256_stream *s) {
    struct sha256 out = {0};

    if (EVP_DigestFinal_ex(s->ctx, out.bytes, NULL) != 1) {
        abort();
    }
    EVP_MD_CTX_free(s->ctx);
    free(s);
    return out;
}

struct sha256 sha256_of(struct str s) {
    return sha256_of_two(s, STR(""));
}

struct sha256 sha256_of_two(struct str a, struct str b) {
    struct sha256_stream stream = {.ctx = sha256_begin()};
    struct sha256 out = {0};

    sha256_feed(&stream, a);
    sha256_feed(&stream, b);
    if (EVP_DigestFinal_ex(stream.ctx, out.bytes, NULL) != 1) {
        abort();
    }
    EVP_MD_CTX_free(stream.ctx);
    return out;
}

struct sha256 hmac_sha256(struct str key, struct str message) {
    struct sha256 out = {0};
    unsigned int n = 0;

    if (HMAC(EVP_sha256(), key.ptr == NULL ? "" : key.ptr, (int)key.len,
             (const unsigned char *)(message.ptr == NULL ? "" : message.ptr), message.len,
             out.bytes, &n) == NULL) {
        abort();
    }
    return out;
}

struct sha256_hex sha256_hex(struct sha256 hash) {
    static const char digits[] = "0123456789abcdef";
    struct sha256_hex out = {{0}};

    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out.text[2 * i] = digits[hash.bytes[i] >> 4];
        out.text[2 * i + 1] = digits[hash.bytes[i] & 15];
    }
    return out;
}

enum err_code sha256_read(struct str text, struct sha256 *out, struct err *err) {
    return hex_read(text, out->bytes, SHA256_BYTES, err);
}

bool sha256_eq(struct sha256 a, struct sha256 b) {
    return memcmp(a.bytes, b.bytes, SHA256_BYTES) == 0;
}

bool hash_same(struct str a, struct str b) {
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
