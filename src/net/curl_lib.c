/* libcurl's functions. */
#include "net/curl_lib.h"

#include "sys/dynlib.h"

static struct curl_lib functions;

static enum err_code curl_lib_start(struct err *err) {
    return functions.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
               ? ERR_NONE
               : err_set(err, ERR_UNSUPPORTED, "libcurl cannot be started");
}

static const struct dynlib_symbol symbols[] = {
#define CURL_LIB_SYMBOL(name) {"curl_" #name, &functions.name},
    CURL_LIB_FUNCTIONS(CURL_LIB_SYMBOL)
#undef CURL_LIB_SYMBOL
};

static struct dynlib lib = {
    .soname = "libcurl.so.4",
    .package = "libcurl4",
    .symbols = symbols,
    .symbol_n = ARRAY_N(symbols),
    .start = curl_lib_start,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

const struct curl_lib *curl_lib_get(struct err *err) {
    return dynlib_load(&lib, err) == ERR_NONE ? &functions : NULL;
}
