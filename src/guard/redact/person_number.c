/* guard/redact/person_number.c: reads digits in groups, and what checks them. */
#include "guard/redact/person_number.h"

#include <string.h>

void number_read(struct str s, size_t at, struct number *out) {
    const char *p = s.ptr + at;
    const char *end = s.ptr + s.len;

    out->n = 0;
    out->group_n = 0;
    out->shape = 0;
    out->separator = '\0';
    out->to = at;
    while (out->n < NUMBER_DIGITS && out->group_n < NUMBER_GROUPS) {
        const char *from = p;

        p = digits_read(p, end, out->digits, &out->n, NUMBER_DIGITS);
        if (p == from) {
            break;
        }
        size_t n = (size_t)(p - from);
        out->groups[out->group_n++] = n;
        out->shape = out->shape << 4 | (n < 15 ? n : 15);
        out->to = (size_t)(p - s.ptr);
        char c = p < end ? *p : '\0';
        bool is_separator = c == ' ' || c == '-' || c == '.' || c == '/';
        if (!is_separator || (out->separator != '\0' && c != out->separator) || p + 1 >= end ||
            !is_digit(p[1])) {
            break;
        }
        out->separator = c;
        p++;
    }
    out->digits[out->n] = '\0';
}

void number_cut(struct number *number, size_t group_n) {
    while (number->group_n > group_n) {
        size_t last = number->groups[--number->group_n];
        number->n -= last;
        number->shape >>= 4;
        number->to -= last + 1;
    }
    number->digits[number->n] = '\0';
}

bool number_begins(struct str s, size_t at) {
    char before = at > 0 ? s.ptr[at - 1] : '\0';

    return !is_alnum(before) && !is_any(before, "_.-/+");
}

bool number_ends(struct str s, size_t to) {
    char c = str_char(s, to);
    char next = str_char(s, to + 1);

    return !is_alnum(c) && c != '_' && !((c == '-' || c == '.' || c == ':') && is_alnum(next));
}

bool number_is_alone(struct str s, size_t from, size_t to) {
    bool has_before = from >= 2 && is_any(s.ptr[from - 1], " -.") && is_digit(s.ptr[from - 2]);
    bool has_after = is_any(str_char(s, to), " -.") && is_digit(str_char(s, to + 1));

    return !has_before && !has_after;
}

bool all_same(const char *digits, size_t n) {
    for (size_t i = 1; i < n; i++) {
        if (digits[i] != digits[0]) {
            return false;
        }
    }
    return true;
}

bool is_luhn(const char *digits, size_t n) {
    static const char twice[] = "0246813579"; /* of two digits their sum */
    int sum = 0;

    for (size_t i = n & 1; i + 1 < n; i += 2) {
        sum += twice[digits[i] - '0'] - '0' + digits[i + 1] - '0';
    }
    return (sum + (n % 2 == 1 ? digits[0] - '0' : 0)) % 10 == 0;
}

int weighted(const char *digits, const char *weights) {
    int sum = 0;

    for (size_t i = 0; weights[i] != '\0'; i++) {
        sum += (digits[i] - '0') * (weights[i] - '0');
    }
    return sum;
}
