/* Which profile, region and endpoint win, row by row. */
#include "aws/config.h"

#include "support/fake_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char config_text[] = "[default]\n"
                                  "region = eu-west-1\n"
                                  "[profile dev]\n"
                                  "region = eu-west-2\n"
                                  "services = local\n"
                                  "endpoint_url = http://127.0.0.1:9\n"
                                  "[profile bare]\n"
                                  "[services local]\n"
                                  "s3 =\n"
                                  "  endpoint_url = http://127.0.0.1:3/\n"
                                  "[profile plain]\n"
                                  "endpoint_url = http://example.com\n";

/* clang-format off */
static const struct {
    const char *label;
    const char *vars[4];
    struct aws_options options;
    const char *profile, *region, *s3, *sts; /* wanted */
    bool is_explicit;
} rows[] = {
    { "nothing said", {0}, {0}, "default", "eu-west-1", NULL, NULL, false },
    { "AWS_PROFILE", {"AWS_PROFILE=dev"}, {0}, "dev", "eu-west-2", "http://127.0.0.1:3", "http://127.0.0.1:9", false },
    { "the flag beats AWS_PROFILE", {"AWS_PROFILE=none"}, {.profile = "dev"}, "dev", "eu-west-2",
      "http://127.0.0.1:3", "http://127.0.0.1:9", false },
    { "a profile of the credentials file", {"AWS_PROFILE=keys"}, {0}, "keys", "eu-west-3", NULL, NULL, false },
    { "no region anywhere", {"AWS_PROFILE=bare"}, {0}, "bare", NULL, NULL, NULL, false },
    { "AWS_DEFAULT_REGION", {"AWS_DEFAULT_REGION=us-east-2"}, {0}, "default", "us-east-2", NULL, NULL, false },
    { "AWS_REGION first", {"AWS_DEFAULT_REGION=us-east-2", "AWS_REGION=us-west-2"}, {0}, "default", "us-west-2", NULL, NULL, false },
    { "the flag first", {"AWS_REGION=us-west-2"}, {.region = "ap-south-1"}, "default", "ap-south-1", NULL, NULL, false },
    { "AWS_ENDPOINT_URL", {"AWS_ENDPOINT_URL=http://localhost:4"}, {0}, "default", "eu-west-1",
      "http://localhost:4", "http://localhost:4", true },
    { "one service", {"AWS_ENDPOINT_URL_S3=https://s3.example.com", "AWS_ENDPOINT_URL=http://[::1]:4"}, {0}, "default", "eu-west-1",
      "https://s3.example.com", "http://[::1]:4", true },
    { "variables beat files", {"AWS_PROFILE=dev", "AWS_ENDPOINT_URL=http://localhost:4"}, {0}, "dev", "eu-west-2",
      "http://localhost:4", "http://localhost:4", true },
    { "switched off", {"AWS_PROFILE=dev", "AWS_ENDPOINT_URL=http://localhost:4", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=TRUE"},
      {0}, "dev", "eu-west-2", NULL, NULL, false },
    { "the flag beats that too", {"AWS_ENDPOINT_URL=http://localhost:4", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
      {.endpoint_url = "http://localhost:5/"}, "default", "eu-west-1", "http://localhost:5", "http://localhost:5", true },
};

static const struct {
    const char *vars[2];
    struct aws_options options;
    enum err_code code;
    const char *says;
} bad[] = {
    { {"AWS_PROFILE=gone"}, {0}, ERR_CONFIG, "the AWS profile 'gone' does not exist" },
    { {0}, {.profile = "gone"}, ERR_CONFIG, "the AWS profile 'gone' does not exist" },
    { {"AWS_REGION=mars-1 "}, {0}, ERR_UNSUPPORTED, "'mars-1 ' is not a region" },
    { {"AWS_PROFILE=plain"}, {0}, ERR_CONFIG, "'http://example.com' would get signed requests unencrypted" },
    { {"AWS_ENDPOINT_URL=http://10.0.0.1:80"}, {0}, ERR_CONFIG, "unencrypted" },
    { {"AWS_ENDPOINT_URL=http://127.0.0.1.example.com"}, {0}, ERR_CONFIG, "unencrypted" },
    { {"AWS_ENDPOINT_URL=http://localhost:4/path"}, {0}, ERR_CONFIG, "more than a host and port" },
    { {"AWS_ENDPOINT_URL=http://a@localhost:4"}, {0}, ERR_CONFIG, "more than a host and port" },
    { {"AWS_ENDPOINT_URL=localhost:4"}, {0}, ERR_CONFIG, "no http or https address" },
    { {0}, {.account = "12345"}, ERR_CONFIG, "'12345' is not an AWS account id" },
    { {"AWS_MAX_ATTEMPTS=0"}, {0}, ERR_CONFIG, "AWS_MAX_ATTEMPTS: 0 is not between 1 and 10" },
};
/* clang-format on */

static int home_up(void **state) {
    struct fake_env *fake = mem_alloc(sizeof *fake);

    fake_env_up(fake);
    fake_env_write(fake, "config", config_text);
    fake_env_write(fake, "credentials", "[keys]\nregion = eu-west-3\naws_access_key_id = A\n");
    *state = fake;
    return 0;
}

static int home_down(void **state) {
    fake_env_down(*state);
    free(*state);
    return 0;
}

static enum err_code config_with(struct fake_env *fake, const char *const *vars, size_t n,
                                 struct aws_options options, struct aws_config **out,
                                 struct err *err) {
    memset(fake->vars, 0, sizeof fake->vars);
    for (size_t i = 0; i < n; i++) {
        fake->vars[i] = vars[i];
    }
    options.env = &fake->env;
    return aws_config_new(&options, out, err);
}

static bool same(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void the_nearer_word_wins(void **state) {
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(aws_config_freep) struct aws_config *config = NULL;
        struct err err = {0};
        bool is_explicit = false;

        if (config_with(*state, rows[i].vars, 4, rows[i].options, &config, &err) != ERR_NONE) {
            fail_msg("%s: %s", rows[i].label, err.text);
        }
        if (!same(aws_config_profile(config), rows[i].profile) ||
            !same(aws_config_region(config), rows[i].region) ||
            !same(aws_config_endpoint(config, AWS_S3, &is_explicit), rows[i].s3) ||
            !same(aws_config_endpoint(config, AWS_STS, NULL), rows[i].sts) ||
            is_explicit != rows[i].is_explicit ||
            aws_config_is_custom(config) != (rows[i].s3 != NULL)) {
            fail_msg("%s: not as wanted", rows[i].label);
        }
    }
}

static void each_bad_word_has_its_sentence(void **state) {
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct aws_config *config = NULL;
        struct err err = {0};

        if (config_with(*state, bad[i].vars, 2, bad[i].options, &config, &err) != bad[i].code ||
            strstr(err.text, bad[i].says) == NULL || config != NULL) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

static void flags_and_files_of_the_environment_are_followed(void **state) {
    struct fake_env *fake = *state;
    CLEANUP(freep) char *file = mem_format("AWS_CONFIG_FILE=%s/.aws/credentials", fake->home);
    const char *vars[] = {file, "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true",
                          "AWS_CA_BUNDLE=/x.pem", "AWS_MAX_ATTEMPTS=5"};
    CLEANUP(aws_config_freep) struct aws_config *config = NULL;
    CLEANUP(buf_done) struct buf url = BUF_INIT(200);
    struct err err = {0};

    assert_int_equal(config_with(fake, vars, ARRAY_N(vars), (struct aws_options){0}, &config, &err),
                     ERR_NONE);
    assert_null(aws_config_region(config));
    assert_string_equal(aws_config_ca_bundle(config), "/x.pem");
    assert_int_equal(aws_config_attempts(config), 5);
    assert_int_equal(aws_config_add_url(config, AWS_SSM, "us-east-1", &url, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&url), "https://ssm-fips.us-east-1.api.aws");
}

static void a_home_without_files_is_fine(void **state) {
    CLEANUP(aws_config_freep) struct aws_config *config = NULL;
    struct fake_env fake;
    struct err err = {0};

    (void)state;
    fake_env_up(&fake);
    assert_int_equal(config_with(&fake, NULL, 0, (struct aws_options){0}, &config, &err), ERR_NONE);
    assert_int_equal(err.code, ERR_NONE); /* and no failure is left behind */
    assert_string_equal(err.text, "");
    assert_string_equal(aws_config_profile(config), "default");
    fake_env_down(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearer_word_wins),
        cmocka_unit_test(each_bad_word_has_its_sentence),
        cmocka_unit_test(flags_and_files_of_the_environment_are_followed),
        cmocka_unit_test(a_home_without_files_is_fine),
    };

    return cmocka_run_group_tests(tests, home_up, home_down);
}
