/* The HTTP client against a scripted server on loopback. */
#include "net/http.h"

#include "base/clock.h"
#include "support/fake_http.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the server says is chosen by the path of the request. */
static enum fake_then answer(void *ctx, int n, struct str request, struct buf *out) {
    (void)ctx;
    (void)n;
    if (str_find(request, STR("/hang ")) >= 0) {
        return FAKE_HANG;
    }
    if (str_find(request, STR("/close ")) >= 0) {
        return FAKE_CLOSE;
    }
    if (str_find(request, STR("/cut ")) >= 0) {
        buf_add_s(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return FAKE_CLOSE;
    }
    if (str_find(request, STR("/stall ")) >= 0) {
        buf_add_s(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return FAKE_HANG;
    }
    if (str_find(request, STR("/noise ")) >= 0) {
        buf_add_s(out, "what?\r\n\r\n");
        return FAKE_CLOSE;
    }
    if (str_find(request, STR("/heads ")) >= 0) {
        buf_add_s(out, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 2000; i++) {
            buf_addf(out, "X-Header-%d: a value that takes its place in the buffer\r\n", i);
        }
        buf_add_s(out, "Content-Length: 0\r\n\r\n");
        return FAKE_KEEP;
    }
    if (str_find(request, STR("/moved ")) >= 0) {
        fake_reply(out, 307, "Location: /\r\n", "elsewhere");
        return FAKE_KEEP;
    }
    if (str_starts(request, STR("HEAD "))) {
        buf_add_s(out, "HTTP/1.1 404 X\r\nContent-Length: 5\r\n\r\n");
        return FAKE_KEEP;
    }
    fake_reply(out, str_find(request, STR("/missing ")) >= 0 ? 404 : 200,
               "Date: Tue, 24 Nov 2026 14:46:13 GMT\r\nX-Two:  spaced \r\n", "hello");
    return FAKE_KEEP;
}

struct world {
    struct fake_http *fake;
    struct http *http;
    struct http_reply reply;
    struct err err;
    char url[200];
};

static int world_up(void **state) {
    struct world *w = mem_alloc(sizeof *w);

    w->fake = fake_http_start(answer, NULL);
    w->http = http_new(&(struct http_options){.user_agent = "test"});
    *state = w;
    return 0;
}

static int world_down(void **state) {
    struct world *w = *state;

    http_reply_done(&w->reply);
    http_free(w->http);
    fake_http_stop(w->fake);
    free(w);
    return 0;
}

static enum err_code world_send(struct world *w, const char *path, struct http_request request) {
    (void)snprintf(w->url, sizeof w->url, "%s%s", fake_http_url(w->fake), path);
    request.url = w->url;
    request.method = request.method == NULL ? "GET" : request.method;
    request.timeout_ms = request.timeout_ms == 0 ? 5000 : request.timeout_ms;
    http_reply_done(&w->reply);
    w->reply = (struct http_reply){0};
    return http_send(w->http, &request, &w->reply, &w->err);
}

static bool was_sent(const struct world *w, int n, const char *text) {
    return str_find(fake_http_request(w->fake, n), str_from(text)) >= 0;
}

static void an_answer_has_status_headers_body_and_date(void **state) {
    struct world *w = *state;

    assert_int_equal(world_send(w, "/", (struct http_request){0}), ERR_NONE);
    assert_int_equal(w->reply.status, 200);
    assert_string_equal(buf_cstr(&w->reply.body), "hello");
    assert_true(str_eq(http_header(&w->reply, "x-tWo"), STR("spaced")));
    assert_int_equal(http_header(&w->reply, "x-tw").len, 0);
    assert_int_equal(w->reply.date_ms, 1795531573000);
    assert_true(was_sent(w, 0, "User-Agent: test\r\n"));
}

static void the_url_is_sent_as_it_is(void **state) {
    struct world *w = *state;

    assert_int_equal(world_send(w, "/a/../b//%2F+c?z&a=%20", (struct http_request){0}), ERR_NONE);
    assert_true(was_sent(w, 0, "GET /a/../b//%2F+c?z&a=%20 HTTP/1.1\r\n"));
}

static void bodies_go_with_every_method_and_no_header_is_made_up(void **state) {
    struct world *w = *state;
    const struct http_header headers[] = {{"X-Empty", STR("")}, {"Host", STR("other:81")}};
    struct http_request put = {
        .method = "PUT", .body = STR("b\0y"), .headers = headers, .header_n = 2};

    assert_int_equal(world_send(w, "/", put), ERR_NONE);
    assert_true(was_sent(w, 0, "PUT / HTTP/1.1\r\n"));
    assert_true(was_sent(w, 0, "Host: other:81\r\n"));
    assert_true(was_sent(w, 0, "X-Empty:\r\n"));
    assert_true(was_sent(w, 0, "Content-Length: 3\r\n"));
    assert_false(was_sent(w, 0, "Content-Type"));
    assert_false(was_sent(w, 0, "Expect"));
    assert_true(str_ends(fake_http_request(w->fake, 0), STR("\r\n\r\nb\0y")));
    assert_int_equal(world_send(w, "/", (struct http_request){.method = "POST"}), ERR_NONE);
    assert_true(was_sent(w, 1, "Content-Length: 0\r\n"));
    assert_int_equal(world_send(w, "/", (struct http_request){.method = "DELETE"}), ERR_NONE);
    assert_true(was_sent(w, 2, "DELETE / HTTP/1.1\r\n"));
    assert_int_equal(world_send(w, "/", (struct http_request){.method = "HEAD"}), ERR_NONE);
    assert_int_equal(w->reply.status, 404);
}

static void a_part_of_a_file_is_a_body(void **state) {
    struct world *w = *state;
    char path[] = "/tmp/http_test_XXXXXX";
    int fd = mkstemp(path);
    struct http_file part = {.fd = fd, .offset = 3, .len = 4};

    assert_int_equal(write(fd, "0123456789", 10), 10);
    (void)unlink(path);
    assert_int_equal(world_send(w, "/", (struct http_request){.method = "PUT", .file = &part}),
                     ERR_NONE);
    assert_true(str_ends(fake_http_request(w->fake, 0), STR("Content-Length: 4\r\n\r\n3456")));
    part.len = 400;
    assert_int_equal(world_send(w, "/", (struct http_request){.method = "PUT", .file = &part}),
                     ERR_IO);
    (void)close(fd);
}

static void connections_are_used_again(void **state) {
    struct world *w = *state;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(world_send(w, "/", (struct http_request){0}), ERR_NONE);
    }
    assert_int_equal(fake_http_connections(w->fake), 1);
    assert_int_equal(world_send(w, "/", (struct http_request){.is_once = true}), ERR_NONE);
    assert_int_equal(fake_http_connections(w->fake), 2);
}

static void redirects_are_answers(void **state) {
    struct world *w = *state;

    assert_int_equal(world_send(w, "/moved", (struct http_request){0}), ERR_NONE);
    assert_int_equal(w->reply.status, 307);
    assert_int_equal(fake_http_calls(w->fake), 1);
}

static void connect_to_and_host_reach_a_name_that_does_not_resolve(void **state) {
    struct world *w = *state;
    char to[40];
    struct http_request request = {.method = "GET",
                                   .url = "http://d1.cloudfront.invalid/x",
                                   .connect_to = to,
                                   .timeout_ms = 5000};

    (void)snprintf(to, sizeof to, "127.0.0.1:%d", fake_http_port(w->fake));
    assert_int_equal(http_send(w->http, &request, &w->reply, &w->err), ERR_NONE);
    assert_true(was_sent(w, 0, "Host: d1.cloudfront.invalid\r\n"));
}

static enum err_code keep_or_refuse(void *ctx, struct str piece, struct err *err) {
    struct buf *out = ctx;

    buf_add(out, piece);
    return out->failed ? err_set(err, ERR_DISK_FULL, "no room") : ERR_NONE;
}

static void a_sink_gets_good_bodies_only(void **state) {
    struct world *w = *state;
    CLEANUP(buf_done) struct buf got = BUF_INIT(8);
    struct http_request request = {.sink = keep_or_refuse, .sink_ctx = &got};

    assert_int_equal(world_send(w, "/missing", request), ERR_NONE);
    assert_string_equal(buf_cstr(&w->reply.body), "hello");
    assert_int_equal(got.len, 0);
    assert_int_equal(world_send(w, "/", request), ERR_NONE);
    assert_string_equal(buf_cstr(&got), "hello");
    assert_int_equal(w->reply.body.len, 0);
    assert_int_equal(world_send(w, "/", request), ERR_DISK_FULL);
    assert_string_equal(w->err.text, "no room");
}

/* clang-format off */
static const struct {
    const char *path;
    enum err_code code;
    const char *text;
    size_t body_max;
    int64_t timeout_ms;
    int64_t stall_ms;
} bad[] = {
    { "/close", ERR_PROTOCOL,  "closed the connection without an answer",              0, 0,    0   },
    { "/cut",   ERR_PROTOCOL,  "closed the connection in the middle of its answer",    0, 0,    0   },
    { "/noise", ERR_PROTOCOL,  "sent something that is not HTTP",                      0, 0,    0   },
    { "/hang",  ERR_TIMEOUT,   "did not answer within 0.3 s",                          0, 300,  0   },
    { "/stall", ERR_TIMEOUT,   "stands still",                                         0, 9000, 200 },
    { "/heads", ERR_TOO_LARGE, "bytes of headers",                                     0, 0,    0   },
    { "/",      ERR_TOO_LARGE, "answered with more than 4 bytes",                      4, 0,    0   },
    { "/\x01",  ERR_INVALID,   "is not a URL",                                         0, 0,    0   },
};
/* clang-format on */

static void each_way_to_fail_has_its_code_and_sentence(void **state) {
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct http_request request = {.body_max = bad[i].body_max,
                                       .timeout_ms = bad[i].timeout_ms,
                                       .stall_ms = bad[i].stall_ms};

        if (world_send(w, bad[i].path, request) != bad[i].code ||
            strstr(w->err.text, bad[i].text) == NULL) {
            fail_msg("%s: %d %s", bad[i].path, (int)w->err.code, w->err.text);
        }
        assert_null(w->reply.body.ptr);
    }
}

static void a_closed_port_is_named(void **state) {
    struct world *w = *state;
    struct http_request request = {
        .method = "GET", .timeout_ms = 2000, .url = "http://127.0.0.1:1/"};

    assert_int_equal(http_send(w->http, &request, &w->reply, &w->err), ERR_UNREACHABLE);
    assert_string_equal(w->err.text,
                        "127.0.0.1:1 does not take the connection: Connection refused");
    request.url = "http://no-such-host.invalid/";
    assert_int_equal(http_send(w->http, &request, &w->reply, &w->err), ERR_UNREACHABLE);
    assert_string_equal(w->err.text, "no-such-host.invalid:80 is not a known host name");
}

static void other_schemes_user_names_and_line_breaks_are_refused(void **state) {
    struct world *w = *state;
    const struct http_header split = {"X-A", STR("1\r\nX-B: 2")};
    struct http_request request = {
        .method = "GET", .timeout_ms = 2000, .url = "file:///etc/passwd"};

    assert_int_equal(http_send(w->http, &request, &w->reply, &w->err), ERR_INVALID);
    request.url = "http://me:pw@127.0.0.1/";
    assert_int_equal(http_send(w->http, &request, &w->reply, &w->err), ERR_INVALID);
    request = (struct http_request){.headers = &split, .header_n = 1};
    assert_int_equal(world_send(w, "/", request), ERR_INVALID);
    assert_int_equal(fake_http_calls(w->fake), 0);
}

static void no_proxy_stands_before_this_machine(void **state) {
    struct world *w = *state;

    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(world_send(w, "/", (struct http_request){0}), ERR_NONE);
    (void)unsetenv("http_proxy");
}

static void a_proxy_of_the_environment_is_used(void **state) {
    struct world *w = *state;
    struct http_request request = {
        .method = "GET", .timeout_ms = 2000, .url = "http://x.invalid/y"};

    (void)setenv("http_proxy", fake_http_url(w->fake), 1);
    assert_int_equal(http_send(w->http, &request, &w->reply, &w->err), ERR_NONE);
    assert_true(was_sent(w, 0, "GET http://x.invalid/y HTTP/1.1\r\n"));
    (void)unsetenv("http_proxy");
}

struct canceller {
    const struct world *w;
    atomic_bool flag;
    int64_t at_ms;
};

static void *cancel_when_asked(void *arg) {
    struct canceller *canceller = arg;

    while (fake_http_calls(canceller->w->fake) == 0) {
        clock_sleep_ms(1);
    }
    canceller->at_ms = clock_mono_ms();
    atomic_store(&canceller->flag, true);
    return NULL;
}

static void a_cancelled_exchange_ends_soon(void **state) {
    struct world *w = *state;
    struct canceller canceller = {.w = w};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, &canceller), 0);
    assert_int_equal(
        world_send(w, "/hang",
                   (struct http_request){.cancel = &canceller.flag, .timeout_ms = 20000}),
        ERR_CANCELLED);
    (void)pthread_join(thread, NULL);
    assert_true(clock_mono_ms() - canceller.at_ms < 2800);
}

static void *send_many(void *arg) {
    struct world *w = arg;
    struct err err = {0};

    for (int i = 0; i < 20; i++) {
        struct http_reply reply = {0};
        struct http_request request = {
            .method = "GET", .url = fake_http_url(w->fake), .timeout_ms = 10000};

        if (http_send(w->http, &request, &reply, &err) != ERR_NONE || reply.status != 200) {
            return w;
        }
        http_reply_done(&reply);
    }
    return NULL;
}

static void twenty_threads_share_one_client(void **state) {
    struct world *w = *state;
    pthread_t threads[20];

    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, w), 0);
    }
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        void *bad_end = w;

        (void)pthread_join(threads[i], &bad_end);
        assert_null(bad_end);
    }
    assert_int_equal(fake_http_calls(w->fake), 400);
    assert_true(fake_http_connections(w->fake) <= HTTP_HANDLES_MAX);
}

static void loopback_is_told_from_its_look_alikes(void **state) {
    (void)state;
    assert_true(http_is_loopback(STR("LOCALHOST")));
    assert_true(http_is_loopback(STR("x.localhost")));
    assert_true(http_is_loopback(STR("127.9.0.1")));
    assert_true(http_is_loopback(STR("::1")));
    assert_false(http_is_loopback(STR("127.0.0.1.example.com")));
    assert_false(http_is_loopback(STR("localhost.example.com")));
    assert_false(http_is_loopback(STR("notlocalhost")));
    assert_false(http_is_loopback(STR("10.0.0.1")));
    assert_false(http_is_loopback(STR("")));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_answer_has_status_headers_body_and_date),
        WORLD_TEST(the_url_is_sent_as_it_is),
        WORLD_TEST(bodies_go_with_every_method_and_no_header_is_made_up),
        WORLD_TEST(a_part_of_a_file_is_a_body),
        WORLD_TEST(connections_are_used_again),
        WORLD_TEST(redirects_are_answers),
        WORLD_TEST(connect_to_and_host_reach_a_name_that_does_not_resolve),
        WORLD_TEST(a_sink_gets_good_bodies_only),
        WORLD_TEST(each_way_to_fail_has_its_code_and_sentence),
        WORLD_TEST(a_closed_port_is_named),
        WORLD_TEST(other_schemes_user_names_and_line_breaks_are_refused),
        WORLD_TEST(no_proxy_stands_before_this_machine),
        WORLD_TEST(a_proxy_of_the_environment_is_used),
        WORLD_TEST(a_cancelled_exchange_ends_soon),
        WORLD_TEST(twenty_threads_share_one_client),
        cmocka_unit_test(loopback_is_told_from_its_look_alikes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
