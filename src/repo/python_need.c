/* Which Python the application needs: its manifest says it, its syntax, the wheels of its lock
 * file. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { HINT_BYTES_MAX = 64 * 1024 };

/* "3.12" at the start of `text`, or NULL. */
static const char *version_at(struct room *room, struct str text) {
    size_t n = 2;

    if (!str_starts(text, STR("3."))) {
        return NULL;
    }
    while (n < text.len && n < 4 && text.ptr[n] >= '0' && text.ptr[n] <= '9') {
        n++;
    }
    return n == 2 ? NULL : arena_str(room->arena, str_slice(text, 0, n));
}

/* FROM python:3.12-slim, the last of a Dockerfile. */
static const char *hint_of_image(struct room *room) {
    struct str rest = buf_str(&room->text);
    struct str line = {0};
    const char *hint = NULL;

    while (str_next(&rest, '\n', &line) && room_spend(room)) {
        ptrdiff_t at = str_find(line, STR("python:"));

        if ((str_starts(line, STR("FROM ")) || str_starts(line, STR("from "))) && at > 0) {
            const char *version =
                version_at(room, str_slice(line, (size_t)at + strlen("python:"), line.len));

            hint = version != NULL ? version : hint;
        }
    }
    return hint;
}

static const char *hint_of_file(struct room *room, const char *dir, const char *name) {
    const char *path = path_join(room->arena, dir, name);

    if (!tree_read(&room->tree, path, HINT_BYTES_MAX, &room->text)) {
        return NULL;
    }
    return strcmp(name, "Dockerfile") == 0 ? hint_of_image(room)
                                           : version_at(room, str_trim(buf_str(&room->text)));
}

/* In the folder of the manifest, or around it. */
static const char *find_hint(struct room *room) {
    static const char *const names[] = {".python-version", "Dockerfile"};

    for (const char *dir = room->app->dir;; dir = path_dir(room->arena, dir)) {
        for (size_t i = 0; i < ARRAY_N(names); i++) {
            const char *hint = hint_of_file(room, dir, names[i]);

            if (hint != NULL) {
                return hint;
            }
        }
        if (strcmp(dir, ".") == 0) {
            return NULL;
        }
    }
}

static bool allows(const struct manifest *manifest, int minor) {
    return manifest->python == NULL || python_allows(manifest->python, minor);
}

static void add_clause(struct room *room, const char *clause, int minor) {
    const char *before = room->manifest.python;

    if (before != NULL && strcmp(before, "*") == 0) {
        before = NULL;
    }
    room->manifest.python = arena_format(room->arena, "%s%s%s3.%d", before == NULL ? "" : before,
                                         before == NULL ? "" : ",", clause, minor);
}

/* The code does not parse, or does not find its names, in an older Python. */
static void need_syntax(struct room *room) {
    const struct py_module *newest = NULL;
    bool is_older_allowed = false;

    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const struct py_module *module = module_at(room, room->reached[k]);

        newest = newest == NULL || module->minor > newest->minor ? module : newest;
    }
    for (int minor = PYTHON_MINOR_MIN; newest != NULL && minor < newest->minor; minor++) {
        is_older_allowed = is_older_allowed || allows(&room->manifest, minor);
    }
    if (is_older_allowed) {
        add_clause(room, ">=", newest->minor);
        room_say(room, REASON_PYTHON_SYNTAX, room_where(room, newest->path, newest->minor_line),
                 arena_format(room->arena, "3.%d", newest->minor));
    }
}

/* A lock file from before a Python was there has no wheels for it. */
static void need_wheels(struct room *room) {
    const struct lock_sum sum = python_lock_sum(room, &room->manifest);
    int highest = 0;

    for (int minor = PYTHON_MINOR_MIN; minor <= PYTHON_MINOR_MAX; minor++) {
        if (allows(&room->manifest, minor) && ((sum.minors >> minor) & 1) != 0) {
            highest = minor;
        }
    }
    if (sum.narrow == NULL) {
        return;
    }
    if (highest == 0) {
        room_say(room, REASON_LOCK_WITHOUT_WHEELS, room->manifest.lock, sum.narrow);
    } else if (highest < PYTHON_MINOR_MAX && allows(&room->manifest, highest + 1)) {
        room_say(room, REASON_LOCK_OLD, room->manifest.lock,
                 arena_format(room->arena, "3.%d (%s)", highest, sum.narrow));
        add_clause(room, "<", highest + 1);
    }
}

void python_need(struct room *room) {
    room->manifest.hint = find_hint(room);
    if (room->manifest.python == NULL && room->manifest.hint != NULL) {
        const int minor = (int)strtol(room->manifest.hint + 2, NULL, 10);

        if (minor >= PYTHON_MINOR_MIN && minor <= PYTHON_MINOR_MAX) {
            room->manifest.python = arena_format(room->arena, "==3.%d.*", minor);
        }
    }
    need_syntax(room);
    need_wheels(room);
}

json_t *python_size(struct room *room) {
    enum { UNPACKED = 3 }; /* wheels grow about that much */
    const struct lock_sum sum = python_lock_sum(room, &room->manifest);
    const int64_t mb = (sum.bytes + 999999) / 1000000;
    json_t *json = NULL;

    if (sum.bytes == 0) {
        return json_null();
    }
    json = json_object();
    json_put_int(json, "zip", mb);
    json_put_int(json, "unzipped", mb * UNPACKED);
    return json;
}
