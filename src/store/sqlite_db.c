/* One SQLite file: opening and migrating it, its statements, what its failures mean. */
#include "store/sqlite_db.h"

#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x41575343 }; /* "AWSC" */

/* Step i brings a file of version i to version i + 1. Add at the end only. */
/* clang-format off */
static const char *const migrations[] = {
    "CREATE TABLE sessions ("
    " sid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, project TEXT NOT NULL,"
    " phase TEXT NOT NULL, status TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " updated_ms INTEGER NOT NULL, last_seq INTEGER NOT NULL, state_seq INTEGER NOT NULL);"

    "CREATE TABLE records ("
    " k INTEGER PRIMARY KEY, head BLOB NOT NULL, body BLOB, expires_ms INTEGER);"
    "CREATE INDEX records_expire ON records (expires_ms) WHERE expires_ms IS NOT NULL;"

    "CREATE TABLE docs ("
    " n INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL,"
    " is_once INTEGER NOT NULL, updated_ms INTEGER NOT NULL, expires_ms INTEGER, body BLOB,"
    " UNIQUE (collection, id));"
    "CREATE INDEX docs_key ON docs (collection, key, id);"
    "CREATE INDEX docs_expire ON docs (expires_ms) WHERE expires_ms IS NOT NULL;"

    "CREATE TABLE leases ("
    " name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
    " host TEXT NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE cells (name TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE inbox ("
    " n INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, ts_ms INTEGER NOT NULL,"
    " body BLOB);"
    "CREATE INDEX inbox_session ON inbox (session, n);",

    "CREATE INDEX sessions_open ON sessions (status, project, sid);", /* few of many are open */
};
/* clang-format on */

#define SESSION_COLUMNS                                                                            \
    "id, kind, project, phase, status, created_ms, updated_ms, last_seq, state_seq"
#define DOC_COLUMNS "id, key, body, updated_ms, expires_ms"
#define IS_LIVE "(expires_ms IS NULL OR expires_ms > ?3)"

static const char *const sql[SQL_N] = {
#define SQL(name, text) [SQL_##name] = text,
#include "store/sqlite_sql.def"
#undef SQL
};

/* ---- Errors ---- */

/* SQLite tells ENOSPC as SQLITE_FULL, but a quota or a file size limit as an I/O error, and of a
 * failed COMMIT only errno says why; whoever may write sets it to 0 before. */
static bool sqlite_is_full(int rc, int why) {
    return (rc & 0xff) == SQLITE_FULL ||
           ((rc & 0xff) == SQLITE_IOERR && (why == ENOSPC || why == EDQUOT || why == EFBIG));
}

enum err_code sqlite_fail_as(int rc, int why, const char *path, const char *message,
                             struct err *err) {
    if (sqlite_is_full(rc, why)) {
        err_set(err, ERR_DISK_FULL, "the disk that holds %s is full; nothing was lost", path);
        return err_remedy(err, "make room and run the command again");
    }
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err_set(err, ERR_LOCKED, "another process keeps %s busy", path);
        return err_remedy(err, "run the command again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        err_set(err, ERR_IO, "%s cannot be written (%s); nothing was lost", path, message);
        return err_remedy(err, "give it and its folder back to yourself (chmod u+rwX, chown), or "
                               "set XDG_STATE_HOME to a folder that can be written");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(err, ERR_CORRUPT, "%s is damaged (%s)", path, message);
        return err_remedy(err,
                          "aws-copilot restore FILE puts a backup back; without one move %s* to "
                          "another folder and run again: AWS says what is deployed; keep the moved "
                          "files, `sqlite3 FILE .recover` can read what is left",
                          path);
    case SQLITE_IOERR:
        err_set(err, ERR_IO, "%s: %s", path, message);
        return err_remedy(err, "look after the disk, and run the command again");
    default:
        err_set(err, ERR_IO, "%s: %s", path, message);
        return err_remedy(err, "run the command again");
    }
}

/* What SQLite reports, as a sentence and a remedy. */
static enum err_code sqlite_fail(const struct sqlite *s, struct err *err) {
    const int why = errno;

    return sqlite_fail_as(sqlite3_extended_errcode(s->db), why, s->path, sqlite3_errmsg(s->db),
                          err);
}

/* ---- One statement ---- */

sqlite3_stmt *sqlite_use(struct sqlite *s, enum statement which, struct err *err) {
    sqlite3_stmt **st = &s->statements[which];

    if (*st == NULL && sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, st,
                                          NULL) != SQLITE_OK) {
        (void)sqlite_fail(s, err);
        return NULL;
    }
    return *st;
}

void sqlite_text(sqlite3_stmt *st, int at, struct str s) {
    (void)sqlite3_bind_text(st, at, s.ptr == NULL ? "" : s.ptr, (int)s.len, SQLITE_STATIC);
}

void sqlite_bytes(sqlite3_stmt *st, int at, struct str s) {
    if (s.len > 0) {
        (void)sqlite3_bind_blob(st, at, s.ptr, (int)s.len, SQLITE_STATIC);
    }
}

void sqlite_number(sqlite3_stmt *st, int at, int64_t n) { (void)sqlite3_bind_int64(st, at, n); }

void sqlite_time(sqlite3_stmt *st, int at, int64_t ms) {
    if (ms != 0) {
        (void)sqlite3_bind_int64(st, at, ms);
    }
}

bool sqlite_row(struct sqlite *s, sqlite3_stmt *st, enum err_code *code, struct err *err) {
    int rc;

    errno = 0;
    rc = sqlite3_step(st);
    *code = rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_NONE : sqlite_fail(s, err);
    return rc == SQLITE_ROW;
}

void sqlite_end(sqlite3_stmt *st) {
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
}

enum err_code sqlite_run(struct sqlite *s, sqlite3_stmt *st, struct err *err) {
    enum err_code code;

    (void)sqlite_row(s, st, &code, err);
    sqlite_end(st);
    return code;
}

enum err_code sqlite_do(struct sqlite *s, enum statement which, struct err *err) {
    sqlite3_stmt *st = sqlite_use(s, which, err);

    return st == NULL ? err->code : sqlite_run(s, st, err);
}

enum err_code sqlite_close_tx(struct sqlite *s, enum err_code code, struct err *err) {
    struct err unheard;

    if (code == ERR_NONE) {
        code = sqlite_do(s, SQL_COMMIT, err);
    }
    if (code != ERR_NONE && sqlite3_get_autocommit(s->db) == 0) {
        (void)(sqlite_do(s, SQL_ROLLBACK, &unheard) == ERR_NONE); /* the first error counts */
    }
    return code;
}

struct str sqlite_column(sqlite3_stmt *st, int at, struct arena *arena) {
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

/* A copy of the file as it was stays beside it; one that is there is of another process that does
 * the same, or of a migration that was cut off. */
static enum err_code sqlite_keep_before(struct sqlite *s, int64_t version, struct err *err) {
    CLEANUP(freep) char *path = mem_format("%s.version-%lld", s->path, (long long)version);

    if (sqlite_backup(s, path, err) == ERR_NONE) {
        return ERR_NONE;
    }
    if (err->code != ERR_CONFLICT) {
        return err_prefix(err, "before the file is brought to this version, a copy is kept");
    }
    *err = (struct err){0};
    return ERR_NONE;
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
    if (version == (int64_t)ARRAY_N(migrations)) {
        return ERR_NONE;
    }
    return version > 0 && sqlite_keep_before(s, version, err) != ERR_NONE ? err->code
                                                                          : sqlite_migrate(s, err);
}

void sqlite_forget(struct sqlite *s) {
    for (size_t i = 0; i < SQL_N; i++) {
        (void)sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
}

void sqlite_close(void *back) {
    struct sqlite *s = back;

    if (s == NULL) {
        return;
    }
    sqlite_close(s->lax);
    sqlite_forget(s);
    (void)sqlite3_close(s->db);
    free(s->path);
    free(s);
}

static void sqlite_closep(struct sqlite **s) {
    sqlite_close(*s);
    *s = NULL;
}

/* Makes an empty file of mode 0600 (SQLite would make it 0644). One that is there is not even
 * opened: closing it would drop the locks that this process holds on it by another handle. */
static enum err_code sqlite_make_file(const char *path, struct err *err) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST) {
        return err_errno(err, errno, "%s", path);
    }
    if (fd >= 0) {
        (void)close(fd);
        fs_keep_name(path);
    }
    return ERR_NONE;
}

/* Opens a connection to s->path. `pragma` says how commits are synced. */
static enum err_code sqlite_connect(struct sqlite *s, const char *pragma, struct err *err) {
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
                    "PRAGMA journal_mode = WAL",
                    err) != ERR_NONE) {
        return err->code;
    }
    return sqlite_exec(s, pragma, err);
}

/* SQLite takes a file system without locks for one that is busy, so it is tried beforehand, on a
 * file that has no name. */
static bool sqlite_has_locks(const char *dir) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    bool is_kept;

    if (fd < 0) {
        return true; /* it cannot be tried; opening says what is wrong */
    }
    is_kept = fcntl(fd, F_SETLK, &lock) == 0 || (errno != ENOLCK && errno != EOPNOTSUPP);
    (void)close(fd);
    return is_kept;
}

/* Machines that share a file over a network do not share the memory that WAL works with, and many
 * of those file systems keep no locks. */
static enum err_code sqlite_check_disk(const char *dir, struct err *err) {
    static const unsigned long network[] = {0x6969 /* NFS */,      0xFF534D42 /* CIFS */,
                                            0xFE534D42 /* SMB2 */, 0x517B /* SMB */,
                                            0x5346414F /* AFS */,  0x73757245 /* Coda */};
    struct statfs disk;

    if (statfs(dir, &disk) != 0) {
        return ERR_NONE; /* opening says what is wrong */
    }
    for (size_t i = 0; i < ARRAY_N(network); i++) {
        if ((unsigned long)disk.f_type == network[i]) {
            err_set(err, ERR_CONFIG,
                    "%s lies on a network file system, where two machines could "
                    "damage the record",
                    dir);
            return err_remedy(err, "set XDG_STATE_HOME to a folder on a local disk; sessions go "
                                   "from machine to machine by the artifact bucket");
        }
    }
    if (!sqlite_has_locks(dir)) {
        err_set(err, ERR_CONFIG, "the file system that holds %s keeps no locks", dir);
        return err_remedy(err, "set XDG_STATE_HOME to a folder on a local disk; nothing was lost");
    }
    return ERR_NONE;
}

static enum err_code sqlite_remember_file(struct sqlite *s, struct err *err) {
    struct stat file;

    if (stat(s->path, &file) != 0) {
        return err_errno(err, errno, "%s", s->path);
    }
    s->device = file.st_dev;
    s->inode = file.st_ino;
    return ERR_NONE;
}

enum err_code sqlite_is_there(const struct sqlite *s, struct err *err) {
    struct stat file;

    if (stat(s->path, &file) == 0 && file.st_dev == s->device && file.st_ino == s->inode) {
        return ERR_NONE;
    }
    err_set(err, ERR_CORRUPT,
            "%s was removed or replaced while this process works with it; "
            "nothing more is done, for nothing could be recorded",
            s->path);
    return err_remedy(err, "put it back, or aws-copilot restore FILE a backup; AWS goes on with "
                           "what it was told, and aws-copilot status shows that");
}

enum err_code sqlite_open(const char *dir, void **out, struct err *err) {
    CLEANUP(sqlite_closep) struct sqlite *s = mem_alloc(sizeof *s);

    s->path = fs_join(dir, "store.db");
    if (sqlite_check_disk(dir, err) != ERR_NONE || sqlite_make_file(s->path, err) != ERR_NONE ||
        sqlite_remember_file(s, err) != ERR_NONE ||
        sqlite_connect(s, "PRAGMA synchronous = FULL", err) != ERR_NONE ||
        sqlite_check_version(s, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(s);
    return ERR_NONE;
}

struct sqlite *sqlite_lax(struct sqlite *s, struct err *err) {
    CLEANUP(sqlite_closep) struct sqlite *lax = NULL;

    if (s->lax == NULL) {
        lax = mem_alloc(sizeof *lax);
        lax->path = mem_strdup(s->path);
        if (sqlite_connect(lax, "PRAGMA synchronous = NORMAL", err) != ERR_NONE) {
            return NULL;
        }
        s->lax = TAKE(lax);
    }
    return s->lax;
}

enum err_code sqlite_check(void *back, struct err *err) {
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
