/* base/encode.h: hexadecimal, Base64 (RFC 4648), percent-encoding (RFC 3986) and UTF-8 (RFC 3629).
 * Pure. */
#pragma once

#include "base/buf.h"

void hex_add(struct buf *out, const void *bytes, size_t n); /* lower case */

/* Reads exactly `n` bytes from 2n hex digits of either case. Errors: ERR_INVALID. */
MUST_CHECK enum err_code hex_read(struct str text, void *out, size_t n, struct err *err);

void base64_add(struct buf *out, const void *bytes, size_t n); /* standard alphabet, padded */

/* Appends the decoded bytes; padding may be absent, either alphabet, no blanks.
 * Errors: ERR_INVALID. */
MUST_CHECK enum err_code base64_read(struct str text, struct buf *out, struct err *err);

/* Appends `s` with every byte but A-Z a-z 0-9 - . _ ~ (and '/' when `keep_slash`) as %XX. */
void percent_add(struct buf *out, struct str s, bool keep_slash);

/* Appends what `text` stands for: %XX is a byte, anything else itself. Errors: ERR_INVALID. */
MUST_CHECK enum err_code percent_read(struct str text, struct buf *out, struct err *err);

/* Appends a code point, of at most 21 bits, as UTF-8. */
void utf8_add_point(struct buf *out, uint32_t point);
