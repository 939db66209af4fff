/* Surveys of small repositories: those of test/repos against what is expected, and hostile ones. */
#include "repo/survey.h"

#include "repo/project.h"
#include "repo/tree.h"
#include "sys/fs.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- helpers --- */

static const char *const minimal_app =
    "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef h(): return 1\n";

static char *fixture(const char *name) {
    const char *source = getenv("AWSCOPILOT_SOURCE_ROOT");

    return mem_format("%s/test/repos/%s", source == NULL ? "." : source, name);
}

static json_t *survey_of(const char *root, const struct survey_options *options) {
    json_t *survey = NULL;
    struct err err = {0};

    if (survey_run(root, options, &survey, &err) != ERR_NONE) {
        fail_msg("%s: %s", root, err.text);
    }
    return survey;
}

static json_t *survey_fixture(const char *name) {
    CLEANUP(freep) char *root = fixture(name);

    return survey_of(root, NULL);
}

/* A new empty folder; the caller frees its path. */
static char *scratch(void) {
    char *path = mem_strdup("/tmp/awscopilot-survey-XXXXXX");

    assert_non_null(mkdtemp(path));
    return path;
}

static void write_at(const char *root, const char *rel, const char *text) {
    CLEANUP(freep) char *path = mem_format("%s/%s", root, rel);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};

    *strrchr(dir, '/') = '\0';
    assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, str_from(text), 0644, &err), ERR_NONE);
}

static void remove_scratch(char *path) {
    struct fs_root root = {0};
    struct err err = {0};

    assert_int_equal(fs_root_open("/tmp", &root, &err), ERR_NONE);
    assert_int_equal(fs_remove_tree(&root, path + strlen("/tmp/"), &err), ERR_NONE);
    fs_root_done(&root);
    free(path);
}

static bool has_code(const json_t *survey, const char *list, const char *code) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(json_at(survey, list), i, row) {
        const char *found = json_str_at(row, strcmp(list, "ask") == 0 ? "field" : "code");

        if (found != NULL && strcmp(found, code) == 0) {
            return true;
        }
    }
    return false;
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
    CLEANUP(freep) char *path = fixture(file);
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
    CLEANUP(freep) char *folder = fixture("");
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
    CLEANUP(freep) char *root = fixture("env_required");
    struct survey_options options = {0};
    struct err err = {0};
    json_t *survey = NULL;

    (void)state;
    assert_int_equal(project_read(str_from(text), "f", &project, &err), ERR_NONE);
    options.project = project;
    survey = survey_of(root, &options);
    assert_string_equal(json_str_at(survey, "outcome"), "deploy");
    assert_string_equal(json_str_at(survey, "name"), "x");
    json_decref(survey);
}

static void the_project_file_chooses_between_two_applications(void **state) {
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(freep) char *root = fixture("two_apps");
    struct survey_options options = {0};
    struct err err = {0};
    json_t *survey = NULL;

    (void)state;
    assert_int_equal(project_read(STR("version: 1\napp: { name: x, backend: { dir: search } }\n"),
                                  "f", &project, &err),
                     ERR_NONE);
    options.project = project;
    survey = survey_of(root, &options);
    assert_string_equal(json_str_at(survey, "backend.dir"), "search");
    assert_string_equal(json_str_at(survey, "outcome"), "deploy");
    json_decref(survey);
}

static void a_target_that_is_not_there_yet_is_refused(void **state) {
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(freep) char *root = fixture("blueprint");
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
    survey = survey_of(root, &options);
    assert_true(has_code(survey, "refuse", "TARGET_UNAVAILABLE"));
    json_decref(survey);
}

/* --- hostile repositories --- */

static void a_link_out_of_the_tree_is_told_and_not_followed(void **state) {
    char *outside = scratch();
    char *root = scratch();
    CLEANUP(freep) char *target = mem_format("%s/main.py", outside);
    CLEANUP(freep) char *link = mem_format("%s/main.py", root);
    CLEANUP(freep) char *folder = mem_format("%s/backend", root);
    CLEANUP(freep) char *relative = mem_format("%s/web", root);
    CLEANUP(freep) char *inside = mem_format("%s/other.py", root);
    json_t *survey = NULL;

    (void)state;
    write_at(outside, "main.py", minimal_app);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(symlink(outside, folder), 0);
    assert_int_equal(symlink("../../etc", relative), 0);
    assert_int_equal(symlink("main.py", inside), 0);
    survey = survey_of(root, NULL);
    assert_true(json_is_null(json_at(survey, "backend")));
    assert_int_equal(json_array_size(json_at(survey, "findings")), 3);
    assert_true(has_code(survey, "findings", "LINK_OUTSIDE"));
    assert_true(has_code(survey, "refuse", "NOTHING_FOUND"));
    json_decref(survey);
    remove_scratch(root);
    remove_scratch(outside);
}

static void files_that_are_no_files_do_not_stop_the_survey(void **state) {
    static const char *const names[] = {".env", "main.py", "pyproject.toml", "package.json",
                                        "aws-copilot.yml"};
    char *root = scratch();
    json_t *survey = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(freep) char *path = mem_format("%s/%s", root, names[i]);

        assert_int_equal(mkfifo(path, 0644), 0); /* opening one to read would wait for ever */
    }
    write_at(root, "app/main.py", minimal_app);
    survey = survey_of(root, NULL);
    assert_true(has_code(survey, "findings", "ODD_FILE"));
    assert_string_equal(json_str_at(survey, "backend.asgi.where"), "app/main.py:2");
    json_decref(survey);
    remove_scratch(root);
}

static void a_file_of_two_gigabytes_is_not_read(void **state) {
    char *root = scratch();
    CLEANUP(freep) char *path = mem_format("%s/big.py", root);
    json_t *survey = NULL;

    (void)state;
    write_at(root, "big.py", "");
    assert_int_equal(truncate(path, (off_t)2 << 30), 0);
    write_at(root, "main.py", minimal_app);
    survey = survey_of(root, NULL);
    assert_true(has_code(survey, "findings", "FILE_TOO_LARGE"));
    assert_true(json_int_or(survey, "read.bytes", 0) < 10000);
    json_decref(survey);
    remove_scratch(root);
}

static void bytes_that_are_no_text_become_valid_json(void **state) {
    char *root = scratch();
    json_t *survey = NULL;
    CLEANUP(buf_done) struct buf shown = BUF_INIT(SURVEY_TEXT_BYTES);

    (void)state;
    write_at(root, "\xff\xfe.py", "from fastapi import FastAPI\napp = FastAPI()\n");
    write_at(root, "a\x1b[31m/main.py",
             "import os\nfrom fastapi import FastAPI\nX = os.environ['\xff\x1b[2J']\n"
             "app = FastAPI()\n@app.get('/\x1b[1m\xff')\ndef h(): return 1\n");
    survey = survey_of(root, NULL);
    survey_render(survey, &shown);
    assert_false(shown.failed);
    assert_true(str_is_utf8(buf_str(&shown)));
    assert_null(strchr(buf_cstr(&shown), '\x1b'));
    json_decref(survey);
    remove_scratch(root);
}

static void deep_nesting_ends_in_time(void **state) {
    CLEANUP(buf_done) struct buf code = BUF_INIT(1 << 20);
    char *root = scratch();
    json_t *survey = NULL;

    (void)state;
    buf_add_s(&code, minimal_app);
    buf_add_s(&code, "x = ");
    for (int i = 0; i < 50000; i++) {
        buf_add_c(&code, '(');
    }
    buf_add_c(&code, '\n');
    for (int i = 0; i < 300; i++) {
        buf_addf(&code, "%*sdef f():\n", i, "");
    }
    write_at(root, "main.py", buf_cstr(&code));
    buf_clear(&code);
    for (int i = 0; i < 100; i++) { /* deeper than the survey goes */
        buf_add_s(&code, "d/");
    }
    buf_add_s(&code, "main.py");
    write_at(root, buf_cstr(&code), minimal_app);
    survey = survey_of(root, NULL);
    assert_string_equal(json_str_at(survey, "backend.asgi.target"), "main:app");
    assert_true(json_int_or(survey, "read.ms", 1 << 30) < TREE_MS_MAX);
    json_decref(survey);
    remove_scratch(root);
}

/* Every module takes everything from every other: a name that is nowhere can be sought for ever. */
static void modules_in_circles_end_in_time(void **state) {
    enum { CIRCLE = 60 };
    CLEANUP(buf_done) struct buf code = BUF_INIT(1 << 20);
    char *root = scratch();
    json_t *survey = NULL;

    (void)state;
    for (int i = 0; i < CIRCLE; i++) {
        buf_addf(&code, "from part_%d import *\n", i);
    }
    buf_add_s(&code, "a(); b.c(); d = e.f(g)\napp.include_router(h.i, prefix=j.k)\n");
    for (int i = 0; i < CIRCLE; i++) {
        CLEANUP(freep) char *name = mem_format("part_%d.py", i);

        write_at(root, name, buf_cstr(&code));
    }
    buf_add_s(&code, minimal_app);
    write_at(root, "main.py", buf_cstr(&code));
    survey = survey_of(root, NULL);
    assert_string_equal(json_str_at(survey, "backend.asgi.target"), "main:app");
    assert_false(json_bool_at(survey, "read.complete"));
    assert_true(has_code(survey, "ask", "accept.READ_INCOMPLETE"));
    assert_true(json_int_or(survey, "read.ms", 1 << 30) < TREE_MS_MAX + 2000);
    json_decref(survey);
    remove_scratch(root);
}

static void manifests_that_are_not_what_they_say_are_told_with_their_line(void **state) {
    char *root = scratch();
    json_t *survey = NULL;

    (void)state;
    write_at(root, "backend/main.py", minimal_app);
    write_at(root, "backend/pyproject.toml", "[project]\nname = \"x\"\ndependencies = = [\n");
    write_at(root, "frontend/package.json", "{\"devDependencies\": {\"vite\": ");
    write_at(root, "frontend/vite.config.ts", "export default (((");
    survey = survey_of(root, NULL);
    assert_true(has_code(survey, "refuse", "MANIFEST_BROKEN"));
    json_decref(survey);
    remove_scratch(root);
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
        cmocka_unit_test(a_target_that_is_not_there_yet_is_refused),
        cmocka_unit_test(a_link_out_of_the_tree_is_told_and_not_followed),
        cmocka_unit_test(files_that_are_no_files_do_not_stop_the_survey),
        cmocka_unit_test(a_file_of_two_gigabytes_is_not_read),
        cmocka_unit_test(bytes_that_are_no_text_become_valid_json),
        cmocka_unit_test(deep_nesting_ends_in_time),
        cmocka_unit_test(modules_in_circles_end_in_time),
        cmocka_unit_test(manifests_that_are_not_what_they_say_are_told_with_their_line),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(the_brief_is_short_and_names_the_files_that_matter),
        cmocka_unit_test(the_brief_has_a_ceiling),
        cmocka_unit_test(the_text_for_people_says_the_outcome_and_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
