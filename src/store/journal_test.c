/* The journal: chain, fencing, states, seals, verification; killed, out of room, damaged, forged.
 */
#include "store/journal.h"

#include "base/clock.h"
#include "guard/limits.h"
#include "store/record.h"
#include "support/store_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- What is written is what is read ---- */

static enum err_code check_all_fields(const struct journal_record *r, void *context,
                                      struct err *err) {
    const struct journal_entry *e = context;

    (void)err;
    if (r->seq == 2) {
        assert_int_equal(r->kind, e->kind);
        assert_int_equal(r->call, e->call);
        assert_true(r->is_sensitive);
        assert_true(r->has_body);
        assert_true(str_eq(r->body, masked_str(e->body)));
        assert_int_equal(r->epoch, 1);
        assert_true(clock_now_ms() - r->ts_ms < 60000);
        for (size_t i = 0; i < FIELD_N; i++) {
            if (!str_eq(r->fields[i], e->fields[i])) {
                fail_msg("field %s", record_field_name((enum record_field)i));
            }
        }
    }
    return ERR_NONE;
}

static void every_kind_and_field_is_read_as_it_was_written(void **state) {
    struct fixture *f = *state;
    const struct journal_entry first = fixture_first();
    struct masked body = fixture_mask(f, "{\"a\":[1,2,3]}");
    int n = 0;

    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_N; kind++) {
        struct journal_entry e = {.kind = kind, .is_sensitive = true, .call = 300, .body = &body};
        struct store_lease lease;
        struct journal *j;
        char id[32];

        if (kind == RECORD_SESSION) {
            continue;
        }
        (void)snprintf(id, sizeof id, "kind/%d", n++);
        j = fixture_journal(f, id, &lease);
        for (size_t i = 0; i < FIELD_N; i++) {
            e.fields[i] = i == FIELD_DIGEST ? STR("0123456789abcdef0123456789abcdef"
                                                  "0123456789abcdef0123456789abcdef")
                                            : STR("some-word_1.2");
        }
        MUST(journal_append(j, &first, 1, 0, NULL, &err));
        MUST(journal_append(j, &e, 1, 0, NULL, &err));
        MUST(journal_replay(f->store, str_from(id), 1, check_all_fields, &e, &err));
        journal_close(j);
    }
    fixture_assert_verified(f, "");
    masked_done(&body);
}

/* The bytes at rest are kept for years: this hash was computed from docs/journal.md and the numbers
 * of record.def by a program in another language. */
static void the_form_of_a_record_never_changes(void **state) {
    struct fixture *f = *state;
    struct record_chain chain = record_chain_start(STR("s/1"));
    struct masked body = fixture_mask(f, "{\"n\":1}");
    struct journal_entry e = fixture_result(300, &body);
    struct buf out = BUF_INIT(1000);

    e.is_sensitive = true;
    e.fields[FIELD_AGENT] = STR("");
    e.fields[FIELD_DIGEST] =
        STR("0000000000000000000000000000000000000000000000000000000000000000");
    record_write(&chain, &e, 1795532773123, 7, &out);
    assert_int_equal(out.len, 134 + SHA256_BYTES);
    assert_string_equal(sha256_hex(chain.hash).text,
                        "5d3a6dc92735543517ca15b946c45dd1077db52ae43b8944f728e33f6bb8f81f");
    assert_string_equal(sha256_hex(sha256_of(buf_str(&out))).text,
                        "b742c7831a06865cca008022aa863c4540e51f8f7ea8338ba931545411f0237c");
    assert_int_equal(RECORD_END, 10);
    buf_done(&out);
    masked_done(&body);
}

static void an_encrypted_body_opens_in_its_own_place_only(void **state) {
    struct fixture *f = *state;
    struct crypt *crypt = store_crypt(f->store);
    struct masked body = fixture_mask(f, "private");
    const struct journal_entry e = {.kind = RECORD_NOTE, .is_sensitive = true, .body = &body};
    struct journal_record r = {
        .seq = 5, .has_body = true, .body_len = 7, .body_hash = sha256_of(STR("private"))};
    struct buf packed = BUF_INIT(1000);
    struct buf plain = BUF_INIT(1000);
    struct store_row row = {.seq = 5};
    struct err why = {0};

    MUST(record_pack(crypt, STR("s"), 5, &e, &packed, &err));
    row.body = buf_str(&packed);
    MUST(record_unpack(crypt, STR("s"), &row, &r, &plain, &err));
    assert_true(str_eq(r.body, STR("private")));
    assert_int_equal(record_unpack(crypt, STR("t"), &row, &r, &plain, &why), ERR_CORRUPT);
    r.seq = 6;
    assert_int_equal(record_unpack(crypt, STR("s"), &row, &r, &plain, &why), ERR_CORRUPT);
    buf_done(&packed);
    buf_done(&plain);
    masked_done(&body);
}

/* clang-format off */
static const struct {
    enum record_field field;
    const char *value;
    bool is_valid;
} grammar[] = {
    /* field          value                            valid */
    { FIELD_OP,       "put_secret",                    true  },
    { FIELD_OP,       "Put",                           false },
    { FIELD_OP,       "put secret",                    false },
    { FIELD_OP,       "a/b",                           false },
    { FIELD_SUBJECT,  "arn:aws:iam::000000000000:role/x", true },
    { FIELD_SUBJECT,  "two words",                     false },
    { FIELD_SUBJECT,  "line\n",                        false },
    { FIELD_SUBJECT,  "\xc3\xa4",                      false },
    { FIELD_DIGEST,   "abc",                           false },
    { FIELD_DIGEST,   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeF", false },
    { FIELD_DIGEST,   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true },
};
/* clang-format on */

static void fields_keep_their_grammar(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    const struct journal_entry first = fixture_first();

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    for (size_t i = 0; i < ARRAY_N(grammar); i++) {
        struct journal_entry e = {.kind = RECORD_NOTE};
        struct err err = {0};

        e.fields[grammar[i].field] = str_from(grammar[i].value);
        if ((journal_append(j, &e, 1, 0, NULL, &err) == ERR_NONE) != grammar[i].is_valid) {
            fail_msg("%s '%s': %s", record_field_name(grammar[i].field), grammar[i].value,
                     err.text);
        }
    }
    journal_close(j);
}

static void every_kind_asks_for_its_fields(void **state) {
    static const char *const must[RECORD_N] = {
        [RECORD_SESSION] = "kind",    [RECORD_PHASE] = "phase", [RECORD_INTENT] = "tool",
        [RECORD_RESULT] = "tool",     [RECORD_QUESTION] = NULL, [RECORD_ANSWER] = NULL,
        [RECORD_VERDICT] = "outcome", [RECORD_NOTE] = NULL,     [RECORD_APPROVAL] = "digest",
        [RECORD_END] = "status",
    };
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);

    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_N; kind++) {
        const struct journal_entry first = fixture_first();
        const struct journal_entry bare = {.kind = kind};
        char want[64];
        struct err why = {0};

        if (kind == RECORD_PHASE) { /* after the bare SESSION was refused */
            MUST(journal_append(j, &first, 1, 0, NULL, &err));
        }
        (void)snprintf(want, sizeof want, "lacks the field %s", must[kind]);
        if ((journal_append(j, &bare, 1, 0, NULL, &why) == ERR_NONE) != (must[kind] == NULL) ||
            (must[kind] != NULL && strstr(why.text, want) == NULL)) {
            fail_msg("%s: %s", record_name(kind), why.text);
        }
    }
    journal_close(j);
}

static void a_journal_begins_with_its_session_and_stops_at_its_end(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE};
    const struct journal_entry end = {.kind = RECORD_END, .fields = {[FIELD_STATUS] = STR("done")}};
    const struct journal_entry past_end[] = {end, note};
    struct err why = {0};

    assert_int_equal(journal_append(j, &note, 1, 0, NULL, &why), ERR_INVALID);
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    assert_int_equal(journal_append(j, &first, 1, 0, NULL, &why), ERR_INVALID);
    assert_int_equal(journal_append(j, past_end, 2, 0, NULL, &why), ERR_INVALID);
    assert_int_equal(journal_last_seq(j), 1);
    MUST(journal_append(j, &end, 1, 0, NULL, &err));
    assert_int_equal(journal_append(j, &note, 1, 0, NULL, &why), ERR_INVALID);
    journal_close(j);
    MUST(journal_open(f->store, &lease, &j, &err));
    assert_int_equal(journal_append(j, &note, 1, 0, NULL, &why), ERR_INVALID);
    journal_close(j);
}

static void a_body_over_the_limit_is_refused(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    const size_t max = (size_t)limit(LIMIT_RECORD_BYTES);
    char *text = mem_alloc(max + 2);
    const struct journal_entry first = fixture_first();
    struct journal_entry note = {.kind = RECORD_NOTE};
    struct masked body;
    struct err why = {0};

    for (size_t i = 0; i < max + 1; i++) {
        text[i] = " \n"[i % 2];
    }
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    body = fixture_mask(f, text);
    note.body = &body;
    assert_int_equal(journal_append(j, &note, 1, 0, NULL, &why), ERR_TOO_LARGE);
    masked_done(&body);
    text[max] = '\0';
    body = fixture_mask(f, text);
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    fixture_assert_verified(f, "s");
    masked_done(&body);
    journal_close(j);
    free(text);
}

static void the_session_row_follows_the_records(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row = NULL;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, "state");
    const struct journal_entry first = fixture_first();
    const struct journal_entry phase = fixture_phase("plan", &body);
    const struct journal_entry end = {.kind = RECORD_END, .fields = {[FIELD_STATUS] = STR("done")}};
    int64_t seq = 0;

    MUST(store_get_session(f->store, STR("s"), arena, &row, &err));
    assert_null(row);
    MUST(journal_append(j, &first, 1, 0, &seq, &err));
    assert_int_equal(seq, 1);
    MUST(journal_append(j, &phase, 1, 0, &seq, &err));
    assert_int_equal(seq, 2);
    MUST(store_get_session(f->store, STR("s"), arena, &row, &err));
    assert_true(str_eq(row->kind, STR("deploy")) && str_eq(row->project, STR("todo")));
    assert_true(str_eq(row->phase, STR("plan")) && str_eq(row->status, STR("running")));
    assert_int_equal(row->last_seq, 2);
    assert_int_equal(row->state_seq, 2);
    assert_true(row->updated_ms >= row->created_ms && row->created_ms > 0);
    MUST(journal_append(j, &end, 1, 0, NULL, &err));
    MUST(store_get_session(f->store, STR("s"), arena, &row, &err));
    assert_true(str_eq(row->phase, STR("plan")) && str_eq(row->status, STR("done")));
    journal_close(j);
    masked_done(&body);
}

static void a_newer_state_takes_the_body_of_the_older_one(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked one = fixture_mask(f, "one");
    struct masked two = fixture_mask(f, "two");
    struct masked three = fixture_mask(f, "three");
    const struct journal_entry first = fixture_first();
    const struct journal_entry steps[] = {fixture_phase("plan", &one),
                                          fixture_phase("review", &two)};
    const struct journal_entry last[] = {fixture_phase("wait", &three),
                                         fixture_phase("wait", NULL)};
    struct seen s;

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(journal_append(j, steps, 2, 0, NULL, &err));
    fixture_replay(f, "s", &s);
    assert_string_equal(s.text, "session: phase: phase:two");
    MUST(journal_append(j, last, 2, 0, NULL, &err)); /* the second brings no state */
    fixture_replay(f, "s", &s);
    assert_string_equal(s.text, "session: phase: phase: phase:three phase:");
    fixture_assert_verified(f, "s");
    assert_int_equal(fixture_verify(f, "s").bodies_dropped, 2);
    journal_close(j);
    masked_done(&one);
    masked_done(&two);
    masked_done(&three);
}

static void logs_lose_their_bodies_after_ninety_days_and_decisions_do_not(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, "text");
    const struct journal_entry first = fixture_first();
    const struct journal_entry both[] = {{.kind = RECORD_NOTE, .body = &body},
                                         {.kind = RECORD_ANSWER, .body = &body}};
    const int64_t now_ms = clock_now_ms();
    size_t n = 9;
    struct seen s;

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(journal_append(j, both, 2, 0, NULL, &err));
    MUST(store_purge(f->store, now_ms + limit(LIMIT_TTL_BODY_MS) - 3600 * 1000, &n, &err));
    assert_int_equal(n, 0);
    MUST(store_purge(f->store, now_ms + limit(LIMIT_TTL_BODY_MS) + 3600 * 1000, &n, &err));
    assert_int_equal(n, 1);
    fixture_replay(f, "s", &s);
    assert_string_equal(s.text, "session: note: answer:text");
    /* Only the clock lets verify tell a purge from a theft: these 90 days have not passed. */
    assert_string_equal(fixture_verify(f, "s").reason, "the body is missing");
    assert_int_equal(fixture_verify(f, "s").seq, 2);
    journal_close(j);
    masked_done(&body);
}

static void a_replay_may_begin_anywhere_and_stop_anywhere(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct seen s = {0};
    struct err why = {0};

    fixture_write(f, "s", &lease);
    MUST(journal_replay(f->store, STR("s"), 7, fixture_see, &s, &err));
    assert_string_equal(s.text, "phase:{\"step\":3,\"of\":\"s\"} note:");
    memset(&s, 0, sizeof s);
    MUST(journal_replay(f->store, STR("s"), 9, fixture_see, &s, &err));
    assert_int_equal(s.n, 0);
    assert_int_equal(journal_replay(f->store, STR("none"), 1, fixture_see, &s, &why),
                     ERR_NOT_FOUND);
}

static enum err_code stop_at_three(const struct journal_record *r, void *context, struct err *err) {
    ++*(int *)context;
    return r->seq == 3 ? err_set(err, ERR_CANCELLED, "enough") : ERR_NONE;
}

static enum err_code append_once(const struct journal_record *r, void *context, struct err *err) {
    const struct journal_entry note = {.kind = RECORD_NOTE};

    return r->seq == 1 ? journal_append(context, &note, 1, 0, NULL, err) : ERR_NONE;
}

static void a_visitor_may_stop_the_replay_and_may_append(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j;
    struct err why = {0};
    int n = 0;

    fixture_write(f, "s", &lease);
    assert_int_equal(journal_replay(f->store, STR("s"), 1, stop_at_three, &n, &why), ERR_CANCELLED);
    assert_int_equal(n, 3);
    MUST(journal_open(f->store, &lease, &j, &err));
    MUST(journal_replay(f->store, STR("s"), 1, append_once, j, &err));
    assert_int_equal(journal_last_seq(j), 9);
    journal_close(j);
    fixture_assert_verified(f, "s");
}

static void a_long_journal_is_read_in_pages(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    const struct journal_entry first = fixture_first();
    struct journal_entry notes[JOURNAL_APPEND_MAX];
    struct journal_report r;

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    for (size_t i = 0; i < ARRAY_N(notes); i++) {
        notes[i] = (struct journal_entry){.kind = RECORD_NOTE};
    }
    for (int i = 0; i < 12; i++) {
        MUST(journal_append(j, notes, ARRAY_N(notes), 0, NULL, &err));
    }
    r = fixture_verify(f, "s");
    assert_true(r.is_ok);
    assert_int_equal(r.records, 1 + 12 * ARRAY_N(notes));
    journal_close(j);
}

/* ---- Fencing ---- */

static void an_owner_that_lost_its_lease_cannot_append(void **state) {
    struct fixture *f = *state;
    struct store_lease old;
    struct store_lease new;
    struct journal *j;
    struct journal *taken;
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE};
    struct err why = {0};

    MUST(store_take_lease(f->store, STR("s"), 1, &old, &err));
    MUST(journal_open(f->store, &old, &j, &err));
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    clock_sleep_ms(3);
    MUST(journal_append(j, &note, 1, 0, NULL, &err)); /* expired, but nobody else has come */
    taken = fixture_journal(f, "s", &new);
    assert_int_equal(journal_append(j, &note, 1, 0, NULL, &why), ERR_STALE);
    MUST(journal_append(taken, &note, 1, 0, NULL, &err));
    assert_int_equal(journal_append(j, &note, 1, 0, NULL, &why), ERR_STALE);
    assert_int_equal(fixture_verify(f, "s").records, 3);
    fixture_assert_verified(f, "s");
    journal_close(j);
    journal_close(taken);
}

static void a_chain_never_forks(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct journal *twin;
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE};
    struct err why = {0};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(journal_open(f->store, &lease, &twin, &err));
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    assert_int_equal(journal_append(twin, &note, 1, 0, NULL, &why), ERR_STALE);
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    assert_int_equal(journal_last_seq(twin), 1);
    assert_int_equal(fixture_verify(f, "s").records, 3);
    fixture_assert_verified(f, "s");
    journal_close(j);
    journal_close(twin);
}

static void an_append_without_a_lease_is_refused(void **state) {
    struct fixture *f = *state;
    struct store_lease none = {.name = "s", .epoch = 1};
    struct journal *j;
    const struct journal_entry first = fixture_first();
    struct err why = {0};

    MUST(journal_open(f->store, &none, &j, &err));
    assert_int_equal(journal_append(j, &first, 1, 0, NULL, &why), ERR_STALE);
    journal_close(j);
}

static void one_bad_record_keeps_all_of_its_append_out(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    const struct journal_entry first = fixture_first();
    const struct journal_entry bad[] = {{.kind = RECORD_NOTE}, {.kind = RECORD_INTENT}};
    struct err why = {0};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    assert_int_equal(journal_append(j, bad, 2, 0, NULL, &why), ERR_INVALID);
    assert_int_equal(fixture_verify(f, "s").records, 1);
    MUST(journal_append(j, bad, 1, 0, NULL, &err));
    journal_close(j);
}

static void recording_a_message_takes_it_out_of_the_inbox(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, "yes");
    const struct journal_entry first = fixture_first();
    const struct journal_entry bad = {.kind = RECORD_INTENT};
    const struct journal_entry answer = {.kind = RECORD_ANSWER, .body = &body};
    const struct store_message *m = NULL;
    size_t n = 0;
    int64_t number;
    struct err why = {0};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(store_put_message(f->store, STR("s"), &body, &err));
    MUST(store_put_message(f->store, STR("other"), &body, &err));
    MUST(store_put_message(f->store, STR("s"), &body, &err));
    MUST(store_read_inbox(f->store, STR("s"), arena, &m, &n, &err));
    assert_int_equal(n, 2);
    number = m[0].number;
    assert_int_equal(journal_append(j, &bad, 1, number, NULL, &why), ERR_INVALID);
    MUST(store_read_inbox(f->store, STR("s"), arena, &m, &n, &err));
    assert_int_equal(n, 2);
    MUST(journal_append(j, &answer, 1, number, NULL, &err));
    MUST(store_read_inbox(f->store, STR("s"), arena, &m, &n, &err));
    assert_int_equal(n, 1);
    assert_true(m[0].number > number);
    MUST(store_read_inbox(f->store, STR("other"), arena, &m, &n, &err));
    assert_int_equal(n, 1);
    journal_close(j);
    masked_done(&body);
}

struct team {
    struct fixture *f;
    struct journal *j;
};

static void *append_notes(void *context) {
    struct team *t = context;
    struct masked body = fixture_mask(t->f, "from one of many threads");
    const struct journal_entry note = {.kind = RECORD_NOTE, .is_sensitive = true, .body = &body};

    for (int i = 0; i < 25; i++) {
        MUST(journal_append(t->j, &note, 1, 0, NULL, &err));
    }
    masked_done(&body);
    return NULL;
}

static void threads_share_a_journal(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct team team = {f, fixture_journal(f, "s", &lease)};
    const struct journal_entry first = fixture_first();
    pthread_t threads[4];

    MUST(journal_append(team.j, &first, 1, 0, NULL, &err));
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, append_notes, &team), 0);
    }
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(journal_last_seq(team.j), 101);
    fixture_assert_verified(f, "s");
    journal_close(team.j);
}

/* ---- What it costs ---- */

static _Atomic size_t syncs;

/* SQLite finds these before libc's. */
int fdatasync(int fd) {
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

static void ignore(int64_t cell[STORE_CELL_N], void *context) {
    cell[0]++;
    (void)context;
}

static void an_append_of_any_number_of_records_is_one_sync(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, "a state");
    const struct journal_entry first = fixture_first();
    const struct journal_entry step[] = {fixture_result(1, &body), fixture_phase("plan", &body)};
    size_t before;

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    before = syncs;
    for (int i = 0; i < 20; i++) { /* too few to fill the write-ahead log */
        MUST(journal_append(j, step, 2, 0, NULL, &err));
    }
    assert_int_equal(syncs - before, 20);
    before = syncs;
    MUST(store_update_cell(f->store, STR("rate"), ignore, NULL, &err));
    assert_int_equal(syncs - before, 0);
    MUST(journal_append(j, step, 2, 0, NULL, &err)); /* the cell has not switched syncing off */
    assert_int_equal(syncs - before, 1);
    before = syncs;
    fixture_assert_verified(f, "s");
    assert_int_equal(syncs - before, 0);
    journal_close(j);
    masked_done(&body);
}

/* ---- Seals ---- */

static void a_sealed_journal_verifies_and_counts_its_seals(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j;
    struct journal_seal seal = {0};
    struct journal_seal again = {0};
    const struct journal_entry note = {.kind = RECORD_NOTE};
    struct err why = {0};

    j = fixture_journal(f, "empty", &lease);
    assert_int_equal(journal_seal(j, &seal, &why), ERR_INVALID);
    journal_close(j);
    fixture_write(f, "s", &lease);
    fixture_write(f, "s/child", &lease); /* its seals begin like those of "s" */
    MUST(journal_open(f->store, &lease, &j, &err));
    MUST(journal_seal(j, &again, &err));
    journal_close(j);
    MUST(store_release_lease(f->store, &lease, &err));
    MUST(store_read_lease(f->store, STR("s"), &lease, &err));
    MUST(journal_open(f->store, &lease, &j, &err));
    MUST(journal_seal(j, &seal, &err));
    assert_int_equal(seal.seq, 8);
    MUST(journal_seal(j, &again, &err)); /* the same head again is the same seal */
    assert_memory_equal(&seal, &again, sizeof seal);
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    MUST(journal_seal(j, &again, &err));
    assert_int_equal(again.seq, 9);
    journal_close(j);
    fixture_assert_verified(f, "s");
    assert_int_equal(fixture_verify(f, "s").seals, 2);
    assert_int_equal(fixture_verify(f, "").seals, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_BOTH(every_kind_and_field_is_read_as_it_was_written),
        ON_MEMORY(the_form_of_a_record_never_changes),
        ON_MEMORY(an_encrypted_body_opens_in_its_own_place_only),
        ON_BOTH(fields_keep_their_grammar),
        ON_BOTH(every_kind_asks_for_its_fields),
        ON_BOTH(a_journal_begins_with_its_session_and_stops_at_its_end),
        ON_BOTH(a_body_over_the_limit_is_refused),
        ON_BOTH(the_session_row_follows_the_records),
        ON_BOTH(a_newer_state_takes_the_body_of_the_older_one),
        ON_BOTH(logs_lose_their_bodies_after_ninety_days_and_decisions_do_not),
        ON_BOTH(a_replay_may_begin_anywhere_and_stop_anywhere),
        ON_BOTH(a_visitor_may_stop_the_replay_and_may_append),
        ON_BOTH(a_long_journal_is_read_in_pages),
        ON_BOTH(an_owner_that_lost_its_lease_cannot_append),
        ON_BOTH(a_chain_never_forks),
        ON_BOTH(an_append_without_a_lease_is_refused),
        ON_BOTH(one_bad_record_keeps_all_of_its_append_out),
        ON_BOTH(recording_a_message_takes_it_out_of_the_inbox),
        ON_BOTH(threads_share_a_journal),
        ON_SQLITE(an_append_of_any_number_of_records_is_one_sync),
        ON_BOTH(a_sealed_journal_verifies_and_counts_its_seals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
