/* guard/redact/rest.c: what follows a value without quotes on its line and is no part of it. A
 * password may have any sign: what ends one is a sign and more that chance does not put there. */
#include "guard/redact/rest.h"

#include "guard/redact/word.h"

enum { LETTERS_MIN = 5 };

static bool is_small(char c) { return is_letter(c) && !is_upper(c); }

static bool is_short_setting(struct str name) {
    static const struct str names[] = {W("host"), W("port"), W("user"), W("type"),
                                       W("name"), W("code"), W("mode")};

    return word_is_one_of(name, names, ARRAY_N(names));
}

/* Where the words at `at` end that name a setting, in small letters or begun by capitals: user,
 * redirect_uri, User Id, EndpointSuffix, user[name; `at` when the letters are others or few. */
static size_t setting_end(const struct scan *scan, size_t at, bool has_blanks) {
    size_t to = at;
    size_t letters = 0;

    while (is_letter(scan_char(scan, to))) {
        size_t begin = to;
        to += is_upper(scan_char(scan, to)) ? 1 : 0;
        while (is_small(scan_char(scan, to))) {
            to++;
        }
        if (to < begin + 2) {
            return at; /* a letter alone, or two capitals */
        }
        letters += to - begin;
        char c = scan_char(scan, to);
        to += is_any(c, "_.") || (has_blanks && c == ' ') ? 1 : 0;
    }
    return letters >= LETTERS_MIN || is_short_setting(str_slice(scan->text, at, to)) ? to : at;
}

/* Over what closes the brackets of user[name], which may be encoded. */
static size_t brackets_end(const struct scan *scan, size_t at) {
    bool is_encoded = scan_has(scan, at, "%5B") || scan_has(scan, at, "%5b");
    size_t inner = at + (is_encoded ? 3 : scan_has(scan, at, "[") ? 1 : 0);
    size_t to = inner;

    while (to > at && is_letter(scan_char(scan, to))) {
        to++;
    }
    if (to == at || to == inner) {
        return at;
    }
    bool is_closed = is_encoded ? scan_has(scan, to, "%5D") || scan_has(scan, to, "%5d")
                                : scan_has(scan, to, "]");
    return is_closed ? to + (is_encoded ? 3 : 1) : at;
}

/* Whether the name of a setting, its = and a value follow the sign at `at`. */
static bool is_next_setting(const struct scan *scan, size_t at) {
    char sign = scan_char(scan, at);
    size_t from = at + (sign == ';' && scan_char(scan, at + 1) == ' ' ? 2 : 1);
    size_t to = setting_end(scan, from, sign == ';');

    to = to > from && sign == '&' ? brackets_end(scan, to) : to;
    char next = scan_char(scan, to + 1);
    return to > from && scan_char(scan, to) == '=' && next != '\0' && !is_blank(next) &&
           !is_any(next, "=;&,\"'\\");
}

/* Whether the end tag of an element stands at `at`: </connectionString> */
static bool is_end_tag(const struct scan *scan, size_t at) {
    size_t to = at + 2;

    while (scan_has(scan, at, "</") && is_letter(scan_char(scan, to))) {
        to++;
    }
    return to > at + 2 && scan_char(scan, to) == '>';
}

size_t rest_of_list(const struct scan *scan, const struct name *name, size_t from, size_t to) {
    /* a variable of the environment holds one value: & and , are signs of a password there */
    bool is_constant = name_is_constant(name_str(scan, name));

    for (size_t at = from + 1; at < to; at++) {
        char c = scan->text.ptr[at];

        if (is_alnum(c) || !is_any(c, ";&,<") || (is_constant && is_any(c, "&,")) ||
            (!scan->is_unescaped && !scan_is_plain(scan, at))) {
            continue; /* nothing, or encoded, as no sign between settings is */
        }
        if ((c != '<' && is_next_setting(scan, at)) || (c == ';' && is_end_tag(scan, at + 1)) ||
            (c == '<' && is_end_tag(scan, at))) {
            return at;
        }
    }
    return to;
}

/* Whether [at, to) is " # " and words, of which none has a digit or an odd sign. */
static bool is_comment(const struct scan *scan, size_t at, size_t to) {
    if (!scan_has(scan, at, "# ") || !is_letter(scan_char(scan, at + 2))) {
        return false;
    }
    for (size_t i = at + 2; i < to; i++) {
        if (!is_letter(scan->text.ptr[i]) && !is_any(scan->text.ptr[i], " ,.:-_()/'")) {
            return false;
        }
    }
    return true;
}

/* Whether the word [at, to) names a program that is started so, and is no word of a sentence. */
static bool is_program(struct str word) {
    static const struct str programs[] = {
        W("psql"),      W("pg_dump"), W("pg_restore"), W("mysql"),    W("mysqldump"),
        W("redis-cli"), W("uvicorn"), W("npm"),        W("npx"),      W("pnpm"),
        W("python3"),   W("pip"),     W("aws"),        W("docker"),   W("kubectl"),
        W("terraform"), W("alembic"), W("pytest"),     W("gunicorn"), W("sudo"),
        W("curl"),      W("sshpass")};

    return word_is_exactly_one_of(word, programs, ARRAY_N(programs));
}

/* Whether [at, to) is a command: the name of a program that is known, or any with an option. */
static bool is_command(const struct scan *scan, size_t at, size_t to) {
    size_t end = at;

    while (end < to && (is_small(scan->text.ptr[end]) || is_digit(scan->text.ptr[end]) ||
                        is_any(scan->text.ptr[end], "_./-"))) {
        end++;
    }
    if (end == at || scan_char(scan, end) != ' ' || is_any(scan->text.ptr[at], "-_.")) {
        return is_program(str_slice(scan->text, at, end)) && end == to;
    }
    ptrdiff_t option = scan_find(scan, end, to, " -");
    size_t name = option < 0 ? to : (size_t)option + 2;
    name += scan_char(scan, name) == '-' ? 1 : 0;
    return is_program(str_slice(scan->text, at, end)) ||
           (option >= 0 && name < to && is_letter(scan->text.ptr[name]));
}

size_t rest_of_line(const struct scan *scan, const struct name *name, size_t from, size_t to) {
    bool is_substitution = scan_has(scan, from, "$("); /* whose command is none of its own */
    bool is_set = !is_substitution && scan_char(scan, name->to) == '=' && from == name->to + 1 &&
                  name_is_constant(name_str(scan, name)) && name_is_line_begin(scan, name->from);
    bool is_first = true;

    for (size_t at = from; at < to; at++) {
        if (!is_blank(scan->text.ptr[at])) {
            continue;
        }
        size_t next = scan_skip_blanks(scan, at);
        if (is_comment(scan, next, to) || (is_first && is_set && is_command(scan, next, to))) {
            return at;
        }
        is_first = false;
        at = next > at ? next - 1 : at;
    }
    return to;
}
