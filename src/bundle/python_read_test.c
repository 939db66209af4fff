/* Reading what pins packages, without uv: markers, requirement lines, encodings, includes. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/python_lock.h"
#include "support/scratch.h"

static char work[PATH_MAX];
static struct fs_root root;

static int set_up(void **state) {
    struct err err = {0};

    (void)state;
    snprintf(work, sizeof work, "/tmp/python_test-XXXXXX");
    return mkdtemp(work) == NULL || fs_root_open(work, &root, &err) != ERR_NONE ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    fs_root_done(&root);
    return scratch_remove(work);
}

static void put(const char *name, struct str content) {
    CLEANUP(freep) char *path = fs_join(work, name);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};

    *strrchr(dir, '/') = '\0';
    assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, content, 0644, &err), ERR_NONE);
}

static void markers_are_judged_for_a_function_on_linux(void **state) {
    /* clang-format off */
    static const struct { const char *marker; bool holds; } rows[] = {
        { "", true },
        { "sys_platform == 'win32'", false },
        { "sys_platform != \"win32\" and platform_machine == 'aarch64'", true },
        { "python_version < \"3.11\"", false },
        { "python_version >= '3.9' and python_version < '3.12'", true },
        { "python_full_version == '3.11.*'", true },
        { "python_full_version >= '3.11.8'", false },
        { "python_version ~= '3.10'", true },
        { "python_version ~= '3.12'", false },
        { "'3.11' <= python_version", true },
        { "python_version not in '2.7, 3.11'", false },
        { "platform_machine in 'x86_64 aarch64 arm64'", true },
        { "extra == 'standard'", true },
        { "extra == 'other'", false },
        { "(os_name == 'nt' or implementation_name == 'cpython') and extra != 'other'", true },
        { "os_name == 'nt' and (python_version > '3' or python_version > '3')", false },
        { "sys_platform == 'win32' or sys_platform == 'darwin' and python_version > '3'", false },
        { "no_such_thing == 'x'", true },   /* what cannot be read holds */
        { "os_name == 'nt", true },
        { "((((((((((((((((((((((((((((((((((os_name == 'nt'", true },
    };
    /* clang-format on */
    const struct python_target target = {"3.11.7", "aarch64"};
    CLEANUP(json_decrefp) json_t *extras = json_pack("[s]", "standard");

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (python_marker_holds(str_from(rows[i].marker), &target, extras) != rows[i].holds) {
            fail_msg("%s", rows[i].marker);
        }
    }
}

static void requirements_are_read_in_their_pieces(void **state) {
    /* clang-format off */
    static const struct { const char *line; const char *name; const char *extras; const char *spec; const char *marker;
                          bool is_pinned; } rows[] = {
        { "FastAPI==0.1",                          "fastapi", "", "==0.1", "", true },
        { "ruamel.yaml_clib >= 1, <2",             "ruamel-yaml-clib", "", ">= 1, <2", "", false },
        { "uvicorn[standard,x] (>=0.3) ; python_version<'3'", "uvicorn", "standard,x", ">=0.3", "python_version<'3'", false },
        { "a==1.* ",                               "a", "", "==1.*", "", false },
        { "a===1 --hash=sha256:00",                "a", "", "===1", "", true },
        { "a==1 \\",                                "a", "", "==1", "", true },
        { "a==1,!=2",                              "a", "", "==1,!=2", "", false },
        { "a @ https://h.example/a.whl ; os_name=='nt'", "a", "", "", "os_name=='nt'", false },
    };
    /* clang-format on */
    struct requirement r;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (!requirement_read(str_from(rows[i].line), &r) || strcmp(r.name, rows[i].name) != 0 ||
            !str_eq(r.extras, str_from(rows[i].extras)) ||
            !str_eq(r.spec, str_from(rows[i].spec)) ||
            !str_eq(r.marker, str_from(rows[i].marker)) ||
            requirement_is_pinned(&r) != rows[i].is_pinned) {
            fail_msg("%s: '%s' '" STR_FMT "' '" STR_FMT "' '" STR_FMT "'", rows[i].line, r.name,
                     STR_ARG(r.extras), STR_ARG(r.spec), STR_ARG(r.marker));
        }
    }
    assert_false(requirement_read(STR("-e ."), &r));
    assert_false(requirement_read(STR("./local"), &r));
    assert_false(requirement_read(STR(""), &r));
}

static void constraints_of_poetry_become_those_of_python(void **state) {
    /* clang-format off */
    static const struct { const char *from; const char *to; } rows[] = {
        { "^1.2.3", ">=1.2.3,<2" }, { "^0.2.3", ">=0.2.3,<0.3" }, { "^0.0.3", ">=0.0.3,<0.0.4" }, { "^0", ">=0,<1" },
        { "~1.2.3", ">=1.2.3,<1.3" }, { "~1", ">=1,<2" }, { "~=1.2", "~=1.2" }, { "*", "" }, { "1.2", "==1.2" },
        { ">=1, <2", ">=1,<2" }, { "1.2.*", "==1.2.*" }, { "^1 || ^2", "" }, { "", "" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(200);

        requirement_add_constraint(&out, str_from(rows[i].from));
        if (strcmp(buf_cstr(&out), rows[i].to) != 0) {
            fail_msg("%s: %s", rows[i].from, buf_cstr(&out));
        }
    }
}

static void requirements_files_are_read_in_any_encoding_with_what_they_include(void **state) {
    CLEANUP(requirements_done) struct requirements all = {0};
    struct err err = {0};

    (void)state;
    put("a/requirements.txt",
        STR("\xff\xfe-\0r\0 \0m\0o\0r\0e\0/\0b\0.\0t\0x\0t\0\r\0\n\0a\0=\0=\0001\0\r\0\n\0"));
    put("a/more/b.txt", STR("\xef\xbb\xbf# a comment\n--index-url https://h.example/x\nb==2 \\\n"
                            "    --hash=sha256:00  # why\n\n-c c.txt\n-e ./lib\n"));
    put("a/more/c.txt", STR("c<3 # caf\xe9\n"));
    if (requirements_read(&root, "a/requirements.txt", &all, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(buf_cstr(&all.lines), "b==2 --hash=sha256:00\n-e ./lib\na==1\n");
    assert_string_equal(buf_cstr(&all.constraints), "c<3\n");
    assert_string_equal(buf_cstr(&all.options), "--index-url https://h.example/x\n");
    assert_int_equal(all.files, 3);
}

static void requirements_files_that_go_wrong_are_said(void **state) {
    /* clang-format off */
    static const struct { const char *text; enum err_code code; const char *says; } rows[] = {
        { "-r missing.txt\n",          ERR_BUILD,   "missing.txt is not there" },
        { "-r requirements.txt\n",     ERR_BUILD,   "in a circle" },
        { "-r ../../etc/passwd\n",     ERR_INVALID, "" },
        { "--requirement=/etc/passwd", ERR_INVALID, "leads out" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(requirements_done) struct requirements all = {0};
        struct err err = {0};

        put("requirements.txt", str_from(rows[i].text));
        if (requirements_read(&root, "requirements.txt", &all, &err) != rows[i].code ||
            strstr(err.text, rows[i].says) == NULL) {
            fail_msg("%s: %d %s", rows[i].text, err.code, err.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markers_are_judged_for_a_function_on_linux),
        cmocka_unit_test(requirements_are_read_in_their_pieces),
        cmocka_unit_test(constraints_of_poetry_become_those_of_python),
        cmocka_unit_test(requirements_files_are_read_in_any_encoding_with_what_they_include),
        cmocka_unit_test(requirements_files_that_go_wrong_are_said),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
