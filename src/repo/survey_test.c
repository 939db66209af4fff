/* Surveys of small repositories: those of test/repos against what is expected. */
#include "repo/survey.h"

#include "repo/project.h"
#include "sys/fs.h"
#include "support/survey_lab.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *survey_fixture(const char *name) {
    CLEANUP(freep) char *root = lab_fixture(name);

    return lab_survey(root, NULL);
}

/* --- the fixtures --- */

/* "CODE@WHERE" of each row, the fields of questions, the names of required variables, "kind:via".
 */
static json_t *words_of(const json_t *survey, const char *key) {
    json_t *words = json_array();
    const bool is_env = strcmp(key, "required") == 0;
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(json_at(survey, is_env ? "env" : key), i, row) {
        CLEANUP(freep) char *word = NULL;

        if (is_env && !json_bool_at(row, "required")) {
            continue;
        }
        if (is_env) {
            word = mem_strdup(json_str_or(row, "name", ""));
        } else if (strcmp(key, "ask") == 0) {
            word = mem_strdup(json_str_or(row, "field", ""));
        } else if (strcmp(key, "services") == 0) {
            word =
                mem_format("%s%s%s", json_str_or(row, "kind", ""),
                           json_str_at(row, "via") == NULL ? "" : ":", json_str_or(row, "via", ""));
        } else {
            word = mem_format("%s%s%s", json_str_or(row, "code", ""),
                              json_str_at(row, "where") == NULL ? "" : "@",
                              json_str_or(row, "where", ""));
        }
        json_array_append_new(words, json_string(word));
    }
    return words;
}

static bool is_list_key(const char *key) {
    static const char *const keys[] = {"required", "services", "findings", "ask", "refuse"};

    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void check_member(const char *name, const json_t *survey, const char *key,
                         const json_t *want) {
    json_t *got =
        is_list_key(key)
            ? words_of(survey, key)
            : json_incref(json_at(survey, key) == NULL ? json_null() : json_at(survey, key));
    CLEANUP(freep) char *want_text = json_text(want);
    CLEANUP(freep) char *got_text = json_text(got);

    if (strcmp(want_text, got_text) != 0) {
        fail_msg("%s: %s is %s, expected %s", name, key, got_text, want_text);
    }
    json_decref(got);
}

static void check_fixture(const char *file) {
    static const char *const lists[] = {"required", "services", "findings", "ask", "refuse"};
    CLEANUP(freep) char *path = lab_fixture(file);
    CLEANUP(freep) char *name = mem_strdup(file);
    CLEANUP(buf_done) struct buf text = BUF_INIT(64 * 1024);
    json_t *expected = NULL;
    json_t *survey = NULL;
    json_t *want = NULL;
    const char *key = NULL;
    struct err err = {0};

    name[strlen(name) - strlen(".json")] = '\0';
    assert_int_equal(fs_read_file(path, 64 * 1024, &text, &err), ERR_NONE);
    assert_int_equal(json_read(buf_str(&text), &expected, &err), ERR_NONE);
    survey = survey_fixture(name);
    json_object_foreach(expected, key, want) { check_member(name, survey, key, want); }
    for (size_t i = 0; i < ARRAY_N(lists); i++) { /* a list that is not expected is empty */
        if (json_object_get(expected, lists[i]) == NULL) {
            json_t *none = json_array();

            check_member(name, survey, lists[i], none);
            json_decref(none);
        }
    }
    json_decref(expected);
    json_decref(survey);
}

static void every_fixture_gives_what_is_expected_of_it(void **state) {
    CLEANUP(freep) char *folder = lab_fixture("");
    DIR *dir = opendir(folder);
    const struct dirent *entry = NULL;
    int n = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (str_ends(str_from(entry->d_name), STR(".json"))) {
            check_fixture(entry->d_name);
            n++;
        }
    }
    closedir(dir);
    assert_true(n >= 20);
}

static void the_same_tree_gives_the_same_answer(void **state) {
    json_t *a = survey_fixture("blueprint");
    json_t *b = survey_fixture("blueprint");

    (void)state;
    json_object_del(a, "read");
    json_object_del(b, "read");
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
}

static void routes_carry_the_prefixes_of_their_routers(void **state) {
    static const char *const want[] = {"GET /api/items", "POST /api/items",
                                       "DELETE /api/items/{item_id}", "GET /api/health"};
    json_t *survey = survey_fixture("blueprint");

    (void)state;
    for (size_t i = 0; i < ARRAY_N(want); i++) {
        const json_t *row = json_array_get(json_at(survey, "backend.route_list"), i);
        CLEANUP(freep)
        char *got =
            mem_format("%s %s", json_str_or(row, "method", ""), json_str_or(row, "path", ""));

        assert_string_equal(got, want[i]);
    }
    json_decref(survey);
}

static void no_value_of_a_secret_is_in_the_answer(void **state) {
    json_t *survey = survey_fixture("secret_committed");
    CLEANUP(freep) char *text = json_text(survey);

    (void)state;
    assert_null(strstr(text, "not-a-real-one"));
    assert_null(strstr(text, "AKIA"));
    assert_null(strstr(text, "not-real"));
    json_decref(survey);
}

/* --- answers --- */

static void an_answer_in_the_project_file_ends_its_question(void **state) {
    CLEANUP(project_freep) struct project *project = NULL;
    const char *text = "version: 1\napp:\n  name: x\nenvironments:\n  dev:\n"
                       "    variables: { GREETING: hello }\n    secrets: [API_TOKEN]\n";
    CLEANUP(freep) char *root = lab_fixture("env_required");
    struct survey_options options = {0};
    struct err err = {0};
    json_t *survey = NULL;

    (void)state;
    assert_int_equal(project_read(str_from(text), "f", &project, &err), ERR_NONE);
    options.project = project;
    survey = lab_survey(root, &options);
    assert_string_equal(json_str_at(survey, "outcome"), "deploy");
    assert_string_equal(json_str_at(survey, "name"), "x");
    json_decref(survey);
}

static void the_project_file_chooses_between_two_applications(void **state) {
    /* clang-format off */
    static const struct { const char *fixture, *backend, *key, *want; } rows[] = {
        { "two_apps",     "dir: search",         "backend.dir",         "search" },
        { "twin_apps",    "asgi: \"admin:app\"", "backend.asgi.target", "admin:app" },
        { "hint_chooses", "asgi: \"main:app\"",  "backend.asgi.target", "main:app" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(project_freep) struct project *project = NULL;
        CLEANUP(freep) char *root = lab_fixture(rows[i].fixture);
        CLEANUP(freep)
        char *text = mem_format("version: 1\napp: { name: x, backend: { %s } }\n", rows[i].backend);
        struct survey_options options = {0};
        struct err err = {0};
        json_t *survey = NULL;

        assert_int_equal(project_read(str_from(text), "f", &project, &err), ERR_NONE);
        options.project = project;
        survey = lab_survey(root, &options);
        assert_string_equal(json_str_at(survey, rows[i].key), rows[i].want);
        assert_string_equal(json_str_at(survey, "outcome"), "deploy");
        assert_false(lab_has(survey, "findings", "HINT_CHOSE"));
        json_decref(survey);
    }
}

static void a_site_that_is_left_out_is_gone_from_the_answer(void **state) {
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(freep) char *root = lab_fixture("env_file_local");
    CLEANUP(freep) char *broken = lab_fixture("svelte_server");
    struct survey_options options = {0};
    struct err err = {0};
    json_t *survey = NULL;

    (void)state;
    assert_int_equal(
        project_read(STR("version: 1\napp: { name: x, accept: [FRONTEND_LEFT_OUT] }\n"), "f",
                     &project, &err),
        ERR_NONE);
    options.project = project;
    survey = lab_survey(broken, &options);
    assert_true(json_is_null(json_at(survey, "frontend")));
    assert_string_equal(json_str_at(survey, "layout"), "backend");
    assert_string_equal(json_str_at(survey, "outcome"), "deploy");
    json_decref(survey);
    survey =
        lab_survey(root, &options); /* nothing is wrong with this one: the answer is not about it */
    assert_true(json_is_object(json_at(survey, "frontend")));
    assert_true(lab_has(survey, "ask", "build_env.VITE_API_URL"));
    json_decref(survey);
}

static void a_target_that_is_not_there_yet_is_refused(void **state) {
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(freep) char *root = lab_fixture("blueprint");
    struct survey_options options = {0};
    struct err err = {0};
    json_t *survey = NULL;

    (void)state;
    assert_int_equal(
        project_read(
            STR("version: 1\napp: { name: x }\nenvironments: { dev: { target: container } }\n"),
            "f", &project, &err),
        ERR_NONE);
    options.project = project;
    survey = lab_survey(root, &options);
    assert_true(lab_has(survey, "refuse", "TARGET_UNAVAILABLE"));
    json_decref(survey);
}

/* --- broken files --- */

static void manifests_that_are_not_what_they_say_are_told_with_their_line(void **state) {
    char *root = lab_folder();
    json_t *survey = NULL;

    (void)state;
    lab_write(root, "backend/main.py", lab_app);
    lab_write(root, "backend/pyproject.toml", "[project]\nname = \"x\"\ndependencies = = [\n");
    lab_write(root, "frontend/package.json", "{\"devDependencies\": {\"vite\": ");
    lab_write(root, "frontend/vite.config.ts", "export default (((");
    survey = lab_survey(root, NULL);
    assert_true(lab_has(survey, "refuse", "MANIFEST_BROKEN"));
    json_decref(survey);
    lab_remove(root);
}

/* Locks as the managers write them are compared in test_shapes_node.py and test_shapes_python.py.
 */
static void a_lock_that_is_behind_its_manifest_is_told(void **state) {
    /* clang-format off */
    static const struct { const char *package, *lock, *text; bool want; } rows[] = {
        { "{\"dependencies\":{\"a\":\"^1\"}}", "package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {\"\": {\"dependencies\": {\"a\": \"^1\"}}}}", false },
        { "{\"dependencies\":{\"a\":\"^2\"}}", "package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {\"\": {\"dependencies\": {\"a\": \"^1\"}}}}", true },
        { "{\"dependencies\":{\"a\":\"^2\"}}", "package-lock.json", "{\"lockfileVersion\": 1, \"dependencies\": {\"a\": {\"version\": \"2.0.0\"}}}", false },
        { "{\"devDependencies\":{\"@a/b\":\"~1.2\"}}", "pnpm-lock.yaml", "importers:\n\n  .:\n    devDependencies:\n      '@a/b':\n        specifier: ~1.2\n        version: 1.2.0\n", false },
        { "{\"devDependencies\":{\"@a/b\":\"~1.3\"}}", "pnpm-lock.yaml", "importers:\n\n  .:\n    devDependencies:\n      '@a/b':\n        specifier: ~1.2\n        version: 1.2.0\n", true },
        { "{\"dependencies\":{\"a\":\"^2\"},\"pnpm\":{\"overrides\":{\"a\":\"1\"}}}", "pnpm-lock.yaml", "importers:\n\n  .:\n    dependencies:\n      a:\n        specifier: '1'\n", false },
        { "{\"dependencies\":{\"a\":\"^1\",\"w\":\"workspace:*\"}}", "yarn.lock", "# yarn lockfile v1\n\n\na@^1, a@^1.2:\n  version \"1.3.0\"\n", false },
        { "{\"dependencies\":{\"a\":\"^3\"}}", "yarn.lock", "# yarn lockfile v1\n\n\na@^1, a@^1.2:\n  version \"1.3.0\"\n", true },
        { "{\"dependencies\":{\"a\":\"^1\"}}", "yarn.lock", "__metadata:\n  version: 8\n\n\"a@npm:^1\":\n  version: 1.0.0\n", false },
        { "{\"dependencies\":{\"a\":\"^1\"},\"packageManager\":\"yarn@4.9.2\"}", "yarn.lock", "# yarn lockfile v1\n\n\na@^1:\n  version \"1.3.0\"\n", true },
        { "{\"dependencies\":{\"a\":\"^1\"}}", "bun.lock", "{ \"workspaces\": { \"\": { \"dependencies\": { \"a\": \"^2\", }, }, }, }", true },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        char *root = lab_folder();
        CLEANUP(freep) char *lock = fs_join("web", rows[i].lock);
        json_t *survey = NULL;

        lab_write(root, "web/package.json", rows[i].package);
        lab_write(root, "web/vite.config.js", "export default {};\n");
        lab_write(root, "web/index.html", "<p>x</p>");
        lab_write(root, lock, rows[i].text);
        survey = lab_survey(root, NULL);
        if (lab_has(survey, "findings", "LOCK_STALE") != rows[i].want) {
            fail_msg("row %zu: %s and %s", i, rows[i].package, rows[i].text);
        }
        json_decref(survey);
        lab_remove(root);
    }
}

static void a_folder_that_is_not_there_is_an_error(void **state) {
    json_t *survey = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(survey_run("/tmp/awscopilot-there-is-no-such-folder", NULL, &survey, &err),
                     ERR_NOT_FOUND);
    assert_null(survey);
    assert_int_not_equal(err.text[0], '\0');
}

/* --- texts --- */

static void the_brief_is_short_and_names_the_files_that_matter(void **state) {
    json_t *survey = survey_fixture("blueprint");
    CLEANUP(buf_done) struct buf brief = BUF_INIT(SURVEY_BRIEF_BYTES);

    (void)state;
    survey_brief(survey, &brief);
    assert_false(brief.failed);
    assert_non_null(strstr(buf_cstr(&brief), "has a FastAPI back end (folder backend, "));
    assert_non_null(strstr(buf_cstr(&brief), "a React front end (folder frontend, Vite, "));
    assert_non_null(strstr(buf_cstr(&brief), "- backend/app/main.py: the application object\n"));
    assert_non_null(strstr(buf_cstr(&brief), "- frontend/package.json: "));
    json_decref(survey);
}

/* What a repository full of names can do to the brief: nothing but fill it. */
static void the_brief_has_a_ceiling(void **state) {
    json_t *survey = json_object();
    json_t *rows = json_array();
    CLEANUP(buf_done) struct buf brief = BUF_INIT(SURVEY_BRIEF_BYTES);
    CLEANUP(buf_done) struct buf name = BUF_INIT(4000);

    (void)state;
    for (int i = 0; i < 3000; i++) {
        buf_add_c(&name, 'x');
    }
    for (int i = 0; i < 200; i++) {
        json_array_append_new(rows, json_pack("{s:s, s:b, s:s+}", "name", buf_cstr(&name),
                                              "required", 1, "where", buf_cstr(&name), ":1"));
    }
    json_object_set(survey, "env", rows);
    json_object_set(survey, "findings", rows);
    json_put_str(survey, "name", buf_cstr(&name));
    survey_brief(survey, &brief);
    assert_false(brief.failed);
    assert_true(brief.len <= SURVEY_BRIEF_BYTES);
    assert_int_equal(brief.ptr[brief.len - 1], '\n'); /* whole lines are left out */
    json_decref(rows);
    json_decref(survey);
}

static void the_text_for_people_says_the_outcome_and_what_to_do(void **state) {
    json_t *survey = survey_fixture("postgres_hardwired");
    CLEANUP(buf_done) struct buf shown = BUF_INIT(SURVEY_TEXT_BYTES);

    (void)state;
    survey_render(survey, &shown);
    assert_non_null(strstr(buf_cstr(&shown), "It cannot be deployed as it is:\n"));
    assert_non_null(strstr(buf_cstr(&shown), "PostgreSQL server at localhost:5432"));
    assert_non_null(strstr(buf_cstr(&shown), "to do: read the address from a variable"));
    json_decref(survey);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_gives_what_is_expected_of_it),
        cmocka_unit_test(the_same_tree_gives_the_same_answer),
        cmocka_unit_test(routes_carry_the_prefixes_of_their_routers),
        cmocka_unit_test(no_value_of_a_secret_is_in_the_answer),
        cmocka_unit_test(an_answer_in_the_project_file_ends_its_question),
        cmocka_unit_test(the_project_file_chooses_between_two_applications),
        cmocka_unit_test(a_site_that_is_left_out_is_gone_from_the_answer),
        cmocka_unit_test(a_target_that_is_not_there_yet_is_refused),
        cmocka_unit_test(manifests_that_are_not_what_they_say_are_told_with_their_line),
        cmocka_unit_test(a_lock_that_is_behind_its_manifest_is_told),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(the_brief_is_short_and_names_the_files_that_matter),
        cmocka_unit_test(the_brief_has_a_ceiling),
        cmocka_unit_test(the_text_for_people_says_the_outcome_and_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
