/* The store in one SQLite file: write-ahead log, synchronous=FULL, one sync a transaction.
 *
 * A record's key is one integer, session number << 24 | seq: records of a session lie side by side
 * in a plain table tree, where a 2 KB body needs no overflow page (a WITHOUT ROWID tree would give
 * it one above 1 KB), and the state that a step replaces is on the page that the step writes
 * anyway.
 */
#include "store/backend.h"
#include "store/sqlite_db.h"

#include <string.h>

enum {
    SEQ_BITS = 24,
    PURGE_ROWS = 1000, /* in one transaction, so that others are not kept waiting */
};
_Static_assert(STORE_SEQ_MAX == (1 << SEQ_BITS) - 1, "a key holds any seq");

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
    if (sqlite_is_there(back, err) != ERR_NONE || sqlite_do(back, SQL_BEGIN, err) != ERR_NONE) {
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
    /* A rate that a power cut undoes harms nobody; a sync for each call would. */
    struct sqlite *s = sqlite_lax(back, err);

    if (s == NULL || sqlite_do(s, SQL_BEGIN, err) != ERR_NONE) {
        return err->code;
    }
    return sqlite_close_tx(s, sqlite_change_cell(s, name, update, context, err), err);
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
    .backup = sqlite_backup,
    .restore = sqlite_restore,
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
