/* guard/redact/person_card.c: numbers of cards and accounts.
 *
 * Sources: ISO/IEC 7812 and the issuers' ranges; ISO 13616 and SWIFT's IBAN registry. */
#include "guard/redact/charset.h"
#include "guard/redact/person.h"
#include "guard/redact/person_number.h"

#include <stdlib.h>
#include <string.h>

enum { REACH = 40, CARD_MIN = 12, CARD_MAX = 19, EAN = 13 };

static const char card_words[] = "card credit* creditcard* visa mastercard amex maestro kredit* "
                                 "carte tarjeta* cc_number ccnumber cc";

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

bool person_is_card(struct str text, size_t at, const struct number *number) {
    static const uint64_t shapes[] = {0x4444, 0x465, 0x464, 0x44443, 0x4443, 0x4441, 0x844, 0x445};
    bool is_grouped = false;

    if (number->n < CARD_MIN || number->n > CARD_MAX || is_any(number->separator, "./") ||
        !is_luhn(number->digits, number->n)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(shapes); i++) {
        is_grouped = is_grouped || number->shape == shapes[i];
    }
    bool is_shape = number->group_n == 1 || is_grouped;
    bool is_known = is_shape && is_issued(number, is_grouped);
    return (is_known && !is_article(number)) ||
           (number->digits[0] != '1' && !all_same(number->digits, number->n) &&
            person_is_said(text, at, REACH, card_words));
}

/* ---- IBAN ---- */

/* Country and length, from the registry; sorted. */
static const char iban_rows[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
    "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
    "LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24"
    "RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

static int country_order(const void *a, const void *b) { return strncmp(a, b, 2); }

static size_t iban_length(const char *country) {
    const char *row = bsearch(country, iban_rows, sizeof iban_rows / 4, 4, country_order);

    return row == NULL ? 0 : (size_t)number_of(row + 2, 2);
}

static bool is_iban(const char *iban, size_t n) {
    int rest = 0;

    for (size_t i = 0; i < n; i++) {
        char c = iban[(i + 4) % n]; /* country and check digits come last */
        rest =
            is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (fold(c) - 'a' + 10)) % 97;
    }
    return rest == 1;
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
