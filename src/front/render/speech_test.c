/* A model's words, however they are cut. */
#include "front/render/speech.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 40, BYTES = 64 * 1024 };

/* clang-format off */
static const struct {
    const char *text;
    const char *want;
} rows[] = {
    { "The role is missing.",
      "  The role is missing.\n" },
    { "one two three four five six seven eight nine ten",
      "  one two three four five six seven\n  eight nine ten\n" },
    { "# What now\n\n\n- run `aws-copilot bootstrap` as someone who may\n* then **deploy again**, all of it\n",
      "  What now\n\n  · run `aws-copilot bootstrap` as\n    someone who may\n  · then deploy again, all of it\n" },
    { "1. a b\n12) c\n2019 was good\n**no** - list",
      "  1. a b\n  12) c\n  2019 was good\n  no - list\n" },
    { "so:\n```yaml\nregion: eu-west-1    # and a comment that is longer than the screen is wide\n```\nend\n",
      "  so:\n      region: eu-west-1    # and a comment that is longer than the screen is wide\n  end\n" },
    { "日本語の説明は長くて切れ目がないけれど折り返しても大丈夫です と思う",
      "  日本語の説明は長くて切れ目がないけれど\n  折り返しても大丈夫です と思う\n" },
    { "ok \xe2\x9a\xa0\xef\xb8\x8f and e\xcc\x81t\xc3\xa9", "  ok \xe2\x9a\xa0 and e\xcc\x81t\xc3\xa9\n" },
    { "2 ** 3 and a * b and `2 ** 3`",
      "  2  3 and a * b and `2 ** 3`\n" },
    { "red \x1b[31m and over\rwritten \xff",
      "  red \\x1B[31m and over written \\xFF\n" },
    { "see https://example.com/a/very/long/address/that/does/not/fit now",
      "  see\n  https://example.com/a/very/long/address/that/does/not/fit\n  now\n" },
    { "", "" },
    { "\n\n \n", "" },
};
/* clang-format on */

static const struct screen plain = {.width = WIDTH};

/* In two pieces, cut at `cut`; each tail must fit. */
static char *laid_out(const struct screen *screen, size_t row, size_t cut) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(BYTES);
    struct speech *speech = speech_new(screen, 2);
    struct str text = str_from(rows[row].text);

    for (size_t i = 0; i < 2; i++) {
        CLEANUP(buf_done) struct buf tail = BUF_INIT(BYTES);
        int columns;

        speech_add(speech, i == 0 ? str_slice(text, 0, cut) : str_slice(text, cut, text.len), &out);
        columns = speech_tail(speech, &tail);
        if (!screen->has_color && columns != screen_columns(buf_cstr(&tail))) {
            fail_msg("row %zu cut at %zu: a tail of %d columns: '%s'", row, cut, columns,
                     buf_cstr(&tail));
        }
    }
    speech_end(speech, &out);
    speech_free(speech);
    return mem_strdup(buf_cstr(&out));
}

static void words_are_laid_out_the_same_wherever_they_are_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        for (size_t cut = 0; cut <= strlen(rows[i].text); cut++) {
            CLEANUP(freep) char *got = laid_out(&plain, i, cut);

            if (strcmp(got, rows[i].want) != 0) {
                fail_msg("row %zu cut at %zu:\n%s", i, cut, got);
            }
        }
    }
}

static void a_style_is_ended_where_it_began(void **state) {
    static const struct screen coloured = {.width = WIDTH, .has_color = true};
    CLEANUP(freep) char *got = laid_out(&coloured, 2, 5);

    (void)state;
    assert_non_null(strstr(got, "\x1b[1maws-copilot\x1b[0m \x1b[1mbootstrap\x1b[0m as"));
    assert_non_null(strstr(got, "\x1b[1mdeploy\x1b[0m \x1b[1magain\x1b[0m, all"));
}

static void a_word_without_an_end_is_cut(void **state) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(4 << 20);
    struct speech *speech = speech_new(&plain, 2);

    (void)state;
    for (size_t i = 0; i < 200000; i++) {
        speech_add(speech, STR("`"), &out);
        speech_add(speech, STR("\x1b"), &out);
    }
    speech_end(speech, &out);
    speech_free(speech);
    assert_false(out.failed);
    assert_true(out.len > 1000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_laid_out_the_same_wherever_they_are_cut),
        cmocka_unit_test(a_style_is_ended_where_it_began),
        cmocka_unit_test(a_word_without_an_end_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
