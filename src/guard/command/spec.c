/* guard/command/spec.c: the options of a command against the grammar of a row. */
#include "guard/command/command.h"

#include <string.h>

/* The type of an option's value; 0: not in the spec, '-': it takes none. */
static char spec_find(const char *spec, struct str option) {
    struct str rest = str_from(spec);
    struct str row = {0};

    while (rest.len > 0 && str_next(&rest, ' ', &row)) {
        char last = row.ptr[row.len - 1];
        bool is_typed = last == '#' || last == '$' || last == '@';
        struct str name = is_typed ? str_slice(row, 0, row.len - 1) : row;

        name =
            name.len > 0 && name.ptr[name.len - 1] == '=' ? str_slice(name, 0, name.len - 1) : name;
        if (str_eq(name, option)) {
            return is_typed ? last : '-';
        }
    }
    return 0;
}

/* 20, +5, -3, 10k, 0.5 */
static bool is_number(struct str text) {
    size_t i = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    size_t digits = 0;

    for (; i < text.len && ((text.ptr[i] >= '0' && text.ptr[i] <= '9') || text.ptr[i] == '.');
         i++) {
        digits++;
    }
    return digits > 0 &&
           (i == text.len || (i + 1 == text.len && strchr("bkKMGT", text.ptr[i]) != NULL));
}

static bool is_file(struct str path) {
    return command_word_is(path, "-") ||
           (command_path_is_inside(path) && !command_is_secret_path(path));
}

static bool value_is(char type, struct str value) {
    return type == '#' ? is_number(value) : type == '@' ? is_file(value) : true;
}

/* --name or --name=value; `*i` moves over a value of its own word. */
static bool long_matches(const char *spec, const struct command *command, size_t *i) {
    struct str word = command->words[*i];
    ptrdiff_t sign = str_find(word, STR("="));
    struct str name = sign < 0 ? word : str_slice(word, 0, (size_t)sign);
    char type = spec_find(spec, name);

    if (type == 0) {
        return false;
    }
    if (sign >= 0) {
        return type != '-' && value_is(type, str_slice(word, (size_t)sign + 1, word.len));
    }
    if (type == '-') {
        return true;
    }
    (*i)++;
    return *i < command->n && value_is(type, command->words[*i]);
}

/* -abc, -n5, -n 5, -20 */
static bool short_matches(const char *spec, const struct command *command, size_t *i,
                          bool *has_pattern) {
    struct str word = command->words[*i];

    if (is_number(str_slice(word, 1, word.len)) && spec_find(spec, STR("-")) == '#') {
        return true;
    }
    for (size_t k = 1; k < word.len; k++) {
        char name[2] = {'-', word.ptr[k]};
        char type = spec_find(spec, (struct str){name, 2});

        if (type == 0) {
            return false;
        }
        *has_pattern = *has_pattern || (word.ptr[k] == 'e' && type == '$');
        if (type == '-') {
            continue;
        }
        if (k + 1 < word.len) {
            return value_is(type, str_slice(word, k + 1, word.len));
        }
        (*i)++;
        return *i < command->n && value_is(type, command->words[*i]);
    }
    return true;
}

static bool operand_is(enum operands operands, struct str word, size_t nth, bool has_pattern) {
    switch (operands) {
    case OPERANDS_NONE:
        return false;
    case OPERANDS_FILES:
        return is_file(word);
    case OPERANDS_ONE_FILE:
        return nth == 0 && is_file(word);
    case OPERANDS_TEXT_FILES:
        return (nth == 0 && !has_pattern) || is_file(word);
    case OPERANDS_TEXTS:
        return true;
    case OPERANDS_NUMBERS:
        return is_number(word);
    case OPERANDS_PACKAGES:
        return command_word_is_package(word);
    }
    return false;
}

bool command_spec_matches(const char *spec, enum operands operands, const struct command *command) {
    bool has_pattern = false;
    bool is_over = false;
    size_t nth = 0;

    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];

        if (!is_over && command_word_is(word, "--")) {
            is_over = true;
        } else if (is_over || !command_word_is_option(word) ||
                   (operands == OPERANDS_NUMBERS && is_number(word))) {
            if (!operand_is(operands, word, nth++, has_pattern)) {
                return false;
            }
        } else if (word.ptr[1] == '-' ? !long_matches(spec, command, &i)
                                      : !short_matches(spec, command, &i, &has_pattern)) {
            return false;
        }
    }
    return operands != OPERANDS_TEXT_FILES || nth > 0 || has_pattern;
}
