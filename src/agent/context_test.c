/* What a model is told is cut to its budget, by priority. */
#include "agent/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "guard/tokens/request.h"

static char *words(const char *word, size_t n) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(1024 * 1024);

    for (size_t i = 0; i < n; i++) {
        buf_addf(&out, "%s%zu ", word, i);
    }
    return mem_strdup(buf_cstr(&out));
}

static const char *content(const json_t *messages, size_t i) {
    return json_str_or(json_array_get(messages, i), "content", "");
}

static void what_fits_is_told_whole(void **state) {
    const struct context_part parts[] = {
        {CONTEXT_RULES, "", "Answer in JSON."},
        {CONTEXT_REQUIREMENTS, "What is required", "region eu-west-1"},
        {CONTEXT_TURN, "Said before", "hello"},
    };
    size_t dropped = 9;
    CLEANUP(json_decrefp)
    json_t *messages = context_messages(parts, ARRAY_N(parts), ENCODING_O200K_BASE, 8000, &dropped);

    (void)state;
    assert_int_equal(dropped, 0);
    assert_int_equal(json_array_size(messages), 2);
    assert_string_equal(content(messages, 0), "Answer in JSON.\n");
    assert_string_equal(content(messages, 1),
                        "## What is required\nregion eu-west-1\n## Said before\nhello\n");
}

/* Every budget is kept, and a part of a lower kind never pushes one of a higher kind out. */
static void every_budget_is_kept(void **state) {
    CLEANUP(freep) char *required = words("required", 300);
    CLEANUP(freep) char *plan = words("planned", 3000);
    CLEANUP(freep) char *old = words("old", 5000);
    CLEANUP(freep) char *fresh = words("fresh", 5000);
    CLEANUP(freep) char *turn = words("turn", 2000);
    const struct context_part parts[] = {
        {CONTEXT_RULES, "", "Answer in JSON."},
        {CONTEXT_TURN, "Turn", turn},
        {CONTEXT_OUTPUT, "Old output", old},
        {CONTEXT_OUTPUT, "New output", fresh},
        {CONTEXT_PLAN, "Plan", plan},
        {CONTEXT_REQUIREMENTS, "Required", required},
        {CONTEXT_QUESTION, "Question", "why is it so?"},
    };

    (void)state;
    for (size_t most = 0; most <= 40000; most += most < 400 ? 7 : 997) {
        size_t dropped = 0;
        CLEANUP(json_decrefp)
        json_t *messages =
            context_messages(parts, ARRAY_N(parts), ENCODING_O200K_BASE, most, &dropped);
        const char *text = content(messages, 1);
        bool has_required = strstr(text, "required0") != NULL;

        if (json_array_size(messages) > 0) {
            assert_true(tokens_request(ENCODING_O200K_BASE, messages, NULL) <= most);
        }
        assert_true(strstr(text, "turn0") == NULL || strstr(text, "planned0") != NULL);
        assert_true(strstr(text, "planned0") == NULL || has_required);
        assert_true(strstr(text, "old0") == NULL || strstr(text, "fresh0") != NULL);
        if (most >= 200) {
            assert_non_null(strstr(text, "why is it so?"));
        }
    }
}

static void what_is_cut_keeps_its_end_and_says_so(void **state) {
    CLEANUP(freep) char *output = words("line", 5000);
    const struct context_part parts[] = {{CONTEXT_OUTPUT, "Build", output}};
    CLEANUP(json_decrefp)
    json_t *messages = context_messages(parts, ARRAY_N(parts), ENCODING_O200K_BASE, 1000, NULL);
    const char *text = content(messages, 0);

    (void)state;
    assert_non_null(strstr(text, "line0 "));
    assert_non_null(strstr(text, "[... cut ...]"));
    assert_non_null(strstr(text, "line4999"));
}

static void a_character_is_never_cut(void **state) {
    CLEANUP(buf_done) struct buf long_text = BUF_INIT(1024 * 1024);
    struct context_part parts[] = {{CONTEXT_OUTPUT, "Log", NULL}};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        buf_add_s(&long_text, i % 3 == 0 ? "ü" : i % 3 == 1 ? "漢" : "🚀");
    }
    parts[0].text = buf_cstr(&long_text);
    for (size_t most = 100; most < 3000; most += 61) {
        CLEANUP(json_decrefp)
        json_t *messages = context_messages(parts, 1, ENCODING_O200K_BASE, most, NULL);

        assert_true(str_is_utf8(str_from(content(messages, 0))));
        assert_true(json_array_size(messages) == 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_told_whole),
        cmocka_unit_test(every_budget_is_kept),
        cmocka_unit_test(what_is_cut_keeps_its_end_and_says_so),
        cmocka_unit_test(a_character_is_never_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
