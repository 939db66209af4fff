/* guard/redact/argument.c: arguments that their place makes secret, of programs known by name.
 *
 *   mysql -pVALUE   sshpass -p VALUE   smbclient -U user%VALUE   htpasswd -b file user VALUE
 *
 * Read from the name to the end of the command: of the line, of the string it stands in, or an
 * operator of the shell. ["mysql", "-pVALUE"] is read alike. Options whose name says what they are
 * (--password) are value.c's. Sources: the manual pages of the programs. */
#include "guard/redact/scan.h"

#include "guard/redact/generic.h"
#include "guard/redact/key.h"

#include <string.h>

enum {
    COMMAND_MAX = 1024,
    OPTIONS_MAX = 5,
    PATH_MAX_BACK = 128,
    SUFFIX_MAX = 12, /* of a program's name: 64.exe, _pub */
    LINE_BACK = 256
};

/* How the value of an option is written. */
enum form {
    FORM_NONE = 0,
    FORM_NEXT,    /* -p VALUE and -p=VALUE */
    FORM_GLUED,   /* -pVALUE; alone it asks for one */
    FORM_EITHER,  /* both */
    FORM_COLON,   /* -u user:VALUE, and VALUE: without a password */
    FORM_PERCENT, /* -U user%VALUE */
    FORM_EQUALS,  /* --from-literal NAME=VALUE */
    FORM_SLASH,   /* user/VALUE@place */
    FORM_OPAQUE   /* as FORM_NEXT, but for words of a sentence about the command */
};

struct option {
    const char *name;
    enum form form;
};

/* `place`: the how-manieth word that is no option is the value; 0: none. */
struct program {
    const char *anchor; /* of its rule */
    struct option options[OPTIONS_MAX];
    size_t place;
    enum form place_form; /* FORM_NEXT: all of the word */
    char flag;            /* that must be among the options for `place` to count */
    char flag_less;       /* with which it is one less */
    bool has_slashes;     /* options begin with / */
    bool is_sql;          /* words in any case; a value in quotes, but after capitals */
    bool is_leading;      /* options after the first other word are another program's */
};

/* clang-format off */
static const struct program programs[] = {
    {.anchor = "curl", .options = {{"-u", FORM_COLON}, {"-U", FORM_COLON}, {"--user", FORM_COLON}, {"--proxy-user", FORM_COLON}, {"-b", FORM_EQUALS}}},
    {.anchor = "psexec", .options = {{"-p", FORM_NEXT}}},
    {.anchor = "sshpass", .options = {{"-p", FORM_EITHER}}, .is_leading = true},
    {.anchor = "mysql", .options = {{"-p", FORM_GLUED}}},
    {.anchor = "mysqladmin", .options = {{"password", FORM_NEXT}}},
    {.anchor = "mariadb", .options = {{"-p", FORM_GLUED}}},
    {.anchor = "redis-cli", .options = {{"-a", FORM_NEXT}}},
    {.anchor = "mongo", .options = {{"-p", FORM_EITHER}}},
    {.anchor = "sqlcmd", .options = {{"-P", FORM_EITHER}}},
    {.anchor = "sqlplus", .place = 1, .place_form = FORM_SLASH},
    {.anchor = "identified", .options = {{"BY", FORM_NEXT}, {"AS", FORM_NEXT}, {"PASSWORD", FORM_NEXT}}, .is_sql = true},
    {.anchor = "docker login", .options = {{"-p", FORM_EITHER}}},
    {.anchor = "podman login", .options = {{"-p", FORM_EITHER}}},
    {.anchor = "az login", .options = {{"-p", FORM_NEXT}}},
    {.anchor = "vault login", .place = 1, .place_form = FORM_NEXT},
    {.anchor = "gh secret set", .options = {{"-b", FORM_EITHER}, {"--body", FORM_NEXT}}},
    {.anchor = "create secret", .options = {{"--from-literal", FORM_EQUALS}}},
    {.anchor = "put-parameter", .options = {{"--value", FORM_NEXT}}},
    {.anchor = "ConvertTo-SecureString", .options = {{"-String", FORM_NEXT}, {"-Key", FORM_NONE}}, .place = 1, .place_form = FORM_NEXT},
    {.anchor = "openssl", .options = {{"-k", FORM_NEXT}, {"-K", FORM_NEXT}}},
    {.anchor = "htpasswd", .place = 3, .place_form = FORM_NEXT, .flag = 'b', .flag_less = 'n'},
    {.anchor = "ldap", .options = {{"-w", FORM_EITHER}}},
    {.anchor = "smbclient", .options = {{"-U", FORM_PERCENT}, {"--user", FORM_PERCENT}}},
    {.anchor = "net use", .place = 2, .place_form = FORM_NEXT, .has_slashes = true}, /* and "net user" */
    {.anchor = "ssh-keygen", .options = {{"-N", FORM_NEXT}, {"-P", FORM_NEXT}}},
    {.anchor = "7z ", .options = {{"-p", FORM_GLUED}}},
    {.anchor = "rabbitmqctl add_user", .place = 2, .place_form = FORM_NEXT},
    {.anchor = "rabbitmqctl change_password", .place = 2, .place_form = FORM_NEXT},
    {.anchor = "wpa_passphrase", .place = 2, .place_form = FORM_NEXT},
    {.anchor = "config http-basic", .place = 2, .place_form = FORM_NEXT},
    {.anchor = "poetry publish", .options = {{"-p", FORM_EITHER}}},
    {.anchor = "twine upload", .options = {{"-p", FORM_EITHER}}},
    {.anchor = "openssl passwd", .options = {{"-salt", FORM_NONE}, {"-in", FORM_NONE}}, .place = 1, .place_form = FORM_NEXT},
    {.anchor = "etcdctl", .options = {{"--user", FORM_COLON}}},
    {.anchor = "cargo login", .place = 1, .place_form = FORM_OPAQUE},
    {.anchor = "snyk auth", .place = 1, .place_form = FORM_OPAQUE},
    {.anchor = "codecov -", .options = {{"-t", FORM_EITHER}}},
    {.anchor = "keyvault secret set", .options = {{"--value", FORM_NEXT}}},
    {.anchor = "mc alias set", .place = 4, .place_form = FORM_NEXT},
    {.anchor = "unzip", .options = {{"-P", FORM_NEXT}}},
    {.anchor = "zip -", .options = {{"-P", FORM_NEXT}}},
};
/* clang-format on */

/* A command under way. */
struct command {
    const struct program *program;
    size_t at;
    size_t end;
    char quote;         /* around it */
    bool is_list;       /* of arguments, each in quotes */
    bool is_over;       /* an operator of the shell followed the word */
    size_t places;      /* words that were no options */
    bool is_capital;    /* its name is in capitals */
    bool has_flag;      /* ... of the program */
    bool has_flag_less; /* ... */
};

static const struct program *program_of(const struct rule *rule) {
    for (size_t i = 0; i < ARRAY_N(programs); i++) {
        const char *anchor = programs[i].anchor;

        if (anchor[0] == rule->anchor[0] && anchor[1] == rule->anchor[1] &&
            strcmp(anchor, rule->anchor) == 0) {
            return &programs[i];
        }
    }
    return NULL;
}

/* Where the path of the program that begins at `at` begins. */
static size_t path_begin(const struct scan *scan, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < PATH_MAX_BACK &&
           (is_alnum(scan->text.ptr[from - 1]) || is_any(scan->text.ptr[from - 1], "/\\._-%:"))) {
        from--;
    }
    return from;
}

/* "--name mysql -p 3306": the value of an option, no program. */
static bool is_option_value(const struct scan *scan, size_t from) {
    size_t to = from;

    while (to > 0 && (scan->text.ptr[to - 1] == ' ' || scan->text.ptr[to - 1] == '=')) {
        to--;
    }
    size_t word = to;
    while (word > 0 && to - word < PATH_MAX_BACK && !is_blank(scan->text.ptr[word - 1])) {
        word--;
    }
    return to - word > 2 && scan_has(scan, word, "--");
}

/* The quote that is open at `at`, of those on its line. Goes on where it was asked last, so that no
 * text is read again and again. */
static char quote_around(struct scan *scan, size_t at) {
    struct quoted *last = &scan->quoted;
    bool is_near = at >= last->at && at - last->at <= LINE_BACK;
    size_t from = is_near ? last->at : at > LINE_BACK ? at - LINE_BACK : 0;
    char open = is_near ? last->open : '\0';

    for (size_t i = from; i < at; i++) {
        char c = scan->text.ptr[i];
        if (!is_any(c, "\n\"'")) {
            continue; /* most */
        }
        if (c == '\n' || scan_is_outer_quote(scan, i)) {
            open = '\0';
        } else if (c == '"' && (open == '\0' || open == '"')) {
            open = open == '"' ? '\0' : '"';
        } else if (c == '\'' && open == '\'') {
            open = '\0';
        } else if (c == '\'' && open == '\0' && (i == 0 || !is_alnum(scan->text.ptr[i - 1]))) {
            open = '\'';
        }
    }
    *last = (struct quoted){.at = at, .open = open};
    return open;
}

/* Whether the quote at `at` opens a word of the command or a part of one. */
static bool is_opening(const struct scan *scan, const struct command *command, size_t at) {
    char c = scan->text.ptr[at];
    char next = scan_char(scan, at + 1);

    return is_quote(c) && c != command->quote && !scan_is_outer_quote(scan, at) &&
           (command->is_list || !is_any(next, ",}]) ")) &&
           (next != ':' || !is_any(scan_char(scan, at + 2), " \"'"));
}

/* The quote at or after `at` that closes one of `c`; 0 when there is none. */
static size_t closing(const struct scan *scan, const struct command *command, size_t at, char c) {
    while (at < command->end && scan->text.ptr[at] != c) {
        if (scan->text.ptr[at] == '\n' || scan->text.ptr[at] == command->quote ||
            scan_is_outer_quote(scan, at)) {
            return 0;
        }
        at++;
    }
    return at < command->end && !scan_is_outer_quote(scan, at) ? at : 0;
}

/* The quote that closes the word at `at`, whose quotes are escaped: of a command in JSON that a
 * string holds. 0 when there is none. */
static size_t escaped_closing(const struct scan *scan, const struct command *command, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);
    char c = scan_char(scan, quote);

    if (quote == at || !is_quote(c)) {
        return 0;
    }
    size_t slashes = scan_quoting_slashes(quote - at);
    size_t close = scan_string_end(scan, quote + 1, c, slashes) + slashes;
    return close < command->end && scan_char(scan, close) == c ? close : 0;
}

static bool is_between(const struct command *command, char c) {
    return c == ' ' || c == '\t' || (command->is_list && is_any(c, ",[]"));
}

/* The next word, with its quotes; false after the last one. What begins before the furthest end is
 * read to its own end: half a word would be another one when it is masked. */
static bool word_next(const struct scan *scan, struct command *command, size_t *from, size_t *to) {
    size_t at = command->at;

    while (at < command->end && is_between(command, scan->text.ptr[at])) {
        at++;
    }
    *from = at;
    while (*from < command->end && at < scan->text.len &&
           !is_between(command, scan->text.ptr[at]) && scan->text.ptr[at] != '\r' &&
           scan->text.ptr[at] != '\n') {
        char c = scan->text.ptr[at];
        size_t close = is_opening(scan, command, at) ? closing(scan, command, at + 1, c)
                       : at == *from                 ? escaped_closing(scan, command, at)
                                                     : 0;

        if (close > 0) {
            at = close + 1;
        } else if (is_quote(c) || (c == '\\' && is_quote(scan_char(scan, at + 1)))) {
            command->is_over = true;
            break;
        } else {
            at++;
        }
    }
    command->at = at;
    *to = at;
    while (*to > *from && !command->is_list && is_any(scan->text.ptr[*to - 1], ";|&)")) {
        command->is_over = true;
        (*to)--;
    }
    return *to > *from;
}

/* "27017:27017", "8080/tcp": what a container makes reachable, no password. */
static bool is_ports(struct str value) {
    bool has_sign = false;

    for (size_t i = 0; i < value.len; i++) {
        has_sign = has_sign || value.ptr[i] == ':';
        if (!is_digit(value.ptr[i]) && value.ptr[i] != ':' && value.ptr[i] != '.') {
            return false;
        }
    }
    return has_sign;
}

static size_t find_in(const struct scan *scan, size_t from, size_t to, char c) {
    while (from < to && scan->text.ptr[from] != c) {
        from++;
    }
    return from;
}

/* Of "user:VALUE" the value; of "KEY:" the key that stands where others have a user. */
static void colon_split(const struct scan *scan, size_t *from, size_t *to) {
    size_t colon = find_in(scan, *from, *to, ':');
    size_t rest = colon < *to ? colon + 1 : *to;
    bool has_quote = *to > *from && is_quote(scan->text.ptr[*to - 1]);

    if (colon < *to && *to - rest == (has_quote ? 1 : 0)) {
        *to = colon;
    } else {
        *from = rest;
    }
}

static void argument_add(struct scan *scan, size_t from, size_t to, enum form form) {
    if (form == FORM_COLON) {
        colon_split(scan, &from, &to);
    } else if (form == FORM_PERCENT || form == FORM_SLASH || form == FORM_EQUALS) {
        size_t sign =
            find_in(scan, from, to, form == FORM_SLASH ? '/' : (form == FORM_EQUALS ? '=' : '%'));
        from = sign < to ? sign + 1 : to;
        to = form == FORM_SLASH ? find_in(scan, from, to, '@') : to;
    }
    size_t open = scan_skip_slashes(scan, from);
    from = open < to && is_quote(scan->text.ptr[open]) ? open + 1 : from;
    to -= from < to && is_quote(scan->text.ptr[to - 1]) ? 1 : 0;
    while (to > from && scan->text.ptr[to - 1] == '\\') {
        to--;
    }
    struct str value = str_slice(scan->text, from, to);
    if (form == FORM_OPAQUE && !value_is_opaque(scan->text, from, false)) {
        return;
    }
    bool is_asked_for = str_eq(value, STR("*")) || str_eq(value, STR("-"));
    if (value.len > 0 && !is_asked_for && !is_ports(value) &&
        !key_value_is_harmless(STR("password"), value)) {
        scan_add(scan, from, to, "argument", SPAN_PLAIN);
    }
}

/* The letters of one-letter options in `word`: -nb. */
static bool has_letter(struct str word, char letter) {
    for (size_t i = 1; i < word.len && word.ptr[0] == '-' && word.ptr[1] != '-'; i++) {
        if (word.ptr[i] == letter) {
            return true;
        }
    }
    return false;
}

/* Of curl's -sSu: where the u stands after letters that take no value; 1 for -u. */
static size_t letter_at(struct str word, const struct option *option) {
    static const char plain[] = "aBfgGiIjJklLnNOpqRsSvV0123456#";
    size_t i = 1;

    while (option->form == FORM_COLON && i < word.len && word.ptr[i] != option->name[1] &&
           is_any(word.ptr[i], plain)) {
        i++;
    }
    return i;
}

/* Where the value of `option` begins in [from, to), a word; 0 when it is another option, `to` when
 * the next word is the value. */
static size_t option_value(const struct scan *scan, const struct option *option, bool is_sql,
                           size_t from, size_t to) {
    struct str word = str_slice(scan->text, from, to);
    struct str name = str_from(option->name);
    size_t skip = is_quote(word.ptr[0]) ? 1 : 0;

    word = str_slice(word, skip, word.len);
    if (name.len == 2 && name.ptr[0] == '-' && str_starts(word, STR("-"))) {
        size_t letter = letter_at(word, option);
        word = str_slice(word, letter - 1, word.len);
        skip += letter - 1;
        if (word.len < 2 || word.ptr[1] != name.ptr[1]) {
            return 0;
        }
    } else if (is_sql ? !str_eq_nocase(word, name) : !str_starts(word, name)) {
        return 0;
    }
    size_t rest = from + skip + name.len;
    if (rest < to && is_quote(scan->text.ptr[rest]) && rest + 1 == to) {
        rest = to; /* what closes the quote around it */
    }
    if (rest < to && scan->text.ptr[rest] == '=' && option->form != FORM_GLUED) {
        return rest + 1;
    }
    bool is_glued = option->form == FORM_GLUED || (option->form != FORM_NEXT && name.len == 2);
    if (rest == to) {
        return option->form == FORM_GLUED ? 0 : to;
    }
    return is_glued ? rest : 0;
}

/* A word that is neither an option nor the value of one. */
static void place_read(struct scan *scan, struct command *command, size_t from, size_t to) {
    const struct program *program = command->program;
    size_t place = program->place - (command->has_flag_less ? 1 : 0);
    bool is_drive = to - from == 2 && scan->text.ptr[from + 1] == ':';

    command->places += is_drive ? 0 : 1;
    if (command->places == place && !is_drive && (program->flag == '\0' || command->has_flag)) {
        argument_add(scan, from, to, program->place_form);
    }
}

static bool is_option_name(const struct program *program, struct str word) {
    for (size_t i = 0; i < OPTIONS_MAX && program->options[i].name != NULL; i++) {
        if (str_eq_nocase(word, str_from(program->options[i].name))) {
            return true;
        }
    }
    return false;
}

static void command_read(struct scan *scan, struct command *command) {
    const struct program *program = command->program;
    enum form pending = FORM_NONE;
    size_t from = 0;
    size_t to = 0;

    while (!command->is_over && word_next(scan, command, &from, &to)) {
        struct str word = str_slice(scan->text, from, to);
        size_t quote = is_quote(word.ptr[0]) && word.len > 1 ? 1 : 0;
        char first = word.ptr[quote];
        bool is_option = word.len > 1 && (first == '-' || (first == '/' && program->has_slashes));

        if (pending != FORM_NONE && !(program->is_sql && is_option_name(program, word))) {
            bool is_value = is_quote(word.ptr[0]) || !program->is_sql || command->is_capital;
            argument_add(scan, is_value ? from : to, to, pending);
            pending = FORM_NONE;
            if (program->is_sql) {
                return;
            }
            continue;
        }
        for (size_t i = 0; i < OPTIONS_MAX && program->options[i].name != NULL; i++) {
            size_t value = option_value(scan, &program->options[i], program->is_sql, from, to);
            if (value > 0 && program->options[i].form == FORM_NONE) {
                return; /* its value is none, and what follows is not read */
            }
            if (value > 0) {
                pending = value == to ? program->options[i].form : FORM_NONE;
                argument_add(scan, value, to, program->options[i].form);
                is_option = true;
                break;
            }
        }
        command->has_flag = command->has_flag || has_letter(word, program->flag);
        command->has_flag_less = command->has_flag_less || has_letter(word, program->flag_less);
        if (!is_option && program->place > 0) {
            place_read(scan, command, from, to);
        }
        if (!is_option &&
            (program->is_leading || (program->place > 0 && command->places >= program->place))) {
            return;
        }
    }
}

/* Where the name that begins with the anchor of `rule` at `at` ends: mysqldump, psexec64.exe. */
static size_t name_end(const struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = at + strlen(rule->anchor);
    size_t end = to;

    while (end - to < SUFFIX_MAX && !is_any(scan->text.ptr[to - 1], " -") &&
           (is_alnum(scan_char(scan, end)) || is_any(scan_char(scan, end), "._"))) {
        end++;
    }
    return end;
}

size_t match_argument(struct scan *scan, const struct rule *rule, size_t at) {
    bool is_read = at < scan->command_to && at != scan->command_from;

    scan->has_curl = scan->has_curl || str_eq(str_from(rule->anchor), STR("curl"));
    if (is_read || !scan_is_start(scan, at) || (at > 0 && is_any(scan->text.ptr[at - 1], "-._@"))) {
        return 0;
    }
    struct command command = {.program = program_of(rule)};
    if (command.program == NULL) {
        return 0;
    }
    size_t to = name_end(scan, rule, at);
    char last = scan->text.ptr[to - 1];
    char after = scan_char(scan, to);
    bool is_spaced = is_any(last, " -") || after == ' ' || after == '\t';
    if (!is_spaced && !is_quote(after)) {
        return 0;
    }
    size_t from = path_begin(scan, at);
    char quote = quote_around(scan, from);
    command.is_list = !is_spaced && after == quote;
    if ((!is_spaced && !command.is_list) || is_option_value(scan, from)) {
        return 0;
    }
    command.quote = command.is_list ? '\0' : quote;
    command.at = last == '-' ? to - 1 : to + (command.is_list ? 1 : 0);
    command.end = scan->text.len < at + COMMAND_MAX ? scan->text.len : at + COMMAND_MAX;
    command.is_capital = fold(last) != last;
    struct within whole = command.is_list ? scan_all(scan) : scan_narrow(scan, at, false);
    command.end = command.end < scan->text.len ? command.end : scan->text.len;
    command_read(scan, &command);
    scan_widen(scan, whole);
    scan->command_from = at;
    scan->command_to = command.at > to ? command.at : to;
    budget_take(scan->budget, (scan->command_to - at) * BUDGET_WALK_BYTE);
    return 0;
}

/* Over what of echo and printf is no part of what they print. */
static size_t skip_formats(const struct scan *scan, size_t at) {
    static const char *const formats[] = {"-n ", "%s ", "'%s' ", "\"%s\" "};

    for (size_t i = 0; i < ARRAY_N(formats); i++) {
        if (scan_has(scan, at, formats[i])) {
            return skip_formats(scan, at + strlen(formats[i]));
        }
    }
    return at;
}

/* echo VALUE | docker login --password-stdin */
size_t match_stdin(struct scan *scan, const struct rule *rule, size_t at) {
    static const char *const printers[] = {"echo ", "printf "};
    size_t line = scan_line_begin(scan, at);
    const char *bar = memrchr(scan->text.ptr + line, '|', at - line);
    size_t to = bar == NULL ? line : (size_t)(bar - scan->text.ptr);
    struct str before = str_slice(scan->text, line, to);

    for (size_t i = 0; i < ARRAY_N(printers); i++) {
        ptrdiff_t found = str_find(before, str_from(printers[i]));
        if (found < 0) {
            continue;
        }
        size_t from = skip_formats(scan, line + (size_t)found + strlen(printers[i]));
        while (to > from && scan->text.ptr[to - 1] == ' ') {
            to--;
        }
        argument_add(scan, from, to, rule->anchor[0] == 'c' ? FORM_COLON : FORM_NEXT);
    }
    return 0;
}

/* Adds the user:password that is the next word, of an option at `at` that ends at `end`; returns
 * where it ends, or 0. */
static size_t login_add(struct scan *scan, size_t at, size_t end) {
    struct command command = {.at = end, .quote = quote_around(scan, at)};
    struct within whole = scan_narrow(scan, at, false);
    size_t from = 0;
    size_t to = 0;

    command.end = scan->text.len;
    bool is_word = word_next(scan, &command, &from, &to);
    if (is_word) {
        argument_add(scan, from, to, FORM_COLON);
    }
    scan_widen(scan, whole);
    return is_word ? to : 0;
}

/* jdbc:oracle:thin:user/password@host */
size_t match_oracle(struct scan *scan, const struct rule *rule, size_t at) {
    size_t from = at + strlen(rule->anchor);
    size_t to = scan_unquoted_end(scan, from);
    size_t slash = find_in(scan, from, to, '/');
    size_t sign = find_in(scan, slash, to, '@');

    if (sign == to || find_in(scan, from, slash, '@') < slash) {
        return 0;
    }
    argument_add(scan, from, sign, FORM_SLASH);
    return sign;
}

/* http -a user:password, of HTTPie */
size_t match_http_user(struct scan *scan, const struct rule *rule, size_t at) {
    size_t line = scan_line_begin(scan, at);
    ptrdiff_t http = scan_find(scan, line, at, "http ");
    ptrdiff_t https = http < 0 ? scan_find(scan, line, at, "https ") : http;

    if (https < 0 || !scan_is_start(scan, (size_t)https)) {
        return 0;
    }
    return login_add(scan, at, at + strlen(rule->anchor));
}

/* -u user:password where a command of curl's goes on on a line of its own. */
size_t match_curl_user(struct scan *scan, const struct rule *rule, size_t at) {
    size_t end = at + strlen(rule->anchor);

    if (at < scan->command_to ||
        (!scan->has_curl && str_trim(str_slice(scan->text, 0, at)).len > 0)) {
        return 0;
    }
    return login_add(scan, at, end + (scan_char(scan, end) == '=' ? 1 : 0));
}
