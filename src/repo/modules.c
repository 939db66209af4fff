/* Python modules of the repository: finding, reading, following imports, and when functions run. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { RESOLVE_DEPTH = 12 };

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
        return NULL;
    }
    room->parsed++;
    at->uses = arena_alloc(room->arena, (size_t)facts->function_n + 1);
    at->facts = facts;
    return facts;
}

/* The index of DIR/DOTTED.py or DIR/DOTTED/__init__.py. */
static size_t module_below(struct room *room, const char *dir, const char *dotted) {
    char *path = mem_strdup(dotted);
    const char *base = NULL;
    const char *file = NULL;
    const struct fs_entry *entry = NULL;

    for (char *c = path; *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    base = path_join(room->arena, dir, path);
    free(path);
    if (base == NULL) {
        return SIZE_MAX;
    }
    file = strcmp(base, ".") == 0 ? "__init__.py" : arena_format(room->arena, "%s.py", base);
    entry = tree_find(&room->tree, file);
    if (entry == NULL || entry->kind != FS_FILE) {
        file = path_join(room->arena, base, "__init__.py");
        entry = tree_find(&room->tree, file);
    }
    return entry == NULL || entry->kind != FS_FILE ? SIZE_MAX
                                                   : (size_t)(entry - room->tree.list.rows);
}

size_t module_find(struct room *room, const char *cwd, const char *from, int level,
                   const char *dotted) {
    const char *dir = cwd;

    if (strlen(dotted) > 300) {
        return SIZE_MAX;
    }
    if (level > 0) {
        dir = path_dir(room->arena, from);
        for (int i = 1; i < level; i++) {
            if (strcmp(dir, ".") == 0) {
                return SIZE_MAX;
            }
            dir = path_dir(room->arena, dir);
        }
    }
    return module_below(room, dir, dotted);
}

/* --- what a name means --- */

static struct py_ref nowhere(void) { return (struct py_ref){SIZE_MAX, ""}; }

static bool defines(const struct py_module *module, const char *name) {
    for (const struct py_assign *at = module->assigns; at != NULL; at = at->next) {
        if (strcmp(at->name, name) == 0) {
            return true;
        }
    }
    for (const struct py_function *at = module->functions; at != NULL; at = at->next) {
        if (at->class_name == NULL && strcmp(at->name, name) == 0) {
            return true;
        }
    }
    for (const struct py_class *at = module->classes; at != NULL; at = at->next) {
        if (strcmp(at->name, name) == 0) {
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

static struct py_ref resolve(struct room *room, const char *cwd, size_t index, const char *dotted,
                             int depth) {
    const struct py_module *module = depth > RESOLVE_DEPTH ? NULL : module_at(room, index);
    struct str rest = str_from(dotted);
    struct str first_piece = {0};
    const char *first = NULL;
    const char *behind = NULL;

    if (module == NULL) {
        return nowhere();
    }
    if (!str_next(&rest, '.', &first_piece)) {
        return (struct py_ref){index, ""};
    }
    first = arena_str(room->arena, first_piece);
    behind = dotted + first_piece.len + (dotted[first_piece.len] == '.');
    for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
        const char *local = at->as != NULL ? at->as : at->name;
        const char *plain = behind_plain_import(at, dotted);
        struct py_ref ref = nowhere();

        if (plain != NULL) {
            ref = resolve_import(room, cwd, module->path, at, plain, depth);
        } else if (at->name != NULL && strcmp(at->name, "*") == 0) {
            size_t from = module_find(room, cwd, module->path, at->level, at->module);

            if (from != SIZE_MAX && from != index) {
                ref = resolve(room, cwd, from, dotted, depth + 3);
            }
        } else if (local != NULL && strcmp(local, first) == 0) {
            ref = resolve_import(room, cwd, module->path, at, behind, depth);
        }
        if (ref.module != SIZE_MAX) {
            return ref;
        }
    }
    if (defines(module, dotted)) {
        return (struct py_ref){index, dotted};
    }
    return defines(module, first) ? (struct py_ref){index, dotted} : nowhere();
}

struct py_ref module_resolve(struct room *room, const char *cwd, size_t module,
                             const char *dotted) {
    return resolve(room, cwd, module, dotted, 0);
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
    for (size_t i = 0; i < steps->n && !tree_is_late(&room->tree); i++) {
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

void modules_reach(struct room *room, const struct app *app) {
    struct queue queue = {.rows = mem_array(SURVEY_MODULES_MAX, sizeof(size_t))};
    struct steps steps = {0};

    for (size_t i = 0; i < room->tree.list.n; i++) {
        room->modules[i].is_reached = false;
    }
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
        reach_imports(room, &queue, app->cwd, module);
    }
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
