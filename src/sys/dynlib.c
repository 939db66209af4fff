/* Libraries by dlopen(). */
#include "sys/dynlib.h"

#include <dlfcn.h>
#include <string.h>

/* ISO C has no cast from an object pointer to a function pointer; POSIX promises that it works. */
static bool dynlib_find(void *handle, const struct dynlib_symbol *symbol) {
    void *address = dlsym(handle, symbol->name);

    memcpy(symbol->function, &address, sizeof address);
    return address != NULL;
}

static enum err_code dynlib_try(struct dynlib *lib, struct err *err) {
    void *handle = dlopen(lib->soname, RTLD_NOW | RTLD_LOCAL);
    bool is_whole = handle != NULL;

    for (size_t i = 0; i < lib->symbol_n && is_whole; i++) {
        is_whole = dynlib_find(handle, &lib->symbols[i]);
    }
    if (!is_whole) {
        err_set(err, ERR_UNSUPPORTED, "%s cannot be loaded: %s", lib->soname, dlerror());
        return err_remedy(err, "install the package %s", lib->package);
    }
    return lib->start == NULL ? ERR_NONE : lib->start(err);
}

enum err_code dynlib_load(struct dynlib *lib, struct err *err) {
    enum err_code code = ERR_NONE;

    pthread_mutex_lock(&lib->lock);
    if (!lib->is_tried) {
        lib->is_tried = true;
        (void)dynlib_try(lib, &lib->why);
    }
    code = lib->why.code;
    if (code != ERR_NONE) {
        *err = lib->why;
    }
    pthread_mutex_unlock(&lib->lock);
    return code;
}
