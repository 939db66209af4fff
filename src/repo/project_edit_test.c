/* aws-copilot.yml, edited: what is changed, and what stays as it was written. */
#include "repo/project_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "version: 1 # ours\napp: { name: todo }\n"

enum change { ADD, DROP, SET, ENV };

/* clang-format off */
static const struct {
    const char *what;
    enum change change;
    const char *name;
    const char *value;
    const char *before; /* behind HEAD */
    const char *after;  /* NULL: refused */
} rows[] = {
    { "the first secret of a block", ADD, "KEY", NULL,
      "environments:\n  dev: # mine\n    region: eu-west-1 # near\n\n# the end\n",
      "environments:\n  dev: # mine\n    region: eu-west-1 # near\n    secrets: [KEY]\n\n# the end\n" },
    { "another one, in brackets", ADD, "KEY", NULL,
      "environments:\n  dev:\n    secrets: [ONE, TWO] # names\n    region: eu-west-1\n",
      "environments:\n  dev:\n    secrets: [ONE, TWO, KEY] # names\n    region: eu-west-1\n" },
    { "another one, by dashes", ADD, "KEY", NULL,
      "environments:\n  dev:\n    secrets:\n      - ONE # first\n      - TWO\n    region: eu-west-1\n",
      "environments:\n  dev:\n    secrets:\n      - ONE # first\n      - TWO\n      - KEY\n    region: eu-west-1\n" },
    { "dashes under the key", ADD, "KEY", NULL,
      "environments:\n  dev:\n    secrets:\n    - ONE\n  prod: {}\n",
      "environments:\n  dev:\n    secrets:\n    - ONE\n    - KEY\n  prod: {}\n" },
    { "an environment in braces", ADD, "KEY", NULL,
      "environments: { dev: { region: eu-west-1 }, prod: {} }\n",
      "environments: { dev: { region: eu-west-1, secrets: [KEY] }, prod: {} }\n" },
    { "an empty environment in braces", ADD, "KEY", NULL,
      "environments:\n  dev: {}\n", "environments:\n  dev: {secrets: [KEY]}\n" },
    { "an environment with nothing behind it", ADD, "KEY", NULL,
      "environments:\n  dev:\n  prod: {}\n", "environments:\n  dev:\n    secrets: [KEY]\n  prod: {}\n" },
    { "an environment that is null", ADD, "KEY", NULL, "environments:\n  dev: ~\n", NULL },
    { "empty brackets", ADD, "KEY", NULL,
      "environments:\n  dev: { secrets: [] }\n", "environments:\n  dev: { secrets: [KEY] }\n" },
    { "no newline at the end", ADD, "KEY", NULL,
      "environments:\n  dev:\n    region: eu-west-1", "environments:\n  dev:\n    region: eu-west-1\n    secrets: [KEY]\n" },
    { "lines that end as on Windows", ADD, "KEY", NULL,
      "environments:\r\n  dev:\r\n    region: eu-west-1\r\n", "environments:\r\n  dev:\r\n    region: eu-west-1\r\n    secrets: [KEY]\r\n" },
    { "it is there already", ADD, "KEY", NULL,
      "environments:\n  dev: { secrets: [ KEY ] }\n", "environments:\n  dev: { secrets: [ KEY ] }\n" },
    { "it was a plain variable", ADD, "GREETING", NULL,
      "environments:\n  dev:\n    variables: { A: b, GREETING: hi }\n    region: eu-west-1\n",
      "environments:\n  dev:\n    variables: { A: b }\n    region: eu-west-1\n    secrets: [GREETING]\n" },
    { "it was the only variable", ADD, "GREETING", NULL,
      "environments:\n  dev:\n    variables:\n      GREETING: hi # old\n    region: eu-west-1\n",
      "environments:\n  dev:\n    region: eu-west-1\n    secrets: [GREETING]\n" },
    { "letters of two bytes before it", ADD, "KEY", NULL,
      "environments:\n  dev: { variables: { A: \"gr\xc3\xbc\xc3\x9f\" } }\n",
      "environments:\n  dev: { variables: { A: \"gr\xc3\xbc\xc3\x9f\" }, secrets: [KEY] }\n" },
    { "no such environment", ADD, "KEY", NULL, "environments:\n  prod: {}\n", NULL },

    { "one of several in brackets", DROP, "ONE", NULL,
      "environments:\n  dev: { secrets: [ONE, TWO] }\n", "environments:\n  dev: { secrets: [TWO] }\n" },
    { "the last of several in brackets", DROP, "TWO", NULL,
      "environments:\n  dev: { secrets: [ONE, TWO] }\n", "environments:\n  dev: { secrets: [ONE] }\n" },
    { "the only one in brackets", DROP, "ONE", NULL,
      "environments:\n  dev: { secrets: [ONE] }\n", "environments:\n  dev: { secrets: [] }\n" },
    { "one of several by dashes", DROP, "ONE", NULL,
      "environments:\n  dev:\n    secrets:\n      - ONE # old\n      - TWO # stays\n", "environments:\n  dev:\n    secrets:\n      - TWO # stays\n" },
    { "the only one by dashes", DROP, "ONE", NULL,
      "environments:\n  dev:\n    secrets:\n      - ONE\n    region: eu-west-1\n", "environments:\n  dev:\n    region: eu-west-1\n" },
    { "one that is not there", DROP, "NONE", NULL,
      "environments:\n  dev: { secrets: [ONE] }\n", "environments:\n  dev: { secrets: [ONE] }\n" },

    { "the first variable", SET, "GREETING", "hello: world",
      "environments:\n  dev:\n    region: eu-west-1\n",
      "environments:\n  dev:\n    region: eu-west-1\n    variables: { GREETING: \"hello: world\" }\n" },
    { "another variable in a block", SET, "GREETING", "hi",
      "environments:\n  dev:\n    variables:\n      A: b # why\n      # more to come\n    region: eu-west-1\n",
      "environments:\n  dev:\n    variables:\n      A: b # why\n      GREETING: hi\n      # more to come\n    region: eu-west-1\n" },
    { "a new value", SET, "GREETING", "true",
      "environments:\n  dev: { variables: { GREETING: 'hi there', A: b } }\n",
      "environments:\n  dev: { variables: { GREETING: \"true\", A: b } }\n" },
    { "behind a value of several lines", SET, "GREETING", "hi",
      "environments:\n  dev:\n    variables:\n      A: |\n        one\n        two\n    region: eu-west-1\n",
      "environments:\n  dev:\n    variables:\n      A: |\n        one\n        two\n      GREETING: hi\n    region: eu-west-1\n" },
    { "a new value for one of several lines", SET, "A", "hi",
      "environments:\n  dev:\n    variables:\n      A: |\n        one\n        two\n", NULL },
    { "a value that holds a password", SET, "URL", "postgres://me:hunter2@db/x",
      "environments:\n  dev: {}\n", NULL },

    { "another environment", ENV, "prod", "210987654321",
      "environments:\n  dev:\n    region: eu-west-1 # near\n# the end\n",
      "environments:\n  dev:\n    region: eu-west-1 # near\n  prod:\n    account: \"210987654321\"\n    region: eu-north-1\n# the end\n" },
    { "another environment in braces", ENV, "prod", NULL,
      "environments: { dev: {} }\n", "environments: { dev: {}, prod: { region: eu-north-1 } }\n" },
    { "the first environment", ENV, "dev", NULL, "# nothing yet\n",
      "environments:\n  dev:\n    region: eu-north-1\n# nothing yet\n" },
    { "one that is there", ENV, "dev", NULL, "environments:\n  dev: {}\n", NULL },
    { "a name that is too long", ENV, "a-very-long-name", NULL, "environments:\n  dev: {}\n", NULL },
    { "an account that is none", ENV, "prod", "12", "environments:\n  dev: {}\n", NULL },
};
/* clang-format on */

static enum err_code apply(size_t i, struct str text, struct buf *out, struct err *err) {
    switch (rows[i].change) {
    case ADD:
        return project_edit_add_secret(text, "dev", rows[i].name, out, err);
    case DROP:
        return project_edit_drop_secret(text, "dev", rows[i].name, out, err);
    case SET:
        return project_edit_set_variable(text, "dev", rows[i].name, rows[i].value, out, err);
    case ENV:
        break;
    }
    return project_edit_add_env(text, rows[i].name, rows[i].value, "eu-north-1", out, err);
}

static void a_change_leaves_everything_else_as_it_was_written(void **state) {
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(PROJECT_BYTES_MAX);
        CLEANUP(freep) char *before = mem_format(HEAD "%s", rows[i].before);
        CLEANUP(freep)
        char *want = mem_format(HEAD "%s", rows[i].after == NULL ? "" : rows[i].after);
        struct err err = {0};
        enum err_code code = apply(i, str_from(before), &out, &err);
        bool is_good = rows[i].after == NULL
                           ? code != ERR_NONE && out.len == 0 && strstr(err.text, "hunter2") == NULL
                           : strcmp(buf_cstr(&out), want) == 0;

        if (!is_good) {
            print_error("%s: %s%s\n", rows[i].what, err.text, buf_cstr(&out));
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_leaves_everything_else_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
