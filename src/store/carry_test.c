/* Records that go from one store into another and back. */
#include "support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct two {
    struct fixture a;
    struct fixture b;
};

static void two_open(struct two *two) {
    struct store_lease lease;

    fixture_open(&two->a, &store_sqlite);
    fixture_open(&two->b, &store_memory);
    fixture_write(&two->a, "s", &lease);
    MUST(store_release_lease(two->a.store, &lease, &err));
}

static void two_done(struct two *two) {
    fixture_done(&two->a);
    fixture_done(&two->b);
}

static struct journal_part exported(struct fixture *f, int64_t from) {
    struct journal_part part = {0};

    MUST(journal_export(f->store, STR("s"), from, &part, &err));
    return part;
}

/* Imports under a lease of its own, as whoever takes the session up does. */
static enum err_code imported(struct fixture *f, const json_t *records, struct err *why) {
    struct store_lease lease;
    struct journal *journal = fixture_journal(f, "s", &lease);
    enum err_code code = journal_import(journal, records, STR("here"), why);

    journal_close(journal);
    MUST(store_release_lease(f->store, &lease, &err));
    return code;
}

static void appended(struct fixture *f, const char *phase, const char *text) {
    struct store_lease lease;
    struct journal *journal = fixture_journal(f, "s", &lease);
    struct masked body = fixture_mask(f, text);
    struct journal_entry entry = fixture_phase(phase, &body);

    MUST(journal_append(journal, &entry, 1, 0, NULL, &err));
    masked_done(&body);
    journal_close(journal);
    MUST(store_release_lease(f->store, &lease, &err));
}

static void assert_same(struct two *two) {
    struct seen a;
    struct seen b;

    fixture_replay(&two->a, "s", &a);
    fixture_replay(&two->b, "s", &b);
    assert_string_equal(a.text, b.text);
    fixture_assert_verified(&two->a, "s");
    fixture_assert_verified(&two->b, "s");
}

static void what_one_store_wrote_another_goes_on_with_and_back(void **state) {
    struct two two;
    struct journal_part part;
    struct err why = {0};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row = NULL;

    (void)state;
    two_open(&two);
    part = exported(&two.a, 1);
    assert_int_equal(part.from, 1);
    assert_int_equal(part.to, 8);
    assert_int_equal(imported(&two.b, part.records, &why), ERR_NONE);
    journal_part_done(&part);
    assert_same(&two);
    MUST(store_get_session(two.b.store, STR("s"), arena, &row, &err));
    assert_true(str_eq(row->project, STR("here")));
    assert_int_equal(row->last_seq, 8);

    appended(&two.b, "wait", "{\"newer\":1}"); /* takes the body from the older state, in both */
    part = exported(&two.b, 9);
    assert_int_equal(part.to, 9);
    assert_int_equal(imported(&two.a, part.records, &why), ERR_NONE);
    journal_part_done(&part);
    assert_same(&two);
    part = exported(&two.a, 10);
    assert_int_equal(part.to, 9); /* nothing more */
    journal_part_done(&part);
    two_done(&two);
}

static void refused(struct two *two, const json_t *records, const char *what, size_t at) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_session *row = NULL;
    struct err why = {0};

    if (imported(&two->b, records, &why) != ERR_CORRUPT || why.remedy[0] == '\0') {
        fail_msg("%s %zu was taken: %s", what, at, why.text);
    }
    MUST(store_get_session(two->b.store, STR("s"), arena, &row, &err));
    assert_null(row);
}

static void no_changed_byte_is_taken(void **state) {
    struct two two;
    struct journal_part part;
    json_t *row;
    size_t i;

    (void)state;
    two_open(&two);
    part = exported(&two.a, 1);
    json_array_foreach(part.records, i, row) {
        static const char *const members[] = {"head", "body"};

        for (size_t m = 0; m < 2; m++) {
            const char *text = json_string_value(json_object_get(row, members[m]));
            CLEANUP(freep) char *whole = text == NULL ? NULL : mem_strdup(text);

            for (size_t c = 0; whole != NULL && whole[c] != '\0'; c++) {
                CLEANUP(freep) char *changed = mem_strdup(whole);

                changed[c] = changed[c] == '1' ? '2' : '1';
                (void)json_object_set_new(row, members[m], json_string(changed));
                refused(&two, part.records, members[m], c);
            }
            if (whole != NULL) {
                (void)json_object_set_new(row, members[m], json_string(whole));
            }
        }
    }
    journal_part_done(&part);
    two_done(&two);
}

static void no_dropped_inserted_or_moved_record_is_taken(void **state) {
    struct two two;
    struct journal_part part;
    size_t n;

    (void)state;
    two_open(&two);
    part = exported(&two.a, 1);
    n = json_array_size(part.records);
    for (size_t i = 0; i + 1 < n; i++) { /* that the last ones are missing is not known here */
        json_t *fewer = json_deep_copy(part.records);
        json_t *moved = json_deep_copy(part.records);
        json_t *more = json_deep_copy(part.records);
        json_t *bare = json_deep_copy(part.records);

        (void)json_array_remove(fewer, i);
        refused(&two, fewer, "dropped", i);
        (void)json_array_set(moved, i, json_array_get(part.records, i + 1));
        (void)json_array_set(moved, i + 1, json_array_get(part.records, i));
        refused(&two, moved, "moved", i);
        (void)json_array_insert(more, i, json_array_get(part.records, i));
        refused(&two, more, "inserted", i);
        json_decref(fewer);
        json_decref(moved);
        json_decref(more);
        if (i % 2 == 1) { /* a result: its body is for good */
            (void)json_object_del(json_array_get(bare, i), "body");
            refused(&two, bare, "without its body", i);
        }
        json_decref(bare);
    }
    journal_part_done(&part);
    two_done(&two);
}

static void a_store_that_went_on_by_itself_keeps_its_own(void **state) {
    struct two two;
    struct journal_part part;
    struct seen before;
    struct seen after;
    struct err why = {0};

    (void)state;
    two_open(&two);
    part = exported(&two.a, 1);
    assert_int_equal(imported(&two.b, part.records, &why), ERR_NONE);
    journal_part_done(&part);
    appended(&two.a, "wait", "{\"mine\":1}");
    appended(&two.b, "wait", "{\"theirs\":1}");
    appended(&two.b, "execute", "{\"theirs\":2}");
    fixture_replay(&two.a, "s", &before);
    part = exported(&two.b, 10);
    assert_int_equal(imported(&two.a, part.records, &why), ERR_CORRUPT);
    journal_part_done(&part);
    fixture_replay(&two.a, "s", &after);
    assert_string_equal(before.text, after.text);
    fixture_assert_verified(&two.a, "s");
    two_done(&two);
}

static void an_encrypted_body_stays_where_it_is(void **state) {
    struct two two;
    struct store_lease lease;
    struct journal *journal;
    struct masked body;
    struct journal_entry entry;
    struct journal_part part = {0};
    struct err why = {0};

    (void)state;
    two_open(&two);
    body = fixture_mask(&two.a, "{\"private\":1}");
    entry = fixture_result(4, &body);
    entry.is_sensitive = true;
    journal = fixture_journal(&two.a, "s", &lease);
    MUST(journal_append(journal, &entry, 1, 0, NULL, &err));
    assert_int_equal(journal_export(two.a.store, STR("s"), 1, &part, &why), ERR_UNSUPPORTED);
    assert_null(part.records);
    journal_close(journal);
    masked_done(&body);
    two_done(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_store_wrote_another_goes_on_with_and_back),
        cmocka_unit_test(no_changed_byte_is_taken),
        cmocka_unit_test(no_dropped_inserted_or_moved_record_is_taken),
        cmocka_unit_test(a_store_that_went_on_by_itself_keeps_its_own),
        cmocka_unit_test(an_encrypted_body_stays_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
