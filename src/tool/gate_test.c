/* The gate: what is checked, journaled, replayed, reconciled, and what stops it. Questions and
 * approvals: gate_approval_test.c. */
#include "tool/gate.h"

#include "base/clock.h"
#include "store/backend.h"
#include "support/gate_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The order ---- */

static void the_schema_is_checked_before_the_grant_and_the_grant_before_the_policy(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    rig.turn.agent = &agent_looks;
    assert_int_equal(rig_call(&rig, "apply", json_pack("{s:i}", "odd", 1), NULL, &why), ERR_DEFECT);
    assert_non_null(strstr(why.text, "odd"));
    assert_int_equal(rig_seq(&rig), 2);
    assert_int_equal(rig_call(&rig, "apply", json_pack("{s:s}", "text", "***"), NULL, &why),
                     ERR_POLICY);
    assert_non_null(strstr(why.text, "no grant"));
    rig.turn.agent = &agent_all;
    assert_int_equal(rig_call(&rig, "apply", json_pack("{s:s}", "text", "***"), NULL, &why),
                     ERR_POLICY);
    assert_non_null(strstr(why.text, "***"));
    assert_int_equal(atomic_load(&world.runs), 0);
    assert_int_equal(rig_seen_n(&rig, "\"no_grant\""), 1);
    MUST(gate_settle(rig.gate, &err));
    assert_int_equal(rig_seq(&rig), 4); /* both refusals are records */
    rig_done(&rig);
}

static void an_effect_is_journaled_before_it_runs_and_its_result_after(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(rig_seq(&rig), 2);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(rig_seq(&rig), 4);
    assert_int_equal(rig_seen_n(&rig, "\"type\":\"call\""), 1);
    assert_int_equal(rig_seen_n(&rig, "\"latency_ms\""), 1);
    assert_int_equal(rig_seen_n(&rig, "\"error_code\":null"), 1);
    rig_done(&rig);
}

static void reads_ride_to_the_disk_with_the_next_effect(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(rig_simple(&rig, "look"), ERR_NONE);
    assert_int_equal(rig_simple(&rig, "look"), ERR_NONE);
    assert_int_equal(rig_seq(&rig), 2);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(rig_seq(&rig), 6);
    rig_done(&rig);
}

static void an_agent_gets_exactly_what_was_journaled(void **state) {
    struct rig rig;
    struct err live = {0};
    struct err again = {0};
    CLEANUP(json_decrefp) json_t *first = NULL;
    CLEANUP(json_decrefp) json_t *second = NULL;

    rig_open(&rig, *state, "preflight");
    MUST(rig_call(&rig, "build", json_object(), &first, &err));
    assert_string_equal(json_str_at(first, "secret_token"), "***");
    world.fails = ERR_BUILD;
    assert_int_equal(rig_call(&rig, "build", json_object(), NULL, &live), ERR_BUILD);
    assert_null(strstr(live.text, "hunter2"));
    rig_again(&rig, 1);
    MUST(rig_call(&rig, "build", json_object(), &second, &err));
    assert_true(json_equal(first, second));
    assert_int_equal(rig_call(&rig, "build", json_object(), NULL, &again), ERR_BUILD);
    assert_string_equal(live.text, again.text);
    assert_int_equal(atomic_load(&world.runs), 2);
    rig_done(&rig);
}

static void a_result_of_another_shape_is_a_defect(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(rig_simple(&rig, "bad"), ERR_DEFECT);
    rig_done(&rig);
}

static void what_is_too_large_to_be_kept_is_an_error_and_not_a_fault(void **state) {
    struct rig rig;
    char *text = mem_alloc((size_t)limit(LIMIT_RECORD_BYTES) + 2);
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    world.answer_bytes = (size_t)limit(LIMIT_RECORD_BYTES);
    assert_int_equal(rig_simple(&rig, "build"), ERR_TOO_LARGE);
    world.answer_bytes = 0;
    memset(text, ' ', (size_t)limit(LIMIT_RECORD_BYTES) + 1);
    assert_int_equal(rig_call(&rig, "build", json_pack("{s:s}", "text", text), NULL, &why),
                     ERR_TOO_LARGE);
    assert_int_equal(atomic_load(&world.runs), 1);
    assert_null(gate_fault(rig.gate));
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    free(text);
    rig_done(&rig);
}

/* ---- Restarts ---- */

static void a_restart_runs_nothing_twice_that_has_a_result(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(rig_simple(&rig, "look"), ERR_NONE); /* only in memory: lost */
    rig_again(&rig, 1);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 2);
    assert_int_equal(rig_simple(&rig, "look"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 3);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 4);
    rig_done(&rig);
}

/* Begins a preview that ends without a result: the process is told to stop. */
static void begin_preview(struct rig *rig) {
    struct call_handle *call;
    struct err why = {0};
    json_t *out = NULL;

    json_put_str(rig->turn.state, "plan_sha256",
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    MUST(turn_verdict(&rig->turn, "plan",
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                      VERDICT_ALLOW, "reviewed", json_array(), &err));
    world.waits_for_cancel = true;
    call = tool_start(&rig->turn, "fake", "preview", json_object());
    atomic_store(&rig->interrupted, true);
    assert_int_equal(tool_finish(call, &out, &why), ERR_INTERRUPTED);
    assert_non_null(strstr(why.remedy, "attach s"));
    assert_int_equal(gate_fault(rig->gate)->code, ERR_INTERRUPTED);
    assert_int_equal(rig_simple(rig, "look"), ERR_INTERRUPTED);
    world.waits_for_cancel = false;
    rig_again(rig, 1);
    MUST(turn_verdict(&rig->turn, "plan",
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                      VERDICT_ALLOW, "reviewed", json_array(), &err));
}

/* clang-format off */
static const struct {
    enum reconciled trace;
    enum err_code fails;
    int runs; /* all in all */
    const char *by;
    enum err_code code;
} reconcile_rows[] = {
    /* trace                  fails             runs by                   code */
    { RECONCILED_DONE,        ERR_NONE,         1, "an earlier process", ERR_NONE },
    { RECONCILED_NOT_STARTED, ERR_NONE,         2, "a fake operation",   ERR_NONE },
    { RECONCILED_NOT_STARTED, ERR_UNREACHABLE,  1, NULL,                 ERR_UNREACHABLE },
};
/* clang-format on */

static void an_intent_without_a_result_is_reconciled_before_it_is_run(void **state) {
    for (size_t i = 0; i < ARRAY_N(reconcile_rows); i++) {
        struct rig rig;
        struct err why = {0};
        CLEANUP(json_decrefp) json_t *out = NULL;

        if (i > 0) {
            fixture_done(*state);
            fixture_open(*state, &store_memory);
        }
        rig_open(&rig, *state, "dry_run");
        begin_preview(&rig);
        world.trace = reconcile_rows[i].trace;
        world.fails = reconcile_rows[i].fails;
        if (rig_call(&rig, "preview", json_object(), &out, &why) != reconcile_rows[i].code ||
            atomic_load(&world.runs) != reconcile_rows[i].runs ||
            atomic_load(&world.reconciles) != 1 ||
            strcmp(json_str_or(out, "by", ""),
                   reconcile_rows[i].by == NULL ? "" : reconcile_rows[i].by) != 0) {
            fail_msg("row %zu: %s, %d runs", i, why.text, atomic_load(&world.runs));
        }
        assert_string_equal(world.key, "s-2");
        rig_done(&rig);
    }
}

static void a_phase_that_is_begun_anew_is_told_what_was_done_before(void **state) {
    struct rig rig;
    CLEANUP(json_decrefp) json_t *out = NULL;

    rig_open(&rig, *state, "dry_run");
    begin_preview(&rig);
    rig_again(&rig, 1);
    world.trace = RECONCILED_DONE;
    MUST(gate_reconcile(rig.gate, &err));
    rig_phase(&rig, "dry_run");
    MUST(rig_call(&rig, "preview", json_object(), &out, &err));
    assert_string_equal(json_str_at(out, "by"), "an earlier process");
    assert_int_equal(atomic_load(&world.runs), 1);
    assert_int_equal(rig_simple(&rig, "preview"), ERR_NONE); /* told once */
    assert_int_equal(atomic_load(&world.runs), 2);
    rig_done(&rig);
}

static void a_rerun_that_asks_for_something_else_is_a_defect(void **state) {
    static const char *const texts[] = {"another operation", "other arguments", "another question",
                                        "a question instead of a call"};

    for (size_t i = 0; i < ARRAY_N(texts); i++) {
        struct rig rig;
        struct err why = {0};
        CLEANUP(freep) char *answer = NULL;
        enum err_code code = ERR_NONE;

        if (i > 0) {
            fixture_done(*state);
            fixture_open(*state, &store_memory);
        }
        rig_open(&rig, *state, "preflight");
        assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
        MUST(turn_ask(&rig.turn, json_pack("{s:s}", "question", "a"), &answer, &err));
        freep(&answer);
        rig_again(&rig, i == 2 ? 2 : 1);
        switch (i) {
        case 0:
            code = rig_call(&rig, "chatter", json_object(), NULL, &why);
            break;
        case 1:
            code = rig_call(&rig, "build", json_pack("{s:i}", "n", 2), NULL, &why);
            break;
        default:
            code = turn_ask(&rig.turn, json_pack("{s:s}", "question", "b"), &answer, &why);
            break;
        }
        if (code != ERR_DEFECT || atomic_load(&world.runs) != 1 || gate_fault(rig.gate) == NULL) {
            fail_msg("%s: %s", texts[i], why.text);
        }
        rig_done(&rig);
    }
}

/* ---- Several at once, progress, deadlines ---- */

static void several_calls_run_at_once_and_keep_their_numbers(void **state) {
    struct rig rig;
    struct call_handle *calls[4];

    rig_open(&rig, *state, "preflight");
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        calls[i] = tool_start(&rig.turn, "fake", "build", json_pack("{s:b}", "together", 1));
    }
    for (size_t i = ARRAY_N(calls); i > 0; i--) {
        json_t *out = NULL;

        MUST(tool_finish(calls[i - 1], &out, &err));
        json_decref(out);
    }
    assert_true(atomic_load(&world.most) > 1);
    rig_again(&rig, 1);
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        MUST(rig_call(&rig, "build", json_pack("{s:b}", "together", 1), NULL, &err));
    }
    assert_int_equal(atomic_load(&world.runs), 4);
    rig_done(&rig);
}

static void progress_arrives_in_order_and_before_the_end_of_the_call(void **state) {
    struct rig rig;
    const char *at;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(rig_simple(&rig, "chatter"), ERR_NONE);
    at = rig.seen.ptr;
    for (int i = 0; i < 50; i++) {
        char want[16];

        (void)snprintf(want, sizeof want, "\"n\":%d,", i);
        at = strstr(at, want);
        assert_non_null(at);
    }
    assert_non_null(strstr(at, "\"type\":\"call\""));
    rig_done(&rig);
}

static void a_call_that_keeps_no_deadline_is_cancelled_and_has_timed_out(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    world.waits_for_cancel = true;
    assert_int_equal(rig_simple(&rig, "short"), ERR_TIMEOUT);
    assert_null(gate_fault(rig.gate));
    assert_int_equal(rig_seq(&rig), 4);
    rig_done(&rig);
}

/* ---- What stops the gate ---- */

static void a_lost_lease_stops_everything(void **state) {
    struct rig rig;
    struct store_lease other;
    struct store_lease mine;

    rig_open(&rig, *state, "preflight");
    mine = rig.lease;
    MUST(store_release_lease(rig.f->store, &rig.lease, &err));
    MUST(store_take_lease(rig.f->store, STR("s"), 30000, &other, &err));
    assert_int_equal(rig_simple(&rig, "build"), ERR_STALE);
    assert_int_equal(atomic_load(&world.runs), 0); /* the intent did not reach the disk */
    assert_int_equal(gate_fault(rig.gate)->code, ERR_STALE);
    assert_int_equal(rig_simple(&rig, "look"), ERR_STALE);
    rig.lease = mine;
    MUST(store_release_lease(rig.f->store, &other, &err));
    rig_done(&rig);
}

/* The memory store on a disk that is full when a test says so. */
static bool is_disk_full;

static enum err_code full_append(void *back, const struct store_append *append, struct err *err) {
    return is_disk_full ? err_set(err, ERR_DISK_FULL, "the disk is full")
                        : store_memory.append(back, append, err);
}

static void a_full_disk_stops_everything_and_loses_nothing(void **state) {
    static struct store_ops ops;
    struct rig rig;

    ops = store_memory;
    ops.append = full_append;
    fixture_done(*state);
    fixture_open(*state, &ops);
    rig_open(&rig, *state, "preflight");
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    is_disk_full = true;
    assert_int_equal(rig_simple(&rig, "look"), ERR_NONE);
    assert_int_equal(rig_simple(&rig, "build"), ERR_DISK_FULL);
    assert_int_equal(atomic_load(&world.runs), 2); /* no effect without its intent on the disk */
    assert_int_equal(rig_simple(&rig, "look"), ERR_DISK_FULL);
    is_disk_full = false;
    rig_again(&rig, 1);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 2);
    assert_int_equal(rig_simple(&rig, "look"), ERR_NONE);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 4);
    rig_done(&rig);
}

static void the_end_of_a_runs_time_stops_it_and_another_process_goes_on(void **state) {
    struct call_handle *call;
    struct err why = {0};
    json_t *out = NULL;
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    rig.deadline_mono_ms = clock_mono_ms() + 50;
    world.waits_for_cancel = true;
    call = tool_start(&rig.turn, "fake", "build", json_object());
    assert_int_equal(tool_finish(call, &out, &why), ERR_TIMEOUT);
    assert_non_null(strstr(why.text, "--max-wait-duration"));
    assert_non_null(strstr(why.remedy, "attach s"));
    assert_int_equal(rig_simple(&rig, "look"), ERR_TIMEOUT);
    world.waits_for_cancel = false;
    rig.deadline_mono_ms = 0;
    rig_again(&rig, 1);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    rig_done(&rig);
}

static void four_plans_a_minute_are_shared_by_all_and_the_fifth_waits(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "plan");
    for (int64_t i = 0; i < limit(LIMIT_PLAN_CYCLES); i++) {
        MUST(gate_pace_planning(rig.gate, &err));
        rig_again(&rig, 1); /* another process, the same user */
    }
    atomic_store(&rig.interrupted, true);
    assert_int_equal(gate_pace_planning(rig.gate, &why), ERR_INTERRUPTED);
    assert_int_equal(rig_seen_n(&rig, "4 plans were made within 60 s"), 1);
    assert_int_equal(rig_seen_n(&rig, "waiting for the pace of planning"), 1);
    rig_done(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_MEMORY(the_schema_is_checked_before_the_grant_and_the_grant_before_the_policy),
        ON_BOTH(an_effect_is_journaled_before_it_runs_and_its_result_after),
        ON_BOTH(reads_ride_to_the_disk_with_the_next_effect),
        ON_BOTH(an_agent_gets_exactly_what_was_journaled),
        ON_MEMORY(a_result_of_another_shape_is_a_defect),
        ON_BOTH(what_is_too_large_to_be_kept_is_an_error_and_not_a_fault),
        ON_BOTH(a_restart_runs_nothing_twice_that_has_a_result),
        ON_MEMORY(an_intent_without_a_result_is_reconciled_before_it_is_run),
        ON_BOTH(a_phase_that_is_begun_anew_is_told_what_was_done_before),
        ON_MEMORY(a_rerun_that_asks_for_something_else_is_a_defect),
        ON_BOTH(several_calls_run_at_once_and_keep_their_numbers),
        ON_MEMORY(progress_arrives_in_order_and_before_the_end_of_the_call),
        ON_MEMORY(a_call_that_keeps_no_deadline_is_cancelled_and_has_timed_out),
        ON_BOTH(a_lost_lease_stops_everything),
        ON_MEMORY(a_full_disk_stops_everything_and_loses_nothing),
        ON_BOTH(the_end_of_a_runs_time_stops_it_and_another_process_goes_on),
        ON_BOTH(four_plans_a_minute_are_shared_by_all_and_the_fifth_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
