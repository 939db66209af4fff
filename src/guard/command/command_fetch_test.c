/* command: what only fetches packages, by names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/json.h"
#include "guard/command/command_fixture.h"

/* "MANAGER VERB" where the line may have a network of package sources. */
static void only_names_of_packages_are_fetched(void **state) {
    static const struct {
        const char *line;
        const char *want;
    } rows[] = {
        {"npm install", "npm install"},
        {"npm i left-pad", "npm i"},
        {"npm --prefix frontend install -D vite@^7", "npm install"},
        {"npm --prefix=frontend add @types/node@20", "npm add"},
        {"npm install x --prefix frontend", "npm install"},
        {"npm ci", "npm ci"},
        {"pnpm -C frontend add @scope/x", "pnpm add"},
        {"pnpm --filter web add x", "pnpm add"},
        {"pnpm add -w x", "pnpm add"},
        {"yarn", "yarn install"},
        {"yarn --cwd frontend add x", "yarn add"},
        {"bun add -d x", "bun add"},
        {"uv add fastapi[standard]>=0.100,<1", "uv add"},
        {"uv --directory backend add x", "uv add"},
        {"uv add -r requirements.txt", "uv add"},
        {"uv sync --group dev", "uv sync"},
        {"uv lock -U", "uv lock"},
        /* another verb, also behind a word that looks like one */
        {"npm --unheard add x", NULL},
        {"npm run add", NULL},
        {"npm run build", NULL},
        {"npm -w add run build", NULL},
        {"npm --prefix add run x", NULL},
        {"pnpm -w run add", NULL},
        {"pnpm --filter add run x", NULL},
        {"npm exec x", NULL},
        {"npm publish", NULL},
        {"uv run add", NULL},
        {"uv pip install x", NULL},
        {"npm", NULL},
        /* what is no name in a registry */
        {"npm install https://example.com/x.tgz", NULL},
        {"npm install user/repo", NULL},
        {"npm install github:user/repo", NULL},
        {"npm install git+ssh://git@example.com/x", NULL},
        {"npm install ./x", NULL},
        {"npm --prefix frontend install https://example.com/x.tgz", NULL},
        {"npm install x@file:../y", NULL},
        {"npm install x@npm:y", NULL},
        {"npm install @x", NULL},
        {"npm install @x/", NULL},
        {"npm install @x:y", NULL},
        {"npm install @-x/y", NULL},
        {"npm install -- x", NULL},
        {"npm install @../x", NULL},
        {"uv add ./lib", NULL},
        {"uv add x@https://example.com/x.whl", NULL},
        {"uv add x[a", NULL},
        {"uv add x[a:b]", NULL},
        {"uv add x:[a]", NULL},
        {"uv add git+https://example.com/x", NULL},
        /* what an option would change */
        {"npm install -g x", NULL},
        {"npm install x --registry=https://example.com", NULL},
        {"npm install --script-shell=./x y", NULL},
        {"npm install --no-ignore-scripts x", NULL},
        {"npm install --ignore-scripts=false x", NULL},
        {"npm install --userconfig=x y", NULL},
        {"npm install --prefix ../x y", NULL},
        {"npm install --prefix /x y", NULL},
        {"npm install x -- --registry=https://example.com", NULL},
        {"uv add --index-url https://example.com x", NULL},
        {"uv add --index=https://example.com x", NULL},
        {"uv add -r .env", NULL},
        {"uv add -r /etc/passwd", NULL},
        {"uv add --script x.py y", NULL},
        {"uv lock --script x.py", NULL},
        {"uv add --editable x", NULL},
        /* not the program itself */
        {"env npm install x", NULL},
        {"./npm install x", NULL},
        {"sh -c npm", NULL},
        {"npx npm install x", NULL},
        {"pip install x", NULL},
        {"poetry add x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *argv = argv_of(rows[i].line);
        const char *manager = NULL;
        struct str verb = {0};
        bool is_fetch = command_fetches(argv, &manager, &verb);
        CLEANUP(freep)
        char *got = is_fetch ? mem_format("%s " STR_FMT, manager, STR_ARG(verb)) : NULL;

        if ((got == NULL) != (rows[i].want == NULL) ||
            (got != NULL && strcmp(got, rows[i].want) != 0)) {
            fail_msg("'%s' is taken for %s", rows[i].line, got == NULL ? "none" : got);
        }
    }
}

/* A word with a blank is no verb, though two verbs stand side by side. */
static void a_verb_is_one_word(void **state) {
    CLEANUP(json_decrefp) json_t *argv = json_pack("[s,s]", "npm", "install i");
    const char *manager = NULL;
    struct str verb = {0};

    (void)state;
    assert_false(command_fetches(argv, &manager, &verb));
    assert_false(command_fetches(NULL, &manager, &verb));
    assert_null(manager);
}

static void managers_without_a_switch_are_known_by_any_spelling(void **state) {
    static const struct {
        const char *line;
        const char *want;
    } rows[] = {
        {"pip install x", "pip"},
        {"pip3 install x", "pip"},
        {"pip download x", "pip"},
        {"uv pip install x", "pip"},
        {"uv pip sync a.txt", "pip"},
        {"python -m pip install x", "pip"},
        {"python3.12 -m pip wheel x", "pip"},
        {"poetry add x", "poetry"},
        {"poetry -C a update", "poetry"},
        {"pip", NULL},
        {"pip list", NULL},
        {"pip3 show x", NULL},
        {"uv install x", NULL},
        {"uv add pip", NULL},
        {"cargo pip install", NULL},
        {"node -m pip install x", NULL},
        {"python install x", NULL},
        {"python -m venv install", NULL},
        {"python -c pip install", NULL},
        {"python -m", NULL},
        {"poetry show", NULL},
        {"npm install x", NULL},
        {"install x", NULL},
    };

    (void)state;
    assert_null(command_fetches_without_switch(NULL));
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *argv = argv_of(rows[i].line);
        const char *got = command_fetches_without_switch(argv);

        if ((got == NULL) != (rows[i].want == NULL) ||
            (got != NULL && strcmp(got, rows[i].want) != 0)) {
            fail_msg("'%s' is taken for %s", rows[i].line, got == NULL ? "none" : got);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verb_is_one_word),
        cmocka_unit_test(managers_without_a_switch_are_known_by_any_spelling),
        cmocka_unit_test(only_names_of_packages_are_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
