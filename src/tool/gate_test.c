/* The gate: what is checked, journaled, replayed, reconciled, and what stops it. The operations
 * here are fakes that say so: they count, sleep and fail as a test tells them to. */
#include "tool/gate.h"

#include "base/clock.h"
#include "guard/approval.h"
#include "store/backend.h"
#include "support/store_fixture.h"
#include "tool/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The fakes ---- */

/* What the outside world holds and does. One test at a time. */
static struct {
    atomic_int runs; /* of any operation */
    atomic_int now;  /* under way */
    atomic_int most; /* at once */
    atomic_int reconciles;
    enum reconciled trace; /* what reconcile() finds */
    enum err_code fails;   /* what the next run() returns; ERR_NONE: it goes well */
    bool waits_for_cancel; /* run() ends only when it is cancelled */
    size_t answer_bytes;
    char key[96]; /* idempotency key of the last run */
} world;

static enum err_code fake_run(struct op *op, json_t **out, struct err *err) {
    int now = atomic_fetch_add(&world.now, 1) + 1;

    (void)atomic_fetch_add(&world.runs, 1);
    while (now > atomic_load(&world.most)) {
        atomic_store(&world.most, now);
    }
    while (world.waits_for_cancel && !atomic_load(op->cancel)) {
        clock_sleep_ms(1);
    }
    if (json_bool_at(op->args, "slow")) {
        clock_sleep_ms(100);
    }
    (void)atomic_fetch_sub(&world.now, 1);
    if (world.waits_for_cancel) {
        return err_set(err, ERR_CANCELLED, "the fake was cancelled");
    }
    if (world.fails != ERR_NONE) {
        return err_set(err, world.fails, "the fake fails with password=hunter2hunter2");
    }
    *out =
        json_pack("{s:s, s:s}", "by", "a fake operation", "secret_token", "tok-0123456789abcdef");
    if (world.answer_bytes > 0) {
        char *text = mem_alloc(world.answer_bytes + 1);

        for (size_t i = 0; i < world.answer_bytes; i++) {
            text[i] = " \n"[i % 2];
        }
        json_put_str(*out, "text", text);
        free(text);
    }
    return ERR_NONE;
}

static enum err_code fake_effect(struct op *op, json_t **out, struct err *err) {
    (void)snprintf(world.key, sizeof world.key, "%s", op->key);
    return fake_run(op, out, err);
}

static enum err_code fake_chatter(struct op *op, json_t **out, struct err *err) {
    for (int i = 0; i < 50; i++) {
        op_progress(op, json_pack("{s:s, s:i}", "type", "progress", "n", i));
    }
    return fake_run(op, out, err);
}

static enum err_code fake_misshapen(struct op *op, json_t **out, struct err *err) {
    (void)op;
    (void)err;
    *out = json_pack("{s:i}", "by", 7);
    return ERR_NONE;
}

static enum err_code fake_reconcile(struct op *op, enum reconciled *state, json_t **out,
                                    struct err *err) {
    (void)op;
    (void)atomic_fetch_add(&world.reconciles, 1);
    if (world.fails == ERR_UNREACHABLE) {
        return err_set(err, ERR_UNREACHABLE, "the fake world does not answer");
    }
    *state = world.trace;
    if (world.trace == RECONCILED_DONE) {
        *out = json_pack("{s:s}", "by", "an earlier process");
    }
    return ERR_NONE;
}

/* clang-format off */
static const struct json_field any_in[] = {
    {"approval", JSON_TEXT, true}, {"release", JSON_TEXT, true}, {"stack_id", JSON_TEXT, true},
    {"n", JSON_COUNT, true}, {"slow", JSON_FLAG, true}, {"text", JSON_TEXT, true}, {0}};
static const struct json_field any_out[] = {
    {"by", JSON_TEXT, false}, {"secret_token", JSON_TEXT, true}, {"text", JSON_TEXT, true}, {0}};
static const struct operation fake_operations[] = {
    {"look",     EFFECT_READ,    "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_run,       NULL},
    {"build",    EFFECT_LOCAL,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_run,       NULL},
    {"chatter",  EFFECT_LOCAL,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_chatter,   NULL},
    {"short",    EFFECT_LOCAL,   "fake", LIMIT_POLL_MIN_MS,     any_in, any_out, fake_run,       NULL},
    {"bad",      EFFECT_READ,    "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_misshapen, NULL},
    {"upload",   EFFECT_PREVIEW, "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    NULL},
    {"preview",  EFFECT_PREVIEW, "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    fake_reconcile},
    {"apply",    EFFECT_APPLY,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    fake_reconcile},
    {"rollback", EFFECT_APPLY,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    NULL},
};
/* The policy asks before this one runs the repository's code. */
static const struct operation asked_operations[] = {
    {"run",      EFFECT_LOCAL,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_run,       NULL},
};
/* clang-format on */

static const struct tool fake_tool = {"fake", "counts", fake_operations, ARRAY_N(fake_operations)};
static const struct tool asked_tool = {"uv_client", "counts", asked_operations,
                                       ARRAY_N(asked_operations)};
const struct tool *const tools[] = {&fake_tool, &asked_tool};
const size_t tool_n = ARRAY_N(tools);

static const struct grant all[] = {{"fake", "*"}, {"uv_client", "*"}, {0}};
static const struct grant looks[] = {{"fake", "look"}, {0}};
static const struct agent_card agent_all = {"tester", "Tester", all};
static const struct agent_card agent_looks = {"looker", "Looker", looks};

/* ---- One process with a session ---- */

struct rig {
    struct fixture *f;
    struct services services;
    struct bus *bus;
    struct person person;
    struct gate_options options;
    struct store_lease lease;
    struct journal *journal;
    struct gate *gate;
    struct turn turn;
    atomic_bool interrupted;
    bool has_person;
    int asked;
    const char *answer; /* of the person; NULL: waits for a message */
    struct buf seen;    /* what the sink saw, a line each */
    const char *phase;
};

static bool rig_is_there(void *ctx) { return ((struct rig *)ctx)->has_person; }

static enum err_code rig_ask(void *ctx, const struct masked *question, bool (*poll)(void *poll_ctx),
                             void *poll_ctx, char **out, struct err *err) {
    struct rig *rig = ctx;

    (void)question;
    rig->asked++;
    while (rig->answer == NULL) {
        if (poll(poll_ctx)) {
            return ERR_NONE;
        }
        clock_sleep_ms(10);
    }
    if (strcmp(rig->answer, "^C") == 0) {
        return err_set(err, ERR_INTERRUPTED, "stopped");
    }
    *out = mem_strdup(rig->answer);
    return ERR_NONE;
}

static void rig_write(void *ctx, enum event event, const struct masked *json) {
    struct rig *rig = ctx;

    (void)event;
    buf_addf(&rig->seen, "%s\n", masked_cstr(json));
}

static const struct sink rig_sink = {"test", LEVEL_DEBUG, rig_write};

static enum err_code rig_recall(const struct journal_record *record, void *context,
                                struct err *err) {
    struct rig *rig = context;

    (void)err;
    gate_recall(rig->gate, record);
    return ERR_NONE;
}

static void rig_phase(struct rig *rig, const char *phase) {
    CLEANUP(masked_done) struct masked state = fixture_mask(rig->f, "{}");
    struct journal_entry entry = {.kind = RECORD_PHASE, .body = &state};
    struct journal_entry first = fixture_first();

    entry.fields[FIELD_PHASE] = str_from(phase);
    entry.fields[FIELD_STATUS] = STR("running");
    if (journal_last_seq(rig->journal) == 0) {
        MUST(gate_record(rig->gate, &first, &err));
    }
    MUST(gate_record(rig->gate, &entry, &err));
    MUST(gate_settle(rig->gate, &err));
    gate_enter(rig->gate, phase, gate_next_call(rig->gate));
    rig->phase = phase;
    rig->turn.phase = phase;
}

static void rig_process(struct rig *rig) {
    MUST(store_take_lease(rig->f->store, STR("s"), 30000, &rig->lease, &err));
    MUST(journal_open(rig->f->store, &rig->lease, &rig->journal, &err));
    rig->options = (struct gate_options){
        .services = &rig->services,
        .journal = rig->journal,
        .lease = &rig->lease,
        .bus = rig->bus,
        .person = &rig->person,
        .interrupted = &rig->interrupted,
        .session = "s",
    };
    MUST(gate_open(&rig->options, &rig->gate, &err));
    rig->turn.gate = rig->gate;
}

static void rig_open(struct rig *rig, struct fixture *f, const char *phase) {
    memset(&world, 0, sizeof world);
    *rig = (struct rig){.f = f, .has_person = true, .answer = "yes", .seen = BUF_INIT(1 << 20)};
    rig->services = (struct services){.store = f->store, .redactor = f->redactor};
    rig->bus = bus_new(f->redactor);
    bus_add(rig->bus, &rig_sink, rig);
    rig->person = (struct person){rig_is_there, rig_ask, rig};
    rig->turn = (struct turn){.agent = &agent_all, .state = json_object(), .session = "s"};
    rig_process(rig);
    rig_phase(rig, phase);
}

/* The process ends here: what waits for the disk is lost. */
static void rig_die(struct rig *rig) {
    gate_close(rig->gate);
    journal_close(rig->journal);
    MUST(store_release_lease(rig->f->store, &rig->lease, &err));
}

/* Another process takes the session up, at the start of its phase. */
static void rig_again(struct rig *rig, int64_t first_call) {
    rig_die(rig);
    atomic_store(&rig->interrupted, false);
    rig_process(rig);
    MUST(journal_replay(rig->f->store, STR("s"), 1, rig_recall, rig, &err));
    gate_enter(rig->gate, rig->phase, first_call);
}

static void rig_done(struct rig *rig) {
    rig_die(rig);
    bus_free(rig->bus);
    json_decref(rig->turn.state);
    buf_done(&rig->seen);
    fixture_assert_verified(rig->f, "s");
}

static enum err_code call_op(struct rig *rig, const char *operation, json_t *args, json_t **out,
                             struct err *err) {
    json_t *got = NULL;
    enum err_code code = tool_call(&rig->turn, "fake", operation, args, &got, err);

    if (out != NULL) {
        *out = got;
    } else {
        json_decref(got);
    }
    return code;
}

static enum err_code simple(struct rig *rig, const char *operation) {
    struct err why = {0};

    return call_op(rig, operation, json_object(), NULL, &why);
}

static int64_t seq(const struct rig *rig) { return journal_last_seq(rig->journal); }

static size_t seen_n(const struct rig *rig, const char *text) {
    size_t n = 0;
    const char *at = rig->seen.ptr == NULL ? "" : rig->seen.ptr;

    while ((at = strstr(at, text)) != NULL) {
        n++;
        at++;
    }
    return n;
}

/* ---- The order ---- */

static void the_schema_is_checked_before_the_grant_and_the_grant_before_the_policy(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    rig.turn.agent = &agent_looks;
    assert_int_equal(call_op(&rig, "apply", json_pack("{s:i}", "odd", 1), NULL, &why), ERR_DEFECT);
    assert_non_null(strstr(why.text, "odd"));
    assert_int_equal(seq(&rig), 2);
    assert_int_equal(call_op(&rig, "apply", json_pack("{s:s}", "text", "***"), NULL, &why),
                     ERR_POLICY);
    assert_non_null(strstr(why.text, "no grant"));
    rig.turn.agent = &agent_all;
    assert_int_equal(call_op(&rig, "apply", json_pack("{s:s}", "text", "***"), NULL, &why),
                     ERR_POLICY);
    assert_non_null(strstr(why.text, "***"));
    assert_int_equal(atomic_load(&world.runs), 0);
    assert_int_equal(seen_n(&rig, "\"no_grant\""), 1);
    MUST(gate_settle(rig.gate, &err));
    assert_int_equal(seq(&rig), 4); /* both refusals are records */
    rig_done(&rig);
}

static void an_effect_is_journaled_before_it_runs_and_its_result_after(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(seq(&rig), 2);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(seq(&rig), 4);
    assert_int_equal(seen_n(&rig, "\"type\":\"call\""), 1);
    assert_int_equal(seen_n(&rig, "\"latency_ms\""), 1);
    assert_int_equal(seen_n(&rig, "\"error_code\":null"), 1);
    rig_done(&rig);
}

static void reads_ride_to_the_disk_with_the_next_effect(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(simple(&rig, "look"), ERR_NONE);
    assert_int_equal(simple(&rig, "look"), ERR_NONE);
    assert_int_equal(seq(&rig), 2);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(seq(&rig), 6);
    rig_done(&rig);
}

static void an_agent_gets_exactly_what_was_journaled(void **state) {
    struct rig rig;
    struct err live = {0};
    struct err again = {0};
    CLEANUP(json_decrefp) json_t *first = NULL;
    CLEANUP(json_decrefp) json_t *second = NULL;

    rig_open(&rig, *state, "preflight");
    MUST(call_op(&rig, "build", json_object(), &first, &err));
    assert_string_equal(json_str_at(first, "secret_token"), "***");
    world.fails = ERR_BUILD;
    assert_int_equal(call_op(&rig, "build", json_object(), NULL, &live), ERR_BUILD);
    assert_null(strstr(live.text, "hunter2"));
    rig_again(&rig, 1);
    MUST(call_op(&rig, "build", json_object(), &second, &err));
    assert_true(json_equal(first, second));
    assert_int_equal(call_op(&rig, "build", json_object(), NULL, &again), ERR_BUILD);
    assert_string_equal(live.text, again.text);
    assert_int_equal(atomic_load(&world.runs), 2);
    rig_done(&rig);
}

static void a_result_of_another_shape_is_a_defect(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(simple(&rig, "bad"), ERR_DEFECT);
    rig_done(&rig);
}

static void what_is_too_large_to_be_kept_is_an_error_and_not_a_fault(void **state) {
    struct rig rig;
    char *text = mem_alloc((size_t)limit(LIMIT_RECORD_BYTES) + 2);
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    world.answer_bytes = (size_t)limit(LIMIT_RECORD_BYTES);
    assert_int_equal(simple(&rig, "build"), ERR_TOO_LARGE);
    world.answer_bytes = 0;
    memset(text, ' ', (size_t)limit(LIMIT_RECORD_BYTES) + 1);
    assert_int_equal(call_op(&rig, "build", json_pack("{s:s}", "text", text), NULL, &why),
                     ERR_TOO_LARGE);
    assert_int_equal(atomic_load(&world.runs), 1);
    assert_null(gate_fault(rig.gate));
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    free(text);
    rig_done(&rig);
}

/* ---- Restarts ---- */

static void a_restart_runs_nothing_twice_that_has_a_result(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(simple(&rig, "look"), ERR_NONE); /* only in memory: lost */
    rig_again(&rig, 1);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 2);
    assert_int_equal(simple(&rig, "look"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 3);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
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
    assert_int_equal(simple(rig, "look"), ERR_INTERRUPTED);
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
        if (call_op(&rig, "preview", json_object(), &out, &why) != reconcile_rows[i].code ||
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
    MUST(call_op(&rig, "preview", json_object(), &out, &err));
    assert_string_equal(json_str_at(out, "by"), "an earlier process");
    assert_int_equal(atomic_load(&world.runs), 1);
    assert_int_equal(simple(&rig, "preview"), ERR_NONE); /* told once */
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
        assert_int_equal(simple(&rig, "build"), ERR_NONE);
        MUST(turn_ask(&rig.turn, json_pack("{s:s}", "question", "a"), &answer, &err));
        freep(&answer);
        rig_again(&rig, i == 2 ? 2 : 1);
        switch (i) {
        case 0:
            code = call_op(&rig, "chatter", json_object(), NULL, &why);
            break;
        case 1:
            code = call_op(&rig, "build", json_pack("{s:i}", "n", 2), NULL, &why);
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
        calls[i] = tool_start(&rig.turn, "fake", "build", json_pack("{s:b}", "slow", 1));
    }
    for (size_t i = ARRAY_N(calls); i > 0; i--) {
        json_t *out = NULL;

        MUST(tool_finish(calls[i - 1], &out, &err));
        json_decref(out);
    }
    assert_true(atomic_load(&world.most) > 1);
    rig_again(&rig, 1);
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        MUST(call_op(&rig, "build", json_pack("{s:b}", "slow", 1), NULL, &err));
    }
    assert_int_equal(atomic_load(&world.runs), 4);
    rig_done(&rig);
}

static void progress_arrives_in_order_and_before_the_end_of_the_call(void **state) {
    struct rig rig;
    const char *at;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(simple(&rig, "chatter"), ERR_NONE);
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
    assert_int_equal(simple(&rig, "short"), ERR_TIMEOUT);
    assert_null(gate_fault(rig.gate));
    assert_int_equal(seq(&rig), 4);
    rig_done(&rig);
}

/* ---- Questions ---- */

static void what_the_policy_asks_is_asked_once_and_the_call_repeated(void **state) {
    struct rig rig;

    rig_open(&rig, *state, "preflight");
    for (int i = 0; i < 2; i++) {
        json_t *out = NULL;

        MUST(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &err));
        json_decref(out);
        rig.has_person = false; /* the restart has nobody, and needs nobody */
        rig_again(&rig, 1);
    }
    assert_int_equal(rig.asked, 1);
    assert_int_equal(atomic_load(&world.runs), 1);
    rig_done(&rig);
}

static void a_no_is_a_rejection_and_nobody_is_a_refusal_that_a_restart_repeats(void **state) {
    struct rig rig;
    struct err why = {0};
    json_t *out = NULL;

    rig_open(&rig, *state, "preflight");
    rig.answer = "no";
    assert_int_equal(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &why),
                     ERR_REJECTED);
    rig.has_person = false;
    assert_int_equal(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &why),
                     ERR_POLICY);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    rig.has_person = true;
    rig.answer = "yes";
    rig_again(&rig, 1);
    assert_int_equal(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &why),
                     ERR_REJECTED);
    assert_int_equal(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &why),
                     ERR_POLICY);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(rig.asked, 1);
    assert_int_equal(atomic_load(&world.runs), 1);
    rig_done(&rig);
}

static void ctrl_c_at_a_question_leaves_it_open(void **state) {
    struct rig rig;
    struct err why = {0};
    CLEANUP(freep) char *answer = NULL;

    rig_open(&rig, *state, "ask");
    rig.answer = "^C";
    assert_int_equal(turn_ask(&rig.turn, json_pack("{s:s}", "question", "q"), &answer, &why),
                     ERR_INTERRUPTED);
    assert_non_null(strstr(why.remedy, "attach s"));
    rig.answer = "eu-west-1";
    rig_again(&rig, 1);
    MUST(turn_ask(&rig.turn, json_pack("{s:s}", "question", "q"), &answer, &err));
    assert_string_equal(answer, "eu-west-1");
    assert_int_equal(seq(&rig), 4); /* one question, one answer */
    rig_done(&rig);
}

static void an_answer_that_is_a_secret_is_masked_everywhere(void **state) {
    struct rig rig;
    CLEANUP(freep) char *answer = NULL;

    rig_open(&rig, *state, "ask");
    rig.answer = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    MUST(turn_ask(&rig.turn, json_pack("{s:s}", "question", "q"), &answer, &err));
    assert_null(strstr(answer, "ghp_"));
    rig_done(&rig);
}

static void put_message(struct rig *rig, const char *text) {
    CLEANUP(masked_done) struct masked body = fixture_mask(rig->f, text);

    MUST(store_put_message(rig->f->store, STR("s"), &body, &err));
}

static void another_process_answers_an_approval_and_nothing_else(void **state) {
    struct rig rig;
    CLEANUP(freep) char *answer = NULL;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_message *messages = NULL;
    size_t n = 0;

    rig_open(&rig, *state, "wait");
    put_message(&rig, "{\"type\":\"approve\",\"digest\":\"d1\",\"actor\":\"arn:x via terminal\"}");
    MUST(turn_ask(&rig.turn, json_pack("{s:s, s:s}", "question", "q", "kind", "text"), &answer,
                  &err));
    assert_string_equal(answer, "yes"); /* the person's */
    freep(&answer);
    rig.answer = NULL;
    MUST(turn_ask(&rig.turn, json_pack("{s:s, s:s}", "question", "q", "kind", "approval"), &answer,
                  &err));
    assert_string_equal(answer, "yes d1");
    assert_string_equal(turn_answered_by(&rig.turn), "arn:x via terminal");
    freep(&answer);
    MUST(store_read_inbox(rig.f->store, STR("s"), arena, &messages, &n, &err));
    assert_int_equal(n, 0);
    rig.has_person = false;
    put_message(&rig, "{\"type\":\"chat\"}");
    put_message(&rig, "{\"type\":\"reject\",\"digest\":\"d2\"}");
    MUST(turn_ask(&rig.turn, json_pack("{s:s, s:s}", "question", "r", "kind", "approval"), &answer,
                  &err));
    assert_string_equal(answer, "no d2");
    rig_done(&rig);
}

/* ---- Approvals ---- */

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Goes to EXECUTE with a yes that ends `left_ms` from now; its digest. */
static struct sha256_hex rig_approve(struct rig *rig, int64_t left_ms, bool is_yes) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(4096);
    CLEANUP(json_decrefp) json_t *artefacts = json_array();
    char empty[] = "";
    char kind[] = "deploy";
    char stack_id[] = "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1";
    char on_failure[] = "restore:r1";
    char a64[] = A64;
    struct approval approval = {.kind = kind,
                                .session = empty,
                                .plan_sha256 = a64,
                                .change_set = empty,
                                .stack_id = stack_id,
                                .template_sha256 = a64,
                                .parameters_sha256 = a64,
                                .artefacts = artefacts,
                                .account = empty,
                                .region = empty,
                                .endpoint = empty,
                                .role = empty,
                                .policy_version = empty,
                                .cost_ceiling_cents = -1,
                                .on_failure = on_failure,
                                .requester = empty,
                                .expires_ms = clock_now_ms() + left_ms};

    json_put_str(rig->turn.state, "plan_sha256", A64);
    json_put(rig->turn.state, "preview", json_pack("{s:s}", "sha256", B64));
    approval_write(&approval, &bytes);
    MUST(turn_verdict(&rig->turn, "plan", A64, VERDICT_ALLOW, "reviewed", json_array(), &err));
    MUST(turn_verdict(&rig->turn, "set", B64, VERDICT_ALLOW, "reviewed", json_array(), &err));
    MUST(turn_approve(&rig->turn, buf_str(&bytes), is_yes, "arn,terminal", &err));
    rig_phase(rig, "execute");
    return sha256_hex(sha256_of(buf_str(&bytes)));
}

static enum err_code apply(struct rig *rig, const char *digest, struct err *err) {
    return call_op(rig, "apply", json_pack("{s:s}", "approval", digest), NULL, err);
}

static void a_yes_serves_one_effect_and_the_uploads_around_it(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 60000, true);
    assert_int_equal(simple(&rig, "upload"), ERR_NONE);
    MUST(apply(&rig, digest.text, &err));
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    assert_int_equal(simple(&rig, "upload"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 3);
    rig_again(&rig, gate_next_call(rig.gate)); /* the use is on record */
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    rig_done(&rig);
}

static void no_other_digest_no_no_and_no_missing_review_opens_an_effect(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 60000, true);
    assert_int_equal(apply(&rig, A64, &why), ERR_POLICY);
    json_put_str(rig.turn.state, "plan_sha256", B64);
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    json_put_str(rig.turn.state, "plan_sha256", A64);
    json_put(rig.turn.state, "preview", json_pack("{s:s}", "sha256", A64));
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    rig_phase(&rig, "wait");
    digest = rig_approve(&rig, 60000, false);
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    assert_int_equal(simple(&rig, "upload"), ERR_POLICY);
    assert_int_equal(atomic_load(&world.runs), 0);
    rig_done(&rig);
}

static void an_expired_yes_is_told_apart_and_executes_nothing(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, -1, true);
    assert_int_equal(apply(&rig, digest.text, &why), ERR_EXPIRED);
    assert_int_equal(simple(&rig, "upload"), ERR_EXPIRED);
    assert_int_equal(apply(&rig, A64, &why), ERR_POLICY);
    assert_int_equal(atomic_load(&world.runs), 0);
    rig_done(&rig);
}

static enum err_code rollback(struct rig *rig, const char *release, const char *stack) {
    struct err why = {0};

    return call_op(
        rig, "rollback",
        json_pack("{s:s, s:o}", "release", release, "stack_id",
                  json_sprintf("arn:aws:cloudformation:eu-west-1:123456789012:stack/%s/1", stack)),
        NULL, &why);
}

static void a_used_yes_allows_the_way_back_it_names_and_nothing_wider(void **state) {
    struct rig rig;
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 60000, true);
    rig_phase(&rig, "rollback");
    assert_int_equal(rollback(&rig, "r1", "s"), ERR_POLICY); /* nothing was executed yet */
    rig_phase(&rig, "execute");
    MUST(apply(&rig, digest.text, &err));
    rig_phase(&rig, "rollback");
    assert_int_equal(rollback(&rig, "r2", "s"), ERR_POLICY);
    assert_int_equal(rollback(&rig, "r1", "other"), ERR_POLICY);
    assert_int_equal(rollback(&rig, "", "s"), ERR_POLICY);
    assert_int_equal(rollback(&rig, "r1", "s"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 2);
    rig_done(&rig);
}

static void an_effect_that_was_begun_keeps_its_yes_past_the_expiry(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;
    struct call_handle *call;
    json_t *out = NULL;
    int64_t first;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 300, true);
    first = gate_next_call(rig.gate);
    world.waits_for_cancel = true;
    call = tool_start(&rig.turn, "fake", "apply", json_pack("{s:s}", "approval", digest.text));
    atomic_store(&rig.interrupted, true);
    assert_int_equal(tool_finish(call, &out, &why), ERR_INTERRUPTED);
    world.waits_for_cancel = false;
    clock_sleep_ms(310);
    rig_again(&rig, first);
    world.trace = RECONCILED_DONE;
    MUST(apply(&rig, digest.text, &err));
    assert_int_equal(atomic_load(&world.runs), 1);
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
    assert_int_equal(simple(&rig, "build"), ERR_STALE);
    assert_int_equal(atomic_load(&world.runs), 0); /* the intent did not reach the disk */
    assert_int_equal(gate_fault(rig.gate)->code, ERR_STALE);
    assert_int_equal(simple(&rig, "look"), ERR_STALE);
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
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    is_disk_full = true;
    assert_int_equal(simple(&rig, "look"), ERR_NONE);
    assert_int_equal(simple(&rig, "build"), ERR_DISK_FULL);
    assert_int_equal(atomic_load(&world.runs), 2); /* no effect without its intent on the disk */
    assert_int_equal(simple(&rig, "look"), ERR_DISK_FULL);
    is_disk_full = false;
    rig_again(&rig, 1);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 2);
    assert_int_equal(simple(&rig, "look"), ERR_NONE);
    assert_int_equal(simple(&rig, "build"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 4);
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
    assert_int_equal(seen_n(&rig, "four plans"), 1);
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
        ON_BOTH(what_the_policy_asks_is_asked_once_and_the_call_repeated),
        ON_MEMORY(a_no_is_a_rejection_and_nobody_is_a_refusal_that_a_restart_repeats),
        ON_BOTH(ctrl_c_at_a_question_leaves_it_open),
        ON_MEMORY(an_answer_that_is_a_secret_is_masked_everywhere),
        ON_BOTH(another_process_answers_an_approval_and_nothing_else),
        ON_BOTH(a_yes_serves_one_effect_and_the_uploads_around_it),
        ON_MEMORY(no_other_digest_no_no_and_no_missing_review_opens_an_effect),
        ON_MEMORY(an_expired_yes_is_told_apart_and_executes_nothing),
        ON_MEMORY(a_used_yes_allows_the_way_back_it_names_and_nothing_wider),
        ON_BOTH(an_effect_that_was_begun_keeps_its_yes_past_the_expiry),
        ON_BOTH(a_lost_lease_stops_everything),
        ON_MEMORY(a_full_disk_stops_everything_and_loses_nothing),
        ON_BOTH(four_plans_a_minute_are_shared_by_all_and_the_fifth_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
