/* Throws bytes at the redactor: pieces of what it looks for, cut, doubled and spoiled.
 *
 *   redact_fuzz ROUNDS SEED
 *   redact_fuzz < TEXT         this one
 *
 * Each text holds a known value somewhere. It must not be seen, the result must not depend on how
 * the bytes arrive, masking again must change nothing, and JSON must stay JSON; with any budget of
 * work. Stops at the first text that breaks one of these, and shows what of it is needed. Under
 * libFuzzer
 * (-fsanitize=fuzzer -DLIBFUZZER) the texts are its own.
 */
#include "base/json.h"
#include "guard/redact/budget.h"
#include "guard/redact/redact_fixture.h"
#include "guard/redact/redactor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 4096 };

static const char planted[] = "Planted-Value_4821!";

static struct redactor *redactor_of_fuzz(bool has_persons) {
    struct redactor *redactor = redactor_with_known();

    redactor_add_known(redactor, "PLANTED", str_from(planted));
    if (has_persons) {
        redactor_mask_persons(redactor, true);
    }
    return redactor;
}

static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len) {
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* What is wrong with how `text` is masked; NULL: nothing. */
static const char *fault_of(const struct redactor *redactor, struct str text) {
    static const size_t sizes[] = {1, 7, 0, 0, 0}; /* 0: random ones */
    size_t len = 0;
    size_t other_len = 0;
    CLEANUP(freep) char *masked = mask_of(redactor, text, &len);
    struct str once = {masked, len};
    size_t last = text.len > SHORT ? 3 : ARRAY_N(sizes);

    if (str_find(once, str_from(planted)) >= 0) {
        return "the planted value is seen";
    }
    for (size_t i = 0; i < last; i++) {
        CLEANUP(freep) char *streamed = stream_of(redactor, text, sizes[i], &other_len);
        if (!is_same(masked, len, streamed, other_len)) {
            return "cut differently";
        }
    }
    if (is_json(text) && !is_json(once)) {
        return "no JSON any more";
    }
    CLEANUP(freep) char *again = mask_of(redactor, once, &other_len);
    return is_same(masked, len, again, other_len) ? NULL : "masked again differs";
}

/* Leaves out of `text` what it takes not to have the fault. */
static void shrink(const struct redactor *redactor, struct buf *text) {
    CLEANUP(buf_done) struct buf less = BUF_INIT(TEXT_MAX);

    for (size_t n = text->len / 2; n > 0; n = n == 1 ? 0 : (n + 1) / 2) {
        for (size_t at = 0; at < text->len;) {
            buf_clear(&less);
            buf_add(&less, str_slice(buf_str(text), 0, at));
            buf_add(&less, str_slice(buf_str(text), at + n, text->len));
            if (less.len < text->len && fault_of(redactor, buf_str(&less)) != NULL) {
                buf_clear(text);
                buf_add(text, buf_str(&less));
            } else {
                at += n;
            }
        }
    }
}

static void print_as_c(const char *what, struct str text) {
    (void)fprintf(stderr, "%s \"", what);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\n') {
            (void)fputs("\\n", stderr);
        } else if (c < ' ' || c > '~') {
            (void)fprintf(stderr, "\\%03o", (unsigned)c);
        } else {
            (void)fprintf(stderr, c == '"' || c == '\\' ? "\\%c" : "%c", c);
        }
    }
    (void)fputs("\"\n", stderr);
}

static void fuzz_complain(const struct redactor *redactor, const char *what, struct str text) {
    CLEANUP(buf_done) struct buf small = BUF_INIT(TEXT_MAX);

    buf_add(&small, text);
    shrink(redactor, &small);
    struct str shrunk = buf_str(&small);
    size_t len = 0;
    CLEANUP(freep) char *masked = mask_of(redactor, shrunk, &len);
    CLEANUP(freep) char *again = mask_of(redactor, (struct str){masked, len}, NULL);
    CLEANUP(freep) char *cut = stream_of(redactor, shrunk, 1, &(size_t){0});

    const char *fault = fault_of(redactor, shrunk);
    (void)fprintf(stderr, "%s, of %zu bytes; shrunk: %s\n", what, text.len,
                  fault == NULL ? "by chance only" : fault);
    print_as_c("text ", shrunk);
    print_as_c("once ", (struct str){masked, len});
    print_as_c("again", str_from(again));
    print_as_c("cut  ", str_from(cut));
    abort();
}

static void fuzz_one(const struct redactor *redactor, struct str text) {
    const char *fault = fault_of(redactor, text);

    if (fault != NULL) {
        fuzz_complain(redactor, fault, text);
    }
}

#ifdef LIBFUZZER

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n) {
    static struct redactor *redactor;

    redactor = redactor == NULL ? redactor_of_fuzz(true) : redactor;
    fuzz_one(redactor, (struct str){(const char *)data, n});
    return 0;
}

#else

/* What goes on over lines, what stands before a line, what has no end. */
static const char *const parts[] = {
    "-----BEGIN RSA PRIVATE KEY-----\n",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----\n",
    "-----END RSA PRIVATE KEY-----",
    "-----END RSA PRIVATE KEY-----\n",
    "-----END ",
    "PuTTY-User-Key-File-3: x\nEncryption: none\n",
    "Private-MAC: 00ff\n",
    "MIIEpAIBAAKCAQEAx7Xq9KpVbNqWmZr3TfLs0YdGhJuE2oCi\n",
    "\"MIIEpAIBAAKCAQEAx7Xq9KpVbNqWmZr3TfLs0YdGhJuE2oCi\\n\"\n",
    "secret:\n  - a: one\n  - two\n",
    "password: |\n  first\n  second\n\nnext: 1\n",
    "token: >-\n    folded\n",
    "  deeper: value\n",
    "- item\n",
    "credentials:\n",
    "| user | password |\n|------|----------|\n| a | b-c |\n",
    " id | token \n----+-------\n 1 | abc\n",
    "user,password,n\nbob,hunter2,3\n",
    "id\tapi_key\n1\tx y\n",
    "INSERT INTO t (a, password) VALUES (1, 'x');\n",
    "name: DB_PASSWORD\nvalue: hunter2\n",
    "{\"name\": \"DB_PASSWORD\",\n \"value\": \"x y\"},\n",
    "\"Key\": \"token\"\n\"Value\": \"x\"\n",
    "2024-01-01T10:00:00.123Z ",
    "web-1  | ",
    "Jan  2 10:00:00 host app[12]: ",
    "#12 0.345 ",
    "##[group]Run ",
    "\x1b[36m",
    "\\u001b[0m",
    "::add-mask::",
    "Cookie: a=b; c=d",
    "Set-Cookie: sid=x; Path=/\n",
    "Authorization: Digest username=\"a\", response=\"b\"\n",
    "[1, true, null, ",
    "\"credentials\": {\n  \"a\": [\n",
    "]",
    "},\n",
    "\"password\": 12",
    "\\\"token\\\": ",
    "the password for bob was reset to ",
    "aws configure ",
    "cGFzc3dvcmQ6IGh1bnRlcjIgYW5kIG1vcmUgd29yZHMgb2YgYSBmaWxlIGFuZCBt\n",
    "70617373776f72643d68756e746572322061",
    "\n",
    "\n",
    " ",
    "***",
    "\"***\"",
    ", ",
    ": ",
    "=",
};

/* One piece of a text: what the tests hold, a row's example, a person, or any bytes. */
static void add_piece(struct buf *out) {
    static const char bytes[] =
        "\0\n\r\t \"'\\%=:{}[](),;@+-./&?|<>*$~`\xc2\xad\xe2\x80\x8b\xef\xbb\xbf\xff\xf0";
    static const char *const persons[] = {
        "a.b@example.com", "+49 30 901820", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00",
        "536-22-1234",     "10.1.2.3",      "2001:db8::1",         "(415) 555-0132"};

    switch (next_random() % 14) {
    case 0:
        buf_add_s(out, named[next_random() % named_n]);
        break;
    case 1:
        buf_add_s(out, harmless[next_random() % harmless_n]);
        break;
    case 2:
        redact_rule_example(next_random() % redact_rule_count(), next_random() % 2 == 0, out);
        break;
    case 3:
        buf_add_s(out, known_values[next_random() % known_value_n]);
        break;
    case 4:
        buf_add_s(out, persons[next_random() % ARRAY_N(persons)]);
        break;
    case 5:
    case 6:
        for (uint32_t n = next_random() % 6; n > 0; n--) {
            buf_add_c(out, bytes[next_random() % (sizeof bytes - 1)]);
        }
        break;
    case 7:
    case 8:
        buf_add_s(out, hostile_pieces[next_random() % hostile_piece_n]);
        break;
    default:
        buf_add_s(out, parts[next_random() % ARRAY_N(parts)]);
        break;
    }
}

/* Removes, doubles or changes a few bytes. */
static void spoil(struct buf *text) {
    for (uint32_t n = next_random() % 4; n > 0 && text->len > 0; n--) {
        size_t at = next_random() % text->len;
        size_t length = 1 + next_random() % 8;

        length = length > text->len - at ? text->len - at : length;
        if (next_random() % 2 == 0) {
            memmove(text->ptr + at, text->ptr + at + length, text->len - at - length);
            text->len -= length;
        } else {
            text->ptr[at] = (char)next_random();
        }
    }
}

/* An array or an object of the lines of `text`, indented or not, as JSON writes them. */
static void as_json(struct buf *text) {
    static const size_t flags[] = {JSON_INDENT(2), JSON_COMPACT, 0, JSON_ENSURE_ASCII,
                                   JSON_ESCAPE_SLASH | JSON_COMPACT};
    CLEANUP(json_decrefp) json_t *list = json_array();
    CLEANUP(json_decrefp) json_t *map = json_object();
    struct str rest = buf_str(text);
    struct str line = {0};
    bool is_whole = next_random() % 3 == 0; /* JSON in a string of JSON */

    while (str_next(&rest, '\n', &line)) {
        json_t *string = json_string_of(is_whole ? buf_str(text) : line); /* as UTF-8 */

        json_put(map, is_whole ? "log" : json_string_value(string),
                 json_integer((json_int_t)next_random()));
        (void)json_array_append_new(list, string);
        (void)json_array_append_new(list, json_boolean(next_random() % 2));
        rest = is_whole ? (struct str){0} : rest;
    }
    json_put(map, next_random() % 2 == 0 ? "credentials" : "list", json_incref(list));
    CLEANUP(freep)
    char *dumped =
        json_dumps(next_random() % 2 == 0 ? list : map, flags[next_random() % ARRAY_N(flags)]);
    buf_clear(text);
    buf_add_s(text, dumped == NULL ? "" : dumped);
}

/* The same pieces again up to more than one segment. */
static void repeat(struct buf *text) {
    CLEANUP(buf_done) struct buf once = BUF_INIT(TEXT_MAX);
    size_t n = 40000 + next_random() % 60000;
    bool is_line = next_random() % 4 != 0;

    for (size_t i = 0; i < text->len; i++) {
        bool is_end = text->ptr[i] == '\n' || text->ptr[i] == '\r';
        buf_add_c(&once, is_end && is_line ? ' ' : text->ptr[i]);
    }
    buf_clear(text);
    while (text->len < n && once.len > 0) {
        buf_add(text, buf_str(&once));
        add_piece(text);
        text->len -= text->len > 0 && is_line && text->ptr[text->len - 1] == '\n' ? 1 : 0;
    }
}

/* In UTF-16, or with the line ends of Windows. */
static void rewrite(struct buf *text, bool is_utf16) {
    CLEANUP(buf_done) struct buf once = BUF_INIT(TEXT_MAX);

    for (size_t i = 0; i < text->len; i++) {
        buf_add_s(&once, !is_utf16 && text->ptr[i] == '\n' ? "\r" : "");
        buf_add_c(&once, text->ptr[i]);
        buf_add(&once, (struct str){"", is_utf16 ? 1 : 0});
    }
    buf_clear(text);
    buf_add(text, buf_str(&once));
}

static void make_text(struct buf *text) {
    for (uint32_t n = next_random() % 16; n > 0; n--) {
        add_piece(text);
    }
    spoil(text);
    buf_add_s(text, next_random() % 2 == 0 ? planted : "");
    for (uint32_t n = next_random() % 8; n > 0; n--) {
        add_piece(text);
    }
    uint32_t form = next_random() % 64;
    if (form < 16) {
        as_json(text);
    }
    for (; form < 8 && next_random() % 2 == 0 && text->len < SHORT;) {
        as_json(text);
    }
    if (form == 16) {
        repeat(text);
    }
    if (form == 17 || (form > 17 && form < 22)) {
        rewrite(text, form == 17);
    }
}

/* Of any size, small ones as often as large ones. */
static int64_t any_budget(void) {
    return next_random() % 2 == 0 ? BUDGET_MAX
                                  : (int64_t)(next_random() % 256) << next_random() % 12;
}

static int fuzz_input(const struct redactor *redactor) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    for (int c = getchar(); c != EOF; c = getchar()) {
        buf_add_c(&text, (char)c);
    }
    fuzz_one(redactor, buf_str(&text));
    return 0;
}

int main(int argc, char **argv) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_fuzz(true);
    CLEANUP(redactor_freep) struct redactor *plain = redactor_of_fuzz(false);
    struct err err;
    int64_t rounds = 0;
    int64_t seed = 0;

    if (argc == 1) {
        return fuzz_input(redactor);
    }
    if (argc != 3 || str_to_i64(str_from(argv[1]), 1, 1000000000, &rounds, &err) != ERR_NONE ||
        str_to_i64(str_from(argv[2]), 0, INT32_MAX, &seed, &err) != ERR_NONE) {
        (void)fprintf(stderr, "usage: redact_fuzz ROUNDS SEED\n");
        return 2;
    }
    random_begin((uint32_t)seed);
    for (int64_t i = 0; i < rounds; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        random_begin((uint32_t)(seed * 1000003 + i)); /* each text stands for itself */
        make_text(&text);
        struct redactor *one = i % 4 == 0 ? plain : redactor;
        redactor_set_budget(one, any_budget());
        fuzz_one(one, buf_str(&text));
    }
    (void)printf("redact_fuzz: %lld texts\n", (long long)rounds);
    return 0;
}

#endif
