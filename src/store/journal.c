/* Appending to a journal, replaying it, sealing its head. */
#include "store/journal.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "guard/limits.h"
#include "guard/redact/redact.h"
#include "store/crypt.h"
#include "store/record.h"
#include "store/seal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 256 };

struct journal {
    struct store *store;
    pthread_mutex_t lock;
    int64_t epoch;
    bool is_ended;
    struct record_chain chain;  /* its session borrows from `id` */
    struct store_session index; /* its texts borrow from below */
    char id[JOURNAL_ID_MAX + 1];
    char kind[TEXT_MAX + 1];
    char project[TEXT_MAX + 1];
    char phase[TEXT_MAX + 1];
    char status[TEXT_MAX + 1];
};

static struct str journal_keep(char *place, struct str text) {
    text = str_slice(text, 0, TEXT_MAX);
    if (text.len > 0) {
        memmove(place, text.ptr, text.len); /* it may be there already */
    }
    place[text.len] = '\0';
    return (struct str){place, text.len};
}

static enum err_code journal_say_bad(struct str session, int64_t seq, const char *reason,
                                     struct err *err) {
    err_set(err, ERR_CORRUPT, "record %lld of session " STR_FMT " is damaged: %s", (long long)seq,
            STR_ARG(session), reason);
    return err_remedy(err,
                      "run `audit verify` to see how far the record holds, and start a new run: "
                      "AWS says what is deployed");
}

/* ---- Opening ---- */

/* Sets the chain to the last record, whose header is trusted here: replay and verify check it. */
static enum err_code journal_find_head(struct journal *j, struct arena *arena, struct err *err) {
    const int64_t seq = j->index.last_seq;
    struct store_row *rows;
    struct journal_record last;
    size_t n;

    if (store_read_rows(j->store, j->chain.session, seq, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    if (n == 0 || !record_peek(&rows[0], &last) || last.seq != seq) {
        return journal_say_bad(j->chain.session, seq, "the last record cannot be read", err);
    }
    j->chain.seq = last.seq;
    j->chain.hash = last.hash;
    j->is_ended = last.kind == RECORD_END;
    return ERR_NONE;
}

static enum err_code journal_load(struct journal *j, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *session;

    if (store_get_session(j->store, j->chain.session, arena, &session, err) != ERR_NONE) {
        return err->code;
    }
    if (session == NULL) {
        j->index.id = j->chain.session;
        return ERR_NONE;
    }
    j->index = *session;
    j->index.id = j->chain.session;
    j->index.kind = journal_keep(j->kind, session->kind);
    j->index.project = journal_keep(j->project, session->project);
    j->index.phase = journal_keep(j->phase, session->phase);
    j->index.status = journal_keep(j->status, session->status);
    return journal_find_head(j, arena, err);
}

enum err_code journal_open(struct store *store, const struct store_lease *lease,
                           struct journal **out, struct err *err) {
    CLEANUP(journal_closep) struct journal *j = mem_alloc(sizeof *j);
    struct str id = str_from(lease->name);

    (void)pthread_mutex_init(&j->lock, NULL);
    if (store_check_id("session id", id, err) != ERR_NONE) {
        return err->code;
    }
    if (id.len > JOURNAL_ID_MAX) {
        return err_set(err, ERR_INVALID, "a session id has at most %d bytes", JOURNAL_ID_MAX);
    }
    j->store = store;
    j->epoch = lease->epoch;
    memcpy(j->id, id.ptr, id.len);
    j->chain = record_chain_start((struct str){j->id, id.len});
    if (journal_load(j, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(j);
    return ERR_NONE;
}

void journal_close(struct journal *j) {
    if (j == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&j->lock);
    free(j);
}

void journal_closep(struct journal **j) {
    journal_close(*j);
    *j = NULL;
}

int64_t journal_epoch(const struct journal *j) { return j->epoch; }

int64_t journal_last_seq(struct journal *j) {
    int64_t seq;

    (void)pthread_mutex_lock(&j->lock);
    seq = j->chain.seq;
    (void)pthread_mutex_unlock(&j->lock);
    return seq;
}

struct sha256 journal_last_hash(struct journal *j) {
    struct sha256 hash;

    (void)pthread_mutex_lock(&j->lock);
    hash = j->chain.hash;
    (void)pthread_mutex_unlock(&j->lock);
    return hash;
}

/* ---- Appending ---- */

static enum err_code journal_check(const struct journal *j, const struct journal_entry *entries,
                                   size_t n, struct err *err) {
    bool is_ended = j->is_ended;

    if (n == 0 || n > JOURNAL_APPEND_MAX) {
        return err_set(err, ERR_INVALID, "%zu records cannot be appended at once", n);
    }
    if (j->chain.seq + (int64_t)n > STORE_SEQ_MAX) {
        return err_set(err, ERR_TOO_LARGE, "session %s has too many records", j->id);
    }
    for (size_t i = 0; i < n; i++) {
        bool is_first = j->chain.seq == 0 && i == 0;

        if (record_check(&entries[i], err) != ERR_NONE) {
            return err->code;
        }
        if (is_first != (entries[i].kind == RECORD_SESSION)) {
            return err_set(err, ERR_INVALID, "a %s record cannot stand at this place of session %s",
                           record_name(entries[i].kind), j->id);
        }
        if (is_ended) {
            return err_set(err, ERR_INVALID, "session %s has ended", j->id);
        }
        is_ended = entries[i].kind == RECORD_END;
    }
    return ERR_NONE;
}

/* The row of the session after these records. Texts are borrowed from the entries. */
static void journal_index(const struct journal_entry *entry, struct store_session *index) {
    switch (entry->kind) {
    case RECORD_SESSION:
        index->kind = entry->fields[FIELD_KIND];
        index->project = entry->fields[FIELD_PROJECT];
        break;
    case RECORD_PHASE:
        index->phase = entry->fields[FIELD_PHASE];
        index->status = entry->fields[FIELD_STATUS];
        break;
    case RECORD_END:
        index->status = entry->fields[FIELD_STATUS];
        break;
    case RECORD_NONE:
    case RECORD_INTENT:
    case RECORD_RESULT:
    case RECORD_QUESTION:
    case RECORD_ANSWER:
    case RECORD_VERDICT:
    case RECORD_APPROVAL:
    case RECORD_NOTE:
    case RECORD_N:
        break;
    }
}

/* What one append writes, in the making. Heads and bodies stand one behind the other in `text`;
 * it moves while it grows, so the rows point into it only at the end. */
struct journal_draft {
    struct buf text;
    struct store_row rows[JOURNAL_APPEND_MAX];
    size_t head_at[JOURNAL_APPEND_MAX];
    size_t body_at[JOURNAL_APPEND_MAX];
    struct store_session index;
    struct record_chain chain;
    int64_t drop_seq;
};

/* A newer state takes the body from the older one: in the store, or here when both are new. */
static void journal_supersede(struct journal_draft *d, int64_t first_seq) {
    const int64_t old = d->index.state_seq;

    if (old >= first_seq) {
        d->rows[old - first_seq].body.len = 0;
    } else {
        d->drop_seq = old;
    }
    d->index.state_seq = d->chain.seq;
}

static enum err_code journal_draft_one(const struct journal *j, const struct journal_entry *entry,
                                       size_t i, int64_t now_ms, struct journal_draft *d,
                                       struct err *err) {
    struct store_row *row = &d->rows[i];

    d->head_at[i] = d->text.len;
    record_write(&d->chain, entry, now_ms, j->epoch, &d->text);
    row->seq = d->chain.seq;
    row->head.len = d->text.len - d->head_at[i];
    d->body_at[i] = d->text.len;
    if (record_pack(store_crypt(j->store), d->chain.session, row->seq, entry, &d->text, err) !=
        ERR_NONE) {
        return err->code;
    }
    row->body.len = d->text.len - d->body_at[i];
    if (record_life_of(entry->kind) == LIFE_LOG) {
        row->expires_ms = now_ms + limit(LIMIT_TTL_BODY_MS);
    }
    if (record_life_of(entry->kind) == LIFE_STATE && row->body.len > 0) {
        journal_supersede(d, j->chain.seq + 1);
    }
    journal_index(entry, &d->index);
    return ERR_NONE;
}

static enum err_code journal_draft(const struct journal *j, const struct journal_entry *entries,
                                   size_t n, struct journal_draft *d, struct err *err) {
    const int64_t now_ms = clock_now_ms();

    d->text = BUF_INIT(SIZE_MAX / 2);
    d->index = j->index;
    d->chain = j->chain;
    for (size_t i = 0; i < n; i++) {
        if (journal_draft_one(j, &entries[i], i, now_ms, d, err) != ERR_NONE) {
            return err->code;
        }
    }
    for (size_t i = 0; i < n; i++) {
        d->rows[i].head.ptr = d->text.ptr + d->head_at[i];
        d->rows[i].body.ptr = d->text.ptr + d->body_at[i];
    }
    d->index.created_ms = j->chain.seq == 0 ? now_ms : d->index.created_ms;
    d->index.updated_ms = now_ms;
    d->index.last_seq = d->chain.seq;
    return ERR_NONE;
}

static void journal_adopt(struct journal *j, const struct journal_draft *d) {
    j->chain = d->chain;
    j->index = d->index;
    j->index.kind = journal_keep(j->kind, d->index.kind);
    j->index.project = journal_keep(j->project, d->index.project);
    j->index.phase = journal_keep(j->phase, d->index.phase);
    j->index.status = journal_keep(j->status, d->index.status);
}

static enum err_code journal_append_locked(struct journal *j, const struct journal_entry *entries,
                                           size_t n, int64_t inbox_through, struct err *err) {
    struct journal_draft d = {0};
    struct store_append append = {.rows = d.rows, .n = n, .epoch = j->epoch};
    enum err_code code;

    if (journal_check(j, entries, n, err) != ERR_NONE) {
        return err->code;
    }
    code = journal_draft(j, entries, n, &d, err);
    if (code == ERR_NONE) {
        append.session = &d.index;
        append.drop_seq = d.drop_seq;
        append.inbox_through = inbox_through;
        code = store_append_rows(j->store, &append, err);
    }
    if (code == ERR_NONE) {
        journal_adopt(j, &d);
        j->is_ended = entries[n - 1].kind == RECORD_END;
    }
    buf_done(&d.text);
    return code;
}

enum err_code journal_append(struct journal *j, const struct journal_entry *entries, size_t n,
                             int64_t inbox_through, int64_t *out_seq, struct err *err) {
    enum err_code code;
    int64_t seq;

    (void)pthread_mutex_lock(&j->lock);
    seq = j->chain.seq + 1;
    code = journal_append_locked(j, entries, n, inbox_through, err);
    (void)pthread_mutex_unlock(&j->lock);
    if (code == ERR_NONE && out_seq != NULL) {
        *out_seq = seq;
    }
    return code;
}

/* ---- Taking over what another store wrote ---- */

struct journal_carry {
    struct arena *arena;
    struct store_row *rows;
    struct store_session index;
    struct record_chain chain;
    int64_t drop_seq;
    int64_t first_seq;
};

/* The hex of a header as bytes in the arena; empty where it is none. */
static struct str carry_head(struct arena *arena, const char *hex) {
    size_t n = hex == NULL ? 0 : strlen(hex) / 2;
    char *bytes = arena_alloc(arena, n + 1);
    struct err unread = {0};

    return n > 0 && hex_read(str_from(hex), bytes, n, &unread) == ERR_NONE ? (struct str){bytes, n}
                                                                           : STR("");
}

/* NULL, or what is wrong with the body that came with this header. */
static const char *carry_check_body(const struct journal_record *record, struct str body) {
    if (record->is_sensitive) {
        return "it is encrypted for another store";
    }
    if (body.len == 0) {
        return record->body_len > 0 && record_life_of(record->kind) == LIFE_EVER
                   ? "the body is missing"
                   : NULL;
    }
    return body.len == record->body_len && sha256_eq(sha256_of(body), record->body_hash)
               ? NULL
               : "the body was changed";
}

static enum err_code carry_pack(const struct journal *j, const struct journal_entry *entry,
                                struct journal_carry *c, struct store_row *row, struct err *err) {
    CLEANUP(buf_done) struct buf packed = BUF_INIT(SIZE_MAX / 2);

    if (record_pack(store_crypt(j->store), c->chain.session, row->seq, entry, &packed, err) !=
        ERR_NONE) {
        return err->code;
    }
    row->body = (struct str){arena_str(c->arena, buf_str(&packed)), packed.len};
    return ERR_NONE;
}

/* A newer state takes the body from the older one, as journal_supersede() does. */
static void carry_supersede(struct journal_carry *c) {
    const int64_t old = c->index.state_seq;

    if (old >= c->first_seq) {
        c->rows[old - c->first_seq].body.len = 0;
    } else {
        c->drop_seq = old;
    }
    c->index.state_seq = c->chain.seq;
}

static enum err_code carry_one(const struct journal *j, const json_t *from, struct store_row *row,
                               struct journal_carry *c, struct err *err) {
    struct str text = str_from(json_str_or(from, "body", ""));
    CLEANUP(masked_done) struct masked body = {0};
    struct journal_entry entry = {.body = text.len == 0 ? NULL : &body};
    struct journal_record record;
    const char *reason;

    masked_of_record(text, &body); /* carry_check_body() tells whether it is still that */
    *row = (struct store_row){.seq = c->chain.seq + 1,
                              .head = carry_head(c->arena, json_str_at(from, "head"))};
    reason = record_read(&c->chain, row, &record);
    reason = reason != NULL ? reason : carry_check_body(&record, masked_str(&body));
    if (reason != NULL) {
        return journal_say_bad(c->chain.session, row->seq, reason, err);
    }
    entry.kind = record.kind;
    memcpy(entry.fields, record.fields, sizeof entry.fields);
    if (carry_pack(j, &entry, c, row, err) != ERR_NONE) {
        return err->code;
    }
    if (record_life_of(record.kind) == LIFE_LOG) {
        row->expires_ms = record.ts_ms + limit(LIMIT_TTL_BODY_MS);
    }
    if (record_life_of(record.kind) == LIFE_STATE && row->body.len > 0) {
        carry_supersede(c);
    }
    journal_index(&entry, &c->index);
    c->index.created_ms = record.seq == 1 ? record.ts_ms : c->index.created_ms;
    c->index.updated_ms = record.ts_ms;
    return ERR_NONE;
}

static enum err_code journal_import_locked(struct journal *j, const json_t *records,
                                           struct str project, struct arena *arena,
                                           struct err *err) {
    size_t n = json_array_size(records);
    struct journal_carry c = {.arena = arena,
                              .rows = ARENA_ARRAY(arena, struct store_row, n + 1),
                              .index = j->index,
                              .chain = j->chain,
                              .first_seq = j->chain.seq + 1};
    struct store_append append = {.rows = c.rows, .n = n, .epoch = j->epoch};
    struct journal_draft done = {0};
    struct journal_record last;

    if (n == 0) {
        return ERR_NONE;
    }
    for (size_t i = 0; i < n; i++) {
        if (carry_one(j, json_array_get(records, i), &c.rows[i], &c, err) != ERR_NONE) {
            return err->code;
        }
    }
    c.index.project = project.len > 0 ? project : c.index.project;
    c.index.last_seq = c.chain.seq;
    append.session = &c.index;
    append.drop_seq = c.drop_seq;
    if (store_append_rows(j->store, &append, err) != ERR_NONE) {
        return err->code;
    }
    done.chain = c.chain;
    done.index = c.index;
    journal_adopt(j, &done);
    j->is_ended = record_peek(&c.rows[n - 1], &last) && last.kind == RECORD_END;
    return ERR_NONE;
}

enum err_code journal_import(struct journal *j, const json_t *records, struct str project,
                             struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    enum err_code code;

    (void)pthread_mutex_lock(&j->lock);
    code = journal_import_locked(j, records, project, arena, err);
    (void)pthread_mutex_unlock(&j->lock);
    return code;
}

/* ---- Replaying ---- */

static enum err_code journal_visit_page(struct store *store, struct record_chain *chain,
                                        const struct store_row *rows, size_t n, journal_visit visit,
                                        void *context, struct err *err) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(SIZE_MAX / 2);
    struct journal_record record;
    const char *reason;

    for (size_t i = 0; i < n; i++) {
        reason = record_read(chain, &rows[i], &record);
        if (reason != NULL) {
            return journal_say_bad(chain->session, chain->seq + 1, reason, err);
        }
        if (record_unpack(store_crypt(store), chain->session, &rows[i], &record, &plain, err) !=
            ERR_NONE) {
            return err_prefix(err, "record %lld of session " STR_FMT, (long long)record.seq,
                              STR_ARG(chain->session));
        }
        if (visit(&record, context, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* Sets `chain` to the record before `from_seq`, whose hash is taken as it stands. */
static enum err_code journal_find_start(struct store *store, int64_t from_seq,
                                        struct record_chain *chain, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct journal_record before;
    struct store_row *rows;
    size_t n;

    if (store_read_rows(store, chain->session, from_seq - 1, arena, &rows, &n, err) != ERR_NONE) {
        return err->code;
    }
    if (n == 0 || !record_peek(&rows[0], &before) || before.seq != from_seq - 1) {
        return journal_say_bad(chain->session, from_seq - 1, "it is missing", err);
    }
    chain->seq = before.seq;
    chain->hash = before.hash;
    return ERR_NONE;
}

enum err_code journal_replay(struct store *store, struct str session, int64_t from_seq,
                             journal_visit visit, void *context, struct err *err) {
    struct record_chain chain = record_chain_start(session);
    size_t n = 1;

    if (from_seq > 1 && journal_find_start(store, from_seq, &chain, err) != ERR_NONE) {
        return err->code;
    }
    while (n > 0) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        struct store_row *rows;

        if (store_read_rows(store, session, chain.seq + 1, arena, &rows, &n, err) != ERR_NONE ||
            journal_visit_page(store, &chain, rows, n, visit, context, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (chain.seq == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no session " STR_FMT, STR_ARG(session));
    }
    return ERR_NONE;
}

/* ---- For another store ---- */

void journal_part_done(struct journal_part *part) {
    json_decref(part->records);
    *part = (struct journal_part){0};
}

enum record_kind journal_part_kind(const json_t *row) {
    struct str head = str_from(json_str_or(row, "head", ""));
    unsigned char bytes[2] = {0}; /* form and kind, see record.h */
    struct err unread = {0};

    return hex_read(str_slice(head, 0, 4), bytes, sizeof bytes, &unread) == ERR_NONE &&
                   bytes[1] < RECORD_N
               ? (enum record_kind)bytes[1]
               : RECORD_NONE;
}

static enum err_code export_one(struct store *store, struct record_chain *chain,
                                const struct store_row *row, struct journal_part *part,
                                struct err *err) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(SIZE_MAX / 2);
    CLEANUP(buf_done) struct buf head = BUF_INIT(SIZE_MAX / 2);
    struct journal_record record;
    const char *reason = record_read(chain, row, &record);
    json_t *to;

    if (reason != NULL) {
        return journal_say_bad(chain->session, chain->seq + 1, reason, err);
    }
    if (record.is_sensitive) {
        return err_set(err, ERR_UNSUPPORTED, "record %lld of session " STR_FMT " is encrypted",
                       (long long)record.seq, STR_ARG(chain->session));
    }
    if (record_unpack(store_crypt(store), chain->session, row, &record, &plain, err) != ERR_NONE) {
        return err_prefix(err, "record %lld of session " STR_FMT, (long long)record.seq,
                          STR_ARG(chain->session));
    }
    to = json_object();
    hex_add(&head, row->head.ptr, row->head.len);
    json_put_strn(to, "head", buf_str(&head));
    if (record.body.len > 0) {
        json_put_strn(to, "body", record.body);
    }
    (void)json_array_append_new(part->records, to);
    return ERR_NONE;
}

enum err_code journal_export(struct store *store, struct str session, int64_t from_seq,
                             struct journal_part *out, struct err *err) {
    CLEANUP(journal_part_done) struct journal_part part = {.records = json_array()};
    struct record_chain chain = record_chain_start(session);
    size_t n = 1;

    if (from_seq > 1 && journal_find_start(store, from_seq, &chain, err) != ERR_NONE) {
        return err->code;
    }
    part.from = chain.seq + 1;
    while (n > 0 && json_array_size(part.records) + STORE_PAGE_ROWS <= JOURNAL_PART_MAX) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        struct store_row *rows;

        if (store_read_rows(store, session, chain.seq + 1, arena, &rows, &n, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t i = 0; i < n; i++) {
            if (export_one(store, &chain, &rows[i], &part, err) != ERR_NONE) {
                return err->code;
            }
        }
    }
    part.to = chain.seq;
    part.hash = chain.hash;
    *out = part;
    part = (struct journal_part){0};
    return ERR_NONE;
}

/* ---- Sealing ---- */

enum err_code journal_seal(struct journal *j, struct journal_seal *out, struct err *err) {
    struct journal_seal seal;

    (void)pthread_mutex_lock(&j->lock);
    seal.seq = j->chain.seq;
    seal.hash = j->chain.hash;
    (void)pthread_mutex_unlock(&j->lock);
    if (seal.seq == 0) {
        return err_set(err, ERR_INVALID, "session %s has nothing to seal", j->id);
    }
    if (seal_write(j->store, j->chain.session, &seal, err) != ERR_NONE) {
        return err->code;
    }
    *out = seal;
    return ERR_NONE;
}
