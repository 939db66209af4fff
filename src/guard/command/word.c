/* guard/command/word.c: words, paths, and the names of files that hold secrets. */
#include "guard/command/command.h"

#include "guard/deceptive.h"
#include "guard/limits.h"
#include "guard/redact/charset.h"

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

    if (!command_word_is_assignment(word)) {
        return false;
    }
    (void)command_word_split(word, &name, &value);
    /* A locale, a zone and a terminal are looked up as files: by their names, nowhere else. */
    bool is_name = value.len == 0 ||
                   (command_path_is_inside(value) && value.ptr[0] != '.' && value.ptr[0] != ':');
    return is_name && (command_word_is_one_of(name, names, ARRAY_N(names)) ||
                       command_word_starts(name, "LC_"));
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

bool command_path_is_readable(struct str path) {
    return command_path_is_inside(path) && !command_is_secret_path(path) &&
           !str_ends(path, STR(".git/config"));
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

static bool has_nocase(struct str word, const char *const *list, size_t n,
                       bool (*agrees)(struct str word, struct str text)) {
    for (size_t i = 0; i < n; i++) {
        if (agrees(word, str_from(list[i]))) {
            return true;
        }
    }
    return false;
}

static bool ends_behind_name(struct str word, struct str ending) {
    return word.len > ending.len && str_ends_nocase(word, ending);
}

/* .env, .env.local, .env_prod, .envrc, prod.env; not .environment, no sample for others to fill. */
static bool part_is_env(struct str part) {
    static const char *const samples[] = {".example", ".sample", ".template", ".dist"};
    static const char *const sample_names[] = {"example.env", "sample.env", "template.env"};
    bool is_dotted = str_starts_nocase(part, STR(".env"));

    if (has_nocase(part, samples, ARRAY_N(samples), ends_behind_name) ||
        has_nocase(part, sample_names, ARRAY_N(sample_names), str_eq_nocase)) {
        return false;
    }
    if (!is_dotted) {
        return ends_behind_name(part, STR(".env"));
    }
    struct str rest = str_slice(part, 4, part.len);
    return !is_letter(str_char(rest, 0)) || str_eq_nocase(rest, STR("rc")) ||
           str_eq_nocase(rest, STR("s"));
}

/* One name of a path. */
static bool part_is_secret(struct str part, bool is_below) {
    static const char *const folders[] = {".aws",  ".ssh",   ".gnupg",         ".docker",
                                          ".kube", ".azure", ".password-store"};
    static const char *const names[] = {".netrc",
                                        ".npmrc",
                                        ".pypirc",
                                        ".pgpass",
                                        ".my.cnf",
                                        ".mylogin.cnf",
                                        ".git-credentials",
                                        ".htpasswd",
                                        ".dockercfg",
                                        ".vault-token",
                                        ".vault_pass",
                                        ".boto",
                                        ".s3cfg",
                                        "credentials.json",
                                        "credentials.csv",
                                        "credentials.toml",
                                        "rootkey.csv",
                                        "accesskeys.csv",
                                        "secrets.json",
                                        "secrets.yml",
                                        "secrets.yaml",
                                        "secrets.toml",
                                        "accesstokens.json",
                                        "service-account.json",
                                        "service_account.json",
                                        "serviceaccountkey.json",
                                        "application_default_credentials.json"};
    static const char *const keys[] = {"id_rsa", "id_ed25519", "id_ecdsa", "id_dsa"};
    static const char *const below[] = {"credentials", "environ"}; /* words of every day alone */
    static const char *const endings[] = {
        ".pem",  ".key",    ".p12",    ".pfx",      ".ppk",
        ".jks",  ".p8",     ".pk8",    ".keystore", ".kdbx",
        ".ovpn", ".keytab", ".tfvars", ".tfstate",  ".tfstate.backup"};

    return has_nocase(part, folders, ARRAY_N(folders), str_eq_nocase) ||
           has_nocase(part, names, ARRAY_N(names), str_eq_nocase) ||
           (has_nocase(part, keys, ARRAY_N(keys), str_starts_nocase) &&
            !str_ends_nocase(part, STR(".pub"))) ||
           (str_starts(part, STR(".")) && str_ends(part, STR("_history"))) ||
           (str_starts_nocase(part, STR("client_secret")) && str_ends_nocase(part, STR(".json"))) ||
           (is_below && has_nocase(part, below, ARRAY_N(below), str_eq_nocase)) ||
           has_nocase(part, endings, ARRAY_N(endings), ends_behind_name) || part_is_env(part);
}

bool command_is_secret_path(struct str path) {
    struct str rest = path;
    struct str part = {0};
    bool is_below = false;

    while (str_next(&rest, '/', &part)) {
        struct str name;
        struct str value;
        part = command_word_split(part, &name, &value) ? value : part;
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
