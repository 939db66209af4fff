/* guard/redact/person_card.c: numbers of cards and accounts.
 *
 * Sources: ISO/IEC 7812 and the issuers' ranges; ISO 13616 and SWIFT's IBAN registry. */
#include "guard/redact/charset.h"
#include "guard/redact/person.h"
#include "guard/redact/person_number.h"

#include <string.h>

enum { CARD_MIN = 12, CARD_MAX = 19, EAN = 13 };

/* ---- cards ---- */

/* clang-format off */
static const struct issuer {
    int from; /* of the first four digits */
    int to;
    size_t n_min;
    size_t n_max;
    bool is_grouped; /* of another length than 16 only when written in groups */
} issuers[] = {
    {4000, 4999, 13, 13, false}, /* Visa */
    {4000, 4999, 16, 16, false},
    {4000, 4999, 19, 19, false},
    {5100, 5599, 16, 16, false}, /* Mastercard */
    {2221, 2720, 16, 16, false},
    {3400, 3499, 15, 15, false}, /* American Express */
    {3700, 3799, 15, 15, false},
    {6011, 6011, 16, 19, false}, /* Discover */
    {6440, 6599, 16, 19, false},
    {3500, 3599, 16, 19, false}, /* JCB, with ranges that it gave back */
    {1800, 1800, 15, 15, false},
    {2131, 2131, 15, 15, false},
    {3000, 3059, 14, 16, false}, /* Diners Club */
    {3600, 3699, 14, 19, false},
    {3800, 3999, 14, 16, false},
    {6200, 6299, 16, 19, false}, /* UnionPay */
    {2200, 2204, 16, 19, false}, /* Mir */
    {5018, 5093, 13, 19, true},  /* Maestro */
    {5600, 5899, 13, 19, true},
    {6300, 6399, 13, 19, true},
    {6700, 6799, 13, 19, true},
};
/* clang-format on */

/* Whether an issuer gives out such numbers; their check digit is another matter. */
static bool is_issued(const struct number *number, bool is_grouped) {
    int first = number_of(number->digits, 4);

    for (size_t i = 0; i < ARRAY_N(issuers); i++) {
        const struct issuer *issuer = &issuers[i];
        if (first >= issuer->from && first <= issuer->to && number->n >= issuer->n_min &&
            number->n <= issuer->n_max) {
            return is_grouped || !issuer->is_grouped || number->n == 16;
        }
    }
    return false;
}

/* The number of an article has 13 digits too, and one check digit in ten is right for both. */
static bool is_article(const struct number *number) {
    return number->n == EAN && number->group_n == 1 &&
           weighted(number->digits, "1313131313131") % 10 == 0;
}

const uint64_t card_shapes[] = {0x4444, 0x465, 0x464, 0x44443, 0x4443, 0x4441, 0x844, 0x445};
const size_t card_shape_n = ARRAY_N(card_shapes);

bool person_is_card(struct str text, size_t at, const struct number *number, struct said *said) {
    bool is_grouped = false;

    if (number->n < CARD_MIN || number->n > CARD_MAX || is_any(number->separator, "./") ||
        !is_luhn(number->digits, number->n)) {
        return false;
    }
    for (size_t i = 0; i < card_shape_n; i++) {
        is_grouped = is_grouped || number->shape == card_shapes[i];
    }
    bool is_shape = number->group_n == 1 || is_grouped;
    bool is_known = is_shape && is_issued(number, is_grouped);
    return (is_known && !is_article(number)) ||
           (number->digits[0] != '1' && !all_same(number->digits, number->n) &&
            person_is_said(said, text, at, SAID_CARD));
}

/* ---- IBAN ---- */

enum { LETTERS = 26 };

#define IBAN(first, second, n) [((first) - 'A') * LETTERS + (second) - 'A'] = (n)

/* Length by country, from the registry. */
/* clang-format off */
static const uint8_t iban_lengths[LETTERS * LETTERS] = {
    IBAN('A', 'D', 24), IBAN('A', 'E', 23), IBAN('A', 'L', 28), IBAN('A', 'T', 20),
    IBAN('A', 'Z', 28), IBAN('B', 'A', 20), IBAN('B', 'E', 16), IBAN('B', 'G', 22),
    IBAN('B', 'H', 22), IBAN('B', 'I', 27), IBAN('B', 'R', 29), IBAN('B', 'Y', 28),
    IBAN('C', 'H', 21), IBAN('C', 'R', 22), IBAN('C', 'Y', 28), IBAN('C', 'Z', 24),
    IBAN('D', 'E', 22), IBAN('D', 'J', 27), IBAN('D', 'K', 18), IBAN('D', 'O', 28),
    IBAN('E', 'E', 20), IBAN('E', 'G', 29), IBAN('E', 'S', 24), IBAN('F', 'I', 18),
    IBAN('F', 'K', 18), IBAN('F', 'O', 18), IBAN('F', 'R', 27), IBAN('G', 'B', 22),
    IBAN('G', 'E', 22), IBAN('G', 'I', 23), IBAN('G', 'L', 18), IBAN('G', 'R', 27),
    IBAN('G', 'T', 28), IBAN('H', 'N', 28), IBAN('H', 'R', 21), IBAN('H', 'U', 28),
    IBAN('I', 'E', 22), IBAN('I', 'L', 23), IBAN('I', 'Q', 23), IBAN('I', 'S', 26),
    IBAN('I', 'T', 27), IBAN('J', 'O', 30), IBAN('K', 'W', 30), IBAN('K', 'Z', 20),
    IBAN('L', 'B', 28), IBAN('L', 'C', 32), IBAN('L', 'I', 21), IBAN('L', 'T', 20),
    IBAN('L', 'U', 20), IBAN('L', 'V', 21), IBAN('L', 'Y', 25), IBAN('M', 'C', 27),
    IBAN('M', 'D', 24), IBAN('M', 'E', 22), IBAN('M', 'K', 19), IBAN('M', 'N', 20),
    IBAN('M', 'R', 27), IBAN('M', 'T', 31), IBAN('M', 'U', 30), IBAN('N', 'I', 28),
    IBAN('N', 'L', 18), IBAN('N', 'O', 15), IBAN('O', 'M', 23), IBAN('P', 'K', 24),
    IBAN('P', 'L', 28), IBAN('P', 'S', 29), IBAN('P', 'T', 25), IBAN('Q', 'A', 29),
    IBAN('R', 'O', 24), IBAN('R', 'S', 22), IBAN('R', 'U', 33), IBAN('S', 'A', 24),
    IBAN('S', 'C', 31), IBAN('S', 'D', 18), IBAN('S', 'E', 24), IBAN('S', 'I', 19),
    IBAN('S', 'K', 24), IBAN('S', 'M', 27), IBAN('S', 'O', 23), IBAN('S', 'T', 25),
    IBAN('S', 'V', 28), IBAN('T', 'L', 23), IBAN('T', 'N', 24), IBAN('T', 'R', 26),
    IBAN('U', 'A', 29), IBAN('V', 'A', 22), IBAN('V', 'G', 24), IBAN('X', 'K', 20),
    IBAN('Y', 'E', 30),
};
/* clang-format on */

static size_t iban_length(const char *country) {
    bool is_country = is_upper(country[0]) && is_upper(country[1]);

    return is_country ? iban_lengths[(country[0] - 'A') * LETTERS + country[1] - 'A'] : 0;
}

static bool is_iban(const char *iban, size_t n) {
    uint64_t rest = 0;

    for (size_t i = 0; i < n; i++) {
        char c = iban[i + 4 < n ? i + 4 : i + 4 - n]; /* country and check digits come last */
        rest = is_digit(c) ? rest * 10 + (uint64_t)(c - '0')
                           : rest * 100 + (uint64_t)(fold(c) - 'a' + 10);
        rest = rest > UINT64_MAX / 1000 ? rest % 97 : rest;
    }
    return rest % 97 == 1;
}

bool person_iban_at(struct str text, size_t at, struct person *out) {
    char iban[36];
    size_t want = text.len - at < 15 ? 0 : iban_length(text.ptr + at);
    size_t to = at;
    size_t n = 0;

    for (; n < want; to++) {
        char c = str_char(text, to);
        bool is_separator = (c == ' ' || c == '-') && n > 0 && is_alnum(str_char(text, to + 1));
        if (is_alnum(c)) {
            iban[n++] = c;
        } else if (!is_separator) {
            return false;
        }
    }
    *out = (struct person){.from = at, .to = to, .kind = "iban"};
    return want > 0 && is_iban(iban, n) && !is_alnum(str_char(text, to));
}
