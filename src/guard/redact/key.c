/* guard/redact/key.c: names of secrets. A name is split into words at _ - . and blanks and where
 * the case changes, and words are compared whole: "author" and "monkey" are no secrets. */
#include "guard/redact/key.h"

#include "guard/redact/charset.h"
#include "guard/redact/reference.h"
#include "guard/redact/word.h"

#include <pthread.h>
#include <string.h>

enum {
    KEY_WORDS_MAX = 16,
    KEY_BYTES_MAX = 256,
    PART_LONG = 12,
    PATH_LONG = 64,
    COUNT_DIGITS = 9,
    TEST_DIGITS = 3,
    CODE_DIGITS = 4,
    SHOWN_STARS = 8,
    SHOWN_MAX = 4
};

/* clang-format off */
static const struct str secret_words[] = {
    W("pass"), W("password"), W("passwd"), W("passphrase"), W("passcode"), W("pwd"), W("secret"), W("token"), W("key"),
    W("credential"), W("credentials"), W("cred"), W("creds"), W("auth"), W("authorization"), W("cookie"), W("dsn"), W("conn"), W("pw"), W("pswd"), W("passwords"), W("psk"), W("otp"), W("totp"), W("jsessionid"), W("phpsessid"),
    /* in German, Dutch, Portuguese, Spanish, French; as people misspell it */
    W("kennwort"), W("passwort"), W("wachtwoord"), W("senha"), W("contrasena"), W("motdepasse"),
    W("psswrd"), W("pssword"), W("paswd"), W("pasword"), W("passwrd"), W("passord"), W("passwor"), W("secrete"),
};

/* Words that people write without a separator: PGPASSWORD, authtoken. */
static const struct str secret_endings[] = {
    W("password"), W("passwd"), W("passphrase"), W("apikey"), W("secretkey"), W("accesskey"), W("privatekey"),
    W("secret"), W("token"), W("userpass"), W("dbpass"), W("rootpass"), W("adminpass"), W("mysqlpass"), W("smtppass"), W("mailpass"), W("redispass"), W("dbpw"), W("userpw"), W("rootpw"), W("adminpw"), W("bindpw"), W("passwort"), W("authkey"), W("authtoken"), W("accesstoken"), W("apitoken"), W("sessiontoken"), W("clientsecret"), W("netrc"), W("storepass"), W("keypass"), W("userpwd"), W("requirepass"), W("masterauth"),
    W("signingkey"), W("encryptionkey"), W("servicekey"), W("accountkey"), W("masterkey"), W("authcookie"), W("sessioncookie"), W("httpauth"), W("basicauth"), W("proxyauth"), W("credentials"),
};

/* The last word says that the value describes the secret, or is a thing named after one. */
static const struct str describing_words[] = {
    W("name"), W("names"), W("type"), W("arn"), W("path"), W("file"), W("count"), W("length"), W("limit"), W("size"), W("version"),
    W("usage"), W("format"), W("algorithm"), W("schema"), W("enabled"), W("required"), W("expired"), W("expires"),
    W("expiry"), W("expiration"), W("ttl"), W("prefix"), W("policy"), W("provider"), W("method"), W("mode"), W("status"),
    W("kind"), W("rotation"), W("index"), W("source"), W("behavior"), W("scope"), W("scopes"), W("units"), W("validity"),
    W("seconds"), W("minutes"), W("max"), W("min"), W("bytes"), W("timeout"), W("last"), W("used"), W("utilization"),
    W("log"), W("logs"), W("role"), W("roles"), W("function"), W("lambda"), W("table"), W("bucket"), W("queue"), W("topic"),
    W("api"), W("stage"), W("handler"), W("service"), W("server"), W("router"), W("route"), W("routes"), W("middleware"),
    W("label"), W("labels"), W("variable"), W("selector"), W("placeholder"), W("ref"), W("refs"), W("reference"), W("title"), W("column"), W("regex"), W("pattern"), W("len"),
    W("module"), W("endpoint"), W("alias"), W("position"), W("host"), W("error"), W("exception"), W("warning"), W("hasher"), W("hashers"), W("helper"), W("helpers"), W("stdin"), W("sock"), W("socket"),
    W("at"), W("in"), W("on"), W("checked"), W("changed"), W("updated"), W("created"), W("domain"),
    W("age"), W("time"), W("consent"), W("samesite"), W("process"), W("backend"),
    W("days"), W("hours"), W("supported"), W("methods"), W("types"), W("budget"),
};

/* Before "key" or "token": of something, not to something. */
static const struct str lookup_words[] = {
    W("public"), W("publishable"), W("primary"), W("foreign"), W("sort"), W("partition"), W("hash"), W("range"), W("cache"),
    W("object"), W("s3"), W("backend"), W("bucket"), W("row"), W("idempotency"), W("tag"), W("site"), W("artifact"),
    W("artefact"), W("zip"), W("parameter"), W("route"), W("map"), W("header"), W("output"), W("filter"), W("mapping"),
    W("response"), W("context"), W("event"), W("value"), W("encoded"), W("kms"), W("sequence"), W("next"), W("forward"),
    W("backward"), W("page"), W("continuation"), W("checkpoint"), W("restore"), W("routing"), W("binding"), W("shard"),
};

/* Before "key", these make a secret of whatever follows: AccessKeyId, api_key_value. */
static const struct str opening_words[] = {
    W("access"), W("api"), W("secret"), W("private"), W("signing"), W("encryption"), W("auth"), W("session"), W("fernet"),
};

/* Before "code" and "codes", what lets somebody in. */
static const struct str code_words[] = {
    W("backup"), W("recovery"), W("verification"), W("mfa"), W("otp"), W("totp"),
};

/* Written as a word of its own before "key", these too. */
static const struct str before_key_words[] = {
    W("authentication"), W("account"), W("master"), W("unseal"), W("recovery"), W("license"), W("licence"), W("shared"), W("subscription"), W("admin"),
};

/* Whole names, as AWS spells them. */
static const struct str harmless_names[] = {
    W("key"), W("Key"), W("nextToken"), W("ClientToken"), W("clientToken"), W("RequestToken"), W("ClientRequestToken"),
    W("idempotency_token"), W("AllowCredentials"), W("AccessControlAllowCredentials"),
};

/* Of ids, digests, versions, places and what is public, wherever they stand in a name. */
static const struct str public_words[] = {
    W("id"), W("ids"), W("uuid"), W("guid"), W("hash"), W("sha"), W("md"), W("digest"), W("checksum"), W("crc"),
    W("integrity"), W("etag"), W("tag"), W("commit"), W("revision"), W("rev"), W("ref"), W("build"), W("fingerprint"),
    W("thumbprint"), W("kid"), W("trace"), W("traceparent"), W("span"), W("correlation"), W("request"), W("nonce"),
    W("url"), W("uri"), W("href"), W("src"), W("dir"), W("folder"), W("filename"), W("image"), W("hostname"), W("domain"),
    W("class"), W("public"), W("publishable"), W("certificate"), W("cert"), W("idempotency"), W("cursor"), W("marker"),
    W("continuation"), W("pagination"), W("next"), W("layer"), W("resolved"), W("resolution"), W("mappings"), W("h1"),
    W("ulid"), W("ulids"), W("ksuid"), W("requestid"), W("traceid"), W("spanid"), W("correlationid"),
};

/* Whole names. "private" is a word of networks too; alone it is half of a key pair. */
static const struct str secret_names[] = {
    W("private"), W("signature"), W("X-Amz-Signature"), W("X-Goog-Signature"), W("X-Hub-Signature"),
    W("X-Hub-Signature-256"), W("Stripe-Signature"), W("X-Slack-Signature"),
};

/* Beside "private", what half of a key pair is written in or made of, without trailing digits. */
static const struct str private_words[] = {
    W("pem"), W("der"), W("p8"), W("p1"), W("pfx"), W("pkcs"), W("jwk"), W("jwks"), W("exponent"), W("scalar"),
    W("rsa"), W("dsa"), W("ecdsa"), W("ed"), W("hex"),
};

/* Words of a section of settings whose "key" signs or encrypts: Jwt:Key, {"JwtSettings": {"Key": */
static const struct str section_words[] = {
    W("jwt"), W("jws"), W("jwe"), W("hmac"), W("aes"), W("signing"), W("encryption"), W("api"),
};
/* clang-format on */

/* ---- what a word means ---- */

enum { WORD_MAX = 16, MEANINGS = 1024 /* more than twice the words */ };

enum word_class {
    WORD_SECRET = 1,
    WORD_DESCRIBING = 2,
    WORD_LOOKUP = 4,
    WORD_OPENING = 8,
    WORD_PUBLIC = 16,
    WORD_KEY = 32,
    WORD_TOKEN = 64,
    WORD_BEFORE_KEY = 128
};

/* A word in lower case, and its classes; 0 where the table is empty. */
struct meaning {
    uint64_t letters[WORD_MAX / sizeof(uint64_t)];
    unsigned classes;
};

static struct meaning meanings[MEANINGS];

/* By the last letter of a word, which of the endings of secrets it may have: a bit for each. */
static uint64_t endings_of[32];

static size_t meaning_at(const struct meaning *of) {
    uint64_t hash = (of->letters[0] ^ of->letters[1] * 31) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 54);

    while (meanings[at].classes != 0 && memcmp(meanings[at].letters, of->letters, WORD_MAX) != 0) {
        at = (at + 1) % MEANINGS;
    }
    return at;
}

/* Of a word of no more than WORD_MAX letters, as all of the lists are. */
static void meaning_read(struct str word, struct meaning *out) {
    char letters[WORD_MAX] = {0};

    for (size_t i = 0; i < word.len && i < WORD_MAX; i++) {
        letters[i] = fold(word.ptr[i]);
    }
    memcpy(out->letters, letters, WORD_MAX);
}

static void meanings_add(const struct str *words, size_t n, unsigned class) {
    for (size_t i = 0; i < n; i++) {
        struct meaning one = {0};

        meaning_read(words[i], &one);
        struct meaning *slot = &meanings[meaning_at(&one)];
        memcpy(slot->letters, one.letters, WORD_MAX);
        slot->classes |= class;
    }
}

static void meanings_fill(void) {
    static const struct str key = W("key");
    static const struct str token = W("token");

    meanings_add(secret_words, ARRAY_N(secret_words), WORD_SECRET);
    meanings_add(describing_words, ARRAY_N(describing_words), WORD_DESCRIBING);
    meanings_add(lookup_words, ARRAY_N(lookup_words), WORD_LOOKUP);
    meanings_add(opening_words, ARRAY_N(opening_words), WORD_OPENING);
    meanings_add(before_key_words, ARRAY_N(before_key_words), WORD_BEFORE_KEY);
    meanings_add(public_words, ARRAY_N(public_words), WORD_PUBLIC);
    meanings_add(&key, 1, WORD_KEY);
    meanings_add(&token, 1, WORD_TOKEN);
    _Static_assert(ARRAY_N(secret_endings) <= 64, "a bit for each ending");
    for (size_t i = 0; i < ARRAY_N(secret_endings); i++) {
        char last = secret_endings[i].ptr[secret_endings[i].len - 1];
        endings_of[last & 0x1f] |= UINT64_C(1) << i;
    }
}

/* The classes that a word is of. */
static unsigned classes_of(struct str word) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct meaning one = {0};

    if (word.len > WORD_MAX) {
        return 0;
    }
    (void)pthread_once(&once, meanings_fill);
    meaning_read(word, &one);
    return meanings[meaning_at(&one)].classes;
}

/* Of a word whose classes were asked for. */
static bool has_secret_ending(struct str word) {
    uint64_t left = word.len > 0 ? endings_of[word.ptr[word.len - 1] & 0x1f] : 0;

    for (; left != 0; left &= left - 1) {
        struct str ending = secret_endings[__builtin_ctzll(left)];
        if (word.len >= ending.len && word_ends(word, ending)) {
            return true;
        }
    }
    return false;
}

static bool is_word_border(struct str key, size_t i) {
    char next = str_char(key, i + 1);

    if (!is_upper(key.ptr[i])) {
        return false;
    }
    /* dbPassword, and APIKey: the last capital begins the next word */
    return !is_upper(key.ptr[i - 1]) || (is_letter(next) && !is_upper(next));
}

/* Splits into words without trailing digits; more than fit are dropped at the front. */
static size_t key_split(struct str key, struct str *words) {
    size_t n = 0;
    size_t from = 0;

    for (size_t i = 0; i <= key.len; i++) {
        bool is_end = i == key.len || !is_alnum(key.ptr[i]);

        if (!is_end && (i == from || !is_word_border(key, i))) {
            continue;
        }
        size_t to = i;
        while (to > from + 1 && is_digit(key.ptr[to - 1]) && is_letter(key.ptr[from]) &&
               to - from > 2) {
            to--;
        }
        if (to > from) {
            if (n == KEY_WORDS_MAX) {
                memmove(words, words + 1, (KEY_WORDS_MAX - 1) * sizeof words[0]);
                n--;
            }
            words[n++] = (struct str){key.ptr + from, to - from};
        }
        from = is_end ? i + 1 : i;
    }
    return n;
}

/* private_pem, RsaPrivateExponent: of the words of a name, of which the last says nothing else. */
static bool is_private(const struct str *words, size_t n, size_t i) {
    if (!str_eq_nocase(words[i], STR("private"))) {
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        if (word_is_one_of(words[k], private_words, ARRAY_N(private_words))) {
            return true;
        }
    }
    return false;
}

bool key_section_signs(struct str section) {
    struct str words[KEY_WORDS_MAX];
    size_t n = section.len > KEY_BYTES_MAX ? 0 : key_split(section, words);

    for (size_t i = 0; i < n; i++) {
        if (word_is_one_of(words[i], section_words, ARRAY_N(section_words))) {
            return true;
        }
    }
    return false;
}

/* What a key is written in: client-key-data, private_key_base64. */
static bool is_written_as(struct str word) {
    static const struct str forms[] = {W("data"), W("base64"), W("b64"),
                                       W("hex"),  W("pem"),    W("secret")};

    return word_is_one_of(word, forms, ARRAY_N(forms));
}

/* "key" and "token" name secrets and much else; of the classes of a name's words. */
static bool is_of_something(const struct str *words, const unsigned *classes, size_t n, size_t i) {
    bool is_key = (classes[i] & WORD_KEY) != 0;

    if ((classes[i] & (WORD_KEY | WORD_TOKEN)) == 0 || n < 2) {
        return false;
    }
    if (i > 0 && (classes[i - 1] & WORD_OPENING) != 0) {
        return false;
    }
    return (i > 0 && (classes[i - 1] & WORD_LOOKUP) != 0) ||
           (is_key && i + 1 < n && !(i > 0 && i + 2 == n && is_written_as(words[i + 1])));
}

static bool is_secret_word(struct str word, unsigned classes) {
    return (classes & WORD_SECRET) != 0 || has_secret_ending(word);
}

/* Names that a service's own pages give to a token: sonar.login (SonarQube), --oauth2-bearer
 * (curl), Jenkins-Crumb, X-JFrog-Art-Api, GITHUB_PAT, and of Bundler the hosts of a gem source, as
 * in BUNDLE_GEMS__EXAMPLE__COM. */
static bool is_service_name(struct str key) {
    static const struct str names[] = {W("sonar.login"),   W("sonar_login"),   W("sonarlogin"),
                                       W("oauth2-bearer"), W("oauth2_bearer"), W("jenkins-crumb"),
                                       W("jfrog-art-api")};
    static const struct str hosts[] = {W("__COM"), W("__ORG"), W("__NET"), W("__IO"), W("__DEV")};

    if (word_ends_one_of(key, names, ARRAY_N(names))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(hosts) && str_starts(key, STR("BUNDLE_")); i++) {
        if (str_ends(key, hosts[i])) {
            return true;
        }
    }
    if (str_eq(key, STR("code_verifier"))) { /* RFC 7636 */
        return true;
    }
    return str_ends(key, STR("_PAT")) /* a personal access token */ || str_eq(key, STR("SSHPASS"));
}

/* AUTH_CLIENT_ID, credentialsId: who asks, and which of them is meant; existingSecret of charts for
 * Helm names one of Kubernetes, and existingSecretPasswordKey what is in it. */
static bool is_public_id(const struct str *words, size_t n) {
    static const struct str owners[] = {W("client"), W("credential"), W("credentials")};

    for (size_t i = 0; i + 1 < n; i++) {
        if (str_eq_nocase(words[i], STR("existing")) &&
            str_eq_nocase(words[i + 1], STR("secret"))) {
            return true;
        }
    }

    for (size_t i = 0; n > 1 && i < ARRAY_N(owners); i++) {
        if (str_eq_nocase(words[n - 1], STR("id")) && str_eq_nocase(words[n - 2], owners[i])) {
            return true;
        }
    }
    return false;
}

bool key_opens(struct str word) {
    return (classes_of(word) & (WORD_OPENING | WORD_BEFORE_KEY)) != 0;
}

bool key_is_of_cookies(struct str key) {
    static const struct str cookies = W("cookies");

    return key.len >= cookies.len && word_ends(key, cookies) &&
           !is_letter(str_char(key, key.len - cookies.len - 1));
}

bool key_is_of_secrets(struct str key) {
    struct str words[KEY_WORDS_MAX];
    size_t letters = key.len;

    while (letters > 0 && !is_letter(key.ptr[letters - 1])) {
        letters--;
    }
    if (letters == 0 || fold(key.ptr[letters - 1]) != 's') {
        return false; /* secrets, access_tokens */
    }
    size_t n = key_split(
        str_slice(key, key.len > KEY_BYTES_MAX ? key.len - KEY_BYTES_MAX : 0, key.len), words);
    bool is_tokens = n > 0 && str_eq_nocase(words[n - 1], STR("tokens"));

    return str_eq_nocase(key, STR("secrets")) || key_is_of_cookies(key) ||
           (is_tokens && (n == 1 || key_opens(words[n - 2])));
}

bool key_is_secret(struct str key) {
    struct str words[KEY_WORDS_MAX];
    unsigned classes[KEY_WORDS_MAX];

    if (key.len == 0) {
        return false;
    }
    key = str_slice(key, key.len > KEY_BYTES_MAX ? key.len - KEY_BYTES_MAX : 0, key.len);
    const char *colon = memrchr(key.ptr, ':', key.len);
    if (colon != NULL) { /* "s3:prefix", "//host/:_authToken" */
        struct str section = str_slice(key, 0, (size_t)(colon - key.ptr));
        if (str_ends_nocase(key, STR(":key")) && key_section_signs(section)) {
            return true; /* Jwt:Key */
        }
        key = str_slice(key, (size_t)(colon + 1 - key.ptr), key.len);
    }
    for (size_t i = 0; i < ARRAY_N(harmless_names); i++) {
        if (key.len == harmless_names[i].len && key.ptr[0] == harmless_names[i].ptr[0] &&
            str_eq(key, harmless_names[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_N(secret_names); i++) {
        if (key.len == secret_names[i].len && str_eq_nocase(key, secret_names[i])) {
            return true;
        }
    }
    if (is_service_name(key)) {
        return true;
    }
    size_t n = key_split(key, words);
    for (size_t i = n; i > 0; i--) {
        classes[i - 1] = classes_of(words[i - 1]);
        if (i == n && (classes[i - 1] & WORD_DESCRIBING) != 0) {
            return false;
        }
    }
    if (is_public_id(words, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if ((is_secret_word(words[i], classes[i]) && !is_of_something(words, classes, n, i)) ||
            is_private(words, n, i)) {
            return true;
        }
        if (i > 0 && (classes[i - 1] & WORD_OPENING) != 0 && str_eq_nocase(words[i], STR("keys"))) {
            return true; /* api_keys */
        }
        if (i > 0 && i + 1 == n &&
            (str_eq_nocase(words[i], STR("code")) || str_eq_nocase(words[i], STR("codes"))) &&
            word_is_one_of(words[i - 1], code_words, ARRAY_N(code_words))) {
            return true; /* backup_codes */
        }
    }
    return false;
}

static bool is_version(struct str value) {
    size_t dots = 0;
    size_t i = value.len > 0 && (value.ptr[0] == '^' || value.ptr[0] == '~') ? 1 : 0;

    if (i == value.len || value.len > 16 || !is_digit(value.ptr[i])) {
        return false;
    }
    for (; i < value.len; i++) {
        dots += value.ptr[i] == '.';
        if (value.ptr[i] != '.' && !is_digit(value.ptr[i])) {
            return false;
        }
    }
    return dots == 2;
}

/* ${{ github.token }}, ${{ steps.login.outputs.token }}: what a runner of GitHub has. */
static bool is_runner_context(struct str value) {
    static const struct str owners[] = {W("github."), W("env."),   W("inputs."), W("vars."),
                                        W("steps."),  W("needs."), W("matrix."), W("job.")};

    if (!str_starts(value, STR("${{")) || !str_ends(value, STR("}}"))) {
        return false;
    }
    struct str name = str_trim(str_slice(value, 3, value.len - 2));
    for (size_t i = 0; i < name.len; i++) {
        if (!is_letter(name.ptr[i]) && !is_any(name.ptr[i], "_.-")) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_N(owners); i++) {
        if (str_starts(name, owners[i])) {
            return name.len > owners[i].len;
        }
    }
    return false;
}

/* {{resolve:...}} and ${{ secrets.NAME }} */
static bool is_template_reference(struct str value) {
    bool is_known = str_starts(value, STR("{{resolve:")) || str_starts(value, STR("{{ secrets.")) ||
                    str_starts(value, STR("${{ secrets."));

    bool is_name = str_starts(value, STR("{{resolve:")) || str_find(value, STR("-")) < 0;

    return is_known && is_name && str_ends(value, STR("}}")) && str_find(value, STR("'")) < 0;
}

/* random_password.db.result: what another resource has, in HCL. */
static bool is_resource_path(struct str value) {
    size_t dots = 0;
    size_t digits = 0;
    bool has_type = false;

    if (value.len == 0 || memchr(value.ptr, '.', value.len) == NULL) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        char before = i > 0 ? value.ptr[i - 1] : '.';
        bool is_small = is_letter(c) && !is_upper(c);
        if (!is_small && !is_digit(c) && (!is_any(c, "_.") || before == '.')) {
            return false;
        }
        has_type = has_type || (c == '_' && dots == 0);
        digits += is_digit(c);
        dots += c == '.';
    }
    return has_type && dots > 1 && digits * 4 < value.len && value.ptr[value.len - 1] != '.';
}

/* {{ name }} and {{ a.name }} of a template, {a.name} of Python. */
static bool is_template_name(struct str value) {
    size_t braces = str_starts(value, STR("{{")) ? 2 : 1;

    if (!str_starts(value, STR("{")) || value.len < 2 * braces + 1 ||
        !str_ends(value, str_slice(STR("}}"), 0, braces))) {
        return false;
    }
    struct str name = str_trim(str_slice(value, braces, value.len - braces));
    for (size_t i = 0; i < name.len; i++) {
        if (!is_letter(name.ptr[i]) && !is_any(name.ptr[i], "_.$")) {
            return false;
        }
    }
    return name.len > 1;
}

/* Without ["name"] at its end. */
static struct str without_index(struct str value) {
    size_t to = str_ends(value, STR("\"]")) ? value.len - 2 : 0;
    size_t from = to;

    while (from > 0 && (is_letter(value.ptr[from - 1]) || is_any(value.ptr[from - 1], "_-"))) {
        from--;
    }
    bool is_index = from > 2 && from < to && str_ends(str_slice(value, 0, from), STR("[\""));
    return is_index ? str_slice(value, 0, from - 2) : value;
}

/* env.DB_PASSWORD, var.password, settings.SECRET_KEY, data.vault.app["token"]: code that hands a
 * value on. */
static bool is_variable(struct str value) {
    static const struct str owners[] = {
        W("env."),      W("import.meta.env."), W("var."),     W("local."), W("module."), W("data."),
        W("settings."), W("config."),          W("secrets."), W("self."),  W("this."),   W("aws_")};

    if (value.len == 0 || (value.ptr[0] != 'a' && memchr(value.ptr, '.', value.len) == NULL)) {
        return false;
    }
    while (value.len > 0 && is_any(value.ptr[value.len - 1], ",;)")) {
        value = str_slice(value, 0, value.len - 1);
    }
    value = without_index(value);
    for (size_t i = 0; i < ARRAY_N(owners); i++) {
        if (value.len == 0 || value.ptr[0] != owners[i].ptr[0] || !str_starts(value, owners[i])) {
            continue;
        }
        struct str name = str_slice(value, owners[i].len, value.len);
        size_t digits = 0;
        for (size_t k = 0; k < name.len; k++) {
            digits += is_digit(name.ptr[k]);
            if (!is_alnum(name.ptr[k]) && !is_any(name.ptr[k], "_.")) {
                return false;
            }
        }
        return name.len > 0 && digits * 4 < name.len;
    }
    return false;
}

/* $NAME, ${name} and ${var.name} */
static bool is_shell_reference(struct str value) {
    bool is_braced = str_starts(value, STR("${")) && str_ends(value, STR("}"));
    struct str name =
        is_braced ? str_slice(value, 2, value.len - 1) : str_slice(value, 1, value.len);

    if (!str_starts(value, STR("$")) || name.len == 0) {
        return false;
    }
    if (is_braced && (is_variable(name) || is_resource_path(name))) {
        return true;
    }
    ptrdiff_t needed = is_braced ? str_find(name, STR(":?")) : -1; /* else it ends, and says so */
    name = needed > 0 ? str_slice(name, 0, (size_t)needed) : name;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_lower = c >= 'a' && c <= 'z';
        if (c != '_' && (!is_alnum(c) || (is_lower && !is_braced))) {
            return false;
        }
    }
    return true;
}

/* token=args.token or { .secret_key = secret_key, }: code that hands a value on; and
 * DB_PASSWORD: /shop/prod/DB_PASSWORD, a parameter of AWS. */
static bool is_same_name(struct str key, struct str value) {
    size_t whole = value.len;

    while (value.len > 0 && is_any(value.ptr[value.len - 1], ",;)")) {
        value = str_slice(value, 0, value.len - 1);
    }
    if (key.len == 0 || !str_ends_nocase(value, key)) {
        return false;
    }
    struct str path = str_slice(value, 0, value.len - key.len);
    bool is_parameter = str_starts(path, STR("/")) && str_ends(path, STR("/"));
    for (size_t i = 0; i < path.len; i++) {
        if (!is_alnum(path.ptr[i]) && !is_any(path.ptr[i], is_parameter ? "_.-/${}" : "_.->")) {
            return false;
        }
    }
    return path.len == 0 ? value.len < whole : is_parameter || is_any(path.ptr[path.len - 1], ".>");
}

/* self.password = password and this.token = token; of code, which hands an argument on. */
static bool is_own_argument(struct str key, struct str value) {
    bool is_own = str_starts(key, STR("self.")) || str_starts(key, STR("this."));
    struct str name = str_slice(key, 5, key.len);

    value = str_ends(value, STR(";")) ? str_slice(value, 0, value.len - 1) : value;
    return is_own && str_eq(name, value);
}

bool key_path_has_secret(struct str path) {
    size_t from = 0;
    bool has_digit = false;

    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/') {
            has_digit = has_digit || is_digit(path.ptr[i]);
            continue;
        }
        if (has_digit && i - from >= PART_LONG) {
            return true;
        }
        from = i + 1;
        has_digit = false;
    }
    return false;
}

/* auth/token */
static bool is_path_of_words(struct str value, bool may_have_digits) {
    for (size_t i = 0; i < value.len; i++) {
        bool is_number = may_have_digits && is_digit(value.ptr[i]);
        if (!is_number && !is_letter(value.ptr[i]) && !is_any(value.ptr[i], "/-_.")) {
            return false;
        }
    }
    return value.len > 0 && value.len < PATH_LONG;
}

bool key_value_is_place(struct str key, struct str value) {
    static const struct str places[] = {W("url"), W("uri"), W("href")};
    struct str words[KEY_WORDS_MAX];
    size_t last = key.len;

    while (last > 0 && !is_letter(key.ptr[last - 1])) {
        last--;
    }
    if (last == 0 || !is_any(fold(key.ptr[last - 1]), "lif")) {
        return false; /* most names: none of them */
    }
    size_t n = key_split(key, words);
    ptrdiff_t sign = str_find(value, STR("://"));
    if (n == 0 || !word_is_one_of(words[n - 1], places, ARRAY_N(places))) {
        return false;
    }
    bool is_rooted = str_starts(value, STR("/")) && !key_path_has_secret(value);
    if (is_path_of_words(value, is_rooted)) {
        return true; /* tokenUrl="auth/token", tokenUrl=/api/v1/token */
    }
    if (!str_starts(value, STR("http")) || sign < 0 || str_find(value, STR("@")) >= 0) {
        return false;
    }
    struct str place = str_slice(value, (size_t)sign + 3, value.len);
    ptrdiff_t path = str_find(place, STR("/"));
    return path < 0 || !key_path_has_secret(str_slice(place, (size_t)path, place.len));
}

/* "pw:api": Playwright's parts, as its logs name them; Pw is what a minifier calls anything. */
static bool is_part_of_program(struct str key, struct str value) {
    static const struct str parts[] = {W("api"),   W("browser"), W("channel"), W("protocol"),
                                       W("error"), W("install"), W("test"),    W("webserver")};

    if (str_eq(key, STR("Pw")) || str_eq(key, STR("pW"))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(parts) && str_eq(key, STR("pw")); i++) {
        if (str_starts(value, parts[i]) &&
            (value.len == parts[i].len || !is_alnum(value.ptr[parts[i].len]))) {
            return true;
        }
    }
    return false;
}

/* --db-password PASSWORD: what a manual calls the value. */
static bool is_metavariable(struct str key, struct str value) {
    size_t to = 0;

    while (to < value.len && (is_upper(value.ptr[to]) || value.ptr[to] == '_')) {
        to++;
    }
    bool is_word = to > 2 && (to == value.len || is_any(value.ptr[to], " ]"));
    return is_word && str_starts(key, STR("-")) && str_ends_nocase(key, str_slice(value, 0, to));
}

/* credentials: "include" of fetch(), passwd: files systemd of nsswitch.conf, id-token: write of
 * GitHub's permissions. */
static bool is_setting(struct str key, struct str value) {
    static const struct str sent[] = {W("include"), W("same-origin"), W("omit")};

    static const struct str rights[] = {W("write"), W("read"), W("none")};

    return (str_eq(key, STR("id-token")) &&
            word_is_exactly_one_of(value, rights, ARRAY_N(rights))) ||
           (str_eq(key, STR("credentials")) && word_is_one_of(value, sent, ARRAY_N(sent))) ||
           (str_eq(key, STR("passwd")) &&
            (str_eq(value, STR("files")) || str_starts(value, STR("files "))));
}

/* conn=14 counts or numbers a connection, "pass: 2" tests, "passwords: 3" how many, and "password:
 * 24 bytes" tells how long a secret of Kubernetes is. */
static bool is_count(struct str key, struct str value) {
    size_t to = word_digits_end(value, 0);
    struct str unit = str_slice(value, to, value.len);
    bool is_result = (str_eq(key, STR("pass")) || str_eq_nocase(key, STR("passwords"))) &&
                     (unit.len == 0 || str_starts(unit, STR(", ")));
    bool is_of_many =
        str_eq(unit, STR(" bytes")) || (unit.len == 0 && str_ends_nocase(key, STR("conn")));
    size_t most = is_of_many ? COUNT_DIGITS : is_result ? TEST_DIGITS : 0;
    return value.len == 0 || (to > 0 && to <= most);
}

/* "otp: required", "OTP: 26": no code, which has four digits or more. */
static bool is_no_code(struct str key, struct str value) {
    return str_ends_nocase(key, STR("otp")) && word_digits(value) < CODE_DIGITS;
}

/* ****************ABCD: what aws configure shows of a key; stars alone show nothing. */
static bool is_shown_end(struct str value) {
    size_t to = 0;

    while (str_char(value, to) == '*') {
        to++;
    }
    return to > 0 && (to == value.len || (to >= SHOWN_STARS && value.len - to <= SHOWN_MAX));
}

/* await connect(...), of code. */
static bool is_awaited(struct str value) {
    size_t to = strlen("await ");

    if (!str_starts(value, STR("await "))) {
        return false;
    }
    while (to < value.len && (is_alnum(value.ptr[to]) || is_any(value.ptr[to], "_."))) {
        to++;
    }
    return str_char(value, to) == '(';
}

/* Whether it is letters and digits, as most tokens are: too long for any word below, and with more
 * digits. */
static bool is_letters_and_digits(struct str value) {
    size_t digits = 0;

    if (value.len < PART_LONG) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!is_alnum(value.ptr[i])) {
            return false;
        }
        digits += is_digit(value.ptr[i]);
    }
    return digits >= CODE_DIGITS && digits < value.len;
}

bool key_value_is_harmless(struct str key, struct str value) {
    static const struct str nothing[] = {W(""),
                                         W("null"),
                                         W("none"),
                                         W("nil"),
                                         W("undefined"),
                                         W("process.env"),
                                         W("os.environ"),
                                         W("true"),
                                         W("false"),
                                         W("yes"),
                                         W("no"),
                                         W("(sensitive"),
                                         W("(sensitive value)"),
                                         W("(known"),
                                         W("(known after apply)"),
                                         W("await"),
                                         W("<redacted>"),
                                         W("[redacted]"),
                                         W("[filtered]"),
                                         W("<sensitive>"),
                                         W("str"),
                                         W("string"),
                                         W("SecretStr"),
                                         W("string;"),
                                         W("string,"),
                                         W("str,"),
                                         W("&str"),
                                         W("required"),
                                         W("optional"),
                                         W("~"), /* null of YAML */
                                         W("expired"),
                                         W("not set"),
                                         W("not provided"),
                                         W("not configured"),
                                         W("${"), /* before a colour */
                                         W("{{")};
    static const struct str types[] = {W("Annotated["), W("Optional["),    W("str | "),
                                       W("string | "),  W("str = Field("), W("SecretStr = Field(")};
    static const struct str tags[] = {W("!Ref"), W("!GetAtt"), W("!ImportValue")};

    if (is_letters_and_digits(value) && key.len > 2) { /* "Pw" of a minifier is no name */
        return false;
    }
    if (str_starts(value, STR("Bearer ")) || str_starts(value, STR("Basic "))) {
        value = str_slice(value, value.ptr[1] == 'e' ? 7 : 6, value.len); /* of a reference */
    }
    char first = value.len > 0 ? fold(value.ptr[0]) : 'n';
    for (size_t i = 0; is_any(first, "anupotfyr(s<[&${~e") && i < ARRAY_N(nothing); i++) {
        if (value.len == nothing[i].len && str_eq_nocase(value, nothing[i])) {
            return true;
        }
    }
    for (size_t i = 0; is_any(first, "aos") && i < ARRAY_N(types); i++) {
        if (str_starts(value, types[i])) {
            return true;
        }
    }
    for (size_t i = 0; first == '!' && i < ARRAY_N(tags); i++) {
        if (str_starts(value, tags[i]) &&
            (value.len == tags[i].len || value.ptr[tags[i].len] == ' ')) {
            return true;
        }
    }
    if (str_eq_nocase(key, STR("pwd")) && is_any(first, "/~") && str_find(value, STR("+")) < 0 &&
        str_find(value, STR("=")) < 0) {
        return true; /* where a shell works; no Base64 */
    }
    bool is_read = is_any(first, "po") &&
                   (str_starts(value, STR("process.env.")) ||
                    str_starts(value, STR("os.environ[")) || str_starts(value, STR("os.getenv(")));
    bool is_reference =
        is_any(first, "{$") && (is_template_reference(value) || is_template_name(value) ||
                                is_shell_reference(value) || is_runner_context(value));
    return is_read || is_reference || is_version(value) || is_same_name(key, value) ||
           is_own_argument(key, value) || is_variable(value) || is_part_of_program(key, value) ||
           is_count(key, value) || is_shown_end(value) || is_awaited(value) ||
           is_no_code(key, value) || is_metavariable(key, value) ||
           str_starts(value, STR("<set to the key '")) || is_setting(key, value) ||
           is_resource_path(value) || reference_is(key, value);
}

bool key_is_public(struct str key) {
    struct str words[KEY_WORDS_MAX];
    size_t n = key_split(key, words);

    unsigned last = n == 0 ? WORD_DESCRIBING : classes_of(words[n - 1]);
    if ((last & WORD_DESCRIBING) != 0) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if ((classes_of(words[i]) & WORD_PUBLIC) != 0) {
            return true;
        }
    }
    return (last & (WORD_KEY | WORD_TOKEN)) != 0 && !key_is_secret(key);
}
