/* The state file in bad hands: kept and put back, older, read-only, removed, on disks without
 * locks. */
#include "store/journal.h"

#include "base/clock.h"
#include "support/store_fixture.h"
#include "sys/fs.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Faults of the disk: these stand before the C library's, also for SQLite (the names are those
 * of files of 64 bits, by the build's _FILE_OFFSET_BITS) ---- */

static bool is_lockless;
static long disk_type; /* 0: what it is */

static int lock_call(int fd, int command, void *argument, int (*next)(int, int, ...)) {
    if (is_lockless && (command == F_SETLK || command == F_SETLKW || command == F_GETLK)) {
        errno = ENOLCK;
        return -1;
    }
    return next(fd, command, argument);
}

int fcntl(int fd, int command, ...);
int fcntl(int fd, int command, ...) {
    static int (*next)(int, int, ...);
    va_list rest;
    void *argument;

    va_start(rest, command);
    argument = va_arg(rest, void *);
    va_end(rest);
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "fcntl64");
    }
    return lock_call(fd, command, argument, next);
}

int statfs(const char *path, struct statfs *out) {
    static int (*next)(const char *, struct statfs *);
    int rc;

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "statfs64");
    }
    rc = next(path, out);
    out->f_type = disk_type != 0 ? disk_type : out->f_type;
    return rc;
}

/* Closes the fixture's store and opens it again, which is to fail. */
static void assert_refused(struct fixture *f, enum err_code code, const char *text,
                           const char *remedy) {
    struct err why = {0};

    store_close(f->store);
    f->store = NULL;
    if (store_open(f->ops, f->dir, &f->store, &why) != code || strstr(why.text, text) == NULL ||
        strstr(why.remedy, remedy) == NULL) {
        fail_msg("it said %s: %s | %s", err_wire(why.code), why.text, why.remedy);
    }
}

static void a_disk_without_locks_is_said_and_nothing_is_lost(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;

    fixture_write(f, "s", &lease);
    is_lockless = true;
    assert_refused(f, ERR_CONFIG, "keeps no locks", "XDG_STATE_HOME");
    is_lockless = false;
    MUST(store_open(f->ops, f->dir, &f->store, &err));
    fixture_assert_verified(f, "s");
}

static void a_network_file_system_is_said(void **state) {
    struct fixture *f = *state;

    disk_type = 0x6969;
    assert_refused(f, ERR_CONFIG, "network file system", "XDG_STATE_HOME");
    disk_type = 0;
    MUST(store_open(f->ops, f->dir, &f->store, &err));
}

/* ---- Removed, or read only ---- */

static void a_file_that_is_removed_in_the_middle_of_a_run_takes_no_record(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *journal = fixture_journal(f, "s", &lease);
    struct journal_entry first = fixture_first();
    struct journal_entry phase = fixture_phase("plan", NULL);
    CLEANUP(freep) char *path = fs_join(f->dir, "store.db");
    CLEANUP(freep) char *aside = fs_join(f->dir, "aside.db");
    struct err why = {0};

    MUST(journal_append(journal, &first, 1, 0, NULL, &err));
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(journal_append(journal, &phase, 1, 0, NULL, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "removed or replaced"));
    assert_non_null(strstr(why.remedy, "restore"));
    assert_int_equal(rename(aside, path), 0);
    MUST(journal_append(journal, &phase, 1, 0, NULL, &err));
    journal_close(journal);
    fixture_assert_verified(f, "s");
}

enum { NO_MOUNT = 77 };

static int open_read_only(const char *dir) {
    struct store *store = NULL;
    struct err why = {0};

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(dir, dir, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
        return NO_MOUNT;
    }
    if (store_open(&store_sqlite, dir, &store, &why) == ERR_NONE) {
        struct store_lease lease;

        (void)!store_take_lease(store, STR("s"), 1000, &lease, &why);
        store_close(store);
    }
    if (why.code != ERR_IO || strstr(why.text, "cannot be written") == NULL ||
        strstr(why.remedy, "XDG_STATE_HOME") == NULL) {
        (void)fprintf(stderr, "# %s: %s | %s\n", err_wire(why.code), why.text, why.remedy);
        return 1;
    }
    return 0;
}

static void a_read_only_folder_is_said(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    int status = 0;
    pid_t pid;

    fixture_write(f, "s", &lease);
    store_close(f->store);
    f->store = NULL;
    pid = fork();
    if (pid == 0) {
        _exit(open_read_only(f->dir));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    MUST(store_open(f->ops, f->dir, &f->store, &err));
    fixture_assert_verified(f, "s");
    if (WEXITSTATUS(status) == NO_MOUNT) {
        print_message("# SKIP no folder may be mounted read-only here\n");
        return;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Older files ---- */

static char *fixture_file(const struct fixture *f, const char *name) {
    return mem_format("%s/%s", f->dir, name);
}

static int64_t version_of(const char *path) {
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t version;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    version = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return version;
}

/* Puts the file that an earlier program wrote in the place of the fixture's. */
static void load_version_1(struct fixture *f) {
    CLEANUP(freep)
    char *source =
        mem_format("%s/test/golden/store/version-1.sql", getenv("AWSCOPILOT_SOURCE_ROOT"));
    CLEANUP(freep) char *path = fixture_file(f, "store.db");
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 20);
    sqlite3 *db = NULL;
    char *why = NULL;

    store_close(f->store);
    f->store = NULL;
    (void)unlink(path);
    MUST(fs_read_file(source, text.max, &text, &err));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, buf_cstr(&text), NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s", why);
    }
    (void)sqlite3_close(db);
    assert_int_equal(version_of(path), 1);
}

static void a_file_of_version_1_is_brought_here_with_a_copy_beside_it(void **state) {
    struct fixture *f = *state;
    CLEANUP(freep) char *path = fixture_file(f, "store.db");
    CLEANUP(freep) char *kept = fixture_file(f, "store.db.version-1");
    struct seen seen;
    struct stat file;

    load_version_1(f);
    MUST(store_open(f->ops, f->dir, &f->store, &err));
    assert_int_equal(version_of(path), 2);
    assert_int_equal(version_of(kept), 1);
    assert_int_equal(stat(kept, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    fixture_assert_verified(f, "");
    assert_int_equal(fixture_verify(f, "").sessions, 2);
    fixture_replay(f, "i261130-j3mwg7e4", &seen);
    assert_int_equal(seen.n, 17);
}

/* Without room for the copy the file stays as it was. */
static void a_migration_that_cannot_keep_a_copy_changes_nothing(void **state) {
    struct fixture *f = *state;
    CLEANUP(freep) char *path = fixture_file(f, "store.db");
    CLEANUP(freep) char *kept = fixture_file(f, "store.db.version-1");
    struct rlimit size;
    struct err why = {0};

    load_version_1(f);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &size), 0);
    size.rlim_cur = 40 * 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &size), 0);
    assert_int_equal(store_open(f->ops, f->dir, &f->store, &why), ERR_DISK_FULL);
    size.rlim_cur = size.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &size), 0);
    assert_non_null(strstr(why.remedy, "make room"));
    assert_int_equal(version_of(path), 1);
    assert_int_not_equal(access(kept, F_OK), 0);
    MUST(store_open(f->ops, f->dir, &f->store, &err));
    fixture_assert_verified(f, "");
}

/* ---- Kept and put back ---- */

static void write_on(const char *dir, int ready) {
    struct fixture f = {.ops = &store_sqlite, .redactor = redactor_new()};
    struct store_lease lease;
    struct journal *journal;
    struct journal_entry first = fixture_first();

    (void)snprintf(f.dir, sizeof f.dir, "%s", dir);
    MUST(store_open(f.ops, dir, &f.store, &err));
    journal = fixture_journal(&f, "w", &lease);
    MUST(journal_append(journal, &first, 1, 0, NULL, &err));
    for (int i = 1;; i++) {
        struct masked body = fixture_mask(&f, "{\"a\":\"state\"}");
        const struct journal_entry step[] = {fixture_result(i, &body),
                                             fixture_phase("plan", &body)};

        MUST(journal_append(journal, step, 2, 0, NULL, &err));
        masked_done(&body);
        (void)!write(ready, "+", 1);
    }
}

static void open_copy(struct fixture *f, const char *name, struct fixture *out) {
    CLEANUP(freep) char *from = fixture_file(f, name);
    CLEANUP(freep) char *to = NULL;

    *out = (struct fixture){.ops = &store_sqlite, .redactor = redactor_new()};
    (void)snprintf(out->dir, sizeof out->dir, "%s/copy", f->dir);
    MUST(fs_mkdirs(out->dir, 0700, &err));
    to = fixture_file(out, "store.db");
    assert_int_equal(rename(from, to), 0);
    MUST(store_open(out->ops, out->dir, &out->store, &err));
}

static void a_copy_that_is_taken_while_another_process_writes_is_whole(void **state) {
    struct fixture *f = *state;
    int ready[2];
    char mark;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        write_on(f->dir, ready[1]);
    }
    assert_int_equal(read(ready[0], &mark, 1), 1);
    for (int i = 0; i < 5; i++) {
        CLEANUP(freep) char *path = fixture_file(f, "kept.db");
        struct fixture copy;
        struct stat file;
        struct err why = {0};

        MUST(store_backup(f->store, path, &err));
        assert_int_equal(store_backup(f->store, path, &why), ERR_CONFLICT);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 0777, 0600);
        open_copy(f, "kept.db", &copy);
        fixture_assert_verified(&copy, "w");
        fixture_done(&copy);
    }
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void what_is_put_back_is_what_was_kept_and_no_owner_of_before_appends(void **state) {
    struct fixture *f = *state;
    CLEANUP(freep) char *path = fixture_file(f, "kept.db");
    struct fixture other = {.ops = f->ops, .redactor = redactor_new()};
    struct store_lease lease;
    struct store_lease again;
    struct journal *journal;
    struct seen before;
    struct seen after;
    struct journal_entry phase = fixture_phase("wait", NULL);
    struct err why = {0};

    fixture_write(f, "s", &lease);
    fixture_replay(f, "s", &before);
    MUST(store_backup(f->store, path, &err));
    MUST(journal_open(f->store, &lease, &journal, &err));
    MUST(journal_append(journal, &phase, 1, 0, NULL, &err)); /* this is lost */
    (void)snprintf(other.dir, sizeof other.dir, "%s", f->dir);
    MUST(store_open(f->ops, f->dir, &other.store, &err)); /* another process, in effect */
    MUST(store_restore(other.store, path, &err));

    assert_int_equal(journal_append(journal, &phase, 1, 0, NULL, &why), ERR_STALE);
    journal_close(journal);
    fixture_replay(f, "s", &after);
    assert_string_equal(before.text, after.text);
    fixture_assert_verified(f, "s");
    MUST(store_take_lease(f->store, STR("s"), 60000, &again, &err));
    assert_true(again.epoch > lease.epoch + 100);
    MUST(journal_open(f->store, &again, &journal, &err));
    MUST(journal_append(journal, &phase, 1, 0, NULL, &err));
    journal_close(journal);
    store_close(other.store);
    redactor_free(other.redactor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_SQLITE(a_disk_without_locks_is_said_and_nothing_is_lost),
        ON_SQLITE(a_network_file_system_is_said),
        ON_SQLITE(a_file_that_is_removed_in_the_middle_of_a_run_takes_no_record),
        ON_SQLITE(a_read_only_folder_is_said),
        ON_SQLITE(a_file_of_version_1_is_brought_here_with_a_copy_beside_it),
        ON_SQLITE(a_migration_that_cannot_keep_a_copy_changes_nothing),
        ON_SQLITE(a_copy_that_is_taken_while_another_process_writes_is_whole),
        ON_SQLITE(what_is_put_back_is_what_was_kept_and_no_owner_of_before_appends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
