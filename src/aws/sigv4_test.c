/* The signer against what botocore says (test/golden/sigv4, made by scripts/make-sigv4-golden.py).
 */
#include "aws/sigv4.h"

#include "base/encode.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const files[] = {"query", "path", "headers", "body", "s3"};

static struct str text_at(const json_t *json, const char *key) {
    const json_t *value = json_object_get(json, key);

    return (struct str){json_string_value(value), json_string_length(value)};
}

static void add_query(const json_t *params, struct buf *out) {
    size_t i;
    json_t *pair;

    json_array_foreach(params, i, pair) {
        const json_t *value = json_array_get(pair, 1);

        buf_add_s(out, i == 0 ? "" : "&");
        percent_add(out, str_from(json_string_value(json_array_get(pair, 0))), false);
        if (!json_is_null(value)) {
            buf_add_c(out, '=');
            percent_add(out, str_from(json_string_value(value)), false);
        }
    }
}

static enum err_code sign_case(struct sigv4_cache *cache, const json_t *c, struct buf *out,
                               struct err *err) {
    CLEANUP(buf_done) struct buf query = BUF_INIT(65536);
    struct http_header headers[HTTP_HEADERS_MAX];
    struct sha256_hex hash = sha256_hex(sha256_of(text_at(c, "body")));
    struct sigv4_request request = {
        .method = json_str_at(c, "method"),
        .host = text_at(c, "host"),
        .path = text_at(c, "path"),
        .headers = headers,
        .payload_hash = json_bool_at(c, "unsigned") ? SIGV4_UNSIGNED : str_from(hash.text)};
    struct sigv4_identity identity = {.access_key = text_at(c, "access_key"),
                                      .secret_key = text_at(c, "secret_key"),
                                      .token = text_at(c, "token"),
                                      .service = json_str_at(c, "service"),
                                      .region = json_str_at(c, "region")};
    size_t i;
    json_t *header;

    json_array_foreach(json_object_get(c, "headers"), i, header) {
        headers[i].name = json_string_value(json_array_get(header, 0));
        headers[i].value = str_from(json_string_value(json_array_get(header, 1)));
        request.header_n = i + 1;
    }
    add_query(json_object_get(c, "params"), &query);
    request.query = buf_str(&query);
    return sigv4_sign(cache, &request, &identity, json_int_or(c, "time_ms", 0), out, err);
}

static json_t *read_cases(const char *file) {
    CLEANUP(freep)
    char *path = mem_format("%s/test/golden/sigv4/%s.json", getenv("AWSCOPILOT_SOURCE_ROOT"), file);
    json_t *cases = json_load_file(path, 0, NULL);

    if (cases == NULL) {
        fail_msg("%s cannot be read", path);
    }
    return cases;
}

static void every_shape_is_signed_as_botocore_signs_it(void **state) {
    struct sigv4_cache *cache = sigv4_cache_new();
    size_t total = 0;

    (void)state;
    for (size_t f = 0; f < ARRAY_N(files); f++) {
        json_t *cases = read_cases(files[f]);
        size_t i;
        json_t *c;

        json_array_foreach(cases, i, c) {
            CLEANUP(buf_done) struct buf got = BUF_INIT(8192);
            struct err err = {0};

            if (sign_case(cache, c, &got, &err) != ERR_NONE ||
                !str_eq(buf_str(&got), text_at(c, "authorization"))) {
                fail_msg("%s, '%s': %s%s", files[f], json_str_at(c, "name"), buf_cstr(&got),
                         err.text);
            }
            total++;
        }
        json_decref(cases);
    }
    assert_true(total >= 60);
    sigv4_cache_free(cache);
}

static void raw_paths_are_encoded_as_botocore_encodes_them(void **state) {
    size_t n = 0;

    (void)state;
    for (size_t f = 0; f < ARRAY_N(files); f++) {
        json_t *cases = read_cases(files[f]);
        size_t i;
        json_t *c;

        json_array_foreach(cases, i, c) {
            CLEANUP(buf_done) struct buf got = BUF_INIT(4096);

            if (json_str_at(c, "raw_path") != NULL) {
                percent_add(&got, text_at(c, "raw_path"), true);
                assert_string_equal(buf_cstr(&got), json_str_at(c, "path"));
                n++;
            }
        }
        json_decref(cases);
    }
    assert_true(n > 5);
}

static void another_secret_region_service_or_day_never_hits_the_cache(void **state) {
    struct sigv4_cache *cache = sigv4_cache_new();
    const struct sigv4_request request = {
        .method = "GET", .host = STR("h"), .payload_hash = STR("x")};
    struct sigv4_identity base = {STR("K"), STR("S"), STR(""), "ssm", "eu-central-1"};
    struct sigv4_identity rows[5] = {base, base, base, base, base};
    const int64_t days[5] = {0, 0, 0, 0, 86400000};
    struct buf first[5];
    struct err err = {0};

    (void)state;
    rows[1].secret_key = STR("T");
    rows[2].region = "eu-central-2";
    rows[3].service = "sts";
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 5; i++) {
            struct buf got = BUF_INIT(1024);

            assert_int_equal(sigv4_sign(cache, &request, &rows[i], days[i], &got, &err), ERR_NONE);
            if (round == 0) {
                first[i] = got;
                for (size_t k = 0; k < i; k++) {
                    assert_string_not_equal(buf_cstr(&got), buf_cstr(&first[k]));
                }
            } else {
                assert_string_equal(buf_cstr(&got), buf_cstr(&first[i]));
                buf_done(&got);
                buf_done(&first[i]);
            }
        }
    }
    sigv4_cache_free(cache);
}

static void a_request_without_a_host_or_with_a_huge_query_is_refused(void **state) {
    struct sigv4_cache *cache = sigv4_cache_new();
    const struct sigv4_identity identity = {STR("K"), STR("S"), STR(""), "ssm", "eu-central-1"};
    struct sigv4_request request = {.method = "GET", .payload_hash = STR("x")};
    CLEANUP(buf_done) struct buf query = BUF_INIT(4096);
    CLEANUP(buf_done) struct buf got = BUF_INIT(1024);
    struct err err = {0};

    (void)state;
    assert_int_equal(sigv4_sign(cache, &request, &identity, 0, &got, &err), ERR_INVALID);
    request.host = STR("h");
    for (int i = 0; i < 300; i++) {
        buf_add_s(&query, "a=1&");
    }
    request.query = buf_str(&query);
    assert_int_equal(sigv4_sign(cache, &request, &identity, 0, &got, &err), ERR_INVALID);
    assert_int_equal(got.len, 0);
    sigv4_cache_free(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_is_signed_as_botocore_signs_it),
        cmocka_unit_test(raw_paths_are_encoded_as_botocore_encodes_them),
        cmocka_unit_test(another_secret_region_service_or_day_never_hits_the_cache),
        cmocka_unit_test(a_request_without_a_host_or_with_a_huge_query_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
