/* Every test of documents, sessions, leases, cells and inbox, for every backend. */
#include "store/store.h"

#include "base/clock.h"
#include "store/backend.h"
#include "support/store_fixture.h"
#include "sys/fs.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void put(struct fixture *f, const char *id, const char *key, const char *text,
                int64_t expires_ms) {
    struct masked body = fixture_mask(f, text);

    MUST(store_put_doc(f->store,
                       &(struct store_put){.collection = "things",
                                           .id = str_from(id),
                                           .key = str_from(key),
                                           .body = &body,
                                           .expires_ms = expires_ms},
                       &err));
    masked_done(&body);
}

static const struct store_doc *get(struct fixture *f, const char *id, struct arena *arena) {
    const struct store_doc *doc = NULL;

    MUST(store_get_doc(f->store, "things", str_from(id), arena, &doc, &err));
    return doc;
}

/* The ids that a find gives, with blanks between. */
static const char *find(struct fixture *f, const char *prefix, bool is_descending, size_t limit,
                        struct arena *arena) {
    const struct store_find q = {.collection = "things",
                                 .key_prefix = str_from(prefix),
                                 .is_descending = is_descending,
                                 .limit = limit};
    const struct store_doc *docs = NULL;
    const char *text = "";
    size_t n = 0;

    MUST(store_find_docs(f->store, &q, arena, &docs, &n, &err));
    for (size_t i = 0; i < n; i++) {
        text = arena_format(arena, "%s%s" STR_FMT, text, i == 0 ? "" : " ", STR_ARG(docs[i].id));
    }
    return text;
}

/* ---- The table ---- */

static void every_backend_has_every_op(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(fixture_backends); i++) {
        const void *members[sizeof(struct store_ops) / sizeof(void *)];

        memcpy(members, fixture_backends[i], sizeof members);
        for (size_t m = 0; m < ARRAY_N(members); m++) {
            if (members[m] == NULL) {
                fail_msg("%s lacks member %zu", fixture_backends[i]->name, m);
            }
        }
    }
}

/* ---- Documents ---- */

static void a_document_is_read_as_it_was_put(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_doc *doc;

    put(f, "a", "k/1", "{\"n\":1}", 0);
    doc = get(f, "a", arena);
    assert_non_null(doc);
    assert_true(str_eq(doc->id, STR("a")));
    assert_true(str_eq(doc->key, STR("k/1")));
    assert_true(str_eq(doc->body, STR("{\"n\":1}")));
    assert_int_equal(doc->expires_ms, 0);
    assert_true(clock_now_ms() - doc->updated_ms < 60000);
    assert_null(get(f, "b", arena));
}

static void a_second_put_replaces_the_first(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();

    put(f, "a", "old", "first", 0);
    put(f, "a", "new", "second", 0);
    assert_true(str_eq(get(f, "a", arena)->body, STR("second")));
    assert_string_equal(find(f, "", false, 0, arena), "a");
    assert_string_equal(find(f, "old", false, 0, arena), "");
}

static void an_empty_document_is_a_document(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();

    put(f, "a", "", "", 0);
    assert_non_null(get(f, "a", arena));
    assert_int_equal(get(f, "a", arena)->body.len, 0);
}

static void documents_are_found_by_a_prefix_of_their_key_in_order(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();

    put(f, "c", "app/3", "x", 0);
    put(f, "a", "app/1", "x", 0);
    put(f, "b2", "app/2", "x", 0);
    put(f, "b1", "app/2", "x", 0);
    put(f, "z", "apq", "x", 0);
    put(f, "n", "", "x", 0);
    assert_string_equal(find(f, "app/", false, 0, arena), "a b1 b2 c");
    assert_string_equal(find(f, "app/", true, 0, arena), "c b2 b1 a");
    assert_string_equal(find(f, "app/", true, 2, arena), "c b2");
    assert_string_equal(find(f, "", false, 0, arena), "n a b1 b2 c z");
    assert_string_equal(find(f, "app/2", false, 0, arena), "b1 b2");
    assert_string_equal(find(f, "no", false, 0, arena), "");
}

static void a_deleted_document_is_absent_and_deleting_again_is_no_error(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();

    put(f, "a", "", "x", 0);
    MUST(store_delete_doc(f->store, "things", STR("a"), &err));
    MUST(store_delete_doc(f->store, "things", STR("a"), &err));
    assert_null(get(f, "a", arena));
}

static void an_expired_document_is_absent_at_once_and_purged_later(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const int64_t now_ms = clock_now_ms();
    size_t n = 0;

    put(f, "dead", "k", "x", now_ms - 1);
    put(f, "dying", "k", "x", now_ms + 3600 * 1000);
    put(f, "living", "k", "x", 0);
    assert_null(get(f, "dead", arena));
    assert_string_equal(find(f, "", false, 0, arena), "dying living");
    MUST(store_purge(f->store, now_ms, &n, &err));
    assert_int_equal(n, 1);
    MUST(store_purge(f->store, now_ms + 7200 * 1000, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(find(f, "", false, 0, arena), "living");
}

static bool put_once(struct fixture *f, const char *id, const char *text, int64_t expires_ms) {
    struct masked body = fixture_mask(f, text);
    bool existed = false;

    MUST(store_put_once(
        f->store,
        &(struct store_put){
            .collection = "things", .id = str_from(id), .body = &body, .expires_ms = expires_ms},
        &existed, &err));
    masked_done(&body);
    return existed;
}

static void what_was_written_once_is_never_replaced(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct masked body = fixture_mask(f, "third");
    struct err why = {0};

    assert_false(put_once(f, "a", "first", 0));
    assert_true(put_once(f, "a", "second", 0));
    assert_int_equal(
        store_put_doc(f->store,
                      &(struct store_put){.collection = "things", .id = STR("a"), .body = &body},
                      &why),
        ERR_CONFLICT);
    assert_true(str_eq(get(f, "a", arena)->body, STR("first")));
    put(f, "b", "", "plain", 0);
    assert_true(put_once(f, "b", "once", 0)); /* the id is taken, by whatever */
    assert_true(str_eq(get(f, "b", arena)->body, STR("plain")));
    masked_done(&body);
}

static void what_was_written_once_may_be_written_again_after_it_expired(void **state) {
    struct fixture *f = *state;

    assert_false(put_once(f, "a", "first", clock_now_ms() - 1));
    assert_false(put_once(f, "a", "second", 0));
    assert_true(put_once(f, "a", "third", 0));
}

static void collections_are_apart(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_doc *doc = NULL;

    put(f, "a", "k", "x", 0);
    MUST(store_get_doc(f->store, "others", STR("a"), arena, &doc, &err));
    assert_null(doc);
    MUST(store_delete_doc(f->store, "others", STR("a"), &err));
    assert_non_null(get(f, "a", arena));
}

static void a_sensitive_document_is_read_back(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct masked body = fixture_mask(f, "the wording of a private draft");

    MUST(store_put_doc(
        f->store,
        &(struct store_put){
            .collection = "things", .id = STR("a"), .body = &body, .flags = STORE_SENSITIVE},
        &err));
    assert_true(str_eq(get(f, "a", arena)->body, masked_str(&body)));
    masked_done(&body);
}

static void names_out_of_their_grammar_are_refused(void **state) {
    struct fixture *f = *state;
    char too_long[STORE_ID_MAX + 2];
    const char *const bad[] = {"", "a b", "a\n", "\xc3\xa4", "a'", too_long};
    struct masked body = fixture_mask(f, "x");

    memset(too_long, 'a', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        const struct store_put as_id = {"things", str_from(bad[i]), STR(""), &body, 0, STORE_PLAIN};
        const struct store_put as_key = {"things", STR("a"), str_from(bad[i]),
                                         &body,    0,        STORE_PLAIN};
        struct store_lease lease;
        struct err why = {0};

        if (store_put_doc(f->store, &as_id, &why) != ERR_INVALID ||
            store_put_message(f->store, str_from(bad[i]), &body, &why) != ERR_INVALID ||
            store_take_lease(f->store, str_from(bad[i]), 1, &lease, &why) != ERR_INVALID ||
            (bad[i][0] != '\0' && store_put_doc(f->store, &as_key, &why) != ERR_INVALID)) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
    masked_done(&body);
}

static void a_document_over_the_limit_is_refused(void **state) {
    struct fixture *f = *state;
    char *text = mem_alloc((4 << 20) + 2);
    struct masked body;
    struct err why = {0};

    memset(text, 'x', (4 << 20) + 1);
    body = fixture_mask(f, text);
    assert_int_equal(
        store_put_doc(f->store,
                      &(struct store_put){.collection = "things", .id = STR("a"), .body = &body},
                      &why),
        ERR_TOO_LARGE);
    masked_done(&body);
    free(text);
}

/* ---- Leases ---- */

static void a_lease_is_taken_renewed_released_and_its_epoch_only_grows(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct store_lease seen;
    int64_t expires_ms;

    MUST(store_read_lease(f->store, STR("l"), &seen, &err));
    assert_int_equal(seen.epoch, 0);
    assert_false(store_lease_is_held(&seen, clock_now_ms()));

    MUST(store_take_lease(f->store, STR("l"), 30000, &lease, &err));
    assert_int_equal(lease.epoch, 1);
    assert_int_equal(lease.owner.pid, getpid());
    MUST(store_read_lease(f->store, STR("l"), &seen, &err));
    assert_memory_equal(&seen, &lease, sizeof seen);
    assert_true(store_lease_is_held(&seen, clock_now_ms()));

    expires_ms = lease.expires_ms;
    MUST(store_renew_lease(f->store, &lease, 90000, &err));
    assert_int_equal(lease.epoch, 1);
    assert_true(lease.expires_ms >= expires_ms + 60000);

    MUST(store_release_lease(f->store, &lease, &err));
    MUST(store_read_lease(f->store, STR("l"), &seen, &err));
    assert_false(store_lease_is_held(&seen, clock_now_ms()));
    MUST(store_take_lease(f->store, STR("l"), 30000, &lease, &err));
    assert_int_equal(lease.epoch, 2);
}

static void a_renewal_that_was_not_seen_keeps_others_from_taking_over(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct store_lease seen;
    struct store_lease next;
    bool is_swapped = true;

    MUST(store_take_lease(f->store, STR("l"), 1, &lease, &err));
    seen = lease;
    MUST(store_renew_lease(f->store, &lease, 30000, &err)); /* after another process has looked */
    next = seen;
    next.epoch++;
    MUST(store_swap_lease(f->store, &seen, &next, &is_swapped, &err));
    assert_false(is_swapped);
    MUST(store_renew_lease(f->store, &lease, 30000, &err));
}

static void a_lease_that_is_held_is_refused_naming_the_holder(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct store_lease again;
    struct err why = {0};
    char pid[32];

    MUST(store_take_lease(f->store, STR("l"), 30000, &lease, &err));
    assert_int_equal(store_take_lease(f->store, STR("l"), 30000, &again, &why), ERR_LOCKED);
    (void)snprintf(pid, sizeof pid, "process %d ", getpid());
    assert_non_null(strstr(why.text, pid));
    assert_true(why.remedy[0] != '\0');
    MUST(store_take_lease(f->store, STR("other"), 30000, &again, &err));
}

static void an_expired_lease_is_taken_over_and_its_owner_is_fenced(void **state) {
    struct fixture *f = *state;
    struct store_lease old;
    struct store_lease new;
    struct err why = {0};

    MUST(store_take_lease(f->store, STR("l"), 1, &old, &err));
    clock_sleep_ms(3);
    MUST(store_take_lease(f->store, STR("l"), 30000, &new, &err));
    assert_int_equal(new.epoch, old.epoch + 1);
    assert_int_equal(store_renew_lease(f->store, &old, 30000, &why), ERR_STALE);
    MUST(store_release_lease(f->store, &old, &err)); /* leaves the new owner's alone */
    MUST(store_renew_lease(f->store, &new, 30000, &err));
}

/* The pid of a process that has lived and is gone, and its owner as the child saw itself. */
static struct store_owner dead_owner(void) {
    struct store_owner owner = store_owner_self();
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        owner = store_owner_self();
        _exit(write(ends[1], &owner, sizeof owner) == (ssize_t)sizeof owner ? 0 : 1);
    }
    assert_int_equal(read(ends[0], &owner, sizeof owner), sizeof owner);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return owner;
}

static void hold(struct fixture *f, struct store_owner owner, const char *name) {
    struct store_lease was = {{0}};
    struct store_lease next;
    bool is_swapped = false;

    /* Another process's lease, as that process would have left it. */
    MUST(store_take_lease(f->store, str_from(name), 3600 * 1000, &was, &err));
    next = was;
    next.owner = owner;
    MUST(store_swap_lease(f->store, &was, &next, &is_swapped, &err));
    assert_true(is_swapped);
}

static void the_lease_of_a_dead_process_is_taken_over_at_once(void **state) {
    struct fixture *f = *state;
    struct store_owner owner = dead_owner();
    struct store_lease lease;

    assert_true(store_owner_is_dead(&owner));
    hold(f, owner, "l");
    MUST(store_take_lease(f->store, STR("l"), 30000, &lease, &err));
    assert_int_equal(lease.epoch, 2);
}

static void a_process_that_nobody_has_waited_for_is_dead_too(void **state) {
    struct store_owner owner = store_owner_self();
    siginfo_t info;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        _exit(0);
    }
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    owner.pid = pid;
    owner.start = -2; /* not known: only its state can tell */
    assert_true(store_owner_is_dead(&owner));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_pid_that_serves_another_process_now_counts_as_dead(void **state) {
    struct fixture *f = *state;
    struct store_owner owner = store_owner_self();
    struct store_lease lease;

    assert_false(store_owner_is_dead(&owner));
    owner.start--;
    assert_true(store_owner_is_dead(&owner));
    hold(f, owner, "l");
    MUST(store_take_lease(f->store, STR("l"), 30000, &lease, &err));
}

static void a_process_on_another_machine_is_not_known_to_be_dead(void **state) {
    struct fixture *f = *state;
    struct store_owner owner = dead_owner();
    struct store_lease lease;
    struct err why = {0};

    owner.host[0] = owner.host[0] == 'x' ? 'y' : 'x';
    assert_false(store_owner_is_dead(&owner));
    hold(f, owner, "l");
    assert_int_equal(store_take_lease(f->store, STR("l"), 30000, &lease, &why), ERR_LOCKED);
}

/* ---- Cells and inbox ---- */

static void count(int64_t cell[STORE_CELL_N], void *context) {
    int64_t *seen = context;

    *seen = ++cell[0];
    cell[STORE_CELL_N - 1] -= 2;
    if (cell[STORE_CELL_N - 1] != -2 * cell[0]) {
        *seen = -1;
    }
}

static void a_cell_keeps_its_numbers(void **state) {
    struct fixture *f = *state;
    int64_t seen = 0;

    for (int i = 1; i <= 3; i++) {
        MUST(store_update_cell(f->store, STR("rate/s3"), count, &seen, &err));
        assert_int_equal(seen, i);
    }
    MUST(store_update_cell(f->store, STR("rate/sts"), count, &seen, &err));
    assert_int_equal(seen, 1);
}

static void messages_wait_in_order_for_their_session(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct masked yes = fixture_mask(f, "{\"yes\":true}");
    struct masked no = fixture_mask(f, "{\"yes\":false}");
    const struct store_message *messages = NULL;
    size_t n = 9;

    MUST(store_read_inbox(f->store, STR("s1"), arena, &messages, &n, &err));
    assert_int_equal(n, 0);
    MUST(store_put_message(f->store, STR("s1"), &yes, &err));
    MUST(store_put_message(f->store, STR("s2"), &no, &err));
    MUST(store_put_message(f->store, STR("s1"), &no, &err));
    MUST(store_read_inbox(f->store, STR("s1"), arena, &messages, &n, &err));
    assert_int_equal(n, 2);
    assert_true(str_eq(messages[0].body, masked_str(&yes)));
    assert_true(str_eq(messages[1].body, masked_str(&no)));
    assert_true(messages[0].number < messages[1].number);
    MUST(store_read_inbox(f->store, STR("s1"), arena, &messages, &n, &err));
    assert_int_equal(n, 2); /* reading takes nothing out */
    masked_done(&yes);
    masked_done(&no);
}

/* ---- Sessions ---- */

static void start(struct fixture *f, const char *id, const char *kind, const char *project,
                  const char *status) {
    struct store_lease lease;
    struct journal *j = fixture_journal(f, id, &lease);
    const struct journal_entry entries[] = {
        {.kind = RECORD_SESSION,
         .fields = {[FIELD_KIND] = str_from(kind), [FIELD_PROJECT] = str_from(project)}},
        {.kind = RECORD_PHASE,
         .fields = {[FIELD_PHASE] = STR("plan"), [FIELD_STATUS] = str_from(status)}},
    };

    MUST(journal_append(j, entries, 2, 0, NULL, &err));
    journal_close(j);
}

static const char *list(struct fixture *f, const struct store_sessions *q, struct arena *arena) {
    const struct store_session *rows = NULL;
    const char *text = "";
    size_t n = 0;

    MUST(store_list_sessions(f->store, q, arena, &rows, &n, &err));
    for (size_t i = 0; i < n; i++) {
        text = arena_format(arena, "%s%s" STR_FMT, text, i == 0 ? "" : " ", STR_ARG(rows[i].id));
    }
    return text;
}

static void sessions_are_listed_newest_first_and_by_what_is_asked(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();

    start(f, "s1", "deploy", "todo", "waiting");
    start(f, "s2", "destroy", "todo", "running");
    start(f, "s3", "deploy", "shop", "running");
    start(f, "s4", "deploy", "todo", "running");
    assert_string_equal(list(f, &(struct store_sessions){.limit = 0}, arena), "s4 s3 s2 s1");
    assert_string_equal(list(f, &(struct store_sessions){.limit = 2}, arena), "s4 s3");
    assert_string_equal(list(f, &(struct store_sessions){.after = STR("s3"), .limit = 1}, arena),
                        "s2");
    assert_string_equal(list(f, &(struct store_sessions){.project = STR("todo")}, arena),
                        "s4 s2 s1");
    assert_string_equal(
        list(f, &(struct store_sessions){.project = STR("todo"), .kind = STR("deploy")}, arena),
        "s4 s1");
    assert_string_equal(list(f, &(struct store_sessions){.status = STR("waiting")}, arena), "s1");
    assert_string_equal(list(f, &(struct store_sessions){.project = STR("none")}, arena), "");
}

static enum err_code note_until_s2(const struct store_session *session, void *context,
                                   struct err *why) {
    struct buf *seen = context;

    buf_addf(seen, STR_FMT " ", STR_ARG(session->id));
    return str_eq(session->id, STR("s2")) ? err_set(why, ERR_CANCELLED, "enough") : ERR_NONE;
}

static enum err_code note_session(const struct store_session *session, void *context,
                                  struct err *why) {
    struct buf *seen = context;

    (void)why;
    buf_addf(seen, STR_FMT " ", STR_ARG(session->id));
    return ERR_NONE;
}

static void every_session_is_visited_however_many_are_read_at_a_time(void **state) {
    struct fixture *f = *state;
    static const char *const ids[] = {"s1", "s2", "s3", "s4", "s5"};

    for (size_t i = 0; i < ARRAY_N(ids); i++) {
        start(f, ids[i], "deploy", i == 2 ? "shop" : "todo", "running");
    }
    for (size_t page = 0; page <= 6; page++) {
        CLEANUP(buf_done) struct buf all = BUF_INIT(64);
        CLEANUP(buf_done) struct buf some = BUF_INIT(64);
        struct err why = {0};
        const struct store_sessions of_todo = {.limit = page, .project = STR("todo")};

        MUST(store_visit_sessions(f->store, &(struct store_sessions){.limit = page}, note_session,
                                  &all, &err));
        assert_string_equal(buf_cstr(&all), "s5 s4 s3 s2 s1 ");
        assert_int_equal(store_visit_sessions(f->store, &of_todo, note_until_s2, &some, &why),
                         ERR_CANCELLED);
        assert_string_equal(buf_cstr(&some), "s5 s4 s2 ");
    }
}

/* ---- Threads ---- */

enum { THREADS = 4, ROUNDS = 25 };

struct worker {
    struct fixture *f;
    int number;
};

static void *work(void *context) {
    struct worker *w = context;
    char id[32];
    int64_t seen;
    struct store_lease lease;
    struct journal *j;
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE};

    (void)snprintf(id, sizeof id, "worker/%d", w->number);
    j = fixture_journal(w->f, id, &lease);
    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    for (int i = 0; i < ROUNDS; i++) {
        MUST(journal_append(j, &note, 1, 0, NULL, &err));
        MUST(store_update_cell(w->f->store, STR("shared"), count, &seen, &err));
        put(w->f, id, "k", "x", 0);
    }
    journal_close(j);
    return NULL;
}

static void threads_share_a_store(void **state) {
    struct fixture *f = *state;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    struct journal_report report = {0};
    int64_t seen = 0;

    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){f, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    MUST(store_update_cell(f->store, STR("shared"), count, &seen, &err));
    assert_int_equal(seen, THREADS * ROUNDS + 1);
    MUST(journal_verify(f->store, STR(""), &report, &err));
    assert_true(report.is_ok);
    assert_int_equal(report.records, THREADS * (ROUNDS + 1));
}

/* ---- SQLite only: files ---- */

static void the_folder_and_its_files_are_for_their_owner_only(void **state) {
    struct fixture *f = *state;
    char *dir = mem_format("%s/deep/er", f->dir);
    char *key = mem_format("%s/install.key", dir);
    char *db = mem_format("%s/store.db", dir);
    struct store *store = NULL;
    struct sha256 mac;
    struct stat st;

    MUST(store_open(&store_sqlite, dir, &store, &err));
    MUST(store_mac(store, STR("p"), STR("m"), &mac, &err));
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(db, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(store);
    free(dir);
    free(key);
    free(db);
}

static void everything_is_there_after_opening_again(void **state) {
    struct fixture *f = *state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store_lease lease;
    struct sha256 before;
    struct sha256 after;
    int64_t seen = 0;

    put(f, "a", "k", "x", 0);
    start(f, "s1", "deploy", "todo", "waiting");
    MUST(store_take_lease(f->store, STR("l"), 30000, &lease, &err));
    MUST(store_update_cell(f->store, STR("c"), count, &seen, &err));
    MUST(store_mac(f->store, STR("p"), STR("m"), &before, &err));
    fixture_reopen(f);
    MUST(store_mac(f->store, STR("p"), STR("m"), &after, &err));
    assert_true(sha256_eq(before, after));
    assert_non_null(get(f, "a", arena));
    assert_string_equal(list(f, &(struct store_sessions){.limit = 0}, arena), "s1");
    MUST(store_renew_lease(f->store, &lease, 30000, &err));
    MUST(store_update_cell(f->store, STR("c"), count, &seen, &err));
    assert_int_equal(seen, 2);
}

static void a_sensitive_document_is_not_readable_in_the_files(void **state) {
    struct fixture *f = *state;
    char *db = mem_format("%s/store.db", f->dir);
    struct buf raw = BUF_INIT(64 << 20);
    struct masked body = fixture_mask(f, "the wording of a private draft");

    put(f, "open", "", "the wording of a public draft", 0);
    MUST(store_put_doc(
        f->store,
        &(struct store_put){
            .collection = "things", .id = STR("a"), .body = &body, .flags = STORE_SENSITIVE},
        &err));
    store_close(f->store); /* moves everything into the one file */
    f->store = NULL;
    MUST(fs_read_file(db, 64 << 20, &raw, &err));
    assert_true(str_find(buf_str(&raw), STR("public draft")) >= 0);
    assert_true(str_find(buf_str(&raw), STR("private draft")) < 0);
    buf_done(&raw);
    masked_done(&body);
    free(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_backend_has_every_op),
        ON_BOTH(a_document_is_read_as_it_was_put),
        ON_BOTH(a_second_put_replaces_the_first),
        ON_BOTH(an_empty_document_is_a_document),
        ON_BOTH(documents_are_found_by_a_prefix_of_their_key_in_order),
        ON_BOTH(a_deleted_document_is_absent_and_deleting_again_is_no_error),
        ON_BOTH(an_expired_document_is_absent_at_once_and_purged_later),
        ON_BOTH(what_was_written_once_is_never_replaced),
        ON_BOTH(what_was_written_once_may_be_written_again_after_it_expired),
        ON_BOTH(collections_are_apart),
        ON_BOTH(a_sensitive_document_is_read_back),
        ON_BOTH(names_out_of_their_grammar_are_refused),
        ON_BOTH(a_document_over_the_limit_is_refused),
        ON_BOTH(a_lease_is_taken_renewed_released_and_its_epoch_only_grows),
        ON_BOTH(a_renewal_that_was_not_seen_keeps_others_from_taking_over),
        ON_BOTH(a_lease_that_is_held_is_refused_naming_the_holder),
        ON_BOTH(an_expired_lease_is_taken_over_and_its_owner_is_fenced),
        ON_BOTH(the_lease_of_a_dead_process_is_taken_over_at_once),
        cmocka_unit_test(a_process_that_nobody_has_waited_for_is_dead_too),
        ON_BOTH(a_pid_that_serves_another_process_now_counts_as_dead),
        ON_BOTH(a_process_on_another_machine_is_not_known_to_be_dead),
        ON_BOTH(a_cell_keeps_its_numbers),
        ON_BOTH(messages_wait_in_order_for_their_session),
        ON_BOTH(sessions_are_listed_newest_first_and_by_what_is_asked),
        ON_BOTH(every_session_is_visited_however_many_are_read_at_a_time),
        ON_BOTH(threads_share_a_store),
        ON_SQLITE(the_folder_and_its_files_are_for_their_owner_only),
        ON_SQLITE(everything_is_there_after_opening_again),
        ON_SQLITE(a_sensitive_document_is_not_readable_in_the_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
