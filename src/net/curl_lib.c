/* libcurl by dlopen(). */
#include "net/curl_lib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct curl_lib lib;
static struct err why; /* set when loading failed */

/* ISO C has no cast from an object pointer to a function pointer; POSIX promises that it works. */
static bool curl_lib_find(void *handle, const char *name, void *function) {
    void *symbol = dlsym(handle, name);

    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void curl_lib_load(void) {
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    bool is_whole = handle != NULL;

#define CURL_LIB_FIND(name) is_whole = is_whole && curl_lib_find(handle, "curl_" #name, &lib.name);
    CURL_LIB_FUNCTIONS(CURL_LIB_FIND)
#undef CURL_LIB_FIND
    if (!is_whole) {
        err_set(&why, ERR_UNSUPPORTED, "libcurl cannot be loaded: %s", dlerror());
        err_remedy(&why, "install the package libcurl4");
    } else if (lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(&why, ERR_UNSUPPORTED, "libcurl cannot be started");
    }
}

const struct curl_lib *curl_lib_get(struct err *err) {
    (void)pthread_once(&once, curl_lib_load);
    if (why.code != ERR_NONE) {
        *err = why;
        return NULL;
    }
    return &lib;
}
