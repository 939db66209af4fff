/* Throws bytes at the redactor: pieces of what it looks for, cut, doubled and spoiled.
 *
 *   redact_fuzz ROUNDS SEED
 *
 * Each text holds a known value somewhere. It must not be seen, the result must not depend on how
 * the bytes arrive, masking again must change nothing, and JSON must stay JSON; with any budget of
 * work. Stops at the first text that breaks one of these, and shows it. Under libFuzzer
 * (-fsanitize=fuzzer -DREDACT_LIBFUZZER) the texts are its own.
 */
#include "base/json.h"
#include "guard/redact/budget.h"
#include "guard/redact/redact_fixture.h"
#include "guard/redact/redactor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char planted[] = "Planted-Value_4821!";

static struct redactor *redactor_of_fuzz(void) {
    struct redactor *redactor = redactor_with_known();

    redactor_add_known(redactor, "PLANTED", str_from(planted));
    redactor_mask_persons(redactor, true);
    return redactor;
}

static void fuzz_complain(const char *what, struct str text, struct str masked) {
    (void)fprintf(stderr, "%s\n", what);
    for (size_t i = 0; i < text.len; i++) {
        (void)fprintf(stderr, "%02x", (unsigned)(unsigned char)text.ptr[i]);
    }
    (void)fprintf(stderr, "\n-> %.*s\n", (int)masked.len, masked.ptr);
    abort();
}

static void fuzz_one(const struct redactor *redactor, struct str text) {
    size_t len = 0;
    size_t other_len = 0;
    CLEANUP(freep) char *masked = mask_of(redactor, text, &len);
    CLEANUP(freep) char *streamed = stream_of(redactor, text, next_random() % 9, &other_len);
    struct str once = {masked, len};

    if (str_find(once, str_from(planted)) >= 0) {
        fuzz_complain("the planted value is seen", text, once);
    }
    if (len != other_len || memcmp(masked, streamed, len) != 0) {
        fuzz_complain("cut differently", text, (struct str){streamed, other_len});
    }
    if (is_json(text) && !is_json(once)) {
        fuzz_complain("no JSON any more", text, once);
    }
    CLEANUP(freep) char *again = mask_of(redactor, once, &other_len);
    if (len != other_len || memcmp(masked, again, len) != 0) {
        fuzz_complain("masked again differs", text, (struct str){again, other_len});
    }
}

#ifdef REDACT_LIBFUZZER

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n) {
    static struct redactor *redactor;

    redactor = redactor == NULL ? redactor_of_fuzz() : redactor;
    fuzz_one(redactor, (struct str){(const char *)data, n});
    return 0;
}

#else

/* One piece of a text: what the tests hold, a row's example, a person, or any bytes. */
static void add_piece(struct buf *out) {
    static const char bytes[] =
        "\0\n\r\t \"'\\%=:{}[](),;@+-./&?|<>*$~`\xc2\xad\xe2\x80\x8b\xef\xbb\xbf\xff\xf0";
    static const char *const persons[] = {
        "a.b@example.com", "+49 30 901820", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00",
        "536-22-1234",     "10.1.2.3",      "2001:db8::1",         "(415) 555-0132"};

    switch (next_random() % 8) {
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
    default:
        for (uint32_t n = next_random() % 6; n > 0; n--) {
            buf_add_c(out, bytes[next_random() % (sizeof bytes - 1)]);
        }
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
    size_t flags = next_random() % 2 == 0 ? JSON_INDENT(2) : JSON_COMPACT;
    CLEANUP(json_decrefp) json_t *list = json_array();
    CLEANUP(json_decrefp) json_t *map = json_object();
    struct str rest = buf_str(text);
    struct str line = {0};

    while (str_next(&rest, '\n', &line)) {
        json_t *string = json_string_of(line); /* as UTF-8 */

        json_put(map, json_string_value(string), json_integer((json_int_t)next_random()));
        (void)json_array_append_new(list, string);
        (void)json_array_append_new(list, json_boolean(next_random() % 2));
    }
    json_put(map, next_random() % 2 == 0 ? "credentials" : "list", json_incref(list));
    CLEANUP(freep) char *dumped = json_dumps(next_random() % 2 == 0 ? list : map, flags);
    buf_clear(text);
    buf_add_s(text, dumped == NULL ? "" : dumped);
}

int main(int argc, char **argv) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_fuzz();
    struct err err;
    int64_t rounds = 0;
    int64_t seed = 0;

    if (argc != 3 || str_to_i64(str_from(argv[1]), 1, 1000000000, &rounds, &err) != ERR_NONE ||
        str_to_i64(str_from(argv[2]), 0, INT32_MAX, &seed, &err) != ERR_NONE) {
        (void)fprintf(stderr, "usage: redact_fuzz ROUNDS SEED\n");
        return 2;
    }
    for (int64_t i = 0; i < seed % 100000; i++) {
        (void)next_random();
    }
    for (int64_t i = 0; i < rounds; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        for (uint32_t n = next_random() % 12; n > 0; n--) {
            add_piece(&text);
        }
        spoil(&text);
        buf_add_s(&text, next_random() % 2 == 0 ? planted : "");
        for (uint32_t n = next_random() % 6; n > 0; n--) {
            add_piece(&text);
        }
        if (next_random() % 4 == 0) {
            as_json(&text);
        }
        redactor_set_budget(redactor, i % 2 == 0 ? BUDGET_MAX : next_random() % 20000);
        fuzz_one(redactor, buf_str(&text));
    }
    (void)printf("redact_fuzz: %lld texts\n", (long long)rounds);
    return 0;
}

#endif
