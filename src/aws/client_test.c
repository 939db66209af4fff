/* The loop around a call: pace, retries, cancellation, deadline, one look-up of credentials for
 * all. */
#include "aws/client.h"

#include "aws/creds.h"
#include "base/clock.h"
#include "guard/limits.h"
#include "support/fake_env.h"
#include "support/fake_http.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SCRIPT_MAX = 64 };

/* What the server says, one entry a call; the last one repeats. */
enum say {
    SAY_END = 0,
    SAY_OK,
    SAY_500,
    SAY_THROTTLE,
    SAY_HINT,
    SAY_HANG,
    SAY_CUT,
    SAY_MOVED,
    SAY_HALF,
    SAY_KEYS,
    SAY_MASKED,
    SAY_PARTLY,
};

struct world {
    struct fake_http *fake;
    struct fake_env env;
    struct aws aws;
    struct err err;
    struct aws_reply reply;
    enum say script[SCRIPT_MAX];
    int64_t keys_live_ms; /* what SAY_KEYS answers lives so long */
    atomic_int waits;
    atomic_int waited_ms;
    char vars[4][200];
};

/* clang-format off */
static const struct {
    int status; /* 0: no answer */
    const char *headers, *body;
    enum fake_then then;
} says[] = {
    [SAY_END]      = { 200, "x-amzn-requestid: r1\r\n", "{\"a\":1}", FAKE_KEEP },
    [SAY_OK]       = { 200, "x-amzn-requestid: r1\r\n", "{\"a\":1}", FAKE_KEEP },
    [SAY_500]      = { 500, "", "", FAKE_KEEP },
    [SAY_THROTTLE] = { 400, "", "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", FAKE_KEEP },
    [SAY_HINT]     = { 503, "x-amz-retry-after: 4000\r\n", "", FAKE_KEEP },
    [SAY_HANG]     = { 0, "", "", FAKE_HANG },
    [SAY_CUT]      = { 0, "", "", FAKE_CLOSE },
    [SAY_MASKED]   = { 200, "", "   <?xml version=\"1.0\"?>\n <Error><Code>InternalError</Code></Error>", FAKE_KEEP },
    [SAY_PARTLY]   = { 200, "", "<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>", FAKE_KEEP },
};
/* clang-format on */

/* Answers that are not always the same, or not whole. */
static enum fake_then answer_specially(const struct world *w, enum say say, int n,
                                       struct buf *out) {
    if (say == SAY_HALF) {
        buf_add_s(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return FAKE_CLOSE;
    }
    if (say == SAY_MOVED) {
        CLEANUP(freep) char *header = mem_format("x-amz-bucket-region: eu-west-%d\r\n", 2 + n % 2);

        fake_reply(out, 301, header, "");
    } else {
        CLEANUP(freep)
        char *body = mem_format("{\"AccessKeyId\":\"K%d\",\"SecretAccessKey\":\"s\",\"Token\":"
                                "\"t\",\"Expiration\":\"%s\"}",
                                n, clock_iso(clock_now_ms() + w->keys_live_ms).text);

        fake_reply(out, 200, "", body);
    }
    return FAKE_KEEP;
}

static enum fake_then answer(void *ctx, int n, struct str request, struct buf *out) {
    const struct world *w = ctx;
    int at = 0;
    enum say say;

    (void)request;
    while (at < n && at + 1 < SCRIPT_MAX && w->script[at + 1] != SAY_END) {
        at++;
    }
    say = w->script[at];
    if (say == SAY_HALF || say == SAY_MOVED || say == SAY_KEYS) {
        return answer_specially(w, say, n, out);
    }
    if (says[say].status != 0) {
        fake_reply(out, says[say].status, says[say].headers, says[say].body);
    }
    return says[say].then;
}

static void on_wait(void *ctx, enum aws_service service, const char *why, int64_t wait_ms) {
    struct world *w = ctx;

    (void)service;
    assert_non_null(why);
    atomic_fetch_add(&w->waits, 1);
    atomic_fetch_add(&w->waited_ms, (int)wait_ms);
}

static struct aws_client *client_of(struct world *w) {
    const struct aws_options options = {.region = "eu-central-1", .env = &w->env.env};
    struct aws_client *client = NULL;

    if (aws_client_new(&options, &client, &w->err) != ERR_NONE) {
        fail_msg("%s", w->err.text);
    }
    return client;
}

static int world_up(void **state) {
    struct world *w = mem_alloc(sizeof *w);

    w->fake = fake_http_start(answer, w);
    fake_env_up(&w->env);
    (void)snprintf(w->vars[0], sizeof w->vars[0], "AWS_ENDPOINT_URL=%s", fake_http_url(w->fake));
    w->env.vars[0] = w->vars[0];
    w->env.vars[1] = "AWS_ACCESS_KEY_ID=test";
    w->env.vars[2] = "AWS_SECRET_ACCESS_KEY=test";
    w->env.vars[3] = "AWS_EC2_METADATA_DISABLED=true";
    w->aws = (struct aws){.client = client_of(w), .on_wait = on_wait, .on_wait_ctx = w};
    *state = w;
    return 0;
}

static int world_down(void **state) {
    struct world *w = *state;

    aws_reply_done(&w->reply);
    aws_client_free(w->aws.client);
    fake_env_down(&w->env);
    fake_http_stop(w->fake);
    free(w);
    return 0;
}

static enum err_code world_call(struct world *w, struct aws_request request) {
    request.service = request.service == AWS_NO_SERVICE ? AWS_SSM : request.service;
    request.action = "DescribeParameters";
    aws_reply_done(&w->reply);
    w->reply = (struct aws_reply){0};
    return aws_call(&w->aws, &request, &w->reply, &w->err);
}

static void a_good_call_has_body_and_request_id(void **state) {
    struct world *w = *state;

    assert_int_equal(world_call(w, (struct aws_request){0}), ERR_NONE);
    assert_string_equal(buf_cstr(&w->reply.http.body), "{\"a\":1}");
    assert_string_equal(w->reply.request_id, "r1");
    assert_string_equal(w->reply.code, "");
}

static void control_calls_are_paced_and_transfers_are_not(void **state) {
    struct world *w = *state;
    int64_t start_ms = clock_mono_ms();
    int64_t calls = 0;

    while (atomic_load(&w->waits) == 0 && calls < 200) {
        assert_int_equal(world_call(w, (struct aws_request){0}), ERR_NONE);
        calls++;
    }
    assert_int_equal(atomic_load(&w->waits), 1);
    assert_true(calls > limit(LIMIT_AWS_BURST));
    assert_true((calls - limit(LIMIT_AWS_BURST)) * 1000 <=
                limit(LIMIT_AWS_PER_S) * (clock_mono_ms() - start_ms + 1));
    for (int i = 0; i < 30; i++) {
        assert_int_equal(world_call(w, (struct aws_request){.is_bulk = true}), ERR_NONE);
    }
    assert_int_equal(atomic_load(&w->waits), 1);
    assert_int_equal(world_call(w, (struct aws_request){.service = AWS_LOGS}), ERR_NONE);
    assert_int_equal(atomic_load(&w->waits), 1); /* a bucket of its own */
}

/* clang-format off */
static const struct {
    const char *label;
    enum say script[4];
    bool is_once;
    enum err_code code;
    int calls;
} retried[] = {
    { "twice broken",              {SAY_500, SAY_500, SAY_OK},           false, ERR_NONE,      3 },
    { "three times broken",        {SAY_500},                            false, ERR_SERVICE,   3 },
    { "cut, then good",            {SAY_CUT, SAY_OK},                    false, ERR_NONE,      2 },
    { "throttled, then good",      {SAY_THROTTLE, SAY_OK},               false, ERR_NONE,      2 },
    { "once: broken",              {SAY_500, SAY_OK},                    true,  ERR_SERVICE,   1 },
    { "once: cut",                 {SAY_CUT, SAY_OK},                    true,  ERR_PROTOCOL,  1 },
    { "once: throttled is safe",   {SAY_THROTTLE, SAY_OK},               true,  ERR_NONE,      2 },
};
/* clang-format on */

static void failures_are_retried_but_not_what_may_have_been_done(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(retried); i++) {
        void *own = NULL;
        struct world *w;

        (void)world_up(&own);
        w = own;
        memcpy(w->script, retried[i].script, sizeof retried[i].script);
        if (world_call(w, (struct aws_request){.is_once = retried[i].is_once}) != retried[i].code ||
            fake_http_calls(w->fake) != retried[i].calls) {
            fail_msg("%s: %s after %d calls", retried[i].label, w->err.text,
                     fake_http_calls(w->fake));
        }
        (void)world_down(&own);
    }
}

/* 35 retries can be paid for; then it takes four good calls to earn another one. */
static void an_outage_uses_the_tokens_up_and_good_calls_earn_them(void **state) {
    struct world *w = *state;
    const int outage = 20 + 500 / 14;

    for (int i = 0; i < outage; i++) {
        w->script[i] = SAY_500;
    }
    for (int i = 0; i < 4; i++) {
        w->script[outage + i] = SAY_OK;
    }
    w->script[outage + 4] = SAY_500;
    for (int i = 0; i < 24; i++) {
        assert_int_equal(world_call(w, (struct aws_request){.is_bulk = true}),
                         i < 20 ? ERR_SERVICE : ERR_NONE);
    }
    assert_int_equal(fake_http_calls(w->fake), outage + 4);
    assert_int_equal(world_call(w, (struct aws_request){.is_bulk = true}), ERR_SERVICE);
    assert_int_equal(fake_http_calls(w->fake), outage + 4 + 2);
}

struct canceller {
    const struct world *w;
    bool at_wait; /* while the client waits; else while it is asked */
    atomic_bool flag;
    int64_t at_ms;
};

static void *cancel_it(void *arg) {
    struct canceller *canceller = arg;

    while ((canceller->at_wait ? atomic_load(&canceller->w->waits)
                               : fake_http_calls(canceller->w->fake)) == 0) {
        clock_sleep_ms(1);
    }
    canceller->at_ms = clock_mono_ms();
    atomic_store(&canceller->flag, true);
    return NULL;
}

static void cancellation_ends_a_wait_and_a_hanging_call(void **state) {
    const enum say scripts[] = {SAY_HINT, SAY_HANG};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(scripts); i++) {
        void *own = NULL;
        struct world *w;
        struct canceller canceller = {.at_wait = scripts[i] == SAY_HINT};
        pthread_t thread;

        (void)world_up(&own);
        w = own;
        w->script[0] = scripts[i];
        canceller.w = w;
        w->aws.cancel = &canceller.flag;
        assert_int_equal(pthread_create(&thread, NULL, cancel_it, &canceller), 0);
        assert_int_equal(world_call(w, (struct aws_request){0}), ERR_CANCELLED);
        (void)pthread_join(thread, NULL);
        assert_true(clock_mono_ms() - canceller.at_ms < 2300);
        assert_int_equal(fake_http_calls(w->fake), 1);
        (void)world_down(&own);
    }
}

static void a_deadline_holds_over_all_attempts(void **state) {
    struct world *w = *state;
    int64_t start_ms = clock_mono_ms();

    w->script[0] = SAY_HANG;
    w->aws.deadline_ms = start_ms + 300;
    assert_int_equal(world_call(w, (struct aws_request){0}), ERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms < 2500);
}

static void an_answer_that_is_not_aws_has_a_remedy(void **state) {
    struct world *w = *state;

    w->script[0] = SAY_OK;
    assert_int_equal(world_call(w, (struct aws_request){.body_max = 4}), ERR_TOO_LARGE);
    assert_non_null(strstr(w->err.text, "answered with more than 4 bytes"));
    assert_non_null(strstr(w->err.remedy, "whether a proxy answers"));
}

static void a_bucket_is_followed_into_its_region_once(void **state) {
    struct world *w = *state;
    struct aws_request request = {
        .service = AWS_S3, .method = "GET", .bucket = "bucket", .path = STR("/k"), .is_bulk = true};

    w->script[0] = SAY_MOVED;
    w->script[1] = SAY_OK;
    assert_int_equal(world_call(w, request), ERR_NONE);
    assert_true(str_find(fake_http_request(w->fake, 0), STR("/eu-central-1/s3/")) > 0);
    assert_true(str_find(fake_http_request(w->fake, 1), STR("/eu-west-2/s3/")) > 0);
    w->script[1] = SAY_END;
    assert_int_equal(world_call(w, request), ERR_PROTOCOL);
    assert_int_equal(fake_http_calls(w->fake), 4);
}

static void a_200_of_s3_that_means_an_error_is_tried_again(void **state) {
    struct world *w = *state;
    const struct aws_request request = {.service = AWS_S3,
                                        .method = "POST",
                                        .bucket = "bucket",
                                        .path = STR("/k"),
                                        .is_bulk = true};

    w->script[0] = SAY_MASKED;
    w->script[1] = SAY_PARTLY; /* some keys of many were not deleted: an answer */
    assert_int_equal(world_call(w, request), ERR_NONE);
    assert_int_equal(fake_http_calls(w->fake), 2);
    assert_non_null(strstr(buf_cstr(&w->reply.http.body), "DeleteResult"));
}

static enum err_code keep(void *ctx, struct str piece, struct err *err) {
    struct buf *out = ctx;

    (void)err;
    if (piece.len == 0) {
        buf_clear(out);
    }
    buf_add(out, piece);
    return ERR_NONE;
}

static void a_sink_starts_over_with_each_attempt(void **state) {
    struct world *w = *state;
    CLEANUP(buf_done) struct buf got = BUF_INIT(100);

    w->script[0] = SAY_HALF;
    w->script[1] = SAY_OK;
    assert_int_equal(world_call(w, (struct aws_request){.sink = keep, .sink_ctx = &got}), ERR_NONE);
    assert_string_equal(buf_cstr(&got), "{\"a\":1}");
}

/* Credentials by the container's door of the same server. */
static void use_container(struct world *w) {
    (void)snprintf(w->vars[1], sizeof w->vars[1], "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/keys",
                   fake_http_url(w->fake));
    w->env.vars[1] = w->vars[1];
    w->env.vars[2] = "UNUSED=1";
    aws_client_free(w->aws.client);
    w->aws.client = client_of(w);
    w->script[0] = SAY_KEYS;
}

static enum err_code describe(struct world *w, struct buf *source) {
    CLEANUP(buf_done) struct buf warnings = BUF_INIT(1000);

    buf_clear(source);
    return aws_credentials_describe(&w->aws, source, &warnings, &w->err);
}

static void credentials_are_fetched_again_when_five_minutes_are_left(void **state) {
    struct world *w = *state;
    CLEANUP(buf_done) struct buf source = BUF_INIT(1000);

    use_container(w);
    w->keys_live_ms = 4 * 60 * 1000;
    assert_int_equal(describe(w, &source), ERR_NONE);
    assert_int_equal(describe(w, &source), ERR_NONE);
    assert_int_equal(fake_http_calls(w->fake), 2);
    w->keys_live_ms = 60 * 60 * 1000;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(describe(w, &source), ERR_NONE);
    }
    assert_int_equal(fake_http_calls(w->fake), 3);
    assert_string_equal(buf_cstr(&source), "the container");
}

static void a_failed_refresh_leaves_the_keys_that_are_still_good(void **state) {
    struct world *w = *state;
    CLEANUP(buf_done) struct buf source = BUF_INIT(1000);

    use_container(w);
    w->script[1] = SAY_500;
    w->keys_live_ms = 4 * 60 * 1000;
    assert_int_equal(describe(w, &source), ERR_NONE);
    assert_int_equal(describe(w, &source), ERR_NONE);
    assert_int_equal(fake_http_calls(w->fake), 2);
}

static void keys_that_are_expired_are_refused(void **state) {
    struct world *w = *state;
    CLEANUP(buf_done) struct buf source = BUF_INIT(1000);

    use_container(w);
    w->keys_live_ms = -1000;
    assert_int_equal(describe(w, &source), ERR_CREDENTIALS);
    assert_non_null(strstr(w->err.text, "the container: the credentials expired at"));
}

static void *call_ten_times(void *arg) {
    struct world *w = arg;

    for (int i = 0; i < 10; i++) {
        const struct aws_request request = {
            .service = AWS_SSM, .action = "DescribeParameters", .is_bulk = true};
        struct aws_reply reply = {0};
        struct err err = {0};

        if (aws_call(&w->aws, &request, &reply, &err) != ERR_NONE) {
            return arg;
        }
        aws_reply_done(&reply);
    }
    return NULL;
}

static void ten_threads_share_a_client_and_one_fetches_the_keys(void **state) {
    struct world *w = *state;
    pthread_t threads[10];
    int fetches = 0;

    use_container(w);
    w->script[1] = SAY_OK;
    w->keys_live_ms = 60 * 60 * 1000;
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_ten_times, w), 0);
    }
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        void *bad_end = w;

        (void)pthread_join(threads[i], &bad_end);
        assert_null(bad_end);
    }
    assert_int_equal(fake_http_calls(w->fake), 101);
    for (int i = 0; i < 101; i++) {
        fetches += str_starts(fake_http_request(w->fake, i), STR("GET /keys ")) ? 1 : 0;
    }
    assert_int_equal(fetches, 1);
}

/* clang-format off */
static const struct {
    const char *access_key, *host;
    bool is_explicit;
    enum err_code code;
} places[] = {
    { "AKIAIOSFODNN7EXAMPLE", "sts.eu-central-1.amazonaws.com", false, ERR_NONE },
    { "AKIAIOSFODNN7EXAMPLE", "127.0.0.1",                      true,  ERR_NONE },
    { "AKIAIOSFODNN7EXAMPLE", "127.0.0.1",                      false, ERR_CREDENTIALS },
    { "ASIAIOSFODNN7EXAMPLE", "example.com",                    false, ERR_CREDENTIALS },
    { "test",                 "127.0.0.1",                      false, ERR_NONE },
    { "test",                 "sts.eu-central-1.amazonaws.com", true,  ERR_CREDENTIALS },
    { "000000000000",         "s3.amazonaws.com.cn",            false, ERR_CREDENTIALS },
    { NULL,                   "example.com",                    false, ERR_CREDENTIALS },
    { NULL,                   "sts.eu-central-1.amazonaws.com", false, ERR_NONE },
};
/* clang-format on */

static void keys_go_only_where_they_belong(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(places); i++) {
        struct aws_creds *creds =
            places[i].access_key == NULL
                ? NULL
                : creds_new(places[i].access_key, secret_new(STR("s")), NULL, 0, "x");
        struct err err = {0};

        if (creds_check_host(creds, str_from(places[i].host), places[i].is_explicit, &err) !=
            places[i].code) {
            fail_msg("row %zu: %s", i, err.text);
        }
        creds_release(creds);
    }
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_good_call_has_body_and_request_id),
        WORLD_TEST(control_calls_are_paced_and_transfers_are_not),
        cmocka_unit_test(failures_are_retried_but_not_what_may_have_been_done),
        WORLD_TEST(an_outage_uses_the_tokens_up_and_good_calls_earn_them),
        cmocka_unit_test(cancellation_ends_a_wait_and_a_hanging_call),
        WORLD_TEST(a_deadline_holds_over_all_attempts),
        WORLD_TEST(an_answer_that_is_not_aws_has_a_remedy),
        WORLD_TEST(a_bucket_is_followed_into_its_region_once),
        WORLD_TEST(a_200_of_s3_that_means_an_error_is_tried_again),
        WORLD_TEST(a_sink_starts_over_with_each_attempt),
        WORLD_TEST(credentials_are_fetched_again_when_five_minutes_are_left),
        WORLD_TEST(a_failed_refresh_leaves_the_keys_that_are_still_good),
        WORLD_TEST(keys_that_are_expired_are_refused),
        WORLD_TEST(ten_threads_share_a_client_and_one_fetches_the_keys),
        cmocka_unit_test(keys_go_only_where_they_belong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
