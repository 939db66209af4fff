/* sieve: both ways to look at bytes see the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "guard/redact/redact_fixture.h"
#include "guard/redact/sieve.h"

static const struct sieve_item items[] = {{{"k", "e", "y", NULL}},
                                          {{"tT", "oO", "kK", "eE"}},
                                          {{":", "/", "/", NULL}},
                                          {{"g", "h", "p", "_"}}};

static void check_row(const char *name, const uint64_t *wide, const uint64_t *plain, size_t words) {
    if (memcmp(wide, plain, words * sizeof wide[0]) != 0) {
        fail_msg("%s differ", name);
    }
}

static void both_ways_give_the_same_bits(void **state) {
    struct sieve wide;
    struct sieve plain;
    struct sift a = {0};
    struct sift b = {0};
    char text[700];

    (void)state;
    sieve_build(&wide, items, ARRAY_N(items));
    plain = wide;
    plain.is_wide = false;
    if (!wide.is_wide) {
        print_message("SKIP: this processor has no AVX2\n");
    }
    for (size_t n = 0; n < sizeof text; n++) {
        bool is_dense = n % 3 == 0; /* long runs, then any bytes */

        for (size_t i = 0; i < n; i++) {
            text[i] = is_dense && next_random() % 50 != 0 ? alnum[next_random() % 16]
                                                          : (char)next_random();
        }
        sieve_run(&wide, (struct str){text, n}, true, &a);
        sieve_run(&plain, (struct str){text, n}, true, &b);
        assert_int_equal(a.words, b.words);
        check_row("anchors", a.anchors, b.anchors, a.words);
        check_row("runs", a.runs, b.runs, a.words);
        check_row("hexes", a.hexes, b.hexes, a.words);
        check_row("uppers", a.uppers, b.uppers, a.words);
        check_row("odds", a.odds, b.odds, a.words);
        check_row("ends", a.ends, b.ends, a.words);
        check_row("letters", a.letters, b.letters, a.words);
        check_row("digits", a.digits, b.digits, a.words);
        check_row("numbers", a.numbers, b.numbers, a.words);
        check_row("ats", a.ats, b.ats, a.words);
        check_row("openers", a.openers, b.openers, a.words);
    }
    sift_done(&a);
    sift_done(&b);
}

/* What the sieve must let through at `at`. */
static bool begins(struct str text, size_t at, const struct sieve_item *item) {
    for (size_t k = 0; k < SIEVE_WINDOW && item->first[k] != NULL; k++) {
        if (at + k >= text.len || text.ptr[at + k] == '\0' ||
            strchr(item->first[k], text.ptr[at + k]) == NULL) {
            return false;
        }
    }
    return true;
}

static void nothing_that_is_looked_for_is_held_back(void **state) {
    static const char letters[] = "keytoKTOE:/ghp_ ";
    struct sieve sieve;
    struct sift sift = {0};
    char text[300];

    (void)state;
    sieve_build(&sieve, items, ARRAY_N(items));
    for (size_t n = 0; n < sizeof text; n++) {
        for (size_t i = 0; i < n; i++) {
            text[i] = letters[next_random() % (sizeof letters - 1)];
        }
        sieve_run(&sieve, (struct str){text, n}, false, &sift);
        for (size_t at = 0; at < n; at++) {
            for (size_t i = 0; i < ARRAY_N(items); i++) {
                if (begins((struct str){text, n}, at, &items[i]) && !bit_has(sift.anchors, at)) {
                    fail_msg("item %zu at %zu of %zu", i, at, n);
                }
            }
        }
    }
    sift_done(&sift);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_give_the_same_bits),
        cmocka_unit_test(nothing_that_is_looked_for_is_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
