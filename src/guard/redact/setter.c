/* guard/redact/setter.c: commands and directives that set a name, which is followed by its value.
 *
 *   git config --global NAME VALUE      dvc remote modify --local origin NAME VALUE
 *   npm config set //host/:NAME VALUE   setx NAME VALUE   ENV NAME VALUE   CONFIG SET NAME VALUE
 *   proxy_set_header NAME VALUE;        fastcgi_param NAME VALUE;
 *
 * Read word for word from the name back. Programs that nobody knows are told by what they do:
 * after "set", "config" and "modify" the value must be no word of a sentence. Sources: the manuals
 * of the programs. */
#include "guard/redact/setter.h"

#include "guard/redact/charset.h"
#include "guard/redact/lead.h"
#include "guard/redact/word.h"

#include <string.h>

enum { WORDS_MAX = 6, OPAQUE_MIN = 5 };

/* The word that ends before the blanks before `at`, on its line, without a lead that no blank ends
 * (##[debug], INFO:root:) and a prompt; empty when there is none. */
static struct str word_before(const struct scan *scan, size_t at) {
    size_t to = text_before_blanks(scan->text, at);
    size_t from = to;

    while (to < at && from > 0 && to - from < NAME_MAX) {
        char c = scan->text.ptr[from - 1];
        bool is_tab = c == 't' && from > 1 && scan->text.ptr[from - 2] == '\\'; /* of a string */
        if (is_blank(c) || is_quote(c) || c == ':' || c == ']' || c == '>' || is_tab) {
            break;
        }
        from--;
    }
    return str_slice(scan->text, from, to);
}

static size_t place_of(const struct scan *scan, struct str word) {
    return (size_t)(word.ptr - scan->text.ptr);
}

/* Where the word begins that the name ends: //registry/:_authToken, auth/token. */
static size_t path_begin(const struct scan *scan, const struct name *name) {
    size_t from = name->from;

    while (from > 0 && name->from - from < NAME_MAX &&
           (is_name_char(scan->text.ptr[from - 1]) || is_any(scan->text.ptr[from - 1], "/:@"))) {
        from--;
    }
    return from;
}

/* Of files and shells; whatever follows the name is its value. */
static bool is_directive(struct str word) {
    static const struct str words[] = {W("define"), W("#define"), W("ENV"),
                                       W("SetEnv"), W("setenv"),  W("setx")};
    static const struct str endings[] = {W("set_header"), W("add_header"), W("set-header"),
                                         W("add-header"), W("i_param")};

    return word_is_exactly_one_of(word, words, ARRAY_N(words)) ||
           word_ends_one_of(word, endings, ARRAY_N(endings));
}

/* Of fish: set -gx NAME VALUE */
static bool exports(struct str option) {
    static const struct str options[] = {W("-gx"), W("-x"), W("-Ux"), W("-xg")};

    return word_is_exactly_one_of(option, options, ARRAY_N(options));
}

/* Whether a word follows the name that is no option and no operator of a shell. */
static bool is_followed(const struct scan *scan, const struct name *name) {
    size_t from = scan_skip_blanks(scan, name->to);

    return from > name->to && from < scan->text.len && !is_line_end(scan->text.ptr[from]) &&
           !is_any(scan->text.ptr[from], "-<>|&;");
}

/* Whether it is none that a sentence goes on with: in quotes, or with a digit, a sign or a capital
 * behind its begin. */
static bool is_opaque(const struct scan *scan, const struct name *name) {
    size_t from = scan_skip_blanks(scan, name->to);
    size_t quote = scan_skip_slashes(scan, from);
    size_t to = from;
    bool has_mark = false;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to])) {
        char c = scan->text.ptr[to];
        has_mark = has_mark || is_digit(c) || (unsigned char)c > 0x7f || is_any(c, "!@#$%^*+=/~") ||
                   (to > from && is_upper(c));
        to++;
    }
    return is_quote(scan_char(scan, quote)) || (has_mark && to - from >= OPAQUE_MIN);
}

/* Whether the value is a string and the last of its line, or of a call. */
static bool is_last_string(const struct scan *scan, const struct name *name) {
    size_t at = scan_skip_blanks(scan, name->to);
    size_t from = scan_has(scan, at, "to ") ? scan_skip_blanks(scan, at + 3) : at; /* AppleScript */
    size_t quote = scan_skip_slashes(scan, from);
    char c = scan_char(scan, quote);
    size_t slashes = scan_quoting_slashes(quote - from);
    size_t end = is_any(c, "'\"") ? scan_string_end(scan, quote + 1, c, slashes) : quote;
    size_t after = lead_colour_end(scan->text, end + slashes + 1);

    return end > quote + 1 &&
           (scan_is_line_over(scan, after) || is_any(scan_char(scan, after), ")\\\""));
}

/* Words that stand before "set" and "config" in a sentence and are no program. */
static bool is_of_sentence(struct str word) {
    static const struct str words[] = {W("to"),  W("the"), W("not"), W("be"),   W("is"),  W("are"),
                                       W("was"), W("you"), W("we"),  W("will"), W("can"), W("must"),
                                       W("a"),   W("an"),  W("in"),  W("of"),   W("and"), W("or")};

    return word_is_one_of(word, words, ARRAY_N(words));
}

bool setter_sets(const struct scan *scan, const struct name *name) {
    static const struct str asked[] = {W("set"), W("config"), W("modify"), W("put")};
    static const struct str setters[] = {W("set"), W("env"), W("(setq"), W("let")};
    static const struct str programs[] = {W("git"), W("dvc"), W("remote"), W("poetry"),
                                          W("composer")};
    size_t at = path_begin(scan, name);
    bool is_call = at > 3 && scan_has(scan, at - 4, "set("); /* of CMake */
    struct str option = {0};                                 /* of those between, the first */
    int others = 0;                                          /* what is set at: the remote of dvc */

    if (!is_followed(scan, name)) {
        size_t value = scan_skip_blanks(scan, name->to);
        return value > name->to && scan_char(scan, value) == '-' &&
               is_directive(word_before(scan, at)) && is_opaque(scan, name);
    }
    if (is_call && name_is_line_begin(scan, at - 4) && is_last_string(scan, name)) {
        return true;
    }
    for (int i = 0; i < WORDS_MAX && others < 2; i++) {
        struct str word = word_before(scan, at);
        if (word.len == 0) {
            return false;
        }
        at = place_of(scan, word);
        if (word.ptr[0] == '-') {
            option = word;
            continue;
        }
        bool is_setter = i == 0 && word_is_exactly_one_of(word, setters, ARRAY_N(setters)) &&
                         name_is_line_begin(scan, at); /* of Tcl, Caddy, Lisp */
        if (is_directive(word) || (is_setter && is_last_string(scan, name))) {
            return true;
        }
        if (!word_is_one_of(word, asked, ARRAY_N(asked))) {
            others++;
            continue;
        }
        struct str before = word_before(scan, at);
        bool is_set = str_eq_nocase(word, STR("set"));
        bool is_config = str_eq_nocase(before, STR("config")) || str_eq(before, STR("configure"));
        bool is_program = word_is_one_of(before, programs, ARRAY_N(programs));
        return (is_set && (exports(option) || (is_config && i == 0))) ||
               (before.len > 0 && is_letter(before.ptr[0]) && !is_of_sentence(before) &&
                (is_program || is_opaque(scan, name)));
    }
    return false;
}
