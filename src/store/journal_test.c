/* The journal: chain, fencing, states, seals, verification; killed, out of room, damaged, forged.
 */
#include "store/journal.h"

#include "base/clock.h"
#include "base/rand.h"
#include "guard/limits.h"
#include "store/backend.h"
#include "store/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

static const struct store_ops *backends[] = {&store_sqlite, &store_memory};

static int set_up(void **state) {
    const struct store_ops *const *ops = *state;
    struct fixture *f = mem_alloc(sizeof *f);

    fixture_open(f, *ops);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;

    fixture_done(f);
    free(f);
    return 0;
}

/* ---- Writing and reading journals ---- */

static struct journal_entry entry_phase(const char *phase, const struct masked *body) {
    return (struct journal_entry){
        .kind = RECORD_PHASE,
        .fields = {[FIELD_PHASE] = str_from(phase), [FIELD_STATUS] = STR("running")},
        .body = body,
    };
}

static struct journal_entry entry_result(int64_t call, const struct masked *body) {
    return (struct journal_entry){
        .kind = RECORD_RESULT,
        .call = call,
        .fields = {[FIELD_AGENT] = STR("planner"),
                   [FIELD_TOOL] = STR("uv_client"),
                   [FIELD_OP] = STR("check"),
                   [FIELD_OUTCOME] = STR("ok")},
        .body = body,
    };
}

/* A journal of eight records: session, then results and phases in turn, then a note. */
static void write_session(struct fixture *f, const char *id, struct store_lease *lease) {
    struct journal *j = fixture_journal(f, id, lease);
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE,
                                       .fields = {[FIELD_SUBJECT] = STR("log")}};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    for (int i = 1; i <= 3; i++) {
        char *text = mem_format("{\"step\":%d,\"of\":\"%s\"}", i, id);
        struct masked body = fixture_mask(f, text);
        const struct journal_entry step[] = {entry_result(i, &body), entry_phase("plan", &body)};

        MUST(journal_append(j, step, 2, 0, NULL, &err));
        masked_done(&body);
        free(text);
    }
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    journal_close(j);
}

struct seen {
    int64_t n;
    int64_t last_seq;
    char text[4096]; /* "kind:body " of each */
};

static enum err_code see(const struct journal_record *r, void *context, struct err *err) {
    struct seen *s = context;
    size_t at = strlen(s->text);

    (void)err;
    s->n++;
    s->last_seq = r->seq;
    (void)snprintf(s->text + at, sizeof s->text - at, "%s%s:" STR_FMT, at == 0 ? "" : " ",
                   record_name(r->kind), STR_ARG(r->body));
    return ERR_NONE;
}

static void replay(struct fixture *f, const char *id, struct seen *s) {
    memset(s, 0, sizeof *s);
    MUST(journal_replay(f->store, str_from(id), 1, see, s, &err));
}

static struct journal_report verify(struct fixture *f, const char *id) {
    struct journal_report report = {0};

    MUST(journal_verify(f->store, str_from(id), &report, &err));
    return report;
}

static void assert_verified(struct fixture *f, const char *id) {
    struct journal_report r = verify(f, id);

    if (!r.is_ok) {
        fail_msg("record %lld of %s: %s", (long long)r.seq, r.session, r.reason);
    }
}

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
    assert_verified(f, "");
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
    assert_verified(f, "s");
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
    const struct journal_entry phase = entry_phase("plan", &body);
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
    const struct journal_entry steps[] = {entry_phase("plan", &one), entry_phase("review", &two)};
    const struct journal_entry last[] = {entry_phase("wait", &three), entry_phase("wait", NULL)};
    struct seen s;

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(journal_append(j, steps, 2, 0, NULL, &err));
    replay(f, "s", &s);
    assert_string_equal(s.text, "session: phase: phase:two");
    MUST(journal_append(j, last, 2, 0, NULL, &err)); /* the second brings no state */
    replay(f, "s", &s);
    assert_string_equal(s.text, "session: phase: phase: phase:three phase:");
    assert_verified(f, "s");
    assert_int_equal(verify(f, "s").bodies_dropped, 2);
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
    replay(f, "s", &s);
    assert_string_equal(s.text, "session: note: answer:text");
    /* Only the clock lets verify tell a purge from a theft: these 90 days have not passed. */
    assert_string_equal(verify(f, "s").reason, "the body is missing");
    assert_int_equal(verify(f, "s").seq, 2);
    journal_close(j);
    masked_done(&body);
}

static void a_replay_may_begin_anywhere_and_stop_anywhere(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct seen s = {0};
    struct err why = {0};

    write_session(f, "s", &lease);
    MUST(journal_replay(f->store, STR("s"), 7, see, &s, &err));
    assert_string_equal(s.text, "phase:{\"step\":3,\"of\":\"s\"} note:");
    memset(&s, 0, sizeof s);
    MUST(journal_replay(f->store, STR("s"), 9, see, &s, &err));
    assert_int_equal(s.n, 0);
    assert_int_equal(journal_replay(f->store, STR("none"), 1, see, &s, &why), ERR_NOT_FOUND);
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

    write_session(f, "s", &lease);
    assert_int_equal(journal_replay(f->store, STR("s"), 1, stop_at_three, &n, &why), ERR_CANCELLED);
    assert_int_equal(n, 3);
    MUST(journal_open(f->store, &lease, &j, &err));
    MUST(journal_replay(f->store, STR("s"), 1, append_once, j, &err));
    assert_int_equal(journal_last_seq(j), 9);
    journal_close(j);
    assert_verified(f, "s");
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
    r = verify(f, "s");
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
    assert_int_equal(verify(f, "s").records, 3);
    assert_verified(f, "s");
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
    assert_int_equal(verify(f, "s").records, 3);
    assert_verified(f, "s");
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
    assert_int_equal(verify(f, "s").records, 1);
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
    assert_verified(f, "s");
    journal_close(team.j);
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
    write_session(f, "s", &lease);
    write_session(f, "s/child", &lease); /* its seals begin like those of "s" */
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
    assert_verified(f, "s");
    assert_int_equal(verify(f, "s").seals, 2);
    assert_int_equal(verify(f, "").seals, 3);
}

/* ---- SQLite only: forged, damaged, killed, full ---- */

/* Runs SQL on the closed store's file, as somebody with an editor would, and opens it again. */
static void tamper(struct fixture *f, const char *text) {
    char *path = mem_format("%s/store.db", f->dir);
    sqlite3 *db = NULL;
    char *why = NULL;

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
    (void)sqlite3_close(db);
    MUST(store_open(f->ops, f->dir, &f->store, &err));
    free(path);
}

/* clang-format off */
/* Session "s" has number 1: its record n has key 16777216 + n; "t" has number 2. */
static const struct {
    const char *sql;
    int64_t seq;
    const char *reason;
} forgeries[] = {
    { "UPDATE records SET head = substr(head, 1, 3) || x'09' || substr(head, 5) WHERE k = 16777219",
      3, "another record stands in its place" },
    { "UPDATE records SET head = substr(head, 1, 20) || x'01' || substr(head, 22) WHERE k = 16777219",
      3, "the header was changed" },
    { "UPDATE records SET head = CAST(replace(CAST(head AS TEXT), 'plan', 'wait') AS BLOB)"
      " WHERE k = 16777223", 7, "the header was changed" },
    { "UPDATE records SET head = substr(head, 1, length(head) - 1) || x'00' WHERE k = 16777219",
      3, "the header was changed" },
    { "UPDATE records SET head = x'010203' WHERE k = 16777220", 4, "the header cannot be read" },
    { "UPDATE records SET head = x'' WHERE k = 16777220", 4, "the header cannot be read" },
    { "UPDATE records SET body = substr(body, 1, 3) || 'x' || substr(body, 5) WHERE k = 16777218",
      2, "the body was changed" },
    { "UPDATE records SET body = x'07' WHERE k = 16777218", 2, "a body has an unknown form" },
    { "UPDATE records SET body = NULL WHERE k = 16777218", 2, "the body is missing" },
    { "UPDATE records SET body = NULL WHERE k = 16777223", 7, "the body is missing" },
    { "DELETE FROM records WHERE k = 16777217", 1, "the record is missing" },
    { "DELETE FROM records WHERE k = 16777220", 4, "the record is missing" },
    { "DELETE FROM records WHERE k = 16777224", 8, "the record is missing" },
    { "DELETE FROM records WHERE k < 33554432", 1, "the record is missing" },
    { "UPDATE records SET k = 1 WHERE k = 16777219; UPDATE records SET k = 16777219 WHERE k = 16777220;"
      "UPDATE records SET k = 16777220 WHERE k = 1", 3, "another record stands in its place" },
    { "UPDATE records SET head = (SELECT head FROM records WHERE k = 33554435) WHERE k = 16777219",
      3, "the header was changed" }, /* the same record of the other session */
    { "UPDATE sessions SET last_seq = 7 WHERE id = 's'; DELETE FROM records WHERE k = 16777224",
      8, "the record was sealed and is missing" },
    { "UPDATE sessions SET status = 'done' WHERE id = 's'", 0, "the index of sessions" },
    { "UPDATE sessions SET phase = 'wait' WHERE id = 's'", 0, "the index of sessions" },
    { "UPDATE docs SET body = replace(body, '\"seq\":8', '\"seq\":7') WHERE id = 's/00000008'",
      8, "its seal was not made with this install key" },
    { "UPDATE docs SET body = x'00' || '{}' WHERE id = 's/00000008'",
      8, "its seal was not made with this install key" },
};
/* clang-format on */

static void every_forgery_is_found_and_the_record_is_named(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(forgeries); i++) {
        struct fixture f;
        struct store_lease lease;
        struct journal *j;
        struct journal_seal seal;
        struct journal_report r;

        fixture_open(&f, &store_sqlite);
        write_session(&f, "s", &lease);
        MUST(journal_open(f.store, &lease, &j, &err));
        MUST(journal_seal(j, &seal, &err));
        journal_close(j);
        write_session(&f, "t", &lease);
        assert_verified(&f, "");
        tamper(&f, forgeries[i].sql);
        r = verify(&f, "");
        if (r.is_ok || strcmp(r.session, "s") != 0 || r.seq != forgeries[i].seq ||
            strncmp(r.reason, forgeries[i].reason, strlen(forgeries[i].reason)) != 0) {
            fail_msg("%s\n gave ok=%d session '%s' record %lld: %s", forgeries[i].sql, r.is_ok,
                     r.session, (long long)r.seq, r.reason);
        }
        fixture_done(&f);
    }
}

static void a_forged_record_is_not_replayed(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct seen s = {0};
    struct err why = {0};

    write_session(f, "s", &lease);
    tamper(f, "UPDATE records SET body = x'00' || 'yes' WHERE k = 16777220");
    assert_int_equal(journal_replay(f->store, STR("s"), 1, see, &s, &why), ERR_CORRUPT);
    assert_int_equal(s.last_seq, 3);
    assert_non_null(strstr(why.text, "record 4 of session s"));
}

static void a_history_rewritten_without_the_key_is_found_by_its_seal(void **state) {
    struct fixture *f = *state;
    struct fixture forger;
    char *from;
    char *sql_text;
    struct store_lease lease;
    struct journal *j;
    struct journal_seal seal;
    struct journal_report r;

    write_session(f, "s", &lease);
    MUST(journal_open(f->store, &lease, &j, &err));
    MUST(journal_seal(j, &seal, &err));
    journal_close(j);
    clock_sleep_ms(2);
    fixture_open(&forger, &store_sqlite); /* makes another, flawless chain for the same session */
    write_session(&forger, "s", &lease);
    assert_verified(&forger, "s");
    store_close(forger.store);
    forger.store = NULL;
    from = mem_format("%s/store.db", forger.dir);
    sql_text = mem_format("ATTACH '%s' AS other; DELETE FROM records;"
                          "INSERT INTO records SELECT * FROM other.records",
                          from);
    tamper(f, sql_text);
    r = verify(f, "s");
    assert_false(r.is_ok);
    assert_int_equal(r.seq, 8);
    assert_string_equal(r.reason, "it is not the record that was sealed");
    fixture_done(&forger);
    free(from);
    free(sql_text);
}

static void a_lost_install_key_is_said_and_the_rest_still_verifies(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *j = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, "private");
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE, .is_sensitive = true, .body = &body};
    char *key = mem_format("%s/install.key", f->dir);
    struct seen s = {0};
    struct err why = {0};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    journal_close(j);
    write_session(f, "t", &lease);
    assert_int_equal(unlink(key), 0);
    fixture_reopen(f);
    assert_int_equal(journal_replay(f->store, STR("s"), 1, see, &s, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "install key"));
    assert_true(why.remedy[0] != '\0');
    assert_int_equal(verify(f, "s").seq, 2);
    assert_verified(f, "t");
    masked_done(&body);
    free(key);
}

static void flip(const char *path, long at) {
    FILE *file = fopen(path, "r+e");
    int c;

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    c = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(c ^ 0x10, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void put_back(const char *path, struct str content) {
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    assert_int_equal(fclose(file), 0);
}

/* Whatever the damage: the same records as before, or an error; never others, never a crash. */
static void a_flipped_bit_anywhere_changes_no_record_unnoticed(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    struct store_lease lease;
    struct seen before;
    struct buf file = BUF_INIT(16 << 20);
    int found = 0;

    write_session(f, "s", &lease);
    replay(f, "s", &before);
    store_close(f->store);
    f->store = NULL;
    MUST(fs_read_file(path, 16 << 20, &file, &err));
    for (size_t at = 7; at < file.len; at += 61) {
        struct seen after = {0};
        struct journal_report r = {0};
        struct store *store = NULL;
        struct err why = {0};
        enum err_code code;

        flip(path, (long)at);
        code = store_open(&store_sqlite, f->dir, &store, &why);
        code = code != ERR_NONE ? code : journal_replay(store, STR("s"), 1, see, &after, &why);
        if (code == ERR_NONE && strcmp(before.text, after.text) != 0 &&
            journal_verify(store, STR("s"), &r, &why) == ERR_NONE && r.is_ok) {
            fail_msg("byte %zu: other records and nothing was said", at);
        }
        if (code != ERR_NONE && (why.text[0] == '\0' || code == ERR_DEFECT)) {
            fail_msg("byte %zu: code %d '%s'", at, code, why.text);
        }
        found += code != ERR_NONE;
        store_close(store);
        put_back(path, buf_str(&file));
    }
    assert_true(found > 10);
    buf_done(&file);
    free(path);
}

static void a_file_that_is_no_database_is_said_with_a_remedy(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    struct err why = {0};

    store_close(f->store);
    f->store = NULL;
    MUST(fs_write_file(path,
                       STR("this was a shopping list, and it is long enough to look at. It is"
                           " not a database, whatever its name says: eggs, milk, two loaves."),
                       0600, &err));
    assert_int_equal(store_open(&store_sqlite, f->dir, &f->store, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "store.db is damaged"));
    assert_non_null(strstr(why.remedy, "move "));
    free(path);
}

static void a_store_of_another_program_or_a_newer_version_is_refused(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    sqlite3 *db = NULL;
    struct err why = {0};

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_open(&store_sqlite, f->dir, &f->store, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "newer version"));
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA user_version = 0; PRAGMA application_id = 7", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(store_open(&store_sqlite, f->dir, &f->store, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "another program"));
    (void)sqlite3_close(db);
    free(path);
}

static void a_store_kept_busy_by_another_process_is_said(void **state) {
    struct fixture *f = *state;
    char *path = mem_format("%s/store.db", f->dir);
    struct store_lease lease;
    sqlite3 *db = NULL;
    struct err why = {0};

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_take_lease(f->store, STR("l"), 1000, &lease, &why), ERR_LOCKED);
    assert_non_null(strstr(why.text, "busy"));
    (void)sqlite3_close(db);
    MUST(store_take_lease(f->store, STR("l"), 1000, &lease, &err));
    free(path);
}

/* Appends for ever; writes the number of each record that was acknowledged to `fd`. */
static void append_for_ever(const char *dir, int fd) {
    struct fixture f = {.ops = &store_sqlite, .redactor = redactor_new()};
    struct store_lease lease;
    struct journal *j;
    char text[3000];

    MUST(store_open(&store_sqlite, dir, &f.store, &err));
    j = fixture_journal(&f, "s", &lease);
    if (journal_last_seq(j) == 0) {
        const struct journal_entry first = fixture_first();

        MUST(journal_append(j, &first, 1, 0, NULL, &err));
    }
    for (int64_t i = 0;; i++) {
        const size_t n = (size_t)(rand_unit() * (double)(sizeof text - 1));
        struct masked body;
        int64_t seq = journal_last_seq(j) + 2;

        memset(text, 'a' + (int)(i % 26), n);
        text[n] = '\0';
        body = fixture_mask(&f, text);
        const struct journal_entry step[] = {entry_result(i, &body), entry_phase("plan", &body)};
        MUST(journal_append(j, step, 2, 0, NULL, &err));
        if (write(fd, &seq, sizeof seq) != (ssize_t)sizeof seq) {
            _exit(1);
        }
        masked_done(&body);
    }
}

/* Lets a child append and kills it `after_ms` later; the last number it acknowledged. */
static int64_t kill_one(const char *dir, int64_t after_ms) {
    int ends[2];
    int64_t seq = 0;
    int64_t last = 0;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        append_for_ever(dir, ends[1]);
    }
    (void)close(ends[1]);
    if (read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq) {
        last = seq;
    }
    clock_sleep_ms(after_ms);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(ends[0], &seq, sizeof seq) == (ssize_t)sizeof seq) {
        last = seq;
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
    return last;
}

static void killed_in_the_middle_of_appends_nothing_acknowledged_is_lost(void **state) {
    struct fixture *f = *state;
    int64_t acknowledged = 0;

    store_close(f->store);
    f->store = NULL;
    for (int i = 0; i < 60; i++) {
        int64_t seq = kill_one(f->dir, (int64_t)(rand_unit() * 8));
        struct journal_report r;

        if (seq == 0) {
            fail_msg("kill %d: the child did not append: the lease of the dead one was not taken",
                     i);
        }
        acknowledged = seq;
        MUST(store_open(&store_sqlite, f->dir, &f->store, &err));
        assert_verified(f, "s");
        r = verify(f, "s");
        if ((int64_t)r.records < acknowledged || r.records % 2 != 1) {
            fail_msg("kill %d: %zu records, %lld acknowledged", i, r.records,
                     (long long)acknowledged);
        }
        store_close(f->store);
        f->store = NULL;
    }
}

/* Appends until the store fails; how, and the number of records acknowledged until then. */
static enum err_code append_until_failure(struct fixture *f, struct journal *j, int64_t *seq,
                                          struct err *err) {
    unsigned char noise[3000];
    char text[2 * sizeof noise + 1];
    enum err_code code = ERR_NONE;

    for (int i = 0; i < 20000 && code == ERR_NONE; i++) {
        struct journal_entry result;
        struct masked body;

        rand_bytes(noise, sizeof noise);
        for (size_t b = 0; b < sizeof noise; b++) {
            (void)snprintf(text + 2 * b, 3, "%02x", noise[b]);
        }
        body = fixture_mask(f, text);
        result = entry_result(1, &body);
        code = journal_append(j, &result, 1, 0, NULL, err);
        *seq += code == ERR_NONE;
        masked_done(&body);
    }
    return code;
}

/* Runs in a child with `make_room` undoing what fills the disk: 0, or the line of the failure. */
static int fill_disk(const char *dir, void (*make_room)(const char *dir)) {
    struct fixture f = {.ops = &store_sqlite, .redactor = redactor_new()};
    struct store_lease lease;
    struct journal *j;
    struct journal_report r = {0};
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE};
    struct err why = {0};
    int64_t seq = 1;

    MUST(store_open(&store_sqlite, dir, &f.store, &err));
    j = fixture_journal(&f, "s", &lease);
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    if (append_until_failure(&f, j, &seq, &why) != ERR_DISK_FULL) {
        (void)fprintf(stderr, "# %s\n", why.text);
        return __LINE__;
    }
    if (strstr(why.text, "full") == NULL || why.remedy[0] == '\0') {
        return __LINE__;
    }
    MUST(journal_verify(f.store, STR("s"), &r, &err)); /* reading needs no room */
    if (!r.is_ok || (int64_t)r.records != seq) {
        return __LINE__;
    }
    make_room(dir);
    MUST(journal_append(j, &note, 1, 0, NULL, &err)); /* the same handle goes on */
    journal_close(j);
    store_close(f.store);
    MUST(store_open(&store_sqlite, dir, &f.store, &err));
    MUST(journal_verify(f.store, STR("s"), &r, &err));
    if (!r.is_ok || (int64_t)r.records != seq + 1) {
        return __LINE__;
    }
    store_close(f.store);
    redactor_free(f.redactor);
    return 0;
}

static void limit_files(rlim_t bytes) {
    struct rlimit limits;

    (void)getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = bytes;
    (void)setrlimit(RLIMIT_FSIZE, &limits);
}

static void unlimit_files(const char *dir) {
    struct rlimit limits;

    (void)dir;
    (void)getrlimit(RLIMIT_FSIZE, &limits);
    limit_files(limits.rlim_max);
}

static void run_in_child(int (*run)(const char *dir), const char *dir) {
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        int line = run(dir);

        if (line != 0) {
            (void)fprintf(stderr, "# failed at line %d\n", line);
        }
        _exit(line != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int fill_quota(const char *dir) {
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files(400 * 1024);
    return fill_disk(dir, unlimit_files);
}

static void a_full_disk_is_said_nothing_is_lost_and_the_journal_goes_on(void **state) {
    struct fixture *f = *state;

    store_close(f->store);
    f->store = NULL;
    run_in_child(fill_quota, f->dir);
}

#define BOTH(test)                                                                                 \
    {"sqlite: " #test, test, set_up, tear_down, &backends[0]}, {                                   \
        "memory: " #test, test, set_up, tear_down, &backends[1]                                    \
    }
#define SQLITE(test)                                                                               \
    { "sqlite: " #test, test, set_up, tear_down, &backends[0] }

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(every_kind_and_field_is_read_as_it_was_written),
        BOTH(fields_keep_their_grammar),
        BOTH(every_kind_asks_for_its_fields),
        BOTH(a_journal_begins_with_its_session_and_stops_at_its_end),
        BOTH(a_body_over_the_limit_is_refused),
        BOTH(the_session_row_follows_the_records),
        BOTH(a_newer_state_takes_the_body_of_the_older_one),
        BOTH(logs_lose_their_bodies_after_ninety_days_and_decisions_do_not),
        BOTH(a_replay_may_begin_anywhere_and_stop_anywhere),
        BOTH(a_visitor_may_stop_the_replay_and_may_append),
        BOTH(a_long_journal_is_read_in_pages),
        BOTH(an_owner_that_lost_its_lease_cannot_append),
        BOTH(a_chain_never_forks),
        BOTH(an_append_without_a_lease_is_refused),
        BOTH(one_bad_record_keeps_all_of_its_append_out),
        BOTH(recording_a_message_takes_it_out_of_the_inbox),
        BOTH(threads_share_a_journal),
        BOTH(a_sealed_journal_verifies_and_counts_its_seals),
        cmocka_unit_test(every_forgery_is_found_and_the_record_is_named),
        SQLITE(a_forged_record_is_not_replayed),
        SQLITE(a_history_rewritten_without_the_key_is_found_by_its_seal),
        SQLITE(a_lost_install_key_is_said_and_the_rest_still_verifies),
        SQLITE(a_flipped_bit_anywhere_changes_no_record_unnoticed),
        SQLITE(a_file_that_is_no_database_is_said_with_a_remedy),
        SQLITE(a_store_of_another_program_or_a_newer_version_is_refused),
        SQLITE(a_store_kept_busy_by_another_process_is_said),
        SQLITE(killed_in_the_middle_of_appends_nothing_acknowledged_is_lost),
        SQLITE(a_full_disk_is_said_nothing_is_lost_and_the_journal_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
