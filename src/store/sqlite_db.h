/* store/sqlite_db.h: one SQLite file and its statements. Private to the SQLite backend.
 *
 * One thread at a time. What is bound to a statement is borrowed until sqlite_end() or
 * sqlite_run().
 */
#pragma once

#include "store/backend.h"

#include <sqlite3.h>
#include <sys/types.h>

enum statement {
#define SQL(name, text) SQL_##name,
#include "store/sqlite_sql.def"
#undef SQL
    SQL_N
};

struct sqlite {
    sqlite3 *db;
    char *path;
    dev_t device; /* and ino: the file that was opened */
    ino_t inode;
    sqlite3_stmt *statements[SQL_N]; /* prepared when first used and kept */
    struct sqlite *lax;              /* NULL until sqlite_lax() */
};

/* The ops of the same names. */
enum err_code sqlite_open(const char *dir, void **out, struct err *err);
void sqlite_close(void *back);
enum err_code sqlite_check(void *back, struct err *err);
enum err_code sqlite_backup(void *back, const char *path, struct err *err);
enum err_code sqlite_restore(void *back, const char *path, struct err *err);

/* What a failure of SQLite means for the file `path`; `why` is errno, `message` SQLite's words. */
enum err_code sqlite_fail_as(int rc, int why, const char *path, const char *message,
                             struct err *err);

/* Ends all statements; they are prepared again when they are used. */
void sqlite_forget(struct sqlite *s);

/* The statement, ready to be bound; NULL with `err` set. */
sqlite3_stmt *sqlite_use(struct sqlite *s, enum statement which, struct err *err);

/* Bind one value. An empty piece is '' as text and NULL as bytes; time 0, never, is NULL. */
void sqlite_text(sqlite3_stmt *st, int at, struct str s);
void sqlite_bytes(sqlite3_stmt *st, int at, struct str s);
void sqlite_number(sqlite3_stmt *st, int at, int64_t n);
void sqlite_time(sqlite3_stmt *st, int at, int64_t ms);

/* Steps once: true when there is a row. After false `*code` says whether it was the end. */
bool sqlite_row(struct sqlite *s, sqlite3_stmt *st, enum err_code *code, struct err *err);

/* The text or bytes of a column, copied into `arena`. */
struct str sqlite_column(sqlite3_stmt *st, int at, struct arena *arena);

/* Whether the file that was opened is still the one at its path: what is written into one that was
 * removed is lost. Errors: ERR_CORRUPT. */
MUST_CHECK enum err_code sqlite_is_there(const struct sqlite *s, struct err *err);

/* Makes a statement ready for its next use. */
void sqlite_end(sqlite3_stmt *st);

/* Runs a bound statement that yields no rows, and ends it. */
MUST_CHECK enum err_code sqlite_run(struct sqlite *s, sqlite3_stmt *st, struct err *err);

/* Runs a statement that has nothing to bind. */
MUST_CHECK enum err_code sqlite_do(struct sqlite *s, enum statement which, struct err *err);

/* Ends a transaction: commits after ERR_NONE, takes it back otherwise; the code of the whole. */
enum err_code sqlite_close_tx(struct sqlite *s, enum err_code code, struct err *err);

/* A second connection, whose commits are not synced, made when first used; a connection of its own,
 * so that no failure leaves the first one unsynced. NULL with `err` set. */
struct sqlite *sqlite_lax(struct sqlite *s, struct err *err);
