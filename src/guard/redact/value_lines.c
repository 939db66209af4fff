/* guard/redact/value_lines.c: values of more than a string or a line: what stands in brackets, and
 * on the lines below the name of a secret. */
#include "guard/redact/generic.h"
#include "guard/redact/key.h"
#include "guard/redact/lead.h"
#include "guard/redact/reference.h"
#include "guard/redact/member.h"
#include "guard/redact/value.h"
#include "guard/redact/word.h"

enum { MAP_MAX = 64, TOKEN_MIN = 16 };

static bool is_bare_char(char c) {
    return is_alnum(c) || c == '.' || c == '+' || c == '-' || c == '*' || c == '_';
}

/* One leaf or key of a nested value at `at`; returns where it ends. `*key`: the key before a leaf,
 * none in a list. */
static size_t nested_string(struct scan *scan, size_t at, size_t slashes, struct str *key) {
    char quote = scan_char(scan, at);
    size_t end = scan_string_end(scan, at + 1, quote, slashes);
    size_t after = end < scan->text.len ? scan_skip_slashes(scan, end) + 1 : end;

    struct str string = str_slice(scan->text, at + 1, end);
    bool is_key = scan_char(scan, scan_skip_blanks(scan, after)) == ':';
    if (!is_key && !reference_is_told(*key, string) && !reference_is_message(string)) {
        scan_add(scan, at + 1, end, "key", SPAN_PLAIN);
    }
    *key = is_key ? string : (struct str){0};
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

/* The rest of a value whose brackets are open `depth` deep. */
static size_t nested_read(struct scan *scan, size_t at, int depth, size_t slashes) {
    struct str key = {0};

    scan_ask(scan);
    while (at < scan->text.len && depth > 0) {
        char c = scan->text.ptr[at];

        if (c == '\x1b' && lead_colour_end(scan->text, at) > at) {
            at = lead_colour_end(scan->text, at);
        } else if (c == '{' || c == '[') {
            key = (struct str){0};
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            depth--;
            at++;
        } else if (c == '"' && is_foreign_quote(scan, at, slashes)) {
            return at;
        } else if (c == '"') {
            at = nested_string(scan, at, slashes, &key);
        } else if (c == '\\') { /* \n between the values of JSON in a string */
            at = scan_skip_slashes(scan, at);
            at += is_any(scan_char(scan, at), "nrt") ? 1 : 0;
        } else if (is_bare_char(c)) {
            size_t to = at;
            while (is_bare_char(scan_char(scan, to))) {
                to++;
            }
            struct str word = str_slice(scan->text, at, to);
            if (!str_eq(word, STR("null")) && !reference_is_told(key, word)) {
                scan_add(scan, at, to, "key", value_bare_style(scan, '"', slashes));
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

size_t value_nested(struct scan *scan, size_t at, int depth, size_t slashes) {
    size_t to = nested_read(scan, at, depth, slashes);

    budget_take(scan->budget, (to - at) * BUDGET_WALK_BYTE);
    return to;
}

/* Words of a map of secrets that say where one is, or what is done with it. */
static bool is_structure(struct str name) {
    static const struct str words[] = {W("file"),   W("external"), W("required"), W("description"),
                                       W("name"),   W("source"),   W("target"),   W("environment"),
                                       W("driver"), W("labels"),   W("type"),     W("path"),
                                       W("key"),    W("from"),     W("ref"),      W("enabled")};

    return word_is_one_of(name, words, ARRAY_N(words));
}

/* Whether a value below "secrets" is one: no reference, path, or word of what is none. */
static bool is_one_of_secrets(struct str name, struct str value) {
    return value.len > 3 && !is_structure(name) && !is_any(value.ptr[0], "./{[&*!|>$") &&
           !key_value_is_harmless(name, value) && str_find(value, STR("://")) < 0 &&
           str_find(value, STR("${")) < 0;
}

/* Whether it may be a token: long, with a digit, and no blank, reference or path. */
static bool is_token(struct str value) {
    bool has_digit = false;

    for (size_t i = 0; i < value.len; i++) {
        if (is_blank(value.ptr[i])) {
            return false;
        }
        has_digit = has_digit || is_digit(value.ptr[i]);
    }
    has_digit = has_digit || 4 * word_case_changes(value) >= value.len; /* or is mixed */
    return has_digit && value.len >= TOKEN_MIN && is_one_of_secrets((struct str){0}, value);
}

/* [from, to) without quotes around it. */
static void unquote(const struct scan *scan, size_t *from, size_t *to) {
    if (*to - *from > 1 && is_quote(scan->text.ptr[*from]) &&
        scan->text.ptr[*to - 1] == scan->text.ptr[*from]) {
        (*from)++;
        (*to)--;
    }
}

/* What of a line below a secret's name is its value: of a block of text all of it, of a map or a
 * list what stands after the name. */
static void yaml_add(struct scan *scan, enum below below, size_t from, size_t to) {
    ptrdiff_t colon = below == BELOW_TEXT ? -1 : scan_find(scan, from, to, ": ");
    size_t value = colon < 0 ? from : scan_skip_blanks(scan, (size_t)colon + 1);

    while (to > from && is_blank(scan->text.ptr[to - 1])) {
        to--;
    }
    if (below == BELOW_NAMED) {
        struct str name = str_slice(scan->text, from, colon < 0 ? from : (size_t)colon);
        unquote(scan, &value, &to);
        struct str said = str_slice(scan->text, value, to); /* an item may name one */
        if (colon >= 0 ? is_one_of_secrets(name, said) : value_is_opaque(said, 0, false)) {
            scan_add(scan, value, to, "key", SPAN_PLAIN);
        }
        return;
    }
    if (below == BELOW_ITEMS) {
        unquote(scan, &value, &to);
        if (colon < 0 && is_token(str_slice(scan->text, value, to))) {
            scan_add(scan, value, to, "key", SPAN_PLAIN);
        }
        return;
    }
    if (below == BELOW_LEAVES && colon >= 0) {
        size_t begin = value;
        size_t end = to;
        unquote(scan, &begin, &end);
        if (reference_is_told(str_slice(scan->text, from, (size_t)colon),
                              str_slice(scan->text, begin, end))) {
            return;
        }
    }
    bool is_name_only =
        below != BELOW_TEXT && colon < 0 && to > from && scan->text.ptr[to - 1] == ':';
    if (!is_name_only) {
        scan_add(scan, value, to, "key", SPAN_PLAIN);
    }
}

/* A line of a text in three quotes, up to them. */
static bool quoted_line(struct scan *scan, size_t from, size_t to) {
    size_t at = from;

    while (at < to && value_triple_end(scan, at) == at) {
        at++;
    }
    bool is_end = at < to;
    to = scan_before_slashes(scan, from, at);
    while (to > from && is_blank(scan->text.ptr[to - 1])) {
        to--;
    }
    scan_add(scan, from, to, "key", SPAN_PLAIN);
    return !is_end && to > from;
}

/* Over the blanks at `at` and colours between them; `*indent`: how many blanks. */
static size_t skip_indent(const struct scan *scan, size_t at, int *indent) {
    *indent = 0;
    for (size_t colour = lead_colour_end(scan->text, at);
         scan_char(scan, at) == ' ' || colour > at;) {
        *indent += colour > at ? 0 : 1;
        at = colour > at ? colour : at + 1;
        colour = is_any(scan_char(scan, at), "\x1b\\") ? lead_colour_end(scan->text, at) : at;
    }
    return at;
}

bool value_yaml_line(struct scan *scan, size_t from, size_t to, int indent, enum below below) {
    size_t begin = from + lead_len(str_slice(scan->text, from, to));
    int deep = 0;

    if (below == BELOW_QUOTED) {
        return quoted_line(scan, begin, to);
    }
    if (str_trim(str_slice(scan->text, begin, to)).len == 0) {
        return true;
    }
    size_t at = skip_indent(scan, begin, &deep);
    bool is_item = below != BELOW_TEXT && scan_has(scan, at, "- ");
    if (deep + is_item <= indent) {
        return false;
    }
    yaml_add(scan, below, at + (is_item ? 2 : 0), to);
    return true;
}

/* Whether the string of JSON around the name is a line, with its line break, in a JSON of its own.
 */
static bool is_whole_line(const struct scan *scan, const struct name *name) {
    size_t begin = scan_line_begin(scan, name->from);
    size_t from = 0;
    size_t to = 0;

    return lead_payload(str_slice(scan->text, begin, scan->text.len), &from, &to) &&
           name->from >= begin + from && name->from < begin + to &&
           scan_char(scan, begin + to) == '\\';
}

void value_below(struct scan *scan, const struct name *name, enum below below) {
    bool is_begin = false;
    size_t from = name_line_begin(scan, name->from, &is_begin);
    int indent = 0;

    while (scan_char(scan, from + (size_t)indent) == ' ' ||
           (scan_char(scan, from + (size_t)indent) == '-' &&
            scan_char(scan, from + (size_t)indent + 1) == ' ')) {
        indent++;
    }
    bool is_on = true;
    size_t end = scan_line_end(scan, name->to);
    bool is_last = str_trim(str_slice(scan->text, end, scan->text.len)).len == 0 &&
                   scan_is_in_string(scan, name->from);
    bool is_wrapped = is_last && is_whole_line(scan, name);
    size_t *done = below == BELOW_NAMED ? &scan->named_to : &scan->below_to;
    if (name->from < *done || (is_last && !is_wrapped)) {
        return; /* masked already, or the string ends */
    }
    size_t begin = scan_line_begin(scan, name->from);
    struct within whole = scan_all(scan);
    scan->text.len =
        scan_string_limit(scan, begin, name_string_begin(scan, begin, name->from), scan->text.len);
    for (size_t line = scan_next_line(scan, name->to); is_on && line < scan->text.len;) {
        size_t next = scan_next_line(scan, line);
        is_on = value_yaml_line(scan, line, next, indent, below);
        line = next;
        *done = next;
    }
    bool is_below = is_on && scan->text.len == whole.len;
    scan_widen(scan, whole);
    scan_ask(scan);
    bool is_free =
        scan->carry != NULL && (scan->carry->yaml_indent < 0 || scan->carry->below == BELOW_NAMED);
    if (is_below && is_free) {
        scan->carry->yaml_indent = indent;
        scan->carry->below = below;
        scan->carry->is_wrapped = is_wrapped;
    }
}

size_t value_map(struct scan *scan, const struct name *name, size_t at) {
    struct member member = {.end = at + 1};
    bool is_tokens = str_ends_nocase(name_str(scan, name), STR("tokens"));
    size_t last = 0;

    for (int i = 0; i < MAP_MAX && member_read(scan, member.end, &member); i++) {
        bool is_string = member.end > member.to;
        struct str value = str_slice(scan->text, member.from, member.to);
        bool is_secret =
            is_tokens ? is_token(value) : is_one_of_secrets(name_str(scan, &member.key), value);
        if (is_string && is_secret) {
            scan_add(scan, member.from, member.to, name->kind, SPAN_PLAIN);
            last = member.to;
        }
    }
    return last;
}

/* Whether the members of JSON from `at` on go up to the bracket at `to`, and nothing else. */
static bool is_object(const struct scan *scan, size_t at, size_t to, bool *has_secret) {
    struct member member;

    while (member_read(scan, at, &member) && member.end <= to && member.key.quote == '"') {
        *has_secret = *has_secret || key_is_secret(name_str(scan, &member.key));
        at = member_skip_space(scan, member.end);
        if (at == to || scan_char(scan, at) != ',') {
            return at == to;
        }
    }
    return false;
}

size_t value_object(struct scan *scan, const struct name *name, size_t from, size_t to) {
    bool has_secret = false;
    struct member member;

    if (scan_char(scan, from) != '{' || to < from + 2 || scan->text.ptr[to - 1] != '}' ||
        !is_object(scan, from + 1, to - 1, &has_secret) || !has_secret) {
        return 0;
    }
    for (size_t at = from + 1; at < to - 1; at = member_skip_space(scan, member.end)) {
        (void)member_read(scan, at, &member);
        struct str key = name_str(scan, &member.key);
        struct str value = str_slice(scan->text, member.from, member.to);
        bool is_bare = member.from == member.value;
        if (!reference_is_told(key, value) && !reference_is_of_login(key, value) &&
            !str_eq(value, STR("null"))) {
            scan_add(scan, member.from, member.to, name->kind,
                     is_bare ? value_bare_style(scan, '"', member.key.slashes) : SPAN_PLAIN);
        }
    }
    return to;
}
