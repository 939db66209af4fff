/* The resting form of a body. */
#include "store/pack.h"

#include "guard/limits.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum {
    PACK_DEFLATED = 1,
    PACK_ENCRYPTED = 2,
    PACK_MIN_BYTES = 200, /* below, deflate saves less than its own cost */
    PACK_LEVEL = 1,
    PACK_SMALL_BYTES = 16 << 10, /* up to here a small window, which is faster to set up */
};

/* zlib reads through a pointer that it does not call const. */
static Bytef *pack_input(const char *p) { return (Bytef *)(uintptr_t)p; }

/* Appends the deflated form after its length; false, and nothing appended, when it does not pay. */
static bool pack_deflate(struct str plain, struct buf *out) {
    const size_t max = plain.len - plain.len / 8;
    const bool is_small = plain.len <= PACK_SMALL_BYTES;
    const unsigned char head[4] = {(unsigned char)(plain.len >> 24),
                                   (unsigned char)(plain.len >> 16),
                                   (unsigned char)(plain.len >> 8), (unsigned char)plain.len};
    z_stream z = {0};
    bool is_done;

    if (plain.len < PACK_MIN_BYTES || plain.len > UINT32_MAX || !buf_reserve(out, max + 4)) {
        return false;
    }
    if (deflateInit2(&z, PACK_LEVEL, Z_DEFLATED, is_small ? -12 : -15, is_small ? 5 : 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    z.next_in = pack_input(plain.ptr);
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)out->ptr + out->len + 4;
    z.avail_out = (uInt)max;
    is_done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    if (is_done) {
        memcpy(out->ptr + out->len, head, 4);
        out->len += 4 + z.total_out;
    }
    (void)deflateEnd(&z);
    return is_done;
}

enum err_code pack_body(struct str plain, struct crypt *crypt, struct str aad, struct buf *out,
                        struct err *err) {
    CLEANUP(buf_done) struct buf payload = BUF_INIT(SIZE_MAX / 2);
    size_t at = out->len;

    if (plain.len == 0) {
        return ERR_NONE;
    }
    if (crypt == NULL) {
        buf_add_c(out, PACK_DEFLATED);
        if (!pack_deflate(plain, out)) {
            out->ptr[at] = 0;
            buf_add(out, plain);
        }
        return ERR_NONE;
    }
    buf_add_c(out, PACK_ENCRYPTED | PACK_DEFLATED);
    if (pack_deflate(plain, &payload)) {
        return crypt_encrypt(crypt, aad, buf_str(&payload), out, err);
    }
    out->ptr[at] = PACK_ENCRYPTED;
    return crypt_encrypt(crypt, aad, plain, out, err);
}

static enum err_code pack_inflate(struct str packed, struct buf *out, struct err *err) {
    const unsigned char *p = (const unsigned char *)packed.ptr;
    z_stream z = {0};
    size_t n;
    bool is_done;

    n = packed.len < 4 ? SIZE_MAX
                       : (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (n > (size_t)limit(LIMIT_DOCUMENT_BYTES) || packed.len > UINT_MAX ||
        !buf_reserve(out, n + 1)) {
        return err_set(err, ERR_CORRUPT, "a compressed body has an impossible length");
    }
    if (inflateInit2(&z, -15) != Z_OK) {
        return err_set(err, ERR_DEFECT, "zlib refuses to start");
    }
    z.next_in = pack_input(packed.ptr + 4);
    z.avail_in = (uInt)(packed.len - 4);
    z.next_out = (Bytef *)out->ptr + out->len;
    z.avail_out = (uInt)n;
    is_done = inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == n && z.avail_in == 0;
    (void)inflateEnd(&z);
    if (!is_done) {
        return err_set(err, ERR_CORRUPT, "a compressed body is damaged");
    }
    out->len += n;
    out->ptr[out->len] = '\0';
    return ERR_NONE;
}

bool pack_is_encrypted(struct str packed) {
    return packed.len > 0 && ((unsigned char)packed.ptr[0] & PACK_ENCRYPTED) != 0;
}

enum err_code unpack_body(struct str packed, struct crypt *crypt, struct str aad, struct buf *out,
                          struct err *err) {
    CLEANUP(buf_done) struct buf payload = BUF_INIT(SIZE_MAX / 2);
    struct str rest = str_slice(packed, 1, packed.len);
    unsigned char flags = packed.len == 0 ? 0 : (unsigned char)packed.ptr[0];

    if (flags > (PACK_DEFLATED | PACK_ENCRYPTED) ||
        (crypt == NULL && (flags & PACK_ENCRYPTED) != 0)) {
        return err_set(err, ERR_CORRUPT, "a body has an unknown form");
    }
    if ((flags & PACK_ENCRYPTED) != 0) {
        if (crypt_decrypt(crypt, aad, rest, &payload, err) != ERR_NONE) {
            return err->code;
        }
        rest = buf_str(&payload);
    }
    if ((flags & PACK_DEFLATED) != 0) {
        return pack_inflate(rest, out, err);
    }
    buf_add(out, rest);
    return ERR_NONE;
}
