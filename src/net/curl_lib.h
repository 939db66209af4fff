/* net/curl_lib.h: libcurl, loaded when the first request is sent: sys/dynlib.h. */
#pragma once

#include <curl/curl.h>

#include "base/err.h"

/* The functions that http.c uses, each a member without its "curl_". */
#define CURL_LIB_FUNCTIONS(X)                                                                      \
    X(easy_cleanup)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_init)                                                                                   \
    X(easy_perform)                                                                                \
    X(easy_reset)                                                                                  \
    X(easy_setopt)                                                                                 \
    X(easy_strerror)                                                                               \
    X(free)                                                                                        \
    X(global_init)                                                                                 \
    X(slist_append)                                                                                \
    X(slist_free_all)                                                                              \
    X(url)                                                                                         \
    X(url_cleanup)                                                                                 \
    X(url_get)                                                                                     \
    X(url_set)

struct curl_lib {
#define CURL_LIB_MEMBER(name) __typeof__(curl_##name) *name;
    CURL_LIB_FUNCTIONS(CURL_LIB_MEMBER)
#undef CURL_LIB_MEMBER
};

/* The library, loaded and initialised once; NULL with `err` set when it cannot be. Any thread.
 * Errors: ERR_UNSUPPORTED. */
const struct curl_lib *curl_lib_get(struct err *err);
