/* store/journal.h: the one record: a hash-chained list of what a session did and was told.
 *
 * hash_0 = SHA-256(label, session id); hash_n = SHA-256(hash_{n-1}, header_n). A header holds the
 * SHA-256 of its body, so that a body may be dropped (a state that a newer one supersedes, a log
 * after 90 days) while the chain still verifies. Appending asks for the session's lease; an owner
 * that lost it is refused, so a chain never forks.
 */
#pragma once

#include "store/store.h"

#include <jansson.h>

enum record_kind {
    RECORD_NONE,
#define RECORD(name, wire, fields, life) RECORD_##name,
#include "store/record.def"
#undef RECORD
    RECORD_N
};

enum record_field {
#define FIELD(name, wire, grammar) FIELD_##name,
#include "store/record.def"
#undef FIELD
    FIELD_N
};

enum {
    JOURNAL_ID_MAX = 96,     /* bytes of a session id */
    JOURNAL_APPEND_MAX = 64, /* records in one append */
    JOURNAL_PART_MAX = 512,  /* records in one export */
};

/* The words of the tables, for instance "intent" and "agent"; never NULL. */
const char *record_name(enum record_kind kind);
const char *record_field_name(enum record_field field);

/* A record to be written. Everything is borrowed until the call returns. */
struct journal_entry {
    enum record_kind kind;
    bool is_sensitive;          /* the body is encrypted at rest */
    int64_t call;               /* number of the tool call it belongs to; 0: none */
    struct str fields[FIELD_N]; /* empty: absent */
    const struct masked *body;  /* JSON or text; NULL: none */
};

/* A record as it was read. Everything is borrowed, from the page being replayed. */
struct journal_record {
    int64_t seq; /* 1, 2, 3, ... without gaps */
    int64_t ts_ms;
    int64_t epoch; /* of the lease it was written under */
    int64_t call;
    enum record_kind kind;
    bool is_sensitive;
    bool has_body;   /* false: there was none, or it was dropped (then body_len is not 0) */
    size_t body_len; /* bytes of the body as it was written */
    struct sha256 body_hash;
    struct sha256 hash; /* of the chain up to here */
    struct str fields[FIELD_N];
    struct str body; /* decrypted; masked when it was written */
};

struct journal; /* opaque; any thread */

/* Opens the journal of `session` for appending under `lease`, whose name is the session's id (kept
 * by the caller, not by the journal). Reads the last record only; the session need not exist yet.
 * The caller closes it. Errors: ERR_CORRUPT. */
MUST_CHECK enum err_code journal_open(struct store *store, const struct store_lease *lease,
                                      struct journal **out, struct err *err);
void journal_close(struct journal *journal); /* accepts NULL; the lease is not released */
void journal_closep(struct journal **journal);

/* Appends `n` records whole or not at all, in one transaction and one sync, and updates the
 * session's row from their fields (SESSION: kind, project; PHASE: phase, status; END: status).
 * Messages of the inbox up to number `inbox_through` (0: none) are taken out in the same
 * transaction. A flow step (a result, then the next phase with its state) is one call.
 * `*out_seq`, when not NULL, is the number of the first record.
 * Errors: ERR_STALE (the lease was taken by another owner, or another writer was faster: nothing
 * was written, stop), ERR_INVALID (a field missing or past its grammar, SESSION not first, a record
 * after END), ERR_TOO_LARGE, and those of the store. */
MUST_CHECK enum err_code journal_append(struct journal *journal,
                                        const struct journal_entry *entries, size_t n,
                                        int64_t inbox_through, int64_t *out_seq, struct err *err);

/* The epoch of the lease that this journal is written under. */
int64_t journal_epoch(const struct journal *journal);

/* The number of the last record; 0 while there is none. */
int64_t journal_last_seq(struct journal *journal);

/* The hash of the chain at the last record. */
struct sha256 journal_last_hash(struct journal *journal);

/* Called for each record in order; a code other than ERR_NONE (with `err` set) ends the replay and
 * is its result. May call the store and append. */
typedef enum err_code (*journal_visit)(const struct journal_record *record, void *context,
                                       struct err *err);

/* Visits the records of `session` from number `from_seq` (1: all) on, checking chain and body
 * digests on the way; needs no lease. Records appended meanwhile may be visited or not.
 * Errors: ERR_CORRUPT naming the record, ERR_NOT_FOUND (no such session), those of `visit`. */
MUST_CHECK enum err_code journal_replay(struct store *store, struct str session, int64_t from_seq,
                                        journal_visit visit, void *context, struct err *err);

/* ---- From one store into another ---- */

/* Records as they are, for another store: where they begin and end, and the chain behind them. */
struct journal_part {
    json_t *records; /* owned; [{"head":hex,"body":text}, ...], a body that was dropped left out */
    int64_t from;
    int64_t to; /* from - 1: there are none */
    struct sha256 hash;
};
void journal_part_done(struct journal_part *part);

/* Reads the records of `session` from number `from_seq` on, at most JOURNAL_PART_MAX, checking
 * chain and body digests on the way. `*out` is the caller's. Errors: ERR_CORRUPT naming the record,
 * ERR_UNSUPPORTED (a body is encrypted: it is for this store only), those of the store. */
MUST_CHECK enum err_code journal_export(struct store *store, struct str session, int64_t from_seq,
                                        struct journal_part *out, struct err *err);

/* What one row of its records is, as its header says; RECORD_NONE for what is none. Nothing else is
 * looked at: journal_import() checks it all. */
enum record_kind journal_part_kind(const json_t *row);

/* Appends records that journal_export() gave in another store, all or none: they have to continue
 * this very chain, hash by hash, and each body has to be its header's. `project` is what the
 * session is filed under here. Errors: ERR_CORRUPT naming the record (it does not continue this
 * chain, or was changed), ERR_STALE, those of the store. */
MUST_CHECK enum err_code journal_import(struct journal *journal, const json_t *records,
                                        struct str project, struct err *err);

/* A statement that record `seq` had this hash, which only the holder of the install key can make.
 */
struct journal_seal {
    int64_t seq;
    struct sha256 hash;
    struct sha256 mac;
};

/* Seals the present head: keeps the seal as a write-once document of this store and hands it out
 * for a second place. Errors: ERR_INVALID (nothing to seal). */
MUST_CHECK enum err_code journal_seal(struct journal *journal, struct journal_seal *out,
                                      struct err *err);

/* What journal_verify() found; a damaged journal is an answer, not an error. */
struct journal_report {
    size_t sessions;
    size_t records;
    size_t bodies_dropped; /* superseded or expired */
    size_t seals;
    bool is_ok;
    char session[STORE_ID_MAX + 1]; /* the first bad session, when not ok */
    int64_t seq;                    /* its first bad record; 0: the session as a whole */
    char reason[160];               /* one clause: "the header was changed", ... */
};

/* Checks chain, body digests, seals and index of one session, or of all when `session` is empty,
 * stopping at the first bad record. Errors: ERR_NOT_FOUND (no such session), those of the store. */
MUST_CHECK enum err_code journal_verify(struct store *store, struct str session,
                                        struct journal_report *out, struct err *err);
