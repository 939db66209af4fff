/* Failures: what each answer means, and how long a server asks to wait. */
#include "model/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 1795531573 }; /* Tue, 24 Nov 2026 14:46:13 GMT */

/* clang-format off */
static const struct {
    int status;
    const char *headers;
    const char *body;
    enum err_code code;
    enum failure_next next;
    bool is_spent;
    int64_t wait_ms;
    const char *text;
} rows[] = {
    { 401, "", "{\"error\":{\"message\":\"Incorrect API key\",\"code\":\"invalid_api_key\"}}",
      ERR_CREDENTIALS, FAILURE_STOP, false, -1, "Incorrect API key" },
    { 403, "", "", ERR_DENIED, FAILURE_STOP, false, -1, "the model gpt-x (403)" },
    { 404, "", "{\"error\":{\"code\":\"model_not_found\"}}", ERR_NOT_FOUND, FAILURE_OTHER, false, -1, "gpt-x" },
    { 400, "", "{\"error\":{\"code\":\"context_length_exceeded\"}}", ERR_TOO_LARGE, FAILURE_STOP, false, -1, "too long" },
    { 400, "", "{\"error\":{\"type\":\"exceed_context_size_error\",\"code\":400}}", ERR_TOO_LARGE, FAILURE_STOP, false, -1, "too long" },
    { 400, "", "{\"error\":{\"message\":\"bad\\u001b[31m schema\"}}", ERR_SERVICE, FAILURE_STOP, false, -1, "bad[31m schema" },
    { 429, "", "", ERR_THROTTLED, FAILURE_AGAIN, false, -1, "fewer calls" },
    { 429, "", "{\"error\":{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}",
      ERR_THROTTLED, FAILURE_OTHER, false, -1, "quota" },
    { 429, "retry-after: 7\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 7000, "" },
    { 429, "Retry-After: 1.5\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 1500, "" },
    { 429, "Retry-After: Tue, 24 Nov 2026 14:46:23 GMT\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 10000, "" },
    { 429, "Retry-After: Tue, 24 Nov 2026 14:46:03 GMT\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 0, "" },
    { 429, "retry-after-ms: 250\nretry-after: 9\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 250, "" },
    { 429, "retry-after: soon\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, -1, "" },
    { 429, "retry-after: 99999999999999999999\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, -1, "" },
    { 429, "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1m2.5s\n"
           "x-ratelimit-remaining-tokens: 9\nx-ratelimit-reset-tokens: 1h\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 62500, "" },
    { 429, "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 20ms\n"
           "x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s\n", "", ERR_THROTTLED, FAILURE_AGAIN, false, 360000, "" },
    { 500, "", "not JSON", ERR_SERVICE, FAILURE_AGAIN, false, -1, "(500)" },
    { 503, "retry-after: 2\n", "", ERR_SERVICE, FAILURE_AGAIN, false, 2000, "(503)" },
    { 502, "", "", ERR_SERVICE, FAILURE_STOP, true, -1, "gateway" },
    { 504, "", "", ERR_SERVICE, FAILURE_STOP, true, -1, "gateway" },
    { 307, "location: https://elsewhere.example/\n", "{\"error\":{\"message\":\"go there\"}}",
      ERR_PROTOCOL, FAILURE_STOP, false, -1, "redirect" },
    { 100, "", "", ERR_PROTOCOL, FAILURE_STOP, true, -1, "not understood" },
};
/* clang-format on */

static void each_answer_means_what_its_row_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(http_reply_done)
        struct http_reply reply = {
            .status = rows[i].status, .headers = BUF_INIT(1000), .body = BUF_INIT(1000)};
        struct err err = {0};
        struct failure got;

        buf_add_s(&reply.headers, rows[i].headers);
        buf_add_s(&reply.body, rows[i].body);
        got = failure_of_reply(&reply, "gpt-x", (int64_t)NOW_S * 1000, &err);
        if (err.code != rows[i].code || got.next != rows[i].next ||
            got.is_spent != rows[i].is_spent || got.wait_ms != rows[i].wait_ms ||
            strstr(err.text, rows[i].text) == NULL) {
            fail_msg("row %zu: %d, next %d, wait %lld: %s", i, (int)err.code, (int)got.next,
                     (long long)got.wait_ms, err.text);
        }
    }
}

static void only_what_was_not_sent_cost_nothing(void **state) {
    struct err err = {0};

    (void)state;
    err_set(&err, ERR_UNREACHABLE, "x");
    assert_int_equal(failure_of_error(&err).next, FAILURE_AGAIN);
    assert_false(failure_of_error(&err).is_spent);
    err_set(&err, ERR_TIMEOUT, "x");
    assert_int_equal(failure_of_error(&err).next, FAILURE_STOP);
    assert_true(failure_of_error(&err).is_spent);
    err_set(&err, ERR_PROTOCOL, "x");
    assert_true(failure_of_error(&err).is_spent);
    err_set(&err, ERR_CANCELLED, "x");
    assert_true(failure_of_error(&err).is_spent);
    err_set(&err, ERR_INVALID, "x");
    assert_false(failure_of_error(&err).is_spent);
}

static void pauses_grow_and_end_growing(void **state) {
    (void)state;
    assert_int_equal(failure_delay_ms(1, 0), 250);
    assert_int_equal(failure_delay_ms(1, 0.999999), 499);
    assert_int_equal(failure_delay_ms(2, 0), 500);
    assert_int_equal(failure_delay_ms(50, 0), 4000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_means_what_its_row_says),
        cmocka_unit_test(only_what_was_not_sent_cost_nothing),
        cmocka_unit_test(pauses_grow_and_end_growing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
