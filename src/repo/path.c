/* Relative paths as text. */
#include "repo/path.h"

#include <string.h>

const char *path_join(struct arena *arena, const char *dir, const char *rel) {
    char *out = arena_alloc(arena, strlen(dir) + strlen(rel) + 2);
    const char *sources[2] = {dir, rel};
    size_t n = 0;

    if (rel[0] == '/') {
        return NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        struct str rest = str_from(sources[i]);
        struct str part = {0};

        while (str_next(&rest, '/', &part)) {
            if (part.len == 0 || str_eq(part, STR("."))) {
                continue;
            }
            if (str_eq(part, STR(".."))) {
                const char *cut = NULL;

                if (n == 0) {
                    return NULL;
                }
                cut = memrchr(out, '/', n);
                n = cut == NULL ? 0 : (size_t)(cut - out);
                continue;
            }
            if (n > 0) {
                out[n++] = '/';
            }
            memcpy(out + n, part.ptr, part.len);
            n += part.len;
        }
    }
    if (n == 0) {
        out[n++] = '.';
    }
    out[n] = '\0';
    return out;
}

const char *path_dir(struct arena *arena, const char *path) {
    const char *cut = strrchr(path, '/');

    return cut == NULL ? "." : arena_str(arena, (struct str){path, (size_t)(cut - path)});
}

const char *path_name(const char *path) {
    const char *cut = strrchr(path, '/');

    return cut == NULL ? path : cut + 1;
}

bool path_is_below(const char *path, const char *dir) {
    size_t n = strlen(dir);

    if (strcmp(dir, ".") == 0) {
        return true;
    }
    return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

const char *path_from(const char *path, const char *dir) {
    if (strcmp(dir, ".") == 0) {
        return path;
    }
    return path[strlen(dir)] == '/' ? path + strlen(dir) + 1 : ".";
}
