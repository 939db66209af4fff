/* redact: Base64 that is wrapped over lines is read as one, wherever a line ends in a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/encode.h"
#include "guard/redact/redact_fixture.h"

static const struct wrap {
    size_t width;
    const char *before; /* of the first line */
    const char *joint;  /* between two lines */
    const char *after;
} wraps[] = {
    {64, "", "\n", "\nnext: line\n"},
    {76, "", "\n", "\nnext: line\n"},
    {76, "", "\r\n", "\r\nnext: line\r\n"},
    {64, "    ", "\n    ", "\n    next: line\n"},
    {76, "body: ", "\n  ", "\nnext: line\n"},
    {64, "{\"n\":1,\"body\":\"", "\\n", "\\n\",\"next\":\"line\"}\n"},
    {76, "{\"n\":1,\"body\":\"", "\\r\\n", "\",\"next\":\"line\"}\n"},
    {76, "\"{\\\"body\\\":\\\"", "\\\\n", "\\\",\\\"next\\\":\\\"line\\\"}\"\n"},
};

/* `text` as it would be sent, from `skip` on of what stands before the secret, so that lines end at
 * every place of it. */
static void wrap_add(struct buf *out, const struct wrap *wrap, struct str text) {
    buf_add_s(out, wrap->before);
    for (size_t at = 0; at < text.len; at += wrap->width) {
        buf_add_s(out, at > 0 ? wrap->joint : "");
        buf_add(out, str_slice(text, at, at + wrap->width));
    }
    buf_add_s(out, wrap->after);
}

/* Whether what is left of the text, put together and decoded, holds any 6 bytes of the secret. */
static bool is_left(struct str masked, const char *secret) {
    CLEANUP(buf_done) struct buf run = BUF_INIT(TEXT_MAX);
    struct err err;

    for (size_t i = 0; i + 6 <= strlen(secret); i++) {
        if (str_find(masked, (struct str){secret + i, 6}) >= 0) {
            return true;
        }
    }
    for (size_t i = 0; i < masked.len; i++) {
        bool is_run = masked.ptr[i] != ' ' && strchr("\n\r\\\"{}:,*", masked.ptr[i]) == NULL;
        if (is_run) {
            buf_add_c(&run, masked.ptr[i]);
        }
    }
    for (size_t skip = 0; skip < 4 && skip < run.len; skip++) {
        CLEANUP(buf_done) struct buf bytes = BUF_INIT(TEXT_MAX);
        struct str text = str_slice(buf_str(&run), skip, run.len);
        text.len -= text.len % 4;
        (void)!base64_read(text, &bytes, &err);
        for (size_t i = 0; i + 6 <= strlen(secret); i++) {
            if (str_find(buf_str(&bytes), (struct str){secret + i, 6}) >= 0) {
                return true;
            }
        }
    }
    return false;
}

static void check(const struct redactor *redactor, const struct wrap *wrap, struct str plain,
                  const char *secret, bool is_cut) {
    CLEANUP(buf_done) struct buf encoded = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    size_t len = 0;

    base64_add(&encoded, plain.ptr, plain.len);
    wrap_add(&text, wrap, buf_str(&encoded));
    CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
    if (is_left((struct str){masked, len}, secret) || strstr(masked, "line") == NULL) {
        fail_msg("%zu wide, %s: %s\n -> %s", wrap->width, secret, buf_cstr(&text), masked);
    }
    if (is_cut) {
        check_cuts(redactor, buf_str(&text), "wrapped");
        check_fixpoint(redactor, buf_str(&text), "wrapped");
    }
}

static void a_secret_is_found_wherever_a_line_ends_in_it(void **state) {
    static const char *const secrets[] = {"k7-Qm2x-known-value", "hunter2-hunter2-hunter2"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "", str_from(secrets[0]));
    for (size_t i = 0; i < ARRAY_N(wraps) * 70; i++) {
        CLEANUP(buf_done) struct buf plain = BUF_INIT(TEXT_MAX);

        for (size_t k = 0; k < i / ARRAY_N(wraps); k++) {
            buf_add_c(&plain, "some words of a file\n"[k % 21]);
        }
        buf_addf(&plain, "DB_PASSWORD=%s\nA=%s\n%s", secrets[1], secrets[0],
                 "MORE=words that go on for a while, so that there is another line of them\n");
        for (size_t s = 0; s < ARRAY_N(secrets); s++) {
            check(redactor, &wraps[i % ARRAY_N(wraps)], buf_str(&plain), secrets[s], i % 29 == 0);
        }
    }
}

static void a_known_value_in_base64_is_found_however_it_is_wrapped(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(buf_done) struct buf value = BUF_INIT(TEXT_MAX);
    CLEANUP(buf_done) struct buf key = BUF_INIT(TEXT_MAX);

    (void)state;
    for (size_t i = 0; i < 1624; i++) { /* as of an RSA key: bytes, not text */
        buf_add_c(&value, base64s[next_random() % 64]);
    }
    wrap_add(&key, &(struct wrap){64, "-----BEGIN KEY-----\n", "\n", "\n-----END KEY-----\n"},
             buf_str(&value));
    for (size_t round = 0; round < 2; round++) {
        redactor_add_known(redactor, "", round == 0 ? buf_str(&value) : buf_str(&key));
        for (size_t i = 0; i < ARRAY_N(wraps); i++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
            size_t len = 0;

            wrap_add(&text, &wraps[i], buf_str(&value));
            CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
            if (leaks(masked, len, buf_cstr(&value)) || strstr(masked, "line") == NULL) {
                fail_msg("%zu: %s", i, masked);
            }
            check_cuts(redactor, buf_str(&text), "wrapped key");
        }
        redactor_free(redactor);
        redactor = redactor_new();
    }
}

/* More lines than a segment holds. */
static void a_wrapped_file_of_any_size_is_masked(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(buf_done) struct buf plain = BUF_INIT(TEXT_MAX);

    (void)state;
    while (plain.len < 120000) {
        buf_add_s(&plain, "NAME=some words\nDB_PASSWORD=hunter2-hunter2-hunter2\n");
    }
    check(redactor, &wraps[0], buf_str(&plain), "hunter2-hunter2-hunter2", false);
    check(redactor, &wraps[1], buf_str(&plain), "hunter2-hunter2-hunter2", true);
}

static void lines_without_a_secret_stay(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    CLEANUP(buf_done) struct buf encoded = BUF_INIT(TEXT_MAX);
    static const char words[] =
        "These are words of a text that is long enough for several lines of "
        "it, and there is nothing secret in any of them at all.";

    (void)state;
    base64_add(&encoded, words, sizeof words - 1);
    for (size_t i = 0; i < ARRAY_N(wraps); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        wrap_add(&text, &wraps[i], buf_str(&encoded));
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        assert_string_equal(masked, buf_cstr(&text));
        check_cuts(redactor, buf_str(&text), "harmless");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_found_wherever_a_line_ends_in_it),
        cmocka_unit_test(a_known_value_in_base64_is_found_however_it_is_wrapped),
        cmocka_unit_test(a_wrapped_file_of_any_size_is_masked),
        cmocka_unit_test(lines_without_a_secret_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
