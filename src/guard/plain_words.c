/* Text as plain words. */
#include "guard/plain_words.h"

#include <string.h>

#include "base/encode.h"
#include "guard/deceptive.h"

enum { WORD_POINTS = 64, JOINED_MIN = 4, LETTERS_MAX = 64 };

/* One word under way. */
struct word {
    uint32_t points[WORD_POINTS];
    size_t n;
    bool has_latin;
    bool has_other; /* of another alphabet */
};

struct words {
    struct buf *out;
    struct word word;
    size_t letters;   /* words of one letter at the end of `out`, in a row */
    uint32_t between; /* what stands between the last two of them */
    uint32_t before;  /* what stood before the word under way */
};

/* ---- characters ---- */

/* Letters from U+00C0 to U+017F without their marks. */
static const char latin[] =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuytyaaaaaaccccccccddddeeeeeeeeee"
    "gggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyz"
    "zzzzzs";

static bool is_within(uint32_t point, uint32_t from, uint32_t to) {
    return point >= from && point <= to;
}

/* Mathematical letters stand in rows of capitals and small ones, digits in rows of ten. */
static uint32_t without_style(uint32_t point) {
    if (is_within(point, 0xff01, 0xff5e)) { /* full width */
        return point - 0xff01 + '!';
    }
    if (is_within(point, 0x1d400, 0x1d6a3)) {
        uint32_t at = (point - 0x1d400) % 52;
        return at < 26 ? 'a' + at : 'a' + at - 26;
    }
    if (is_within(point, 0x1d7ce, 0x1d7ff)) {
        return '0' + (point - 0x1d7ce) % 10;
    }
    if (is_within(point, 0x24b6, 0x24e9)) { /* in circles */
        return 'a' + (point - 0x24b6) % 26;
    }
    return point;
}

/* In lower case and without marks; 0 for what is not shown. */
static uint32_t plain_point(uint32_t point) {
    point = without_style(point);
    if (point < 0x80) {
        return is_within(point, 'A', 'Z') ? point | 0x20 : point;
    }
    if (is_deceptive(point) || is_within(point, 0x300, 0x36f)) {
        return 0;
    }
    if (is_within(point, 0xc0, 0x17f)) {
        return (unsigned char)latin[point - 0xc0];
    }
    if (is_within(point, 0x391, 0x3a9) || is_within(point, 0x410, 0x42f)) {
        return point + 0x20;
    }
    return is_within(point, 0x400, 0x40f) ? point + 0x50 : point;
}

/* Letters of Greek and Cyrillic that look like these; '\0' for others. */
static char lookalike(uint32_t point) {
    static const struct {
        uint16_t point;
        char letter;
    } rows[] = {{0x3b1, 'a'}, {0x3b5, 'e'}, {0x3b9, 'i'}, {0x3ba, 'k'}, {0x3bd, 'v'}, {0x3bf, 'o'},
                {0x3c1, 'p'}, {0x3c4, 't'}, {0x3c5, 'u'}, {0x3c7, 'x'}, {0x430, 'a'}, {0x435, 'e'},
                {0x43a, 'k'}, {0x43c, 'm'}, {0x43e, 'o'}, {0x440, 'p'}, {0x441, 'c'}, {0x442, 't'},
                {0x443, 'y'}, {0x445, 'x'}, {0x455, 's'}, {0x456, 'i'}, {0x458, 'j'}, {0x4bb, 'h'},
                {0x501, 'd'}, {0x51b, 'q'}, {0x51d, 'w'}};

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (rows[i].point == point) {
            return rows[i].letter;
        }
    }
    return '\0';
}

/* Of a digit or sign that is read as a letter within a word; '\0' for others. */
static char read_as(uint32_t point) {
    static const char signs[] = "013457@$!";
    static const char letters[] = "oieastasi";
    const char *at = point != 0 && point < 0x80 ? strchr(signs, (int)point) : NULL;

    return at == NULL ? '\0' : letters[at - signs];
}

/* Chinese, Japanese, Korean: no blank stands between words. */
static bool is_syllable(uint32_t point) {
    return is_within(point, 0x3040, 0x30ff) || is_within(point, 0x3400, 0x9fff) ||
           is_within(point, 0xac00, 0xd7a3);
}

static bool is_latin(uint32_t point) { return is_within(point, 'a', 'z'); }

static bool is_digit_point(uint32_t point) { return is_within(point, '0', '9'); }

/* ---- words ---- */

/* Takes the blanks out of the row of single letters at the end of `out`; one that begins as an
 * article does is there without it too. */
static void letters_join(struct words *words) {
    struct buf *out = words->out;
    size_t n = words->letters;
    char joined[LETTERS_MAX + 2] = " ";

    words->letters = 0;
    if (n < JOINED_MIN || n > LETTERS_MAX) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        joined[1 + i] = out->ptr[out->len - 2 * (n - i) + 1];
    }
    out->len -= 2 * n;
    buf_add(out, (struct str){joined, n + 1});
    if (joined[1] == 'a' || joined[1] == 'i') {
        joined[1] = ' ';
        buf_add(out, (struct str){joined + 1, n});
    }
}

static void word_end(struct words *words) {
    struct word *word = &words->word;

    if (word->n == 0) {
        return;
    }
    bool is_letter = word->n == 1 && is_latin(word->points[0]);
    bool goes_on = words->letters < 2 || words->between == words->before;
    if (is_letter && !goes_on) { /* a d-d-o-s: the last letter before may begin another row */
        bool is_short = words->letters < JOINED_MIN;
        letters_join(words);
        words->letters = is_short ? 1 : 0;
    } else if (!is_letter) {
        letters_join(words);
    }
    words->between = words->before;
    buf_add_c(words->out, ' ');
    for (size_t i = 0; i < word->n; i++) {
        uint32_t point = word->points[i];
        char other = !word->has_latin                  ? '\0'
                     : word->has_other && point > 0x7f ? lookalike(point)
                                                       : read_as(point);
        utf8_add_point(words->out, other != '\0' ? (uint32_t)(unsigned char)other : point);
    }
    words->letters += is_letter ? 1 : 0;
    words->before = 0;
    *word = (struct word){0};
}

static void word_add(struct words *words, uint32_t point) {
    struct word *word = &words->word;

    if (word->n == WORD_POINTS) {
        word_end(words);
    }
    word->points[word->n++] = point;
    word->has_latin = word->has_latin || is_latin(point);
    word->has_other = word->has_other || point > 0x7f;
}

/* Whether a sign such as @, before `rest`, stands for a letter: letters stand on both sides. */
static bool is_sign_of_word(const struct word *word, uint32_t point, struct str rest) {
    return word->n > 0 && point < 0x80 && read_as(point) != '\0' &&
           is_latin(word->points[word->n - 1]) && rest.len > 0 &&
           is_latin(plain_point(utf8_take(&rest)));
}

void plain_words(struct str text, size_t max, struct buf *out) {
    struct words words = {.out = out};

    text = str_slice(text, 0, max);
    while (text.len > 0) {
        uint32_t point = plain_point(utf8_take(&text));

        if (point == 0) {
            continue;
        }
        if (is_syllable(point)) {
            word_end(&words);
            word_add(&words, point);
            word_end(&words);
        } else if (is_latin(point) || is_digit_point(point) ||
                   (point > 0x7f && !is_within(point, 0x2000, 0x303f)) ||
                   is_sign_of_word(&words.word, point, text)) {
            word_add(&words, point);
        } else {
            word_end(&words);
            words.before = words.before == 0 ? point : words.before;
        }
    }
    word_end(&words);
    letters_join(&words);
    buf_add_c(out, ' ');
}
