/* guard/deceptive.c: UTF-8, and what of it deceives. */
#include "guard/deceptive.h"

uint32_t utf8_next(const char **p) {
    const unsigned char *s = (const unsigned char *)*p;
    size_t more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? *s : *s & (0x3fU >> more);

    for (size_t i = 1; i <= more; i++) {
        point = point << 6 | (s[i] & 0x3fU);
    }
    *p += more + 1;
    return point;
}

uint32_t utf8_take(struct str *text) {
    char padded[5] = {0};
    const char *p = padded;

    memcpy(padded, text->ptr, text->len < 4 ? text->len : 4);
    uint32_t point = utf8_next(&p);
    *text = str_slice(*text, (size_t)(p - padded), text->len);
    return point;
}

bool is_deceptive(uint32_t point) {
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
        {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
    };

    for (size_t i = 0; i < ARRAY_N(ranges); i++) {
        if (point >= ranges[i][0] && point <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}
