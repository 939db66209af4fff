/* guard/redact/person.c: addresses, and where what tells who a person is can begin. */
#include "guard/redact/person.h"

#include "guard/redact/charset.h"
#include "guard/redact/person_number.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    LOCAL_MAX = 64, /* RFC 5321, 4.5.3.1 */
    DOMAIN_MAX = 255,
    TOP_LEVEL_MAX = 24,
    URI_LOOK = 160,
    NUMBER_REACH = 64, /* no number is so wide */
    LOOK_DIGITS = 8,   /* are a part of a look */
    DIGITS_MIN = 6,    /* of the shortest number of a person */
    CARD_MIN = 15      /* characters, so that nothing in the one before goes on behind it */
};

/* ---- e-mail ---- */

static bool is_local_char(char c) {
    return is_alnum(c) || is_any(c, "._%+-") || (unsigned char)c > 0x7f;
}

/* Where the local part before `at` begins; not in the letter of an escape such as \n. */
static size_t local_begin(struct str text, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < LOCAL_MAX && is_local_char(text.ptr[from - 1])) {
        from--;
    }
    if (from > 0 && text.ptr[from - 1] == '\\') {
        from += text.ptr[from] == 'u' ? 5 : 1;
    }
    while (from < at &&
           (is_any(text.ptr[from], "._%+-") || ((unsigned char)text.ptr[from] & 0xc0) == 0x80)) {
        from++;
    }
    return from < at ? from : at;
}

/* Where "john,doe" before `at`, a local part in quotes, begins; `at` when there is none. One with a
 * blank is not known, for its first word is shown before the @ comes. */
static size_t quoted_begin(struct str text, size_t at) {
    size_t from = at < 2 ? 0 : at - 1;

    if (at < 2 || text.ptr[at - 1] != '"') {
        return at;
    }
    while (from > 0 && at - from < LOCAL_MAX && !is_any(text.ptr[from - 1], "\" \t\n\r")) {
        from--;
    }
    bool is_quoted = from > 0 && from < at - 1 && text.ptr[from - 1] == '"';
    bool is_begin = is_quoted && (from < 2 || is_blank(text.ptr[from - 2]) ||
                                  is_any(text.ptr[from - 2], "<(:,;"));
    return is_begin ? from - 1 : at;
}

/* Last labels that are no top-level domains: units of systemd, and files. */
static bool is_no_domain(struct str label) {
    static const char no_domains[][8] = {
        "service", "socket", "timer", "target", "mount", "slice", "scope", "device", "internal",
        "png",     "jpg",    "jpeg",  "gif",    "svg",   "webp",  "js",    "mjs",    "cjs",
        "ts",      "tsx",    "jsx",   "css",    "scss",  "less",  "json",  "map",    "html",
        "tgz",     "gz",     "lock",  "txt",    "log",   "conf",  "dll",   "exe"};
    char folded[sizeof no_domains[0]] = {0};
    bool is_any_of = false;

    for (size_t i = 0; i < label.len && i < sizeof folded; i++) {
        folded[i] = fold(label.ptr[i]);
    }
    for (size_t i = 0; i < ARRAY_N(no_domains) && label.len <= sizeof folded; i++) {
        is_any_of |= memcmp(folded, no_domains[i], sizeof folded) == 0;
    }
    return is_any_of;
}

static bool is_label_char(char c) { return is_alnum(c) || c == '-' || (unsigned char)c > 0x7f; }

/* Letters of any alphabet, or those as xn--; no unit and no file. */
static bool is_top_level(struct str label) {
    bool is_encoded = str_starts(label, STR("xn--"));
    bool is_name = label.len >= 2 && label.len <= TOP_LEVEL_MAX;

    for (size_t i = 0; i < label.len && is_name && !is_encoded; i++) {
        is_name = is_letter(label.ptr[i]) || (unsigned char)label.ptr[i] > 0x7f;
    }
    return is_name && !is_no_domain(label);
}

/* Where the domain at `at` ends, its last label being one of a top-level domain; 0 otherwise. What
 * is called is a function. */
static size_t domain_end(struct str text, size_t at) {
    size_t to = at;
    size_t dot = 0;

    while (to - at < DOMAIN_MAX) {
        char c = str_char(text, to);
        bool is_dot = c == '.' && to > at && text.ptr[to - 1] != '.' &&
                      str_char(text, to + 1) != '-' && is_label_char(str_char(text, to + 1));
        if (!is_dot && !is_label_char(c)) {
            break;
        }
        dot = is_dot ? to : dot;
        to++;
    }
    bool is_domain = dot > at && is_top_level(str_slice(text, dot + 1, to));
    return is_domain && str_char(text, to) != '(' ? to : 0;
}

/* Whether the address is the authority of a URI (user@host) or stands in an ARN. */
static bool is_of_a_place(struct str text, size_t from) {
    size_t at = from;

    while (at > 0 && from - at < URI_LOOK && !is_blank(text.ptr[at - 1]) &&
           !is_any(text.ptr[at - 1], "\"'`<>,;=")) {
        at--;
        if (text.ptr[at] == '/' && at > 0 && text.ptr[at - 1] == '/') {
            struct str user = str_slice(text, at + 1, from);
            return str_find(user, STR("/")) < 0 && str_find(user, STR("?")) < 0;
        }
    }
    return str_starts(str_slice(text, at, text.len), STR("arn:"));
}

static bool email_at(struct str text, size_t at, struct person *out) {
    size_t from = quoted_begin(text, at);
    from = from < at ? from : local_begin(text, at);
    size_t to = from < at ? domain_end(text, at + 1) : 0;
    bool is_git = str_eq(str_slice(text, from, at), STR("git"));

    *out = (struct person){.from = from, .to = to, .kind = "e-mail"};
    return to > 0 && !is_git && !is_of_a_place(text, from);
}

/* ---- IP addresses ---- */

/* Copies what may be of an address at `at`; returns where it ends. */
static size_t ip_read(struct str text, size_t at, char *address) {
    size_t to = at;

    while (to - at < INET6_ADDRSTRLEN - 1 &&
           (is_hex(str_char(text, to)) || is_any(str_char(text, to), ":."))) {
        address[to - at] = text.ptr[to];
        to++;
    }
    while (to > at && is_any(text.ptr[to - 1], ":.")) {
        to--;
    }
    address[to - at] = '\0';
    return to;
}

static bool ip_at(struct str text, size_t at, struct person *out) {
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    char before = at > 0 ? text.ptr[at - 1] : '\0';
    size_t to = ip_read(text, at, address);
    char after = str_char(text, to);

    if (is_alnum(before) || is_any(before, "_.-:") || is_alnum(after) || is_any(after, "_-")) {
        return false;
    }
    char *port = strrchr(address, ':');
    if (port != NULL && strchr(address, ':') == port && strchr(address, '.') != NULL) {
        to = at + (size_t)(port - address); /* 10.0.0.1:8080 */
        *port = '\0';
    }
    bool is_four = inet_pton(AF_INET, address, bytes) == 1;
    bool is_six = !is_four && to - at > 6 && inet_pton(AF_INET6, address, bytes) == 1;
    *out = (struct person){.from = at, .to = to, .kind = "ip-address"};
    return (is_four && bytes[0] != 127 && bytes[0] != 0) || is_six;
}

/* ---- where to look ---- */

/* 2026-11-24 begins most lines of logs. */
static bool is_date(struct str text, size_t at) {
    const char *p = text.ptr + at;

    return text.len - at >= 10 && (p[0] == '1' || p[0] == '2') && is_digit(p[1]) &&
           is_digit(p[2]) && is_digit(p[3]) && is_any(p[4], "-/") && is_digit(p[5]) &&
           is_digit(p[6]) && is_any(p[7], "-/") && is_digit(p[8]) && is_digit(p[9]);
}

/* 18.3.123, 0.115.2: no number of a person has a digit alone between dots. */
static bool is_version(struct str text, size_t at) {
    const char *p = text.ptr + at;

    return text.len - at >= DIGITS_MIN &&
           ((p[1] == '.' && (p[0] == '0' || p[3] == '.')) || (p[2] == '.' && p[4] == '.'));
}

/* What begins with a digit. */
static bool number_at(struct str text, size_t at, struct said *said, struct person *out) {
    struct number number;

    if (is_date(text, at) || !number_begins(text, at)) {
        return false;
    }
    number_read(text, at, &number);
    bool may_be_phone = number.n <= PERSON_PHONE_DIGITS;
    return person_number_at(text, at, &number, said, out) ||
           person_marked_at(text, at, said, out) ||
           (may_be_phone && person_phone_at(text, at, out));
}

bool person_at(struct str text, size_t at, bool has_addresses, struct said *said,
               struct person *out) {
    char c = text.ptr[at];

    if (c == '@') {
        return email_at(text, at, out);
    }
    if (c == '+' || c == '(') {
        return person_phone_at(text, at, out);
    }
    if (has_addresses && (is_hex(c) || c == ':') && ip_at(text, at, out)) {
        return true;
    }
    if (is_digit(c)) {
        return number_at(text, at, said, out);
    }
    return is_upper(c) && person_code_at(text, at, out);
}

/* ---- marks ---- */

/* Bits of a block from bit `n` of each word on; by address, for a vector is no argument. */
SIEVE_INLINE void ahead(const uint64_t *bits, unsigned n, sieve_block *out) {
    sieve_block next;

    memcpy(out, bits, sizeof *out);
    memcpy(&next, bits + 1, sizeof next);
    *out = n == 0 ? *out : *out >> n | next << (64 - n);
}

/* Where five digits or separators follow one. */
SIEVE_INLINE void numbers_of(const uint64_t *numbers, sieve_block *out) {
    sieve_block one;
    sieve_block next;

    memcpy(&one, numbers, sizeof one);
    memcpy(&next, numbers + 1, sizeof next);
    sieve_block two = one & (one >> 1 | next << 63);
    sieve_block two_next = next & next >> 1;
    sieve_block four = two & (two >> 2 | two_next << 62);
    *out = four & (two >> 4 | two_next << 60);
}

/* Where no word begins: after letters, and after a dot. */
SIEVE_INLINE void inner_of(const struct sift *sift, size_t i, sieve_block *out) {
    sieve_block letters;
    sieve_block before;
    sieve_block dots;

    memcpy(&letters, sift->letters + i, sizeof letters);
    memcpy(&before, sift->letters + i - 1, sizeof before);
    memcpy(&dots, sift->dots + i, sizeof dots);
    *out = letters << 1 | before >> 63 | dots << 1;
}

/* Fills `persons` with the places of @, of + or ( and a digit, of six digits and separators that
 * begin a word with a digit, and of two capitals with two digits, or one with three. */
SIEVE_INLINE void places_find(const struct sift *sift) {
    for (size_t i = 0; i < sift->words; i += SIEVE_BLOCK) {
        sieve_block digit;
        sieve_block digit_1;
        sieve_block digit_3;
        sieve_block numbers;
        sieve_block number_2;
        sieve_block upper;
        sieve_block upper_1;
        sieve_block inner;
        sieve_block opener;
        sieve_block at;

        ahead(sift->digits + i, 0, &digit);
        ahead(sift->digits + i, 1, &digit_1);
        ahead(sift->digits + i, 3, &digit_3);
        numbers_of(sift->numbers + i, &numbers);
        ahead(sift->numbers + i, 2, &number_2);
        ahead(sift->uppers + i, 0, &upper);
        ahead(sift->uppers + i, 1, &upper_1);
        inner_of(sift, i, &inner);
        ahead(sift->openers + i, 0, &opener);
        ahead(sift->ats + i, 0, &at);
        sieve_block code = upper & number_2 & digit_3 & (upper_1 | digit_1);
        sieve_block places = (digit & numbers & ~inner) | (opener & digit_1) | code | at;
        memcpy(sift->persons + i, &places, sizeof places);
    }
}

SIEVE_INLINE uint64_t bits_from(const uint64_t *bits, size_t at) {
    uint64_t low = bits[at / 64] >> at % 64;

    return at % 64 == 0 ? low : low | bits[at / 64 + 1] << (64 - at % 64);
}

/* How many of the digits and separators at `at`, or after a sign there, are digits. */
SIEVE_INLINE size_t digits_from(const struct sift *sift, size_t at) {
    size_t first = at + (bit_has(sift->openers, at) ? 1 : 0);
    uint64_t others = ~bits_from(sift->numbers, first);
    uint64_t within = others == 0 ? ~UINT64_C(0) : (others & -others) - 1;

    return (size_t)__builtin_popcountll(bits_from(sift->digits, first) & within);
}

/* Whether of the first nine digits there each stands alone, with one separator between: that is no
 * number of a person, which has at most eight groups. */
SIEVE_INLINE bool is_row_of_digits(const struct sift *sift, size_t at) {
    static const uint64_t alone = 0x15555; /* every other one */

    return (bits_from(sift->digits, at) & 0x1ffff) == alone &&
           (bits_from(sift->numbers, at) & 0x1ffff) == 0x1ffff;
}

/* Whether the place needs a look; most are versions, sizes and dates. */
SIEVE_INLINE bool is_place(struct str text, const struct sift *sift, size_t at, bool is_number) {

    return !is_number ||
           (digits_from(sift, at) >= DIGITS_MIN && !is_row_of_digits(sift, at) &&
            !is_date(text, at) &&
            (text.ptr[at] == '+' || !is_version(text, at + (bit_has(sift->openers, at) ? 1 : 0))));
}

#if defined(__x86_64__)
SIEVE_TARGET_AVX512 static void places_find_avx512(const struct sift *sift) { places_find(sift); }

SIEVE_TARGET_AVX2 static void places_find_avx2(const struct sift *sift) { places_find(sift); }
#endif

static void places_find_any(const struct sift *sift) {
#if defined(__x86_64__)
    if (sift->way >= SIEVE_AVX512) {
        places_find_avx512(sift);
        return;
    }
    if (sift->way == SIEVE_AVX2) {
        places_find_avx2(sift);
        return;
    }
#endif
    places_find(sift);
}

static void person_add(struct sift *sift, size_t at, const struct person *person) {
    sift_add_person(sift, (struct sifted_person){at, person->from, person->to, person->kind});
}

/* What was found at a place, or not; {0} before the first one, for there nothing is kept. */
struct looked {
    size_t at;
    bool is_found;
    struct person person;
};

static bool is_card(const struct looked *looked) {
    return looked->is_found && looked->person.to - looked->person.from >= CARD_MIN &&
           looked->person.kind[0] == 'c' && strcmp(looked->person.kind, "card") == 0;
}

/* Whether no number that begins in `found` goes on behind it: nothing follows that may be of one,
 * or another card does, which is `next` then. */
SIEVE_INLINE bool is_last_number(struct str text, const struct sift *sift,
                                 const struct looked *found, struct said *said,
                                 struct looked *next) {
    size_t to = found->person.to;
    size_t far = to + NUMBER_REACH < text.len ? to + NUMBER_REACH : text.len;
    size_t end = bits_next_clear(sift->numbers, to, far);

    if (person_extension_end(text, to) > to) {
        return false; /* a number that is no card's has it */
    }
    if (bits_next(sift->digits, sift->digits, to, end) >= end) {
        return true;
    }
    if (!is_card(found) || text.ptr[to] != ' ' || !bit_has(sift->digits, to + 1) ||
        !is_place(text, sift, to + 1, true)) {
        return false;
    }
    next->at = to + 1;
    next->is_found = person_at(text, next->at, false, said, &next->person);
    return is_card(next);
}

/* Groups of digits with one blank between them, as in tables of numbers. */
struct row {
    size_t from;
    size_t to;
    size_t word_to; /* a word ends here on the line, no more than SAID_REACH before `from`; or 0 */
    bool is_plain;  /* nothing before or after makes its groups part of something else */
};

static struct row row_read(struct str text, const struct sift *sift, size_t at) {
    struct row row = {.from = at};
    size_t word = at;

    do {
        row.to = bits_next_clear(sift->digits, row.to > at ? row.to + 1 : at, text.len);
    } while (str_char(text, row.to) == ' ' && is_digit(str_char(text, row.to + 1)));
    while (word > 0 && at - word < SAID_REACH && !is_line_end(text.ptr[word - 1]) &&
           !is_letter(text.ptr[word - 1]) && (unsigned char)text.ptr[word - 1] <= 0x7f) {
        word--;
    }
    bool is_word = word > 0 && at - word < SAID_REACH && !is_line_end(text.ptr[word - 1]);
    char end = str_char(text, row.to);
    end = end == ' ' ? str_char(text, row.to + 1) : end;
    row.word_to = is_word ? word : 0;
    row.is_plain =
        (at == 0 || !is_letter(text.ptr[at - 1])) && !is_any(end, "-./()+") && !is_upper(end);
    return row;
}

/* Whether the group at `at` stands within a row of short ones, without a word before it: those are
 * nobody's. Cards and what else has no word have four digits in a row, or stand alone. */
SIEVE_INLINE bool is_in_row(struct str text, const struct sift *sift, size_t at, struct row *row) {
    if (at < 2 || text.ptr[at - 1] != ' ' || !is_digit(text.ptr[at - 2])) {
        return false;
    }
    if (at >= row->to) {
        *row = row_read(text, sift, at);
    }
    uint64_t ahead = bits_from(sift->digits, at);
    uint64_t pairs = ahead & ahead >> 1;
    return row->is_plain && at > row->from && (pairs & pairs >> 2) == 0 &&
           (row->word_to == 0 || at - row->word_to >= SAID_REACH);
}

/* Marks what a look at a place took, in parts, of which each has a bit: digits are read one by one,
 * and what is no other number is read again as one of a telephone. */
SIEVE_INLINE void look_mark(struct sift *sift, const struct looked *look) {
    size_t parts = 3;

    if (bit_has(sift->digits, look->at)) {
        size_t digits = digits_from(sift, look->at);
        digits = digits < PERSON_PHONE_DIGITS ? digits : PERSON_PHONE_DIGITS;
        parts = 1 + digits / LOOK_DIGITS + (look->is_found ? 0 : 2);
    }
    uint64_t bits = (UINT64_C(1) << parts) - 1;
    size_t within = look->at % 64;
    sift->looks[look->at / 64] |= bits << within;
    if (within + parts > 64) {
        sift->looks[look->at / 64 + 1] |= bits >> (64 - within);
    }
}

/* Of numbers side by side most places are within one that was found: those are passed. */
SIEVE_INLINE void persons_look(struct str text, struct sift *sift) {
    struct looked next = {0};
    struct said said;
    size_t number_to = 0; /* no number that begins before it goes on behind it */
    struct row row = {0};

    said_begin(&said);
    for (size_t i = 0; i < sift->words; i++) {
        uint64_t left = sift->persons[i];

        sift->persons[i] = 0;
        for (; left != 0; left &= left - 1) {
            struct looked here = {.at = i * 64 + (size_t)__builtin_ctzll(left)};
            bool is_number = here.at < text.len &&
                             (bit_has(sift->digits, here.at) || bit_has(sift->openers, here.at));
            bool is_within = is_number && here.at < number_to;
            if (here.at >= text.len || is_within || !is_place(text, sift, here.at, is_number) ||
                (is_number && is_in_row(text, sift, here.at, &row))) {
                continue;
            }
            if (next.at == here.at && next.is_found) {
                here = next;
            } else {
                here.is_found = person_at(text, here.at, false, &said, &here.person);
            }
            look_mark(sift, &here);
            if (!here.is_found) {
                continue;
            }
            person_add(sift, here.at, &here.person);
            bool has_digits_in = is_number || is_upper(text.ptr[here.at]); /* an IBAN too */
            if (has_digits_in && is_last_number(text, sift, &here, &said, &next)) {
                number_to = here.person.to;
            }
        }
    }
}

#if defined(__x86_64__)
SIEVE_TARGET_BITS static void persons_look_bits(struct str text, struct sift *sift) {
    persons_look(text, sift);
}
#endif

void persons_sift(struct str text, bool has_addresses, struct sift *sift) {
    if (has_addresses) { /* anywhere */
        struct said said;

        said_begin(&said);
        for (size_t at = 0; at < text.len; at++) {
            struct person person;

            if (person_at(text, at, true, &said, &person)) {
                person_add(sift, at, &person);
            }
        }
        return;
    }
    places_find_any(sift);
#if defined(__x86_64__)
    if (sift->way != SIEVE_PLAIN) {
        persons_look_bits(text, sift);
        return;
    }
#endif
    persons_look(text, sift);
}
