/* guard/command/word.c: words and paths. */
#include "guard/command/command.h"

#include "guard/deceptive.h"
#include "guard/limits.h"
#include "guard/redact/charset.h"

#include <string.h>

bool command_word_is(struct str word, const char *text) {
    bool may_be = word.len == 0 || word.ptr[0] == text[0]; /* mostly not: no call then */

    return may_be && str_eq(word, str_from(text));
}

bool command_word_starts(struct str word, const char *text) {
    return str_starts(word, str_from(text));
}

bool command_word_is_one_of(struct str word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (command_word_is(word, list[i])) {
            return true;
        }
    }
    return false;
}

bool command_word_starts_one_of(struct str word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (command_word_starts(word, list[i])) {
            return true;
        }
    }
    return false;
}

bool command_word_split(struct str word, struct str *out_name, struct str *out_value) {
    ptrdiff_t sign = str_find(word, STR("="));

    *out_name = sign < 0 ? word : str_slice(word, 0, (size_t)sign);
    *out_value = sign < 0 ? STR("") : str_slice(word, (size_t)sign + 1, word.len);
    return sign >= 0;
}

bool command_word_is_option(struct str word) {
    return word.len > 1 && word.ptr[0] == '-' && !command_word_is(word, "--");
}

bool command_word_is_assignment(struct str word) {
    struct str name;
    struct str value;
    bool has_sign = command_word_split(word, &name, &value);

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!is_letter(c) && c != '_' && (i == 0 || !is_digit(c))) {
            return false;
        }
    }
    return has_sign && name.len > 0;
}

bool command_word_is_harmless_variable(struct str word) {
    static const char *const names[] = {"LANG", "LANGUAGE", "TZ",         "NO_COLOR",
                                        "CI",   "TERM",     "FORCE_COLOR"};
    struct str name;
    struct str value;

    (void)command_word_split(word, &name, &value);
    /* A locale, a zone and a terminal are looked up as files: by their names, nowhere else. */
    bool is_name = value.len == 0 ||
                   (command_path_is_inside(value) && value.ptr[0] != '.' && value.ptr[0] != ':');
    return is_name && (command_word_is_one_of(name, names, ARRAY_N(names)) ||
                       command_word_starts(name, "LC_"));
}

bool command_word_may_be_option(struct str word, const char *option) {
    static const char *const whole[] = {"--query",
                                        "--text"}; /* which begin --query-file, --textconv */
    struct str name;
    struct str value;

    (void)command_word_split(word, &name, &value);
    return str_starts(name, str_from(option)) ||
           (str_starts(name, STR("--")) && str_starts(str_from(option), name) &&
            !command_word_is_one_of(name, whole, ARRAY_N(whole)));
}

struct command command_from(const struct command *command, size_t at) {
    struct command rest = {.n = command->n - at};

    memcpy(rest.words, command->words + at, rest.n * sizeof rest.words[0]);
    return rest;
}

bool command_has(const struct command *command, const char *text) {
    for (size_t i = 1; i < command->n; i++) {
        if (command_word_is(command->words[i], text)) {
            return true;
        }
    }
    return false;
}

bool command_has_prefix(const struct command *command, const char *text) {
    for (size_t i = 1; i < command->n; i++) {
        if (command_word_starts(command->words[i], text)) {
            return true;
        }
    }
    return false;
}

bool command_may_have(const struct command *command, const char *option) {
    for (size_t i = 1; i < command->n; i++) {
        if (command_word_may_be_option(command->words[i], option)) {
            return true;
        }
    }
    return false;
}

bool command_has_letter(const struct command *command, char letter) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];

        if (word.len > 1 && word.ptr[0] == '-' && word.ptr[1] != '-' &&
            memchr(word.ptr + 1, letter, word.len - 1) != NULL) {
            return true;
        }
    }
    return false;
}

/* ---- paths ---- */

bool command_path_is_inside(struct str path) {
    struct str rest = path;
    struct str part = {0};

    if (path.len == 0 || path.ptr[0] == '/' || path.ptr[0] == '~') {
        return false;
    }
    while (str_next(&rest, '/', &part)) {
        if (command_word_is(part, "..")) {
            return false;
        }
    }
    return true;
}

bool command_path_is_listable(struct str path) {
    return command_path_is_inside(path) && secret_file_of(path) != SECRET_FILE_SURE;
}

bool command_path_is_readable(struct str path) {
    return command_path_is_inside(path) && secret_file_of(path) == SECRET_FILE_NONE;
}

bool command_is_inside(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        struct str name;
        struct str value;
        bool has_sign = command_word_split(word, &name, &value);

        if ((!command_word_is_option(word) && !command_path_is_inside(word)) ||
            (value.len > 0 && !command_path_is_inside(value)) ||
            (command_word_is_option(word) && !has_sign &&
             (str_find(word, STR("/")) >= 0 || str_find(word, STR("..")) >= 0))) {
            return false;
        }
    }
    return true;
}

enum secret_file command_names_secret(const struct command *command) {
    enum secret_file degree = SECRET_FILE_NONE;

    for (size_t i = 1; i < command->n; i++) {
        enum secret_file found = secret_file_of(command->words[i]);
        degree = found > degree ? found : degree;
    }
    return degree;
}

/* ---- reading ---- */

static const char not_words[] = "it is not a list of words";

/* What is shown would not be what is run. */
static bool has_hidden(const char *word) {
    for (const char *p = word; *p != '\0';) {
        if (is_deceptive(utf8_next(&p))) {
            return true;
        }
    }
    return false;
}

/* Why a word is not read; NULL when it is. `bytes` are those of all words so far, with an end each.
 */
static const char *word_fault(const json_t *word, size_t i, size_t bytes) {
    if (!json_is_string(word)) {
        return not_words;
    }
    if (i >= (size_t)limit(LIMIT_ARGV_WORDS) || bytes > (size_t)limit(LIMIT_ARGV_BYTES)) {
        return "it is too long to be judged";
    }
    return strlen(json_string_value(word)) != json_string_length(word) ||
                   has_hidden(json_string_value(word))
               ? "it holds characters that a screen does not show"
               : NULL;
}

bool command_read(const json_t *argv, struct command *out, const char **reason) {
    size_t bytes = 0;
    size_t i = 0;
    json_t *word = NULL;

    out->n = 0;
    *reason = json_array_size(argv) == 0 ? not_words : NULL;
    json_array_foreach(argv, i, word) {
        bytes += json_string_length(word) + 1;
        *reason = word_fault(word, i, bytes);
        if (*reason != NULL) {
            break;
        }
        out->words[i] = (struct str){json_string_value(word), json_string_length(word)};
    }
    out->n = *reason == NULL ? i : 0;
    return *reason == NULL;
}
