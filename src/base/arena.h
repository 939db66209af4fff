/* base/arena.h: memory for everything that dies together: a turn, a tool call, a parse.
 *
 * Not thread-safe: one arena, one thread at a time. Memory is zeroed and never freed singly.
 */
#pragma once

#include "base/str.h"

struct arena; /* opaque */

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* accepts NULL */
void arena_freep(struct arena **arena);

/* Returns `n` zeroed bytes aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t n) __attribute__((returns_nonnull));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_alloc_array((arena), (n), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t n, size_t size)
    __attribute__((returns_nonnull));

/* NUL-terminated copies that live as long as the arena. */
const char *arena_str(struct arena *arena, struct str s);
const char *arena_format(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
