/* Memory that cannot fail. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void mem_exhausted(void) {
    (void)fputs("aws-copilot: out of memory; nothing that was journaled is lost\n", stderr);
    _Exit(255);
}

void *mem_alloc(size_t n) { return mem_array(n, 1); }

void *mem_array(size_t n, size_t size) {
    void *p = calloc(n == 0 ? 1 : n, size == 0 ? 1 : size);

    if (p == NULL) {
        mem_exhausted();
    }
    return p;
}

void *mem_resize(void *p, size_t n) {
    void *q = realloc(p, n == 0 ? 1 : n);

    if (q == NULL) {
        mem_exhausted();
    }
    return q;
}

char *mem_strdup(const char *s) {
    size_t n;
    char *copy;

    if (s == NULL) {
        return NULL;
    }
    n = strlen(s) + 1;
    copy = mem_alloc(n);
    memcpy(copy, s, n);
    return copy;
}

char *mem_format(const char *fmt, ...) {
    char *out = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&out, fmt, args) < 0) {
        mem_exhausted();
    }
    va_end(args);
    return out;
}

void mem_wipe(void *p, size_t n) {
    if (p != NULL && n > 0) {
        explicit_bzero(p, n);
    }
}

void freep(void *pointer_to_pointer) {
    void **p = pointer_to_pointer;

    free(*p);
    *p = NULL;
}
