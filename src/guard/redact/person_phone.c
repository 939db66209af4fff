/* guard/redact/person_phone.c: telephone numbers.
 *
 * With + they say so themselves, with 00 the calling code and the length do. A national one needs a
 * word before it, or brackets, a leading 0 and groups that nothing else has. */
#include "guard/redact/person.h"

#include "guard/redact/charset.h"
#include "guard/redact/person_number.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    PHONE_MIN = 8,  /* digits, after + */
    PHONE_MAX = 15, /* E.164 */
    GIVEN_MIN = 6,  /* under a name */
    SAID_MIN = 7,
    DOTS_MIN = 8, /* with dots, shorter ones are versions */
    LOOK_MIN = 9, /* of one that looks like a telephone's */
    LOOK_MAX = 12,
    SEPARATORS_MAX = 7,
    GROUPS_MAX = 8,
    CODE_MAX = 3,
    AREA_MAX = 5,
    ACCOUNT = 12 /* digits of an account of AWS */
};

/* ---- reading ---- */

/* What stands before the digits of a number. */
struct marks {
    unsigned separators;
    unsigned hyphens;
    unsigned dots;
    unsigned slashes;
    bool is_open;      /* the first group is in brackets */
    bool has_brackets; /* one is */
};

struct phone {
    char digits[PERSON_PHONE_DIGITS + NUMBER_EIGHT]; /* room to write eight at once */
    size_t n;
    uint64_t shape; /* digits in each group, a nibble each: 030 1234567 is 0x37 */
    struct marks marks;
    bool has_zero; /* (0), a trunk digit that is not dialled from abroad */
    size_t to;     /* where the last digit ends */
};

/* Whether "(+" stands before `at`. */
static bool is_code_open(struct str text, size_t at) {
    return at >= 2 && str_eq(str_slice(text, at - 2, at), STR("(+"));
}

/* Whether a bracket that closes at `at` holds an area: (030), (06 1); sets whether that is a 0. */
static bool is_area_end(struct str text, size_t from, size_t at, bool *has_zero) {
    size_t open = at;

    while (open > from && (is_digit(text.ptr[open - 1]) || is_any(text.ptr[open - 1], " -"))) {
        open--;
    }
    *has_zero = *has_zero || (at - open == 1 && text.ptr[open] == '0');
    if (at == open || at - open > AREA_MAX) {
        return false;
    }
    return open > from ? text.ptr[open - 1] == '(' : is_code_open(text, from);
}

/* Whether `c`, no digit, may stand after `before`; a bracket beside another separator. */
static bool is_separator(char c, char before) {
    static const struct charset joints = {
        {SET_LO('-') | SET_LO('.') | SET_LO('/') | SET_LO(' ') | SET_LO('(')}};
    static const struct charset others = {
        {SET_LO(' ') | SET_LO('-') | SET_LO('.') | SET_LO('/') | SET_LO(')')}};

    return c == '(' ? before != '(' : charset_has(&others, c) && !charset_has(&joints, before);
}

static void marks_add(struct marks *marks, char c) {
    marks->separators++;
    marks->hyphens += c == '-';
    marks->dots += c == '.';
    marks->slashes += c == '/';
    marks->has_brackets = marks->has_brackets || c == ')';
}

/* Reads digits and what may stand between them; false for more than a telephone has. */
static bool phone_read(struct str text, size_t at, struct phone *phone) {
    struct marks seen = {.is_open = str_char(text, at) == '('};
    size_t group_n = 0;
    size_t i = at;

    phone->n = 0;
    phone->shape = 0;
    phone->has_zero = false;
    while (i < text.len) {
        size_t from = i;
        i = (size_t)(digits_read(text.ptr + i, text.ptr + text.len, phone->digits, &phone->n,
                                 PERSON_PHONE_DIGITS) -
                     text.ptr);
        char c = str_char(text, i);
        if (is_digit(c)) {
            return false;
        }
        if (i > from) { /* marks behind the last digit do not count */
            phone->marks = seen;
            phone->shape = (phone->shape << 4) + (i - from);
            group_n++;
            phone->to = i;
        }
        char before = i > at ? text.ptr[i - 1] : '\0';
        if (!is_separator(c, before) || (c == ')' && !is_area_end(text, at, i, &phone->has_zero))) {
            break;
        }
        marks_add(&seen, c);
        i++;
    }
    return phone->n >= GIVEN_MIN && group_n <= GROUPS_MAX;
}

/* The digits of the first group. */
static size_t group_first(const struct phone *phone) {
    uint64_t shape = phone->shape;

    while (shape > 0xf) {
        shape >>= 4;
    }
    return shape;
}

size_t person_extension_end(struct str text, size_t at) {
    static const char *const marks[] = {" ext. ", " ext ", " x", "x", "ext"};
    size_t letter = at + (str_char(text, at) == ' ' ? 1 : 0);

    if (!is_any(str_char(text, letter), "xe")) {
        return at;
    }
    for (size_t i = 0; i < ARRAY_N(marks); i++) {
        size_t to = at + strlen(marks[i]);
        size_t from = to;
        if (!str_starts(str_slice(text, at, text.len), str_from(marks[i]))) {
            continue;
        }
        while (is_digit(str_char(text, to)) && to - from < 6) {
            to++;
        }
        return to > from && !is_alnum(str_char(text, to)) ? to : at;
    }
    return at;
}

static bool is_bounded(struct str text, size_t from, size_t to) {
    char before = from > 0 ? text.ptr[from - 1] : '\0';
    char after = str_char(text, to);
    bool is_escape = from >= 2 && text.ptr[from - 2] == '\\' && is_any(before, "bfnrt");

    return (is_escape || (!is_alnum(before) && !is_any(before, "_/.+-$#@%"))) && !is_alnum(after) &&
           !is_any(after, "_/@%") && !(is_any(after, "-.:,") && is_alnum(str_char(text, to + 1)));
}

static bool phone_found(struct str text, size_t at, size_t to, struct person *out) {
    *out = (struct person){.from = at, .to = person_extension_end(text, to), .kind = "phone"};
    return is_bounded(text, at, out->to);
}

/* ---- numbers that can be dialled from abroad ---- */

/* By calling code; {0}: nobody has it. */
static const struct code {
    uint8_t n_min;
    uint8_t n_max;
} codes[1000] = {
#define CODE(code, n_min, n_max) [code] = {n_min, n_max},
#include "guard/redact/person_phone.def"
#undef CODE
};

/* Whether a calling code begins at `digits`, and as many follow as its numbers have. No code begins
 * with another. */
static bool is_dialled(const char *digits, size_t n, bool has_zero) {
    size_t code = 0;

    for (size_t len = 1; len <= CODE_MAX && len < n; len++) {
        code = code * 10 + (size_t)(digits[len - 1] - '0');
        size_t rest = n - len - (has_zero ? 1 : 0);
        if (codes[code].n_max > 0) {
            return rest >= codes[code].n_min && rest <= codes[code].n_max;
        }
    }
    return false;
}

/* Whether it has digits enough; lines of patches begin with + too. */
static bool is_long_enough(const struct phone *phone, bool is_line_begin) {
    bool may_be_patch = phone->marks.separators == 0 && is_line_begin;

    return phone->n >= (may_be_patch ? PHONE_MIN + 2 : PHONE_MIN) ||
           (!may_be_patch && is_dialled(phone->digits, phone->n, false));
}

/* +49 30 1234567, +44 (0)20 7946 0958, (+44) 20 7946 0958 */
static bool international_at(struct str text, size_t at, struct person *out) {
    struct phone phone;
    char first = str_char(text, at + 1);

    if (!is_digit(first) || first == '0' || !phone_read(text, at + 1, &phone) ||
        phone.n > PHONE_MAX + (phone.has_zero ? 1 : 0) ||
        !is_long_enough(&phone, at == 0 || is_line_end(text.ptr[at - 1])) ||
        !phone_found(text, at, phone.to, out)) {
        return false;
    }
    bool is_in_brackets = phone.marks.has_brackets && is_code_open(text, at + 1);
    out->from -= is_in_brackets ? 1 : 0;
    return true;
}

/* 0049 30 1234567, 004930123456; an account of AWS has 12 digits. */
static bool is_prefixed(const struct phone *phone) {
    size_t first = group_first(phone);
    bool is_grouped = phone->marks.separators > 0 && first > 2 && first <= 2 + CODE_MAX;
    bool is_plain = phone->marks.separators == 0 && phone->n != ACCOUNT;
    return phone->digits[0] == '0' && phone->digits[1] == '0' && phone->marks.dots == 0 &&
           (is_grouped || is_plain) && phone->n > PHONE_MIN + 2 &&
           is_dialled(phone->digits + 2, phone->n - 2, phone->has_zero);
}

/* ---- national numbers ---- */

/* (212) 555-0123, 212-555-0123, 1-212-555-0123: areas and exchanges begin with 2 to 9. */
static bool is_american(const struct phone *phone, enum person_name name) {
    size_t first = phone->n == 11 && phone->digits[0] == '1' ? 1 : 0;
    bool is_shape = phone->shape == (first == 1 ? 0x1334 : 0x334) && phone->n == 10 + first;
    bool is_even =
        phone->marks.hyphens == 2 + first && phone->marks.hyphens == phone->marks.separators;

    return is_shape && phone->digits[first] >= '2' && phone->digits[first + 3] >= '2' &&
           (is_even || phone->marks.has_brackets || name != PERSON_NAME_NONE);
}

/* Groups that only telephone numbers have: they begin with 0 and an area, and no other digit stands
 * beside them. */
static bool has_trunk_groups(const struct phone *phone) {
    static const uint64_t shapes[] = {0x22222, 0x3222, 0x3322, 0x3232, 0x2322, 0x4322,
                                      0x4222,  0x334,  0x344,  0x433,  0x434};
    bool is_shape = false;

    for (size_t i = 0; i < ARRAY_N(shapes); i++) {
        is_shape = is_shape || phone->shape == shapes[i];
    }
    return is_shape;
}

static bool is_trunk(const struct phone *phone) {
    return phone->digits[0] == '0' && phone->digits[1] != '0';
}

/* (030) 1234567, (11) 91234-5678, 8 (495) 123-45-67 */
static bool has_area(const struct phone *phone) {
    bool is_open_trunk = phone->marks.is_open && is_trunk(phone);

    return phone->marks.has_brackets &&
           (is_open_trunk || (phone->marks.hyphens > 0 && phone->n >= 10));
}

/* One that looks like a telephone's without a word before it. */
static bool has_shape(const struct phone *phone) {
    const struct marks *marks = &phone->marks;
    bool is_area = group_first(phone) <= AREA_MAX;

    if (marks->dots > 0 || phone->n < LOOK_MIN || phone->n > LOOK_MAX) {
        return false;
    }
    if (marks->has_brackets || !is_trunk(phone)) {
        return has_area(phone);
    }
    if (marks->slashes > 0) { /* 030/1234567 */
        return marks->slashes == 1 && marks->separators == 1 && group_first(phone) >= 3 && is_area;
    }
    if (marks->hyphens == marks->separators) { /* 090-1234-5678 */
        bool is_few = marks->hyphens == 1 || marks->hyphens == 2;
        bool is_long = phone->n >= 10 && phone->n < ACCOUNT; /* 0123-4567-8901 is an account */
        return is_long && is_few && (phone->shape & 0xf) >= 3 && is_area;
    }
    return has_trunk_groups(phone);
}

/* One that looks like a telephone's where it may be one. */
static bool has_look(const struct phone *phone) {
    return phone->n >= LOOK_MIN &&
           (is_trunk(phone) || phone->marks.has_brackets ||
            (phone->marks.separators > 0 && phone->marks.dots == 0) || phone->marks.separators > 1);
}

/* No other number stands beside it, as in the columns of a table. */
static bool is_alone(struct str text, size_t from, size_t to) {
    bool has_before =
        from >= 2 && is_any(text.ptr[from - 1], " \t") && is_digit(text.ptr[from - 2]);
    bool has_after = is_any(str_char(text, to), " \t") && is_digit(str_char(text, to + 1));

    return !has_before && !has_after;
}

/* Dots stand in versions, sizes and dates too. */
static bool has_phone_dots(const struct phone *phone) {
    for (uint64_t shape = phone->shape; shape > 0xf; shape >>= 4) {
        if ((shape & 0xf) < 2) {
            return false;
        }
    }
    return phone->n >= DOTS_MIN && group_first(phone) <= 4;
}

/* "1234567 bytes" */
static bool is_counted(struct str text, size_t to) {
    return str_char(text, to) == ' ' && is_letter(str_char(text, to + 1));
}

static bool is_named(struct str text, const struct phone *phone, enum person_name name) {
    if (phone->n > PHONE_MAX + 2 || phone->marks.separators > SEPARATORS_MAX) {
        return false;
    }
    switch (name) {
    case PERSON_NAME_NONE:
        break;
    case PERSON_NAME_HINTED:
        return has_look(phone);
    case PERSON_NAME_MEANT:
        return has_look(phone) || (phone->n >= SAID_MIN && !is_counted(text, phone->to));
    case PERSON_NAME_SAID:
        return phone->n >= SAID_MIN || (phone->n >= GIVEN_MIN && !is_counted(text, phone->to));
    case PERSON_NAME_GIVEN:
        return phone->n >= GIVEN_MIN;
    }
    return false;
}

/* Whether digits and one blank stand before `at`, another digit, so that it does not stand alone
 * and no word names it, for the digits are none of a name such as phone2, and its groups are none
 * of a number of America: most places of a row of groups are told by that. */
static bool is_within_row(struct str text, size_t at) {
    if (at < 2 || text.ptr[at - 1] != ' ' || !is_digit(text.ptr[at - 2]) ||
        !is_digit(text.ptr[at])) {
        return false;
    }
    size_t before = at - 2; /* of the digits that a name may end with */
    before -= before > 0 && is_digit(text.ptr[before - 1]) ? 1 : 0;
    size_t first = word_digits_end(text, at) - at;
    size_t second = word_digits_end(text, at + first + 1) - (at + first + 1);
    bool is_american = (first == 1 || first == 3) && (second == 0 || second == 3);
    return !(before > 0 && is_letter(text.ptr[before - 1])) && !is_american;
}

static bool national_at(struct str text, size_t at, struct person *out) {
    struct phone phone;

    if (is_within_row(text, at) || !phone_read(text, at, &phone) ||
        (phone.marks.dots > 0 && !has_phone_dots(&phone)) ||
        !phone_found(text, at, phone.to, out)) {
        return false;
    }
    bool is_shape = is_alone(text, at, out->to) && (is_prefixed(&phone) || has_shape(&phone));
    if (is_shape || is_american(&phone, PERSON_NAME_NONE)) {
        return true;
    }
    enum person_name name = person_phone_name(text, at); /* which costs more */
    return is_american(&phone, name) || is_named(text, &phone, name);
}

bool person_phone_at(struct str text, size_t at, struct person *out) {
    return text.ptr[at] == '+' ? international_at(text, at, out) : national_at(text, at, out);
}
