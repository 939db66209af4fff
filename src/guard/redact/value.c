/* guard/redact/value.c: how far the value after the name of a secret goes.
 *
 * A value in quotes ends at the quote, however deep it is escaped, so that JSON stays JSON. One
 * without ends at a blank or a quote, or with its line where the name began the line. */
#include "guard/redact/value.h"

#include "guard/redact/key.h"
#include "guard/redact/lead.h"
#include "guard/redact/pair.h"
#include "guard/redact/reference.h"
#include "guard/redact/rest.h"
#include "guard/redact/sign.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    STRING_MAX = 4096, /* between the begin of a string and a name at its end */
    ELEMENT_MAX = 1024,
    BRACED_MAX = 256,
    OPENED_MAX = 512,
    CALL_MAX = 48,
    CALL_NEAR = 256,  /* bytes of what is called */
    WRAPPERS_MAX = 4, /* calls in calls */
    TYPE_MAX = 40,
    PLAIN_MAX = 256,
    LISTED_MIN = 8,
    DIGEST = 7 /* "Digest " */
};

enum span_style value_bare_style(const struct scan *scan, char quote, size_t slashes) {
    if (quote != '"') {
        return SPAN_PLAIN;
    }
    switch (scan->is_unescaped ? 2 * slashes + 1 : slashes) {
    case 0:
        return SPAN_QUOTED;
    case 1:
        return SPAN_ESCAPED;
    case 3:
        return SPAN_ESCAPED_2;
    case 7:
        return SPAN_ESCAPED_3;
    default:
        return SPAN_PLAIN;
    }
}

/* Without a line break at its end, as a string in a string writes it, and the comma of a list. */
static struct str without_break(struct str value) {
    size_t to = value.len;

    if (to > 1 && value.ptr[to - 1] == ' ' && value.ptr[to - 2] == ',') {
        to -= 2;
    }
    while (to > 1 && is_any(value.ptr[to - 1], "nr") && value.ptr[to - 2] == '\\') {
        to--;
        while (to > 0 && value.ptr[to - 1] == '\\') {
            to--;
        }
    }
    while (to > 0 && value.ptr[to - 1] == '\\') {
        to--;
    }
    return str_slice(value, 0, to);
}

/* Without what sets a terminal's colour in it, when it is short: in `out`. */
static struct str without_colours(struct str value, char *out) {
    size_t n = 0;

    if (value.len > PLAIN_MAX || value.len == 0 || memchr(value.ptr, '\x1b', value.len) == NULL) {
        return value;
    }
    for (size_t at = 0; at < value.len; at++) {
        size_t colour = lead_colour_end(value, at);
        if (colour > at) {
            at = colour - 1;
        } else {
            out[n++] = value.ptr[at];
        }
    }
    return (struct str){out, n};
}

size_t value_add(struct scan *scan, const struct name *name, size_t from, size_t to,
                 enum span_style style) {
    struct str key = name_str(scan, name);
    struct str value = str_slice(scan->text, from, to);

    if (key_value_is_place(key, value)) {
        return from; /* rules look into it */
    }
    bool is_view = scan->map != NULL && from < to;
    struct str source =
        is_view ? str_slice(scan->source->text, scan->map[from], scan->map[to]) : (struct str){0};
    if (str_starts(source, STR("%")) && reference_is(key, source)) {
        return from; /* %NAME%, whose first letters look as if they were encoded */
    }
    char plain[PLAIN_MAX];
    struct str said = without_colours(without_break(value), plain);
    bool is_closing = said.len > 1 && said.ptr[said.len - 1] == ')' &&
                      memchr(said.ptr, '(', said.len) == NULL; /* (using password: YES) */
    if (key_value_is_harmless(key, said) ||
        (is_closing && key_value_is_harmless(key, str_slice(said, 0, said.len - 1)))) {
        /* what a template names is nobody's name */
        return str_find(value, STR("{{")) >= 0 ? to : from;
    }
    scan_add(scan, from, to, name->kind, style);
    return to;
}

/* Where the string goes on behind what joins two of a shell's at `end`, 'a'\''b' and 'a'"'"'b', in
 * JSON at any depth too; 0 when nothing does. */
static size_t joint_end(const struct scan *scan, size_t end) {
    size_t sign = scan_skip_slashes(scan, end + 1);
    char middle = scan_char(scan, sign);
    bool is_escaped = middle == '\'' && sign > end + 1;
    bool is_quoted = middle == '"' && scan_char(scan, sign + 1) == '\'' &&
                     scan_char(scan, scan_skip_slashes(scan, sign + 2)) == '"' &&
                     !scan_is_outer_quote(scan, sign);
    size_t open = is_quoted ? scan_skip_slashes(scan, sign + 2) + 1 : sign + 1;

    return (is_escaped || is_quoted) && scan_char(scan, open) == '\'' ? open + 1 : 0;
}

/* Where a string goes on whose quote at `end` closes a part of it: 'a''b' in SQL and YAML, and
 * those of a shell, where a backslash at the end of a part, 'a\'\''b' and 'a\''b', was taken for
 * that of an escape; 0 when it is over. */
static size_t string_goes_on(const struct scan *scan, size_t end, char quote) {
    if (scan_char(scan, end) != quote || scan_is_outer_quote(scan, end)) {
        return 0;
    }
    size_t joint = quote == '\'' ? joint_end(scan, end) : 0;
    bool is_doubled = scan_char(scan, end + 1) == quote && !scan_is_outer_quote(scan, end + 1);
    bool is_deep =
        quote == '\'' && end > 1 && scan_has(scan, end - 2, "\\\\") &&
        is_alnum(scan_char(scan, end + 1)); /* \' in a string, whose end a sign follows */
    bool is_misread = quote == '\'' && end > 1 && scan_has(scan, end - 2, "\\'") &&
                      end + 1 < scan->text.len &&
                      !is_any(scan_char(scan, end + 1), " \t\r\n,;:)]}>&|\\\"'\x1b");
    return joint > 0 ? joint : is_doubled ? end + 2 : is_deep || is_misread ? end + 1 : 0;
}

size_t value_triple_end(const struct scan *scan, size_t at) {
    char quote = scan_char(scan, at);
    size_t second = scan_skip_slashes(scan, at + 1);
    size_t third = scan_skip_slashes(scan, second + 1);
    bool is_triple = is_any(quote, "\"'") && scan_char(scan, second) == quote &&
                     scan_char(scan, third) == quote && third - second == second - at;

    return is_triple ? third + 1 : at;
}

static bool is_authorization(struct str name) {
    static const struct str headers[] = {W("authorization"), W("authorizationtoken")};

    return word_ends_one_of(name, headers, ARRAY_N(headers));
}

/* The scheme of an Authorization header stays: it says what went wrong. */
static size_t skip_scheme(const struct scan *scan, size_t at) {
    static const char *const schemes[] = {"Bearer ", "Basic ", "Digest ", "Negotiate ", "token ",
                                          "bearer ", "basic ", "ApiKey ", "FlyV1 ",     "Token "};

    for (size_t i = 0; i < ARRAY_N(schemes); i++) {
        if (scan_char(scan, at) == schemes[i][0] && scan_has(scan, at, schemes[i])) {
            return scan_skip_blanks(scan, at + strlen(schemes[i]));
        }
    }
    return at;
}

static size_t value_quoted(struct scan *scan, const struct name *name, size_t at, size_t slashes) {
    char quote = scan->text.ptr[at];

    size_t text = value_triple_end(scan, at);
    if (text > at && scan_is_line_over(scan, text)) {
        value_below(scan, name, BELOW_QUOTED);
        return text;
    }
    if (text > at) { /* and closed on its line */
        size_t line = scan_line_end(scan, text);
        size_t close = text;
        while (close < line && value_triple_end(scan, close) == close) {
            close++;
        }
        return value_add(scan, name, text, scan_before_slashes(scan, text, close), SPAN_PLAIN);
    }
    size_t end = scan_string_end(scan, at + 1, quote, slashes);

    for (size_t on = string_goes_on(scan, end, quote); slashes == 0 && on > 0 && end > at + 1;
         on = string_goes_on(scan, end, quote)) {
        end = scan_string_end(scan, on, quote, slashes);
    }
    size_t object = value_object(scan, name, at + 1, end);
    if (object > 0) {
        return object;
    }
    if (quote == '`' && slashes == 0 && reference_is_command(str_slice(scan->text, at + 1, end))) {
        return at + 1; /* rules look into it */
    }
    size_t scheme = is_authorization(name_str(scan, name)) ? skip_scheme(scan, at + 1) : at + 1;
    size_t to = value_add(scan, name, scheme < end ? scheme : at + 1, end, SPAN_PLAIN);
    if (slashes == 0 && scan_char(scan, end) != quote && name->is_line_start) {
        pair_open(scan, name, at + 1);
    }
    size_t next = scan_skip_colours(scan, scan_skip_slashes(scan, end) + 1);
    size_t begin = scan_skip_colours(scan, next + 4);
    size_t other = scan_skip_slashes(scan, begin);
    bool is_changed = scan_has(scan, next, " -> ") || scan_has(scan, next, " TO ") ||
                      scan_has(scan, next, " to ") ||
                      (scan_has(scan, next, " => ") && !scan_has(scan, name->to, "="));
    if (is_changed && is_quote(scan_char(scan, other))) { /* what it becomes */
        return value_quoted(scan, name, other, scan_quoting_slashes(other - begin));
    }
    return to;
}

/* The same of the string at `at`, whose quote may have backslashes. */
static size_t value_string(struct scan *scan, const struct name *name, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);

    return value_quoted(scan, name, quote, scan_quoting_slashes(quote - at));
}

/* Whether further assignments follow on the line: "token=x user=y". */
static bool has_more_pairs(const struct scan *scan, size_t from, size_t to) {
    for (size_t i = from; i + 1 < to; i++) {
        const char *sign = memchr(scan->text.ptr + i, '=', to - 1 - i);
        if (sign == NULL) {
            return false;
        }
        i = (size_t)(sign - scan->text.ptr);
        if (i > from && is_name_char(scan->text.ptr[i - 1]) &&
            scan->text.ptr[i + 1] != '=') { /* of Base64 */
            size_t begin = i;
            while (begin > from && is_name_char(scan->text.ptr[begin - 1])) {
                begin--;
            }
            if (begin > from && scan->text.ptr[begin - 1] == ' ') {
                return true;
            }
        }
    }
    return false;
}

static bool is_header(struct str name) {
    static const struct str headers[] = {W("authorization"), W("proxy-authorization"), W("cookie"),
                                         W("set-cookie"), W("cookies")};

    return word_is_one_of(name, headers, ARRAY_N(headers));
}

/* \n in a text that is quoted further out ends a word as a line end does, and so does a colour. */
static bool is_blank_escape(const struct scan *scan, size_t at) {
    char next = scan_char(scan, at + 1);

    return scan->text.ptr[at] == '\\' &&
           (next == 'n' || next == 'r' || next == 't' || lead_colour_end(scan->text, at) > at);
}

/* Whether the quote at `at` closes a string of JSON in a string. */
static bool is_inner_quote(const struct scan *scan, size_t at) {
    bool is_escaped = (at > 0 && scan->text.ptr[at - 1] == '\\') || !scan_is_plain(scan, at);

    return scan->text.ptr[at] == '"' && is_escaped && scan_string_closes(scan->text, at);
}

size_t value_line_end(const struct scan *scan, const struct name *name, size_t from) {
    size_t line = scan_line_end(scan, from);
    size_t end =
        name->open == '\0' ? line : scan_string_end(scan, from, name->open, name->open_slashes);
    bool is_in_string = name->open != '\0' || scan->is_unescaped || scan_is_in_string(scan, from);

    end = end < line ? end : line;
    for (size_t at = from; is_in_string && at < end; at++) {
        if (scan->text.ptr[at] == '\\' && is_any(scan_char(scan, at + 1), "nr")) {
            end = at;
        } else if (is_inner_quote(scan, at)) {
            end = scan_before_slashes(scan, from, at);
        }
    }
    const char *colour = memchr(scan->text.ptr + from, '\x1b', end > from ? end - from : 0);
    return colour == NULL ? end : (size_t)(colour - scan->text.ptr);
}

/* Whether the brace at `at` closes one of ${NAME} and {{ name }} that begins at `from`. */
static bool is_closing(const struct scan *scan, size_t from, size_t at) {
    return scan->text.ptr[at] == '}' &&
           (scan_has(scan, from, "${") || scan_has(scan, from, "{{")) &&
           scan_find(scan, from, at, "}") < 0;
}

/* Whether the character at `at` is one of the value that begins at `from`, for it is
 * percent-encoded and the sign before the value is not. */
static bool is_encoded_in(const struct scan *scan, size_t from, size_t at) {
    return scan->map != NULL && !scan->is_unescaped && from > 0 && !scan_is_plain(scan, at) &&
           scan_is_plain(scan, from - 1);
}

/* Whether the & of a query stands at `at` as JSON may write it: \u0026 */
static bool is_ampersand(const struct scan *scan, size_t at) {
    size_t letter = scan_skip_slashes(scan, at);

    return letter > at && scan_has(scan, letter, "u0026");
}

size_t value_word_end(const struct scan *scan, const struct name *name, size_t from) {
    size_t to = from;

    while (to < scan->text.len &&
           (is_alnum(scan->text.ptr[to]) /* as most are */ || is_encoded_in(scan, from, to) ||
            (!is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to]) &&
             scan->text.ptr[to] != '\x1b' && !is_blank_escape(scan, to) &&
             !(name->is_query && (is_any(scan->text.ptr[to], "&#") || is_ampersand(scan, to))) &&
             !(name->is_element && scan->text.ptr[to] == '<')))) {
        to++;
    }
    to = scan_before_slashes(scan, from, to);
    while (to > from + 1 && is_any(scan->text.ptr[to - 1], ",;)]}") &&
           !is_closing(scan, from, to - 1)) {
        to--;
    }
    return to;
}

/* Whether it says that a text follows on the lines below: | and >-, of YAML. */
static bool is_block_mark(struct str value) {
    if (value.len == 0 || value.len > 3 || (value.ptr[0] != '|' && value.ptr[0] != '>')) {
        return false;
    }
    for (size_t i = 1; i < value.len; i++) {
        if (!is_digit(value.ptr[i]) && value.ptr[i] != '-' && value.ptr[i] != '+') {
            return false;
        }
    }
    return true;
}

/* Whether [from, to) holds a string, a blank, a comma or a name with a dot: arguments that go on
 * below. */
static bool has_code(const struct scan *scan, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (is_any(scan->text.ptr[i], "'\", \\")) {
            return true;
        }
    }
    return false;
}

/* Whether [from, to) reads as arguments: names and what joins them, or as has_code() says. A
 * password of fifty signs has a bracket too: ku(%jfhf$!u_@l5 */
static bool is_arguments(const struct scan *scan, size_t from, size_t to) {
    size_t at = from;

    while (at < to && (is_name_char(scan->text.ptr[at]) || is_any(scan->text.ptr[at], ".()[]:>"))) {
        at++;
    }
    return at == to || has_code(scan, from, to);
}

/* Whether a bracket opens behind `from`, no further than the name of what is called goes. */
static bool may_be_call(const struct scan *scan, size_t from) {
    struct str near = str_slice(scan->text, from, from + CALL_NEAR);

    return near.len > 0 && memchr(near.ptr, '(', near.len) != NULL;
}

/* getToken(...): code, not a value. What goes on behind the bracket that closes it is none, nor is
 * a bracket that the string around it leaves open. */
static bool is_call(const struct scan *scan, const struct name *name, size_t from) {
    size_t at = from;
    size_t depth = 0;

    while (at - from < NAME_MAX &&
           (is_name_char(scan_char(scan, at)) && scan_char(scan, at) != '-')) {
        at++;
    }
    size_t generic = at; /* get<string>('NAME') of TypeScript and Java */
    while (scan_char(scan, at) == '<' && generic - at < TYPE_MAX &&
           (is_name_char(scan_char(scan, generic)) || is_any(scan_char(scan, generic), "<>[],")) &&
           generic < scan->text.len) {
        generic++;
    }
    at = generic > at && scan->text.ptr[generic - 1] == '>' ? generic : at;
    if (at == from || !is_letter(scan->text.ptr[from]) || scan_char(scan, at) != '(') {
        return false;
    }
    size_t to = at;
    for (; to < scan->text.len && to - at < CALL_MAX && !is_line_end(scan->text.ptr[to]); to++) {
        if (name->open != '\0' && scan->text.ptr[to] == name->open) {
            break;
        }
        if (is_any(scan->text.ptr[to], "\"'")) { /* brackets in strings are none */
            size_t end = scan_string_end(scan, to + 1, scan->text.ptr[to], 0);
            bool is_closed = scan_char(scan, end) == scan->text.ptr[to];
            if (is_closed && end - at >= CALL_MAX) {
                return true; /* with arguments that are strings, and long */
            }
            to = is_closed ? end : to;
        }
        depth += scan->text.ptr[to] == '(' ? 1 : 0;
        depth -= scan->text.ptr[to] == ')' && depth > 0 ? 1 : 0;
        if (depth == 0) {
            char next = scan_char(scan, to + 1);
            return !is_alnum(next) && !is_any(next, "@#$%^_=") &&
                   (!is_any(next, "!&*-+(") || is_arguments(scan, at + 1, to));
        }
    }
    bool is_string_over =
        to == scan->text.len || (name->open != '\0' && scan_char(scan, to) == name->open);
    bool is_long = to - at == CALL_MAX && is_arguments(scan, at + 1, to);
    return is_blank(scan_char(scan, at + 1)) || is_long || to == at + 1 ||
           scan_is_line_over(scan, lead_colour_end(scan->text, at + 1)) ||
           (is_string_over ? scan_before_slashes(scan, at + 1, to) == at + 1
                           : has_code(scan, at + 1, to));
}

/* The first character that JSON lets follow a number or a word. */
static size_t bare_end(const struct scan *scan, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], ",}]\"'\\\x1b")) {
        to++;
    }
    return to;
}

/* After "key": what JSON lets stand there, or the rest of the line where it is not JSON. */
static size_t value_after_quoted(struct scan *scan, const struct name *name, size_t at) {
    size_t to = bare_end(scan, at);
    char next = scan_char(scan, scan_skip_blanks(scan, to));

    if (next != '\0' && !is_any(next, ",}]\"'\\\r\n\x1b")) {
        return value_add(scan, name, at, scan_line_end(scan, to), SPAN_PLAIN);
    }
    return value_add(scan, name, at, to, value_bare_style(scan, name->quote, name->slashes));
}

/* Where what has strings behind = ends: with its line, also in a string, or a quote that closes one
 * around it. */
static size_t strings_end(const struct scan *scan, size_t from) {
    bool is_in = false;
    size_t to = from;

    for (; to < scan->text.len && !is_line_end(scan->text.ptr[to]); to++) {
        if (scan->text.ptr[to] == '\\') {
            size_t letter = scan_skip_slashes(scan, to);
            if (is_any(scan_char(scan, letter), "nr")) {
                break;
            }
            to = is_quote(scan_char(scan, letter)) ? letter : to;
        }
        if (is_any(scan->text.ptr[to], "\"'")) {
            size_t before = text_back_over(scan->text, to, to - from, "\\");
            bool is_opening = before > from && scan->text.ptr[before - 1] == '=';
            if (scan_is_outer_quote(scan, to) || (!is_in && !is_opening)) {
                return before;
            }
            is_in = !is_in;
        }
    }
    return to;
}

/* Whether the next header of a list stands at `at`, ", Accept: x" or ", host=x". */
static bool is_next_header(const struct scan *scan, size_t at) {
    size_t to = at + 2;

    while (scan_has(scan, at, ", ") &&
           (is_letter(scan_char(scan, to)) || (to > at + 2 && scan_char(scan, to) == '-'))) {
        to++;
    }
    return to > at + 3 && (scan_has(scan, to, ": ") || scan_char(scan, to) == '=');
}

/* Whether parameters begin at `at` of which the first one's value is a string: name="V", also
 * behind the name of a scheme. */
static bool has_string_parameter(const struct scan *scan, size_t at) {
    size_t to = scan_name_end(scan, at);

    if (to > at && scan_char(scan, to) == ' ') {
        at = to + 1;
        to = scan_name_end(scan, at);
    }
    size_t quote = scan_skip_slashes(scan, to + 1);
    return to > at && scan_char(scan, to) == '=' && scan_char(scan, quote) == '"' &&
           !scan_is_outer_quote(scan, quote);
}

static size_t value_header(struct scan *scan, const struct name *name, size_t from) {
    size_t to = from;
    bool has_strings = has_string_parameter(scan, from) ||
                       (from >= DIGEST && scan_has(scan, from - DIGEST, "Digest ")) ||
                       scan_has(scan, from, "OAuth ") || scan_has(scan, from, "Hawk ") ||
                       scan_has(scan, from, "Signature ");

    if (has_strings && name->quote == '\0') {
        return value_add(scan, name, from, strings_end(scan, from), SPAN_PLAIN);
    }
    bool is_one_word =
        from > 0 && scan->text.ptr[from - 1] == ' ' && is_authorization(name_str(scan, name));
    while (to < scan->text.len && !is_any(scan->text.ptr[to], "\"'\r\n\x1b") &&
           !is_blank_escape(scan, to) && !(is_one_word && is_next_header(scan, to))) {
        to++;
    }
    return value_add(scan, name, from, scan_before_slashes(scan, from, to), SPAN_PLAIN);
}

/* After a name that begins its line, or that of a string of JSON. */
static size_t value_line(struct scan *scan, const struct name *name, size_t from, char separator) {
    size_t tag = from + (separator == ':' && is_any(scan_char(scan, from), "!&") ? 1 : 0);

    while (tag > from && (is_name_char(scan_char(scan, tag)) || scan_char(scan, tag) == '!')) {
        tag++;
    }
    bool is_tag = scan_has(scan, from, "!!") || scan_char(scan, from) == '&';
    if (is_tag && tag > from && scan_char(scan, tag) == ' ' && !scan_is_line_over(scan, tag)) {
        from = scan_skip_blanks(scan, tag); /* !!str VALUE, &anchor VALUE of YAML */
    }
    size_t to = value_line_end(scan, name, from);

    if (separator == ':' && (to <= from || is_block_mark(str_slice(scan->text, from, to)))) {
        value_below(scan, name, to > from ? BELOW_TEXT : BELOW_LEAVES);
        return to > from ? to : from;
    }
    if (has_more_pairs(scan, from, to)) {
        to = value_word_end(scan, name, from);
    }
    to = rest_of_line(scan, name, from, to);
    return value_add(scan, name, from, rest_of_list(scan, name, from, to), SPAN_PLAIN);
}

/* Where the text of an element ends that is on one line; `to` when it does not. */
static size_t element_end(struct scan *scan, size_t from, size_t to) {
    ptrdiff_t end = scan_find_next(scan, &scan->element_end, from, "</");
    bool is_near = end >= 0 && (size_t)end - from <= ELEMENT_MAX;

    return is_near && scan_find(scan, from, (size_t)end, "\n") < 0 ? (size_t)end : to;
}

/* Where the string ends that a quote before the name opened, "NAME=a value", on its line. */
static size_t opened_end(const struct scan *scan, const struct name *name, size_t from) {
    bool is_near = scan_line_near(scan, from, OPENED_MAX) < from + OPENED_MAX;
    size_t end = is_near ? value_line_end(scan, name, from) : from;

    return has_more_pairs(scan, from, end) ? from : end;
}

/* Whether a type is named after the secret that it holds: Token, SecretString, NewSecret. */
static bool is_secret_type(struct str called) {
    return called.len > 0 && is_upper(called.ptr[0]) && !name_is_pair(called) &&
           key_is_secret(called);
}

/* Without what makes one of a type: Secret of Secret::new and secrecy::Secret::new, Redacted of
 * Redacted.make, and NewSecret of secret.NewSecret of Go. */
static struct str made_type(struct str called) {
    static const char *const makers[] = {"::new", "::from", ".of", ".make"};
    const char *dot = called.len == 0 ? NULL : memrchr(called.ptr, '.', called.len);

    for (size_t i = 0; i < ARRAY_N(makers); i++) {
        if (str_ends(called, str_from(makers[i]))) {
            called = str_slice(called, 0, called.len - strlen(makers[i]));
            const char *colon = called.len == 0 ? NULL : memrchr(called.ptr, ':', called.len);
            return colon == NULL ? called
                                 : str_slice(called, (size_t)(colon + 1 - called.ptr), called.len);
        }
    }
    struct str last =
        dot == NULL ? called : str_slice(called, (size_t)(dot + 1 - called.ptr), called.len);
    return str_starts(last, STR("New")) ? last : called;
}

/* Where the argument begins of a call that only wraps a value, which begins at `from`: Some(,
 * SecretStr(, Secret::new(, new SecretString(, and types that are named after what they hold, as
 * Token(; 0: other code. */
static size_t wrapper_end(const struct scan *scan, size_t from) {
    static const struct str wrappers[] = {
        W("Some"),      W("SecretStr"),     W("Secret"),        W("JSON.stringify"),
        W("String"),    W("str"),           W("bytes"),         W("Ok"),
        W("Optional"),  W("Just"),          W("Right"),         W("Str"),
        W("Redacted"),  W("SecureString"),  W("Sensitive"),     W("Masked"),
        W("Zeroizing"), W("sensitive"),     W("pulumi.secret"), W("aws.String"),
        W("ptr.To"),    W("pulumi.String"), W("to.Ptr"),        W("pulumi.Output.secret"),
    };
    size_t begin = from + (scan_has(scan, from, "new ") ? strlen("new ") : 0);
    size_t to = begin;

    while (is_name_char(scan_char(scan, to)) || (to > begin && scan_char(scan, to) == ':')) {
        to++;
    }
    if (to == begin || scan_char(scan, to) != '(') {
        return 0;
    }
    struct str called = made_type(str_slice(scan->text, begin, to));
    if (word_is_exactly_one_of(called, wrappers, ARRAY_N(wrappers))) {
        return to + 1;
    }
    return is_secret_type(called) && sign_string(scan, to + 1) > 0 ? to + 1 : 0;
}

/* What is only wrapped, in a string or, as Scala prints it, in none. Other calls are code. */
static size_t value_call(struct scan *scan, const struct name *name, size_t from) {
    size_t argument = wrapper_end(scan, from);
    size_t at = scan_skip_blanks(scan, argument);
    bool has_digit = false; /* or a sign */
    bool is_path = true;    /* only what a name of code has */

    if (argument == 0) {
        return 0;
    }
    for (int depth = 1; depth < WRAPPERS_MAX && wrapper_end(scan, at) > 0; depth++) {
        at = scan_skip_blanks(scan, wrapper_end(scan, at)); /* Some(Secret::new("VALUE")) */
    }
    if (scan_is_line_over(scan, lead_colour_end(scan->text, at))) {
        value_below(scan, name, BELOW_TEXT);
        return from;
    }
    if (sign_string(scan, at) > 0) {
        size_t mark = is_letter(scan_char(scan, at)) ? 1 : 0; /* b"..." */
        return value_string(scan, name, at + mark);
    }
    size_t to = at;
    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], "()\"'\\,")) {
        has_digit = has_digit || is_digit(scan->text.ptr[to]) || is_any(scan->text.ptr[to], "!#%?");
        is_path = is_path && (is_name_char(scan->text.ptr[to]) && scan->text.ptr[to] != '-');
        to++;
    }
    size_t least = scan_has(scan, from, "Str(") ? 1 /* of OpenTelemetry, no code */
                   : has_digit                  ? LISTED_MIN / 2
                   : is_path                    ? SIZE_MAX
                                                : 2 * LISTED_MIN;
    bool is_value = to - at >= least && scan_char(scan, to) == ')';
    return is_value ? value_add(scan, name, at, to, SPAN_PLAIN) : 0;
}

/* $cred = ConvertTo-SecureString -String ...: a command of PowerShell, whose result is the value.
 */
static bool is_cmdlet(const struct scan *scan, const struct name *name, size_t at) {
    size_t to = at;
    size_t dash = 0;

    if (name->from == 0 || scan->text.ptr[name->from - 1] != '$') {
        return false;
    }
    while (is_name_char(scan_char(scan, to))) {
        dash = dash == 0 && scan->text.ptr[to] == '-' ? to : dash;
        to++;
    }
    return dash > at && is_upper(scan->text.ptr[at]) && is_upper(scan_char(scan, dash + 1)) &&
           scan_char(scan, to) == ' ' &&
           is_any(scan_char(scan, scan_skip_slashes(scan, to + 1)), "-\"'");
}

/* "24 bytes", as kubectl describe tells of a secret. */
static bool is_size(const struct scan *scan, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (!is_digit(scan->text.ptr[i])) {
            return false;
        }
    }
    return to > from && scan_has(scan, to, " bytes") && !is_alnum(scan_char(scan, to + 6));
}

/* Where $(...) of a shell ends that begins at `from`, on its line; where its word does when it is
 * not closed there. */
static size_t substitution_end(const struct scan *scan, const struct name *name, size_t from) {
    size_t line = value_line_end(scan, name, from);
    size_t depth = 0;

    for (size_t at = from + 1; at < line; at++) {
        depth += scan->text.ptr[at] == '(' ? 1 : 0;
        depth -= scan->text.ptr[at] == ')' ? 1 : 0;
        if (depth == 0) {
            return at + 1;
        }
    }
    return value_word_end(scan, name, from);
}

static size_t value_bare(struct scan *scan, const struct name *name, size_t at, char separator) {
    bool may_call = may_be_call(scan, at);
    bool is_wrapped = may_call && wrapper_end(scan, at) > 0;

    if (is_cmdlet(scan, name, at)) {
        return 0;
    }

    if (name->quote != '\0' && separator == ':' && !is_wrapped &&
        !(may_call && is_call(scan, name, at))) {
        return value_after_quoted(scan, name, at);
    }
    size_t from = skip_scheme(scan, at);
    if (is_header(name_str(scan, name))) {
        bool is_string = from > at && name->quote == '\0' && name->open == '\0' &&
                         scan_char(scan, from) == '"' && !scan_is_outer_quote(scan, from);
        return is_string ? value_string(scan, name, from) : value_header(scan, name, from);
    }
    if (!name->is_element && (is_wrapped || (may_call && is_call(scan, name, from)))) {
        return value_call(scan, name, from);
    }
    if (name->is_element && scan_is_line_over(scan, from)) {
        value_below(scan, name, BELOW_TEXT);
        return from;
    }
    if (name->is_line_start) {
        return value_line(scan, name, from, separator);
    }
    if (scan_has(scan, from, "$(")) {
        return value_add(scan, name, from, substitution_end(scan, name, from), SPAN_PLAIN);
    }
    ptrdiff_t braces =
        scan_has(scan, from, "${{") ? scan_find(scan, from, scan_line_end(scan, from), "}}") : -1;
    if (braces > 0) { /* an expression of GitHub's, with blanks */
        return value_add(scan, name, from, (size_t)braces + 2, SPAN_PLAIN);
    }
    size_t to = value_word_end(scan, name, from);
    if (is_block_mark(str_slice(scan->text, from, to)) || is_size(scan, from, to)) {
        return 0;
    }
    size_t end = name->is_element                        ? element_end(scan, from, to)
                 : name->open != '\0' && !name->is_query ? opened_end(scan, name, from)
                                                         : to;
    end = rest_of_list(scan, name, from, end > to ? end : to);
    return value_add(scan, name, from, end, SPAN_PLAIN);
}

size_t value_strings(struct scan *scan, const struct name *name, size_t at) {
    size_t to = at;

    while (at > 0) {
        to = value_string(scan, name, at);
        at = scan_next_string(scan, at);
    }
    return to;
}

/* Whether a string of a list in code may be a secret, and not the name of something. */
static bool is_listed(const struct scan *scan, const struct name *name, size_t from, size_t to) {
    bool has_digit = false;

    for (size_t i = from; i < to; i++) {
        has_digit = has_digit || is_digit(scan->text.ptr[i]);
        if (scan->text.ptr[i] == '.') {
            return false;
        }
    }
    return name_is_password(name_str(scan, name)) ? to - from >= LISTED_MIN / 2
                                                  : has_digit && to - from >= LISTED_MIN;
}

size_t value_list(struct scan *scan, const struct name *name, size_t at) {
    size_t last = 0;

    at = scan_skip_blanks(scan, at);
    for (size_t quote = scan_skip_slashes(scan, at);
         is_any(scan_char(scan, quote), "'\"") && quote < scan->text.len;
         quote = scan_skip_slashes(scan, at)) {
        size_t end = scan_string_end(scan, quote + 1, scan->text.ptr[quote],
                                     scan_quoting_slashes(quote - at));
        if (name->quote != '\0' || is_listed(scan, name, quote + 1, end)) {
            (void)value_string(scan, name, at);
            last = end;
        }
        size_t comma = scan_skip_blanks(scan, scan_skip_slashes(scan, end) + 1);
        at = scan_skip_blanks(scan, comma + 1);
        if (scan_char(scan, comma) != ',') {
            break;
        }
    }
    return last;
}

size_t value_cookie_list(struct scan *scan, const struct name *name, size_t at) {
    size_t last = 0;

    for (at = scan_skip_blanks(scan, at); at > 0; at = scan_next_string(scan, at)) {
        size_t quote = scan_skip_slashes(scan, at);
        size_t sign = scan_name_end(scan, quote + 1);
        if (is_quote(scan_char(scan, quote)) && scan_char(scan, sign) == '=') {
            last = value_string(scan, name, at);
        }
    }
    return last;
}

/* ("user", "VALUE") and ("VALUE"), whose first string begins at `at`. */
static size_t value_tuple(struct scan *scan, const struct name *name, size_t at) {
    size_t second = name_is_pair(name_str(scan, name)) ? scan_next_string(scan, at) : 0;

    return second > 0 ? value_strings(scan, name, second) : value_string(scan, name, at);
}

/* Whether the quote at `quote`, behind a name and its separator, closes a string that they end, of
 * those that scan_narrow() does not know, for they are JSON in a string as it stands, or another
 * language's: {\"label\": \"Password:\", \"n\": 1}, {'label': 'Password:', 'n': 1}. It was opened
 * where JSON opens one, and goes on behind as JSON does. */
static bool closes_string(const struct scan *scan, const struct name *name, size_t quote) {
    size_t next = scan_skip_blanks(scan, quote + 1);
    size_t from = name->from;

    if (name->quote != '\0' ||
        (next < scan->text.len && !is_any(scan->text.ptr[next], ",]}:)\r\n"))) {
        return false;
    }
    while (from > 0 && name->from - from < STRING_MAX &&
           scan->text.ptr[from - 1] != scan->text.ptr[quote]) {
        from--;
    }
    if (from == 0 || scan->text.ptr[from - 1] != scan->text.ptr[quote]) {
        return false;
    }
    from--;
    while (from > 0 && scan->text.ptr[from - 1] == '\\') {
        from--;
    }
    while (from > 0 && is_blank(scan->text.ptr[from - 1])) {
        from--;
    }
    return from == 0 || is_any(scan->text.ptr[from - 1], ",[{(:\n");
}

/* string(12) "VALUE" of PHP's var_dump(): where the string begins, or 0. */
static size_t dumped_string(const struct scan *scan, size_t at) {
    static const char type[] = "string(";
    size_t close = word_digits_end(scan->text, at + strlen(type));

    return scan_has(scan, at, type) && scan_has(scan, close, ") ") &&
                   sign_string(scan, close + 2) > 0
               ? close + 2
               : 0;
}

/* Where the string of the value stands behind what marks it: the tag or anchor of YAML (!!str,
 * &name), the address that a debugger prints, the $ of a shell, the << of Erlang, the @ of C#, and
 * what Haskell, R and PHP's var_dump() print before a string; `at` when nothing does. */
static size_t behind_mark(const struct scan *scan, size_t at, char separator) {
    char first = scan_char(scan, at);

    if (is_quote(first) || (is_alnum(first) && !is_any(first, "0Jcs"))) {
        return at; /* most are none of these */
    }
    bool is_tag = separator == ':' && is_any(first, "!&");
    bool is_shell = scan_has(scan, at, "$'") || scan_has(scan, at, "$\""); /* with escapes */
    bool is_binary = scan_has(scan, at, "<<") && sign_string(scan, at + 2) > 0;
    bool is_address = separator == '=' && scan_has(scan, at, "0x");
    bool is_verbatim = first == '@' && scan_char(scan, scan_skip_slashes(scan, at + 1)) == '"';
    bool is_worded = scan_has(scan, at, "Just ") || scan_has(scan, at, "chr ");
    size_t to = at + 1;
    size_t typed = dumped_string(scan, at);

    if (typed > 0) {
        return typed;
    }
    if (is_shell || is_binary || is_verbatim) {
        return at + (is_binary ? 2 : 1);
    }
    if (is_worded) {
        size_t word = scan_skip_blanks(scan, at + 4);
        return sign_string(scan, word) > 0 ? word : at;
    }
    while ((is_tag || is_address) &&
           (is_name_char(scan_char(scan, to)) || scan_char(scan, to) == '!')) {
        to++;
    }
    size_t quote = scan_skip_blanks(scan, to);
    return (is_tag || is_address) && quote > to &&
                   is_quote(scan_char(scan, scan_skip_slashes(scan, quote)))
               ? quote
               : at;
}

/* NAME:[VALUE] as Go prints a header, and NAME=[VALUE] of Java, up to the bracket behind `at` that
 * a blank, a comma, another one or the line's end follows; 0 when it is a list of something else.
 */
static size_t value_header_list(struct scan *scan, const struct name *name, size_t at) {
    size_t line = scan_line_near(scan, at, BRACED_MAX);
    size_t to = at;

    while (to < line && (scan->text.ptr[to] != ']' ||
                         (!is_any(scan_char(scan, to + 1), " ])},\"\\") &&
                          !scan_is_line_over(scan, lead_colour_end(scan->text, to + 1))))) {
        to++;
    }
    bool is_list = is_quote(scan_char(scan, at)) || scan_char(scan, at) == '\\' || to == at;
    bool is_name = scan_char(scan, at - 2) == '=' && /* [name], of code */
                   str_find(name_str(scan, name), STR("-")) < 0;
    for (size_t i = at; i < to; i++) {
        is_name = is_name && (is_letter(scan->text.ptr[i]) || is_any(scan->text.ptr[i], "_., "));
    }
    return is_list || is_name || to >= line ? 0 : value_add(scan, name, at, to, SPAN_PLAIN);
}

/* NAME=[-VALUE-]{+VALUE+} of a diff by words, whose first bracket is at `at`; 0 when it is none. */
static size_t value_word_diff(struct scan *scan, const struct name *name, size_t at) {
    size_t line = scan_line_near(scan, at, BRACED_MAX);
    ptrdiff_t close = scan_find(scan, at + 2, line, "-]");

    if (!scan_has(scan, at, "[-") || close < 0) {
        return 0;
    }
    size_t to = value_add(scan, name, at + 2, (size_t)close, SPAN_PLAIN);
    size_t added = (size_t)close + 2;
    ptrdiff_t end = scan_has(scan, added, "{+") ? scan_find(scan, added + 2, line, "+}") : -1;
    return end < 0 ? to : value_add(scan, name, added + 2, (size_t)end, SPAN_PLAIN);
}

/* PWD={VALUE} of ODBC, whose } is doubled in it; code that hands on {name} is none. */
static size_t value_braced(struct scan *scan, const struct name *name, size_t at) {
    size_t line = scan_line_near(scan, at, BRACED_MAX);
    size_t to = at + 1;
    bool is_code = is_quote(scan_char(scan, to)) || is_blank(scan_char(scan, to));

    while (to < line && (scan->text.ptr[to] != '}' || scan_char(scan, to + 1) == '}')) {
        to += scan->text.ptr[to] == '}' ? 2 : 1;
    }
    struct str value = str_slice(scan->text, at + 1, to);
    bool is_name = true;
    for (size_t i = 0; i < value.len; i++) {
        is_name = is_name && (is_letter(value.ptr[i]) || is_any(value.ptr[i], "_.{}$"));
    }
    return is_code || is_name || to >= line ? 0 : value_add(scan, name, at + 1, to, SPAN_PLAIN);
}

size_t value_at(struct scan *scan, const struct name *name, size_t at, char separator) {
    size_t from = at;
    size_t quote = scan_skip_slashes(scan, from);

    budget_take(scan->budget, BUDGET_READ);
    size_t prefix = is_letter(scan_char(scan, from)) ? 1 : 0; /* b"...", f"..." */
    if (prefix > 0) {
        size_t opening = scan_skip_slashes(scan, from + prefix);
        bool is_repr = (name->quote != '\0' || separator == '=') &&
                       sign_string(scan, from) == opening; /* 'a': b\"..., a=b\"... */
        quote = opening == from + prefix || is_repr ? opening : quote;
    }
    if (is_quote(scan_char(scan, quote))) {
        size_t slashes = quote - from - prefix;
        if (closes_string(scan, name, quote)) {
            return 0;
        }
        return value_quoted(scan, name, quote, scan_quoting_slashes(slashes));
    }
    size_t entity = name_entity_end(scan, from);
    if (entity > from) {
        size_t to = entity;
        while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
               !is_any(scan->text.ptr[to], "&<")) {
            to++;
        }
        return value_add(scan, name, entity, to, SPAN_PLAIN);
    }
    size_t behind = behind_mark(scan, from, separator);
    if (behind > from) {
        return value_string(scan, name, behind);
    }
    char c = scan_char(scan, from);
    if (c == '[' && name->quote == '\0' && is_any(scan_char(scan, from - 1), ":=")) {
        size_t header = value_word_diff(scan, name, from);
        header = header > 0 ? header : value_header_list(scan, name, from + 1);
        if (header > 0) {
            return header;
        }
    }
    if (scan_has(scan, from, "[]string{")) { /* of Go */
        return value_list(scan, name, from + strlen("[]string{"));
    }
    if (c == '(' &&
        is_quote(scan_char(scan, scan_skip_slashes(scan, scan_skip_blanks(scan, from + 1))))) {
        return value_tuple(scan, name, scan_skip_blanks(scan, from + 1));
    }
    if (c == '(' && name->quote == '\0' && scan_is_line_over(scan, from + 1)) { /* of Python */
        value_below(scan, name, BELOW_LEAVES);
        return from + 1;
    }
    if (c == '{' && scan_has(scan, from, "{{resolve:")) { /* a reference, of CloudFormation */
        ptrdiff_t close = scan_find(scan, from, scan_line_end(scan, from), "}}");
        return close < 0 ? 0 : (size_t)close;
    }
    if (c == '$' && scan_has(scan, from, "$$")) { /* $$VALUE$$ of PostgreSQL */
        ptrdiff_t close = scan_find(scan, from + 2, scan_line_end(scan, from), "$$");
        if (close > 0) {
            return value_add(scan, name, from + 2, (size_t)close, SPAN_PLAIN);
        }
    }
    if (c == '{' && separator == '=' && name->quote == '\0') {
        return value_braced(scan, name, from);
    }
    if (c == '[' && (name->quote != '"' || separator != ':')) {
        return value_list(scan, name, from + 1);
    }
    if (c == '{' || c == '[') {
        return name->quote == '"' && separator == ':'
                   ? value_nested(scan, from + 1, 1, name->slashes)
                   : 0;
    }
    return value_bare(scan, name, from, separator);
}
