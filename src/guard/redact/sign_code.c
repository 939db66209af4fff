/* guard/redact/sign_code.c: values that code gives a name. */
#include "guard/redact/sign_form.h"

#include "guard/redact/generic.h"
#include "guard/redact/lead.h"
#include "guard/redact/phrase.h"
#include "guard/redact/sign.h"
#include "guard/redact/word.h"

#include <string.h>

enum { TYPE_MAX = 40, WORDS_MAX = 48, LITERAL_MIN = 6 };

/* Whether a quoted word stands at `at` that nobody writes in a sentence: long, with a digit. */
static bool is_token_word(const struct scan *scan, size_t at) {
    return sign_quoted_word(scan, at, SIGN_QUOTED_MIN);
}

/* Whether a quoted word stands at `at` that a password is compared with: no name of a type. */
static bool is_literal(const struct scan *scan, size_t at) {
    static const struct str types[] = {W("string"),  W("undefined"), W("number"),   W("object"),
                                       W("boolean"), W("function"),  W("password"), W("required")};
    size_t from = sign_string(scan, at) + 1;

    if (from == 1) {
        return false;
    }
    size_t to = scan_unquoted_end(scan, from);
    struct str word = str_slice(scan->text, from, scan_before_slashes(scan, from, to));
    for (size_t i = 0; i < ARRAY_N(types); i++) {
        if (str_eq(word, types[i])) {
            return false;
        }
    }
    return word.len >= LITERAL_MIN && word.ptr[0] != '$' && is_quote(scan_char(scan, to));
}

/* Whether a string at `at` looks like a value of such a name. */
static bool is_given(const struct scan *scan, const struct name *name, size_t at) {
    return sign_quoted_word(scan, at, sign_word_min(name_str(scan, name))) ||
           (name_is_password(name_str(scan, name)) && is_literal(scan, at));
}

size_t sign_typed_value(const struct scan *scan, size_t at) {
    char first = scan_char(scan, at);
    if (!is_name_char(first) && first != '&' && first != '*' && first != '{') {
        return 0;
    }
    bool is_basic = first == 'A' && scan_has(scan, at, "As ");
    size_t from = is_basic ? scan_skip_blanks(scan, at + 3) : at;
    size_t to = from;

    if (first == '{' && scan_has(scan, at, "{ get;")) { /* of C# */
        ptrdiff_t close = scan_find(scan, at, at + TYPE_MAX, "}");
        to = close < 0 ? at : (size_t)close + 1;
    }
    while (to - from < TYPE_MAX && (is_name_char(scan_char(scan, to)) ||
                                    is_any(scan_char(scan, to), to > from ? "<>[]|?&*()" : "&*"))) {
        to++;
    }
    size_t sign = scan_skip_blanks(scan, to);
    sign += scan_has(scan, sign, ":=") ? 1 : 0;
    if (to == from || scan_char(scan, sign) != '=' || scan_char(scan, from) == '\0') {
        return 0;
    }
    size_t value = scan_skip_blanks(scan, sign + 1);
    if (scan_has(scan, value, "Field(")) { /* of pydantic, with what it is when nothing is said */
        value += strlen("Field(");
        value += scan_has(scan, value, "default=") ? strlen("default=") : 0;
    }
    size_t quote = scan_skip_slashes(scan, value);
    bool is_end = sign == to && scan_string_closes(scan->text, quote); /* of Base64, which = ends */
    return is_quote(scan_char(scan, quote)) && !is_end ? value : 0;
}

/* "rawHeaders: [ 'NAME', 'VALUE'" of Node.js. */
static bool is_raw_header(const struct scan *scan, const struct name *name) {
    if (name->quote == '\0') {
        return false;
    }
    size_t line = scan_line_begin(scan, name->from);
    return scan_find(scan, line, name->from, "awHeaders") >= 0;
}

/* Whether the string at `at` has a digit or a capital, as names of types have not. */
static bool has_mark_in_string(const struct scan *scan, size_t at) {
    size_t quote = sign_string(scan, at);
    size_t end = scan_string_end(scan, quote + 1, scan_char(scan, quote), 0);

    for (size_t i = quote + 1; quote > 0 && i < end; i++) {
        if (is_digit(scan->text.ptr[i]) || is_upper(scan->text.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* Whether the string at `at` is what a statement was given for the name, no name of a type. */
static bool is_bound_value(const struct scan *scan, const struct name *name, size_t at) {
    return name_is_password(name_str(scan, name)) || is_literal(scan, at) ||
           has_mark_in_string(scan, at);
}

/* Whether a line of a string of JSON, as it stands, begins at `at`, but for what a log puts before
 * it. */
static bool is_escaped_line_begin(const struct scan *scan, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < BEFORE_MAX &&
           (from < 2 || scan->text.ptr[from - 1] != 'n' || scan->text.ptr[from - 2] != '\\')) {
        from--;
    }
    bool is_found = from > 1 && at - from < BEFORE_MAX;
    return is_found && from + lead_len(str_slice(scan->text, from, at)) == at;
}

/* Whether the string at `at` and the name are all of their line, as Envoy writes headers. */
static bool is_pair_line(const struct scan *scan, const struct name *name, size_t at) {
    if (name->quote != '\'' || name->slashes > 0 || !has_mark_in_string(scan, at)) {
        return false;
    }
    size_t open = name->from - 1;
    bool is_begin = name_begins_line(scan, open) || is_escaped_line_begin(scan, open);
    size_t end = scan_string_end(scan, at + 1, scan_char(scan, at), 0);
    size_t stop = lead_colour_end(scan->text, end + 1);
    size_t after = scan_skip_slashes(scan, stop);
    bool is_end = scan_is_line_over(scan, stop) || scan_char(scan, after) == '"' ||
                  (after > stop && scan_char(scan, after) == 'n');
    return is_begin && is_end && scan_char(scan, end) == scan_char(scan, at);
}

/* Where the value begins of (spark.ssl.key.password,VALUE), which a blank is in neither of; 0 when
 * it is code. `sign`: the comma. */
static size_t after_tuple(const struct scan *scan, const struct name *name, size_t sign) {
    size_t to = sign + 1;
    bool has_digit = false;

    if (name->quote != '\0' || name->from == 0 || scan->text.ptr[name->from - 1] != '(' ||
        (name->from > 1 && is_alnum(scan->text.ptr[name->from - 2]))) {
        return 0;
    }
    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], ")(,\"'")) {
        has_digit = has_digit || is_digit(scan->text.ptr[to]);
        to++;
    }
    bool is_value = has_digit || str_find(name_str(scan, name), STR(".")) > 0;
    return is_value && to > sign + 1 && scan_char(scan, to) == ')' ? sign + 1 : 0;
}

size_t sign_after_comma(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t before = name->from - (name->quote != '\0' ? 1 + name->slashes : 0);
    size_t value = sign_value_begin(scan, behind.sign + 1);

    value += scan_has(scan, value, "<<") ? 2 : 0; /* <<"VALUE">> of Erlang */
    if (name->quote != '\0' && before > 1 && is_any(scan->text.ptr[before - 1], "bu") &&
        is_any(scan->text.ptr[before - 2], "[(, ")) {
        before--;
    }
    while (before > 0 && scan->text.ptr[before - 1] == ' ') {
        before--;
    }
    char opening = before > 0 ? scan->text.ptr[before - 1] : '\0';
    size_t cell = sign_after_csv_name(scan, name, behind);
    if (cell > 0) {
        return cell;
    }
    if (sign_string(scan, value) == 0) {
        return after_tuple(scan, name, behind.sign);
    }
    bool is_tuple = name->quote == '\0' && name->from > 0 && scan->text.ptr[name->from - 1] == '{';
    bool is_symbol = name->from > 4 && scan_has(scan, name->from - 5, "set :"); /* of Capistrano */
    if (is_tuple || is_symbol || is_raw_header(scan, name)) { /* {password,"VALUE"} of Erlang */
        return value;
    }
    bool is_option =
        name->quote != '\0' && scan->text.ptr[name->from] == '-' && !sign_is_key(scan, value);
    if (name->quote != '\0' && (opening == '(' || is_option || is_pair_line(scan, name, value))) {
        return value;
    }
    size_t outer = opening == '[' ? text_before_blanks(scan->text, before - 1) : 0;
    bool is_bound = outer > 0 && is_any(scan->text.ptr[outer - 1], "[,");
    if (name->quote != '\0' && opening == '[' &&
        (is_token_word(scan, value) || (is_bound && is_bound_value(scan, name, value)))) {
        return value; /* a header and what it says; ["email", "a"], ["password", "VALUE"] */
    }
    size_t last = before > 1 ? before - 1 : 0; /* what stands before the comma */
    bool is_argument = opening == ',' && !is_quote(scan->text.ptr[last > 0 ? last - 1 : 0]);
    if (is_argument && name_is_password(name_str(scan, name)) &&
        scan_find(scan, name->from > WORDS_MAX ? name->from - WORDS_MAX : 0, name->from,
                  "setattr(") >= 0) {
        return value;
    }
    bool is_named = name->quote != '\0'
                        ? is_argument
                        : (is_argument || opening == '(') && name_is_constant(name_str(scan, name));
    return is_named && is_given(scan, name, value) ? value : 0;
}

size_t sign_after_comparison(const struct scan *scan, const struct name *name,
                             struct behind behind) {
    size_t sign = behind.sign;

    if (!is_any(scan_char(scan, sign), "=!") || scan_char(scan, sign + 1) != '=') {
        return 0;
    }
    size_t value = scan_skip_blanks(scan, sign + (scan_char(scan, sign + 2) == '=' ? 3 : 2));
    size_t text = scan_skip_slashes(scan, value) + 1;
    if (scan_has(scan, text, "http://") || scan_has(scan, text, "https://")) {
        return 0; /* a password in it is another rule's */
    }
    return is_given(scan, name, value) ? value : 0;
}

struct str sign_last_part(struct str name) {
    const char *dot = name.len == 0 ? NULL : memrchr(name.ptr, '.', name.len);

    return dot == NULL ? name : str_slice(name, (size_t)(dot + 1 - name.ptr), name.len);
}

/* Whether a name says that something is asked, not given: getPassword("db"). */
static bool is_asking(struct str name) {
    static const char *const begins[] = {"get",  "find", "fetch",  "load", "read",
                                         "look", "ask",  "prompt", "input"};
    struct str last = sign_last_part(name);

    for (size_t i = 0; i < ARRAY_N(begins); i++) {
        if (str_starts_nocase(last, str_from(begins[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether a name says that something is given: setPassword, withPassword. */
static bool is_setting_name(struct str name) {
    struct str last = sign_last_part(name);

    return str_starts(last, STR("set")) || str_starts(last, STR("with"));
}

/* Whether the string at `at` is all that a call has which another one follows: ("VALUE").build() */
static bool is_chained(const struct scan *scan, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);
    char c = scan_char(scan, quote);
    size_t slashes = scan_quoting_slashes(quote - at);
    size_t end = is_any(c, "'\"") ? scan_string_end(scan, quote + 1, c, slashes) : quote;

    return end > quote + 1 && scan_has(scan, end + slashes + 1, ").");
}

size_t sign_after_call(const struct scan *scan, const struct name *name, struct behind behind) {
    static const struct str wrappers[] = {W("SecretStr"), W("SecretBytes")}; /* of pydantic */
    size_t first = scan_skip_blanks(scan, behind.sign + 1);
    struct str key = name_str(scan, name);

    if (name_is_pair(key)) {
        return scan_next_string(scan, first);
    }
    bool is_set = (is_setting_name(key) || is_chained(scan, first)) && sign_string(scan, first) > 0;
    if (word_is_exactly_one_of(key, wrappers, ARRAY_N(wrappers))) {
        return sign_string(scan, first) > 0 ? first : 0;
    }
    return phrase_is_name(key) && !is_asking(key) && (is_set || is_literal(scan, first)) ? first
                                                                                         : 0;
}

size_t sign_after_default(const struct scan *scan, const struct name *name, struct behind behind) {
    static const char *const signs[] = {"||", "??", "or "};

    bool is_asked = scan_char(scan, behind.at) == ')' && name->quote != '\0';
    size_t at = scan_skip_blanks(scan, behind.at + (is_asked ? 1 : 0));

    for (size_t i = 0; i < ARRAY_N(signs); i++) {
        if (scan_has(scan, at, signs[i])) {
            size_t value = scan_skip_blanks(scan, at + strlen(signs[i]));
            bool is_variable = name_is_constant(sign_last_part(name_str(scan, name)));
            return is_given(scan, name, value) || (is_variable && sign_string(scan, value) > 0)
                       ? value
                       : 0;
        }
    }
    return 0;
}
