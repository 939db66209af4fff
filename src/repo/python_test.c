/* The facts of one Python module, one small source at a time. */
#include "repo/python.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct reading {
    struct syntax_parser *parser;
    struct arena *arena;
    struct py_module module;
};

static void reading_done(struct reading *reading) {
    arena_free(reading->arena);
    syntax_parser_free(reading->parser);
}

static void read_source(struct reading *reading, const char *source) {
    struct err err = {0};

    reading->parser = syntax_parser_new();
    reading->arena = arena_new();
    if (py_read(reading->parser, reading->arena, "m.py", str_from(source), &reading->module,
                &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
}

/* clang-format off */
static const struct {
    const char *source;
    enum py_kind kind;
    const char *text;
} values[] = {
    { "x = 'a' \"b\"",                PY_STRING,   "ab" },
    { "x = 'a\\n\\'b\\''",            PY_STRING,   "a\n'b'" },
    { "x = f'/{settings.API}/v{1}'",  PY_TEMPLATE, "/{settings.API}/v{?}" },
    { "x = BASE + '/x'",              PY_TEMPLATE, "{BASE}/x" },
    { "x = BASE / 'data' / 'x.db'",   PY_TEMPLATE, "{BASE}/data/x.db" },
    { "x = 20",                       PY_NUMBER,   "20" },
    { "x = True",                     PY_TRUE,     "True" },
    { "x = None",                     PY_NONE,     "None" },
    { "x = a.b.c",                    PY_NAME,     "a.b.c" },
    { "x = (await f(1))",             PY_CALL,     "f" },
    { "x = lambda: f()",              PY_CALL,     "f" },
    { "x = os.environ['A']",          PY_ENV,      "A" },
    { "x = os.getenv('A', 'b')",      PY_ENV,      "A" },
    { "x = environ.get('A') or 'b'",  PY_ENV,      "A" },
    { "x = os.environ['A'] if 'A' in os.environ else 'b'", PY_ENV, "A" },
    { "x = 'b' if c else os.getenv('A')", PY_ENV,  "A" },
    { "x = {'a': 1}",                 PY_CALL,     "dict" },
    { "x = Path('data') / 'x.db'",    PY_STRING,   "data/x.db" },
};
/* clang-format on */

static void values_are_told_apart(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(values); i++) {
        CLEANUP(reading_done) struct reading reading = {0};
        const struct py_assign *assign = NULL;

        read_source(&reading, values[i].source);
        assign = reading.module.assigns;
        if (assign == NULL || assign->value.kind != values[i].kind ||
            strcmp(assign->value.text, values[i].text) != 0) {
            fail_msg("%s: kind %d, text '%s'", values[i].source,
                     assign == NULL ? -1 : (int)assign->value.kind,
                     assign == NULL ? "" : assign->value.text);
        }
    }
}

/* clang-format off */
static const struct {
    const char *source;
    const char *name;      /* NULL: no variable is read */
    bool is_required;
    const char *otherwise; /* NULL: none */
} envs[] = {
    { "import os\nos.environ['A']",                  "A", true,  NULL },
    { "x = os.getenv('A')",                          "A", false, NULL },
    { "x = os.getenv('A', 'b')",                     "A", false, "b" },
    { "x = os.getenv('A', default='b')",             "A", false, "b" },
    { "x = int(os.environ.get('A', '3'))",           "A", false, "3" },
    { "x = os.environ['A'].split(',')",              "A", true,  NULL },
    { "from decouple import config\nx = config('A')", "A", true, NULL },
    { "from decouple import config\nx = config('A', default='b')", "A", false, "b" },
    { "x = config('A')",                             NULL, false, NULL }, /* somebody else's */
    { "os.environ['A'] = 'set'",                     NULL, false, NULL },
    { "if __name__ == '__main__':\n    os.environ['A']", NULL, false, NULL },
    { "x = os.getenv(name)",                         NULL, false, NULL },
};
/* clang-format on */

static void reads_of_the_environment_are_found_once_each(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(envs); i++) {
        CLEANUP(reading_done) struct reading reading = {0};
        const struct py_env *env = NULL;
        bool is_right = false;

        read_source(&reading, envs[i].source);
        env = reading.module.envs;
        if (envs[i].name == NULL || env == NULL) {
            is_right = (envs[i].name == NULL) == (env == NULL);
        } else {
            is_right =
                strcmp(env->name, envs[i].name) == 0 && env->next == NULL &&
                env->is_required == envs[i].is_required &&
                (env->otherwise == NULL) == (envs[i].otherwise == NULL) &&
                (env->otherwise == NULL || strcmp(env->otherwise->text, envs[i].otherwise) == 0);
        }
        if (!is_right) {
            fail_msg("row %zu: %s", i, envs[i].source);
        }
    }
}

static void imports_keep_their_dots_and_names(void **state) {
    CLEANUP(reading_done) struct reading reading = {0};
    const struct py_import *at = NULL;

    (void)state;
    read_source(&reading, "import a.b as c\nfrom ..x.y import (z as w,\n  v)\nfrom . import u\n"
                          "from t import *\n");
    at = reading.module.imports;
    assert_string_equal(at->module, "a.b");
    assert_string_equal(at->as, "c");
    assert_null(at->name);
    at = at->next;
    assert_string_equal(at->module, "x.y");
    assert_int_equal(at->level, 2);
    assert_string_equal(at->name, "z");
    assert_string_equal(at->as, "w");
    at = at->next;
    assert_string_equal(at->name, "v");
    at = at->next;
    assert_string_equal(at->module, "");
    assert_int_equal(at->level, 1);
    assert_string_equal(at->name, "u");
    at = at->next;
    assert_string_equal(at->name, "*");
    assert_null(at->next);
}

static void a_decorator_belongs_to_the_function_below_it(void **state) {
    CLEANUP(reading_done) struct reading reading = {0};
    const struct py_call *call = NULL;

    (void)state;
    read_source(&reading, "def first(): pass\n@app.get('/x', tags=['a'])\n@cached(10)\n"
                          "async def second(q, *, r=1): pass\n");
    call = reading.module.calls;
    assert_string_equal(call->callee, "app.get");
    assert_string_equal(py_function_at(&reading.module, call->decorates)->name, "second");
    assert_int_equal(py_function_at(&reading.module, call->decorates)->required_params, 1);
    assert_int_equal(call->line, 2);
    assert_string_equal(py_arg(call, "path", 0).text, "/x");
    assert_int_equal(py_arg(call, "prefix", -1).kind, PY_ABSENT);
}

static void every_word_of_interest_is_kept(void **state) {
    static const char *const callees[] = {
        "FastAPI",     "APIRouter",  "x.include_router", "x.mount",
        "connect",     "Redis",      "r.from_url",       "open",
        "p.mkdir",     "Celery",     "create_engine",    "StreamingResponse",
        "MongoClient", "x.on_event", "write_text",       "AIOKafkaConsumer"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(callees); i++) {
        CLEANUP(reading_done) struct reading reading = {0};
        CLEANUP(freep) char *source = mem_format("y = %s(1)\n", callees[i]);

        read_source(&reading, source);
        if (reading.module.calls == NULL || strcmp(reading.module.calls->target, "y") != 0) {
            fail_msg("%s is not kept: is the table sorted?", callees[i]);
        }
    }
}

static void settings_classes_keep_fields_and_inner_classes(void **state) {
    CLEANUP(reading_done) struct reading reading = {0};
    const struct py_class *class_ = NULL;

    (void)state;
    read_source(&reading,
                "class S(BaseSettings, env_prefix='P_'):\n    a: str\n    b: int = 3\n"
                "    class Config:\n        env_file = '.env'\n    def c(self): x: int = 1\n");
    class_ = reading.module.classes;
    assert_string_equal(class_->bases[0], "BaseSettings");
    assert_string_equal(class_->args[1].name, "env_prefix");
    assert_string_equal(class_->fields->name, "a");
    assert_int_equal(class_->fields->value.kind, PY_ABSENT);
    assert_string_equal(class_->fields->next->type, "int");
    assert_null(class_->fields->next->next); /* what a method assigns is no field */
    assert_ptr_equal(class_->next->outer, class_);
}

static void a_check_that_raises_is_seen(void **state) {
    CLEANUP(reading_done) struct reading reading = {0};

    (void)state;
    read_source(&reading,
                "if not A:\n    raise X\nif B is None:\n    raise X\nif not C:\n    pass\n");
    assert_string_equal(reading.module.checked->name, "A");
    assert_string_equal(reading.module.checked->next->name, "B");
    assert_null(reading.module.checked->next->next);
}

static void what_does_not_parse_is_told_with_its_line(void **state) {
    CLEANUP(reading_done) struct reading reading = {0};

    (void)state;
    read_source(&reading, "x = 1\ny = = 2\n");
    assert_int_equal(reading.module.broken_line, 2);
    assert_string_equal(reading.module.assigns->name, "x");
}

/* clang-format off */
static const struct {
    const char *source;
    int minor;
} minors[] = {
    { "x = 1",                                    0 },
    { "match x:\n    case 1: pass",               10 },
    { "try: pass\nexcept* ValueError: pass",      11 },
    { "import tomllib",                           11 },
    { "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None", 0 },
    { "from typing import Self, Any",             11 },
    { "from mine import Self",                    0 },
    { "type X = int",                             12 },
    { "def f[T](a: T): pass",                     12 },
    { "class C[T]: pass",                         12 },
    { "try: pass\nexcept (A, B): pass",           0 },
    { "try: pass\nexcept A, B: pass",             14 },
};
/* clang-format on */

static void newer_syntax_tells_the_python_that_it_needs(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(minors); i++) {
        CLEANUP(reading_done) struct reading reading = {0};

        read_source(&reading, minors[i].source);
        if (reading.module.minor != minors[i].minor) {
            fail_msg("%s: needs 3.%d, expected 3.%d", minors[i].source, reading.module.minor,
                     minors[i].minor);
        }
    }
}

/* clang-format off */
static const struct {
    const char *source;
    const char *required; /* names with a comma behind each */
} demands[] = {
    { "X = os.getenv('A')",                                        "" },
    { "X = os.environ['A']",                                       "A," },
    { "try:\n    X = os.environ['A']\nexcept KeyError:\n    X = 1", "" },
    { "if not os.getenv('A'): raise E",                            "A," },
    { "if os.getenv('A') is None: sys.exit(1)",                    "A," },
    { "if os.getenv('A'): raise E",                                "" },
    { "if not os.getenv('A'): print(1)",                           "" },
    { "assert os.getenv('A')",                                     "A," },
    { "for n in ['A', 'B']:\n    if not os.getenv(n): raise E",    "A,B," },
    { "N = ('A', 'B')\nm = [n for n in N if not os.getenv(n)]",    "A,B," },
    { "N = ['A']\nfor n in N:\n    if os.getenv(n): print(n)",     "" },
};
/* clang-format on */

static void what_a_condition_demands_is_required(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(demands); i++) {
        CLEANUP(reading_done) struct reading reading = {0};
        CLEANUP(buf_done) struct buf names = BUF_INIT(100);

        read_source(&reading, demands[i].source);
        for (const struct py_env *at = reading.module.envs; at != NULL; at = at->next) {
            buf_addf(&names, "%s%s", at->is_required ? at->name : "", at->is_required ? "," : "");
        }
        if (strcmp(buf_cstr(&names), demands[i].required) != 0) {
            fail_msg("%s: requires %s, expected %s", demands[i].source, buf_cstr(&names),
                     demands[i].required);
        }
    }
}

static void what_is_handed_over_looped_or_given_is_kept(void **state) {
    CLEANUP(reading_done) struct reading reading = {0};
    const struct py_module *module = &reading.module;

    (void)state;
    read_source(&reading, "def f(x, app: A, *rest, y=1):\n    while True:\n        pass\n"
                          "    while x:\n        pass\n"
                          "add(1, app)\nuser(name='admin', password='123456')\n"
                          "user(password=read())\n");
    assert_string_equal(module->functions->params[1], "app");
    assert_string_equal(module->functions->params[2], "y");
    assert_int_equal(module->functions->required_params, 2);
    assert_int_equal(module->loops->scope, 0);
    assert_null(module->loops->next);
    assert_string_equal(module->passes->callee, "add");
    assert_int_equal(module->passes->position, 1);
    assert_int_equal(module->given->line, 7);
    assert_null(module->given->next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_told_apart),
        cmocka_unit_test(reads_of_the_environment_are_found_once_each),
        cmocka_unit_test(imports_keep_their_dots_and_names),
        cmocka_unit_test(a_decorator_belongs_to_the_function_below_it),
        cmocka_unit_test(every_word_of_interest_is_kept),
        cmocka_unit_test(settings_classes_keep_fields_and_inner_classes),
        cmocka_unit_test(a_check_that_raises_is_seen),
        cmocka_unit_test(what_does_not_parse_is_told_with_its_line),
        cmocka_unit_test(newer_syntax_tells_the_python_that_it_needs),
        cmocka_unit_test(what_a_condition_demands_is_required),
        cmocka_unit_test(what_is_handed_over_looped_or_given_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
