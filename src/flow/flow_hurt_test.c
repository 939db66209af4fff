/* The same road as in flow_test.c, hurt: each call fails, Ctrl-C comes in each, and the process is
 * killed before and after each write of the journal. */
#include "support/flow_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state) {
    (void)state;
    world_fresh();
    return 0;
}

/* ---- Torture: the k-th call fails ---- */

static bool is_exit(int exit_status) {
    static const int all[] = {0, 1, 2, 3, 4, 5, 8, 9, 10};

    for (size_t i = 0; i < ARRAY_N(all); i++) {
        if (all[i] == exit_status) {
            return true;
        }
    }
    return false;
}

static bool ends_well_told(void) {
    bool is_good = world->exit_status == 0 || strlen(world->message) > 4;

    return is_good && is_exit(world->exit_status) && !world_was_repeated() &&
           world->calls < WORLD_CALLS_MAX - 1;
}

static void whichever_call_fails_the_run_ends_and_says_why(void **state) {
    static const enum err_code codes[] = {ERR_UNREACHABLE, ERR_DENIED,    ERR_STALE, ERR_TIMEOUT,
                                          ERR_CANCELLED,   ERR_TOO_LARGE, ERR_POLICY};
    int bad = 0;

    (void)state;
    for (int ill = 0; ill < 2; ill++) {
        for (size_t c = 0; c < ARRAY_N(codes); c++) {
            for (int k = 1, n = k; k <= n; k++) {
                struct flow *flow;

                world_fresh();
                flow = world_flow(&hasty_store);
                (void)world_run(flow, "deploy", true);
                world->is_probe_bad = ill == 1; /* so that ROLLBACK is walked too */
                int before = world->calls;
                world->fail_at = before + k;
                world->fail_code = codes[c];
                (void)world_run(flow, "deploy", true);
                flow_close(flow);
                n = world->calls - before;
                if (!ends_well_told()) {
                    print_error("%s at call %d (%s): %s, exit %d, '%s'\n", err_wire(codes[c]), k,
                                world->log[before + k], world->status, world->exit_status,
                                world->message);
                    bad++;
                }
            }
        }
    }
    assert_int_equal(bad, 0);
}

/* How many places a walk goes on at a time: 1, but more where every step is ten times slower. */
static int stride(void) {
    const char *text = getenv("AWSCOPILOT_TEST_STRIDE");
    int64_t n = 1;
    struct err err = {0};

    if (text != NULL && str_to_i64(str_from(text), 1, 100, &n, &err) != ERR_NONE) {
        fail_msg("AWSCOPILOT_TEST_STRIDE: %s", err.text);
    }
    return (int)n;
}

/* ---- Ctrl-C ---- */

static void ctrl_c_in_any_call_parks_and_the_session_goes_on(void **state) {
    int bad = 0;

    (void)state;
    for (int k = 1, n = k; k <= n; k += stride()) {
        struct flow *flow;
        enum err_code code;

        world_fresh();
        world->has_bootstrap = false;
        flow = world_flow(&store_sqlite);
        world->interrupt_at = k;
        code = world_run(flow, "deploy", true);
        bool is_told = strstr(world->message, "attach") != NULL && world->exit_status == 130;
        flow_close(flow);
        n = world->calls;
        if (code == ERR_NONE) {
            break; /* the run was over before */
        }
        atomic_store(&world->interrupted, false);
        flow = world_flow(&store_sqlite);
        (void)world_run(flow, "deploy", false);
        flow_close(flow);
        if (!is_told || strcmp(world->status, "success") != 0 || world_effects("apply") != 1 ||
            world_effects("bootstrap") != 1 || world_was_repeated()) {
            print_error("at call %d (%s): %s, %s\n", k, world->log[k], world->status,
                        world->message);
            bad++;
        }
        n = n < world->calls ? world->calls : n;
    }
    assert_int_equal(bad, 0);
}

/* ---- Kill at every write ---- */

/* The parent session of the folder, whose id the killed process did not live to tell. */
static bool find_session(struct flow *flow) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store_sessions find = {.kind = STR("deploy")};
    const struct store_session *rows = NULL;
    size_t n = 0;
    struct err err = {0};

    assert_int_equal(store_list_sessions(flow_store(flow), &find, arena, &rows, &n, &err),
                     ERR_NONE);
    if (n > 0) {
        (void)snprintf(world->session, sizeof world->session, STR_FMT, STR_ARG(rows[0].id));
    }
    return n > 0;
}

static void verify_all(struct flow *flow) {
    struct journal_report report = {0};
    struct err err = {0};

    assert_int_equal(journal_verify(flow_store(flow), STR(""), &report, &err), ERR_NONE);
    if (!report.is_ok) {
        fail_msg("record %lld: %s", (long long)report.seq, report.reason);
    }
}

/* Killed after the last write, there is nothing left to do. */
static bool ended_once(void) {
    bool is_over = strcmp(world->status, err_wire(ERR_USED)) == 0 &&
                   strstr(world->message, "has ended (success)") != NULL;

    return (is_over || strcmp(world->status, "success") == 0) && world_effects("preview") == 2 &&
           world_effects("bootstrap") == 1 && world_effects("apply") == 1 && !world_was_repeated();
}

/* A question whose answer did not reach the disk is asked once more, all others once. */
static bool asked_at_most(int n) { return world->asked_n <= n; }

/* Lets `version` go on from what a kill before and after each write leaves of a deployment that
 * sets the account up; of those moments each `every`th. */
static void kill_everywhere(const char *version, int asked_max, int every) {
    int bad = 0;
    int n;

    world->has_bootstrap = false;
    n = world_record("deploy", "1");
    assert_true(n > 40);
    for (int k = 0; k < n; k += every * stride()) {
        struct flow *flow;

        world_restore(k);
        flow = world_flow(&hasty_sqlite);
        flow->version = version;
        (void)world_run(flow, "deploy", !find_session(flow));
        if (!ended_once() || !asked_at_most(asked_max)) {
            print_error("%s write %d: %s, %s, asked %d\n", k % 2 == 1 ? "after" : "before",
                        k / 2 + 1, world->status, world->message, world->asked_n);
            bad++;
        }
        verify_all(flow);
        flow_close(flow);
    }
    assert_int_equal(bad, 0);
}

static void killed_at_any_write_it_goes_on_as_if_nothing_had_happened(void **state) {
    (void)state;
    kill_everywhere("1", 3 + 1, 1); /* bootstrap, its yes, the deployment's yes; and one again */
}

static void killed_at_any_write_with_a_model_it_goes_on_too(void **state) {
    (void)state;
    world->model = WORLD_MODEL_GOOD;
    kill_everywhere("1", 3 + 1, 3);
}

static void another_version_settles_what_is_open_and_begins_the_phase_anew(void **state) {
    (void)state;
    kill_everywhere("2", 3 + 2, 1); /* a phase's question, and a yes to what was not started */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whichever_call_fails_the_run_ends_and_says_why, set_up),
        cmocka_unit_test_setup(ctrl_c_in_any_call_parks_and_the_session_goes_on, set_up),
        cmocka_unit_test_setup(killed_at_any_write_it_goes_on_as_if_nothing_had_happened, set_up),
        cmocka_unit_test_setup(killed_at_any_write_with_a_model_it_goes_on_too, set_up),
        cmocka_unit_test_setup(another_version_settles_what_is_open_and_begins_the_phase_anew,
                               set_up),
    };
    int failed;

    world_make();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_remove();
    return failed;
}
