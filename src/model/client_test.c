/* The client against a scripted server on loopback: what is sent, tried again, given up. */
#include "model/client.h"

#include "base/clock.h"
#include "support/fake_http.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHUNK(delta, finish)                                                                       \
    "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\n"
#define DONE "data: [DONE]\n\n"
#define HELLO CHUNK("{\"content\":\"hello\"}", "\"stop\"") USAGE DONE
#define KEY "sk-test-0123456789abcdefghij"

/* One answer of the script. */
struct step {
    int status;
    const char *headers;
    const char *body;
    enum fake_then then;
};

struct world {
    struct fake_http *fake;
    struct model_client *client;
    struct redactor *redactor;
    struct step steps[12];
    int step_n;
    struct masked messages;
    struct model_answer answer;
    enum model_cost cost;
    struct buf shown;
    int waits;
    int64_t waited_ms;
    bool is_wait_cancelled;
    atomic_bool cancel;
    struct err err;
};

static enum fake_then play(void *ctx, int n, struct str request, struct buf *out) {
    struct world *w = ctx;
    const struct step *step = &w->steps[n < w->step_n ? n : w->step_n - 1];

    (void)request;
    if (step->then == FAKE_KEEP) {
        fake_reply(out, step->status, step->headers == NULL ? "" : step->headers, step->body);
    } else { /* a body that has no end yet */
        buf_addf(out, "HTTP/1.1 %d X\r\nContent-Length: 99999\r\n\r\n%s", step->status, step->body);
    }
    return step->then;
}

static void on_piece(void *ctx, struct str piece) {
    struct world *w = ctx;

    buf_add(&w->shown, piece);
    if (str_find(buf_str(&w->shown), STR("cancel me")) >= 0) {
        atomic_store(&w->cancel, true);
    }
}

static void on_wait(void *ctx, int64_t ms, const char *why) {
    struct world *w = ctx;

    (void)why;
    w->waits++;
    w->waited_ms += ms;
    if (w->is_wait_cancelled) {
        atomic_store(&w->cancel, true);
    }
}

/* A client that waits so long for the next byte. */
static void world_client(struct world *w, int64_t stall_ms) {
    CLEANUP(freep) char *url = mem_format("%s/v1/", fake_http_url(w->fake));
    struct model_options options = {.base_url = url,
                                    .key = STR(KEY),
                                    .primary = model_find("gpt-4.1-mini"),
                                    .fallback = model_find("gpt-4o-mini"),
                                    .stall_ms = stall_ms};

    model_client_free(w->client);
    w->client = NULL;
    assert_int_equal(model_client_new(&options, &w->client, &w->err), ERR_NONE);
}

static int world_up(void **state) {
    struct world *w = mem_alloc(sizeof *w);
    CLEANUP(json_decrefp)
    json_t *messages = json_pack("[{s:s, s:s}, {s:s, s:s}]", "role", "system", "content",
                                 "be brief", "role", "user", "content", "say hello to " KEY);

    w->redactor = redactor_new();
    redact_json(w->redactor, messages, &w->messages);
    w->shown = BUF_INIT(1 << 20);
    w->fake = fake_http_start(play, w);
    world_client(w, 20000);
    *state = w;
    return 0;
}

static int world_down(void **state) {
    struct world *w = *state;

    model_answer_done(&w->answer);
    model_client_free(w->client);
    fake_http_stop(w->fake);
    masked_done(&w->messages);
    redactor_free(w->redactor);
    buf_done(&w->shown);
    free(w);
    return 0;
}

static enum err_code ask(struct world *w, struct model_request request) {
    request.messages = &w->messages;
    request.temperature = 0.2;
    request.answer_max = 100;
    request.deadline_mono_ms = clock_mono_ms() + 20000;
    request.cancel = &w->cancel;
    request.watch = (struct model_watch){on_piece, on_wait, w};
    return model_complete(w->client, &request, &w->answer, &w->cost, &w->err);
}

static enum err_code ask_text(struct world *w) { return ask(w, (struct model_request){0}); }

#define SCRIPT(w, ...)                                                                             \
    do {                                                                                           \
        const struct step given[] = {__VA_ARGS__};                                                 \
        _Static_assert(sizeof given <= sizeof(w)->steps, "a script is longer than a world has");   \
        memcpy((w)->steps, given, sizeof given);                                                   \
        (w)->step_n = (int)ARRAY_N(given);                                                         \
    } while (0)

static bool was_sent(const struct world *w, int n, const char *text) {
    return str_find(fake_http_request(w->fake, n), str_from(text)) >= 0;
}

/* ---- What is sent ---- */

static void a_prompt_is_sent_masked_with_the_key_and_its_answer_streams(void **state) {
    struct world *w = *state;

    SCRIPT(w, {200, NULL, HELLO});
    assert_int_equal(ask_text(w), ERR_NONE);
    assert_string_equal(buf_cstr(&w->answer.chat.text), "hello");
    assert_string_equal(buf_cstr(&w->shown), "hello");
    assert_string_equal(w->answer.row.name, "gpt-4.1-mini");
    assert_true(w->answer.chat.is_used_known);
    assert_int_equal(w->answer.chat.used.in, 12);
    assert_int_equal(w->answer.chat.used.out, 3);
    assert_true(was_sent(w, 0, "POST /v1/chat/completions HTTP/1.1\r\n"));
    assert_true(was_sent(w, 0, "Authorization: Bearer " KEY "\r\n"));
    assert_true(was_sent(w, 0, "\"model\":\"gpt-4.1-mini\",\"messages\":["));
    assert_true(was_sent(w, 0, "say hello to ***"));
    assert_true(was_sent(w, 0, "\"temperature\":0.2,\"max_completion_tokens\":100"));
    assert_true(was_sent(w, 0, "\"stream_options\":{\"include_usage\":true}"));
    assert_false(was_sent(w, 0, "response_format"));
}

static void a_form_is_sent_as_it_is_written_and_the_answer_is_held_to_it(void **state) {
    struct world *w = *state;

    SCRIPT(w, {200, NULL, CHUNK("{\"content\":\"{\\\"concerns\\\": []}\"}", "\"stop\"") USAGE DONE},
           {200, NULL, CHUNK("{\"content\":\"{\\\"concerns\\\": 7}\"}", "\"stop\"") USAGE DONE},
           {200, NULL, CHUNK("{\"content\":\"{\\\"concerns\\\": [\"}", "\"length\"") USAGE DONE});
    assert_int_equal(ask(w, (struct model_request){.schema = SCHEMA_CONCERN}), ERR_NONE);
    assert_true(json_is_array(json_object_get(w->answer.json, "concerns")));
    assert_true(
        was_sent(w, 0, "\"json_schema\":{\"name\":\"concern\",\"strict\":true,\"schema\":{"));
    model_answer_done(&w->answer);
    assert_int_equal(ask(w, (struct model_request){.schema = SCHEMA_CONCERN}), ERR_PROTOCOL);
    assert_non_null(strstr(w->err.text, "concerns"));
    assert_null(w->answer.json);
    assert_true(w->answer.chat.is_used_known); /* a useless answer costs too */
    model_answer_done(&w->answer);
    assert_int_equal(ask(w, (struct model_request){.schema = SCHEMA_CONCERN}), ERR_PROTOCOL);
    assert_non_null(strstr(w->err.text, "did not fit"));
    assert_int_equal(fake_http_calls(w->fake), 3);
}

static void functions_are_offered_one_at_a_time(void **state) {
    struct world *w = *state;
    CLEANUP(json_decrefp)
    json_t *functions =
        json_pack("[{s:s, s:{s:s}}]", "type", "function", "function", "name", "look");

    SCRIPT(w, {200, NULL,
               CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"look\","
                     "\"arguments\":\"{}\"}}]}",
                     "\"tool_calls\"") USAGE DONE});
    assert_int_equal(
        ask(w, (struct model_request){.functions = functions, .schema = SCHEMA_CONCERN}), ERR_NONE);
    assert_true(was_sent(w, 0, "\"tools\":[{\"function\":{\"name\":\"look\"}"));
    assert_true(was_sent(w, 0, "\"parallel_tool_calls\":false"));
    assert_int_equal(w->answer.chat.call_n, 1);
    assert_null(w->answer.json);
}

static void addresses_that_would_show_the_key_are_refused(void **state) {
    static const char *const bad[] = {"http://example.com/v1",
                                      "http://localhost.example.com/v1",
                                      "http://127.0.0.1@example.com/v1",
                                      "https://user@example.com/v1",
                                      "ftp://127.0.0.1/v1",
                                      "example.com",
                                      "https://",
                                      ""};
    static const char *const good[] = {"https://example.com/v1", "http://127.0.0.1:8080/v1",
                                       "http://localhost/v1", "http://[::1]:8080/v1"};
    struct model_client *client = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct err err = {0};

        if (model_client_new(&(struct model_options){.base_url = bad[i]}, &client, &err) !=
            ERR_CONFIG) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_N(good); i++) {
        struct err err = {0};

        if (model_client_new(&(struct model_options){.base_url = good[i]}, &client, &err) !=
            ERR_NONE) {
            fail_msg("'%s': %s", good[i], err.text);
        }
        model_client_free(client);
    }
}

/* ---- Tries ---- */

static void a_server_that_asks_to_wait_is_asked_again_after_that(void **state) {
    struct world *w = *state;
    int64_t began_ms = clock_mono_ms();

    SCRIPT(w, {429, "retry-after-ms: 120\r\n", "{}"}, {503, "retry-after-ms: 30\r\n", "{}"},
           {200, NULL, HELLO});
    assert_int_equal(ask_text(w), ERR_NONE);
    assert_int_equal(fake_http_calls(w->fake), 3);
    assert_int_equal(w->waits, 2);
    assert_int_equal(w->waited_ms, 150);
    assert_true(clock_mono_ms() - began_ms >= 150);
    assert_string_equal(w->answer.row.name, "gpt-4.1-mini");
}

static void without_a_hint_the_pauses_are_ours(void **state) {
    struct world *w = *state;

    SCRIPT(w, {429, NULL, "{}"}, {200, NULL, HELLO});
    assert_int_equal(ask_text(w), ERR_NONE);
    assert_int_equal(w->waits, 1);
    assert_in_range(w->waited_ms, 250, 500);
}

static void a_quota_that_is_used_up_takes_the_fallback_at_once(void **state) {
    struct world *w = *state;

    SCRIPT(w, {429, NULL, "{\"error\":{\"code\":\"insufficient_quota\"}}"}, {200, NULL, HELLO});
    assert_int_equal(ask_text(w), ERR_NONE);
    assert_string_equal(w->answer.row.name, "gpt-4o-mini");
    assert_true(was_sent(w, 1, "\"model\":\"gpt-4o-mini\""));
    assert_int_equal(w->waits, 0);
}

static void a_pause_that_is_too_long_takes_the_fallback_at_once(void **state) {
    struct world *w = *state;

    SCRIPT(w, {429, "retry-after: 3600\r\n", "{}"}, {200, NULL, HELLO});
    assert_int_equal(ask_text(w), ERR_NONE);
    assert_string_equal(w->answer.row.name, "gpt-4o-mini");
    assert_int_equal(w->waits, 0);
}

static void an_outage_takes_the_fallback_and_then_ends(void **state) {
    struct world *w = *state;

    SCRIPT(w, {500, "retry-after-ms: 1\r\n", "{}"});
    assert_int_equal(ask_text(w), ERR_SERVICE);
    assert_int_equal(fake_http_calls(w->fake), 2 * 3);
    assert_true(was_sent(w, 2, "\"model\":\"gpt-4.1-mini\""));
    assert_true(was_sent(w, 3, "\"model\":\"gpt-4o-mini\""));
    assert_int_equal(w->cost, MODEL_COST_NOTHING);
    assert_true(w->err.remedy[0] != '\0');
}

static void a_low_budget_takes_the_fallback_first(void **state) {
    struct world *w = *state;

    SCRIPT(w, {200, NULL, HELLO});
    assert_int_equal(ask(w, (struct model_request){.is_cheap = true}), ERR_NONE);
    assert_string_equal(w->answer.row.name, "gpt-4o-mini");
}

static void a_key_that_is_not_taken_ends_the_call_at_once(void **state) {
    struct world *w = *state;

    SCRIPT(w, {401, NULL, "{\"error\":{\"message\":\"Incorrect API key provided\"}}"});
    assert_int_equal(ask_text(w), ERR_CREDENTIALS);
    assert_int_equal(fake_http_calls(w->fake), 1);
    assert_non_null(strstr(w->err.remedy, "OPENAI_API_KEY"));
    assert_int_equal(w->cost, MODEL_COST_NOTHING);
}

static void a_redirect_is_never_followed(void **state) {
    struct world *w = *state;

    SCRIPT(w, {307, "Location: http://127.0.0.1:9/steal\r\n", "{}"});
    assert_int_equal(ask_text(w), ERR_PROTOCOL);
    assert_non_null(strstr(w->err.text, "redirect"));
    assert_int_equal(fake_http_calls(w->fake), 1);
}

/* ---- Answers that end badly ---- */

static void an_answer_that_is_cut_is_not_asked_for_again_within_its_hold(void **state) {
    struct world *w = *state;

    SCRIPT(w, {200, NULL, CHUNK("{\"content\":\"hel\"}", "null"), FAKE_CLOSE}, {200, NULL, HELLO});
    assert_int_equal(ask_text(w), ERR_PROTOCOL);
    assert_int_equal(fake_http_calls(w->fake), 1);
    assert_int_equal(w->cost, MODEL_COST_UNKNOWN);
    assert_false(w->answer.chat.is_used_known);
}

static void a_server_that_falls_silent_is_left(void **state) {
    struct world *w = *state;

    world_client(w, 1000);
    SCRIPT(w, {200, NULL, CHUNK("{\"content\":\"hel\"}", "null"), FAKE_HANG});
    assert_int_equal(ask_text(w), ERR_TIMEOUT);
    assert_int_equal(w->cost, MODEL_COST_UNKNOWN);
}

static void a_call_can_be_cancelled_while_it_streams(void **state) {
    struct world *w = *state;

    SCRIPT(w, {200, NULL, CHUNK("{\"content\":\"cancel me\"}", "null"), FAKE_HANG});
    assert_int_equal(ask_text(w), ERR_CANCELLED);
    assert_int_equal(fake_http_calls(w->fake), 1);
}

static void a_pause_can_be_cancelled(void **state) {
    struct world *w = *state;

    SCRIPT(w, {429, "retry-after: 15\r\n", "{}"});
    w->is_wait_cancelled = true;
    assert_int_equal(ask_text(w), ERR_CANCELLED);
    assert_int_equal(fake_http_calls(w->fake), 1);
}

static void a_body_that_is_packed_is_not_unpacked(void **state) {
    struct world *w = *state;

    SCRIPT(w, {200, "Content-Encoding: gzip\r\n", "\x1f\x8b\x08garbage"});
    assert_int_equal(ask_text(w), ERR_PROTOCOL);
}

static void nobody_there_is_told_after_both_models(void **state) {
    struct world *w = *state;
    struct model_options options = {.base_url = "http://127.0.0.1:9/v1",
                                    .primary = model_find("gpt-4.1-mini")};

    model_client_free(w->client);
    assert_int_equal(model_client_new(&options, &w->client, &w->err), ERR_NONE);
    assert_int_equal(ask_text(w), ERR_UNREACHABLE);
    assert_int_equal(w->waits, 2);
    assert_int_equal(w->cost, MODEL_COST_NOTHING);
}

/* ---- The filter ---- */

static enum filter judge(struct world *w, json_t **categories) {
    CLEANUP(masked_done) struct masked text = {0};

    redact_text(w->redactor, STR("a \"text\" with " KEY), &text);
    return model_filter(w->client, &text, clock_mono_ms() + 20000, NULL, categories, &w->err);
}

static void the_filter_flags_by_category_and_gets_masked_text(void **state) {
    struct world *w = *state;
    json_t *categories = NULL;

    SCRIPT(w,
           {200, NULL,
            "{\"results\":[{\"flagged\":true,\"categories\":{\"illicit\":true,\"hate\":false}}]}"},
           {200, NULL, "{\"results\":[{\"flagged\":false,\"categories\":{\"hate\":false}}]}"});
    assert_int_equal(judge(w, &categories), FILTER_FLAGGED);
    assert_int_equal(json_array_size(categories), 1);
    assert_true(json_has_str(categories, "illicit"));
    json_decref(categories);
    assert_true(was_sent(w, 0, "POST /v1/moderations"));
    assert_true(was_sent(w, 0, "\"input\":\"a \\\"text\\\" with ***\""));
    assert_true(was_sent(w, 0, "omni-moderation-latest"));
    assert_int_equal(judge(w, &categories), FILTER_PASSED);
}

static void a_filter_that_does_not_answer_is_unknown_and_one_that_is_not_there_is_absent(
    void **state) {
    struct world *w = *state;
    json_t *none = NULL;

    SCRIPT(w, {500, "retry-after-ms: 1\r\n", "{}"}, {500, NULL, "{}"}, {200, NULL, "{}"},
           {200, NULL, "nonsense"}, {401, NULL, "{}"}, {404, NULL, "{}"},
           {429, "retry-after-ms: 1\r\n", "{}"}, {429, NULL, "{}"}, {200, NULL, "{\"results\":[]}"},
           {200, NULL, "{\"results\":[{\"flagged\":\"no\",\"categories\":{}}]}"},
           {200, NULL, "{\"results\":[{\"flagged\":false,\"categories\":[]}]}"});
    assert_int_equal(judge(w, &none), FILTER_UNKNOWN);
    assert_int_equal(fake_http_calls(w->fake), 2);
    assert_int_equal(judge(w, &none), FILTER_UNKNOWN);
    assert_int_equal(judge(w, &none), FILTER_UNKNOWN);
    assert_int_equal(judge(w, &none), FILTER_UNKNOWN);
    assert_int_equal(judge(w, &none), FILTER_ABSENT);
    assert_int_equal(judge(w, &none), FILTER_UNKNOWN); /* asked too often, twice */
    assert_int_equal(fake_http_calls(w->fake), 8);
    for (int shape = 0; shape < 3; shape++) {
        assert_int_equal(judge(w, &none), FILTER_UNKNOWN);
    }
    assert_null(none);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_prompt_is_sent_masked_with_the_key_and_its_answer_streams),
        IN_WORLD(a_form_is_sent_as_it_is_written_and_the_answer_is_held_to_it),
        IN_WORLD(functions_are_offered_one_at_a_time),
        cmocka_unit_test(addresses_that_would_show_the_key_are_refused),
        IN_WORLD(a_server_that_asks_to_wait_is_asked_again_after_that),
        IN_WORLD(without_a_hint_the_pauses_are_ours),
        IN_WORLD(a_quota_that_is_used_up_takes_the_fallback_at_once),
        IN_WORLD(a_pause_that_is_too_long_takes_the_fallback_at_once),
        IN_WORLD(an_outage_takes_the_fallback_and_then_ends),
        IN_WORLD(a_low_budget_takes_the_fallback_first),
        IN_WORLD(a_key_that_is_not_taken_ends_the_call_at_once),
        IN_WORLD(a_redirect_is_never_followed),
        IN_WORLD(an_answer_that_is_cut_is_not_asked_for_again_within_its_hold),
        IN_WORLD(a_server_that_falls_silent_is_left),
        IN_WORLD(a_call_can_be_cancelled_while_it_streams),
        IN_WORLD(a_pause_can_be_cancelled),
        IN_WORLD(a_body_that_is_packed_is_not_unpacked),
        IN_WORLD(nobody_there_is_told_after_both_models),
        IN_WORLD(the_filter_flags_by_category_and_gets_masked_text),
        IN_WORLD(a_filter_that_does_not_answer_is_unknown_and_one_that_is_not_there_is_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
