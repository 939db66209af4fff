/* The files of other tools: what is read out of them, also out of files that nobody would write. */
#include "repo/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "repo/compose.h"
#include "repo/procfile.h"
#include "repo/project_edit.h"
#include "support/mutate.h"
#include "sys/fs.h"

/* ---- The shared readers ---- */

static const char compose_text[] =
    "services:\n"
    "  web:\n"
    "    build: ./backend\n"
    "    command: [uvicorn, \"app.main:app\"]\n"
    "    ports: [\"8000:8000\", { target: 9000 }]\n"
    "    env_file: [.env, { path: other.env }]\n"
    "    environment: { LEVEL: info, EMPTY: , N: 5 }\n"
    "  db: { image: 'postgres:16', environment: [A=b=c, SHELL_ONLY] }\n"
    "  odd: [1, 2]\n";

static void a_compose_file_tells_what_its_services_are(void **state) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct compose compose = {0};
    struct err err = {0};
    const struct compose_service *web;
    const struct compose_service *db;

    (void)state;
    assert_int_equal(compose_read(str_from(compose_text), "compose.yaml", arena, &compose, &err),
                     ERR_NONE);
    assert_int_equal(compose.service_n, 2);
    web = &compose.services[0];
    db = &compose.services[1];
    assert_string_equal(web->name, "web");
    assert_string_equal(web->build, "./backend");
    assert_string_equal(web->command, "uvicorn app.main:app");
    assert_string_equal(web->ports, "8000:8000, 9000");
    assert_string_equal(web->env_files, ".env, other.env");
    assert_int_equal(web->variable_n, 3);
    assert_string_equal(web->variables[0].value, "info");
    assert_null(web->variables[1].value);
    assert_int_equal(web->variables[2].line, 7);
    assert_null(db->build);
    assert_string_equal(db->image, "postgres:16");
    assert_string_equal(db->variables[0].name, "A");
    assert_string_equal(db->variables[0].value, "b=c");
    assert_string_equal(db->variables[1].name, "SHELL_ONLY");
    assert_null(db->variables[1].value);
}

static void aliases_merges_and_extends_are_followed_and_cannot_grow(void **state) {
    static const char text[] =
        "x-env: &env { LEVEL: info, SHARED: yes }\n"
        "x-base: &base\n"
        "  build: &where { context: ./backend }\n"
        "  environment: *env\n"
        "services:\n"
        "  web:\n"
        "    <<: *base\n"
        "    environment: { <<: [*env, *missing], LEVEL: debug }\n"
        "  more: { extends: { service: web }, command: more, environment: [OWN=1] }\n"
        "  loop: { extends: loop, build: *where }\n"
        "  other: { extends: { service: web, file: other.yaml } }\n";
    /* Ten levels of ten aliases each. */
    CLEANUP(buf_done) struct buf bomb = BUF_INIT(4096);
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct compose compose = {0};
    struct err err = {0};
    const struct compose_service *at;

    (void)state;
    assert_int_equal(compose_read(str_from(text), "compose.yaml", arena, &compose, &err), ERR_NONE);
    assert_int_equal(compose.service_n, 4);
    at = &compose.services[0];
    assert_string_equal(at->build, "./backend");
    assert_int_equal(at->variable_n, 2);
    assert_string_equal(at->variables[0].name, "LEVEL");
    assert_string_equal(at->variables[0].value, "debug");
    assert_string_equal(at->variables[1].name, "SHARED");
    at = &compose.services[1];
    assert_string_equal(at->build, "./backend");
    assert_string_equal(at->command, "more");
    assert_int_equal(at->variable_n, 3);
    assert_string_equal(at->variables[0].name, "OWN");
    assert_string_equal(compose.services[2].build, "./backend");
    assert_null(compose.services[3].build);

    buf_add_s(&bomb, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        buf_addf(&bomb, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++) {
            buf_addf(&bomb, "%s*a%d", j == 0 ? "" : ", ", i - 1);
        }
        buf_add_s(&bomb, "]\n");
    }
    assert_int_equal(compose_read(buf_str(&bomb), "compose.yaml", arena, &compose, &err),
                     ERR_CONFIG);
    assert_non_null(strstr(err.text, "too many entries"));
}

static void a_procfile_has_a_process_a_line(void **state) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct procfile_row *rows = NULL;

    (void)state;
    assert_int_equal(
        procfile_read(STR("# web: no\n\nweb:  a b: c \r\nnothing\nbad name: x\nq:\nw-1: y"), arena,
                      &rows),
        2);
    assert_string_equal(rows[0].name, "web");
    assert_string_equal(rows[0].command, "a b: c");
    assert_int_equal(rows[0].line, 3);
    assert_string_equal(rows[1].name, "w-1");
}

/* ---- Files that nobody would write ---- */

static char folder[] = "/tmp/awscopilot-import-XXXXXX";

/* Without the fsync of fs_write_file(): there are thousands. */
static void put(const char *name, struct str text) {
    CLEANUP(freep) char *path = fs_join(folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr == NULL ? "" : text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

/* The mutant is a file of each tool at once: every reader has to give it up, or take something. */
static void import_mutant(void *ctx, struct str text) {
    static const char *const names[] = {"compose.yaml",       "Procfile",
                                        "flightcontrol.json", "samconfig.toml",
                                        "template.yaml",      "copilot/api/manifest.yml",
                                        "copilot/.workspace"};
    json_t *found = NULL;
    struct err err = {0};

    (void)ctx;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        put(names[i], text);
    }
    assert_int_equal(import_read(folder, &found, &err), ERR_NONE);
    json_decref(found);
}

static void edit_mutant(void *ctx, struct str text) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(PROJECT_BYTES_MAX);
    struct err err = {0};

    (void)ctx;
    (void)!project_edit_add_secret(text, "dev", "KEY", &out, &err);
    buf_clear(&out);
    (void)!project_edit_set_variable(text, "dev", "NAME", "va: lue", &out, &err);
    buf_clear(&out);
    (void)!project_edit_drop_secret(text, "dev", "ONE", &out, &err);
    buf_clear(&out);
    (void)!project_edit_add_env(text, "prod", "123456789012", NULL, &out, &err);
}

static void whatever_stands_in_the_files_import_ends(void **state) {
    static const char *const seeds[] = {
        compose_text,
        "{\"environments\":[{\"id\":\"prod\",\"services\":[{\"type\":\"web\",\"envVariables\":{"
        "\"A\":{}}}]}]}",
        "[default.deploy.parameters]\nregion = \"eu-west-1\"\nparameter_overrides = \"A='b' C=d "
        "=\"\n",
        "name: api\ntype: Backend Service\nhttp: { healthcheck: /h }\nvariables: { A: !Ref b }\n"
        "secrets: [x]\nenvironments: { prod: { variables: [1] } }\n",
        NULL};

    (void)state;
    mutate(seeds, import_mutant, NULL);
}

static void whatever_stands_in_the_file_an_edit_ends(void **state) {
    static const char *const seeds[] = {
        "version: 1\napp: { name: todo }\nenvironments:\n  dev:\n    secrets: [ONE, TWO] # x\n"
        "    variables:\n      A: |\n        b\n      NAME: c\n",
        "version: 1\napp: {name: t}\nenvironments: {dev: {secrets: [ONE,], variables: {NAME: "
        "'x'}}}",
        "version: 1\r\napp:\r\n  name: t\r\nenvironments:\r\n  dev:\r\n    secrets:\r\n    - "
        "ONE\r\n",
        NULL};

    (void)state;
    mutate(seeds, edit_mutant, NULL);
}

static int make_folder(void **state) {
    CLEANUP(freep) char *below = NULL;
    struct err err = {0};

    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    below = fs_join(folder, "copilot/api");
    return fs_mkdirs(below, 0700, &err) == ERR_NONE ? 0 : -1;
}

static int remove_folder(void **state) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    struct err err = {0};

    (void)state;
    return fs_root_open("/tmp", &root, &err) == ERR_NONE &&
                   fs_remove_tree(&root, folder + strlen("/tmp/"), &err) == ERR_NONE
               ? 0
               : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compose_file_tells_what_its_services_are),
        cmocka_unit_test(aliases_merges_and_extends_are_followed_and_cannot_grow),
        cmocka_unit_test(a_procfile_has_a_process_a_line),
        cmocka_unit_test(whatever_stands_in_the_files_import_ends),
        cmocka_unit_test(whatever_stands_in_the_file_an_edit_ends),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
