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
 * joined emoji; NUL; capitals within words; indentation; apostrophes; small letters to the end of
 * eight bytes and past it, before what is beside a and z, other letters, blanks and numbers. */
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
    {ENCODING_O200K_BASE, TEXT(" zebra Zz, fizz{za|y`z"), {173429, 1489, 89, 11, 179607, 90, 2051, 91, 88, 63, 89}},
    {ENCODING_CL100K_BASE, TEXT(" zebra Zz, fizz{za|y`z"), {1167, 51313, 1901, 89, 11, 88079, 90, 4458, 91, 88, 63, 89}},
    {ENCODING_O200K_BASE, TEXT("abcdefgh abcdefghijklmnop qrstuvwxyz."), {130783, 75094, 1314, 956, 134043, 142708, 2335, 79464, 147472, 13}},
    {ENCODING_CL100K_BASE, TEXT("abcdefgh abcdefghijklmnop qrstuvwxyz."), {57847, 40122, 755, 876, 60879, 64600, 50390, 267, 65313, 13}},
    {ENCODING_O200K_BASE, TEXT("caf\303\251 na\303\257vely stra\303\237e"), {66, 103112, 153475, 1002, 88, 9642, 13153}},
    {ENCODING_CL100K_BASE, TEXT("caf\303\251 na\303\257vely stra\303\237e"), {936, 59958, 95980, 16637, 610, 64, 24352}},
    {ENCODING_O200K_BASE, TEXT("1abc 2nd\012abc\015def\012\012ghi\011z"), {16, 26682, 220, 17, 301, 198, 26682, 201, 1314, 279, 75124, 52196}},
    {ENCODING_CL100K_BASE, TEXT("1abc 2nd\012abc\015def\012\012ghi\011z"), {16, 13997, 220, 17, 303, 198, 13997, 201, 755, 271, 76176, 21499}},
    {ENCODING_O200K_BASE, TEXT("A[bc ]de _fgh@ij `kl"), {32, 58, 16715, 6045, 613, 1175, 69, 956, 31, 681, 2700, 4586}},
    {ENCODING_CL100K_BASE, TEXT("A[bc ]de _fgh@ij `kl"), {32, 58, 9081, 2331, 451, 721, 69, 876, 31, 3251, 1595, 10784}},
    {ENCODING_O200K_BASE, TEXT("fuzz"), {69, 18686}},
    {ENCODING_CL100K_BASE, TEXT("fuzz"), {69, 9065}},
    {ENCODING_O200K_BASE, TEXT("aBc AbC dog's Dog'S cat\305\277"), {64, 158309, 3483, 34, 182015, 18018, 31233, 9059, 70067}},
    {ENCODING_CL100K_BASE, TEXT("aBc AbC dog's Dog'S cat\305\277"), {64, 33, 66, 3765, 34, 5679, 596, 14588, 13575, 8415, 129, 123}},
    {ENCODING_O200K_BASE, TEXT("everything\341\232\200goes yo\341\272\236"), {141354, 157, 248, 222, 2319, 268, 7243, 803, 252}},
    {ENCODING_CL100K_BASE, TEXT("everything\341\232\200goes yo\341\272\236"), {73826, 157, 248, 222, 3427, 288, 30596, 6655, 252}},
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
        size_t count = tokens_count(encoding, text);

        if (!tokens_reach(encoding, text, count) || tokens_reach(encoding, text, count + 1)) {
            fail_msg("%zu of %.*s are not told", count, (int)text.len, text.ptr);
        }
        if (tokens_list(encoding, text, &ids) != count) {
            fail_msg("'" STR_FMT "' is counted wrong", STR_ARG(text));
        }
    }
}

/* Counting keeps what short pieces had, listing does not: words that differ in one letter only. */
static void words_that_are_alike_count_as_they_are_listed(void **state) {
    static const char letters[] = "aeoqz";
    uint64_t seed = 1;

    (void)state;
    for (size_t len = 1; len <= 20; len++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
        CLEANUP(buf_done) struct buf ids = BUF_INIT(SIZE_MAX);

        for (int word = 0; word < 400; word++) {
            buf_add_c(&text, ' ');
            for (size_t i = 0; i + 1 < len; i++) {
                /* The first letters are those of the word before, now and then others. */
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
                buf_add_c(&text, text.len > len && i + 3 < len && word % 20 != 0
                                     ? text.ptr[text.len - len]
                                     : letters[(seed >> 33) % 5]);
            }
        }
        for (enum encoding encoding = ENCODING_NONE + 1; encoding < ENCODING_N; encoding++) {
            buf_clear(&ids);
            assert_int_equal(tokens_count(encoding, buf_str(&text)),
                             tokens_list(encoding, buf_str(&text), &ids));
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

/* What the service billed: the OpenAI Cookbook and the tests of openai-messages-token-helper (MIT)
 * have it on record; of functions for cl100k_base only, less the one token of "tool_choice":
 * "none". */
/* clang-format off */
static const struct {
    const char *messages, *tools; /* "": none */
    size_t cl100k, o200k; /* 0: not on record */
} bills[] = {
    {"[{\"role\":\"system\",\"content\":\"You are a helpful, pattern-following assistant that translates corporate jargon into plain English.\"}]", "", 25, 24},
    {"[{\"role\":\"system\",\"name\":\"example_user\",\"content\":\"New synergies will help drive top-line growth.\"}]", "", 20, 20},
    {"[{\"role\":\"assistant\",\"content\":\"Yes, there is a dress code at Contoso Electronics. Look sharp! [employee_handbook-1.pdf]\"}]", "", 30, 30},
    {"[{\"role\":\"system\",\"content\":\"You are a helpful, pattern-following assistant that translates corporate jargon into plain English.\"},{\"role\":\"system\",\"name\":\"example_user\",\"content\":\"New synergies will help drive top-line growth.\"},{\"role\":\"system\",\"name\":\"example_assistant\",\"content\":\"Things working well together will increase revenue.\"},{\"role\":\"system\",\"name\":\"example_user\",\"content\":\"Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.\"},{\"role\":\"system\",\"name\":\"example_assistant\",\"content\":\"Let's talk later when we're less busy about how to do better.\"},{\"role\":\"user\",\"content\":\"This late pivot means we don't have time to boil the ocean for the client deliverable.\"}]", "", 129, 124},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"search_sources\",\"description\":\"Retrieve sources from the Azure AI Search index\",\"parameters\":{\"type\":\"object\",\"properties\":{\"search_query\":{\"type\":\"string\",\"description\":\"Query string to retrieve documents from azure search eg: 'Health care plan'\"}}}}}]", 66, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"data_demonstration\",\"description\":\"This is the main function description\",\"parameters\":{\"type\":\"object\",\"properties\":{\"integer_enum\":{\"type\":\"integer\",\"enum\":[-1,1]}}}}}]", 53, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"search_sources\",\"description\":\"Retrieve sources from the Azure AI Search index\"}}]", 42, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"search_sources\",\"description\":\"Retrieve sources from the Azure AI Search index\",\"parameters\":{\"type\":\"object\",\"properties\":{\"search_query\":{\"type\":\"string\"}}}}}]", 49, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"summarize_order\",\"description\":\"Summarize the customer order request\",\"parameters\":{\"type\":\"object\",\"properties\":{\"product_name\":{\"type\":\"string\",\"description\":\"Product name ordered by customer\"},\"quantity\":{\"type\":\"integer\",\"description\":\"Quantity ordered by customer\"},\"unit\":{\"type\":\"string\",\"enum\":[\"meals\",\"days\"],\"description\":\"unit of measurement of the customer order\"}}}}}]", 85, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"data_demonstration\",\"description\":\"This is the main function description\",\"parameters\":{\"type\":\"object\",\"properties\":{\"object_1\":{\"type\":\"object\",\"description\":\"The object data type as a property\",\"properties\":{\"string1\":{\"type\":\"string\"}}}}}}}]", 64, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"data_demonstration\",\"description\":\"This is the main function description\",\"parameters\":{\"type\":\"object\",\"properties\":{\"object_1\":{\"type\":\"object\",\"description\":\"The object data type as a property\",\"properties\":{\"string_2a\":{\"type\":\"string\",\"enum\":[\"Happy\",\"Sad\"]}}}}}}}]", 72, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"data_demonstration\",\"description\":\"This is the main function description\",\"parameters\":{\"type\":\"object\",\"properties\":{\"object_1\":{\"type\":\"object\",\"description\":\"The object data type as a property\",\"properties\":{\"string_2a\":{\"type\":\"string\",\"enum\":[\"Happy\",\"Sad\"]},\"string_2b\":{\"type\":\"string\",\"description\":\"Description in a second object is lost\"}}},\"string_1\":{\"type\":\"string\",\"description\":\"Not required gets a question mark\"}}}}}]", 102, 0},
    {"[{\"role\":\"system\",\"content\":\"You are a bot.\"}]", "[{\"type\":\"function\",\"function\":{\"name\":\"get_coordinates\",\"description\":\"Get the latitude and longitude of multiple mailing addresses\",\"parameters\":{\"type\":\"object\",\"properties\":{\"addresses\":{\"type\":\"array\",\"description\":\"The mailing addresses to be located\",\"items\":{\"type\":\"string\"}}}}}}]", 58, 0},
};
/* clang-format on */

static void a_request_is_billed_as_it_is_counted_and_functions_hardly_less(void **state) {
    enum { MORE_MAX = 10 };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bills); i++) {
        CLEANUP(json_decrefp) json_t *messages = parsed(bills[i].messages);
        CLEANUP(json_decrefp)
        json_t *tools = bills[i].tools[0] == '\0' ? NULL : parsed(bills[i].tools);
        size_t got = tokens_request(ENCODING_CL100K_BASE, messages, tools);
        size_t most = bills[i].cl100k + (tools == NULL ? 0 : MORE_MAX);

        if (got < bills[i].cl100k || got > most) {
            fail_msg("row %zu: %zu, billed were %zu", i, got, bills[i].cl100k);
        }
        if (bills[i].o200k != 0) {
            assert_int_equal(tokens_request(ENCODING_O200K_BASE, messages, tools), bills[i].o200k);
        }
    }
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
        cmocka_unit_test(words_that_are_alike_count_as_they_are_listed),
        cmocka_unit_test(encodings_have_names),
        cmocka_unit_test(a_request_is_billed_as_it_is_counted_and_functions_hardly_less),
        cmocka_unit_test(a_request_costs_its_texts_and_what_is_around_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
