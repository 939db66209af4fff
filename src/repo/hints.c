/* Dockerfile, compose.yaml, Procfile, render.yaml: the commands in them. */
#include "repo/hints.h"

#include "repo/path.h"
#include "repo/yaml_tree.h"

#include <ctype.h>
#include <string.h>

enum { HINT_FILES_MAX = 20, HINT_BYTES_MAX = 64 * 1024, HINT_WORDS_MAX = 60, HINT_WORD_MAX = 200 };

struct reading {
    struct room *room;
    struct hints *out;
    const char *path;
    const char *dir;
};

/* --- one command --- */

static bool is_in(struct str word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(word, str_from(list[i]))) {
            return true;
        }
    }
    return false;
}

/* Words of `uvicorn app:app --port 80` and of ["uvicorn", "app:app"]. */
static size_t split_words(struct str text, struct str *words) {
    size_t n = 0;
    size_t start = 0;

    for (size_t i = 0; i <= text.len && n < HINT_WORDS_MAX; i++) {
        if (i == text.len || isspace((unsigned char)text.ptr[i]) ||
            strchr("[],\"'`()", text.ptr[i]) != NULL) {
            if (i > start) {
                words[n++] = str_slice(text, start, i);
            }
            start = i + 1;
        }
    }
    return n;
}

/* "app.main:app", not "0.0.0.0:80". */
static bool is_target(struct str word) {
    ptrdiff_t colon = str_find(word, STR(":"));

    if (colon <= 0 || (size_t)colon + 1 >= word.len || !isalpha((unsigned char)word.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (!isalnum((unsigned char)word.ptr[i]) && strchr("._:()", word.ptr[i]) == NULL) {
            return false;
        }
    }
    return !isdigit((unsigned char)word.ptr[colon + 1]);
}

static void add_hint(struct reading *reading, struct hint hint, int line) {
    if (reading->out->n < HINTS_MAX) {
        hint.path = reading->path;
        hint.dir = reading->dir;
        hint.where = room_where(reading->room, reading->path, line);
        reading->out->rows[reading->out->n++] = hint;
    }
}

static const char *keep(struct reading *reading, struct str word) {
    return arena_str(reading->room->arena, str_slice(word, 0, HINT_WORD_MAX));
}

static void read_server(struct reading *reading, const struct str *words, size_t n, int line) {
    for (size_t i = 0; i < n; i++) {
        if (is_target(words[i])) {
            add_hint(reading, (struct hint){.target = keep(reading, words[i])}, line);
            return;
        }
        if (str_ends(words[i], STR(".py"))) {
            add_hint(reading, (struct hint){.file = keep(reading, words[i])}, line);
            return;
        }
    }
}

/* Of `cd web && pnpm run build:fast` the script. */
static void read_build(struct reading *reading, const struct str *words, size_t n, int line) {
    for (size_t i = 0; i < n; i++) {
        if (str_find(words[i], STR("build")) == 0 && words[i].len < 60) {
            add_hint(reading, (struct hint){.script = keep(reading, words[i])}, line);
            return;
        }
    }
}

static void read_command(struct reading *reading, struct str text, int line) {
    static const char *const servers[] = {"uvicorn", "gunicorn", "hypercorn", "granian", "fastapi"};
    static const char *const workers[] = {"celery", "arq", "rq", "dramatiq", "taskiq", "huey"};
    static const char *const builders[] = {"npm", "pnpm", "yarn", "bun"};
    struct str words[HINT_WORDS_MAX];
    const size_t n = split_words(text, words);

    for (size_t i = 0; i < n; i++) {
        if (is_in(words[i], servers, ARRAY_N(servers))) {
            read_server(reading, words + i + 1, n - i - 1, line);
            return;
        }
        if (is_in(words[i], workers, ARRAY_N(workers))) {
            add_hint(reading, (struct hint){.worker = keep(reading, words[i])}, line);
            return;
        }
        if (is_in(words[i], builders, ARRAY_N(builders)) && i + 1 < n) {
            read_build(reading, words + i + 1, n - i - 1 < 2 ? n - i - 1 : 2, line);
            return;
        }
    }
}

/* --- Dockerfile --- */

static struct str instruction(struct str line, struct str *rest) {
    struct str word = {0};

    *rest = str_trim(line);
    (void)str_next(rest, ' ', &word);
    *rest = str_trim(*rest);
    return word;
}

/* CMD, ENTRYPOINT and RUN; a backslash at the end goes on in the next line. Commands behind "&&"
 * are read one by one. */
static void read_dockerfile(struct reading *reading, struct str text) {
    static const char *const starters[] = {"CMD", "ENTRYPOINT", "RUN"};
    struct str line = {0};
    bool is_command = false;
    bool goes_on = false;

    for (int n = 1; str_next(&text, '\n', &line); n++) {
        struct str rest = str_trim(line);
        struct str part = {0};

        if (!goes_on) {
            is_command = is_in(instruction(line, &rest), starters, ARRAY_N(starters));
        }
        goes_on = str_ends(str_trim(line), STR("\\"));
        while (is_command && str_next(&rest, '&', &part)) {
            read_command(reading, part, n);
        }
    }
}

/* --- Procfile --- */

static void read_procfile(struct reading *reading, struct str text) {
    struct str line = {0};

    for (int n = 1; str_next(&text, '\n', &line); n++) {
        ptrdiff_t colon = str_find(line, STR(":"));

        if (colon > 0) {
            read_command(reading, str_slice(line, (size_t)colon + 1, line.len), n);
        }
    }
}

/* --- compose.yaml and render.yaml --- */

/* The folder that a service is built in, or NULL. */
static const char *build_context(const struct yaml_node *service) {
    const struct yaml_node *build = yaml_child(service, "build");
    const char *context = yaml_text(yaml_child(build, "context"));

    return context != NULL ? context : yaml_text(build);
}

static void read_commands(struct reading *reading, const struct yaml_node *node) {
    static const char *const keys[] = {"command", "entrypoint", "startCommand", "buildCommand",
                                       "dockerCommand"};

    const char *before = reading->dir;
    const char *context = build_context(node);

    if (context != NULL) {
        const char *dir = path_join(reading->room->arena, before, context);
        reading->dir = dir == NULL ? before : dir;
    }
    for (const struct yaml_node *at = node->first; at != NULL && room_spend(reading->room);
         at = at->next) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(4096);

        if (at->key == NULL || !is_in(str_from(at->key), keys, ARRAY_N(keys))) {
            if (at->kind != YAML_SCALAR) {
                read_commands(reading, at);
            }
            continue;
        }
        buf_add_s(&text, at->kind == YAML_SCALAR ? at->text : "");
        for (const struct yaml_node *word = at->first; word != NULL; word = word->next) {
            buf_addf(&text, " %s", word->kind == YAML_SCALAR ? word->text : "");
        }
        read_command(reading, buf_str(&text), at->line);
    }
    reading->dir = before;
}

static void read_yaml(struct reading *reading, struct str text) {
    struct yaml_node *tree = NULL;
    struct err ignored = {0};

    if (yaml_read_foreign(text, reading->path, reading->room->arena, &tree, &ignored) == ERR_NONE) {
        read_commands(reading, tree);
    }
}

/* --- which files --- */

static void (*reader_of(const char *path))(struct reading *, struct str) {
    struct str name = str_from(path_name(path));
    const bool is_yaml = str_ends(name, STR(".yml")) || str_ends(name, STR(".yaml"));

    if (str_starts(name, STR("Dockerfile")) || str_ends(name, STR(".Dockerfile"))) {
        return read_dockerfile;
    }
    if (str_eq(name, STR("Procfile"))) {
        return read_procfile;
    }
    if (is_yaml && (str_starts(name, STR("compose")) || str_starts(name, STR("docker-compose")) ||
                    str_starts(name, STR("render.")))) {
        return read_yaml;
    }
    return NULL;
}

void hints_read(struct room *room, struct hints *out) {
    struct reading reading = {.room = room, .out = out};
    int files = 0;

    out->n = 0;
    for (size_t i = 0; i < room->tree.list.n && files < HINT_FILES_MAX; i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];
        void (*reader)(struct reading *, struct str) =
            entry->kind == FS_FILE ? reader_of(entry->path) : NULL;

        if (reader != NULL && str_is_utf8(str_from(entry->path)) &&
            tree_read(&room->tree, entry->path, HINT_BYTES_MAX, &room->text)) {
            files++;
            reading.path = entry->path;
            reading.dir = path_dir(room->arena, entry->path);
            reader(&reading, buf_str(&room->text));
        }
    }
}

/* --- beside the code --- */

/* Whether `file`, seen from `cwd`, is `path`; from any folder when `cwd` is NULL. */
static bool is_file(struct room *room, const char *cwd, const char *file, const char *path) {
    const char *whole = cwd == NULL ? NULL : path_join(room->arena, cwd, file);

    return whole != NULL
               ? strcmp(whole, path) == 0
               : cwd == NULL && str_ends(str_from(path), str_from(file)) &&
                     (strlen(path) == strlen(file) || path[strlen(path) - strlen(file) - 1] == '/');
}

bool hint_names(struct room *room, const struct hint *hint, const char *path, const char *name,
                const char *cwd) {
    struct str rest = str_from(hint->target);
    struct str module = {0};
    CLEANUP(buf_done) struct buf file = BUF_INIT(2 * HINT_WORD_MAX);

    if (hint->file != NULL) {
        return is_file(room, cwd, hint->file[0] == '.' ? path_name(hint->file) : hint->file, path);
    }
    if (hint->target == NULL) {
        return false;
    }
    (void)str_next(&rest, ':', &module);
    for (size_t i = 0; i < module.len; i++) {
        buf_add_c(&file, module.ptr[i] == '.' ? '/' : module.ptr[i]);
    }
    buf_add_s(&file, strcmp(path_name(path), "__init__.py") == 0 ? "/__init__.py" : ".py");
    return str_starts(rest, str_from(name)) && is_file(room, cwd, buf_cstr(&file), path);
}

/* Whether the file is about the chosen application: beside it, or above. */
static bool is_near(struct room *room, const struct hint *hint) {
    return path_is_below(room->app->dir, path_dir(room->arena, hint->path)) ||
           path_is_below(hint->path, room->app->dir);
}

static bool is_known(struct room *room, const struct hint *hint) {
    for (size_t i = 0; i < room->app_n; i++) {
        const struct app *app = &room->apps[i];

        if (hint_names(room, hint, room->tree.list.rows[app->module].path, app->name, NULL)) {
            return true;
        }
    }
    return false;
}

void hints_judge(struct room *room, const char *script) {
    const struct hints *hints = room->hints;

    for (size_t i = 0; i < hints->n; i++) {
        const struct hint *hint = &hints->rows[i];
        const bool is_server = hint->target != NULL || hint->file != NULL;

        if (is_server && room->app != NULL && is_near(room, hint) && !is_known(room, hint)) {
            room_say(room, REASON_HINT_DISAGREES, hint->where,
                     hint->target != NULL ? hint->target : hint->file);
        } else if (hint->worker != NULL && room->app != NULL &&
                   !room_has(room->refuse, "code", reason_row(REASON_NEEDS_WORKER)->code)) {
            room_say(room, REASON_ALSO_RUNS, hint->where, hint->worker);
        } else if (hint->script != NULL && script != NULL && strcmp(hint->script, script) != 0) {
            room_say(room, REASON_BUILD_DIFFERS, hint->where, hint->script);
        }
    }
}
