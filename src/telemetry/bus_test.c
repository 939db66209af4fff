/* The bus: what reaches a sink is masked, wanted and says where it comes from. */
#include "telemetry/bus.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A sink that keeps what it got last. */
struct keeper {
    int n;
    enum event event;
    json_t *last;
    char text[2000];
};

static void keep(void *ctx, enum event event, const struct masked *json) {
    struct keeper *keeper = ctx;
    struct err err = {0};

    assert_in_range(masked_str(json).len, 2, sizeof keeper->text - 1);
    keeper->n++;
    keeper->event = event;
    memcpy(keeper->text, masked_cstr(json), masked_str(json).len + 1);
    json_decref(keeper->last);
    keeper->last = NULL;
    assert_int_equal(json_read(masked_str(json), &keeper->last, &err), ERR_NONE);
}

static const struct sink every = {"every", LEVEL_DEBUG, keep};
static const struct sink people = {"people", LEVEL_INFO, keep};
static const struct sink on_call = {"on_call", LEVEL_ALERT, keep};

struct world {
    struct redactor *redactor;
    struct bus *bus;
    struct keeper every;
    struct keeper people;
    struct keeper on_call;
};

static int set_up(void **state) {
    struct world *w = mem_alloc(sizeof *w);

    w->redactor = redactor_new();
    w->bus = bus_new(w->redactor);
    bus_add(w->bus, &every, &w->every);
    bus_add(w->bus, &people, &w->people);
    bus_add(w->bus, &on_call, &w->on_call);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;

    bus_free(w->bus);
    redactor_free(w->redactor);
    json_decref(w->every.last);
    json_decref(w->people.last);
    json_decref(w->on_call.last);
    free(w);
    return 0;
}

static json_t *field(const char *key, const char *value) {
    json_t *json = json_object();

    json_put_str(json, key, value);
    return json;
}

static void no_sink_sees_a_secret(void **state) {
    struct world *w = *state;

    redactor_add_known(w->redactor, "DB_PASSWORD", STR("correct-horse-battery"));
    bus_context(w->bus, "s-correct-horse-battery", "plan", "planner");
    bus_emit(w->bus, EVENT_ALERT, field("message", "login with correct-horse-battery failed"));
    assert_int_equal(w->every.n + w->people.n + w->on_call.n, 3);
    assert_null(strstr(w->every.text, "correct-horse"));
    assert_null(strstr(w->people.text, "correct-horse"));
    assert_null(strstr(w->on_call.text, "correct-horse"));
    assert_string_equal(json_str_at(w->on_call.last, "message"), "login with *** failed");
}

static void what_was_masked_is_told_by_kind_and_never_shown(void **state) {
    struct world *w = *state;
    const json_t *rows = NULL;

    bus_tell_masked(w->bus);
    assert_int_equal(w->every.n, 0);
    redactor_add_known(w->redactor, "DB_PASSWORD", STR("correct-horse-battery"));
    bus_emit(w->bus, EVENT_SAY, field("text", "correct-horse-battery password=hunter2 token=x1"));
    bus_tell_masked(w->bus);
    assert_int_equal(w->people.event, EVENT_MASKED);
    rows = json_at(w->people.last, "masked");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(json_str_at(json_array_get(rows, 0), "kind"), "key");
    assert_int_equal(json_int_or(json_array_get(rows, 0), "n", 0), 2);
    assert_string_equal(json_str_at(json_array_get(rows, 1), "kind"), "known");
    assert_int_equal(json_int_or(json_array_get(rows, 1), "n", 0), 1);
    assert_null(strstr(w->every.text, "hunter2"));
}

static void a_sink_gets_its_level_and_above(void **state) {
    static const struct {
        enum event event;
        int every, people, on_call;
    } rows[] = {{EVENT_CALL, 1, 0, 0}, {EVENT_SAY, 1, 1, 0}, {EVENT_ALERT, 1, 1, 1}};
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        w->every.n = w->people.n = w->on_call.n = 0;
        bus_emit(w->bus, rows[i].event, NULL);
        if (w->every.n != rows[i].every || w->people.n != rows[i].people ||
            w->on_call.n != rows[i].on_call) {
            fail_msg("%s: %d %d %d", event_type(rows[i].event), w->every.n, w->people.n,
                     w->on_call.n);
        }
        assert_int_equal(w->every.event, rows[i].event);
    }
}

static void an_event_says_what_when_and_where(void **state) {
    struct world *w = *state;
    struct err err = {0};
    int64_t ms = 0;

    bus_context(w->bus, "d-7", "wait", "orchestrator");
    bus_emit(w->bus, EVENT_SAY, field("text", "hello"));
    assert_string_equal(json_str_at(w->every.last, "type"), "say");
    assert_string_equal(json_str_at(w->every.last, "session_id"), "d-7");
    assert_string_equal(json_str_at(w->every.last, "phase"), "wait");
    assert_string_equal(json_str_at(w->every.last, "agent"), "orchestrator");
    assert_string_equal(json_str_at(w->every.last, "text"), "hello");
    assert_int_equal(clock_read_iso(str_from(json_str_at(w->every.last, "time")), &ms, &err),
                     ERR_NONE);
    bus_emit(w->bus, EVENT_PHASE, field("phase", "execute"));
    assert_string_equal(json_str_at(w->every.last, "phase"), "execute"); /* its own wins */
}

static void what_has_no_context_leaves_it_out(void **state) {
    struct world *w = *state;

    bus_context(w->bus, "d-7", "wait", "orchestrator");
    bus_context(w->bus, NULL, NULL, NULL);
    bus_emit(w->bus, EVENT_START, NULL);
    assert_null(json_object_get(w->every.last, "session_id"));
    assert_null(json_object_get(w->every.last, "phase"));
    assert_null(json_object_get(w->every.last, "agent"));
    assert_string_equal(json_str_at(w->every.last, "type"), "start");
}

static void a_removed_sink_gets_no_more_and_the_others_do(void **state) {
    struct world *w = *state;

    bus_remove(w->bus, &people, &w->every); /* not that pair: fine */
    bus_remove(w->bus, &every, &w->every);
    bus_emit(w->bus, EVENT_ALERT, NULL);
    assert_int_equal(w->every.n, 0);
    assert_int_equal(w->people.n, 1);
    assert_int_equal(w->on_call.n, 1);
    bus_add(w->bus, &every, &w->every);
    bus_emit(w->bus, EVENT_ALERT, NULL);
    assert_int_equal(w->every.n, 1);
}

static void every_event_has_a_word_of_its_own(void **state) {
    (void)state;
    for (enum event e = EVENT_NONE + 1; e < EVENT_N; e++) {
        if (event_from_type(event_type(e)) != e) {
            fail_msg("%s is not found again", event_type(e));
        }
        assert_in_range(event_level(e), LEVEL_DEBUG, LEVEL_ALERT);
    }
    assert_int_equal(event_from_type("none"), EVENT_NONE);
    assert_int_equal(event_from_type("no such"), EVENT_NONE);
    assert_int_equal(event_from_type(NULL), EVENT_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_sink_sees_a_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_masked_is_told_by_kind_and_never_shown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sink_gets_its_level_and_above, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_says_what_when_and_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_context_leaves_it_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removed_sink_gets_no_more_and_the_others_do, set_up,
                                        tear_down),
        cmocka_unit_test(every_event_has_a_word_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
