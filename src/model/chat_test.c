/* Answers: read from any cut of their stream; what contradicts itself or never ends is none. */
#include "model/chat.h"

#include "base/json.h"
#include "guard/limits.h"

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
#define STOP CHUNK("{}", "\"stop\"")
#define CALL(more) "{\"tool_calls\":[{\"index\":0," more "}]}"

/* clang-format off */
static const struct {
    const char *name;
    const char *stream;
    enum err_code code;
    const char *want; /* text, or a part of the error's sentence */
} rows[] = {
    { "text", CHUNK("{\"role\":\"assistant\",\"content\":null}", "null") CHUNK("{\"content\":\"He\"}", "null")
              CHUNK("{\"content\":\"llo \xc3\xa4\"}", "null") STOP USAGE DONE, ERR_NONE, "Hello \xc3\xa4" },
    { "empty", STOP USAGE DONE, ERR_NONE, "" },
    { "no done", CHUNK("{\"content\":\"a\"}", "null") STOP, ERR_NONE, "a" },
    { "comments", ": keep-alive\n\n" CHUNK("{\"content\":\"a\"}", "\"stop\"") DONE, ERR_NONE, "a" },
    { "whole", "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":\"stop\"}],"
               "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}", ERR_NONE, "a" },
    { "nothing", "", ERR_PROTOCOL, "no stream" },
    { "html", "<html>hello</html>\n\n", ERR_PROTOCOL, "no stream" },
    { "cut", CHUNK("{\"content\":\"a\"}", "null"), ERR_PROTOCOL, "cut off" },
    { "cut whole", "{\"choices\":[{\"message\":", ERR_PROTOCOL, "not JSON" },
    { "done without a reason", CHUNK("{\"content\":\"a\"}", "null") DONE, ERR_PROTOCOL, "cut off" },
    { "not JSON", "data: nonsense\n\n", ERR_PROTOCOL, "not JSON" },
    { "a list", "data: []\n\n", ERR_PROTOCOL, "not JSON" },
    { "unknown reason", CHUNK("{}", "\"tired\""), ERR_PROTOCOL, "'tired'" },
    { "two reasons", STOP CHUNK("{}", "\"length\""), ERR_PROTOCOL, "contradicts" },
    { "two choices", "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"a\"}}]}\n\n", ERR_PROTOCOL, "more than one" },
    { "calls none", CHUNK("{}", "\"tool_calls\"") DONE, ERR_PROTOCOL, "contradicts" },
    { "answers and refuses", CHUNK("{\"content\":\"a\",\"refusal\":\"no\"}", "\"stop\"") DONE, ERR_PROTOCOL, "contradicts" },
    { "after its end", STOP DONE CHUNK("{\"content\":\"a\"}", "null"), ERR_PROTOCOL, "after its end" },
    { "an error in it", CHUNK("{\"content\":\"a\"}", "null") "data: {\"error\":{\"message\":\"out of memory\"}}\n\n",
      ERR_SERVICE, "out of memory" },
    { "a nameless call", CHUNK(CALL("\"id\":\"c\",\"function\":{\"arguments\":\"{}\"}"), "\"tool_calls\"") DONE,
      ERR_PROTOCOL, "without its name" },
    { "a call out of turn", "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":3}]}}]}\n\n",
      ERR_PROTOCOL, "more tools" },
};
/* clang-format on */

static void pieces_keep(void *ctx, struct str piece) { buf_add(ctx, piece); }

static enum err_code read_in_pieces(struct chat_reader *reader, const char *stream, size_t n,
                                    struct err *err) {
    struct str rest = str_from(stream);

    while (rest.len > 0) {
        size_t take = n < rest.len ? n : rest.len;

        if (chat_reader_feed(reader, str_slice(rest, 0, take), err) != ERR_NONE) {
            return err->code;
        }
        rest = str_slice(rest, take, rest.len);
    }
    return chat_reader_end(reader, err);
}

static void an_answer_is_the_same_whatever_its_pieces(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        for (size_t n = 1; n <= strlen(rows[i].stream) + 1; n++) {
            CLEANUP(buf_done) struct buf shown = BUF_INIT(1000);
            CLEANUP(chat_reader_freep)
            struct chat_reader *reader = chat_reader_new(100, pieces_keep, &shown);
            struct err err = {0};
            enum err_code code = read_in_pieces(reader, rows[i].stream, n, &err);

            if (code != rows[i].code ||
                (code != ERR_NONE && strstr(err.text, rows[i].want) == NULL) ||
                (code == ERR_NONE && strcmp(buf_cstr(&reader->answer.text), rows[i].want) != 0)) {
                fail_msg("%s in pieces of %zu: '%s' '%s'", rows[i].name, n, err.text,
                         buf_cstr(&reader->answer.text));
            }
            assert_string_equal(buf_cstr(&shown), buf_cstr(&reader->answer.text));
        }
    }
}

static void a_call_is_put_together_from_its_parts(void **state) {
    CLEANUP(chat_reader_freep) struct chat_reader *reader = chat_reader_new(100, NULL, NULL);
    struct err err = {0};

    (void)state;
    assert_int_equal(
        read_in_pieces(
            reader,
            CHUNK(CALL("\"id\":\"c1\",\"function\":{\"name\":\"look\",\"arguments\":\"{\\\"pa\"}"),
                  "null") CHUNK(CALL("\"function\":{\"arguments\":\"th\\\":1}\"}"), "null")
                CHUNK("{\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"list\","
                      "\"arguments\":\"{}\"}}]}",
                      "\"tool_calls\"") USAGE DONE,
            5, &err),
        ERR_NONE);
    assert_int_equal(reader->answer.call_n, 2);
    assert_string_equal(buf_cstr(&reader->answer.calls[0].id), "c1");
    assert_string_equal(buf_cstr(&reader->answer.calls[0].name), "look");
    assert_string_equal(buf_cstr(&reader->answer.calls[0].arguments), "{\"path\":1}");
    assert_string_equal(buf_cstr(&reader->answer.calls[1].name), "list");
    assert_int_equal(reader->answer.finish, CHAT_FINISH_CALLS);
}

static void use_is_known_only_where_it_can_be_one(void **state) {
    static const struct {
        const char *usage;
        bool is_known;
    } uses[] = {
        {"{\"prompt_tokens\":12,\"completion_tokens\":3}", true},
        {"{\"prompt_tokens\":0,\"completion_tokens\":0}", true},
        {"null", false},
        {"{}", false},
        {"{\"prompt_tokens\":12}", false},
        {"{\"prompt_tokens\":-1,\"completion_tokens\":3}", false},
        {"{\"prompt_tokens\":12.5,\"completion_tokens\":3}", false},
        {"{\"prompt_tokens\":\"12\",\"completion_tokens\":3}", false},
        {"{\"prompt_tokens\":12,\"completion_tokens\":99999999999}", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(uses); i++) {
        CLEANUP(chat_reader_freep) struct chat_reader *reader = chat_reader_new(100, NULL, NULL);
        CLEANUP(freep)
        char *stream =
            mem_format(STOP "data: {\"choices\":[],\"usage\":%s}\n\n" DONE, uses[i].usage);
        struct err err = {0};

        assert_int_equal(read_in_pieces(reader, stream, 1000, &err), ERR_NONE);
        if (reader->answer.is_used_known != uses[i].is_known) {
            fail_msg("%s", uses[i].usage);
        }
    }
}

static void a_stream_that_goes_on_for_ever_is_cut_near_its_allowance(void **state) {
    CLEANUP(chat_reader_freep) struct chat_reader *reader = chat_reader_new(1000, NULL, NULL);
    struct err err = {0};
    int n = 0;

    (void)state;
    while (n < 100000 && chat_reader_feed(reader, STR(CHUNK("{\"content\":\" tick\"}", "null")),
                                          &err) == ERR_NONE) {
        n++;
    }
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_in_range(n, 1000, 1600); /* a token each */
}

static void a_line_without_an_end_is_cut(void **state) {
    CLEANUP(chat_reader_freep) struct chat_reader *reader = chat_reader_new(1000, NULL, NULL);
    CLEANUP(freep) char *noise = mem_alloc(4096);
    struct err err = {0};
    int n = 0;

    (void)state;
    memset(noise, 'x', 4096);
    while (n < 10000 && chat_reader_feed(reader, (struct str){noise, 4096}, &err) == ERR_NONE) {
        n++;
    }
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_true((int64_t)n * 4096 <= limit(LIMIT_MODEL_ANSWER_BYTES));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_the_same_whatever_its_pieces),
        cmocka_unit_test(a_call_is_put_together_from_its_parts),
        cmocka_unit_test(use_is_known_only_where_it_can_be_one),
        cmocka_unit_test(a_stream_that_goes_on_for_ever_is_cut_near_its_allowance),
        cmocka_unit_test(a_line_without_an_end_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
