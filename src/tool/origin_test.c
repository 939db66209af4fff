/* Where the arguments of a call come from: only a slot gives a label, never the same words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tool/gate_room.h"

static char arn[] = "arn:set", stack_arn[] = "arn:stack", account[] = "111122223333", sha[] = "t1",
            parameters[] = "p1", restore[] = "restore:r7";

static struct gate gate_with_yes(void) {
    struct gate gate = {.approval_state = {.is_given = true, .digest = "d1"},
                        .plan_reviewed = "plan1",
                        .approved = {.change_set = arn,
                                     .stack_id = stack_arn,
                                     .account = account,
                                     .template_sha256 = sha,
                                     .parameters_sha256 = parameters,
                                     .on_failure = restore}};

    return gate;
}

static json_t *state_with(enum origin of_region) {
    json_error_t unread;
    json_t *state =
        json_loads("{\"fields\":{\"stack\":\"depl-todo-dev\",\"region\":\"eu-west-1\",\"account\":"
                   "\"111122223333\"},"
                   "\"origins\":{\"stack\":3,\"account\":2},\"plan_sha256\":\"plan1\","
                   "\"plan\":{\"role_arn\":\"arn:role\",\"template\":{\"sha256\":\"t1\"}},"
                   "\"template\":{\"kind\":\"x\"},\"parameters\":{\"App\":\"todo\"},"
                   "\"preview\":{\"arn\":\"arn:set\",\"stack_id\":\"arn:stack\",\"sha256\":\"s1\","
                   "\"path\":\"/q/a/e\"},"
                   "\"bootstrap\":{\"Artifacts\":\"bucket-1\"}}",
                   0, &unread);

    assert_non_null(state);
    json_put_int(json_object_get(state, "origins"), "region", of_region);
    return state;
}

/* clang-format off */
static const struct {
    const char *arg;
    const char *value; /* JSON */
    int64_t with_yes;
    int64_t without; /* before anybody reviewed a plan or said yes */
} rows[] = {
    {"stack",             "\"depl-todo-dev\"", ORIGIN_USER | ORIGIN_CONFIG, ORIGIN_USER | ORIGIN_CONFIG},
    {"stack",             "\"depl-todo-prod\"", ORIGIN_MODEL, ORIGIN_MODEL},
    {"region",            "\"eu-west-1\"",  ORIGIN_MODEL,  ORIGIN_MODEL},  /* in its slot, by a model */
    {"account",           "\"111122223333\"", ORIGIN_PLAN, ORIGIN_CONFIG},
    {"account",           "\"999988887777\"", ORIGIN_MODEL, ORIGIN_MODEL},
    {"approval",          "\"d1\"",         ORIGIN_PLAN,   ORIGIN_MODEL},
    {"approval",          "\"d2\"",         ORIGIN_MODEL,  ORIGIN_MODEL},
    {"arn",               "\"arn:set\"",    ORIGIN_PLAN,   ORIGIN_TOOL},
    {"arn",               "\"arn:other\"",  ORIGIN_MODEL,  ORIGIN_MODEL},
    {"stack_id",          "\"arn:stack\"",  ORIGIN_PLAN,   ORIGIN_TOOL},
    {"template_sha256",   "\"t1\"",         ORIGIN_PLAN,   ORIGIN_REPO},
    {"parameters_sha256", "\"p1\"",         ORIGIN_PLAN,   ORIGIN_MODEL},
    {"set_sha256",        "\"s1\"",         ORIGIN_TOOL,   ORIGIN_TOOL},
    {"release",           "\"r7\"",         ORIGIN_PLAN,   ORIGIN_MODEL},
    {"release",           "\"r6\"",         ORIGIN_MODEL,  ORIGIN_MODEL},
    {"role_arn",          "\"arn:role\"",   ORIGIN_PLAN,   ORIGIN_REPO},
    {"role_arn",          "\"\"",           ORIGIN_CONFIG, ORIGIN_CONFIG},
    {"template",          "{\"kind\":\"x\"}", ORIGIN_PLAN, ORIGIN_REPO},
    {"template",          "{\"kind\":\"y\"}", ORIGIN_MODEL, ORIGIN_MODEL},
    {"parameters",        "{\"App\":\"todo\"}", ORIGIN_PLAN, ORIGIN_REPO},
    {"bucket",            "\"bucket-1\"",   ORIGIN_TOOL,   ORIGIN_TOOL},
    {"bucket",            "\"bucket-2\"",   ORIGIN_MODEL,  ORIGIN_MODEL},
    {"path",              "\"/q/a/e\"",     ORIGIN_USER | ORIGIN_CONFIG, ORIGIN_USER | ORIGIN_CONFIG},
    {"capabilities",      "[\"x\"]",        ORIGIN_CONFIG, ORIGIN_CONFIG},
    {"description",       "\"d1\"",         ORIGIN_MODEL,  ORIGIN_MODEL},  /* the words of another slot */
};
/* clang-format on */

static void check_rows(struct gate *gate, const json_t *state, bool has_yes) {
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct turn turn = {.gate = gate, .state = (json_t *)(uintptr_t)state};
        json_error_t unread;
        json_t *value = json_loads(rows[i].value, JSON_DECODE_ANY, &unread);
        CLEANUP(json_decrefp) json_t *args = json_pack("{s:o}", rows[i].arg, value);
        CLEANUP(json_decrefp) json_t *origins = gate_origins(&turn, args);
        int64_t got = json_int_or(origins, rows[i].arg, -1);

        if (got != (has_yes ? rows[i].with_yes : rows[i].without)) {
            fail_msg("%s %s: %d", rows[i].arg, rows[i].value, (int)got);
        }
    }
}

static void a_value_has_the_label_of_the_slot_that_it_stands_in(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_MODEL);
    struct gate gate = gate_with_yes();
    struct gate none = {0};

    (void)test;
    check_rows(&gate, state, true);
    check_rows(&none, state, false);
}

/* What gets a stack out of its state is approved by its digest. */
static void a_cure_is_the_plans_if_it_is_the_one_that_was_approved(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_USER);
    CLEANUP(json_decrefp) json_t *args = json_pack("{s:{s:s}}", "cure", "action", "delete");
    struct sha256_hex digest = sha256_hex(json_hash(json_object_get(args, "cure")));
    struct gate gate = gate_with_yes();
    struct turn turn = {.gate = &gate, .state = state};
    CLEANUP(json_decrefp) json_t *other = gate_origins(&turn, args);

    (void)test;
    gate.approved.parameters_sha256 = digest.text;
    CLEANUP(json_decrefp) json_t *same = gate_origins(&turn, args);
    assert_int_equal(json_int_or(other, "cure", -1), ORIGIN_MODEL);
    assert_int_equal(json_int_or(same, "cure", -1), ORIGIN_PLAN);
}

/* Another plan than the reviewed one is no plan. */
static void a_plan_that_was_changed_after_its_review_is_not_the_plan(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_USER);
    CLEANUP(json_decrefp) json_t *args = json_pack("{s:{s:s}}", "template", "kind", "x");
    struct gate gate = gate_with_yes();
    struct turn turn = {.gate = &gate, .state = state};

    (void)test;
    json_put_str(state, "plan_sha256", "plan2");
    CLEANUP(json_decrefp) json_t *origins = gate_origins(&turn, args);
    assert_int_equal(json_int_or(origins, "template", -1), ORIGIN_REPO);
}

/* An agent that calls for a model says so, and no slot makes that better. */
static void what_a_model_asks_for_is_a_models(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_USER);
    CLEANUP(json_decrefp)
    json_t *args = json_pack("{s:s, s:s}", "region", "eu-west-1", "approval", "d1");
    struct gate gate = gate_with_yes();
    struct turn turn = {.gate = &gate, .state = state, .origin = ORIGIN_MODEL};
    CLEANUP(json_decrefp) json_t *origins = gate_origins(&turn, args);

    (void)test;
    assert_int_equal(json_int_or(origins, "region", -1), ORIGIN_MODEL);
    assert_int_equal(json_int_or(origins, "approval", -1), ORIGIN_MODEL);
}

/* The label is the slot's: the same value by a person is a person's. */
static void the_label_of_a_field_is_whose_word_it_was(void **test) {
    static const enum origin all[] = {ORIGIN_USER, ORIGIN_CONFIG, ORIGIN_PLAN,
                                      ORIGIN_REPO, ORIGIN_TOOL,   ORIGIN_MODEL};
    CLEANUP(json_decrefp) json_t *args = json_pack("{s:s}", "region", "eu-west-1");
    struct gate gate = gate_with_yes();

    (void)test;
    for (size_t i = 0; i < ARRAY_N(all); i++) {
        CLEANUP(json_decrefp) json_t *state = state_with(all[i]);
        struct turn turn = {.gate = &gate, .state = state};
        CLEANUP(json_decrefp) json_t *origins = gate_origins(&turn, args);

        assert_int_equal(json_int_or(origins, "region", -1), all[i]);
    }
}

static int64_t origin_in(struct gate *gate, json_t *state, const char *args_text, const char *arg) {
    json_error_t unread;
    struct turn turn = {.gate = gate, .state = state};
    CLEANUP(json_decrefp) json_t *args = json_loads(args_text, 0, &unread);
    CLEANUP(json_decrefp) json_t *origins = gate_origins(&turn, args);

    return json_int_or(origins, arg, -1);
}

/* A no keeps what it was about, and gives it no label. */
static void what_a_person_rejected_is_nobodys_yes(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_USER);
    struct gate gate = gate_with_yes();

    (void)test;
    gate.approval_state.is_given = false;
    assert_int_equal(origin_in(&gate, state, "{\"approval\":\"d1\"}", "approval"), ORIGIN_MODEL);
    assert_int_equal(origin_in(&gate, state, "{\"release\":\"r7\"}", "release"), ORIGIN_MODEL);
}

static void a_slot_whose_labels_nobody_kept_is_a_models(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_USER);
    struct gate gate = gate_with_yes();

    (void)test;
    (void)json_object_del(state, "origins");
    assert_int_equal(origin_in(&gate, state, "{\"region\":\"eu-west-1\"}", "region"), ORIGIN_MODEL);
    assert_int_equal(origin_in(&gate, state, "{\"path\":\"/q/a/e\"}", "path"), ORIGIN_MODEL);
}

/* Neither a plan nor a review is there: equal, and no plan. Where nothing stands, only what says
 * nothing is like it. */
static void what_is_missing_on_both_sides_is_no_agreement(void **test) {
    CLEANUP(json_decrefp) json_t *state = state_with(ORIGIN_USER);
    struct gate gate = {0};

    (void)test;
    (void)json_object_del(state, "plan_sha256");
    assert_int_equal(origin_in(&gate, state, "{\"template\":{\"kind\":\"x\"}}", "template"),
                     ORIGIN_REPO);
    (void)json_object_del(state, "parameters");
    assert_int_equal(origin_in(&gate, state, "{\"parameters\":{\"A\":\"b\"}}", "parameters"),
                     ORIGIN_MODEL);
    assert_int_equal(origin_in(&gate, state, "{\"parameters\":{}}", "parameters"), ORIGIN_REPO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_person_rejected_is_nobodys_yes),
        cmocka_unit_test(a_slot_whose_labels_nobody_kept_is_a_models),
        cmocka_unit_test(what_is_missing_on_both_sides_is_no_agreement),
        cmocka_unit_test(a_value_has_the_label_of_the_slot_that_it_stands_in),
        cmocka_unit_test(a_cure_is_the_plans_if_it_is_the_one_that_was_approved),
        cmocka_unit_test(a_plan_that_was_changed_after_its_review_is_not_the_plan),
        cmocka_unit_test(what_a_model_asks_for_is_a_models),
        cmocka_unit_test(the_label_of_a_field_is_whose_word_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
