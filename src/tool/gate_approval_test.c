/* The gate: what a person is asked and by whom it is answered; what one yes opens, and what it does
 * not. */
#include "tool/gate.h"

#include "base/clock.h"
#include "guard/approval.h"
#include "support/gate_rig.h"
#include "support/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static enum err_code ask_kind(struct rig *rig, const char *kind, struct err *why) {
    CLEANUP(freep) char *answer = NULL;

    return turn_ask(&rig->turn, json_pack("{s:s, s:s}", "kind", kind, "question", "?"), &answer,
                    why);
}

static void time_that_runs_out_over_a_yes_leaves_the_question(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "wait");
    rig.answer = NULL;
    rig.deadline_mono_ms = clock_mono_ms() + 50;
    assert_int_equal(ask_kind(&rig, "approval", &why), ERR_WAITING);
    assert_null(gate_fault(rig.gate));
    rig_done(&rig);
}

static void time_that_runs_out_over_another_question_ends_the_run(void **state) {
    struct rig rig;
    struct err why = {0};

    rig_open(&rig, *state, "ask");
    rig.answer = NULL;
    rig.deadline_mono_ms = clock_mono_ms() + 50;
    assert_int_equal(ask_kind(&rig, "text", &why), ERR_TIMEOUT);
    assert_int_equal(gate_fault(rig.gate)->code, ERR_TIMEOUT);
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
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
    rig.has_person = true;
    rig.answer = "yes";
    rig_again(&rig, 1);
    assert_int_equal(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &why),
                     ERR_REJECTED);
    assert_int_equal(tool_call(&rig.turn, "uv_client", "run", json_object(), &out, &why),
                     ERR_POLICY);
    assert_int_equal(rig_simple(&rig, "build"), ERR_NONE);
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
    assert_int_equal(rig_seq(&rig), 4); /* one question, one answer */
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

/* A message in the inbox of a session that asks for a yes; the person says "no". */
static void ask_beside_mutant(void *ctx, struct str text) {
    struct rig *rig = ctx;
    CLEANUP(freep) char *copy = mem_format(STR_FMT, STR_ARG(text));
    CLEANUP(freep) char *answer = NULL;

    put_message(rig, copy);
    MUST(turn_ask(&rig->turn, json_pack("{s:s, s:s}", "question", "q", "kind", "approval"), &answer,
                  &err));
    if (strcmp(answer, "no") == 0) {
        return; /* it was no answer */
    }
    assert_true(strncmp(answer, "yes ", 4) == 0 || strncmp(answer, "no ", 3) == 0);
    assert_non_null(strstr(copy, answer[0] == 'y' ? "approve" : "reject"));
    assert_non_null(turn_answered_by(&rig->turn));
}

static void whatever_lies_in_the_inbox_a_yes_comes_only_from_an_approve(void **state) {
    static const char *const seeds[] = {
        "{\"type\":\"approve\",\"digest\":\"d1\",\"actor\":\"arn:x via terminal\"}",
        "{\"type\":\"reject\",\"digest\":\"d2\"}", "[{\"type\":\"approve\"}]", NULL};
    struct rig rig;

    rig_open(&rig, *state, "wait");
    rig.answer = "no";
    mutate(seeds, ask_beside_mutant, &rig);
    rig_done(&rig);
}

/* ---- Approvals ---- */

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define ACCOUNT "123456789012"
#define CHANGE_SET "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/d-1/1"
#define STACK_ID "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1"

/* All that the state says of what would be done. */
static void rig_state(struct rig *rig) {
    static const char text[] =
        "{\"kind\":\"deploy\",\"plan_sha256\":\"" A64 "\",\"preview\":{\"sha256\":\"" B64
        "\",\"arn\":\"" CHANGE_SET "\",\"stack_id\":\"" STACK_ID "\",\"parameters_sha256\":\"" A64
        "\",\"cost\":{\"text\":\"at least +$1 a month\"}},\"plan\":{\"template\":{\"sha256\":\"" A64
        "\"},\"artefacts\":[{\"kind\":\"backend\",\"sha256\":\"" A64
        "\",\"bytes\":1}],\"role_arn\":\"r\",\"on_failure\":\"restore:r1\"},\"identity\":{"
        "\"account\":\"" ACCOUNT "\",\"region\":\"eu-west-1\",\"endpoint\":\"aws\",\"arn\":\"a\"},"
        "\"fields\":{\"cost_ceiling_cents\":500}}";
    CLEANUP(json_decrefp) json_t *state = json_loads(text, 0, NULL);

    assert_non_null(state);
    (void)json_object_update(rig->turn.state, state);
}

/* Goes to EXECUTE with a yes that ends `left_ms` from now; its digest. `version`: of the policy, or
 * NULL for this program's. */
static struct sha256_hex rig_approve_by(struct rig *rig, int64_t left_ms, bool is_yes,
                                        const char *version) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(4096);
    CLEANUP(approval_done) struct approval approval = {0};

    rig_state(rig);
    approval = turn_approval(&rig->turn);
    approval.expires_ms = clock_now_ms() + left_ms;
    if (version != NULL) {
        free(approval.policy_version);
        approval.policy_version = mem_strdup(version);
    }
    approval_write(&approval, &bytes);
    MUST(turn_verdict(&rig->turn, "plan", A64, VERDICT_ALLOW, "reviewed", json_array(), &err));
    MUST(turn_verdict(&rig->turn, "set", B64, VERDICT_ALLOW, "reviewed", json_array(), &err));
    MUST(turn_approve(&rig->turn, buf_str(&bytes), is_yes, "arn,terminal", &err));
    rig_phase(rig, "execute");
    return sha256_hex(sha256_of(buf_str(&bytes)));
}

static struct sha256_hex rig_approve(struct rig *rig, int64_t left_ms, bool is_yes) {
    return rig_approve_by(rig, left_ms, is_yes, NULL);
}

static enum err_code apply(struct rig *rig, const char *digest, struct err *err) {
    return rig_call(rig, "apply", json_pack("{s:s}", "approval", digest), NULL, err);
}

static void a_yes_serves_one_effect_and_the_uploads_around_it(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 60000, true);
    assert_int_equal(rig_simple(&rig, "upload"), ERR_NONE);
    MUST(apply(&rig, digest.text, &err));
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    assert_int_equal(rig_simple(&rig, "upload"), ERR_NONE);
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
    assert_int_equal(rig_simple(&rig, "upload"), ERR_POLICY);
    assert_int_equal(atomic_load(&world.runs), 0);
    rig_done(&rig);
}

/* What the effect names is what was said yes to, byte for byte; each member in turn is changed by
 * one, and only the unchanged ones go through. */
static void an_effect_names_exactly_what_was_said_yes_to(void **state) {
    static const struct {
        const char *arg;
        const char *value;
    } members[] = {
        {"arn", CHANGE_SET},      {"stack_id", STACK_ID},     {"account", ACCOUNT},
        {"template_sha256", A64}, {"parameters_sha256", A64},
    };

    for (size_t i = 0; i < ARRAY_N(members); i++) {
        struct rig rig;
        struct err why = {0};
        struct sha256_hex digest;
        size_t len = strlen(members[i].value);

        rig_open(&rig, *state, "wait");
        digest = rig_approve(&rig, 60000, true);
        for (size_t at = 0; at < len; at++) {
            CLEANUP(freep) char *other = mem_strdup(members[i].value);

            other[at] = (char)(other[at] == '9' ? '8' : '9');
            if (rig_call(&rig, "apply",
                         json_pack("{s:s, s:s}", "approval", digest.text, members[i].arg, other),
                         NULL, &why) != ERR_POLICY) {
                fail_msg("%s '%s' is taken for '%s'", members[i].arg, other, members[i].value);
            }
        }
        assert_int_equal(atomic_load(&world.runs), 0);
        MUST(rig_call(
            &rig, "apply",
            json_pack("{s:s, s:s}", "approval", digest.text, members[i].arg, members[i].value),
            NULL, &err));
        assert_int_equal(atomic_load(&world.runs), 1);
        rig_done(&rig);
    }
}

/* A yes is for what was shown: with any one member of it changed, nothing is executed; with it put
 * back, it is. */
static void what_changed_after_the_yes_is_not_executed(void **state) {
    /* clang-format off */
    static const struct { const char *of; const char *member; const char *value; } rows[] = {
        {"", "kind", "\"destroy\""}, {"preview", "arn", "\"arn:other\""}, {"preview", "stack_id", "\"arn:other\""},
        {"preview", "parameters_sha256", "\"" B64 "\""}, {"plan.template", "sha256", "\"" B64 "\""},
        {"plan", "artefacts", "[{\"kind\":\"backend\",\"sha256\":\"" B64 "\",\"bytes\":1}]"}, {"plan", "artefacts", "[]"},
        {"identity", "account", "\"999988887777\""}, {"identity", "region", "\"eu-west-2\""},
        {"identity", "endpoint", "\"http://127.0.0.1:4566\""}, {"plan", "role_arn", "\"other\""},
        {"preview", "cost", "{\"text\":\"at least +$900 a month\"}"}, {"fields", "cost_ceiling_cents", "501"},
        {"plan", "on_failure", "\"leave\""},
    };
    /* clang-format on */

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct rig rig;
        struct err why = {0};
        struct sha256_hex digest;

        rig_open(&rig, *state, "wait");
        digest = rig_approve(&rig, 60000, true);
        json_t *of = rows[i].of[0] == '\0' ? rig.turn.state : json_at(rig.turn.state, rows[i].of);
        json_put(of, rows[i].member, json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
        if (apply(&rig, digest.text, &why) != ERR_POLICY ||
            rig_simple(&rig, "upload") != ERR_POLICY) {
            fail_msg("%s.%s may change after the yes", rows[i].of, rows[i].member);
        }
        assert_int_equal(rig_seen_n(&rig, "\"approval_differs\""), 2);
        assert_int_equal(atomic_load(&world.runs), 0);
        rig_state(&rig);
        MUST(apply(&rig, digest.text, &err));
        rig_done(&rig);
    }
}

/* What is asked for is this session's, by this program's policy: a yes of another one differs. */
static void a_yes_is_asked_for_what_the_state_says(void **state) {
    CLEANUP(approval_done) struct approval got = {0};
    struct rig rig;

    rig_open(&rig, *state, "wait");
    rig_state(&rig);
    got = turn_approval(&rig.turn);
    assert_string_equal(got.session, rig.turn.session);
    assert_string_equal(got.kind, "deploy");
    assert_string_equal(got.plan_sha256, A64);
    assert_string_equal(got.policy_version, policy_version());
    assert_string_equal(got.requester, "a");
    assert_string_equal(got.change_set, CHANGE_SET);
    assert_string_equal(got.on_failure, "restore:r1");
    assert_int_equal(got.expires_ms, rig.turn.now_ms + limit(LIMIT_APPROVAL_MS));
    rig_done(&rig);
}

static void a_yes_by_another_policy_is_none(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve_by(&rig, 60000, true, "2020-01-01.1");
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    assert_int_equal(rig_seen_n(&rig, "\"approval_differs\""), 1);
    rig_done(&rig);
}

static void an_expired_yes_is_told_apart_and_executes_nothing(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, -1, true);
    assert_int_equal(apply(&rig, digest.text, &why), ERR_EXPIRED);
    assert_int_equal(rig_simple(&rig, "upload"), ERR_EXPIRED);
    assert_int_equal(apply(&rig, A64, &why), ERR_POLICY);
    assert_int_equal(atomic_load(&world.runs), 0);
    rig_done(&rig);
}

/* A no is on record with its digest, and is no yes, in another process either. */
static void a_no_is_no_yes_after_a_restart(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 60000, false);
    rig_again(&rig, gate_next_call(rig.gate));
    assert_int_equal(apply(&rig, digest.text, &why), ERR_POLICY);
    assert_int_equal(atomic_load(&world.runs), 0);
    rig_done(&rig);
}

static enum err_code rollback(struct rig *rig, const char *release, const char *stack) {
    struct err why = {0};

    return rig_call(
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
    json_put(rig.turn.state, "fields", json_pack("{s:i}", "cost_ceiling_cents", 7)); /* after it */
    assert_int_equal(rollback(&rig, "r1", "s"), ERR_NONE);
    assert_int_equal(atomic_load(&world.runs), 2);
    rig_done(&rig);
}

/* The last verdict over a call in the journal, as "outcome reason agent". */
static enum err_code keep_verdict(const struct journal_record *record, void *context,
                                  struct err *err) {
    char *text = context;

    (void)err;
    if (record->kind == RECORD_VERDICT && record->fields[FIELD_TOOL].len > 0) {
        (void)snprintf(text, 160, STR_FMT " " STR_FMT " " STR_FMT,
                       STR_ARG(record->fields[FIELD_OUTCOME]),
                       STR_ARG(record->fields[FIELD_REASON]), STR_ARG(record->fields[FIELD_AGENT]));
    }
    return ERR_NONE;
}

/* Where each argument comes from does not stop it here: what the yes says of a failure does. */
static void a_way_back_that_the_yes_does_not_name_goes_to_a_person(void **state) {
    /* clang-format off */
    static const struct { const char *release; const char *stack; } rows[] = {
        {"r2", "s"}, {"r", "s"}, {"r1", "other"}, {"", "s"},
    };
    /* clang-format on */
    struct rig rig;
    struct sha256_hex digest;
    size_t escalated = 0;

    rig_open(&rig, *state, "wait");
    digest = rig_approve(&rig, 60000, true);
    MUST(apply(&rig, digest.text, &err));
    rig_phase(&rig, "rollback");
    rig.turn.origin = ORIGIN_PLAN;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        char kept[160] = "";

        if (rollback(&rig, rows[i].release, rows[i].stack) != ERR_POLICY) {
            fail_msg("back to '%s' of '%s' without a yes", rows[i].release, rows[i].stack);
        }
        assert_int_equal(rig_seen_n(&rig, "\"escalate\""), ++escalated);
        MUST(gate_settle(rig.gate, &err));
        MUST(journal_replay(rig.f->store, STR("s"), 1, keep_verdict, kept, &err));
        assert_string_equal(kept, "escalate beyond_on_failure tester");
    }
    assert_int_equal(rollback(&rig, "r1", "s"), ERR_NONE);
    rig_done(&rig);
}

static void an_effect_that_was_begun_keeps_its_yes_past_the_expiry(void **state) {
    struct rig rig;
    struct err why = {0};
    struct sha256_hex digest;
    struct call_handle *call;
    json_t *out = NULL;
    int64_t expires_ms;
    int64_t first;

    rig_open(&rig, *state, "wait");
    expires_ms = clock_now_ms() + 1500;
    digest = rig_approve(&rig, 1500, true);
    first = gate_next_call(rig.gate);
    world.waits_for_cancel = true;
    call = tool_start(&rig.turn, "fake", "apply", json_pack("{s:s}", "approval", digest.text));
    atomic_store(&rig.interrupted, true);
    assert_int_equal(tool_finish(call, &out, &why), ERR_INTERRUPTED);
    world.waits_for_cancel = false;
    clock_sleep_ms(expires_ms + 10 - clock_now_ms());
    rig_again(&rig, first);
    world.trace = RECONCILED_DONE;
    MUST(apply(&rig, digest.text, &err));
    assert_int_equal(atomic_load(&world.runs), 1);
    rig_done(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_BOTH(what_the_policy_asks_is_asked_once_and_the_call_repeated),
        ON_MEMORY(time_that_runs_out_over_a_yes_leaves_the_question),
        ON_MEMORY(time_that_runs_out_over_another_question_ends_the_run),
        ON_MEMORY(a_no_is_a_rejection_and_nobody_is_a_refusal_that_a_restart_repeats),
        ON_BOTH(ctrl_c_at_a_question_leaves_it_open),
        ON_MEMORY(an_answer_that_is_a_secret_is_masked_everywhere),
        ON_BOTH(another_process_answers_an_approval_and_nothing_else),
        ON_MEMORY(whatever_lies_in_the_inbox_a_yes_comes_only_from_an_approve),
        ON_BOTH(a_yes_serves_one_effect_and_the_uploads_around_it),
        ON_MEMORY(no_other_digest_no_no_and_no_missing_review_opens_an_effect),
        ON_MEMORY(an_effect_names_exactly_what_was_said_yes_to),
        ON_MEMORY(what_changed_after_the_yes_is_not_executed),
        ON_MEMORY(a_yes_is_asked_for_what_the_state_says),
        ON_MEMORY(a_yes_by_another_policy_is_none),
        ON_MEMORY(a_no_is_no_yes_after_a_restart),
        ON_MEMORY(an_expired_yes_is_told_apart_and_executes_nothing),
        ON_MEMORY(a_used_yes_allows_the_way_back_it_names_and_nothing_wider),
        ON_MEMORY(a_way_back_that_the_yes_does_not_name_goes_to_a_person),
        ON_BOTH(an_effect_that_was_begun_keeps_its_yes_past_the_expiry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
