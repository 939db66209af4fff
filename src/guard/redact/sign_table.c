/* guard/redact/sign_table.c: values in tables: cells between bars, dots that lead to them, a line
 * of CSV. */
#include "guard/redact/sign_form.h"

#include "guard/redact/generic.h"
#include "guard/redact/sign.h"
#include "guard/redact/word.h"

enum {
    PATH_MAX_BACK = 48, /* from a name to the bar before it */
    BLANKS_MAX = 40,
    LITERAL_MIN = 6,
    PASSWORD_MIN = 5,
    DOTTED_MIN = 8,
    APART_MIN = 4,
    JOINED_MIN = 16
};

/* The bytes of the bar at `at`, which may be drawn; 0 when there is none. */
static size_t bar_at(const struct scan *scan, size_t at) {
    bool is_drawn = scan_has(scan, at, "\xe2\x94\x82") || scan_has(scan, at, "\xe2\x94\x83") ||
                    scan_has(scan, at, "\xe2\x95\x91");

    return is_drawn ? 3 : scan_char(scan, at) == '|' ? 1 : 0;
}

/* Over the bars at `at`: the AWS command line draws two at the edge of a table in a table. */
static size_t bars_end(const struct scan *scan, size_t at) {
    while (bar_at(scan, at) > 0) {
        at += bar_at(scan, at);
    }
    return at;
}

/* Where the cell at `at` ends: at a bar behind a blank, or with its line. */
static size_t bar_next(const struct scan *scan, size_t at, size_t end) {
    while (at < end && (bar_at(scan, at) == 0 || scan->text.ptr[at - 1] != ' ')) {
        at++;
    }
    return at;
}

size_t sign_cell_end(const struct scan *scan, size_t at) {
    size_t end = bar_next(scan, at, scan_line_end(scan, at));

    return text_before_blanks(scan->text, end);
}

/* Whether a word of several that hyphens or dots join begins at `at`, as passphrases are made. */
static bool is_joined_words(const struct scan *scan, size_t at) {
    size_t to = at;
    size_t joints = 0;

    while (is_letter(scan_char(scan, to)) || (to > at && is_any(scan_char(scan, to), "-."))) {
        joints += is_letter(scan_char(scan, to)) ? 0 : 1;
        to++;
    }
    return joints > 1 && to - at >= JOINED_MIN && is_any(scan_char(scan, to), " \t|\"\\\x1b\r\n");
}

/* Whether only a bar stands on the line before the name. */
static bool is_after_bar(const struct scan *scan, const struct name *name) {
    size_t from = name->from;

    while (from > 0 && name->from - from < PATH_MAX_BACK &&
           (is_name_char(scan->text.ptr[from - 1]) || scan->text.ptr[from - 1] == '/')) {
        from--; /* the path of a parameter */
    }
    from = text_back_over(scan->text, from, BLANKS_MAX, " `");
    from -= from > 1 && bar_at(scan, from - 1) == 1 && bar_at(scan, from - 2) == 1 ? 1 : 0;
    for (size_t back = 1; back <= 3 && back <= from; back += 2) {
        if (bar_at(scan, from - back) == back) {
            return name_is_line_begin(scan, from - back);
        }
    }
    return false;
}

size_t sign_after_bar(const struct scan *scan, const struct name *name, struct behind behind) {
    if ((name->quote != '\0' && name->quote != '`') || bar_at(scan, behind.sign) == 0 ||
        (!name_begins_line(scan, name->from) && !is_after_bar(scan, name))) {
        return 0;
    }
    size_t value = scan_skip_blanks(scan, bars_end(scan, behind.sign));
    size_t end = scan_line_end(scan, value);
    struct str key = name_str(scan, name);
    bool is_value = name_is_password(key) || name_is_constant(sign_last_part(key)) ||
                    str_ends(key, STR("Pass")) ||
                    (sign_is_compound(key) && (sign_is_marked_word(scan, value, LITERAL_MIN) ||
                                               is_joined_words(scan, value)));

    if (scan_has(scan, value, "SecureString")) {
        size_t bar = bar_next(scan, value, end);
        value = scan_skip_blanks(scan, bar + bar_at(scan, bar));
        is_value = true;
    }
    size_t bar = bar_next(scan, value, end);
    size_t rest = bars_end(scan, bar);
    bool is_opaque = value_is_opaque(scan->text, value, true);
    is_value = is_value || is_opaque;
    bool is_last =
        is_opaque || scan_is_line_over(scan, rest) ||
        (rest > bar && is_any(scan_char(scan, scan_skip_blanks(scan, rest)), "\"\\\x1b"));
    return is_value && is_last ? value : 0;
}

/* Whether the word at `at` says how something went: "token-service ..... SUCCESS [ 1.2 s]" */
static bool is_outcome(const struct scan *scan, size_t at) {
    static const struct str words[] = {W("success"), W("succeeded"), W("failure"), W("failed"),
                                       W("fail"),    W("skipped"),   W("pass"),    W("passed"),
                                       W("ok"),      W("done"),      W("error"),   W("found"),
                                       W("missing"), W("warning"),   W("ready"),   W("not")};
    size_t to = at;

    while (is_letter(scan_char(scan, to))) {
        to++;
    }
    return to == at ? !is_quote(scan_char(scan, at)) && !sign_is_marked_word(scan, at, PASSWORD_MIN)
                    : word_is_one_of(str_slice(scan->text, at, to), words, ARRAY_N(words));
}

size_t sign_after_dots(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t at = behind.at;
    size_t dots = scan_skip_blanks(scan, at);
    size_t to = dots;

    while (scan_char(scan, to) == '.') {
        to++;
    }
    size_t sign = scan_skip_blanks(scan, to);
    bool is_labelled = to - dots >= 3 && scan_has(scan, sign, ": ");
    bool is_glued =
        dots == at && to - dots >= DOTTED_MIN && sign == to &&
        (is_quote(scan_char(scan, sign)) || sign_is_marked_word(scan, sign, PASSWORD_MIN));
    bool is_apart = dots > at && sign > to && to - dots >= APART_MIN && !is_outcome(scan, sign);
    if ((!is_labelled && !is_glued && !is_apart) || !name_begins_line(scan, name->from)) {
        return 0;
    }
    return is_labelled ? sign_value_begin(scan, sign + 1) : sign;
}

size_t sign_after_csv_name(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t sign = behind.sign;
    size_t at = sign + 1;

    if (name->quote != '\0' || sign != name->to || !name_is_constant(name_str(scan, name)) ||
        !sign_is_marked_word(scan, at + (scan_char(scan, at) == '"' ? 1 : 0), LITERAL_MIN) ||
        !name_begins_line(scan, name->from)) {
        return 0;
    }
    bool is_quoted = scan_char(scan, at) == '"';
    size_t line = scan_line_end(scan, sign);
    while (!is_quoted && at < line && !is_any(scan->text.ptr[at], ", \\\"\x1b")) {
        at++;
    }
    return is_quoted || at == line || is_any(scan->text.ptr[at], "\\\"\x1b") ? sign + 1 : 0;
}
