/* guard/redact/sign.c: what stands between the name of a secret and its value.
 *
 *   KEY=value  "key": "value"  key: value  --key value  {\"key\": \"value\"}  ?key=value&
 *   aws configure set key value  machine x login y password value  key => 'value'
 *
 * `forms` says which forms there are and in which order they are asked. */
#include "guard/redact/sign.h"

#include "guard/redact/generic.h"
#include "guard/redact/sign_form.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    OPERATOR_MAX = 3, /* characters before the = of := and kin */
    SET_MIN = 16,     /* characters of what is set and begins with = */
    SPACE_MAX = 40,   /* characters of a namespace */
    PROMPT_MAX = 40,
    SIGNS_MIN = 3,
    PASSWORD_MIN = 5 /* of a word in quotes under a name that no sentence has */
};

/* The colon of Chinese and Japanese, U+FF1A. */
#define WIDE_COLON "\xef\xbc\x9a"

size_t sign_value_begin(const struct scan *scan, size_t at) {
    return scan_skip_blanks(scan, scan_skip_colours(scan, scan_skip_blanks(scan, at)));
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

bool sign_is_compound(struct str name) {
    return str_find(name, STR("_")) > 0 || str_find(name, STR("-")) > 0 ||
           word_case_changes(name) > 1;
}

size_t sign_word_min(struct str name) {
    return sign_is_compound(name) || name_is_password(name) ? PASSWORD_MIN : SIGN_QUOTED_MIN;
}

bool sign_is_key(const struct scan *scan, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);
    size_t slashes = scan_quoting_slashes(quote - at);
    size_t end = scan_string_end(scan, quote + 1, scan_char(scan, quote), slashes);

    return scan_char(scan, scan_skip_blanks(scan, end + slashes + 1)) == ':';
}

bool sign_is_marked_word(const struct scan *scan, size_t at, size_t min) {
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
static size_t after_equals(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t sign = behind.sign;
    char next = scan_char(scan, sign + 1);

    if (next == '~') {
        return 0;
    }
    if (next == '=' && scan_has(scan, sign + 2, "> ")) {
        return sign_value_begin(scan, sign + 3); /* NAME ==> VALUE */
    }
    if (next == '=') {
        return is_set_to_equals(scan, name, sign) ? sign + 1 : 0;
    }
    size_t value = sign_value_begin(scan, sign + (next == '>' ? 2 : 1));
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

static size_t after_colon(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t sign = behind.sign;
    char next = scan_char(scan, sign + 1);

    if (scan_has(scan, sign, ":: ") && name_begins_line(scan, name->from)) {
        return sign_value_begin(scan, sign + 2); /* Base64 in LDIF */
    }
    if (scan_char(scan, sign) != ':' || next == ':' ||
        (is_place(scan, name, next) && !is_expanded(scan, name)) ||
        (is_alnum(next) && is_in_arn(scan, name)) ||
        ((next == '?' || scan_has(scan, sign + 1, "-}")) && is_expanded(scan, name))) {
        return 0;
    }
    bool is_bold = name->from > 0 && scan->text.ptr[name->from - 1] == '*' &&
                   scan_has(scan, sign + 1, "* "); /* *NAME:* VALUE */
    return sign_value_begin(scan, is_bold ? sign + 2 : name_skip_bold(scan, sign + 1));
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

/* NAME [VALUE]: where the value begins, or 0. */
static size_t after_bracket(const struct scan *scan, const struct name *name,
                            struct behind behind) {
    size_t value = behind.sign + 1;
    ptrdiff_t close = scan_find(scan, value, value + BEFORE_MAX, "]");
    (void)name;

    return close > 0 && value_is_opaque(str_slice(scan->text, 0, (size_t)close), value, true)
               ? value
               : 0;
}

/* "Password [hidden]: VALUE", "Password (again): VALUE": where the value begins, or 0. */
static size_t after_prompt(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t sign = behind.sign;
    char close = scan_char(scan, sign) == '[' ? ']' : ')';
    size_t to = sign + 1;

    while (to - sign < PROMPT_MAX && to < scan->text.len && scan->text.ptr[to] != close &&
           !is_quote(scan->text.ptr[to]) && scan->text.ptr[to] != '\n') {
        to++;
    }
    bool is_prompt = scan_char(scan, to) == close && name->quote == '\0' &&
                     (name_is_password(name_str(scan, name)) || close == ']');
    return is_prompt && scan_char(scan, to + 1) == ':'
               ? after_colon(scan, name, (struct behind){.at = to + 1, .sign = to + 1})
               : 0;
}

/* <pass encoding="base64">VALUE</pass>: where the value begins, or 0. What goes on with the next
 * line, or with another element, is no value. */
static size_t after_attributes(const struct scan *scan, const struct name *name,
                               struct behind behind) {
    size_t sign = behind.sign;
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

/* Where the text of the element <NAME>, <ns:NAME> or <NAME attribute="x"> begins; 0 when the name
 * is none of one. */
static size_t after_tag(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t at = behind.at;
    size_t from = name->from;
    size_t to = at;

    if (from > 0 && scan->text.ptr[from - 1] == ':') {
        from--;
        while (from > 0 && name->from - from < SPACE_MAX &&
               is_name_char(scan->text.ptr[from - 1])) {
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

/* "Label (NAME): VALUE", where it is no code: the value is as no type is called. */
static size_t after_bracketed(const struct scan *scan, const struct name *name,
                              struct behind behind) {
    size_t at = behind.at;
    bool is_bracketed = name->from > 1 && scan_has(scan, at, "): ") && name->quote == '\0' &&
                        scan->text.ptr[name->from - 1] == '(';
    char before = is_bracketed ? scan->text.ptr[name->from - 2] : 'a';
    size_t value = sign_value_begin(scan, at + 2);

    if (scan_has(scan, at, ")=(") && name->quote == '\0' && name->from > 0 &&
        scan->text.ptr[name->from - 1] == '(') {
        return at + 3; /* Key (NAME)=(VALUE) of PostgreSQL */
    }
    bool is_foreign = (unsigned char)before >= 0x80; /* a label in another script */
    return (before == ' ' || is_foreign) && (sign_is_marked_word(scan, value, PASSWORD_MIN) ||
                                             (is_foreign && is_alnum(scan_char(scan, value)) &&
                                              name_is_password(name_str(scan, name))) ||
                                             value_is_opaque(scan->text, value, false))
               ? value
               : 0;
}

/* NAME<str> 'VALUE' of Dynaconf: where the string begins, or 0. */
static size_t after_typed(const struct scan *scan, const struct name *name, struct behind behind) {
    size_t at = behind.at;
    size_t to = scan_name_end(scan, at + 1);
    size_t value = sign_value_begin(scan, to + 1);
    bool is_typed = to > at + 1 && scan_has(scan, to, "> ") && sign_string(scan, value) > 0;
    return is_typed && name_begins_line(scan, name->from) ? value : 0;
}

/* s:8:"NAME";s:12:"VALUE"; of PHP's serialize(): where the string begins, or 0. */
static size_t after_serialized(const struct scan *scan, const struct name *name,
                               struct behind behind) {
    size_t at = behind.at;
    size_t to = at + 3;
    (void)name;

    while (is_digit(scan_char(scan, to))) {
        to++;
    }
    bool is_string = scan_has(scan, at, ";s:") && to > at + 3 && scan_char(scan, to) == ':' &&
                     sign_string(scan, to + 1) > 0;
    return is_string ? to + 1 : 0;
}

/* "API key provided: VALUE", "NAME changed from 'VALUE' to 'VALUE'": where the value begins, or 0.
 */
static size_t after_told(const struct scan *scan, const struct name *name, struct behind behind) {
    static const char *const words[] = {"provided: ", "changed from "};
    (void)name;

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        size_t value = behind.sign + strlen(words[i]);
        if (scan_has(scan, behind.sign, words[i])) {
            return sign_string(scan, value) > 0 || value_is_opaque(scan->text, value, true) ? value
                                                                                            : 0;
        }
    }
    return 0;
}

/* Where the value begins behind "-> " at `sign`; 0 when it is the name in a place, as git shows a
 * branch: NAME -> origin/NAME */
static size_t after_arrow(const struct scan *scan, const struct name *name, struct behind behind) {
    bool is_drawn = scan_has(scan, behind.sign, "\xe2\x86\x92 ");

    if (!is_drawn && !scan_has(scan, behind.sign, "-> ")) {
        return 0;
    }
    size_t value = sign_value_begin(scan, behind.sign + (is_drawn ? 4 : 3));
    size_t to = scan_unquoted_end(scan, value);
    struct str key = name_str(scan, name);
    size_t same = to - value > key.len ? to - key.len : value;
    bool is_place = same > value && scan->text.ptr[same - 1] == '/' &&
                    str_eq(str_slice(scan->text, same, to), key);

    return is_place ? 0 : value;
}

/* NAME: VALUE with the colon of Chinese and Japanese. */
static size_t after_wide_colon(const struct scan *scan, const struct name *name,
                               struct behind behind) {
    (void)name;
    return scan_has(scan, behind.sign, WIDE_COLON)
               ? sign_value_begin(scan, behind.sign + strlen(WIDE_COLON))
               : 0;
}

/* ::set-output name=NAME::VALUE of GitHub. */
static size_t after_output_name(const struct scan *scan, const struct name *name,
                                struct behind behind) {
    bool is_output = scan_has(scan, behind.sign, "::") && name->from > 4 &&
                     scan_has(scan, name->from - 5, "name=");

    return is_output ? behind.sign + 2 : 0;
}

/* NAME: type = "VALUE" */
static size_t after_colon_type(const struct scan *scan, const struct name *name,
                               struct behind behind) {
    size_t type = after_colon(scan, name, behind);

    return type > 0 ? sign_typed_value(scan, type) : 0;
}

/* NAME type = "VALUE" */
static size_t after_type(const struct scan *scan, const struct name *name, struct behind behind) {
    (void)name;
    return sign_typed_value(scan, behind.sign);
}

/* <add key="NAME" value="VALUE"/>; property 'NAME' value 'VALUE', of Spring. */
static size_t after_value_word(const struct scan *scan, const struct name *name,
                               struct behind behind) {
    size_t value = behind.sign + strlen("value=");
    bool is_value = scan_has(scan, behind.sign, "value=")
                        ? is_quote(scan_char(scan, scan_skip_slashes(scan, value)))
                        : behind.sign > behind.at && scan_has(scan, behind.sign, "value ") &&
                              sign_string(scan, value) > 0;
    (void)name;

    return is_value ? value : 0;
}

/* gh secret set NAME <<< VALUE */
static size_t after_here_string(const struct scan *scan, const struct name *name,
                                struct behind behind) {
    (void)name;
    return scan_has(scan, behind.sign, "<<< ") ? scan_skip_blanks(scan, behind.sign + 4) : 0;
}

/* Of which names a form is, and what it tells of one. */
enum form_flag {
    FORM_BARE = 1 << 0,   /* only without quotes, ... */
    FORM_QUOTED = 1 << 1, /* ... only within them */
    FORM_APART = 1 << 2,  /* only behind a blank, ... */
    FORM_GLUED = 1 << 3,  /* ... only without one */
    FORM_LAST = 1 << 4,   /* its sign is of no other form */
    FORM_LINE = 1 << 5,   /* the value goes to the end of the line */
    FORM_ELEMENT = 1 << 6 /* the name is one of an element */
};

static const struct form {
    const char *first; /* the characters one of which its sign begins with; NULL: any */
    char separator;    /* as whose value it is read; '\0': as that of its sign */
    unsigned flags;
    size_t (*value)(const struct scan *scan, const struct name *name, struct behind behind);
} forms[] = {
    {"=!", '=', 0, sign_after_comparison},
    {"=", '=', FORM_LAST, after_equals},
    {":", '=', FORM_LINE, after_output_name},
    {":", '=', FORM_BARE, after_colon_type},
    {":", ':', FORM_LAST, after_colon},
    {",", ',', FORM_LAST, sign_after_comma},
    {"(", '(', FORM_BARE | FORM_GLUED | FORM_LAST, sign_after_call},
    {".", ':', FORM_LINE, sign_after_dots},
    {")", ':', 0, after_bracketed},
    {"<", ':', FORM_BARE, after_typed},
    {";", ':', FORM_QUOTED, after_serialized},
    {"\xef", ':', 0, after_wide_colon},
    {")|?o", '=', 0, sign_after_default},
    {"v", '=', FORM_QUOTED, after_value_word},
    {"pc", '=', FORM_APART, after_told},
    {NULL, '\0', FORM_BARE | FORM_ELEMENT, after_tag},
    {"-\xe2", '=', FORM_APART, after_arrow},
    {NULL, '\0', FORM_APART | FORM_ELEMENT, after_attributes},
    {NULL, '=', FORM_APART | FORM_BARE, after_type},
    {"|\xe2", '|', FORM_APART, sign_after_bar},
    {"[", '[', FORM_APART | FORM_BARE, after_bracket},
    {"<", '=', 0, after_here_string},
    {"[(", ':', FORM_APART | FORM_BARE | FORM_LINE, after_prompt},
};

/* Whether a name with such a sign behind it can be of a form. */
static bool is_of_form(const struct form *form, const struct name *name, char sign, bool is_apart) {
    unsigned not_of =
        (name->quote == '\0' ? FORM_QUOTED : FORM_BARE) | (is_apart ? FORM_GLUED : FORM_APART);

    return (form->flags & not_of) == 0 &&
           (form->first == NULL || (sign != '\0' && is_any(sign, form->first)));
}

size_t sign_value(struct scan *scan, struct name *name, size_t at, char *separator) {
    size_t sign = scan_skip_blanks(scan, at);
    size_t compound = compound_equals(scan, sign);
    struct behind behind = {.at = at, .sign = compound > 0 ? compound : sign};
    char c = scan_char(scan, behind.sign);

    for (size_t i = 0; i < ARRAY_N(forms); i++) {
        const struct form *form = &forms[i];
        if (!is_of_form(form, name, c, sign > at)) {
            continue;
        }
        size_t value = form->value(scan, name, behind);
        if (value > 0) {
            *separator = form->separator == '\0' ? c : form->separator;
            name->is_line_start = name->is_line_start || (form->flags & FORM_LINE) != 0;
            name->is_element = name->is_element || (form->flags & FORM_ELEMENT) != 0;
        }
        if (value > 0 || (form->flags & FORM_LAST) != 0) {
            return value;
        }
    }
    return sign_blank(scan, name, at, separator);
}
