/* guard/redact/sign_blank.c: names whose values only a blank sets apart: options, columns, clauses
 * of SQL, .netrc, and what is said to set one. */
#include "guard/redact/generic.h"
#include "guard/redact/key.h"
#include "guard/redact/setter.h"
#include "guard/redact/sign.h"
#include "guard/redact/word.h"

enum {
    LEAD_MAX = 16,
    LITERAL_MIN = 6,
    MIXED_MIN = 12,
    NUMBER_MIN = 11, /* digits that are no time */
    FOR_MAX = 120    /* from FOR to the = of SET PASSWORD FOR user = */
};

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

    return scan_has(scan, name->to, "  ") && (name_is_constant(key) || str_find(key, STR(".")) > 0);
}

/* Whether small letters, capitals and marks change places as in no word and no name of code. */
static bool is_mixed_word(struct str word) {
    size_t marks = 0;

    for (size_t i = 1; i < word.len; i++) {
        marks += is_name_char(word.ptr[i]) ? 0 : 1;
    }
    return word.len >= MIXED_MIN && 3 * (word_case_changes(word) + marks) > word.len;
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
    bool is_count = is_cell_name(scan, name) && !name_is_constant(name_str(scan, name)) && !is_long;
    bool is_cell = is_cell_name(scan, name) && name_is_constant(name_str(scan, name)) && is_long &&
                   !is_told_of(str_slice(scan->text, from, to));
    bool is_value =
        (has_digit && !is_count) || is_cell || is_mixed_word(str_slice(scan->text, from, to));
    return is_value && name_begins_line(scan, name->from) && is_over;
}

/* Whether a word that is the last of its line begins at `from`, of letters with a digit or a sign
 * in it, or a long number, and no version. `may_shout`: no sentence is it that ! ends. */
static bool is_setting_word(const struct scan *scan, size_t from, bool may_shout) {
    size_t to = from;
    size_t letters = 0;
    size_t digits = 0;
    bool has_mark = false;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], "\"'\\\x1b")) {
        char c = scan->text.ptr[to];
        bool is_inside = to > from && is_any(scan->text.ptr[to - 1], "!@#$%^&*;~");
        letters += is_letter(c);
        digits += is_digit(c);
        has_mark = has_mark || is_digit(c) || is_inside;
        to++;
    }
    size_t label = from;
    while (is_letter(scan_char(scan, label))) {
        label++;
    }
    if (label > from + 1 && is_any(scan_char(scan, label), ":=")) {
        return false; /* Secret Key:VALUE */
    }
    bool is_version = scan_char(scan, from) == 'v' && is_digit(scan_char(scan, from + 1));
    bool is_number = digits >= NUMBER_MIN && digits == to - from;
    bool is_over = scan_is_line_over(scan, to) || is_any(scan_char(scan, to), "\"'\\\x1b");
    char last = to > from ? scan->text.ptr[to - 1] : '\0';
    has_mark = has_mark || is_any(last, "#$%^&*") || (may_shout && last == '!') ||
               3 * word_case_changes(str_slice(scan->text, from, to)) >= to - from;
    return is_over && ((letters > 1 && has_mark) || is_number) && !is_version &&
           to - from >= LITERAL_MIN;
}

/* "AuthLDAPBindPassword VALUE", "dbPassword   VALUE", alone on its line. */
static bool is_setting_line(const struct scan *scan, const struct name *name) {
    struct str key = name_str(scan, name);

    return (name_is_password(key) || str_ends_nocase(key, STR("token")) ||
            str_ends_nocase(key, STR("_psk"))) &&
           name_begins_line(scan, name->from) &&
           is_setting_word(scan, scan_skip_blanks(scan, name->to),
                           str_find(key, STR("_")) > 0 || word_case_changes(key) > 1);
}

/* "  --password     asks for the password" of a help text: a column of sentences behind the
 * options.
 */
static bool is_described(const struct scan *scan, const struct name *name) {
    size_t from = scan_skip_blanks(scan, name->to);
    size_t to = from;

    while (is_letter(scan_char(scan, to)) && !is_upper(scan_char(scan, to))) {
        to++;
    }
    return from > name->to + 1 && to > from && scan_char(scan, to) == ' ' &&
           is_letter(scan_char(scan, to + 1));
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
        return name->to - name->from > 2 && !is_described(scan, name) &&
               !is_prose_word(scan, scan_skip_blanks(scan, name->to));
    }
    if (setter_sets(scan, name) || str_eq(name_str(scan, name), STR("insecure-password"))) {
        return true; /* the last of HAProxy */
    }
    if (is_config_name(name_str(scan, name))) { /* nobody writes a sentence about them */
        return name_begins_line(scan, name->from);
    }
    if (is_cell_name(scan, name)) {
        return is_netrc_line(scan, name);
    }
    if (!str_eq(name_str(scan, name), STR("password"))) {
        return is_setting_line(scan, name);
    }
    ptrdiff_t login =
        scan_find_next(scan, &scan->login, scan_line_begin(scan, name->from), "login ");
    return (login >= 0 && (size_t)login + 6 <= name->from) || is_netrc_line(scan, name) ||
           is_setting_line(scan, name);
}

/* Whether a string is all that follows on the line of a name at its begin: of Gradle. */
static bool is_only_argument(const struct scan *scan, const struct name *name, size_t at) {
    size_t slashes = scan_skip_slashes(scan, at) - at;
    char quote = scan_char(scan, at + slashes);

    if (!is_any(quote, "'\"") || scan_is_outer_quote(scan, at) ||
        !name_is_password(name_str(scan, name)) || !name_begins_line(scan, name->from)) {
        return false;
    }
    slashes = scan_quoting_slashes(slashes);
    size_t end = scan_string_end(scan, at + slashes + 1, quote, slashes) + slashes;
    size_t after = scan_skip_slashes(scan, end + 1);
    return scan_char(scan, end) == quote &&
           (scan_is_line_over(scan, end + 1) || scan_char(scan, after) == '"' ||
            (scan_char(scan, end + 1) == ';' && scan_is_line_over(scan, end + 2)));
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

    if (!is_any(scan_char(scan, sign), "'NFfE$") || !is_clause_name(name_str(scan, name))) {
        return 0;
    }
    if (scan_has(scan, sign, "FROM ") && str_ends(before, STR("SET "))) { /* of Neo4j */
        return sign_string(scan, sign + 5) > 0 ? sign + 5 : 0;
    }
    if (scan_has(scan, sign, "FOR ") || scan_has(scan, sign, "for ")) {
        bool is_set = str_ends_nocase(before, STR("set "));
        ptrdiff_t equals = is_set ? scan_find(scan, sign, sign + FOR_MAX, " = ") : -1;
        return equals < 0 ? 0 : scan_skip_blanks(scan, (size_t)equals + 2);
    }
    bool is_clause = name_is_constant(name_str(scan, name)) || is_option_of_list(scan, name) ||
                     str_find(name_str(scan, name), STR("_")) > 0 ||
                     word_ends_one_of(before, leads, ARRAY_N(leads));
    size_t quote = is_clause ? sign_string(scan, sign) : 0;
    bool is_dollar = is_clause && scan_has(scan, sign, "$$");
    return is_dollar || (quote > 0 && scan->text.ptr[quote] == '\'') ? sign : 0;
}

/* "box TOKEN VALUE": a name that ends with a word for a secret, and what nobody writes in a
 * sentence. */
static bool is_opaque_word(const struct scan *scan, const struct name *name, size_t at) {
    struct str key = name_str(scan, name);
    bool is_key = str_ends_nocase(key, STR("key"));

    return (is_key || name_is_password(key) || str_ends_nocase(key, STR("token"))) &&
           value_is_opaque(scan->text, at, is_key);
}

/* The string after a blank behind :NAME of Clojure, $NAME of nginx, @NAME of Elixir and X-NAME of
 * headers; 0 when there is none. */
static size_t after_blank(const struct scan *scan, const struct name *name, size_t sign) {
    char before = name->from > 0 ? scan->text.ptr[name->from - 1] : '\0';
    bool is_keyword =
        before == ':' && name->from > 1 && is_any(scan->text.ptr[name->from - 2], "{ (,\n\t");
    bool is_header = str_starts_nocase(name_str(scan, name), STR("x-"));
    size_t quote = scan_skip_slashes(scan, sign);
    char opening = scan_char(scan, quote);

    if ((!is_keyword && !is_any(before, "$@") && !is_header) || !is_any(opening, "'\"")) {
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
        size_t type = scan_name_end(scan, typed);
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
    size_t user =
        str_eq(name_str(scan, name), STR("PASSWORD")) ? scan_unquoted_end(scan, sign) : sign;

    return user > sign && scan_has(scan, user, " = ") ? scan_skip_blanks(scan, user + 3) : 0;
}

/* SET NAME TO 'VALUE', the name in quotes too, and set "NAME" "VALUE" of commands. */
static bool is_set_by_sql(const struct scan *scan, const struct name *name) {
    size_t from = name->from - (name->quote != '\0' ? 1 + name->slashes : 0);

    return from > 3 && str_eq_nocase(str_slice(scan->text, from - 4, from), STR("set "));
}

/* Whether the name of a constant and the string at `at` are an item of a map: {"NAME" "VALUE", ...
 */
static bool is_map_item(const struct scan *scan, const struct name *name, size_t at) {
    size_t open = name->from - 1 - name->slashes;
    size_t quote = scan_skip_slashes(scan, at);
    size_t slashes = scan_quoting_slashes(quote - at);
    size_t end = scan_string_end(scan, quote + 1, scan_char(scan, quote), slashes);

    return name_is_constant(name_str(scan, name)) && open > 0 && open < name->from &&
           is_any(scan->text.ptr[open - 1], "{ ") && end > quote + 1 &&
           is_any(scan_char(scan, end + slashes + 1), ",}");
}

/* The last cell of a line of columns that a constant begins, "NAME   api   test   VALUE", where it
 * looks like a secret; 0 when it does not. */
static size_t after_cells(const struct scan *scan, const struct name *name) {
    if (!scan_has(scan, name->to, "  ") || !name_is_constant(name_str(scan, name)) ||
        !name_begins_line(scan, name->from)) {
        return 0;
    }
    size_t at = scan_skip_blanks(scan, name->to);
    size_t to = scan_unquoted_end(scan, at);
    while (scan_has(scan, to, "  ") && !scan_is_line_over(scan, to)) {
        at = scan_skip_blanks(scan, to);
        to = scan_unquoted_end(scan, at);
    }
    return value_is_opaque(scan->text, at, true) ? at : 0;
}

/* <Cookie NAME=VALUE for HOST/> of Python, and cookies [Object: null prototype] {...} of Node.js:
 * where the value begins, or 0. */
static size_t after_cookie(const struct scan *scan, const struct name *name, size_t sign) {
    size_t to = scan_name_end(scan, sign);

    if (scan_has(scan, sign, "[Object: null") && key_is_of_cookies(name_str(scan, name))) {
        return sign;
    }
    bool is_cookie = name->from > 0 && scan->text.ptr[name->from - 1] == '<' &&
                     str_eq(name_str(scan, name), STR("Cookie"));
    return is_cookie && to > sign && scan_char(scan, to) == '=' ? to + 1 : 0;
}

size_t sign_blank(struct scan *scan, struct name *name, size_t at, char *separator) {
    size_t sign = scan_skip_blanks(scan, at);

    *separator = ' ';
    size_t column = name->quote == '\0' ? after_column(scan, name, sign) : 0;
    size_t user = column == 0 && sign > at ? after_user(scan, name, sign) : column;
    if (user > 0) {
        name->is_line_start = true;
        *separator = '=';
        return user;
    }
    if (sign > at && scan_has(scan, sign, "TO ") && is_set_by_sql(scan, name)) {
        return sign_string(scan, sign + 3) > 0 ? sign + 3 : 0;
    }
    if (sign > at && name->quote != '\0') { /* {"NAME" "VALUE"} of Clojure, and of a command */
        bool is_value = sign_quoted_word(scan, sign, sign_word_min(name_str(scan, name)));
        bool is_cell = scan->text.ptr[at - 1] == ']' && scan_has(scan, at, "  ") &&
                       is_setting_word(scan, sign, true); /* $_ENV['NAME']   VALUE */
        bool is_string = is_any(scan_char(scan, sign_string(scan, sign)), "'\"");
        is_value =
            is_value || (is_string && (is_map_item(scan, name, sign) || is_set_by_sql(scan, name)));
        return is_cell || (is_value && is_string && !sign_is_key(scan, sign)) ? sign : 0;
    }
    if (sign == at) {
        return 0;
    }
    budget_take(scan->budget, BUDGET_BLANK);
    size_t string = after_cookie(scan, name, sign);
    string = string > 0 ? string : after_cells(scan, name);
    string = string > 0 ? string : after_blank(scan, name, sign);
    string = string > 0 ? string : after_option(scan, name, sign);
    if (string > 0) {
        return string;
    }
    size_t clause = after_clause(scan, name, sign);
    if (clause > 0) {
        return clause;
    }
    if (sign_quoted_word(scan, sign, sign_word_min(name_str(scan, name))) ||
        is_only_argument(scan, name, sign)) {
        return sign;
    }
    return has_blank_separator(scan, name) || is_opaque_word(scan, name, sign) ? sign : 0;
}
