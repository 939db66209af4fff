/* Made-up secrets, what stands around them, and what looks like one: for the tests of this room. */
#include "guard/redact/redact_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"

static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char hexes[] = "0123456789abcdef";
const char base64s[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char words[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static uint64_t seed;

void random_begin(uint32_t begin) { seed = UINT64_C(0x9e3779b97f4a7c15) * (begin + 1); }

uint32_t next_random(void) {
    if (seed == 0) {
        const char *begin = getenv("AWSCOPILOT_TEST_SEED");

        random_begin(begin == NULL ? 12345 : (uint32_t)strtoul(begin, NULL, 10));
        if (begin != NULL) {
            (void)printf("random: AWSCOPILOT_TEST_SEED=%s\n", begin);
        }
    }
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 40);
}

/* clang-format off */
const struct kind kinds[] = {
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
char *secret_of(const struct kind *kind) {
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

char *mask_of(const struct redactor *redactor, struct str text, size_t *len) {
    struct masked masked = {0};

    redact_text(redactor, text, &masked);
    if (len != NULL) {
        *len = masked_str(&masked).len;
    }
    char *copy = str_dup(masked_str(&masked));
    masked_done(&masked);
    return copy;
}

bool is_json(struct str text) {
    CLEANUP(json_decrefp) json_t *json = json_loadb(text.ptr, text.len, JSON_DECODE_ANY, NULL);

    return json != NULL;
}

/* No piece of 8 characters of the secret's inside is left. */
bool leaks(const char *masked, size_t len, const char *secret) {
    size_t n = strlen(secret);

    for (size_t at = 4; at + 8 <= n; at += 4) {
        if (str_find((struct str){masked, len}, (struct str){secret + at, 8}) >= 0) {
            return true;
        }
    }
    return false;
}

/* clang-format off */
const char *const contexts[] = {
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

/* clang-format off */
/* A password without shape, by the name before it; X stands for it. */
const char *const named[] = {
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
    "client_secret=\"X", "auth_token=b'X'", "<add key=\"FromPassword\" value=\"X\"/>", "<input name='auth_token' value='X'>", "https://X:x-oauth-basic@example.com/a.git", "if password == \"X\":", "if (user.password === 'X') {", "if creds.Secret != \"X\" {",
    "credentials {\n    username 'user'\n    password 'X'\n}", "  storePassword \"X\"\n", "connection: dsn=X;", "X-Amz-Signature=X", "Password : X",
    "pass\u200bword=X",
    "the password for 'bob' is 'X'", "Your password was reset to 'X', bob.", "The temporary password is `X`", "{\"say\": \"the password is \\\"X\\\".\"}",
    "{\"user password\": \"X\"}", "{\\\"user password\\\": \\\"X\\\"}", "keytool -storepass X -v", "git config user.password X",
    "get(u, auth=('user', 'X'))", "auth = HTTPBasicAuth(\"user\", \"X\")", "c = new NetworkCredential(\"user\", \"X\");", "b.setPassword(\"X\")", "SET PASSWORD FOR u = PASSWORD('X')",
    "API key: X", "Secret Key:X", "const password = process.env.DB_PASSWORD || 'X';", "db.PASSWORD ?? `X`", "p = os.environ.get(\"PASSWORD\") or \"X\"",
    "ID:a PW:X", "{\"db_pw\": \"X\"}", "passwords: X", "CREATE USER a IDENTIFIED WITH native BY 'X';", "create user a identified by 'X'", "curl -u \":X\" h",
    "<a href=\"h?token=&quot;X&quot;\">", "#define API_TOKEN X", "setopt(h, CURLOPT_USERPWD, \"X\");", "monkeypatch.setattr(settings, \"jwt_secret\", \"X\")", "define( 'PASSWORD' , 'X' );", "\x1b[36mpassword\x1b[0m=X", "\x1b[36mtoken=\x1b[0mX",
    "password = (\"X\")", "curl -u 'X:' https://h", "curl -sSu user:X https://h", "curl --proxy-user \"user\":\"X\" h", "[\"mysql\", \"-u\", \"root\", \"-pX\"]",
    "{\"cmd\": \"mysql -u root -pX db\"}", "sh -c \"sshpass -p 'X' ssh h\"", "sudo mysqldump -p'X' db | gzip", "RUN htpasswd -bc f user X",
};
/* clang-format on */

/* clang-format off */
const char *const harmless[] = {
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
    "aws names policy/AWSVendorInsightsAssessorReadOnly and AmazonEC2ContainerServiceforEC2RoleFully",
    "aws: src/components/AccountSettings/ButtonBar and frontend/src/views/AccountSettingsPanes1",
    "if (typeof password === 'undefined' || password == '' || token === 'other') {", "if password != other { return }", "assert token == 'https://login.example.com/oauth2/v1'",
    "enum:[\"implicit\",\"password\",\"application\",\"token-1234\"]", "const Pw=class Parser", "[[ $PWD == \"$(pwd)\" ]]", "set `AUTH0_AUDIENCE`, `AUTH0_SECRET`, `AUTH0_DOMAIN1`",
    "users are identified by email", "sort key: userId", "the key: value", "pw:api navigating to it", "credentialsId: 'a', passwordLabel: 'b', AUTH_CLIENT_ID=c", "\"token_uri\": \"https://oauth2.example.com/token\"",
    "AUTH_CALLBACK_URL=http://auth0.example.dev/callback", "apiKey: import.meta.env.VITE_API_KEY,", "password = settings.DB_PASSWORD", "docker run --name mongo -p 27017:27017 mongo", "mysql -p app", "the password is required", "the password is sha256-hashed", "Your password is set now.",
    "export API_KEY=$(aws ssm get-parameter --name /prod/api_key --query Parameter.Value)",
    "run -e PASSWORD=$(cat /a/b) -e X=1",
    "- JWT_SECRET=${JWT_SECRET:-}",
    "set DB_PASSWORD=%DB_PASSWORD%",
    " * [new branch] feat/password-reset -> origin/feat/password-reset",
    "\"SecretId\": \"prod/api/db\"",
    "aws secretsmanager get-secret-value --secret-id prod/api/db --query SecretString",
    "--secret-id arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/web-shop/db-iqhgdc",
    "secrets:\n- name: DB_PASSWORD\n  valueFrom: arn:aws:ssm:eu-west-1:123456789012:parameter/prod/mailer/db_password\n",
    "existingSecret: api-postgres",
    "existingSecretPasswordKey: postgres-password",
    "helm upgrade api . --set existingSecret=api-env --set image.tag=826db60",
    "secret_rotation_days: 30",
    "api_key_id: 1334",
    "tokenUrl=/api/v1/auth/token",
    "\"token_endpoint_auth_methods_supported\": [\"client_secret_basic\", \"client_secret_post\"]",
    "\"grant_types\": [\"password\", \"refresh_token\"]",
    "invalid_token: The access token expired",
    "  --password TEXT        Password for the database  [env var: DB_PASSWORD]",
    "  --api-key <key>        API key for the service",
    "app login --username USER --password <password>",
    "  --secret string   Secret of the client",
    "psql \"postgresql://app:$PGPASSWORD@db.example.org/billing\"",
    "postgresql://app:${DB_PASSWORD}@db:5432/billing",
    "f\"postgresql://{user}:{password}@{host}/db\"",
    "aws_secretsmanager_secret.db: Refreshing state... [id=arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-SBhy2U]",
    "random_password.db: Creation complete after 0s [id=none]",
    "routing_key='celery.default'",
    "\"routingKey\": \"orders.created\"",
    "GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json",
    "POSTGRES_PASSWORD=/run/secrets/db_password",
    "    val token: String? = null",
    "    fun setPassword(password: String) {",
    "auth=ok user=a",
    "x-amzn-requestid: O61N613IFOUVGEEIM2IDR8NHAO6HT3JDJV37EBRY1R5NDN2KDZXH",
    "getPassword('db-of-mine')", "aws:policy/IVSRecordToS3", "policy: service-role/AmazonEC2ContainerServiceforEC2Role",
    "password 'is' what you type", "the vault may unseal itself: see docs/unseal.md", "    password \"${vaultPassword}\"",
    "\u00e4\u00f6\u00fc \u20ac \xf0\x9f\x98\x80 text stays", "",
};
/* clang-format on */

/* clang-format off */
const char *const known_values[] = {
    "s3cr3t-value", "with \"quotes\" and \\slashes\\", "it's $HOME `x`", "p@ss/w?rd&x=y z%41", "\u00fcml\u00e4ut-w\u00f6rd",
    "abcdef", "first line of it\nsecond line of it\n\nlast line", "<b>&amp;</b>", "0123456789",
    "a somewhat longer value, with blanks, that is wider than most: 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl",
};
/* clang-format on */

const size_t kind_n = ARRAY_N(kinds);
const size_t context_n = ARRAY_N(contexts);
const size_t named_n = ARRAY_N(named);
const size_t harmless_n = ARRAY_N(harmless);
const size_t known_value_n = ARRAY_N(known_values);

const char *const hostile_pieces[] = {
    "token:secret:\n ",
    "\xef\xbb\xbf%22SG.",
    "-eyJ.password \"abc1defg\" ",
    "\\/%12.34",
    "curl -u a://b:c@",
    "phone \\u0070:AA",
    "4111 1111 1111 1111 ",
    "\xe2\x80\x8b&token=",
    "seed=Qm7rTz2KpX9w",
    "]\\\"-eyJ._password=",
    "the password is ",
    "a.b@example.com ",
    "key ",
    "words of a log ",
    "vault login ",
    "\n",
    "{\"secret\":{",
    "}",
    "[1, ",
    "c2VjcmV0PWh1bnRlcjI=",
    "secret:\n  ",
    "DE89 3704 0044 0532",
    "-----BEGIN CERTIFICATE-----",
    "\r\n",
};
const size_t hostile_piece_n = ARRAY_N(hostile_pieces);

struct redactor *redactor_with_known(void) {
    struct redactor *redactor = redactor_new();

    for (size_t i = 0; i < known_value_n; i++) {
        redactor_add_known(redactor, "NAME", str_from(known_values[i]));
    }
    return redactor;
}

/* ---- ways to write a line ---- */

static void encode(enum encoding encoding, struct str text, struct buf *out) {
    CLEANUP(json_decrefp) json_t *string = json_string_of(text);
    CLEANUP(freep) char *escaped = json_dumps(string, JSON_ENCODE_ANY | JSON_ESCAPE_SLASH);
    CLEANUP(buf_done) struct buf shifted = BUF_INIT(TEXT_MAX);

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
    case BASE64_1:
    case BASE64_2:
        buf_add(&shifted, str_slice(STR("> "), 0, (size_t)(encoding - BASE64)));
        buf_add(&shifted, text);
        buf_add_s(out, "line ");
        base64_add(out, shifted.ptr, shifted.len);
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

    if (encoding >= BASE64 && encoding <= BASE64_2) {
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

bool is_leaking(const struct redactor *redactor, const char *context, enum encoding encoding,
                const char *secret) {
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
    return leaks(masked, len, secret) || leaks(buf_cstr(&left), left.len, secret) ||
           str_find((struct str){masked, len}, STR("***")) < 0;
}

void check_stays(const struct redactor *redactor, const char *const *texts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(texts[i]), NULL);
        struct redact_hit hit = {0};

        if (strcmp(masked, texts[i]) != 0) {
            (void)redact_find(redactor, str_from(texts[i]), &hit, 1);
            fail_msg("%s\n -> %s (%s)", texts[i], masked, hit.kind);
        }
    }
}

/* ---- the same for every way to cut it ---- */

void sink_put(void *user, const struct masked *piece) {
    struct sink *sink = user;

    assert_true(masked_str(piece).len > 0);
    buf_add(&sink->out, masked_str(piece));
    sink->puts++;
}

char *stream_of(const struct redactor *redactor, struct str text, size_t size, size_t *len) {
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

void check_cuts(const struct redactor *redactor, struct str text, const char *name) {
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

void check_fixpoint(const struct redactor *redactor, struct str text, const char *name) {
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
