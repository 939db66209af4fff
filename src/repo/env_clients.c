/* Variables that no line of the application reads: clients look for their keys by themselves, and
 * dynaconf for the names that its validators list. */
#include "repo/survey_room.h"

#include <ctype.h>
#include <string.h>

/* clang-format off */
static const struct {
    const char *last; /* of the callee */
    const char *arg;  /* that makes the variable needless */
    const char *name;
} clients[] = {
    { "OpenAI",           "api_key",           "OPENAI_API_KEY" },
    { "AsyncOpenAI",      "api_key",           "OPENAI_API_KEY" },
    { "ChatOpenAI",       "api_key",           "OPENAI_API_KEY" },
    { "OpenAIEmbeddings", "api_key",           "OPENAI_API_KEY" },
    { "Anthropic",        "api_key",           "ANTHROPIC_API_KEY" },
    { "AsyncAnthropic",   "api_key",           "ANTHROPIC_API_KEY" },
    { "ChatAnthropic",    "api_key",           "ANTHROPIC_API_KEY" },
    { "Groq",             "api_key",           "GROQ_API_KEY" },
    { "AsyncGroq",        "api_key",           "GROQ_API_KEY" },
    { "ChatGroq",         "api_key",           "GROQ_API_KEY" },
    { "TavilyClient",     "api_key",           "TAVILY_API_KEY" },
    { "InferenceClient",  "token",             "HF_TOKEN" },
};
/* clang-format on */

static bool has_key(const struct py_call *call, const char *arg) {
    for (size_t i = 0; i < call->arg_n; i++) {
        const char *name = call->args[i].name;

        if (name == NULL || strstr(name, arg) != NULL || strstr(name, "base_url") != NULL) {
            return true; /* openai_api_key too; with another address another key, or none */
        }
    }
    return false;
}

static void find_keys(struct room *room, size_t index) {
    const struct py_module *module = module_at(room, index);

    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        for (size_t i = 0; i < ARRAY_N(clients); i++) {
            if (strcmp(py_last(at->callee), clients[i].last) == 0 && !has_key(at, clients[i].arg)) {
                env_add(room, (struct env_row){.name = clients[i].name,
                                               .where = room_where(room, module->path, at->line),
                                               .use = module_use(room, index, at->scope),
                                               .is_needed = true,
                                               .is_secret = true});
            }
        }
    }
}

/* Dynaconf(envvar_prefix="APP", validators=[Validator("NAME", must_exist=True)]): APP_NAME. */
static const char *dynaconf_prefix(const struct py_module *module) {
    for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
        struct py_value prefix = py_arg(at, "envvar_prefix", -1);

        if (strcmp(py_last(at->callee), "Dynaconf") == 0) {
            return prefix.kind == PY_STRING  ? prefix.text
                   : prefix.kind == PY_FALSE ? ""
                                             : "DYNACONF";
        }
    }
    return NULL;
}

static void find_validated(struct room *room, size_t index, const struct py_call *call,
                           const char *prefix) {
    const struct py_module *module = module_at(room, index);

    for (size_t i = 0; i < call->arg_n; i++) {
        const struct py_arg *arg = &call->args[i];
        CLEANUP(buf_done) struct buf name = BUF_INIT(300);

        if (arg->name != NULL || arg->value.kind != PY_STRING) {
            continue;
        }
        buf_addf(&name, "%s%s", prefix, prefix[0] == '\0' ? "" : "_");
        for (const char *c = arg->value.text; *c != '\0'; c++) {
            buf_addf(&name, *c == '.' ? "__" : "%c", toupper((unsigned char)*c));
        }
        if (!name.failed) {
            env_add(room, (struct env_row){.name = arena_str(room->arena, buf_str(&name)),
                                           .where = room_where(room, module->path, call->line),
                                           .use = module_use(room, index, call->scope),
                                           .is_required = true});
        }
    }
}

static void find_dynaconf(struct room *room, size_t index) {
    const struct py_module *module = module_at(room, index);
    const char *prefix = dynaconf_prefix(module);

    for (const struct py_call *at = module->calls; at != NULL && prefix != NULL; at = at->next) {
        if (strcmp(py_last(at->callee), "Validator") == 0 &&
            py_arg(at, "must_exist", -1).kind == PY_TRUE &&
            py_arg(at, "default", -1).kind == PY_ABSENT) {
            find_validated(room, index, at, prefix);
        }
    }
}

void env_find_clients(struct room *room, size_t index) {
    find_keys(room, index);
    find_dynaconf(room, index);
}
