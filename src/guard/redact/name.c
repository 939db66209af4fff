/* guard/redact/name.c: names of secrets in text, and where the value of one begins.
 *
 *   KEY=value  "key": "value"  key: value  --key value  {\"key\": \"value\"}  ?key=value&
 *   aws configure set key value  machine x login y password value  key => 'value' */
#include "guard/redact/name.h"

#include "guard/redact/generic.h"
#include "guard/redact/key.h"
#include "guard/redact/lead.h"
#include "guard/redact/phrase.h"
#include "guard/redact/setter.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    OPERATOR_MAX = 3, /* characters before the = of := and kin */
    TYPE_MAX = 40,
    WORDS_MAX = 48,
    LEAD_MAX = 16,
    QUOTED_MIN = 8,
    PASSWORD_MIN = 5,
    PROMPT_MAX = 40,
    LITERAL_MIN = 6,
    MIXED_MIN = 12,
    NUMBER_MAX = 4,
};

size_t name_string_begin(const struct scan *scan, size_t from, size_t at) {
    while (at > from) {
        const char *quote = memrchr(scan->text.ptr + from, '"', at - from);
        if (quote == NULL) {
            return 0;
        }
        size_t open = (size_t)(quote - scan->text.ptr);
        size_t before =
            text_before_blanks(scan->text, text_back_over(scan->text, open, at - from, "\\"));
        size_t key = before > from && scan->text.ptr[before - 1] == ':'
                         ? text_before_blanks(scan->text, before - 1)
                         : from;
        if (key > from && scan->text.ptr[key - 1] == '"') {
            return open + 1;
        }
        at = open;
    }
    return 0;
}

size_t name_line_begin(const struct scan *scan, size_t at, bool *is_begin) {
    size_t from = scan_line_begin(scan, at);

    *is_begin = from == 0 ? scan->is_line_start : scan->text.ptr[from - 1] == '\n';
    for (size_t i = 0; i < ARRAY_N(scan->strings); i++) { /* a string of JSON has lines, too */
        const struct json_string *string = &scan->strings[i];
        if (string->begin > from && at >= string->begin && at < string->end) {
            from = string->begin;
            *is_begin = true;
        }
    }
    size_t string = name_string_begin(scan, from, at);
    from = string > 0 ? string : from;
    *is_begin = *is_begin || string > 0;
    return *is_begin ? from + lead_len(str_slice(scan->text, from, at)) : from;
}

/* Whether only blanks stand on the line before `at`, but for what a log puts there. */
static bool is_line_begin(const struct scan *scan, size_t at) {
    bool is_begin = false;
    size_t to = at;

    while (to > 0 && at - to < BEFORE_MAX && is_any(scan->text.ptr[to - 1], " \t")) {
        to--;
    }
    char last = to > 0 ? scan->text.ptr[to - 1] : '\n';
    if (last == '\n') {
        return to > 0 || scan->is_line_start;
    }
    bool may_lead = is_any(last, "|:Zm+\"K]-)") ||
                    (to < at && (is_digit(last) || is_upper(last) || is_any(last, "oger")));
    size_t from = may_lead ? name_line_begin(scan, at, &is_begin) : at;
    return is_begin && str_trim(str_slice(scan->text, from, at)).len == 0;
}

/* Whether the prompt of Windows ends at `at`: C:\app> */
static bool is_dos_prompt(const struct scan *scan, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < BEFORE_MAX && !is_line_end(scan->text.ptr[from - 1]) &&
           !is_quote(scan->text.ptr[from - 1])) {
        from--;
    }
    from += lead_len(str_slice(scan->text, from, at));
    return at > from + 2 && scan->text.ptr[at - 1] == '>' && is_letter(scan->text.ptr[from]) &&
           scan_has(scan, from + 1, ":\\");
}

bool name_begins_line(const struct scan *scan, size_t at) {
    static const struct str leads[] = {W("- "),  W("export "),     W("set "), W("ENV "),
                                       W("-\t"), W("declare -x "), W("ARG "), W("SetEnv ")};
    struct str before = str_slice(scan->text, at > LEAD_MAX ? at - LEAD_MAX : 0, at);

    if (is_line_begin(scan, at)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(leads); i++) {
        if (str_ends(before, leads[i])) {
            return is_line_begin(scan, at - leads[i].len) || is_dos_prompt(scan, at - leads[i].len);
        }
    }
    return false;
}

/* "key" alone says nothing, "API key: " does: where the word before it begins that is of its name;
 * `from` otherwise. */
static size_t first_word(const struct scan *scan, size_t from, size_t to) {
    static const struct str key = W("key");
    size_t word = from > 1 && scan->text.ptr[from - 1] == ' ' ? from - 1 : from;

    if (word == from || !str_eq_nocase(str_slice(scan->text, from, to), key)) {
        return from;
    }
    while (word > 0 && from - word < WORDS_MAX && is_letter(scan->text.ptr[word - 1])) {
        word--;
    }
    return key_opens(str_slice(scan->text, word, from - 1)) ? word : from;
}

/* Behind what sets a colour and ends in [from, to]; `from` when nothing does. */
static size_t after_colour(const struct scan *scan, size_t from, size_t to) {
    size_t coloured = from;

    while (coloured <= to && text_colour_begin(scan->text, coloured) == coloured) {
        coloured++;
    }
    return coloured <= to ? coloured : from;
}

void name_read(const struct scan *scan, const struct rule *rule, size_t at, struct name *name) {
    size_t from = at;
    size_t to = at;

    while (from > 0 && at - from < NAME_MAX && is_name_char(scan->text.ptr[from - 1])) {
        from--;
    }
    while (to < scan->text.len && to - at < NAME_MAX && is_name_char(scan->text.ptr[to])) {
        to++;
    }
    if (from > 0 &&
        is_any(scan->text.ptr[from - 1], "[;")) { /* "32m" before the name sets a colour */
        from = after_colour(scan, from, at);
    }
    if (from > 0 && from < at && scan->text.ptr[from - 1] == '\\' &&
        is_any(scan->text.ptr[from], "nrt")) {
        from++; /* the line before it is over: \nNAME */
    }
    from = first_word(scan, from, to);
    *name = (struct name){.from = from, .to = to, .kind = rule->kind};
    char before = from > 0 ? scan->text.ptr[from - 1] : scan->before;
    name->is_query = before == '?' || before == '&';
    if (from > 0 && is_quote(before)) {
        name->quote = before;
        while (from >= name->slashes + 2 && scan->text.ptr[from - name->slashes - 2] == '\\') {
            name->slashes++;
        }
        name->slashes = scan_quoting_slashes(name->slashes);
        name->open = name->quote;
        name->open_slashes = name->slashes;
    }
}

struct str name_str(const struct scan *scan, const struct name *name) {
    return str_slice(scan->text, name->from, name->to);
}

/* "auth.py:12", "token.c: error": a file, no name of a value. */
static bool is_file_name(struct str name) {
    static const char *const endings[] = {
        ".c",   ".h",    ".cc",   ".cpp", ".py",  ".js",   ".jsx", ".ts",   ".tsx", ".mjs", ".cjs",
        ".go",  ".rs",   ".rb",   ".sh",  ".vue", ".java", ".css", ".html", ".md",  ".txt", ".json",
        ".yml", ".yaml", ".toml", ".log", ".pem", ".crt",  ".so",  ".map",  ".sql", ".conf"};

    if (str_find(name, STR(".")) < 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        if (str_ends(name, str_from(endings[i]))) {
            return true;
        }
    }
    return false;
}

bool name_is_pair(struct str name) {
    static const struct str endings[] = {W("auth"), W("credential"), W("credentials"), W("creds"),
                                         W("authentication")};

    return word_ends_one_of(name, endings, ARRAY_N(endings));
}

bool name_is_password(struct str name) {
    return phrase_is_name(name) || str_ends_nocase(name, STR("secret"));
}

/* NAME_OF_A_CONSTANT */
static bool is_constant(struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        if (is_letter(name.ptr[i]) && fold(name.ptr[i]) == name.ptr[i]) {
            return false;
        }
    }
    return name.len > 0;
}

/* Words that a column beside names of secrets has. */
static bool is_told_of(struct str word) {
    static const struct str words[] = {
        W("required"), W("optional"), W("string"),  W("secret"),    W("opaque"),    W("hidden"),
        W("missing"),  W("present"),  W("unset"),   W("encrypted"), W("masked"),    W("defined"),
        W("password"), W("default"),  W("boolean"), W("variable"),  W("sensitive"), W("redacted")};

    return word_is_one_of(word, words, ARRAY_N(words));
}

/* Whether a cell of a column of names and values begins behind the name: DB_PASSWORD   VALUE, and
 * spark.ssl.password   VALUE. */
static bool is_cell_name(const struct scan *scan, const struct name *name) {
    struct str key = name_str(scan, name);

    return scan_has(scan, name->to, "  ") && (is_constant(key) || str_find(key, STR(".")) > 0);
}

/* Whether small letters, capitals and marks change places as in no word and no name of code. */
static bool is_mixed_word(struct str word) {
    size_t changes = 0;

    for (size_t i = 1; i < word.len; i++) {
        bool is_change = is_letter(word.ptr[i - 1]) && is_letter(word.ptr[i]) &&
                         is_upper(word.ptr[i - 1]) != is_upper(word.ptr[i]);
        changes += is_change || !is_name_char(word.ptr[i]) ? 1 : 0;
    }
    return word.len >= MIXED_MIN && 3 * changes > word.len;
}

/* "  password VALUE", alone on its line, with a digit, or behind a constant, as in a column: of
 * .netrc. */
static bool is_netrc_line(const struct scan *scan, const struct name *name) {
    size_t from = scan_skip_blanks(scan, name->to);
    size_t to = from;
    bool has_digit = false;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to])) {
        has_digit =
            has_digit || is_digit(scan->text.ptr[to]) || is_any(scan->text.ptr[to], "!@#$%^&*");
        to++;
    }
    bool is_over = is_quote(scan_char(scan, to)) || scan_is_line_over(scan, to);
    to = scan_before_slashes(scan, from, to);
    bool is_long = to - from >= LITERAL_MIN;
    bool is_count = is_cell_name(scan, name) && !is_constant(name_str(scan, name)) && !is_long;
    bool is_cell = is_cell_name(scan, name) && is_constant(name_str(scan, name)) && is_long &&
                   !is_told_of(str_slice(scan->text, from, to));
    bool is_value =
        (has_digit && !is_count) || is_cell || is_mixed_word(str_slice(scan->text, from, to));
    return is_value && name_begins_line(scan, name->from) && is_over;
}

/* "--password via the command line" tells of the option. */
static bool is_prose_word(const struct scan *scan, size_t at) {
    static const char *const words[] = {"via ", "on ", "or ",   "in ",     "and ",     "is ",
                                        "the ", "to ", "flag ", "option ", "argument "};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (scan_has(scan, at, words[i])) {
            return true;
        }
    }
    return false;
}

/* Of the files of servers that set a name and a value on a line: requirepass VALUE. */
static bool is_config_name(struct str name) {
    static const struct str names[] = {W("requirepass"), W("masterauth")};

    return word_is_one_of(name, names, ARRAY_N(names));
}

/* Whether the next word is the name's value: "configure set NAME VALUE". */
static bool has_blank_separator(struct scan *scan, const struct name *name) {
    struct str lead = str_slice(scan->text, name->from > 16 ? name->from - 16 : 0, name->from);
    bool is_pulumi = str_ends(lead, STR("set --secret "));

    if (is_pulumi ||
        (str_ends(lead, STR("set ")) && str_eq(name_str(scan, name), STR("--secret")))) {
        return is_pulumi; /* pulumi config set --secret NAME VALUE */
    }
    if (scan->text.ptr[name->from] == '-') {
        return name->to - name->from > 2 && !is_prose_word(scan, scan_skip_blanks(scan, name->to));
    }
    if (setter_sets(scan, name) || str_eq(name_str(scan, name), STR("insecure-password"))) {
        return true; /* the last of HAProxy */
    }
    if (is_cell_name(scan, name) || is_config_name(name_str(scan, name))) {
        return is_netrc_line(scan, name);
    }
    if (!str_eq(name_str(scan, name), STR("password"))) {
        return false;
    }
    ptrdiff_t login =
        scan_find_next(scan, &scan->login, scan_line_begin(scan, name->from), "login ");
    return (login >= 0 && (size_t)login + 6 <= name->from) || is_netrc_line(scan, name);
}

/* Over what sets a terminal's colour at `at`. */
static size_t skip_colours(const struct scan *scan, size_t at) {
    for (size_t to = lead_colour_end(scan->text, at); to > at;
         to = lead_colour_end(scan->text, at)) {
        at = to;
    }
    return at;
}

/* Over blanks and colours, to where a value begins. */
static size_t value_begin(const struct scan *scan, size_t at) {
    return scan_skip_blanks(scan, skip_colours(scan, scan_skip_blanks(scan, at)));
}

/* Over ** and __, which print in bold. */
static size_t skip_bold(const struct scan *scan, size_t at) {
    bool is_bold = scan_has(scan, at, "**") || scan_has(scan, at, "__");

    return is_bold && !scan_has(scan, at, "***") ? at + 2 : at;
}

/* Where what is written without a blank in quotes ends. */
static size_t quoted_end(const struct scan *scan, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to])) {
        to++;
    }
    return to;
}

/* Whether the name ends a few words in quotes, as in "user password": the closing one is at
 * `quote`, and no word follows the colon after it. */
static bool is_last_word(const struct scan *scan, const struct name *name, size_t quote) {
    size_t from = name->from;

    while (from > 0 && name->from - from < WORDS_MAX &&
           (is_name_char(scan->text.ptr[from - 1]) || scan->text.ptr[from - 1] == ' ')) {
        from--;
    }
    char open = from > 0 ? scan->text.ptr[from - 1] : '\0';
    size_t colon = scan_skip_blanks(scan, quote + 1);
    size_t value = scan_skip_slashes(scan, scan_skip_blanks(scan, colon + 1));
    if (from == name->from || open != scan_char(scan, quote) || scan_char(scan, colon) != ':' ||
        !is_quote(scan_char(scan, value))) {
        return false;
    }
    return is_quote(scan_char(scan, quoted_end(scan, value + 1))); /* prose is said of one */
}

/* Where the bracket stands that closes an index of PHP behind what tells who may see it:
 * [NAME:protected], ["NAME":"Class":private]; `at`, behind the name, when nothing does. */
static size_t visibility_end(const struct scan *scan, size_t at) {
    size_t to = at;

    while (scan_char(scan, at) == ':' && to - at < NAME_MAX &&
           (is_name_char(scan_char(scan, to)) || is_any(scan_char(scan, to), ":\\\""))) {
        to++;
    }
    struct str told = str_slice(scan->text, at, to);
    bool is_told = str_ends(told, STR(":protected")) || str_ends(told, STR(":private"));
    return is_told && scan_char(scan, to) == ']' ? to : at;
}

/* Where the separator may stand: after the name, or after the quote that closes it. A quote that is
 * not closed there opens more than the name: "X-Api-Key: value". */
size_t name_close(const struct scan *scan, struct name *name) {
    size_t quote = scan_skip_slashes(scan, name->to);

    if (name->quote == '\0' && is_quote(scan_char(scan, quote)) &&
        is_last_word(scan, name, quote)) {
        name->quote = scan_char(scan, quote);
        name->slashes = scan_quoting_slashes(quote - name->to);
        return quote + 1;
    }
    bool is_closed = name->quote != '\0' && scan_char(scan, quote) == name->quote &&
                     scan_is_plain(scan, quote) == scan_is_plain(scan, name->from - 1) &&
                     (quote == name->to) == (name->slashes == 0);
    char before = name->from > 0 ? scan->text.ptr[name->from - 1] : '\0';
    const char *index = before == '[' ? "] =" : before == '{' ? "} =" : NULL;
    if (!is_closed) {
        size_t to = skip_bold(scan, skip_colours(scan, name->to));
        name->quote = '\0';
        size_t number = scan_char(scan, to) == ' ' && to == name->to ? to + 1 : to;
        while (number > to && number - to < NUMBER_MAX && is_digit(scan_char(scan, number))) {
            number++;
        }
        to = number > to + 1 && scan_has(scan, number, ": ") ? number : to; /* Unseal Key 1: */
        to = before == '[' ? visibility_end(scan, to) : to;
        bool is_index = index != NULL && scan_has(scan, to, index);
        bool is_symbol = before == '(' && scan_has(scan, to, ")]:"); /* [Symbol(KEY)]: of Node */
        return to + (is_symbol ? 2 : is_index ? 1 : 0); /* [KEY] => of PHP, $ENV{KEY} = */
    }
    name->open = '\0';
    quote = visibility_end(scan, quote + 1) - 1;
    return skip_colours(scan, quote + (scan_char(scan, quote + 1) == ']' ? 2 : 1)); /* ["KEY"] = */
}

/* "auth.internal:8080", "token.rs:12" and "/app/API_TOKEN:1" are places. */
static bool is_place(const struct scan *scan, const struct name *name, char next) {
    bool is_path = name->from > 1 && scan->text.ptr[name->from - 1] == '/' &&
                   !is_blank(scan->text.ptr[name->from - 2]); /* /pass:VALUE is an option */

    return name->quote == '\0' && is_digit(next) &&
           (is_path || str_find(name_str(scan, name), STR(".")) >= 0);
}

/* Where the value begins after = or =>, or 0. */
static size_t after_equals(const struct scan *scan, size_t sign) {
    char next = scan_char(scan, sign + 1);

    if (scan_char(scan, sign) != '=' || next == '=' || next == '~') {
        return 0;
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
        from = after_colour(scan, from, name->from);
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
    if (scan_char(scan, sign) != ':' || next == ':' || is_place(scan, name, next) ||
        (is_alnum(next) && is_in_arn(scan, name)) || (next == '?' && is_expanded(scan, name))) {
        return 0;
    }
    return value_begin(scan, skip_bold(scan, sign + 1));
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

/* "string = " in "token string = ..." and "token: str = ...": where the value's quote stands; 0
 * when `at` is not at a type. */
static size_t after_type(const struct scan *scan, size_t at) {
    size_t to = at;

    while (to - at < TYPE_MAX && (is_name_char(scan_char(scan, to)) ||
                                  (to > at && is_any(scan_char(scan, to), "<>[]|?&*")))) {
        to++;
    }
    size_t sign = scan_skip_blanks(scan, to);
    if (to == at || scan_char(scan, sign) != '=') {
        return 0;
    }
    size_t value = scan_skip_blanks(scan, sign + 1);
    size_t quote = scan_skip_slashes(scan, value);
    bool is_end = sign == to && scan_string_closes(scan->text, quote); /* of Base64, which = ends */
    return is_quote(scan_char(scan, quote)) && !is_end ? value : 0;
}

size_t name_string(const struct scan *scan, size_t at) {
    bool is_marked = is_any(scan_char(scan, at), "bBuUfFrRN");
    size_t quote = scan_skip_slashes(scan, at + (is_marked ? 1 : 0));

    return is_quote(scan_char(scan, quote)) ? quote : 0;
}

/* Whether a quoted word of `min` characters stands at `at`, with a digit. */
static bool is_quoted_word(const struct scan *scan, size_t at, size_t min) {
    size_t quote = name_string(scan, at);
    size_t to = quote > 0 ? quoted_end(scan, quote + 1) : 0;
    bool has_digit = false;

    for (size_t i = quote; i < to; i++) {
        has_digit = has_digit || is_digit(scan->text.ptr[i]);
    }
    return has_digit && to - quote > min && is_quote(scan_char(scan, to));
}

/* Whether a quoted word stands at `at` that nobody writes in a sentence: long, with a digit. */
static bool is_token_word(const struct scan *scan, size_t at) {
    return is_quoted_word(scan, at, QUOTED_MIN);
}

/* Whether a quoted word stands at `at` that a password is compared with: no name of a type. */
static bool is_literal(const struct scan *scan, size_t at) {
    static const struct str types[] = {W("string"),  W("undefined"), W("number"),   W("object"),
                                       W("boolean"), W("function"),  W("password"), W("required")};
    size_t from = name_string(scan, at) + 1;

    if (from == 1) {
        return false;
    }
    size_t to = quoted_end(scan, from);
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
    return is_token_word(scan, at) ||
           (name_is_password(name_str(scan, name)) && is_literal(scan, at));
}

/* The value after set("NAME", or define('NAME', or in setopt(h, OPT_PASSWORD, or ["--password", or
 * (b"NAME", as the place of its string; 0 when it is none. */
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
    size_t quote = name_string(scan, at);
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

/* Whether the string at `at` is a name of JSON: "--password-stdin", "n": 7 */
static bool is_key_string(const struct scan *scan, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);
    size_t slashes = scan_quoting_slashes(quote - at);
    size_t end = scan_string_end(scan, quote + 1, scan_char(scan, quote), slashes);

    return scan_char(scan, scan_skip_blanks(scan, end + slashes + 1)) == ':';
}

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
    if (name_string(scan, value) == 0) {
        return after_tuple(scan, name, sign);
    }
    bool is_tuple = name->quote == '\0' && name->from > 0 && scan->text.ptr[name->from - 1] == '{';
    if (is_tuple || is_raw_header(scan, name)) { /* {password,"VALUE"} of Erlang */
        return value;
    }
    bool is_option =
        name->quote != '\0' && scan->text.ptr[name->from] == '-' && !is_key_string(scan, value);
    if (name->quote != '\0' && (opening == '(' || is_option || is_pair_line(scan, name, value))) {
        return value;
    }
    bool is_bound = opening == '[' && before > 1 && is_any(scan->text.ptr[before - 2], "[, ");
    if (name->quote != '\0' && opening == '[' &&
        (is_token_word(scan, value) || (is_bound && is_bound_value(scan, name, value)))) {
        return value; /* a header and what it says; ["email", "a"], ["password", "VALUE"] */
    }
    size_t last = before > 1 ? before - 1 : 0; /* what stands before the comma */
    bool is_argument = opening == ',' && !is_quote(scan->text.ptr[last > 0 ? last - 1 : 0]);
    bool is_named = name->quote != '\0'
                        ? is_argument
                        : (is_argument || opening == '(') && is_constant(name_str(scan, name));
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

/* Whether a name says that something is asked, not given: getPassword("db"). */
static bool is_asking(struct str name) {
    static const char *const begins[] = {"get",  "find", "fetch",  "load", "read",
                                         "look", "ask",  "prompt", "input"};
    const char *dot = memrchr(name.ptr, '.', name.len);
    struct str last = dot == NULL ? name : str_slice(name, (size_t)(dot + 1 - name.ptr), name.len);

    for (size_t i = 0; i < ARRAY_N(begins); i++) {
        if (str_starts_nocase(last, str_from(begins[i]))) {
            return true;
        }
    }
    return false;
}

/* The string that is the value in setPassword("VALUE") and BasicAuth("user", "VALUE"), which opens
 * at `sign`; 0 when there is none. */
static size_t after_call(const struct scan *scan, const struct name *name, size_t sign) {
    size_t first = scan_skip_blanks(scan, sign + 1);
    struct str key = name_str(scan, name);

    if (name_is_pair(key)) {
        return scan_next_string(scan, first);
    }
    return phrase_is_name(key) && !is_asking(key) && is_literal(scan, first) ? first : 0;
}

/* Whether a string is all that follows on the line of a name at its begin: of Gradle. */
static bool is_only_argument(const struct scan *scan, const struct name *name, size_t at) {
    char quote = scan_char(scan, at);

    if (!is_any(quote, "'\"") || scan_is_outer_quote(scan, at) ||
        !name_is_password(name_str(scan, name)) || !name_begins_line(scan, name->from)) {
        return false;
    }
    size_t end = scan_string_end(scan, at + 1, quote, 0);
    return scan_char(scan, end) == quote && scan_is_line_over(scan, end + 1);
}

/* The string that stands in when nothing is set: getenv("NAME") or "VALUE", env.NAME || "VALUE"; 0
 * when there is none. `at`: after the name. */
static size_t after_default(const struct scan *scan, const struct name *name, size_t at) {
    static const char *const signs[] = {"||", "??", "or "};

    at = scan_skip_blanks(scan, at + (scan_char(scan, at) == ')' && name->quote != '\0' ? 1 : 0));
    for (size_t i = 0; i < ARRAY_N(signs); i++) {
        if (scan_has(scan, at, signs[i])) {
            size_t value = scan_skip_blanks(scan, at + strlen(signs[i]));
            return is_given(scan, name, value) ? value : 0;
        }
    }
    return 0;
}

bool name_is_prompt(const struct scan *scan, const struct name *name, char separator) {
    size_t from = name->from;

    while (from > 0 && name->from - from < PROMPT_MAX &&
           (is_letter(scan->text.ptr[from - 1]) || is_any(scan->text.ptr[from - 1], " []()"))) {
        from--;
    }
    return separator == ':' && name_is_password(name_str(scan, name)) && is_line_begin(scan, from);
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

/* Where the cell at `at` ends: at a bar behind a blank, or with its line. */
static size_t bar_next(const struct scan *scan, size_t at, size_t end) {
    while (at < end && (bar_at(scan, at) == 0 || scan->text.ptr[at - 1] != ' ')) {
        at++;
    }
    return at;
}

size_t name_cell_end(const struct scan *scan, size_t at) {
    size_t end = bar_next(scan, at, scan_line_end(scan, at));

    return text_before_blanks(scan->text, end);
}

/* "password | VALUE" of psql, "| password | VALUE |" and "| /db/password | SecureString | VALUE |"
 * of AWS: where the value begins, or 0. */
static size_t after_bar(const struct scan *scan, const struct name *name, size_t sign) {
    size_t value = scan_skip_blanks(scan, sign + bar_at(scan, sign));
    size_t end = scan_line_end(scan, value);
    bool is_value = name_is_password(name_str(scan, name)) || is_constant(name_str(scan, name)) ||
                    str_ends(name_str(scan, name), STR("Pass"));

    if (scan_has(scan, value, "SecureString")) {
        size_t bar = bar_next(scan, value, end);
        value = scan_skip_blanks(scan, bar + bar_at(scan, bar));
        is_value = true;
    }
    size_t bar = bar_next(scan, value, end);
    size_t rest = bar + bar_at(scan, bar);
    bool is_last =
        scan_is_line_over(scan, rest) ||
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
    for (size_t back = 1; back <= 3 && back <= from; back += 2) {
        if (bar_at(scan, from - back) == back) {
            return is_line_begin(scan, from - back);
        }
    }
    return false;
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

/* Whether SQL writes a string behind the name: PASSWORD 'VALUE', SECRET 'VALUE' of DuckDB,
 * secret_access_key 'VALUE' of Redshift. */
static bool is_clause_name(struct str name) {
    return str_eq_nocase(name, STR("password")) || str_eq(name, STR("SECRET")) ||
           (str_find(name, STR("_")) > 0 && str_ends_nocase(name, STR("key")));
}

/* Whether a list of options of SQL goes on with the name: OPTIONS (user 'app', password 'VALUE') */
static bool is_option_of_list(const struct scan *scan, const struct name *name) {
    size_t before = text_before_blanks(scan->text, name->from);

    return before > 1 && is_any(scan->text.ptr[before - 1], "(,") &&
           (scan->text.ptr[before - 1] == '(' || scan->text.ptr[before - 2] == '\'');
}

/* The string after PASSWORD of SQL, and in SET PASSWORD FOR user = 'VALUE'; 0 when there is none.
 */
static size_t after_clause(const struct scan *scan, const struct name *name, size_t sign) {
    static const struct str leads[] = {W("with "), W("encrypted "), W("user ")};
    struct str before =
        str_slice(scan->text, name->from > LEAD_MAX ? name->from - LEAD_MAX : 0, name->from);

    if (!is_any(scan_char(scan, sign), "'NFf") || !is_clause_name(name_str(scan, name))) {
        return 0;
    }
    if (scan_has(scan, sign, "FOR ") || scan_has(scan, sign, "for ")) {
        bool is_set = str_ends_nocase(before, STR("set "));
        ptrdiff_t equals = is_set ? scan_find(scan, sign, sign + PROMPT_MAX * 3, " = ") : -1;
        return equals < 0 ? 0 : scan_skip_blanks(scan, (size_t)equals + 2);
    }
    bool is_clause = is_constant(name_str(scan, name)) || is_option_of_list(scan, name) ||
                     str_find(name_str(scan, name), STR("_")) > 0 ||
                     word_ends_one_of(before, leads, ARRAY_N(leads));
    size_t quote = is_clause ? name_string(scan, sign) : 0;
    return quote > 0 && scan->text.ptr[quote] == '\'' ? sign : 0;
}

/* "box TOKEN VALUE": a name that ends with a word for a secret, and what nobody writes in a
 * sentence. */
static bool is_opaque_word(const struct scan *scan, const struct name *name, size_t at) {
    struct str key = name_str(scan, name);
    bool is_key = str_ends_nocase(key, STR("key"));

    return (is_key || name_is_password(key) || str_ends_nocase(key, STR("token"))) &&
           value_is_opaque(scan->text, at, is_key);
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

/* The string after a blank behind :NAME of Clojure, $NAME of nginx and X-NAME of headers; 0 when
 * there is none. */
static size_t after_blank(const struct scan *scan, const struct name *name, size_t sign) {
    char before = name->from > 0 ? scan->text.ptr[name->from - 1] : '\0';
    bool is_keyword =
        before == ':' && name->from > 1 && is_any(scan->text.ptr[name->from - 2], "{ (,\n\t");
    bool is_header = str_starts_nocase(name_str(scan, name), STR("x-"));
    size_t quote = scan_skip_slashes(scan, sign);
    char opening = scan_char(scan, quote);

    if ((!is_keyword && before != '$' && !is_header) || !is_any(opening, "'\"")) {
        return 0;
    }
    size_t end = scan_string_end(scan, quote + 1, opening, scan_quoting_slashes(quote - sign));
    return scan_char(scan, scan_skip_slashes(scan, end)) == opening && end > quote + 1 ? sign : 0;
}

/* "NAME    REG_SZ    VALUE" of Windows' registry, the same of a parameter of AWS, and of a cookie
 * in Netscape's file: TAB NAME TAB VALUE. Where the value begins, or 0. */
static size_t after_column(const struct scan *scan, const struct name *name, size_t sign) {
    size_t letter = scan_skip_slashes(scan, name->to); /* \t in a string */
    bool is_escape = letter > name->to && scan_char(scan, letter) == 't';
    size_t typed = is_escape ? letter + 1 : sign;
    if (scan_has(scan, typed, "REG_") || scan_has(scan, typed, "SecureString")) {
        size_t type = typed;
        while (is_name_char(scan_char(scan, type))) {
            type++;
        }
        size_t tab = scan_skip_slashes(scan, type);
        bool is_tab = tab > type && scan_char(scan, tab) == 't';
        size_t value = is_tab ? tab + 1 : scan_skip_blanks(scan, type);
        return value > type ? value : 0;
    }
    char before = name->from > 0 ? scan->text.ptr[name->from - 1] : '\0';
    if (is_escape ? before != 't' : before != '\t' || scan_char(scan, name->to) != '\t') {
        return 0;
    }
    size_t line = scan_line_begin(scan, name->from);
    bool is_cookie = scan_find(scan, line, name->from, "TRUE") >= 0 ||
                     scan_find(scan, line, name->from, "FALSE") >= 0;
    return is_cookie ? is_escape ? letter + 1 : sign : 0;
}

/* reg add KEY /v NAME /t REG_SZ /d VALUE: where the value begins, or 0. */
static size_t after_option(const struct scan *scan, const struct name *name, size_t sign) {
    bool is_named = name->from > 3 && scan_has(scan, name->from - 3, "/v ");
    ptrdiff_t data = is_named ? scan_find(scan, sign, scan_line_end(scan, sign), "/d ") : -1;

    return data < 0 ? 0 : scan_skip_blanks(scan, (size_t)data + 3);
}

/* "PASSWORD user = VALUE", of Elasticsearch: where the value begins, or 0. */
static size_t after_user(const struct scan *scan, const struct name *name, size_t sign) {
    size_t user = str_eq(name_str(scan, name), STR("PASSWORD")) ? quoted_end(scan, sign) : sign;

    return user > sign && scan_has(scan, user, " = ") ? scan_skip_blanks(scan, user + 3) : 0;
}

/* Where the value begins of a name that is closed before `at`, with the separator; 0 when this is
 * no name of a value. */
size_t name_value(struct scan *scan, struct name *name, size_t at, char *separator) {
    size_t sign = scan_skip_blanks(scan, at);
    size_t compound = compound_equals(scan, sign);
    char c = compound > 0 ? '=' : scan_char(scan, sign);

    *separator = c;
    size_t compared = after_comparison(scan, name, sign);
    compared = compared > 0 ? compared : after_default(scan, name, at);
    if (compared > 0) {
        *separator = '=';
        return compared;
    }
    if (c == '=') {
        return after_equals(scan, compound > 0 ? compound : sign);
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
        return value_begin(scan, sign + 3);
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
    size_t asked = sign > at && is_any(c, "[(") ? after_prompt(scan, name, sign) : 0;
    if (asked > 0) {
        name->is_line_start = true; /* what is typed goes to the end of its line */
        *separator = ':';
        return asked;
    }
    *separator = ' ';
    size_t column = name->quote == '\0' ? after_column(scan, name, sign) : 0;
    size_t user = column == 0 && sign > at ? after_user(scan, name, sign) : column;
    if (user > 0) {
        name->is_line_start = true;
        *separator = '=';
        return user;
    }
    if (sign == at || name->quote != '\0') {
        return 0;
    }
    size_t string = after_blank(scan, name, sign);
    string = string > 0 ? string : after_option(scan, name, sign);
    if (string > 0) {
        return string;
    }
    size_t clause = after_clause(scan, name, sign);
    if (clause > 0) {
        return clause;
    }
    size_t min = name_is_password(name_str(scan, name)) ? PASSWORD_MIN : QUOTED_MIN;
    if (is_quoted_word(scan, sign, min) || is_only_argument(scan, name, sign)) {
        return sign;
    }
    return has_blank_separator(scan, name) || is_opaque_word(scan, name, sign) ? sign : 0;
}

/* Whether a name is one of a secret; what was asked last is remembered. */
static bool is_secret_name(struct scan *scan, struct str key) {
    struct judged *judged = scan->judged;

    if (key.len > 0 && judged->len == key.len && judged->names == scan->known->name_n &&
        memcmp(judged->name, key.ptr, key.len) == 0) {
        return judged->is_secret;
    }
    bool is_secret = key_is_secret(key) || known_has_name(scan->known, key);
    if (key.len <= JUDGED_MAX) {
        memcpy(judged->name, key.ptr, key.len);
        judged->len = key.len;
        judged->names = scan->known->name_n;
        judged->is_secret = is_secret;
    }
    return is_secret;
}

bool name_is_secret(struct scan *scan, const struct name *name) {
    struct str key = name_str(scan, name);

    while (key.len > 0 && is_any(key.ptr[0], "-.")) {
        key = str_slice(key, 1, key.len); /* --password */
    }
    bool is_of_query = str_eq_nocase(key, STR("key")) || str_eq(key, STR("sig"));
    bool is_named = (name->is_query && is_of_query) || is_secret_name(scan, key);
    return is_named && (name->quote != '\0' || !is_file_name(key));
}
