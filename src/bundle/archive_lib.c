/* libarchive's functions. */
#include "bundle/archive_lib.h"

#include "sys/dynlib.h"

static struct archive_lib functions;

static const struct dynlib_symbol symbols[] = {
#define ARCHIVE_LIB_SYMBOL(name) {#name, &functions.name},
    ARCHIVE_LIB_FUNCTIONS(ARCHIVE_LIB_SYMBOL)
#undef ARCHIVE_LIB_SYMBOL
};

static struct dynlib lib = {
    .soname = "libarchive.so.13",
    .package = "libarchive13",
    .symbols = symbols,
    .symbol_n = ARRAY_N(symbols),
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

const struct archive_lib *archive_lib_get(struct err *err) {
    return dynlib_load(&lib, err) == ERR_NONE ? &functions : NULL;
}
