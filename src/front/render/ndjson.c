/* Events for programs: one JSON object a line, on stdout, each written at once. */
#include "front/render/render.h"

#include <errno.h>
#include <string.h>

void ndjson_write(struct ndjson *ndjson, const struct masked *json) {
    struct str line = masked_str(json);

    if (ndjson->failed != 0) {
        return;
    }
    if (fwrite(line.ptr, 1, line.len, ndjson->to) != line.len || fputc('\n', ndjson->to) == EOF ||
        fflush(ndjson->to) != 0) {
        ndjson->failed = errno;
    }
}

static void ndjson_take(void *ctx, enum event event, const struct masked *json) {
    struct ndjson *ndjson = ctx;

    ndjson->ends_in_result = event == EVENT_RESULT;
    ndjson_write(ndjson, json);
}

const struct sink ndjson_sink = {"ndjson", LEVEL_INFO, ndjson_take};
const struct sink ndjson_sink_debug = {"ndjson", LEVEL_DEBUG, ndjson_take};
