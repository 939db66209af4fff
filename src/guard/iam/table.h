/* guard/iam/table.h: the layout that scripts/iam_table writes, little-endian. Not for other rooms.
 *
 * Actions: a header, then services ascending, then actions ascending within their service, then
 * text. Managed policies: a header, then policies ascending, their statements, the words of those,
 * then text. Text is strings that end with NUL, named by their offset. Offset 0 is "".
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

struct iam_managed_header {
    uint32_t policy_n;
    uint32_t statement_n;
    uint32_t word_n;
    uint32_t date; /* "2026-09-30": the day of the newest policy */
    uint32_t text_bytes;
};

struct iam_managed_row {
    uint32_t name; /* "AWSLambdaBasicExecutionRole" */
    uint32_t first;
    uint32_t n;
};

struct iam_statement_row {
    uint32_t is_deny;
    uint32_t action_first;
    uint32_t action_n; /* twice the number of words, and 1 where they are NotAction */
    uint32_t resource_first;
    uint32_t resource_n; /* as action_n */
    uint32_t condition;  /* JSON; "" where it has none */
};
