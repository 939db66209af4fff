/* guard/redact/match_name.c: what stands under a name: from the word of a name that was found to
 * the value that is masked. */
#include "guard/redact/key.h"
#include "guard/redact/pair.h"
#include "guard/redact/phrase.h"
#include "guard/redact/sign.h"
#include "guard/redact/table.h"
#include "guard/redact/value.h"

#include <string.h>

/* Cookies by their names: {"session": "VALUE"}, ["session=VALUE"], [{"name": "session", "value":
 * "VALUE"}], [Object: null prototype] { session: 'VALUE' }, session=VALUE; theme=dark */
static size_t match_cookies(struct scan *scan, const struct name *name, size_t value,
                            char separator) {
    static const char prototype[] = "[Object: null prototype] ";
    size_t to = scan_name_end(scan, value);

    scan->found_from = value;
    value += scan_has(scan, value, prototype) ? strlen(prototype) : 0;
    if (scan_char(scan, value) == '{') {
        return value_map(scan, name, value);
    }
    if (scan_char(scan, value) == '[') {
        size_t objects = pair_objects(scan, name, value + 1);
        return objects > 0 ? objects : value_cookie_list(scan, name, value + 1);
    }
    bool is_header = to > value && scan_char(scan, to) == '=' && !is_blank(scan_char(scan, to + 1));
    return is_header ? value_at(scan, name, value, separator) : 0;
}

/* A map of secrets under this very name, whatever they are called in it. */
static size_t match_secrets(struct scan *scan, const struct name *name, size_t value,
                            char separator) {
    if (!key_is_of_secrets(name_str(scan, name))) {
        return 0;
    }
    if (key_is_of_cookies(name_str(scan, name))) {
        return match_cookies(scan, name, value, separator);
    }
    bool is_map = str_eq_nocase(name_str(scan, name), STR("secrets"));
    if (scan_char(scan, value) == '[' && !is_map) {
        struct name list = *name;
        list.quote = name->quote == '\0' ? '\'' : name->quote; /* its strings are secrets */
        scan->found_from = value;
        return value_list(scan, &list, value + 1);
    }
    if (scan_char(scan, value) == '{') {
        size_t to = value_map(scan, name, value);
        scan->found_from = value;
        return to;
    }
    if (separator == ':' && name->quote == '\0' && scan_is_line_over(scan, value) &&
        name_begins_line(scan, name->from)) {
        value_below(scan, name, is_map ? BELOW_NAMED : BELOW_ITEMS);
    }
    return 0;
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

/* The rest of a cell, without what prints it as code. */
static size_t value_cell(struct scan *scan, const struct name *name, size_t from) {
    size_t line = value_line_end(scan, name, from);
    size_t to = sign_cell_end(scan, from);

    to = to < line ? to : line;
    from += scan_char(scan, from) == '`' ? 1 : 0;
    to -= to > from && scan->text.ptr[to - 1] == '`' ? 1 : 0;
    return value_add(scan, name, from, to, SPAN_PLAIN);
}

/* Whether what follows the name is asked about at all: it is a secret's, of many, or a password's.
 */
static bool is_asked_about(struct scan *scan, const struct name *name) {
    struct str key = name_str(scan, name);

    return name_is_secret(scan, name) || phrase_is_name(key) || key_is_of_secrets(key);
}

/* What a name that is closed before `after` says of what follows. */
static size_t match_value(struct scan *scan, struct name *name, size_t after) {
    char separator = '\0';
    size_t value = is_asked_about(scan, name) ? sign_value(scan, name, after, &separator) : 0;
    size_t begin = value > 0 ? value : after;
    bool may_continue = is_any(scan_char(scan, begin), "<\\\n") && begin < scan->text.len;
    size_t continued = may_continue ? pair_continued(scan, name, begin) : 0;

    if (continued > 0) {
        scan->found_from = after;
        return continued;
    }
    if (value == 0) {
        return match_phrase(scan, name);
    }
    bool is_raws = scan->map != NULL && scan->carry == NULL && is_any(name->quote, "\"'") &&
                   scan_is_plain(scan, name->from - 1);
    if (!is_raws && !name_is_secret(scan, name)) {
        return match_secrets(scan, name, value, separator);
    }
    if (is_raws) {
        return 0; /* a key of the outer JSON is judged in the text as it stands */
    }
    bool is_dumped = separator == '=' && name->from > 0 && scan->text.ptr[name->from - 1] == '[';
    name->is_line_start =
        name->is_line_start ||
        (name->quote == '\0' && (name_begins_line(scan, name->from - (is_dumped ? 1 : 0)) ||
                                 name_is_prompt(scan, name, separator)));
    scan->found_from = value; /* the name itself is looked into by others */
    size_t below = separator == ':' && name->quote == '\0' && scan_is_line_over(scan, value)
                       ? pair_below(scan, name)
                       : 0;
    if (below > 0) {
        return below;
    }
    if (separator == '(') {
        return value_strings(scan, name, value);
    }
    if (separator == '[') {
        ptrdiff_t close = scan_find(scan, value, scan->text.len, "]");
        return close < 0 ? 0 : value_add(scan, name, value, (size_t)close, SPAN_PLAIN);
    }
    if (separator == '|') {
        return value_cell(scan, name, value);
    }
    return value_at(scan, name, value, separator);
}

/* Whether a mask is all of the string whose quote stands at `quote`, behind its backslashes at
 * `at`, and the string ends what it is the value of. */
static bool is_string_of_mask(const struct scan *scan, size_t at, size_t quote) {
    size_t slashes = quote - at;
    size_t close = scan_skip_slashes(scan, quote + 4);

    return scan_has(scan, quote + 1, "***") && close == quote + 4 + slashes &&
           scan_char(scan, close) == scan->text.ptr[quote] &&
           (is_any(scan_char(scan, close + 1), ",}])") || scan_is_line_over(scan, close + 1));
}

/* Whether a name and its = follow the blank at `at`. */
static bool is_next_pair(const struct scan *scan, size_t at) {
    size_t to = scan_name_end(scan, at + 1);

    return scan_char(scan, at) == ' ' && to > at + 1 && scan_char(scan, to) == '=' &&
           scan_char(scan, to + 1) != '=';
}

/* Where the value of a name that is closed before `after` begins when a mask is all of it, as what
 * masked it before leaves it: "NAME": "***", NAME=*** at the end of a line, ?NAME=***&. Whose name
 * it is need not be asked then. 0 otherwise. */
static size_t masked_value(const struct scan *scan, const struct name *name, size_t after) {
    size_t value = scan_skip_blanks(scan, after + 1);
    size_t quote = scan_skip_slashes(scan, value);

    if (!is_any(scan_char(scan, after), ":=") || after + 3 >= scan->text.len) {
        return 0;
    }
    if (is_any(scan_char(scan, quote), "\"'")) {
        return is_string_of_mask(scan, value, quote) ? value : 0;
    }
    size_t to = value + 3;
    bool is_over =
        scan_has(scan, value, "***") && (scan_is_line_over(scan, to) || is_next_pair(scan, to) ||
                                         (name->is_query && is_any(scan_char(scan, to), "& ")));
    return is_over ? value : 0;
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
    size_t masked = masked_value(scan, &name, after);
    if (masked > 0) {
        scan->found_from = masked;
        return masked;
    }
    budget_take(scan->budget, BUDGET_NAME);
    bool is_string = name.quote == '"';
    struct within whole = is_string && name.slashes == 0 && scan_is_plain(scan, name.from - 1)
                              ? scan_all(scan)
                              : scan_narrow(scan, at, is_string);
    size_t to = match_value(scan, &name, after);
    scan_widen(scan, whole);
    size_t cell = scan_skip_blanks(scan, name.to);
    if (to == 0 || scan_char(scan, cell) == '|') {
        size_t head = table_head(scan, &name);
        to = to > head ? to : head;
    }
    if (to == 0) {
        to = pair_after(scan, &name, after);
        scan->found_from = to > 0 ? name.from : scan->found_from;
    }
    return to;
}

size_t match_value_word(struct scan *scan, const struct rule *rule, size_t at) {
    const struct name word = {.from = at, .to = at + strlen(rule->anchor), .kind = rule->kind};

    if (is_name_char(scan_char(scan, word.to))) {
        return 0;
    }
    bool is_label = is_quote(scan_char(scan, scan_skip_slashes(scan, word.to)));
    return is_label ? pair_before(scan, &word) : table_value_head(scan, &word);
}

/* smtp.login("user", "VALUE") */
size_t match_login(struct scan *scan, const struct rule *rule, size_t at) {
    const struct name name = {.from = at, .to = at, .kind = rule->kind};
    size_t value = scan_next_string(scan, scan_skip_blanks(scan, at + strlen(rule->anchor)));

    scan->found_from = value;
    return value_strings(scan, &name, value);
}

size_t match_label(struct scan *scan, const struct rule *rule, size_t at) {
    struct name name = {.from = at, .to = at + strlen(rule->anchor), .kind = rule->kind};
    size_t quote = scan_skip_slashes(scan, name.to);
    bool is_closed = is_quote(scan_char(scan, quote)); /* of JSON */
    size_t sign = scan_skip_blanks(scan, is_closed ? quote + 1 : name.to);
    struct within whole = is_closed ? scan_all(scan) : scan_narrow(scan, at, false);
    size_t value = scan_skip_blanks(scan, sign + 1);
    size_t to = 0;

    if (is_any(scan_char(scan, sign), ":=") && (!is_closed || sign_string(scan, value) > 0)) {
        name.is_line_start = true;
        scan->found_from = value;
        to = value_at(scan, &name, value, '=');
    }
    scan_widen(scan, whole);
    return to;
}

/* Where a word of a dialogue ends: at a blank, a quote or an escaped line break. */
static size_t said_end(const struct scan *scan, size_t from) {
    const struct name name = {0};

    return value_word_end(scan, &name, from);
}

/* Whether the word is none that a runner of tests says: PASS src/a.test.js */
static bool is_said_password(struct str word) {
    bool has_mark = false;

    for (size_t i = 0; i < word.len; i++) {
        has_mark = has_mark || is_digit(word.ptr[i]) || is_any(word.ptr[i], "!@#$%^&*");
    }
    return has_mark && word.len > 3 && str_find(word, STR("/")) < 0 &&
           str_find(word, STR("::")) < 0 && str_find(word, STR("***")) < 0;
}

size_t match_dialogue(struct scan *scan, const struct rule *rule, size_t at) {
    size_t from = at + strlen(rule->anchor);
    bool is_pass = rule->anchor[0] == 'P';
    bool is_login = rule->anchor[1] == 'L';

    if (is_pass && !scan_is_start(scan, at)) {
        return 0;
    }
    if (is_login) { /* the user's name comes first */
        size_t user = scan_skip_slashes(scan, from);
        size_t end = said_end(scan, user + (is_quote(scan_char(scan, user)) ? 1 : 0));
        size_t next = scan_skip_slashes(scan, end);
        next += is_quote(scan_char(scan, next)) ? 1 : 0;
        from = scan_char(scan, next) == ' ' ? next + 1 : end;
    }
    size_t begin = scan_skip_slashes(scan, from);
    from = is_quote(scan_char(scan, begin)) ? begin + 1 : from;
    size_t to = said_end(scan, from);
    if (!is_pass && !is_login && scan_char(scan, to) == ' ' && !scan_is_line_over(scan, to)) {
        from = to + 1; /* AUTH user VALUE of Redis */
        to = said_end(scan, from);
    }
    size_t after = scan_skip_slashes(scan, to);
    after += is_quote(scan_char(scan, after)) ? 1 : 0;
    bool is_last = scan_is_line_over(scan, after) || is_any(scan_char(scan, after), "\",\\nr");
    struct str word = str_slice(scan->text, from, to);
    if (to == from || !is_last || (is_pass ? !is_said_password(word) : word.len < 4)) {
        return 0;
    }
    scan->found_from = from;
    scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
    return to;
}
