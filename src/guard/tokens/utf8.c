/* utf8: the table of well-formed byte sequences, and U+FFFD for the others. */
#include "guard/tokens/utf8.h"

#include <string.h>

/* clang-format off */
static const struct {
    unsigned char first_min, first_max; /* of the first byte */
    unsigned char min, max;             /* of the second; later ones are 80 to BF */
    unsigned char len;
} rows[] = { /* table 3-7 of the Unicode Standard */
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};
/* clang-format on */

/* How many bytes of one character stand at `p`, and in `*len` how many it should have; 0 and 1 for
 * a byte that begins none. */
static size_t character_bytes(const unsigned char *p, size_t n, size_t *len) {
    *len = 1;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (p[0] >= rows[i].first_min && p[0] <= rows[i].first_max) {
            size_t have = 1;

            *len = rows[i].len;
            if (n > 1 && p[1] >= rows[i].min && p[1] <= rows[i].max) {
                for (have = 2; have < *len && have < n && (p[have] & 0xc0) == 0x80; have++) {
                }
            }
            return have;
        }
    }
    return 0;
}

/* The length of the run of ASCII at the beginning. */
static size_t ascii_span(const unsigned char *p, size_t n) {
    size_t i = 0;
    uint64_t eight;

    for (; i + sizeof(eight) <= n; i += sizeof(eight)) {
        memcpy(&eight, p + i, sizeof(eight));
        if ((eight & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    while (i < n && p[i] < 0x80) {
        i++;
    }
    return i;
}

size_t utf8_span(struct str text) {
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t at = 0;

    while (at < text.len) {
        size_t len = 1;

        if (p[at] < 0x80) {
            at += ascii_span(p + at, text.len - at);
        } else if (character_bytes(p + at, text.len - at, &len) == len) {
            at += len;
        } else {
            break;
        }
    }
    return at;
}

size_t utf8_bad(struct str text, bool *is_cut) {
    size_t len;
    size_t have = character_bytes((const unsigned char *)text.ptr, text.len, &len);

    *is_cut = have > 0 && have < len && have == text.len;
    return have == 0 ? 1 : have;
}

void utf8_add(struct buf *out, struct str text) {
    while (text.len > 0) {
        size_t good = utf8_span(text);
        bool is_cut;

        buf_add(out, str_slice(text, 0, good));
        text = str_slice(text, good, text.len);
        if (text.len > 0) {
            buf_add_s(out, "\xef\xbf\xbd");
            text = str_slice(text, utf8_bad(text, &is_cut), text.len);
        }
    }
}
