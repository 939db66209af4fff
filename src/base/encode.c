/* Hexadecimal, Base64, percent-encoding and UTF-8. */
#include "base/encode.h"

#include <stdint.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_add(struct buf *out, const void *bytes, size_t n) {
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++) {
        buf_add_c(out, hex_digits[p[i] >> 4]);
        buf_add_c(out, hex_digits[p[i] & 15]);
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum err_code hex_read(struct str text, void *out, size_t n, struct err *err) {
    unsigned char *p = out;

    if (text.len != 2 * n) {
        return err_set(err, ERR_INVALID, "%zu hex digits are needed, not %zu", 2 * n, text.len);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (hex_value(text.ptr[i]) < 0) {
            return err_set(err, ERR_INVALID, "a character is not a hex digit");
        }
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = (unsigned char)(hex_value(text.ptr[2 * i]) * 16 + hex_value(text.ptr[2 * i + 1]));
    }
    return ERR_NONE;
}

void base64_add(struct buf *out, const void *bytes, size_t n) {
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16;
        char four[4];

        v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
        v |= i + 2 < n ? (uint32_t)p[i + 2] : 0;
        four[0] = base64_digits[v >> 18];
        four[1] = base64_digits[v >> 12 & 63];
        four[2] = i + 1 < n ? base64_digits[v >> 6 & 63] : '=';
        four[3] = i + 2 < n ? base64_digits[v & 63] : '=';
        buf_add(out, (struct str){four, sizeof four});
    }
}

/* Of either alphabet; -1 for another character. */
static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

enum err_code base64_read(struct str text, struct buf *out, struct err *err) {
    uint32_t bits = 0;
    int have = 0;

    for (int pads = 0; pads < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; pads++) {
        text.len--;
    }
    if (text.len % 4 == 1) {
        return err_set(err, ERR_INVALID, "the Base64 text has an impossible length");
    }
    for (size_t i = 0; i < text.len; i++) {
        if (base64_value(text.ptr[i]) < 0) {
            return err_set(err, ERR_INVALID, "a character is not Base64");
        }
    }
    for (size_t i = 0; i < text.len; i++) {
        bits = bits << 6 | (uint32_t)base64_value(text.ptr[i]);
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_add_c(out, (char)(bits >> have & 255));
        }
    }
    return ERR_NONE;
}

void percent_add(struct buf *out, struct str s, bool keep_slash) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
                        (c == '/' && keep_slash);

        if (is_plain) {
            buf_add_c(out, (char)c);
        } else {
            char three[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};

            buf_add(out, (struct str){three, sizeof three});
        }
    }
}

enum err_code percent_read(struct str text, struct buf *out, struct err *err) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        if (byte == '%') {
            if (text.len - i < 3 ||
                hex_read(str_slice(text, i + 1, i + 3), &byte, 1, err) != ERR_NONE) {
                return err_set(err, ERR_INVALID, "a %% is not followed by two hex digits");
            }
            i += 2;
        }
        buf_add_c(out, (char)byte);
    }
    return ERR_NONE;
}

void utf8_add_point(struct buf *out, uint32_t point) {
    if (point < 0x80) {
        buf_add_c(out, (char)point);
        return;
    }
    if (point < 0x800) {
        buf_add_c(out, (char)(0xc0 | point >> 6));
    } else if (point < 0x10000) {
        buf_add_c(out, (char)(0xe0 | point >> 12));
        buf_add_c(out, (char)(0x80 | (point >> 6 & 0x3f)));
    } else {
        buf_add_c(out, (char)(0xf0 | (point >> 18 & 7)));
        buf_add_c(out, (char)(0x80 | (point >> 12 & 0x3f)));
        buf_add_c(out, (char)(0x80 | (point >> 6 & 0x3f)));
    }
    buf_add_c(out, (char)(0x80 | (point & 0x3f)));
}
