/* counter: whatever the chunks and cuts, it counts what tokens_count() counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard/tokens/counter.h"

enum { TEXT_MAX = 6000, ROUNDS = 60 };

/* What the texts are made of: borders, contractions, blanks, letters without case, broken UTF-8. */
static const char *const parts[] = {
    "the ",     "deployment", "'s",           "'",    "'l",
    "l ",       "\n",         "\n\n  ",       "   ",  "\t",
    "{\"a\":",  "1234",       ", ",           "AB",   "\312\260",
    "\314\201", "\305\277",   "\344\270\255", "\xff", "\360\237",
    "--",       "/",          "\r\n",         "Zz",   "\302\240",
    "x",        "_",          "\357\274\241", "0",
};

/* A text that the same seed gives again. */
static void fill(struct buf *text, uint64_t seed, size_t bytes) {
    while (text->len < bytes) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        buf_add_s(text, parts[(seed >> 33) % ARRAY_N(parts)]);
    }
}

static void add_in_chunks(struct token_counter *counter, struct str text, size_t chunk) {
    struct err err;

    for (size_t at = 0; at < text.len; at += chunk) {
        assert_int_equal(token_counter_add(counter, str_slice(text, at, at + chunk), &err),
                         ERR_NONE);
    }
}

static void assert_counts(struct token_counter *counter, enum encoding encoding, struct str text,
                          const char *what) {
    size_t got = token_counter_count(counter), want = tokens_count(encoding, text);

    if (got != want) {
        fail_msg("%s, %s: %zu, not %zu, of '" STR_FMT "'", what, encoding_name(encoding), got, want,
                 STR_ARG(text));
    }
}

static void chunks_do_not_matter(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        enum encoding encoding = seed % 2 == 0 ? ENCODING_O200K_BASE : ENCODING_CL100K_BASE;
        CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
        CLEANUP(token_counter_freep)
        struct token_counter *counter = token_counter_new(encoding, 3 * TEXT_MAX);

        fill(&text, seed, seed * TEXT_MAX / ROUNDS);
        add_in_chunks(counter, buf_str(&text), 1 + (size_t)seed * 7);
        assert_counts(counter, encoding, buf_str(&text), "all");
    }
}

static void each_prefix_counts_right(void **state) {
    (void)state;
    for (enum encoding encoding = ENCODING_NONE + 1; encoding < ENCODING_N; encoding++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
        CLEANUP(token_counter_freep)
        struct token_counter *counter = token_counter_new(encoding, TEXT_MAX);

        fill(&text, 4, 2000);
        for (size_t at = 0; at < text.len; at++) {
            add_in_chunks(counter, str_slice(buf_str(&text), at, at + 1), 1);
            assert_counts(counter, encoding, str_slice(buf_str(&text), 0, at + 1), "prefix");
        }
    }
}

static void what_is_cut_off_is_not_counted(void **state) {
    (void)state;
    for (enum encoding encoding = ENCODING_NONE + 1; encoding < ENCODING_N; encoding++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
        CLEANUP(token_counter_freep)
        struct token_counter *counter = token_counter_new(encoding, 3 * TEXT_MAX);
        size_t bytes;

        fill(&text, 5, TEXT_MAX);
        add_in_chunks(counter, buf_str(&text), 100);
        for (bytes = token_counter_text(counter).len; bytes > 0; bytes -= bytes < 37 ? bytes : 37) {
            struct str kept;

            token_counter_cut(counter, bytes);
            kept = token_counter_text(counter);
            assert_true(kept.len <= bytes && kept.len + 3 >= bytes);
            assert_counts(counter, encoding, kept, "cut");
        }
        add_in_chunks(counter, buf_str(&text), 100); /* and it grows again */
        token_counter_cut(counter, SIZE_MAX);
        assert_counts(counter, encoding, token_counter_text(counter), "grown again");
    }
}

static void a_text_is_cut_to_fit(void **state) {
    (void)state;
    for (enum encoding encoding = ENCODING_NONE + 1; encoding < ENCODING_N; encoding++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
        CLEANUP(token_counter_freep)
        struct token_counter *counter = token_counter_new(encoding, 3 * TEXT_MAX);
        size_t all;

        fill(&text, 6, TEXT_MAX);
        add_in_chunks(counter, buf_str(&text), 1000);
        all = token_counter_count(counter);
        for (size_t most = all; most > 0; most -= most < 23 ? most : 23) {
            token_counter_fit(counter, most);
            assert_counts(counter, encoding, token_counter_text(counter), "fit");
            assert_true(token_counter_count(counter) <= most);
            assert_true(token_counter_count(counter) + 30 > most); /* no piece here has more */
        }
        token_counter_fit(counter, 0);
        assert_int_equal(token_counter_text(counter).len, 0);
    }
}

/* Where a mark may stand is told by two bytes; these have the ones that tell too much. */
static void a_mark_never_stands_within_a_piece(void **state) {
    static const char *const units[] = {"it's", "canci\303\263n", "1\312\260", "A\314\201b",
                                        "ab",   "x\302\240",      "0'9"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(units); i++) {
        for (enum encoding encoding = ENCODING_NONE + 1; encoding < ENCODING_N; encoding++) {
            CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
            CLEANUP(token_counter_freep)
            struct token_counter *counter = token_counter_new(encoding, TEXT_MAX);

            while (text.len < TEXT_MAX / 2) {
                buf_add_s(&text, units[i]);
            }
            add_in_chunks(counter, buf_str(&text), 10);
            assert_counts(counter, encoding, buf_str(&text), units[i]);
        }
    }
}

static void a_cut_takes_the_beginning_of_a_character_along(void **state) {
    CLEANUP(token_counter_freep)
    struct token_counter *counter = token_counter_new(ENCODING_O200K_BASE, 100);

    (void)state;
    add_in_chunks(counter, STR("abc\xe2\x82"), 5);
    token_counter_cut(counter, 2);
    assert_counts(counter, ENCODING_O200K_BASE, STR("ab"), "cut");
    add_in_chunks(counter, STR("\xac"), 1);
    assert_counts(counter, ENCODING_O200K_BASE, STR("ab\xac"), "grown again");
}

static void what_is_forgotten_stays_counted(void **state) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(SIZE_MAX);
    CLEANUP(token_counter_freep)
    struct token_counter *counter = token_counter_new(ENCODING_O200K_BASE, 8000);

    (void)state;
    fill(&text, 7, 40 * 1000);
    for (size_t at = 0; at < text.len; at += 997) {
        add_in_chunks(counter, str_slice(buf_str(&text), at, at + 997), 997);
        token_counter_forget(counter);
    }
    assert_counts(counter, ENCODING_O200K_BASE, buf_str(&text), "forgotten");
}

static void too_much_is_refused_and_changes_nothing(void **state) {
    CLEANUP(token_counter_freep)
    struct token_counter *counter = token_counter_new(ENCODING_O200K_BASE, 8);
    struct err err;

    (void)state;
    assert_int_equal(token_counter_add(counter, STR("12345\xe2\x82"), &err), ERR_NONE);
    assert_int_equal(token_counter_add(counter, STR("\xacz"), &err), ERR_TOO_LARGE);
    assert_counts(counter, ENCODING_O200K_BASE, STR("12345\xef\xbf\xbd"), "refused");
    assert_int_equal(token_counter_add(counter, STR("\xac"), &err), ERR_NONE);
    assert_counts(counter, ENCODING_O200K_BASE, STR("12345\xe2\x82\xac"), "full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(each_prefix_counts_right),
        cmocka_unit_test(what_is_cut_off_is_not_counted),
        cmocka_unit_test(a_text_is_cut_to_fit),
        cmocka_unit_test(a_mark_never_stands_within_a_piece),
        cmocka_unit_test(a_cut_takes_the_beginning_of_a_character_along),
        cmocka_unit_test(what_is_forgotten_stays_counted),
        cmocka_unit_test(too_much_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
