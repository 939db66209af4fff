/* Work beside the requests: queues with workers, schedulers, loops that a start leaves running. */
#include "repo/survey_room.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *last;
    const char *package; /* that the module must import, or NULL */
    const char *kind;
    const char *title;
} workers[] = {
    { "Celery",              NULL,          "celery",    "Celery" },
    { "Huey",                NULL,          "huey",      "Huey" },
    { "actor",               "dramatiq",    "dramatiq",  "Dramatiq" },
    { "Queue",               "rq",          "rq",        "RQ" },
    { "create_pool",         "arq",         "arq",       "arq" },
    { "ListQueueBroker",     NULL,          "taskiq",    "taskiq" },
    { "RedisSettings",       "arq",         "arq",       "arq" },
    { "AsyncIOScheduler",    NULL,          "scheduler", "the scheduler" },
    { "BackgroundScheduler", NULL,          "scheduler", "the scheduler" },
};
/* clang-format on */

static void find_queue(struct room *room, json_t *list, size_t index, const struct py_call *call) {
    const struct py_module *module = module_at(room, index);
    const char *where = room_where(room, module->path, call->line);

    for (size_t i = 0; i < ARRAY_N(workers); i++) {
        if (strcmp(py_last(call->callee), workers[i].last) == 0 &&
            (workers[i].package == NULL || module_imports(module, workers[i].package))) {
            place_add(list, "kind", workers[i].kind, where);
            room_say(room, REASON_NEEDS_WORKER, where, workers[i].title);
        }
    }
}

/* What a call runs beside the requests: create_task(f()), Thread(target=f). */
static struct py_value started(const struct py_call *call) {
    const char *last = py_last(call->callee);

    if (strcmp(last, "create_task") == 0 || strcmp(last, "ensure_future") == 0) {
        return py_arg(call, "coro", 0);
    }
    return strcmp(last, "Thread") == 0 ? py_arg(call, "target", -1) : (struct py_value){.text = ""};
}

static bool has_loop(const struct py_module *module, int scope) {
    for (const struct py_name *at = module->loops; at != NULL; at = at->next) {
        if (at->scope == scope) {
            return true;
        }
    }
    return false;
}

/* A method is taken by its name: which object it belongs to is not followed. */
static bool runs_for_ever(struct room *room, size_t index, const char *callee) {
    struct py_ref ref = module_resolve(room, room->app->cwd, index, callee);
    const struct py_module *module = module_at(room, ref.module == SIZE_MAX ? index : ref.module);
    int scope = 0;

    for (const struct py_function *at = module == NULL ? NULL : module->functions; at != NULL;
         at = at->next, scope++) {
        if (strcmp(at->name, py_last(callee)) == 0 && has_loop(module, scope)) {
            return true;
        }
    }
    return false;
}

static void find_loop(struct room *room, json_t *list, size_t index, const struct py_call *call) {
    struct py_value what = started(call);
    const char *where = room_where(room, room->tree.list.rows[index].path, call->line);
    const bool is_repeated = strcmp(py_last(call->callee), "repeat_every") == 0;

    if (is_repeated || ((what.kind == PY_NAME || what.kind == PY_CALL) &&
                        module_use(room, index, call->scope) != USE_REQUEST &&
                        what.text[0] != '\0' && runs_for_ever(room, index, what.text))) {
        place_add(list, "kind", "loop", where);
        room_say(room, REASON_LOOP_AT_START, where,
                 is_repeated ? "what repeat_every calls" : py_last(what.text));
    }
}

void worker_find(struct room *room, json_t *list, size_t index, const struct py_call *call) {
    find_queue(room, list, index, call);
    find_loop(room, list, index, call);
}
