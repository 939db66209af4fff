/* store/backend.h: what a backend owes to store.c and journal.c. Nobody else includes it.
 *
 * A backend keeps bytes: grammar, ceilings, encryption and the meaning of a lease are settled above
 * it, once. Calls come one at a time. A call that fails has changed nothing. What is read is copied
 * into the caller's arena. Each op maps to one document per row with a unique (session, seq),
 * (collection, id), name or number, so that a document database serves as well as SQLite.
 */
#pragma once

#include "store/crypt.h"
#include "store/store.h"

enum {
    STORE_SEQ_MAX = (1 << 24) - 1, /* records in a session: the low bits of a SQLite key */
    STORE_PAGE_ROWS = 256,         /* records read at once ... */
    STORE_PAGE_BYTES = 8 << 20,    /* ... and their bytes, which end a page early */
};

struct store_row {
    int64_t seq;
    struct str head;    /* header and chain hash, see journal.c */
    struct str body;    /* packed; empty: none, or dropped */
    int64_t expires_ms; /* of the body; 0: never */
};

struct store_append {
    const struct store_session *session; /* as it is afterwards; `id` and `last_seq` say where */
    const struct store_row *rows;        /* n >= 1, the last one is session->last_seq */
    size_t n;
    int64_t epoch;
    int64_t drop_seq;      /* this older record loses its body; 0: none */
    int64_t inbox_through; /* messages up to this number are deleted; 0: none */
};

struct store_blob { /* a document or message: its body is packed */
    struct store_doc doc;
    const char *collection;
    bool is_once;
};

struct store_ops {
    const char *name; /* the word used in the configuration */

    /* Opens the state below the folder `dir`, which exists. Errors: see store_open(). */
    enum err_code (*open)(const char *dir, void **out, struct err *err);
    void (*close)(void *back); /* accepts NULL */

    enum err_code (*check)(void *back, struct err *err);

    /* See store_backup() and store_restore(); ERR_UNSUPPORTED where there is no file. */
    enum err_code (*backup)(void *back, const char *path, struct err *err);
    enum err_code (*restore)(void *back, const char *path, struct err *err);
    enum err_code (*purge)(void *back, int64_t now_ms, size_t *out_n, struct err *err);

    /* Errors: ERR_STALE when the lease named by the session has another epoch than `epoch`, or the
     * session's last record is not the one before rows[0]. All or nothing, durable on return. */
    enum err_code (*append)(void *back, const struct store_append *append, struct err *err);

    /* Up to STORE_PAGE_ROWS rows from `from_seq` on, in order; none at the end. */
    enum err_code (*read_rows)(void *back, struct str session, int64_t from_seq,
                               struct arena *arena, struct store_row **out, size_t *out_n,
                               struct err *err);

    /* `*out` is NULL when there is none. */
    enum err_code (*get_session)(void *back, struct str id, struct arena *arena,
                                 struct store_session **out, struct err *err);

    /* The newest created first; find->limit is set. */
    enum err_code (*list_sessions)(void *back, const struct store_sessions *find,
                                   struct arena *arena, struct store_session **out, size_t *out_n,
                                   struct err *err);

    /* Writes unless an unexpired document with the same id and `is_once` is there, or any unexpired
     * one when `blob->is_once`; says in `*out_written`. doc.updated_ms is the present time. */
    enum err_code (*put_doc)(void *back, const struct store_blob *blob, bool *out_written,
                             struct err *err);

    /* `*out` is NULL when there is none or it has expired. */
    enum err_code (*get_doc)(void *back, const char *collection, struct str id, int64_t now_ms,
                             struct arena *arena, struct store_doc **out, struct err *err);

    /* find->limit is set. */
    enum err_code (*find_docs)(void *back, const struct store_find *find, int64_t now_ms,
                               struct arena *arena, struct store_doc **out, size_t *out_n,
                               struct err *err);
    enum err_code (*delete_doc)(void *back, const char *collection, struct str id, struct err *err);

    /* Epoch 0 and the name when it was never taken. */
    enum err_code (*read_lease)(void *back, struct str name, struct store_lease *out,
                                struct err *err);

    /* Writes `next` if the lease still has `was`'s epoch and expiry; says in `*out_swapped`. */
    enum err_code (*swap_lease)(void *back, const struct store_lease *was,
                                const struct store_lease *next, bool *out_swapped, struct err *err);

    enum err_code (*update_cell)(void *back, struct str name,
                                 void (*update)(int64_t cell[STORE_CELL_N], void *context),
                                 void *context, struct err *err);

    enum err_code (*put_message)(void *back, struct str session,
                                 const struct store_message *message, struct err *err);
    enum err_code (*read_inbox)(void *back, struct str session, struct arena *arena,
                                struct store_message **out, size_t *out_n, struct err *err);
};

/* ---- What store.c does for journal.c ---- */

struct crypt *store_crypt(struct store *store);

enum err_code store_check_id(const char *what, struct str id, struct err *err);

MUST_CHECK enum err_code store_append_rows(struct store *store, const struct store_append *append,
                                           struct err *err);
MUST_CHECK enum err_code store_read_rows(struct store *store, struct str session, int64_t from_seq,
                                         struct arena *arena, struct store_row **out, size_t *out_n,
                                         struct err *err);

/* Writes `next` if the lease still is as `was`; says in `*out_swapped`. */
MUST_CHECK enum err_code store_swap_lease(struct store *store, const struct store_lease *was,
                                          const struct store_lease *next, bool *out_swapped,
                                          struct err *err);

/* store_put_once() for text that is all ids, numbers and digests, so has nothing to mask. */
MUST_CHECK enum err_code store_put_seal(struct store *store, const char *collection, struct str id,
                                        struct str body, struct err *err);
