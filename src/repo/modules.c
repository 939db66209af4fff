/* Python modules of the repository: finding, reading, following imports, and when functions run. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESOLVE_DEPTH = 12, RESOLVE_STAR = 5 }; /* a star costs more: it may lead anywhere */

const char *use_word(enum py_use use) {
    static const char *const words[USE_N] = {"request", "import", "lifespan", "request"};

    return words[use];
}

const struct py_module *module_at(struct room *room, size_t index) {
    struct room_module *at = &room->modules[index];
    const char *path = room->tree.list.rows[index].path;
    struct py_module *facts = NULL;
    struct err ignored = {0};

    if (at->is_read) {
        return at->facts;
    }
    at->is_read = true;
    if (!str_is_utf8(str_from(path)) ||
        !tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return NULL;
    }
    facts = ARENA_NEW(room->arena, struct py_module);
    if (py_read(room->parser, room->arena, path, buf_str(&room->text), facts, &ignored) !=
        ERR_NONE) {
        room_say(room, REASON_FILE_TOO_LARGE, path, path);
        return NULL;
    }
    room->parsed++;
    at->uses = arena_alloc(room->arena, (size_t)facts->function_n + 1);
    at->facts = facts;
    return facts;
}

enum { MODULE_PATH_MAX = 1000 };

/* The index of the file `path`, or SIZE_MAX. */
static size_t file_index(const struct room *room, const char *path) {
    const struct fs_entry *entry = tree_find(&room->tree, path);

    return entry == NULL || entry->kind != FS_FILE ? SIZE_MAX
                                                   : (size_t)(entry - room->tree.list.rows);
}

/* Cuts `n` parts off the end of a folder; false when there are not so many. */
static bool cut_parts(struct str *dir, int n) {
    for (; n > 0; n--) {
        const char *slash = NULL;

        if (dir->len == 0) {
            return false;
        }
        slash = memrchr(dir->ptr, '/', dir->len);
        dir->len = slash == NULL ? 0 : (size_t)(slash - dir->ptr);
    }
    return true;
}

/* Looks for DIR/DOTTED.py and DIR/DOTTED/__init__.py. Called for every import of every module, so
 * it allocates nothing. */
static size_t module_in(struct room *room, struct str dir, const char *dotted) {
    char path[MODULE_PATH_MAX];
    size_t index = SIZE_MAX;
    int n = 0;

    if (!room_spend(room) || (dir.len == 0 && dotted[0] == '\0')) {
        return SIZE_MAX;
    }
    n = snprintf(path, sizeof(path), STR_FMT "%s%s", STR_ARG(dir),
                 dir.len > 0 && dotted[0] != '\0' ? "/" : "", dotted);
    if (n < 0 || n > MODULE_PATH_MAX - (int)sizeof("/__init__.py")) {
        return SIZE_MAX;
    }
    for (char *c = path + dir.len; *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    memcpy(path + n, ".py", sizeof(".py"));
    index = file_index(room, path);
    if (index == SIZE_MAX) {
        memcpy(path + n, "/__init__.py", sizeof("/__init__.py"));
        index = file_index(room, path);
    }
    return index;
}

size_t module_find(struct room *room, const char *cwd, const char *from, int level,
                   const char *dotted) {
    struct str dir = str_from(level > 0 ? from : strcmp(cwd, ".") == 0 ? "" : cwd);
    size_t index = cut_parts(&dir, level) ? module_in(room, dir, dotted) : SIZE_MAX;

    /* Which folder the code adds to sys.path is an expression; it is one around the module. */
    dir = str_from(from);
    while (level == 0 && index == SIZE_MAX && room->is_path_changed && cut_parts(&dir, 1)) {
        index = module_in(room, dir, dotted);
    }
    return index;
}

/* --- what a name means --- */

static struct py_ref nowhere(void) { return (struct py_ref){SIZE_MAX, ""}; }

static bool defines(const struct py_module *module, struct str name) {
    for (const struct py_assign *at = module->assigns; at != NULL; at = at->next) {
        if (str_eq(str_from(at->name), name)) {
            return true;
        }
    }
    for (const struct py_function *at = module->functions; at != NULL; at = at->next) {
        if (at->class_name == NULL && str_eq(str_from(at->name), name)) {
            return true;
        }
    }
    for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
        if (str_eq(str_from(at->name), name)) {
            return true;
        }
    }
    return false;
}

static struct py_ref resolve(struct room *room, const char *cwd, size_t index, const char *dotted,
                             int depth);

/* What lies behind `rest` in the thing that `import` brings in. */
static struct py_ref resolve_import(struct room *room, const char *cwd, const char *path,
                                    const struct py_import *import, const char *rest, int depth) {
    size_t module = module_find(room, cwd, path, import->level, import->module);
    size_t below = SIZE_MAX;

    if (import->name == NULL) { /* import a.b as x */
        return module == SIZE_MAX ? nowhere() : resolve(room, cwd, module, rest, depth + 1);
    }
    below = module_find(room, cwd, path, import->level,
                        import->module[0] == '\0'
                            ? import->name
                            : arena_format(room->arena, "%s.%s", import->module, import->name));
    if (module != SIZE_MAX) {
        struct py_ref ref = resolve(
            room, cwd, module,
            rest[0] == '\0' ? import->name : arena_format(room->arena, "%s.%s", import->name, rest),
            depth + 1);

        if (ref.module != SIZE_MAX) {
            return ref;
        }
    }
    return below == SIZE_MAX ? nowhere() : resolve(room, cwd, below, rest, depth + 1);
}

/* "a.b.c" after "import a.b": the module a.b, and "c". */
static const char *behind_plain_import(const struct py_import *import, const char *dotted) {
    size_t n = strlen(import->module);

    if (import->name != NULL || import->as != NULL || strncmp(dotted, import->module, n) != 0 ||
        (dotted[n] != '.' && dotted[n] != '\0')) {
        return NULL;
    }
    return dotted[n] == '.' ? dotted + n + 1 : "";
}

/* What the import `at` of `module` makes of `dotted`; nowhere when it is about another name. */
static struct py_ref resolve_by(struct room *room, const char *cwd, size_t index,
                                const struct py_import *at, const char *dotted, int depth) {
    const char *path = room->tree.list.rows[index].path;
    const char *local = at->as != NULL ? at->as : at->name;
    const char *plain = behind_plain_import(at, dotted);
    const size_t n = strcspn(dotted, ".");
    size_t from = SIZE_MAX;

    if (plain != NULL) {
        return resolve_import(room, cwd, path, at, plain, depth);
    }
    if (at->name != NULL && strcmp(at->name, "*") == 0) {
        from = module_find(room, cwd, path, at->level, at->module);
        return from == SIZE_MAX || from == index
                   ? nowhere()
                   : resolve(room, cwd, from, dotted, depth + RESOLVE_STAR);
    }
    if (local == NULL || strncmp(local, dotted, n) != 0 || local[n] != '\0') {
        return nowhere();
    }
    return resolve_import(room, cwd, path, at, dotted + n + (dotted[n] == '.'), depth);
}

static struct py_ref resolve(struct room *room, const char *cwd, size_t index, const char *dotted,
                             int depth) {
    const struct py_module *module =
        depth > RESOLVE_DEPTH || !room_spend(room) ? NULL : module_at(room, index);
    struct str first = str_slice(str_from(dotted), 0, strcspn(dotted, "."));

    if (module == NULL) {
        return nowhere();
    }
    if (dotted[0] == '\0') {
        return (struct py_ref){index, ""};
    }
    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        struct py_ref ref = resolve_by(room, cwd, index, at, dotted, depth);

        if (ref.module != SIZE_MAX) {
            return ref;
        }
    }
    return defines(module, first) || defines(module, str_from(dotted))
               ? (struct py_ref){index, dotted}
               : nowhere();
}

struct py_ref module_resolve(struct room *room, const char *cwd, size_t module,
                             const char *dotted) {
    return resolve(room, cwd, module, dotted, 0);
}

bool module_imports(const struct py_module *module, const char *package) {
    size_t n = strlen(package);

    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        if (at->level == 0 && strncmp(at->module, package, n) == 0 &&
            (at->module[n] == '\0' || at->module[n] == '.')) {
            return true;
        }
    }
    return false;
}

/* --- what is reached --- */

struct queue {
    size_t *rows;
    size_t n;
    size_t head;
};

static void reach(struct room *room, struct queue *queue, size_t index) {
    if (index != SIZE_MAX && !room->modules[index].is_reached && queue->n < SURVEY_MODULES_MAX) {
        room->modules[index].is_reached = true;
        queue->rows[queue->n++] = index;
    }
}

/* import a.b.c runs a and a.b too. */
static void reach_parents(struct room *room, struct queue *queue, const char *cwd,
                          const struct py_module *module, int level, const char *dotted) {
    for (const char *dot = strchr(dotted, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        reach(room, queue,
              module_find(room, cwd, module->path, level,
                          arena_str(room->arena, (struct str){dotted, (size_t)(dot - dotted)})));
    }
}

static void reach_imports(struct room *room, struct queue *queue, const char *cwd,
                          const struct py_module *module) {
    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        reach_parents(room, queue, cwd, module, at->level, at->module);
        reach(room, queue, module_find(room, cwd, module->path, at->level, at->module));
        if (at->name != NULL && strcmp(at->name, "*") != 0) {
            reach(room, queue,
                  module_find(room, cwd, module->path, at->level,
                              at->module[0] == '\0'
                                  ? at->name
                                  : arena_format(room->arena, "%s.%s", at->module, at->name)));
        }
    }
}

/* Importing app.api.main runs app/__init__.py and app/api/__init__.py as well. */
static void reach_packages(struct room *room, struct queue *queue, const struct app *app) {
    const char *colon = strchr(app->target, ':');
    const struct py_module *module = module_at(room, app->module);

    if (module != NULL && colon != NULL) {
        reach_parents(
            room, queue, app->cwd, module, 0,
            arena_str(room->arena, (struct str){app->target, (size_t)(colon - app->target)}));
    }
}

/* --- when functions run --- */

struct step {
    size_t module;
    int scope;
};

struct steps {
    struct step *rows;
    size_t n;
    size_t cap;
};

static void steps_add(struct steps *steps, size_t module, int scope) {
    if (steps->n == steps->cap) {
        steps->cap = steps->cap * 2 + 64;
        steps->rows = mem_resize(steps->rows, steps->cap * sizeof(*steps->rows));
    }
    steps->rows[steps->n++] = (struct step){module, scope};
}

/* Marks the functions called `name` of a module; for a class, what makes its objects. */
static void mark_named(struct room *room, struct steps *steps, struct py_ref ref, enum py_use use) {
    const struct py_module *module = ref.module == SIZE_MAX ? NULL : module_at(room, ref.module);
    int scope = 0;

    if (module == NULL) {
        return;
    }
    for (const struct py_function *at = module->functions; at != NULL; at = at->next, scope++) {
        const bool is_it = at->class_name == NULL ? strcmp(at->name, ref.name) == 0
                                                  : strcmp(at->class_name, ref.name) == 0 &&
                                                        strcmp(at->name, "__init__") == 0;

        if (is_it && room->modules[ref.module].uses[scope] == USE_NONE) {
            room->modules[ref.module].uses[scope] = (unsigned char)use;
            steps_add(steps, ref.module, scope);
        }
    }
}

/* Follows the calls from what is in `steps`. */
static void mark_calls(struct room *room, const char *cwd, struct steps *steps, enum py_use use) {
    for (size_t i = 0; i < steps->n && room_spend(room); i++) {
        const struct step step = steps->rows[i];
        const struct py_module *module = module_at(room, step.module);

        for (const struct py_name *at = module->runs; at != NULL; at = at->next) {
            if (at->scope == step.scope && at->name[0] != '\0' && at->name[0] != '?') {
                mark_named(room, steps, module_resolve(room, cwd, step.module, at->name), use);
            }
        }
    }
    steps->n = 0;
}

/* Functions given to FastAPI(lifespan=…) and to on_event("startup"), where the object is made. */
static void mark_lifespan(struct room *room, const struct app *app, struct steps *steps) {
    const size_t index = app->object_module;
    const struct py_module *module =
        room->modules[index].is_reached ? module_at(room, index) : NULL;

    for (const struct py_call *at = module == NULL ? NULL : module->calls; at != NULL;
         at = at->next) {
        struct py_value lifespan = py_arg(at, "lifespan", -1);
        const char *last = py_last(at->callee);

        if (lifespan.kind == PY_NAME) {
            mark_named(room, steps, module_resolve(room, app->cwd, index, lifespan.text),
                       USE_LIFESPAN);
        }
        if (strcmp(last, "on_event") == 0 && at->decorates >= 0) {
            room->modules[index].uses[at->decorates] = USE_LIFESPAN;
            steps_add(steps, index, at->decorates);
        }
        if (strcmp(last, "add_event_handler") == 0 && py_arg(at, "func", 1).kind == PY_NAME) {
            mark_named(room, steps,
                       module_resolve(room, app->cwd, index, py_arg(at, "func", 1).text),
                       USE_LIFESPAN);
        }
    }
}

static void list_reached(struct room *room) {
    room->reached = ARENA_ARRAY(room->arena, size_t, SURVEY_MODULES_MAX);
    room->reached_n = 0;
    for (size_t i = 0; i < room->tree.list.n && room->reached_n < SURVEY_MODULES_MAX; i++) {
        if (room->modules[i].is_reached) {
            room->reached[room->reached_n++] = i;
        }
    }
}

static bool changes_path(const struct py_module *module) {
    for (const struct py_name *at = module->runs; at != NULL; at = at->next) {
        if (strncmp(at->name, "sys.path.", strlen("sys.path.")) == 0) {
            return true;
        }
    }
    return false;
}

void modules_reach(struct room *room, const struct app *app) {
    struct queue queue = {.rows = mem_array(SURVEY_MODULES_MAX, sizeof(size_t))};
    struct steps steps = {0};

    for (size_t i = 0; i < room->tree.list.n; i++) {
        room->modules[i].is_reached = false;
    }
    room->is_path_changed = false;
    reach(room, &queue, app->module);
    reach_packages(room, &queue, app);
    for (; queue.head < queue.n; queue.head++) {
        const struct py_module *module = module_at(room, queue.rows[queue.head]);

        if (module == NULL) {
            room->modules[queue.rows[queue.head]].is_reached = false;
            continue;
        }
        memset(room->modules[queue.rows[queue.head]].uses, 0, (size_t)module->function_n + 1);
        steps_add(&steps, queue.rows[queue.head], PY_MODULE_SCOPE);
        room->is_path_changed = room->is_path_changed || changes_path(module);
        reach_imports(room, &queue, app->cwd, module);
    }
    list_reached(room);
    if (app->is_factory) {
        room->modules[app->module].uses[app->factory_scope] = USE_IMPORT;
        steps_add(&steps, app->module, app->factory_scope);
    }
    mark_calls(room, app->cwd, &steps, USE_IMPORT);
    mark_lifespan(room, app, &steps);
    mark_calls(room, app->cwd, &steps, USE_LIFESPAN);
    free(steps.rows);
    free(queue.rows);
}

enum py_use module_use(struct room *room, size_t module, int scope) {
    enum py_use use = USE_IMPORT;

    if (scope >= 0) {
        use = (enum py_use)room->modules[module].uses[scope];
    }
    return use == USE_NONE ? USE_REQUEST : use;
}
