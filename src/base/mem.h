/* base/mem.h: memory that cannot fail, scope-bound cleanup, and the attributes everyone uses.
 *
 * Running out of memory ends the program: every outside input meets a ceiling first and each
 * step is stored before its effect, so nothing is lost by it.
 */
#pragma once

#include <stddef.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

/* Yields the pointer `p` and sets it to NULL: hands ownership over, out of a CLEANUP variable. */
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) take_ = (p);                                                                 \
        (p) = NULL;                                                                                \
        take_;                                                                                     \
    })

/* Returns `n` zeroed bytes, the caller's to free(); never NULL. */
void *mem_alloc(size_t n) __attribute__((malloc, returns_nonnull));

/* Returns `n` * `size` zeroed bytes, the caller's to free(); ends the program on overflow. */
void *mem_array(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* Resizes `p` to `n` bytes, as realloc(); never NULL. New bytes are not zeroed. */
void *mem_resize(void *p, size_t n) __attribute__((returns_nonnull));

/* Returns a copy of the C string `s`, the caller's to free(); NULL for NULL. */
char *mem_strdup(const char *s);

/* Returns a formatted C string, the caller's to free(); never NULL. */
char *mem_format(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Overwrites `n` bytes at `p` so that the compiler cannot drop it. */
void mem_wipe(void *p, size_t n);

/* For CLEANUP(freep) on any pointer to heap memory. */
void freep(void *pointer_to_pointer);
