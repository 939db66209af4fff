/* sieve: every way to look at bytes sees the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <string.h>

#include "guard/redact/person.h"
#include "guard/redact/pieces.h"
#include "guard/redact/redact_fixture.h"
#include "guard/redact/sieve.h"

static const struct sieve_item items[] = {{{"k", "e", "y", NULL}},
                                          {{"tT", "oO", "kK", "eE"}},
                                          {{":", "/", "/", NULL}},
                                          {{"g", "h", "p", "_"}},
                                          {{"\xe3", "\x83", "\x91", "\xe3"}}};

static void check_row(const char *name, const uint64_t *wide, const uint64_t *plain, size_t words) {
    if (memcmp(wide, plain, words * sizeof wide[0]) != 0) {
        fail_msg("%s differ", name);
    }
}

/* Of anchors, whole bytes let no more through than nibbles do. */
static void check_anchors(enum sieve_way way, const struct sift *wide, const struct sift *plain) {
    for (size_t i = 0; i < plain->words; i++) {
        uint64_t both =
            way == SIEVE_VBMI ? wide->anchors[i] & plain->anchors[i] : plain->anchors[i];
        if (wide->anchors[i] != both) {
            fail_msg("anchors differ");
        }
    }
}

/* Letters in long runs when `is_dense`, else any bytes. */
static void fill(char *text, size_t n, bool is_dense) {
    for (size_t i = 0; i < n; i++) {
        text[i] =
            is_dense && next_random() % 50 != 0 ? alnum[next_random() % 16] : (char)next_random();
    }
}

static void every_way_gives_the_same_bits(void **state) {
    struct sieve wide;
    struct sieve plain;
    struct sift a = {0};
    struct sift b = {0};
    char text[700];

    (void)state;
    sieve_build(&wide, items, ARRAY_N(items));
    plain = wide;
    plain.way = SIEVE_PLAIN;
    enum sieve_way best = wide.way;
    if (best < SIEVE_VBMI) {
        print_message("SKIP: this processor has no AVX-512%s\n", best < SIEVE_AVX2     ? " or AVX2"
                                                                 : best < SIEVE_AVX512 ? ""
                                                                                       : " VBMI");
    }
    for (size_t n = 0; n < sizeof text; n++) {
        fill(text, n, n % 3 == 0);
        sieve_run(&plain, (struct str){text, n}, true, &b);
        for (wide.way = best; wide.way > SIEVE_PLAIN; wide.way--) {
            sieve_run(&wide, (struct str){text, n}, true, &a);
            assert_int_equal(a.words, b.words);
            check_anchors(wide.way, &a, &b);
            check_row("runs", a.runs, b.runs, a.words);
            check_row("hexes", a.hexes, b.hexes, a.words);
            check_row("uppers", a.uppers, b.uppers, a.words);
            check_row("odds", a.odds, b.odds, a.words);
            check_row("ends", a.ends, b.ends, a.words);
            check_row("letters", a.letters, b.letters, a.words);
            check_row("digits", a.digits, b.digits, a.words);
            check_row("numbers", a.numbers, b.numbers, a.words);
            check_row("dots", a.dots, b.dots, a.words);
            check_row("ats", a.ats, b.ats, a.words);
            check_row("openers", a.openers, b.openers, a.words);
        }
    }
    sift_done(&a);
    sift_done(&b);
}

/* Runs of letters and of digits as somebody who counts sees them, and places as bits have them. */
static void long_runs_and_places_are_as_counted(void **state) {
    uint32_t places[SIEVE_PLACES];
    struct sieve sieve;
    struct sift sift = {0};
    char text[2000];

    (void)state;
    sieve_build(&sieve, items, ARRAY_N(items));
    for (int round = 0; round < 200; round++) {
        size_t run = 0;
        size_t hexes = 0;
        size_t n = 0;

        fill(text, sizeof text, true);
        sieve.way = (enum sieve_way)(round % ((int)sieve_best_way() + 1));
        sieve_run(&sieve, (struct str){text, sizeof text}, false, &sift);
        for (size_t i = 0; i < sizeof text; i++) {
            char c = text[i];
            bool is_hex_digit = isxdigit((unsigned char)c) != 0;
            bool is_joint = c == '+' || c == '/' || c == '-' || c == '_';
            run = is_joint || isalnum((unsigned char)c) ? run + 1 : 0;
            hexes = is_hex_digit ? hexes + 1 : 0;
            assert_int_equal(bit_has(sift.runs, i), run >= SIEVE_RUN);
            assert_int_equal(bit_has(sift.hexes, i), hexes >= SIEVE_RUN);
        }
        for (size_t word = 0; word < sift.words; word += SIEVE_BATCH) {
            n = sift_places(&sift, sift.runs, word, places);
            size_t at = word * 64;
            size_t to = (word + SIEVE_BATCH) * 64;
            to = to < sift.words * 64 ? to : sift.words * 64;
            for (size_t i = 0; i < n; i++) {
                at = bits_next(sift.runs, sift.runs, at, to);
                assert_int_equal(places[i], at);
                at++;
            }
            assert_int_equal(bits_next(sift.runs, sift.runs, at, to), to);
        }
    }
    sift_done(&sift);
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
    static const char letters[] = "keytoKTOE:/ghp_ \xe5\xe3\x83\x91";
    struct sieve sieve;
    struct sift sift = {0};
    char text[300];

    (void)state;
    sieve_build(&sieve, items, ARRAY_N(items));
    for (size_t n = 0; n < sizeof text; n++) {
        for (size_t i = 0; i < n; i++) {
            text[i] = letters[next_random() % (sizeof letters - 1)];
        }
        sieve.way = (enum sieve_way)(n % ((size_t)sieve_best_way() + 1));
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

/* An item that is not of ASCII must not let everything through. */
static void other_text_has_no_place(void **state) {
    static const char text[] = "a building of 14 modules, in short: what logs say all day long,\n"
                               "with \xc3\xa9 and \xe2\x80\xa6 and \xe6\x97\xa5 in it";
    struct sieve sieve;
    struct sift sift = {0};

    (void)state;
    sieve_build(&sieve, items, ARRAY_N(items));
    for (int way = sieve_best_way(); way >= SIEVE_PLAIN; way--) {
        sieve.way = (enum sieve_way)way;
        sieve_run(&sieve, str_from(text), false, &sift);
        assert_int_equal(bits_next(sift.anchors, sift.anchors, 0, sizeof text - 1),
                         sizeof text - 1);
    }
    sift_done(&sift);
}

struct found {
    struct str text;
    const struct str *literals;
    uint64_t places[64];
};

static void found_add(void *user, size_t id, size_t at) {
    struct found *found = user;
    struct str literal = found->literals[id];

    if (at <= found->text.len && literal.len <= found->text.len - at &&
        memcmp(found->text.ptr + at, literal.ptr, literal.len) == 0) {
        bit_set(found->places, at);
    }
}

static void literals_mark(struct str text, struct str literal, uint64_t *places) {
    for (size_t at = 0; at + literal.len <= text.len; at++) {
        if (memcmp(text.ptr + at, literal.ptr, literal.len) == 0) {
            bit_set(places, at);
        }
    }
}

static void literals_are_found_every_way(void **state) {
    struct pieces pieces = {0};
    struct str literals[300];
    char bytes[300][40];
    char text[3000];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(literals); i++) {
        fill(bytes[i], sizeof bytes[i], false);
        literals[i] = (struct str){bytes[i], PIECES_MIN + i % (sizeof bytes[i] - PIECES_MIN)};
        pieces_add(&pieces, literals[i], i);
    }
    for (size_t round = 0; round < 40; round++) {
        size_t n = 60 + next_random() % (sizeof text - 60);
        size_t at = next_random() % (n - 40);
        struct str literal = literals[next_random() % ARRAY_N(literals)];
        uint64_t wanted[64] = {0};

        fill(text, n, round % 2 == 0);
        memcpy(text + at, literal.ptr, literal.len);
        for (size_t i = 0; i < ARRAY_N(literals); i++) {
            literals_mark((struct str){text, n}, literals[i], wanted);
        }
        assert_true(bit_has(wanted, at));
        for (int way = SIEVE_PLAIN; way <= (int)sieve_best_way(); way++) {
            struct found found = {.text = {text, n}, .literals = literals};
            pieces_scan(&pieces, (enum sieve_way)way, found.text, found_add, &found);
            check_row("places", found.places, wanted, ARRAY_N(wanted));
        }
    }
    pieces_done(&pieces);
}

static void persons_are_found_every_way(void **state) {
    static const char *const parts[] = {"a.b@example.com",
                                        "+49 30 1234567",
                                        "(212) 555-0123",
                                        "4111 1111 1111 1111",
                                        "2026-11-24",
                                        "5.4.123",
                                        "DE89 3704 0044 0532 0130 00",
                                        "phone 5551234",
                                        "123456789012",
                                        "x"};
    struct sieve sieve;
    struct sift sift = {0};

    (void)state;
    sieve_build(&sieve, items, ARRAY_N(items));
    for (int round = 0; round < 300; round++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
        uint64_t wanted[16] = {0};
        size_t found = 0;

        while (text.len < 700) {
            buf_addf(&text, "%s%c", parts[next_random() % ARRAY_N(parts)],
                     " \n,;:"[next_random() % 5]);
        }
        for (int way = SIEVE_PLAIN; way <= (int)sieve_best_way(); way++) {
            sieve.way = (enum sieve_way)way;
            sieve_run(&sieve, buf_str(&text), true, &sift);
            persons_sift(buf_str(&text), false, &sift);
            memcpy(wanted, way == SIEVE_PLAIN ? sift.persons : wanted, sift.words * 8);
            check_row("persons", sift.persons, wanted, sift.words);
        }
        for (size_t i = 0; i < text.len; i++) {
            found += bit_has(wanted, i);
        }
        assert_true(found > 10);
    }
    sift_done(&sift);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_gives_the_same_bits),
        cmocka_unit_test(long_runs_and_places_are_as_counted),
        cmocka_unit_test(nothing_that_is_looked_for_is_held_back),
        cmocka_unit_test(other_text_has_no_place),
        cmocka_unit_test(literals_are_found_every_way),
        cmocka_unit_test(persons_are_found_every_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
