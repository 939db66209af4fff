/* What the tests of surveys share. */
#include "support/survey_lab.h"

#include "sys/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *const lab_app =
    "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef h(): return 1\n";

char *lab_fixture(const char *name) {
    const char *source = getenv("AWSCOPILOT_SOURCE_ROOT");

    return mem_format("%s/test/repos/%s", source == NULL ? "." : source, name);
}

json_t *lab_survey(const char *root, const struct survey_options *options) {
    json_t *survey = NULL;
    struct err err = {0};

    if (survey_run(root, options, &survey, &err) != ERR_NONE) {
        fail_msg("%s: %s", root, err.text);
    }
    return survey;
}

char *lab_folder(void) {
    char *path = mem_strdup("/tmp/awscopilot-survey-XXXXXX");

    assert_non_null(mkdtemp(path));
    return path;
}

void lab_write(const char *root, const char *rel, const char *text) {
    CLEANUP(freep) char *path = mem_format("%s/%s", root, rel);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};

    *strrchr(dir, '/') = '\0';
    assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, str_from(text), 0644, &err), ERR_NONE);
}

void lab_remove(char *path) {
    struct fs_root root = {0};
    struct err err = {0};

    assert_int_equal(fs_root_open("/tmp", &root, &err), ERR_NONE);
    assert_int_equal(fs_remove_tree(&root, path + strlen("/tmp/"), &err), ERR_NONE);
    fs_root_done(&root);
    free(path);
}

bool lab_has(const json_t *survey, const char *list, const char *code) {
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
