/* guard/redact/body.c: what a token looks like besides, where its anchor alone says too little. */
#include "guard/redact/body.h"

#include "guard/redact/charset.h"
#include "guard/redact/word.h"

#include <stdint.h>

enum {
    LOOK = 64, /* characters that tell; bodies may be as long as a line */
    DIGITS_MIN = 5,
    NATS_CHARS = 58,
    NATS_BYTES = 36,
    CLICKUP_KEY = 30,
    KLAVIYO_KEY = 32,
    RESEND_ID = 8,
    RESEND_KEY = 20,
    HOOK_ID = 26
};

static size_t run_of(struct str text, size_t at, bool (*is_of)(char c)) {
    size_t to = at;

    while (to < text.len && is_of(text.ptr[to])) {
        to++;
    }
    return to - at;
}

bool body_is_mixed(struct str body) {
    bool has_upper = false;
    bool has_lower = false;

    for (size_t i = 0; i < body.len && i < LOOK; i++) {
        has_upper = has_upper || is_upper(body.ptr[i]);
        has_lower = has_lower || (is_letter(body.ptr[i]) && !is_upper(body.ptr[i]));
    }
    return has_upper && has_lower;
}

static size_t digits_of(struct str body) { return word_digits(str_slice(body, 0, LOOK)); }

bool body_is_numbered(struct str body) { return digits_of(body) >= DIGITS_MIN; }

bool body_is_no_zero(struct str body) { return body.ptr[0] != 'A' && digits_of(body) > 0; }

bool body_is_uuid(struct str body) {
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (body.len != sizeof form - 1) {
        return false;
    }
    for (size_t i = 0; i < body.len; i++) {
        if (form[i] == '-' ? body.ptr[i] != '-' : !is_hex(body.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool body_is_private_pk(struct str body) {
    size_t digits = run_of(body, 0, is_digit);
    bool is_clickup = digits > 0 && str_char(body, digits) == '_' &&
                      run_of(body, digits + 1, is_alnum) >= CLICKUP_KEY;

    return is_clickup || run_of(body, 0, is_hex) >= KLAVIYO_KEY;
}

bool body_is_resend(struct str body) {
    return run_of(body, 0, is_alnum) == RESEND_ID && str_char(body, RESEND_ID) == '_' &&
           run_of(body, RESEND_ID + 1, is_alnum) >= RESEND_KEY && digits_of(body) > 0;
}

bool body_is_hook_id(struct str body) {
    size_t i = 0;

    while (i < body.len && !is_upper(body.ptr[i])) {
        i++;
    }
    return i == HOOK_ID && body.len == HOOK_ID && digits_of(body) > 0;
}

bool body_is_nats_seed(struct str token) {
    unsigned char bytes[NATS_BYTES] = {0};
    uint32_t bits = 0;
    int bit_n = 0;
    size_t n = 0;
    uint16_t crc = 0;

    for (size_t i = 0; i < token.len && n < NATS_BYTES; i++) {
        char c = token.ptr[i];
        if (!is_upper(c) && (c < '2' || c > '7')) {
            return false;
        }
        bits = bits << 5 | (uint32_t)(is_digit(c) ? c - '2' + 26 : c - 'A');
        bit_n += 5;
        if (bit_n >= 8) {
            bit_n -= 8;
            bytes[n++] = (unsigned char)(bits >> bit_n & 0xff);
        }
    }
    for (size_t i = 0; i + 2 < NATS_BYTES; i++) {
        crc = (uint16_t)(crc ^ bytes[i] << 8);
        for (int k = 0; k < 8; k++) {
            crc = (uint16_t)((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
        }
    }
    return token.len == NATS_CHARS && bytes[NATS_BYTES - 2] == (crc & 0xff) &&
           bytes[NATS_BYTES - 1] == crc >> 8;
}
