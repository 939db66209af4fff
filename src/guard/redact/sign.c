/* guard/redact/sign.c: what stands between the name of a secret and its value.
 *
 *   KEY=value  "key": "value"  key: value  --key value  {\"key\": \"value\"}  ?key=value&
 *   aws configure set key value  machine x login y password value  key => 'value' */
#include "guard/redact/sign.h"

#include "guard/redact/generic.h"
#include "guard/redact/lead.h"
#include "guard/redact/phrase.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    OPERATOR_MAX = 3, /* characters before the = of := and kin */
    SET_MIN = 16,     /* characters of what is set and begins with = */
    TYPE_MAX = 40,
    WORDS_MAX = 48,
    PROMPT_MAX = 40,
    LITERAL_MIN = 6,
    SIGNS_MIN = 3,
    PASSWORD_MIN = 5, /* of a word in quotes under a name that no sentence has */
    DOTTED_MIN = 8,
    APART_MIN = 4,
    JOINED_MIN = 16
};

/* Over blanks and colours, to where a value begins. */
static size_t value_begin(const struct scan *scan, size_t at) {
    return scan_skip_blanks(scan, scan_skip_colours(scan, scan_skip_blanks(scan, at)));
}

/* "auth.internal:8080", "token.rs:12" and "/app/API_TOKEN:1" are places. */
static bool is_place(const struct scan *scan, const struct name *name, char next) {
    bool is_path = name->from > 1 && scan->text.ptr[name->from - 1] == '/' &&
                   !is_blank(scan->text.ptr[name->from - 2]); /* /pass:VALUE is an option */

    return name->quote == '\0' && is_digit(next) &&
           (is_path || str_find(name_str(scan, name), STR(".")) >= 0);
}

/* SECRET_KEY==v_%og84k7m7&4%=d7: set to what begins with =, and compared with nothing. */
static bool is_set_to_equals(const struct scan *scan, const struct name *name, size_t sign) {
    bool has_sign = false;
    size_t to = sign + 2;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], "'\"\\`;") && !is_line_end(scan->text.ptr[to])) {
        has_sign = has_sign || is_any(scan->text.ptr[to], "!@#$%^");
        to++;
    }
    return has_sign && to - sign > SET_MIN && !is_any(scan_char(scan, sign + 2), "=$") &&
           name_is_constant(name_str(scan, name));
}

/* Where the value begins after = or =>, or 0. */
static size_t after_equals(const struct scan *scan, const struct name *name, size_t sign) {
    char next = scan_char(scan, sign + 1);

    if (scan_char(scan, sign) != '=' || next == '~') {
        return 0;
    }
    if (next == '=') {
        return is_set_to_equals(scan, name, sign) ? sign + 1 : 0;
    }
    size_t value = value_begin(scan, sign + (next == '>' ? 2 : 1));
    return next == '>' && scan_is_line_over(scan, value) ? 0 : value;
}

/* Whether the word around the name is an ARN, whose parts stand behind colons. */
static bool is_in_arn(const struct scan *scan, const struct name *name) {
    size_t from = name->from;

    while (from > 0 && name->from - from < NAME_MAX &&
           (is_name_char(scan->text.ptr[from - 1]) || is_any(scan->text.ptr[from - 1], ":/*"))) {
        from--;
    }
    from += from > 0 && scan->text.ptr[from - 1] == '\\' ? 1 : 0; /* \narn: */
    if (from > 0 && is_any(scan->text.ptr[from - 1], "[;")) {
        from = name_after_colour(scan, from, name->from);
    }
    return scan_find(scan, from, name->from, "arn:") >= 0; /* INFO:root:arn:aws:... */
}

/* ${NAME: in a shell */
static bool is_expanded(const struct scan *scan, const struct name *name) {
    return name->from > 1 && scan_has(scan, name->from - 2, "${");
}

static size_t after_colon(const struct scan *scan, const struct name *name, size_t sign) {
    char next = scan_char(scan, sign + 1);

    if (scan_char(scan, sign) == ':' && scan_has(scan, sign + 1, ": ") &&
        name_begins_line(scan, name->from)) {
        return value_begin(scan, sign + 2); /* Base64 in LDIF */
    }
    if (scan_char(scan, sign) != ':' || next == ':' ||
        (is_place(scan, name, next) && !is_expanded(scan, name)) ||
        (is_alnum(next) && is_in_arn(scan, name)) ||
        ((next == '?' || scan_has(scan, sign + 1, "-}")) && is_expanded(scan, name))) {
        return 0;
    }
    bool is_bold = name->from > 0 && scan->text.ptr[name->from - 1] == '*' &&
                   scan_has(scan, sign + 1, "* "); /* *NAME:* VALUE */
    return value_begin(scan, is_bold ? sign + 2 : name_skip_bold(scan, sign + 1));
}

/* The = of an operator such as := ::= ?= ||= += .= at `at`; 0 when there is none. */
static size_t compound_equals(const struct scan *scan, size_t at) {
    size_t sign = at;

    while (sign - at < OPERATOR_MAX && scan_char(scan, sign) != '\0' &&
           is_any(scan_char(scan, sign), ":?|.+")) {
        sign++;
    }
    return sign > at && scan_char(scan, sign) == '=' ? sign : 0;
}

/* "string = " in "token string = ...", "token: &str = ...", "password nvarchar(64) := ...",
 * "Password As String = ...", "Password { get; set; } = ..." and "token: str = Field(default=...":
 * where the value's quote stands; 0
 * when `at` is not at a type. */
static size_t after_type(const struct scan *scan, size_t at) {
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

size_t sign_string(const struct scan *scan, size_t at) {
    bool is_marked = is_any(scan_char(scan, at), "bBuUfFrRNE");
    size_t quote = scan_skip_slashes(scan, at + (is_marked ? 1 : 0));

    return is_quote(scan_char(scan, quote)) ? quote : 0;
}

bool sign_quoted_word(const struct scan *scan, size_t at, size_t min) {
    size_t quote = sign_string(scan, at);
    size_t to = quote > 0 ? scan_unquoted_end(scan, quote + 1) : 0;
    bool has_digit = false;
    size_t signs = 0; /* as in no word and no reference */

    for (size_t i = quote; i < to; i++) {
        has_digit = has_digit || is_digit(scan->text.ptr[i]);
        signs += is_any(scan->text.ptr[i], "{}()[]$#^&*!@%~`+|<>?;=");
    }
    has_digit =
        has_digit || is_any(scan_char(scan, scan_before_slashes(scan, quote, to) - 1), "!#");
    bool is_odd = signs >= SIGNS_MIN && !is_any(scan_char(scan, quote + 1), "${<%#([@");
    return (has_digit || is_odd) && to - quote > min && is_quote(scan_char(scan, to));
}

/* Whether a name has several words, as none of a sentence: api_key, secret-key, SecretKey. */
static bool is_compound(struct str name) {
    return str_find(name, STR("_")) > 0 || str_find(name, STR("-")) > 0 ||
           word_case_changes(name) > 1;
}

size_t sign_word_min(struct str name) {
    return is_compound(name) || name_is_password(name) ? PASSWORD_MIN : SIGN_QUOTED_MIN;
}

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

bool sign_is_key(const struct scan *scan, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);
    size_t slashes = scan_quoting_slashes(quote - at);
    size_t end = scan_string_end(scan, quote + 1, scan_char(scan, quote), slashes);

    return scan_char(scan, scan_skip_blanks(scan, end + slashes + 1)) == ':';
}

/* Whether a word begins at `at` that nobody writes in a sentence and that is no type of code: with
 * a digit or a sign in it. */
static bool is_marked_word(const struct scan *scan, size_t at, size_t min) {
    size_t to = at;
    bool has_mark = false;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], "\"'\\\x1b")) {
        char c = scan->text.ptr[to];
        has_mark = has_mark || is_digit(c) || is_any(c, "!@#$%^&*?+~");
        to++;
    }
    has_mark = has_mark || 3 * word_case_changes(str_slice(scan->text, at, to)) >= to - at;
    return has_mark && to - at >= min;
}

/* Where the value begins of NAME,VALUE, a line of CSV that has nothing else; 0 when it is none. */
static size_t after_csv_name(const struct scan *scan, const struct name *name, size_t sign) {
    size_t at = sign + 1;

    if (name->quote != '\0' || sign != name->to || !name_is_constant(name_str(scan, name)) ||
        !is_marked_word(scan, at + (scan_char(scan, at) == '"' ? 1 : 0), LITERAL_MIN) ||
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

/* The value after set("NAME", or define('NAME', or in setopt(h, OPT_PASSWORD, or ["--password", or
 * (b"NAME", as the place of its string; 0 when it is none. */
static size_t after_comma(const struct scan *scan, const struct name *name, size_t sign) {
    size_t before = name->from - (name->quote != '\0' ? 1 + name->slashes : 0);
    size_t value = value_begin(scan, sign + 1);

    value += scan_has(scan, value, "<<") ? 2 : 0; /* <<"VALUE">> of Erlang */
    if (name->quote != '\0' && before > 1 && is_any(scan->text.ptr[before - 1], "bu") &&
        is_any(scan->text.ptr[before - 2], "[(, ")) {
        before--;
    }
    while (before > 0 && scan->text.ptr[before - 1] == ' ') {
        before--;
    }
    char opening = before > 0 ? scan->text.ptr[before - 1] : '\0';
    size_t cell = after_csv_name(scan, name, sign);
    if (cell > 0) {
        return cell;
    }
    if (sign_string(scan, value) == 0) {
        return after_tuple(scan, name, sign);
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

/* Where the literal begins after == === != !==, or 0. */
static size_t after_comparison(const struct scan *scan, const struct name *name, size_t sign) {
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

/* What stands behind the last dot of a name: NAME of env.NAME. */
static struct str last_part(struct str name) {
    const char *dot = name.len == 0 ? NULL : memrchr(name.ptr, '.', name.len);

    return dot == NULL ? name : str_slice(name, (size_t)(dot + 1 - name.ptr), name.len);
}

/* Whether a name says that something is asked, not given: getPassword("db"). */
static bool is_asking(struct str name) {
    static const char *const begins[] = {"get",  "find", "fetch",  "load", "read",
                                         "look", "ask",  "prompt", "input"};
    struct str last = last_part(name);

    for (size_t i = 0; i < ARRAY_N(begins); i++) {
        if (str_starts_nocase(last, str_from(begins[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether a name says that something is given: setPassword, withPassword. */
static bool is_setting_name(struct str name) {
    struct str last = last_part(name);

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

/* The string that is the value in setPassword("VALUE") and BasicAuth("user", "VALUE"), which opens
 * at `sign`; 0 when there is none. */
static size_t after_call(const struct scan *scan, const struct name *name, size_t sign) {
    static const struct str wrappers[] = {W("SecretStr"), W("SecretBytes")}; /* of pydantic */
    size_t first = scan_skip_blanks(scan, sign + 1);
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

/* The string that stands in when nothing is set: getenv("NAME") or "VALUE", env.NAME || "VALUE"; 0
 * when there is none. `at`: after the name. */
static size_t after_default(const struct scan *scan, const struct name *name, size_t at) {
    static const char *const signs[] = {"||", "??", "or "};

    at = scan_skip_blanks(scan, at + (scan_char(scan, at) == ')' && name->quote != '\0' ? 1 : 0));
    for (size_t i = 0; i < ARRAY_N(signs); i++) {
        if (scan_has(scan, at, signs[i])) {
            size_t value = scan_skip_blanks(scan, at + strlen(signs[i]));
            bool is_variable = name_is_constant(last_part(name_str(scan, name)));
            return is_given(scan, name, value) || (is_variable && sign_string(scan, value) > 0)
                       ? value
                       : 0;
        }
    }
    return 0;
}

/* Where the text of the element <NAME>, <ns:NAME> or <NAME attribute="x"> begins; 0 when the name
 * is none of one. */
static size_t after_tag(const struct scan *scan, const struct name *name, size_t at) {
    size_t from = name->from;
    size_t to = at;

    if (from > 0 && scan->text.ptr[from - 1] == ':') {
        from--;
        while (from > 0 && name->from - from < TYPE_MAX && is_name_char(scan->text.ptr[from - 1])) {
            from--;
        }
    }
    if (from == 0 || scan->text.ptr[from - 1] != '<' || name->quote != '\0' ||
        !is_any(scan_char(scan, at), "> ")) {
        return 0;
    }
    while (to < scan->text.len && to - at < NAME_MAX && !is_any(scan->text.ptr[to], "<>\n")) {
        to++;
    }
    bool is_open = scan_char(scan, to) == '>' && scan->text.ptr[to - 1] != '/';
    return is_open && (to == at || scan_char(scan, to + 1) != '\n') ? to + 1 : 0;
}

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

/* "password | VALUE" of psql, "| password | VALUE |" and "| /db/password | SecureString | VALUE |"
 * of AWS: where the value begins, or 0. */
static size_t after_bar(const struct scan *scan, const struct name *name, size_t sign) {
    size_t value = scan_skip_blanks(scan, bars_end(scan, sign));
    size_t end = scan_line_end(scan, value);
    struct str key = name_str(scan, name);
    bool is_value = name_is_password(key) || name_is_constant(last_part(key)) ||
                    str_ends(key, STR("Pass")) ||
                    (is_compound(key) &&
                     (is_marked_word(scan, value, LITERAL_MIN) || is_joined_words(scan, value)));

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

/* Whether only a bar stands on the line before the name. */
static bool is_after_bar(const struct scan *scan, const struct name *name) {
    size_t from = name->from;

    while (from > 0 && name->from - from < WORDS_MAX &&
           (is_name_char(scan->text.ptr[from - 1]) || scan->text.ptr[from - 1] == '/')) {
        from--; /* the path of a parameter */
    }
    from = text_back_over(scan->text, from, TYPE_MAX, " `");
    from -= from > 1 && bar_at(scan, from - 1) == 1 && bar_at(scan, from - 2) == 1 ? 1 : 0;
    for (size_t back = 1; back <= 3 && back <= from; back += 2) {
        if (bar_at(scan, from - back) == back) {
            return name_is_line_begin(scan, from - back);
        }
    }
    return false;
}

/* Whether what looks like a secret begins at `at` and a bracket follows it. */
static bool value_is_opaque_in(const struct scan *scan, size_t at) {
    ptrdiff_t close = scan_find(scan, at, at + BEFORE_MAX, "]");

    return close > 0 && value_is_opaque(str_slice(scan->text, 0, (size_t)close), at, true);
}

/* "Password [hidden]: VALUE", "Password (again): VALUE": where the value begins, or 0. */
static size_t after_prompt(const struct scan *scan, const struct name *name, size_t sign) {
    char close = scan_char(scan, sign) == '[' ? ']' : ')';
    size_t to = sign + 1;

    while (to - sign < PROMPT_MAX && to < scan->text.len && scan->text.ptr[to] != close &&
           !is_quote(scan->text.ptr[to]) && scan->text.ptr[to] != '\n') {
        to++;
    }
    bool is_prompt = scan_char(scan, to) == close && name->quote == '\0' &&
                     (name_is_password(name_str(scan, name)) || close == ']');
    return is_prompt ? after_colon(scan, name, to + 1) : 0;
}

/* <pass encoding="base64">VALUE</pass>: where the value begins, or 0. What goes on with the next
 * line, or with another element, is no value. */
static size_t after_attributes(const struct scan *scan, const struct name *name, size_t sign) {
    size_t to = sign;

    if (name->from == 0 || scan->text.ptr[name->from - 1] != '<') {
        return 0;
    }
    while (to - sign < BEFORE_MAX && to < scan->text.len && !is_any(scan->text.ptr[to], "<>{\n")) {
        to++;
    }
    char next = scan_char(scan, to + 1);
    bool is_value = scan_char(scan, to) == '>' && scan->text.ptr[to - 1] != '/' && next != '\0' &&
                    next != '<' && !is_blank(next);
    return is_value ? to + 1 : 0;
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
    return to == at ? !is_quote(scan_char(scan, at)) && !is_marked_word(scan, at, PASSWORD_MIN)
                    : word_is_one_of(str_slice(scan->text, at, to), words, ARRAY_N(words));
}

/* Where the value begins of a name that dots lead to it, "password......VALUE", "Password ... :
 * VALUE" and "password ..... VALUE", as tables without lines have them; 0 when they do not. */
static size_t after_dots(const struct scan *scan, struct name *name, size_t at) {
    size_t dots = scan_skip_blanks(scan, at);
    size_t to = dots;

    while (scan_char(scan, to) == '.') {
        to++;
    }
    size_t sign = scan_skip_blanks(scan, to);
    bool is_labelled = to - dots >= 3 && scan_has(scan, sign, ": ");
    bool is_glued = dots == at && to - dots >= DOTTED_MIN && sign == to &&
                    (is_quote(scan_char(scan, sign)) || is_marked_word(scan, sign, PASSWORD_MIN));
    bool is_apart = dots > at && sign > to && to - dots >= APART_MIN && !is_outcome(scan, sign);
    if ((!is_labelled && !is_glued && !is_apart) || !name_begins_line(scan, name->from)) {
        return 0;
    }
    name->is_line_start = true;
    return is_labelled ? value_begin(scan, sign + 1) : sign;
}

/* "Label (NAME): VALUE", where it is no code: the value is as no type is called. */
static size_t after_bracketed(const struct scan *scan, const struct name *name, size_t at) {
    bool is_bracketed = name->from > 1 && scan_has(scan, at, "): ") && name->quote == '\0' &&
                        scan->text.ptr[name->from - 1] == '(';
    char before = is_bracketed ? scan->text.ptr[name->from - 2] : 'a';
    size_t value = value_begin(scan, at + 2);

    if (scan_has(scan, at, ")=(") && name->quote == '\0' && name->from > 0 &&
        scan->text.ptr[name->from - 1] == '(') {
        return at + 3; /* Key (NAME)=(VALUE) of PostgreSQL */
    }
    bool is_foreign = (unsigned char)before >= 0x80; /* a label in another script */
    return (before == ' ' || is_foreign) && (is_marked_word(scan, value, PASSWORD_MIN) ||
                                             (is_foreign && is_alnum(scan_char(scan, value)) &&
                                              name_is_password(name_str(scan, name))) ||
                                             value_is_opaque(scan->text, value, false))
               ? value
               : 0;
}

/* NAME<str> 'VALUE' of Dynaconf: where the string begins, or 0. */
static size_t after_typed(const struct scan *scan, const struct name *name, size_t at) {
    size_t to = at + 1;

    while (is_name_char(scan_char(scan, to))) {
        to++;
    }
    size_t value = value_begin(scan, to + 1);
    bool is_typed = to > at + 1 && scan_has(scan, to, "> ") && sign_string(scan, value) > 0;
    return is_typed && name->quote == '\0' && name_begins_line(scan, name->from) ? value : 0;
}

/* s:8:"NAME";s:12:"VALUE"; of PHP's serialize(): where the string begins, or 0. */
static size_t after_serialized(const struct scan *scan, const struct name *name, size_t at) {
    size_t to = at + 3;

    while (is_digit(scan_char(scan, to))) {
        to++;
    }
    bool is_string = name->quote != '\0' && scan_has(scan, at, ";s:") && to > at + 3 &&
                     scan_char(scan, to) == ':' && sign_string(scan, to + 1) > 0;
    return is_string ? to + 1 : 0;
}

/* "API key provided: VALUE", "NAME changed from 'VALUE' to 'VALUE'": where the value begins, or 0.
 */
static size_t after_told(const struct scan *scan, size_t sign) {
    static const char *const words[] = {"provided: ", "changed from "};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        size_t value = sign + strlen(words[i]);
        if (scan_has(scan, sign, words[i])) {
            return sign_string(scan, value) > 0 || value_is_opaque(scan->text, value, true) ? value
                                                                                            : 0;
        }
    }
    return 0;
}

/* The colon of Chinese and Japanese, U+FF1A. */
static const char wide_colon[] = "\xef\xbc\x9a";

/* Where the value begins behind what few names have after them, whose first character is `c`; 0
 * when there is none. `at`: behind the name. */
static size_t after_other_sign(const struct scan *scan, struct name *name, size_t at, char c) {
    switch (c) {
    case '.':
        return after_dots(scan, name, at);
    case ')':
        return after_bracketed(scan, name, at);
    case '<':
        return after_typed(scan, name, at);
    case ';':
        return after_serialized(scan, name, at);
    default:
        break;
    }
    if (c != wide_colon[0]) {
        return 0;
    }
    size_t sign = scan_skip_blanks(scan, at);
    bool is_colon = scan_has(scan, sign, wide_colon);
    return is_colon ? value_begin(scan, sign + strlen(wide_colon)) : 0;
}

/* Where the value begins behind "-> " at `sign`; 0 when it is the name in a place, as git shows a
 * branch: NAME -> origin/NAME */
static size_t after_arrow(const struct scan *scan, const struct name *name, size_t sign) {
    size_t value = value_begin(scan, sign + 3);
    size_t to = scan_unquoted_end(scan, value);
    struct str key = name_str(scan, name);
    size_t same = to - value > key.len ? to - key.len : value;
    bool is_place = same > value && scan->text.ptr[same - 1] == '/' &&
                    str_eq(str_slice(scan->text, same, to), key);

    return is_place ? 0 : value;
}

size_t sign_value(struct scan *scan, struct name *name, size_t at, char *separator) {
    size_t sign = scan_skip_blanks(scan, at);
    size_t compound = compound_equals(scan, sign);
    char c = compound > 0 ? '=' : scan_char(scan, sign);

    *separator = c;
    size_t other = after_other_sign(scan, name, at, c);
    if (other > 0) {
        *separator = ':';
        return other;
    }
    size_t compared = after_comparison(scan, name, sign);
    compared = compared > 0 ? compared : after_default(scan, name, at);
    if (compared > 0) {
        *separator = '=';
        return compared;
    }
    if (c == '=') {
        return after_equals(scan, name, compound > 0 ? compound : sign);
    }
    if (c == ':' && scan_has(scan, sign, "::") && name->from > 4 &&
        scan_has(scan, name->from - 5, "name=")) { /* ::set-output name=NAME::VALUE */
        name->is_line_start = true;
        *separator = '=';
        return sign + 2;
    }
    if (c == ':') {
        size_t value = after_colon(scan, name, sign);
        size_t typed = value > 0 && name->quote == '\0' ? after_type(scan, value) : 0;
        *separator = typed > 0 ? '=' : c;
        return typed > 0 ? typed : value;
    }
    if (name->quote != '\0' && scan_has(scan, sign, "value=") &&
        is_quote(scan_char(scan, scan_skip_slashes(scan, sign + 6)))) {
        *separator = '='; /* <add key="NAME" value="VALUE"/> */
        return sign + 6;
    }
    if (name->quote != '\0' && sign > at && scan_has(scan, sign, "value ") &&
        sign_string(scan, sign + 6) > 0) {
        *separator = '='; /* property 'NAME' value 'VALUE', of Spring */
        return sign + 6;
    }
    size_t told = sign > at ? after_told(scan, sign) : 0;
    if (told > 0) {
        *separator = '=';
        return told;
    }
    if (c == ',') {
        return after_comma(scan, name, sign);
    }
    if (c == '(' && sign == at && name->quote == '\0') {
        *separator = '(';
        return after_call(scan, name, sign);
    }
    size_t element = after_tag(scan, name, at);
    if (element > 0) {
        name->is_element = true;
        return element;
    }
    if (c == '-' && sign > at && scan_has(scan, sign, "-> ")) {
        *separator = '=';
        return after_arrow(scan, name, sign);
    }
    size_t inner = sign > at ? after_attributes(scan, name, sign) : 0;
    if (inner > 0) {
        name->is_element = true;
        return inner;
    }
    size_t typed = sign > at && name->quote == '\0' ? after_type(scan, sign) : 0;
    if (typed > 0) {
        *separator = '=';
        return typed;
    }
    bool is_cell =
        sign > at && (name->quote == '\0' || name->quote == '`') && bar_at(scan, sign) > 0;
    if (is_cell && (name_begins_line(scan, name->from) || is_after_bar(scan, name))) {
        *separator = '|';
        return after_bar(scan, name, sign);
    }
    if (sign > at && c == '[' && name->quote == '\0' &&
        value_is_opaque_in(scan, sign + 1)) { /* TOKEN [VALUE] */
        *separator = '[';
        return sign + 1;
    }
    if (c == '<' && scan_has(scan, sign, "<<< ")) { /* gh secret set NAME <<< VALUE */
        *separator = '=';
        return scan_skip_blanks(scan, sign + 4);
    }
    size_t asked = sign > at && is_any(c, "[(") ? after_prompt(scan, name, sign) : 0;
    if (asked > 0) {
        name->is_line_start = true; /* what is typed goes to the end of its line */
        *separator = ':';
        return asked;
    }
    return sign_blank(scan, name, at, separator);
}
