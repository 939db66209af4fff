/* Server-sent events: what is an event, and that no cut of the bytes changes it. */
#include "net/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum err_code keep(void *ctx, struct str type, struct str data, struct err *err) {
    struct buf *out = ctx;

    buf_addf(out, "[" STR_FMT "|" STR_FMT "]", STR_ARG(type), STR_ARG(data));
    return str_eq(data, STR("stop here")) ? err_set(err, ERR_CANCELLED, "enough") : ERR_NONE;
}

/* clang-format off */
static const struct {
    const char *stream;
    const char *want;
} rows[] = {
    { "data: a\n\n",                               "[message|a]" },
    { "data:a\n\ndata:  b\n\n",                    "[message|a][message| b]" }, /* one blank is dropped */
    { "data: a\r\n\r\ndata: b\r\rdata: c\n\n",     "[message|a][message|b][message|c]" },
    { "data: a\ndata: b\n\n",                      "[message|a\nb]" },
    { "data\n\ndata\ndata\n\n",                    "[message|][message|\n]" },
    { ": a comment\n\ndata: a\n: another\n\n",     "[message|a]" },
    { "event: x\ndata: a\n\ndata: b\n\n",          "[x|a][message|b]" },
    { "event: x\n\ndata: b\n\n",                   "[message|b]" }, /* a type without data is none */
    { "id: 1\nretry: 10\nnonsense\ndata: a\n\n",   "[message|a]" },
    { "data: {\"a\":1}\n\n",                       "[message|{\"a\":1}]" },
    { "\xef\xbb\xbf" "data: a\n\n",                "[message|a]" },
    { "\xef\xbb\xbf\n\ndata: a\n\n",               "[message|a]" },
    { "da\n\n\n\n",                                "" },
    { "data: a\n\ndata: cut off\n",                "[message|a]" },
    { "data: cut off",                             "" },
};
/* clang-format on */

static void feed_in_pieces(const char *stream, size_t n, struct buf *out) {
    struct sse sse = sse_new(1000, keep, out);
    struct str rest = str_from(stream);
    struct err err = {0};

    while (rest.len > 0) {
        size_t take = n < rest.len ? n : rest.len;

        assert_int_equal(sse_feed(&sse, str_slice(rest, 0, take), &err), ERR_NONE);
        rest = str_slice(rest, take, rest.len);
    }
    sse_done(&sse);
}

static void events_are_those_of_the_standard_whatever_the_pieces(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        for (size_t n = 1; n <= strlen(rows[i].stream); n++) {
            CLEANUP(buf_done) struct buf out = BUF_INIT(10000);

            feed_in_pieces(rows[i].stream, n, &out);
            if (strcmp(buf_cstr(&out), rows[i].want) != 0) {
                fail_msg("row %zu in pieces of %zu: %s", i, n, buf_cstr(&out));
            }
        }
    }
}

static void an_event_that_is_too_large_ends_the_stream(void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(100);
    struct sse line = sse_new(20, keep, &out);
    struct sse data = sse_new(20, keep, &out);
    struct err err = {0};

    (void)state;
    assert_int_equal(sse_feed(&line, STR("data: 0123456789"), &err), ERR_NONE);
    assert_int_equal(sse_feed(&line, STR("0123456789"), &err), ERR_TOO_LARGE);
    assert_int_equal(sse_feed(&line, STR("\n\n"), &err), ERR_TOO_LARGE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sse_feed(&data, STR("data: 01234567\n"), &err), ERR_NONE);
    }
    assert_int_equal(sse_feed(&data, STR("data: 01234567\n"), &err), ERR_TOO_LARGE);
    assert_int_equal(out.len, 0);
    sse_done(&line);
    sse_done(&data);
}

static void what_the_event_function_says_ends_the_stream(void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(100);
    struct sse sse = sse_new(100, keep, &out);
    struct err err = {0};

    (void)state;
    assert_int_equal(sse_feed(&sse, STR("data: stop here\n\ndata: more\n\n"), &err), ERR_CANCELLED);
    assert_string_equal(err.text, "enough");
    assert_string_equal(buf_cstr(&out), "[message|stop here]");
    assert_int_equal(sse.events, 1);
    sse_done(&sse);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_those_of_the_standard_whatever_the_pieces),
        cmocka_unit_test(an_event_that_is_too_large_ends_the_stream),
        cmocka_unit_test(what_the_event_function_says_ends_the_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
