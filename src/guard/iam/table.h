/* guard/iam/table.h: the layout that scripts/iam_table writes, little-endian. Not for other rooms.
 *
 * A header, then services ascending, then actions ascending within their service, then text:
 * strings that end with NUL, named by their offset. Offset 0 is "".
 */
#pragma once

#include <stdint.h>

struct iam_header {
    uint32_t service_n;
    uint32_t action_n;
    uint32_t text_bytes;
};

struct iam_service_row {
    uint32_t name; /* lower case */
    uint32_t first;
    uint32_t n;
};

struct iam_action_row {
    uint32_t name;   /* as AWS writes it: "GetObject" */
    uint32_t arn;    /* how its resource is named; "" where it has none */
    uint32_t access; /* enum iam_access */
};
