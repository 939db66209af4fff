/* guard/command/spec.c: the options of a command against the grammar of a row. */
#include "guard/command/command.h"

#include "guard/redact/charset.h"

#include <string.h>

/* The type of an option's value; 0: not in the spec, '-': it takes none. Of two rows of one name
 * the one with a value is for the word that has a sign: --color, --color=never. */
static char spec_find(const char *spec, struct str option, bool has_sign) {
    struct str rest = str_from(spec);
    struct str row = {0};

    while (rest.len > 0 && str_next(&rest, ' ', &row)) {
        char last = row.ptr[row.len - 1];
        bool is_typed = strchr("#$@%*!", last) != NULL;
        struct str name = is_typed ? str_slice(row, 0, row.len - 1) : row;
        bool has_value = is_typed && last != '!';

        name = str_ends(name, STR("=")) ? str_slice(name, 0, name.len - 1) : name;
        if (str_eq(name, option) && (has_value || !has_sign)) {
            return is_typed ? last : '-';
        }
    }
    return 0;
}

/* 20, +5, -3, 10k, 0.5 */
static bool is_number(struct str text) {
    size_t i = str_char(text, 0) == '+' || str_char(text, 0) == '-';
    size_t digits = 0;

    for (; is_digit(str_char(text, i)) || str_char(text, i) == '.'; i++) {
        digits++;
    }
    return digits > 0 &&
           (i == text.len || (i + 1 == text.len && strchr("bkKMGT", text.ptr[i]) != NULL));
}

static bool is_file(struct str path) {
    return command_word_is(path, "-") || command_word_is(path, "/dev/null") ||
           command_path_is_readable(path);
}

/* A name without an ending, of what may be searched: src/auth, components/password. */
static bool is_folder(struct str path) {
    struct str rest = path;
    struct str name = {0};

    while (str_next(&rest, '/', &name)) {
    }
    return str_find(name, STR(".")) < 0 && command_path_is_listable(path);
}

static bool is_listed(struct str path) { return is_file(path) || command_path_is_listable(path); }

/* Names that a search is held to: none that asks for files with secrets. */
static bool is_glob(struct str glob) {
    struct str name = str_starts(glob, STR("!")) ? str_slice(glob, 1, glob.len) : glob;

    while (str_ends(name, STR("*"))) {
        name.len--;
    }
    return secret_file_of(name) == SECRET_FILE_NONE;
}

static bool value_is(char type, struct str value) {
    return type == '#'   ? is_number(value)
           : type == '@' ? is_file(value)
           : type == '*' ? is_glob(value)
                         : true;
}

/* What matching has found out so far. */
struct match {
    const char *spec;
    const struct command *command;
    size_t i;         /* the word */
    size_t nth;       /* how many operands there were */
    bool has_pattern; /* an option takes the place of the text in front of the files */
};

/* The value of an option in the word behind it. */
static bool next_is(struct match *m, char type) {
    m->i++;
    return m->i < m->command->n && value_is(type, m->command->words[m->i]);
}

/* --name or --name=value */
static bool long_matches(struct match *m) {
    struct str word = m->command->words[m->i];
    struct str name;
    struct str value;
    bool has_sign = command_word_split(word, &name, &value);
    char type = spec_find(m->spec, name, has_sign);

    m->has_pattern = m->has_pattern || type == '%' || type == '!';
    if (type == 0 || type == '-' || type == '!') {
        return type != 0;
    }
    return has_sign ? value_is(type, value) : next_is(m, type);
}

/* -abc, -n5, -n 5, -20 */
static bool short_matches(struct match *m) {
    struct str word = m->command->words[m->i];

    if (is_number(str_slice(word, 1, word.len)) && spec_find(m->spec, STR("-"), false) == '#') {
        return true;
    }
    for (size_t k = 1; k < word.len; k++) {
        char name[2] = {'-', word.ptr[k]};
        char type = spec_find(m->spec, (struct str){name, 2}, false);

        if (type == 0) {
            return false;
        }
        m->has_pattern = m->has_pattern || type == '%' || type == '!';
        if (type == '-' || type == '!') {
            continue;
        }
        return k + 1 < word.len ? value_is(type, str_slice(word, k + 1, word.len))
                                : next_is(m, type);
    }
    return true;
}

static bool operand_is(enum operands operands, struct str word, size_t nth, bool has_pattern) {
    switch (operands) {
    case OPERANDS_NONE:
        return false;
    case OPERANDS_FILES:
        return is_file(word);
    case OPERANDS_LISTED:
        return is_listed(word);
    case OPERANDS_ONE_LISTED:
        return nth == 0 && is_listed(word);
    case OPERANDS_ONE_FILE:
        return nth == 0 && is_file(word);
    case OPERANDS_TEXT_FILES:
        return (nth == 0 && !has_pattern) || is_file(word) || is_folder(word);
    case OPERANDS_TEXTS:
        return true;
    case OPERANDS_NUMBERS:
        return is_number(word);
    case OPERANDS_PACKAGES:
        return command_word_is_package(word);
    }
    return false;
}

/* One pass over the words; the operands are looked at when it is known whether the first is one. */
static bool words_match(struct match *m, enum operands operands) {
    bool is_over = false;

    m->nth = 0;
    for (m->i = 1; m->i < m->command->n; m->i++) {
        struct str word = m->command->words[m->i];

        if (!is_over && command_word_is(word, "--")) {
            is_over = true;
        } else if (is_over || !command_word_is_option(word) ||
                   (operands == OPERANDS_NUMBERS && is_number(word))) {
            if (!operand_is(operands, word, m->nth++, m->has_pattern)) {
                return false;
            }
        } else if (word.ptr[1] == '-' ? !long_matches(m) : !short_matches(m)) {
            return false;
        }
    }
    return true;
}

bool command_spec_matches(const char *spec, enum operands operands, const struct command *command) {
    struct match m = {.spec = spec, .command = command};

    /* "grep /etc/passwd -e x": an option behind makes a file of the first word. */
    if (operands == OPERANDS_TEXT_FILES &&
        (!words_match(&m, OPERANDS_TEXTS) || (m.nth == 0 && !m.has_pattern))) {
        return false;
    }
    return words_match(&m, operands);
}
