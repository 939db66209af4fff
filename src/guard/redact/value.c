/* guard/redact/value.c: how far the value after the name of a secret goes.
 *
 * A value in quotes ends at the quote, however deep it is escaped, so that JSON stays JSON. One
 * without ends at a blank or a quote, or with its line where the name began the line. */
#include "guard/redact/key.h"
#include "guard/redact/name.h"
#include "guard/redact/phrase.h"

#include <string.h>

enum { STRING_MAX = 4096 }; /* between the begin of a string and a name at its end */

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
    char quote = scan_char(scan, at);
    size_t end = scan_string_end(scan, at + 1, quote, slashes);
    size_t after = end < scan->text.len ? scan_skip_slashes(scan, end) + 1 : end;

    if (scan_char(scan, scan_skip_blanks(scan, after)) != ':') { /* a leaf */
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
            while (is_bare_char(scan_char(scan, to))) {
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
    size_t end = scan_string_end(scan, at + 1, scan->text.ptr[at], slashes);

    return value_add(scan, name, at + 1, end, SPAN_PLAIN);
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
            return scan_skip_blanks(scan, at + strlen(schemes[i]));
        }
    }
    return at;
}

/* \n in a text that is quoted further out ends a word as a line end does. */
static bool is_blank_escape(const struct scan *scan, size_t at) {
    char next = scan_char(scan, at + 1);

    return scan->text.ptr[at] == '\\' && (next == 'n' || next == 'r' || next == 't');
}

/* A word, without the punctuation of the sentence or list it stands in. */
static size_t word_end(const struct scan *scan, const struct name *name, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to]) &&
           !is_blank_escape(scan, to) && !(name->is_query && is_any(scan->text.ptr[to], "&#")) &&
           !(name->is_element && scan->text.ptr[to] == '<')) {
        to++;
    }
    to = scan_before_slashes(scan, from, to);
    while (to > from + 1 && is_any(scan->text.ptr[to - 1], ",;)]}")) {
        to--;
    }
    return to;
}

/* "key: |" and "key:" with the value on deeper lines. */
static void value_below(struct scan *scan, const struct name *name, bool is_text) {
    size_t from = scan_line_begin(scan, name->from);
    int indent = 0;

    while (scan_char(scan, from + (size_t)indent) == ' ' ||
           (scan_char(scan, from + (size_t)indent) == '-' &&
            scan_char(scan, from + (size_t)indent + 1) == ' ')) {
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

    while (at - from < NAME_MAX &&
           (is_name_char(scan_char(scan, at)) && scan_char(scan, at) != '-')) {
        at++;
    }
    return at > from && is_letter(scan->text.ptr[from]) && scan_char(scan, at) == '(';
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
    char next = scan_char(scan, scan_skip_blanks(scan, to));

    if (next != '\0' && !is_any(next, ",}]\"'\\\r\n")) {
        return value_add(scan, name, at, scan_line_end(scan, to), SPAN_PLAIN);
    }
    return value_add(scan, name, at, to, bare_style(scan, name->quote, name->slashes));
}

static size_t value_header(struct scan *scan, const struct name *name, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_any(scan->text.ptr[to], "\"'\r\n") &&
           !is_blank_escape(scan, to)) {
        to++;
    }
    return value_add(scan, name, from, scan_before_slashes(scan, from, to), SPAN_PLAIN);
}

/* After a name that begins its line. */
static size_t value_line(struct scan *scan, const struct name *name, size_t from, char separator) {
    size_t to = scan_line_end(scan, from);

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
    if (name->is_element && scan_is_line_over(scan, from)) {
        value_below(scan, name, true);
        return from;
    }
    if (name->is_line_start) {
        return value_line(scan, name, from, separator);
    }
    return value_add(scan, name, from, word_end(scan, name, from), SPAN_PLAIN);
}

/* The strings of a list from the one at `at` on. */
static size_t value_strings(struct scan *scan, const struct name *name, size_t at) {
    size_t to = at;

    while (at > 0) {
        size_t quote = scan_skip_slashes(scan, at);
        to = value_quoted(scan, name, quote, scan_quoting_slashes(quote - at));
        at = scan_next_string(scan, at);
    }
    return to;
}

/* ("user", "VALUE") and ("VALUE"), whose first string begins at `at`. */
static size_t value_tuple(struct scan *scan, const struct name *name, size_t at) {
    size_t second = name_is_pair(name_str(scan, name)) ? scan_next_string(scan, at) : 0;

    size_t quote = scan_skip_slashes(scan, at);

    return second > 0 ? value_strings(scan, name, second)
                      : value_quoted(scan, name, quote, scan_quoting_slashes(quote - at));
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

/* The value that begins at `at`, after the separator. */
static size_t value_read(struct scan *scan, const struct name *name, size_t at, char separator) {
    size_t from = at;
    size_t quote = scan_skip_slashes(scan, from);

    if (is_letter(scan_char(scan, from)) && is_quote(scan_char(scan, from + 1))) {
        quote = from + 1; /* b"...", f"..." */
    }
    if (is_quote(scan_char(scan, quote))) {
        size_t slashes = quote - from - (quote > from && is_letter(scan_char(scan, from)) ? 1 : 0);
        if (closes_string(scan, name, quote)) {
            return 0;
        }
        return value_quoted(scan, name, quote, scan_quoting_slashes(slashes));
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
    char c = scan_char(scan, from);
    if (c == '(' &&
        is_quote(scan_char(scan, scan_skip_slashes(scan, scan_skip_blanks(scan, from + 1))))) {
        return value_tuple(scan, name, scan_skip_blanks(scan, from + 1));
    }
    if (c == '{' || c == '[') {
        return name->quote == '"' && separator == ':'
                   ? value_nested(scan, from + 1, 1, name->slashes)
                   : 0;
    }
    return value_bare(scan, name, from, separator);
}

/* "the password is VALUE" */
static size_t match_phrase(struct scan *scan, const struct name *name) {
    bool is_whole = false;

    if (scan_char(scan, name->to) != ' ' || !phrase_is_name(name_str(scan, name))) {
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
    size_t value = name_value(scan, name, after, &separator);

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
    size_t value = scan_next_string(scan, scan_skip_blanks(scan, at + strlen(rule->anchor)));

    scan->found_from = value;
    return value_strings(scan, &name, value);
}
