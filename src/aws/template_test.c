/* aws/template: what is embedded, emitted and refused. With `--write FOLDER` it writes what the
 * program emits there, for scripts/check-templates to judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/template.h"

#define ACCOUNT "210987654321"
#define BUILD_ID "0123456789abcdef"
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* JSON with ' for ". */
static json_t *json_of(const char *text) {
    char *copy = mem_strdup(text);
    struct err err = {0};
    json_t *json = NULL;

    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    if (json_read(str_from(copy), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", text, err.text);
    }
    free(copy);
    return json;
}

/* A whole, valid input; tests change one thing. */
struct fixture {
    json_t *parameters;
    json_t *settings;
    json_t *variables;
    json_t *patterns;
    struct template_input input;
};

static void fixture_done(struct fixture *f) {
    json_decref(f->parameters);
    json_decref(f->settings);
    json_decref(f->variables);
    json_decref(f->patterns);
}

static struct fixture fixture_new(enum template_kind kind, const char *profile) {
    /* clang-format off */
    static const char *const parameters[TEMPLATE_N] = {
        [TEMPLATE_BOOTSTRAP] = "{'Qualifier':'depl'}",
        [TEMPLATE_STATIC] = "{'ReleasePath':'/releases/0123456789abcdef'}",
        [TEMPLATE_LAMBDA_HTTP] =
            "{'ArtifactBucket':'depl-artifacts','BackendKey':'backend/" HEX64 ".zip',"
            "'BackendSha256B64':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',"
            "'ReleasePath':'/releases/0123456789abcdef','SecretsPath':'/depl/todo/dev',"
            "'OriginVerify':true,'MemorySize':'512',"
            "'PermissionsBoundary':'arn:aws:iam::" ACCOUNT ":policy/b'}",
        [TEMPLATE_API] =
            "{'ArtifactBucket':'depl-artifacts','BackendKey':'backend/" HEX64 ".zip',"
            "'BackendSha256B64':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',"
            "'SecretsPath':'/depl/todo/dev','OriginVerify':true}",
    };
    /* clang-format on */
    struct fixture f = {
        .parameters = json_of(parameters[kind]),
        .settings = json_of("{'AWSCOPILOT_APP':'app.main:app'}"),
        .variables = json_of("{'LOG_LEVEL':'info'}"),
        .patterns = json_of("['/api/*','/docs','/openapi.json']"),
    };

    f.input = (struct template_input){
        .kind = kind,
        .profile = endpoint_profile_find(profile),
        .endpoint_port = 4566,
        .parameters = f.parameters,
        .account = ACCOUNT,
        .function = {"python3.13", "arm64", f.settings, f.variables},
        .build_id = BUILD_ID,
        .code = sha256_of(STR("the zip")),
        .patterns = f.patterns,
    };
    return f;
}

static void emit(const struct fixture *f, struct template_text *out) {
    struct err err = {0};

    if (template_emit(&f->input, out, &err) != ERR_NONE) {
        fail_msg("%s: %s", template_kind_name(f->input.kind), err.text);
    }
}

enum change {
    RUNTIME,
    ARCHITECTURE,
    ACCOUNT_ID,
    CODE,
    BUILD,
    SETTING,
    VARIABLE,
    PARAMETER,
    PATTERN,
    NO_APP,
    NO_PATTERNS
};

static void fixture_change(struct fixture *f, enum change what, const char *name,
                           const char *value) {
    switch (what) {
    case RUNTIME:
        f->input.function.runtime = value;
        break;
    case ARCHITECTURE:
        f->input.function.architecture = value;
        break;
    case ACCOUNT_ID:
        f->input.account = value;
        break;
    case CODE:
        f->input.code = sha256_of(str_from(value));
        break;
    case BUILD:
        f->input.build_id = value;
        break;
    case SETTING:
        json_put_str(f->settings, name, value);
        break;
    case VARIABLE:
        json_put_str(f->variables, name, value);
        break;
    case PARAMETER:
        json_put_str(f->parameters, name, value);
        break;
    case PATTERN:
        (void)json_array_append_new(f->patterns, json_string(value));
        break;
    case NO_APP:
        (void)json_object_clear(f->settings);
        break;
    case NO_PATTERNS:
        f->input.patterns = NULL;
        break;
    }
}

/* --- files --- */

static void every_kind_is_embedded_and_has_its_resources(void **state) {
    static const size_t want[TEMPLATE_N] = {
        [TEMPLATE_BOOTSTRAP] = 5,
        [TEMPLATE_STATIC] = 6,
        [TEMPLATE_LAMBDA_HTTP] = 22,
        [TEMPLATE_API] = 18,
    };

    (void)state;
    for (enum template_kind kind = TEMPLATE_NONE + 1; kind < TEMPLATE_N; kind++) {
        CLEANUP(json_decrefp) json_t *template = template_load(kind);
        size_t got = json_object_size(json_at(template, "Resources"));

        if (got != want[kind]) {
            fail_msg("%s: %zu resources", template_kind_name(kind), got);
        }
    }
}

static void the_site_is_the_same_in_both_files(void **state) {
    CLEANUP(json_decrefp) json_t *site = template_load(TEMPLATE_STATIC);
    CLEANUP(json_decrefp) json_t *both = template_load(TEMPLATE_LAMBDA_HTTP);
    json_t *config = json_at(both, "Resources.Distribution.Properties.DistributionConfig");
    const char *name;
    json_t *resource;

    (void)state;
    (void)json_array_remove(json_at(config, "Origins"), 2);
    (void)json_array_remove(json_at(config, "CacheBehaviors"), 1);
    json_object_foreach(json_at(site, "Resources"), name, resource) {
        if (!json_equal(resource, json_object_get(json_at(both, "Resources"), name))) {
            fail_msg("%s differs", name);
        }
    }
    json_object_foreach(json_at(site, "Outputs"), name, resource) {
        assert_true(json_equal(resource, json_object_get(json_at(both, "Outputs"), name)));
    }
}

/* --- path patterns --- */

static void the_first_segment_of_a_route_decides_its_patterns(void **state) {
    /* clang-format off */
    static const struct {
        const char *paths;
        const char *patterns; /* NULL: refused */
        const char *shadowed;
    } cases[] = {
        {"['/api/health','/api/items/{id}']",       "['/api/*']",                    "[]"},
        {"['/docs','/openapi.json','/api/x']",      "['/api/*','/docs','/openapi.json']", "[]"},
        {"['/docs','/docs/oauth2-redirect']",       "['/docs','/docs/*']",           "[]"},
        {"['/api/']",                               "['/api','/api/*']",             "[]"},
        {"['/api','/api']",                         "['/api']",                      "[]"},
        {"['/api/.aws-copilot/health']",            "['/api/*']",                    "[]"},
        {"['/','/api/x','/{rest:path}','/v{n}/x']", "['/api/*']", "['/','/{rest:path}','/v{n}/x']"},
        {"['/assets','/assets/{f}','/assetsx/y']",  "['/assetsx/*']", "['/assets','/assets/{f}']"},
        {"['/b/x','/a/x','/A/x']",                  "['/A/*','/a/*','/b/*']",        "[]"},
        {"['/']",                                   NULL, NULL},
        {"[]",                                      NULL, NULL},
        {"['api/x']",                               NULL, NULL},
        {"['/a*b/x']",                              NULL, NULL},
        {"['/\xc3\xa4/x']",                         NULL, NULL},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(json_decrefp) json_t *paths = json_of(cases[i].paths);
        CLEANUP(json_decrefp) json_t *patterns = NULL;
        CLEANUP(json_decrefp) json_t *shadowed = NULL;
        CLEANUP(json_decrefp)
        json_t *want = json_of(cases[i].patterns == NULL ? "[]" : cases[i].patterns);
        CLEANUP(json_decrefp)
        json_t *want_shadowed = json_of(cases[i].shadowed == NULL ? "[]" : cases[i].shadowed);
        struct err err = {0};
        enum err_code code = template_patterns(paths, &patterns, &shadowed, &err);

        if ((code == ERR_NONE) != (cases[i].patterns != NULL) ||
            (code == ERR_NONE &&
             (!json_equal(patterns, want) || !json_equal(shadowed, want_shadowed)))) {
            CLEANUP(freep) char *got = patterns == NULL ? NULL : json_text(patterns);

            fail_msg("%s: %s %s", cases[i].paths, got, err.text);
        }
    }
}

static void more_patterns_than_cloudfront_takes_are_refused(void **state) {
    (void)state;
    for (size_t n = TEMPLATE_PATTERNS_MAX; n <= TEMPLATE_PATTERNS_MAX + 1; n++) {
        CLEANUP(json_decrefp) json_t *paths = json_array();
        CLEANUP(json_decrefp) json_t *patterns = NULL;
        CLEANUP(json_decrefp) json_t *shadowed = NULL;
        struct err err = {0};

        for (size_t i = 0; i < n; i++) {
            CLEANUP(freep) char *path = mem_format("/route%zu", i);

            (void)json_array_append_new(paths, json_string(path));
        }
        assert_int_equal(template_patterns(paths, &patterns, &shadowed, &err),
                         n > TEMPLATE_PATTERNS_MAX ? ERR_UNSUPPORTED : ERR_NONE);
    }
}

/* --- emission --- */

static void an_emitted_template_passes_its_own_check(void **state) {
    size_t n = 0;
    const struct endpoint_profile *profiles = endpoint_profiles(&n);

    (void)state;
    for (enum template_kind kind = TEMPLATE_NONE + 1; kind < TEMPLATE_N; kind++) {
        for (size_t i = 0; i < n; i++) {
            CLEANUP(fixture_done) struct fixture f = fixture_new(kind, profiles[i].name);
            CLEANUP(template_text_done) struct template_text text = {0};
            CLEANUP(json_decrefp) json_t *findings = json_array();

            emit(&f, &text);
            if (template_check(text.json, f.parameters, "d-1", findings) != 0) {
                CLEANUP(freep) char *got = json_text(findings);

                fail_msg("%s on %s: %s", template_kind_name(kind), profiles[i].name, got);
            }
            assert_int_equal(text.needs_iam, kind != TEMPLATE_STATIC);
        }
    }
}

static void an_emitted_template_holds_what_was_put_in(void **state) {
    /* clang-format off */
    static const struct {
        const char *path; /* below Resources */
        const char *want;
    } cases[] = {
        {"Backend.Properties.Runtime", "'python3.13'"},
        {"Backend.Properties.Architectures", "['arm64']"},
        {"Backend.Properties.Environment.Variables",
         "{'AWSCOPILOT_APP':'app.main:app','AWSCOPILOT_SECRETS_PATH':{'Ref':'SecretsPath'},"
         "'LOG_LEVEL':'info'}"},
        {"InvokeBackend.Properties.SourceAccount", "'" ACCOUNT "'"},
        {"InvokeAuthorizer.Properties.SourceAccount", "'" ACCOUNT "'"},
        {"OriginAuthorizer.Properties.Runtime", "'python3.13'"},
    };
    /* clang-format on */
    CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
    CLEANUP(template_text_done) struct template_text text = {0};
    json_t *version = NULL;

    (void)state;
    emit(&f, &text);
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(json_decrefp) json_t *want = json_of(cases[i].want);

        if (!json_equal(json_at(json_at(text.json, "Resources"), cases[i].path), want)) {
            fail_msg("%s is not %s", cases[i].path, cases[i].want);
        }
    }
    assert_null(strstr(text.text, "AAAAAAAA\""));
    assert_null(strstr(text.text, "123456789012"));
    assert_string_equal(sha256_hex(text.sha256).text,
                        sha256_hex(sha256_of(str_from(text.text))).text);
    assert_int_equal(text.len, strlen(text.text));

    version = json_object_get(json_at(text.json, "Resources"), text.version);
    assert_string_equal(json_str_at(version, "Properties.Description"), BUILD_ID);
    assert_string_equal(json_str_at(version, "DeletionPolicy"), "RetainExceptOnCreate");
    for (size_t i = 0; i < 2; i++) {
        static const char *const places[] = {"Resources.Live.Properties.FunctionVersion",
                                             "Outputs.BackendVersion.Value"};
        const json_t *list = json_at(json_at(text.json, places[i]), "Fn::GetAtt");

        assert_string_equal(json_string_value(json_array_get(list, 0)), text.version);
    }
}

static void the_behaviours_of_the_api_stand_behind_the_assets(void **state) {
    static const char *const want[] = {"/assets/*", "/api/*", "/docs", "/openapi.json"};
    CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
    CLEANUP(template_text_done) struct template_text text = {0};
    json_t *list = NULL;

    (void)state;
    emit(&f, &text);
    list =
        json_at(text.json, "Resources.Distribution.Properties.DistributionConfig.CacheBehaviors");
    assert_int_equal(json_array_size(list), ARRAY_N(want));
    for (size_t i = 0; i < ARRAY_N(want); i++) {
        json_t *behaviour = json_array_get(list, i);

        assert_string_equal(json_str_at(behaviour, "PathPattern"), want[i]);
        assert_string_equal(json_str_at(behaviour, "TargetOriginId"), i == 0 ? "shared" : "api");
        assert_int_equal(json_array_size(json_at(behaviour, "AllowedMethods")), i == 0 ? 0 : 7);
    }
}

static void an_api_alone_keeps_cloudfront_and_the_lock(void **state) {
    CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_API, "aws");
    CLEANUP(template_text_done) struct template_text text = {0};
    json_t *config = NULL;

    (void)state;
    emit(&f, &text);
    config = json_at(text.json, "Resources.Distribution.Properties.DistributionConfig");
    assert_int_equal(json_array_size(json_at(config, "Origins")), 1);
    assert_string_equal(json_str_at(json_array_get(json_at(config, "Origins"), 0), "Id"), "api");
    assert_string_equal(
        json_str_at(
            json_array_get(
                json_at(json_array_get(json_at(config, "Origins"), 0), "OriginCustomHeaders"), 0),
            "HeaderName"),
        "x-origin-verify");
    assert_string_equal(json_str_at(config, "DefaultCacheBehavior.TargetOriginId"), "api");
    assert_null(json_at(config, "DefaultCacheBehavior.PathPattern"));
    assert_null(json_at(config, "CacheBehaviors"));
    assert_null(json_at(config, "DefaultRootObject"));
    assert_null(strstr(text.text, "SiteBucket"));
    assert_null(strstr(text.text, "ReleasePath"));
    assert_non_null(json_at(text.json, "Resources.OriginAuthorizer"));
    assert_non_null(json_at(text.json, "Outputs.Url"));
}

static void equal_input_gives_equal_bytes(void **state) {
    CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
    CLEANUP(template_text_done) struct template_text a = {0};
    CLEANUP(template_text_done) struct template_text b = {0};

    (void)state;
    json_put_str(f.variables, "ZED", "1");
    json_put_str(f.variables, "ALPHA", "2");
    emit(&f, &a);
    (void)json_object_del(f.variables, "ZED"); /* another order of the same members */
    json_put_str(f.variables, "ZED", "1");
    emit(&f, &b);
    assert_string_equal(a.text, b.text);
}

/* What makes another version of the function, and so another build id; and what does not. */
/* clang-format off */
static const struct {
    enum change what;
    const char *name;
    const char *value;
    bool is_other_build;
    bool is_other_version;
} changes[] = {
    {RUNTIME,      NULL,                  "python3.12", true,  true },
    {ARCHITECTURE, NULL,                  "x86_64",     true,  true },
    {SETTING,      "AWSCOPILOT_APP",      "other:app",  true,  true },
    {SETTING,      "AWSCOPILOT_PREFIX",   "/api",       true,  true },
    {VARIABLE,     "LOG_LEVEL",           "debug",      true,  true },
    {PARAMETER,    "MemorySize",          "1024",       true,  true },
    {PARAMETER,    "Timeout",             "10",         true,  true },
    {PARAMETER,    "SecretsPath",         "/depl/a/b",  true,  true },
    {CODE,         NULL,                  "other zip",  true,  true },
    {PARAMETER,    "MemorySize",          "512",        false, false},
    {PARAMETER,    "Timeout",             "29",         false, false}, /* its default, said */
    {PARAMETER,    "ReservedConcurrency", "7",          false, false},
    {PARAMETER,    "BackendKey",          "backend/x",  false, false}, /* the code's hash decides */
    {PARAMETER,    "LogRetentionDays",    "7",          false, false},
    {PARAMETER,    "ReleasePath",         "/releases/ffffffffffffffff", false, false},
    {PARAMETER,    "OriginVerify",        HEX64,        false, false},
    {BUILD,        NULL,                  "ffffffffffffffff", false, false},
    {PATTERN,      NULL,                  "/x",         false, false},
};
/* clang-format on */

static void only_what_runs_makes_another_version(void **state) {
    CLEANUP(fixture_done) struct fixture f0 = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
    CLEANUP(template_text_done) struct template_text before = {0};
    CLEANUP(buf_done) struct buf build_before = BUF_INIT(64);
    struct err err = {0};

    (void)state;
    emit(&f0, &before);
    assert_int_equal(template_build_id(f0.input.kind, &f0.input.function, f0.parameters,
                                       f0.input.code, &build_before, &err),
                     ERR_NONE);
    assert_int_equal(build_before.len, TEMPLATE_BUILD_ID);
    assert_int_equal(strlen(before.version), strlen("BackendVersion") + TEMPLATE_VERSION_ID);
    for (size_t i = 0; i < ARRAY_N(changes); i++) {
        CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
        CLEANUP(template_text_done) struct template_text after = {0};
        CLEANUP(buf_done) struct buf build_after = BUF_INIT(64);

        fixture_change(&f, changes[i].what, changes[i].name, changes[i].value);
        emit(&f, &after);
        assert_int_equal(template_build_id(f.input.kind, &f.input.function, f.parameters,
                                           f.input.code, &build_after, &err),
                         ERR_NONE);
        if ((strcmp(before.version, after.version) != 0) != changes[i].is_other_version ||
            str_eq(buf_str(&build_before), buf_str(&build_after)) == changes[i].is_other_build) {
            fail_msg("%zu: %s=%s: %s, %s", i, changes[i].name, changes[i].value, after.version,
                     buf_cstr(&build_after));
        }
    }
}

static void the_build_id_is_the_documented_digest(void **state) {
    CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
    CLEANUP(buf_done) struct buf got = BUF_INIT(64);
    struct err err = {0};
    /* By hand: the properties of Backend, sorted, without Code and ReservedConcurrentExecutions. */
    CLEANUP(freep)
    char *message = mem_format(
        "%s\n"
        "{\"Architectures\":[\"arm64\"],\"Environment\":{\"Variables\":{"
        "\"AWSCOPILOT_APP\":\"app.main:app\",\"AWSCOPILOT_SECRETS_PATH\":\"/depl/todo/dev\","
        "\"LOG_LEVEL\":\"info\"}},\"Handler\":\"_deploy_bridge.handler\","
        "\"LoggingConfig\":{\"LogFormat\":\"JSON\",\"LogGroup\":{\"Ref\":\"BackendLogs\"}},"
        "\"MemorySize\":\"512\",\"Role\":{\"Fn::GetAtt\":[\"BackendRole\",\"Arn\"]},"
        "\"Runtime\":\"python3.13\",\"Timeout\":\"29\",\"TracingConfig\":{\"Mode\":\"Active\"}}",
        sha256_hex(f.input.code).text);
    struct sha256_hex want = sha256_hex(sha256_of(str_from(message)));

    (void)state;
    assert_int_equal(
        template_build_id(f.input.kind, &f.input.function, f.parameters, f.input.code, &got, &err),
        ERR_NONE);
    assert_memory_equal(buf_cstr(&got), want.text, TEMPLATE_BUILD_ID);
    assert_int_equal(template_build_id(TEMPLATE_STATIC, &f.input.function, f.parameters,
                                       f.input.code, &got, &err),
                     ERR_INVALID);
}

/* clang-format off */
static const struct {
    enum change what;
    const char *name;
    const char *value;
    const char *sentence; /* part of it */
} refusals[] = {
    {RUNTIME,      NULL, "nodejs22.x",        "runtime"},
    {RUNTIME,      NULL, "python3.13-x",      "runtime"},
    {ARCHITECTURE, NULL, "riscv",             "architecture"},
    {ACCOUNT_ID,   NULL, "12345678901",       "12 digits"},
    {ACCOUNT_ID,   NULL, "12345678901x",      "12 digits"},
    {ACCOUNT_ID,   NULL, "123456789012x",     "12 digits"},
    {BUILD,        NULL, "0123",              "build id"},
    {BUILD,        NULL, "0123456789ABCDEF",  "build id"},
    {SETTING,      "LOG_LEVEL", "x",          "LOG_LEVEL"}, /* not ours */
    {VARIABLE,     "AWSCOPILOT_APP", "x",     "reserved"},
    {VARIABLE,     "AWS_REGION", "x",         "reserved"},
    {VARIABLE,     "LAMBDA_TASK_ROOT", "x",   "reserved"},
    {VARIABLE,     "_HANDLER", "x",           "_HANDLER"},
    {VARIABLE,     "A", "x",                  "not a name"},
    {VARIABLE,     "A-B", "x",                "not a name"},
    {VARIABLE,     "A_B", "{{resolve:ssm:/a}}", "fetch a secret"},
    {NO_APP,       NULL, NULL,                "application"},
    {NO_PATTERNS,  NULL, NULL,                "path patterns"},
};
/* clang-format on */

static void what_lambda_would_refuse_is_refused_with_a_sentence(void **state) {

    (void)state;
    for (size_t i = 0; i < ARRAY_N(refusals); i++) {
        CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_LAMBDA_HTTP, "aws");
        struct template_text text = {0};
        struct err err = {0};

        fixture_change(&f, refusals[i].what, refusals[i].name, refusals[i].value);
        if (template_emit(&f.input, &text, &err) != ERR_INVALID ||
            strstr(err.text, refusals[i].sentence) == NULL || text.text != NULL) {
            fail_msg("%zu: %s: '%s'", i, refusals[i].sentence, err.text);
        }
    }
}

static void variables_over_lambdas_limit_are_refused(void **state) {
    CLEANUP(fixture_done) struct fixture f = fixture_new(TEMPLATE_API, "aws");
    CLEANUP(freep) char *value = mem_alloc(TEMPLATE_VARIABLES_MAX + 1);
    struct template_text text = {0};
    struct err err = {0};

    (void)state;
    memset(value, 'x', TEMPLATE_VARIABLES_MAX);
    json_put_str(f.variables, "LOG_LEVEL", value);
    assert_int_equal(template_emit(&f.input, &text, &err), ERR_TOO_LARGE);
    assert_string_not_equal(err.remedy, "");
    value[TEMPLATE_VARIABLES_MAX - 100] = '\0';
    json_put_str(f.variables, "LOG_LEVEL", value);
    emit(&f, &text);
    template_text_done(&text);
}

/* --- the endpoint profile --- */

/* Counts where two values differ; a list of another length is one difference. */
static size_t differences(const json_t *a, const json_t *b) {
    size_t n = 0;
    size_t i;
    const char *key;
    json_t *member;

    if (json_is_object(a) && json_is_object(b)) {
        json_object_foreach((json_t *)(uintptr_t)a, key, member) {
            n += differences(member, json_object_get(b, key));
        }
        json_object_foreach((json_t *)(uintptr_t)b, key, member) {
            n += json_object_get(a, key) == NULL ? 1 : 0;
        }
        return n;
    }
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b)) {
        json_array_foreach(a, i, member) { n += differences(member, json_array_get(b, i)); }
        return n;
    }
    return json_equal(a, b) ? 0 : 1;
}

static void a_profile_changes_what_it_says_and_nothing_else(void **state) {
    /* clang-format off */
    static const struct {
        enum template_kind kind;
        const char *profile;
        size_t want;
    } cases[] = {
        {TEMPLATE_LAMBDA_HTTP, "moto", 0},      {TEMPLATE_LAMBDA_HTTP, "fake", 0},
        {TEMPLATE_BOOTSTRAP,   "moto", 0},      {TEMPLATE_STATIC,      "fake", 0},
        {TEMPLATE_STATIC,      "ministack", 1}, /* TlsOnly */
        {TEMPLATE_BOOTSTRAP,   "ministack", 1},
        /* TlsOnly, BackendRole's Secrets; the origin's name, path, protocol, port, TLS list */
        {TEMPLATE_LAMBDA_HTTP, "ministack", 7},
        {TEMPLATE_API,         "ministack", 6},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(fixture_done) struct fixture f = fixture_new(cases[i].kind, "aws");
        CLEANUP(template_text_done) struct template_text aws = {0};
        CLEANUP(template_text_done) struct template_text local = {0};
        size_t got = 0;

        emit(&f, &aws);
        f.input.profile = endpoint_profile_find(cases[i].profile);
        emit(&f, &local);
        got = differences(aws.json, local.json);
        if (got != cases[i].want) {
            fail_msg("%s on %s: %zu differences", template_kind_name(cases[i].kind),
                     cases[i].profile, got);
        }
        assert_string_equal(aws.version, local.version); /* the same function */
    }
}

/* --- for scripts/check-templates --- */

static void write_one(const char *folder, enum template_kind kind) {
    CLEANUP(fixture_done) struct fixture f = fixture_new(kind, "aws");
    CLEANUP(template_text_done) struct template_text text = {0};
    CLEANUP(freep) char *path = mem_format("%s/%s.emitted.json", folder, template_kind_name(kind));
    struct err err = {0};
    FILE *file = fopen(path, "w");

    if (file == NULL || template_emit(&f.input, &text, &err) != ERR_NONE ||
        fwrite(text.text, 1, text.len, file) != text.len || fclose(file) != 0) {
        abort();
    }
}

/* What serves going on with a session expires; what proves or goes back never does. */
static void the_bucket_drops_old_sessions_and_keeps_what_proves(void **state) {
    CLEANUP(json_decrefp) json_t *template = template_load(TEMPLATE_BOOTSTRAP);
    CLEANUP(json_decrefp) json_t *ends = json_object();
    CLEANUP(json_decrefp)
    json_t *want = json_pack("{s:i, s:i}", "sessions/", 90, "approvals/", 90);
    const json_t *rule;
    size_t i;

    (void)state;
    json_array_foreach(
        json_at(template, "Resources.Artifacts.Properties.LifecycleConfiguration.Rules"), i, rule) {
        assert_string_equal(json_str_or(rule, "Status", ""), "Enabled");
        if (json_object_get(rule, "ExpirationInDays") != NULL) {
            json_put(ends, json_str_or(rule, "Prefix", "(everything)"),
                     json_incref(json_object_get(rule, "ExpirationInDays")));
        }
    }
    assert_true(json_equal(ends, want));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_embedded_and_has_its_resources),
        cmocka_unit_test(the_site_is_the_same_in_both_files),
        cmocka_unit_test(the_first_segment_of_a_route_decides_its_patterns),
        cmocka_unit_test(more_patterns_than_cloudfront_takes_are_refused),
        cmocka_unit_test(an_emitted_template_passes_its_own_check),
        cmocka_unit_test(an_emitted_template_holds_what_was_put_in),
        cmocka_unit_test(the_behaviours_of_the_api_stand_behind_the_assets),
        cmocka_unit_test(an_api_alone_keeps_cloudfront_and_the_lock),
        cmocka_unit_test(equal_input_gives_equal_bytes),
        cmocka_unit_test(only_what_runs_makes_another_version),
        cmocka_unit_test(the_build_id_is_the_documented_digest),
        cmocka_unit_test(what_lambda_would_refuse_is_refused_with_a_sentence),
        cmocka_unit_test(variables_over_lambdas_limit_are_refused),
        cmocka_unit_test(a_profile_changes_what_it_says_and_nothing_else),
        cmocka_unit_test(the_bucket_drops_old_sessions_and_keeps_what_proves),
    };

    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        write_one(argv[2], TEMPLATE_LAMBDA_HTTP);
        write_one(argv[2], TEMPLATE_API);
        write_one(argv[2], TEMPLATE_STATIC);
        return 0;
    }
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
