/* guard/redact/key.c: names of secrets. A name is split into words at _ - . and blanks and where
 * the case changes, and words are compared whole: "author" and "monkey" are no secrets. */
#include "guard/redact/key.h"

#include "guard/redact/charset.h"

#include <string.h>

enum { KEY_WORDS_MAX = 16, KEY_BYTES_MAX = 256 };

/* clang-format off */
static const char *const secret_words[] = {
    "pass", "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "key",
    "credential", "credentials", "auth", "authorization", "cookie", "dsn", "conn",
};

/* Words that people write without a separator: PGPASSWORD, authtoken. */
static const char *const secret_endings[] = {
    "password", "passwd", "passphrase", "apikey", "secretkey", "accesskey", "privatekey",
    "authkey", "authtoken", "accesstoken", "apitoken", "sessiontoken", "clientsecret", "netrc",
};

/* The last word says that the value describes the secret, or is a thing named after one. */
static const char *const describing_words[] = {
    "name", "names", "type", "arn", "path", "file", "count", "length", "limit", "size", "version",
    "usage", "format", "algorithm", "schema", "enabled", "required", "expired", "expires",
    "expiry", "expiration", "ttl", "prefix", "policy", "provider", "method", "mode", "status",
    "kind", "rotation", "index", "source", "behavior", "scope", "scopes", "units", "validity",
    "seconds", "minutes", "max", "min", "bytes", "timeout", "last", "used", "utilization",
    "log", "logs", "role", "roles", "function", "lambda", "table", "bucket", "queue", "topic",
    "api", "stage", "handler", "service", "server", "router", "route", "routes", "middleware",
    "module", "endpoint", "alias", "position", "host",
};

/* Before "key" or "token": of something, not to something. */
static const char *const lookup_words[] = {
    "public", "publishable", "primary", "foreign", "sort", "partition", "hash", "range", "cache",
    "object", "s3", "backend", "bucket", "row", "idempotency", "tag", "site", "artifact",
    "artefact", "zip", "parameter", "route", "map", "header", "output", "filter", "mapping",
    "response", "context", "event", "value", "encoded", "kms", "sequence", "next", "forward",
    "backward", "page", "continuation", "checkpoint",
};

/* Before "key", these make a secret of whatever follows: AccessKeyId, api_key_value. */
static const char *const opening_words[] = {
    "access", "api", "secret", "private", "signing", "encryption", "auth", "session",
};

/* Whole names, as AWS spells them. */
static const char *const harmless_names[] = {
    "key", "Key", "nextToken", "ClientToken", "clientToken", "RequestToken", "ClientRequestToken",
    "idempotency_token", "AllowCredentials", "AccessControlAllowCredentials",
};

/* Whole names. "private" is a word of networks too; alone it is half of a key pair. */
static const char *const secret_names[] = {"private", "signature", "X-Amz-Signature"};
/* clang-format on */

static bool is_one_of(struct str word, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(word, str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool has_secret_ending(struct str word) {
    for (size_t i = 0; i < ARRAY_N(secret_endings); i++) {
        struct str ending = str_from(secret_endings[i]);
        if (word.len >= ending.len &&
            str_eq_nocase(str_slice(word, word.len - ending.len, word.len), ending)) {
            return true;
        }
    }
    return false;
}

static bool is_word_border(struct str key, size_t i) {
    char before = key.ptr[i - 1];
    char here = key.ptr[i];
    bool is_upper = is_letter(here) && here != fold(here);
    bool was_upper = is_letter(before) && before != fold(before);

    if (is_upper && !was_upper) {
        return true; /* dbPassword */
    }
    /* APIKey: the last capital begins the next word */
    return is_upper && was_upper && i + 1 < key.len && is_letter(key.ptr[i + 1]) &&
           key.ptr[i + 1] == fold(key.ptr[i + 1]);
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

static bool word_is(struct str word, const char *text) {
    return str_eq_nocase(word, str_from(text));
}

/* "key" and "token" name secrets and much else. */
static bool is_of_something(const struct str *words, size_t n, size_t i) {
    bool is_key = word_is(words[i], "key");

    if ((!is_key && !word_is(words[i], "token")) || n < 2) {
        return false;
    }
    if (i > 0 && is_one_of(words[i - 1], opening_words, ARRAY_N(opening_words))) {
        return false;
    }
    return (i > 0 && is_one_of(words[i - 1], lookup_words, ARRAY_N(lookup_words))) ||
           (is_key && i + 1 < n);
}

bool key_is_secret(struct str key) {
    struct str words[KEY_WORDS_MAX];

    if (key.len == 0) {
        return false;
    }
    key = str_slice(key, key.len > KEY_BYTES_MAX ? key.len - KEY_BYTES_MAX : 0, key.len);
    for (ptrdiff_t colon = str_find(key, STR(":")); colon >= 0; colon = str_find(key, STR(":"))) {
        key = str_slice(key, (size_t)colon + 1, key.len); /* "s3:prefix", "//host/:_authToken" */
    }
    for (size_t i = 0; i < ARRAY_N(harmless_names); i++) {
        if (str_eq(key, str_from(harmless_names[i]))) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_N(secret_names); i++) {
        if (str_eq_nocase(key, str_from(secret_names[i]))) {
            return true;
        }
    }
    size_t n = key_split(key, words);
    if (n == 0 || is_one_of(words[n - 1], describing_words, ARRAY_N(describing_words))) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_secret =
            is_one_of(words[i], secret_words, ARRAY_N(secret_words)) || has_secret_ending(words[i]);
        if (is_secret && !is_of_something(words, n, i)) {
            return true;
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

/* {{resolve:...}} and ${{ secrets.NAME }} */
static bool is_template_reference(struct str value) {
    bool is_known = str_starts(value, STR("{{resolve:")) || str_starts(value, STR("{{ secrets.")) ||
                    str_starts(value, STR("${{ secrets."));

    return is_known && str_ends(value, STR("}}")) && str_find(value, STR("'")) < 0;
}

/* $NAME and ${name} */
static bool is_shell_reference(struct str value) {
    bool is_braced = str_starts(value, STR("${")) && str_ends(value, STR("}"));
    struct str name =
        is_braced ? str_slice(value, 2, value.len - 1) : str_slice(value, 1, value.len);

    if (!str_starts(value, STR("$")) || name.len == 0) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_lower = c >= 'a' && c <= 'z';
        if (c != '_' && (!is_alnum(c) || (is_lower && !is_braced))) {
            return false;
        }
    }
    return true;
}

/* token=args.token or { .secret_key = secret_key, }: code that hands a value on. */
static bool is_same_name(struct str key, struct str value) {
    size_t whole = value.len;

    while (value.len > 0 && is_any(value.ptr[value.len - 1], ",;)")) {
        value = str_slice(value, 0, value.len - 1);
    }
    if (value.len < key.len ||
        !str_eq_nocase(str_slice(value, value.len - key.len, value.len), key)) {
        return false;
    }
    struct str path = str_slice(value, 0, value.len - key.len);
    for (size_t i = 0; i < path.len; i++) {
        if (!is_alnum(path.ptr[i]) && !is_any(path.ptr[i], "_.->")) {
            return false;
        }
    }
    return path.len == 0 ? value.len < whole : is_any(path.ptr[path.len - 1], ".>");
}

bool key_value_is_harmless(struct str key, struct str value) {
    static const char *const nothing[] = {
        "", "null", "None", "nil", "undefined", "process.env", "os.environ", "!Ref", "NULL"};

    for (size_t i = 0; i < ARRAY_N(nothing); i++) {
        if (str_eq(value, str_from(nothing[i]))) {
            return true;
        }
    }
    if (str_eq(key, STR("private")) && /* of a manifest */
        (str_eq(value, STR("true")) || str_eq(value, STR("false")))) {
        return true;
    }
    return str_starts(value, STR("process.env.")) || str_starts(value, STR("os.environ[")) ||
           str_starts(value, STR("os.getenv(")) || is_template_reference(value) ||
           is_shell_reference(value) || is_version(value) || is_same_name(key, value);
}
