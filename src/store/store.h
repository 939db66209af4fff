/* store/store.h: what survives the process: records, sessions, documents, leases, inboxes.
 *
 * One store is one state folder of one user: a database and the install key beside it. Several
 * processes may have it open at once. A `struct store` may be used from any thread, one call at a
 * time inside; it must not be carried over fork(). Every call blocks for at most a few disk writes,
 * or up to STORE_BUSY_MS while another process writes.
 *
 * A write that returns ERR_NONE is on the disk; one that fails changed nothing.
 * Errors of every call: ERR_LOCKED (another process kept the database busy), ERR_DISK_FULL, ERR_IO,
 * ERR_CORRUPT (the file is damaged), ERR_INVALID (an id, key or size past its grammar).
 * Records are written by store/journal.h only.
 */
#pragma once

#include "base/arena.h"
#include "base/hash.h"

struct masked; /* guard/redact/redact.h: the only text that may be stored */

enum {
    STORE_ID_MAX = 128,    /* bytes of an id, key, collection, lease name: [A-Za-z0-9._:/@+=-] */
    STORE_FIND_MAX = 1000, /* documents or sessions in one answer */
    STORE_BUSY_MS = 5000,  /* waiting for another process's write */
};

struct store;     /* opaque */
struct store_ops; /* opaque: a backend, store/backend.h */

extern const struct store_ops store_sqlite; /* DIR/store.db: WAL, synchronous=FULL */
extern const struct store_ops store_memory; /* for tests and runs that leave nothing behind */

/* Opens the store in the folder `dir`, making folder (0700) and database (0600) when absent; the
 * memory backend takes NULL and then keeps its key in memory too. The caller closes `*out`.
 * Errors: ERR_CONFIG (made by a newer version of the program), ERR_CORRUPT, ERR_IO, ERR_LOCKED. */
MUST_CHECK enum err_code store_open(const struct store_ops *ops, const char *dir,
                                    struct store **out, struct err *err);
void store_close(struct store *store); /* accepts NULL */
void store_closep(struct store **store);

/* Has the database check its own pages; reads all of it. Errors: ERR_CORRUPT naming the damage. */
MUST_CHECK enum err_code store_check(struct store *store, struct err *err);

/* Writes all of it into a new file (0600), as it is at one moment, while others may write. Errors:
 * ERR_CONFLICT (the file is there), ERR_UNSUPPORTED (a backend without a file), ERR_DISK_FULL. */
MUST_CHECK enum err_code store_backup(struct store *store, const char *path, struct err *err);

/* Replaces all of it by the file `path`, which is the caller's to lose: a copy of a backup that was
 * opened once (so is of this version) and checked. One transaction; others that have the store open
 * go on with what is there then. Leases stand above those of both before, so that nobody who held
 * one can append. Errors: ERR_UNSUPPORTED, ERR_LOCKED, ERR_IO, ERR_DISK_FULL. */
MUST_CHECK enum err_code store_restore(struct store *store, const char *path, struct err *err);

/* Deletes what has expired by `now_ms`: documents whole, record bodies alone (their headers and
 * digests stay, so the journal still verifies). `*out_n`, when not NULL, is the number of both. */
MUST_CHECK enum err_code store_purge(struct store *store, int64_t now_ms, size_t *out_n,
                                     struct err *err);

/* HMAC-SHA-256 with the install key (DIR/install.key, 0600, made on first use) over
 * `purpose`, a NUL and `message`: the same on every run on this machine, unknown elsewhere.
 * Errors: ERR_CONFIG (others may read the key file), ERR_CORRUPT (it is not a key), ERR_IO. */
MUST_CHECK enum err_code store_mac(struct store *store, struct str purpose, struct str message,
                                   struct sha256 *out, struct err *err);

/* ---- Documents: one JSON text under (collection, id), found by a prefix of its key ---- */

enum store_flags {
    STORE_PLAIN = 0,
    STORE_SENSITIVE = 1, /* encrypted at rest, AES-256-GCM under the install key */
};

struct store_doc {
    struct str id;
    struct str key; /* ordered bytewise within the collection; empty when not wanted */
    struct str body;
    int64_t updated_ms;
    int64_t expires_ms; /* 0: never. After it the document is as absent, and purged later */
};

struct store_put {
    const char *collection;
    struct str id;
    struct str key;
    const struct masked *body;
    int64_t expires_ms;
    enum store_flags flags;
};

/* Writes a document whole, replacing one with the same id. Errors: ERR_CONFLICT (the one that is
 * there was written once and for all), ERR_TOO_LARGE. */
MUST_CHECK enum err_code store_put_doc(struct store *store, const struct store_put *put,
                                       struct err *err);

/* Writes a document that no later put replaces, unless the id is taken: then `*out_existed` is true
 * and nothing changed. Errors: ERR_TOO_LARGE. */
MUST_CHECK enum err_code store_put_once(struct store *store, const struct store_put *put,
                                        bool *out_existed, struct err *err);

/* Reads one document into `arena`; `*out` is NULL when there is none. */
MUST_CHECK enum err_code store_get_doc(struct store *store, const char *collection, struct str id,
                                       struct arena *arena, const struct store_doc **out,
                                       struct err *err);

struct store_find {
    const char *collection;
    struct str key_prefix; /* empty: all */
    bool is_descending;    /* by key, then id */
    size_t limit;          /* 0: STORE_FIND_MAX */
};

/* Reads the documents that match, in order, into `arena`. */
MUST_CHECK enum err_code store_find_docs(struct store *store, const struct store_find *find,
                                         struct arena *arena, const struct store_doc **out,
                                         size_t *out_n, struct err *err);

/* Deletes a document, also one written once (pruning); one that is absent is no error. */
MUST_CHECK enum err_code store_delete_doc(struct store *store, const char *collection,
                                          struct str id, struct err *err);

/* ---- Sessions: the index of journals, kept by journal_append() in the record's transaction ----
 */

struct store_session {
    struct str id;
    struct str kind;    /* of the SESSION record */
    struct str project; /* of the SESSION record */
    struct str phase;   /* of the last PHASE record */
    struct str status;  /* of the last PHASE or END record */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t last_seq;
    int64_t state_seq; /* of the record whose body is the session's state; 0: none yet */
};

struct store_sessions {
    struct str project; /* empty: any */
    struct str kind;    /* empty: any */
    struct str status;  /* empty: any */
    struct str after;   /* goes on behind this session of an earlier answer; empty: from the top */
    size_t limit;       /* 0: STORE_FIND_MAX */
};

/* Reads the sessions that match, the newest created first, into `arena`. */
MUST_CHECK enum err_code store_list_sessions(struct store *store, const struct store_sessions *find,
                                             struct arena *arena, const struct store_session **out,
                                             size_t *out_n, struct err *err);

/* Another code than ERR_NONE ends the visit and is its result. */
typedef enum err_code (*store_session_visit)(const struct store_session *session, void *context,
                                             struct err *err);

/* Visits every session that matches, the newest created first, however many there are; `limit` is
 * how many are read at a time. */
MUST_CHECK enum err_code store_visit_sessions(struct store *store,
                                              const struct store_sessions *find,
                                              store_session_visit visit, void *context,
                                              struct err *err);

/* Reads one session's row into `arena`; `*out` is NULL when there is none. */
MUST_CHECK enum err_code store_get_session(struct store *store, struct str id, struct arena *arena,
                                           const struct store_session **out, struct err *err);

/* ---- Leases: who may act. The lease of a session is named by the session's id ---- */

struct store_owner {
    char host[STORE_ID_MAX]; /* host name, boot and pid namespace: "name/boot/ns" */
    int64_t pid;             /* 0: nobody */
    int64_t start;           /* the process's start in clock ticks since boot, /proc/PID/stat */
};

struct store_lease {
    char name[STORE_ID_MAX + 1];
    int64_t epoch; /* grows with each taking, never falls; 0: never taken */
    int64_t expires_ms;
    struct store_owner owner;
};

/* This process as an owner. */
struct store_owner store_owner_self(void);

/* Whether `owner` ran on this machine, in this boot, and is gone. False when it cannot be known. */
bool store_owner_is_dead(const struct store_owner *owner);

/* Whether somebody holds `lease`: not released, not expired, not dead. */
bool store_lease_is_held(const struct store_lease *lease, int64_t now_ms);

/* Takes the lease when it is free, expired, or its owner is dead, and fences all former owners.
 * Errors: ERR_LOCKED naming host and pid (also when this process holds it already). */
MUST_CHECK enum err_code store_take_lease(struct store *store, struct str name, int64_t ttl_ms,
                                          struct store_lease *out, struct err *err);

/* Moves the expiry of a lease that is ours. Errors: ERR_STALE (another owner has taken it). */
MUST_CHECK enum err_code store_renew_lease(struct store *store, struct store_lease *lease,
                                           int64_t ttl_ms, struct err *err);

/* Gives the lease back; one that another owner has taken is left alone, without an error. */
MUST_CHECK enum err_code store_release_lease(struct store *store, struct store_lease *lease,
                                             struct err *err);

/* Reads who holds a lease; a name that was never taken gives epoch 0. */
MUST_CHECK enum err_code store_read_lease(struct store *store, struct str name,
                                          struct store_lease *out, struct err *err);

/* ---- Cells: a few numbers that the processes of this user share, such as rates ---- */

enum { STORE_CELL_N = 20 };

/* Reads the cell `name` (zeros when new), lets `update` change it, and writes it back, with no
 * other writer in between. `update` must not call the store. Not synced: a power cut may undo the
 * last ones, a crash of the process does not. */
MUST_CHECK enum err_code store_update_cell(struct store *store, struct str name,
                                           void (*update)(int64_t cell[STORE_CELL_N],
                                                          void *context),
                                           void *context, struct err *err);

/* ---- Inbox: messages of other processes to the holder of a session's lease ---- */

struct store_message {
    int64_t number; /* grows within the session */
    int64_t ts_ms;
    struct str body;
};

/* Puts a message, also for a session that does not exist yet. Errors: ERR_TOO_LARGE. */
MUST_CHECK enum err_code store_put_message(struct store *store, struct str session,
                                           const struct masked *body, struct err *err);

/* Reads the waiting messages, oldest first, at most STORE_FIND_MAX, into `arena`. They stay until
 * journal_append() records them (`inbox_through`). Cheap enough for a poll of 100 ms. */
MUST_CHECK enum err_code store_read_inbox(struct store *store, struct str session,
                                          struct arena *arena, const struct store_message **out,
                                          size_t *out_n, struct err *err);
