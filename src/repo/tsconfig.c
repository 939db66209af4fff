/* The aliases of tsconfig.json, for sites whose Vite reads them. */
#include "repo/path.h"
#include "repo/site_room.h"

#include <string.h>

enum { TSCONFIG_BYTES_MAX = 128 * 1024, TSCONFIG_DEPTH_MAX = 4 };

/* Blanks a comment that starts at `i`; the index of its last character. */
static size_t blank_comment(char *text, size_t n, size_t i) {
    const bool is_line = text[i + 1] == '/';
    const char *stop =
        is_line ? memchr(text + i, '\n', n - i) : memmem(text + i + 2, n - i - 2, "*/", 2);
    const size_t end = stop == NULL ? n : (size_t)(stop - text) + (is_line ? 0 : 2);

    memset(text + i, ' ', end - i);
    return end - 1;
}

/* The index of the quote that ends the string at `i`, or of the last character. */
static size_t string_end(const char *text, size_t n, size_t i) {
    for (i++; i + 1 < n && text[i] != '"'; i++) {
        i += text[i] == '\\';
    }
    return i;
}

/* Comments and commas before a closing bracket, which TypeScript allows, become blanks. */
static void make_plain(char *text, size_t n) {
    char *comma = NULL;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '/' && i + 1 < n && (text[i + 1] == '/' || text[i + 1] == '*')) {
            i = blank_comment(text, n, i);
            continue;
        }
        if (strchr(" \t\r\n", text[i]) != NULL) {
            continue;
        }
        if (comma != NULL && (text[i] == '}' || text[i] == ']')) {
            *comma = ' ';
        }
        comma = text[i] == ',' ? text + i : NULL;
        i = text[i] == '"' ? string_end(text, n, i) : i;
    }
}

static json_t *read_plain(struct room *room, const char *path) {
    json_t *json = NULL;
    struct err ignored = {0};

    if (path == NULL || !tree_read(&room->tree, path, TSCONFIG_BYTES_MAX, &room->text)) {
        return NULL;
    }
    make_plain(room->text.ptr, room->text.len);
    return json_read(buf_str(&room->text), &json, &ignored) == ERR_NONE ? json : NULL;
}

/* "@/STAR": ["./src/STAR"] seen from the folder of the file, or from baseUrl. */
static void add_path(struct room *room, const char *base, const char *find, const char *target,
                     struct vite_config *out) {
    struct str from = str_from(find);
    struct str to = str_from(target);
    const char *folder = NULL;

    while (str_ends(from, STR("*")) || str_ends(from, STR("/"))) {
        from = str_slice(from, 0, from.len - 1);
    }
    while (str_ends(to, STR("*")) || str_ends(to, STR("/"))) {
        to = str_slice(to, 0, to.len - 1);
    }
    folder = base == NULL ? NULL : path_join(room->arena, base, arena_str(room->arena, to));
    if (from.len == 0) {
        out->is_alias_unknown = true; /* every name may be a folder */
    } else if (out->alias_n < ARRAY_N(out->aliases)) {
        out->aliases[out->alias_n++] = (struct vite_alias){arena_str(room->arena, from), folder};
    }
}

static void read_file(struct room *room, const char *path, int depth, struct vite_config *out) {
    json_t *json = read_plain(room, path);
    const json_t *options = json_object_get(json, "compilerOptions");
    const char *base_url = json_str_at(options, "baseUrl");
    const char *extends = json_str_at(json, "extends");
    const char *dir = path == NULL ? "." : path_dir(room->arena, path);
    const char *find = NULL;
    json_t *targets = NULL;

    if (json == NULL) {
        return;
    }
    json_object_foreach(json_object_get(options, "paths"), find, targets) {
        const char *target = json_string_value(json_array_get(targets, 0));

        if (target != NULL) {
            add_path(room, base_url == NULL ? dir : path_join(room->arena, dir, base_url), find,
                     target, out);
        }
    }
    out->is_alias_unknown = out->is_alias_unknown || base_url != NULL;
    if (extends != NULL && extends[0] == '.' && depth < TSCONFIG_DEPTH_MAX) {
        read_file(room, path_join(room->arena, dir, extends), depth + 1, out);
    }
    json_decref(json);
}

void tsconfig_aliases(struct room *room, const char *dir, struct vite_config *out) {
    static const char *const names[] = {"tsconfig.json", "tsconfig.app.json", "jsconfig.json"};
    const json_t *row = NULL;
    bool is_read_by_vite = false;
    size_t i = 0;

    json_array_foreach(out->modules, i, row) {
        is_read_by_vite =
            is_read_by_vite || strstr(json_string_value(row), "tsconfig-paths") != NULL;
    }
    for (size_t j = 0; is_read_by_vite && j < ARRAY_N(names); j++) {
        read_file(room, path_join(room->arena, dir, names[j]), 0, out);
    }
}
