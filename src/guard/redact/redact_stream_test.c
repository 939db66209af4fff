/* redact: however the bytes arrive, whatever they are, the result is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "guard/redact/redact_fixture.h"
#include "guard/redact/redactor.h"

/* ---- the same for every way to cut it ---- */

/* Everything above in one text. */
static void corpus(struct buf *out) {
    const struct kind aws = {.alphabet = base64s, .body = 40, .tail = ""};

    for (size_t k = 0; k < kind_n; k++) {
        CLEANUP(freep) char *secret = secret_of(&kinds[k]);
        const char *context = contexts[k % context_n];
        const char *hole = strstr(context, "%s");
        buf_add(out, (struct str){context, (size_t)(hole - context)});
        buf_add_s(out, secret);
        buf_addf(out, "%s\n%s\r\n%s\n", hole + 2, harmless[k % harmless_n], named[k % named_n]);
    }
    for (size_t i = 0; i < named_n; i++) {
        buf_addf(out, "%s\n%s\n", named[i], harmless[i % harmless_n]);
    }
    CLEANUP(freep) char *secret = secret_of(&aws);
    buf_addf(out,
             "aws\n\nx %s\n-----BEGIN PRIVATE "
             "KEY-----\n%s\n%s\n-----END PRIVATE KEY-----\n",
             secret, secret, secret);
    for (size_t i = 0; i < known_value_n; i++) {
        buf_addf(out, "%s|", known_values[i]);
    }
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
    for (size_t shift = 0; shift < 3; shift++) {
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

/* Its words are shown before a window of it is full, and not again when that is handled. */
static void words_of_a_line_without_end_are_shown_once(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    while (text.len < 100000) {
        buf_add_s(&text, "some words of a log that go on ");
    }
    check_cuts(redactor, buf_str(&text), "words");
    check_cuts(redactor, STR("so vault login hidden and more words"), "login");
    check_cuts(redactor, STR("so #define TOKEN hidden and more words"), "define");
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
    assert_string_equal(buf_cstr(&sink.out), "one\ntwo ");
    redact_stream_write(stream, STR("word=abc"));
    assert_string_equal(buf_cstr(&sink.out), "one\ntwo ");
    redact_stream_write(stream, STR("def\n"));
    assert_string_equal(buf_cstr(&sink.out), "one\ntwo password=***\n");
    redact_stream_write(stream, STR("rest"));
    redact_stream_end(stream);
    assert_string_equal(buf_cstr(&sink.out), "one\ntwo password=***\nrest");
    buf_done(&sink.out);
    redact_stream_end(NULL);
}

/* What is shown of a line of which no more has come. */
static char *shown_of(const struct redactor *redactor, const char *line) {
    struct sink sink = {.out = BUF_INIT(TEXT_MAX)};
    struct redact_stream *stream = redact_stream_new(redactor, sink_put, &sink);

    redact_stream_write(stream, str_from(line));
    char *shown = str_dup(buf_str(&sink.out));
    redact_stream_end(stream);
    buf_done(&sink.out);
    return shown;
}

static void words_come_out_as_soon_as_nothing_can_make_them_secret(void **state) {
    static const struct {
        const char *line;
        const char *shown;
    } rows[] = {
        {"Hello, I will help you to deploy y", "Hello, I will help you to deploy "},
        {"Your token is valid and your password, ", "Your token is valid and your "},
        {"Your token is valid and your password, which is",
         "Your token is valid and your password, which "},
        {"The password-protected site uses API keys that are ro",
         "The password-protected site uses API keys that are "},
        {"see https://example.com/docs for mo", "see https://example.com/docs for "},
        {"see https://me:pw@example.com/docs for mo", "see "},
        {"so vault login hidden and mo", "so "},
        {"the define token hidden and mo", "the define "},
        {"the password ", "the "},
        {"the password Tulip4821", "the "},
        {"the password is ", "the "},
        {"the password is s", "the "},
        {"the password is so good. And s", "the password is so good. And "},
        {"the password = so good", "the "},
        {"the password str = 'so good", "the "},
        {"set password so good", "set "},
        {"machine x login y password so good", "machine x login y "},
        {"so curl -u me:pw https://x", "so "},
        {"it is in -----BEGIN PRIVATE KEY-----", "it is in "},
        {"a\\u0020b c d", ""},
        {"caf\xc3\xa9 au l", "caf\xc3\xa9 au "},
        {"zero\xe2\x80\x8bwidth is h", ""},
        {"say the first line o", "say the "}, /* a known value with blanks */
        {"say the first line on ", "say the first line on "},
        {"call +49 30 9018 20 now", "call "},
        {"my number AB 12 34 56 C", "my number "},
        {"call +49 30 ", "call "},
        {"my number AB ", "my number "},
        {"the card 4111 1111 1", "the card "},
        {"seed = Qm7rTz2KpX9wLc4vNs8yJd3h and", "seed = "},
        {"text=SGVsbG8sIHdvcmxkLCBob3cgYXJlIHlvdT8= and", ""},
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    redactor_mask_persons(redactor, false);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *shown = shown_of(redactor, rows[i].line);

        if (strcmp(shown, rows[i].shown) != 0) {
            fail_msg("%s: shown %s", rows[i].line, shown);
        }
    }
}

/* Whatever is shown of any beginning of a text is how the whole of it, and any other text that
 * begins so, is masked. */
static void what_was_shown_early_stays_whatever_follows(void **state) {
    static const char *const ends[] = {"",
                                       " = hidden-in-here",
                                       "@example.com",
                                       ": 'x y'",
                                       " 3704 0044 0532 0130 00",
                                       "line of it",
                                       "%20",
                                       "\\u0041",
                                       "://u:p@h",
                                       " IQoJb3JpZ2lu",
                                       "\xe2\x80\x8b=x",
                                       " string = \"x\"",
                                       "-u a:b ",
                                       "\n",
                                       "***"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    redactor_mask_persons(redactor, true);
    for (size_t i = 0; i < named_n + harmless_n; i++) {
        const char *line = i < named_n ? named[i] : harmless[i - named_n];
        size_t n = strlen(line);

        for (size_t cut = 1; cut <= n; cut++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
            buf_addf(&text, "so the %.*s", (int)cut, line);
            CLEANUP(freep) char *shown = shown_of(redactor, buf_cstr(&text));
            buf_add_s(&text, ends[next_random() % ARRAY_N(ends)]);
            CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
            if (strncmp(masked, shown, strlen(shown)) != 0) {
                fail_msg("%s: shown %s, masked %s", buf_cstr(&text), shown, masked);
            }
        }
    }
}

/* ---- bad input ---- */

/* `text` in UTF-16. */
static void utf16_add(struct buf *out, const char *text, bool is_big, bool has_mark) {
    buf_add_s(out, !has_mark ? "" : is_big ? "\xfe\xff" : "\xff\xfe");
    for (const char *p = text; *p != '\0'; p++) {
        buf_add(out, is_big ? (struct str){"\0", 1} : (struct str){p, 1});
        buf_add(out, is_big ? (struct str){p, 1} : (struct str){"\0", 1});
    }
}

/* `text` with `what` after every `step` bytes. */
static void sprinkled_add(struct buf *out, const char *text, struct str what, size_t step) {
    for (size_t i = 0; text[i] != '\0'; i++) {
        buf_add_c(out, text[i]);
        if (i % step == step - 1) {
            buf_add(out, what);
        }
    }
}

/* What is left when all that no reader sees is taken away. */
static bool is_seen(struct str masked, const char *secret) {
    CLEANUP(buf_done) struct buf seen = BUF_INIT(TEXT_MAX);

    for (size_t i = 0; i < masked.len; i++) {
        unsigned char c = (unsigned char)masked.ptr[i];
        if (c > 0 && c < 0x7f) {
            buf_add_c(&seen, (char)c);
        }
    }
    return str_find(buf_str(&seen), str_from(secret)) >= 0;
}

static void no_unseen_character_hides_a_secret(void **state) {
    static const struct str unseen[] = {{"\0", 1},           {"\xe2\x80\x8b", 3},
                                        {"\xe2\x80\xae", 3}, {"\xe2\x81\xa6", 3},
                                        {"\xef\xbb\xbf", 3}, {"\xc2\xad", 2}};
    static const char line[] = "say password=hidden-in-here and s3cr3t-value too\n";
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    for (size_t i = 0; i < 4 + ARRAY_N(unseen) * 3; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        size_t len = 0;

        if (i < 4) {
            utf16_add(&text, line, i % 2 != 0, i / 2 != 0);
        } else {
            sprinkled_add(&text, line, unseen[(i - 4) / 3], (i - 4) % 3 + 1);
        }
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
        if (is_seen((struct str){masked, len}, "hidden") ||
            is_seen((struct str){masked, len}, "s3cr3t")) {
            fail_msg("row %zu: %s", i, masked);
        }
        check_cuts(redactor, buf_str(&text), "unseen");
        check_fixpoint(redactor, buf_str(&text), "unseen");
    }
}

static void count_bytes(void *user, const struct masked *piece) {
    *(size_t *)user += masked_str(piece).len;
}

/* Memory is that of a segment, whatever the length of a line. */
static void a_line_of_64_megabytes_takes_no_memory(void **state) {
    static const char words[] = "some words of a log that go on for as long as nobody ends it; ";
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    CLEANUP(buf_done) struct buf piece = BUF_INIT(TEXT_MAX);
    size_t bytes = 0;
    size_t all = (getenv("AWSCOPILOT_TEST_STRIDE") == NULL ? 64U : 8U) << 20;
    size_t fed = 0;

    (void)state;
    while (piece.len < 60000) {
        buf_add_s(&piece, words);
    }
    struct redact_stream *stream = redact_stream_new(redactor, count_bytes, &bytes);
    redact_stream_write(stream, buf_str(&piece));
    size_t before = 0;
    for (; fed < all; fed += piece.len) {
        redact_stream_write(stream, buf_str(&piece));
        before = fed < all / 8 ? mallinfo2().uordblks + mallinfo2().hblkhd : before;
    }
    size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
    redact_stream_end(stream);
    assert_int_equal(bytes, fed + piece.len);
    assert_true(after < before + (1U << 20));
}

/* ---- JSON stays JSON ---- */

/* A few pieces side by side, which may end in the middle of what is looked for. */
static json_t *random_string(void) {
    static const char *const pieces[] = {"password",
                                         "Password",
                                         "token",
                                         "api_key",
                                         "pw",
                                         "x",
                                         " ",
                                         "=",
                                         ":",
                                         ": ",
                                         "= ",
                                         ",",
                                         "(",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         "'",
                                         "`",
                                         "/",
                                         "\\",
                                         "\n",
                                         "\"",
                                         "abc",
                                         "q7Zq9",
                                         "--password",
                                         "-u",
                                         "curl -u a:b",
                                         "Bearer ",
                                         "Cookie: ",
                                         "a@b.com",
                                         "the password is ",
                                         "mysql -pabc",
                                         "?token=",
                                         "&",
                                         "%22",
                                         "%3D",
                                         "->",
                                         "==",
                                         "<password>",
                                         "</password>",
                                         "value=",
                                         "login ",
                                         "Authorization: ",
                                         "https://u:p@h/",
                                         "4111 1111 1111 1111",
                                         "\u200b",
                                         ("-----BEGIN "
                                          "PRIVATE KEY-----"),
                                         "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ="};
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    for (uint32_t i = next_random() % 7; i > 0; i--) {
        buf_add_s(&text, pieces[next_random() % ARRAY_N(pieces)]);
    }
    return json_string_of(buf_str(&text));
}

static json_t *random_json(int depth) {
    static const char *const keys[] = {
        "a",      "password",    "token", "list",    "Key", "x-auth", "secret",    "n\"quote",
        "path\\", "credentials", "k\nl",  "private", "url", "cmd",    "Password:", "key="};
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
                                        "Password:",
                                        "token=",
                                        "the new secret: ",
                                        "a, \"password=\", b",
                                        "x9Xw/aPw=",
                                        "--password=",
                                        "Cookie: \"a\"; b"};
    json_t *json = NULL;

    switch (next_random() % (depth > 4 ? 4 : 8)) {
    case 0:
        return json_integer(next_random() % 4 == 0 ? 4111111111111111 : (json_int_t)next_random());
    case 1:
        return next_random() % 3 == 0 ? json_null() : json_boolean(next_random() % 2 != 0);
    case 2:
        return random_string();
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

/* The same JSON with blanks of any kind between what it is made of; most of it in a few lines. */
static char *spread(const char *json) {
    static const char *const blanks[] = {"\n", " ", "\r\n", "\n  ", "\t", "\r", "\n\n"};
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_MAX);
    bool is_string = false;

    for (const char *p = json; *p != '\0'; p++) {
        bool is_mark = !is_string && strchr("[]{},:", *p) != NULL;

        if (is_mark && next_random() % 3 == 0) {
            buf_add_s(&out, blanks[next_random() % ARRAY_N(blanks)]);
        }
        buf_add(&out, (struct str){p, 1});
        if (is_string && *p == '\\') {
            buf_add(&out, (struct str){++p, 1});
        } else if (*p == '"') {
            is_string = !is_string;
        }
        if (is_mark && next_random() % 3 == 0) {
            buf_add_s(&out, blanks[next_random() % ARRAY_N(blanks)]);
        }
    }
    return mem_strdup(buf_cstr(&out));
}

static void json_in_a_text_stays_json(void **state) {
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(2), 0, JSON_ENSURE_ASCII,
                                   JSON_ESCAPE_SLASH};
    CLEANUP(redactor_freep) struct redactor *known = redactor_with_known();
    CLEANUP(redactor_freep) struct redactor *persons = redactor_with_known();

    (void)state;
    redactor_mask_persons(persons, true);
    for (int i = 0; i < 3000; i++) {
        const struct redactor *redactor = i % 2 == 0 ? known : persons;
        json_t *json = random_json(0);
        json = i % 3 == 0 ? json : wrapped(json);
        json = i % 9 == 1 ? wrapped(json) : json;
        CLEANUP(freep)
        char *dumped = json_dumps(json, flags[(size_t)i % ARRAY_N(flags)] | JSON_ENCODE_ANY);
        CLEANUP(freep) char *text = i % 4 < 2 ? spread(dumped) : mem_strdup(dumped);
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);

        json_decref(json);
        if (!is_json(str_from(masked))) {
            fail_msg("%s\n -> %s", text, masked);
        }
        check_fixpoint(redactor, str_from(text), "json");
    }
}

/* What goes by the tree hides all that goes by the text, in canonical bytes. */
static void a_tree_hides_what_its_text_hides(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    redactor_mask_persons(redactor, true);
    for (int i = 0; i < 3000; i++) {
        CLEANUP(json_decrefp) json_t *json = random_json(0);
        CLEANUP(json_decrefp) json_t *read = NULL;
        CLEANUP(masked_done) struct masked masked = {0};
        CLEANUP(masked_done) struct masked again = {0};
        struct err err = {0};

        redact_json(redactor, json, &masked);
        redact_text(redactor, masked_str(&masked), &again);
        if (!str_eq(masked_str(&again), masked_str(&masked))) {
            fail_msg("%s\n -> %s", masked_cstr(&masked), masked_cstr(&again));
        }
        assert_int_equal(json_read(masked_str(&masked), &read, &err), ERR_NONE);
        CLEANUP(freep) char *canonical = json_text(read);
        assert_string_equal(canonical, masked_cstr(&masked));
    }
}

/* A name at the end of a string has no value, in JSON that a string holds and in another language's
 * notation either. */
static void a_name_that_ends_a_string_has_no_value(void **state) {
    static const char *const texts[] = {
        "{\"label\":\"Password:\",\"n\":1}",
        "{\"label\": \"the new secret: \", \"n\": true}",
        "{\"log\":\"{\\\"label\\\":\\\"Password:\\\",\\\"n\\\":1}\"}",
        "{'label': 'Password:', 'n': True}",
        "[\"--password=\", 5]",
        "[\n  \"my password : \",\n  \"x\"\n]",
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    check_stays(redactor, texts, ARRAY_N(texts));
}

/* What random texts once broke, as small as it can be. */
static void what_random_texts_found_stays_mended(void **state) {
    static const char *const texts[] = {
        "{\"a\":[\"\",[\"password,t\"\n],[]]}", /* no head of a table */
        "[\n\"\\\"@e.od\",true,\"\",false]",
        "{\"name:PSSWRD\":0,\"value\":2,\"\":4}",
        "{\"a\":\"[\\n  1e+300,\\n  \\\"Password:\\\"\\n]\"}", /* in a string of JSON */
        "[\"[4111111111111111, [\\\"Password:\\\"]]\",{}]",
        ("{\"list\": \"[\\n  \\\"| user | password |\\\\n|---|---|\\\\n| a | b |\\\",\\n  "
         "true\\n]\"}"),
        ", paswd) VALUES(,' \"",
        "(id, password) VALUES(1, 'so good')",
        "echo a| --password-stdin",
        "ed=Qm7rTz2KpX9w\x1b[ENSSH ",
        "\"-----BEGIN PRIVATE KEY-----\nabc\n' -----END PRIVATE KEY----- password=\"x\" y\n",
        "the password is words of a log curl -u a:b h and the password is ",
        "key key the password is ",
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    CLEANUP(redactor_freep) struct redactor *plain = redactor_with_known();

    (void)state;
    redactor_mask_persons(redactor, true);
    for (size_t i = 0; i < ARRAY_N(texts); i++) {
        struct str text = str_from(texts[i]);

        check_cuts(plain, text, texts[i]);
        check_fixpoint(plain, text, texts[i]);

        for (int64_t budget = 1; budget < 100000; budget *= 4) {
            CLEANUP(freep) char *masked = mask_of(redactor, text, NULL);
            CLEANUP(json_decrefp) json_t *json = json_loads(masked, JSON_DECODE_ANY, NULL);
            const char *first = json_string_value(json_array_get(json, 0));
            const char *held =
                first == NULL ? json_string_value(json_object_get(json, "a")) : first;

            if (is_json(text) != (json != NULL)) {
                fail_msg("%s\n -> %s", texts[i], masked);
            }
            if (budget == 1 && held != NULL && *held == '[' && !is_json(str_from(held))) {
                fail_msg("%s\n -> %s", texts[i], masked);
            }
            check_cuts(redactor, text, texts[i]);
            check_fixpoint(redactor, text, texts[i]);
            redactor_set_budget(redactor, budget);
        }
        redactor_set_budget(redactor, BUDGET_MAX);
    }
}

/* How often one line is read again says nothing about the next. */
static void many_lines_that_are_masked_twice_stay_as_they_are(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    redactor_mask_persons(redactor, true);
    for (int i = 0; i < 100; i++) {
        buf_addf(&text, "(415)555-0132%sPuTTY-User-Key-File-\nPrivate-MAC:\n", known_values[0]);
    }
    check_fixpoint(redactor, buf_str(&text), "lines");
}

/* How a secret may stand in a string of JSON. */
enum form { FORM_KNOWN, FORM_BASE64, FORM_WRAPPED, FORM_HEX, FORM_TOKEN, FORM_N };

/* Adds a secret that begins and ends somewhere in what is encoded; `what` gets what must go. */
static void form_add(struct buf *out, enum form form, struct buf *what) {
    static const char *const leads[] = {"", "a", "> ", "ab", "note: "};
    CLEANUP(buf_done) struct buf plain = BUF_INIT(TEXT_MAX);

    buf_clear(what);
    if (form == FORM_KNOWN) {
        buf_add_s(out, known_values[0]);
        buf_add_s(what, known_values[0]);
        return;
    }
    if (form == FORM_TOKEN) {
        CLEANUP(freep) char *secret = secret_of(&kinds[0]);
        buf_add_s(out, secret);
        buf_add_s(what, secret);
        return;
    }
    buf_add_s(&plain, leads[next_random() % ARRAY_N(leads)]);
    if (next_random() % 2 == 0) {
        buf_addf(&plain, "%s and more of it", known_values[0]);
    } else {
        buf_add_s(&plain, "words of a file\nDB_PASSWORD=hunter2-hunter2\nMODE=words after it");
    }
    if (form == FORM_HEX) {
        hex_add(what, plain.ptr, plain.len);
    } else {
        base64_add(what, plain.ptr, plain.len);
    }
    for (size_t at = 0; at < what->len; at += 64) {
        buf_add_s(out, form == FORM_WRAPPED && at > 0 ? "\n" : "");
        buf_add(out, str_slice(buf_str(what), at, at + 64));
    }
}

/* `levels` times a JSON string in JSON; the caller frees. */
static char *json_nested(struct str text, int levels, size_t flags) {
    CLEANUP(json_decrefp)
    json_t *json = json_pack("{s:o,s:i}", "log", json_string_of(text), "n", 1);
    char *dumped = json_dumps(json, flags);

    if (levels > 1) {
        CLEANUP(freep) char *inner = dumped;
        dumped = json_nested(str_from(inner), levels - 1, flags);
    }
    return dumped;
}

/* Whether `text` is JSON as deep as json_nested() made it; `out` gets the string in the middle. */
static bool json_unnest(struct str text, int levels, struct buf *out) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct err err = {0};

    if (json_read(text, &json, &err) != ERR_NONE || !json_is_string(json_object_get(json, "log"))) {
        return false;
    }
    struct str inner = str_from(json_string_value(json_object_get(json, "log")));
    if (levels > 1) {
        return json_unnest(inner, levels - 1, out);
    }
    buf_add(out, inner);
    return true;
}

/* What stands beside a secret is an escape in JSON, whose letter may be one of the encoding's. */
static void an_escape_beside_a_secret_is_not_cut(void **state) {
    static const char *const beside[] = {"\n",         "\t", "\r",   "\b",   "\f",     "\"",
                                         "\\",         "/",  "\x01", "\x1f", "\u00e4", "\u20ac",
                                         "\U0001f600", " ",  "n",    "u",    "u000",   "\\n",
                                         "\\u0041",    "=",  ",",    "x: "};
    static const size_t flags[] = {0, JSON_ENSURE_ASCII, JSON_ESCAPE_SLASH | JSON_COMPACT};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    redactor_mask_persons(redactor, false);
    for (int i = 0; i < 3000; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf what = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf left = BUF_INIT(TEXT_MAX);
        enum form form = next_random() % FORM_N;
        int levels = 1 + (int)(next_random() % 3);
        size_t len = 0;

        for (uint32_t n = next_random() % 4; n > 0; n--) {
            buf_add_s(&text, beside[next_random() % ARRAY_N(beside)]);
        }
        bool is_glued = text.len > 0 && strchr("nu0", text.ptr[text.len - 1]) != NULL;
        form_add(&text, form, &what);
        for (uint32_t n = next_random() % 4; n > 0; n--) {
            buf_add_s(&text, beside[next_random() % ARRAY_N(beside)]);
        }
        CLEANUP(freep) char *json = json_nested(buf_str(&text), levels, flags[next_random() % 3]);
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(json), &len);
        bool is_json = json_unnest((struct str){masked, len}, levels, &left);
        bool is_left = leaks(buf_cstr(&left), left.len, buf_cstr(&what));
        if (!is_json || (is_left && !(is_glued && form == FORM_TOKEN))) {
            fail_msg("round %d, %s: %s\n -> %s", i, is_json ? "leaks" : "no JSON", json, masked);
        }
        check_fixpoint(redactor, str_from(json), "beside an escape");
    }
}

/* ---- hostile and random input ---- */

/* Fails when a planted value is seen in what is shown of `text`, when that depends on how the bytes
 * arrive, or when masking it again changes it. Gives what is shown; the caller frees. */
/* What is shown of a text that is cut off anywhere is the beginning of what is shown of all of it.
 */
static void check_cut_off(const struct redactor *redactor, struct str text, struct str masked) {
    struct sink sink = {.out = BUF_INIT(TEXT_MAX)};
    struct redact_stream *stream = redact_stream_new(redactor, sink_put, &sink);
    struct str came = str_slice(text, 0, next_random() % (text.len + 1));

    while (came.len > 0) {
        size_t n = next_random() % 200 + 1;

        redact_stream_write(stream, str_slice(came, 0, n));
        came = str_slice(came, n, came.len);
    }
    redact_stream_drop(stream);
    if (!str_starts(masked, buf_str(&sink.out))) {
        fail_msg("cut off: " STR_FMT "\n -> %s", STR_ARG(text), buf_cstr(&sink.out));
    }
    buf_done(&sink.out);
}

static char *check_planted(const struct redactor *redactor, struct str text, int round) {
    size_t len = 0;
    size_t got_len = 0;
    char *masked = mask_of(redactor, text, &len);
    CLEANUP(freep) char *got = stream_of(redactor, text, 0, &got_len);

    if (str_find((struct str){masked, len}, str_from(known_values[0])) >= 0) {
        fail_msg("round %d: " STR_FMT "\n -> %s", round, STR_ARG(text), masked);
    }
    if (got_len != len || memcmp(got, masked, len) != 0) {
        fail_msg("round %d: cut differently: " STR_FMT "\n -> %s", round, STR_ARG(text), masked);
    }
    CLEANUP(freep) char *name = str_dup(text);
    check_fixpoint(redactor, text, name);
    check_cut_off(redactor, text, (struct str){masked, len});
    return masked;
}

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
    for (int round = 0; round < 3000; round++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        for (uint32_t n = next_random() % 60; n > 0; n--) {
            const char *atom = atoms[next_random() % ARRAY_N(atoms)];
            buf_add(&text, (struct str){atom, *atom == '\0' ? 1 : strlen(atom)});
            if (next_random() % 20 == 0) {
                buf_add_s(&text, known_values[0]);
            }
        }
        free(check_planted(redactor, buf_str(&text), round));
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

        while (text.len < 150000) {
            buf_add(&text, (struct str){pieces[i], n});
        }
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        assert_non_null(masked);
    }
}

/* A command is read for a kilobyte: what it is cut in is no word, or it would be masked for ever.
 */
static void commands_in_a_row_are_masked_one_by_one(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t shift = 0; shift < 8; shift++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        for (size_t i = 0; i < 400; i++) {
            buf_addf(&text, "phone curl -u user%.*s:hidden-in-here", (int)shift, "12345678");
        }
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        assert_null(strstr(masked, "hidden"));
        assert_non_null(strstr(masked, "user"));
        check_fixpoint(redactor, buf_str(&text), "commands");
    }
}

/* ---- limits ---- */

static size_t limits_of(const struct redactor *redactor) {
    struct redact_count rows[REDACT_KINDS_MAX];
    size_t n = redactor_counts(redactor, rows, ARRAY_N(rows));
    size_t limits = 0;

    for (size_t i = 0; i < n; i++) {
        limits = strcmp(rows[i].kind, "limit") == 0 ? rows[i].n : limits;
    }
    return limits;
}

/* Adds a row in which each # is a digit of a number that goes up. */
static void row_add(struct buf *out, const char *row, unsigned i) {
    unsigned rest = 0;

    for (const char *p = row; *p != '\0'; p++) {
        rest = rest == 0 ? 1000003 + i * 7919 : rest;
        buf_add_c(out, *p == '#' ? (char)('0' + rest % 10) : *p);
        rest = *p == '#' ? rest / 10 : rest;
    }
}

/* Lists of customers, and logs that show what they should not, are no attack: each line is masked,
 * not shaped, however many there are. */
static void lists_of_persons_and_secrets_reach_no_limit(void **state) {
    static const char *const rows[] = {
        "{\"id\": #####, \"email\": \"user####@example.com\", \"phone\": \"+1 415 555 ####\", "
        "\"card\": \"4111 1111 1111 1111\", \"password\": \"Hidden####x!\"}\n",
        "row ####: call me at +49 30 #######, see 4111111111111111 and hidden###@example.com\n",
        "####,Ada Lee,hidden####@example.com,+49 30 #######,4111 1111 1111 1111,"
        "DE89370400440532013000,123-45-####\n",
        "Ada Lee hidden####@example.com +49 30 ####### 4111111111111111 "
        "DE89 3704 0044 0532 0130 00 123-45-####\n",
        "INSERT INTO customers (id, email, phone, card, iban, ssn) VALUES (####, "
        "'hidden####@example.com', '+49 30 #######', '4111 1111 1111 1111', "
        "'DE89370400440532013000', '123-45-####');\n",
        "  {\n    \"id\": ####,\n    \"email\": \"hidden####@example.com\",\n"
        "    \"phone\": \"+49 30 #######\",\n    \"ssn\": \"123-45-####\"\n  },\n",
        "{\"id\": ####, \"email\": \"hidden####@example.com\", \"phone\": \"+49 30 #######\", "
        "\"iban\": \"DE89370400440532013000\"}, ",
        "#### INFO connecting to postgresql://app:Hidden#######@db.internal:####/app\n",
        "> Cookie: session=Hidden######; theme=dark\n",
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_N(rows); k++) {
        CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
        CLEANUP(buf_done) struct buf text = BUF_INIT(4 << 20);

        redactor_mask_persons(redactor, false);
        for (unsigned i = 0; i < 12000; i++) {
            row_add(&text, rows[k], i);
        }
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        if (strstr(masked, "idden") != NULL || limits_of(redactor) > 0) {
            fail_msg("%s%zu limits", rows[k], limits_of(redactor));
        }
    }
}

struct shown {
    const char *text;
    const char *shown;
};

static void check_shown(const struct redactor *redactor, const struct shown *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(rows[i].text), NULL);

        assert_string_equal(masked, rows[i].shown);
        check_cuts(redactor, str_from(rows[i].text), rows[i].text);
        check_fixpoint(redactor, str_from(rows[i].text), rows[i].text);
    }
}

static void of_what_is_not_read_the_shape_of_json_is_shown(void **state) {
    static const struct shown rows[] = {
        {"{\"token\": \"b c\", \"n\": -12.5e3}\n", "{\"***\": \"***\", \"***\": \"***\"}\n"},
        {"[\"key=\", true ,false,null]", "[\"***\", true ,false,null]"},
        {"  \"key\": \"\",\r\n", "  \"***\": \"\",\r\n"},
        {"\"key \\\" \\\\\" : {", "\"***\" : {"},
        {"so the key=x is told\nkey\n", "so the ***\n***\n"},
        {"[1, key=x]\n[2]", "[1, ***\n[\"***\"]"},
        {"[truekey=1]", "[***"},
        {"key=x\nwords that are not read any more\n", "***\n***\n"},
        {"key=x\nn , b\n[nul , 1]\n", "***\n***\n[***\n"},
        {"{\"key=\": tru", "{\"***\": ***"},
        {"{\"key=\": 12", "{\"***\": \"***\""},
        {"\"key=\" \"b\"", "\"***\" ***"},
        {"\"key= not closed\n{}\n", "\"***\n{}\n"},
        {"docker login -p x", "docker ***"},
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_set_budget(redactor, 1);
    check_shown(redactor, rows, ARRAY_N(rows));
}

/* A line that is not read still says what the lines after it are, and the ones that are read again
 * when there is work left are shown. */
static void what_is_not_read_still_says_what_comes_after_it(void **state) {
    static const char *const rows[] = {
        "-----BEGIN RSA PRIVATE KEY-----\nhidden+in/here\n-----END RSA PRIVATE KEY-----\n",
        "PuTTY-User-Key-File-3: x\nhidden+in/here\nPrivate-MAC: 00\n",
        "secret:\n  hidden+in/here\n",
        "\"credentials\": {\n  \"a\": \"hidden+in/here\"\n}\n",
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_set_budget(redactor, 38000);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        for (size_t n = 0; n < 1200; n++) { /* more than two thirds of the work */
            buf_addf(&text, "%s\\u0061 ", n == 0 ? "token=" : "");
        }
        buf_addf(&text, "\n%s", rows[i]);
        for (size_t n = 0; n < 40; n++) {
            buf_add_s(&text, "words of a log that say nothing\n");
        }
        size_t limits = limits_of(redactor);
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), NULL);
        if (strstr(masked, "hidden") != NULL || strstr(masked, "of a log") == NULL ||
            limits_of(redactor) < limits + 2) {
            fail_msg("%s", masked);
        }
        check_cuts(redactor, buf_str(&text), rows[i]);
        check_fixpoint(redactor, buf_str(&text), rows[i]);
    }
}

/* Hostile pieces, or now and then a line of JSON. */
static void hostile_add(struct buf *out) {
    if (next_random() % 4 == 0) {
        json_t *json = random_json(0);
        json = next_random() % 2 == 0 ? json : wrapped(json);
        CLEANUP(freep) char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
        json_decref(json);
        buf_addf(out, "%s\n", text);
        return;
    }
    for (uint32_t n = next_random() % 12; n > 0; n--) {
        buf_add_s(out, hostile_pieces[next_random() % hostile_piece_n]);
    }
}

static void no_limit_shows_a_secret_or_breaks_a_promise(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    size_t shown = 0;

    (void)state;
    redactor_mask_persons(redactor, true);
    for (int round = 0; round < 1000; round++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        for (uint32_t n = next_random() % 12; n > 0; n--) {
            hostile_add(&text);
            buf_add_s(&text, next_random() % 6 == 0 ? known_values[0] : "");
        }
        for (uint32_t n = next_random() % 4; n > 1; n--) {
            CLEANUP(freep) char *same = mem_strdup(buf_cstr(&text));
            buf_add_s(&text, same); /* lines that stand there again */
        }
        redactor_set_budget(redactor, next_random() % 40000);
        CLEANUP(freep) char *masked = check_planted(redactor, buf_str(&text), round);
        shown += strstr(masked, "words of a log") != NULL ? 1 : 0;
    }
    assert_true(limits_of(redactor) > 500);
    assert_true(shown > 50);
}

static void no_limit_makes_json_something_else(void **state) {
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(2), 0, JSON_ENSURE_ASCII};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    redactor_mask_persons(redactor, false);
    for (int i = 0; i < 1000; i++) {
        json_t *json = random_json(0);
        size_t len = 0;
        json = i % 3 == 0 ? wrapped(json) : json;
        CLEANUP(freep) char *text = json_dumps(json, flags[(size_t)i % 4] | JSON_ENCODE_ANY);

        json_decref(json);
        redactor_set_budget(redactor, next_random() % 5000);
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), &len);
        if (!is_json((struct str){masked, len})) {
            fail_msg("%s\n -> %s", text, masked);
        }
        check_fixpoint(redactor, str_from(text), text);
    }
    assert_true(limits_of(redactor) > 250);
}

/* A line of 150 KB of which the work is over in the middle, in a string of JSON. */
static void a_long_line_may_be_over_in_the_middle(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    buf_add_s(&text, "[\"a word\"");
    while (text.len < 150000) {
        buf_addf(&text, ", \"say token:secret: \\u0061 %s and on\", 12345, true", known_values[0]);
    }
    buf_add_s(&text, "]\n");
    for (int64_t budget = 1; budget < 40000000; budget *= 3) {
        size_t len = 0;

        redactor_set_budget(redactor, budget);
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&text), &len);
        assert_true(is_json((struct str){masked, len}));
        assert_null(strstr(masked, known_values[0]));
        check_cuts(redactor, buf_str(&text), "over in the middle");
    }
}

/* {"card": 4111111111111111}: what JSON writes without quotes gets some. */
static void a_number_that_is_masked_in_json_becomes_a_string(void **state) {
    static const struct shown rows[] = {
        {"{\"a\": 4111111111111111}", "{\"a\": \"***\"}"},
        {"[1, 4111111111111111 ,\"x\"]", "[1, \"***\" ,\"x\"]"},
        {"  4111111111111111,\n", "  \"***\",\n"},
        {"{\"log\":\"{\\\"a\\\": 4111111111111111}\"}", "{\"log\":\"{\\\"a\\\": \\\"***\\\"}\"}"},
        {"{\"log\":\"[4111111111111111]\"}", "{\"log\":\"[\\\"***\\\"]\"}"},
        {"4111111111111111", "\"***\""}, /* all of a text */
        {"[4111111111111111,\n4111111111111111\n]", "[\"***\",\n\"***\"\n]"},
        {"4111-1111-1111-1111", "***"}, /* no number of JSON */
        {"card 4111111111111111, it is", "card ***, it is"},
        {"4111111111111111, it is", "***, it is"},
        {"{\"a\": 98765432}", "{\"a\": \"***\"}"},
        {"{\"a\": -1.98765432e5}", "{\"a\": \"***\"}"},
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_mask_persons(redactor, false);
    redactor_add_known(redactor, "PIN", STR("98765432"));
    check_shown(redactor, rows, ARRAY_N(rows));
}

static void a_line_that_stands_there_again_is_read_where_it_says_more(void **state) {
    static const struct shown rows[] = {
        {"  max_tokens: 5\npassword:\n  max_tokens: 5\n",
         "  max_tokens: 5\npassword:\n  max_tokens: ***\n"},
        {"max_tokens: 5 for aws_secret users\na\nb\nc\nd\n"
         "max_tokens: 5 for aws_secret users\nwJalrXUtnFEMIpK7MDENGxbPxRfiCYzzzzzzzz12\n",
         "max_tokens: 5 for aws_secret users\na\nb\nc\nd\n"
         "max_tokens: 5 for aws_secret users\n***\n"},
        /* Base64 of a text, in which a known value goes over the end of its line */
        {"d29yZHMgb2YgYSB0ZXh0IHRoYXQgc2F5cyBuZXh0IHRvIG5vdGhpbmcgU3VwM3JT\nthe end\n"
         "d29yZHMgb2YgYSB0ZXh0IHRoYXQgc2F5cyBuZXh0IHRvIG5vdGhpbmcgU3VwM3JT\n"
         "M2NyZXRLbm93blZhbHVlNzcgYW5kIHdvcmRzIGFmdGVyIGl0IHRoYXQgc2F5IG5v\nthe end\n",
         "d29yZHMgb2YgYSB0ZXh0IHRoYXQgc2F5cyBuZXh0IHRvIG5vdGhpbmcgU3VwM3JT\nthe end\n***\nthe "
         "end\n"},
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "ODD", STR("Sup3rS3cretKnownValue77"));
    check_shown(redactor, rows, ARRAY_N(rows));
}

/* A line that was shown as it is stays so only as long as the same values are known. */
static void a_line_that_stands_there_again_is_read_when_more_is_known(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    struct sink sink = {.out = BUF_INIT(TEXT_MAX)};
    struct redact_stream *stream = redact_stream_new(redactor, sink_put, &sink);

    (void)state;
    redact_stream_write(stream, STR("so password=abc it\nso password=def it\n"));
    redactor_add_known(redactor, "ODD", STR("=*** it"));
    redact_stream_write(stream, STR("so password=ghi it\n"));
    redact_stream_end(stream);
    assert_string_equal(buf_cstr(&sink.out),
                        "so password=*** it\nso password=*** it\nso password***\n");
    buf_done(&sink.out);
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
        cmocka_unit_test(the_result_does_not_depend_on_how_the_bytes_arrive),
        cmocka_unit_test(a_line_without_end_is_masked_like_any_other),
        cmocka_unit_test(words_of_a_line_without_end_are_shown_once),
        cmocka_unit_test(a_token_without_end_is_one_mask),
        cmocka_unit_test(lines_come_out_when_they_are_complete),
        cmocka_unit_test(words_come_out_as_soon_as_nothing_can_make_them_secret),
        cmocka_unit_test(what_was_shown_early_stays_whatever_follows),
        cmocka_unit_test(no_unseen_character_hides_a_secret),
        cmocka_unit_test(a_line_of_64_megabytes_takes_no_memory),
        cmocka_unit_test(json_in_a_text_stays_json),
        cmocka_unit_test(a_tree_hides_what_its_text_hides),
        cmocka_unit_test(a_name_that_ends_a_string_has_no_value),
        cmocka_unit_test(what_random_texts_found_stays_mended),
        cmocka_unit_test(many_lines_that_are_masked_twice_stay_as_they_are),
        cmocka_unit_test(an_escape_beside_a_secret_is_not_cut),
        cmocka_unit_test(random_text_never_shows_a_planted_secret),
        cmocka_unit_test(input_made_to_be_slow_still_ends),
        cmocka_unit_test(commands_in_a_row_are_masked_one_by_one),
        cmocka_unit_test(of_what_is_not_read_the_shape_of_json_is_shown),
        cmocka_unit_test(what_is_not_read_still_says_what_comes_after_it),
        cmocka_unit_test(lists_of_persons_and_secrets_reach_no_limit),
        cmocka_unit_test(a_line_that_stands_there_again_is_read_where_it_says_more),
        cmocka_unit_test(a_line_that_stands_there_again_is_read_when_more_is_known),
        cmocka_unit_test(no_limit_shows_a_secret_or_breaks_a_promise),
        cmocka_unit_test(no_limit_makes_json_something_else),
        cmocka_unit_test(a_long_line_may_be_over_in_the_middle),
        cmocka_unit_test(a_number_that_is_masked_in_json_becomes_a_string),
        cmocka_unit_test(values_may_become_known_while_others_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
