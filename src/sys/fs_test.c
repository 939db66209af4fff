/* Rooted files: what leaves the root is refused, trees are copied, compared and removed whole. */
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

static char work[PATH_MAX];
static struct fs_root root;

static char *in_work(const char *name) { return fs_join(work, name); }

static void put(const char *name, const char *content) {
    CLEANUP(freep) char *path = in_work(name);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};

    *strrchr(dir, '/') = '\0';
    assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, str_from(content), 0644, &err), ERR_NONE);
}

static void link_to(const char *target, const char *name) {
    CLEANUP(freep) char *path = in_work(name);

    assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state) {
    struct err err = {0};

    (void)state;
    snprintf(work, sizeof work, "/tmp/fs_test-XXXXXX");
    assert_non_null(mkdtemp(work));
    return fs_root_open(work, &root, &err) == ERR_NONE ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    fs_root_done(&root);
    return scratch_remove(work);
}

static void reading_stays_below_the_root(void **state) {
    /* clang-format off */
    static const struct { const char *rel; size_t max; enum err_code code; const char *want; } rows[] = {
        { "in/a",         10, ERR_NONE,      "hello" },
        { "in/../in/a",   10, ERR_NONE,      "hello" },
        { "in/link-a",    10, ERR_NONE,      "hello" },
        { "in/a",          4, ERR_TOO_LARGE, "" },
        { "in/none",      10, ERR_NOT_FOUND, "" },
        { "/etc/hostname", 10, ERR_INVALID,  "" },
        { "../../etc/hosts", 10, ERR_INVALID, "" },
        { "in/link-out",  10, ERR_INVALID,   "" },
        { "in/link-abs",  10, ERR_INVALID,   "" },
        { "in/link-proc", 10, ERR_INVALID,   "" },
        { "in/dir-out/hosts", 10, ERR_INVALID, "" },
        { "in",           10, ERR_INVALID,   "" },
        { "in/fifo",      10, ERR_INVALID,   "" },
    };
    /* clang-format on */
    CLEANUP(freep) char *fifo = in_work("in/fifo");

    (void)state;
    put("in/a", "hello");
    link_to("a", "in/link-a");
    link_to("../../../etc/hosts", "in/link-out");
    link_to("/etc/hosts", "in/link-abs");
    link_to("/proc/self/exe", "in/link-proc");
    link_to("../../../etc", "in/dir-out");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(100);
        struct err err = {0};
        enum err_code code = fs_read_at(&root, rows[i].rel, rows[i].max, &out, &err);

        if (code != rows[i].code ||
            (code == ERR_NONE && strcmp(buf_cstr(&out), rows[i].want) != 0)) {
            fail_msg("%s: code %d, '%s', %s", rows[i].rel, code, buf_cstr(&out), err.text);
        }
    }
    assert_int_equal(fs_kind_at(&root, ""), FS_DIR);
    assert_int_equal(fs_kind_at(&root, "in/a"), FS_FILE);
    assert_int_equal(fs_kind_at(&root, "in/link-a"), FS_LINK);
    assert_int_equal(fs_kind_at(&root, "in/fifo"), FS_OTHER);
    assert_int_equal(fs_kind_at(&root, "in/none"), FS_NONE);
    assert_int_equal(fs_kind_at(&root, "in/dir-out/hosts"), FS_NONE);
}

static bool skip_named(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)path;
    (void)is_dir;
    return strcmp(name, ctx) == 0;
}

static void list_text(const struct fs_list *list, struct buf *out) {
    for (size_t i = 0; i < list->n; i++) {
        buf_addf(out, "%s:%d:%lld ", list->rows[i].path, list->rows[i].kind,
                 (long long)list->rows[i].size);
    }
}

static void lists_are_sorted_and_bounded(void **state) {
    /* clang-format off */
    static const struct { int depth; size_t entries; const char *skip; const char *want; bool is_cut; } rows[] = {
        { 9, 99, "-",   "a:2:0 a-b:1:1 a.c:1:2 a/x:2:0 a/x/y:1:3 l:3:0 ", false },
        { 1, 99, "-",   "a:2:0 a-b:1:1 a.c:1:2 l:3:0 ", false },
        { 2, 99, "x",   "a:2:0 a-b:1:1 a.c:1:2 l:3:0 ", false },
        { 9,  3, "-",   "a:2:0 a/x:2:0 a/x/y:1:3 ", true },
        { 9,  6, "-",   "a:2:0 a-b:1:1 a.c:1:2 a/x:2:0 a/x/y:1:3 l:3:0 ", false },
    };
    /* clang-format on */
    (void)state;
    put("list/a/x/y", "123");
    put("list/a-b", "1");
    put("list/a.c", "12");
    link_to("/etc", "list/l");
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct fs_walk walk = {rows[i].depth, rows[i].entries, 1000, skip_named,
                               (void *)(uintptr_t)rows[i].skip};
        CLEANUP(fs_list_done) struct fs_list list = {0};
        CLEANUP(buf_done) struct buf text = BUF_INIT(1000);
        struct err err = {0};

        assert_int_equal(fs_list_tree(&root, "list", &walk, &list, &err), ERR_NONE);
        list_text(&list, &text);
        if (strcmp(buf_cstr(&text), rows[i].want) != 0 || list.is_cut != rows[i].is_cut) {
            fail_msg("row %zu: '%s' cut %d", i, buf_cstr(&text), list.is_cut);
        }
    }
}

static void a_list_of_something_outside_is_refused(void **state) {
    struct fs_walk walk = {3, 10, 10, NULL, NULL};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct err err = {0};

    (void)state;
    link_to("/etc", "out-list");
    assert_int_equal(fs_list_tree(&root, "out-list", &walk, &list, &err), ERR_INVALID);
    assert_int_equal(fs_list_tree(&root, "..", &walk, &list, &err), ERR_INVALID);
    assert_int_equal(fs_list_tree(&root, "nowhere", &walk, &list, &err), ERR_NOT_FOUND);
}

static void add_path(void *ctx, const char *path) { buf_addf(ctx, "%s ", path); }

static void a_comparison_names_what_is_new_gone_and_different(void **state) {
    struct fs_walk walk = {9, 100, 10000, NULL, NULL};
    CLEANUP(fs_list_done) struct fs_list before = {0};
    CLEANUP(fs_list_done) struct fs_list same = {0};
    CLEANUP(fs_list_done) struct fs_list after = {0};
    CLEANUP(buf_done) struct buf found = BUF_INIT(1000);
    CLEANUP(freep) char *gone = in_work("cmp/b/gone");
    CLEANUP(freep) char *mode = in_work("cmp/mode");
    struct err err = {0};

    (void)state;
    put("cmp/a", "1");
    put("cmp/b/gone", "2");
    put("cmp/mode", "3");
    put("cmp/same", "4");
    assert_int_equal(fs_digest_tree(&root, "cmp", &walk, &before, &err), ERR_NONE);
    assert_int_equal(fs_digest_tree(&root, "cmp", &walk, &same, &err), ERR_NONE);
    put("cmp/a", "x");
    put("cmp/z", "new");
    assert_int_equal(unlink(gone), 0);
    assert_int_equal(chmod(mode, 0755), 0);
    assert_int_equal(fs_digest_tree(&root, "cmp", &walk, &after, &err), ERR_NONE);
    fs_list_compare(&before, &same, add_path, &found);
    assert_string_equal(buf_cstr(&found), "");
    assert_true(sha256_eq(fs_list_hash(&before), fs_list_hash(&same)));
    fs_list_compare(&before, &after, add_path, &found);
    assert_string_equal(buf_cstr(&found), "a b/gone mode z ");
    assert_false(sha256_eq(fs_list_hash(&before), fs_list_hash(&after)));
}

static void a_copy_leaves_out_what_leads_out(void **state) {
    struct fs_walk walk = {9, 100, 10000, skip_named, (void *)(uintptr_t) ".env"};
    CLEANUP(fs_root_done) struct fs_root from = {0};
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(1000);
    CLEANUP(freep) char *path = in_work("copy-from");
    CLEANUP(freep) char *to = in_work("copy/to");
    CLEANUP(freep) char *run = in_work("copy-from/run");
    CLEANUP(freep) char *fifo = in_work("copy-from/fifo");
    struct err err = {0};
    struct stat st;
    size_t left_out = 0;

    (void)state;
    put("copy-from/d/a", "hello");
    put("copy-from/.env", "SECRET=1");
    put("copy-from/run", "#!/bin/sh");
    assert_int_equal(chmod(run, 04755), 0);
    link_to("d/a", "copy-from/inside");
    link_to("../fs", "copy-from/outside");
    link_to("/etc/hosts", "copy-from/absolute");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(fs_root_open(path, &from, &err), ERR_NONE);
    assert_int_equal(fs_copy_tree(&from, to, &walk, &left_out, &err), ERR_NONE);
    assert_int_equal(left_out, 3);
    assert_int_equal(fs_root_open(to, &copy, &err), ERR_NONE);
    walk.skip = NULL;
    assert_int_equal(fs_list_tree(&copy, "", &walk, &list, &err), ERR_NONE);
    list_text(&list, &text);
    assert_string_equal(buf_cstr(&text), "d:2:0 d/a:1:5 inside:3:0 run:1:9 ");
    assert_int_equal(fstatat(copy.fd, "run", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0755);

    walk.bytes_max = 13;
    CLEANUP(freep) char *small = in_work("copy/small");
    assert_int_equal(fs_copy_tree(&from, small, &walk, NULL, &err), ERR_TOO_LARGE);
    walk = (struct fs_walk){9, 3, 10000, NULL, NULL};
    assert_int_equal(fs_copy_tree(&from, small, &walk, NULL, &err), ERR_TOO_LARGE);
}

static void removal_does_not_follow_links_and_copes_with_depth(void **state) {
    CLEANUP(freep) char *deep = in_work("rm");
    CLEANUP(freep) char *locked = in_work("rm/locked");
    CLEANUP(freep) char *kept = in_work("kept/file");
    struct err err = {0};

    (void)state;
    put("kept/file", "here");
    put("rm/a/b", "x");
    put("rm/locked/c", "x");
    link_to("../kept", "rm/link");
    assert_int_equal(chmod(locked, 0), 0);
    int fd = open(deep, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 1500; i++) { /* deeper than open files allow, and than PATH_MAX */
        assert_int_equal(mkdirat(fd, "deeper", 0755), 0);
        int next = openat(fd, "deeper", O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = next;
    }
    close(fd);
    assert_int_equal(fs_remove_tree(&root, "rm", &err), ERR_NONE);
    assert_int_equal(fs_kind_at(&root, "rm"), FS_NONE);
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(fs_remove_tree(&root, "rm", &err), ERR_NONE); /* again: nothing there */
    assert_int_equal(fs_remove_tree(&root, "", &err), ERR_INVALID);
    assert_int_equal(fs_remove_tree(&root, "..", &err), ERR_INVALID);
    assert_int_equal(fs_remove_tree(&root, "../x", &err), ERR_INVALID);
    link_to("kept", "way");
    assert_int_equal(fs_remove_tree(&root, "way/file", &err), ERR_INVALID);
    assert_int_equal(access(kept, F_OK), 0);
}

static bool is_text(const char *name, const char *text) {
    CLEANUP(buf_done) struct buf content = BUF_INIT(100);
    struct err err = {0};

    return fs_read_at(&root, name, 100, &content, &err) == ERR_NONE &&
           strcmp(buf_cstr(&content), text) == 0;
}

/* One row after the other. */
static void what_is_put_stays_below_the_root_and_goes_through_no_link(void **state) {
    /* clang-format off */
    static const struct {
        const char *path;
        enum fs_kind kind;
        const char *content;
        enum err_code code;
        const char *look; /* a file that has `is` then; NULL: nothing is looked at */
        const char *is;
    } rows[] = {
        { "put/a",          FS_FILE, "one",   ERR_NONE,      "put/a",        "one" },
        { "put/a",          FS_FILE, "two",   ERR_NONE,      "put/a",        "two" },
        { "put/dir",        FS_DIR,  "",      ERR_NONE,      NULL,           NULL },
        { "put/dir",        FS_DIR,  "",      ERR_NONE,      NULL,           NULL },
        { "put/a",          FS_DIR,  "",      ERR_IO,        "put/a",        "two" },
        { "put/dir/b",      FS_FILE, "three", ERR_NONE,      "put/dir/b",    "three" },
        { "put/none/b",     FS_FILE, "x",     ERR_NOT_FOUND, NULL,           NULL },
        { "put/none/b",     FS_NONE, "",      ERR_NONE,      NULL,           NULL },
        { "put/link",       FS_LINK, "a",     ERR_NONE,      "put/link",     "two" },
        { "put/link",       FS_FILE, "four",  ERR_NONE,      "put/a",        "two" }, /* the link went, not what it named */
        { "put/way/b",      FS_FILE, "x",     ERR_INVALID,   "put/dir/b",    "three" }, /* way is a link to dir */
        { "put/out/b",      FS_FILE, "x",     ERR_INVALID,   NULL,           NULL },  /* and out one to outside */
        { "../b",           FS_FILE, "x",     ERR_INVALID,   NULL,           NULL },
        { "put/..",         FS_NONE, "",      ERR_INVALID,   "put/a",        "two" },
        { "",               FS_NONE, "",      ERR_INVALID,   "put/a",        "two" },
        { "put/dir",        FS_NONE, "",      ERR_NONE,      "put/dir/b",    "three" }, /* not empty: it stays */
        { "put/dir/b",      FS_NONE, "",      ERR_NONE,      NULL,           NULL },
        { "put/dir",        FS_NONE, "",      ERR_NONE,      NULL,           NULL },
        { "put/dir/b",      FS_FILE, "x",     ERR_NOT_FOUND, NULL,           NULL },  /* now it is gone */
    };
    /* clang-format on */
    CLEANUP(freep) char *script = in_work("put/a");
    struct stat st;

    (void)state;
    put("put/dir/x", "");
    link_to("dir", "put/way");
    link_to("/tmp", "put/out");
    CLEANUP(freep) char *first = in_work("put/dir/x");
    assert_int_equal(unlink(first), 0);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct err err = {0};
        enum err_code code =
            fs_put_at(&root, rows[i].path, rows[i].kind, str_from(rows[i].content), 0755, &err);

        if (code != rows[i].code) {
            fail_msg("row %zu, %s: %s", i, rows[i].path, err.text);
        }
        if (rows[i].look != NULL && !is_text(rows[i].look, rows[i].is)) {
            fail_msg("row %zu, %s: %s is not '%s'", i, rows[i].path, rows[i].look, rows[i].is);
        }
    }
    assert_int_equal(stat(script, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
}

static void a_file_is_replaced_whole(void **state) {
    CLEANUP(freep) char *path = in_work("state.json");
    CLEANUP(buf_done) struct buf out = BUF_INIT(100);
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct fs_walk walk = {1, 1000, 1000, NULL, NULL};
    struct err err = {0};
    struct stat st;
    struct sha256 hash;
    int64_t size = 0;

    (void)state;
    assert_int_equal(fs_write_file(path, STR("one"), 0600, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, STR("two"), 0600, &err), ERR_NONE);
    assert_int_equal(fs_read_file(path, 3, &out, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&out), "two");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(fs_hash_file(path, &hash, &size, &err), ERR_NONE);
    assert_int_equal(size, 3);
    assert_true(sha256_eq(hash, sha256_of(STR("two"))));
    assert_int_equal(fs_list_tree(&root, "", &walk, &list, &err), ERR_NONE);
    for (size_t i = 0; i < list.n; i++) {
        assert_null(strstr(list.rows[i].path, ".new-"));
    }
    CLEANUP(freep) char *nowhere = in_work("nowhere/x");
    assert_int_equal(fs_write_file(nowhere, STR("x"), 0600, &err), ERR_NOT_FOUND);
    assert_int_equal(fs_write_file("/dev/full/x", STR("x"), 0600, &err), ERR_IO);
}

static void folders_are_made_with_their_parents(void **state) {
    CLEANUP(freep) char *path = in_work("m/n/o/");
    CLEANUP(freep) char *file = in_work("m/file/sub");
    struct err err = {0};
    struct stat st;

    (void)state;
    assert_int_equal(fs_mkdirs(path, 0700, &err), ERR_NONE);
    assert_int_equal(fs_mkdirs(path, 0700, &err), ERR_NONE);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    put("m/file", "x");
    assert_int_equal(fs_mkdirs(file, 0700, &err), ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_stays_below_the_root),
        cmocka_unit_test(lists_are_sorted_and_bounded),
        cmocka_unit_test(a_list_of_something_outside_is_refused),
        cmocka_unit_test(a_comparison_names_what_is_new_gone_and_different),
        cmocka_unit_test(a_copy_leaves_out_what_leads_out),
        cmocka_unit_test(removal_does_not_follow_links_and_copes_with_depth),
        cmocka_unit_test(what_is_put_stays_below_the_root_and_goes_through_no_link),
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(folders_are_made_with_their_parents),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
