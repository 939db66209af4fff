/* Grammar, ceilings, encryption and the meaning of a lease, above any backend. */
#include "store/store.h"

#include "base/clock.h"
#include "guard/limits.h"
#include "guard/redact/redact.h"
#include "store/backend.h"
#include "store/pack.h"
#include "sys/fs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SWAP_TRIES = 8 };

struct store {
    const struct store_ops *ops;
    void *back;
    struct crypt *crypt;
    pthread_mutex_t lock; /* around every op: a backend sees one call at a time */
};

/* Runs one op of the backend under the lock. */
#define STORE_CALL(store, op, ...)                                                                 \
    __extension__({                                                                                \
        enum err_code code_;                                                                       \
        (void)pthread_mutex_lock(&(store)->lock);                                                  \
        code_ = (store)->ops->op((store)->back, __VA_ARGS__);                                      \
        (void)pthread_mutex_unlock(&(store)->lock);                                                \
        code_;                                                                                     \
    })

/* ---- Grammar ---- */

static bool store_is_id(struct str id) {
    static const char others[] = "._:/@+=,-";

    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!is_word && (c == '\0' || strchr(others, c) == NULL)) {
            return false;
        }
    }
    return id.len <= STORE_ID_MAX;
}

enum err_code store_check_id(const char *what, struct str id, struct err *err) {
    if (id.len == 0 || !store_is_id(id)) {
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a valid %s", STR_ARG(id), what);
    }
    return ERR_NONE;
}

/* ---- Opening ---- */

enum err_code store_open(const struct store_ops *ops, const char *dir, struct store **out,
                         struct err *err) {
    CLEANUP(store_closep) struct store *store = mem_alloc(sizeof *store);
    CLEANUP(freep) char *key = dir == NULL ? NULL : fs_join(dir, "install.key");

    store->ops = ops;
    store->crypt = crypt_new(key);
    (void)pthread_mutex_init(&store->lock, NULL);
    if (dir != NULL && fs_mkdirs(dir, 0700, err) != ERR_NONE) {
        return err->remedy[0] != '\0'
                   ? err->code
                   : err_remedy(err, "set XDG_STATE_HOME to a folder that can be written");
    }
    if (ops->open(dir, &store->back, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(store);
    return ERR_NONE;
}

void store_close(struct store *store) {
    if (store == NULL) {
        return;
    }
    store->ops->close(store->back);
    crypt_free(store->crypt);
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

void store_closep(struct store **store) {
    store_close(*store);
    *store = NULL;
}

struct crypt *store_crypt(struct store *store) {
    return store->crypt;
}

enum err_code store_check(struct store *store, struct err *err) {
    return STORE_CALL(store, check, err);
}

enum err_code store_backup(struct store *store, const char *path, struct err *err) {
    return STORE_CALL(store, backup, path, err);
}

enum err_code store_restore(struct store *store, const char *path, struct err *err) {
    return STORE_CALL(store, restore, path, err);
}

enum err_code store_purge(struct store *store, int64_t now_ms, size_t *out_n, struct err *err) {
    size_t n = 0;

    if (STORE_CALL(store, purge, now_ms, &n, err) != ERR_NONE) {
        return err->code;
    }
    if (out_n != NULL) {
        *out_n = n;
    }
    return ERR_NONE;
}

enum err_code store_mac(struct store *store, struct str purpose, struct str message,
                        struct sha256 *out, struct err *err) {
    return crypt_mac(store->crypt, purpose, message, out, err);
}

/* ---- Documents ---- */

/* Encrypted documents are bound to their place. */
static void store_bind_doc(const char *collection, struct str id, struct buf *aad) {
    buf_addf(aad, "doc|%s|", collection);
    buf_add(aad, id);
}

static enum err_code store_check_put(const struct store_put *put, struct err *err) {
    const size_t max = (size_t)limit(LIMIT_DOCUMENT_BYTES);

    if (store_check_id("collection", str_from(put->collection), err) != ERR_NONE ||
        store_check_id("document id", put->id, err) != ERR_NONE) {
        return err->code;
    }
    if (!store_is_id(put->key)) {
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a valid key", STR_ARG(put->key));
    }
    if (masked_str(put->body).len > max) {
        return err_set(err, ERR_TOO_LARGE,
                       "the document %s/" STR_FMT " has %zu bytes, %zu is the limit",
                       put->collection, STR_ARG(put->id), masked_str(put->body).len, max);
    }
    return ERR_NONE;
}

static enum err_code store_write_doc(struct store *store, const struct store_put *put,
                                     struct str body, bool is_once, bool *out_written,
                                     struct err *err) {
    CLEANUP(buf_done) struct buf packed = BUF_INIT(SIZE_MAX / 2);
    CLEANUP(buf_done) struct buf aad = BUF_INIT(4 * STORE_ID_MAX);
    struct store_blob blob = {
        .collection = put->collection,
        .is_once = is_once,
        .doc = {.id = put->id,
                .key = put->key,
                .updated_ms = clock_now_ms(),
                .expires_ms = put->expires_ms},
    };

    store_bind_doc(put->collection, put->id, &aad);
    if (pack_body(body, put->flags == STORE_SENSITIVE ? store->crypt : NULL, buf_str(&aad), &packed,
                  err) != ERR_NONE) {
        return err->code;
    }
    blob.doc.body = buf_str(&packed);
    return STORE_CALL(store, put_doc, &blob, out_written, err);
}

enum err_code store_put_doc(struct store *store, const struct store_put *put, struct err *err) {
    bool is_written = false;

    if (store_check_put(put, err) != ERR_NONE ||
        store_write_doc(store, put, masked_str(put->body), false, &is_written, err) != ERR_NONE) {
        return err->code;
    }
    if (!is_written) {
        return err_set(err, ERR_CONFLICT, "%s/" STR_FMT " was written once and for all",
                       put->collection, STR_ARG(put->id));
    }
    return ERR_NONE;
}

enum err_code store_put_once(struct store *store, const struct store_put *put, bool *out_existed,
                             struct err *err) {
    bool is_written = false;

    if (store_check_put(put, err) != ERR_NONE ||
        store_write_doc(store, put, masked_str(put->body), true, &is_written, err) != ERR_NONE) {
        return err->code;
    }
    *out_existed = !is_written;
    return ERR_NONE;
}

enum err_code store_put_seal(struct store *store, const char *collection, struct str id,
                             struct str body, struct err *err) {
    const struct store_put put = {.collection = collection, .id = id, .key = id};
    bool is_written;

    return store_write_doc(store, &put, body, true, &is_written, err);
}

/* Replaces the packed body by the plain one, in the arena. */
static enum err_code store_unpack_doc(struct store *store, const char *collection,
                                      struct store_doc *doc, struct arena *arena, struct err *err) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(SIZE_MAX / 2);
    CLEANUP(buf_done) struct buf aad = BUF_INIT(4 * STORE_ID_MAX);

    if (doc->body.len == 0) {
        return ERR_NONE;
    }
    store_bind_doc(collection, doc->id, &aad);
    if (unpack_body(doc->body, store->crypt, buf_str(&aad), &plain, err) != ERR_NONE) {
        return err_prefix(err, "%s/" STR_FMT, collection, STR_ARG(doc->id));
    }
    doc->body = (struct str){arena_str(arena, buf_str(&plain)), plain.len};
    return ERR_NONE;
}

enum err_code store_get_doc(struct store *store, const char *collection, struct str id,
                            struct arena *arena, const struct store_doc **out, struct err *err) {
    struct store_doc *doc = NULL;

    if (STORE_CALL(store, get_doc, collection, id, clock_now_ms(), arena, &doc, err) != ERR_NONE) {
        return err->code;
    }
    if (doc != NULL && store_unpack_doc(store, collection, doc, arena, err) != ERR_NONE) {
        return err->code;
    }
    *out = doc;
    return ERR_NONE;
}

static size_t store_limit(size_t asked) {
    return asked == 0 || asked > STORE_FIND_MAX ? STORE_FIND_MAX : asked;
}

enum err_code store_find_docs(struct store *store, const struct store_find *find,
                              struct arena *arena, const struct store_doc **out, size_t *out_n,
                              struct err *err) {
    struct store_find bounded = *find;
    struct store_doc *docs = NULL;
    size_t n = 0;

    bounded.limit = store_limit(find->limit);
    if (!store_is_id(find->key_prefix)) {
        return err_set(err, ERR_INVALID, "'" STR_FMT "' is not a valid key",
                       STR_ARG(find->key_prefix));
    }
    if (STORE_CALL(store, find_docs, &bounded, clock_now_ms(), arena, &docs, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (store_unpack_doc(store, find->collection, &docs[i], arena, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = docs;
    *out_n = n;
    return ERR_NONE;
}

enum err_code store_delete_doc(struct store *store, const char *collection, struct str id,
                               struct err *err) {
    return STORE_CALL(store, delete_doc, collection, id, err);
}

/* ---- Sessions and their rows ---- */

enum err_code store_list_sessions(struct store *store, const struct store_sessions *find,
                                  struct arena *arena, const struct store_session **out,
                                  size_t *out_n, struct err *err) {
    struct store_sessions bounded = *find;
    struct store_session *sessions = NULL;
    size_t n = 0;

    bounded.limit = store_limit(find->limit);
    if (STORE_CALL(store, list_sessions, &bounded, arena, &sessions, &n, err) != ERR_NONE) {
        return err->code;
    }
    *out = sessions;
    *out_n = n;
    return ERR_NONE;
}

enum err_code store_visit_sessions(struct store *store, const struct store_sessions *find,
                                   store_session_visit visit, void *context, struct err *err) {
    struct store_sessions page = *find;
    char after[STORE_ID_MAX + 1];
    size_t n = 1;

    while (n > 0) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        const struct store_session *rows = NULL;

        if (store_list_sessions(store, &page, arena, &rows, &n, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t i = 0; i < n; i++) {
            if (visit(&rows[i], context, err) != ERR_NONE) {
                return err->code;
            }
        }
        if (n > 0) {
            (void)snprintf(after, sizeof after, STR_FMT, STR_ARG(rows[n - 1].id));
            page.after = str_from(after);
        }
    }
    return ERR_NONE;
}

enum err_code store_get_session(struct store *store, struct str id, struct arena *arena,
                                const struct store_session **out, struct err *err) {
    struct store_session *session = NULL;

    if (STORE_CALL(store, get_session, id, arena, &session, err) != ERR_NONE) {
        return err->code;
    }
    *out = session;
    return ERR_NONE;
}

enum err_code store_append_rows(struct store *store, const struct store_append *append,
                                struct err *err) {
    return STORE_CALL(store, append, append, err);
}

enum err_code store_read_rows(struct store *store, struct str session, int64_t from_seq,
                              struct arena *arena, struct store_row **out, size_t *out_n,
                              struct err *err) {
    return STORE_CALL(store, read_rows, session, from_seq, arena, out, out_n, err);
}

/* ---- Leases ---- */

enum err_code store_read_lease(struct store *store, struct str name, struct store_lease *out,
                               struct err *err) {
    if (store_check_id("lease name", name, err) != ERR_NONE) {
        return err->code;
    }
    return STORE_CALL(store, read_lease, name, out, err);
}

enum err_code store_swap_lease(struct store *store, const struct store_lease *was,
                               const struct store_lease *next, bool *out_swapped, struct err *err) {
    return STORE_CALL(store, swap_lease, was, next, out_swapped, err);
}

static enum err_code store_say_held(const struct store_lease *lease, struct err *err) {
    const char *host = lease->owner.host;

    err_set(err, ERR_LOCKED, "%s is held by process %lld on %.*s", lease->name,
            (long long)lease->owner.pid, (int)strcspn(host, "/"), host);
    return err_remedy(err, "wait for it to end, or for %lld seconds after it has died",
                      (long long)(limit(LIMIT_LEASE_MS) / 1000));
}

enum err_code store_take_lease(struct store *store, struct str name, int64_t ttl_ms,
                               struct store_lease *out, struct err *err) {
    struct store_lease was = {{0}};
    struct store_lease next;
    bool is_swapped = false;

    for (int i = 0; i < SWAP_TRIES; i++) {
        if (store_read_lease(store, name, &was, err) != ERR_NONE) {
            return err->code;
        }
        if (store_lease_is_held(&was, clock_now_ms())) {
            return store_say_held(&was, err);
        }
        next = was;
        next.epoch = was.epoch + 1;
        next.owner = store_owner_self();
        next.expires_ms = clock_now_ms() + ttl_ms;
        if (store_swap_lease(store, &was, &next, &is_swapped, err) != ERR_NONE) {
            return err->code;
        }
        if (is_swapped) {
            *out = next;
            return ERR_NONE;
        }
    }
    return store_say_held(&was, err);
}

/* Writes `next` over our own `lease`; says whether it still was ours. */
static enum err_code store_change_own(struct store *store, struct store_lease *lease,
                                      const struct store_lease *next, bool *out_swapped,
                                      struct err *err) {
    if (store_swap_lease(store, lease, next, out_swapped, err) != ERR_NONE) {
        return err->code;
    }
    if (*out_swapped) {
        *lease = *next;
    }
    return ERR_NONE;
}

enum err_code store_renew_lease(struct store *store, struct store_lease *lease, int64_t ttl_ms,
                                struct err *err) {
    struct store_lease next = *lease;
    bool is_swapped = false;

    next.expires_ms = clock_now_ms() + ttl_ms;
    if (store_change_own(store, lease, &next, &is_swapped, err) != ERR_NONE) {
        return err->code;
    }
    if (!is_swapped) {
        return err_set(err, ERR_STALE, "another process has taken over %s", lease->name);
    }
    return ERR_NONE;
}

enum err_code store_release_lease(struct store *store, struct store_lease *lease, struct err *err) {
    struct store_lease next = *lease;
    bool is_swapped = false;

    next.owner = (struct store_owner){{0}};
    next.expires_ms = 0;
    return store_change_own(store, lease, &next, &is_swapped, err);
}

/* ---- Cells and inbox ---- */

enum err_code store_update_cell(struct store *store, struct str name,
                                void (*update)(int64_t cell[STORE_CELL_N], void *context),
                                void *context, struct err *err) {
    if (store_check_id("cell name", name, err) != ERR_NONE) {
        return err->code;
    }
    return STORE_CALL(store, update_cell, name, update, context, err);
}

enum err_code store_put_message(struct store *store, struct str session, const struct masked *body,
                                struct err *err) {
    CLEANUP(buf_done) struct buf packed = BUF_INIT(SIZE_MAX / 2);
    struct store_message message = {.ts_ms = clock_now_ms()};

    if (store_check_id("session id", session, err) != ERR_NONE) {
        return err->code;
    }
    if (masked_str(body).len > (size_t)limit(LIMIT_RECORD_BYTES)) {
        return err_set(err, ERR_TOO_LARGE, "a message has %zu bytes, %lld is the limit",
                       masked_str(body).len, (long long)limit(LIMIT_RECORD_BYTES));
    }
    if (pack_body(masked_str(body), NULL, STR(""), &packed, err) != ERR_NONE) {
        return err->code;
    }
    message.body = buf_str(&packed);
    return STORE_CALL(store, put_message, session, &message, err);
}

enum err_code store_read_inbox(struct store *store, struct str session, struct arena *arena,
                               const struct store_message **out, size_t *out_n, struct err *err) {
    struct store_message *messages = NULL;
    size_t n = 0;

    if (STORE_CALL(store, read_inbox, session, arena, &messages, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        CLEANUP(buf_done) struct buf plain = BUF_INIT(SIZE_MAX / 2);

        if (messages[i].body.len > 0 &&
            unpack_body(messages[i].body, NULL, STR(""), &plain, err) != ERR_NONE) {
            return err->code;
        }
        messages[i].body = (struct str){arena_str(arena, buf_str(&plain)), plain.len};
    }
    *out = messages;
    *out_n = n;
    return ERR_NONE;
}
