/* The store in one SQLite file: write-ahead log, synchronous=FULL, one sync a transaction.
 *
 * A record's key is one integer, session number << 24 | seq: records of a session lie side by side
 * in a plain table tree, where a 2 KB body needs no overflow page (a WITHOUT ROWID tree would give
 * it one above 1 KB), and the state that a step replaces is on the page that the step writes
 * anyway.
 */
#include "store/backend.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x41575343, /* "AWSC" */
    SEQ_BITS = 24,
    PURGE_ROWS = 1000, /* in one transaction, so that others are not kept waiting */
};
_Static_assert(STORE_SEQ_MAX == (1 << SEQ_BITS) - 1, "a key holds any seq");

/* Step i brings a file of version i to version i + 1. Add at the end only. */
static const char *const migrations[] = {
    "CREATE TABLE sessions (sid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " project TEXT NOT NULL, phase TEXT NOT NULL, status TEXT NOT NULL, created_ms INTEGER NOT "
    "NULL,"
    " updated_ms INTEGER NOT NULL, last_seq INTEGER NOT NULL, state_seq INTEGER NOT NULL);"
    "CREATE TABLE records (k INTEGER PRIMARY KEY, head BLOB NOT NULL, body BLOB, expires_ms "
    "INTEGER);"
    "CREATE INDEX records_expire ON records (expires_ms) WHERE expires_ms IS NOT NULL;"
    "CREATE TABLE docs (n INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL,"
    " key TEXT NOT NULL, is_once INTEGER NOT NULL, updated_ms INTEGER NOT NULL, expires_ms INTEGER,"
    " body BLOB, UNIQUE (collection, id));"
    "CREATE INDEX docs_key ON docs (collection, key, id);"
    "CREATE INDEX docs_expire ON docs (expires_ms) WHERE expires_ms IS NOT NULL;"
    "CREATE TABLE leases (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, expires_ms INTEGER NOT "
    "NULL,"
    " host TEXT NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE cells (name TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE inbox (n INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL,"
    " ts_ms INTEGER NOT NULL, body BLOB);"
    "CREATE INDEX inbox_session ON inbox (session, n);",
};

#define SESSION_COLUMNS                                                                            \
    "id, kind, project, phase, status, created_ms, updated_ms, last_seq, state_seq"
#define DOC_COLUMNS "id, key, body, updated_ms, expires_ms"
#define IS_LIVE "(expires_ms IS NULL OR expires_ms > ?3)"

enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_EPOCH,
    SQL_SESSION_AT,
    SQL_SESSION_NEW,
    SQL_SESSION_SET,
    SQL_RECORD_ADD,
    SQL_RECORD_DROP,
    SQL_INBOX_CUT,
    SQL_RECORDS,
    SQL_SESSION,
    SQL_SESSIONS,
    SQL_DOC_SET,
    SQL_DOC,
    SQL_DOCS_UP,
    SQL_DOCS_DOWN,
    SQL_DOC_DELETE,
    SQL_LEASE,
    SQL_LEASE_NEW,
    SQL_LEASE_SET,
    SQL_CELL,
    SQL_CELL_SET,
    SQL_INBOX_ADD,
    SQL_INBOX,
    SQL_PURGE_DOCS,
    SQL_PURGE_BODIES,
    SQL_N
};

/* Prepared when first used and kept. */
static const char *const sql[SQL_N] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_EPOCH] = "SELECT epoch FROM leases WHERE name = ?1",
    [SQL_SESSION_AT] = "SELECT sid, last_seq FROM sessions WHERE id = ?1",
    [SQL_SESSION_NEW] =
        "INSERT INTO sessions (" SESSION_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_SESSION_SET] = "UPDATE sessions SET phase = ?4, status = ?5, updated_ms = ?7,"
                        " last_seq = ?8, state_seq = ?9 WHERE sid = ?10",
    [SQL_RECORD_ADD] = "INSERT INTO records (k, head, body, expires_ms) VALUES (?1, ?2, ?3, ?4)",
    [SQL_RECORD_DROP] = "UPDATE records SET body = NULL WHERE k = ?1",
    [SQL_INBOX_CUT] = "DELETE FROM inbox WHERE session = ?1 AND n <= ?2",
    [SQL_RECORDS] = "SELECT k, head, body, expires_ms FROM records"
                    " WHERE k >= ((SELECT sid FROM sessions WHERE id = ?1) << 24) + ?2"
                    " AND k < ((SELECT sid FROM sessions WHERE id = ?1) + 1 << 24)"
                    " ORDER BY k LIMIT ?3",
    [SQL_SESSION] = "SELECT " SESSION_COLUMNS " FROM sessions WHERE id = ?1",
    [SQL_SESSIONS] = "SELECT " SESSION_COLUMNS " FROM sessions WHERE (?1 = '' OR project = ?1)"
                     " AND (?2 = '' OR kind = ?2) AND (?3 = '' OR status = ?3)"
                     " AND (?5 = '' OR sid < (SELECT sid FROM sessions WHERE id = ?5))"
                     " ORDER BY sid DESC LIMIT ?4",
    /* The update is left out, and no row changes, where the old document stands in the way. */
    [SQL_DOC_SET] = "INSERT INTO docs (collection, id, key, is_once, updated_ms, expires_ms, body)"
                    " VALUES (?1, ?2, ?4, ?5, ?3, ?6, ?7)"
                    " ON CONFLICT (collection, id) DO UPDATE SET key = ?4, is_once = ?5,"
                    " updated_ms = ?3, expires_ms = ?6, body = ?7"
                    " WHERE (is_once = 0 AND ?5 = 0) OR NOT " IS_LIVE,
    [SQL_DOC] = "SELECT " DOC_COLUMNS " FROM docs WHERE collection = ?1 AND id = ?2 AND " IS_LIVE,
    [SQL_DOCS_UP] = "SELECT " DOC_COLUMNS " FROM docs WHERE collection = ?1 AND key >= ?2"
                    " AND key < ?2 || char(127) AND " IS_LIVE " ORDER BY key, id LIMIT ?4",
    [SQL_DOCS_DOWN] =
        "SELECT " DOC_COLUMNS " FROM docs WHERE collection = ?1 AND key >= ?2"
        " AND key < ?2 || char(127) AND " IS_LIVE " ORDER BY key DESC, id DESC LIMIT ?4",
    [SQL_DOC_DELETE] = "DELETE FROM docs WHERE collection = ?1 AND id = ?2",
    [SQL_LEASE] = "SELECT epoch, expires_ms, host, pid, start FROM leases WHERE name = ?1",
    [SQL_LEASE_NEW] = "INSERT INTO leases (name, epoch, expires_ms, host, pid, start)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [SQL_LEASE_SET] =
        "UPDATE leases SET epoch = ?2, expires_ms = ?3, host = ?4, pid = ?5, start = ?6"
        " WHERE name = ?1 AND epoch = ?7 AND expires_ms = ?8",
    [SQL_CELL] = "SELECT numbers FROM cells WHERE name = ?1",
    [SQL_CELL_SET] = "INSERT INTO cells (name, numbers) VALUES (?1, ?2)"
                     " ON CONFLICT DO UPDATE SET numbers = ?2",
    [SQL_INBOX_ADD] = "INSERT INTO inbox (session, ts_ms, body) VALUES (?1, ?2, ?3)",
    [SQL_INBOX] = "SELECT n, ts_ms, body FROM inbox WHERE session = ?1 ORDER BY n LIMIT ?2",
    [SQL_PURGE_DOCS] = "DELETE FROM docs WHERE n IN"
                       " (SELECT n FROM docs WHERE expires_ms <= ?1 LIMIT ?2)",
    [SQL_PURGE_BODIES] = "UPDATE records SET body = NULL, expires_ms = NULL WHERE k IN"
                         " (SELECT k FROM records WHERE expires_ms <= ?1 LIMIT ?2)",
};

struct sqlite {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[SQL_N];
};

/* ---- Errors ---- */

/* SQLite tells ENOSPC as SQLITE_FULL, but a quota or a file size limit as an I/O error, and of a
 * failed COMMIT only errno says why; whoever may write sets it to 0 before. */
static bool sqlite_is_full(int rc, int why) {
    return (rc & 0xff) == SQLITE_FULL ||
           ((rc & 0xff) == SQLITE_IOERR && (why == ENOSPC || why == EDQUOT || why == EFBIG));
}

/* What SQLite reports, as a sentence and a remedy. */
static enum err_code sqlite_fail(const struct sqlite *s, struct err *err) {
    const int why = errno;
    int rc = sqlite3_extended_errcode(s->db);

    if (sqlite_is_full(rc, why)) {
        err_set(err, ERR_DISK_FULL, "the disk that holds %s is full; nothing was lost", s->path);
        return err_remedy(err, "make room and run the command again");
    }
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err_set(err, ERR_LOCKED, "another process keeps %s busy", s->path);
        return err_remedy(err, "run the command again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(err, ERR_CORRUPT, "%s is damaged (%s)", s->path, sqlite3_errmsg(s->db));
        return err_remedy(err,
                          "move %s* to another folder and run again: AWS says what is deployed; "
                          "keep the moved files, `sqlite3 FILE .recover` can read what is left",
                          s->path);
    default:
        return err_set(err, ERR_IO, "%s: %s", s->path, sqlite3_errmsg(s->db));
    }
}

/* ---- One statement ---- */

/* The statement, ready to be bound; NULL with `err` set. */
static sqlite3_stmt *sqlite_use(struct sqlite *s, enum statement which, struct err *err) {
    sqlite3_stmt **st = &s->statements[which];

    if (*st == NULL && sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, st,
                                          NULL) != SQLITE_OK) {
        (void)sqlite_fail(s, err);
        return NULL;
    }
    return *st;
}

/* What is bound is borrowed until sqlite_end(). An empty piece is '' as text and NULL as bytes. */
static void sqlite_text(sqlite3_stmt *st, int at, struct str s) {
    (void)sqlite3_bind_text(st, at, s.ptr == NULL ? "" : s.ptr, (int)s.len, SQLITE_STATIC);
}

static void sqlite_bytes(sqlite3_stmt *st, int at, struct str s) {
    if (s.len > 0) {
        (void)sqlite3_bind_blob(st, at, s.ptr, (int)s.len, SQLITE_STATIC);
    }
}

static void sqlite_number(sqlite3_stmt *st, int at, int64_t n) {
    (void)sqlite3_bind_int64(st, at, n);
}

static void sqlite_time(sqlite3_stmt *st, int at, int64_t ms) { /* 0, never, is NULL */
    if (ms != 0) {
        (void)sqlite3_bind_int64(st, at, ms);
    }
}

/* Steps once: true when there is a row. After false `*code` says whether it was the end. */
static bool sqlite_row(struct sqlite *s, sqlite3_stmt *st, enum err_code *code, struct err *err) {
    int rc;

    errno = 0;
    rc = sqlite3_step(st);
    *code = rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_NONE : sqlite_fail(s, err);
    return rc == SQLITE_ROW;
}

static void sqlite_end(sqlite3_stmt *st) {
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
}

/* Runs a bound statement that yields no rows. */
static enum err_code sqlite_run(struct sqlite *s, sqlite3_stmt *st, struct err *err) {
    enum err_code code;

    (void)sqlite_row(s, st, &code, err);
    sqlite_end(st);
    return code;
}

static enum err_code sqlite_do(struct sqlite *s, enum statement which, struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, which, err);

    return st == NULL ? err->code : sqlite_run(s, st, err);
}

/* Ends a transaction: commits after ERR_NONE, takes it back otherwise. */
static enum err_code sqlite_close_tx(struct sqlite *s, enum err_code code, struct err *err) {
    struct err unheard;

    if (code == ERR_NONE) {
        code = sqlite_do(s, SQL_COMMIT, err);
    }
    if (code != ERR_NONE && sqlite3_get_autocommit(s->db) == 0) {
        (void)(sqlite_do(s, SQL_ROLLBACK, &unheard) == ERR_NONE); /* the first error counts */
    }
    return code;
}

static struct str sqlite_column(sqlite3_stmt *st, int at, struct arena *arena) {
    const void *p = sqlite3_column_blob(st, at);
    size_t n = (size_t)sqlite3_column_bytes(st, at);

    return (struct str){arena_str(arena, (struct str){p, n}), n};
}

/* ---- Opening ---- */

static enum err_code sqlite_exec(struct sqlite *s, const char *text, struct err *err) {
    errno = 0;
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? ERR_NONE
                                                                    : sqlite_fail(s, err);
}

/* The number that a statement yields, such as a pragma. */
static enum err_code sqlite_ask(struct sqlite *s, const char *text, int64_t *out, struct err *err) {
    sqlite3_stmt *st = NULL;
    enum err_code code;

    if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK) {
        return sqlite_fail(s, err);
    }
    if (sqlite_row(s, st, &code, err)) {
        *out = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st);
    return code;
}

static enum err_code sqlite_migrate_locked(struct sqlite *s, struct err *err) {
    int64_t version = 0;
    int64_t owner = 0;
    int64_t tables = 0;
    char *text;
    enum err_code code;

    if (sqlite_ask(s, "PRAGMA user_version", &version, err) != ERR_NONE ||
        sqlite_ask(s, "PRAGMA application_id", &owner, err) != ERR_NONE ||
        sqlite_ask(s, "SELECT count(*) FROM sqlite_schema", &tables, err) != ERR_NONE) {
        return err->code;
    }
    if (tables > 0 && owner != APPLICATION_ID) {
        err_set(err, ERR_CONFIG, "%s is a database of another program", s->path);
        return err_remedy(err, "choose another state folder");
    }
    for (; version < (int64_t)ARRAY_N(migrations); version++) {
        if (sqlite_exec(s, migrations[version], err) != ERR_NONE) {
            return err->code;
        }
    }
    text = mem_format("PRAGMA application_id = %d; PRAGMA user_version = %zu", APPLICATION_ID,
                      ARRAY_N(migrations));
    code = sqlite_exec(s, text, err);
    free(text);
    return code;
}

/* Another process may be migrating: so under the write lock, and the version is read again there.
 */
static enum err_code sqlite_migrate(struct sqlite *s, struct err *err) {
    if (sqlite_exec(s, "BEGIN IMMEDIATE", err) != ERR_NONE) {
        return err->code;
    }
    return sqlite_close_tx(s, sqlite_migrate_locked(s, err), err);
}

static enum err_code sqlite_check_version(struct sqlite *s, struct err *err) {
    int64_t version = 0;

    if (sqlite_ask(s, "PRAGMA user_version", &version, err) != ERR_NONE) {
        return err->code;
    }
    if (version > (int64_t)ARRAY_N(migrations)) {
        err_set(err, ERR_CONFIG, "%s was made by a newer version of this program", s->path);
        return err_remedy(err, "install that version, or choose another state folder");
    }
    return version == (int64_t)ARRAY_N(migrations) ? ERR_NONE : sqlite_migrate(s, err);
}

static void sqlite_close(void *back) {
    struct sqlite *s = back;

    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < SQL_N; i++) {
        (void)sqlite3_finalize(s->statements[i]);
    }
    (void)sqlite3_close(s->db);
    free(s->path);
    free(s);
}

static void sqlite_closep(struct sqlite **s) {
    sqlite_close(*s);
    *s = NULL;
}

static enum err_code sqlite_open(const char *dir, void **out, struct err *err) {
    CLEANUP(sqlite_closep) struct sqlite *s = mem_alloc(sizeof *s);
    int fd;

    s->path = fs_join(dir, "store.db");
    fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* SQLite would make it 0644 */
    if (fd < 0) {
        return err_errno(err, errno, "%s", s->path);
    }
    (void)close(fd);
    if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        return sqlite_fail(s, err);
    }
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite_exec(s,
                    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                    "PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
                    err) != ERR_NONE ||
        sqlite_check_version(s, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(s);
    return ERR_NONE;
}

static enum err_code sqlite_check(void *back, struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = NULL;
    enum err_code code;

    if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK) {
        return sqlite_fail(s, err);
    }
    if (sqlite_row(s, st, &code, err) &&
        strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0) {
        code = err_set(err, ERR_CORRUPT, "%s is damaged (%s)", s->path,
                       (const char *)sqlite3_column_text(st, 0));
        (void)err_remedy(err, "move %s* to another folder and run again", s->path);
    }
    (void)sqlite3_finalize(st);
    return code;
}

static enum err_code sqlite_purge_some(struct sqlite *s, enum statement which, int64_t now_ms,
                                       size_t *n, struct err *err) {
    int changed = PURGE_ROWS;

    while (changed == PURGE_ROWS) {
        sqlite3_stmt *st = sqlite_use(s, which, err);

        if (st == NULL) {
            return err->code;
        }
        sqlite_number(st, 1, now_ms);
        sqlite_number(st, 2, PURGE_ROWS);
        if (sqlite_run(s, st, err) != ERR_NONE) {
            return err->code;
        }
        changed = sqlite3_changes(s->db);
        *n += (size_t)changed;
    }
    return ERR_NONE;
}

static enum err_code sqlite_purge(void *back, int64_t now_ms, size_t *out_n, struct err *err) {
    size_t n = 0;

    if (sqlite_purge_some(back, SQL_PURGE_DOCS, now_ms, &n, err) != ERR_NONE ||
        sqlite_purge_some(back, SQL_PURGE_BODIES, now_ms, &n, err) != ERR_NONE) {
        return err->code;
    }
    *out_n = n;
    return ERR_NONE;
}

/* ---- Records ---- */

/* Whether the session's lease still has the epoch of the writer. */
static enum err_code sqlite_check_epoch(struct sqlite *s, const struct store_append *a,
                                        struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, SQL_EPOCH, err);
    int64_t epoch = 0;
    enum err_code code;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, a->session->id);
    if (sqlite_row(s, st, &code, err)) {
        epoch = sqlite3_column_int64(st, 0);
    }
    sqlite_end(st);
    if (code == ERR_NONE && epoch != a->epoch) {
        return err_set(err, ERR_STALE, "another process has taken over session " STR_FMT,
                       STR_ARG(a->session->id));
    }
    return code;
}

/* The session's number, unchanged while it has none, if its last record is the one before rows[0].
 */
static enum err_code sqlite_find_place(struct sqlite *s, const struct store_append *a, int64_t *sid,
                                       struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, SQL_SESSION_AT, err);
    int64_t last_seq = 0;
    enum err_code code;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, a->session->id);
    if (sqlite_row(s, st, &code, err)) {
        *sid = sqlite3_column_int64(st, 0);
        last_seq = sqlite3_column_int64(st, 1);
    }
    sqlite_end(st);
    if (code == ERR_NONE && last_seq + 1 != a->rows[0].seq) {
        return err_set(err, ERR_STALE, "session " STR_FMT " has grown meanwhile",
                       STR_ARG(a->session->id));
    }
    return code;
}

static enum err_code sqlite_set_session(struct sqlite *s, const struct store_session *session,
                                        int64_t *sid, struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, *sid == 0 ? SQL_SESSION_NEW : SQL_SESSION_SET, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 4, session->phase);
    sqlite_text(st, 5, session->status);
    sqlite_number(st, 7, session->updated_ms);
    sqlite_number(st, 8, session->last_seq);
    sqlite_number(st, 9, session->state_seq);
    if (*sid == 0) {
        sqlite_text(st, 1, session->id);
        sqlite_text(st, 2, session->kind);
        sqlite_text(st, 3, session->project);
        sqlite_number(st, 6, session->created_ms);
    } else {
        sqlite_number(st, 10, *sid);
    }
    if (sqlite_run(s, st, err) != ERR_NONE) {
        return err->code;
    }
    *sid = *sid == 0 ? sqlite3_last_insert_rowid(s->db) : *sid;
    return ERR_NONE;
}

static enum err_code sqlite_add_row(struct sqlite *s, int64_t sid, const struct store_row *row,
                                    struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, SQL_RECORD_ADD, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_number(st, 1, sid << SEQ_BITS | row->seq);
    sqlite_bytes(st, 2, row->head);
    sqlite_bytes(st, 3, row->body);
    sqlite_time(st, 4, row->body.len == 0 ? 0 : row->expires_ms);
    return sqlite_run(s, st, err);
}

static enum err_code sqlite_drop_body(struct sqlite *s, int64_t k, struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, SQL_RECORD_DROP, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_number(st, 1, k);
    return sqlite_run(s, st, err);
}

static enum err_code sqlite_cut_inbox(struct sqlite *s, struct str session, int64_t through,
                                      struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, SQL_INBOX_CUT, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, session);
    sqlite_number(st, 2, through);
    return sqlite_run(s, st, err);
}

static enum err_code sqlite_append_locked(struct sqlite *s, const struct store_append *a,
                                          struct err *err) {
    int64_t sid = 0;

    if (sqlite_check_epoch(s, a, err) != ERR_NONE ||
        sqlite_find_place(s, a, &sid, err) != ERR_NONE ||
        sqlite_set_session(s, a->session, &sid, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (sqlite_add_row(s, sid, &a->rows[i], err) != ERR_NONE) {
            return err->code;
        }
    }
    if (a->drop_seq != 0 && sqlite_drop_body(s, sid << SEQ_BITS | a->drop_seq, err) != ERR_NONE) {
        return err->code;
    }
    if (a->inbox_through != 0) {
        return sqlite_cut_inbox(s, a->session->id, a->inbox_through, err);
    }
    return ERR_NONE;
}

static enum err_code sqlite_append(void *back, const struct store_append *append, struct err *err) {
    if (sqlite_do(back, SQL_BEGIN, err) != ERR_NONE) {
        return err->code;
    }
    return sqlite_close_tx(back, sqlite_append_locked(back, append, err), err);
}

static enum err_code sqlite_read_rows(void *back, struct str session, int64_t from_seq,
                                      struct arena *arena, struct store_row **out, size_t *out_n,
                                      struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_RECORDS, err);
    struct store_row *rows = ARENA_ARRAY(arena, struct store_row, STORE_PAGE_ROWS);
    size_t bytes = 0;
    size_t n = 0;
    enum err_code code = ERR_NONE;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, session);
    sqlite_number(st, 2, from_seq);
    sqlite_number(st, 3, STORE_PAGE_ROWS);
    while (n < STORE_PAGE_ROWS && bytes < STORE_PAGE_BYTES && sqlite_row(s, st, &code, err)) {
        rows[n] = (struct store_row){
            .seq = sqlite3_column_int64(st, 0) & STORE_SEQ_MAX,
            .head = sqlite_column(st, 1, arena),
            .body = sqlite_column(st, 2, arena),
            .expires_ms = sqlite3_column_int64(st, 3),
        };
        bytes += rows[n].head.len + rows[n].body.len;
        n++;
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

/* ---- Sessions ---- */

static void sqlite_take_session(sqlite3_stmt *st, struct arena *arena, struct store_session *out) {
    *out = (struct store_session){
        .id = sqlite_column(st, 0, arena),
        .kind = sqlite_column(st, 1, arena),
        .project = sqlite_column(st, 2, arena),
        .phase = sqlite_column(st, 3, arena),
        .status = sqlite_column(st, 4, arena),
        .created_ms = sqlite3_column_int64(st, 5),
        .updated_ms = sqlite3_column_int64(st, 6),
        .last_seq = sqlite3_column_int64(st, 7),
        .state_seq = sqlite3_column_int64(st, 8),
    };
}

static enum err_code sqlite_get_session(void *back, struct str id, struct arena *arena,
                                        struct store_session **out, struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_SESSION, err);
    struct store_session *session = NULL;
    enum err_code code;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, id);
    if (sqlite_row(s, st, &code, err)) {
        session = ARENA_NEW(arena, struct store_session);
        sqlite_take_session(st, arena, session);
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = session;
    return ERR_NONE;
}

static enum err_code sqlite_list_sessions(void *back, const struct store_sessions *find,
                                          struct arena *arena, struct store_session **out,
                                          size_t *out_n, struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_SESSIONS, err);
    struct store_session *rows = ARENA_ARRAY(arena, struct store_session, find->limit);
    size_t n = 0;
    enum err_code code = ERR_NONE;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, find->project);
    sqlite_text(st, 2, find->kind);
    sqlite_text(st, 3, find->status);
    sqlite_number(st, 4, (int64_t)find->limit);
    sqlite_text(st, 5, find->after);
    while (n < find->limit && sqlite_row(s, st, &code, err)) {
        sqlite_take_session(st, arena, &rows[n++]);
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

/* ---- Documents ---- */

static enum err_code sqlite_put_doc(void *back, const struct store_blob *blob, bool *out_written,
                                    struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_DOC_SET, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, str_from(blob->collection));
    sqlite_text(st, 2, blob->doc.id);
    sqlite_number(st, 3, blob->doc.updated_ms);
    sqlite_text(st, 4, blob->doc.key);
    sqlite_number(st, 5, blob->is_once);
    sqlite_time(st, 6, blob->doc.expires_ms);
    sqlite_bytes(st, 7, blob->doc.body);
    if (sqlite_run(s, st, err) != ERR_NONE) {
        return err->code;
    }
    *out_written = sqlite3_changes(s->db) > 0;
    return ERR_NONE;
}

static void sqlite_take_doc(sqlite3_stmt *st, struct arena *arena, struct store_doc *out) {
    *out = (struct store_doc){
        .id = sqlite_column(st, 0, arena),
        .key = sqlite_column(st, 1, arena),
        .body = sqlite_column(st, 2, arena),
        .updated_ms = sqlite3_column_int64(st, 3),
        .expires_ms = sqlite3_column_int64(st, 4),
    };
}

static enum err_code sqlite_get_doc(void *back, const char *collection, struct str id,
                                    int64_t now_ms, struct arena *arena, struct store_doc **out,
                                    struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_DOC, err);
    struct store_doc *doc = NULL;
    enum err_code code;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, str_from(collection));
    sqlite_text(st, 2, id);
    sqlite_number(st, 3, now_ms);
    if (sqlite_row(s, st, &code, err)) {
        doc = ARENA_NEW(arena, struct store_doc);
        sqlite_take_doc(st, arena, doc);
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = doc;
    return ERR_NONE;
}

static enum err_code sqlite_find_docs(void *back, const struct store_find *find, int64_t now_ms,
                                      struct arena *arena, struct store_doc **out, size_t *out_n,
                                      struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, find->is_descending ? SQL_DOCS_DOWN : SQL_DOCS_UP, err);
    struct store_doc *rows = ARENA_ARRAY(arena, struct store_doc, find->limit);
    size_t n = 0;
    enum err_code code = ERR_NONE;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, str_from(find->collection));
    sqlite_text(st, 2, find->key_prefix);
    sqlite_number(st, 3, now_ms);
    sqlite_number(st, 4, (int64_t)find->limit);
    while (n < find->limit && sqlite_row(s, st, &code, err)) {
        sqlite_take_doc(st, arena, &rows[n++]);
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

static enum err_code sqlite_delete_doc(void *back, const char *collection, struct str id,
                                       struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_DOC_DELETE, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, str_from(collection));
    sqlite_text(st, 2, id);
    return sqlite_run(s, st, err);
}

/* ---- Leases ---- */

static void sqlite_copy(char *out, size_t cap, const unsigned char *text) {
    struct str s = str_slice(str_from((const char *)text), 0, cap - 1);

    memset(out, 0, cap);
    if (s.len > 0) {
        memcpy(out, s.ptr, s.len);
    }
}

static enum err_code sqlite_read_lease(void *back, struct str name, struct store_lease *out,
                                       struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_LEASE, err);
    struct store_lease lease = {{0}};
    enum err_code code;

    if (st == NULL) {
        return err->code;
    }
    memcpy(lease.name, name.ptr, name.len);
    sqlite_text(st, 1, name);
    if (sqlite_row(s, st, &code, err)) {
        lease.epoch = sqlite3_column_int64(st, 0);
        lease.expires_ms = sqlite3_column_int64(st, 1);
        sqlite_copy(lease.owner.host, sizeof lease.owner.host, sqlite3_column_text(st, 2));
        lease.owner.pid = sqlite3_column_int64(st, 3);
        lease.owner.start = sqlite3_column_int64(st, 4);
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = lease;
    return ERR_NONE;
}

static enum err_code sqlite_swap_lease(void *back, const struct store_lease *was,
                                       const struct store_lease *next, bool *out_swapped,
                                       struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, was->epoch == 0 ? SQL_LEASE_NEW : SQL_LEASE_SET, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, str_from(next->name));
    sqlite_number(st, 2, next->epoch);
    sqlite_number(st, 3, next->expires_ms);
    sqlite_text(st, 4, str_from(next->owner.host));
    sqlite_number(st, 5, next->owner.pid);
    sqlite_number(st, 6, next->owner.start);
    if (was->epoch != 0) {
        sqlite_number(st, 7, was->epoch);
        sqlite_number(st, 8, was->expires_ms);
    }
    if (sqlite_run(s, st, err) != ERR_NONE) {
        return err->code;
    }
    *out_swapped = sqlite3_changes(s->db) > 0;
    return ERR_NONE;
}

/* ---- Cells and inbox ---- */

static enum err_code sqlite_change_cell(struct sqlite *s, struct str name,
                                        void (*update)(int64_t cell[STORE_CELL_N], void *context),
                                        void *context, struct err *err) {
    int64_t cell[STORE_CELL_N] = {0};
    sqlite3_stmt *get = sqlite_use(s, SQL_CELL, err);
    sqlite3_stmt *set = get == NULL ? NULL : sqlite_use(s, SQL_CELL_SET, err);
    enum err_code code;

    if (set == NULL) {
        return err->code;
    }
    sqlite_text(get, 1, name);
    if (sqlite_row(s, get, &code, err) && sqlite3_column_bytes(get, 0) == (int)sizeof cell) {
        memcpy(cell, sqlite3_column_blob(get, 0), sizeof cell);
    }
    sqlite_end(get);
    if (code != ERR_NONE) {
        return code;
    }
    update(cell, context);
    sqlite_text(set, 1, name);
    sqlite_bytes(set, 2, (struct str){(const char *)cell, sizeof cell});
    return sqlite_run(s, set, err);
}

static enum err_code sqlite_update_cell(void *back, struct str name,
                                        void (*update)(int64_t cell[STORE_CELL_N], void *context),
                                        void *context, struct err *err) {
    struct sqlite *s = back;
    struct err unheard;
    enum err_code code;

    /* A rate that a power cut undoes harms nobody; a sync for each call would. */
    if (sqlite_exec(s, "PRAGMA synchronous = NORMAL", err) != ERR_NONE) {
        return err->code;
    }
    code = sqlite_do(s, SQL_BEGIN, err);
    if (code == ERR_NONE) {
        code = sqlite_close_tx(s, sqlite_change_cell(s, name, update, context, err), err);
    }
    return sqlite_exec(s, "PRAGMA synchronous = FULL", code == ERR_NONE ? err : &unheard) ==
                   ERR_NONE
               ? code
               : ERR_IO;
}

static enum err_code sqlite_put_message(void *back, struct str session,
                                        const struct store_message *message, struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_INBOX_ADD, err);

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, session);
    sqlite_number(st, 2, message->ts_ms);
    sqlite_bytes(st, 3, message->body);
    return sqlite_run(s, st, err);
}

static enum err_code sqlite_read_inbox(void *back, struct str session, struct arena *arena,
                                       struct store_message **out, size_t *out_n, struct err *err) {
    struct sqlite *s = back;
    sqlite3_stmt *st = sqlite_use(s, SQL_INBOX, err);
    struct store_message *rows = NULL;
    size_t n = 0;
    enum err_code code = ERR_NONE;

    if (st == NULL) {
        return err->code;
    }
    sqlite_text(st, 1, session);
    sqlite_number(st, 2, STORE_FIND_MAX);
    while (n < STORE_FIND_MAX && sqlite_row(s, st, &code, err)) {
        if (rows == NULL) { /* a poll mostly finds nothing, and then costs no memory */
            rows = ARENA_ARRAY(arena, struct store_message, STORE_FIND_MAX);
        }
        rows[n].number = sqlite3_column_int64(st, 0);
        rows[n].ts_ms = sqlite3_column_int64(st, 1);
        rows[n].body = sqlite_column(st, 2, arena);
        n++;
    }
    sqlite_end(st);
    if (code != ERR_NONE) {
        return code;
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .check = sqlite_check,
    .purge = sqlite_purge,
    .append = sqlite_append,
    .read_rows = sqlite_read_rows,
    .get_session = sqlite_get_session,
    .list_sessions = sqlite_list_sessions,
    .put_doc = sqlite_put_doc,
    .get_doc = sqlite_get_doc,
    .find_docs = sqlite_find_docs,
    .delete_doc = sqlite_delete_doc,
    .read_lease = sqlite_read_lease,
    .swap_lease = sqlite_swap_lease,
    .update_cell = sqlite_update_cell,
    .put_message = sqlite_put_message,
    .read_inbox = sqlite_read_inbox,
};
