/* redact: what must not be seen is not seen, in any context and encoding; what must stay visible
 * stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "guard/iam/managed.h"
#include "guard/redact/redact_fixture.h"

static void check_planted(const struct redactor *redactor, const char *name, const char *context,
                          enum encoding encoding, const char *secret) {
    if (is_leaking(redactor, context, encoding, secret)) {
        fail_msg("%s, encoding %d: %s", name, (int)encoding, context);
    }
}

static void no_kind_of_token_is_seen_in_any_context_and_encoding(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t k = 0; k < kind_n; k++) {
        for (size_t c = 0; c < context_n; c++) {
            for (enum encoding e = RAW; e < ENCODING_N; e++) {
                CLEANUP(freep) char *secret = secret_of(&kinds[k]);
                check_planted(redactor, kinds[k].name, contexts[c], e, secret);
            }
        }
    }
}

static void an_aws_secret_key_is_found_where_aws_is_talked_about(void **state) {
    static const char *const places[] = {
        "AWS_SECRET=%s",
        "my aws thing = '%s'",
        "{\"aws\": {\"x\": \"%s\"}}",
        "{\\\"aws\\\": \\\"%s\\\"}",
        "the access secret is %s, please keep it",
        "aws configure set x %s",
        "https://example.com/?aws=1&x=%s",
        "aws:\n  - one\n  - %s",
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    const struct kind kind = {.alphabet = base64s, .body = 40, .tail = ""};

    (void)state;
    for (int i = 0; i < 50; i++) {
        for (size_t c = 0; c < ARRAY_N(places); c++) {
            CLEANUP(freep) char *secret = secret_of(&kind);
            check_planted(redactor, "aws secret", places[c], RAW, secret);
            check_planted(redactor, "aws secret", places[c], JSON_ESCAPED, secret);
            check_planted(redactor, "aws secret", places[c], PERCENT, secret);
        }
    }
}

/* Eighty of them are as long as a secret key, alone or with a part of their path. */
static void no_managed_policy_of_aws_is_taken_for_a_secret_key(void **state) {
    static const char *const places[] = {
        "arn:aws:iam::aws:policy/%s",
        "arn:aws:iam::aws:policy/service-role/%s",
        "arn:aws:iam::aws:policy/aws-service-role/%s",
        "arn:aws-cn:iam::aws:policy/job-function/%s",
        "aws iam get-policy --policy %s",
        "aws has policy/%s, role/%s and function/%s",
        "aws:policy/%s",
        "\"policy\": \"policy/service-role/%s\"",
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    assert_true(iam_managed_n() > 1000);
    for (size_t i = 0; i < iam_managed_n(); i++) {
        for (size_t k = 0; k < ARRAY_N(places); k++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
            struct redact_hit hit = {0};

            for (const char *p = places[k]; *p != '\0'; p++) {
                if (p[0] == '%' && p[1] == 's') {
                    buf_add_s(&text, iam_managed_name(i));
                    p++;
                } else {
                    buf_add_c(&text, *p);
                }
            }
            if (redact_find(redactor, buf_str(&text), &hit, 1) > 0) {
                fail_msg("%s (%s)", buf_cstr(&text), hit.kind);
            }
        }
    }
}

static void a_webhook_is_masked_after_its_host(void **state) {
    static const char *const places[] = {"https://hooks.slack.com/services/%s",
                                         "url: hooks.slack.com/workflows/%s",
                                         "\"https://hooks.slack.com/triggers/%s\""};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    const struct kind kind = {.alphabet = base64s, .body = 46, .tail = ""};

    (void)state;
    for (size_t c = 0; c < ARRAY_N(places); c++) {
        CLEANUP(freep) char *secret = secret_of(&kind);
        check_planted(redactor, "webhook", places[c], RAW, secret);
        check_planted(redactor, "webhook", places[c], JSON_ESCAPED, secret);
    }
}

static void what_stands_under_a_secrets_name_is_not_seen(void **state) {
    static const char *const values[] = {"Summer4821!", "correct-horse", "hunter2hunter2",
                                         "p+a=s/s", "Zm9vYmFyMTIz"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < named_n; i++) {
        for (size_t v = 0; v < ARRAY_N(values); v++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(4096);

            if (strncmp(named[i], "https://X", 9) == 0 && strchr(values[v], '/') != NULL) {
                continue; /* an @ in a path looks the same */
            }
            /* A capital X at a word's begin and end is the place; the other ones are names. */
            for (const char *p = named[i]; *p != '\0'; p++) {
                bool is_place = *p == 'X' && p[1] != '-';
                if (is_place) {
                    buf_add_s(&text, values[v]);
                } else {
                    buf_add_c(&text, *p);
                }
            }
            CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
            if (strstr(masked, values[v]) != NULL) {
                fail_msg("%s\n -> %s", buf_cstr(&text), masked);
            }
        }
    }
}

static void a_private_key_is_masked_to_its_end(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    static const char *const begins[] = {"-----BEGIN %s-----", "-----END %s-----"};
    static const char *const labels[] = {"RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY",
                                         "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"};
    static const char *const shapes[] = {
        "before\n%B\n%L\n%L\n%E\nafter",
        "before \"%B\\n%L\\n%L\\n%E\\n\" after",
        "before\n    %B\r\n    %L\r\n    %E\r\nafter",
        "before k = (\"%B\\n\"\n \"%L\\n\"\n \"%L\\n\"\n \"%E\")\nafter",
        "before\nTLS_KEY=%B\n%L\n%L\n%E\nafter",
        "before\nexport TLS_KEY=\"%B\n%L\n%L\n%E\"\nafter",
        "before\ntls_key: |\n  %B\n  %L\n  %E\nafter: 1",
        "before {\"private_key\": \"%B\\n%L\\n%E\\n\", \"after\": 1}",
        "before\n%B\n%L\n%L\n%L", /* never ends */
    };
    const struct kind body = {.alphabet = base64s, .body = 64, .tail = ""};

    (void)state;
    for (size_t l = 0; l < ARRAY_N(labels); l++) {
        for (size_t s = 0; s < ARRAY_N(shapes); s++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(8192);
            CLEANUP(freep) char *line = secret_of(&body);

            for (const char *p = shapes[s]; *p != '\0'; p++) {
                if (*p != '%') {
                    buf_add_c(&text, *p);
                } else if (*++p == 'L') {
                    buf_add_s(&text, line);
                } else {
                    const char *mark = begins[*p == 'E'];
                    buf_add(&text, str_slice(str_from(mark), 0, strcspn(mark, "%")));
                    buf_add_s(&text, labels[l]);
                    buf_add_s(&text, "-----");
                }
            }
            CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
            bool has_after = s + 1 < ARRAY_N(shapes);
            if (leaks(masked, strlen(masked), line) || strstr(masked, "before") == NULL ||
                (has_after && strstr(masked, "after") == NULL)) {
                fail_msg("%s\n -> %s", buf_cstr(&text), masked);
            }
        }
    }
}

static void what_is_no_secret_stays_as_it_is(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    check_stays(redactor, harmless, harmless_n);
}

static void names_of_secrets_are_told_by_their_words(void **state) {
    static const struct {
        const char *key;
        bool is_secret;
    } keys[] = {
        {"password", true},
        {"DB_PASSWORD", true},
        {"dbPassword", true},
        {"PGPASSWORD", true},
        {"apiKey", true},
        {"APIKey", true},
        {"api-key", true},
        {"x-api-key", true},
        {"AWS_SECRET_ACCESS_KEY", true},
        {"SecretAccessKey", true},
        {"AccessKeyId", true},
        {"aws_session_token", true},
        {"_authToken", true},
        {"auth", true},
        {"Authorization", true},
        {"Set-Cookie", true},
        {"SENTRY_DSN", true},
        {"token2", true},
        {"private", true},
        {"private_key", true},
        {"credentials", true},
        {"client.secret", true},
        {"passphrase", true},
        {"userpasswd", true},
        {"author", false},
        {"monkey", false},
        {"keyboard", false},
        {"authority", false},
        {"Key", false},
        {"KeyId", false},
        {"KMSMasterKeyId", false},
        {"PublicKey", false},
        {"publicKey", false},
        {"S3Key", false},
        {"BackendKey", false},
        {"primary_key", false},
        {"completion_tokens", false},
        {"token_count", false},
        {"token_budget", false},
        {"AuthType", false},
        {"secret_name", false},
        {"SecretArn", false},
        {"secrets", false},
        {"NextToken", false},
        {"passed", false},
        {"compass", false},
        {"PrivateSubnet", false},
        {"token_path", false},
        {"", false},
        {"token.example.com:aud", false},
        {"AuthLogs", false},
        {"OutputKey", false},
        {"clientToken", false},
        {"nextForwardToken", false},
        {"KeyMarker", false},
        {"SigningKey", true},
        {"TOKEN_MAX", false},
        {"AllowCredentials", false},
        {"api_key_value", true},
        {"AuthRole", false},
        {"keyPrefixEquals", false},
        {"credentialsId", false},
        {"AUTH_CLIENT_ID", false},
        {"secretKeyRef", false},
        {"passwordLabel", false},
        {"CURLOPT_USERPWD", true},
        {"db_pw", true},
        {"trustStorepass", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        if (redact_is_secret_key(str_from(keys[i].key)) != keys[i].is_secret) {
            fail_msg("%s", keys[i].key);
        }
    }
}

/* The ways a value is written elsewhere; false after the last one. */
static bool spell(int way, struct str value, struct buf *out) {
    CLEANUP(json_decrefp) json_t *string = json_string_of(value);
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(TEXT_MAX);

    buf_add(&bytes, str_slice(STR("##"), 0, way >= 3 && way <= 8 ? (size_t)(way % 3) : 0));
    buf_add(&bytes, value);
    buf_add_s(&bytes, way >= 3 && way <= 8 ? "tail" : "");
    CLEANUP(freep)
    char *escaped = json_dumps(string, JSON_ENCODE_ANY |
                                           (way == 1 ? JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH : 0));
    switch (way) {
    case 0:
    case 1:
        buf_addf(out, "%s", escaped);
        break;
    case 2:
        percent_add(out, value, false);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
        base64_add(out, bytes.ptr, bytes.len);
        for (size_t i = 0; way >= 6 && i < out->len; i++) {
            out->ptr[i] = out->ptr[i] == '+' ? '-' : out->ptr[i] == '/' ? '_' : out->ptr[i];
        }
        break;
    case 9:
        hex_add(out, value.ptr, value.len);
        break;
    case 10:
        for (size_t i = 0; i < value.len; i++) {
            buf_addf(out, "%02X", (unsigned)(unsigned char)value.ptr[i]);
        }
        break;
    case 11:
        for (size_t i = 0; i < value.len; i++) {
            buf_addf(out, "%%%02x", (unsigned)(unsigned char)value.ptr[i]);
        }
        break;
    case 12:
        buf_add(out, value);
        break;
    default:
        return false;
    }
    return true;
}

static void a_known_value_is_not_seen_in_any_spelling(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < known_value_n; i++) {
        redactor_add_known(redactor, "NAME", str_from(known_values[i]));
    }
    for (size_t i = 0; i < known_value_n; i++) {
        for (int way = 0;; way++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
            CLEANUP(buf_done) struct buf spelled = BUF_INIT(TEXT_MAX);

            if (!spell(way, str_from(known_values[i]), &spelled)) {
                break;
            }
            buf_addf(&text, "see (%s) there", buf_cstr(&spelled));
            CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
            /* The middle of what was written is gone. */
            CLEANUP(freep)
            char *middle =
                str_dup(str_slice(buf_str(&spelled), spelled.len / 2 - 3, spelled.len / 2 + 3));
            if (strstr(masked, "***") == NULL || strstr(masked, middle) != NULL ||
                strncmp(masked, "see (", 5) != 0) {
                fail_msg("value %zu, way %d: %s\n -> %s", i, way, buf_cstr(&text), masked);
            }
        }
    }
}

static void each_line_of_a_known_value_is_known(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "K", STR("first part\nsecond part\nabc"));
    CLEANUP(freep) char *masked = mask_of(redactor, STR("a second part b\nabc\nfirst part"), NULL);
    assert_string_equal(masked, "a *** b\nabc\n***");
}

static void a_short_or_plain_value_is_masked_only_under_its_name(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "STAGE", STR("production"));
    redactor_add_known(redactor, "HOME_REGION", STR("eu-central-1"));
    redactor_add_known(redactor, "PIN", STR("4821"));
    redactor_add_known(redactor, NULL, STR("xyz"));
    CLEANUP(freep)
    char *masked = mask_of(redactor,
                           STR("production in eu-central-1: 4821 xyz\nSTAGE=production\n"
                               "{\"PIN\": 4821, \"HOME_REGION\": \"eu-central-1\"} pin=4821"),
                           NULL);
    assert_string_equal(masked, "production in eu-central-1: 4821 xyz\nSTAGE=***\n"
                                "{\"PIN\": \"***\", \"HOME_REGION\": \"***\"} pin=4821");
}

static void a_known_value_is_not_seen_as_a_name(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "N", STR("known-value"));
    CLEANUP(freep)
    char *masked =
        mask_of(redactor, STR("auth:\n  known-value: x\nknown-value=1 {\"known-value\": 2}"), NULL);
    assert_null(strstr(masked, "known-value"));
}

static void known_values_win_over_what_may_stay(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "ID", STR("7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50"));
    CLEANUP(freep)
    char *masked =
        mask_of(redactor, STR("request 7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50 done"), NULL);
    assert_string_equal(masked, "request *** done");
}

/* ---- trees ---- */

static void trees_are_masked_before_they_are_written(void **state) {
    static const struct {
        const char *in;
        const char *want; /* canonical: keys sorted */
    } rows[] = {
        {"{'a':1,'b':[true,null,1.5]}", "{'a':1,'b':[true,null,1.5]}"},
        {"{'password':'x','n':null}", "{'n':null,'password':'***'}"},
        {"{'secret':{'a':[1,null,{'b':false}]}}", "{'secret':{'a':['***',null,{'b':false}]}}"},
        {"{'token':null,'tokens':3}", "{'token':null,'tokens':3}"},
        {"[{'Name':'DB_PASSWORD','Value':'x'},{'Name':'STAGE','Value':'x'}]",
         "[{'Name':'DB_PASSWORD','Value':'***'},{'Name':'STAGE','Value':'x'}]"},
        {"['run','--password','x','--verbose','y']", "['run','--password','***','--verbose','y']"},
        {"['--token=x','ok']", "['--token=***','ok']"},
        {"{'cmd':'curl -u a:bcd h'}", "{'cmd':'curl -u a:*** h'}"},
        {"{'log':'{\\'password\\':\\'x\\'}'}", "{'log':'{\\'password\\':\\'***\\'}'}"},
        {"{'private':true,'api_key':'${API_KEY}'}", "{'api_key':'${API_KEY}','private':true}"},
        {"'plain'", "'plain'"},
        {"4711", "4711"},
        {"123456789012", "'***'"},
        {"['123456789012','\\'***\\'','123456789012\\n']", "['***','\\'***\\'','\\'***\\'\\n']"},
        {"{'k-known-value':1}", "{'k-***':1}"},
        /* what stands apart in a tree is found as in its text */
        {"{'cookies':{'sessionid':'x7Gk2pQ'}}", "{'cookies':{'sessionid':'***'}}"},
        {"{'cookies':['session_id=x7Gk2pQ','theme=dark']}", "{'cookies':['***','***']}"},
        {"{'HeaderName':'Authorization','HeaderValue':'x7Gk2pQ'}",
         "{'HeaderName':'Authorization','HeaderValue':'***'}"},
        {"{'input':'x7Gk2pQ','loc':['body','password']}",
         "{'input':'***','loc':['body','password']}"},
        {"[{'op':'add','path':'/env/DB_PASSWORD','value':'x7Gk2pQ'}]",
         "[{'op':'add','path':'/env/DB_PASSWORD','value':'***'}]"},
        {"{'alg':'HS256','k':'RkXK73IKPFb_d0C5wZ6BIXlTgG3tB1','kty':'oct'}",
         "{'alg':'HS256','k':'***','kty':'oct'}"},
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "N", STR("123456789012"));
    redactor_add_known(redactor, "K", STR("known-value"));
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *in = mem_strdup(rows[i].in);
        CLEANUP(freep) char *want = mem_strdup(rows[i].want);
        CLEANUP(json_decrefp) json_t *json = NULL;
        CLEANUP(masked_done) struct masked masked = {0};
        struct err err = {0};

        for (size_t k = 0; k < strlen(in); k++) {
            in[k] = in[k] == '\'' ? '"' : in[k];
        }
        for (size_t k = 0; k < strlen(want); k++) {
            want[k] = want[k] == '\'' ? '"' : want[k];
        }
        assert_int_equal(json_read(str_from(in), &json, &err), ERR_NONE);
        redact_json(redactor, json, &masked);
        if (strcmp(masked_cstr(&masked), want) != 0) {
            fail_msg("%s\n -> %s\n not %s", in, masked_cstr(&masked), want);
        }
    }
}

static void a_tree_that_is_too_deep_is_masked_where_it_is(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(masked_done) struct masked masked = {0};
    json_t *json = json_string("deep-inside");

    (void)state;
    for (int i = 0; i < 1000; i++) {
        json = json_pack("[o]", json);
    }
    redact_json(redactor, json, &masked);
    json_decref(json);
    assert_null(strstr(masked_cstr(&masked), "deep-inside"));
}

static void a_finder_says_what_and_where(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(freep) char *token = secret_of(&kinds[6]);
    CLEANUP(freep) char *text = mem_format("line\nx %s\npassword=abc ***\n", token);
    struct redact_hit hits[4];

    (void)state;
    assert_int_equal(redact_find(redactor, str_from(text), hits, 4), 2);
    assert_string_equal(hits[0].kind, "github-token");
    assert_int_equal(hits[0].at, 7);
    assert_int_equal(hits[0].len, strlen(token));
    assert_string_equal(hits[1].kind, "key");
    assert_int_equal(redact_find(redactor, str_from(text), hits, 1), 1);
    assert_int_equal(redact_find(redactor, STR("token=***"), hits, 4), 0);
}

/* ---- the table ---- */

static bool masks_as(const struct redactor *redactor, const char *kind, struct str text) {
    struct redact_hit hits[8];
    size_t n = redact_find(redactor, text, hits, ARRAY_N(hits));

    for (size_t i = 0; i < n; i++) {
        if (strcmp(hits[i].kind, kind) == 0) {
            return true;
        }
    }
    return false;
}

static void a_value_without_a_sign_before_it_is_masked_when_it_is_opaque(void **state) {
    static const char *const places[] = {"walkscore TOKEN %s", "boxSECRET %s", "api key %s, it is",
                                         "the token %s."};
    static const char *const values[][2] = {{"abcdef12345678", "90abcdef1234567890"},
                                            {"fa327aA1-23ZC-1A2B-", "3c4d-5E6F67fb34EA"},
                                            {"abcdef1234567890", ".abcdef1234567890ab"},
                                            {"123456789012", "345678901234"}};
    static const char *const no[] = {
        "the secret my-service-production-database-2026 was made",
        "secret prod/db/copilot-AbCdEf was read",
        "unexpected token anotherIdentifierInTheFile",
        "encryption key 1234abcd-12ab-34cd-56ef-1234567890ab of KMS",
        "gpg: using RSA key 4AEE18F83AFDEB23",
        "token v1.2.3-rc4 of 2026-11-30",
        "keys 951bc382db9cfee29c68634761dd6e19 and others",
        "a token sha256:951bc382db9cfee29c68634761dd6e19",
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(places) * ARRAY_N(values); i++) {
        const char *const *parts = values[i % ARRAY_N(values)];
        CLEANUP(buf_done) struct buf value = BUF_INIT(TEXT_MAX);

        buf_addf(&value, "%s%s", parts[0], parts[1]);
        check_planted(redactor, "opaque", places[i / ARRAY_N(values)], RAW, buf_cstr(&value));
    }
    check_stays(redactor, no, ARRAY_N(no));
}

static void a_token_of_hexadecimal_is_told_by_what_goes_on(void **state) {
    static const char id[] = "951bc382db9cfee29c68634761dd6e19";
    static const char *const yes[] = {"-5d41402a-bc4b2a76", ".LLSZ2InjarUXEhNr",
                                      ".-4JpTp0dQHmf0nb89xI-wgP-"};
    static const char *const no[] = {
        "-5d41402a-bc4b2a7",    "-5d41402a-bc4b2a76-1", "-5d41402abbc4b2a76", ".LLSZ2InjarUXEhN",
        ".anotherlongword1234", ".AnotherLongWordHere", "-5d41402a-bc4b2a7z", ".min.js.map"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(yes) + ARRAY_N(no); i++) {
        bool is_yes = i < ARRAY_N(yes);
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        buf_addf(&text, "x %s%s y", id, is_yes ? yes[i] : no[i - ARRAY_N(yes)]);
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        assert_string_equal(masked, is_yes ? "x *** y" : buf_cstr(&text));
    }
}

/* The example of NATS' own documentation. */
static void a_seed_of_nats_is_told_by_its_checksum(void **state) {
    static const char *const halves[] = {"SUACSSL3UAHUDXKFSNVUZRF5UHPM",
                                         "WZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(buf_done) struct buf seed = BUF_INIT(TEXT_MAX);

    (void)state;
    buf_addf(&seed, "%s%s", halves[0], halves[1]);
    CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&seed), NULL);
    assert_string_equal(masked, "***");
    for (size_t i = 3; i < seed.len; i++) { /* one wrong character */
        CLEANUP(freep) char *wrong = str_dup(buf_str(&seed));
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        CLEANUP(freep) char *shown = mask_of(redactor, str_from(wrong), NULL);
        assert_string_equal(shown, wrong);
    }
}

static void every_row_of_the_table_masks_its_example_and_leaves_the_other(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < redact_rule_count(); i++) {
        CLEANUP(buf_done) struct buf yes = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf no = BUF_INIT(TEXT_MAX);
        struct redact_rule rule;

        redact_rule_describe(i, &rule);
        if (rule.is_hint) {
            continue;
        }
        redact_rule_example(i, false, &yes);
        redact_rule_example(i, true, &no);
        if (!masks_as(redactor, rule.kind, buf_str(&yes))) {
            fail_msg("%s '%s' does not mask %s", rule.kind, rule.anchor, buf_cstr(&yes));
        }
        if (masks_as(redactor, rule.kind, buf_str(&no))) {
            fail_msg("%s '%s' masks %s", rule.kind, rule.anchor, buf_cstr(&no));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_kind_of_token_is_seen_in_any_context_and_encoding),
        cmocka_unit_test(an_aws_secret_key_is_found_where_aws_is_talked_about),
        cmocka_unit_test(no_managed_policy_of_aws_is_taken_for_a_secret_key),
        cmocka_unit_test(a_webhook_is_masked_after_its_host),
        cmocka_unit_test(what_stands_under_a_secrets_name_is_not_seen),
        cmocka_unit_test(a_private_key_is_masked_to_its_end),
        cmocka_unit_test(what_is_no_secret_stays_as_it_is),
        cmocka_unit_test(names_of_secrets_are_told_by_their_words),
        cmocka_unit_test(a_known_value_is_not_seen_in_any_spelling),
        cmocka_unit_test(each_line_of_a_known_value_is_known),
        cmocka_unit_test(a_short_or_plain_value_is_masked_only_under_its_name),
        cmocka_unit_test(a_known_value_is_not_seen_as_a_name),
        cmocka_unit_test(known_values_win_over_what_may_stay),
        cmocka_unit_test(trees_are_masked_before_they_are_written),
        cmocka_unit_test(a_tree_that_is_too_deep_is_masked_where_it_is),
        cmocka_unit_test(a_finder_says_what_and_where),
        cmocka_unit_test(a_value_without_a_sign_before_it_is_masked_when_it_is_opaque),
        cmocka_unit_test(a_token_of_hexadecimal_is_told_by_what_goes_on),
        cmocka_unit_test(a_seed_of_nats_is_told_by_its_checksum),
        cmocka_unit_test(every_row_of_the_table_masks_its_example_and_leaves_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
