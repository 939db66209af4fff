/* The journal: chain, fencing, states, seals, verification; killed, out of room, damaged, forged.
 */
#include "store/journal.h"

#include "base/clock.h"
#include "base/rand.h"
#include "support/store_fixture.h"
#include "sys/fs.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Forged ---- */

/* Runs SQL on the closed store's file, as somebody with an editor would, and opens it again. */
static void tamper(struct fixture *f, const char *text) {
    char *path = mem_format("%s/store.db", f->dir);
    sqlite3 *db = NULL;
    char *why = NULL;

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
    (void)sqlite3_close(db);
    MUST(store_open(f->ops, f->dir, &f->store, &err));
    free(path);
}

/* SQL: a byte that is none of that place of the header, of which chance writes some. */
#define OTHER(place) "CASE substr(head, " place ", 1) WHEN x'01' THEN x'00' ELSE x'01' END"

/* clang-format off */
/* Session "s" has number 1: its record n has key 16777216 + n; "t" has number 2. */
static const struct {
    const char *sql;
    int64_t seq;
    const char *reason;
} forgeries[] = {
    { "UPDATE records SET head = substr(head, 1, 3) || x'09' || substr(head, 5) WHERE k = 16777219",
      3, "another record stands in its place" },
    { "UPDATE records SET head = substr(head, 1, 20) || " OTHER("21") " || substr(head, 22)"
      " WHERE k = 16777219", 3, "the header was changed" },
    { "UPDATE records SET head = CAST(replace(CAST(head AS TEXT), 'plan', 'wait') AS BLOB)"
      " WHERE k = 16777223", 7, "the header was changed" },
    { "UPDATE records SET head = substr(head, 1, length(head) - 1) || " OTHER("-1")
      " WHERE k = 16777219", 3, "the header was changed" },
    { "UPDATE records SET head = x'010203' WHERE k = 16777220", 4, "the header cannot be read" },
    { "UPDATE records SET head = x'' WHERE k = 16777220", 4, "the header cannot be read" },
    { "UPDATE records SET body = substr(body, 1, 3) || 'x' || substr(body, 5) WHERE k = 16777218",
      2, "the body was changed" },
    { "UPDATE records SET body = x'07' WHERE k = 16777218", 2, "a body has an unknown form" },
    { "UPDATE records SET body = NULL WHERE k = 16777218", 2, "the body is missing" },
    { "UPDATE records SET body = NULL WHERE k = 16777223", 7, "the body is missing" },
    { "DELETE FROM records WHERE k = 16777217", 1, "the record is missing" },
    { "DELETE FROM records WHERE k = 16777220", 4, "the record is missing" },
    { "DELETE FROM records WHERE k = 16777224", 8, "the record is missing" },
    { "DELETE FROM records WHERE k < 33554432", 1, "the record is missing" },
    { "UPDATE records SET k = 1 WHERE k = 16777219; UPDATE records SET k = 16777219 WHERE k = 16777220;"
      "UPDATE records SET k = 16777220 WHERE k = 1", 3, "another record stands in its place" },
    { "UPDATE records SET head = (SELECT head FROM records WHERE k = 33554435) WHERE k = 16777219",
      3, "the header was changed" }, /* the same record of the other session */
    { "UPDATE sessions SET last_seq = 7 WHERE id = 's'; DELETE FROM records WHERE k = 16777224",
      8, "the record was sealed and is missing" },
    { "UPDATE sessions SET status = 'done' WHERE id = 's'", 0, "the index of sessions" },
    { "UPDATE sessions SET phase = 'wait' WHERE id = 's'", 0, "the index of sessions" },
    { "UPDATE docs SET body = replace(body, '\"seq\":8', '\"seq\":7') WHERE id = 's/00000008'",
      8, "its seal was not made with this install key" },
    { "UPDATE docs SET body = substr(body, 1, 83) || printf('%064d', 0) || substr(body, 148)"
      " WHERE id = 's/00000008'", 8, "its seal was not made with this install key" },
    { "UPDATE docs SET body = x'00' || '{}' WHERE id = 's/00000008'",
      8, "its seal was not made with this install key" },
};
/* clang-format on */

static void every_forgery_is_found_and_the_record_is_named(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(forgeries); i++) {
        struct fixture f;
        struct store_lease lease;
        struct journal *j;
        struct journal_seal seal;
        struct journal_report r;

        fixture_open(&f, &store_sqlite);
        fixture_write(&f, "s", &lease);
        MUST(journal_open(f.store, &lease, &j, &err));
        MUST(journal_seal(j, &seal, &err));
        journal_close(j);
        fixture_write(&f, "t", &lease);
        fixture_assert_verified(&f, "");
        tamper(&f, forgeries[i].sql);
        r = fixture_verify(&f, "");
        if (r.is_ok || strcmp(r.session, "s") != 0 || r.seq != forgeries[i].seq ||
            strncmp(r.reason, forgeries[i].reason, strlen(forgeries[i].reason)) != 0) {
            fail_msg("%s\n gave ok=%d session '%s' record %lld: %s", forgeries[i].sql, r.is_ok,
                     r.session, (long long)r.seq, r.reason);
        }
        fixture_done(&f);
    }
}

/* Flips one bit of one byte, verifies, and flips it back, on the open store's own file. */
static void flip_column(sqlite3 *db, const char *column, int64_t k, int at) {
    sqlite3_blob *blob = NULL;
    unsigned char byte;

    assert_int_equal(sqlite3_blob_open(db, "main", "records", column, k, 1, &blob), SQLITE_OK);
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, at), SQLITE_OK);
    byte ^= (unsigned char)(1U << (at % 8));
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, at), SQLITE_OK);
    (void)sqlite3_blob_close(blob);
}

static int size_of(sqlite3 *db, const char *column, int64_t k) {
    sqlite3_blob *blob = NULL;
    int n;

    if (sqlite3_blob_open(db, "main", "records", column, k, 0, &blob) != SQLITE_OK) {
        return 0; /* NULL */
    }
    n = sqlite3_blob_bytes(blob);
    (void)sqlite3_blob_close(blob);
    return n;
}

static void every_byte_of_every_record_counts(void **state) {
    static const char *const columns[] = {"head", "body"};
    struct fixture *f = *state;
    CLEANUP(freep) char *path = mem_format("%s/store.db", f->dir);
    struct store_lease lease;
    sqlite3 *db = NULL;
    int n = 0;

    fixture_write(f, "s", &lease);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
    for (int64_t seq = 1; seq <= 8; seq++) {
        for (size_t c = 0; c < ARRAY_N(columns); c++) {
            int size = size_of(db, columns[c], 16777216 + seq);

            for (int at = 0; at < size; at++, n++) {
                struct journal_report r;

                flip_column(db, columns[c], 16777216 + seq, at);
                r = fixture_verify(f, "s");
                if (r.is_ok || (r.seq != seq && r.seq != seq + 1)) {
                    fail_msg("record %lld, %s, byte %d: ok=%d, record %lld", (long long)seq,
                             columns[c], at, r.is_ok, (long long)r.seq);
                }
                flip_column(db, columns[c], 16777216 + seq, at);
            }
        }
    }
    (void)sqlite3_close(db);
    fixture_assert_verified(f, "s");
    assert_true(n > 500);
}

static void a_forged_record_is_not_replayed(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct seen s = {0};
    struct err why = {0};

    fixture_write(f, "s", &lease);
    tamper(f, "UPDATE records SET body = x'00' || 'yes' WHERE k = 16777220");
    assert_int_equal(journal_replay(f->store, STR("s"), 1, fixture_see, &s, &why), ERR_CORRUPT);
    assert_int_equal(s.last_seq, 3);
    assert_non_null(strstr(why.text, "record 4 of session s"));
}

static void a_history_rewritten_without_the_key_is_found_by_its_seal(void **state) {
    struct fixture *f = *state;
    struct fixture forger;
    char *from;
    char *sql_text;
    struct store_lease lease;
    struct journal *j;
    struct journal_seal seal;
    struct journal_report r;

    fixture_write(f, "s", &lease);
    MUST(journal_open(f->store, &lease, &j, &err));
    MUST(journal_seal(j, &seal, &err));
    journal_close(j);
    clock_sleep_ms(2);
    fixture_open(&forger, &store_sqlite); /* makes another, flawless chain for the same session */
    fixture_write(&forger, "s", &lease);
    fixture_assert_verified(&forger, "s");
    store_close(forger.store);
    forger.store = NULL;
    from = mem_format("%s/store.db", forger.dir);
    sql_text = mem_format("ATTACH '%s' AS other; DELETE FROM records;"
                          "INSERT INTO records SELECT * FROM other.records",
                          from);
    tamper(f, sql_text);
    r = fixture_verify(f, "s");
    assert_false(r.is_ok);
    assert_int_equal(r.seq, 8);
    assert_string_equal(r.reason, "it is not the record that was sealed");
    fixture_done(&forger);
    free(from);
    free(sql_text);
}

static void a_lost_install_key_is_said_and_the_rest_still_verifies(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, "private");
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE, .is_sensitive = true, .body = &body};
    char *key = mem_format("%s/install.key", f->dir);
    struct seen s = {0};
    struct err why = {0};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    journal_close(j);
    fixture_write(f, "t", &lease);
    assert_int_equal(unlink(key), 0);
    fixture_reopen(f);
    assert_int_equal(journal_replay(f->store, STR("s"), 1, fixture_see, &s, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "install key"));
    assert_true(why.remedy[0] != '\0');
    assert_int_equal(fixture_verify(f, "s").seq, 2);
    fixture_assert_verified(f, "t");
    masked_done(&body);
    free(key);
}

static void flip(const char *path, long at) {
    FILE *file = fopen(path, "r+e");
    int c;

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    c = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(c ^ 0x10, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void put_back(const char *path, struct str content) {
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    assert_int_equal(fclose(file), 0);
}

/* Whatever the damage: the same records as before, or an error; never others, never a crash. */
static void a_flipped_bit_anywhere_changes_no_record_unnoticed(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    struct store_lease lease;
    struct seen before;
    struct buf file = BUF_INIT(16 << 20);
    int found = 0;

    fixture_write(f, "s", &lease);
    fixture_replay(f, "s", &before);
    store_close(f->store);
    f->store = NULL;
    MUST(fs_read_file(path, 16 << 20, &file, &err));
    for (size_t at = 7; at < file.len; at += 61) {
        struct seen after = {0};
        struct journal_report r = {0};
        struct store *store = NULL;
        struct err why = {0};
        enum err_code code;

        flip(path, (long)at);
        code = store_open(&store_sqlite, f->dir, &store, &why);
        code =
            code != ERR_NONE ? code : journal_replay(store, STR("s"), 1, fixture_see, &after, &why);
        if (code == ERR_NONE && strcmp(before.text, after.text) != 0 &&
            journal_verify(store, STR("s"), &r, &why) == ERR_NONE && r.is_ok) {
            fail_msg("byte %zu: other records and nothing was said", at);
        }
        if (code != ERR_NONE && (why.text[0] == '\0' || code == ERR_DEFECT)) {
            fail_msg("byte %zu: code %d '%s'", at, code, why.text);
        }
        found += code != ERR_NONE;
        store_close(store);
        put_back(path, buf_str(&file));
    }
    assert_true(found > 10);
    buf_done(&file);
    free(path);
}

static void a_file_that_is_no_database_is_said_with_a_remedy(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    struct err why = {0};

    store_close(f->store);
    f->store = NULL;
    MUST(fs_write_file(path,
                       STR("this was a shopping list, and it is long enough to look at. It is"
                           " not a database, whatever its name says: eggs, milk, two loaves."),
                       0600, &err));
    assert_int_equal(store_open(&store_sqlite, f->dir, &f->store, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "store.db is damaged"));
    assert_non_null(strstr(why.remedy, "move "));
    free(path);
}

static void a_store_of_another_program_or_a_newer_version_is_refused(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    sqlite3 *db = NULL;
    struct err why = {0};

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_open(&store_sqlite, f->dir, &f->store, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "newer version"));
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA user_version = 0; PRAGMA application_id = 7", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(store_open(&store_sqlite, f->dir, &f->store, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "another program"));
    (void)sqlite3_close(db);
    free(path);
}

static void a_store_kept_busy_by_another_process_is_said(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    struct store_lease lease;
    sqlite3 *db = NULL;
    struct err why = {0};

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_take_lease(f->store, STR("l"), 1000, &lease, &why), ERR_LOCKED);
    assert_non_null(strstr(why.text, "busy"));
    (void)sqlite3_close(db);
    MUST(store_take_lease(f->store, STR("l"), 1000, &lease, &err));
    free(path);
}

/* Appends for ever; writes the number of each record that was acknowledged to `fd`. */
static void append_for_ever(const char *dir, int fd) {
    struct fixture f = {.ops = &store_sqlite, .redactor = redactor_new()};
    struct store_lease lease;
    struct journal *j;
    char text[3000];

    MUST(store_open(&store_sqlite, dir, &f.store, &err));
    j = fixture_journal(&f, "s", &lease);
    if (journal_last_seq(j) == 0) {
        const struct journal_entry first = fixture_first();

        MUST(journal_append(j, &first, 1, 0, NULL, &err));
    }
    for (int64_t i = 0;; i++) {
        const size_t n = (size_t)(rand_unit() * (double)(sizeof text - 1));
        struct masked body;
        int64_t seq = journal_last_seq(j) + 2;

        memset(text, 'a' + (int)(i % 26), n);
        text[n] = '\0';
        body = fixture_mask(&f, text);
        const struct journal_entry step[] = {fixture_result(i, &body),
                                             fixture_phase("plan", &body)};
        MUST(journal_append(j, step, 2, 0, NULL, &err));
        if (write(fd, &seq, sizeof seq) != (ssize_t)sizeof seq) {
            _exit(1);
        }
        masked_done(&body);
    }
}

/* Lets a child append and kills it `after_ms` later; the last number it acknowledged. */
static int64_t kill_one(const char *dir, int64_t after_ms) {
    int ends[2];
    int64_t seq = 0;
    int64_t last = 0;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        append_for_ever(dir, ends[1]);
    }
    (void)close(ends[1]);
    if (read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq) {
        last = seq;
    }
    clock_sleep_ms(after_ms);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq) {
        last = seq;
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
    return last;
}

static void killed_in_the_middle_of_appends_nothing_acknowledged_is_lost(void **state) {
    struct fixture *f = *state;
    int64_t acknowledged = 0;

    store_close(f->store);
    f->store = NULL;
    for (int i = 0; i < 60; i++) {
        int64_t seq = kill_one(f->dir, (int64_t)(rand_unit() * 8));
        struct journal_report r;

        if (seq == 0) {
            fail_msg("kill %d: the child did not append: the lease of the dead one was not taken",
                     i);
        }
        acknowledged = seq;
        MUST(store_open(&store_sqlite, f->dir, &f->store, &err));
        fixture_assert_verified(f, "s");
        r = fixture_verify(f, "s");
        if ((int64_t)r.records < acknowledged || r.records % 2 != 1) {
            fail_msg("kill %d: %zu records, %lld acknowledged", i, r.records,
                     (long long)acknowledged);
        }
        store_close(f->store);
        f->store = NULL;
    }
}

/* Appends until the store fails; how, and the number of records acknowledged until then. */
static enum err_code append_until_failure(struct fixture *f, struct journal *j, int64_t *seq,
                                          struct err *err) {
    unsigned char noise[3000];
    char text[2 * sizeof noise + 1];
    enum err_code code = ERR_NONE;

    for (int i = 0; i < 20000 && code == ERR_NONE; i++) {
        struct journal_entry result;
        struct masked body;

        rand_bytes(noise, sizeof noise);
        for (size_t b = 0; b < sizeof noise; b++) {
            (void)snprintf(text + 2 * b, 3, "%02x", noise[b]);
        }
        body = fixture_mask(f, text);
        result = fixture_result(1, &body);
        code = journal_append(j, &result, 1, 0, NULL, err);
        *seq += code == ERR_NONE;
        masked_done(&body);
    }
    return code;
}

/* Runs in a child with `make_room` undoing what fills the disk: 0, or the line of the failure. */
static int fill_disk(const char *dir, void (*make_room)(const char *dir)) {
    struct fixture f = {.ops = &store_sqlite, .redactor = redactor_new()};
    struct store_lease lease;
    struct journal *j;
    struct journal_report r = {0};
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE};
    struct err why = {0};
    int64_t seq = 1;

    MUST(store_open(&store_sqlite, dir, &f.store, &err));
    j = fixture_journal(&f, "s", &lease);
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    if (append_until_failure(&f, j, &seq, &why) != ERR_DISK_FULL) {
        (void)fprintf(stderr, "# %s\n", why.text);
        return __LINE__;
    }
    if (strstr(why.text, "full") == NULL || why.remedy[0] == '\0') {
        return __LINE__;
    }
    MUST(journal_verify(f.store, STR("s"), &r, &err)); /* reading needs no room */
    if (!r.is_ok || (int64_t)r.records != seq) {
        return __LINE__;
    }
    make_room(dir);
    MUST(journal_append(j, &note, 1, 0, NULL, &err)); /* the same handle goes on */
    journal_close(j);
    store_close(f.store);
    MUST(store_open(&store_sqlite, dir, &f.store, &err));
    MUST(journal_verify(f.store, STR("s"), &r, &err));
    if (!r.is_ok || (int64_t)r.records != seq + 1) {
        return __LINE__;
    }
    store_close(f.store);
    redactor_free(f.redactor);
    return 0;
}

static void limit_files(rlim_t bytes) {
    struct rlimit limits;

    (void)getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = bytes;
    (void)setrlimit(RLIMIT_FSIZE, &limits);
}

static void unlimit_files(const char *dir) {
    struct rlimit limits;

    (void)dir;
    (void)getrlimit(RLIMIT_FSIZE, &limits);
    limit_files(limits.rlim_max);
}

/* ---- A disk of one megabyte, half of it taken by a ballast ---- */

enum { NO_DISK = 77, BALLAST_BYTES = 512 << 10 };

static void drop_ballast(const char *dir) {
    char *path = mem_format("%s/ballast", dir);

    (void)unlink(path);
    free(path);
}

static int fill_small_disk(const char *dir) {
    char *path = mem_format("%s/ballast", dir);
    char *ballast = mem_alloc(BALLAST_BYTES);
    int line;

    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=700") != 0) {
        return NO_DISK;
    }
    MUST(fs_write_file(path, (struct str){ballast, BALLAST_BYTES}, 0600, &err));
    free(path);
    free(ballast);
    line = fill_disk(dir, drop_ballast);
    return line == NO_DISK ? 1 : line;
}

static int run_in_child(int (*run)(const char *dir), const char *dir) {
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        int line = run(dir);

        if (line != 0 && line != NO_DISK) {
            (void)fprintf(stderr, "# failed at line %d\n", line);
        }
        _exit(line == NO_DISK ? NO_DISK : line != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int fill_quota(const char *dir) {
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files(400 * 1024);
    return fill_disk(dir, unlimit_files);
}

static void a_file_size_limit_counts_as_a_full_disk(void **state) {
    struct fixture *f = *state;

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(run_in_child(fill_quota, f->dir), 0);
}

static void a_full_disk_is_said_nothing_is_lost_and_the_journal_goes_on(void **state) {
    struct fixture *f = *state;
    int status;

    store_close(f->store);
    f->store = NULL;
    status = run_in_child(fill_small_disk, f->dir);
    if (status == NO_DISK) {
        print_message("# SKIP no small file system may be mounted here\n");
        return;
    }
    assert_int_equal(status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_forgery_is_found_and_the_record_is_named),
        ON_SQLITE(every_byte_of_every_record_counts),
        ON_SQLITE(a_forged_record_is_not_replayed),
        ON_SQLITE(a_history_rewritten_without_the_key_is_found_by_its_seal),
        ON_SQLITE(a_lost_install_key_is_said_and_the_rest_still_verifies),
        ON_SQLITE(a_flipped_bit_anywhere_changes_no_record_unnoticed),
        ON_SQLITE(a_file_that_is_no_database_is_said_with_a_remedy),
        ON_SQLITE(a_store_of_another_program_or_a_newer_version_is_refused),
        ON_SQLITE(a_store_kept_busy_by_another_process_is_said),
        ON_SQLITE(killed_in_the_middle_of_appends_nothing_acknowledged_is_lost),
        ON_SQLITE(a_file_size_limit_counts_as_a_full_disk),
        ON_SQLITE(a_full_disk_is_said_nothing_is_lost_and_the_journal_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
