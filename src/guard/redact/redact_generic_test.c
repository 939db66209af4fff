/* redact: random values under names that say nothing are found by their tokens; what only looks
 * random stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/encode.h"
#include "guard/redact/pass.h"
#include "guard/redact/redact_fixture.h"

/* clang-format off */
static const char *const places[] = {
    "WORKER_SEED=%s", "export FOO_BAR=\"%s\"", "{\"seed\": \"%s\", \"n\": 1}", "worker.seed: %s", "  seed: '%s' # comment",
    "\"{\\\"seed\\\":\\\"%s\\\"}\"", "run --seed %s now", "https://x.example/a?code=%s&b=1", "X-Seed: %s", "seed := \"%s\"",
    "seed => '%s',", "os.environ['SEED'] = '%s'", "%73eed%3D%s",
};

/* A row: an alphabet, a length, and how many of 1,000 are found at least. One case only is what ids of machines
 * are made of: those are asked to be longer. */
static const struct { const char *alphabet; size_t n; size_t found_min; } randoms[] = {
    {alnum, 16, 900}, {alnum, 20, 950}, {alnum, 24, 980}, {alnum, 32, 980}, {alnum, 64, 990},
    {base64s, 24, 900}, {base64s, 32, 940}, {base64s, 40, 970}, {base64s, 64, 980},
    {"abcdefghijklmnopqrstuvwxyz0123456789", 24, 980}, {"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 32, 980},
};

/* Beside redact_fixture.c's: what looks random where a value stands. */
static const char *const lookalikes[] = {
    "github.com/a/b v1.2.3 h1:e1OnstbJyHTd6l/uOt8jFFHp6TRDWZR/bV3emEE/zU8=", "    \"integrity\": \"sha512-VbYxo4PRLdqtZ6uOLBYLKqRXxG2z==\"",
    "checksum = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"", "script-src 'sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg='",
    "CodeSha256=n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", "x/y.py,sha256=n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg,1234",
    "content: da39a3ee5e6b4b0d3255bfef95601890afd80709", "value=7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50", "pod=api-7d9f8b6c5d-x2x9p",
    "machine: i-0a1b2c3d4e5f60718", "subnet=subnet-0a1b2c3d4e5f60718", "function: my-stack-HandlerFunction-1XK2P9QZ7W8R",
    "main=src/components/UserProfileCard/index", "handler: appHandlerWithALongName2", "return RootCause::IfsGluedBraceDup;",
    "x-amz-id-2: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran", "NextToken: eftixk72aD6Ap51TnqcoF8eFidJG9Z",
    "text=SGVsbG8sIHdvcmxkLCBob3cgYXJlIHlvdT8=", "trace: 4bf92f3577b34da6a3ce929d0e0e4736", "version=20240718123456789012",
    "AvailabilityZone: eu-central-1a-eu-central-1b", "user pool: eu-central-1_AbCdEfGhI", "uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
    "runtime=python3.12-linux-x86_64-gnu", "image: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/app", "pk=pk_live_0123456789abcdefghijABCD",
    "INFO:     4dQdPpbgbSZFlHGquqqwWk0i3BgYkABafbVhlttkUcmNIgCBy3pZrmrHAsLpwJp",
    "level=INFO2024-07-18T12:34:56Z", "timeout: 1234567890123456789", "std=-Wl,-z,relro,-z,now-and-1more2flags3here",
};

/* Text that begins beyond ASCII, as UTF-8 and in UTF-16 behind a byte order mark. */
#define TEXT_OF(bytes) {bytes, sizeof(bytes) - 1}
static const struct str beyond_ascii[] = {
    TEXT_OF("Grüße aus ganz München"), TEXT_OF("Über uns: wir bauen Häuser für Menschen"), TEXT_OF("東京都の天気は晴れです"), TEXT_OF("サーバーを再起動してください"),
    TEXT_OF("🚀 deploy finished 🎉 all green"), TEXT_OF("🇩🇪🇫🇷🇮🇹🇪🇸🇵🇱"), TEXT_OF("Привет, как дела сегодня?"), TEXT_OF("مرحبا بالعالم اليوم"), TEXT_OF("Ελληνικά και άλλα"),
    TEXT_OF("안녕하세요 세계 여러분"), TEXT_OF("\xef\xbb\xbfid; name; city; country"), TEXT_OF("\xef\xbb\xbfÜbersicht der Orte"), TEXT_OF("\xff\xfeG\0r\0\xfc\0\xdf\0e\0 \0a\0u\0s\0 \0K\0\xf6\0l\0n\0"),
    TEXT_OF("\xfe\xff\0G\0r\0\xfc\0\xdf\0e\0 \0a\0u\0s\0 \0K\0\xf6\0l\0n"), TEXT_OF("\xff\xfeh\0e\0l\0l\0o\0 \0w\0o\0r\0l\0d\0 \0o\0f\0 \0u\0s\0"),
};

/* Where in such a text a secret stands that is too short to be found as ASCII alone. */
static const char *const holders[] = {
    "Zugang für Gerät: pwd=%s für größere Häuser", "資格情報 password=%s です、これは秘密です", "🔑🔑🔑🔑🔑🔑 token: %s 🔒🔒🔒", "Пароль лежит здесь password=%s вот так вот",
    "\xef\xbb\xbfÜ pwd=%s ü und noch viel mehr", "Übergröße ünd Ähnliches: postgres://ä:%s@höst/ö",
};
/* clang-format on */

enum { SECRETS = 100000, SECRET_MIN = 28, SECRET_MAX = 88 };

static void add_random(struct buf *out, const char *alphabet, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_add_c(out, alphabet[next_random() % strlen(alphabet)]);
    }
}

static size_t count_found(const struct redactor *redactor, const char *alphabet, size_t n) {
    size_t found = 0;

    for (size_t i = 0; i < 1000; i++) {
        CLEANUP(buf_done) struct buf value = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        size_t len = 0;

        add_random(&value, alphabet, n);
        const char *place = places[i % ARRAY_N(places)];
        const char *hole = strstr(place, "%s");
        buf_add(&line, (struct str){place, (size_t)(hole - place)});
        buf_add(&line, buf_str(&value));
        buf_add_s(&line, hole + 2);
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), &len);
        found += !leaks(masked, len, buf_cstr(&value));
    }
    return found;
}

static void random_values_are_found_under_names_that_say_nothing(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(randoms); i++) {
        size_t found = count_found(redactor, randoms[i].alphabet, randoms[i].n);

        if (found < randoms[i].found_min) {
            fail_msg("%zu of %.9s...: %zu of 1000", randoms[i].n, randoms[i].alphabet, found);
        }
    }
}

/* The private numbers of a JSON Web Key (RFC 7517), of keys with 2048 and 4096 bits. */
static void private_numbers_of_a_key_are_found(void **state) {
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names) * 2; i++) {
        CLEANUP(buf_done) struct buf value = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        size_t len = 0;

        add_random(&value, alnum, i % 2 == 0 ? 342 : 683);
        buf_addf(&line, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"%s\":\"%s\"}", names[i / 2],
                 buf_cstr(&value));
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), &len);
        assert_false(leaks(masked, len, buf_cstr(&value)));
    }
}

static void what_only_looks_random_stays(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    check_stays(redactor, lookalikes, ARRAY_N(lookalikes));
}

/* NAME=Base64 of a text, in a place. */
static void put_encoded(struct buf *line, const char *place, struct str text) {
    CLEANUP(buf_done) struct buf encoded = BUF_INIT(TEXT_MAX);
    const char *hole = strstr(place, "%s");

    base64_add(&encoded, text.ptr, text.len);
    buf_add(line, (struct str){place, (size_t)(hole - place)});
    buf_add(line, buf_str(&encoded));
    buf_add_s(line, hole + 2);
}

static void base64_of_text_beyond_ascii_stays(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(beyond_ascii) * ARRAY_N(places); i++) {
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        size_t len = 0;

        put_encoded(&line, places[i % ARRAY_N(places)], beyond_ascii[i / ARRAY_N(places)]);
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), &len);
        assert_string_equal(masked, buf_cstr(&line));
    }
}

static void base64_of_text_beyond_ascii_is_looked_into(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(holders); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        const char *hole = strstr(holders[i], "%s");
        size_t len = 0;

        buf_add(&text, (struct str){holders[i], (size_t)(hole - holders[i])});
        buf_add_s(&text, "hu7%te");
        buf_add_s(&text, hole + 2);
        put_encoded(&line, "and %s is said", buf_str(&text));
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), &len);
        assert_true(str_starts((struct str){masked, len}, STR("and ***")));
        assert_true(len <= strlen("and ***== is said"));
        check_cuts(redactor, buf_str(&line), holders[i]);
        check_fixpoint(redactor, buf_str(&line), holders[i]);
    }
}

static void hexadecimal_of_text_beyond_ascii_is_looked_into(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(holders) + ARRAY_N(beyond_ascii); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        bool is_holder = i < ARRAY_N(holders); /* what begins beyond ASCII there */
        if (is_holder && (unsigned char)holders[i][0] < 0x80) {
            continue;
        }
        const char *hole = is_holder ? strstr(holders[i], "%s") : NULL;

        if (is_holder) {
            buf_add(&text, (struct str){holders[i], (size_t)(hole - holders[i])});
            buf_add_s(&text, "hu7%te");
            buf_add_s(&text, hole + 2);
        } else {
            buf_add(&text, beyond_ascii[i - ARRAY_N(holders)]);
        }
        buf_add_s(&line, "and ");
        hex_add(&line, text.ptr, text.len);
        buf_add_s(&line, " is said");
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), NULL);
        assert_string_equal(masked, is_holder ? "and *** is said" : buf_cstr(&line));
        check_cuts(redactor, buf_str(&line), buf_cstr(&text));
        check_fixpoint(redactor, buf_str(&line), buf_cstr(&text));
    }
}

static void no_random_secret_is_taken_for_text(void **state) {
    static const char *const alphabets[] = {
        base64s, alnum, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};

    (void)state;
    for (size_t i = 0; i < SECRETS; i++) {
        const char *alphabet = alphabets[i % ARRAY_N(alphabets)];
        size_t n = SECRET_MIN + next_random() % (SECRET_MAX - SECRET_MIN);
        char secret[SECRET_MAX];
        char out[SECRET_MAX];

        for (size_t k = 0; k < n; k++) {
            secret[k] = alphabet[next_random() % strlen(alphabet)];
        }
        if (base64_text((struct str){secret, n}, out) > 0) {
            fail_msg("'%.*s' is taken for text", (int)n, secret);
        }
    }
}

static void a_random_value_is_masked_whole_and_nothing_beside_it(void **state) {
    static const struct {
        const char *text;
        const char *masked;
    } rows[] = {
        {"seed=Qm7rTz2KpX9wLc4vNs8yJd3h, next", "seed=***, next"},
        {"{\"seed\":\"Qm7rTz2KpX9wLc4vNs8yJd3h==\",\"n\":1}", "{\"seed\":\"***\",\"n\":1}"},
        {"seed: Qm7rTz2KpX9w/c4vNs8yJd3h\nnext", "seed: ***\nnext"},
        {"said Qm7rTz2KpX9wLc4vNs8yJd3h to it", "said Qm7rTz2KpX9wLc4vNs8yJd3h to it"},
        {"seed=Qm7rTz2KpX9wLc4vNs8yJd3h.js", "seed=Qm7rTz2KpX9wLc4vNs8yJd3h.js"},
        {"seed=Qm7rTz2KpX9wLc4vNs8yJd3h:80", "seed=Qm7rTz2KpX9wLc4vNs8yJd3h:80"},
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(rows[i].text), NULL);

        assert_string_equal(masked, rows[i].masked);
        check_cuts(redactor, str_from(rows[i].text), rows[i].text);
        check_fixpoint(redactor, str_from(rows[i].text), rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_values_are_found_under_names_that_say_nothing),
        cmocka_unit_test(private_numbers_of_a_key_are_found),
        cmocka_unit_test(what_only_looks_random_stays),
        cmocka_unit_test(base64_of_text_beyond_ascii_stays),
        cmocka_unit_test(base64_of_text_beyond_ascii_is_looked_into),
        cmocka_unit_test(hexadecimal_of_text_beyond_ascii_is_looked_into),
        cmocka_unit_test(no_random_secret_is_taken_for_text),
        cmocka_unit_test(a_random_value_is_masked_whole_and_nothing_beside_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
