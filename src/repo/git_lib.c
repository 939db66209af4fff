/* libgit2's functions. */
#include "repo/git_lib.h"

#include "sys/dynlib.h"

static struct git_lib functions;

/* Debian's libgit2 reads all certificate authorities of the machine when it starts, which takes
 * longer than everything else that is asked of it. Nothing here connects to anything, so its call
 * comes to these two, which find none: a connection that libgit2 made would then be refused. They
 * are exported by the link arguments of meson.build; a libgit2 with another TLS does not call them.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);
int mbedtls_x509_crt_parse_path(void *chain, const char *path);

enum { X509_FILE_IO_ERROR = -0x2900 }; /* MBEDTLS_ERR_X509_FILE_IO_ERROR */

int mbedtls_x509_crt_parse_file(void *chain, const char *path) {
    (void)chain;
    (void)path;
    return X509_FILE_IO_ERROR;
}

int mbedtls_x509_crt_parse_path(void *chain, const char *path) {
    (void)chain;
    (void)path;
    return X509_FILE_IO_ERROR;
}

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
