/* guard/redact/value.c: names of secrets in text, and how far the value after one goes.
 *
 *   KEY=value  "key": "value"  key: value  --key value  {\"key\": \"value\"}  ?key=value&
 *   aws configure set key value  machine x login y password value  key => 'value'
 *
 * A value in quotes ends at the quote, however deep it is escaped, so that JSON stays JSON. One
 * without ends at a blank or a quote, or with its line where the name began the line. */
#include "guard/redact/scan.h"

#include "guard/redact/key.h"
#include "guard/redact/phrase.h"

#include <string.h>

enum {
    NAME_MAX = 128,
    BLANKS_MAX = 64,
    LOOK_BACK = 256,
    OPERATOR_MAX = 3, /* characters before the = of := and kin */
    TYPE_MAX = 40,
    WORDS_MAX = 48,
    STRING_MAX = 4096, /* between the begin of a string and a name at its end */
    QUOTED_MIN = 8,
    LITERAL_MIN = 6
};

/* A name and what stands around it. */
struct name {
    size_t from;
    size_t to;
    size_t slashes;     /* backslashes before its quote */
    char quote;         /* '\0' without one */
    bool is_line_start; /* nothing but blanks, "export" or "- " before it */
    bool is_query;      /* after ? or & */
    bool is_element;    /* <name> */
    const char *kind;
};

static char char_at(const struct scan *scan, size_t at) {
    return at < scan->text.len ? scan->text.ptr[at] : '\0';
}

static bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

static bool is_name_char(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }

static size_t skip_blanks(const struct scan *scan, size_t at) {
    size_t to = at;

    while (to - at < BLANKS_MAX && (char_at(scan, to) == ' ' || char_at(scan, to) == '\t')) {
        to++;
    }
    return to;
}

static size_t skip_slashes(const struct scan *scan, size_t at) {
    while (char_at(scan, at) == '\\') {
        at++;
    }
    return at;
}

/* Where the line of `at` begins, as far back as it matters. */
static size_t line_begin(const struct scan *scan, size_t at) {
    size_t from = at > LOOK_BACK ? at - LOOK_BACK : 0;
    const char *end = memrchr(scan->text.ptr + from, '\n', at - from);

    return end == NULL ? from : (size_t)(end + 1 - scan->text.ptr);
}

/* Whether only blanks stand on the line before `at`, at most LOOK_BACK. */
static bool is_line_begin(const struct scan *scan, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < LOOK_BACK &&
           (scan->text.ptr[from - 1] == ' ' || scan->text.ptr[from - 1] == '\t')) {
        from--;
    }
    return from == 0 ? scan->is_line_start : scan->text.ptr[from - 1] == '\n';
}

static bool name_begins_line(const struct scan *scan, size_t at) {
    static const struct str leads[] = {
        {"- ", 2}, {"export ", 7}, {"set ", 4}, {"ENV ", 4}, {"-\t", 2}};
    struct str before = str_slice(scan->text, at > 8 ? at - 8 : 0, at);

    if (is_line_begin(scan, at)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(leads); i++) {
        if (str_ends(before, leads[i])) {
            return is_line_begin(scan, at - leads[i].len);
        }
    }
    return false;
}

/* Backslashes before a quote of JSON that was quoted d times: 2^d - 1. */
static size_t quoting_slashes(size_t slashes) {
    while ((slashes & (slashes + 1)) != 0) {
        slashes--;
    }
    return slashes;
}

/* "key" alone says nothing, "API key: " does: where the word before it begins that is of its name;
 * `from` otherwise. */
static size_t first_word(const struct scan *scan, size_t from, size_t to) {
    static const struct str key = {"key", 3};
    size_t word = from > 1 && scan->text.ptr[from - 1] == ' ' ? from - 1 : from;

    if (word == from || !str_eq_nocase(str_slice(scan->text, from, to), key)) {
        return from;
    }
    while (word > 0 && from - word < WORDS_MAX && is_letter(scan->text.ptr[word - 1])) {
        word--;
    }
    return key_opens(str_slice(scan->text, word, from - 1)) ? word : from;
}

static void name_read(const struct scan *scan, const struct rule *rule, size_t at,
                      struct name *name) {
    size_t from = at;
    size_t to = at;

    while (from > 0 && at - from < NAME_MAX && is_name_char(scan->text.ptr[from - 1])) {
        from--;
    }
    while (to < scan->text.len && to - at < NAME_MAX && is_name_char(scan->text.ptr[to])) {
        to++;
    }
    if (from > 0 && scan->text.ptr[from - 1] == '[') { /* "32m" before the name sets a colour */
        size_t coloured = from;
        while (coloured < at && text_colour_begin(scan->text, coloured) == coloured) {
            coloured++;
        }
        from = coloured < at ? coloured : from;
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
        name->slashes = quoting_slashes(name->slashes);
    }
}

static struct str name_str(const struct scan *scan, const struct name *name) {
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

/* The closing quote of a string that was opened with `slashes` backslashes before `quote`, as the
 * offset of its first backslash (or of the quote); the end of the line when it is not closed. A
 * quote with fewer backslashes closes a string further out, and ends this one too. */
static size_t string_end(const struct scan *scan, size_t at, char quote, size_t slashes) {
    size_t run = 0;

    for (size_t i = at; i < scan->text.len; i++) {
        char c = scan->text.ptr[i];

        if (scan_is_outer_quote(scan, i)) {
            return i;
        }
        if (c == quote && run % (slashes + 1) != slashes) {
            return i - run;
        }
        if (c == quote && run % (2 * (slashes + 1)) == slashes) {
            return i - slashes;
        }
        run = c == '\\' ? run + 1 : 0;
    }
    size_t end = scan->text.len;
    while (end > at && (scan->text.ptr[end - 1] == '\n' || scan->text.ptr[end - 1] == '\r')) {
        end--;
    }
    return end;
}

static enum span_style bare_style(const struct scan *scan, char quote, size_t slashes) {
    if (quote != '"' || slashes > 1) {
        return SPAN_PLAIN;
    }
    return slashes == 1 || scan->is_unescaped ? SPAN_ESCAPED : SPAN_QUOTED;
}

static bool is_bare_char(char c) {
    return is_alnum(c) || c == '.' || c == '+' || c == '-' || c == '*' || c == '_';
}

/* One leaf or key of a nested value at `at`; returns where it ends. */
static size_t nested_string(struct scan *scan, size_t at, size_t slashes) {
    char quote = char_at(scan, at);
    size_t end = string_end(scan, at + 1, quote, slashes);
    size_t after = end < scan->text.len ? skip_slashes(scan, end) + 1 : end;

    if (char_at(scan, skip_blanks(scan, after)) != ':') { /* a leaf */
        scan_add(scan, at + 1, end, "key", SPAN_PLAIN);
    }
    return after;
}

/* Whether the quote at `at` belongs to a string around the value. */
static bool is_foreign_quote(const struct scan *scan, size_t at, size_t slashes) {
    for (size_t i = 0; i < slashes; i++) {
        if (at <= i || scan->text.ptr[at - i - 1] != '\\') {
            return true;
        }
    }
    return scan_is_outer_quote(scan, at);
}

size_t value_nested(struct scan *scan, size_t at, int depth, size_t slashes) {
    scan_ask(scan);
    while (at < scan->text.len && depth > 0) {
        char c = scan->text.ptr[at];

        if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            depth--;
            at++;
        } else if (c == '"' && is_foreign_quote(scan, at, slashes)) {
            return at;
        } else if (c == '"') {
            at = nested_string(scan, at, slashes);
        } else if (is_bare_char(c)) {
            size_t to = at;
            while (is_bare_char(char_at(scan, to))) {
                to++;
            }
            if (!str_eq(str_slice(scan->text, at, to), STR("null"))) {
                scan_add(scan, at, to, "key", bare_style(scan, '"', slashes));
            }
            at = to;
        } else {
            at++;
        }
    }
    if (scan->carry != NULL && slashes == 0 && scan->carry->nest_depth < depth) {
        scan->carry->nest_depth = depth; /* the outermost secret decides */
    }
    return at;
}

static size_t value_add(struct scan *scan, const struct name *name, size_t from, size_t to,
                        enum span_style style) {
    struct str key = name_str(scan, name);
    struct str value = str_slice(scan->text, from, to);

    if (key_value_is_place(key, value)) {
        return from; /* rules look into it */
    }
    if (key_value_is_harmless(key, value)) { /* what a template names is nobody's name */
        return str_find(value, STR("{{")) >= 0 ? to : from;
    }
    scan_add(scan, from, to, name->kind, style);
    return to;
}

static size_t value_quoted(struct scan *scan, const struct name *name, size_t at, size_t slashes) {
    size_t end = string_end(scan, at + 1, scan->text.ptr[at], slashes);

    return value_add(scan, name, at + 1, end, SPAN_PLAIN);
}

static size_t line_end(const struct scan *scan, size_t at) {
    while (at < scan->text.len && scan->text.ptr[at] != '\n' && scan->text.ptr[at] != '\r' &&
           !scan_is_outer_quote(scan, at)) {
        at++;
    }
    while (at > 0 && is_blank(scan->text.ptr[at - 1])) {
        at--;
    }
    return at;
}

/* Whether nothing but blanks follows on the line. */
static bool is_line_over(const struct scan *scan, size_t at) {
    while (char_at(scan, at) == ' ' || char_at(scan, at) == '\t') {
        at++;
    }
    return at >= scan->text.len || scan->text.ptr[at] == '\n' || scan->text.ptr[at] == '\r' ||
           scan_is_outer_quote(scan, at);
}

/* Whether further assignments follow on the line: "token=x user=y". */
static bool has_more_pairs(const struct scan *scan, size_t from, size_t to) {
    for (size_t i = from; i + 1 < to; i++) {
        if (scan->text.ptr[i] == '=' && is_name_char(scan->text.ptr[i - 1]) && i > from) {
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
    static const struct str headers[] = {
        {"authorization", 13}, {"proxy-authorization", 19}, {"cookie", 6}, {"set-cookie", 10}};

    for (size_t i = 0; i < ARRAY_N(headers); i++) {
        if (name.len == headers[i].len && str_eq_nocase(name, headers[i])) {
            return true;
        }
    }
    return false;
}

/* The scheme of an Authorization header stays: it says what went wrong. */
static size_t skip_scheme(const struct scan *scan, size_t at) {
    static const char *const schemes[] = {"Bearer ", "Basic ", "Digest ", "Negotiate ", "token ",
                                          "bearer ", "basic ", "ApiKey ", "FlyV1 "};

    for (size_t i = 0; i < ARRAY_N(schemes); i++) {
        if (scan_has(scan, at, schemes[i])) {
            return skip_blanks(scan, at + strlen(schemes[i]));
        }
    }
    return at;
}

/* \n in a text that is quoted further out ends a word as a line end does. */
static bool is_blank_escape(const struct scan *scan, size_t at) {
    char next = char_at(scan, at + 1);

    return scan->text.ptr[at] == '\\' && (next == 'n' || next == 'r' || next == 't');
}

/* The backslashes of a quote at `to` are not the value's. */
static size_t before_slashes(const struct scan *scan, size_t from, size_t to) {
    if (!is_quote(char_at(scan, to))) {
        return to;
    }
    while (to > from && scan->text.ptr[to - 1] == '\\') {
        to--;
    }
    return to;
}

/* A word, without the punctuation of the sentence or list it stands in. */
static size_t word_end(const struct scan *scan, const struct name *name, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to]) &&
           !is_blank_escape(scan, to) && !(name->is_query && is_any(scan->text.ptr[to], "&#")) &&
           !(name->is_element && scan->text.ptr[to] == '<')) {
        to++;
    }
    to = before_slashes(scan, from, to);
    while (to > from + 1 && is_any(scan->text.ptr[to - 1], ",;)]}")) {
        to--;
    }
    return to;
}

/* "key: |" and "key:" with the value on deeper lines. */
static void value_below(struct scan *scan, const struct name *name, bool is_text) {
    size_t from = line_begin(scan, name->from);
    int indent = 0;

    while (char_at(scan, from + (size_t)indent) == ' ' ||
           (char_at(scan, from + (size_t)indent) == '-' &&
            char_at(scan, from + (size_t)indent + 1) == ' ')) {
        indent++;
    }
    scan_ask(scan);
    if (scan->carry != NULL && scan->carry->yaml_indent < 0) {
        scan->carry->yaml_indent = indent;
        scan->carry->is_yaml_text = is_text;
    }
}

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

/* getToken(...): code, not a value. */
static bool is_call(const struct scan *scan, size_t from) {
    size_t at = from;

    while (at - from < NAME_MAX && (is_name_char(char_at(scan, at)) && char_at(scan, at) != '-')) {
        at++;
    }
    return at > from && is_letter(scan->text.ptr[from]) && char_at(scan, at) == '(';
}

/* The first character that JSON lets follow a number or a word. */
static size_t bare_end(const struct scan *scan, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], ",}]\"'\\")) {
        to++;
    }
    return to;
}

/* After "key": what JSON lets stand there, or the rest of the line where it is not JSON. */
static size_t value_after_quoted(struct scan *scan, const struct name *name, size_t at) {
    size_t to = bare_end(scan, at);
    char next = char_at(scan, skip_blanks(scan, to));

    if (next != '\0' && !is_any(next, ",}]\"'\\\r\n")) {
        return value_add(scan, name, at, line_end(scan, to), SPAN_PLAIN);
    }
    return value_add(scan, name, at, to, bare_style(scan, name->quote, name->slashes));
}

static size_t value_header(struct scan *scan, const struct name *name, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_any(scan->text.ptr[to], "\"'\r\n") &&
           !is_blank_escape(scan, to)) {
        to++;
    }
    return value_add(scan, name, from, before_slashes(scan, from, to), SPAN_PLAIN);
}

/* After a name that begins its line. */
static size_t value_line(struct scan *scan, const struct name *name, size_t from, char separator) {
    size_t to = line_end(scan, from);

    if (separator == ':' && (to <= from || is_block_mark(str_slice(scan->text, from, to)))) {
        value_below(scan, name, to > from);
        return to > from ? to : from;
    }
    if (has_more_pairs(scan, from, to)) {
        to = word_end(scan, name, from);
    }
    return value_add(scan, name, from, to, SPAN_PLAIN);
}

static size_t value_bare(struct scan *scan, const struct name *name, size_t at, char separator) {
    if (name->quote != '\0' && separator == ':') {
        return value_after_quoted(scan, name, at);
    }
    size_t from = skip_scheme(scan, at);
    if (is_header(name_str(scan, name))) {
        return value_header(scan, name, from);
    }
    if (is_call(scan, from)) {
        return 0;
    }
    if (name->is_element && is_line_over(scan, from)) {
        value_below(scan, name, true);
        return from;
    }
    if (name->is_line_start) {
        return value_line(scan, name, from, separator);
    }
    return value_add(scan, name, from, word_end(scan, name, from), SPAN_PLAIN);
}

/* Where the string after the one at `at` and a comma begins, or 0. */
static size_t next_string(const struct scan *scan, size_t at) {
    size_t slashes = skip_slashes(scan, at) - at;
    char quote = char_at(scan, at + slashes);

    if (!is_quote(quote)) {
        return 0;
    }
    size_t end = string_end(scan, at + slashes + 1, quote, quoting_slashes(slashes));
    size_t comma = skip_blanks(scan, skip_slashes(scan, end) + 1);
    size_t next = skip_blanks(scan, comma + 1);
    return char_at(scan, comma) == ',' && is_quote(char_at(scan, skip_slashes(scan, next))) ? next
                                                                                            : 0;
}

/* Whether a name ends with a word for a user with a password. */
static bool is_pair_name(struct str name) {
    static const struct str endings[] = {
        {"auth", 4}, {"credential", 10}, {"credentials", 11}, {"creds", 5}, {"authentication", 14}};

    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        size_t n = endings[i].len;
        if (name.len >= n && str_eq_nocase(str_slice(name, name.len - n, name.len), endings[i])) {
            return true;
        }
    }
    return false;
}

/* The strings of a list from the one at `at` on. */
static size_t value_strings(struct scan *scan, const struct name *name, size_t at) {
    size_t to = at;

    while (at > 0) {
        size_t quote = skip_slashes(scan, at);
        to = value_quoted(scan, name, quote, quoting_slashes(quote - at));
        at = next_string(scan, at);
    }
    return to;
}

/* ("user", "VALUE") and ("VALUE"), whose first string begins at `at`. */
static size_t value_tuple(struct scan *scan, const struct name *name, size_t at) {
    size_t second = is_pair_name(name_str(scan, name)) ? next_string(scan, at) : 0;

    size_t quote = skip_slashes(scan, at);

    return second > 0 ? value_strings(scan, name, second)
                      : value_quoted(scan, name, quote, quoting_slashes(quote - at));
}

/* What follows a quote as HTML writes it at `at`; 0 when there is none. */
static size_t after_entity(const struct scan *scan, size_t at) {
    static const char *const quotes[] = {"&quot;", "&#34;", "&#39;", "&apos;"};

    for (size_t i = 0; i < ARRAY_N(quotes); i++) {
        if (scan_has(scan, at, quotes[i])) {
            return at + strlen(quotes[i]);
        }
    }
    return 0;
}

/* Whether the quote at `quote`, behind a name and its separator, closes a string that they end,
 * as in {"label": "Password:", "n": 1}: one that was opened where JSON opens one, and that JSON
 * goes on behind. */
static bool closes_string(const struct scan *scan, const struct name *name, size_t quote) {
    size_t next = skip_blanks(scan, quote + 1);
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

/* The value that begins at `at`, after the separator. */
static size_t value_read(struct scan *scan, const struct name *name, size_t at, char separator) {
    size_t from = at;
    size_t quote = skip_slashes(scan, from);

    if (is_letter(char_at(scan, from)) && is_quote(char_at(scan, from + 1))) {
        quote = from + 1; /* b"...", f"..." */
    }
    if (is_quote(char_at(scan, quote))) {
        size_t slashes = quote - from - (quote > from && is_letter(char_at(scan, from)) ? 1 : 0);
        if (closes_string(scan, name, quote)) {
            return 0;
        }
        return value_quoted(scan, name, quote, quoting_slashes(slashes));
    }
    size_t entity = after_entity(scan, from);
    if (entity > 0) {
        size_t to = entity;
        while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
               !is_any(scan->text.ptr[to], "&<")) {
            to++;
        }
        return value_add(scan, name, entity, to, SPAN_PLAIN);
    }
    char c = char_at(scan, from);
    if (c == '(' && is_quote(char_at(scan, skip_slashes(scan, skip_blanks(scan, from + 1))))) {
        return value_tuple(scan, name, skip_blanks(scan, from + 1));
    }
    if (c == '{' || c == '[') {
        return name->quote == '"' && separator == ':'
                   ? value_nested(scan, from + 1, 1, name->slashes)
                   : 0;
    }
    return value_bare(scan, name, from, separator);
}

/* "  password VALUE", alone on its line, with a digit: of .netrc. */
static bool is_netrc_line(const struct scan *scan, const struct name *name) {
    size_t from = skip_blanks(scan, name->to);
    size_t to = from;
    bool has_digit = false;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to])) {
        has_digit = has_digit || is_digit(scan->text.ptr[to]);
        to++;
    }
    return has_digit && name_begins_line(scan, name->from) &&
           str_trim(str_slice(scan->text, to, line_end(scan, to))).len == 0;
}

/* What stands before a name and makes the next word its value: "configure set NAME VALUE". */
static bool has_blank_separator(struct scan *scan, const struct name *name) {
    struct str lead = str_slice(scan->text, name->from > 16 ? name->from - 16 : 0, name->from);
    bool is_set = lead.len > 4 && memcmp(lead.ptr + lead.len - 4, "set ", 4) == 0;

    if (scan->text.ptr[name->from] == '-') {
        return name->to - name->from > 2; /* --db-password VALUE */
    }
    if (is_set && (str_ends(lead, STR("configure set ")) || str_ends(lead, STR("config set ")))) {
        return true;
    }
    if (str_ends(lead, STR("git config ")) || str_ends(lead, STR("define "))) {
        return true;
    }
    if (!str_eq(name_str(scan, name), STR("password"))) {
        return false;
    }
    ptrdiff_t login = scan_find_next(scan, &scan->login, line_begin(scan, name->from), "login ");
    return (login >= 0 && (size_t)login + 6 <= name->from) || is_netrc_line(scan, name);
}

/* Over what sets a terminal's colour at `at`. */
static size_t skip_colours(const struct scan *scan, size_t at) {
    while (char_at(scan, at) == '\x1b' && char_at(scan, at + 1) == '[') {
        size_t to = at + 2;
        while (is_digit(char_at(scan, to)) || char_at(scan, to) == ';') {
            to++;
        }
        if (!is_letter(char_at(scan, to))) {
            return at;
        }
        at = to + 1;
    }
    return at;
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
    size_t colon = skip_blanks(scan, quote + 1);
    size_t value = skip_slashes(scan, skip_blanks(scan, colon + 1));
    if (from == name->from || open != char_at(scan, quote) || char_at(scan, colon) != ':' ||
        !is_quote(char_at(scan, value))) {
        return false;
    }
    size_t end = value + 1;
    while (end < scan->text.len && !is_blank(scan->text.ptr[end]) &&
           !is_quote(scan->text.ptr[end])) {
        end++;
    }
    return is_quote(char_at(scan, end)); /* prose is said of one */
}

/* Where the separator may stand: after the name, or after the quote that closes it. A quote that is
 * not closed there opens more than the name: "X-Api-Key: value". */
static size_t name_close(const struct scan *scan, struct name *name) {
    size_t quote = skip_slashes(scan, name->to);

    if (name->quote == '\0' && is_quote(char_at(scan, quote)) && is_last_word(scan, name, quote)) {
        name->quote = char_at(scan, quote);
        name->slashes = quoting_slashes(quote - name->to);
        return quote + 1;
    }
    bool is_closed = name->quote != '\0' && char_at(scan, quote) == name->quote &&
                     scan_is_plain(scan, quote) == scan_is_plain(scan, name->from - 1) &&
                     (quote == name->to) == (name->slashes == 0);
    if (!is_closed) {
        name->quote = '\0';
        return skip_colours(scan, name->to);
    }
    return quote + (char_at(scan, quote + 1) == ']' ? 2 : 1); /* environ["KEY"] = */
}

/* "auth.internal:8080", "token.rs:12" and "/app/API_TOKEN:1" are places. */
static bool is_place(const struct scan *scan, const struct name *name, char next) {
    bool is_path = name->from > 0 && scan->text.ptr[name->from - 1] == '/';

    return name->quote == '\0' && is_digit(next) &&
           (is_path || str_find(name_str(scan, name), STR(".")) >= 0);
}

/* Where the value begins after = or =>, or 0. */
static size_t after_equals(const struct scan *scan, size_t sign) {
    char next = char_at(scan, sign + 1);

    if (char_at(scan, sign) != '=' || next == '=' || next == '~') {
        return 0;
    }
    return skip_blanks(scan, sign + (next == '>' ? 2 : 1));
}

static size_t after_colon(const struct scan *scan, const struct name *name, size_t sign) {
    char next = char_at(scan, sign + 1);

    if (char_at(scan, sign) != ':' || next == ':' || is_place(scan, name, next)) {
        return 0;
    }
    return skip_blanks(scan, sign + 1);
}

/* The = of an operator such as := ::= ?= ||= += .= at `at`; 0 when there is none. */
static size_t compound_equals(const struct scan *scan, size_t at) {
    size_t sign = at;

    while (sign - at < OPERATOR_MAX && char_at(scan, sign) != '\0' &&
           is_any(char_at(scan, sign), ":?|.+")) {
        sign++;
    }
    return sign > at && char_at(scan, sign) == '=' ? sign : 0;
}

/* "string = " in "token string = ..." and "token: str = ...": where the value's quote stands; 0
 * when `at` is not at a type. */
static size_t after_type(const struct scan *scan, size_t at) {
    size_t to = at;

    while (to - at < TYPE_MAX && (is_name_char(char_at(scan, to)) ||
                                  (to > at && is_any(char_at(scan, to), "<>[]|?&*")))) {
        to++;
    }
    size_t sign = skip_blanks(scan, to);
    if (to == at || char_at(scan, sign) != '=') {
        return 0;
    }
    size_t value = skip_blanks(scan, sign + 1);
    return is_quote(char_at(scan, skip_slashes(scan, value))) ? value : 0;
}

/* Whether a quoted word stands at `at` that nobody writes in a sentence: long, with a digit. */
static bool is_quoted_token(const struct scan *scan, size_t at) {
    size_t from = skip_slashes(scan, at) + 1;
    size_t to = from;
    bool has_digit = false;

    if (!is_quote(char_at(scan, from - 1))) {
        return false;
    }
    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to])) {
        has_digit = has_digit || is_digit(scan->text.ptr[to]);
        to++;
    }
    return has_digit && to - from >= QUOTED_MIN && is_quote(char_at(scan, to));
}

/* Whether a name ends with a word that stands for nothing but what one types in. */
static bool is_password_name(const struct scan *scan, const struct name *name) {
    static const struct str secret = {"secret", 6};
    struct str key = name_str(scan, name);

    return phrase_is_name(key) ||
           (key.len >= secret.len &&
            str_eq_nocase(str_slice(key, key.len - secret.len, key.len), secret));
}

/* Whether a quoted word stands at `at` that a password is compared with: no name of a type. */
static bool is_literal(const struct scan *scan, size_t at) {
    static const struct str types[] = {{"string", 6},   {"undefined", 9}, {"number", 6},
                                       {"object", 6},   {"boolean", 7},   {"function", 8},
                                       {"password", 8}, {"required", 8}};
    size_t from = skip_slashes(scan, at) + 1;
    size_t to = from;

    if (!is_quote(char_at(scan, from - 1))) {
        return false;
    }
    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to])) {
        to++;
    }
    struct str word = str_slice(scan->text, from, before_slashes(scan, from, to));
    for (size_t i = 0; i < ARRAY_N(types); i++) {
        if (str_eq(word, types[i])) {
            return false;
        }
    }
    return word.len >= LITERAL_MIN && word.ptr[0] != '$' && is_quote(char_at(scan, to));
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

/* The value after set("NAME", or define('NAME', or in setopt(h, OPT_PASSWORD, as the place of its
 * quote; 0 when it is none. */
static size_t after_comma(const struct scan *scan, const struct name *name, size_t sign) {
    size_t before = name->from - (name->quote != '\0' ? 1 + name->slashes : 0);
    size_t value = skip_blanks(scan, sign + 1);

    while (before > 0 && scan->text.ptr[before - 1] == ' ') {
        before--;
    }
    char opening = before > 0 ? scan->text.ptr[before - 1] : '\0';
    if (!is_quote(char_at(scan, skip_slashes(scan, value)))) {
        return 0;
    }
    if (name->quote != '\0' && opening == '(') {
        return value;
    }
    size_t last = before > 1 ? before - 1 : 0; /* what stands before the comma */
    bool is_argument = opening == ',' && !is_quote(scan->text.ptr[last > 0 ? last - 1 : 0]);
    bool is_value =
        is_quoted_token(scan, value) || (is_password_name(scan, name) && is_literal(scan, value));
    bool is_named = name->quote != '\0'
                        ? is_argument
                        : (is_argument || opening == '(') && is_constant(name_str(scan, name));
    return is_named && is_value ? value : 0;
}

/* Where the literal begins after == === != !==, or 0. */
static size_t after_comparison(const struct scan *scan, const struct name *name, size_t sign) {
    if (!is_any(char_at(scan, sign), "=!") || char_at(scan, sign + 1) != '=') {
        return 0;
    }
    size_t value = skip_blanks(scan, sign + (char_at(scan, sign + 2) == '=' ? 3 : 2));
    size_t text = skip_slashes(scan, value) + 1;
    if (scan_has(scan, text, "http://") || scan_has(scan, text, "https://")) {
        return 0; /* a password in it is another rule's */
    }
    bool is_value =
        is_quoted_token(scan, value) || (is_password_name(scan, name) && is_literal(scan, value));
    return is_value ? value : 0;
}

/* Whether a name says that something is asked, not given: getPassword("db"). */
static bool is_asking(struct str name) {
    static const char *const begins[] = {"get",  "find", "fetch",  "load", "read",
                                         "look", "ask",  "prompt", "input"};
    const char *dot = memrchr(name.ptr, '.', name.len);
    struct str last = dot == NULL ? name : str_slice(name, (size_t)(dot + 1 - name.ptr), name.len);

    for (size_t i = 0; i < ARRAY_N(begins); i++) {
        size_t n = strlen(begins[i]);
        if (last.len >= n && str_eq_nocase(str_slice(last, 0, n), str_from(begins[i]))) {
            return true;
        }
    }
    return false;
}

/* The string that is the value in setPassword("VALUE") and BasicAuth("user", "VALUE"), which opens
 * at `sign`; 0 when there is none. */
static size_t after_call(const struct scan *scan, const struct name *name, size_t sign) {
    size_t first = skip_blanks(scan, sign + 1);
    struct str key = name_str(scan, name);

    if (is_pair_name(key)) {
        return next_string(scan, first);
    }
    return phrase_is_name(key) && !is_asking(key) && is_literal(scan, first) ? first : 0;
}

/* Whether a string is all that follows on the line of a name at its begin: of Gradle. */
static bool is_only_argument(const struct scan *scan, const struct name *name, size_t at) {
    char quote = char_at(scan, at);

    if (!is_any(quote, "'\"") || scan_is_outer_quote(scan, at) || !is_password_name(scan, name) ||
        !name_begins_line(scan, name->from)) {
        return false;
    }
    size_t end = string_end(scan, at + 1, quote, 0);
    return char_at(scan, end) == quote && is_line_over(scan, end + 1);
}

/* The string that stands in when nothing is set: getenv("NAME") or "VALUE", env.NAME || "VALUE"; 0
 * when there is none. `at`: after the name. */
static size_t after_default(const struct scan *scan, const struct name *name, size_t at) {
    static const char *const signs[] = {"||", "??", "or "};

    at = skip_blanks(scan, at + (char_at(scan, at) == ')' && name->quote != '\0' ? 1 : 0));
    for (size_t i = 0; i < ARRAY_N(signs); i++) {
        if (scan_has(scan, at, signs[i])) {
            size_t value = skip_blanks(scan, at + strlen(signs[i]));
            bool is_value = is_quoted_token(scan, value) ||
                            (is_password_name(scan, name) && is_literal(scan, value));
            return is_value ? value : 0;
        }
    }
    return 0;
}

/* Where the value begins of a name that is closed before `at`, with the separator; 0 when this is
 * no name of a value. */
static size_t separator_read(struct scan *scan, struct name *name, size_t at, char *separator) {
    size_t sign = skip_blanks(scan, at);
    size_t compound = compound_equals(scan, sign);
    char c = compound > 0 ? '=' : char_at(scan, sign);

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
    if (c == ':') {
        size_t value = after_colon(scan, name, sign);
        size_t typed = value > 0 && name->quote == '\0' ? after_type(scan, value) : 0;
        *separator = typed > 0 ? '=' : c;
        return typed > 0 ? typed : value;
    }
    if (name->quote != '\0' && scan_has(scan, sign, "value=") &&
        is_quote(char_at(scan, skip_slashes(scan, sign + 6)))) {
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
    if (c == '>' && sign == at && name->from > 0 && scan->text.ptr[name->from - 1] == '<') {
        name->is_element = true;
        return sign + 1;
    }
    size_t typed = sign > at && name->quote == '\0' ? after_type(scan, sign) : 0;
    if (typed > 0) {
        *separator = '=';
        return typed;
    }
    *separator = ' ';
    if (sign > at && name->quote == '\0' &&
        (is_quoted_token(scan, sign) || is_only_argument(scan, name, sign))) {
        return sign;
    }
    return sign > at && name->quote == '\0' && has_blank_separator(scan, name) ? sign : 0;
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

static bool name_is_secret(struct scan *scan, const struct name *name) {
    struct str key = name_str(scan, name);

    while (key.len > 0 && is_any(key.ptr[0], "-.")) {
        key = str_slice(key, 1, key.len); /* --password */
    }
    bool is_named = (name->is_query && str_eq_nocase(key, STR("key"))) || is_secret_name(scan, key);
    return is_named && (name->quote != '\0' || !is_file_name(key));
}

/* "the password is VALUE" */
static size_t match_phrase(struct scan *scan, const struct name *name) {
    bool is_whole = false;

    if (char_at(scan, name->to) != ' ' || !phrase_is_name(name_str(scan, name))) {
        return 0;
    }
    struct str value = phrase_value(scan->text, name->to, &is_whole);
    if (value.len == 0) {
        return 0;
    }
    size_t from = (size_t)(value.ptr - scan->text.ptr);
    scan_add(scan, from, from + value.len, name->kind, SPAN_PLAIN);
    scan->found_from = from;
    return from + value.len;
}

/* What a name that is closed before `after` says of what follows. */
static size_t match_value(struct scan *scan, struct name *name, size_t after) {
    char separator = '\0';
    size_t value = separator_read(scan, name, after, &separator);

    if (value == 0) {
        return match_phrase(scan, name);
    }
    bool is_raws = scan->map != NULL && name->quote != '\0' && scan_is_plain(scan, name->from - 1);
    if (is_raws || !name_is_secret(scan, name)) {
        return 0; /* a key of the outer JSON is judged in the text as it stands */
    }
    name->is_line_start = name->quote == '\0' && name_begins_line(scan, name->from);
    scan->found_from = value; /* the name itself is looked into by others */
    if (separator == '(') {
        return value_strings(scan, name, value);
    }
    return value_read(scan, name, value, separator);
}

/* A name is judged once, whichever of its words was found first. */
size_t match_key(struct scan *scan, const struct rule *rule, size_t at) {
    struct name name;

    if (at < scan->key_end) {
        return 0;
    }
    name_read(scan, rule, at, &name);
    scan->key_end = name.to;
    size_t after = name_close(scan, &name);
    bool is_string = name.quote == '"';
    struct within whole = is_string && name.slashes == 0 && scan_is_plain(scan, name.from - 1)
                              ? scan_all(scan)
                              : scan_narrow(scan, at, is_string);
    size_t to = match_value(scan, &name, after);
    scan_widen(scan, whole);
    return to;
}

/* smtp.login("user", "VALUE") */
size_t match_login(struct scan *scan, const struct rule *rule, size_t at) {
    const struct name name = {.from = at, .to = at, .kind = rule->kind};
    size_t value = next_string(scan, skip_blanks(scan, at + strlen(rule->anchor)));

    scan->found_from = value;
    return value_strings(scan, &name, value);
}
