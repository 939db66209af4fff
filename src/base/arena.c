/* Memory for everything that dies together. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t cap;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct arena_block *head;
};

struct arena *arena_new(void) {
    return mem_alloc(sizeof(struct arena));
}

void arena_free(struct arena *arena) {
    if (arena == NULL) {
        return;
    }
    for (struct arena_block *b = arena->head; b != NULL;) {
        struct arena_block *next = b->next;

        free(b);
        b = next;
    }
    free(arena);
}

void arena_freep(struct arena **arena) {
    arena_free(*arena);
    *arena = NULL;
}

void *arena_alloc(struct arena *arena, size_t n) {
    struct arena_block *b = arena->head;
    void *p;

    n = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (b == NULL || b->cap - b->used < n) {
        size_t cap = n > ARENA_BLOCK_BYTES / 4 ? n : ARENA_BLOCK_BYTES;

        b = mem_alloc(sizeof *b + cap);
        b->cap = cap;
        if (arena->head != NULL && cap == n) { /* a large piece goes behind the block in use */
            b->next = arena->head->next;
            arena->head->next = b;
        } else {
            b->next = arena->head;
            arena->head = b;
        }
    }
    p = b->bytes + b->used;
    b->used += n;
    return p;
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t size) {
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2) {
        abort(); /* a ceiling was forgotten: a defect, never an input */
    }
    return arena_alloc(arena, bytes);
}

const char *arena_str(struct arena *arena, struct str s) {
    char *copy = arena_alloc(arena, s.len + 1);

    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    return copy;
}

const char *arena_format(struct arena *arena, const char *fmt, ...) {
    va_list args;
    char *text = NULL;
    const char *copy;

    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) {
        abort();
    }
    va_end(args);
    copy = arena_str(arena, str_from(text));
    free(text);
    return copy;
}
