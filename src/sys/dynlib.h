/* sys/dynlib.h: a library that is loaded when it is first needed, not linked.
 *
 * libcurl, libgit2 and libarchive bring fifty libraries with them, which would cost most of the
 * program's start; most runs of most verbs need none of them. A room that needs one keeps a table
 * of its functions (X-macro, so that header, table and types agree) and a static struct dynlib.
 * A library that was loaded stays until the program ends.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/* One function: where its address goes when the library is loaded. */
struct dynlib_symbol {
    const char *name;
    void *function; /* of the type T **, T being the function's type */
};

/* Static, with .lock = PTHREAD_MUTEX_INITIALIZER; what stands below `lock` is dynlib.c's. */
struct dynlib {
    const char *soname;
    const char *package; /* what a person installs when it is absent; Debian's name */
    const struct dynlib_symbol *symbols;
    size_t symbol_n;
    /* Called once, after all symbols were found; may be NULL. */
    enum err_code (*start)(struct err *err);
    pthread_mutex_t lock;
    bool is_tried;
    struct err why; /* code ERR_NONE: it is there */
};

/* Loads the library unless that was tried before; every call has the same answer. Any thread.
 * Errors: ERR_UNSUPPORTED (it is not installed or lacks a function; the remedy names the package),
 * those of start(). */
MUST_CHECK enum err_code dynlib_load(struct dynlib *lib, struct err *err);
