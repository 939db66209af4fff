/* guard/redact/person_id.c: numbers that somebody issued, by their check digits.
 *
 * Sources: ISO/IEC 7812 (cards, Luhn), the issuers' ranges; ISO 13616 and SWIFT's IBAN registry;
 * the Social Security Administration on numbers it never gives; and for the others the law or the
 * office that gives them out. What has no check digit, or a weak one, needs a word before it. */
#include "guard/redact/person.h"

#include "guard/redact/charset.h"

#include <string.h>

enum {
    DIGITS_MAX = 24,
    NUMBER_MAX = 19 /* of a card */,
    GROUPS_MAX = 8,
    EIGHT = 8,
    REACH = 40,
    CARD_MIN = 12,
    NAMED_MIN = 9,
    NAMED_MAX = 14,
    NEAR = 24
};

/* Digits in groups, with one kind of separator between them. */
struct number {
    char digits[DIGITS_MAX + EIGHT]; /* room to write eight at once */
    size_t n;
    size_t groups[GROUPS_MAX]; /* digits in each */
    size_t group_n;
    uint64_t shape; /* the same, a nibble each: 4-4-4-4 is 0x4444; 15 is 15 and more */
    char separator; /* '\0' without one */
    size_t to;
};

static char text_at(struct str s, size_t at) { return at < s.len ? s.ptr[at] : '\0'; }

/* How many of the eight bytes at `p` are digits, before another. */
static size_t digits_of_eight(const char *p) {
    uint64_t eight = 0;

    memcpy(&eight, p, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    eight ^= UINT64_C(0x3030303030303030); /* digits are 0 to 9 now; a sum carries to later bytes */
    uint64_t others =
        (eight | (eight + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    return others == 0 ? EIGHT : (size_t)__builtin_ctzll(others) / 8;
}

/* Adds the digits at `p`, as many as fit; returns where they end. */
static const char *digits_read(const char *p, const char *end, struct number *out) {
    size_t n = EIGHT;

    while (n == EIGHT && end - p >= EIGHT && out->n < DIGITS_MAX) {
        size_t room = DIGITS_MAX - out->n;

        n = digits_of_eight(p);
        memcpy(out->digits + out->n, p, EIGHT);
        n = n < room ? n : room;
        out->n += n;
        p += n;
    }
    while (n == EIGHT && p < end && is_digit(*p) && out->n < DIGITS_MAX) {
        out->digits[out->n++] = *p++;
    }
    return p;
}

/* Reads digits and single separators of one kind, as many as fit. */
static void number_read(struct str s, size_t at, struct number *out) {
    const char *p = s.ptr + at;
    const char *end = s.ptr + s.len;

    out->n = 0;
    out->group_n = 0;
    out->shape = 0;
    out->separator = '\0';
    out->to = at;
    while (out->n < DIGITS_MAX && out->group_n < GROUPS_MAX) {
        const char *from = p;

        p = digits_read(p, end, out);
        if (p == from) {
            break;
        }
        size_t n = (size_t)(p - from);
        out->groups[out->group_n++] = n;
        out->shape = out->shape << 4 | (n < 15 ? n : 15);
        out->to = (size_t)(p - s.ptr);
        char c = p < end ? *p : '\0';
        bool is_separator = c == ' ' || c == '-' || c == '.';
        if (!is_separator || (out->separator != '\0' && c != out->separator) || p + 1 >= end ||
            !is_digit(p[1])) {
            break;
        }
        out->separator = c;
        p++;
    }
    out->digits[out->n] = '\0';
}

/* Cuts the number down to its first `group_n` groups. */
static void number_cut(struct number *number, size_t group_n) {
    while (number->group_n > group_n) {
        size_t last = number->groups[--number->group_n];
        number->n -= last;
        number->shape >>= 4;
        number->to -= last + 1;
    }
    number->digits[number->n] = '\0';
}

/* Nothing that makes the number part of something longer follows. */
static bool ends_here(struct str s, size_t to) {
    char c = text_at(s, to);
    char next = text_at(s, to + 1);

    return !is_alnum(c) && c != '_' && !((c == '-' || c == '.' || c == ':') && is_alnum(next));
}

/* No other group of digits or letters goes before or after it. */
static bool stands_alone(struct str s, size_t from, size_t to) {
    bool has_before = from >= 2 && is_any(s.ptr[from - 1], " -.") && is_digit(s.ptr[from - 2]);
    bool has_after = is_any(text_at(s, to), " -.") && is_digit(text_at(s, to + 1));

    return !has_before && !has_after;
}

static bool all_same(const char *digits, size_t n) {
    for (size_t i = 1; i < n; i++) {
        if (digits[i] != digits[0]) {
            return false;
        }
    }
    return true;
}

static int number_of(const char *digits, size_t n) {
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

/* ---- check digits ---- */

static bool is_luhn(const char *digits, size_t n) {
    int sum = 0;

    for (size_t i = 0; i < n; i++) {
        int digit = digits[n - 1 - i] - '0';
        digit = i % 2 == 1 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

/* The sum of digits by weights, one character a weight. */
static int weighted(const char *digits, const char *weights) {
    int sum = 0;

    for (size_t i = 0; weights[i] != '\0'; i++) {
        sum += (digits[i] - '0') * (weights[i] - '0');
    }
    return sum;
}

static bool is_cpf(const char *d) {
    int first = weighted(d, ":98765432") * 10 % 11 % 10; /* ':' is 10 */
    int second = weighted(d, ";:98765432") * 10 % 11 % 10;

    return !all_same(d, 11) && first == d[9] - '0' && second == d[10] - '0';
}

/* Twelve digits. A group's products may be put together in any order: three rows of four do not
 * wait for each other. */
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

/* The German tax id: ISO 7064, modulo 11,10. */
static bool is_tax_id(const char *digits) {
    int product = 10;

    for (size_t i = 0; i < 10; i++) {
        int sum = (digits[i] - '0' + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return digits[0] != '0' && (11 - product) % 10 == digits[10] - '0';
}

/* ---- cards ---- */

/* clang-format off */
static const struct issuer {
    int from; /* of the first four digits */
    int to;
    size_t n_min;
    size_t n_max;
    bool is_grouped; /* of another length than 16 only when written in groups */
} issuers[] = {
    {4000, 4999, 13, 19, false}, /* Visa */
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

static bool is_card(const struct number *number) {
    static const uint64_t shapes[] = {0x4444, 0x465, 0x464, 0x44443, 0x4443, 0x4441, 0x844, 0x445};
    bool is_grouped = false;

    if (number->digits[0] < '1' || number->digits[0] > '6' || number->separator == '.') {
        return false; /* nobody's */
    }
    for (size_t i = 0; i < ARRAY_N(shapes); i++) {
        is_grouped = is_grouped || number->shape == shapes[i];
    }
    if (number->group_n != 1 && !is_grouped) {
        return false;
    }
    int first = number_of(number->digits, 4);
    for (size_t i = 0; i < ARRAY_N(issuers); i++) {
        const struct issuer *issuer = &issuers[i];
        if (first >= issuer->from && first <= issuer->to && number->n >= issuer->n_min &&
            number->n <= issuer->n_max && (is_grouped || !issuer->is_grouped || number->n == 16)) {
            return is_luhn(number->digits, number->n);
        }
    }
    return false;
}

/* Any issuer's, when a word before says that it is one. */
static bool is_said_card(struct str text, size_t at, const struct number *number) {
    static const char *const words[] = {"card",    "credit",    "visa",     "mastercard",
                                        "amex",    "maestro",   "kredit",   "carte",
                                        "tarjeta", "cc_number", "ccnumber", NULL};

    return number->n >= CARD_MIN && number->n <= NUMBER_MAX && number->digits[0] != '1' &&
           number->separator != '.' && is_luhn(number->digits, number->n) &&
           !all_same(number->digits, number->n) && person_is_said(text, at, REACH, words);
}

/* ---- numbers of persons ---- */

/* A number that the tax office gives to those who get no SSN. */
static bool is_itin(const char *d) {
    int group = number_of(d + 3, 2);

    return d[0] == '9' && group >= 50 && group != 66 && group != 67 && group != 68 && group != 69 &&
           group != 89 && group != 93;
}

static bool is_ssn(const char *d) {
    int area = number_of(d, 3);

    return area != 0 && area != 666 && area < 900 && number_of(d + 3, 2) != 0 &&
           number_of(d + 5, 4) != 0 && !all_same(d, 9) && strncmp(d, "123456789", 9) != 0 &&
           strncmp(d, "078051120", 9) != 0;
}

static bool is_bsn(const char *d) {
    return (weighted(d, "98765432") - (d[8] - '0')) % 11 == 0 && !all_same(d, 9);
}

static bool is_nhs(const char *d) {
    int check = 11 - weighted(d, ":98765432") % 11;

    return (check == 11 ? 0 : check) == d[9] - '0' && !all_same(d, 10);
}

static bool is_pesel(const char *d) {
    return (10 - weighted(d, "1379137913") % 10) % 10 == d[10] - '0' && !all_same(d, 11);
}

static bool is_ean13(const char *d) {
    return (10 - weighted(d, "131313131313") % 10) % 10 == d[12] - '0';
}

static bool is_french(const char *d) {
    int rest = 0;

    for (size_t i = 0; i < 13; i++) {
        rest = (rest * 10 + (d[i] - '0')) % 97;
    }
    int month = number_of(d + 3, 2);
    return (d[0] == '1' || d[0] == '2') && month >= 1 && month <= 12 &&
           97 - rest == number_of(d + 13, 2);
}

static const char *const ssn_words[] = {"ssn", "social security", "social_security",
                                        "socialsecurity", NULL};
static const char *const national_words[] = {
    "ssn",          "social_security", "social security", "national id", "national_id",
    "nationalid",   "national-id",     "passport",        "rrn",         "svnr",
    "personnummer", "rijksregister",   "kimlik",          NULL};
static const char *const tax_words[] = {"steuer", "tax", "idnr", "tin", NULL};
static const char *const bsn_words[] = {"bsn", "burgerservice", "sofi", NULL};
static const char *const nhs_words[] = {"nhs", NULL};
static const char *const pesel_words[] = {"pesel", NULL};
static const char *const sin_words[] = {"sin", "nas", "social insurance", "assurance sociale",
                                        NULL};
static const char *const aadhaar_words[] = {"aadhaar", "aadhar", "uidai", NULL};
static const char *const cpf_words[] = {"cpf", NULL};

static const char *checked_kind(struct str text, size_t at, const struct number *number) {
    const char *d = number->digits;
    bool is_plain = number->group_n == 1;

    switch (number->n) {
    case 9:
        if (number->shape == 0x324
                ? number->separator != '.' &&
                      (is_ssn(d) || is_itin(d) || person_is_said(text, at, REACH, ssn_words))
                : is_plain && is_ssn(d) && person_is_said(text, at, REACH, ssn_words)) {
            return "us-ssn";
        }
        if ((is_plain || number->shape == 0x333) && is_luhn(d, 9) && d[0] != '0' &&
            ((number->separator == '-' && stands_alone(text, at, number->to)) ||
             person_is_said(text, at, REACH, sin_words))) {
            return "ca-sin";
        }
        return is_plain && is_bsn(d) && person_is_said(text, at, REACH, bsn_words) ? "nl-bsn"
                                                                                   : NULL;
    case 10:
        return (is_plain || number->shape == 0x334) && is_nhs(d) &&
                       person_is_said(text, at, REACH, nhs_words)
                   ? "uk-nhs"
                   : NULL;
    case 11:
        if (is_plain && is_pesel(d) && person_is_said(text, at, REACH, pesel_words)) {
            return "pl-pesel";
        }
        if (is_plain && is_cpf(d) && person_is_said(text, at, REACH, cpf_words)) {
            return "br-cpf";
        }
        return is_tax_id(d) && person_is_said(text, at, REACH, tax_words) ? "de-tax-id" : NULL;
    case 12:
        return (is_plain || number->shape == 0x444) && is_verhoeff(d) &&
                       ((!is_plain && stands_alone(text, at, number->to)) ||
                        person_is_said(text, at, REACH, aadhaar_words))
                   ? "in-aadhaar"
                   : NULL;
    case 13:
        if (number->shape == 0x3442 && strncmp(d, "756", 3) == 0 && is_ean13(d)) {
            return "ch-ahv";
        }
        break;
    case 15:
        if ((is_plain || number->shape == 0x1222332) && is_french(d)) {
            return "fr-nir";
        }
        break;
    default:
        break;
    }
    return is_card(number) ? "card" : NULL;
}

/* By its check digits, or by a word before it. */
static const char *number_kind(struct str text, size_t at, const struct number *number) {
    const char *kind = checked_kind(text, at, number);

    if (kind == NULL && is_said_card(text, at, number)) {
        return "card";
    }
    bool is_named = kind == NULL && number->n >= NAMED_MIN && number->n <= NAMED_MAX &&
                    number->separator != '.' && person_is_said(text, at, NEAR, national_words);
    return is_named ? "national-id" : kind;
}

/* ddd.ddd.ddd-dd has two separators. */
static bool cpf_at(struct str text, size_t at, struct person *out) {
    static const char shape[] = "ddd.ddd.ddd-dd";
    char digits[12] = {0};
    size_t n = 0;

    for (size_t i = 0; shape[i] != '\0'; i++) {
        char c = text_at(text, at + i);
        if (shape[i] == 'd' ? !is_digit(c) : c != shape[i]) {
            return false;
        }
        if (shape[i] == 'd') {
            digits[n++] = c;
        }
    }
    *out = (struct person){.from = at, .to = at + sizeof shape - 1, .kind = "br-cpf"};
    return is_cpf(digits) && ends_here(text, out->to);
}

static const char dni_letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";

/* Eight digits and a letter that says their remainder by 23. */
static bool dni_at(struct str text, size_t at, struct person *out) {
    static const char *const words[] = {"dni", "nif", "nie", "identidad", NULL};
    size_t to = at + 8;

    for (size_t i = at; i < to; i++) {
        if (!is_digit(text_at(text, i))) {
            return false;
        }
    }
    to += text_at(text, to) == '-';
    int value = number_of(text.ptr + at, 8);
    *out = (struct person){.from = at, .to = to + 1, .kind = "es-dni"};
    return text_at(text, to) == dni_letters[value % 23] && ends_here(text, to + 1) &&
           person_is_said(text, at, REACH, words);
}

bool person_number_at(struct str text, size_t at, struct person *out) {
    struct number number;

    number_read(text, at, &number);
    /* What follows after a blank may be another number. */
    for (size_t groups = number.group_n; groups > 0; groups--) {
        number_cut(&number, groups);
        if (number.n < 9) {
            break;
        }
        bool is_whole = number.n <= NUMBER_MAX && ends_here(text, number.to);
        const char *kind = is_whole ? number_kind(text, at, &number) : NULL;
        if (kind != NULL) {
            *out = (struct person){.from = at, .to = number.to, .kind = kind};
            return true;
        }
        if (number.separator != ' ') {
            break;
        }
    }
    return cpf_at(text, at, out) || dni_at(text, at, out);
}

/* ---- IBAN ---- */

/* Country and length, from the registry. */
static const char iban_rows[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
    "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
    "LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24"
    "RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

static size_t iban_length(const char *country) {
    size_t from = 0;
    size_t to = (sizeof iban_rows - 1) / 4; /* sorted */

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strncmp(iban_rows + middle * 4, country, 2);
        if (order == 0) {
            return (size_t)number_of(iban_rows + middle * 4 + 2, 2);
        }
        from = order < 0 ? middle + 1 : from;
        to = order < 0 ? to : middle;
    }
    return 0;
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

static bool iban_at(struct str text, size_t at, struct person *out) {
    char iban[36];
    size_t want = text.len - at < 15 ? 0 : iban_length(text.ptr + at);
    size_t to = at;
    size_t n = 0;

    for (; n < want; to++) {
        char c = text_at(text, to);
        bool is_separator = (c == ' ' || c == '-') && n > 0 && is_alnum(text_at(text, to + 1));
        if (is_alnum(c)) {
            iban[n++] = c;
        } else if (!is_separator) {
            return false;
        }
    }
    *out = (struct person){.from = at, .to = to, .kind = "iban"};
    return want > 0 && is_iban(iban, n) && !is_alnum(text_at(text, to));
}

/* QQ 12 34 56 A: National Insurance, with its blanks or under its name. */
static bool nino_at(struct str text, size_t at, struct person *out) {
    static const char *const words[] = {"nino", "national insurance", "ni number", NULL};
    size_t n = 0;
    size_t blanks = 0;
    size_t to = at + 2;

    for (; n < 6 || text_at(text, to) == ' '; to++) {
        char c = text_at(text, to);
        blanks += c == ' ';
        if (is_digit(c) && n < 6) {
            n++;
        } else if (c != ' ' || blanks > 4) {
            return false;
        }
    }
    char end = text_at(text, to);
    bool is_pair = is_letter(text_at(text, at + 1));
    bool has_bad =
        !is_pair || is_any(text.ptr[at], "DFIQUV") || is_any(text.ptr[at + 1], "DFIOQUV");
    *out = (struct person){.from = at, .to = to + 1, .kind = "uk-nino"};
    return end >= 'A' && end <= 'D' && !has_bad && ends_here(text, to + 1) &&
           (blanks == 4 || person_is_said(text, at, REACH, words));
}

/* X1234567L: as a DNI, X, Y and Z being 0, 1 and 2. */
static bool nie_at(struct str text, size_t at, struct person *out) {
    char digits[8];

    digits[0] = (char)('0' + (text.ptr[at] - 'X'));
    for (size_t i = 1; i < sizeof digits; i++) {
        digits[i] = text_at(text, at + i);
        if (!is_digit(digits[i])) {
            return false;
        }
    }
    size_t to = at + sizeof digits + (text_at(text, at + sizeof digits) == '-');
    *out = (struct person){.from = at, .to = to + 1, .kind = "es-nie"};
    return text_at(text, to) == dni_letters[number_of(digits, 8) % 23] && ends_here(text, to + 1);
}

bool person_code_at(struct str text, size_t at, struct person *out) {
    bool is_nie = text.ptr[at] >= 'X' && text.ptr[at] <= 'Z';

    return iban_at(text, at, out) || nino_at(text, at, out) || (is_nie && nie_at(text, at, out));
}
