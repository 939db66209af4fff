/* guard/secret.c: secret values. */
#include "guard/secret.h"

#include <stdlib.h>
#include <string.h>

struct secret {
    size_t len;
    char bytes[]; /* and a NUL, for interfaces that need one */
};

struct secret *secret_new(struct str value) {
    struct secret *secret = mem_alloc(sizeof *secret + value.len + 1);

    secret->len = value.len;
    if (value.len > 0) {
        memcpy(secret->bytes, value.ptr, value.len);
    }
    return secret;
}

void secret_free(struct secret *secret) {
    if (secret != NULL) {
        mem_wipe(secret->bytes, secret->len);
        free(secret);
    }
}

void secret_freep(struct secret **secret) {
    secret_free(*secret);
    *secret = NULL;
}

struct str secret_str(const struct secret *secret) {
    return secret == NULL ? (struct str){0} : (struct str){secret->bytes, secret->len};
}
