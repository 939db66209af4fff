/* What the program does beside answering: streams, sockets, workers, writes, migrations, weight. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <string.h>

/* --- rows --- */

static const char *where_of(struct room *room, size_t index, const struct py_call *call) {
    return room_where(room, room->tree.list.rows[index].path, call->line);
}

/* --- streams --- */

static void find_stream(struct room *room, json_t *list, size_t index, const struct py_call *call) {
    const char *last = py_last(call->callee);
    const char *where = where_of(room, index, call);
    const char *type = NULL;

    if (strcmp(last, "EventSourceResponse") == 0) {
        place_add(list, "kind", "sse", where);
        room_say(room, REASON_NEEDS_STREAMING, where, NULL);
    } else if (strcmp(last, "StreamingResponse") == 0) {
        type = value_text(room, index, call->scope, py_arg(call, "media_type", 3));
        if (type != NULL && strstr(type, "event-stream") != NULL) {
            place_add(list, "kind", "sse", where);
            room_say(room, REASON_NEEDS_STREAMING, where, NULL);
        } else {
            place_add(list, "kind", "stream", where);
            room_say(room, REASON_STREAMS_BUFFERED, where, NULL);
        }
    }
}

static void find_sockets(struct room *room, json_t *list) {
    for (size_t i = 0; i < room->route_n; i++) {
        if (strcmp(room->routes[i].method, "WEBSOCKET") == 0) {
            place_add(list, "kind", "websocket", room->routes[i].where);
            room_say(room, REASON_NEEDS_CONTAINER, room->routes[i].where, room->routes[i].path);
        }
    }
}

/* --- writes --- */

/* Whether open()'s mode writes. */
static bool is_write_mode(struct py_value mode) {
    return mode.kind == PY_STRING && strpbrk(mode.text, "wax+") != NULL;
}

/* The path that a call writes; PY_ABSENT when it writes nothing. */
static struct py_value written_path(struct room *room, const struct py_call *call) {
    static const char *const on_path[] = {"mkdir", "touch", "write_text", "write_bytes"};
    static const char *const first[] = {"makedirs", "FileHandler", "RotatingFileHandler",
                                        "TimedRotatingFileHandler"};
    const char *last = py_last(call->callee);
    struct py_value path = {.text = ""};

    if (strcmp(last, "open") == 0 && strcmp(call->callee, "open") == 0) {
        return is_write_mode(py_arg(call, "mode", 1)) ? py_arg(call, "file", 0) : path;
    }
    if (strcmp(call->callee, "os.mkdir") == 0) {
        return py_arg(call, "path", 0);
    }
    for (size_t i = 0; i < ARRAY_N(first); i++) {
        if (strcmp(last, first[i]) == 0) {
            return py_arg(call, "filename", 0);
        }
    }
    for (size_t i = 0; i < ARRAY_N(on_path); i++) {
        if (strcmp(last, on_path[i]) == 0 && call->on.kind == PY_CALL &&
            strcmp(py_last(call->on.text), "Path") == 0) {
            return call->on;
        }
        if (strcmp(last, on_path[i]) == 0 && last > call->callee) {
            path.kind = PY_NAME;
            path.text = arena_str(room->arena,
                                  (struct str){call->callee, (size_t)(last - call->callee - 1)});
        }
    }
    return path;
}

/* Below /tmp, or a folder that git brings along. */
static bool is_harmless(struct room *room, const char *path, const struct py_call *call) {
    const char *inside = path_join(room->arena, room->app->cwd, path);
    const char *behind = strstr(path, "}/"); /* BASE_DIR / "static" */
    const char *beside =
        behind == NULL ? NULL : path_join(room->arena, room->app->cwd, behind + strlen("}/"));
    const bool makes_folder = strcmp(py_last(call->callee), "makedirs") == 0 ||
                              strcmp(py_last(call->callee), "mkdir") == 0;

    return strncmp(path, "/tmp", 4) == 0 || strncmp(path, "/dev/", 5) == 0 ||
           (makes_folder && ((inside != NULL && tree_has_folder(&room->tree, inside)) ||
                             (beside != NULL && tree_has_folder(&room->tree, beside))));
}

/* What a write means: at the start it stops the program, later it fails one request. */
static void say_write(struct room *room, enum py_use use, const struct found *found,
                      const char *path, const char *where) {
    const bool is_whole = found->text != NULL && !found->is_partial;
    struct env_row *variable = found->kind == FOUND_ENV ? env_at(room, found->name) : NULL;

    if (use == USE_REQUEST) {
        if (!room_has(room->findings, "code", "WRITES_FILES")) { /* `writes` has all of them */
            room_say(room, REASON_WRITES_FILES, where, path);
        }
    } else if (variable != NULL && is_whole) {
        variable->is_written = true; /* the deployment gives it another place */
    } else if (found->kind == FOUND_TEXT && is_whole) {
        room_say(room, REASON_WRITES_BESIDE_CODE, where, path);
    } else {
        room_say(room, REASON_WRITES_AT_START, where, path);
    }
}

static void find_write(struct room *room, json_t *list, size_t index, const struct py_call *call) {
    const enum py_use use = module_use(room, index, call->scope);
    const char *where = where_of(room, index, call);
    struct py_value target = written_path(room, call);
    struct found found = {0};
    const char *path = NULL;
    json_t *row = NULL;

    if (target.kind == PY_ABSENT) {
        return;
    }
    found = value_find(room, index, call->scope, target);
    if (found.text != NULL && is_harmless(room, found.text, call)) {
        return;
    }
    path = found.text != NULL ? found.text : target.text;
    row = json_object();
    json_put_strn(row, "path", str_from(path));
    json_put_str(row, "when", use_word(use));
    json_put_strn(row, "where", str_from(where));
    room_add(list, row);
    say_write(room, use, &found, path, where);
}

/* --- migrations --- */

/* Whether a script, image or compose file of the repository runs `command`. */
static bool is_run_by_script(struct room *room, const char *command) {
    for (size_t i = 0; i < room->tree.list.n && !tree_is_late(&room->tree); i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];
        const char *name = path_name(entry->path);
        struct str path = str_from(entry->path);
        const bool is_script = str_ends(path, STR(".sh")) || str_ends(path, STR(".yml")) ||
                               str_ends(path, STR(".yaml")) || strcmp(name, "Procfile") == 0 ||
                               strncmp(name, "Dockerfile", 10) == 0;

        if (entry->kind == FS_FILE && is_script && entry->size < 64 * 1024 &&
            tree_read(&room->tree, entry->path, 64 * 1024, &room->text) &&
            str_find(buf_str(&room->text), str_from(command)) >= 0) {
            return true;
        }
    }
    return false;
}

static bool is_run_by_app(struct room *room, const char *package) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
            if ((strcmp(py_last(at->callee), "upgrade") == 0 ||
                 strcmp(py_last(at->callee), "Command") == 0) &&
                module_imports(module, package) && module_use(room, i, at->scope) != USE_REQUEST) {
                return true;
            }
        }
    }
    return false;
}

/* Without migrations the tables are made by the program itself. */
static json_t *find_tables_made(struct room *room) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
            if (strcmp(py_last(at->callee), "create_all") == 0 ||
                strcmp(py_last(at->callee), "generate_schemas") == 0) {
                json_t *json = json_object();

                json_put_str(json, "tool", py_last(at->callee));
                json_put_str(json, "when", use_word(module_use(room, i, at->scope)));
                json_put_str(json, "where", where_of(room, i, at));
                return json;
            }
        }
    }
    return json_null();
}

static json_t *find_migrations(struct room *room) {
    static const struct {
        const char *tool;
        const char *file;
        const char *command;
    } tools[] = {{"alembic", "alembic.ini", "alembic upgrade"},
                 {"aerich", "aerich.ini", "aerich "}};

    for (size_t i = 0; i < ARRAY_N(tools); i++) {
        const char *ini = path_join(room->arena, room->app->dir, tools[i].file);
        const bool has_file = tree_has_file(&room->tree, ini);
        json_t *json = NULL;

        if (!has_file && !manifest_has(&room->manifest, tools[i].tool)) {
            continue;
        }
        json = json_object();
        json_put_str(json, "tool", tools[i].tool);
        json_put_str(json, "when",
                     is_run_by_app(room, tools[i].tool)         ? "lifespan"
                     : is_run_by_script(room, tools[i].command) ? "prestart"
                                                                : "manual");
        json_put_str(json, "where",
                     has_file                      ? ini
                     : room->manifest.path != NULL ? room->manifest.path
                                                   : room->app->dir);
        room_say(room, REASON_MIGRATIONS_BY_HAND, json_str_at(json, "where"), tools[i].tool);
        return json;
    }
    return find_tables_made(room);
}

/* --- weight --- */

/* Packages known to be large; those over the limit alone do not fit at all. */
/* clang-format off */
static const struct {
    const char *package;
    bool is_too_large;
} weights[] = {
    { "torch", true },          { "tensorflow", true },  { "jax", false },
    { "transformers", false },  { "sentence-transformers", true }, { "playwright", true },
    { "selenium", false },      { "spacy", false },      { "onnxruntime", false },
    { "opencv-python", false }, { "opencv-python-headless", false }, { "scikit-learn", false },
    { "scipy", false },         { "pandas", false },     { "numpy", false },
    { "pyarrow", false },       { "moviepy", false },    { "langchain", false },
    { "polars", false },        { "weasyprint", false }, { "grpcio", false },
    { "chromadb", false },      { "faiss-cpu", false },  { "xgboost", false },
};
/* clang-format on */

static json_t *find_heavy(struct room *room) {
    json_t *list = json_array();
    const char *where = room->manifest.path != NULL ? room->manifest.path : room->manifest.dir;

    for (size_t i = 0; i < ARRAY_N(weights); i++) {
        if (manifest_has(&room->manifest, weights[i].package)) {
            json_array_append_new(list, json_string(weights[i].package));
            room_say(room, weights[i].is_too_large ? REASON_TOO_LARGE : REASON_HEAVY_PACKAGE, where,
                     weights[i].package);
        }
    }
    return list;
}

void behaviour_find(struct room *room, struct behaviour *out) {
    out->realtime = json_array();
    out->workers = json_array();
    out->writes = json_array();
    find_sockets(room, out->realtime);
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
            find_stream(room, out->realtime, i, at);
            worker_find(room, out->workers, i, at);
            find_write(room, out->writes, i, at);
        }
    }
    out->migrations = find_migrations(room);
    out->heavy = find_heavy(room);
}
