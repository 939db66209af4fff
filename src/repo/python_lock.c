/* Lock files of Python: which packages, what they need in turn, how large, and for which Python
 * there are wheels. uv.lock, poetry.lock and pdm.lock are read by line, for they can be large;
 * Pipfile.lock is JSON. */
#include "repo/python_names.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { LOCK_BYTES_MAX = 8 << 20 };

/* --- wheels --- */

/* Minors that a tag such as "cp312" or "py3" stands for, as bits. */
static unsigned minors_of(struct str tag, bool is_stable) {
    const unsigned all = PYTHON_MINORS_ALL;
    int minor = 0;

    if (str_find(tag, STR("py3")) >= 0) {
        return all;
    }
    for (size_t i = 3; i < tag.len && str_starts(tag, STR("cp3")); i++) {
        if (tag.ptr[i] < '0' || tag.ptr[i] > '9' || minor > 99) {
            return 0;
        }
        minor = minor * 10 + (tag.ptr[i] - '0');
    }
    if (minor == 0 || minor > 30) {
        return 0;
    }
    return all & (is_stable ? ~((1u << minor) - 1) : 1u << minor);
}

/* name-1.0[-build]-cp312-cp312-manylinux_2_17_x86_64.whl */
static void add_wheel(json_t *locked, struct str file, int64_t size) {
    struct str parts[8] = {0};
    struct str rest = str_slice(file, 0, file.len - strlen(".whl"));
    char name[PYTHON_NAME_MAX];
    size_t n = 0;
    bool is_any = false;
    json_t *row = NULL;

    while (n < ARRAY_N(parts) && str_next(&rest, '-', &parts[n])) {
        n++;
    }
    if (n < 5 || rest.len > 0) {
        return;
    }
    is_any = str_eq(parts[n - 1], STR("any"));
    python_normal_name(parts[0], name);
    row = json_object_get(locked, name);
    if (row == NULL || (!is_any && str_find(parts[n - 1], STR("manylinux")) < 0)) {
        return;
    }
    json_put_int(row, "minors",
                 json_int_or(row, "minors", 0) |
                     (int64_t)minors_of(parts[n - 3], str_eq(parts[n - 2], STR("abi3"))));
    json_put_bool(row, "wheel", true);
    if ((is_any || str_find(parts[n - 1], STR("x86_64")) >= 0) &&
        size > json_int_or(row, "bytes", 0)) {
        json_put_int(row, "bytes", size);
    }
}

static void read_wheel(json_t *locked, struct str line) {
    ptrdiff_t end = str_find(line, STR(".whl"));
    ptrdiff_t at = str_find(line, STR("size = "));
    size_t from = end < 0 ? 0 : (size_t)end;
    int64_t size = 0;

    if (end < 0) {
        return;
    }
    while (from > 0 && line.ptr[from - 1] != '/' && line.ptr[from - 1] != '"') {
        from--;
    }
    for (size_t i = at < 0 ? line.len : (size_t)at + 7;
         i < line.len && line.ptr[i] >= '0' && line.ptr[i] <= '9' && size < ((int64_t)1 << 40);
         i++) {
        size = size * 10 + (line.ptr[i] - '0');
    }
    add_wheel(locked, str_slice(line, from, (size_t)end + strlen(".whl")), size);
}

/* --- lines --- */

/* What stands in quotes behind `key`; empty when the line does not hold it. */
static struct str quoted(struct str line, const char *key) {
    ptrdiff_t at = str_find(line, str_from(key));
    ptrdiff_t end = 0;

    if (at < 0) {
        return (struct str){0};
    }
    line = str_slice(line, (size_t)at + strlen(key), line.len);
    end = str_find(line, STR("\""));
    return str_slice(line, 0, end < 0 ? 0 : (size_t)end);
}

enum part { PART_OTHER, PART_NEEDS, PART_NEEDS_KEYS, PART_OPTIONAL, PART_OPTIONAL_KEYS };

struct reading {
    json_t *locked;
    json_t *row; /* of the package that is being read, or NULL */
    enum part part;
};

static void add_need(json_t *row, const char *key, struct str name) {
    char normal[PYTHON_NAME_MAX];

    python_normal_name(name, normal);
    if (json_object_get(row, key) == NULL) {
        json_put(row, key, json_array());
    }
    if (normal[0] != '\0' && json_array_size(json_object_get(row, key)) < SURVEY_LIST_MAX) {
        json_array_append_new(json_object_get(row, key), json_string(normal));
    }
}

/* asyncio = ["greenlet (>=1)", "typing-extensions"] */
static void add_quoted(json_t *row, struct str line) {
    struct str piece = {0};

    for (int i = 0; i < SURVEY_LIST_MAX && str_next(&line, '"', &piece); i++) {
        if (i % 2 == 1) {
            add_need(row, "optional", piece);
        }
    }
}

/* A line that starts a part; false when it is none. */
static bool read_head(struct reading *reading, struct str line) {
    struct str name = quoted(line, "name = \"");

    if (str_eq(line, STR("[[package]]"))) {
        reading->row = NULL;
        reading->part = PART_OTHER;
    } else if (reading->row == NULL && str_starts(line, STR("name = \"")) && name.len > 0) {
        char normal[PYTHON_NAME_MAX];

        python_normal_name(name, normal);
        reading->row = json_object();
        json_put(reading->locked, normal, reading->row);
    } else if (str_starts(line, STR("dependencies = ["))) {
        reading->part = str_ends(line, STR("]")) ? PART_OTHER : PART_NEEDS;
    } else if (str_eq(line, STR("[package.dependencies]"))) {
        reading->part = PART_NEEDS_KEYS;
    } else if (str_eq(line, STR("[package.optional-dependencies]"))) {
        reading->part = PART_OPTIONAL;
    } else if (str_eq(line, STR("[package.extras]"))) {
        reading->part = PART_OPTIONAL_KEYS;
    } else if (str_starts(line, STR("["))) {
        reading->part = PART_OTHER;
    } else {
        return false;
    }
    return true;
}

static void read_line(struct reading *reading, struct str line) {
    struct str name = quoted(line, "{ name = \"");

    if (line.len == 0 || read_head(reading, line)) {
        return;
    }
    if (reading->part == PART_NEEDS && str_eq(line, STR("]"))) {
        reading->part = PART_OTHER;
    }
    if (reading->row != NULL && name.len > 0 && reading->part != PART_OTHER) {
        add_need(reading->row, reading->part == PART_OPTIONAL ? "optional" : "needs", name);
        if (str_find(line, STR("extra = [")) >= 0) {
            add_need(reading->row, "full", name);
        }
    } else if (reading->row != NULL && reading->part == PART_NEEDS_KEYS) {
        add_need(reading->row, "needs", line);
    } else if (reading->row != NULL && reading->part == PART_OPTIONAL_KEYS) {
        add_quoted(reading->row, line);
    }
    read_wheel(reading->locked, line);
}

static void read_lines(struct room *room, struct str text, json_t *locked) {
    struct reading reading = {.locked = locked};
    struct str line = {0};

    while (str_next(&text, '\n', &line) && room_spend(room)) {
        read_line(&reading, str_trim(line));
    }
}

static void read_pipfile_lock(struct str text, json_t *locked) {
    json_t *json = NULL;
    struct err ignored = {0};
    const char *name = NULL;
    json_t *value = NULL;

    if (json_read(text, &json, &ignored) != ERR_NONE) {
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)json_at(json, "default"), name, value) {
        json_put(locked, name, json_object());
    }
    json_decref(json);
}

void python_lock_read(struct room *room, struct manifest *manifest) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(LOCK_BYTES_MAX);

    if (manifest->lock == NULL || !tree_read(&room->tree, manifest->lock, LOCK_BYTES_MAX, &text)) {
        return;
    }
    if (strcmp(manifest->manager, "pipenv") == 0) {
        read_pipfile_lock(buf_str(&text), manifest->locked);
    } else if (str_ends(str_from(manifest->lock), STR(".lock"))) {
        read_lines(room, buf_str(&text), manifest->locked);
    }
}

/* --- what the application takes of it --- */

struct taking {
    struct room *room;
    json_t *locked;
    json_t *queue;
};

static void take(struct taking *taking, const json_t *names) {
    json_t *name = NULL;
    size_t i = 0;

    json_array_foreach((json_t *)(uintptr_t)names, i, name) {
        json_t *row = json_object_get(taking->locked, json_string_value(name));

        if (row != NULL && !json_bool_at(row, "runtime") && room_spend(taking->room)) {
            json_put_bool(row, "runtime", true);
            json_array_append(taking->queue, name);
        }
    }
}

static void take_optional(struct taking *taking, const json_t *full) {
    const json_t *name = NULL;
    size_t i = 0;

    json_array_foreach(full, i, name) {
        take(taking, json_at(json_object_get(taking->locked, json_string_value(name)), "optional"));
    }
}

static void take_all(struct taking *taking) {
    for (size_t i = 0; i < json_array_size(taking->queue); i++) {
        const char *name = json_string_value(json_array_get(taking->queue, i));
        const json_t *row = json_object_get(taking->locked, name);

        take(taking, json_at(row, "needs"));
        take_optional(taking, json_at(row, "full"));
    }
}

struct lock_sum python_lock_sum(struct room *room, const struct manifest *manifest) {
    struct lock_sum sum = {.minors = PYTHON_MINORS_ALL};
    struct taking taking = {room, manifest->locked, json_array()};
    const char *name = NULL;
    json_t *row = NULL;

    take(&taking, manifest->dependencies);
    take_optional(&taking, manifest->full);
    take_all(&taking);
    json_decref(taking.queue);
    json_object_foreach(manifest->locked, name, row) {
        const unsigned minors = (unsigned)json_int_or(row, "minors", 0);

        if (!json_bool_at(row, "runtime") || !json_bool_at(row, "wheel")) {
            continue;
        }
        sum.n++;
        sum.bytes += json_int_or(row, "bytes", 0);
        if (minors != 0 && (sum.minors & minors) != sum.minors) {
            sum.minors &= minors;
            sum.narrow = arena_str(room->arena, str_from(name));
        }
    }
    return sum;
}
