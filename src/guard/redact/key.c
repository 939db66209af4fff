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

/* The last word says that the value describes the secret and is none. */
static const char *const describing_words[] = {
    "name", "names", "type", "arn", "path", "file", "count", "length", "limit", "size", "version",
    "usage", "format", "algorithm", "schema", "enabled", "required", "expired", "expires",
    "expiry", "expiration", "ttl", "prefix", "policy", "provider", "method", "mode", "status",
    "kind", "rotation", "index", "source", "behavior", "scope", "scopes", "units", "validity",
    "seconds", "minutes",
};

/* The word before "key": a key of something, not to something. */
static const char *const lookup_words[] = {
    "public", "publishable", "primary", "foreign", "sort", "partition", "hash", "range", "cache",
    "object", "s3", "backend", "bucket", "row", "idempotency", "tag", "site", "artifact",
    "artefact", "zip", "parameter", "route", "map", "header",
};

/* Whole names, as AWS spells them. */
static const char *const harmless_names[] = {
    "key", "Key", "NextToken", "nextToken", "ContinuationToken",
    "NextContinuationToken", "ClientToken", "ClientRequestToken", "idempotency_token",
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

/* "key" alone names secrets and much else. */
static bool is_key_of_something(const struct str *words, size_t n, size_t i) {
    if (!word_is(words[i], "key")) {
        return false;
    }
    bool is_lookup = i > 0 && is_one_of(words[i - 1], lookup_words, ARRAY_N(lookup_words));
    bool is_access = i > 0 && (word_is(words[i - 1], "access") || word_is(words[i - 1], "api"));
    bool is_id = i + 1 < n && word_is(words[i + 1], "id");
    return is_lookup || (is_id && !is_access);
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
        if (is_secret && !is_key_of_something(words, n, i)) {
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

/* $NAME, ${NAME}, ${{ secrets.NAME }}, {{resolve:...}}: a place, not a value. */
static bool is_reference(struct str value) {
    if (str_starts(value, STR("{{")) && str_ends(value, STR("}}"))) {
        return str_find(value, STR("resolve:")) > 0 || str_find(value, STR("secrets.")) > 0;
    }
    if (value.len < 2 || value.ptr[0] != '$') {
        return false;
    }
    bool is_braced = value.ptr[1] == '{' && value.ptr[value.len - 1] == '}';
    if (is_braced && str_starts(value, STR("${{")) && str_ends(value, STR("}}"))) {
        return str_find(value, STR("secrets.")) > 0 && str_find(value, STR("'")) < 0;
    }
    for (size_t i = is_braced ? 2 : 1; i < value.len - (is_braced ? 1 : 0); i++) {
        char c = value.ptr[i];
        bool is_name = c == '_' || is_digit(c) || (is_letter(c) && (is_braced || c != fold(c)));
        if (!is_name) {
            return false;
        }
    }
    return value.len > (is_braced ? 3 : 1);
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
           str_starts(value, STR("os.getenv(")) || is_reference(value) || is_version(value);
}
