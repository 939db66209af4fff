/* A Procfile. */
#include "repo/procfile.h"

static bool is_process_name(struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-')) {
            return false;
        }
    }
    return name.len > 0;
}

size_t procfile_read(struct str text, struct arena *arena, const struct procfile_row **out) {
    struct procfile_row *rows = ARENA_ARRAY(arena, struct procfile_row, PROCFILE_ROWS_MAX);
    struct str line = {0};
    size_t n = 0;

    for (int number = 1; n < PROCFILE_ROWS_MAX && str_next(&text, '\n', &line); number++) {
        ptrdiff_t colon = str_find(line, STR(":"));
        struct str name = str_trim(str_slice(line, 0, colon < 0 ? 0 : (size_t)colon));
        struct str command = str_trim(str_slice(line, (size_t)(colon + 1), line.len));

        if (is_process_name(name) && command.len > 0) {
            rows[n++] =
                (struct procfile_row){arena_str(arena, name), arena_str(arena, command), number};
        }
    }
    *out = rows;
    return n;
}
