/* The gate and the budget of tokens: held, settled, recalled, told and asked. */
#include "support/gate_rig.h"

#include "guard/limits.h"
#include "tool/gate_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char prompt[] = "what is the weather in Frankfurt";

static json_t *ask_args(int in, int out) {
    return json_pack("{s:s, s:i, s:i}", "prompt", prompt, "in", in, "out", out);
}

static enum err_code ask(struct rig *rig, int in, int out, struct err *err) {
    json_t *got = NULL;
    enum err_code code = tool_call(&rig->turn, "model", "ask", ask_args(in, out), &got, err);

    json_decref(got);
    return code;
}

static void must_have_spent(const struct rig *rig, uint32_t in, uint32_t out) {
    struct token_sum taken = turn_tokens(&rig->turn), of_session = turn_spent(&rig->turn);

    if (taken.in != in || taken.out != out) {
        fail_msg("%u and %u are spent, %u and %u were to be", taken.in, taken.out, in, out);
    }
    assert_int_equal(of_session.in, in); /* the only one of this conversation */
    assert_int_equal(of_session.out, out);
}

/* ---- Held and settled ---- */

/* clang cannot read a member of what atomic_load() gives. */
static struct token_sum held_now(void) {
    struct token_sum held = atomic_load(&world.held);

    return held;
}

static void a_call_holds_its_worst_and_is_settled_by_its_use(void **state) {
    struct rig rig;
    CLEANUP(json_decrefp) json_t *out = NULL;

    rig_open(&rig, *state, "preflight");
    MUST(tool_call(&rig.turn, "model", "ask", ask_args(500, 70), &out, &err));
    assert_int_equal(held_now().in, 500);
    assert_int_equal(held_now().out, 2000);
    assert_int_equal(json_int_or(out, "spent.in", 0), 500);
    assert_int_equal(json_int_or(out, "spent.out", 0), 70);
    must_have_spent(&rig, 500, 70);
    assert_int_equal(rig_seq(&rig), 4); /* intent and result are on the disk */
    rig_done(&rig);
}

static void what_is_not_known_to_be_used_is_spent(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    world.is_use_lost = true;
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_NONE);
    must_have_spent(&rig, 500, 2000);
    world.fails = ERR_PROTOCOL;
    assert_int_equal(ask(&rig, 100, 0, &why), ERR_PROTOCOL);
    must_have_spent(&rig, 600, 4000);
    world.is_use_lost = false; /* it failed before it cost anything */
    assert_int_equal(ask(&rig, 0, 0, &why), ERR_PROTOCOL);
    must_have_spent(&rig, 600, 4000);
    rig_done(&rig);
}

static void a_prompt_that_is_no_prompt_spends_nothing(void **state) {
    struct rig rig;
    struct err why = {0};
    json_t *out = NULL;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(ask(&rig, 100001, 0, &why), ERR_TOO_LARGE);
    MUST(tool_call(&rig.turn, "model", "judge", json_pack("{s:s}", "prompt", prompt), &out, &err));
    assert_null(json_object_get(out, "spent"));
    json_decref(out);
    must_have_spent(&rig, 0, 0);
    assert_int_equal(rig_seq(&rig), 2);
    rig_done(&rig);
}

/* ---- The record ---- */

static void sums_that_cannot_be_are_not_read(void **state) {
    static const struct {
        json_int_t in, out, counted;
        bool is_read;
        uint32_t want_counted;
    } rows[] = {
        {0, 0, 0, true, 0},
        {UINT32_MAX, UINT32_MAX, UINT32_MAX, true, UINT32_MAX},
        {-1, 0, 0, false, 0},
        {0, -1, 0, false, 0},
        {(json_int_t)UINT32_MAX + 1, 0, 0, false, 0},
        {0, (json_int_t)UINT32_MAX + 1, 0, false, 0},
        {1, 2, -1, true, UINT32_MAX}, /* what was counted is not known: no margin comes of it */
        {1, 2, (json_int_t)UINT32_MAX + 7, true, UINT32_MAX},
        {1, 2, 3, true, 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp)
        json_t *json = json_pack("{s:{s:I,s:I},s:I}", "held", "in", rows[i].in, "out", rows[i].out,
                                 "counted", rows[i].counted);
        struct token_hold hold = {{7, 7}, 7};
        bool is_read = gate_hold_read(json, &hold);

        if (is_read != rows[i].is_read || hold.held.in != (is_read ? rows[i].in : 7) ||
            hold.held.out != (is_read ? rows[i].out : 7) ||
            hold.counted != (is_read ? rows[i].want_counted : 7)) {
            fail_msg("row %zu", i);
        }
    }
}

/* Only what holds a prompt is known by a keyed hash; the rest by its own. Another question has
 * another, or the answer of an earlier one would be taken for it. */
static void a_digest_is_keyed_where_there_is_a_prompt(void **state) {
    CLEANUP(json_decrefp) json_t *same = ask_args(1, 1);
    CLEANUP(json_decrefp) json_t *another = ask_args(1, 2);
    struct rig rig;
    struct sha256_hex one = {{0}}, other = {{0}}, again = {{0}};
    CLEANUP(json_decrefp) json_t *args = ask_args(1, 1);
    struct sha256_hex plain = sha256_hex(json_hash(args));

    rig_open(&rig, *state, "preflight");
    assert_string_not_equal(gate_digest(rig.gate, "model", args).text, plain.text);
    assert_string_equal(gate_digest(rig.gate, "model", args).text,
                        gate_digest(rig.gate, "model", same).text);
    assert_string_not_equal(gate_digest(rig.gate, "model", args).text,
                            gate_digest(rig.gate, "model", another).text);
    assert_string_equal(gate_digest(rig.gate, "fake", args).text, plain.text);
    assert_string_equal(gate_digest(rig.gate, "nothing", args).text, plain.text);
    MUST(turn_text_digest(&rig.turn, "x", &one, &err));
    MUST(turn_text_digest(&rig.turn, "x", &again, &err));
    MUST(turn_text_digest(&rig.turn, "y", &other, &err));
    assert_int_equal(strlen(one.text), 64);
    assert_string_equal(one.text, again.text);
    assert_string_not_equal(one.text, other.text);
    rig_done(&rig);
}

struct search {
    bool has_prompt;
    bool has_plain_digest;
    int held;
};

static enum err_code search_record(const struct journal_record *record, void *context,
                                   struct err *err) {
    struct search *search = context;
    CLEANUP(json_decrefp) json_t *args = ask_args(500, 70);

    (void)err;
    search->has_prompt = search->has_prompt || str_find(record->body, STR("Frankfurt")) >= 0;
    search->has_plain_digest =
        search->has_plain_digest ||
        str_eq(record->fields[FIELD_DIGEST], str_from(sha256_hex(json_hash(args)).text));
    search->held += str_find(record->body, STR("\"held\":{\"in\":500,\"out\":2000}")) >= 0;
    return ERR_NONE;
}

static void a_prompt_is_in_no_record_but_by_its_keyed_hash(void **state) {
    struct rig rig;
    struct err why = {0};
    struct search search = {0};

    rig_open(&rig, *state, "preflight");
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_NONE);
    rig.turn.agent = &agent_looks; /* has no grant: the refusal is a record too */
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_POLICY);
    MUST(gate_settle(rig.gate, &err));
    MUST(journal_replay(rig.f->store, STR("s"), 1, search_record, &search, &err));
    assert_false(search.has_prompt);
    assert_false(search.has_plain_digest);
    assert_int_equal(search.held, 1);
    assert_int_equal(rig_seen_n(&rig, "Frankfurt"), 0);
    rig_done(&rig);
}

static void another_process_knows_what_was_spent(void **state) {
    struct rig rig;
    struct err why = {0};
    int runs;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_NONE);
    world.fails = ERR_PROTOCOL;
    assert_int_equal(ask(&rig, 100, 5, &why), ERR_PROTOCOL);
    world.is_use_lost = true;
    assert_int_equal(ask(&rig, 200, 5, &why), ERR_PROTOCOL);
    must_have_spent(&rig, 800, 2075);
    runs = atomic_load(&world.runs);
    rig_again(&rig, 1);
    must_have_spent(&rig, 800, 2075);
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_NONE); /* replayed: it costs nothing again */
    assert_int_equal(ask(&rig, 100, 5, &why), ERR_PROTOCOL);
    assert_int_equal(ask(&rig, 200, 5, &why), ERR_PROTOCOL);
    assert_int_equal(atomic_load(&world.runs), runs);
    must_have_spent(&rig, 800, 2075);
    rig_done(&rig);
}

static void a_call_that_died_with_its_process_is_spent_and_asked_again(void **state) {
    struct rig rig;
    struct err why = {0};
    struct call_handle *call;
    json_t *out = NULL;

    rig_open(&rig, *state, "preflight");
    world.waits_for_cancel = true;
    world.is_use_lost = true;
    call = tool_start(&rig.turn, "model", "ask", ask_args(500, 70));
    atomic_store(&rig.interrupted, true);
    assert_int_equal(tool_finish(call, &out, &why), ERR_INTERRUPTED);
    must_have_spent(&rig, 500, 2000);
    rig_again(&rig, 1);
    must_have_spent(&rig, 500, 2000);
    world.waits_for_cancel = false;
    world.is_use_lost = false;
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_NONE);
    must_have_spent(&rig, 1000, 2070);
    rig_again(&rig, 1);
    must_have_spent(&rig, 1000, 2070);
    rig_done(&rig);
}

static enum err_code recall(const struct journal_record *record, void *context, struct err *err) {
    (void)err;
    gate_recall(context, record);
    return ERR_NONE;
}

static void a_session_that_is_opened_again_in_its_process_is_counted_once(void **state) {
    struct rig rig;
    struct err why = {0};
    struct gate *second = NULL;

    rig_open(&rig, *state, "preflight");
    assert_int_equal(ask(&rig, 500, 70, &why), ERR_NONE);
    MUST(gate_open(&rig.options, &second, &err));
    gate_close(rig.gate);
    rig.gate = second;
    rig.turn.gate = second;
    MUST(journal_replay(rig.f->store, STR("s"), 1, recall, second, &err));
    must_have_spent(&rig, 500, 70);
    rig_done(&rig);
}

/* ---- The margin ---- */

static void ask_billed_above(struct rig *rig, int above, int count) {
    json_t *args = ask_args(100, 5);
    json_t *out = NULL;

    json_put_int(args, "above", above);
    MUST(tool_call(&rig->turn, "model", "ask", args, &out, &err));
    json_decref(out);
    assert_int_equal(held_now().in, count);
}

static void a_prompt_billed_above_its_count_is_told_once_and_held_from_then_on(void **state) {
    struct rig rig;
    int runs;

    rig_open(&rig, *state, "preflight");
    ask_billed_above(&rig, 12, 100);
    assert_int_equal(rig_seen_n(&rig, "\"code\":\"tokens_above\""), 1);
    assert_int_equal(rig_seen_n(&rig, "billed 112 tokens for a question that was counted as 100"),
                     1);
    ask_billed_above(&rig, 30, 112); /* further than before: 30 above what was counted */
    ask_billed_above(&rig, 0, 130);
    assert_int_equal(rig_seen_n(&rig, "tokens_above"), 1);
    must_have_spent(&rig, 342, 15);
    runs = atomic_load(&world.runs);
    rig_again(&rig, 1); /* another process knows it, too */
    ask_billed_above(&rig, 12, 130);
    ask_billed_above(&rig, 30, 130);
    ask_billed_above(&rig, 0, 130);
    assert_int_equal(atomic_load(&world.runs), runs);
    must_have_spent(&rig, 342, 15);
    atomic_store(&world.held, (struct token_sum){0});
    ask_billed_above(&rig, 29, 130);
    assert_int_equal(rig_seen_n(&rig, "tokens_above"), 1);
    must_have_spent(&rig, 471, 20);
    rig_done(&rig);
}

/* ---- The levels ---- */

/* Spends all but `in_left` and `out_left` of the budget, in calls without an incident. */
static void spend_to(struct rig *rig, uint32_t in_left, uint32_t out_left) {
    struct token_sum rest = {(uint32_t)limit(LIMIT_TOKENS_IN) - in_left,
                             (uint32_t)limit(LIMIT_TOKENS_OUT) - out_left};

    token_ledger_spend(meter_ledger(rig->meter), rest);
}

static void at_80_percent_the_person_is_told_once_and_the_cheaper_model_is_due(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    token_ledger_spend(meter_ledger(rig.meter), (struct token_sum){63990, 0});
    assert_int_equal(ask(&rig, 4, 1, &why), ERR_NONE);
    assert_int_equal(rig_seen_n(&rig, "tokens_near"), 0);
    assert_int_equal(ask(&rig, 1, 1, &why), ERR_NONE);
    assert_false(world.is_low);
    assert_int_equal(ask(&rig, 50, 1, &why), ERR_NONE); /* with what it holds */
    assert_true(world.is_low);
    assert_int_equal(ask(&rig, 50, 1, &why), ERR_NONE);
    assert_int_equal(rig_seen_n(&rig, "\"code\":\"tokens_near\""), 1);
    rig_done(&rig);
}

/* What is said at 80 %, at the default and at the ceiling, each once. */
static void each_level_has_its_sentence(void **state) {
    static const char *const says[] = {
        "80 % of this session's budget for the model is used: 70100 of 80000 tokens for questions, "
        "20001 of 40000 for answers",
        "this session's budget for the model is used up: 80000 of 80000 tokens for questions, "
        "20002 of 40000 for answers",
        "this session's highest budget for the model is used up: 120000 of 120000 tokens for "
        "questions, 20003 of 60000 for answers"};
    static const char *const remedies[] = {"you are asked whether to raise it, once",
                                           "you are asked whether to raise it, once",
                                           "started again it has a new budget"};
    uint32_t more = (uint32_t)(limit(LIMIT_TOKENS_IN_CEILING) - limit(LIMIT_TOKENS_IN));
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    for (size_t level = 0; level < ARRAY_N(says); level++) {
        if (level == 0) {
            spend_to(&rig, 10000, 20000);
        }
        assert_int_equal(rig_seen_n(&rig, says[level]), 0);
        assert_int_equal(ask(&rig, level == 0 ? 100 : level == 1 ? 9900 : more, 1, &why), ERR_NONE);
        assert_int_equal(rig_seen_n(&rig, says[level]), 1);
        assert_int_equal(rig_seen_n(&rig, remedies[level]), level == 1 ? 2 : 1);
    }
    assert_int_equal(rig.asked, 1); /* before the last of them: raise it? */
    assert_int_equal(ask(&rig, 1, 1, &why), ERR_BUDGET);
    rig_done(&rig);
}

static void at_the_budget_a_person_may_raise_it_once(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    spend_to(&rig, 200, 20000);
    assert_int_equal(ask(&rig, 100, 1, &why), ERR_NONE);
    assert_int_equal(rig_seen_n(&rig, "tokens_near"), 1);
    assert_int_equal(ask(&rig, 101, 1, &why), ERR_NONE);
    assert_int_equal(rig.asked, 1);
    assert_int_equal(held_now().in, 101);
    assert_int_equal(ask(&rig, 30000, 1, &why), ERR_NONE);
    assert_int_equal(rig_seen_n(&rig, "tokens_near"), 2);    /* of the new budget */
    assert_int_equal(ask(&rig, 10000, 1, &why), ERR_BUDGET); /* one more than 120,000 */
    assert_string_equal(why.text, "this session's highest budget for the model is used up");
    assert_int_equal(rig.asked, 1);
    assert_int_equal(rig_seen_n(&rig, "\"code\":\"token_budget\",\""), 2); /* question, verdict */
    assert_int_equal(rig_seen_n(&rig, "\"told\":true"), 1); /* the verdict: who asked tells it */
    rig_done(&rig);
}

static void who_says_no_goes_on_without_a_model_and_is_not_asked_again(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    rig.answer = "no";
    spend_to(&rig, 100, 20000);
    assert_int_equal(ask(&rig, 101, 1, &why), ERR_BUDGET);
    assert_int_equal(ask(&rig, 101, 1, &why), ERR_BUDGET);
    assert_int_equal(rig.asked, 1);
    assert_int_equal(ask(&rig, 99, 1, &why), ERR_NONE); /* what fits, fits */
    assert_int_equal(atomic_load(&world.runs), 1);
    rig_done(&rig);
}

static void without_a_person_nothing_is_raised(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    rig.has_person = false;
    spend_to(&rig, 50000, 9);
    assert_int_equal(ask(&rig, 101, 1, &why), ERR_BUDGET);
    assert_int_equal(rig.asked, 0);
    assert_string_equal(why.text, "this session's budget for the model is used up");
    assert_string_equal(why.remedy, "commands such as deploy and status work without the model; "
                                    "when aws-copilot is started again it has a new budget");
    rig_done(&rig);
}

static void a_raise_is_on_record_and_replayed_where_it_was_asked(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "preflight");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&rig, 26000, 10, &why), ERR_NONE);
    }
    assert_int_equal(rig.asked, 0);
    assert_int_equal(ask(&rig, 26000, 10, &why), ERR_NONE);
    assert_int_equal(rig.asked, 1);
    must_have_spent(&rig, 104000, 40);
    rig_again(&rig, 1);
    must_have_spent(&rig, 104000, 40);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask(&rig, 26000, 10, &why), ERR_NONE);
    }
    assert_int_equal(rig.asked, 1);
    assert_int_equal(ask(&rig, 16000, 10, &why), ERR_NONE); /* raised here too */
    assert_int_equal(ask(&rig, 1, 10, &why), ERR_BUDGET);
    assert_null(gate_fault(rig.gate));
    rig_done(&rig);
}

/* Three questions that went well, and one of 2,000 tokens that its process died in: the budget is
 * used up by it. The next process has asked the three again. */
static void rig_dies_in_the_last_call(struct rig *rig, struct fixture *f) {
    struct err why = {0};
    struct call_handle *call;
    json_t *out = NULL;

    rig_open(rig, f, "preflight");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(rig, 26000, 10, &why), ERR_NONE);
    }
    world.waits_for_cancel = true;
    world.is_use_lost = true;
    call = tool_start(&rig->turn, "model", "ask", ask_args(2000, 10));
    atomic_store(&rig->interrupted, true);
    assert_int_equal(tool_finish(call, &out, &why), ERR_INTERRUPTED);
    world.waits_for_cancel = false;
    world.is_use_lost = false;
}

/* Another process takes it up; how its last question ends. */
static enum err_code ask_all_again(struct rig *rig, struct err *why) {
    rig_again(rig, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(rig, 26000, 10, why), ERR_NONE);
    }
    return ask(rig, 2000, 10, why);
}

static void a_call_that_died_with_the_last_of_the_budget_is_asked_about_and_made_again(
    void **state) {
    struct rig rig;
    struct err why = {0};

    rig_dies_in_the_last_call(&rig, *state);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask_all_again(&rig, &why), ERR_NONE);
        assert_null(gate_fault(rig.gate));
        assert_int_equal(rig.asked, 1);
        must_have_spent(&rig, 82000, 2040); /* the dead one's hold stays spent */
    }
    rig_done(&rig);
}

static void a_call_that_died_with_the_last_of_the_budget_stays_refused_after_a_no(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_dies_in_the_last_call(&rig, *state);
    rig.answer = "no";
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask_all_again(&rig, &why), ERR_BUDGET);
        assert_null(gate_fault(rig.gate));
        assert_int_equal(rig.asked, 1);
        must_have_spent(&rig, 80000, 2030);
        rig.answer = "yes"; /* who comes later is not asked */
    }
    rig_done(&rig);
}

static void a_refusal_with_nobody_there_is_on_record_for_whoever_comes_later(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_dies_in_the_last_call(&rig, *state);
    for (int i = 0; i < 3; i++) {
        rig.has_person = i > 0;
        assert_int_equal(ask_all_again(&rig, &why), ERR_BUDGET); /* also when it would fit again */
        assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
        assert_int_equal(rig.asked, i == 2);
        assert_int_equal(ask(&rig, 3000, 10, &why), i == 0 ? ERR_BUDGET : ERR_NONE);
        if (i == 0) {
            assert_int_equal(rig.asked, 0); /* what is not on the disk may be asked anew */
        }
        assert_null(gate_fault(rig.gate));
    }
    assert_int_equal(rig.asked, 1);
    rig_done(&rig);
}

/* The journal goes on behind it, so that its number cannot be given to a question. */
static void a_call_that_died_beside_another_is_refused_without_a_question(void **state) {
    struct rig rig;
    struct err why = {0};
    struct call_handle *calls[2];

    rig_open(&rig, *state, "preflight");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&rig, 26000, 10, &why), ERR_NONE);
    }
    world.waits_for_cancel = true;
    world.is_use_lost = true;
    calls[0] = tool_start(&rig.turn, "model", "ask", ask_args(2000, 10));
    calls[1] = tool_start(&rig.turn, "model", "ask", ask_args(0, 10));
    atomic_store(&rig.interrupted, true);
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        json_t *out = NULL;

        assert_int_equal(tool_finish(calls[i], &out, &why), ERR_INTERRUPTED);
    }
    world.waits_for_cancel = false;
    world.is_use_lost = false;
    assert_int_equal(ask_all_again(&rig, &why), ERR_BUDGET);
    assert_null(gate_fault(rig.gate));
    assert_int_equal(rig.asked, 0);
    rig_done(&rig);
}

/* ---- Ten at once ---- */

static void ten_calls_at_once_hold_no_more_than_the_budget(void **state) {
    struct rig rig;
    struct call_handle *calls[10];
    struct token_sum taken;
    int held = 0;

    rig_open(&rig, *state, "preflight");
    rig.answer = "no";
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < ARRAY_N(calls); i++) {
            json_t *args = ask_args(2500, 900);

            json_put_bool(args, "lost", i % 3 == 0);
            calls[i] = tool_start(&rig.turn, "model", "ask", args);
            taken = turn_tokens(&rig.turn);
            assert_true(taken.in <= limit(LIMIT_TOKENS_IN) && taken.out <= limit(LIMIT_TOKENS_OUT));
        }
        for (size_t i = 0; i < ARRAY_N(calls); i++) {
            struct err why = {0};
            json_t *out = NULL;

            held += tool_finish(calls[i], &out, &why) == ERR_NONE;
            json_decref(out);
        }
    }
    taken = turn_tokens(&rig.turn);
    /* Rounds of 10, 10, 7, 3 and 1; what is left is held by the last, and lost. */
    assert_int_equal(held, 31);
    assert_int_equal(taken.in, 31 * 2500);
    assert_int_equal(taken.out, limit(LIMIT_TOKENS_OUT));
    rig_again(&rig, 1);
    assert_int_equal(turn_tokens(&rig.turn).in, taken.in);
    assert_int_equal(turn_tokens(&rig.turn).out, taken.out);
    rig_done(&rig);
}

/* The same yes read again, by a child's session: nothing is told a second time. */
static void a_yes_that_is_heard_again_changes_nothing(void **state) {
    struct meter *meter = meter_new();

    (void)state;
    meter_answered(meter, true);
    token_ledger_spend(meter_ledger(meter), (struct token_sum){100000, 0});
    assert_int_equal(meter_news(meter), TOKEN_LEVEL_NEAR);
    meter_answered(meter, true);
    assert_int_equal(meter_news(meter), TOKEN_LEVEL_LOW);
    meter_free(meter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_yes_that_is_heard_again_changes_nothing),
        ON_MEMORY(a_call_holds_its_worst_and_is_settled_by_its_use),
        ON_MEMORY(what_is_not_known_to_be_used_is_spent),
        ON_MEMORY(a_prompt_that_is_no_prompt_spends_nothing),
        ON_MEMORY(a_prompt_is_in_no_record_but_by_its_keyed_hash),
        ON_MEMORY(another_process_knows_what_was_spent),
        ON_MEMORY(a_call_that_died_with_its_process_is_spent_and_asked_again),
        ON_MEMORY(a_session_that_is_opened_again_in_its_process_is_counted_once),
        ON_MEMORY(a_prompt_billed_above_its_count_is_told_once_and_held_from_then_on),
        ON_MEMORY(at_80_percent_the_person_is_told_once_and_the_cheaper_model_is_due),
        ON_MEMORY(each_level_has_its_sentence),
        ON_MEMORY(at_the_budget_a_person_may_raise_it_once),
        ON_MEMORY(who_says_no_goes_on_without_a_model_and_is_not_asked_again),
        ON_MEMORY(without_a_person_nothing_is_raised),
        ON_MEMORY(a_raise_is_on_record_and_replayed_where_it_was_asked),
        ON_MEMORY(a_call_that_died_with_the_last_of_the_budget_is_asked_about_and_made_again),
        ON_MEMORY(a_call_that_died_beside_another_is_refused_without_a_question),
        cmocka_unit_test(sums_that_cannot_be_are_not_read),
        ON_MEMORY(a_digest_is_keyed_where_there_is_a_prompt),
        ON_MEMORY(a_call_that_died_with_the_last_of_the_budget_stays_refused_after_a_no),
        ON_MEMORY(a_refusal_with_nobody_there_is_on_record_for_whoever_comes_later),
        ON_MEMORY(ten_calls_at_once_hold_no_more_than_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
