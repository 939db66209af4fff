/* Verifying journals: chain, bodies, seals, index. */
#include "store/journal.h"

#include "base/clock.h"
#include "guard/limits.h"
#include "store/record.h"
#include "store/seal.h"

#include <stdio.h>
#include <string.h>

/* One session under the lens. */
struct verify {
    struct store *store;
    struct record_chain chain;
    struct store_session index; /* as it was when the reading began */
    struct journal_report *report;
    struct journal_seal *seals; /* by seq */
    size_t seal_n;
    size_t seal_at; /* the next one to be met */
    int64_t now_ms;
    int64_t lost_state; /* a state without its body that no newer one has superseded yet */
    struct str phase;   /* the index as the records say it should be */
    struct str status;
    struct arena *arena;
};

static void verify_blame(struct verify *v, int64_t seq, const char *reason) {
    struct journal_report *r = v->report;

    r->is_ok = false;
    r->seq = seq;
    (void)snprintf(r->session, sizeof r->session, STR_FMT, STR_ARG(v->chain.session));
    (void)snprintf(r->reason, sizeof r->reason, "%s", reason);
}

/* A body may be missing only when its kind's life allows it. */
static void verify_body(struct verify *v, const struct journal_record *r) {
    if (r->body_len == 0) {
        return;
    }
    if (record_life_of(r->kind) == LIFE_STATE) {
        v->lost_state = r->has_body ? 0 : r->seq;
    }
    if (r->has_body) {
        return;
    }
    v->report->bodies_dropped++;
    if (record_life_of(r->kind) == LIFE_EVER ||
        (record_life_of(r->kind) == LIFE_LOG && r->ts_ms + limit(LIMIT_TTL_BODY_MS) > v->now_ms)) {
        verify_blame(v, r->seq, "the body is missing");
    }
}

static void verify_seal(struct verify *v, const struct journal_record *r) {
    if (v->seal_at < v->seal_n && v->seals[v->seal_at].seq == r->seq) {
        if (!sha256_eq(v->seals[v->seal_at].hash, r->hash)) {
            verify_blame(v, r->seq, "it is not the record that was sealed");
        }
        v->seal_at++;
    }
}

static void verify_index(struct verify *v, const struct journal_record *r) {
    if (r->kind == RECORD_PHASE) {
        v->phase =
            (struct str){arena_str(v->arena, r->fields[FIELD_PHASE]), r->fields[FIELD_PHASE].len};
    }
    if (r->kind == RECORD_PHASE || r->kind == RECORD_END) {
        v->status =
            (struct str){arena_str(v->arena, r->fields[FIELD_STATUS]), r->fields[FIELD_STATUS].len};
    }
}

static enum err_code verify_row(struct verify *v, const struct store_row *row, struct buf *plain,
                                struct err *err) {
    struct journal_record record;
    const char *reason = record_read(&v->chain, row, &record);
    enum err_code code;

    if (reason != NULL) {
        verify_blame(v, v->chain.seq + 1, reason);
        return ERR_NONE;
    }
    v->report->records++;
    code = record_unpack(store_crypt(v->store), v->chain.session, row, &record, plain, err);
    if (code == ERR_CORRUPT) {
        verify_blame(v, record.seq, err->text);
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        return code;
    }
    verify_body(v, &record);
    verify_seal(v, &record);
    verify_index(v, &record);
    return ERR_NONE;
}

static enum err_code verify_rows(struct verify *v, struct err *err) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(SIZE_MAX / 2);
    size_t n = 1;

    while (n > 0 && v->report->is_ok) {
        CLEANUP(arena_freep) struct arena *page = arena_new();
        struct store_row *rows;

        if (store_read_rows(v->store, v->chain.session, v->chain.seq + 1, page, &rows, &n, err) !=
            ERR_NONE) {
            return err->code;
        }
        for (size_t i = 0; i < n && v->report->is_ok; i++) {
            if (verify_row(v, &rows[i], &plain, err) != ERR_NONE) {
                return err->code;
            }
        }
    }
    return ERR_NONE;
}

/* What can be said only once the last record was met. */
static void verify_end(struct verify *v) {
    const int64_t seq = v->chain.seq;
    const bool is_still = seq == v->index.last_seq; /* nobody has appended meanwhile */

    if (seq < v->index.last_seq) {
        verify_blame(v, seq + 1, "the record is missing");
    } else if (v->lost_state != 0) {
        verify_blame(v, v->lost_state, "the body is missing");
    } else if (v->seal_at < v->seal_n) {
        verify_blame(v, v->seals[v->seal_at].seq, "the record was sealed and is missing");
    } else if (is_still &&
               (!str_eq(v->phase, v->index.phase) || !str_eq(v->status, v->index.status))) {
        verify_blame(v, 0, "the index of sessions says another phase or status than the records");
    }
}

static enum err_code verify_session(struct store *store, const struct store_session *session,
                                    struct journal_report *report, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct verify v = {.store = store,
                       .chain = record_chain_start(session->id),
                       .index = *session,
                       .report = report,
                       .now_ms = clock_now_ms(),
                       .arena = arena};
    int64_t bad_seq;

    report->sessions++;
    if (seal_read_all(store, session->id, arena, &v.seals, &v.seal_n, &bad_seq, err) != ERR_NONE) {
        return err->code;
    }
    report->seals += v.seal_n;
    if (verify_rows(&v, err) != ERR_NONE) {
        return err->code;
    }
    if (report->is_ok) {
        verify_end(&v);
    }
    if (report->is_ok && bad_seq != 0) {
        verify_blame(&v, bad_seq, "its seal was not made with this install key");
    }
    return ERR_NONE;
}

static enum err_code verify_one(struct store *store, struct str session,
                                struct journal_report *report, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row;

    if (store_get_session(store, session, arena, &row, err) != ERR_NONE) {
        return err->code;
    }
    if (row == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no session " STR_FMT, STR_ARG(session));
    }
    return verify_session(store, row, report, err);
}

struct verify_all {
    struct store *store;
    struct journal_report *report;
};

static enum err_code verify_visit(const struct store_session *session, void *context,
                                  struct err *err) {
    struct verify_all *all = context;

    return all->report->is_ok ? verify_session(all->store, session, all->report, err) : ERR_NONE;
}

enum err_code journal_verify(struct store *store, struct str session, struct journal_report *out,
                             struct err *err) {
    struct journal_report report = {.is_ok = true};
    struct verify_all all = {.store = store, .report = &report};
    enum err_code code = session.len > 0 ? verify_one(store, session, &report, err)
                                         : store_visit_sessions(store, &(struct store_sessions){0},
                                                                verify_visit, &all, err);

    if (code == ERR_NONE) {
        *out = report;
    }
    return code;
}
