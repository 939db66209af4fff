/* The store in memory: for tests, and for runs that leave nothing behind. Lists, read from the
 * front; it is the plainest reading of store/backend.h, against which SQLite is tested. */
#include "store/backend.h"

#include <stdlib.h>
#include <string.h>

struct memory_session {
    struct store_session row; /* its texts are owned */
    struct store_row *rows;   /* seq - 1 is the place; their texts are owned */
    size_t n;
    size_t cap;
};

struct memory_doc {
    char *collection;
    struct store_doc doc; /* its texts are owned */
    bool is_once;
};

struct memory_message {
    char *session;
    struct store_message message; /* its text is owned */
};

struct memory_cell {
    char *name;
    int64_t numbers[STORE_CELL_N];
};

struct memory {
    struct memory_session **sessions;
    size_t session_n;
    struct memory_doc *docs;
    size_t doc_n;
    struct store_lease *leases;
    size_t lease_n;
    struct memory_message *messages;
    size_t message_n;
    int64_t last_message;
    struct memory_cell *cells;
    size_t cell_n;
};

static struct str memory_copy(struct str s) { return (struct str){str_dup(s), s.len}; }

static void memory_drop(struct str *s) {
    char *p = (char *)(uintptr_t)s->ptr; /* made by memory_copy() */

    free(p);
    *s = (struct str){NULL, 0};
}

static void memory_set(struct str *place, struct str value) {
    struct str copy = memory_copy(value);

    memory_drop(place);
    *place = copy;
}

static struct str memory_lend(struct str s, struct arena *arena) {
    return (struct str){arena_str(arena, s), s.len};
}

/* ---- Opening ---- */

static enum err_code memory_open(const char *dir, void **out, struct err *err) {
    (void)dir;
    (void)err;
    *out = mem_alloc(sizeof(struct memory));
    return ERR_NONE;
}

static void memory_session_free(struct memory_session *s) {
    memory_drop(&s->row.id);
    memory_drop(&s->row.kind);
    memory_drop(&s->row.project);
    memory_drop(&s->row.phase);
    memory_drop(&s->row.status);
    for (size_t i = 0; i < s->n; i++) {
        memory_drop(&s->rows[i].head);
        memory_drop(&s->rows[i].body);
    }
    free(s->rows);
    free(s);
}

static void memory_doc_done(struct memory_doc *d) {
    free(d->collection);
    memory_drop(&d->doc.id);
    memory_drop(&d->doc.key);
    memory_drop(&d->doc.body);
}

static void memory_close(void *back) {
    struct memory *m = back;

    if (m == NULL) {
        return;
    }
    for (size_t i = 0; i < m->session_n; i++) {
        memory_session_free(m->sessions[i]);
    }
    for (size_t i = 0; i < m->doc_n; i++) {
        memory_doc_done(&m->docs[i]);
    }
    for (size_t i = 0; i < m->message_n; i++) {
        free(m->messages[i].session);
        memory_drop(&m->messages[i].message.body);
    }
    for (size_t i = 0; i < m->cell_n; i++) {
        free(m->cells[i].name);
    }
    free(m->sessions);
    free(m->docs);
    free(m->leases);
    free(m->messages);
    free(m->cells);
    free(m);
}

static enum err_code memory_check(void *back, struct err *err) {
    (void)back;
    (void)err;
    return ERR_NONE;
}

static bool memory_has_expired(int64_t expires_ms, int64_t now_ms) {
    return expires_ms != 0 && expires_ms <= now_ms;
}

static void memory_remove_doc(struct memory *m, size_t at) {
    memory_doc_done(&m->docs[at]);
    memmove(&m->docs[at], &m->docs[at + 1], (m->doc_n - at - 1) * sizeof *m->docs);
    m->doc_n--;
}

static enum err_code memory_purge(void *back, int64_t now_ms, size_t *out_n, struct err *err) {
    struct memory *m = back;
    size_t n = 0;

    (void)err;
    for (size_t i = m->doc_n; i > 0; i--) {
        if (memory_has_expired(m->docs[i - 1].doc.expires_ms, now_ms)) {
            memory_remove_doc(m, i - 1);
            n++;
        }
    }
    for (size_t i = 0; i < m->session_n; i++) {
        for (size_t r = 0; r < m->sessions[i]->n; r++) {
            struct store_row *row = &m->sessions[i]->rows[r];

            if (memory_has_expired(row->expires_ms, now_ms)) {
                memory_drop(&row->body);
                row->expires_ms = 0;
                n++;
            }
        }
    }
    *out_n = n;
    return ERR_NONE;
}

/* ---- Sessions and records ---- */

static struct memory_session *memory_find_session(const struct memory *m, struct str id) {
    for (size_t i = 0; i < m->session_n; i++) {
        if (str_eq(m->sessions[i]->row.id, id)) {
            return m->sessions[i];
        }
    }
    return NULL;
}

static struct store_lease *memory_find_lease(const struct memory *m, struct str name) {
    for (size_t i = 0; i < m->lease_n; i++) {
        if (str_eq(str_from(m->leases[i].name), name)) {
            return &m->leases[i];
        }
    }
    return NULL;
}

static struct memory_session *memory_add_session(struct memory *m,
                                                 const struct store_session *row) {
    struct memory_session *s = mem_alloc(sizeof *s);

    s->row.id = memory_copy(row->id);
    s->row.kind = memory_copy(row->kind);
    s->row.project = memory_copy(row->project);
    s->row.created_ms = row->created_ms;
    m->sessions = mem_resize(m->sessions, (m->session_n + 1) * sizeof(struct memory_session *));
    m->sessions[m->session_n++] = s;
    return s;
}

static void memory_add_row(struct memory_session *s, const struct store_row *row) {
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 16 : s->cap * 2;
        s->rows = mem_resize(s->rows, s->cap * sizeof *s->rows);
    }
    s->rows[s->n++] = (struct store_row){.seq = row->seq,
                                         .head = memory_copy(row->head),
                                         .body = memory_copy(row->body),
                                         .expires_ms = row->body.len == 0 ? 0 : row->expires_ms};
}

static void memory_cut_inbox(struct memory *m, struct str session, int64_t through) {
    size_t kept = 0;

    for (size_t i = 0; i < m->message_n; i++) {
        struct memory_message *one = &m->messages[i];

        if (str_eq(str_from(one->session), session) && one->message.number <= through) {
            free(one->session);
            memory_drop(&one->message.body);
        } else {
            m->messages[kept++] = *one;
        }
    }
    m->message_n = kept;
}

static enum err_code memory_append(void *back, const struct store_append *a, struct err *err) {
    struct memory *m = back;
    const struct store_lease *lease = memory_find_lease(m, a->session->id);
    struct memory_session *s = memory_find_session(m, a->session->id);

    if (lease == NULL || lease->epoch != a->epoch) {
        return err_set(err, ERR_STALE, "another process has taken over session " STR_FMT,
                       STR_ARG(a->session->id));
    }
    if ((s == NULL ? 0 : s->row.last_seq) + 1 != a->rows[0].seq) {
        return err_set(err, ERR_STALE, "session " STR_FMT " has grown meanwhile",
                       STR_ARG(a->session->id));
    }
    s = s == NULL ? memory_add_session(m, a->session) : s;
    memory_set(&s->row.phase, a->session->phase);
    memory_set(&s->row.status, a->session->status);
    s->row.updated_ms = a->session->updated_ms;
    s->row.last_seq = a->session->last_seq;
    s->row.state_seq = a->session->state_seq;
    for (size_t i = 0; i < a->n; i++) {
        memory_add_row(s, &a->rows[i]);
    }
    if (a->drop_seq != 0) {
        memory_drop(&s->rows[a->drop_seq - 1].body);
    }
    memory_cut_inbox(m, a->session->id, a->inbox_through);
    return ERR_NONE;
}

static enum err_code memory_read_rows(void *back, struct str session, int64_t from_seq,
                                      struct arena *arena, struct store_row **out, size_t *out_n,
                                      struct err *err) {
    const struct memory_session *s = memory_find_session(back, session);
    struct store_row *rows = ARENA_ARRAY(arena, struct store_row, STORE_PAGE_ROWS);
    size_t n = 0;

    (void)err;
    for (size_t i = (size_t)from_seq - 1; s != NULL && i < s->n && n < STORE_PAGE_ROWS; i++) {
        rows[n] = s->rows[i];
        rows[n].head = memory_lend(s->rows[i].head, arena);
        rows[n].body = memory_lend(s->rows[i].body, arena);
        n++;
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

static void memory_lend_session(const struct memory_session *s, struct arena *arena,
                                struct store_session *out) {
    *out = s->row;
    out->id = memory_lend(s->row.id, arena);
    out->kind = memory_lend(s->row.kind, arena);
    out->project = memory_lend(s->row.project, arena);
    out->phase = memory_lend(s->row.phase, arena);
    out->status = memory_lend(s->row.status, arena);
}

static enum err_code memory_get_session(void *back, struct str id, struct arena *arena,
                                        struct store_session **out, struct err *err) {
    const struct memory_session *s = memory_find_session(back, id);

    (void)err;
    *out = NULL;
    if (s != NULL) {
        *out = ARENA_NEW(arena, struct store_session);
        memory_lend_session(s, arena, *out);
    }
    return ERR_NONE;
}

static bool memory_is_wanted(struct str wanted, struct str value) {
    return wanted.len == 0 || str_eq(wanted, value);
}

static enum err_code memory_list_sessions(void *back, const struct store_sessions *find,
                                          struct arena *arena, struct store_session **out,
                                          size_t *out_n, struct err *err) {
    struct memory *m = back;
    struct store_session *rows = ARENA_ARRAY(arena, struct store_session, find->limit);
    bool is_behind = find->after.len == 0;
    size_t n = 0;

    (void)err;
    for (size_t i = m->session_n; i > 0 && n < find->limit; i--) {
        const struct memory_session *s = m->sessions[i - 1];

        if (is_behind && memory_is_wanted(find->project, s->row.project) &&
            memory_is_wanted(find->kind, s->row.kind) &&
            memory_is_wanted(find->status, s->row.status)) {
            memory_lend_session(s, arena, &rows[n++]);
        }
        is_behind = is_behind || str_eq(find->after, s->row.id);
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

/* ---- Documents ---- */

/* The place of a document; doc_n when there is none. */
static size_t memory_find_doc(const struct memory *m, const char *collection, struct str id) {
    size_t i = 0;

    while (i < m->doc_n &&
           (strcmp(m->docs[i].collection, collection) != 0 || !str_eq(m->docs[i].doc.id, id))) {
        i++;
    }
    return i;
}

static enum err_code memory_put_doc(void *back, const struct store_blob *blob, bool *out_written,
                                    struct err *err) {
    struct memory *m = back;
    size_t at = memory_find_doc(m, blob->collection, blob->doc.id);
    bool is_there =
        at < m->doc_n && !memory_has_expired(m->docs[at].doc.expires_ms, blob->doc.updated_ms);

    (void)err;
    *out_written = !is_there || (!m->docs[at].is_once && !blob->is_once);
    if (!*out_written) {
        return ERR_NONE;
    }
    if (at == m->doc_n) {
        m->docs = mem_resize(m->docs, (m->doc_n + 1) * sizeof *m->docs);
        m->doc_n++;
    } else {
        memory_doc_done(&m->docs[at]);
    }
    m->docs[at] = (struct memory_doc){
        .collection = mem_strdup(blob->collection), .doc = blob->doc, .is_once = blob->is_once};
    m->docs[at].doc.id = memory_copy(blob->doc.id);
    m->docs[at].doc.key = memory_copy(blob->doc.key);
    m->docs[at].doc.body = memory_copy(blob->doc.body);
    return ERR_NONE;
}

static void memory_lend_doc(const struct store_doc *doc, struct arena *arena,
                            struct store_doc *out) {
    *out = *doc;
    out->id = memory_lend(doc->id, arena);
    out->key = memory_lend(doc->key, arena);
    out->body = memory_lend(doc->body, arena);
}

static enum err_code memory_get_doc(void *back, const char *collection, struct str id,
                                    int64_t now_ms, struct arena *arena, struct store_doc **out,
                                    struct err *err) {
    struct memory *m = back;
    size_t at = memory_find_doc(m, collection, id);

    (void)err;
    *out = NULL;
    if (at < m->doc_n && !memory_has_expired(m->docs[at].doc.expires_ms, now_ms)) {
        *out = ARENA_NEW(arena, struct store_doc);
        memory_lend_doc(&m->docs[at].doc, arena, *out);
    }
    return ERR_NONE;
}

static int memory_order(const void *a, const void *b) {
    const struct store_doc *x = a;
    const struct store_doc *y = b;
    int order = str_cmp(x->key, y->key);

    return order != 0 ? order : str_cmp(x->id, y->id);
}

static int memory_order_back(const void *a, const void *b) { return memory_order(b, a); }

static enum err_code memory_find_docs(void *back, const struct store_find *find, int64_t now_ms,
                                      struct arena *arena, struct store_doc **out, size_t *out_n,
                                      struct err *err) {
    struct memory *m = back;
    struct store_doc *rows = ARENA_ARRAY(arena, struct store_doc, m->doc_n);
    size_t n = 0;

    (void)err;
    for (size_t i = 0; i < m->doc_n; i++) {
        const struct memory_doc *d = &m->docs[i];

        if (strcmp(d->collection, find->collection) == 0 &&
            str_starts(d->doc.key, find->key_prefix) &&
            !memory_has_expired(d->doc.expires_ms, now_ms)) {
            memory_lend_doc(&d->doc, arena, &rows[n++]);
        }
    }
    qsort(rows, n, sizeof *rows, find->is_descending ? memory_order_back : memory_order);
    *out = rows;
    *out_n = n < find->limit ? n : find->limit;
    return ERR_NONE;
}

static enum err_code memory_delete_doc(void *back, const char *collection, struct str id,
                                       struct err *err) {
    struct memory *m = back;
    size_t at = memory_find_doc(m, collection, id);

    (void)err;
    if (at < m->doc_n) {
        memory_remove_doc(m, at);
    }
    return ERR_NONE;
}

/* ---- Leases, cells, inbox ---- */

static enum err_code memory_read_lease(void *back, struct str name, struct store_lease *out,
                                       struct err *err) {
    const struct store_lease *lease = memory_find_lease(back, name);

    (void)err;
    if (lease != NULL) {
        *out = *lease;
        return ERR_NONE;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->name, name.ptr, name.len);
    return ERR_NONE;
}

static enum err_code memory_swap_lease(void *back, const struct store_lease *was,
                                       const struct store_lease *next, bool *out_swapped,
                                       struct err *err) {
    struct memory *m = back;
    struct store_lease *lease = memory_find_lease(m, str_from(next->name));

    (void)err;
    *out_swapped = lease == NULL
                       ? was->epoch == 0
                       : lease->epoch == was->epoch && lease->expires_ms == was->expires_ms;
    if (!*out_swapped) {
        return ERR_NONE;
    }
    if (lease == NULL) {
        m->leases = mem_resize(m->leases, (m->lease_n + 1) * sizeof *m->leases);
        lease = &m->leases[m->lease_n++];
    }
    *lease = *next;
    return ERR_NONE;
}

static enum err_code memory_update_cell(void *back, struct str name,
                                        void (*update)(int64_t cell[STORE_CELL_N], void *context),
                                        void *context, struct err *err) {
    struct memory *m = back;

    (void)err;
    for (size_t i = 0; i < m->cell_n; i++) {
        if (str_eq(str_from(m->cells[i].name), name)) {
            update(m->cells[i].numbers, context);
            return ERR_NONE;
        }
    }
    m->cells = mem_resize(m->cells, (m->cell_n + 1) * sizeof *m->cells);
    m->cells[m->cell_n] = (struct memory_cell){.name = str_dup(name)};
    update(m->cells[m->cell_n++].numbers, context);
    return ERR_NONE;
}

static enum err_code memory_put_message(void *back, struct str session,
                                        const struct store_message *message, struct err *err) {
    struct memory *m = back;

    (void)err;
    m->messages = mem_resize(m->messages, (m->message_n + 1) * sizeof *m->messages);
    m->messages[m->message_n++] = (struct memory_message){
        .session = str_dup(session),
        .message = {.number = ++m->last_message,
                    .ts_ms = message->ts_ms,
                    .body = memory_copy(message->body)},
    };
    return ERR_NONE;
}

static enum err_code memory_read_inbox(void *back, struct str session, struct arena *arena,
                                       struct store_message **out, size_t *out_n, struct err *err) {
    struct memory *m = back;
    struct store_message *rows = ARENA_ARRAY(arena, struct store_message, m->message_n);
    size_t n = 0;

    (void)err;
    for (size_t i = 0; i < m->message_n && n < STORE_FIND_MAX; i++) {
        if (str_eq(str_from(m->messages[i].session), session)) {
            rows[n] = m->messages[i].message;
            rows[n].body = memory_lend(m->messages[i].message.body, arena);
            n++;
        }
    }
    *out = rows;
    *out_n = n;
    return ERR_NONE;
}

/* ---- Files, which it has none of ---- */

static enum err_code memory_backup(void *back, const char *path, struct err *err) {
    (void)back;
    return err_set(err, ERR_UNSUPPORTED, "this store has no file that could be kept as %s", path);
}

static enum err_code memory_restore(void *back, const char *path, struct err *err) {
    (void)back;
    return err_set(err, ERR_UNSUPPORTED, "this store has no file that %s could replace", path);
}

const struct store_ops store_memory = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .check = memory_check,
    .backup = memory_backup,
    .restore = memory_restore,
    .purge = memory_purge,
    .append = memory_append,
    .read_rows = memory_read_rows,
    .get_session = memory_get_session,
    .list_sessions = memory_list_sessions,
    .put_doc = memory_put_doc,
    .get_doc = memory_get_doc,
    .find_docs = memory_find_docs,
    .delete_doc = memory_delete_doc,
    .read_lease = memory_read_lease,
    .swap_lease = memory_swap_lease,
    .update_cell = memory_update_cell,
    .put_message = memory_put_message,
    .read_inbox = memory_read_inbox,
};
