/* guard/redact/person_code.c: numbers of persons that hold letters, or marks of several kinds. */
#include "guard/redact/charset.h"
#include "guard/redact/person.h"
#include "guard/redact/person_number.h"
#include "guard/redact/word.h"

#include <pthread.h>
#include <string.h>

enum { BODY_MAX = 24, MARKED_MAX = 8, CAPITALS_MAX = 6 };

/* ---- checks ---- */

/* The letter of a Spanish number says its remainder by 23. */
static bool is_dni(const char *d) {
    return d[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[number_of(d, 8) % 23];
}

/* X, Y and Z are 0, 1 and 2. */
static bool is_nie(const char *d) {
    char digits[9];

    memcpy(digits, d, sizeof digits);
    digits[0] = (char)('0' + (d[0] - 'X'));
    return d[0] >= 'X' && d[0] <= 'Z' && is_dni(digits);
}

/* ddmmyy, the century, three digits, and a letter that says the remainder by 31. */
static bool is_hetu(const char *d) {
    static const char letters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    int day = number_of(d, 2);
    int month = number_of(d + 2, 2);
    int rest = (number_of(d, 6) * 10 + (d[7] - '0')) % 31;

    rest = (rest * 100 + number_of(d + 8, 2)) % 31;
    return is_any(d[6], "-+ABCDEFUVWXY") && day >= 1 && day <= 31 && month >= 1 && month <= 12 &&
           d[10] == letters[rest];
}

/* The last one checks the others by weights 2 to 7, from the right. */
static bool is_rut(const char *d) {
    size_t n = strlen(d) - 1;
    int sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += (d[n - 1 - i] - '0') * (2 + (int)(i % 6));
    }
    return fold(d[n]) == "0k987654321"[sum % 11];
}

/* Seven digits and a letter that checks them; a second one counts by 9. */
static bool is_pps(const char *d) {
    int sum = weighted(d, "8765432");
    int second = d[8] == '\0' || d[8] == 'W' ? 0 : d[8] - 'A' + 1;

    return d[7] == "WABCDEFGHIJKLMNOPQRSTUV"[(sum + second * 9) % 23];
}

static bool is_nino(const char *d) {
    return !is_any(d[0], "DFIQUV") && !is_any(d[1], "DFIOQUV") && d[8] >= 'A' && d[8] <= 'D';
}

static bool is_codice_fiscale(const char *d) {
    static const unsigned char odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    int sum = 0;

    for (size_t i = 0; i < 15; i++) {
        int value = is_digit(d[i]) ? d[i] - '0' : d[i] - 'A';
        sum += i % 2 == 0 ? odd[value] : value;
    }
    return is_any(d[8], "ABCDEHLMPRST") && d[15] == 'A' + sum % 26;
}

/* Of 37 values; the letter N with a tilde has one too. */
static bool is_curp(const char *d) {
    int sum = 0;

    for (size_t i = 0; i < 17; i++) {
        int value = is_digit(d[i]) ? d[i] - '0' : d[i] - 'A' + 10 + (d[i] > 'N');
        sum += value * (18 - (int)i);
    }
    int month = number_of(d + 6, 2);
    return is_any(d[10], "HMX") && month >= 1 && month <= 12 && (10 - sum % 10) % 10 == d[17] - '0';
}

/* The fourth letter says whose it is; P is a person. */
static bool is_pan(const char *d) { return is_any(d[3], "ABCFGHJLPT"); }

static bool is_passport(const char *d) { return d[0] != '\0'; }

/* ---- shapes ---- */

/* d is a digit, A a capital, * either, c the century of a Finnish number, k a digit or K, ? may be
 * a hyphen; others are themselves. */
struct code {
    const char *kind;
    const char *shape;
    bool (*is_valid)(const char *body); /* without marks; NULL: as the number of that kind */
    const char *words;                  /* one of them is before it; NULL: it needs none */
};

/* clang-format off */
static const struct code marked[] = {
    {"br-cpf",   "ddd.ddd.ddd-dd",     NULL,       NULL},
    {"br-cnpj",  "dd.ddd.ddd/dddd-dd", NULL,       NULL},
    {"be-nn",    "dd.dd.dd-ddd.dd",    NULL,       NULL},
    {"cl-rut",   "dd.ddd.ddd-k",       is_rut,     NULL},
    {"cl-rut",   "dddddddd-k",         is_rut,     "rut run"},
    {"fi-hetu",  "ddddddcdddA",        is_hetu,    NULL},
    {"fi-hetu",  "ddddddcddd*",        is_hetu,    "hetu henkilotunnu* henkilötunnu* personbeteckning*"},
    {"es-dni",   "dddddddd?A",         is_dni,     "dni nif nie documento_nacional identidad"},
    {"ie-pps",   "dddddddAA",          is_pps,     "pps ppsn"},
    {"ie-pps",   "dddddddA",           is_pps,     "pps ppsn"},
};
static const struct code lettered[] = {
    {"it-codice-fiscale", "AAAAAA**A**A***A",   is_codice_fiscale, NULL},
    {"mx-curp",           "AAAAddddddAAAAA**d", is_curp,           NULL},
    {"es-nie",            "Addddddd?A",         is_nie,            NULL},
    {"uk-nino",           "AA dd dd dd A",      is_nino,           NULL},
    {"uk-nino",           "AAddddddA",          is_nino,           "nino national_insurance ni_number ni_no"},
    {"in-pan",            "AAAAAddddA",         is_pan,            "pan permanent_account"},
    {"passport",          "Addddddd",           is_passport,       "passport* reisepass* passeport* pasaporte* passaporto"},
    {"passport",          "Adddddddd",          is_passport,       "passport* reisepass* passeport* pasaporte* passaporto"},
    {"passport",          "AAddddddd",          is_passport,       "passport* reisepass* passeport* pasaporte* passaporto"},
};
/* clang-format on */

static bool is_of_shape(char shape, char c) {
    switch (shape) {
    case 'd':
        return is_digit(c);
    case 'A':
        return is_upper(c);
    case '*':
        return is_digit(c) || is_upper(c);
    case 'c':
        return is_any(c, "-+ABCDEFUVWXY");
    case 'k':
        return is_digit(c) || fold(c) == 'k';
    default:
        return c == shape;
    }
}

_Static_assert(ARRAY_N(marked) + ARRAY_N(lettered) <= SAID_ISSUED - SAID_CODE, "each has a list");

static const struct code *code_row(size_t i) {
    return i < ARRAY_N(marked) ? &marked[i] : &lettered[i - ARRAY_N(marked)];
}

bool person_code_words(size_t i, const char **words) {
    bool is_row = i < ARRAY_N(marked) + ARRAY_N(lettered);

    *words = is_row ? code_row(i)->words : NULL;
    return is_row;
}

/* Whether row `row` stands at `at`. */
static bool code_at(struct str text, size_t at, size_t row, struct said *said, struct person *out) {
    const struct code *code = code_row(row);
    char body[BODY_MAX] = {0};
    size_t n = 0;
    size_t to = at;

    for (const char *shape = code->shape; *shape != '\0'; shape++) {
        char c = str_char(text, to);
        if (*shape == '?') {
            to += c == '-' ? 1 : 0;
            continue;
        }
        if (!is_of_shape(*shape, c)) {
            return false;
        }
        if (is_any(*shape, "dA*ck")) {
            body[n++] = c;
        }
        to++;
    }
    *out = (struct person){.from = at, .to = to, .kind = code->kind};
    bool is_valid =
        code->is_valid == NULL ? person_id_is_valid(code->kind, body) : code->is_valid(body);
    return is_valid && number_ends(text, to) &&
           (code->words == NULL || person_is_said(said, text, at, SAID_CODE + row));
}

/* Whether `n` digits and then `c` may stand where it begins; most are told by that. */
static bool begins_with(const struct code *code, size_t n, char c) {
    char shape = code->shape[n];

    return code->shape[n - 1] == 'd' && shape != 'd' &&
           (shape == '?' ? c == '-' || is_upper(c) : is_of_shape(shape, c));
}

bool person_marked_at(struct str text, size_t at, struct said *said, struct person *out) {
    size_t n = 0; /* digits before the first mark or letter */

    while (n <= MARKED_MAX && is_digit(str_char(text, at + n))) {
        n++;
    }
    char c = str_char(text, at + n);
    if (!is_any(c, ".-+") && !is_upper(c)) {
        return false; /* most are told by that */
    }
    for (size_t i = 0; i < ARRAY_N(marked) && n >= 2 && n <= MARKED_MAX; i++) {
        if (begins_with(&marked[i], n, c) && code_at(text, at, i, said, out)) {
            return true;
        }
    }
    return false;
}

/* The rows of `lettered` that may begin with so many capitals, by bits. */
static uint32_t capital_rows[CAPITALS_MAX + 2];

/* The digits of each that follow them at once. */
static size_t digits_after[ARRAY_N(lettered)];

static void capital_rows_fill(void) {
    for (size_t i = 0; i < ARRAY_N(lettered); i++) {
        const char *shape = lettered[i].shape;
        size_t lead = strspn(shape, "A");

        digits_after[i] = strspn(shape + lead, "d");
        for (size_t n = 0; n < ARRAY_N(capital_rows); n++) {
            bool may_begin = shape[lead] == '*' ? n >= lead : n == lead;
            capital_rows[n] |= (uint32_t)may_begin << i;
        }
    }
}

bool person_code_at(struct str text, size_t at, struct person *out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct said said;
    size_t from = at;
    size_t n = 0;

    while (from > 0 && at - from < CAPITALS_MAX && is_upper(text.ptr[from - 1])) {
        from--;
    }
    if (!number_begins(text, from)) {
        return false;
    }
    said_begin(&said);
    if (person_iban_at(text, from, out)) {
        return true;
    }
    while (n <= CAPITALS_MAX && is_upper(str_char(text, from + n))) {
        n++;
    }
    (void)pthread_once(&once, capital_rows_fill);
    size_t digits = word_digits_end(str_slice(text, 0, from + n + MARKED_MAX), from + n) - from - n;
    for (uint32_t left = capital_rows[n]; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctz(left);
        if (digits >= digits_after[i] && code_at(text, from, ARRAY_N(marked) + i, &said, out)) {
            return true;
        }
    }
    return false;
}
