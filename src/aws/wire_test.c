/* Addresses, headers and bodies of the protocols, before any byte is sent. */
#include "aws/wire.h"

#include "support/fake_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

/* clang-format off */
static const struct {
    const char *vars[2];
    enum aws_service service;
    const char *region, *bucket, *path;
    struct aws_param query[2];
    size_t query_n;
    const char *url;
} addresses[] = {
    { {0}, AWS_CLOUDFORMATION, "eu-central-1", NULL, "", {{0}}, 0, "https://cloudformation.eu-central-1.amazonaws.com/" },
    { {0}, AWS_LAMBDA, "us-east-1", NULL, "/2015-03-31/functions/a%3Ab", {{"z", {"1", 1}}, {"a b", {"=/", 2}}}, 2,
      "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/a%3Ab?z=1&a%20b=%3D%2F" },
    { {0}, AWS_S3, "eu-central-1", "my-bucket", "/k", {{"uploads", {NULL, 0}}}, 1, "https://my-bucket.s3.eu-central-1.amazonaws.com/k?uploads" },
    { {0}, AWS_S3, "eu-central-1", "my-bucket", "", {{0}}, 0, "https://my-bucket.s3.eu-central-1.amazonaws.com/" },
    { {0}, AWS_S3, "us-east-1", "with.dot", "/k", {{0}}, 0, "https://s3.us-east-1.amazonaws.com/with.dot/k" },
    { {0}, AWS_S3, "us-east-1", "UPPER", "/k", {{0}}, 0, "https://s3.us-east-1.amazonaws.com/UPPER/k" },
    { {0}, AWS_S3, "us-east-1", "a/../b", "/k", {{0}}, 0, "https://s3.us-east-1.amazonaws.com/a%2F..%2Fb/k" },
    { {"AWS_ENDPOINT_URL_S3=https://s3.example.com"}, AWS_S3, "us-east-1", "my-bucket", "/k", {{0}}, 0, "https://s3.example.com/my-bucket/k" },
    { {"AWS_ENDPOINT_URL=http://127.0.0.1:4566"}, AWS_S3, "us-east-1", "my-bucket", "", {{0}}, 0, "http://127.0.0.1:4566/my-bucket" },
    { {"AWS_USE_DUALSTACK_ENDPOINT=true"}, AWS_S3, "us-east-1", "my-bucket", "/k", {{0}}, 0, "https://my-bucket.s3.dualstack.us-east-1.amazonaws.com/k" },
};

static const struct {
    enum aws_service service;
    const char *body, *own_type;
    const char *type, *target, *sent; /* wanted */
} bodies[] = {
    { AWS_STS,        "",   NULL,              "application/x-www-form-urlencoded; charset=utf-8", NULL, "Action=Act&Version=2011-06-15&N.member.1=a%20b%26" },
    { AWS_SSM,        "",   NULL,              "application/x-amz-json-1.1", "AmazonSSM.Act", "{}" },
    { AWS_LOGS,       "[]", NULL,              "application/x-amz-json-1.1", "Logs_20140328.Act", "[]" },
    { AWS_LAMBDA,     "",   NULL,              NULL,                         NULL, "" },
    { AWS_LAMBDA,     "{}", NULL,              "application/json",           NULL, "{}" },
    { AWS_CLOUDFRONT, "<>", NULL,              "application/xml",            NULL, "<>" },
    { AWS_S3,         "x",  "application/zip", "application/zip",            NULL, "x" },
};
/* clang-format on */

static const char *header_of(const struct wire *wire, const char *name, size_t n) {
    static char copy[400];

    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(wire->headers[i].name, name) == 0) {
            (void)snprintf(copy, sizeof copy, STR_FMT, STR_ARG(wire->headers[i].value));
            return copy;
        }
    }
    return NULL;
}

static struct aws_config *config_with(struct fake_env *fake, const char *const *vars, size_t n) {
    struct aws_options options = {.env = &fake->env};
    struct aws_config *config = NULL;
    struct err err = {0};

    for (size_t i = 0; i < n; i++) {
        fake->vars[i] = vars[i];
    }
    if (aws_config_new(&options, &config, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    return config;
}

static void each_address_is_host_path_and_query(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(addresses); i++) {
        struct fake_env fake;
        CLEANUP(aws_config_freep) struct aws_config *config = NULL;
        CLEANUP(wire_done) struct wire wire = {0};
        const struct aws_request request = {.service = addresses[i].service,
                                            .action = "Act",
                                            .method = "GET",
                                            .bucket = addresses[i].bucket,
                                            .path = str_from(addresses[i].path),
                                            .query = addresses[i].query,
                                            .query_n = addresses[i].query_n};
        struct err err = {0};

        fake_env_up(&fake);
        config = config_with(&fake, addresses[i].vars, 2);
        if (wire_build(&wire, config, &request, addresses[i].region, &err) != ERR_NONE ||
            strcmp(buf_cstr(&wire.url), addresses[i].url) != 0) {
            fail_msg("row %zu: %s %s", i, buf_cstr(&wire.url), err.text);
        }
        fake_env_down(&fake);
    }
}

static void each_protocol_says_what_its_body_is(void **state) {
    struct fake_env fake;
    CLEANUP(aws_config_freep) struct aws_config *config = NULL;

    (void)state;
    fake_env_up(&fake);
    config = config_with(&fake, NULL, 0);
    for (size_t i = 0; i < ARRAY_N(bodies); i++) {
        CLEANUP(wire_done) struct wire wire = {0};
        const struct aws_param form = {"N.member.1", STR("a b&")};
        const struct http_header type = {"content-type", str_from(bodies[i].own_type)};
        const struct aws_request request = {.service = bodies[i].service,
                                            .action = "Act",
                                            .method = "PUT",
                                            .path = STR("/"),
                                            .form = &form,
                                            .form_n = 1,
                                            .headers = &type,
                                            .header_n = bodies[i].own_type == NULL ? 0 : 1,
                                            .body = str_from(bodies[i].body)};
        struct err err = {0};
        const char *got;

        assert_int_equal(wire_build(&wire, config, &request, "eu-central-1", &err), ERR_NONE);
        got = header_of(&wire, "Content-Type", wire.header_n);
        if ((got == NULL) != (bodies[i].type == NULL) ||
            (got != NULL && strcmp(got, bodies[i].type) != 0)) {
            fail_msg("row %zu: %s", i, got == NULL ? "no type" : got);
        }
        got = header_of(&wire, "X-Amz-Target", wire.header_n);
        assert_true((got == NULL) == (bodies[i].target == NULL));
        assert_true(got == NULL || strcmp(got, bodies[i].target) == 0);
        assert_true(str_eq(wire.body, str_from(bodies[i].sent)));
    }
    fake_env_down(&fake);
}

static void signing_again_replaces_the_signature(void **state) {
    struct fake_env fake;
    CLEANUP(aws_config_freep) struct aws_config *config = NULL;
    CLEANUP(wire_done) struct wire wire = {0};
    struct sigv4_cache *cache = sigv4_cache_new();
    const struct aws_request request = {.service = AWS_S3,
                                        .action = "GetObject",
                                        .method = "GET",
                                        .path = STR("/k"),
                                        .bucket = "bbb"};
    struct aws_creds *creds =
        creds_new("AKIDAKIDAKIDAKID", secret_new(STR("s")), secret_new(STR("tok")), 0, "test");
    CLEANUP(freep) char *first = NULL;
    struct err err = {0};

    (void)state;
    fake_env_up(&fake);
    config = config_with(&fake, NULL, 0);
    assert_int_equal(wire_build(&wire, config, &request, "eu-central-1", &err), ERR_NONE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            wire_sign(&wire, cache, &request, creds, "eu-central-1", i * 86400000LL, &err),
            ERR_NONE);
        assert_int_equal(wire.signed_n, wire.header_n + 5);
        assert_string_equal(header_of(&wire, "X-Amz-Security-Token", wire.signed_n), "tok");
        assert_string_equal(header_of(&wire, "Host", wire.signed_n),
                            "bbb.s3.eu-central-1.amazonaws.com");
        assert_string_equal(header_of(&wire, "X-Amz-Date", wire.signed_n),
                            i == 0 ? "19700101T000000Z" : "19700102T000000Z");
        assert_non_null(header_of(&wire, "X-Amz-Content-Sha256", wire.signed_n));
        if (i == 0) {
            first = mem_strdup(buf_cstr(&wire.authorization));
        }
    }
    assert_string_not_equal(first, buf_cstr(&wire.authorization));
    creds_release(creds);
    sigv4_cache_free(cache);
    fake_env_down(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_is_host_path_and_query),
        cmocka_unit_test(each_protocol_says_what_its_body_is),
        cmocka_unit_test(signing_again_replaces_the_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
