/* redact: what must not be seen is not seen, in any context and encoding, however it is cut; what
 * must stay visible stays. Secrets are put together here: none stands in this repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "guard/redact/redact.h"

enum { TEXT_MAX = 8 << 20 };

/* ---- making secrets ---- */

static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char hexes[] = "0123456789abcdef";
static const char base64s[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char words[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static uint32_t seed = 12345;

static uint32_t next_random(void) {
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

/* clang-format off */
static const struct kind {
    const char *name;
    const char *parts[4]; /* written in between, so that no scanner finds a whole prefix */
    const char *alphabet;
    int body;
    const char *tail;
} kinds[] = {
    {"aws id",            {"AK", "IA"},                    upper,   16, ""},
    {"aws temporary id",  {"AS", "IA"},                    upper,   16, ""},
    {"aws session token", {"IQoJ", "b3Jp", "Z2lu"},        base64s, 300, "=="},
    {"aws old token",     {"FwoG", "ZXIv", "YXdz"},        base64s, 200, "="},
    {"ecr login",         {"QVdT", "OmV5"},                base64s, 200, ""},
    {"bedrock key",       {"AB", "SK"},                    base64s, 120, "="},
    {"github classic",    {"gh", "p_"},                    alnum,   36, ""},
    {"github app",        {"gh", "s_"},                    alnum,   36, ""},
    {"github refresh",    {"gh", "r_"},                    alnum,   76, ""},
    {"github fine",       {"github", "_pat_"},             alnum,   82, ""},
    {"gitlab",            {"gl", "pat-"},                  words,   20, ""},
    {"openai",            {"sk", "-"},                     alnum,   48, ""},
    {"openai project",    {"sk", "-proj-"},                words,   150, ""},
    {"anthropic",         {"sk", "-ant-api03-"},           words,   93, "AA"},
    {"slack bot",         {"xo", "xb-"},                   alnum,   40, "-x1"},
    {"slack app",         {"xa", "pp-1-"},                 alnum,   60, ""},
    {"npm",               {"np", "m_"},                    alnum,   36, ""},
    {"stripe",            {"sk", "_live_"},                alnum,   24, ""},
    {"stripe restricted", {"rk", "_test_"},                alnum,   99, ""},
    {"stripe webhook",    {"wh", "sec_"},                  alnum,   32, ""},
    {"google",            {"AI", "za"},                    words,   35, ""},
    {"google client",     {"GOC", "SPX-"},                 words,   28, ""},
    {"google access",     {"ya", "29."},                   words,   60, ""},
    {"sendgrid",          {"SG", "."},                     alnum,   66, ""},
    {"twilio",            {"S", "K"},                      hexes,   32, ""},
    {"mailgun",           {"ke", "y-"},                    hexes,   32, ""},
    {"planetscale",       {"pscale", "_pw_"},              alnum,   43, ""},
    {"docker",            {"dckr", "_pat_"},               words,   27, ""},
    {"digitalocean",      {"dop", "_v1_"},                 hexes,   64, ""},
    {"databricks",        {"da", "pi"},                    hexes,   32, ""},
    {"vault",             {"hv", "s."},                    words,   95, ""},
    {"huggingface",       {"h", "f_"},                     alnum,   34, ""},
    {"pypi",              {"pypi-", "AgEI", "cHlwaS5vcmc"}, words,  150, ""},
    {"aws b",             {"AB", "IA"},                    upper,   16, ""},
    {"aws c",             {"AC", "CA"},                    upper,   16, ""},
    {"aws old",           {"A3", "T"},                     upper,   17, ""},
    {"aws federated",     {"FQoG", "ZXIv", "YXdz"},        base64s, 200, "="},
    {"bedrock api",       {"bedrock", "-api-key-"},        alnum,   60, ""},
    {"github oauth",      {"gh", "o_"},                    alnum,   36, ""},
    {"github user",       {"gh", "u_"},                    alnum,   36, ""},
    {"github stateless",  {"gh", "s_1234_", "eyJhbGciOiJ9."}, words, 400, ".c2ln"},
    {"gitlab deploy",     {"gl", "dt-"},                   words,   20, ""},
    {"gitlab runner",     {"gl", "rt-"},                   words,   20, ""},
    {"slack a",           {"xo", "xa-"},                   alnum,   40, ""},
    {"slack c",           {"xo", "xc-"},                   alnum,   40, ""},
    {"slack d",           {"xo", "xd-"},                   base64s, 60, ""},
    {"slack e",           {"xo", "xe-"},                   alnum,   40, ""},
    {"slack e.",          {"xo", "xe.xoxp-"},              alnum,   40, ""},
    {"slack o",           {"xo", "xo-"},                   alnum,   40, ""},
    {"slack p",           {"xo", "xp-"},                   alnum,   40, ""},
    {"slack r",           {"xo", "xr-"},                   alnum,   40, ""},
    {"slack s",           {"xo", "xs-"},                   alnum,   40, ""},
    {"stripe test",       {"sk", "_test_"},                alnum,   24, ""},
    {"stripe prod",       {"sk", "_prod_"},                alnum,   24, ""},
    {"stripe r live",     {"rk", "_live_"},                alnum,   24, ""},
    {"stripe r prod",     {"rk", "_prod_"},                alnum,   24, ""},
    {"google new",        {"AQ.", "Ab8RN6"},               words,   44, ""},
    {"atlas secret",      {"mdb", "_sa_sk_"},              words,   40, ""},
    {"supabase",          {"sb", "_secret_"},              words,   31, ""},
    {"supabase p",        {"sb", "p_"},                    hexes,   40, ""},
    {"planetscale t",     {"pscale", "_tkn_"},             alnum,   43, ""},
    {"planetscale o",     {"pscale", "_oauth_"},           alnum,   43, ""},
    {"vercel k",          {"vc", "k_"},                    alnum,   56, ""},
    {"vercel p",          {"vc", "p_"},                    alnum,   56, ""},
    {"vercel a",          {"vc", "a_"},                    alnum,   56, ""},
    {"vercel i",          {"vc", "i_"},                    alnum,   56, ""},
    {"vercel r",          {"vc", "r_"},                    alnum,   56, ""},
    {"docker org",        {"dckr", "_oat_"},               words,   32, ""},
    {"digitalocean o",    {"doo", "_v1_"},                 hexes,   64, ""},
    {"digitalocean r",    {"dor", "_v1_"},                 hexes,   64, ""},
    {"sentry user",       {"sntr", "yu_"},                 hexes,   64, ""},
    {"sentry",            {"sntr", "ys_"},                 base64s, 120, ""},
    {"pulumi",            {"pu", "l-"},                    hexes,   40, ""},
    {"vault batch",       {"hv", "b."},                    words,   120, ""},
    {"terraform",         {"abcdefghij1234", ".atlas", "v1."}, words, 67, ""},
    {"groq",              {"gs", "k_"},                    alnum,   52, ""},
    {"xai",               {"xa", "i-"},                    alnum,   80, ""},
    {"age",               {"AGE-SECRET", "-KEY-1"},        upper,   58, ""},
    {"jwt",               {"ey", "JhbGciOiJIUzI1NiJ9.ey"}, words,   80, ".c2lnbmF0dXJlMQ"},
};
/* clang-format on */

/* The whole secret; the caller frees. */
static char *secret_of(const struct kind *kind) {
    struct buf out = BUF_INIT(4096);

    for (size_t i = 0; i < ARRAY_N(kind->parts) && kind->parts[i] != NULL; i++) {
        buf_add_s(&out, kind->parts[i]);
    }
    for (int i = 0; i < kind->body; i++) {
        /* Begins and ends with a letter or digit, as tokens do. */
        size_t n = i == 0 || i + 1 == kind->body || kind->alphabet == hexes ? 10 : 0;
        size_t all = strlen(kind->alphabet);
        buf_add_c(&out, n > 0 && kind->alphabet != hexes ? 'x' - 'a' + 'A'
                                                         : kind->alphabet[next_random() % all]);
    }
    buf_add_s(&out, kind->tail);
    return buf_take(&out);
}

/* ---- helpers ---- */

static char *mask_of(const struct redactor *redactor, struct str text, size_t *len) {
    struct masked masked = {0};

    redact_text(redactor, text, &masked);
    if (len != NULL) {
        *len = masked.len;
    }
    return masked.ptr == NULL ? mem_strdup("") : masked.ptr;
}

/* No piece of 8 characters of the secret's inside is left. */
static bool leaks(const char *masked, size_t len, const char *secret) {
    size_t n = strlen(secret);

    for (size_t at = 4; at + 8 <= n; at += 4) {
        if (str_find((struct str){masked, len}, (struct str){secret + at, 8}) >= 0) {
            return true;
        }
    }
    return false;
}

/* ---- kinds x contexts x encodings ---- */

/* clang-format off */
static const char *const contexts[] = {
    "export THING=%s",
    "thing = \"%s\"",
    "{\"thing\": \"%s\", \"n\": 1}",
    "{\"log\": \"got {\\\"thing\\\": \\\"%s\\\"} back\"}",
    "thing: %s",
    "the value is %s, please keep it",
    "aws configure set thing %s",
    "https://example.com/cb?thing=%s&x=1",
    "Authorization: Bearer %s",
};
/* clang-format on */

enum encoding { RAW, JSON_ESCAPED, PERCENT, BASE64, HEX, UTF16, ENCODING_N };

static void encode(enum encoding encoding, struct str text, struct buf *out) {
    CLEANUP(json_decrefp) json_t *string = json_string_of(text);
    CLEANUP(freep) char *escaped = json_dumps(string, JSON_ENCODE_ANY | JSON_ESCAPE_SLASH);

    switch (encoding) {
    case RAW:
        buf_add(out, text);
        break;
    case JSON_ESCAPED:
        buf_addf(out, "{\"line\": %s}", escaped);
        break;
    case PERCENT:
        buf_add_s(out, "line ");
        percent_add(out, text, false);
        break;
    case BASE64:
        buf_add_s(out, "line ");
        base64_add(out, text.ptr, text.len);
        break;
    case HEX:
        buf_add_s(out, "line ");
        hex_add(out, text.ptr, text.len);
        break;
    case UTF16:
        for (size_t i = 0; i < text.len; i++) {
            buf_add_c(out, text.ptr[i]);
            buf_add_c(out, '\0');
        }
        break;
    case ENCODING_N:
        break;
    }
}

/* What a reader would make of what is left. */
static void decode(enum encoding encoding, struct str text, struct buf *out) {
    struct err err = {0};
    struct str tail = str_slice(text, 5, text.len);

    if (encoding == BASE64) {
        if (base64_read(tail, out, &err) != ERR_NONE) {
            return; /* masked: no Base64 any more */
        }
    } else if (encoding == HEX) {
        CLEANUP(freep) char *bytes = mem_alloc(text.len);
        if (hex_read(tail, bytes, tail.len / 2, &err) == ERR_NONE) {
            buf_add(out, (struct str){bytes, tail.len / 2});
        }
    } else {
        for (size_t i = 0; i < text.len; i++) {
            if (text.ptr[i] != '\0') {
                buf_add_c(out, text.ptr[i]);
            }
        }
    }
}

static void check_planted(const struct redactor *redactor, const char *name, const char *context,
                          enum encoding encoding, const char *secret) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_done) struct buf left = BUF_INIT(TEXT_MAX);
    size_t len = 0;
    const char *hole = strstr(context, "%s");

    buf_add(&line, (struct str){context, (size_t)(hole - context)});
    buf_add_s(&line, secret);
    buf_add_s(&line, hole + 2);
    encode(encoding, buf_str(&line), &text);
    CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
    decode(encoding, (struct str){masked, len}, &left);
    if (leaks(masked, len, secret) || leaks(buf_cstr(&left), left.len, secret) ||
        str_find((struct str){masked, len}, STR("***")) < 0) {
        fail_msg("%s, encoding %d: %s\n -> %.*s", name, (int)encoding, context, (int)len, masked);
    }
}

static void no_kind_of_token_is_seen_in_any_context_and_encoding(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t k = 0; k < ARRAY_N(kinds); k++) {
        for (size_t c = 0; c < ARRAY_N(contexts); c++) {
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

/* clang-format off */
/* A password without shape, by the name before it; X stands for it. */
static const char *const named[] = {
    "DB_PASSWORD=X", "export DB_PASSWORD='X'", "dbPassword: X", "{\"db_password\": \"X\"}",
    "{\"a\":{\"secret\":[\"X\",{\"b\":\"X\"}]}}", "{\\\"apiKey\\\": \\\"X\\\", \\\"n\\\": 1}",
    "{\\\\\\\"apiKey\\\\\\\": \\\\\\\"X\\\\\\\"}", "--db-password X", "--token=X", "run --client-secret \"X\" now",
    "'api-key' => 'X'", "os.environ[\"TOKEN\"] = \"X\"", "token := \"X\"", "PGPASSWORD=X psql", "MYSQL_PWD=X",
    "?access_token=X&a=1", "&sig=1&key=X&b", "X-Api-Key: X", "-H \"X-Auth-Token: X\"", "Cookie: a=X; b=c",
    "set-cookie: sid=X; HttpOnly", "proxy-authorization: Custom X", "\"Authorization\": \"token X\"",
    "<password>X</password>", "//registry.example.com/:_authToken=X", "machine h login u password X",
    "aws configure set aws_session_token X", "spring.datasource.password=X", "auth = { token = \"X\" }",
    "postgresql://u:X@db.example.com:5432/app", "mongodb+srv://u:X@h1,h2/db", "redis://:X@h:6379/0",
    "amqp://u:X/y@host/vhost", "jdbc:postgresql://h/db?user=a&password=X", "curl -s -u user:X https://h",
    "curl --user user:X https://h", "curl --user=user:X h", "https://X@github.com/a/b", "private_key: X",
    "secret: |\n  X\n  X\nnext: 1", "credentials:\n  user: X\n  list:\n    - X\nnext: 1", "passphrase: >-\n   X",
    "{\n \"credentials\": {\n  \"a\": \"X\",\n  \"b\": [\n   \"X\"\n  ]\n },\n \"c\": 1\n}",
    "client_secret=\"X", "auth_token=b'X'", "connection: dsn=X;", "X-Amz-Signature=X", "Password : X",
    "pass\u200bword=X",
};
/* clang-format on */

static void what_stands_under_a_secrets_name_is_not_seen(void **state) {
    static const char *const values[] = {"Summer4821!", "correct-horse", "hunter2hunter2",
                                         "p+a=s/s", "Zm9vYmFyMTIz"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(named); i++) {
        for (size_t v = 0; v < ARRAY_N(values); v++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(4096);

            if (strncmp(named[i], "https://X@", 10) == 0 && strchr(values[v], '/') != NULL) {
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

/* ---- what stays ---- */

/* clang-format off */
static const char *const harmless[] = {
    "arn:aws:iam::123456789012:role/depl-todo-dev-BackendRole-1A2B3C4D5E6F",
    "arn:aws:cloudformation:eu-central-1:123456789012:stack/depl-todo-dev/6f5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50",
    "change set arn:aws:cloudformation:eu-central-1:123456789012:changeSet/d-1/0a1b2c3d-0000-1111-2222-333344445555 is ready",
    "{\"CodeSha256\":\"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\"}",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709 aws secret-free",
    "integrity sha512-VbYxo4PRLdqtZ6uOLBYLKqRXxG2zJYLHHwrWiYpGAQEXWmrVqBjAMyIZkZVtL8FsUuZbvxr6zQ9J2bLrj0wPxA==",
    "x-amzn-requestid: 7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"",
    "build id 0123456789abcdef, backend/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.zip",
    "{\"BackendKey\":\"backend/9f86d081884c7d659a2feaa0c55ad015.zip\",\"S3Key\":\"a/b\",\"Key\":\"env\",\"Value\":\"prod\"}",
    "{\"SecretsPath\":\"/depl/todo/dev\",\"secrets\":[\"DB_PASSWORD\"],\"max_tokens\":4096,\"completion_tokens\":12}",
    "{\"KeyId\":\"7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50\",\"PublicKey\":\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ\"}",
    "{\"AuthType\":\"AWS_IAM\",\"AuthorizationType\":\"CUSTOM\",\"AuthorizerId\":{\"Ref\":\"Authorizer\"},\"CookieBehavior\":\"none\"}",
    "{\"private\":true,\"name\":\"frontend\",\"author\":\"me\",\"monkey\":\"yes\",\"keyboard\":\"de\",\"password\":null}",
    "{\"NextToken\":\"abc\",\"ClientToken\":\"d-1\",\"token_type\":\"bearer\",\"tokenUrl_path\":\"x\"}",
    "https://d111111abcdef8.cloudfront.net/api/health 200 in 12 ms",
    "https://packages.example.com/@babel/core/-/core-7.24.0.tgz",
    "git+ssh://git@github.com/me/todo.git and git@github.com:me/todo.git",
    "postgres://db.example.com:5432/app and http://127.0.0.1:8000/",
    "src/auth/token.c:123:4: error: expected ';' before token",
    "backend/auth.py:42: in get_password", "auth.internal:8080 answers", "token::Kind::Word, std::token",
    "if token == other { return }", "password = get_password(user)", "const token = useToken();",
    "API_KEY=${API_KEY}", "TOKEN=$TOKEN", "token: ${{ secrets.GITHUB_TOKEN }}", "password: {{resolve:ssm-secure:/a/b:1}}",
    "api_key = os.environ[\"API_KEY\"]", "apiKey: process.env.API_KEY,",
    "added 212 packages, and audited 213 packages in 4s", "vite v5.2.0 building for production...",
    "dist/assets/index-BfYx3k9Q.js  143.12 kB | gzip: 46.01 kB", "+ cookie 0.7.2", "cookie: 0.7.2", "\"cookie\": \"^0.7.2\"",
    "class=\"sk-fading-circle-container\"", "task-0123456789abcdefghij", "basic authentication is off", "Bearer token expected",
    "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "pk_live_0123456789abcdefghijABCD", "vpc-0a1b2c3d4e5f60718 i-0a1b2c3d4e5f60718",
    "/usr/lib/python3/dist-packages/setuptools/command/build_ext", "E1A2B3C4D5E6F7 CloudFront", "no secrets here: move on",
    "\u00e4\u00f6\u00fc \u20ac \xf0\x9f\x98\x80 text stays", "",
};
/* clang-format on */

static void what_is_no_secret_stays_as_it_is(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(harmless); i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(harmless[i]), NULL);
        struct redact_hit hit = {0};

        if (strcmp(masked, harmless[i]) != 0) {
            (void)redact_find(redactor, str_from(harmless[i]), &hit, 1);
            fail_msg("%s\n -> %s (%s)", harmless[i], masked, hit.kind);
        }
    }
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
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        if (redact_is_secret_key(str_from(keys[i].key)) != keys[i].is_secret) {
            fail_msg("%s", keys[i].key);
        }
    }
}

/* ---- known values ---- */

/* clang-format off */
static const char *const known_values[] = {
    "s3cr3t-value", "with \"quotes\" and \\slashes\\", "it's $HOME `x`", "p@ss/w?rd&x=y z%41", "\u00fcml\u00e4ut-w\u00f6rd",
    "abcdef", "first line of it\nsecond line of it\n\nlast line", "<b>&amp;</b>", "0123456789",
    "a somewhat longer value, with blanks, that is wider than most: 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl",
};
/* clang-format on */

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
    for (size_t i = 0; i < ARRAY_N(known_values); i++) {
        redactor_add_known(redactor, "NAME", str_from(known_values[i]));
    }
    for (size_t i = 0; i < ARRAY_N(known_values); i++) {
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
        {"{'secret':{'a':[1,null,{'b':false}]}}", "{'secret':{'a':['***',null,{'b':'***'}]}}"},
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
        {"{'k-known-value':1}", "{'k-***':1}"},
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

/* ---- the same for every way to cut it ---- */

struct sink {
    struct buf out;
    size_t puts;
};

static void sink_put(void *user, const struct masked *piece) {
    struct sink *sink = user;

    assert_true(piece->len > 0);
    buf_add(&sink->out, masked_str(piece));
    sink->puts++;
}

static char *stream_of(const struct redactor *redactor, struct str text, size_t size, size_t *len) {
    struct sink sink = {.out = BUF_INIT(TEXT_MAX)};
    struct redact_stream *stream = redact_stream_new(redactor, sink_put, &sink);

    while (text.len > 0) {
        size_t n = size > 0 ? size : next_random() % 200 + 1;
        redact_stream_write(stream, str_slice(text, 0, n));
        text = str_slice(text, n, text.len);
    }
    redact_stream_end(stream);
    *len = sink.out.len;
    char *taken = buf_take(&sink.out);
    return taken == NULL ? mem_strdup("") : taken;
}

/* Everything above in one text. */
static void corpus(struct buf *out) {
    const struct kind aws = {.alphabet = base64s, .body = 40, .tail = ""};

    for (size_t k = 0; k < ARRAY_N(kinds); k++) {
        CLEANUP(freep) char *secret = secret_of(&kinds[k]);
        const char *context = contexts[k % ARRAY_N(contexts)];
        const char *hole = strstr(context, "%s");
        buf_add(out, (struct str){context, (size_t)(hole - context)});
        buf_add_s(out, secret);
        buf_addf(out, "%s\n%s\r\n%s\n", hole + 2, harmless[k % ARRAY_N(harmless)],
                 named[k % ARRAY_N(named)]);
    }
    for (size_t i = 0; i < ARRAY_N(named); i++) {
        buf_addf(out, "%s\n%s\n", named[i], harmless[i % ARRAY_N(harmless)]);
    }
    CLEANUP(freep) char *secret = secret_of(&aws);
    buf_addf(out,
             "aws\n\nx %s\n-----BEGIN PRIVATE "
             "KEY-----\n%s\n%s\n-----END PRIVATE KEY-----\n",
             secret, secret, secret);
    for (size_t i = 0; i < ARRAY_N(known_values); i++) {
        buf_addf(out, "%s|", known_values[i]);
    }
}

static void check_cuts(const struct redactor *redactor, struct str text, const char *name) {
    static const size_t sizes[] = {1, 2, 3, 7, 64, 256, 1024, 4096, 65536, 0, 0};
    size_t len = 0;
    CLEANUP(freep) char *whole = mask_of(redactor, text, &len);

    for (size_t i = 0; i < ARRAY_N(sizes); i++) {
        size_t got_len = 0;
        CLEANUP(freep) char *got = stream_of(redactor, text, sizes[i], &got_len);
        if (got_len != len || memcmp(got, whole, len) != 0) {
            size_t at = 0;
            while (at < len && at < got_len && got[at] == whole[at]) {
                at++;
            }
            fail_msg("%s in writes of %zu differs at %zu: %.80s | %.80s", name, sizes[i], at,
                     got + at, whole + at);
        }
    }
}

static void check_fixpoint(const struct redactor *redactor, struct str text, const char *name) {
    size_t len = 0;
    size_t again_len = 0;
    CLEANUP(freep) char *once = mask_of(redactor, text, &len);
    CLEANUP(freep) char *twice = mask_of(redactor, (struct str){once, len}, &again_len);

    if (len != again_len || memcmp(once, twice, len) != 0) {
        size_t at = 0;
        while (at < len && at < again_len && once[at] == twice[at]) {
            at++;
        }
        at = at > 40 ? at - 40 : 0;
        fail_msg("%s masked again differs: %.120s | %.120s", name, once + at, twice + at);
    }
}

static struct redactor *redactor_with_known(void) {
    struct redactor *redactor = redactor_new();

    for (size_t i = 0; i < ARRAY_N(known_values); i++) {
        redactor_add_known(redactor, "NAME", str_from(known_values[i]));
    }
    return redactor;
}

static void the_result_does_not_depend_on_how_the_bytes_arrive(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    corpus(&text);
    check_cuts(redactor, buf_str(&text), "corpus");
    check_fixpoint(redactor, buf_str(&text), "corpus");
}

/* One line of 150 KB, secrets at every place where a window could end. */
static void a_line_without_end_is_masked_like_any_other(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    for (size_t shift = 0; shift < 8; shift++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        CLEANUP(freep) char *token = secret_of(&kinds[6]);

        for (size_t i = 0; i < shift * 23; i++) {
            buf_add_c(&text, '.');
        }
        while (text.len < 150000) {
            buf_addf(&text, "some words of a log, \"password\": \"hidden-in-here\", %s and %s; ",
                     known_values[0], token);
            for (size_t i = 0; i < 40 && text.len % 3 != 0; i++) {
                buf_add_c(&text, 'w');
            }
        }
        size_t len = 0;
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
        assert_null(strstr(masked, "hidden-in"));
        assert_null(strstr(masked, known_values[0]));
        assert_false(leaks(masked, len, token));
        check_cuts(redactor, buf_str(&text), "long line");
        check_fixpoint(redactor, buf_str(&text), "long line");
    }
}

static void a_token_without_end_is_one_mask(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    buf_addf(&text, "token %s%s", "IQoJb3Jp", "Z2lu");
    for (size_t i = 0; i < 200000; i++) {
        buf_add_c(&text, alnum[next_random() % 62]);
    }
    buf_add_s(&text, " end");
    CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
    assert_string_equal(masked, "token *** end");
    check_cuts(redactor, buf_str(&text), "long token");
}

static void lines_come_out_when_they_are_complete(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    struct sink sink = {.out = BUF_INIT(TEXT_MAX)};
    struct redact_stream *stream = redact_stream_new(redactor, sink_put, &sink);

    (void)state;
    redact_stream_write(stream, STR("one\ntwo pass"));
    assert_string_equal(buf_cstr(&sink.out), "one\n");
    redact_stream_write(stream, STR("word=abc"));
    assert_string_equal(buf_cstr(&sink.out), "one\n");
    redact_stream_write(stream, STR("def\n"));
    assert_string_equal(buf_cstr(&sink.out), "one\ntwo password=***\n");
    redact_stream_write(stream, STR("rest"));
    redact_stream_end(stream);
    assert_string_equal(buf_cstr(&sink.out), "one\ntwo password=***\nrest");
    buf_done(&sink.out);
    redact_stream_end(NULL);
}

/* ---- JSON stays JSON ---- */

static json_t *random_json(int depth) {
    static const char *const keys[] = {"a",      "password", "token",    "list",   "Key",
                                       "x-auth", "secret",   "n\"quote", "path\\", "credentials",
                                       "k\nl",   "private",  "url",      "cmd"};
    static const char *const texts[] = {"plain",
                                        "say \"password\": \"x\" now",
                                        "C:\\dir\\",
                                        "password=abc\\",
                                        "{\"token\":\"v\"}",
                                        "https://u:pw@host/p",
                                        "line\npassword: it is\n\"x\"",
                                        "\u200bzero",
                                        "***",
                                        "",
                                        "token: \"open",
                                        "credentials: {\"a\": [1, \"b\\\"c\"",
                                        "Authorization: Basic QTpC\"",
                                        "{\"credentials\": {\"a\":\"x\\\"y\", \"b\": 1}}",
                                        "it's 'password' : 'y'",
                                        "Cookie: \"a\"; b"};
    json_t *json = NULL;

    switch (next_random() % (depth > 4 ? 4 : 8)) {
    case 0:
        return json_integer((json_int_t)next_random());
    case 1:
        return next_random() % 3 == 0 ? json_null() : json_boolean(next_random() % 2 != 0);
    case 2:
    case 3:
        return json_string(texts[next_random() % ARRAY_N(texts)]);
    case 4:
    case 5:
        json = json_array();
        for (uint32_t i = next_random() % 5; i > 0; i--) {
            json_array_append_new(json, random_json(depth + 1));
        }
        return json;
    default:
        json = json_object();
        for (uint32_t i = next_random() % 6; i > 0; i--) {
            json_object_set_new(json, keys[next_random() % ARRAY_N(keys)], random_json(depth + 1));
        }
        return json;
    }
}

/* A string that holds the text of another JSON value, as logs do. */
static json_t *wrapped(json_t *json) {
    CLEANUP(freep) char *text = json_dumps(json, JSON_ENCODE_ANY);

    json_decref(json);
    return json_pack("{s:s}", "log", text);
}

static void json_in_a_text_stays_json(void **state) {
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(2), 0, JSON_ENSURE_ASCII,
                                   JSON_ESCAPE_SLASH};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    for (int i = 0; i < 6000; i++) {
        json_t *json = random_json(0);
        json = i % 3 == 0 ? json : wrapped(json);
        json = i % 9 == 1 ? wrapped(json) : json;
        CLEANUP(freep)
        char *text = json_dumps(json, flags[(size_t)i % ARRAY_N(flags)] | JSON_ENCODE_ANY);
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);
        CLEANUP(json_decrefp) json_t *again = NULL;
        struct err err = {0};

        json_decref(json);
        if (json_read(str_from(masked), &again, &err) != ERR_NONE) {
            fail_msg("%s\n -> %s\n: %s", text, masked, err.text);
        }
        check_fixpoint(redactor, str_from(text), "json");
    }
}

/* ---- hostile and random input ---- */

static void random_text_never_shows_a_planted_secret(void **state) {
    static const char *const atoms[] = {"password",
                                        "token",
                                        "key",
                                        "=",
                                        ":",
                                        "\"",
                                        "\\",
                                        "\\\"",
                                        "'",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        " ",
                                        "\n",
                                        "\r\n",
                                        "%",
                                        "%22",
                                        "%3D",
                                        "\\n",
                                        "\\u0022",
                                        "://",
                                        "@",
                                        "/",
                                        "?",
                                        "&",
                                        "-----BEGIN ",
                                        "PRIVATE KEY-----",
                                        "-----END ",
                                        "|",
                                        "- ",
                                        "  ",
                                        "eyJ",
                                        ".",
                                        "sk-",
                                        "AKIA",
                                        "***",
                                        "Basic ",
                                        "Bearer ",
                                        "Cookie: ",
                                        "a",
                                        "Z",
                                        "7",
                                        "\0",
                                        "\u200b",
                                        "\xff",
                                        "curl ",
                                        "-u ",
                                        "$",
                                        "abcdefghij",
                                        "aws",
                                        "<",
                                        ">",
                                        "secret:",
                                        "null",
                                        "true",
                                        "12",
                                        "Authorization"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    for (int round = 0; round < 6000; round++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        for (uint32_t n = next_random() % 60; n > 0; n--) {
            const char *atom = atoms[next_random() % ARRAY_N(atoms)];
            buf_add(&text, (struct str){atom, *atom == '\0' ? 1 : strlen(atom)});
            if (next_random() % 20 == 0) {
                buf_add_s(&text, known_values[0]);
            }
        }
        size_t len = 0;
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
        if (str_find((struct str){masked, len}, str_from(known_values[0])) >= 0) {
            fail_msg("round %d: %.*s", round, (int)len, masked);
        }
        size_t got_len = 0;
        CLEANUP(freep) char *got = stream_of(redactor, buf_str(&text), 0, &got_len);
        if (got_len != len || memcmp(got, masked, len) != 0) {
            fail_msg("round %d: cut differently", round);
        }
        check_fixpoint(redactor, buf_str(&text), buf_cstr(&text));
    }
}

static void input_made_to_be_slow_still_ends(void **state) {
    static const char *const pieces[] = {"eyJ",
                                         "-eyJ.",
                                         "sk-",
                                         "-----BEGIN ",
                                         "-----BEGIN PRIVATE KEY-----",
                                         "password",
                                         "password=",
                                         "token:token:",
                                         "key ",
                                         "://",
                                         "://a@",
                                         "a://b:c@",
                                         "{\"secret\":{",
                                         "[",
                                         "\\",
                                         "\"",
                                         "\\\"",
                                         "%",
                                         "%2",
                                         "\n",
                                         "secret:\n ",
                                         "AKIA",
                                         "aws ",
                                         "curl -u ",
                                         "Basic ",
                                         "@",
                                         "=",
                                         "\0",
                                         "s3cr3t-valu",
                                         "xoxb-",
                                         "token=f(",
                                         "Cookie: ",
                                         "\"password\": \"",
                                         ".atlasv1."};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(pieces); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        size_t n = *pieces[i] == '\0' ? 1 : strlen(pieces[i]);

        while (text.len < 400000) {
            buf_add(&text, (struct str){pieces[i], n});
        }
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        assert_non_null(masked);
    }
}

/* ---- finding, threads ---- */

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

static void *scan_for_a_while(void *user) {
    for (int i = 0; i < 200; i++) {
        CLEANUP(freep)
        char *masked = mask_of(user, STR("password=x and late-known-value-7 too\n"), NULL);
        assert_null(strstr(masked, "password=x"));
    }
    return NULL;
}

static void values_may_become_known_while_others_scan(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    pthread_t threads[2];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, scan_for_a_while, redactor), 0);
    }
    for (int i = 0; i < 20; i++) {
        CLEANUP(freep) char *value = mem_format("late-known-value-%d", i);
        redactor_add_known(redactor, "LATE", str_from(value));
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(value), NULL);
        assert_string_equal(masked, "***");
    }
    for (size_t i = 0; i < ARRAY_N(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_kind_of_token_is_seen_in_any_context_and_encoding),
        cmocka_unit_test(an_aws_secret_key_is_found_where_aws_is_talked_about),
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
        cmocka_unit_test(the_result_does_not_depend_on_how_the_bytes_arrive),
        cmocka_unit_test(a_line_without_end_is_masked_like_any_other),
        cmocka_unit_test(a_token_without_end_is_one_mask),
        cmocka_unit_test(lines_come_out_when_they_are_complete),
        cmocka_unit_test(json_in_a_text_stays_json),
        cmocka_unit_test(random_text_never_shows_a_planted_secret),
        cmocka_unit_test(input_made_to_be_slow_still_ends),
        cmocka_unit_test(a_finder_says_what_and_where),
        cmocka_unit_test(values_may_become_known_while_others_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
