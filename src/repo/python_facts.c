/* The facts of a module, looked at again: arguments, functions, and which calls are kept. */
#include "repo/python_walk.h"

#include <stdlib.h>
#include <string.h>

/* Last words of callees that some later room looks at, sorted. */
static const char *const interesting[] = {
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "APIRouter",
    "Anthropic",
    "AsyncAnthropic",
    "AsyncClient",
    "AsyncConnectionPool",
    "AsyncGroq",
    "AsyncIOMotorClient",
    "AsyncIOScheduler",
    "AsyncMongoClient",
    "AsyncOpenAI",
    "BackgroundScheduler",
    "BlockingConnection",
    "Celery",
    "ChatAnthropic",
    "ChatGroq",
    "ChatOpenAI",
    "Command",
    "ConnectionPool",
    "Database",
    "Dynaconf",
    "EventSourceResponse",
    "FastAPI",
    "FileHandler",
    "Flask",
    "Groq",
    "Huey",
    "InferenceClient",
    "ListQueueBroker",
    "Litestar",
    "Mangum",
    "MongoClient",
    "OpenAI",
    "OpenAIEmbeddings",
    "Quart",
    "Queue",
    "Redis",
    "RedisSettings",
    "RotatingFileHandler",
    "Sanic",
    "Scheduler",
    "SessionMiddleware",
    "SqliteDatabase",
    "Starlette",
    "StaticFiles",
    "StreamingResponse",
    "StrictRedis",
    "TavilyClient",
    "Thread",
    "TimedRotatingFileHandler",
    "Validator",
    "actor",
    "add_api_route",
    "add_api_websocket_route",
    "add_event_handler",
    "add_middleware",
    "add_route",
    "api_route",
    "client",
    "connect",
    "connect_robust",
    "copyfile",
    "create_all",
    "create_async_engine",
    "create_engine",
    "create_pool",
    "create_task",
    "delete",
    "ensure_future",
    "from_url",
    "generate_schemas",
    "get",
    "head",
    "include_router",
    "init",
    "init_db",
    "listen",
    "makedirs",
    "mkdir",
    "mkdtemp",
    "mount",
    "on_event",
    "open",
    "options",
    "patch",
    "post",
    "put",
    "register_tortoise",
    "repeat_every",
    "resource",
    "route",
    "run_migrations",
    "token_hex",
    "token_urlsafe",
    "touch",
    "trace",
    "upgrade",
    "urandom",
    "uuid4",
    "websocket",
    "websocket_route",
    "write_bytes",
    "write_text",
};

const char *py_last(const char *dotted) {
    const char *dot = strrchr(dotted, '.');

    return dot == NULL ? dotted : dot + 1;
}

struct py_value py_arg(const struct py_call *call, const char *name, int position) {
    int at = 0;

    for (size_t i = 0; i < call->arg_n; i++) {
        if (call->args[i].name == NULL ? at++ == position : strcmp(call->args[i].name, name) == 0) {
            return call->args[i].value;
        }
    }
    return (struct py_value){.text = ""};
}

const struct py_function *py_function_at(const struct py_module *module, int scope) {
    const struct py_function *at = module->functions;

    while (at != NULL && scope > 0) {
        at = at->next;
        scope--;
    }
    return scope < 0 ? NULL : at;
}

static int compare_words(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool py_is_interesting(const char *callee) {
    const char *last = py_last(callee);

    return bsearch(&last, interesting, ARRAY_N(interesting), sizeof(interesting[0]),
                   compare_words) != NULL;
}
