/* aws/logs.h: CloudWatch Logs: what functions and gateways wrote. Blocks; any thread. */
#pragma once

#include "aws/client.h"
#include "base/json.h"

struct logs_query {
    const char *group;
    const char *filter; /* a filter pattern of CloudWatch Logs; NULL: all */
    int64_t since_ms;   /* inclusive */
    int64_t until_ms;   /* inclusive; 0: now */
    size_t limit;       /* lines, at most LOGS_LINES_MAX */
};

enum { LOGS_LINES_MAX = 10000 };

/* FilterLogEvents, all pages up to the limit, oldest first: appends {"time_ms","group","text"} to
 * `lines`. An absent group has none. Source: CloudWatch Logs API Reference. */
MUST_CHECK enum err_code logs_filter(const struct aws *aws, const struct logs_query *query,
                                     json_t *lines, struct err *err);
