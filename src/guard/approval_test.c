/* approval: what is approved is every byte of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "guard/approval.h"

static const char *const hex_a = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static struct approval sample(void) {
    return (struct approval){
        .kind = mem_strdup("deploy"),
        .session = mem_strdup("s-1"),
        .plan_sha256 = mem_strdup(hex_a),
        .change_set =
            mem_strdup("arn:aws:cloudformation:eu-central-1:111122223333:changeSet/d-1/x"),
        .stack_id = mem_strdup("arn:aws:cloudformation:eu-central-1:111122223333:stack/q-t-dev/y"),
        .template_sha256 = mem_strdup(hex_a),
        .parameters_sha256 = mem_strdup(hex_a),
        .artefacts = json_pack("[{s:s,s:s,s:i}]", "kind", "zip", "sha256", hex_a, "bytes", 3300),
        .account = mem_strdup("111122223333"),
        .region = mem_strdup("eu-central-1"),
        .endpoint = mem_strdup("aws"),
        .role = mem_strdup("arn:aws:iam::111122223333:role/bootstrap-q-ExecutionRole"),
        .policy_version = mem_strdup("1"),
        .cost = mem_strdup("at least +$0.43 a month"),
        .cost_ceiling_cents = 1250,
        .on_failure = mem_strdup("restore:r-7"),
        .requester = mem_strdup("arn:aws:iam::111122223333:user/dev"),
        .expires_ms = 1800000,
    };
}

static char *bytes_of(const struct approval *approval) {
    struct buf out = BUF_INIT(1 << 20);

    approval_write(approval, &out);
    assert_false(out.failed);
    return buf_take(&out);
}

/* Walks the members as JSON, so that a member added later is walked too. */
static void any_changed_byte_of_any_field_changes_the_digest(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    CLEANUP(freep) char *bytes = bytes_of(&approval);
    struct sha256 digest = approval_digest(&approval);
    size_t n = strlen(bytes);
    size_t read = 0;

    (void)state;
    assert_true(sha256_eq(digest, sha256_of(str_from(bytes))));
    for (size_t i = 0; i < n; i++) {
        for (int step = 1; step < 256; step += 7) {
            CLEANUP(freep) char *other = mem_strdup(bytes);
            CLEANUP(approval_done) struct approval got = {0};
            struct err err = {0};

            other[i] = (char)(other[i] + step);
            if (approval_read(str_from(other), &got, &err) != ERR_NONE) {
                continue; /* not an approval any more */
            }
            read++;
            if (sha256_eq(approval_digest(&got), digest)) {
                fail_msg("byte %zu + %d of %s", i, step, bytes);
            }
        }
    }
    assert_true(read > n); /* most changes still read as an approval */
}

static void every_field_of_the_struct_is_in_the_bytes(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    struct sha256 digest = approval_digest(&approval);
    char **texts[] = {
        &approval.kind,
        &approval.session,
        &approval.plan_sha256,
        &approval.change_set,
        &approval.stack_id,
        &approval.template_sha256,
        &approval.parameters_sha256,
        &approval.account,
        &approval.region,
        &approval.endpoint,
        &approval.role,
        &approval.policy_version,
        &approval.cost,
        &approval.on_failure,
        &approval.requester,
    };

    (void)state;
    /* Text members, the artefacts and two numbers are all there is. */
    assert_int_equal(sizeof(struct approval), (ARRAY_N(texts) + 3) * 8);
    for (size_t i = 0; i < ARRAY_N(texts); i++) {
        char *text = *texts[i];
        text[0]++;
        if (sha256_eq(approval_digest(&approval), digest)) {
            fail_msg("text %zu, %s", i, text);
        }
        text[0]--;
    }
    approval.cost_ceiling_cents++;
    assert_false(sha256_eq(approval_digest(&approval), digest));
    approval.cost_ceiling_cents--;
    approval.expires_ms++;
    assert_false(sha256_eq(approval_digest(&approval), digest));
    approval.expires_ms--;
    json_put_int(json_array_get(approval.artefacts, 0), "bytes", 3301);
    assert_false(sha256_eq(approval_digest(&approval), digest));
    json_put_int(json_array_get(approval.artefacts, 0), "bytes", 3300);
    assert_true(sha256_eq(approval_digest(&approval), digest));
}

static void an_approval_reads_back_as_it_was(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    CLEANUP(approval_done) struct approval got = {0};
    CLEANUP(freep) char *bytes = bytes_of(&approval);
    struct err err = {0};

    (void)state;
    assert_int_equal(approval_read(str_from(bytes), &got, &err), ERR_NONE);
    CLEANUP(freep) char *again = bytes_of(&got);
    assert_string_equal(again, bytes);
}

static void other_spellings_of_an_approval_are_refused(void **state) {
    static const char *const texts[] = {
        "", "{}", "[]", "null", "{\"kind\":\"deploy\"}",
    };
    CLEANUP(approval_done) struct approval approval = sample();
    CLEANUP(freep) char *bytes = bytes_of(&approval);
    CLEANUP(freep) char *spaced = mem_format(" %s", bytes);
    CLEANUP(freep) char *extra = mem_format("{\"aa\":1,%s", bytes + 1);
    struct approval got = {0};
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(texts); i++) {
        assert_int_equal(approval_read(str_from(texts[i]), &got, &err), ERR_INVALID);
    }
    assert_int_equal(approval_read(str_from(spaced), &got, &err), ERR_INVALID);
    assert_int_equal(approval_read(str_from(extra), &got, &err), ERR_INVALID);
    assert_null(got.kind);
}

static void an_approval_is_good_once_in_time_and_for_its_own_digest(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    struct sha256_hex right = sha256_hex(approval_digest(&approval));
    const struct {
        bool is_given;
        bool is_used;
        bool is_other;
        int64_t now_ms;
        const char *want;
    } cases[] = {
        {false, false, false, 0, "unknown"}, {true, false, false, 0, "ok"},
        {true, false, false, 1799999, "ok"}, {true, false, false, 1800000, "expired"},
        {true, true, false, 0, "used"},      {true, true, false, 9999999, "used"},
        {true, false, true, 0, "mismatch"},  {true, true, true, 9999999, "mismatch"},
        {false, true, false, 0, "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct approval_state given = {.is_given = cases[i].is_given, .is_used = cases[i].is_used};

        memcpy(given.digest, right.text, sizeof given.digest);
        given.digest[63] = (char)(given.digest[63] ^ (cases[i].is_other ? 1 : 0));
        const char *got = approval_answer_name(approval_check(&approval, &given, cases[i].now_ms));
        if (strcmp(got, cases[i].want) != 0) {
            fail_msg("row %zu: %s instead of %s", i, got, cases[i].want);
        }
    }
    assert_int_equal(approval_check(&approval, &(struct approval_state){.is_given = true}, 0),
                     APPROVAL_MISMATCH);
}

static void a_clock_that_was_set_back_makes_no_yes_young_again(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    struct approval_state given = {.is_given = true};
    const int64_t asked_ms = INT64_C(1800000000000);
    const int64_t minute_ms = 60000;
    const struct {
        int64_t now_ms;
        enum approval_answer want;
    } rows[] = {
        {asked_ms, APPROVAL_OK},
        {asked_ms - 5 * minute_ms, APPROVAL_OK}, /* another machine's clock */
        {asked_ms - 5 * minute_ms - 1, APPROVAL_EXPIRED},
        {asked_ms + 30 * minute_ms - 1, APPROVAL_OK},
        {asked_ms + 30 * minute_ms, APPROVAL_EXPIRED},
        {0, APPROVAL_EXPIRED},
    };

    (void)state;
    approval.expires_ms = asked_ms + 30 * minute_ms;
    memcpy(given.digest, sha256_hex(approval_digest(&approval)).text, sizeof given.digest);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (approval_check(&approval, &given, rows[i].now_ms) != rows[i].want) {
            fail_msg("row %zu", i);
        }
    }
}

/* All but who asked and when, which a session that another machine goes on with may change. */
static void a_difference_is_named_in_every_member(void **state) {
    CLEANUP(approval_done) struct approval approved = sample();
    CLEANUP(approval_done) struct approval now = sample();
    const struct {
        const char *name;
        char *text;
    } rows[] = {
        {"kind", now.kind},
        {"session", now.session},
        {"plan_sha256", now.plan_sha256},
        {"change_set", now.change_set},
        {"stack_id", now.stack_id},
        {"template_sha256", now.template_sha256},
        {"parameters_sha256", now.parameters_sha256},
        {"account", now.account},
        {"region", now.region},
        {"endpoint", now.endpoint},
        {"role", now.role},
        {"policy_version", now.policy_version},
        {"cost", now.cost},
        {"on_failure", now.on_failure},
    };

    (void)state;
    assert_null(approval_difference(&approved, &now));
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        size_t last = strlen(rows[i].text) - 1;

        rows[i].text[last]++;
        const char *got = approval_difference(&approved, &now);
        assert_non_null(got);
        assert_string_equal(got, rows[i].name);
        rows[i].text[last]--;
    }
    json_put_int(json_array_get(now.artefacts, 0), "bytes", 3301);
    assert_string_equal(approval_difference(&approved, &now), "artefacts");
    json_put_int(json_array_get(now.artefacts, 0), "bytes", 3300);
    now.cost_ceiling_cents++;
    assert_string_equal(approval_difference(&approved, &now), "cost_ceiling_cents");
}

static void an_artefact_that_is_none_is_no_approval(void **state) {
    static const char *const artefacts[] = {
        "[1]",
        "[{}]",
        "[{},{\"bytes\":1,\"kind\":\"zip\",\"sha256\":\"a\"}]",
        "[{\"kind\":\"zip\",\"sha256\":\"a\"}]",
        "[{\"bytes\":1,\"kind\":\"zip\",\"more\":1,\"sha256\":\"a\"}]",
        "[{\"bytes\":\"1\",\"kind\":\"zip\",\"sha256\":\"a\"}]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(artefacts); i++) {
        CLEANUP(approval_done) struct approval approval = sample();
        CLEANUP(approval_done) struct approval got = {0};
        struct err err = {0};

        json_decref(approval.artefacts);
        approval.artefacts = NULL;
        assert_int_equal(json_read(str_from(artefacts[i]), &approval.artefacts, &err), ERR_NONE);
        CLEANUP(freep) char *bytes = bytes_of(&approval);
        if (approval_read(str_from(bytes), &got, &err) != ERR_INVALID) {
            fail_msg("it was read: %s", bytes);
        }
    }
}

static void the_screen_shows_every_field_and_the_digest(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    CLEANUP(freep) char *bytes = bytes_of(&approval);
    CLEANUP(buf_done) struct buf screen = BUF_INIT(1 << 16);
    struct sha256_hex digest = sha256_hex(sha256_of(str_from(bytes)));
    const char *const wants[] = {
        approval.change_set,
        approval.account,
        approval.region,
        approval.endpoint,
        approval.stack_id,
        approval.role,
        "back to release r-7\n",
        approval.requester,
        approval.session,
        "artefact      zip, 3300 bytes, sha256 aaaa",
        "at most 12.50 USD",
        "1970-01-01T00:30:00.000Z",
        digest.text,
    };
    struct err err = {0};

    (void)state;
    assert_int_equal(approval_render(str_from(bytes), 200, &screen, &err), ERR_NONE);
    for (size_t i = 0; i < ARRAY_N(wants); i++) {
        if (strstr(buf_cstr(&screen), wants[i]) == NULL) {
            fail_msg("'%s' is not on the screen:\n%s", wants[i], buf_cstr(&screen));
        }
    }
}

static void the_screen_says_in_words_what_a_failure_leads_to_and_who_acts(void **state) {
    static const struct {
        const char *on_failure;
        const char *says;
    } rows[] = {
        {"leave", "if it fails   leave the stack as CloudFormation leaves it, and say so\n"},
        {"keep", "if it fails   nothing is put back: what failed stays as it is\n"},
        {"restore:r-7", "if it fails   go back to release r-7"},
        {"something else", "if it fails   something else"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(approval_done) struct approval approval = sample();
        CLEANUP(buf_done) struct buf screen = BUF_INIT(1 << 16);
        CLEANUP(freep) char *bytes = NULL;
        struct err err = {0};

        free(approval.on_failure);
        free(approval.role);
        approval.on_failure = mem_strdup(rows[i].on_failure);
        approval.role = mem_strdup("");
        bytes = bytes_of(&approval);
        assert_int_equal(approval_render(str_from(bytes), 200, &screen, &err), ERR_NONE);
        if (strstr(buf_cstr(&screen), rows[i].says) == NULL) {
            fail_msg("'%s' is not on the screen:\n%s", rows[i].says, buf_cstr(&screen));
        }
        assert_non_null(strstr(buf_cstr(&screen), "acts as       whoever asked"));
    }
}

static void no_value_can_draw_another_line_on_the_screen(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    CLEANUP(buf_done) struct buf screen = BUF_INIT(1 << 16);
    struct err err = {0};

    (void)state;
    free(approval.requester);
    approval.requester = mem_strdup("x\naccount       999999999999\x1b[2K\u202e\u200b\xc2\x85 long "
                                    "enough to be wrapped more than once on a narrow screen");
    CLEANUP(freep) char *bytes = bytes_of(&approval);
    assert_int_equal(approval_render(str_from(bytes), 60, &screen, &err), ERR_NONE);
    assert_null(strstr(buf_cstr(&screen), "\naccount       9"));
    assert_null(strchr(buf_cstr(&screen), '\x1b'));
    assert_non_null(strstr(buf_cstr(&screen), "x\\u{A}account"));
    assert_non_null(strstr(buf_cstr(&screen), "\\u{202E}"));
    assert_null(strstr(buf_cstr(&screen), "\u200b"));
    struct str rest = buf_str(&screen);
    struct str line = {0};
    while (str_next(&rest, '\n', &line)) {
        assert_true(line.len <= 60);
    }
}

/* A person reads it: every label, what an empty member means, and no ceiling. */
static void the_screen_of_an_approval_that_has_nothing_names_what_is_absent(void **state) {
    CLEANUP(approval_done)
    struct approval approval = {.cost_ceiling_cents = -1, .expires_ms = 1800000};
    CLEANUP(freep) char *bytes = bytes_of(&approval);
    CLEANUP(buf_done) struct buf screen = BUF_INIT(1 << 16);
    struct err err = {0};
    CLEANUP(freep)
    char *want = mem_format("what          none\n"
                            "account       none\n"
                            "region        none\n"
                            "endpoint      none\n"
                            "stack         none\n"
                            "change set    none: neither deletions nor secrets have one\n"
                            "acts as       whoever asked, by their own rights\n"
                            "if it fails   none\n"
                            "cost          none of its own\n"
                            "asked by      none\n"
                            "session       none\n"
                            "plan          none\n"
                            "template      none: neither deletions nor secrets have one\n"
                            "parameters    none\n"
                            "policy        none\n"
                            "cost ceiling  none\n"
                            "expires       1970-01-01T00:30:00.000Z\n"
                            "sha256        %s\n",
                            sha256_hex(sha256_of(str_from(bytes))).text);

    (void)state;
    assert_int_equal(approval_render(str_from(bytes), 100, &screen, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&screen), want);
}

static void the_screen_shows_a_ceiling_to_the_cent(void **state) {
    static const struct {
        int64_t cents;
        const char *says;
    } rows[] = {
        {-1, "cost ceiling  none\n"},
        {0, "cost ceiling  at most 0.00 USD a month\n"},
        {7, "cost ceiling  at most 0.07 USD a month\n"},
        {10050, "cost ceiling  at most 100.50 USD a month\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(approval_done) struct approval approval = sample();
        CLEANUP(buf_done) struct buf screen = BUF_INIT(1 << 16);
        struct err err = {0};

        approval.cost_ceiling_cents = rows[i].cents;
        CLEANUP(freep) char *bytes = bytes_of(&approval);
        assert_int_equal(approval_render(str_from(bytes), 100, &screen, &err), ERR_NONE);
        if (strstr(buf_cstr(&screen), rows[i].says) == NULL) {
            fail_msg("'%s' is not on the screen:\n%s", rows[i].says, buf_cstr(&screen));
        }
    }
}

/* At 40 columns a value has 26, and so has it at fewer. */
static void a_long_value_goes_on_below_its_own_beginning(void **state) {
    static const struct {
        const char *value;
        const char *lines;
    } rows[] = {
        {"twenty-six letters exactly", "twenty-six letters exactly\n"},
        {"twenty-six letters exactly and more", "twenty-six letters exactly\n"
                                                "              and more\n"},
        {"twenty-six letters, no more", "twenty-six letters, no \n"
                                        "              more\n"},
        {"so abcdefghijklmnopqrstuvwxyz", "so \n"
                                          "              abcdefghijklmnopqrstuvwxyz\n"},
        {"so abcdefghijklmnopqrstuvwxyz0123", "so abcdefghijklmnopqrstuvw\n"
                                              "              xyz0123\n"},
        {"twenty letters, then a\u200bb c", "twenty letters, then \n"
                                            "              a\\u{200B}b c\n"},
        {"sixteen letters, a\u200b", "sixteen letters, a\\u{200B}\n"},
        {"eighteen letters, a\u200b", "eighteen letters, \n"
                                      "              a\\u{200B}\n"},
        {"abcdefghijklmnopqrs\u200b", "abcdefghijklmnopqrs\n"
                                      "              \\u{200B}\n"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_N(rows); i++) {
        CLEANUP(approval_done) struct approval approval = sample();
        CLEANUP(buf_done) struct buf screen = BUF_INIT(1 << 16);
        CLEANUP(freep) char *want = mem_format("asked by      %ssession ", rows[i / 2].lines);
        struct err err = {0};

        free(approval.requester);
        approval.requester = mem_strdup(rows[i / 2].value);
        CLEANUP(freep) char *bytes = bytes_of(&approval);
        assert_int_equal(approval_render(str_from(bytes), i % 2 == 0 ? 40 : 10, &screen, &err),
                         ERR_NONE);
        if (strstr(buf_cstr(&screen), want) == NULL) {
            fail_msg("'%s' is not on the screen:\n%s", want, buf_cstr(&screen));
        }
    }
}

static void what_waits_is_listed_with_when_it_was_asked(void **state) {
    CLEANUP(approval_done) struct approval approval = sample();
    CLEANUP(json_decrefp) json_t *row = NULL;
    CLEANUP(freep) char *text = NULL;

    (void)state;
    approval.expires_ms = 1800000 + 60000; /* asked half an hour before */
    struct sha256_hex digest = sha256_hex(approval_digest(&approval));
    row = approval_row(&approval, "q-t-dev");
    text = json_text(row);
    CLEANUP(freep)
    char *want = mem_format(
        "{\"account\":\"111122223333\",\"asked_by\":\"arn:aws:iam::111122223333:user/dev\","
        "\"asked_ms\":60000,\"cost\":\"at least +$0.43 a month\",\"digest\":\"%s\","
        "\"expires_ms\":1860000,\"kind\":\"deploy\",\"region\":\"eu-central-1\","
        "\"session\":\"s-1\",\"stack\":\"q-t-dev\"}",
        digest.text);
    assert_string_equal(text, want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_changed_byte_of_any_field_changes_the_digest),
        cmocka_unit_test(every_field_of_the_struct_is_in_the_bytes),
        cmocka_unit_test(an_approval_reads_back_as_it_was),
        cmocka_unit_test(other_spellings_of_an_approval_are_refused),
        cmocka_unit_test(an_approval_is_good_once_in_time_and_for_its_own_digest),
        cmocka_unit_test(a_clock_that_was_set_back_makes_no_yes_young_again),
        cmocka_unit_test(a_difference_is_named_in_every_member),
        cmocka_unit_test(an_artefact_that_is_none_is_no_approval),
        cmocka_unit_test(the_screen_shows_every_field_and_the_digest),
        cmocka_unit_test(the_screen_says_in_words_what_a_failure_leads_to_and_who_acts),
        cmocka_unit_test(no_value_can_draw_another_line_on_the_screen),
        cmocka_unit_test(the_screen_of_an_approval_that_has_nothing_names_what_is_absent),
        cmocka_unit_test(the_screen_shows_a_ceiling_to_the_cent),
        cmocka_unit_test(a_long_value_goes_on_below_its_own_beginning),
        cmocka_unit_test(what_waits_is_listed_with_when_it_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
