/* guard/redact/person_id.c: numbers of persons, by their check digits.
 *
 * What has no check digit, or a weak one, needs a word before it that says what it is. The Social
 * Security Administration says which numbers it never gives. */
#include "guard/redact/charset.h"
#include "guard/redact/person.h"
#include "guard/redact/person_number.h"

#include <pthread.h>
#include <string.h>

enum {
    DIGITS_MIN = 9,
    DIGITS_MAX = 19,
    SSN = 9,
    CHINESE = 18,
    NAMED_MAX = 14,
    AMERICAN = 0x324,
    TOLD_N = 128
};

/* ---- check digits ---- */

/* Multiplication by Verhoeff, of twelve digits. A group's products may be put together in any
 * order: three rows of four do not wait for each other. */
static bool is_verhoeff(const char *digits) {
    static const char turns[8][16] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                      "9453126870", "4286573901", "2793806415", "7046913258"};
    /* Multiplication in the dihedral group of order ten. */
    static const char products[10][16] = {"0123456789", "1234067895", "2340178956", "3401289567",
                                          "4012395678", "5987604321", "6598710432", "7659821043",
                                          "8765932104", "9876543210"};
    int rows[3] = {0};

    for (size_t i = 0; i < 4; i++) {
        for (size_t row = 0; row < 3; row++) {
            size_t k = row * 4 + i;
            int turned = turns[k % 8][digits[11 - k] - '0'] - '0';
            rows[row] = products[rows[row]][turned] - '0';
        }
    }
    int first = products[rows[0]][rows[1]] - '0';
    return products[first][rows[2]] == '0';
}

static bool is_aadhaar(const char *d) { return d[0] >= '2' && is_verhoeff(d); }

/* ISO 7064, modulo 11,10, of eleven digits. */
static bool is_mod_11_10(const char *digits) {
    int product = 10;

    for (size_t i = 0; i < 10; i++) {
        int sum = (digits[i] - '0' + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digits[10] - '0';
}

static bool is_tax_id(const char *d) { return d[0] != '0' && is_mod_11_10(d); }

static bool is_luhn_9(const char *d) { return is_luhn(d, 9); }

static bool is_luhn_10(const char *d) { return is_luhn(d, 10); }

static bool is_luhn_11(const char *d) { return is_luhn(d, 11); }

static bool is_sin(const char *d) { return d[0] != '0' && is_luhn(d, 9); }

/* Whether two digits are a day and two a month; `extra` may be added to the day. */
static bool is_day(const char *day, const char *month, int extra) {
    int d = number_of(day, 2);
    int m = number_of(month, 2);

    d -= d > extra ? extra : 0;
    return d >= 1 && d <= 31 && m >= 1 && m <= 12;
}

static bool is_swedish(const char *d) { return is_day(d + 4, d + 2, 60) && is_luhn(d, 10); }

static bool is_swedish_12(const char *d) {
    return (d[0] == '1' || d[0] == '2') && is_swedish(d + 2);
}

static bool is_danish(const char *d) { return is_day(d, d + 2, 0); }

static bool is_south_african(const char *d) {
    return is_day(d + 4, d + 2, 0) && d[10] <= '2' && is_luhn(d, 13);
}

static bool is_swiss(const char *d) { return strncmp(d, "756", 3) == 0; }

/* Until 1985 a rest of 10 was written as 0. */
static bool is_czech(const char *d) {
    int rest = weighted(d, ":1:1:1:1:") % 11; /* of nine, without a sign */
    int whole = weighted(d, ":1:1:1:1:1") % 11;

    return whole == 0 || (rest == 1 && d[9] == '0');
}

static int rest_97(const char *digits, size_t n, int begin) {
    int rest = begin;

    for (size_t i = 0; i < n; i++) {
        rest = (rest * 10 + (digits[i] - '0')) % 97;
    }
    return rest;
}

static bool is_french(const char *d) {
    int month = number_of(d + 3, 2);

    return (d[0] == '1' || d[0] == '2') && month >= 1 && month <= 12 &&
           97 - rest_97(d, 13, 0) == number_of(d + 13, 2);
}

/* Of those born since 2000 a 2 goes before. */
static bool is_belgian(const char *d) {
    int check = number_of(d + 9, 2);

    return number_of(d + 2, 2) <= 12 &&
           (97 - rest_97(d, 9, 0) == check || 97 - rest_97(d, 9, 2) == check);
}

static bool is_turkish(const char *d) {
    int first = (weighted(d, "707070707") + weighted(d, "090909090")) % 10;
    int second = weighted(d, "1111111111") % 10;

    return d[0] != '0' && first == d[9] - '0' && second == d[10] - '0';
}

static bool is_baltic(const char *d) {
    int check = weighted(d, "1234567891") % 11;

    check = check == 10 ? weighted(d, "3456789123") % 11 : check;
    return d[0] >= '1' && d[0] <= '8' && is_day(d + 5, d + 3, 0) && check % 10 == d[10] - '0';
}

static bool is_argentine(const char *d) {
    int left = 11 - weighted(d, "5432765432") % 11;

    return (left == 11 ? 0 : left == 10 ? 9 : left) == d[10] - '0';
}

static bool is_romanian(const char *d) {
    int rest = weighted(d, "279146358279") % 11;

    return d[0] != '0' && is_day(d + 5, d + 3, 0) && (rest == 10 ? 1 : rest) == d[12] - '0';
}

/* ISO 7064, modulo 11-2; the last one may be an X. */
static bool is_chinese(const char *d) {
    int rest = 0;

    for (size_t i = 0; i < CHINESE - 1; i++) {
        rest = (rest + (d[i] - '0')) * 2 % 11;
    }
    bool is_year = strncmp(d + 6, "19", 2) == 0 || strncmp(d + 6, "20", 2) == 0;
    return d[0] != '0' && is_year && is_day(d + 12, d + 10, 0) &&
           d[CHINESE - 1] == "10X98765432"[rest];
}

/* ---- who issues what ---- */

enum rest { REST_NONE = 0, REST_ZERO, REST_SAME, REST_LEFT, REST_TEN };

static const struct issued {
    const char *kind;
    size_t n;
    uint64_t own_shape;
    char own_separator;
    const char *weights;
    const char *second;
    int modulus;
    enum rest rest;
    bool (*is_valid)(const char *digits);
    const char *words;
} issued[] = {
#define ISSUED(kind, n, own, separator, weights, second, modulus, rest, is_valid, words, example)  \
    {kind, n, own, separator, weights, second, modulus, rest, is_valid, words},
#include "guard/redact/person_id.def"
#undef ISSUED
};

static bool is_rest(const char *digits, const char *weights, int modulus, enum rest rest) {
    int left = weighted(digits, weights) % modulus;
    int check = digits[strlen(weights)] - '0';

    switch (rest) {
    case REST_NONE:
        break;
    case REST_ZERO:
        return left == 0;
    case REST_SAME:
        return left % 10 == check;
    case REST_LEFT:
        return (modulus - left) % modulus % 10 == check;
    case REST_TEN:
        return (modulus - left) % 10 == check;
    }
    return true;
}

static bool is_valid(const struct issued *of, const char *digits) {
    return (of->weights == NULL || is_rest(digits, of->weights, of->modulus, of->rest)) &&
           (of->second == NULL || is_rest(digits, of->second, of->modulus, of->rest)) &&
           (of->is_valid == NULL || of->is_valid(digits)) && !all_same(digits, of->n);
}

bool person_id_is_valid(const char *kind, const char *digits) {
    for (size_t i = 0; i < ARRAY_N(issued); i++) {
        if (issued[i].n == strlen(digits) && strcmp(issued[i].kind, kind) == 0) {
            return is_valid(&issued[i], digits);
        }
    }
    return false;
}

/* Whether it stands in groups that tell it from other numbers. */
static bool is_own(struct str text, size_t at, const struct issued *of,
                   const struct number *number) {
    return of->own_shape != 0 && number->shape == of->own_shape &&
           number->separator == of->own_separator && number_is_alone(text, at, number->to);
}

bool person_id_words(size_t i, const char **words) {
    *words = i < ARRAY_N(issued) ? issued[i].words : NULL;
    return i < ARRAY_N(issued);
}

/* The first row of numbers of `n` digits; they are in order. */
static size_t issued_first(size_t n) {
    size_t from = 0;
    size_t to = ARRAY_N(issued);

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        from = issued[middle].n < n ? middle + 1 : from;
        to = issued[middle].n < n ? to : middle;
    }
    return from;
}

/* What says which number it is is asked first: hardly any number has it. */
static const char *issued_kind(struct str text, size_t at, const struct number *number,
                               struct said *said) {
    for (size_t i = issued_first(number->n); i < ARRAY_N(issued) && issued[i].n == number->n; i++) {
        const struct issued *of = &issued[i];

        if ((person_is_said(said, text, at, SAID_ISSUED + i) || is_own(text, at, of, number)) &&
            is_valid(of, number->digits)) {
            return of->kind;
        }
    }
    return NULL;
}

/* ---- groups ---- */

/* Groups in which a number may be one of a person without a word before it, by hash; 0: none. */
static uint64_t told[TOLD_N];

static size_t told_slot(uint64_t shape) {
    size_t at = (size_t)(shape * UINT64_C(0x9e3779b97f4a7c15) >> 32) % TOLD_N;

    while (told[at] != 0 && told[at] != shape) {
        at = (at + 1) % TOLD_N;
    }
    return at;
}

static void told_add(uint64_t shape) { told[told_slot(shape)] = shape; }

static void told_fill(void) {
    _Static_assert(ARRAY_N(issued) * 2 <= TOLD_N, "half of them stay empty");
    told_add(AMERICAN);
    for (size_t i = 0; i < card_shape_n; i++) {
        told_add(card_shapes[i]);
    }
    for (size_t i = 0; i < ARRAY_N(issued); i++) {
        if (issued[i].own_shape != 0) {
            told_add(issued[i].own_shape);
        }
    }
}

/* Whether the number may be one of a person without a word before it. */
static bool is_told(const struct number *number) {
    return number->group_n == 1 || told[told_slot(number->shape)] != 0;
}

/* ---- numbers without check digits ---- */

/* A number that the tax office gives to those who get no SSN. */
static bool is_itin(const char *d) {
    int group = number_of(d + 3, 2);

    return d[0] == '9' && group >= 50 && group != 66 && group != 67 && group != 68 && group != 69 &&
           group != 89 && group != 93;
}

static bool is_ssn(const char *d) {
    int area = number_of(d, 3);

    return area != 0 && area != 666 && area < 900 && number_of(d + 3, 2) != 0 &&
           number_of(d + 5, 4) != 0 && !all_same(d, 9) && memcmp(d, "123456789", 9) != 0 &&
           memcmp(d, "078051120", 9) != 0;
}

static bool is_american(struct str text, size_t at, const struct number *number,
                        struct said *said) {
    const char *d = number->digits;

    if (number->n != SSN) {
        return false;
    }
    if (number->shape == AMERICAN) {
        return !is_any(number->separator, "./") &&
               (is_ssn(d) || is_itin(d) || person_is_said(said, text, at, SAID_AMERICAN));
    }
    return number->group_n == 1 && is_ssn(d) && person_is_said(said, text, at, SAID_AMERICAN);
}

static bool is_named(struct str text, size_t at, const struct number *number, struct said *said) {
    return number->n <= NAMED_MAX && !is_any(number->separator, "./") &&
           person_is_said(said, text, at, SAID_NAMED);
}

/* By its check digits, or by a word before it. */
static const char *number_kind(struct str text, size_t at, const struct number *number,
                               struct said *said) {
    if (is_american(text, at, number, said)) {
        return "us-ssn";
    }
    const char *kind = issued_kind(text, at, number, said);
    if (kind != NULL) {
        return kind;
    }
    return person_is_card(text, at, number, said) ? "card"
           : is_named(text, at, number, said)     ? "national-id"
                                                  : NULL;
}

/* 11010519491231002X */
static bool chinese_at(struct str text, size_t at, const struct number *number,
                       struct person *out) {
    char digits[CHINESE];

    if (number->n != CHINESE - 1 || number->group_n != 1 ||
        fold(str_char(text, number->to)) != 'x' || !number_ends(text, number->to + 1)) {
        return false;
    }
    memcpy(digits, number->digits, sizeof digits - 1);
    digits[CHINESE - 1] = 'X';
    *out = (struct person){.from = at, .to = number->to + 1, .kind = "cn-ric"};
    return is_chinese(digits);
}

bool person_number_at(struct str text, size_t at, struct number *number, struct said *said,
                      struct person *out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, told_fill);
    if (chinese_at(text, at, number, out)) {
        return true;
    }
    /* What follows after a blank may be another number. */
    for (size_t groups = number->group_n; groups > 0; groups--) {
        number_cut(number, groups);
        if (number->n < DIGITS_MIN) {
            break;
        }
        bool is_whole = number->n <= DIGITS_MAX && number_ends(text, number->to) &&
                        (is_told(number) || person_is_any_said(said, text, at));
        const char *kind = is_whole ? number_kind(text, at, number, said) : NULL;
        if (kind != NULL) {
            *out = (struct person){.from = at, .to = number->to, .kind = kind};
            return true;
        }
        if (number->separator != ' ') {
            break;
        }
    }
    return false;
}
