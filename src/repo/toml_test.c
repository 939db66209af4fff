/* TOML as JSON, judged by the examples of toml.io and by hand. */
#include "repo/toml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct {
    const char *toml;
    const char *json;
    int broken_line;
} rows[] = {
    { "",                                        "{}", 0 },
    { "# only a comment\n",                      "{}", 0 },
    { "a = -1\nb = 0x1F\nc = 1_000\n",           "{\"a\":-1,\"b\":31,\"c\":1000}", 0 },
    { "a = true\nb = 1.5\nc = 2026-01-01\n",     "{\"a\":true,\"b\":\"1.5\",\"c\":\"2026-01-01\"}", 0 },
    { "a = \"x\\t\\u00e9\\\"\"\n",               "{\"a\":\"x\\t\xc3\xa9\\\"\"}", 0 },
    { "a = 'C:\\\\x'\n",                         "{\"a\":\"C:\\\\\\\\x\"}", 0 },
    { "a = \"\"\"\nx\ny\"\"\"\n",                "{\"a\":\"x\\ny\"}", 0 },
    { "a = \"\"\"x \\\n   y\"\"\"\n",            "{\"a\":\"x y\"}", 0 },
    { "a = ''\n",                                "{\"a\":\"\"}", 0 },
    { "a = [1, [2], # c\n 'x',\n]\n",            "{\"a\":[1,[2],\"x\"]}", 0 },
    { "a = {b = 1, c.d = 'x'}\n",                "{\"a\":{\"b\":1,\"c\":{\"d\":\"x\"}}}", 0 },
    { "[a.b]\nc = 1\n[a]\nd = 2\n",              "{\"a\":{\"b\":{\"c\":1},\"d\":2}}", 0 },
    { "a.b.\"c d\" = 1\n",                       "{\"a\":{\"b\":{\"c d\":1}}}", 0 },
    { "[[p]]\nn = 1\n[p.s]\nk = 1\n[[p]]\nn = 2\n", "{\"p\":[{\"n\":1,\"s\":{\"k\":1}},{\"n\":2}]}", 0 },
    { "a = 1\nb = = 2\n",                        NULL, 2 },
    { "a = [1\n\n[t]\n",                         NULL, 1 },
    { "a = 1\n[a]\nb = 2\n",                     "{\"a\":1}", 2 }, /* the name is taken */
};
/* clang-format on */

static void toml_becomes_json(void **state) {
    struct syntax_parser *parser = syntax_parser_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *text = NULL;
        json_t *json = NULL;
        struct err err = {0};
        int line = -1;

        assert_int_equal(toml_read(parser, str_from(rows[i].toml), &json, &line, &err), ERR_NONE);
        text = json_text(json);
        if (rows[i].json != NULL && strcmp(text, rows[i].json) != 0) {
            fail_msg("row %zu: %s, expected %s", i, text, rows[i].json);
        }
        if ((line == 0) != (rows[i].broken_line == 0)) {
            fail_msg("row %zu: broken at line %d, expected %d", i, line, rows[i].broken_line);
        }
        json_decref(json);
    }
    syntax_parser_free(parser);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(toml_becomes_json)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
