/* tokens: the ranks that the reference gives, for what is easily got wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard/tokens/request.h"
#include "guard/tokens/tokens.h"

enum { IDS_MAX = 24, LONG_BYTES = 200 * 1000 };

/* STR() for a static table. */
#define TEXT(literal)                                                                              \
    { "" literal "", sizeof(literal) - 1 }

/* Written by tiktoken 0.14.0. Lines: contractions, U+017F; letters without case and marks between
 * capitals; numbers of four scripts; blanks and newlines; U+180E, U+FEFF and U+0085, of which only
 * the last is a blank; signs; merging that is not additive; a special token as text; scripts and a
 * joined emoji; NUL; capitals within words; indentation; apostrophes. */
/* clang-format off */
static const struct {
    enum encoding encoding;
    struct str text;
    uint32_t ids[IDS_MAX];
} rows[] = {
    {ENCODING_O200K_BASE, TEXT("Hello, world"), {13225, 11, 2375}},
    {ENCODING_CL100K_BASE, TEXT("Hello, world"), {9906, 11, 1917}},
    {ENCODING_O200K_BASE, TEXT("don't DON'T we'LL I'\305\277 x'S it'd 'tis"), {91418, 153384, 581, 6, 7454, 3413, 70067, 1215, 31233, 189495, 461, 109773}},
    {ENCODING_CL100K_BASE, TEXT("don't DON'T we'LL I'\305\277 x'S it'd 'tis"), {15357, 956, 45373, 17773, 584, 6, 4178, 358, 6, 129, 123, 865, 13575, 433, 4265, 364, 83, 285}},
    {ENCODING_O200K_BASE, TEXT("\312\260ABC \312\260AB\312\260CDe \314\201ABC -\314\201a A\314\201a"), {134, 108, 44197, 220, 134, 108, 2912, 134, 108, 34, 1923, 220, 13430, 44197, 533, 13430, 64, 355, 13430, 64}},
    {ENCODING_CL100K_BASE, TEXT("\312\260ABC \312\260AB\312\260CDe \314\201ABC -\314\201a A\314\201a"), {134, 108, 26484, 220, 134, 108, 1905, 134, 108, 34, 1951, 220, 54939, 26484, 482, 54939, 64, 362, 54939, 64}},
    {ENCODING_O200K_BASE, TEXT("12345678 1\331\240\302\262\342\205\2534"), {7633, 19354, 4388, 220, 16, 48358, 13848, 25371, 104, 19}},
    {ENCODING_CL100K_BASE, TEXT("12345678 1\331\240\302\262\342\205\2534"), {4513, 10961, 2495, 220, 16, 149, 254, 30556, 71567, 104, 19}},
    {ENCODING_O200K_BASE, TEXT("a\012\012  b\015\012\011 c   \012   "), {64, 279, 220, 287, 370, 197, 274, 10190, 271}},
    {ENCODING_CL100K_BASE, TEXT("a\012\012  b\015\012\011 c   \012   "), {64, 271, 220, 293, 319, 197, 272, 5996, 262}},
    {ENCODING_O200K_BASE, TEXT("x \302\240\341\240\216\342\200\213\357\273\277\302\205y"), {87, 220, 5310, 157, 254, 236, 3310, 5574, 126, 227, 88}},
    {ENCODING_CL100K_BASE, TEXT("x \302\240\341\240\216\342\200\213\357\273\277\302\205y"), {87, 220, 4194, 157, 254, 236, 16067, 3305, 126, 227, 88}},
    {ENCODING_O200K_BASE, TEXT("-----//\012\012/ (){};\015\012##"), {26067, 55245, 14, 2869, 12083, 610, 877}},
    {ENCODING_CL100K_BASE, TEXT("-----//\012\012/ (){};\015\012##"), {15431, 6454, 14, 1754, 6390, 464, 567}},
    {ENCODING_O200K_BASE, TEXT("ate);\n\n/*"), {379, 34020, 9}},
    {ENCODING_O200K_BASE, TEXT("\344\272\232\346\264\262AV\344\272\232\346\264\262AV"), {193819, 6199, 5345}},
    {ENCODING_O200K_BASE, TEXT("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"), {64469, 21301, 128841}},
    {ENCODING_O200K_BASE, TEXT("onation onat"), {121716, 402, 266}},
    {ENCODING_CL100K_BASE, TEXT("onation onat"), {91983, 389, 266}},
    {ENCODING_O200K_BASE, TEXT("<|endoftext|>"), {27, 91, 419, 1440, 919, 91, 29}},
    {ENCODING_CL100K_BASE, TEXT("<|endoftext|>"), {27, 91, 8862, 728, 428, 91, 29}},
    {ENCODING_O200K_BASE, TEXT("\344\270\255\346\226\207\345\255\227\347\254\246 \340\270\252\340\270\247\340\270\261\340\270\252\340\270\224\340\270\265 \320\237\321\200\320\270\320\262\320\265\321\202 \360\237\221\250\342\200\215\360\237\221\251"), {10667, 67951, 6152, 187986, 21883, 2293, 14917, 131903, 61138, 101, 2524, 28823, 102}},
    {ENCODING_CL100K_BASE, TEXT("\344\270\255\346\226\207\345\255\227\347\254\246 \340\270\252\340\270\247\340\270\261\340\270\252\340\270\224\340\270\265 \320\237\321\200\320\270\320\262\320\265\321\202 \360\237\221\250\342\200\215\360\237\221\251"), {16325, 17161, 49491, 220, 36748, 38313, 24152, 36748, 38133, 29419, 80584, 28089, 8341, 62904, 101, 378, 235, 9468, 239, 102}},
    {ENCODING_O200K_BASE, TEXT("\000\000a\000"), {156344, 64, 188}},
    {ENCODING_CL100K_BASE, TEXT("\000\000a\000"), {188, 188, 64, 188}},
    {ENCODING_O200K_BASE, TEXT("McDonald HTTPServer getHTTPResponse"), {41691, 38355, 21929, 6444, 717, 17893, 3186}},
    {ENCODING_CL100K_BASE, TEXT("McDonald HTTPServer getHTTPResponse"), {26353, 18735, 10339, 5592, 636, 9412, 2647}},
    {ENCODING_O200K_BASE, TEXT("            deep"), {352, 8103}},
    {ENCODING_CL100K_BASE, TEXT("            deep"), {310, 5655}},
    {ENCODING_O200K_BASE, TEXT("''''' 's's"), {5830, 39336, 461, 82, 885}},
    {ENCODING_CL100K_BASE, TEXT("''''' 's's"), {4708, 19317, 364, 82, 596}},
};

/* What is not UTF-8, and what is sent for it. */
static const struct {
    struct str text, sent;
} broken[] = {
    {TEXT("\xff"), TEXT("\xef\xbf\xbd")},
    {TEXT("a\xe2\x82"), TEXT("a\xef\xbf\xbd")},                                    /* cut */
    {TEXT("\xf0\x9f\x98z"), TEXT("\xef\xbf\xbdz")},                                /* one for three */
    {TEXT("\xed\xa0\x80"), TEXT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},          /* a surrogate */
    {TEXT("\xc0\xaf"), TEXT("\xef\xbf\xbd\xef\xbf\xbd")},                          /* overlong */
    {TEXT("\xf4\x90\x80\x80 x"), TEXT("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd x")},
    {TEXT("\xe2\x82\xe2\x82\xac"), TEXT("\xef\xbf\xbd\xe2\x82\xac")},
};
/* clang-format on */

static void ranks_are_those_of_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf ids = BUF_INIT(1 << 20);
        size_t n = tokens_list(rows[i].encoding, rows[i].text, &ids);

        if (n >= IDS_MAX || rows[i].ids[n] != 0 ||
            memcmp(ids.ptr, rows[i].ids, n * sizeof(uint32_t)) != 0 ||
            tokens_count(rows[i].encoding, rows[i].text) != n) {
            fail_msg("row %zu, '%s': %zu tokens", i, rows[i].text.ptr, n);
        }
    }
}

static void what_is_not_utf8_counts_as_it_is_sent(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(broken); i++) {
        for (enum encoding e = ENCODING_NONE + 1; e < ENCODING_N; e++) {
            CLEANUP(buf_done) struct buf got = BUF_INIT(1 << 20);
            CLEANUP(buf_done) struct buf want = BUF_INIT(1 << 20);

            tokens_list(e, broken[i].text, &got);
            tokens_list(e, broken[i].sent, &want);
            if (!str_eq(buf_str(&got), buf_str(&want))) {
                fail_msg("row %zu, %s", i, encoding_name(e));
            }
        }
    }
}

static void nothing_has_no_tokens(void **state) {
    (void)state;
    assert_int_equal(tokens_count(ENCODING_O200K_BASE, (struct str){0}), 0);
}

static void a_long_run_is_counted_to_its_end(void **state) {
    CLEANUP(freep) char *text = mem_alloc(LONG_BYTES);

    (void)state;
    memset(text, '-', LONG_BYTES);
    assert_int_equal(tokens_count(ENCODING_O200K_BASE, (struct str){text, LONG_BYTES}), 3125);
    memset(text, 'a', LONG_BYTES);
    assert_int_equal(tokens_count(ENCODING_CL100K_BASE, (struct str){text, LONG_BYTES}), 25000);
}

/* The memo of pieces must not take one for another, and a search that fails must end. */
static void pieces_over_few_letters_count_as_they_are_listed(void **state) {
    static const char *const alphabets[] = {"ab", "aA", "-=", "x", "etaoinshrdlu"};
    CLEANUP(buf_done) struct buf ids = BUF_INIT(LONG_BYTES);
    char piece[20 * 1000];
    uint32_t seed = 1;

    (void)state;
    for (size_t round = 0; round < 100 * 1000; round++) {
        const char *alphabet = alphabets[round % ARRAY_N(alphabets)];
        size_t len = round < ARRAY_N(alphabets) ? sizeof(piece) : 3 + round / 7 % 15;
        enum encoding encoding = round % 3 == 0 ? ENCODING_CL100K_BASE : ENCODING_O200K_BASE;
        struct str text = {piece, len};

        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            piece[i] = alphabet[(seed >> 16) % strlen(alphabet)];
        }
        buf_clear(&ids);
        if (tokens_list(encoding, text, &ids) != tokens_count(encoding, text)) {
            fail_msg("'" STR_FMT "' is counted wrong", STR_ARG(text));
        }
    }
}

static void encodings_have_names(void **state) {
    (void)state;
    assert_int_equal(encoding_from_name("o200k_base"), ENCODING_O200K_BASE);
    assert_int_equal(encoding_from_name("cl100k_base"), ENCODING_CL100K_BASE);
    assert_int_equal(encoding_from_name("p50k_base"), ENCODING_NONE);
}

/* ---- Requests: the figures are tiktoken's counts of the texts and the constants of the source
 * ---- */

static json_t *parsed(const char *text) {
    struct err err;
    json_t *json = NULL;

    assert_int_equal(json_read(str_from(text), &json, &err), ERR_NONE);
    return json;
}

static void a_request_costs_its_texts_and_what_is_around_them(void **state) {
    CLEANUP(json_decrefp)
    json_t *messages =
        parsed("[{\"role\":\"system\",\"content\":\"Answer in one word.\"},"
               "{\"role\":\"user\",\"name\":\"ada\",\"content\":["
               "{\"type\":\"text\",\"text\":\"Which region?\"},{\"type\":\"image_url\"}]},"
               "{\"role\":\"assistant\",\"content\":\"eu-west-1\"}]");
    CLEANUP(json_decrefp)
    json_t *tools = parsed(
        "[{\"type\":\"function\",\"function\":{\"name\":\"plan_stack\","
        "\"description\":\"Plan a stack.\",\"parameters\":{\"type\":\"object\","
        "\"properties\":{\"name\":{\"type\":\"string\",\"description\":\"Name of the stack\"},"
        "\"size\":{\"type\":\"string\",\"description\":\"How large\","
        "\"enum\":[\"small\",\"large\"]}}}}},"
        "{\"type\":\"function\",\"function\":{\"name\":\"stop\"}}]");

    (void)state;
    assert_int_equal(tokens_request(ENCODING_O200K_BASE, NULL, NULL), 3);
    assert_int_equal(tokens_request(ENCODING_O200K_BASE, messages, NULL), 29);
    assert_int_equal(tokens_request(ENCODING_CL100K_BASE, messages, NULL), 29);
    assert_int_equal(tokens_request(ENCODING_O200K_BASE, messages, tools), 89);
    assert_int_equal(tokens_request(ENCODING_CL100K_BASE, messages, tools), 95);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_those_of_the_reference),
        cmocka_unit_test(what_is_not_utf8_counts_as_it_is_sent),
        cmocka_unit_test(nothing_has_no_tokens),
        cmocka_unit_test(a_long_run_is_counted_to_its_end),
        cmocka_unit_test(pieces_over_few_letters_count_as_they_are_listed),
        cmocka_unit_test(encodings_have_names),
        cmocka_unit_test(a_request_costs_its_texts_and_what_is_around_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
