/* Zips: the same bytes for the same content, judged by Python's zipfile. */
#include "bundle/zip.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"
#include "sys/fs.h"
#include "sys/proc.h"

static char work[PATH_MAX];

static int set_up(void **state) {
    (void)state;
    snprintf(work, sizeof work, "/tmp/zip_test-XXXXXX");
    return mkdtemp(work) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    return scratch_remove(work);
}

static char *put(const char *name, const char *content, mode_t mode) {
    char *path = fs_join(work, name);
    struct err err = {0};

    assert_int_equal(fs_write_file(path, str_from(content), mode, &err), ERR_NONE);
    return path;
}

/* A list in the order given by `is_reversed`: the order of adding must not matter. */
static void fill(struct zip_list *list, bool is_reversed) {
    CLEANUP(freep) char *code = put("main.py", "print('hello')\n", 0644);
    CLEANUP(freep) char *run = put("run.sh", "#!/bin/sh\n", 0700);
    const char *names[] = {"app/main.py", "bin/run"};
    const char *paths[] = {code, run};
    struct err err = {0};

    for (size_t k = 0; k < 2; k++) {
        size_t i = is_reversed ? 1 - k : k;
        assert_int_equal(zip_add_file(list, names[i], paths[i], &err), ERR_NONE);
    }
    assert_int_equal(zip_add_text(list,
                                  "gr\xc3\xbc\xc3\x9f"
                                  "e.txt",
                                  STR("hi"), &err),
                     ERR_NONE);
    assert_int_equal(zip_add_text(list, "empty", STR(""), &err), ERR_NONE);
    assert_int_equal(zip_list_sort(list, &err), ERR_NONE);
}

static void write_to(const char *name, bool is_reversed, struct sha256 *out, int64_t *bytes) {
    CLEANUP(zip_list_done) struct zip_list list = {0};
    CLEANUP(freep) char *path = fs_join(work, name);
    struct err err = {0};

    fill(&list, is_reversed);
    if (zip_write(&list, path, out, bytes, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
}

static void the_same_content_gives_the_same_bytes(void **state) {
    struct sha256 first;
    struct sha256 second;
    int64_t bytes = 0;

    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    write_to("a.zip", false, &first, &bytes);
    setenv("TZ", "Pacific/Kiritimati", 1); /* 14 hours ahead */
    tzset();
    sleep(1); /* the files are written again: other times */
    write_to("b.zip", true, &second, &bytes);
    unsetenv("TZ");
    tzset();
    assert_string_equal(sha256_hex(first).text, sha256_hex(second).text);

    CLEANUP(freep) char *path = fs_join(work, "b.zip");
    struct sha256 on_disk;
    int64_t size = 0;
    struct err err = {0};
    assert_int_equal(fs_hash_file(path, &on_disk, &size, &err), ERR_NONE);
    assert_true(sha256_eq(second, on_disk));
    assert_int_equal(size, bytes);
}

static void python_reads_names_modes_times_and_content(void **state) {
    static const char code[] =
        "import sys, zipfile\n"
        "z = zipfile.ZipFile(sys.argv[1])\n"
        "assert z.testzip() is None\n"
        "for i in z.infolist():\n"
        "    print(i.filename, oct(i.external_attr >> 16), i.date_time, i.compress_type, "
        "z.read(i))\n";
    static const char want[] =
        "app/main.py 0o100644 (1980, 1, 1, 0, 0, 0) 8 b\"print('hello')\\n\"\n"
        "bin/run 0o100755 (1980, 1, 1, 0, 0, 0) 8 b'#!/bin/sh\\n'\n"
        "empty 0o100644 (1980, 1, 1, 0, 0, 0) 8 b''\n"
        "gr\xc3\xbc\xc3\x9f"
        "e.txt 0o100644 (1980, 1, 1, 0, 0, 0) 8 b'hi'\n";
    CLEANUP(freep) char *python = proc_find("python3", "/usr/bin");
    CLEANUP(freep) char *path = fs_join(work, "judged.zip");
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const char *const argv[] = {python, "-X", "utf8", "-c", code, path, NULL};
    struct proc_spec spec = {
        .argv = argv, .cwd = "/", .timeout_ms = 30000, .filter = proc_filter_none};
    struct sha256 hash;
    int64_t bytes = 0;
    struct err err = {0};

    (void)state;
    if (python == NULL) {
        print_message("# SKIP no python3 to judge the zip\n");
        return;
    }
    write_to("judged.zip", false, &hash, &bytes);
    assert_int_equal(proc_run(&spec, &result, &err), ERR_NONE);
    if (strcmp(buf_cstr(&result.text[PROC_OUT]), want) != 0) {
        fail_msg("%s%s", buf_cstr(&result.text[PROC_OUT]), buf_cstr(&result.text[PROC_ERR]));
    }
}

static void names_that_leave_the_folder_are_refused(void **state) {
    static const char *const names[] = {"/etc/x", "../x", "a/../../x", "a//b", "./a",
                                        "a\\b",   "a\nb", "",          "a/",   "\xff"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(zip_list_done) struct zip_list list = {0};
        struct err err = {0};

        if (zip_add_text(&list, names[i], STR("x"), &err) != ERR_INVALID) {
            fail_msg("'%s' was taken", names[i]);
        }
    }
}

static void two_files_of_one_name_are_refused(void **state) {
    CLEANUP(zip_list_done) struct zip_list list = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(zip_add_text(&list, "a", STR("1"), &err), ERR_NONE);
    assert_int_equal(zip_add_text(&list, "a", STR("2"), &err), ERR_NONE);
    assert_int_equal(zip_list_sort(&list, &err), ERR_INVALID);
}

static void a_file_that_changes_while_it_is_packed_is_refused(void **state) {
    CLEANUP(zip_list_done) struct zip_list list = {0};
    CLEANUP(freep) char *file = put("changing", "one", 0644);
    CLEANUP(freep) char *path = fs_join(work, "stale.zip");
    struct sha256 hash;
    int64_t bytes = 0;
    struct err err = {0};

    (void)state;
    assert_int_equal(zip_add_file(&list, "changing", file, &err), ERR_NONE);
    free(put("changing", "two", 0644));
    assert_int_equal(zip_write(&list, path, &hash, &bytes, &err), ERR_STALE);
    assert_int_equal(access(path, F_OK), -1);
}

static void the_hash_covers_names_modes_and_content(void **state) {
    static const struct {
        const char *name;
        const char *text;
        bool is_executable;
    } rows[] = {{"a", "1", false}, {"b", "1", false}, {"a", "2", false}, {"a", "1", true}};
    struct sha256 seen[ARRAY_N(rows)];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(zip_list_done) struct zip_list list = {0};
        struct err err = {0};

        assert_int_equal(zip_add_text(&list, rows[i].name, str_from(rows[i].text), &err), ERR_NONE);
        list.rows[0].is_executable = rows[i].is_executable;
        seen[i] = zip_list_hash(&list);
        for (size_t k = 0; k < i; k++) {
            assert_false(sha256_eq(seen[i], seen[k]));
        }
    }
}

static void too_much_names_the_biggest_packages(void **state) {
    static const struct {
        const char *name;
        int64_t mb;
    } rows[] = {{"app/main.py", 1},    {"numpy/core.so", 60}, {"numpy/linalg.so", 20},
                {"pandas/lib.so", 70}, {"scipy/x.so", 65},    {"torch/lib.so", 40}};
    CLEANUP(zip_list_done) struct zip_list list = {0};
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        assert_int_equal(zip_add_text(&list, rows[i].name, STR(""), &err), ERR_NONE);
        list.rows[i].bytes = rows[i].mb << 20;
        list.bytes += rows[i].mb << 20;
    }
    assert_int_equal(zip_list_sort(&list, &err), ERR_NONE);
    assert_int_equal(zip_check_size(&list, &err), ERR_TOO_LARGE);
    assert_non_null(strstr(err.text, "numpy 80 MB, pandas 70 MB, scipy 65 MB"));
    list.bytes = ZIP_UNZIPPED_MAX;
    assert_int_equal(zip_check_size(&list, &err), ERR_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_content_gives_the_same_bytes),
        cmocka_unit_test(python_reads_names_modes_times_and_content),
        cmocka_unit_test(names_that_leave_the_folder_are_refused),
        cmocka_unit_test(two_files_of_one_name_are_refused),
        cmocka_unit_test(a_file_that_changes_while_it_is_packed_is_refused),
        cmocka_unit_test(the_hash_covers_names_modes_and_content),
        cmocka_unit_test(too_much_names_the_biggest_packages),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
