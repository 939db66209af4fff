/* guard/command/word.c: words, paths, and the names of files that hold secrets. */
#include "guard/command/command.h"

#include "guard/deceptive.h"
#include "guard/limits.h"

#include <string.h>

bool command_word_is(struct str word, const char *text) { return str_eq(word, str_from(text)); }

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

bool command_word_is_option(struct str word) {
    return word.len > 1 && word.ptr[0] == '-' && !command_word_is(word, "--");
}

bool command_word_is_assignment(struct str word) {
    ptrdiff_t sign = str_find(word, STR("="));

    for (ptrdiff_t i = 0; i < sign; i++) {
        char c = word.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return sign > 0;
}

bool command_word_is_harmless_variable(struct str word) {
    static const char *const names[] = {
        "LANG=", "LANGUAGE=", "TZ=", "NO_COLOR=", "CI=", "TERM=", "FORCE_COLOR="};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (command_word_starts(word, names[i])) {
            return true;
        }
    }
    return command_word_starts(word, "LC_") && command_word_is_assignment(word);
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

bool command_is_inside(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        ptrdiff_t sign = str_find(word, STR("="));
        struct str value = sign < 0 ? word : str_slice(word, (size_t)sign + 1, word.len);

        if ((!command_word_is_option(word) && !command_path_is_inside(word)) ||
            (sign >= 0 && value.len > 0 && !command_path_is_inside(value)) ||
            (command_word_is_option(word) && sign < 0 &&
             (str_find(word, STR("/")) >= 0 || str_find(word, STR("..")) >= 0))) {
            return false;
        }
    }
    return true;
}

/* One name of a path. */
static bool part_is_secret(struct str part, bool is_below) {
    static const char *const folders[] = {".aws", ".ssh", ".gnupg", ".docker", ".kube"};
    static const char *const names[] = {".env",    ".netrc", ".npmrc",     ".pypirc",
                                        ".pgpass", "id_rsa", "id_ed25519", ".git-credentials"};
    static const char *const below[] = {"credentials", "environ"}; /* words of every day alone */
    static const char *const endings[] = {".pem", ".key", ".p12", ".pfx", ".ppk", ".jks"};

    if (command_word_is_one_of(part, folders, ARRAY_N(folders)) ||
        command_word_is_one_of(part, names, ARRAY_N(names)) ||
        (is_below && command_word_is_one_of(part, below, ARRAY_N(below)))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        if (part.len > strlen(endings[i]) && str_ends(part, str_from(endings[i]))) {
            return true;
        }
    }
    bool is_sample = str_ends(part, STR(".example")) || str_ends(part, STR(".sample")) ||
                     str_ends(part, STR(".template"));
    return command_word_starts(part, ".env.") && !is_sample;
}

bool command_is_secret_path(struct str path) {
    struct str rest = path;
    struct str part = {0};
    bool is_below = false;

    while (str_next(&rest, '/', &part)) {
        ptrdiff_t sign = str_find(part, STR("="));
        part = sign < 0 ? part : str_slice(part, (size_t)sign + 1, part.len);
        part = part.len > 0 && part.ptr[0] == '@' ? str_slice(part, 1, part.len) : part;
        if (part_is_secret(part, is_below)) {
            return true;
        }
        is_below = true;
    }
    return false;
}

bool command_names_secret(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        if (command_is_secret_path(command->words[i])) {
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */

/* What is shown would not be what is run. */
static bool has_hidden(const char *word) {
    for (const char *p = word; *p != '\0';) {
        if (is_deceptive(utf8_next(&p))) {
            return true;
        }
    }
    return false;
}

bool command_read(const json_t *argv, struct command *out, const char **reason) {
    size_t bytes = 0;
    size_t i = 0;
    json_t *word = NULL;

    out->n = 0;
    *reason = "it is not a list of words";
    if (!json_is_array(argv) || json_array_size(argv) == 0) {
        return false;
    }
    json_array_foreach(argv, i, word) {
        if (!json_is_string(word)) {
            return false;
        }
        bytes += json_string_length(word) + 1;
        if (i >= (size_t)limit(LIMIT_ARGV_WORDS) || bytes > (size_t)limit(LIMIT_ARGV_BYTES)) {
            *reason = "it is too long to be judged";
            return false;
        }
        out->words[i] = (struct str){json_string_value(word), json_string_length(word)};
        if (strlen(json_string_value(word)) != json_string_length(word) ||
            has_hidden(json_string_value(word))) {
            *reason = "it holds characters that a screen does not show";
            return false;
        }
    }
    out->n = json_array_size(argv);
    return true;
}
