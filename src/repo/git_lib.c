/* libgit2's functions. */
#include "repo/git_lib.h"

#include "sys/dynlib.h"

static struct git_lib functions;

static enum err_code git_lib_start(struct err *err) {
    return functions.libgit2_init() > 0
               ? ERR_NONE
               : err_set(err, ERR_UNSUPPORTED, "libgit2 cannot be started");
}

static const struct dynlib_symbol symbols[] = {
#define GIT_LIB_SYMBOL(name) {"git_" #name, &functions.name},
    GIT_LIB_FUNCTIONS(GIT_LIB_SYMBOL)
#undef GIT_LIB_SYMBOL
};

/* Its structs change between versions, and so does the soname: that of the header. */
static struct dynlib lib = {
    .soname = "libgit2.so." LIBGIT2_SOVERSION,
    .package = "libgit2-" LIBGIT2_SOVERSION,
    .symbols = symbols,
    .symbol_n = ARRAY_N(symbols),
    .start = git_lib_start,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

const struct git_lib *git_lib_get(struct err *err) {
    return dynlib_load(&lib, err) == ERR_NONE ? &functions : NULL;
}
