/* What is stored or removed of an application's secrets. */
#include "tool/secret_op.h"

#include <string.h>

struct sha256_hex secret_op_digest(const char *path, const json_t *rows) {
    CLEANUP(json_decrefp) json_t *whole = json_object();

    json_put_str(whole, "path", path);
    json_put(whole, "rows", rows == NULL ? json_array() : json_deep_copy(rows));
    return sha256_hex(json_hash(whole));
}

const char *secret_op_variable(const char *name) {
    const char *slash = strrchr(name, '/');

    return slash == NULL ? name : slash + 1;
}
