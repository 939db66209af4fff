/* base: text, buffers, encodings, JSON and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"

static void a_buffer_refuses_what_passes_its_ceiling_and_stays_refusing(void **state) {
    CLEANUP(buf_done) struct buf b = BUF_INIT(5);

    (void)state;
    buf_add_s(&b, "four");
    buf_add_s(&b, "xy");
    assert_true(b.failed);
    buf_add_s(&b, "z");
    assert_string_equal(buf_cstr(&b), "four");
}

static void splitting_keeps_empty_pieces(void **state) {
    static const struct {
        const char *text;
        const char *joined;
    } cases[] = {{"a,,b", "[a][][b]"}, {"", ""}, {"a,", "[a][]"}, {",", "[][]"}, {"abc", "[abc]"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(buf_done) struct buf got = BUF_INIT(100);
        struct str rest = str_from(cases[i].text);
        struct str piece = {0};

        while (str_next(&rest, ',', &piece)) {
            buf_addf(&got, "[" STR_FMT "]", STR_ARG(piece));
        }
        assert_string_equal(buf_cstr(&got), cases[i].joined);
    }
}

static void a_duration_needs_a_number_and_a_unit(void **state) {
    static const struct {
        const char *text;
        int64_t want_ms; /* -1: refused */
    } cases[] = {{"2s", 2000},
                 {"30m", 1800000},
                 {"12h", 43200000},
                 {"7d", 604800000},
                 {"500ms", 500},
                 {"5", -1},
                 {"s", -1},
                 {"", -1},
                 {"-5s", -1},
                 {"5 s", -1},
                 {"99999999999999999d", -1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct err err = {0};
        int64_t got = -1;

        if ((str_to_duration_ms(str_from(cases[i].text), &got, &err) == ERR_NONE) !=
                (cases[i].want_ms >= 0) ||
            got != cases[i].want_ms) {
            fail_msg("'%s': %lld", cases[i].text, (long long)got);
        }
    }
}

static void numbers_are_read_whole_or_not_at_all(void **state) {
    static const struct {
        const char *text;
        int64_t want;
        bool is_good;
    } cases[] = {{"0", 0, true},
                 {"-7", -7, true},
                 {"9223372036854775807", INT64_MAX, true},
                 {"-9223372036854775808", INT64_MIN, true},
                 {"9223372036854775808", 0, false},
                 {"", 0, false},
                 {"-", 0, false},
                 {"1x", 0, false},
                 {" 1", 0, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct err err = {0};
        int64_t got = 0;

        if ((str_to_i64(str_from(cases[i].text), INT64_MIN, INT64_MAX, &got, &err) == ERR_NONE) !=
                cases[i].is_good ||
            got != cases[i].want) {
            fail_msg("'%s': %lld", cases[i].text, (long long)got);
        }
    }
}

/* RFC 4648 section 10. */
static void base64_follows_the_published_vectors(void **state) {
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf coded = BUF_INIT(100);
        CLEANUP(buf_done) struct buf plain = BUF_INIT(100);
        struct err err = {0};

        base64_add(&coded, rows[i][0], strlen(rows[i][0]));
        assert_string_equal(buf_cstr(&coded), rows[i][1]);
        assert_int_equal(base64_read(buf_str(&coded), &plain, &err), ERR_NONE);
        assert_string_equal(buf_cstr(&plain), rows[i][0]);
    }
}

/* FIPS 180-4 example and RFC 4231 case 2. */
static void hashes_follow_the_published_vectors(void **state) {
    (void)state;
    assert_string_equal(sha256_hex(sha256_of(STR("abc"))).text,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(
        sha256_hex(hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"))).text,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void a_digest_is_read_from_64_hex_digits_only(void **state) {
    static const char good[] = "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct sha256 hash = sha256_of(STR("other"));
    struct sha256 before = hash;
    struct err err = {0};

    (void)state;
    assert_int_equal(sha256_read(STR(""), &hash, &err), ERR_INVALID);
    assert_int_equal(sha256_read((struct str){good, 63}, &hash, &err), ERR_INVALID);
    assert_int_equal(sha256_read((struct str){good, 65}, &hash, &err), ERR_INVALID);
    assert_int_equal(
        sha256_read(STR("zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), &hash,
                    &err),
        ERR_INVALID);
    assert_true(sha256_eq(hash, before)); /* untouched */
    assert_int_equal(sha256_read(str_from(good), &hash, &err), ERR_NONE);
    assert_true(sha256_eq(hash, sha256_of(STR("abc"))));
}

static void a_hash_in_pieces_is_the_hash_of_the_whole(void **state) {
    struct sha256_stream *stream = sha256_start();

    (void)state;
    sha256_feed(stream, STR("a"));
    sha256_feed(stream, (struct str){NULL, 0});
    sha256_feed(stream, STR("bc"));
    assert_true(sha256_eq(sha256_end(stream), sha256_of(STR("abc"))));
    assert_false(sha256_eq(sha256_of(STR("abc")), sha256_of(STR("abd"))));
}

static void tokens_are_the_same_only_when_every_byte_is(void **state) {
    (void)state;
    assert_true(hash_same(STR("token"), STR("token")));
    assert_false(hash_same(STR("token"), STR("tokem")));
    assert_false(hash_same(STR("token"), STR("toke")));
    assert_false(hash_same(STR("token"), STR("")));
    assert_true(hash_same((struct str){NULL, 0}, STR("")));
}

/* RFC 3986 section 2.3: what is unreserved stays. */
static void percent_encoding_keeps_the_unreserved_bytes_only(void **state) {
    CLEANUP(buf_done) struct buf path = BUF_INIT(100);
    CLEANUP(buf_done) struct buf value = BUF_INIT(100);

    (void)state;
    percent_add(&path, STR("/aZ0-._~ +\xc3\xa9%"), true);
    assert_string_equal(buf_cstr(&path), "/aZ0-._~%20%2B%C3%A9%25");
    percent_add(&value, STR("a/b"), false);
    assert_string_equal(buf_cstr(&value), "a%2Fb");
}

static void percent_encoding_is_read_back_and_no_half_of_it(void **state) {
    static const char *const bad[] = {"%", "a%4", "%zz", "%4%"};
    CLEANUP(buf_done) struct buf out = BUF_INIT(100);
    CLEANUP(buf_done) struct buf rest = BUF_INIT(100);
    struct err err = {0};

    (void)state;
    assert_int_equal(percent_read(STR("%7b%22a%22%3A+1%7D/~%C3%A9%25"), &out, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&out), "{\"a\":+1}/~\xc3\xa9%");
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        assert_int_equal(percent_read(str_from(bad[i]), &rest, &err), ERR_INVALID);
    }
}

static void hex_and_base64_refuse_what_is_not_theirs(void **state) {
    static const char *const bad[] = {"a", "ab=c", "====", "ab cd", "ab*d", "abcde"};
    CLEANUP(buf_done) struct buf out = BUF_INIT(100);
    unsigned char two[2] = {7, 7};
    struct err err = {0};

    (void)state;
    assert_int_equal(hex_read(STR("0g0a"), two, 2, &err), ERR_INVALID);
    assert_int_equal(hex_read(STR("0a"), two, 2, &err), ERR_INVALID);
    assert_int_equal(hex_read(STR("fF0a"), two, 2, &err), ERR_NONE);
    assert_int_equal(two[0], 0xff);
    assert_int_equal(two[1], 0x0a);
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        if (base64_read(str_from(bad[i]), &out, &err) != ERR_INVALID) {
            fail_msg("'%s'", bad[i]);
        }
    }
    assert_int_equal(base64_read(STR("-_8"), &out, &err), ERR_NONE); /* the other alphabet */
}

static void utf8_is_judged_by_its_well_formed_sequences(void **state) {
    static const struct {
        const char *bytes;
        bool is_good;
    } cases[] = {{"plain", true},     {"\xc3\xa9", true},      {"\xf0\x9f\x98\x80", true},
                 {"\xc0\xaf", false}, {"\xed\xa0\x80", false}, {"\xf4\x90\x80\x80", false},
                 {"\xe2\x82", false}, {"\x80", false},         {"\xff", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        if (str_is_utf8(str_from(cases[i].bytes)) != cases[i].is_good) {
            fail_msg("row %zu", i);
        }
    }
}

static void a_code_point_is_written_as_utf8(void **state) {
    static const struct {
        uint32_t point;
        const char *bytes;
    } cases[] = {{'A', "A"},
                 {0xe9, "\xc3\xa9"},
                 {0x7ff, "\xdf\xbf"},
                 {0x800, "\xe0\xa0\x80"},
                 {0x20ac, "\xe2\x82\xac"},
                 {0xffff, "\xef\xbf\xbf"},
                 {0x10000, "\xf0\x90\x80\x80"},
                 {0x1f600, "\xf0\x9f\x98\x80"},
                 {0x10ffff, "\xf4\x8f\xbf\xbf"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(4);

        utf8_add_point(&out, cases[i].point);
        assert_string_equal(buf_cstr(&out), cases[i].bytes);
    }
}

static void any_bytes_become_a_json_string(void **state) {
    CLEANUP(json_decrefp) json_t *s = json_string_of((struct str){"a\xff\0\xc3\xa9z", 6});

    (void)state;
    assert_string_equal(json_string_value(s), "a\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9z");
}

static void rows_and_strings_of_an_array_are_found(void **state) {
    CLEANUP(json_decrefp)
    json_t *list = json_pack("[s, i, {s:s, s:i}, {s:i}, {s:s, s:i}]", "a", 1, "name", "b", "n", 1,
                             "name", 2, "name", "b", "n", 2);

    (void)state;
    assert_true(json_has_str(list, "a"));
    assert_false(json_has_str(list, "b"));
    assert_false(json_has_str(NULL, "a"));
    assert_int_equal(json_int_or(json_row(list, "name", "b"), "n", 0), 1);
    assert_null(json_row(list, "name", "a"));
    assert_null(json_row(NULL, "name", "b"));
}

static void canonical_json_does_not_depend_on_the_order_of_members(void **state) {
    CLEANUP(json_decrefp) json_t *a = NULL;
    CLEANUP(json_decrefp) json_t *b = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(json_read(STR("{\"a\":1,\"b\":{\"d\":2,\"c\":[3]}}"), &a, &err), ERR_NONE);
    assert_int_equal(json_read(STR("{ \"b\": {\"c\":[3],\"d\":2}, \"a\":1 }"), &b, &err), ERR_NONE);
    assert_true(sha256_eq(json_hash(a), json_hash(b)));
    assert_int_equal(json_int_or(a, "b.d", 0), 2);
    assert_null(json_at(a, "b.x.y"));
}

static void json_is_one_whole_text_without_doubles(void **state) {
    static const char *const bad[] = {"",        "{",           "{} {}", "{\"a\":1,\"a\":2}",
                                      "nothing", "\"\\u0000\"", "[1,]"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        json_t *json = NULL;
        struct err err = {0};

        if (json_read(str_from(bad[i]), &json, &err) != ERR_INVALID || json != NULL) {
            fail_msg("'%s'", bad[i]);
        }
    }
}

static void a_null_text_removes_the_member(void **state) {
    CLEANUP(json_decrefp) json_t *json = json_object();

    (void)state;
    json_put_str(json, "a", "x");
    json_put_strn(json, "b", (struct str){"b\xff", 2});
    json_put_str(json, "a", NULL);
    assert_null(json_object_get(json, "a"));
    assert_string_equal(json_str_at(json, "b"), "b\xef\xbf\xbd");
    assert_string_equal(json_str_or(json, "a", "none"), "none");
    assert_int_equal(json_int_or(json, "b", 7), 7);
    assert_false(json_bool_at(json, "b"));
}

static void a_schema_refuses_missing_wrong_and_unknown_members(void **state) {
    static const struct json_field fields[] = {
        {"name", JSON_TEXT, false}, {"n", JSON_COUNT, true}, {0}};
    static const struct {
        const char *text;
        const char *complaint; /* NULL: good */
    } cases[] = {{"{\"name\":\"x\"}", NULL},
                 {"{\"name\":\"x\",\"n\":1}", NULL},
                 {"{}", "member 'name' is missing"},
                 {"{\"name\":1}", "member 'name' is not a text"},
                 {"{\"name\":\"x\",\"n\":\"1\"}", "member 'n' is not a whole number"},
                 {"{\"name\":\"x\",\"more\":1}", "member 'more' is not known"},
                 {"[]", "an object is needed"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(json_decrefp) json_t *json = NULL;
        struct err err = {0};

        assert_int_equal(json_read(str_from(cases[i].text), &json, &err), ERR_NONE);
        if (json_check(json, fields, &err) == ERR_NONE) {
            assert_null(cases[i].complaint);
        } else {
            assert_string_equal(err.text, cases[i].complaint == NULL ? "" : cases[i].complaint);
        }
    }
}

static void times_are_read_as_they_are_written(void **state) {
    struct err err = {0};
    int64_t ms = 0;

    (void)state;
    assert_string_equal(clock_iso(1795531573123).text, "2026-11-24T14:46:13.123Z");
    assert_string_equal(clock_basic(1795531573123).text, "20261124T144613Z");
    assert_int_equal(clock_read_iso(STR("2026-11-24T14:46:13.123Z"), &ms, &err), ERR_NONE);
    assert_int_equal(ms, 1795531573123);
    assert_int_equal(clock_read_iso(STR("2026-11-24T15:46:13+01:00"), &ms, &err), ERR_NONE);
    assert_int_equal(ms, 1795531573000);
    assert_int_equal(clock_read_http(STR("Tue, 24 Nov 2026 14:46:13 GMT"), &ms, &err), ERR_NONE);
    assert_int_equal(ms, 1795531573000);
    assert_int_equal(clock_read_iso(STR("2026-11-24T09:46:13.5-0500"), &ms, &err), ERR_NONE);
    assert_int_equal(ms, 1795531573500);
    assert_int_equal(clock_read_iso(STR("2026-11-24 14:46:13"), &ms, &err), ERR_INVALID);
    assert_int_equal(clock_read_iso(STR("2026-11-24T14:46:13Zx"), &ms, &err), ERR_INVALID);
    assert_int_equal(clock_read_iso((struct str){NULL, 0}, &ms, &err), ERR_INVALID);
    assert_int_equal(clock_read_http((struct str){NULL, 0}, &ms, &err), ERR_INVALID);
    assert_int_equal(clock_read_http(STR("Tue, 24 Nov 2026 14:46:13 CET"), &ms, &err), ERR_INVALID);
    assert_int_equal(ms, 1795531573500);
}

static void an_arena_gives_zeroed_aligned_memory(void **state) {
    struct arena *arena = arena_new();

    (void)state;
    for (size_t n = 1; n < 40000; n = n * 3 + 1) {
        unsigned char *p = arena_alloc(arena, n);

        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, n);
    }
    assert_string_equal(arena_format(arena, "%s-%d", "x", 7), "x-7");
    arena_free(arena);
}

static void an_error_keeps_sentence_remedy_and_exit_status(void **state) {
    struct err err = {0};

    (void)state;
    assert_int_equal(err_set(&err, ERR_CREDENTIALS, "no %s", "keys"), ERR_CREDENTIALS);
    assert_int_equal(err_remedy(&err, "set %s", "them"), ERR_CREDENTIALS);
    assert_int_equal(err_prefix(&err, "profile %s", "x"), ERR_CREDENTIALS);
    assert_string_equal(err.text, "profile x: no keys");
    assert_string_equal(err.remedy, "set them");
    assert_int_equal(err_exit(err.code), 3);
    assert_int_equal(err_from_wire("wrong_account"), ERR_ACCOUNT);
    assert_int_equal(err_errno(&err, 28, "journal"), ERR_DISK_FULL);
    assert_string_equal(err.text, "journal (No space left on device)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_refuses_what_passes_its_ceiling_and_stays_refusing),
        cmocka_unit_test(splitting_keeps_empty_pieces),
        cmocka_unit_test(a_duration_needs_a_number_and_a_unit),
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(base64_follows_the_published_vectors),
        cmocka_unit_test(hashes_follow_the_published_vectors),
        cmocka_unit_test(a_digest_is_read_from_64_hex_digits_only),
        cmocka_unit_test(a_hash_in_pieces_is_the_hash_of_the_whole),
        cmocka_unit_test(tokens_are_the_same_only_when_every_byte_is),
        cmocka_unit_test(percent_encoding_keeps_the_unreserved_bytes_only),
        cmocka_unit_test(percent_encoding_is_read_back_and_no_half_of_it),
        cmocka_unit_test(hex_and_base64_refuse_what_is_not_theirs),
        cmocka_unit_test(utf8_is_judged_by_its_well_formed_sequences),
        cmocka_unit_test(a_code_point_is_written_as_utf8),
        cmocka_unit_test(any_bytes_become_a_json_string),
        cmocka_unit_test(rows_and_strings_of_an_array_are_found),
        cmocka_unit_test(canonical_json_does_not_depend_on_the_order_of_members),
        cmocka_unit_test(json_is_one_whole_text_without_doubles),
        cmocka_unit_test(a_null_text_removes_the_member),
        cmocka_unit_test(a_schema_refuses_missing_wrong_and_unknown_members),
        cmocka_unit_test(times_are_read_as_they_are_written),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(an_error_keeps_sentence_remedy_and_exit_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
